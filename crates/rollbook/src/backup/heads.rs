//! How far each school's record has been seen: a small file beside the data and beside the backups, by which a restore knows that
//! what it puts back is not the newest.
//!
//! Shape: a line for each school with its number, the number of its last act, that act's hash and its moment. Nothing personal.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use calendar::Instant;
use store::{Head, SchoolId};

use super::cells::hex;

/// The name of the file.
pub const FILE: &str = "rollbook-heads.txt";

/// Where a school's record stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The number of the last act.
    pub seq: i64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
    /// Its moment.
    pub at: Instant,
}

/// Schools by number.
pub type Heads = BTreeMap<i64, Seen>;

/// The heads of a store.
pub fn of(heads: &[(SchoolId, Head)]) -> Heads {
    heads
        .iter()
        .map(|(school, head)| {
            let seen = Seen {
                seq: head.seq,
                hash: hex(&head.hash),
                at: head.at,
            };
            (school.0, seen)
        })
        .collect()
}

/// What was noted in this folder; nothing where there is no note or it cannot be read.
pub fn noted_in(folder: &Path) -> Heads {
    let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let school = words.next()?.parse().ok()?;
            let seen = Seen {
                seq: words.next()?.parse().ok()?,
                hash: words.next()?.to_owned(),
                at: words.next()?.parse().ok()?,
            };
            Some((school, seen))
        })
        .collect()
}

/// The newer of both for each school.
pub fn newest(mut one: Heads, other: Heads) -> Heads {
    for (school, seen) in other {
        match one.get(&school) {
            Some(known) if known.seq >= seen.seq => {}
            _ => {
                one.insert(school, seen);
            }
        }
    }
    one
}

/// Notes these heads in a folder, in place of what was noted there.
///
/// Errors: the file cannot be written.
pub fn note_in(folder: &Path, heads: &Heads) -> Result<()> {
    let file = folder.join(FILE);
    let mut draft = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    for (school, seen) in heads {
        writeln!(draft, "{school} {} {} {}", seen.seq, seen.hash, seen.at)?;
    }
    draft
        .persist(&file)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(())
}

/// What a record that stands at `here` lacks of what was seen elsewhere, in words for the operator.
pub fn missing(here: &Heads, seen: &Heads) -> Vec<String> {
    seen.iter()
        .filter_map(|(school, seen)| match here.get(school) {
            None => Some(format!(
                "School {school} is not in it; it was seen at act {} of {}.",
                seen.seq,
                moment(seen.at)
            )),
            Some(here) if here.seq < seen.seq => Some(format!(
                "School {school}: it ends with act {} of {}, and act {} of {} has been seen. {} newer acts are not in it.",
                here.seq,
                moment(here.at),
                seen.seq,
                moment(seen.at),
                seen.seq - here.seq
            )),
            Some(here) if here.seq == seen.seq && here.hash != seen.hash => Some(format!(
                "School {school}: its act {} is not the one that was seen. It is of another history.",
                here.seq
            )),
            Some(_) => None,
        })
        .collect()
}

/// A moment by London clocks.
pub fn moment(at: Instant) -> String {
    let (day, time) = at.in_london();
    format!("{} at {:02}:{:02}", day.long(), time.hour(), time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(school: i64, seq: i64, hash: &str) -> Heads {
        let seen = Seen {
            seq,
            hash: hash.to_owned(),
            at: Instant::from_micros(1_795_509_852_000_000),
        };
        Heads::from([(school, seen)])
    }

    #[test]
    fn what_was_noted_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        assert!(noted_in(folder.path()).is_empty());
        let heads = newest(at(1, 5, "ab"), at(2, 7, "cd"));
        note_in(folder.path(), &heads).unwrap();
        assert_eq!(noted_in(folder.path()), heads);
        note_in(folder.path(), &at(1, 6, "ef")).unwrap();
        assert_eq!(noted_in(folder.path()), at(1, 6, "ef"));
    }

    #[test]
    fn an_older_record_and_one_of_another_history_are_told_of() {
        assert!(missing(&at(1, 5, "ab"), &at(1, 5, "ab")).is_empty());
        assert!(missing(&at(1, 6, "ab"), &at(1, 5, "cd")).is_empty());
        let older = missing(&at(1, 5, "ab"), &at(1, 9, "cd"));
        assert!(older[0].contains("4 newer acts are not in it"), "{older:?}");
        assert!(missing(&at(1, 5, "ab"), &at(1, 5, "cd"))[0].contains("another history"));
        assert!(missing(&at(1, 5, "ab"), &at(2, 1, "cd"))[0].contains("School 2 is not in it"));
    }
}
