//! The plans in force as the book holds them, and how they fill places of the register that have no mark.

use calendar::Slot;
use columns::MarkByte;
use register::plan::{Plan, PlanKind, expected};
use store::{Row, SchoolId, StoreError, Tx, args};

use crate::ids::{EnrolmentId, PlanId};

/// A plan in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOnFile {
    /// The record.
    pub id: PlanId,
    /// What plans that were made together have in common.
    pub set: i64,
    /// The time on roll that it is for.
    pub enrolment: EnrolmentId,
    /// The number of the act that recorded this version.
    pub seq: i64,
    /// What is planned.
    pub plan: Plan,
}

impl AsRef<Plan> for PlanOnFile {
    fn as_ref(&self) -> &Plan {
        &self.plan
    }
}

/// The plans in force of all times on roll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plans {
    /// In order of time on roll, then as they were made.
    plans: Vec<PlanOnFile>,
}

impl Plans {
    /// Every plan, in order of time on roll.
    pub fn all(&self) -> &[PlanOnFile] {
        &self.plans
    }

    /// The plans of a time on roll, as they were made.
    pub fn of(&self, enrolment: EnrolmentId) -> &[PlanOnFile] {
        let first = self
            .plans
            .partition_point(|plan| plan.enrolment < enrolment);
        let after = self
            .plans
            .partition_point(|plan| plan.enrolment <= enrolment);
        &self.plans[first..after]
    }

    /// The plan that stands for a session of a time on roll while it has no mark.
    pub fn expected(&self, enrolment: EnrolmentId, slot: Slot) -> Option<&PlanOnFile> {
        expected(self.of(enrolment), slot)
    }

    /// What stands in a place without a mark: the plan's code, or nothing.
    pub(super) fn unmarked(&self, enrolment: EnrolmentId, slot: Slot) -> MarkByte {
        self.expected(enrolment, slot)
            .and_then(|on_file| MarkByte::planned(on_file.plan.code, slot.day).ok())
            .unwrap_or(MarkByte::MISSING)
    }

    /// The times on roll whose plans are not the same in both.
    pub(super) fn changed_since(&self, before: &Plans) -> Vec<EnrolmentId> {
        let both = self.plans.iter().chain(&before.plans);
        let mut changed: Vec<EnrolmentId> = both.map(|plan| plan.enrolment).collect();
        changed.sort_unstable();
        changed.dedup();
        changed.retain(|enrolment| self.of(*enrolment) != before.of(*enrolment));
        changed
    }
}

pub(super) const PLANS: &str = "\
select plan_id, set_id, enrolment_id, seq, kind, code, first_day, last_day, sessions, reason, place, supervisor, evidence,
       decided_on, decided_by, agreed_on, agreed_with, review_on
from plan where school_id = $1 and superseded_seq is null order by enrolment_id, plan_id";

pub(super) fn read_plans(tx: &mut Tx, school: SchoolId) -> Result<Plans, StoreError> {
    let plans = tx.query(PLANS, &args![school], plan_on_file)?;
    Ok(Plans {
        plans: plans.into_iter().flatten().collect(),
    })
}

/// A plan from a row of the columns `plan_id, set_id, enrolment_id, seq, kind, code, first_day, last_day, sessions, reason, place,
/// supervisor, evidence, decided_on, decided_by, agreed_on, agreed_with, review_on`; none for words that no rule knows, which plan nothing.
pub(crate) fn plan_on_file(row: &Row<'_>) -> Result<Option<PlanOnFile>, StoreError> {
    let (kind, code, sessions): (&str, &str, &str) = (row.get(4)?, row.get(5)?, row.get(8)?);
    let (Some(kind), Ok(code), Ok(sessions)) =
        (PlanKind::from_key(kind), code.parse(), sessions.parse())
    else {
        return Ok(None);
    };
    Ok(Some(PlanOnFile {
        id: PlanId(row.get(0)?),
        set: row.get(1)?,
        enrolment: EnrolmentId(row.get(2)?),
        seq: row.get(3)?,
        plan: Plan {
            kind,
            code,
            first: row.get(6)?,
            last: row.get(7)?,
            sessions,
            reason: row.get(9)?,
            place: row.get(10)?,
            supervisor: row.get(11)?,
            evidence: row.get(12)?,
            decided_on: row.get(13)?,
            decided_by: row.get(14)?,
            agreed_on: row.get(15)?,
            agreed_with: row.get(16)?,
            review_on: row.get(17)?,
        },
    }))
}
