//! `rollbook replace-key`: going on when the key file is lost for good.

use anyhow::{Context, Result, bail};
use office::people::{replace_key, second_factors};

use crate::command_line::Data;
use crate::import::says;
use crate::opening::clock_of_this_machine;

/// Gives the data to a new key, once the operator has said that the old one is lost.
pub fn replace(data: &Data, key_file: Option<&std::path::Path>, yes: bool) -> Result<()> {
    let key_file = data.key_file(key_file)?;
    let store = data.open_existing(clock_of_this_machine())?;
    let lost = second_factors(&store);
    store.close();
    println!(
        "{} second factors will be taken away, and whoever had one sets it up again under My account. Every device is signed out.",
        lost.context("The data could not be read")?
    );
    println!(
        "Concerns and files received by imports stay closed for ever, and each webhook needs a new secret. Pupils, marks and the journal are not affected."
    );
    if !yes
        && !says(
            "Type lost to say that the old key is lost for good: ",
            "lost",
        )?
    {
        bail!("Nothing was changed.");
    }
    let (store, keyring) = data.open_for_new_key(&key_file, clock_of_this_machine())?;
    let replaced = replace_key(&store, &keyring);
    store.close();
    let reset = replaced.context("The key was not replaced")?;
    println!(
        "The data belongs to key {} in {} now; {reset} second factors were taken away. Keep a copy of that file in a safe.",
        keyring.id(),
        key_file.display()
    );
    Ok(())
}
