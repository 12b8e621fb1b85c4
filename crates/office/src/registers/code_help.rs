//! Which code applies: the page that tells every code of a day with its rule, source and how far to trust it.

use askama::Template;
use calendar::Day;
use register::{CodeRow, NeedsNote, code_rows, help_for};

use crate::book::fold;
use crate::shell::{Face, Frame, MarkCell};

/// The page.
#[derive(Template)]
#[template(path = "registers/codes.html")]
pub(super) struct CodesPage {
    pub frame: Frame,
    pub day: Day,
    pub sought: String,
    pub codes: Vec<CodeLine>,
}

/// One code.
pub(super) struct CodeLine {
    pub code: String,
    pub cell: MarkCell,
    pub name: String,
    pub meaning: String,
    pub when: String,
    pub when_not: String,
    pub counts_as: &'static str,
    pub note: &'static str,
    pub rules: Vec<RuleLine>,
}

/// One rule that a code rests on.
pub(super) struct RuleLine {
    pub number: String,
    pub text: String,
    pub sources: String,
    pub confidence: &'static str,
}

impl CodesPage {
    /// The codes with a meaning on this day that begin with the letters sought, or whose words hold what is sought; all when nothing is.
    pub(super) fn of(day: Day, sought: String, frame: Frame) -> CodesPage {
        let wanted = fold(sought.trim());
        let codes = code_rows()
            .iter()
            .filter(|row| row.covers(day))
            .map(|row| line(row, day))
            .filter(|line| {
                // One or two letters are the beginning of a code, more are words.
                if wanted.chars().count() <= 2 {
                    return fold(&line.code).starts_with(&wanted);
                }
                let words = [&line.name, &line.meaning, &line.when];
                words.iter().any(|words| fold(words).contains(&wanted))
                    || line.counts_as.contains(&wanted)
            })
            .collect();
        CodesPage {
            frame,
            day,
            sought,
            codes,
        }
    }
}

fn line(row: &'static CodeRow, day: Day) -> CodeLine {
    let help = help_for(row.code, day).ok().and_then(|(_, help)| help);
    let code = row.code.to_string();
    CodeLine {
        cell: MarkCell::new(code.clone(), Face::of(Some(row)), ""),
        name: help.map_or_else(|| row.meaning.clone(), |help| help.short_name.clone()),
        meaning: row.meaning.clone(),
        when: help.map(|help| help.when.clone()).unwrap_or_default(),
        when_not: help.map(|help| help.when_not.clone()).unwrap_or_default(),
        counts_as: row.class.name(),
        note: match row.needs_note {
            NeedsNote::No => "",
            NeedsNote::Conditional => "Needs the record it rests on, or a note (R-142).",
            NeedsNote::Required => "Needs a note (R-142).",
        },
        rules: help
            .map(|help| help.rules.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|rule| RuleLine {
                number: rule.number.clone(),
                text: rule.text.clone(),
                sources: rule.sources.clone(),
                confidence: rule.confidence.mark().unwrap_or(""),
            })
            .collect(),
        code,
    }
}
