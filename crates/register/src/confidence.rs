use std::fmt;

/// How far a rule or a line of a dated table can be trusted: the basis letter of `docs/law/registers.md`.
///
/// Ordered from the firmest to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// P: the wording of the primary legal or official text was read.
    Primary,
    /// I: our inference or a product decision; there is no text to find.
    Inferred,
    /// E: an extract of the named official edition, read through somebody else's quotation.
    Extract,
    /// L: a secondary source: an authority, a web page of the department, a law firm, a supplier.
    Secondary,
    /// U: known in the trade, but no document was reached.
    Unsourced,
}

impl Confidence {
    /// The confidence that a basis letter stands for.
    pub fn from_letter(letter: char) -> Option<Confidence> {
        match letter {
            'P' => Some(Confidence::Primary),
            'E' => Some(Confidence::Extract),
            'L' => Some(Confidence::Secondary),
            'U' => Some(Confidence::Unsourced),
            'I' => Some(Confidence::Inferred),
            _ => None,
        }
    }

    /// The weakest confidence named by a run of basis letters such as `PL`; none when a character is no basis letter or there is none.
    pub fn weakest(letters: &str) -> Option<Confidence> {
        letters
            .chars()
            .map(Confidence::from_letter)
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .max()
    }

    /// What a screen says beside a rule of this confidence; nothing beside a rule whose primary text was read.
    pub fn mark(self) -> Option<&'static str> {
        match self {
            Confidence::Primary => None,
            Confidence::Inferred => Some("our reading: no text says so in these words"),
            Confidence::Extract => Some("official text seen in extract: check before relying"),
            Confidence::Secondary => Some("secondary source: check before relying"),
            Confidence::Unsourced => Some("no source reached: check before relying"),
        }
    }

    /// Whether a person should check the official text before relying on this.
    pub fn check_before_relying(self) -> bool {
        self >= Confidence::Extract
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Confidence::Primary => "primary text read",
            Confidence::Inferred => "our reading",
            Confidence::Extract => "extract",
            Confidence::Secondary => "secondary source",
            Confidence::Unsourced => "unsourced",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_letter_decides() {
        assert_eq!(Confidence::weakest("P"), Some(Confidence::Primary));
        assert_eq!(Confidence::weakest("PL"), Some(Confidence::Secondary));
        assert_eq!(Confidence::weakest("LU"), Some(Confidence::Unsourced));
        assert_eq!(Confidence::weakest(""), None);
        assert_eq!(Confidence::weakest("PQ"), None);
    }

    #[test]
    fn only_a_primary_text_is_shown_without_a_mark() {
        assert_eq!(Confidence::Primary.mark(), None);
        assert!(!Confidence::Inferred.check_before_relying());
        assert!(Confidence::Secondary.check_before_relying());
    }
}
