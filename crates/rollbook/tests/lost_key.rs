//! The key file is lost: what a start says, and how to go on without it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollbook");

fn command(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args([name, "--data"])
        .arg(folder.join("data"))
        .arg("--key-file")
        .arg(folder.join("keys/key"))
        .stdin(Stdio::null());
    command
}

/// Serves until it says where, then stops it.
fn serves(folder: &Path) {
    let mut child = command("serve", folder)
        .args(["--tls", "off", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    let asked = Command::new("kill").arg(child.id().to_string()).status();
    assert!(asked.expect("kill runs").success());
    let ended = child.wait().expect("the program ends");
    assert!(first.starts_with("Serving http://"), "{first}");
    assert!(ended.success(), "the program does not stop in order");
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_start_without_the_key_says_what_is_lost_and_a_command_goes_on_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let (folder, key) = (folder.path(), folder.path().join("keys/key"));
    serves(folder);
    let kept = std::fs::read(&key).expect("the key that the first start made");
    std::fs::remove_file(&key).expect("the key is lost");

    let refused = command("serve", folder)
        .args(["--tls", "off", "--listen", "127.0.0.1:0"])
        .output()
        .expect("the program runs");
    assert!(!refused.status.success());
    let words = said(&refused);
    for told in [
        "is not there",
        "Restore the key file",
        "rollbook replace-key",
    ] {
        assert!(words.contains(told), "{told} is not in: {words}");
    }
    assert!(!key.exists(), "no key was made that opens nothing");

    let unsure = command("replace-key", folder).output();
    let unsure = unsure.expect("the program runs");
    assert!(!unsure.status.success() && !key.exists());
    assert!(
        said(&unsure).contains("Nothing was changed"),
        "{}",
        said(&unsure)
    );

    let replaced = command("replace-key", folder).arg("--yes").output();
    let replaced = replaced.expect("the program runs");
    assert!(replaced.status.success(), "{}", said(&replaced));
    assert!(said(&replaced).contains("The data belongs to key"));
    assert_ne!(std::fs::read(&key).expect("a new key"), kept);
    serves(folder);

    let again = command("replace-key", folder).arg("--yes").output();
    let again = again.expect("the program runs");
    assert!(!again.status.success());
    assert!(said(&again).contains("it is not lost"), "{}", said(&again));
    let verified = Command::new(PROGRAM)
        .args(["verify", "--data"])
        .arg(folder.join("data"))
        .output()
        .expect("the program runs");
    assert!(verified.status.success(), "{}", said(&verified));
}
