//! The program serves a school while it is backed up, exported and killed in the middle of a backup; what came out is put back elsewhere.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollbook");

/// How long the program may take until it serves.
const READY_WITHIN: Duration = Duration::from_secs(120);

fn rollbook(words: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(words);
    for (flag, path) in paths {
        if !flag.is_empty() {
            command.arg(flag);
        }
        command.arg(path);
    }
    command.output().expect("rollbook runs")
}

fn done(words: &[&str], paths: &[(&str, &Path)]) -> String {
    let output = rollbook(words, paths);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {told}{wrong}");
    told
}

fn refused(words: &[&str], paths: &[(&str, &Path)]) -> String {
    let output = rollbook(words, paths);
    assert!(!output.status.success(), "{words:?} was done");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The demo school, served until the end of the test.
struct Serving(Child);

impl Serving {
    fn start(data: &Path) -> Serving {
        let mut child = Command::new(PROGRAM)
            .args(["demo", "--pupils", "7", "--date", "2026-11-24"])
            .args(["--port", "0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = child.stdout.take().expect("the program's output");
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                said.send(line).ok();
            }
        });
        let first = heard.recv_timeout(READY_WITHIN);
        assert!(first.expect("the program serves").starts_with("Serving"));
        Serving(child)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The heads that `rollbook verify` tells.
fn heads(data: &Path) -> Vec<String> {
    let told = done(&["verify"], &[("--data", data)]);
    told.lines()
        .filter(|line| line.starts_with("School "))
        .map(str::to_owned)
        .collect()
}

fn backups_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of backups")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "zip" || end == "age")
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_served_school_is_backed_up_killed_in_mid_backup_restored_and_exported() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (data, kept, key) = (at("school"), at("kept"), at("school.key"));
    std::fs::create_dir(&kept).expect("a folder for backups");
    let serving = Serving::start(&data);
    let passphrase = at("passphrase");
    std::fs::write(&passphrase, "plum ladder frost kettle\n").expect("a passphrase");
    let closed = Command::new("chmod").arg("600").arg(&passphrase).status();
    assert!(closed.expect("chmod runs").success());

    let told = done(
        &["backup"],
        &[
            ("", &kept),
            ("--data", &data),
            ("--passphrase-file", &passphrase),
        ],
    );
    assert!(
        told.contains("encrypted; restored on trial and proved"),
        "{told}"
    );
    let [backup] = &backups_in(&kept)[..] else {
        panic!("one backup was made");
    };
    let before = std::fs::read(backup).expect("the backup");

    for after in [30, 120, 400, 900] {
        let mut making = Command::new(PROGRAM)
            .arg("backup")
            .arg(&kept)
            .arg("--data")
            .arg(&data)
            .stdout(Stdio::null())
            .spawn()
            .expect("a backup begins");
        std::thread::sleep(Duration::from_millis(after));
        making.kill().expect("it is killed");
        making.wait().expect("it has ended");
    }
    assert_eq!(std::fs::read(backup).expect("the backup"), before);
    for whole in backups_in(&kept).iter().filter(|path| *path != backup) {
        done(&["restore"], &[("", whole), ("--data", &at("late"))]);
        std::fs::remove_dir_all(at("late")).expect("it was restored");
    }

    // A backup is an act, and so were those that were killed: what is restored whole is the newest.
    let sealed = [
        ("", kept.as_path()),
        ("--data", &data),
        ("--passphrase-file", &passphrase),
    ];
    let told = done(&["backup"], &sealed);
    let all = backups_in(&kept);
    let backup = all
        .iter()
        .find(|path| told.contains(&*path.display().to_string()))
        .expect("it says where the backup is");

    let elsewhere = at("elsewhere");
    let without = refused(&["restore"], &[("", backup), ("--data", &elsewhere)]);
    assert!(without.contains("--passphrase-file"), "{without}");
    assert!(!elsewhere.join("rollbook.db").exists());
    let with = [
        ("", backup.as_path()),
        ("--data", &elsewhere),
        ("--passphrase-file", &passphrase),
    ];
    let told = done(&["restore"], &with);
    assert!(told.contains("everything is as the journal says"), "{told}");
    assert!(!told.contains("Warning"), "{told}");
    assert_eq!(heads(&elsewhere), heads(&data));
    let twice = refused(&["restore"], &with);
    assert!(twice.contains("overwrites nothing"), "{twice}");

    let export = at("export");
    done(
        &["export"],
        &[("--all", &export), ("--data", &data), ("--key-file", &key)],
    );
    let (taken, new_key) = (at("taken"), at("taken.key"));
    done(
        &["restore"],
        &[("", &export), ("--data", &taken), ("--new-key", &new_key)],
    );
    // The directory has one act more: that its key was replaced.
    assert_eq!(heads(&taken)[1..], heads(&data)[1..]);
    let newer = "0 999999 00 2026-11-24T12:00:00Z\n";
    std::fs::write(kept.join("rollbook-heads.txt"), newer).expect("a note of heads");
    let late = at("late");
    let told = done(
        &["restore"],
        &[
            ("", backup),
            ("--data", &late),
            ("--passphrase-file", &passphrase),
        ],
    );
    assert!(told.contains("newer acts are not in it"), "{told}");
    drop(serving);
}
