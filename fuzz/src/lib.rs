//! What must hold of any bytes at all that arrive as a file.
//!
//! The fuzz targets call this with what they make up; `crates/exchange/tests/corpus.rs` with the kept files.

use std::collections::HashMap;

use calendar::Day;
use exchange::{Audience, InputFile, Kind, Options, Reading};

/// A line of a made-up set that begins its next file: this, then the name.
const NEXT_FILE: &str = "--- ";

/// Reads the bytes as a file of this kind, or of whichever kind it seems to be, and checks what every reading keeps.
///
/// Kinds that are sets of files take text with a line `--- NAME` before each of them.
///
/// # Panics
/// When a reader or a writer does, when a record is neither offered, held, rejected nor skipped (I-003), or when a refusal says nothing.
pub fn read_as(kind: Option<Kind>, bytes: &[u8]) {
    let today: Day = "2026-11-22".parse().expect("a real day");
    let mut options = Options::on(today);
    options.kind = kind;
    let text = String::from_utf8_lossy(bytes);
    let files = match kind {
        Some(Kind::OneRoster | Kind::SchoolDataSync) => set(&text),
        // The name of a weekly file says its Monday.
        _ => vec![InputFile {
            name: "attendance_2026-11-09",
            bytes,
        }],
    };
    let mut reasons = HashMap::new();
    match exchange::read(&files, &options) {
        Ok(reading) => {
            adds_up(&reading);
            goes_out_and_comes_in(&reading, &options);
            for finding in &reading.findings {
                let told: &mut Vec<String> = reasons.entry(finding.line).or_default();
                told.push(finding.message());
            }
        }
        Err(refused) => assert!(!refused.to_string().is_empty(), "a refusal says why"),
    }
    // Both refuse what is no table.
    for file in &files {
        let _ = exchange::rows_to_correct(file, &options, &reasons);
        let _ = exchange::outline(file, kind.unwrap_or(Kind::Pupils), &options);
    }
}

/// The files of a set.
fn set(text: &str) -> Vec<InputFile<'_>> {
    let pieces = text.split(NEXT_FILE).filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let (name, rest) = piece.split_once('\n').unwrap_or((piece, ""));
            InputFile {
                name: name.trim(),
                bytes: rest.as_bytes(),
            }
        })
        .collect()
}

fn adds_up(reading: &Reading) {
    let counts = reading.counts;
    assert_eq!(
        counts.read,
        counts.offered + counts.held + counts.rejected + counts.skipped,
        "{counts:?}"
    );
    for finding in &reading.findings {
        assert!(!finding.message().is_empty(), "a finding says what it is");
    }
}

/// What was read can be written, and what was written can be read.
fn goes_out_and_comes_in(reading: &Reading, options: &Options<'_>) {
    let sheets = [
        exchange::pupils_sheet(&reading.pupils),
        exchange::contacts_sheet(&reading.contacts),
        exchange::marks_sheet(&reading.marks),
    ];
    let kinds = [Kind::Pupils, Kind::Contacts, Kind::Marks];
    for (sheet, kind) in sheets.iter().zip(kinds) {
        let bytes = exchange::csv(sheet, Audience::Systems);
        let mut options = options.clone();
        options.kind = Some(kind);
        let files = [InputFile {
            name: "again.csv",
            bytes: &bytes,
        }];
        if let Ok(again) = exchange::read(&files, &options) {
            adds_up(&again);
        }
    }
}
