//! What a backup needs of the store: the schema as data, and whole tables read out and put back, alike on both engines.
//!
//! Everything here works within the caller's transaction, so that a backup is one snapshot and a restore happens whole or not at
//! all. It deliberately does not know in what form rows leave the building.

mod schema;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use calendar::{Day, Instant};

use crate::tx::Inserting;
use crate::verify::{self, VerifyReport};
use crate::{Arg, Engine, Kind, Row, StoreError, Table, Tx, args};

pub use schema::{Schema, StoredColumn, StoredTable};

const IN_SQLITE: &str = "\
    select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c \
    where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.cid";
const IN_POSTGRES: &str = "\
    select cast(c.table_name as text), cast(c.column_name as text) from information_schema.columns c \
    join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name \
    where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' \
    order by 1, c.ordinal_position";
const APPLIED: &str = "select name, checksum from applied_migration order by number";
const ANY_HEAD: &str = "select 1 from school_head limit 1";

/// The statements of this module, for the test that prepares them.
pub(crate) const STATEMENTS: [&str; 2] = [APPLIED, ANY_HEAD];

/// The statement that asks this engine for its tables and columns.
pub(crate) fn catalogue(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => IN_SQLITE,
        Engine::Postgres => IN_POSTGRES,
    }
}

/// A migration that a database has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// The mark of its text; see [`Migration::checksum`](crate::Migration::checksum).
    pub checksum: String,
}

/// The columns of every table that is in the database, as (table, column), in the order of the table's name and the column's place.
///
/// Errors: a [`StoreError`] of the statement.
pub fn columns_in_database(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    tx.query(catalogue(tx.engine()), &args![], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// The migrations that this database has had, in order; none when it is empty.
///
/// Errors: a [`StoreError`] of the statement.
pub fn applied(tx: &mut Tx) -> Result<Vec<Applied>, StoreError> {
    if !has_table(tx, "applied_migration")? {
        return Ok(Vec::new());
    }
    tx.query(APPLIED, &args![], |row| {
        Ok(Applied {
            name: row.get(0)?,
            checksum: row.get(1)?,
        })
    })
}

/// Whether no school has ever recorded anything here, so that a restore overwrites nothing.
///
/// Errors: a [`StoreError`] of the statement.
pub fn is_fresh(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(!has_table(tx, "school_head")? || tx.query_opt(ANY_HEAD, &args![], |_| Ok(()))?.is_none())
}

fn has_table(tx: &mut Tx, name: &str) -> Result<bool, StoreError> {
    let there = columns_in_database(tx)?;
    Ok(there.iter().any(|(table, _)| table == name))
}

/// Looks at each row of a table as it arrives, its values of the kinds of their columns. Answers how many there were.
///
/// Errors: the first of `look`, and a [`StoreError`] as `E`.
pub fn each_row<E: From<StoreError>>(
    tx: &mut Tx,
    table: &StoredTable,
    mut look: impl FnMut(&[Arg<'_>]) -> Result<(), E>,
) -> Result<u64, E> {
    let names: Vec<&str> = names(&table.columns.iter().collect::<Vec<_>>());
    let sql = kept(format!("select {} from {}", names.join(", "), table.name));
    let (mut count, mut stopped) = (0, None);
    tx.walk(sql, &[], &mut |row| {
        let values: Result<Vec<Arg<'_>>, StoreError> = table
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| value(row, index, column.kind))
            .collect();
        if let Err(error) = look(&values?) {
            stopped = Some(error);
            return Ok(false);
        }
        count += 1;
        Ok(true)
    })?;
    stopped.map_or(Ok(count), Err)
}

/// The value of a column of this kind, whichever engine holds it.
fn value<'r>(row: &Row<'r>, index: usize, kind: Kind) -> Result<Arg<'r>, StoreError> {
    Ok(match kind {
        Kind::Int => Arg::from(row.get::<Option<i64>>(index)?),
        Kind::Bool => Arg::from(row.get::<Option<bool>>(index)?),
        Kind::Day => Arg::from(row.get::<Option<Day>>(index)?),
        Kind::Instant => Arg::from(row.get::<Option<Instant>>(index)?),
        Kind::Text => Arg::from(row.get::<Option<&str>>(index)?),
        Kind::Bytes => Arg::from(row.get::<Option<&[u8]>>(index)?),
    })
}

/// Takes every row out of these tables: those that a migration put there, before a restore.
///
/// Errors: a [`StoreError`] of the statement.
pub fn clear(tx: &mut Tx, schema: &Schema) -> Result<(), StoreError> {
    for table in &schema.tables {
        tx.execute(kept(format!("delete from {}", table.name)), &args![])?;
    }
    Ok(())
}

/// Rows on their way back into a table.
pub struct Filling<'t> {
    inserting: Inserting<'t>,
    columns: Vec<StoredColumn>,
    table: &'static str,
}

/// Opens the way into a table, for rows of these columns. Columns that are not named get their default.
///
/// Errors: a [`StoreError`] of the statement.
pub fn fill<'t>(
    tx: &'t mut Tx,
    table: &StoredTable,
    columns: &[&StoredColumn],
) -> Result<Filling<'t>, StoreError> {
    let all = names(columns).join(", ");
    let places: Vec<String> = (1..=columns.len())
        .map(|place| format!("${place}"))
        .collect();
    let name = &table.name;
    let insert = kept(format!(
        "insert into {name} ({all}) values ({})",
        places.join(", ")
    ));
    let copy = kept(format!("copy {name} ({all}) from stdin (format binary)"));
    Ok(Filling {
        inserting: tx.inserting_rows(insert, None, copy, columns.len())?,
        columns: columns.iter().map(|column| (*column).clone()).collect(),
        table: kept(name.clone()),
    })
}

impl Filling<'_> {
    /// Takes one row, in the order of the columns that were named.
    ///
    /// Errors: [`StoreError::Misfit`] for a value that is not of its column's kind, else as a statement.
    pub fn row(&mut self, values: &[Arg<'_>]) -> Result<(), StoreError> {
        let fits = values.len() == self.columns.len()
            && self
                .columns
                .iter()
                .zip(values)
                .all(|(column, value)| fits(column.kind, value));
        if !fits {
            return Err(StoreError::Misfit {
                table: self.table,
                problem: "a row has a value of another kind, or too many or too few".to_owned(),
            });
        }
        self.inserting.row([values, &[], &[], &[]])
    }

    /// Ends it. A filling that is not finished leaves its transaction broken.
    ///
    /// Errors: a row broke a rule of the schema, or the connection was lost.
    pub fn finish(self) -> Result<(), StoreError> {
        self.inserting.finish()
    }
}

fn fits(kind: Kind, value: &Arg<'_>) -> bool {
    matches!(
        (kind, value),
        (_, Arg::Null)
            | (Kind::Int, Arg::Int(_))
            | (Kind::Text, Arg::Text(_))
            | (Kind::Day, Arg::Day(_))
            | (Kind::Instant, Arg::Instant(_))
            | (Kind::Bool, Arg::Bool(_))
            | (Kind::Bytes, Arg::Bytes(_))
    )
}

/// The proof of all schools within a transaction that is not yet committed; see [`Store::verify`](crate::Store::verify).
///
/// Errors: a [`StoreError`] of reading.
pub fn prove(tx: &mut Tx, tables: &[&'static Table]) -> Result<VerifyReport, StoreError> {
    verify::verify(tx, &[], tables, &mut |_| {})
}

fn names<'c>(columns: &[&'c StoredColumn]) -> Vec<&'c str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}

/// A statement as the constant that it is: made once for each table, since tables do not change while the program runs.
fn kept(text: String) -> &'static str {
    static KEPT: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(known) = kept.get(text.as_str()) {
        return known;
    }
    let text: &'static str = Box::leak(text.into_boxed_str());
    kept.insert(text);
    text
}
