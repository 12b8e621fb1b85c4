//! Preservation of both registers and erasure with proof: what may go after six years, on whose word, and what stays to show it.
//!
//! It deliberately does not know how a payload is shortened so that the journal still holds (the store does), nor what an entry says.

mod certificate;
mod due;
mod erase;
mod hold;
mod pages;
pub mod records;

pub use erase::{Outlook, approve, ask, carry_out, outlook, withdraw};
pub use hold::{NewHold, place as place_hold, release as release_hold};
pub use pages::routes;

use crate::desk::Refusal;
use crate::people::{Access, Actor, RecordKind};
use crate::take_away::List;

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "erasures",
        address: "/preservation",
        make: pages::as_file,
    },
    List {
        kind: "certificate of destruction",
        address: "/preservation/{erasure}",
        make: certificate::as_file,
    },
];

/// The statements of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    let mut all = due::statements();
    all.extend(erase::STATEMENTS);
    all.extend(hold::STATEMENTS);
    all
}

/// Whether somebody sees what was erased and what is held.
pub fn may_see(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::RetentionAndDisposal)
}

/// Whether somebody decides about disposal: asks, approves, holds.
pub(crate) fn may_decide(actor: &Actor) -> bool {
    actor.may_for_school(Access::Write, RecordKind::RetentionAndDisposal)
}

/// Errors: [`Refusal::NotFound`] for anybody who does not.
fn must_decide(actor: &Actor) -> Result<(), Refusal> {
    match may_decide(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Errors: [`Refusal::NotFound`] for anybody who does not see it.
fn must_see(actor: &Actor) -> Result<(), Refusal> {
    match may_see(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}
