//! What the board of the morning shows of visits: who is out, who is overdue, and the visit to a child's home.

use store::Tx;
use welfare::visit::{Alarm, State};

use super::visit::{of_enrolment, round};
use super::who::{Sight, is_open_to, pupil_of};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::Actor;

/// The visits of today in a line of the board.
pub(crate) struct Beside {
    /// `2 visits out, 1 cleared to leave`; a pair that was not heard of first.
    pub(crate) words: String,
    /// Whether a pair was not heard of in time.
    pub(crate) is_overdue: bool,
}

/// The visits of today; none for somebody to whom they are not open.
pub(crate) fn beside(
    tx: &mut Tx,
    actor: &Actor,
    now: calendar::Instant,
) -> Result<Option<Beside>, Refusal> {
    if !is_open_to(actor) {
        return Ok(None);
    }
    let (today, _) = now.in_london();
    let sight = Sight::of(tx, actor, today)?;
    let (mut counts, mut worst): ([usize; 4], Option<Alarm>) = ([0; 4], None);
    for whole in round(tx, actor.school, today)? {
        let (pupil, _) = pupil_of(tx, actor.school, whole.visit.enrolment, today)?;
        if !sight.covers(pupil) {
            continue;
        }
        match whole.state(today) {
            State::Out => counts[0] += 1,
            State::Cleared => counts[1] += 1,
            State::Ordered => counts[2] += 1,
            State::Back => counts[3] += 1,
            State::Closed | State::Withdrawn => {}
        }
        worst = worst.max(whole.alarm(now));
    }
    let told = ["out", "cleared to leave", "to prepare", "to write down"];
    let mut words: Vec<String> = counts
        .iter()
        .zip(told)
        .filter(|(count, _)| **count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    if let Some(alarm) = worst {
        words.insert(0, format!("a pair was not heard of: {}", alarm.words()));
    }
    Ok(Some(Beside {
        words: words.join(", "),
        is_overdue: worst.is_some(),
    }))
}

/// The visit to the home of a child whose row is open.
pub(crate) struct OfRow {
    /// The open visit: its number and where it stands.
    pub(crate) open: Option<(i64, &'static str)>,
    /// Whether one may be planned.
    pub(crate) may_plan: bool,
}

/// What the open row of a child offers.
pub(crate) fn of_row(
    tx: &mut Tx,
    actor: &Actor,
    (pupil, enrolment): (PupilId, EnrolmentId),
    now: calendar::Instant,
) -> Result<OfRow, Refusal> {
    let nothing = OfRow {
        open: None,
        may_plan: false,
    };
    if !is_open_to(actor) {
        return Ok(nothing);
    }
    let (today, _) = now.in_london();
    let sight = Sight::of(tx, actor, today)?;
    if !sight.covers(pupil) {
        return Ok(nothing);
    }
    let all = of_enrolment(tx, actor.school, enrolment)?;
    let open = all
        .iter()
        .map(|whole| (whole.visit.id, whole.state(today)))
        .find(|(_, state)| state.is_open());
    Ok(OfRow {
        may_plan: open.is_none() && sight.may_plan(pupil),
        open: open.map(|(id, state)| (id, state.words())),
    })
}
