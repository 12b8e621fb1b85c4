use std::ops::{Add, AddAssign};

use crate::bands::{Band, Bands};
use crate::codes::{Class, CodeRow};

/// Sessions by class: what every attendance figure is made from.
///
/// Units: sessions (half days, R-201). The fields do not overlap, except that `unauthorised` includes `late_after_close`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// `/` and `\`.
    pub present_on_time: u32,
    /// `L`: attended, and late.
    pub late_before_close: u32,
    /// Attended elsewhere: `K V P W B` (and `J`, and `D` before September 2011).
    pub approved_educational_activity: u32,
    /// Absent with authority.
    pub authorised: u32,
    /// Absent without authority, `U` included.
    pub unauthorised: u32,
    /// `U`: absent, and late.
    pub late_after_close: u32,
    /// Not possible attendances; in no rate.
    pub not_possible: u32,
    /// `Z` and `#`; in no rate.
    pub administrative: u32,
    /// Sessions that were open to the pupil and have no mark; in no rate.
    pub missing: u32,
}

impl Counts {
    /// The count of one session with a mark of this meaning.
    pub fn of(row: &CodeRow) -> Counts {
        let mut one = Counts::default();
        match row.class {
            Class::Present if row.is_late_before_close() => one.late_before_close = 1,
            Class::Present => one.present_on_time = 1,
            Class::ApprovedEducationalActivity => one.approved_educational_activity = 1,
            Class::Authorised => one.authorised = 1,
            Class::Unauthorised => {
                one.unauthorised = 1;
                one.late_after_close = u32::from(row.is_late_after_close());
            }
            Class::NotPossible => one.not_possible = 1,
            Class::Administrative => one.administrative = 1,
        }
        one
    }

    /// The count of one open session without a mark.
    pub fn of_missing() -> Counts {
        Counts {
            missing: 1,
            ..Counts::default()
        }
    }

    /// Sessions present in the school: `/ \ L`.
    #[inline]
    pub fn present(&self) -> u32 {
        self.present_on_time + self.late_before_close
    }

    /// Sessions attended, here or elsewhere.
    #[inline]
    pub fn attended(&self) -> u32 {
        self.present() + self.approved_educational_activity
    }

    /// Sessions absent, authorised or not.
    #[inline]
    pub fn absent(&self) -> u32 {
        self.authorised + self.unauthorised
    }

    /// Possible sessions: attended and absent together.
    #[inline]
    pub fn possible(&self) -> u32 {
        self.attended() + self.absent()
    }

    /// Late sessions, before and after the register closed: `L` and `U`.
    pub fn late_total(&self) -> u32 {
        self.late_before_close + self.late_after_close
    }

    /// The share of possible sessions attended; none when there were no possible sessions.
    pub fn attendance(&self) -> Option<Ratio> {
        Ratio::new(self.attended().into(), self.possible().into())
    }

    /// The share of possible sessions absent; none when there were no possible sessions.
    #[inline]
    pub fn absence(&self) -> Option<Ratio> {
        Ratio::new(self.absent().into(), self.possible().into())
    }

    /// Whether absence is persistent: a tenth or more of the pupil's own possible sessions. Exactly a tenth is persistent.
    ///
    /// Rule: R-210, compared exactly. Source: the department's absence methodology (S16, S22). None without possible sessions.
    /// Where people go wrong: "attendance below 90%" leaves out exactly 90.0 (C-02).
    #[inline]
    pub fn persistent(&self) -> Option<bool> {
        self.absence().map(|absence| absence.is_at_least(1, 10))
    }

    /// Whether absence is severe: half or more of the pupil's own possible sessions. A severe pupil is persistent too.
    ///
    /// Rule: R-211, compared exactly. Source: S18, S20. None without possible sessions.
    #[inline]
    pub fn severe(&self) -> Option<bool> {
        self.absence().map(|absence| absence.is_at_least(1, 2))
    }

    /// The band that these counts fall into; none without possible sessions.
    pub fn band<'a>(&self, bands: &'a Bands) -> Option<&'a Band> {
        self.absence().map(|absence| bands.of(absence))
    }

    /// Attendance as shown: one decimal place, or two where one would contradict a flag.
    pub fn attendance_shown(&self) -> Option<String> {
        self.attendance()
            .map(|share| share.show_honest(Measure::Attendance))
    }

    /// Absence as shown: one decimal place, or two where one would contradict a flag.
    pub fn absence_shown(&self) -> Option<String> {
        self.absence()
            .map(|share| share.show_honest(Measure::Absence))
    }
}

impl Add for Counts {
    type Output = Counts;

    fn add(mut self, other: Counts) -> Counts {
        self += other;
        self
    }
}

impl AddAssign for Counts {
    #[inline]
    fn add_assign(&mut self, other: Counts) {
        self.present_on_time += other.present_on_time;
        self.late_before_close += other.late_before_close;
        self.approved_educational_activity += other.approved_educational_activity;
        self.authorised += other.authorised;
        self.unauthorised += other.unauthorised;
        self.late_after_close += other.late_after_close;
        self.not_possible += other.not_possible;
        self.administrative += other.administrative;
        self.missing += other.missing;
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(all: I) -> Counts {
        all.fold(Counts::default(), Add::add)
    }
}

impl<'a> std::iter::Sum<&'a Counts> for Counts {
    fn sum<I: Iterator<Item = &'a Counts>>(all: I) -> Counts {
        all.copied().sum()
    }
}

/// Which of the two shares a ratio is; they round and flag differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The share attended.
    Attendance,
    /// The share absent.
    Absence,
}

/// An exact share: so many of so many. Compared by cross-multiplying, rounded only when shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// How many.
    pub part: u64,
    /// Of how many; never nought in a ratio made by [`Ratio::new`].
    pub whole: u64,
}

impl Ratio {
    /// The share of `part` in `whole`; none of nothing.
    #[inline]
    pub fn new(part: u64, whole: u64) -> Option<Ratio> {
        (whole > 0).then_some(Ratio { part, whole })
    }

    /// Compares this share with another, exactly.
    #[inline]
    pub fn compare(self, other: Ratio) -> std::cmp::Ordering {
        let left = u128::from(self.part) * u128::from(other.whole);
        let right = u128::from(other.part) * u128::from(self.whole);
        left.cmp(&right)
    }

    /// Whether this share is `part` in `whole` or more, exactly.
    #[inline]
    pub fn is_at_least(self, part: u64, whole: u64) -> bool {
        self.compare(Ratio { part, whole }).is_ge()
    }

    /// The percentage to so many decimal places, rounded half up from the exact fraction: `92.0`, without a sign.
    ///
    /// A ratio of nothing shows as `–`.
    pub fn show(self, decimals: u32) -> String {
        if self.whole == 0 {
            return "–".to_owned();
        }
        let scale = 10_u128.pow(decimals);
        let units = self.rounded(decimals);
        let (whole, fraction) = (units / scale, units % scale);
        if decimals == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{fraction:0width$}", width = decimals as usize)
        }
    }

    /// The percentage to one decimal place, or to two where one would contradict a flag.
    ///
    /// 90.04% attendance shows as `90.04`, since `90.0` would read as persistent; one absence in ten thousand shows `99.99`.
    pub fn show_honest(self, measure: Measure) -> String {
        let shown = Ratio {
            part: u64::try_from(self.rounded(1)).unwrap_or(u64::MAX),
            whole: 1000,
        };
        if self.whole > 0 && flags(self, measure) != flags(shown, measure) {
            self.show(2)
        } else {
            self.show(1)
        }
    }

    /// The percentage in units of the last decimal place, rounded half up; nought of nothing.
    fn rounded(self, decimals: u32) -> u128 {
        let scaled = u128::from(self.part) * 100 * 10_u128.pow(decimals);
        let whole = u128::from(self.whole);
        (2 * scaled + whole).checked_div(2 * whole).unwrap_or(0)
    }
}

/// Whether there is any absence, persistent absence, severe absence: what a reader would take a shown share to say.
fn flags(share: Ratio, measure: Measure) -> [bool; 3] {
    let absent = match measure {
        Measure::Absence => share.part,
        Measure::Attendance => share.whole.saturating_sub(share.part),
    };
    let absence = Ratio {
        part: absent,
        whole: share.whole,
    };
    [
        absent > 0,
        absence.is_at_least(1, 10),
        absence.is_at_least(1, 2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bands::default_bands;
    use crate::codes::{code_rows, meaning};
    use proptest::prelude::*;

    fn absent_of(absent: u32, possible: u32) -> Counts {
        Counts {
            present_on_time: possible - absent,
            authorised: absent,
            ..Counts::default()
        }
    }

    #[test]
    fn exactly_a_tenth_is_persistent_and_one_session_fewer_is_not() {
        assert_eq!(absent_of(38, 380).persistent(), Some(true));
        assert_eq!(absent_of(37, 380).persistent(), Some(false));
        assert_eq!(absent_of(24, 241).persistent(), Some(false));
    }

    #[test]
    fn exactly_half_is_severe_and_persistent_too() {
        let half = absent_of(190, 380);
        assert_eq!((half.severe(), half.persistent()), (Some(true), Some(true)));
        assert_eq!(absent_of(189, 380).severe(), Some(false));
    }

    #[test]
    fn nothing_possible_has_no_rate_no_flag_and_no_band() {
        let none = Counts {
            not_possible: 10,
            missing: 2,
            ..Counts::default()
        };
        assert_eq!(none.attendance(), None);
        assert_eq!(none.persistent(), None);
        assert_eq!(none.severe(), None);
        assert!(none.band(default_bands()).is_none());
    }

    #[test]
    fn a_percentage_is_rounded_half_up_once() {
        let share = |part, whole| Ratio { part, whole };
        assert_eq!(share(1, 16).show(1), "6.3");
        assert_eq!(share(1, 16).show(2), "6.25");
        assert_eq!(share(2, 3).show(2), "66.67");
        assert_eq!(share(1, 1).show(1), "100.0");
        assert_eq!(share(0, 5).show(1), "0.0");
        assert_eq!(share(1, 2000).show(1), "0.1");
        assert_eq!(share(1, 2001).show(1), "0.0");
        assert_eq!(share(1, 8).show(0), "13");
    }

    #[test]
    fn one_decimal_that_would_contradict_a_flag_becomes_two() {
        let not_persistent = absent_of(24, 241);
        assert_eq!(not_persistent.absence_shown().as_deref(), Some("9.96"));
        assert_eq!(not_persistent.attendance_shown().as_deref(), Some("90.04"));
        let persistent = absent_of(25, 249);
        assert_eq!(persistent.absence_shown().as_deref(), Some("10.0"));
        assert_eq!(persistent.attendance_shown().as_deref(), Some("90.0"));
        let one_absence = absent_of(1, 4000);
        assert_eq!(one_absence.attendance_shown().as_deref(), Some("99.98"));
        assert_eq!(one_absence.absence_shown().as_deref(), Some("0.03"));
        assert_eq!(
            absent_of(0, 4000).attendance_shown().as_deref(),
            Some("100.0")
        );
        assert_eq!(
            absent_of(4999, 10_000).absence_shown().as_deref(),
            Some("49.99")
        );
    }

    #[test]
    fn late_sessions_are_attended_before_close_and_absent_after() {
        let day = "2025-09-08".parse().expect("a real day");
        let of = |text: &str| {
            Counts::of(meaning(text.parse().expect("a code"), day).expect("a code of that day"))
        };
        let both = of("L") + of("U");
        assert_eq!(
            (both.attended(), both.absent(), both.late_total()),
            (1, 1, 2)
        );
        assert_eq!((both.present(), both.unauthorised), (1, 1));
    }

    proptest! {
        #[test]
        fn the_order_of_marks_does_not_change_counts(mut picks in prop::collection::vec(0_usize..54, 0..200), turn in 0_usize..200) {
            let count = |picks: &[usize]| picks.iter().map(|pick| Counts::of(&code_rows()[*pick])).sum::<Counts>();
            let before = count(&picks);
            let turn = turn % picks.len().max(1);
            picks.rotate_left(turn);
            prop_assert_eq!(before, count(&picks));
            picks.sort_unstable();
            prop_assert_eq!(before, count(&picks));
        }

        #[test]
        fn counts_of_parts_add_up_to_the_count_of_the_whole(picks in prop::collection::vec(0_usize..54, 0..200), cut in 0_usize..200) {
            let count = |picks: &[usize]| picks.iter().map(|pick| Counts::of(&code_rows()[*pick])).sum::<Counts>();
            let (left, right) = picks.split_at(cut.min(picks.len()));
            prop_assert_eq!(count(left) + count(right), count(&picks));
        }

        #[test]
        fn flags_do_not_depend_on_rounding(absent in 0_u32..500, attended in 0_u32..500) {
            let counts = absent_of(absent, absent + attended);
            prop_assert_eq!(counts.persistent(), (absent + attended > 0).then(|| 10 * absent >= absent + attended));
            prop_assert_eq!(counts.severe(), (absent + attended > 0).then(|| 2 * absent >= absent + attended));
        }

        #[test]
        fn a_shown_percentage_is_within_half_a_unit(part in 0_u64..10_000, more in 1_u64..10_000) {
            let ratio = Ratio { part, whole: part + more };
            let shown: f64 = ratio.show(2).parse().expect("a number");
            let exact = part as f64 * 100.0 / (part + more) as f64;
            prop_assert!((shown - exact).abs() <= 0.005 + 1e-9);
        }
    }
}
