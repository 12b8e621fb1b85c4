//! Legal holds: while one stands, nothing of its pupil is erased.

use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::must_decide;
use super::records::LEGAL_HOLD;
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::people::Actor;

const HOLDS: &str = "\
select hold_id, pupil_id, reason, owner, placed_on, review_on, released_on, released_because
from legal_hold where school_id = $1 and superseded_seq is null order by released_on, review_on, hold_id";
const BY_ADMISSION_NUMBER: &str = "\
select pupil_id from pupil where school_id = $1 and admission_number = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[HOLDS, BY_ADMISSION_NUMBER];

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) id: i64,
    pub(super) pupil: PupilId,
    pub(super) reason: String,
    pub(super) owner: String,
    pub(super) placed_on: Day,
    pub(super) review_on: Day,
    pub(super) released_on: Option<Day>,
    pub(super) released_because: Option<String>,
}

/// Every hold, those that stand first.
pub(super) fn holds(tx: &mut Tx, school: SchoolId) -> Result<Vec<Hold>, StoreError> {
    let mut holds = tx.query(HOLDS, &args![school], |row| {
        Ok(Hold {
            id: row.get(0)?,
            pupil: row.get(1)?,
            reason: row.get(2)?,
            owner: row.get(3)?,
            placed_on: row.get(4)?,
            review_on: row.get(5)?,
            released_on: row.get(6)?,
            released_because: row.get(7)?,
        })
    })?;
    holds.sort_by_key(|hold| (hold.released_on.is_some(), hold.review_on, hold.id));
    Ok(holds)
}

/// The pupil with this admission number; none, or one of several, is nobody.
pub(super) fn pupil_with(
    tx: &mut Tx,
    school: SchoolId,
    number: &str,
) -> Result<Option<PupilId>, StoreError> {
    let found: Vec<PupilId> = tx.query(BY_ADMISSION_NUMBER, &args![school, number], |row| {
        row.get(0)
    })?;
    Ok(match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

/// What a hold is placed with: it needs a reason, an owner and a day on which it is looked at again.
#[derive(Clone, Debug)]
pub struct NewHold {
    /// Of whom nothing is erased.
    pub pupil: PupilId,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it is looked at again.
    pub review_on: Day,
}

/// Places a hold.
///
/// Errors: [`Refusal::NotFound`] for somebody who does not decide about disposal.
pub fn place(act: &mut Act, actor: &Actor, new: &NewHold) -> Result<i64, Refusal> {
    must_decide(actor)?;
    let id = act.new_id();
    let (today, _) = act.at().in_london();
    let hold = Hold {
        id,
        pupil: new.pupil,
        reason: new.reason.clone(),
        owner: new.owner.clone(),
        placed_on: today,
        review_on: new.review_on,
        released_on: None,
        released_because: None,
    };
    put(act, &hold)?;
    act.note("reason", &new.reason);
    act.describe(actor.entry("place a legal hold", format!("pupil {}", new.pupil)));
    Ok(id)
}

/// Releases a hold.
///
/// Errors: as [`place`]; [`Refusal::NotFound`] for one that does not stand.
pub fn release(act: &mut Act, actor: &Actor, id: i64, because: &str) -> Result<(), Refusal> {
    must_decide(actor)?;
    let school = act.school();
    let (today, _) = act.at().in_london();
    let hold = holds(act.tx(), school)?
        .into_iter()
        .find(|hold| hold.id == id && hold.released_on.is_none())
        .ok_or(Refusal::NotFound)?;
    let subject = format!("pupil {}", hold.pupil);
    put(
        act,
        &Hold {
            released_on: Some(today),
            released_because: Some(because.to_owned()),
            ..hold
        },
    )?;
    act.note("reason", because);
    act.describe(actor.entry("release a legal hold", subject));
    Ok(())
}

fn put(act: &mut Act, hold: &Hold) -> Result<(), StoreError> {
    let values = args![
        hold.id,
        hold.pupil,
        hold.reason.as_str(),
        hold.owner.as_str(),
        hold.placed_on,
        hold.review_on,
        hold.released_on,
        hold.released_because.as_deref()
    ];
    act.replace(&LEGAL_HOLD, &values).map(drop)
}
