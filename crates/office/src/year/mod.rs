//! Terms, closures, session times, the timetable, and what the school has decided from which day.
//!
//! It deliberately does not know what is marked on a day, only which sessions it has.

mod api;
mod calendar_rows;
mod close_day;
mod day_times;
mod day_times_pages;
mod decide;
mod door_forms;
mod ladder_form;
mod pages;
pub mod records;
mod set_terms;
pub mod settings;
mod settings_page;
pub mod timetable;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use api::{operations, span};
pub(crate) use calendar_rows::{BETWEEN, calendar_between_with};
pub use calendar_rows::{CalendarError, calendar, calendar_between};
pub(crate) use close_day::put_day;
pub use close_day::{clear_day, set_day};
pub use day_times::{DayTimes, PeriodHours, clear_day_times, set_day_times};
pub use decide::decide;
pub use set_terms::{HalfTerm, set_terms};

use crate::desk::Office;

/// Every statement of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [STATEMENTS, &timetable::statements()].concat()
}

const STATEMENTS: &[&str] = &[
    calendar_rows::TERMS,
    calendar_rows::EXCEPTIONS,
    calendar_rows::BETWEEN,
    settings::SETTINGS,
    close_day::CLOSED_ON,
    close_day::MARKED_ON,
    day_times::KEPT_IN,
    pages::EXCEPTIONS,
    set_terms::TERMS_OF,
    set_terms::MARKED_OUTSIDE,
];

/// The pages of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .merge(timetable::routes())
        .route("/year", get(pages::year))
        .route("/year/terms", post(pages::save_terms))
        .route("/year/days", post(pages::save_day))
        .route(
            "/year/times",
            get(day_times_pages::ask).post(day_times_pages::answer),
        )
        .route("/year/times/take-back", post(day_times_pages::clear))
        .route(
            "/settings",
            get(settings_page::settings).post(settings_page::save),
        )
}
