use std::ops::Range;

use register::Counts;

use crate::kernel::{self, Attendance, ROWS_A_TILE};
use crate::wide::Work;
use crate::{Matrix, Path, Period};

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
    /// One for each row: pupils aged 15 lose the second half of the summer term in the national profile, and
    /// a row that is no part of the cohort has a period without sessions.
    Each(&'a [&'a Period]),
}

impl<'a> Periods<'a> {
    #[inline(always)]
    fn of(self, row: usize) -> &'a Period {
        match self {
            Periods::Same(period) => period,
            Periods::Each(periods) => periods[row],
        }
    }
}

/// So many unauthorised sessions within so many school weeks: the values are the law's, and come from its dated table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnauthorisedWindow {
    /// School weeks that the window spans; it slides by whole school weeks.
    pub school_weeks: u8,
    /// Sessions in one window from which the row is flagged.
    pub sessions: u8,
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
/// One thread for a school; from 5,000 rows as many as the machine has. The widest vectors that the processor has.
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
        if let Periods::Each(periods) = part.periods {
            assert_eq!(periods.len(), rows, "each row has a period");
        }
    }
    let mut standings: Vec<Vec<Standing>> = parts
        .iter()
        .map(|part| vec![Standing::default(); part.matrix.rows()])
        .collect();
    let mut shares = share_out(parts, &mut standings, threads.max(1), groups, window);
    match shares.as_mut_slice() {
        [only] => only.work(path),
        several => std::thread::scope(|scope| {
            for share in several {
                scope.spawn(move || share.work(path));
            }
        }),
    }
    let sums = gather(parts, groups, shares);
    finish(parts, standings, sums)
}

/// What one thread does: stretches of rows and the sums over them.
struct Share<'a> {
    stretches: Vec<Stretch<'a>>,
    groups: Vec<Group>,
}

/// Consecutive rows of one part.
struct Stretch<'a> {
    number: usize,
    part: Part<'a>,
    window: UnauthorisedWindow,
    rows: Range<usize>,
    standings: &'a mut [Standing],
    positions: Vec<Attendance>,
}

impl Share<'_> {
    fn work(&mut self, path: Path) {
        path.run(self);
    }
}

impl Work for Share<'_> {
    #[inline(always)]
    fn run<const L: usize>(&mut self) {
        for stretch in &mut self.stretches {
            stretch.run::<L>(&mut self.groups);
        }
    }
}

impl Stretch<'_> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, groups: &mut [Group]) {
        let Part {
            matrix,
            periods,
            group_of,
        } = self.part;
        for first in self.rows.clone().step_by(ROWS_A_TILE) {
            let tile = first..self.rows.end.min(first + ROWS_A_TILE);
            for row in tile.clone() {
                let (counts, heaviest) = matrix.count_row::<L>(
                    row,
                    periods.of(row),
                    usize::from(self.window.school_weeks),
                );
                let standing = Standing {
                    counts,
                    heaviest_window: heaviest,
                    window_reached: heaviest >= self.window.sessions,
                    persistent: counts.persistent(),
                    severe: counts.severe(),
                };
                groups[usize::from(group_of[row])].add(&standing);
                self.standings[row - self.rows.start] = standing;
            }
            kernel::attendance_by_position::<L>(
                tile.len(),
                |n| (matrix.row(first + n), periods.of(first + n).row()),
                &mut self.positions,
            );
        }
    }
}

/// Cuts all rows into as many shares of equal length as there are threads.
fn share_out<'a>(
    parts: &[Part<'a>],
    standings: &'a mut [Vec<Standing>],
    threads: usize,
    groups: usize,
    window: UnauthorisedWindow,
) -> Vec<Share<'a>> {
    let rows: usize = parts.iter().map(|part| part.matrix.rows()).sum();
    let rows_a_share = rows.div_ceil(threads).max(1);
    let new_share = || Share {
        stretches: Vec::new(),
        groups: vec![Group::default(); groups],
    };
    let mut shares = vec![new_share()];
    let mut room = rows_a_share;
    for (number, (part, mut left)) in parts
        .iter()
        .zip(standings.iter_mut().map(Vec::as_mut_slice))
        .enumerate()
    {
        let mut first = 0;
        while first < part.matrix.rows() {
            if room == 0 {
                shares.push(new_share());
                room = rows_a_share;
            }
            let taken = room.min(part.matrix.rows() - first);
            let (mine, rest) = left.split_at_mut(taken);
            let share = shares.last_mut().expect("there is a share from the start");
            share.stretches.push(Stretch {
                number,
                part: *part,
                window,
                rows: first..first + taken,
                standings: mine,
                positions: vec![Attendance::default(); part.matrix.axis().width()],
            });
            (left, first, room) = (rest, first + taken, room - taken);
        }
    }
    shares
}

/// Sums of all shares: groups, and for each part its positions.
type Sums = (Vec<Group>, Vec<Vec<Attendance>>);

fn gather(parts: &[Part], groups: usize, shares: Vec<Share>) -> Sums {
    let mut group_sums = vec![Group::default(); groups];
    let mut positions: Vec<Vec<Attendance>> = parts
        .iter()
        .map(|part| vec![Attendance::default(); part.matrix.axis().width()])
        .collect();
    for share in shares {
        for (sum, group) in group_sums.iter_mut().zip(share.groups) {
            *sum += group;
        }
        for stretch in share.stretches {
            for (sum, position) in positions[stretch.number].iter_mut().zip(stretch.positions) {
                *sum += position;
            }
        }
    }
    (group_sums, positions)
}

fn finish(parts: &[Part], standings: Vec<Vec<Standing>>, (groups, positions): Sums) -> Analysis {
    let parts = parts.iter().zip(standings).zip(positions);
    let parts = parts.map(|((part, standings), positions)| {
        let axis = part.matrix.axis();
        let slots: Vec<Attendance> = (0..axis.len())
            .map(|index| positions[axis.position(index)])
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
    });
    Analysis {
        parts: parts.collect(),
        groups,
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
            let each: Vec<Vec<&Period>> = choices.iter().map(|two| (0..rows).map(|row| &two[row % 2]).collect()).collect();
            let group_of: Vec<u16> = (0..rows).map(|row| (row * row % 7) as u16).collect();
            let parts: Vec<Part> = matrices.iter().zip(&each)
                .map(|(matrix, each)| Part { matrix, periods: Periods::Each(each), group_of: &group_of })
                .collect();

            let first = analyse_along(Path::PORTABLE, 1, &parts, 7, WINDOW);
            for path in Path::available() {
                prop_assert_eq!(&analyse_along(path, threads, &parts, 7, WINDOW), &first, "{} on {} threads", path.name(), threads);
            }

            let mut school = Counts::default();
            for ((matrix, each), part) in matrices.iter().zip(&each).zip(&first.parts) {
                let axis = matrix.axis();
                for (row, (standing, period)) in part.standings.iter().zip(each).enumerate() {
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
