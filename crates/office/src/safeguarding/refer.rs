//! Asking police, social care and others outside the school, and what they answer (B-209, E-016, SM-1).

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::Instant;
use store::{Act, SchoolId, Tx};
use welfare::absence::Event;
use welfare::concern::{Agency, Answered, Step, after};

use super::concern::one;
use super::raise::must_be_short;
use super::sealed::Said;
use super::triage::{step_at, to_change, wrong};
use super::who::must_decide;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::morning::lead_decided;
use crate::people::{Actor, Keyring};
use crate::shell::{Choice, Field, FieldKind};

/// That somebody outside was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// Who.
    pub agency: Agency,
    /// When.
    pub at: Instant,
    /// With whom they spoke.
    pub spoke_with: Option<String>,
    /// The reference number, where one was given.
    pub reference: Option<String>,
    /// What was told and asked, and by what right it was shared.
    pub words: String,
}

/// What they answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// In a word.
    pub answer: Answered,
    /// When.
    pub at: Instant,
    /// Who answered.
    pub spoke_with: Option<String>,
    /// The reference number, where it came with the answer.
    pub reference: Option<String>,
    /// What they said.
    pub words: String,
}

/// Records that somebody outside was asked. A child whom the concern holds is let go of to "police or social care", where they were asked.
///
/// Rule: B-209, E-016 (last row), SM-1. Errors: as for a decision; [`Refusal::Wrong`] without words, for a time to come, or where the concern is closed.
pub fn refer(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    referral: &Referral,
) -> Result<(), Refusal> {
    let said = Said {
        words: referral.words.clone(),
        agency: Some(referral.agency.key().to_owned()),
        spoke_with: referral.spoke_with.clone(),
        reference: referral.reference.clone(),
        ..Said::default()
    };
    let event = match referral.agency.is_police_or_social_care() {
        true => Event::LeadGoesOutside,
        false => Event::LeadAsksForCalls,
    };
    let step = (Step::Refer(referral.agency), &said);
    outside(act, actor, keyring, id, (step, referral.at), Some(event))
}

/// Records what they answered.
///
/// Rule: SM 8.5: who does not accept leaves the decision with the lead. Errors: as for [`refer`]; [`Refusal::Wrong`] where nobody was asked.
pub fn reply(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    reply: &Reply,
) -> Result<(), Refusal> {
    let said = Said {
        words: reply.words.clone(),
        answer: Some(reply.answer.key().to_owned()),
        spoke_with: reply.spoke_with.clone(),
        reference: reply.reference.clone(),
        ..Said::default()
    };
    let step = (Step::Answer(reply.answer), &said);
    outside(act, actor, keyring, id, (step, reply.at), None)
}

fn outside(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    ((step, said), at): ((Step, &Said), Instant),
    event: Option<Event>,
) -> Result<(), Refusal> {
    must_decide(actor)?;
    let concern = to_change(act, keyring, id)?;
    after(concern.state(), step).map_err(|error| Refusal::Wrong(error.to_string()))?;
    if said.words.is_empty() {
        return wrong("Say what was told, asked or answered (B-209).");
    }
    let lines = [&said.spoke_with, &said.reference];
    must_be_short(lines.into_iter().flatten().chain([&said.words]))?;
    if at > act.at() || at < concern.raised_at.plus_seconds(-59) {
        return wrong("Give the time: not before the concern was raised, and not after now.");
    }
    if let Some(event) = event {
        lead_decided(act, actor, concern.enrolment, event)?;
    }
    step_at(act, actor, keyring, &concern, (step, said), at)
}

/// The questions that both forms ask.
fn common(now: Instant, words: &'static str, hint: &'static str) -> Vec<Field> {
    let (today, time) = now.in_london();
    vec![
        Field::day("on", "On").value(today.to_string()),
        Field {
            width: "short",
            ..Field::new(FieldKind::Time, "at", "At")
        }
        .value(format!("{:02}:{:02}", time.hour(), time.minute())),
        Field::line("spoke_with", "Who spoke for them").optional(),
        Field::line("reference", "Reference number")
            .hint("Of the police log or the referral. Add it later with their answer.")
            .optional(),
        Field::new(FieldKind::Lines, "words", words).hint(hint),
    ]
}

fn must_be_there(
    tx: &mut Tx,
    actor: &Actor,
    keyring: &Keyring,
    (school, id): (SchoolId, i64),
) -> Result<(), Refusal> {
    must_decide(actor)?;
    one(tx, keyring, school, id)?
        .map(drop)
        .ok_or(Refusal::NotFound)
}

fn crumb(id: i64) -> (String, &'static str) {
    (format!("/concerns/{id}"), "Concern")
}

fn refer_form(now: Instant, id: i64) -> FormPage {
    let agencies = Agency::ALL.map(|agency| Choice::new(agency.key(), agency.words()));
    let mut fields = vec![Field::radios("agency", "Who was asked", agencies.to_vec())];
    fields.extend(common(
        now,
        "What you told them, what you asked for, and by what right you shared it",
        "With the family's consent, or why it was shared without (B-209).",
    ));
    FormPage::new(
        "Record a referral",
        crumb(id),
        "Keep the referral",
        vec![Part::new("", fields)],
    )
    .about("It is kept with your name. A child on the morning's list goes to \u{201c}police or social care\u{201d}; the ladder's last step is done by it (E-016, SM-1).")
}

fn reply_form(now: Instant, id: i64) -> FormPage {
    let answers = Answered::ALL.map(|answer| Choice::new(answer.key(), answer.words()));
    let mut fields = vec![Field::radios("answer", "Their answer", answers.to_vec())];
    fields.extend(common(now, "What they said", "Who does what by when."));
    FormPage::new(
        "Their answer",
        crumb(id),
        "Keep their answer",
        vec![Part::new("", fields)],
    )
}

/// When it was, as the form says.
fn moment(answers: &Answers, wrongs: &mut Wrongs) -> Option<Instant> {
    let on = answers.day("on", wrongs)?;
    match answers.text("at").parse() {
        Ok(time) => Some(Instant::at_london(on, time)),
        Err(_) => {
            wrongs.add("at", "Give the time, as 10:30.");
            None
        }
    }
}

/// `GET /concerns/{concern}/refer`.
pub(super) async fn ask_refer(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    ask(desk, id, refer_form).await
}

/// `GET /concerns/{concern}/answer`.
pub(super) async fn ask_reply(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    ask(desk, id, reply_form).await
}

async fn ask(desk: Desk, id: i64, made: fn(Instant, i64) -> FormPage) -> Result<Response, Problem> {
    let office = desk.office.clone();
    form::ask(desk, move |tx, actor, _| {
        must_be_there(tx, actor, &office.keyring, (actor.school, id))?;
        Ok(made(office.now(), id))
    })
    .await
}

/// `POST /concerns/{concern}/refer`.
pub(super) async fn answer_refer(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let keyring = desk.office.keyring.clone();
    form::answer(desk, move |act, actor, _| {
        must_be_there(act.tx(), actor, &keyring, (actor.school, id))?;
        let form = refer_form(act.at(), id);
        let mut wrongs = Wrongs::default();
        let at = moment(&answers, &mut wrongs);
        let agency = Agency::from_key(answers.text("agency"));
        if agency.is_none() {
            wrongs.add("agency", "Choose who was asked.");
        }
        let (Some(agency), Some(at)) = (agency, at) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let referral = Referral {
            agency,
            at,
            spoke_with: answers.given("spoke_with"),
            reference: answers.given("reference"),
            words: answers.text("words").to_owned(),
        };
        let done = refer(act, actor, &keyring, id, &referral);
        told(done, form, &answers, (id, "referred"))
    })
    .await
}

/// `POST /concerns/{concern}/answer`.
pub(super) async fn answer_reply(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let keyring = desk.office.keyring.clone();
    form::answer(desk, move |act, actor, _| {
        must_be_there(act.tx(), actor, &keyring, (actor.school, id))?;
        let form = reply_form(act.at(), id);
        let mut wrongs = Wrongs::default();
        let at = moment(&answers, &mut wrongs);
        let answer = Answered::from_key(answers.text("answer"));
        if answer.is_none() {
            wrongs.add("answer", "Choose what they answered.");
        }
        let (Some(answer), Some(at)) = (answer, at) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let given = Reply {
            answer,
            at,
            spoke_with: answers.given("spoke_with"),
            reference: answers.given("reference"),
            words: answers.text("words").to_owned(),
        };
        let done = reply(act, actor, &keyring, id, &given);
        told(done, form, &answers, (id, "answered"))
    })
    .await
}

/// On to the concern, or the form again with the ground.
fn told(
    done: Result<(), Refusal>,
    form: FormPage,
    answers: &Answers,
    (id, did): (i64, &str),
) -> Result<Outcome, Refusal> {
    match done {
        Ok(()) => Ok(Outcome::done(&format!("/concerns/{id}"), did)),
        Err(Refusal::Wrong(ground)) => {
            let mut wrongs = Wrongs::default();
            wrongs.add("words", ground);
            Ok(Outcome::again(form, answers, &wrongs))
        }
        Err(other) => Err(other),
    }
}
