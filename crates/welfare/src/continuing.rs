//! An absence that goes on: what one school day leaves to the next, and what a continuing case needs before a code ends it (E-011).

use calendar::{Day, Instant, TimeOfDay};

use crate::absence::{Event, Happened, Row, State, after};

/// At this session in a row without a reason a case of continuing unexplained absence is open.
///
/// Rule: E-011. That contact goes on is STAT (SRC-WT26 p.20); that it is the second session is PRODUCT.
pub const SESSIONS: usize = 2;

/// When a case that goes on is taken up again on the next school day: at eight (SM-1). The minutes of its ladder run from then.
pub fn taken_up(day: Day) -> Instant {
    let eight = TimeOfDay::new(8, 0, 0).expect("eight is a clock time");
    Instant::at_london(day, eight)
}

/// What happened to one pupil on one school day, as the record of that day has it by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayStory {
    /// The day.
    pub day: Day,
    /// When its last session ends.
    pub ends: Instant,
    /// What happened, in order. What was put right later stands here too, with the time at which it was.
    pub happened: Vec<Happened>,
    /// Sessions of the day that stood without a reason at once.
    pub unexplained: usize,
    /// Whether somebody gave a reason that was accepted, or the child was seen (E-018).
    pub outcome: bool,
}

/// Days on which nobody knows where the child is, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first of them.
    pub first_day: Day,
    /// Where the absence stands after the last.
    pub state: State,
    /// The line of the table that brought it there.
    pub line: &'static Row,
    /// Since when it stands there.
    pub since: Instant,
    /// Sessions without a reason in it.
    pub unexplained: usize,
    /// Whether in it somebody gave a reason that was accepted, or the child was seen.
    pub outcome: bool,
}

impl Run {
    /// Whether the child is not located.
    pub fn is_open(&self) -> bool {
        !self.state.is_located()
    }
}

/// What a code in the register says about an absence with so many sessions without a reason.
///
/// Rule: E-011, E-018. From the second session on the code alone ends nothing: the outcome of a contact must be recorded too, before it or
/// after it.
pub fn code_says(unexplained: usize, outcome: bool) -> Event {
    match unexplained >= SESSIONS && !outcome {
        true => Event::CodeEntered,
        false => Event::CodeConfirmed,
    }
}

/// The absence after one more day, by the same table as within a day (SM-1).
///
/// A day is told whole before the next: what was put right later about Monday belongs to Monday, so a reason that is found for Monday says
/// nothing about Tuesday.
pub fn go_on(before: Option<Run>, story: &DayStory) -> Option<Run> {
    let mut run = before;
    for one in &story.happened {
        let state = run.as_ref().map(|run| run.state);
        let Ok(line) = after(state, one.event, one.lead) else {
            continue;
        };
        let goes_on = run.filter(Run::is_open);
        run = Some(Run {
            first_day: goes_on.as_ref().map_or(story.day, |run| run.first_day),
            unexplained: goes_on.as_ref().map_or(0, |run| run.unexplained),
            outcome: goes_on.as_ref().is_some_and(|run| run.outcome),
            state: line.next,
            line,
            since: one.at,
        });
    }
    if let Some(run) = &mut run {
        run.unexplained += story.unexplained;
        run.outcome |= story.outcome;
    }
    run
}

/// What these days, one after another, leave open to the next morning; none where the child was located since.
///
/// Rule: SM-1, "any open, end of day, still open: Continuing".
pub fn left_open(run: Option<Run>, ended: Instant) -> Option<Run> {
    let run = run.filter(Run::is_open)?;
    match after(Some(run.state), Event::DayEnded, false) {
        Ok(line) if line.next != run.state => Some(Run {
            state: line.next,
            line,
            since: ended,
            ..run
        }),
        _ => Some(run),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day of a test")
    }

    fn at(on: &str, clock: &str) -> Instant {
        Instant::at_london(day(on), clock.parse().expect("a time of a test"))
    }

    const MONDAY: &str = "2026-11-23";
    const TUESDAY: &str = "2026-11-24";
    const WEDNESDAY: &str = "2026-11-25";

    fn told(on: &str, unexplained: usize, events: &[(&str, Event)]) -> DayStory {
        let happened = events.iter().map(|(clock, event)| Happened {
            at: at(on, clock),
            event: *event,
            lead: false,
        });
        DayStory {
            day: day(on),
            ends: at(on, "15:10"),
            happened: happened.collect(),
            unexplained,
            outcome: false,
        }
    }

    fn after_days(stories: &[DayStory]) -> Option<Run> {
        stories
            .iter()
            .fold(None, |run, story| left_open(go_on(run, story), story.ends))
    }

    #[test]
    fn whoever_is_not_found_on_monday_is_on_tuesdays_list_from_the_beginning() {
        let monday = told(
            MONDAY,
            2,
            &[("09:10", Event::MarkedAbsent), ("09:30", Event::Tried)],
        );
        let left = after_days(&[monday]).expect("a case");
        assert_eq!(
            (left.state, left.first_day),
            (State::Continuing, day(MONDAY))
        );
        assert_eq!(left.unexplained, 2);
        assert_eq!(left.since, at(MONDAY, "15:10"));
    }

    #[test]
    fn coming_back_being_seen_or_a_confirmed_code_ends_it_and_nothing_else() {
        let monday = told(MONDAY, 1, &[("09:10", Event::MarkedAbsent)]);
        for (event, is_over) in [
            (Event::Arrives, true),
            (Event::Seen, true),
            (Event::CodeConfirmed, true),
            (Event::CodeEntered, false),
            (Event::Tried, false),
            (Event::ReasonGiven, false),
            (Event::DayEnded, false),
        ] {
            let days = [monday.clone(), told(TUESDAY, 0, &[("08:50", event)])];
            assert_eq!(after_days(&days).is_none(), is_over, "{event:?}");
        }
    }

    #[test]
    fn a_reason_found_for_monday_says_nothing_about_tuesday() {
        let mut monday = told(MONDAY, 0, &[("09:10", Event::MarkedAbsent)]);
        monday.happened.push(Happened {
            at: at(WEDNESDAY, "08:30"),
            event: Event::CodeConfirmed,
            lead: false,
        });
        let tuesday = told(TUESDAY, 2, &[("09:10", Event::MarkedAbsent)]);
        let left = after_days(&[monday, tuesday]).expect("Tuesday is still open");
        assert_eq!((left.first_day, left.unexplained), (day(TUESDAY), 2));
    }

    #[test]
    fn a_child_who_was_seen_and_is_missed_again_begins_a_new_count() {
        let days = [
            told(
                MONDAY,
                2,
                &[("09:10", Event::MarkedAbsent), ("14:00", Event::Seen)],
            ),
            told(TUESDAY, 1, &[("09:10", Event::MarkedAbsent)]),
        ];
        let left = after_days(&days).expect("a case");
        assert_eq!((left.first_day, left.unexplained), (day(TUESDAY), 1));
    }

    #[test]
    fn from_the_second_session_on_a_code_ends_the_case_only_with_the_outcome_of_a_contact() {
        assert_eq!(code_says(1, false), Event::CodeConfirmed);
        assert_eq!(code_says(2, false), Event::CodeEntered);
        assert_eq!(code_says(2, true), Event::CodeConfirmed);
        assert_eq!(code_says(9, false), Event::CodeEntered);
    }

    fn some_day() -> impl Strategy<Value = Vec<Event>> {
        let events = vec![
            Event::MarkedAbsent,
            Event::Tried,
            Event::ReasonGiven,
            Event::CodeEntered,
            Event::NotSatisfied,
            Event::NobodyReached,
            Event::NoReplyAtHome,
            Event::SaysAtSchool,
            Event::NotOnSite,
            Event::DayEnded,
            Event::MessageFound,
        ];
        prop::collection::vec(prop::sample::select(events), 0..6)
    }

    proptest! {
        // Independent of the table: without an arrival, a sighting or a confirmed code nobody who was missed is ever off the list.
        #[test]
        fn days_on_which_nobody_is_located_leave_everybody_who_was_missed(days in prop::collection::vec(some_day(), 1..20)) {
            let mut missed = false;
            let mut run = None;
            for (number, events) in days.iter().enumerate() {
                missed |= events.contains(&Event::MarkedAbsent) || events.contains(&Event::MessageFound);
                let on = day(MONDAY).plus_days(number as i32);
                let ends = Instant::at_london(on, "15:10".parse().expect("a time"));
                let happened = events.iter().map(|event| Happened { at: ends, event: *event, lead: false });
                let story = DayStory { day: on, ends, happened: happened.collect(), unexplained: 0, outcome: false };
                run = left_open(go_on(run, &story), ends);
                prop_assert_eq!(run.is_some(), missed, "{:?}", days);
            }
        }
    }
}
