//! The counting loops: comparisons against window bounds, lane by lane, so that the compiler makes vector code of them.
//!
//! Everything here is plain safe Rust on fixed-size arrays. `L` is the number of marks handled side by side: 16 suits the
//! vectors that every 64-bit processor has, 32 the wider ones that [`crate::wide`] selects at run time.

#![expect(
    clippy::needless_range_loop,
    reason = "one index runs over many arrays at once, and loops of this form become vector code"
)]

use register::Counts;

use crate::mark::window;

/// Where the counted windows begin, in ascending order; each is compared against, none is looked up.
const BOUNDS: [u8; 9] = [
    window::MISSING.start,
    window::APPROVED_EDUCATIONAL_ACTIVITY.start,
    window::PRESENT_ON_TIME.start,
    window::LATE_BEFORE_CLOSE.start,
    window::LATE_AFTER_CLOSE.start,
    window::OTHER_UNAUTHORISED.start,
    window::AUTHORISED.start,
    window::NOT_POSSIBLE.start,
    window::ADMINISTRATIVE.start,
];
/// Places in [`BOUNDS`].
const LATE_AFTER_CLOSE: usize = 4;
const AUTHORISED: usize = 6;

/// The bounds that the attendance of a slot needs: attended begins, absent begins, not possible begins.
const ATTENDANCE_BOUNDS: [u8; 3] = [
    window::APPROVED_EDUCATIONAL_ACTIVITY.start,
    window::LATE_AFTER_CLOSE.start,
    window::NOT_POSSIBLE.start,
];

/// The most school weeks that a row can hold.
pub(crate) const MOST_WEEKS: usize = 64;
/// Bytes that must be readable behind the last row, since a vector may reach beyond it.
pub(crate) const SLACK: usize = 64;
/// The most chunks of lanes that a row can have: 14 blocks of 64 weeks, 16 lanes at a time.
const MOST_CHUNKS: usize = 14 * MOST_WEEKS / 16;
/// A pile is a byte; this many rows are piled before it is emptied.
pub(crate) const ROWS_A_TILE: usize = 128;

/// The weeks of one block of a mask.
pub(crate) type Box = [u8; MOST_WEEKS];

/// One byte for each school week, with room behind them for a window that looks ahead.
pub(crate) type Weekly = [u8; 2 * MOST_WEEKS];

/// In `piles[t][lane]`, how many of the `N` marks of that lane reach `bounds[t]`.
///
/// The shape of the loops is what makes vector code of them: lanes outside, everything else of fixed length inside.
#[inline(always)]
fn pile<const N: usize, const T: usize, const L: usize>(
    bounds: [u8; T],
    mark: impl Fn(usize, usize) -> u8,
) -> [[u8; L]; T] {
    let mut piles = [[0u8; L]; T];
    for lane in 0..L {
        let mut reached = [0u8; T];
        for n in 0..N {
            // Marks are below 128 (a test says so), and every vector unit compares signed bytes in one step.
            let mark = mark(n, lane) as i8;
            for t in 0..T {
                reached[t] += u8::from(mark >= bounds[t] as i8);
            }
        }
        for t in 0..T {
            piles[t][lane] = reached[t];
        }
    }
    piles
}

/// The lanes that begin at `at`.
#[inline(always)]
fn lanes<const L: usize>(bytes: &[u8], at: usize) -> &[u8; L] {
    bytes[at..]
        .first_chunk()
        .expect("rows and masks carry slack behind them")
}

/// The lanes that begin at `at`, to write to.
#[inline(always)]
fn lanes_mut<const L: usize, T>(values: &mut [T], at: usize) -> &mut [T; L] {
    values[at..]
        .first_chunk_mut()
        .expect("what is written to is padded for the widest vector")
}

/// Sum of the lanes.
#[inline(always)]
fn sum<const L: usize>(lanes: &[u8; L]) -> u32 {
    let mut sum = 0;
    for &count in lanes {
        sum += u32::from(count);
    }
    sum
}

/// Turns “so many reach this bound” into counts by class.
#[inline(always)]
fn counts(reached: [u32; 9]) -> Counts {
    Counts {
        missing: reached[0] - reached[1],
        approved_educational_activity: reached[1] - reached[2],
        present_on_time: reached[2] - reached[3],
        late_before_close: reached[3] - reached[4],
        late_after_close: reached[4] - reached[5],
        unauthorised: reached[4] - reached[6],
        authorised: reached[6] - reached[7],
        not_possible: reached[7] - reached[8],
        administrative: reached[8],
    }
}

/// Counts one row: `K` blocks (a weekday and session each) of `weeks` marks.
///
/// `row` begins at the row and runs on for at least [`SLACK`] bytes beyond it; the boxes of `mask` are zero wherever no mark is to be
/// counted. `weekly` receives the unauthorised sessions of each school week.
#[inline(always)]
pub(crate) fn count_row<const K: usize, const L: usize>(
    row: &[u8],
    weeks: usize,
    mask: &[Box],
    weekly: &mut Weekly,
) -> Counts {
    let mut total = [[0u8; L]; 9];
    for first in (0..weeks).step_by(L) {
        let piles = pile_weeks::<K, L>(row, weeks, mask, first);
        let week: &mut [u8; L] = lanes_mut(weekly, first);
        for lane in 0..L {
            week[lane] = piles[LATE_AFTER_CLOSE][lane] - piles[AUTHORISED][lane];
        }
        add_piles(&mut total, &piles);
    }
    let mut reached = [0; 9];
    for bound in 0..9 {
        reached[bound] = sum(&total[bound]);
    }
    counts(reached)
}

/// Adds more piles to piles; a lane stays below 256 because its marks do.
#[inline(always)]
fn add_piles<const T: usize, const L: usize>(piles: &mut [[u8; L]; T], more: &[[u8; L]; T]) {
    for bound in 0..T {
        for lane in 0..L {
            piles[bound][lane] += more[bound][lane];
        }
    }
}

/// Counts one row week by week, adding to the weeks given.
#[inline(always)]
pub(crate) fn count_weeks<const K: usize, const L: usize>(
    row: &[u8],
    mask: &[Box],
    weeks: &mut [Counts],
) {
    for first in (0..weeks.len()).step_by(L) {
        let piles = pile_weeks::<K, L>(row, weeks.len(), mask, first);
        for (lane, week) in weeks[first..].iter_mut().take(L).enumerate() {
            *week += counts(piles.map(|pile| u32::from(pile[lane])));
        }
    }
}

/// Piles the `L` weeks from week `first` on, a lane each.
#[inline(always)]
fn pile_weeks<const K: usize, const L: usize>(
    row: &[u8],
    weeks: usize,
    mask: &[Box],
    first: usize,
) -> [[u8; L]; 9] {
    let mut marks = [lanes::<L>(row, first); K];
    let mut masks = [lanes::<L>(&mask[0], first); K];
    for block in 1..K {
        marks[block] = lanes(row, block * weeks + first);
        masks[block] = lanes(&mask[block], first);
    }
    pile::<K, 9, L>(BOUNDS, |block, lane| {
        marks[block][lane] & masks[block][lane]
    })
}

/// The most unauthorised sessions in any `window` consecutive school weeks; 255 stands for 255 or more.
#[inline(always)]
pub(crate) fn heaviest_window<const L: usize>(weekly: &Weekly, weeks: usize, window: usize) -> u8 {
    let window = window.min(MOST_WEEKS);
    let mut heaviest = [0u8; L];
    for first in (0..weeks).step_by(L) {
        // A lane holds the window that begins with its week. Ten weeks, the law's number, go in one step.
        let mut windows = [0u8; L];
        let mut ahead = 0;
        while ahead + 10 <= window {
            add_weeks::<10, L>(weekly, first + ahead, &mut windows);
            ahead += 10;
        }
        while ahead < window {
            add_weeks::<1, L>(weekly, first + ahead, &mut windows);
            ahead += 1;
        }
        for lane in 0..L {
            heaviest[lane] = heaviest[lane].max(windows[lane]);
        }
    }
    heaviest.into_iter().max().unwrap_or(0)
}

/// Adds `N` weeks to each lane, from the lane's own place on.
#[inline(always)]
fn add_weeks<const N: usize, const L: usize>(weekly: &Weekly, first: usize, windows: &mut [u8; L]) {
    let mut ahead = [lanes::<L>(weekly, first); N];
    for n in 1..N {
        ahead[n] = lanes(weekly, first + n);
    }
    for lane in 0..L {
        for n in 0..N {
            windows[lane] = windows[lane].saturating_add(ahead[n][lane]);
        }
    }
}

/// For each place of a row and each of `T` bounds, how many marks of the rows so far reach the bound.
pub(crate) struct Positions<const T: usize> {
    width: usize,
    /// `T` stretches of the width, each padded for the widest vector.
    reached: Vec<u32>,
}

impl Positions<3> {
    /// What attendance needs.
    pub(crate) fn for_attendance(width: usize) -> Positions<3> {
        Positions::new(width)
    }

    /// Adds up to [`ROWS_A_TILE`] rows that lie one behind another in `marks`.
    ///
    /// `chosen[n]` is 255 where the row is to be counted and 0 where not; `mask`, in the layout of a row, does the same for places.
    #[inline(always)]
    pub(crate) fn add<const L: usize>(&mut self, marks: &[u8], chosen: &[u8], mask: &[u8]) {
        self.add_rows::<8, L>(ATTENDANCE_BOUNDS, marks, chosen, mask);
    }

    /// Possible and attended sessions at this place.
    pub(crate) fn attendance(&self, position: usize) -> Attendance {
        let [attended, absent, not_possible] = self.reached(position);
        Attendance {
            possible: attended - not_possible,
            attended: attended - absent,
        }
    }
}

impl Positions<9> {
    /// What all counts need.
    pub(crate) fn for_counts(width: usize) -> Positions<9> {
        Positions::new(width)
    }

    /// Adds up to [`ROWS_A_TILE`] rows that lie one behind another in `marks`.
    ///
    /// `chosen[n]` is 255 where the row is to be counted and 0 where not; `mask`, in the layout of a row, does the same for places.
    #[inline(always)]
    pub(crate) fn add<const L: usize>(&mut self, marks: &[u8], chosen: &[u8], mask: &[u8]) {
        self.add_rows::<4, L>(BOUNDS, marks, chosen, mask);
    }

    /// The counts at this place.
    pub(crate) fn counts(&self, position: usize) -> Counts {
        counts(self.reached(position))
    }
}

impl<const T: usize> Positions<T> {
    fn new(width: usize) -> Positions<T> {
        Positions {
            width,
            reached: vec![0; T * (width + SLACK)],
        }
    }

    fn reached(&self, position: usize) -> [u32; T] {
        std::array::from_fn(|bound| self.reached[bound * (self.width + SLACK) + position])
    }

    /// Piles `N` rows at a time: as many as the compiler still unrolls. `bounds` is a constant of the caller's for the same reason.
    #[inline(always)]
    fn add_rows<const N: usize, const L: usize>(
        &mut self,
        bounds: [u8; T],
        marks: &[u8],
        chosen: &[u8],
        mask: &[u8],
    ) {
        assert!(chosen.len() <= ROWS_A_TILE, "a pile is one byte");
        let chunks = self.width.div_ceil(L);
        let mut piles = [[[0u8; L]; T]; MOST_CHUNKS];
        let mut row = 0;
        while row + N <= chosen.len() {
            self.pile_rows::<N, L>(bounds, marks, chosen, row, chunks, &mut piles);
            row += N;
        }
        while row < chosen.len() {
            self.pile_rows::<1, L>(bounds, marks, chosen, row, chunks, &mut piles);
            row += 1;
        }
        for (chunk, piles) in piles[..chunks].iter().enumerate() {
            let mask: &[u8; L] = lanes(mask, chunk * L);
            for bound in 0..T {
                let at = bound * (self.width + SLACK) + chunk * L;
                let reached: &mut [u32; L] = lanes_mut(&mut self.reached, at);
                for lane in 0..L {
                    reached[lane] += u32::from(piles[bound][lane] & mask[lane]);
                }
            }
        }
    }

    /// Piles `N` rows, chunk by chunk.
    #[inline(always)]
    fn pile_rows<const N: usize, const L: usize>(
        &self,
        bounds: [u8; T],
        marks: &[u8],
        chosen: &[u8],
        row: usize,
        chunks: usize,
        piles: &mut [[[u8; L]; T]; MOST_CHUNKS],
    ) {
        let chunks_of = |n: usize| &marks[(row + n) * self.width..].as_chunks::<L>().0[..chunks];
        let mut rows = [chunks_of(0); N];
        for n in 1..N {
            rows[n] = chunks_of(n);
        }
        let chosen: &[u8; N] = lanes(chosen, row);
        for (chunk, piles) in piles[..chunks].iter_mut().enumerate() {
            let mark = |n: usize, lane: usize| rows[n][chunk][lane] & chosen[n];
            add_piles(piles, &pile::<N, T, L>(bounds, mark));
        }
    }
}

/// Possible and attended sessions; attendance is the second of the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attendance {
    /// Sessions that were possible: attended or absent.
    pub possible: u32,
    /// Of these, sessions attended.
    pub attended: u32,
}

impl std::ops::AddAssign for Attendance {
    fn add_assign(&mut self, other: Attendance) {
        self.possible += other.possible;
        self.attended += other.attended;
    }
}
