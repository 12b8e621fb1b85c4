//! Before the day begins: homes that are rung from half past seven, clinics, and what families promised (E-191, E-031).
//!
//! Who is rung follows each morning from what is known: who is on the list of early calls, who was promised for today, who sits an examination and
//! may stay away, whose first day it is after an absence. A call is logged like any contact (E-018), and is no contact about an absence of the day,
//! which has not happened yet (E-010).
//!
//! It deliberately does not know: what ends an absence (`morning` does), how a mark is written, and how a message travels.

mod clinic;
mod clinic_pages;
mod early;
mod promise;
mod promises_page;
pub mod records;
mod watched;
mod watched_page;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use clinic::{
    Booked, Clinic, NewPlace, Outcome, book, booked_at, clinics, hold_clinic, write_down,
};
pub use early::{Answer, Why, to_ring};
pub(crate) use promise::promised_on;
pub use promise::{Kept, Promise, promises};
pub use watched::{Ground, Watched, end_watch, watch, watched_from};

use crate::desk::Office;
use crate::take_away::List;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/early-calls", get(early::page))
        .route("/early-calls/list", get(watched_page::page))
        .route(
            "/early-calls/list/new",
            get(watched_page::ask).post(watched_page::answer),
        )
        .route("/early-calls/list/{watch}/end", post(watched_page::end))
        .route("/early-calls/promises", get(promises_page::page))
        .route("/early-calls/{enrolment}", post(early::log_one))
        .route("/clinics", get(clinic_pages::list))
        .route(
            "/clinics/new",
            get(clinic_pages::ask_new).post(clinic_pages::new),
        )
        .route("/clinics/{clinic}", get(clinic_pages::one))
        .route(
            "/clinics/{clinic}/book",
            get(clinic_pages::ask_book).post(clinic_pages::book_one),
        )
        .route(
            "/clinics/families/{place}",
            get(clinic_pages::ask_record).post(clinic_pages::record),
        )
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "early calls",
        address: "/early-calls",
        make: early::as_file,
    },
    List {
        kind: "list of early calls",
        address: "/early-calls/list",
        make: watched_page::as_file,
    },
    List {
        kind: "promises",
        address: "/early-calls/promises",
        make: promises_page::as_file,
    },
    List {
        kind: "attendance clinics",
        address: "/clinics",
        make: clinic_pages::list_as_file,
    },
    List {
        kind: "attendance clinic",
        address: "/clinics/{clinic}",
        make: clinic_pages::one_as_file,
    },
];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        clinic::STATEMENTS,
        early::STATEMENTS,
        promise::STATEMENTS,
        watched::STATEMENTS,
    ]
    .concat()
}
