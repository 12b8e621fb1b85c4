//! Why a child stands where they stand on the list: tier, and what makes one more urgent than another within it.

use calendar::Day;
use register::Code;
use welfare::tier::{Ground, Tiered, tier};

use super::cases::Case;
use crate::book::Book;
use crate::ids::PupilId;

/// How urgent one child is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// The tier with its grounds (E-015).
    pub tiered: Tiered,
    /// The first school day of this run of days without a reason.
    pub first_day: Day,
    /// Which day of the run today is: 1 for the first.
    pub day_number: usize,
    /// School days with an `N` among the last twenty before today.
    pub missing_before: usize,
    /// Whether the pupil cares for somebody at home.
    pub young_carer: bool,
}

/// So many school days back an earlier `N` makes a child more urgent.
const LOOK_BACK: usize = 20;

/// How urgent a child is, from what the book knows of them.
///
/// Rule: E-015 for the tier. Within a tier a run of days comes before, then who was missing before.
pub(super) fn risk(book: &Book, case: &Case, day: Day) -> Risk {
    let before = school_days_before(book, day, LOOK_BACK);
    let first_day = first_day(book, case, day, &before);
    let run = before.iter().filter(|own| **own >= first_day).count() + 1;
    let carried = case.carried.as_ref();
    let (first_day, day_number) = carried
        .map(|carried| (carried.run.first_day, carried.number))
        .filter(|(first, _)| *first < first_day)
        .unwrap_or((first_day, run));
    Risk {
        tiered: tiered(book, case.pupil, case.row, day),
        first_day,
        day_number,
        missing_before: before
            .iter()
            .filter(|own| has_no_reason(book, case.row, **own))
            .count(),
        young_carer: book.characteristics.on(case.pupil, "young_carer", day) == Some("yes"),
    }
}

/// The last school days before one, newest first.
fn school_days_before(book: &Book, day: Day, most: usize) -> Vec<Day> {
    let days = book
        .calendar
        .school_days_between(day.plus_days(-60), day.previous());
    days.iter().rev().take(most).copied().collect()
}

fn has_no_reason(book: &Book, row: usize, day: Day) -> bool {
    let slots = book.calendar.slots(day, day).iter();
    slots.into_iter().any(|slot| {
        let mark = book.mark(row, *slot);
        mark.code() == Some(Code::NO_REASON_YET) && !mark.is_planned()
    })
}

/// The first day of the run of school days on which nobody knows why the child is not there, up to today.
fn first_day(book: &Book, case: &Case, day: Day, before: &[Day]) -> Day {
    let whole_day = |day: &Day| {
        let slots = book.calendar.slots(*day, *day);
        !slots.is_empty()
            && slots
                .iter()
                .all(|slot| book.mark(case.row, *slot).code() == Some(Code::NO_REASON_YET))
    };
    before
        .iter()
        .take_while(|day| whole_day(day))
        .last()
        .copied()
        .unwrap_or(day)
}

/// The tier of a pupil with what the record knows of them that decides it. `row` is the time on roll's place in the book.
pub(super) fn tiered(book: &Book, pupil: PupilId, row: usize, day: Day) -> Tiered {
    let mut grounds: Vec<Ground> = KINDS
        .iter()
        .filter(|(kind, _)| book.characteristics.on(pupil, kind, day) == Some("yes"))
        .map(|(_, ground)| *ground)
        .collect();
    if is_persistently_absent(book, row, day) {
        grounds.push(Ground::PersistentAbsence);
    }
    tier(grounds)
}

const KINDS: [(&str, Ground); 4] = [
    ("child_protection", Ground::ChildProtection),
    ("looked_after", Ground::LookedAfter),
    ("social_worker", Ground::SocialWorker),
    ("child_in_need", Ground::SocialWorker),
];

/// Whether somebody outside the school is allocated to the pupil, whom E-019 has told.
pub(super) fn has_professional(book: &Book, pupil: PupilId, day: Day) -> bool {
    KINDS
        .iter()
        .any(|(kind, _)| book.characteristics.on(pupil, kind, day) == Some("yes"))
}

/// A tenth or more of this year's possible sessions missed, up to yesterday.
fn is_persistently_absent(book: &Book, row: usize, day: Day) -> bool {
    let year = book.calendar.school_year_of(day);
    let Some((year, (first, _))) = book.year(year).zip(book.calendar.days_of(year)) else {
        return false;
    };
    let period = year.axis().between(first..=day.previous());
    year.matrix.count(row, &period).persistent() == Some(true)
}
