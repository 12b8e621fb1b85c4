//! The key that seals what must not be read from a stolen disk or backup: second-factor secrets, safeguarding records and evidence.
//!
//! It is kept in a file outside the data folder, made at the first start. Sealing is AES-256-GCM; what is sealed names its key, and is bound to
//! its purpose, so that nothing sealed for one place opens in another.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use store::{Store, StoreError, Tx, args};

/// The bytes of the key.
const KEY_LEN: usize = 32;

/// Begins everything that is sealed in this form.
const FORM: u8 = 1;

/// What the check value is bound to, and what it says.
const CHECK_PURPOSE: &str = "key check";
const CHECK_TEXT: &[u8] = b"sealed by this key";

const CHECK_VALUE: &str = "select sealed from key_check where check_id = 1";
const KEEP_CHECK_VALUE: &str = "\
insert into key_check (check_id, sealed) values (1, $1) on conflict (check_id) do nothing";

/// The statements of this file.
pub const STATEMENTS: &[&str] = &[CHECK_VALUE, KEEP_CHECK_VALUE];

/// Which key: derived from it, and telling nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

/// The key, ready to seal and to open.
#[derive(Clone)]
pub struct Keyring {
    id: KeyId,
    key: LessSafeKey,
}

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A copy of the data would carry its own key.
    #[error(
        "the key file {} lies inside the data folder {}, so a stolen copy of the data could be read: keep the key elsewhere",
        key_file.display(), data.display()
    )]
    InsideData {
        /// The key file.
        key_file: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
    /// The file or its folder cannot be read or made.
    #[error("the key file {} cannot be used", key_file.display())]
    Unusable {
        /// The key file.
        key_file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file can be read by other accounts of this machine.
    #[error(
        "the key file {} can be read by other accounts of this machine: keep it to its owner (chmod 600)",
        key_file.display()
    )]
    OpenToOthers {
        /// The key file.
        key_file: PathBuf,
    },
    /// The file does not hold a key.
    #[error("the key file {} is damaged: it should hold one line of 64 hexadecimal digits", key_file.display())]
    Damaged {
        /// The key file.
        key_file: PathBuf,
    },
    /// The data was sealed with another key.
    #[error(
        "this data was sealed with key {data_key}, and the key file holds key {given}: start with the key file that belongs to \
         this data, or restore it from where it was kept"
    )]
    WrongKey {
        /// The key of the data.
        data_key: KeyId,
        /// The key that was given.
        given: KeyId,
    },
    /// The file is not there, and the data was sealed before.
    #[error(
        "the key file {} is not there, and this data was sealed with key {data_key}. Pupils, marks and the journal need no key and are \
         untouched; second factors, safeguarding records and received files cannot be read without it. Restore the key file from where its copy is kept, \
         or name it with --key-file. If it is lost for good, `rollbook replace-key` goes on with a new one: every second factor is \
         taken away and set up again, and safeguarding records and files kept so far stay closed for ever",
        key_file.display()
    )]
    Lost {
        /// The key file.
        key_file: PathBuf,
        /// The key of the data.
        data_key: KeyId,
    },
    /// The key is there, so it need not be replaced.
    #[error(
        "the key file holds key {0}, which belongs to this data: it is not lost, and nothing was changed"
    )]
    NotLost(KeyId),
    /// The data was never sealed.
    #[error("this data was never sealed, so no key is lost: start Rollbook, and it makes one")]
    NeverSealed,
    /// The check value in the data is no check value.
    #[error("the key check in the data is damaged; restore the data from a backup")]
    CheckDamaged,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers to make a key from")]
    NoRandomNumbers,
    /// The data did not say which key it belongs to.
    #[error("the data could not be asked which key it belongs to")]
    Store(#[from] StoreError),
}

/// Why something sealed cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is too short or of another form.
    #[error("what should be sealed is damaged")]
    Damaged,
    /// It was sealed with another key.
    #[error("it was sealed with key {0}")]
    OtherKey(KeyId),
    /// It was changed since, or sealed for another purpose.
    #[error("it was changed since it was sealed, or sealed for another purpose")]
    NotAsSealed,
}

impl Keyring {
    /// Reads the key file for the data kept in the folder `data`.
    ///
    /// The file is made (0600) when there is none and the data was never sealed; `data_key` says by which key it was, as
    /// [`Keyring::of_data`] found out.
    pub fn open(
        key_file: &Path,
        data: &Path,
        data_key: Option<KeyId>,
    ) -> Result<Keyring, KeyringError> {
        let unusable = |source| KeyringError::Unusable {
            key_file: key_file.to_owned(),
            source,
        };
        let absolute = outside_data(key_file, data)?;
        if !absolute.try_exists().map_err(unusable)? {
            if let Some(data_key) = data_key {
                return Err(KeyringError::Lost {
                    key_file: key_file.to_owned(),
                    data_key,
                });
            }
            make(&absolute)?;
        }
        let about = fs::metadata(&absolute).map_err(unusable)?;
        if about.mode() & 0o077 != 0 {
            return Err(KeyringError::OpenToOthers {
                key_file: key_file.to_owned(),
            });
        }
        let text = fs::read_to_string(&absolute).map_err(unusable)?;
        let key = read_key(&text).ok_or_else(|| KeyringError::Damaged {
            key_file: key_file.to_owned(),
        })?;
        Ok(Keyring::of(&key))
    }

    /// A key that is forgotten with the program, for tests.
    pub fn forgetful() -> Result<Keyring, KeyringError> {
        random::<KEY_LEN>().map(|key| Keyring::of(&key))
    }

    fn of(key: &[u8; KEY_LEN]) -> Keyring {
        let mut named = b"rollbook key id".to_vec();
        named.extend(key);
        let mut id = [0; 8];
        id.copy_from_slice(&digest(&SHA256, &named).as_ref()[..8]);
        Keyring {
            id: KeyId(id),
            key: LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM, key).expect("an AES-256 key has 32 bytes"),
            ),
        }
    }

    /// Which key this is.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Seals bytes for a purpose: a text that names the place, such as `totp secret of account 12`.
    ///
    /// Shape: form (1 byte), key (8), nonce (12), then the sealed bytes and their tag (16).
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = vec![FORM];
        sealed.extend(self.id.0);
        sealed.extend(nonce);
        let head = sealed.len();
        sealed.extend(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                bound_to(self.id, purpose),
                &mut sealed[head..],
            )
            .expect("what is sealed here is far shorter than AES-GCM's limit of 64 GB");
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for the same purpose.
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let id = key_of(sealed).ok_or(OpenError::Damaged)?;
        if id != self.id {
            return Err(OpenError::OtherKey(id));
        }
        let (nonce, body) = sealed[1 + 8..]
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(OpenError::Damaged)?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                bound_to(id, purpose),
                &mut body,
            )
            .map_err(|_| OpenError::NotAsSealed)?;
        Ok(plain.to_vec())
    }

    /// Which key the data in this store was sealed with; none before its first start.
    ///
    /// Waits on this thread: it belongs to the start of the program.
    pub fn of_data(store: &Store) -> Result<Option<KeyId>, KeyringError> {
        let check_value = store.read_now(|tx: &mut Tx| {
            tx.query_opt(CHECK_VALUE, &args![], |row| row.get::<Vec<u8>>(0))
        })?;
        let known = check_value.map(|sealed| key_of(&sealed).ok_or(KeyringError::CheckDamaged));
        known.transpose()
    }

    /// What says in the data that it belongs to this key.
    pub(super) fn check_value(&self) -> Result<Vec<u8>, KeyringError> {
        self.seal(CHECK_PURPOSE, CHECK_TEXT)
    }

    /// Makes sure that this is the key of the data in this store; data that knows no key yet is this key's from now on.
    ///
    /// Waits on this thread: it belongs to the start of the program.
    pub fn claim(&self, store: &Store) -> Result<(), KeyringError> {
        let fresh = self.check_value()?;
        let check_value = store.write_now(move |tx: &mut Tx| -> Result<Vec<u8>, StoreError> {
            tx.execute(KEEP_CHECK_VALUE, &args![fresh.as_slice()])?;
            tx.query_one(CHECK_VALUE, &args![], |row| row.get(0))
        })?;
        self.check(&check_value)
    }

    /// Whether this is the key of the data that holds this check value.
    fn check(&self, check_value: &[u8]) -> Result<(), KeyringError> {
        match self.open_sealed(CHECK_PURPOSE, check_value) {
            Ok(text) if text == CHECK_TEXT => Ok(()),
            Err(OpenError::OtherKey(data_key)) => Err(KeyringError::WrongKey {
                data_key,
                given: self.id,
            }),
            Ok(_) | Err(OpenError::Damaged | OpenError::NotAsSealed) => {
                Err(KeyringError::CheckDamaged)
            }
        }
    }
}

impl fmt::Debug for Keyring {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({})", self.id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn bound_to(id: KeyId, purpose: &str) -> Aad<Vec<u8>> {
    let mut bound = vec![FORM];
    bound.extend(id.0);
    bound.extend(purpose.as_bytes());
    Aad::from(bound)
}

fn key_of(sealed: &[u8]) -> Option<KeyId> {
    let (form, rest) = sealed.split_first()?;
    let (id, _) = rest.split_first_chunk::<8>()?;
    (*form == FORM).then_some(KeyId(*id))
}

fn random<const N: usize>() -> Result<[u8; N], KeyringError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| KeyringError::NoRandomNumbers)?;
    Ok(bytes)
}

/// The key file as an absolute path whose folder exists, once it is known that the folder lies outside the data.
fn outside_data(key_file: &Path, data: &Path) -> Result<PathBuf, KeyringError> {
    let inside = || KeyringError::InsideData {
        key_file: key_file.to_owned(),
        data: data.to_owned(),
    };
    let unusable = |source| KeyringError::Unusable {
        key_file: key_file.to_owned(),
        source,
    };
    let written = std::path::absolute(key_file).map_err(unusable)?;
    let data_written = std::path::absolute(data).map_err(unusable)?;
    if written.starts_with(&data_written) {
        return Err(inside());
    }
    let (Some(folder), Some(name)) = (written.parent(), written.file_name()) else {
        return Err(unusable(io::ErrorKind::InvalidFilename.into()));
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(unusable)?;
    // Links are followed on both sides: what counts is where the key really lies.
    let place = folder.canonicalize().map_err(unusable)?.join(name);
    let real = place.canonicalize().unwrap_or_else(|_| place.clone());
    let real_data = data_written.canonicalize().unwrap_or(data_written);
    if real.starts_with(&real_data) || place.starts_with(&real_data) {
        return Err(inside());
    }
    Ok(place)
}

/// Makes the key file whole or not at all; one that another start has made meanwhile is left as it is.
fn make(key_file: &Path) -> Result<(), KeyringError> {
    let key = random::<KEY_LEN>()?;
    let mark = random::<4>()?;
    let unusable = |source| KeyringError::Unusable {
        key_file: key_file.to_owned(),
        source,
    };
    let mut draft = key_file.as_os_str().to_owned();
    draft.push(format!(".{}.new", hex(&mark)));
    let draft = PathBuf::from(draft);
    let written = write_draft(&draft, &key).and_then(|()| match fs::hard_link(&draft, key_file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(unusable)?;
    match key_file.parent() {
        Some(folder) => fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(unusable),
        None => Ok(()),
    }
}

fn write_draft(draft: &Path, key: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    writeln!(
        file,
        "# The key to what Rollbook keeps sealed. Keep a copy in a safe, apart from the backups of the data.\n{}",
        hex(key)
    )?;
    file.sync_all()
}

fn read_key(text: &str) -> Option<[u8; KEY_LEN]> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next()?;
    if lines.next().is_some() || line.len() != 2 * KEY_LEN || !line.is_ascii() {
        return None;
    }
    let mut key = [0; KEY_LEN];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&line[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let keyring = Keyring::forgetful().unwrap();
        let sealed = keyring.seal("secret of account 1", b"ABC").unwrap();
        assert!(!sealed.windows(3).any(|part| part == b"ABC"));
        assert_eq!(
            keyring.open_sealed("secret of account 1", &sealed).unwrap(),
            b"ABC"
        );
        assert_eq!(
            keyring.open_sealed("secret of account 2", &sealed),
            Err(OpenError::NotAsSealed)
        );
        assert_ne!(sealed, keyring.seal("secret of account 1", b"ABC").unwrap());
    }

    #[test]
    fn a_change_of_any_byte_is_noticed() {
        let keyring = Keyring::forgetful().unwrap();
        let sealed = keyring.seal("here", b"text").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(
                keyring.open_sealed("here", &changed).is_err(),
                "byte {place}"
            );
        }
        for length in 0..sealed.len() {
            assert!(
                keyring.open_sealed("here", &sealed[..length]).is_err(),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn the_key_is_made_once_and_kept_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let (key_file, data) = (folder.path().join("keys/key"), folder.path().join("data"));
        let first = Keyring::open(&key_file, &data, None).unwrap();
        let second = Keyring::open(&key_file, &data, None).unwrap();
        assert_eq!(first.id(), second.id());
        assert_eq!(fs::metadata(&key_file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("keys")).unwrap().count(), 1);

        fs::set_permissions(&key_file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            Keyring::open(&key_file, &data, None),
            Err(KeyringError::OpenToOthers { .. })
        ));
    }

    #[test]
    fn a_missing_key_is_not_made_anew_for_data_that_was_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let (key_file, data) = (folder.path().join("key"), folder.path().join("data"));
        let sealed_by = Keyring::forgetful().unwrap().id();
        let lost = Keyring::open(&key_file, &data, Some(sealed_by)).unwrap_err();
        assert!(matches!(lost, KeyringError::Lost { data_key, .. } if data_key == sealed_by));
        assert!(!key_file.exists());
    }

    #[test]
    fn a_key_inside_the_data_folder_is_refused_by_whatever_way_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        symlink(&data, folder.path().join("link")).unwrap();
        let elsewhere = folder.path().join("linked-key");
        fs::write(data.join("real-key"), "").unwrap();
        symlink(data.join("real-key"), &elsewhere).unwrap();
        for key_file in [
            data.join("key"),
            data.join("keys/key"),
            folder.path().join("link/key"),
            elsewhere,
        ] {
            let refused = Keyring::open(&key_file, &data, None).unwrap_err();
            assert!(
                matches!(refused, KeyringError::InsideData { .. }),
                "{}: {refused}",
                key_file.display()
            );
        }
        assert!(!data.join("keys").exists());
        assert!(!data.join("key").exists());
    }

    #[test]
    fn a_damaged_key_file_is_not_taken_for_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let (key_file, data) = (folder.path().join("key"), folder.path().join("data"));
        let whole = "0f".repeat(KEY_LEN);
        for text in [
            "",
            "0f0f",
            &format!("{whole}{whole}"),
            &format!("{whole}\n{whole}"),
            &"xy".repeat(KEY_LEN),
        ] {
            fs::write(&key_file, text).unwrap();
            fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(
                Keyring::open(&key_file, &data, None),
                Err(KeyringError::Damaged { .. })
            ));
        }
        fs::write(
            &key_file,
            format!("# written by hand\n{}\n", whole.to_uppercase()),
        )
        .unwrap();
        assert!(Keyring::open(&key_file, &data, None).is_ok());
    }

    #[test]
    fn data_belongs_to_the_first_key_that_claims_it_and_another_is_refused_by_name() {
        store::testing::each_engine(crate::MIGRATIONS, |store| {
            let (mine, other) = (Keyring::forgetful().unwrap(), Keyring::forgetful().unwrap());
            mine.claim(store).unwrap();
            mine.claim(store).unwrap();
            let refused = other.claim(store).unwrap_err();
            let message = refused.to_string();
            assert!(message.contains(&mine.id().to_string()), "{message}");
            assert!(message.contains(&other.id().to_string()), "{message}");
            mine.claim(store).unwrap();
        });
    }

    #[test]
    fn a_damaged_check_value_is_not_taken_for_another_key() {
        let keyring = Keyring::forgetful().unwrap();
        assert!(matches!(
            keyring.check(b"no check"),
            Err(KeyringError::CheckDamaged)
        ));
    }
}
