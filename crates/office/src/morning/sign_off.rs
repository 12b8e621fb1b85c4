//! Signing the morning off, with its two measures.

use calendar::{Instant, TimeOfDay};
use store::{Act, args};

use super::cases::{Case, DayOfCases};
use super::records::MORNING_SIGN_OFF;
use crate::desk::Refusal;
use crate::people::{Access, Actor, RecordKind};

/// What the morning came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// Children who were not located at some time of the morning.
    pub children: usize,
    /// Of those, still not located.
    pub still_open: usize,
    /// Minutes from the close of the first register until every child was located; nought when that was before; none while one is not.
    pub minutes_to_all: Option<i64>,
    /// Minutes from the close until half of them were located, if half are.
    pub median_minutes: Option<i64>,
    /// Children not located at ten; none before ten.
    pub open_at_ten: Option<usize>,
}

/// Ten in the morning, when the second measure is taken.
fn ten(day: calendar::Day) -> Instant {
    let ten = TimeOfDay::new(10, 0, 0).expect("ten is a clock time");
    Instant::at_london(day, ten)
}

/// The measures of a day's first session as they stand at this moment.
///
/// Units: whole minutes from the close of the first session's register. Who was missed only in a later session does not count.
pub fn measures(cases: &DayOfCases, now: Instant) -> Option<Measures> {
    let first = cases.hours.first()?;
    let morning: Vec<&Case> = cases
        .cases
        .iter()
        .filter(|case| case.missed_today && case.first.slot == first.slot)
        .collect();
    let mut minutes: Vec<i64> = morning
        .iter()
        .filter_map(|case| case.located_at())
        .map(|at| (first.closes.seconds_until(at).max(0) + 59) / 60)
        .collect();
    minutes.sort_unstable();
    let still_open = morning.len() - minutes.len();
    let half = morning.len().div_ceil(2);
    Some(Measures {
        children: morning.len(),
        still_open,
        minutes_to_all: (still_open == 0).then(|| minutes.last().copied().unwrap_or(0)),
        median_minutes: half
            .checked_sub(1)
            .and_then(|place| minutes.get(place))
            .copied(),
        open_at_ten: (ten(cases.day) <= now).then(|| {
            let at_ten = ten(cases.day);
            morning
                .iter()
                .filter(|case| case.was_open_at(at_ten))
                .count()
        }),
    })
}

/// Signs today's morning off, as it was read at the number `as_of` of the school's record.
///
/// Errors: [`Refusal::NotAllowed`] for somebody who does not keep the registers of the school.
pub fn sign_off(
    act: &mut Act,
    actor: &Actor,
    as_of: i64,
    measures: &Measures,
    note: Option<&str>,
) -> Result<(), Refusal> {
    must_sign(actor)?;
    let now = act.at();
    let (today, _) = now.in_london();
    act.record(
        &MORNING_SIGN_OFF,
        &args![
            today,
            as_of,
            now,
            actor.account,
            measures.children as i64,
            measures.still_open as i64,
            measures.minutes_to_all,
            measures.open_at_ten.map(|count| count as i64),
            note
        ],
    )?;
    act.describe(actor.entry("sign off the morning", format!("morning of {today}")));
    Ok(())
}

/// Whether this person signs the morning off.
///
/// Errors: they do not keep the registers of the whole school.
pub(super) fn must_sign(actor: &Actor) -> Result<(), Refusal> {
    if signs(actor) {
        return Ok(());
    }
    let ground = "The morning is signed off by whoever keeps the registers of the school.";
    Err(Refusal::NotAllowed(ground.to_owned()))
}

/// Whether this person keeps the registers and the log of contacts of the whole school.
pub(super) fn signs(actor: &Actor) -> bool {
    actor.may_for_school(Access::Write, RecordKind::AttendanceMarks)
        && actor.may_for_school(Access::Write, RecordKind::ContactsLog)
}
