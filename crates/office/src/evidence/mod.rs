//! Evidence: files that families and colleagues give, such as a photo of an appointment card, kept sealed and handed out with care (I-029).
//!
//! What a file is, its bytes say ([`Kind`]); it has our own name and no other. Its bytes lie sealed with the school's key beside the record, never in the
//! journal, and go when somebody takes the file away or with the pupil's record. Where a scanner is set up nothing opens that
//! it has not looked at; where none is, a file is shown as not scanned and opens after a warning. Every opening is written down.
//!
//! It deliberately does not know what a file is evidence of, nor whether it convinces anybody: that is for whoever reads it.

mod file;
mod files;
mod keep;
mod kind;
mod may;
mod pages;
mod posted;
pub mod records;
mod request;
mod request_pages;
mod scan;
mod scanner;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub(crate) use file::counts_since;
pub use file::{Closed, EvidenceFile, GivenBy, Scan};
pub(crate) use files::{Files, file_field, said_of};
pub use keep::{GivenFor, HandedOut, file_by_office, open, withdraw};
pub(crate) use keep::{destroy_erased, follow, has_room, keep, sealed_for};
pub use kind::{Kind, MOST_BYTES, MOST_FILES, NotTaken, Received};
pub(crate) use pages::what;
pub(crate) use posted::{LARGEST_FORM, Posted, read_posted};
pub use request::{NewRequest, Request, Reviewed, ask_for, review};
pub(crate) use request::{asked_of, asked_pupils};
pub use scan::{ScanningError, keep_scanning, scan_what_waits};
pub use scanner::{ScanError, Scanner, Verdict};

use crate::desk::Office;
use crate::take_away::List;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route(
            "/pupils/{pupil}/evidence",
            get(pages::of_pupil).post(pages::add_to_pupil),
        )
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .route(
            "/pupils/{pupil}/evidence/ask",
            get(request_pages::ask).post(request_pages::answer),
        )
        .route(
            "/pupils/{pupil}/evidence/requests/{request}",
            get(request_pages::ask_review).post(request_pages::answer_review),
        )
        .route("/evidence/requests", get(request_pages::list))
        .route("/evidence/{evidence}", get(pages::page))
        .route("/evidence/{evidence}/file", post(pages::hand_out))
        .route("/evidence/{evidence}/withdraw", post(pages::take_away))
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "evidence of a pupil",
        address: "/pupils/{pupil}/evidence",
        make: pages::as_file,
    },
    List {
        kind: "evidence asked for",
        address: "/evidence/requests",
        make: request_pages::list_as_file,
    },
];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        file::STATEMENTS,
        keep::STATEMENTS,
        request::STATEMENTS,
        scan::STATEMENTS,
    ]
    .concat()
}
