//! The times of a child's ladder, and the visit that comes due by its clock and not only when everybody was tried (E-016, SM-1).

use calendar::Instant;
use welfare::absence::{Event, after};
use welfare::attempt::Channel;
use welfare::continuing::taken_up;
use welfare::ladder::{Clock, Ladder, Timed, visit_comes};

use super::cases::{Case, DayOfCases, Hours};
use super::entries::{Entry, Kind};
use super::risk::{Risk, risk};
use crate::book::Book;

/// The steps of a case with their times. They run from the register's close, and from 08:00 for whom an earlier day left open.
pub(super) fn steps_of(
    book: &Book,
    ladder: &Ladder,
    hours: &[Hours],
    case: &Case,
    risk: &Risk,
) -> Vec<Timed> {
    let last = hours.last().unwrap_or(&case.first);
    let (today, _) = case.first.closes.in_london();
    let clock = Clock {
        first_day: risk.first_day,
        closes: match case.carried {
            Some(_) => taken_up(today),
            None => case.first.closes,
        },
        session_ends: case.first.ends,
        day_ends: last.ends.in_london().1,
        calendar: &book.calendar,
    };
    ladder.steps(risk.tiered.tier, &clock)
}

/// Everything that was recorded in the days of a case, in order.
pub(super) fn all_entries(case: &Case) -> Vec<&Entry> {
    let earlier = case.carried.iter().flat_map(|carried| &carried.entries);
    earlier.chain(&case.entries).collect()
}

/// Whether somebody went to the home in the days of a case.
pub(super) fn was_visited(case: &Case) -> bool {
    let attempts = all_entries(case).into_iter().filter_map(Entry::attempt);
    attempts
        .into_iter()
        .any(|one| one.channel == Channel::Visit)
}

/// Puts everybody whose ladder's time for a visit has come at "visit due".
///
/// Where the safeguarding lead has handed a case back to be called, that is their decision and the clock does not overrule it (E-020).
pub(super) fn visits_come_due(book: &Book, day: &mut DayOfCases, ladder: &Ladder, now: Instant) {
    let DayOfCases {
        day: today,
        hours,
        cases,
    } = day;
    for case in cases.iter_mut().filter(|case| case.is_open()) {
        let Ok(line) = after(Some(case.state), Event::VisitTime, false) else {
            continue;
        };
        let handed_back = all_entries(case)
            .iter()
            .any(|entry| entry.kind == Kind::LeadCalls);
        if handed_back || was_visited(case) {
            continue;
        }
        let steps = steps_of(book, ladder, hours, case, &risk(book, case, *today));
        if let Some(at) = visit_comes(&steps, *today).filter(|at| *at <= now) {
            case.state = line.next;
            case.line = line;
            case.since = at;
        }
    }
}
