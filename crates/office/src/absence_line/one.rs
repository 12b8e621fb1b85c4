//! One report: what was told, what speaks against it, and what a person does with it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};

use super::apply::{apply_one, put_back, set_aside};
use super::inbox::{Inbox, Line, Sibling, after};
use super::report::{State as Standing, one};
use super::take::{may_write, take_for_sibling};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{PupilId, ReportId};
use crate::registers::keeps_all_registers;
use crate::shell::{Frame, Notice, Page};

#[derive(Template)]
#[template(path = "absence_line/one.html")]
struct ReportPage {
    frame: Frame,
    line: Line,
    /// How to reach the family back; only who may see the contacts is led there.
    contacts: Option<PupilId>,
    may_decide: bool,
    may_apply: bool,
    siblings: Vec<Sibling>,
}

/// `GET /absence-line/{report}`.
pub(super) async fn page(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let inbox = Inbox::of(tx, &book, actor, now)?;
        let report = one(tx, actor.school, ReportId(id))?
            .filter(|report| inbox.shows(report))
            .ok_or(Refusal::NotFound)?;
        let may_decide = may_write(tx, actor, report.pupil, inbox.today).is_ok();
        let siblings = if may_decide {
            inbox.siblings(tx, &report)?
        } else {
            Vec::new()
        };
        let done = (asked.text("did") == "amended").then(|| Notice::done("Changed."));
        let page = ReportPage {
            frame: here
                .frame(tx, actor, "Report of absence")?
                .with_notice(done),
            contacts: report
                .pupil
                .filter(|pupil| inbox.sight.sees_contacts(*pupil)),
            may_decide,
            may_apply: may_decide && keeps_all_registers(actor),
            siblings,
            line: inbox.line(report),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `POST /absence-line/{report}/apply`.
pub(super) async fn apply(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let chosen = match answers.given("code").map(|code| code.parse()).transpose() {
        Ok(chosen) => chosen,
        Err(_) => {
            let ground = format!(
                "“{}” is no code of the register. See Which code applies.",
                answers.text("code")
            );
            return Err(desk.problem(Refusal::Wrong(ground)));
        }
    };
    let applied = desk
        .act(move |act, actor| apply_one(act, actor, ReportId(id), chosen))
        .await?;
    Ok(Redirect::to(&after(&applied)).into_response())
}

/// `POST /absence-line/{report}/aside`.
pub(super) async fn aside(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let why = answers.text("why").to_owned();
    desk.act(move |act, actor| set_aside(act, actor, ReportId(id), &why))
        .await?;
    Ok(Redirect::to("/absence-line?did=aside").into_response())
}

/// `POST /absence-line/{report}/back`.
pub(super) async fn back(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    desk.act(move |act, actor| put_back(act, actor, ReportId(id)))
        .await?;
    Ok(Redirect::to("/absence-line?did=back").into_response())
}

/// `POST /absence-line/{report}/sibling`.
pub(super) async fn for_sibling(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let sibling = PupilId(answers.number("pupil").unwrap_or_default());
    desk.act(move |act, actor| take_for_sibling(act, actor, ReportId(id), sibling))
        .await?;
    Ok(Redirect::to(&format!("/absence-line?did=taken&report={id}")).into_response())
}
