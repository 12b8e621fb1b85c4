//! Bringing a child to school from home: what must stand before anybody drives off with them, and where it stands (E-198).
//!
//! It goes with a visit: the order, the pair and being heard of are the visit's ([`crate::visit`]).

use calendar::Day;

/// What a parent has agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// To every trip, until they say otherwise.
    Standing,
    /// To this trip.
    ThisTrip,
}

impl Consent {
    /// Both.
    pub const ALL: [Consent; 2] = [Consent::ThisTrip, Consent::Standing];

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Consent::Standing => "standing",
            Consent::ThisTrip => "this_trip",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Consent> {
        Consent::ALL.into_iter().find(|one| one.key() == key)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Consent::Standing => "standing, until the parent says otherwise",
            Consent::ThisTrip => "for this trip",
        }
    }
}

/// What there is of a collection, as far as rules ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether a pastoral or safeguarding lead has authorised it.
    pub authorised: bool,
    /// How many adults go: staff, and a second adult who is none.
    pub adults: usize,
    /// Whether one of the staff who go drives.
    pub has_driver: bool,
    /// Whether it is known which car.
    pub has_car: bool,
    /// Whether the driver's licence was seen.
    pub licence_seen: bool,
    /// The last day on which the car is insured for work.
    pub insured_until: Option<Day>,
    /// What a parent has agreed to.
    pub consent: Option<Consent>,
    /// Whether it is said who sits where.
    pub is_seated: bool,
    /// Whether it is said how the child gets home.
    pub goes_home: bool,
    /// Whether the child has set off with them.
    pub set_off: bool,
    /// Whether they arrived.
    pub arrived: bool,
    /// Whether the child did not come: they or a parent said no.
    pub refused: bool,
}

/// Something without which nobody drives off with a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nobody has authorised it.
    Authoriser,
    /// One adult alone.
    SecondAdult,
    /// None of the staff who go drives, or nobody knows which car.
    Driver,
    /// The driver's licence was not seen.
    Licence,
    /// The car is not insured for work that day, as far as anybody knows.
    Insurance,
    /// No parent has agreed.
    Consent,
    /// Nobody has said who sits where.
    Seating,
    /// Nobody has said how the child gets home.
    WayHome,
}

impl Missing {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Missing::Authoriser => "to be authorised",
            Missing::SecondAdult => "two staff, or one and a second adult",
            Missing::Driver => "who drives, and the car",
            Missing::Licence => "the driver's licence",
            Missing::Insurance => "insurance for work on the day",
            Missing::Consent => "a parent's consent",
            Missing::Seating => "who sits where",
            Missing::WayHome => "how the child gets home",
        }
    }
}

/// What is missing before anybody drives off with the child on this day; nothing when they may.
///
/// Rule: E-198 (PRODUCT). Nobody takes a child alone, whatever a visit was allowed.
pub fn missing(facts: &Facts, day: Day) -> Vec<Missing> {
    let is_insured = facts.insured_until.is_some_and(|until| day <= until);
    [
        (facts.authorised, Missing::Authoriser),
        (facts.adults >= 2, Missing::SecondAdult),
        (facts.has_driver && facts.has_car, Missing::Driver),
        (facts.licence_seen, Missing::Licence),
        (is_insured, Missing::Insurance),
        (facts.consent.is_some(), Missing::Consent),
        (facts.is_seated, Missing::Seating),
        (facts.goes_home, Missing::WayHome),
    ]
    .into_iter()
    .filter(|(stands, _)| !stands)
    .map(|(_, missing)| missing)
    .collect()
}

/// Where a collection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Something is missing.
    Preparing,
    /// Everything stands.
    Ready,
    /// The child is in the car.
    OnTheWay,
    /// The child is at school.
    Arrived,
    /// The child or a parent said no; nobody is made to come.
    Refused,
}

impl State {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            State::Preparing => "not ready",
            State::Ready => "ready",
            State::OnTheWay => "on the way to school",
            State::Arrived => "at school",
            State::Refused => "did not come",
        }
    }
}

/// Where a collection stands on a day.
pub fn state(facts: &Facts, day: Day) -> State {
    match (facts.set_off, facts.arrived) {
        (_, true) => State::Arrived,
        _ if facts.refused => State::Refused,
        (true, false) => State::OnTheWay,
        (false, false) if missing(facts, day).is_empty() => State::Ready,
        (false, false) => State::Preparing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Day {
        "2026-11-24".parse().expect("a day")
    }

    fn whole() -> Facts {
        Facts {
            authorised: true,
            adults: 2,
            has_driver: true,
            has_car: true,
            licence_seen: true,
            insured_until: Some(day()),
            consent: Some(Consent::ThisTrip),
            is_seated: true,
            goes_home: true,
            ..Facts::default()
        }
    }

    #[test]
    fn nobody_drives_off_with_a_child_while_any_one_thing_is_missing() {
        assert_eq!(missing(&whole(), day()), []);
        assert_eq!(state(&whole(), day()), State::Ready);
        assert_eq!(
            missing(&whole(), day().plus_days(1)),
            [Missing::Insurance],
            "insured until the day before"
        );
        assert_eq!(missing(&Facts::default(), day()).len(), 8);
        let alone = Facts {
            adults: 1,
            ..whole()
        };
        assert_eq!(missing(&alone, day()), [Missing::SecondAdult]);
        let no_car = Facts {
            has_car: false,
            ..whole()
        };
        assert_eq!(missing(&no_car, day()), [Missing::Driver]);
        assert_eq!(state(&no_car, day()), State::Preparing);
    }

    #[test]
    fn a_child_is_on_the_way_until_they_arrive_or_say_no() {
        let on_the_way = Facts {
            set_off: true,
            ..whole()
        };
        assert_eq!(state(&on_the_way, day()), State::OnTheWay);
        let arrived = Facts {
            arrived: true,
            ..on_the_way
        };
        assert_eq!(state(&arrived, day()), State::Arrived);
        let refused = Facts {
            refused: true,
            ..whole()
        };
        assert_eq!(state(&refused, day()), State::Refused);
        for consent in Consent::ALL {
            assert_eq!(Consent::from_key(consent.key()), Some(consent));
        }
    }
}
