//! My account: changing the password, the second factor and its recovery codes, devices.

mod school;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use calendar::Instant;
use office::people::{DIRECTORY, Keyring, KeyringError, Role, replace_key, second_factors};
use school::{Answer, PASSWORD, School, each_school};
use totp_rs::{Builder, Secret};

/// A browser that keeps the cookie of its last sign-in.
struct Browser<'a> {
    school: &'a School,
    cookie: String,
}

impl Browser<'_> {
    fn sign_in<'a>(school: &'a School, name: &str, password: &str) -> (Browser<'a>, Answer) {
        let answer = school.post_signed_out("/sign-in", &[("name", name), ("password", password)]);
        let cookie = answer
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        (Browser { school, cookie }, answer)
    }

    fn get(&self, path: &str) -> Answer {
        let request = self
            .school
            .request(None, Method::GET, path)
            .header("cookie", &self.cookie)
            .body(Body::empty());
        self.school.ask(request.expect("a request"))
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self
            .school
            .request(None, Method::POST, path)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(
                serde_urlencoded::to_string(form).expect("a form"),
            ));
        self.school.ask(request.expect("a request"))
    }
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).expect("an end").0
}

fn code_of(secret: &str, now: Instant) -> String {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).expect("a secret");
    let totp = Builder::new()
        .with_secret(secret)
        .build()
        .expect("a secret long enough");
    totp.generate(u64::try_from(now.micros() / 1_000_000).expect("after 1970"))
        .to_string()
}

/// Switches the teacher's second factor on; answers the secret and the recovery codes.
fn switch_on(school: &School) -> (String, Vec<String>) {
    let page = school.get(Role::Teacher, "/me/second-factor");
    assert_eq!(page.status, StatusCode::OK);
    let secret = between(page.text(), "<strong class=\"nowrap\">", "<").to_owned();
    assert!(page.text().contains("<svg "));
    let sealed = between(page.text(), "name=\"secret\" value=\"", "\"");
    let code = code_of(&secret, school.clock.tell());
    let wrong = school.post(
        Role::Teacher,
        "/me/second-factor",
        &[
            ("secret", sealed),
            ("code", &code),
            ("current", "not the password"),
        ],
    );
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains(&secret), "the same picture stays");
    let codes = school.post(
        Role::Teacher,
        "/me/second-factor",
        &[("secret", sealed), ("code", &code), ("current", PASSWORD)],
    );
    assert_eq!(codes.status, StatusCode::OK);
    let codes: Vec<String> = codes
        .text()
        .split("<code>")
        .skip(1)
        .map(|rest| rest.split('<').next().expect("a code").to_owned())
        .collect();
    assert_eq!(codes.len(), 10);
    (secret, codes)
}

#[test]
fn signing_in_with_a_second_factor_takes_a_code_that_is_good_once() {
    each_school(|school| {
        let (secret, _) = switch_on(school);
        assert_eq!(
            school.get(Role::Teacher, "/me").status,
            StatusCode::OK,
            "this device goes on"
        );
        let later = school.clock.tell().plus_seconds(90);
        school.clock.set(later);
        let (browser, answer) = Browser::sign_in(school, "teacher", PASSWORD);
        assert_eq!(answer.location(), "/second-factor");
        assert_eq!(
            browser.get("/").location(),
            "/sign-in",
            "the password alone opens nothing"
        );
        assert_eq!(browser.get("/second-factor").status, StatusCode::OK);
        let wrong = browser.post("/second-factor", &[("code", "000000")]);
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let code = code_of(&secret, later);
        assert_eq!(
            browser
                .post("/second-factor", &[("code", &code)])
                .location(),
            "/"
        );
        assert_eq!(browser.get("/").status, StatusCode::OK);

        let (second, _) = Browser::sign_in(school, "teacher", PASSWORD);
        let again = second.post("/second-factor", &[("code", &code)]);
        assert_eq!(
            again.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "each code once"
        );
        assert_eq!(second.get("/").location(), "/sign-in");
    });
}

#[test]
fn a_recovery_code_stands_in_for_the_app_once() {
    each_school(|school| {
        let (_, codes) = switch_on(school);
        let typed = codes[3].to_lowercase().replace('-', " ");
        let (browser, _) = Browser::sign_in(school, "teacher", PASSWORD);
        assert_eq!(
            browser
                .post("/second-factor", &[("code", &typed)])
                .location(),
            "/"
        );
        assert!(
            browser
                .get("/me")
                .text()
                .contains("9 of your recovery codes are left")
        );
        let (other, _) = Browser::sign_in(school, "teacher", PASSWORD);
        let again = other.post("/second-factor", &[("code", &typed)]);
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        let fresh = browser.post("/me/recovery-codes", &[("current", PASSWORD)]);
        assert_eq!(fresh.status, StatusCode::OK);
        assert!(!fresh.text().contains(&codes[4]));
        let old = other.post("/second-factor", &[("code", &codes[4])]);
        assert_eq!(
            old.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "new codes replace the old"
        );
    });
}

#[test]
fn guessing_the_second_factor_pauses_the_account() {
    each_school(|school| {
        let (_, codes) = switch_on(school);
        let (browser, _) = Browser::sign_in(school, "teacher", PASSWORD);
        for guess in ["000000", "000001", "000002", "000003"] {
            browser.post("/second-factor", &[("code", guess)]);
        }
        let right = browser.post("/second-factor", &[("code", &codes[0])]);
        assert_eq!(right.status, StatusCode::UNPROCESSABLE_ENTITY);
        let now = school.clock.tell();
        school.clock.set(now.plus_seconds(31));
        assert_eq!(
            browser
                .post("/second-factor", &[("code", &codes[0])])
                .location(),
            "/"
        );
    });
}

#[test]
fn removing_the_second_factor_needs_the_password() {
    each_school(|school| {
        switch_on(school);
        let path = "/me/second-factor/remove";
        let wrong = school.post(Role::Teacher, path, &[("current", "not the password")]);
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let removed = school.post(Role::Teacher, path, &[("current", PASSWORD)]);
        assert_eq!(removed.location(), "/me?said=removed");
        let (browser, answer) = Browser::sign_in(school, "teacher", PASSWORD);
        assert_eq!(answer.location(), "/");
        assert_eq!(browser.get("/").status, StatusCode::OK);
    });
}

#[test]
fn a_new_password_signs_the_other_devices_out_and_keeps_this_one() {
    each_school(|school| {
        let (other, _) = Browser::sign_in(school, "teacher", PASSWORD);
        assert_eq!(other.get("/").status, StatusCode::OK);
        let new = "quiet marble engine";
        let form = |current, password, again| {
            let form = [
                ("current", current),
                ("password", password),
                ("again", again),
            ];
            school.post(Role::Teacher, "/me/password", &form)
        };
        let refused = form("not the password", "short", "shorter");
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.text().contains("3 things to put right"),
            "{}",
            refused.text()
        );
        assert_eq!(form(PASSWORD, new, new).location(), "/me?said=password");
        assert_eq!(school.get(Role::Teacher, "/").status, StatusCode::OK);
        assert_eq!(other.get("/").location(), "/sign-in");
        let (_, old) = Browser::sign_in(school, "teacher", PASSWORD);
        assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
        let (_, fresh) = Browser::sign_in(school, "teacher", new);
        assert_eq!(fresh.location(), "/");
    });
}

#[test]
fn devices_are_listed_and_ended_one_by_one_or_all_but_this() {
    each_school(|school| {
        let (first, _) = Browser::sign_in(school, "teacher", PASSWORD);
        let (second, _) = Browser::sign_in(school, "teacher", PASSWORD);
        let page = first.get("/me");
        assert_eq!(page.text().matches("name=\"device\"").count(), 2);
        let key = between(page.text(), "name=\"device\" value=\"", "\"").to_owned();
        let (_, tutor) = Browser::sign_in(school, "tutor", PASSWORD);
        assert_eq!(tutor.location(), "/");
        let foreign = school.post(Role::Tutor, "/me/devices/end", &[("device", &key)]);
        assert_eq!(
            foreign.status,
            StatusCode::NOT_FOUND,
            "only one's own devices"
        );
        assert_eq!(second.get("/").status, StatusCode::OK);
        assert_eq!(
            first
                .post("/me/devices/end", &[("device", &key)])
                .location(),
            "/me?said=ended"
        );
        assert_eq!(second.get("/").location(), "/sign-in");
        assert_eq!(
            first.post("/me/devices/end", &[]).location(),
            "/me?said=others"
        );
        assert_eq!(school.get(Role::Teacher, "/").location(), "/sign-in");
        assert_eq!(first.get("/").status, StatusCode::OK);
    });
}

#[test]
fn a_new_key_in_place_of_a_lost_one_takes_second_factors_away_signs_everybody_out_and_is_journalled()
 {
    each_school(|school| {
        let store = &school.office.store;
        let new = Keyring::forgetful().expect("random numbers");
        let never = replace_key(store, &new).expect_err("there is no key to replace");
        assert!(matches!(never, KeyringError::NeverSealed));
        let lost = &school.office.keyring;
        lost.claim(store).expect("the data is this key's");
        let same = replace_key(store, lost).expect_err("the key is not lost");
        assert!(matches!(same, KeyringError::NotLost(_)), "{same}");

        switch_on(school);
        assert_eq!(second_factors(store).expect("a count"), 1);
        assert_eq!(replace_key(store, &new).expect("the key is replaced"), 1);
        assert_eq!(second_factors(store).expect("a count"), 0);
        assert_eq!(
            school.get(Role::Teacher, "/me").location(),
            "/sign-in?next=%2Fme",
            "this device is signed out"
        );
        let (browser, answer) = Browser::sign_in(school, "teacher", PASSWORD);
        assert_eq!(answer.location(), "/", "the password alone is enough again");
        assert_eq!(browser.get("/me").status, StatusCode::OK);

        new.claim(store).expect("the data is the new key's");
        let refused = lost.claim(store).expect_err("the lost key was found again");
        assert!(
            matches!(refused, KeyringError::WrongKey { .. }),
            "{refused}"
        );
        let told = store.read_now(|tx| store::journal::head(tx, DIRECTORY));
        assert!(told.expect("the directory's journal").is_some());
        let report = store.verify_now(&[], office::TABLES, |_| {});
        assert!(report.expect("a proof").is_whole());
    });
}
