//! Monthly sealed copies of both registers: made after each month by the program itself or by hand, kept with their
//! digests, and printed again unchanged.
//!
//! It deliberately does not know how a page is set (a [`paper::Typesetter`] does), and nothing of backups: a copy is for whoever asks
//! what the registers said, a backup for whoever lost them.

mod background;
mod contents;
mod due;
mod kept;
mod pages;
mod prove;
pub mod records;
mod seal;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(super) use contents::{amendments, changed, in_hex, why};
pub use due::{Standing, standing};
pub use pages::due_by_itself;
pub(crate) use pages::{CopiesToday, copies_today};
pub use prove::{Proved, prove_file, prove_kept};
pub use seal::{STEPS, Wish, by_itself, seal};

use crate::desk::Office;
use crate::people::{Access, Actor, RecordKind};
use crate::roll::may_see_admission_register;
use crate::take_away::List;

/// Whether somebody may see copies: both registers of the whole school.
pub fn may_see(actor: &Actor) -> bool {
    may_see_admission_register(actor)
        && actor.may_for_school(Access::Read, RecordKind::AttendanceMarks)
}

/// Whether somebody may make them: whoever keeps the attendance register of the whole school.
pub fn may_seal(actor: &Actor) -> bool {
    may_see(actor) && actor.may_for_school(Access::Write, RecordKind::AttendanceMarks)
}

/// The pages of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/sealed-copies", get(pages::copies))
        .route("/sealed-copies/make", post(pages::make))
        .route("/sealed-copies/{copy}/{file}", get(pages::to_the_copies))
}

/// The files of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "sealed copies",
        address: "/sealed-copies",
        make: pages::as_file,
    },
    List {
        kind: "sealed copy",
        address: "/sealed-copies/{copy}/{file}",
        make: pages::one_file,
    },
];

/// The statements of this folder.
pub(super) fn statements() -> Vec<&'static str> {
    [
        &[
            seal::KEEP,
            prove::BY_DIGEST,
            prove::DIGESTS,
            prove::LEFT_OVER,
        ][..],
        background::STATEMENTS,
        contents::STATEMENTS,
        pages::STATEMENTS,
    ]
    .concat()
}
