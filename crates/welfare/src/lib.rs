//! The rules of a child who is not where they should be: how soon somebody must ring whom, what an answer means, and what may end the search.
//!
//! Every exit from the list of unlocated children is an outcome that a person recorded: [`absence`] has the table and refuses
//! everything else. A parent who was reached is not yet a child who was found.
//!
//! It deliberately does not know: what a code means (`register` does), who is on roll, who may see a child's social care
//! status, where anything is kept, and what time it is now.

pub mod absconded;
pub mod absence;
pub mod attempt;
pub mod chase;
pub mod collection;
pub mod concern;
pub mod continuing;
pub mod evidence_request;
pub mod face_to_face;
pub mod ladder;
mod rules;
pub mod ten_days;
pub mod tier;
pub mod visit;

pub use rules::{Rule, rule};
