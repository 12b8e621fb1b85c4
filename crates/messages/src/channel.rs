//! The ways to reach a contact, in the order in which they are tried (I-124).

use std::fmt;

/// A way to reach a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A notice in the family's app.
    App,
    /// A text message.
    Text,
    /// An e-mail.
    Email,
    /// A telephone call, which is a task for a person and no interface (I-149).
    Call,
    /// A letter.
    Letter,
}

impl Channel {
    /// Every channel, in the order of I-124.
    pub const ALL: [Channel; 5] = [
        Channel::App,
        Channel::Text,
        Channel::Email,
        Channel::Call,
        Channel::Letter,
    ];

    /// The word that is kept and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Channel::App => "app",
            Channel::Text => "text",
            Channel::Email => "e-mail",
            Channel::Call => "call",
            Channel::Letter => "letter",
        }
    }

    /// The channel of a kept word.
    pub fn from_word(word: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|one| one.word() == word)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The next way to try for a contact: the first after `tried` that the contact has and the school offers.
///
/// Rule: I-124. With `tried` absent, the first of all.
pub fn next_channel(tried: Option<Channel>, open: impl Fn(Channel) -> bool) -> Option<Channel> {
    Channel::ALL
        .into_iter()
        .filter(|one| tried.is_none_or(|last| *one > last))
        .find(|one| open(*one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_without_a_working_number_is_written_to_and_then_rung() {
        let open = |one| matches!(one, Channel::Email | Channel::Call | Channel::Letter);
        assert_eq!(next_channel(None, open), Some(Channel::Email));
        assert_eq!(
            next_channel(Some(Channel::Email), open),
            Some(Channel::Call)
        );
        assert_eq!(next_channel(Some(Channel::Letter), open), None);
    }

    #[test]
    fn every_channel_is_read_back_from_its_word() {
        for one in Channel::ALL {
            assert_eq!(Channel::from_word(one.word()), Some(one));
        }
        assert_eq!(Channel::from_word("fax"), None);
    }
}
