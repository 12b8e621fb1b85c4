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

use calendar::Day;
use register::plan::PlanKind;
use store::{StoreError, Tx};

use crate::ids::PupilId;
use crate::people::{Access, Actor, Reach, RecordKind};

/// Whose plans a person reads whole, with their reasons: whoever reads the marks of the whole school, and plans for a suspension
/// where they may read that record. Others see in registers and grids that there is one.
pub struct PlanReader {
    reads: bool,
    suspensions: Reach,
}

impl PlanReader {
    /// What this person may read on this day.
    ///
    /// Errors: the database did not answer.
    pub fn of(tx: &mut Tx, actor: &Actor, today: Day) -> Result<PlanReader, StoreError> {
        Ok(PlanReader {
            reads: actor.may_for_school(Access::Read, RecordKind::AttendanceMarks),
            suspensions: actor.reach(tx, Access::Read, RecordKind::SuspensionRecord, today)?,
        })
    }

    /// Whether there are plans at all that this person may read whole.
    pub fn reads_any(&self) -> bool {
        self.reads
    }

    /// Whether this person may read a plan of this kind for this pupil whole.
    pub fn reads(&self, kind: PlanKind, pupil: PupilId) -> bool {
        self.reads && (kind != PlanKind::Suspension || self.suspensions.covers(pupil))
    }
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
