//! Whoever was answered finds their act there, whatever became of the process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use crate::trial::{MARK, MIGRATIONS, SCHOOL, assert_whole, day, did};
use store::testing::TestClock;
use store::{Location, Options, Store, StoreError, args};

const PATH: &str = "STORE_CRASH_TEST";
const ROWS: i64 = 30;

fn open(location: &Location) -> Store {
    let store = Store::open(location, Options::default(), TestClock::new().as_function()).unwrap();
    store.migrate(MIGRATIONS).unwrap();
    store
}

/// Does nothing by itself; started again by the test below, it saves registers until it is killed.
#[test]
fn the_process_that_is_killed() {
    let Ok(place) = std::env::var(PATH) else {
        return;
    };
    let store = open(&Location::parse(&place).unwrap());
    let next = AtomicI64::new(0);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                loop {
                    let register = next.fetch_add(1, Ordering::Relaxed);
                    let seq = store
                        .act_now(SCHOOL, move |act| {
                            act.describe(did("save register"));
                            act.record_many(
                                &MARK,
                                (0..ROWS).map(|pupil| args![pupil, day(), register, "/"]),
                            )?;
                            Ok::<_, StoreError>(act.seq())
                        })
                        .unwrap();
                    let mut out = std::io::stdout().lock();
                    let _ = writeln!(out, "\nsaved {register} {seq}");
                }
            });
        }
    });
}

fn killed_in_the_middle(location: &Location, place: &str) {
    open(location).close();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::the_process_that_is_killed",
            "--nocapture",
        ])
        .env(PATH, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut saved = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(numbers) = line.strip_prefix("saved ") {
            let (register, seq) = numbers.split_once(' ').unwrap();
            saved.push((
                register.parse::<i64>().unwrap(),
                seq.parse::<i64>().unwrap(),
            ));
        }
        if saved.len() == 300 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(saved.len() >= 300);
    let store = open(location);
    let there = store
        .read_now(|tx| {
            let sql = "select session, seq, count(*) from mark where school_id = $1 group by session, seq order by 1";
            tx.query(sql, &args![SCHOOL], |row| {
                Ok::<_, StoreError>((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))
            })
        })
        .unwrap();
    for (register, seq) in saved {
        assert!(
            there.contains(&(register, seq, ROWS)),
            "register {register} was answered and is not there"
        );
    }
    assert!(
        there.iter().all(|(_, _, rows)| *rows == ROWS),
        "a register is half there"
    );
    assert_whole(&store);
    store.close();
}

#[test]
fn every_answered_act_outlives_a_killed_process_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("school.db");
    let place = path.display().to_string();
    killed_in_the_middle(&Location::Sqlite(path), &place);
}

#[test]
fn every_answered_act_outlives_a_killed_process_on_postgres() {
    let test = store::testing::TestStore::new(store::Engine::Postgres, MIGRATIONS);
    let Location::Postgres(place) = test.location() else {
        panic!("a server was asked for");
    };
    killed_in_the_middle(test.location(), place);
}
