//! A concern about a child, from the words of whoever raised it to the safeguarding lead's decision (B-200 to B-209, SM 8.5).
//!
//! Nothing but a decision of the lead lets go of a child whom a concern holds on the morning's list (E-020).

use calendar::{Instant, SchoolCalendar, TimeOfDay};

use crate::absence::Event;

/// Where a concern stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Handed over; nobody of the safeguarding team has taken it.
    New,
    /// Somebody of the team has it; nothing is decided.
    Acknowledged,
    /// The team has asked for more before it decides.
    InformationAsked,
    /// Decided, and the school does something about it.
    ActionOpen,
    /// Decided: police or social care were asked, and their answer is awaited.
    Referred,
    /// Decided: it is watched until a day.
    Monitored,
    /// Over, with a ground.
    Closed,
}

impl State {
    /// All.
    pub const ALL: [State; 7] = [
        State::New,
        State::Acknowledged,
        State::InformationAsked,
        State::ActionOpen,
        State::Referred,
        State::Monitored,
        State::Closed,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            State::New => "new",
            State::Acknowledged => "acknowledged",
            State::InformationAsked => "more was asked for",
            State::ActionOpen => "action open",
            State::Referred => "referred",
            State::Monitored => "watched",
            State::Closed => "closed",
        }
    }

    /// Whether it still asks something of the safeguarding team.
    pub fn is_open(self) -> bool {
        self != State::Closed
    }

    /// Whether nothing was decided yet, so that a child held by it stays on the morning's list (E-020).
    pub fn is_undecided(self) -> bool {
        matches!(
            self,
            State::New | State::Acknowledged | State::InformationAsked
        )
    }
}

/// What the safeguarding lead decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// The attendance office goes on and settles the absence.
    HandBack,
    /// Somebody goes to the home.
    Visit,
    /// Early help is offered to the family.
    EarlyHelp,
    /// It is watched until a day.
    Monitor,
    /// A referral to children's social care.
    SocialCare,
    /// The police are asked for a welfare check.
    PoliceCheck,
    /// A strategy discussion with social care and police.
    StrategyDiscussion,
    /// No further action.
    NoFurtherAction,
}

impl Decision {
    /// All, in the order in which they are offered.
    pub const ALL: [Decision; 8] = [
        Decision::HandBack,
        Decision::Visit,
        Decision::EarlyHelp,
        Decision::Monitor,
        Decision::SocialCare,
        Decision::PoliceCheck,
        Decision::StrategyDiscussion,
        Decision::NoFurtherAction,
    ];

    /// The word in records and forms.
    pub fn key(self) -> &'static str {
        match self {
            Decision::HandBack => "hand_back",
            Decision::Visit => "visit",
            Decision::EarlyHelp => "early_help",
            Decision::Monitor => "monitor",
            Decision::SocialCare => "social_care",
            Decision::PoliceCheck => "police_check",
            Decision::StrategyDiscussion => "strategy_discussion",
            Decision::NoFurtherAction => "no_further_action",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Decision> {
        Decision::ALL.into_iter().find(|one| one.key() == key)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Decision::HandBack => "the attendance office goes on",
            Decision::Visit => "visit the home",
            Decision::EarlyHelp => "early help",
            Decision::Monitor => "watch, and look again",
            Decision::SocialCare => "refer to children's social care",
            Decision::PoliceCheck => "ask the police for a welfare check",
            Decision::StrategyDiscussion => "strategy discussion",
            Decision::NoFurtherAction => "no further action",
        }
    }

    /// Where the concern stands after it.
    ///
    /// Rule: SM 8.5 (`docs/law/safeguarding.md`).
    pub fn leads_to(self) -> State {
        match self {
            Decision::HandBack | Decision::Visit | Decision::EarlyHelp => State::ActionOpen,
            Decision::Monitor => State::Monitored,
            Decision::SocialCare | Decision::PoliceCheck | Decision::StrategyDiscussion => {
                State::Referred
            }
            Decision::NoFurtherAction => State::Closed,
        }
    }

    /// Whether it needs a next step and a day: every one but the last (B-210).
    pub fn needs_next_step(self) -> bool {
        self.leads_to().is_open()
    }

    /// What it is to the absence of a child who is on the morning's list (SM-1, E-020).
    pub fn on_absence(self) -> Event {
        match self {
            Decision::Visit => Event::LeadAsksForVisit,
            Decision::SocialCare | Decision::PoliceCheck | Decision::StrategyDiscussion => {
                Event::LeadGoesOutside
            }
            Decision::HandBack
            | Decision::EarlyHelp
            | Decision::Monitor
            | Decision::NoFurtherAction => Event::LeadAsksForCalls,
        }
    }
}

/// Something that happens to a concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Somebody of the team takes it (B-208).
    Acknowledge,
    /// The team asks for more.
    AskForMore,
    /// Somebody who reads it adds to it. What was handed over is never changed (B-203).
    Add,
    /// The lead decides.
    Decide(Decision),
    /// Somebody outside was asked, and their answer is awaited.
    Refer(Agency),
    /// They answered.
    Answer(Answered),
    /// What was decided is done; the lead closes it.
    Close,
    /// New information opens it again.
    Reopen,
}

/// Who outside the school is asked (B-209).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agency {
    /// Children's social care.
    SocialCare,
    /// The police, by 101: a welfare check.
    Police,
    /// The police, by 999: danger now.
    PoliceNow,
    /// Early help of the local authority.
    EarlyHelp,
    /// Channel, for radicalisation.
    Channel,
}

impl Agency {
    /// All.
    pub const ALL: [Agency; 5] = [
        Agency::SocialCare,
        Agency::Police,
        Agency::PoliceNow,
        Agency::EarlyHelp,
        Agency::Channel,
    ];

    /// The word in records and forms.
    pub fn key(self) -> &'static str {
        match self {
            Agency::SocialCare => "social_care",
            Agency::Police => "police_101",
            Agency::PoliceNow => "police_999",
            Agency::EarlyHelp => "early_help",
            Agency::Channel => "channel",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Agency> {
        Agency::ALL.into_iter().find(|agency| agency.key() == key)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Agency::SocialCare => "children's social care",
            Agency::Police => "the police (101): welfare check",
            Agency::PoliceNow => "the police (999): danger now",
            Agency::EarlyHelp => "early help",
            Agency::Channel => "Channel",
        }
    }

    /// Whether asking them is going to police or social care, as the states of an absence have it (SM-1, E-016).
    pub fn is_police_or_social_care(self) -> bool {
        matches!(
            self,
            Agency::SocialCare | Agency::Police | Agency::PoliceNow
        )
    }
}

/// What they answered (SM 8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answered {
    /// They take it.
    Accepted,
    /// They do not: the lead decides anew, or escalates.
    NotAccepted,
    /// They have said that they will answer, or told something on the way.
    OnTheWay,
}

impl Answered {
    /// All.
    pub const ALL: [Answered; 3] = [
        Answered::Accepted,
        Answered::NotAccepted,
        Answered::OnTheWay,
    ];

    /// The word in records and forms.
    pub fn key(self) -> &'static str {
        match self {
            Answered::Accepted => "accepted",
            Answered::NotAccepted => "not_accepted",
            Answered::OnTheWay => "on_the_way",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Answered> {
        Answered::ALL.into_iter().find(|one| one.key() == key)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Answered::Accepted => "accepted: they act",
            Answered::NotAccepted => "not accepted: the lead decides anew",
            Answered::OnTheWay => "told something, final answer to come",
        }
    }
}

/// A step that cannot follow where a concern stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("That cannot follow while the concern is {} (SM 8.5). Nothing was saved.", .0.words())]
pub struct CannotFollow(pub State);

/// Where a concern stands after a step.
///
/// Rule: SM 8.5. A decision takes the concern over, acknowledged before or not, and a later decision stands in the place of an earlier one
/// (B-209). Adding moves nothing but a concern of which more was asked. Errors: the step cannot follow.
pub fn after(state: State, step: Step) -> Result<State, CannotFollow> {
    match (state, step) {
        (State::New, Step::Acknowledge) => Ok(State::Acknowledged),
        (State::New | State::Acknowledged, Step::AskForMore) => Ok(State::InformationAsked),
        (State::InformationAsked, Step::Add) => Ok(State::Acknowledged),
        (state, Step::Add) => Ok(state),
        (state, Step::Decide(decision)) if state.is_open() => Ok(decision.leads_to()),
        (state, Step::Refer(_)) if state.is_open() => Ok(State::Referred),
        // Who was refused decides anew, or escalates.
        (State::Referred, Step::Answer(Answered::NotAccepted)) => Ok(State::Acknowledged),
        (State::Referred, Step::Answer(_)) => Ok(State::Referred),
        (State::ActionOpen | State::Referred | State::Monitored, Step::Close) => Ok(State::Closed),
        (State::Closed, Step::Reopen) => Ok(State::Acknowledged),
        (state, _) => Err(CannotFollow(state)),
    }
}

/// Where a concern stands after all its steps, in order. A step that cannot follow moves nothing.
pub fn standing(steps: impl IntoIterator<Item = Step>) -> State {
    steps.into_iter().fold(State::New, |state, step| {
        after(state, step).unwrap_or(state)
    })
}

/// By when somebody of the team has to have taken a concern.
///
/// Rule: B-208 (PRODUCT): within an hour of a school day, the same day at the latest. Raised on a school day it is due an hour later; raised on another
/// day, or before the school opens, an hour after the school next opens. Units: minutes of the clock.
pub fn acknowledge_by(raised: Instant, calendar: &SchoolCalendar, opens: TimeOfDay) -> Instant {
    let (day, _) = raised.in_london();
    let starts = match calendar.is_school_day(day) {
        true => raised.max(Instant::at_london(day, opens)),
        false => {
            let next = calendar.school_days_after(day, 1);
            next.map_or(raised, |next| Instant::at_london(next, opens))
        }
    };
    starts.plus_seconds(60 * 60)
}

/// Who is told of a concern that nobody has taken in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Escalated {
    /// The deputies, once the time has passed.
    Deputy,
    /// The head, an hour later.
    Head,
}

impl Escalated {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Escalated::Deputy => "not taken in time: the deputy takes it (B-208)",
            Escalated::Head => "not taken for an hour beyond its time: the head takes it (B-208)",
        }
    }
}

/// Who is told now of a concern that should have been taken by then; none while there is time.
///
/// Rule: B-208 (PRODUCT): unacknowledged entries escalate to the deputy, then to the head.
pub fn escalated(due: Instant, now: Instant) -> Option<Escalated> {
    match due.seconds_until(now) {
        late if late >= 60 * 60 => Some(Escalated::Head),
        late if late >= 0 => Some(Escalated::Deputy),
        _ => None,
    }
}

/// How grave the team takes a concern to be (B-207).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Low: the default.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

impl Level {
    /// All.
    pub const ALL: [Level; 3] = [Level::Low, Level::Medium, Level::High];

    /// The word in records, forms and on screens.
    pub fn key(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(day: &str, time: &str) -> Instant {
        let (day, time) = (day.parse(), time.parse());
        Instant::at_london(day.expect("a day"), time.expect("a time"))
    }

    fn some_step() -> impl Strategy<Value = Step> {
        let decision = prop::sample::select(Decision::ALL.to_vec());
        prop_oneof![
            Just(Step::Acknowledge),
            Just(Step::AskForMore),
            Just(Step::Add),
            decision.prop_map(Step::Decide),
            prop::sample::select(Agency::ALL.to_vec()).prop_map(Step::Refer),
            prop::sample::select(Answered::ALL.to_vec()).prop_map(Step::Answer),
            Just(Step::Close),
            Just(Step::Reopen),
        ]
    }

    #[test]
    fn a_concern_is_taken_asked_about_and_decided() {
        let asked = [Step::Acknowledge, Step::AskForMore];
        assert_eq!(standing(asked), State::InformationAsked);
        assert_eq!(
            standing([asked[0], asked[1], Step::Add]),
            State::Acknowledged
        );
        let referred = Step::Decide(Decision::SocialCare);
        assert_eq!(standing([referred]), State::Referred);
        assert_eq!(standing([referred, Step::Close]), State::Closed);
        let again = [referred, Step::Close, Step::Reopen];
        assert_eq!(standing(again), State::Acknowledged);
    }

    #[test]
    fn what_was_never_decided_cannot_be_closed_and_what_is_closed_not_decided() {
        for state in [State::New, State::Acknowledged, State::InformationAsked] {
            assert_eq!(after(state, Step::Close), Err(CannotFollow(state)));
        }
        let decided = Step::Decide(Decision::EarlyHelp);
        assert_eq!(
            after(State::Closed, decided),
            Err(CannotFollow(State::Closed))
        );
    }

    #[test]
    fn who_outside_does_not_accept_a_referral_leaves_the_decision_with_the_lead() {
        let asked = Step::Refer(Agency::SocialCare);
        assert_eq!(standing([asked]), State::Referred);
        for answer in Answered::ALL {
            assert_eq!(Answered::from_key(answer.key()), Some(answer));
            let state = standing([asked, Step::Answer(answer)]);
            let is_refused = answer == Answered::NotAccepted;
            assert_eq!(state.is_undecided(), is_refused, "{answer:?}");
        }
        let unasked = Step::Answer(Answered::Accepted);
        assert!(after(State::New, unasked).is_err(), "nobody was asked");
        for agency in Agency::ALL {
            assert_eq!(Agency::from_key(agency.key()), Some(agency));
        }
    }

    #[test]
    fn every_decision_is_found_by_its_key_and_only_the_last_needs_no_next_step() {
        for decision in Decision::ALL {
            assert_eq!(Decision::from_key(decision.key()), Some(decision));
            let is_last = decision == Decision::NoFurtherAction;
            assert_eq!(decision.needs_next_step(), !is_last, "{decision:?}");
        }
        for level in Level::ALL {
            assert_eq!(Level::from_key(level.key()), Some(level));
        }
    }

    #[test]
    fn a_concern_of_a_saturday_is_taken_an_hour_after_the_school_opens_again() {
        let no_school = SchoolCalendar::empty();
        let opens = "08:30".parse().expect("a time");
        let raised = at("2026-11-21", "10:00");
        // A calendar that reaches no school day makes it early rather than never.
        let due = acknowledge_by(raised, &no_school, opens);
        assert_eq!(due, at("2026-11-21", "11:00"));
    }

    #[test]
    fn the_deputy_is_told_as_the_time_passes_and_the_head_an_hour_later() {
        let due = at("2026-11-24", "10:00");
        for (now, who) in [
            ("09:59", None),
            ("10:00", Some(Escalated::Deputy)),
            ("10:59", Some(Escalated::Deputy)),
            ("11:00", Some(Escalated::Head)),
        ] {
            assert_eq!(escalated(due, at("2026-11-24", now)), who, "{now}");
        }
    }

    proptest! {
        // Independent of the table: nothing but a decision or a referral ends being undecided, whatever else is recorded.
        #[test]
        fn only_a_decision_lets_go_of_a_child(steps in prop::collection::vec(some_step(), 0..12)) {
            let decided = steps.iter().any(|step| matches!(step, Step::Decide(_) | Step::Refer(_)));
            if !decided {
                prop_assert!(standing(steps.clone()).is_undecided(), "{steps:?}");
            }
        }
    }
}
