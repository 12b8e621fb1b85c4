//! Taking, closing and amending the attendance register.
//!
//! It deliberately does not know what a code means or who may enter it (the rule crate `register` says), how a figure is
//! counted, and who is on roll or in a group (the roll decides).

mod due;
mod enter;
mod keeper;
mod pages;
pub mod records;
pub mod save;
mod sent;

pub use due::{Due, Standing, due};
pub use enter::Change;
pub use keeper::{Keeper, keeper};
pub use pages::{RegisterAddress, routes};

/// Every statement of this folder, for the test that prepares them.
pub const STATEMENTS: &[&str] = &[
    due::DUE,
    due::STANDING,
    keeper::DUTIES,
    save::SEEN,
    save::REMEMBER,
    save::TAKEN,
    save::NAME_OF_ACCOUNT,
];
