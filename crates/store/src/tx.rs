use std::time::Duration;

use crate::known::{Chronicle, Known};
use crate::location::Engine;
use crate::on_postgres::{InsertingOnPostgres, OnPostgres};
use crate::on_sqlite::{InsertingOnSqlite, OnSqlite};
use crate::table::Table;
use crate::{Arg, Location, OpenError, Options, Row, SchoolId, StoreError};

/// A transaction: the only way to the rows.
///
/// Statements are constants with `$1`, `$2`, … for their arguments, and the same on both engines. After a statement has
/// failed the transaction cannot be kept ([`StoreError::Broken`]), on both engines: use `on conflict`, not a second try.
pub struct Tx {
    connection: Connection,
    limit: Duration,
    broken: bool,
    /// Whether a savepoint is set.
    marked: bool,
    /// Where it looks back to.
    known: Option<Known>,
}

enum Connection {
    Sqlite(Box<OnSqlite>),
    Postgres(Box<OnPostgres>),
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One snapshot, nothing written.
    Reading,
    /// Rows are written.
    Writing,
}

impl Tx {
    /// Opens a connection for this purpose.
    pub(crate) fn open(
        location: &Location,
        options: &Options,
        purpose: Purpose,
    ) -> Result<Tx, OpenError> {
        let limit = match purpose {
            Purpose::Reading => options.read_limit,
            Purpose::Writing => options.write_limit,
        };
        let connection = match location {
            Location::Sqlite(path) => Connection::Sqlite(Box::new(OnSqlite::open(
                path,
                options,
                purpose == Purpose::Writing,
            )?)),
            Location::Postgres(text) => {
                Connection::Postgres(Box::new(OnPostgres::open(text, options, limit, purpose)?))
            }
        };
        Ok(Tx {
            connection,
            limit,
            broken: false,
            marked: false,
            known: None,
        })
    }

    /// The engine beneath. For the store's own tests and for telling an operator; statements are the same on both.
    pub fn engine(&self) -> Engine {
        match self.connection {
            Connection::Sqlite(_) => Engine::Sqlite,
            Connection::Postgres(_) => Engine::Postgres,
        }
    }

    /// Reads this school from here on as it was known when its newest act had this number: every question is answered from the
    /// rows of that number. Of other schools nothing is known then, and tables that keep no past are read as they are.
    ///
    /// For reading only: it lasts until the transaction ends. What a page may show is another matter than what it shows; see
    /// [`Tx::at_present`].
    pub fn as_known(&mut self, chronicle: &'static Chronicle, school: SchoolId, seq: i64) {
        self.known = Some(Known {
            chronicle,
            school,
            seq,
        });
    }

    /// Asks something of what was known at a number, and returns to what this transaction reads.
    pub fn as_of<T>(
        &mut self,
        chronicle: &'static Chronicle,
        school: SchoolId,
        seq: i64,
        ask: impl FnOnce(&mut Tx) -> T,
    ) -> T {
        let before = self.known;
        self.as_known(chronicle, school, seq);
        let answer = ask(self);
        self.known = before;
        answer
    }

    /// Whether it looks back.
    pub fn looks_back(&self) -> bool {
        self.known.is_some()
    }

    /// Asks something of the present in a transaction that looks back: who may see what is decided by what is known now.
    pub fn at_present<T>(&mut self, ask: impl FnOnce(&mut Tx) -> T) -> T {
        let known = self.known.take();
        let answer = ask(self);
        self.known = known;
        answer
    }

    /// Runs a query and maps each row of its answer.
    ///
    /// Errors: a [`StoreError`] of the statement, or the first of `map`.
    pub fn query<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        self.walk(sql, args, &mut |row| {
            all.push(map(row)?);
            Ok(true)
        })?;
        Ok(all)
    }

    /// The first row of the answer, if there is one.
    ///
    /// Errors: as [`Tx::query`].
    pub fn query_opt<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        map: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut found = None;
        let mut map = Some(map);
        self.walk(sql, args, &mut |row| {
            if let Some(map) = map.take() {
                found = Some(map(row)?);
            }
            Ok(false)
        })?;
        Ok(found)
    }

    /// The first row of an answer that has at least one.
    ///
    /// Errors: [`StoreError::NoRow`] when it is empty, else as [`Tx::query`].
    pub fn query_one<T>(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        map: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.query_opt(sql, args, map)?
            .ok_or(StoreError::NoRow { sql })
    }

    /// Looks at each row of an answer as it arrives, without gathering them.
    ///
    /// Errors: as [`Tx::query`].
    pub fn each(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        mut look: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.walk(sql, args, &mut |row| look(row).map(|()| true))
    }

    /// Runs a statement and answers how many rows it touched.
    ///
    /// Errors: a [`StoreError`] of the statement.
    pub fn execute(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        self.guarded(|connection| match connection {
            Connection::Sqlite(sqlite) => sqlite.execute(sql, args),
            Connection::Postgres(postgres) => postgres.execute(sql, args),
        })
    }

    /// Runs a statement of which nobody asks how many rows it touched.
    ///
    /// On a server it travels with the next statement that is waited for, and what is said against it comes with that
    /// one's answer: at the end of the transaction at the latest.
    ///
    /// Errors: a [`StoreError`] of this statement or of one put before.
    pub fn put(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<(), StoreError> {
        self.guarded(|connection| match connection {
            Connection::Sqlite(sqlite) => sqlite.execute(sql, args).map(drop),
            Connection::Postgres(postgres) => postgres.put(sql, args),
        })
    }

    /// Says that this question will be asked soon, with these arguments. On a server it travels with the next that is
    /// waited for, and its answer is there when it is asked, unless something is written before that.
    ///
    /// It changes no answer: a question that is then asked otherwise, or not at all, costs what it costs the server.
    ///
    /// Errors: a [`StoreError`] of the statement.
    pub fn ahead(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<(), StoreError> {
        self.guarded(|connection| match connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(postgres) => postgres.ahead(sql, args),
        })
    }

    /// Waits for all that was put.
    pub(crate) fn send(&mut self) -> Result<(), StoreError> {
        self.guarded(|connection| match connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(postgres) => postgres.send(),
        })
    }

    /// Lets the statements of this transaction run as long as they need: for exports and proofs, not for pages.
    ///
    /// Errors: the connection was lost.
    pub fn lift_time_limit(&mut self) -> Result<(), StoreError> {
        self.guarded(|connection| match connection {
            Connection::Sqlite(sqlite) => {
                sqlite.limit_statements(None);
                Ok(())
            }
            Connection::Postgres(postgres) => postgres.lift_limit(),
        })
    }

    /// See [`Store::sweep_now`](crate::Store::sweep_now). Outside a transaction.
    pub(crate) fn sweep(&mut self) -> Result<(), StoreError> {
        self.guarded(|connection| match connection {
            Connection::Sqlite(sqlite) => {
                sqlite.limit_statements(None);
                sqlite.control("vacuum")?;
                sqlite.empty_log()
            }
            Connection::Postgres(_) => Ok(()),
        })
    }

    /// Prepares a statement and throws it away: for the test that prepares every statement on both engines.
    ///
    /// Errors: what the engine says against it.
    pub fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let sql = self.over_the_past(sql).map_or(sql, |(sql, _)| sql);
        self.guarded(|connection| match connection {
            Connection::Sqlite(sqlite) => sqlite.prepare(sql),
            Connection::Postgres(postgres) => postgres.prepare(sql),
        })
    }

    /// The settings on which durability rests, by name, as this connection has them.
    ///
    /// Errors: they cannot be read.
    pub fn durability(&mut self) -> Result<Vec<(&'static str, String)>, StoreError> {
        let unreadable = |message: String| StoreError::Statement {
            sql: "the settings of the database".to_owned(),
            message,
        };
        match &mut self.connection {
            Connection::Sqlite(sqlite) => sqlite
                .durability()
                .map_err(|error| unreadable(error.to_string())),
            Connection::Postgres(postgres) => postgres
                .durability()
                .map_err(|error| unreadable(crate::on_postgres::reason(&error))),
        }
    }

    /// Calls `look` with each row until it answers `false`.
    pub(crate) fn walk(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        look: &mut dyn FnMut(&Row<'_>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut of_then = Vec::new();
        let (sql, args) = match self.over_the_past(sql) {
            Some((sql, known)) => {
                of_then.extend_from_slice(args);
                of_then.extend([known.school.into(), known.seq.into()]);
                (sql, of_then.as_slice())
            }
            None => (sql, args),
        };
        self.guarded(|connection| match connection {
            Connection::Sqlite(sqlite) => sqlite.each(sql, args, look),
            Connection::Postgres(postgres) => postgres.each(sql, args, look),
        })
    }

    /// The statement as this transaction asks it when it looks back, if that is another, and where to.
    fn over_the_past(&self, sql: &'static str) -> Option<(&'static str, Known)> {
        let known = self.known?;
        let sql = known.chronicle.statement(self.engine(), sql)?;
        Some((sql, known))
    }

    fn guarded<T>(
        &mut self,
        run: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.broken {
            return Err(StoreError::Broken);
        }
        let done = run(&mut self.connection);
        self.broken = done.is_err();
        done
    }

    /// Opens the bulk way into a table.
    pub(crate) fn inserting(&mut self, table: &'static Table) -> Result<Inserting<'_>, StoreError> {
        let sql = table.sql();
        let width = 2 + table.given().count();
        self.inserting_rows(sql.insert, Some(sql.insert_few), sql.copy, width)
    }

    /// Opens the bulk way into a table for rows of `width` values: by `insert` on SQLite; on PostgreSQL by `few` while they
    /// are, else by `copy`.
    pub(crate) fn inserting_rows(
        &mut self,
        insert: &'static str,
        few: Option<&'static str>,
        copy: &'static str,
        width: usize,
    ) -> Result<Inserting<'_>, StoreError> {
        if self.broken {
            return Err(StoreError::Broken);
        }
        // Whoever does not finish leaves the transaction broken.
        self.broken = true;
        let way = match &mut self.connection {
            Connection::Sqlite(sqlite) => InsertingInto::Sqlite(sqlite.inserting(insert)?),
            Connection::Postgres(postgres) => {
                InsertingInto::Postgres(postgres.inserting(few, copy, width)?)
            }
        };
        Ok(Inserting {
            way,
            broken: &mut self.broken,
        })
    }

    /// Begins; on a server, with whatever is asked first.
    pub(crate) fn begin(&mut self, purpose: Purpose) -> Result<(), StoreError> {
        self.broken = false;
        self.marked = false;
        self.known = None;
        match &mut self.connection {
            Connection::Sqlite(sqlite) => {
                sqlite.limit_statements(Some(self.limit));
                sqlite.control(match purpose {
                    Purpose::Reading => "begin",
                    Purpose::Writing => "begin immediate",
                })
            }
            Connection::Postgres(postgres) => {
                postgres.control_with_next(match purpose {
                    Purpose::Reading => "begin isolation level repeatable read, read only",
                    Purpose::Writing => "begin",
                });
                Ok(())
            }
        }
    }

    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        let done = self.control("commit");
        if done.is_err() && self.is_lost() {
            return Err(StoreError::OutcomeUnknown);
        }
        done
    }

    /// Ends the transaction and leaves nothing of it. A connection that fails even in this counts as lost.
    pub(crate) fn roll_back(&mut self) {
        match &mut self.connection {
            Connection::Sqlite(sqlite) => {
                // Nothing is open any more when the disk failed: SQLite then rolls back by itself.
                if !sqlite.is_idle() {
                    let _ = sqlite.control("rollback");
                }
            }
            Connection::Postgres(postgres) => {
                postgres.drop_waiting();
                let _ = postgres.batch("rollback");
            }
        }
    }

    /// Marks the place to which [`Tx::back_to_savepoint`] returns, and lets go of the place marked before.
    pub(crate) fn savepoint(&mut self) -> Result<(), StoreError> {
        self.broken = false;
        let again = std::mem::replace(&mut self.marked, true);
        match &mut self.connection {
            Connection::Sqlite(sqlite) => {
                if again {
                    sqlite.control("release gathered")?;
                }
                sqlite.control("savepoint gathered")
            }
            Connection::Postgres(postgres) => {
                postgres.control_with_next(match again {
                    true => "release gathered; savepoint gathered",
                    false => "savepoint gathered",
                });
                Ok(())
            }
        }
    }

    pub(crate) fn back_to_savepoint(&mut self) -> Result<(), StoreError> {
        self.broken = false;
        self.marked = false;
        match &mut self.connection {
            Connection::Sqlite(sqlite) => {
                sqlite.control("rollback to gathered")?;
                sqlite.control("release gathered")
            }
            Connection::Postgres(postgres) => {
                postgres.drop_waiting();
                postgres.batch("rollback to gathered; release gathered")
            }
        }
    }

    /// Runs several statements without arguments, as a migration has them.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.guarded(|connection| match connection {
            Connection::Sqlite(sqlite) => sqlite.batch(sql),
            Connection::Postgres(postgres) => postgres.batch(sql),
        })
    }

    fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Sqlite(sqlite) => sqlite.control(sql),
            Connection::Postgres(postgres) => postgres.batch(sql),
        }
    }

    /// Whether a statement of the transaction has failed.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether the connection has gone away.
    pub(crate) fn is_lost(&self) -> bool {
        match &self.connection {
            Connection::Sqlite(_) => false,
            Connection::Postgres(postgres) => postgres.is_lost(),
        }
    }

    /// Whether the engine ended the transaction by itself, as SQLite does when the disk fails.
    pub(crate) fn was_ended(&self) -> bool {
        match &self.connection {
            Connection::Sqlite(sqlite) => sqlite.is_idle(),
            Connection::Postgres(_) => false,
        }
    }
}

/// Rows on their way into one table.
pub(crate) struct Inserting<'c> {
    way: InsertingInto<'c>,
    broken: &'c mut bool,
}

enum InsertingInto<'c> {
    Sqlite(InsertingOnSqlite<'c>),
    Postgres(InsertingOnPostgres<'c>),
}

impl Inserting<'_> {
    /// One row: the school, the id, the number of the act, the other columns.
    pub(crate) fn row(&mut self, parts: [&[Arg<'_>]; 4]) -> Result<(), StoreError> {
        match &mut self.way {
            InsertingInto::Sqlite(way) => way.row(parts),
            InsertingInto::Postgres(way) => way.row(parts),
        }
    }

    pub(crate) fn finish(self) -> Result<(), StoreError> {
        if let InsertingInto::Postgres(way) = self.way {
            way.finish()?;
        }
        *self.broken = false;
        Ok(())
    }
}
