//! What `deploy/` delivers, held against the program: settings, folders, accounts, addresses and command lines that it names are the program's own.

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, Parser};

use crate::command_line::{Command, CommandLine, Serve};
use crate::settings::{self, KEYS, USUAL_PLACE};

const UNIT: &str = include_str!("../../../deploy/rollbook.service");
const SETTINGS: &str = include_str!("../../../deploy/rollbook.toml");
const CONTAINER: &str = include_str!("../../../deploy/Containerfile");
const WORKSPACE: &str = include_str!("../../../Cargo.toml");

/// The values of a key of the unit, in order.
fn unit(key: &str) -> Vec<&'static str> {
    let lines = UNIT.lines().filter_map(|line| line.split_once('='));
    lines
        .filter(|(own, _)| *own == key)
        .map(|(_, value)| value)
        .collect()
}

/// What an instruction of the container file says.
fn container(instruction: &str) -> Vec<&'static str> {
    let said = |line: &'static str| line.strip_prefix(instruction)?.strip_prefix(' ');
    CONTAINER.lines().filter_map(said).collect()
}

/// The command line `serve` as settings of this text make it.
fn serve(text: &str) -> Serve {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("rollbook.toml");
    std::fs::write(&place, text).unwrap();
    let words = [OsString::from("rollbook"), OsString::from("serve")];
    match settings::read_with(words.to_vec(), &place) {
        Ok(CommandLine {
            command: Command::Serve(serve),
            ..
        }) => serve,
        Ok(_) => panic!("not serve"),
        Err(refused) => panic!("{refused}"),
    }
}

/// The settings with every proposal taken up: lines such as `# names = [...]` without their sign.
fn taken_up() -> String {
    let is_proposal = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ")
            && KEYS
                .iter()
                .any(|(known, _)| known.rsplit('.').next() == Some(key))
    };
    let lines = SETTINGS.lines().map(|line| match line.strip_prefix("# ") {
        Some(proposal) if is_proposal(proposal) => proposal,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_settings_file_names_every_setting_and_the_program_understands_each() {
    let text = taken_up();
    let table: toml::Table = text.parse().unwrap();
    for (key, _) in KEYS {
        let found = match key.split_once('.') {
            Some((part, key)) => table.get(part).and_then(|part| part.get(key)),
            None => table.get(*key),
        };
        assert!(
            found.is_some(),
            "deploy/rollbook.toml does not speak of {key}"
        );
    }
    serve(&text);
    let as_it_is = serve(SETTINGS);
    assert_eq!(as_it_is.data.data, Path::new("/var/lib/rollbook"));
    assert!(!as_it_is.messages, "nothing leaves unless somebody says so");
}

#[test]
fn the_unit_gives_the_program_a_command_line_that_it_knows_and_the_folders_that_the_settings_name()
{
    let starts = [unit("ExecStartPre"), unit("ExecStart")].concat();
    assert_eq!(starts.len(), 2);
    for start in starts {
        let words = start.trim_start_matches('-').split_whitespace();
        let line = CommandLine::try_parse_from(words.chain(["--data", "d"])).unwrap();
        assert_eq!(line.settings.as_deref(), Some(Path::new(USUAL_PLACE)));
        let is_meant = matches!(line.command, Command::Serve(_) | Command::Check(_));
        assert!(is_meant, "{start}");
    }
    let said = serve(SETTINGS);
    let own: Vec<String> = unit("StateDirectory")[0]
        .split_whitespace()
        .map(|name| format!("/var/lib/{name}"))
        .collect();
    let key_folder = said.key_file.unwrap();
    let key_folder = key_folder.parent().unwrap();
    for folder in [said.data.data.as_path(), key_folder] {
        assert!(own.iter().any(|own| Path::new(own) == folder), "{folder:?}");
    }
    assert!(
        !key_folder.starts_with(&said.data.data),
        "the key beside the records"
    );
    // Where the system is read only, what the settings propose must be writable.
    let proposed = serve(&taken_up());
    let backups = proposed.nightly.backup_folder.unwrap();
    let writable = unit("ReadWritePaths");
    let is_writable = |path: &&str| Path::new(path.trim_start_matches('-')) == backups;
    assert!(writable.iter().any(is_writable), "{backups:?}");
    let kept = proposed.nightly.passphrase_file.unwrap();
    assert!(kept.starts_with(key_folder), "{kept:?}");
    // The account that the head of the file makes is the one that the program runs as.
    let makes = UNIT.lines().find(|line| line.starts_with("#   useradd"));
    assert!(makes.unwrap().ends_with(unit("User")[0]));
    assert_eq!(unit("User"), unit("Group"));
}

#[test]
fn the_container_serves_with_variables_and_an_address_that_the_program_knows() {
    let command = CommandLine::command();
    let serve_command = command.find_subcommand("serve").unwrap();
    let known: Vec<&str> = serve_command
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    let volumes = container("VOLUME")[0];
    for set in container("ENV")[0].split_whitespace() {
        let (name, value) = set.split_once('=').unwrap();
        assert!(known.contains(&name), "{name}");
        let within = Path::new(value).ancestors().filter_map(Path::to_str);
        let mut within = within.filter(|path| *path != "/");
        assert!(
            within.any(|path| volumes.contains(&format!("\"{path}\""))),
            "{set}"
        );
    }
    let words = format!("{} {}", container("ENTRYPOINT")[0], container("CMD")[0]);
    let words = words.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty()).chain(["--data", "d"]);
    let line = CommandLine::try_parse_from(words).unwrap();
    let Command::Serve(serve) = line.command else {
        panic!("the container does not serve");
    };
    assert_eq!(container("EXPOSE"), [serve.listen.port().to_string()]);
    let compiler = WORKSPACE
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let image = format!("rust:{}-", compiler.unwrap().trim_matches('"'));
    assert!(CONTAINER.contains(&image), "{image}");
    assert_eq!(container("USER"), ["rollbook"]);
}
