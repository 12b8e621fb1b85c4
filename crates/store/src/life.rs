//! Whether a piece of long work is still somebody's: a sign that goes out with the process, however it ends.
//!
//! Work that others must not take for abandoned shows a sign and writes the sign's number beside what it has begun. Whoever
//! finds something begun asks whether its sign still shows. On SQLite the sign is a lock on a small file beside the
//! database, on PostgreSQL a lock of a session of its own; the operating system and the server let go of either when
//! the process dies, so nothing has to be renewed and no clock is asked.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use crate::tx::Purpose;
use crate::{Location, Options, StoreError, Tx, args, jobs};

const SHOW: &str = "select pg_try_advisory_lock($1)";
const ASK: &str = "select pg_try_advisory_xact_lock($1)";
const STILL: &str = "select true";
const HIDE: &str = "select pg_advisory_unlock($1)";

/// The statements of this module, for the test that prepares them on PostgreSQL; SQLite needs none.
pub(crate) const STATEMENTS_ON_POSTGRES: [&str; 4] = [SHOW, ASK, STILL, HIDE];

/// A sign that shows until it is dropped or its process ends.
pub struct SignOfLife {
    number: i64,
    shown: Shown,
}

enum Shown {
    InFile { path: PathBuf, _locked: File },
    InSession(Session),
}

impl SignOfLife {
    /// The number under which others ask for it; never that of an earlier sign.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Whether it shows still: a server that was started again knows nothing of it any more.
    pub fn still_shows(&self) -> bool {
        match &self.shown {
            Shown::InFile { .. } => true,
            Shown::InSession(session) => session.still_locks(),
        }
    }

    pub(crate) fn show(location: &Location, options: &Options) -> Result<SignOfLife, StoreError> {
        let number = jobs::unguessable_id();
        let shown = match location {
            Location::Sqlite(database) => {
                let path = file_of(database, number);
                let made = OpenOptions::new().write(true).create_new(true).open(&path);
                let locked = made.map_err(|error| unreachable(&error))?;
                locked.lock().map_err(|error| unreachable(&error))?;
                Shown::InFile {
                    path,
                    _locked: locked,
                }
            }
            Location::Postgres(_) => {
                Shown::InSession(Session::begin(location.clone(), options.clone(), number)?)
            }
        };
        Ok(SignOfLife { number, shown })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Shown::InFile { path, .. } = self {
            // A file that stays behind shows nothing, for nobody holds its lock; whoever asks takes it away.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A session of the server that holds a lock, on a thread of its own as every connection of the store.
struct Session {
    questions: Option<mpsc::Sender<mpsc::Sender<bool>>>,
    thread: Option<JoinHandle<()>>,
}

impl Session {
    fn begin(location: Location, options: Options, number: i64) -> Result<Session, StoreError> {
        let (questions, asked) = mpsc::channel::<mpsc::Sender<bool>>();
        let (begun, has_begun) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store sign".to_owned())
            .spawn(move || match locked(&location, &options, number) {
                Ok(connection) => {
                    let _ = begun.send(Ok(()));
                    hold(connection, number, &asked);
                }
                Err(error) => {
                    let _ = begun.send(Err(error));
                }
            })
            .map_err(|error| unreachable(&error))?;
        has_begun.recv().unwrap_or(Err(StoreError::Closed))?;
        Ok(Session {
            questions: Some(questions),
            thread: Some(thread),
        })
    }

    fn still_locks(&self) -> bool {
        let (reply, answer) = mpsc::channel();
        let asked = self.questions.as_ref().map(|ask| ask.send(reply));
        matches!(asked, Some(Ok(()))) && answer.recv().unwrap_or(false)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.questions.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn locked(location: &Location, options: &Options, number: i64) -> Result<Tx, StoreError> {
    let mut connection =
        Tx::open(location, options, Purpose::Reading).map_err(|error| unreachable(&error))?;
    connection.query_one(SHOW, &args![number], |row| row.get::<bool>(0))?;
    Ok(connection)
}

/// Holds the lock until nobody asks any more, and then lets go of it at once rather than when the server hears that the
/// session has ended.
fn hold(mut connection: Tx, number: i64, asked: &mpsc::Receiver<mpsc::Sender<bool>>) {
    for reply in asked {
        let answer = connection.query_one(STILL, &args![], |row| row.get::<bool>(0));
        let _ = reply.send(answer.is_ok());
    }
    let _ = connection.query_one(HIDE, &args![number], |row| row.get::<bool>(0));
}

/// Whether the sign with this number shows; takes away what a dead process left of it.
pub(crate) fn shows(tx: &mut Tx, location: &Location, number: i64) -> Result<bool, StoreError> {
    let Location::Sqlite(database) = location else {
        let free = tx.query_one(ASK, &args![number], |row| row.get::<bool>(0))?;
        return Ok(!free);
    };
    let path = file_of(database, number);
    let Ok(file) = OpenOptions::new().write(true).open(&path) else {
        return Ok(false);
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(unreachable(&error)),
        Ok(()) => {
            // Numbers are never used again, so nobody else can be about to lock this file.
            let _ = std::fs::remove_file(&path);
            Ok(false)
        }
    }
}

/// The file of a sign, beside the database.
fn file_of(database: &Path, number: i64) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(format!("-alive-{number}"));
    PathBuf::from(name)
}

fn unreachable(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreachable {
        reason: error.to_string(),
    }
}
