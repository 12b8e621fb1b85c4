//! What stands in the lessons of a day beside the attendance register, and where the two differ.

use std::collections::BTreeMap;

use calendar::{Day, Instant, Session, Slot, TimeOfDay};
use columns::MarkByte;
use register::Code;
use register::lesson::{Difference, InSession, LessonMark, difference};
use store::{Row, StoreError, Tx, args};

use crate::book::{Book, LessonPeriod};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, GroupId, PeriodId};
use crate::registers::exams::sits_exam;
use crate::year::settings::session_times;

// In order of number, so that the newest entry of a place comes last.
pub(super) const OF_SCHOOL: &str = "\
select enrolment_id, period_id, group_id, mark, minutes_late, note from lesson_mark where school_id = $1 and on_date = $2
order by seq";

// Beginning with the group's members, by cross join: see the statements of the attendance register.
pub(super) const OF_GROUP: &str = "\
select v.enrolment_id, v.period_id, v.group_id, v.mark, v.minutes_late, v.note
from membership m cross join lesson_mark v
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and v.school_id = m.school_id and v.enrolment_id = m.enrolment_id and v.on_date = $3
order by v.seq";

pub(super) const OF_ENROLMENT: &str = "\
select enrolment_id, period_id, group_id, mark, minutes_late, note from lesson_mark
where school_id = $1 and enrolment_id = $2 and on_date = $3
order by seq";

/// When a pupil who was late came, by the attendance register.
pub(super) const MINUTES: &str = "\
select minutes_late from mark where school_id = $1 and enrolment_id = $2 and on_date = $3 and session = $4";

/// What stands for a pupil in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entered {
    /// Whose lesson it was.
    pub(super) group: GroupId,
    pub(super) mark: LessonMark,
    pub(super) minutes: Option<u32>,
    pub(super) note: Option<String>,
}

/// What stands in the lessons of one day.
pub(super) type Lessons = BTreeMap<(EnrolmentId, PeriodId), Entered>;

/// What stands in the day's lessons of every pupil.
pub(super) fn of_school(tx: &mut Tx, book: &Book, day: Day) -> Result<Lessons, StoreError> {
    let mut found = Lessons::new();
    let asked = args![book.school, day];
    tx.each(OF_SCHOOL, &asked, |row| put(&mut found, row))?;
    Ok(found)
}

/// What stands in the day's lessons of a group's pupils, whichever groups the lessons were of.
pub(super) fn of_group(
    tx: &mut Tx,
    book: &Book,
    group: GroupId,
    day: Day,
) -> Result<Lessons, StoreError> {
    let mut found = Lessons::new();
    let asked = args![book.school, group, day];
    tx.each(OF_GROUP, &asked, |row| put(&mut found, row))?;
    Ok(found)
}

/// What stands in the day's lessons of one time on roll.
pub(super) fn of_enrolment(
    tx: &mut Tx,
    book: &Book,
    enrolment: EnrolmentId,
    day: Day,
) -> Result<Lessons, StoreError> {
    let mut found = Lessons::new();
    let asked = args![book.school, enrolment, day];
    tx.each(OF_ENROLMENT, &asked, |row| put(&mut found, row))?;
    Ok(found)
}

/// Puts a row over what stood; a mark that was taken back leaves nothing.
fn put(found: &mut Lessons, row: &Row) -> Result<(), StoreError> {
    let place = (row.get(0)?, row.get(1)?);
    let mark = row.get::<Option<&str>>(3)?;
    match mark.and_then(|mark| mark.parse().ok()) {
        None => {
            found.remove(&place);
        }
        Some(mark) => {
            let entered = Entered {
                group: row.get(2)?,
                mark,
                minutes: row.get::<Option<i64>>(4)?.map(|minutes| minutes as u32),
                note: row.get(5)?,
            };
            found.insert(place, entered);
        }
    }
    Ok(())
}

/// A lesson's mark that does not agree with the session it lies in.
#[derive(Clone, Debug)]
pub(super) struct Differing<'b> {
    pub(super) enrolment: EnrolmentId,
    pub(super) session: Session,
    pub(super) period: &'b LessonPeriod,
    pub(super) entered: Entered,
    pub(super) found: Difference,
}

impl Differing<'_> {
    /// In words: `Present in AM, not in P2`.
    pub(super) fn words(&self) -> String {
        self.found
            .words(&self.session.to_string(), &self.period.name)
    }
}

/// Where these lessons' marks do not agree with the sessions they lie in, in order of time on roll and then of time.
///
/// Errors: session times cannot be read.
pub(super) fn differing<'b>(
    tx: &mut Tx,
    book: &'b Book,
    day: Day,
    lessons: &Lessons,
) -> Result<Vec<Differing<'b>>, Refusal> {
    let times = session_times(&book.settings, day)?;
    let mut found = Vec::new();
    for ((enrolment, period), entered) in lessons {
        let Some(period) = book.timetable.period(*period, day) else {
            continue;
        };
        let (Some(session), Some(row)) = (period.session, book.roll.row(*enrolment)) else {
            continue;
        };
        let slot = Slot::new(day, session);
        let byte = book.mark(row, slot);
        if byte == MarkByte::OUTSIDE {
            continue;
        }
        let mut stands = InSession {
            day,
            code: byte.code(),
            by_plan: byte.is_planned(),
            arrived: None,
        };
        if entered.mark == LessonMark::Absent {
            if sits_exam(tx, book.school, *enrolment, day, period)? {
                continue;
            }
            stands.arrived = arrived(tx, book, *enrolment, slot, &stands, times.of(session).opens)?;
        }
        if let Some(differs) = difference(&stands, entered.mark, period.ends) {
            found.push(Differing {
                enrolment: *enrolment,
                session,
                period,
                entered: entered.clone(),
                found: differs,
            });
        }
    }
    found.sort_by_key(|one| (one.enrolment, one.period.starts, one.period.id));
    Ok(found)
}

fn arrived(
    tx: &mut Tx,
    book: &Book,
    enrolment: EnrolmentId,
    slot: Slot,
    stands: &InSession,
    opens: TimeOfDay,
) -> Result<Option<TimeOfDay>, StoreError> {
    let late = [Some(Code::LATE), Some(Code::LATE_AFTER_CLOSE)].contains(&stands.code);
    if !late || stands.by_plan {
        return Ok(None);
    }
    let place = args![
        book.school,
        enrolment,
        slot.day,
        slot.session.index() as i64
    ];
    let minutes = tx.query_opt(MINUTES, &place, |row| row.get::<Option<i64>>(0))?;
    let minutes = minutes
        .flatten()
        .and_then(|minutes| u32::try_from(minutes).ok());
    Ok(minutes.and_then(|minutes| opens.plus_minutes(minutes)))
}

/// The places of a day in order of time: each session that the calendar has, before the first period that lies in it or begins after it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column<'b> {
    Session(Slot),
    Period(&'b LessonPeriod),
}

impl Column<'_> {
    pub(super) fn name(&self) -> String {
        match self {
            Column::Session(slot) => slot.session.to_string(),
            Column::Period(period) => period.name.clone(),
        }
    }
}

/// AM, PM and the periods of a day, side by side in order of time.
///
/// Errors: session times cannot be read.
pub(super) fn columns(book: &Book, day: Day) -> Result<Vec<Column<'_>>, Refusal> {
    let times = session_times(&book.settings, day)?;
    let sessions = book
        .calendar
        .slots(day, day)
        .iter()
        .map(|slot| (times.of(slot.session).opens, Column::Session(*slot)));
    let periods = book.timetable.periods_on(day).into_iter();
    let mut columns: Vec<(TimeOfDay, Column)> = sessions
        .chain(periods.map(|period| (period.starts, Column::Period(period))))
        .collect();
    // Stable: a session opens before a period that begins at the same minute.
    columns.sort_by_key(|(starts, _)| *starts);
    Ok(columns.into_iter().map(|(_, column)| column).collect())
}

/// Whether a session of a day has opened, so that a place without a mark is a gap.
pub(super) fn has_opened(book: &Book, slot: Slot, now: Instant) -> Result<bool, Refusal> {
    let times = session_times(&book.settings, slot.day)?;
    Ok(now >= Instant::at_london(slot.day, times.of(slot.session).opens))
}
