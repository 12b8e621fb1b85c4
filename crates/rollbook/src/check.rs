//! `rollbook check`: what would keep Rollbook from serving safely here, and what to do about it, in plain English.
//!
//! It changes nothing, and it can be run while the program serves.

use std::fmt;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use office::evidence::Scanner;
use office::people::Keyring;
use store::{Location, Options, Store, Tx};

use crate::backup::heads::moment;
use crate::backup::schedule::heads_of;
use crate::backup::{kept_in, passphrase};
use crate::certificate::validity;
use crate::command_line::{Api, Serve, Tls};
use crate::opening::clock_of_this_machine;

/// One thing that was looked at.
struct Finding {
    about: &'static str,
    verdict: Verdict,
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Good,
    /// It works, and somebody should know.
    Note,
    /// Rollbook would not serve, or not safely.
    Wrong,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Good => "good",
            Verdict::Note => "note",
            Verdict::Wrong => "WRONG",
        })
    }
}

/// Looks at everything, prints what was found, and answers whether nothing is wrong.
pub fn check(serve: &Serve) -> bool {
    let findings = findings(serve);
    let width = findings.iter().map(|finding| finding.about.len()).max();
    let width = width.unwrap_or(0);
    for finding in &findings {
        println!(
            "{:<5}  {:<width$}  {}",
            finding.verdict, finding.about, finding.words
        );
    }
    let wrong = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Wrong)
        .count();
    match wrong {
        0 => println!("Nothing keeps Rollbook from serving."),
        1 => println!("One thing is wrong."),
        _ => println!("{wrong} things are wrong."),
    }
    wrong == 0
}

fn findings(serve: &Serve) -> Vec<Finding> {
    let mut found = vec![data_folder(&serve.data.data), disk(&serve.data.data)];
    let key_file = serve.data.key_file(serve.key_file.as_deref());
    found.extend(records(serve, key_file.as_deref().ok()));
    found.push(key(serve, key_file));
    found.push(certificate(serve));
    found.push(port(serve));
    found.extend(other_programs(
        &serve.api,
        office::webhooks::knows_authorities(),
    ));
    found.push(virus_scanner(serve.clamd.as_ref()));
    found.push(backups(serve));
    found
}

fn said(about: &'static str, verdict: Verdict, words: impl Into<String>) -> Finding {
    Finding {
        about,
        verdict,
        words: words.into(),
    }
}

/// An error as a finding.
fn wrong(about: &'static str, error: &anyhow::Error) -> Finding {
    said(about, Verdict::Wrong, format!("{error:#}."))
}

fn data_folder(data: &Path) -> Finding {
    const ABOUT: &str = "data folder";
    let shown = data.display();
    match fs::metadata(data) {
        Err(_) => said(
            ABOUT,
            Verdict::Note,
            format!("{shown} is not there; the first start makes it."),
        ),
        Ok(about) if !about.is_dir() => {
            said(ABOUT, Verdict::Wrong, format!("{shown} is not a folder."))
        }
        Ok(about) => {
            if tempfile::tempfile_in(data).is_err() {
                return said(
                    ABOUT,
                    Verdict::Wrong,
                    format!("{shown} cannot be written by this account."),
                );
            }
            if about.mode() & 0o077 != 0 {
                return said(
                    ABOUT,
                    Verdict::Note,
                    format!(
                        "{shown} can be entered by other accounts of this machine (chmod 700)."
                    ),
                );
            }
            said(ABOUT, Verdict::Good, shown.to_string())
        }
    }
}

/// Less free than this is soon too little.
const SCANT: u64 = 2 << 30;

/// With less free than this a day's marks may not fit.
const TOO_LITTLE: u64 = 200 << 20;

fn disk(data: &Path) -> Finding {
    const ABOUT: &str = "disk";
    // A folder that is not there yet lies on the disk of the nearest one above it.
    let Some(there) = data.ancestors().find(|folder| folder.exists()) else {
        return said(ABOUT, Verdict::Note, "The disk cannot be looked at.");
    };
    let (Ok(space), Ok(system)) = (rustix::fs::statvfs(there), rustix::fs::statfs(there)) else {
        return said(ABOUT, Verdict::Note, "The disk cannot be looked at.");
    };
    if is_network(system.f_type) {
        return said(
            ABOUT,
            Verdict::Wrong,
            "The data folder lies on a network share, which does not keep its promises about flushing and locking: \
             use a disk of this machine, or PostgreSQL.",
        );
    }
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let words = format!("{} MB are free.", free >> 20);
    match free {
        0..TOO_LITTLE => said(ABOUT, Verdict::Wrong, words + " Saving may stop soon."),
        TOO_LITTLE..SCANT => said(ABOUT, Verdict::Note, words + " Backups need room as well."),
        _ => said(ABOUT, Verdict::Good, words),
    }
}

/// NFS, SMB and CIFS, by the numbers that Linux gives them.
fn is_network(kind: i64) -> bool {
    [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42].contains(&(kind & 0xffff_ffff))
}

fn records(serve: &Serve, key_file: Option<&Path>) -> Vec<Finding> {
    const ABOUT: &str = "database";
    let location = match serve.data.location() {
        Ok(location) => location,
        Err(error) => return vec![wrong(ABOUT, &error)],
    };
    if let Location::Sqlite(file) = &location
        && !file.exists()
    {
        let words = format!("{} is not there; the first start makes it.", file.display());
        return vec![said(ABOUT, Verdict::Note, words), clock(None)];
    }
    let store = match Store::open(&location, Options::default(), clock_of_this_machine()) {
        Ok(store) => store,
        Err(error) => return vec![wrong(ABOUT, &error.into()), clock(None)],
    };
    let mut found = vec![said(
        ABOUT,
        Verdict::Good,
        format!("{location} answers, and flushes what it acknowledges."),
    )];
    let applied = store.read_now(|tx: &mut Tx| store::backup::applied(tx));
    let is_up_to_date = match &applied {
        Ok(applied) => {
            let tables = tables(applied);
            let good = tables.verdict == Verdict::Good;
            found.push(tables);
            good
        }
        Err(error) => {
            found.push(wrong("tables", &error.clone().into()));
            false
        }
    };
    if is_up_to_date {
        if let Some(key_file) = key_file.filter(|file| file.exists()) {
            found.extend(belongs(key_file, serve, &store));
        }
        let newest = heads_of(&store)
            .ok()
            .and_then(|heads| heads.values().map(|seen| seen.at).max());
        found.push(clock(newest));
        found.extend(held_back(&store));
    } else {
        found.push(clock(None));
    }
    store.close();
    found
}

/// What is said of records that were restored and that nobody has let speak yet; nothing of others.
fn held_back(store: &Store) -> Option<Finding> {
    const ABOUT: &str = "sending";
    match store.read_now(office::carry::held_back_since) {
        Ok(since) => since.map(|since| {
            said(
                ABOUT,
                Verdict::Note,
                format!(
                    "These records were restored on {}: no webhook and no message leaves until rollbook allow-sending.",
                    moment(since)
                ),
            )
        }),
        Err(error) => Some(wrong(ABOUT, &error.into())),
    }
}

fn tables(applied: &[store::backup::Applied]) -> Finding {
    const ABOUT: &str = "tables";
    if applied.is_empty() {
        return said(
            ABOUT,
            Verdict::Note,
            "There are none yet; the first start makes them.",
        );
    }
    let strange = applied.iter().find(|applied| {
        !applied.name.starts_with("store_")
            && office::MIGRATIONS
                .iter()
                .all(|known| known.name != applied.name || known.checksum() != applied.checksum)
    });
    if let Some(strange) = strange {
        return said(
            ABOUT,
            Verdict::Wrong,
            format!(
                "They were made by another edition of Rollbook ({}): use that one or a newer one.",
                strange.name
            ),
        );
    }
    let missing = office::MIGRATIONS
        .iter()
        .filter(|known| applied.iter().all(|applied| applied.name != known.name))
        .count();
    match missing {
        0 => said(ABOUT, Verdict::Good, "They are up to date."),
        _ => said(
            ABOUT,
            Verdict::Note,
            format!(
                "They are {missing} steps behind; the next start brings them up to date. Make a backup first."
            ),
        ),
    }
}

/// Whether the key opens what these records have sealed; nothing to say when it does.
fn belongs(key_file: &Path, serve: &Serve, store: &Store) -> Option<Finding> {
    const ABOUT: &str = "key";
    let keyring = Keyring::open(key_file, &serve.data.data, None).ok()?;
    match Keyring::of_data(store) {
        Ok(Some(data_key)) if data_key != keyring.id() => Some(said(
            ABOUT,
            Verdict::Wrong,
            format!(
                "These records were sealed with key {data_key}, and the key file holds key {}: put back the one that belongs to them.",
                keyring.id()
            ),
        )),
        Ok(_) => None,
        Err(error) => Some(said(ABOUT, Verdict::Wrong, format!("{error}."))),
    }
}

fn key(serve: &Serve, key_file: Result<PathBuf>) -> Finding {
    const ABOUT: &str = "key file";
    let key_file = match key_file {
        Ok(key_file) => key_file,
        Err(error) => return wrong(ABOUT, &error),
    };
    if !key_file.exists() {
        let has_records =
            matches!(serve.data.location(), Ok(Location::Sqlite(file)) if file.exists());
        let words = format!("{} is not there", key_file.display());
        return if has_records {
            said(
                ABOUT,
                Verdict::Wrong,
                words + ", and there are records already: put back the key that belongs to them.",
            )
        } else {
            said(ABOUT, Verdict::Note, words + "; the first start makes it.")
        };
    }
    match Keyring::open(&key_file, &serve.data.data, None) {
        Ok(_) => said(ABOUT, Verdict::Good, format!("{}", key_file.display())),
        Err(error) => said(ABOUT, Verdict::Wrong, format!("{error}.")),
    }
}

fn certificate(serve: &Serve) -> Finding {
    const ABOUT: &str = "certificate";
    match (serve.tls, &serve.certificate, &serve.private_key) {
        (Tls::Local, ..) => said(
            ABOUT,
            Verdict::Good,
            "By the local authority; each start makes a fresh one.",
        ),
        (Tls::Off, ..) if serve.behind_proxy => {
            said(ABOUT, Verdict::Good, "The proxy in front has it.")
        }
        (Tls::Off, ..) if serve.listen.ip().is_loopback() => said(
            ABOUT,
            Verdict::Note,
            "None: for trying on this machine only.",
        ),
        (Tls::Off, ..) => said(
            ABOUT,
            Verdict::Wrong,
            "Without TLS Rollbook serves this machine only: listen at 127.0.0.1, or say --behind-proxy.",
        ),
        (Tls::Own, Some(certificate), Some(private_key)) => {
            match own_certificate(certificate, private_key) {
                Ok(finding) => finding,
                Err(error) => wrong(ABOUT, &error),
            }
        }
        (Tls::Own, ..) => said(
            ABOUT,
            Verdict::Wrong,
            "--tls own needs --certificate and --private-key.",
        ),
    }
}

/// A certificate that ends sooner is told of.
const ENDS_SOON: Duration = Duration::from_secs(21 * 24 * 60 * 60);

fn own_certificate(certificate: &Path, private_key: &Path) -> Result<Finding> {
    const ABOUT: &str = "certificate";
    let (begins, ends) = validity(certificate, private_key)?;
    let now = SystemTime::now();
    let day = |at: SystemTime| {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let micros = i64::try_from(seconds).unwrap_or_default() * 1_000_000;
        calendar::Instant::from_micros(micros).in_london().0.long()
    };
    Ok(if now < begins {
        said(
            ABOUT,
            Verdict::Wrong,
            format!("It is valid from {} only.", day(begins)),
        )
    } else if now > ends {
        said(ABOUT, Verdict::Wrong, format!("It ended on {}.", day(ends)))
    } else if now + ENDS_SOON > ends {
        said(
            ABOUT,
            Verdict::Note,
            format!("It ends on {}: have it renewed.", day(ends)),
        )
    } else {
        said(ABOUT, Verdict::Good, format!("Valid until {}.", day(ends)))
    })
}

/// Midnight before this program was written: a clock that stands before it is not set.
const NOT_BEFORE: &str = "2026-11-01T00:00:00Z";

fn clock(newest_act: Option<calendar::Instant>) -> Finding {
    const ABOUT: &str = "clock";
    let now = clock_of_this_machine()();
    let earliest = NOT_BEFORE.parse().expect("it is a moment");
    if now < earliest {
        return said(
            ABOUT,
            Verdict::Wrong,
            format!(
                "This machine believes that it is {}: set its clock.",
                moment(now)
            ),
        );
    }
    match newest_act.filter(|newest| *newest > now.plus_seconds(60)) {
        Some(newest) => said(
            ABOUT,
            Verdict::Wrong,
            format!(
                "It is {} by this machine, and the last record was made on {}: one of the two clocks was wrong.",
                moment(now),
                moment(newest)
            ),
        ),
        None => said(
            ABOUT,
            Verdict::Good,
            format!("{}, London time.", moment(now)),
        ),
    }
}

/// What API clients may do, and where their webhooks may lead.
fn other_programs(api: &Api, knows_authorities: bool) -> [Finding; 2] {
    let share = said(
        "API clients",
        Verdict::Good,
        format!(
            "Each may send {} requests a minute if it only reads, {} if it may write; counted by each running program by itself.",
            api.reading_clients, api.writing_clients
        ),
    );
    let (verdict, words) = match (knows_authorities, api.webhooks_inside.as_slice()) {
        (false, _) => (
            Verdict::Note,
            "This machine has no list of certificate authorities (package ca-certificates), so nothing is delivered over TLS."
                .to_owned(),
        ),
        (true, []) => (
            Verdict::Good,
            "They lead to addresses on the public internet only, over TLS.".to_owned(),
        ),
        (true, inside) => (
            Verdict::Note,
            format!(
                "They may lead to machines of this network too, even without TLS: {}.",
                inside.join(", ")
            ),
        ),
    };
    [share, said("webhooks", verdict, words)]
}

/// Whether what families send as evidence can be scanned (I-029).
fn virus_scanner(scanner: Option<&Scanner>) -> Finding {
    const ABOUT: &str = "virus scanner";
    let Some(scanner) = scanner else {
        return said(
            ABOUT,
            Verdict::Note,
            "None is set up (clamd): evidence is shown as not scanned and opens after a warning.",
        );
    };
    let answered = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("It could not be asked")
        .and_then(|runtime| Ok(runtime.block_on(scanner.version())?));
    match answered {
        Ok(version) => said(
            ABOUT,
            Verdict::Good,
            format!("{scanner} answers: {version}."),
        ),
        Err(error) => said(
            ABOUT,
            Verdict::Wrong,
            format!("{scanner}: {error:#}. Evidence stays closed until it answers."),
        ),
    }
}

fn port(serve: &Serve) -> Finding {
    const ABOUT: &str = "port";
    match TcpListener::bind(serve.listen) {
        Ok(_) => said(ABOUT, Verdict::Good, format!("{} is free.", serve.listen)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => said(
            ABOUT,
            Verdict::Note,
            format!(
                "{} is in use: right while Rollbook is running, else another program has it.",
                serve.listen
            ),
        ),
        Err(error) => said(
            ABOUT,
            Verdict::Wrong,
            format!("Rollbook cannot listen at {}: {error}.", serve.listen),
        ),
    }
}

/// A newest backup that is older than this was missed.
const MISSED_AFTER_SECONDS: i64 = 26 * 60 * 60;

fn backups(serve: &Serve) -> Finding {
    const ABOUT: &str = "backups";
    let Some(folder) = &serve.nightly.backup_folder else {
        return said(
            ABOUT,
            Verdict::Note,
            "None are made by Rollbook: set backup.folder, or be sure that another way is in place.",
        );
    };
    let looked = (|| {
        tempfile::tempfile_in(folder)
            .with_context(|| format!("The folder {} cannot be written", folder.display()))?;
        if let Some(file) = &serve.nightly.passphrase_file {
            passphrase::read(file)?;
        }
        kept_in(folder)
    })();
    let kept = match looked {
        Ok(kept) => kept,
        Err(error) => return wrong(ABOUT, &error),
    };
    let now = clock_of_this_machine()();
    let inside = folder.starts_with(&serve.data.data);
    match kept.first() {
        None => said(
            ABOUT,
            Verdict::Note,
            format!("There is none in {} yet.", folder.display()),
        ),
        Some((at, _)) if at.seconds_until(now) > MISSED_AFTER_SECONDS => said(
            ABOUT,
            Verdict::Wrong,
            format!("The newest of {} is of {}.", kept.len(), moment(*at)),
        ),
        Some(_) if inside => said(
            ABOUT,
            Verdict::Note,
            "They lie in the data folder: what takes that takes them too.",
        ),
        Some((at, _)) => said(
            ABOUT,
            Verdict::Good,
            format!("{} are kept, the newest of {}.", kept.len(), moment(*at)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::{Command, CommandLine};
    use clap::Parser;
    use std::os::unix::fs::PermissionsExt;

    fn serve(folder: &Path, more: &[&str]) -> Serve {
        let data = folder.join("data");
        let key = folder.join("key");
        let mut words = vec!["rollbook", "check", "--data", data.to_str().unwrap()];
        words.extend(["--key-file", key.to_str().unwrap()]);
        words.extend(["--listen", "127.0.0.1:0"]);
        words.extend(more);
        match CommandLine::parse_from(words).command {
            Command::Check(serve) => serve,
            _ => panic!("not check"),
        }
    }

    fn verdict(serve: &Serve, about: &str) -> (Verdict, String) {
        let found = findings(serve);
        let worst = found
            .iter()
            .filter(|finding| finding.about == about)
            .max_by_key(|finding| finding.verdict);
        let worst = worst.unwrap_or_else(|| panic!("nothing was said about {about}"));
        (worst.verdict, worst.words.clone())
    }

    #[test]
    fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let serve = serve(folder.path(), &[]);
        assert!(check(&serve));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_other_programs_may_do_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let machine = ["--api-writing-clients", "90", "--webhooks-inside", "kiosk"];
        let serve = serve(folder.path(), &machine);
        let (_, share) = verdict(&serve, "API clients");
        assert!(
            share.contains("600 requests a minute if it only reads, 90 if"),
            "{share}"
        );
        let [_, inside] = other_programs(&serve.api, true);
        assert_eq!(inside.verdict, Verdict::Note);
        assert!(
            inside.words.ends_with("without TLS: kiosk."),
            "{}",
            inside.words
        );
        let [_, without] = other_programs(&serve.api, false);
        assert!(
            without.words.contains("ca-certificates"),
            "{}",
            without.words
        );
    }

    #[test]
    fn a_data_folder_in_use_is_good_and_open_folders_lost_keys_and_missed_backups_are_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let backups = folder.path().join("backups");
        fs::create_dir(&backups).unwrap();
        let serve = serve(
            folder.path(),
            &["--backup-folder", backups.to_str().unwrap()],
        );
        let key_file = serve.key_file.clone().unwrap();
        let (store, _) = serve.data.open(&key_file, clock_of_this_machine()).unwrap();
        store.close();
        for about in [
            "data folder",
            "database",
            "tables",
            "key file",
            "clock",
            "port",
        ] {
            let (said, words) = verdict(&serve, about);
            assert_eq!(said, Verdict::Good, "{about}: {words}");
        }
        assert_eq!(verdict(&serve, "backups").0, Verdict::Note);
        fs::write(backups.join("rollbook-2026-11-01T020000Z.zip"), "").unwrap();
        let (said, words) = verdict(&serve, "backups");
        assert_eq!(said, Verdict::Wrong);
        assert!(words.contains("1 November 2026"), "{words}");

        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&serve.data.data, open).unwrap();
        assert_eq!(verdict(&serve, "data folder").0, Verdict::Note);

        fs::rename(&key_file, folder.path().join("lost")).unwrap();
        let (said, words) = verdict(&serve, "key file");
        assert_eq!(said, Verdict::Wrong);
        assert!(words.contains("put back the key"), "{words}");
    }

    #[test]
    fn the_key_of_other_records_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let serve = serve(folder.path(), &[]);
        let other = folder.path().join("other-key");
        let (store, _) = serve.data.open(&other, clock_of_this_machine()).unwrap();
        store.close();
        Keyring::open(&serve.key_file.clone().unwrap(), &serve.data.data, None).unwrap();
        assert_eq!(verdict(&serve, "key").0, Verdict::Wrong);
    }

    #[test]
    fn records_of_a_newer_program_are_told_apart_from_older_ones() {
        let applied = |name: &str, checksum: &str| store::backup::Applied {
            name: name.to_owned(),
            checksum: checksum.to_owned(),
        };
        let first = office::MIGRATIONS[0];
        let known = applied(first.name, &first.checksum());
        assert_eq!(tables(std::slice::from_ref(&known)).verdict, Verdict::Note);
        let newer = [known, applied("9999_newer", "x")];
        assert_eq!(tables(&newer).verdict, Verdict::Wrong);
        let other = [applied(first.name, "another text")];
        assert_eq!(tables(&other).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_clock_behind_the_last_record_is_wrong() {
        let now = clock_of_this_machine()();
        assert_eq!(clock(Some(now)).verdict, Verdict::Good);
        assert_eq!(clock(Some(now.plus_seconds(600))).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_network_share_is_told_by_its_kind() {
        assert!(is_network(0x6969) && is_network(0xff53_4d42) && is_network(-11_317_950));
        assert!(!is_network(0xef53));
    }
}
