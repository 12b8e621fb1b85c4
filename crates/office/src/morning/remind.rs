//! Asking for registers that are not in.

use calendar::Slot;
use store::{Act, Tx, args};
use welfare::chase::{Asked, ask_next};

use super::cases::Hours;
use super::entries::reminders;
use super::log::hours_within;
use super::records::REGISTER_REMINDER;
use crate::desk::Refusal;
use crate::ids::GroupId;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::due;

const TUTOR_GROUPS: &str = "select group_id from pupil_group where school_id = $1 and kind = 'tutor' and superseded_seq is null order by group_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[TUTOR_GROUPS];

/// Within so many minutes a register is not asked for twice, so that two who press the key together send one reminder.
const NOT_AGAIN_WITHIN: i64 = 2;

/// A register that was asked for.
pub type AskedFor = (GroupId, Asked);

/// Asks for every register of the session that has opened, has blanks and was not asked for in the last minutes; or for one alone.
/// Answers which, and of whom.
///
/// Rule: E-013: the teacher first, then the line manager, then the attendance lead who sends a runner. The reminder is on the
/// teacher's first page and on the register at once. Groups in whose register nobody's mark is due are not asked for.
///
/// Errors: [`Refusal::NotAllowed`] for somebody who keeps no registers for the school; [`Refusal::Wrong`] while none has opened.
pub fn remind(
    act: &mut Act,
    actor: &Actor,
    only: Option<GroupId>,
) -> Result<Vec<AskedFor>, Refusal> {
    if !actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        let ground = "Only whoever keeps the registers of the school asks for them. Tell the attendance office.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let (school, now) = (act.school(), act.at());
    let (today, _) = now.in_london();
    let running = running(act.tx(), actor, now)?;
    let before = reminders(act.tx(), school, today)?;
    let groups = act
        .tx()
        .query(TUTOR_GROUPS, &args![school], |row| row.get::<GroupId>(0))?;
    let mut asked_for = Vec::new();
    for group in groups
        .into_iter()
        .filter(|group| only.is_none_or(|only| only == *group))
    {
        if !has_blanks(act.tx(), actor, group, running.slot)? {
            continue;
        }
        let sent = before
            .get(&(group, running.slot.session))
            .map_or(&[][..], Vec::as_slice);
        let just_now = sent
            .last()
            .is_some_and(|last| last.at.seconds_until(now) < NOT_AGAIN_WITHIN * 60);
        if just_now {
            continue;
        }
        let asked: Vec<Asked> = sent.iter().map(|reminder| reminder.asked).collect();
        let next = ask_next(running.opens.seconds_until(now) / 60, &asked);
        let session = running.slot.session.index() as i64;
        act.record(
            &REGISTER_REMINDER,
            &args![group, today, session, next.key(), now, actor.account],
        )?;
        asked_for.push((group, next));
    }
    if !asked_for.is_empty() {
        act.describe(actor.entry(
            "ask for registers",
            format!("{} registers {}", asked_for.len(), running.slot),
        ));
    }
    Ok(asked_for)
}

/// The session whose registers are asked for: the last that has opened.
fn running(tx: &mut Tx, actor: &Actor, now: calendar::Instant) -> Result<Hours, Refusal> {
    let (today, _) = now.in_london();
    let hours = hours_within(tx, actor.school, today)?;
    let opened = hours.into_iter().rfind(|hours| hours.opens <= now);
    opened.ok_or_else(|| Refusal::Wrong("No register of today has opened yet.".to_owned()))
}

fn has_blanks(tx: &mut Tx, actor: &Actor, group: GroupId, slot: Slot) -> Result<bool, Refusal> {
    let places = due(tx, actor.school, group, slot)?;
    Ok(places
        .iter()
        .any(|place| place.is_blank() && place.is_asked_for(slot)))
}
