//! What can be said on the command line or in the environment.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use calendar::{Day, Month, Weekday};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use office::api::{InterfaceRules, REQUESTS_A_MINUTE};
use office::evidence::Scanner;

/// Attendance, behaviour and student welfare for a school in England.
#[derive(Debug, Parser)]
#[command(name = "rollbook", version)]
pub struct CommandLine {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
    /// The settings file: what is said neither here nor in the environment. Without it: /etc/rollbook/rollbook.toml if there is one.
    #[arg(long, global = true, value_name = "FILE", env = "ROLLBOOK_SETTINGS")]
    pub settings: Option<PathBuf>,
    /// What is logged: error, warn, info or debug.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "ROLLBOOK_LOG",
        default_value = "warn"
    )]
    pub log: String,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an invented school and serve it to this machine, to look at.
    Demo(Demo),
    /// Serve a school, or many.
    Serve(Serve),
    /// Bring in files: pupils, contacts, marks, timetables, transfer files, OneRoster and School Data Sync sets, term dates.
    ///
    /// Succeeds only if no record was refused.
    Import(Bring),
    /// Go on with a new key when the key file is lost for good. Stop the program first.
    ///
    /// Second factors are taken away and set up again, and files received so far stay closed. Nothing else is lost.
    ReplaceKey {
        /// Where the records are.
        #[command(flatten)]
        data: Data,
        /// The new key file, as for `serve`; made where there is none.
        #[arg(long, value_name = "FILE", env = "ROLLBOOK_KEY_FILE")]
        key_file: Option<PathBuf>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Prove that the records are what the journal says, and name the first row that differs.
    Verify {
        /// Where the records are.
        #[command(flatten)]
        data: Data,
    },
    /// Make a sealed copy of both registers of a month, beside those that there are.
    Seal(Seal),
    /// Prove that a file is one that was sealed here, and that the journal still holds the hash that it bears.
    VerifyCopy {
        /// The file: a register's PDF or CSV from a sealed copy.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where the records are.
        #[command(flatten)]
        data: Data,
    },
    /// Show which entries of the registers are older than six years, and carry out what two people agreed to erase.
    Purge(Purge),
    /// Make a backup of everything while the school is served, proved by restoring it on trial.
    Backup(Backup),
    /// Put a backup or an export into an empty data folder or database, whole or not at all.
    Restore(Restore),
    /// Let webhooks and messages leave records that were restored: until then a copy speaks to nobody by itself.
    AllowSending {
        /// Where the records are.
        #[command(flatten)]
        data: Data,
    },
    /// Write everything that the schools own in open formats; `restore` reads it back.
    Export(Export),
    /// Say what is wrong with the settings, the data, the key, the certificate, the disk and the backups.
    ///
    /// Takes the flags of `serve`. Succeeds only if nothing keeps Rollbook from serving safely.
    Check(Serve),
    /// Run worked cases of attendance arithmetic against the functions that the product uses.
    ///
    /// Prints each case that fails with its rule numbers and what differs. Succeeds only if every file was read and every case passed.
    Conformance {
        /// Files of cases, in the form of crates/register/vectors/attendance-arithmetic.json.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Where the records are.
#[derive(Clone, Debug, Args)]
pub struct Data {
    /// The data folder.
    #[arg(long, value_name = "DIR", env = "ROLLBOOK_DATA")]
    pub data: PathBuf,
    /// A PostgreSQL server in place of the database in the data folder.
    #[arg(
        long,
        value_name = "URL",
        env = "ROLLBOOK_DATABASE",
        hide_env_values = true
    )]
    pub database: Option<String>,
}

/// What demo school to make.
#[derive(Debug, Args)]
pub struct Demo {
    /// The day that it is in the school, as yyyy-mm-dd. Without it: today, or the last school day before it.
    #[arg(long)]
    pub date: Option<Day>,
    /// How many pupils.
    #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u32).range(7..=10_000))]
    pub pupils: u32,
    /// The port to listen at, on this machine only; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Where to keep the school. Without it: in a temporary folder that goes when the program ends.
    ///
    /// A folder that holds a demo school already is served as it was left.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// An empty database of a PostgreSQL server in place of the database in the data folder.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Serve over TLS, by a certificate authority made for the purpose.
    #[arg(long)]
    pub tls: bool,
    /// Another number makes another school.
    #[arg(long, default_value_t = 4_998)]
    pub seed: u64,
    /// How many schools of one trust, each of so many pupils.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub schools: u32,
}

/// What to bring in, and how.
#[derive(Debug, Args)]
pub struct Bring {
    /// The files; those of one set together.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where the records are.
    #[command(flatten)]
    pub data: Data,
    /// The key to what is kept sealed, as for `serve`.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The number of the school, where there are several.
    #[arg(long, value_name = "NUMBER")]
    pub school: Option<i64>,
    /// Read the files as this kind: pupils, contacts, marks, timetable, cover, off-timetable, exams, ctf, atf, oneroster, sds or term-dates.
    #[arg(long = "as", value_name = "KIND")]
    pub kind: Option<String>,
    /// The name of the system that the files come from, under which its identifiers are remembered.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Replace marks that differ, each by an amendment.
    #[arg(long)]
    pub replace: bool,
    /// Dates have the month first. Where a file leaves the order open the day comes first; one that can only have the month
    /// first is refused until this is said.
    #[arg(long)]
    pub month_first: bool,
    /// The Monday of the week, as yyyy-mm-dd: only for marks of one week whose file does not say which.
    #[arg(long, value_name = "DAY", value_parser = monday)]
    pub week_beginning: Option<Day>,
    /// The reason to take a transfer file that is addressed to another school; it stands in the journal.
    #[arg(long, value_name = "REASON", value_parser = NonEmptyStringValueParser::new())]
    pub other_school: Option<String>,
    /// Leave out special needs, free meals, premium, care, language and ethnicity.
    #[arg(long)]
    pub not_sensitive: bool,
    /// Say what would happen and store nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
}

/// What is to be done about entries older than six years.
#[derive(Debug, Args)]
pub struct Purge {
    /// Where the records are.
    #[command(flatten)]
    pub data: Data,
    /// Carry out, or go on with, what was approved on the page by a second person.
    #[arg(long)]
    pub carry_out: bool,
}

/// Of which month a sealed copy is to be made.
#[derive(Debug, Args)]
pub struct Seal {
    /// The month, as 2026-10.
    #[arg(long, value_name = "MONTH")]
    pub month: Month,
    /// Where the records are.
    #[command(flatten)]
    pub data: Data,
    /// The key to what is kept sealed, as for `serve`.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The number of the school, where there are several.
    #[arg(long, value_name = "NUMBER")]
    pub school: Option<i64>,
}

/// What to back up, and where to.
#[derive(Debug, Args)]
pub struct Backup {
    /// A folder, in which the backup gets a name with its moment; or a file that is not there yet.
    #[arg(value_name = "FOLDER|FILE")]
    pub to: PathBuf,
    /// Where the records are.
    #[command(flatten)]
    pub data: Data,
    /// Encrypt the backup with the passphrase in the first line of this file.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_BACKUP_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// What to restore, and where to.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup, or the folder of an export.
    #[arg(value_name = "FILE|DIR")]
    pub from: PathBuf,
    /// Where the records are to be.
    #[command(flatten)]
    pub data: Data,
    /// The passphrase of an encrypted backup, in the first line of this file.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_BACKUP_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Take this key from now on (made when there is none), where the key of the records is lost or stays behind.
    ///
    /// Second factors are set up anew; received files stay closed unless an export has them.
    #[arg(long, value_name = "FILE")]
    pub new_key: Option<PathBuf>,
}

/// What to export, and where to.
#[derive(Debug, Args)]
pub struct Export {
    /// Everything, into this folder, which is made.
    #[arg(long = "all", value_name = "DIR", required = true)]
    pub to: PathBuf,
    /// Where the records are.
    #[command(flatten)]
    pub data: Data,
    /// The key to what is kept sealed, as for `serve`.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

/// Backups by themselves.
#[derive(Clone, Debug, Args)]
pub struct Nightly {
    /// Make a backup each night in this folder, better on another machine's disk.
    #[arg(long, value_name = "DIR", env = "ROLLBOOK_BACKUP_FOLDER")]
    pub backup_folder: Option<PathBuf>,
    /// The hour at which it is made, by London clocks.
    #[arg(long, value_name = "HOUR", env = "ROLLBOOK_BACKUP_HOUR", default_value_t = 2,
        value_parser = clap::value_parser!(u8).range(0..=23))]
    pub backup_hour: u8,
    /// The newest backup of each of so many days is kept …
    #[arg(
        long,
        value_name = "DAYS",
        env = "ROLLBOOK_BACKUP_KEEP_DAILY",
        default_value_t = 7
    )]
    pub keep_daily: u16,
    /// … and of each of so many weeks …
    #[arg(
        long,
        value_name = "WEEKS",
        env = "ROLLBOOK_BACKUP_KEEP_WEEKLY",
        default_value_t = 5
    )]
    pub keep_weekly: u16,
    /// … and of each of so many months.
    #[arg(
        long,
        value_name = "MONTHS",
        env = "ROLLBOOK_BACKUP_KEEP_MONTHLY",
        default_value_t = 12
    )]
    pub keep_monthly: u16,
    /// Encrypt these backups with the passphrase in the first line of this file.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_BACKUP_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// What other programs may do.
#[derive(Clone, Debug, Args)]
pub struct Api {
    /// Requests a minute of each API client that only reads; more are answered with 429.
    #[arg(long = "api-reading-clients", value_name = "REQUESTS", env = "ROLLBOOK_API_READING_CLIENTS",
        default_value_t = REQUESTS_A_MINUTE, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub reading_clients: u32,
    /// Requests a minute of each API client that may write.
    #[arg(long = "api-writing-clients", value_name = "REQUESTS", env = "ROLLBOOK_API_WRITING_CLIENTS",
        default_value_t = REQUESTS_A_MINUTE, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub writing_clients: u32,
    /// A machine of this network that webhooks may lead to, and without TLS: its name or its number; may be given again.
    #[arg(long = "webhooks-inside", value_name = "MACHINE", env = "ROLLBOOK_WEBHOOKS_INSIDE", value_delimiter = ',',
        value_parser = machine)]
    pub webhooks_inside: Vec<String>,
}

impl Api {
    /// As the interface goes by it.
    pub fn rules(&self) -> InterfaceRules {
        InterfaceRules {
            reading_clients: self.reading_clients,
            writing_clients: self.writing_clients,
            webhooks_inside: self.webhooks_inside.clone(),
        }
    }
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the records are.
    #[command(flatten)]
    pub data: Data,
    /// The key to what is kept sealed; made at the first start. Never in the data folder.
    ///
    /// Without it: DIR.key beside the data folder if it is there, else /etc/rollbook/key if that folder can be used, else ~/.config/rollbook/key.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The address to listen at.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "ROLLBOOK_LISTEN",
        default_value = "0.0.0.0:8443"
    )]
    pub listen: SocketAddr,
    /// How TLS is served.
    #[arg(long, value_enum, env = "ROLLBOOK_TLS", default_value = "local")]
    pub tls: Tls,
    /// With --tls own: the certificate chain, as PEM.
    #[arg(
        long,
        value_name = "FILE",
        env = "ROLLBOOK_CERTIFICATE",
        required_if_eq("tls", "own")
    )]
    pub certificate: Option<PathBuf>,
    /// With --tls own: the certificate's private key, as PEM.
    #[arg(
        long,
        value_name = "FILE",
        env = "ROLLBOOK_PRIVATE_KEY",
        required_if_eq("tls", "own")
    )]
    pub private_key: Option<PathBuf>,
    /// With --tls local: a further name or address by which devices reach this machine; may be given again.
    #[arg(
        long = "name",
        value_name = "NAME",
        env = "ROLLBOOK_NAMES",
        value_delimiter = ','
    )]
    pub names: Vec<String>,
    /// With --tls off: a proxy in front of the program serves TLS.
    #[arg(long, env = "ROLLBOOK_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Answer /metrics to whoever sends the token in the first line of this file, and not only to this machine.
    #[arg(long, value_name = "FILE", env = "ROLLBOOK_METRICS_TOKEN_FILE")]
    pub metrics_token_file: Option<PathBuf>,
    /// What other programs may do.
    #[command(flatten)]
    pub api: Api,
    /// Let messages to families leave, by the channels that each school has set. Without it nothing is sent.
    #[arg(long, env = "ROLLBOOK_MESSAGES")]
    pub messages: bool,
    /// Where ClamAV's daemon listens, to look into evidence before anybody opens it: its socket, or machine and port.
    #[arg(long, value_name = "SOCKET|MACHINE:PORT", env = "ROLLBOOK_CLAMD")]
    pub clamd: Option<Scanner>,
    /// Backups by themselves.
    #[command(flatten)]
    pub nightly: Nightly,
}

/// How TLS is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    /// By a certificate authority of the school's own, made at the first start.
    Local,
    /// By the school's own certificate.
    Own,
    /// Not at all: on this machine only, or behind a proxy that serves it.
    Off,
}

/// The name or the number of a machine, as an address has it, and nothing else of the address.
fn machine(text: &str) -> Result<String, String> {
    let is_name = |name: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        (1..=253).contains(&name.len()) && name.bytes().all(letter)
    };
    match is_name(text) || text.parse::<IpAddr>().is_ok() {
        true => Ok(text.to_owned()),
        false => Err(
            "name one machine, such as mis.school.example or 10.2.0.15, without https:// and without a port"
                .to_owned(),
        ),
    }
}

/// The Monday on which a week begins.
fn monday(text: &str) -> Result<Day, String> {
    let day: Day = text
        .parse()
        .map_err(|_| "write the day as yyyy-mm-dd".to_owned())?;
    if day.weekday() == Weekday::Monday {
        Ok(day)
    } else {
        Err(format!(
            "{} {} is no Monday",
            day.weekday().name(),
            day.long()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bring(arguments: &[&str]) -> Result<Bring, String> {
        let line = ["rollbook", "import", "--data", "d"];
        let parsed = CommandLine::try_parse_from(line.iter().chain(arguments))
            .map_err(|error| error.to_string())?;
        match parsed.command {
            Command::Import(bring) => Ok(bring),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn every_question_that_a_file_leaves_open_can_be_answered_on_the_command_line() {
        let said = bring(&[
            "--month-first",
            "--week-beginning",
            "2026-11-09",
            "--other-school",
            "telephoned, it is meant for us",
            "--not-sensitive",
            "marks.csv",
        ])
        .expect("understood");
        assert!(said.month_first && said.not_sensitive);
        assert_eq!(said.week_beginning, Day::new(2026, 11, 9));
        assert_eq!(
            said.other_school.as_deref(),
            Some("telephoned, it is meant for us")
        );
    }

    #[test]
    fn a_machine_inside_is_named_and_not_addressed() {
        for good in ["mis.school.example", "kiosk", "10.2.0.15", "fd00::15"] {
            assert_eq!(machine(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "https://kiosk",
            "kiosk:8080",
            "10.2.0.0/16",
            "*.school.example",
            "[fd00::15]",
        ] {
            assert!(machine(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_week_that_begins_on_no_monday_and_an_empty_reason_are_refused() {
        let refused = bring(&["--week-beginning", "2026-11-10", "marks.csv"]);
        let message = refused.expect_err("a Tuesday");
        assert!(
            message.contains("Tuesday 10 November 2026 is no Monday"),
            "{message}"
        );
        assert!(bring(&["--other-school", "", "ctf.xml"]).is_err());
        let without = bring(&["marks.csv"]).expect("understood");
        assert!(!without.month_first && without.other_school.is_none());
    }
}
