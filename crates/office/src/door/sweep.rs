//! Truancy sweeps: one day's sweep, and each pupil of this school whom the officers met (E-195).
//!
//! A sweep is the police's and the authority's; the school writes down what it was told of it. It changes no mark: what the register said at that
//! minute is read from the register's history and kept beside.

use calendar::{Day, Instant, TimeOfDay};
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::arrive::{calendar, session_at};
use super::moves::ON_ROLL;
use super::records::{SWEEP_CHILD, TRUANCY_SWEEP};
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId};
use crate::people::{Access, Actor, Place, RecordKind};
use crate::registers::history_of;
use crate::year::settings::{session_times, settings};

const SWEEPS: &str = "\
select sweep_id, on_date, area, premises, officers, authorised_by, account_id from truancy_sweep
where school_id = $1 and superseded_seq is null order by on_date desc, sweep_id desc";
const SWEEP: &str = "\
select sweep_id, on_date, area, premises, officers, authorised_by, account_id from truancy_sweep
where school_id = $1 and sweep_id = $2 and superseded_seq is null";
const MET: &str = "\
select child_id, sweep_id, enrolment_id, met_at, place, officer, account_given, mark_then, taken_to, parent_told, account_id, withdrawn_because
from sweep_child where school_id = $1 and superseded_seq is null order by met_at desc, child_id desc";
const ONE_MET: &str = "\
select child_id, sweep_id, enrolment_id, met_at, place, officer, account_given, mark_then, taken_to, parent_told, account_id, withdrawn_because
from sweep_child where school_id = $1 and child_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[SWEEPS, SWEEP, MET, ONE_MET];

/// The longest answer.
pub(super) const LONGEST: usize = 500;

/// A sweep of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Its number.
    pub id: i64,
    /// The day.
    pub day: Day,
    /// The area that a superintendent has authorised.
    pub area: String,
    /// The premises that the authority has designated, where pupils are taken who are not taken to school.
    pub premises: String,
    /// The officers, and who went with them.
    pub officers: String,
    /// Who authorised it, and until when.
    pub authorised_by: String,
    /// Who wrote it down.
    pub account: AccountId,
}

/// A pupil whom the officers met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// The number of the entry.
    pub id: i64,
    /// The sweep.
    pub sweep: i64,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// When they met.
    pub at: Instant,
    /// Where.
    pub place: String,
    /// Which officer.
    pub officer: String,
    /// The account that the pupil, or whoever was with them, gave.
    pub said: String,
    /// What the register said at that minute; none where it had no mark, or no session ran.
    pub mark_then: Option<String>,
    /// Where the pupil was taken: to school, to the designated premises, or nowhere.
    pub taken_to: String,
    /// How a parent was told; none while none was.
    pub parent_told: Option<String>,
    /// Who wrote it down.
    pub account: AccountId,
    /// Why it was withdrawn; none while it stands.
    pub withdrawn: Option<String>,
}

/// What is written down of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepSaid {
    /// The day.
    pub day: Option<Day>,
    /// The area.
    pub area: String,
    /// The premises.
    pub premises: String,
    /// The officers.
    pub officers: String,
    /// Who authorised it.
    pub authorised_by: String,
}

/// What is written down of a pupil who was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetSaid {
    /// The clock time on the day of the sweep.
    pub at: Option<TimeOfDay>,
    /// Where.
    pub place: String,
    /// Which officer.
    pub officer: String,
    /// The account given.
    pub said: String,
    /// Where the pupil was taken.
    pub taken_to: String,
    /// How a parent was told.
    pub parent_told: Option<String>,
}

/// Whether somebody sees sweeps, of the pupils whose log of contacts they read.
pub(super) fn must_see(actor: &Actor) -> Result<(), Refusal> {
    match Place::Morning.is_open_to(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Whether somebody writes sweeps down: whoever keeps the log of contacts of the whole school.
pub(super) fn keeps(actor: &Actor) -> bool {
    actor.may_for_school(Access::Write, RecordKind::ContactsLog)
}

fn read_sweep(row: &Row<'_>) -> Result<Sweep, StoreError> {
    Ok(Sweep {
        id: row.get(0)?,
        day: row.get(1)?,
        area: row.get(2)?,
        premises: row.get(3)?,
        officers: row.get(4)?,
        authorised_by: row.get(5)?,
        account: row.get(6)?,
    })
}

fn read_met(row: &Row<'_>) -> Result<Met, StoreError> {
    Ok(Met {
        id: row.get(0)?,
        sweep: row.get(1)?,
        enrolment: row.get(2)?,
        at: row.get(3)?,
        place: row.get(4)?,
        officer: row.get(5)?,
        said: row.get(6)?,
        mark_then: row.get(7)?,
        taken_to: row.get(8)?,
        parent_told: row.get(9)?,
        account: row.get(10)?,
        withdrawn: row.get(11)?,
    })
}

/// Every sweep that was written down, the newest first.
///
/// Errors: the database did not answer.
pub fn sweeps(tx: &mut Tx, school: SchoolId) -> Result<Vec<Sweep>, StoreError> {
    tx.query(SWEEPS, &args![school], read_sweep)
}

/// One sweep.
pub(super) fn sweep(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Option<Sweep>, StoreError> {
    tx.query_opt(SWEEP, &args![school, id], read_sweep)
}

/// Every pupil who was ever met, the newest first; withdrawn entries too.
///
/// Errors: the database did not answer.
pub fn met(tx: &mut Tx, school: SchoolId) -> Result<Vec<Met>, StoreError> {
    tx.query(MET, &args![school], read_met)
}

/// Whether these answers can stand: none that must be there is empty, and none is too long.
fn sound(musts: &[&str], others: &[&str]) -> Result<(), Refusal> {
    let is_wrong = |text: &&&str| text.chars().count() > LONGEST || text.contains('\0');
    if musts.iter().any(|text| text.trim().is_empty()) {
        return Err(Refusal::Wrong(
            "Answer every question that must be answered.".to_owned(),
        ));
    }
    if musts.iter().chain(others).any(|text| is_wrong(&text)) {
        let ground = format!("An answer is longer than {LONGEST} characters. Shorten it.");
        return Err(Refusal::Wrong(ground));
    }
    Ok(())
}

/// Writes a sweep down; answers its number.
///
/// Rule: E-195 (Crime and Disorder Act 1998 s.16). Errors: [`Refusal::NotFound`] for somebody who does not keep the log of contacts,
/// [`Refusal::Wrong`] for a day to come and for answers that are missing or too long.
pub fn write_sweep(act: &mut Act, actor: &Actor, said: &SweepSaid) -> Result<i64, Refusal> {
    if !keeps(actor) {
        return Err(Refusal::NotFound);
    }
    sound(
        &[&said.area, &said.premises, &said.officers],
        &[&said.authorised_by],
    )?;
    let (today, _) = act.at().in_london();
    let day = said.day.filter(|day| *day <= today);
    let day = day.ok_or_else(|| {
        Refusal::Wrong("Give the day of the sweep; it is not to come.".to_owned())
    })?;
    let id = act.new_id();
    let values = args![
        id,
        day,
        said.area.trim(),
        said.premises.trim(),
        said.officers.trim(),
        said.authorised_by.trim(),
        actor.account
    ];
    act.record(&TRUANCY_SWEEP, &values)?;
    act.describe(actor.entry("write a truancy sweep down", format!("sweep {id}")));
    Ok(id)
}

/// What the register said of a pupil at a minute: the newest entry of the session that ran, as it stood then.
///
/// Errors: the database did not answer, the school's calendar cannot be read.
fn mark_at(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    at: Instant,
) -> Result<Option<String>, Refusal> {
    let (school, day) = (act.school(), at.in_london().0);
    let all = settings(act.tx(), school)?;
    let times = session_times(&all, day)?;
    let days = calendar(act.tx(), actor, at)?;
    // Before the first register opens, and on a day without a session, no mark is looked for.
    let Ok(slot) = session_at(&days, &times, at) else {
        return Ok(None);
    };
    let entries = history_of(act.tx(), school, enrolment, day, day)?;
    let then = entries
        .into_iter()
        .rfind(|entry| entry.slot == slot && entry.at <= at);
    Ok(then
        .and_then(|entry| entry.code)
        .map(|code| code.to_string()))
}

/// Writes down that the officers met a pupil; answers the number of the entry.
///
/// Rule: E-195. Errors: as [`write_sweep`]; [`Refusal::NotFound`] for a pupil who was not on roll that day; [`Refusal::Wrong`] for a time to come.
pub fn write_met(
    act: &mut Act,
    actor: &Actor,
    (of, enrolment): (i64, EnrolmentId),
    said: &MetSaid,
) -> Result<i64, Refusal> {
    if !keeps(actor) {
        return Err(Refusal::NotFound);
    }
    let school = act.school();
    let of = sweep(act.tx(), school, of)?.ok_or(Refusal::NotFound)?;
    let asked = args![school, enrolment, of.day];
    act.tx()
        .query_opt(ON_ROLL, &asked, |_| Ok(()))?
        .ok_or(Refusal::NotFound)?;
    let told = said.parent_told.as_deref().unwrap_or_default();
    sound(
        &[&said.place, &said.officer, &said.said, &said.taken_to],
        &[told],
    )?;
    let at = said.at.map(|time| Instant::at_london(of.day, time));
    let at = at.filter(|at| *at <= act.at());
    let at = at.ok_or_else(|| {
        Refusal::Wrong("Give the time at which they met; it is not to come.".to_owned())
    })?;
    let mark_then = mark_at(act, actor, enrolment, at)?;
    let one = Met {
        id: act.new_id(),
        sweep: of.id,
        enrolment,
        at,
        place: said.place.trim().to_owned(),
        officer: said.officer.trim().to_owned(),
        said: said.said.trim().to_owned(),
        mark_then,
        taken_to: said.taken_to.trim().to_owned(),
        parent_told: super::arrive::kept(&said.parent_told),
        account: actor.account,
        withdrawn: None,
    };
    keep(act, &one)?;
    act.describe(actor.entry(
        "write down a pupil met by a sweep",
        format!("time on roll {enrolment}"),
    ));
    Ok(one.id)
}

fn keep(act: &mut Act, one: &Met) -> Result<(), StoreError> {
    let values = args![
        one.id,
        one.sweep,
        one.enrolment,
        one.at,
        one.place.as_str(),
        one.officer.as_str(),
        one.said.as_str(),
        one.mark_then.as_deref(),
        one.taken_to.as_str(),
        one.parent_told.as_deref(),
        one.account,
        one.withdrawn.as_deref()
    ];
    act.replace(&SWEEP_CHILD, &values).map(drop)
}

/// What comes to an entry after it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Later {
    /// How a parent was told.
    ParentTold(String),
    /// Why it does not stand: it was another child.
    Withdrawn(String),
}

/// Adds to an entry that a parent was told, or withdraws it; it stays, with what was said of it.
///
/// Errors: as [`write_sweep`]; [`Refusal::NotFound`] for no entry that stands.
pub fn add_to_met(act: &mut Act, actor: &Actor, id: i64, later: &Later) -> Result<(), Refusal> {
    if !keeps(actor) {
        return Err(Refusal::NotFound);
    }
    let school = act.school();
    let found = act.tx().query_opt(ONE_MET, &args![school, id], read_met)?;
    let found = found.filter(|one| one.withdrawn.is_none());
    let one = found.ok_or(Refusal::NotFound)?;
    let (text, what) = match later {
        Later::ParentTold(text) => (text, "note that a parent was told of a sweep"),
        Later::Withdrawn(text) => (text, "withdraw a pupil met by a sweep"),
    };
    sound(&[text], &[])?;
    let enrolment = one.enrolment;
    let one = match later {
        Later::ParentTold(_) => Met {
            parent_told: Some(text.trim().to_owned()),
            ..one
        },
        Later::Withdrawn(_) => Met {
            withdrawn: Some(text.trim().to_owned()),
            ..one
        },
    };
    keep(act, &one)?;
    act.describe(actor.entry(what, format!("time on roll {enrolment}")));
    Ok(())
}
