//! Asking a family for medical evidence: on which grounds, from when, and when it is looked at again (E-024).
//!
//! Evidence is the exception: a parent's word is enough for illness in most cases, and no school may ask everybody or for every absence.

use calendar::Day;

/// The law, in the words that a screen shows beside a request.
pub const LAW: &str = "A parent's report of illness is coded I without evidence in most cases. Evidence is asked for only where there is genuine and reasonable doubt about the illness, or absence comes again and again; there is no blanket rule. Where the school does not accept the reason it tells the parent, and the code is O (E-024, R-118; Working together to improve school attendance, 2024, paragraph 374).";

/// So many days after it begins a request is looked at again at the latest, so that it does not become a standing rule: twelve weeks. PRODUCT.
pub const LONGEST_DAYS: i32 = 84;

/// On which ground evidence is asked for. There is no third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// Genuine and reasonable doubt about the illness.
    GenuineDoubt,
    /// Absence that comes again and again.
    RepeatedAbsence,
}

impl Ground {
    /// All.
    pub const ALL: [Ground; 2] = [Ground::GenuineDoubt, Ground::RepeatedAbsence];

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Ground::GenuineDoubt => "genuine_doubt",
            Ground::RepeatedAbsence => "repeated_absence",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Ground::GenuineDoubt => "genuine and reasonable doubt",
            Ground::RepeatedAbsence => "repeated absence",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Ground> {
        Ground::ALL.into_iter().find(|ground| ground.key() == key)
    }
}

/// The days of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first on which evidence is asked for.
    pub from: Day,
    /// When it is looked at again.
    pub review: Day,
    /// The last, once it has ended.
    pub ended: Option<Day>,
}

/// Why a request cannot have these days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongDays {
    /// It would be looked at again before it begins.
    #[error("the review comes after the first day")]
    ReviewTooSoon,
    /// It would go on for too long without a second look.
    #[error("the review comes within twelve weeks, so that no request becomes a standing rule")]
    ReviewTooLate,
    /// It would end before it begins.
    #[error("it does not end before it begins")]
    EndsTooSoon,
}

/// Where a request stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its review is due today or overdue.
    ReviewDue,
    /// Evidence is asked for.
    Asked,
    /// It begins on a later day.
    ToCome,
    /// It has ended.
    Ended,
}

impl Days {
    /// Whether a request may have these days.
    ///
    /// Rule: E-024 (a review date stands with every request); that it is within [`LONGEST_DAYS`] is PRODUCT.
    pub fn check(&self) -> Result<(), WrongDays> {
        if self.review <= self.from {
            return Err(WrongDays::ReviewTooSoon);
        }
        if self.from.days_until(self.review) > LONGEST_DAYS {
            return Err(WrongDays::ReviewTooLate);
        }
        match self.ended {
            Some(ended) if ended < self.from => Err(WrongDays::EndsTooSoon),
            _ => Ok(()),
        }
    }

    /// Where it stands on a day. A review that is overdue ends nothing by itself: somebody decides.
    pub fn standing(&self, day: Day) -> Standing {
        if self.ended.is_some_and(|ended| ended < day) {
            Standing::Ended
        } else if day < self.from {
            Standing::ToCome
        } else if self.review <= day {
            Standing::ReviewDue
        } else {
            Standing::Asked
        }
    }

    /// Whether evidence is asked for on a day.
    pub fn runs(&self, day: Day) -> bool {
        matches!(self.standing(day), Standing::Asked | Standing::ReviewDue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day of a test")
    }

    fn days(review: &str, ended: Option<&str>) -> Days {
        Days {
            from: day("2026-11-09"),
            review: day(review),
            ended: ended.map(day),
        }
    }

    #[test]
    fn a_request_is_asked_reviewed_and_ended_by_its_days() {
        let request = days("2026-11-23", Some("2026-11-27"));
        for (on, standing) in [
            ("2026-11-08", Standing::ToCome),
            ("2026-11-09", Standing::Asked),
            ("2026-11-22", Standing::Asked),
            ("2026-11-23", Standing::ReviewDue),
            ("2026-11-27", Standing::ReviewDue),
            ("2026-11-28", Standing::Ended),
        ] {
            assert_eq!(request.standing(day(on)), standing, "{on}");
        }
        let open = days("2026-11-23", None);
        assert_eq!(open.standing(day("2027-03-01")), Standing::ReviewDue);
    }

    #[test]
    fn a_request_is_looked_at_again_within_twelve_weeks() {
        assert_eq!(
            days("2026-11-09", None).check(),
            Err(WrongDays::ReviewTooSoon)
        );
        assert_eq!(days("2026-11-10", None).check(), Ok(()));
        assert_eq!(days("2027-02-01", None).check(), Ok(()));
        assert_eq!(
            days("2027-02-02", None).check(),
            Err(WrongDays::ReviewTooLate)
        );
        assert_eq!(
            days("2026-11-23", Some("2026-11-08")).check(),
            Err(WrongDays::EndsTooSoon)
        );
    }
}
