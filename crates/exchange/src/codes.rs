//! Code sets as data (I-059 to I-073): what a code in a file means, and the words that stand for it.
//!
//! The sets are a start, not closed lists: a code that is not in them is kept as given, and the field stays
//! empty until a person translates it (I-035).

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::delimited::Delimited;
use crate::text::folded;

/// The sets that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeSet {
    /// M, F (I-060).
    Sex,
    /// Four letters (I-061).
    Ethnicity,
    /// Three letters or more (I-067).
    Language,
    /// N, K, E and the historic S, A, P (I-062).
    SenProvision,
    /// E1 to X (I-063).
    YearGroup,
    /// C, M, S, F, O (I-064).
    EnrolmentStatus,
    /// Y, N, U, R (I-065).
    ServiceChild,
    /// P, S, N (I-065).
    YoungCarer,
    /// PERM, SUSP, LNCH and the older FIXD (I-068).
    ExclusionCategory,
    /// Numbers of local authorities, abolished ones included (I-046).
    Authority,
}

impl CodeSet {
    /// Every set.
    pub const ALL: [CodeSet; 10] = [
        CodeSet::Sex,
        CodeSet::Ethnicity,
        CodeSet::Language,
        CodeSet::SenProvision,
        CodeSet::YearGroup,
        CodeSet::EnrolmentStatus,
        CodeSet::ServiceChild,
        CodeSet::YoungCarer,
        CodeSet::ExclusionCategory,
        CodeSet::Authority,
    ];

    /// Name of the set in the data files.
    pub fn name(self) -> &'static str {
        self.file().0
    }

    fn file(self) -> (&'static str, &'static str) {
        match self {
            CodeSet::Sex => ("sex", include_str!("../data/code_sets/sex.csv")),
            CodeSet::Ethnicity => ("ethnicity", include_str!("../data/code_sets/ethnicity.csv")),
            CodeSet::Language => ("language", include_str!("../data/code_sets/language.csv")),
            CodeSet::SenProvision => (
                "sen_provision",
                include_str!("../data/code_sets/sen_provision.csv"),
            ),
            CodeSet::YearGroup => (
                "year_group",
                include_str!("../data/code_sets/year_group.csv"),
            ),
            CodeSet::EnrolmentStatus => (
                "enrolment_status",
                include_str!("../data/code_sets/enrolment_status.csv"),
            ),
            CodeSet::ServiceChild => (
                "service_child",
                include_str!("../data/code_sets/service_child.csv"),
            ),
            CodeSet::YoungCarer => (
                "young_carer",
                include_str!("../data/code_sets/young_carer.csv"),
            ),
            CodeSet::ExclusionCategory => (
                "exclusion_category",
                include_str!("../data/code_sets/exclusion_category.csv"),
            ),
            CodeSet::Authority => ("authority", include_str!("../data/code_sets/authority.csv")),
        }
    }
}

/// One code of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// As written in statutory files.
    pub code: &'static str,
    /// In words; empty where the source had none.
    pub label: &'static str,
    /// First day of use, `yyyy-mm-dd`, or empty.
    pub valid_from: &'static str,
    /// Last day of use, `yyyy-mm-dd`, or empty.
    pub valid_to: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

/// A coded value: the code if it is known, and always what was given (I-035).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coded {
    /// The code of the set, if the value was understood.
    pub code: Option<String>,
    /// The value as given.
    pub given: String,
}

impl Coded {
    /// The code, or else the value as given.
    pub fn shown(&self) -> &str {
        self.code.as_deref().unwrap_or(&self.given)
    }
}

struct Tables {
    rows: HashMap<CodeSet, Vec<CodeRow>>,
    by_word: HashMap<(CodeSet, String), &'static str>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut rows = HashMap::new();
        let mut by_word = HashMap::new();
        for set in CodeSet::ALL {
            let of_set: Vec<CodeRow> = table(
                set.file().1,
                |[code, label, valid_from, valid_to, source]| CodeRow {
                    code,
                    label,
                    valid_from,
                    valid_to,
                    source,
                },
            );
            for row in &of_set {
                by_word.entry((set, folded(row.label))).or_insert(row.code);
            }
            for row in &of_set {
                by_word.insert((set, folded(row.code)), row.code);
            }
            rows.insert(set, of_set);
        }
        for (set, word, code) in table(include_str!("../data/words.csv"), |[set, word, code]| {
            (set, word, code)
        }) {
            let set = CodeSet::ALL.into_iter().find(|known| known.name() == set);
            let set = set.expect("the word list names sets that exist");
            by_word.entry((set, folded(word))).or_insert(code);
        }
        Tables { rows, by_word }
    })
}

/// The rows of one of our own data files, below its headings.
pub(crate) fn table<T, const N: usize>(
    text: &'static str,
    row: impl Fn([&'static str; N]) -> T,
) -> Vec<T> {
    let mut reader = Delimited::new(text, b',');
    let (mut cells, mut rows) = (Vec::new(), Vec::new());
    while reader.next(&mut cells).is_some() {
        let plain: Vec<&'static str> = cells
            .iter()
            .map(|cell| match cell {
                std::borrow::Cow::Borrowed(text) => *text,
                std::borrow::Cow::Owned(_) => "",
            })
            .collect();
        if let Ok(cells) = <[&'static str; N]>::try_from(plain) {
            rows.push(row(cells));
        }
    }
    rows.split_off(1)
}

/// Every row of a set.
pub fn rows(set: CodeSet) -> &'static [CodeRow] {
    tables().rows.get(&set).map_or(&[], Vec::as_slice)
}

/// The code that a cell means: a code or a word for it, in any case and with any punctuation.
pub fn find(set: CodeSet, text: &str) -> Option<&'static str> {
    let word = folded(text);
    if word.is_empty() {
        return None;
    }
    tables().by_word.get(&(set, word)).copied()
}

/// A cell as a coded value.
pub fn coded(set: CodeSet, text: &str) -> Coded {
    let code = match set {
        CodeSet::YearGroup => year_group(text),
        CodeSet::Ethnicity | CodeSet::Language => {
            find(set, text).or_else(|| leading_code(set, text))
        }
        _ => find(set, text),
    };
    Coded {
        code: code.map(str::to_owned),
        given: text.to_owned(),
    }
}

/// `WBRI - White British`: a code followed by its label.
fn leading_code(set: CodeSet, text: &str) -> Option<&'static str> {
    let first = text.split([' ', '-', ':']).next()?;
    find(set, first).filter(|code| *code == first)
}

/// `Year  7`, `Yr 7`, `Y7`, `7`, `07` and `Reception` (I-063).
fn year_group(text: &str) -> Option<&'static str> {
    let word = folded(text);
    let bare = ["yeargroup", "year", "yr", "y", "ncyear"]
        .iter()
        .find_map(|prefix| {
            word.strip_prefix(prefix)
                .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
        .unwrap_or(&word);
    let bare = bare.strip_prefix('0').unwrap_or(bare);
    find(CodeSet::YearGroup, bare)
}

/// A text that is neither yes nor no (I-022).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is neither yes nor no")]
pub struct NeitherYesNorNo;

/// Yes or no in the forms of I-022; `Ok(None)` for a blank.
///
/// Errors: anything else.
pub fn yes_no(text: &str) -> Result<Option<bool>, NeitherYesNorNo> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "y" | "yes" | "t" | "true" | "1" => Ok(Some(true)),
        "n" | "no" | "f" | "false" | "0" => Ok(Some(false)),
        _ => Err(NeitherYesNorNo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_have_the_sizes_of_their_sources() {
        assert_eq!(rows(CodeSet::Ethnicity).len(), 108);
        assert_eq!(rows(CodeSet::Language).len(), 319);
        assert!(CodeSet::ALL.iter().all(|set| !rows(*set).is_empty()));
    }

    #[test]
    fn year_groups_are_read_in_every_form() {
        for text in ["Year  7", "Yr 7", "Y7", "7", "07", "year 07"] {
            assert_eq!(
                coded(CodeSet::YearGroup, text).code.as_deref(),
                Some("7"),
                "{text}"
            );
        }
        assert_eq!(
            coded(CodeSet::YearGroup, "Reception").code.as_deref(),
            Some("R")
        );
        assert_eq!(
            coded(CodeSet::YearGroup, "Year 14").code.as_deref(),
            Some("14")
        );
        assert_eq!(coded(CodeSet::YearGroup, "ABC").code, None);
    }

    #[test]
    fn words_stand_for_codes() {
        assert_eq!(
            find(CodeSet::SenProvision, "Education, Health and Care Plan"),
            Some("E")
        );
        assert_eq!(find(CodeSet::Sex, "GIRL"), Some("F"));
        assert_eq!(
            coded(CodeSet::Ethnicity, "QQQQ"),
            Coded {
                code: None,
                given: "QQQQ".into()
            }
        );
        assert_eq!(
            coded(CodeSet::Ethnicity, "WBRI - White British")
                .code
                .as_deref(),
            Some("WBRI")
        );
    }

    #[test]
    fn anything_but_yes_and_no_is_rejected() {
        assert_eq!(yes_no("T"), Ok(Some(true)));
        assert_eq!(yes_no("FALSE"), Ok(Some(false)));
        assert_eq!(yes_no(" "), Ok(None));
        assert_eq!(yes_no("perhaps"), Err(NeitherYesNorNo));
    }
}
