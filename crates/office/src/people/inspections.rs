//! An inspector's visit: an account that reads both registers for a few days, every look of which is written down.
//!
//! The account ends by itself with its last day: its role holds no longer. Nobody but whoever answers for the registers gives it.

use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::records::{INSPECTION, ROLE_GRANT};
use super::{Access, Actor, RecordKind, Role};
use crate::desk::Refusal;
use crate::ids::AccountId;

/// The most days that one visit lasts, first and last included. A product decision: an inspection of registers takes a day or two, and
/// who comes again is given a new visit.
pub const LONGEST_VISIT: i32 = 14;

/// What the journal calls a look.
pub(crate) const LOOK: &str = "inspector looks";

/// A visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The record.
    pub id: i64,
    /// The account that was opened for it.
    pub account: AccountId,
    /// The name of the person.
    pub name: String,
    /// The body that they come from: Ofsted, the local authority.
    pub body: String,
    /// The first day.
    pub first: Day,
    /// The last day, at the end of which it is over.
    pub last: Day,
    /// Why they were given it.
    pub reason: String,
    /// Why it ended before its last day, if it did.
    pub ended_reason: Option<String>,
    grant: i64,
    /// How many pages were looked at.
    pub looks: i64,
}

impl Inspection {
    /// Whether it is over on this day.
    pub fn is_over(&self, today: Day) -> bool {
        self.ended_reason.is_some() || self.last < today
    }
}

/// What is given: to whom, for which days, and why.
#[derive(Clone, Debug)]
pub struct NewInspection {
    /// The account that was opened for it.
    pub account: AccountId,
    /// The name of the person.
    pub name: String,
    /// The body that they come from.
    pub body: String,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// Why.
    pub reason: String,
}

const INSPECTIONS: &str = "\
select i.inspection_id, i.account_id, i.name, i.body, i.first_day, i.last_day, i.reason, i.ended_reason, i.grant_id,
       (select count(*) from journal_entry j where j.school_id = i.school_id and j.account_id = i.account_id and j.act = $2)
from inspection i where i.school_id = $1 and i.superseded_seq is null
order by i.first_day desc, i.inspection_id desc";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[INSPECTIONS];

/// Whether the actor lets inspectors in: who answers for the registers and for settings of the school.
pub(crate) fn lets_inspectors_in(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::UsersRolesAndSettings)
        && actor.may_for_school(Access::Write, RecordKind::AttendanceMarks)
}

/// Errors: [`Refusal::NotFound`] for anybody else.
pub(super) fn must_let_in(actor: &Actor) -> Result<(), Refusal> {
    match lets_inspectors_in(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Every visit, the newest first.
pub fn inspections(tx: &mut Tx, school: SchoolId) -> Result<Vec<Inspection>, StoreError> {
    tx.query(INSPECTIONS, &args![school, LOOK], |row| {
        Ok(Inspection {
            id: row.get(0)?,
            account: AccountId(row.get(1)?),
            name: row.get(2)?,
            body: row.get(3)?,
            first: row.get(4)?,
            last: row.get(5)?,
            reason: row.get(6)?,
            ended_reason: row.get(7)?,
            grant: row.get(8)?,
            looks: row.get(9)?,
        })
    })
}

/// The visit with this id.
///
/// Errors: there is none.
pub(super) fn inspection(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Inspection, Refusal> {
    let found = inspections(tx, school)?
        .into_iter()
        .find(|one| one.id == id);
    found.ok_or(Refusal::NotFound)
}

/// What is wrong with the days of a visit, if anything is.
pub(super) fn fault_of_days(first: Day, last: Day, today: Day) -> Option<String> {
    if last < first {
        return Some("The last day is before the first.".to_owned());
    }
    if last < today {
        return Some("The last day is past.".to_owned());
    }
    (first.days_until(last) >= LONGEST_VISIT).then(|| {
        format!("A visit lasts {LONGEST_VISIT} days at most; who comes again is given another.")
    })
}

/// Lets an inspector in: their account reads the registers from the first day to the end of the last.
///
/// Rule: R-010 (U). Errors: the actor may not, or the days are wrong.
pub fn let_in(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    new: &NewInspection,
) -> Result<i64, Refusal> {
    must_let_in(actor)?;
    if let Some(fault) = fault_of_days(new.first, new.last, today) {
        return Err(Refusal::Wrong(fault));
    }
    let (id, grant) = (act.new_id(), act.new_id());
    let role = Role::Inspector.key();
    act.record(
        &ROLE_GRANT,
        &args![grant, new.account, role, new.first, new.last],
    )?;
    act.record(
        &INSPECTION,
        &args![
            id,
            new.account,
            &new.name,
            &new.body,
            new.first,
            new.last,
            &new.reason,
            None::<&str>,
            grant
        ],
    )?;
    act.note("reason", &new.reason);
    act.describe(actor.entry("let an inspector in", format!("inspection {id}")));
    Ok(id)
}

/// Ends a visit at once.
///
/// Errors: the actor may not, there is no such visit, or it is over.
pub fn end(act: &mut Act, actor: &Actor, today: Day, id: i64, reason: &str) -> Result<(), Refusal> {
    must_let_in(actor)?;
    let school = act.school();
    let visit = inspection(act.tx(), school, id)?;
    if visit.is_over(today) {
        return Err(Refusal::Wrong("This visit is over.".to_owned()));
    }
    act.supersede(&ROLE_GRANT, &args![visit.grant])?;
    act.replace(
        &INSPECTION,
        &args![
            id,
            visit.account,
            &visit.name,
            &visit.body,
            visit.first,
            visit.last,
            &visit.reason,
            reason,
            visit.grant
        ],
    )?;
    act.note("reason", reason);
    act.describe(actor.entry("end an inspector's visit", format!("inspection {id}")));
    Ok(())
}

/// Writes down that an inspector looked at a page. The address has ids and no words of a search.
pub(crate) fn look(act: &mut Act, actor: &Actor, address: &str) {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    act.describe(actor.entry(LOOK, format!("page {path}")));
}
