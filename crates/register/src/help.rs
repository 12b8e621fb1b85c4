use std::sync::LazyLock;

use calendar::Day;

use crate::codes::{Code, CodeRow, NoMeaning, meaning};
use crate::rules::{Rule, rule};

/// Which code applies: what a person taking or keeping a register reads beside a live code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeHelp {
    /// The code.
    pub code: Code,
    /// A name short enough for a list: `Late, before the register closed`.
    pub short_name: String,
    /// When to use it.
    pub when: String,
    /// When not to, and what to use then.
    pub when_not: String,
    /// The rules it rests on, each with its source and how far to trust it.
    pub rules: Vec<&'static Rule>,
}

/// The help of every live code, in the order of the code table.
pub fn code_help() -> &'static [CodeHelp] {
    &HELP
}

/// The meaning of a code on a day, with the help where that meaning is a live one.
///
/// Errors: the code has no meaning on that day.
pub fn help_for(
    code: Code,
    day: Day,
) -> Result<(&'static CodeRow, Option<&'static CodeHelp>), NoMeaning> {
    let row = meaning(code, day)?;
    let help = HELP.iter().find(|help| row.is_live() && help.code == code);
    Ok((row, help))
}

static HELP: LazyLock<Vec<CodeHelp>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_str!("../data/code-help.csv").as_bytes())
        .deserialize::<Line>()
        .map(|line| line.expect("the crate's help has the known columns in every row"))
        .map(|line| CodeHelp {
            code: line.code.parse().expect("the crate's help names codes"),
            rules: line.rules.split(' ').filter_map(rule).collect(),
            short_name: line.short_name,
            when: line.when,
            when_not: line.when_not,
        })
        .collect()
});

/// A line of the data file.
#[derive(serde::Deserialize)]
struct Line {
    code: String,
    short_name: String,
    when: String,
    when_not: String,
    rules: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::code_rows;

    #[test]
    fn every_live_code_has_help_in_the_order_of_the_table() {
        let live: Vec<Code> = code_rows()
            .iter()
            .filter(|row| row.is_live())
            .map(|row| row.code)
            .collect();
        let helped: Vec<Code> = code_help().iter().map(|help| help.code).collect();
        assert_eq!(helped, live);
    }

    #[test]
    fn help_is_a_sentence_or_two_and_cites_rules_of_the_page() {
        for help in code_help() {
            assert!(
                help.when.ends_with('.') && help.when_not.ends_with('.'),
                "{}",
                help.code
            );
            assert!(
                help.when.len() < 200 && help.when_not.len() < 200,
                "{}",
                help.code
            );
            assert!(help.short_name.len() <= 48, "{}", help.code);
            let row = meaning(help.code, "2026-11-24".parse().expect("a real day")).expect("live");
            assert!(
                help.rules.iter().any(|rule| rule.number == row.rule),
                "{}",
                help.code
            );
            assert!(!help.rules.is_empty(), "{}", help.code);
        }
    }

    #[test]
    fn an_old_meaning_has_no_help_of_the_live_code() {
        let day = |text: &str| text.parse::<Day>().expect("a real day");
        let code = "C".parse().expect("a code");
        assert!(help_for(code, day("2024-09-02")).expect("live").1.is_some());
        assert!(
            help_for(code, day("2024-07-01"))
                .expect("legacy")
                .1
                .is_none()
        );
    }
}
