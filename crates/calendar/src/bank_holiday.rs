use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::Day;

/// A bank holiday in England.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankHoliday {
    /// The day on which it is kept, which may be a substitute day.
    pub day: Day,
    /// Its name: `Spring bank holiday`.
    pub name: String,
    /// Whether the day stands in for one that fell on a weekend.
    pub substitute_day: bool,
    /// Whether it was appointed once only, such as 8 May 2023.
    pub one_off: bool,
    /// Where the line comes from.
    pub source: String,
    /// Whether the published list was read; otherwise the line follows the standing rules and the announced changes.
    pub published_list_seen: bool,
}

/// The bank holiday on this day, if it is one.
///
/// Rule: R-404. Source: GOV.UK bank holidays, England and Wales division (S25); each line carries its own.
/// None also beyond the table: ask [`bank_holidays_are_known`] where that matters.
pub fn bank_holiday(day: Day) -> Option<&'static BankHoliday> {
    TABLE.get(&day)
}

/// Every bank holiday of the table, in order of days.
pub fn bank_holidays() -> impl Iterator<Item = &'static BankHoliday> {
    TABLE.values()
}

/// Whether the table covers the year of this day.
pub fn bank_holidays_are_known(day: Day) -> bool {
    let year = |entry: Option<(&Day, &BankHoliday)>| entry.map(|(day, _)| day.year());
    year(TABLE.first_key_value()) <= Some(day.year())
        && Some(day.year()) <= year(TABLE.last_key_value())
}

static TABLE: LazyLock<BTreeMap<Day, BankHoliday>> = LazyLock::new(|| {
    include_str!("../data/bank-holidays-england.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let holiday =
                bank_holiday_of(line).expect("the crate's table has eight fields in every line");
            (holiday.day, holiday)
        })
        .collect()
});

/// Reads a line of the table, whose fields hold no comma.
fn bank_holiday_of(line: &str) -> Option<BankHoliday> {
    let fields: Vec<&str> = line.split(',').collect();
    let [
        day,
        _weekday,
        name,
        substitute,
        one_off,
        _division,
        source,
        seen,
    ] = fields[..]
    else {
        return None;
    };
    Some(BankHoliday {
        day: day.parse().ok()?,
        name: name.to_owned(),
        substitute_day: substitute == "yes",
        one_off: one_off == "yes",
        source: source.to_owned(),
        published_list_seen: seen == "yes",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    #[test]
    fn one_off_bank_holidays_are_in_the_table_and_the_days_around_them_are_not() {
        assert!(
            bank_holiday(day("2023-05-08"))
                .expect("the coronation")
                .one_off
        );
        assert_eq!(bank_holiday(day("2023-05-09")), None);
        assert!(bank_holiday(day("2022-09-19")).is_some());
    }

    #[test]
    fn a_christmas_on_a_saturday_is_kept_on_the_monday() {
        assert_eq!(bank_holiday(day("2027-12-25")), None);
        let kept = bank_holiday(day("2027-12-27")).expect("a substitute day");
        assert_eq!(
            (kept.name.as_str(), kept.substitute_day),
            ("Christmas Day", true)
        );
    }

    #[test]
    fn every_year_has_its_eight_standing_bank_holidays_on_weekdays() {
        for year in 2006..=2031 {
            let of_year: Vec<_> = bank_holidays()
                .filter(|one| one.day.year() == year)
                .collect();
            assert_eq!(
                of_year.iter().filter(|one| !one.one_off).count(),
                8,
                "{year}"
            );
            assert!(of_year.iter().all(|one| !one.day.weekday().is_weekend()));
        }
    }

    #[test]
    fn every_line_states_its_own_weekday() {
        for line in include_str!("../data/bank-holidays-england.csv")
            .lines()
            .skip(1)
        {
            let holiday = bank_holiday_of(line).expect("eight fields");
            assert_eq!(
                line.split(',').nth(1),
                Some(holiday.day.weekday().name()),
                "{line}"
            );
        }
    }

    #[test]
    fn years_beyond_the_table_are_said_to_be_unknown() {
        assert!(!bank_holidays_are_known(day("2005-12-31")));
        assert!(bank_holidays_are_known(day("2006-01-01")));
        assert!(bank_holidays_are_known(day("2031-12-31")));
        assert!(!bank_holidays_are_known(day("2032-01-01")));
    }
}
