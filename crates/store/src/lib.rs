//! The one seam to SQLite and PostgreSQL: transactions, rows, migrations, the journal, jobs.

mod act;
mod arg;
mod days;
mod error;
pub mod held;
pub mod jobs;
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
mod verify;
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
pub use verify::{Difference, VerifyProgress, VerifyReport, VerifyStage};

/// The partition key: which school a row belongs to. 0 is the directory, which has a chain of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolId(pub i64);

/// Every statement that the store itself sends to this engine, for the test that prepares them.
pub fn statements(engine: Engine) -> Vec<&'static str> {
    let mut all = [
        &act::STATEMENTS[..],
        &held::STATEMENTS,
        &jobs::STATEMENTS,
        &journal::STATEMENTS,
        &verify::STATEMENTS,
        &worker::STATEMENTS,
    ]
    .concat();
    if engine == Engine::Postgres {
        all.extend([jobs::DUE_ON_POSTGRES, worker::HEAD_ON_POSTGRES]);
    }
    all
}
