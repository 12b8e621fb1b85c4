//! Who may ask, as what, and how often.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use office::people::{Access, RecordKind, Role};
use serde_json::json;
use store::journal;

use crate::program::{ALL, Program, json, program};
use crate::school::{School, each_school};

const KIOSK: &[(&str, &str)] = &[
    ("name", "Sign-in kiosk at the late door"),
    ("role", "attendance_administrator"),
    ("last_day", "2027-07-31"),
    ("pupil_core", "read"),
    ("attendance_marks", "write"),
];

fn with_approval<'a>(form: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let approval = [
        ("approver", "headteacher"),
        ("approver_password", crate::school::PASSWORD),
    ];
    [form, &approval].concat()
}

/// The secret on a page that shows one.
fn secret_on(page: &str) -> String {
    let (_, rest) = page.split_once("rollbook_").expect("a secret on the page");
    format!("rollbook_{}", &rest[..64])
}

#[test]
fn an_administrator_makes_a_client_with_the_heads_approval_and_ends_it() {
    each_school(|school| {
        let administrator = Role::SystemAdministrator;
        let alone = school.post(administrator, "/api-clients/new", KIOSK);
        assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            alone.text().contains("approval of the headteacher"),
            "{}",
            alone.text()
        );
        let made = school.post(administrator, "/api-clients/new", &with_approval(KIOSK));
        assert_eq!(made.status, StatusCode::OK, "{}", made.text());
        let kiosk = Program {
            school,
            secret: secret_on(made.text()),
        };
        assert_eq!(
            kiosk.read("/school")["client"],
            "Sign-in kiosk at the late door"
        );
        let list = school.get(administrator, "/api-clients");
        assert!(list.text().contains("Sign-in kiosk at the late door"));
        assert!(
            !list.text().contains("rollbook_"),
            "the secret is shown once"
        );
        let all = clients(school);
        let page = format!("/api-clients/{}", all[0].id);
        assert_eq!(school.get(administrator, &page).status, StatusCode::OK);

        let renewed = school.post(
            administrator,
            &format!("{page}/secret"),
            &with_approval(&[("reason", "it strayed")]),
        );
        let after = Program {
            secret: secret_on(renewed.text()),
            ..kiosk
        };
        assert_eq!(after.get("/school").status, StatusCode::OK);
        let before = Program {
            secret: secret_on(made.text()),
            ..after
        };
        assert_eq!(before.get("/school").status, StatusCode::UNAUTHORIZED);
        let after = Program {
            secret: secret_on(renewed.text()),
            ..before
        };

        let ended = school.post(
            administrator,
            &format!("{page}/end"),
            &[("reason", "kiosk sold")],
        );
        assert_eq!(ended.location(), "/api-clients?did=ended");
        assert_eq!(after.get("/school").status, StatusCode::UNAUTHORIZED);
        assert!(!clients(school)[0].is_open(crate::school::day("2026-11-24")));
    });
}

fn clients(school: &School) -> Vec<office::api::Client> {
    let id = school.id;
    let found = school
        .office
        .store
        .read_now(move |tx| office::api::clients(tx, id));
    found.expect("the clients of the school")
}

#[test]
fn nobody_but_an_administrator_makes_one_and_no_role_that_goes_by_duties_is_given() {
    each_school(|school| {
        for role in Role::ALL
            .iter()
            .filter(|role| **role != Role::SystemAdministrator)
        {
            let answer = school.post(*role, "/api-clients/new", &with_approval(KIOSK));
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role:?}");
        }
        for (question, value) in [
            ("role", "dsl"),
            ("role", "parent"),
            ("suspension_record", "write"),
            ("last_day", "2036-01-01"),
        ] {
            let mut form = KIOSK.to_vec();
            form.retain(|(own, _)| *own != question);
            form.push((question, value));
            let answer = school.post(
                Role::SystemAdministrator,
                "/api-clients/new",
                &with_approval(&form),
            );
            assert_eq!(
                answer.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{question} {value}"
            );
        }
    });
}

#[test]
fn a_client_is_turned_away_after_its_last_day() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let at = |day: &str| {
            let noon = calendar::TimeOfDay::new(12, 0, 0).expect("a time");
            school
                .clock
                .set(calendar::Instant::at_london(crate::school::day(day), noon));
            kiosk.get("/school").status
        };
        assert_eq!(at("2027-07-31"), StatusCode::OK);
        assert_eq!(at("2027-08-01"), StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn no_browsers_sign_in_opens_the_interface_and_no_other_site_may_read_it() {
    each_school(|school| {
        let head = school.get(Role::Headteacher, "/api/v1/pupils");
        assert_eq!(head.status, StatusCode::UNAUTHORIZED);
        assert_eq!(head.header("www-authenticate"), "Bearer");
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let asked = kiosk
            .request("GET", "/school")
            .header("origin", "https://elsewhere.example");
        let answer = school.ask(asked.body(Body::empty()).expect("a request"));
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("access-control-allow-origin"), "");
        let before = Request::builder()
            .method("OPTIONS")
            .uri("/api/v1/school")
            .header("origin", "https://elsewhere.example")
            .header("access-control-request-method", "GET");
        let answer = school.ask(before.body(Body::empty()).expect("a request"));
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_ne!(answer.status, StatusCode::OK);
    });
}

#[test]
fn a_client_reads_and_writes_no_further_than_its_limits_and_its_role() {
    each_school(|school| {
        let marks_only = program(
            school,
            Role::AttendanceAdministrator,
            &[(RecordKind::AttendanceMarks, Access::Read)],
        );
        assert_eq!(
            marks_only
                .get("/marks?from=2026-11-23&to=2026-11-24")
                .status,
            StatusCode::OK
        );
        for path in ["/pupils", "/enrolments", "/groups", "/figures?who=school"] {
            let answer = marks_only.get(path);
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert_eq!(json(&answer)["type"], "/api#out-of-scope");
        }
        let (pupil, _) = school.pupils["Ash"];
        assert_eq!(
            marks_only.get(&format!("/pupils/{pupil}/contacts")).status,
            StatusCode::FORBIDDEN
        );
        let save = format!("/registers/{}/2026-11-24/AM/marks", school.groups["9A"]);
        let refused = marks_only.post(&save, "key-0000-1", &json!({ "changes": [] }));
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());

        let core_only = program(
            school,
            Role::AttendanceAdministrator,
            &[(RecordKind::PupilCore, Access::Read)],
        );
        assert_eq!(
            core_only.read("/pupils")["items"].as_array().map(Vec::len),
            Some(8)
        );
        let register = format!("/registers/{}/2026-11-24/AM", school.groups["9A"]);
        assert_eq!(core_only.get(&register).status, StatusCode::FORBIDDEN);
        assert_eq!(
            core_only.get("/marks?from=2026-11-23&to=2026-11-24").status,
            StatusCode::FORBIDDEN
        );
    });
}

#[test]
fn what_a_client_does_stands_in_the_journal_under_its_own_name() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let (_, ash) = school.pupils["Ash"];
        let save = format!("/registers/{}/2026-11-24/AM/marks", school.groups["9A"]);
        let change = json!({ "changes": [{ "enrolment": ash, "code": "/", "base": 0 }] });
        let saved = kiosk.post(&save, "key-0000-1", &change);
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
        let id = school.id;
        let number = json(&saved)["number"]
            .as_i64()
            .expect("the number of an act");
        let entry = school
            .office
            .store
            .read_now(move |tx| journal::entry(tx, id, number));
        let entry = entry.expect("a store").expect("an entry");
        assert_eq!(entry.job_title, "API client");
        assert_eq!(entry.act, "save register");
        let page = school.get(
            Role::Headteacher,
            &format!("/journal?person={}", entry.account),
        );
        assert!(page.text().contains("Sign-in kiosk"), "{}", page.text());
    });
}

#[test]
fn a_client_that_asks_too_often_is_told_how_long_to_wait() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceAdministrator, ALL);
        let limit = office::api::REQUESTS_A_MINUTE;
        let first = kiosk.get("/school");
        assert_eq!(first.header("ratelimit-limit"), limit.to_string());
        assert_eq!(first.header("ratelimit-remaining"), (limit - 1).to_string());
        for _ in 1..limit {
            assert_eq!(
                kiosk.get("/codes?on=nonsense").status,
                StatusCode::BAD_REQUEST
            );
        }
        let over = kiosk.get("/school");
        assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
        let wait: i64 = over.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        let other = program(school, Role::AttendanceAdministrator, ALL);
        assert_eq!(other.get("/school").status, StatusCode::OK);
        school.clock.set(school.office.now().plus_seconds(60));
        assert_eq!(kiosk.get("/school").status, StatusCode::OK);
    });
}
