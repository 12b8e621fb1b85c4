//! Concerns about children: anybody of the staff hands one over, the safeguarding team takes it, asks, decides (B-200 to B-209, E-020).
//!
//! Who may not know of a concern meets nothing of it: no page, no count, no line of the log of contacts, no entry of the journal that names a child
//! or an act. What was handed over and what was decided is sealed in the rows and in the journal (docs/decisions/0016).
//!
//! It deliberately does not know: how a call or a visit is recorded, and what takes a child off the morning's list (`morning` asks from when until when a child is held).

mod concern;
mod forms;
mod list;
mod one_page;
mod raise;
pub mod records;
mod refer;
mod sealed;
mod triage;
mod who;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use concern::{Concern, Done};
pub(crate) use concern::{Held, held};
pub(crate) use list::{ConcernsToday, concerns_today};
pub use raise::raise;
pub(crate) use raise::{RESTRICTED, hand_over, write_concern};
pub use refer::{Referral, Reply, refer, reply};
pub use sealed::{Origin, Words};
pub(crate) use triage::write_decision;
pub use triage::{Decided, acknowledge, add, ask_for_more, close_or_reopen, decide, name_reader};
pub(crate) use who::{is_of_team, may_raise};

use crate::desk::Office;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/concerns", get(list::page))
        .route("/concerns/find", get(list::find))
        .route(
            "/concerns/new",
            get(forms::ask_raise).post(forms::answer_raise),
        )
        .route("/concerns/{concern}", get(one_page::page))
        .route("/concerns/{concern}/act", post(one_page::act))
        .route(
            "/concerns/{concern}/decide",
            get(forms::ask_decide).post(forms::answer_decide),
        )
        .route(
            "/concerns/{concern}/refer",
            get(refer::ask_refer).post(refer::answer_refer),
        )
        .route(
            "/concerns/{concern}/answer",
            get(refer::ask_reply).post(refer::answer_reply),
        )
}

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        &concern::statements()[..],
        forms::STATEMENTS,
        who::STATEMENTS,
    ]
    .concat()
}
