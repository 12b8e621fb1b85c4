//! What may become of a message (I-121), and what follows from what became of it (I-134).

use std::fmt;

use crate::Channel;

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Written, and not asked for yet.
    Draft,
    /// To be handed over.
    Queued,
    /// The provider has taken it.
    HandedOver,
    /// A letter of our own that the provider is checking.
    Checking,
    /// On its way, and no more may be heard of it: a text abroad, a letter that is printed and posted.
    Sent,
    /// It arrived.
    Delivered,
    /// It did not arrive now and might later: a telephone switched off, a full mailbox.
    FailedTemporary,
    /// There is no such number, address or mailbox.
    FailedPermanent,
    /// The provider failed.
    FailedTechnical,
    /// A letter that the provider cannot print.
    Refused,
    /// It was stopped before it left.
    Cancelled,
    /// A letter that came back.
    Returned,
}

/// What a report does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The message is now in this state.
    To(State),
    /// The report says again what is known, or is overtaken: nothing changes.
    Late,
}

impl State {
    /// Every state, in the order in which a message can come to it.
    pub const ALL: [State; 12] = [
        State::Draft,
        State::Queued,
        State::HandedOver,
        State::Checking,
        State::Sent,
        State::Delivered,
        State::FailedTemporary,
        State::FailedPermanent,
        State::FailedTechnical,
        State::Refused,
        State::Cancelled,
        State::Returned,
    ];

    /// The words that are kept and shown.
    pub const fn word(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Queued => "queued",
            State::HandedOver => "handed over",
            State::Checking => "checking",
            State::Sent => "sent",
            State::Delivered => "delivered",
            State::FailedTemporary => "failed for now",
            State::FailedPermanent => "failed for good",
            State::FailedTechnical => "provider failed",
            State::Refused => "refused",
            State::Cancelled => "cancelled",
            State::Returned => "returned",
        }
    }

    /// The state of kept words.
    pub fn from_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Whether nothing more is to be heard, but of a letter that comes back.
    pub const fn is_final(self) -> bool {
        self.step() == 5
    }

    /// How far along the one way a state is.
    const fn step(self) -> u8 {
        match self {
            State::Draft => 0,
            State::Queued => 1,
            State::HandedOver => 2,
            State::Checking => 3,
            State::Sent => 4,
            State::Delivered
            | State::FailedTemporary
            | State::FailedPermanent
            | State::FailedTechnical
            | State::Refused
            | State::Cancelled
            | State::Returned => 5,
        }
    }

    /// What a report of `reported` makes of a message in this state.
    ///
    /// Rule: I-121. One way only: a late or repeated report moves nothing backwards, and a final state stands, except that a letter that
    /// was delivered can come back.
    pub fn after(self, reported: State, channel: Channel) -> Moved {
        if reported == State::Returned && channel != Channel::Letter {
            return Moved::Late;
        }
        let comes_back = self == State::Delivered && reported == State::Returned;
        if comes_back || (!self.is_final() && reported.step() > self.step()) {
            Moved::To(reported)
        } else {
            Moved::Late
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is to be done about a message in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowUp {
    /// Nothing: it is well, or not yet decided.
    Nothing,
    /// One repeat after two hours, within school hours; then the next contact.
    RepeatOnceAfterTwoHours,
    /// The number or address goes on the list to repair, and the next way is tried.
    RepairContact,
    /// Send it again: it is not charged.
    SendAgain,
    /// The provider repairs it by itself: not to be sent again.
    LeaveToProvider,
    /// Print it here.
    PrintByHand,
}

/// What follows from a state (I-134, third column; I-124 for what failed for good; I-138 for a letter that cannot be printed there).
pub fn follow_up(state: State, channel: Channel) -> FollowUp {
    match (state, channel) {
        (State::FailedTemporary, _) => FollowUp::RepeatOnceAfterTwoHours,
        (State::FailedPermanent | State::Returned, _) => FollowUp::RepairContact,
        (State::FailedTechnical, Channel::Letter) => FollowUp::LeaveToProvider,
        (State::FailedTechnical, _) => FollowUp::SendAgain,
        (State::Refused, _) => FollowUp::PrintByHand,
        (
            State::Draft
            | State::Queued
            | State::HandedOver
            | State::Checking
            | State::Sent
            | State::Delivered
            | State::Cancelled,
            _,
        ) => FollowUp::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_report_that_comes_late_moves_nothing_back() {
        assert_eq!(
            State::Delivered.after(State::HandedOver, Channel::Text),
            Moved::Late
        );
        assert_eq!(
            State::Delivered.after(State::FailedPermanent, Channel::Text),
            Moved::Late
        );
        assert_eq!(
            State::FailedTemporary.after(State::Delivered, Channel::Text),
            Moved::Late
        );
    }

    #[test]
    fn only_a_letter_comes_back_after_it_was_delivered() {
        assert_eq!(
            State::Delivered.after(State::Returned, Channel::Letter),
            Moved::To(State::Returned)
        );
        assert_eq!(
            State::Delivered.after(State::Returned, Channel::Text),
            Moved::Late
        );
        // A letter is known to be posted, never to have arrived: it comes back from there.
        assert_eq!(
            State::Sent.after(State::Returned, Channel::Letter),
            Moved::To(State::Returned)
        );
        assert_eq!(
            State::Cancelled.after(State::Returned, Channel::Letter),
            Moved::Late
        );
    }

    #[test]
    fn a_letter_that_failed_at_the_provider_is_not_sent_again() {
        assert_eq!(
            follow_up(State::FailedTechnical, Channel::Letter),
            FollowUp::LeaveToProvider
        );
        assert_eq!(
            follow_up(State::FailedTechnical, Channel::Text),
            FollowUp::SendAgain
        );
    }

    #[test]
    fn every_state_is_read_back_from_its_words() {
        for one in State::ALL {
            assert_eq!(State::from_word(one.word()), Some(one));
        }
        assert_eq!(State::from_word("lost"), None);
    }

    fn any_state() -> impl Strategy<Value = State> {
        (0..State::ALL.len()).prop_map(|index| State::ALL[index])
    }

    proptest! {
        #[test]
        fn whatever_is_reported_in_whatever_order_a_message_goes_one_way(
            reports in proptest::collection::vec(any_state(), 0..20),
            channel in 0..Channel::ALL.len(),
        ) {
            let channel = Channel::ALL[channel];
            let mut state = State::Queued;
            for report in reports {
                if let Moved::To(next) = state.after(report, channel) {
                    prop_assert!(next.step() > state.step() || (state == State::Delivered && next == State::Returned));
                    state = next;
                }
                // The same report again says nothing new.
                prop_assert_eq!(state.after(state, channel), Moved::Late);
            }
        }
    }
}
