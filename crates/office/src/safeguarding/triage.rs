//! What the safeguarding team does with a concern: taking it, asking for more, deciding, naming who reads it; and who read it.

use calendar::{Day, Instant};
use store::{Act, args};
use welfare::concern::{Decision, Level, Step, after};

use super::concern::{Concern, key_of, one};
use super::raise::{RESTRICTED, must_be_short};
use super::records::{CONCERN_LOOK, CONCERN_READER, CONCERN_STEP};
use super::sealed::{Said, seal};
use super::who::{Sees, must_be_of_team, must_decide, sees};
use crate::desk::Refusal;
use crate::ids::AccountId;
use crate::morning::lead_decided;
use crate::people::{Actor, Keyring};

/// What the lead decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// Why; it is kept with the name.
    pub why: String,
    /// How grave it is taken to be (B-207).
    pub level: Level,
    /// What comes next.
    pub next: Option<String>,
    /// By which day.
    pub due: Option<Day>,
}

impl Decided {
    fn said(&self) -> Said {
        Said {
            words: self.why.clone(),
            decision: Some(self.decision.key().to_owned()),
            level: Some(self.level.key().to_owned()),
            next: self.next.clone(),
            due: self.due.map(|due| due.to_string()),
            ..Said::default()
        }
    }
}

pub(super) fn wrong<T>(ground: &str) -> Result<T, Refusal> {
    Err(Refusal::Wrong(ground.to_owned()))
}

/// The concern, for an act on it.
pub(super) fn to_change(act: &mut Act, keyring: &Keyring, id: i64) -> Result<Concern, Refusal> {
    let school = act.school();
    one(act.tx(), keyring, school, id)?.ok_or(Refusal::NotFound)
}

/// Writes a step down where it can follow.
fn step(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    concern: &Concern,
    (step, said): (Step, &Said),
) -> Result<(), Refusal> {
    after(concern.state(), step).map_err(|error| Refusal::Wrong(error.to_string()))?;
    must_be_short([&said.words].into_iter().chain(&said.next))?;
    let now = act.at();
    step_at(act, actor, keyring, concern, (step, said), now)
}

/// Writes down a step that was taken at a moment. The caller has asked whether it can follow.
pub(super) fn step_at(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    concern: &Concern,
    what: (Step, &Said),
    at: Instant,
) -> Result<(), Refusal> {
    write_step(act, keyring, concern.id, what, (actor.account, at))?;
    act.describe(actor.entry(RESTRICTED, RESTRICTED.to_owned()));
    Ok(())
}

fn write_step(
    act: &mut Act,
    keyring: &Keyring,
    concern: i64,
    (step, said): (Step, &Said),
    (by, at): (AccountId, Instant),
) -> Result<(), Refusal> {
    let (school, own) = (act.school(), act.new_id());
    let sealed = seal(keyring, school, concern, said)?;
    act.record(
        &CONCERN_STEP,
        &args![own, concern, key_of(step), by, at, sealed.as_slice()],
    )?;
    Ok(())
}

/// Writes a decision down, by whom and when.
pub(crate) fn write_decision(
    act: &mut Act,
    keyring: &Keyring,
    concern: i64,
    decided: &Decided,
    by_at: (AccountId, Instant),
) -> Result<(), Refusal> {
    let step = Step::Decide(decided.decision);
    write_step(act, keyring, concern, (step, &decided.said()), by_at)
}

/// Takes a concern, so that whoever raised it has a receipt. Pressed twice, it is taken once.
///
/// Rule: B-208. Errors: [`Refusal::NotFound`] for whoever is not of the team; [`Refusal::Wrong`] where it was decided already.
pub fn acknowledge(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
) -> Result<(), Refusal> {
    must_be_of_team(actor)?;
    let concern = to_change(act, keyring, id)?;
    if concern.state() == welfare::concern::State::Acknowledged {
        return Ok(());
    }
    let taken = (Step::Acknowledge, &Said::default());
    step(act, actor, keyring, &concern, taken)
}

/// Asks whoever raised a concern for more.
///
/// Errors: as for [`acknowledge`].
pub fn ask_for_more(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    what: &str,
) -> Result<(), Refusal> {
    must_be_of_team(actor)?;
    if what.is_empty() {
        return wrong("Say what you want to know.");
    }
    let concern = to_change(act, keyring, id)?;
    let said = Said {
        words: what.to_owned(),
        ..Said::default()
    };
    step(act, actor, keyring, &concern, (Step::AskForMore, &said))
}

/// Adds to a concern: whoever raised it, was named to read it, or is of the team (B-203: nothing is changed, only added).
///
/// Errors: [`Refusal::NotFound`] for anybody else.
pub fn add(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    words: &str,
) -> Result<(), Refusal> {
    sees(act.tx(), actor, id)?;
    if words.is_empty() {
        return wrong("Say what you add.");
    }
    let concern = to_change(act, keyring, id)?;
    let said = Said {
        words: words.to_owned(),
        ..Said::default()
    };
    step(act, actor, keyring, &concern, (Step::Add, &said))
}

/// Decides on a concern. A child whom it holds on the morning's list is let go of as the decision says, and no clerk can do it (E-020).
///
/// Rule: B-209, E-020, SM-1. Errors: [`Refusal::NotFound`] and [`Refusal::NotAllowed`] for whoever is not of the team or does not decide; [`Refusal::Wrong`] without a
/// reason, without a next step and its day where one is needed, and for a concern that is closed.
pub fn decide(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    decided: &Decided,
) -> Result<(), Refusal> {
    must_decide(actor)?;
    let concern = to_change(act, keyring, id)?;
    let (today, _) = act.at().in_london();
    if decided.why.is_empty() {
        return wrong("Say why: a decision is kept with its reason (B-209).");
    }
    if decided.decision.needs_next_step() && (decided.next.is_none() || decided.due.is_none()) {
        return wrong("Say what comes next, and by which day (B-210).");
    }
    if decided.due.is_some_and(|due| due < today) {
        return wrong("Choose a day from today on by which the next step is due.");
    }
    // First where the absence stands: once the decision is written, nothing holds the child any more.
    lead_decided(act, actor, concern.enrolment, decided.decision.on_absence())?;
    let taken = (Step::Decide(decided.decision), &decided.said());
    step(act, actor, keyring, &concern, taken)
}

/// Closes a concern on which what was decided is done, or opens one again for new information.
///
/// Rule: SM 8.5. Errors: as for [`decide`].
pub fn close_or_reopen(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    (what, why): (Step, &str),
) -> Result<(), Refusal> {
    must_decide(actor)?;
    if why.is_empty() {
        return wrong("Say what came of it, or what is new: it is kept with your name (B-200).");
    }
    let concern = to_change(act, keyring, id)?;
    let said = Said {
        words: why.to_owned(),
        ..Said::default()
    };
    step(act, actor, keyring, &concern, (what, &said))
}

/// Names somebody to read a concern, or takes that back.
///
/// Rule: need to know by case (B-215). Errors: [`Refusal::NotFound`] and [`Refusal::NotAllowed`] as for [`decide`]; [`Refusal::Wrong`] for somebody to
/// whom no concern may be open.
pub fn name_reader(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    (reader, is_named): (AccountId, bool),
) -> Result<(), Refusal> {
    must_decide(actor)?;
    let concern = to_change(act, keyring, id)?;
    match (is_named, concern.readers.contains(&reader)) {
        (true, false) => {
            let now = act.at();
            act.record(
                &CONCERN_READER,
                &args![concern.id, reader, actor.account, now],
            )?;
        }
        (false, true) => {
            act.supersede(&CONCERN_READER, &args![concern.id, reader])?;
        }
        _ => return Ok(()),
    }
    act.describe(actor.entry(RESTRICTED, RESTRICTED.to_owned()));
    Ok(())
}

/// Writes down that somebody reads a concern, before they do (B-206). Answers what of it they see.
///
/// Errors: [`Refusal::NotFound`] for whoever may not know of it.
pub(super) fn look(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
) -> Result<Sees, Refusal> {
    let sees = sees(act.tx(), actor, id)?;
    to_change(act, keyring, id)?;
    let (own, now) = (act.new_id(), act.at());
    act.record(&CONCERN_LOOK, &args![own, id, actor.account, now])?;
    act.describe(actor.entry(RESTRICTED, RESTRICTED.to_owned()));
    Ok(sees)
}
