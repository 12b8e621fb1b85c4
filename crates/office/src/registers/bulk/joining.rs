//! A first or last day on roll that moves: the marks outside the time on roll are taken back with it, and one undo brings back both.

use calendar::{Day, Instant, Session, Slot};
use register::{Class, Code, meaning};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::change::{About, keep_set};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, MarkSetId};
use crate::people::Actor;
use crate::registers::records::MARK_VERSION;
use crate::roll::records::{ENROLMENT, MEMBERSHIP};

pub(super) const BEFORE: &str = "\
select on_date, session, code from mark
where school_id = $1 and enrolment_id = $2 and on_date < $3 and code is not null order by on_date, session";

pub(super) const AFTER: &str = "\
select on_date, session, code from mark
where school_id = $1 and enrolment_id = $2 and on_date > $3 and code is not null order by on_date, session";

pub(super) const TIME_BEFORE: &str = "\
select enrolment_id, pupil_id, kind, starting_day, agreed_with, leaving_day, deletion_ground, last_school, last_school_address,
       next_school
from enrolment where school_id = $1 and superseded_seq = $2";

pub(super) const TIME_NOW: &str = "select seq from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

pub(super) const MEMBERSHIPS_BEFORE: &str = "\
select m.membership_id, m.group_id, m.enrolment_id, m.from_day, m.to_day from membership m
where m.school_id = $1 and m.superseded_seq = $2 and exists (
      select 1 from membership n
      where n.school_id = m.school_id and n.membership_id = m.membership_id and n.seq = $2 and n.superseded_seq is null)";

pub(super) const STATEMENTS: &[&str] = &[BEFORE, AFTER, TIME_BEFORE, TIME_NOW, MEMBERSHIPS_BEFORE];

/// The marks of a time on roll that lie before a day, in order.
///
/// Errors: the database did not answer.
pub(crate) fn marks_before(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    first: Day,
) -> Result<Vec<(Slot, Code)>, StoreError> {
    marks_beyond(tx, BEFORE, school, enrolment, first)
}

/// The marks of a time on roll that lie after a day, in order.
///
/// Errors: the database did not answer.
pub(crate) fn marks_after(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    last: Day,
) -> Result<Vec<(Slot, Code)>, StoreError> {
    marks_beyond(tx, AFTER, school, enrolment, last)
}

fn marks_beyond(
    tx: &mut Tx,
    sql: &'static str,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
) -> Result<Vec<(Slot, Code)>, StoreError> {
    let found = tx.query(sql, &args![school, enrolment, day], |row| {
        let session = Session::from_index(row.get(1)?);
        let code = row.get::<&str>(2)?.parse().ok();
        let day: Day = row.get(0)?;
        Ok(session.map(|session| Slot::new(day, session)).zip(code))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// The first of these marks at which the pupil was present: the time on roll cannot begin after it.
pub(crate) fn first_attended(marks: &[(Slot, Code)]) -> Option<Slot> {
    let attended = marks.iter().find(|(slot, code)| {
        let class = meaning(*code, slot.day).map(|row| row.class);
        matches!(
            class,
            Ok(Class::Present | Class::ApprovedEducationalActivity)
        )
    });
    attended.map(|(slot, _)| *slot)
}

/// Takes back every mark before the day on which a time on roll begins from now on, as a set that can be undone with it.
///
/// The entries stay, with the reason; the places are outside the time on roll. A part of the act that moves the
/// starting day, which describes itself. Errors: [`Refusal::Wrong`] where the pupil was present on one of these days.
pub(crate) fn take_back_before(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    (from, to): (Day, Day),
    reason: &str,
) -> Result<MarkSetId, Refusal> {
    let school = act.school();
    let marks = marks_before(act.tx(), school, enrolment, to)?;
    if let Some(slot) = first_attended(&marks) {
        return Err(Refusal::Wrong(present_on(slot)));
    }
    let days = (from.min(to), from.max(to));
    take_back(act, actor, enrolment, &marks, ("joining", days), reason)
}

/// Takes back every mark after the day on which a time on roll ends from now on, where there is one, as a set that can be undone with it.
///
/// A part of the act that ends the time on roll or moves its end, which describes itself. Nothing that was entered ahead stays outside the
/// time on roll.
pub(crate) fn take_back_after(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    last: Day,
    reason: &str,
) -> Result<(), Refusal> {
    let school = act.school();
    let marks = marks_after(act.tx(), school, enrolment, last)?;
    if let Some((end, _)) = marks.last() {
        let days = (last, end.day);
        take_back(act, actor, enrolment, &marks, ("leaving", days), reason)?;
    }
    Ok(())
}

fn take_back(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    marks: &[(Slot, Code)],
    (kind, days): (&'static str, (Day, Day)),
    reason: &str,
) -> Result<MarkSetId, Refusal> {
    let rows = marks.iter().map(|(slot, _)| {
        args![
            enrolment,
            slot.day,
            slot.session.index() as i64,
            None::<&str>,
            None::<i64>,
            None::<Instant>,
            None::<&str>,
            reason.trim(),
            "set",
            None::<Instant>,
            None::<&str>
        ]
    });
    act.record_many(&MARK_VERSION, rows)?;
    let about = About {
        kind,
        whom: "1 pupil",
        code: None,
        days,
        reason,
    };
    keep_set(
        act,
        actor,
        &about,
        (marks.len(), usize::from(!marks.is_empty())),
        None,
    )
}

/// Why a starting day may not be later.
pub(crate) fn present_on(slot: Slot) -> String {
    format!(
        "The pupil was present on {}, so the time on roll cannot begin later: the starting day is the one that was agreed, or the first day of attendance (R-002).",
        slot.day.long()
    )
}

/// Brings back the time on roll and the memberships that the act of this number moved, where it moved some.
///
/// Errors: [`Refusal::Wrong`] where the time on roll was changed since.
pub(super) fn bring_back_times(act: &mut Act, seq: i64) -> Result<(), Refusal> {
    let school = act.school();
    type Texts = (
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    let times = act.tx().query(TIME_BEFORE, &args![school, seq], |row| {
        let texts: Texts = (
            row.get(4)?,
            row.get(6)?,
            row.get(7)?,
            row.get(8)?,
            row.get(9)?,
        );
        let ids: (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let days: (Day, Option<Day>) = (row.get(3)?, row.get(5)?);
        Ok((ids, days, texts))
    })?;
    for ((enrolment, pupil, kind), (starting, leaving), texts) in times {
        let now = act
            .tx()
            .query_opt(TIME_NOW, &args![school, enrolment], |row| row.get::<i64>(0))?;
        if now != Some(seq) {
            return Err(Refusal::Wrong(
                "The time on roll was amended since. Put the starting day right under Record first."
                    .to_owned(),
            ));
        }
        let (agreed, ground, last, last_address, next) = texts;
        let values = args![
            enrolment,
            pupil,
            kind.as_str(),
            starting,
            agreed.as_deref(),
            leaving,
            ground.as_deref(),
            last.as_deref(),
            last_address.as_deref(),
            next.as_deref()
        ];
        act.replace(&ENROLMENT, &values)?;
    }
    let memberships = act
        .tx()
        .query(MEMBERSHIPS_BEFORE, &args![school, seq], |row| {
            let ids: (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let days: (Day, Option<Day>) = (row.get(3)?, row.get(4)?);
            Ok((ids, days))
        })?;
    for ((id, group, enrolment), (from, to)) in memberships {
        act.replace(&MEMBERSHIP, &args![id, group, enrolment, from, to])?;
    }
    Ok(())
}
