//! One report: what was told, what speaks against it, and what a person does with it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, Request};
use axum::response::{IntoResponse, Redirect, Response};

use super::apply::{apply_one, put_back, set_aside};
use super::inbox::{Inbox, Line, Sibling, after};
use super::report::{State as Standing, one};
use super::take::{may_write, take_for_sibling};
use crate::desk::{Desk, Problem, Refusal};
use crate::evidence::{
    Files, GivenBy, GivenFor, Posted, file_by_office, read_posted, said_of, what,
};
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
    /// The files that came with it, for whoever may know of them.
    files: Option<Files>,
}

/// `GET /absence-line/{report}`.
pub(super) async fn page(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let done = (asked.text("did") == "amended").then(|| Notice::done("Changed."));
    shown(desk, ReportId(id), done).await
}

async fn shown(desk: Desk, id: ReportId, notice: Option<Notice>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let inbox = Inbox::of(tx, &book, actor, now)?;
        let report = one(tx, actor.school, id)?
            .filter(|report| inbox.shows(report))
            .ok_or(Refusal::NotFound)?;
        let may_decide = may_write(tx, actor, report.pupil, inbox.today).is_ok();
        let siblings = if may_decide {
            inbox.siblings(tx, &report)?
        } else {
            Vec::new()
        };
        let files = Files::of_report(tx, &here.office, &book, actor, id, report.pupil)?;
        let page = ReportPage {
            frame: here
                .frame(tx, actor, "Report of absence")?
                .with_notice(notice),
            contacts: report
                .pupil
                .filter(|pupil| inbox.sight.sees_contacts(*pupil)),
            may_decide,
            may_apply: may_decide && keeps_all_registers(actor),
            siblings,
            files,
            line: inbox.line(report),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `POST /absence-line/{report}/evidence`: files that the office adds to a report.
pub(super) async fn add_evidence(
    desk: Desk,
    Path(id): Path<i64>,
    request: Request,
) -> Result<Response, Problem> {
    let id = ReportId(id);
    let posted = read_posted(request).await;
    let Posted {
        answers,
        files,
        not_taken,
    } = posted.map_err(|refusal| desk.problem(refusal))?;
    let words = what(&answers).map_err(|refusal| desk.problem(refusal))?;
    let (office, given) = (desk.office.clone(), files.len());
    let new = desk
        .act(move |act, actor| {
            let (today, _) = act.at().in_london();
            let report = one(act.tx(), actor.school, id)?.ok_or(Refusal::NotFound)?;
            may_write(act.tx(), actor, report.pupil, today)?;
            let given = GivenFor {
                pupil: report.pupil,
                report: Some(id),
                by: GivenBy::Office,
                account: Some(actor.account),
                words,
                about_day: report.last,
            };
            file_by_office(act, actor, &office.keyring, &given, &files)
        })
        .await?;
    shown(desk, id, Some(said_of(new, given, &not_taken))).await
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
