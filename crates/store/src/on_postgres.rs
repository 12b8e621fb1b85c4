//! The connection to PostgreSQL: opening, values, errors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc as Shared;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use calendar::Instant;
use futures_util::future::{join, join_all};
use futures_util::{SinkExt, TryStreamExt};
use tokio::runtime::{self, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, CopyInSink, NoTls, Statement};

use crate::days::{day_of_postgres, moment_of_postgres, postgres_day, postgres_moment};
use crate::error::{Rule, chain};
use crate::row::{Row, RowOf};
use crate::tls;
use crate::tx::Purpose;
use crate::{Arg, Location, OpenError, Options, StoreError};

/// Bytes gathered before they are sent to the server.
const COPY_BUFFER: usize = 64 * 1024;

/// So few rows are written by one statement that travels with others; more are copied, which takes ways of its own.
const FEW: usize = 100;

/// So much may wait for one message.
const WAITING: usize = 20;

/// A connection that lives and dies on one thread.
///
/// Every way to the server and back costs more than most statements do. What nobody has to wait for therefore waits until
/// something is asked that somebody waits for, and travels with it; the server carries all out in the order given.
pub(crate) struct OnPostgres {
    client: Client,
    runtime: Runtime,
    statements: HashMap<&'static str, Statement>,
    /// What goes with the next message, in order.
    waiting: Vec<Waiting>,
    /// What was asked ahead and is answered, and has not been called for.
    answered: Vec<Answered>,
    limit: Option<Duration>,
    lost: bool,
}

/// What goes to the server with the next message.
enum Waiting {
    /// A statement of the store's own, without arguments.
    Control(&'static str),
    /// A statement whose answer nobody looks at.
    Put(Asked),
    /// A question that will be asked soon.
    Ahead(Asked),
}

/// A statement with its arguments.
struct Asked {
    sql: &'static str,
    statement: Statement,
    values: Vec<Value>,
}

/// An argument on its way.
#[derive(Debug, PartialEq)]
enum Value {
    One(Arg<'static>),
    /// The values of one column in many rows.
    Many(Vec<Arg<'static>>),
}

/// A question with its answer.
struct Answered {
    asked: Asked,
    rows: Vec<tokio_postgres::Row>,
}

impl Asked {
    fn is(&self, sql: &'static str, args: &[Arg<'_>]) -> bool {
        self.sql == sql
            && self.values.len() == args.len()
            && self
                .values
                .iter()
                .zip(args)
                .all(|(value, arg)| matches!(value, Value::One(one) if one == arg))
    }
}

impl Waiting {
    fn sql(&self) -> &'static str {
        match self {
            Waiting::Control(sql) => sql,
            Waiting::Put(asked) | Waiting::Ahead(asked) => asked.sql,
        }
    }

    async fn carried_out(
        &self,
        client: &Client,
    ) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
        match self {
            Waiting::Control(sql) => client.batch_execute(sql).await.map(|()| Vec::new()),
            Waiting::Put(asked) | Waiting::Ahead(asked) => {
                let rows = client.query_raw(&asked.statement, &asked.values).await?;
                rows.try_collect().await
            }
        }
    }
}

impl OnPostgres {
    /// Connects, sets the limits of the session, and asserts that what the server acknowledges is on its disk.
    pub(crate) fn open(
        text: &str,
        options: &Options,
        limit: Duration,
        purpose: Purpose,
    ) -> Result<OnPostgres, OpenError> {
        let place = || Location::Postgres(text.to_owned()).to_string();
        let wrong = |error: tokio_postgres::Error| OpenError::Connect {
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
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| OpenError::Thread(Shared::new(error)))?;
        // The connection is a task of its own, at work only while something is waited for.
        let client = runtime
            .block_on(async {
                match connector {
                    None => {
                        let (client, connection) = config.connect(NoTls).await?;
                        runtime.spawn(connection);
                        Ok(client)
                    }
                    Some(connector) => {
                        let (client, connection) = config.connect(connector).await?;
                        runtime.spawn(connection);
                        Ok(client)
                    }
                }
            })
            .map_err(wrong)?;
        let settings = format!(
            "set statement_timeout = {}; set lock_timeout = {}; \
             set idle_in_transaction_session_timeout = {}; set time zone 'UTC'; \
             set client_min_messages = warning; set plan_cache_mode = {}",
            limit.as_millis(),
            options.lock_limit.as_millis(),
            Duration::from_secs(600).as_millis(),
            match purpose {
                // An act asks for single places by their keys, over and over: to plan each time takes longer than to answer.
                Purpose::Writing => "force_generic_plan",
                Purpose::Reading => "auto",
            },
        );
        runtime
            .block_on(client.batch_execute(&settings))
            .map_err(wrong)?;
        let mut opened = OnPostgres {
            client,
            runtime,
            statements: HashMap::new(),
            waiting: Vec::new(),
            answered: Vec::new(),
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
        wrong: impl Fn(tokio_postgres::Error) -> OpenError,
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
    pub(crate) fn durability(
        &mut self,
    ) -> Result<Vec<(&'static str, String)>, tokio_postgres::Error> {
        ["fsync", "synchronous_commit", "full_page_writes"]
            .into_iter()
            .map(|setting| {
                let asking = async {
                    let asked = "select current_setting($1)";
                    self.client.query_one(asked, &[&setting]).await
                };
                let row = self.runtime.block_on(asking)?;
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
        self.forget();
        let waiting = mem::take(&mut self.waiting);
        let OnPostgres {
            client, runtime, ..
        } = self;
        let (earlier, done) =
            runtime.block_on(join(all(client, &waiting), client.batch_execute(sql)));
        self.settle(waiting, earlier)?;
        done.map_err(|error| self.failed(&error, sql))
    }

    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        self.forget();
        let statement = self.statement(sql)?;
        self.check_count(&statement, sql, args)?;
        let waiting = mem::take(&mut self.waiting);
        let OnPostgres {
            client, runtime, ..
        } = self;
        let executing = client.execute_raw(&statement, args.iter());
        let (earlier, done) = runtime.block_on(join(all(client, &waiting), executing));
        self.settle(waiting, earlier)?;
        done.map_err(|error| self.failed(&error, sql))
    }

    /// Calls `look` with each row until it answers `false`.
    pub(crate) fn each(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
        look: &mut dyn FnMut(&Row<'_>) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(rows) = self.answer_to(sql, args)? {
            for row in &rows {
                if !look(&Row(RowOf::Postgres(row)))? {
                    break;
                }
            }
            return Ok(());
        }
        let statement = self.statement(sql)?;
        self.check_count(&statement, sql, args)?;
        let mut stopped = Ok(());
        let waiting = mem::take(&mut self.waiting);
        let OnPostgres {
            client, runtime, ..
        } = self;
        let (earlier, walked) = runtime.block_on(async {
            let asking = client.query_raw(&statement, args.iter());
            let (earlier, rows) = join(all(client, &waiting), asking).await;
            let walking = async {
                let mut rows = pin!(rows?);
                while let Some(row) = rows.try_next().await? {
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
            };
            let walked = walking.await;
            (earlier, walked)
        });
        self.settle(waiting, earlier)?;
        walked.map_err(|error| self.failed(&error, sql))?;
        stopped
    }

    /// Takes a statement of the store's own that goes with the next message.
    pub(crate) fn control_with_next(&mut self, sql: &'static str) {
        self.forget();
        self.waiting.push(Waiting::Control(sql));
    }

    /// Takes a statement that goes with the next message.
    pub(crate) fn put(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<(), StoreError> {
        self.forget();
        let asked = self.asked(sql, args)?;
        self.wait(Waiting::Put(asked))
    }

    /// Takes a question that goes with the next message, to have its answer when it is asked.
    pub(crate) fn ahead(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<(), StoreError> {
        let asked = self.asked(sql, args)?;
        self.wait(Waiting::Ahead(asked))
    }

    fn asked(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<Asked, StoreError> {
        let statement = self.statement(sql)?;
        self.check_count(&statement, sql, args)?;
        let values = args.iter().cloned().map(Arg::into_owned);
        Ok(Asked {
            sql,
            statement,
            values: values.map(Value::One).collect(),
        })
    }

    fn wait(&mut self, waiting: Waiting) -> Result<(), StoreError> {
        self.waiting.push(waiting);
        match self.waiting.len() < WAITING {
            true => Ok(()),
            false => self.send(),
        }
    }

    /// Sends what waits.
    pub(crate) fn send(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = mem::take(&mut self.waiting);
        let earlier = self.runtime.block_on(all(&self.client, &waiting));
        self.settle(waiting, earlier)
    }

    /// Lets go of what waits, but for the store's own, and of what was answered ahead.
    pub(crate) fn drop_waiting(&mut self) {
        self.answered.clear();
        self.waiting
            .retain(|waiting| matches!(waiting, Waiting::Control(_)));
    }

    /// Lets go of answers that what is written next may make untrue.
    fn forget(&mut self) {
        self.answered.clear();
        self.waiting
            .retain(|waiting| !matches!(waiting, Waiting::Ahead(_)));
    }

    /// The answer to a question that was asked ahead, if it was.
    fn answer_to(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Option<Vec<tokio_postgres::Row>>, StoreError> {
        let waits =
            |waiting: &Waiting| matches!(waiting, Waiting::Ahead(asked) if asked.is(sql, args));
        if self.waiting.iter().any(waits) {
            self.send()?;
        }
        let place = self
            .answered
            .iter()
            .position(|answered| answered.asked.is(sql, args));
        Ok(place.map(|place| self.answered.swap_remove(place).rows))
    }

    /// Keeps what was answered ahead; the first failure of what waited, if there was one.
    fn settle(
        &mut self,
        waiting: Vec<Waiting>,
        outcomes: Vec<Result<Vec<tokio_postgres::Row>, tokio_postgres::Error>>,
    ) -> Result<(), StoreError> {
        for (waiting, outcome) in waiting.into_iter().zip(outcomes) {
            let rows = outcome.map_err(|error| self.failed(&error, waiting.sql()))?;
            if let Waiting::Ahead(asked) = waiting {
                self.answered.push(Answered { asked, rows });
            }
        }
        Ok(())
    }

    /// Prepares a statement and throws it away.
    pub(crate) fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.send()?;
        let prepared = self.runtime.block_on(self.client.prepare(sql));
        prepared
            .map(|_| ())
            .map_err(|error| self.failed(&error, sql))
    }

    /// The way in for many rows: one statement for a few, where there is one, else the bulk way.
    pub(crate) fn inserting(
        &mut self,
        few: Option<&'static str>,
        copy: &'static str,
        width: usize,
    ) -> Result<InsertingOnPostgres<'_>, StoreError> {
        self.forget();
        let way = match few {
            Some(sql) => Way::Few {
                sql,
                columns: vec![Vec::new(); width],
            },
            None => Way::Copy(self.copying(copy)?),
        };
        Ok(InsertingOnPostgres {
            connection: self,
            way,
            copy,
            width: width as i16,
        })
    }

    fn copying(&mut self, sql: &'static str) -> Result<Copying, StoreError> {
        self.send()?;
        let statement = self.statement(sql)?;
        let opened = self.runtime.block_on(self.client.copy_in(&statement));
        let sink = opened.map_err(|error| self.failed(&error, sql))?;
        let mut buffer = BytesMut::with_capacity(COPY_BUFFER + 1024);
        buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        Ok(Copying {
            sink: Box::pin(sink),
            buffer,
        })
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        // What waits was given before, and may be what this one rests on.
        self.send()?;
        let prepared = self.runtime.block_on(self.client.prepare(sql));
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

    fn failed(&mut self, error: &tokio_postgres::Error, sql: &str) -> StoreError {
        // A table changed beneath a prepared statement: prepare afresh next time.
        if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
            self.statements.clear();
        }
        failed(error, sql, self.limit, &mut self.lost)
    }
}

/// Carries out all of these in one message, and waits for the answers.
async fn all(
    client: &Client,
    waiting: &[Waiting],
) -> Vec<Result<Vec<tokio_postgres::Row>, tokio_postgres::Error>> {
    join_all(waiting.iter().map(|waiting| waiting.carried_out(client))).await
}

/// Rows on their way into one table.
pub(crate) struct InsertingOnPostgres<'c> {
    connection: &'c mut OnPostgres,
    way: Way,
    copy: &'static str,
    width: i16,
}

enum Way {
    /// As arrays, one for each column, of one statement that goes with the next message.
    Few {
        sql: &'static str,
        columns: Vec<Vec<Arg<'static>>>,
    },
    Copy(Copying),
}

/// Rows in the server's binary form.
struct Copying {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    buffer: BytesMut,
}

impl InsertingOnPostgres<'_> {
    /// Takes one row; the values were checked against the table's columns before.
    pub(crate) fn row(&mut self, parts: [&[Arg<'_>]; 4]) -> Result<(), StoreError> {
        match &mut self.way {
            Way::Few { columns, .. } => {
                for (column, arg) in columns.iter_mut().zip(parts.into_iter().flatten()) {
                    column.push(arg.clone().into_owned());
                }
                match columns[0].len() <= FEW {
                    true => Ok(()),
                    false => self.copy_instead(),
                }
            }
            Way::Copy(copying) => {
                copying.buffer.put_i16(self.width);
                for arg in parts.into_iter().flatten() {
                    put_field(&mut copying.buffer, arg);
                }
                self.send_full_buffer()
            }
        }
    }

    /// Goes over to the bulk way.
    fn copy_instead(&mut self) -> Result<(), StoreError> {
        let copying = self.connection.copying(self.copy)?;
        let gathered = mem::replace(&mut self.way, Way::Copy(copying));
        if let Way::Few { columns, .. } = gathered {
            for place in 0..columns[0].len() {
                let row: Vec<Arg<'_>> = columns
                    .iter()
                    .map(|column| column[place].borrowed())
                    .collect();
                self.row([&row, &[], &[], &[]])?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        match &mut self.way {
            Way::Few { sql, columns } => {
                let values = mem::take(columns).into_iter().map(Value::Many);
                let asked = Asked {
                    sql,
                    statement: self.connection.statement(sql)?,
                    values: values.collect(),
                };
                self.connection.wait(Waiting::Put(asked))
            }
            Way::Copy(copying) => {
                copying.buffer.put_i16(-1);
                let rest = copying.buffer.split().freeze();
                let finished = self.connection.runtime.block_on(async {
                    copying.sink.send(rest).await?;
                    copying.sink.as_mut().finish().await
                });
                finished
                    .map(|_| ())
                    .map_err(|error| self.connection.failed(&error, self.copy))
            }
        }
    }

    fn send_full_buffer(&mut self) -> Result<(), StoreError> {
        let Way::Copy(copying) = &mut self.way else {
            return Ok(());
        };
        if copying.buffer.len() < COPY_BUFFER {
            return Ok(());
        }
        let full = copying.buffer.split().freeze();
        let sent = self.connection.runtime.block_on(copying.sink.send(full));
        sent.map_err(|error| self.connection.failed(&error, self.copy))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::One(arg) => arg.to_sql(kind, out),
            Value::Many(args) => args.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn put_field(buffer: &mut BytesMut, arg: &Arg<'_>) {
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
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => chain(error),
    }
}

fn failed(
    error: &tokio_postgres::Error,
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
    if *code == SqlState::DISK_FULL {
        return StoreError::DiskFull;
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
