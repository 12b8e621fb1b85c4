//! Long work: a row for each piece, claimed by one worker at a time.
//!
//! A job is put down in the transaction that causes it, claimed school by school under a lease, and tells its progress as it
//! goes. A worker that dies lets its lease run out; the job is then claimed again. All functions work within the caller's
//! transaction: [`Store::write`](crate::Store::write), or an act's [`Act::tx`](crate::Act::tx).

use calendar::Instant;

use crate::{Engine, Row, SchoolId, StoreError, Tx, args};

/// A job to be put down.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// What is to be done, such as `import`.
    pub kind: &'a str,
    /// While a job of this kind with this key is open, no second one is put down.
    pub unique_key: Option<&'a str>,
    /// What the work needs to know, in a form of its own.
    pub input: &'a str,
    /// The account that asked for it.
    pub account: i64,
    /// Not before this moment.
    pub due: Instant,
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The school.
    pub school: SchoolId,
    /// Its id, not guessable.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// What the work needs to know.
    pub input: String,
    /// The account that asked for it.
    pub account: i64,
    /// Where it stands.
    pub state: JobState,
    /// So much is done …
    pub done: i64,
    /// … of so much; 0 when not known.
    pub total: i64,
    /// How often it was begun.
    pub attempts: i64,
    /// Whether somebody asked to cancel it.
    pub cancel_asked: bool,
    /// The result, or why it failed.
    pub outcome: Option<String>,
    /// When it was put down.
    pub created: Instant,
    /// When it ended.
    pub finished: Option<Instant>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Nobody has begun it.
    Waiting,
    /// A worker is at it, or was when it died.
    Running,
    /// It is done.
    Finished,
    /// It failed for good.
    Failed,
    /// It was cancelled and left nothing half done.
    Cancelled,
}

impl JobState {
    fn from_word(word: &str) -> Option<JobState> {
        Some(match word {
            "waiting" => JobState::Waiting,
            "running" => JobState::Running,
            "finished" => JobState::Finished,
            "failed" => JobState::Failed,
            "cancelled" => JobState::Cancelled,
            _ => return None,
        })
    }
}

/// What a worker learns when it tells its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoOn {
    /// Go on.
    Yes,
    /// Somebody asked to cancel: leave nothing half done, then call [`cancelled`].
    CancelAsked,
    /// The lease ran out and another worker has it: stop, and write nothing more.
    NotYours,
}

const ENQUEUE: &str = "\
    insert into job (school_id, id, kind, unique_key, input, account_id, state, done, total, attempts, due_at, \
    cancel_asked, created_at) values ($1, $2, $3, $4, $5, $6, 'waiting', 0, 0, 0, $7, $8, $9) \
    on conflict (school_id, kind, unique_key) where state = 'waiting' or state = 'running' do nothing";
const OPEN: &str = "\
    select id from job where school_id = $1 and kind = $2 and unique_key = $3 \
    and (state = 'waiting' or state = 'running')";
const DUE_ON_SQLITE: &str = "\
    select id from job where school_id = $1 \
    and ((state = 'waiting' and due_at <= $2) or (state = 'running' and lease_until < $2)) \
    order by due_at, id limit 1";
pub(crate) const DUE_ON_POSTGRES: &str = "\
    select id from job where school_id = $1 \
    and ((state = 'waiting' and due_at <= $2) or (state = 'running' and lease_until < $2)) \
    order by due_at, id limit 1 for update skip locked";
const SCHOOLS: &str = "\
    select distinct school_id from job \
    where (state = 'waiting' and due_at <= $1) or (state = 'running' and lease_until < $1) order by school_id";
const CLAIM: &str = "\
    update job set state = 'running', worker = $3, lease_until = $4, attempts = attempts + 1 \
    where school_id = $1 and id = $2";
const CLAIM_ONE: &str = "\
    update job set state = 'running', worker = $3, lease_until = $4, attempts = attempts + 1 \
    where school_id = $1 and id = $2 \
    and ((state = 'waiting' and due_at <= $5) or (state = 'running' and lease_until < $5))";
const PROGRESS: &str = "\
    update job set done = $4, total = $5, lease_until = $6 \
    where school_id = $1 and id = $2 and worker = $3 and state = 'running' returning cancel_asked";
const ASK_CANCEL: &str = "\
    update job set cancel_asked = $3 \
    where school_id = $1 and id = $2 and (state = 'waiting' or state = 'running')";
const CANCEL_WAITING: &str = "\
    update job set state = 'cancelled', finished_at = $3 \
    where school_id = $1 and id = $2 and state = 'waiting'";
const END: &str = "\
    update job set state = $4, outcome = $5, finished_at = $6, lease_until = null \
    where school_id = $1 and id = $2 and worker = $3 and state = 'running'";
const AGAIN: &str = "\
    update job set state = 'waiting', outcome = $4, due_at = $5, lease_until = null, worker = null \
    where school_id = $1 and id = $2 and worker = $3 and state = 'running'";
const FORGET: &str = "delete from job where finished_at < $1";
const ONE: &str = "\
    select school_id, id, kind, input, account_id, state, done, total, attempts, cancel_asked, outcome, \
    created_at, finished_at from job where school_id = $1 and id = $2";
const RECENT: &str = "\
    select school_id, id, kind, input, account_id, state, done, total, attempts, cancel_asked, outcome, \
    created_at, finished_at from job where school_id = $1 order by created_at desc, id limit $2";

/// The statements of this module, for the test that prepares them. [`DUE_ON_POSTGRES`] is for that engine alone.
pub(crate) const STATEMENTS: [&str; 14] = [
    ENQUEUE,
    OPEN,
    DUE_ON_SQLITE,
    SCHOOLS,
    CLAIM,
    CLAIM_ONE,
    PROGRESS,
    ASK_CANCEL,
    CANCEL_WAITING,
    END,
    AGAIN,
    FORGET,
    ONE,
    RECENT,
];

/// Puts a job down and answers its id; that of the open job where there is one with the same key.
///
/// Errors: a [`StoreError`] of the statement.
pub fn enqueue(
    tx: &mut Tx,
    school: SchoolId,
    now: Instant,
    job: &NewJob<'_>,
) -> Result<i64, StoreError> {
    let id = unguessable_id();
    let added = tx.execute(
        ENQUEUE,
        &args![
            school,
            id,
            job.kind,
            job.unique_key,
            job.input,
            job.account,
            job.due,
            false,
            now
        ],
    )?;
    if added == 1 {
        return Ok(id);
    }
    tx.query_one(OPEN, &args![school, job.kind, job.unique_key], |row| {
        row.get(0)
    })
}

/// The schools in which a job is due.
///
/// Errors: a [`StoreError`] of the statement.
pub fn schools_with_work(tx: &mut Tx, now: Instant) -> Result<Vec<SchoolId>, StoreError> {
    tx.query(SCHOOLS, &args![now], |row| row.get(0))
}

/// Takes the job of this school that has been due longest, for so many seconds; no other worker gets it meanwhile.
///
/// Errors: a [`StoreError`] of the statement.
pub fn claim(
    tx: &mut Tx,
    school: SchoolId,
    worker: &str,
    now: Instant,
    lease_seconds: i64,
) -> Result<Option<Job>, StoreError> {
    let due = match tx.engine() {
        Engine::Sqlite => DUE_ON_SQLITE,
        Engine::Postgres => DUE_ON_POSTGRES,
    };
    let Some(id) = tx.query_opt(due, &args![school, now], |row| row.get::<i64>(0))? else {
        return Ok(None);
    };
    let lease_until = now.plus_seconds(lease_seconds);
    tx.execute(CLAIM, &args![school, id, worker, lease_until])?;
    job(tx, school, id)
}

/// Takes this job as [`claim`] would, or answers none where somebody is at it or it has ended.
///
/// Errors: a [`StoreError`] of the statement.
pub fn claim_one(
    tx: &mut Tx,
    school: SchoolId,
    id: i64,
    worker: &str,
    now: Instant,
    lease_seconds: i64,
) -> Result<Option<Job>, StoreError> {
    let lease_until = now.plus_seconds(lease_seconds);
    let values = args![school, id, worker, lease_until, now];
    if tx.execute(CLAIM_ONE, &values)? == 0 {
        return Ok(None);
    }
    job(tx, school, id)
}

/// Tells how far the work has come and renews the lease.
///
/// Errors: a [`StoreError`] of the statement.
pub fn progress(
    tx: &mut Tx,
    job: &Job,
    worker: &str,
    done: i64,
    total: i64,
    lease_until: Instant,
) -> Result<GoOn, StoreError> {
    let values = args![job.school, job.id, worker, done, total, lease_until];
    let cancel_asked = tx.query(PROGRESS, &values, |row| row.get::<bool>(0))?;
    Ok(match cancel_asked.first() {
        None => GoOn::NotYours,
        Some(true) => GoOn::CancelAsked,
        Some(false) => GoOn::Yes,
    })
}

/// Asks for a job to be cancelled: at once when nobody has begun it, else when its worker next tells its progress.
/// Answers whether there was something to cancel.
///
/// Errors: a [`StoreError`] of the statement.
pub fn ask_cancel(
    tx: &mut Tx,
    school: SchoolId,
    id: i64,
    now: Instant,
) -> Result<bool, StoreError> {
    let asked = tx.execute(ASK_CANCEL, &args![school, id, true])?;
    tx.execute(CANCEL_WAITING, &args![school, id, now])?;
    Ok(asked > 0)
}

/// Whether somebody asked to cancel this job.
///
/// Errors: a [`StoreError`] of the statement.
pub fn cancel_asked(tx: &mut Tx, school: SchoolId, id: i64) -> Result<bool, StoreError> {
    Ok(job(tx, school, id)?.is_some_and(|job| job.cancel_asked))
}

/// Ends a job with its result; `false` when another worker has it by now, and then nothing is written.
///
/// Errors: a [`StoreError`] of the statement.
pub fn finish(
    tx: &mut Tx,
    job: &Job,
    worker: &str,
    result: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    end(tx, job, worker, "finished", Some(result), now)
}

/// Ends a job that was cancelled; `false` as in [`finish`].
///
/// Errors: a [`StoreError`] of the statement.
pub fn cancelled(tx: &mut Tx, job: &Job, worker: &str, now: Instant) -> Result<bool, StoreError> {
    end(tx, job, worker, "cancelled", None, now)
}

/// Ends a job that failed, for good or until `again`; `false` as in [`finish`].
///
/// Errors: a [`StoreError`] of the statement.
pub fn fail(
    tx: &mut Tx,
    job: &Job,
    worker: &str,
    reason: &str,
    now: Instant,
    again: Option<Instant>,
) -> Result<bool, StoreError> {
    match again {
        None => end(tx, job, worker, "failed", Some(reason), now),
        Some(due) => {
            let values = args![job.school, job.id, worker, reason, due];
            Ok(tx.execute(AGAIN, &values)? > 0)
        }
    }
}

fn end(
    tx: &mut Tx,
    job: &Job,
    worker: &str,
    state: &'static str,
    outcome: Option<&str>,
    now: Instant,
) -> Result<bool, StoreError> {
    let values = args![job.school, job.id, worker, state, outcome, now];
    Ok(tx.execute(END, &values)? > 0)
}

/// Forgets jobs that ended before this moment, in every school. Answers how many.
///
/// Errors: a [`StoreError`] of the statement.
pub fn forget_ended(tx: &mut Tx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET, &args![before])
}

/// A job as it stands.
///
/// Errors: a [`StoreError`] of the statement.
pub fn job(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Option<Job>, StoreError> {
    tx.query_opt(ONE, &args![school, id], job_of)
}

/// The newest jobs of a school, newest first.
///
/// Errors: a [`StoreError`] of the statement.
pub fn recent(tx: &mut Tx, school: SchoolId, limit: u32) -> Result<Vec<Job>, StoreError> {
    tx.query(RECENT, &args![school, limit], job_of)
}

fn job_of(row: &Row<'_>) -> Result<Job, StoreError> {
    let state = row.get::<&str>(5)?;
    Ok(Job {
        school: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        input: row.get(3)?,
        account: row.get(4)?,
        state: JobState::from_word(state).ok_or(StoreError::Column {
            index: 5,
            wanted: "the state of a job",
            found: "another word",
        })?,
        done: row.get(6)?,
        total: row.get(7)?,
        attempts: row.get(8)?,
        cancel_asked: row.get(9)?,
        outcome: row.get(10)?,
        created: row.get(11)?,
        finished: row.get(12)?,
    })
}

/// A random id of 53 bits, which a page's script can hold exactly.
pub(crate) fn unguessable_id() -> i64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    i64::from_be_bytes(bytes) & ((1 << 53) - 1)
}
