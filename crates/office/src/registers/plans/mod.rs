//! Plans: what is known ahead about pupils' sessions, from the decision to its end.
//!
//! A plan stands for a session while that has no mark; the book counts it there, the register shows it, and a mark displaces it.
//! It deliberately does not know: which plan may be made and which code it expects (the rule crate's `plan` says), and how its code
//! is counted (`columns`).

mod ask;
mod judge;
mod keep;
mod list;
mod one;
mod pages;

pub(crate) use keep::keeps_plans_of;
pub use keep::{amend, end, make, withdraw};
pub(crate) use list::plans_of_pupil;
pub use list::{PlansToday, plans_today};
pub(super) use pages::{as_file, routes};

use crate::people::{Access, Actor, RecordKind};

/// Whether a person reads plans whole, with their reasons: whoever reads the marks of the whole school. Others see in registers and
/// grids that there is one.
pub fn reads_plans(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::AttendanceMarks)
}

/// Every statement of this folder, for the test that prepares them.
pub(super) const STATEMENTS: [&str; 7] = [
    judge::WHO,
    judge::OTHERS,
    judge::MARKED,
    keep::NOW,
    keep::SET,
    keep::PUPIL,
    one::VERSIONS,
];
