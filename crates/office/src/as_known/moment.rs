//! From a day and a time, or a number of the journal, to what was known then.

use std::fmt;
use std::str::FromStr;

use calendar::{Day, Instant, TimeOfDay};
use store::{SchoolId, StoreError, Tx, journal};

use super::AsKnown;
use crate::desk::Refusal;

/// Which past is asked for, as it stands in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// What was known once this act had happened: `12345`.
    Number(i64),
    /// What was known at the end of this minute by London clocks: `2026-10-12T09:40`.
    Minute(Day, TimeOfDay),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Number(seq) => write!(f, "{seq}"),
            When::Minute(day, time) => write!(f, "{day}T{time}"),
        }
    }
}

impl FromStr for When {
    type Err = ();

    fn from_str(text: &str) -> Result<When, ()> {
        if let Ok(seq) = text.parse() {
            return Ok(When::Number(seq));
        }
        let (day, time) = text.split_once('T').ok_or(())?;
        let time: TimeOfDay = time.parse().map_err(drop)?;
        Ok(When::Minute(day.parse().map_err(drop)?, time))
    }
}

/// `09:40 on 12 October 2026`.
pub(super) fn in_words(at: Instant) -> String {
    let (day, time) = at.in_london();
    format!("{time} on {}", day.long())
}

/// What was known then at this school.
///
/// A minute is known once it has passed, so that the same address always shows the same.
///
/// Errors: it has not passed, or the school had no record yet, in words.
pub(super) fn as_known(
    tx: &mut Tx,
    school: SchoolId,
    when: When,
    now: Instant,
) -> Result<AsKnown, Refusal> {
    let newest = journal::head(tx, school)?.map_or(0, |head| head.seq);
    let (seq, at) = match when {
        When::Number(seq) => {
            let entry = journal::entry(tx, school, seq)?;
            let entry = entry.ok_or_else(|| {
                Refusal::Wrong(format!("There is no number {seq}: the newest is {newest}."))
            })?;
            (seq, entry.at)
        }
        When::Minute(day, time) => {
            let begins = Instant::at_london(day, time);
            let ends = Instant::from_micros(begins.plus_seconds(60).micros() - 1);
            if ends >= now {
                return Err(Refusal::Wrong("That minute has not passed yet.".to_owned()));
            }
            (newest_by(tx, school, newest, ends)?, ends)
        }
    };
    if seq == 0 {
        return Err(Refusal::Wrong(
            "Nothing was recorded of this school by then.".to_owned(),
        ));
    }
    Ok(AsKnown {
        school,
        seq,
        at,
        when,
    })
}

/// The number of the newest act that had happened by this moment; 0 before the first. Acts have moments in the order of their
/// numbers, and no number is missing.
fn newest_by(
    tx: &mut Tx,
    school: SchoolId,
    newest: i64,
    moment: Instant,
) -> Result<i64, StoreError> {
    let (mut by_then, mut later) = (0, newest + 1);
    while later - by_then > 1 {
        let middle = by_then + (later - by_then) / 2;
        match journal::entry(tx, school, middle)? {
            Some(entry) if entry.at <= moment => by_then = middle,
            _ => later = middle,
        }
    }
    Ok(by_then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_an_address_reads_back_as_it_is_written() {
        for text in ["12345", "2026-10-12T09:40"] {
            let when: When = text.parse().expect("it is one");
            assert_eq!(when.to_string(), text);
        }
        for text in [
            "",
            "now",
            "2026-10-12",
            "2026-13-12T09:40",
            "2026-10-12T25:00",
        ] {
            assert_eq!(text.parse::<When>(), Err(()), "{text}");
        }
    }
}
