//! The timetable as the book holds it: periods, rooms and lessons, with their days.

use calendar::{CycleWeek, Day, Session, TimeOfDay, Weekday};
use store::{Row, SchoolId, StoreError, Tx, args};

use super::roll::holds;
use crate::ids::{GroupId, LessonId, PeriodId, RoomId, StaffId};

/// One of the school's periods, with the times that hold from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonPeriod {
    /// The period, whatever its times.
    pub id: PeriodId,
    /// The first day of these times.
    pub from: Day,
    /// The period's last day, if it is settled. A later entry of the same period ends these times too.
    pub to: Option<Day>,
    /// What people call it: `P1`, `Tutor`.
    pub name: String,
    /// The session it lies in; none for one before, between or after them.
    pub session: Option<Session>,
    /// When it begins.
    pub starts: TimeOfDay,
    /// When it ends.
    pub ends: TimeOfDay,
}

/// When a period is on one day alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodOfDay {
    /// The day.
    pub day: Day,
    /// The period.
    pub period: PeriodId,
    /// The session it lies in that day; none for one beside them.
    pub session: Option<Session>,
    /// When it begins and ends; none where it is not held.
    pub times: Option<(TimeOfDay, TimeOfDay)>,
}

impl PeriodOfDay {
    /// The period as it is that day; none where it is not held.
    pub(crate) fn of(&self, usual: &LessonPeriod) -> Option<LessonPeriod> {
        let (starts, ends) = self.times?;
        Some(LessonPeriod {
            from: self.day,
            to: Some(self.day),
            session: self.session,
            starts,
            ends,
            ..usual.clone()
        })
    }
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The record.
    pub id: RoomId,
    /// What people call it.
    pub name: String,
}

/// A lesson of the timetable: a group in a period of a weekday, again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// The record.
    pub id: LessonId,
    /// Who is taught.
    pub group: GroupId,
    /// Where, if that is known.
    pub room: Option<RoomId>,
    /// The week of the cycle; none for every week.
    pub week: Option<CycleWeek>,
    /// The day of the week.
    pub weekday: Weekday,
    /// The period.
    pub period: PeriodId,
    /// The first day.
    pub from: Day,
    /// The last day, if it is settled.
    pub to: Option<Day>,
    /// Who teaches it, in the order they are named; nobody where whoever has the group teaches it.
    pub staff: Vec<StaffId>,
}

impl Lesson {
    /// Whether its days include this one, be it the right day of the week or not.
    pub fn covers(&self, day: Day) -> bool {
        holds(self.from, self.to, day)
    }

    /// Whether it takes place on this day, which lies in this week of the cycle, if the school meets.
    pub fn is_on(&self, day: Day, week: CycleWeek) -> bool {
        self.weekday == day.weekday() && self.week.is_none_or(|own| own == week) && self.covers(day)
    }
}

/// What runs instead of lessons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffTimetable {
    /// The record.
    pub id: i64,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// For whom; none for the whole school.
    pub group: Option<GroupId>,
    /// The period; none for all day.
    pub period: Option<PeriodId>,
    /// What runs instead.
    pub what: String,
}

impl OffTimetable {
    /// Whether it takes the place of what is held in this period.
    pub fn is_in(&self, period: PeriodId) -> bool {
        self.period.is_none_or(|own| own == period)
    }
}

/// Who takes one lesson on one day, in place of whoever teaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LessonCover {
    /// Who is taught.
    pub group: GroupId,
    /// The day.
    pub day: Day,
    /// The period.
    pub period: PeriodId,
    /// Who takes it.
    pub staff: StaffId,
}

/// Periods, rooms and lessons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timetable {
    /// In order of id, then first day.
    periods: Vec<LessonPeriod>,
    /// Days with times of their own, in order of day, then period: the period as it is then, or none where it is not held.
    of_days: Vec<(Day, PeriodId, Option<LessonPeriod>)>,
    /// In order of id.
    pub rooms: Vec<Room>,
    /// In order of id.
    pub lessons: Vec<Lesson>,
    /// What runs instead of lessons, in order of id.
    pub off: Vec<OffTimetable>,
    /// Cover of single lessons, in order of day.
    pub covers: Vec<LessonCover>,
}

impl Timetable {
    /// Every entry of every period, by period and then first day; not the times of single days.
    pub fn periods(&self) -> &[LessonPeriod] {
        &self.periods
    }

    /// The period as it is on this day.
    pub fn period(&self, id: PeriodId, day: Day) -> Option<&LessonPeriod> {
        let of_day = self
            .of_days
            .binary_search_by_key(&(day, id), |(day, id, _)| (*day, *id));
        match of_day {
            Ok(at) => self.of_days[at].2.as_ref(),
            Err(_) => period_on(&self.periods, id, day),
        }
    }

    /// The periods of this day, in order of time.
    pub fn periods_on(&self, day: Day) -> Vec<&LessonPeriod> {
        let usual = periods_on(&self.periods, day);
        let mut found: Vec<&LessonPeriod> = usual
            .into_iter()
            .filter_map(|period| self.period(period.id, day))
            .collect();
        found.sort_by_key(|period| (period.starts, period.ends, period.id));
        found
    }

    /// What runs instead of lessons on this day.
    pub fn off_on(&self, day: Day) -> impl Iterator<Item = &OffTimetable> {
        self.off
            .iter()
            .filter(move |off| off.from <= day && day <= off.to)
    }

    /// The cover of single lessons on this day.
    pub fn covers_on(&self, day: Day) -> &[LessonCover] {
        let first = self.covers.partition_point(|cover| cover.day < day);
        let after = self.covers.partition_point(|cover| cover.day <= day);
        &self.covers[first..after]
    }

    /// The room with this id.
    pub fn room(&self, id: RoomId) -> Option<&Room> {
        let at = self.rooms.binary_search_by_key(&id, |room| room.id).ok()?;
        self.rooms.get(at)
    }

    /// The lesson with this id.
    pub fn lesson(&self, id: LessonId) -> Option<&Lesson> {
        let at = self
            .lessons
            .binary_search_by_key(&id, |lesson| lesson.id)
            .ok()?;
        self.lessons.get(at)
    }
}

/// The entry of a period that holds on a day, among entries in order of period and first day.
pub(crate) fn period_on(periods: &[LessonPeriod], id: PeriodId, day: Day) -> Option<&LessonPeriod> {
    periods
        .iter()
        .rfind(|period| period.id == id && period.from <= day)
        .filter(|period| holds(period.from, period.to, day))
}

/// The periods of a day in order of time, among entries in order of period and first day.
pub(crate) fn periods_on(periods: &[LessonPeriod], day: Day) -> Vec<&LessonPeriod> {
    let mut found: Vec<&LessonPeriod> = periods
        .chunk_by(|one, other| one.id == other.id)
        .filter_map(|entries| period_on(entries, entries.first()?.id, day))
        .collect();
    found.sort_by_key(|period| (period.starts, period.ends, period.id));
    found
}

pub(crate) const PERIODS: &str = "\
select period_id, from_day, to_day, name, session, starts, ends
from lesson_period where school_id = $1 and superseded_seq is null order by period_id, from_day";

pub(crate) const DAY_PERIODS: &str = "\
select on_date, period_id, session, starts, ends
from day_period where school_id = $1 and superseded_seq is null order by on_date, period_id";

pub(crate) const PERIODS_OF_DAY: &str = "\
select on_date, period_id, session, starts, ends
from day_period where school_id = $1 and on_date = $2 and superseded_seq is null order by period_id";

const ROOMS: &str = "select room_id, name from room where school_id = $1 and superseded_seq is null order by room_id";

const LESSONS: &str = "\
select lesson_id, group_id, room_id, week, weekday, period_id, from_day, to_day
from lesson where school_id = $1 and superseded_seq is null order by lesson_id";

const LESSON_STAFF: &str = "\
select lesson_id, staff_id
from lesson_staff where school_id = $1 and superseded_seq is null order by lesson_id, place, staff_id";

const OFF: &str = "\
select off_id, from_day, to_day, group_id, period_id, what
from off_timetable where school_id = $1 and superseded_seq is null order by off_id";

const COVERS: &str = "\
select group_id, on_date, period_id, staff_id
from lesson_cover where school_id = $1 and superseded_seq is null order by on_date, group_id, period_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    PERIODS,
    DAY_PERIODS,
    PERIODS_OF_DAY,
    ROOMS,
    LESSONS,
    LESSON_STAFF,
    OFF,
    COVERS,
];

/// Every entry of every period, by period and first day.
pub(crate) fn read_periods(tx: &mut Tx, school: SchoolId) -> Result<Vec<LessonPeriod>, StoreError> {
    tx.query(PERIODS, &args![school], |row| {
        Ok(LessonPeriod {
            id: row.get(0)?,
            from: row.get(1)?,
            to: row.get(2)?,
            name: row.get(3)?,
            session: row.get::<Option<i64>>(4)?.and_then(Session::from_index),
            starts: clock_time(row.get(5)?),
            ends: clock_time(row.get(6)?),
        })
    })
}

fn period_of_day(row: &Row<'_>) -> Result<PeriodOfDay, StoreError> {
    let (starts, ends) = (row.get::<Option<&str>>(3)?, row.get::<Option<&str>>(4)?);
    Ok(PeriodOfDay {
        day: row.get(0)?,
        period: row.get(1)?,
        session: row.get::<Option<i64>>(2)?.and_then(Session::from_index),
        times: starts
            .zip(ends)
            .map(|(starts, ends)| (clock_time(starts), clock_time(ends))),
    })
}

/// The periods that have times of their own on a day.
pub(crate) fn read_periods_of_day(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<Vec<PeriodOfDay>, StoreError> {
    tx.query(PERIODS_OF_DAY, &args![school, day], period_of_day)
}

/// A clock time as the act on periods writes it. A text that is none was put there by hand, and is read as midnight: it shows.
fn clock_time(text: &str) -> TimeOfDay {
    let midnight = TimeOfDay::new(0, 0, 0).expect("midnight is a clock time");
    text.parse().unwrap_or(midnight)
}

pub(super) fn read_timetable(tx: &mut Tx, school: SchoolId) -> Result<Timetable, StoreError> {
    let periods = read_periods(tx, school)?;
    let of_days = tx.query(DAY_PERIODS, &args![school], period_of_day)?;
    let of_days = of_days.into_iter().filter_map(|own| {
        let usual = period_on(&periods, own.period, own.day)?;
        Some((own.day, own.period, own.of(usual)))
    });
    let of_days = of_days.collect();
    let rooms = tx.query(ROOMS, &args![school], |row| {
        Ok(Room {
            id: row.get(0)?,
            name: row.get(1)?,
        })
    })?;
    let mut lessons = tx.query(LESSONS, &args![school], |row| {
        Ok(Lesson {
            id: row.get(0)?,
            group: row.get(1)?,
            room: row.get(2)?,
            week: row.get::<Option<i64>>(3)?.and_then(CycleWeek::from_number),
            weekday: Weekday::from_index(row.get(4)?).unwrap_or(Weekday::Sunday),
            period: row.get(5)?,
            from: row.get(6)?,
            to: row.get(7)?,
            staff: Vec::new(),
        })
    })?;
    tx.each(LESSON_STAFF, &args![school], |row| {
        let id: LessonId = row.get(0)?;
        if let Ok(at) = lessons.binary_search_by_key(&id, |lesson| lesson.id) {
            lessons[at].staff.push(row.get(1)?);
        }
        Ok(())
    })?;
    let off = tx.query(OFF, &args![school], |row| {
        Ok(OffTimetable {
            id: row.get(0)?,
            from: row.get(1)?,
            to: row.get(2)?,
            group: row.get(3)?,
            period: row.get(4)?,
            what: row.get(5)?,
        })
    })?;
    let covers = tx.query(COVERS, &args![school], |row| {
        Ok(LessonCover {
            group: row.get(0)?,
            day: row.get(1)?,
            period: row.get(2)?,
            staff: row.get(3)?,
        })
    })?;
    Ok(Timetable {
        covers,
        periods,
        of_days,
        rooms,
        lessons,
        off,
    })
}
