//! Planning a visit to somebody who is not on the board: finding the pupil, and the order.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use store::Tx;

use super::order::{Order, order};
use super::visit::Kind;
use super::who::{Sight, authorises, pupil_to_visit};
use crate::book::GroupKind;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Part, Wrongs, tick};
use crate::ids::EnrolmentId;
use crate::morning::{Case, cases};
use crate::people::Actor;
use crate::roll::Sought;
use crate::shell::{Choice, Field, Frame, Page, State};

/// So many pupils are shown of those who were found.
const MOST: usize = 20;

#[derive(Template)]
#[template(path = "visits/find.html")]
struct FindPage {
    frame: Frame,
    q: String,
    /// Time on roll, name, tutor group, and why they are offered.
    found: Vec<(i64, String, String, &'static str)>,
    none: State,
}

/// `GET /visits/find?q=`: those for whom a visit is due now, or who have the name that was typed.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Page(made(&here, tx, actor, &asked)?).into_response()))
        .await
}

fn made(desk: &Desk, tx: &mut Tx, actor: &Actor, asked: &Answers) -> Result<FindPage, Refusal> {
    let now = desk.office.now();
    let (today, _) = now.in_london();
    let sight = Sight::of(tx, actor, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let q = asked.text("q");
    let sought = Sought::of(q);
    let day = cases(tx, &book, today, now)?;
    let is_due = |enrolment: EnrolmentId| {
        let case = day.of(enrolment);
        case.is_some_and(|case: &Case| case.state == welfare::absence::State::VisitDue)
    };
    let mut found = Vec::new();
    for row in book.roll.rows_on(today) {
        let Some(pupil) = book.roll.pupil_of_row(row) else {
            continue;
        };
        let enrolment = book.roll.enrolments[row].id;
        let due = is_due(enrolment);
        let is_wanted = match sought.is_nothing() {
            true => due,
            false => sought.is_name(&pupil.folded),
        };
        if !is_wanted || !sight.may_plan(pupil.id) {
            continue;
        }
        let form = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
        let why = match due {
            true => "visit due",
            false => "",
        };
        let form = form.map(|form| form.name.clone()).unwrap_or_default();
        found.push((pupil.in_order, (enrolment.0, pupil.listed(), form, why)));
    }
    found.sort_by_key(|(in_order, _)| *in_order);
    let none = match sought.is_nothing() {
        true => State::empty("No visit is due", "Type a name to plan one all the same."),
        false => State::empty("Nobody", "No pupil on roll today has this name."),
    };
    Ok(FindPage {
        frame: desk.frame(tx, actor, "Plan a visit")?,
        q: q.to_owned(),
        found: found.into_iter().map(|(_, one)| one).take(MOST).collect(),
        none,
    })
}

fn order_form(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    enrolment: Option<i64>,
    kind: Kind,
) -> Result<FormPage, Refusal> {
    let enrolment = enrolment.map(EnrolmentId).ok_or(Refusal::NotFound)?;
    let (today, _) = desk.office.today();
    let (pupil, _) = pupil_to_visit(tx, actor, enrolment, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let name = book.roll.pupil(pupil).map(|pupil| pupil.called());
    let kinds = Kind::ALL.map(|kind| Choice::new(kind.key(), kind.words()));
    let part = Part::new(
        "",
        vec![
            Field::radios("kind", "What for", kinds.to_vec()).value(kind.key()),
            Field::line("purpose", "What is to come of it")
                .hint("Such as: see that she is well; agree the first morning back.")
                .optional(),
            Field::day("day", "Day").value(today.to_string()),
            tick(
                "parents_told",
                "Parents are told beforehand; not for a safe-and-well check",
            ),
        ],
    );
    let about = match authorises(actor) {
        true => "You authorise it by planning it (E-196).",
        false => {
            "Somebody who leads pastoral or safeguarding work, or manages attendance, authorises it before anybody leaves (E-196)."
        }
    };
    Ok(FormPage::new(
        "Plan a visit",
        ("/visits/find", "Plan a visit"),
        "Plan the visit",
        vec![part],
    )
    .headed(match name {
        Some(name) => format!("Plan a visit: {name}"),
        None => "Plan a visit".to_owned(),
    })
    .about(about))
}

/// `GET /visits/new?enrolment=&kind=`.
pub(super) async fn ask(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        let kind = Kind::from_key(asked.text("kind")).unwrap_or(Kind::Support);
        order_form(&here, tx, actor, asked.number("enrolment"), kind)
    })
    .await
}

/// `POST /visits/new?enrolment=`.
pub(super) async fn answer(
    desk: Desk,
    Query(asked): Query<Answers>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (here, given) = (desk.clone(), answers.clone());
    let enrolment = asked.number("enrolment");
    let done = desk
        .act(move |act, actor| {
            let mut wrongs = Wrongs::default();
            let day = given.day("day", &mut wrongs);
            let kind = Kind::from_key(given.text("kind"));
            if kind.is_none() {
                wrongs.add("kind", "Choose what the visit is for.");
            }
            let (Some(day), Some(kind)) = (day, kind) else {
                return Ok(Err(wrongs));
            };
            let wanted = Order {
                day,
                kind,
                purpose: given.given("purpose"),
                parents_told: given.ticked("parents_told"),
            };
            let enrolment = enrolment.map(EnrolmentId).ok_or(Refusal::NotFound)?;
            match order(act, actor, enrolment, &wanted) {
                Ok(id) => Ok(Ok(id)),
                Err(Refusal::Wrong(ground)) => {
                    wrongs.add("day", ground);
                    Ok(Err(wrongs))
                }
                Err(other) => Err(other),
            }
        })
        .await?;
    match done {
        Ok(id) => Ok(Redirect::to(&format!("/visits/{id}?did=planned")).into_response()),
        Err(wrongs) => {
            form::again(desk, answers, wrongs, move |tx, actor, _| {
                order_form(&here, tx, actor, enrolment, Kind::Support)
            })
            .await
        }
    }
}
