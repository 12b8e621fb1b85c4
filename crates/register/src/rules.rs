use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::Confidence;

/// A numbered rule of the law page, as a screen cites it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The number: `R-022`.
    pub number: String,
    /// What it says, in the words of the page.
    pub text: String,
    /// The sources it names, by their ids: `S12n, S03 §290/§299`. Empty where it names none.
    pub sources: String,
    /// How far it can be trusted: the weakest of its bases.
    pub confidence: Confidence,
}

/// The rule with this number, from `docs/law/registers.md`; none when the page has no such rule.
pub fn rule(number: &str) -> Option<&'static Rule> {
    RULES.get(number)
}

/// Every rule of the page, in order of numbers.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.values()
}

const LAW_PAGE: &str = include_str!("../../../docs/law/registers.md");

static RULES: LazyLock<BTreeMap<String, Rule>> = LazyLock::new(|| {
    LAW_PAGE
        .lines()
        .filter_map(|line| rules_of_paragraph(line).or_else(|| rules_of_table_row(line)))
        .flatten()
        .map(|rule| (rule.number.clone(), rule))
        .collect()
});

/// Rules written as `- **R-022** (L; S12n) The register stays open ...`.
fn rules_of_paragraph(line: &str) -> Option<Vec<Rule>> {
    let (numbers, rest) = line.strip_prefix("- **R-")?.split_once("** (")?;
    let (basis_and_sources, text) = rest.split_at(closing_bracket(rest)?);
    let (basis, sources) = basis_and_sources
        .split_once(';')
        .unwrap_or((basis_and_sources, ""));
    let letters: String = basis.chars().filter(char::is_ascii_uppercase).collect();
    made(numbers, &text[1..], sources, &letters)
}

/// Rules written as a row of the table of codes: `| R-102 | L | as; counts present and late | P S01, S14 |`.
fn rules_of_table_row(line: &str) -> Option<Vec<Rule>> {
    let cells: Vec<&str> = line.strip_prefix("| R-")?.split(" | ").collect();
    let [numbers, codes, conditions, basis] = cells[..] else {
        return None;
    };
    let basis = basis.trim_end_matches('|').trim();
    let letters: String = basis
        .split([' ', ';'])
        .filter(|word| matches!(*word, "P" | "E" | "L" | "U" | "I"))
        .collect();
    let sources: Vec<&str> = basis
        .split([' ', ';', ','])
        .filter(|word| word.starts_with('S') && word.len() > 1)
        .collect();
    made(
        numbers,
        &format!("{codes}: {conditions}"),
        &sources.join(", "),
        &letters,
    )
}

/// One rule, or one for each number of a run such as `311..R-325`.
fn made(numbers: &str, text: &str, sources: &str, letters: &str) -> Option<Vec<Rule>> {
    let (first, last) = numbers.split_once("..R-").unwrap_or((numbers, numbers));
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    let confidence = Confidence::weakest(letters)?;
    let rules = (first..=last).map(|number| Rule {
        number: format!("R-{number:03}"),
        text: text.trim().replace("**", ""),
        sources: sources.trim().to_owned(),
        confidence,
    });
    Some(rules.collect())
}

/// Where the bracket that the text stands in is closed.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(place, character)| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_cited_with_its_text_sources_and_trust() {
        let found = rule("R-022").expect("the page has it");
        assert!(
            found
                .text
                .starts_with("The register stays open no longer than 30 minutes")
        );
        assert_eq!(found.sources, "S12n, S03 §290/§299");
        assert_eq!(found.confidence, Confidence::Secondary);
        assert_eq!(
            rule("R-206").expect("the page has it").confidence,
            Confidence::Inferred
        );
        assert_eq!(
            rule("R-005").expect("the page has it").confidence,
            Confidence::Primary
        );
        assert_eq!(rule("R-999"), None);
    }

    #[test]
    fn a_rule_of_the_table_of_codes_is_a_rule_like_the_others() {
        let late = rule("R-102").expect("the page has it");
        assert_eq!(late.text, "L: as R-023.2; counts present and late");
        assert_eq!(late.sources, "S01, S14");
        assert_eq!(
            rule("R-103").expect("the page has it").confidence,
            Confidence::Unsourced
        );
        assert!(rule("R-124").is_some(), "one of a run");
    }

    #[test]
    fn the_later_wording_of_a_ground_for_deletion_wins_over_the_run() {
        assert!(
            rule("R-316")
                .expect("the page has it")
                .text
                .starts_with("Home education")
        );
        assert!(
            rule("R-311")
                .expect("the page has it")
                .text
                .starts_with("Grounds A..O")
        );
    }

    #[test]
    fn every_numbered_line_of_the_page_is_read() {
        let numbered = LAW_PAGE
            .lines()
            .filter(|line| line.starts_with("- **R-") || line.starts_with("| R-"));
        for line in numbered {
            let read = rules_of_paragraph(line).or_else(|| rules_of_table_row(line));
            assert!(read.is_some(), "{line}");
        }
    }

    #[test]
    fn every_rule_that_this_crate_names_is_on_the_page() {
        let sources = [
            include_str!("admission.rs"),
            include_str!("amendment.rs"),
            include_str!("bands.rs"),
            include_str!("closing.rs"),
            include_str!("codes.rs"),
            include_str!("compulsory_age.rs"),
            include_str!("counts.rs"),
            include_str!("deletion.rs"),
            include_str!("entry.rs"),
            include_str!("penalty_window.rs"),
            include_str!("profile.rs"),
            include_str!("../data/attendance-codes.csv"),
            include_str!("../data/code-help.csv"),
            include_str!("../data/deletion-grounds.csv"),
        ];
        for number in sources.iter().flat_map(|source| {
            source
                .match_indices("R-")
                .map(|(place, _)| &source[place..])
        }) {
            let digits: String = number[2..]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            if digits.len() == 3 {
                let number = format!("R-{digits}");
                assert!(rule(&number).is_some(), "{number}");
            }
        }
    }
}
