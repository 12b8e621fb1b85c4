//! Letters to families that the school prints and posts itself: what waits, that it was posted, and the proof that is kept (E-207).
//!
//! A letter goes to whoever can be reached by no other way (I-124). It is put down with the other messages and waits here; a service that prints
//! letters elsewhere takes them instead where the school has named one. It deliberately does not know: whom a letter is for, and its words.

mod address;
mod file;
mod new;
mod page;
mod post;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post as posted};

pub(super) use address::address_of;
pub(crate) use file::LISTS;
pub use new::{NewLetter, write_letters};
pub use post::{How, Posted, record_posting};

use crate::desk::Office;

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/messages/letters", get(page::page))
        .route("/messages/letters/posted", posted(page::posted))
        .route("/messages/letters/new", get(new::ask).post(new::answer))
}

/// The statements of this folder.
pub(super) fn statements() -> Vec<&'static str> {
    [
        address::STATEMENTS,
        file::STATEMENTS,
        new::STATEMENTS,
        post::STATEMENTS,
        waiting::STATEMENTS,
    ]
    .concat()
}
