//! How many register saves a second a store takes, and how long a proof takes.
//!
//! `cargo run --release -p store --example acts_per_second --features testing [callers] [seconds]`
//!
//! Each save is an act that reads the group, then records 30 marks. PostgreSQL comes from `ROLLBOOK_TEST_POSTGRES`, or is a
//! throw-away server; its durability settings are printed beside the figures.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant as Clock};

use calendar::Day;
use store::testing::{ENGINES, TestStore, test_options};
use store::{Column, Entry, Kind, Migration, Options, SchoolId, Shape, StoreError, Table, args};

static MARK: Table = Table {
    name: "mark",
    id: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Text),
    ],
    columns: &[
        Column::new("code", Kind::Text),
        Column::nullable("minutes_late", Kind::Int),
        Column::nullable("note", Kind::Text),
        Column::new("source", Kind::Text),
        Column::new("account_id", Kind::Int),
        Column::new("job_title", Kind::Text),
        Column::new("recorded_at", Kind::Instant),
    ],
    shape: Shape::Log,
};

const MIGRATIONS: &[Migration] = &[Migration {
    name: "0001_marks",
    sql: "create table mark (
            school_id {int} not null, enrolment_id {int} not null, on_date {day} not null, session {text} not null,
            seq {int} not null, code {text} not null, minutes_late {int}, note {text}, source {text} not null,
            account_id {int} not null, job_title {text} not null, recorded_at {instant} not null,
            primary key (school_id, enrolment_id, on_date, session, seq)
        ) {clustered};",
}];

const GROUP: &str = "\
    select enrolment_id, code from mark where school_id = $1 and enrolment_id >= $2 and enrolment_id < $3 \
    and on_date = $4 and session = $5";

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let mut next = |otherwise| numbers.next().and_then(Result::ok).unwrap_or(otherwise);
    let (callers, seconds) = (next(50), next(4));
    for engine in ENGINES {
        for schools in [1, 20] {
            let options = Options {
                writers: 4,
                ..test_options()
            };
            let store = TestStore::with(engine, MIGRATIONS, options);
            let settings = store.write_now(store::Tx::durability);
            println!("{engine:?}, {schools} school(s), {callers} callers; {settings:?}");
            saves(&store, schools, callers, Duration::from_secs(seconds));
            if schools == 1 {
                import_and_prove(&store);
            }
        }
    }
}

fn saves(store: &TestStore, schools: i64, callers: u64, time: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let register = AtomicI64::new(0);
    let mut waits: Vec<Duration> = Vec::new();
    let started = Clock::now();
    runtime.block_on(async {
        let caller = || async {
            let mut waits = Vec::new();
            while started.elapsed() < time {
                let number = register.fetch_add(1, Ordering::Relaxed);
                let asked = Clock::now();
                store
                    .act(SchoolId(1 + number % schools), move |act| save(act, number))
                    .await
                    .expect("a register is saved");
                waits.push(asked.elapsed());
            }
            waits
        };
        let mut all: Vec<_> = (0..callers).map(|_| Box::pin(caller())).collect();
        std::future::poll_fn(|context| {
            all.retain_mut(|one| match one.as_mut().poll(context) {
                std::task::Poll::Ready(more) => {
                    waits.extend(more);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if all.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    });
    let elapsed = started.elapsed().as_secs_f64();
    waits.sort_unstable();
    let at =
        |part: usize| waits[(waits.len() * part / 100).min(waits.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "  {:.0} saves a second; p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        waits.len() as f64 / elapsed,
        at(50),
        at(95),
        at(99)
    );
}

fn save(act: &mut store::Act, number: i64) -> Result<(), StoreError> {
    let first = number % 50 * 30;
    let day = Day::from_epoch_days(20_700 + (number / 100 % 190) as i32);
    let session = if number / 50 % 2 == 0 { "AM" } else { "PM" };
    let (school, at) = (act.school(), act.at());
    act.tx().query(
        GROUP,
        &args![school, first, first + 30, day, session],
        |row| row.get::<i64>(0),
    )?;
    act.describe(Entry {
        account: 12,
        job_title: "Class teacher",
        act: "save register",
        subject: format!("group {}", number % 50),
    });
    let rows = (first..first + 30).map(|enrolment| {
        args![
            enrolment,
            day,
            session,
            "/",
            None::<i64>,
            None::<&str>,
            "register",
            12,
            "Class teacher",
            at
        ]
    });
    act.record_many(&MARK, rows).map(|_| ())
}

/// Two years of 1,500 pupils in acts of 10,000 marks, then the proof of everything.
fn import_and_prove(store: &TestStore) {
    let started = Clock::now();
    let mut rows = 0;
    // In the order of the primary key, as an import that cares sorts them.
    for first in (0..1_500).step_by(13) {
        rows += store
            .act_now(SchoolId(1), move |act| {
                act.describe(Entry {
                    account: 1,
                    job_title: "Import",
                    act: "import marks",
                    subject: "a file".to_owned(),
                });
                let at = act.at();
                let marks = (first..(first + 13).min(1_500)).flat_map(move |enrolment| {
                    (20_000..20_380).flat_map(move |day| {
                        ["AM", "PM"].map(move |session| {
                            let day = Day::from_epoch_days(day);
                            args![
                                enrolment,
                                day,
                                session,
                                "/",
                                None::<i64>,
                                None::<&str>,
                                "import",
                                1,
                                "Import",
                                at
                            ]
                        })
                    })
                });
                act.record_many(&MARK, marks)
            })
            .expect("marks are imported");
    }
    println!(
        "  {rows} marks imported in {:.2} s",
        started.elapsed().as_secs_f64()
    );
    let started = Clock::now();
    let report = store
        .verify_now(&[], &[&MARK], |_| {})
        .expect("the record can be read");
    println!(
        "  {} acts and {} rows proved in {:.2} s: {:?}",
        report.acts,
        report.rows,
        started.elapsed().as_secs_f64(),
        report.differences
    );
}
