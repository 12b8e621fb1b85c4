//! The pages of imports, asked as a browser asks.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use calendar::Instant;
use http_body_util::BodyExt;
use office::people::records::ROLE_GRANT;
use office::people::{Role, SignInToken};
use office::{MIGRATIONS, router};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args};
use tower::ServiceExt;

use crate::school::{SCHOOL, School, day, sample};

/// Signs somebody in with this role.
fn sign_in(store: &TestStore, account: i64, role: Role) {
    store
        .write_now(move |tx| {
            let (from, to) = (Instant::from_micros(0), store_far());
            tx.execute(
                "insert into account (account_id, sign_in_name, name, must_change_password, failed_attempts) values ($1, $2, $3, $4, $5)",
                &args![account, format!("a{account}"), format!("Account {account}"), false, 0],
            )?;
            tx.execute(
                "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at, second_factor_at) values ($1, $2, $3, $4, $5, $6, $6, $5)",
                &args![SignInToken::of(&format!("token {account}")).bytes(), account, SCHOOL, "a device", from, to],
            )
        })
        .expect("signed in");
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            let grant = act.new_id();
            let none: Option<calendar::Day> = None;
            act.record(
                &ROLE_GRANT,
                &args![grant, account, role.key(), day("2026-09-01"), none],
            )?;
            act.describe(Entry {
                account: 1,
                job_title: "Set-up",
                act: "grant",
                subject: "a role".to_owned(),
            });
            Ok::<_, StoreError>(())
        })
        .expect("granted");
}

fn store_far() -> Instant {
    Instant::from_micros(1_900_000_000_000_000)
}

async fn ask(
    router: &Router,
    account: i64,
    request: Request<Body>,
) -> (StatusCode, String, String) {
    let (mut head, body) = request.into_parts();
    let cookie = format!("rollbook=token {account}");
    head.headers
        .insert(header::COOKIE, cookie.parse().expect("a cookie"));
    let response = router
        .clone()
        .oneshot(Request::from_parts(head, body))
        .await
        .expect("an answer");
    let status = response.status();
    let place = response.headers().get(header::LOCATION);
    let place = place.map_or_else(String::new, |place| {
        place.to_str().expect("text").to_owned()
    });
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    (status, place, String::from_utf8_lossy(&body).into_owned())
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

fn upload() -> Request<Body> {
    let file = sample("mis/sims_style_pupils_with_title_and_total.csv");
    upload_of("pupils.csv", &file.bytes)
}

fn upload_of(name: &str, bytes: &[u8]) -> Request<Body> {
    let mut body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(
        b"\r\n--edge\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n\r\n--edge\r\nContent-Disposition: form-data; name=\"sensitive\"\r\n\r\nyes\r\n--edge--\r\n",
    );
    Request::post("/imports")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .expect("a request")
}

fn post(path: &str, answers: &[(&str, &str)]) -> Request<Body> {
    let escaped = |text: &str| -> String {
        let bytes = text.bytes();
        bytes
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02x}"),
            })
            .collect()
    };
    let pairs: Vec<String> = answers
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(pairs.join("&")))
        .expect("a request")
}

/// Takes the list at this path away as a file.
fn take(list: &str, format: &str) -> Request<Body> {
    let form = [("list", list), ("format", format), ("reason", "A test")];
    post("/take-away", &form)
}

/// Sends a file and answers where its import stands, once it has been read.
async fn send(router: &Router, name: &str, bytes: &[u8]) -> (String, String) {
    let (status, place, page) = ask(router, 8, upload_of(name, bytes)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let page = settled(router, &place).await;
    (place, page)
}

/// Sends a form and answers the page to which it leads, once nothing is under way there.
async fn answered(router: &Router, path: &str, answers: &[(&str, &str)]) -> (String, String) {
    let (status, place, page) = ask(router, 8, post(path, answers)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let page = settled(router, &place).await;
    (place, page)
}

/// What stands between two texts of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).expect("the text before");
    rest.split_once(after).expect("the text after").0
}

/// A school whose pages are asked by an attendance manager (8) and a teacher (9).
fn with_pages(store: &TestStore, work: impl AsyncFnOnce(&School, &Router)) {
    let school = School::founded(store).with_terms();
    sign_in(store, 8, Role::AttendanceManager);
    sign_in(store, 9, Role::Teacher);
    let router = router(Arc::clone(&school.office));
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(work(&school, &router));
}

async fn settled(router: &Router, path: &str) -> String {
    for _ in 0..1_200 {
        let (status, _, page) = ask(router, 8, get(path)).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        if !page.contains("data-progress") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the import did not settle");
}

#[test]
fn a_file_is_uploaded_looked_at_and_accepted_in_the_browser() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        sign_in(store, 8, Role::AttendanceManager);
        sign_in(store, 9, Role::Teacher);
        let router = router(Arc::clone(&school.office));
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        runtime.block_on(async {
            for path in ["/imports", "/imports/1", "/imports/1/report"] {
                let (status, _, page) = ask(&router, 9, get(path)).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {page}");
            }
            let (status, _, page) = ask(&router, 9, upload()).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{page}");

            let (status, place, page) = ask(&router, 8, upload()).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
            let page = settled(&router, &place).await;
            assert!(page.contains("29 pupils join the roll."), "{page}");
            assert!(page.contains("TOTAL") || page.contains("total"), "{page}");
            let accept = Request::post(format!("{place}/accept"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::empty())
                .expect("a request");
            let (status, _, page) = ask(&router, 8, accept).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
            let page = settled(&router, &place).await;
            assert!(page.contains("applied"), "{page}");
            let (status, _, report) =
                ask(&router, 8, take(&format!("{place}/report"), "csv")).await;
            assert_eq!(status, StatusCode::OK);
            assert!(report.contains("TOTAL_LINE"), "{report}");
            let (_, _, list) = ask(&router, 8, get("/imports")).await;
            assert!(list.contains("30 of"), "{list}");
        });
        assert_eq!(school.book().roll.pupils.len(), 30);
    });
}

const HERE: &str = "\
Adno,UPN,Legal Surname,Legal Forename,DOB,Date of Admission,FSM Eligible
000101,E823499826001,Sample,Ada,13/02/2014,02/09/2026,Y
";
const OTHER: &str = "\
Adno,UPN,Legal Surname,Legal Forename,DOB,Date of Admission
000201,E823499826001,Specimen,Cal,15/06/2012,02/09/2026
";

#[test]
fn a_record_that_waits_is_settled_in_the_browser_and_the_import_undone() {
    each_engine(MIGRATIONS, |store| {
        with_pages(store, async |school, router| {
            let (place, page) = send(router, "here.csv", HERE.as_bytes()).await;
            assert!(
                page.contains("your role (Attendance manager) may not change"),
                "{page}"
            );
            answered(router, &format!("{place}/accept"), &[]).await;

            let (place, page) = send(router, "other.csv", OTHER.as_bytes()).await;
            assert!(page.contains("1 record waits for you"), "{page}");
            let held = format!("{place}/held");
            let (_, _, page) = ask(router, 8, get(&held)).await;
            for text in [
                "In the file",
                "Here: <a href",
                "Sample, Ada",
                "differs",
                "Leave it out",
            ] {
                assert!(page.contains(text), "{text}: {page}");
            }
            let name = format!("case-{}", between(&page, "name=\"case-", "\""));
            let another = (name.as_str(), "another");
            let (status, _, page) = ask(router, 8, post(&held, &[another])).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(page.contains("Give the reason"), "{page}");
            let reason = ("reason", "Rang the family");
            let (place, page) = answered(router, &held, &[another, reason]).await;
            assert!(page.contains("1 pupil joins the roll."), "{page}");
            answered(router, &format!("{place}/accept"), &[]).await;
            assert_eq!(school.book().roll.pupils.len(), 2);

            let (_, _, page) = ask(router, 8, get("/imports/decisions")).await;
            assert!(
                page.contains("Specimen, Cal") && page.contains("Rang the family"),
                "{page}"
            );

            let undo = format!("{place}/undo");
            let (_, _, page) = ask(router, 8, get(&undo)).await;
            assert!(page.contains("Undo this import"), "{page}");
            let looked = between(&page, "name=\"looked_at\" value=\"", "\"").to_owned();
            let because = [
                ("looked_at", looked.as_str()),
                ("reason", "Not ours after all"),
            ];
            let (_, page) = answered(router, &undo, &because).await;
            assert!(
                page.contains("undone") && page.contains("Not ours after all"),
                "{page}"
            );
            assert_eq!(school.book().roll.pupils.len(), 1);
            for path in [
                held.as_str(),
                undo.as_str(),
                "/imports/decisions",
                "/imports/profiles",
            ] {
                let (status, _, page) = ask(router, 9, get(path)).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {page}");
            }
        });
    });
}

const UNKNOWN: &str = "Nachname,Vorname,Geboren,Nr\nMuster,Ada,03/04/2014,000301\n";
const NEXT: &str = "nachname,VORNAME,Geboren,Nr\nBeispiel,Ben,05/06/2013,000302\n";

#[test]
fn columns_of_an_unknown_file_are_explained_once_and_the_next_file_needs_no_question() {
    each_engine(MIGRATIONS, |store| {
        with_pages(store, async |school, router| {
            let (place, page) = send(router, "unknown.csv", UNKNOWN.as_bytes()).await;
            assert!(page.contains("What do the columns hold?"), "{page}");
            let columns = format!("{place}/columns");
            let (_, _, page) = ask(router, 8, get(&columns)).await;
            assert!(
                page.contains("Nachname") && page.contains("Muster"),
                "{page}"
            );
            let twice = [
                ("kind", "pupils"),
                ("column-0", "pupil:surname"),
                ("column-1", "pupil:surname"),
            ];
            let (status, _, page) = ask(router, 8, post(&columns, &twice)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(page.contains("Two columns are said to hold"), "{page}");
            let told = [
                ("kind", "pupils"),
                ("column-0", "pupil:surname"),
                ("column-1", "pupil:forename"),
                ("column-2", "pupil:birth_date"),
                ("column-3", "pupil:admission_number"),
                ("keep", "yes"),
                ("name", "The German list"),
            ];
            let (place, page) = answered(router, &columns, &told).await;
            assert!(page.contains("1 pupil joins the roll."), "{page}");
            assert!(
                page.contains("Does the day or the month come first"),
                "{page}"
            );

            let questions = format!("{place}/questions");
            let (_, _, page) = ask(router, 8, get(&questions)).await;
            assert!(
                page.contains("is 3 April 2014") && page.contains("is 4 March 2014"),
                "{page}"
            );
            let told = [
                ("dates", "month"),
                ("keep", "yes"),
                ("name", "The German list"),
            ];
            let (place, page) = answered(router, &questions, &told).await;
            assert!(
                !page.contains("Does the day or the month come first"),
                "{page}"
            );
            answered(router, &format!("{place}/accept"), &[]).await;
            assert_eq!(school.book().roll.pupils[0].birth_day, day("2014-03-04"));

            let (place, page) = send(router, "next.csv", NEXT.as_bytes()).await;
            assert!(page.contains("Read with the answers kept as"), "{page}");
            assert!(page.contains("1 pupil joins the roll."), "{page}");
            answered(router, &format!("{place}/accept"), &[]).await;
            assert_eq!(school.book().roll.pupils[1].birth_day, day("2013-05-06"));

            let (_, _, page) = ask(router, 8, get("/imports/profiles")).await;
            assert!(
                page.contains("The German list") && page.contains("is the legal surname"),
                "{page}"
            );
            let fingerprint = between(&page, "name=\"fingerprint\" value=\"", "\"").to_owned();
            let forget = [("fingerprint", fingerprint.as_str()), ("what", "forget")];
            let (status, _, _) = ask(router, 8, post("/imports/profiles", &forget)).await;
            assert_eq!(status, StatusCode::SEE_OTHER);
            let (_, page) = send(router, "unknown.csv", UNKNOWN.as_bytes()).await;
            assert!(page.contains("What do the columns hold?"), "{page}");
            school.verify();
        });
    });
}

#[test]
fn a_file_of_two_encodings_is_shown_in_each_and_read_as_chosen() {
    let mut bytes =
        b"Adno,Legal Surname,Legal Forename,DOB\n000401,Zo\xc3\xab,Ada,13/04/2014\n".to_vec();
    bytes.extend(b"000402,Ren\xe9,Ben,15/06/2013\n");
    each_engine(MIGRATIONS, |store| {
        with_pages(store, async |_, router| {
            let (place, page) = send(router, "mixed.csv", &bytes).await;
            assert!(
                page.contains("In which encoding are the letters right?"),
                "{page}"
            );
            let questions = format!("{place}/questions");
            let (_, _, page) = ask(router, 8, get(&questions)).await;
            assert!(
                page.contains("Line 2: 000401,Zoë") && page.contains("Line 3: 000402,René"),
                "{page}"
            );
            let (_, page) = answered(router, &questions, &[("encoding", "line-by-line")]).await;
            assert!(page.contains("2 pupils join the roll."), "{page}");
        });
    });
}

#[test]
fn the_report_says_what_changes_and_what_was_refused_on_the_screen_and_as_a_file() {
    const LIST: &str = "\
Adno,Legal Surname,Legal Forename,DOB
000501,Sample,Ada,13/04/2014
000502,Example,Ben,31/02/2014
";
    each_engine(MIGRATIONS, |store| {
        with_pages(store, async |_, router| {
            let (place, _) = send(router, "list.csv", LIST.as_bytes()).await;
            let (_, _, page) = ask(router, 8, get(&format!("{place}/report"))).await;
            assert!(
                page.contains("What changes") && page.contains("A new pupil."),
                "{page}"
            );
            assert!(
                page.contains("Refused") && page.contains("31/02/2014"),
                "{page}"
            );
            let (_, _, csv) = ask(router, 8, take(&format!("{place}/report"), "csv")).await;
            assert!(csv.contains("changed,CHANGED,A new pupil."), "{csv}");
            assert!(csv.contains("DATE_NOT_REAL"), "{csv}");
            for file in ["report", "rows-to-correct"] {
                let file = take(&format!("{place}/{file}"), "xlsx");
                let (status, _, workbook) = ask(router, 8, file).await;
                assert_eq!(status, StatusCode::OK, "{workbook}");
                assert!(workbook.starts_with("PK"), "{workbook}");
            }
        });
    });
}
