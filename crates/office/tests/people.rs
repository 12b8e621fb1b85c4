//! Setting a school up, its people, and the journal of what was done.

mod school;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use office::people::Role;
use school::{Answer, PASSWORD, School, ask, each_school, empty_office};
use store::args;
use store::testing::{TestStore, each_engine};

const ADMINISTRATOR: Role = Role::SystemAdministrator;

fn post(
    office: &std::sync::Arc<office::desk::Office>,
    path: &str,
    form: &[(&str, &str)],
) -> impl Future<Output = Answer> + use<> {
    let body = serde_urlencoded::to_string(form).expect("a form");
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .expect("a request");
    ask(office::router(std::sync::Arc::clone(office)), request)
}

fn get(
    office: &std::sync::Arc<office::desk::Office>,
    path: &str,
) -> impl Future<Output = Answer> + use<> {
    let request = Request::builder()
        .uri(path)
        .body(Body::empty())
        .expect("a request");
    ask(office::router(std::sync::Arc::clone(office)), request)
}

fn set_up_form(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("code", code),
        ("school", "Sample Green School"),
        ("urn", "123456"),
        ("laestab", "999/9999"),
        ("mode", "register_holder"),
        ("forename", "Sam"),
        ("surname", "Starter"),
        ("job_title", "Network manager"),
        ("name", "S.Starter"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ]
}

#[test]
fn every_address_of_a_new_rollbook_leads_to_set_up_and_the_code_founds_the_school_once() {
    each_engine(office::MIGRATIONS, |store: &TestStore| {
        let (office, code, runtime) = empty_office(store);
        runtime.block_on(async {
            for path in ["/", "/sign-in", "/people", "/nowhere"] {
                assert_eq!(get(&office, path).await.location(), "/set-up", "{path}");
            }
            let page = get(&office, "/set-up").await;
            assert!(page.text().contains("Set-up code") && !page.text().contains(code.shown()));

            let guessed = post(&office, "/set-up", &set_up_form("AAAA-AAAA-AAAA-AAAA")).await;
            assert_eq!(guessed.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(guessed.text().contains("not the code") && !guessed.text().contains(PASSWORD));
            let empty = post(&office, "/set-up", &[]).await;
            assert!(
                empty.text().contains("8 things to put right"),
                "{}",
                empty.text()
            );

            let founded = post(&office, "/set-up", &set_up_form(code.shown())).await;
            assert_eq!(
                founded.location(),
                "/sign-in?said=set-up",
                "{}",
                founded.text()
            );
            assert_eq!(get(&office, "/set-up").await.status, StatusCode::NOT_FOUND);
            let again = post(&office, "/set-up", &set_up_form(code.shown())).await;
            assert_eq!(again.status, StatusCode::NOT_FOUND);

            let signed_in = post(
                &office,
                "/sign-in",
                &[("name", "s.starter"), ("password", PASSWORD)],
            )
            .await;
            assert_eq!(signed_in.location(), "/");
            let report = store
                .verify_now(&[], office::TABLES, |_| {})
                .expect("a verification");
            assert!(report.is_whole(), "{report:?}");
        });
    });
}

#[test]
fn two_people_setting_up_at_once_found_one_school() {
    each_engine(office::MIGRATIONS, |store: &TestStore| {
        let (office, code, runtime) = empty_office(store);
        runtime.block_on(async {
            let second: Vec<_> = set_up_form(code.shown())
                .into_iter()
                .map(|(name, value)| (name, if name == "name" { "other" } else { value }))
                .collect();
            let first = tokio::spawn(post(&office, "/set-up", &set_up_form(code.shown())));
            let second = tokio::spawn(post(&office, "/set-up", &second));
            let (first, second) = (
                first.await.expect("an answer"),
                second.await.expect("an answer"),
            );
            let founded =
                [&first, &second].map(|answer| answer.location() == "/sign-in?said=set-up");
            assert!(founded[0] != founded[1], "{founded:?}");
        });
        let schools = store
            .read_now(|tx| tx.query("select school_id from school", &[], |row| row.get::<i64>(0)));
        assert_eq!(schools.expect("schools").len(), 1);
        let roles = store.read_now(|tx| {
            tx.query("select account_id from role_grant", &[], |row| {
                row.get::<i64>(0)
            })
        });
        assert_eq!(roles.expect("roles").len(), 1);
    });
}

/// Adds a member of staff and answers their page's address and one-time password.
fn add(school: &School, name: &str, more: &[(&str, &str)]) -> (String, String) {
    let mut form = vec![
        ("surname", "Newcomer"),
        ("forename", "Nell"),
        ("job_title", "Tutor"),
        ("name", name),
    ];
    form.extend_from_slice(more);
    let page = school.post(ADMINISTRATOR, "/people/new", &form);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let between = |before: &str, after: &str| {
        let (_, rest) = page
            .text()
            .split_once(before)
            .expect("the page of a password");
        rest.split_once(after).expect("an end").0.to_owned()
    };
    (
        between("<a class=\"button\" href=\"", "\""),
        between("<code>", "<"),
    )
}

fn sign_in(school: &School, name: &str, password: &str) -> Answer {
    school.post_signed_out("/sign-in", &[("name", name), ("password", password)])
}

fn with_cookie(
    school: &School,
    signed_in: &Answer,
    method: Method,
    path: &str,
    form: &[(&str, &str)],
) -> Answer {
    let cookie = signed_in
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let request = school
        .request(None, method, path)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(
            serde_urlencoded::to_string(form).expect("a form"),
        ));
    school.ask(request.expect("a request"))
}

#[test]
fn a_new_member_of_staff_signs_in_with_a_one_time_password_and_must_change_it() {
    each_school(|school| {
        let (_, password) = add(school, "N.Newcomer", &[("role_tutor", "yes")]);
        let signed_in = sign_in(school, "n.newcomer", &password);
        assert_eq!(signed_in.location(), "/");
        let ask = |method, path: &str, form: &[(&str, &str)]| {
            with_cookie(school, &signed_in, method, path, form)
        };
        assert_eq!(ask(Method::GET, "/", &[]).location(), "/me");
        assert!(
            ask(Method::GET, "/me", &[])
                .text()
                .contains("Choose one of your own")
        );
        let new = "quiet marble engine";
        let changed = ask(
            Method::POST,
            "/me/password",
            &[("current", &password), ("password", new), ("again", new)],
        );
        assert_eq!(changed.location(), "/me?said=password");
        let home = ask(Method::GET, "/", &[]);
        assert_eq!(home.status, StatusCode::OK);
        assert!(home.text().contains("Nell Newcomer"));
    });
}

#[test]
fn ending_an_account_signs_its_person_out_at_once() {
    each_school(|school| {
        let teacher = format!("/people/{}", school.person(Role::Teacher).staff);
        let end = format!("{teacher}/account/end");
        assert_eq!(school.get(Role::Teacher, "/").status, StatusCode::OK);
        let without = school.post(ADMINISTRATOR, &end, &[]);
        assert_eq!(
            without.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "a reason is asked for"
        );
        let ended = school.post(ADMINISTRATOR, &end, &[("reason", "Left in November")]);
        assert_eq!(ended.location(), format!("{teacher}?did=ended"));
        assert_eq!(school.get(Role::Teacher, "/").location(), "/sign-in");
        assert_eq!(
            sign_in(school, "teacher", PASSWORD).status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let resume = format!("{teacher}/account/resume");
        school.post(ADMINISTRATOR, &resume, &[("reason", "Came back")]);
        assert_eq!(sign_in(school, "teacher", PASSWORD).location(), "/");
    });
}

#[test]
fn a_new_password_for_somebody_ends_their_devices() {
    each_school(|school| {
        let path = format!(
            "/people/{}/account/password",
            school.person(Role::Teacher).staff
        );
        let page = school.post(ADMINISTRATOR, &path, &[("reason", "Forgot it")]);
        let (_, rest) = page.text().split_once("<code>").expect("a password");
        let password = rest.split('<').next().expect("a password");
        assert_eq!(school.get(Role::Teacher, "/").location(), "/sign-in");
        assert_eq!(
            sign_in(school, "teacher", PASSWORD).status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let signed_in = sign_in(school, "teacher", password);
        assert_eq!(
            with_cookie(school, &signed_in, Method::GET, "/", &[]).location(),
            "/me"
        );
    });
}

#[test]
fn the_last_administrator_stays() {
    each_school(|school| {
        let own = format!("/people/{}", school.person(ADMINISTRATOR).staff);
        let page = school.get(ADMINISTRATOR, &own);
        let (_, rest) = page
            .text()
            .split_once(&format!("href=\"{own}/roles/"))
            .expect("a grant");
        let grant = format!("{own}/roles/{}", rest.split('"').next().expect("a grant"));
        let end = |by: Role| school.post(by, &grant, &[("last_day", "2026-11-23")]);
        let kept = end(ADMINISTRATOR);
        assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            kept.text().contains("last system administrator"),
            "{}",
            kept.text()
        );
        let staff = school.person(ADMINISTRATOR).staff;
        let left = school.post(
            ADMINISTRATOR,
            &format!("/staff/{staff}/details"),
            &[("surname", "Gone"), ("leaving_day", "2026-11-01")],
        );
        assert_eq!(left.status, StatusCode::UNPROCESSABLE_ENTITY);

        let tutor = format!("/people/{}/roles", school.person(Role::Tutor).staff);
        let granted = school.post(ADMINISTRATOR, &tutor, &[("role", "system_administrator")]);
        assert!(
            granted.location().ends_with("did=granted"),
            "{}",
            granted.text()
        );
        assert!(end(ADMINISTRATOR).location().ends_with("did=role-ended"));
        assert_eq!(
            school.get(ADMINISTRATOR, "/people").status,
            StatusCode::NOT_FOUND,
            "from this moment on"
        );
    });
}

#[test]
fn roles_that_open_safeguarding_and_roles_for_oneself_need_a_second_person() {
    each_school(|school| {
        let teacher = format!("/people/{}/roles", school.person(Role::Teacher).staff);
        let own = format!("/people/{}/roles", school.person(ADMINISTRATOR).staff);
        for (path, role) in [(&teacher, "dsl"), (&own, "attendance_manager")] {
            let ask = |approver: &str, password: &str| {
                let form = [
                    ("role", role),
                    ("approver", approver),
                    ("approver_password", password),
                ];
                school.post(ADMINISTRATOR, path, &form)
            };
            for (approver, password) in [
                ("", ""),
                ("headteacher", "not the password"),
                ("system_administrator", PASSWORD),
                ("tutor", PASSWORD),
            ] {
                let refused = ask(approver, password);
                assert_eq!(
                    refused.status,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "{role} by {approver}"
                );
            }
            assert!(
                ask("headteacher", PASSWORD)
                    .location()
                    .ends_with("did=granted")
            );
            assert_eq!(
                ask("headteacher", PASSWORD).status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "not twice"
            );
        }
    });
}

#[test]
fn a_role_holds_from_its_first_day_to_its_last() {
    each_school(|school| {
        let clerk = school.person(Role::Clerk).staff;
        let path = format!("/people/{clerk}/roles");
        let form = [
            ("role", "data_protection_lead"),
            ("role_from", "2026-11-25"),
            ("role_to", "2026-11-26"),
        ];
        assert!(
            school
                .post(ADMINISTRATOR, &path, &form)
                .location()
                .ends_with("did=granted")
        );
        assert_eq!(
            school.get(Role::Clerk, "/journal").status,
            StatusCode::NOT_FOUND
        );
        let (school_id, person) = (school.id, school.person(Role::Clerk).clone());
        for (day, status) in [
            (1, StatusCode::OK),
            (2, StatusCode::OK),
            (3, StatusCode::NOT_FOUND),
        ] {
            school
                .clock
                .set(store::testing::BEGINNING.plus_seconds(day * 24 * 60 * 60));
            let mut person = person.clone();
            person.token = format!("day {day}");
            school::sign_in(&school.office.store, school_id, &person);
            let request = school
                .request(None, Method::GET, "/journal")
                .header("cookie", format!("rollbook={}", person.token))
                .body(Body::empty());
            assert_eq!(
                school.ask(request.expect("a request")).status,
                status,
                "day {day}"
            );
        }
    });
}

#[test]
fn a_new_job_title_begins_where_the_old_one_ends() {
    each_school(|school| {
        let teacher = format!("/staff/{}", school.person(Role::Teacher).staff);
        let change = |title, from| {
            school.post(
                ADMINISTRATOR,
                &format!("{teacher}/post"),
                &[("job_title", title), ("from", from)],
            )
        };
        assert!(
            change("Head of mathematics", "2026-11-24")
                .location()
                .ends_with("did=post")
        );
        assert!(
            change("Head of maths", "2026-11-24")
                .location()
                .ends_with("did=post")
        );
        assert_eq!(
            change("Too early", "2026-10-01").status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let page = school.get(ADMINISTRATOR, &teacher);
        for title in [
            "Head of maths</th><td>from 24 November 2026",
            "Teacher</th><td>1 September 2026 to 23 November 2026",
        ] {
            assert!(page.text().contains(title), "{title}: {}", page.text());
        }
        assert!(!page.text().contains("Head of mathematics"));
    });
}

#[test]
fn the_list_of_people_filters_and_is_the_same_in_a_file() {
    each_school(|school| {
        let page = school.get(ADMINISTRATOR, "/people?role=tutor");
        assert!(page.text().contains("One person"), "{}", page.text());
        let csv = school.take(ADMINISTRATOR, "/people?role=tutor", "csv");
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert!(
            csv.header("content-disposition")
                .contains("accounts-and-roles-2026-11-24.csv")
        );
        assert!(
            csv.text().contains("\"Tutor, Sam\"") && !csv.text().contains("Headteacher"),
            "{}",
            csv.text()
        );
        let book = school.take(ADMINISTRATOR, "/people", "xlsx");
        assert!(book.body.starts_with(b"PK"));
    });
}

#[test]
fn a_parents_role_is_no_role_of_the_staff() {
    each_school(|school| {
        let roles = format!("/people/{}/roles", school.person(Role::Teacher).staff);
        for page in ["/people/new", &roles] {
            let page = school.get(ADMINISTRATOR, page);
            let text = page.text();
            assert!(text.contains("Governor or trustee"), "{text}");
            for other in ["parent", "pupil", "la_ewo_caseworker"] {
                let choice = [
                    format!("value=\"{other}\""),
                    format!("name=\"role_{other}\""),
                ];
                assert!(
                    choice.iter().all(|choice| !text.contains(choice)),
                    "{other}"
                );
            }
        }
        let granted = school.post(ADMINISTRATOR, &roles, &[("role", "parent")]);
        assert_eq!(granted.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn whoever_looks_up_pupils_finds_colleagues_with_their_job_titles_and_groups() {
    each_school(|school| {
        let tutor = school.person(Role::Tutor).staff;
        let page = school.get(Role::Teacher, &format!("/staff/{tutor}"));
        for word in [
            "Sam Tutor",
            "from 1 September 2026",
            ">9A</a>",
            "Form tutor",
        ] {
            assert!(page.text().contains(word), "{word}: {}", page.text());
        }
        for word in ["/people", "Change the"] {
            assert!(!page.text().contains(word), "{word}: {}", page.text());
        }
        let found = school.get(Role::Teacher, "/find?q=sam+tutor");
        let link = format!("href=\"/staff/{tutor}\"");
        assert!(found.text().contains(&link), "{}", found.text());
        for role in Role::ALL {
            let sees = school.get(*role, "/staff").status == StatusCode::OK;
            let finds = school.get(*role, "/find?q=sam+tutor");
            assert_eq!(finds.status == StatusCode::OK, sees, "{role:?}");
        }
        let technical = school.get(ADMINISTRATOR, "/find?q=ash");
        assert!(technical.text().contains("Nobody"), "{}", technical.text());
        let list = school.take(Role::Teacher, "/staff?q=tutor", "csv");
        assert!(
            list.text().contains("9A") && !list.text().contains("Teacher, Sam"),
            "{}",
            list.text()
        );
    });
}

#[test]
fn only_an_administrator_changes_accounts() {
    each_school(|school| {
        let path = format!("/people/{}", school.person(Role::Teacher).staff);
        for role in Role::ALL {
            let sees = matches!(
                role,
                Role::Headteacher
                    | Role::DeputyHeadPastoral
                    | Role::Dsl
                    | Role::AttendanceManager
                    | Role::BehaviourLead
                    | Role::DataProtectionLead
                    | Role::SystemAdministrator
            );
            let list = school.get(*role, "/people");
            assert_eq!(list.status == StatusCode::OK, sees, "{role:?}");
            assert_eq!(
                school.get(*role, &path).status == StatusCode::OK,
                sees,
                "{role:?}"
            );
            if *role == ADMINISTRATOR {
                continue;
            }
            let end = format!("{path}/account/end");
            let ended = school.post(*role, &end, &[("reason", "None")]);
            assert_eq!(ended.status, StatusCode::NOT_FOUND, "{role:?}");
            let granted = school.post(*role, &format!("{path}/roles"), &[("role", "tutor")]);
            assert_eq!(granted.status, StatusCode::NOT_FOUND, "{role:?}");
        }
        assert_eq!(school.get(Role::Teacher, "/").status, StatusCode::OK);
    });
}

#[test]
fn the_journal_tells_who_did_what_and_why_to_those_who_may_know() {
    each_school(|school| {
        let path = format!("/people/{}/account/end", school.person(Role::Teacher).staff);
        school.post(ADMINISTRATOR, &path, &[("reason", "Left in November")]);
        let head = school.get(Role::Headteacher, "/journal");
        for word in [
            "end account",
            "System administrator",
            "reason: Left in November",
            "Tue 24 Nov 2026, ",
        ] {
            assert!(head.text().contains(word), "{word}: {}", head.text());
        }
        let technical = school.get(ADMINISTRATOR, "/journal");
        assert!(
            technical.text().contains("end account")
                && !technical.text().contains("Left in November")
        );
        assert_eq!(
            school.get(Role::Tutor, "/journal").status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            school.get(Role::AttendanceManager, "/journal").status,
            StatusCode::NOT_FOUND
        );
        let before = school.get(Role::Headteacher, "/journal?to=2026-11-23");
        assert!(before.text().contains("No entries"), "{}", before.text());
        let filtered = school.get(
            Role::Headteacher,
            "/journal?act=end+account&from=2026-11-24&to=2026-11-24",
        );
        assert!(filtered.text().contains("One entry"), "{}", filtered.text());
        let csv = school.take(Role::Headteacher, "/journal?act=end+account", "csv");
        assert_eq!(csv.text().lines().count(), 2, "{}", csv.text());
        let report = school.office.store.verify_now(&[], office::TABLES, |_| {});
        assert!(report.expect("a verification").is_whole());
    });
}

/// Gives the attendance manager a teacher's place at another school, with a pupil of its own, and answers that school.
fn second_school(school: &School) -> store::SchoolId {
    let other = store::SchoolId(2_000);
    let store = &school.office.store;
    let founded = args![other, "Nether Sample School", store.now()].map(|arg| arg.into_owned());
    store
        .write_now(move |tx| {
            tx.execute(
                "insert into school (school_id, name, founded_at) values ($1, $2, $3)",
                &founded,
            )
        })
        .expect("a school's row");
    let account = school.person(Role::AttendanceManager).account;
    let made: Result<(), store::StoreError> = store.act_now(other, move |act| {
        use office::roll::records::{ENROLMENT, POST, PUPIL, STAFF};
        let (from, never, none) = (
            school::day("2026-09-01"),
            None::<calendar::Day>,
            None::<&str>,
        );
        let (staff, post, grant) = (act.new_id(), act.new_id(), act.new_id());
        act.record(
            &STAFF,
            &args![
                staff,
                none,
                "",
                "Sam",
                "Elsewhere",
                none,
                account,
                never,
                never
            ],
        )?;
        act.record(&POST, &args![post, staff, "Visiting teacher", from, never])?;
        let granted = args![grant, account, Role::Teacher.key(), from, never];
        act.record(&office::people::records::ROLE_GRANT, &granted)?;
        let (term, first, last) = (
            act.new_id(),
            school::day("2026-09-03"),
            school::day("2026-12-18"),
        );
        let autumn = args![term, 2026_i64, "Autumn", first, last];
        act.record(&office::year::records::TERM, &autumn)?;
        let (pupil, enrolment) = (act.new_id(), act.new_id());
        let born = school::day("2014-05-01");
        act.record(
            &PUPIL,
            &args![
                pupil,
                pupil,
                none,
                none,
                none,
                none,
                "Zebrawood",
                "Pat",
                "",
                "Zebrawood",
                "Pat",
                none,
                born
            ],
        )?;
        act.record(
            &ENROLMENT,
            &args![
                enrolment, pupil, "C", from, none, never, none, none, none, none
            ],
        )?;
        act.describe(store::Entry {
            account: account.0,
            job_title: "Visiting teacher",
            act: "found school",
            subject: "school 2000".to_owned(),
        });
        Ok(())
    });
    made.expect("a school's rows");
    other
}

#[test]
fn somebody_with_a_place_at_two_schools_chooses_one_and_sees_nothing_of_the_other() {
    each_school(|school| {
        let other = second_school(school);
        let signed_in = sign_in(school, "attendance_manager", PASSWORD);
        let get = |path: &str| with_cookie(school, &signed_in, Method::GET, path, &[]);
        let choose = |school_id: store::SchoolId| {
            let id = school_id.0.to_string();
            with_cookie(
                school,
                &signed_in,
                Method::POST,
                "/school",
                &[("school", &id)],
            )
        };
        assert_eq!(get("/pupils").location(), "/school?next=%2Fpupils");
        let choice = get("/school");
        for name in ["Sample Green School", "Nether Sample School"] {
            assert!(choice.text().contains(name), "{}", choice.text());
        }
        let pages = [
            "/",
            "/pupils",
            "/find?q=pat",
            "/staff",
            "/groups",
            "/year",
            "/lists",
            "/figures",
            "/me",
        ];

        assert_eq!(choose(school.id).location(), "/");
        for page in pages {
            let page = get(page);
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.text().contains("Change school"), "{}", page.text());
            for foreign in ["Zebrawood", "Nether Sample", "Elsewhere", "Visiting"] {
                assert!(!page.text().contains(foreign), "{foreign}: {}", page.text());
            }
        }
        assert_eq!(get("/imports").status, StatusCode::OK);
        assert!(get("/pupils").text().contains("Ash, Pat"));

        assert_eq!(choose(other).location(), "/");
        for page in pages {
            let page = get(page);
            assert_eq!(page.status, StatusCode::OK);
            for foreign in ["Ash", "Sample Green", "9A", "Attendance manager"] {
                assert!(!page.text().contains(foreign), "{foreign}: {}", page.text());
            }
        }
        assert_eq!(
            get("/imports").status,
            StatusCode::FORBIDDEN,
            "roles are per school"
        );
        assert!(get("/pupils").text().contains("Zebrawood, Pat"));
        assert_eq!(choose(store::SchoolId(3_000)).status, StatusCode::NOT_FOUND);
        assert!(
            get("/pupils").text().contains("Zebrawood, Pat"),
            "still there"
        );
    });
}

#[test]
fn what_was_typed_at_one_school_is_not_taken_at_another() {
    each_school(|school| {
        let other = second_school(school);
        let signed_in = sign_in(school, "attendance_manager", PASSWORD);
        let id = other.0.to_string();
        with_cookie(
            school,
            &signed_in,
            Method::POST,
            "/school",
            &[("school", &id)],
        );
        let cookie = signed_in
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap_or_default();
        let account = school.person(Role::AttendanceManager).account;
        for (school_id, status) in [
            (school.id, StatusCode::UNAUTHORIZED),
            (other, StatusCode::NOT_FOUND),
        ] {
            let request = school
                .request(None, Method::POST, "/registers/1/2026-11-24/am/save")
                .header("cookie", cookie)
                .header("content-type", "application/json")
                .header("rollbook-page-of", format!("{account}.{}", school_id.0))
                .body(Body::from(r#"{"change_id":"0001","changes":[]}"#));
            let answer = school.ask(request.expect("a request"));
            assert!(
                answer.status == status
                    || (status == StatusCode::NOT_FOUND
                        && answer.status.is_client_error()
                        && answer.status != StatusCode::UNAUTHORIZED),
                "{school_id:?}: {}",
                answer.status
            );
        }
    });
}

#[test]
fn somebody_at_one_school_is_not_asked_to_choose() {
    each_school(|school| {
        let signed_in = sign_in(school, "teacher", PASSWORD);
        let home = with_cookie(school, &signed_in, Method::GET, "/", &[]);
        assert_eq!(home.status, StatusCode::OK);
        assert!(!home.text().contains("Change school"));
    });
}

/// A school with one system administrator, whose cookie is answered with it.
fn school_with_administrator(school: &School) -> (store::SchoolId, String) {
    use office::people::hash_password_now;
    let other = second_school(school);
    let hash = hash_password_now(PASSWORD).expect("a hash");
    let store = &school.office.store;
    let account: Result<office::ids::AccountId, office::people::DirectoryError> =
        store.act_now(office::people::DIRECTORY, move |act| {
            let new = office::people::NewAccount {
                sign_in_name: "admin.of.nether".into(),
                name: "Nether Admin".into(),
                password_hash: Some(hash),
                must_change_password: false,
            };
            office::people::open_account(act, None, &new)
        });
    let account = account.expect("an account");
    let made: Result<(), store::StoreError> = store.act_now(other, move |act| {
        let (grant, from) = (act.new_id(), school::day("2026-09-01"));
        let role = Role::SystemAdministrator.key();
        act.record(
            &office::people::records::ROLE_GRANT,
            &args![grant, account, role, from, None::<calendar::Day>],
        )?;
        act.describe(store::Entry {
            account: account.0,
            job_title: "Administrator",
            act: "grant role",
            subject: "system administrator".to_owned(),
        });
        Ok(())
    });
    made.expect("a role");
    let signed_in = sign_in(school, "admin.of.nether", PASSWORD);
    assert_eq!(signed_in.location(), "/", "{}", signed_in.text());
    (other, "admin.of.nether".to_owned())
}

#[test]
fn an_account_of_one_school_gets_a_place_at_another_and_stays_its_persons_own() {
    each_school(|school| {
        let (other, name) = school_with_administrator(school);
        let admin = sign_in(school, &name, PASSWORD);
        let get = |path: &str| with_cookie(school, &admin, Method::GET, path, &[]);
        let post = |path: &str, form: &[(&str, &str)]| {
            with_cookie(school, &admin, Method::POST, path, form)
        };
        let before = password_of(school, "teacher");
        let mut new = vec![
            ("forename", "Robin"),
            ("surname", "Rowan"),
            ("job_title", "Visiting teacher"),
            ("from", "2026-11-24"),
            ("name", "Teacher"),
            ("role_teacher", "yes"),
        ];
        let asked = post("/people/new", &new);
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            asked
                .text()
                .contains("Somebody signs in to this Rollbook with this name already"),
            "{}",
            asked.text()
        );
        for foreign in ["Sample Green", "Holder"] {
            assert!(
                !asked.text().contains(foreign),
                "{foreign}: {}",
                asked.text()
            );
        }
        // An answer for one name is none for another.
        let mut wrong = new.clone();
        wrong.push(("same_tutor", "yes"));
        let again = post("/people/new", &wrong);
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);

        new.push(("same_teacher", "yes"));
        let added = post("/people/new", &new);
        assert!(
            added.location().ends_with("?did=linked"),
            "{}",
            added.text()
        );
        let page = added.location().replace("?did=linked", "");
        let shown = get(&page);
        assert!(
            shown.text().contains("from another school"),
            "{}",
            shown.text()
        );
        for secret in [
            "Second factor",
            "Give a new password",
            "End the account",
            "Pauses",
        ] {
            assert!(
                !shown.text().contains(&format!("{secret}</")),
                "{secret}: {}",
                shown.text()
            );
        }
        for change in ["password", "second-factor", "end", "resume"] {
            let refused = post(
                &format!("{page}/account/{change}"),
                &[("reason", "asked for")],
            );
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{change}");
        }
        assert_eq!(password_of(school, "teacher"), before, "untouched");
        let twice = post("/people/new", &new);
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(twice.text().contains("Choose another"), "{}", twice.text());

        // The person chooses the school, and is a teacher there and nothing else.
        let signed_in = sign_in(school, "teacher", PASSWORD);
        let theirs = |path: &str| with_cookie(school, &signed_in, Method::GET, path, &[]);
        assert_eq!(theirs("/").location(), "/school");
        let id = other.0.to_string();
        let chosen = [("school", id.as_str())];
        with_cookie(school, &signed_in, Method::POST, "/school", &chosen);
        assert!(theirs("/").text().contains("Nether Sample School"));
        assert_eq!(theirs("/people").status, StatusCode::NOT_FOUND);

        // It is journalled at the other school, and their own school still keeps the account.
        let journal: Vec<String> = school
            .office
            .store
            .read_now(move |tx| {
                tx.query(
                    "select act from journal_entry where school_id = $1 order by seq",
                    &args![other],
                    |row| row.get(0),
                )
            })
            .expect("the journal");
        assert_eq!(
            journal.last().map(String::as_str),
            Some("add member of staff")
        );
        let report = school.office.store.verify_now(&[], office::TABLES, |_| {});
        assert!(report.expect("a verification").is_whole());
    });
}

#[test]
fn only_who_manages_accounts_gives_one_a_place() {
    each_school(|school| {
        let (_, name) = school_with_administrator(school);
        let form = [
            ("forename", "Nether"),
            ("surname", "Admin"),
            ("job_title", "Visitor"),
            ("from", "2026-11-24"),
            ("name", name.as_str()),
            ("same_admin.of.nether", "yes"),
        ];
        for role in Role::ALL.iter().filter(|role| **role != ADMINISTRATOR) {
            let refused = school.post(*role, "/people/new", &form);
            assert!(
                matches!(
                    refused.status,
                    StatusCode::NOT_FOUND | StatusCode::FORBIDDEN
                ),
                "{role:?}: {}",
                refused.status
            );
        }
        let added = school.post(ADMINISTRATOR, "/people/new", &form);
        assert!(
            added.location().ends_with("?did=linked"),
            "{}",
            added.text()
        );
    });
}

/// What is kept of a password and second factor.
fn password_of(school: &School, name: &'static str) -> (Option<String>, Option<Vec<u8>>, bool) {
    let account = "select password_hash, totp_secret, must_change_password from account where sign_in_name = $1";
    let found = school.office.store.read_now(move |tx| {
        tx.query_one(account, &args![name], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
    });
    found.expect("an account of the test")
}
