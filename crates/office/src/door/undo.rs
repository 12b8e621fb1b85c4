//! Taking an arrival back that was typed for the wrong pupil.

use register::Code;
use register::closing::{RegisterState, register_state};
use store::{Act, args};

use super::arrival::{ArrivalOutcome, Arrived};
use super::arrive::WHO;
use crate::desk::Refusal;
use crate::ids::GroupId;
use crate::people::Actor;
use crate::registers::save::{Outcome, Save, save};
use crate::registers::{Change, due};
use crate::year::settings::{session_times, settings};

/// Why a mark goes back to what stood before.
const REASON: &str = "Signed in at the late door by mistake";

/// Takes an arrival back, and the mark that it made, as long as that mark still stands.
///
/// While the register is open what stood before stands again. Once it has closed a mark is never cleared, so a blank place becomes
/// `N`. Each is an amendment with its reason. An arrival that the office is to decide on stays with the office.
pub(super) fn undo(act: &mut Act, actor: &Actor, known: Arrived) -> Result<Arrived, Refusal> {
    if !known.stands() {
        return Ok(known);
    }
    let said = match known.mark_seq {
        Some(_) => mark_back(act, actor, &known)?,
        None if known.outcome == ArrivalOutcome::Held => {
            "The held mark is still among the late marks: refuse it there.".to_owned()
        }
        None => String::new(),
    };
    let undone = Arrived {
        undone: Some(REASON.to_owned()),
        said,
        ..known
    };
    undone.keep(act)?;
    act.describe(actor.entry(
        "undo an arrival",
        format!("time on roll {}", undone.enrolment),
    ));
    act.note("reason", REASON);
    Ok(undone)
}

/// Puts back what stood before; answers what there is to say about it.
fn mark_back(act: &mut Act, actor: &Actor, known: &Arrived) -> Result<String, Refusal> {
    let (school, slot) = (act.school(), known.slot);
    let asked = args![school, known.enrolment, slot.day];
    let found = act
        .tx()
        .query(WHO, &asked, |row| row.get::<Option<GroupId>>(1))?;
    let Some(group) = found.into_iter().flatten().next() else {
        return Ok("No longer in a tutor group, so the mark stays.".to_owned());
    };
    let standing = due(act.tx(), school, group, slot)?
        .into_iter()
        .find(|one| one.enrolment == known.enrolment)
        .and_then(|one| one.standing);
    let Some(standing) = standing.filter(|mark| Some(mark.seq) == known.mark_seq) else {
        return Ok("Somebody has changed the mark since; it stays as it stands.".to_owned());
    };
    let times = session_times(&settings(act.tx(), school)?, slot.day)?;
    let is_closed = matches!(
        register_state(&times, slot, act.at()),
        RegisterState::Closed { .. }
    );
    let before = known
        .before
        .or_else(|| is_closed.then_some(Code::NO_REASON_YET));
    let change = Change {
        enrolment: known.enrolment,
        code: before.map(|code| code.to_string()),
        reason: Some(REASON.to_owned()),
        base: standing.seq,
        ..Change::default()
    };
    let back = Save {
        change_id: format!("door-undo-{}", known.key),
        changes: vec![change],
        ..Save::default()
    };
    let answer = save(act, actor, group, slot, &back)?;
    let result = &answer.results[0];
    Ok(match (result.outcome, before) {
        (Outcome::Saved, Some(code)) => format!("The register says {code} again."),
        (Outcome::Saved, None) => "The place in the register is blank again.".to_owned(),
        _ => format!("The mark stays: {}", result.message),
    })
}
