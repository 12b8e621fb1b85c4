//! Migrations: one text for both engines, each applied once.

use std::fmt::Write as _;

use calendar::Instant;
use sha2::{Digest, Sha256};

use crate::{Engine, StoreError, Tx, args};

/// A step of the schema. Once released its text never changes.
///
/// The text is the same for both engines, with words for what differs: `{int}` `{text}` `{day}` `{instant}` `{bool}` `{bytes}`
/// for kinds of column; at a table's end `{strict}`, or `{clustered}` where the rows are small and always found by the primary
/// key (they then lie in its order, without a second tree, on SQLite).
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its name, such as `0001_directory`.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

impl Migration {
    /// The mark of its text, by which a database knows what was applied to it.
    pub fn checksum(&self) -> String {
        checksum(self.sql)
    }
}

/// Why the schema could not be brought up to date.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MigrateError {
    /// The text of an applied migration is not the one that was applied.
    #[error("the migration {name} was changed after it had been applied to this database")]
    Altered {
        /// Its name.
        name: String,
    },
    /// The database has a migration that this program does not know.
    #[error("this database was brought up to date by a newer program: it has the migration {name}")]
    Newer {
        /// Its name.
        name: String,
    },
    /// A migration comes before one that was applied already.
    #[error("the migration {name} stands before {applied}, which was applied already")]
    OutOfOrder {
        /// The new one.
        name: String,
        /// The applied one.
        applied: String,
    },
    /// A word in braces that no engine knows.
    #[error("the migration {name} has the unknown word {{{word}}}")]
    UnknownWord {
        /// The migration.
        name: &'static str,
        /// The word.
        word: String,
    },
    /// A migration failed; nothing of it remains, and what came before it does.
    #[error("the migration {name} failed")]
    Failed {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store's own tables.
pub(crate) const OWN: [Migration; 1] = [Migration {
    name: "store_0001_store",
    sql: include_str!("schema/0001_store.sql"),
}];

const RECORD: Migration = Migration {
    name: "applied_migration",
    sql: "create table if not exists applied_migration (
        number {int} not null primary key,
        name {text} not null unique,
        checksum {text} not null,
        applied_at {instant} not null
    ) {strict};",
};
const APPLIED: &str = "select name, checksum from applied_migration order by number";
const ADD: &str = "\
    insert into applied_migration (number, name, checksum, applied_at) \
    select coalesce(max(number), 0) + 1, $1, $2, $3 from applied_migration";

/// One migrating process at a time, of whatever program version.
const LOCK_ON_POSTGRES: &str = "select pg_advisory_xact_lock(7164152080511)";

/// Applies what is missing, each migration in a transaction of its own; answers the names of those applied.
pub(crate) fn migrate(
    tx: &mut Tx,
    given: &[Migration],
    now: Instant,
) -> Result<Vec<&'static str>, MigrateError> {
    let all: Vec<Migration> = OWN.iter().chain(given).copied().collect();
    let engine = tx.engine();
    in_transaction(tx, |tx| {
        tx.batch(&written_for(engine, &RECORD)?)?;
        Ok(())
    })?;
    let mut applied = Vec::new();
    for migration in &all {
        let text = written_for(engine, migration)?;
        let checksum = migration.checksum();
        let fresh = in_transaction(tx, |tx| {
            let done = tx.query(APPLIED, &args![], |row| {
                Ok((row.get::<String>(0)?, row.get::<String>(1)?))
            })?;
            if !is_missing(&all, migration, &checksum, &done)? {
                return Ok(false);
            }
            let failed = |source| MigrateError::Failed {
                name: migration.name,
                source,
            };
            tx.batch(&text).map_err(failed)?;
            tx.execute(ADD, &args![migration.name, &checksum, now])
                .map_err(failed)?;
            Ok(true)
        })?;
        if fresh {
            applied.push(migration.name);
        }
    }
    Ok(applied)
}

/// Whether this migration is still to be applied, given those that were.
fn is_missing(
    all: &[Migration],
    migration: &Migration,
    checksum: &str,
    done: &[(String, String)],
) -> Result<bool, MigrateError> {
    let place = |name: &str| all.iter().position(|known| known.name == name);
    for (name, _) in done {
        if place(name).is_none() {
            return Err(MigrateError::Newer { name: name.clone() });
        }
    }
    if let Some((name, recorded)) = done.iter().find(|(name, _)| name == migration.name) {
        return if recorded == checksum {
            Ok(false)
        } else {
            Err(MigrateError::Altered { name: name.clone() })
        };
    }
    // The store's own migrations may come after those of the application that were applied before them.
    let own = OWN.iter().any(|own| own.name == migration.name);
    match done
        .iter()
        .find(|(name, _)| place(name) > place(migration.name))
    {
        Some((applied, _)) if !own => Err(MigrateError::OutOfOrder {
            name: migration.name.to_owned(),
            applied: applied.clone(),
        }),
        _ => Ok(true),
    }
}

fn in_transaction<T>(
    tx: &mut Tx,
    run: impl FnOnce(&mut Tx) -> Result<T, MigrateError>,
) -> Result<T, MigrateError> {
    tx.begin(crate::tx::Purpose::Writing)?;
    tx.lift_time_limit()?;
    if tx.engine() == Engine::Postgres {
        tx.batch(LOCK_ON_POSTGRES)?;
    }
    let done = run(tx);
    match done {
        Ok(_) => tx.commit()?,
        Err(_) => tx.roll_back(),
    }
    done
}

fn checksum(sql: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(sql.as_bytes()).into();
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes what is written to it");
        text
    })
}

/// The text with its words replaced by this engine's.
fn written_for(engine: Engine, migration: &Migration) -> Result<String, MigrateError> {
    let mut text = String::with_capacity(migration.sql.len());
    let mut rest = migration.sql;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (word, after) = after.split_once('}').unwrap_or((after, ""));
        let written = match (engine, word) {
            (Engine::Sqlite, "int" | "instant" | "bool") => "integer",
            (Engine::Sqlite, "text" | "day") => "text",
            (Engine::Sqlite, "bytes") => "blob",
            (Engine::Sqlite, "strict") => "strict",
            (Engine::Sqlite, "clustered") => "strict, without rowid",
            (Engine::Postgres, "int") => "bigint",
            (Engine::Postgres, "text") => "text",
            (Engine::Postgres, "day") => "date",
            (Engine::Postgres, "instant") => "timestamptz",
            (Engine::Postgres, "bool") => "boolean",
            (Engine::Postgres, "bytes") => "bytea",
            (Engine::Postgres, "strict" | "clustered") => "",
            _ => {
                return Err(MigrateError::UnknownWord {
                    name: migration.name,
                    word: word.to_owned(),
                });
            }
        };
        text.push_str(written);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}
