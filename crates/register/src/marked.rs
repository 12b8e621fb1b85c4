//! Who in the admission register is marked in the attendance register, and on which days.

use calendar::Day;

/// Why a pupil has no place in the attendance register on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMarked {
    /// The day lies before the starting day.
    BeforeStartingDay {
        /// The starting day.
        starting_day: Day,
    },
    /// The day lies after the last day on roll.
    AfterLastDay {
        /// The last day.
        last_day: Day,
    },
    /// The pupil boards on that day.
    Boarder,
}

impl NotMarked {
    /// The rule that decides.
    pub fn rule(self) -> &'static str {
        match self {
            NotMarked::BeforeStartingDay { .. } => "R-218",
            NotMarked::AfterLastDay { .. } => "R-219",
            NotMarked::Boarder => "R-011",
        }
    }
}

/// Whether a pupil is marked in the attendance register on a day, and if not, why.
///
/// Rule. Source: School Attendance (Pupil Registration) (England) Regulations 2024, regulation 10(1).
/// Every register page, figure, list and import goes by this answer. `boards` is whether the pupil boards on that very day: one who boards
/// from 1 March is marked until 28 February. People get wrong that boarders are not on roll; they are, in the admission register.
pub fn marked(
    starting_day: Day,
    last_day: Option<Day>,
    boards: bool,
    day: Day,
) -> Result<(), NotMarked> {
    if day < starting_day {
        return Err(NotMarked::BeforeStartingDay { starting_day });
    }
    if let Some(last_day) = last_day.filter(|last_day| *last_day < day) {
        return Err(NotMarked::AfterLastDay { last_day });
    }
    if boards {
        return Err(NotMarked::Boarder);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    #[test]
    fn a_pupil_is_marked_from_the_starting_day_to_the_last() {
        let on = |text| marked(day("2026-09-02"), Some(day("2027-03-26")), false, day(text));
        assert_eq!(on("2026-09-01").map_err(NotMarked::rule), Err("R-218"));
        assert_eq!(on("2026-09-02"), Ok(()));
        assert_eq!(on("2027-03-26"), Ok(()));
        assert_eq!(on("2027-03-27").map_err(NotMarked::rule), Err("R-219"));
    }

    #[test]
    fn a_boarder_on_roll_is_not_marked_and_one_who_has_left_is_told_of_as_a_leaver() {
        let on = |text| marked(day("2026-09-02"), Some(day("2027-03-26")), true, day(text));
        assert_eq!(on("2026-11-24"), Err(NotMarked::Boarder));
        assert_eq!(NotMarked::Boarder.rule(), "R-011");
        assert_eq!(on("2027-03-29").map_err(NotMarked::rule), Err("R-219"));
    }
}
