//! Dates as people and systems write them (I-020).

use std::collections::HashMap;

use calendar::Day;

use crate::refused::RefusedFile;

/// Which of two small numbers of a date is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `24/11/2026`, as in Britain.
    DayFirst,
    /// `11/24/2026`, as in America. Needs a person's yes.
    MonthFirst,
}

/// Why a text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateFault {
    /// The shape of a date with a day that does not exist, such as 30 February.
    NotReal,
    /// No shape of a date at all.
    Form,
}

/// A date as written, before the order of day and month is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Certain: year first, or the month in letters.
    Certain { year: i16, month: u32, day: u32 },
    /// Two small numbers and a year; `short_year` if it had two digits.
    Numbers {
        first: u32,
        second: u32,
        year: i16,
        short_year: bool,
    },
    /// `14 Mar 12`: the month in letters and a year of two digits.
    ShortYear { year: i16, month: u32, day: u32 },
    /// A spreadsheet's number of days since 30 December 1899.
    Serial(i32),
}

/// Reads the shape of a date; the time of day, if any, is dropped.
pub(crate) fn written(text: &str) -> Result<Written, DateFault> {
    let text = text.trim();
    if !text.is_ascii() || text.len() > 40 {
        return Err(DateFault::Form);
    }
    let bytes = text.as_bytes();
    let number_end = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if number_end == bytes.len() || serial_with_time(text) {
        let whole: i32 = text[..number_end].parse().map_err(|_| DateFault::Form)?;
        return match whole {
            20_000..=60_000 => Ok(Written::Serial(whole)),
            _ => Err(DateFault::Form),
        };
    }
    let (first, after_first) = part(text)?;
    let (second, after_second) = part(separator(after_first)?)?;
    let (third, rest) = part(separator(after_second)?)?;
    if !is_time(rest) {
        return Err(DateFault::Form);
    }
    let number = |part: &str, most: usize| -> Option<u32> {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit()) && part.len() <= most;
        if digits { part.parse().ok() } else { None }
    };
    if first.len() == 4 {
        let [Some(year), Some(month), Some(day)] =
            [number(first, 4), number(second, 2), number(third, 2)]
        else {
            return Err(DateFault::Form);
        };
        let year = year as i16;
        return Ok(Written::Certain { year, month, day });
    }
    let (Some(day), Some(year)) = (number(first, 2), number(third, 4)) else {
        return Err(DateFault::Form);
    };
    let short_year = third.len() == 2;
    if !short_year && third.len() != 4 {
        return Err(DateFault::Form);
    }
    let year = year as i16;
    match (number(second, 2), month_in_letters(second)) {
        (Some(second), _) => Ok(Written::Numbers {
            first: day,
            second,
            year,
            short_year,
        }),
        (None, Some(month)) if short_year => Ok(Written::ShortYear { year, month, day }),
        (None, Some(month)) => Ok(Written::Certain { year, month, day }),
        (None, None) => Err(DateFault::Form),
    }
}

fn serial_with_time(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, part)| {
        whole.len() == 5
            && !part.is_empty()
            && whole
                .bytes()
                .chain(part.bytes())
                .all(|byte| byte.is_ascii_digit())
    })
}

/// The leading letters or digits of a text, and what follows.
fn part(text: &str) -> Result<(&str, &str), DateFault> {
    let same_kind = |byte: &u8| match text.as_bytes().first() {
        Some(first) if first.is_ascii_digit() => byte.is_ascii_digit(),
        _ => byte.is_ascii_alphabetic(),
    };
    let end = text.bytes().take_while(same_kind).count();
    if end == 0 {
        return Err(DateFault::Form);
    }
    Ok(text.split_at(end))
}

fn separator(text: &str) -> Result<&str, DateFault> {
    let rest = text.trim_start_matches(' ');
    let rest = rest.strip_prefix(['/', '-', '.', ',']).unwrap_or(rest);
    if rest.len() == text.len() {
        return Err(DateFault::Form);
    }
    Ok(rest.trim_start_matches(' '))
}

/// Nothing, or a time of day with an optional zone after a blank or `T`.
fn is_time(rest: &str) -> bool {
    if rest.is_empty() {
        return true;
    }
    let Some(time) = rest.strip_prefix([' ', 'T', 't', ',']) else {
        return false;
    };
    let time = time.trim_start();
    time.starts_with(|c: char| c.is_ascii_digit())
        && time.contains(':')
        && time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b":.+-Zz aApPmM".contains(&byte))
}

fn month_in_letters(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| {
        *month == word
            || (word.len() == 3 && month.starts_with(&word))
            || (word == "sept" && month.starts_with("sept"))
    })?;
    Some(at as u32 + 1)
}

/// Which dates a column holds; decides what a year of two digits means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateUse {
    /// A birth: the latest such year that is not in the future.
    Birth,
    /// Anything else: 2000 to 2099.
    Other,
}

impl Written {
    /// The day, once the order of the column is known.
    pub(crate) fn day(
        self,
        order: DateOrder,
        date_use: DateUse,
        today: Day,
    ) -> Result<Day, DateFault> {
        let real = |year: i16, month: u32, day: u32| {
            let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
                return Err(DateFault::NotReal);
            };
            Day::new(year, month, day).ok_or(DateFault::NotReal)
        };
        let full_year = |year: i16, month: u32, day: u32| {
            let this_century = 2000 + year;
            let not_future = real(this_century, month, day).is_ok_and(|day| day <= today);
            if date_use == DateUse::Other || not_future {
                this_century
            } else {
                1900 + year
            }
        };
        match self {
            Written::Certain { year, month, day } => real(year, month, day),
            Written::ShortYear { year, month, day } => {
                real(full_year(year, month, day), month, day)
            }
            Written::Numbers {
                first,
                second,
                year,
                short_year,
            } => {
                let (day, month) = match order {
                    DateOrder::DayFirst => (first, second),
                    DateOrder::MonthFirst => (second, first),
                };
                let year = if short_year {
                    full_year(year, month, day)
                } else {
                    year
                };
                real(year, month, day)
            }
            Written::Serial(days) => Ok(Day::from_epoch_days(days - SERIAL_OF_1970)),
        }
    }
}

/// The spreadsheet's number of 1 January 1970: days since 30 December 1899.
const SERIAL_OF_1970: i32 = 25_569;

/// What the dates of one column say about the order of day and month.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderEvidence {
    day_first: Option<u32>,
    month_first: Option<u32>,
    either: bool,
}

impl OrderEvidence {
    /// Takes note of one date of the column.
    pub(crate) fn see(&mut self, written: Written, line: u32) {
        let Written::Numbers { first, second, .. } = written else {
            return;
        };
        match (first > 12, second > 12) {
            (true, false) => _ = self.day_first.get_or_insert(line),
            (false, true) => _ = self.month_first.get_or_insert(line),
            (false, false) if first != second => self.either = true,
            _ => {}
        }
    }

    /// Whether a date of the column can be read one way only.
    pub(crate) fn is_decisive(&self) -> bool {
        self.day_first.is_some() || self.month_first.is_some()
    }

    /// The order for the column, and whether every date could be read either way.
    pub(crate) fn decide(
        &self,
        file: &str,
        column: &str,
        month_first_agreed: bool,
    ) -> Result<(DateOrder, bool), RefusedFile> {
        match (self.day_first, self.month_first) {
            (Some(day_first_line), Some(month_first_line)) => {
                Err(RefusedFile::DateOrderUndecided {
                    file: file.to_owned(),
                    column: column.to_owned(),
                    day_first_line,
                    month_first_line,
                })
            }
            (Some(_), None) => Ok((DateOrder::DayFirst, false)),
            (None, Some(_)) if month_first_agreed => Ok((DateOrder::MonthFirst, false)),
            (None, Some(line)) => Err(RefusedFile::MonthFirst {
                file: file.to_owned(),
                column: column.to_owned(),
                line,
            }),
            (None, None) if month_first_agreed => Ok((DateOrder::MonthFirst, false)),
            (None, None) => Ok((DateOrder::DayFirst, self.either)),
        }
    }
}

/// The orders decided for the date columns of a table, by column number.
pub(crate) type Orders = HashMap<usize, DateOrder>;

/// Births outside the ages 3 to 20, dates before 1990 or more than two years ahead (I-020).
pub(crate) fn is_unlikely(day: Day, date_use: DateUse, today: Day) -> bool {
    match date_use {
        DateUse::Birth => !(3..=20).contains(&day.age_on(today)),
        DateUse::Other => day.year() < 1990 || day > today.plus_days(2 * 365 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a real day")
    }

    fn read(text: &str) -> Result<Day, DateFault> {
        written(text)?.day(DateOrder::DayFirst, DateUse::Other, day("2026-11-22"))
    }

    #[test]
    fn every_form_in_use_is_read() {
        for text in [
            "14/03/2012",
            "14/3/12",
            "14-03-2012",
            "14.03.2012",
            "2012-03-14",
            "2012-03-14T00:00:00",
            "2012-03-14 09:30",
            "14 Mar 2012",
            "14 March 2012",
            "14-Mar-2012",
            "41 ",
            "14/03/2012 00:00:00",
        ] {
            let expected = if text == "41 " {
                Err(DateFault::Form)
            } else {
                Ok(day("2012-03-14"))
            };
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(read("46342"), Ok(day("2026-11-16")));
    }

    #[test]
    fn impossible_dates_and_other_texts_are_told_apart() {
        assert_eq!(read("2015-02-30"), Err(DateFault::NotReal));
        assert_eq!(read("31/04/2015"), Err(DateFault::NotReal));
        assert_eq!(read("invalid"), Err(DateFault::Form));
        assert_eq!(read("Required: DD/MM/YYYY"), Err(DateFault::Form));
        assert_eq!(read("14032012"), Err(DateFault::Form));
        assert_eq!(read("2012"), Err(DateFault::Form));
    }

    #[test]
    fn a_birth_in_two_digits_is_the_latest_year_not_in_the_future() {
        let today = day("2026-11-22");
        let birth =
            |text| written(text).and_then(|w| w.day(DateOrder::DayFirst, DateUse::Birth, today));
        assert_eq!(birth("22/11/26"), Ok(today));
        assert_eq!(birth("23/11/26"), Ok(day("1926-11-23")));
        assert_eq!(birth("14 Mar 12"), Ok(day("2012-03-14")));
        assert_eq!(read("23/11/26"), Ok(day("2026-11-23")));
    }

    #[test]
    fn one_number_above_twelve_decides_the_column() {
        let decide = |texts: &[&str], agreed| {
            let mut evidence = OrderEvidence::default();
            for (index, text) in texts.iter().enumerate() {
                evidence.see(written(text).expect("a date"), index as u32 + 1);
            }
            evidence.decide("f", "DOB", agreed)
        };
        assert_eq!(
            decide(&["01/02/2026", "13/02/2026"], false),
            Ok((DateOrder::DayFirst, false))
        );
        assert_eq!(
            decide(&["01/02/2026"], false),
            Ok((DateOrder::DayFirst, true))
        );
        assert_eq!(
            decide(&["02/02/2026"], false),
            Ok((DateOrder::DayFirst, false))
        );
        assert!(matches!(
            decide(&["02/13/2026"], false),
            Err(RefusedFile::MonthFirst { line: 1, .. })
        ));
        assert_eq!(
            decide(&["02/13/2026"], true),
            Ok((DateOrder::MonthFirst, false))
        );
        assert!(matches!(
            decide(&["02/13/2026", "13/02/2026"], true),
            Err(RefusedFile::DateOrderUndecided {
                day_first_line: 2,
                month_first_line: 1,
                ..
            })
        ));
    }
}
