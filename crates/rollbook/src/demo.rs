//! `rollbook demo`: a wholly synthetic school to look at, made and served.
//!
//! What belongs to it stands beside its data folder under the same name: the key, the local authority, and a note of who may sign in, so that
//! the same folder can be served again.

use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use calendar::{Day, Instant};
use indicatif::{ProgressBar, ProgressStyle};
use office::demo::{DemoAccount, DemoClock, SCHOOL, put_in};
use office::desk::Clock;
use office::messages::Outside;
use office::people::{Keyring, Role, hash_password_now};
use ring::rand::{SecureRandom, SystemRandom};
use store::{SchoolId, Store, StoreError, Tx};

use crate::command_line::{Data, Demo};
use crate::opening::{beside, clock_of_this_machine};
use crate::serve::{Protection, Served};

/// Letters and digits of passwords: none that is taken for another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Somebody of the demo school, as printed and noted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    role: String,
    sign_in_name: String,
    password: String,
}

/// What is noted beside the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    /// The moment at which the school stands.
    now: Instant,
    accounts: Vec<Account>,
}

/// Makes the school, or takes the one that is in the folder, and serves it.
pub fn demo(demo: &Demo) -> Result<()> {
    // Kept to the end of this function: a temporary folder goes with it.
    let mut temporary = None;
    let data = match &demo.data {
        Some(data) => std::path::absolute(data)?,
        None => {
            let folder = tempfile::Builder::new()
                .prefix("rollbook-demo-")
                .tempdir()?;
            temporary.insert(folder).path().join("school")
        }
    };
    let place = Data {
        data: data.clone(),
        database: demo.database.clone(),
    };
    let note_file = beside(&data, "demo");
    let clock = Arc::new(DemoClock::new(clock_of_this_machine()()));
    let telling = Arc::clone(&clock);
    let office_clock: Clock = Arc::new(move || telling.tell());

    let kept = note_file.exists();
    if !kept && place.database.is_none() && place.open_existing(office_clock.clone()).is_ok() {
        bail!(
            "{} holds records already; a demo school needs a folder of its own",
            data.display()
        );
    }
    let (store, keyring) = place.open(&beside(&data, "key"), office_clock.clone())?;
    let keyring = Arc::new(keyring);
    let note = if kept {
        let note = Note::read(&note_file)?;
        clock.run_from(note.now.max(last_moment(&store)?));
        note
    } else {
        let note = make(demo, &store, &keyring, &clock)?;
        note.write(&note_file)?;
        clock.run_from(note.now);
        note
    };
    let served = Served {
        store,
        keyring,
        clock: office_clock,
        listen: (Ipv4Addr::LOCALHOST, demo.port).into(),
        protection: if demo.tls {
            Protection::Local {
                folder: beside(&data, "authority"),
                names: Vec::new(),
            }
        } else {
            Protection::None
        },
        metrics_token: None,
        outside: Outside::recording(),
        scanner: None,
        upkeep: None,
    };
    served.until_asked_to_stop(|| {
        println!("{}", table(&note.accounts));
        Ok(())
    })
}

/// Makes the schools of the wanted day and size, and puts them into the store with a password of their own.
fn make(demo: &Demo, store: &Store, keyring: &Arc<Keyring>, clock: &DemoClock) -> Result<Note> {
    let today = demo
        .date
        .unwrap_or_else(|| last_school_day(clock.tell().in_london().0));
    let schools = match demo.schools {
        1 => "a school".to_owned(),
        schools => format!("{schools} schools"),
    };
    eprintln!(
        "Making {schools} of {} invented pupils as of {today}.",
        demo.pupils
    );
    let password = new_password()?;
    let hash = hash_password_now(&password).context("The password could not be made")?;
    let bar = progress_bar();
    let set_clock = |moment| clock.stand_at(moment);
    let mut note = Note {
        now: clock.tell(),
        accounts: Vec::new(),
    };
    for number in 0..u64::from(demo.schools) {
        let school = Arc::new(demo::generate(&demo::Request {
            today,
            pupils: demo.pupils as usize,
            seed: demo.seed + number,
        }));
        let key = SchoolId(SCHOOL.0 + number as i64);
        let shown = bar.clone();
        let progress = move |done: usize, of: usize| {
            shown.set_length(of as u64 * u64::from(demo.schools));
            shown.set_position(done as u64 + of as u64 * number);
        };
        let (accounts, now) = put_in(store, key, &set_clock, &school, &hash, keyring, progress)
            .context("The demo school could not be recorded; a database for it must be empty")?;
        note.now = now;
        note.accounts.extend(one_of_each_role(&accounts, &password));
    }
    bar.finish_and_clear();
    Ok(note)
}

/// This day if the demo school meets on it, else the last day before it on which it does.
fn last_school_day(today: Day) -> Day {
    let meets = |day: &Day| {
        let smallest = demo::Request {
            today: *day,
            pupils: 7,
            seed: 0,
        };
        !day.weekday().is_weekend() && demo::generate(&smallest).today.is_some()
    };
    // The summer holiday is the longest stretch without school.
    (0..70)
        .map(|back| today.plus_days(-back))
        .find(meets)
        .unwrap_or(today)
}

/// The newest moment that the records know; the clock of a school that is served again does not stand before it.
fn last_moment(store: &Store) -> Result<Instant> {
    let heads =
        store.read_now(|tx: &mut Tx| -> Result<_, StoreError> { store::journal::heads(tx) })?;
    let newest = heads.iter().map(|(_, head)| head.at).max();
    newest.context("The demo school was left half made; remove its folder and start again")
}

fn one_of_each_role(accounts: &[DemoAccount], password: &str) -> Vec<Account> {
    Role::ALL
        .iter()
        .filter_map(|role| {
            let holder = accounts.iter().find(|account| account.role == role.key())?;
            Some(Account {
                role: role.label().to_owned(),
                sign_in_name: holder.sign_in_name.clone(),
                password: password.to_owned(),
            })
        })
        .collect()
}

/// The table of who may sign in: columns two or more spaces apart.
fn table(accounts: &[Account]) -> String {
    let width = |cell: fn(&Account) -> &str, heading: &str| {
        let longest = accounts
            .iter()
            .map(|account| cell(account).chars().count())
            .max();
        longest.unwrap_or(0).max(heading.len())
    };
    let (role, name) = (
        width(|one| &one.role, "role"),
        width(|one| &one.sign_in_name, "sign-in name"),
    );
    let mut text = format!("\n{:<role$}  {:<name$}  password\n", "role", "sign-in name");
    for account in accounts {
        text += &format!(
            "{:<role$}  {:<name$}  {}\n",
            account.role, account.sign_in_name, account.password
        );
    }
    text
}

/// A password of sixty random bits in groups of four.
fn new_password() -> Result<String> {
    let mut bytes = [0; 12];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow!("The system gives no random numbers"))?;
    let groups: Vec<String> = bytes
        .chunks(4)
        .map(|group| {
            group
                .iter()
                .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
                .collect()
        })
        .collect();
    Ok(groups.join("-"))
}

impl Note {
    fn write(&self, file: &Path) -> Result<()> {
        let mut text = format!("{}\n", self.now.micros());
        for account in &self.accounts {
            text += &format!(
                "{}\t{}\t{}\n",
                account.role, account.sign_in_name, account.password
            );
        }
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("{} cannot be written", file.display()))
    }

    fn read(file: &Path) -> Result<Note> {
        let text = fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        let mut lines = text.lines();
        let now = lines.next().and_then(|line| line.parse().ok());
        let accounts = lines.map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [role, sign_in_name, password] => Some(Account {
                role: role.to_owned(),
                sign_in_name: sign_in_name.to_owned(),
                password: password.to_owned(),
            }),
            _ => None,
        });
        now.zip(accounts.collect::<Option<_>>())
            .map(|(now, accounts)| Note {
                now: Instant::from_micros(now),
                accounts,
            })
            .with_context(|| {
                format!(
                    "{} is damaged; remove it and the demo school beside it",
                    file.display()
                )
            })
    }
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} school days, {eta} left")
        .expect("the template of the bar is right");
    ProgressBar::new(0).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(role: &str) -> Account {
        Account {
            role: role.to_owned(),
            sign_in_name: format!("{}@school.example", role.len()),
            password: "one two".to_owned(),
        }
    }

    #[test]
    fn the_table_is_one_that_programs_can_read() {
        let text = table(&[account("Teacher"), account("Head of house or year")]);
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        assert_eq!(rows[0], ["role", "sign-in name", "password"]);
        assert_eq!(rows[1], ["Teacher", "7@school.example", "one two"]);
        assert_eq!(rows[2][0], "Head of house or year");
    }

    #[test]
    fn who_may_sign_in_is_known_when_the_folder_is_served_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = beside(&folder.path().join("school"), "demo");
        let note = Note {
            now: Instant::from_micros(1_795_509_852_000_000),
            accounts: vec![account("Teacher")],
        };
        note.write(&file).unwrap();
        assert_eq!(Note::read(&file).unwrap(), note);
    }

    #[test]
    fn every_demo_school_has_a_password_of_its_own() {
        let (one, other) = (new_password().unwrap(), new_password().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 14);
    }

    #[test]
    fn the_demo_school_meets_on_the_day_it_opens_at_unless_another_is_wished() {
        let tuesday = Day::new(2026, 11, 24).unwrap();
        assert_eq!(last_school_day(tuesday), tuesday);
        let sunday = Day::new(2026, 11, 22).unwrap();
        assert_eq!(last_school_day(sunday), Day::new(2026, 11, 20).unwrap());
        let august = last_school_day(Day::new(2026, 8, 20).unwrap());
        assert_eq!((august.year(), august.month()), (2026, 7));
    }
}
