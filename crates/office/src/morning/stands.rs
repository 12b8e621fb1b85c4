//! Where absences stand as a transaction sees them, from rows: of one pupil, or of everybody missing in a session.

use std::collections::BTreeMap;

use calendar::{Day, Instant, Session, Slot};
use store::{SchoolId, StoreError, Tx, args};

use super::carried::carried_within;
use super::cases::{Case, Child, Hours, MarkEntry, Recorded, case, entries_of, marks};
use super::entries::of_enrolment;
use super::log::hours_within;
use crate::absence_line::{TOLD, waiting_on};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, GroupId, PupilId};
use crate::registers::{Due, due};
use crate::safeguarding::held;

const MARKS_OF: &str = "\
select v.session, v.seq, v.code, j.at, cast(case when v.reason like $4 || '%' then 1 else 0 end as bigint) from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date = $3
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.seq";

const GROUPS_OF: &str = "\
select m.enrolment_id, e.pupil_id, m.group_id, g.kind
from membership m
join enrolment e on e.school_id = m.school_id and e.enrolment_id = m.enrolment_id and e.superseded_seq is null
join pupil_group g on g.school_id = m.school_id and g.group_id = m.group_id and g.superseded_seq is null
where m.school_id = $1 and m.enrolment_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3) order by m.group_id";

const GROUPS: &str = "\
select m.enrolment_id, e.pupil_id, m.group_id, g.kind
from membership m
join enrolment e on e.school_id = m.school_id and e.enrolment_id = m.enrolment_id and e.superseded_seq is null
join pupil_group g on g.school_id = m.school_id and g.group_id = m.group_id and g.superseded_seq is null
where m.school_id = $1 and m.superseded_seq is null
  and m.from_day <= $2 and (m.to_day is null or m.to_day >= $2) order by m.enrolment_id, m.group_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MARKS_OF, GROUPS_OF, GROUPS];

/// In which register somebody's marks are kept.
#[derive(Clone, Copy)]
struct Kept {
    enrolment: EnrolmentId,
    pupil: PupilId,
    group: GroupId,
    by_tutor: bool,
}

fn kept(row: &store::Row<'_>) -> Result<Kept, StoreError> {
    Ok(Kept {
        enrolment: row.get(0)?,
        pupil: row.get(1)?,
        group: row.get(2)?,
        by_tutor: row.get::<&str>(3)? == "tutor",
    })
}

/// The group in whose register the pupil's marks are kept that day: the tutor group, or any other for a pupil in none.
pub(super) fn register_of(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
) -> Result<Option<GroupId>, StoreError> {
    let groups = tx.query(GROUPS_OF, &args![school, enrolment, day], kept)?;
    Ok(chosen(&groups).map(|kept| kept.group))
}

fn chosen(groups: &[Kept]) -> Option<Kept> {
    let tutor = groups.iter().find(|kept| kept.by_tutor);
    tutor.or(groups.first()).copied()
}

/// What a day asks of one pupil, from the places of their register session by session.
fn child(kept: Kept, hours: &[Hours], registers: &[Vec<Due>]) -> Child {
    let mut child = Child {
        enrolment: kept.enrolment,
        pupil: kept.pupil,
        row: 0,
        is_due: Vec::new(),
        is_planned: Vec::new(),
    };
    for (hours, places) in hours.iter().zip(registers) {
        let place = places
            .iter()
            .find(|place| place.enrolment == kept.enrolment);
        child
            .is_due
            .push(place.is_some_and(|place| place.is_asked_for(hours.slot)));
        child
            .is_planned
            .push(place.is_some_and(|place| place.plan.is_some()));
    }
    child
}

fn registers(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    hours: &[Hours],
) -> Result<Vec<Vec<Due>>, StoreError> {
    let each = hours.iter();
    each.map(|hours| due(tx, school, group, hours.slot))
        .collect()
}

/// The absence of one pupil on a day; none for one who is not on the list.
///
/// Errors: the day's calendar or times cannot be read; the database did not answer.
pub(crate) fn case_within(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
    now: Instant,
) -> Result<Option<Case>, Refusal> {
    let hours = hours_within(tx, school, day)?;
    let groups = tx.query(GROUPS_OF, &args![school, enrolment, day], kept)?;
    let Some(kept) = chosen(&groups) else {
        return Ok(None);
    };
    let registers = registers(tx, school, kept.group, &hours)?;
    let marks = marks_of(tx, school, enrolment, day)?;
    let carried = carried_within(tx, school, enrolment, day, now)?;
    let entries = of_enrolment(tx, school, enrolment, day)?;
    let recorded = Recorded {
        entries: entries
            .into_iter()
            .filter(|entry| entry.day == day)
            .collect(),
        told: waiting_on(tx, school, day)?
            .remove(&kept.pupil)
            .unwrap_or_default(),
        held: held(tx, school)?.remove(&enrolment).unwrap_or_default(),
    };
    Ok(case(
        &child(kept, &hours, &registers),
        &hours,
        &marks,
        recorded,
        carried,
        now,
    ))
}

/// What a day asks of one pupil, from the register that has their marks that day; none for a pupil in no group.
pub(super) fn child_of_rows(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    hours: &[Hours],
) -> Result<Option<Child>, StoreError> {
    let Some(day) = hours.first().map(|hours| hours.slot.day) else {
        return Ok(None);
    };
    let groups = tx.query(GROUPS_OF, &args![school, enrolment, day], kept)?;
    let Some(kept) = chosen(&groups) else {
        return Ok(None);
    };
    let registers = registers(tx, school, kept.group, hours)?;
    Ok(Some(child(kept, hours, &registers)))
}

/// Somebody who is missing in a session.
pub(crate) struct Missing {
    /// Their absence.
    pub(crate) case: Case,
    /// Whether anybody has a mark in their register: else it was never begun, and says nothing about one child.
    pub(crate) is_begun: bool,
}

/// Everybody not located whom a session has on the list, in order of time on roll.
///
/// Errors: the day's calendar or times cannot be read; the database did not answer.
pub(crate) fn missing_within(
    tx: &mut Tx,
    school: SchoolId,
    slot: Slot,
    now: Instant,
) -> Result<Vec<Missing>, Refusal> {
    let hours = hours_within(tx, school, slot.day)?;
    let Some(place) = hours.iter().position(|hours| hours.slot == slot) else {
        return Ok(Vec::new());
    };
    let mut marks = marks(tx, school, slot.day)?;
    let mut entries = entries_of(tx, school, slot.day)?;
    let mut told = waiting_on(tx, school, slot.day)?;
    let mut held = held(tx, school)?;
    let mut by_group: BTreeMap<GroupId, Vec<Kept>> = BTreeMap::new();
    for kept in tx
        .query(GROUPS, &args![school, slot.day], kept)?
        .chunk_by(|one, next| one.enrolment == next.enrolment)
        .filter_map(chosen)
    {
        by_group.entry(kept.group).or_default().push(kept);
    }
    let mut missing = Vec::new();
    for (group, pupils) in by_group {
        let registers = registers(tx, school, group, &hours)?;
        let is_begun = registers[place].iter().any(|due| due.code().is_some());
        for kept in pupils {
            let marks = marks.remove(&kept.enrolment).unwrap_or_default();
            let recorded = Recorded {
                entries: entries.remove(&kept.enrolment).unwrap_or_default(),
                told: told.remove(&kept.pupil).unwrap_or_default(),
                held: held.remove(&kept.enrolment).unwrap_or_default(),
            };
            let child = child(kept, &hours, &registers);
            // Only whom this session has on the list is asked for, and for that earlier days say nothing.
            let case = case(&child, &hours, &marks, recorded, None, now);
            missing.extend(
                case.filter(|case| case.is_open() && case.is_absent_in(slot))
                    .map(|case| Missing { case, is_begun }),
            );
        }
    }
    missing.sort_by_key(|one| one.case.enrolment);
    Ok(missing)
}

fn marks_of(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
) -> Result<Vec<MarkEntry>, StoreError> {
    let mut marks = Vec::new();
    tx.each(MARKS_OF, &args![school, enrolment, day, TOLD], |row| {
        let code = row.get::<Option<&str>>(2)?;
        if let Some(session) = Session::from_index(row.get(0)?) {
            marks.push(MarkEntry {
                session,
                seq: row.get(1)?,
                code: code.and_then(|code| code.parse().ok()),
                at: row.get(3)?,
                told: row.get::<i64>(4)? == 1,
            });
        }
        Ok(())
    })?;
    Ok(marks)
}
