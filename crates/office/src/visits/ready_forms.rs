//! Getting a visit ready: the risk check of the address, and who goes (E-196).

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::Day;
use store::{Tx, args};
use welfare::visit::Warnings;

use super::go::{Going, Looked, check, staff};
use super::visit::{Whole, one};
use super::who::pupil_to_visit;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, tick, yes_no};
use crate::ids::StaffId;
use crate::people::Actor;
use crate::shell::{Choice, Field, FieldKind};

/// The visit of a form, for somebody who may see it.
pub(super) fn asked_of(tx: &mut Tx, actor: &Actor, id: i64, today: Day) -> Result<Whole, Refusal> {
    let whole = one(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    pupil_to_visit(tx, actor, whole.visit.enrolment, today)?;
    Ok(whole)
}

pub(super) fn again_with(
    field: &'static str,
    refusal: Refusal,
    form: FormPage,
    answers: &Answers,
) -> Result<Outcome, Refusal> {
    match refusal {
        Refusal::Wrong(ground) => {
            let mut wrongs = Wrongs::default();
            wrongs.add(field, ground);
            Ok(Outcome::again(form, answers, &wrongs))
        }
        other => Err(other),
    }
}

pub(super) fn crumb(id: i64) -> (String, &'static str) {
    (format!("/visits/{id}"), "Visit")
}

fn check_form(whole: &Whole) -> FormPage {
    let known = |name: &'static str, label: &'static str, is: Option<bool>| {
        let value = match is {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        yes_no(name, label).value(value)
    };
    let before = whole.checked.as_ref();
    let warned = before.map(|checked| checked.check.warnings);
    let note = before.and_then(|checked| checked.note.clone());
    let part = Part::new(
        "What is known of the address",
        vec![
            known("dogs", "Dogs", warned.map(|known| known.dogs)),
            known(
                "violence",
                "Violence or threats",
                warned.map(|known| known.violence),
            ),
            known("weapons", "Weapons", warned.map(|known| known.weapons)),
            known(
                "agency",
                "Warning of another agency",
                warned.map(|known| known.agency),
            ),
            known(
                "never_alone",
                "Nobody goes there alone",
                warned.map(|known| known.never_alone),
            ),
            Field::line("note", "What is known, and what they do about it")
                .value(note.unwrap_or_default())
                .optional(),
            tick(
                "stay_away",
                "Nobody is to go: the safeguarding lead decides what else is done",
            ),
        ],
    );
    FormPage::new("Risk check", crumb(whole.visit.id), "Keep the risk check", vec![part])
        .about("Ask whoever knows the family, the safeguarding lead and the record before you answer. It is kept with your name and today's date, and holds for seven days. Nobody leaves without it (E-196).")
}

/// `GET /visits/{visit}/check`.
pub(super) async fn ask_check(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        Ok(check_form(&asked_of(tx, actor, id, today)?))
    })
    .await
}

/// `POST /visits/{visit}/check`.
pub(super) async fn answer_check(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = check_form(&asked_of(act.tx(), actor, id, today)?);
        let mut wrongs = Wrongs::default();
        let mut known = |name: &'static str| {
            let answer = answers.yes_or_no(name);
            if answer.is_none() {
                wrongs.add(name, "Answer yes or no. Ask if you do not know.");
            }
            answer.unwrap_or(false)
        };
        let looked = Looked {
            warnings: Warnings {
                dogs: known("dogs"),
                violence: known("violence"),
                weapons: known("weapons"),
                agency: known("agency"),
                never_alone: known("never_alone"),
            },
            stay_away: answers.ticked("stay_away"),
            note: answers.given("note"),
        };
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        match check(act, actor, id, &looked) {
            Ok(()) => Ok(Outcome::done(&format!("/visits/{id}"), "checked")),
            Err(refusal) => again_with("note", refusal, form, &answers),
        }
    })
    .await
}

const STAFF: &str = "\
select staff_id, title, forename, surname from staff
where school_id = $1 and superseded_seq is null and (leaving_day is null or leaving_day >= $2) order by surname, forename, staff_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[STAFF];

/// What a member of staff who goes is called.
pub(super) fn name_of_staff(
    tx: &mut Tx,
    actor: &Actor,
    staff: StaffId,
    today: Day,
) -> Result<String, Refusal> {
    let all = colleagues(tx, actor, today)?.into_iter();
    let mut own = all.filter(|(id, _)| *id == staff).map(|(_, name)| name);
    Ok(own.next().unwrap_or_else(|| "somebody".to_owned()))
}

fn colleagues(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Vec<(StaffId, String)>, Refusal> {
    let all = tx.query(STAFF, &args![actor.school, today], |row| {
        let parts = [row.get::<Option<String>>(1)?, row.get(2)?, row.get(3)?];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok((row.get(0)?, name))
    })?;
    Ok(all)
}

fn staff_form(tx: &mut Tx, actor: &Actor, whole: &Whole, today: Day) -> Result<FormPage, Refusal> {
    let all = colleagues(tx, actor, today)?;
    let visit = &whole.visit;
    let choose =
        |name: &'static str, label: &'static str, nobody: &'static str, now: Option<StaffId>| {
            let mut choices = vec![Choice::new("", nobody)];
            choices.extend(
                all.iter()
                    .map(|(id, name)| Choice::new(id.to_string(), name.clone())),
            );
            let value = now.map(|id| id.to_string()).unwrap_or_default();
            Field::select(name, label, choices).value(value)
        };
    let given = |value: &Option<String>| value.clone().unwrap_or_default();
    let own = visit.staff[0].or(actor.staff.filter(|_| visit.staff == [None, None]));
    let part =
        Part::new(
            "",
            vec![
            choose("one", "Who goes", "Choose", own),
            choose(
                "two",
                "Who goes too",
                "Nobody: one goes alone",
                visit.staff[1],
            )
            .optional(),
            Field::line("alone_because", "Why one may go alone")
                .hint("Only where one goes alone; allowed by whoever authorises visits.")
                .value(given(&visit.alone_because))
                .optional(),
            Field::new(FieldKind::Telephone, "phone", "Number on which they are rung")
                .value(given(&visit.phone))
                .short(),
            Field::line("vehicle", "Car")
                .hint(
                    "Such as: school minibus; the registration of a private car, insured for work.",
                )
                .value(given(&visit.vehicle))
                .optional(),
        ],
        );
    Ok(
        FormPage::new("Who goes", crumb(visit.id), "Keep who goes", vec![part])
            .about("Two staff go, unless one alone was allowed after the risk check (E-196)."),
    )
}

/// `GET /visits/{visit}/staff`.
pub(super) async fn ask_staff(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let whole = asked_of(tx, actor, id, today)?;
        staff_form(tx, actor, &whole, today)
    })
    .await
}

/// `POST /visits/{visit}/staff`.
pub(super) async fn answer_staff(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let whole = asked_of(act.tx(), actor, id, today)?;
        let form = staff_form(act.tx(), actor, &whole, today)?;
        let going = Going {
            staff: ["one", "two"].map(|name| answers.number(name).map(StaffId)),
            alone_because: answers.given("alone_because"),
            vehicle: answers.given("vehicle"),
            phone: answers.given("phone"),
        };
        match staff(act, actor, id, &going) {
            Ok(()) => Ok(Outcome::done(&format!("/visits/{id}"), "staffed")),
            Err(Refusal::NotAllowed(ground)) => {
                again_with("alone_because", Refusal::Wrong(ground), form, &answers)
            }
            Err(refusal) => again_with("one", refusal, form, &answers),
        }
    })
    .await
}
