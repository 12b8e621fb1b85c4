//! An invented school year for measuring: believable marks, the same on every machine.
//!
//! 190 days, 380 sessions, 40 school weeks, schools of 1,500 pupils. Pupils differ widely; those with free school meals, with special
//! educational needs and in older years are more absent; spells last days; Mondays, Fridays and winter are worse. About a fifth are persistently
//! absent and one in forty severely. All pupils and figures are made up.

use std::sync::Arc;

use calendar::{Day, Session, Slot, Weekday};
use columns::{Axis, MarkByte, Matrix, Part, Period, Periods, UnauthorisedWindow};

/// Pupils of one school.
pub const SCHOOL: usize = 1_500;

/// Year by free school meals by special needs by sex.
pub const GROUPS: usize = 5 * 2 * 3 * 2;

/// Ten unauthorised sessions in ten school weeks.
pub const WINDOW: UnauthorisedWindow = UnauthorisedWindow {
    school_weeks: 10,
    sessions: 10,
};

/// What groups a pupil belongs to.
#[derive(Clone, Copy)]
pub struct Pupil {
    /// 7 to 11.
    pub year: u8,
    /// Whether free school meals are claimed.
    pub fsm: bool,
    /// 0 none, 1 support, 2 plan.
    pub sen: u8,
    /// 0 or 1.
    pub sex: u8,
}

impl Pupil {
    /// The cell of the pupil, 0 to 59.
    pub fn group(self) -> u16 {
        let cell = ((self.year - 7) * 2 + u8::from(self.fsm)) * 3 + self.sen;
        u16::from(cell * 2 + self.sex)
    }
}

/// So many schools with the same calendar.
pub struct Trust {
    /// The year.
    pub axis: Arc<Axis>,
    /// All of it.
    pub whole: Period,
    /// One matrix for each school.
    pub schools: Vec<Matrix>,
    /// One list of pupils for each school, row by row.
    pub pupils: Vec<Vec<Pupil>>,
    /// Their groups.
    pub groups: Vec<Vec<u16>>,
}

impl Trust {
    /// A trust with so many pupils, in schools of 1,500.
    pub fn of(pupils: usize) -> Trust {
        let axis = Arc::new(year());
        let mut trust = Trust {
            whole: axis.whole(),
            axis,
            schools: Vec::new(),
            pupils: Vec::new(),
            groups: Vec::new(),
        };
        let maker = Maker::new(&trust.axis);
        for first in (0..pupils).step_by(SCHOOL) {
            trust.add_school(&maker, first, SCHOOL.min(pupils - first));
        }
        trust
    }

    fn add_school(&mut self, maker: &Maker, first: usize, rows: usize) {
        let mut matrix = Matrix::new(self.axis.clone(), rows);
        let pupils: Vec<Pupil> = (0..rows)
            .map(|row| maker.fill(&mut matrix, row, Luck::of(first + row)))
            .collect();
        self.groups
            .push(pupils.iter().map(|pupil| pupil.group()).collect());
        self.pupils.push(pupils);
        self.schools.push(matrix);
    }

    /// What the analysis is asked.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let schools = self.schools.iter().zip(&self.groups);
        schools
            .map(|(matrix, group_of)| Part {
                matrix,
                periods: Periods::Same(&self.whole),
                group_of,
            })
            .collect()
    }

    /// Memory by sessions and pupils.
    pub fn bytes_a_mark(&self) -> f64 {
        let bytes: usize = self.schools.iter().map(Matrix::memory).sum();
        let pupils: usize = self.schools.iter().map(Matrix::rows).sum();
        bytes as f64 / (pupils * self.axis.len()) as f64
    }
}

/// 3 September 2026 to 20 July 2027 without holidays, a bank holiday and two training days.
fn year() -> Axis {
    let day = |text: &str| -> Day { text.parse().expect("a real day") };
    let terms = [
        ("2026-09-03", "2026-10-23"),
        ("2026-11-02", "2026-12-18"),
        ("2027-01-04", "2027-02-12"),
        ("2027-02-22", "2027-03-25"),
        ("2027-04-12", "2027-05-28"),
        ("2027-06-07", "2027-07-20"),
    ];
    let closed = ["2027-01-04", "2027-05-03", "2027-06-07"].map(day);
    let days = terms
        .iter()
        .flat_map(|(from, to)| day(from).through(day(to)))
        .filter(|day| !day.weekday().is_weekend() && !closed.contains(day));
    let slots = days.flat_map(|day| Session::BOTH.map(|session| Slot::new(day, session)));
    Axis::new(slots).expect("days are in order")
}

/// Chance, the same every time for the same pupil.
struct Luck(u64);

impl Luck {
    fn of(pupil: usize) -> Luck {
        Luck((pupil as u64).wrapping_mul(0xA076_1D64_78BD_642F) ^ 2026)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn chance(&mut self, of_one: f64) -> bool {
        self.share() < of_one
    }

    /// How many steps until something with this chance at each step happens.
    fn steps(&mut self, chance: f64) -> usize {
        ((1.0 - self.share()).ln() / (1.0 - chance).ln()) as usize
    }
}

/// Fills rows with marks.
struct Maker {
    present: Vec<MarkByte>,
    weight: Vec<f64>,
    marks: Marks,
}

struct Marks {
    late: MarkByte,
    late_after_close: MarkByte,
    ill: MarkByte,
    medical: MarkByte,
    holiday: MarkByte,
    other: MarkByte,
    no_reason: MarkByte,
    leave: MarkByte,
    suspended: MarkByte,
    visit: MarkByte,
    elsewhere: MarkByte,
    closed: MarkByte,
}

impl Maker {
    fn new(axis: &Axis) -> Maker {
        let on = |text: &str, day: Day| {
            MarkByte::on(text.parse().expect("a code"), day).expect("codes of today")
        };
        let first = axis.slots()[0].day;
        let present = axis.slots().iter().map(|slot| match slot.session {
            Session::Am => on("/", slot.day),
            Session::Pm => on("\\", slot.day),
        });
        let weight = axis.slots().iter().map(|slot| {
            let winter = if matches!(slot.day.month(), 11 | 12 | 1 | 2) {
                1.0
            } else {
                0.75
            };
            let edge = matches!(slot.day.weekday(), Weekday::Monday | Weekday::Friday);
            if edge { winter } else { 0.8 * winter }
        });
        Maker {
            present: present.collect(),
            weight: weight.collect(),
            marks: Marks {
                late: on("L", first),
                late_after_close: on("U", first),
                ill: on("I", first),
                medical: on("M", first),
                holiday: on("G", first),
                other: on("O", first),
                no_reason: on("N", first),
                leave: on("C", first),
                suspended: on("E", first),
                visit: on("V", first),
                elsewhere: on("D", first),
                closed: on("Y4", first),
            },
        }
    }

    fn fill(&self, matrix: &mut Matrix, row: usize, mut luck: Luck) -> Pupil {
        let pupil = Pupil {
            year: 7 + (luck.next() % 5) as u8,
            fsm: luck.chance(0.25),
            sen: match luck.share() {
                share if share < 0.05 => 2,
                share if share < 0.18 => 1,
                _ => 0,
            },
            sex: (luck.next() % 2) as u8,
        };
        let sessions = self.present.len();
        let first = if luck.chance(0.03) {
            luck.next() as usize % 300
        } else {
            0
        };
        let end = if luck.chance(0.02) {
            60 + luck.next() as usize % 300
        } else {
            sessions
        };
        for index in first..end.max(first) {
            matrix.set(row, index, self.present[index]);
        }
        self.small_things(matrix, row, first..end, &mut luck);
        self.spells(matrix, row, first..end, pupil, &mut luck);
        // One day of snow.
        for index in (210..212).filter(|index| (first..end).contains(index)) {
            matrix.set(row, index, self.marks.closed);
        }
        pupil
    }

    /// Lateness, visits, dual registration, a blank here and there.
    fn small_things(
        &self,
        matrix: &mut Matrix,
        row: usize,
        on_roll: std::ops::Range<usize>,
        luck: &mut Luck,
    ) {
        let unpunctual = 0.004 + 0.05 * luck.share().powi(4);
        let mut sprinkle = |chance: f64, mark: MarkByte, luck: &mut Luck| {
            let mut index = on_roll.start + luck.steps(chance);
            while index < on_roll.end {
                matrix.set(row, index, mark);
                index += 1 + luck.steps(chance);
            }
        };
        sprinkle(unpunctual, self.marks.late, luck);
        sprinkle(unpunctual / 6.0, self.marks.late_after_close, luck);
        sprinkle(0.006, self.marks.visit, luck);
        sprinkle(0.004, self.marks.medical, luck);
        sprinkle(0.0005, MarkByte::MISSING, luck);
        if luck.chance(0.004) {
            sprinkle(0.4, self.marks.elsewhere, luck);
        }
    }

    /// Absence comes in spells.
    fn spells(
        &self,
        matrix: &mut Matrix,
        row: usize,
        on_roll: std::ops::Range<usize>,
        pupil: Pupil,
        luck: &mut Luck,
    ) {
        // Product of uniform shares: most pupils are seldom away, a few are away most of the time.
        let spread = 0.25 + 2.6 * luck.share() * luck.share();
        let refusing = luck.chance(if pupil.fsm { 0.066 } else { 0.018 });
        let lean = spread
            * if pupil.fsm { 1.5 } else { 0.9 }
            * [1.0, 1.3, 1.6][usize::from(pupil.sen)]
            * (0.8 + 0.1 * f64::from(pupil.year - 7));
        let chance = if refusing { 0.16 } else { 0.0205 * lean };
        let mut index = on_roll.start + luck.steps(chance);
        while index < on_roll.end {
            if luck.chance(self.weight[index]) {
                let (mark, length) = self.spell(refusing, luck);
                let last = on_roll.end.min(index + length);
                for day in index..last {
                    matrix.set(row, day, mark);
                }
                index = last;
            }
            index += 1 + luck.steps(chance);
        }
    }

    fn spell(&self, refusing: bool, luck: &mut Luck) -> (MarkByte, usize) {
        let days = 1 + luck.steps(if refusing { 0.16 } else { 0.5 });
        let whole_days = 2 * days;
        match luck.share() {
            _ if refusing && luck.chance(0.6) => (self.marks.other, whole_days),
            share if share < 0.62 => (self.marks.ill, whole_days),
            share if share < 0.74 => (self.marks.other, 1 + luck.next() as usize % 2),
            share if share < 0.80 => (self.marks.holiday, whole_days + 4),
            share if share < 0.84 => (self.marks.no_reason, 1),
            share if share < 0.96 => (self.marks.leave, whole_days),
            _ => (self.marks.suspended, whole_days),
        }
    }
}
