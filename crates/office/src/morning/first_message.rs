//! By when the first message about each child is due, for whoever sends it without being asked.

use std::collections::HashMap;

use calendar::Instant;
use store::Tx;
use welfare::ladder::{Clock, Ladder, Step};
use welfare::tier::Tier;

use super::cases::cases;
use super::risk::risk;
use crate::book::Book;
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::year::settings::own_ladder;

/// Of everybody on the list now: the tier, and when the ladder has a message go to the first contact.
///
/// Rule: E-015, E-016. Errors: a setting cannot be read; the database did not answer.
pub(crate) fn first_messages_due(
    tx: &mut Tx,
    book: &Book,
    now: Instant,
) -> Result<HashMap<EnrolmentId, (Tier, Instant)>, Refusal> {
    let (today, _) = now.in_london();
    let day = cases(tx, book, today, now)?;
    let ladder = Ladder::on(today, &own_ladder(&book.settings, today)?);
    let mut due = HashMap::new();
    for case in day.open() {
        let risk = risk(book, case, today);
        let last = day.hours.last().unwrap_or(&case.first);
        let clock = Clock {
            first_day: risk.first_day,
            closes: case.first.closes,
            session_ends: case.first.ends,
            day_ends: last.ends.in_london().1,
            calendar: &book.calendar,
        };
        let tier = risk.tiered.tier;
        let steps = ladder.steps(tier, &clock);
        if let Some(message) = steps.iter().find(|timed| timed.step == Step::Message) {
            due.insert(case.enrolment, (tier, message.due));
        }
    }
    Ok(due)
}
