//! A small school with somebody in every role, on the morning of Tuesday 24 November 2026.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use calendar::{Day, Instant, Session, Slot};
use http_body_util::BodyExt;
use office::desk::{Office, Refusal};
use office::ids::{EnrolmentId, GroupId};
use office::people::{Actor, Role, SignInToken, actor_for_token};
use office::registers::Change;
use office::registers::save::{Outcome, Save, SaveAnswer, save};
use office::{people, roll, year};
use store::testing::TestStore;
use store::{Act, Entry, SchoolId, Store, StoreError, args};
use tower::ServiceExt;

pub const SCHOOL: SchoolId = SchoolId(1);

/// Tutor groups 8A with six pupils and 8B with three; class 8X1 with two of each.
pub const A: GroupId = GroupId(101);
pub const B: GroupId = GroupId(102);
pub const X: GroupId = GroupId(103);

/// Times on roll 201 to 206 are 8A, 207 to 209 are 8B; 206 left on 20 November, so 8A has five places.
pub fn e(number: i64) -> EnrolmentId {
    EnrolmentId(200 + number)
}

pub fn day(text: &str) -> Day {
    text.parse().expect("a test writes real days")
}

pub const TODAY: &str = "2026-11-24";

pub fn today(session: Session) -> Slot {
    Slot::new(day(TODAY), session)
}

pub fn at(text: &str) -> Instant {
    at_on(TODAY, text)
}

pub fn at_on(on: &str, clock: &str) -> Instant {
    Instant::at_london(day(on), clock.parse().expect("a test writes clock times"))
}

/// The account of the role's holder is 1000 and the place of the role in the matrix; the tutor of 8B is 1100.
pub fn account(role: Role) -> i64 {
    1000 + Role::ALL
        .iter()
        .position(|one| *one == role)
        .expect("a role of the matrix") as i64
}

pub const TUTOR_OF_B: i64 = 1100;

pub fn token(account: i64) -> String {
    format!("token of {account}")
}

fn did(what: &'static str) -> Entry<'static> {
    Entry {
        account: 1,
        job_title: "Set-up",
        act: what,
        subject: "the school".to_owned(),
    }
}

/// Fills a fresh store with the school.
pub fn found(store: &TestStore) {
    store.clock().set(at("06:00"));
    store
        .write_now(|tx| {
            tx.execute(
                "insert into school (school_id, name, founded_at) values ($1, $2, $3)",
                &args![SCHOOL, "Sample School", at("06:00")],
            )?;
            let mut accounts: Vec<i64> = Role::ALL.iter().map(|role| account(*role)).collect();
            accounts.push(TUTOR_OF_B);
            for account in accounts {
                tx.execute(
                    "insert into account (account_id, sign_in_name, name, must_change_password, failed_attempts) values ($1, $2, $3, $4, $5)",
                    &args![account, format!("a{account}"), format!("Account {account}"), false, 0],
                )?;
                tx.execute(
                    "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at, second_factor_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                    &args![
                        SignInToken::of(&token(account)).bytes(),
                        account,
                        SCHOOL,
                        "a device",
                        at_on("2026-09-01", "06:00"),
                        // Long after, so that no test's clock leaves it idle.
                        at_on("2027-09-01", "06:00"),
                        at_on("2027-09-01", "06:00"),
                        at("06:00")
                    ],
                )?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("the directory of a test");
    store
        .act_now(SCHOOL, |act| {
            act.describe(did("set up"));
            set_up_year(act)?;
            set_up_roll(act)?;
            set_up_people(act)
        })
        .expect("the school of a test");
    store.clock().set(store::testing::BEGINNING);
}

fn set_up_year(act: &mut Act) -> Result<(), StoreError> {
    for (id, first, last) in [
        (11, "2026-09-02", "2026-10-23"),
        (12, "2026-11-02", "2026-12-18"),
        (13, "2027-01-04", "2027-02-12"),
    ] {
        let values = args![id, 2026, format!("Half-term {id}"), day(first), day(last)];
        act.record(&year::records::TERM, &values)?;
    }
    act.record(
        &year::records::DAY_EXCEPTION,
        &args![day("2026-11-27"), "inset", "Training"],
    )
}

fn set_up_roll(act: &mut Act) -> Result<(), StoreError> {
    let none = None::<&str>;
    for (id, kind, name) in [(A, "tutor", "8A"), (B, "tutor", "8B"), (X, "class", "8X1")] {
        let values = args![id, kind, name, none, "12", None::<i64>];
        act.record(&roll::records::PUPIL_GROUP, &values)?;
    }
    let september = day("2026-09-02");
    for number in 1..=9 {
        let (pupil, enrolment) = (300 + number, 200 + number);
        let name = format!("Pupil{number}");
        act.record(
            &roll::records::PUPIL,
            &args![
                pupil,
                400 + number,
                none,
                none,
                none,
                none,
                "Sample",
                &name,
                "",
                "Sample",
                &name,
                none,
                day("2013-11-02")
            ],
        )?;
        let leaving = (number == 6).then(|| day("2026-11-20"));
        act.record(
            &roll::records::ENROLMENT,
            &args![
                enrolment, pupil, "C", september, none, leaving, none, none, none, none
            ],
        )?;
        let group = if number <= 6 { A } else { B };
        act.record(
            &roll::records::MEMBERSHIP,
            &args![500 + number, group, enrolment, september, None::<Day>],
        )?;
    }
    for (id, enrolment) in [(521, 201), (522, 202), (523, 207), (524, 208)] {
        let values = args![id, X, enrolment, september, None::<Day>];
        act.record(&roll::records::MEMBERSHIP, &values)?;
    }
    Ok(())
}

fn set_up_people(act: &mut Act) -> Result<(), StoreError> {
    let september = day("2026-09-02");
    let (none, open) = (None::<&str>, None::<Day>);
    let mut people: Vec<(i64, Role)> = Role::ALL
        .iter()
        .map(|role| (account(*role), *role))
        .collect();
    people.push((TUTOR_OF_B, Role::Tutor));
    for (account, role) in people {
        let staff = account + 1000;
        let surname = format!("Staff{account}");
        act.record(
            &roll::records::STAFF,
            &args![
                staff, none, "Ms", "A", &surname, none, account, september, open
            ],
        )?;
        act.record(
            &roll::records::POST,
            &args![staff + 1000, staff, role.label(), september, open],
        )?;
        act.record(
            &people::records::ROLE_GRANT,
            &args![staff + 2000, account, role.key(), september, open],
        )?;
        let duty = match role {
            Role::Tutor if account == TUTOR_OF_B => Some((B, "tutor")),
            Role::Tutor => Some((A, "tutor")),
            Role::Teacher | Role::SupportOrCover => Some((X, "teacher")),
            Role::HeadOfHouseOrYear => Some((A, "head")),
            _ => None,
        };
        if let Some((group, duty)) = duty {
            act.record(
                &roll::records::GROUP_STAFF,
                &args![staff + 3000, group, staff, duty, september, open],
            )?;
        }
    }
    Ok(())
}

/// Who is signed in with this account now.
pub fn actor(store: &TestStore, account: i64) -> Actor {
    let now = store.clock().tell();
    store
        .read_now(move |tx| actor_for_token(tx, &SignInToken::of(&token(account)), now))
        .expect("the store answers")
        .expect("everybody of the school is signed in")
}

/// A change of one place.
pub fn mark(enrolment: EnrolmentId, code: &str, base: i64) -> Change {
    Change {
        enrolment,
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        base,
        ..Change::default()
    }
}

/// A save of these changes, under a change id that no other save of the test has.
pub fn changes(changes: Vec<Change>) -> Save {
    static NEXT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Save {
        change_id: format!("change-{number}"),
        changes,
        ..Save::default()
    }
}

/// Saves as this account, in an act as the page makes it.
pub fn save_as(
    store: &TestStore,
    account: i64,
    group: GroupId,
    slot: Slot,
    what: &Save,
) -> Result<SaveAnswer, Refusal> {
    let actor = actor(store, account);
    let what = what.clone();
    store.act_now(SCHOOL, move |act| {
        act.leaves_facts();
        save(act, &actor, group, slot, &what)
    })
}

/// The outcomes of a save in order.
pub fn outcomes(answer: &SaveAnswer) -> Vec<Outcome> {
    answer.results.iter().map(|result| result.outcome).collect()
}

/// What one change comes to: its outcome and message.
pub fn one(store: &TestStore, account: i64, change: Change) -> (Outcome, String) {
    let answer = save_as(
        store,
        account,
        A,
        today(Session::Am),
        &changes(vec![change]),
    );
    let answer = answer.expect("a save of one place is answered");
    (answer.results[0].outcome, answer.results[0].message.clone())
}

/// The application over this store.
pub fn office(store: &TestStore) -> Arc<Office> {
    let keyring = people::Keyring::forgetful().expect("a key for one test");
    let clock = store.clock().as_function();
    let doors = people::Doors::new(None);
    Arc::new(Office::new(
        Store::clone(store),
        keyring,
        clock,
        false,
        doors,
    ))
}

/// Sends a request as this account and answers status and body.
pub fn ask(
    office: &Arc<Office>,
    account: i64,
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (StatusCode, String) {
    let request = request
        .header(header::COOKIE, format!("rollbook={}", token(account)))
        .body(body.into())
        .expect("a test writes whole requests");
    let router = office::router(Arc::clone(office));
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for one request")
        .block_on(async {
            let response = router
                .oneshot(request)
                .await
                .expect("a router always answers");
            let status = response.status();
            let body = response.into_body().collect().await.expect("a whole body");
            (
                status,
                String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            )
        })
}

/// Takes the list at this path away as a file, as this account.
pub fn take(office: &Arc<Office>, account: i64, list: &str, format: &str) -> (StatusCode, String) {
    let form = [("list", list), ("format", format), ("reason", "A test")];
    let form = serde_urlencoded::to_string(form).expect("a form of text");
    let request = Request::post("/take-away")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, form)
}

/// Asks for a page as this account.
pub fn get(office: &Arc<Office>, account: i64, path: &str) -> (StatusCode, String) {
    ask(office, account, Request::get(path), Body::empty())
}
