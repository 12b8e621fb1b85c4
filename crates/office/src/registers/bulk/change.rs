//! Making a change to many marks: one act, one entry of the journal, all of it or nothing.

use calendar::{Day, Instant};
use register::Code;
use store::{Act, args};

use super::choice::Choice;
use super::foresee::{Foresight, MarkChange, foresee};
use super::records::MARK_SET;
use crate::desk::Refusal;
use crate::ids::MarkSetId;
use crate::people::Actor;
use crate::registers::records::MARK_VERSION;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is made, as this set.
    Made(MarkSetId),
    /// The marks are not as the person saw them. Nothing was changed.
    Stale,
    /// No mark would change. Nothing was changed.
    Nothing,
}

/// Makes a change exactly as it was foreseen: `seen` is the seal of what the person saw.
///
/// Rule: R-007 (each mark keeps what stood, with reason, name, title and time), R-028. `whom` is for the list of such changes.
/// Errors: as [`foresee`]; [`Refusal::Wrong`] without a reason.
pub fn change(
    act: &mut Act,
    actor: &Actor,
    choice: &Choice,
    whom: &str,
    seen: &str,
) -> Result<Done, Refusal> {
    let now = act.at();
    must_have_reason(&choice.reason)?;
    let foresight = foresee(act.tx(), actor, choice, &[], now)?;
    if foresight.seal() != seen {
        return Ok(Done::Stale);
    }
    if foresight.changes.is_empty() {
        return Ok(Done::Nothing);
    }
    let about = About {
        kind: "codes",
        whom,
        code: choice.code.kept(),
        days: (choice.first, choice.last),
        reason: &choice.reason,
    };
    write(act, actor, &foresight, &about).map(Done::Made)
}

/// Errors: [`Refusal::Wrong`] where nothing is given.
pub(super) fn must_have_reason(reason: &str) -> Result<(), Refusal> {
    match reason.trim().is_empty() {
        false => Ok(()),
        true => Err(Refusal::Wrong(
            "Give the reason; an amendment keeps it (R-007).".to_owned(),
        )),
    }
}

/// What a set says of itself.
pub(crate) struct About<'a> {
    pub(crate) kind: &'static str,
    pub(crate) whom: &'a str,
    pub(crate) code: Option<Code>,
    pub(crate) days: (Day, Day),
    pub(crate) reason: &'a str,
}

/// Writes every mark that was foreseen to change, each with its own reason where it has one, and the set that they make.
pub(crate) fn write(
    act: &mut Act,
    actor: &Actor,
    foresight: &Foresight,
    about: &About<'_>,
) -> Result<MarkSetId, Refusal> {
    let rows = foresight.changes.iter().map(|change| {
        let MarkChange {
            person, slot, mark, ..
        } = change;
        args![
            foresight.people[*person].enrolment,
            slot.day,
            slot.session.index() as i64,
            mark.code.as_ref().map(Code::as_str),
            mark.minutes,
            mark.arrived_at,
            mark.note.as_deref(),
            mark.reason.as_deref().unwrap_or(about.reason.trim()),
            "set",
            None::<Instant>,
            mark.sub_code.as_deref()
        ]
    });
    act.record_many(&MARK_VERSION, rows)?;
    let of_whom = (foresight.changes.len(), foresight.pupils());
    keep_set(act, actor, about, of_whom, None)
}

/// Keeps the set itself and describes the act.
pub(super) fn keep_set(
    act: &mut Act,
    actor: &Actor,
    about: &About<'_>,
    (marks, pupils): (usize, usize),
    undoes: Option<MarkSetId>,
) -> Result<MarkSetId, Refusal> {
    let set = MarkSetId(act.new_id());
    let (first, last) = about.days;
    let values = args![
        set,
        about.kind,
        about.whom,
        about.code.as_ref().map(Code::as_str),
        first,
        last,
        marks as i64,
        pupils as i64,
        about.reason.trim(),
        undoes
    ];
    act.record(&MARK_SET, &values)?;
    let what = match undoes {
        None => "change many marks",
        Some(_) => "undo a change of many marks",
    };
    act.describe(actor.entry(what, format!("set {set}")));
    act.note("reason", about.reason.trim());
    Ok(set)
}
