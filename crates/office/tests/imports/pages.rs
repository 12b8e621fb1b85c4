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
    let mut body =
        b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"pupils.csv\"\r\n\r\n"
            .to_vec();
    body.extend(file.bytes);
    body.extend(
        b"\r\n--edge\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n\r\n--edge--\r\n",
    );
    Request::post("/imports")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .expect("a request")
}

async fn settled(router: &Router, path: &str) -> String {
    for _ in 0..200 {
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
            for path in ["/imports", "/imports/1", "/imports/1/report.csv"] {
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
            let (status, _, report) = ask(&router, 8, get(&format!("{place}/report.csv"))).await;
            assert_eq!(status, StatusCode::OK);
            assert!(report.contains("TOTAL_LINE"), "{report}");
            let (_, _, list) = ask(&router, 8, get("/imports")).await;
            assert!(list.contains("30 of"), "{list}");
        });
        assert_eq!(school.book().roll.pupils.len(), 30);
    });
}
