//! The counting loops: comparisons against window bounds, lane by lane, so that the compiler makes vector code of them.
//!
//! Everything here is plain safe Rust on fixed-size arrays. `L` is the number of marks handled side by side: 16 suits the
//! vectors that every 64-bit processor has, 32 and 64 the wider ones that [`crate::wide`] selects at run time.

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
/// Rows whose marks are piled up together when slots are counted.
const ROWS_TOGETHER: usize = 8;
/// A pile is a byte; this many rows are piled before it is emptied.
pub(crate) const ROWS_A_TILE: usize = 128;

/// One byte for each school week, with room behind them for a window that looks ahead.
pub(crate) type Weekly = [u8; 2 * MOST_WEEKS];

/// Adds to `piles[t][lane]` how many of the `N` marks in that lane reach `bounds[t]`, after masking.
#[inline(always)]
fn pile<const N: usize, const T: usize, const L: usize>(
    marks: [&[u8; L]; N],
    masks: [&[u8; L]; N],
    bounds: [u8; T],
    piles: &mut [[u8; L]; T],
) {
    for lane in 0..L {
        let mut reached = [0u8; T];
        for n in 0..N {
            // Marks are below 128 (a test says so), and every vector unit compares signed bytes in one step.
            let mark = (marks[n][lane] & masks[n][lane]) as i8;
            for t in 0..T {
                reached[t] += u8::from(mark >= bounds[t] as i8);
            }
        }
        for t in 0..T {
            piles[t][lane] += reached[t];
        }
    }
}

/// The lanes that begin at `at`.
#[inline(always)]
fn lanes<const L: usize>(bytes: &[u8], at: usize) -> &[u8; L] {
    bytes[at..]
        .first_chunk()
        .expect("rows and masks carry slack behind them")
}

/// Sum of the lanes.
#[inline(always)]
fn sum<const L: usize>(lanes: &[u8; L]) -> u32 {
    lanes.iter().map(|&count| u32::from(count)).sum()
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
/// `row` begins at the row and runs on for at least [`SLACK`] bytes beyond it; `mask` is `K` boxes of [`MOST_WEEKS`] bytes that are zero
/// wherever no mark is to be counted. `weekly` receives the unauthorised sessions of each school week.
#[inline(always)]
pub(crate) fn count_row<const K: usize, const L: usize>(
    row: &[u8],
    weeks: usize,
    mask: &[u8],
    weekly: &mut Weekly,
) -> Counts {
    let mut total = [[0u8; L]; 9];
    for first in (0..weeks).step_by(L) {
        let mut piles = [[0u8; L]; 9];
        pile_weeks::<K, L>(row, weeks, mask, first, &mut piles);
        for lane in 0..L {
            weekly[first + lane] = piles[LATE_AFTER_CLOSE][lane] - piles[AUTHORISED][lane];
        }
        for (total, pile) in total.iter_mut().zip(&piles) {
            for lane in 0..L {
                total[lane] += pile[lane];
            }
        }
    }
    counts(std::array::from_fn(|bound| sum(&total[bound])))
}

/// Counts one row week by week, adding to `weeks_out[week]`.
#[inline(always)]
pub(crate) fn count_weeks<const K: usize, const L: usize>(
    row: &[u8],
    mask: &[u8],
    weeks_out: &mut [Counts],
) {
    let weeks = weeks_out.len();
    for first in (0..weeks).step_by(L) {
        let mut piles = [[0u8; L]; 9];
        pile_weeks::<K, L>(row, weeks, mask, first, &mut piles);
        for (lane, week) in weeks_out[first..].iter_mut().take(L).enumerate() {
            *week += counts(std::array::from_fn(|bound| u32::from(piles[bound][lane])));
        }
    }
}

/// Piles the `L` weeks from week `first` on, a lane each.
#[inline(always)]
fn pile_weeks<const K: usize, const L: usize>(
    row: &[u8],
    weeks: usize,
    mask: &[u8],
    first: usize,
    piles: &mut [[u8; L]; 9],
) {
    let marks: [&[u8; L]; K] = std::array::from_fn(|block| lanes(row, block * weeks + first));
    let masks: [&[u8; L]; K] = std::array::from_fn(|block| lanes(mask, block * MOST_WEEKS + first));
    pile(marks, masks, BOUNDS, piles);
}

/// The most unauthorised sessions in any `window` consecutive school weeks; 255 stands for 255 or more.
#[inline(always)]
pub(crate) fn heaviest_window(weekly: &Weekly, window: usize) -> u8 {
    // `span[w]` holds the sum of `reach` weeks from `w` on, `reach` doubling; the window is put together from such spans.
    let mut span = *weekly;
    let mut total = [0u8; MOST_WEEKS];
    let (mut reach, mut placed, mut left) = (1, 0, window.min(MOST_WEEKS));
    loop {
        if left % 2 == 1 {
            let ahead: &[u8; MOST_WEEKS] = lanes(&span, placed);
            for week in 0..MOST_WEEKS {
                total[week] = total[week].saturating_add(ahead[week]);
            }
            placed += reach;
        }
        left /= 2;
        if left == 0 {
            break;
        }
        let later: [u8; MOST_WEEKS] = *lanes(&span, reach);
        for week in 0..MOST_WEEKS {
            span[week] = span[week].saturating_add(later[week]);
        }
        reach *= 2;
    }
    total.into_iter().max().unwrap_or(0)
}

/// Piles up to [`ROWS_A_TILE`] rows slot by slot and adds what they come to: `add(position, [attended begins, absent begins, not possible begins])`.
///
/// `rows` gives, for each row, the bytes from the row's beginning and the mask in the same layout.
#[inline(always)]
pub(crate) fn attendance_by_position<'a, const L: usize>(
    rows: usize,
    row: impl Fn(usize) -> (&'a [u8], &'a [u8]),
    sums: &mut [Attendance],
) {
    by_position::<3, L>(
        rows,
        row,
        ATTENDANCE_BOUNDS,
        sums.len(),
        |position, reached| {
            sums[position].attended += reached[0] - reached[1];
            sums[position].possible += reached[0] - reached[2];
        },
    );
}

/// The same with all classes.
#[inline(always)]
pub(crate) fn counts_by_position<'a, const L: usize>(
    rows: usize,
    row: impl Fn(usize) -> (&'a [u8], &'a [u8]),
    sums: &mut [Counts],
) {
    by_position::<9, L>(rows, row, BOUNDS, sums.len(), |position, reached| {
        sums[position] += counts(reached);
    });
}

#[inline(always)]
fn by_position<'a, const T: usize, const L: usize>(
    rows: usize,
    row: impl Fn(usize) -> (&'a [u8], &'a [u8]),
    bounds: [u8; T],
    width: usize,
    mut add: impl FnMut(usize, [u32; T]),
) {
    assert!(rows <= ROWS_A_TILE, "a pile is one byte");
    static NOTHING: [u8; 64] = [0; 64];
    for first in (0..width).step_by(L) {
        let mut piles = [[0u8; L]; T];
        for together in (0..rows).step_by(ROWS_TOGETHER) {
            let pairs: [(&[u8; L], &[u8; L]); ROWS_TOGETHER] = std::array::from_fn(|n| {
                if together + n < rows {
                    let (marks, mask) = row(together + n);
                    (lanes(marks, first), lanes(mask, first))
                } else {
                    (lanes(&NOTHING, 0), lanes(&NOTHING, 0))
                }
            });
            pile(
                pairs.map(|pair| pair.0),
                pairs.map(|pair| pair.1),
                bounds,
                &mut piles,
            );
        }
        for (lane, position) in (first..width).take(L).enumerate() {
            add(position, std::array::from_fn(|t| u32::from(piles[t][lane])));
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
