//! Figures, lists, and why each number is what it is.
//!
//! Every number of the product comes from [`Reckoning`]; a page, its CSV and its workbook are the same table ([`table`]).
//!
//! What other folders use: [`pupil_figure`], [`year_grid`], [`last_marks`], [`spells`], [`Question::why`] for the address behind any
//! number, [`marks_href`] for the page of a single mark.
//!
//! It deliberately does not know: how a mark gets into the register, or what the school does about absence.

mod figure;
mod pupil;
mod question;

pub use figure::{
    Excluded, Figure, NoFigure, Opened, Reckoning, Standing, Tally, answer_on, sessions,
};
pub use pupil::{Spell, band_name, last_marks, pupil_figure, pupil_mark, shown, spells, year_grid};
pub use question::{Answer, Question, Span, TRAITS, Trait, When, Who};

use crate::ids::PupilId;

/// Where the pages of a pupil's single marks begin: give it to [`year_grid`].
pub fn marks_href(pupil: PupilId) -> String {
    format!("/why/{pupil}/")
}
