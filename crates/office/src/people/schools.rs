//! The school where somebody works now, for a person with a place at several: chosen after signing in, and again from the bar
//! at the top. Roles belong to a school, so at one of them nothing of another is known.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant};
use serde::Deserialize;
use store::{SchoolId, StoreError, Tx, args};

use super::SignInToken;
use super::signed_in::IDLE_SECONDS;
use crate::desk::{Doorway, Refusal};
use crate::shell::{self, Frame};

const PLACES: &str = "\
select s.school_id, s.name from school s
where (s.school_id in (select r.school_id from role_grant r where r.account_id = $1 and r.superseded_seq is null
                       and r.from_day <= $2 and (r.to_day is null or r.to_day >= $2))
       or s.school_id in (select t.school_id from staff t where t.account_id = $1 and t.superseded_seq is null))
  and s.school_id not in (select t.school_id from staff t where t.account_id = $1 and t.superseded_seq is null
                          and t.leaving_day < $2)
order by s.name, s.school_id";
const IN_THE_DOOR: &str = "\
select s.account_id, s.school_id from sign_in s join account a on a.account_id = s.account_id
where s.token_hash = $1 and s.ended_at is null and s.expires_at > $2 and s.seen_at > $3 and a.disabled_at is null
  and (a.totp_secret is null or s.second_factor_at is not null)";
const WORK_AT: &str = "\
update sign_in set school_id = $2, seen_at = $3, several_schools = $4 where token_hash = $1 and ended_at is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PLACES, IN_THE_DOOR, WORK_AT];

/// The schools where this account has a role or a staff record today, by name.
pub(super) fn places(
    tx: &mut Tx,
    account: i64,
    today: Day,
) -> Result<Vec<(SchoolId, String)>, StoreError> {
    tx.query(PLACES, &args![account, today], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Whose device this is and where they work now, once they have shown who they are.
fn in_the_door(
    tx: &mut Tx,
    token: &SignInToken,
    now: Instant,
) -> Result<Option<(i64, Option<SchoolId>)>, StoreError> {
    let idle_since = now.plus_seconds(-IDLE_SECONDS);
    tx.query_opt(IN_THE_DOOR, &args![token.bytes(), now, idle_since], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Whether somebody has shown who they are on this device and has yet to choose their school.
pub(crate) fn must_choose(
    tx: &mut Tx,
    token: &SignInToken,
    now: Instant,
) -> Result<bool, StoreError> {
    let known = in_the_door(tx, token, now)?;
    Ok(known.is_some_and(|(_, school)| school.is_none()))
}

/// Where to go on to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Coming {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "people/schools.html")]
struct SchoolsPage {
    frame: Frame,
    next: String,
    /// Each school, and whether they work there now.
    schools: Vec<(SchoolId, String, bool)>,
}

/// `GET /school`: the schools to choose from.
pub(super) async fn page(Doorway(desk): Doorway, Query(coming): Query<Coming>) -> Response {
    let (token, now) = (desk.token(), desk.office.now());
    let found = desk.office.store.read(move |tx| -> Result<_, StoreError> {
        let known = match token {
            Some(token) => in_the_door(tx, &token, now)?,
            None => None,
        };
        let Some((account, here)) = known else {
            return Ok(None);
        };
        let schools = places(tx, account, now.in_london().0)?;
        Ok(Some((schools, here)))
    });
    match found.await {
        Ok(None) => Redirect::to("/sign-in").into_response(),
        Err(error) => desk.problem(error.into()).into_response(),
        Ok(Some((schools, here))) => shell::page(
            StatusCode::OK,
            &SchoolsPage {
                frame: Frame::signed_out("Choose a school", "Rollbook").with_look(desk.look()),
                next: shell::own_path(&coming.next).to_owned(),
                schools: schools
                    .into_iter()
                    .map(|(school, name)| (school, name, Some(school) == here))
                    .collect(),
            },
        ),
    }
}

/// What the page sends.
#[derive(Deserialize)]
pub(super) struct Chosen {
    school: i64,
    #[serde(default)]
    next: String,
}

/// `POST /school`: works there from now on, on this device.
pub(super) async fn choose(
    Doorway(desk): Doorway,
    chosen: Result<Form<Chosen>, FormRejection>,
) -> Response {
    let (token, now) = (desk.token(), desk.office.now());
    let school = chosen.as_ref().ok().map(|chosen| SchoolId(chosen.school));
    let done = desk.office.store.write(move |tx| -> Result<(), Refusal> {
        let token = token.ok_or(Refusal::SignIn)?;
        let (account, _) = in_the_door(tx, &token, now)?.ok_or(Refusal::SignIn)?;
        let Some(school) = school else {
            return Err(Refusal::Wrong("Choose a school.".to_owned()));
        };
        let places = places(tx, account, now.in_london().0)?;
        if !places.iter().any(|(known, _)| *known == school) {
            return Err(Refusal::NotFound);
        }
        let row = args![token.bytes(), school, now, places.len() > 1];
        tx.execute(WORK_AT, &row)?;
        Ok(())
    });
    match (done.await, chosen) {
        (Ok(()), Ok(Form(chosen))) => Redirect::to(shell::own_path(&chosen.next)).into_response(),
        (Ok(()), Err(rejection)) => rejection.into_response(),
        (Err(refusal), _) => desk.problem(refusal).into_response(),
    }
}

/// What a page says of itself when it sends: whose it is and at which school, so that what was typed at one school is never
/// kept at another. `17.1000`.
pub(crate) fn page_of(account: i64, school: SchoolId) -> String {
    format!("{account}.{}", school.0)
}
