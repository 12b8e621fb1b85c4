//! Worked cases counted as the product counts: laid on an axis, put into a matrix, and counted there.

use std::sync::Arc;

use calendar::{Day, Session, Slot};
use register::worked_case::{Counter, Mark, PlacedMark};
use register::{CodeRow, Counts};

use crate::kernel::MOST_WEEKS;
use crate::{Axis, MarkByte, Matrix, Path};

/// The counter that `rollbook conformance` holds worked cases against: this crate's own functions.
#[derive(Clone, Copy, Debug)]
pub struct ColumnCounter(Path);

impl ColumnCounter {
    /// Counts along this path.
    pub fn along(path: Path) -> ColumnCounter {
        ColumnCounter(path)
    }
}

impl Default for ColumnCounter {
    /// Counts along the path that the product takes on this machine.
    fn default() -> ColumnCounter {
        ColumnCounter(Path::widest())
    }
}

impl Counter for ColumnCounter {
    fn count(&self, marks: &[PlacedMark]) -> Counts {
        marks
            .chunk_by(|mark, next| stretch(mark.slot.day) == stretch(next.slot.day))
            .map(|marks| self.count_stretch(marks))
            .sum()
    }

    fn most_countable(&self, weeks: &[Vec<&'static CodeRow>], school_weeks: usize) -> u32 {
        let school_weeks = school_weeks.min(MOST_WEEKS);
        // A case longer than an axis is taken in stretches that overlap, so that each window lies within one of them.
        let step = MOST_WEEKS + 1 - school_weeks.max(1);
        (0..weeks.len())
            .step_by(step)
            .map(|first| &weeks[first..weeks.len().min(first + MOST_WEEKS)])
            .map(|weeks| self.most_in_stretch(weeks, school_weeks))
            .max()
            .unwrap_or(0)
    }
}

impl ColumnCounter {
    fn count_stretch(&self, marks: &[PlacedMark]) -> Counts {
        let axis = Axis::new(marks.iter().map(|mark| mark.slot))
            .expect("a run of days goes forward, and a stretch is shorter than an axis");
        let axis = Arc::new(axis);
        let mut matrix = Matrix::new(axis.clone(), 1);
        for (index, placed) in marks.iter().enumerate() {
            matrix.set(0, index, byte(placed.mark));
        }
        matrix.count_along(self.0, 0, &axis.whole(), 1).0
    }

    fn most_in_stretch(&self, weeks: &[Vec<&'static CodeRow>], school_weeks: usize) -> u32 {
        // Any Monday will do: the weeks of a case have no dates.
        let first = Day::from_epoch_days(0).monday();
        let monday = |week: usize| first.plus_days(7 * week as i32);
        let slots = (0..weeks.len())
            .flat_map(|week| monday(week).through(monday(week).plus_days(6)))
            .flat_map(|day| Session::BOTH.map(|session| Slot::new(day, session)));
        let axis = Arc::new(Axis::new(slots).expect("a stretch is no longer than an axis"));
        let mut matrix = Matrix::new(axis.clone(), 1);
        for (week, rows) in weeks.iter().enumerate() {
            assert!(
                rows.len() <= SESSIONS_A_WEEK,
                "reading a case refuses longer weeks"
            );
            for (session, row) in rows.iter().enumerate() {
                matrix.set(0, week * SESSIONS_A_WEEK + session, MarkByte::of(row));
            }
        }
        let (_, heaviest) = matrix.count_along(self.0, 0, &axis.whole(), school_weeks);
        u32::from(heaviest)
    }
}

/// Seven days with two sessions each.
const SESSIONS_A_WEEK: usize = 14;

/// The stretch of an axis's length, counted from 1970, in which a day lies.
fn stretch(day: Day) -> i32 {
    day.monday().epoch_days().div_euclid(7 * MOST_WEEKS as i32)
}

fn byte(mark: Mark) -> MarkByte {
    match mark {
        Mark::Outside => MarkByte::OUTSIDE,
        Mark::Missing => MarkByte::MISSING,
        Mark::Coded(row) => MarkByte::of(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use register::worked_case::read_cases;
    use register::{code_rows, most_countable};

    const CASES: &str = include_str!("../../register/vectors/attendance-arithmetic.json");

    #[test]
    fn every_worked_case_passes_when_counted_as_the_product_counts() {
        for path in Path::available() {
            let cases = read_cases(CASES).expect("the file is in the form of worked cases");
            assert_eq!(cases.len(), 59);
            for case in cases {
                let case = case.expect("every case can be run");
                let differences = case.differences(&ColumnCounter::along(path));
                assert_eq!(
                    differences,
                    Ok(Vec::new()),
                    "{} {:?} {}",
                    case.id,
                    case.rules,
                    path.name()
                );
            }
        }
    }

    #[test]
    fn a_case_of_many_years_is_counted_in_stretches() {
        let first: Day = "2025-09-08".parse().expect("a real day");
        let marks: Vec<PlacedMark> = (0..5_000)
            .map(|ahead| PlacedMark {
                slot: Slot::new(first.plus_days(ahead), Session::Am),
                mark: Mark::Coded(&code_rows()[0]),
            })
            .collect();
        let counts = ColumnCounter::default().count(&marks);
        assert_eq!(counts.present_on_time, 5_000);
    }

    proptest! {
        #[test]
        fn weeks_of_a_case_of_any_length_slide_like_the_plain_rule(
            weeks in prop::collection::vec(0_usize..14, 0..200), window in 1_usize..16,
        ) {
            let unauthorised = code_rows().iter().find(|row| row.code.as_str() == "O").expect("O is a code");
            let rows: Vec<Vec<&CodeRow>> = weeks.iter().map(|count| vec![unauthorised; *count]).collect();
            let plain: Vec<u32> = weeks.iter().map(|count| *count as u32).collect();
            for path in Path::available() {
                prop_assert_eq!(ColumnCounter::along(path).most_countable(&rows, window), most_countable(&plain, window));
            }
        }
    }
}
