//! `rollbook purge`: what may be erased after its six years, and erasures that two people agreed on carried out.

use anyhow::{Context, Result};
use office::preservation::{Outlook, carry_out, outlook};
use store::{SchoolId, Store, StoreError, args};

use crate::command_line::Purge;
use crate::opening::clock_of_this_machine;

const SCHOOLS: &str = "select school_id from school order by school_id";

/// Prints what is due at each school; with `--carry-out` goes on with what was approved on the page.
pub fn purge(said: &Purge) -> Result<()> {
    let store = said.data.open_existing(clock_of_this_machine())?;
    let done = each_school(&store, said.carry_out);
    store.close();
    done
}

fn each_school(store: &Store, carrying_out: bool) -> Result<()> {
    let (today, _) = store.now().in_london();
    let schools = store.read_now(|tx| tx.query(SCHOOLS, &args![], |row| row.get(0).map(SchoolId)));
    let schools: Vec<SchoolId> = schools
        .map_err(|error: StoreError| error)
        .context("The schools could not be listed")?;
    for school in schools {
        let seen = store
            .read_now(move |tx| outlook(tx, school, today))
            .context("What is due could not be found out")?;
        print!("{}", told(school, &seen));
        for id in seen.approved {
            if carrying_out {
                carry_out(store, school, id, &mut || true)
                    .with_context(|| format!("Erasure {id} broke off; run this again to go on"))?;
                println!("  Erasure {id} is carried out.");
            } else {
                println!("  Erasure {id} is approved: --carry-out goes on with it.");
            }
        }
    }
    Ok(())
}

fn told(school: SchoolId, seen: &Outlook) -> String {
    let mut text = format!(
        "School {}: entries made up to {} may go (R-008).\n  {} entries in {} places of the attendance register, records of {} pupils who left, \
         {} sealed copies; {} pupils held.\n",
        school.0,
        seen.through.long(),
        seen.entries,
        seen.places,
        seen.pupils,
        seen.copies,
        seen.held
    );
    if let Some(doubt) = &seen.clock {
        text += &format!("  The clock is in doubt: {doubt}.\n");
    }
    text += "  Asked for and approved by two people under Journal, Preservation.\n";
    text
}
