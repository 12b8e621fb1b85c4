//! Setting a sitting, seating candidates, and taking either back.

use calendar::{Day, TimeOfDay};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::read::{Exam, exam, rooms, seats};
use crate::book::fold;
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId, ExamId, GroupId, RoomId, StaffId};
use crate::people::Actor;
use crate::registers::cover::{WORKS_HERE, take_registers};
use crate::registers::records::{EXAM, EXAM_ROOM, EXAM_SEAT};
use crate::roll::{may_keep_roll, sorting_name};
use crate::shell::Choice;
use crate::year::calendar_between;

pub(super) const ROOM: &str =
    "select 1 from room where school_id = $1 and room_id = $2 and superseded_seq is null";

/// Who is in a group and on roll on a day, as their names sort.
pub(super) const MEMBERS: &str = "\
select distinct e.enrolment_id, p.surname, p.forename
from membership m cross join enrolment e cross join pupil p
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and e.school_id = m.school_id and e.enrolment_id = m.enrolment_id and e.superseded_seq is null
  and e.starting_day <= $3 and (e.leaving_day is null or e.leaving_day >= $3)
  and p.school_id = e.school_id and p.pupil_id = e.pupil_id and p.superseded_seq is null";

/// The times of other sittings of somebody on a day.
pub(super) const SITS_ELSEWHERE: &str = "\
select s.enrolment_id, x.starts, x.ends from exam x
join exam_seat s on s.school_id = x.school_id and s.exam_id = x.exam_id and s.superseded_seq is null
where x.school_id = $1 and x.on_date = $2 and x.exam_id <> $3 and x.superseded_seq is null";

/// The times of other rooms that somebody invigilates on a day.
pub(super) const INVIGILATES: &str = "\
select x.starts, x.ends from exam x
join exam_room r on r.school_id = x.school_id and r.exam_id = x.exam_id and r.superseded_seq is null
where x.school_id = $1 and x.on_date = $2 and x.superseded_seq is null and r.staff_id = $3 and not (x.exam_id = $4 and r.room_id = $5)";

pub(super) const SEATED: &str = "\
select room_id from exam_seat where school_id = $1 and exam_id = $2 and enrolment_id = $3 and superseded_seq is null";

pub(super) const MARKED: &str = "\
select count(*) from exam_mark where school_id = $1 and exam_id = $2 and (cast($3 as bigint) is null or enrolment_id = $3)";

pub(super) const CHOICES_OF_ROOMS: &str =
    "select room_id, name from room where school_id = $1 and superseded_seq is null";

pub(super) const CHOICES_OF_GROUPS: &str = "\
select group_id, name from pupil_group
where school_id = $1 and superseded_seq is null and (first_year is null or first_year >= $2)";

/// A sitting as somebody enters it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExam {
    /// What is sat: `Mathematics 1`.
    pub title: String,
    /// The day.
    pub day: Day,
    /// When it begins.
    pub starts: TimeOfDay,
    /// When it ends.
    pub ends: TimeOfDay,
}

/// Sets a sitting of an examination.
///
/// Refused: a day that has passed or without school, and an end that is not after the beginning.
pub fn set_exam(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    new: &NewExam,
) -> Result<ExamId, Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    if new.ends <= new.starts {
        return Err(Refusal::Wrong("It ends after it begins.".to_owned()));
    }
    if new.day < today {
        return Err(Refusal::Wrong("Choose today or a later day.".to_owned()));
    }
    let calendar = calendar_between(act.tx(), actor.school, new.day, new.day)
        .map_err(|error| Refusal::Wrong(error.to_string()))?;
    if !calendar.is_school_day(new.day) {
        return Err(Refusal::Wrong(format!(
            "The school does not meet on {}: {}.",
            new.day.long(),
            calendar.kind(new.day).name()
        )));
    }
    let id = ExamId(act.new_id());
    let values = args![
        id,
        new.day,
        new.title.as_str(),
        new.starts.to_string(),
        new.ends.to_string()
    ];
    act.record(&EXAM, &values)?;
    act.describe(actor.entry("set an examination", format!("exam {id} {}", new.day)));
    Ok(id)
}

/// Candidates who are seated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSeats {
    /// Everybody in it sits the examination.
    pub group: GroupId,
    /// Where.
    pub room: RoomId,
    /// Who takes the register there, if it is settled.
    pub invigilator: Option<StaffId>,
}

/// Seats everybody of a group who has no seat yet in a room, in order of name after those who sit there, and says who invigilates.
///
/// Answers how many were seated. Refused: a sitting that has passed, pupils who sit another examination at that time, and an invigilator
/// who is in another room then or may not take registers.
pub fn seat_group(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    id: ExamId,
    new: &NewSeats,
) -> Result<usize, Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    let school = act.school();
    let sitting = to_come(act.tx(), actor, today, id)?;
    let tx = act.tx();
    let room = tx.query_opt(ROOM, &args![school, new.room], |_| Ok(()))?;
    room.ok_or_else(|| Refusal::Wrong("This room is no longer there. Choose another.".to_owned()))?;
    if let Some(staff) = new.invigilator {
        may_invigilate(tx, school, &sitting, new.room, staff)?;
    }
    let taken = seats(tx, school, id)?;
    let mut members = tx.query(MEMBERS, &args![school, new.group, sitting.day], |row| {
        Ok((
            row.get::<String>(1)?,
            row.get::<String>(2)?,
            row.get::<EnrolmentId>(0)?,
        ))
    })?;
    members.retain(|(_, _, enrolment)| !taken.iter().any(|(seated, _, _)| seated == enrolment));
    members.sort_by_cached_key(|(surname, forename, id)| (fold(surname), fold(forename), *id));
    let elsewhere = tx.query(SITS_ELSEWHERE, &args![school, sitting.day, id], |row| {
        let clash = clash(&sitting, row.get(1)?, row.get(2)?);
        Ok((row.get::<EnrolmentId>(0)?, clash))
    })?;
    let twice = members.iter().filter(|(_, _, own)| {
        elsewhere
            .iter()
            .any(|(other, clash)| *clash && other == own)
    });
    let twice: Vec<String> = twice
        .map(|(surname, forename, _)| format!("{surname}, {forename}"))
        .collect();
    if !twice.is_empty() {
        return Err(Refusal::Wrong(format!(
            "They sit another examination at that time: {}.",
            twice.join("; ")
        )));
    }
    let room_seats = taken.iter().filter(|(_, room, _)| *room == new.room);
    let last = room_seats.map(|(_, _, seat)| *seat).max().unwrap_or(0);
    let rows = members.iter().zip(last + 1..);
    let rows: Vec<_> = rows
        .map(|((_, _, enrolment), seat)| args![id, *enrolment, new.room, seat])
        .collect();
    let seated = rows.len();
    act.record_many(&EXAM_SEAT, rows)?;
    let known = rooms(act.tx(), school, Some(id))?;
    let before = known.iter().find(|room| room.room == new.room);
    let invigilator = new.invigilator.or(before.and_then(|room| room.invigilator));
    act.replace(&EXAM_ROOM, &args![id, new.room, invigilator])?;
    act.describe(actor.entry(
        "seat candidates",
        format!("exam {id} room {}, group {}, {seated}", new.room, new.group),
    ));
    Ok(seated)
}

/// Refuses an invigilator who could not be there or not take the register.
fn may_invigilate(
    tx: &mut Tx,
    school: SchoolId,
    sitting: &Exam,
    room: RoomId,
    staff: StaffId,
) -> Result<(), Refusal> {
    let works_here = args![school, staff, sitting.day];
    let account = tx
        .query_opt(WORKS_HERE, &works_here, |row| {
            row.get::<Option<AccountId>>(0)
        })?
        .flatten();
    let takes = take_registers(tx, school, sitting.day)?;
    if !account.is_some_and(|account| takes.contains(&account)) {
        return Err(Refusal::Wrong(
            "Whoever invigilates must work here that day with a role that takes registers. Choose somebody else."
                .to_owned(),
        ));
    }
    let then = args![school, sitting.day, staff, sitting.id, room];
    let others = tx.query(INVIGILATES, &then, |row| {
        Ok(clash(sitting, row.get(0)?, row.get(1)?))
    })?;
    if others.contains(&true) {
        return Err(Refusal::Wrong(
            "Whoever is to invigilate is in another room at that time. Choose somebody else."
                .to_owned(),
        ));
    }
    Ok(())
}

fn clash(sitting: &Exam, starts: &str, ends: &str) -> bool {
    let (Ok(starts), Ok(ends)) = (starts.parse::<TimeOfDay>(), ends.parse::<TimeOfDay>()) else {
        return false;
    };
    starts < sitting.ends && sitting.starts < ends
}

/// A sitting whose day has not passed.
fn to_come(tx: &mut Tx, actor: &Actor, today: Day, id: ExamId) -> Result<Exam, Refusal> {
    let sitting = exam(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    if sitting.day < today {
        return Err(Refusal::Wrong(
            "This examination has passed. The past keeps who sat where.".to_owned(),
        ));
    }
    Ok(sitting)
}

/// Takes a candidate out of a sitting.
///
/// Refused once the register says something of them.
pub fn take_out(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    id: ExamId,
    candidate: EnrolmentId,
) -> Result<(), Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    to_come(act.tx(), actor, today, id)?;
    let school = act.school();
    let seat = args![school, id, candidate];
    let seated = act.tx().query_opt(SEATED, &seat, |_| Ok(()))?;
    seated.ok_or(Refusal::NotFound)?;
    none_marked(act.tx(), school, id, Some(candidate))?;
    act.supersede(&EXAM_SEAT, &args![id, candidate])?;
    act.describe(actor.entry(
        "take a candidate out",
        format!("exam {id}, enrolment {candidate}"),
    ));
    Ok(())
}

/// Cancels a sitting, with its rooms and seats.
///
/// Refused once a register of it was begun.
pub fn cancel_exam(act: &mut Act, actor: &Actor, today: Day, id: ExamId) -> Result<(), Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    to_come(act.tx(), actor, today, id)?;
    let school = act.school();
    none_marked(act.tx(), school, id, None)?;
    for room in rooms(act.tx(), school, Some(id))? {
        act.supersede(&EXAM_ROOM, &args![id, room.room])?;
    }
    for (candidate, _, _) in seats(act.tx(), school, id)? {
        act.supersede(&EXAM_SEAT, &args![id, candidate])?;
    }
    act.supersede(&EXAM, &args![id])?;
    act.describe(actor.entry("cancel an examination", format!("exam {id}")));
    Ok(())
}

fn none_marked(
    tx: &mut Tx,
    school: SchoolId,
    id: ExamId,
    candidate: Option<EnrolmentId>,
) -> Result<(), Refusal> {
    let marks: i64 = tx.query_one(MARKED, &args![school, id, candidate], |row| row.get(0))?;
    match marks {
        0 => Ok(()),
        _ => Err(Refusal::Wrong(
            "The register has begun, and what it says is kept.".to_owned(),
        )),
    }
}

/// The rooms and the groups to choose from, in order of name.
pub(super) fn choices(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
) -> Result<(Vec<Choice>, Vec<Choice>), StoreError> {
    let this_year = calendar::SchoolYear::by_september(today).first_year();
    let rooms = tx.query(CHOICES_OF_ROOMS, &args![school], |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })?;
    let groups = tx.query(CHOICES_OF_GROUPS, &args![school, this_year], |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })?;
    let sorted = |mut named: Vec<(i64, String)>, first: &'static str| -> Vec<Choice> {
        named.sort_by_cached_key(|(_, name)| sorting_name(name));
        let named = named.into_iter();
        std::iter::once(Choice::new("", first))
            .chain(named.map(|(id, name)| Choice::new(id.to_string(), name)))
            .collect()
    };
    Ok((
        sorted(rooms, "Choose a room"),
        sorted(groups, "Choose a group"),
    ))
}
