//! How often a pupil was late: counted from the marks of the register, never stored.

use std::collections::HashSet;

use calendar::{Day, Slot};
use register::Code;
use register::late_door::LateLadder;
use store::{StoreError, Tx};

use super::arrival::of_days;
use crate::book::Book;
use crate::ids::EnrolmentId;

/// `L` and `U` of some days, and which of them count for no sanction.
pub(super) struct Lates<'b> {
    book: &'b Book,
    excused: HashSet<(EnrolmentId, Slot)>,
}

/// How often one pupil was late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LateCount {
    /// Marks `L` and `U`.
    pub(super) all: u32,
    /// Those whose reason counts towards a sanction.
    pub(super) counted: u32,
}

impl<'b> Lates<'b> {
    /// What there is to know of these days, both among them.
    pub(super) fn of(tx: &mut Tx, book: &'b Book, days: (Day, Day)) -> Result<Self, StoreError> {
        let arrivals = of_days(tx, book.school, days)?;
        let excused = arrivals
            .into_iter()
            .filter(|one| one.stands() && !one.counts);
        let excused = excused.map(|one| (one.enrolment, one.slot)).collect();
        Ok(Lates { book, excused })
    }

    /// How often the time on roll in this row was late on these days.
    pub(super) fn count(&self, row: usize, (first, last): (Day, Day)) -> LateCount {
        let mut count = LateCount::default();
        for slot in self.slots(row, (first, last)) {
            count.all += 1;
            let own = self.book.roll.enrolments[row].id;
            count.counted += u32::from(!self.excused.contains(&(own, slot)));
        }
        count
    }

    /// The sessions of these days for which the time on roll in this row was late.
    pub(super) fn slots(&self, row: usize, (first, last): (Day, Day)) -> Vec<Slot> {
        let slots = self.book.calendar.slots(first, last).iter().copied();
        let is_late = |slot: &Slot| {
            let mark = self.book.mark(row, *slot);
            let code = mark.code().filter(|_| !mark.is_planned());
            code == Some(Code::LATE) || code == Some(Code::LATE_AFTER_CLOSE)
        };
        slots.filter(is_late).collect()
    }
}

/// The half-term that a day lies in up to that day; the day alone outside term.
pub(super) fn half_term(book: &Book, today: Day) -> (Day, Day) {
    let first = book.calendar.term_of(today).map(|term| term.first);
    (first.unwrap_or(today), today)
}

/// The days of the ladder's window.
pub(super) fn window(book: &Book, ladder: &LateLadder, today: Day) -> (Day, Day) {
    (ladder.first_day(&book.calendar, today), today)
}
