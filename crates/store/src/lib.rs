//! The one seam to SQLite and PostgreSQL: transactions, rows, migrations, the journal, jobs.
//!
//! A school's database is a file, a trust's is a server; what is written here runs on both, from one text. The crate knows
//! days and instants and the partition key [`SchoolId`]. It deliberately knows no other word of a school, no HTTP, and no
//! clock but the one it is given.
//!
//! # How to use it
//!
//! **Open** a store once, bring its schema up to date, and hand clones of it around. Threads of the store own the
//! connections; nothing else ever holds one.
//!
//! ```
//! # use std::sync::Arc;
//! # use store::*;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("school.db");
//! # let place = path.to_str().unwrap();
//! # let clock: Arc<dyn Fn() -> calendar::Instant + Send + Sync> = Arc::new(|| calendar::Instant::from_micros(0));
//! const MIGRATIONS: &[Migration] = &[Migration {
//!     name: "0001_pupil",
//!     sql: "create table pupil (
//!             school_id {int} not null, pupil_id {int} not null, seq {int} not null,
//!             surname {text} not null, born {day}, superseded_seq {int},
//!             primary key (school_id, pupil_id, seq)) {strict};",
//! }];
//! let store = Store::open(&Location::parse(place)?, Options::default(), clock)?;
//! store.migrate(MIGRATIONS)?;
//!
//! // Say once how a proved table looks.
//! static PUPIL: Table = Table {
//!     name: "pupil",
//!     id: &[Column::new("pupil_id", Kind::Int)],
//!     columns: &[Column::new("surname", Kind::Text), Column::nullable("born", Kind::Day)],
//!     shape: Shape::Versions,
//! };
//!
//! // An act: one transaction, one number in the school's order, one entry in its journal.
//! let school = SchoolId(7);
//! let pupil = store.act_now(school, |act: &mut Act| {
//!     let pupil = act.new_id();
//!     act.replace(&PUPIL, &args![pupil, "Sample", None::<calendar::Day>])?;
//!     act.note("reason", "joined in Year 7");
//!     act.describe(Entry { account: 3, job_title: "Registrar", act: "admit", subject: format!("pupil {pupil}") });
//!     Ok::<_, StoreError>(pupil)
//! })?;
//!
//! // A read: one closure, one snapshot. SQL is a constant; on pages and in the API use `.read(…).await`.
//! const SURNAME: &str =
//!     "select surname from pupil where school_id = $1 and pupil_id = $2 and superseded_seq is null";
//! let surname = store.read_now(move |tx: &mut Tx| {
//!     tx.query_one(SURNAME, &args![school, pupil], |row| row.get::<String>(0))
//! })?;
//! assert_eq!(surname, "Sample");
//!
//! // The proof that nothing was altered since.
//! assert!(store.verify_now(&[], &[&PUPIL], |_| {})?.is_whole());
//! # Ok(())
//! # }
//! ```
//!
//! # Which way in
//!
//! * [`Store::read`]: anything that only looks. It cannot write.
//! * [`Tx::as_known`] within such a read: the same statements over what was known at an earlier number.
//! * [`Store::act`]: anything that happens in a school and must be kept. Closures that answer `Err` or panic leave nothing.
//!   Waiting acts share one flush, so many small acts cost little more than one; a slow closure keeps the others waiting, so
//!   compute before you call.
//! * [`Store::write`]: rows that need no proof, such as sign-in sessions and the progress of [`jobs`].
//!
//! A request makes at most one read and one write. Closures own what they use (`move`), and their errors are the caller's own
//! type with `From<StoreError>`.
//!
//! # Rules for tables and statements
//!
//! 1. Every table leads with `school_id`, and every key includes it.
//! 2. A migration is one text with words for the kinds; see [`Migration`]. It never changes once released, and it runs over rows:
//!    a new column is nullable or has a default.
//! 3. `$1`, `$2`, … for arguments. No date arithmetic, collation or JSON in SQL. `sum` over whole numbers is cast to `bigint`.
//! 4. A statement that fails breaks its transaction on both engines: use `on conflict`, not a second try.
//! 5. What must come into effect all at once and takes long is written in held acts; see [`held`].
//! 6. A test prepares every constant on both engines ([`Tx::prepare`]); `store::testing` gives fresh stores for that.
//!
//! # What it promises
//!
//! * An answered act is on the disk. The settings on which that rests are asserted when a connection opens.
//! * The acts of a school have one order, across threads and processes; a reader that asks [`journal::facts_since`] a number
//!   never misses one.
//! * A lost connection is opened again. A request that lost it before the commit saved nothing and says so; one that lost it
//!   during the commit says that the outcome is unknown. Nothing is silently done twice.
//! * `docs/decisions/0001` to `0004` say why it is so.

mod act;
mod arg;
pub mod backup;
mod checkpoint;
mod days;
mod error;
mod facts;
mod forget;
pub mod held;
pub mod jobs;
pub mod journal;
mod known;
mod life;
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
pub use facts::Ahead;
pub use forget::{Forgot, Forgotten};
pub use journal::{Entry, Head};
pub use known::Chronicle;
pub use life::SignOfLife;
pub use location::{Engine, Location, Options};
pub use migrate::{MigrateError, Migration};
pub use row::Row;
pub use store::Store;
pub use table::{Column, Kind, Shape, Table};
pub use tx::Tx;
pub use verify::{Difference, Erased, VerifyProgress, VerifyReport, VerifyStage};

/// The partition key: which school a row belongs to. 0 is the directory, which has a chain of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolId(pub i64);

/// Every statement that the store itself sends to this engine, for the test that prepares them.
pub fn statements(engine: Engine) -> Vec<&'static str> {
    let mut all = [
        &[
            forget::ERASE_PAYLOAD,
            forget::SHORTEN_PAYLOAD,
            forget::SET_SALT,
        ][..],
        &backup::STATEMENTS,
        &[backup::catalogue(engine)],
        &held::STATEMENTS,
        &jobs::STATEMENTS,
        &journal::STATEMENTS,
        &verify::STATEMENTS,
        &worker::STATEMENTS,
    ]
    .concat();
    if engine == Engine::Postgres {
        all.extend([
            jobs::DUE_ON_POSTGRES,
            journal::ADD_ON_POSTGRES,
            worker::HEAD_ON_POSTGRES,
        ]);
        all.extend(life::STATEMENTS_ON_POSTGRES);
    }
    all
}
