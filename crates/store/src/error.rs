use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// What can go wrong between the application and its database.
///
/// Messages name statements and columns, never values: a failed statement may hold a child's name.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// So many requests wait already that one more would not be answered in time. Nothing was begun.
    #[error("the database is busy: {waiting} requests already wait")]
    QueueFull {
        /// How many wait.
        waiting: usize,
    },
    /// The request waited longer than the waiting limit. Nothing was begun.
    #[error("the database is busy: the request waited {} seconds and was not begun", .waited.as_secs())]
    WaitedTooLong {
        /// How long it waited.
        waited: Duration,
    },
    /// The store was closed. Nothing was begun.
    #[error("the store is closed")]
    Closed,
    /// The database server could not be reached. Nothing was begun.
    #[error("the database cannot be reached: {reason}")]
    Unreachable {
        /// Why, in the words of the driver.
        reason: String,
    },
    /// The connection went away before the transaction was committed. Nothing was saved.
    #[error("the connection to the database was lost; nothing was saved")]
    ConnectionLost,
    /// The connection went away during the commit: it may have been saved or not. Look before doing it again.
    #[error(
        "the connection to the database was lost while saving; it is not known whether it was saved"
    )]
    OutcomeUnknown,
    /// Another program held the database for longer than the limit. Nothing was saved.
    #[error("the database was locked by another program for too long; nothing was saved")]
    Locked,
    /// A statement ran longer than its limit and was stopped.
    #[error("a statement was stopped after {} seconds: {sql}", .limit.as_secs_f32())]
    TimedOut {
        /// The statement.
        sql: String,
        /// The limit.
        limit: Duration,
    },
    /// The closure panicked. Its transaction was rolled back.
    #[error("the request failed by a fault in the program: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// A row broke a rule that the schema keeps.
    #[error("a row was refused by the rule {rule}: {message}")]
    Refused {
        /// Which kind of rule.
        rule: Rule,
        /// What the database said: tables, columns and constraint names.
        message: String,
    },
    /// A statement failed for another reason.
    #[error("a statement failed ({message}): {sql}")]
    Statement {
        /// The statement.
        sql: String,
        /// What the database said.
        message: String,
    },
    /// The disk is full. Nothing was saved, and nothing that was saved before is touched.
    #[error("the disk of the database is full")]
    DiskFull,
    /// A statement failed earlier in this transaction, so the rest of it cannot be kept.
    #[error("an earlier statement of this transaction failed, so it cannot be kept")]
    Broken,
    /// A query that must find a row found none.
    #[error("no row was found by: {sql}")]
    NoRow {
        /// The statement.
        sql: &'static str,
    },
    /// A column does not hold what was asked for.
    #[error("column {index} holds {found} where {wanted} was asked for")]
    Column {
        /// The position, from 0.
        index: usize,
        /// What was asked for.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Values given for a table do not fit its columns.
    #[error("the values given for {table} do not fit it: {problem}")]
    Misfit {
        /// The table.
        table: &'static str,
        /// What does not fit.
        problem: String,
    },
    /// An act recorded something and did not say who did what.
    #[error("an act that records something must be described")]
    NotDescribed,
    /// An act used a group of held acts in a way that has no meaning.
    #[error("held act: {0}")]
    Held(&'static str),
    /// The journal holds bytes that are not a journal's.
    #[error("the journal of school {school} cannot be read at number {seq}")]
    Journal {
        /// The school.
        school: i64,
        /// The number of the act.
        seq: i64,
    },
}

/// The kind of a rule that a schema keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A key that must be unique.
    Unique,
    /// A reference to a row that must exist.
    Reference,
    /// A value that must not be missing.
    NotNull,
    /// A check, or a value of the wrong kind.
    Check,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Rule::Unique => "“unique”",
            Rule::Reference => "“must refer to a row”",
            Rule::NotNull => "“must not be empty”",
            Rule::Check => "“check”",
        })
    }
}

impl StoreError {
    /// Whether a row was refused because its key is there already.
    pub fn is_unique(&self) -> bool {
        matches!(
            self,
            StoreError::Refused {
                rule: Rule::Unique,
                ..
            }
        )
    }

    /// Whether trying again later may help: nothing was begun or nothing was saved.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            StoreError::QueueFull { .. }
                | StoreError::WaitedTooLong { .. }
                | StoreError::Unreachable { .. }
                | StoreError::ConnectionLost
                | StoreError::Locked
                | StoreError::DiskFull
        )
    }
}

/// Why a store could not be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// The text does not name a place for a database.
    #[error("“{0}” names neither a file nor a PostgreSQL server")]
    Location(String),
    /// The database could not be opened.
    #[error("the database {place} could not be opened: {reason}")]
    Connect {
        /// Where, without a password.
        place: String,
        /// Why, in the words of the driver.
        reason: String,
    },
    /// TLS to the server could not be set up.
    #[error("a protected connection to {place} cannot be set up: {reason}")]
    Tls {
        /// Where, without a password.
        place: String,
        /// Why.
        reason: String,
    },
    /// The database would lose acknowledged acts when power fails.
    #[error(
        "the database would lose saved marks when power fails: {setting} is {value}, and must be {wanted}. \
         Set it so, or accept the risk in the settings"
    )]
    Durability {
        /// The setting.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A thread of the store could not be started.
    #[error("a thread of the store could not be started")]
    Thread(#[source] Arc<std::io::Error>),
}

/// The messages of an error and of what caused it, joined.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
