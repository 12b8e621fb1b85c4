//! Webhooks, to a receiver on this machine that answers well, badly, slowly or not at all.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calendar::Session;
use office::api::InterfaceRules;
use office::people::{Access, RecordKind, Role};
use office::webhooks::deliver;
use ring::hmac;
use serde_json::{Value, json};

use crate::program::{ALL, Program, json, program};
use crate::school::{School, day, each_school};

/// How the receiver behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Fails,
    Redirects,
    HangsUp,
    Slow,
    Floods,
}

/// A delivery as it came.
#[derive(Clone, Debug)]
struct Came {
    id: String,
    at: String,
    signature: String,
    body: String,
}

struct Receiver {
    address: String,
    mood: Arc<Mutex<Mood>>,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    fn listen() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
        let port = listener.local_addr().expect("an address").port();
        let mood = Arc::new(Mutex::new(Mood::Well));
        let came = Arc::new(Mutex::new(Vec::new()));
        let (own_mood, own_came) = (Arc::clone(&mood), Arc::clone(&came));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (mood, came) = (*own_mood.lock().expect("a mood"), Arc::clone(&own_came));
                std::thread::spawn(move || take(stream, mood, &came));
            }
        });
        Receiver {
            address: format!("http://127.0.0.1:{port}/rollbook"),
            mood,
            came,
        }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().expect("a mood") = mood;
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().expect("what came").clone()
    }

    fn ids(&self) -> Vec<String> {
        self.came().into_iter().map(|one| one.id).collect()
    }
}

fn take(stream: TcpStream, mood: Mood, came: &Mutex<Vec<Came>>) {
    if mood == Mood::HangsUp {
        return;
    }
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let (mut headers, mut line) = (Vec::new(), String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some((name, value)) = line.trim().split_once(": ") {
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        line.clear();
    }
    let header = |name: &str| {
        let found = headers.iter().find(|(own, _)| own == name);
        found.map_or_else(String::new, |(_, value)| value.clone())
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).expect("a body");
    came.lock().expect("what came").push(Came {
        id: header("webhook-id"),
        at: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: String::from_utf8(body).expect("a body of text"),
    });
    let mut stream = stream;
    let head = match mood {
        Mood::Well => "HTTP/1.1 204 No Content\r\n\r\n",
        Mood::Fails => "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
        Mood::Redirects => {
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
        }
        Mood::Slow => {
            std::thread::sleep(Duration::from_secs(30));
            return;
        }
        Mood::Floods => {
            let line = format!("x-flood: {}\r\n", "a".repeat(1_000));
            let head = format!("HTTP/1.1 204 No Content\r\n{}", line.repeat(1_000));
            // The other side hangs up before the end.
            stream.write_all(head.as_bytes()).ok();
            return;
        }
        Mood::HangsUp => return,
    };
    stream.write_all(head.as_bytes()).expect("an answer");
}

/// The operator lets webhooks lead to the receiver.
fn allow_this_machine(school: &School) {
    school.office.interface.go_by(InterfaceRules {
        webhooks_inside: vec!["127.0.0.1".to_owned()],
        ..InterfaceRules::default()
    });
}

const MARKS: &[&str] = &["mark.changed"];

fn subscribe(program: &Program<'_>, address: &str, events: &[&str]) -> Value {
    let body = json!({ "address": address, "events": events });
    let answer = program.post("/webhooks", "key-subscribe", &body);
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    json(&answer)
}

fn run(school: &School) {
    let done = school.wait(deliver(&school.office));
    done.expect("a store");
}

fn later(school: &School, seconds: i64) {
    school.clock.set(school.office.now().plus_seconds(seconds));
}

#[test]
fn what_changes_is_told_once_signed_and_without_a_name() {
    each_school(|school| {
        allow_this_machine(school);
        let receiver = Receiver::listen();
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let subscribed = subscribe(&kiosk, &receiver.address, MARKS);
        school.mark("Birch", "2026-11-23", Session::Am, "N");
        run(school);
        run(school);
        let came = receiver.came();
        assert_eq!(came.len(), 1, "what was before is not told: {came:?}");
        let told: Value = serde_json::from_str(&came[0].body).expect("JSON");
        let (_, birch) = school.pupils["Birch"];
        assert_eq!(told["type"], "mark.changed");
        assert_eq!(
            told["data"]["marks"],
            json!([{ "enrolment": birch, "day": "2026-11-23", "session": "AM" }])
        );
        assert!(!came[0].body.contains("Birch") && !came[0].body.contains("Pat"));
        let secret = subscribed["secret"]
            .as_str()
            .and_then(|text| text.strip_prefix("whsec_"));
        let secret = STANDARD.decode(secret.expect("a secret")).expect("base 64");
        let signed = format!("{}.{}.{}", came[0].id, came[0].at, came[0].body);
        let signature = came[0].signature.strip_prefix("v1,").expect("a signature");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signature = STANDARD.decode(signature).expect("base 64");
        hmac::verify(&key, signed.as_bytes(), &signature).expect("signed with the secret");
        let page = school.get(
            Role::SystemAdministrator,
            &format!("/webhooks/{}", subscribed["webhook"]),
        );
        assert!(page.text().contains("taken with 204"), "{}", page.text());
    });
}

#[test]
fn a_receiver_that_fails_hangs_up_or_sends_elsewhere_is_tried_again_and_at_last_paused() {
    each_school(|school| {
        allow_this_machine(school);
        let receiver = Receiver::listen();
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let webhook = subscribe(&kiosk, &receiver.address, MARKS)["webhook"].clone();
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        receiver.is(Mood::Fails);
        run(school);
        later(school, 30);
        run(school);
        assert_eq!(receiver.came().len(), 1, "it waits a minute");
        receiver.is(Mood::HangsUp);
        later(school, 60);
        run(school);
        receiver.is(Mood::Redirects);
        for wait in [300, 1_800, 7_200, 21_600, 86_400] {
            later(school, wait + 1);
            run(school);
        }
        // Once it failed, five times it sent elsewhere, and nobody went there.
        assert_eq!(receiver.came().len(), 6);
        let ids: BTreeSet<String> = receiver.ids().into_iter().collect();
        assert_eq!(ids.len(), 1, "the same id each time");
        assert_eq!(kiosk.read("/webhooks")["items"][0]["paused"], json!(true));
        school.mark("Birch", "2026-11-23", Session::Am, "/");
        later(school, 86_400);
        run(school);
        assert_eq!(
            receiver.came().len(),
            6,
            "nothing is sent while it is paused"
        );
        receiver.is(Mood::Well);
        // The administrator's sign-in is over by now.
        let administrator = &school.people[&Role::SystemAdministrator];
        let mut again = administrator.clone();
        again.token = "token of a later day".to_owned();
        crate::school::sign_in(&school.office.store, school.id, &again);
        let cookie = format!("{}={}", school.office.cookie_name(), again.token);
        let ask = |request: axum::http::request::Builder| {
            let request = request.header("cookie", &cookie).body(Body::empty());
            school.ask(request.expect("a request"))
        };
        let told = "A webhook is paused: nobody took its deliveries for more than a day.";
        let first_page = ask(Request::get("/"));
        assert!(first_page.text().contains(told), "{}", first_page.text());
        let resumed = ask(Request::post(format!("/webhooks/{webhook}/resume")));
        assert!(!ask(Request::get("/")).text().contains(told));
        assert_eq!(
            resumed.location(),
            "/webhooks?did=resumed",
            "{}",
            resumed.text()
        );
        run(school);
        let after: Vec<String> = receiver.ids().split_off(6);
        assert_eq!(after.len(), 2, "both that waited: {after:?}");
        later(school, 86_400);
        run(school);
        assert_eq!(receiver.came().len(), 8, "and neither again");
    });
}

#[test]
fn a_program_that_dies_between_sending_and_noting_sends_the_same_delivery_again_and_loses_none() {
    each_school(|school| {
        allow_this_machine(school);
        let receiver = Receiver::listen();
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        subscribe(&kiosk, &receiver.address, MARKS);
        for surname in ["Ash", "Birch", "Cedar"] {
            school.mark(surname, "2026-11-23", Session::Am, "/");
        }
        receiver.is(Mood::Slow);
        let dying = async {
            let going = deliver(&school.office);
            tokio::time::timeout(Duration::from_secs(2), going).await
        };
        assert!(
            school.wait(dying).is_err(),
            "it was still waiting for an answer"
        );
        assert_eq!(receiver.came().len(), 3);
        receiver.is(Mood::Well);
        run(school);
        assert_eq!(receiver.came().len(), 3, "somebody may still be at it");
        later(school, 61);
        run(school);
        let ids = receiver.ids();
        assert_eq!(ids.len(), 6);
        let first: BTreeSet<&String> = ids[..3].iter().collect();
        assert_eq!(
            first,
            ids[3..].iter().collect(),
            "each once more under its own id"
        );
        later(school, 86_400);
        run(school);
        assert_eq!(receiver.came().len(), 6);
    });
}

#[test]
fn of_two_programs_on_one_database_one_sends_each_delivery() {
    each_school(|school| {
        allow_this_machine(school);
        let receiver = Receiver::listen();
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        subscribe(&kiosk, &receiver.address, MARKS);
        let other = Arc::new(office::desk::Office::clone(&school.office));
        for surname in ["Ash", "Birch", "Cedar", "Dogwood", "Elm"] {
            school.mark(surname, "2026-11-23", Session::Am, "/");
            let both = async { tokio::join!(deliver(&school.office), deliver(&other)) };
            let (one, two) = school.wait(both);
            one.and(two).expect("a store");
        }
        run(school);
        let ids = receiver.ids();
        let different: BTreeSet<&String> = ids.iter().collect();
        assert_eq!((ids.len(), different.len()), (5, 5), "{ids:?}");
    });
}

#[test]
fn an_answer_without_end_is_no_answer_and_one_slow_receiver_keeps_no_other_waiting() {
    each_school(|school| {
        allow_this_machine(school);
        let (flooding, well) = (Receiver::listen(), Receiver::listen());
        flooding.is(Mood::Floods);
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let webhook = subscribe(&kiosk, &flooding.address, MARKS)["webhook"].clone();
        let body = json!({ "address": well.address, "events": MARKS });
        let second = kiosk.post("/webhooks", "key-subscribe-2", &body);
        assert_eq!(second.status, StatusCode::CREATED, "{}", second.text());
        for _ in 0..15 {
            school.mark("Ash", "2026-11-23", Session::Am, "/");
        }
        run(school);
        assert_eq!((flooding.came().len(), well.came().len()), (10, 10));
        let log = school.get(Role::SystemAdministrator, &format!("/webhooks/{webhook}"));
        assert!(
            log.text().contains("the connection broke off"),
            "{}",
            log.text()
        );
        assert!(!log.text().contains("taken with"), "{}", log.text());
    });
}

#[test]
fn a_webhook_that_is_paused_waits_and_a_client_that_has_ended_is_told_nothing() {
    each_school(|school| {
        allow_this_machine(school);
        let receiver = Receiver::listen();
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let webhook = subscribe(&kiosk, &receiver.address, MARKS)["webhook"].clone();
        let change = |change: &str| {
            let path = format!("/webhooks/{webhook}/{change}");
            school.post(Role::SystemAdministrator, &path, &[])
        };
        assert_eq!(change("pause").location(), "/webhooks?did=paused");
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        run(school);
        assert_eq!(receiver.came().len(), 0);
        let first_page = school.get(Role::SystemAdministrator, "/");
        assert!(
            !first_page.text().contains("webhook"),
            "they know that they paused it"
        );
        assert_eq!(change("resume").location(), "/webhooks?did=resumed");
        run(school);
        assert_eq!(receiver.came().len(), 1);
        school.mark("Birch", "2026-11-23", Session::Am, "/");
        school.mark("Cedar", "2026-11-23", Session::Am, "/");
        receiver.is(Mood::Fails);
        run(school);
        assert_eq!(receiver.came().len(), 3);
        let school_id = school.id;
        let over: Result<u64, store::StoreError> = school.office.store.write_now(move |tx| {
            let last_day = day("2026-11-01");
            tx.execute(
                "update api_client set last_day = $2 where school_id = $1",
                &store::args![school_id, last_day],
            )
        });
        over.expect("a store");
        receiver.is(Mood::Well);
        later(school, 120);
        run(school);
        assert_eq!(receiver.came().len(), 3, "not even what waited");
        let list = school.get(Role::SystemAdministrator, "/webhooks");
        assert!(
            list.text().contains("silent: its API client has ended"),
            "{}",
            list.text()
        );
    });
}

#[test]
fn a_restored_copy_tells_nobody_until_it_is_let_and_says_so_where_webhooks_are_kept() {
    each_school(|school| {
        allow_this_machine(school);
        let receiver = Receiver::listen();
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let webhook = subscribe(&kiosk, &receiver.address, MARKS)["webhook"].clone();
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        let (store, now) = (&school.office.store, school.office.now());
        let held: Result<(), store::StoreError> =
            store.write_now(move |tx| office::carry::hold_back(tx, now));
        held.expect("a store");
        later(school, 61);
        school.mark("Birch", "2026-11-23", Session::Am, "/");
        run(school);
        assert_eq!(receiver.came().len(), 0, "a copy calls nobody");
        let told = "These records were restored from a copy on";
        for path in ["/webhooks", &format!("/webhooks/{webhook}"), "/"] {
            let page = school.get(Role::SystemAdministrator, path);
            assert!(page.text().contains(told), "{path}: {}", page.text());
        }
        let let_out: Result<bool, store::StoreError> = store.write_now(office::carry::let_out);
        assert!(let_out.expect("a store"));
        run(school);
        assert_eq!(receiver.came().len(), 2, "what waited");
        let page = school.get(Role::SystemAdministrator, "/webhooks");
        assert!(!page.text().contains(told), "{}", page.text());
    });
}

#[test]
fn no_address_inside_a_network_is_told_unless_the_operator_allows_it() {
    each_school(|school| {
        let receiver = Receiver::listen();
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        for address in [
            receiver.address.as_str(),
            "https://localhost/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
        ] {
            let body = json!({ "address": address, "events": MARKS });
            let answer = kiosk.post("/webhooks", &format!("key-inside-{}", address.len()), &body);
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{address}");
        }
        // A name that began to lead inside after it was given: what counts is where it leads at the moment of connecting.
        let body = json!({ "address": "https://localhost.localdomain.invalid/", "events": MARKS });
        let answer = kiosk.post("/webhooks", "key-outside", &body);
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let (school_id, address) = (
            school.id,
            receiver
                .address
                .replace("http://127.0.0.1", "https://127.0.0.1"),
        );
        let turned = school
            .office
            .store
            .write_now(move |tx| -> Result<u64, store::StoreError> {
                tx.execute(
                    "update webhook set address = $2 where school_id = $1",
                    &store::args![school_id, &address],
                )
            });
        turned.expect("a store");
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        run(school);
        assert_eq!(receiver.came().len(), 0);
    });
}

#[test]
fn a_client_is_told_of_nothing_that_it_may_not_read() {
    each_school(|school| {
        allow_this_machine(school);
        let receiver = Receiver::listen();
        let core = program(
            school,
            Role::AttendanceAdministrator,
            &[(RecordKind::PupilCore, Access::Read)],
        );
        let body = json!({ "address": receiver.address, "events": MARKS });
        let refused = core.post("/webhooks", "key-0000-1", &body);
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text()
        );
        subscribe(&core, &receiver.address, &["pupil.joined", "pupil.left"]);
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        run(school);
        assert_eq!(receiver.came().len(), 0);
        let other = program(school, Role::AttendanceAdministrator, ALL);
        assert_eq!(
            other.read("/webhooks")["items"],
            json!([]),
            "another client's are not told of"
        );
    });
}
