//! The states of one pupil's unexplained absence on one day, and the only ways from one to another (SM-1).
//!
//! There is no way off the list but by an outcome that somebody recorded: [`TABLE`] is all that can happen, and [`after`] refuses the rest.

use calendar::Instant;

/// Where a day's unexplained absence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nobody knows why the child is not here, and nobody was tried.
    Unexplained,
    /// Somebody gave a reason that no person has confirmed with a code.
    ReasonClaimed,
    /// People are being tried.
    Contacting,
    /// A parent says that the child is at school: the site is searched.
    Searching,
    /// The safeguarding lead decides the next step (E-020).
    LeadDecides,
    /// Somebody must go to the home.
    VisitDue,
    /// The police or social care must be decided on.
    OutsideDecision,
    /// The day ended without an answer.
    Continuing,
    /// The child was seen and is safe; why they were absent is not known yet.
    SeenUnexplained,
    /// A person confirmed the reason with a code.
    Explained,
    /// The child is here.
    Arrived,
}

impl State {
    /// All.
    pub const ALL: [State; 11] = [
        State::Unexplained,
        State::ReasonClaimed,
        State::Contacting,
        State::Searching,
        State::LeadDecides,
        State::VisitDue,
        State::OutsideDecision,
        State::Continuing,
        State::SeenUnexplained,
        State::Explained,
        State::Arrived,
    ];

    /// Whether it is known where the child is. A parent who was reached is not yet a child who was located.
    pub fn is_located(self) -> bool {
        matches!(
            self,
            State::SeenUnexplained | State::Explained | State::Arrived
        )
    }

    /// In words, as the board has it.
    pub fn words(self) -> &'static str {
        match self {
            State::Unexplained => "no call yet",
            State::ReasonClaimed => "reason given, not confirmed",
            State::Contacting => "being called",
            State::Searching => "search on site",
            State::LeadDecides => "with the safeguarding lead",
            State::VisitDue => "visit due",
            State::OutsideDecision => "police or social care to decide",
            State::Continuing => "still open from an earlier session",
            State::SeenUnexplained => "seen and safe, reason not known",
            State::Explained => "explained",
            State::Arrived => "arrived",
        }
    }
}

/// Something that happened, or was recorded, about the absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The register has the child absent without a reason, or without a mark after it closed: the first time that day, or again.
    MarkedAbsent,
    /// A message of a parent is in the queue of the absence line.
    MessageFound,
    /// Somebody was tried and nobody with an answer was reached.
    Tried,
    /// A parent was reached and gave a reason that was accepted.
    ReasonGiven,
    /// A person entered a code that says why.
    CodeConfirmed,
    /// A code that says why stands in the register of a continuing case, and nobody recorded who gave the reason (E-011).
    CodeEntered,
    /// Whoever was reached does not know, is not believed, is no parent, or refused (E-020).
    NotSatisfied,
    /// A parent says that the child is at school.
    SaysAtSchool,
    /// All contacts were tried and none answered, and the tier's time for it has passed.
    NobodyReached,
    /// The ladder's time for a visit has come, whoever was tried by then.
    VisitTime,
    /// The site was searched and the child is not there.
    NotOnSite,
    /// The safeguarding lead asks for a visit.
    LeadAsksForVisit,
    /// The safeguarding lead goes to the police or social care.
    LeadGoesOutside,
    /// The safeguarding lead has people tried again.
    LeadAsksForCalls,
    /// The child was seen or spoken to and is safe, on a visit or otherwise.
    Seen,
    /// A visit found nobody: a card was left.
    NoReplyAtHome,
    /// The child is here: the register has them present or late.
    Arrives,
    /// The school day ended.
    DayEnded,
}

/// Who or what lets a change happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing more than the event.
    None,
    /// The safeguarding lead, a deputy, or whoever heads the school: an attendance clerk cannot close this (E-020).
    Lead,
}

/// By when the next thing is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// None: the child is located, or the case is over.
    None,
    /// At once.
    Now,
    /// When the ladder says (E-016).
    Ladder,
    /// Before the session ends.
    SameSession,
    /// Before the day ends.
    SameDay,
    /// At 08:00 on the next school day.
    NextMorning,
}

/// A line of the table: what may happen where, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// In which states; empty for none, that is before the first.
    pub from: &'static [State],
    /// What happens.
    pub event: Event,
    /// Who may let it.
    pub guard: Guard,
    /// The state after it.
    pub next: State,
    /// By when something must follow.
    pub deadline: Deadline,
    /// What it brings about.
    pub produces: &'static str,
    /// The rule.
    pub rule: &'static str,
}

const START: &[State] = &[];
/// The states in which the child is not located and people are at work on it, but for the decision that only the lead can make.
const AT_WORK: &[State] = &[
    State::Unexplained,
    State::ReasonClaimed,
    State::Contacting,
    State::Searching,
    State::VisitDue,
    State::Continuing,
];
const LEADS: &[State] = &[State::LeadDecides, State::OutsideDecision];
const OPEN: &[State] = &[
    State::Unexplained,
    State::ReasonClaimed,
    State::Contacting,
    State::Searching,
    State::LeadDecides,
    State::VisitDue,
    State::OutsideDecision,
    State::Continuing,
];
const ANY: &[State] = &State::ALL;
const LOCATED: &[State] = &[State::SeenUnexplained, State::Explained, State::Arrived];

const fn row(
    from: &'static [State],
    event: Event,
    guard: Guard,
    next: State,
    deadline: Deadline,
    produces: &'static str,
    rule: &'static str,
) -> Row {
    Row {
        from,
        event,
        guard,
        next,
        deadline,
        produces,
        rule,
    }
}

/// Everything that can happen, in the order of SM-1 in `docs/law/escalation.md`; of two lines that fit the first holds.
///
/// Beyond the table there: a reason that was given and not confirmed keeps the child on the list, and so does one that comes by message while
/// people are being tried; "at school" starts a search of the site; what the safeguarding lead decides on stays theirs over
/// the night, and while it is with the lead no clerk ends it by a sighting either; a code
/// alone does not end a continuing case; and a child who is marked absent again comes back.
pub const TABLE: &[Row] = &[
    row(
        START,
        Event::MarkedAbsent,
        Guard::None,
        State::Unexplained,
        Deadline::Now,
        "list entry",
        "SM-1, E-010",
    ),
    row(
        START,
        Event::MessageFound,
        Guard::None,
        State::ReasonClaimed,
        Deadline::SameSession,
        "code proposal",
        "SM-1, E-014",
    ),
    row(
        &[State::Unexplained, State::Contacting, State::Continuing],
        Event::MessageFound,
        Guard::None,
        State::ReasonClaimed,
        Deadline::SameSession,
        "code proposal",
        "SM-1, E-014",
    ),
    row(
        &[
            State::Unexplained,
            State::ReasonClaimed,
            State::Contacting,
            State::Continuing,
        ],
        Event::Tried,
        Guard::None,
        State::Contacting,
        Deadline::Ladder,
        "contact attempt",
        "SM-1, E-018",
    ),
    row(
        AT_WORK,
        Event::ReasonGiven,
        Guard::None,
        State::ReasonClaimed,
        Deadline::SameSession,
        "contact attempt; a person confirms the code",
        "SM-1, E-014",
    ),
    row(
        AT_WORK,
        Event::CodeConfirmed,
        Guard::None,
        State::Explained,
        Deadline::None,
        "code amendment",
        "SM-1, E-025",
    ),
    row(
        AT_WORK,
        Event::CodeEntered,
        Guard::None,
        State::ReasonClaimed,
        Deadline::SameSession,
        "who gave the reason: a contact with its outcome",
        "E-011, E-018",
    ),
    row(
        LEADS,
        Event::CodeConfirmed,
        Guard::Lead,
        State::Explained,
        Deadline::None,
        "code amendment",
        "E-020",
    ),
    row(
        &[State::SeenUnexplained],
        Event::CodeConfirmed,
        Guard::None,
        State::Explained,
        Deadline::None,
        "code amendment",
        "SM-1, E-025",
    ),
    row(
        AT_WORK,
        Event::NotSatisfied,
        Guard::None,
        State::LeadDecides,
        Deadline::Now,
        "safeguarding task",
        "SM-1, E-020",
    ),
    row(
        AT_WORK,
        Event::SaysAtSchool,
        Guard::None,
        State::Searching,
        Deadline::Now,
        "search on site",
        "E-029",
    ),
    row(
        &[State::Searching],
        Event::NotOnSite,
        Guard::None,
        State::LeadDecides,
        Deadline::Now,
        "safeguarding task",
        "E-029, E-020",
    ),
    row(
        &[State::Unexplained, State::Contacting, State::Continuing],
        Event::NobodyReached,
        Guard::None,
        State::VisitDue,
        Deadline::Ladder,
        "visit order",
        "SM-1, E-016",
    ),
    row(
        &[State::Unexplained, State::Contacting, State::Continuing],
        Event::VisitTime,
        Guard::None,
        State::VisitDue,
        Deadline::Ladder,
        "visit order",
        "SM-1, E-016",
    ),
    row(
        LEADS,
        Event::LeadAsksForVisit,
        Guard::Lead,
        State::VisitDue,
        Deadline::Ladder,
        "visit order",
        "E-020",
    ),
    row(
        LEADS,
        Event::LeadAsksForCalls,
        Guard::Lead,
        State::Contacting,
        Deadline::Ladder,
        "calls to make",
        "E-020",
    ),
    row(
        OPEN,
        Event::LeadGoesOutside,
        Guard::Lead,
        State::OutsideDecision,
        Deadline::SameDay,
        "police or social care referral",
        "E-020",
    ),
    row(
        AT_WORK,
        Event::Seen,
        Guard::None,
        State::SeenUnexplained,
        Deadline::None,
        "visit record",
        "SM-1, E-018",
    ),
    row(
        LEADS,
        Event::Seen,
        Guard::Lead,
        State::SeenUnexplained,
        Deadline::None,
        "visit record",
        "SM-1, E-020",
    ),
    row(
        &[State::VisitDue],
        Event::NoReplyAtHome,
        Guard::None,
        State::OutsideDecision,
        Deadline::SameDay,
        "card left, task for the safeguarding lead",
        "SM-1, E-016",
    ),
    row(
        ANY,
        Event::Arrives,
        Guard::None,
        State::Arrived,
        Deadline::None,
        "L or U, ladder cancelled",
        "SM-1, E-023",
    ),
    row(
        LOCATED,
        Event::MarkedAbsent,
        Guard::None,
        State::Unexplained,
        Deadline::Now,
        "list entry, reopened",
        "E-011",
    ),
    row(
        AT_WORK,
        Event::DayEnded,
        Guard::None,
        State::Continuing,
        Deadline::NextMorning,
        "carry-over with day count",
        "SM-1, E-011",
    ),
    row(
        &[State::LeadDecides],
        Event::DayEnded,
        Guard::None,
        State::LeadDecides,
        Deadline::NextMorning,
        "carry-over with day count; still the safeguarding lead's",
        "SM-1, E-011, E-020",
    ),
    row(
        &[State::OutsideDecision],
        Event::DayEnded,
        Guard::None,
        State::OutsideDecision,
        Deadline::NextMorning,
        "carry-over with day count; still the safeguarding lead's",
        "SM-1, E-011, E-020",
    ),
];

/// An event that cannot happen in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotHappen {
    /// The table has no such line.
    #[error("that cannot follow while the absence stands at “{}” (SM-1)", state_words(*state))]
    NoWay {
        /// The state.
        state: Option<State>,
    },
    /// Only the safeguarding lead may let it.
    #[error("the safeguarding lead decides here, and not the attendance office (E-020)")]
    OnlyTheLead,
}

fn state_words(state: Option<State>) -> &'static str {
    state.map_or("not on the list", State::words)
}

/// What comes after an event in a state; `lead` is whether whoever records it may decide for safeguarding.
///
/// Rule: SM-1. Errors: the table has no line for it, or only one that a lead may take.
pub fn after(state: Option<State>, event: Event, lead: bool) -> Result<&'static Row, CannotHappen> {
    let fits = |row: &&Row| {
        row.event == event
            && match state {
                None => row.from.is_empty(),
                Some(state) => row.from.contains(&state),
            }
    };
    let mut found = TABLE.iter().filter(fits).peekable();
    if found.peek().is_none() {
        return Err(CannotHappen::NoWay { state });
    }
    found
        .find(|row| row.guard == Guard::None || lead)
        .ok_or(CannotHappen::OnlyTheLead)
}

/// Something that happened to a case, as the record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Instant,
    /// What.
    pub event: Event,
    /// Whether whoever recorded it may decide for safeguarding.
    pub lead: bool,
}

/// Where a day's absence stands after all that happened, in the order in which it happened; none while nothing put the child on the list.
///
/// What the table does not allow changes nothing, so whatever is recorded beside it no child is lost: being marked absent alone
/// opens, and only the lines of the table close.
pub fn standing(happened: &[Happened]) -> Option<(State, &'static Row, Instant)> {
    let mut standing: Option<(State, &'static Row, Instant)> = None;
    for one in happened {
        let state = standing.map(|(state, _, _)| state);
        if let Ok(row) = after(state, one.event, one.lead) {
            standing = Some((row.next, row, one.at));
        }
    }
    standing
}

/// When the child was located for the last time, if they are; none while they are not.
pub fn located_at(happened: &[Happened]) -> Option<Instant> {
    let mut since = None;
    for end in 1..=happened.len() {
        let (state, _, at) = standing(&happened[..end])?;
        match (state.is_located(), since) {
            (true, None) => since = Some(at),
            (false, Some(_)) => since = None,
            _ => {}
        }
    }
    since
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVENTS: [Event; 18] = [
        Event::MarkedAbsent,
        Event::MessageFound,
        Event::Tried,
        Event::ReasonGiven,
        Event::CodeConfirmed,
        Event::CodeEntered,
        Event::NotSatisfied,
        Event::SaysAtSchool,
        Event::NobodyReached,
        Event::VisitTime,
        Event::NotOnSite,
        Event::LeadAsksForVisit,
        Event::LeadGoesOutside,
        Event::LeadAsksForCalls,
        Event::Seen,
        Event::NoReplyAtHome,
        Event::Arrives,
        Event::DayEnded,
    ];

    fn run(events: &[Event]) -> Option<State> {
        let happened: Vec<Happened> = story(events, true);
        standing(&happened).map(|(state, _, _)| state)
    }

    fn story(events: &[Event], lead: bool) -> Vec<Happened> {
        let times = (0..).map(|minute| Instant::from_micros(minute * 60_000_000));
        let pairs = events.iter().zip(times);
        pairs
            .map(|(event, at)| Happened {
                at,
                event: *event,
                lead,
            })
            .collect()
    }

    #[test]
    fn a_parent_who_was_reached_is_not_a_child_who_was_located() {
        let reached = run(&[Event::MarkedAbsent, Event::Tried, Event::ReasonGiven]);
        assert_eq!(reached, Some(State::ReasonClaimed));
        assert!(!State::ReasonClaimed.is_located());
        let confirmed = run(&[
            Event::MarkedAbsent,
            Event::ReasonGiven,
            Event::CodeConfirmed,
        ]);
        assert_eq!(confirmed, Some(State::Explained));
    }

    #[test]
    fn at_school_says_a_parent_and_the_site_is_searched() {
        let told = [Event::MarkedAbsent, Event::SaysAtSchool];
        assert_eq!(run(&told), Some(State::Searching));
        assert_eq!(
            run(&[&told[..], &[Event::NotOnSite]].concat()),
            Some(State::LeadDecides)
        );
        assert_eq!(
            run(&[&told[..], &[Event::Arrives]].concat()),
            Some(State::Arrived)
        );
    }

    #[test]
    fn what_the_lead_has_to_decide_no_clerk_can_close() {
        let doubted = Some(State::LeadDecides);
        assert_eq!(
            after(doubted, Event::CodeConfirmed, false),
            Err(CannotHappen::OnlyTheLead)
        );
        assert!(after(doubted, Event::CodeConfirmed, true).is_ok());
        for closing in [Event::CodeConfirmed, Event::Seen] {
            let events = [Event::MarkedAbsent, Event::NotSatisfied, closing];
            let by_clerk = standing(&story(&events, false)).map(|(state, _, _)| state);
            assert_eq!(by_clerk, Some(State::LeadDecides), "{closing:?}");
            let by_lead = standing(&story(&events, true)).map(|(state, _, _)| state);
            assert!(by_lead.is_some_and(State::is_located), "{closing:?}");
        }
    }

    #[test]
    fn a_child_who_is_marked_absent_again_is_back_on_the_list() {
        for settled in [Event::CodeConfirmed, Event::Arrives, Event::Seen] {
            let again = run(&[Event::MarkedAbsent, settled, Event::MarkedAbsent]);
            assert_eq!(again, Some(State::Unexplained), "{settled:?}");
        }
    }

    #[test]
    fn what_the_lead_has_to_decide_is_still_theirs_the_next_morning() {
        for doubted in [
            &[Event::MarkedAbsent, Event::NotSatisfied][..],
            &[
                Event::MarkedAbsent,
                Event::NobodyReached,
                Event::NoReplyAtHome,
            ],
        ] {
            let night = [doubted, &[Event::DayEnded]].concat();
            assert_eq!(run(&night), run(doubted));
            let closed = story(&[&night[..], &[Event::CodeConfirmed]].concat(), false);
            let state = standing(&closed).map(|(state, _, _)| state);
            assert_eq!(
                state,
                run(doubted),
                "no clerk closes it in the morning either"
            );
        }
    }

    #[test]
    fn a_message_that_comes_while_people_are_tried_is_a_reason_that_a_person_confirms() {
        let message = [Event::MarkedAbsent, Event::Tried, Event::MessageFound];
        assert_eq!(run(&message), Some(State::ReasonClaimed));
        assert_eq!(
            run(&[&message[..], &[Event::Tried]].concat()),
            Some(State::Contacting),
            "whoever rings all the same has the row back among those being called"
        );
        assert_eq!(
            run(&[&message[..], &[Event::CodeConfirmed]].concat()),
            Some(State::Explained)
        );
        for settled in [
            &[
                Event::MarkedAbsent,
                Event::NotSatisfied,
                Event::MessageFound,
            ][..],
            &[
                Event::MarkedAbsent,
                Event::NobodyReached,
                Event::MessageFound,
            ],
        ] {
            assert_eq!(
                run(settled),
                run(&settled[..2]),
                "a message alone stops neither the lead nor a visit"
            );
        }
    }

    #[test]
    fn a_visit_without_a_reply_goes_to_police_or_social_care_the_same_day() {
        let events = [
            Event::MarkedAbsent,
            Event::Tried,
            Event::NobodyReached,
            Event::NoReplyAtHome,
        ];
        let happened = story(&events, false);
        let (state, row, _) = standing(&happened).expect("a case");
        assert_eq!(
            (state, row.deadline),
            (State::OutsideDecision, Deadline::SameDay)
        );
    }

    #[test]
    fn the_minute_a_child_was_located_is_that_of_the_last_time() {
        let events = [
            Event::MarkedAbsent,
            Event::Arrives,
            Event::MarkedAbsent,
            Event::Tried,
            Event::CodeConfirmed,
        ];
        let happened = story(&events, false);
        assert_eq!(located_at(&happened), Some(happened[4].at));
        assert_eq!(located_at(&happened[..4]), None);
        assert_eq!(located_at(&happened[..2]), Some(happened[1].at));
    }

    #[test]
    fn every_line_of_the_table_can_be_reached_and_every_state_has_a_way_out_to_a_located_child() {
        for row in TABLE {
            let state = row.from.first().copied();
            assert!(after(state, row.event, true).is_ok(), "{row:?}");
        }
        for state in State::ALL {
            assert!(after(Some(state), Event::Arrives, false).is_ok());
        }
    }

    fn some_event() -> impl Strategy<Value = (Event, bool)> {
        (prop::sample::select(EVENTS.to_vec()), any::<bool>())
    }

    proptest! {
        // Independent of the table: whatever happens, only these three locate a child, and the last word has to be one of them.
        #[test]
        fn nothing_takes_a_child_off_the_list_but_a_code_a_sighting_or_an_arrival(happened in prop::collection::vec(some_event(), 0..24)) {
            let story: Vec<Happened> = happened
                .iter()
                .enumerate()
                .map(|(minute, (event, lead))| Happened { at: Instant::from_micros(minute as i64), event: *event, lead: *lead })
                .collect();
            let Some((state, _, _)) = standing(&story) else {
                return Ok(());
            };
            let last_absent = happened.iter().rposition(|(event, _)| *event == Event::MarkedAbsent).unwrap_or(0);
            let located = happened[last_absent..]
                .iter()
                .any(|(event, _)| matches!(event, Event::CodeConfirmed | Event::Seen | Event::Arrives));
            if state.is_located() {
                let ever = happened.iter().any(|(event, _)| matches!(event, Event::CodeConfirmed | Event::Seen | Event::Arrives));
                prop_assert!(ever);
            }
            if !located && happened[last_absent].0 == Event::MarkedAbsent {
                prop_assert!(!state.is_located(), "{happened:?}");
            }
        }

        #[test]
        fn a_day_that_ends_closes_nothing(happened in prop::collection::vec(some_event(), 1..24)) {
            let mut events: Vec<Event> = vec![Event::MarkedAbsent];
            events.extend(happened.iter().map(|(event, _)| *event));
            let before = run(&events);
            events.push(Event::DayEnded);
            let after = run(&events);
            prop_assert_eq!(before.map(State::is_located), after.map(State::is_located));
        }
    }
}
