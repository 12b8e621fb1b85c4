//! Pupils who left the site without leave: the red clock, whose decision the police are, and the conversation within a school day. On both engines.

use axum::http::{Request, StatusCode, header};
use calendar::Session;
use office::people::Role;
use office::{MIGRATIONS, TABLES};
use store::args;
use store::testing::{TestStore, each_engine};

use crate::school::{
    A, SCHOOL, account, ask, at, at_on, changes, e, found, get, mark, office, save_as, take, today,
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

fn post(store: &TestStore, role: Role, path: &str, body: &str) -> StatusCode {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(&office(store), account(role), request, body.to_owned()).0
}

fn number(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)))
        .expect("a number")
}

const OFFICER: Role = Role::AttendanceAdministrator;

#[test]
fn a_pupil_who_left_the_site_is_followed_on_the_red_clock_until_a_conversation_the_next_school_day()
{
    at_school(|store| {
        let am = today(Session::Am);
        save_as(
            store,
            account(OFFICER),
            A,
            am,
            &changes(vec![mark(e(1), "/", 0)]),
        )
        .unwrap();
        store.clock().set(at("11:10"));
        let left = format!("enrolment={}&at=11:05&from=Side+gate", e(1));
        assert_eq!(
            post(store, OFFICER, "/left-site", &left),
            StatusCode::SEE_OTHER
        );
        assert_eq!(
            post(store, OFFICER, "/left-site", &left),
            StatusCode::SEE_OTHER
        );
        assert_eq!(
            number(store, "select count(*) from left_site where school_id = $1"),
            1,
            "one event"
        );
        let future = format!("enrolment={}&at=11:30", e(2));
        assert_eq!(
            post(store, OFFICER, "/left-site", &future),
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let page = || get(&office(store), account(OFFICER), "/left-site").1;
        assert!(
            page().contains("Cameras looked at, due 11:05"),
            "{}",
            page()
        );
        assert!(
            get(&office(store), account(OFFICER), "/door")
                .1
                .contains("1 left the site")
        );

        let id = number(
            store,
            "select max(left_id) from left_site where school_id = $1",
        );
        let path = format!("/left-site/{id}/step");
        let did = |role: Role, body: &str| post(store, role, &path, body);
        assert_eq!(
            did(OFFICER, "step=cameras"),
            StatusCode::UNPROCESSABLE_ENTITY,
            "say what they show"
        );
        assert_eq!(
            did(OFFICER, "step=cameras&note=Towards+the+park,+11:04"),
            StatusCode::SEE_OTHER
        );
        assert!(page().contains("Parent told, due 11:20"), "red: {}", page());
        assert_eq!(
            did(OFFICER, "step=parent&note=Mother"),
            StatusCode::SEE_OTHER
        );
        assert!(page().contains("Safeguarding lead told, due 11:35"));
        assert_eq!(did(OFFICER, "other=lead"), StatusCode::SEE_OTHER);
        let decides = "Safeguarding lead decides about the police, due 11:10";
        assert!(page().contains(decides), "{}", page());
        assert_eq!(
            did(OFFICER, "step=police"),
            StatusCode::FORBIDDEN,
            "the lead decides"
        );
        assert_eq!(
            did(Role::Dsl, "step=not_police"),
            StatusCode::UNPROCESSABLE_ENTITY,
            "and says why"
        );
        assert_eq!(
            did(Role::Dsl, "step=not_police&note=Mother+is+with+him"),
            StatusCode::SEE_OTHER
        );
        // Until somebody has seen them off the site they are looked for after an alarm.
        let at_fire = || {
            let list: serde_json::Value =
                serde_json::from_str(&get(&office(store), account(OFFICER), "/fire/ahead").1)
                    .unwrap();
            let people = list["people"].as_array().unwrap().clone();
            let own = people
                .into_iter()
                .find(|one| one["who"] == "pupil" && one["id"] == e(1).0);
            own.unwrap()["place"].as_str().unwrap().to_owned()
        };
        assert_eq!(at_fire(), "in");
        assert_eq!(
            did(OFFICER, "other=seen_off"),
            StatusCode::UNPROCESSABLE_ENTITY,
            "say by whom and where"
        );
        let seen = "other=seen_off&note=Bus+stop,+by+the+site+team";
        assert_eq!(did(OFFICER, seen), StatusCode::SEE_OTHER);
        assert_eq!(at_fire(), "out");
        store.clock().set(at("12:00"));
        assert_eq!(
            did(OFFICER, "other=conversation&note=Early"),
            StatusCode::UNPROCESSABLE_ENTITY,
            "nobody talks with a pupil who is away"
        );
        assert_eq!(did(OFFICER, "other=back"), StatusCode::SEE_OTHER);
        assert_eq!(at_fire(), "in");
        assert!(
            page().contains("Return-to-school conversation held, due by the end of"),
            "{}",
            page()
        );
        store.clock().set(at_on("2026-11-25", "08:50"));
        assert_eq!(
            did(OFFICER, "step=conversation&note=With+Ms+A+Sample"),
            StatusCode::SEE_OTHER
        );
        assert!(page().contains(">over<"), "{}", page());
        assert_eq!(
            did(OFFICER, "step=parent&note=Again"),
            StatusCode::UNPROCESSABLE_ENTITY,
            "it is over"
        );
        let (status, file) = take(&office(store), account(OFFICER), "/left-site", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(
            file.contains("Side gate")
                && file.contains("Towards the park")
                && file.contains("over"),
            "{file}"
        );
        assert_eq!(
            number(
                store,
                "select count(*) from mark_version where school_id = $1"
            ),
            1,
            "R-024"
        );
    });
}

#[test]
fn only_who_searches_follows_a_pupil_who_left_and_others_do_not_know_of_it() {
    at_school(|store| {
        store.clock().set(at("11:10"));
        let left = format!("enrolment={}", e(1));
        for role in [Role::Teacher, Role::Tutor, Role::Governor, Role::Inspector] {
            assert_eq!(
                post(store, role, "/left-site", &left),
                StatusCode::NOT_FOUND,
                "{role:?}"
            );
        }
        for role in [Role::Teacher, Role::Governor, Role::SystemAdministrator] {
            let (status, _) = get(&office(store), account(role), "/left-site");
            assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
        }
        let gone = format!("enrolment={}", e(6));
        assert_eq!(
            post(store, OFFICER, "/left-site", &gone),
            StatusCode::NOT_FOUND,
            "not on roll"
        );
        assert_eq!(
            post(store, Role::Dsl, "/left-site", &left),
            StatusCode::SEE_OTHER
        );
    });
}

#[test]
fn a_pupil_who_comes_back_by_the_door_is_back_and_one_who_leaves_again_is_followed_anew() {
    at_school(|store| {
        let am = today(Session::Am);
        let marked = changes(vec![mark(e(1), "/", 0)]);
        save_as(store, account(OFFICER), A, am, &marked).unwrap();
        store.clock().set(at("11:10"));
        let left = format!("enrolment={}&at=11:05&from=Side+gate", e(1));
        assert_eq!(
            post(store, OFFICER, "/left-site", &left),
            StatusCode::SEE_OTHER
        );
        store.clock().set(at("11:30"));
        let signed = format!("who=pupil&id={}&way=in", e(1));
        assert_eq!(
            post(store, OFFICER, "/site/sign", &signed),
            StatusCode::SEE_OTHER
        );
        let page = || get(&office(store), account(OFFICER), "/left-site").1;
        let back = "11:30 Back on site by";
        assert!(
            page().contains(back) && page().contains("signed in at the door"),
            "{}",
            page()
        );
        let again = format!("enrolment={}&from=Main+gate", e(1));
        assert_eq!(
            post(store, OFFICER, "/left-site", &again),
            StatusCode::SEE_OTHER
        );
        let events = "select count(*) from left_site where school_id = $1";
        assert_eq!(number(store, events), 2, "left a second time");
        let id = number(
            store,
            "select max(left_id) from left_site where school_id = $1",
        );
        let never = post(
            store,
            OFFICER,
            &format!("/left-site/{id}/step"),
            "other=not_left",
        );
        assert_eq!(never, StatusCode::SEE_OTHER);
        assert!(page().contains(">over<"), "{}", page());
    });
}
