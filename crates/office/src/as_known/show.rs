//! A page as known then: the same page, asked on behalf of the past, with its links kept there.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request};
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Router};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::moment::{When, as_known};
use super::{AsKnown, ROOT, is_kept, nothing_changes};
use crate::desk::{Desk, Problem, Refusal};
use crate::shell::own_path;

/// So many pages are made of the past at a time, lest the making of their books keep the pages of the present waiting.
const AT_A_TIME: usize = 2;

/// The pages of the application, ready to be asked.
#[derive(Clone)]
pub(super) struct Pages {
    pages: Router,
    turns: Arc<Semaphore>,
}

impl Pages {
    pub(super) fn new(pages: Router) -> Pages {
        Pages {
            pages,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }
}

/// The attributes by which a page leads elsewhere. Texts of the record cannot contain them: their quotation marks are escaped.
const WAYS: [&str; 3] = ["href=\"/", "action=\"/", "formaction=\"/"];

/// `GET /as-known/{when}/{path}`: that page as known then. `now` leads back to the present.
pub(super) async fn show(
    desk: Desk,
    pages: Extension<Pages>,
    Path((when, _)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    if when == "now" {
        let present = request
            .uri()
            .path_and_query()
            .map_or("/", |page| page.as_str());
        let present = present.strip_prefix("/as-known/now").unwrap_or("/");
        return Ok(Redirect::to(own_path(present)).into_response());
    }
    shown(desk, pages, when, request).await
}

/// `POST /as-known/{when}/{path}`: a list as known then may be taken away; nothing else can be done in the past.
pub(super) async fn give(
    desk: Desk,
    pages: Extension<Pages>,
    Path((when, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    match path.as_str() {
        "take-away" => shown(desk, pages, when, request).await,
        _ => Err(desk.problem(nothing_changes())),
    }
}

async fn shown(
    desk: Desk,
    Extension(Pages { pages, turns }): Extension<Pages>,
    when: String,
    request: Request,
) -> Result<Response, Problem> {
    let when: When = when.parse().map_err(|()| desk.problem(Refusal::NotFound))?;
    let now = desk.office.now();
    let known = desk
        .read(move |tx, actor| as_known(tx, actor.school, when, now))
        .await?;
    let (parts, body) = request.into_parts();
    let root = format!("{ROOT}/{when}");
    let address = parts.uri.path_and_query().map_or("/", |page| page.as_str());
    let address: Option<Uri> = (address.strip_prefix(&root))
        .filter(|path| is_kept(path))
        .and_then(|path| path.parse().ok());
    let address = address.ok_or_else(|| desk.problem(Refusal::NotFound))?;
    let mut asked = Request::builder().method(parts.method).uri(address);
    if let Some(headers) = asked.headers_mut() {
        *headers = parts.headers;
    }
    let asked = asked
        .extension(known.clone())
        .body(body)
        .expect("a request whose address and headers were a request's");
    let is_page = asked.method() == Method::GET;
    let _turn = turns.acquire().await;
    let Ok(answer) = pages.oneshot(asked).await;
    Ok(match is_page {
        true => leading_back(&known, answer).await,
        false => redirecting_back(&known, answer),
    })
}

/// The answer with its links to what can be shown as known then leading there.
async fn leading_back(known: &AsKnown, answer: Response) -> Response {
    let answer = redirecting_back(known, answer);
    let kind = answer.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let page = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let page = String::from_utf8_lossy(&page);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(with_links(known, &page)))
}

/// The answer with a redirect kept in the past where it leads to what can be shown there.
fn redirecting_back(known: &AsKnown, mut answer: Response) -> Response {
    let location = answer.headers().get(header::LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    let kept = location.filter(|location| is_kept(location));
    if let Some(location) = kept.and_then(|location| known.path(location).parse().ok()) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

fn with_links(known: &AsKnown, page: &str) -> String {
    let mut text = String::with_capacity(page.len() + page.len() / 8);
    let mut rest = page;
    while let Some((at, way)) = next_way(rest) {
        // The slash is the first of the address.
        let address_at = at + way.len() - 1;
        text.push_str(&rest[..address_at]);
        let address = &rest[address_at..];
        let ends = address.find('"').unwrap_or(address.len());
        match is_kept(&address[..ends]) {
            true => text.push_str(&known.path(&address[..ends])),
            false => text.push_str(&address[..ends]),
        }
        rest = &address[ends..];
    }
    text.push_str(rest);
    text
}

fn next_way(text: &str) -> Option<(usize, &'static str)> {
    let found = WAYS.iter().filter_map(|way| Some((text.find(way)?, *way)));
    found.min()
}
