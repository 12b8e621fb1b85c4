//! Sittings as the rows have them: rooms, seats, and what stands for each candidate.

use std::collections::HashMap;

use calendar::{Day, Instant, Session, Slot, TimeOfDay};
use register::Code;
use register::closing::SessionTimes;
use register::lesson::{InSession, LessonMark};
use store::{Row, SchoolId, StoreError, Tx, args};

use super::ExamRoom;
use super::register::{exam_keeper, find};
use crate::book::{LessonPeriod, Settings, plan_on_file};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, ExamId, GroupId, PeriodId, RoomId, StaffId};
use crate::people::Actor;
use crate::registers::lessons::place::{Place, Standing};
use crate::year::settings::session_times;

pub(super) const EXAM: &str = "\
select exam_id, on_date, title, starts, ends from exam where school_id = $1 and exam_id = $2 and superseded_seq is null";

pub(super) const EXAMS: &str = "\
select exam_id, on_date, title, starts, ends from exam where school_id = $1 and superseded_seq is null
order by on_date desc, starts, exam_id";

pub(super) const EXAMS_ON: &str = "\
select exam_id, on_date, title, starts, ends from exam where school_id = $1 and on_date = $2 and superseded_seq is null
order by starts, exam_id";

pub(super) const ROOMS: &str = "\
select x.exam_id, x.room_id, r.name, x.staff_id, t.taken_at,
       (select count(*) from exam_seat s
        where s.school_id = x.school_id and s.exam_id = x.exam_id and s.room_id = x.room_id and s.superseded_seq is null)
from exam_room x
join room r on r.school_id = x.school_id and r.room_id = x.room_id and r.superseded_seq is null
left join exam_taken t on t.school_id = x.school_id and t.exam_id = x.exam_id and t.room_id = x.room_id and t.superseded_seq is null
where x.school_id = $1 and x.superseded_seq is null and (cast($2 as bigint) is null or x.exam_id = $2)
order by x.exam_id, r.name, x.room_id";

pub(super) const SEATS: &str = "\
select enrolment_id, room_id, seat from exam_seat where school_id = $1 and exam_id = $2 and superseded_seq is null
order by room_id, seat";

pub(super) const STANDING: &str = "\
select v.enrolment_id, v.seq, v.mark, v.minutes_late, v.note, j.at, j.account_id
from exam_mark v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
where v.school_id = $1 and v.exam_id = $2
  and v.seq = (
        select max(w.seq) from exam_mark w where w.school_id = v.school_id and w.exam_id = $2 and w.enrolment_id = v.enrolment_id)";

// With what the attendance register says of the session.
pub(super) const CANDIDATES: &str = "\
select s.enrolment_id, s.seat, v.code, v.minutes_late
from exam_seat s
left join mark_version v
  on v.school_id = s.school_id and v.enrolment_id = s.enrolment_id and v.on_date = $4 and v.session = $5
  and v.seq = (
        select w.seq from mark_version w
        where w.school_id = s.school_id and w.enrolment_id = s.enrolment_id and w.on_date = $4 and w.session = $5
          and not exists (select 1 from held_act h where h.school_id = w.school_id and h.seq = w.seq and h.released_seq is null)
        order by w.seq desc limit 1)
where s.school_id = $1 and s.exam_id = $2 and s.room_id = $3 and s.superseded_seq is null
order by s.enrolment_id";

// The columns in the order of `plan_on_file`; of two plans for a session the later one stands.
pub(super) const PLANNED: &str = "\
select q.plan_id, q.set_id, q.enrolment_id, q.seq, q.kind, q.code, q.first_day, q.last_day, q.sessions, q.reason, q.place, q.supervisor,
       q.evidence, q.decided_on, q.decided_by, q.agreed_on, q.agreed_with, q.review_on
from exam_seat s cross join plan q
where s.school_id = $1 and s.exam_id = $2 and s.room_id = $3 and s.superseded_seq is null
  and q.school_id = s.school_id and q.enrolment_id = s.enrolment_id
  and q.superseded_seq is null and q.first_day <= $4 and q.last_day >= $4
order by q.plan_id";

pub(super) const AT_EXAM: &str = "\
select s.enrolment_id, x.title, r.name, x.starts, x.ends
from membership m cross join exam_seat s cross join exam x cross join room r
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and s.school_id = m.school_id and s.enrolment_id = m.enrolment_id and s.superseded_seq is null
  and x.school_id = s.school_id and x.exam_id = s.exam_id and x.on_date = $3 and x.superseded_seq is null
  and r.school_id = s.school_id and r.room_id = s.room_id and r.superseded_seq is null";

pub(super) const SITS: &str = "\
select x.starts, x.ends from exam_seat s
join exam x on x.school_id = s.school_id and x.exam_id = s.exam_id and x.on_date = $3 and x.superseded_seq is null
where s.school_id = $1 and s.enrolment_id = $2 and s.superseded_seq is null";

/// A sitting.
#[derive(Clone, Debug)]
pub(super) struct Exam {
    pub(super) id: ExamId,
    pub(super) day: Day,
    pub(super) title: String,
    pub(super) starts: TimeOfDay,
    pub(super) ends: TimeOfDay,
}

impl Exam {
    fn read(row: &Row) -> Result<Exam, StoreError> {
        Ok(Exam {
            id: row.get(0)?,
            day: row.get(1)?,
            title: row.get(2)?,
            starts: clock_time(row.get(3)?),
            ends: clock_time(row.get(4)?),
        })
    }

    /// `09:00 to 10:30`.
    pub(super) fn times(&self) -> String {
        format!("{} to {}", self.starts, self.ends)
    }

    /// Its times as a lesson's register has them, in the session that it begins in.
    pub(super) fn held(&self, times: &SessionTimes) -> LessonPeriod {
        let session = match self.starts < times.of(Session::Pm).opens {
            true => Session::Am,
            false => Session::Pm,
        };
        LessonPeriod {
            id: PeriodId(0),
            from: self.day,
            to: Some(self.day),
            name: self.title.clone(),
            session: Some(session),
            starts: self.starts,
            ends: self.ends,
        }
    }
}

/// A clock time as the acts write it. A text that is none was put there by hand, and is read as midnight: it shows.
fn clock_time(text: &str) -> TimeOfDay {
    let midnight = TimeOfDay::new(0, 0, 0).expect("midnight is a clock time");
    text.parse().unwrap_or(midnight)
}

fn overlap(starts: &str, ends: &str, period: &LessonPeriod) -> bool {
    clock_time(starts) < period.ends && period.starts < clock_time(ends)
}

pub(super) fn exam(tx: &mut Tx, school: SchoolId, id: ExamId) -> Result<Option<Exam>, StoreError> {
    tx.query_opt(EXAM, &args![school, id], Exam::read)
}

/// Every sitting, the latest day first.
pub(super) fn exams(tx: &mut Tx, school: SchoolId) -> Result<Vec<Exam>, StoreError> {
    tx.query(EXAMS, &args![school], Exam::read)
}

/// The sittings of a day, in order of time.
pub(super) fn exams_on(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Vec<Exam>, StoreError> {
    tx.query(EXAMS_ON, &args![school, day], Exam::read)
}

/// A room of a sitting.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) exam: ExamId,
    pub(super) room: RoomId,
    pub(super) name: String,
    pub(super) invigilator: Option<StaffId>,
    pub(super) taken_at: Option<Instant>,
    pub(super) candidates: i64,
}

/// The rooms of one sitting, or of all.
pub(super) fn rooms(
    tx: &mut Tx,
    school: SchoolId,
    exam: Option<ExamId>,
) -> Result<Vec<Room>, StoreError> {
    tx.query(ROOMS, &args![school, exam], |row| {
        Ok(Room {
            exam: row.get(0)?,
            room: row.get(1)?,
            name: row.get(2)?,
            invigilator: row.get(3)?,
            taken_at: row.get(4)?,
            candidates: row.get(5)?,
        })
    })
}

/// Who sits where: time on roll, room and seat, in order of seat.
pub(super) fn seats(
    tx: &mut Tx,
    school: SchoolId,
    exam: ExamId,
) -> Result<Vec<(EnrolmentId, RoomId, i64)>, StoreError> {
    tx.query(SEATS, &args![school, exam], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })
}

/// What stands in the registers of a sitting, by time on roll.
pub(in crate::registers) fn standing(
    tx: &mut Tx,
    school: SchoolId,
    exam: ExamId,
) -> Result<HashMap<EnrolmentId, Standing>, StoreError> {
    let mut standing = HashMap::new();
    tx.each(STANDING, &args![school, exam], |row| {
        let mark = row.get::<Option<&str>>(2)?;
        let entry = Standing {
            seq: row.get(1)?,
            mark: mark.and_then(|mark| mark.parse().ok()),
            minutes: row.get::<Option<i64>>(3)?.map(|minutes| minutes as u32),
            note: row.get(4)?,
            at: row.get(5)?,
            account: row.get(6)?,
        };
        standing.insert(row.get(0)?, entry);
        Ok(())
    })?;
    Ok(standing)
}

/// The codes that are planned for the candidates of a room in a session, by time on roll.
fn planned(
    tx: &mut Tx,
    school: SchoolId,
    place: ExamRoom,
    slot: Slot,
) -> Result<HashMap<EnrolmentId, Code>, StoreError> {
    let mut planned = HashMap::new();
    let room = args![school, place.exam, place.room, slot.day];
    tx.each(PLANNED, &room, |row| {
        if let Some(on_file) = plan_on_file(row)?.filter(|on_file| on_file.plan.covers(slot)) {
            planned.insert(on_file.enrolment, on_file.plan.code);
        }
        Ok(())
    })?;
    Ok(planned)
}

/// What stands for each candidate of a room, in order of time on roll, with their seats. While the attendance register has no mark, the plan
/// stands for it.
pub(super) fn candidates(
    tx: &mut Tx,
    school: SchoolId,
    place: ExamRoom,
    day: Day,
    period: &LessonPeriod,
    times: &SessionTimes,
) -> Result<Vec<(Place, i64)>, StoreError> {
    let ExamRoom { exam, room } = place;
    let mut standing = standing(tx, school, exam)?;
    let slot = Slot::new(day, period.session.unwrap_or(Session::Am));
    let planned = planned(tx, school, place, slot)?;
    let opens = times.of(slot.session).opens;
    let asked = args![school, exam, room, day, slot.session.index() as i64];
    tx.query(CANDIDATES, &asked, |row| {
        let enrolment: EnrolmentId = row.get(0)?;
        let code: Option<Code> = row
            .get::<Option<&str>>(2)?
            .and_then(|code| code.parse().ok());
        let minutes = row.get::<Option<i64>>(3)?;
        let minutes = minutes.and_then(|minutes| u32::try_from(minutes).ok());
        let late = [Some(Code::LATE), Some(Code::LATE_AFTER_CLOSE)].contains(&code);
        let plan = planned.get(&enrolment).copied();
        let place = Place {
            enrolment,
            standing: standing.remove(&enrolment),
            exam: None,
            session: Some(InSession {
                day,
                code: code.or(plan),
                by_plan: code.is_none() && plan.is_some(),
                arrived: minutes
                    .filter(|_| late)
                    .and_then(|minutes| opens.plus_minutes(minutes)),
            }),
        };
        Ok((place, row.get(1)?))
    })
}

/// What is sat in a room, and the room's name.
pub(in crate::registers) fn in_words(
    tx: &mut Tx,
    school: SchoolId,
    place: ExamRoom,
) -> Result<(String, String), StoreError> {
    let title = exam(tx, school, place.exam)?.map(|exam| exam.title);
    let room = rooms(tx, school, Some(place.exam))?
        .into_iter()
        .find(|room| room.room == place.room)
        .map(|room| room.name);
    Ok((
        title.unwrap_or_else(|| "An examination of old".to_owned()),
        room.unwrap_or_default(),
    ))
}

/// The register of a room as somebody takes it.
pub(in crate::registers) struct Seated {
    pub(in crate::registers) title: String,
    pub(in crate::registers) room: String,
    pub(in crate::registers) day: Day,
    /// The times of the sitting, as a lesson's register has them.
    pub(in crate::registers) period: LessonPeriod,
    pub(in crate::registers) is_taken: bool,
    /// Whether this person may mark it.
    pub(in crate::registers) may_mark: bool,
    /// The candidates in order of seat.
    pub(in crate::registers) candidates: Vec<(Place, i64)>,
}

/// The register of a room, for somebody who may know of it.
///
/// Errors: [`Refusal::NotFound`] for somebody who may not.
pub(in crate::registers) fn seated(
    tx: &mut Tx,
    actor: &Actor,
    settings: &Settings,
    place: ExamRoom,
) -> Result<Seated, Refusal> {
    let (sitting, room) = find(tx, actor, place)?;
    let keeper = exam_keeper(actor, &room)?;
    let times = session_times(settings, sitting.day)?;
    let period = sitting.held(&times);
    let mut candidates = candidates(tx, actor.school, place, sitting.day, &period, &times)?;
    candidates.sort_by_key(|(_, seat)| *seat);
    Ok(Seated {
        title: sitting.title,
        room: room.name,
        day: sitting.day,
        period,
        is_taken: room.taken_at.is_some(),
        may_mark: keeper.role().is_some(),
        candidates,
    })
}

/// The examinations that pupils of a group sit during a period: `Mathematics 1, Hall`.
pub(in crate::registers) fn exams_at(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    day: Day,
    period: &LessonPeriod,
) -> Result<HashMap<EnrolmentId, String>, StoreError> {
    let mut found = HashMap::new();
    tx.each(AT_EXAM, &args![school, group, day], |row| {
        if overlap(row.get(3)?, row.get(4)?, period) {
            let words = format!("{}, {}", row.get::<&str>(1)?, row.get::<&str>(2)?);
            found.insert(row.get(0)?, words);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether a pupil sits an examination during a period.
pub(in crate::registers) fn sits_exam(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
    period: &LessonPeriod,
) -> Result<bool, StoreError> {
    let sat = tx.query(SITS, &args![school, enrolment, day], |row| {
        Ok(overlap(row.get(0)?, row.get(1)?, period))
    })?;
    Ok(sat.contains(&true))
}

/// A room that somebody invigilates, in the list of their day.
#[derive(Clone, Debug)]
pub(in crate::registers) struct Invigilated {
    pub(in crate::registers) path: String,
    pub(in crate::registers) title: String,
    pub(in crate::registers) times: String,
    pub(in crate::registers) room: String,
    pub(in crate::registers) candidates: i64,
    pub(in crate::registers) is_taken: bool,
}

/// The rooms that a member of staff invigilates on a day, in order of time.
pub(in crate::registers) fn invigilated(
    tx: &mut Tx,
    school: SchoolId,
    staff: StaffId,
    day: Day,
) -> Result<Vec<Invigilated>, StoreError> {
    let mut lines = Vec::new();
    for exam in exams_on(tx, school, day)? {
        let own = rooms(tx, school, Some(exam.id))?.into_iter();
        for room in own.filter(|room| room.invigilator == Some(staff)) {
            let place = ExamRoom {
                exam: room.exam,
                room: room.room,
            };
            lines.push(Invigilated {
                path: place.path(),
                title: exam.title.clone(),
                times: exam.times(),
                room: room.name,
                candidates: room.candidates,
                is_taken: room.taken_at.is_some(),
            });
        }
    }
    Ok(lines)
}

/// Whether a candidate is not at the examination: the invigilator says so, or nobody expects them because the attendance register has them
/// away.
pub(super) fn is_not_there(candidate: &Place) -> bool {
    match candidate.mark() {
        Some(mark) => mark == LessonMark::Absent || mark == LessonMark::NotExpected,
        None => candidate.is_away(),
    }
}

/// The sittings of a day that have begun and at which a candidate is not there: address, title and how many (E-190).
pub(in crate::registers) fn absences(
    tx: &mut Tx,
    school: SchoolId,
    times: &SessionTimes,
    day: Day,
    now: Instant,
) -> Result<Vec<(String, String, usize)>, StoreError> {
    let mut found = Vec::new();
    for exam in exams_on(tx, school, day)? {
        if now < Instant::at_london(day, exam.starts) {
            continue;
        }
        let period = exam.held(times);
        let mut absent = 0;
        for room in rooms(tx, school, Some(exam.id))? {
            let place = ExamRoom {
                exam: exam.id,
                room: room.room,
            };
            let seated = candidates(tx, school, place, day, &period, times)?;
            absent += seated.iter().filter(|(one, _)| is_not_there(one)).count();
        }
        if absent > 0 {
            found.push((format!("/exams/{}", exam.id), exam.title, absent));
        }
    }
    Ok(found)
}
