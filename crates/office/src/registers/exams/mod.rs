//! Examinations: sittings with rooms, candidates in their seats, and a register of each room that its invigilator takes.
//!
//! The register of a room is the school's own record, kept as a lesson's is. The attendance register of the session stays its own; in
//! their lessons candidates are shown as expected at the examination.

mod contact;
mod pages;
mod read;
mod register;
mod set;

pub(crate) use contact::may_stay_away_on;
pub use contact::{Answered, NewContact, Step, log_contact};
pub use pages::routes;
pub(super) use read::{
    Invigilated, absences, exams_at, in_words, invigilated, seated, sits_exam, standing,
};
pub(super) use register::open_exam_room;
pub use register::save_exam;
pub use set::{NewExam, NewSeats, cancel_exam, seat_group, set_exam, take_out};

use crate::ids::{ExamId, RoomId};
use crate::take_away::List;

/// The lists of this folder that can be taken away.
pub(super) const LISTS: [List; 2] = [
    List {
        kind: "examinations",
        address: "/exams",
        make: pages::exams_as_file,
    },
    List {
        kind: "seating of an examination",
        address: "/exams/{exam}",
        make: pages::seating_as_file,
    },
];

/// The statements of this folder, for the test that prepares them.
pub(super) const STATEMENTS: &[&str] = &[
    contact::CONTACTS,
    read::EXAM,
    read::EXAMS,
    read::EXAMS_ON,
    read::ROOMS,
    read::SEATS,
    read::STANDING,
    read::CANDIDATES,
    read::PLANNED,
    read::AT_EXAM,
    read::SITS,
    register::TAKEN,
    set::ROOM,
    set::MEMBERS,
    set::SITS_ELSEWHERE,
    set::INVIGILATES,
    set::SEATED,
    set::MARKED,
    set::CHOICES_OF_ROOMS,
    set::CHOICES_OF_GROUPS,
];

/// A room of a sitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExamRoom {
    /// The sitting.
    pub exam: ExamId,
    /// The room.
    pub room: RoomId,
}

impl ExamRoom {
    /// The register's page.
    pub fn path(&self) -> String {
        format!("/exams/{}/rooms/{}", self.exam, self.room)
    }

    /// The register that a path is the page of.
    pub(super) fn of_path(path: &str) -> Option<ExamRoom> {
        let (exam, room) = path.strip_prefix("/exams/")?.split_once("/rooms/")?;
        Some(ExamRoom {
            exam: ExamId(exam.parse().ok()?),
            room: RoomId(room.parse().ok()?),
        })
    }
}
