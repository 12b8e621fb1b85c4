//! The connection to PostgreSQL: opening, values, errors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use calendar::Instant;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, ToSql, Type};
use postgres::{Client, CopyInWriter, Statement};

use crate::days::{day_of_postgres, moment_of_postgres, postgres_day, postgres_moment};
use crate::error::{Rule, chain};
use crate::row::{Row, RowOf};
use crate::tls;
use crate::{Arg, Location, OpenError, Options, StoreError};

/// Bytes gathered before they are sent to the server.
const COPY_BUFFER: usize = 64 * 1024;

/// A connection that lives and dies on one thread.
pub(crate) struct OnPostgres {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    limit: Option<Duration>,
    lost: bool,
}

impl OnPostgres {
    /// Connects, sets the limits of the session, and asserts that what the server acknowledges is on its disk.
    pub(crate) fn open(
        text: &str,
        options: &Options,
        limit: Duration,
    ) -> Result<OnPostgres, OpenError> {
        let place = || Location::Postgres(text.to_owned()).to_string();
        let wrong = |error: postgres::Error| OpenError::Connect {
            place: place(),
            reason: reason(&error),
        };
        let (mut config, protection) = tls::read(text).map_err(|reason| OpenError::Connect {
            place: place(),
            reason,
        })?;
        config
            .application_name("rollbook")
            .connect_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(30))
            .tcp_user_timeout(Duration::from_secs(60));
        let connector = tls::connector(&protection).map_err(|reason| OpenError::Tls {
            place: place(),
            reason,
        })?;
        let mut client = match connector {
            None => config.connect(postgres::NoTls),
            Some(connector) => config.connect(connector),
        }
        .map_err(wrong)?;
        client
            .batch_execute(&format!(
                "set statement_timeout = {}; set lock_timeout = {}; \
                 set idle_in_transaction_session_timeout = {}; set time zone 'UTC'; \
                 set client_min_messages = warning",
                limit.as_millis(),
                options.lock_limit.as_millis(),
                Duration::from_secs(600).as_millis(),
            ))
            .map_err(wrong)?;
        let mut opened = OnPostgres {
            client,
            statements: HashMap::new(),
            limit: Some(limit),
            lost: false,
        };
        if !options.accept_weak_durability {
            opened.assert_durable(wrong)?;
        }
        Ok(opened)
    }

    fn assert_durable(
        &mut self,
        wrong: impl Fn(postgres::Error) -> OpenError,
    ) -> Result<(), OpenError> {
        for (setting, value) in self.durability().map_err(wrong)? {
            let (kept, wanted) = match setting {
                "synchronous_commit" => (value != "off", "on"),
                _ => (value == "on", "on"),
            };
            if !kept {
                return Err(OpenError::Durability {
                    setting,
                    value,
                    wanted,
                });
            }
        }
        Ok(())
    }

    /// The settings on which durability rests, as this session has them.
    pub(crate) fn durability(&mut self) -> Result<Vec<(&'static str, String)>, postgres::Error> {
        ["fsync", "synchronous_commit", "full_page_writes"]
            .into_iter()
            .map(|setting| {
                let row = self
                    .client
                    .query_one("select current_setting($1)", &[&setting])?;
                Ok((setting, row.get(0)))
            })
            .collect()
    }

    /// Whether the connection has gone away.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost || self.client.is_closed()
    }

    /// Lifts the limit on statements until the transaction ends.
    pub(crate) fn lift_limit(&mut self) -> Result<(), StoreError> {
        self.batch("set local statement_timeout = 0")
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.client.batch_execute(sql);
        done.map_err(|error| self.failed(&error, sql))
    }

    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        self.check_count(&statement, sql, args)?;
        let list: Vec<&(dyn ToSql + Sync)> = args.iter().map(|arg| arg as _).collect();
        let done = self.client.execute(&statement, &list);
        done.map_err(|error| self.failed(&error, sql))
    }

    /// Calls `look` with each row until it answers `false`.
    pub(crate) fn each(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        look: &mut dyn FnMut(&Row<'_>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.statement(sql)?;
        self.check_count(&statement, sql, args)?;
        let mut stopped = Ok(());
        let walked = self
            .client
            .query_raw(&statement, args.iter())
            .and_then(|mut rows| {
                while let Some(row) = rows.next()? {
                    match look(&Row(RowOf::Postgres(&row))) {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            stopped = Err(error);
                            break;
                        }
                    }
                }
                Ok(())
            });
        walked.map_err(|error| self.failed(&error, sql))?;
        stopped
    }

    /// Prepares a statement and throws it away.
    pub(crate) fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let prepared = self.client.prepare(sql);
        prepared
            .map(|_| ())
            .map_err(|error| self.failed(&error, sql))
    }

    /// The bulk way into a table.
    pub(crate) fn inserting(
        &mut self,
        sql: &'static str,
        width: usize,
    ) -> Result<InsertingOnPostgres<'_>, StoreError> {
        let statement = self.statement(sql)?;
        let OnPostgres { client, lost, .. } = self;
        let writer = client
            .copy_in(&statement)
            .map_err(|error| failed(&error, sql, None, lost))?;
        let mut buffer = Vec::with_capacity(COPY_BUFFER + 1024);
        buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        Ok(InsertingOnPostgres {
            writer,
            buffer,
            sql,
            lost,
            limit: self.limit,
            width: width as i16,
        })
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let prepared = self.client.prepare(sql);
        let statement = prepared.map_err(|error| self.failed(&error, sql))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn check_count(
        &self,
        statement: &Statement,
        sql: &str,
        args: &[Arg<'_>],
    ) -> Result<(), StoreError> {
        let wanted = statement.params().len();
        if wanted == args.len() {
            return Ok(());
        }
        Err(StoreError::Statement {
            sql: sql.to_owned(),
            message: format!("{} arguments for {wanted} places", args.len()),
        })
    }

    fn failed(&mut self, error: &postgres::Error, sql: &str) -> StoreError {
        // A table changed beneath a prepared statement: prepare afresh next time.
        if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
            self.statements.clear();
        }
        failed(error, sql, self.limit, &mut self.lost)
    }
}

/// Rows on their way into one table, in the server's binary form.
pub(crate) struct InsertingOnPostgres<'c> {
    writer: CopyInWriter<'c>,
    buffer: Vec<u8>,
    sql: &'static str,
    lost: &'c mut bool,
    limit: Option<Duration>,
    width: i16,
}

impl InsertingOnPostgres<'_> {
    /// Takes one row; the values were checked against the table's columns before.
    pub(crate) fn row(&mut self, parts: [&[Arg<'_>]; 4]) -> Result<(), StoreError> {
        self.buffer.put_i16(self.width);
        for arg in parts.into_iter().flatten() {
            put_field(&mut self.buffer, arg);
        }
        if self.buffer.len() >= COPY_BUFFER {
            self.send()?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        self.buffer.put_i16(-1);
        self.send()?;
        self.writer
            .finish()
            .map(|_| ())
            .map_err(|error| failed(&error, self.sql, self.limit, self.lost))
    }

    fn send(&mut self) -> Result<(), StoreError> {
        let sent = self.writer.write_all(&self.buffer);
        self.buffer.clear();
        sent.map_err(|error| {
            match error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<postgres::Error>())
            {
                Some(inner) => failed(inner, self.sql, self.limit, self.lost),
                None => {
                    *self.lost = true;
                    StoreError::ConnectionLost
                }
            }
        })
    }
}

fn put_field(buffer: &mut Vec<u8>, arg: &Arg<'_>) {
    match arg {
        Arg::Null => buffer.put_i32(-1),
        Arg::Int(number) => {
            buffer.put_i32(8);
            buffer.put_i64(*number);
        }
        Arg::Bool(yes) => {
            buffer.put_i32(1);
            buffer.put_u8(u8::from(*yes));
        }
        Arg::Text(text) => {
            buffer.put_i32(text.len() as i32);
            buffer.put_slice(text.as_bytes());
        }
        Arg::Day(day) => {
            buffer.put_i32(4);
            buffer.put_i32(postgres_day(*day));
        }
        Arg::Instant(instant) => {
            buffer.put_i32(8);
            buffer.put_i64(postgres_moment(instant.micros()));
        }
        Arg::Bytes(bytes) => {
            buffer.put_i32(bytes.len() as i32);
            buffer.put_slice(bytes);
        }
    }
}

impl ToSql for Arg<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, kind) {
            (Arg::Null, _) => return Ok(IsNull::Yes),
            (Arg::Int(number), &Type::INT8) => out.put_i64(*number),
            (Arg::Int(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Arg::Int(number), &Type::INT2) => out.put_i16(i16::try_from(*number)?),
            (Arg::Bool(yes), &Type::BOOL) => out.put_u8(u8::from(*yes)),
            (
                Arg::Text(text),
                &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME | &Type::UNKNOWN,
            ) => out.put_slice(text.as_bytes()),
            (Arg::Day(day), &Type::DATE) => out.put_i32(postgres_day(*day)),
            (Arg::Instant(instant), &Type::TIMESTAMPTZ) => {
                out.put_i64(postgres_moment(instant.micros()));
            }
            (Arg::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (value, kind) => {
                return Err(
                    format!("{} was given where {kind} is wanted", value.in_words()).into(),
                );
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(kind, out)
    }
}

impl<'r> FromSql<'r> for Arg<'r> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let value = match *kind {
            Type::INT8 => Arg::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Arg::Int(i64::from(i32::from_be_bytes(raw.try_into()?))),
            Type::INT2 => Arg::Int(i64::from(i16::from_be_bytes(raw.try_into()?))),
            Type::BOOL => Arg::Bool(raw.first() == Some(&1)),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Arg::Text(Cow::Borrowed(std::str::from_utf8(raw)?))
            }
            Type::DATE => Arg::Day(
                day_of_postgres(i32::from_be_bytes(raw.try_into()?))
                    .ok_or("a date outside the calendar")?,
            ),
            Type::TIMESTAMPTZ => Arg::Instant(Instant::from_micros(
                moment_of_postgres(i64::from_be_bytes(raw.try_into()?))
                    .ok_or("a moment outside the calendar")?,
            )),
            Type::BYTEA => Arg::Bytes(Cow::Borrowed(raw)),
            ref other => return Err(format!("the store does not read {other}").into()),
        };
        Ok(value)
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Arg::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The driver's words for a failure, without the values of a row.
pub(crate) fn reason(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => chain(error),
    }
}

fn failed(
    error: &postgres::Error,
    sql: &str,
    limit: Option<Duration>,
    lost: &mut bool,
) -> StoreError {
    let Some(said) = error.as_db_error() else {
        let gone = error.is_closed()
            || error
                .source()
                .is_some_and(|cause| cause.downcast_ref::<std::io::Error>().is_some());
        if gone {
            *lost = true;
            return StoreError::ConnectionLost;
        }
        return StoreError::Statement {
            sql: sql.to_owned(),
            message: chain(error),
        };
    };
    let code = said.code();
    if [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(code)
    {
        *lost = true;
        return StoreError::ConnectionLost;
    }
    if [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ]
    .contains(code)
    {
        return StoreError::Locked;
    }
    if *code == SqlState::QUERY_CANCELED {
        return StoreError::TimedOut {
            sql: sql.to_owned(),
            limit: limit.unwrap_or_default(),
        };
    }
    let rule = match code {
        code if *code == SqlState::UNIQUE_VIOLATION => Some(Rule::Unique),
        code if *code == SqlState::FOREIGN_KEY_VIOLATION => Some(Rule::Reference),
        code if *code == SqlState::NOT_NULL_VIOLATION => Some(Rule::NotNull),
        code if *code == SqlState::CHECK_VIOLATION => Some(Rule::Check),
        _ => None,
    };
    match rule {
        Some(rule) => StoreError::Refused {
            rule,
            message: said.message().to_owned(),
        },
        None => StoreError::Statement {
            sql: sql.to_owned(),
            message: reason(error),
        },
    }
}
