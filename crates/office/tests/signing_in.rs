//! Signing in and out, through the pages that people use.

mod school;

use axum::http::{Method, StatusCode};
use office::people::Role;
use school::{PASSWORD, School, each_school};

fn sign_in(school: &School, name: &str, password: &str) -> school::Answer {
    school.post_signed_out("/sign-in", &[("name", name), ("password", password)])
}

/// The page at this path with the cookies that an answer has set.
fn get_with(school: &School, answer: &school::Answer, path: &str) -> school::Answer {
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default();
    let request = school
        .request(None, Method::GET, path)
        .header("cookie", cookie)
        .body(axum::body::Body::empty());
    school.ask(request.expect("a request"))
}

#[test]
fn the_right_name_and_password_lead_to_the_first_page() {
    each_school(|school| {
        let page = school.get_signed_out("/sign-in");
        assert_eq!(page.status, StatusCode::OK);
        for label in ["Sign-in name", "Password", "Sample Green School"] {
            assert!(page.text().contains(label), "{}", page.text());
        }
        let answer = sign_in(school, " Teacher ", PASSWORD);
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/")
        );
        let cookie = answer.header("set-cookie");
        assert!(
            cookie.contains("; Path=/; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"),
            "{cookie}"
        );
        let home = get_with(school, &answer, "/");
        assert!(
            home.text().contains("Good morning, Sam Teacher"),
            "{}",
            home.text()
        );
    });
}

#[test]
fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    each_school(|school| {
        let wrong = sign_in(school, "teacher", "not the password");
        let unknown = sign_in(school, "nobody-here", "not the password");
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.status, unknown.status);
        assert_eq!(
            wrong.text().replace("teacher", "nobody-here"),
            unknown.text()
        );
        assert!(wrong.text().contains("is not right"));
        assert_eq!(wrong.header("set-cookie"), "");
        assert_eq!(
            sign_in(school, "", "").status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    });
}

#[test]
fn five_failures_pause_the_account_even_for_the_right_password() {
    each_school(|school| {
        for _ in 0..5 {
            sign_in(school, "teacher", "not the password");
        }
        assert_eq!(
            sign_in(school, "teacher", PASSWORD).status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(sign_in(school, "tutor", PASSWORD).location(), "/");
        let now = school.clock.tell();
        school.clock.set(now.plus_seconds(31));
        assert_eq!(sign_in(school, "teacher", PASSWORD).location(), "/");
        assert_eq!(
            sign_in(school, "teacher", "not the password").status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(
            sign_in(school, "teacher", PASSWORD).location(),
            "/",
            "success has cleared the count"
        );
    });
}

#[test]
fn attempts_made_at_once_are_all_counted() {
    each_school(|school| {
        let tries = (0..12).map(|_| {
            let form = [("name", "teacher"), ("password", "not the password")];
            let form = serde_urlencoded::to_string(form);
            let request = school
                .request(None, Method::POST, "/sign-in")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(axum::body::Body::from(form.expect("a form")))
                .expect("a request");
            school::ask(office::router(school.office.clone()), request)
        });
        let tries: Vec<_> = tries.collect();
        let answers = school.wait(async {
            let running: Vec<_> = tries.into_iter().map(tokio::spawn).collect();
            let mut answers = Vec::new();
            for one in running {
                answers.push(one.await.expect("an answer"));
            }
            answers
        });
        assert!(
            answers
                .iter()
                .all(|answer| answer.status == StatusCode::UNPROCESSABLE_ENTITY)
        );
        // Had one been counted on top of another, the account would not pause.
        assert_eq!(
            sign_in(school, "teacher", PASSWORD).status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "twelve attempts at once were fewer than five"
        );
        let now = school.clock.tell();
        school.clock.set(now.plus_seconds(31));
        assert_eq!(sign_in(school, "teacher", PASSWORD).location(), "/");
    });
}

#[test]
fn signing_out_ends_the_sign_in_for_whoever_has_the_token() {
    each_school(|school| {
        assert_eq!(school.get(Role::Teacher, "/").status, StatusCode::OK);
        let out = school.post(Role::Teacher, "/sign-out", &[]);
        assert_eq!(out.location(), "/sign-in?said=signed-out");
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(school.get(Role::Teacher, "/").location(), "/sign-in");
    });
}

#[test]
fn a_device_is_signed_out_after_half_an_hour_without_use_and_after_twelve_hours_of_use() {
    each_school(|school| {
        let begun = school.clock.tell();
        for minutes in (0..12 * 60).step_by(29) {
            school.clock.set(begun.plus_seconds(minutes * 60));
            let page = school.get(Role::Teacher, "/");
            assert_eq!(page.status, StatusCode::OK, "after {minutes} minutes");
            noted(school);
        }
        school.clock.set(begun.plus_seconds(12 * 60 * 60));
        assert_eq!(school.get(Role::Teacher, "/").location(), "/sign-in");
        assert_eq!(
            school.get(Role::Tutor, "/").location(),
            "/sign-in",
            "it was never used"
        );
    });
}

/// Waits until the note that the last page left to be written has been written.
fn noted(school: &School) {
    let recently = school.clock.tell().plus_seconds(-60);
    school.wait(async {
        loop {
            let seen: Result<bool, store::StoreError> = school
                .office
                .store
                .read(move |tx| {
                    let newest = "select 1 from sign_in where seen_at > $1";
                    Ok(tx
                        .query_opt(newest, &store::args![recently], |_| Ok(()))?
                        .is_some())
                })
                .await;
            if seen.expect("the store reads") {
                break;
            }
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn signing_in_leads_back_to_the_page_that_was_asked_for_and_never_elsewhere() {
    each_school(|school| {
        let asked = school.get_signed_out("/?day=2026-11-24");
        assert_eq!(asked.location(), "/sign-in?next=%2F%3Fday%3D2026-11-24");
        let form = |next: &str| {
            let answer = school.post_signed_out(
                "/sign-in",
                &[("name", "teacher"), ("password", PASSWORD), ("next", next)],
            );
            answer.location().to_owned()
        };
        assert_eq!(form("/?day=2026-11-24"), "/?day=2026-11-24");
        assert_eq!(form("//elsewhere.example"), "/");
        assert_eq!(form("https://elsewhere.example"), "/");
    });
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    each_school(|school| {
        let request = school
            .request(Some(Role::Teacher), Method::POST, "/sign-out")
            .header("host", "rollbook.school.example")
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://elsewhere.example")
            .body(axum::body::Body::empty());
        let answer = school.ask(request.expect("a request"));
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(school.get(Role::Teacher, "/").status, StatusCode::OK);
    });
}
