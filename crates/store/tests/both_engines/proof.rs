//! The proof finds what was altered, added or taken away, and says where.

use crate::trial::{
    MARK, MIGRATIONS, PUPIL, SCHOOL, TABLES, assert_whole, day, did, mark, name_pupil,
};
use proptest::prelude::*;
use store::testing::{ENGINES, TestStore, each_engine};
use store::{Act, Arg, Engine, Forgot, Forgotten, Location, SchoolId, StoreError, args, journal};

/// A school with three acts: a pupil with two versions, marks recorded in bulk.
fn little_school(store: &TestStore) {
    store
        .act_now(SCHOOL, |act| {
            act.note("reason", "first day");
            name_pupil(act, 1, "First")
        })
        .unwrap();
    store
        .act_now(SCHOOL, |act| {
            name_pupil(act, 2, "Other")?;
            name_pupil(act, 1, "Second")
        })
        .unwrap();
    store
        .act_now(SCHOOL, |act| {
            act.describe(did("mark"));
            act.record_many(&MARK, (1..=3).map(|session| args![1, day(), session, "/"]))
        })
        .unwrap();
    assert_whole(store);
}

/// What the proof says of the first school that is not whole.
fn found(store: &TestStore) -> String {
    let report = store.verify_now(&[], &TABLES, |_| {}).unwrap();
    report
        .differences
        .first()
        .map_or("nothing".to_owned(), ToString::to_string)
}

#[test]
fn every_alteration_is_found_and_named() {
    let cases = [
        (
            "update mark set code = 'N' where session = 2",
            "school 7, act 3, mark of pupil_id 1, on_date 2026-11-24, session 2, code: the row was altered",
        ),
        (
            "update mark set seq = 2 where session = 2",
            "school 7, act 2, mark of pupil_id 1, on_date 2026-11-24, session 2: no act recorded the row",
        ),
        (
            "update mark set seq = 9 where session = 2",
            "school 7, act 3, mark of pupil_id 1, on_date 2026-11-24, session 2: the row is missing",
        ),
        (
            "delete from mark where session = 3",
            "school 7, act 3, mark of pupil_id 1, on_date 2026-11-24, session 3: the row is missing",
        ),
        (
            "insert into mark (school_id, pupil_id, on_date, session, seq, code) values (7, 1, '2026-11-25', 1, 3, '/')",
            "school 7, act 3, mark of pupil_id 1, on_date 2026-11-25, session 1: no act recorded the row",
        ),
        (
            "insert into mark (school_id, pupil_id, on_date, session, seq, code) values (7, 1, '2026-11-25', 1, 40, '/')",
            "school 7, act 40, mark of pupil_id 1, on_date 2026-11-25, session 1: no act recorded the row",
        ),
        (
            "insert into mark (school_id, pupil_id, on_date, session, seq, code) values (9, 1, '2026-11-25', 1, 1, '/')",
            "school 9, mark: the school has no head row, so nothing of it can be proved",
        ),
        (
            "update pupil set surname = 'Third' where surname = 'Second'",
            "school 7, act 2, pupil of pupil_id 1, surname: the row was altered",
        ),
        (
            "update pupil set born = '2010-01-01' where surname = 'First'",
            "school 7, act 1, pupil of pupil_id 1, born: the row was altered",
        ),
        (
            "update pupil set boards = null where surname = 'Other'",
            "school 7, act 2, pupil of pupil_id 2, boards: the row was altered",
        ),
        (
            "delete from pupil where surname = 'First'",
            "school 7, act 1, pupil of pupil_id 1: the row is missing",
        ),
        (
            "update pupil set superseded_seq = 3 where surname = 'First'",
            "school 7, act 2, pupil of pupil_id 1, superseded_seq: the act superseded this row, and the row does not say so",
        ),
        (
            "update pupil set superseded_seq = 3 where surname = 'Other'",
            "school 7, act 3, pupil of pupil_id 2, superseded_seq: the row says that the act superseded it, and it did not",
        ),
        (
            "update pupil set superseded_seq = case surname when 'First' then null else 2 end where pupil_id = 1",
            "school 7, act 2, pupil of pupil_id 1, superseded_seq: the act superseded this row, and the row does not say so",
        ),
        (
            "update journal_entry set account_id = 2 where seq = 2",
            "school 7, act 2, journal_entry: the entry or its hash was altered: the chain does not hold",
        ),
        (
            "update journal_entry set subject = 'another' where seq = 3",
            "school 7, act 3, journal_entry: the entry or its hash was altered: the chain does not hold",
        ),
        (
            "update journal_entry set hash = digest where seq = 1",
            "school 7, act 1, journal_entry: the entry or its hash was altered: the chain does not hold",
        ),
        (
            "update journal_entry set digest = hash where seq = 2",
            "school 7, act 2, journal_entry: the entry or its hash was altered: the chain does not hold",
        ),
        (
            "update journal_entry set salt = digest where seq = 1",
            "school 7, act 1, journal_payload: the payload was altered: its digest is another",
        ),
        (
            "delete from journal_entry where seq = 2",
            "school 7, act 2, journal_entry: the entry is missing",
        ),
        (
            "delete from journal_entry where seq = 3",
            "school 7, act 3, journal_entry: the school's head knows this act, and its entry is missing",
        ),
        (
            "update journal_entry set seq = 4 where seq = 3",
            "school 7, act 3, journal_entry: the entry is missing",
        ),
        (
            "delete from journal_payload where seq = 2",
            "school 7, act 2, journal_payload: the payload is missing",
        ),
        (
            "update journal_payload set payload = null where seq = 2",
            "school 7, act 2, journal_payload: the payload is gone, and no act erased it",
        ),
        (
            "update journal_payload set payload = null, erased_seq = 3 where seq = 2",
            "school 7, act 2, journal_payload: the payload is gone, and no act erased it",
        ),
        (
            "update journal_payload set seq = 4 where seq = 3",
            "school 7, act 3, journal_payload: the payload is missing",
        ),
        (
            "insert into held_act (school_id, seq, group_id) values (7, 3, 1)",
            "school 7, act 3, held_act: whether the act is held, released or abandoned is not what the journal says",
        ),
        (
            "update school_head set seq = 2",
            "school 7, act 3, journal_entry: the school's head does not know this act",
        ),
        (
            "update school_head set hash = (select hash from journal_entry where seq = 1)",
            "school 7, act 3, school_head: the school's head has another hash or moment than its newest act",
        ),
        (
            "delete from school_head",
            "school 7, journal_entry: the school has no head row, so nothing of it can be proved",
        ),
    ];
    for engine in ENGINES {
        for (sql, expected) in cases {
            let store = TestStore::new(engine, MIGRATIONS);
            little_school(&store);
            // The index over current versions is in the way of some alterations; whoever alters rows can drop it.
            store.tamper("drop index pupil_current");
            store.tamper(sql);
            assert_eq!(found(&store), expected, "{engine:?}: {sql}");
        }
    }
}

#[test]
fn every_altered_byte_of_a_payload_is_found() {
    let store = TestStore::new(Engine::Sqlite, MIGRATIONS);
    little_school(&store);
    let length = store
        .read_now(|tx| {
            let sql = "select length(payload) from journal_payload where seq = $1";
            tx.query_one(sql, &args![1], |row| row.get::<i64>(0))
        })
        .unwrap();
    for byte in 0..length {
        let kept = "create table kept as select payload from journal_payload where seq = 1";
        store.tamper(kept);
        store.tamper(&format!(
            "update journal_payload set payload = cast(substr(payload, 1, {byte}) || x'07' || \
             substr(payload, {byte} + 2) as blob) where seq = 1"
        ));
        assert!(found(&store).starts_with("school 7, act 1, journal_payload"));
        store.tamper(
            "update journal_payload set payload = (select payload from kept) where seq = 1; drop table kept",
        );
    }
    assert_whole(&store);
}

#[test]
fn ids_that_would_be_given_again_are_found() {
    each_engine(MIGRATIONS, |store| {
        store
            .act_now(SCHOOL, |act| {
                let id = act.new_id();
                name_pupil(act, id, "Sample")
            })
            .unwrap();
        assert_whole(store);
        store.tamper("update school_head set next_id = 1");
        assert_eq!(
            found(store),
            "school 7, school_head, next_id: ids that were given already would be given again"
        );
    });
}

#[test]
fn schools_are_proved_apart() {
    each_engine(MIGRATIONS, |store| {
        little_school(store);
        let other = SchoolId(8);
        store
            .act_now(other, |act| name_pupil(act, 1, "Elsewhere"))
            .unwrap();
        store.tamper("update pupil set surname = 'X' where school_id = 8");
        let report = store.verify_now(&[SCHOOL], &TABLES, |_| {}).unwrap();
        assert!(report.is_whole());
        assert_eq!((report.acts, report.rows, report.heads.len()), (3, 6, 1));
        let report = store.verify_now(&[], &TABLES, |_| {}).unwrap();
        let schools: Vec<_> = report
            .differences
            .iter()
            .map(|found| found.school)
            .collect();
        assert_eq!(schools, [other]);
        let report = store.verify_now(&[SchoolId(5)], &TABLES, |_| {}).unwrap();
        assert!(!report.is_whole());
    });
}

/// Erases everything of a pupil's marks, or the pupil.
fn forget(act: &mut Act, pupil: i64, marks: &[i64]) -> Result<Forgot, StoreError> {
    let mut forgotten = Forgotten::default();
    match marks {
        [] => forgotten.add(&PUPIL, vec![Arg::Int(pupil)]),
        sessions => {
            for session in sessions {
                let id = vec![Arg::Int(pupil), Arg::Day(day()), Arg::Int(*session)];
                forgotten.add(&MARK, id);
            }
        }
    }
    act.describe(did("erase"));
    act.forget(&forgotten)
}

#[test]
fn what_is_erased_leaves_the_chain_and_the_proof_of_every_row_that_stays() {
    each_engine(MIGRATIONS, |store| {
        little_school(store);
        // Pupil 1 is told of by two acts, one of which tells of pupil 2 as well.
        let gone = store.act_now(SCHOOL, |act| forget(act, 1, &[])).unwrap();
        let expected = Forgot {
            rows: 2,
            shortened: 1,
            emptied: 1,
        };
        assert_eq!(gone, expected);
        let gone = store.act_now(SCHOOL, |act| forget(act, 1, &[2])).unwrap();
        assert_eq!((gone.rows, gone.shortened, gone.emptied), (1, 1, 0));
        assert_whole(store);
        let notes = store.read_now(|tx| journal::notes(tx, SCHOOL, 1)).unwrap();
        assert_eq!(notes, []);
        let facts = store
            .read_now(|tx| journal::facts_since(tx, SCHOOL, 0, &[&PUPIL]))
            .unwrap();
        let complete: Vec<bool> = facts.iter().map(|act| act.complete).collect();
        assert_eq!(complete, [false, true, true, false, false]);
        assert_eq!(facts[1].changes.len(), 1);
        // A second erasure takes more out of the same act, and then all of it.
        let gone = store.act_now(SCHOOL, |act| forget(act, 1, &[1])).unwrap();
        assert_eq!((gone.rows, gone.shortened), (1, 1));
        assert_whole(store);
        let gone = store
            .act_now(SCHOOL, |act| forget(act, 1, &[1, 3]))
            .unwrap();
        assert_eq!((gone.rows, gone.emptied), (1, 1));
        assert_whole(store);
        let again = store.act_now(SCHOOL, |act| forget(act, 1, &[])).unwrap();
        assert_eq!(again, Forgot::default());
    });
}

#[test]
fn what_is_altered_after_an_erasure_is_found() {
    let cases = [
        (
            "update mark set code = 'N' where session = 1",
            "school 7, act 3, mark of pupil_id 1, on_date 2026-11-24, session 1, code: the row was altered",
        ),
        (
            "insert into mark (school_id, pupil_id, on_date, session, seq, code) values (7, 1, '2026-11-24', 2, 3, '/')",
            "school 7, act 3, mark of pupil_id 1, on_date 2026-11-24, session 2: no act recorded the row",
        ),
        (
            "insert into pupil (school_id, pupil_id, seq, surname) values (7, 1, 1, 'Back')",
            "school 7, act 1, pupil of pupil_id 1: no act recorded the row",
        ),
        (
            "update journal_payload set payload = (select payload from journal_payload where seq = 2) where seq = 3",
            "school 7, act 3, journal_payload: the payload was altered: its digest is another",
        ),
        (
            "update journal_payload set erased_seq = 4 where seq = 3",
            "school 7, act 3, journal_payload: the payload was altered: its digest is another",
        ),
        (
            "update journal_payload set erased_seq = 5 where seq = 1",
            "school 7, act 1, journal_payload: the payload is gone, and no act erased it",
        ),
        (
            "update journal_payload set payload = (select payload from journal_payload where seq = 2) where seq = 1",
            "school 7, act 1, journal_payload: the payload was altered: its digest is another",
        ),
        (
            "update journal_payload set payload = null where seq = 2",
            "school 7, act 2, journal_payload: the payload is gone, and no act erased it",
        ),
    ];
    for engine in ENGINES {
        for (sql, expected) in cases {
            let store = TestStore::new(engine, MIGRATIONS);
            little_school(&store);
            store.act_now(SCHOOL, |act| forget(act, 1, &[])).unwrap();
            store.act_now(SCHOOL, |act| forget(act, 1, &[2])).unwrap();
            assert_whole(&store);
            store.tamper(sql);
            assert_eq!(found(&store), expected, "{sql}");
        }
    }
}

#[test]
fn nothing_of_what_was_erased_is_left_in_the_files() {
    let store = TestStore::new(Engine::Sqlite, MIGRATIONS);
    store
        .act_now(SCHOOL, |act| name_pupil(act, 1, "Unmistakable"))
        .unwrap();
    store
        .act_now(SCHOOL, |act| name_pupil(act, 2, "Stays"))
        .unwrap();
    let holds = |words: &str| {
        let Location::Sqlite(path) = store.location() else {
            panic!("this engine has files");
        };
        let files = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder");
        files
            .filter_map(|file| std::fs::read(file.expect("a file").path()).ok())
            .any(|bytes| {
                bytes
                    .windows(words.len())
                    .any(|part| part == words.as_bytes())
            })
    };
    assert!(holds("Unmistakable"));
    store.act_now(SCHOOL, |act| forget(act, 1, &[])).unwrap();
    store.sweep_now().unwrap();
    assert!(holds("Stays"));
    assert!(!holds("Unmistakable"));
    assert_whole(&store);
}

#[test]
fn a_column_added_later_leaves_earlier_acts_proved() {
    each_engine(MIGRATIONS, |store| {
        // Payloads as an earlier version of the program wrote them: without the last two columns.
        static EARLIER: store::Table = store::Table {
            name: "pupil",
            id: PUPIL.id,
            columns: &[
                store::Column::new("surname", store::Kind::Text),
                store::Column::nullable("born", store::Kind::Day),
            ],
            shape: store::Shape::Versions,
        };
        store
            .act_now(SCHOOL, |act| {
                act.describe(did("admit"));
                act.record(&EARLIER, &args![1, "Early", day()])
            })
            .unwrap();
        store
            .act_now(SCHOOL, |act| name_pupil(act, 1, "Late"))
            .unwrap();
        assert_whole(store);
        let facts = store
            .read_now(|tx| journal::facts_since(tx, SCHOOL, 0, &[&PUPIL]))
            .unwrap();
        let early = &facts[0].changes[0].values;
        assert_eq!(
            early[..],
            args![1, "Early", day(), None::<i64>, None::<i64>, None::<i64>]
        );
        store.tamper("update pupil set born = '2001-01-01' where seq = 1");
        assert_eq!(
            found(store),
            "school 7, act 1, pupil of pupil_id 1, born: the row was altered"
        );
    });
}

#[test]
fn progress_is_told_to_the_end() {
    let store = TestStore::new(Engine::Sqlite, MIGRATIONS);
    little_school(&store);
    let (tell, told) = std::sync::mpsc::channel();
    store
        .verify_now(&[], &TABLES, move |progress| tell.send(progress).unwrap())
        .unwrap();
    let last = told.iter().last().unwrap();
    assert_eq!((last.done, last.total), (6, 6));
}

/// Something that an act may do.
#[derive(Debug, Clone)]
enum Deed {
    Name(i64, String),
    Leave(i64),
    Marks(Vec<(i64, i64)>),
    HeldMarks(i64, Vec<(i64, i64)>),
    Release(i64),
    Abandon(i64),
    Forget(i64),
    Fail(i64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let marks = || proptest::collection::vec((0..5_i64, 0..3_i64), 1..6);
    let deed = prop_oneof![
        4 => (0..5_i64, "[a-c\\\\\t\n’]{1,4}").prop_map(|(pupil, name)| Deed::Name(pupil, name)),
        2 => (0..5_i64).prop_map(Deed::Leave),
        3 => marks().prop_map(Deed::Marks),
        2 => (0..2_i64, marks()).prop_map(|(group, marks)| Deed::HeldMarks(group, marks)),
        1 => (0..2_i64).prop_map(Deed::Release),
        1 => (0..2_i64).prop_map(Deed::Abandon),
        2 => (0..5_i64).prop_map(Deed::Forget),
        1 => (0..5_i64).prop_map(Deed::Fail),
    ];
    proptest::collection::vec(deed, 1..40)
}

fn do_it(act: &mut Act, deed: Deed) -> Result<(), StoreError> {
    let marks = |act: &mut Act, mut marks: Vec<(i64, i64)>| {
        marks.sort_unstable();
        marks.dedup();
        let rows = marks
            .into_iter()
            .map(|(pupil, session)| args![pupil, day(), session, "/"]);
        act.record_many(&MARK, rows).map(|_| ())
    };
    act.describe(did("deed"));
    match deed {
        Deed::Name(pupil, name) => name_pupil(act, pupil, &name).map(|_| ()),
        Deed::Leave(pupil) => act.supersede(&PUPIL, &args![pupil]).map(|_| ()),
        Deed::Marks(rows) => marks(act, rows),
        Deed::HeldMarks(group, rows) => {
            act.hold(group)?;
            marks(act, rows)
        }
        Deed::Release(group) => act.release(group).map(|_| ()),
        Deed::Abandon(group) => act.abandon(group).map(|_| ()),
        Deed::Forget(pupil) => forget(act, pupil, &[]).map(|_| ()),
        Deed::Fail(pupil) => name_pupil(act, pupil, "").map(|_| ()),
    }
}

fn whatever_is_done_is_proved(engine: Engine, deeds: &[Deed]) {
    let store = TestStore::new(engine, MIGRATIONS);
    for deed in deeds.iter().cloned() {
        let _ = store.act_now(SCHOOL, move |act| do_it(act, deed));
    }
    assert_whole(&store);
    let before = store.read_now(journal::heads).unwrap();
    let one_more = mark(&store, 99, 1, "L");
    assert_eq!(one_more, before.first().map_or(0, |(_, head)| head.seq) + 1);
    store.tamper("update mark set code = 'M' where pupil_id = 99");
    assert!(found(&store).ends_with("session 1, code: the row was altered"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_is_done_is_proved_on_sqlite(deeds in deeds()) {
        whatever_is_done_is_proved(Engine::Sqlite, &deeds);
    }

    #[test]
    fn whatever_is_done_is_proved_on_postgres(deeds in deeds()) {
        whatever_is_done_is_proved(Engine::Postgres, &deeds);
    }
}

#[test]
fn a_borrowed_value_is_the_value() {
    let value = Arg::from("text");
    assert_eq!(value.borrowed(), value);
}
