//! Terms, closures, session times, and what the school has decided from which day.
//!
//! It deliberately does not know what is marked on a day, only which sessions it has.

mod calendar_rows;
pub mod records;
pub mod settings;

pub use calendar_rows::{CalendarError, calendar, calendar_between};

/// Every statement of this folder, for the test that prepares them.
pub const STATEMENTS: &[&str] = &[
    calendar_rows::TERMS,
    calendar_rows::EXCEPTIONS,
    calendar_rows::TERMS_BETWEEN,
    calendar_rows::EXCEPTIONS_BETWEEN,
    settings::SETTINGS,
];
