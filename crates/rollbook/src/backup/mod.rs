//! Backups: one snapshot of everything as a file, proved by restoring it before it counts, and put back whole or not at all.
//!
//! The same file is read on either engine. It never holds the key file: what is sealed with it stays sealed.

pub mod cells;
pub mod export;
pub mod heads;
pub mod pack;
pub mod passphrase;
pub mod restore;
pub mod schedule;
pub mod sealed_file;

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use calendar::Instant;
use office::people::Keyring;
use sha2::{Digest, Sha256};
use store::{Location, Options, Store};

use self::heads::Heads;
use self::pack::{Brake, Manifest, PackReader, PackWriter};
use crate::command_line::Backup;
use crate::opening::clock_of_this_machine;

/// A backup that was made and proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Rows in it.
    pub rows: u64,
    /// Where each school's record stands in it.
    pub heads: Heads,
}

/// `rollbook backup`.
pub fn backup(said: &Backup) -> Result<()> {
    let sealed = match &said.passphrase_file {
        Some(file) => Some(passphrase::read(file)?),
        None => None,
    };
    let store = said.data.open_existing(clock_of_this_machine())?;
    say_that_all_leaves(&store, "back up everything")?;
    let made = make(
        &store,
        &said.data.data,
        &said.to,
        sealed.as_deref(),
        &Brake::default(),
    );
    store.close();
    let made = made.context("No backup was made")?;
    println!(
        "{}\n{} rows, {} bytes, {}; restored on trial and proved.",
        made.file.display(),
        made.rows,
        made.bytes,
        if sealed.is_some() {
            "encrypted"
        } else {
            "not encrypted: keep it as safe as the school's records"
        }
    );
    Ok(())
}

/// Says in the journal of every school that all of it is about to leave, by a command on this machine. What leaves then holds the entry too.
///
/// Errors: an entry could not be written.
pub(crate) fn say_that_all_leaves(store: &Store, what: &'static str) -> Result<()> {
    tell_every_journal(store, what, &who_is_signed_in())
        .context("The journal could not be told, so nothing leaves")
}

/// Who gives a command on this machine, as the journal says it.
fn who_is_signed_in() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|who| !who.is_empty());
    match named("SUDO_USER").or_else(|| named("USER")) {
        Some(who) => format!("by a command, signed in to the machine as {who}"),
        None => "by a command on the machine".to_owned(),
    }
}

/// An act of nobody's account in the journal of every school and of the directory, about all its records.
fn tell_every_journal(store: &Store, what: &'static str, by: &str) -> Result<()> {
    let heads = store.read_now(store::journal::heads)?;
    for (school, _) in heads {
        let job_title = by.to_owned();
        store.act_now(school, move |act: &mut store::Act| {
            act.describe(store::Entry {
                account: 0,
                job_title: &job_title,
                act: what,
                subject: "all records".to_owned(),
            });
            Ok::<_, store::StoreError>(())
        })?;
    }
    Ok(())
}

/// Makes a backup of the store in a folder, or as a file that is not there yet, proves it by restoring it into a store of its own,
/// and lets it appear under its name only when it is whole. `scratch` is a folder for what is needed meanwhile.
///
/// Errors: nothing appears, and what was there before is as it was.
pub fn make(
    store: &Store,
    scratch: &Path,
    to: &Path,
    passphrase: Option<&str>,
    brake: &Brake,
) -> Result<Made> {
    let now = store.now();
    let file = if to.is_dir() {
        to.join(name_of(now, passphrase.is_some()))
    } else {
        to.to_owned()
    };
    ensure!(
        !file.exists(),
        "{} is there already, and a backup overwrites nothing",
        file.display()
    );
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    ensure!(
        folder.is_dir(),
        "There is no folder {} to keep the backup in",
        folder.display()
    );
    let scratch = scratch_in(scratch)?;
    let plain = scratch.path().join("pack.zip");
    let manifest = pack_store(store, PackWriter::zip(&plain)?, now, None, brake)?;
    prove(&plain, scratch.path(), brake)
        .context("The backup was made and could not be restored on trial")?;
    let bytes = deliver(&plain, &file, &folder, passphrase)
        .with_context(|| format!("The backup could not be written to {}", folder.display()))?;
    let heads = manifest.heads();
    heads::note_in(
        &folder,
        &heads::newest(heads::noted_in(&folder), heads.clone()),
    )?;
    Ok(Made {
        file,
        bytes,
        rows: manifest.rows(),
        heads,
    })
}

/// A folder for what is needed meanwhile, closed to other accounts and gone when it is dropped; what a killed program left is
/// cleared away.
fn scratch_in(folder: &Path) -> Result<tempfile::TempDir> {
    const PREFIX: &str = ".backup-in-the-making-";
    const LEFT_BEHIND: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
    for entry in fs::read_dir(folder)?.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry
            .metadata()
            .ok()
            .and_then(|about| about.modified().ok()?.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > LEFT_BEHIND) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(folder)
        .with_context(|| format!("{} cannot be written", folder.display()))
}

/// Writes everything that the store holds at this moment, and with the key the received files, opened.
fn pack_store(
    store: &Store,
    mut writer: PackWriter,
    now: Instant,
    keyring: Option<Keyring>,
    brake: &Brake,
) -> Result<Manifest> {
    let brake = brake.clone();
    let (writer, manifest) = store.read_now(move |tx| {
        let manifest = pack::pack(tx, &mut writer, now, keyring.as_ref(), &brake)?;
        Ok::<_, anyhow::Error>((writer, manifest))
    })?;
    writer.finish()?;
    Ok(manifest)
}

/// Restores a pack into a store of its own beside it.
fn prove(plain: &Path, scratch: &Path, brake: &Brake) -> Result<()> {
    let location = Location::Sqlite(scratch.join("trial.db"));
    let options = Options {
        readers: 1,
        ..Options::default()
    };
    let trial = Store::open(&location, options, clock_of_this_machine())?;
    let restored = restore::put_into(&trial, PackReader::open(plain)?, None, brake);
    trial.close();
    restored.map(drop)
}

/// Brings the file to its place under another name, reads back what arrived there, and gives it its name.
fn deliver(plain: &Path, file: &Path, folder: &Path, passphrase: Option<&str>) -> Result<u64> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let partial = folder.join(format!(".{name}.partial"));
    let _ = fs::remove_file(&partial);
    let delivered = (|| {
        let target = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)?;
        let mut target = Hashing {
            to: BufWriter::new(target),
            hash: Sha256::new(),
            bytes: 0,
        };
        let mut source = BufReader::new(File::open(plain)?);
        match passphrase {
            Some(passphrase) => sealed_file::seal(passphrase, &mut source, &mut target)?,
            None => {
                std::io::copy(&mut source, &mut target)?;
            }
        }
        target.to.into_inner()?.sync_all()?;
        let sent: [u8; 32] = target.hash.finalize().into();
        ensure!(
            hash_of(&partial)? == sent,
            "what arrived there is not what was sent"
        );
        fs::rename(&partial, file)?;
        File::open(folder)?.sync_all()?;
        Ok(target.bytes)
    })();
    if delivered.is_err() {
        let _ = fs::remove_file(&partial);
    }
    delivered
}

struct Hashing<W> {
    to: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

fn hash_of(file: &Path) -> Result<[u8; 32]> {
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// The name of a backup of this moment: `rollbook-2026-11-24T084412Z.zip`, with `.age` after it when it is encrypted.
fn name_of(at: Instant, is_sealed: bool) -> String {
    let text = at.to_string();
    let seconds: String = text[..19].chars().filter(|letter| *letter != ':').collect();
    let end = if is_sealed { ".zip.age" } else { ".zip" };
    format!("rollbook-{seconds}Z{end}")
}

/// The moment in the name of a backup; none for any other file.
fn moment_of(name: &str) -> Option<Instant> {
    let rest = name.strip_prefix("rollbook-")?;
    let moment = rest
        .strip_suffix(".zip.age")
        .or_else(|| rest.strip_suffix(".zip"))?
        .strip_suffix('Z')?;
    let (day, time) = moment.split_once('T')?;
    if time.len() != 6 || !time.is_ascii() {
        return None;
    }
    let (hour, minute, second) = (&time[..2], &time[2..4], &time[4..]);
    format!("{day}T{hour}:{minute}:{second}Z").parse().ok()
}

/// The backups in a folder, newest first.
pub fn kept_in(folder: &Path) -> Result<Vec<(Instant, PathBuf)>> {
    let mut found: Vec<(Instant, PathBuf)> = fs::read_dir(folder)
        .with_context(|| format!("The folder {} cannot be read", folder.display()))?
        .flatten()
        .filter_map(|entry| {
            let moment = moment_of(&entry.file_name().to_string_lossy())?;
            Some((moment, entry.path()))
        })
        .collect();
    found.sort_by_key(|(moment, _)| std::cmp::Reverse(*moment));
    Ok(found)
}

#[cfg(test)]
mod tests;
