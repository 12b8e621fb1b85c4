//! The contact ladder: what must have been tried by when, for each tier (E-016). Dated data, and a school's own times over it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use calendar::{Day, Instant, SchoolCalendar, TimeOfDay};
use serde::{Deserialize, Serialize};

use crate::tier::Tier;

/// A step of the ladder, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A message to the first contact.
    Message,
    /// A call to the first contact.
    Call,
    /// All contacts, each number at least twice, one of them outside the household.
    AllContacts,
    /// The safeguarding lead or the head is told.
    Lead,
    /// The social worker or other allocated professional is told (E-019).
    Professional,
    /// Somebody goes to the home, and leaves a card with a reply time where nobody opens.
    Visit,
    /// A welfare check of the police, or a referral to social care, is decided on (E-020).
    Refer,
}

impl Step {
    /// All, in order.
    pub const ALL: [Step; 7] = [
        Step::Message,
        Step::Call,
        Step::AllContacts,
        Step::Lead,
        Step::Professional,
        Step::Visit,
        Step::Refer,
    ];

    /// The word in tables and settings.
    pub fn key(self) -> &'static str {
        match self {
            Step::Message => "message",
            Step::Call => "call",
            Step::AllContacts => "all_contacts",
            Step::Lead => "lead",
            Step::Professional => "professional",
            Step::Visit => "visit",
            Step::Refer => "refer",
        }
    }

    /// What is to be done, in words.
    pub fn words(self) -> &'static str {
        match self {
            Step::Message => "message to the first contact",
            Step::Call => "call the first contact",
            Step::AllContacts => "try every contact twice",
            Step::Lead => "tell the safeguarding lead",
            Step::Professional => "tell the social worker or youth justice worker",
            Step::Visit => "visit the home",
            Step::Refer => "decide on police or social care",
        }
    }

    /// The step with this key.
    pub fn from_key(key: &str) -> Option<Step> {
        Step::ALL.into_iter().find(|step| step.key() == key)
    }
}

/// By when a step is due, before the day is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// So many minutes after the register closed.
    AfterClose(u32),
    /// At this clock time.
    Clock(TimeOfDay),
    /// At the end of the session.
    SessionEnd,
    /// At the end of the school day.
    DayEnd,
    /// At the end of this school day of the absence, the first being 1.
    SchoolDay(u32),
}

/// A text that says no time by which a step could be due.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is no time of a ladder. Write +15 (minutes after closing), at 11:45, session end, day end or school day 3"
)]
pub struct ParseDueError(String);

impl FromStr for Due {
    type Err = ParseDueError;

    fn from_str(text: &str) -> Result<Due, ParseDueError> {
        let wrong = || ParseDueError(text.to_owned());
        let text = text.trim();
        if let Some(minutes) = text.strip_prefix('+') {
            let minutes = minutes.trim().parse().map_err(|_| wrong())?;
            return if minutes <= 600 {
                Ok(Due::AfterClose(minutes))
            } else {
                Err(wrong())
            };
        }
        if let Some(time) = text.strip_prefix("at ") {
            return time.trim().parse().map(Due::Clock).map_err(|_| wrong());
        }
        if let Some(number) = text.strip_prefix("school day ") {
            let number = number.trim().parse().map_err(|_| wrong())?;
            return if (1..=10).contains(&number) {
                Ok(Due::SchoolDay(number))
            } else {
                Err(wrong())
            };
        }
        match text {
            "session end" => Ok(Due::SessionEnd),
            "day end" => Ok(Due::DayEnd),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Due::AfterClose(minutes) => write!(f, "+{minutes}"),
            Due::Clock(time) => write!(f, "at {time}"),
            Due::SessionEnd => f.write_str("session end"),
            Due::DayEnd => f.write_str("day end"),
            Due::SchoolDay(number) => write!(f, "school day {number}"),
        }
    }
}

/// A line of the default ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The first day on which it holds.
    pub from: Day,
    /// The last, if there is one.
    pub to: Option<Day>,
    /// The step.
    pub step: Step,
    /// For whom.
    pub tier: Tier,
    /// By when.
    pub due: Due,
    /// The rule.
    pub rule: String,
    /// Where the time comes from. None is national.
    pub source: String,
}

/// Every line of the default ladder, as `data/contact-ladder.csv` has it.
pub fn lines() -> &'static [Line] {
    static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
        read(include_str!("../data/contact-ladder.csv"))
            .expect("the ladder of this crate can be read")
    });
    &LINES
}

fn read(text: &str) -> Option<Vec<Line>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .records()
        .map(|record| {
            let record = record.ok()?;
            Some(Line {
                from: record.get(0)?.parse().ok()?,
                to: match record.get(1)? {
                    "" => None,
                    text => Some(text.parse().ok()?),
                },
                step: Step::from_key(record.get(2)?)?,
                tier: Tier::from_key(record.get(3)?)?,
                due: record.get(4)?.parse().ok()?,
                rule: record.get(5)?.to_owned(),
                source: record.get(6)?.to_owned(),
            })
        })
        .collect()
}

/// A time that a school has decided in place of the default one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The step.
    pub step: Step,
    /// For whom.
    pub tier: Tier,
    /// By when.
    pub due: Due,
}

/// The ladder that holds at a school on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    lines: Vec<Line>,
}

impl Ladder {
    /// The default ladder of this day with what the school has decided in its place.
    pub fn on(day: Day, own: &[Own]) -> Ladder {
        let holds = |line: &&Line| line.from <= day && line.to.is_none_or(|last| day <= last);
        let mut ladder: Vec<Line> = lines().iter().filter(holds).cloned().collect();
        for line in &mut ladder {
            let decided = own
                .iter()
                .find(|own| own.step == line.step && own.tier == line.tier);
            if let Some(decided) = decided {
                line.due = decided.due;
                line.source = "the school's own setting".to_owned();
            }
        }
        Ladder { lines: ladder }
    }

    /// Its lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The steps of a child of this tier with their times, in order.
    pub fn steps(&self, tier: Tier, clock: &Clock<'_>) -> Vec<Timed> {
        let mut steps: Vec<Timed> = self
            .lines
            .iter()
            .filter(|line| line.tier == tier)
            .map(|line| Timed {
                step: line.step,
                due: clock.at(line.due),
                rule: line.rule.clone(),
                source: line.source.clone(),
            })
            .collect();
        steps.sort_by_key(|timed| timed.step);
        steps
    }
}

/// What the times of a child's ladder are reckoned from.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'c> {
    /// The first school day of the absence.
    pub first_day: Day,
    /// When the register of the first session without a reason today closes.
    pub closes: Instant,
    /// When that session ends.
    pub session_ends: Instant,
    /// When the last session of a school day ends.
    pub day_ends: TimeOfDay,
    /// The school's days.
    pub calendar: &'c SchoolCalendar,
}

impl Clock<'_> {
    /// The moment at which something is due.
    ///
    /// A clock time that the session's closing has passed already is the end of the day: a red visit by 11:45 for a child who was
    /// missed after lunch. A school day that the calendar does not reach is the day itself, so that it is early rather than never.
    pub fn at(&self, due: Due) -> Instant {
        let (today, _) = self.closes.in_london();
        let end_of = |day| Instant::at_london(day, self.day_ends);
        match due {
            Due::AfterClose(minutes) => self.closes.plus_seconds(i64::from(minutes) * 60),
            Due::Clock(time) => match Instant::at_london(today, time) {
                at if at > self.closes => at,
                _ => end_of(today),
            },
            Due::SessionEnd => self.session_ends,
            Due::DayEnd => end_of(today),
            Due::SchoolDay(1) => end_of(self.first_day),
            Due::SchoolDay(number) => {
                let day = self.calendar.school_days_after(self.first_day, number - 1);
                end_of(day.unwrap_or(today))
            }
        }
    }
}

/// A step with the moment by which it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The step.
    pub step: Step,
    /// By when.
    pub due: Instant,
    /// The rule.
    pub rule: String,
    /// Where the time comes from.
    pub source: String,
}

/// The step that comes next: the earliest due of those that are not done. A call stands for a message that was not sent, and whoever tried
/// all contacts has called the first.
pub fn next<'s>(steps: &'s [Timed], done: &BTreeSet<Step>) -> Option<&'s Timed> {
    let is_done = |step: Step| {
        done.contains(&step)
            || (step <= Step::Call
                && done
                    .iter()
                    .any(|other| *other > step && *other <= Step::AllContacts))
    };
    steps
        .iter()
        .filter(|timed| !is_done(timed.step))
        .min_by_key(|timed| (timed.due, timed.step))
}

/// When somebody is to go to the home, whoever was tried by then; none while that is a later day.
///
/// Rule: SM-1 ("tier timing passed"), E-016. On the day on which the visit has to be made it comes when every contact should have been tried,
/// and at the latest when it should be over; on a later day it is due from the beginning. So red comes on the morning itself, amber on the
/// second school day and green on the third.
pub fn visit_comes(steps: &[Timed], today: Day) -> Option<Instant> {
    let due = |step| {
        let timed = steps.iter().find(|timed| timed.step == step);
        timed.map(|timed| timed.due)
    };
    let (visit, tried) = (due(Step::Visit)?, due(Step::AllContacts)?);
    let (day, _) = visit.in_london();
    (day <= today).then(|| visit.min(tried))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day of a test")
    }

    fn time(text: &str) -> TimeOfDay {
        text.parse().expect("a time of a test")
    }

    fn morning(calendar: &SchoolCalendar) -> Clock<'_> {
        let today = day("2026-11-24");
        Clock {
            first_day: today,
            closes: Instant::at_london(today, time("09:10")),
            session_ends: Instant::at_london(today, time("12:30")),
            day_ends: time("15:10"),
            calendar,
        }
    }

    fn due(tier: Tier, step: Step, own: &[Own]) -> String {
        let calendar = SchoolCalendar::empty();
        let steps = Ladder::on(day("2026-11-24"), own).steps(tier, &morning(&calendar));
        let timed = steps
            .iter()
            .find(|timed| timed.step == step)
            .expect("a step");
        timed.due.in_london().1.to_string()
    }

    #[test]
    fn the_ladder_gives_each_tier_its_clock_times_from_the_closing_of_the_register() {
        assert_eq!(due(Tier::Red, Step::Call, &[]), "09:25");
        assert_eq!(due(Tier::Amber, Step::Call, &[]), "09:55");
        assert_eq!(due(Tier::Green, Step::Call, &[]), "10:10");
        assert_eq!(due(Tier::Red, Step::Visit, &[]), "11:45");
        assert_eq!(due(Tier::Green, Step::Lead, &[]), "12:30");
        assert_eq!(due(Tier::Red, Step::Refer, &[]), "15:10");
    }

    #[test]
    fn every_day_has_one_line_for_each_step_of_each_tier() {
        for on in ["2024-08-19", "2026-11-24", "2031-01-01"] {
            for tier in Tier::ALL {
                for step in Step::ALL {
                    let ladder = Ladder::on(day(on), &[]);
                    let lines = ladder.lines().iter();
                    let found = lines
                        .filter(|line| line.tier == tier && line.step == step)
                        .count();
                    assert_eq!(found, 1, "{on} {tier:?} {step:?}");
                }
            }
        }
        assert!(
            Ladder::on(day("2024-08-18"), &[]).lines().is_empty(),
            "before the guidance of 2024"
        );
    }

    #[test]
    fn a_school_decides_its_own_time_and_the_screen_says_so() {
        let own = Own {
            step: Step::Call,
            tier: Tier::Green,
            due: Due::AfterClose(20),
        };
        assert_eq!(
            due(Tier::Green, Step::Call, std::slice::from_ref(&own)),
            "09:30"
        );
        assert_eq!(
            due(Tier::Amber, Step::Call, std::slice::from_ref(&own)),
            "09:55"
        );
        let ladder = Ladder::on(day("2026-11-24"), &[own]);
        let line = ladder
            .lines()
            .iter()
            .find(|line| line.step == Step::Call && line.tier == Tier::Green);
        assert_eq!(
            line.map(|line| line.source.as_str()),
            Some("the school's own setting")
        );
    }

    #[test]
    fn a_child_missed_after_lunch_is_visited_by_the_end_of_the_day() {
        let calendar = SchoolCalendar::empty();
        let today = day("2026-11-24");
        let clock = Clock {
            closes: Instant::at_london(today, time("14:00")),
            session_ends: Instant::at_london(today, time("15:10")),
            ..morning(&calendar)
        };
        assert_eq!(
            clock
                .at(Due::Clock(time("11:45")))
                .in_london()
                .1
                .to_string(),
            "15:10"
        );
    }

    #[test]
    fn a_visit_comes_by_its_tiers_clock_and_not_when_everybody_was_tried() {
        let calendar = SchoolCalendar::new(calendar::CalendarRows {
            terms: vec![calendar::Period {
                name: "Autumn 2".to_owned(),
                first: day("2026-11-02"),
                last: day("2026-12-18"),
            }],
            ..calendar::CalendarRows::default()
        })
        .expect("a calendar");
        let comes = |tier, today: &str, closes: &str| {
            let clock = Clock {
                closes: Instant::at_london(day(today), time(closes)),
                session_ends: Instant::at_london(day(today), time("12:30")),
                ..morning(&calendar)
            };
            let steps = Ladder::on(day(today), &[]).steps(tier, &clock);
            visit_comes(&steps, day(today)).map(|at| {
                let (on, at) = at.in_london();
                format!("{on} {at}")
            })
        };
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(
            comes(Tier::Red, "2026-11-24", "09:10"),
            said("2026-11-24 09:40")
        );
        assert_eq!(comes(Tier::Amber, "2026-11-24", "09:10"), None);
        assert_eq!(
            comes(Tier::Amber, "2026-11-25", "08:00"),
            said("2026-11-25 09:15")
        );
        assert_eq!(comes(Tier::Green, "2026-11-25", "08:00"), None);
        assert_eq!(
            comes(Tier::Green, "2026-11-26", "08:00"),
            said("2026-11-26 10:00")
        );
        assert_eq!(
            comes(Tier::Green, "2026-11-27", "08:00"),
            said("2026-11-26 15:10"),
            "overdue from the beginning of the day"
        );
    }

    #[test]
    fn what_comes_next_is_the_earliest_that_is_not_done() {
        let calendar = SchoolCalendar::empty();
        let steps = Ladder::on(day("2026-11-24"), &[]).steps(Tier::Green, &morning(&calendar));
        let after =
            |done: &[Step]| next(&steps, &done.iter().copied().collect()).map(|timed| timed.step);
        assert_eq!(after(&[]), Some(Step::Message));
        assert_eq!(after(&[Step::Message]), Some(Step::Call));
        assert_eq!(
            after(&[Step::Call]),
            Some(Step::AllContacts),
            "a call stands for the message"
        );
        assert_eq!(after(&Step::ALL), None);
    }

    #[test]
    fn a_time_is_read_as_it_is_written_and_nothing_else_is_taken_for_one() {
        for text in ["+15", "at 11:45", "session end", "day end", "school day 3"] {
            let due: Due = text.parse().expect("a time");
            assert_eq!(due.to_string(), text);
        }
        for text in ["15", "+601", "at noon", "school day 0", "soon", ""] {
            assert!(text.parse::<Due>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_due_before_the_register_closes(minutes in 0_u32..=600, hour in 0_u32..24, number in 1_u32..=10) {
            let calendar = SchoolCalendar::empty();
            let clock = morning(&calendar);
            let at = TimeOfDay::new(hour, 0, 0).expect("an hour");
            for due in [Due::AfterClose(minutes), Due::Clock(at), Due::SessionEnd, Due::DayEnd, Due::SchoolDay(number)] {
                prop_assert!(clock.at(due) >= clock.closes, "{due}");
            }
        }
    }
}
