//! The forms of concerns: handing one over, and the lead's decision.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use calendar::Day;
use store::{SchoolId, Tx, args};
use welfare::concern::{Decision, Level};

use super::concern::one;
use super::raise::{LONGEST, raise};
use super::sealed::{Origin, Words};
use super::triage::{Decided, decide};
use super::who::{must_decide, pupil_of_concern};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, yes_no};
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Actor, Keyring};
use crate::shell::{Choice, Field, FieldKind};

// The newest time on roll that has begun.
const ENROLMENT_OF: &str = "\
select enrolment_id from enrolment where school_id = $1 and pupil_id = $2 and starting_day <= $3 and superseded_seq is null
order by starting_day desc, enrolment_id desc limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ENROLMENT_OF, NAME_OF];

/// The time on roll of the pupil whom an address names, for somebody who raises a concern about them.
fn asked_of(
    tx: &mut Tx,
    actor: &Actor,
    asked: &Answers,
    today: Day,
) -> Result<EnrolmentId, Refusal> {
    let pupil = asked.number("pupil").map(PupilId);
    let pupil = pupil.ok_or(Refusal::NotFound)?;
    let found = tx.query_opt(ENROLMENT_OF, &args![actor.school, pupil, today], |row| {
        row.get(0)
    })?;
    let enrolment = found.ok_or(Refusal::NotFound)?;
    pupil_of_concern(tx, actor, enrolment, today)?;
    Ok(enrolment)
}

const NAME_OF: &str = "\
select p.forename || ' ' || p.surname from pupil p
where p.school_id = $1 and p.pupil_id = $2 and p.superseded_seq is null";

fn raise_form(
    tx: &mut Tx,
    actor: &Actor,
    asked: &Answers,
    today: Day,
) -> Result<FormPage, Refusal> {
    asked_of(tx, actor, asked, today)?;
    let pupil = asked.number("pupil");
    let name: Option<String> =
        tx.query_opt(NAME_OF, &args![actor.school, pupil], |row| row.get(0))?;
    let lines = |name: &'static str, label: &'static str| Field::new(FieldKind::Lines, name, label);
    let told = Part::new(
        "What was seen or heard",
        vec![
            lines("facts", "Facts: what you saw or heard, who was there")
                .hint(format!("Up to {LONGEST} letters. It cannot be changed once it is handed over; you can add to it.")),
            lines("own_words", "The child's own words, as they were said").optional(),
            lines("opinion", "What you make of it, kept apart from the facts").optional(),
            Field::line("place", "When and where").optional(),
        ],
    );
    let now = Part::new(
        "Now",
        vec![
            yes_no("is_safe", "Is the child safe now").optional(),
            Field::line(
                "told",
                "Whom of the safeguarding team you have told in person",
            )
            .hint("If a child is in danger, tell them in person or ring 999 before you write.")
            .optional(),
        ],
    );
    Ok(FormPage::new(
        "Raise a concern",
        ("/concerns", "Concerns"),
        "Hand it over",
        vec![told, now],
    )
    .of(name.unwrap_or_default())
    .about("The safeguarding lead and the deputies read it, and whom they name; nobody else, and nobody else learns that there is one. You keep sight of what you wrote (B-206). A worry about an adult who works here goes to the headteacher in person and not here (B-217)."))
}

/// `GET /concerns/new?pupil=&from=&about=`.
pub(super) async fn ask_raise(
    desk: Desk,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        raise_form(tx, actor, &asked, today)
    })
    .await
}

/// What the form of a concern says.
fn words(asked: &Answers, answers: &Answers) -> Words {
    Words {
        about: asked.number("about"),
        own_words: answers.given("own_words"),
        opinion: answers.given("opinion"),
        place: answers.given("place"),
        is_safe: answers.yes_or_no("is_safe"),
        told: answers.given("told"),
        ..Words::of(
            Origin::from_key(asked.text("from")).unwrap_or(Origin::Seen),
            answers.text("facts"),
        )
    }
}

/// `POST /concerns/new?pupil=&from=&about=`.
pub(super) async fn answer_raise(
    desk: Desk,
    Query(asked): Query<Answers>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let keyring = desk.office.keyring.clone();
    form::answer(desk, move |act, actor, today| {
        let enrolment = asked_of(act.tx(), actor, &asked, today)?;
        match raise(act, actor, &keyring, enrolment, &words(&asked, &answers)) {
            Ok(_) => Ok(Outcome::done("/concerns", "raised")),
            Err(Refusal::Wrong(ground)) => {
                let mut wrongs = Wrongs::default();
                wrongs.add("facts", ground);
                let form = raise_form(act.tx(), actor, &asked, today)?;
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

fn decide_form(
    tx: &mut Tx,
    actor: &Actor,
    keyring: &Keyring,
    (school, id): (SchoolId, i64),
) -> Result<FormPage, Refusal> {
    must_decide(actor)?;
    let concern = one(tx, keyring, school, id)?.ok_or(Refusal::NotFound)?;
    let decisions = Decision::ALL.map(|decision| Choice::new(decision.key(), decision.words()));
    let levels = Level::ALL.map(|level| Choice::new(level.key(), level.key()));
    let decision = Part::new(
        "",
        vec![
            Field::radios("decision", "Decision", decisions.to_vec()),
            Field::new(FieldKind::Lines, "why", "Why")
                .hint("With the consent of the family, or the reason to share without it, where you share (B-209)."),
            Field::select("level", "Level", levels.to_vec())
                .value(concern.level().key())
                .short(),
            Field::line("next", "What comes next").optional(),
            Field::day("due", "By which day").optional(),
        ],
    );
    Ok(FormPage::new(
        "Decide on a concern",
        (format!("/concerns/{id}"), "Concern"),
        "Keep the decision",
        vec![decision],
    )
    .about("It is kept with your name and the time, and a later decision stands beside it (B-209). A child who is on the morning's list is let go of as you decide: back to the attendance office, to a visit, or to police and social care (E-020, SM-1). The office sees that, and not why."))
}

/// `GET /concerns/{concern}/decide`.
pub(super) async fn ask_decide(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let keyring = desk.office.keyring.clone();
    form::ask(desk, move |tx, actor, _| {
        decide_form(tx, actor, &keyring, (actor.school, id))
    })
    .await
}

/// `POST /concerns/{concern}/decide`.
pub(super) async fn answer_decide(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let keyring = desk.office.keyring.clone();
    form::answer(desk, move |act, actor, _| {
        let form = decide_form(act.tx(), actor, &keyring, (actor.school, id))?;
        let mut wrongs = Wrongs::default();
        let due = answers.day_if_given("due", &mut wrongs);
        let Some(decision) = Decision::from_key(answers.text("decision")) else {
            wrongs.add("decision", "Choose what is decided.");
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        let decided = Decided {
            decision,
            why: answers.text("why").to_owned(),
            level: Level::from_key(answers.text("level")).unwrap_or(Level::Low),
            next: answers.given("next"),
            due,
        };
        match decide(act, actor, &keyring, id, &decided) {
            Ok(()) => Ok(Outcome::done(&format!("/concerns/{id}"), "decided")),
            Err(Refusal::Wrong(ground)) => {
                let field = match (decided.why.is_empty(), decided.next.is_none()) {
                    (true, _) => "why",
                    (false, true) => "next",
                    (false, false) => "due",
                };
                wrongs.add(field, ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}
