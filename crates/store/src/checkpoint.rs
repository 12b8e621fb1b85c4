//! Putting SQLite's log away beside the writer, so that no act waits for it.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::on_sqlite::OnSqlite;
use crate::{OpenError, Options};

/// Between two looks at the log. Pages that many acts changed meanwhile are written once.
const PAUSE: Duration = Duration::from_millis(250);

/// Copies what is only in the log into the database's file. Acts go on meanwhile; readers keep what they see.
///
/// `passive` waits for nobody: what somebody still reads past stays for the next time.
pub(crate) const PUT_AWAY: &str = "pragma wal_checkpoint(passive)";

/// The thread that puts the log away, until it is dropped.
pub(crate) struct Checkpointer {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Opens a connection of its own to a database that exists, and starts the thread.
    pub(crate) fn start(path: &Path, options: &Options) -> Result<Checkpointer, OpenError> {
        let mut connection = OnSqlite::open(path, options, true)?;
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store log".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    // What fails here is tried again; the disk's own failures are told to whoever saves.
                    let _ = connection.control(PUT_AWAY);
                }
            })
            .map_err(|error| OpenError::Thread(error.into()))?;
        Ok(Checkpointer {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
