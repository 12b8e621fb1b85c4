//! The sheets that go with those who visit: where, what for, what is known of the address, whom to expect, and room to write.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use store::Tx;
use welfare::visit::{Found, State as Stands};

use super::page::day_of;
use super::shown::Shown;
use super::visit::{Whole, round};
use super::who::Sight;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::people::Actor;
use crate::roll::contacts_of;
use crate::shell::{Frame, Page, State};

struct Sheet {
    number: usize,
    name: String,
    form: String,
    age: i32,
    address: String,
    purpose: String,
    authorised: String,
    staff: String,
    phone: String,
    check: String,
    people: Vec<String>,
    /// How the child comes to school with them, in lines; empty where they only visit.
    brings: Vec<(&'static str, String)>,
    is_to_bring: bool,
}

#[derive(Template)]
#[template(path = "visits/sheet.html")]
struct SheetPage {
    frame: Frame,
    day: String,
    sheets: Vec<Sheet>,
    found: [Found; 6],
    none: State,
}

/// `GET /visits/sheet?day=`: a sheet for each visit that is still to be made or under way.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Page(made(&here, tx, actor, &asked)?).into_response()))
        .await
}

fn made(desk: &Desk, tx: &mut Tx, actor: &Actor, asked: &Answers) -> Result<SheetPage, Refusal> {
    let now = desk.office.now();
    let (today, _) = now.in_london();
    let sight = Sight::of(tx, actor, today)?;
    let day = day_of(asked, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let shown = Shown {
        book: &book,
        sight,
        now,
    };
    let mut sheets = Vec::new();
    for whole in round(tx, actor.school, day)? {
        let state = whole.state(today);
        if matches!(state, Stands::Ordered | Stands::Cleared | Stands::Out)
            && let Some(sheet) = sheet(tx, &shown, &whole, sheets.len() + 1)?
        {
            sheets.push(sheet);
        }
    }
    Ok(SheetPage {
        frame: desk.frame(tx, actor, "Visit sheets")?,
        day: day.long(),
        sheets,
        found: Found::ALL,
        none: State::empty(
            "No sheet",
            "Every visit of this day is made, or none is planned.",
        ),
    })
}

fn sheet(
    tx: &mut Tx,
    shown: &Shown<'_>,
    whole: &Whole,
    number: usize,
) -> Result<Option<Sheet>, Refusal> {
    let Some(pupil) = shown.pupil(whole) else {
        return Ok(None);
    };
    let mut people = Vec::new();
    if shown.sight.sees_contacts(pupil.id) {
        for contact in contacts_of(tx, shown.book.school, pupil.id)? {
            let numbers: Vec<String> = contact
                .routes
                .iter()
                .filter(|route| route.rings())
                .map(|route| route.shown())
                .collect();
            let heed = match (contact.do_not_contact, contact.court_order) {
                (true, _) => ": do not contact",
                (false, true) => ": court order, read it first",
                (false, false) => "",
            };
            let (name, relation) = (contact.name(), &contact.relationship);
            people.push(format!("{name}, {relation}{heed} {}", numbers.join(", ")));
        }
    }
    Ok(Some(Sheet {
        number,
        name: pupil.called(),
        form: shown.form(whole),
        age: pupil.birth_day.age_on(shown.today()),
        address: shown.address(tx, pupil.id)?,
        purpose: shown.purpose(whole),
        authorised: match whole.visit.authorised_by {
            Some(account) => shown.person(account),
            None => "nobody yet: do not leave".to_owned(),
        },
        staff: shown.staff(whole),
        phone: whole.visit.phone.clone().unwrap_or_default(),
        check: shown.check(whole),
        people,
        brings: brings(shown, whole),
        is_to_bring: whole.collection_state(shown.today()).is_some(),
    }))
}

fn brings(shown: &Shown<'_>, whole: &Whole) -> Vec<(&'static str, String)> {
    let Some(own) = &whole.collection else {
        return Vec::new();
    };
    let prepared = &own.prepared;
    let insured = prepared
        .insured_until
        .map(|day| format!("insured for work until {}", day.long()));
    let car = [whole.visit.vehicle.clone(), insured].into_iter().flatten();
    let car = car.collect::<Vec<_>>().join(", ");
    let said = [
        ("Authorised by", shown.collection_authoriser(whole)),
        ("Drives", prepared.driver.map(|driver| shown.member(driver))),
        ("Car", Some(car)),
        ("Who sits where", prepared.seating.clone()),
        (
            "Consent",
            prepared.agreed.as_ref().map(|agreed| shown.consent(agreed)),
        ),
        ("Way home", prepared.way_home.clone()),
    ];
    said.into_iter()
        .map(|(name, value)| (name, value.unwrap_or_default()))
        .collect()
}
