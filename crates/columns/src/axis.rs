use std::ops::RangeInclusive;

use calendar::{Day, Session, Slot, Weekday};

use crate::kernel::{self, MOST_WEEKS, SLACK};

/// The sessions of a school year, in order, and where each lies in a row of bytes.
///
/// A school week is a week from Monday to Sunday with at least one session; weeks without are skipped, so weeks are numbered from 0
/// without gaps. In memory a row is laid out by weekday and session, and within these by week: the ten Mondays-AM, Mondays-PM ... of a week lie the same
/// distance apart, and a whole week is summed by adding up blocks. Callers see only the order in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    slots: Vec<Slot>,
    positions: Vec<u16>,
    mondays: Vec<Day>,
    blocks: usize,
}

/// Sessions that cannot be the axis of a school year.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AxisError {
    /// The sessions are not in ascending order, or one appears twice.
    #[error(
        "the sessions of a year must be given once each and in order; {slot} is not after {before}"
    )]
    OutOfOrder {
        /// The session before.
        before: Slot,
        /// The session that is not after it.
        slot: Slot,
    },
    /// More school weeks than a year can have.
    #[error(
        "the sessions lie in more than {MOST_WEEKS} school weeks, which is more than a school year can have"
    )]
    TooManyWeeks,
}

impl Axis {
    /// An axis of these sessions.
    ///
    /// Errors: they are out of order, or lie in more than 64 school weeks.
    pub fn new(slots: impl IntoIterator<Item = Slot>) -> Result<Axis, AxisError> {
        let slots: Vec<Slot> = slots.into_iter().collect();
        if let Some(pair) = slots.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(AxisError::OutOfOrder {
                before: pair[0],
                slot: pair[1],
            });
        }
        let mut mondays: Vec<Day> = slots.iter().map(|slot| slot.day.monday()).collect();
        mondays.dedup();
        if mondays.len() > MOST_WEEKS {
            return Err(AxisError::TooManyWeeks);
        }
        let blocks = blocks_needed(&slots);
        let mut week = 0;
        let positions = slots
            .iter()
            .map(|slot| {
                if slot.day.monday() != mondays[week] {
                    week += 1;
                }
                let position = block(*slot) * mondays.len() + week;
                u16::try_from(position).expect("14 blocks of 64 weeks fit in a u16")
            })
            .collect();
        Ok(Axis {
            slots,
            positions,
            mondays,
            blocks,
        })
    }

    /// The sessions, in order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// How many sessions.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is no session at all.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The place of this session in [`Axis::slots`], if it is one of them.
    pub fn find(&self, slot: Slot) -> Option<usize> {
        self.slots.binary_search(&slot).ok()
    }

    /// The Mondays of the school weeks, in order.
    pub fn weeks(&self) -> &[Day] {
        &self.mondays
    }

    /// The school week, from 0, of the session at this place.
    pub fn week_of(&self, index: usize) -> usize {
        self.position(index) % self.mondays.len()
    }

    /// All sessions.
    pub fn whole(&self) -> Period {
        self.period(|_| true)
    }

    /// The sessions on these days.
    pub fn between(&self, days: RangeInclusive<Day>) -> Period {
        self.period(|slot| days.contains(&slot.day))
    }

    /// The sessions of which this holds: those of a term, of a half-term, without the second half of the summer term, on Mondays.
    pub fn period(&self, holds: impl Fn(Slot) -> bool) -> Period {
        self.chosen(|_, slot| holds(slot))
    }

    /// Those sessions of a period of this axis of which this holds: the days of it on which a pupil belonged to a group.
    pub fn part(&self, of: &Period, holds: impl Fn(Slot) -> bool) -> Period {
        self.chosen(|index, slot| of.contains(self, index) && holds(slot))
    }

    fn chosen(&self, holds: impl Fn(usize, Slot) -> bool) -> Period {
        let mut period = Period {
            boxes: vec![[0; MOST_WEEKS]; self.blocks],
            row: vec![0; self.width() + SLACK],
            sessions: 0,
        };
        for (index, slot) in self.slots.iter().enumerate() {
            if holds(index, *slot) {
                let position = self.position(index);
                let (block, week) = (position / self.mondays.len(), self.week_of(index));
                period.boxes[block][week] = u8::MAX;
                period.row[position] = u8::MAX;
                period.sessions += 1;
            }
        }
        period
    }

    /// Bytes of a row: its blocks times its weeks.
    pub(crate) fn width(&self) -> usize {
        self.blocks * self.mondays.len()
    }

    /// Blocks of a row: two sessions a day for five, six or seven days.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    /// Where in a row the session at this place lies.
    pub(crate) fn position(&self, index: usize) -> usize {
        usize::from(self.positions[index])
    }
}

/// A choice of the sessions of one axis, over which figures are asked for.
///
/// Shape: a mask in the two layouts that counting needs. Belongs to the axis that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// A box of 64 weeks for each block, nought behind the last week.
    boxes: Vec<kernel::Box>,
    /// Laid out as a row, with slack behind.
    row: Vec<u8>,
    sessions: usize,
}

impl Period {
    /// How many sessions were chosen.
    pub fn sessions(&self) -> usize {
        self.sessions
    }

    /// Whether the session at this place of the axis was chosen.
    pub fn contains(&self, axis: &Axis, index: usize) -> bool {
        self.row[axis.position(index)] != 0
    }

    pub(crate) fn boxes(&self) -> &[kernel::Box] {
        &self.boxes
    }

    pub(crate) fn row(&self) -> &[u8] {
        &self.row
    }
}

/// The block of a session: Monday morning is 0, Friday afternoon 9.
fn block(slot: Slot) -> usize {
    2 * slot.day.weekday().index() + slot.session.index()
}

/// Ten for schools from Monday to Friday; twelve or fourteen where there are sessions on Saturdays or Sundays.
fn blocks_needed(slots: &[Slot]) -> usize {
    let last = slots.iter().map(|slot| slot.day.weekday()).max();
    let last = last.unwrap_or(Weekday::Friday).max(Weekday::Friday);
    block_after(last)
}

fn block_after(weekday: Weekday) -> usize {
    2 * weekday.index() + Session::BOTH.len()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    /// Mornings and afternoons from Monday to Friday, leaving out the days given.
    pub(crate) fn weekdays(from: &str, to: &str, without: &[&str]) -> Vec<Slot> {
        let without: Vec<Day> = without.iter().map(|text| day(text)).collect();
        day(from)
            .through(day(to))
            .filter(|day| !day.weekday().is_weekend() && !without.contains(day))
            .flat_map(|day| Session::BOTH.map(|session| Slot::new(day, session)))
            .collect()
    }

    #[test]
    fn a_week_without_a_session_is_no_school_week() {
        let mut slots = weekdays("2026-10-19", "2026-10-23", &[]);
        slots.extend(weekdays("2026-11-02", "2026-11-06", &["2026-11-02"]));
        let axis = Axis::new(slots).expect("in order");
        assert_eq!(axis.weeks(), [day("2026-10-19"), day("2026-11-02")]);
        assert_eq!((axis.week_of(9), axis.week_of(10)), (0, 1));
        assert_eq!(axis.len(), 18);
    }

    #[test]
    fn each_session_has_a_place_of_its_own_in_the_row() {
        let axis =
            Axis::new(weekdays("2026-09-03", "2027-07-20", &["2026-12-25"])).expect("in order");
        let mut places: Vec<usize> = (0..axis.len()).map(|index| axis.position(index)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), axis.len());
        assert!(places.iter().all(|place| *place < axis.width()));
        for (index, slot) in axis.slots().iter().enumerate() {
            assert_eq!(axis.find(*slot), Some(index));
            assert_eq!(axis.weeks()[axis.week_of(index)], slot.day.monday());
        }
    }

    #[test]
    fn sessions_twice_or_out_of_order_are_refused() {
        let mut slots = weekdays("2026-09-03", "2026-09-04", &[]);
        slots.swap(1, 2);
        assert!(matches!(
            Axis::new(slots.clone()),
            Err(AxisError::OutOfOrder { .. })
        ));
        slots[1] = slots[0];
        assert!(matches!(
            Axis::new(slots),
            Err(AxisError::OutOfOrder { .. })
        ));
    }

    #[test]
    fn two_years_are_not_one_axis() {
        let slots = weekdays("2025-09-01", "2027-07-20", &[]);
        assert_eq!(Axis::new(slots), Err(AxisError::TooManyWeeks));
    }

    #[test]
    fn saturday_school_widens_the_row() {
        let slots = ["2026-09-04", "2026-09-05"].map(|text| Slot::new(day(text), Session::Am));
        let axis = Axis::new(slots).expect("in order");
        assert_eq!(axis.blocks(), 12);
    }

    #[test]
    fn an_axis_may_be_empty() {
        let axis = Axis::new([]).expect("nothing is in order");
        assert!(axis.is_empty() && axis.whole().sessions() == 0);
    }

    #[test]
    fn a_period_holds_the_sessions_asked_for() {
        let axis = Axis::new(weekdays("2026-09-03", "2026-10-02", &[])).expect("in order");
        let september = axis.between(day("2026-09-03")..=day("2026-09-30"));
        assert_eq!(september.sessions(), 40);
        assert!(september.contains(&axis, 39) && !september.contains(&axis, 40));
    }
}
