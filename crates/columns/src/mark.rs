use std::fmt;
use std::sync::LazyLock;

use calendar::Day;
use register::plan::may_be_planned;
use register::{Class, Code, CodeRow, NoMeaning, code_rows, meaning};

/// The ranges of bytes, one after another, so that every class that is counted is one range: present, attended, late, unauthorised, absent
/// and possible sessions as well as the nine fields of [`register::Counts`].
///
/// Room is left in each for meanings still to come. All stay below 128.
pub(crate) mod window {
    use std::ops::Range;

    pub(crate) const MISSING: Range<u8> = 1..8;
    pub(crate) const APPROVED_EDUCATIONAL_ACTIVITY: Range<u8> = 8..24;
    pub(crate) const PRESENT_ON_TIME: Range<u8> = 24..28;
    pub(crate) const LATE_BEFORE_CLOSE: Range<u8> = 28..32;
    pub(crate) const LATE_AFTER_CLOSE: Range<u8> = 32..36;
    pub(crate) const OTHER_UNAUTHORISED: Range<u8> = 36..48;
    pub(crate) const AUTHORISED: Range<u8> = 48..80;
    pub(crate) const NOT_POSSIBLE: Range<u8> = 80..120;
    pub(crate) const ADMINISTRATIVE: Range<u8> = 120..128;
}

/// One session of one pupil in a byte: outside, missing, or a mark with a meaning of the dated code table.
///
/// A code that can be planned has a second byte for sessions in which no mark was made and a plan stands. It lies in the
/// range of the same class, so a plan counts as what it says in every figure, and the byte still tells that it is one.
///
/// The byte tells the code and its era: `X` of 2021 and `X` of today are two bytes. Its number is no promise: a new line in the code table may
/// renumber, so bytes are never stored or sent without the table's version beside them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkByte(u8);

impl MarkByte {
    /// Not on roll, or no session for this pupil: in no count at all.
    pub const OUTSIDE: MarkByte = MarkByte(0);
    /// An open session without a mark.
    pub const MISSING: MarkByte = MarkByte(window::MISSING.start);

    /// The byte of this line of the code table.
    pub fn of(row: &CodeRow) -> MarkByte {
        MarkByte(NUMBERING.of_row[row.index])
    }

    /// The byte for a code on the day of its session.
    ///
    /// Errors: the code had no meaning on that day.
    pub fn on(code: Code, day: Day) -> Result<MarkByte, NoMeaning> {
        meaning(code, day).map(MarkByte::of)
    }

    /// The byte of a session without a mark for which a plan expects this code.
    ///
    /// Errors: the code had no meaning on that day. A code that cannot be planned is [`MarkByte::MISSING`].
    pub fn planned(code: Code, day: Day) -> Result<MarkByte, NoMeaning> {
        let row = meaning(code, day)?;
        let planned = NUMBERING.planned_of_row[row.index];
        Ok(planned.map_or(MarkByte::MISSING, MarkByte))
    }

    /// Whether a plan stands here and no mark.
    pub fn is_planned(self) -> bool {
        self.row()
            .is_some_and(|row| NUMBERING.planned_of_row[row.index] == Some(self.0))
    }

    /// The line of the code table that this mark stands for; none for outside and missing.
    pub fn row(self) -> Option<&'static CodeRow> {
        NUMBERING.row_of[usize::from(self.0)]
    }

    /// The code; none for outside and missing.
    pub fn code(self) -> Option<Code> {
        self.row().map(|row| row.code)
    }

    /// The statistical class; none for outside and missing.
    pub fn class(self) -> Option<Class> {
        self.row().map(|row| row.class)
    }

    /// Whether the pupil had a session here, marked or not.
    pub fn is_session(self) -> bool {
        self != MarkByte::OUTSIDE
    }

    /// The number itself, for a snapshot of columns.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// The mark with this number, if a mark has it.
    pub fn from_byte(byte: u8) -> Option<MarkByte> {
        let mark = MarkByte(byte);
        let known = mark == MarkByte::OUTSIDE
            || mark == MarkByte::MISSING
            || NUMBERING.row_of.get(usize::from(byte))?.is_some();
        known.then_some(mark)
    }

    /// For a byte that came out of a matrix, into which only marks go.
    pub(crate) fn of_stored(byte: u8) -> MarkByte {
        MarkByte(byte)
    }
}

impl fmt::Debug for MarkByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (*self, self.row()) {
            (MarkByte::OUTSIDE, _) => f.write_str("outside"),
            (_, Some(row)) if self.is_planned() => write!(f, "{} by plan", row.code),
            (_, Some(row)) => write!(f, "{} {}", row.code, row.period()),
            (_, None) => f.write_str("missing"),
        }
    }
}

/// The bytes given out, both ways.
struct Numbering {
    of_row: Vec<u8>,
    /// The byte of a plan for this line's code, where it can be planned.
    planned_of_row: Vec<Option<u8>>,
    row_of: [Option<&'static CodeRow>; 256],
}

/// Plans are made from this day on; a meaning that ended before has none.
const FIRST_DAY_OF_PLANS: &str = "2026-09-01";

static NUMBERING: LazyLock<Numbering> = LazyLock::new(|| {
    let mut of_row = Vec::new();
    let mut row_of = [None; 256];
    for row in code_rows() {
        let byte = window_of(row)
            .find(|byte| row_of[usize::from(*byte)].is_none())
            .expect("each window has room for its class; a test counts the code table's lines");
        row_of[usize::from(byte)] = Some(row);
        of_row.push(byte);
    }
    let first: Day = FIRST_DAY_OF_PLANS.parse().expect("a day is written there");
    let mut planned_of_row = Vec::new();
    for row in code_rows() {
        let holds = row.to.is_none_or(|last| first <= last);
        let byte = (holds && may_be_planned(row.code)).then(|| {
            let byte = window_of(row)
                .find(|byte| row_of[usize::from(*byte)].is_none())
                .expect("each window has room for its plans; a test counts the code table's lines");
            row_of[usize::from(byte)] = Some(row);
            byte
        });
        planned_of_row.push(byte);
    }
    Numbering {
        of_row,
        planned_of_row,
        row_of,
    }
});

fn window_of(row: &CodeRow) -> std::ops::Range<u8> {
    match row.class {
        Class::Present if row.is_late_before_close() => window::LATE_BEFORE_CLOSE,
        Class::Present => window::PRESENT_ON_TIME,
        Class::ApprovedEducationalActivity => window::APPROVED_EDUCATIONAL_ACTIVITY,
        Class::Authorised => window::AUTHORISED,
        Class::Unauthorised if row.is_late_after_close() => window::LATE_AFTER_CLOSE,
        Class::Unauthorised => window::OTHER_UNAUTHORISED,
        Class::NotPossible => window::NOT_POSSIBLE,
        Class::Administrative => window::ADMINISTRATIVE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use register::PenaltyNoticeCounting;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_of_the_code_table_goes_to_a_byte_and_back() {
        let mut seen = BTreeSet::new();
        for row in code_rows() {
            let mark = MarkByte::of(row);
            assert!(seen.insert(mark), "{mark:?} twice");
            assert!(mark.byte() < 128, "marks are compared as signed bytes");
            assert_eq!(mark.row().map(|back| back.index), Some(row.index));
            assert_eq!(MarkByte::from_byte(mark.byte()), Some(mark));
        }
        assert_eq!(seen.len(), code_rows().len());
        assert_eq!(MarkByte::from_byte(7), None);
        assert_eq!(MarkByte::from_byte(255), None);
    }

    #[test]
    fn a_plan_has_a_byte_of_its_own_in_the_range_of_its_class() {
        let day: Day = "2026-11-24".parse().expect("a day");
        let mut plans = 0;
        for row in code_rows().iter().filter(|row| row.is_live()) {
            let mark = MarkByte::of(row);
            let plan = MarkByte::planned(row.code, day).expect("a code of the day");
            assert!(!mark.is_planned());
            if plan == MarkByte::MISSING {
                continue;
            }
            plans += 1;
            assert!(plan != mark && plan.is_planned() && plan.byte() < 128);
            assert_eq!(plan.row().map(|back| back.index), Some(row.index));
            assert!(window_of(row).contains(&plan.byte()), "{}", row.code);
            assert_eq!(MarkByte::from_byte(plan.byte()), Some(plan));
        }
        // All that live but / \\ L N O U and # Y4 Z.
        assert_eq!(plans, 34 - 9);
    }

    #[test]
    fn the_era_of_a_code_comes_back_from_the_byte() {
        let on = |text: &str| {
            MarkByte::on("X".parse().expect("a code"), text.parse().expect("a day"))
                .expect("X had a meaning then")
        };
        let (lockdown, today) = (on("2021-01-11"), on("2026-11-23"));
        assert_ne!(lockdown, today);
        assert_eq!(lockdown.code(), today.code());
        assert!(lockdown.row().expect("a row").to.is_some());
        assert!(today.row().expect("a row").to.is_none());
    }

    #[test]
    fn outside_and_missing_have_no_class() {
        assert_eq!(MarkByte::OUTSIDE.class(), None);
        assert_eq!(MarkByte::MISSING.class(), None);
        assert!(!MarkByte::OUTSIDE.is_session());
        assert!(MarkByte::MISSING.is_session());
    }

    #[test]
    fn the_unauthorised_class_is_exactly_what_counts_towards_a_penalty_notice() {
        for row in code_rows() {
            let counts = row.pn_countable != PenaltyNoticeCounting::No;
            assert_eq!(
                counts,
                row.class == Class::Unauthorised,
                "{} (R-240)",
                row.code
            );
        }
    }
}
