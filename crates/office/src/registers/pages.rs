//! The addresses of registers.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, Path, Query, Request};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use calendar::{Day, Session, Slot, TimeOfDay};
use serde::Deserialize;
use store::Tx;

use super::code_help::CodesPage;
use super::cover;
use super::history::{HistoryPage, history_of_register};
use super::keeper::keeper;
use super::register_page::register_page;
use super::save::{Outcome, Save, SaveAnswer, ask_ahead, save};
use super::sent::{SentSave, from_form};
use super::today::{Asked, all_registers, sees_all, today_page};
use crate::desk::{ActingDesk, Desk, Office, Problem, Refusal};
use crate::ids::GroupId;
use crate::shell::{Frame, Notice, Page, State};
use crate::take_away::{Leaving, Wanted};

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/registers", get(registers))
        .route("/registers/{group}/{day}/{session}", get(register))
        .route(
            "/registers/{group}/{day}/{session}/save",
            post(save_register),
        )
        .route("/registers/{group}/{day}/{session}/history", get(history))
        .route("/codes", get(codes))
        .route("/pupils/{pupil}/extract", get(super::extract::ask))
        .route("/cover", get(cover::cover).post(cover::set))
        .route("/cover/{duty}/take-back", post(cover::take_back))
        .merge(super::exams::routes())
        .merge(super::lessons::routes())
        .merge(super::ageing::routes())
        .merge(super::sub_codes::routes())
        .merge(super::bulk::routes())
        .merge(super::offline::routes())
        .merge(super::plans::routes())
        .merge(super::sealed::routes())
}

/// Which register an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterAddress {
    /// The group.
    pub group: GroupId,
    /// The session.
    pub slot: Slot,
}

impl RegisterAddress {
    pub(super) fn of(
        (group, day, session): (String, String, String),
    ) -> Result<RegisterAddress, Refusal> {
        let read = || {
            let day: Day = day.parse().ok()?;
            let session: Session = session.parse().ok()?;
            Some(RegisterAddress {
                group: GroupId(group.parse().ok()?),
                slot: Slot::new(day, session),
            })
        };
        read().ok_or(Refusal::NotFound)
    }

    /// The register whose page is at this address, if it is one's.
    pub(super) fn of_path(path: &str) -> Option<RegisterAddress> {
        let mut parts = path.strip_prefix("/registers/")?.split('/');
        let named = (parts.next()?, parts.next()?, parts.next()?);
        let (group, day, session) = named;
        let address = (group.to_owned(), day.to_owned(), session.to_owned());
        RegisterAddress::of(address)
            .ok()
            .filter(|_| parts.next().is_none())
    }

    /// The register's page.
    pub fn path(&self) -> String {
        let session = self.slot.session.to_string().to_lowercase();
        format!("/registers/{}/{}/{session}", self.group, self.slot.day)
    }
}

type AddressPath = Path<(String, String, String)>;

async fn save_register(
    ActingDesk(desk): ActingDesk,
    Path(address): AddressPath,
    request: Request,
) -> Result<Response, Problem> {
    let address = RegisterAddress::of(address).map_err(|refusal| desk.problem(refusal))?;
    let Sent { save, is_json } = sent(&desk, request).await?;
    let answer = run(&desk, address, save).await?;
    answer_to(&desk, &answer, is_json, &address.path())
}

/// A save as it came.
pub(super) struct Sent {
    pub save: Save,
    /// Whether the grid sent it, which reads the answer; else a form without script did.
    pub is_json: bool,
}

/// Reads a save of a register, from the grid or from the form without script.
pub(super) async fn sent(desk: &Desk, request: Request) -> Result<Sent, Problem> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    let save = if is_json {
        let sent = Json::<SentSave>::from_request(request, &())
            .await
            .map_err(|error| desk.problem(Refusal::Wrong(error.body_text())))?;
        sent.0.into()
    } else {
        let fields = Form::<Vec<(String, String)>>::from_request(request, &())
            .await
            .map_err(|error| desk.problem(Refusal::Wrong(error.body_text())))?;
        from_form(fields.0)
    };
    Ok(Sent { save, is_json })
}

/// Answers a save: the grid with all of it, a form by the register at this path or by what was refused.
pub(super) fn answer_to(
    desk: &Desk,
    answer: &SaveAnswer,
    is_json: bool,
    path: &str,
) -> Result<Response, Problem> {
    if is_json {
        return Ok(Json(answer).into_response());
    }
    let refused: Vec<&str> = answer
        .results
        .iter()
        .filter(|result| matches!(result.outcome, Outcome::Refused | Outcome::Conflict))
        .map(|result| result.message.as_str())
        .collect();
    if refused.is_empty() {
        let saved = format!("{path}?saved={}", answer.saved_at);
        Ok(Redirect::to(&saved).into_response())
    } else {
        Err(desk.problem(Refusal::Wrong(refused.join(" "))))
    }
}

async fn run(desk: &Desk, address: RegisterAddress, sent: Save) -> Result<SaveAnswer, Problem> {
    let RegisterAddress { group, slot } = address;
    let change_id = sent.change_id.clone();
    desk.act_asking(
        move |ahead, expected| ask_ahead(ahead, expected, group, slot, &change_id),
        move |act, actor| {
            // Marks are not among what is known of a school from act to act.
            act.leaves_facts();
            save(act, actor, group, slot, &sent)
        },
    )
    .await
}

async fn registers(desk: Desk, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let at = desk.clone();
    desk.read(move |tx, actor| {
        let now = at.office.now();
        let frame = at.frame(tx, actor, "Registers")?;
        let book = at.office.shelf.book(tx, actor.school)?;
        Ok(Page(today_page(tx, actor, &book, &asked, now, frame)?).into_response())
    })
    .await
}

/// `/registers` as a file: every register of a day, for those who may see them all.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, now) = (wanted.actor, wanted.office.now());
    if !sees_all(actor) {
        return Err(Refusal::NotFound);
    }
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let all = all_registers(tx, &book, &wanted.query()?, now)?;
    Ok(Leaving::new(all.sheet(tx, wanted)?, all.day))
}

async fn register(
    desk: Desk,
    Path(address): AddressPath,
    Query(asked): Query<AfterSaving>,
) -> Result<Response, Problem> {
    let address = RegisterAddress::of(address).map_err(|refusal| desk.problem(refusal))?;
    let at = desk.clone();
    desk.read(move |tx, actor| {
        let now = at.office.now();
        let frame = at.frame(tx, actor, "Register")?;
        let frame = frame.with_notice(asked.notice());
        let book = at.office.shelf.book(tx, actor.school)?;
        if book.calendar.has_session(address.slot) {
            let page = register_page(tx, actor, &book, address, now, frame)?;
            return Ok(Page(page).into_response());
        }
        keeper(tx, actor, address.group, address.slot.day)?;
        let group = book.groups.group(address.group).ok_or(Refusal::NotFound)?;
        let kind = book.calendar.kind(address.slot.day).name();
        let text = format!("{}: {kind} (R-402).", address.slot.day.long());
        let page = NoRegister {
            frame,
            group: group.name.clone(),
            slot: address.slot,
            state: State::empty("No register is due", text).then("/registers", "Today's registers"),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// What a form without script comes back with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AfterSaving {
    saved: Option<String>,
}

impl AfterSaving {
    pub(super) fn notice(self) -> Option<Notice> {
        let saved = self
            .saved
            .filter(|saved| saved.parse::<TimeOfDay>().is_ok());
        saved.map(|saved| Notice::done(format!("Saved {saved}.")))
    }
}

#[derive(Template)]
#[template(path = "registers/none.html")]
struct NoRegister {
    frame: Frame,
    group: String,
    slot: Slot,
    state: State,
}

async fn history(desk: Desk, Path(address): AddressPath) -> Result<Response, Problem> {
    let address = RegisterAddress::of(address).map_err(|refusal| desk.problem(refusal))?;
    let at = desk.clone();
    desk.read(move |tx, actor| {
        keeper(tx, actor, address.group, address.slot.day)?;
        let now = at.office.now();
        let frame = at.frame(tx, actor, "Register history")?;
        let book = at.office.shelf.book(tx, actor.school)?;
        let group = book.groups.group(address.group).ok_or(Refusal::NotFound)?;
        let entries = history_of_register(tx, actor.school, address)?;
        let group = group.name.clone();
        Ok(Page(HistoryPage::of(&book, address, group, entries, now, frame)).into_response())
    })
    .await
}

/// What the page of codes is asked for.
#[derive(Debug, Default, Deserialize)]
struct AskedCodes {
    #[serde(default)]
    q: String,
    #[serde(default)]
    day: String,
}

async fn codes(desk: Desk, Query(asked): Query<AskedCodes>) -> Result<Response, Problem> {
    let at = desk.clone();
    desk.read(move |tx, actor| {
        let day = asked.day.parse().unwrap_or(at.office.today().0);
        let frame = at.frame(tx, actor, "Which code applies")?;
        Ok(Page(CodesPage::of(day, asked.q, frame)).into_response())
    })
    .await
}
