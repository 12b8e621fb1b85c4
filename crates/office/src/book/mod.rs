//! The school's book: what its rows say at one number, held in memory.
//!
//! Every page and every figure is answered from a book and the rows at the same number, so none can disagree. Nothing in
//! here is ever stored; a book is built from rows and kept up by reading the journal after the number it last saw.
//!
//! What a change makes anew: a mark flips one byte; a new or changed time on roll lays out that row again; a change of terms
//! or closures lays out every year; days on which a pupil boards lay out that pupil's rows; pupils, groups and duties, characteristics,
//! staff, settings and the timetable are read again whole; a plan fills the places of its pupil
//! that have no mark.
//!
//! It deliberately does not know who is asking: pages filter by reach.

mod marks;
mod plans;
mod reckoned;
mod roll;
mod shelf;
mod timetable;

use std::any::Any;
use std::sync::Arc;

use calendar::{Day, Instant, SchoolCalendar, SchoolYear, Slot};
use columns::MarkByte;
use store::SchoolId;

use reckoned::Reckoned;

pub use marks::YearMarks;
pub(crate) use plans::plan_on_file;
pub use plans::{PlanOnFile, Plans};
pub use roll::{
    BOARDS, Characteristic, Characteristics, Duty, Enrolment, Group, GroupKind, Groups, Membership,
    Pupil, Roll, Staff, StaffMember, fold,
};
pub use shelf::{BookError, Shelf};
pub use timetable::{Lesson, LessonCover, LessonPeriod, OffTimetable, Room, Timetable};
pub(crate) use timetable::{period_on, periods_on, read_periods, read_periods_of_day};

/// Every statement of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [shelf::STATEMENTS, timetable::STATEMENTS].concat()
}

/// One school at one number.
#[derive(Clone)]
pub struct Book {
    /// The school.
    pub school: SchoolId,
    /// The number of the newest act that the book holds.
    pub seq: i64,
    /// Terms, closures, sessions, weeks.
    pub calendar: Arc<SchoolCalendar>,
    /// Pupils and their times on roll.
    pub roll: Arc<Roll>,
    /// Groups, who is in them and who has a duty for them.
    pub groups: Arc<Groups>,
    /// Dated characteristics of pupils.
    pub characteristics: Arc<Characteristics>,
    /// Members of staff.
    pub staff: Arc<Staff>,
    /// What the school has decided, by name, newest day first.
    pub settings: Arc<Settings>,
    /// Periods, rooms and lessons.
    pub timetable: Arc<Timetable>,
    /// Plans in force, which stand for sessions without a mark.
    pub plans: Arc<Plans>,
    years: Vec<Arc<YearMarks>>,
    reckoned: Reckoned,
}

impl Book {
    /// What `reckon` tells of a day at this number and in this second, reckoned once for all who ask. It must depend on nothing else.
    pub fn reckoned<T: Any + Send + Sync, E>(
        &self,
        day: Day,
        now: Instant,
        reckon: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        self.reckoned.get(day, now, reckon)
    }

    /// The marks of one school year; none when the calendar has no sessions in it.
    pub fn year(&self, year: SchoolYear) -> Option<&Arc<YearMarks>> {
        self.years.iter().find(|marks| marks.year == year)
    }

    /// The marks of every school year that the calendar knows, oldest first.
    pub fn years(&self) -> &[Arc<YearMarks>] {
        &self.years
    }

    /// The mark of one time on roll at one place of the register. `row` is its place in [`Roll::enrolments`].
    pub fn mark(&self, row: usize, slot: Slot) -> MarkByte {
        let year = self.calendar.school_year_of(slot.day);
        self.year(year)
            .and_then(|marks| Some(marks.matrix.get(row, marks.axis().find(slot)?)))
            .unwrap_or(MarkByte::OUTSIDE)
    }
}

/// What the school has decided: each setting's values with the days from which they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Name, first day, value; ordered by name, then newest first.
    values: Vec<(String, calendar::Day, String)>,
}

impl Settings {
    pub(crate) fn new(mut values: Vec<(String, calendar::Day, String)>) -> Settings {
        values.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        Settings { values }
    }

    /// The value of this setting on this day; none when the school has decided nothing by then.
    pub fn on(&self, name: &str, day: calendar::Day) -> Option<&str> {
        self.history(name)
            .find(|(from, _)| *from <= day)
            .map(|(_, value)| value)
    }

    /// The value of this setting that begins on this very day: for what is decided for one day alone.
    pub fn of_day(&self, name: &str, day: calendar::Day) -> Option<&str> {
        self.history(name)
            .find(|(from, _)| *from == day)
            .map(|(_, value)| value)
    }

    /// Every value of this setting with the day from which it holds, newest first.
    pub fn history(&self, name: &str) -> impl Iterator<Item = (calendar::Day, &str)> {
        self.values
            .iter()
            .filter(move |(own, _, _)| own == name)
            .map(|(_, from, value)| (*from, value.as_str()))
    }
}
