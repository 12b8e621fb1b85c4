//! Reading and applying beside the pages: a job that tells its progress, one for a school at a time (I-036).

use std::sync::Arc;

use calendar::Instant;
use store::jobs::{self, GoOn, Job, JobState, NewJob};
use store::{SchoolId, StoreError, Tx, args};

use super::course::ImportId;
use crate::desk::{Office, Refusal};
use crate::people::Actor;

const KIND: &str = "import";
const WORKER: &str = "pages";
/// Seconds for which a job is its worker's without a word of progress; reading the largest file takes less.
const LEASE: i64 = 600;

const SET_JOB: &str = "update import set job_id = $3 where school_id = $1 and import_id = $2";
const END_JOBS: &str = "\
update job set state = 'failed', outcome = 'interrupted', finished_at = $1, lease_until = null
where kind = 'import' and (state = 'waiting' or state = 'running')";

pub(super) const STATEMENTS: &[&str] = &[SET_JOB, END_JOBS];

/// How work beside the pages tells its progress and hears whether to go on.
pub(super) type Told<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// Begins work on an import and lets it go on after the answer.
///
/// Errors: another import of this school is under way, or no database.
pub(super) async fn begin<W>(
    office: &Arc<Office>,
    actor: &Actor,
    import: ImportId,
    work: W,
) -> Result<(), Refusal>
where
    W: FnOnce(&Arc<Office>, &Actor, Told<'_>) -> Result<(), Refusal> + Send + 'static,
{
    let (school, account, now) = (actor.school, actor.account.0, office.now());
    let claimed = office
        .store
        .write(move |tx| claim(tx, school, account, import, now))
        .await?;
    let Some(job) = claimed else {
        return Err(Refusal::Wrong(
            "Another import is under way. Wait until it is done, then try again.".to_owned(),
        ));
    };
    let (office, actor) = (Arc::clone(office), actor.clone());
    tokio::task::spawn_blocking(move || carry_out(&office, &actor, &job, work));
    Ok(())
}

fn claim(
    tx: &mut Tx,
    school: SchoolId,
    account: i64,
    import: ImportId,
    now: Instant,
) -> Result<Option<Job>, StoreError> {
    let input = import.0.to_string();
    let new = NewJob {
        kind: KIND,
        unique_key: Some(KIND),
        input: &input,
        account,
        due: now,
    };
    let id = jobs::enqueue(tx, school, now, &new)?;
    let open = jobs::job(tx, school, id)?;
    if open.is_none_or(|job| job.input != input || job.state != JobState::Waiting) {
        return Ok(None);
    }
    tx.execute(SET_JOB, &args![school, import, id])?;
    jobs::claim(tx, school, WORKER, now, LEASE)
}

fn carry_out(
    office: &Arc<Office>,
    actor: &Actor,
    job: &Job,
    work: impl FnOnce(&Arc<Office>, &Actor, Told<'_>) -> Result<(), Refusal>,
) {
    let mut told = |done: u64, steps: u64| {
        let (job, until) = (job.clone(), office.now().plus_seconds(LEASE));
        let answer = office.store.write_now(move |tx| {
            jobs::progress(tx, &job, WORKER, done as i64, steps as i64, until)
        });
        !matches!(answer, Ok(GoOn::CancelAsked | GoOn::NotYours))
    };
    let result = work(office, actor, &mut told);
    let (job, now) = (job.clone(), office.now());
    let ended = office.store.write_now(move |tx| match result {
        Ok(()) => jobs::finish(tx, &job, WORKER, "", now),
        Err(refusal) => jobs::fail(tx, &job, WORKER, &refusal.to_string(), now, None),
    });
    if let Err(error) = ended {
        tracing::error!(%error, "the end of an import's job could not be noted");
    }
}

/// Ends the jobs that a stop of the program left open.
pub(super) fn end_interrupted(tx: &mut Tx, now: Instant) -> Result<(), StoreError> {
    tx.execute(END_JOBS, &args![now]).map(|_| ())
}
