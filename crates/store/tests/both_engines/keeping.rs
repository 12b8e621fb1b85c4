//! What the threads and connections keep to: limits, faults, lost connections, order at the end.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::trial::{MARK, MIGRATIONS, SCHOOL, assert_whole, day, did, mark};
use store::testing::{ENGINES, OwnServer, TestStore, each_engine, test_options};
use store::{Engine, Location, OpenError, Options, Store, StoreError, args, journal};

const SLOW: &str = "\
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000000) select max(i) from n";

#[test]
fn what_is_acknowledged_is_on_the_disk() {
    each_engine(MIGRATIONS, |store| {
        let expected: &[(&str, &str)] = match store.engine() {
            Engine::Sqlite => &[
                ("journal_mode", "wal"),
                ("synchronous", "2"),
                ("foreign_keys", "1"),
            ],
            Engine::Postgres => &[
                ("fsync", "on"),
                ("synchronous_commit", "on"),
                ("full_page_writes", "on"),
            ],
        };
        for settings in [
            store.write_now(store::Tx::durability).unwrap(),
            store.read_now(store::Tx::durability).unwrap(),
        ] {
            let settings: Vec<_> = settings
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            assert_eq!(settings, expected);
        }
    });
}

#[test]
fn a_server_that_would_lose_acts_is_refused_unless_the_operator_accepts_it() {
    let test = TestStore::new(Engine::Postgres, MIGRATIONS);
    test.tamper(
        "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$",
    );
    let strict = Options {
        accept_weak_durability: false,
        ..test_options()
    };
    let refused = Store::open(test.location(), strict, test.clock().as_function());
    let message = refused.unwrap_err().to_string();
    assert!(
        message.contains("synchronous_commit is off, and must be on"),
        "{message}"
    );
    test.another().close();
}

#[test]
fn a_server_that_does_not_flush_is_refused_by_the_name_of_the_setting() {
    let clock = store::testing::TestClock::new();
    for (badly, setting) in [
        ("-c fsync=off", "fsync"),
        ("-c full_page_writes=off", "full_page_writes"),
        ("-c synchronous_commit=off", "synchronous_commit"),
    ] {
        let server = OwnServer::start(badly);
        let location = server.location("sslmode=disable");
        let refused = Store::open(&location, Options::default(), clock.as_function());
        let Err(OpenError::Durability { .. }) = &refused else {
            panic!("a server with {badly} was taken: {refused:?}");
        };
        let words = refused.unwrap_err().to_string();
        assert!(
            words.starts_with("the database would lose saved marks when power fails")
                && words.contains(&format!("{setting} is off, and must be on")),
            "{words}"
        );
        let accepted = Store::open(&location, test_options(), clock.as_function());
        accepted.expect("an operator may accept it").close();
    }
}

#[test]
fn a_server_that_goes_away_and_comes_back_is_used_again_by_every_thread() {
    let server = OwnServer::start("");
    let clock = store::testing::TestClock::new();
    let location = server.location("sslmode=disable");
    let store = Store::open(&location, Options::default(), clock.as_function()).unwrap();
    store.migrate(MIGRATIONS).unwrap();
    mark(&store, 1, 1, "/");
    server.crash();
    for _ in 0..8 {
        let away = store.read_now(|tx| journal::head(tx, SCHOOL));
        assert!(
            matches!(&away, Err(error) if error.is_passing()),
            "{away:?}"
        );
        let away = store.act_now(SCHOOL, |act| {
            act.describe(did("mark"));
            act.record(&MARK, &args![1, day(), 2, "/"])
        });
        assert!(
            matches!(&away, Err(error) if error.is_passing()),
            "{away:?}"
        );
    }
    server.start_again();
    // More requests than there are threads, so that each opens its connection again.
    for session in 2..12 {
        mark(&store, 1, session, "/");
        let head = store.read_now(|tx| journal::head(tx, SCHOOL)).unwrap();
        assert_eq!(head.unwrap().seq, session);
    }
    assert_whole(&store);
    store.close();
}

#[test]
fn a_reader_cannot_write() {
    each_engine(MIGRATIONS, |store| {
        let refused = store
            .read_now(|tx| tx.execute("insert into scrap (id, words) values (1, 'x')", &args![]));
        assert!(
            matches!(refused, Err(StoreError::Statement { .. })),
            "{refused:?}"
        );
    });
}

#[test]
fn a_read_is_one_snapshot() {
    each_engine(MIGRATIONS, |store| {
        let (read, was_read) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                store.read_now(move |tx| {
                    let before = journal::head(tx, SCHOOL)?;
                    read.send(()).unwrap();
                    wait.recv().unwrap();
                    Ok::<_, StoreError>((before, journal::head(tx, SCHOOL)?))
                })
            });
            was_read.recv().unwrap();
            mark(store, 1, 1, "/");
            go.send(()).unwrap();
            let (before, after) = reader.join().unwrap().unwrap();
            assert_eq!(before, after);
        });
    });
}

#[test]
fn a_write_that_answers_err_or_panics_leaves_nothing_and_the_thread_goes_on() {
    each_engine(MIGRATIONS, |store| {
        const ADD: &str = "insert into scrap (id, words) values ($1, 'x')";
        let refused = store.write_now(|tx| {
            tx.execute(ADD, &args![1])?;
            Err::<(), _>(StoreError::Held("no"))
        });
        assert!(matches!(refused, Err(StoreError::Held("no"))));
        for _ in 0..5 {
            let fault: Result<(), StoreError> = store.write_now(|tx| {
                tx.execute(ADD, &args![1])?;
                panic!("a fault");
            });
            let Err(StoreError::Panicked { message }) = fault else {
                panic!("{fault:?}")
            };
            assert_eq!(message, "a fault");
            let fault: Result<(), StoreError> = store.read_now(|_| panic!("a fault {}", 2));
            assert!(matches!(fault, Err(StoreError::Panicked { .. })));
        }
        store.write_now(|tx| tx.execute(ADD, &args![1])).unwrap();
        let doubled = store.write_now(|tx| tx.execute(ADD, &args![1]));
        assert!(doubled.is_err_and(|error| error.is_unique()));
        let looked_away = store.write_now(|tx| {
            let _ = tx.execute(ADD, &args![1]);
            Ok::<_, StoreError>(())
        });
        assert!(matches!(looked_away, Err(StoreError::Broken)));
    });
}

#[test]
fn a_full_queue_refuses_at_once_and_what_waited_too_long_is_not_begun() {
    for engine in ENGINES {
        let options = Options {
            writers: 1,
            queue_limit: 3,
            waiting_limit: Duration::from_millis(50),
            ..test_options()
        };
        let store = TestStore::with(engine, MIGRATIONS, options);
        let (begun, has_begun) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(|| {
                store.write_now(move |_| {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                    Ok::<_, StoreError>(())
                })
            });
            has_begun.recv().unwrap();
            let waiting: Vec<_> = (0..3)
                .map(|session| {
                    let store = &store;
                    scope.spawn(move || {
                        store.act_now(SCHOOL, move |act| {
                            act.describe(did("mark"));
                            act.record(&MARK, &args![1, day(), session, "/"])
                        })
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(200));
            let refused = store.write_now(|_| Ok::<_, StoreError>(()));
            let Err(StoreError::QueueFull { waiting: 3 }) = refused else {
                panic!("{refused:?}")
            };
            let words = refused.unwrap_err().to_string();
            assert_eq!(words, "the database is busy: 3 requests already wait");
            go.send(()).unwrap();
            for act in waiting {
                let late = act.join().unwrap();
                assert!(
                    matches!(late, Err(StoreError::WaitedTooLong { .. })),
                    "{late:?}"
                );
            }
        });
        mark(&store, 1, 1, "/");
    }
}

#[test]
fn a_statement_that_runs_too_long_is_stopped_and_the_next_one_works() {
    for engine in ENGINES {
        let options = Options {
            read_limit: Duration::from_millis(150),
            ..test_options()
        };
        let store = TestStore::with(engine, MIGRATIONS, options);
        let stopped = store.read_now(|tx| tx.query_one(SLOW, &args![], |row| row.get::<i64>(0)));
        assert!(
            matches!(stopped, Err(StoreError::TimedOut { .. })),
            "{stopped:?}"
        );
        let one = store.read_now(|tx| tx.query_one("select 1", &args![], |row| row.get::<i64>(0)));
        assert_eq!(one.unwrap(), 1);
        // A proof or an export may take its time.
        let counted = store.read_now(|tx| {
            tx.lift_time_limit()?;
            let sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500000) select max(i) from n";
            tx.query_one(sql, &args![], |row| row.get::<i64>(0))
        });
        assert_eq!(counted.unwrap(), 1_500_000);
    }
}

#[test]
fn another_program_that_holds_the_database_too_long_is_an_error_with_a_name() {
    for engine in ENGINES {
        let options = Options {
            lock_limit: Duration::from_millis(200),
            ..test_options()
        };
        let store = TestStore::with(engine, MIGRATIONS, options);
        mark(&store, 1, 0, "/");
        let other = store.another();
        let (begun, has_begun) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(|| {
                other.act_now(SCHOOL, move |_| {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                    Ok::<_, StoreError>(())
                })
            });
            has_begun.recv().unwrap();
            let locked = store.act_now(SCHOOL, |_| Ok::<_, StoreError>(()));
            assert!(matches!(locked, Err(StoreError::Locked)), "{locked:?}");
            go.send(()).unwrap();
        });
        other.close();
        mark(&store, 1, 1, "/");
    }
}

const END_THE_OTHERS: &str = "\
    select pg_terminate_backend(pid) from pg_stat_activity \
    where datname = current_database() and pid <> pg_backend_pid()";
const END_MYSELF: &str = "select pg_terminate_backend(pg_backend_pid())";

#[test]
fn after_a_lost_connection_the_next_request_works() {
    let store = TestStore::new(Engine::Postgres, MIGRATIONS);
    mark(&store, 1, 1, "/");
    for session in 2..5 {
        store.tamper(END_THE_OTHERS);
        let head = store.read_now(|tx| journal::head(tx, SCHOOL)).unwrap();
        assert_eq!(head.unwrap().seq, session - 1);
        mark(&store, 1, session, "/");
    }
    assert_whole(&store);
}

#[test]
fn a_connection_lost_in_the_middle_saves_nothing_and_says_so() {
    let store = TestStore::new(Engine::Postgres, MIGRATIONS);
    let lost = store.act_now(SCHOOL, |act| {
        act.describe(did("mark"));
        act.record(&MARK, &args![1, day(), 1, "/"])?;
        act.tx()
            .query(END_MYSELF, &args![], |row| row.get::<bool>(0))
    });
    assert!(matches!(lost, Err(StoreError::ConnectionLost)), "{lost:?}");
    assert_eq!(mark(&store, 1, 2, "/"), 1);
    assert_whole(&store);
}

#[test]
fn a_connection_lost_during_the_commit_leaves_the_outcome_unknown() {
    let store = TestStore::new(Engine::Postgres, MIGRATIONS);
    store.tamper(
        "create function cut() returns trigger language plpgsql as \
         $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$; \
         create constraint trigger cut after insert on scrap deferrable initially deferred \
         for each row execute function cut()",
    );
    let unknown =
        store.write_now(|tx| tx.execute("insert into scrap (id, words) values (1, 'x')", &args![]));
    assert!(
        matches!(unknown, Err(StoreError::OutcomeUnknown)),
        "{unknown:?}"
    );
    mark(&store, 1, 1, "/");
}

#[test]
fn a_server_that_is_not_there_is_named_without_its_password() {
    let location = Location::parse("postgres://user:secret@127.0.0.1:1/none").unwrap();
    let clock = store::testing::TestClock::new();
    let refused = Store::open(&location, Options::default(), clock.as_function()).unwrap_err();
    assert!(matches!(refused, OpenError::Connect { .. }));
    let words = refused.to_string();
    assert!(
        words.contains("127.0.0.1") && !words.contains("secret"),
        "{words}"
    );
}

#[test]
fn closing_carries_out_what_waits_and_refuses_what_comes_after() {
    each_engine(MIGRATIONS, |store| {
        let other = store.another();
        let (answer, answers) = mpsc::channel();
        thread::scope(|scope| {
            for session in 0..30 {
                let (other, answer) = (&other, answer.clone());
                scope.spawn(move || {
                    let done = other.act_now(SCHOOL, move |act| {
                        act.describe(did("mark"));
                        act.record(&MARK, &args![1, day(), session, "/"])
                    });
                    answer.send(done).unwrap();
                });
            }
            thread::sleep(Duration::from_millis(20));
            other.close();
        });
        drop(answer);
        let mut done = 0;
        for answer in answers {
            match answer {
                Ok(()) => done += 1,
                Err(StoreError::Closed) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let head = store.read_now(|tx| journal::head(tx, SCHOOL)).unwrap();
        assert_eq!(head.map_or(0, |head| head.seq), done);
        let late = other.read_now(|_| Ok::<_, StoreError>(()));
        assert!(matches!(late, Err(StoreError::Closed)));
        other.close();
    });
}

#[test]
fn a_closed_store_leaves_one_tidy_file() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("school.db"));
    let clock = store::testing::TestClock::new();
    let store = Store::open(&location, Options::default(), clock.as_function()).unwrap();
    store.migrate(MIGRATIONS).unwrap();
    mark(&store, 1, 1, "/");
    // The last clone goes away on a thread of the store itself.
    let clone = store.clone();
    store
        .write_now(move |_| {
            drop(clone);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    drop(store);
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .map(|file| file.file_name())
        .collect();
    assert_eq!(files, ["school.db"]);
}

#[test]
fn a_protected_connection_is_protected() {
    let server = OwnServer::over_tls();
    let clock = store::testing::TestClock::new();
    let open =
        |words: &str| Store::open(&server.location(words), test_options(), clock.as_function());
    let protected = |store: &Store| {
        let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        store
            .read_now(move |tx| tx.query_one(sql, &args![], |row| row.get::<bool>(0)))
            .unwrap()
    };

    // This server is on this machine, so plain would be allowed; the server itself refuses it.
    assert!(matches!(
        open("sslmode=disable"),
        Err(OpenError::Connect { .. })
    ));
    assert!(protected(&open("sslmode=require").unwrap()));

    let roots = server.roots();
    let verified = open(&format!(
        "sslmode=verify-full sslrootcert={}",
        roots.display()
    ))
    .unwrap();
    assert!(protected(&verified));
    verified.migrate(MIGRATIONS).unwrap();
    mark(&verified, 1, 1, "/");

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.pem");
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&other, stranger.cert.pem()).unwrap();
    let refused = open(&format!(
        "sslmode=verify-full sslrootcert={}",
        other.display()
    ));
    assert!(
        matches!(refused, Err(OpenError::Connect { .. })),
        "{refused:?}"
    );
    std::fs::write(&other, "nothing").unwrap();
    let refused = open(&format!(
        "sslmode=verify-full sslrootcert={}",
        other.display()
    ));
    assert!(matches!(refused, Err(OpenError::Tls { .. })), "{refused:?}");
}
