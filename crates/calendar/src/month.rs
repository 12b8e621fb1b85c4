//! A month of the calendar: what copies of the registers are made for.

use std::fmt;
use std::str::FromStr;

use crate::Day;

/// A month of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: Day,
}

impl Month {
    /// The month in which a day lies.
    pub fn of(day: Day) -> Month {
        let first = Day::new(day.year(), day.month(), 1).expect("every month has a first day");
        Month { first }
    }

    /// Its first day.
    pub fn first(self) -> Day {
        self.first
    }

    /// Its last day.
    pub fn last(self) -> Day {
        self.next().first.previous()
    }

    /// The month after.
    pub fn next(self) -> Month {
        Month::of(self.first.plus_days(31))
    }

    /// The month before.
    pub fn previous(self) -> Month {
        Month::of(self.first.previous())
    }

    /// As people say it: `October 2026`.
    pub fn name(self) -> String {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let name = NAMES[(self.first.month() - 1) as usize];
        format!("{name} {}", self.first.year())
    }

    /// Every month from this one to a later one, both included.
    pub fn through(self, last: Month) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(self), |month| Some(month.next()))
            .take_while(move |month| *month <= last)
    }
}

/// As it is written down: `2026-10`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

/// A text that is no month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseMonthError(String);

impl fmt::Display for ParseMonthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}” is no month: write it as 2026-10", self.0)
    }
}

impl std::error::Error for ParseMonthError {}

impl FromStr for Month {
    type Err = ParseMonthError;

    fn from_str(text: &str) -> Result<Month, ParseMonthError> {
        let wrong = || ParseMonthError(text.to_owned());
        let first = format!("{text}-01").parse::<Day>().map_err(|_| wrong())?;
        let month = Month::of(first);
        if month.to_string() == text {
            Ok(month)
        } else {
            Err(wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().expect("a month")
    }

    #[test]
    fn a_month_runs_from_its_first_to_its_last_day_in_leap_years_too() {
        let days = |text| {
            (
                month(text).first().to_string(),
                month(text).last().to_string(),
            )
        };
        assert_eq!(days("2026-10"), ("2026-10-01".into(), "2026-10-31".into()));
        assert_eq!(days("2028-02"), ("2028-02-01".into(), "2028-02-29".into()));
        assert_eq!(month("2026-12").next(), month("2027-01"));
        assert_eq!(month("2027-01").previous(), month("2026-12"));
        assert_eq!(month("2026-10").name(), "October 2026");
    }

    #[test]
    fn months_follow_one_another_to_the_last_one_asked_for() {
        let told: Vec<String> = month("2026-11")
            .through(month("2027-02"))
            .map(|one| one.to_string())
            .collect();
        assert_eq!(told, ["2026-11", "2026-12", "2027-01", "2027-02"]);
        assert_eq!(month("2026-11").through(month("2026-10")).count(), 0);
    }

    #[test]
    fn a_text_that_is_no_month_is_refused() {
        for text in ["", "2026", "2026-13", "2026-1", "10-2026", "2026-10-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
