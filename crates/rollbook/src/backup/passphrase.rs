//! The passphrase of backups: the first line of a file that only its owner can read.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Shorter ones can be guessed by whoever holds the backup.
const SHORTEST: usize = 16;

/// Reads the passphrase.
///
/// Errors: the file cannot be read, can be read by other accounts, or holds a passphrase that is too short.
pub fn read(file: &Path) -> Result<String> {
    let wrong = || format!("The passphrase file {} cannot be used", file.display());
    let about = fs::metadata(file).with_context(wrong)?;
    ensure!(
        about.mode() & 0o077 == 0,
        "{}: other accounts of this machine can read it (chmod 600)",
        wrong()
    );
    let text = fs::read_to_string(file).with_context(wrong)?;
    let passphrase = text.lines().next().unwrap_or_default().trim();
    ensure!(
        passphrase.chars().count() >= SHORTEST,
        "{}: its first line should have {SHORTEST} letters or more",
        wrong()
    );
    Ok(passphrase.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_passphrase_that_others_can_read_or_guess_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passphrase");
        assert!(read(&file).is_err());
        for (text, mode, good) in [
            ("plum ladder frost kettle\nsecond line\n", 0o600, true),
            ("plum ladder frost kettle\n", 0o640, false),
            ("plum\n", 0o600, false),
            ("", 0o600, false),
        ] {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&file).is_ok(), good, "{text:?} {mode:o}");
        }
        fs::write(&file, "plum ladder frost kettle\nsecond line\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(read(&file).unwrap(), "plum ladder frost kettle");
    }
}
