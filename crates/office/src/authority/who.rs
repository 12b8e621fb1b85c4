//! Who knows that a pupil has a legal target, and who says so.

use calendar::Day;
use store::{StoreError, Tx};

use crate::people::{Access, Actor, Reach, RecordKind, Role};

/// Whose legal targets this person sees (`Read`) or sets (`Write`).
///
/// Rule: the access matrix, `attendance_casework`: a tutor has agreed actions only, so no legal paper; an attendance administrator files letters and
/// starts no notice, and a head of year has meetings and actions, so both see a target and neither sets one.
/// Errors: the database did not answer.
pub(super) fn reach(
    tx: &mut Tx,
    actor: &Actor,
    want: Access,
    today: Day,
) -> Result<Reach, StoreError> {
    let counts = |role: &Role| match want {
        Access::Write => !matches!(
            role,
            Role::Tutor | Role::AttendanceAdministrator | Role::HeadOfHouseOrYear
        ),
        _ => *role != Role::Tutor,
    };
    let roles = actor.roles.iter().copied();
    let narrowed = Actor {
        roles: roles.filter(counts).collect(),
        ..actor.clone()
    };
    narrowed.reach(tx, want, RecordKind::AttendanceCasework, today)
}
