//! Where one pupil's absence stands within an act, from rows.

use calendar::{Day, Instant, Session};
use store::{SchoolId, StoreError, Tx, args};
use welfare::absence::State;

use super::cases::{Child, MarkEntry, case};
use super::entries::of_enrolment;
use super::log::hours_within;
use super::who::register_of;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::registers::due;

const MARKS_OF: &str = "\
select v.session, v.seq, v.code, j.at from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date = $3
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.seq";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MARKS_OF];

/// Where the absence of a pupil stands on a day, as this transaction sees it; none for one who is not on the list.
pub(super) fn state_within(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
    now: Instant,
) -> Result<Option<State>, Refusal> {
    let hours = hours_within(tx, school, day)?;
    let group = register_of(tx, school, enrolment, day)?;
    let mut child = Child {
        enrolment,
        pupil: PupilId(0),
        row: 0,
        is_due: Vec::new(),
        is_planned: Vec::new(),
    };
    for hours in &hours {
        let places = match group {
            Some(group) => due(tx, school, group, hours.slot)?,
            None => Vec::new(),
        };
        let place = places.iter().find(|place| place.enrolment == enrolment);
        child
            .is_due
            .push(place.is_some_and(|place| place.is_asked_for(hours.slot)));
        child
            .is_planned
            .push(place.is_some_and(|place| place.plan.is_some()));
    }
    let marks = marks_of(tx, school, enrolment, day)?;
    let entries = of_enrolment(tx, school, enrolment, day)?;
    let entries = entries
        .into_iter()
        .filter(|entry| entry.day == day)
        .collect();
    Ok(case(&child, &hours, &marks, entries, now).map(|case| case.state))
}

fn marks_of(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
) -> Result<Vec<MarkEntry>, StoreError> {
    let mut marks = Vec::new();
    tx.each(MARKS_OF, &args![school, enrolment, day], |row| {
        let code = row.get::<Option<&str>>(2)?;
        if let Some(session) = Session::from_index(row.get(0)?) {
            marks.push(MarkEntry {
                session,
                seq: row.get(1)?,
                code: code.and_then(|code| code.parse().ok()),
                at: row.get(3)?,
            });
        }
        Ok(())
    })?;
    Ok(marks)
}
