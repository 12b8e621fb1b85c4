use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Day, bank_holiday::bank_holidays};

/// A school year, known by the calendar year in which it begins: 2026 is 2026/27.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchoolYear(i16);

impl SchoolYear {
    /// The school year that begins in this calendar year.
    pub const fn beginning_in(year: i16) -> SchoolYear {
        SchoolYear(year)
    }

    /// The school year of a day when it runs from 1 September to 31 August, as ages are reckoned.
    ///
    /// A school's own years begin with its first term after July: ask its calendar for those.
    pub fn by_september(day: Day) -> SchoolYear {
        SchoolYear(day.year() - i16::from(day.month() < 9))
    }

    /// The calendar year in which it begins.
    pub const fn first_year(self) -> i16 {
        self.0
    }

    /// The school year after this one.
    pub const fn next(self) -> SchoolYear {
        SchoolYear(self.0 + 1)
    }

    /// The school year before this one.
    pub const fn previous(self) -> SchoolYear {
        SchoolYear(self.0 - 1)
    }

    /// 31 August before the year: the day on which national statistics reckon age.
    pub fn age_day(self) -> Day {
        day_of(self.0, 8, 31)
    }

    /// The first and the last day of a period of national statistics in this year.
    ///
    /// Rule: R-233. Source: the department's absence methodology (S16). Autumn runs from 1 August to 31 December, spring from
    /// 1 January to Easter Sunday, summer from Easter Monday to 31 July, cut at the Monday of the week of the spring bank holiday.
    /// A school's own half terms are another thing.
    pub fn statistical(self, term: StatisticalTerm) -> (Day, Day) {
        let spring_year = self.0 + 1;
        let easter = easter_sunday(spring_year);
        let second_half = spring_bank_holiday(spring_year).monday();
        match term {
            StatisticalTerm::Autumn => (day_of(self.0, 8, 1), day_of(self.0, 12, 31)),
            StatisticalTerm::Spring => (day_of(spring_year, 1, 1), easter),
            StatisticalTerm::SummerFirstHalf => (easter.next(), second_half.previous()),
            StatisticalTerm::SummerSecondHalf => (second_half, day_of(spring_year, 7, 31)),
        }
    }
}

impl fmt::Display for SchoolYear {
    /// As schools write it: `2026/27`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02}", self.0, (self.0 + 1).rem_euclid(100))
    }
}

/// The periods into which national statistics cut the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatisticalTerm {
    /// 1 August to 31 December.
    Autumn,
    /// 1 January to Easter Sunday.
    Spring,
    /// Easter Monday to the Sunday before the spring bank holiday.
    SummerFirstHalf,
    /// The spring bank holiday to 31 July.
    SummerSecondHalf,
}

impl StatisticalTerm {
    /// All four, in order.
    pub const ALL: [StatisticalTerm; 4] = [
        StatisticalTerm::Autumn,
        StatisticalTerm::Spring,
        StatisticalTerm::SummerFirstHalf,
        StatisticalTerm::SummerSecondHalf,
    ];
}

/// The period of national statistics that a day lies in, with its school year. Every day lies in exactly one.
pub fn statistical_term(day: Day) -> (SchoolYear, StatisticalTerm) {
    let year = SchoolYear(day.year() - i16::from(day.month() < 8));
    let term = StatisticalTerm::ALL
        .into_iter()
        .find(|term| day <= year.statistical(*term).1)
        .unwrap_or(StatisticalTerm::SummerSecondHalf);
    (year, term)
}

/// Easter Sunday of a year, by the Gregorian reckoning.
pub fn easter_sunday(year: i16) -> Day {
    let y = i32::from(year);
    let golden = y.rem_euclid(19);
    let (century, of_century) = (y.div_euclid(100), y.rem_euclid(100));
    let moon_correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact =
        (19 * golden + century - century.div_euclid(4) - moon_correction + 15).rem_euclid(30);
    let weekday = (32 + 2 * century.rem_euclid(4) + 2 * of_century.div_euclid(4)
        - epact
        - of_century.rem_euclid(4))
    .rem_euclid(7);
    let late = (golden + 11 * epact + 22 * weekday).div_euclid(451);
    let from_march = epact + weekday - 7 * late + 21;
    day_of(year, 3, 1).plus_days(from_march)
}

/// The spring bank holiday of a year: from the table, and beyond it the last Monday in May.
fn spring_bank_holiday(year: i16) -> Day {
    bank_holidays()
        .find(|holiday| holiday.day.year() == year && holiday.name == "Spring bank holiday")
        .map_or_else(|| day_of(year, 5, 31).monday(), |holiday| holiday.day)
}

/// A day of a year, or of the nearest year that the date library knows, which lies far beyond any register.
fn day_of(year: i16, month: i8, day: i8) -> Day {
    Day::new(year.clamp(-9999, 9999), month, day)
        .expect("the first and last days of months are in every year")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    #[test]
    fn easter_falls_where_it_fell() {
        for text in [
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2019-04-21",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2028-04-16",
            "2038-04-25",
            "1818-03-22",
        ] {
            assert_eq!(easter_sunday(day(text).year()), day(text));
        }
    }

    #[test]
    fn easter_monday_and_good_friday_of_the_table_stand_by_easter() {
        for holiday in bank_holidays() {
            let easter = easter_sunday(holiday.day.year());
            match holiday.name.as_str() {
                "Good Friday" => assert_eq!(holiday.day, easter.plus_days(-2)),
                "Easter Monday" => assert_eq!(holiday.day, easter.next()),
                _ => {}
            }
        }
    }

    #[test]
    fn the_second_half_of_the_summer_term_starts_where_the_law_page_says() {
        for (year, first) in [
            (2024, "2025-05-26"),
            (2025, "2026-05-25"),
            (2026, "2027-05-31"),
            (2027, "2028-05-29"),
        ] {
            let (start, end) =
                SchoolYear::beginning_in(year).statistical(StatisticalTerm::SummerSecondHalf);
            assert_eq!(start, day(first));
            assert_eq!(end, Day::new(year + 1, 7, 31).expect("a real day"));
            assert_eq!(statistical_term(start).1, StatisticalTerm::SummerSecondHalf);
            assert_eq!(
                statistical_term(start.previous()).1,
                StatisticalTerm::SummerFirstHalf
            );
        }
    }

    #[test]
    fn a_moved_spring_bank_holiday_moves_the_boundary_to_the_monday_of_its_week() {
        let start = |year| {
            SchoolYear::beginning_in(year)
                .statistical(StatisticalTerm::SummerSecondHalf)
                .0
        };
        assert_eq!(start(2011), day("2012-06-04"));
        assert_eq!(start(2021), day("2022-05-30"));
    }

    #[test]
    fn every_day_from_2006_to_2040_lies_in_exactly_one_statistical_period() {
        for today in day("2006-08-01").through(day("2040-07-31")) {
            let (year, term) = statistical_term(today);
            let holding: Vec<_> = [year.previous(), year, year.next()]
                .into_iter()
                .flat_map(|year| StatisticalTerm::ALL.map(|term| (year, term)))
                .filter(|(year, term)| {
                    let (first, last) = year.statistical(*term);
                    first <= today && today <= last
                })
                .collect();
            assert_eq!(holding, [(year, term)], "{today}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_in_a_year_stops_nothing() {
        for text in ["0000-01-01", "9999-07-31", "9999-12-31"] {
            let (year, term) = statistical_term(day(text));
            assert!(year.statistical(term).0 <= day(text));
            assert!(easter_sunday(year.first_year()) <= day("9999-12-31"));
        }
    }

    #[test]
    fn a_school_year_is_written_as_schools_write_it() {
        assert_eq!(SchoolYear::beginning_in(2026).to_string(), "2026/27");
        assert_eq!(SchoolYear::beginning_in(2099).to_string(), "2099/00");
        assert_eq!(
            SchoolYear::by_september(day("2026-08-31")).to_string(),
            "2025/26"
        );
        assert_eq!(
            SchoolYear::by_september(day("2026-09-01")).to_string(),
            "2026/27"
        );
        assert_eq!(SchoolYear::beginning_in(2026).age_day(), day("2026-08-31"));
    }
}
