use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::OpenError;

/// Where a database lives.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of the embedded engine.
    Sqlite(PathBuf),
    /// A server, as a connection string (`postgres://…`, or `host=… dbname=…`).
    Postgres(String),
}

/// Which engine a store stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The embedded engine, for one school.
    Sqlite,
    /// The server, for many.
    Postgres,
}

impl Location {
    /// Reads `postgres://…`, `postgresql://…`, `host=…` or the path of a file.
    ///
    /// Errors: [`OpenError::Location`] for an empty text and for an address of another kind.
    pub fn parse(text: &str) -> Result<Location, OpenError> {
        let text = text.trim();
        let is_server = text.starts_with("postgres://")
            || text.starts_with("postgresql://")
            || text
                .split_whitespace()
                .any(|word| word.starts_with("host=") || word.starts_with("dbname="));
        if is_server {
            Ok(Location::Postgres(text.to_owned()))
        } else if text.is_empty() || text.contains("://") {
            Err(OpenError::Location(without_password(text)))
        } else {
            Ok(Location::Sqlite(PathBuf::from(text)))
        }
    }

    /// The engine that this place needs.
    pub fn engine(&self) -> Engine {
        match self {
            Location::Sqlite(_) => Engine::Sqlite,
            Location::Postgres(_) => Engine::Postgres,
        }
    }
}

impl fmt::Display for Location {
    /// Without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Sqlite(path) => write!(f, "{}", path.display()),
            Location::Postgres(text) => f.write_str(&without_password(text)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The connection string with every password blanked.
fn without_password(text: &str) -> String {
    let mut shown = text.to_owned();
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority_ends = rest.find(['/', '?']).unwrap_or(rest.len());
        if let Some(at) = rest[..authority_ends].rfind('@') {
            let user = rest[..at].split(':').next().unwrap_or_default();
            shown = format!("{scheme}://{user}@{}", &rest[at + 1..]);
        }
    }
    // Also as a word of its own or as a part of the query.
    let mut hidden = String::new();
    for (index, part) in shown.split("password=").enumerate() {
        if index == 0 {
            hidden.push_str(part);
        } else {
            let ends = part.find([' ', '&']).unwrap_or(part.len());
            hidden.push_str("password=…");
            hidden.push_str(&part[ends..]);
        }
    }
    hidden
}

/// How a store behaves. Start from `Options::default()`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that read, each with a connection.
    pub readers: usize,
    /// Threads that write, each with a connection. SQLite always has one.
    pub writers: usize,
    /// Requests that may wait, for reading and for writing each; one more is refused at once.
    pub queue_limit: usize,
    /// A request that has waited longer is refused rather than begun.
    pub waiting_limit: Duration,
    /// A statement of a read is stopped after this.
    pub read_limit: Duration,
    /// A statement of a write or an act is stopped after this.
    pub write_limit: Duration,
    /// How long a write waits for another program that holds the database or the school's head row.
    pub lock_limit: Duration,
    /// Whether the operator accepts a PostgreSQL server that may lose acknowledged acts when power fails.
    pub accept_weak_durability: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            readers: 4,
            writers: 4,
            queue_limit: 2_000,
            waiting_limit: Duration::from_secs(15),
            read_limit: Duration::from_secs(30),
            write_limit: Duration::from_secs(60),
            lock_limit: Duration::from_secs(30),
            accept_weak_durability: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_from_text() {
        assert_eq!(
            Location::parse(" school.db ").unwrap(),
            Location::Sqlite("school.db".into())
        );
        for server in ["postgres://a/b", "postgresql://a/b", "host=/run user=x"] {
            assert_eq!(Location::parse(server).unwrap().engine(), Engine::Postgres);
        }
        assert!(Location::parse("").is_err());
        assert!(Location::parse("mysql://a/b").is_err());
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://user:secret@host/db?sslmode=require",
            "postgres://user:se@cret@host/db",
            "postgres://host/db?user=u&password=secret&x=y",
            "host=h password=secret user=u",
        ] {
            let shown = Location::parse(text).unwrap().to_string();
            assert!(!shown.contains("cret"), "{shown}");
            assert!(shown.contains("h"), "{shown}");
        }
    }
}
