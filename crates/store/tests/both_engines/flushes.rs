//! Whoever was answered has their act on the disk, and acts that wait together share one flush.
//!
//! SQLite is watched from outside, system call by system call; PostgreSQL says how far its log is flushed.

use std::collections::{HashMap, HashSet};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use crate::trial::{MARK, MIGRATIONS, SCHOOL, day, did, mark};
use store::testing::{TestClock, TestStore, test_options};
use store::{Act, Engine, Location, Options, Store, StoreError, args};

const PATH: &str = "STORE_FLUSH_TEST";

/// Saves that come one after another.
const ALONE: i64 = 20;

/// Saves that wait while another holds the writer.
const TOGETHER: i64 = 60;

/// Saves `TOGETHER` marks that all wait before the first of them is begun. `look` sees each act from within.
fn save_together<T: Send + 'static>(
    store: &Store,
    look: fn(&mut Act) -> Result<T, StoreError>,
    answered: impl Fn(i64),
) -> Vec<T> {
    let (begun, has_begun) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        // An act that writes nothing: it keeps the school, and the only writer of SQLite, until it is let go.
        scope.spawn(|| {
            store.act_now(SCHOOL, move |_| {
                begun.send(()).unwrap();
                wait.recv().unwrap();
                Ok::<_, StoreError>(())
            })
        });
        has_begun.recv().unwrap();
        runtime.block_on(async {
            let mut saving = tokio::task::JoinSet::new();
            for pupil in 0..TOGETHER {
                let store = store.clone();
                saving.spawn(async move {
                    let saved = store.act(SCHOOL, move |act| {
                        act.describe(did("mark"));
                        act.record(&MARK, &args![pupil, day(), 1_000, "/"])?;
                        look(act)
                    });
                    (pupil, saved.await.unwrap())
                });
            }
            // Each task has asked before the first answer can come.
            tokio::task::yield_now().await;
            go.send(()).unwrap();
            let mut seen = Vec::new();
            while let Some(saved) = saving.join_next().await {
                let (pupil, one) = saved.unwrap();
                answered(pupil);
                seen.push(one);
            }
            seen
        })
    })
}

/// Does nothing by itself; started again by the test below, under a program that watches it, it says when it asks for a save and
/// when it is answered.
#[test]
fn the_process_that_is_watched() {
    let Ok(place) = std::env::var(PATH) else {
        return;
    };
    let location = Location::Sqlite(place.into());
    let store = Store::open(
        &location,
        Options::default(),
        TestClock::new().as_function(),
    )
    .unwrap();
    store.migrate(MIGRATIONS).unwrap();
    for number in 0..ALONE {
        println!("\nasked {number}");
        mark(&store, 1, number, "/");
        println!("\nsaved {number}");
    }
    println!("\ntogether");
    save_together(&store, |_| Ok(()), |pupil| println!("\nsaved {pupil}"));
    println!("\nend");
    store.close();
}

/// What the watching program saw, in order.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Asked(i64),
    Saved(i64),
    Together,
    End,
    /// The log of the database was brought to the disk.
    Flushed,
}

/// Reads the lines of `strace`: `PID<store writer> fdatasync(7</path>) = 0`, or in two parts when another thread came between.
///
/// Only the writer's flushes count: the thread that puts the log away flushes too, and answers nobody.
fn seen(trace: &str) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut under_way = HashMap::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.trim_start().split_once('>') else {
            continue;
        };
        let call = call.trim_start();
        let is_flush = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        let flushes = is_flush && pid.ends_with("<store writer");
        if flushes {
            let of_the_log = call.contains("-wal>");
            if call.contains("<unfinished") {
                under_way.insert(pid, of_the_log);
            } else if of_the_log && call.ends_with("= 0") {
                all.push(Seen::Flushed);
            }
        } else if call.contains("sync resumed>") {
            if under_way.remove(pid) == Some(true) && call.ends_with("= 0") {
                all.push(Seen::Flushed);
            }
        } else if let Some((_, text)) = call.split_once('"')
            && call.starts_with("write(1<")
        {
            let words = text.trim_start_matches("\\n").split("\\n").next();
            let (word, number) = words
                .and_then(|words| words.split_once(' '))
                .unwrap_or((words.unwrap_or_default(), ""));
            let number = number.parse::<i64>();
            match (word, number) {
                ("asked", Ok(number)) => all.push(Seen::Asked(number)),
                ("saved", Ok(number)) => all.push(Seen::Saved(number)),
                ("together", _) => all.push(Seen::Together),
                ("end", _) => all.push(Seen::End),
                _ => {}
            }
        }
    }
    all
}

#[test]
fn sqlite_flushes_before_each_answer_and_once_for_acts_that_waited_together() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let watched = Command::new("strace")
        .args(["-f", "-y", "-Y", "-qq", "-s", "64", "-e", "signal=none"])
        .args(["-e", "trace=fsync,fdatasync,write", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "flushes::the_process_that_is_watched",
            "--nocapture",
        ])
        .env(PATH, folder.path().join("school.db"))
        .stdout(Stdio::piped())
        .output()
        .expect("strace runs (install the package strace)");
    assert!(
        watched.status.success(),
        "{}",
        String::from_utf8_lossy(&watched.stderr)
    );
    let seen = seen(&std::fs::read_to_string(&trace).unwrap());
    let at = |what: &Seen| {
        let found = seen.iter().position(|one| one == what);
        found.unwrap_or_else(|| panic!("{what:?} was not seen"))
    };
    let flushes = |from: usize, to: usize| {
        let between = seen[from..to].iter();
        between.filter(|one| **one == Seen::Flushed).count()
    };
    for number in 0..ALONE {
        let (asked, saved) = (at(&Seen::Asked(number)), at(&Seen::Saved(number)));
        assert!(
            flushes(asked, saved) >= 1,
            "save {number} was answered without a flush: {seen:?}"
        );
    }
    let (together, end) = (at(&Seen::Together), at(&Seen::End));
    let answers = seen[together..end]
        .iter()
        .filter(|one| matches!(one, Seen::Saved(_)))
        .count();
    assert_eq!(answers, TOGETHER as usize);
    let first_answer = seen[together..end]
        .iter()
        .position(|one| matches!(one, Seen::Saved(_)))
        .unwrap();
    assert!(
        flushes(together, together + first_answer) >= 1,
        "an act was answered before the flush that it shared: {seen:?}"
    );
    assert_eq!(
        flushes(together, end),
        1,
        "{TOGETHER} acts that waited together share one flush: {seen:?}"
    );
}

#[test]
fn what_sqlite_saved_reaches_the_database_file_while_the_store_is_open() {
    let store = TestStore::new(Engine::Sqlite, MIGRATIONS);
    let Location::Sqlite(path) = store.location() else {
        unreachable!("it stands on SQLite");
    };
    mark(&store, 1, 1, "/");
    let folder = tempfile::tempdir().unwrap();
    let in_the_file = || {
        // Without the log beside it, so that it holds only what was put away.
        let copy = folder.path().join("copy.db");
        std::fs::copy(path, &copy).unwrap();
        let alone = Store::open(
            &Location::Sqlite(copy.clone()),
            test_options(),
            TestClock::new().as_function(),
        );
        let marks = alone.ok().and_then(|alone| {
            let sql = "select count(*) from mark";
            let marks = alone.read_now(|tx| tx.query_one(sql, &args![], |row| row.get::<i64>(0)));
            alone.close();
            marks.ok()
        });
        let _ = std::fs::remove_file(copy);
        marks.unwrap_or(0)
    };
    let begun = std::time::Instant::now();
    while in_the_file() == 0 {
        assert!(begun.elapsed().as_secs() < 60, "the log was never put away");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Where the server's log ends, with all that this transaction has written so far.
const WRITTEN: &str = "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint";
/// How far the log is on the server's disk.
const FLUSHED: &str = "select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint";
const TRANSACTION: &str = "select pg_current_xact_id()::text::bigint";

fn number(act: &mut Act, sql: &'static str) -> Result<i64, StoreError> {
    act.tx().query_one(sql, &args![], |row| row.get(0))
}

#[test]
fn postgres_has_flushed_what_it_answered_and_commits_acts_that_waited_together_at_once() {
    let options = Options {
        accept_weak_durability: false,
        ..test_options()
    };
    let store = TestStore::with(Engine::Postgres, MIGRATIONS, options);
    for session in 0..ALONE {
        let written = store.act_now(SCHOOL, move |act| {
            act.describe(did("mark"));
            act.record(&MARK, &args![1, day(), session, "/"])?;
            number(act, WRITTEN)
        });
        let flushed = store.read_now(|tx| tx.query_one(FLUSHED, &args![], |row| row.get::<i64>(0)));
        let (written, flushed) = (written.unwrap(), flushed.unwrap());
        assert!(
            flushed >= written,
            "save {session} was answered at {flushed}, before {written}"
        );
    }
    let transactions = save_together(&store, |act| number(act, TRANSACTION), |_| {});
    assert_eq!(transactions.len(), TOGETHER as usize);
    let commits: HashSet<i64> = transactions.into_iter().collect();
    assert_eq!(commits.len(), 1, "{TOGETHER} acts share one commit");
}
