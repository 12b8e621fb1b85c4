//! The settings file: what is not said on the command line or in the environment, from one TOML file.
//!
//! A setting is a flag of the command line under another spelling, so each is read, checked and explained in one place. What counts,
//! first to last: flag, environment, file, default. An unknown key is refused with its line.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::command_line::CommandLine;

/// Where the file is when none is named.
pub const USUAL_PLACE: &str = "/etc/rollbook/rollbook.toml";

/// Each key of the file with the flag that it stands for, by the name that the command line knows it under.
pub const KEYS: &[(&str, &str)] = &[
    ("data", "data"),
    ("database", "database"),
    ("key_file", "key_file"),
    ("listen", "listen"),
    ("tls", "tls"),
    ("certificate", "certificate"),
    ("private_key", "private_key"),
    ("names", "names"),
    ("behind_proxy", "behind_proxy"),
    ("log", "log"),
    ("metrics_token_file", "metrics_token_file"),
    ("api.reading_clients", "reading_clients"),
    ("api.writing_clients", "writing_clients"),
    ("api.webhooks_inside", "webhooks_inside"),
    ("messages", "messages"),
    ("clamd", "clamd"),
    ("backup.folder", "backup_folder"),
    ("backup.hour", "backup_hour"),
    ("backup.keep_daily", "keep_daily"),
    ("backup.keep_weekly", "keep_weekly"),
    ("backup.keep_monthly", "keep_monthly"),
    ("backup.passphrase_file", "passphrase_file"),
];

/// Commands that go by what they are told alone.
const WITHOUT_SETTINGS: &[&str] = &["demo", "conformance"];

/// Why what was said cannot be followed.
#[derive(Debug)]
pub enum Refused {
    /// The command line, as clap says it.
    CommandLine(clap::Error),
    /// The settings file.
    File {
        /// Which.
        file: PathBuf,
        /// The line, from 1; none where the whole file is meant.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::CommandLine(error) => error.fmt(f),
            Refused::File {
                file,
                line: Some(line),
                problem,
            } => write!(f, "{}, line {line}: {problem}", file.display()),
            Refused::File { file, problem, .. } => write!(f, "{}: {problem}", file.display()),
        }
    }
}

/// One setting of the file.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    /// The name of the flag within the command line.
    flag: &'static str,
    /// Its values; none for a switch that is off.
    values: Vec<String>,
    /// A switch has no value on the command line.
    is_switch: bool,
    line: usize,
}

/// Reads the command line, the environment and the settings file.
///
/// Errors: [`Refused`], with all that a person needs to put it right.
pub fn read(said: Vec<OsString>) -> Result<CommandLine, Refused> {
    read_with(said, Path::new(USUAL_PLACE))
}

/// [`read`] with the settings file at another place than the usual, where the command line names none.
///
/// Errors: as [`read`].
pub fn read_with(said: Vec<OsString>, usual_place: &Path) -> Result<CommandLine, Refused> {
    let first = CommandLine::command()
        .ignore_errors(true)
        .try_get_matches_from(&said)
        .map_err(Refused::CommandLine)?;
    let Some((name, about)) = first.subcommand() else {
        return parsed(&said);
    };
    if WITHOUT_SETTINGS.contains(&name) {
        return parsed(&said);
    }
    let file = match about.get_one::<PathBuf>("settings") {
        Some(file) => file.clone(),
        None if usual_place.exists() => usual_place.to_owned(),
        None => return parsed(&said),
    };
    let settings = settings_in(&file)?;
    let with_file = inserted(&said, name, flags(name, about, &settings));
    parsed(&with_file).map_err(|refused| blame(refused, &said, name, about, &file, &settings))
}

fn parsed(said: &[OsString]) -> Result<CommandLine, Refused> {
    CommandLine::command()
        .try_get_matches_from(said)
        .and_then(|matches| CommandLine::from_arg_matches(&matches))
        .map_err(Refused::CommandLine)
}

/// The flags that the file stands for, where neither the command line nor the environment says otherwise.
fn flags(name: &str, about: &ArgMatches, settings: &[Setting]) -> Vec<OsString> {
    let whole = CommandLine::command();
    let known: Vec<&clap::Arg> = whole
        .find_subcommand(name)
        .into_iter()
        .chain([&whole])
        .flat_map(clap::Command::get_arguments)
        .collect();
    let mut flags = Vec::new();
    for setting in settings {
        let long = known
            .iter()
            .find(|flag| flag.get_id() == setting.flag)
            .and_then(|flag| flag.get_long());
        let Some(long) = long else {
            continue;
        };
        let is_said = matches!(
            about.value_source(setting.flag),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        );
        if is_said {
            continue;
        }
        for value in &setting.values {
            flags.push(if setting.is_switch {
                format!("--{long}").into()
            } else {
                format!("--{long}={value}").into()
            });
        }
    }
    flags
}

/// The command line with these flags right after the command's name.
fn inserted(said: &[OsString], command: &str, flags: Vec<OsString>) -> Vec<OsString> {
    let place = said
        .iter()
        .position(|word| word == command)
        .map_or(said.len(), |place| place + 1);
    let mut all = said.to_vec();
    all.splice(place..place, flags);
    all
}

/// Whether a value of the file is what is wrong, and which.
fn blame(
    refused: Refused,
    said: &[OsString],
    name: &str,
    about: &ArgMatches,
    file: &Path,
    settings: &[Setting],
) -> Refused {
    let Refused::CommandLine(whole) = &refused else {
        return refused;
    };
    let problem = whole.to_string();
    for setting in settings {
        let alone = inserted(
            said,
            name,
            flags(name, about, std::slice::from_ref(setting)),
        );
        let same = parsed(&alone).err().map(|refused| refused.to_string());
        let without = parsed(said).err().map(|refused| refused.to_string());
        if same.as_ref() == Some(&problem) && without.as_ref() != Some(&problem) {
            let first = problem.lines().next().unwrap_or_default();
            return Refused::File {
                file: file.to_owned(),
                line: Some(setting.line),
                problem: first.trim_start_matches("error: ").to_owned(),
            };
        }
    }
    refused
}

fn settings_in(file: &Path) -> Result<Vec<Setting>, Refused> {
    let wrong = |line, problem| Refused::File {
        file: file.to_owned(),
        line,
        problem,
    };
    let text = fs::read_to_string(file)
        .map_err(|error| wrong(None, format!("the settings cannot be read: {error}")))?;
    let line_of = |place: usize| text[..place.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map(|span| line_of(span.start));
        wrong(line, error.message().to_owned())
    })?;
    let mut found = Vec::new();
    gather(table.get_ref(), "", &line_of, &mut found)
        .map_err(|(line, problem)| wrong(Some(line), problem))?;
    Ok(found)
}

type Problem = (usize, String);

fn gather(
    table: &DeTable<'_>,
    within: &str,
    line_of: &impl Fn(usize) -> usize,
    found: &mut Vec<Setting>,
) -> Result<(), Problem> {
    for (key, value) in table {
        let line = line_of(key.span().start);
        let path = format!("{within}{}", key.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            let opens = format!("{path}.");
            if !KEYS.iter().any(|(known, _)| known.starts_with(&opens)) {
                return Err((line, unknown(&path)));
            }
            gather(inner, &opens, line_of, found)?;
            continue;
        }
        let Some((_, flag)) = KEYS.iter().find(|(known, _)| *known == path) else {
            return Err((line, unknown(&path)));
        };
        let values = values(&path, value).map_err(|problem| (line, problem))?;
        found.push(Setting {
            flag,
            values,
            is_switch: matches!(value.get_ref(), DeValue::Boolean(_)),
            line,
        });
    }
    Ok(())
}

fn unknown(path: &str) -> String {
    let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    format!(
        "there is no setting “{path}”; there are {}",
        known.join(", ")
    )
}

fn values(path: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        _ => Err(format!("“{path}” takes a text or a whole number")),
    };
    let is_switch = matches!(path, "behind_proxy" | "messages");
    match value.get_ref() {
        DeValue::Boolean(on) if is_switch => {
            Ok(on.then(|| "true".to_owned()).into_iter().collect())
        }
        _ if is_switch => Err(format!("“{path}” is true or false")),
        DeValue::Array(all) if matches!(path, "names" | "api.webhooks_inside") => {
            all.iter().map(|value| one(value.get_ref())).collect()
        }
        value => Ok(vec![one(value)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::{Command, Serve, Tls};

    fn said(words: &str, file: &str) -> Result<CommandLine, Refused> {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("rollbook.toml");
        fs::write(&place, file).unwrap();
        let words = std::iter::once("rollbook").chain(words.split_whitespace());
        read_with(words.map(OsString::from).collect(), &place)
    }

    fn serve(words: &str, file: &str) -> Serve {
        match said(words, file) {
            Ok(CommandLine {
                command: Command::Serve(serve),
                ..
            }) => serve,
            Ok(_) => panic!("not serve"),
            Err(refused) => panic!("{refused}"),
        }
    }

    const WHOLE: &str = "
data = \"/srv/school\"
listen = \"0.0.0.0:9000\"
tls = \"off\"
behind_proxy = true
names = [\"a.example\", \"b.example\"]

[api]
writing_clients = 90
webhooks_inside = [\"mis.school.example\", \"10.2.0.15\"]

[backup]
folder = \"/srv/backups\"
hour = 3
keep_daily = 9
";

    #[test]
    fn the_file_says_what_the_command_line_does_not() {
        let serve = serve("serve --listen 127.0.0.1:1", WHOLE);
        assert_eq!(serve.data.data, Path::new("/srv/school"));
        assert_eq!(serve.listen.port(), 1, "a flag counts before the file");
        assert_eq!(serve.tls, Tls::Off);
        assert!(serve.behind_proxy);
        assert_eq!(serve.names, ["a.example", "b.example"]);
        assert_eq!(serve.api.writing_clients, 90);
        assert_eq!(serve.api.reading_clients, 600);
        assert_eq!(
            serve.api.webhooks_inside,
            ["mis.school.example", "10.2.0.15"]
        );
        assert_eq!(
            serve.nightly.backup_folder.as_deref(),
            Some(Path::new("/srv/backups"))
        );
        assert_eq!(serve.nightly.backup_hour, 3);
        assert_eq!(serve.nightly.keep_daily, 9);
        assert_eq!(serve.nightly.keep_weekly, 5, "a default counts last");
    }

    #[test]
    fn a_command_takes_from_the_file_what_it_has_a_flag_for_even_before_a_bare_dash() {
        let line =
            said("import -- -pupils.csv", WHOLE).unwrap_or_else(|refused| panic!("{refused}"));
        let Command::Import(bring) = line.command else {
            panic!("not import");
        };
        assert_eq!(bring.data.data, Path::new("/srv/school"));
        assert_eq!(bring.files, [Path::new("-pupils.csv")]);
    }

    #[test]
    fn a_demo_never_goes_by_the_schools_settings() {
        let line = said("demo", WHOLE).unwrap_or_else(|refused| panic!("{refused}"));
        let Command::Demo(demo) = line.command else {
            panic!("not demo");
        };
        assert_eq!(demo.data, None);
    }

    #[test]
    fn what_is_wrong_in_the_file_is_told_with_its_line() {
        for (file, line, words) in [
            ("data = \"d\"\nbakcup = 1\n", 2, "no setting “bakcup”"),
            (
                "data = \"d\"\n\n[backup]\nfodler = \"x\"\n",
                4,
                "no setting “backup.fodler”",
            ),
            ("[beckup]\nfolder = \"x\"\n", 1, "no setting “beckup”"),
            ("data = \"d\"\nbehind_proxy = \"yes\"\n", 2, "true or false"),
            (
                "data = \"d\"\nlisten = 1.5\n",
                2,
                "a text or a whole number",
            ),
            (
                "data = \"d\"\nlisten = \"here\"\n",
                2,
                "invalid value 'here'",
            ),
            (
                "data = \"d\"\n[backup]\nhour = 24\n",
                3,
                "24 is not in 0..=23",
            ),
            (
                "data = \"d\"\n[api]\nreading_clients = 0\n",
                3,
                "0 is not in 1..=1000000",
            ),
            (
                "data = \"d\"\n[api]\nwebhooks_inside = [\"https://mis.example\"]\n",
                3,
                "without https://",
            ),
            ("data = \"d\n", 1, ""),
            ("data = \"d\"\ndata = \"e\"\n", 2, "duplicate"),
        ] {
            let Err(refused) = said("serve", file) else {
                panic!("{file} was followed");
            };
            let told = refused.to_string();
            assert!(
                told.contains(&format!("rollbook.toml, line {line}: ")) && told.contains(words),
                "{file:?}: {told}"
            );
        }
    }

    #[test]
    fn a_settings_file_that_is_named_must_be_there() {
        let words = ["rollbook", "serve", "--settings", "/nowhere/rollbook.toml"];
        let refused = read_with(
            words.into_iter().map(OsString::from).collect(),
            Path::new("/nowhere"),
        );
        let Err(refused) = refused else {
            panic!("it was not there");
        };
        assert!(refused.to_string().contains("cannot be read"), "{refused}");
    }

    #[test]
    fn every_key_is_a_flag_of_serve() {
        let command = CommandLine::command();
        let serve = command.find_subcommand("serve").unwrap();
        for (key, flag) in KEYS {
            let known = serve.get_arguments().any(|known| known.get_id() == flag)
                || command.get_arguments().any(|known| known.get_id() == flag);
            assert!(known, "{key}");
        }
    }
}
