use calendar::{Day, SchoolYear, Weekday};

/// Where a day lies in a person's life as a pupil: before, within or after compulsory school age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompulsoryAge {
    /// Not yet; it begins on this day.
    Before {
        /// The first day of compulsory school age.
        begins: Day,
    },
    /// Of compulsory school age.
    Within {
        /// The first day of compulsory school age.
        begins: Day,
        /// The last day of compulsory school age.
        ends: Day,
    },
    /// No longer; this was the last day.
    After {
        /// The last day of compulsory school age.
        ended: Day,
    },
}

impl CompulsoryAge {
    /// Whether the pupil is of compulsory school age.
    pub fn is_within(self) -> bool {
        matches!(self, CompulsoryAge::Within { .. })
    }
}

/// Whether a person born on a day is of compulsory school age on another.
///
/// Rule. Source: Education Act 1996 s.8 (S16, S24). Evaluated for each session: it may change within a year.
pub fn compulsory_age(born: Day, on: Day) -> CompulsoryAge {
    let (begins, ends) = (compulsory_age_begins(born), compulsory_age_ends(born));
    if on < begins {
        CompulsoryAge::Before { begins }
    } else if on <= ends {
        CompulsoryAge::Within { begins, ends }
    } else {
        CompulsoryAge::After { ended: ends }
    }
}

/// The first day of compulsory school age: the fifth birthday when that is 31 March, 31 August or 31 December, otherwise the next of them.
///
/// Rule: R-301. Source: Education Act 1996 s.8(2) (S24; SI 1998/1607 not read).
pub fn compulsory_age_begins(born: Day) -> Day {
    let fifth = birthday(born, 5);
    [(3, 31), (8, 31), (12, 31)]
        .into_iter()
        .map(|(month, day)| day_of(fifth.year(), month, day))
        .find(|prescribed| fifth <= *prescribed)
        .expect("no birthday of a year is after 31 December")
}

/// The last day of compulsory school age: the last Friday in June of the school year in which the pupil turns 16.
///
/// Rule: R-302. Source: Education Act 1996 s.8(3)-(4) (S16, S24; SI 1997/1970 not read). The school year runs from 1 September to 31 August.
pub fn compulsory_age_ends(born: Day) -> Day {
    let year = SchoolYear::by_september(birthday(born, 16))
        .next()
        .first_year();
    last_friday_in_june(year)
}

/// The last Friday in June of a calendar year.
pub fn last_friday_in_june(year: i16) -> Day {
    let last = day_of(year, 6, 30);
    let past_friday = (last.weekday().index() + 7 - Weekday::Friday.index()) % 7;
    last.plus_days(-(past_friday as i32))
}

/// The day on which a person completes so many years; 1 March in a common year for those born on 29 February.
fn birthday(born: Day, years: i16) -> Day {
    let year = (born.year() + years).min(9999);
    Day::new(year, born.month(), born.day_of_month()).unwrap_or_else(|| day_of(year, 3, 1))
}

/// A day of a year, or of the last year that the date library knows, which no register reaches.
fn day_of(year: i16, month: i8, day: i8) -> Day {
    Day::new(year.min(9999), month, day).expect("the day is in every year")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn is_csa(born: &str, on: &str) -> bool {
        compulsory_age(day(born), day(on)).is_within()
    }

    #[test]
    fn it_begins_on_a_fifth_birthday_that_is_a_prescribed_day() {
        for (born, begins) in [
            ("2021-03-31", "2026-03-31"),
            ("2021-08-31", "2026-08-31"),
            ("2021-12-31", "2026-12-31"),
        ] {
            assert!(!is_csa(born, &day(begins).previous().to_string()));
            assert!(is_csa(born, begins));
        }
    }

    #[test]
    fn a_birthday_the_day_after_a_prescribed_day_waits_for_the_next() {
        for (born, begins) in [
            ("2021-04-01", "2026-08-31"),
            ("2021-09-01", "2026-12-31"),
            ("2021-01-01", "2026-03-31"),
            ("2020-02-29", "2025-03-31"),
        ] {
            assert_eq!(compulsory_age_begins(day(born)), day(begins));
            assert!(!is_csa(born, &day(begins).previous().to_string()));
            assert!(is_csa(born, begins));
        }
    }

    #[test]
    fn it_ends_with_the_last_friday_in_june_of_the_year_of_the_sixteenth_birthday() {
        assert!(is_csa("2009-09-01", "2026-06-26"));
        assert!(!is_csa("2009-09-01", "2026-06-27"));
        assert!(is_csa("2010-08-31", "2026-06-26"));
        assert!(!is_csa("2010-08-31", "2026-06-27"));
        assert!(is_csa("2010-09-01", "2026-06-27"));
        assert_eq!(compulsory_age_ends(day("2010-09-01")), day("2027-06-25"));
        // Sixteen already in autumn, and of compulsory school age until June.
        assert!(is_csa("2009-09-02", "2026-01-10"));
    }

    #[test]
    fn a_date_of_birth_far_ahead_is_before_compulsory_school_age() {
        assert!(!is_csa("9999-12-31", "2026-11-24"));
        assert!(!is_csa("9998-02-28", "9999-12-31"));
    }

    #[test]
    fn the_last_fridays_in_june_are_those_of_the_law_page() {
        for text in [
            "2024-06-28",
            "2025-06-27",
            "2026-06-26",
            "2027-06-25",
            "2028-06-30",
            "2029-06-29",
        ] {
            assert_eq!(last_friday_in_june(day(text).year()), day(text));
        }
    }
}
