//! The site log and the fire list: who is here whatever the mark, and roll calls of several phones put together. On both engines.

use axum::http::{Request, StatusCode, header};
use calendar::{Instant, Session};
use office::door::fire_copy::make_if_due;
use office::people::Role;
use office::year::settings::FIRE_COPY;
use office::{MIGRATIONS, TABLES};
use serde_json::{Value, json};
use store::args;
use store::testing::{TestStore, each_engine};

use crate::school::{
    A, SCHOOL, account, actor, ask, at, at_on, changes, e, found, get, mark, office, save_as, take,
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

fn post(store: &TestStore, path: &str, body: &str) -> (StatusCode, String) {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(&office(store), officer(), request, body.to_owned())
}

fn fire(store: &TestStore, account: i64) -> Value {
    let (status, body) = get(&office(store), account, "/fire/ahead");
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).expect("a list")
}

fn place(list: &Value, number: i64) -> String {
    let people = list["people"].as_array().expect("people");
    let own = people
        .iter()
        .find(|one| one["who"] == "pupil" && one["id"] == e(number).0);
    own.expect("on roll")["place"]
        .as_str()
        .expect("a word")
        .to_owned()
}

#[test]
fn who_leaves_is_off_the_fire_list_at_once_and_present_in_the_register_still() {
    at_school(|store| {
        let am = today(Session::Am);
        let marks = vec![mark(e(1), "/", 0), mark(e(2), "N", 0), mark(e(3), "I", 0)];
        save_as(store, officer(), A, am, &changes(marks)).unwrap();
        store.clock().set(at("10:05"));
        let list = fire(store, officer());
        let places = [1, 2, 3, 4].map(|number| place(&list, number));
        assert_eq!(places, ["in", "unknown", "away", "unknown"]);

        let path = format!("/site/pupils/{}/out", e(1));
        let (status, page) = get(&office(store), officer(), &path);
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("R-024"), "{page}");
        let (status, page) = post(
            store,
            &path,
            "reason=Medical+or+dental+appointment&back=9%3A00",
        );
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        let (status, _) = post(
            store,
            &path,
            "reason=Medical+or+dental+appointment&other=Grandmother&back=11%3A30",
        );
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(place(&fire(store, officer()), 1), "out");
        let code = store.read_now(|tx| {
            let one = "select code from mark where school_id = $1 and enrolment_id = $2";
            tx.query_one(one, &args![SCHOOL, e(1)], |row| row.get::<String>(0))
        });
        assert_eq!(code.expect("a mark"), "/", "R-024");
        store.clock().set(at("11:40"));
        let (_, page) = get(&office(store), officer(), "/site");
        assert!(
            page.contains("signed out 10:05, overdue since 11:30, with Grandmother"),
            "{page}"
        );

        let body = format!("who=pupil&id={}&way=in", e(1));
        assert_eq!(post(store, "/site/sign", &body).0, StatusCode::SEE_OTHER);
        assert_eq!(place(&fire(store, officer()), 1), "in");
        let undo = store.read_now(|tx| {
            let newest = "select max(move_id) from site_move where school_id = $1";
            tx.query_one(newest, &args![SCHOOL], |row| row.get::<i64>(0))
        });
        let path = format!("/site/moves/{}/undo", undo.expect("an entry"));
        assert_eq!(post(store, &path, "").0, StatusCode::SEE_OTHER);
        assert_eq!(
            place(&fire(store, officer()), 1),
            "out",
            "the sign-in was a mistake"
        );
        let (status, file) = take(&office(store), officer(), "/site/log", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(
            file.contains("Grandmother") && file.contains("Entered by mistake"),
            "{file}"
        );
        assert_eq!(
            get(&office(store), account(Role::Teacher), "/site").0,
            StatusCode::NOT_FOUND
        );
    });
}

#[test]
fn visitors_and_staff_are_on_the_list_while_they_are_signed_in() {
    at_school(|store| {
        store.clock().set(at("09:00"));
        let (status, _) = post(
            store,
            "/site/visitors/new",
            "name=Pat+Sample&organisation=Samples+Ltd&host=Ms+A+Staff&badge=7",
        );
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (status, page) = post(store, "/site/visitors/new", "name=+");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Give the visitor"), "{page}");
        let staff = format!("who=staff&id={}&way=in", officer() + 1000);
        assert_eq!(post(store, "/site/sign", &staff).0, StatusCode::SEE_OTHER);
        let names = |list: &Value, form: &str| -> Vec<String> {
            let people = list["people"].as_array().expect("people").iter();
            let own = people.filter(|one| one["form"] == form && one["place"] == "in");
            own.map(|one| one["name"].as_str().expect("a name").to_owned())
                .collect()
        };
        let list = fire(store, account(Role::Teacher));
        assert_eq!(names(&list, "Visitors"), ["Pat Sample"]);
        assert_eq!(names(&list, "Staff").len(), 1);
        let visit = list["people"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["who"] == "visitor")
            .unwrap()["id"]
            .clone();
        let left = format!("who=visitor&id={visit}&way=out");
        assert_eq!(post(store, "/site/sign", &left).0, StatusCode::SEE_OTHER);
        assert!(names(&fire(store, officer()), "Visitors").is_empty());
        let (_, page) = get(&office(store), officer(), "/fire/print");
        assert!(page.contains("☐ Sample, Pupil1"), "{page}");
    });
}

#[test]
fn the_fire_list_is_open_to_the_staff_and_tells_where_and_never_why() {
    at_school(|store| {
        let noted = vec![mark(e(1), "I", 0), mark(e(2), "M", 0)];
        save_as(store, officer(), A, today(Session::Am), &changes(noted)).unwrap();
        let closed = [
            Role::Governor,
            Role::Parent,
            Role::Pupil,
            Role::SystemAdministrator,
            Role::TrustDirector,
        ];
        for &role in Role::ALL.iter() {
            let (status, body) = get(&office(store), account(role), "/fire/ahead");
            if closed.contains(&role) {
                assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
            }
            if status == StatusCode::OK {
                let given: Value = serde_json::from_str(&body).unwrap();
                let keys: Vec<&String> = given["people"][0].as_object().unwrap().keys().collect();
                assert_eq!(keys, ["form", "id", "name", "place", "who"], "{role:?}");
            }
        }
        assert_eq!(
            get(&office(store), account(Role::Teacher), "/fire").0,
            StatusCode::OK
        );
        assert_eq!(
            get(&office(store), account(Role::SupportOrCover), "/fire").0,
            StatusCode::OK
        );
    });
}

/// A word of a phone, said at this moment by a clock that is so many seconds wrong.
fn word(phone: i64, number: i64, said: Instant, wrong: i64, what: Value) -> Value {
    let millis = |at: Instant| at.plus_seconds(wrong).micros() / 1000;
    let mut word = json!({
        "enrolment": format!("phone-{phone}-{number}"), "call": format!("call-{phone}"), "drill": true,
        "began": millis(at("11:00").plus_seconds(phone * 20)), "made": millis(said),
    });
    for (name, value) in what.as_object().expect("an object") {
        word[name] = value.clone();
    }
    word
}

#[test]
fn five_phones_without_a_network_are_one_roll_call_and_each_tick_counts_once() {
    at_school(|store| {
        let all: Vec<i64> = [1, 2, 3, 4, 5, 7, 8, 9].map(|number| e(number).0).to_vec();
        // Phone 0 begins and ticks the first two; the others begin by themselves, each ticks somebody; phone 4 ticks one by mistake and takes it back.
        let mut parcels: Vec<(i64, Vec<Value>)> = Vec::new();
        for phone in 0..5_i64 {
            let wrong = (phone - 2) * 7200;
            let mut words = vec![word(
                phone,
                0,
                at("11:00").plus_seconds(phone * 20),
                wrong,
                json!({"what": "begin"}),
            )];
            for (number, id) in all
                .iter()
                .enumerate()
                .filter(|(number, _)| *number as i64 % 5 == phone)
            {
                let said = at("11:02").plus_seconds(number as i64 * 30);
                words.push(word(
                    phone,
                    10 + number as i64,
                    said,
                    wrong,
                    json!({"what": "tick", "who": "pupil", "id": id, "seen": true}),
                ));
            }
            if phone == 4 {
                let back = json!({"what": "tick", "who": "pupil", "id": all[0], "seen": false});
                words.push(word(phone, 90, at("11:01"), wrong, back));
            }
            parcels.push((wrong, words));
        }
        store.clock().set(at("13:05"));
        let send = |wrong: i64, words: &[Value], account: i64| {
            let sent = at("13:05").plus_seconds(wrong);
            let (day, time) = sent.in_london();
            let body = json!({"sent_at": format!("{day}T{time}:{:02}.000Z", time.second()), "changes": words});
            let request =
                Request::post("/fire/save").header(header::CONTENT_TYPE, "application/json");
            let (status, answer) = ask(&office(store), account, request, body.to_string());
            assert_eq!(status, StatusCode::OK, "{answer}");
        };
        for (wrong, words) in parcels.iter().rev().chain(parcels.iter()) {
            send(*wrong, words, account(Role::Teacher));
        }
        let count = |sql: &'static str| {
            store
                .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get::<i64>(0)))
                .expect("a number")
        };
        assert_eq!(
            count("select count(*) from roll_call where school_id = $1 and superseded_seq is null"),
            1,
            "one alarm"
        );
        assert_eq!(
            count("select count(*) from roll_call_tick where school_id = $1"),
            9,
            "each tick once"
        );

        let end = word(
            0,
            99,
            at("13:05"),
            0,
            json!({"what": "end", "note": "Gate C was locked"}),
        );
        send(0, std::slice::from_ref(&end), officer());
        send(0, &[end], officer());
        let (_, page) = get(&office(store), officer(), "/fire/drills");
        // Begun at 11:00 by the clock of whoever came in first; the last was found at 11:05:30.
        assert!(
            page.contains("Gate C was locked") && !page.contains("not all"),
            "{page}"
        );
        let (status, file) = take(&office(store), officer(), "/fire/drills", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(file.contains("drill") && file.contains(",8,8,"), "{file}");
    });
}

#[test]
fn a_phone_that_was_away_for_a_whole_roll_call_sends_all_of_it_at_once() {
    at_school(|store| {
        store.clock().set(at("11:20"));
        let mut words = vec![word(0, 0, at("11:00"), 0, json!({"what": "begin"}))];
        for (number, place) in [1, 2, 3, 4, 5, 7, 8, 9].into_iter().enumerate() {
            let said = at("11:01").plus_seconds(number as i64 * 10);
            let seen = json!({"what": "tick", "who": "pupil", "id": e(place).0, "seen": true});
            words.push(word(0, 1 + number as i64, said, 0, seen));
        }
        words.push(word(0, 50, at("11:03"), 0, json!({"what": "end"})));
        let body = json!({"sent_at": "2026-11-24T11:20:00.000Z", "changes": words});
        let request = Request::post("/fire/save").header(header::CONTENT_TYPE, "application/json");
        let (status, answer) = ask(&office(store), officer(), request, body.to_string());
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (_, page) = get(&office(store), officer(), "/fire/drills");
        assert!(page.contains("2 min 10 s"), "{page}");
    });
}

/// The copy that the program makes by itself at this moment, if one is due.
fn by_itself(store: &TestStore) -> Option<i64> {
    let office = office(store);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for one look")
        .block_on(async { make_if_due(&office, SCHOOL).await })
        .expect("the school can be read")
}

#[test]
fn the_fire_list_is_on_paper_by_itself_once_after_the_registers_close_each_session() {
    at_school(|store| {
        let am = today(Session::Am);
        let marks = vec![mark(e(1), "/", 0), mark(e(2), "I", 0)];
        save_as(store, officer(), A, am, &changes(marks)).unwrap();
        store.clock().set(at("09:11"));
        assert_eq!(by_itself(store), None, "two minutes after 09:10");
        store.clock().set(at("09:12"));
        let first = by_itself(store).expect("a copy");
        assert_eq!(by_itself(store), None, "one for each session");
        let (_, page) = get(&office(store), account(Role::Teacher), "/fire");
        assert!(
            page.contains("after the AM registers")
                && page.contains(&format!("/fire/copies/{first}?print=yes")),
            "{page}"
        );

        // Who leaves afterwards is on that copy still, and not on the next.
        store.clock().set(at("10:00"));
        let path = format!("/site/pupils/{}/out", e(1));
        assert_eq!(
            post(store, &path, "reason=Appointment").0,
            StatusCode::SEE_OTHER
        );
        let copy = |id: i64| {
            get(
                &office(store),
                account(Role::Teacher),
                &format!("/fire/copies/{id}"),
            )
        };
        let (status, paper) = copy(first);
        assert_eq!(status, StatusCode::OK);
        assert!(
            paper.contains("☐ Sample, Pupil1") && !paper.contains("Pupil2"),
            "{paper}"
        );
        assert!(
            paper.contains("Journal number")
                && paper.contains("09:12")
                && paper.contains("to be found: 7 pupils, 0 staff, 0 visitors; of 6 nobody knows"),
            "{paper}"
        );
        let asked = Request::post("/fire/copies");
        let (status, _) = ask(&office(store), account(Role::Teacher), asked, "");
        assert_eq!(status, StatusCode::SEE_OTHER);
        let newest = "select max(copy_id) from fire_copy where school_id = $1";
        let second =
            store.read_now(move |tx| tx.query_one(newest, &args![SCHOOL], |row| row.get::<i64>(0)));
        let second = second.expect("a copy");
        assert!(!copy(second).1.contains("Pupil1"), "signed out");
        let (status, file) = take(&office(store), officer(), "/fire/copies", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(
            file.contains("by itself") && file.contains("asked for") && !file.contains("Pupil"),
            "{file}"
        );
        assert_eq!(
            get(
                &office(store),
                account(Role::Governor),
                &format!("/fire/copies/{first}")
            )
            .0,
            StatusCode::NOT_FOUND
        );

        store.clock().set(at("14:05"));
        assert!(by_itself(store).is_some(), "the afternoon's");
        // The names go after a fortnight; that a copy was made stays.
        store.clock().set(at_on("2026-12-09", "09:12"));
        assert!(by_itself(store).is_some());
        assert_eq!(copy(first).0, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_school_says_when_the_fire_list_is_put_on_paper_or_that_it_is_not() {
    at_school(|store| {
        let decide = |value: &'static str| {
            let by = actor(store, account(Role::AttendanceManager));
            let day = at("08:00").in_london().0;
            store.act_now(SCHOOL, move |act| {
                office::year::decide(act, &by, day, FIRE_COPY, day, value)
            })
        };
        assert!(decide(r#"{"minutes": 61}"#).is_err());
        decide(r#"{"minutes": null}"#).expect("the school's own decision");
        store.clock().set(at("09:30"));
        assert_eq!(by_itself(store), None);
        decide(r#"{"minutes": 0}"#).expect("the school's own decision");
        assert!(by_itself(store).is_some());
    });
}
