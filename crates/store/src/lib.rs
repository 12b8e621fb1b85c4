//! The one seam to SQLite and PostgreSQL: transactions, rows, migrations, the journal, jobs.

mod act;
mod arg;
mod days;
mod error;
pub mod held;
pub mod journal;
mod location;
mod migrate;
mod on_postgres;
mod on_sqlite;
mod payload;
mod queue;
mod row;
mod store;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod tx;
mod worker;

pub use act::Act;
pub use arg::{Arg, FromColumn};
pub use error::{OpenError, Rule, StoreError};
pub use journal::{Entry, Head};
pub use location::{Engine, Location, Options};
pub use migrate::{MigrateError, Migration};
pub use row::Row;
pub use store::Store;
pub use table::{Column, Kind, Shape, Table};
pub use tx::Tx;

/// The partition key: which school a row belongs to. 0 is the directory, which has a chain of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolId(pub i64);

/// Every statement of the store's own, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static str> {
    [
        &act::STATEMENTS[..],
        &held::STATEMENTS,
        &journal::STATEMENTS,
        &worker::STATEMENTS,
    ]
    .concat()
}
