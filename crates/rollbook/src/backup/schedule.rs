//! Backups by themselves: each night at an hour, some of them kept for longer, a failure shown to those who look after the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use calendar::{Instant, TimeOfDay};
use office::home::Notices;
use store::{Store, Tx};

use super::heads::{self, Heads};
use super::pack::Brake;
use super::{kept_in, make, passphrase, tell_every_journal};

/// What is kept: the newest backup of each of the last so many days, weeks and months that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Days.
    pub daily: u16,
    /// Weeks, from Monday.
    pub weekly: u16,
    /// Months.
    pub monthly: u16,
}

/// When and where backups are made.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The folder that they are kept in.
    pub folder: PathBuf,
    /// The hour, by London clocks.
    pub hour: u8,
    /// How many are kept.
    pub keep: Keep,
    /// Where their passphrase is, if they are encrypted.
    pub passphrase_file: Option<PathBuf>,
}

/// By whom the journal says that a backup was made at night.
const BY_ITSELF: &str = "by itself, as the operator has set it";

/// The name of the notice about backups.
const NOTICE: &str = "backup";

/// How often it is looked whether a backup is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// After a failure it is tried again so much later.
const AGAIN_AFTER_SECONDS: i64 = 60 * 60;

/// How often the heads of the journals are noted in the data folder.
const NOTE_EVERY_SECONDS: i64 = 10 * 60;

/// The keeper of a running program's backups and of the note of its heads.
pub struct Keeper {
    /// The records.
    pub store: Store,
    /// The data folder.
    pub data: PathBuf,
    /// When backups are due; none where nobody asked for any.
    pub schedule: Option<Schedule>,
    /// Where a failure is shown.
    pub notices: Notices,
    /// Stops it.
    pub brake: Brake,
}

impl Keeper {
    /// Looks every minute whether something is to be done, until the program ends.
    pub async fn keep(self) {
        let keeper = std::sync::Arc::new(self);
        let (mut noted_at, mut failed_at) = (None, None);
        loop {
            let working = std::sync::Arc::clone(&keeper);
            let looked = tokio::task::spawn_blocking(move || {
                working.look(&mut noted_at, &mut failed_at);
                (noted_at, failed_at)
            });
            match looked.await {
                Ok(after) => (noted_at, failed_at) = after,
                Err(error) => tracing::error!(%error, "the keeper of backups failed"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub(super) fn look(&self, noted_at: &mut Option<Instant>, failed_at: &mut Option<Instant>) {
        let now = self.store.now();
        let is_past = |at: &Option<Instant>, seconds| {
            at.is_none_or(|at: Instant| at.seconds_until(now) >= seconds)
        };
        if is_past(noted_at, NOTE_EVERY_SECONDS) {
            *noted_at = Some(now);
            if let Err(error) = self.note_heads() {
                tracing::warn!(error = format!("{error:#}"), "the heads could not be noted");
            }
        }
        let Some(schedule) = &self.schedule else {
            return;
        };
        if !is_past(failed_at, AGAIN_AFTER_SECONDS) {
            return;
        }
        match schedule.run_if_due(&self.store, &self.data, now, &self.brake) {
            Ok(()) => {
                self.notices.clear(NOTICE);
                *failed_at = None;
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "no backup was made");
                self.notices.put(NOTICE, failure(schedule, now, &error));
                *failed_at = Some(now);
            }
        }
    }

    fn note_heads(&self) -> Result<()> {
        let heads = heads_of(&self.store)?;
        if heads == heads::noted_in(&self.data) {
            return Ok(());
        }
        heads::note_in(&self.data, &heads)
    }
}

/// Where each school's record stands now.
pub fn heads_of(store: &Store) -> Result<Heads> {
    let heads = store.read_now(|tx: &mut Tx| store::journal::heads(tx))?;
    Ok(heads::of(&heads))
}

/// What an administrator reads of a failure.
fn failure(schedule: &Schedule, now: Instant, error: &anyhow::Error) -> String {
    let newest = kept_in(&schedule.folder)
        .ok()
        .and_then(|kept| kept.first().map(|(at, _)| *at));
    let newest = match newest {
        Some(at) => format!("The newest is of {}.", heads::moment(at)),
        None => "There is none yet.".to_owned(),
    };
    format!(
        "The backup due before {} failed: {error:#}. {newest} It is tried again within the hour.",
        heads::moment(now)
    )
}

impl Schedule {
    /// Makes a backup when one is due, then lets go of those that need not be kept. The journals are told first, as by the command.
    ///
    /// Errors: no backup could be made, or old ones could not be let go of.
    pub fn run_if_due(
        &self,
        store: &Store,
        scratch: &Path,
        now: Instant,
        brake: &Brake,
    ) -> Result<()> {
        let kept = kept_in(&self.folder)?;
        if !self.is_due(now, kept.first().map(|(at, _)| *at)) {
            return Ok(());
        }
        let sealed = match &self.passphrase_file {
            Some(file) => Some(passphrase::read(file)?),
            None => None,
        };
        tell_every_journal(store, "back up everything", BY_ITSELF)
            .context("The journal could not be told, so nothing leaves")?;
        let made = make(store, scratch, &self.folder, sealed.as_deref(), brake)?;
        tracing::info!(
            rows = made.rows,
            bytes = made.bytes,
            "a backup was made and proved"
        );
        self.let_go()
    }

    /// Whether the newest backup is older than the last moment at which one was due.
    pub fn is_due(&self, now: Instant, newest: Option<Instant>) -> bool {
        let (today, _) = now.in_london();
        let hour = TimeOfDay::new(u32::from(self.hour), 0, 0)
            .expect("the command line takes hours from 0 to 23");
        let this_day = Instant::at_london(today, hour);
        let due = if this_day <= now {
            this_day
        } else {
            Instant::at_london(today.previous(), hour)
        };
        newest.is_none_or(|newest| newest < due)
    }

    fn let_go(&self) -> Result<()> {
        let kept = kept_in(&self.folder)?;
        let moments: Vec<Instant> = kept.iter().map(|(at, _)| *at).collect();
        let keep = self.keep.chosen(&moments);
        for (at, file) in kept {
            if !keep.contains(&at) {
                fs::remove_file(&file)?;
            }
        }
        Ok(())
    }
}

impl Keep {
    /// Which of these backups, newest first, are kept. The newest always is.
    fn chosen(&self, newest_first: &[Instant]) -> BTreeSet<Instant> {
        let mut kept: BTreeSet<Instant> = newest_first.first().copied().into_iter().collect();
        let day = |at: &Instant| at.in_london().0;
        keep_first(newest_first, self.daily, &mut kept, |at| {
            day(at).epoch_days()
        });
        keep_first(newest_first, self.weekly, &mut kept, |at| {
            day(at).monday().epoch_days()
        });
        keep_first(newest_first, self.monthly, &mut kept, |at| {
            i32::from(day(at).year()) * 12 + i32::from(day(at).month())
        });
        kept
    }
}

/// Keeps the newest of each of the last `many` periods that have a backup.
fn keep_first(
    newest_first: &[Instant],
    many: u16,
    kept: &mut BTreeSet<Instant>,
    period: impl Fn(&Instant) -> i32,
) {
    let mut seen = BTreeSet::new();
    for at in newest_first {
        if seen.len() == usize::from(many) {
            return;
        }
        if seen.insert(period(at)) {
            kept.insert(*at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Day;

    fn schedule(hour: u8) -> Schedule {
        Schedule {
            folder: PathBuf::from("/nowhere"),
            hour,
            keep: Keep {
                daily: 3,
                weekly: 2,
                monthly: 2,
            },
            passphrase_file: None,
        }
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_backup_is_due_once_from_its_hour_on_by_london_clocks() {
        let two = schedule(2);
        let last_night = Some(at("2026-11-23T02:00:30Z"));
        assert!(!two.is_due(at("2026-11-24T01:59:59Z"), last_night));
        assert!(two.is_due(at("2026-11-24T02:00:00Z"), last_night));
        assert!(!two.is_due(at("2026-11-24T02:10:00Z"), Some(at("2026-11-24T02:00:05Z"))));
        assert!(two.is_due(at("2026-11-24T01:00:00Z"), None));
        // In summer London is an hour ahead.
        let last_night = Some(at("2026-06-23T01:00:30Z"));
        assert!(!two.is_due(at("2026-06-24T00:59:59Z"), last_night));
        assert!(two.is_due(at("2026-06-24T01:00:00Z"), last_night));
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_is_kept_for_its_time() {
        let first = Day::new(2026, 9, 1).unwrap();
        let last = Day::new(2026, 11, 24).unwrap();
        let two = TimeOfDay::new(2, 0, 0).unwrap();
        let mut all: Vec<Instant> = first
            .through(last)
            .map(|day| Instant::at_london(day, two))
            .collect();
        all.reverse();
        let kept: Vec<String> = schedule(2)
            .keep
            .chosen(&all)
            .into_iter()
            .map(|at| at.in_london().0.to_string())
            .collect();
        assert_eq!(
            kept,
            ["2026-10-31", "2026-11-22", "2026-11-23", "2026-11-24"],
            "a month's last, a week's last, three days"
        );
    }

    #[test]
    fn the_newest_backup_is_never_let_go_of() {
        let none = Keep {
            daily: 0,
            weekly: 0,
            monthly: 0,
        };
        let all = [at("2026-11-24T02:00:00Z"), at("2026-11-23T02:00:00Z")];
        assert_eq!(none.chosen(&all), BTreeSet::from([all[0]]));
    }
}
