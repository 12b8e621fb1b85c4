//! Whether a lesson takes place on a day, asked of the rows: for acts, which must not go by a book.

use calendar::{CycleWeek, Day};
use store::{SchoolId, Tx, args};

use crate::book::{LessonPeriod, Settings, period_on, read_periods, read_periods_of_day};
use crate::desk::Refusal;
use crate::ids::{GroupId, PeriodId, RoomId};
use crate::year::settings::cycle;
use crate::year::{CalendarError, calendar, calendar_between};

const AT: &str = "\
select week, room_id from lesson
where school_id = $1 and group_id = $2 and period_id = $3 and weekday = $4 and superseded_seq is null
  and from_day <= $5 and (to_day is null or to_day >= $5)";

const INSTEAD: &str = "\
select what, group_id from off_timetable
where school_id = $1 and superseded_seq is null and from_day <= $2 and to_day >= $2 and (period_id is null or period_id = $3)
order by off_id";

/// How many are in a group, and how many of them in another too.
const SHARED: &str = "\
select count(*), count(n.enrolment_id)
from membership m
left join membership n
  on n.school_id = m.school_id and n.enrolment_id = m.enrolment_id and n.group_id = $3 and n.superseded_seq is null
  and n.from_day <= $4 and (n.to_day is null or n.to_day >= $4)
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null and m.from_day <= $4 and (m.to_day is null or m.to_day >= $4)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[AT, INSTEAD, SHARED];

/// A lesson that takes place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The period as it is that day.
    pub(crate) period: LessonPeriod,
    /// Where, if the lesson says so.
    pub(crate) room: Option<RoomId>,
}

/// The lesson of a group in a period of a day.
///
/// The same answer as [`super::lessons_on()`] gives from a book. Errors: [`Refusal::NotFound`] where the timetable has no such lesson,
/// [`Refusal::Wrong`] for one that does not take place that day, with what is instead.
pub(crate) fn held(
    tx: &mut Tx,
    school: SchoolId,
    settings: &Settings,
    group: GroupId,
    day: Day,
    period: PeriodId,
) -> Result<Held, Refusal> {
    let at = args![school, group, period, day.weekday().index() as i64, day];
    let lessons: Vec<(Option<CycleWeek>, Option<RoomId>)> = tx.query(AT, &at, |row| {
        let week = row.get::<Option<i64>>(0)?.and_then(CycleWeek::from_number);
        Ok((week, row.get(1)?))
    })?;
    if lessons.is_empty() {
        return Err(Refusal::NotFound);
    }
    let this_day = calendar_between(tx, school, day, day).map_err(unreadable)?;
    if !this_day.is_school_day(day) {
        return Err(Refusal::Wrong(format!(
            "No lesson is held on {}: {}.",
            day.long(),
            this_day.kind(day).name()
        )));
    }
    let lesson = match lessons.iter().find(|(week, _)| week.is_none()) {
        Some(lesson) => Some(lesson),
        None => {
            // Which week of the cycle it is depends on every week since the first.
            let whole = calendar(tx, school).map_err(unreadable)?;
            let week = cycle(settings, day)?.week_of(&whole, day);
            lessons.iter().find(|(own, _)| *own == week)
        }
    };
    let room = lesson.ok_or(Refusal::NotFound)?.1;
    let periods = read_periods(tx, school)?;
    let usual = period_on(&periods, period, day).ok_or(Refusal::NotFound)?;
    let of_day = read_periods_of_day(tx, school, day)?;
    let period_then = match of_day.iter().find(|own| own.period == period) {
        None => usual.clone(),
        Some(own) => own.of(usual).ok_or_else(|| {
            Refusal::Wrong(format!(
                "{} is not held on {}: the day has times of its own.",
                usual.name,
                day.long()
            ))
        })?,
    };
    let instead = tx.query(INSTEAD, &args![school, day, period], |row| {
        Ok((row.get::<String>(0)?, row.get::<Option<GroupId>>(1)?))
    })?;
    for (what, for_group) in instead {
        let everybody = match for_group {
            None => true,
            Some(other) => tx.query_one(SHARED, &args![school, group, other, day], |row| {
                let (all, shared): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(all > 0 && all == shared)
            })?,
        };
        if everybody {
            return Err(Refusal::Wrong(format!(
                "{what} runs instead of this lesson on {}.",
                day.long()
            )));
        }
    }
    Ok(Held {
        period: period_then,
        room,
    })
}

fn unreadable(error: CalendarError) -> Refusal {
    match error {
        CalendarError::Store(error) => Refusal::Store(error),
        other => Refusal::Wrong(other.to_string()),
    }
}
