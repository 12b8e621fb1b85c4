//! The checked-in table of what every code meant on every day: a change to it is read like a change of wording.

use std::fmt::Write as _;
use std::path::Path;

use calendar::Day;
use register::{Code, code_rows, meaning, meanings};

/// The days from which the meaning of a code differs from that of the day before, from September 2006 to the end of 2040.
fn changes(code: Code) -> Vec<(Day, String)> {
    let first = Day::new(2006, 9, 1).expect("a real day");
    let last = Day::new(2040, 12, 31).expect("a real day");
    let mut changes: Vec<(Day, String)> = Vec::new();
    for day in first.through(last) {
        let told = match meaning(code, day) {
            Ok(row) => format!("{}: {} [{}]", row.class.name(), row.meaning, row.rule),
            Err(_) => "no meaning".to_owned(),
        };
        if changes.last().is_none_or(|(_, before)| *before != told) {
            changes.push((day, told));
        }
    }
    changes
}

fn table() -> String {
    let mut codes: Vec<Code> = code_rows().iter().map(|row| row.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut table = String::from(
        "What each code meant, from which day on (from 1 September 2006 to 31 December 2040).\n",
    );
    for code in codes {
        writeln!(table, "\n{code} ({} rows)", meanings(code).count()).expect("a text grows");
        for (day, told) in changes(code) {
            writeln!(table, "  {day}  {told}").expect("a text grows");
        }
    }
    table
}

#[test]
fn code_meanings_by_date_are_as_the_checked_in_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/code-meanings-by-date.txt");
    let table = table();
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(&path, &table).expect("the table can be written");
    }
    let checked_in = std::fs::read_to_string(&path).expect("the table is checked in");
    assert!(
        table == checked_in,
        "the meanings differ from {}; run with UPDATE_TABLES=1 and review the difference",
        path.display()
    );
}
