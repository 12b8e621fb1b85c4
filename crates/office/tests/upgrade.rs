//! A database of an older release, with rows in every table, opens in this one: nothing is lost and the proof holds.

use std::collections::BTreeMap;

use calendar::{Day, Instant};
use store::backup::{Schema, StoredTable, each_row, fill};
use store::testing::{ENGINES, TestStore};
use store::{Act, Arg, Column, Entry, Kind, SchoolId, Store, StoreError, Table, Tx};

const SCHOOL: SchoolId = SchoolId(7);

/// Some value of a kind.
fn some(kind: Kind) -> Arg<'static> {
    match kind {
        Kind::Int => Arg::Int(3),
        Kind::Text => Arg::from("S"),
        Kind::Day => Arg::Day(Day::new(2026, 11, 24).expect("a real day")),
        Kind::Instant => Arg::Instant(Instant::from_micros(1_795_509_852_000_001)),
        Kind::Bool => Arg::Bool(true),
        Kind::Bytes => Arg::from(vec![0, 255]),
    }
}

/// A journalled table as the older schema has it: without the columns that came since.
fn as_then(table: &'static Table, stored: &StoredTable) -> &'static Table {
    let was_there = |column: &&Column| stored.columns.iter().any(|own| own.name == column.name);
    let columns: Vec<Column> = table.columns.iter().filter(was_there).copied().collect();
    Box::leak(Box::new(Table {
        name: table.name,
        id: table.id,
        columns: columns.leak(),
        shape: table.shape,
    }))
}

/// A row in every table: by an act where the table is journalled, as it comes where it is not.
fn put_rows(store: &Store, schema: &Schema) {
    let journalled: Vec<&'static Table> = office::TABLES
        .iter()
        .copied()
        .filter_map(|table| Some(as_then(table, schema.table(table.name)?)))
        .collect();
    let recorded = journalled.clone();
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            for table in recorded {
                let columns = table.id.iter().chain(table.columns);
                let values: Vec<Arg<'_>> = columns.map(|column| some(column.kind)).collect();
                act.record(table, &values)?;
            }
            act.describe(Entry {
                account: 1,
                job_title: "Registrar",
                act: "fill",
                subject: "everything".to_owned(),
            });
            Ok::<_, StoreError>(())
        })
        .expect("an act of the older release");
    let own = [
        "school_head",
        "journal_entry",
        "journal_payload",
        "held_act",
    ];
    let others: Vec<StoredTable> = schema
        .tables
        .iter()
        .filter(|stored| {
            !own.contains(&stored.name.as_str())
                && office::TABLES.iter().all(|table| table.name != stored.name)
        })
        .cloned()
        .collect();
    store
        .write_now(move |tx: &mut Tx| -> Result<(), StoreError> {
            for table in &others {
                let columns: Vec<_> = table.columns.iter().collect();
                let values: Vec<Arg<'_>> = columns.iter().map(|column| some(column.kind)).collect();
                let mut filling = fill(tx, table, &columns)?;
                filling.row(&values)?;
                filling.finish()?;
            }
            Ok(())
        })
        .expect("rows of the older release");
}

/// The rows of these tables as the older release knew them.
fn rows(store: &Store, schema: Schema) -> BTreeMap<String, Vec<Vec<String>>> {
    store
        .read_now(move |tx: &mut Tx| -> Result<_, StoreError> {
            let mut all = BTreeMap::new();
            for table in &schema.tables {
                let mut rows = Vec::new();
                each_row::<StoreError>(tx, table, |values| {
                    rows.push(values.iter().map(|value| format!("{value:?}")).collect());
                    Ok(())
                })?;
                rows.sort();
                all.insert(table.name.clone(), rows);
            }
            Ok(all)
        })
        .expect("the rows")
}

#[test]
fn a_database_of_every_earlier_schema_is_brought_up_to_date_with_its_rows_in_place() {
    for engine in ENGINES {
        for had in 1..office::MIGRATIONS.len() {
            let older = &office::MIGRATIONS[..had];
            let schema = Schema::of(older);
            let store = TestStore::new(engine, older);
            put_rows(&store, &schema);
            let before = rows(&store, schema.clone());
            let empty = before.iter().filter(|(_, rows)| rows.is_empty());
            let empty: Vec<&String> = empty.map(|(table, _)| table).collect();
            assert_eq!(empty, ["held_act"], "every other table has a row");
            let applied = store
                .migrate(office::MIGRATIONS)
                .expect("it is brought up to date");
            assert_eq!(applied.len(), office::MIGRATIONS.len() - had);
            assert_eq!(rows(&store, schema), before, "{engine:?} from {had}");
            let report = store
                .verify_now(&[], office::TABLES, |_| {})
                .expect("a proof");
            assert!(report.is_whole(), "{:?}", report.differences);
        }
    }
}
