use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A numbered rule of the page on escalation, as a screen cites it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The number: `E-016`.
    pub number: &'static str,
    /// What it is called: `Default contact ladder`.
    pub name: &'static str,
    /// What it says, in the words of the page, without its sources.
    pub text: &'static str,
    /// What it rests on: `STAT SRC-WT26 p.20 (R)`. LAW and STAT bind, LOCAL is a school's own, PRODUCT is ours.
    pub basis: &'static str,
}

/// The rule with this number, from `docs/law/escalation.md`; none when the page has no such rule.
pub fn rule(number: &str) -> Option<&'static Rule> {
    RULES.get(number)
}

const LAW_PAGE: &str = include_str!("../../../docs/law/escalation.md");

static RULES: LazyLock<BTreeMap<&'static str, Rule>> = LazyLock::new(|| {
    let rules = LAW_PAGE.lines().filter_map(rule_of_line);
    rules.map(|rule| (rule.number, rule)).collect()
});

/// A rule written as `**E-010 Contact on the first day.** For every ... [STAT SRC-WT26 p.20 (R)]`.
fn rule_of_line(line: &'static str) -> Option<Rule> {
    let (head, rest) = line.strip_prefix("**")?.split_once("**")?;
    let (number, name) = head.split_once(' ')?;
    let (text, basis) = match rest.rsplit_once('[') {
        Some((text, basis)) => (text.trim(), basis.split(']').next().unwrap_or_default()),
        None => (rest.trim(), ""),
    };
    number.starts_with("E-").then_some(Rule {
        number,
        name: name.trim_end_matches('.'),
        text,
        basis,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_daily_protocol_is_on_the_page_with_what_it_rests_on() {
        for number in 10..=32 {
            let number = format!("E-{number:03}");
            let found = rule(&number).unwrap_or_else(|| panic!("{number} is missing"));
            assert!(
                !found.name.is_empty() && !found.text.is_empty(),
                "{found:?}"
            );
        }
        let first_day = rule("E-010").expect("it is there");
        assert_eq!(first_day.name, "Contact on the first day");
        assert_eq!(first_day.basis, "STAT SRC-WT26 p.20 (R)");
    }
}
