//! Truancy sweeps: what the officers told, with the mark of that minute, and who may read it. On both engines.

use axum::http::{Request, StatusCode, header};
use calendar::Session;
use office::people::Role;
use office::{MIGRATIONS, TABLES};
use store::args;
use store::testing::{TestStore, each_engine};

use crate::school::{
    A, SCHOOL, TUTOR_OF_B, account, ask, at, changes, e, found, get, mark, office, save_as, take,
    today,
};

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn post(store: &TestStore, account: i64, path: &str, body: &str) -> (StatusCode, String) {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(&office(store), account, request, body.to_owned())
}

fn newest(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)))
        .expect("a number")
}

const SWEEP: &str = "day=2026-11-24&area=Sampleton+centre&premises=Sample+Road+centre&officers=PC+100,+Ms+A+Sample&authorised=Superintendent,+until+16:00";

#[test]
fn a_pupil_met_by_a_sweep_is_kept_with_the_mark_of_that_minute_whatever_the_register_says_later() {
    at_school(|store| {
        store.clock().set(at("08:50"));
        let am = today(Session::Am);
        save_as(store, officer(), A, am, &changes(vec![mark(e(1), "N", 0)])).unwrap();
        store.clock().set(at("10:40"));
        assert_eq!(
            post(store, officer(), "/sweeps/new", SWEEP).0,
            StatusCode::SEE_OTHER
        );
        let sweep = newest(
            store,
            "select max(sweep_id) from truancy_sweep where school_id = $1",
        );
        let path = format!("/sweeps/{sweep}/met/{}", e(1));
        let met = "place=Bus+station&officer=PC+100&said=On+the+way+to+the+dentist&taken=School";
        let (status, page) = post(store, officer(), &path, &format!("at=11:30&{met}"));
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "to come: {page}");
        let (status, page) = post(store, officer(), &path, "at=10:15&place=Bus+station");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Write down the account given"), "{page}");
        assert_eq!(
            post(store, officer(), &path, &format!("at=10:15&{met}")).0,
            StatusCode::SEE_OTHER
        );
        // The mark is put right afterwards: what stood at 10:15 stays with the entry.
        let seq = newest(
            store,
            "select max(seq) from mark_version where school_id = $1",
        );
        let mut amended = mark(e(1), "M", seq);
        amended.reason = Some("Appointment card seen".into());
        save_as(store, officer(), A, am, &changes(vec![amended])).unwrap();
        let (_, page) = get(&office(store), officer(), &format!("/sweeps/{sweep}"));
        assert!(
            page.contains("Sample, Pupil1") && page.contains("N, "),
            "{page}"
        );
        assert!(
            page.contains("On the way to the dentist") && page.contains("not yet"),
            "{page}"
        );

        let entry = newest(
            store,
            "select max(child_id) from sweep_child where school_id = $1",
        );
        let later = format!("/sweeps/{sweep}/of/{entry}");
        let told = "what=told&text=Mother+by+Ms+Sample,+10:45";
        assert_eq!(
            post(store, officer(), &later, told).0,
            StatusCode::SEE_OTHER
        );
        let (status, file) = take(&office(store), officer(), "/sweeps", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(
            file.contains("Bus station")
                && file.contains("10:15")
                && file.contains("Mother by Ms Sample"),
            "{file}"
        );
        let pupil = format!("/pupils/{}/record", 301);
        let (_, record) = get(&office(store), officer(), &pupil);
        assert!(record.contains(&format!("/sweeps/{sweep}")), "{record}");

        let wrong = "what=withdraw&text=It+was+another+child";
        assert_eq!(
            post(store, officer(), &later, wrong).0,
            StatusCode::SEE_OTHER
        );
        assert!(
            !get(&office(store), officer(), "/sweeps")
                .1
                .contains("Pupil1")
        );
        assert!(
            get(&office(store), officer(), &format!("/sweeps/{sweep}"))
                .1
                .contains("withdrawn: It was another child")
        );
        assert_eq!(
            post(store, officer(), &later, told).0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            newest(
                store,
                "select count(*) from mark_version where school_id = $1"
            ),
            2,
            "it makes no mark"
        );
    });
}

#[test]
fn who_keeps_the_log_of_contacts_writes_sweeps_down_and_others_see_their_own_pupils_or_none() {
    at_school(|store| {
        store.clock().set(at("10:40"));
        assert_eq!(
            post(store, officer(), "/sweeps/new", SWEEP).0,
            StatusCode::SEE_OTHER
        );
        let sweep = newest(
            store,
            "select max(sweep_id) from truancy_sweep where school_id = $1",
        );
        for number in [1, 7] {
            let path = format!("/sweeps/{sweep}/met/{}", e(number));
            let met = "at=10:15&place=Park&officer=PC+100&said=None+given&taken=Nowhere";
            assert_eq!(post(store, officer(), &path, met).0, StatusCode::SEE_OTHER);
        }
        let left = format!("/sweeps/{sweep}/met/{}", e(6));
        assert_eq!(get(&office(store), officer(), &left).0, StatusCode::OK);
        assert_eq!(
            post(
                store,
                officer(),
                &left,
                "at=10:15&place=P&officer=O&said=S&taken=T"
            )
            .0,
            StatusCode::NOT_FOUND,
            "left the school on 20 November"
        );
        let (status, page) = get(&office(store), TUTOR_OF_B, "/sweeps");
        assert_eq!(status, StatusCode::OK);
        assert!(
            page.contains("Pupil7") && !page.contains("Pupil1"),
            "{page}"
        );
        for role in [Role::Tutor, Role::Dsl] {
            assert_eq!(
                post(store, account(role), "/sweeps/new", SWEEP).0,
                StatusCode::NOT_FOUND,
                "{role:?}"
            );
        }
        for role in [
            Role::Governor,
            Role::SupportOrCover,
            Role::SystemAdministrator,
        ] {
            assert_eq!(
                get(&office(store), account(role), "/sweeps").0,
                StatusCode::NOT_FOUND,
                "{role:?}"
            );
        }
        assert!(
            get(&office(store), account(Role::Dsl), "/sweeps")
                .1
                .contains("Pupil1")
        );
    });
}
