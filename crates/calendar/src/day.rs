use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A calendar day, without a time and without a zone.
///
/// Shown and read as `yyyy-mm-dd`; ordered in time. Covers every year that a register can hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    /// Every day of the week, from Monday.
    pub const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    /// The day so many days after Monday, 0 to 6.
    pub fn from_index(index: i64) -> Option<Weekday> {
        Weekday::ALL.get(usize::try_from(index).ok()?).copied()
    }

    /// Days since Monday, 0 to 6.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The English name, in full.
    pub fn name(self) -> &'static str {
        [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ][self.index()]
    }

    /// The first three letters of the English name.
    pub fn short(self) -> &'static str {
        &self.name()[..3]
    }

    /// Saturday or Sunday.
    pub fn is_weekend(self) -> bool {
        matches!(self, Weekday::Saturday | Weekday::Sunday)
    }
}

impl Day {
    /// The day with this year, month (1 to 12) and day of the month, if there is one.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Day> {
        Date::new(year, month, day).ok().map(Day)
    }

    /// The year, such as 2026.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day_of_month(self) -> i8 {
        self.0.day()
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        match self.0.weekday().to_monday_zero_offset() {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// The Monday of this day's week, which may be the day itself.
    pub fn monday(self) -> Day {
        self.plus_days(-(self.weekday().index() as i32))
    }

    /// The day so many calendar days later (or earlier, if negative).
    ///
    /// Stops at the ends of the date library's range (years -9999 to 9999), which no register reaches.
    pub fn plus_days(self, days: i32) -> Day {
        Day(self.0.saturating_add(days.days()))
    }

    /// The next calendar day.
    pub fn next(self) -> Day {
        self.plus_days(1)
    }

    /// The calendar day before.
    pub fn previous(self) -> Day {
        self.plus_days(-1)
    }

    /// Calendar days from this day to `other`; negative when `other` is earlier.
    pub fn days_until(self, other: Day) -> i32 {
        other.epoch_days() - self.epoch_days()
    }

    /// Days since 1 January 1970; negative before it. For compact storage and arithmetic.
    pub fn epoch_days(self) -> i32 {
        let since = Date::constant(1970, 1, 1)
            .until(self.0)
            .expect("two civil dates are always a number of days apart");
        since.get_days()
    }

    /// The day so many days after 1 January 1970.
    pub fn from_epoch_days(days: i32) -> Day {
        Day(Date::constant(1970, 1, 1)).plus_days(days)
    }

    /// The age in completed years on `on` of a person born on this day.
    ///
    /// A person born on 29 February completes a year on 1 March of a common year.
    pub fn age_on(self, on: Day) -> i32 {
        let before_birthday = (on.month(), on.day_of_month()) < (self.month(), self.day_of_month());
        i32::from(on.year()) - i32::from(self.year()) - i32::from(before_birthday)
    }

    /// This day and every later one up to and including `last`. Empty when `last` is earlier.
    pub fn through(self, last: Day) -> impl Iterator<Item = Day> + Clone {
        (self.epoch_days()..=last.epoch_days()).map(Day::from_epoch_days)
    }

    /// As people say it: `Tue 24 Nov`.
    pub fn short(self) -> String {
        format!(
            "{} {} {}",
            self.weekday().short(),
            self.day_of_month(),
            MONTHS[self.month() as usize - 1]
                .get(..3)
                .unwrap_or_default()
        )
    }

    /// As people write it in full: `24 November 2026`.
    pub fn long(self) -> String {
        format!(
            "{} {} {}",
            self.day_of_month(),
            MONTHS[self.month() as usize - 1],
            self.year()
        )
    }

    /// As English spreadsheets have it: `24/11/2026`.
    pub fn slashed(self) -> String {
        format!(
            "{:02}/{:02}/{:04}",
            self.day_of_month(),
            self.month(),
            self.year()
        )
    }

    pub(crate) fn from_jiff(date: Date) -> Day {
        Day(date)
    }

    pub(crate) fn to_jiff(self) -> Date {
        self.0
    }
}

/// English month names, January first.
const MONTHS: [&str; 12] = [
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

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}",
            self.year(),
            self.month(),
            self.day_of_month()
        )
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a day in the form `yyyy-mm-dd`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a date in the form yyyy-mm-dd")]
pub struct ParseDayError(String);

impl FromStr for Day {
    type Err = ParseDayError;

    /// Reads `yyyy-mm-dd` and nothing else; looser forms are for the readers of files.
    fn from_str(text: &str) -> Result<Day, ParseDayError> {
        let wrong = || ParseDayError(text.to_owned());
        let bytes = text.as_bytes();
        let number = |range: std::ops::Range<usize>| -> Option<i16> {
            let part = bytes.get(range)?;
            part.iter().all(u8::is_ascii_digit).then(|| {
                part.iter()
                    .fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
            })
        };
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(wrong());
        }
        let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10))
        else {
            return Err(wrong());
        };
        Day::new(year, month as i8, day as i8).ok_or_else(wrong)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    #[test]
    fn a_day_reads_back_as_it_was_written() {
        assert_eq!(day("2028-02-29").to_string(), "2028-02-29");
        assert!("2027-02-29".parse::<Day>().is_err());
        assert!("2027-2-9".parse::<Day>().is_err());
        assert!("29/02/2028".parse::<Day>().is_err());
        assert!("+027-02-09".parse::<Day>().is_err());
    }

    #[test]
    fn a_day_after_the_sunday_when_clocks_change_is_the_next_date() {
        assert_eq!(day("2026-10-24").next(), day("2026-10-25"));
        assert_eq!(day("2026-10-25").next(), day("2026-10-26"));
        assert_eq!(day("2026-10-26").weekday(), Weekday::Monday);
    }

    #[test]
    fn epoch_days_go_there_and_back() {
        for text in ["1970-01-01", "1969-12-31", "2000-02-29", "2026-11-22"] {
            assert_eq!(Day::from_epoch_days(day(text).epoch_days()), day(text));
        }
        assert_eq!(day("1970-01-02").epoch_days(), 1);
    }

    #[test]
    fn a_birthday_completes_the_year() {
        let born = day("2010-11-22");
        assert_eq!(born.age_on(day("2026-11-21")), 15);
        assert_eq!(born.age_on(day("2026-11-22")), 16);
        let leap = day("2008-02-29");
        assert_eq!(leap.age_on(day("2026-02-28")), 17);
        assert_eq!(leap.age_on(day("2026-03-01")), 18);
    }

    #[test]
    fn days_are_said_as_people_say_them() {
        assert_eq!(day("2026-11-24").short(), "Tue 24 Nov");
        assert_eq!(day("2026-11-24").long(), "24 November 2026");
        assert_eq!(day("2026-11-24").slashed(), "24/11/2026");
    }
}
