//! The door: who comes late, and what becomes of it in the register.
//!
//! It deliberately does not know how a mark is written (the registers' own act does) nor what an arrival makes of it (the rule crate says).

mod ahead;
mod arrival;
mod arrive;
mod lates;
mod log;
mod mismatch;
mod page;
pub mod records;
mod undo;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::desk::Office;
use crate::take_away::List;

pub use arrival::{ArrivalOutcome, Arrived};
pub use arrive::{Arrives, arrive};

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/door", get(page::page).post(page::form))
        .route("/door/save", post(page::save))
        .route("/door/ahead", get(page::ahead))
        .route("/door/slip/{arrival}", get(page::slip))
        .route("/door/log", get(log::list))
        .route("/door/mismatch", get(mismatch::list))
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "late log",
        address: "/door/log",
        make: log::as_file,
    },
    List {
        kind: "desk and register",
        address: "/door/mismatch",
        make: mismatch::as_file,
    },
];

/// The statements of this folder, for the test that prepares them.
pub const STATEMENTS: &[&str] = &[arrival::BY_KEY, arrival::OF_DAYS, arrive::WHO];
