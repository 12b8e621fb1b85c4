use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Day;

/// Half a school day: the unit in which attendance is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Session {
    /// The morning session.
    Am,
    /// The afternoon session.
    Pm,
}

impl Session {
    /// Morning, then afternoon.
    pub const BOTH: [Session; 2] = [Session::Am, Session::Pm];

    /// 0 for the morning, 1 for the afternoon.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The session with this index, if it is 0 or 1.
    pub fn from_index(index: i64) -> Option<Session> {
        match index {
            0 => Some(Session::Am),
            1 => Some(Session::Pm),
            _ => None,
        }
    }

    /// In words: `morning` or `afternoon`.
    pub fn word(self) -> &'static str {
        match self {
            Session::Am => "morning",
            Session::Pm => "afternoon",
        }
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Session::Am => "AM",
            Session::Pm => "PM",
        })
    }
}

/// A text that names neither session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is neither AM nor PM")]
pub struct ParseSessionError(String);

impl FromStr for Session {
    type Err = ParseSessionError;

    /// Reads `AM` or `PM`, in either case; looser forms are for the readers of files.
    fn from_str(text: &str) -> Result<Session, ParseSessionError> {
        if text.eq_ignore_ascii_case("AM") {
            Ok(Session::Am)
        } else if text.eq_ignore_ascii_case("PM") {
            Ok(Session::Pm)
        } else {
            Err(ParseSessionError(text.to_owned()))
        }
    }
}

/// One session of one day: the place of a mark in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The day.
    pub day: Day,
    /// Morning or afternoon.
    pub session: Session,
}

impl Slot {
    /// This session of this day.
    pub fn new(day: Day, session: Session) -> Slot {
        Slot { day, session }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.day, self.session)
    }
}
