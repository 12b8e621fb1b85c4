//! What an import says of its records: one outcome for each, and every finding (I-003, I-005, I-006).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::settle::Case;

/// How many records came to which outcome; the five add up to what was read (I-003).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Stored or changed as given.
    pub loaded: u32,
    /// Already so.
    pub unchanged: u32,
    /// Need a person.
    pub held: u32,
    /// Cannot be stored.
    pub rejected: u32,
    /// No records: titles, blanks, totals, repeats.
    pub skipped: u32,
}

impl Outcomes {
    /// All records.
    pub fn read(&self) -> u32 {
        self.loaded + self.unchanged + self.held + self.rejected + self.skipped
    }
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Loaded,
    Unchanged,
    Held,
    Rejected,
    Skipped,
}

impl Outcomes {
    pub(super) fn add(&mut self, outcome: Outcome, count: u32) {
        match outcome {
            Outcome::Loaded => self.loaded += count,
            Outcome::Unchanged => self.unchanged += count,
            Outcome::Held => self.held += count,
            Outcome::Rejected => self.rejected += count,
            Outcome::Skipped => self.skipped += count,
        }
    }
}

/// One finding, ready to be shown, stored and exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The sheet of a workbook, else empty.
    pub sheet: String,
    /// The line, row or element line; 0 for the file as a whole.
    pub line: u32,
    /// Who or what the record is.
    pub record: String,
    /// The heading of the column, perhaps empty.
    pub column: String,
    /// The value, masked where it is sensitive.
    pub value: String,
    /// `warning`, `rejected`, `held` or `skipped`; in the list of changes `changed`.
    pub severity: String,
    /// A stable code.
    pub code: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to do about it.
    pub what_to_do: String,
}

/// A finding of matching: its code, its words with `{value}` and `{detail}`, and what to do.
pub(super) struct Ground {
    pub code: &'static str,
    pub text: &'static str,
    pub remedy: &'static str,
}

/// The severity of a line that says what is stored of a record; no finding, and listed apart.
pub(super) const CHANGED: &str = "changed";

/// Findings beyond this number are counted and not listed.
pub const LISTED: usize = 10_000;

/// Where a finding belongs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place<'a> {
    pub line: u32,
    pub record: &'a str,
    pub column: &'a str,
}

/// Findings and outcomes as they are gathered.
#[derive(Debug, Default)]
pub(super) struct Report {
    file: String,
    sheet: String,
    /// The records of the file.
    pub main: Outcomes,
    /// Contacts that stand beside pupils in the same rows.
    pub beside: Outcomes,
    /// Records that a person can settle.
    pub cases: Vec<Case>,
    list: Vec<(Finding, u32)>,
    changes: Vec<Finding>,
    left_out: u32,
    alike: HashMap<(&'static str, u64), usize>,
}

impl Report {
    /// What reading found, to which matching adds.
    pub(super) fn of(reading: &exchange::Reading) -> Report {
        let mut report = Report {
            file: reading.files.first().cloned().unwrap_or_default(),
            sheet: reading.sheet.clone().unwrap_or_default(),
            left_out: reading.findings_left_out,
            ..Report::default()
        };
        report.main.held = reading.counts.held;
        report.main.rejected = reading.counts.rejected;
        report.main.skipped = reading.counts.skipped;
        for finding in &reading.findings {
            report.push(Finding {
                file: finding.file.to_string(),
                sheet: finding.sheet.as_deref().unwrap_or_default().to_owned(),
                line: finding.line,
                record: finding.record.clone(),
                column: finding.column.clone(),
                value: finding.value.clone(),
                severity: finding.severity.to_string(),
                code: finding.code.code().to_owned(),
                message: finding.message(),
                what_to_do: finding.what_to_do(),
            });
        }
        report
    }

    fn push(&mut self, finding: Finding) -> Option<usize> {
        if self.list.len() >= LISTED {
            self.left_out += 1;
            return None;
        }
        self.list.push((finding, 1));
        Some(self.list.len() - 1)
    }

    /// Adds a finding.
    pub(super) fn add(
        &mut self,
        severity: &str,
        ground: &Ground,
        place: Place<'_>,
        value: &str,
        detail: &str,
    ) {
        let finding = self.made(severity, ground, place, value, detail);
        self.push(finding);
    }

    /// Takes back that reading held the record on this line: a person has settled it.
    pub(super) fn no_longer_held(&mut self, line: u32) {
        self.list.retain(|(finding, _)| {
            !(finding.line == line
                && finding.severity == "held"
                && matches!(finding.code.as_str(), "NO_IDENTIFIER" | "REPEATED_DIFFERS"))
        });
        self.main.held = self.main.held.saturating_sub(1);
    }

    /// Says what accepting changes of a record, for the report; beyond 10,000 records it is not said of each.
    pub(super) fn changed(&mut self, line: u32, record: &str, what: String) {
        if self.changes.len() < LISTED {
            self.changes.push(Finding {
                file: self.file.clone(),
                sheet: self.sheet.clone(),
                line,
                record: record.to_owned(),
                column: String::new(),
                value: String::new(),
                severity: CHANGED.to_owned(),
                code: "CHANGED".to_owned(),
                message: what,
                what_to_do: String::new(),
            });
        }
    }

    /// Adds a finding, or counts it to an earlier one with the same ground and key.
    pub(super) fn add_alike(
        &mut self,
        key: u64,
        severity: &str,
        ground: &Ground,
        place: Place<'_>,
        value: &str,
        detail: &dyn Fn() -> String,
    ) {
        if let Some(at) = self.alike.get(&(ground.code, key)) {
            self.list[*at].1 += 1;
            return;
        }
        let finding = self.made(severity, ground, place, value, &detail());
        if let Some(at) = self.push(finding) {
            self.alike.insert((ground.code, key), at);
        }
    }

    fn made(
        &self,
        severity: &str,
        ground: &Ground,
        place: Place<'_>,
        value: &str,
        detail: &str,
    ) -> Finding {
        let said = |text: &str| {
            text.replace("{detail}", detail)
                .replace("{column}", place.column)
                .replace("{value}", value)
        };
        Finding {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            line: place.line,
            record: place.record.to_owned(),
            column: place.column.to_owned(),
            value: value.to_owned(),
            severity: severity.to_owned(),
            code: ground.code.to_owned(),
            message: said(ground.text),
            what_to_do: said(ground.remedy),
        }
    }

    /// The findings in the order of the file, and how many more there were.
    pub(super) fn finish(self) -> (Vec<Finding>, u32) {
        let mut list: Vec<Finding> = self
            .list
            .into_iter()
            .map(|(mut finding, count)| {
                if count > 1 {
                    finding
                        .message
                        .push_str(&format!(" This happens in {count} places."));
                }
                finding
            })
            .collect();
        list.extend(self.changes);
        list.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        (list, self.left_out)
    }
}
