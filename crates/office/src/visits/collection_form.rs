//! The form of a collection from home: who drives, consent, seats, the way home (E-198).

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::Day;
use store::Tx;
use welfare::collection::Consent;

use super::collection::{Agreed, Prepared, prepare, standing_consent};
use super::ready_forms::{again_with, asked_of, crumb, name_of_staff};
use super::visit::Whole;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, tick};
use crate::ids::StaffId;
use crate::people::Actor;
use crate::shell::{Choice, Field};

fn collection_form(
    tx: &mut Tx,
    actor: &Actor,
    whole: &Whole,
    today: Day,
) -> Result<FormPage, Refusal> {
    let visit = &whole.visit;
    let known = whole.collection.as_ref().map(|known| &known.prepared);
    let standing = match known.and_then(|known| known.agreed.clone()) {
        Some(agreed) => Some(agreed),
        None => standing_consent(tx, actor, visit.enrolment)?,
    };
    let line = |name: &'static str, label: &'static str, value: Option<&Option<String>>| {
        let value = value.cloned().flatten();
        Field::line(name, label)
            .value(value.unwrap_or_default())
            .optional()
    };
    let mut drivers = vec![Choice::new("", "Choose")];
    for staff in visit.staff.into_iter().flatten() {
        let name = name_of_staff(tx, actor, staff, today)?;
        drivers.push(Choice::new(staff.to_string(), name));
    }
    let driver = known.and_then(|known| known.driver);
    let insured = known.and_then(|known| known.insured_until);
    let licence = tick("licence_seen", "The driver's licence was seen");
    let licence = match known.is_some_and(|known| known.licence_seen) {
        true => licence.value("yes"),
        false => licence,
    };
    let car = Part::new(
        "In the car",
        vec![
            Field::select("driver", "Who drives", drivers)
                .hint("One of those who go. Who goes, and the car, are said under Who goes.")
                .value(driver.map(|driver| driver.to_string()).unwrap_or_default())
                .optional(),
            licence,
            Field::day("insured_until", "The car is insured for work until")
                .value(insured.map(|day| day.to_string()).unwrap_or_default())
                .optional(),
            line(
                "second_adult",
                "Second adult, where only one of the staff goes",
                known.map(|known| &known.second_adult),
            )
            .hint("Who, and what they are, such as: R Sampleton, family support worker."),
            line(
                "seating",
                "Who sits where",
                known.map(|known| &known.seating),
            )
            .hint("Such as: in the back on the left, belted; the second adult beside."),
        ],
    );
    let choices = Consent::ALL.map(|consent| Choice::new(consent.key(), consent.words()));
    let mut consents = vec![Choice::new("", "Not given")];
    consents.extend(choices);
    let agreed = |what: fn(&Agreed) -> String| standing.as_ref().map(what).unwrap_or_default();
    let parent = Part::new(
        "A parent's consent",
        vec![
            Field::select("consent", "Consent", consents)
                .hint("A standing one is offered again at the next trip, until another answer is written down.")
                .value(agreed(|agreed| agreed.to.key().to_owned()))
                .optional(),
            Field::line("consent_by", "Given by, and how")
                .hint("Such as: mother, by telephone.")
                .value(agreed(|agreed| agreed.by.clone()))
                .optional(),
            Field::day("consent_on", "On")
                .value(agreed(|agreed| agreed.on.to_string()))
                .optional(),
        ],
    );
    let after = Part::new(
        "Afterwards",
        vec![
            line(
                "way_home",
                "How the child gets home",
                known.map(|known| &known.way_home),
            )
            .hint("Such as: the usual bus at 15:10; the father collects."),
        ],
    );
    Ok(FormPage::new(
        "Bring the child to school",
        crumb(visit.id),
        "Keep it",
        vec![car, parent, after],
    )
    .about("Two staff go, or one and a second adult; nobody drives off with the child until all of this stands. Nobody is made to come: where the child or a parent says no, write it down and leave it there (E-198)."))
}

/// `GET /visits/{visit}/collection`.
pub(super) async fn ask(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let whole = asked_of(tx, actor, id, today)?;
        collection_form(tx, actor, &whole, today)
    })
    .await
}

/// What the form says; what is wrong with it otherwise.
fn prepared(answers: &Answers, wrongs: &mut Wrongs) -> Prepared {
    let insured_until = answers.day_if_given("insured_until", wrongs);
    let on = answers.day_if_given("consent_on", wrongs);
    let (to, by) = (
        Consent::from_key(answers.text("consent")),
        answers.given("consent_by"),
    );
    let agreed = match (to, by, on) {
        (Some(to), Some(by), Some(on)) => Some(Agreed { to, by, on }),
        (None, ..) => None,
        (Some(_), by, on) => {
            if by.is_none() {
                wrongs.add("consent_by", "Say who gave it, and how.");
            }
            if on.is_none() && !wrongs.has("consent_on") {
                wrongs.add("consent_on", "Say on which day.");
            }
            None
        }
    };
    Prepared {
        second_adult: answers.given("second_adult"),
        driver: answers.number("driver").map(StaffId),
        licence_seen: answers.ticked("licence_seen"),
        insured_until,
        agreed,
        seating: answers.given("seating"),
        way_home: answers.given("way_home"),
    }
}

/// `POST /visits/{visit}/collection`.
pub(super) async fn answer(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let whole = asked_of(act.tx(), actor, id, today)?;
        let form = collection_form(act.tx(), actor, &whole, today)?;
        let mut wrongs = Wrongs::default();
        let said = prepared(&answers, &mut wrongs);
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        match prepare(act, actor, id, &said) {
            Ok(()) => Ok(Outcome::done(&format!("/visits/{id}"), "prepared")),
            Err(refusal) => again_with("driver", refusal, form, &answers),
        }
    })
    .await
}
