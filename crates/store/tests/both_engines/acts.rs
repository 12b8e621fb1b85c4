//! Acts over a real store, on both engines.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::trial::{MARK, MIGRATIONS, PUPIL, SCHOOL, assert_whole, day, did, mark, name_pupil};
use calendar::Instant;
use store::journal::{self, ChangeKind};
use store::testing::{ENGINES, TestStore, each_engine};
use store::{Act, Ahead, Arg, Engine, SchoolId, Store, StoreError, Tx, args, held};

fn count(store: &Store, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get::<i64>(0)))
        .unwrap()
}

const MARKS: &str = "select count(*) from mark where school_id = $1";
const PUPILS: &str = "select count(*) from pupil where school_id = $1 and superseded_seq is null";

fn head(store: &Store, school: SchoolId) -> i64 {
    let head = store.read_now(move |tx| journal::head(tx, school)).unwrap();
    head.map_or(0, |head| head.seq)
}

#[test]
fn an_act_leaves_its_rows_its_entry_and_the_new_head() {
    each_engine(MIGRATIONS, |store| {
        let (seq, at) = store
            .act_now(SCHOOL, |act| {
                let pupil = act.new_id();
                assert_eq!((pupil, act.new_id()), (1, 2));
                name_pupil(act, pupil, "Sample")?;
                let marks = (1..4).map(|session| args![pupil, day(), session, "/"]);
                assert_eq!(act.record_many(&MARK, marks)?, 3);
                act.note("reason", "first\tday\nof term");
                Ok::<_, StoreError>((act.seq(), act.at()))
            })
            .unwrap();
        assert_eq!(seq, 1);
        store
            .read_now(move |tx| {
                let head = journal::head(tx, SCHOOL)?.unwrap();
                let entry = journal::entry(tx, SCHOOL, 1)?.unwrap();
                assert_eq!((head.seq, head.at, head.hash), (1, at, entry.hash));
                assert_eq!((entry.act.as_str(), entry.account), ("name", 1));
                assert_eq!(entry.job_title, "Attendance officer");
                let notes = journal::notes(tx, SCHOOL, 1)?;
                assert_eq!(notes, [("reason".into(), "first\tday\nof term".into())]);
                assert_eq!(journal::head(tx, SchoolId(9))?, None);
                assert_eq!(journal::entries_after(tx, SCHOOL, 1, 10)?, []);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert_eq!(count(store, MARKS), 3);
        assert_whole(store);
    });
}

#[test]
fn every_kind_of_value_comes_back_as_it_went_in() {
    each_engine(MIGRATIONS, |store| {
        let photograph: Vec<u8> = (0..=255).collect();
        let moment = Instant::from_micros(1_795_509_852_123_456);
        let long_ago = Instant::from_micros(-1);
        let surname = "O’Neill-王\\\t\n'$1'";
        let rows = [
            args![1, surname, day(), moment, true, &photograph],
            args![
                2,
                "Null",
                None::<calendar::Day>,
                None::<Instant>,
                None::<bool>,
                None::<Vec<u8>>
            ],
            args![
                i64::MAX,
                "Old",
                calendar::Day::new(1899, 12, 31),
                long_ago,
                false,
                Vec::new()
            ],
        ]
        .map(|row| row.map(Arg::into_owned));
        let expected = rows.clone();
        store
            .act_now(SCHOOL, move |act| {
                act.describe(did("admit"));
                act.record(&PUPIL, &rows[0])?;
                act.record_many(&PUPIL, &rows[1..])
            })
            .unwrap();
        let back = store
            .read_now(|tx| {
                tx.query(
                    "select pupil_id, surname, born, seen, boards, photograph from pupil \
                     where school_id = $1 order by pupil_id",
                    &args![SCHOOL],
                    |row| {
                        Ok::<_, StoreError>(args![
                            row.get::<i64>(0)?,
                            row.get::<String>(1)?,
                            row.get::<Option<calendar::Day>>(2)?,
                            row.get::<Option<Instant>>(3)?,
                            row.get::<Option<bool>>(4)?,
                            row.get::<Option<Vec<u8>>>(5)?
                        ])
                    },
                )
            })
            .unwrap();
        assert_eq!(back, expected);
        let found = store
            .read_now(move |tx| {
                tx.query_opt(
                    "select pupil_id from pupil where born = $1 and seen = $2 and boards = $3 and photograph = $4",
                    &args![day(), moment, true, &photograph],
                    |row| row.get::<i64>(0),
                )
            })
            .unwrap();
        assert_eq!(found, Some(1));
        let facts = store
            .read_now(|tx| journal::facts_since(tx, SCHOOL, 0, &[&PUPIL]))
            .unwrap();
        let told: Vec<_> = facts[0]
            .changes
            .iter()
            .map(|change| &change.values[..])
            .collect();
        assert_eq!(
            told,
            expected.iter().map(|row| &row[..]).collect::<Vec<_>>()
        );
        assert_whole(store);
    });
}

#[test]
fn a_column_that_holds_something_else_says_so() {
    each_engine(MIGRATIONS, |store| {
        let wrong =
            store.read_now(|tx| tx.query_one("select 'word'", &args![], |row| row.get::<i64>(0)));
        assert!(
            matches!(wrong, Err(StoreError::Column { index: 0, .. })),
            "{wrong:?}"
        );
        let absent =
            store.read_now(|tx| tx.query_one("select 1", &args![], |row| row.get::<i64>(3)));
        assert!(
            matches!(absent, Err(StoreError::Column { index: 3, .. })),
            "{absent:?}"
        );
        let none = store.read_now(|tx| {
            tx.query_one(
                "select 1 from pupil where school_id = $1",
                &args![0],
                |row| row.get::<i64>(0),
            )
        });
        assert!(matches!(none, Err(StoreError::NoRow { .. })), "{none:?}");
        let count = store.read_now(|tx| {
            tx.query_one(
                "select 1 from pupil where school_id = $1",
                &args![0, 1],
                |row| row.get::<i64>(0),
            )
        });
        assert!(
            matches!(count, Err(StoreError::Statement { .. })),
            "{count:?}"
        );
    });
}

#[test]
fn an_act_that_answers_err_leaves_nothing_and_no_number() {
    each_engine(MIGRATIONS, |store| {
        let refused = store.act_now(SCHOOL, |act| {
            act.new_id();
            name_pupil(act, 1, "Sample")?;
            Err::<(), _>(StoreError::Held("a refusal of the test's own"))
        });
        assert!(matches!(refused, Err(StoreError::Held(_))));
        assert_eq!((head(store, SCHOOL), count(store, PUPILS)), (0, 0));
        let (seq, id) = store
            .act_now(SCHOOL, |act| {
                let id = act.new_id();
                name_pupil(act, id, "Sample")?;
                Ok::<_, StoreError>((act.seq(), id))
            })
            .unwrap();
        assert_eq!((seq, id), (1, 1));
    });
}

#[test]
fn an_act_that_records_nothing_uses_no_number_and_one_that_is_described_does() {
    each_engine(MIGRATIONS, |store| {
        store.act_now(SCHOOL, |_| Ok::<_, StoreError>(())).unwrap();
        assert_eq!(head(store, SCHOOL), 0);
        store
            .act_now(SCHOOL, |act| {
                act.describe(did("read a safeguarding record"));
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert_eq!(head(store, SCHOOL), 1);
        let undescribed = store.act_now(SCHOOL, |act| act.record(&MARK, &args![1, day(), 1, "/"]));
        assert!(matches!(undescribed, Err(StoreError::NotDescribed)));
        assert_eq!((head(store, SCHOOL), count(store, MARKS)), (1, 0));
        assert_whole(store);
    });
}

#[test]
fn values_that_do_not_fit_the_table_are_refused_before_the_database_sees_them() {
    each_engine(MIGRATIONS, |store| {
        let misfits: [Vec<Arg<'static>>; 4] = [
            args![1, day(), 1].to_vec(),
            args![1, day(), 1, "/", 9].to_vec(),
            args![1, day(), "AM", "/"].to_vec(),
            args![1, day(), 1, "\0"].to_vec(),
        ];
        for values in misfits {
            let refused = store.act_now(SCHOOL, move |act| act.record_many(&MARK, [values]));
            assert!(
                matches!(refused, Err(StoreError::Misfit { table: "mark", .. })),
                "{refused:?}"
            );
        }
        let refused = store.act_now(SCHOOL, |act| act.supersede(&MARK, &args![1, day(), 1]));
        assert!(matches!(refused, Err(StoreError::Misfit { .. })));
        let refused = store.act_now(SCHOOL, |act| name_pupil(act, 1, ""));
        assert!(
            matches!(
                refused,
                Err(StoreError::Refused {
                    rule: store::Rule::Check,
                    ..
                })
            ),
            "{refused:?}"
        );
        assert_eq!(head(store, SCHOOL), 0);
    });
}

#[test]
fn a_later_version_supersedes_the_one_before() {
    each_engine(MIGRATIONS, |store| {
        for surname in ["First", "Second", "Third"] {
            store
                .act_now(SCHOOL, move |act| name_pupil(act, 5, surname))
                .unwrap();
        }
        let versions = store
            .read_now(|tx| {
                tx.query(
                    "select surname, seq, superseded_seq from pupil where school_id = $1 order by seq",
                    &args![SCHOOL],
                    |row| Ok::<_, StoreError>((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<Option<i64>>(2)?)),
                )
            })
            .unwrap();
        let expected = [
            ("First", 1, Some(2)),
            ("Second", 2, Some(3)),
            ("Third", 3, None),
        ];
        assert_eq!(
            versions,
            expected.map(|(name, seq, by)| (name.to_owned(), seq, by))
        );
        let ended = store
            .act_now(SCHOOL, |act| {
                act.describe(did("leave"));
                assert!(!act.supersede(&PUPIL, &args![99])?);
                act.supersede(&PUPIL, &args![5])
            })
            .unwrap();
        assert!(ended);
        assert_eq!(count(store, PUPILS), 0);
        assert_whole(store);
    });
}

#[test]
fn gathered_acts_stand_or_fall_alone() {
    each_engine(MIGRATIONS, |store| {
        // One act holds the writer while the others gather behind it.
        let (go, wait) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                store.act_now(SCHOOL, move |act| {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                    name_pupil(act, 1000, "Holder")
                })
            });
            has_begun.recv().unwrap();
            let acts: Vec<_> = (0..20)
                .map(|pupil| {
                    scope.spawn(move || {
                        store.act_now(SCHOOL, move |act| {
                            match pupil % 4 {
                                // The database refuses; the closure passes it on.
                                1 => name_pupil(act, pupil, "").map(|_| ())?,
                                // The database refuses; the closure looks away.
                                2 => drop(name_pupil(act, pupil, "")),
                                3 => panic!("a fault of pupil {pupil}"),
                                _ => name_pupil(act, pupil, "Sample").map(|_| ())?,
                            }
                            Ok::<_, StoreError>(act.seq())
                        })
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(100));
            go.send(()).unwrap();
            let mut numbers = Vec::new();
            for (pupil, act) in acts.into_iter().enumerate() {
                match (pupil % 4, act.join().unwrap()) {
                    (0, Ok(seq)) => numbers.push(seq),
                    (1, Err(StoreError::Refused { .. })) => {}
                    (2, Err(StoreError::Broken)) => {}
                    (3, Err(StoreError::Panicked { message })) => {
                        assert!(message.contains("a fault of pupil"))
                    }
                    (_, outcome) => panic!("pupil {pupil}: {outcome:?}"),
                }
            }
            numbers.sort_unstable();
            assert_eq!(numbers, [2, 3, 4, 5, 6]);
        });
        assert_eq!((head(store, SCHOOL), count(store, PUPILS)), (6, 6));
        assert_whole(store);
    });
}

#[test]
fn two_acts_on_the_same_facts_end_as_if_one_came_first() {
    each_engine(MIGRATIONS, |store| {
        let other = store.another();
        let (begun, has_begun) = mpsc::channel();
        let take = |act: &mut store::Act| {
            let sql = "select count(*) from mark where school_id = $1 and pupil_id = 1";
            let taken = act
                .tx()
                .query_one(sql, &args![SCHOOL], |row| row.get::<i64>(0))?;
            Ok::<_, StoreError>(taken > 0)
        };
        let write = |act: &mut store::Act| {
            act.record(&MARK, &args![1, day(), act.seq(), "/"])?;
            act.describe(did("mark"));
            Ok::<_, StoreError>(())
        };
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                store.act_now(SCHOOL, move |act| {
                    let taken = take(act)?;
                    begun.send(()).unwrap();
                    // The second act is asked for while this transaction is held open.
                    thread::sleep(Duration::from_millis(300));
                    if !taken {
                        write(act)?;
                    }
                    Ok::<_, StoreError>(taken)
                })
            });
            has_begun.recv().unwrap();
            let second = other.act_now(SCHOOL, move |act| {
                let taken = take(act)?;
                if !taken {
                    write(act)?;
                }
                Ok::<_, StoreError>(taken)
            });
            assert!(!first.join().unwrap().unwrap());
            assert!(
                second.unwrap(),
                "the second act saw what the first had done"
            );
        });
        other.close();
        assert_eq!((head(store, SCHOOL), count(store, MARKS)), (1, 1));
    });
}

#[test]
fn a_reader_never_skips_a_number() {
    each_engine(MIGRATIONS, |store| {
        let schools = [SCHOOL, SchoolId(8)];
        let other = store.another();
        let each = 60;
        thread::scope(|scope| {
            for school in schools {
                for (process, writer) in [&**store, &other].into_iter().enumerate() {
                    scope.spawn(move || {
                        for turn in 0..each {
                            let session = (process * 1000 + turn) as i64;
                            writer
                                .act_now(school, move |act| {
                                    act.record(&MARK, &args![1, day(), session, "/"])?;
                                    act.describe(did("mark"));
                                    Ok::<_, StoreError>(())
                                })
                                .unwrap();
                        }
                    });
                }
                scope.spawn(move || {
                    let last = 2 * each as i64;
                    let mut seen = 0;
                    while seen < last {
                        let facts = store
                            .read_now(move |tx| journal::facts_since(tx, school, seen, &[&MARK]))
                            .unwrap();
                        for act in facts {
                            assert_eq!(act.seq, seen + 1);
                            assert_eq!(act.changes.len(), 1);
                            seen = act.seq;
                        }
                    }
                });
            }
        });
        other.close();
        assert_whole(store);
    });
}

#[test]
fn an_act_never_happens_before_the_one_before_it() {
    each_engine(MIGRATIONS, |store| {
        mark(store, 1, 1, "/");
        store.clock().set(Instant::from_micros(5));
        mark(store, 1, 2, "/");
        let entries = store
            .read_now(|tx| journal::entries_after(tx, SCHOOL, 0, 9))
            .unwrap();
        assert_eq!(entries[0].at, entries[1].at);
        assert_whole(store);
    });
}

#[test]
fn facts_tell_what_was_recorded_and_superseded_in_chosen_tables() {
    each_engine(MIGRATIONS, |store| {
        store
            .act_now(SCHOOL, |act| name_pupil(act, 1, "First"))
            .unwrap();
        store
            .act_now(SCHOOL, |act| {
                act.record(&MARK, &args![1, day(), 1, "L"])?;
                name_pupil(act, 1, "Second")
            })
            .unwrap();
        let facts = store
            .read_now(|tx| journal::facts_since(tx, SCHOOL, 1, &[&PUPIL]))
            .unwrap();
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].touched, ["mark", "pupil"]);
        assert!(facts[0].complete);
        let kinds: Vec<_> = facts[0]
            .changes
            .iter()
            .map(|change| (change.table, change.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("pupil", ChangeKind::Superseded { version: 1 }),
                ("pupil", ChangeKind::Recorded)
            ]
        );
        assert_eq!(facts[0].changes[0].values, [Arg::Int(1)]);
    });
}

#[test]
fn held_rows_come_into_effect_all_at_once_at_their_release() {
    each_engine(MIGRATIONS, |store| {
        let hold = |group: i64, session: i64| {
            store
                .act_now(SCHOOL, move |act| {
                    act.hold(group)?;
                    act.record(&MARK, &args![1, day(), session, "/"])?;
                    act.describe(did("import"));
                    Ok::<_, StoreError>(())
                })
                .unwrap();
        };
        const IN_EFFECT: &str = "select count(*) from mark m where m.school_id = $1 and not exists \
            (select 1 from held_act h where h.school_id = m.school_id and h.seq = m.seq and h.released_seq is null)";
        hold(1, 1);
        mark(store, 1, 1, "L");
        hold(1, 2);
        hold(2, 3);
        let open = |store: &Store| store.read_now(|tx| held::open_groups(tx, SCHOOL)).unwrap();
        assert_eq!((count(store, MARKS), count(store, IN_EFFECT)), (4, 1));
        assert_eq!(open(store), [1, 2]);
        let facts = store
            .read_now(|tx| journal::facts_since(tx, SCHOOL, 0, &[&MARK]))
            .unwrap();
        let changed: Vec<_> = facts.iter().map(|act| act.changes.len()).collect();
        assert_eq!(changed, [0, 1, 0, 0]);
        assert_whole(store);

        let (released, abandoned) = store
            .act_now(SCHOOL, |act| {
                act.describe(did("publish"));
                Ok::<_, StoreError>((act.release(1)?, act.abandon(2)?))
            })
            .unwrap();
        assert_eq!((released, abandoned), (2, 1));
        assert_eq!((count(store, IN_EFFECT), open(store)), (3, vec![]));
        let facts = store
            .read_now(|tx| journal::facts_since(tx, SCHOOL, 4, &[&MARK]))
            .unwrap();
        let came: Vec<_> = facts[0].changes.iter().map(|change| change.seq).collect();
        assert_eq!(
            (came, &facts[0].touched[..]),
            (vec![1, 3], &["mark".to_owned()][..])
        );
        assert_whole(store);

        let again = store.act_now(SCHOOL, |act| act.release(2)).unwrap();
        assert_eq!(again, 0);
        let versions = store.act_now(SCHOOL, |act| {
            act.hold(3)?;
            name_pupil(act, 1, "Held")
        });
        assert!(matches!(versions, Err(StoreError::Held(_))));
    });
}

#[test]
fn an_act_can_be_asked_for_from_asynchronous_code() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    for engine in ENGINES {
        let store = TestStore::new(engine, MIGRATIONS);
        runtime.block_on(async {
            store.found_school(SCHOOL).await.unwrap();
            let acts: Vec<_> = (0..40)
                .map(|pupil| {
                    let store = Store::clone(&store);
                    tokio::spawn(async move {
                        store
                            .act(SCHOOL, move |act| name_pupil(act, pupil, "Sample"))
                            .await
                    })
                })
                .collect();
            for act in acts {
                act.await.unwrap().unwrap();
            }
            let pupils = store
                .read(|tx| tx.query_one(PUPILS, &args![SCHOOL], |row| row.get::<i64>(0)))
                .await
                .unwrap();
            assert_eq!(pupils, 40);
            store
                .write(|tx| {
                    tx.execute(
                        "insert into scrap (id, words) values ($1, $2)",
                        &args![1, "x"],
                    )
                })
                .await
                .unwrap();
            let report = store
                .verify(&[SCHOOL], &crate::trial::TABLES, |_| {})
                .await
                .unwrap();
            assert_eq!((report.acts, report.rows), (40, 40));
            assert!(report.is_whole());
        });
    }
}

#[test]
fn every_statement_of_the_store_prepares_on_both_engines() {
    each_engine(MIGRATIONS, |store| {
        let mut all = store::statements(store.engine());
        for table in crate::trial::TABLES {
            all.extend(table.statements());
        }
        store
            .write_now(move |tx| {
                for sql in &all {
                    tx.prepare(sql)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert_eq!(
            store.engine() == Engine::Postgres,
            store.location().engine() == Engine::Postgres
        );
    });
}

const NOTE: &str = "insert into scrap (id, words) values ($1, $2)";
const WORDS: &str = "select words from scrap where id = $1";

fn words(tx: &mut Tx, id: i64) -> Result<Option<String>, StoreError> {
    tx.query_opt(WORDS, &args![id], |row| row.get(0))
}

#[test]
fn what_was_put_stands_when_the_next_question_is_answered_and_at_the_end() {
    each_engine(MIGRATIONS, |store| {
        let found = store
            .write_now(|tx| {
                tx.put(NOTE, &args![1, "put"])?;
                let found = words(tx, 1)?;
                tx.put(NOTE, &args![2, "put last"])?;
                Ok::<_, StoreError>(found)
            })
            .unwrap();
        assert_eq!(found.as_deref(), Some("put"));
        let last = store.read_now(|tx| words(tx, 2)).unwrap();
        assert_eq!(last.as_deref(), Some("put last"));
        let refused = store.write_now(|tx| tx.put(NOTE, &args![2, "again"]));
        assert!(matches!(
            refused,
            Err(StoreError::Refused {
                rule: store::Rule::Unique,
                ..
            })
        ));
        let in_a_read = store.read_now(|tx| tx.put(NOTE, &args![3, "in a read"]));
        assert!(in_a_read.is_err());
        assert_eq!(store.read_now(|tx| words(tx, 3)).unwrap(), None);
    });
}

#[test]
fn a_question_asked_ahead_is_answered_as_if_it_had_not_been() {
    each_engine(MIGRATIONS, |store| {
        store
            .write_now(|tx| {
                tx.ahead(WORDS, &args![1])?;
                tx.put(NOTE, &args![1, "one"])?;
                assert_eq!(words(tx, 1)?.as_deref(), Some("one"));
                for id in [1, 2, 1, 3] {
                    tx.ahead(WORDS, &args![id])?;
                }
                assert_eq!(words(tx, 2)?, None);
                assert_eq!(words(tx, 1)?.as_deref(), Some("one"));
                assert_eq!(words(tx, 1)?.as_deref(), Some("one"));
                tx.execute(
                    "update scrap set words = $2 where id = $1",
                    &args![1, "two"],
                )?;
                assert_eq!(words(tx, 1)?.as_deref(), Some("two"));
                Ok::<_, StoreError>(())
            })
            .unwrap();
    });
}

#[test]
fn what_an_act_asks_with_its_head_is_answered_after_the_act_before_it() {
    const WRITTEN: &str = "select count(*) from scrap";
    async fn save(store: Store) -> Result<(i64, i64), StoreError> {
        let ask = |mut ahead: Ahead<'_>| ahead.ask(WRITTEN, &args![]);
        let act = |act: &mut Act| {
            let before = act.tx().query_one(WRITTEN, &args![], |row| row.get(0))?;
            let seq = act.seq();
            act.tx().put(NOTE, &args![seq, "written"])?;
            name_pupil(act, seq, "Sample")?;
            Ok((seq, before))
        };
        store.act_asking(SCHOOL, ask, act).await
    }
    each_engine(MIGRATIONS, |store| {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        // Each alone, then all at once, so that some share a transaction.
        let answers = runtime.block_on(async {
            let mut answers = Vec::new();
            for _ in 0..5 {
                answers.push(save(Store::clone(store)).await.unwrap());
            }
            let acts: Vec<_> = (0..20)
                .map(|_| tokio::spawn(save(Store::clone(store))))
                .collect();
            for act in acts {
                answers.push(act.await.unwrap().unwrap());
            }
            answers
        });
        for (seq, before) in answers {
            assert_eq!(before, seq - 1);
        }
        assert_eq!((head(store, SCHOOL), count(store, PUPILS)), (25, 25));
        assert_whole(store);
    });
}

#[test]
fn what_is_known_of_a_school_is_asked_again_once_an_act_may_have_changed_it() {
    const NAMES: &str = "select count(*) from pupil where school_id = $1";
    /// How many pupils an act believes there are, and whether it asked.
    fn pupils(act: &mut Act) -> Result<(i64, bool), StoreError> {
        let (school, mut asked) = (act.school(), false);
        let known = act.known("pupils", |tx| {
            asked = true;
            tx.query_one(NAMES, &args![school], |row| row.get::<i64>(0))
        })?;
        Ok((*known, asked))
    }
    each_engine(MIGRATIONS, |store| {
        let name = |id: i64| store.act_now(SCHOOL, move |act| name_pupil(act, id, "Sample"));
        let look = || store.act_now(SCHOOL, pupils).unwrap();
        name(1).unwrap();
        assert_eq!(look(), (1, true));
        assert_eq!(look(), (1, false));
        // Another act may have changed it.
        name(2).unwrap();
        assert_eq!(look(), (2, true));
        // One that leaves facts alone says so.
        let left = store.act_now(SCHOOL, |act: &mut Act| {
            act.leaves_facts();
            let before = pupils(act)?;
            name_pupil(act, 3, "Sample")?;
            Ok::<_, StoreError>((before, pupils(act)?))
        });
        assert_eq!(
            left.unwrap(),
            ((2, false), (3, true)),
            "what it changed itself it asks"
        );
        assert_eq!(look(), (2, false), "it was believed, wrongly here");
        // What an act found that came to nothing is not believed by the act that gets its number.
        let failed = store.act_now(SCHOOL, |act: &mut Act| {
            name_pupil(act, 4, "Sample")?;
            assert_eq!(pupils(act)?, (4, true));
            Err::<(), _>(StoreError::Broken)
        });
        assert!(matches!(failed, Err(StoreError::Broken)));
        name(5).unwrap();
        assert_eq!(look(), (4, true));
        // Another school knows nothing of it, and another program's act is seen.
        assert_eq!(
            store.act_now(SchoolId(SCHOOL.0 + 1), pupils).unwrap(),
            (0, true)
        );
        store
            .another()
            .act_now(SCHOOL, |act| name_pupil(act, 6, "Sample"))
            .unwrap();
        assert_eq!(look(), (5, true));
    });
}

#[test]
fn an_act_whose_question_fails_comes_to_nothing() {
    each_engine(MIGRATIONS, |store| {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let failed = runtime.block_on(store.act_asking(
            SCHOOL,
            |_| Err(StoreError::Broken),
            |act| name_pupil(act, 1, "Nobody"),
        ));
        assert!(matches!(failed, Err(StoreError::Broken)), "{failed:?}");
        store
            .act_now(SCHOOL, |act| name_pupil(act, 2, "Sample"))
            .unwrap();
        assert_eq!((head(store, SCHOOL), count(store, PUPILS)), (1, 1));
        assert_whole(store);
    });
}

#[test]
fn ids_that_a_gathered_act_took_after_a_journalled_one_are_taken() {
    each_engine(MIGRATIONS, |store| {
        let (go, wait) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                store.act_now(SCHOOL, move |act| {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                    name_pupil(act, 1, "Holder")
                })
            });
            has_begun.recv().unwrap();
            let ids: Vec<_> = (0..6)
                .map(|turn| {
                    scope.spawn(move || {
                        store.act_now(SCHOOL, move |act| {
                            let id = act.new_id();
                            if turn % 2 == 0 {
                                name_pupil(act, 100 + id, "Sample")?;
                            }
                            Ok::<_, StoreError>(id)
                        })
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(100));
            go.send(()).unwrap();
            let mut ids: Vec<i64> = ids
                .into_iter()
                .map(|id| id.join().unwrap().unwrap())
                .collect();
            ids.sort_unstable();
            assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
        });
        let next = store.act_now(SCHOOL, |act| Ok::<_, StoreError>(act.new_id()));
        assert_eq!(next.unwrap(), 7);
        assert_eq!(head(store, SCHOOL), 4);
        assert_whole(store);
    });
}

#[test]
fn rows_that_the_schema_refuses_undo_their_own_act_and_no_other() {
    each_engine(MIGRATIONS, |store| {
        let (go, wait) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                store.act_now(SCHOOL, move |act| {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                    name_pupil(act, 1, "Holder")
                })
            });
            has_begun.recv().unwrap();
            let acts: Vec<_> = (0..6)
                .map(|pupil| {
                    scope.spawn(move || {
                        store.act_now(SCHOOL, move |act| {
                            act.describe(did("mark"));
                            // An act that marks one place twice, and then asks nothing more.
                            let sessions: &[i64] = if pupil % 2 == 0 { &[1, 2] } else { &[1, 1] };
                            let marks = sessions
                                .iter()
                                .map(|session| args![pupil, day(), *session, "/"]);
                            act.record_many(&MARK, marks)
                        })
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(100));
            go.send(()).unwrap();
            for (pupil, act) in acts.into_iter().enumerate() {
                match (pupil % 2, act.join().unwrap()) {
                    (0, Ok(2)) | (1, Err(StoreError::Refused { .. })) => {}
                    (_, outcome) => panic!("pupil {pupil}: {outcome:?}"),
                }
            }
        });
        assert_eq!((head(store, SCHOOL), count(store, MARKS)), (4, 6));
        assert_whole(store);
    });
}

#[test]
fn few_rows_and_many_are_recorded_alike() {
    each_engine(MIGRATIONS, |store| {
        for (pupil, rows) in [(1, 0), (2, 1), (3, 100), (4, 101), (5, 5_000)] {
            let recorded = store.act_now(SCHOOL, move |act| {
                act.describe(did("mark"));
                act.record_many(&MARK, (0..rows).map(|row| args![pupil, day(), row, "/"]))
            });
            assert_eq!(recorded.unwrap(), rows as u64);
        }
        assert_eq!(count(store, MARKS), 5_202);
        assert_whole(store);
    });
}
