//! The page that undoes an import: what it takes back, or what stands in the way.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use store::Tx;

use super::background;
use super::course::{self, ImportId};
use super::pages::who;
use super::undo::{self, TakesBack};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::people::Actor;
use crate::shell::{Errors, Field, Frame, Page, page};

#[derive(Template)]
#[template(path = "roll/imports/undo.html")]
struct UndoPage {
    frame: Frame,
    import: i64,
    file: String,
    takes_back: TakesBack,
    reason: Field,
}

impl UndoPage {
    fn errors(&self) -> Errors {
        Errors::of([&self.reason])
    }
}

fn undo_page(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    id: ImportId,
    wrong: Option<&'static str>,
) -> Result<UndoPage, Refusal> {
    course::may_import(actor)?;
    let import = course::import(tx, actor.school, id)?;
    let takes_back = undo::look_back(tx, actor, &import)?;
    Ok(UndoPage {
        frame: desk.frame(tx, actor, "Undo an import")?,
        import: id.0,
        file: import.file_name,
        takes_back,
        reason: Field::line("reason", "Reason")
            .hint("Such as: the file of another school; last year's list. The journal keeps it, and so does every mark that goes back.")
            .error(wrong),
    })
}

/// `/imports/{import}/undo`.
pub(super) async fn ask(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| undo_page(&here, tx, actor, ImportId(id), None))
        .await?;
    Ok(Page(drawn).into_response())
}

/// Begins to undo the import and leads back to it.
pub(super) async fn take_back(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Response> {
    let id = ImportId(id);
    let actor = who(&desk).await?;
    let (looked_at, reason) = (
        answers.text("looked_at").to_owned(),
        answers.text("reason").to_owned(),
    );
    if reason.is_empty() {
        let here = desk.clone();
        let wrong = Some("Give the reason.");
        let again = desk
            .read(move |tx, actor| undo_page(&here, tx, actor, id, wrong))
            .await;
        let again = again.map_err(IntoResponse::into_response)?;
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again));
    }
    let begun = background::begin(&desk.office, &actor, id, move |office, actor, told| {
        let undone = undo::undo(office, actor, id, (&looked_at, &reason), told);
        if let Err(refusal) = &undone {
            course::say(office, actor.school, id, &refusal.to_string())?;
        }
        undone
    })
    .await;
    begun.map_err(|refusal| desk.problem(refusal).into_response())?;
    Ok(Redirect::to(&format!("/imports/{}", id.0)).into_response())
}
