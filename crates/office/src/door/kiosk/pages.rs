//! The kiosks of a school, for whoever keeps the door: started on this device, ended from any, and what they could not find out.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Instant;

use super::at_kiosk::COOKIE;
use super::{Kiosk, LONGEST_PLACE, Runs, end, kiosks, put_aside, settle, start, unknown_waiting};
use crate::desk::{Desk, Problem, Refusal};
use crate::door::page::{must_keep_door, sought};
use crate::form::Answers;
use crate::ids::EnrolmentId;
use crate::people::{SignInToken, leave, new_token};
use crate::registers::name_of;
use crate::shell::{Frame, Notice, Page, State, moment};

/// So many kiosks that have ended are shown, the newest.
const ENDED_SHOWN: usize = 10;

struct KioskRow {
    id: i64,
    place: String,
    began: String,
    by: String,
    words: String,
    runs: bool,
}

struct UnknownRow {
    id: i64,
    typed: String,
    at: String,
    place: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "door/kiosk/kiosks.html")]
struct KiosksPage {
    frame: Frame,
    longest: usize,
    running: usize,
    kiosks: Vec<KioskRow>,
    unknown: Vec<UnknownRow>,
    empty: State,
}

/// `GET /door/kiosks`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let notice = match asked.text("did") {
        "ended" => Some(Notice::done("Ended. Its device says so at the next touch.")),
        "settled" => Some(Notice::done("Signed in as of then. See the late log.")),
        "aside" => Some(Notice::done("Put aside.")),
        "nobody" => Some(Notice::heed(
            "Nobody on roll today, or several, are called so. Type more of the name.",
        )),
        _ => None,
    };
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let now = here.office.now();
        let all = kiosks(tx, actor.school)?;
        let place_of = |id: i64| {
            let found = all.iter().find(|one| one.id == id);
            found.map(|one| one.place.clone()).unwrap_or_default()
        };
        let waiting = unknown_waiting(tx, actor.school)?.into_iter();
        let unknown = waiting.map(|one| UnknownRow {
            id: one.id,
            at: moment(one.at),
            place: place_of(one.kiosk),
            typed: one.typed,
            reason: one.reason.unwrap_or_default(),
        });
        let unknown = unknown.collect();
        let (running, ended): (Vec<&Kiosk>, Vec<&Kiosk>) =
            all.iter().partition(|one| one.runs(now));
        let shown = running.iter().chain(ended.iter().take(ENDED_SHOWN));
        let mut rows = Vec::new();
        for one in shown {
            rows.push(KioskRow {
                id: one.id,
                place: one.place.clone(),
                began: moment(one.began_at),
                by: name_of(tx, actor.school, one.started_by)?,
                words: until(one, now),
                runs: one.runs(now),
            });
        }
        let page = KiosksPage {
            frame: here.frame(tx, actor, "Kiosks")?.with_notice(notice),
            longest: LONGEST_PLACE,
            running: running.len(),
            kiosks: rows,
            unknown,
            empty: State::empty("None yet", "No kiosk was ever started here."),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// Until when it runs, or when it ended.
fn until(one: &Kiosk, now: Instant) -> String {
    match (one.ended_at, one.ends_at) {
        (Some(ended), _) => format!("ended {}", moment(ended)),
        (None, Some(ends)) if ends <= now => format!("ended by itself {}", moment(ends)),
        (None, Some(_)) => "runs until midnight".to_owned(),
        (None, None) => "runs until it is ended".to_owned(),
    }
}

/// `POST /door/kiosks`: `place`, `runs` (`today`, `until-ended`). This device becomes the kiosk, and nobody is signed in on it any more.
pub(super) async fn start_here(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let runs = match answers.text("runs") {
        "until-ended" => Runs::UntilEnded,
        _ => Runs::Today,
    };
    let token = new_token();
    let (hash, place) = (SignInToken::of(&token), answers.text("place").to_owned());
    desk.act(move |act, actor| start(act, actor, &place, runs, &hash))
        .await?;
    let mut answer = leave(&desk, Redirect::to("/kiosk")).await;
    let secure = if desk.office.over_tls { "; Secure" } else { "" };
    // A year: the token ends by the school's own clock, and a device that has been ended holds nothing that opens anything.
    let cookie = format!(
        "{COOKIE}={token}; Path=/kiosk; HttpOnly; SameSite=Strict; Max-Age=31536000{secure}"
    );
    let cookie =
        HeaderValue::from_str(&cookie).expect("a cookie of letters, digits and fixed words");
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(answer)
}

/// `POST /door/kiosks/{kiosk}/end`.
pub(super) async fn end_one(desk: Desk, Path(kiosk): Path<i64>) -> Result<Response, Problem> {
    desk.act(move |act, actor| end(act, actor, kiosk)).await?;
    Ok(Redirect::to("/door/kiosks?did=ended").into_response())
}

/// `POST /door/kiosks/unknown/{unknown}`: `who` as typed, or `aside`.
pub(super) async fn settle_one(
    desk: Desk,
    Path(unknown): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    if answers.ticked("aside") {
        desk.act(move |act, actor| put_aside(act, actor, unknown))
            .await?;
        return Ok(Redirect::to("/door/kiosks?did=aside").into_response());
    }
    let (here, typed) = (desk.clone(), answers.text("who").to_owned());
    let found = desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        Ok::<_, Refusal>(sought(&book, &typed, here.office.now()))
    });
    let did = match found.await?.as_slice() {
        [(enrolment, ..)] => {
            let who = EnrolmentId(*enrolment);
            desk.act(move |act, actor| settle(act, actor, unknown, who))
                .await?;
            "settled"
        }
        _ => "nobody",
    };
    Ok(Redirect::to(&format!("/door/kiosks?did={did}")).into_response())
}
