//! The absence line: what families tell about absence, by whatever way it comes, in one inbox (E-014).
//!
//! A parent's word never writes a code. A report is matched to its pupil, a code is proposed with its ground, and a person applies it: one, or all that
//! nothing speaks against, at one stroke with a preview and an undo. The marks are made by `registers/bulk`, so the register's own rules judge each.
//!
//! Mails come from the school's own mailbox ([`read_due_mailboxes`]). A parent tells from home too, by a form at the secret address of their own link: it shows the forenames of their own children and no mark.
//!
//! It deliberately does not know: how a mark is judged and written, what takes a child off the morning's list (`welfare`), how texts are carried.

mod apply;
mod from_home;
mod inbox;
mod link;
mod link_page;
mod mail;
mod one;
pub mod records;
mod report;
mod suggest;
mod take;
mod taking;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub use apply::{
    Applied, Foreseen, Held, Ready, apply_all, apply_one, foresee, put_back, set_aside, undo,
    undoubted,
};
pub use link::{Child, Family, make_link, revoke_link};
pub(crate) use link::{link_by_message, may_have_link};
pub(crate) use link_page::sees_links;
pub(crate) use mail::{forget_old_mails, take_mail};
pub use mail::{keep_reading_mailboxes, read_due_mailboxes};
pub use report::{Channel, Report, State};
pub(crate) use report::{TOLD, waiting_on};
pub use suggest::{Suggestion, suggest};
pub(crate) use take::keep;
pub use take::{Told, amend, take, take_for_sibling};

use crate::desk::Office;
use crate::evidence::LARGEST_FORM;
use crate::take_away::List;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route(
            "/from-home/{token}",
            get(from_home::ask).post(from_home::answer),
        )
        .route("/absence-line/{report}/evidence", post(one::add_evidence))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .route("/absence-line", get(inbox::page))
        .route(
            "/absence-line/all",
            get(inbox::preview).post(inbox::apply_them),
        )
        .route("/absence-line/new", get(taking::ask).post(taking::answer))
        .route(
            "/absence-line/links/{pupil}",
            get(link_page::page).post(link_page::make),
        )
        .route(
            "/absence-line/links/{pupil}/revoke",
            post(link_page::revoke),
        )
        .route("/absence-line/undo/{set}", post(inbox::take_back))
        .merge(mail::routes())
        .route("/absence-line/{report}", get(one::page))
        .route(
            "/absence-line/{report}/amend",
            get(taking::ask_amend).post(taking::answer_amend),
        )
        .route("/absence-line/{report}/apply", post(one::apply))
        .route("/absence-line/{report}/aside", post(one::aside))
        .route("/absence-line/{report}/back", post(one::back))
        .route("/absence-line/{report}/sibling", post(one::for_sibling))
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "absence line",
        address: "/absence-line",
        make: inbox::as_file,
    },
    mail::APART,
];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        link::STATEMENTS,
        report::STATEMENTS,
        take::STATEMENTS,
        &mail::statements(),
    ]
    .concat()
}
