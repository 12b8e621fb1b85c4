use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A clock time in London, to the second. Shown without seconds, as schools write it: `08:40`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// The time with this hour (0 to 23), minute and second (0 to 59), if there is one.
    pub const fn new(hour: u32, minute: u32, second: u32) -> Option<TimeOfDay> {
        if hour < 24 && minute < 60 && second < 60 {
            Some(TimeOfDay(hour * 3600 + minute * 60 + second))
        } else {
            None
        }
    }

    /// The time so many seconds after midnight, if that is before the next midnight.
    pub const fn from_seconds(seconds: u32) -> Option<TimeOfDay> {
        if seconds < 86_400 {
            Some(TimeOfDay(seconds))
        } else {
            None
        }
    }

    /// Seconds since midnight by the clock.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// The hour, 0 to 23.
    pub const fn hour(self) -> u32 {
        self.0 / 3600
    }

    /// The minute, 0 to 59.
    pub const fn minute(self) -> u32 {
        self.0 / 60 % 60
    }

    /// The second, 0 to 59.
    pub const fn second(self) -> u32 {
        self.0 % 60
    }

    /// The time so many minutes later, if that is before midnight.
    pub const fn plus_minutes(self, minutes: u32) -> Option<TimeOfDay> {
        TimeOfDay::from_seconds(self.0 + minutes * 60)
    }

    /// Whole minutes from this time to a later one; nought when `later` is not later.
    pub const fn minutes_until(self, later: TimeOfDay) -> u32 {
        later.0.saturating_sub(self.0) / 60
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}:{:02}", self.second())
    }
}

/// A text that is not a clock time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a time in the form hh:mm")]
pub struct ParseTimeError(String);

impl FromStr for TimeOfDay {
    type Err = ParseTimeError;

    /// Reads `h:mm`, `hh:mm` or `hh:mm:ss`.
    fn from_str(text: &str) -> Result<TimeOfDay, ParseTimeError> {
        let wrong = || ParseTimeError(text.to_owned());
        let mut parts = [0; 3];
        let mut count = 0;
        for part in text.split(':') {
            let digits = part.len();
            let long_enough = digits == 2 || (digits == 1 && count == 0);
            if count == 3 || !long_enough || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong());
            }
            parts[count] = part.parse().map_err(|_| wrong())?;
            count += 1;
        }
        if count < 2 {
            return Err(wrong());
        }
        TimeOfDay::new(parts[0], parts[1], parts[2]).ok_or_else(wrong)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<TimeOfDay, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
