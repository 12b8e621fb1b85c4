//! What can be said on the command line or in the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use calendar::{Day, Weekday};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Attendance, behaviour and student welfare for a school in England.
#[derive(Debug, Parser)]
#[command(name = "rollbook", version)]
pub struct CommandLine {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an invented school and serve it to this machine, to look at.
    Demo(Demo),
    /// Serve a school, or many.
    Serve(Serve),
    /// Bring in files: pupils, contacts, marks, transfer files, OneRoster and School Data Sync sets, term dates.
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
    /// Read the files as this kind: pupils, contacts, marks, ctf, atf, oneroster, sds or term-dates.
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

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the records are.
    #[command(flatten)]
    pub data: Data,
    /// The key to what is kept sealed; made at the first start. Never in the data folder.
    ///
    /// Without it: /etc/rollbook/key if that folder can be used, else ~/.config/rollbook/key.
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
    #[arg(long)]
    pub behind_proxy: bool,
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

/// The Monday on which a week begins.
fn monday(text: &str) -> Result<Day, String> {
    let day: Day = text
        .parse()
        .map_err(|_| "write the day as yyyy-mm-dd".to_owned())?;
    if day.weekday() == Weekday::Monday {
        Ok(day)
    } else {
        Err(format!("{} is no Monday", day.long()))
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
