//! Visits to homes: the round of the day, what must stand before anybody leaves, who is out and overdue, and what was found (E-196, SM-12); and bringing
//! the child to school with one (E-198).
//!
//! What a visit finds goes into the log of the day's absence, which decides by its own table what that means for the child (`morning`).
//!
//! It deliberately does not know: what ends a search (`welfare` says), what a code means, and how a message travels.

mod beside;
mod collection;
mod collection_form;
mod collections;
mod find;
mod found;
mod go;
mod log;
mod one_page;
mod order;
mod page;
mod ready_forms;
mod record_form;
pub mod records;
mod sheet;
mod shown;
mod visit;
mod who;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use beside::{Beside, OfRow, beside, of_row};
pub use collection::{Agreed, Collection, Prepared, arrive_with_child, prepare, refuse, set_off};
pub use found::{Wrote, write_down};
pub use go::{Going, Looked, answer_alarm, check, come_back, heard_of, leave, staff};
pub use order::{Order, authorise, move_in_round, order, withdraw};
pub use visit::{Checked, Kind, Record, Step, Visit, Whole};
pub(crate) use who::may_visit;

use crate::desk::Office;
use crate::take_away::List;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/visits", get(page::page))
        .route("/visits/plan", post(page::plan))
        .route("/visits/find", get(find::page))
        .route("/visits/new", get(find::ask).post(find::answer))
        .route("/visits/log", get(log::page))
        .route("/visits/sheet", get(sheet::page))
        .route("/visits/collections", get(collections::page))
        .route(
            "/visits/{visit}/collection",
            get(collection_form::ask).post(collection_form::answer),
        )
        .route("/visits/{visit}", get(one_page::page))
        .route("/visits/{visit}/act", post(one_page::act))
        .route(
            "/visits/{visit}/check",
            get(ready_forms::ask_check).post(ready_forms::answer_check),
        )
        .route(
            "/visits/{visit}/staff",
            get(ready_forms::ask_staff).post(ready_forms::answer_staff),
        )
        .route(
            "/visits/{visit}/record",
            get(record_form::ask_record).post(record_form::answer_record),
        )
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "round of visits",
        address: "/visits",
        make: page::as_file,
    },
    List {
        kind: "visits",
        address: "/visits/log",
        make: log::as_file,
    },
    List {
        kind: "collections from home",
        address: "/visits/collections",
        make: collections::as_file,
    },
];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        &visit::statements()[..],
        go::STATEMENTS,
        ready_forms::STATEMENTS,
        who::STATEMENTS,
    ]
    .concat()
}
