//! Who may look at, and who may keep, which part of the roll: every page and act begins here.

use calendar::Day;
use store::{SchoolId, StoreError, Tx, args};

use crate::book::Book;
use crate::desk::Refusal;
use crate::form::Answers;
use crate::ids::PupilId;
use crate::people::{Access, Actor, Place, Reach, RecordKind};
use crate::shell::Notice;
use crate::year::settings::{Mode, mode, settings};

/// The parts of a pupil's record that this person may see, each with the pupils it covers.
pub(crate) struct Sight {
    core: Reach,
    contacts: Reach,
    vulnerability: Reach,
    social_care: Reach,
    sen: Reach,
    marks: Reach,
    evidence: Reach,
}

impl Sight {
    /// What this person may see today.
    ///
    /// Errors: [`Refusal::NotFound`] for a person who may see no pupil at all.
    pub(crate) fn of(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Sight, Refusal> {
        if !Place::Pupils.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let mut reach = |kind| actor.reach(tx, Access::Read, kind, today);
        Ok(Sight {
            core: reach(RecordKind::PupilCore)?,
            contacts: reach(RecordKind::Contacts)?,
            vulnerability: reach(RecordKind::VulnerabilityFlags)?,
            social_care: reach(RecordKind::SocialCareStatus)?,
            sen: reach(RecordKind::SenProfile)?,
            marks: reach(RecordKind::AttendanceMarks)?,
            evidence: reach(RecordKind::MedicalEvidence)?,
        })
    }

    /// Whether this part of the pupil's record may be seen: nothing of one whose name may not be known.
    pub(crate) fn covers(&self, kind: RecordKind, pupil: PupilId) -> bool {
        let part = match kind {
            RecordKind::PupilCore => &self.core,
            RecordKind::Contacts => &self.contacts,
            RecordKind::VulnerabilityFlags => &self.vulnerability,
            RecordKind::SocialCareStatus => &self.social_care,
            RecordKind::SenProfile => &self.sen,
            RecordKind::AttendanceMarks => &self.marks,
            RecordKind::MedicalEvidence => &self.evidence,
            _ => return false,
        };
        self.core.covers(pupil) && part.covers(pupil)
    }

    /// Whether this part is seen of some pupil at least.
    pub(super) fn covers_some(&self, kind: RecordKind) -> bool {
        match kind {
            RecordKind::VulnerabilityFlags => !self.vulnerability.is_nobody(),
            RecordKind::SocialCareStatus => !self.social_care.is_nobody(),
            RecordKind::SenProfile => !self.sen.is_nobody(),
            RecordKind::Contacts => !self.contacts.is_nobody(),
            RecordKind::MedicalEvidence => !self.evidence.is_nobody(),
            _ => !self.core.is_nobody(),
        }
    }
}

/// Who keeps the roll on this day, as the book has it. A setting that cannot be read counts as kept elsewhere, which
/// changes nothing.
pub(crate) fn kept_here(book: &Book, today: Day) -> bool {
    mode(&book.settings, today).is_ok_and(Mode::roll_here)
}

/// Why the roll is only read here.
pub(super) const KEPT_ELSEWHERE: &str = "The school keeps its roll in its management information system; Rollbook reads it \
    from there (I-001). Make the change there, and it comes with the next import.";

/// Whether the school keeps its roll here, asked within an act.
///
/// Errors: it is kept in another system.
fn must_be_kept_here(tx: &mut Tx, school: SchoolId, today: Day) -> Result<(), Refusal> {
    let settings = settings(tx, school)?;
    if mode(&settings, today).is_ok_and(Mode::roll_here) {
        Ok(())
    } else {
        Err(Refusal::NotAllowed(KEPT_ELSEWHERE.to_owned()))
    }
}

/// Whether this person may change this part of the pupil's record here and now.
///
/// Errors: [`Refusal::NotFound`] when they may not know of the pupil, [`Refusal::NotAllowed`] with the ground otherwise.
pub(super) fn may_keep(
    tx: &mut Tx,
    actor: &Actor,
    kind: RecordKind,
    pupil: PupilId,
    today: Day,
) -> Result<(), Refusal> {
    if !actor
        .reach(tx, Access::Read, RecordKind::PupilCore, today)?
        .covers(pupil)
        || !is_known(tx, actor.school, pupil)?
    {
        return Err(Refusal::NotFound);
    }
    if !actor.reach(tx, Access::Write, kind, today)?.covers(pupil) {
        return Err(not_this_role(kind));
    }
    must_be_kept_here(tx, actor.school, today)
}

/// Whether this person may change the roll as a whole here and now: add pupils, keep groups.
///
/// Errors: [`Refusal::NotFound`] for a person who may see no pupil, [`Refusal::NotAllowed`] with the ground otherwise.
pub(crate) fn may_keep_roll(tx: &mut Tx, actor: &Actor, today: Day) -> Result<(), Refusal> {
    if !actor.may(Access::Read, RecordKind::PupilCore) {
        return Err(Refusal::NotFound);
    }
    if !actor.may_for_school(Access::Write, RecordKind::PupilCore) {
        return Err(not_this_role(RecordKind::PupilCore));
    }
    must_be_kept_here(tx, actor.school, today)
}

fn not_this_role(kind: RecordKind) -> Refusal {
    let what = kind.label().to_lowercase();
    Refusal::NotAllowed(format!(
        "Your role may not change this part of a pupil's record ({what}). Ask the office to make the change."
    ))
}

const KNOWN: &str =
    "select 1 from pupil where school_id = $1 and pupil_id = $2 and superseded_seq is null";

fn is_known(tx: &mut Tx, school: SchoolId, pupil: PupilId) -> Result<bool, StoreError> {
    let found = tx.query_opt(KNOWN, &args![school, pupil], |row| row.get::<i64>(0))?;
    Ok(found.is_some())
}

const MAKER: &str = "\
select j.at, j.job_title, j.account_id, a.name from journal_entry j
left join account a on a.account_id = j.account_id
where j.school_id = $1 and j.seq = $2";

/// Who made a version of a record, with job title and moment: `Sam Sample (Attendance manager), Tue 24 Nov 09:12`.
pub(super) fn maker(tx: &mut Tx, school: SchoolId, seq: i64) -> Result<String, StoreError> {
    let made = tx.query_opt(MAKER, &args![school, seq], |row| {
        Ok((
            row.get::<calendar::Instant>(0)?,
            row.get::<String>(1)?,
            row.get::<Option<String>>(3)?,
        ))
    })?;
    Ok(made.map_or_else(String::new, |(at, job_title, name)| {
        let when = crate::shell::moment(at);
        let name = name.unwrap_or_else(|| "Somebody".to_owned());
        let title = if job_title.is_empty() {
            String::new()
        } else {
            format!(" ({job_title})")
        };
        format!("{name}{title}, {when}")
    }))
}

/// Refuses a form that was asked for before the record's newest version, whose number `seq` is, was written.
///
/// Errors: [`Refusal::Wrong`], which says who changed it and when, and that nothing was saved.
pub(super) fn must_be_unchanged(
    tx: &mut Tx,
    actor: &Actor,
    answers: &Answers,
    seq: i64,
) -> Result<(), Refusal> {
    if answers.number("seq") == Some(seq) {
        return Ok(());
    }
    let who = maker(tx, actor.school, seq)?;
    Err(Refusal::Wrong(format!(
        "Nothing was saved: after you opened this page it was changed by {who}. Open it again to see what stands there now."
    )))
}

/// What has just been done, by the word that came with the address. Any other word says nothing.
pub(super) fn notice(answers: &Answers) -> Option<Notice> {
    let text = match answers.text("did") {
        "added" => "The pupil is entered in the admission register.",
        "amended" => "The entry is amended. What stood there before is kept under Amendments.",
        "ended" => {
            "The leaving day and its ground are recorded. Tell the local authority now (R-331)."
        }
        "enrolled" => "A new time on roll is entered.",
        "contact" => "The contact is recorded.",
        "contact-ended" => "The contact is no longer one of this pupil. What stood there is kept.",
        "address" => "The address is recorded.",
        "characteristic" => "The characteristic is recorded with its days.",
        "group" => "The group is recorded.",
        "members" => "The members are recorded with their days.",
        "staff" => "The duty is recorded with its days.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[KNOWN, MAKER];
