//! Attendance marks as columns of bytes: counts, cohorts and series over one pupil or a million.
//!
//! A [`Matrix`] holds one byte for each pupil and session of a school year ([`Axis`]). Bytes are numbered so that every statistical class is one range
//! ([`MarkByte`]); counting is comparing, and the compiler makes vector code of it. Every figure of the product is counted here and comes out as
//! [`register::Counts`], the worked cases of `rollbook conformance` included ([`worked`]).
//!
//! It knows `register` for the code table and the arithmetic of counts, and nothing else of the rules (`docs/decisions/0005-one-byte-a-mark.md`).
//! It deliberately does not know: who the pupils are (a row is a number), where marks are stored, what a threshold leads to, or what today is.

mod analysis;
mod axis;
mod kernel;
mod mark;
mod matrix;
mod run;
mod wide;
pub mod worked;

pub use analysis::{
    Analysis, Group, Part, PartAnalysis, Periods, Standing, UnauthorisedWindow, analyse,
    analyse_along,
};
pub use axis::{Axis, AxisError, Period};
pub use kernel::Attendance;
pub use mark::MarkByte;
pub use matrix::Matrix;
pub use run::{UnauthorisedRun, unauthorised_run};
pub use wide::Path;
