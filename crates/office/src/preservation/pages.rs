//! The pages of preservation: what is due, erasures with their two people, and legal holds.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use calendar::Day;
use serde::Deserialize;
use store::Tx;

use super::due::{clock, due};
use super::erase::{Erasure, State, approve, ask, carry_out, erasure, erasures, withdraw};
use super::hold::{Hold, NewHold, holds, place, pupil_with, release};
use super::{may_decide, must_decide, must_see};
use crate::book::Book;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::insight::table::grouped;
use crate::people::{Access, Actor, RecordKind};
use crate::roll::imports::counted;
use crate::shell::{Exports, Facts, Field, Frame, Notice, Page};
use crate::take_away::{Leaving, Wanted, texts};

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/preservation", get(overview))
        .route("/preservation/ask", get(ask_new).post(answer_new))
        .route("/preservation/holds/new", get(ask_hold).post(answer_hold))
        .route(
            "/preservation/holds/{hold}/release",
            get(ask_release).post(answer_release),
        )
        .route("/preservation/{erasure}", get(one))
        .route(
            "/preservation/{erasure}/approve",
            get(ask_approval).post(answer_approval),
        )
        .route("/preservation/{erasure}/withdraw", post(answer_withdrawal))
        .route("/preservation/{erasure}/go-on", post(answer_go_on))
}

#[derive(Debug, Default, Deserialize)]
struct Did {
    #[serde(default)]
    did: String,
}

#[derive(Template)]
#[template(path = "preservation/overview.html")]
struct OverviewPage {
    frame: Frame,
    due: Facts,
    is_due: bool,
    clock: Option<String>,
    decides: bool,
    erasures: Vec<ErasureLine>,
    holds: Vec<HoldLine>,
    exports: Option<Exports>,
}

struct ErasureLine {
    id: i64,
    cells: Vec<String>,
}

struct HoldLine {
    id: i64,
    who: String,
    reason: String,
    owner: String,
    review: String,
    released: String,
    stands: bool,
}

const HEADINGS: [&str; 7] = [
    "Erasure",
    "State",
    "Entries made up to",
    "Entries",
    "Pupils",
    "Asked for by",
    "Approved by",
];

fn cells(one: &Erasure) -> Vec<String> {
    vec![
        one.id.to_string(),
        one.state.word().to_owned(),
        one.made_through.long(),
        grouped(one.entries),
        grouped(one.pupils),
        one.asked_in_words.clone(),
        one.approved
            .as_ref()
            .map(|(_, words, _)| words.clone())
            .unwrap_or_default(),
    ]
}

fn hold_line(book: &Book, actor: &Actor, hold: Hold) -> HoldLine {
    let sees = actor.may_for_school(Access::Read, RecordKind::PupilCore);
    let pupil = book.roll.pupil(hold.pupil);
    let number = pupil.and_then(|pupil| pupil.admission_number.clone());
    let number = number.unwrap_or_else(|| format!("pupil {}", hold.pupil));
    HoldLine {
        id: hold.id,
        who: match pupil.filter(|_| sees) {
            Some(pupil) => format!("{} ({number})", pupil.listed()),
            None => number,
        },
        reason: hold.reason,
        owner: hold.owner,
        review: hold.review_on.long(),
        released: match (hold.released_on, hold.released_because) {
            (Some(day), Some(because)) => format!("{}: {because}", day.long()),
            _ => String::new(),
        },
        stands: hold.released_on.is_none(),
    }
}

/// `GET /preservation`.
async fn overview(desk: Desk, Query(did): Query<Did>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let found = due(tx, actor.school, today)?;
        let through = found.through.map(|day| day.long()).unwrap_or_default();
        let made = found
            .made
            .map(|(first, last)| format!(", made from {} to {}", first.long(), last.long()));
        let facts = [
            (
                "May go today",
                format!("entries made up to {through} (R-008)"),
            ),
            (
                "Attendance register",
                format!(
                    "{} in {}{}",
                    counted(found.entries() as u32, "entry", "entries"),
                    counted(found.places.len() as u32, "place", "places"),
                    made.unwrap_or_default()
                ),
            ),
            (
                "Admission register",
                match found.pupils.len() as u32 {
                    0 => "no record of a pupil who left".to_owned(),
                    left => format!("records of {} who left", counted(left, "pupil", "pupils")),
                },
            ),
            ("Sealed copies", format!("{} (R-009)", found.copies.len())),
            (
                "Held",
                match found.held as u32 {
                    0 => "nobody".to_owned(),
                    held => format!("{}, of whom nothing goes", counted(held, "pupil", "pupils")),
                },
            ),
        ];
        let notice = match did.did.as_str() {
            "held" => Some(Notice::done(
                "The hold stands. Nothing of this pupil is erased.",
            )),
            "released" => Some(Notice::done("The hold is released.")),
            _ => None,
        };
        let held = holds(tx, actor.school)?.into_iter();
        let erasures: Vec<ErasureLine> = erasures(tx, actor.school)?
            .iter()
            .map(|one| ErasureLine {
                id: one.id,
                cells: cells(one),
            })
            .collect();
        Ok(Page(OverviewPage {
            frame: here.frame(tx, actor, "Preservation")?.with_notice(notice),
            due: Facts {
                facts: facts
                    .map(|(name, value)| (name.into(), value.into()))
                    .into(),
            },
            is_due: !found.is_empty(),
            clock: clock(tx, actor.school, today)?
                .err()
                .map(|doubt| doubt.to_string()),
            decides: may_decide(actor),
            exports: match erasures.is_empty() {
                true => None,
                false => Exports::usual("/preservation"),
            },
            erasures,
            holds: held.map(|hold| hold_line(&book, actor, hold)).collect(),
        })
        .into_response())
    })
    .await
}

/// `/preservation` as a file: every erasure.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let rows = erasures(tx, wanted.actor.school)?;
    let rows = rows.iter().map(cells).collect();
    let sheet = texts(wanted.sheet(tx, "Erasures", &HEADINGS)?, rows);
    Ok(Leaving::new(sheet, wanted.today()))
}

// Erasures ----------------------------------------------------------------------------------------------------------

/// The question that is asked while nothing bears out the clock.
fn clock_question() -> Field {
    Field::day("today", "Today's date")
        .hint("Only where the page says that the clock is in doubt: look at a calendar, not at this screen.")
        .optional()
}

fn ask_form() -> FormPage {
    FormPage::new(
        "Ask for an erasure",
        ("/preservation", "Preservation"),
        "Ask for it",
        vec![Part::new(
            "",
            vec![
                Field::line("reason", "Reason").hint("Such as: yearly review of the registers."),
                clock_question(),
            ],
        )],
    )
    .about("Everything that is due today is erased once a second person has approved it: rows, what the journal tells of them, and nothing else. It does not come back.")
    .grave()
}

async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |_, actor, _| {
        must_decide(actor)?;
        Ok(ask_form())
    })
    .await
}

async fn answer_new(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, _| {
        must_decide(actor)?;
        let mut wrongs = Wrongs::default();
        let reason = answers.reason(&mut wrongs);
        let confirmed = answers.day_if_given("today", &mut wrongs);
        if wrongs.is_empty() {
            match ask(act, actor, &reason, confirmed) {
                Ok(id) => return Ok(Outcome::Done(format!("/preservation/{id}"))),
                Err(Refusal::Wrong(ground)) => wrongs.add("today", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(ask_form(), &answers, &wrongs))
    })
    .await
}

#[derive(Template)]
#[template(path = "preservation/erasure.html")]
struct ErasurePage {
    frame: Frame,
    id: i64,
    facts: Facts,
    may_approve: bool,
    may_withdraw: bool,
    may_go_on: bool,
    exports: Option<Exports>,
}

/// `GET /preservation/{erasure}`.
async fn one(desk: Desk, Path(id): Path<i64>, Query(did): Query<Did>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let one = erasure(tx, actor.school, id)?;
        let mut facts = vec![
            ("State", one.state.word().to_owned()),
            ("Entries made up to", one.made_through.long()),
            ("Entries of the attendance register", grouped(one.entries)),
            ("Places", grouped(one.places)),
            ("Pupils who left", grouped(one.pupils)),
            ("Sealed copies", grouped(one.copies)),
            ("Reason", one.reason.clone()),
            (
                "Asked for by",
                format!("{}, {}", one.asked_in_words, one.asked_on.long()),
            ),
            ("The clock", one.clock.clone()),
        ];
        if let Some((_, words, day)) = &one.approved {
            facts.push(("Approved by", format!("{words}, {}", day.long())));
        }
        if let Some(done) = &one.done {
            facts.push(("Rows erased", grouped(done.rows as i64)));
            facts.push(("Acts of the journal emptied", grouped(done.emptied as i64)));
            facts.push(("Acts shortened", grouped(done.shortened as i64)));
            facts.push(("Journal", format!("act {}", one.seq)));
        }
        let decides = may_decide(actor);
        let waits = decides && one.state == State::Asked;
        let notice = (did.did == "begun").then(|| {
            Notice::done("It is being carried out. Load the page again to see whether it is done.")
        });
        Ok(Page(ErasurePage {
            frame: here.frame(tx, actor, "Erasure")?.with_notice(notice),
            id,
            facts: Facts {
                facts: facts
                    .into_iter()
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect(),
            },
            may_approve: waits && one.asked_by != actor.account,
            may_withdraw: waits,
            may_go_on: decides && one.state == State::Approved,
            exports: (one.state == State::Done).then(|| {
                Exports::files(
                    format!("/preservation/{id}"),
                    vec![(
                        "pdf",
                        "Take the certificate of destruction away as PDF".into(),
                    )],
                )
            }),
        })
        .into_response())
    })
    .await
}

fn approval_form(id: i64) -> FormPage {
    FormPage::new(
        "Approve an erasure",
        (format!("/preservation/{id}"), "Erasure"),
        "Approve and carry out",
        vec![Part::new("", vec![clock_question()])],
    )
    .about("It is carried out at once. What was held or entered since it was asked for stays. It does not come back.")
    .grave()
}

async fn ask_approval(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, _| {
        must_decide(actor)?;
        erasure(tx, actor.school, id)?;
        Ok(approval_form(id))
    })
    .await
}

async fn answer_approval(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let answered = form::answer(desk, move |act, actor, _| {
        must_decide(actor)?;
        let mut wrongs = Wrongs::default();
        let confirmed = answers.day_if_given("today", &mut wrongs);
        if wrongs.is_empty() {
            match approve(act, actor, id, confirmed) {
                Ok(()) => return Ok(Outcome::done(&format!("/preservation/{id}"), "begun")),
                Err(Refusal::Wrong(ground)) => wrongs.add("today", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(approval_form(id), &answers, &wrongs))
    })
    .await?;
    if answered.status().is_redirection() {
        begin(&here, id).await?;
    }
    Ok(answered)
}

/// Goes on with an approved erasure beside the answer.
async fn begin(desk: &Desk, id: i64) -> Result<(), Problem> {
    let school = desk
        .read(move |_, actor| {
            must_decide(actor)?;
            Ok(actor.school)
        })
        .await?;
    let office = Arc::clone(&desk.office);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = carry_out(&office.store, school, id, &mut || true) {
            tracing::error!(%error, "an erasure broke off; it can be gone on with");
        }
    });
    Ok(())
}

async fn answer_go_on(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    begin(&desk, id).await?;
    Ok(Redirect::to(&format!("/preservation/{id}?did=begun")).into_response())
}

async fn answer_withdrawal(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, _| {
        withdraw(act, actor, id)?;
        Ok(Outcome::Done(format!("/preservation/{id}")))
    })
    .await
}

// Holds -------------------------------------------------------------------------------------------------------------

fn hold_form(today: Day) -> FormPage {
    FormPage::new(
        "Place a legal hold",
        ("/preservation", "Preservation"),
        "Place the hold",
        vec![Part::new(
            "",
            vec![
                Field::line("number", "Admission number")
                    .hint("Of the pupil of whom nothing is to be erased.")
                    .short(),
                Field::line("reason", "Reason")
                    .hint("Such as: claim notified on 3 March; inquiry. No details of the case."),
                Field::line("owner", "Who answers for it"),
                Field::day("review_on", "Looked at again on")
                    .value(today.plus_days(365).to_string()),
            ],
        )],
    )
    .about("While a hold stands nothing of the pupil is erased, however old it is.")
}

async fn ask_hold(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |_, actor, today| {
        must_decide(actor)?;
        Ok(hold_form(today))
    })
    .await
}

async fn answer_hold(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        must_decide(actor)?;
        let mut wrongs = Wrongs::default();
        let reason = answers.reason(&mut wrongs);
        let review_on = answers.day("review_on", &mut wrongs);
        let owner = answers.text("owner").to_owned();
        if owner.is_empty() {
            wrongs.add("owner", "Say who answers for the hold.");
        }
        let school = act.school();
        let pupil = pupil_with(act.tx(), school, answers.text("number"))?;
        if pupil.is_none() {
            wrongs.add(
                "number",
                "No pupil, or more than one, has this admission number.",
            );
        }
        let (Some(pupil), Some(review_on), true) = (pupil, review_on, wrongs.is_empty()) else {
            return Ok(Outcome::again(hold_form(today), &answers, &wrongs));
        };
        let new = NewHold {
            pupil,
            reason,
            owner,
            review_on,
        };
        place(act, actor, &new)?;
        Ok(Outcome::done("/preservation", "held"))
    })
    .await
}

fn release_form() -> FormPage {
    FormPage::new(
        "Release a legal hold",
        ("/preservation", "Preservation"),
        "Release it",
        vec![Part::new("", vec![form::reason()])],
    )
}

async fn ask_release(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, move |_, actor, _| {
        must_decide(actor)?;
        Ok(release_form())
    })
    .await
}

async fn answer_release(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, _| {
        must_decide(actor)?;
        let mut wrongs = Wrongs::default();
        let reason = answers.reason(&mut wrongs);
        if !wrongs.is_empty() {
            return Ok(Outcome::again(release_form(), &answers, &wrongs));
        }
        release(act, actor, id, &reason)?;
        Ok(Outcome::done("/preservation", "released"))
    })
    .await
}
