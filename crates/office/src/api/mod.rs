//! The interface that other programs use: the same acts as the screens, as JSON over HTTP.
//!
//! A client sends its token and becomes an [`Actor`](crate::people::Actor) with the role and the limits that an administrator gave it,
//! so that the acts, the access matrix and the reach of a person hold for it as well. What can be asked stands in each folder's
//! `api.rs` as a list of operations; the description, the reader's page and the matching of requests are made from that list.
//!
//! It deliberately does not know what any record holds: the folders' operations say.

mod client;
mod client_pages;
mod description;
mod idempotency;
mod interface;
mod operation;
mod problem;
mod rates;
mod reader;
mod request;
mod serve;
pub(crate) mod shape;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};

pub(crate) use client::client_as_actor;
pub use client::{
    API_CLIENT, Client, KINDS, LONGEST_DAYS, NewClient, TokenHash, clients, end, make, renew,
};
pub use description::description;
pub(crate) use idempotency::forget_old_answers;
pub use interface::{Interface, InterfaceRules, REQUESTS_A_MINUTE};
pub(crate) use operation::{
    Asked, Given, Parameter, Run, asked_in_query, followed_sql, following, in_header, in_path,
    in_query, page_of, paging, wrong_body, wrong_query,
};
pub use operation::{Method, Operation, Request, operations};
pub use problem::ApiProblem;
pub use request::{Sent, read};

use crate::desk::Office;
use crate::take_away::List;
use crate::{insight, people, registers, roll, webhooks, year};

/// Where the operations are.
pub const ROOT: &str = "/api/v1";

/// The largest body of a request, in bytes.
pub const LARGEST_BODY: usize = 256 * 1024;

/// The operations of every folder, in the order of the reader's page.
fn gathered() -> Vec<Operation> {
    [
        people::operations(),
        roll::operations(),
        year::operations(),
        registers::operations(),
        insight::operations(),
        webhooks::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The addresses of the interface itself, which no browser's sign-in opens and no other site's page reaches.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/api/v1", any(serve::answer))
        .route("/api/v1/{*rest}", any(serve::answer))
}

/// The pages about the interface.
pub fn pages() -> Router<Arc<Office>> {
    Router::new()
        .route("/api", get(reader::page))
        .route("/api/openapi.json", get(reader::openapi))
        .route("/api-clients", get(client_pages::clients))
        .route(
            "/api-clients/new",
            get(client_pages::ask_new).post(client_pages::answer_new),
        )
        .route("/api-clients/{client}", get(client_pages::client))
        .route(
            "/api-clients/{client}/secret",
            get(client_pages::ask_secret).post(client_pages::answer_secret),
        )
        .route(
            "/api-clients/{client}/end",
            get(client_pages::ask_end).post(client_pages::answer_end),
        )
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[List {
    kind: "API clients",
    address: "/api-clients",
    make: client_pages::as_file,
}];

/// The statements of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [client::STATEMENTS, idempotency::STATEMENTS].concat()
}
