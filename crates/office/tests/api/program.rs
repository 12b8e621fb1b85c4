//! A program that uses the interface, as tests play it.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use office::api::{NewClient, make};
use office::desk::Refusal;
use office::people::{
    Access, Actor, DIRECTORY, NewAccount, RecordKind, Role, SignInToken, actor_for_token,
    open_account,
};
use serde_json::Value;

use crate::school::{Answer, School, day};

/// The kinds of record that most programs of these tests work with.
pub const ALL: &[(RecordKind, Access)] = &[
    (RecordKind::PupilCore, Access::Write),
    (RecordKind::Contacts, Access::Read),
    (RecordKind::AttendanceMarks, Access::Write),
    (RecordKind::AggregateReports, Access::Read),
];

/// A program with a client.
pub struct Program<'s> {
    pub school: &'s School,
    pub secret: String,
}

/// Somebody at the school, as the acts know them.
pub fn actor(school: &School, role: Role) -> Actor {
    let token = SignInToken::of(&school.person(role).token);
    let now = school.office.now();
    let found = school
        .office
        .store
        .read_now(move |tx| actor_for_token(tx, &token, now));
    found.expect("a store").expect("somebody who is signed in")
}

/// Makes a client with this role and these limits.
pub fn program<'s>(school: &'s School, role: Role, limits: &[(RecordKind, Access)]) -> Program<'s> {
    let store = &school.office.store;
    let account = store
        .act_now(DIRECTORY, |act| {
            let name = format!("api client {}", act.seq());
            let account = NewAccount {
                sign_in_name: name,
                name: "Sign-in kiosk".to_owned(),
                password_hash: None,
                must_change_password: false,
            };
            open_account(act, None, &account)
        })
        .expect("an account of a client");
    let new = NewClient {
        name: "Sign-in kiosk".to_owned(),
        role,
        limits: limits.iter().copied().collect::<BTreeMap<_, _>>(),
        last_day: day("2027-07-31"),
    };
    let administrator = actor(school, Role::SystemAdministrator);
    let head = school.person(Role::Headteacher).account;
    let made: Result<_, Refusal> = store.act_now(school.id, move |act| {
        make(act, &administrator, account, &new, Some(head))
    });
    let (_, secret) = made.expect("a client");
    Program { school, secret }
}

impl Program<'_> {
    /// A request of this program.
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.secret))
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty());
        self.school.ask(request.expect("a request"))
    }

    /// Writes under a key.
    pub fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self
            .request("POST", path)
            .header("idempotency-key", key)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        self.school.ask(request.expect("a request"))
    }

    /// What is answered when all is well.
    pub fn read(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        json(&answer)
    }
}

/// The body of an answer.
pub fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("an answer of the interface is JSON")
}
