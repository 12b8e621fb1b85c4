//! Preservation for six years and erasure with proof, on both engines.

use std::sync::Arc;

use axum::http::StatusCode;
use calendar::{Day, Instant};
use office::book::{BookError, Shelf};
use office::desk::Refusal;
use office::evidence::records::{EVIDENCE_FILE, EVIDENCE_SCAN};
use office::ids::{AccountId, PupilId};
use office::people::{Actor, Limits, Role};
use office::preservation::{
    NewHold, approve, ask, carry_out, outlook, place_hold, release_hold, withdraw,
};
use office::registers::records::MARK_VERSION;
use office::roll::records::{ENROLMENT, PUPIL};
use office::{CHRONICLE, MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, Location, StoreError, args, journal};

use crate::school::{SCHOOL, at_on, day, e, office, take};

/// Somebody who decides about disposal.
fn lead(account: i64) -> Actor {
    Actor {
        account: AccountId(account),
        school: SCHOOL,
        name: format!("Lead {account}"),
        job_title: "Data protection lead".to_owned(),
        staff: None,
        roles: vec![Role::DataProtectionLead],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}

fn did(what: &'static str) -> Entry<'static> {
    Entry {
        account: 1,
        job_title: "Registrar",
        act: what,
        subject: "a test".to_owned(),
    }
}

fn marks(
    store: &TestStore,
    on: &'static str,
    session: i64,
    who: &'static [i64],
    note: &'static str,
) {
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            act.describe(did("mark"));
            let rows = who.iter().map(|number| {
                args![
                    e(*number),
                    day(on),
                    session,
                    "I",
                    None::<i64>,
                    None::<Instant>,
                    format!("{note}-{number}"),
                    None::<&str>,
                    "register",
                    None::<Instant>,
                    None::<&str>
                ]
            });
            act.record_many(&MARK_VERSION, rows).map(drop)
        })
        .expect("marks");
}

/// A school of 2020: three pupils on roll, one of whom left that year, with marks then and one amended four years later.
fn old_school(store: &TestStore) {
    store.clock().set(at_on("2020-11-09", "08:00"));
    store
        .write_now(|tx| {
            tx.execute(
                "insert into school (school_id, name, founded_at) values ($1, $2, $3)",
                &args![SCHOOL, "Sample School", at_on("2020-11-09", "08:00")],
            )
        })
        .expect("a school");
    store
        .act_now(SCHOOL, |act| {
            let none = None::<&str>;
            for number in 1..=3_i64 {
                let name = format!("Unvergessen{number}");
                let left = (number == 3).then(|| day("2020-11-13"));
                act.record(
                    &PUPIL,
                    &args![
                        300 + number,
                        400 + number,
                        none,
                        none,
                        none,
                        format!("A{number}"),
                        &name,
                        &name,
                        "",
                        &name,
                        &name,
                        none,
                        day("2010-11-02")
                    ],
                )?;
                act.record(
                    &ENROLMENT,
                    &args![
                        e(number),
                        300 + number,
                        "C",
                        day("2020-09-02"),
                        none,
                        left,
                        left.map(|_| "A"),
                        none,
                        none,
                        none
                    ],
                )?;
                let file = 500 + number;
                act.record(
                    &EVIDENCE_FILE,
                    &args![
                        file,
                        300 + number,
                        None::<i64>,
                        "pdf",
                        9,
                        "00",
                        "office",
                        1,
                        format!("Rezept-{number}"),
                        day("2020-11-09"),
                        at_on("2020-11-09", "08:00"),
                        none
                    ],
                )?;
                act.record(
                    &EVIDENCE_SCAN,
                    &args![file, "clean", none, at_on("2020-11-09", "08:00")],
                )?;
                act.tx().execute(
                    "insert into evidence_content (school_id, evidence_id, sealed) values ($1, $2, $3)",
                    &args![SCHOOL, file, format!("inhalt-{number}").as_bytes()],
                )?;
            }
            act.describe(did("set up"));
            Ok::<_, StoreError>(())
        })
        .expect("a roll");
    marks(store, "2020-11-09", 0, &[1, 2, 3], "morgens");
    marks(store, "2020-11-09", 1, &[1, 2, 3], "mittags");
    store.clock().set(at_on("2024-11-11", "08:00"));
    marks(store, "2020-11-09", 1, &[2], "berichtigt");
    store.clock().set(at_on("2026-11-22", "09:00"));
}

fn whole(store: &TestStore) -> Vec<String> {
    let report = store.verify_now(&[], TABLES, |_| {}).expect("a proof");
    report.differences.iter().map(ToString::to_string).collect()
}

fn asked(store: &TestStore, by: i64, today: Option<Day>) -> Result<i64, Refusal> {
    let by = lead(by);
    store.act_now(SCHOOL, move |act| ask(act, &by, "yearly review", today))
}

fn approved(store: &TestStore, by: i64, id: i64, today: Option<Day>) -> Result<(), Refusal> {
    let by = lead(by);
    store.act_now(SCHOOL, move |act| approve(act, &by, id, today))
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)))
        .expect("a count")
}

const MARKS: &str = "select count(*) from mark_version where school_id = $1";
const PUPILS: &str = "select count(*) from pupil where school_id = $1";
const FILES: &str = "select count(*) from evidence_file where school_id = $1";
const SCANS: &str = "select count(*) from evidence_scan where school_id = $1";
const CONTENTS: &str = "select count(*) from evidence_content where school_id = $1";

/// Whether a text stands anywhere that the engine keeps: in the files of SQLite, in the payloads and rows of PostgreSQL.
fn holds(store: &TestStore, text: &'static str) -> bool {
    if let Location::Sqlite(path) = store.location() {
        let files = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder");
        return files
            .filter_map(|file| std::fs::read(file.expect("a file").path()).ok())
            .any(|bytes| {
                bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
            });
    }
    let payloads: Vec<Option<Vec<u8>>> = store
        .read_now(|tx| {
            let all = "select payload from journal_payload where school_id = $1";
            tx.query(all, &args![SCHOOL], |row| row.get(0))
        })
        .expect("payloads");
    let in_journal = payloads.into_iter().flatten().any(|bytes| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    });
    let notes: Vec<Option<String>> = store
        .read_now(|tx| {
            let all = "select note from mark_version where school_id = $1";
            tx.query(all, &args![SCHOOL], |row| row.get(0))
        })
        .expect("notes");
    let names: Vec<String> = store
        .read_now(|tx| {
            let all = "select surname from pupil where school_id = $1";
            tx.query(all, &args![SCHOOL], |row| row.get(0))
        })
        .expect("names");
    in_journal
        || notes
            .into_iter()
            .flatten()
            .chain(names)
            .any(|one| one == text)
}

#[test]
fn what_is_due_goes_on_the_word_of_two_people_and_everything_else_stays_proved() {
    each_engine(MIGRATIONS, |store| {
        old_school(store);
        let today = Some(day("2026-11-22"));
        // Nothing happened for two years, so a person confirms the day.
        let doubted = asked(store, 21, None);
        assert!(
            matches!(&doubted, Err(Refusal::Wrong(ground)) if ground.contains("nothing bears out")),
            "{doubted:?}"
        );
        assert!(asked(store, 21, Some(day("2026-11-23"))).is_err());
        let hold = {
            let by = lead(21);
            let new = NewHold {
                pupil: PupilId(301),
                reason: "a claim".to_owned(),
                owner: "The head".to_owned(),
                review_on: day("2027-11-22"),
            };
            store
                .act_now(SCHOOL, move |act| place_hold(act, &by, &new))
                .expect("a hold")
        };
        let id = asked(store, 21, today).expect("an erasure");
        let own = approved(store, 21, id, today);
        assert!(
            matches!(&own, Err(Refusal::Wrong(ground)) if ground.contains("a second person")),
            "{own:?}"
        );
        // Nobody has approved it: nothing can be carried out.
        assert!(carry_out(store, SCHOOL, id, &mut || true).is_err());
        assert_eq!(count(store, MARKS), 7);
        approved(store, 22, id, today).expect("approved");
        // Broken off at the first step, and gone on with: two marks of the morning, the record of the third pupil.
        carry_out(store, SCHOOL, id, &mut || false).expect("broken off");
        let seen = store.read_now(|tx| outlook(tx, SCHOOL, day("2026-11-22")));
        let seen = seen.expect("an outlook");
        assert_eq!((seen.approved.as_slice(), seen.held), (&[id][..], 1));
        let mut steps = 0;
        carry_out(store, SCHOOL, id, &mut || {
            steps += 1;
            steps < 2
        })
        .expect("broken off after the places");
        assert_eq!(whole(store), Vec::<String>::new());
        carry_out(store, SCHOOL, id, &mut || true).expect("done");
        assert_eq!(whole(store), Vec::<String>::new());
        // The held pupil has two; the second has the afternoon, which was amended too lately.
        assert_eq!(count(store, MARKS), 4);
        assert_eq!(count(store, PUPILS), 2);
        // A pupil's evidence goes with the record: rows, what the scanner said, bytes.
        for of in [FILES, SCANS, CONTENTS] {
            assert_eq!(count(store, of), 2, "{of}");
        }
        for gone in [
            "morgens-2",
            "morgens-3",
            "mittags-3",
            "Unvergessen3",
            "Rezept-3",
            "inhalt-3",
        ] {
            assert!(!holds(store, gone), "{gone}");
        }
        for stays in [
            "morgens-1",
            "mittags-1",
            "mittags-2",
            "berichtigt-2",
            "Unvergessen1",
        ] {
            assert!(holds(store, stays), "{stays}");
        }
        // Whose word it was stands in the journal.
        let entries = store
            .read_now(|tx| journal::entries_after(tx, SCHOOL, 0, 100))
            .expect("entries");
        let eraser = entries.iter().find(|entry| entry.act == "erase entries");
        let eraser = eraser.expect("a step");
        assert_eq!(
            (eraser.account, eraser.job_title.as_str()),
            (22, "Data protection lead")
        );
        let report = store.verify_now(&[], TABLES, |_| {}).expect("a proof");
        let erased: Vec<_> = report.erased.iter().map(|one| one.account).collect();
        assert!(erased.iter().all(|account| *account == 22) && !erased.is_empty());
        // The hold is released: what it kept is due.
        let by = lead(22);
        store
            .act_now(SCHOOL, move |act| release_hold(act, &by, hold, "settled"))
            .expect("released");
        let seen = store.read_now(|tx| outlook(tx, SCHOOL, day("2026-11-22")));
        assert_eq!(seen.expect("an outlook").places, 2);
        let again = asked(store, 22, today).expect("another");
        let by = lead(21);
        store
            .act_now(SCHOOL, move |act| withdraw(act, &by, again))
            .expect("withdrawn");
        assert!(approved(store, 21, again, today).is_err());
        // An altered byte is found after it as before it.
        store.tamper("update mark_version set code = 'N' where enrolment_id = 201 and session = 0");
        let found = whole(store);
        assert!(found[0].contains("code: the row was altered"), "{found:?}");
    });
}

#[test]
fn who_looks_back_sees_nothing_of_what_another_program_has_erased() {
    each_engine(MIGRATIONS, |store| {
        old_school(store);
        let shelf = Arc::new(Shelf::default());
        let head = store.read_now(|tx| journal::head(tx, SCHOOL));
        let then = head.expect("a head").expect("a school").seq;
        let names = || {
            let shelf = Arc::clone(&shelf);
            let book: Result<_, BookError> = store.read_now(move |tx| {
                tx.as_known(&CHRONICLE, SCHOOL, then);
                shelf.book(tx, SCHOOL)
            });
            let book = book.expect("a book of then");
            let names: Vec<String> = (book.roll.pupils.iter())
                .map(|pupil| pupil.legal_surname.clone())
                .collect();
            names
        };
        assert_eq!(names().len(), 3);
        let today = Some(day("2026-11-22"));
        let id = asked(store, 21, today).expect("an erasure");
        approved(store, 22, id, today).expect("approved");
        assert_eq!(names().len(), 3, "nothing is gone yet");
        // By the command line, say: nobody tells this shelf.
        carry_out(store, SCHOOL, id, &mut || true).expect("done");
        assert_eq!(names(), ["Unvergessen1", "Unvergessen2"]);
    });
}

#[test]
fn a_clock_is_not_borne_out_by_what_the_program_does_by_itself() {
    each_engine(MIGRATIONS, |store| {
        old_school(store);
        for night in 1..20 {
            let at = at_on("2026-11-22", "09:00").plus_seconds((night - 20) * 86_400);
            store.clock().set(at);
            let told: Result<(), StoreError> = store.act_now(SCHOOL, |act| {
                act.describe(Entry {
                    account: 0,
                    ..did("back up everything")
                });
                Ok(())
            });
            told.expect("told");
        }
        store.clock().set(at_on("2026-11-22", "09:00"));
        assert!(asked(store, 21, None).is_err());
    });
}

#[test]
fn an_entry_waits_for_the_day_on_which_its_six_years_are_over() {
    each_engine(MIGRATIONS, |store| {
        old_school(store);
        let due = |today: &'static str| {
            let seen = store.read_now(move |tx| outlook(tx, SCHOOL, day(today)));
            seen.expect("an outlook").places
        };
        assert_eq!(due("2026-11-08"), 0);
        assert_eq!(due("2026-11-09"), 5);
        // The amended place waits for its amendment.
        assert_eq!(due("2030-11-10"), 5);
        assert_eq!(due("2030-11-11"), 6);
    });
}

#[test]
fn only_whom_the_matrix_gives_disposal_sees_it_and_the_certificate_names_nobody() {
    each_engine(MIGRATIONS, |store| {
        crate::school::found(store);
        let office = office(store);
        let page =
            |role| crate::school::get(&office, crate::school::account(role), "/preservation");
        let (status, shown) = page(Role::DataProtectionLead);
        assert_eq!(status, StatusCode::OK, "{shown}");
        assert!(shown.contains("Place a legal hold"));
        let (status, shown) = page(Role::Headteacher);
        assert_eq!(status, StatusCode::OK);
        assert!(!shown.contains("Place a legal hold"));
        assert_eq!(page(Role::AttendanceManager).0, StatusCode::NOT_FOUND);
        let lead = crate::school::account(Role::DataProtectionLead);
        let (status, _) = take(&office, lead, "/preservation/1", "pdf");
        assert_eq!(status, StatusCode::NOT_FOUND);
    });
}
