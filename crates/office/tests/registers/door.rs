//! The late door: one act for the log and the register, what is held for the office, and that nothing is lost without a network. On both
//! engines.

use axum::http::{Request, StatusCode, header};
use calendar::{Instant, Session};
use office::door::{ArrivalOutcome, Arrived, Arrives, arrive};
use office::people::Role;
use office::registers::Change;
use office::{MIGRATIONS, TABLES};
use serde_json::{Value, json};
use store::args;
use store::testing::{TestStore, each_engine};

use crate::school::{
    A, SCHOOL, account, actor, ask, at, changes, e, found, get, mark, office, save_as, take, today,
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

fn comes(number: i64, key: &str) -> Arrives {
    Arrives {
        key: key.to_owned(),
        enrolment: e(number).0,
        ..Arrives::default()
    }
}

fn signed_in(store: &TestStore, what: Arrives) -> Arrived {
    let actor = actor(store, officer());
    let done = store.act_now(SCHOOL, move |act| arrive(act, &actor, &what));
    done.expect("the door answers").expect("an arrival")
}

/// What was typed at this moment and sent at that one.
fn typed(what: Arrives, made: Instant, sent: Instant) -> Arrives {
    Arrives {
        made: Some(made),
        sent: Some(sent),
        ..what
    }
}

type Standing = (Option<String>, Option<i64>, Option<String>);

fn standing(store: &TestStore, number: i64) -> Option<Standing> {
    store
        .read_now(move |tx| {
            let one = "select code, minutes_late, reason from mark where school_id = $1 and enrolment_id = $2 order by session";
            tx.query_opt(one, &args![SCHOOL, e(number)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
        })
        .expect("a mark")
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)))
        .expect("a number")
}

#[test]
fn an_arrival_is_l_while_the_register_is_open_and_u_as_an_amendment_once_it_has_closed() {
    at_school(|store| {
        store.clock().set(at("08:52"));
        let one = signed_in(store, comes(1, "one"));
        assert_eq!(one.outcome, ArrivalOutcome::Entered);
        let (code, minutes, reason) = standing(store, 1).expect("a mark");
        assert_eq!(
            (code.as_deref(), minutes, reason),
            (Some("L"), Some(12), None)
        );

        store.clock().set(at("09:05"));
        save_as(
            store,
            officer(),
            A,
            today(Session::Am),
            &changes(vec![mark(e(2), "N", 0)]),
        )
        .unwrap();
        store.clock().set(at("09:24"));
        let late = Arrives {
            reason: Some("Overslept".into()),
            ..comes(2, "two")
        };
        let two = signed_in(store, late.clone());
        assert_eq!(
            (two.outcome, two.before.map(|code| code.to_string())),
            (ArrivalOutcome::Entered, Some("N".into()))
        );
        let (code, minutes, reason) = standing(store, 2).expect("a mark");
        assert_eq!((code.as_deref(), minutes), (Some("U"), Some(44)), "E-023");
        assert_eq!(
            reason.as_deref(),
            Some("Came to the late door at 09:24: Overslept")
        );
        assert_eq!(two, signed_in(store, late), "sent twice, done once");
        assert_eq!(
            count(store, "select count(*) from arrival where school_id = $1"),
            2
        );
    });
}

#[test]
fn a_mark_of_presence_and_an_established_absence_stay_and_the_register_is_asked_after() {
    at_school(|store| {
        let am = today(Session::Am);
        let marks = vec![mark(e(1), "/", 0), mark(e(2), "M", 0)];
        save_as(store, officer(), A, am, &changes(marks)).unwrap();
        store.clock().set(at("09:30"));
        let present = signed_in(store, comes(1, "one"));
        assert_eq!(present.outcome, ArrivalOutcome::Differs);
        let medical = signed_in(store, comes(2, "two"));
        assert_eq!(medical.outcome, ArrivalOutcome::Keeps, "{}", medical.said);
        assert_eq!(standing(store, 1).unwrap().0.as_deref(), Some("/"));
        assert_eq!(standing(store, 2).unwrap().0.as_deref(), Some("M"));

        let office = office(store);
        let (status, page) = get(&office, officer(), "/door/mismatch");
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("U at the desk, / in the register"), "{page}");
        assert!(
            !page.contains("Sample, Pupil2"),
            "M agrees with an arrival (E-023)"
        );
        let (status, file) = take(&office, officer(), "/door/mismatch", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(file.contains("Sample, Pupil1"), "{file}");
        let (_, file) = take(&office, officer(), "/door/log", "csv");
        assert!(
            file.contains("09:30") && file.contains("register differs"),
            "{file}"
        );
    });
}

#[test]
fn what_was_typed_at_the_wrong_pupil_is_taken_back_with_its_mark() {
    at_school(|store| {
        store.clock().set(at("08:52"));
        signed_in(store, comes(1, "one"));
        let back = |number, key| Arrives {
            undo: true,
            ..comes(number, key)
        };
        let undone = signed_in(store, back(1, "one"));
        assert!(
            !undone.stands() && undone.said.contains("blank again"),
            "{undone:?}"
        );
        assert_eq!(standing(store, 1).and_then(|mark| mark.0), None);

        store.clock().set(at("09:20"));
        signed_in(store, comes(2, "two"));
        let undone = signed_in(store, back(2, "two"));
        assert!(
            undone.said.contains("says N again"),
            "never cleared once closed (R-021)"
        );
        assert_eq!(standing(store, 2).unwrap().0.as_deref(), Some("N"));

        signed_in(store, comes(3, "three"));
        let base = count(
            store,
            "select max(seq) from mark_version where school_id = $1",
        );
        let amended = Change {
            reason: Some("the parent rang".into()),
            ..mark(e(3), "M", base)
        };
        save_as(
            store,
            officer(),
            A,
            today(Session::Am),
            &changes(vec![amended]),
        )
        .unwrap();
        let undone = signed_in(store, back(3, "three"));
        assert!(
            undone.said.contains("changed the mark since"),
            "{}",
            undone.said
        );
        assert_eq!(standing(store, 3).unwrap().0.as_deref(), Some("M"));
        let again = signed_in(store, comes(1, "another"));
        assert_eq!(
            again.outcome,
            ArrivalOutcome::Entered,
            "and may come after all"
        );
    });
}

#[test]
fn what_comes_late_from_a_device_is_held_where_the_register_has_closed_or_was_marked_since() {
    at_school(|store| {
        let am = today(Session::Am);
        // Marked N at 09:05, after the arrival was typed at 08:55 at a gate without a network.
        store.clock().set(at("09:05"));
        save_as(store, officer(), A, am, &changes(vec![mark(e(1), "N", 0)])).unwrap();
        store.clock().set(at("09:08"));
        let overtaken = signed_in(store, typed(comes(1, "one"), at("08:55"), at("09:08")));
        assert_eq!(
            overtaken.outcome,
            ArrivalOutcome::Held,
            "open, but marked since"
        );
        assert_eq!(standing(store, 1).unwrap().0.as_deref(), Some("N"));

        store.clock().set(at("10:00"));
        let late = signed_in(store, typed(comes(2, "two"), at("08:55"), at("10:00")));
        assert_eq!(
            late.outcome,
            ArrivalOutcome::Held,
            "an L is not made in silence"
        );
        assert_eq!(
            late.at.in_london(),
            at("08:55").in_london(),
            "when it was typed is when the pupil came"
        );
        assert_eq!(standing(store, 2), None);

        // Typed after the register had closed: U is an absence still, and nothing has overtaken it.
        let after = signed_in(store, typed(comes(3, "three"), at("09:20"), at("10:00")));
        assert_eq!(after.outcome, ArrivalOutcome::Entered);
        let (code, minutes, _) = standing(store, 3).unwrap();
        assert_eq!((code.as_deref(), minutes), (Some("U"), Some(40)));

        let office = office(store);
        let (_, page) = get(&office, officer(), "/late-marks");
        assert!(page.contains("Sample, Pupil1") && page.contains("Sample, Pupil2"));
        assert!(!page.contains("Sample, Pupil3"));
        let (_, page) = get(&office, officer(), "/door");
        assert!(page.contains("2 held"), "{page}");
    });
}

fn post(store: &TestStore, sent: &Value) -> Value {
    let request = Request::post("/door/save").header(header::CONTENT_TYPE, "application/json");
    let (status, body) = ask(&office(store), officer(), request, sent.to_string());
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).expect("an answer")
}

#[test]
fn five_devices_two_hours_without_a_network_lose_nothing_and_every_arrival_counts_once() {
    at_school(|store| {
        let millis = |at: Instant| at.micros() / 1000;
        // Each device types the five pupils of 8A and the three of 8B at its own times, and is wrong about the time by its own number of hours.
        let mut parcels = Vec::new();
        for device in 0..5_i64 {
            let wrong = (device - 2) * 3600;
            for place in 0..8_i64 {
                let number = if place < 5 { place + 1 } else { place + 2 };
                let made = at("08:45").plus_seconds(device * 600 + place * 137 + wrong);
                parcels.push(json!({
                    "sent_at": null,
                    "changes": [{"enrolment": format!("device-{device}-{place}"), "pupil": e(number).0, "made": millis(made), "reason": "Overslept"}],
                    "wrong": wrong,
                }));
            }
        }
        store.clock().set(at("10:58"));
        // Out of order, each sent twice: the first answer was lost.
        let order = (0..parcels.len() * 2).map(|turn| (turn * 7 + 3) % parcels.len());
        for index in order {
            let mut parcel = parcels[index].clone();
            let wrong = parcel["wrong"].as_i64().expect("a number");
            let sent = at("10:58").plus_seconds(wrong);
            parcel["sent_at"] = json!(moment(sent));
            let answer = post(store, &parcel);
            let outcome = answer["results"][0]["outcome"].as_str();
            assert!(matches!(outcome, Some("saved" | "held")), "{answer}");
        }
        let arrivals =
            "select count(*) from arrival where school_id = $1 and superseded_seq is null";
        assert_eq!(count(store, arrivals), 40);
        let keys = "select count(distinct arrival_key) from arrival where school_id = $1";
        assert_eq!(count(store, keys), 40);
        let present = "select count(*) from mark where school_id = $1 and code in ('/', 'L')";
        assert_eq!(
            count(store, present),
            0,
            "nobody becomes present in silence"
        );
        let twice = "select count(*) - count(distinct enrolment_id) from mark_version where school_id = $1 and code = 'U'";
        assert_eq!(count(store, twice), 0, "one arrival makes a mark");
        let times = store.read_now(|tx| {
            let all = "select arrived_at from arrival where school_id = $1 and arrival_key = 'device-4-0'";
            tx.query_one(all, &args![SCHOOL], |row| row.get::<Instant>(0))
        });
        assert_eq!(
            times.expect("a time").in_london(),
            at("09:25").in_london(),
            "whatever its clock said"
        );
    });
}

/// A moment as a browser writes it.
fn moment(at: Instant) -> String {
    let (day, time) = at.in_london();
    // London is on UTC in November.
    format!("{day}T{time}:{:02}.000Z", time.second())
}

#[test]
fn the_page_signs_in_by_a_few_letters_without_script_and_asks_which_where_several_fit() {
    at_school(|store| {
        store.clock().set(at("08:52"));
        let office = office(store);
        let send = |body: &str| {
            let request = Request::post("/door")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            ask(&office, officer(), request, body.to_owned())
        };
        let (status, page) = send("key=form-1&who=sam");
        assert_eq!(status, StatusCode::OK);
        assert!(
            page.contains("Who of these?") && page.contains("Sample, Pupil9"),
            "{page}"
        );
        let (status, page) = send("key=form-1&who=nobody");
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Nobody on roll today is called"), "{page}");
        let (status, _) = send("key=form-1&who=sample+pupil3&reason=Traffic");
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(standing(store, 3).unwrap().0.as_deref(), Some("L"));
        let (_, page) = get(&office, officer(), "/door?came=form-1");
        assert!(
            page.contains("Late once this half-term; 1 counted in 10 school days"),
            "{page}"
        );
        let (status, page) = get(&office, officer(), "/door/slip/form-1");
        assert_eq!(status, StatusCode::OK);
        assert!(
            page.contains("12 min late") && page.contains("Traffic"),
            "{page}"
        );
    });
}

#[test]
fn only_who_keeps_every_register_keeps_the_door_and_a_device_is_given_these_keys() {
    at_school(|store| {
        let office = office(store);
        for &role in Role::ALL.iter() {
            let keeps = [
                Role::Headteacher,
                Role::DeputyHeadPastoral,
                Role::WelfareManager,
                Role::AttendanceManager,
                Role::AttendanceAdministrator,
            ];
            let expected = if keeps.contains(&role) {
                StatusCode::OK
            } else {
                StatusCode::NOT_FOUND
            };
            for path in ["/door", "/door/ahead", "/door/log", "/door/mismatch"] {
                assert_eq!(
                    get(&office, account(role), path).0,
                    expected,
                    "{role:?} {path}"
                );
            }
        }
        let (_, body) = get(&office, officer(), "/door/ahead");
        let given: Value = serde_json::from_str(&body).unwrap();
        let keys = |value: &Value| {
            value
                .as_object()
                .expect("an object")
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            keys(&given),
            [
                "arrivals", "day", "now", "of", "pupils", "reasons", "sessions", "until"
            ]
        );
        assert_eq!(
            keys(&given["pupils"][0]),
            [
                "card", "e", "find", "form", "gently", "here", "lates", "name"
            ]
        );
        assert_eq!(
            given["pupils"].as_array().unwrap().len(),
            8,
            "who has left is nobody here"
        );
    });
}

#[test]
fn a_step_falls_due_by_counted_lates_and_a_reason_beyond_the_pupil_counts_for_none() {
    at_school(|store| {
        store.clock().set(at("08:52"));
        for on in ["2026-11-19", "2026-11-20", "2026-11-23"] {
            let slot = calendar::Slot::new(crate::school::day(on), Session::Am);
            let late = |number| Change {
                minutes: Some(9),
                reason: Some("Told by the tutor".into()),
                ..mark(e(number), "L", 0)
            };
            let answer =
                save_as(store, officer(), A, slot, &changes(vec![late(1), late(2)])).unwrap();
            assert_eq!(answer.results[0].message, "");
        }
        let because = |number, key, reason: &str| Arrives {
            reason: Some(reason.to_owned()),
            ..comes(number, key)
        };
        signed_in(store, because(1, "one", "Overslept"));
        signed_in(store, because(2, "two", "Bus or train late"));
        let office = office(store);
        let due = || {
            let (status, file) = take(&office, officer(), "/punctuality", "csv");
            if status == StatusCode::OK {
                file
            } else {
                String::new()
            }
        };
        let file = due();
        let row = |name: &str| {
            file.lines()
                .find(|line| line.contains(name))
                .unwrap_or("")
                .to_owned()
        };
        assert!(
            row("Pupil1").contains("Sanction the same day, text home"),
            "{file}"
        );
        assert!(
            row("Pupil2").contains("Tutor speaks with the pupil"),
            "the bus does not count: {file}"
        );

        let post = |path: &str, body: &str| {
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            ask(&office, officer(), request, body.to_owned())
        };
        let page = format!("/punctuality/{}", e(1));
        let (status, _) = post(&format!("{page}/done"), "step=4&on=2026-11-24&note=Lunch");
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(!due().contains("Pupil1"), "done, and due no more");
        let target = "first=2026-11-24&last=2026-12-11&allowed=1&support=Breakfast+club&review=2026-12-14&with=Mother";
        let (status, text) = post(&format!("{page}/target"), target);
        assert_eq!(status, StatusCode::SEE_OTHER, "{text}");
        let (_, text) = post(&format!("{page}/target"), &target.replace("12-11", "11-01"));
        assert!(text.contains("This lies before the first day"), "{text}");
        let (_, shown) = get(&office, officer(), &page);
        assert!(
            shown.contains("1 allowed, 1 so far") && shown.contains("Lunch"),
            "{shown}"
        );
        let id = count(
            store,
            "select max(target_id) from punctuality_target where school_id = $1",
        );
        let (status, _) = post(&format!("{page}/target/{id}"), "outcome=Kept");
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (_, shown) = get(&office, officer(), &page);
        assert!(shown.contains("<b>Kept</b>"), "{shown}");
    });
}
