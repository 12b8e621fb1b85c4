//! The page of the late door, and what its script sends.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use calendar::Instant;
use serde::{Deserialize, Serialize};
use store::Tx;

use super::ahead::{ArrivalShown, Door, Teller, door};
use super::arrival::{ArrivalOutcome, by_key};
use super::arrive::{Arrives, arrive};
use super::kiosk::{kiosks, unknown_waiting};
use super::log::signed_in_by;
use super::mismatch::number_of;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::people::{Actor, Place};
use crate::registers::late_marks_waiting;
use crate::roll::{CARD, Sought};
use crate::shell::{Face, Frame, MarkCell, Notice, Page};
use crate::year::settings::{LateReason, late_reasons};

/// Whether somebody keeps the door: whoever keeps the registers of the whole school.
pub(super) fn must_keep_door(actor: &Actor) -> Result<(), Refusal> {
    match Place::Door.is_open_to(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

#[derive(Template)]
#[template(path = "door/door.html")]
struct DoorPage {
    frame: Frame,
    arrivals: Vec<ArrivalShown>,
    reasons: Vec<LateReason>,
    /// A name of its own for what the form without script sends.
    key: String,
    /// What was typed, where it names nobody or several.
    typed: String,
    wrong: String,
    found: Vec<(i64, String, String)>,
    mismatches: usize,
    held: i64,
    unknown: usize,
    left: usize,
}

/// A mark in its face for an arrival's code.
pub(super) fn cell(one: &ArrivalShown) -> MarkCell {
    match one.code.as_str() {
        "L" => MarkCell::new("L", Face::Late, ""),
        "U" => MarkCell::new("U", Face::Unauthorised, ""),
        _ => MarkCell::none("no mark"),
    }
}

/// `/door`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    show(desk, asked.given("came"), String::new()).await
}

async fn show(desk: Desk, came: Option<String>, typed: String) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let shown = door(tx, actor, &book, now)?;
        let came = came.and_then(|key| shown.arrivals.iter().find(|one| one.key == key).cloned());
        let found = match typed.is_empty() {
            true => Vec::new(),
            false => sought(&book, &typed, now),
        };
        let wrong = match (typed.is_empty(), found.is_empty()) {
            (false, true) => {
                format!("Nobody on roll today is called “{typed}”, and it is nobody's card.")
            }
            _ => String::new(),
        };
        let page = DoorPage {
            frame: here
                .frame(tx, actor, "Late door")?
                .with_notice(came.map(|one| notice(&one))),
            reasons: late_reasons(&book.settings, now.in_london().0)?,
            key: format!("form-{}-{}", actor.account, now.micros()),
            typed,
            wrong,
            found,
            mismatches: number_of(tx, &book, now.in_london().0)?,
            held: late_marks_waiting(tx, actor.school)?,
            unknown: unknown_waiting(tx, actor.school)?.len(),
            left: super::left::open(tx, actor.school, now.in_london().0)?,
            arrivals: shown.arrivals,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn notice(one: &ArrivalShown) -> Notice {
    let text = format!(
        "{} {}, {} {}. {} Late {} this half-term; {}.",
        one.name,
        one.form,
        one.at,
        one.code,
        one.said,
        times(one.lates),
        one.counted
    );
    match one.outcome {
        "entered" | "agrees" => Notice::done(text),
        _ => Notice::heed(text),
    }
}

/// `once`, `4 times`.
pub(super) fn times(number: u32) -> String {
    match number {
        1 => "once".to_owned(),
        number => format!("{number} times"),
    }
}

/// Who may be meant: the pupil with this card, else those whose names begin so, those whose surname does first. Time on roll, name, tutor
/// group.
pub(super) fn sought(book: &Book, typed: &str, now: Instant) -> Vec<(i64, String, String)> {
    let (today, _) = now.in_london();
    let words = Sought::of(typed);
    let mut found: Vec<(bool, bool, u32, i64, String, String)> = book
        .roll
        .rows_on(today)
        .filter_map(|row| {
            let pupil = book.roll.pupil_of_row(row)?;
            let enrolment = book.roll.enrolments[row].id;
            let is_card = book.characteristics.on(pupil.id, CARD, today) == Some(typed.trim());
            if !is_card && (words.is_nothing() || !words.is_name(&pupil.folded)) {
                return None;
            }
            let form = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
            let form = form.map(|form| form.name.clone()).unwrap_or_default();
            let by_surname = words.begins_surname(&pupil.folded);
            Some((
                !is_card,
                !by_surname,
                pupil.in_order,
                enrolment.0,
                pupil.listed(),
                form,
            ))
        })
        .collect();
    found.sort();
    if found.first().is_some_and(|first| !first.0) {
        found.retain(|one| !one.0);
    }
    let found = found
        .into_iter()
        .map(|(.., enrolment, name, form)| (enrolment, name, form));
    found.take(12).collect()
}

/// `POST /door`: what the form without script sends: `who` or `pupil`, `reason`, `key`, `undo`.
pub(super) async fn form(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let typed = answers.text("who").to_owned();
    let chosen = match answers.number("pupil") {
        Some(enrolment) => Some(enrolment),
        None => {
            let here = desk.clone();
            let words = typed.clone();
            let found = desk
                .read(move |tx, actor| {
                    must_keep_door(actor)?;
                    let book = here.office.shelf.book(tx, actor.school)?;
                    Ok(sought(&book, &words, here.office.now()))
                })
                .await?;
            match found.as_slice() {
                [(enrolment, ..)] => Some(*enrolment),
                _ => None,
            }
        }
    };
    let Some(enrolment) = chosen else {
        return show(desk, None, typed).await;
    };
    let what = Arrives {
        key: answers.text("key").to_owned(),
        enrolment,
        reason: answers.given("reason"),
        undo: answers.ticked("undo"),
        ..Arrives::default()
    };
    let key = what.key.clone();
    desk.act(move |act, actor| arrive(act, actor, &what))
        .await?;
    Ok(Redirect::to(&format!("/door?came={key}")).into_response())
}

/// What the script sends: arrivals under their own names, since one pupil may come twice a day.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    sent_at: Option<String>,
    changes: Vec<SentArrival>,
}

#[derive(Debug, Deserialize)]
struct SentArrival {
    /// The arrival's own name. The word is the outbox's, for what it keeps apart.
    enrolment: String,
    /// The time on roll.
    pupil: i64,
    /// Milliseconds since 1970 by the device's clock.
    made: i64,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    came_with: Option<String>,
    #[serde(default)]
    undo: bool,
}

/// The answer to the script.
#[derive(Debug, Serialize)]
struct Answer {
    saved_at: String,
    results: Vec<ArrivalResult>,
}

#[derive(Debug, Serialize)]
struct ArrivalResult {
    enrolment: String,
    /// `saved`, `held` or `refused`.
    outcome: &'static str,
    message: String,
    base: i64,
    shown: Option<ArrivalShown>,
}

/// So many arrivals are taken at once: more than a gate has in two hours without a network.
const AT_ONCE: usize = 2_000;

/// `POST /door/save`: signs pupils in one after another, each as an act of its own, and answers what became of each.
pub(super) async fn save(desk: Desk, Json(sent): Json<Sent>) -> Result<Response, Problem> {
    if sent.changes.len() > AT_ONCE {
        let ground = "So many arrivals do not come at one door. Reload the page.";
        return Err(desk.problem(Refusal::Wrong(ground.to_owned())));
    }
    let sent_at = sent.sent_at.and_then(|text| text.parse().ok());
    let mut results = Vec::new();
    for change in sent.changes {
        let what = Arrives {
            key: change.enrolment.clone(),
            enrolment: change.pupil,
            made: Some(Instant::from_micros(change.made.saturating_mul(1000))),
            sent: sent_at,
            reason: change.reason,
            came_with: change.came_with,
            undo: change.undo,
            kiosk: None,
        };
        let arrived = desk.act(move |act, actor| arrive(act, actor, &what)).await;
        let (outcome, message) = match arrived {
            Ok(Some(one)) if one.outcome == ArrivalOutcome::Held => ("held", one.said),
            Ok(found) => ("saved", found.map(|one| one.said).unwrap_or_default()),
            Err(problem) => match problem.refusal() {
                Refusal::Wrong(ground) => ("refused", ground.clone()),
                Refusal::NotFound => ("refused", "There is no such pupil.".to_owned()),
                _ => return Err(problem),
            },
        };
        results.push(ArrivalResult {
            enrolment: change.enrolment,
            outcome,
            message,
            base: 0,
            shown: None,
        });
    }
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let teller = Teller::of(tx, actor, &book, now)?;
        for result in &mut results {
            let arrived = by_key(tx, actor.school, &result.enrolment)?;
            result.shown = arrived.map(|arrived| teller.tell(&arrived));
        }
        let saved_at = now.in_london().1.to_string();
        Ok(Json(Answer { saved_at, results }).into_response())
    })
    .await
}

/// `GET /door/ahead`: what the page is drawn from, and what a device keeps of it until the day ends.
pub(super) async fn ahead(desk: Desk) -> Result<Json<Door>, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        Ok(Json(door(tx, actor, &book, here.office.now())?))
    })
    .await
}

#[derive(Template)]
#[template(path = "door/slip.html")]
struct SlipPage {
    frame: Frame,
    school: String,
    one: ArrivalShown,
    day: String,
    signed_in_by: String,
}

/// `/door/slip/{key}`: what the pupil takes to the lesson.
pub(super) async fn slip(desk: Desk, Path(key): Path<String>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx: &mut Tx, actor| {
        must_keep_door(actor)?;
        let arrived = by_key(tx, actor.school, &key)?.ok_or(Refusal::NotFound)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let teller = Teller::of(tx, actor, &book, here.office.now())?;
        let kiosks = kiosks(tx, actor.school)?;
        let frame = here.frame(tx, actor, "Late slip")?;
        let page = SlipPage {
            school: frame.school.clone(),
            frame,
            one: teller.tell(&arrived),
            day: arrived.slot.day.long(),
            signed_in_by: signed_in_by(tx, &book, &kiosks, &arrived)?,
        };
        Ok(Page(page).into_response())
    })
    .await
}
