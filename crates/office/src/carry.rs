//! Records on their way to another installation: what is sealed with the key, and what holds a copy back from speaking to anybody.
//!
//! Received files and evidence can be taken out open and sealed again. Second-factor secrets never leave: see [`replace_key`](crate::people::replace_key).

use calendar::Instant;
use store::{SchoolId, StoreError, Tx, args};

use crate::evidence;
use crate::ids::EvidenceId;
use crate::people::Keyring;
use crate::roll::imports::{ImportId, sealed_for};
use crate::shell::moment;

const IMPORTS: &str = "\
select school_id, import_id, part, name from import_file order by school_id, import_id, part";
const IMPORT: &str =
    "select sealed from import_file where school_id = $1 and import_id = $2 and part = $3";
const SEAL_IMPORT: &str =
    "update import_file set sealed = $4 where school_id = $1 and import_id = $2 and part = $3";
const EVIDENCE: &str = "\
select c.school_id, c.evidence_id, f.kind from evidence_content c
join evidence_file f on f.school_id = c.school_id and f.evidence_id = c.evidence_id and f.superseded_seq is null
order by c.school_id, c.evidence_id";
const ONE_EVIDENCE: &str =
    "select sealed from evidence_content where school_id = $1 and evidence_id = $2";
const SEAL_EVIDENCE: &str =
    "update evidence_content set sealed = $3 where school_id = $1 and evidence_id = $2";
const HOLD_BACK: &str = "insert into restored (restored_at) values ($1)";
const HELD_BACK_SINCE: &str = "select max(restored_at) from restored";
const LET_OUT: &str = "delete from restored";

/// The statements of this file.
pub const STATEMENTS: &[&str] = &[
    IMPORTS,
    IMPORT,
    SEAL_IMPORT,
    EVIDENCE,
    ONE_EVIDENCE,
    SEAL_EVIDENCE,
    HOLD_BACK,
    HELD_BACK_SINCE,
    LET_OUT,
];

/// Which sealed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePlace {
    /// A file that came in to be imported.
    Import {
        /// The school.
        school: SchoolId,
        /// The import that it came for.
        import: ImportId,
        /// Its number among the files of that import, from 0.
        part: i64,
        /// The name it came under.
        name: String,
    },
    /// A file that was given as evidence.
    Evidence {
        /// The school.
        school: SchoolId,
        /// Its number.
        id: EvidenceId,
        /// The ending of its name, by what it is.
        kind: String,
    },
}

impl FilePlace {
    /// What it is sealed for.
    fn purpose(&self) -> String {
        match self {
            FilePlace::Import {
                school,
                import,
                part,
                ..
            } => sealed_for(*school, *import, *part),
            FilePlace::Evidence { school, id, .. } => evidence::sealed_for(*school, *id),
        }
    }

    fn sealed(&self, tx: &mut Tx) -> Result<Vec<u8>, StoreError> {
        match self {
            FilePlace::Import {
                school,
                import,
                part,
                ..
            } => tx.query_one(IMPORT, &args![*school, *import, *part], |row| row.get(0)),
            FilePlace::Evidence { school, id, .. } => {
                tx.query_one(ONE_EVIDENCE, &args![*school, *id], |row| row.get(0))
            }
        }
    }

    fn put_sealed(&self, tx: &mut Tx, sealed: &[u8]) -> Result<(), StoreError> {
        let put = match self {
            FilePlace::Import {
                school,
                import,
                part,
                ..
            } => tx.execute(SEAL_IMPORT, &args![*school, *import, *part, sealed]),
            FilePlace::Evidence { school, id, .. } => {
                tx.execute(SEAL_EVIDENCE, &args![*school, *id, sealed])
            }
        };
        put.map(drop)
    }
}

/// Looks at each sealed file, opened, one at a time.
///
/// Errors: the first of `look`; a file that this key does not open, as `E` by way of a [`StoreError`].
pub fn each_file<E: From<StoreError>>(
    tx: &mut Tx,
    keyring: &Keyring,
    mut look: impl FnMut(&FilePlace, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    for place in places(tx)? {
        let purpose = place.purpose();
        let plain = keyring
            .open_sealed(&purpose, &place.sealed(tx)?)
            .map_err(|error| StoreError::Statement {
                sql: format!("opening the {purpose}"),
                message: error.to_string(),
            })?;
        look(&place, &plain)?;
    }
    Ok(())
}

fn places(tx: &mut Tx) -> Result<Vec<FilePlace>, StoreError> {
    let mut places = tx.query(IMPORTS, &args![], |row| {
        Ok(FilePlace::Import {
            school: row.get(0)?,
            import: ImportId(row.get(1)?),
            part: row.get(2)?,
            name: row.get(3)?,
        })
    })?;
    places.extend(tx.query(EVIDENCE, &args![], |row| {
        Ok(FilePlace::Evidence {
            school: row.get(0)?,
            id: row.get(1)?,
            kind: row.get(2)?,
        })
    })?);
    Ok(places)
}

/// Seals files with this key: those that `open` gives. The others stay as they are.
///
/// Errors: those of `open`, a [`StoreError`] as `E`.
pub fn seal_files<E: From<StoreError>>(
    tx: &mut Tx,
    keyring: &Keyring,
    mut open: impl FnMut(&FilePlace) -> Result<Option<Vec<u8>>, E>,
) -> Result<(), E> {
    for place in places(tx)? {
        let Some(plain) = open(&place)? else {
            continue;
        };
        let purpose = place.purpose();
        let sealed = keyring
            .seal(&purpose, &plain)
            .map_err(|error| StoreError::Statement {
                sql: format!("sealing the {purpose}"),
                message: error.to_string(),
            })?;
        place.put_sealed(tx, &sealed)?;
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
