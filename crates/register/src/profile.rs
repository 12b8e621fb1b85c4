use calendar::{Day, SchoolYear, Slot, StatisticalTerm};

/// Whose reckoning a figure follows: every figure names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// The school's own: everyone who was on roll, every session of theirs.
    School,
    /// Published statistics of a full year.
    DfeFullYear,
    /// The department's daily data, year to date.
    DfeDaily,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 3] = [Profile::School, Profile::DfeFullYear, Profile::DfeDaily];

    /// The short name in files and addresses.
    pub fn key(self) -> &'static str {
        match self {
            Profile::School => "school",
            Profile::DfeFullYear => "dfe_full_year",
            Profile::DfeDaily => "dfe_daily",
        }
    }

    /// The profile with this short name.
    pub fn from_key(key: &str) -> Option<Profile> {
        Profile::ALL
            .into_iter()
            .find(|profile| profile.key() == key)
    }

    /// The name on screens.
    pub fn name(self) -> &'static str {
        match self {
            Profile::School => "This school's figures",
            Profile::DfeFullYear => "Published statistics, full year",
            Profile::DfeDaily => "Daily data, year to date",
        }
    }
}

/// What decides whether an enrolment is in a profile's cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrolmentFacts {
    /// The pupil's date of birth, where the school knows it.
    pub date_of_birth: Option<Day>,
    /// The starting day of this enrolment, where it is known.
    pub starting_day: Option<Day>,
    /// Whether the pupil boards on every day of this year's time on roll. One who boards on some days only is in the cohort with the
    /// sessions of the others, since only those are marked (R-011; that it is not the whole year is our inference).
    pub boarder: bool,
}

/// Whether an enrolment is in a profile's cohort for a year, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cohort {
    /// It is in.
    In {
        /// The days whose sessions are nonetheless left out.
        left_out: Option<LeftOut>,
    },
    /// It is out, on this ground.
    Out(OutOfCohort),
}

impl Cohort {
    /// Whether the enrolment is in the cohort.
    pub fn is_in(self) -> bool {
        matches!(self, Cohort::In { .. })
    }

    /// Whether this session of the enrolment is counted.
    pub fn counts(self, slot: Slot) -> bool {
        match self {
            Cohort::In { left_out: None } => true,
            Cohort::In {
                left_out: Some(days),
            } => !days.holds(slot.day),
            Cohort::Out(_) => false,
        }
    }
}

/// Days whose sessions are left out for a pupil who is in the cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// The rule: where that rule is only presumed.
    pub rule: &'static str,
}

impl LeftOut {
    /// Whether the day is one of them.
    pub fn holds(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }
}

/// Why an enrolment is not in a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfCohort {
    /// The pupil was younger or older on 31 August before the year.
    #[error("not aged 5 to 15 on 31 August")]
    NotAgedFiveToFifteen {
        /// The age in completed years on that day.
        age: i32,
    },
    /// The enrolment first starts in the second half of the summer term.
    #[error("first enrolled in second half of summer term")]
    StartsInSecondHalfOfSummer {
        /// The starting day.
        starting_day: Day,
    },
    /// The pupil boards.
    #[error("boarder")]
    Boarder {
        /// The rule: where boarders are out because nothing of theirs is marked.
        rule: &'static str,
    },
    /// The date of birth is not known, so the age cannot be.
    #[error("date of birth not known")]
    DateOfBirthNotKnown,
}

impl OutOfCohort {
    /// The rule that decides.
    pub fn rule(self) -> &'static str {
        match self {
            OutOfCohort::StartsInSecondHalfOfSummer { .. } => "R-232",
            OutOfCohort::Boarder { rule } => rule,
            _ => "R-230",
        }
    }
}

/// Whether an enrolment is in a profile's cohort for a year, and which of its sessions are left out.
///
/// Rule. Source: the department's absence methodology (S16), daily data (S14, S17).
/// The age is that on 31 August before the year, never the year group. Daily data: that the second half of the summer term of
/// 15-year-olds is left out is presumed from its figures, not stated anywhere (R-234, C-07); R-232 is not applied to it. Boarders are not in it, since the register from which
/// it is taken does not have them.
/// Whether the school is state-funded is for whoever chooses the profile.
pub fn cohort(profile: Profile, year: SchoolYear, facts: EnrolmentFacts) -> Cohort {
    if profile == Profile::School {
        return Cohort::In { left_out: None };
    }
    if facts.boarder {
        let rule = match profile {
            Profile::DfeDaily => "R-011",
            _ => "R-230",
        };
        return Cohort::Out(OutOfCohort::Boarder { rule });
    }
    let Some(born) = facts.date_of_birth else {
        return Cohort::Out(OutOfCohort::DateOfBirthNotKnown);
    };
    let age = born.age_on(year.age_day());
    if !(5..=15).contains(&age) {
        return Cohort::Out(OutOfCohort::NotAgedFiveToFifteen { age });
    }
    let (first, last) = year.statistical(StatisticalTerm::SummerSecondHalf);
    if profile == Profile::DfeFullYear
        && let Some(starting_day) = facts.starting_day
        && first <= starting_day
    {
        return Cohort::Out(OutOfCohort::StartsInSecondHalfOfSummer { starting_day });
    }
    let rule = match profile {
        Profile::DfeDaily => "R-234",
        _ => "R-231",
    };
    Cohort::In {
        left_out: (age == 15).then_some(LeftOut { first, last, rule }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Session;

    const YEAR: SchoolYear = SchoolYear::beginning_in(2025);

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn born(text: &str) -> EnrolmentFacts {
        EnrolmentFacts {
            date_of_birth: Some(day(text)),
            starting_day: Some(day("2025-09-01")),
            boarder: false,
        }
    }

    #[test]
    fn the_age_on_31_august_before_the_year_decides() {
        let is_in = |text| cohort(Profile::DfeFullYear, YEAR, born(text)).is_in();
        assert!(is_in("2020-08-31"), "five on the very day");
        assert!(!is_in("2020-09-01"), "four, though five the day after");
        assert!(is_in("2009-09-01"), "fifteen on the very day");
        assert!(!is_in("2009-08-31"), "sixteen on the very day");
    }

    #[test]
    fn fifteen_year_olds_lose_the_second_half_of_the_summer_term_and_fourteen_year_olds_do_not() {
        let slot = |text| Slot::new(day(text), Session::Am);
        let fifteen = cohort(Profile::DfeFullYear, YEAR, born("2010-08-31"));
        assert!(fifteen.counts(slot("2026-05-24")));
        assert!(!fifteen.counts(slot("2026-05-25")));
        assert!(!fifteen.counts(slot("2026-07-31")));
        let fourteen = cohort(Profile::DfeFullYear, YEAR, born("2010-09-01"));
        assert!(fourteen.counts(slot("2026-06-15")));
    }

    #[test]
    fn an_enrolment_that_starts_in_the_second_half_of_summer_is_out_and_one_the_day_before_is_in() {
        let starting = |text| EnrolmentFacts {
            starting_day: Some(day(text)),
            ..born("2013-01-20")
        };
        assert!(cohort(Profile::DfeFullYear, YEAR, starting("2026-05-24")).is_in());
        let out = cohort(Profile::DfeFullYear, YEAR, starting("2026-05-25"));
        assert_eq!(
            out,
            Cohort::Out(OutOfCohort::StartsInSecondHalfOfSummer {
                starting_day: day("2026-05-25")
            })
        );
        assert!(cohort(Profile::DfeDaily, YEAR, starting("2026-05-25")).is_in());
    }

    #[test]
    fn the_schools_own_figures_leave_nobody_and_nothing_out() {
        let nobody_knows = EnrolmentFacts {
            date_of_birth: None,
            starting_day: None,
            boarder: true,
        };
        assert_eq!(
            cohort(Profile::School, YEAR, nobody_knows),
            Cohort::In { left_out: None }
        );
        assert_eq!(
            cohort(Profile::DfeFullYear, YEAR, nobody_knows),
            Cohort::Out(OutOfCohort::Boarder { rule: "R-230" })
        );
        let daily = cohort(Profile::DfeDaily, YEAR, nobody_knows);
        assert_eq!(daily, Cohort::Out(OutOfCohort::Boarder { rule: "R-011" }));
        let unknown = EnrolmentFacts {
            boarder: false,
            ..nobody_knows
        };
        assert_eq!(
            cohort(Profile::DfeFullYear, YEAR, unknown),
            Cohort::Out(OutOfCohort::DateOfBirthNotKnown)
        );
    }

    #[test]
    fn profiles_read_back_by_their_short_names() {
        for profile in Profile::ALL {
            assert_eq!(Profile::from_key(profile.key()), Some(profile));
        }
        assert_eq!(Profile::from_key("ofsted"), None);
    }
}
