//! Marks that came too late: held for the office, and taken or refused by it one by one.
//!
//! A held mark is no mark. It says what was typed and when, and the office decides with its own name, job title and reason, as for
//! any amendment. Every state of it is kept, and both the holding and the deciding are in the journal.

use std::collections::HashSet;

use calendar::{Instant, Session, Slot};
use register::Code;
use register::closing::RegisterState;
use register::entry::RoleKind;
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::super::enter::{Change, Decision, Register, decide};
use super::super::records::LATE_MARK;
use super::super::save::{
    LONGEST_TEXT, OpenRegister, Save, clock_of, name_of, open_register, take_if_complete, write,
};
use super::late_lesson;
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId, GroupId};
use crate::people::Actor;

pub(in crate::registers) const WAITING: &str = "\
select late_id, seq, group_id, enrolment_id, on_date, session, code, minutes_late, note, account_id, device_at, made_at, arrived_at, sub_code
from late_mark
where school_id = $1 and state = 'waiting' and superseded_seq is null
order by on_date, session, group_id, enrolment_id, late_id";

pub(in crate::registers) const COUNT: &str = "\
select count(*) from late_mark where school_id = $1 and state = 'waiting' and superseded_seq is null";

pub(in crate::registers) const OF_PLACE: &str = "\
select late_id, seq, group_id, enrolment_id, on_date, session, code, minutes_late, note, account_id, device_at, made_at, arrived_at, sub_code
from late_mark
where school_id = $1 and state = 'waiting' and superseded_seq is null
  and enrolment_id = $2 and on_date = $3 and session = $4 and account_id = $5";

pub(in crate::registers) const ONE: &str = "\
select late_id, seq, group_id, enrolment_id, on_date, session, code, minutes_late, note, account_id, device_at, made_at, arrived_at, sub_code
from late_mark
where school_id = $1 and late_id = $2 and state = 'waiting' and superseded_seq is null";

/// A mark that waited longer than this on a device goes to the office, whoever made it: two days.
pub(super) const WAITS_AT_MOST_SECONDS: i64 = 2 * 24 * 60 * 60;

/// A mark that waits for the office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateMark {
    /// Its number.
    pub id: i64,
    /// The group whose register it was typed into.
    pub group: GroupId,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The session.
    pub slot: Slot,
    /// The code as typed; none where a mark was to be taken back.
    pub code: Option<Code>,
    /// Minutes late as typed.
    pub minutes: Option<u32>,
    /// The note.
    pub note: Option<String>,
    /// Who typed it.
    pub account: AccountId,
    /// What the device's own clock said.
    pub device_at: Option<Instant>,
    /// The same moment on the server's clock.
    pub made_at: Instant,
    /// When it came.
    pub arrived_at: Instant,
    /// The school's own sub-code.
    pub sub_code: Option<String>,
}

fn read(row: &Row<'_>) -> Result<LateMark, StoreError> {
    let session = Session::from_index(row.get(5)?);
    Ok(LateMark {
        id: row.get(0)?,
        group: row.get(2)?,
        enrolment: row.get(3)?,
        slot: Slot::new(
            row.get(4)?,
            session.expect("a held mark is of a session that a register was opened for"),
        ),
        code: row
            .get::<Option<&str>>(6)?
            .and_then(|code| code.parse().ok()),
        minutes: row.get::<Option<i64>>(7)?.map(|minutes| minutes as u32),
        note: row.get(8)?,
        account: row.get(9)?,
        device_at: row.get(10)?,
        made_at: row.get(11)?,
        arrived_at: row.get(12)?,
        sub_code: row.get(13)?,
    })
}

/// Every mark that waits for the office, register by register.
pub(super) fn waiting(tx: &mut Tx, school: SchoolId) -> Result<Vec<LateMark>, StoreError> {
    tx.query(WAITING, &args![school], read)
}

/// How many marks wait for the office, of sessions and of lessons.
pub(crate) fn number_waiting(tx: &mut Tx, school: SchoolId) -> Result<i64, StoreError> {
    let of_sessions: i64 = tx.query_one(COUNT, &args![school], |row| row.get(0))?;
    Ok(of_sessions + late_lesson::number_waiting(tx, school)?)
}

/// Whether a change came too late to be entered by whoever sent it, and in good faith: it was typed before the register closed,
/// or it is older than two days.
///
/// What the office sends with a reason is an amendment of its own and waits for nobody.
pub(in crate::registers) fn is_late(register: &Register, save: &Save, change: &Change) -> bool {
    let made_at = save.made_at(register.now);
    let is_old = made_at.seconds_until(register.now) > WAITS_AT_MOST_SECONDS;
    let missed_the_close = match register.state {
        RegisterState::Closed { since } => made_at < since,
        _ => false,
    };
    let own_reason = register.role != RoleKind::ClassTeacher && change.reason.is_some();
    is_old || (missed_the_close && !own_reason)
}

/// Puts the changes that came late before the office, and answers how many they are.
///
/// What the same person typed earlier for the same place, and the office has not looked at, is replaced by it.
pub(in crate::registers) fn hold(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    slot: Slot,
    save: &Save,
    decisions: &[(Change, Decision)],
) -> Result<usize, StoreError> {
    let late: Vec<&Change> = decisions
        .iter()
        .filter(|(_, decision)| matches!(decision, Decision::Hold(_)))
        .map(|(change, _)| change)
        .collect();
    let (school, session) = (act.school(), slot.session.index() as i64);
    for change in &late {
        let place = args![school, change.enrolment, slot.day, session, actor.account];
        for earlier in act.tx().query(OF_PLACE, &place, read)? {
            settle(act, &earlier, "replaced", None)?;
        }
        let (id, at) = (act.new_id(), act.at());
        let text = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let code = text(&change.code).and_then(|code| code.parse::<Code>().ok());
        let values = args![
            id,
            group,
            change.enrolment,
            slot.day,
            session,
            code.as_ref().map(Code::as_str),
            change.minutes,
            text(&change.note),
            actor.account,
            save.device_at,
            save.made_at(at),
            at,
            "waiting",
            None::<&str>,
            text(&change.sub_code)
        ];
        act.record(&LATE_MARK, &values)?;
    }
    Ok(late.len())
}

/// Records what became of a held mark.
fn settle(
    act: &mut Act,
    late: &LateMark,
    state: &str,
    because: Option<&str>,
) -> Result<(), StoreError> {
    let session = late.slot.session.index() as i64;
    let values = args![
        late.id,
        late.group,
        late.enrolment,
        late.slot.day,
        session,
        late.code.as_ref().map(Code::as_str),
        late.minutes,
        late.note.as_deref(),
        late.account,
        late.device_at,
        late.made_at,
        late.arrived_at,
        state,
        because,
        late.sub_code.as_deref()
    ];
    act.replace(&LATE_MARK, &values).map(drop)
}

/// What the office decides about held marks of one register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LateChoice {
    /// Whether they are taken into the register; else they are refused.
    pub accept: bool,
    /// Which, each with the number of the entry that stood in its place when the office looked; nought for none.
    pub chosen: Vec<(i64, i64)>,
    /// Why: asked for where they are refused.
    pub because: String,
}

/// What became of the decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// How many were settled.
    pub settled: usize,
    /// Those that may not be entered, with the ground: they wait on.
    pub left: Vec<(EnrolmentId, String)>,
}

/// Takes held marks into their register, each as an amendment, or refuses them; answers what became of each.
///
/// Rule. A mark that is taken keeps the device's time as its evidence, and who made it in its reason. Errors:
/// [`Refusal::NotFound`] for somebody who may not know of the register, [`Refusal::NotAllowed`] for one who does not keep it for the
/// school, [`Refusal::Wrong`] for nothing chosen, two marks for one place, or a refusal without a reason.
pub fn decide_late(
    act: &mut Act,
    actor: &Actor,
    (group, slot): (GroupId, Slot),
    choice: &LateChoice,
) -> Result<Decided, Refusal> {
    let mut register = open_register(act, actor, group, slot)?;
    if register.facts.role == RoleKind::ClassTeacher {
        let ground = "Marks that came late are decided on by the office, as amendments are (R-007). Tell the office what you know.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let because = choice.because.trim();
    let chosen = chosen(act, (group, slot), choice)?;
    let mut decided = Decided::default();
    if choice.accept {
        accept(
            act,
            actor,
            (group, &mut register),
            &chosen,
            because,
            &mut decided,
        )?;
    } else {
        if because.is_empty() {
            return wrong("Write why these marks are refused: it is kept with them (R-007).");
        }
        for (late, _) in &chosen {
            settle(act, late, "refused", Some(because))?;
        }
        decided.settled = chosen.len();
    }
    if decided.settled > 0 {
        let what = match choice.accept {
            true => "accept late marks",
            false => "refuse late marks",
        };
        act.describe(actor.entry(what, format!("group {group} {slot}")));
        if !because.is_empty() {
            act.note("reason", because);
        }
    }
    Ok(decided)
}

fn wrong<T>(ground: &str) -> Result<T, Refusal> {
    Err(Refusal::Wrong(ground.to_owned()))
}

/// Refuses a reason that is too long to be kept.
pub(super) fn too_long(because: &str) -> Result<(), Refusal> {
    if because.chars().count() > LONGEST_TEXT {
        return wrong("The reason is longer than 500 characters. Shorten it.");
    }
    Ok(())
}

/// The chosen marks that still wait in this register, each with what the office saw in its place.
fn chosen(
    act: &mut Act,
    (group, slot): (GroupId, Slot),
    choice: &LateChoice,
) -> Result<Vec<(LateMark, i64)>, Refusal> {
    too_long(&choice.because)?;
    let (school, mut found) = (act.school(), Vec::new());
    let mut places = HashSet::new();
    for (id, base) in &choice.chosen {
        let late = act.tx().query_opt(ONE, &args![school, *id], read)?;
        let Some(late) = late.filter(|late| (late.group, late.slot) == (group, slot)) else {
            continue; // somebody has decided on it meanwhile
        };
        if choice.accept && !places.insert(late.enrolment) {
            return wrong(
                "Two of the ticked marks are for one pupil. Tick the one that is right, and refuse the other.",
            );
        }
        found.push((late, *base));
    }
    if found.is_empty() {
        return wrong(
            "No mark was ticked that still waits. Somebody may have decided on it meanwhile.",
        );
    }
    Ok(found)
}

/// Enters what may be entered. One that may not waits on, with its ground.
fn accept(
    act: &mut Act,
    actor: &Actor,
    (group, register): (GroupId, &mut OpenRegister),
    chosen: &[(LateMark, i64)],
    because: &str,
    decided: &mut Decided,
) -> Result<(), Refusal> {
    let school = act.school();
    let mut decisions = Vec::new();
    for (late, base) in chosen {
        let Some(due) = register.place(late.enrolment) else {
            let ground = "Not on this register on that day any more (R-218, R-219).".to_owned();
            decided.left.push((late.enrolment, ground));
            continue;
        };
        let who = name_of(act.tx(), school, late.account)?;
        let change = Change {
            enrolment: late.enrolment,
            code: late.code.map(|code| code.to_string()),
            minutes: late.minutes,
            note: late.note.clone(),
            sub_code: late.sub_code.clone(),
            reason: Some(reason_of(
                &who,
                late.made_at,
                late.arrived_at,
                because,
                register.facts.now,
            )),
            base: *base,
        };
        let decision = decide(&register.facts, due, &change);
        match &decision {
            Decision::Write(_) | Decision::Unchanged => {
                settle(act, late, "accepted", Some(because))?;
                decided.settled += 1;
            }
            Decision::Conflict => {
                let ground = "Somebody has changed this mark since you looked. Look at what stands there now, and decide again.";
                decided.left.push((late.enrolment, ground.to_owned()));
            }
            Decision::Refused(ground) | Decision::Hold(ground) => {
                decided.left.push((late.enrolment, ground.clone()));
            }
        }
        decisions.push((change, decision));
    }
    let device_at = |enrolment| {
        let found = chosen.iter().find(|(late, _)| late.enrolment == enrolment);
        found.and_then(|(late, _)| late.device_at)
    };
    write(act, &register.facts, &decisions, device_at)?;
    register.put(&decisions, act.seq(), act.at(), actor.account);
    let who = match chosen.first() {
        Some((late, _)) => Some(name_of(act.tx(), school, late.account)?),
        None => None,
    };
    let on_word = Save {
        on_behalf_of: who,
        ..Save::default()
    };
    if decided.settled > 0 {
        take_if_complete(act, actor, group, register, &on_word)?;
    }
    Ok(())
}

/// The reason of the amendment: whose device, when by it, when it came, and what the office adds.
pub(super) fn reason_of(
    who: &str,
    made_at: Instant,
    arrived_at: Instant,
    because: &str,
    now: Instant,
) -> String {
    let made = clock_of(made_at, now);
    let came = clock_of(arrived_at, now);
    let mut text = format!("Typed by {who} at {made} without a network, came at {came}");
    if !because.is_empty() {
        text = format!("{text}. {because}");
    }
    text.chars().take(LONGEST_TEXT).collect()
}

/// How far the device's own clock was from the server's, where it matters: by a minute or more.
pub(super) fn clock_is_off(made_at: Instant, device_at: Option<Instant>) -> Option<String> {
    let off = made_at.seconds_until(device_at?);
    let minutes = off.abs() / 60;
    let (amount, unit) = match minutes {
        0 => return None,
        1..120 => (minutes, "min"),
        120..2_880 => (minutes / 60, "h"),
        _ => (minutes / (24 * 60), "days"),
    };
    let way = if off > 0 { "ahead" } else { "behind" };
    Some(format!("its clock {amount} {unit} {way}"))
}
