//! The schema on both engines: migrations apply, and every statement that the product uses can be prepared.

use office::{MIGRATIONS, TABLES};
use store::StoreError;
use store::testing::each_engine;

#[test]
fn every_statement_of_the_journalled_tables_prepares_on_both_engines() {
    each_engine(MIGRATIONS, |store| {
        for table in TABLES {
            for sql in table.statements() {
                let prepared = store.read_now(|tx| tx.prepare(sql));
                assert!(prepared.is_ok(), "{}: {prepared:?}", table.name);
            }
        }
    });
}

#[test]
fn every_view_can_be_read_on_both_engines() {
    each_engine(MIGRATIONS, |store| {
        for sql in [
            "select school_id, enrolment_id, on_date, session, seq, code from mark",
            "select school_id, seq, code, recorded_at, job_title from mark_history",
        ] {
            let rows = store.read_now(|tx| tx.query(sql, &[], |_| Ok::<(), StoreError>(())));
            assert_eq!(rows.expect("a view of our own schema"), vec![]);
        }
    });
}
