use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{Day, TimeOfDay};

/// A moment, in whole microseconds since 1 January 1970 00:00 UTC.
///
/// What a register shows of it is London time: schools in England live by Europe/London.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// The moment so many microseconds after the start of 1970 in UTC.
    pub const fn from_micros(micros: i64) -> Instant {
        Instant(micros)
    }

    /// Microseconds since the start of 1970 in UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The moment so many seconds later (or earlier, if negative).
    pub const fn plus_seconds(self, seconds: i64) -> Instant {
        Instant(self.0 + seconds * 1_000_000)
    }

    /// Whole seconds from this moment to `other`; negative when `other` is earlier.
    pub const fn seconds_until(self, other: Instant) -> i64 {
        (other.0 - self.0) / 1_000_000
    }

    /// The day and the clock time in London at this moment.
    pub fn in_london(self) -> (Day, TimeOfDay) {
        let civil = london().to_datetime(self.timestamp());
        let time = TimeOfDay::new(
            civil.hour() as u32,
            civil.minute() as u32,
            civil.second() as u32,
        )
        .expect("a clock time of the date library is a clock time");
        (Day::from_jiff(civil.date()), time)
    }

    /// The moment at which London clocks show this time on this day.
    ///
    /// In the hour that comes twice in October the first is meant; a time that March skips is taken an hour later.
    pub fn at_london(day: Day, time: TimeOfDay) -> Instant {
        let civil = day.to_jiff().at(
            time.hour() as i8,
            time.minute() as i8,
            time.second() as i8,
            0,
        );
        let timestamp = london()
            .to_timestamp(civil)
            .expect("London has a moment for every civil time of a register");
        Instant(timestamp.as_microsecond())
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

fn london() -> TimeZone {
    static LONDON: std::sync::OnceLock<TimeZone> = std::sync::OnceLock::new();
    LONDON
        .get_or_init(|| TimeZone::get("Europe/London").expect("the zone data is bundled"))
        .clone()
}

impl fmt::Display for Instant {
    /// UTC, to the microsecond: `2026-11-24T08:44:12.000000Z`. Sorts as text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.timestamp())
    }
}

/// A text that is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a moment such as 2026-11-24T08:44:12Z")]
pub struct ParseInstantError(String);

impl FromStr for Instant {
    type Err = ParseInstantError;

    /// Reads a date and time of ISO 8601 with its offset from UTC, as browsers write it; finer than a microsecond is cut off.
    fn from_str(text: &str) -> Result<Instant, ParseInstantError> {
        let timestamp: Timestamp = text
            .parse()
            .map_err(|_| ParseInstantError(text.to_owned()))?;
        Ok(Instant(timestamp.as_microsecond()))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn london_is_an_hour_ahead_of_utc_in_summer_and_level_in_winter() {
        let day = |text: &str| text.parse::<Day>().expect("a real day");
        let nine = TimeOfDay::new(9, 10, 0).expect("a clock time");
        let summer = Instant::at_london(day("2026-06-15"), nine);
        assert_eq!(summer.to_string(), "2026-06-15T08:10:00.000000Z");
        let winter = Instant::at_london(day("2026-11-24"), nine);
        assert_eq!(winter.to_string(), "2026-11-24T09:10:00.000000Z");
        assert_eq!(summer.in_london(), (day("2026-06-15"), nine));
        assert_eq!(winter.in_london(), (day("2026-11-24"), nine));
    }

    #[test]
    fn a_moment_reads_back_as_it_is_written() {
        let moment = Instant::from_micros(1_795_509_852_123_456);
        assert_eq!(moment.to_string().parse(), Ok(moment));
        let browser = "2026-11-24T08:44:12.123Z".parse::<Instant>();
        assert_eq!(browser, Ok(Instant::from_micros(1_795_509_852_123_000)));
        assert!("yesterday".parse::<Instant>().is_err());
    }

    #[test]
    fn the_sunday_when_clocks_change_has_every_clock_time() {
        let day: Day = "2026-10-25".parse().expect("a real day");
        let twice = TimeOfDay::new(1, 30, 0).expect("a clock time");
        assert_eq!(
            Instant::at_london(day, twice).to_string(),
            "2026-10-25T00:30:00.000000Z"
        );
        let spring: Day = "2026-03-29".parse().expect("a real day");
        let skipped = Instant::at_london(spring, twice);
        assert_eq!(skipped.to_string(), "2026-03-29T01:30:00.000000Z");
    }
}
