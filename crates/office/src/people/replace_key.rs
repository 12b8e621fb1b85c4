//! Going on with a new key when the old one is lost for good.

use store::{Entry, Store, StoreError, Tx, args};

use super::keyring::{Keyring, KeyringError};
use super::{DIRECTORY, second_factor};

const WITH_SECOND_FACTOR: &str =
    "select account_id from account where totp_secret is not null order by account_id";
const END_SIGN_INS: &str = "update sign_in set ended_at = $1 where ended_at is null";
const NEW_CHECK_VALUE: &str = "update key_check set sealed = $1 where check_id = 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[WITH_SECOND_FACTOR, END_SIGN_INS, NEW_CHECK_VALUE];

fn with_second_factor(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    tx.query(WITH_SECOND_FACTOR, &args![], |row| row.get(0))
}

/// How many accounts have a second factor, which goes with the key.
pub fn second_factors(store: &Store) -> Result<usize, StoreError> {
    store.read_now(|tx| Ok(with_second_factor(tx)?.len()))
}

/// Gives the data to a new key: second factors and recovery codes that only the old one could check are taken away, every device is
/// signed out, and the journal of the directory keeps that it was done and for which accounts. Answers how many lost theirs.
///
/// Received files stay as they are, closed, until they are destroyed after their 30 days (I-015). Waits on this thread.
///
/// Errors: the data was never sealed, or with this very key.
pub fn replace_key(store: &Store, new: &Keyring) -> Result<usize, KeyringError> {
    let old = Keyring::of_data(store)?.ok_or(KeyringError::NeverSealed)?;
    if old == new.id() {
        return Err(KeyringError::NotLost(old));
    }
    let (check_value, new) = (new.check_value()?, new.id());
    let reset = store.act_now(DIRECTORY, move |act| {
        let at = act.at();
        let accounts = with_second_factor(act.tx())?;
        for account in &accounts {
            second_factor::remove(act.tx(), *account)?;
        }
        act.tx().execute(END_SIGN_INS, &args![at])?;
        act.tx()
            .execute(NEW_CHECK_VALUE, &args![check_value.as_slice()])?;
        act.describe(Entry {
            account: 0,
            job_title: "Command line",
            act: "replace key",
            subject: format!("key {old}"),
        });
        act.note("new key", &new.to_string());
        for account in &accounts {
            act.note("second factor removed", &format!("account {account}"));
        }
        Ok::<_, StoreError>(accounts.len())
    })?;
    Ok(reset)
}
