//! Entering, changing and ending a lesson of the timetable.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{CycleWeek, Day, Weekday};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::records::{LESSON, LESSON_STAFF};
use crate::book::{period_on, periods_on, read_periods};
use crate::desk::Refusal;
use crate::ids::{GroupId, LessonId, PeriodId, RoomId, StaffId};
use crate::people::Actor;
use crate::roll::may_keep_roll;
use crate::roll::records::GROUP_STAFF;

/// A lesson as somebody enters it. It goes on until it is ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLesson {
    /// Who is taught: a class, or another group.
    pub group: GroupId,
    /// The week of the cycle; none for every week.
    pub week: Option<CycleWeek>,
    /// The day of the week.
    pub weekday: Weekday,
    /// The period.
    pub period: PeriodId,
    /// Where, if it is known.
    pub room: Option<RoomId>,
    /// Who teaches it; nobody where whoever has the group does.
    pub staff: Vec<StaffId>,
    /// The first day.
    pub from: Day,
}

/// What a lesson becomes from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonChange {
    /// The lesson as it is until then.
    pub lesson: LessonId,
    /// Where it goes on.
    pub room: Option<RoomId>,
    /// Who teaches it then; nobody where whoever has the group does.
    pub staff: Vec<StaffId>,
    /// The first day.
    pub from: Day,
}

/// What became of entering a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It stands in the timetable.
    Done(LessonId),
    /// A teacher or room has another lesson then; nothing was written. One sentence each.
    Clashes(Vec<String>),
}

pub(super) const GROUP_NAME: &str = "\
select name from pupil_group where school_id = $1 and group_id = $2 and superseded_seq is null";

const ROOM_NAME: &str =
    "select name from room where school_id = $1 and room_id = $2 and superseded_seq is null";

const STAFF_NAME: &str = "\
select title, forename, surname from staff
where school_id = $1 and staff_id = $2 and superseded_seq is null and (leaving_day is null or leaving_day >= $3)";

/// Lessons of a weekday and period that go on at or after a day.
const AT_TIME: &str = "\
select l.lesson_id, l.group_id, g.name, l.room_id, l.week
from lesson l
join pupil_group g on g.school_id = l.school_id and g.group_id = l.group_id and g.superseded_seq is null
where l.school_id = $1 and l.weekday = $2 and l.period_id = $3 and l.superseded_seq is null and (l.to_day is null or l.to_day >= $4)
order by l.lesson_id";

/// Who teaches those lessons: whoever is named, else whoever has the group on that day.
const TEACHERS_AT_TIME: &str = "\
select l.lesson_id, s.staff_id
from lesson l
join lesson_staff s on s.school_id = l.school_id and s.lesson_id = l.lesson_id and s.superseded_seq is null
where l.school_id = $1 and l.weekday = $2 and l.period_id = $3 and l.superseded_seq is null and (l.to_day is null or l.to_day >= $4)
union
select l.lesson_id, d.staff_id
from lesson l
join group_staff d on d.school_id = l.school_id and d.group_id = l.group_id and d.superseded_seq is null
where l.school_id = $1 and l.weekday = $2 and l.period_id = $3 and l.superseded_seq is null and (l.to_day is null or l.to_day >= $4)
  and d.duty <> 'head' and d.from_day <= $4 and (d.to_day is null or d.to_day >= $4)
  and not exists (
        select 1 from lesson_staff s
        where s.school_id = l.school_id and s.lesson_id = l.lesson_id and s.superseded_seq is null)";

const HAVE_GROUP: &str = "\
select distinct staff_id from group_staff
where school_id = $1 and group_id = $2 and superseded_seq is null and duty <> 'head'
  and from_day <= $3 and (to_day is null or to_day >= $3)";

const KNOWN: &str = "\
select group_id, room_id, week, weekday, period_id, from_day, to_day from lesson
where school_id = $1 and lesson_id = $2 and superseded_seq is null";

const STAFF_OF: &str = "\
select staff_id, place from lesson_staff
where school_id = $1 and lesson_id = $2 and superseded_seq is null order by place";

/// The days after one on which a register of a group was kept in a period.
const KEPT_AFTER: &str = "\
select distinct on_date from lesson_mark
where school_id = $1 and on_date > $2 and group_id = $3 and period_id = $4 order by on_date desc";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    KEPT_AFTER,
    GROUP_NAME,
    ROOM_NAME,
    STAFF_NAME,
    AT_TIME,
    TEACHERS_AT_TIME,
    HAVE_GROUP,
    KNOWN,
    STAFF_OF,
];

/// Enters a lesson from a day on.
///
/// A teacher or a room that would be in two places at once is answered as a clash, unless `confirmed`. Somebody who is named and has no
/// duty for the group is given the duty of its teacher, so that they may take its registers. Refused: a group that is taught at that
/// time already, and a period that the school does not hold on the first day.
pub fn enter_lesson(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    new: &NewLesson,
    confirmed: bool,
) -> Result<Entered, Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    let clashes = clashes(act, new, None)?;
    if !clashes.is_empty() && !confirmed {
        return Ok(Entered::Clashes(clashes));
    }
    let lesson = write(act, new)?;
    act.describe(actor.entry(
        "enter a lesson",
        format!("lesson {lesson}, group {}", new.group),
    ));
    note_clashes(act, &clashes);
    Ok(Entered::Done(lesson))
}

/// Gives a lesson another room or other teachers from a day on: it ends the day before, and another begins.
///
/// Errors and clashes as [`enter_lesson`]. Answers the lesson that goes on.
pub fn change_lesson(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    change: &LessonChange,
    confirmed: bool,
) -> Result<Entered, Refusal> {
    let LessonChange { lesson, from, .. } = *change;
    may_keep_roll(act.tx(), actor, today)?;
    let old = known(act.tx(), actor.school, lesson)?.ok_or(Refusal::NotFound)?;
    if old.to.is_some_and(|to| to < from) || from < old.new.from {
        return Err(Refusal::Wrong(format!(
            "The lesson is not held on {}. Choose a day on which it is.",
            from.long()
        )));
    }
    let new = NewLesson {
        room: change.room,
        staff: change.staff.clone(),
        from,
        ..old.new.clone()
    };
    let clashes = clashes(act, &new, Some(lesson))?;
    if !clashes.is_empty() && !confirmed {
        return Ok(Entered::Clashes(clashes));
    }
    end(act, lesson, &old, from.previous())?;
    let next = write(act, &new)?;
    act.describe(actor.entry("change a lesson", format!("lesson {lesson}, now {next}")));
    note_clashes(act, &clashes);
    Ok(Entered::Done(next))
}

/// Ends a lesson on its last day; one that had not begun by then is withdrawn.
///
/// Refused while its register was kept after that day: a register keeps its lesson.
pub fn end_lesson(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    lesson: LessonId,
    last: Day,
) -> Result<(), Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    let old = known(act.tx(), actor.school, lesson)?.ok_or(Refusal::NotFound)?;
    if let Some(to) = old.to.filter(|to| *to < last) {
        return Err(Refusal::Wrong(format!(
            "The lesson ends on {} already. Enter a new one to go on.",
            to.long()
        )));
    }
    let kept = args![actor.school, last, old.new.group, old.new.period];
    let kept: Vec<Day> = act.tx().query(KEPT_AFTER, &kept, |row| row.get(0))?;
    let weekday = old.new.weekday;
    if let Some(day) = kept.into_iter().find(|day| day.weekday() == weekday) {
        return Err(Refusal::Wrong(format!(
            "The register of this lesson was kept on {}. Its last day is that or a later one.",
            day.long()
        )));
    }
    end(act, lesson, &old, last)?;
    act.describe(actor.entry("end a lesson", format!("lesson {lesson} on {last}")));
    Ok(())
}

/// A lesson as the rows have it.
#[derive(Clone)]
struct Known {
    new: NewLesson,
    to: Option<Day>,
}

fn known(tx: &mut Tx, school: SchoolId, lesson: LessonId) -> Result<Option<Known>, StoreError> {
    let staff = tx.query(STAFF_OF, &args![school, lesson], |row| row.get(0))?;
    tx.query_opt(KNOWN, &args![school, lesson], |row| {
        Ok(Known {
            new: NewLesson {
                group: row.get(0)?,
                room: row.get(1)?,
                week: row.get::<Option<i64>>(2)?.and_then(CycleWeek::from_number),
                weekday: Weekday::from_index(row.get(3)?).unwrap_or(Weekday::Sunday),
                period: row.get(4)?,
                from: row.get(5)?,
                staff,
            },
            to: row.get(6)?,
        })
    })
}

fn note_clashes(act: &mut Act, clashes: &[String]) {
    if !clashes.is_empty() {
        act.note("clashes", &clashes.join(" "));
    }
}

/// Which of its teachers and rooms have another lesson when this one is held, in words; refuses what cannot be entered at all.
fn clashes(
    act: &mut Act,
    new: &NewLesson,
    instead_of: Option<LessonId>,
) -> Result<Vec<String>, Refusal> {
    let school = act.school();
    let tx = act.tx();
    let group = args![school, new.group];
    let found = tx.query_opt(GROUP_NAME, &group, |row| row.get::<String>(0))?;
    let group_name = found.ok_or(Refusal::NotFound)?;
    let room_name = match new.room {
        None => None,
        Some(room) => {
            let found =
                tx.query_opt(ROOM_NAME, &args![school, room], |row| row.get::<String>(0))?;
            let gone =
                || Refusal::Wrong("This room is no longer there. Choose another.".to_owned());
            Some(found.ok_or_else(gone)?)
        }
    };
    let mut teachers: BTreeMap<StaffId, String> = BTreeMap::new();
    let by_duty = args![school, new.group, new.from];
    let has_group = tx.query(HAVE_GROUP, &by_duty, |row| row.get::<StaffId>(0))?;
    let teaching = if new.staff.is_empty() {
        &has_group
    } else {
        &new.staff
    };
    for staff in teaching {
        let name = tx.query_opt(STAFF_NAME, &args![school, *staff, new.from], |row| {
            let parts: [String; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
            Ok(parts.join(" ").trim().to_owned())
        })?;
        match name {
            Some(name) => {
                teachers.insert(*staff, name);
            }
            None if new.staff.is_empty() => {}
            None => {
                return Err(Refusal::Wrong(
                    "One of the teachers does not work here then. Choose another.".to_owned(),
                ));
            }
        }
    }
    let periods = read_periods(tx, school)?;
    let Some(own) = period_on(&periods, new.period, new.from) else {
        return Err(Refusal::Wrong(format!(
            "The school does not hold this period on {}. Choose another, or set its times first.",
            new.from.long()
        )));
    };
    let mut told = Vec::new();
    for period in periods_on(&periods, new.from) {
        if period.starts >= own.ends || own.starts >= period.ends {
            continue;
        }
        let when = format!("{} {}", new.weekday.name(), period.name);
        let at = args![school, new.weekday.index() as i64, period.id, new.from];
        let mut taught_by: BTreeMap<LessonId, BTreeSet<StaffId>> = BTreeMap::new();
        tx.each(TEACHERS_AT_TIME, &at, |row| {
            taught_by
                .entry(row.get(0)?)
                .or_default()
                .insert(row.get(1)?);
            Ok(())
        })?;
        let others: Vec<Other> = tx.query(AT_TIME, &at, |row| {
            Ok(Other {
                lesson: row.get(0)?,
                group: row.get(1)?,
                name: row.get(2)?,
                room: row.get(3)?,
                week: row.get::<Option<i64>>(4)?.and_then(CycleWeek::from_number),
            })
        })?;
        for other in others {
            let same_week = new.week.is_none() || other.week.is_none() || new.week == other.week;
            if !same_week || Some(other.lesson) == instead_of {
                continue;
            }
            if other.group == new.group {
                return Err(Refusal::Wrong(format!(
                    "{group_name} has a lesson on {when} already. End or change that one first."
                )));
            }
            let week = other
                .week
                .map_or(String::new(), |week| format!(", week {}", week.letter()));
            if let (Some(room), Some(name)) = (other.room, &room_name)
                && Some(room) == new.room
            {
                told.push(format!("Room {name} has {} on {when}{week}.", other.name));
            }
            let teaches = taught_by.get(&other.lesson);
            for (staff, name) in &teachers {
                if teaches.is_some_and(|teaches| teaches.contains(staff)) {
                    told.push(format!("{name} has {} on {when}{week}.", other.name));
                }
            }
        }
    }
    Ok(told)
}

/// A lesson at the same time.
struct Other {
    lesson: LessonId,
    group: GroupId,
    name: String,
    room: Option<RoomId>,
    week: Option<CycleWeek>,
}

fn write(act: &mut Act, new: &NewLesson) -> Result<LessonId, StoreError> {
    let school = act.school();
    let lesson = LessonId(act.new_id());
    let values = args![
        lesson,
        new.group,
        new.room,
        new.week.map(CycleWeek::number),
        new.weekday.index() as i64,
        new.period,
        new.from,
        None::<Day>
    ];
    act.record(&LESSON, &values)?;
    let by_duty = args![school, new.group, new.from];
    let has_group = act
        .tx()
        .query(HAVE_GROUP, &by_duty, |row| row.get::<StaffId>(0))?;
    for (place, staff) in new.staff.iter().enumerate() {
        act.record(&LESSON_STAFF, &args![lesson, *staff, place as i64])?;
        if !has_group.contains(staff) {
            let duty = act.new_id();
            let values = args![duty, new.group, *staff, "teacher", new.from, None::<Day>];
            act.record(&GROUP_STAFF, &values)?;
        }
    }
    Ok(lesson)
}

fn end(act: &mut Act, lesson: LessonId, old: &Known, last: Day) -> Result<(), StoreError> {
    if old.new.from > last {
        act.supersede(&LESSON, &args![lesson])?;
        for staff in &old.new.staff {
            act.supersede(&LESSON_STAFF, &args![lesson, *staff])?;
        }
        return Ok(());
    }
    let new = &old.new;
    let values = args![
        lesson,
        new.group,
        new.room,
        new.week.map(CycleWeek::number),
        new.weekday.index() as i64,
        new.period,
        new.from,
        last
    ];
    act.replace(&LESSON, &values).map(|_| ())
}
