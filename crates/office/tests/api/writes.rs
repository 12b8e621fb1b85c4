//! Writes: safe to repeat, by the same rules as the screens, and told what stands where somebody else was first.

use axum::body::Body;
use axum::http::StatusCode;
use calendar::Session;
use office::people::Role;
use serde_json::{Value, json};

use crate::program::{ALL, Program, json, program};
use crate::school::{School, each_school};

fn register(school: &School) -> String {
    format!("/registers/{}/2026-11-24/AM", school.groups["9A"])
}

fn number(school: &School) -> i64 {
    let id = school.id;
    let head = school
        .office
        .store
        .read_now(move |tx| store::journal::head(tx, id));
    head.expect("a store").expect("a school").seq
}

fn place<'v>(register: &'v Value, school: &School, surname: &str) -> &'v Value {
    let (_, enrolment) = school.pupils[surname];
    let places = register["places"].as_array().expect("places");
    places
        .iter()
        .find(|place| place["enrolment"] == enrolment.0)
        .expect("a place")
}

#[test]
fn the_same_write_under_the_same_key_is_done_once_and_answered_alike() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let (_, ash) = school.pupils["Ash"];
        let save = format!("{}/marks", register(school));
        let change = json!({ "changes": [{ "enrolment": ash, "code": "/", "base": 0 }] });
        let first = kiosk.post(&save, "key-0000-1", &change);
        assert_eq!(first.status, StatusCode::OK, "{}", first.text());
        let then = number(school);
        let again = kiosk.post(&save, "key-0000-1", &change);
        assert_eq!((again.status, json(&again)), (first.status, json(&first)));
        assert_eq!(number(school), then, "nothing was done twice");
        let other = json!({ "changes": [{ "enrolment": ash, "code": "N", "base": 0 }] });
        let reused = kiosk.post(&save, "key-0000-1", &other);
        assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(json(&reused)["type"], "/api#key-reused");
        // Another client's keys are its own.
        let second = program(school, Role::AttendanceAdministrator, ALL);
        let theirs = second.post(&save, "key-0000-1", &other);
        assert_eq!(theirs.status, StatusCode::CONFLICT, "{}", theirs.text());
        let none = kiosk
            .request("POST", &save)
            .header("content-type", "application/json");
        let none = school.ask(
            none.body(Body::from(change.to_string()))
                .expect("a request"),
        );
        assert_eq!(json(&none)["type"], "/api#key-missing");
    });
}

#[test]
fn marks_are_saved_all_or_none_unless_the_program_asks_for_part() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let [ash, birch] = ["Ash", "Birch"].map(|surname| school.pupils[surname].1);
        let save = format!("{}/marks", register(school));
        // No code Q in 2026.
        let mut changes = json!({ "changes": [
            { "enrolment": ash, "code": "/", "base": 0 },
            { "enrolment": birch, "code": "J", "base": 0 },
        ] });
        let refused = kiosk.post(&save, "key-0000-1", &changes);
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text()
        );
        let told = json(&refused);
        assert_eq!(told["errors"].as_array().map(Vec::len), Some(1), "{told}");
        assert_eq!(told["errors"][0]["pointer"], "/changes/1");
        let stands = kiosk.read(&register(school));
        assert_eq!(place(&stands, school, "Ash")["code"], Value::Null);
        changes["partly"] = true.into();
        let part = kiosk.post(&save, "key-0000-2", &changes);
        assert_eq!(part.status, StatusCode::OK, "{}", part.text());
        assert_eq!(json(&part)["results"][0]["outcome"], "saved");
        assert_eq!(json(&part)["results"][1]["outcome"], "refused");
        let stands = kiosk.read(&register(school));
        assert_eq!(place(&stands, school, "Ash")["code"], "/");
        assert_eq!(place(&stands, school, "Birch")["code"], Value::Null);
    });
}

#[test]
fn a_program_that_comes_second_is_told_what_stands_there_now() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let (_, ash) = school.pupils["Ash"];
        let read = kiosk.get(&register(school));
        let etag = read.header("etag").to_owned();
        school.mark("Ash", "2026-11-24", Session::Am, "N");
        let change = json!({ "changes": [{ "enrolment": ash, "code": "/", "base": 0 }] });
        let save = format!("{}/marks", register(school));
        let conflict = kiosk.post(&save, "key-0000-1", &change);
        assert_eq!(conflict.status, StatusCode::CONFLICT, "{}", conflict.text());
        assert_eq!(json(&conflict)["errors"][0]["pointer"], "/changes/0");
        assert_eq!(
            place(&json(&conflict)["current"], school, "Ash")["code"],
            "N"
        );
        let based = |etag: &str, key: &str, body: &Value| {
            let request = kiosk
                .request("POST", &save)
                .header("idempotency-key", key)
                .header("if-match", etag)
                .header("content-type", "application/json");
            school.ask(
                request
                    .body(Body::from(body.to_string()))
                    .expect("a request"),
            )
        };
        let changed = based(&etag, "key-0000-2", &change);
        assert_eq!(
            changed.status,
            StatusCode::PRECONDITION_FAILED,
            "{}",
            changed.text()
        );
        assert_eq!(
            place(&json(&changed)["current"], school, "Ash")["code"],
            "N"
        );
        let now = kiosk.get(&register(school));
        let stands = json(&now);
        let base = place(&stands, school, "Ash")["number"].as_i64();
        let change = json!({ "changes": [{ "enrolment": ash, "code": "/", "base": base, "reason": "seen in the corridor" }] });
        let saved = based(now.header("etag"), "key-0000-3", &change);
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    });
}

/// Every item of a list, page by page.
fn all(program: &Program<'_>, path: &str) -> (Vec<Value>, i64) {
    let (mut items, mut cursor, mut number) = (Vec::new(), None::<String>, None);
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let asked = match &cursor {
            Some(cursor) => format!("{path}{joint}cursor={cursor}"),
            None => path.to_owned(),
        };
        let page = program.read(&asked);
        items.extend(page["items"].as_array().expect("items").clone());
        number = number.or(page["number"].as_i64());
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return (items, number.expect("a number")),
        }
    }
}

#[test]
fn a_list_comes_in_pages_that_neither_skip_nor_repeat() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let (pupils, _) = all(&kiosk, "/pupils?limit=3");
        let mut ids: Vec<i64> = pupils
            .iter()
            .map(|one| one["pupil"].as_i64().expect("an id"))
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 8);
        for surname in ["Ash", "Birch", "Dogwood"] {
            school.mark(surname, "2026-11-23", Session::Am, "/");
            school.mark(surname, "2026-11-23", Session::Pm, "N");
        }
        let days = "/marks?from=2026-11-23&to=2026-11-24";
        let (whole, _) = all(&kiosk, days);
        assert_eq!(whole.len(), 6);
        for limit in 1..=7 {
            let (paged, _) = all(&kiosk, &format!("{days}&limit={limit}"));
            assert_eq!(paged, whole, "{limit} on a page");
        }
    });
}

#[test]
fn whoever_follows_by_number_sees_every_change_and_what_was_withdrawn() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceManager, ALL);
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        let (_, number) = all(&kiosk, "/marks?from=2026-11-23&to=2026-11-23");
        school.mark("Ash", "2026-11-23", Session::Am, "N");
        school.mark("Elm", "2026-11-23", Session::Pm, "I");
        let (changed, then) = all(&kiosk, &format!("/marks/changed?changed_since={number}"));
        let codes: Vec<&str> = changed
            .iter()
            .filter_map(|mark| mark["code"].as_str())
            .collect();
        assert_eq!(codes, ["N", "I"]);
        assert_eq!(
            all(&kiosk, &format!("/marks/changed?changed_since={then}")).0,
            Vec::<Value>::new()
        );

        let (ash, _) = school.pupils["Ash"];
        let plan = json!({
            "pupil": ash, "kind": "appointment", "code": "M", "first_day": "2026-11-26", "last_day": "2026-11-26",
            "sessions": "2026-11-26-AM", "reason": "dentist", "decided_by": "Attendance office",
        });
        let made = kiosk.post("/plans", "key-plan-1", &plan);
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let id = json(&made)["plan"].clone();
        let (plans, at) = all(&kiosk, "/plans");
        assert_eq!(plans.len(), 1);
        assert_eq!(
            (&plans[0]["plan"], &plans[0]["withdrawn"]),
            (&id, &json!(false))
        );
        let withdrawal = json!({ "number": plans[0]["number"], "reason": "moved to the holidays" });
        let gone = kiosk.post(&format!("/plans/{id}/withdraw"), "key-plan-2", &withdrawal);
        assert_eq!(gone.status, StatusCode::OK, "{}", gone.text());
        assert_eq!(all(&kiosk, "/plans").0, Vec::<Value>::new());
        let (since, _) = all(&kiosk, &format!("/plans?changed_since={at}"));
        assert_eq!(
            (&since[0]["plan"], &since[0]["withdrawn"]),
            (&id, &json!(true))
        );
    });
}

#[test]
fn a_figure_is_the_one_that_the_page_shows() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceManager, ALL);
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        school.mark("Ash", "2026-11-23", Session::Pm, "L");
        school.mark("Birch", "2026-11-23", Session::Am, "N");
        let asked = format!(
            "/figures?who=group-{}&from=2026-11-23&to=2026-11-23",
            school.groups["9A"]
        );
        let figure = kiosk.read(&asked);
        assert_eq!(
            (
                &figure["attendance"]["part"],
                &figure["attendance"]["whole"]
            ),
            (&json!(2), &json!(3))
        );
        assert_eq!(figure["attendance"]["shown"], "66.7");
        assert_eq!(figure["missing"], json!(3));
    });
}
