//! The morning: children who are not where they should be, who rings whom, and registers that are not in.
//!
//! Who is on the list follows from marks, plans and recorded outcomes each time it is shown ([`cases()`]); nothing stores it.
//!
//! It deliberately does not know: how a mark is written (registers do), what ends a search (`welfare` says), who came through the
//! door, and how a message travels.

mod board;
mod by_time;
mod carried;
mod cases;
mod claim;
mod entries;
mod evening;
mod face_to_face;
mod first_message;
mod handover;
mod log;
pub mod records;
mod remind;
mod risk;
mod row;
mod sign_off;
mod sign_off_page;
mod stands;
mod tell;
mod who;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use carried::Carried;
pub use cases::{Absent, Case, DayOfCases, Hours, cases};
pub use claim::{claim, release};
pub(crate) use entries::asked_for;
pub use entries::{Claim, Entry, Kind, Reminder, Reminders, SignOff};
pub use evening::{Uncontacted, uncontacted};
pub(crate) use first_message::first_messages_due;
pub(crate) use log::{AtHome, found_at_home, lead_decided, visit_is_asked_for};
pub use log::{Recorded, Said, record};
pub use remind::{AskedFor, remind};
pub use risk::Risk;
pub(crate) use row::rings;
pub use sign_off::{Measures, measures, sign_off};
pub(crate) use sign_off_page::signed_in_words;
pub(crate) use stands::{Missing, case_within, missing_within};
pub use tell::{How, Telling, Told, tell};
pub(crate) use who::{Sight, is_lead, pupil_to_log};

use crate::desk::Office;
use crate::take_away::List;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/morning", get(board::board))
        .route("/morning/remind", post(board::remind_all))
        .route("/morning/evening", get(evening::page))
        .route("/morning/face-to-face", get(face_to_face::page))
        .route("/morning/handover", get(handover::page))
        .route(
            "/morning/sign-off",
            get(sign_off_page::ask).post(sign_off_page::answer),
        )
        .route("/morning/{enrolment}", post(row::record_one))
        .route("/morning/{enrolment}/claim", post(row::claim_one))
        .route("/morning/{enrolment}/release", post(row::release_one))
        .route(
            "/morning/{enrolment}/seen",
            get(face_to_face::ask).post(face_to_face::answer),
        )
        .route(
            "/morning/{enrolment}/tell",
            get(tell::ask).post(tell::answer),
        )
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "not located",
        address: "/morning",
        make: board::as_file,
    },
    List {
        kind: "handover",
        address: "/morning/handover",
        make: handover::as_file,
    },
    List {
        kind: "to be seen face to face",
        address: "/morning/face-to-face",
        make: face_to_face::as_file,
    },
    List {
        kind: "absent without contact",
        address: "/morning/evening",
        make: evening::as_file,
    },
];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        carried::STATEMENTS,
        cases::STATEMENTS,
        entries::STATEMENTS,
        face_to_face::STATEMENTS,
        log::STATEMENTS,
        remind::STATEMENTS,
        row::STATEMENTS,
        stands::STATEMENTS,
        tell::STATEMENTS,
        who::STATEMENTS,
    ]
    .concat()
}
