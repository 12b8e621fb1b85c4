//! What plans of single days have in common: cover, what is off timetable, and examinations.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use calendar::{CycleWeek, Day};
use exchange::{DayField, Field, HeadingFate, Reading};
use store::{SchoolId, StoreError, Tx, args};

use super::Task;
use super::draft::{Draft, Key, StaffRow};
use super::report::{Ground, Place, Report};
use super::timetable;
use crate::ids::AccountId;
use crate::registers::take_registers;

pub(super) const DAY_PASSED: Ground = Ground {
    code: "DAY_PASSED",
    text: "{value} has passed. The past keeps what was.",
    remedy: "Correct the day if it is wrong; else leave the row out.",
};
pub(super) const NO_SCHOOL: Ground = Ground {
    code: "NO_SCHOOL",
    text: "The school does not meet on {value}: {detail}.",
    remedy: "Correct the day, or the school's year.",
};
pub(super) const GROUP_NOT_HERE: Ground = Ground {
    code: "GROUP_NOT_HERE",
    text: "The school has no class or group {value} this year.",
    remedy: "Correct the name, or make the group under Groups and read the file again.",
};
pub(super) const PERIOD_NOT_HERE: Ground = Ground {
    code: "PERIOD_NOT_HERE",
    text: "The school has no period {value} then.",
    remedy: "Correct the name, or enter the period under Timetable, Periods.",
};
pub(super) const TAKES_NO_REGISTERS: Ground = Ground {
    code: "TAKES_NO_REGISTERS",
    text: "{value} cannot take this register: nobody works here that day with this code and a role that takes registers.",
    remedy: "Correct the code, or give the person an account and a role under Staff.",
};

const MARKED: &str = "\
select distinct v.exam_id, v.enrolment_id from exam_mark v
join exam x on x.school_id = v.school_id and x.exam_id = v.exam_id and x.superseded_seq is null
where v.school_id = $1 and x.on_date >= $2";

const NOT_HELD: &str = "\
select on_date, period_id from day_period
where school_id = $1 and on_date >= $2 and starts is null and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MARKED, NOT_HELD];

/// What such plans go by besides the draft.
#[derive(Default)]
pub(super) struct DaysFacts {
    /// Who takes registers by their roles, on each day that the file names.
    takers: BTreeMap<Day, BTreeSet<AccountId>>,
    /// Which candidates have a mark at which sitting, from today on.
    marked: HashSet<(Key, Key)>,
    /// Periods that are not held on a day with times of its own.
    not_held: HashSet<(Day, Key)>,
}

impl DaysFacts {
    pub(super) fn read(
        tx: &mut Tx,
        school: SchoolId,
        reading: &Reading,
        today: Day,
    ) -> Result<DaysFacts, StoreError> {
        let mut facts = DaysFacts::default();
        let covered = reading.covers.iter().map(|record| record.day);
        let sat = reading.seats.iter().map(|record| record.day);
        let days: BTreeSet<Day> = covered.chain(sat).filter(|day| today <= *day).collect();
        for day in days {
            facts.takers.insert(day, take_registers(tx, school, day)?);
        }
        if !reading.seats.is_empty() {
            let marked = tx.query(MARKED, &args![school, today], |row| {
                Ok((Key::Known(row.get(0)?), Key::Known(row.get(1)?)))
            })?;
            facts.marked = marked.into_iter().collect();
        }
        if !reading.covers.is_empty() {
            let not_held = tx.query(NOT_HELD, &args![school, today], |row| {
                Ok((row.get(0)?, Key::Known(row.get(1)?)))
            })?;
            facts.not_held = not_held.into_iter().collect();
        }
        Ok(facts)
    }

    /// Whether the register of a sitting says something of a candidate.
    pub(super) fn is_marked(&self, exam: Key, candidate: Key) -> bool {
        self.marked.contains(&(exam, candidate))
    }
}

/// Whoever takes registers on a day and has this code.
pub(super) fn taker<'d>(
    draft: &'d Draft,
    code: &str,
    day: Day,
    task: &Task<'_>,
) -> Option<&'d StaffRow> {
    let member = timetable::member(draft, code, day)?;
    let account = AccountId(member.account_id?);
    let takes = task.days.takers.get(&day)?.contains(&account);
    takes.then_some(member)
}

/// Whether a lesson of the draft is held by its class in a period of a day; off timetable it is held all the same.
pub(super) fn is_taught(draft: &Draft, task: &Task<'_>, group: Key, period: Key, day: Day) -> bool {
    let week = task.cycle.week_of(task.calendar, day);
    let weekday = day.weekday().index() as i64;
    let mut lessons = draft.lessons.each().map(|(_, row)| row);
    !task.days.not_held.contains(&(day, period))
        && lessons.any(|row| {
            let own = row.week.and_then(CycleWeek::from_number);
            (row.group_id, row.period_id, row.weekday) == (group, period, weekday)
                && row.from_day <= day
                && row.to_day.is_none_or(|last| day <= last)
                && (own.is_none() || own == week)
        })
}

/// Who is in a group on a day: times on roll.
pub(super) fn members(draft: &Draft, group: Key, day: Day) -> HashSet<Key> {
    let rows = draft.memberships.each().map(|(_, row)| row);
    rows.filter(|row| {
        row.group_id == group && row.from_day <= day && row.to_day.is_none_or(|last| day <= last)
    })
    .map(|row| row.enrolment_id)
    .collect()
}

/// The rows of a file that wait, said by line and column.
pub(super) struct Told<'r> {
    reading: &'r Reading,
    report: &'r mut Report,
}

impl<'r> Told<'r> {
    pub(super) fn of(reading: &'r Reading, report: &'r mut Report) -> Told<'r> {
        Told { reading, report }
    }

    /// Says why a row waits, or what of it does not go in.
    pub(super) fn add(
        &mut self,
        severity: &str,
        ground: &Ground,
        (line, record, field): (u32, &str, DayField),
        value: &str,
        detail: &str,
    ) {
        let wanted = HeadingFate::Mapped(Field::Day(field));
        let mut headings = self.reading.headings.iter();
        let column = headings
            .find(|heading| heading.fate == wanted)
            .map_or("", |heading| heading.heading.as_str());
        let place = Place {
            line,
            record,
            column,
        };
        self.report.add(severity, ground, place, value, detail);
    }
}
