//! Acts over a real store, on both engines.

mod trial;

use store::testing::each_engine;
use store::{SchoolId, StoreError, args, journal};
use trial::{MARK, PUPIL, SCHOOL, did, trial_migrations};

#[test]
fn an_act_leaves_its_rows_its_journal_entry_and_the_new_head() {
    each_engine(trial_migrations(), |store| {
        let seq = store
            .act_now(SCHOOL, |act| {
                let pupil = act.new_id();
                act.record(&PUPIL, &args![pupil, "Sample", None::<calendar::Day>])?;
                act.record_many(
                    &MARK,
                    (1..4).map(|session| args![pupil, trial::day(), session, "/"]),
                )?;
                act.describe(did("admit"));
                Ok::<_, StoreError>(act.seq())
            })
            .unwrap();
        assert_eq!(seq, 1);
        let (head, marks) = store
            .read_now(|tx| {
                let head = journal::head(tx, SCHOOL)?.unwrap();
                let marks = tx.query_one(
                    "select count(*) from mark where school_id = $1",
                    &args![SCHOOL],
                    |row| row.get::<i64>(0),
                )?;
                Ok::<_, StoreError>((head, marks))
            })
            .unwrap();
        assert_eq!((head.seq, marks), (1, 3));
        let none = store.read_now(|tx| journal::head(tx, SchoolId(9))).unwrap();
        assert_eq!(none, None);
    });
}
