//! What is set for single days: cover of a lesson, days and periods off timetable, and examinations with their seats.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Debug;

use calendar::Day;

use crate::dates::DateUse;
use crate::finding::{FindingCode, Findings, Severity};
use crate::headings::{self, DayField as F, Field, MarkField};
use crate::pupils;
use crate::reading::{Kind, Options, Reading};
use crate::records::{CoverRecord, OffTimetableRecord, SeatRecord};
use crate::refused::RefusedFile;
use crate::table::{self, Became, Columns, Head, Purpose, RecordRows, RowReader};
use crate::text;

/// Which of the three these headings are of, if any: each names a day and what it alone has.
pub(crate) fn kind_of(all: &[String], options: &Options<'_>) -> Option<Kind> {
    let chosen = |heading: &String| match options.headings.get(heading) {
        Some(Some(Field::Day(field))) => Some(*field),
        Some(_) => None,
        None => headings::day_field(heading),
    };
    let has = |field: F| all.iter().any(|heading| chosen(heading) == Some(field));
    let marks = all.iter().any(|heading| {
        matches!(
            headings::mark_field(heading),
            Some(MarkField::Mark | MarkField::Session)
        )
    });
    let of_pupils = all.iter().any(|heading| {
        headings::pupil_field(heading).is_some_and(|field| table::identifies(&field))
    });
    if marks || !has(F::Date) {
        None
    } else if has(F::Covering) && has(F::Group) && has(F::Period) {
        Some(Kind::Cover)
    } else if has(F::Exam) && has(F::Room) {
        Some(Kind::Exams)
    } else if has(F::What) && !of_pupils {
        Some(Kind::OffTimetable)
    } else {
        None
    }
}

pub(crate) fn read(
    file: &str,
    head: Head<'_>,
    reading: &mut Reading,
    mut findings: Findings,
    options: &Options<'_>,
) -> Result<(), RefusedFile> {
    let kind = reading.kind;
    let columns = Columns::map(file, &head.headings, Purpose::Days, options)?;
    let needed = needed(kind);
    require_columns(file, &columns, kind, needed)?;
    reading.note_headings(file, &columns);
    let dates = [F::Date, F::To].map(Field::Day);
    let orders = table::decide_orders(file, &head, &columns, &dates, options, &mut findings)?;
    let required = needed
        .iter()
        .filter_map(|field| columns.index(Field::Day(*field)));
    let required: Vec<usize> = required.collect();
    let rows = RecordRows {
        rows: head.rows,
        columns: &columns,
        orders: &orders,
        required: &required,
        today: options.today,
        label,
    };
    let mut seen = Seen::default();
    rows.each(&mut reading.counts, &mut findings, |row| match kind {
        Kind::Cover => seen.take(row, cover, &mut reading.covers),
        Kind::OffTimetable => seen.take(row, off_timetable, &mut reading.off_timetable),
        _ => seen.take(row, seat, &mut reading.seats),
    });
    reading.take_findings(findings);
    Ok(())
}

/// The columns without which nothing of the kind can be read.
fn needed(kind: Kind) -> &'static [F] {
    match kind {
        Kind::Cover => &[F::Date, F::Period, F::Group, F::Covering],
        Kind::OffTimetable => &[F::Date, F::What],
        _ => &[F::Exam, F::Date, F::Starts, F::Room],
    }
}

fn require_columns(
    file: &str,
    columns: &Columns,
    kind: Kind,
    needed: &[F],
) -> Result<(), RefusedFile> {
    let has = |field: F| columns.index(Field::Day(field)).is_some();
    let absent = needed.iter().filter(|field| !has(**field));
    let mut missing: Vec<&str> = absent.map(|field| field.words()).collect();
    if kind == Kind::Exams && !has(F::Ends) && !has(F::Minutes) {
        missing.push(F::Ends.words());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(RefusedFile::RequiredColumnAbsent {
        file: file.to_owned(),
        missing: missing.join(", "),
        kind,
    })
}

/// What a person knows the row by: the pupil, else the examination, the class, or what runs instead.
fn label(cells: &[Cow<'_, str>], columns: &Columns) -> String {
    let pupil = pupils::record_label(cells, columns);
    if !pupil.is_empty() {
        return pupil;
    }
    let value = |field| {
        let index = columns.index(Field::Day(field));
        index
            .and_then(|index| cells.get(index))
            .map(|cell| text::trim(cell))
            .filter(|text| !text.is_empty())
    };
    let known = [F::Exam, F::What, F::Group].into_iter().find_map(value);
    known.unwrap_or_default().to_owned()
}

/// A text without which the row is no record.
fn needs(row: &mut RowReader<'_>, field: F) -> String {
    let text = row.text(Field::Day(field));
    row.require(Field::Day(field), text)
}

/// The day of a record. A blank one rejects it, as one does that cannot be read.
fn day(row: &mut RowReader<'_>) -> Option<Day> {
    let field = Field::Day(F::Date);
    let day = row.date(field, DateUse::Other, true);
    if row.raw(field).is_empty() {
        row.require(field, None);
    }
    day
}

fn cover(row: &mut RowReader<'_>) -> Option<CoverRecord> {
    Some(CoverRecord {
        line: row.line,
        period: needs(row, F::Period),
        class: needs(row, F::Group),
        covering: needs(row, F::Covering),
        day: day(row)?,
    })
}

fn off_timetable(row: &mut RowReader<'_>) -> Option<OffTimetableRecord> {
    let what = needs(row, F::What);
    let from = day(row);
    let to = row.date(Field::Day(F::To), DateUse::Other, true).or(from);
    row.in_order(from, to, Field::Day(F::To));
    Some(OffTimetableRecord {
        line: row.line,
        from: from?,
        to: to?,
        period: row.text(Field::Day(F::Period)).filter(|text| !is_all(text)),
        group: row.text(Field::Day(F::Group)).filter(|text| !is_all(text)),
        what,
    })
}

/// Whether a text means every period or everybody.
fn is_all(text: &str) -> bool {
    const ALL: [&str; 8] = [
        "all",
        "allday",
        "allperiods",
        "everybody",
        "everyone",
        "school",
        "wholeschool",
        "thewholeschool",
    ];
    ALL.contains(&text::folded(text).as_str())
}

fn seat(row: &mut RowReader<'_>) -> Option<SeatRecord> {
    let (pupil, _) = row.pupil_key();
    if pupil.is_empty() && !pupils::record_label(row.cells, row.columns).is_empty() {
        let admission = Field::Pupil(headings::PupilField::AdmissionNumber);
        row.require(admission, None);
    }
    let exam = needs(row, F::Exam);
    let room = needs(row, F::Room);
    let day = day(row);
    let (starts, ends) = (Field::Day(F::Starts), Field::Day(F::Ends));
    let times = match row.raw(ends).is_empty() {
        true => {
            let begins = row.time(starts);
            let minutes = minutes(row);
            begins.and_then(|begins| Some((begins, begins.plus_minutes(minutes?)?)))
        }
        false => row.times(starts, ends),
    };
    if times.is_none() && !row.rejected {
        let blank = match row.raw(starts).is_empty() {
            true => starts,
            false => ends,
        };
        row.require(blank, None);
    }
    let seat = seat_number(row);
    let (starts, ends) = times?;
    Some(SeatRecord {
        line: row.line,
        pupil,
        exam,
        day: day?,
        starts,
        ends,
        room,
        seat,
        invigilator: row.text(Field::Day(F::Invigilator)),
    })
}

/// How long an examination lasts: `90`, `90 minutes`, `1h 30`, `1:30`.
fn minutes(row: &mut RowReader<'_>) -> Option<u32> {
    let field = Field::Day(F::Minutes);
    let text = row.text(field)?;
    let minutes = length(&text).filter(|minutes| (1..24 * 60).contains(minutes));
    if minutes.is_none() {
        let index = row.columns.index(field);
        row.note(Severity::Rejected, FindingCode::TimeForm, index, &text, "");
    }
    minutes
}

fn length(text: &str) -> Option<u32> {
    let word = text.to_lowercase().replace(' ', "");
    let word = ["minutes", "mins", "min", "m"]
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .unwrap_or(&word);
    let (hours, minutes) = match word.split_once([':', 'h']) {
        None => return word.parse().ok(),
        Some((hours, minutes)) => (hours, minutes.trim_start_matches(['o', 'u', 'r', 's'])),
    };
    let minutes = match minutes {
        "" => 0,
        minutes => minutes.parse::<u32>().ok()?,
    };
    hours
        .parse::<u32>()
        .ok()?
        .checked_mul(60)?
        .checked_add(minutes)
}

fn seat_number(row: &mut RowReader<'_>) -> Option<u32> {
    let field = Field::Day(F::Seat);
    let text = row.text(field)?;
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=9_999).contains(number));
    if number.is_none() {
        let index = row.columns.index(field);
        row.note(Severity::Rejected, FindingCode::SeatForm, index, &text, "");
    }
    number
}

/// A record whose place in the file is no part of what it says.
trait OfLine: Debug {
    fn line(&mut self) -> &mut u32;
}

macro_rules! of_line {
    ($($record:ty),+) => {$(
        impl OfLine for $record {
            fn line(&mut self) -> &mut u32 { &mut self.line }
        }
    )+};
}

of_line!(CoverRecord, OffTimetableRecord, SeatRecord);

/// The records of the file so far, each with its line.
#[derive(Default)]
struct Seen(HashMap<String, u32>);

impl Seen {
    /// Reads a row and keeps its record, unless it is refused or says what an earlier one said.
    fn take<R: OfLine>(
        &mut self,
        row: &mut RowReader<'_>,
        read: fn(&mut RowReader<'_>) -> Option<R>,
        kept: &mut Vec<R>,
    ) -> Became {
        let Some(mut record) = read(row).filter(|_| !row.rejected) else {
            row.rejected = true;
            return Became::Skipped;
        };
        let line = std::mem::take(record.line());
        let said = format!("{record:?}");
        if let Some(earlier) = self.0.get(&said) {
            row.repeats(*earlier);
            return Became::Skipped;
        }
        self.0.insert(said, line);
        *record.line() = line;
        kept.push(record);
        Became::Offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::reading::{InputFile, read};

    fn day(text: &str) -> Day {
        text.parse().expect("a real day")
    }

    fn reading(text: &str) -> Reading {
        let file = InputFile {
            name: "list.csv",
            bytes: text.as_bytes(),
        };
        read(&[file], &Options::on(day("2026-11-24"))).expect("a list")
    }

    fn found(reading: &Reading) -> Vec<(u32, &str, &str)> {
        let findings = reading.findings.iter();
        findings
            .map(|one| (one.line, one.code.code(), one.column.as_str()))
            .collect()
    }

    #[test]
    fn cover_names_day_period_class_and_who_covers() {
        let reading = reading(
            "Date,Day,Period,Class,Teacher,Cover Teacher\n\
             25/11/2026,Wed,P2,9A/Ma1,T01,T02\n\
             25/11/2026,Wed,P2,9A/Ma1,T01,T02\n\
             ,Wed,P3,9A/Ma1,T01,T02\n\
             25/11/2026,Wed,P3,9A/Ma1,T01,\n",
        );
        assert_eq!(reading.kind, Kind::Cover);
        let [cover] = reading.covers.as_slice() else {
            panic!("one lesson: {:?}", reading.findings);
        };
        assert_eq!(
            (cover.day, cover.period.as_str(), cover.covering.as_str()),
            (day("2026-11-25"), "P2", "T02")
        );
        assert_eq!(
            found(&reading),
            [
                (3, "REPEATED_IN_FILE", ""),
                (4, "REQUIRED_MISSING", "Date"),
                (5, "REQUIRED_MISSING", "Cover Teacher"),
            ]
        );
    }

    #[test]
    fn what_runs_instead_is_of_a_day_or_several_of_the_school_or_a_group() {
        let reading = reading(
            "From,To,Period,Group,What runs instead\n\
             30/11/2026,04/12/2026,,Year 11,Mock examinations\n\
             07/12/2026,,P5,Whole school,Carol service\n\
             08/12/2026,07/12/2026,,,Backwards\n",
        );
        assert_eq!(reading.kind, Kind::OffTimetable);
        let [mocks, carols] = reading.off_timetable.as_slice() else {
            panic!("two: {:?}", reading.findings);
        };
        assert_eq!(
            (mocks.from, mocks.to),
            (day("2026-11-30"), day("2026-12-04"))
        );
        assert_eq!(mocks.group.as_deref(), Some("Year 11"));
        assert_eq!((carols.to, &carols.group), (day("2026-12-07"), &None));
        assert_eq!(found(&reading), [(4, "DATES_SWAPPED", "To")]);
    }

    #[test]
    fn a_row_for_each_candidate_says_examination_room_and_seat() {
        let reading = reading(
            "Exam,Date,Start,Duration,Room,Seat,Invigilator,Adno,Surname,Forename\n\
             Mathematics 1,30/11/2026,09:00,90,Hall,1,T01,004100,Able,Ann\n\
             Mathematics 1,30/11/2026,9.00,1h 30m,Hall,,T01,004101,Baker,Bo\n\
             Mathematics 1,30/11/2026,09:00,90,Hall,A7,T01,004102,Cole,Cy\n\
             Mathematics 1,30/11/2026,09:00,,Hall,4,T01,004103,Dale,Di\n\
             Mathematics 1,30/11/2026,09:00,90,Hall,5,T01,,Earl,Ed\n\
             Mathematics 1,30/11/2026,09:00,90,Gym,,T02,,,\n",
        );
        assert_eq!(reading.kind, Kind::Exams);
        let seats: Vec<(Option<&str>, String, Option<u32>)> = reading
            .seats
            .iter()
            .map(|one| {
                let number = one.pupil.admission_number.as_deref();
                (number, one.ends.to_string(), one.seat)
            })
            .collect();
        assert_eq!(
            seats,
            [
                (Some("004100"), "10:30".to_owned(), Some(1)),
                (Some("004101"), "10:30".to_owned(), None),
                (None, "10:30".to_owned(), None),
            ],
            "{:?}",
            found(&reading)
        );
        assert_eq!(
            found(&reading),
            [
                (4, "SEAT_FORM", "Seat"),
                (5, "REQUIRED_MISSING", "when it ends"),
                (6, "REQUIRED_MISSING", "Adno"),
            ]
        );
        assert_eq!((reading.counts.rejected, reading.counts.offered), (3, 3));
    }

    #[test]
    fn a_file_without_its_columns_is_refused_by_name() {
        let file = InputFile {
            name: "exams.csv",
            bytes: b"Exam,Date,Room\nMathematics 1,30/11/2026,Hall\n",
        };
        let refused = read(&[file], &Options::on(day("2026-11-24"))).expect_err("no times");
        let said = refused.to_string();
        assert!(said.contains("when it begins, when it ends"), "{said}");
    }

    #[test]
    fn lengths_are_read_as_schools_write_them() {
        for text in [
            "90",
            "90 minutes",
            "90 mins",
            "1h 30",
            "1h30m",
            "1:30",
            "1 hr 30 min",
        ] {
            assert_eq!(length(text), Some(90), "{text}");
        }
        assert_eq!(length("2h"), Some(120));
        for text in ["", "h", "long", "1:x"] {
            assert_eq!(length(text), None, "{text}");
        }
    }
}
