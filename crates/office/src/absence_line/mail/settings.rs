//! How a school's mailbox is reached: with the message channels, its password sealed as theirs.

use ::mailbox::{Security, Settings};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{SchoolId, StoreError, Tx, args};

use crate::people::Keyring;

const OWN: &str = "\
select settings, secret from message_channel where school_id = $1 and provider = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OWN];

/// The mailbox among the channels, as its row is called; its password is sealed for this too.
pub(super) const IMAP: &str = "imap";

/// What a school set for its mailbox, but the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MailboxSettings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls_from_the_start: bool,
    pub(super) user: String,
    pub(super) folder: String,
    /// Where mails are put once they are taken.
    pub(super) put_into: String,
    /// It is looked into once in so many minutes.
    pub(super) every_minutes: u16,
}

/// It is looked into this often at least, in minutes.
pub(super) const MOST_MINUTES: u16 = 60;

impl Default for MailboxSettings {
    fn default() -> MailboxSettings {
        MailboxSettings {
            host: String::new(),
            port: 993,
            tls_from_the_start: true,
            user: String::new(),
            folder: "INBOX".to_owned(),
            put_into: "Rollbook".to_owned(),
            every_minutes: 2,
        }
    }
}

impl MailboxSettings {
    /// Whether mails of the one are those of the other.
    pub(super) fn is_same_mailbox(&self, other: &MailboxSettings) -> bool {
        (&self.host, &self.user) == (&other.host, &other.user)
    }

    /// What numbers of mails belong to: this folder of this mailbox, until its server counts anew (UIDVALIDITY).
    pub(super) fn place(&self, validity: u32) -> String {
        let place = format!("{}\0{}\0{}\0{validity}", self.host, self.user, self.folder);
        let digest = Sha256::digest(place.as_bytes());
        digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// With its password, opened; none where it was sealed with another key, which is logged.
    pub(super) fn opened(&self, keyring: &Keyring, sealed: &[u8]) -> Option<Settings> {
        let plain = keyring.open_sealed(IMAP, sealed);
        if let Err(error) = &plain {
            tracing::warn!(%error, "the password of a mailbox cannot be opened");
        }
        Some(Settings {
            host: self.host.clone(),
            port: self.port,
            security: match self.tls_from_the_start {
                true => Security::FromTheStart,
                false => Security::StartTls,
            },
            user: self.user.clone(),
            password: String::from_utf8(plain.ok()?).ok()?,
            folder: self.folder.clone(),
            put_into: self.put_into.clone(),
        })
    }
}

/// What a school has set, with its password as it is sealed.
///
/// Errors: the database did not answer.
pub(super) fn own(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<Option<(MailboxSettings, Vec<u8>)>, StoreError> {
    let found = tx.query_opt(OWN, &args![school, IMAP], |row| {
        Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?))
    })?;
    Ok(found.and_then(|(settings, secret)| Some((serde_json::from_str(&settings).ok()?, secret))))
}
