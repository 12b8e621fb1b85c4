//! The threads: each owns its connection for life.

use std::sync::Arc as Shared;
use std::time::Instant as Clock;

use calendar::Instant;

use crate::act::{HeadRow, Moved};
use crate::facts::KnownFacts;
use crate::queue::{Group, Queue, Request, Task};
use crate::tx::Purpose;
use crate::{
    Act, Ahead, Engine, Head, Location, OpenError, Options, SchoolId, StoreError, Tx, args,
};

const HEAD_ON_SQLITE: &str =
    "select seq, hash, at, next_id, facts from school_head where school_id = $1";
/// The lock that orders a school's acts among all processes.
pub(crate) const HEAD_ON_POSTGRES: &str =
    "select seq, hash, at, next_id, facts from school_head where school_id = $1 for update";
const FOUND: &str = "\
    insert into school_head (school_id, seq, hash, at, next_id, schema, facts) values ($1, 0, $2, $3, 1, 0, $2) \
    on conflict (school_id) do nothing";
const MOVE: &str = "\
    update school_head set seq = $2, hash = $3, at = $4, next_id = $5, facts = $6, \
    schema = (select count(*) from applied_migration) where school_id = $1";

/// The statements of this module, for the test that prepares them.
pub(crate) const STATEMENTS: [&str; 3] = [HEAD_ON_SQLITE, FOUND, MOVE];

/// What a thread needs to work.
#[derive(Clone)]
pub(crate) struct Setting {
    pub location: Location,
    pub options: Options,
    pub clock: Shared<dyn Fn() -> Instant + Send + Sync>,
    pub kept: Shared<KnownFacts>,
}

/// A request with what became of it.
type Answer = (Task, Result<(), StoreError>);

/// A thread's connection, opened again when it is lost.
pub(crate) struct Worker {
    setting: Setting,
    purpose: Purpose,
    tx: Option<Tx>,
}

impl Worker {
    pub(crate) fn open(setting: Setting, purpose: Purpose) -> Result<Worker, OpenError> {
        let tx = Tx::open(&setting.location, &setting.options, purpose)?;
        Ok(Worker {
            setting,
            purpose,
            tx: Some(tx),
        })
    }

    /// Carries out what the queue gives until it is closed and empty.
    pub(crate) fn work(mut self, queue: &Queue) {
        while let Some(Group { requests, school }) = queue.take() {
            let mut begun = self.answer_the_late(requests);
            if begun.len() == 1 && matches!(begun[0].task, Task::Alone(_)) {
                self.alone(begun.remove(0));
                continue;
            }
            let answers = match self.purpose {
                Purpose::Reading => begun.into_iter().map(|one| self.read(one)).collect(),
                Purpose::Writing => self.write(begun),
            };
            // The school is free before its people are answered: their next act need not wait for the answers.
            queue.finished(school);
            for (task, outcome) in answers {
                task.answer(outcome);
            }
        }
    }

    fn answer_the_late(&self, requests: Vec<Request>) -> Vec<Request> {
        let limit = self.setting.options.waiting_limit;
        let mut in_time = Vec::with_capacity(requests.len());
        for request in requests {
            let waited = Clock::now().duration_since(request.since);
            if waited > limit {
                request
                    .task
                    .answer(Err(StoreError::WaitedTooLong { waited }));
            } else {
                in_time.push(request);
            }
        }
        in_time
    }

    /// Opens the connection if it is gone and begins a transaction. Nothing was done before, so a lost connection is
    /// opened once more.
    ///
    /// What `first` asks goes to a server in the same message.
    fn begin(
        &mut self,
        mut first: impl FnMut(&mut Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let purpose = self.purpose;
            let tx = self.connected()?;
            let begun = tx.begin(purpose).and_then(|()| first(tx));
            match begun.and_then(|()| tx.send()) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    if tx.is_lost() {
                        self.tx = None;
                        if tries == 1 {
                            continue;
                        }
                    } else {
                        // The head that was asked for at once was held too long: what was begun must not stay open.
                        tx.roll_back();
                    }
                    return Err(error);
                }
            }
        }
    }

    fn connected(&mut self) -> Result<&mut Tx, StoreError> {
        if self.tx.as_ref().is_none_or(Tx::is_lost) {
            self.tx = None;
            let setting = &self.setting;
            let opened = Tx::open(&setting.location, &setting.options, self.purpose);
            self.tx = Some(opened.map_err(|error| StoreError::Unreachable {
                reason: error.to_string(),
            })?);
        }
        Ok(self.tx.as_mut().expect("a connection was just opened"))
    }

    fn read(&mut self, request: Request) -> Answer {
        let Task::Plain(mut work) = request.task else {
            unreachable!("only transactions are asked of a reader");
        };
        if let Err(error) = self.begin(|_| Ok(())) {
            return (Task::Plain(work), Err(error));
        }
        let tx = self.tx.as_mut().expect("a transaction was begun");
        let kept = work.run(tx);
        // What was put in spite of the snapshot is refused by the engine.
        let outcome = if kept { tx.send() } else { Ok(()) };
        tx.roll_back();
        (Task::Plain(work), outcome)
    }

    fn alone(&mut self, request: Request) {
        let Task::Alone(mut work) = request.task else {
            unreachable!("the caller looked");
        };
        match self.connected() {
            Err(error) => work.answer(Err(error)),
            Ok(tx) => {
                if !work.run(tx) {
                    tx.roll_back();
                }
                work.answer(Ok(()));
            }
        }
    }

    /// Carries out requests in one transaction with one flush, each in a savepoint. Nobody is answered before the commit.
    fn write(&mut self, requests: Vec<Request>) -> Vec<Answer> {
        if requests.is_empty() {
            return Vec::new();
        }
        let mut tasks: Vec<Task> = requests.into_iter().map(|request| request.task).collect();
        let begun = match &mut tasks[..] {
            // A single act's questions are answered as soon as its school is locked.
            [Task::Act { school, ahead, .. }] => {
                let (school, at) = (*school, (self.setting.clock)());
                let kept = Shared::clone(&self.setting.kept);
                self.begin(|tx| {
                    tx.ahead(head_of(tx), &args![school])?;
                    let asked = Ahead {
                        tx,
                        school,
                        at,
                        kept: &kept,
                    };
                    ahead.take().map_or(Ok(()), |ask| ask(asked))
                })
            }
            [Task::Act { school, .. }, ..] => {
                let school = *school;
                self.begin(|tx| tx.ahead(head_of(tx), &args![school]))
            }
            _ => self.begin(|_| Ok(())),
        };
        let outcomes = match begun {
            Err(error) => vec![Err(error); tasks.len()],
            Ok(()) => self.write_begun(&mut tasks),
        };
        tasks.into_iter().zip(outcomes).collect()
    }

    fn write_begun(&mut self, tasks: &mut [Task]) -> Vec<Result<(), StoreError>> {
        let mut tx = self.tx.take().expect("a transaction was begun");
        let mut heads = Heads::default();
        let mut outcomes = Vec::with_capacity(tasks.len());
        let mut any_kept = false;
        let mut failure = None;
        let single = tasks.len() == 1;
        for task in tasks.iter_mut() {
            match self.one(tx, task, single, &mut heads) {
                (back, Ok(kept)) => {
                    tx = back;
                    any_kept |= matches!(kept, Kept::Yes);
                    outcomes.push(kept.outcome());
                }
                (back, Err(error)) => {
                    tx = back;
                    failure = Some(error);
                    break;
                }
            }
        }
        let saved = match failure {
            Some(error) => Err(error),
            None if !any_kept => {
                tx.roll_back();
                Ok(())
            }
            None => heads.write(&mut tx).and_then(|()| tx.commit()),
        };
        if let Err(error) = saved {
            tx.roll_back();
            outcomes = vec![Err(error); tasks.len()];
        }
        self.tx = Some(tx);
        outcomes
    }

    /// One request within the transaction. `Err` when the whole transaction is lost.
    fn one(
        &self,
        mut tx: Tx,
        task: &mut Task,
        single: bool,
        heads: &mut Heads,
    ) -> (Tx, Result<Kept, StoreError>) {
        // The head is locked outside the savepoint, so that the lock outlives an act that comes to nothing.
        let head = match task {
            Task::Act { school, .. } => {
                match heads.lock(&mut tx, *school, (self.setting.clock)()) {
                    Ok(head) => Some((*school, head)),
                    Err(error) => return (tx, Err(error)),
                }
            }
            _ => None,
        };
        if !single && let Err(error) = tx.savepoint() {
            return (tx, Err(error));
        }
        let mut moved = None;
        let kept = match (task, head) {
            (Task::Act { ahead, work, .. }, Some((school, head))) => {
                let now = (self.setting.clock)();
                let kept = &self.setting.kept;
                let asked = Ahead {
                    tx: &mut tx,
                    school,
                    at: now,
                    kept,
                };
                let asked = ahead.take().map_or(Ok(()), |ask| ask(asked));
                let mut act = Act::begin(tx, school, head, now, Shared::clone(kept));
                let outcome = match asked {
                    Err(error) => Kept::Failed(error),
                    Ok(()) if !work.run(&mut act) => Kept::Not,
                    Ok(()) if act.is_broken() => Kept::Failed(StoreError::Broken),
                    // What a single act put goes with the commit; of several each must stand before the next begins.
                    Ok(()) => match act.write_journal(!single) {
                        Ok(head) => {
                            moved = head.map(|moved| (school, moved));
                            Kept::Yes
                        }
                        Err(error) => Kept::Failed(error),
                    },
                };
                tx = act.into_tx();
                outcome
            }
            (Task::Plain(work) | Task::Alone(work), _) => match work.run(&mut tx) {
                false => Kept::Not,
                true if tx.is_broken() => Kept::Failed(StoreError::Broken),
                true => Kept::Yes,
            },
            (Task::Act { .. }, None) => unreachable!("the head of an act was locked above"),
        };
        if tx.is_lost() {
            return (tx, Err(StoreError::ConnectionLost));
        }
        if tx.was_ended() {
            let message = "the database ended the transaction by itself".to_owned();
            let sql = "commit".to_owned();
            return (tx, Err(StoreError::Statement { sql, message }));
        }
        let ended = match kept {
            Kept::Not | Kept::Failed(_) if !single => tx.back_to_savepoint(),
            _ => Ok(()),
        };
        if let (Kept::Yes, Some((school, moved))) = (&kept, moved) {
            heads.moved(school, moved);
        }
        (tx, ended.map(|()| kept))
    }
}

/// What becomes of a request's work.
enum Kept {
    Yes,
    /// Its closure answered `Err`.
    Not,
    /// Its closure answered `Ok`, and yet it cannot be kept.
    Failed(StoreError),
}

impl Kept {
    fn outcome(self) -> Result<(), StoreError> {
        match self {
            Kept::Yes | Kept::Not => Ok(()),
            Kept::Failed(error) => Err(error),
        }
    }
}

/// The heads that a transaction has locked.
#[derive(Default)]
struct Heads(Vec<LockedHead>);

struct LockedHead {
    school: SchoolId,
    row: HeadRow,
    /// Whether the row in the table is still to be written.
    is_behind: bool,
}

impl Heads {
    /// The school's head, locked against every other process until the commit, and made if it is missing.
    fn lock(&mut self, tx: &mut Tx, school: SchoolId, now: Instant) -> Result<HeadRow, StoreError> {
        if let Some(known) = self.0.iter().find(|known| known.school == school) {
            return Ok(known.row);
        }
        let row = match lock(tx, school)? {
            Some(row) => row,
            None => {
                found(tx, school, now)?;
                lock(tx, school)?.ok_or(StoreError::NoRow { sql: FOUND })?
            }
        };
        self.0.push(LockedHead {
            school,
            row,
            is_behind: false,
        });
        Ok(row)
    }

    fn moved(&mut self, school: SchoolId, moved: Moved) {
        if let Some(known) = self.0.iter_mut().find(|known| known.school == school) {
            known.row = moved.row;
            known.is_behind = !moved.stored;
        }
    }

    fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for LockedHead { school, row, .. } in self.0.iter().filter(|known| known.is_behind) {
            let Head { seq, hash, at } = row.head;
            let values = args![*school, seq, &hash, at, row.next_id, &row.facts];
            tx.put(MOVE, &values)?;
        }
        Ok(())
    }
}

fn head_of(tx: &Tx) -> &'static str {
    match tx.engine() {
        Engine::Sqlite => HEAD_ON_SQLITE,
        Engine::Postgres => HEAD_ON_POSTGRES,
    }
}

fn lock(tx: &mut Tx, school: SchoolId) -> Result<Option<HeadRow>, StoreError> {
    let sql = head_of(tx);
    tx.query_opt(sql, &args![school], |row| {
        Ok(HeadRow {
            head: Head {
                seq: row.get(0)?,
                hash: row.get(1)?,
                at: row.get(2)?,
            },
            next_id: row.get(3)?,
            facts: row.get(4)?,
        })
    })
}

/// Makes a school's head row if it is missing.
pub(crate) fn found(tx: &mut Tx, school: SchoolId, now: Instant) -> Result<(), StoreError> {
    tx.execute(FOUND, &args![school, &[0_u8; 32], now])?;
    Ok(())
}
