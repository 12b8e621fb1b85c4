//! The lessons of a day with how far their registers have come.

use std::collections::HashMap;

use calendar::{Day, Instant};
use store::{SchoolId, StoreError, Tx, args};

use super::LessonAddress;
use crate::book::{Book, Lesson, LessonPeriod};
use crate::desk::Refusal;
use crate::ids::{AccountId, GroupId, PeriodId, StaffId};
use crate::registers::save::clock_of;
use crate::registers::status::Taken;
use crate::year::timetable::{lessons_on, teachers};

pub(super) const TAKEN_ON: &str = "\
select group_id, period_id, taken_at, account_id, on_behalf_of from lesson_taken
where school_id = $1 and on_date = $2 and superseded_seq is null";

pub(super) const BEGUN_ON: &str = "\
select distinct group_id, period_id from lesson_mark where school_id = $1 and on_date = $2";

/// The lessons of a day whose registers were taken.
pub(in crate::registers) type LessonsTaken = HashMap<(GroupId, PeriodId), Taken>;

/// Which lesson registers of a day were taken, by whom and when.
pub(in crate::registers) fn taken_on(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<LessonsTaken, StoreError> {
    let mut taken = LessonsTaken::new();
    tx.each(TAKEN_ON, &args![school, day], |row| {
        let entry = Taken {
            at: row.get(2)?,
            account: AccountId(row.get(3)?),
            on_behalf_of: row.get(4)?,
        };
        taken.insert((row.get(0)?, row.get(1)?), entry);
        Ok(())
    })?;
    Ok(taken)
}

/// One lesson of a day in a list.
#[derive(Clone, Debug)]
pub(in crate::registers) struct LessonLine {
    pub(in crate::registers) path: String,
    /// `P2`.
    pub(in crate::registers) period: String,
    /// `10:10 to 11:10`.
    pub(in crate::registers) times: String,
    pub(in crate::registers) group: String,
    pub(in crate::registers) subject: String,
    pub(in crate::registers) room: String,
    /// Who is really teaching it, and for whom they cover; may be empty.
    pub(in crate::registers) staff: String,
    /// `taken 09:14`, `begun`, `begins at 11:30`, `ended at 10:10, not taken`.
    pub(in crate::registers) words: String,
    /// Whether its register was taken.
    pub(in crate::registers) is_taken: bool,
    /// Whether it has begun and its register was not taken.
    pub(in crate::registers) is_missing: bool,
    /// Minutes since it began, while its register is missing.
    pub(in crate::registers) overdue: i64,
}

/// The lessons of a day in order of time: of a member of staff who teaches them that day, or of the whole school.
///
/// A lesson without pupils asks for no register. Errors: what the store or a setting says against it.
pub(in crate::registers) fn lessons_of(
    tx: &mut Tx,
    book: &Book,
    whose: Option<StaffId>,
    day: Day,
    now: Instant,
) -> Result<Vec<LessonLine>, Refusal> {
    let taken = taken_on(tx, book.school, day)?;
    let begun = tx.query(BEGUN_ON, &args![book.school, day], |row| {
        Ok((row.get::<GroupId>(0)?, row.get::<PeriodId>(1)?))
    })?;
    let lines = lessons_on(book, day)?.into_iter().filter_map(|lesson| {
        let place = (lesson.group, lesson.period);
        let teaching = teachers(book, lesson, day);
        let is_theirs =
            whose.is_none_or(|staff| teaching.now.iter().any(|member| member.id == staff));
        let has_pupils = book.groups.members(lesson.group, day).next().is_some();
        if !is_theirs || !has_pupils {
            return None;
        }
        let period = book.timetable.period(lesson.period, day)?;
        let reached = Reached::of(period, day, taken.get(&place), begun.contains(&place), now);
        Some(line(
            book,
            lesson,
            period,
            day,
            teaching.in_words(),
            &reached,
        ))
    });
    Ok(lines.collect())
}

/// How far a lesson's register has come.
struct Reached {
    words: String,
    is_taken: bool,
    is_missing: bool,
    overdue: i64,
}

impl Reached {
    fn of(
        period: &LessonPeriod,
        day: Day,
        taken: Option<&Taken>,
        begun: bool,
        now: Instant,
    ) -> Reached {
        let starts = Instant::at_london(day, period.starts);
        let has_ended = now >= Instant::at_london(day, period.ends);
        let words = match taken {
            Some(taken) => format!("taken {}", clock_of(taken.at, now)),
            None if now < starts => format!("begins at {}", period.starts),
            None if has_ended && begun => format!("ended at {}, not finished", period.ends),
            None if has_ended => format!("ended at {}, not taken", period.ends),
            None if begun => "begun".to_owned(),
            None => "not begun".to_owned(),
        };
        let is_missing = taken.is_none() && now >= starts;
        Reached {
            words,
            is_taken: taken.is_some(),
            is_missing,
            overdue: if is_missing {
                starts.seconds_until(now) / 60
            } else {
                0
            },
        }
    }
}

fn line(
    book: &Book,
    lesson: &Lesson,
    period: &LessonPeriod,
    day: Day,
    staff: String,
    reached: &Reached,
) -> LessonLine {
    let group = book.groups.group(lesson.group);
    let room = lesson.room.and_then(|room| book.timetable.room(room));
    let address = LessonAddress {
        group: lesson.group,
        day,
        period: lesson.period,
    };
    LessonLine {
        path: address.path(),
        period: period.name.clone(),
        times: format!("{} to {}", period.starts, period.ends),
        group: group.map_or_else(String::new, |group| group.name.clone()),
        subject: group
            .and_then(|group| group.subject.clone())
            .unwrap_or_default(),
        room: room
            .map(|room| room.name.clone())
            .or_else(|| group.and_then(|group| group.room.clone()))
            .unwrap_or_default(),
        staff,
        words: reached.words.clone(),
        is_taken: reached.is_taken,
        is_missing: reached.is_missing,
        overdue: reached.overdue,
    }
}
