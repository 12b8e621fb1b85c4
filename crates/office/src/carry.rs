//! Records on their way to another installation: what is sealed with the key, and what holds a copy back from speaking to anybody.
//!
//! Received files can be taken out open and sealed again. Second-factor secrets never leave: see [`replace_key`](crate::people::replace_key).

use calendar::Instant;
use store::{SchoolId, StoreError, Tx, args};

use crate::people::Keyring;
use crate::roll::imports::{ImportId, sealed_for};
use crate::shell::moment;

const FILES: &str = "\
select school_id, import_id, part, name, sealed from import_file order by school_id, import_id, part";
const SEAL_FILE: &str =
    "update import_file set sealed = $4 where school_id = $1 and import_id = $2 and part = $3";
const HOLD_BACK: &str = "insert into restored (restored_at) values ($1)";
const HELD_BACK_SINCE: &str = "select max(restored_at) from restored";
const LET_OUT: &str = "delete from restored";

/// The statements of this file.
pub const STATEMENTS: &[&str] = &[FILES, SEAL_FILE, HOLD_BACK, HELD_BACK_SINCE, LET_OUT];

/// Which received file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePlace {
    /// The school.
    pub school: SchoolId,
    /// The import that it came for.
    pub import: ImportId,
    /// Its number among the files of that import, from 0.
    pub part: i64,
    /// The name it came under.
    pub name: String,
}

/// Looks at each received file, opened.
///
/// Errors: the first of `look`; a file that this key does not open, as `E` by way of a [`StoreError`].
pub fn each_file<E: From<StoreError>>(
    tx: &mut Tx,
    keyring: &Keyring,
    mut look: impl FnMut(&FilePlace, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    for (place, sealed) in files(tx)? {
        let purpose = sealed_for(place.school, place.import, place.part);
        let plain =
            keyring
                .open_sealed(&purpose, &sealed)
                .map_err(|error| StoreError::Statement {
                    sql: format!("opening the {purpose}"),
                    message: error.to_string(),
                })?;
        look(&place, &plain)?;
    }
    Ok(())
}

fn files(tx: &mut Tx) -> Result<Vec<(FilePlace, Vec<u8>)>, StoreError> {
    tx.query(FILES, &args![], |row| {
        let place = FilePlace {
            school: row.get(0)?,
            import: ImportId(row.get(1)?),
            part: row.get(2)?,
            name: row.get(3)?,
        };
        Ok((place, row.get(4)?))
    })
}

/// Seals received files with this key: those that `open` gives. The others stay as they are.
///
/// Errors: those of `open`, a [`StoreError`] as `E`.
pub fn seal_files<E: From<StoreError>>(
    tx: &mut Tx,
    keyring: &Keyring,
    mut open: impl FnMut(&FilePlace) -> Result<Option<Vec<u8>>, E>,
) -> Result<(), E> {
    for (place, _) in files(tx)? {
        let Some(plain) = open(&place)? else {
            continue;
        };
        let purpose = sealed_for(place.school, place.import, place.part);
        let sealed = keyring
            .seal(&purpose, &plain)
            .map_err(|error| StoreError::Statement {
                sql: format!("sealing the {purpose}"),
                message: error.to_string(),
            })?;
        let values = args![place.school, place.import, place.part, sealed.as_slice()];
        tx.execute(SEAL_FILE, &values)?;
    }
    Ok(())
}

/// Notes that these records were put back from elsewhere: from now on nothing leaves by itself, no webhook and no message.
///
/// What the original told after the copy was taken would be told a second time, and what a copy made for trying says is true of nobody.
/// Errors: the database did not answer.
pub fn hold_back(tx: &mut Tx, now: Instant) -> Result<(), StoreError> {
    tx.execute(HOLD_BACK, &args![now]).map(drop)
}

/// Since when nothing leaves by itself; none where these records were not restored, or whoever runs the program has let it.
///
/// Errors: the database did not answer.
pub fn held_back_since(tx: &mut Tx) -> Result<Option<Instant>, StoreError> {
    tx.query_one(HELD_BACK_SINCE, &args![], |row| row.get(0))
}

/// Lets webhooks and messages leave again. Answers whether they were held back.
///
/// Errors: the database did not answer.
pub fn let_out(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.execute(LET_OUT, &args![])? > 0)
}

/// What people read while nothing leaves by itself.
pub(crate) fn held_back_in_words(tx: &mut Tx) -> Result<Option<String>, StoreError> {
    Ok(held_back_since(tx)?.map(|since| {
        format!(
            "These records were restored from a copy on {}. Until whoever runs Rollbook says so (rollbook allow-sending), no webhook \
             and no message leaves: the receivers may have been told already. What happens meanwhile waits.",
            moment(since)
        )
    }))
}
