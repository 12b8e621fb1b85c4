//! Reading and applying beside the pages: a job that tells its progress, one for a school at a time (I-036).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use calendar::Instant;
use store::jobs::{self, GoOn, Job, JobState, NewJob};
use store::{SchoolId, Store, StoreError, Tx, args};

use super::course::{self, ImportId};
use crate::desk::{Office, Refusal};
use crate::people::Actor;

const KIND: &str = "import";
/// Seconds for which a job is its worker's without a word of progress; reading the largest file takes less.
const LEASE: i64 = 600;
/// Progress is noted, and a wish to cancel heard, so often: each costs a flush to disk.
const BETWEEN_WORDS: Duration = Duration::from_millis(200);

const SET_JOB: &str = "update import set job_id = $3 where school_id = $1 and import_id = $2";
const OPEN_JOBS: &str = "\
select school_id, id, worker from job where kind = 'import' and (state = 'waiting' or state = 'running')";
const END_JOB: &str = "\
update job set state = 'failed', outcome = 'interrupted', finished_at = $3, lease_until = null
where school_id = $1 and id = $2";

pub(super) const STATEMENTS: &[&str] = &[SET_JOB, OPEN_JOBS, END_JOB];

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
    // The number of a sign of life is the name of a worker, so that others see whether it is still at work.
    let signing = Arc::clone(office);
    let sign = tokio::task::spawn_blocking(move || signing.sign()).await;
    let worker = sign.unwrap_or(Err(StoreError::Closed))?.to_string();
    let name = worker.clone();
    let claimed = office
        .store
        .write(move |tx| claim(tx, school, account, import, &name, now))
        .await?;
    let Some(job) = claimed else {
        return Err(Refusal::Wrong(
            "Another import is under way. Wait until it is done, then try again.".to_owned(),
        ));
    };
    let (office, actor) = (Arc::clone(office), actor.clone());
    tokio::task::spawn_blocking(move || carry_out(&office, &actor, &job, &worker, work));
    Ok(())
}

fn claim(
    tx: &mut Tx,
    school: SchoolId,
    account: i64,
    import: ImportId,
    worker: &str,
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
    jobs::claim_one(tx, school, id, worker, now, LEASE)
}

fn carry_out(
    office: &Arc<Office>,
    actor: &Actor,
    job: &Job,
    worker: &str,
    work: impl FnOnce(&Arc<Office>, &Actor, Told<'_>) -> Result<(), Refusal>,
) {
    let mut last: Option<Clock> = None;
    let mut told = |done: u64, steps: u64| {
        if last.is_some_and(|last| last.elapsed() < BETWEEN_WORDS) {
            return true;
        }
        last = Some(Clock::now());
        let (job, worker) = (job.clone(), worker.to_owned());
        let until = office.now().plus_seconds(LEASE);
        let answer = office.store.write_now(move |tx| {
            jobs::progress(tx, &job, &worker, done as i64, steps as i64, until)
        });
        !matches!(answer, Ok(GoOn::CancelAsked | GoOn::NotYours))
    };
    // Whatever the work was in the middle of is cleared up below, so nothing half done is looked at again.
    let whole = catch_unwind(AssertUnwindSafe(|| work(office, actor, &mut told)));
    let result = whole.unwrap_or_else(|_| {
        let sign = worker.parse().unwrap_or_default();
        if let Err(error) = course::clear_up(&office.store, actor.school, sign) {
            tracing::error!(%error, "an import that broke off could not be cleared up");
        }
        Err(Refusal::Wrong("The work broke off.".to_owned()))
    });
    let (job, worker, now) = (job.clone(), worker.to_owned(), office.now());
    let ended = office.store.write_now(move |tx| match result {
        Ok(()) => jobs::finish(tx, &job, &worker, "", now),
        Err(refusal) => jobs::fail(tx, &job, &worker, &refusal.to_string(), now, None),
    });
    if let Err(error) = ended {
        tracing::error!(%error, "the end of an import's job could not be noted");
    }
}

/// Ends the jobs of programs that died.
pub(super) fn end_interrupted(tx: &mut Tx, store: &Store, now: Instant) -> Result<(), StoreError> {
    let open = tx.query(OPEN_JOBS, &args![], |row| {
        Ok((
            row.get::<SchoolId>(0)?,
            row.get::<i64>(1)?,
            row.get::<Option<String>>(2)?,
        ))
    })?;
    for (school, id, worker) in open {
        let sign = worker.and_then(|worker| worker.parse().ok());
        let is_alive = match sign {
            Some(sign) => store.shows(tx, sign)?,
            None => false,
        };
        if !is_alive {
            tx.execute(END_JOB, &args![school, id, now])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use calendar::Day;

    use super::super::course::{begin as begin_applying, import, new_group, receive};
    use super::super::{Choices, ReceivedFile, State};
    use super::*;
    use crate::ids::AccountId;
    use crate::people::{Doors, Keyring, Limits, Role};
    use crate::registers::records::MARK_VERSION;
    use store::{Act, Entry};

    const SCHOOL: SchoolId = SchoolId(1);

    fn office_of(store: &store::testing::TestStore) -> Arc<Office> {
        let founded = store.write_now(|tx| {
            let at = Instant::from_micros(0);
            tx.execute(
                "insert into school (school_id, laestab, name, founded_at) values ($1, $2, $3, $4)",
                &args![SCHOOL, "8234998", "Rollbook Example Academy", at],
            )
        });
        founded.expect("a school");
        let keyring = Keyring::forgetful().expect("random numbers");
        let clock = store.clock().as_function();
        let office = Office::new((**store).clone(), keyring, clock, false, Doors::new(None));
        Arc::new(office)
    }

    fn keeper() -> Actor {
        Actor {
            account: AccountId(7),
            school: SCHOOL,
            name: "Mrs E Keeper".to_owned(),
            job_title: "Data manager".to_owned(),
            staff: None,
            roles: vec![Role::Headteacher],
            second_factor_at: None,
            several_schools: false,
            looks_back: None,
            limits: Limits::NONE,
        }
    }

    /// Carries out work that breaks off, as [`begin`] does, and answers the import as it then is and the state of its job.
    fn broken_off(
        office: &Arc<Office>,
        id: ImportId,
        work: impl FnOnce(&Arc<Office>, &Actor, Told<'_>) -> Result<(), Refusal>,
    ) -> (super::super::Import, JobState) {
        let worker = office.sign().expect("a sign of life").to_string();
        let (name, now) = (worker.clone(), office.now());
        let claimed = office
            .store
            .write_now(move |tx| claim(tx, SCHOOL, 7, id, &name, now));
        let job = claimed.expect("a job").expect("nobody else imports");
        carry_out(office, &keeper(), &job, &worker, work);
        let (of, number) = (SCHOOL, job.id);
        let seen = office.store.read_now(move |tx| {
            let job = jobs::job(tx, of, number)?.expect("the job");
            Ok::<_, Refusal>((import(tx, of, id)?, job.state))
        });
        seen.expect("an import")
    }

    #[test]
    fn work_that_breaks_off_is_said_to_have_failed_and_leaves_nothing_half_there() {
        store::testing::each_engine(crate::MIGRATIONS, |store| {
            let office = office_of(store);
            let file = || ReceivedFile {
                name: "roll.csv".to_owned(),
                bytes: b"UPN,Surname\r\n".to_vec(),
            };
            let received = |file| {
                receive(&office, &keeper(), vec![file], &Choices::default()).expect("received")[0]
            };

            let read = received(file());
            let (seen, job) = broken_off(&office, read, |_, _, _| panic!("a fault while reading"));
            assert_eq!((seen.state, job), (State::Refused, JobState::Failed));

            let written = received(file());
            store
                .write_now(move |tx| {
                    let sql = "update import set state = 'previewed' where import_id = $1";
                    tx.execute(sql, &args![written])
                })
                .expect("read");
            let day: Day = "2026-11-24".parse().expect("a day");
            let (seen, job) = broken_off(&office, written, |office, _, _| {
                assert!(begin_applying(office, SCHOOL, written)?);
                office.store.act_now(SCHOOL, move |act: &mut Act| {
                    let group = new_group(act, written)?;
                    act.hold(group)?;
                    let nothing = None::<&str>;
                    act.record(
                        &MARK_VERSION,
                        &args![
                            1_i64,
                            day,
                            0_i64,
                            "/",
                            None::<i64>,
                            None::<Instant>,
                            nothing,
                            nothing,
                            "import",
                            None::<Instant>,
                            nothing
                        ],
                    )?;
                    act.describe(Entry {
                        account: 7,
                        job_title: "Data manager",
                        act: "import",
                        subject: "a part".to_owned(),
                    });
                    Ok::<_, StoreError>(())
                })?;
                panic!("a fault while writing")
            });
            assert_eq!((seen.state, job), (State::Previewed, JobState::Failed));
            let message = seen.message.expect("what happened");
            assert!(message.contains("Nothing of it was stored"), "{message}");
            let open = office
                .store
                .read_now(|tx| store::held::open_groups(tx, SCHOOL));
            assert!(open.expect("groups").is_empty());

            // The school is free for the next import.
            let next = received(file());
            let (seen, _) = broken_off(&office, next, |_, _, _| Ok(()));
            assert_eq!(seen.state, State::Received);
        });
    }
}
