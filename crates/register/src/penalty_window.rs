use calendar::{Day, SchoolCalendar, SchoolWeek, Slot};

use crate::Confidence;
use crate::codes::{Code, NoMeaning, PenaltyNoticeCounting, meaning};
use crate::compulsory_age::compulsory_age;

/// How many sessions in how many school weeks make a school consider a penalty notice, over a stretch of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PenaltyThreshold {
    /// The first day of the rule.
    pub from: Day,
    /// The last day of the rule; none while it holds.
    pub to: Option<Day>,
    /// Countable sessions.
    pub sessions: u32,
    /// School weeks in the window.
    pub school_weeks: usize,
    /// The rule.
    pub rule: &'static str,
    /// How far to trust it.
    pub confidence: Confidence,
}

/// The national threshold on a day: 10 sessions in 10 school weeks since 19 August 2024. Before it, each authority had its own: none.
///
/// Rule: R-241. Source: the national framework as quoted by S12.
pub fn penalty_threshold(day: Day) -> Option<PenaltyThreshold> {
    let from = Day::new(2024, 8, 19).expect("a real day");
    (from <= day).then_some(PenaltyThreshold {
        from,
        to: None,
        sessions: 10,
        school_weeks: 10,
        rule: "R-241",
        confidence: Confidence::Secondary,
    })
}

/// The most countable sessions in any run of so many consecutive school weeks.
///
/// Rule. `per_week` holds the countable sessions (`G N O U`) of each school week, oldest first, without the weeks
/// in which the school did not meet. Units: sessions. Nought for a window of no weeks.
pub fn most_countable(per_week: &[u32], school_weeks: usize) -> u32 {
    let mut inside = 0;
    let mut most = 0;
    for (place, count) in per_week.iter().enumerate() {
        inside += count;
        if let Some(left) = place.checked_sub(school_weeks) {
            inside -= per_week[left];
        }
        most = most.max(inside);
    }
    most
}

/// A session that counts towards the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedSession {
    /// The session.
    pub slot: Slot,
    /// Its code: `G`, `N`, `O` or `U`.
    pub code: Code,
    /// Whether nothing may rest on it yet: an `N`.
    pub provisional: bool,
}

/// Where a pupil stands against the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdStanding {
    /// Fewer sessions than the threshold.
    Below,
    /// Reached only by counting sessions whose `N` is not resolved: never shown as met.
    Provisional,
    /// Reached by sessions that stand.
    Met,
}

/// The countable sessions of a pupil in the window that ends on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PenaltyWindow {
    /// The first and last school week of the window; none when the school had not met yet.
    pub weeks: Option<(SchoolWeek, SchoolWeek)>,
    /// The sessions it rests on, oldest first.
    pub sessions: Vec<CountedSession>,
    /// The threshold it is held against.
    pub threshold: PenaltyThreshold,
}

impl PenaltyWindow {
    /// All countable sessions, provisional ones among them.
    pub fn count(&self) -> u32 {
        self.sessions.len() as u32
    }

    /// The countable sessions that stand.
    pub fn firm(&self) -> u32 {
        self.sessions.iter().filter(|one| !one.provisional).count() as u32
    }

    /// Where the pupil stands against the threshold.
    pub fn standing(&self) -> ThresholdStanding {
        if self.firm() >= self.threshold.sessions {
            ThresholdStanding::Met
        } else if self.count() >= self.threshold.sessions {
            ThresholdStanding::Provisional
        } else {
            ThresholdStanding::Below
        }
    }
}

/// The countable sessions of a pupil in the rolling window as of a day: its school week and the nine school weeks before it.
///
/// Rule, E-063, E-009; readings 3 and 4 of the law page: an `N` is provisional, and only this school's marks are given.
/// `marks` are the pupil's marks in order; those outside the window, after `as_of`, or outside compulsory school age do not count.
/// Units: sessions. A week without a session is skipped; when `as_of` lies in one, the window ends with the school week before it.
/// Errors: a code without a meaning on its day.
pub fn penalty_window(
    threshold: PenaltyThreshold,
    calendar: &SchoolCalendar,
    born: Day,
    marks: impl IntoIterator<Item = (Slot, Code)>,
    as_of: Day,
) -> Result<PenaltyWindow, NoMeaning> {
    let weeks = calendar.school_weeks_up_to(as_of, threshold.school_weeks);
    let span = weeks.first().copied().zip(weeks.last().copied());
    let mut sessions = Vec::new();
    if let Some((first, last)) = span {
        let end = last.sunday().min(as_of);
        for (slot, code) in marks {
            if slot.day < first.monday || end < slot.day {
                continue;
            }
            let counting = meaning(code, slot.day)?.pn_countable;
            if counting == PenaltyNoticeCounting::No || !compulsory_age(born, slot.day).is_within()
            {
                continue;
            }
            sessions.push(CountedSession {
                slot,
                code,
                provisional: counting == PenaltyNoticeCounting::Provisional,
            });
        }
    }
    Ok(PenaltyWindow {
        weeks: span,
        sessions,
        threshold,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{CalendarRows, Period, Session};
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn calendar() -> SchoolCalendar {
        let term = |first, last| Period {
            name: "Half term".to_owned(),
            first: day(first),
            last: day(last),
        };
        SchoolCalendar::new(CalendarRows {
            terms: vec![
                term("2026-04-13", "2026-05-22"),
                term("2026-06-01", "2026-07-21"),
                term("2026-09-01", "2026-10-23"),
                term("2026-11-02", "2026-12-18"),
            ],
            ..CalendarRows::default()
        })
        .expect("sound rows")
    }

    fn window(marks: &[(&str, &str)], as_of: &str) -> PenaltyWindow {
        let marks = marks.iter().flat_map(|(on, codes)| {
            codes
                .split(' ')
                .zip(Session::BOTH)
                .map(|(code, session)| (Slot::new(day(on), session), code.parse().expect("a code")))
        });
        let threshold = penalty_threshold(day(as_of)).expect("in force");
        penalty_window(threshold, &calendar(), day("2012-05-01"), marks, day(as_of))
            .expect("codes of the day")
    }

    const NINE: [(&str, &str); 5] = [
        ("2026-09-07", "G G"),
        ("2026-09-08", "G G"),
        ("2026-09-09", "O O"),
        ("2026-09-10", "O U"),
        ("2026-09-11", "U I"),
    ];

    #[test]
    fn a_tenth_countable_session_meets_the_threshold_and_a_ninth_does_not() {
        assert_eq!(
            window(&NINE, "2026-09-30").standing(),
            ThresholdStanding::Below
        );
        let mut ten = NINE.to_vec();
        ten.push(("2026-09-14", "U \\"));
        let met = window(&ten, "2026-09-30");
        assert_eq!((met.count(), met.standing()), (10, ThresholdStanding::Met));
        assert_eq!(met.sessions[0].slot.to_string(), "2026-09-07 AM");
        assert_eq!(
            window(&ten, "2026-09-13").count(),
            9,
            "as known the day before"
        );
    }

    #[test]
    fn a_tenth_session_that_is_n_makes_the_threshold_provisional_only() {
        let mut ten = NINE.to_vec();
        ten.push(("2026-09-14", "N \\"));
        let found = window(&ten, "2026-09-30");
        assert_eq!(
            (found.count(), found.firm(), found.standing()),
            (10, 9, ThresholdStanding::Provisional)
        );
    }

    #[test]
    fn the_window_runs_over_the_summer_and_drops_the_eleventh_school_week() {
        // School weeks back from 21 September: four since term began (the first from 31 August), then six before the summer.
        let marks = [("2026-06-15", "O O"), ("2026-06-08", "O O")];
        assert_eq!(window(&marks, "2026-09-25").count(), 2);
        assert_eq!(window(&marks, "2026-09-20").count(), 4);
        assert_eq!(
            window(&marks, "2026-10-28").weeks,
            window(&marks, "2026-10-23").weeks
        );
    }

    #[test]
    fn sessions_outside_compulsory_school_age_do_not_count() {
        let threshold = penalty_threshold(day("2026-09-10")).expect("in force");
        let marks = [(
            Slot::new(day("2026-09-07"), Session::Am),
            Code::UNAUTHORISED,
        )];
        let of = |born| {
            penalty_window(threshold, &calendar(), day(born), marks, day("2026-09-10"))
                .expect("codes")
                .count()
        };
        assert_eq!(of("2010-08-31"), 0);
        assert_eq!(of("2010-09-01"), 1);
    }

    #[test]
    fn before_19_august_2024_there_was_no_national_threshold() {
        assert_eq!(penalty_threshold(day("2024-08-18")), None);
        assert!(penalty_threshold(day("2024-08-19")).is_some());
    }

    #[test]
    fn a_term_without_any_week_has_an_empty_window() {
        assert_eq!(window(&NINE, "2026-04-12").weeks, None);
        assert_eq!(most_countable(&[], 10), 0);
        assert_eq!(most_countable(&[3, 4], 0), 0);
    }

    proptest! {
        #[test]
        fn the_rolling_count_finds_what_trying_every_window_finds(weeks in prop::collection::vec(0_u32..10, 0..40), size in 1_usize..12) {
            let slow = (0..weeks.len()).map(|start| weeks[start..(start + size).min(weeks.len())].iter().sum::<u32>()).max().unwrap_or(0);
            prop_assert_eq!(most_countable(&weeks, size), slow);
        }
    }
}
