//! Changing many marks at once: foreseen, made as one act, undone as one act.
//!
//! What is foreseen and what is done come from one function ([`foresee()`]), and the act refuses when the ground has changed in between.
//! Each mark is judged as if somebody entered it alone; this folder decides only whose marks and which of them are taken in.

mod change;
mod choice;
mod closure;
mod closure_pages;
mod foresee;
mod joining;
mod list;
mod pages;
pub mod records;
mod undo;

pub(crate) use change::{About, write as make_set};
pub use change::{Done, change};
pub use choice::{Choice, EntryCode, OverPlans, Which, Whom};
pub use closure::{Closed, Closure, close, foresee_closure, foresee_reopening, reopen};
pub use foresee::{Foresight, Left, MarkChange, Person, Why, foresee};
pub(crate) use joining::{
    first_attended, marks_after, marks_before, present_on, take_back_after, take_back_before,
};
pub(super) use list::{as_file, marks_as_file};
pub(super) use pages::{place_in_words, routes};
pub use undo::{Undone, undo};

use register::entry::RoleKind;
use store::Tx;

use super::keeper::school_wide;
use crate::desk::Refusal;
use crate::people::{Access, Actor, RecordKind};

/// Every statement of this folder, for the test that prepares them.
pub(super) fn statements() -> Vec<&'static str> {
    [
        closure::STATEMENTS,
        foresee::STATEMENTS,
        joining::STATEMENTS,
        list::STATEMENTS,
        undo::STATEMENTS,
    ]
    .concat()
}

/// Whether this person may change many marks at once: whoever keeps the registers of the whole school.
pub(crate) fn keeps_all_registers(actor: &Actor) -> bool {
    actor.may_for_school(Access::Write, RecordKind::AttendanceMarks)
}

/// Whether this person reads the list of changes: whoever reads the marks of the whole school.
pub(super) fn reads_changes(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::AttendanceMarks)
}

/// In which capacity this person changes many marks.
///
/// Errors: [`Refusal::NotAllowed`] for somebody who reads every register and keeps them not, [`Refusal::NotFound`] for anybody else.
fn office_role(actor: &Actor) -> Result<RoleKind, Refusal> {
    if keeps_all_registers(actor) {
        return Ok(school_wide(actor));
    }
    if !reads_changes(actor) {
        return Err(Refusal::NotFound);
    }
    Err(Refusal::NotAllowed(
        "Many marks at once are changed by those who keep the registers of the whole school. Tell the attendance office."
            .to_owned(),
    ))
}

/// Who recorded something: name and job title then.
fn who(tx: &mut Tx, actor: &Actor, account: i64, job_title: &str) -> Result<String, Refusal> {
    let name = super::save::name_of(tx, actor.school, crate::ids::AccountId(account))?;
    Ok(match job_title.is_empty() {
        true => name,
        false => format!("{name}, {job_title}"),
    })
}
