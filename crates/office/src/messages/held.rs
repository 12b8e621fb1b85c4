//! Whether anything leaves by itself, and the run of messages that a worker holds while it hands them over.

use std::sync::Arc;

use calendar::Instant;
use store::jobs::{self, GoOn, Job};
use store::{SchoolId, StoreError, Tx, args};

use super::outside::Outside;
use crate::carry::held_back_since;
use crate::desk::Office;

/// Seconds for which a run is its worker's without a word of progress: longer than any call.
const LEASE: i64 = 300;

const DUE: &str = "\
select school_id, id from job
where kind = $2 and ((state = 'waiting' and due_at <= $1) or (state = 'running' and lease_until < $1)) order by due_at, id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[DUE];

/// Whether anything leaves by itself: not where the operator has not allowed it, nor from a restored copy, whose original may have sent it.
///
/// Errors: the database did not answer.
pub(super) async fn may_leave(office: &Office) -> Result<bool, StoreError> {
    if matches!(office.outside, Outside::Closed) {
        return Ok(false);
    }
    Ok(office.store.read(held_back_since).await?.is_none())
}

/// The runs of this kind that are due at any school, the longest waiting first; none where nothing leaves by itself.
///
/// Errors: the database did not answer.
pub(super) async fn due_runs(
    office: &Office,
    kind: &'static str,
) -> Result<Vec<(SchoolId, i64)>, StoreError> {
    if !may_leave(office).await? {
        return Ok(Vec::new());
    }
    let now = office.now();
    let due =
        move |tx: &mut Tx| tx.query(DUE, &args![now, kind], |row| Ok((row.get(0)?, row.get(1)?)));
    office.store.read(due).await
}

/// A run in the hands of this worker.
pub(super) struct Held {
    pub(super) job: Job,
    office: Arc<Office>,
    worker: String,
}

impl Held {
    /// Takes this run; none where another worker has it by now.
    ///
    /// Errors: the database did not answer.
    pub(super) async fn take(
        office: &Arc<Office>,
        school: SchoolId,
        id: i64,
    ) -> Result<Option<Held>, StoreError> {
        let now = office.now();
        let worker = format!("run {} {id}", now.micros());
        let name = worker.clone();
        let claim = move |tx: &mut Tx| jobs::claim_one(tx, school, id, &name, now, LEASE);
        let job: Option<Job> = office.store.write(claim).await?;
        Ok(job.map(|job| Held {
            job,
            office: Arc::clone(office),
            worker,
        }))
    }

    /// Tells how far it has come. Answers whether it is still this worker's.
    ///
    /// Errors: the database did not answer.
    pub(super) async fn still_mine(&self, done: usize, total: usize) -> Result<bool, StoreError> {
        let (job, worker) = (self.job.clone(), self.worker.clone());
        let until = self.office.now().plus_seconds(LEASE);
        let (done, total) = (done as i64, total as i64);
        let told = move |tx: &mut Tx| jobs::progress(tx, &job, &worker, done, total, until);
        Ok(self.office.store.write(told).await? != GoOn::NotYours)
    }

    /// Puts it down until this moment, or for good where nothing more is to come.
    ///
    /// Errors: the database did not answer.
    pub(super) async fn put_down(&self, until: Option<Instant>) -> Result<(), StoreError> {
        let (job, worker, now) = (self.job.clone(), self.worker.clone(), self.office.now());
        let down = move |tx: &mut Tx| match until {
            Some(again) => jobs::fail(tx, &job, &worker, "", now, Some(again)).map(drop),
            None => jobs::finish(tx, &job, &worker, "", now).map(drop),
        };
        self.office.store.write(down).await
    }
}
