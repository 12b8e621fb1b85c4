//! A pupil who signs in at a kiosk: the same act as at the late door, and what the page says to them.

use calendar::Instant;
use register::site::Way;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::super::arrival::{ArrivalOutcome, Arrived, by_key, of_days};
use super::super::arrive::{Arrives, arrive, calendar, made_at, session_at};
use super::super::moves::{Said, Who, moves_of, sign};
use super::super::records::KIOSK_BACK;
use super::Kiosk;
use super::unknown;
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::people::Actor;
use crate::year::settings::{session_times, settings};

const CAME_BACK: &str = "select 1 from kiosk_back where school_id = $1 and arrival_key = $2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[CAME_BACK];

/// Whose a scanned card or touched letters are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// One pupil: the time on roll and the forename.
    One(EnrolmentId, String),
    /// Nobody's, or more than one pupil's: what was scanned or touched.
    Nobody(String),
}

/// What a kiosk sends of one pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comes {
    /// The device's own name for it: letters, digits and hyphens, at most 40.
    pub key: String,
    /// Whose it is.
    pub who: Matched,
    /// When it was scanned or touched, by the device's clock.
    pub made: Option<Instant>,
    /// When it was sent, by the same clock.
    pub sent: Option<Instant>,
    /// One of the school's reasons.
    pub reason: Option<String>,
    /// Whether the pupil says that it was somebody else.
    pub undo: bool,
}

/// What the page says to a pupil. No code and no mark is ever said: others stand behind them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    /// `in`, `early`, `back`, `already`, `office`, `unknown` or `undone`.
    pub state: &'static str,
    /// `Thank you, Sam. You are in at 09:07.`
    pub words: String,
    /// What to do now.
    pub then: &'static str,
    /// Whether the page asks why.
    pub asks_why: bool,
}

impl Told {
    fn new(state: &'static str, words: impl Into<String>, then: &'static str) -> Told {
        Told {
            state,
            words: words.into(),
            then,
            asks_why: false,
        }
    }
}

const TO_THE_LESSON: &str = "Go straight to your lesson.";
const TO_THE_OFFICE: &str = "Please go to the office first.";

/// Signs a pupil in at a kiosk, or back in; says what the page tells them.
///
/// What came before under the same key is not done again: only its reason can be added, and it can be taken back. Who is in already is not signed
/// in twice. What is nobody's is told to the pupil who stands there; what waited without a network is kept for the office. Rule: E-023, E-027, R-023,
/// Errors: as [`arrive`].
pub fn come(act: &mut Act, actor: &Actor, kiosk: &Kiosk, what: &Comes) -> Result<Told, Refusal> {
    let arrives = |enrolment: EnrolmentId| Arrives {
        key: what.key.clone(),
        enrolment: enrolment.0,
        made: what.made,
        sent: what.sent,
        reason: what.reason.clone(),
        came_with: None,
        undo: what.undo,
        kiosk: Some(kiosk.id),
    };
    let (enrolment, name) = match &what.who {
        Matched::One(enrolment, name) => (*enrolment, name.as_str()),
        Matched::Nobody(typed) => return nobody(act, actor, kiosk, what, typed),
    };
    let arrives = arrives(enrolment);
    let school = act.school();
    let is_known = by_key(act.tx(), school, &what.key)?.is_some();
    if what.undo {
        if is_known {
            arrive(act, actor, &arrives)?;
        }
        return Ok(Told::new(
            "undone",
            "That is taken back.",
            "Try again, or go to the office.",
        ));
    }
    if !is_known && let Some(told) = without_arrival(act, actor, &arrives, name)? {
        return Ok(told);
    }
    let arrived = match arrive(act, actor, &arrives) {
        Err(Refusal::Wrong(_)) => return office(act, actor, kiosk, what, &arrives),
        other => other?,
    };
    Ok(match arrived {
        Some(arrived) => told(&arrived, name),
        None => Told::new("office", format!("Thank you, {name}."), TO_THE_OFFICE),
    })
}

/// What is said to a pupil who came back from outside, or is in already; none for one who arrives.
fn without_arrival(
    act: &mut Act,
    actor: &Actor,
    arrives: &Arrives,
    name: &str,
) -> Result<Option<Told>, Refusal> {
    let (school, now) = (act.school(), act.at());
    let enrolment = EnrolmentId(arrives.enrolment);
    let at = made_at(arrives, now);
    let back = |at: Instant| {
        let words = format!("Welcome back, {name}. You are in at {}.", at.in_london().1);
        Some(Told::new("back", words, TO_THE_LESSON))
    };
    if came_back(act.tx(), school, &arrives.key)? {
        return Ok(back(at));
    }
    let day = at.in_london().0;
    let moves = moves_of(act.tx(), school, day)?;
    let own = moves
        .iter()
        .filter(|one| one.undone.is_none() && one.who == Who::Pupil(enrolment));
    let last = own.max_by_key(|one| (one.at, one.id));
    let is_out = last.is_some_and(|last| last.way == Way::Out);
    let earlier = of_days(act.tx(), school, (day, day))?;
    let earlier = earlier
        .iter()
        .filter(|one| one.stands() && one.enrolment == enrolment)
        .max_by_key(|one| one.at);
    let came_since = |one: &Arrived| last.is_none_or(|last| last.at < one.at);
    if is_out && !earlier.is_some_and(came_since) {
        // One that waited is told of at the late door's own time: a signing-in has only the present.
        if at < now {
            return Ok(None);
        }
        let entry = sign(act, actor, Who::Pupil(enrolment), Way::In, &Said::default())?;
        act.record(&KIOSK_BACK, &args![arrives.key.as_str(), entry])?;
        return Ok(back(at));
    }
    let Some(earlier) = earlier else {
        return Ok(None);
    };
    let all = settings(act.tx(), school)?;
    let times = session_times(&all, day)?;
    let calendar = calendar(act.tx(), actor, at)?;
    let is_in = session_at(&calendar, &times, at).is_ok_and(|slot| slot == earlier.slot);
    Ok(is_in.then(|| {
        let words = format!(
            "{name}, you are in already, since {}.",
            earlier.at.in_london().1
        );
        Told::new("already", words, TO_THE_LESSON)
    }))
}

fn came_back(tx: &mut Tx, school: SchoolId, key: &str) -> Result<bool, StoreError> {
    let found = tx.query_opt(CAME_BACK, &args![school, key], |_| Ok(()))?;
    Ok(found.is_some())
}

/// What is nobody's: told to whoever stands there, or kept for the office where they have gone long ago.
fn nobody(
    act: &mut Act,
    actor: &Actor,
    kiosk: &Kiosk,
    what: &Comes,
    typed: &str,
) -> Result<Told, Refusal> {
    let arrives = Arrives {
        made: what.made,
        sent: what.sent,
        ..Arrives::default()
    };
    let at = made_at(&arrives, act.at());
    if at < act.at() || what.undo {
        unknown::keep(act, actor, kiosk, what, typed, at)?;
    }
    let words = "We could not find you by that.";
    Ok(Told::new(
        "unknown",
        words,
        "Touch your name instead, or go to the office.",
    ))
}

/// The door could make nothing of it, as on a day without a session: the pupil goes to the office, or the office hears of it.
fn office(
    act: &mut Act,
    actor: &Actor,
    kiosk: &Kiosk,
    what: &Comes,
    arrives: &Arrives,
) -> Result<Told, Refusal> {
    let at = made_at(arrives, act.at());
    if at < act.at() {
        let typed = format!("time on roll {}", arrives.enrolment);
        unknown::keep(act, actor, kiosk, what, &typed, at)?;
    }
    Ok(Told::new("office", "Thank you.", TO_THE_OFFICE))
}

/// What an arrival is to the pupil.
fn told(arrived: &Arrived, name: &str) -> Told {
    let clock = arrived.at.in_london().1;
    let in_at = format!("Thank you, {name}. You are in at {clock}.");
    let told = match arrived.outcome {
        ArrivalOutcome::NotLate => Told::new(
            "early",
            format!("Thank you, {name}. You are in good time."),
            "Go to your form room.",
        ),
        ArrivalOutcome::Entered
        | ArrivalOutcome::Agrees
        | ArrivalOutcome::Keeps
        | ArrivalOutcome::After => Told::new("in", in_at, TO_THE_LESSON),
        ArrivalOutcome::Differs | ArrivalOutcome::Held | ArrivalOutcome::Refused => {
            Told::new("office", in_at, TO_THE_OFFICE)
        }
    };
    Told {
        asks_why: arrived.code.is_some() && arrived.stands(),
        ..told
    }
}
