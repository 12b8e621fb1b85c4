//! The letters of a school: what waits to be printed, and what was posted.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use sha2::{Digest, Sha256};
use store::Tx;

use super::file::{Kept, kept};
use super::post::{How, Posted, record_posting};
use super::waiting::{Waiting, printed, waiting};
use crate::desk::{Desk, Office, Problem, Refusal, school_name};
use crate::form::{Answers, day_from};
use crate::ids::MessageId;
use crate::messages::ask::{may_read, may_send};
use crate::messages::is_open_to;
use crate::people::Actor;
use crate::shell::{Frame, Notice, State, page as shown};

/// Letters posted in so many days are shown.
const DAYS: i32 = 90;

#[derive(Template)]
#[template(path = "messages/letters/page.html")]
struct LettersPage {
    frame: Frame,
    problem: Option<String>,
    letters: Vec<Waiting>,
    kept: Vec<Kept>,
    today: Day,
    hows: &'static [How],
    may_send: bool,
    none: State,
}

/// `/messages/letters`.
pub(super) async fn page(desk: Desk, asked: Query<Answers>) -> Result<Response, Problem> {
    let notice = asked.number("posted").map(|posted| {
        Notice::done(match posted {
            1 => "One letter is recorded as posted. Its file is kept.".to_owned(),
            many => format!("{many} letters are recorded as posted. Their files are kept."),
        })
    });
    show(desk, StatusCode::OK, None, notice).await
}

async fn show(
    desk: Desk,
    status: StatusCode,
    problem: Option<String>,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        may_see(actor)?;
        let (today, _) = here.office.today();
        let page = LettersPage {
            problem,
            letters: waiting(tx, actor.school)?,
            kept: kept(tx, actor.school, today.plus_days(-DAYS))?,
            today,
            hows: How::ALL,
            may_send: may_send(actor),
            none: State::empty(
                "No letter waits",
                "Who can be reached neither by telephone nor by e-mail is written to from the first message of the day; the letters wait here until they are posted.",
            ),
            frame: here.frame(tx, actor, "Letters")?.with_notice(notice),
        };
        Ok(shown(status, &page))
    })
    .await
}

/// Errors: somebody who may not see what goes to families.
pub(super) fn may_see(actor: &Actor) -> Result<(), Refusal> {
    match is_open_to(actor) && may_read(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// `POST /messages/letters/posted`: the ticked letters were posted.
pub(super) async fn posted(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let ids: Vec<MessageId> = answers
        .all("letter")
        .filter_map(|id| id.parse().ok().map(MessageId))
        .collect();
    let read = (
        day_from(answers.text("posted_on")),
        How::from_key(answers.text("how")),
    );
    let wrong = match read {
        (None, _) => Some("Give the day on which they were posted."),
        (_, None) => Some("Say how they were posted."),
        _ if ids.is_empty() => Some("Tick the letters that were posted."),
        _ if answers.text("proof").chars().count() > 200 => {
            Some("The proof is longer than 200 characters.")
        }
        _ => None,
    };
    let (Some(on), Some(how), None) = (read.0, read.1, wrong) else {
        let problem = wrong.unwrap_or_default().to_owned();
        return show(desk, StatusCode::UNPROCESSABLE_ENTITY, Some(problem), None).await;
    };
    let here = desk.clone();
    let (letters, school) = desk
        .read(move |tx, actor| {
            if !may_send(actor) {
                return Err(Refusal::NotFound);
            }
            chosen(tx, actor, &ids)
        })
        .await?;
    let office = Arc::clone(&here.office);
    let files = tokio::task::spawn_blocking(move || set(&office, &letters, &school))
        .await
        .expect("setting a letter ends, well or not")
        .map_err(|refusal| desk.problem(refusal))?;
    let posted = Posted {
        on,
        how,
        proof: answers.text("proof").to_owned(),
        letters: files,
    };
    match desk
        .act(move |act, actor| record_posting(act, actor, &posted))
        .await
    {
        Ok(recorded) => {
            Ok(Redirect::to(&format!("/messages/letters?posted={recorded}")).into_response())
        }
        Err(problem) => match problem.ground().map(str::to_owned) {
            Some(ground) => show(desk, StatusCode::UNPROCESSABLE_ENTITY, Some(ground), None).await,
            None => Err(problem),
        },
    }
}

fn chosen(
    tx: &mut Tx,
    actor: &Actor,
    ids: &[MessageId],
) -> Result<(Vec<Waiting>, String), Refusal> {
    let letters = waiting(tx, actor.school)?
        .into_iter()
        .filter(|letter| ids.contains(&letter.message))
        .collect();
    Ok((letters, school_name(tx, actor.school)?))
}

/// Each letter as its file, dated by when it was asked for, with the file's digest.
fn set(
    office: &Office,
    letters: &[Waiting],
    school: &str,
) -> Result<Vec<(MessageId, Vec<u8>, String)>, Refusal> {
    letters
        .iter()
        .map(|letter| {
            let file = office.print(&printed(&[letter], school, letter.asked_at))?;
            let digest: String = Sha256::digest(&file)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            Ok((letter.message, file, digest))
        })
        .collect()
}
