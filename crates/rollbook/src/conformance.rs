//! `rollbook conformance FILE...`: worked cases, run by the functions that count for every page.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use register::worked_case::{Counter, WorkedCase, read_cases};

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Everything that is to be printed above the total: failing cases, and files that hold none.
    pub text: String,
    /// Cases whose every expectation was met.
    pub passed: usize,
    /// Cases that differ or cannot be run.
    pub failed: usize,
    /// Files that cannot be read or hold no worked cases.
    pub unreadable: usize,
}

impl Report {
    /// The closing line.
    pub fn total(&self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }

    /// Whether every file was read and every case passed.
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.unreadable == 0
    }
}

/// Runs every case of every file; none that fails holds back another.
pub fn run(files: &[PathBuf], counter: &impl Counter) -> Report {
    let mut report = Report::default();
    for file in files {
        if let Err(problem) = run_file(file, counter, &mut report) {
            report.unreadable += 1;
            report.say(format_args!("{}: {problem}", file.display()));
        }
    }
    report
}

fn run_file(file: &Path, counter: &impl Counter, report: &mut Report) -> Result<(), String> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("the file cannot be read: {error}"))?;
    let cases = read_cases(&text).map_err(|error| error.to_string())?;
    for case in cases {
        let differences = match &case {
            Ok(case) => case.differences(counter),
            Err(error) => Err(error.clone()),
        };
        match (differences, case) {
            (Ok(differences), Ok(_)) if differences.is_empty() => report.passed += 1,
            (Ok(differences), Ok(case)) => {
                report.failed += 1;
                report.say(format_args!("{}", heading(&case)));
                for difference in differences {
                    report.say(format_args!("    {difference}"));
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                report.failed += 1;
                report.say(format_args!("{}: {error}", file.display()));
            }
        }
    }
    Ok(())
}

impl Report {
    fn say(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("writing to a text cannot fail");
    }
}

fn heading(case: &WorkedCase) -> String {
    let rules = if case.rules.is_empty() {
        "no rule named".to_owned()
    } else {
        case.rules.join(", ")
    };
    format!("{} ({rules}): {}", case.id, case.title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use columns::worked::ColumnCounter;

    const VECTORS: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../register/vectors/attendance-arithmetic.json"
    );

    #[test]
    fn every_worked_case_of_the_law_pages_passes() {
        let report = run(&[VECTORS.into()], &ColumnCounter::default());
        assert_eq!(report.text, "");
        assert_eq!(report.total(), "59 passed, 0 failed");
        assert!(report.is_clean());
    }

    #[test]
    fn a_failing_case_is_named_with_its_rules_and_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.json");
        fs::write(
            &file,
            r#"{"vectors": [
                {"id": "X-1", "title": "One day ill", "rules": ["R-204"], "shape": "pupil_runs",
                 "input": {"runs": [{"days": 1, "am": "I", "pm": "/"}]}, "expect": {"absent": 2}},
                {"id": "X-2", "shape": "unheard of", "input": {}, "expect": {}},
                {"id": "X-3", "title": "Two days ill", "rules": [], "shape": "pupil_runs",
                 "input": {"runs": [{"days": 2, "am": "I", "pm": "I"}]}, "expect": {"absent": 4}}
            ]}"#,
        )
        .unwrap();
        let report = run(
            &[file, folder.path().join("none.json")],
            &ColumnCounter::default(),
        );
        assert!(
            report.text.contains("X-1 (R-204): One day ill\n"),
            "{}",
            report.text
        );
        assert!(
            report
                .text
                .contains("    expect.absent: expected 2, found 1\n"),
            "{}",
            report.text
        );
        assert!(report.text.contains("X-2: shape"), "{}", report.text);
        assert!(
            report.text.contains("none.json: the file cannot be read"),
            "{}",
            report.text
        );
        assert_eq!(report.total(), "1 passed, 2 failed");
        assert_eq!(report.unreadable, 1);
        assert!(!report.is_clean());
    }
}
