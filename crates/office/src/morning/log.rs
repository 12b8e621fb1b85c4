//! Recording what was tried, said and decided about an absent child, and settling the absence with a code.

use calendar::{Day, Instant, Slot};
use register::Code;
use store::{Act, Tx, args};
use welfare::absence::{CannotHappen, Event, after};
use welfare::attempt::{Channel, Outcome};

use super::carried::Carried;
use super::cases::{Absent, Case, Hours, hours_of};
use super::claim::{claimed_by_another, hold};
use super::entries::{Kind, claims};
use super::records::{ABSENCE_CLAIM, ABSENCE_ENTRY};
use super::stands::{case_within, register_of};
use super::who::{is_lead, pupil_for};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, GroupId};
use crate::people::{Access, Actor};
use crate::registers::save::{self, LONGEST_TEXT, Save};
use crate::registers::{Change, due, name_of};
use crate::year::calendar_between;
use crate::year::settings::{session_times, settings};

/// What somebody records about an absence, as a form sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What kind of thing.
    pub kind: Kind,
    /// How somebody was tried.
    pub channel: Option<Channel>,
    /// Who was tried.
    pub contact: Option<i64>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Who answered, and what they are to the pupil.
    pub answered_by: Option<String>,
    /// What was said.
    pub said: Option<String>,
    /// When the pupil is expected back.
    pub expected_on: Option<Day>,
    /// Whether the pupil was seen or spoken to.
    pub seen: bool,
    /// Whether it goes to the safeguarding lead.
    pub concern: bool,
    /// The code that explains the absence, as typed.
    pub code: Option<String>,
    /// Whether it explains the rest of the day too.
    pub rest_of_day: bool,
    /// Whether it explains the sessions of earlier days too that stand open without a reason.
    pub earlier_days: bool,
}

impl Said {
    /// Something of this kind with nothing said.
    pub fn of(kind: Kind) -> Said {
        Said {
            kind,
            channel: None,
            contact: None,
            outcome: None,
            answered_by: None,
            said: None,
            expected_on: None,
            seen: kind == Kind::Seen,
            concern: false,
            code: None,
            rest_of_day: false,
            earlier_days: false,
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The sessions that the code went into.
    pub settled: Vec<Slot>,
    /// Who else was ringing the home at that moment, if anybody was.
    pub also: Option<String>,
}

/// Records something about today's absence of a pupil, and enters the code that was confirmed with it into the register.
///
/// Rule: E-018, SM-1. An attempt is always recorded, whoever has claimed the home: a call that was made was made. A code goes
/// through the register's own save, so there is one way to write marks; where the register refuses it, nothing is recorded.
///
/// Errors: [`Refusal::NotFound`] and [`Refusal::NotAllowed`] as for the log of contacts; [`Refusal::Wrong`] for what cannot follow
/// where the absence stands (E-020), for a code that the register refuses or somebody else's mark that stands there by now.
pub fn record(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    said: &Said,
) -> Result<Recorded, Refusal> {
    let now = act.at();
    let (today, _) = now.in_london();
    let want = match said.kind.is_the_leads() {
        true => Access::Read,
        false => Access::Write,
    };
    let pupil = pupil_for(act.tx(), actor, enrolment, today, want)?;
    let lead = is_lead(actor);
    makes_sense(said, lead)?;
    let case = may_follow(act, enrolment, today, said, lead)?;
    let code = said.code.as_deref().map(read_code).transpose()?;
    let also = claimed_by_another(act, actor, pupil, today)?;
    let also = match also {
        Some((_, theirs)) => Some(name_of(act.tx(), actor.school, theirs.account)?),
        None => None,
    };
    let used = match said.contact {
        Some(contact) => number_of(act.tx(), actor, contact)?,
        None => None,
    };
    let settled = match code {
        Some(code) => settle(act, actor, enrolment, (today, case.as_ref()), code, said)?,
        None => Vec::new(),
    };
    enter_line(act, actor, enrolment, today, now, said, used.as_deref())?;
    let own = claims(act.tx(), actor.school, today, now)?;
    let is_own = own
        .get(&pupil)
        .is_some_and(|claim| claim.account == actor.account);
    match (is_own, settled.is_empty()) {
        (true, true) => drop(hold(act, actor, pupil, today)?),
        (true, false) => act.record(&ABSENCE_CLAIM, &args![today, pupil, actor.account, now])?,
        (false, _) => {}
    }
    let what = match (said.kind, settled.is_empty()) {
        (Kind::Attempt, true) => "log a contact attempt",
        (Kind::Attempt, false) => "log a contact attempt and settle an absence",
        (Kind::Settled, _) => "settle an absence",
        (Kind::Reopened, _) => "put a child back on the list",
        (Kind::Override, _) => "decide that no contact is made",
        (Kind::TakenOn, _) => "go on with an absence",
        (Kind::EarlyCall, _) => "log an early call",
        _ => "record a step of an absence",
    };
    act.describe(actor.entry(what, format!("pupil {pupil} {today}")));
    Ok(Recorded { settled, also })
}

/// Writes a line into the log of a day's absence.
fn enter_line(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    day: Day,
    at: Instant,
    said: &Said,
    used: Option<&str>,
) -> Result<(), Refusal> {
    let entry = act.new_id();
    let code = said.code.as_deref().map(read_code).transpose()?;
    act.record(
        &ABSENCE_ENTRY,
        &args![
            entry,
            enrolment,
            day,
            said.kind.key(),
            at,
            actor.account,
            is_lead(actor),
            said.channel.map(Channel::key),
            said.contact,
            used,
            said.answered_by.as_deref(),
            said.outcome.map(Outcome::key),
            said.said.as_deref(),
            said.expected_on,
            said.seen,
            said.concern,
            code.as_ref().map(Code::as_str)
        ],
    )?;
    Ok(())
}

/// What a visit found at a home, for the absence of its day.
pub(crate) struct AtHome<'a> {
    /// The time on roll.
    pub(crate) enrolment: EnrolmentId,
    /// When they stood at the door; its day is the day of the absence.
    pub(crate) at: Instant,
    /// What it is among the outcomes of an attempt.
    pub(crate) outcome: Outcome,
    /// Whether the child was seen.
    pub(crate) seen: bool,
    /// Whether it goes to the safeguarding lead.
    pub(crate) concern: bool,
    /// Who answered.
    pub(crate) answered_by: Option<&'a str>,
    /// The line of the outcome, and no more: the rest is with the visit.
    pub(crate) line: &'a str,
    /// Whether an earlier record said that the child was seen, and this one does not.
    pub(crate) takes_back: bool,
}

/// Records what a visit found in the log of the absence. The caller has asked whether this person records visits to the pupil.
///
/// Rule: E-197, SM-1: a child who was seen and safe is located; a record that is put right to say that nobody saw the child puts the child back
/// on the list.
pub(crate) fn found_at_home(act: &mut Act, actor: &Actor, found: &AtHome) -> Result<(), Refusal> {
    let (day, _) = found.at.in_london();
    // What is put right now comes after what it takes back.
    let at = match found.takes_back {
        true => act.at(),
        false => found.at,
    };
    if found.takes_back {
        let because = "The record of the visit was put right: the child was not seen";
        let said = Said {
            said: Some(because.to_owned()),
            ..Said::of(Kind::Reopened)
        };
        enter_line(act, actor, found.enrolment, day, at, &said, None)?;
    }
    let said = Said {
        channel: Some(Channel::Visit),
        outcome: Some(found.outcome),
        answered_by: found.answered_by.map(str::to_owned),
        said: Some(found.line.to_owned()),
        seen: found.seen,
        concern: found.concern,
        ..Said::of(Kind::Attempt)
    };
    enter_line(act, actor, found.enrolment, day, at, &said, None)
}

/// Records that a visit was asked for, where the absence stands so that one is the next step. The caller has asked whether this person plans
/// visits to the pupil.
///
/// Errors: [`Refusal::Wrong`] where the safeguarding lead decides what comes next, and this is not the lead (E-020).
pub(crate) fn visit_is_asked_for(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
) -> Result<(), Refusal> {
    let (school, now) = (act.school(), act.at());
    let (today, _) = now.in_london();
    let Some(case) = case_within(act.tx(), school, enrolment, today, now)? else {
        return Ok(());
    };
    let lead = is_lead(actor);
    let kinds = [
        (Event::NobodyReached, Kind::VisitAsked),
        (Event::LeadAsksForVisit, Kind::LeadVisit),
    ];
    for (event, kind) in kinds {
        match after(Some(case.state), event, lead) {
            Ok(_) => return enter_line(act, actor, enrolment, today, now, &Said::of(kind), None),
            Err(error @ CannotHappen::OnlyTheLead) => {
                return Err(Refusal::Wrong(in_a_sentence(&error.to_string())));
            }
            Err(CannotHappen::NoWay { .. }) => {}
        }
    }
    Ok(())
}

/// Records what the safeguarding lead decided on a concern, where the child is on today's list and it follows from where the absence stands. The
/// caller has asked whether this person decides.
///
/// Rule: E-020, SM-1. The log of contacts has that the lead decided, and nothing of the concern.
pub(crate) fn lead_decided(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    event: Event,
) -> Result<(), Refusal> {
    let kind = match event {
        Event::LeadAsksForVisit => Kind::LeadVisit,
        Event::LeadGoesOutside => Kind::LeadOutside,
        _ => Kind::LeadCalls,
    };
    let (school, now) = (act.school(), act.at());
    let (today, _) = now.in_london();
    let Some(case) = case_within(act.tx(), school, enrolment, today, now)? else {
        return Ok(());
    };
    match after(Some(case.state), event, is_lead(actor)) {
        Ok(_) => enter_line(act, actor, enrolment, today, now, &Said::of(kind), None),
        Err(_) => Ok(()),
    }
}

/// Notes in the log of today's absence that a professional was told; who, and what they answered, stands where fewer read. The caller has asked
/// whether this person tells them.
pub(super) fn professional_is_told(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
) -> Result<(), Refusal> {
    let now = act.at();
    let (today, _) = now.in_london();
    let said = Said::of(Kind::ProfessionalTold);
    enter_line(act, actor, enrolment, today, now, &said, None)
}

/// What can be seen to be wrong without looking at the day.
fn makes_sense(said: &Said, lead: bool) -> Result<(), Refusal> {
    let wrong = |ground: &str| Err(Refusal::Wrong(ground.to_owned()));
    let texts = [&said.said, &said.answered_by];
    if texts
        .into_iter()
        .flatten()
        .any(|text| text.chars().count() > LONGEST_TEXT || text.contains('\0'))
    {
        return wrong("What was said is longer than 500 characters. Shorten it and save again.");
    }
    if said.kind.is_the_leads() && !lead {
        return wrong("The safeguarding lead decides here, and not the attendance office (E-020).");
    }
    match said.kind {
        Kind::Attempt | Kind::EarlyCall if said.outcome.is_none() || said.channel.is_none() => {
            wrong("Say what came of it: press 1 to 9, or choose an outcome (E-018).")
        }
        Kind::Attempt if said.code.is_some() && !said.outcome.is_some_and(Outcome::may_settle) => {
            wrong(
                "A code goes only with a parent's reason that you accept: outcome 1, reached (E-018, E-020). Leave the code empty.",
            )
        }
        Kind::Attempt if said.code.is_some() && said.concern => wrong(
            "What goes to the safeguarding lead is settled when they have decided. Leave the code empty (E-020).",
        ),
        Kind::Settled if said.code.is_none() => wrong("Give the code."),
        Kind::Override | Kind::Handover | Kind::Settled | Kind::Reopened if said.said.is_none() => {
            wrong("Say why, in a few words: it is kept with your name.")
        }
        Kind::Attempt | Kind::Settled => Ok(()),
        _ if said.code.is_some() => wrong("A code goes with an attempt, or with settling."),
        _ => Ok(()),
    }
}

/// Whether it may follow where the absence stands (SM-1); answers the absence where that was asked.
fn may_follow(
    act: &mut Act,
    enrolment: EnrolmentId,
    today: Day,
    said: &Said,
    lead: bool,
) -> Result<Option<Case>, Refusal> {
    let (school, now) = (act.school(), act.at());
    let event = match said.kind {
        Kind::NotOnSite => Event::NotOnSite,
        Kind::VisitAsked => Event::NobodyReached,
        Kind::LeadVisit => Event::LeadAsksForVisit,
        Kind::LeadOutside => Event::LeadGoesOutside,
        Kind::LeadCalls => Event::LeadAsksForCalls,
        Kind::Settled => Event::CodeConfirmed,
        Kind::Seen => Event::Seen,
        Kind::Attempt if said.code.is_some() => Event::CodeConfirmed,
        _ => return Ok(None),
    };
    let case = case_within(act.tx(), school, enrolment, today, now)?;
    // Who is ill or on leave is seen too, and stands on no list (E-017, E-160).
    if said.kind == Kind::Seen && !case.as_ref().is_some_and(Case::is_open) {
        return Ok(case);
    }
    after(case.as_ref().map(|case| case.state), event, lead)
        .map_err(|error| Refusal::Wrong(in_a_sentence(&error.to_string())))?;
    match &case {
        Some(case) if said.kind == Kind::Settled && case.needs_outcome() && !lead => {
            Err(Refusal::Wrong(format!(
                "{} sessions in a row have no reason: this closes with the outcome of a contact, and not with a code alone (E-011). Log who gave the reason: outcome 1, reached. Nothing was saved.",
                case.unexplained
            )))
        }
        _ => Ok(case),
    }
}

fn in_a_sentence(ground: &str) -> String {
    let mut letters = ground.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}. Nothing was saved.", letters.as_str())
}

fn read_code(text: &str) -> Result<Code, Refusal> {
    text.parse().map_err(|_| {
        Refusal::Wrong(format!(
            "“{text}” is no code of the register. See Which code applies."
        ))
    })
}

const NUMBER_OF: &str = "\
select given from contact_route
where school_id = $1 and contact_id = $2 and kind <> 'email' and value is not null and superseded_seq is null
order by route_id limit 1";

/// The first number of a contact, kept with the attempt as it was dialled.
fn number_of(tx: &mut Tx, actor: &Actor, contact: i64) -> Result<Option<String>, Refusal> {
    Ok(tx.query_opt(NUMBER_OF, &args![actor.school, contact], |row| row.get(0))?)
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[NUMBER_OF];

/// Enters the code into every session of today that has the pupil absent without a reason, and of earlier days where that was said, through
/// the register's own save.
fn settle(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    (today, case): (Day, Option<&Case>),
    code: Code,
    said: &Said,
) -> Result<Vec<Slot>, Refusal> {
    let school = act.school();
    let carried = case.and_then(|case| case.carried.as_ref());
    let mut settled = match carried {
        Some(carried) if said.earlier_days => {
            settle_earlier(act, actor, enrolment, carried, code, said)?
        }
        _ => Vec::new(),
    };
    let Some(group) = register_of(act.tx(), school, enrolment, today)? else {
        let ground = "This pupil is in no group, so no register has their mark (R-021). Put them into a tutor group first.";
        return Err(Refusal::Wrong(ground.to_owned()));
    };
    let hours = hours_within(act.tx(), school, today)?;
    let now = act.at();
    let mut standing_there = None;
    for hours in hours {
        if hours.opens > now && !said.rest_of_day {
            continue;
        }
        match enter(act, actor, group, enrolment, hours.slot, code, said)? {
            Entered::Done => settled.push(hours.slot),
            Entered::StandsThere(code) => standing_there = Some((hours.slot, code)),
            Entered::NotDue => {}
        }
    }
    match (settled.is_empty(), standing_there) {
        (true, Some((slot, code))) => Err(Refusal::Wrong(format!(
            "The register of the {} has {code} by now: somebody entered it after you opened the row. Nothing was saved.",
            slot.session.word()
        ))),
        (true, None) if carried.is_some() => Err(Refusal::Wrong(
            "No register of today asks for this pupil's mark yet. Say under “More” whether the code holds for the earlier days or for the rest of today. Nothing was saved.".to_owned(),
        )),
        (true, None) => Err(Refusal::Wrong(
            "No register asks for this pupil's mark now. Nothing was saved.".to_owned(),
        )),
        (false, _) => Ok(settled),
    }
}

/// Enters the code into the sessions that earlier days left open without a reason. An `O` that a person entered stays.
fn settle_earlier(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    carried: &Carried,
    code: Code,
    said: &Said,
) -> Result<Vec<Slot>, Refusal> {
    let school = act.school();
    let mut settled = Vec::new();
    let open = carried.absent.iter();
    for (slot, _) in open.filter(|(_, absent)| *absent != Absent::Unauthorised) {
        let Some(group) = register_of(act.tx(), school, enrolment, slot.day)? else {
            continue;
        };
        if let Entered::Done = enter(act, actor, group, enrolment, *slot, code, said)? {
            settled.push(*slot);
        }
    }
    Ok(settled)
}

/// The clock of today's sessions, from rows.
pub(super) fn hours_within(
    tx: &mut Tx,
    school: store::SchoolId,
    today: Day,
) -> Result<Vec<Hours>, Refusal> {
    let calendar = calendar_between(tx, school, today, today)
        .map_err(|error| Refusal::Wrong(error.to_string()))?;
    let times = session_times(&settings(tx, school)?, today)?;
    let slots = calendar.slots(today, today).iter();
    Ok(slots.map(|slot| hours_of(&times, *slot)).collect())
}

enum Entered {
    Done,
    StandsThere(Code),
    NotDue,
}

fn enter(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    enrolment: EnrolmentId,
    slot: Slot,
    code: Code,
    said: &Said,
) -> Result<Entered, Refusal> {
    let school = act.school();
    let places = due(act.tx(), school, group, slot)?;
    let Some(place) = places.iter().find(|place| place.enrolment == enrolment) else {
        return Ok(Entered::NotDue);
    };
    if !place.is_asked_for(slot) {
        return Ok(Entered::NotDue);
    }
    match place.code() {
        Some(Code::NO_REASON_YET | Code::UNAUTHORISED) => {}
        None if place.plan.is_none() => {}
        None => return Ok(Entered::NotDue),
        Some(other) => return Ok(Entered::StandsThere(other)),
    }
    let code = match code {
        Code::PRESENT_AM | Code::PRESENT_PM => Code::present(slot.session),
        other => other,
    };
    let change = Change {
        enrolment,
        code: Some(code.to_string()),
        note: said.said.clone(),
        reason: Some(reason(said)),
        base: place.base(),
        ..Change::default()
    };
    let save = Save {
        change_id: format!(
            "morning-{}-{}-{}-{}",
            act.seq(),
            enrolment,
            slot.day,
            slot.session.index()
        ),
        changes: vec![change],
        ..Save::default()
    };
    let answer = save::save(act, actor, group, slot, &save)?;
    let refused = answer.results.iter().find(|result| {
        !matches!(
            result.outcome,
            save::Outcome::Saved | save::Outcome::Unchanged
        )
    });
    match refused {
        Some(result) => Err(Refusal::Wrong(format!(
            "{} Nothing was saved.",
            result.message
        ))),
        None => Ok(Entered::Done),
    }
}

/// The reason that the amendment keeps (R-007, E-025).
fn reason(said: &Said) -> String {
    let how = match (said.channel, said.kind) {
        (Some(channel), Kind::Attempt) => format!("Reason given by a parent ({})", channel.word()),
        _ => "Reason established without another call".to_owned(),
    };
    match &said.said {
        Some(said) => format!("{how}: {said}")
            .chars()
            .take(LONGEST_TEXT)
            .collect(),
        None => how,
    }
}
