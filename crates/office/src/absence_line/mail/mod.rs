//! The mailbox of the absence line: mails of families become reports, by IMAP (E-014).
//!
//! A mail is taken once: its key and its place in the mailbox are kept in the act that keeps the report, and only then is it put away. What a program wrote (an
//! answer out of office, a circular) is shown apart and is never a report; what cannot be read is shown as such and stays in the mailbox.
//!
//! It deliberately does not know: the protocol and what stands in a mail (crate `mailbox`), what a report comes to.

mod days;
mod keep;
mod page;
mod read;
mod settings;
mod whom;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(super) use keep::unreadable;
pub(crate) use keep::{forget_old_mails, take_mail};
pub(super) use page::opens;
pub(super) use read::standing;
pub use read::{keep_reading_mailboxes, read_due_mailboxes};

use crate::desk::Office;
use crate::take_away::List;

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/absence-line/mailbox", get(page::page))
        .route(
            "/absence-line/mailbox/set-up",
            get(page::ask_set_up).post(page::answer_set_up),
        )
        .route("/absence-line/mailbox/test", post(page::test))
        .route("/absence-line/mailbox/stop", post(page::stop))
}

/// The list of this folder that can be taken away.
pub(super) const APART: List = List {
    kind: "mails that are no reports",
    address: "/absence-line/mailbox",
    make: page::as_file,
};

/// The statements of this folder.
pub(super) fn statements() -> Vec<&'static str> {
    [
        keep::STATEMENTS,
        read::STATEMENTS,
        settings::STATEMENTS,
        whom::STATEMENTS,
    ]
    .concat()
}
