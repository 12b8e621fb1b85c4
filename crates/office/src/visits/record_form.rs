//! Writing down what a visit found: the form of its record (E-196, E-197).

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use store::Tx;
use welfare::visit::Found;

use super::found::{LONGEST_ACCOUNT, Wrote, write_down};
use super::one_page::time_on;
use super::ready_forms::{asked_of, crumb};
use super::shown::Shown;
use super::visit::Whole;
use super::who::Sight;
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Part, Wrongs, yes_no};
use crate::ids::StaffId;
use crate::people::Actor;
use crate::shell::{Choice, Field, FieldKind};

fn record_form(shown: &Shown<'_>, whole: &Whole) -> FormPage {
    let found = Found::ALL.map(|found| Choice::new(found.key(), found.words()));
    let mut seen_by = vec![Choice::new("", "The child was not seen")];
    let goes = whole.visit.staff.into_iter().flatten();
    seen_by.extend(goes.map(|staff| Choice::new(staff.to_string(), shown.member(staff))));
    let before = whole.record.as_ref();
    let given = |value: Option<&Option<String>>| value.cloned().flatten().unwrap_or_default();
    let (_, now) = shown.now.in_london();
    let now = format!("{:02}:{:02}", now.hour(), now.minute());
    let at_door = before.map_or(now, |record| record.at_door.in_london().1.to_string());
    let at_the_door = Part::new(
        "At the door",
        vec![
            Field::radios("found", "What was found", found.to_vec())
                .value(before.map_or("", |record| record.found.key())),
            Field {
                width: "short",
                ..Field::new(FieldKind::Time, "at_door", "When")
            }
            .value(at_door),
            Field::line(
                "answered_by",
                "Who answered, and what they are to the child",
            )
            .value(given(before.map(|record| &record.answered_by)))
            .optional(),
        ],
    );
    let child = Part::new(
        "The child",
        vec![
            Field::select("seen_by", "Who saw the child", seen_by)
                .value(
                    before
                        .and_then(|record| record.seen_by)
                        .map(|staff| staff.to_string())
                        .unwrap_or_default(),
                )
                .optional(),
            Field::line("seen_where", "Where the child was seen")
                .hint("Such as: at the door; in the living room; at the grandmother's, 4 Sample Lane.")
                .value(given(before.map(|record| &record.seen_where)))
                .optional(),
            yes_no("alone", "Spoken to alone")
                .value(match before.and_then(|record| record.alone) {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                })
                .optional(),
        ],
    );
    let account = Part::new(
        "What was seen and said",
        vec![
            Field::new(
                FieldKind::Lines,
                "facts",
                "Facts: what was seen and said, condition of child and home",
            )
            .hint(format!("Up to {LONGEST_ACCOUNT} letters."))
            .value(given(before.map(|record| &record.facts)))
            .optional(),
            Field::new(
                FieldKind::Lines,
                "opinion",
                "What you make of it, kept apart from the facts",
            )
            .value(given(before.map(|record| &record.opinion)))
            .optional(),
            Field::day("reply_on", "The card asks for a reply by: day").optional(),
            Field {
                width: "short",
                ..Field::new(
                    FieldKind::Time,
                    "reply_at",
                    "The card asks for a reply by: time",
                )
            }
            .optional(),
            Field::line("next_step", "What comes next")
                .value(given(before.map(|record| &record.next_step)))
                .optional(),
        ],
    );
    let concern = Part::new(
        "For the safeguarding lead alone",
        vec![
            Field::new(FieldKind::Lines, "concern", "What worries you")
                .hint("It does not stay with the visit: the safeguarding team reads it, and nobody else who reads visits learns of it. The child stays on the list until the lead decides (E-020).")
                .optional(),
        ],
    );
    FormPage::new(
        "What was found",
        crumb(whole.visit.id),
        "Keep the record",
        vec![at_the_door, child, account, concern],
    )
    .about("Only a child who was seen, and of whom there is no concern, counts as located by it (SM-1). The log of contacts gets the line of the outcome; the account stays here (E-197).")
}

fn shown_for<'b>(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    book: &'b Book,
) -> Result<Shown<'b>, Refusal> {
    let now = desk.office.now();
    Ok(Shown {
        sight: Sight::of(tx, actor, now.in_london().0)?,
        book,
        now,
    })
}

/// `GET /visits/{visit}/record`.
pub(super) async fn ask_record(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        let whole = asked_of(tx, actor, id, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let shown = shown_for(&here, tx, actor, &book)?;
        Ok(record_form(&shown, &whole))
    })
    .await
}

/// What the form of a record says; what is wrong with it otherwise.
fn wrote(answers: &Answers, whole: &Whole, wrongs: &mut Wrongs) -> Option<Wrote> {
    let found = Found::from_key(answers.text("found"));
    if found.is_none() {
        wrongs.add("found", "Choose what was found.");
    }
    let day = whole
        .visit
        .left_at
        .map_or(whole.visit.day, |at| at.in_london().0);
    let at_door = time_on(answers.text("at_door"), day);
    if at_door.is_none() {
        wrongs.add("at_door", "Give the time at the door, as 10:30.");
    }
    let reply_on = answers.day_if_given("reply_on", wrongs);
    let reply_at = answers.text("reply_at");
    let reply_by = match (reply_on, reply_at) {
        (None, "") => None,
        (on, at) => time_on(at, on.unwrap_or(day)),
    };
    if reply_by.is_none() && (reply_on.is_some() || !reply_at.is_empty()) {
        wrongs.add(
            "reply_at",
            "Give the time by which a reply is asked for, as 16:00.",
        );
    }
    if !wrongs.is_empty() {
        return None;
    }
    Some(Wrote {
        found: found?,
        at_door: at_door?,
        seen_by: answers.number("seen_by").map(StaffId),
        seen_where: answers.given("seen_where"),
        alone: answers.yes_or_no("alone"),
        answered_by: answers.given("answered_by"),
        facts: answers.given("facts"),
        opinion: answers.given("opinion"),
        reply_by,
        next_step: answers.given("next_step"),
        concern: answers.given("concern"),
    })
}

/// `POST /visits/{visit}/record`.
pub(super) async fn answer_record(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (here, given) = (desk.clone(), answers.clone());
    let keyring = desk.office.keyring.clone();
    let done = desk
        .act(move |act, actor| {
            let (today, _) = act.at().in_london();
            let whole = asked_of(act.tx(), actor, id, today)?;
            let mut wrongs = Wrongs::default();
            if let Some(wrote) = wrote(&given, &whole, &mut wrongs) {
                match write_down(act, actor, &keyring, id, &wrote) {
                    Ok(()) => return Ok(None),
                    Err(Refusal::Wrong(ground)) => wrongs.add("found", ground),
                    Err(other) => return Err(other),
                }
            }
            Ok(Some(wrongs))
        })
        .await?;
    match done {
        None => Ok(Redirect::to(&format!("/visits/{id}?did=recorded")).into_response()),
        Some(wrongs) => {
            form::again(desk, answers, wrongs, move |tx, actor, today| {
                let whole = asked_of(tx, actor, id, today)?;
                let book = here.office.shelf.book(tx, actor.school)?;
                let shown = shown_for(&here, tx, actor, &book)?;
                Ok(record_form(&shown, &whole))
            })
            .await
        }
    }
}
