//! Registers where there is no network: what a device is given ahead, and what it could not send in time.
//!
//! It deliberately does not know how a browser keeps what it is given (`shell/assets/device.js` does), and decides no mark: what
//! comes in time is [`super::save`]'s, what comes late a person's.

mod ahead;
pub(super) mod late;
pub(super) mod late_lesson;
mod late_page;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::desk::Office;

pub use late::{Decided, LateChoice, decide_late};
pub use late_lesson::{decide_late_exam, decide_late_lesson};
pub(super) use late_page::as_file;

/// How many marks came late and wait for the office.
pub(crate) use late::number_waiting as late_marks_waiting;

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/offline", get(ahead::page))
        .route("/offline/registers", get(ahead::registers))
        .route("/late-marks", get(late_page::list))
        .route(
            "/late-marks/{group}/{day}/{session}",
            post(late_page::decide),
        )
        .route(
            "/late-marks/lessons/{group}/{day}/{period}",
            post(late_page::decide_lesson),
        )
        .route(
            "/late-marks/exams/{exam}/rooms/{room}",
            post(late_page::decide_exam),
        )
}

/// The statements of this folder.
pub(super) const STATEMENTS: &[&str] = &[
    late::WAITING,
    late::COUNT,
    late::OF_PLACE,
    late::ONE,
    late_lesson::LESSONS_WAITING,
    late_lesson::LESSON_COUNT,
    late_lesson::LESSON_PLACE,
    late_lesson::LESSON_ONE,
];
