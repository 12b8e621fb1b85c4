//! Taking, closing and amending the attendance register.
//!
//! It deliberately does not know what a code means or who may enter it (the rule crate `register` says), how a figure is
//! counted, and who is on roll or in a group (the roll decides).

pub mod ageing;
mod api;
pub mod bulk;
mod code_help;
mod cover;
mod cover_lesson;
mod due;
mod enter;
pub mod exams;
mod extract;
mod history;
mod keeper;
pub mod lessons;
pub mod offline;
mod pages;
pub mod plans;
pub mod records;
mod register_page;
pub mod save;
pub mod sealed;
mod sent;
mod status;
mod sub_codes;
mod today;

use crate::take_away::List;

pub(crate) use api::operations;
pub(crate) use bulk::{
    first_attended, keeps_all_registers, marks_after, marks_before, present_on, take_back_after,
    take_back_before,
};
pub(crate) use cover::take_registers;
pub use cover::{set_cover, take_back_cover};
pub use cover_lesson::{cover_lesson, take_back_lesson};
pub use due::{Due, Standing, due};
pub use enter::Change;
pub(crate) use extract::may_extract;
pub use history::{HistoryEntry, history_of, history_of_register};
pub use keeper::{Keeper, keeper};
pub(crate) use lessons::{MissingPupil, PupilDay, day_of_pupil, missing_from_lessons};
pub(crate) use offline::late_marks_waiting;
pub use pages::{RegisterAddress, routes};
pub use plans::PlanReader;
pub(crate) use plans::{keeps_plans_of, plans_of_pupil};
pub(crate) use save::{clock_of, forget_old_saves, name_of};
pub use status::{Status, Taken, TakenOn, registers_at, status, taken_on};
pub(crate) use status::{Takers, takers};
pub use today::own_groups;

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "registers",
        address: "/registers",
        make: pages::as_file,
    },
    List {
        kind: "plans",
        address: "/plans",
        make: plans::as_file,
    },
    List {
        kind: "late-marks",
        address: "/late-marks",
        make: offline::as_file,
    },
    List {
        kind: "cover",
        address: "/cover",
        make: cover::as_file,
    },
    exams::LISTS[0],
    exams::LISTS[1],
    lessons::LISTS[0],
    lessons::LISTS[1],
    lessons::LISTS[2],
    List {
        kind: "not yet explained",
        address: "/unexplained",
        make: ageing::as_file,
    },
    List {
        kind: "not explained this week",
        address: "/unexplained/week",
        make: ageing::week_as_file,
    },
    List {
        kind: "changes of many marks",
        address: "/many-marks",
        make: bulk::as_file,
    },
    List {
        kind: "one change of many marks",
        address: "/many-marks/{set}",
        make: bulk::marks_as_file,
    },
    List {
        kind: "marks by sub-code",
        address: "/sub-codes",
        make: sub_codes::as_file,
    },
    extract::LIST,
];

/// Every statement of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [
        STATEMENTS,
        api::STATEMENTS,
        &bulk::statements(),
        cover::STATEMENTS,
        cover_lesson::STATEMENTS,
        exams::STATEMENTS,
        extract::STATEMENTS,
        lessons::STATEMENTS,
        offline::STATEMENTS,
        &plans::STATEMENTS,
        &sealed::statements(),
        sub_codes::STATEMENTS,
    ]
    .concat()
}

const STATEMENTS: &[&str] = &[
    due::MEMBERS,
    due::STANDING,
    due::TAKEN,
    history::AMENDED_BETWEEN,
    history::OF_ENROLMENT,
    history::OF_REGISTER,
    history::TOUCHED_SINCE,
    keeper::DUTIES,
    keeper::COVERS_LESSON,
    save::SEEN,
    save::FORGET,
    save::REMEMBER,
    save::NAME_OF_ACCOUNT,
    status::TAKEN_ON,
];
