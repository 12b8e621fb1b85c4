//! Who knows of evidence, who files it, and who opens it.

use calendar::Day;
use store::{StoreError, Tx};

use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::people::{Access, Actor, RecordKind, Role};
use crate::year::settings::{evidence_is_delegated, settings};

/// Whether this person knows that there is evidence of a pupil, or of nobody yet: the list, with days and how each file stands.
///
/// Errors: the database did not answer.
pub(crate) fn sees(
    tx: &mut Tx,
    actor: &Actor,
    pupil: Option<PupilId>,
    today: Day,
) -> Result<bool, StoreError> {
    may(tx, actor, pupil, today, Access::Read)
}

/// Whether this person files evidence of a pupil, or of nobody yet.
///
/// Errors: the database did not answer.
pub(crate) fn may_file(
    tx: &mut Tx,
    actor: &Actor,
    pupil: Option<PupilId>,
    today: Day,
) -> Result<bool, StoreError> {
    may(tx, actor, pupil, today, Access::Write)
}

/// Whether this person decides that evidence is asked for of a pupil.
///
/// Rule: E-024, and the access matrix: an attendance administrator files evidence and requests none.
/// Errors: the database did not answer.
pub(super) fn may_ask(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<bool, StoreError> {
    let roles = actor.roles.iter().copied();
    let narrowed = Actor {
        roles: roles
            .filter(|role| *role != Role::AttendanceAdministrator)
            .collect(),
        ..actor.clone()
    };
    may(tx, &narrowed, Some(pupil), today, Access::Write)
}

fn may(
    tx: &mut Tx,
    actor: &Actor,
    pupil: Option<PupilId>,
    today: Day,
    want: Access,
) -> Result<bool, StoreError> {
    match pupil {
        Some(pupil) => Ok(actor
            .reach(tx, want, RecordKind::MedicalEvidence, today)?
            .covers(pupil)),
        None => Ok(actor.may_for_school(want, RecordKind::MedicalEvidence)),
    }
}

/// Whether this person opens the files themselves.
///
/// Rule: B-440, the access matrix (`medical_evidence`): an attendance administrator files evidence and sees days and how it stands, not the document,
/// unless the school has delegated it. Errors: a setting cannot be read; the database did not answer.
pub(super) fn opens(
    tx: &mut Tx,
    actor: &Actor,
    pupil: Option<PupilId>,
    today: Day,
) -> Result<bool, Refusal> {
    if !sees(tx, actor, pupil, today)? {
        return Ok(false);
    }
    let of_themselves = |role: &Role| {
        *role != Role::AttendanceAdministrator
            && actor.granted(*role, RecordKind::MedicalEvidence).0 >= Access::Read
    };
    if actor.roles.iter().any(of_themselves) {
        return Ok(true);
    }
    let settings = settings(tx, actor.school)?;
    Ok(evidence_is_delegated(&settings, today)?)
}
