//! What is forgotten once it is long over, and what is not.

use calendar::Instant;
use office::upkeep::{Forgotten, forget_what_is_over};
use office::{MIGRATIONS, TABLES};
use store::jobs::{self, NewJob};
use store::testing::{BEGINNING, TestStore, each_engine};
use store::{SchoolId, StoreError, args};

const SCHOOL: SchoolId = SchoolId(1);
const A_DAY: i64 = 24 * 60 * 60;

fn days_ago(days: i64) -> Instant {
    BEGINNING.plus_seconds(-days * A_DAY)
}

/// A sign-in that was over, and a save that was sent, so many days ago.
fn some_days_ago(store: &TestStore, days: i64) {
    let then = days_ago(days);
    let written = store.write_now(move |tx| {
        tx.execute(
            "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at) \
             values ($1, $2, $3, $4, $5, $5, $5)",
            &args![&days.to_be_bytes()[..], 7, SCHOOL, "a device", then],
        )?;
        tx.execute(
            "insert into change_seen (school_id, change_id, account_id, at, answer) values ($1, $2, $3, $4, $5)",
            &args![SCHOOL, format!("change-{days}"), 7, then, "{}"],
        )
    });
    written.expect("rows of a test");
}

/// A job that ended so many days ago.
fn job_of(store: &TestStore, days: i64) {
    let then = days_ago(days);
    let done = store.write_now(move |tx| {
        let new = NewJob {
            kind: "import",
            unique_key: None,
            input: "",
            account: 7,
            due: then,
        };
        jobs::enqueue(tx, SCHOOL, then, &new)?;
        let job = jobs::claim(tx, SCHOOL, "worker", then, 60)?.ok_or(StoreError::Closed)?;
        jobs::finish(tx, &job, "worker", "", then)
    });
    assert!(done.expect("a job of a test"));
}

/// A file of an import that was received so many days ago.
fn file_of(store: &TestStore, days: i64) {
    let then = days_ago(days);
    let written = store.write_now(move |tx| {
        tx.execute(
            "insert into import (school_id, import_id, kind, file_name, file_hash, state, account_id, received_at, changed_at, choices) \
             values ($1, $2, 'pupils', 'roll.csv', $3, 'applied', 7, $4, $4, '{}')",
            &args![SCHOOL, days, &days.to_be_bytes()[..], then],
        )?;
        tx.execute(
            "insert into import_file (school_id, import_id, part, name, sealed) values ($1, $2, 0, 'roll.csv', $3)",
            &args![SCHOOL, days, &b"sealed"[..]],
        )
    });
    written.expect("a file of a test");
}

/// What a client of the interface was told so many days ago.
fn answer_of(store: &TestStore, days: i64) {
    let then = days_ago(days);
    let written = store.write_now(move |tx| {
        tx.execute(
            "insert into api_answer (school_id, client_id, idempotency_key, digest, at, answer) \
             values ($1, 3, $2, $3, $4, $3)",
            &args![SCHOOL, format!("key-{days}"), &b"digest"[..], then],
        )
    });
    written.expect("an answer of a test");
}

/// What GOV.UK Notify told, worked on so many days ago.
fn callback_of(store: &TestStore, days: i64) {
    let then = days_ago(days);
    let written = store.write_now(move |tx| {
        tx.execute(
            "insert into notify_callback (school_id, digest, body, received_at, worked_at, outcome) values ($1, $2, $2, $3, $3, 'moved')",
            &args![SCHOOL, &[days as u8][..], then],
        )
    });
    written.expect("a callback of a test");
}

/// What became of a mail so many days ago: a report, or what cannot be read and waits.
fn mail_of(store: &TestStore, days: i64) {
    let then = days_ago(days);
    let written = store.write_now(move |tx| {
        for became in ["program", "unreadable"] {
            tx.execute(
                "insert into mailbox_mail (school_id, mail_key, place, uid, arrived_at, kept_at, became, from_address, subject, why) \
                 values ($1, $2, 'there', $3, $4, $4, $5, '', '', '')",
                &args![SCHOOL, format!("{became} {days}"), days, then, became],
            )?;
        }
        Ok::<_, StoreError>(())
    });
    written.expect("a mail of a test");
}

/// A delivery of a webhook that was taken so many days ago.
fn delivery_of(store: &TestStore, days: i64) {
    let then = days_ago(days);
    let written = store.write_now(move |tx| {
        tx.execute(
            "insert into webhook_delivery (school_id, webhook_id, seq, part, event, body, made_at, attempts, taken_at) \
             values ($1, 3, $2, 0, 'mark.changed', '{}', $3, 1, $3)",
            &args![SCHOOL, days, then],
        )
    });
    written.expect("a delivery of a test");
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    let counted = store.read_now(move |tx| tx.query_one(sql, &args![], |row| row.get(0)));
    counted.expect("a count")
}

#[test]
fn sign_ins_saves_jobs_and_received_files_are_forgotten_when_they_are_long_over_and_not_a_day_before()
 {
    each_engine(MIGRATIONS, |store| {
        for days in [0, 29, 31, 59, 61] {
            some_days_ago(store, days);
        }
        job_of(store, 29);
        job_of(store, 31);
        delivery_of(store, 29);
        delivery_of(store, 31);
        answer_of(store, 6);
        answer_of(store, 8);
        callback_of(store, 6);
        callback_of(store, 8);
        mail_of(store, 29);
        mail_of(store, 31);
        file_of(store, 29);
        file_of(store, 31);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime");
        let forget = || runtime.block_on(forget_what_is_over(store, BEGINNING));
        let forgotten = Forgotten {
            sign_ins: 3,
            saves: 1,
            jobs: 1,
            answers: 1,
            deliveries: 1,
            callbacks: 1,
            mails: 1,
            files: 1,
        };
        assert_eq!(forget().expect("rows are forgotten"), forgotten);
        assert_eq!(count(store, "select count(*) from sign_in"), 2);
        assert_eq!(count(store, "select count(*) from change_seen"), 4);
        assert_eq!(count(store, "select count(*) from job"), 1);
        assert_eq!(count(store, "select count(*) from import_file"), 1);
        assert_eq!(count(store, "select count(*) from mailbox_mail"), 3);
        assert_eq!(
            forget().expect("nothing is left to forget"),
            Forgotten::default()
        );
        let report = store.verify_now(&[], TABLES, |_| {});
        assert!(
            report.expect("a proof").is_whole(),
            "nothing of the record was touched"
        );
    });
}
