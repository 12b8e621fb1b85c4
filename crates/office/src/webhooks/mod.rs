//! Webhooks: addresses of other programs that are told of what changes, signed, until they have taken it.
//!
//! Deliveries come from the journal and hold ids and times only; the receiver fetches the rest with its own client, and so no further than
//! that may read. It deliberately does not know what a mark means, nor how a journal is kept.

mod api;
mod deliver;
mod events;
mod gather;
mod keep;
mod pages;
mod post;
mod target;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub(crate) use api::operations;
pub(crate) use deliver::forget_old_deliveries;
pub use deliver::{deliver, keep_delivering};
pub use keep::{Standing, WEBHOOK, Webhook, webhooks};
pub(crate) use keep::{given_up, put_in_paused};
pub use post::knows_authorities;

use crate::desk::Office;
use crate::take_away::List;

/// The pages of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/webhooks", get(pages::list))
        .route("/webhooks/new", get(pages::ask_new).post(pages::answer_new))
        .route("/webhooks/{webhook}", get(pages::webhook))
        .route(
            "/webhooks/{webhook}/{change}",
            get(pages::ask_change).post(pages::answer_change),
        )
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "webhooks",
        address: "/webhooks",
        make: pages::as_file,
    },
    List {
        kind: "deliveries of a webhook",
        address: "/webhooks/{webhook}",
        make: pages::deliveries_as_file,
    },
];

/// The statements of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [
        [
            keep::ALL,
            keep::BEGIN,
            keep::RENEW,
            keep::DUE_NOW,
            keep::FORGET_ONE,
            keep::GIVEN_UP,
        ]
        .as_slice(),
        &[
            gather::BEHIND,
            gather::SEEN,
            gather::NEW,
            deliver::DUE,
            deliver::CLAIM,
            deliver::TAKEN,
            deliver::FAILED,
            deliver::FORGET,
        ],
        &[pages::LOG],
    ]
    .concat()
}
