//! The addresses of registers.

use std::sync::Arc;

use axum::extract::{FromRequest, Path, Request};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use calendar::{Day, Session, Slot};

use super::save::{Outcome, Save, SaveAnswer, save};
use super::sent::{SentSave, from_form};
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::ids::GroupId;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new().route(
        "/registers/{group}/{day}/{session}/save",
        post(save_register),
    )
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
    fn of((group, day, session): (String, String, String)) -> Result<RegisterAddress, Refusal> {
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

    /// The register's page.
    pub fn path(&self) -> String {
        let session = self.slot.session.to_string().to_lowercase();
        format!("/registers/{}/{}/{session}", self.group, self.slot.day)
    }
}

type AddressPath = Path<(String, String, String)>;

async fn save_register(
    desk: Desk,
    Path(address): AddressPath,
    request: Request,
) -> Result<Response, Problem> {
    let address = RegisterAddress::of(address).map_err(|refusal| desk.problem(refusal))?;
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    if is_json {
        let sent = Json::<SentSave>::from_request(request, &())
            .await
            .map_err(|error| desk.problem(Refusal::Wrong(error.body_text())))?;
        let answer = run(&desk, address, sent.0.into()).await?;
        return Ok(Json(answer).into_response());
    }
    let fields = Form::<Vec<(String, String)>>::from_request(request, &())
        .await
        .map_err(|error| desk.problem(Refusal::Wrong(error.body_text())))?;
    let answer = run(&desk, address, from_form(fields.0)).await?;
    let refused: Vec<&str> = answer
        .results
        .iter()
        .filter(|result| matches!(result.outcome, Outcome::Refused | Outcome::Conflict))
        .map(|result| result.message.as_str())
        .collect();
    if refused.is_empty() {
        Ok(Redirect::to(&address.path()).into_response())
    } else {
        Err(desk.problem(Refusal::Wrong(refused.join(" "))))
    }
}

async fn run(desk: &Desk, address: RegisterAddress, sent: Save) -> Result<SaveAnswer, Problem> {
    desk.act(move |act, actor| save(act, actor, address.group, address.slot, &sent))
        .await
}
