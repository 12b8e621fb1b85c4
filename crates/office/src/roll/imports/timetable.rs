//! Lessons of a timetable: periods, rooms and classes that they need, the lessons themselves, and who belongs to the classes (I-100).
//!
//! The timetable of a class that is in the file becomes that of the file, from today on or from a later day of the file's own; what was
//! taught until then stays, and a lesson whose register was kept keeps that day. Classes that the file does not name keep theirs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use calendar::{Cycle, CycleWeek, Day, Session, TimeOfDay, Weekday};
use exchange::{LessonRecord, PupilKey, Reading};
use store::{SchoolId, StoreError, Tx, args};

use super::Task;
use super::draft::{
    Draft, DutyRow, GroupRow, Key, LessonRow, LessonStaffRow, MembershipRow, PeriodRow, RoomRow,
    StaffRow,
};
use super::pupils::Effects;
use super::report::{Ground, Outcome, Place, Report};
use super::who::{self, Found};
use crate::book::fold;

const WEEKS_NOT_SET: Ground = Ground {
    code: "WEEKS_NOT_SET",
    text: "The file has weeks A and B, and the timetable goes round in one week here.",
    remedy: "Say under Settings, Timetable weeks, that it goes round in two, with a day in a week A. Then read the file again.",
};
const PERIOD_NOT_HERE: Ground = Ground {
    code: "PERIOD_NOT_HERE",
    text: "The school has no period {value}.",
    remedy: "Enter it under Timetable, Periods, or give its times in the file if you look after the school's settings.",
};
const PERIOD_TIMES: Ground = Ground {
    code: "PERIOD_TIMES",
    text: "The file has {value} from {detail}; the school's own times stay.",
    remedy: "Change the period under Timetable, Periods, if the file is right.",
};
const TEACHER_NOT_HERE: Ground = Ground {
    code: "TEACHER_NOT_HERE",
    text: "Nobody on the staff has the code {value}. The lesson goes in without them.",
    remedy: "Enter the code on the page of the member of staff and read the file again, or name who teaches by hand.",
};
const ROOMS_DIFFER: Ground = Ground {
    code: "ROOMS_DIFFER",
    text: "The lesson stands in {value} and in {detail}; the first was taken.",
    remedy: "Correct the room of one of the two rows.",
};
const TWICE_AT_ONCE: Ground = Ground {
    code: "TWICE_AT_ONCE",
    text: "{value} has two lessons at once: {detail}.",
    remedy: "Nothing to do if they are taught together; else correct one of the two.",
};
const PUPIL_NOT_FOUND: Ground = Ground {
    code: "PUPIL_NOT_FOUND",
    text: "No pupil here has the identifiers of this record. What else the row says goes in without them.",
    remedy: "Import the pupils first, or correct the identifier.",
};
const NOT_ON_ROLL: Ground = Ground {
    code: "NOT_ON_ROLL",
    text: "The pupil is not on roll then, so they belong to no class and no examination.",
    remedy: "Enter the pupil's starting day, then read the file again.",
};

const KEPT_SINCE: &str = "\
select group_id, period_id, max(on_date) from lesson_mark
where school_id = $1 and on_date >= $2 group by group_id, period_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[KEPT_SINCE];

/// The last day on which a register of a group was kept in a period, from a day on.
pub(super) type Kept = HashMap<(Key, Key), Day>;

/// The registers of lessons that were kept from a day on.
pub(super) fn kept_since(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Kept, StoreError> {
    let rows = tx.query(KEPT_SINCE, &args![school, day], |row| {
        let (group, period): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(((Key::Known(group), Key::Known(period)), row.get(2)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// The lessons that are held today or later, as a file of lessons has them, in order of class, day and time.
pub(super) fn records(draft: &Draft, today: Day) -> Vec<LessonRecord> {
    let lessons = draft.lessons.each().map(|(_, row)| row);
    let mut records: Vec<LessonRecord> = lessons
        .filter(|row| row.to_day.is_none_or(|to| today <= to))
        .filter_map(|row| record(draft, row, today))
        .collect();
    records.sort_by(|a, b| {
        let place =
            |one: &LessonRecord| (fold(&one.class), one.week, one.weekday, one.times, one.from);
        place(a).cmp(&place(b))
    });
    records
}

fn record(draft: &Draft, row: &LessonRow, today: Day) -> Option<LessonRecord> {
    let day = row.from_day.max(today);
    let group = draft
        .groups
        .each()
        .find(|(_, group)| group.group_id == row.group_id)
        .map(|(_, group)| group)?;
    let period = draft
        .periods
        .each()
        .map(|(_, period)| period)
        .filter(|period| period.period_id == row.period_id && period.from_day <= day)
        .max_by_key(|period| period.from_day)?;
    let code = |staff: &Key| {
        let member = draft.staff.each().find(|(_, one)| one.staff_id == *staff);
        member.and_then(|(_, one)| one.code.clone())
    };
    Some(LessonRecord {
        line: 0,
        pupil: PupilKey::default(),
        class: group.name.clone(),
        subject: group.subject.clone(),
        teachers: taught_by(draft, row, day).iter().filter_map(code).collect(),
        room: row.room_id.map(|room| room_name(draft, room)),
        week: row.week.and_then(CycleWeek::from_number),
        weekday: Weekday::from_index(row.weekday)?,
        period: Some(period.name.clone()),
        times: period.starts.parse().ok().zip(period.ends.parse().ok()),
        from: Some(row.from_day),
        to: row.to_day,
    })
}

/// A lesson's place in the timetable of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    group: Key,
    weekday: usize,
    period: Key,
    week: Option<CycleWeek>,
    from: Day,
    to: Option<Day>,
}

/// What the file says of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    room: Option<Key>,
    staff: BTreeSet<Key>,
    /// Rows of the file, by their place in the reading.
    rows: Vec<usize>,
}

type Lessons = BTreeMap<Slot, Wanted>;

/// Plans the lessons of a reading, and who belongs to their classes.
pub(super) fn plan(
    draft: &mut Draft,
    reading: &Reading,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    let records = &reading.lessons;
    if records.is_empty() {
        return;
    }
    let weeks: BTreeSet<CycleWeek> = records.iter().filter_map(|one| one.week).collect();
    let weekly = task.cycle == Cycle::Weekly;
    if weekly && weeks.len() > 1 {
        for record in records {
            let place = place_of(record, "");
            report.add_alike(0, "held", &WEEKS_NOT_SET, place, "", &String::new);
            report.main.add(Outcome::Held, 1);
        }
        return;
    }
    let mut outcomes = vec![Outcome::Unchanged; records.len()];
    let mut groups = HashMap::new();
    let mut wanted = Lessons::new();
    for (at, record) in records.iter().enumerate() {
        let Some(period) = period(draft, record, task, report, effects) else {
            outcomes[at] = Outcome::Held;
            continue;
        };
        let before = draft.touches();
        let group = group(draft, record, task, &mut groups, effects);
        let room = room(draft, record, effects);
        let staff = teachers(draft, record, task, report);
        let slot = Slot {
            group,
            weekday: record.weekday.index(),
            period,
            week: record.week.filter(|_| !weekly),
            from: record.from.map_or(task.today, |from| from.max(task.today)),
            to: record.to,
        };
        if record.to.is_some_and(|to| to < task.today) {
            // A timetable of the past is not written anew.
            continue;
        }
        let lesson = wanted.entry(slot).or_default();
        match (lesson.room, room) {
            (Some(first), Some(room)) if first != room => {
                let name = |key| room_name(draft, key);
                let place = place_of(record, "");
                report.add("warning", &ROOMS_DIFFER, place, &name(first), &name(room));
            }
            (first, room) => lesson.room = first.or(room),
        }
        lesson.staff.extend(staff);
        lesson.rows.push(at);
        if draft.touches() != before {
            outcomes[at] = Outcome::Loaded;
        }
    }
    let wanted = both_weeks_as_one(wanted);
    tell_of_clashes(draft, records, &wanted, report);
    duties(draft, &wanted, task);
    let changed = lessons(draft, &wanted, task, effects);
    for at in changed {
        outcomes[at] = Outcome::Loaded;
    }
    for (at, record) in records.iter().enumerate() {
        if outcomes[at] == Outcome::Held || record.pupil.is_empty() {
            continue;
        }
        let Some(group) = groups.get(&fold(&record.class)).copied() else {
            continue;
        };
        match belongs(draft, record, group, task) {
            Ok(false) => {}
            Ok(true) => {
                effects.places += 1;
                outcomes[at] = Outcome::Loaded;
            }
            Err(ground) => {
                report.add("held", ground, place_of(record, ""), "", "");
                outcomes[at] = Outcome::Held;
            }
        }
    }
    for outcome in outcomes {
        report.main.add(outcome, 1);
    }
}

fn place_of<'r>(record: &'r LessonRecord, column: &'r str) -> Place<'r> {
    Place {
        line: record.line,
        record: &record.class,
        column,
    }
}

/// A name of a period without what schools put before its number: `P1`, `Period 1` and `1` are one.
fn bare_period(name: &str) -> String {
    let word = fold(name).replace([' ', '-'], "");
    let rest = word
        .strip_prefix("period")
        .or_else(|| word.strip_prefix("per"))
        .or_else(|| word.strip_prefix('p'))
        .map(|rest| rest.trim_start_matches('0'));
    match rest {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest.to_owned(),
        _ => word.trim_start_matches('0').to_owned(),
    }
}

/// The period that a file means on a day: by its name, else by its times.
pub(super) fn known_period<'d>(
    draft: &'d Draft,
    name: Option<&str>,
    times: Option<&(String, String)>,
    day: Day,
) -> Option<&'d PeriodRow> {
    let mut current: HashMap<Key, &PeriodRow> = HashMap::new();
    for (_, row) in draft.periods.each() {
        let holds = row.from_day <= day && row.to_day.is_none_or(|last| day <= last);
        let newer = current
            .get(&row.period_id)
            .is_none_or(|known| known.from_day < row.from_day);
        if holds && newer {
            current.insert(row.period_id, row);
        }
    }
    let is_meant = |row: &&PeriodRow| match name {
        Some(name) => bare_period(&row.name) == bare_period(name),
        None => times.is_some_and(|(starts, ends)| (&row.starts, &row.ends) == (starts, ends)),
    };
    current.into_values().find(is_meant)
}

/// The period of a record; a new one where the file gives times and the person may set it.
fn period(
    draft: &mut Draft,
    record: &LessonRecord,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) -> Option<Key> {
    let day = record.from.map_or(task.today, |from| from.max(task.today));
    let times = record
        .times
        .map(|(starts, ends)| (starts.to_string(), ends.to_string()));
    let name = record.period.as_deref();
    let found = known_period(draft, name, times.as_ref(), day);
    let said = || match (name, &times) {
        (Some(name), _) => name.to_owned(),
        (None, Some((starts, ends))) => format!("from {starts} to {ends}"),
        (None, None) => String::new(),
    };
    if let Some(row) = found {
        let key = row.period_id;
        if let Some((starts, ends)) = &times
            && (&row.starts, &row.ends) != (starts, ends)
        {
            let of_times = format!("{starts} to {ends}");
            let place = place_of(record, "");
            let alike = alike_key(&(&row.name, &of_times));
            report.add_alike(alike, "warning", &PERIOD_TIMES, place, &row.name, &|| {
                of_times.clone()
            });
        }
        return Some(key);
    }
    let (Some((starts, ends)), true) = (record.times, task.rights.settings) else {
        let place = place_of(record, "");
        let alike = alike_key(&said());
        report.add_alike(
            alike,
            "held",
            &PERIOD_NOT_HERE,
            place,
            &said(),
            &String::new,
        );
        return None;
    };
    let key = draft.new_key();
    effects.periods += 1;
    draft.periods.push(PeriodRow {
        period_id: key,
        from_day: task.year_begins.min(day),
        to_day: None,
        name: name.map_or_else(|| starts.to_string(), str::to_owned),
        session: Some(session_of(task, starts)),
        starts: starts.to_string(),
        ends: ends.to_string(),
    });
    Some(key)
}

/// The session that a new period lies in: it follows from when the afternoon's register opens.
fn session_of(task: &Task<'_>, starts: TimeOfDay) -> i64 {
    match starts < task.times.of(Session::Pm).opens {
        true => Session::Am.index() as i64,
        false => Session::Pm.index() as i64,
    }
}

fn alike_key(what: &impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The class of this name this year, or another group of that name; else a new class.
fn group(
    draft: &mut Draft,
    record: &LessonRecord,
    task: &Task<'_>,
    known: &mut HashMap<String, Key>,
    effects: &mut Effects,
) -> Key {
    let name = fold(&record.class);
    if let Some(key) = known.get(&name) {
        return *key;
    }
    let found = known_group(draft, &record.class, task);
    let key = found.unwrap_or_else(|| {
        effects.groups += 1;
        let key = draft.new_key();
        draft.groups.push(GroupRow {
            group_id: key,
            kind: "class".to_owned(),
            name: record.class.clone(),
            subject: record.subject.clone(),
            room: None,
            first_year: Some(i64::from(task.year.first_year())),
        });
        key
    });
    known.insert(name, key);
    key
}

/// The group of this school year with a name: a class before any other.
pub(super) fn known_group(draft: &Draft, name: &str, task: &Task<'_>) -> Option<Key> {
    let name = fold(name);
    let first_year = i64::from(task.year.first_year());
    let named = |is_class: bool| {
        let rows = draft.groups.each().map(|(_, row)| row);
        rows.filter(|row| (row.kind == "class") == is_class && fold(&row.name) == name)
            .find(|row| row.first_year.is_none_or(|own| own == first_year))
            .map(|row| row.group_id)
    };
    named(true).or_else(|| named(false))
}

fn room(draft: &mut Draft, record: &LessonRecord, effects: &mut Effects) -> Option<Key> {
    let name = record.room.as_ref()?;
    Some(room_named(draft, name, effects))
}

/// The room with a name; a new one where the school has none.
pub(super) fn room_named(draft: &mut Draft, name: &str, effects: &mut Effects) -> Key {
    let known = draft
        .rooms
        .each()
        .find(|(_, row)| fold(&row.name) == fold(name))
        .map(|(_, row)| row.room_id);
    known.unwrap_or_else(|| {
        effects.rooms += 1;
        let room_id = draft.new_key();
        let name = name.to_owned();
        draft.rooms.push(RoomRow { room_id, name });
        room_id
    })
}

pub(super) fn room_name(draft: &Draft, room: Key) -> String {
    let found = draft.rooms.each().find(|(_, row)| row.room_id == room);
    found.map_or_else(String::new, |(_, row)| row.name.clone())
}

/// The member of staff with a code who works here on a day.
pub(super) fn member<'d>(draft: &'d Draft, code: &str, day: Day) -> Option<&'d StaffRow> {
    let mut rows = draft.staff.each().map(|(_, row)| row);
    rows.find(|row| {
        let own = row.code.as_deref();
        row.leaving_day.is_none_or(|last| day <= last)
            && own.is_some_and(|own| fold(own) == fold(code))
    })
}

/// Who teaches, by staff code; never by name (I-032).
fn teachers(
    draft: &Draft,
    record: &LessonRecord,
    task: &Task<'_>,
    report: &mut Report,
) -> BTreeSet<Key> {
    let mut found = BTreeSet::new();
    for code in &record.teachers {
        match member(draft, code, task.today) {
            Some(row) => {
                found.insert(row.staff_id);
            }
            None => {
                let place = place_of(record, "");
                let key = alike_key(code);
                report.add_alike(key, "warning", &TEACHER_NOT_HERE, place, code, &String::new);
            }
        }
    }
    found
}

/// The same lesson in week A and in week B is one of every week.
fn both_weeks_as_one(wanted: Lessons) -> Lessons {
    let mut merged = Lessons::new();
    let in_week = |slot: &Slot, week| {
        wanted.get(&Slot {
            week: Some(week),
            ..*slot
        })
    };
    for (slot, lesson) in &wanted {
        let (a, b) = (in_week(slot, CycleWeek::A), in_week(slot, CycleWeek::B));
        let same = |a: &Wanted, b: &Wanted| (a.room, &a.staff) == (b.room, &b.staff);
        match (slot.week, a, b) {
            (Some(_), Some(a), Some(b)) if same(a, b) => {
                let every = Slot {
                    week: None,
                    ..*slot
                };
                let one: &mut Wanted = merged.entry(every).or_insert_with(|| Wanted {
                    rows: Vec::new(),
                    ..lesson.clone()
                });
                one.rows.extend(&lesson.rows);
            }
            _ => {
                merged.insert(*slot, lesson.clone());
            }
        }
    }
    merged
}

fn at_once(a: &Slot, b: &Slot) -> bool {
    let same_week = a.week.is_none() || b.week.is_none() || a.week == b.week;
    let starts_in_time = |a: &Slot, b: &Slot| a.to.is_none_or(|to| b.from <= to);
    let same_place = (a.weekday, a.period) == (b.weekday, b.period);
    same_place && same_week && starts_in_time(a, b) && starts_in_time(b, a)
}

/// Says of rooms and teachers that have two lessons at once; such lessons go in all the same.
fn tell_of_clashes(draft: &Draft, records: &[LessonRecord], wanted: &Lessons, report: &mut Report) {
    let mut by_time: BTreeMap<(usize, Key), Vec<(&Slot, &Wanted)>> = BTreeMap::new();
    for (slot, lesson) in wanted {
        let time = (slot.weekday, slot.period);
        by_time.entry(time).or_default().push((slot, lesson));
    }
    for together in by_time.values() {
        for (at, (slot, lesson)) in together.iter().enumerate() {
            for (other, earlier) in together.iter().take(at) {
                let same_class = slot.group == other.group;
                if same_class || !at_once(slot, other) {
                    continue;
                }
                let (Some(row), Some(before)) = (lesson.rows.first(), earlier.rows.first()) else {
                    continue;
                };
                let (record, before) = (&records[*row], &records[*before]);
                let classes = format!("{} and {}", before.class, record.class);
                if let Some(room) = lesson.room.filter(|room| earlier.room == Some(*room)) {
                    let name = format!("Room {}", room_name(draft, room));
                    tell_twice(report, record, &name, &classes);
                }
                for staff in lesson.staff.intersection(&earlier.staff) {
                    let row = draft.staff.each().find(|(_, row)| row.staff_id == *staff);
                    let code = row
                        .and_then(|(_, row)| row.code.clone())
                        .unwrap_or_default();
                    tell_twice(report, record, &code, &classes);
                }
            }
        }
    }
}

fn tell_twice(report: &mut Report, record: &LessonRecord, who: &str, classes: &str) {
    let key = alike_key(&who);
    let place = place_of(record, "");
    report.add_alike(key, "warning", &TWICE_AT_ONCE, place, who, &|| {
        classes.to_owned()
    });
}

/// Who has a group on a day, by duties that make a teacher.
pub(super) fn holders(draft: &Draft, group: Key, day: Day) -> BTreeSet<Key> {
    let rows = draft.duties.each().map(|(_, row)| row);
    rows.filter(|row| row.group_id == group && row.duty != "head")
        .filter(|row| row.from_day <= day && row.to_day.is_none_or(|last| day <= last))
        .map(|row| row.staff_id)
        .collect()
}

/// Gives everybody who is to teach a class the duty, so that they may take its registers.
fn duties(draft: &mut Draft, wanted: &Lessons, task: &Task<'_>) {
    let mut first_days: BTreeMap<(Key, Key), Day> = BTreeMap::new();
    for (slot, lesson) in wanted {
        for staff in &lesson.staff {
            let first = first_days.entry((slot.group, *staff)).or_insert(slot.from);
            *first = (*first).min(slot.from);
        }
    }
    for ((group, staff), from) in first_days {
        if holders(draft, group, from.max(task.today)).contains(&staff) {
            continue;
        }
        let group_staff_id = draft.new_key();
        draft.duties.push(DutyRow {
            group_staff_id,
            group_id: group,
            staff_id: staff,
            duty: "teacher".to_owned(),
            from_day: from,
            to_day: None,
        });
    }
}

/// Who teaches a lesson as the rows have it on a day: whoever it names, else whoever has the group.
fn taught_by(draft: &Draft, lesson: &LessonRow, day: Day) -> BTreeSet<Key> {
    let named: BTreeSet<Key> = draft
        .lesson_staff
        .each()
        .filter(|(_, row)| row.lesson_id == lesson.lesson_id)
        .map(|(_, row)| row.staff_id)
        .collect();
    match named.is_empty() {
        true => holders(draft, lesson.group_id, day),
        false => named,
    }
}

fn is_at(row: &LessonRow, slot: &Slot) -> bool {
    let same_week = match (row.week.and_then(CycleWeek::from_number), slot.week) {
        (Some(own), Some(week)) => own == week,
        _ => true,
    };
    row.group_id == slot.group
        && row.weekday == slot.weekday as i64
        && row.period_id == slot.period
        && same_week
        && row.to_day.is_none_or(|to| slot.from <= to)
        && slot.to.is_none_or(|to| row.from_day <= to)
}

/// Whether a lesson is already what the file says, but for its last day.
fn is_so(draft: &Draft, row: &LessonRow, slot: &Slot, lesson: &Wanted) -> bool {
    let begun = row.from_day <= slot.from;
    let room = lesson.room.is_none() || row.room_id == lesson.room;
    let staff = lesson.staff.is_empty() || taught_by(draft, row, slot.from) == lesson.staff;
    begun && room && staff
}

/// Makes the timetable of each class in the file that of the file; answers the rows of the file that changed something.
fn lessons(
    draft: &mut Draft,
    wanted: &Lessons,
    task: &Task<'_>,
    effects: &mut Effects,
) -> Vec<usize> {
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let mut changed = Vec::new();
    for (slot, lesson) in wanted {
        let there: Vec<usize> = draft
            .lessons
            .each()
            .filter(|(at, row)| !draft.lessons.is_new(*at) && is_at(row, slot))
            .map(|(at, _)| at)
            .collect();
        let week = slot.week.map(CycleWeek::number);
        let of_slot = |at: &&usize| {
            let row = draft.lessons.get(**at);
            row.week == week && is_so(draft, row, slot, lesson)
        };
        let exact: Vec<usize> = there.iter().filter(of_slot).copied().take(1).collect();
        // One of every week may stand here as one of week A and one of week B.
        let halves: Vec<usize> = match slot.week {
            Some(_) => Vec::new(),
            None => there
                .iter()
                .filter(|at| {
                    let row = draft.lessons.get(**at);
                    row.week.is_some() && is_so(draft, row, slot, lesson)
                })
                .copied()
                .collect(),
        };
        let stands = match (exact.is_empty(), halves.len()) {
            (false, _) => exact,
            (true, 2) => halves,
            _ => Vec::new(),
        };
        if stands.is_empty() {
            let mut begins = slot.from;
            for at in there {
                begins = begins.max(end(draft, at, slot.from, task, effects));
                kept.insert(at);
            }
            if slot.to.is_none_or(|to| begins <= to) {
                add(draft, slot, lesson, begins);
                effects.lessons += 1;
            }
            changed.extend(&lesson.rows);
            continue;
        }
        for at in stands {
            kept.insert(at);
            if draft.lessons.get(at).to_day != slot.to {
                draft.lessons.change(at, |row| row.to_day = slot.to);
                effects.lessons += 1;
                changed.extend(&lesson.rows);
            }
        }
    }
    let mut begins: BTreeMap<Key, Day> = BTreeMap::new();
    for slot in wanted.keys() {
        let first = begins.entry(slot.group).or_insert(slot.from);
        *first = (*first).min(slot.from);
    }
    let gone: Vec<(usize, Day)> = draft
        .lessons
        .each()
        .filter(|(at, row)| {
            !draft.lessons.is_new(*at)
                && !kept.contains(at)
                && row.to_day.is_none_or(|to| task.today <= to)
        })
        .filter_map(|(at, row)| Some((at, *begins.get(&row.group_id)?)))
        .filter(|(at, from)| draft.lessons.get(*at).to_day.is_none_or(|to| *from <= to))
        .collect();
    for (at, from) in gone {
        end(draft, at, from, task, effects);
    }
    changed
}

/// Ends a lesson before a day, or after the last day on which its register was kept; one that had not begun goes. Answers the first day
/// after it.
fn end(draft: &mut Draft, at: usize, from: Day, task: &Task<'_>, effects: &mut Effects) -> Day {
    let row = draft.lessons.get(at).clone();
    let kept = task
        .kept
        .get(&(row.group_id, row.period_id))
        .filter(|day| day.weekday().index() as i64 == row.weekday);
    let first = kept.map_or(from, |day| from.max(day.next()));
    effects.lessons_ended += 1;
    if row.from_day >= first {
        let named: Vec<usize> = draft
            .lesson_staff
            .each()
            .filter(|(_, staff)| staff.lesson_id == row.lesson_id)
            .map(|(at, _)| at)
            .collect();
        for at in named {
            draft.lesson_staff.end(at);
        }
        draft.lessons.end(at);
    } else {
        draft
            .lessons
            .change(at, |row| row.to_day = Some(first.previous()));
    }
    first
}

fn add(draft: &mut Draft, slot: &Slot, lesson: &Wanted, from: Day) {
    let lesson_id = draft.new_key();
    draft.lessons.push(LessonRow {
        lesson_id,
        group_id: slot.group,
        room_id: lesson.room,
        week: slot.week.map(CycleWeek::number),
        weekday: slot.weekday as i64,
        period_id: slot.period,
        from_day: from,
        to_day: slot.to,
    });
    if lesson.staff.is_empty() || holders(draft, slot.group, from) == lesson.staff {
        return;
    }
    for (place, staff) in lesson.staff.iter().enumerate() {
        draft.lesson_staff.push(LessonStaffRow {
            lesson_id,
            staff_id: *staff,
            place: place as i64,
        });
    }
}

/// The time on roll, on a day, of the pupil whom these identifiers mean.
pub(super) fn on_roll(
    draft: &Draft,
    pupil: &PupilKey,
    day: Day,
    task: &Task<'_>,
) -> Result<Key, &'static Ground> {
    let at = match who::find(draft, pupil, None, task.choices.source.as_deref()) {
        Found::Pupil { at, .. } => at,
        Found::Nobody => return Err(&PUPIL_NOT_FOUND),
        Found::Doubt(ground, _) => return Err(ground),
    };
    let pupil = draft.pupils.get(at).pupil_id;
    let times = draft.enrolments_of.get(&pupil).into_iter().flatten();
    times
        .map(|at| draft.enrolments.get(*at))
        .find(|row| row.starting_day <= day && row.leaving_day.is_none_or(|last| day <= last))
        .map(|row| row.enrolment_id)
        .ok_or(&NOT_ON_ROLL)
}

/// Puts the pupil of a row into its class; answers whether they were not in it.
fn belongs(
    draft: &mut Draft,
    record: &LessonRecord,
    group: Key,
    task: &Task<'_>,
) -> Result<bool, &'static Ground> {
    let day = record.from.map_or(task.today, |from| from.max(task.today));
    let enrolment = on_roll(draft, &record.pupil, day, task)?;
    let places = draft.memberships_of.get(&enrolment).into_iter().flatten();
    let is_in = places
        .filter(|at| !draft.memberships.is_ended(**at))
        .map(|at| draft.memberships.get(*at))
        .any(|row| {
            row.group_id == group
                && row.from_day <= day
                && row.to_day.is_none_or(|last| day <= last)
        });
    if is_in {
        return Ok(false);
    }
    let membership_id = draft.new_key();
    let at = draft.memberships.push(MembershipRow {
        membership_id,
        group_id: group,
        enrolment_id: enrolment,
        from_day: day,
        to_day: record.to,
    });
    draft.memberships_of.entry(enrolment).or_default().push(at);
    Ok(true)
}
