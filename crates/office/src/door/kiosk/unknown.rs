//! What a kiosk took without a network and turned out to be nobody's: the office says who it was, or puts it aside.

use calendar::Instant;
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::super::arrive::{Arrives, arrive};
use super::super::records::KIOSK_UNKNOWN;
use super::come::Comes;
use super::{Kiosk, must_keep};
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId};
use crate::people::Actor;

const BY_KEY: &str = "\
select unknown_id, kiosk_id, arrival_key, typed, at, reason, settled from kiosk_unknown
where school_id = $1 and arrival_key = $2 and superseded_seq is null";
const ONE: &str = "\
select unknown_id, kiosk_id, arrival_key, typed, at, reason, settled from kiosk_unknown
where school_id = $1 and unknown_id = $2 and superseded_seq is null";
const WAITING: &str = "\
select unknown_id, kiosk_id, arrival_key, typed, at, reason, settled from kiosk_unknown
where school_id = $1 and superseded_seq is null and settled is null order by at, unknown_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[BY_KEY, ONE, WAITING];

/// An arrival at a kiosk of which it is not known whose it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its number.
    pub id: i64,
    /// The kiosk.
    pub kiosk: i64,
    /// The device's own name for the arrival.
    pub key: String,
    /// The card, or the tutor group and letters.
    pub typed: String,
    /// When, on the server's clock.
    pub at: Instant,
    /// The reason that was touched.
    pub reason: Option<String>,
    /// What became of it; none while it waits.
    pub settled: Option<String>,
}

fn read(row: &Row<'_>) -> Result<Unknown, StoreError> {
    Ok(Unknown {
        id: row.get(0)?,
        kiosk: row.get(1)?,
        key: row.get(2)?,
        typed: row.get(3)?,
        at: row.get(4)?,
        reason: row.get(5)?,
        settled: row.get(6)?,
    })
}

fn write(act: &mut Act, one: &Unknown, by: Option<AccountId>) -> Result<(), StoreError> {
    let values = args![
        one.id,
        one.kiosk,
        one.key.as_str(),
        one.typed.as_str(),
        one.at,
        one.reason.as_deref(),
        one.settled.as_deref(),
        by
    ];
    act.replace(&KIOSK_UNKNOWN, &values).map(drop)
}

/// Keeps it for the office, once; a reason that came later is added, and one that its pupil took back is put aside.
pub(super) fn keep(
    act: &mut Act,
    actor: &Actor,
    kiosk: &Kiosk,
    what: &Comes,
    typed: &str,
    at: Instant,
) -> Result<(), Refusal> {
    let school = act.school();
    let asked = args![school, what.key.as_str()];
    let known = act.tx().query_opt(BY_KEY, &asked, read)?;
    let taken_back = what.undo.then(|| "taken back at the kiosk".to_owned());
    let one = match known {
        Some(known) if known.settled.is_some() => return Ok(()),
        Some(known) => Unknown {
            reason: what.reason.clone().or(known.reason),
            settled: taken_back,
            ..known
        },
        None if what.undo => return Ok(()),
        None => Unknown {
            id: act.new_id(),
            kiosk: kiosk.id,
            key: what.key.clone(),
            typed: typed.chars().take(120).collect(),
            at,
            reason: what.reason.clone(),
            settled: None,
        },
    };
    write(act, &one, None)?;
    act.describe(actor.entry(
        "keep an unknown arrival",
        format!("unknown arrival {}", one.id),
    ));
    Ok(())
}

/// What waits for somebody to say who it was, the oldest first.
///
/// Errors: the database did not answer.
pub fn waiting(tx: &mut Tx, school: SchoolId) -> Result<Vec<Unknown>, StoreError> {
    tx.query(WAITING, &args![school], read)
}

fn one_waiting(act: &mut Act, actor: &Actor, id: i64) -> Result<Unknown, Refusal> {
    must_keep(actor)?;
    let school = act.school();
    let found = act.tx().query_opt(ONE, &args![school, id], read)?;
    found
        .filter(|one| one.settled.is_none())
        .ok_or(Refusal::NotFound)
}

/// Says who it was: the pupil is signed in at the late door as of then.
///
/// Rule: E-023, E-027. Errors: as [`arrive`]; [`Refusal::NotFound`] for what does not wait.
pub fn settle(act: &mut Act, actor: &Actor, id: i64, who: EnrolmentId) -> Result<(), Refusal> {
    let one = one_waiting(act, actor, id)?;
    let arrives = Arrives {
        key: one.key.clone(),
        enrolment: who.0,
        made: Some(one.at),
        sent: Some(act.at()),
        reason: one.reason.clone(),
        kiosk: Some(one.kiosk),
        ..Arrives::default()
    };
    arrive(act, actor, &arrives)?;
    let settled = Unknown {
        settled: Some("signed in".to_owned()),
        ..one
    };
    write(act, &settled, Some(actor.account))?;
    Ok(())
}

/// Puts it aside: nobody can say who it was, or it was nobody.
///
/// Errors: [`Refusal::NotFound`] for somebody who does not keep the door, and for what does not wait.
pub fn put_aside(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    let one = one_waiting(act, actor, id)?;
    let settled = Unknown {
        settled: Some("put aside".to_owned()),
        ..one
    };
    write(act, &settled, Some(actor.account))?;
    act.describe(actor.entry(
        "put an unknown arrival aside",
        format!("unknown arrival {id}"),
    ));
    Ok(())
}
