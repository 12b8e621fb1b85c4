//! What was recorded about a day's absences: entries, claims, reminders, sign-offs; read here and nowhere else.

use std::collections::HashMap;

use calendar::{Day, Instant, Session, Slot};
use store::{Row, SchoolId, StoreError, Tx, args};
use welfare::absence::Event;
use welfare::attempt::{Attempt, Channel, Outcome};
use welfare::chase::Asked;

use crate::ids::{AccountId, EnrolmentId, GroupId, PupilId};
use crate::registers::name_of;

/// What kind of thing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Somebody was tried (E-018).
    Attempt,
    /// A code was confirmed on what was known without another call.
    Settled,
    /// The site was searched and the child is not there.
    NotOnSite,
    /// Somebody of the school saw the child, or had them visible on a video call, and they are safe (E-160). Who was only spoken to is an attempt.
    Seen,
    /// The safeguarding lead or the head was told.
    LeadTold,
    /// The social worker or another allocated professional was told (E-019).
    ProfessionalTold,
    /// The safeguarding lead asks for a visit.
    LeadVisit,
    /// The safeguarding lead goes to the police or social care.
    LeadOutside,
    /// The safeguarding lead hands the case back to be called again and settled.
    LeadCalls,
    /// Nobody was reached, and somebody is to go to the home.
    VisitAsked,
    /// Somebody put the child back on the list.
    Reopened,
    /// No contact was made that day, for a reason that a named person gave (E-010).
    Override,
    /// A note for whoever goes on in the afternoon or the next day.
    Handover,
    /// Whoever recorded it goes on with the case until it is over or somebody else does.
    TakenOn,
    /// A home was rung before the day began (E-191). It comes before the absence, and is no contact about it (E-010).
    EarlyCall,
}

impl Kind {
    /// All.
    pub const ALL: [Kind; 15] = [
        Kind::Attempt,
        Kind::Settled,
        Kind::NotOnSite,
        Kind::Seen,
        Kind::LeadTold,
        Kind::ProfessionalTold,
        Kind::LeadVisit,
        Kind::LeadOutside,
        Kind::LeadCalls,
        Kind::VisitAsked,
        Kind::Reopened,
        Kind::Override,
        Kind::Handover,
        Kind::TakenOn,
        Kind::EarlyCall,
    ];

    /// The word in the database and in forms.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Attempt => "attempt",
            Kind::Settled => "settled",
            Kind::NotOnSite => "not_on_site",
            Kind::Seen => "seen",
            Kind::LeadTold => "lead_told",
            Kind::ProfessionalTold => "professional_told",
            Kind::LeadVisit => "lead_visit",
            Kind::LeadOutside => "lead_outside",
            Kind::LeadCalls => "lead_calls",
            Kind::VisitAsked => "visit_asked",
            Kind::Reopened => "reopened",
            Kind::Override => "override",
            Kind::Handover => "handover",
            Kind::TakenOn => "taken_on",
            Kind::EarlyCall => "early_call",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// What was done, in words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Attempt => "tried",
            Kind::Settled => "settled without another call",
            Kind::NotOnSite => "searched the site: not there",
            Kind::Seen => "seen and safe",
            Kind::LeadTold => "told the safeguarding lead",
            Kind::ProfessionalTold => "told the social worker or other professional",
            Kind::LeadVisit => "safeguarding lead asks for a visit",
            Kind::LeadOutside => "safeguarding lead goes to police or social care",
            Kind::LeadCalls => "safeguarding lead hands it back",
            Kind::VisitAsked => "nobody reached: visit the home",
            Kind::Reopened => "put back on the list",
            Kind::Override => "no contact today, by decision",
            Kind::Handover => "note for whoever goes on",
            Kind::TakenOn => "goes on with it",
            Kind::EarlyCall => "early call",
        }
    }

    /// Whether only the safeguarding lead may record it (E-020).
    pub fn is_the_leads(self) -> bool {
        matches!(self, Kind::LeadVisit | Kind::LeadOutside | Kind::LeadCalls)
    }
}

/// Something that was recorded about a pupil's absence on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of the act.
    pub seq: i64,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The day of the absence.
    pub day: Day,
    /// What kind of thing.
    pub kind: Kind,
    /// When it was done.
    pub at: Instant,
    /// Who did it.
    pub account: AccountId,
    /// Whether they may decide for safeguarding.
    pub lead: bool,
    /// How somebody was tried.
    pub channel: Option<Channel>,
    /// Who was tried.
    pub contact: Option<i64>,
    /// The number or address that was used.
    pub used: Option<String>,
    /// Who answered, and what they are to the pupil.
    pub answered_by: Option<String>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// What was said: reason, whereabouts; or the reason of a decision.
    pub said: Option<String>,
    /// When the pupil is expected back.
    pub expected_on: Option<Day>,
    /// Whether the pupil was seen or spoken to.
    pub seen: bool,
    /// Whether it is to be passed to the safeguarding lead.
    pub concern: bool,
    /// The code that was confirmed with it.
    pub code: Option<String>,
}

impl Entry {
    /// The attempt, if it is one.
    pub fn attempt(&self) -> Option<Attempt> {
        (self.kind == Kind::Attempt).then_some(())?;
        Some(Attempt {
            channel: self.channel?,
            outcome: self.outcome?,
            seen: self.seen,
            contact: self.contact,
        })
    }

    /// What it is to the states of the absence, in order (SM-1).
    pub fn events(&self) -> Vec<Event> {
        let mut events = match self.kind {
            Kind::Attempt => self
                .outcome
                .map_or_else(Vec::new, |outcome| self.tried(outcome)),
            Kind::NotOnSite => vec![Event::NotOnSite],
            Kind::LeadVisit => vec![Event::LeadAsksForVisit],
            Kind::LeadOutside => vec![Event::LeadGoesOutside],
            Kind::LeadCalls => vec![Event::LeadAsksForCalls],
            Kind::VisitAsked => vec![Event::NobodyReached],
            Kind::Reopened => vec![Event::MarkedAbsent],
            Kind::Settled
            | Kind::Seen
            | Kind::LeadTold
            | Kind::ProfessionalTold
            | Kind::Override
            | Kind::Handover
            | Kind::TakenOn
            | Kind::EarlyCall => Vec::new(),
        };
        if self.concern {
            events.push(Event::NotSatisfied);
        }
        // Who was seen and gives cause for concern is not "seen, safe" (SM-1): the safeguarding lead decides (E-020).
        if self.seen && !self.concern {
            events.push(Event::Seen);
        }
        if self.code.is_some() {
            events.push(Event::CodeConfirmed);
        }
        events
    }

    fn tried(&self, outcome: Outcome) -> Vec<Event> {
        match outcome {
            Outcome::Reached => vec![Event::ReasonGiven],
            // Whoever goes to the home has found that nobody can be reached.
            Outcome::NoAnswer | Outcome::AddressEmpty if self.channel == Some(Channel::Visit) => {
                vec![Event::NobodyReached, Event::NoReplyAtHome]
            }
            Outcome::LeftMessage
            | Outcome::NoAnswer
            | Outcome::NumberDead
            | Outcome::AddressEmpty => {
                vec![Event::Tried]
            }
            Outcome::NotSatisfied | Outcome::ThirdParty | Outcome::Refused => {
                vec![Event::Tried, Event::NotSatisfied]
            }
            Outcome::SaysAtSchool => vec![Event::SaysAtSchool],
        }
    }
}

macro_rules! entries_sql {
    ($and:literal) => {
        concat!(
            "select seq, enrolment_id, on_date, kind, made_at, account_id, lead, channel, contact_id, used, answered_by, outcome, said, ",
            "expected_on, seen, concern, code from absence_entry where school_id = $1 and ",
            $and,
            " order by made_at, seq, entry_id"
        )
    };
}
const OF_DAY: &str = entries_sql!("on_date = $2");
const OF_ENROLMENT: &str = entries_sql!("enrolment_id = $2 and on_date >= $3");

/// Everything recorded of one day, in the order in which it happened.
pub(super) fn of_day(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Vec<Entry>, StoreError> {
    let rows = tx.query(OF_DAY, &args![school, day], entry)?;
    Ok(rows.into_iter().flatten().collect())
}

/// Everything recorded of one time on roll since a day.
pub(super) fn of_enrolment(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    since: Day,
) -> Result<Vec<Entry>, StoreError> {
    let rows = tx.query(OF_ENROLMENT, &args![school, enrolment, since], entry)?;
    Ok(rows.into_iter().flatten().collect())
}

fn entry(row: &Row<'_>) -> Result<Option<Entry>, StoreError> {
    let (kind, channel, outcome): (&str, Option<&str>, Option<&str>) =
        (row.get(3)?, row.get(7)?, row.get(11)?);
    let Some(kind) = Kind::from_key(kind) else {
        return Ok(None);
    };
    Ok(Some(Entry {
        seq: row.get(0)?,
        enrolment: row.get(1)?,
        day: row.get(2)?,
        kind,
        at: row.get(4)?,
        account: AccountId(row.get(5)?),
        lead: row.get(6)?,
        channel: channel.and_then(Channel::from_key),
        contact: row.get(8)?,
        used: row.get(9)?,
        answered_by: row.get(10)?,
        outcome: outcome.and_then(Outcome::from_key),
        said: row.get(12)?,
        expected_on: row.get(13)?,
        seen: row.get(14)?,
        concern: row.get(15)?,
        code: row.get(16)?,
    }))
}

/// A claim that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who rings.
    pub account: AccountId,
    /// Until when, unless they go on.
    pub until: Instant,
}

const CLAIMS: &str = "\
select c.pupil_id, c.account_id, c.until from absence_claim c
where c.school_id = $1 and c.on_date = $2
  and c.seq = (select max(d.seq) from absence_claim d
               where d.school_id = c.school_id and d.on_date = c.on_date and d.pupil_id = c.pupil_id)";

/// The claims of a day that hold at this moment, by pupil.
pub(super) fn claims(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
    now: Instant,
) -> Result<HashMap<PupilId, Claim>, StoreError> {
    let mut claims = HashMap::new();
    tx.each(CLAIMS, &args![school, day], |row| {
        let claim = Claim {
            account: AccountId(row.get(1)?),
            until: row.get(2)?,
        };
        if claim.until > now {
            claims.insert(row.get(0)?, claim);
        }
        Ok(())
    })?;
    Ok(claims)
}

/// That a register was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Of whom.
    pub asked: Asked,
    /// When.
    pub at: Instant,
    /// By whom.
    pub account: AccountId,
}

/// The reminders of a day, by register, in the order in which they were sent.
pub type Reminders = HashMap<(GroupId, Session), Vec<Reminder>>;

const REMINDERS: &str = "\
select group_id, session, asked, asked_at, account_id from register_reminder
where school_id = $1 and on_date = $2 order by seq";

/// That a register of this session was asked for, in words with by whom and when; nothing where it was not.
pub(crate) fn asked_for(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    slot: Slot,
) -> Result<Option<String>, StoreError> {
    let sent = reminders(tx, school, slot.day)?;
    let Some(last) = sent
        .get(&(group, slot.session))
        .and_then(|sent| sent.last())
    else {
        return Ok(None);
    };
    let by = name_of(tx, school, last.account)?;
    Ok(Some(format!(
        "asked for at {} by {by}",
        last.at.in_london().1
    )))
}

/// What registers of a day were asked for.
pub(super) fn reminders(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Reminders, StoreError> {
    let mut reminders = Reminders::new();
    tx.each(REMINDERS, &args![school, day], |row| {
        let session = Session::from_index(row.get(1)?);
        if let (Some(session), Some(asked)) = (session, Asked::from_key(row.get(2)?)) {
            let reminder = Reminder {
                asked,
                at: row.get(3)?,
                account: AccountId(row.get(4)?),
            };
            let register = (row.get(0)?, session);
            reminders.entry(register).or_default().push(reminder);
        }
        Ok(())
    })?;
    Ok(reminders)
}

/// That a morning was signed off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOff {
    /// The number of the school's record at which it was read.
    pub as_of: i64,
    /// When.
    pub at: Instant,
    /// By whom.
    pub account: AccountId,
    /// Children who were not located at some time.
    pub children: i64,
    /// Of those, still not located.
    pub still_open: i64,
    /// Minutes from close until every child was located; none while one is not.
    pub minutes_to_all: Option<i64>,
    /// Children not located at ten; none before ten.
    pub open_at_ten: Option<i64>,
    /// What to know about it.
    pub note: Option<String>,
}

const SIGN_OFF: &str = "\
select as_of_seq, signed_at, account_id, children, still_open, minutes_to_all, open_at_ten, note
from morning_sign_off where school_id = $1 and on_date = $2 order by seq desc limit 1";

/// How a day's morning was signed off at last.
pub(super) fn sign_off(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<Option<SignOff>, StoreError> {
    tx.query_opt(SIGN_OFF, &args![school, day], |row| {
        Ok(SignOff {
            as_of: row.get(0)?,
            at: row.get(1)?,
            account: AccountId(row.get(2)?),
            children: row.get(3)?,
            still_open: row.get(4)?,
            minutes_to_all: row.get(5)?,
            open_at_ten: row.get(6)?,
            note: row.get(7)?,
        })
    })
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_DAY, OF_ENROLMENT, CLAIMS, REMINDERS, SIGN_OFF];
