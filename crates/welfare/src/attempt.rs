//! What an attempt to reach somebody about an absent child records, and what its outcome means (E-018).

/// How somebody was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A telephone call.
    Call,
    /// A text message or a message of the school's app.
    Text,
    /// An e-mail.
    Email,
    /// A visit to the address.
    Visit,
    /// Somebody came to school, or was met there.
    InPerson,
}

impl Channel {
    /// All.
    pub const ALL: [Channel; 5] = [
        Channel::Call,
        Channel::Text,
        Channel::Email,
        Channel::Visit,
        Channel::InPerson,
    ];

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Channel::Call => "call",
            Channel::Text => "text",
            Channel::Email => "email",
            Channel::Visit => "visit",
            Channel::InPerson => "in_person",
        }
    }

    /// The word on screens.
    pub fn word(self) -> &'static str {
        match self {
            Channel::Call => "call",
            Channel::Text => "text",
            Channel::Email => "e-mail",
            Channel::Visit => "visit",
            Channel::InPerson => "in person",
        }
    }

    /// The channel with this key.
    pub fn from_key(key: &str) -> Option<Channel> {
        Channel::ALL
            .into_iter()
            .find(|channel| channel.key() == key)
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A parent was reached, says where the child is, and there is no cause to doubt it.
    Reached,
    /// A message was left, or a voicemail.
    LeftMessage,
    /// Nobody answered.
    NoAnswer,
    /// The number is wrong or dead.
    NumberDead,
    /// A parent was reached and does not know where the child is, or the explanation is doubted (E-020).
    NotSatisfied,
    /// A parent was reached and says that the child is at school.
    SaysAtSchool,
    /// Somebody who is no parent answered (E-020).
    ThirdParty,
    /// Whoever answered refused to speak.
    Refused,
    /// Nobody lives at the address any more.
    AddressEmpty,
}

impl Outcome {
    /// All, in the order of their keys on the board.
    pub const ALL: [Outcome; 9] = [
        Outcome::Reached,
        Outcome::LeftMessage,
        Outcome::NoAnswer,
        Outcome::NumberDead,
        Outcome::NotSatisfied,
        Outcome::SaysAtSchool,
        Outcome::ThirdParty,
        Outcome::Refused,
        Outcome::AddressEmpty,
    ];

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Outcome::Reached => "reached",
            Outcome::LeftMessage => "left_message",
            Outcome::NoAnswer => "no_answer",
            Outcome::NumberDead => "number_dead",
            Outcome::NotSatisfied => "not_satisfied",
            Outcome::SaysAtSchool => "says_at_school",
            Outcome::ThirdParty => "third_party",
            Outcome::Refused => "refused",
            Outcome::AddressEmpty => "address_empty",
        }
    }

    /// On the board's buttons.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Reached => "reached",
            Outcome::LeftMessage => "voicemail",
            Outcome::NoAnswer => "no answer",
            Outcome::NumberDead => "wrong number",
            Outcome::NotSatisfied => "reached, not satisfied",
            Outcome::SaysAtSchool => "says: at school",
            Outcome::ThirdParty => "somebody else answered",
            Outcome::Refused => "refused",
            Outcome::AddressEmpty => "address empty",
        }
    }

    /// The outcome with this key.
    pub fn from_key(key: &str) -> Option<Outcome> {
        Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.key() == key)
    }

    /// Whether somebody answered.
    pub fn somebody_answered(self) -> bool {
        !matches!(
            self,
            Outcome::LeftMessage | Outcome::NoAnswer | Outcome::NumberDead | Outcome::AddressEmpty
        )
    }

    /// Whether a code for the absence may go with it: only where a parent's reason was accepted.
    pub fn may_settle(self) -> bool {
        self == Outcome::Reached
    }
}

/// What an attempt was, as far as rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How.
    pub channel: Channel,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether the pupil was seen or spoken to.
    pub seen: bool,
    /// Which contact was tried, in the school's own numbering; none where it is not known.
    pub contact: Option<i64>,
}

/// How often each number must be tried before all contacts count as tried (E-016).
pub const TRIES_EACH: usize = 2;

/// Whether every one of these contacts was tried often enough by telephone and none of them answered.
///
/// Rule: E-016: each number at least twice. A dead number needs no second try. Nobody to ring counts as tried: the ladder goes on.
pub fn all_tried(contacts: &[i64], attempts: &[Attempt]) -> bool {
    let tried = |contact: &i64| {
        let mut calls = attempts
            .iter()
            .filter(|attempt| attempt.channel == Channel::Call && attempt.contact == Some(*contact))
            .peekable();
        let is_dead = |attempt: &Attempt| attempt.outcome == Outcome::NumberDead;
        calls.clone().any(is_dead) || calls.by_ref().count() >= TRIES_EACH
    };
    contacts.iter().all(tried) && !attempts.iter().any(|one| one.outcome.somebody_answered())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(contact: i64, outcome: Outcome) -> Attempt {
        Attempt {
            channel: Channel::Call,
            outcome,
            seen: false,
            contact: Some(contact),
        }
    }

    #[test]
    fn all_are_tried_after_two_calls_each_or_a_dead_number() {
        let mother_twice = [call(1, Outcome::NoAnswer), call(1, Outcome::LeftMessage)];
        assert!(all_tried(&[1], &mother_twice));
        assert!(!all_tried(&[1], &mother_twice[..1]));
        assert!(!all_tried(&[1, 2], &mother_twice));
        let dead = [&mother_twice[..], &[call(2, Outcome::NumberDead)]].concat();
        assert!(all_tried(&[1, 2], &dead));
        assert!(all_tried(&[], &[]), "nobody to ring");
    }

    #[test]
    fn whoever_answered_was_reached_whatever_they_said() {
        let refused = [call(1, Outcome::Refused), call(1, Outcome::NoAnswer)];
        assert!(!all_tried(&[1], &refused));
    }

    #[test]
    fn every_outcome_and_channel_is_found_by_its_key() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_key(outcome.key()), Some(outcome));
        }
        for channel in Channel::ALL {
            assert_eq!(Channel::from_key(channel.key()), Some(channel));
        }
        assert!(Outcome::ALL.iter().filter(|one| one.may_settle()).count() == 1);
    }
}
