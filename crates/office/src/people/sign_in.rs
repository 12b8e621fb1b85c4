//! Signing in with a name and a password, and signing out.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Instant;
use serde::Deserialize;
use store::{StoreError, Tx, args};

use super::directory::sign_in_name;
use super::doors::{Peer, random};
use super::schools::places;
use super::{SignInToken, passwords};
use crate::desk::{Desk, Doorway, Office, Problem, Refusal};
use crate::shell::{self, Errors, Field, FieldKind, Frame, Look, Notice};

/// A sign-in ends after so long, however busy the device is (I-167): 12 hours.
pub const LONGEST_SECONDS: i64 = 12 * 60 * 60;

/// How long there is to give the second factor after the password: 10 minutes.
const SECOND_FACTOR_SECONDS: i64 = 10 * 60;

/// From this failure in a row on, an account pauses after each.
const PAUSES_FROM: i64 = 5;

/// The first pause; each further failure doubles it.
const FIRST_PAUSE_SECONDS: i64 = 30;

/// The longest pause: 15 minutes.
const LONGEST_PAUSE_SECONDS: i64 = 15 * 60;

/// Rows of sign-ins that ended are kept this long for the list of devices: 30 days.
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What is answered to every sign-in that fails, so that nobody learns which names exist or which accounts pause.
const NOT_RIGHT: &str = "The sign-in name or the password is not right, or there were too many attempts. \
     After five attempts an account pauses, at most for 15 minutes.";

const BY_NAME: &str = "\
select account_id, password_hash, totp_secret is not null from account
where sign_in_name = $1 and disabled_at is null";
const COUNT_ATTEMPT: &str = "\
update account set failed_attempts = failed_attempts + 1
where account_id = $1 and (locked_until is null or locked_until <= $2 or account_id = 0)";
const ATTEMPTS: &str = "select failed_attempts from account where account_id = $1";
const PAUSE: &str = "update account set locked_until = $2 where account_id = $1";
const FORGET_ATTEMPTS: &str =
    "update account set failed_attempts = 0, locked_until = null where account_id = $1";
const FORGET_OLD: &str = "delete from sign_in where account_id = $1 and expires_at < $2";
const FORGET_ALL_OLD: &str = "delete from sign_in where expires_at < $1";
const BEGIN: &str = "\
insert into sign_in (token_hash, account_id, school_id, several_schools, device, started_at, seen_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $6, $7)";
const END: &str = "update sign_in set ended_at = $2 where token_hash = $1 and ended_at is null";
const SCHOOL_NAME: &str = "select name from school order by school_id limit 2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    BY_NAME,
    COUNT_ATTEMPT,
    ATTEMPTS,
    PAUSE,
    FORGET_ATTEMPTS,
    FORGET_OLD,
    FORGET_ALL_OLD,
    BEGIN,
    END,
    SCHOOL_NAME,
];

/// A form before the school's pages: the password, then perhaps the second factor.
#[derive(Template)]
#[template(path = "people/doorway.html")]
pub(super) struct DoorwayPage {
    pub(super) frame: Frame,
    pub(super) heading: String,
    pub(super) text: &'static str,
    pub(super) errors: Errors,
    pub(super) fields: Vec<Field>,
    pub(super) action: &'static str,
    pub(super) verb: &'static str,
}

/// Where to go after signing in, and what has just happened.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Coming {
    #[serde(default)]
    next: String,
    #[serde(default)]
    said: String,
}

/// `GET /sign-in`.
pub(super) async fn page(
    State(office): State<Arc<Office>>,
    headers: HeaderMap,
    Query(coming): Query<Coming>,
) -> Response {
    let notice = match coming.said.as_str() {
        "signed-out" => Some(Notice::done("You have signed out on this device.")),
        "password" => Some(Notice::done(
            "Your password was changed. Please sign in with it.",
        )),
        "set-up" => Some(Notice::done("The school is set up. Please sign in.")),
        _ => None,
    };
    let school = the_school(&office).await;
    let look = Look::of(&headers);
    form(StatusCode::OK, school, look, notice, "", &coming.next, None)
}

fn form(
    status: StatusCode,
    school: String,
    look: Look,
    notice: Option<Notice>,
    name: &str,
    next: &str,
    wrong: Option<String>,
) -> Response {
    let fields = vec![
        Field {
            autocomplete: "username",
            ..Field::line("name", "Sign-in name")
        }
        .value(name.to_owned()),
        Field {
            autocomplete: "current-password",
            ..Field::new(FieldKind::Password, "password", "Password")
        },
        Field::new(FieldKind::Hidden, "next", "").value(shell::own_path(next).to_owned()),
    ];
    let problems = wrong.into_iter().map(|text| shell::Problem {
        field: "name".into(),
        text: text.into(),
    });
    shell::page(
        status,
        &DoorwayPage {
            heading: school.clone(),
            frame: Frame::signed_out("Sign in", school)
                .with_look(look)
                .with_notice(notice),
            text: "",
            errors: Errors {
                problems: problems.collect(),
            },
            fields,
            action: "/sign-in",
            verb: "Sign in",
        },
    )
}

/// The name over the form: the school's where there is one, the product's where there are several.
async fn the_school(office: &Office) -> String {
    let names: Result<Vec<String>, StoreError> = office
        .store
        .read(|tx| tx.query(SCHOOL_NAME, &args![], |row| row.get(0)))
        .await;
    match names.as_deref() {
        Ok([only]) => only.clone(),
        _ => "Rollbook".to_owned(),
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Attempt {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`.
pub(super) async fn sign_in(
    State(office): State<Arc<Office>>,
    from: Peer,
    headers: HeaderMap,
    Form(attempt): Form<Attempt>,
) -> Response {
    let look = Look::of(&headers);
    let refused = async |status, why: String| {
        let school = the_school(&office).await;
        form(
            status,
            school,
            look,
            None,
            &attempt.name,
            &attempt.next,
            Some(why),
        )
    };
    if office.doors.is_too_often(from, office.now()) {
        let why =
            "Too many sign-ins from this network have failed. Please try again in a few minutes.";
        return refused(StatusCode::TOO_MANY_REQUESTS, why.to_owned()).await;
    }
    let device = device_of(&headers);
    match try_to_sign_in(&office, &attempt.name, attempt.password.clone(), device).await {
        Ok(Some(begun)) => {
            let to = match begun.needs_second_factor {
                true => "/second-factor",
                false => shell::own_path(&attempt.next),
            };
            with_cookie(Redirect::to(to).into_response(), &office, &begun.token, "")
        }
        Ok(None) => {
            office.doors.failed(from, office.now());
            refused(StatusCode::UNPROCESSABLE_ENTITY, NOT_RIGHT.to_owned()).await
        }
        Err(SignInError::Password(error)) => {
            refused(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).await
        }
        Err(SignInError::Store(error)) => {
            tracing::error!(%error, "a sign-in could not reach the store");
            let why = "The record could not be reached. Please try again.";
            refused(StatusCode::SERVICE_UNAVAILABLE, why.to_owned()).await
        }
    }
}

/// A sign-in that has begun.
struct Begun {
    token: String,
    needs_second_factor: bool,
}

#[derive(Debug, thiserror::Error)]
enum SignInError {
    #[error(transparent)]
    Password(#[from] passwords::PasswordError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts the attempt, then looks whether the password is right: many attempts at once are all counted before any is answered.
/// An unknown name goes the same way, with nobody's account.
async fn try_to_sign_in(
    office: &Office,
    name: &str,
    password: String,
    device: String,
) -> Result<Option<Begun>, SignInError> {
    let name = sign_in_name(name);
    let now = office.now();
    let known: Option<(i64, Option<String>, bool)> = office
        .store
        .read(move |tx| {
            tx.query_opt(BY_NAME, &args![name], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
        })
        .await?;
    let (account, hash, needs_second_factor) = known.unwrap_or((0, None, false));
    let may_try: bool = office
        .store
        .write(move |tx| count_attempt(tx, account, now))
        .await?;
    let is_right = passwords::is_right(password, hash).await?;
    if !is_right || !may_try {
        return Ok(None);
    }
    let token = new_token();
    let hashed = SignInToken::of(&token);
    let lasts = if needs_second_factor {
        SECOND_FACTOR_SECONDS
    } else {
        LONGEST_SECONDS
    };
    let begun: bool = office
        .store
        .write(move |tx| -> Result<bool, StoreError> {
            if !needs_second_factor {
                forget_attempts(tx, account)?;
            }
            begin(tx, account, &hashed, &device, now, lasts)
        })
        .await?;
    Ok(begun.then_some(Begun {
        token,
        needs_second_factor,
    }))
}

/// Counts an attempt of this account and answers whether it may be made now; after several in a row the account pauses.
pub(super) fn count_attempt(tx: &mut Tx, account: i64, now: Instant) -> Result<bool, StoreError> {
    let counted = tx.execute(COUNT_ATTEMPT, &args![account, now])?;
    if counted == 0 {
        return Ok(false);
    }
    let attempts: i64 = tx.query_one(ATTEMPTS, &args![account], |row| row.get(0))?;
    if attempts >= PAUSES_FROM {
        tx.execute(
            PAUSE,
            &args![account, now.plus_seconds(pause_after(attempts))],
        )?;
        if account != 0 {
            tracing::warn!(account, attempts, "an account pauses after failed sign-ins");
        }
    }
    Ok(true)
}

/// Forgets the failed attempts of an account whose person has shown who they are.
pub(super) fn forget_attempts(tx: &mut Tx, account: i64) -> Result<(), StoreError> {
    tx.execute(FORGET_ATTEMPTS, &args![account]).map(drop)
}

/// What became of a password that somebody signed in was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    Right,
    Wrong,
    /// The account pauses after too many that were wrong.
    TooOften,
}

/// Whether this is the account's password: an attempt that counts, as at the door.
pub(super) async fn try_password(
    desk: &Desk,
    account: i64,
    password: String,
    hash: Option<String>,
) -> Result<Tried, Problem> {
    let (store, now) = (&desk.office.store, desk.office.now());
    let may_try = store
        .write(move |tx| count_attempt(tx, account, now).map_err(Refusal::from))
        .await
        .map_err(|refusal| desk.problem(refusal))?;
    let is_right = passwords::is_right(password, hash)
        .await
        .map_err(|error| desk.problem(Refusal::Wrong(error.to_string())))?;
    match (may_try, is_right) {
        (false, _) => Ok(Tried::TooOften),
        (true, false) => Ok(Tried::Wrong),
        (true, true) => {
            store
                .write(move |tx| forget_attempts(tx, account).map_err(Refusal::from))
                .await
                .map_err(|refusal| desk.problem(refusal))?;
            Ok(Tried::Right)
        }
    }
}

/// The seconds for which an account pauses after so many failures in a row.
fn pause_after(attempts: i64) -> i64 {
    let doublings = (attempts - PAUSES_FROM).clamp(0, 10) as u32;
    (FIRST_PAUSE_SECONDS << doublings).min(LONGEST_PAUSE_SECONDS)
}

/// Begins a sign-in of this account at its school, or at none yet where it has a place at several; no when it has none.
fn begin(
    tx: &mut Tx,
    account: i64,
    token: &SignInToken,
    device: &str,
    now: Instant,
    lasts: i64,
) -> Result<bool, StoreError> {
    let (today, _) = now.in_london();
    let places = places(tx, account, today)?;
    let school = match places.as_slice() {
        [] => return Ok(false),
        [(only, _)] => Some(*only),
        _ => None,
    };
    tx.execute(FORGET_OLD, &args![account, now.plus_seconds(-KEPT_SECONDS)])?;
    let row = args![
        token.bytes(),
        account,
        school,
        places.len() > 1,
        device,
        now,
        now.plus_seconds(lasts)
    ];
    tx.execute(BEGIN, &row)?;
    Ok(true)
}

/// Forgets sign-ins that were over 30 days ago, whoever's they were. Answers how many.
pub(crate) fn forget_old_sign_ins(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET_ALL_OLD, &args![now.plus_seconds(-KEPT_SECONDS)])
}

/// A token for a browser: 256 random bits as text.
pub(crate) fn new_token() -> String {
    random::<32>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The answer with the cookie that keeps this token on the device until the browser is closed, or as `lasting` says.
fn with_cookie(mut answer: Response, office: &Office, token: &str, lasting: &str) -> Response {
    let secure = if office.over_tls { "; Secure" } else { "" };
    let cookie = format!(
        "{}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{lasting}",
        office.cookie_name()
    );
    answer.headers_mut().append(
        header::SET_COOKIE,
        HeaderValue::from_str(&cookie).expect("a cookie of letters, digits and fixed words"),
    );
    answer
}

/// `POST /sign-out`: ends the sign-in of this device, wherever its token has got to.
pub(super) async fn sign_out(Doorway(desk): Doorway) -> Response {
    leave(&desk, Redirect::to("/sign-in?said=signed-out")).await
}

/// Ends the sign-in of this device, and goes on to a page that asks for none.
pub(crate) async fn leave(desk: &Desk, to: Redirect) -> Response {
    let office = Arc::clone(&desk.office);
    if let Some(token) = desk.token() {
        let now = office.now();
        let ended: Result<u64, StoreError> = office
            .store
            .write(move |tx| tx.execute(END, &args![token.bytes(), now]))
            .await;
        if let Err(error) = ended {
            return desk.problem(error.into()).into_response();
        }
    }
    let mut answer = with_cookie(to.into_response(), &office, "", "; Max-Age=0");
    let clear = HeaderValue::from_static("\"cache\"");
    answer.headers_mut().insert("clear-site-data", clear);
    answer
}

/// A browser and its system in words that its person knows again: `Firefox on Windows`.
fn device_of(headers: &HeaderMap) -> String {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    let first = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("CrOS", "Chromebook"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_from_the_fifth_failure_to_a_quarter_of_an_hour() {
        let pauses = [5, 6, 7, 8, 9, 10, 11, 1_000].map(pause_after);
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn a_device_is_named_in_words() {
        let named = |agent: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
            device_of(&headers)
        };
        assert_eq!(
            named(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
            ),
            "Edge on Windows"
        );
        assert_eq!(
            named(
                "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1"
            ),
            "Safari on iPad"
        );
        assert_eq!(named(""), "Unknown device");
    }
}
