//! Long work is claimed by one worker at a time and outlives a worker.

use crate::trial::{MIGRATIONS, SCHOOL, did};
use store::jobs::{self, GoOn, JobState, NewJob};
use store::testing::{BEGINNING, each_engine};
use store::{SchoolId, StoreError};

const IMPORT: NewJob<'static> = NewJob {
    kind: "import",
    unique_key: Some("marks.csv"),
    input: "marks.csv",
    account: 1,
    due: BEGINNING,
};

#[test]
fn a_job_is_put_down_with_its_cause_and_only_once() {
    each_engine(MIGRATIONS, |store| {
        let refused = store.act_now(SCHOOL, |act| {
            let at = act.at();
            jobs::enqueue(act.tx(), SCHOOL, at, &IMPORT)?;
            Err::<(), _>(StoreError::Held("no"))
        });
        assert!(refused.is_err());
        let due = store
            .read_now(|tx| jobs::schools_with_work(tx, BEGINNING))
            .unwrap();
        assert_eq!(due, []);
        let put = || {
            store
                .act_now(SCHOOL, |act| {
                    act.describe(did("upload"));
                    let at = act.at();
                    jobs::enqueue(act.tx(), SCHOOL, at, &IMPORT)
                })
                .unwrap()
        };
        let id = put();
        assert_eq!(put(), id);
        let due = store
            .read_now(|tx| jobs::schools_with_work(tx, BEGINNING))
            .unwrap();
        assert_eq!(due, [SCHOOL]);
        let claimed = store
            .write_now(|tx| jobs::claim(tx, SCHOOL, "a", BEGINNING, 60))
            .unwrap()
            .unwrap();
        assert_eq!(
            (claimed.id, claimed.attempts, claimed.state),
            (id, 1, JobState::Running)
        );
        assert_eq!(put(), id);
        let ended = claimed.clone();
        assert!(
            store
                .write_now(move |tx| jobs::finish(tx, &ended, "a", "3 rows", BEGINNING))
                .unwrap()
        );
        let job = store
            .read_now(move |tx| jobs::job(tx, SCHOOL, id))
            .unwrap()
            .unwrap();
        assert_eq!(
            (job.state, job.outcome.as_deref()),
            (JobState::Finished, Some("3 rows"))
        );
        assert_ne!(put(), id);
        assert_eq!(
            store
                .read_now(|tx| jobs::recent(tx, SCHOOL, 9))
                .unwrap()
                .len(),
            2
        );
    });
}

#[test]
fn a_dead_worker_loses_its_job_to_the_next() {
    each_engine(MIGRATIONS, |store| {
        store
            .write_now(|tx| jobs::enqueue(tx, SCHOOL, BEGINNING, &IMPORT))
            .unwrap();
        let claim = |worker: &'static str, seconds: i64| {
            store
                .write_now(move |tx| {
                    jobs::claim(tx, SCHOOL, worker, BEGINNING.plus_seconds(seconds), 60)
                })
                .unwrap()
        };
        assert_eq!(claim("early", -1), None);
        let first = claim("a", 0).unwrap();
        assert_eq!(claim("b", 59), None);
        let tell = |job: &jobs::Job, worker: &'static str, seconds: i64| {
            let job = job.clone();
            store
                .write_now(move |tx| {
                    jobs::progress(tx, &job, worker, 5, 9, BEGINNING.plus_seconds(seconds))
                })
                .unwrap()
        };
        assert_eq!(tell(&first, "a", 100), GoOn::Yes);
        assert_eq!(claim("b", 99), None);
        let second = claim("b", 101).unwrap();
        assert_eq!((second.attempts, second.done, second.total), (2, 5, 9));
        assert_eq!(tell(&first, "a", 200), GoOn::NotYours);
        let late = first.clone();
        assert!(
            !store
                .write_now(move |tx| jobs::finish(tx, &late, "a", "", BEGINNING))
                .unwrap()
        );

        let again = second.clone();
        let due = BEGINNING.plus_seconds(500);
        assert!(
            store
                .write_now(move |tx| jobs::fail(tx, &again, "b", "no disk", BEGINNING, Some(due)))
                .unwrap()
        );
        assert_eq!(claim("c", 499), None);
        let third = claim("c", 500).unwrap();
        let id = third.id;
        assert!(
            store
                .write_now(move |tx| jobs::ask_cancel(tx, SCHOOL, id, BEGINNING))
                .unwrap()
        );
        assert!(
            store
                .read_now(move |tx| jobs::cancel_asked(tx, SCHOOL, id))
                .unwrap()
        );
        assert_eq!(tell(&third, "c", 600), GoOn::CancelAsked);
        store
            .write_now(move |tx| jobs::cancelled(tx, &third, "c", BEGINNING))
            .unwrap();
        let job = store
            .read_now(move |tx| jobs::job(tx, SCHOOL, id))
            .unwrap()
            .unwrap();
        assert_eq!(job.state, JobState::Cancelled);
        assert!(
            !store
                .write_now(move |tx| jobs::ask_cancel(tx, SCHOOL, id, BEGINNING))
                .unwrap()
        );
    });
}

#[test]
fn a_job_that_nobody_began_is_cancelled_at_once() {
    each_engine(MIGRATIONS, |store| {
        let id = store
            .write_now(|tx| jobs::enqueue(tx, SCHOOL, BEGINNING, &IMPORT))
            .unwrap();
        store
            .write_now(move |tx| jobs::ask_cancel(tx, SCHOOL, id, BEGINNING))
            .unwrap();
        let job = store
            .read_now(move |tx| jobs::job(tx, SCHOOL, id))
            .unwrap()
            .unwrap();
        assert_eq!(job.state, JobState::Cancelled);
        let none = store
            .write_now(|tx| jobs::claim(tx, SCHOOL, "a", BEGINNING, 60))
            .unwrap();
        assert_eq!(none, None);
    });
}

#[test]
fn no_job_is_claimed_twice() {
    each_engine(MIGRATIONS, |store| {
        let schools = [SCHOOL, SchoolId(8)];
        for school in schools {
            for number in 0..10 {
                store
                    .write_now(move |tx| {
                        let key = number.to_string();
                        let job = NewJob {
                            unique_key: Some(&key),
                            ..IMPORT
                        };
                        jobs::enqueue(tx, school, BEGINNING, &job)
                    })
                    .unwrap();
            }
        }
        let other = store.another();
        let mut claimed: Vec<i64> = std::thread::scope(|scope| {
            let workers: Vec<_> = [&**store, &other, store, &other]
                .into_iter()
                .zip(["a", "b", "c", "d"])
                .map(|(store, name)| {
                    scope.spawn(move || {
                        let mut claimed = Vec::new();
                        for school in schools {
                            // A claim that found all due rows locked comes back for more.
                            let mut idle = 0;
                            while idle < 3 {
                                match store
                                    .write_now(move |tx| {
                                        jobs::claim(tx, school, name, BEGINNING, 60)
                                    })
                                    .unwrap()
                                {
                                    Some(job) => claimed.push(job.id),
                                    None => idle += 1,
                                }
                            }
                        }
                        claimed
                    })
                })
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect()
        });
        other.close();
        let all = claimed.len();
        claimed.sort_unstable();
        claimed.dedup();
        assert_eq!((all, claimed.len()), (20, 20));
    });
}

#[test]
fn a_named_job_is_taken_by_one_worker_and_by_another_only_when_its_lease_ran_out() {
    each_engine(MIGRATIONS, |store| {
        let id = store
            .write_now(|tx| jobs::enqueue(tx, SCHOOL, BEGINNING, &IMPORT))
            .unwrap();
        let take = |worker: &'static str, after: i64| {
            let now = BEGINNING.plus_seconds(after);
            store
                .write_now(move |tx| jobs::claim_one(tx, SCHOOL, id, worker, now, 60))
                .unwrap()
        };
        assert_eq!(take("a", 0).unwrap().attempts, 1);
        assert_eq!(take("b", 30), None);
        let late = take("b", 61).unwrap();
        assert_eq!((late.attempts, late.state), (2, JobState::Running));
        let ended = store.write_now(move |tx| jobs::finish(tx, &late, "b", "", BEGINNING));
        assert!(ended.unwrap());
        assert_eq!(take("c", 600), None);
    });
}
