//! The connection to SQLite: opening, binding, errors.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Clock};

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, Statement};

use crate::days::iso_day;
use crate::error::Rule;
use crate::row::{Row, RowOf};
use crate::{Arg, OpenError, Options, StoreError};

/// So many steps of SQLite's machine between two looks at the clock; well under a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 2_000;

/// A writer itself puts the log away once it has grown to this many pages (64 MB): more than a quarter of a second of the busiest
/// writing, after which another thread has done so.
const PAGES_IN_THE_LOG: i64 = 16_384;

/// A connection that lives and dies on one thread.
pub(crate) struct OnSqlite {
    connection: Connection,
    numbered: HashMap<&'static str, Box<str>>,
    time_limit: TimeLimit,
}

/// Stops a statement that runs too long.
struct TimeLimit {
    started: Clock,
    /// Nanoseconds after `started`; `u64::MAX` for no limit.
    deadline: Shared<AtomicU64>,
    limit: Option<Duration>,
}

impl TimeLimit {
    fn start_statement(&self) {
        let deadline = match self.limit {
            Some(limit) => (self.started.elapsed() + limit).as_nanos() as u64,
            None => u64::MAX,
        };
        self.deadline.store(deadline, Ordering::Relaxed);
    }
}

impl OnSqlite {
    /// Opens the file, makes it if it is missing, and asserts that what it acknowledges is on the disk.
    pub(crate) fn open(
        path: &Path,
        options: &Options,
        writing: bool,
    ) -> Result<OnSqlite, OpenError> {
        let wrong = |error: rusqlite::Error| OpenError::Connect {
            place: path.display().to_string(),
            reason: error.to_string(),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(wrong)?;
        connection.busy_timeout(options.lock_limit).map_err(wrong)?;
        connection.set_prepared_statement_cache_capacity(512);
        connection
            .execute_batch(
                "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; \
                 pragma temp_store = memory; pragma cache_size = -32768; \
                 pragma secure_delete = on; pragma trusted_schema = off;",
            )
            .map_err(wrong)?;
        // Else a statement that asks for a range of days is prepared anew whenever its values change.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(wrong)?;
        let role = match writing {
            true => ("wal_autocheckpoint", PAGES_IN_THE_LOG),
            false => ("query_only", 1),
        };
        connection
            .pragma_update(None, role.0, role.1)
            .map_err(wrong)?;
        let deadline = Shared::new(AtomicU64::new(u64::MAX));
        let started = Clock::now();
        let watched = Shared::clone(&deadline);
        connection
            .progress_handler(
                STEPS_BETWEEN_LOOKS,
                Some(move || started.elapsed().as_nanos() as u64 > watched.load(Ordering::Relaxed)),
            )
            .map_err(wrong)?;
        let opened = OnSqlite {
            connection,
            numbered: HashMap::new(),
            time_limit: TimeLimit {
                started,
                deadline,
                limit: None,
            },
        };
        opened.assert_durable().map_err(|error| match error {
            Durable::Setting(refused) => refused,
            Durable::Unreadable(error) => wrong(error),
        })?;
        Ok(opened)
    }

    fn assert_durable(&self) -> Result<(), Durable> {
        for (setting, value) in self.durability().map_err(Durable::Unreadable)? {
            let wanted = match setting {
                "journal_mode" => "wal",
                "synchronous" => "2",
                _ => "1",
            };
            if value != wanted {
                return Err(Durable::Setting(OpenError::Durability {
                    setting,
                    value,
                    wanted,
                }));
            }
        }
        Ok(())
    }

    /// The settings on which durability rests, as this connection has them.
    pub(crate) fn durability(&self) -> Result<Vec<(&'static str, String)>, rusqlite::Error> {
        ["journal_mode", "synchronous", "foreign_keys"]
            .into_iter()
            .map(|setting| {
                let value = self.connection.pragma_query_value(None, setting, |row| {
                    match row.get_ref(0)? {
                        rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
                        value => Ok(String::from_utf8_lossy(value.as_bytes()?).into_owned()),
                    }
                })?;
                Ok((setting, value))
            })
            .collect()
    }

    pub(crate) fn limit_statements(&mut self, limit: Option<Duration>) {
        self.time_limit.limit = limit;
        self.time_limit.start_statement();
    }

    /// Whether no transaction is open (SQLite ends one by itself when the disk fails).
    pub(crate) fn is_idle(&self) -> bool {
        self.connection.is_autocommit()
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.time_limit.start_statement();
        self.connection
            .execute_batch(sql)
            .map_err(|error| failed(&error, sql, &self.time_limit))
    }

    /// A statement of the store's own that takes no arguments and is run often.
    pub(crate) fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.time_limit.start_statement();
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map(|_| ())
            .map_err(|error| failed(&error, sql, &self.time_limit))
    }

    /// Puts the whole log away and makes its file empty, once nobody reads past it any more: tried for five seconds.
    pub(crate) fn empty_log(&mut self) -> Result<(), StoreError> {
        const EMPTY: &str = "pragma wal_checkpoint(truncate)";
        for _ in 0..50 {
            self.time_limit.start_statement();
            let busy = self
                .connection
                .query_row(EMPTY, [], |row| row.get::<_, i64>(0))
                .map_err(|error| failed(&error, EMPTY, &self.time_limit))?;
            if busy == 0 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Ok(())
    }

    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        let text = numbered(&mut self.numbered, sql);
        self.time_limit.start_statement();
        bound(&self.connection, text, args)
            .and_then(|mut statement| statement.raw_execute())
            .map(|count| count as u64)
            .map_err(|error| failed(&error, sql, &self.time_limit))
    }

    /// Calls `look` with each row until it answers `false`.
    pub(crate) fn each(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        look: &mut dyn FnMut(&Row<'_>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let text = numbered(&mut self.numbered, sql);
        self.time_limit.start_statement();
        let wrong = |error: rusqlite::Error| failed(&error, sql, &self.time_limit);
        let mut statement = bound(&self.connection, text, args).map_err(wrong)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(wrong)? {
            if !look(&Row(RowOf::Sqlite(row)))? {
                break;
            }
        }
        Ok(())
    }

    /// Prepares a statement and throws it away.
    pub(crate) fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let text = numbered(&mut self.numbered, sql);
        self.connection
            .prepare(text)
            .map(|_| ())
            .map_err(|error| failed(&error, sql, &self.time_limit))
    }

    /// One statement for many rows.
    pub(crate) fn inserting(
        &mut self,
        sql: &'static str,
    ) -> Result<InsertingOnSqlite<'_>, StoreError> {
        let text = numbered(&mut self.numbered, sql);
        self.time_limit.start_statement();
        let statement = self
            .connection
            .prepare_cached(text)
            .map_err(|error| failed(&error, sql, &self.time_limit))?;
        Ok(InsertingOnSqlite {
            standing: vec![Standing::Other; statement.parameter_count()],
            statement,
            sql,
            time_limit: &self.time_limit,
        })
    }
}

enum Durable {
    Setting(OpenError),
    Unreadable(rusqlite::Error),
}

/// Rows on their way into one table, one by one.
pub(crate) struct InsertingOnSqlite<'c> {
    statement: CachedStatement<'c>,
    standing: Vec<Standing>,
    sql: &'static str,
    time_limit: &'c TimeLimit,
}

/// What is bound at a place since the row before, where comparing costs less than binding: most columns of many rows.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    Null,
    Int(i64),
    Other,
}

impl Standing {
    fn of(arg: &Arg<'_>) -> Standing {
        match arg {
            Arg::Null => Standing::Null,
            Arg::Int(number) => Standing::Int(*number),
            _ => Standing::Other,
        }
    }
}

impl InsertingOnSqlite<'_> {
    pub(crate) fn row(&mut self, parts: [&[Arg<'_>]; 4]) -> Result<(), StoreError> {
        let mut insert = || {
            let places = parts.into_iter().flatten().zip(&mut self.standing);
            for (index, (arg, standing)) in places.enumerate() {
                let now = Standing::of(arg);
                if now == Standing::Other || now != *standing {
                    bind(&mut self.statement, index + 1, arg)?;
                    *standing = now;
                }
            }
            self.statement.raw_execute()
        };
        insert()
            .map(|_| ())
            .map_err(|error| failed(&error, self.sql, self.time_limit))
    }
}

/// The statement with `?1` for `$1`: SQLite binds numbers at once, and looks names up one by one.
fn numbered<'m>(made: &'m mut HashMap<&'static str, Box<str>>, sql: &'static str) -> &'m str {
    made.entry(sql).or_insert_with(|| {
        let mut quoted = false;
        let mut text = String::with_capacity(sql.len());
        let mut letters = sql.chars().peekable();
        while let Some(letter) = letters.next() {
            quoted ^= letter == '\'';
            let place = letter == '$'
                && !quoted
                && letters.peek().is_some_and(|letter| letter.is_ascii_digit());
            text.push(if place { '?' } else { letter });
        }
        text.into_boxed_str()
    })
}

fn bound<'c>(
    connection: &'c Connection,
    text: &str,
    args: &[Arg<'_>],
) -> rusqlite::Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(text)?;
    let wanted = statement.parameter_count();
    if wanted != args.len() {
        return Err(rusqlite::Error::InvalidParameterCount(args.len(), wanted));
    }
    for (index, arg) in args.iter().enumerate() {
        bind(&mut statement, index + 1, arg)?;
    }
    Ok(statement)
}

fn bind(statement: &mut Statement<'_>, position: usize, arg: &Arg<'_>) -> rusqlite::Result<()> {
    match arg {
        Arg::Null => statement.raw_bind_parameter(position, rusqlite::types::Null),
        Arg::Int(number) => statement.raw_bind_parameter(position, number),
        Arg::Bool(yes) => statement.raw_bind_parameter(position, yes),
        Arg::Text(text) => statement.raw_bind_parameter(position, &**text),
        Arg::Day(day) => {
            let text = iso_day(*day);
            let text = std::str::from_utf8(&text).expect("a day is written in digits and dashes");
            statement.raw_bind_parameter(position, text)
        }
        Arg::Instant(instant) => statement.raw_bind_parameter(position, instant.micros()),
        Arg::Bytes(bytes) => statement.raw_bind_parameter(position, &**bytes),
    }
}

fn failed(error: &rusqlite::Error, sql: &str, time_limit: &TimeLimit) -> StoreError {
    let other = || StoreError::Statement {
        sql: sql.to_owned(),
        message: error.to_string(),
    };
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return other();
    };
    match code.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Locked,
        ErrorCode::DiskFull => StoreError::DiskFull,
        ErrorCode::OperationInterrupted => StoreError::TimedOut {
            sql: sql.to_owned(),
            limit: time_limit.limit.unwrap_or_default(),
        },
        ErrorCode::ConstraintViolation => {
            let rule = match code.extended_code {
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                | rusqlite::ffi::SQLITE_CONSTRAINT_ROWID => Rule::Unique,
                rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Rule::Reference,
                rusqlite::ffi::SQLITE_CONSTRAINT_NOTNULL => Rule::NotNull,
                _ => Rule::Check,
            };
            StoreError::Refused {
                rule,
                message: message.clone().unwrap_or_default(),
            }
        }
        _ => other(),
    }
}
