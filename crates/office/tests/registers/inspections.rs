//! An inspector's visit: let in with a reason, reading both registers and changing nothing, every look written down, over by itself.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::Session;
use office::desk::Office;
use office::people::inspections::{Inspection, inspections};
use office::people::{Role, SignInToken};
use office::registers::Change;
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use store::{StoreError, args};

use crate::school::{
    SCHOOL, account, ask, at, at_on, changes, e, found, get, mark, office, save_as, take, today,
    token,
};

const OF_A: &str = "/registers/101/2026-11-24/am";

fn post(
    office: &Arc<Office>,
    account: i64,
    path: &str,
    form: &[(&str, &str)],
) -> (StatusCode, String) {
    let form = serde_urlencoded::to_string(form).expect("a form of text");
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, form)
}

const ASKED: [(&str, &str); 6] = [
    ("person", "A Sample"),
    ("body", "Ofsted"),
    ("first", "2026-11-24"),
    ("last", "2026-11-25"),
    ("name", "a.sample.inspector"),
    ("reason", "inspection notified yesterday"),
];

/// The visits on file.
fn visits(store: &TestStore) -> Vec<Inspection> {
    let found = store.read_now(|tx| inspections(tx, SCHOOL));
    found.expect("the visits can be read")
}

/// Lets an inspector in for today and tomorrow, who signs in and chooses a password; answers their account.
fn visited(store: &TestStore, office: &Arc<Office>) -> i64 {
    let (status, page) = post(
        office,
        account(Role::Headteacher),
        "/inspections/new",
        &ASKED,
    );
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("It is shown this once"), "{page}");
    let account = visits(store)[0].account.0;
    store
        .write_now(move |tx| {
            let own = args![account];
            tx.execute("update account set must_change_password = false where account_id = $1", &own)?;
            tx.execute(
                "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)",
                &args![
                    SignInToken::of(&token(account)).bytes(),
                    account,
                    SCHOOL,
                    "a device",
                    at("06:00"),
                    at_on("2027-09-01", "06:00"),
                    at_on("2027-09-01", "06:00")
                ],
            )
            .map(drop)
        })
        .map_err(|error: StoreError| error)
        .expect("the inspector signs in");
    account
}

fn amended(store: &TestStore) {
    let manager = account(Role::AttendanceManager);
    store.clock().set(at("08:50"));
    let first = changes(vec![mark(e(1), "N", 0)]);
    let saved = save_as(store, manager, crate::school::A, today(Session::Am), &first);
    let base = saved.expect("the manager may").results[0].base;
    store.clock().set(at("09:50"));
    let dentist = Change {
        note: Some("dentist".to_owned()),
        reason: Some("the parent rang".to_owned()),
        ..mark(e(1), "M", base)
    };
    let saved = save_as(
        store,
        manager,
        crate::school::A,
        today(Session::Am),
        &changes(vec![dentist]),
    );
    saved.expect("the manager may");
}

#[test]
fn an_inspector_reads_both_registers_with_their_amendments_and_changes_nothing() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        amended(store);
        let office = office(store);
        let inspector = visited(store, &office);
        for (path, says) in [
            ("/", "Inspect"),
            ("/admission-register", "Sample"),
            (OF_A, "read-only"),
            ("/registers/101/2026-11-24/am/history", "the parent rang"),
            ("/pupils/301", "Pupil1"),
            ("/pupils/301/contacts", "Pupil1"),
            ("/pupils/301/amendments", "Entry"),
            ("/codes", "R-023"),
            ("/figures", "Attendance"),
            (
                "/as-known/2026-11-24T09:00/registers/101/2026-11-24/am",
                "As known at 09:00",
            ),
            ("/changes?page=/pupils/301&from=1", "the parent rang"),
        ] {
            let (status, page) = get(&office, inspector, path);
            assert_eq!(status, StatusCode::OK, "{path}: {page}");
            assert!(path == "/" || page.contains(says), "{path}: {page}");
        }
        for closed in [
            "/people",
            "/imports",
            "/journal",
            "/inspections",
            "/settings",
            "/cover",
        ] {
            let (status, page) = get(&office, inspector, closed);
            assert_ne!(status, StatusCode::OK, "{closed}: {page}");
        }
        let save = changes(vec![mark(e(2), "/", 0)]);
        let saved = save_as(
            store,
            inspector,
            crate::school::A,
            today(Session::Am),
            &save,
        );
        assert!(saved.is_err(), "{saved:?}");
        for (path, form) in [
            ("/pupils/301/amend", [("reason", "x")]),
            ("/pupils/301/end", [("reason", "x")]),
            ("/year/closures", [("reason", "x")]),
        ] {
            let (status, page) = post(&office, inspector, path, &form);
            assert!(status.is_client_error(), "{path}: {status} {page}");
        }
        let (status, extract) = take(&office, inspector, "/admission-register", "csv");
        assert_eq!(status, StatusCode::OK, "{extract}");
    });
}

#[test]
fn every_look_of_an_inspector_is_written_down_and_nobody_elses() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:50"));
        let office = office(store);
        let inspector = visited(store, &office);
        assert_eq!(visits(store)[0].looks, 0);
        get(&office, inspector, "/pupils/301");
        get(&office, inspector, "/pupils?q=Pupil2");
        get(&office, inspector, "/as-known/1/pupils/302");
        get(&office, inspector, "/people");
        get(&office, account(Role::Headteacher), "/pupils/303");
        assert_eq!(visits(store)[0].looks, 3, "what is closed is not looked at");
        let id = visits(store)[0].id;
        let (status, page) = get(
            &office,
            account(Role::Headteacher),
            &format!("/inspections/{id}"),
        );
        assert_eq!(status, StatusCode::OK, "{page}");
        for said in [
            "<td>/pupils/301</td>",
            "<td>/pupils</td>",
            "<td>/as-known/1/pupils/302</td>",
            "3 of 3 pages",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(!page.contains("Pupil2"), "words of a search are not kept");
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        assert!(report.expect("the journal can be read").is_whole());
    });
}

#[test]
fn a_visit_ends_by_itself_with_its_last_day_or_at_once_with_a_reason() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:50"));
        let office = office(store);
        let inspector = visited(store, &office);
        store.clock().set(at_on("2026-11-25", "23:50"));
        assert_eq!(
            get(&office, inspector, "/admission-register").0,
            StatusCode::OK
        );
        let id = visits(store)[0].id;
        store.clock().set(at_on("2026-11-26", "00:01"));
        assert_eq!(
            get(&office, inspector, "/admission-register").0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(get(&office, inspector, OF_A).0, StatusCode::NOT_FOUND);
        let again = [
            ("first", "2026-11-26"),
            ("last", "2026-11-27"),
            ("name", "another"),
        ];
        let asked: Vec<(&str, &str)> = ASKED
            .iter()
            .map(|(name, value)| {
                again
                    .into_iter()
                    .find(|(own, _)| own == name)
                    .unwrap_or((*name, *value))
            })
            .collect();
        let head = account(Role::Headteacher);
        let (status, page) = post(&office, head, "/inspections/new", &asked);
        assert_eq!(status, StatusCode::OK, "{page}");
        let second = visits(store)[0].clone();
        assert_ne!(second.id, id);
        let end = format!("/inspections/{}/end", second.id);
        let (status, _) = post(&office, head, &end, &[("reason", "")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, _) = post(&office, head, &end, &[("reason", "they were done by ten")]);
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(visits(store)[0].is_over("2026-11-26".parse().expect("a day")));
        let (_, page) = get(&office, head, &format!("/inspections/{}", second.id));
        assert!(page.contains("they were done by ten"), "{page}");
    });
}

#[test]
fn only_who_answers_for_the_registers_lets_an_inspector_in_and_for_days_that_make_sense() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:50"));
        let office = office(store);
        for role in Role::ALL {
            let may = matches!(
                role,
                Role::Headteacher | Role::DeputyHeadPastoral | Role::AttendanceManager
            );
            let (status, _) = get(&office, account(*role), "/inspections");
            assert_eq!(status == StatusCode::OK, may, "{role:?}");
            if !may {
                let (status, _) = post(&office, account(*role), "/inspections/new", &ASKED);
                assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
            }
        }
        assert!(visits(store).is_empty());
        for (name, value) in [
            ("last", "2026-11-23"),
            ("last", "2026-12-08"),
            ("reason", ""),
            ("person", ""),
            ("name", "two words"),
        ] {
            let asked: Vec<(&str, &str)> = ASKED
                .iter()
                .map(|(own, given)| (*own, if *own == name { value } else { *given }))
                .collect();
            let (status, page) = post(
                &office,
                account(Role::Headteacher),
                "/inspections/new",
                &asked,
            );
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {page}");
        }
        assert!(visits(store).is_empty());
    });
}
