//! Figures, lists, and why each number is what it is.
//!
//! Every number of the product comes from [`Reckoning`]; a page, its CSV and its workbook are the same table ([`table`]).
//!
//! What other folders use: [`pupil_figure`], [`year_grid`], [`last_marks`], [`spells`], [`Question::why`] for the address behind any
//! number, [`marks_href`] for the page of a single mark.
//!
//! It deliberately does not know: how a mark gets into the register, or what the school does about absence.

mod api;
mod chart;
mod figure;
mod figures;
mod filter;
mod form;
mod lists;
mod mark;
mod pupil;
mod question;
mod sight;
pub mod table;
mod why;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::desk::Office;
use crate::ids::PupilId;
use crate::take_away::List;

pub(crate) use api::operations;
pub use figure::{
    Excluded, Figure, NoFigure, Opened, Reckoning, Standing, Tally, answer_on, sessions,
};
pub use form::Form;
pub use pupil::{Spell, band_name, last_marks, pupil_figure, pupil_mark, shown, spells, year_grid};
pub use question::{Answer, Only, Question, Span, TRAITS, Trait, When, Who};
pub use table::grouped;
pub(crate) use why::counts_as;

/// The statements of this folder, for the test that prepares them.
pub const STATEMENTS: &[&str] = mark::STATEMENTS;

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "figures",
        address: "/figures",
        make: figures::as_file,
    },
    List {
        kind: "pupils by their marks",
        address: "/lists/{name}",
        make: lists::as_file,
    },
    List {
        kind: "what a figure was made from",
        address: "/why",
        make: why::as_file,
    },
];

/// The pages of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/why", get(why::why))
        .route("/why/{pupil}/{day}/{session}", get(mark::mark))
        .route("/figures", get(figures::figures))
        .route("/lists", get(lists::index))
        .route("/lists/{name}", get(lists::list))
}

/// Where the pages of a pupil's single marks begin: give it to [`year_grid`].
pub fn marks_href(pupil: PupilId) -> String {
    format!("/why/{pupil}/")
}
