//! Opening what a school keeps: data folder, key, database, schema.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use calendar::Instant;
use office::desk::Clock;
use office::people::Keyring;
use store::{Location, Options, Store};

use crate::command_line::Data;

/// The clock of this machine.
pub fn clock_of_this_machine() -> Clock {
    Arc::new(|| {
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Instant::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
    })
}

impl Data {
    /// Where the database is: the server that was named, or the file in the data folder.
    pub fn location(&self) -> Result<Location> {
        match &self.database {
            Some(server) => Ok(Location::parse(server)?),
            None => Ok(Location::Sqlite(self.data.join("rollbook.db"))),
        }
    }

    /// Opens data that is there already, without changing it.
    pub fn open_existing(&self, clock: Clock) -> Result<Store> {
        let location = self.location()?;
        if let Location::Sqlite(file) = &location {
            ensure!(
                file.exists(),
                "There is no Rollbook data in {}",
                self.data.display()
            );
        }
        Ok(Store::open(&location, Options::default(), clock)?)
    }

    /// Opens the data, made where there is none yet, with its schema up to date and with the key that belongs to it.
    pub fn open(&self, key_file: &Path, clock: Clock) -> Result<(Store, Keyring)> {
        let store = self.open_tables(clock)?;
        let data_key = Keyring::of_data(&store).context("Rollbook does not start")?;
        let keyring =
            Keyring::open(key_file, &self.data, data_key).context("Rollbook does not start")?;
        keyring.claim(&store).context("Rollbook does not start")?;
        let abandoned = office::roll::imports::tidy(&store)
            .context("Interrupted imports could not be cleared up")?;
        if abandoned > 0 {
            tracing::warn!(abandoned, "imports that were interrupted were withdrawn");
        }
        Ok((store, keyring))
    }

    /// Opens data that is there already, with its tables up to date, for a key that takes the place of a lost one.
    ///
    /// Answers the key too: read from the file, or made where there is none.
    pub fn open_for_new_key(&self, key_file: &Path, clock: Clock) -> Result<(Store, Keyring)> {
        self.open_existing(clock.clone())?.close();
        let store = self.open_tables(clock)?;
        let keyring = Keyring::open(key_file, &self.data, None)?;
        Ok((store, keyring))
    }

    /// The key file: the one that is named; else the one beside the data folder, where `demo` keeps it; else `/etc/rollbook/key`
    /// where that folder can be written or holds a key that can be read, or one in the settings folder of this account.
    pub fn key_file(&self, named: Option<&Path>) -> Result<PathBuf> {
        if let Some(key_file) = named {
            return Ok(key_file.to_owned());
        }
        let own = beside(&self.data, "key");
        if own.exists() {
            return Ok(own);
        }
        let system = Path::new("/etc/rollbook");
        let key_file = system.join("key");
        if fs::File::open(&key_file).is_ok() || can_be_written(system) {
            return Ok(key_file);
        }
        let settings = std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
            .context(
                "This account has no home folder: say where the key file is with --key-file",
            )?;
        Ok(settings.join("rollbook").join("key"))
    }

    /// Makes the data folder if there is none, closed to other accounts.
    pub fn make_folder(&self) -> Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.data)
            .with_context(|| format!("The data folder {} cannot be made", self.data.display()))
    }

    /// Makes the place for records: the data folder, and the database's file where it is one. Answers where the database is and
    /// whether it was there before.
    pub fn make_place(&self) -> Result<(Location, bool)> {
        self.make_folder()?;
        let location = self.location()?;
        let mut was_there = true;
        if let Location::Sqlite(file) = &location {
            was_there = file.exists();
            keep_to_owner(file)
                .with_context(|| format!("The database {} cannot be made", file.display()))?;
        }
        Ok((location, was_there))
    }

    /// Opens the database, made where there is none yet, and brings its tables up to date.
    fn open_tables(&self, clock: Clock) -> Result<Store> {
        let (location, _) = self.make_place()?;
        let store =
            Store::open(&location, Options::default(), clock).context("Rollbook does not start")?;
        let applied = store
            .migrate(office::MIGRATIONS)
            .context("The tables could not be brought up to date")?;
        tracing::info!(migrations = applied.len(), "the tables are up to date");
        Ok(store)
    }
}

/// Makes the database's file so that no other account can read it; the files beside it take after it.
fn keep_to_owner(file: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map(drop)
}

/// What belongs to a data folder and must not lie in it: `data` has its key in `data.key`, where nothing else is said.
pub fn beside(data: &Path, what: &str) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}

/// Whether this account may make files in a folder, found out by making one.
fn can_be_written(folder: &Path) -> bool {
    let trial = folder.join(format!(".trial-{}", std::process::id()));
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&trial)
        .is_ok();
    made && fs::remove_file(&trial).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_in(folder: &Path) -> Data {
        Data {
            data: folder.join("data"),
            database: None,
        }
    }

    #[test]
    fn data_is_made_at_the_first_start_and_opened_at_the_second() {
        let folder = tempfile::tempdir().unwrap();
        let data = data_in(folder.path());
        assert!(data.open_existing(clock_of_this_machine()).is_err());
        for _ in 0..2 {
            let (store, _) = data
                .open(&folder.path().join("key"), clock_of_this_machine())
                .unwrap();
            store.close();
        }
        data.open_existing(clock_of_this_machine()).unwrap().close();
    }

    #[test]
    fn data_of_another_key_is_refused_before_anything_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let data = data_in(folder.path());
        let other = data_in(&folder.path().join("other"));
        for (data, key) in [(&data, "key"), (&other, "other-key")] {
            let key_file = folder.path().join(key);
            let (store, _) = data.open(&key_file, clock_of_this_machine()).unwrap();
            store.close();
        }
        let Err(refused) = data.open(&folder.path().join("other-key"), clock_of_this_machine())
        else {
            panic!("another key was accepted");
        };
        assert!(
            format!("{refused:#}").contains("start with the key file that belongs to this data"),
            "{refused:#}"
        );
    }

    #[test]
    fn a_lost_key_is_told_with_what_is_lost_and_what_to_do_and_no_new_one_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let (data, key_file) = (data_in(folder.path()), folder.path().join("key"));
        let open = || data.open(&key_file, clock_of_this_machine());
        open().unwrap().0.close();
        let copy = fs::read(&key_file).unwrap();
        fs::remove_file(&key_file).unwrap();
        for _ in 0..2 {
            let Err(refused) = open() else {
                panic!("data was opened without its key");
            };
            let words = format!("{refused:#}");
            for told in [
                "is not there",
                "marks and the journal need no key and are untouched",
                "Restore the key file",
                "rollbook replace-key",
                "second factor",
            ] {
                assert!(words.contains(told), "{told} is not in: {words}");
            }
            assert!(!key_file.exists(), "a key was made that opens nothing");
        }
        fs::write(&key_file, copy).unwrap();
        let secret = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
        fs::set_permissions(&key_file, secret).unwrap();
        open().unwrap().0.close();
    }

    #[test]
    fn a_key_in_the_data_folder_is_refused_in_plain_words() {
        let folder = tempfile::tempdir().unwrap();
        let data = data_in(folder.path());
        let Err(refused) = data.open(&data.data.join("key"), clock_of_this_machine()) else {
            panic!("a key inside the data folder was accepted");
        };
        assert!(
            format!("{refused:#}").contains("lies inside the data folder"),
            "{refused:#}"
        );
    }
}
