//! Asking for medical evidence: the two grounds, who decides, the review, and where the flag is seen, on both engines (E-024).

use axum::http::{Request, StatusCode, header};
use calendar::{Session, Slot};
use office::desk::Refusal;
use office::evidence::{NewRequest, Reviewed, ask_for, review};
use office::ids::PupilId;
use office::people::Role;
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use welfare::evidence_request::Ground;

use crate::school::{
    B, SCHOOL, TUTOR_OF_B, account, actor, ask, at_on, changes, day, e, found, get, mark, office,
    save_as, take,
};

const TUESDAY: &str = "2026-11-24";
const PAGE: &str = "/pupils/308/evidence";

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at_on(TUESDAY, "08:05"));
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

fn eight() -> PupilId {
    PupilId(308)
}

fn mondays() -> NewRequest {
    NewRequest {
        ground: Ground::RepeatedAbsence,
        why: "Nine Mondays in ten weeks".to_owned(),
        decided_by: "Ms Sample, attendance manager".to_owned(),
        from: day(TUESDAY),
        review: day("2026-12-08"),
    }
}

fn asked(store: &TestStore, account: i64, new: &NewRequest) -> Result<i64, String> {
    let (actor, new) = (actor(store, account), new.clone());
    let done = store.act_now(SCHOOL, move |act| ask_for(act, &actor, eight(), &new));
    done.map_err(|refusal: Refusal| refusal.to_string())
}

fn reviewed(store: &TestStore, id: i64, what: Reviewed) -> Result<(), String> {
    let actor = actor(store, manager());
    let done = store.act_now(SCHOOL, move |act| review(act, &actor, eight(), id, &what));
    done.map_err(|refusal: Refusal| refusal.to_string())
}

fn page(store: &TestStore, account: i64, path: &str) -> String {
    get(&office(store), account, path).1
}

fn post(
    store: &TestStore,
    account: i64,
    path: &str,
    form: &[(&str, &str)],
) -> (StatusCode, String) {
    let form = serde_urlencoded::to_string(form).expect("a form of text");
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(&office(store), account, request, form)
}

/// A file for the eighth pupil, as the office adds one.
fn a_file(store: &TestStore) {
    let mut body = Vec::new();
    for (name, value) in [("what", "card"), ("about", TUESDAY)] {
        let part =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let clock = store.clock().tell();
    body.extend(b"--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.pdf\"\r\nContent-Type: text/plain\r\n\r\n");
    body.extend(format!("%PDF-1.4\na card of {clock:?}\n%%EOF\n").into_bytes());
    body.extend(b"\r\n--edge--\r\n");
    let request =
        Request::post(PAGE).header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    let (status, answer) = ask(&office(store), manager(), request, body);
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(answer.contains("One file is kept"), "{answer}");
}

#[test]
fn evidence_is_asked_for_on_one_of_two_grounds_with_the_law_on_the_screen_and_a_review() {
    at_school(|store| {
        let form = page(store, manager(), "/pupils/308/evidence/ask");
        for words in [
            "genuine and reasonable doubt",
            "repeated absence",
            "there is no blanket rule",
        ] {
            assert!(form.contains(words), "{words}: {form}");
        }
        let path = "/pupils/308/evidence/ask";
        let answers = [
            ("why", "Mondays"),
            ("decided_by", "Head"),
            ("from", TUESDAY),
        ];
        let (status, again) = post(store, manager(), path, &answers);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.contains("Without one of the two"), "{again}");
        let late = NewRequest {
            review: day("2027-02-17"),
            ..mondays()
        };
        let refused = asked(store, manager(), &late).expect_err("twelve weeks and a day");
        assert!(refused.contains("twelve weeks"), "{refused}");
        asked(store, manager(), &mondays()).expect("a request");
        let twice = asked(store, manager(), &mondays()).expect_err("one runs");
        assert!(twice.contains("There is one already"), "{twice}");
    });
}

#[test]
fn whoever_codes_an_illness_sees_the_flag_and_a_teacher_does_not() {
    at_school(|store| {
        asked(store, manager(), &mondays()).expect("a request");
        store.clock().set(at_on(TUESDAY, "08:50"));
        let slot = Slot::new(day(TUESDAY), Session::Am);
        let sent = vec![mark(e(7), "/", 0), mark(e(8), "N", 0), mark(e(9), "/", 0)];
        save_as(store, manager(), B, slot, &changes(sent)).expect("saved");
        let register = "/registers/102/2026-11-24/am";
        for (account, sees) in [
            (manager(), true),
            (account(Role::AttendanceAdministrator), true),
            (TUTOR_OF_B, false),
        ] {
            for path in ["/pupils/308", register, "/morning?row=208"] {
                let shown = page(store, account, path);
                assert!(shown.contains("Pupil8"), "{path}: {shown}");
                let flag = shown.to_lowercase().contains("evidence asked for since")
                    || shown.contains("flag\">evidence asked for")
                    || shown.contains("evidence asked for</span>");
                assert_eq!(flag, sees, "{account} {path}: {shown}");
            }
        }
    });
}

#[test]
fn what_comes_in_belongs_to_the_request_that_runs_and_a_review_ends_it_or_lets_it_go_on() {
    at_school(|store| {
        a_file(store);
        store.clock().set(at_on("2026-11-25", "08:05"));
        let id = asked(
            store,
            manager(),
            &NewRequest {
                from: day("2026-11-25"),
                ..mondays()
            },
        )
        .expect("a request");
        assert!(
            page(store, manager(), PAGE).contains("nothing yet"),
            "the file came before"
        );
        store.clock().set(at_on("2026-11-26", "08:05"));
        a_file(store);
        assert!(page(store, manager(), PAGE).contains("1 file, on Thu 26 Nov"));
        let list = "/evidence/requests";
        assert!(page(store, manager(), list).contains("review on Tue 8 Dec"));
        store.clock().set(at_on("2026-12-08", "08:05"));
        assert!(page(store, manager(), list).contains("review due today"));
        reviewed(store, id, Reviewed::GoesOn(day("2026-12-18"))).expect("it goes on");
        assert!(page(store, manager(), list).contains("review on Fri 18 Dec"));
        let (_, file) = take(&office(store), manager(), list, "csv");
        assert!(file.contains("repeated absence: Nine Mondays"), "{file}");
        store.clock().set(at_on("2026-12-21", "08:05"));
        assert!(page(store, manager(), list).contains("review due since Fri 18 Dec"));
        let refused = reviewed(store, id, Reviewed::Ends(String::new()));
        assert!(refused.expect_err("no reason").contains("Say why"));
        reviewed(
            store,
            id,
            Reviewed::Ends("Six weeks without an absence".to_owned()),
        )
        .expect("it ends");
        store.clock().set(at_on("2026-12-22", "08:05"));
        assert!(!page(store, manager(), list).contains("Pupil8"));
        assert!(!page(store, manager(), "/pupils/308").contains("evidence asked for"));
        assert!(page(store, manager(), PAGE).contains("ended: Six weeks"));
        asked(
            store,
            manager(),
            &NewRequest {
                from: day("2026-12-22"),
                review: day("2027-01-05"),
                ..mondays()
            },
        )
        .expect("a second one after the first");
    });
}

#[test]
fn who_files_evidence_asks_for_none_and_who_may_not_know_of_it_sees_no_list() {
    at_school(|store| {
        for role in [Role::AttendanceAdministrator, Role::Headteacher, Role::Dsl] {
            let refused = asked(store, account(role), &mondays()).expect_err("refused");
            assert!(refused.contains("not decide it"), "{role:?}: {refused}");
        }
        asked(store, account(Role::WelfareManager), &mondays()).expect("a request");
        for (account, sees) in [
            (account(Role::AttendanceAdministrator), true),
            (account(Role::Dsl), true),
            (account(Role::HeadOfHouseOrYear), false),
            (TUTOR_OF_B, false),
        ] {
            for path in ["/evidence/requests", PAGE] {
                let (status, _) = get(&office(store), account, path);
                assert_eq!(status == StatusCode::OK, sees, "{account} {path}");
            }
        }
    });
}
