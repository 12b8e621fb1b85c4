//! Messages to families about the day's unexplained absences: what would go, what went, what became of it, and what families answer; and
//! e-mails to [`staff`], which are a thing of their own.
//!
//! The crate `messages` carries them and knows the rules of carrying; here is whom they are for, in which words, and the record of them.
//! A message never changes a mark, and neither does an answer. It deliberately does not know: how a provider is reached, and what follows from an
//! absence.

mod ask;
mod by_clock;
mod callback;
mod carry;
mod channel;
mod foresee;
mod held;
mod hold;
pub mod letters;
mod link;
mod list;
mod not_reached;
mod outside;
mod preview;
pub mod records;
mod replies;
mod rules;
mod rules_page;
mod run;
pub mod staff;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use ask::{Asked, ask, stop};
pub use by_clock::send_first_messages;
pub use callback::work_on_callbacks;
pub(crate) use callback::{forget_old_callbacks, note_what_became};
pub use carry::carry_what_is_due;
pub use foresee::{About, Foreseen, Foresight, HeldBack, Unexplained, foresee, unexplained};
pub use hold::{Hold, hold, lift};
pub(crate) use letters::LISTS;
pub(crate) use not_reached::not_reached;
pub use outside::Outside;
pub(crate) use replies::mark_seen as mark_reply_seen;
pub use replies::{keep as keep_reply, see as see_reply};
pub use rules::{Automatic, FIELDS, MESSAGES, MessageRules};

use crate::desk::Office;
use crate::people::{Actor, Place};

/// Whether messages are open to this person.
pub(super) fn is_open_to(actor: &Actor) -> bool {
    Place::Messages.is_open_to(actor)
}

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/messages", get(list::list))
        .route("/messages/first", get(preview::first).post(preview::send))
        .route(
            "/messages/rules",
            get(rules_page::ask).post(rules_page::answer),
        )
        .route("/messages/automatic", post(by_clock::pause))
        .route("/messages/channels", get(channel::page))
        .route(
            "/messages/channels/notify",
            get(channel::ask_notify).post(channel::answer_notify),
        )
        .route(
            "/messages/channels/mail",
            get(channel::ask_mail).post(channel::answer_mail),
        )
        .route("/messages/channels/verify", post(channel::verify))
        .route("/messages/channels/callback", post(callback::new_token))
        .merge(callback::routes())
        .route("/messages/holds", get(hold::list))
        .route(
            "/messages/holds/new",
            get(hold::ask_new).post(hold::answer_new),
        )
        .route("/messages/holds/{hold}/lift", post(hold::answer_lift))
        .route("/messages/replies/{reply}/seen", post(list::seen))
        .merge(letters::routes())
        .merge(staff::routes())
        .route("/messages/{run}", get(run::page))
        .route("/messages/{run}/stop", post(run::stop_it))
        .route("/messages/{run}/decide/{message}", post(run::decide))
}

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        ask::STATEMENTS,
        by_clock::STATEMENTS,
        callback::STATEMENTS,
        carry::STATEMENTS,
        foresee::STATEMENTS,
        held::STATEMENTS,
        hold::STATEMENTS,
        list::STATEMENTS,
        not_reached::STATEMENTS,
        outside::STATEMENTS,
        replies::STATEMENTS,
        run::STATEMENTS,
        &letters::statements(),
        &staff::statements(),
    ]
    .concat()
}
