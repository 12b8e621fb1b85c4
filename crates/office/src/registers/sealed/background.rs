//! Making a copy beside the pages: a job that tells its progress, one for a month at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use calendar::Month;
use store::jobs::{self, Job, JobState, NewJob};
use store::{SchoolId, StoreError, Tx, args};

use super::seal::{STEPS, Wish, seal};
use crate::desk::{Office, Refusal};
use crate::people::Actor;

const KIND: &str = "sealed copy";

/// Seconds for which a job is its worker's without a word of progress: setting one register takes less.
const LEASE: i64 = 600;

/// The newest job of each month.
const NEWEST: &str = "\
select id from job where school_id = $1 and kind = 'sealed copy' order by created_at desc, id limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[NEWEST];

/// Begins to make a copy of a month and lets it go on after the answer.
///
/// Errors: one of that month is being made already; no database.
pub(super) async fn begin(
    office: &Arc<Office>,
    maker: &Actor,
    month: Month,
) -> Result<(), Refusal> {
    let (school, account, now) = (maker.school, maker.account.0, office.now());
    let key = month.to_string();
    let worker = format!("{key} {}", now.micros());
    let name = worker.clone();
    let claimed = office.store.write(move |tx| {
        let new = NewJob {
            kind: KIND,
            unique_key: Some(&key),
            input: &key,
            account,
            due: now,
        };
        let id = jobs::enqueue(tx, school, now, &new)?;
        jobs::claim_one(tx, school, id, &name, now, LEASE)
    });
    let Some(job) = claimed
        .await
        .map_err(|error: StoreError| Refusal::from(error))?
    else {
        return Err(Refusal::Wrong(format!(
            "A copy of {} is being made already. Wait until it is there.",
            month.name()
        )));
    };
    let (office, maker) = (Arc::clone(office), maker.clone());
    tokio::task::spawn_blocking(move || carry_out(&office, &maker, month, &job, &worker));
    Ok(())
}

fn carry_out(office: &Arc<Office>, maker: &Actor, month: Month, job: &Job, worker: &str) {
    let mut told = |step: u64| {
        let (job, worker) = (job.clone(), worker.to_owned());
        let until = office.now().plus_seconds(LEASE);
        let noted = office.store.write_now(move |tx| {
            jobs::progress(tx, &job, &worker, step as i64, STEPS as i64, until)
        });
        if let Err(error) = noted {
            tracing::warn!(%error, "the progress of a sealed copy could not be noted");
        }
    };
    let made = catch_unwind(AssertUnwindSafe(|| {
        seal(office, maker, month, Wish::Another, &mut told)
    }));
    let made = made.unwrap_or_else(|_| Err(Refusal::Wrong("The work broke off.".to_owned())));
    if let Err(error) = &made {
        tracing::error!(%error, "a sealed copy could not be made");
    }
    let (job, worker, now) = (job.clone(), worker.to_owned(), office.now());
    let ended = office.store.write_now(move |tx| match made {
        Ok(_) => jobs::finish(tx, &job, &worker, "", now),
        Err(refusal) => jobs::fail(tx, &job, &worker, &refusal.to_string(), now, None),
    });
    if let Err(error) = ended {
        tracing::error!(%error, "the end of a sealed copy's job could not be noted");
    }
}

/// The newest job of making a copy, if it runs or failed.
pub(super) fn newest(tx: &mut Tx, school: SchoolId) -> Result<Option<Job>, StoreError> {
    let Some(id) = tx.query_opt(NEWEST, &args![school], |row| row.get(0))? else {
        return Ok(None);
    };
    let job = jobs::job(tx, school, id)?;
    Ok(job.filter(|job| {
        matches!(
            job.state,
            JobState::Waiting | JobState::Running | JobState::Failed
        )
    }))
}
