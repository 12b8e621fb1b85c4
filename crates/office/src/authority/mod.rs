//! What the local authority is told of each day: pupils with a legal target with the day's marks (E-031), and runs of unauthorised absence (E-030).
//!
//! Both are reckoned from the marks each time they are shown. A legal target itself is a dated fact that somebody enters.
//!
//! It deliberately does not know: how a penalty notice or a prosecution comes about, and how anything travels to the authority: a list leaves by the
//! one door, and whoever takes it sends it.

mod pupil_page;
pub mod records;
mod target;
mod ten_days;
mod today;
mod who;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub(crate) use pupil_page::flags_of;
pub use target::{NewTarget, Target, TargetKind, set_target, targets_on};
pub(crate) use ten_days::{Watch, watch};
pub(crate) use today::{OfToday, of_today};

use crate::desk::Office;
use crate::take_away::List;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/legal-targets", get(today::page))
        .route("/ten-day-watch", get(ten_days::page))
        .route("/pupils/{pupil}/legal", get(pupil_page::page))
        .route(
            "/pupils/{pupil}/legal/new",
            get(pupil_page::ask).post(pupil_page::answer),
        )
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "legal targets with the day's marks",
        address: "/legal-targets",
        make: today::as_file,
    },
    List {
        kind: "ten-day watch",
        address: "/ten-day-watch",
        make: ten_days::as_file,
    },
];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    target::STATEMENTS.to_vec()
}
