//! Who may see the morning, who may work on it, and who decides for safeguarding.

use calendar::Day;
use store::{Tx, args};

use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Access, Actor, Place, Reach, RecordKind, Role};

/// Whose rows somebody sees: those of whom they may read both the marks and the log of contacts.
pub(crate) struct Sight {
    marks: Reach,
    log: Reach,
    contacts: Reach,
    social_care: Reach,
    flags: Reach,
    may_write: Reach,
}

impl Sight {
    /// What this person may see today.
    ///
    /// Errors: [`Refusal::NotFound`] for somebody to whom the morning is not open.
    pub(crate) fn of(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Sight, Refusal> {
        if !Place::Morning.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let mut reach = |access, kind| actor.reach(tx, access, kind, today);
        Ok(Sight {
            marks: reach(Access::Read, RecordKind::AttendanceMarks)?,
            log: reach(Access::Read, RecordKind::ContactsLog)?,
            contacts: reach(Access::Read, RecordKind::Contacts)?,
            social_care: reach(Access::Read, RecordKind::SocialCareStatus)?,
            flags: reach(Access::Read, RecordKind::VulnerabilityFlags)?,
            may_write: reach(Access::Write, RecordKind::ContactsLog)?,
        })
    }

    /// Whether this pupil's row may be seen.
    pub(crate) fn covers(&self, pupil: PupilId) -> bool {
        self.marks.covers(pupil) && self.log.covers(pupil)
    }

    /// Whether calls for this pupil may be logged.
    pub(crate) fn may_log(&self, pupil: PupilId) -> bool {
        self.covers(pupil) && self.may_write.covers(pupil)
    }

    /// Whether the pupil's contacts may be seen, and so who their brothers and sisters are.
    pub(crate) fn sees_contacts(&self, pupil: PupilId) -> bool {
        self.contacts.covers(pupil)
    }

    /// Whether flags such as caring for somebody at home may be seen.
    pub(super) fn sees_flags(&self, pupil: PupilId) -> bool {
        self.flags.covers(pupil)
    }

    /// Whether what social care knows may be seen.
    pub(super) fn sees_social_care(&self, pupil: PupilId) -> bool {
        self.social_care.covers(pupil)
    }
}

/// Whether this person decides where an attendance clerk may not (E-020).
pub(crate) fn is_lead(actor: &Actor) -> bool {
    let leads = |role: &Role| matches!(role, Role::Headteacher | Role::Dsl | Role::DeputyDsl);
    actor.roles.iter().any(leads)
}

const PUPIL_OF: &str = "\
select pupil_id from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null
  and starting_day <= $3 and (leaving_day is null or leaving_day >= $3)";

/// The pupil of a time on roll, for somebody who adds to their log of contacts.
///
/// Errors: [`Refusal::NotFound`] for a pupil they may not know of, [`Refusal::NotAllowed`] for one they may only read.
pub(crate) fn pupil_to_log(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<PupilId, Refusal> {
    pupil_for(tx, actor, enrolment, today, Access::Write)
}

/// The pupil of a row, for somebody who wants this access to its log.
///
/// Errors: [`Refusal::NotFound`] for a pupil they may not know of, [`Refusal::NotAllowed`] for one they may only read.
pub(super) fn pupil_for(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
    want: Access,
) -> Result<PupilId, Refusal> {
    let sight = Sight::of(tx, actor, today)?;
    let found = tx.query_opt(PUPIL_OF, &args![actor.school, enrolment, today], |row| {
        row.get(0)
    })?;
    let pupil = found
        .filter(|pupil| sight.covers(*pupil))
        .ok_or(Refusal::NotFound)?;
    if want == Access::Write && !sight.may_log(pupil) {
        let ground =
            "You may read this log of contacts and not add to it. Ask the attendance office.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    Ok(pupil)
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PUPIL_OF];
