//! The addresses of lesson registers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use calendar::Day;
use serde::Deserialize;

use super::history::entries;
use super::list::day_of;
use super::page::lesson_page;
use super::save::save_lesson;
use super::{LessonAddress, day, differ, list};
use crate::desk::{ActingDesk, Desk, Office, Problem, Refusal};
use crate::ids::{GroupId, PeriodId};
use crate::registers::cover_lesson;
use crate::registers::history::HistoryPage;
use crate::registers::keeper::lesson_keeper;
use crate::registers::pages::{AfterSaving, Sent, answer_to, sent};
use crate::shell::Page;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/lessons", get(list::list))
        .route("/lessons/differ", get(differ::list))
        .route("/lessons/of/{group}", get(day::of_a_group))
        .route("/lessons/{group}/{day}/{period}", get(lesson))
        .route("/lessons/{group}/{day}/{period}/save", post(save))
        .route("/lessons/{group}/{day}/{period}/history", get(history))
        .route(
            "/lessons/{group}/{day}/{period}/cover",
            get(cover_lesson::ask).post(cover_lesson::answer),
        )
        .route(
            "/lessons/{group}/{day}/{period}/cover/take-back",
            post(cover_lesson::take_back),
        )
}

/// A page of one day; today where it says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct AskedDay {
    #[serde(default)]
    day: String,
}

impl AskedDay {
    pub(super) fn day(&self, today: Day) -> Result<Day, Refusal> {
        day_of(&self.day, today)
    }
}

type AddressPath = Path<(String, String, String)>;

impl LessonAddress {
    /// Reads what stands in an address.
    pub(in crate::registers) fn of(
        Path((group, day, period)): AddressPath,
    ) -> Result<LessonAddress, Refusal> {
        let read = || {
            Some(LessonAddress {
                group: GroupId(group.parse().ok()?),
                day: day.parse().ok()?,
                period: PeriodId(period.parse().ok()?),
            })
        };
        read().ok_or(Refusal::NotFound)
    }
}

async fn save(
    ActingDesk(desk): ActingDesk,
    path: AddressPath,
    request: Request,
) -> Result<Response, Problem> {
    let address = LessonAddress::of(path).map_err(|refusal| desk.problem(refusal))?;
    let Sent { save, is_json } = sent(&desk, request).await?;
    let answer = desk
        .act(move |act, actor| save_lesson(act, actor, address, &save))
        .await?;
    answer_to(&desk, &answer, is_json, &address.path())
}

async fn lesson(
    desk: Desk,
    path: AddressPath,
    Query(asked): Query<AfterSaving>,
) -> Result<Response, Problem> {
    let address = LessonAddress::of(path).map_err(|refusal| desk.problem(refusal))?;
    let at = desk.clone();
    desk.read(move |tx, actor| {
        let frame = at.frame(tx, actor, "Lesson register")?;
        let frame = frame.with_notice(asked.notice());
        let book = at.office.shelf.book(tx, actor.school)?;
        let page = lesson_page(tx, actor, &book, address, at.office.now(), frame)?;
        Ok(Page(page).into_response())
    })
    .await
}

async fn history(desk: Desk, path: AddressPath) -> Result<Response, Problem> {
    let address = LessonAddress::of(path).map_err(|refusal| desk.problem(refusal))?;
    let at = desk.clone();
    desk.read(move |tx, actor| {
        let LessonAddress { group, day, period } = address;
        lesson_keeper(tx, actor, address)?;
        let book = at.office.shelf.book(tx, actor.school)?;
        let group = book.groups.group(group).ok_or(Refusal::NotFound)?;
        let period = book
            .timetable
            .period(period, day)
            .ok_or(Refusal::NotFound)?;
        let page = HistoryPage {
            frame: at.frame(tx, actor, "Lesson register history")?,
            group: group.name.clone(),
            day,
            what: period.name.clone(),
            path: address.path(),
            entries: entries(tx, actor.school, &book, address, at.office.now())?,
        };
        Ok(Page(page).into_response())
    })
    .await
}
