//! Who raises concerns, who takes them, who decides, and what somebody sees of one.

use calendar::Day;
use store::{SchoolId, Tx, args};

use super::concern::raised_by_if_open_to;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::morning::is_lead;
use crate::people::{Access, Actor, RecordKind};

const KIND: RecordKind = RecordKind::SafeguardingConcern;

/// Whether concerns exist for this person at all: to raise one, or to take those of others.
pub(crate) fn may_raise(actor: &Actor) -> bool {
    actor.may(Access::Own, KIND)
}

/// Whether this person is of the safeguarding team, and reads every concern of the school.
pub(crate) fn is_of_team(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, KIND)
}

/// Whether this person decides on concerns: the safeguarding lead, a deputy, or whoever heads the school (E-020).
pub(super) fn decides(actor: &Actor) -> bool {
    is_lead(actor) && actor.may_for_school(Access::Write, KIND)
}

/// What somebody sees of one concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    /// What they handed over, what was added, and that it was taken (B-206).
    Own,
    /// What was handed over and added, since the team named them.
    Named,
    /// All of it.
    Whole,
}

/// What somebody sees of a concern.
///
/// Errors: [`Refusal::NotFound`] for everybody else, whether there is such a concern or not.
pub(super) fn sees(tx: &mut Tx, actor: &Actor, id: i64) -> Result<Sees, Refusal> {
    if !may_raise(actor) {
        return Err(Refusal::NotFound);
    }
    if is_of_team(actor) {
        return Ok(Sees::Whole);
    }
    match raised_by_if_open_to(tx, actor.school, id, actor.account)? {
        Some(by) if by == actor.account => Ok(Sees::Own),
        Some(_) => Ok(Sees::Named),
        None => Err(Refusal::NotFound),
    }
}

/// Errors: [`Refusal::NotFound`] for whoever is not of the team.
pub(super) fn must_be_of_team(actor: &Actor) -> Result<(), Refusal> {
    match actor.may_for_school(Access::Write, KIND) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Errors: [`Refusal::NotFound`] for whoever is not of the team, [`Refusal::NotAllowed`] for one of it who does not decide.
pub(super) fn must_decide(actor: &Actor) -> Result<(), Refusal> {
    must_be_of_team(actor)?;
    if decides(actor) {
        return Ok(());
    }
    let ground = "The safeguarding lead, a deputy or the head decides on a concern (E-020). You may take it and ask for more.";
    Err(Refusal::NotAllowed(ground.to_owned()))
}

const PUPIL_OF: &str = "\
select pupil_id from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PUPIL_OF];

/// The pupil of a time on roll, for somebody who raises a concern about them.
///
/// Errors: [`Refusal::NotFound`] for a pupil whom they may not know of.
pub(super) fn pupil_of_concern(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<PupilId, Refusal> {
    if !may_raise(actor) || actor.looks_back.is_some() {
        return Err(Refusal::NotFound);
    }
    let known = actor.reach(tx, Access::Read, RecordKind::PupilCore, today)?;
    pupil(tx, actor.school, enrolment)?
        .filter(|pupil| known.covers(*pupil))
        .ok_or(Refusal::NotFound)
}

fn pupil(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
) -> Result<Option<PupilId>, Refusal> {
    Ok(tx.query_opt(PUPIL_OF, &args![school, enrolment], |row| row.get(0))?)
}
