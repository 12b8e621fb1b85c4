//! Getting ready to go, going, being heard of and coming back.

use calendar::Instant;
use store::{Act, SchoolId, StoreError, Tx, args};
use welfare::collection;
use welfare::visit::{Alarm, State, Warnings};

use super::collection::must_be_whole;
use super::order::{LONGEST_LINE, keep, must_be_short, must_not_have_left, to_change, wrong};
use super::records::{VISIT_CHECK, VISIT_STEP};
use super::visit::{Kind, Visit, Whole};
use super::who::authorises;
use crate::desk::Refusal;
use crate::ids::{PupilId, StaffId};
use crate::people::Actor;

/// Nobody is expected later than so many minutes from now without being heard of.
pub(super) const LONGEST_MINUTES: i64 = 240;

/// What a risk check of the address says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// What is known.
    pub warnings: Warnings,
    /// Whether nobody is to go.
    pub stay_away: bool,
    /// In words.
    pub note: Option<String>,
}

/// Records a risk check of the address, made today.
///
/// Rule: E-196. Errors: [`Refusal::Wrong`] for a known danger, or a refusal, of which nothing is said; once they have left.
pub fn check(act: &mut Act, actor: &Actor, id: i64, looked: &Looked) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let (today, _) = act.at().in_london();
    must_not_have_left(&whole, today)?;
    must_be_short([&looked.note], 500)?;
    let is_known = looked.warnings != Warnings::default() || looked.stay_away;
    if is_known && looked.note.is_none() {
        return wrong("Say what is known, and what they are to do about it.");
    }
    let warnings = looked.warnings;
    act.record(
        &VISIT_CHECK,
        &args![
            id,
            whole.visit.enrolment,
            today,
            warnings.dogs,
            warnings.violence,
            warnings.weapons,
            warnings.agency,
            warnings.never_alone,
            looked.stay_away,
            looked.note.as_deref(),
            actor.account
        ],
    )?;
    act.describe(actor.entry("check the risk of a home visit", format!("pupil {pupil}")));
    Ok(())
}

/// Who goes, and how they are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Going {
    /// Who goes.
    pub staff: [Option<StaffId>; 2],
    /// Why one may go alone, where only one goes.
    pub alone_because: Option<String>,
    /// In which car.
    pub vehicle: Option<String>,
    /// On which number they are rung.
    pub phone: Option<String>,
}

const WORKS_HERE: &str = "\
select 1 from staff where school_id = $1 and staff_id = $2 and superseded_seq is null and (leaving_day is null or leaving_day >= $3)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[WORKS_HERE];

fn must_work_here(
    tx: &mut Tx,
    school: SchoolId,
    staff: StaffId,
    today: calendar::Day,
) -> Result<(), Refusal> {
    let found = tx.query_opt(WORKS_HERE, &args![school, staff, today], |_| {
        Ok::<_, StoreError>(())
    })?;
    found.ok_or_else(|| Refusal::Wrong("Choose who goes from the list.".to_owned()))
}

/// Says who goes, and how they are reached.
///
/// Rule: E-196: two staff, unless somebody who authorises visits has allowed one alone. Errors: [`Refusal::Wrong`] for one person twice, one
/// alone without a reason, or no number to ring them on; [`Refusal::NotAllowed`] where somebody else would have to allow it.
pub fn staff(act: &mut Act, actor: &Actor, id: i64, going: &Going) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let school = act.school();
    let (today, _) = act.at().in_london();
    must_not_have_left(&whole, today)?;
    must_be_short(
        [&going.alone_because, &going.vehicle, &going.phone],
        LONGEST_LINE,
    )?;
    for staff in going.staff.into_iter().flatten() {
        must_work_here(act.tx(), school, staff, today)?;
    }
    let alone = match going.staff {
        [None, None] => return wrong("Choose who goes."),
        [Some(one), Some(two)] if one == two => {
            return wrong("The same person twice is not a pair. Choose somebody else to go too.");
        }
        [Some(_), Some(_)] => None,
        _ => going.alone_because.clone(),
    };
    if going.phone.is_none() {
        return wrong("Give the number on which they can be rung while they are out (E-196).");
    }
    let is_new = alone.is_some() && alone != whole.visit.alone_because;
    if is_new && !authorises(actor) {
        let ground = "That one goes alone is allowed by whoever authorises visits (E-196). Choose a second person, or ask one of them.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let alone_by = match (is_new, &alone) {
        (true, _) => Some(actor.account),
        (false, Some(_)) => whole.visit.alone_by,
        (false, None) => None,
    };
    keep(
        act,
        &Visit {
            staff: going.staff,
            alone_because: alone,
            alone_by,
            vehicle: going.vehicle.clone(),
            phone: going.phone.clone(),
            ..whole.visit
        },
    )?;
    act.describe(actor.entry("say who makes a home visit", format!("pupil {pupil}")));
    Ok(())
}

fn must_be_soon(due_back: Instant, now: Instant) -> Result<(), Refusal> {
    match now.seconds_until(due_back) {
        1.. if now.plus_seconds(LONGEST_MINUTES * 60) >= due_back => Ok(()),
        _ => wrong("Give a time after now and within four hours. They can be heard of in between."),
    }
}

/// Lets them leave. The visit is today's from now, whenever it was planned for.
///
/// Rule: SM-12, E-196; E-198 where they go to bring the child. Errors: [`Refusal::Wrong`] with all that is missing, such as a risk check, or for a time
/// that cannot be.
pub fn leave(act: &mut Act, actor: &Actor, id: i64, due_back: Instant) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let now = act.at();
    let (today, _) = now.in_london();
    must_not_have_left(&whole, today)?;
    let missing = whole.missing(today);
    if !missing.is_empty() {
        let words: Vec<&str> = missing.iter().map(|one| one.words()).collect();
        return wrong(format!(
            "Nobody leaves yet (E-196, SM-12). Missing: {}.",
            words.join("; ")
        ));
    }
    if whole.visit.kind == Kind::Collection {
        must_be_whole(&whole, today)?;
    }
    must_be_soon(due_back, now)?;
    keep(
        act,
        &Visit {
            day: today,
            left_at: Some(now),
            due_back: Some(due_back),
            ..whole.visit
        },
    )?;
    act.describe(actor.entry("leave for a home visit", format!("pupil {pupil}")));
    Ok(())
}

/// A visit whose pair is out.
fn out(act: &mut Act, actor: &Actor, id: i64) -> Result<(Whole, PupilId), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let (today, _) = act.at().in_london();
    match whole.state(today) {
        State::Out => Ok((whole, pupil)),
        State::Ordered | State::Cleared => wrong("They have not left yet."),
        State::Back | State::Closed | State::Withdrawn => wrong("They are not out any more."),
    }
}

fn step(
    act: &mut Act,
    actor: &Actor,
    whole: &Whole,
    step: &str,
    note: Option<&str>,
) -> Result<(), Refusal> {
    let (id, at) = (act.new_id(), act.at());
    let visit = &whole.visit;
    act.record(
        &VISIT_STEP,
        &args![id, visit.id, visit.enrolment, step, at, note, actor.account],
    )?;
    Ok(())
}

/// They were heard of and stay out until another time.
///
/// Rule: E-196. Errors: [`Refusal::Wrong`] while they are not out, or for a time that cannot be.
pub fn heard_of(act: &mut Act, actor: &Actor, id: i64, due_back: Instant) -> Result<(), Refusal> {
    let (whole, pupil) = out(act, actor, id)?;
    must_be_soon(due_back, act.at())?;
    step(act, actor, &whole, "check_in", None)?;
    let due_back = Some(due_back);
    keep(
        act,
        &Visit {
            due_back,
            ..whole.visit
        },
    )?;
    act.describe(actor.entry("hear of a home visit", format!("pupil {pupil}")));
    Ok(())
}

/// Records what was done while they are overdue.
///
/// Rule: E-196. Errors: [`Refusal::Wrong`] while they are not out.
pub fn answer_alarm(
    act: &mut Act,
    actor: &Actor,
    id: i64,
    done: Alarm,
    note: Option<&str>,
) -> Result<(), Refusal> {
    let (whole, pupil) = out(act, actor, id)?;
    must_be_short([&note.map(str::to_owned)], LONGEST_LINE)?;
    step(act, actor, &whole, done.key(), note)?;
    act.describe(actor.entry("answer the alarm of a home visit", format!("pupil {pupil}")));
    Ok(())
}

/// They are back.
///
/// Errors: [`Refusal::Wrong`] while they are not out, or have a child with them who has not arrived.
pub fn come_back(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    let (whole, pupil) = out(act, actor, id)?;
    let (today, _) = act.at().in_london();
    if whole.collection_state(today) == Some(collection::State::OnTheWay) {
        return wrong("The child is in the car with them. Note first that they arrived (E-198).");
    }
    let back_at = Some(act.at());
    keep(
        act,
        &Visit {
            back_at,
            ..whole.visit
        },
    )?;
    act.describe(actor.entry("come back from a home visit", format!("pupil {pupil}")));
    Ok(())
}
