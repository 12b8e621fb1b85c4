//! The page on which the morning is signed off.

use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::{StoreError, Tx};

use super::cases::cases;
use super::sign_off::{Measures, measures, must_sign, sign_off};
use super::who::Sight;
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Part};
use crate::messages::staff::{Kind as Mail, Post, tell_leaders};
use crate::people::Actor;
use crate::registers::save::LONGEST_TEXT;
use crate::shell::Field;

/// `GET /morning/sign-off`.
pub(super) async fn ask(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        let (_, measures) = read(&here, tx, actor)?;
        must_sign(actor)?;
        Ok(question(&measures))
    })
    .await
}

/// The number at which the record was read, and the measures at it.
fn read(desk: &Desk, tx: &mut Tx, actor: &Actor) -> Result<(i64, Measures), Refusal> {
    let now = desk.office.now();
    let (today, _) = now.in_london();
    Sight::of(tx, actor, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let day = cases(tx, &book, today, now)?;
    let measures = measures(&day, now)
        .ok_or_else(|| Refusal::Wrong("The school does not meet today.".to_owned()))?;
    Ok((book.seq, measures))
}

fn question(measures: &Measures) -> FormPage {
    let note = Field {
        required: false,
        ..Field::line("note", "What leaders should know")
            .hint("Such as: two visits under way; register of 9B taken by the office.")
    };
    FormPage::new(
        "Sign off the morning",
        ("/morning", "Morning"),
        "Sign off the morning",
        vec![Part::new("", vec![note])],
    )
    .about("The two measures below are kept as they stand now, with your name. Who is still open stays on the board and goes into the afternoon by itself. It can be signed off again later.")
    .help(vec![Help {
        heading: "The morning so far".to_owned(),
        lines: in_words(measures),
    }])
}

/// The measures in words.
pub(super) fn in_words(measures: &Measures) -> Vec<String> {
    let located = measures.children - measures.still_open;
    let mut lines = vec![match measures.children {
        0 => "Nobody was missed.".to_owned(),
        children => format!("{located} of {children} children who were missed are located."),
    }];
    lines.push(match measures.minutes_to_all {
        Some(minutes) => {
            format!("Minutes from the register's close until every child was located: {minutes}.")
        }
        None => format!(
            "Minutes from the register's close until every child was located: {} not located yet.",
            measures.still_open
        ),
    });
    if let Some(minutes) = measures.median_minutes {
        lines.push(format!(
            "Half of them were located within {minutes} minutes of the close."
        ));
    }
    lines.push(match measures.open_at_ten {
        Some(count) => format!("Children not located at 10:00: {count}."),
        None => "Children not located at 10:00: it is not ten yet.".to_owned(),
    });
    lines
}

/// How a day's morning was signed off for the last time, for those who lead the school; none while it is not.
pub(crate) fn signed_in_words(
    tx: &mut Tx,
    book: &Book,
    day: Day,
) -> Result<Option<Vec<String>>, StoreError> {
    let Some(signed) = super::entries::sign_off(tx, book.school, day)? else {
        return Ok(None);
    };
    let by = book.staff.with_account(signed.account);
    let by = by.map_or("somebody", |member| member.name.as_str());
    let mut words = vec![format!(
        "Signed off at {} by {by}.",
        signed.at.in_london().1
    )];
    words.extend(in_words(&Measures {
        children: signed.children as usize,
        still_open: signed.still_open as usize,
        minutes_to_all: signed.minutes_to_all,
        median_minutes: None,
        open_at_ten: signed.open_at_ten.map(|count| count as usize),
    }));
    words.extend(signed.note);
    Ok(Some(words))
}

/// `POST /morning/sign-off`.
pub(super) async fn answer(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    let note = answers.given("note");
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > LONGEST_TEXT)
    {
        let ground = "The note is longer than 500 characters. Shorten it and sign again.";
        return Err(desk.problem(Refusal::Wrong(ground.to_owned())));
    }
    let (as_of, measures, post) = desk
        .read(move |tx, actor| {
            let (as_of, measures) = read(&here, tx, actor)?;
            let (today, _) = here.office.today();
            let post = Post::of(&here.office, tx, actor.school, today, Mail::Morning)?;
            Ok((as_of, measures, post))
        })
        .await?;
    let mailed = desk
        .act(move |act, actor| {
            sign_off(act, actor, as_of, &measures, note.as_deref())?;
            tell_leaders(act, actor, &post, &in_words(&measures), note.is_some())
        })
        .await?;
    Ok(Redirect::to(&format!("/morning?did=signed&mailed={mailed}")).into_response())
}
