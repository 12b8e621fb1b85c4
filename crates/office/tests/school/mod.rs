//! A small school to test pages with: one account for every role, groups with duties, pupils, a school year.
//!
//! How to use it, in `crates/office/tests/<your test>.rs`:
//!
//! ```ignore
//! mod school;
//! use office::people::Role;
//! use school::{School, each_school};
//!
//! #[test]
//! fn a_teacher_sees_their_class() {
//!     each_school(|school| {                                   // on SQLite, then on PostgreSQL
//!         let page = school.get(Role::Teacher, "/registers");  // signed in as that role's account
//!         assert_eq!(page.status, 200);
//!         assert!(page.text().contains("9A/Ma1"), "{}", page.text());
//!         let answer = school.post(Role::AttendanceManager, "/pupils/new", &[("surname", "Sample")]);
//!         assert_eq!(answer.location(), "/pupils/61");
//!         let out = school.get_signed_out("/registers");
//!         assert!(out.location().starts_with("/sign-in"));
//!     });
//! }
//! ```
//!
//! It is Tuesday 24 November 2026, 08:44 in London; `school.clock.set(…)` moves that. Terms of 2026/27 are in place, so there
//! are sessions every weekday from Thursday 3 September but for 26 to 30 October. No mark has been made; [`School::mark`] makes one.
//!
//! Year 9 has the tutor groups 9A (Ash, Birch, Cedar) and 9B (Dogwood, Elm, Fir), and the class 9A/Ma1 with Ash, Birch and
//! Dogwood. Year 10 has the tutor group 10A (Gorse, Hazel). The tutor's is 9A, the teacher's is 9A/Ma1, the head of year's is Year 9.
//! Every pupil's forename is Pat. Nobody else has a duty.

#![expect(dead_code, reason = "each test program takes from this what it needs")]

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use calendar::{Day, Session};
use http_body_util::BodyExt;
use office::desk::Office;
use office::ids::{AccountId, EnrolmentId, GroupId, PupilId, StaffId};
use office::people::records::ROLE_GRANT;
use office::people::{
    DIRECTORY, Doors, Keyring, NewAccount, Role, SetUpCode, SignInToken, hash_password_now,
    open_account,
};
use office::registers::records::MARK_VERSION;
use office::roll::records::{ENROLMENT, GROUP_STAFF, MEMBERSHIP, POST, PUPIL, PUPIL_GROUP, STAFF};
use office::year::records::{SETTING, TERM};
use paper::{CannotSet, Paper, Typesetter};
use store::testing::{TestClock, TestStore, each_engine};
use store::{Act, Arg, Entry, SchoolId, StoreError, args};
use tower::ServiceExt;

/// The password of every account of the school.
pub const PASSWORD: &str = "plum ladder frost";

/// The half-terms of 2026/27: name, first day, last day.
const TERMS: [(&str, &str, &str); 6] = [
    ("Autumn 1", "2026-09-03", "2026-10-23"),
    ("Autumn 2", "2026-11-02", "2026-12-18"),
    ("Spring 1", "2027-01-04", "2027-02-12"),
    ("Spring 2", "2027-02-22", "2027-03-25"),
    ("Summer 1", "2027-04-12", "2027-05-28"),
    ("Summer 2", "2027-06-07", "2027-07-21"),
];

/// Surname, year group, tutor group, whether in 9A/Ma1.
const PUPILS: [(&str, &str, &str, bool); 8] = [
    ("Ash", "Year 9", "9A", true),
    ("Birch", "Year 9", "9A", true),
    ("Cedar", "Year 9", "9A", false),
    ("Dogwood", "Year 9", "9B", true),
    ("Elm", "Year 9", "9B", false),
    ("Fir", "Year 9", "9B", false),
    ("Gorse", "Year 10", "10A", false),
    ("Hazel", "Year 10", "10A", false),
];

/// Kind and name of each group.
const GROUPS: [(&str, &str); 6] = [
    ("year", "Year 9"),
    ("year", "Year 10"),
    ("tutor", "9A"),
    ("tutor", "9B"),
    ("tutor", "10A"),
    ("class", "9A/Ma1"),
];

/// Which role has which duty for which group.
const DUTIES: [(Role, &str, &str); 3] = [
    (Role::Tutor, "tutor", "9A"),
    (Role::Teacher, "teacher", "9A/Ma1"),
    (Role::HeadOfHouseOrYear, "head", "Year 9"),
];

/// A day, from text.
pub fn day(text: &str) -> Day {
    text.parse().expect("a day of a test")
}

/// Runs a test at a fresh school on each engine in turn.
pub fn each_school(test: impl Fn(&School)) {
    each_engine(office::MIGRATIONS, |store| test(&School::found(store)));
}

/// Somebody who works at the school.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their account.
    pub account: AccountId,
    /// Their staff record.
    pub staff: StaffId,
    /// The token of a device that is signed in as them.
    pub token: String,
    /// What they type to sign in, with [`PASSWORD`].
    pub sign_in_name: String,
}

/// A school with everything that pages need.
pub struct School {
    /// The application.
    pub office: Arc<Office>,
    /// The clock of application and store.
    pub clock: TestClock,
    /// Its key.
    pub id: SchoolId,
    /// One person for every role.
    pub people: BTreeMap<Role, Person>,
    /// Groups by name.
    pub groups: BTreeMap<&'static str, GroupId>,
    /// Pupils and their times on roll, by surname.
    pub pupils: BTreeMap<&'static str, (PupilId, EnrolmentId)>,
    router: Router,
    runtime: tokio::runtime::Runtime,
}

/// Prints a paper as all that it says, so that a test can read it.
struct InWords;

impl Typesetter for InWords {
    fn set(&self, paper: &Paper) -> Result<Vec<u8>, CannotSet> {
        Ok(format!("{paper:#?}").into_bytes())
    }
}

/// An answer of the application, read whole.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a page is UTF-8")
    }

    /// Where it leads, or nothing.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a header of text"))
    }
}

/// An application over this store with nothing in it yet, its set-up code, and a runtime to ask it in.
pub fn empty_office(store: &TestStore) -> (Arc<Office>, SetUpCode, tokio::runtime::Runtime) {
    let code = SetUpCode::new();
    let office = Office::new(
        (**store).clone(),
        Keyring::forgetful().expect("a key for one test"),
        store.clock().as_function(),
        false,
        Doors::new(Some(&code)),
    )
    .printing_with(Arc::new(InWords));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for a test");
    (Arc::new(office), code, runtime)
}

/// Asks a router and reads its answer.
pub async fn ask(router: Router, request: Request<Body>) -> Answer {
    let response = router
        .oneshot(request)
        .await
        .expect("a router always answers");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("the body of a page");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.to_bytes().to_vec(),
    }
}

impl School {
    /// Founds the school in this store.
    pub fn found(store: &TestStore) -> School {
        let (office, _, runtime) = empty_office(store);
        let hash = hash_password_now(PASSWORD).expect("a password can be hashed");
        let mut accounts = BTreeMap::new();
        for role in Role::ALL {
            let new = NewAccount {
                sign_in_name: role.key().to_owned(),
                name: role.label().to_owned(),
                password_hash: Some(hash.clone()),
                must_change_password: false,
            };
            let opened = store.act_now(DIRECTORY, move |act| open_account(act, None, &new));
            accounts.insert(*role, opened.expect("an account of its own"));
        }
        let id = SchoolId(1_000);
        let row = args![id, "123456", "9999999", "Sample Green School", store.now()]
            .map(|arg| arg.into_owned());
        store
            .write_now(move |tx| tx.execute("insert into school (school_id, urn, laestab, name, founded_at) values ($1, $2, $3, $4, $5)", &row))
            .expect("a school's row");
        let made = store.act_now(id, move |act| make(act, &accounts));
        let (mut people, groups, pupils) = made.expect("a school's rows");
        for (role, person) in &mut people {
            person.token = format!("token of {}", role.key());
            sign_in(store, id, person);
        }
        School {
            router: office::router(Arc::clone(&office)),
            clock: store.clock().clone(),
            office,
            id,
            people,
            groups,
            pupils,
            runtime,
        }
    }

    /// The person with this role.
    pub fn person(&self, role: Role) -> &Person {
        &self.people[&role]
    }

    /// The page at this path, as this role's account sees it.
    pub fn get(&self, role: Role, path: &str) -> Answer {
        self.ask(
            self.request(Some(role), Method::GET, path)
                .body(Body::empty())
                .expect("a request"),
        )
    }

    /// The page at this path when nobody is signed in.
    pub fn get_signed_out(&self, path: &str) -> Answer {
        self.ask(
            self.request(None, Method::GET, path)
                .body(Body::empty())
                .expect("a request"),
        )
    }

    /// The answer to a form sent by this role's account.
    pub fn post(&self, role: Role, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Some(role), path, form)
    }

    /// The file of the list at this path as this role's account takes it away: `csv` or `xlsx`.
    pub fn take(&self, role: Role, list: &str, format: &str) -> Answer {
        let form = [("list", list), ("format", format), ("reason", "A test")];
        self.post(role, "/take-away", &form)
    }

    /// The answer to a form when nobody is signed in.
    pub fn post_signed_out(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(None, path, form)
    }

    /// The answer to JSON sent by this role's account.
    pub fn post_json(&self, role: Role, path: &str, json: &str) -> Answer {
        let request = self
            .request(Some(role), Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json.to_owned()));
        self.ask(request.expect("a request"))
    }

    /// A request of this role's account, to be completed and given to [`School::ask`].
    pub fn request(
        &self,
        role: Option<Role>,
        method: Method,
        path: &str,
    ) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        match role {
            None => request,
            Some(role) => {
                let cookie = format!("{}={}", self.office.cookie_name(), self.people[&role].token);
                request.header(header::COOKIE, cookie)
            }
        }
    }

    /// The answer to any request.
    pub fn ask(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(ask(self.router.clone(), request))
    }

    /// Waits for anything else that is asynchronous.
    pub fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    /// Makes a mark of a pupil as an act of its own, without asking any rule.
    pub fn mark(&self, surname: &str, on: &str, session: Session, code: &str) {
        let (_, enrolment) = self.pupils[surname];
        let row = args![
            enrolment,
            day(on),
            session.index() as i64,
            code,
            None::<i64>,
            None::<calendar::Instant>,
            None::<&str>,
            None::<&str>,
            "test",
            None::<calendar::Instant>,
            None::<&str>
        ]
        .map(|arg| arg.into_owned());
        let account = self.people[&Role::AttendanceManager].account.0;
        let marked: Result<(), StoreError> = self.office.store.act_now(self.id, move |act| {
            act.record(&MARK_VERSION, &row)?;
            act.describe(Entry {
                account,
                job_title: "Attendance manager",
                act: "enter mark",
                subject: format!("enrolment {}", enrolment.0),
            });
            Ok(())
        });
        marked.expect("a mark of a test");
    }

    fn send(&self, role: Option<Role>, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("a form of text");
        let request = self
            .request(role, Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        self.ask(request.expect("a request"))
    }
}

type Made = (
    BTreeMap<Role, Person>,
    BTreeMap<&'static str, GroupId>,
    BTreeMap<&'static str, (PupilId, EnrolmentId)>,
);

fn make(act: &mut Act, accounts: &BTreeMap<Role, AccountId>) -> Result<Made, StoreError> {
    let (begins, never) = (day("2026-09-01"), None::<Day>);
    let nothing = None::<&str>;
    let mut people = BTreeMap::new();
    for (role, account) in accounts {
        let staff = StaffId(act.new_id());
        act.record(
            &STAFF,
            &args![
                staff,
                nothing,
                "",
                "Sam",
                role.label(),
                nothing,
                *account,
                never,
                never
            ],
        )?;
        let post = act.new_id();
        act.record(&POST, &args![post, staff, role.label(), begins, never])?;
        let grant = act.new_id();
        act.record(
            &ROLE_GRANT,
            &args![grant, *account, role.key(), begins, never],
        )?;
        people.insert(
            *role,
            Person {
                account: *account,
                staff,
                token: String::new(),
                sign_in_name: role.key().to_owned(),
            },
        );
    }
    let mut groups = BTreeMap::new();
    for (kind, name) in GROUPS {
        let group = GroupId(act.new_id());
        let subject = (kind == "class").then_some("Mathematics");
        act.record(
            &PUPIL_GROUP,
            &args![group, kind, name, subject, nothing, Arg::Int(2026)],
        )?;
        groups.insert(name, group);
    }
    for (role, duty, group) in DUTIES {
        let id = act.new_id();
        act.record(
            &GROUP_STAFF,
            &args![id, groups[group], people[&role].staff, duty, begins, never],
        )?;
    }
    for (first, last, name) in TERMS.map(|(name, first, last)| (day(first), day(last), name)) {
        let id = act.new_id();
        act.record(&TERM, &args![id, Arg::Int(2026), name, first, last])?;
    }
    act.record(&SETTING, &args!["mode", begins, "\"register_holder\""])?;
    let mut pupils = BTreeMap::new();
    for (surname, year, tutor, in_class) in PUPILS {
        let (pupil, enrolment) = (PupilId(act.new_id()), EnrolmentId(act.new_id()));
        let person = pupil.0;
        act.record(
            &PUPIL,
            &args![
                pupil,
                person,
                nothing,
                nothing,
                nothing,
                nothing,
                surname,
                "Pat",
                "",
                surname,
                "Pat",
                nothing,
                day("2012-10-05")
            ],
        )?;
        act.record(
            &ENROLMENT,
            &args![
                enrolment,
                pupil,
                "C",
                day("2026-09-03"),
                nothing,
                never,
                nothing,
                nothing,
                nothing,
                nothing
            ],
        )?;
        let in_groups = [Some(year), Some(tutor), in_class.then_some("9A/Ma1")];
        for group in in_groups.into_iter().flatten() {
            let membership = act.new_id();
            act.record(
                &MEMBERSHIP,
                &args![
                    membership,
                    groups[group],
                    enrolment,
                    day("2026-09-03"),
                    never
                ],
            )?;
        }
        pupils.insert(surname, (pupil, enrolment));
    }
    act.describe(Entry {
        account: accounts[&Role::SystemAdministrator].0,
        job_title: "System administrator",
        act: "found school",
        subject: format!("school {}", act.school().0),
    });
    Ok((people, groups, pupils))
}

/// Signs a device in as this person without asking for the password.
pub fn sign_in(store: &store::Store, school: SchoolId, person: &Person) {
    let token = SignInToken::of(&person.token);
    let now = store.now();
    let account = person.account;
    let signed_in = store.write_now(move |tx| -> Result<u64, StoreError> {
        tx.execute(
            "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at)
             values ($1, $2, $3, 'Test', $4, $4, $5)",
            &args![token.bytes(), account, school, now, now.plus_seconds(12 * 60 * 60)],
        )
    });
    signed_in.expect("a sign-in of a test");
}
