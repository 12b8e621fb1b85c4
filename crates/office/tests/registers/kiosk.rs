//! The kiosk at the entrance: a token of its own and nobody's session, one pupil at a time, and nothing lost without a network. On both engines.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use calendar::{Instant, Session};
use http_body_util::BodyExt;
use office::door::kiosk::{Runs, at as kiosk_at, end, kiosks, start};
use office::door::{Said, Who, sign};
use office::people::{Role, SignInToken};
use office::roll::records::CHARACTERISTIC;
use office::{MIGRATIONS, TABLES};
use register::site::Way;
use serde_json::{Value, json};
use store::testing::{TestStore, each_engine};
use store::{Entry, StoreError, args};
use tower::ServiceExt;

use crate::school::{
    A, SCHOOL, account, actor, at, at_on, changes, day, e, found, get, mark, office, save_as,
    today, token,
};

const TOKEN: &str = "a token of a device";
const CARDS: [(i64, &str); 3] = [(1, "70001"), (2, "70002"), (3, "70003")];

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        give_cards(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn give_cards(store: &TestStore) {
    let given = store.act_now(SCHOOL, |act| {
        for (number, card) in CARDS {
            let values = args![
                900 + number,
                300 + number,
                "card",
                card,
                day("2026-09-02"),
                None::<calendar::Day>
            ];
            act.record(&CHARACTERISTIC, &values)?;
        }
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "give cards",
            subject: "the school".to_owned(),
        });
        Ok::<_, StoreError>(())
    });
    given.expect("cards");
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn begin(store: &TestStore, runs: Runs) -> i64 {
    let actor = actor(store, officer());
    let begun = store.act_now(SCHOOL, move |act| {
        start(act, &actor, "Main entrance", runs, &SignInToken::of(TOKEN))
    });
    begun.expect("a kiosk")
}

/// A request with these cookies, and with nobody's session unless they hold one.
fn send(
    store: &TestStore,
    request: axum::http::request::Builder,
    cookies: &str,
    body: String,
) -> (StatusCode, HeaderMap, String) {
    let request = request
        .header(header::COOKIE, cookies)
        .body(Body::from(body))
        .expect("a test writes whole requests");
    let router = office::router(office(store));
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for one request")
        .block_on(async {
            let response = router.oneshot(request).await.expect("an answer");
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.into_body().collect().await.expect("a whole body");
            let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            (status, headers, body)
        })
}

fn device(store: &TestStore, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let cookie = format!("rollbook-kiosk={TOKEN}");
    let (request, body) = match body {
        Some(body) => (Request::post(path), body.to_string()),
        None => (Request::get(path), String::new()),
    };
    let request = request
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json");
    let (status, _, body) = send(store, request, &cookie, body);
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// What a pupil is told: state and words.
fn comes(store: &TestStore, one: Value, sent: Instant) -> (String, String) {
    let body = json!({ "sent_at": sent.to_string(), "changes": [one] });
    let (status, answer) = device(store, "/kiosk/save", Some(body));
    assert_eq!(status, StatusCode::OK, "{answer}");
    let told = &answer["results"][0]["shown"];
    let word = |name: &str| told[name].as_str().expect("a word").to_owned();
    (word("state"), word("words"))
}

fn millis(at: Instant) -> i64 {
    at.micros() / 1000
}

fn card(key: &str, card: &str, made: Instant) -> Value {
    json!({ "enrolment": key, "card": card, "made": millis(made) })
}

type Standing = (Option<String>, Option<i64>);

fn standing(store: &TestStore, number: i64) -> Option<Standing> {
    store
        .read_now(move |tx| {
            let one = "select code, minutes_late from mark where school_id = $1 and enrolment_id = $2 order by session";
            tx.query_opt(one, &args![SCHOOL, e(number)], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .expect("a mark")
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)))
        .expect("a number")
}

const ARRIVALS: &str =
    "select count(*) from arrival where school_id = $1 and superseded_seq is null";
const MOVES: &str =
    "select count(*) from site_move where school_id = $1 and superseded_seq is null";

#[test]
fn a_scanned_card_is_l_then_u_in_the_register_and_the_pupil_is_told_the_time_and_no_code() {
    at_school(|store| {
        store.clock().set(at("08:52"));
        begin(store, Runs::Today);
        let now = at("08:52");
        let (state, words) = comes(store, card("k-1", "70001", now), now);
        assert_eq!(
            (state.as_str(), words.as_str()),
            ("in", "Thank you, Pupil1. You are in at 08:52.")
        );
        assert_eq!(standing(store, 1), Some((Some("L".into()), Some(12))));
        // The reason comes under the same name, and the same card again is no second arrival.
        let because = json!({ "enrolment": "k-1", "card": "70001", "made": millis(now), "reason": "Overslept" });
        assert_eq!(comes(store, because, now).0, "in");
        let (state, words) = comes(store, card("k-2", "70001", now), now);
        assert_eq!(
            (state.as_str(), words.as_str()),
            ("already", "Pupil1, you are in already, since 08:52.")
        );
        assert_eq!(count(store, ARRIVALS), 1);

        store.clock().set(at("09:24"));
        let now = at("09:24");
        assert_eq!(
            comes(store, card("k-3", "70002", now), now).1,
            "Thank you, Pupil2. You are in at 09:24."
        );
        assert_eq!(
            standing(store, 2),
            Some((Some("U".into()), Some(44))),
            "E-023"
        );
        let (_, log) = get(&office(store), officer(), "/door/log");
        assert!(
            log.contains("the pupil, at the kiosk: Main entrance") && log.contains("Overslept"),
            "{log}"
        );

        // Somebody else's name was touched: taken back with its mark.
        let undo =
            json!({ "enrolment": "k-3", "card": "70002", "made": millis(now), "undo": true });
        assert_eq!(comes(store, undo, now).0, "undone");
        assert_eq!(standing(store, 2), Some((Some("N".into()), None)), "R-021");
    });
}

#[test]
fn a_kiosk_shows_nobody_until_a_group_and_three_letters_are_touched_and_then_a_forename_and_an_initial()
 {
    at_school(|store| {
        store.clock().set(at("08:52"));
        begin(store, Runs::Today);
        let (status, ahead) = device(store, "/kiosk/ahead", None);
        assert_eq!(status, StatusCode::OK);
        assert_eq!(ahead["forms"], json!(["8A", "8B"]));
        let told = ahead.to_string();
        assert!(
            !told.contains("Pupil") && !told.contains("Sample,") && !told.contains("7000"),
            "{told}"
        );
        let find = |form: &str, letters: &str| {
            let (status, found) = device(
                store,
                "/kiosk/find",
                Some(json!({ "form": form, "letters": letters })),
            );
            assert_eq!(status, StatusCode::OK);
            found["found"].as_array().expect("pupils").clone()
        };
        assert_eq!(find("8A", "").len(), 0);
        assert_eq!(find("8A", "p").len(), 0, "fewer letters are a whole name");
        assert_eq!(find("8A", "%").len(), 0);
        assert_eq!(find("9Z", "pup").len(), 0);
        let found = find("8B", "PUP");
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], json!({ "e": e(7).0, "name": "Pupil7 S." }));
        let chosen = json!({ "enrolment": "k-7", "pupil": e(7).0, "made": millis(at("08:52")) });
        assert_eq!(comes(store, chosen, at("08:52")).0, "in");
        assert_eq!(standing(store, 7), Some((Some("L".into()), Some(12))));
    });
}

#[test]
fn what_waited_without_a_network_counts_once_from_then_and_what_is_nobodys_is_put_before_the_office()
 {
    at_school(|store| {
        store.clock().set(at("08:50"));
        begin(store, Runs::Today);
        store.clock().set(at("10:00"));
        let (made, sent) = (at("08:55"), at("10:00"));
        for _ in 0..2 {
            comes(store, card("k-1", "70001", made), sent);
            comes(store, card("k-2", "99999", made), sent);
            let touched = json!({ "form": "8A", "letters": "PUP" });
            let several = json!({ "enrolment": "k-3", "touched": touched, "made": millis(made) });
            comes(store, several, sent);
        }
        assert_eq!(count(store, ARRIVALS), 1);
        let unknown = "select count(*) from kiosk_unknown where school_id = $1 and superseded_seq is null and settled is null";
        assert_eq!(count(store, unknown), 2);
        let (_, page) = get(&office(store), officer(), "/door/kiosks");
        assert!(
            page.contains("card 99999") && page.contains("PUP in 8A"),
            "{page}"
        );
        let id = count(
            store,
            "select min(unknown_id) from kiosk_unknown where school_id = $1",
        );
        let form = Request::post(format!("/door/kiosks/unknown/{id}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let session = format!("rollbook={}", token(officer()));
        let (status, headers, _) = send(store, form, &session, "who=pupil4".into());
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(headers[header::LOCATION], "/door/kiosks?did=settled");
        assert_eq!(count(store, unknown), 1);
        let arrived: Instant = store
            .read_now(|tx| {
                let one = "select arrived_at from arrival where school_id = $1 and arrival_key = $2 and superseded_seq is null";
                tx.query_one(one, &args![SCHOOL, "k-2"], |row| row.get(0))
            })
            .expect("an arrival");
        assert_eq!(made.seconds_until(arrived), 0, "as of then");
        // Whoever stands there is told at once, and nothing is kept of it.
        assert_eq!(comes(store, card("k-9", "99999", sent), sent).0, "unknown");
        assert_eq!(count(store, unknown), 1);
    });
}

#[test]
fn whoever_was_signed_out_is_welcomed_back_once_and_the_mark_stays() {
    at_school(|store| {
        let am = today(Session::Am);
        save_as(store, officer(), A, am, &changes(vec![mark(e(1), "/", 0)])).unwrap();
        store.clock().set(at("10:05"));
        begin(store, Runs::Today);
        let by = actor(store, officer());
        let out = store.act_now(SCHOOL, move |act| {
            sign(act, &by, Who::Pupil(e(1)), Way::Out, &Said::default())
        });
        out.expect("signed out");
        store.clock().set(at("11:10"));
        let now = at("11:10");
        for _ in 0..2 {
            let (state, words) = comes(store, card("k-1", "70001", now), now);
            assert_eq!(
                (state.as_str(), words.as_str()),
                ("back", "Welcome back, Pupil1. You are in at 11:10.")
            );
        }
        assert_eq!(count(store, MOVES), 2);
        assert_eq!(standing(store, 1).unwrap().0.as_deref(), Some("/"), "R-024");
    });
}

#[test]
fn a_kiosk_ends_by_itself_or_by_hand_or_with_the_right_of_whoever_started_it() {
    at_school(|store| {
        store.clock().set(at("08:00"));
        let first = begin(store, Runs::Today);
        let runs = |store: &TestStore| {
            let now = store.clock().tell();
            let found = store.read_now(move |tx| kiosk_at(tx, &SignInToken::of(TOKEN), now));
            found.expect("the store answers").is_some()
        };
        assert!(runs(store));
        store.clock().set(at_on("2026-11-24", "23:59"));
        assert!(runs(store));
        store.clock().set(at_on("2026-11-25", "00:00"));
        assert!(!runs(store), "it ends at midnight");
        assert_eq!(
            device(store, "/kiosk/ahead", None).0,
            StatusCode::UNAUTHORIZED
        );

        let second = begin(store, Runs::UntilEnded);
        store.clock().set(at_on("2026-12-08", "08:00"));
        assert!(runs(store));
        let by = actor(store, account(Role::Headteacher));
        store
            .act_now(SCHOOL, move |act| end(act, &by, second))
            .expect("ended");
        assert!(!runs(store));
        let (status, page) = device(store, "/kiosk/save", Some(json!({ "changes": [] })));
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{page}");

        begin(store, Runs::UntilEnded);
        assert!(runs(store));
        store
            .write_now(|tx| {
                tx.execute(
                    "update account set disabled_at = $2 where account_id = $1",
                    &args![officer(), at("08:00")],
                )
            })
            .expect("an account");
        assert!(!runs(store), "nobody's right is left");
        let all = store.read_now(|tx| kiosks(tx, SCHOOL)).expect("kiosks");
        assert_eq!((all.len(), all[2].id), (3, first));
    });
}

#[test]
fn only_who_keeps_the_door_starts_and_ends_a_kiosk_and_starting_it_signs_them_out_on_that_device() {
    at_school(|store| {
        let form = || {
            Request::post("/door/kiosks")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        };
        let body = || "place=Main+entrance&runs=today".to_owned();
        for role in [
            Role::Teacher,
            Role::Tutor,
            Role::Governor,
            Role::SystemAdministrator,
        ] {
            let session = format!("rollbook={}", token(account(role)));
            assert_eq!(
                send(store, form(), &session, body()).0,
                StatusCode::NOT_FOUND,
                "{role:?}"
            );
            assert_eq!(
                get(&office(store), account(role), "/door/kiosks").0,
                StatusCode::NOT_FOUND
            );
        }
        let session = format!("rollbook={}", token(officer()));
        let (status, headers, _) = send(store, form(), &session, body());
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(headers[header::LOCATION], "/kiosk");
        let cookies: Vec<&str> = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|value| value.to_str().expect("text"))
            .collect();
        let own = cookies
            .iter()
            .find(|one| one.starts_with("rollbook-kiosk="))
            .expect("a token");
        assert!(
            own.contains("HttpOnly") && own.contains("SameSite=Strict"),
            "{own}"
        );
        assert!(
            cookies
                .iter()
                .any(|one| one.starts_with("rollbook=;") && one.contains("Max-Age=0"))
        );
        // The session is over, not only forgotten by the browser.
        assert_eq!(
            get(&office(store), officer(), "/door").0,
            StatusCode::SEE_OTHER
        );
        // The kiosk's token opens the kiosk and nothing else.
        let own = own.split(';').next().expect("a cookie").to_owned();
        assert_eq!(
            send(store, Request::get("/kiosk"), &own, String::new()).0,
            StatusCode::OK
        );
        for path in ["/door", "/door/kiosks", "/registers", "/pupils", "/fire"] {
            assert_eq!(
                send(store, Request::get(path), &own, String::new()).0,
                StatusCode::SEE_OTHER,
                "{path}"
            );
        }
        // Somebody else's device shows nothing.
        let (status, _, page) = send(
            store,
            Request::get("/kiosk"),
            "rollbook-kiosk=none",
            String::new(),
        );
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(page.contains("This kiosk has ended"), "{page}");
    });
}
