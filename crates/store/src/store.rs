use std::fmt;
use std::sync::{Arc as Shared, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use calendar::Instant;
use tokio::sync::oneshot;

use crate::checkpoint::Checkpointer;
use crate::life;
use crate::migrate::{self, MigrateError, Migration};
use crate::queue::{Piece, Queue, Task, Work};
use crate::tx::Purpose;
use crate::verify::{self, VerifyProgress, VerifyReport};
use crate::worker::{self, Setting, Worker};
use crate::{
    Act, Ahead, Engine, Location, OpenError, Options, SchoolId, SignOfLife, StoreError, Table, Tx,
};

/// The seam to the database. Clones share the same threads; the last one closes them.
#[derive(Clone)]
pub struct Store(Shared<Threads>);

struct Threads {
    setting: Setting,
    reads: Shared<Queue>,
    writes: Shared<Queue>,
    readers: Mutex<Vec<JoinHandle<()>>>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    checkpointer: Mutex<Option<Checkpointer>>,
}

impl Store {
    /// Opens the database and starts the threads that hold its connections.
    ///
    /// `clock` tells the moment of each act. Call [`Store::migrate`] next.
    ///
    /// Errors: an [`OpenError`], among them a server whose settings would lose acknowledged acts when power fails.
    pub fn open(
        location: &Location,
        options: Options,
        clock: Shared<dyn Fn() -> Instant + Send + Sync>,
    ) -> Result<Store, OpenError> {
        let on_sqlite = location.engine() == Engine::Sqlite;
        let threads = Threads {
            reads: Shared::new(Queue::new(options.queue_limit, false)),
            writes: Shared::new(Queue::new(options.queue_limit, on_sqlite)),
            setting: Setting {
                location: location.clone(),
                options,
                clock,
                kept: Shared::default(),
            },
            readers: Mutex::default(),
            writers: Mutex::default(),
            checkpointer: Mutex::default(),
        };
        let options = &threads.setting.options;
        let writers = if on_sqlite { 1 } else { options.writers.max(1) };
        // The writer comes first: it makes the file.
        let started = (|| {
            for _ in 0..writers {
                threads.start(Purpose::Writing)?;
            }
            for _ in 0..options.readers.max(1) {
                threads.start(Purpose::Reading)?;
            }
            threads.start_checkpointer()
        })();
        let store = Store(Shared::new(threads));
        started.map(|()| store)
    }

    /// Which engine it stands on.
    pub fn engine(&self) -> Engine {
        self.0.setting.location.engine()
    }

    /// The moment that the store's clock tells.
    pub fn now(&self) -> Instant {
        (self.0.setting.clock)()
    }

    /// Brings the schema up to date: the store's own tables, then these, each once and in a transaction of its own.
    /// Answers the names of those that were applied.
    ///
    /// Errors: a [`MigrateError`]; what was applied before it stays applied.
    pub fn migrate(&self, migrations: &[Migration]) -> Result<Vec<&'static str>, MigrateError> {
        let migrations = migrations.to_vec();
        let now = self.now();
        let closure = move |tx: &mut Tx| migrate::migrate(tx, &migrations, now);
        wait(|reply| self.0.writes.add(Task::Alone(boxed(closure, reply))))
    }

    /// Leaves nothing of what was erased in the database's files, which takes as long as writing the whole database anew; nobody saves
    /// meanwhile.
    ///
    /// On SQLite the file is written anew and the log emptied. On PostgreSQL the server's own vacuuming takes dead rows away, and there is
    /// nothing to do here. Errors: a [`StoreError`], such as a disk without the room for a second copy.
    pub fn sweep_now(&self) -> Result<(), StoreError> {
        wait(|reply| self.0.writes.add(Task::Alone(boxed(Tx::sweep, reply))))
    }

    /// One snapshot: nothing that the closure reads changes meanwhile.
    ///
    /// A connection that was lost since the last read is opened again first.
    ///
    /// Errors: those of the closure, and a [`StoreError`] as `E`.
    pub async fn read<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        answered(|reply| self.0.reads.add(Task::Plain(boxed(closure, reply)))).await
    }

    /// [`Store::read`] for the command line and tests: waits on this thread.
    ///
    /// Errors: as [`Store::read`].
    pub fn read_now<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        wait(|reply| self.0.reads.add(Task::Plain(boxed(closure, reply))))
    }

    /// One transaction for rows that need no proof: sessions, the progress of a job. Kept when the closure answers `Ok`.
    ///
    /// Errors: those of the closure, and a [`StoreError`] as `E`; [`StoreError::OutcomeUnknown`] when the connection was
    /// lost during the commit.
    pub async fn write<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        answered(|reply| self.0.writes.add(Task::Plain(boxed(closure, reply)))).await
    }

    /// [`Store::write`] for the command line and tests: waits on this thread.
    ///
    /// Errors: as [`Store::write`].
    pub fn write_now<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        wait(|reply| self.0.writes.add(Task::Plain(boxed(closure, reply))))
    }

    /// An act in this school: it holds the school's head, gets the next number, and is journalled with what it records.
    ///
    /// Acts that wait share one transaction and one flush; each is answered after the flush, and one that fails takes
    /// nothing from the others.
    ///
    /// Errors: as [`Store::write`].
    pub async fn act<T, E>(
        &self,
        school: SchoolId,
        closure: impl FnOnce(&mut Act) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.act_asking(school, |_| Ok(()), closure).await
    }

    /// [`Store::act`] for an act of which many wait for one another: `ahead` says what it will ask ([`Ahead`]). On a server the
    /// answers then come with the school's head.
    ///
    /// Errors: as [`Store::act`]; a [`StoreError`] of `ahead` is one of the act.
    pub async fn act_asking<T, E>(
        &self,
        school: SchoolId,
        ahead: impl FnOnce(Ahead<'_>) -> Result<(), StoreError> + Send + 'static,
        closure: impl FnOnce(&mut Act) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let task = |reply| Task::Act {
            school,
            ahead: Some(Box::new(ahead)),
            work: boxed(closure, reply),
        };
        answered(|reply| self.0.writes.add(task(reply))).await
    }

    /// [`Store::act`] for the command line and tests: waits on this thread.
    ///
    /// Errors: as [`Store::act`].
    pub fn act_now<T, E>(
        &self,
        school: SchoolId,
        closure: impl FnOnce(&mut Act) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let task = |reply| Task::Act {
            school,
            ahead: None,
            work: boxed(closure, reply),
        };
        wait(|reply| self.0.writes.add(task(reply)))
    }

    /// Makes a school's head row. The first act does so too.
    ///
    /// Errors: a [`StoreError`].
    pub async fn found_school(&self, school: SchoolId) -> Result<(), StoreError> {
        let now = self.now();
        self.write(move |tx| worker::found(tx, school, now)).await
    }

    /// Shows a sign that lasts until it is dropped or this process ends, however it ends. Whoever begins what others must
    /// not take for abandoned writes its number beside it.
    ///
    /// Errors: no file could be made beside the database, or the server not be reached.
    pub fn sign_of_life(&self) -> Result<SignOfLife, StoreError> {
        SignOfLife::show(&self.0.setting.location, &self.0.setting.options)
    }

    /// Whether the sign with this number still shows, in this process or another. Asked within a transaction, so that
    /// what it answers and what the caller does of it belong together.
    ///
    /// Errors: a [`StoreError`] of the statement, or of the file.
    pub fn shows(&self, tx: &mut Tx, number: i64) -> Result<bool, StoreError> {
        life::shows(tx, &self.0.setting.location, number)
    }

    /// Proves that the rows of these tables are what the journal says, in one snapshot: the chain of each school is walked,
    /// then replayed against the rows. Names the first row that was altered, added or taken away, for each school.
    /// No school named means all.
    ///
    /// A journal that was rewritten whole is found only by comparing the heads with those that left the building.
    ///
    /// Errors: a [`StoreError`] of reading; what is wrong with the record is not an error but in the report.
    pub async fn verify(
        &self,
        schools: &[SchoolId],
        tables: &[&'static Table],
        progress: impl FnMut(VerifyProgress) + Send + 'static,
    ) -> Result<VerifyReport, StoreError> {
        self.read(verifying(schools, tables, progress)).await
    }

    /// [`Store::verify`] for the command line and tests: waits on this thread.
    ///
    /// Errors: as [`Store::verify`].
    pub fn verify_now(
        &self,
        schools: &[SchoolId],
        tables: &[&'static Table],
        progress: impl FnMut(VerifyProgress) + Send + 'static,
    ) -> Result<VerifyReport, StoreError> {
        self.read_now(verifying(schools, tables, progress))
    }

    /// Carries out what waits, then ends the threads and closes the connections: readers first, so that the writer
    /// leaves one tidy file. Later requests are refused. Waits on this thread.
    pub fn close(&self) {
        self.0.close();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store")
            .field(&self.0.setting.location)
            .finish()
    }
}

impl Threads {
    fn start(&self, purpose: Purpose) -> Result<(), OpenError> {
        let (queue, handles, name) = match purpose {
            Purpose::Reading => (&self.reads, &self.readers, "store reader"),
            Purpose::Writing => (&self.writes, &self.writers, "store writer"),
        };
        let queue = Shared::clone(queue);
        let setting = self.setting.clone();
        let (opened, is_open) = mpsc::sync_channel(1);
        let handle = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || match Worker::open(setting, purpose) {
                Ok(worker) => {
                    let _ = opened.send(Ok(()));
                    worker.work(&queue);
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            })
            .map_err(|error| OpenError::Thread(Shared::new(error)))?;
        handles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(handle);
        is_open.recv().unwrap_or_else(|_| {
            let gone = std::io::Error::other("it ended before it began");
            Err(OpenError::Thread(Shared::new(gone)))
        })
    }

    fn start_checkpointer(&self) -> Result<(), OpenError> {
        if let Location::Sqlite(path) = &self.setting.location {
            let started = Checkpointer::start(path, &self.setting.options)?;
            *self.checkpointer() = Some(started);
        }
        Ok(())
    }

    fn checkpointer(&self) -> MutexGuard<'_, Option<Checkpointer>> {
        self.checkpointer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        // The writer's connection is the last to go: it puts the log away whole.
        drop(self.checkpointer().take());
        for (queue, handles) in [(&self.reads, &self.readers), (&self.writes, &self.writers)] {
            queue.close();
            let mut handles = handles.lock().unwrap_or_else(PoisonError::into_inner);
            for handle in handles.drain(..) {
                // A closure that held the last clone drops it on a thread of the store, which cannot wait for itself.
                if handle.thread().id() != std::thread::current().id() {
                    let _ = handle.join();
                }
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

fn verifying(
    schools: &[SchoolId],
    tables: &[&'static Table],
    mut progress: impl FnMut(VerifyProgress) + Send + 'static,
) -> impl FnOnce(&mut Tx) -> Result<VerifyReport, StoreError> + Send + 'static {
    let (schools, tables) = (schools.to_vec(), tables.to_vec());
    move |tx| verify::verify(tx, &schools, &tables, &mut progress)
}

fn boxed<G: 'static, T, E>(
    closure: impl FnOnce(&mut G) -> Result<T, E> + Send + 'static,
    reply: impl FnOnce(Result<T, E>) + Send + 'static,
) -> Box<dyn Work<G>>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(Piece::new(closure, reply))
}

/// Gives a request its way to answer and waits for it without a thread.
async fn answered<T, E>(ask: impl FnOnce(Box<dyn FnOnce(Result<T, E>) + Send>)) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    // Whoever asked may have gone away; the work is done all the same.
    ask(Box::new(move |result| drop(sender.send(result))));
    receiver
        .await
        .unwrap_or_else(|_| Err(StoreError::Closed.into()))
}

/// Gives a request its way to answer and waits for it on this thread.
fn wait<T, E>(ask: impl FnOnce(Box<dyn FnOnce(Result<T, E>) + Send>)) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    ask(Box::new(move |result| drop(sender.send(result))));
    receiver
        .recv()
        .unwrap_or_else(|_| Err(StoreError::Closed.into()))
}
