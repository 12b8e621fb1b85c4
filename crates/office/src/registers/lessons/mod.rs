//! Lesson registers: who was in a lesson, as the school's own record beside the attendance register.
//!
//! A lesson mark never makes or changes a session mark. Each register shows the session's mark beside its own, and where the two do
//! not agree a person is told, and amends whichever is wrong.
//!
//! It deliberately does not know what a difference is (the rule crate says), and which lessons are held (the timetable does).

mod day;
mod differ;
pub(super) mod history;
mod list;
mod missing;
mod of_day;
pub(super) mod page;
mod pages;
pub(super) mod place;
pub(super) mod save;
pub(super) mod today;

use calendar::Day;

pub(crate) use day::{PupilDay, day_of_pupil};
pub(super) use differ::differences;
pub(crate) use missing::{MissingPupil, missing_from_lessons};
pub use pages::routes;
pub use save::save_lesson;
pub(super) use today::{LessonLine, lessons_of};

use crate::ids::{GroupId, PeriodId};
use crate::take_away::List;

/// The lists of this folder that can be taken away.
pub(super) const LISTS: [List; 3] = [
    List {
        kind: "lessons",
        address: "/lessons",
        make: list::as_file,
    },
    List {
        kind: "session and lesson differ",
        address: "/lessons/differ",
        make: differ::as_file,
    },
    List {
        kind: "sessions and lessons of a group",
        address: "/lessons/of/{group}",
        make: day::as_file,
    },
];

/// The statements of this folder, for the test that prepares them.
pub(super) const STATEMENTS: &[&str] = &[
    history::OF_LESSON,
    history::OF_EXAM,
    of_day::OF_SCHOOL,
    of_day::OF_GROUP,
    of_day::OF_ENROLMENT,
    missing::RECORDED,
    of_day::MINUTES,
    page::OF_DAY,
    place::STANDING,
    save::TAKEN,
    today::TAKEN_ON,
    today::BEGUN_ON,
];

/// Which lesson's register an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LessonAddress {
    /// Who is taught.
    pub group: GroupId,
    /// The day.
    pub day: Day,
    /// The period.
    pub period: PeriodId,
}

impl LessonAddress {
    /// The register's page.
    pub fn path(&self) -> String {
        format!("/lessons/{}/{}/{}", self.group, self.day, self.period)
    }

    /// The lesson's register that a path is the page of.
    pub(super) fn of_path(path: &str) -> Option<LessonAddress> {
        let mut parts = path.strip_prefix("/lessons/")?.split('/');
        let (group, day, period) = (parts.next()?, parts.next()?, parts.next()?);
        let address = LessonAddress {
            group: GroupId(group.parse().ok()?),
            day: day.parse().ok()?,
            period: PeriodId(period.parse().ok()?),
        };
        parts.next().is_none().then_some(address)
    }
}
