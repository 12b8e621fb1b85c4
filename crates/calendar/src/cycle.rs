use crate::{Day, SchoolCalendar};

/// A week of a timetable that runs over two weeks. A timetable of one week has only [`CycleWeek::A`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CycleWeek {
    /// The first week.
    A,
    /// The second week.
    B,
}

impl CycleWeek {
    /// Both, in order.
    pub const ALL: [CycleWeek; 2] = [CycleWeek::A, CycleWeek::B];

    /// 1 or 2: how tables keep it.
    pub fn number(self) -> i64 {
        match self {
            CycleWeek::A => 1,
            CycleWeek::B => 2,
        }
    }

    /// The week with this number.
    pub fn from_number(number: i64) -> Option<CycleWeek> {
        CycleWeek::ALL
            .into_iter()
            .find(|week| week.number() == number)
    }

    /// `A` or `B`.
    pub fn letter(self) -> &'static str {
        match self {
            CycleWeek::A => "A",
            CycleWeek::B => "B",
        }
    }
}

/// How a timetable goes round: every week the same, or two weeks in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cycle {
    /// Every week is the same.
    Weekly,
    /// Two weeks in turn.
    Fortnightly {
        /// A day in a week A. The turns are reckoned from its week, forwards and backwards.
        week_a: Day,
        /// Whether weeks without school are passed over, so that a half-term away does not turn the weeks round.
        skips_holidays: bool,
    },
}

impl Cycle {
    /// Which week of the cycle a day lies in; none in a week without school.
    ///
    /// Units: weeks from Monday to Sunday. Where holidays are passed over and the school does not meet in the week of
    /// `week_a` itself, the first school week after it is a week A.
    pub fn week_of(self, calendar: &SchoolCalendar, day: Day) -> Option<CycleWeek> {
        let place = calendar.school_week_of(day)?;
        let Cycle::Fortnightly {
            week_a,
            skips_holidays,
        } = self
        else {
            return Some(CycleWeek::A);
        };
        let first = week_a.monday();
        let weeks_since = if skips_holidays {
            let weeks = calendar.school_weeks();
            let place_of_first = weeks.partition_point(|week| week.monday < first);
            place as i64 - place_of_first as i64
        } else {
            i64::from(first.days_until(day.monday())) / 7
        };
        Some(match weeks_since.rem_euclid(2) {
            0 => CycleWeek::A,
            _ => CycleWeek::B,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CalendarRows, Period};

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    /// Half-term lasts one week, from 26 to 30 October 2026.
    fn autumn() -> SchoolCalendar {
        let term = |name: &str, first, last| Period {
            name: name.to_owned(),
            first: day(first),
            last: day(last),
        };
        let rows = CalendarRows {
            terms: vec![
                term("Autumn 1", "2026-09-03", "2026-10-23"),
                term("Autumn 2", "2026-11-02", "2026-12-18"),
            ],
            ..CalendarRows::default()
        };
        SchoolCalendar::new(rows).expect("terms that do not overlap")
    }

    fn letters(cycle: Cycle, days: [&str; 4]) -> [Option<&'static str>; 4] {
        let calendar = autumn();
        days.map(|on| cycle.week_of(&calendar, day(on)).map(CycleWeek::letter))
    }

    /// The last two weeks before half-term, and the first two after it.
    const AROUND_HALF_TERM: [&str; 4] = ["2026-10-16", "2026-10-19", "2026-11-02", "2026-11-13"];

    #[test]
    fn holidays_that_are_passed_over_do_not_turn_the_weeks_round() {
        let cycle = Cycle::Fortnightly {
            week_a: day("2026-10-14"),
            skips_holidays: true,
        };
        let told = letters(cycle, AROUND_HALF_TERM);
        assert_eq!(told, [Some("A"), Some("B"), Some("A"), Some("B")]);
    }

    #[test]
    fn holidays_that_count_turn_the_weeks_round() {
        let cycle = Cycle::Fortnightly {
            week_a: day("2026-10-12"),
            skips_holidays: false,
        };
        let told = letters(cycle, AROUND_HALF_TERM);
        assert_eq!(told, [Some("A"), Some("B"), Some("B"), Some("A")]);
    }

    #[test]
    fn weeks_before_the_first_week_a_turn_as_well() {
        let cycle = Cycle::Fortnightly {
            week_a: day("2026-11-02"),
            skips_holidays: true,
        };
        let told = letters(cycle, AROUND_HALF_TERM);
        assert_eq!(told, [Some("A"), Some("B"), Some("A"), Some("B")]);
    }

    #[test]
    fn a_week_a_in_the_holidays_means_the_first_school_week_after_it() {
        let cycle = Cycle::Fortnightly {
            week_a: day("2026-10-28"),
            skips_holidays: true,
        };
        assert_eq!(
            cycle.week_of(&autumn(), day("2026-11-04")),
            Some(CycleWeek::A)
        );
        assert_eq!(cycle.week_of(&autumn(), day("2026-10-28")), None);
    }

    #[test]
    fn a_timetable_of_one_week_has_only_week_a() {
        let told = letters(Cycle::Weekly, AROUND_HALF_TERM);
        assert_eq!(told, [Some("A"); 4]);
    }
}
