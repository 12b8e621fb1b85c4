use std::sync::Arc;

use calendar::Slot;
use register::Counts;

use crate::kernel::{self, Positions, ROWS_A_TILE, SLACK, Weekly};
use crate::wide::Work;
use crate::{Axis, MarkByte, Path, Period};

/// One byte for each enrolment and session of a school year.
///
/// A row is one enrolment, a place on the [`Axis`] one session. Rows are numbered from 0; who they are is the caller's to know. A new row is outside
/// everywhere.
///
/// Shape: row after row, 10 bytes a school week (12 or 14 with sessions on Saturdays or Sundays): 400 bytes for a year of 380 sessions in 40
/// weeks, 1.05 a mark. It is derived from the marks' rows in the database and can be made again at any time.
#[derive(Clone, Debug)]
pub struct Matrix {
    axis: Arc<Axis>,
    rows: usize,
    /// `rows` times the axis's width, then slack that stays nought.
    bytes: Vec<u8>,
}

impl Matrix {
    /// So many rows, outside everywhere.
    pub fn new(axis: Arc<Axis>, rows: usize) -> Matrix {
        let bytes = vec![MarkByte::OUTSIDE.byte(); rows * axis.width() + SLACK];
        Matrix { axis, rows, bytes }
    }

    /// The sessions.
    pub fn axis(&self) -> &Arc<Axis> {
        &self.axis
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of memory that the marks take.
    pub fn memory(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a row, outside everywhere, and returns its number.
    pub fn add_row(&mut self) -> usize {
        self.bytes.resize(
            self.bytes.len() + self.axis.width(),
            MarkByte::OUTSIDE.byte(),
        );
        self.rows += 1;
        self.rows - 1
    }

    /// The mark of this row in the session at this place of the axis.
    pub fn get(&self, row: usize, index: usize) -> MarkByte {
        MarkByte::of_stored(self.bytes[self.place(row, index)])
    }

    /// Puts a mark in this place and returns the one that was there.
    pub fn set(&mut self, row: usize, index: usize, mark: MarkByte) -> MarkByte {
        let place = self.place(row, index);
        MarkByte::of_stored(std::mem::replace(&mut self.bytes[place], mark.byte()))
    }

    /// The marks of a row with their sessions, in order of time.
    pub fn marks(&self, row: usize) -> impl ExactSizeIterator<Item = (Slot, MarkByte)> + '_ {
        let slots = self.axis.slots().iter().enumerate();
        slots.map(move |(index, slot)| (*slot, self.get(row, index)))
    }

    /// Counts a row over a period.
    pub fn count(&self, row: usize, period: &Period) -> Counts {
        self.count_along(Path::widest(), row, period, 1).0
    }

    /// Counts every row over a period, in the order of the rows.
    pub fn count_each(&self, period: &Period) -> Vec<Counts> {
        (0..self.rows).map(|row| self.count(row, period)).collect()
    }

    /// Counts of these rows together for each school week, in order. For one pupil give one row.
    pub fn by_week(&self, rows: impl IntoIterator<Item = usize>, period: &Period) -> Vec<Counts> {
        self.by_week_along(Path::widest(), rows, period)
    }

    /// Counts of these rows together for each session of the axis, in order of time.
    pub fn by_slot(&self, rows: impl IntoIterator<Item = usize>, period: &Period) -> Vec<Counts> {
        self.by_slot_along(Path::widest(), rows, period)
    }

    /// The most unauthorised sessions in any so many consecutive school weeks of the axis; 255 stands for 255 or more.
    ///
    /// Sessions of last year, which the law counts too, are in last year's axis; `by_week` gives both.
    pub fn heaviest_unauthorised(&self, row: usize, period: &Period, school_weeks: usize) -> u8 {
        self.count_along(Path::widest(), row, period, school_weeks)
            .1
    }

    pub(crate) fn by_week_along(
        &self,
        path: Path,
        rows: impl IntoIterator<Item = usize>,
        period: &Period,
    ) -> Vec<Counts> {
        let mut work = CountWeeks {
            matrix: self,
            row: 0,
            period,
            weeks: vec![Counts::default(); self.axis.weeks().len()],
        };
        for row in rows {
            work.row = row;
            path.run(&mut work);
        }
        work.weeks
    }

    pub(crate) fn by_slot_along(
        &self,
        path: Path,
        rows: impl IntoIterator<Item = usize>,
        period: &Period,
    ) -> Vec<Counts> {
        let rows: Vec<usize> = rows.into_iter().collect();
        let mut work = CountPositions {
            matrix: self,
            rows: &rows,
            period,
            positions: Positions::for_counts(self.axis.width()),
        };
        path.run(&mut work);
        (0..self.axis.len())
            .map(|index| work.positions.counts(self.axis.position(index)))
            .collect()
    }

    pub(crate) fn count_along(
        &self,
        path: Path,
        row: usize,
        period: &Period,
        school_weeks: usize,
    ) -> (Counts, u8) {
        let mut work = CountRow {
            matrix: self,
            row,
            period,
            school_weeks,
            answer: (Counts::default(), 0),
        };
        path.run(&mut work);
        work.answer
    }

    /// The counts of a row, and in `weekly` the unauthorised sessions of each of its school weeks.
    #[inline(always)]
    pub(crate) fn count_row<const L: usize>(
        &self,
        row: usize,
        period: &Period,
        weekly: &mut Weekly,
    ) -> Counts {
        let weeks = self.axis.weeks().len();
        let (marks, mask) = (self.row(row), period.boxes());
        match self.axis.blocks() {
            10 => kernel::count_row::<10, L>(marks, weeks, mask, weekly),
            12 => kernel::count_row::<12, L>(marks, weeks, mask, weekly),
            _ => kernel::count_row::<14, L>(marks, weeks, mask, weekly),
        }
    }

    /// The bytes from the beginning of a row on, to the end of the matrix and its slack.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        &self.bytes[row * self.axis.width()..]
    }

    fn place(&self, row: usize, index: usize) -> usize {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        row * self.axis.width() + self.axis.position(index)
    }
}

struct CountRow<'a> {
    matrix: &'a Matrix,
    row: usize,
    period: &'a Period,
    school_weeks: usize,
    answer: (Counts, u8),
}

impl Work for CountRow<'_> {
    #[inline(always)]
    fn run<const L: usize>(&mut self) {
        let mut weekly: Weekly = [0; _];
        let counts = self
            .matrix
            .count_row::<L>(self.row, self.period, &mut weekly);
        let weeks = self.matrix.axis.weeks().len();
        let heaviest = kernel::heaviest_window::<L>(&weekly, weeks, self.school_weeks);
        self.answer = (counts, heaviest);
    }
}

struct CountWeeks<'a> {
    matrix: &'a Matrix,
    row: usize,
    period: &'a Period,
    weeks: Vec<Counts>,
}

impl Work for CountWeeks<'_> {
    #[inline(always)]
    fn run<const L: usize>(&mut self) {
        let (marks, mask) = (self.matrix.row(self.row), self.period.boxes());
        match self.matrix.axis.blocks() {
            10 => kernel::count_weeks::<10, L>(marks, mask, &mut self.weeks),
            12 => kernel::count_weeks::<12, L>(marks, mask, &mut self.weeks),
            _ => kernel::count_weeks::<14, L>(marks, mask, &mut self.weeks),
        }
    }
}

struct CountPositions<'a> {
    matrix: &'a Matrix,
    rows: &'a [usize],
    period: &'a Period,
    positions: Positions<9>,
}

impl Work for CountPositions<'_> {
    #[inline(always)]
    fn run<const L: usize>(&mut self) {
        for run in self.rows.chunk_by(|row, next| row + 1 == *next) {
            for tile in run.chunks(ROWS_A_TILE) {
                let chosen = &[u8::MAX; ROWS_A_TILE][..tile.len()];
                let marks = self.matrix.row(tile[0]);
                self.positions.add::<L>(marks, chosen, self.period.row());
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use calendar::{Day, Session};
    use proptest::prelude::*;
    use register::code_rows;

    /// Any sessions of a year: some days without, some with one session only, with or without Saturdays and Sundays.
    pub(crate) fn any_axis() -> impl Strategy<Value = Arc<Axis>> {
        let days = (5_usize..=7, 1_usize..400, any::<u64>());
        days.prop_map(|(days_a_week, span, seed)| {
            let first = Day::from_epoch_days(20_000 + (seed % 3_000) as i32);
            let slots = (0..span)
                .map(|ahead| first.plus_days(ahead as i32))
                .filter(|day| day.weekday().index() < days_a_week)
                .flat_map(|day| Session::BOTH.map(|session| Slot::new(day, session)))
                .filter(|slot| {
                    let luck = mixed(
                        seed ^ (slot.day.epoch_days() as u64 * 2 + slot.session.index() as u64),
                    );
                    !luck.is_multiple_of(16)
                });
            Arc::new(Axis::new(slots).expect("at most 58 weeks, in order"))
        })
    }

    /// Marks of every kind, outside and missing among them, for this axis.
    pub(crate) fn any_marks(axis: Arc<Axis>, rows: usize, seed: u64) -> Matrix {
        let mut matrix = Matrix::new(axis, rows);
        for row in 0..rows {
            let seed = mixed(seed ^ row as u64);
            for index in 0..matrix.axis().len() {
                matrix.set(
                    row,
                    index,
                    any_mark(mixed(seed ^ (index as u64) << 20), seed % 4),
                );
            }
        }
        matrix
    }

    pub(crate) fn any_mark(luck: u64, dominant: u64) -> MarkByte {
        let rows = code_rows();
        match luck % 64 {
            0 => MarkByte::OUTSIDE,
            1 => MarkByte::MISSING,
            2 | 3 => any_plan(luck / 64),
            4..30 => MarkByte::of(&rows[luck as usize / 64 % rows.len()]),
            // Whole rows of one kind fill the piles as far as they can be filled.
            _ => MarkByte::of(&rows[[0, 2, 31, 30][dominant as usize]]),
        }
    }

    fn any_plan(luck: u64) -> MarkByte {
        let rows = code_rows();
        let row = &rows[luck as usize % rows.len()];
        let day: Day = "2026-11-24".parse().expect("a day");
        MarkByte::planned(row.code, day).unwrap_or(MarkByte::MISSING)
    }

    fn mixed(seed: u64) -> u64 {
        let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Mark by mark, through the code table's rows and nothing of this crate.
    pub(crate) fn naive(mark: MarkByte) -> Counts {
        match mark.row() {
            Some(row) => Counts::of(row),
            None if mark == MarkByte::MISSING => Counts::of_missing(),
            None => Counts::default(),
        }
    }

    pub(crate) fn naive_count(matrix: &Matrix, row: usize, period: &Period) -> Counts {
        let axis = matrix.axis();
        let chosen = (0..axis.len()).filter(|index| period.contains(axis, *index));
        chosen.map(|index| naive(matrix.get(row, index))).sum()
    }

    pub(crate) fn naive_weeks(matrix: &Matrix, row: usize, period: &Period) -> Vec<Counts> {
        let axis = matrix.axis();
        let mut weeks = vec![Counts::default(); axis.weeks().len()];
        for index in (0..axis.len()).filter(|index| period.contains(axis, *index)) {
            weeks[axis.week_of(index)] += naive(matrix.get(row, index));
        }
        weeks
    }

    pub(crate) fn naive_heaviest(weeks: &[Counts], window: usize) -> u32 {
        (0..weeks.len())
            .map(|first| {
                weeks[first..]
                    .iter()
                    .take(window)
                    .map(|week| week.unauthorised)
                    .sum()
            })
            .max()
            .unwrap_or(0)
    }

    /// Part of the axis: about so many of eight sessions.
    pub(crate) fn some_of(axis: &Axis, eighths: i32, turn: i32) -> Period {
        axis.period(|slot| {
            (slot.day.epoch_days() * 3 + slot.session.index() as i32 + turn).rem_euclid(8) < eighths
        })
    }

    proptest! {
        #[test]
        fn every_path_counts_a_row_like_one_who_looks_up_each_mark(
            axis in any_axis(), seed: u64, eighths in 0_i32..=8, window in 0_usize..20,
        ) {
            let matrix = any_marks(axis.clone(), 3, seed);
            let period = some_of(&axis, eighths, 1);
            for path in Path::available() {
                for row in 0..3 {
                    let (counts, heaviest) = matrix.count_along(path, row, &period, window);
                    let weeks = naive_weeks(&matrix, row, &period);
                    prop_assert_eq!(counts, naive_count(&matrix, row, &period), "{}", path.name());
                    prop_assert_eq!(u32::from(heaviest), naive_heaviest(&weeks, window).min(255), "{}", path.name());
                    prop_assert_eq!(matrix.by_week_along(path, [row], &period), weeks, "{}", path.name());
                }
            }
        }

        #[test]
        fn weeks_and_slots_of_many_rows_add_up_to_their_counts(
            axis in any_axis(), seed: u64, rows in 0_usize..300, eighths in 0_i32..=8,
        ) {
            let matrix = any_marks(axis.clone(), rows, seed);
            let period = some_of(&axis, eighths, 2);
            let whole: Counts = matrix.count_each(&period).iter().sum();
            for path in Path::available() {
                let slots = matrix.by_slot_along(path, 0..rows, &period);
                prop_assert_eq!(slots.len(), axis.len());
                prop_assert_eq!(slots.iter().sum::<Counts>(), whole, "{}", path.name());
                let weeks = matrix.by_week_along(path, 0..rows, &period);
                prop_assert_eq!(weeks.iter().sum::<Counts>(), whole, "{}", path.name());
            }
            for (index, slot) in matrix.by_slot(0..rows, &period).into_iter().enumerate() {
                let chosen = period.contains(&axis, index);
                let marks = (0..rows).filter(|_| chosen).map(|row| naive(matrix.get(row, index)));
                prop_assert_eq!(slot, marks.sum());
            }
        }

        #[test]
        fn flipping_one_mark_and_recounting_is_counting_from_scratch(
            axis in any_axis(), seed: u64, place: prop::sample::Index, luck: u64,
        ) {
            let mut matrix = any_marks(axis.clone(), 2, seed);
            prop_assume!(!axis.is_empty());
            let index = place.index(axis.len());
            let whole = axis.whole();
            let (before, other) = (matrix.count(0, &whole), matrix.count(1, &whole));
            let mark = any_mark(luck, 0);
            let was = matrix.set(0, index, mark);
            prop_assert_eq!(matrix.get(0, index), mark);
            prop_assert_eq!(matrix.count(0, &whole) + naive(was), before + naive(mark));
            prop_assert_eq!(matrix.count(1, &whole), other);
        }

        #[test]
        fn the_order_of_marks_within_a_year_does_not_change_its_counts(axis in any_axis(), seed: u64, turn: prop::sample::Index) {
            prop_assume!(!axis.is_empty());
            let matrix = any_marks(axis.clone(), 1, seed);
            let marks: Vec<MarkByte> = matrix.marks(0).map(|(_, mark)| mark).collect();
            let turn = turn.index(axis.len());
            let mut turned = Matrix::new(axis.clone(), 1);
            for (index, mark) in marks.iter().cycle().skip(turn).take(marks.len()).enumerate() {
                turned.set(0, index, *mark);
            }
            prop_assert_eq!(turned.count(0, &axis.whole()), matrix.count(0, &axis.whole()));
        }
    }

    #[test]
    fn a_row_added_later_is_outside_everywhere_and_disturbs_no_other() {
        let axis = Arc::new(
            Axis::new(crate::axis::tests::weekdays(
                "2026-09-03",
                "2026-12-18",
                &[],
            ))
            .expect("in order"),
        );
        let mut matrix = any_marks(axis.clone(), 2, 7);
        let before = matrix.count_each(&axis.whole());
        assert_eq!(matrix.add_row(), 2);
        assert_eq!(matrix.rows(), 3);
        assert!(matrix.marks(2).all(|(_, mark)| mark == MarkByte::OUTSIDE));
        matrix.set(2, 0, MarkByte::MISSING);
        let after = matrix.count_each(&axis.whole());
        assert_eq!(after[..2], before);
        assert_eq!(after[2], Counts::of_missing());
    }

    #[test]
    fn a_mark_takes_at_most_a_byte_and_a_quarter() {
        let slots = crate::axis::tests::weekdays("2026-09-02", "2027-07-20", &[]);
        let without_half_terms = slots.into_iter().filter(|slot| {
            let week = slot.day.monday().to_string();
            ![
                "2026-10-26",
                "2026-12-21",
                "2026-12-28",
                "2027-02-15",
                "2027-03-29",
                "2027-04-05",
                "2027-05-31",
            ]
            .contains(&week.as_str())
        });
        let axis = Arc::new(Axis::new(without_half_terms).expect("in order"));
        let matrix = Matrix::new(axis.clone(), 1_500);
        let marks = 1_500 * axis.len();
        assert!(
            matrix.memory() * 4 <= marks * 5,
            "{} bytes for {marks} marks",
            matrix.memory()
        );
    }

    #[test]
    #[should_panic(expected = "row 2 of 2")]
    fn a_row_that_does_not_exist_is_the_callers_mistake() {
        let axis = Arc::new(Axis::new([]).expect("nothing is in order"));
        Matrix::new(axis.clone(), 2).count(2, &axis.whole());
    }
}
