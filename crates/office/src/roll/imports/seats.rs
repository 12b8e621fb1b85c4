//! Examinations from a file: sittings, their rooms with who invigilates, and candidates' seats.
//!
//! A sitting is known by what is sat, its day and when it begins. Candidates who sit there already and are not in the file stay.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Day, TimeOfDay};
use exchange::{DayField, Reading, SeatRecord};

use super::Task;
use super::days::{DAY_PASSED, NO_SCHOOL, TAKES_NO_REGISTERS, Told, taker};
use super::draft::{Draft, ExamRoomRow, ExamRow, Key, SeatRow};
use super::pupils::Effects;
use super::report::{Ground, Outcome, Report};
use super::timetable::{on_roll, room_named};
use crate::book::fold;

const ENDS_OTHERWISE: Ground = Ground {
    code: "EXAM_TIMES",
    text: "{value} ends at {detail} here.",
    remedy: "Correct when it ends in the file, or cancel the examination here and read the file again.",
};
const SITS_TWICE: Ground = Ground {
    code: "SITS_TWICE",
    text: "The candidate sits {value} at that time.",
    remedy: "Correct one of the two, or enter the later sitting for the candidate.",
};
const SEAT_TAKEN: Ground = Ground {
    code: "SEAT_TAKEN",
    text: "Somebody else has seat {value} in {detail}.",
    remedy: "Give one of the two another seat, or leave it blank for the next free one.",
};
const SEATED_TWICE: Ground = Ground {
    code: "SEATED_TWICE",
    text: "Line {detail} seats this candidate at the same examination already.",
    remedy: "Leave one of the two rows out.",
};
const BEGUN: Ground = Ground {
    code: "REGISTER_BEGUN",
    text: "The register says something of this candidate already, so the seat stays.",
    remedy: "Nothing to do, or note the other seat in the register.",
};
const INVIGILATES_ELSEWHERE: Ground = Ground {
    code: "INVIGILATES_ELSEWHERE",
    text: "{value} is in {detail} at that time. The room goes in without an invigilator.",
    remedy: "Name somebody else for one of the two rooms.",
};

/// A row that can be placed.
struct Wanted<'r> {
    record: &'r SeatRecord,
    /// By its place in the reading.
    at: usize,
    exam: Key,
    room: Key,
    candidate: Key,
}

/// Plans the examinations of a reading.
pub(super) fn plan(
    draft: &mut Draft,
    reading: &Reading,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    let records = &reading.seats;
    let mut outcomes = vec![Outcome::Unchanged; records.len()];
    let mut wanted = Vec::new();
    let mut told = Told::of(reading, report);
    for (at, record) in records.iter().enumerate() {
        let place = |field| (record.line, record.exam.as_str(), field);
        let before = draft.touches();
        if let Err((ground, value, detail)) = takes_place(record, task) {
            told.add("held", ground, place(DayField::Date), &value, &detail);
            outcomes[at] = Outcome::Held;
            continue;
        }
        let candidate = match record.pupil.is_empty() {
            true => None,
            false => match on_roll(draft, &record.pupil, record.day, task) {
                Ok(candidate) => Some(candidate),
                Err(ground) => {
                    told.add("held", ground, place(DayField::Seat), "", "");
                    outcomes[at] = Outcome::Held;
                    continue;
                }
            },
        };
        let exam = match sitting(draft, record, effects) {
            Ok(exam) => exam,
            Err(ends) => {
                let title = &record.exam;
                told.add("held", &ENDS_OTHERWISE, place(DayField::Ends), title, &ends);
                outcomes[at] = Outcome::Held;
                continue;
            }
        };
        let room = room_named(draft, &record.room, effects);
        open_room(draft, record, (exam, room), task, &mut told);
        if draft.touches() != before {
            outcomes[at] = Outcome::Loaded;
        }
        wanted.extend(candidate.map(|candidate| Wanted {
            record,
            at,
            exam,
            room,
            candidate,
        }));
    }
    for (at, outcome) in seated(draft, wanted, task, &mut told, effects) {
        if outcome != Outcome::Unchanged {
            outcomes[at] = outcome;
        }
    }
    for outcome in outcomes {
        report.main.add(outcome, 1);
    }
}

/// Refuses a day on which nothing can be sat any more.
fn takes_place(
    record: &SeatRecord,
    task: &Task<'_>,
) -> Result<(), (&'static Ground, String, String)> {
    let day = record.day;
    if day < task.today {
        return Err((&DAY_PASSED, day.long(), String::new()));
    }
    if !task.calendar.is_school_day(day) {
        let why = task.calendar.kind(day).name();
        return Err((&NO_SCHOOL, day.long(), why.to_owned()));
    }
    Ok(())
}

/// The sitting of a row, a new one if need be. Errors: the clock time at which the one that is there ends.
fn sitting(draft: &mut Draft, record: &SeatRecord, effects: &mut Effects) -> Result<Key, String> {
    let (starts, ends) = (record.starts.to_string(), record.ends.to_string());
    let found = draft.exams.each().map(|(_, row)| row).find(|row| {
        row.on_date == record.day && row.starts == starts && fold(&row.title) == fold(&record.exam)
    });
    match found {
        Some(row) if row.ends != ends => Err(row.ends.clone()),
        Some(row) => Ok(row.exam_id),
        None => {
            let exam_id = draft.new_key();
            draft.exams.push(ExamRow {
                exam_id,
                on_date: record.day,
                title: record.exam.clone(),
                starts,
                ends,
            });
            effects.exams += 1;
            Ok(exam_id)
        }
    }
}

/// Makes the room one of the sitting's, with whoever the row says invigilates there.
fn open_room(
    draft: &mut Draft,
    record: &SeatRecord,
    (exam, room): (Key, Key),
    task: &Task<'_>,
    told: &mut Told<'_>,
) {
    let invigilator = invigilator(draft, record, (exam, room), task, told);
    let found = draft
        .exam_rooms
        .each()
        .find(|(_, row)| (row.exam_id, row.room_id) == (exam, room))
        .map(|(at, _)| at);
    match (found, invigilator) {
        (Some(at), Some(staff)) => draft
            .exam_rooms
            .change(at, |row| row.staff_id = Some(staff)),
        (Some(_), None) => {}
        (None, staff_id) => drop(draft.exam_rooms.push(ExamRoomRow {
            exam_id: exam,
            room_id: room,
            staff_id,
        })),
    }
}

fn invigilator(
    draft: &Draft,
    record: &SeatRecord,
    (exam, room): (Key, Key),
    task: &Task<'_>,
    told: &mut Told<'_>,
) -> Option<Key> {
    let code = record.invigilator.as_deref()?;
    let place = (record.line, record.exam.as_str(), DayField::Invigilator);
    let Some(member) = taker(draft, code, record.day, task) else {
        told.add("warning", &TAKES_NO_REGISTERS, place, code, "");
        return None;
    };
    let staff = member.staff_id;
    let mut rooms = draft.exam_rooms.each().map(|(_, row)| row);
    let other = rooms.find(|row| {
        row.staff_id == Some(staff)
            && (row.exam_id, row.room_id) != (exam, room)
            && row.room_id != room
            && is_then(draft, row.exam_id, record)
    });
    if let Some(other) = other {
        let name = super::timetable::room_name(draft, other.room_id);
        told.add("warning", &INVIGILATES_ELSEWHERE, place, code, &name);
        return None;
    }
    Some(staff)
}

/// Whether a sitting is held at the same time as a row's.
fn is_then(draft: &Draft, exam: Key, record: &SeatRecord) -> bool {
    let mut exams = draft.exams.each().map(|(_, row)| row);
    exams
        .find(|row| row.exam_id == exam)
        .is_some_and(|row| overlaps(row, record.day, (record.starts, record.ends)))
}

fn overlaps(row: &ExamRow, day: Day, (starts, ends): (TimeOfDay, TimeOfDay)) -> bool {
    let (Ok(own_start), Ok(own_end)) = (row.starts.parse::<TimeOfDay>(), row.ends.parse()) else {
        return false;
    };
    row.on_date == day && own_start < ends && starts < own_end
}

/// Gives the candidates their seats: those that the file numbers first, then the next free ones of each room.
fn seated(
    draft: &mut Draft,
    wanted: Vec<Wanted<'_>>,
    task: &Task<'_>,
    told: &mut Told<'_>,
    effects: &mut Effects,
) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    let mut lines: BTreeMap<(Key, Key), u32> = BTreeMap::new();
    let mut rows: Vec<Wanted<'_>> = Vec::new();
    for row in wanted {
        let place = (row.record.line, row.record.exam.as_str(), DayField::Seat);
        if let Some(earlier) = lines.get(&(row.exam, row.candidate)) {
            let earlier = earlier.to_string();
            told.add("held", &SEATED_TWICE, place, "", &earlier);
            outcomes.push((row.at, Outcome::Held));
            continue;
        }
        if let Some(title) = sits_elsewhere(draft, &row, &rows) {
            told.add("held", &SITS_TWICE, place, &title, "");
            outcomes.push((row.at, Outcome::Held));
            continue;
        }
        lines.insert((row.exam, row.candidate), row.record.line);
        rows.push(row);
    }
    let named: BTreeSet<(Key, Key)> = lines.into_keys().collect();
    // Seats that stay whatever the file says: of candidates whom it does not name, and of those who are marked.
    let stays = |row: &SeatRow| {
        !named.contains(&(row.exam_id, row.enrolment_id))
            || task.days.is_marked(row.exam_id, row.enrolment_id)
    };
    let mut taken: BTreeSet<(Key, Key, i64)> = draft
        .seats
        .each()
        .map(|(_, row)| row)
        .filter(|row| stays(row))
        .map(|row| (row.exam_id, row.room_id, row.seat))
        .collect();
    rows.sort_by_key(|row| row.record.seat.is_none());
    for row in rows {
        let outcome = seat(draft, &row, &mut taken, task, told);
        effects.seats += u32::from(outcome == Outcome::Loaded);
        outcomes.push((row.at, outcome));
    }
    outcomes
}

/// Gives one candidate the seat of their row, or the next free one of its room.
fn seat(
    draft: &mut Draft,
    row: &Wanted<'_>,
    taken: &mut BTreeSet<(Key, Key, i64)>,
    task: &Task<'_>,
    told: &mut Told<'_>,
) -> Outcome {
    let Wanted {
        record,
        exam,
        room,
        candidate,
        ..
    } = *row;
    let place = (record.line, record.exam.as_str(), DayField::Seat);
    let found = draft
        .seats
        .each()
        .find(|(_, own)| (own.exam_id, own.enrolment_id) == (exam, candidate))
        .map(|(at, own)| (at, own.room_id, own.seat));
    let asked = record.seat.map(i64::from);
    let stands = found.is_some_and(|(_, own_room, own_seat)| {
        own_room == room && asked.is_none_or(|asked| asked == own_seat)
    });
    let kept = found.filter(|_| stands).map(|(_, _, seat)| seat);
    if task.days.is_marked(exam, candidate) {
        if stands {
            return Outcome::Unchanged;
        }
        told.add("held", &BEGUN, place, "", "");
        return Outcome::Held;
    }
    let is_free = |seat: &i64| !taken.contains(&(exam, room, *seat));
    let number = match asked.or(kept).filter(is_free) {
        Some(number) => number,
        None if asked.is_some() => {
            let asked = asked.unwrap_or_default().to_string();
            told.add("held", &SEAT_TAKEN, place, &asked, &record.room);
            return Outcome::Held;
        }
        None => (1..).find(is_free).unwrap_or(1),
    };
    taken.insert((exam, room, number));
    match found {
        Some((_, own_room, own_seat)) if (own_room, own_seat) == (room, number) => {
            return Outcome::Unchanged;
        }
        Some((at, _, _)) => draft.seats.change(at, |own| {
            own.room_id = room;
            own.seat = number;
        }),
        None => drop(draft.seats.push(SeatRow {
            exam_id: exam,
            enrolment_id: candidate,
            room_id: room,
            seat: number,
        })),
    }
    Outcome::Loaded
}

/// What a candidate sits at the time of a row, by the school's rows or by earlier rows of the file.
fn sits_elsewhere(draft: &Draft, row: &Wanted<'_>, earlier: &[Wanted<'_>]) -> Option<String> {
    let seats = draft.seats.each().map(|(_, seat)| seat);
    let here = seats
        .filter(|seat| seat.enrolment_id == row.candidate)
        .map(|seat| seat.exam_id);
    let in_file = earlier
        .iter()
        .filter(|other| other.candidate == row.candidate)
        .map(|other| other.exam);
    let mut others = here.chain(in_file).filter(|exam| *exam != row.exam);
    let clash = others.find(|exam| is_then(draft, *exam, row.record))?;
    let mut exams = draft.exams.each().map(|(_, exam)| exam);
    exams
        .find(|exam| exam.exam_id == clash)
        .map(|exam| exam.title.clone())
}
