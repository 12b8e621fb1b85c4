//! For which day a mail tells of an absence. Pure: words and the moment it came in, a day and what only a person can weigh out.

use calendar::{Day, TimeOfDay};

/// A mail that comes later in the day, in hours by London clocks, may be about the next school day: most schools are out by then.
const OUT_BY: u32 = 15;

/// Words of the day on which it came.
const TODAY: &[&str] = &["today", "this morning", "this afternoon"];
/// Words of a day on which somebody comes back, or may.
const BACK: &[&str] = &[
    "back",
    "return",
    "returns",
    "returning",
    "hope",
    "hopefully",
    "hoping",
    "see how",
    "if she is",
    "if he is",
];
/// Words of other days.
const OTHER: &[&str] = &[
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "week",
    "until",
    "till",
    "days",
];

/// The day, and what only a person can weigh; `school_day` answers the first school day from a day on.
///
/// Nothing that is unclear is guessed: the report is held back and somebody looks (E-014).
pub(super) fn day_told(
    said: &str,
    (came_on, at): (Day, TimeOfDay),
    school_day: impl Fn(Day) -> Option<Day>,
) -> (Day, Option<&'static str>) {
    let words = crate::absence_line::suggest::in_words(said);
    let says = |list: &[&str]| {
        list.iter()
            .any(|phrase| words.contains(&format!(" {phrase} ")))
    };
    let is_open = school_day(came_on) == Some(came_on);
    let next = || school_day(came_on.next()).unwrap_or(came_on.next());
    if says(OTHER) || names_a_date(said) {
        let day = if is_open { came_on } else { next() };
        return (day, Some("It names other days. Look for which days it is."));
    }
    if says(&["tomorrow"]) {
        if says(TODAY) || says(BACK) {
            let day = if is_open { came_on } else { next() };
            return (
                day,
                Some("It speaks of tomorrow too. Look for which days it is."),
            );
        }
        let tomorrow = came_on.next();
        return match school_day(tomorrow) == Some(tomorrow) {
            true => (tomorrow, None),
            false => (
                next(),
                Some("It says tomorrow, and that is no school day. Look for which day it is."),
            ),
        };
    }
    if is_open && (at.hour() < OUT_BY || says(TODAY)) {
        return (came_on, None);
    }
    (
        next(),
        Some("It came when school was out and does not say for which day."),
    )
}

/// Whether there is a date in figures: `24/11`, `24.11.`, `24th`.
fn names_a_date(said: &str) -> bool {
    let is_number = |text: &str| {
        !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    said.split(|letter: char| letter.is_whitespace() || letter == ',')
        .any(|word| {
            let word = word.to_lowercase();
            let ordinal = ["st", "nd", "rd", "th"]
                .iter()
                .any(|ending| word.strip_suffix(ending).is_some_and(is_number));
            let mut parts = word.split(['/', '-']);
            let slashed =
                parts.next().is_some_and(is_number) && parts.next().is_some_and(is_number);
            ordinal || slashed
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 23 to Friday 27 November 2026 and the week after are school days.
    fn school_day(from: Day) -> Option<Day> {
        from.through(from.plus_days(7))
            .find(|day| !day.weekday().is_weekend())
    }

    fn told(said: &str, came: &str, at: &str) -> (String, bool) {
        let came = (came.parse().expect("a day"), at.parse().expect("a time"));
        let (day, doubt) = day_told(said, came, school_day);
        (day.to_string(), doubt.is_some())
    }

    fn sure(day: &str) -> (String, bool) {
        (day.to_owned(), false)
    }

    fn doubted(day: &str) -> (String, bool) {
        (day.to_owned(), true)
    }

    #[test]
    fn a_mail_of_the_morning_is_about_the_day() {
        assert_eq!(
            told("Ash is ill", "2026-11-24", "07:40"),
            sure("2026-11-24")
        );
        assert_eq!(
            told("Ash is ill", "2026-11-24", "14:59"),
            sure("2026-11-24")
        );
        assert_eq!(
            told("Ash was ill today", "2026-11-24", "18:00"),
            sure("2026-11-24")
        );
    }

    #[test]
    fn a_mail_of_the_evening_or_of_a_sunday_is_looked_at() {
        assert_eq!(
            told("Ash is ill", "2026-11-24", "15:00"),
            doubted("2026-11-25")
        );
        assert_eq!(
            told("Ash is ill", "2026-11-22", "20:00"),
            doubted("2026-11-23")
        );
        assert_eq!(
            told("Ash is ill today", "2026-11-27", "23:00"),
            sure("2026-11-27")
        );
    }

    #[test]
    fn tomorrow_is_the_next_day_unless_it_may_be_the_day_of_coming_back() {
        assert_eq!(
            told("Ash will be at the dentist tomorrow", "2026-11-24", "12:00"),
            sure("2026-11-25")
        );
        assert_eq!(
            told("Dentist tomorrow", "2026-11-27", "12:00"),
            doubted("2026-11-30")
        );
        assert_eq!(
            told("Dentist tomorrow", "2026-11-22", "20:00"),
            sure("2026-11-23")
        );
        for said in [
            "Ash is ill, back tomorrow",
            "Ill today, and tomorrow I guess",
            "Ill, hopefully in tomorrow",
        ] {
            assert_eq!(
                told(said, "2026-11-24", "08:00"),
                doubted("2026-11-24"),
                "{said}"
            );
        }
    }

    #[test]
    fn other_days_are_never_guessed() {
        for said in [
            "Ill until Friday",
            "Ill since Monday",
            "Off on 26/11",
            "Away the 26th",
            "Chickenpox, off all week",
            "Ill for three days",
        ] {
            assert_eq!(
                told(said, "2026-11-24", "08:00"),
                doubted("2026-11-24"),
                "{said}"
            );
        }
    }

    #[test]
    fn figures_that_are_no_date_are_none() {
        for said in [
            "Temperature of 39.5",
            "In 8B, ill",
            "Ring 07700 900123",
            "Half past 10",
        ] {
            assert_eq!(
                told(said, "2026-11-24", "08:00"),
                sure("2026-11-24"),
                "{said}"
            );
        }
    }
}
