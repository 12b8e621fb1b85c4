use std::sync::atomic::{AtomicUsize, Ordering};

use register::{Counts, PenaltyThreshold};

use crate::kernel::{self, Attendance, Positions, ROWS_A_TILE, Weekly};
use crate::wide::Work;
use crate::{Axis, Matrix, Path, Period};

/// Below this many rows one thread is faster than starting another.
const ROWS_WORTH_A_THREAD: usize = 5_000;

/// The matrix of one school and year with what is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The marks.
    pub matrix: &'a Matrix,
    /// The sessions that count.
    pub periods: Periods<'a>,
    /// The group of each row, from 0: any key the caller chooses, such as year by FSM by SEN by sex.
    pub group_of: &'a [u16],
}

/// The sessions that count, by row.
#[derive(Clone, Copy, Debug)]
pub enum Periods<'a> {
    /// The same for every row.
    Same(&'a Period),
    /// One of a few: pupils aged 15 lose the second half of the summer term in the national profile, and
    /// a row that is no part of the cohort has a period without sessions.
    OneOf {
        /// The few.
        periods: &'a [Period],
        /// For each row, which of them.
        of: &'a [u8],
    },
}

impl<'a> Periods<'a> {
    #[inline(always)]
    fn of(self, row: usize) -> &'a Period {
        match self {
            Periods::Same(period) => period,
            Periods::OneOf { periods, of } => &periods[usize::from(of[row])],
        }
    }

    fn fit(self, rows: usize) -> bool {
        match self {
            Periods::Same(_) => true,
            Periods::OneOf { of, .. } => of.len() == rows,
        }
    }
}

/// So many unauthorised sessions within so many school weeks; the law's values are [`register::penalty_threshold`]'s.
///
/// Counts the marks of one axis, `N` included (R-240: provisional), at any age: who may be shown as having met the threshold is
/// [`register::penalty_window`]'s to say. This finds the rows worth asking it about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnauthorisedWindow {
    /// School weeks that the window spans; it slides by whole school weeks.
    pub school_weeks: usize,
    /// Sessions in one window from which the row is flagged.
    pub sessions: u32,
}

impl From<PenaltyThreshold> for UnauthorisedWindow {
    fn from(threshold: PenaltyThreshold) -> UnauthorisedWindow {
        UnauthorisedWindow {
            school_weeks: threshold.school_weeks,
            sessions: threshold.sessions,
        }
    }
}

/// Where one row stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its sessions by class.
    pub counts: Counts,
    /// The most unauthorised sessions in any window; 255 stands for 255 or more.
    pub heaviest_window: u8,
    /// Whether a window reaches the number of sessions asked for.
    pub window_reached: bool,
    /// R-210; none without possible sessions.
    pub persistent: Option<bool>,
    /// R-211; none without possible sessions.
    pub severe: Option<bool>,
}

/// What the rows of one group come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Rows in the group.
    pub rows: u32,
    /// Rows with possible sessions: what shares of pupils are shares of.
    pub counted: u32,
    /// Rows in persistent absence, severe ones included.
    pub persistent: u32,
    /// Rows in severe absence.
    pub severe: u32,
    /// Rows with a window that is reached.
    pub window_reached: u32,
    /// Their sessions together; the group's rates come from these.
    pub counts: Counts,
}

impl Group {
    /// Takes one more row in.
    #[inline]
    pub fn add(&mut self, standing: &Standing) {
        self.rows += 1;
        self.counted += u32::from(standing.persistent.is_some());
        self.persistent += u32::from(standing.persistent == Some(true));
        self.severe += u32::from(standing.severe == Some(true));
        self.window_reached += u32::from(standing.window_reached);
        self.counts += standing.counts;
    }
}

impl std::ops::AddAssign for Group {
    fn add_assign(&mut self, other: Group) {
        self.rows += other.rows;
        self.counted += other.counted;
        self.persistent += other.persistent;
        self.severe += other.severe;
        self.window_reached += other.window_reached;
        self.counts += other.counts;
    }
}

impl std::iter::Sum for Group {
    fn sum<I: Iterator<Item = Group>>(all: I) -> Group {
        all.fold(Group::default(), |mut sum, group| {
            sum += group;
            sum
        })
    }
}

/// Everything that is asked of a school or a trust at once, from one pass over its marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analysis {
    /// By school, in the order of the parts.
    pub parts: Vec<PartAnalysis>,
    /// By group, over all parts. The groups add up to the whole.
    pub groups: Vec<Group>,
}

/// What one matrix comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartAnalysis {
    /// By row.
    pub standings: Vec<Standing>,
    /// By session of the axis, in order of time.
    pub slots: Vec<Attendance>,
    /// By weekday from Monday, then morning and afternoon.
    pub weekdays: [[Attendance; 2]; 7],
}

impl Analysis {
    /// By weekday from Monday, then morning and afternoon, over all parts.
    pub fn weekdays(&self) -> [[Attendance; 2]; 7] {
        let mut sums = <[[Attendance; 2]; 7]>::default();
        for part in &self.parts {
            for (sum, more) in sums
                .iter_mut()
                .flatten()
                .zip(part.weekdays.iter().flatten())
            {
                *sum += *more;
            }
        }
        sums
    }
}

/// Counts every row of these parts, flags it, and sums by group, session and weekday.
///
/// One thread for a school; from 5,000 rows as many as the machine has, each taking school after school. The widest vectors that the processor has.
///
/// Panics when a part has not one group and period for each row, or a group number is `groups` or more: the caller built them from the same list of rows.
pub fn analyse(parts: &[Part], groups: usize, window: UnauthorisedWindow) -> Analysis {
    let rows: usize = parts.iter().map(|part| part.matrix.rows()).sum();
    let threads = match rows {
        0..ROWS_WORTH_A_THREAD => 1,
        _ => std::thread::available_parallelism().map_or(1, usize::from),
    };
    analyse_along(Path::widest(), threads, parts, groups, window)
}

/// [`analyse`], along a chosen path and on so many threads. The answer is the same on all of them.
pub fn analyse_along(
    path: Path,
    threads: usize,
    parts: &[Part],
    groups: usize,
    window: UnauthorisedWindow,
) -> Analysis {
    for part in parts {
        let rows = part.matrix.rows();
        assert_eq!(part.group_of.len(), rows, "each row has a group");
        assert!(part.periods.fit(rows), "each row has a period");
    }
    let next = AtomicUsize::new(0);
    let mut workers: Vec<Worker> = (0..threads.clamp(1, parts.len().max(1)))
        .map(|_| Worker {
            parts,
            next: &next,
            window,
            groups: vec![Group::default(); groups],
            done: Vec::new(),
        })
        .collect();
    match workers.as_mut_slice() {
        [only] => path.run(only),
        several => std::thread::scope(|scope| {
            for worker in several {
                scope.spawn(move || path.run(worker));
            }
        }),
    }
    gather(workers, groups)
}

/// One thread: takes the next school until none is left.
struct Worker<'a> {
    parts: &'a [Part<'a>],
    next: &'a AtomicUsize,
    window: UnauthorisedWindow,
    groups: Vec<Group>,
    done: Vec<(usize, PartAnalysis)>,
}

impl Work for Worker<'_> {
    #[inline(always)]
    fn run<const L: usize>(&mut self) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = self.parts.get(number) else {
                break;
            };
            let analysis = analyse_part::<L>(part, self.window, &mut self.groups);
            self.done.push((number, analysis));
        }
    }
}

#[inline(always)]
fn analyse_part<const L: usize>(
    part: &Part,
    window: UnauthorisedWindow,
    groups: &mut [Group],
) -> PartAnalysis {
    let Part {
        matrix,
        periods,
        group_of,
    } = *part;
    let weeks = matrix.axis().weeks().len();
    let mut standings = Vec::with_capacity(matrix.rows());
    let mut positions = Positions::for_attendance(matrix.axis().width());
    let mut counts = [Counts::default(); ROWS_A_TILE];
    let mut weekly: [Weekly; ROWS_A_TILE] = [[0; _]; _];
    for first in (0..matrix.rows()).step_by(ROWS_A_TILE) {
        let tile = first..matrix.rows().min(first + ROWS_A_TILE);
        // The tile's marks are still near the processor when they are counted the other way.
        for row in tile.clone() {
            counts[row - first] =
                matrix.count_row::<L>(row, periods.of(row), &mut weekly[row - first]);
        }
        match periods {
            Periods::Same(period) => {
                let chosen = &[u8::MAX; ROWS_A_TILE][..tile.len()];
                positions.add::<L>(matrix.row(first), chosen, period.row());
            }
            Periods::OneOf { periods, of } => {
                for (number, period) in periods.iter().enumerate() {
                    let mut chosen = [0; ROWS_A_TILE];
                    for (chosen, of) in chosen.iter_mut().zip(&of[tile.clone()]) {
                        *chosen = if usize::from(*of) == number {
                            u8::MAX
                        } else {
                            0
                        };
                    }
                    positions.add::<L>(matrix.row(first), &chosen[..tile.len()], period.row());
                }
            }
        }
        for ((counts, weekly), group) in counts.iter().zip(&weekly).zip(&group_of[tile]) {
            let heaviest = kernel::heaviest_window::<L>(weekly, weeks, window.school_weeks);
            let standing = Standing {
                counts: *counts,
                heaviest_window: heaviest,
                window_reached: u32::from(heaviest) >= window.sessions,
                persistent: counts.persistent(),
                severe: counts.severe(),
            };
            groups[usize::from(*group)].add(&standing);
            standings.push(standing);
        }
    }
    in_order_of_time(matrix.axis(), standings, &positions)
}

fn in_order_of_time(
    axis: &Axis,
    standings: Vec<Standing>,
    positions: &Positions<3>,
) -> PartAnalysis {
    let slots: Vec<Attendance> = (0..axis.len())
        .map(|index| positions.attendance(axis.position(index)))
        .collect();
    let mut weekdays = <[[Attendance; 2]; 7]>::default();
    for (slot, attendance) in axis.slots().iter().zip(&slots) {
        weekdays[slot.day.weekday().index()][slot.session.index()] += *attendance;
    }
    PartAnalysis {
        standings,
        slots,
        weekdays,
    }
}

fn gather(workers: Vec<Worker>, groups: usize) -> Analysis {
    let mut sums = vec![Group::default(); groups];
    let mut parts = Vec::new();
    for worker in workers {
        for (sum, group) in sums.iter_mut().zip(worker.groups) {
            *sum += group;
        }
        parts.extend(worker.done);
    }
    parts.sort_unstable_by_key(|(number, _)| *number);
    Analysis {
        parts: parts.into_iter().map(|(_, part)| part).collect(),
        groups: sums,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::tests::{
        any_axis, any_marks, naive, naive_count, naive_heaviest, naive_weeks, some_of,
    };
    use proptest::prelude::*;

    const WINDOW: UnauthorisedWindow = UnauthorisedWindow {
        school_weeks: 10,
        sessions: 10,
    };

    proptest! {
        #[test]
        fn every_path_and_any_number_of_threads_answer_like_one_who_looks_up_each_mark(
            axes in prop::collection::vec(any_axis(), 1..4), seed: u64, rows in 0_usize..160, threads in 1_usize..5,
        ) {
            let matrices: Vec<Matrix> = axes.iter().zip(seed..).map(|(axis, seed)| any_marks(axis.clone(), rows, seed)).collect();
            let choices: Vec<[Period; 2]> = axes.iter().map(|axis| [axis.whole(), some_of(axis, 5, 3)]).collect();
            let of: Vec<u8> = (0..rows).map(|row| (row % 3 % 2) as u8).collect();
            let group_of: Vec<u16> = (0..rows).map(|row| (row * row % 7) as u16).collect();
            let parts: Vec<Part> = matrices.iter().zip(&choices)
                .map(|(matrix, periods)| Part { matrix, periods: Periods::OneOf { periods, of: &of }, group_of: &group_of })
                .collect();

            let first = analyse_along(Path::PORTABLE, 1, &parts, 7, WINDOW);
            for path in Path::available() {
                prop_assert_eq!(&analyse_along(path, threads, &parts, 7, WINDOW), &first, "{} on {} threads", path.name(), threads);
            }

            let mut school = Counts::default();
            for ((matrix, choices), part) in matrices.iter().zip(&choices).zip(&first.parts) {
                let each: Vec<&Period> = of.iter().map(|of| &choices[usize::from(*of)]).collect();
                let axis = matrix.axis();
                for (row, (standing, period)) in part.standings.iter().zip(&each).enumerate() {
                    let counts = naive_count(matrix, row, period);
                    let heaviest = naive_heaviest(&naive_weeks(matrix, row, period), 10);
                    prop_assert_eq!(standing.counts, counts);
                    prop_assert_eq!(u32::from(standing.heaviest_window), heaviest);
                    prop_assert_eq!(standing.window_reached, heaviest >= 10);
                    prop_assert_eq!((standing.persistent, standing.severe), (counts.persistent(), counts.severe()));
                    school += counts;
                }
                for (index, slot) in axis.slots().iter().enumerate() {
                    let marks = (0..rows).filter(|row| each[*row].contains(axis, index));
                    let counts: Counts = marks.map(|row| naive(matrix.get(row, index))).sum();
                    let expected = Attendance { possible: counts.possible(), attended: counts.attended() };
                    prop_assert_eq!(part.slots[index], expected, "{}", slot);
                }
            }

            let whole: Group = first.groups.iter().copied().sum();
            prop_assert_eq!(whole.counts, school, "groups add up to the school");
            prop_assert_eq!(whole.rows as usize, rows * parts.len());
            let mut cells = Attendance::default();
            first.weekdays().iter().flatten().for_each(|cell| cells += *cell);
            prop_assert_eq!(cells, Attendance { possible: school.possible(), attended: school.attended() });
        }

        #[test]
        fn a_group_is_the_sum_of_its_rows_in_any_order(axis in any_axis(), seed: u64, rows in 1_usize..80) {
            let matrix = any_marks(axis.clone(), rows, seed);
            let whole = axis.whole();
            let group_of = vec![0; rows];
            let part = Part { matrix: &matrix, periods: Periods::Same(&whole), group_of: &group_of };
            let analysis = analyse(&[part], 1, WINDOW);
            let mut backwards = Group::default();
            analysis.parts[0].standings.iter().rev().for_each(|standing| backwards.add(standing));
            prop_assert_eq!(backwards, analysis.groups[0]);
        }
    }

    #[test]
    fn a_pupil_with_nothing_possible_is_in_no_denominator() {
        let mut group = Group::default();
        group.add(&Standing::default());
        assert_eq!((group.rows, group.counted), (1, 0));
    }

    #[test]
    fn a_trust_without_a_school_comes_to_nothing() {
        let analysis = analyse(&[], 2, WINDOW);
        assert_eq!(analysis.groups, [Group::default(); 2]);
        assert!(analysis.parts.is_empty());
    }
}
