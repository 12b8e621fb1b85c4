//! Plans: what is known ahead about pupils' sessions, from the decision to its end.
//!
//! A plan stands for a session while that has no mark; the book counts it there, the register shows it, and a mark displaces it.
//! It deliberately does not know: which plan may be made and which code it expects (the rule crate's `plan` says), and how its code
//! is counted (`columns`).

mod ask;
mod both_sides;
mod change;
mod drift;
mod judge;
mod keep;
mod list;
mod list_page;
mod new;
mod one;
mod preview;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub use drift::{settle_drift, unsettle_drift};
pub(crate) use keep::keeps_plans_of;
pub use keep::{amend, end, make, withdraw};
pub(crate) use list::plans_of_pupil;
pub use list::{PlansToday, plans_today};
pub(super) use list_page::as_file;

use calendar::Day;
use register::plan::PlanKind;
use store::{StoreError, Tx};

use crate::desk::Office;
use crate::ids::PupilId;
use crate::people::{Access, Actor, Reach, RecordKind};

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/plans", get(list_page::list))
        .route("/plans/new", get(new::ask_new).post(new::answer_new))
        .route("/plans/{plan}", get(one::one))
        .route(
            "/plans/{plan}/amend",
            get(change::ask_amend).post(change::answer_amend),
        )
        .route(
            "/plans/{plan}/end",
            get(change::ask_end).post(change::answer_end),
        )
        .route(
            "/plans/{plan}/withdraw",
            get(change::ask_withdraw).post(change::answer_withdraw),
        )
        .route(
            "/plans/drift/{enrolment}/{day}/{session}",
            get(drift::ask_deal).post(drift::answer_deal),
        )
        .route(
            "/plans/found/{drift}/take-back",
            get(drift::ask_take_back).post(drift::answer_take_back),
        )
}

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
pub(super) const STATEMENTS: [&str; 10] = [
    drift::SETTLED,
    drift::OF_PLAN,
    drift::PLAN_OF,
    judge::WHO,
    judge::OTHERS,
    judge::MARKED,
    keep::NOW,
    keep::SET,
    keep::PUPIL,
    one::VERSIONS,
];
