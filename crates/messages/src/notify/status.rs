//! Notify's words for what became of a message (I-134).

use calendar::Instant;

use crate::{Channel, State};

/// What a word means to us; `None` for a word we do not know, which changes nothing and is told to the operator.
///
/// Rule: I-134. Source: GOV.UK Notify, message statuses, interface 1.0.4. `received` of a letter is printed and posted.
pub fn meaning(word: &str, channel: Channel) -> Option<State> {
    match channel {
        Channel::Text | Channel::Email => match word {
            "created" | "sending" | "pending" => Some(State::HandedOver),
            "sent" if channel == Channel::Text => Some(State::Sent),
            "delivered" => Some(State::Delivered),
            "temporary-failure" => Some(State::FailedTemporary),
            "permanent-failure" => Some(State::FailedPermanent),
            "technical-failure" => Some(State::FailedTechnical),
            _ => None,
        },
        Channel::Letter => match word {
            "accepted" => Some(State::HandedOver),
            "received" => Some(State::Sent),
            "pending-virus-check" => Some(State::Checking),
            "virus-scan-failed" | "validation-failed" => Some(State::Refused),
            "cancelled" => Some(State::Cancelled),
            "permanent-failure" => Some(State::FailedPermanent),
            "technical-failure" => Some(State::FailedTechnical),
            _ => None,
        },
        Channel::App | Channel::Call => None,
    }
}

/// The channel of Notify's word for it.
pub(super) fn channel(kind: &str) -> Option<Channel> {
    match kind {
        "sms" => Some(Channel::Text),
        "email" => Some(Channel::Email),
        "letter" => Some(Channel::Letter),
        _ => None,
    }
}

/// A time as Notify writes it: `2026-11-20T08:02:11.000000Z` in callbacks, `2024-12-12 18:39:16.123346` in lists, both UTC.
pub(super) fn time(text: &str) -> Option<Instant> {
    let text = text.replacen(' ', "T", 1);
    let whole = if text.ends_with('Z') {
        text
    } else {
        format!("{text}Z")
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_table_means_what_the_table_says() {
        use Channel::{Email, Letter, Text};
        let table = [
            ("created", Text, Some(State::HandedOver)),
            ("sending", Email, Some(State::HandedOver)),
            ("pending", Text, Some(State::HandedOver)),
            ("sent", Text, Some(State::Sent)),
            ("sent", Email, None),
            ("delivered", Email, Some(State::Delivered)),
            ("delivered", Letter, None),
            ("temporary-failure", Text, Some(State::FailedTemporary)),
            ("permanent-failure", Email, Some(State::FailedPermanent)),
            ("technical-failure", Text, Some(State::FailedTechnical)),
            ("technical-failure", Letter, Some(State::FailedTechnical)),
            ("pending-virus-check", Letter, Some(State::Checking)),
            ("virus-scan-failed", Letter, Some(State::Refused)),
            ("validation-failed", Letter, Some(State::Refused)),
            ("accepted", Letter, Some(State::HandedOver)),
            ("received", Letter, Some(State::Sent)),
            ("cancelled", Letter, Some(State::Cancelled)),
            ("permanent-failure", Letter, Some(State::FailedPermanent)),
            ("evaporated", Text, None),
        ];
        for (word, channel, state) in table {
            assert_eq!(meaning(word, channel), state, "{word} of a {channel}");
        }
    }

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        assert_eq!(
            time("2026-11-20 08:02:11.000000"),
            time("2026-11-20T08:02:11.000000Z")
        );
        assert!(time("2026-11-20T08:02:11.000000Z").is_some());
        assert_eq!(time("yesterday"), None);
    }
}
