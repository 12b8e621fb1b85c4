//! Who may see visits, who plans and records them, and who authorises them.

use calendar::Day;
use store::{SchoolId, Tx, args};

use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Access, Actor, Reach, RecordKind, Role, Scope};

/// Whose visits somebody sees.
pub(super) struct Sight {
    seen: Reach,
    may_plan: Reach,
    contacts: Reach,
}

/// Whether a role sees visits whole. A tutor's role gives the line of the outcome alone, which is in the log of contacts.
fn sees_whole(actor: &Actor, role: Role) -> bool {
    let (access, scope) = actor.granted(role, RecordKind::HomeVisit);
    access >= Access::Read && matches!(scope, Scope::School | Scope::YearGroup)
}

/// Whether visits are open to this person at all.
pub(super) fn is_open_to(actor: &Actor) -> bool {
    actor.roles.iter().any(|role| sees_whole(actor, *role))
}

/// To whose homes this person may plan visits; none for somebody to whom visits are not open.
///
/// Errors: the database did not answer.
pub(crate) fn may_visit(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Option<Reach>, Refusal> {
    if !is_open_to(actor) {
        return Ok(None);
    }
    Ok(Some(Sight::of(tx, actor, today)?.may_plan))
}

impl Sight {
    /// What this person may see today.
    ///
    /// Errors: [`Refusal::NotFound`] for somebody to whom visits are not open.
    pub(super) fn of(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Sight, Refusal> {
        if !is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let roles = actor.roles.iter().copied();
        let narrowed = Actor {
            roles: roles.filter(|role| sees_whole(actor, *role)).collect(),
            ..actor.clone()
        };
        let kind = RecordKind::HomeVisit;
        Ok(Sight {
            seen: narrowed.reach(tx, Access::Read, kind, today)?,
            may_plan: narrowed.reach(tx, Access::Write, kind, today)?,
            contacts: actor.reach(tx, Access::Read, RecordKind::Contacts, today)?,
        })
    }

    /// Whether visits to this pupil may be seen.
    pub(super) fn covers(&self, pupil: PupilId) -> bool {
        self.seen.covers(pupil)
    }

    /// Whether visits to this pupil may be planned and recorded.
    pub(super) fn may_plan(&self, pupil: PupilId) -> bool {
        self.may_plan.covers(pupil)
    }

    /// Whether visits to anybody may be planned.
    pub(super) fn plans(&self) -> bool {
        !self.may_plan.is_nobody()
    }

    /// Whether the pupil's address and contacts may be seen.
    pub(super) fn sees_contacts(&self, pupil: PupilId) -> bool {
        self.contacts.covers(pupil)
    }
}

/// Whether this person authorises visits: whoever leads pastoral or safeguarding work, or manages attendance (E-196).
pub(super) fn authorises(actor: &Actor) -> bool {
    let leads = |role: &Role| {
        matches!(
            role,
            Role::DeputyHeadPastoral
                | Role::Dsl
                | Role::DeputyDsl
                | Role::HeadOfHouseOrYear
                | Role::WelfareManager
                | Role::AttendanceManager
        )
    };
    actor.roles.iter().any(leads) && actor.may(Access::Write, RecordKind::HomeVisit)
}

const PUPIL_OF: &str = "\
select pupil_id, starting_day, leaving_day from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PUPIL_OF];

/// The pupil of a time on roll, with whether it holds on a day.
pub(super) fn pupil_of(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
) -> Result<(PupilId, bool), Refusal> {
    let found = tx.query_opt(PUPIL_OF, &args![school, enrolment], |row| {
        let (from, to): (Day, Option<Day>) = (row.get(1)?, row.get(2)?);
        Ok((
            row.get::<PupilId>(0)?,
            from <= day && to.is_none_or(|to| day <= to),
        ))
    })?;
    found.ok_or(Refusal::NotFound)
}

/// The pupil of a time on roll, for somebody who plans and records visits to them.
///
/// Errors: [`Refusal::NotFound`] for a pupil of whose visits they may not know, [`Refusal::NotAllowed`] for one of whom they only read.
pub(super) fn pupil_to_visit(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<(PupilId, bool), Refusal> {
    let sight = Sight::of(tx, actor, today)?;
    let (pupil, is_here) = pupil_of(tx, actor.school, enrolment, today)?;
    if !sight.covers(pupil) {
        return Err(Refusal::NotFound);
    }
    if !sight.may_plan(pupil) {
        let ground =
            "You may read about visits and not plan or record them. Ask the attendance office.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    Ok((pupil, is_here))
}
