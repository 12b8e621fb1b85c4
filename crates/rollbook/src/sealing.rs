//! Sealed copies of the registers: by themselves after each month, by hand, and proved with a file in hand.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use letters::Press;
use office::desk::{Office, Refusal};
use office::people::Doors;
use office::registers::sealed::{self, STEPS, Wish};
use office::roll::imports;
use store::{SchoolId, StoreError, Tx, args};

use crate::command_line::{Data, Seal};
use crate::opening::clock_of_this_machine;

/// The name of the notice about sealed copies.
const NOTICE: &str = "sealed copy";

/// How often it is looked whether a copy is due.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);

/// Looks whether a school is due a copy, for as long as the program runs. First after `wait`, when nobody waits for a first page.
pub async fn keep_sealing(office: Arc<Office>, wait: Duration) {
    tokio::time::sleep(wait).await;
    loop {
        let sealing = Arc::clone(&office);
        let looked = tokio::task::spawn_blocking(move || seal_what_is_due(&sealing)).await;
        if let Err(error) = looked {
            tracing::error!(%error, "the sealing of copies failed");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Makes the copies that are due, school by school; a failure stands on the administrator's first page until one succeeds.
fn seal_what_is_due(office: &Arc<Office>) {
    const SCHOOLS: &str = "select school_id from school order by school_id";
    let schools: Result<Vec<SchoolId>, StoreError> = office
        .store
        .read_now(|tx| tx.query(SCHOOLS, &args![], |row| row.get(0).map(SchoolId)));
    let mut failed = Vec::new();
    match schools {
        Err(error) => tracing::warn!(%error, "the schools could not be listed"),
        Ok(schools) => {
            for school in schools {
                if let Err(error) = seal_if_due(office, school) {
                    tracing::error!(%error, school = school.0, "a sealed copy could not be made");
                    failed.push(format!(
                        "The sealed copy of the registers that is due at school {} could not be made: {error} It is tried again \
                         every ten minutes.",
                        school.0
                    ));
                }
            }
        }
    }
    match failed.is_empty() {
        true => office.notices.clear(NOTICE),
        false => office.notices.put(NOTICE, failed.join(" ")),
    }
}

fn seal_if_due(office: &Arc<Office>, school: SchoolId) -> Result<(), Refusal> {
    let (today, _) = office.today();
    let due = office
        .store
        .read_now(move |tx| sealed::due_by_itself(tx, school, today))?;
    let Some(month) = due else {
        return Ok(());
    };
    let maker = sealed::by_itself(school);
    let made = sealed::seal(office, &maker, month, Wish::TheFirst, &mut |_| {})?;
    if let Some(copy) = made {
        tracing::info!(school = school.0, %month, copy, "a sealed copy was made");
    }
    Ok(())
}

/// `rollbook seal`.
pub fn seal(said: &Seal) -> Result<()> {
    let key_file = said.data.key_file(said.key_file.as_deref())?;
    let clock = clock_of_this_machine();
    let (store, keyring) = said.data.open(&key_file, clock.clone())?;
    let office = Office::new(store.clone(), keyring, clock, false, Doors::new(None));
    let office = Arc::new(office.printing_with(Arc::new(Press::new())));
    let made = seal_by_hand(&office, said);
    store.close();
    made
}

fn seal_by_hand(office: &Arc<Office>, said: &Seal) -> Result<()> {
    let maker = imports::command_line(office, said.school)?;
    let style = ProgressStyle::with_template("{msg:<32} {wide_bar} {pos} of {len}")
        .expect("the template of the bar is right");
    let bar = ProgressBar::new(STEPS).with_style(style);
    let shown = bar.clone();
    let copy = sealed::seal(office, &maker, said.month, Wish::Another, &mut |step| {
        shown.set_position(step);
        shown.set_message(match step {
            0 => "Reading both registers",
            1 => "Setting the admission register",
            2 => "Setting the attendance register",
            _ => "Sealing",
        });
    });
    bar.finish_and_clear();
    let copy = copy?.context("No copy was made")?;
    println!(
        "Copy {copy} of {} is sealed. Its files can be taken away under Registers, Sealed copies.",
        said.month.name()
    );
    Ok(())
}

/// `rollbook verify-copy`: whether the file was sealed here and the journal still has its hash.
pub fn verify_copy(file: &Path, data: &Data) -> Result<bool> {
    let bytes =
        std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let store = data.open_existing(clock_of_this_machine())?;
    let proved = store.read_now(move |tx: &mut Tx| sealed::prove_file(tx, &bytes));
    store.close();
    let proved = proved.context("The records could not be read")?;
    if proved.is_empty() {
        println!(
            "{} is no file that was sealed here: either it was altered, or it comes from elsewhere.",
            file.display()
        );
        return Ok(false);
    }
    for one in &proved {
        println!(
            "{}, {}: copy {}, {}, sealed by act {} at {}.",
            one.school,
            one.month.name(),
            one.copy,
            one.name,
            one.sealed_by,
            one.sealed_at
        );
        println!(
            "It bears act {} with the hash {}.",
            one.head_seq, one.head_hash
        );
        println!(
            "{}",
            match one.is_in_journal {
                true =>
                    "The journal has that hash at that number. `rollbook verify` proves the chain around it.",
                false =>
                    "The journal does NOT have that hash at that number: it was altered since.",
            }
        );
    }
    Ok(proved.iter().all(|one| one.is_in_journal))
}
