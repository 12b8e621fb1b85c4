//! Lessons of the timetable, a row each (I-100): for each class, or for each pupil of it.

use std::collections::HashMap;

use calendar::{CycleWeek, Weekday};

use crate::dates::DateUse;
use crate::finding::{FindingCode, Findings, Severity};
use crate::headings::{self, Field, MarkField, TimetableField as F};
use crate::pupils;
use crate::reading::{Kind, Options, Reading};
use crate::records::{LessonRecord, PupilKey};
use crate::refused::RefusedFile;
use crate::table::{self, Became, Columns, Head, Purpose, RecordRows, RowReader};
use crate::text;

/// Whether headings are those of a timetable: a class, a day of the week, and a period or a time, and no mark.
pub(crate) fn is_timetable(all: &[String], options: &Options<'_>) -> bool {
    let chosen = |heading: &String| match options.headings.get(heading) {
        Some(Some(Field::Timetable(field))) => Some(*field),
        Some(_) => None,
        None => headings::timetable_field(heading),
    };
    let has = |field: F| all.iter().any(|heading| chosen(heading) == Some(field));
    let marks = all.iter().any(|heading| {
        matches!(
            headings::mark_field(heading),
            Some(MarkField::Mark | MarkField::Session)
        )
    });
    has(F::Class)
        && (has(F::Weekday) || has(F::Week))
        && (has(F::Period) || has(F::Starts))
        && !marks
}

pub(crate) fn read(
    file: &str,
    head: Head<'_>,
    reading: &mut Reading,
    mut findings: Findings,
    options: &Options<'_>,
) -> Result<(), RefusedFile> {
    let columns = Columns::map(file, &head.headings, Purpose::Timetable, options)?;
    require_columns(file, &columns)?;
    reading.note_headings(file, &columns);
    let dates = [F::From, F::To].map(Field::Timetable);
    let orders = table::decide_orders(file, &head, &columns, &dates, options, &mut findings)?;
    let required: Vec<usize> = [F::Class, F::Weekday, F::Period]
        .into_iter()
        .filter_map(|field| columns.index(Field::Timetable(field)))
        .collect();
    let rows = RecordRows {
        rows: head.rows,
        columns: &columns,
        orders: &orders,
        required: &required,
        today: options.today,
        label,
    };
    let mut seen = Seen::default();
    rows.each(&mut reading.counts, &mut findings, |row| {
        let lesson = read_lesson(row).filter(|_| !row.rejected);
        let Some(lesson) = lesson else {
            row.rejected = true;
            return Became::Skipped;
        };
        match seen.before(&lesson) {
            Before::Same(line) => {
                row.repeats(line);
                return Became::Skipped;
            }
            Before::OtherClass(line) => {
                let detail = line.to_string();
                row.note(
                    Severity::Warning,
                    FindingCode::LessonsOverlap,
                    None,
                    "",
                    &detail,
                );
            }
            Before::Nothing => {}
        }
        seen.keep(&lesson);
        reading.lessons.push(lesson);
        Became::Offered
    });
    reading.take_findings(findings);
    Ok(())
}

fn require_columns(file: &str, columns: &Columns) -> Result<(), RefusedFile> {
    let has = |field: F| columns.index(Field::Timetable(field)).is_some();
    let mut missing = Vec::new();
    if !has(F::Class) {
        missing.push(F::Class.words());
    }
    if !has(F::Weekday) && !has(F::Period) {
        missing.push(F::Weekday.words());
    }
    let says_when = has(F::Period) || (has(F::Starts) && has(F::Ends));
    if !says_when {
        missing.push(F::Period.words());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(RefusedFile::RequiredColumnAbsent {
        file: file.to_owned(),
        missing: missing.join(", "),
        kind: Kind::Timetable,
    })
}

/// What a person knows the row by: the class, after the pupil where there is one.
fn label(cells: &[std::borrow::Cow<'_, str>], columns: &Columns) -> String {
    let class = columns
        .index(Field::Timetable(F::Class))
        .and_then(|index| cells.get(index))
        .map_or("", |cell| text::trim(cell));
    let pupil = pupils::record_label(cells, columns);
    match (pupil.as_str(), class) {
        ("", class) => class.to_owned(),
        (pupil, "") => pupil.to_owned(),
        (pupil, class) => format!("{pupil}, {class}"),
    }
}

fn read_lesson(row: &mut RowReader<'_>) -> Option<LessonRecord> {
    let of = Field::Timetable;
    let (pupil, _) = row.pupil_key();
    let class = row.text(of(F::Class));
    let class = row.require(of(F::Class), class);
    let (period, placed) = period(row);
    let weekday = weekday(row, placed);
    let week = week(row, placed);
    let times = row.times(of(F::Starts), of(F::Ends));
    if period.is_none() && times.is_none() {
        let index = row.columns.index(of(F::Period));
        row.note(
            Severity::Rejected,
            FindingCode::PeriodMissing,
            index,
            "",
            "",
        );
    }
    let from = row.date(of(F::From), DateUse::Other, true);
    let to = row.date(of(F::To), DateUse::Other, true);
    row.in_order(from, to, of(F::To));
    Some(LessonRecord {
        line: row.line,
        pupil,
        class,
        subject: row.text(of(F::Subject)),
        teachers: teachers(row),
        room: row.text(of(F::Room)),
        week: week?,
        weekday: weekday?,
        period,
        times,
        from,
        to,
    })
}

/// A day and a week that stand with the period: `MonA:1`.
type Placed = Option<(Weekday, Option<CycleWeek>)>;

/// The period, and the day where it is written with it, as some systems do: `Mon:1`, `TueB:P3`.
fn period(row: &mut RowReader<'_>) -> (Option<String>, Placed) {
    let Some(text) = row.text(Field::Timetable(F::Period)) else {
        return (None, None);
    };
    if let Some((before, after)) = text.split_once(':')
        && let Some(placed) = placed(before.trim())
        && !after.trim().is_empty()
    {
        return (Some(after.trim().to_owned()), Some(placed));
    }
    (Some(text), None)
}

fn placed(text: &str) -> Option<(Weekday, Option<CycleWeek>)> {
    if let Some(weekday) = weekday_of(text) {
        return Some((weekday, None));
    }
    let (day, letter) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let week = cycle_week(letter).flatten()?;
    Some((weekday_of(day.trim())?, Some(week)))
}

fn weekday(row: &mut RowReader<'_>, placed: Placed) -> Option<Weekday> {
    let field = Field::Timetable(F::Weekday);
    let Some(text) = row.text(field) else {
        if let Some((weekday, _)) = placed {
            return Some(weekday);
        }
        row.require(field, None);
        return None;
    };
    let weekday = weekday_of(&text);
    if weekday.is_none() {
        let index = row.columns.index(field);
        row.note(
            Severity::Rejected,
            FindingCode::WeekdayUnknown,
            index,
            &text,
            "",
        );
    }
    weekday
}

/// `Mon`, `Monday`, `1` for Monday to `7`.
fn weekday_of(text: &str) -> Option<Weekday> {
    const DAYS: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let word = text::folded(text);
    if let Ok(number) = word.parse::<i64>() {
        return Weekday::from_index(number.checked_sub(1)?);
    }
    let at = DAYS
        .iter()
        .position(|day| word.len() >= 3 && day.starts_with(&word))?;
    Weekday::from_index(at as i64)
}

/// The week; inner none for every week, outer none for one that is not understood.
fn week(row: &mut RowReader<'_>, placed: Placed) -> Option<Option<CycleWeek>> {
    let field = Field::Timetable(F::Week);
    let Some(text) = row.text(field) else {
        return Some(placed.and_then(|(_, week)| week));
    };
    let week = cycle_week(&text);
    if week.is_none() {
        let index = row.columns.index(field);
        row.note(
            Severity::Rejected,
            FindingCode::WeekOfCycle,
            index,
            &text,
            "",
        );
    }
    week
}

/// `A`, `Week B`, `Wk 1`; `A/B`, `Both` and `Every` are every week.
fn cycle_week(text: &str) -> Option<Option<CycleWeek>> {
    let word = text::folded(text);
    let word = word
        .strip_prefix("week")
        .or_else(|| word.strip_prefix("wk"))
        .unwrap_or(&word);
    match word {
        "a" | "1" => Some(Some(CycleWeek::A)),
        "b" | "2" => Some(Some(CycleWeek::B)),
        "ab" | "12" | "both" | "every" | "all" | "everyweek" | "weekly" => Some(None),
        _ => None,
    }
}

/// The codes of a cell; several stand with a semicolon, a stroke or a sign between.
fn teachers(row: &mut RowReader<'_>) -> Vec<String> {
    let text = row.text(Field::Timetable(F::Teacher)).unwrap_or_default();
    let codes = text.split([';', '/', '&', '+']).map(str::trim);
    codes
        .filter(|code| !code.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What stood in the file before a row.
enum Before {
    Nothing,
    /// The very same lesson, on this line.
    Same(u32),
    /// Another class of the same pupil at the same time, on this line.
    OtherClass(u32),
}

/// A pupil's place in the week: pupil, week, day, and period or beginning.
type Slot = (PupilKey, CycleWeek, usize, String);

#[derive(Default)]
struct Seen {
    lessons: HashMap<String, u32>,
    classes: HashMap<Slot, (String, u32)>,
}

impl Seen {
    fn before(&self, lesson: &LessonRecord) -> Before {
        if let Some(line) = self.lessons.get(&all_of(lesson)) {
            return Before::Same(*line);
        }
        let mut slots = slots(lesson).into_iter();
        let other = slots.find_map(|slot| {
            let (class, line) = self.classes.get(&slot)?;
            (*class != lesson.class).then_some(*line)
        });
        other.map_or(Before::Nothing, Before::OtherClass)
    }

    fn keep(&mut self, lesson: &LessonRecord) {
        self.lessons.insert(all_of(lesson), lesson.line);
        for slot in slots(lesson) {
            self.classes
                .entry(slot)
                .or_insert_with(|| (lesson.class.clone(), lesson.line));
        }
    }
}

fn all_of(lesson: &LessonRecord) -> String {
    let without_line = LessonRecord {
        line: 0,
        ..lesson.clone()
    };
    format!("{without_line:?}")
}

fn slots(lesson: &LessonRecord) -> Vec<Slot> {
    if lesson.pupil.is_empty() {
        return Vec::new();
    }
    let weeks = CycleWeek::ALL
        .into_iter()
        .filter(|week| lesson.week.is_none_or(|own| own == *week));
    let time = match (&lesson.period, lesson.times) {
        (Some(period), _) => text::folded(period),
        (None, Some((starts, _))) => starts.to_string(),
        (None, None) => String::new(),
    };
    // Terms of their own: another half of the year has its own lessons.
    let time = format!("{time} {:?}", lesson.from);
    weeks
        .map(|week| {
            let day = lesson.weekday.index();
            (lesson.pupil.clone(), week, day, time.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Day;

    use crate::reading::{InputFile, read};

    fn reading(text: &str) -> Reading {
        let file = InputFile {
            name: "timetable.csv",
            bytes: text.as_bytes(),
        };
        let today = Day::new(2026, 11, 24).expect("a day");
        read(&[file], &Options::on(today)).expect("a timetable")
    }

    #[test]
    fn a_row_for_each_class_is_a_lesson_with_week_day_period_and_times() {
        let reading = reading(
            "Class,Subject,Teacher Code,Room,Week,Day,Period,Start,End\n\
             7En1,English,T01; T02,R11,A,Mon,P1,8:50,0950\n\
             7Ma1,Mathematics,T03,,,Tuesday,2,9.50,10:50\n",
        );
        assert_eq!(reading.kind, Kind::Timetable);
        let [english, maths] = reading.lessons.as_slice() else {
            panic!("two lessons: {:?}", reading.findings);
        };
        assert_eq!(english.teachers, ["T01", "T02"]);
        assert_eq!(english.week, Some(CycleWeek::A));
        assert_eq!(english.weekday, Weekday::Monday);
        let times = english
            .times
            .map(|(starts, ends)| format!("{starts} {ends}"));
        assert_eq!(times.as_deref(), Some("08:50 09:50"));
        assert_eq!((maths.week, maths.weekday), (None, Weekday::Tuesday));
        assert!(maths.room.is_none() && maths.pupil.is_empty());
        assert_eq!(reading.counts.offered, 2);
    }

    #[test]
    fn a_period_may_say_its_day_and_week() {
        let reading = reading("Class,Week,Period,Room\n7En1,,MonA:1,R1\n7Ma1,,Tue:P3,R2\n");
        let said: Vec<_> = reading
            .lessons
            .iter()
            .map(|one| {
                (
                    one.weekday,
                    one.week,
                    one.period.clone().unwrap_or_default(),
                )
            })
            .collect();
        let first = (Weekday::Monday, Some(CycleWeek::A), "1".to_owned());
        let second = (Weekday::Tuesday, None, "P3".to_owned());
        assert_eq!(said, [first, second]);
    }

    #[test]
    fn what_is_no_week_day_or_time_rejects_its_row_by_line_and_column() {
        let reading = reading(
            "Class,Week,Day,Period,Start,End\n\
             7En1,C,Mon,1,,\n\
             7En1,A,Mo,1,,\n\
             7En1,A,Mon,1,noon,12:50\n\
             7En1,A,Mon,1,12:50,11:50\n\
             ,A,Mon,1,,\n\
             7En1,A,Mon,,,\n\
             7En1,A,Mon,1,,\n",
        );
        let codes: Vec<(u32, &str, &str)> = reading
            .findings
            .iter()
            .map(|one| (one.line, one.code.code(), one.column.as_str()))
            .collect();
        assert_eq!(
            codes,
            [
                (2, "WEEK_OF_CYCLE", "Week"),
                (3, "WEEKDAY_UNKNOWN", "Day"),
                (4, "TIME_FORM", "Start"),
                (5, "TIMES_SWAPPED", "End"),
                (6, "REQUIRED_MISSING", "Class"),
                (7, "PERIOD_MISSING", "Period"),
            ]
        );
        assert_eq!((reading.counts.rejected, reading.counts.offered), (6, 1));
    }

    #[test]
    fn a_repeat_is_skipped_and_a_pupil_in_two_classes_at_once_is_told_of() {
        let reading = reading(
            "Adno,Class,Week,Day,Period\n\
             004100,7En1,A,Mon,1\n\
             004100,7En1,A,Mon,1\n\
             004100,7Ma1,,Mon,1\n\
             004101,7Ma1,A,Mon,1\n",
        );
        let codes: Vec<(u32, &str)> = reading
            .findings
            .iter()
            .map(|one| (one.line, one.code.code()))
            .collect();
        assert_eq!(codes, [(3, "REPEATED_IN_FILE"), (4, "LESSONS_OVERLAP")]);
        assert_eq!(reading.lessons.len(), 3);
        let number = reading.lessons[0].pupil.admission_number.as_deref();
        assert_eq!(number, Some("004100"));
    }
}
