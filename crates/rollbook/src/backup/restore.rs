//! `rollbook restore`: a backup or an export put into a store that has no records, whole or not at all.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use office::carry::{hold_back, let_out};
use office::people::{Keyring, KeyringError, replace_key};
use store::backup::Schema;
use store::{Location, Options, Store, StoreError, VerifyReport};

use super::pack::{self, Brake, Manifest, PackReader};
use super::{heads, passphrase, scratch_in, sealed_file, tell_every_journal, who_is_signed_in};
use crate::command_line::{Data, Restore};
use crate::opening::clock_of_this_machine;

/// What was put back.
pub struct Restored {
    /// The description of what was read.
    pub manifest: Manifest,
    /// The proof, made before it was kept.
    pub report: VerifyReport,
}

/// `rollbook restore`.
pub fn restore(said: &Restore) -> Result<()> {
    let restored = restore_from(said)
        .with_context(|| format!("Nothing was restored from {}", said.from.display()))?;
    let (rows, acts) = (restored.manifest.rows(), restored.report.acts);
    if let Some(made_at) = restored.manifest.made_at() {
        println!("Records as of {}.", heads::moment(made_at));
    }
    println!("{rows} rows and {acts} acts restored: everything is as the journal says.");
    for warning in warnings(said, &restored) {
        println!("Warning: {warning}");
    }
    println!("No webhook and no message leaves until you say so: rollbook allow-sending.");
    println!(
        "{}",
        match said.new_key {
            None =>
                "Start Rollbook with the key file that belongs to these records. Everybody signs in afresh.",
            Some(_) =>
                "Start Rollbook with the new key file. Everybody signs in afresh and sets their second factor up anew.",
        }
    );
    Ok(())
}

fn restore_from(said: &Restore) -> Result<Restored> {
    said.data.make_folder()?;
    let scratch = scratch_in(&said.data.data)?;
    let reader = open_pack(said, scratch.path())?;
    let keyring = new_key(said)?;
    let (location, was_there) = said.data.make_place()?;
    let restored = Store::open(&location, Options::default(), clock_of_this_machine())
        .map_err(anyhow::Error::from)
        .and_then(|store| {
            let restored = put_into(&store, reader, keyring, &Brake::default());
            store.close();
            restored
        });
    if let (Err(_), Location::Sqlite(file), false) = (&restored, &location, was_there) {
        for end in ["", "-wal", "-shm"] {
            let mut name = file.clone().into_os_string();
            name.push(end);
            let _ = fs::remove_file(name);
        }
    }
    restored
}

/// The key that the records are to have from now on, where they change it.
fn new_key(said: &Restore) -> Result<Option<Keyring>> {
    let Some(key_file) = &said.new_key else {
        return Ok(None);
    };
    Ok(Some(Keyring::open(key_file, &said.data.data, None)?))
}

/// Opens the pack, its seal broken in a folder of its own where there is one.
fn open_pack(said: &Restore, scratch: &Path) -> Result<PackReader> {
    if said.from.is_dir() {
        return PackReader::open(&said.from);
    }
    let mut file = BufReader::new(File::open(&said.from)?);
    let mut start = Vec::new();
    let length = sealed_file::INTRODUCTION.len();
    file.by_ref().take(length as u64).read_to_end(&mut start)?;
    if start != sealed_file::INTRODUCTION {
        return PackReader::open(&said.from);
    }
    let Some(passphrase_file) = &said.passphrase_file else {
        bail!("it is encrypted: name its passphrase with --passphrase-file");
    };
    let passphrase = passphrase::read(passphrase_file)?;
    let plain = scratch.join("opened.zip");
    let mut file = BufReader::new(File::open(&said.from)?);
    let mut target = BufWriter::new(File::create_new(&plain)?);
    sealed_file::open(&passphrase, &mut file, &mut target)?;
    target.flush()?;
    PackReader::open(&plain)
}

/// Puts a pack into a store without records, proves it, and brings its schema up to date. With a key, the records are that key's from
/// then on: received files that lie open in the pack are sealed with it, second factors are taken away. Nothing leaves what was
/// restored by itself until somebody lets it ([`allow_sending`]).
///
/// Errors: the store is as it was, but for empty tables.
pub fn put_into(
    store: &Store,
    mut reader: PackReader,
    keyring: Option<Keyring>,
    brake: &Brake,
) -> Result<Restored> {
    let manifest = reader.manifest()?;
    let migrations = manifest.migrations()?;
    let is_fresh = store.read_now(store::backup::is_fresh)?;
    ensure!(
        is_fresh,
        "there are records here already, and a restore overwrites nothing: name an empty data folder or database"
    );
    store
        .migrate(&migrations)
        .context("the tables could not be made: name an empty data folder or database")?;
    let is_older = migrations.len() < office::MIGRATIONS.len();
    let (brake, packed) = (brake.clone(), manifest.clone());
    let keyring = keyring.map(Arc::new);
    let sealing = keyring.clone();
    let now = store.now();
    let proof = store.write_now(move |tx| -> Result<Option<VerifyReport>> {
        reader.unpack(tx, &packed, &brake)?;
        hold_back(tx, now)?;
        if let Some(keyring) = &sealing {
            office::carry::seal_files::<anyhow::Error>(tx, keyring, |place| {
                reader.received_file(&packed, place)
            })?;
        }
        // Records of an older schema can be proved once it is this program's.
        (!is_older).then(|| pack::proved(tx, &packed)).transpose()
    })?;
    let report = match proof {
        Some(report) => report,
        None => brought_up_to_date(store, &manifest)?,
    };
    if let Some(keyring) = keyring {
        match replace_key(store, &keyring) {
            // A store that never sealed anything, or with this very key, has nothing to change.
            Ok(_) | Err(KeyringError::NeverSealed | KeyringError::NotLost(_)) => {}
            Err(error) => {
                return Err(error)
                    .context("The records were restored, and their key could not be replaced");
            }
        }
    }
    Ok(Restored { manifest, report })
}

/// Brings older records to this program's schema and proves them; takes them out again where that fails.
fn brought_up_to_date(store: &Store, manifest: &Manifest) -> Result<VerifyReport> {
    let packed = manifest.clone();
    let proved = store
        .migrate(office::MIGRATIONS)
        .context("its older tables could not be brought up to date")
        .and_then(|_| store.read_now(move |tx| pack::proved(tx, &packed)));
    if proved.is_err() {
        let schema = Schema::of(&manifest.migrations()?);
        store.write_now(move |tx| {
            tx.lift_time_limit()?;
            store::backup::clear(tx, &schema)
        })?;
    }
    proved
}

/// What the operator should know of records that were seen elsewhere and are not in these.
fn warnings(said: &Restore, restored: &Restored) -> Vec<String> {
    let beside = said.from.parent().unwrap_or(Path::new("."));
    let seen = heads::newest(heads::noted_in(beside), heads::noted_in(&said.data.data));
    heads::missing(&restored.manifest.heads(), &seen)
}

/// `rollbook allow-sending`: lets webhooks and messages leave records that were restored.
pub fn allow_sending(data: &Data) -> Result<()> {
    let store = data.open_existing(clock_of_this_machine())?;
    let told = let_leave(&store);
    store.close();
    println!("{}", told?);
    Ok(())
}

/// Lets webhooks and messages leave, each school's journal told first; answers in words what was so before.
pub(super) fn let_leave(store: &Store) -> Result<&'static str> {
    if store.read_now(office::carry::held_back_since)?.is_none() {
        return Ok(
            "Nothing was held back: these records were not restored, or it was allowed before.",
        );
    }
    tell_every_journal(
        store,
        "let webhooks and messages leave",
        &who_is_signed_in(),
    )?;
    let let_out = store.write_now(|tx| let_out(tx).map_err(|error: StoreError| error));
    let_out.context("It could not be noted")?;
    Ok("Webhooks and messages leave again: what waits is sent as soon as Rollbook serves.")
}
