//! Every page and every address of the application, gathered from the folders that own them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::desk::Office;
use crate::shell::{self, Frame, Look};
use crate::{
    absence_line, api, as_known, authority, door, evidence, home, insight, live, messages, morning,
    people, preservation, registers, roll, safeguarding, take_away, visits, watch, webhooks, year,
};

/// The application as one router.
///
/// Around all of it stand two guards: while no school is set up, every address leads there; and nothing is changed by a
/// form or script of another site (by `Sec-Fetch-Site` and `Origin`, so a proxy in front must leave those and `Host` alone).
/// The interface for programs stands beside them: it knows no cookie, so no browser's sign-in can be borrowed for it.
pub fn router(office: Arc<Office>) -> Router {
    let set_up = middleware::from_fn_with_state(Arc::clone(&office), people::set_up_guard);
    let pages = Router::new()
        .merge(shell::routes())
        .merge(absence_line::routes())
        .merge(authority::routes())
        .merge(door::routes())
        .merge(evidence::routes())
        .merge(home::routes())
        .merge(insight::routes())
        .merge(live::routes())
        .merge(morning::routes())
        .merge(messages::routes())
        .merge(people::routes())
        .merge(preservation::routes())
        .merge(registers::routes())
        .merge(roll::routes())
        .merge(safeguarding::routes())
        .merge(take_away::routes())
        .merge(visits::routes())
        .merge(watch::routes())
        .merge(year::routes());
    let past = as_known::routes(pages.clone().with_state(Arc::clone(&office)));
    pages
        .merge(past)
        .merge(api::pages())
        .merge(webhooks::routes())
        .fallback(nowhere)
        .layer(set_up)
        .layer(CsrfLayer::new().with_rejection_response(from_another_site))
        .merge(api::routes())
        .with_state(office)
}

/// The answer at an address that leads nowhere, signed in or not.
async fn nowhere(uri: Uri, headers: HeaderMap) -> Response {
    let frame = Frame::signed_out("Rollbook", "Rollbook");
    shell::not_found(
        frame
            .with_look(Look::of(&headers))
            .at(uri.path().to_owned()),
    )
}

/// The answer to a change that another site's page asked for.
fn from_another_site(_: ProtectionError) -> Response<Body> {
    let ground = "This came from a page of another site, so nothing was done. Open the page in Rollbook and try again there.";
    (StatusCode::FORBIDDEN, ground).into_response()
}
