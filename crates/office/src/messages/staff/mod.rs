//! E-mails to staff: who is asked for a register (E-013), how the morning was signed off, whose pupils have marks without a reason (E-026).
//!
//! No pupil's name stands in one, neither above nor in its words: it says how many, and leads into the product, where each sees what their
//! role lets them see. Nobody has the same one twice: what went is looked up in the act that asks, and its reference is kept before the call
//! (I-122). It deliberately does not know: families, and how a provider is reached.

mod carry;
mod chase;
mod list;
mod morning;
mod post;
mod rules;
mod rules_page;
mod week;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post as posted};

pub use carry::carry_staff_mail;
pub(crate) use chase::Chase;
pub(crate) use list::shows_to;
pub(crate) use morning::tell_leaders;
pub use post::Kind;
pub(crate) use post::{Post, told};
pub use rules::{STAFF_MAIL_RULES, StaffMailRules};
pub(crate) use week::last_report;
pub use week::send_weekly_reports;

use crate::desk::Office;

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/messages/staff", get(list::list))
        .route(
            "/messages/staff/rules",
            get(rules_page::ask).post(rules_page::answer),
        )
        .route("/messages/staff/week", posted(week::send))
}

/// The statements of this folder.
pub(super) fn statements() -> Vec<&'static str> {
    [
        carry::STATEMENTS,
        list::STATEMENTS,
        post::STATEMENTS,
        week::STATEMENTS,
    ]
    .concat()
}
