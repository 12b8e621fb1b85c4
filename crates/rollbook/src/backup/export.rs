//! `rollbook export --all`: everything a school owns in open formats, as a folder that a new installation can read back.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use office::people::Keyring;
use store::Store;

use super::pack::{Brake, Manifest, PackWriter};
use super::{pack_store, say_that_all_leaves};
use crate::command_line::Export;
use crate::opening::clock_of_this_machine;

/// `rollbook export --all`.
pub fn export(said: &Export) -> Result<()> {
    let key_file = said.data.key_file(said.key_file.as_deref())?;
    ensure!(
        key_file.exists(),
        "There is no key file {}: received files cannot be opened without it. Name it with --key-file",
        key_file.display()
    );
    let keyring = Keyring::open(&key_file, &said.data.data, None)?;
    let store = said.data.open_existing(clock_of_this_machine())?;
    let manifest = say_that_all_leaves(&store, "export everything")
        .and_then(|()| write(&store, keyring, &said.to));
    store.close();
    let manifest = manifest.context("Nothing was exported")?;
    println!(
        "{}: {} rows; its README.md says what is where. It is not encrypted: keep it as safe as the school's records.",
        said.to.display(),
        manifest.rows()
    );
    Ok(())
}

/// Writes a folder that is not there yet; it appears under its name only when it is whole.
pub fn write(store: &Store, keyring: Keyring, to: &Path) -> Result<Manifest> {
    ensure!(
        !to.exists(),
        "{} is there already, and an export overwrites nothing",
        to.display()
    );
    let name = to.file_name().context("the folder needs a name")?;
    let mut partial = std::ffi::OsString::from(".");
    partial.push(name);
    partial.push(".partial");
    let partial = to.with_file_name(partial);
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&partial)
        .with_context(|| format!("{} cannot be made", partial.display()))?;
    let writer = PackWriter::Folder(partial.clone());
    let written = pack_store(store, writer, store.now(), Some(keyring), &Brake::default())
        .and_then(|manifest| {
            fs::rename(&partial, to)?;
            Ok(manifest)
        });
    if written.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    written
}
