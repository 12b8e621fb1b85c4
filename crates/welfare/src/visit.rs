//! A visit to a child's home: what must stand before anybody leaves, how long they may be out unheard of, and what they find (SM-12, E-196).

use calendar::{Day, Instant};

use crate::attempt::Outcome;

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Asked for; something is missing before anybody may leave.
    Ordered,
    /// Everything stands: they may leave.
    Cleared,
    /// They have left and are not back.
    Out,
    /// They are back, and nobody has written down what they found.
    Back,
    /// What they found is written down.
    Closed,
    /// It was not made, for a reason that was given.
    Withdrawn,
}

impl State {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            State::Ordered => "not cleared",
            State::Cleared => "cleared to leave",
            State::Out => "out",
            State::Back => "back, record missing",
            State::Closed => "recorded",
            State::Withdrawn => "withdrawn",
        }
    }

    /// Whether it still asks something of somebody.
    pub fn is_open(self) -> bool {
        !matches!(self, State::Closed | State::Withdrawn)
    }
}

/// Something that is known about an address, or is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    /// Dogs.
    pub dogs: bool,
    /// Violence, or threats of it.
    pub violence: bool,
    /// Weapons.
    pub weapons: bool,
    /// Another agency warns of the address.
    pub agency: bool,
    /// Nobody is to go there alone.
    pub never_alone: bool,
}

impl Warnings {
    /// What is known, in words; nothing where nothing is.
    pub fn words(self) -> String {
        let known = [
            (self.dogs, "dogs"),
            (self.violence, "violence"),
            (self.weapons, "weapons"),
            (self.agency, "warning of another agency"),
            (self.never_alone, "never alone"),
        ];
        let known: Vec<&str> = known
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, words)| words)
            .collect();
        known.join(", ")
    }

    /// Whether somebody may go there alone, were they allowed to.
    pub fn let_go_alone(self) -> bool {
        !self.never_alone && !self.violence && !self.weapons
    }
}

/// For so many days a risk check of an address holds, the day on which it was made among them (PRODUCT).
pub const CHECK_HOLDS_DAYS: i32 = 7;

/// What was found when an address was looked up before a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// When.
    pub made_on: Day,
    /// What is known of it.
    pub warnings: Warnings,
    /// Whether whoever looked says that nobody is to go.
    pub stay_away: bool,
}

impl Check {
    /// Whether it holds on a day.
    pub fn holds(&self, day: Day) -> bool {
        self.made_on <= day && day < self.made_on.plus_days(CHECK_HOLDS_DAYS)
    }
}

/// What there is of a visit, as far as rules ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether a pastoral or safeguarding lead has authorised it.
    pub authorised: bool,
    /// The newest risk check of the address.
    pub check: Option<Check>,
    /// How many go.
    pub staff: usize,
    /// Whether a lead has allowed that one goes alone.
    pub may_go_alone: bool,
    /// Whether they have left.
    pub left: bool,
    /// Whether they are back.
    pub back: bool,
    /// Whether what they found is written down.
    pub recorded: bool,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// Something without which nobody leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nobody has authorised it.
    Authoriser,
    /// The address was not checked, or too long ago.
    Check,
    /// The check says that nobody is to go.
    StayAway,
    /// Nobody is to go, or one alone without leave.
    Pair,
    /// One is to go alone where the check says that nobody may.
    NotAlone,
}

impl Missing {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Missing::Authoriser => "to be authorised",
            Missing::Check => "risk check of the address",
            Missing::StayAway => "the risk check says: do not go",
            Missing::Pair => "two staff, or leave to go alone",
            Missing::NotAlone => "the risk check says: not alone",
        }
    }
}

/// What is missing before anybody may leave on this day; nothing when they may.
///
/// Rule: SM-12, E-196 (LOCAL, PRODUCT). Two staff, unless a lead has allowed one alone and the check names neither violence nor weapons
/// nor that nobody is to go there alone.
pub fn missing(facts: &Facts, day: Day) -> Vec<Missing> {
    let mut missing = Vec::new();
    if !facts.authorised {
        missing.push(Missing::Authoriser);
    }
    let check = facts.check.filter(|check| check.holds(day));
    match check {
        None => missing.push(Missing::Check),
        Some(check) if check.stay_away => missing.push(Missing::StayAway),
        Some(_) => {}
    }
    let alone_there = check.is_none_or(|check| check.warnings.let_go_alone());
    match facts.staff {
        1 if facts.may_go_alone && !alone_there => missing.push(Missing::NotAlone),
        1 if facts.may_go_alone => {}
        0 | 1 => missing.push(Missing::Pair),
        _ => {}
    }
    missing
}

/// Where a visit stands on a day.
pub fn state(facts: &Facts, day: Day) -> State {
    match (facts.left, facts.back, facts.recorded) {
        _ if facts.withdrawn => State::Withdrawn,
        // What was written down at the door brings nobody back.
        (true, false, _) => State::Out,
        (true, true, true) => State::Closed,
        (true, true, false) => State::Back,
        (false, ..) if missing(facts, day).is_empty() => State::Cleared,
        (false, ..) => State::Ordered,
    }
}

/// How long a pair is overdue, and so what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alarm {
    /// The expected time has passed.
    Overdue,
    /// Ring them.
    Call,
    /// Tell the safeguarding lead and a senior leader.
    Lead,
    /// Ring the police.
    Police,
}

impl Alarm {
    /// All, in the order in which they come.
    pub const ALL: [Alarm; 4] = [Alarm::Overdue, Alarm::Call, Alarm::Lead, Alarm::Police];

    /// Minutes after the expected time. Rule: E-196 (PRODUCT).
    pub fn minutes(self) -> i64 {
        match self {
            Alarm::Overdue => 0,
            Alarm::Call => 15,
            Alarm::Lead => 30,
            Alarm::Police => 45,
        }
    }

    /// What is to be done, in words.
    pub fn words(self) -> &'static str {
        match self {
            Alarm::Overdue => "expected by now",
            Alarm::Call => "ring them now",
            Alarm::Lead => "tell the safeguarding lead and a senior leader now",
            Alarm::Police => "ring the police now",
        }
    }

    /// What was done, in words.
    pub fn done(self) -> &'static str {
        match self {
            Alarm::Overdue => "noted as overdue",
            Alarm::Call => "rang them",
            Alarm::Lead => "told the safeguarding lead and a senior leader",
            Alarm::Police => "rang the police",
        }
    }

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Alarm::Overdue => "overdue",
            Alarm::Call => "called",
            Alarm::Lead => "lead_told",
            Alarm::Police => "police_called",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Alarm> {
        Alarm::ALL.into_iter().find(|alarm| alarm.key() == key)
    }
}

/// The alarm for somebody who was expected back at a time and has not been heard of; none before it.
///
/// Rule: E-196 (PRODUCT): call at +15 minutes, safeguarding lead or senior leader at +30, police at +45.
pub fn alarm(expected: Instant, now: Instant) -> Option<Alarm> {
    let reached = |alarm: &Alarm| expected.plus_seconds(alarm.minutes() * 60) <= now;
    Alarm::ALL.into_iter().rfind(reached)
}

/// What was found at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Found {
    /// The child was seen.
    Seen,
    /// Somebody answered, and the child was not seen.
    NotSeen,
    /// Nobody answered, and a card with a reply time was left.
    CardLeft,
    /// Nobody answered, and no card could be left.
    NoAnswer,
    /// Whoever answered refused to speak or to let the child be seen.
    Refused,
    /// Nobody lives there any more.
    AddressEmpty,
}

impl Found {
    /// All.
    pub const ALL: [Found; 6] = [
        Found::Seen,
        Found::NotSeen,
        Found::CardLeft,
        Found::NoAnswer,
        Found::Refused,
        Found::AddressEmpty,
    ];

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Found::Seen => "seen",
            Found::NotSeen => "not_seen",
            Found::CardLeft => "card_left",
            Found::NoAnswer => "no_answer",
            Found::Refused => "refused",
            Found::AddressEmpty => "address_empty",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Found> {
        Found::ALL.into_iter().find(|found| found.key() == key)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Found::Seen => "child seen",
            Found::NotSeen => "somebody answered, child not seen",
            Found::CardLeft => "no answer, card left",
            Found::NoAnswer => "no answer, no card left",
            Found::Refused => "refused",
            Found::AddressEmpty => "nobody lives there",
        }
    }

    /// What it is among the outcomes of an attempt (E-018).
    ///
    /// A child whom nobody showed is not located by what was said at the door, so the safeguarding lead decides (E-020).
    pub fn outcome(self) -> Outcome {
        match self {
            Found::Seen => Outcome::Reached,
            Found::NotSeen => Outcome::NotSatisfied,
            Found::CardLeft | Found::NoAnswer => Outcome::NoAnswer,
            Found::Refused => Outcome::Refused,
            Found::AddressEmpty => Outcome::AddressEmpty,
        }
    }
}

#[cfg(test)]
mod tests {
    use calendar::TimeOfDay;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day of a test")
    }

    fn at(hour: u32, minute: u32) -> Instant {
        let time = TimeOfDay::new(hour, minute, 0).expect("a clock time");
        Instant::at_london(day("2026-11-24"), time)
    }

    fn ready() -> Facts {
        Facts {
            authorised: true,
            check: Some(Check {
                made_on: day("2026-11-24"),
                warnings: Warnings::default(),
                stay_away: false,
            }),
            staff: 2,
            ..Facts::default()
        }
    }

    fn with(warnings: Warnings) -> Option<Check> {
        ready().check.map(|check| Check { warnings, ..check })
    }

    #[test]
    fn nobody_leaves_without_an_authoriser_a_check_and_a_second_person() {
        let today = day("2026-11-24");
        let all = [Missing::Authoriser, Missing::Check, Missing::Pair];
        assert_eq!(missing(&Facts::default(), today), all);
        assert_eq!(missing(&ready(), today), []);
        assert_eq!(state(&ready(), today), State::Cleared);
    }

    #[test]
    fn a_check_holds_for_a_week_and_one_that_says_stay_away_keeps_everybody_here() {
        assert_eq!(missing(&ready(), day("2026-11-30")), []);
        assert_eq!(missing(&ready(), day("2026-12-01")), [Missing::Check]);
        assert_eq!(missing(&ready(), day("2026-11-23")), [Missing::Check]);
        let away = Facts {
            check: ready().check.map(|check| Check {
                stay_away: true,
                ..check
            }),
            ..ready()
        };
        assert_eq!(missing(&away, day("2026-11-24")), [Missing::StayAway]);
    }

    #[test]
    fn one_goes_alone_only_with_leave_and_not_where_violence_is_known() {
        let today = day("2026-11-24");
        let alone = Facts {
            staff: 1,
            ..ready()
        };
        assert_eq!(missing(&alone, today), [Missing::Pair]);
        let allowed = Facts {
            may_go_alone: true,
            ..alone
        };
        assert_eq!(missing(&allowed, today), []);
        let violent = Facts {
            check: with(Warnings {
                violence: true,
                ..Warnings::default()
            }),
            ..allowed
        };
        assert_eq!(missing(&violent, today), [Missing::NotAlone]);
        let dogs = Facts {
            check: with(Warnings {
                dogs: true,
                ..Warnings::default()
            }),
            ..allowed
        };
        assert_eq!(missing(&dogs, today), []);
    }

    #[test]
    fn the_alarm_climbs_at_fifteen_thirty_and_forty_five_minutes() {
        let expected = at(10, 30);
        assert_eq!(alarm(expected, at(10, 29)), None);
        assert_eq!(alarm(expected, at(10, 30)), Some(Alarm::Overdue));
        assert_eq!(alarm(expected, at(10, 44)), Some(Alarm::Overdue));
        assert_eq!(alarm(expected, at(10, 45)), Some(Alarm::Call));
        assert_eq!(alarm(expected, at(11, 0)), Some(Alarm::Lead));
        assert_eq!(alarm(expected, at(11, 15)), Some(Alarm::Police));
    }

    #[test]
    fn only_a_child_who_was_seen_counts_as_reached() {
        for found in Found::ALL {
            assert_eq!(Found::from_key(found.key()), Some(found));
            assert_eq!(
                found.outcome() == Outcome::Reached,
                found == Found::Seen,
                "{found:?}"
            );
        }
        for alarm in Alarm::ALL {
            assert_eq!(Alarm::from_key(alarm.key()), Some(alarm));
        }
    }

    proptest! {
        // Independent of the match: only a reason, or coming back and a record, ends a visit, and nobody is cleared alone into violence.
        #[test]
        fn a_visit_is_open_until_they_are_back_and_it_is_recorded_or_it_is_withdrawn(
            authorised: bool, stay_away: bool, violence: bool, staff in 0_usize..4, may_go_alone: bool, left: bool, back: bool, recorded: bool, withdrawn: bool,
        ) {
            let warnings = Warnings { violence, ..Warnings::default() };
            let check = Some(Check { made_on: day("2026-11-24"), warnings, stay_away });
            let facts = Facts { authorised, check, staff, may_go_alone, left, back, recorded, withdrawn };
            let state = state(&facts, day("2026-11-24"));
            let is_over = withdrawn || (left && back && recorded);
            prop_assert_eq!(state.is_open(), !is_over);
            if state == State::Cleared {
                prop_assert!(authorised && !stay_away && (staff >= 2 || (staff == 1 && !violence)));
            }
        }
    }
}
