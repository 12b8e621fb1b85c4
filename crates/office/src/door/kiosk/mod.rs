//! The kiosk: a page that stays open at the entrance, where pupils who come late sign themselves in.
//!
//! Whoever keeps the door starts it on one device, for the day or until it is ended. The device holds a token of its own and nobody's session:
//! starting it signs out whoever started it. The page shows nothing about anybody until a card is scanned, or a tutor group and three letters of a
//! name are touched; then a forename, the initial of a surname and the tutor group. No list of pupils is ever on the device. Without a network what
//! is scanned or touched waits there as it is and is found out by the school; what is nobody's then is put before the office.
//!
//! It deliberately does not know what an arrival makes of the register: the late door's own act does.

mod at_kiosk;
mod come;
mod pages;
mod unknown;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use calendar::{Day, Instant, TimeOfDay};
use store::{Act, Row, SchoolId, StoreError, Tx, args};

pub use come::{Comes, Matched, Told, come};
pub use unknown::{Unknown, put_aside, settle, waiting as unknown_waiting};

use super::records::KIOSK;
use crate::desk::{Office, Refusal};
use crate::ids::AccountId;
use crate::people::{Access, Actor, Limits, Place, RecordKind, Role, SignInToken};

const OF_TOKEN: &str = "\
select k.kiosk_id, k.place, k.began_at, k.ends_at, k.started_by, k.ended_at, k.school_id,
       (select string_agg(r.role, ',') from role_grant r
        where r.school_id = k.school_id and r.account_id = k.started_by and r.superseded_seq is null
          and r.from_day <= $3 and (r.to_day is null or r.to_day >= $3))
from kiosk k
join account a on a.account_id = k.started_by
left join staff t on t.school_id = k.school_id and t.account_id = k.started_by and t.superseded_seq is null
where k.token_hash = $1 and k.superseded_seq is null and k.ended_at is null and (k.ends_at is null or k.ends_at > $2)
  and a.disabled_at is null and (t.leaving_day is null or t.leaving_day >= $3)
order by k.kiosk_id limit 1";
const ALL: &str = "\
select kiosk_id, place, began_at, ends_at, started_by, ended_at from kiosk
where school_id = $1 and superseded_seq is null order by began_at desc, kiosk_id desc";
const ONE: &str = "\
select kiosk_id, place, began_at, ends_at, started_by, ended_at, token_hash from kiosk
where school_id = $1 and kiosk_id = $2 and superseded_seq is null";

/// The statements of this folder.
pub(super) fn statements() -> Vec<&'static str> {
    [
        &[OF_TOKEN, ALL, ONE][..],
        come::STATEMENTS,
        unknown::STATEMENTS,
    ]
    .concat()
}

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/door/kiosks", get(pages::page).post(pages::start_here))
        .route("/door/kiosks/{kiosk}/end", post(pages::end_one))
        .route("/door/kiosks/unknown/{unknown}", post(pages::settle_one))
        .route("/kiosk", get(at_kiosk::page))
        .route("/kiosk/ahead", get(at_kiosk::ahead))
        .route("/kiosk/find", post(at_kiosk::find))
        .route("/kiosk/save", post(at_kiosk::save))
}

/// The longest name of the place of a kiosk.
const LONGEST_PLACE: usize = 60;

/// A kiosk, running or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kiosk {
    /// Its number.
    pub id: i64,
    /// Where it stands, in the school's words.
    pub place: String,
    /// When it was started.
    pub began_at: Instant,
    /// When it ends by itself; none until somebody ends it.
    pub ends_at: Option<Instant>,
    /// For whom it acts: whoever started it.
    pub started_by: AccountId,
    /// When somebody ended it.
    pub ended_at: Option<Instant>,
}

impl Kiosk {
    /// Whether it takes arrivals at this moment, as far as its own times go.
    pub fn runs(&self, now: Instant) -> bool {
        self.ended_at.is_none() && self.ends_at.is_none_or(|ends| now < ends)
    }
}

fn read(row: &Row<'_>) -> Result<Kiosk, StoreError> {
    Ok(Kiosk {
        id: row.get(0)?,
        place: row.get(1)?,
        began_at: row.get(2)?,
        ends_at: row.get(3)?,
        started_by: row.get(4)?,
        ended_at: row.get(5)?,
    })
}

/// How long a kiosk runs if nobody ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Until midnight.
    Today,
    /// Until somebody ends it, or whoever started it keeps the door no more.
    UntilEnded,
}

fn midnight_after(day: Day) -> Instant {
    let midnight = TimeOfDay::new(0, 0, 0).expect("a day begins at midnight");
    Instant::at_london(day.plus_days(1), midnight)
}

fn must_keep(actor: &Actor) -> Result<(), Refusal> {
    match Place::Door.is_open_to(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Starts a kiosk on the device that holds this token; answers its number.
///
/// Rule: E-027, caps 55 and 57 (an arrival at a kiosk is the register's own mark, nothing is copied over later). Errors: [`Refusal::NotFound`] for
/// somebody who does not keep the door, [`Refusal::Wrong`] for a place that has no name.
pub fn start(
    act: &mut Act,
    actor: &Actor,
    place: &str,
    runs: Runs,
    token: &SignInToken,
) -> Result<i64, Refusal> {
    must_keep(actor)?;
    let place = place.trim();
    if place.is_empty() || place.chars().count() > LONGEST_PLACE || place.contains('\0') {
        let ground = format!("Say where the kiosk stands, in at most {LONGEST_PLACE} characters.");
        return Err(Refusal::Wrong(ground));
    }
    let (id, now) = (act.new_id(), act.at());
    let ends_at = match runs {
        Runs::Today => Some(midnight_after(now.in_london().0)),
        Runs::UntilEnded => None,
    };
    let nothing = (None::<Instant>, None::<AccountId>);
    let values = args![
        id,
        place,
        token.bytes(),
        now,
        ends_at,
        actor.account,
        nothing.0,
        nothing.1
    ];
    act.record(&KIOSK, &values)?;
    act.describe(actor.entry("start a kiosk", format!("kiosk {id}")));
    Ok(id)
}

/// Ends a kiosk at once, wherever its device is. One that has ended stays as it is.
///
/// Errors: [`Refusal::NotFound`] for somebody who does not keep the door, and for no such kiosk.
pub fn end(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    must_keep(actor)?;
    let (school, now) = (act.school(), act.at());
    let found = act.tx().query_opt(ONE, &args![school, id], |row| {
        Ok((read(row)?, row.get::<Vec<u8>>(6)?))
    })?;
    let (kiosk, token) = found.ok_or(Refusal::NotFound)?;
    if !kiosk.runs(now) {
        return Ok(());
    }
    let values = args![
        id,
        kiosk.place.as_str(),
        &token[..],
        kiosk.began_at,
        kiosk.ends_at,
        kiosk.started_by,
        now,
        actor.account
    ];
    act.replace(&KIOSK, &values)?;
    act.describe(actor.entry("end a kiosk", format!("kiosk {id}")));
    Ok(())
}

/// Every kiosk that was ever started, the newest first.
///
/// Errors: the database did not answer.
pub fn kiosks(tx: &mut Tx, school: SchoolId) -> Result<Vec<Kiosk>, StoreError> {
    tx.query(ALL, &args![school], read)
}

/// The kiosk whose device holds this token and who acts there; none for one that never was, has ended, or whose starter keeps the door no more.
///
/// It acts with the account and the roles of today of whoever started it, and can do nothing but sign in at the door.
/// Errors: the database did not answer.
pub fn at(
    tx: &mut Tx,
    token: &SignInToken,
    now: Instant,
) -> Result<Option<(Kiosk, Actor)>, StoreError> {
    let asked = args![token.bytes(), now, now.in_london().0];
    let found = tx.query_opt(OF_TOKEN, &asked, |row| {
        let kiosk = read(row)?;
        let roles: Option<String> = row.get(7)?;
        let actor = Actor {
            account: kiosk.started_by,
            school: SchoolId(row.get(6)?),
            name: format!("Kiosk, {}", kiosk.place),
            job_title: format!("Kiosk, {}", kiosk.place),
            staff: None,
            roles: Role::among(roles.as_deref()),
            second_factor_at: None,
            several_schools: false,
            looks_back: None,
            limits: Limits::to(BTreeMap::from([(
                RecordKind::AttendanceMarks,
                Access::Write,
            )])),
        };
        Ok((kiosk, actor))
    })?;
    Ok(found.filter(|(_, actor)| Place::Door.is_open_to(actor)))
}
