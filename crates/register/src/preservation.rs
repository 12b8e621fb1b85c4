//! How long the registers are preserved, and what may be erased after that.

use calendar::{Day, Month, SchoolYear};

/// Years for which every entry of either register is preserved from the day on which it was made.
///
/// Rule: R-008 (P, L; 2024 Regs reg 7). Under the 2006 Regs it was three. Whether three are enough for an entry that was made before 19 August
/// 2024 is in nothing that was read, and what is erased does not come back: every entry is preserved for six.
pub const YEARS_PRESERVED: i16 = 6;

/// The same day so many years later; 1 March where there is no 29 February then.
fn years_later(day: Day, years: i16) -> Day {
    let year = day.year() + years;
    Day::new(year, day.month(), day.day_of_month())
        .or(Day::new(year, 3, 1))
        .expect("every year has a first of March")
}

/// Why an entry is not erased yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry made on {} is preserved until {} (R-008)", made.long(), until.long())]
pub struct StillPreserved {
    /// The day on which it was made.
    pub made: Day,
    /// The first day on which it may be erased.
    pub until: Day,
}

/// Whether an entry that was made on a day may be erased today.
///
/// Rule: R-008. Units: calendar years from the day on which the entry was made, which for an amendment is its own day. Errors: the six years
/// have not passed: `made + 6 years > today`.
pub fn may_erase(made: Day, today: Day) -> Result<(), StillPreserved> {
    let until = years_later(made, YEARS_PRESERVED);
    match until <= today {
        true => Ok(()),
        false => Err(StillPreserved { made, until }),
    }
}

/// The last day of which every entry may be erased today.
pub fn erasable_through(today: Day) -> Day {
    let mut last = years_later(today, -YEARS_PRESERVED);
    while may_erase(last, today).is_err() {
        last = last.previous();
    }
    last
}

/// The first day on which a sealed copy of the registers of this month may be let go: six years after the end of the school year.
///
/// Rule: R-009 (L; S10, citing regs 5 and 7).
pub fn copy_preserved_until(month: Month) -> Day {
    let ends = SchoolYear::by_september(month.first()).next().age_day();
    years_later(ends, YEARS_PRESERVED).next()
}

/// Days looked back on to see whether the clock is borne out, and the fewest of them with an act.
///
/// A product decision: a school works on most days of a month, and even the summer holiday is shorter than this.
pub const CLOCK_LOOKS_BACK: (i32, usize) = (45, 5);

/// Why a clock is doubted before anything is erased by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal has acts on {days} of the last {} days only, so nothing bears out that today is {}", CLOCK_LOOKS_BACK.0, today.long())]
pub struct ClockInDoubt {
    /// The day by the clock.
    pub today: Day,
    /// On how many days before it there was an act.
    pub days: usize,
}

/// Whether the journal bears out the day that the clock tells: there were acts on enough of the days before.
///
/// A clock that was moved forward would make entries look old; the acts since then are few and on few days. A person who looks at a calendar can
/// confirm the day all the same. `acted_on` are the days of acts; other days than the last are passed over.
pub fn clock_is_borne_out(
    acted_on: impl IntoIterator<Item = Day>,
    today: Day,
) -> Result<(), ClockInDoubt> {
    let (back, fewest) = CLOCK_LOOKS_BACK;
    let first = today.plus_days(-back);
    let days: std::collections::BTreeSet<Day> = acted_on
        .into_iter()
        .filter(|day| first <= *day && *day < today)
        .collect();
    match days.len() >= fewest {
        true => Ok(()),
        false => Err(ClockInDoubt {
            today,
            days: days.len(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    #[test]
    fn an_entry_is_preserved_up_to_the_day_before_six_years_have_passed() {
        let made = day("2020-11-23");
        let still = may_erase(made, day("2026-11-22")).expect_err("a day early");
        assert_eq!(still.until, day("2026-11-23"));
        assert_eq!(may_erase(made, day("2026-11-23")), Ok(()));
        // Nor does the shorter time of the 2006 Regs set an entry of their time free.
        assert!(may_erase(day("2022-09-05"), day("2026-11-22")).is_err());
    }

    #[test]
    fn the_29_of_february_waits_for_march() {
        assert!(may_erase(day("2020-02-29"), day("2026-02-28")).is_err());
        assert_eq!(may_erase(day("2020-02-29"), day("2026-03-01")), Ok(()));
    }

    #[test]
    fn everything_through_the_last_day_may_go_and_nothing_of_the_next() {
        for today in ["2026-11-22", "2028-02-29", "2026-02-28", "2026-03-01"] {
            let today = day(today);
            let last = erasable_through(today);
            assert_eq!(may_erase(last, today), Ok(()), "{today}");
            assert!(may_erase(last.next(), today).is_err(), "{today}");
        }
    }

    #[test]
    fn a_sealed_copy_is_kept_six_years_after_its_school_year() {
        let november = Month::of(day("2020-11-01"));
        assert_eq!(copy_preserved_until(november), day("2027-09-01"));
    }

    #[test]
    fn a_clock_that_was_moved_forward_is_not_borne_out() {
        let today = day("2026-11-22");
        let four = (1..=4).map(|back| today.plus_days(-back));
        assert!(clock_is_borne_out(four, today).is_err());
        let five = (1..=5).map(|back| today.plus_days(-back * 9));
        assert_eq!(clock_is_borne_out(five, today), Ok(()));
        let long_ago = (50..=60).map(|back| today.plus_days(-back));
        assert!(clock_is_borne_out(long_ago, today).is_err());
        let all_today = std::iter::repeat_n(today, 99);
        assert!(clock_is_borne_out(all_today, today).is_err());
    }
}
