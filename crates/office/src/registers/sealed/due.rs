//! Which months have a copy, which are due one, and which were missed.

use calendar::{Day, Month};

/// For so many days after a month its copy is due, in days; after them it was missed (PRODUCT: R-009 says once a month).
pub(super) const DAYS_TO_MAKE: i32 = 7;

/// Where a month stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not over.
    Running,
    /// It is over and has no copy yet.
    Due,
    /// It has had no copy for longer than the days allow.
    Missed,
    /// It has a copy that was made in time.
    Made,
    /// Its first copy was made later than the days allow: it shows the registers as they stood then.
    MadeLate,
}

/// Where a month stands today, by the day on which its first copy was made.
///
/// Rule: R-009 (L), regs 5 and 7. Units: calendar days, by London clocks.
pub fn standing(month: Month, first_made: Option<Day>, today: Day) -> Standing {
    let last_day_to_make = month.last().plus_days(DAYS_TO_MAKE);
    match first_made {
        Some(made) if made <= last_day_to_make => Standing::Made,
        Some(_) => Standing::MadeLate,
        None if today <= month.last() => Standing::Running,
        None if today <= last_day_to_make => Standing::Due,
        None => Standing::Missed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn october(made: Option<&str>, today: &str) -> Standing {
        standing(Month::of(day("2026-10-15")), made.map(day), day(today))
    }

    #[test]
    fn a_month_is_due_a_copy_for_a_week_after_it_and_then_missed() {
        assert_eq!(october(None, "2026-10-31"), Standing::Running);
        assert_eq!(october(None, "2026-11-01"), Standing::Due);
        assert_eq!(october(None, "2026-11-07"), Standing::Due);
        assert_eq!(october(None, "2026-11-08"), Standing::Missed);
    }

    #[test]
    fn a_copy_made_after_that_week_says_that_it_is_late() {
        assert_eq!(october(Some("2026-11-07"), "2027-05-01"), Standing::Made);
        assert_eq!(
            october(Some("2026-11-08"), "2026-11-08"),
            Standing::MadeLate
        );
    }
}
