//! The lesson registers of the last days, put into the demo school: those of the last day one by one, by who taught; earlier ones a day at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendar::{Day, Instant, TimeOfDay};
use demo::{DemoSchool, GroupKind, LessonRegister};
use store::{Act, Arg, SchoolId, Store, StoreError, args};

use super::{Ids, People, at, by, by_system};
use crate::registers::records::{EXAM, EXAM_ROOM, EXAM_SEAT, LESSON_MARK, LESSON_TAKEN};

/// So many school days back lesson registers were kept.
const DAYS: usize = 5;

/// Lesson registers that are recorded together.
pub(super) struct Lessons {
    pub(super) at: Instant,
    registers: Vec<LessonRegister>,
}

/// The lesson registers of the last days, by day, each in order of time.
pub(super) fn lessons_by_day(school: &DemoSchool) -> BTreeMap<Day, Vec<Lessons>> {
    let registers = school.lessons_lately(DAYS);
    let days: Vec<&[LessonRegister]> = registers.chunk_by(|a, b| a.day == b.day).collect();
    let together = days.len().saturating_sub(1);
    let days = days.iter().enumerate().map(|(index, of_day)| {
        let day = of_day[0].day;
        let lessons = if index < together {
            vec![Lessons {
                at: at(day, 16),
                registers: of_day.to_vec(),
            }]
        } else {
            let one = |register: &LessonRegister| Lessons {
                at: taken_at(school, register),
                registers: vec![register.clone()],
            };
            of_day.iter().map(one).collect()
        };
        (day, lessons)
    });
    days.collect()
}

/// When a lesson's register was taken: two to eight minutes after the lesson began.
fn taken_at(school: &DemoSchool, register: &LessonRegister) -> Instant {
    let lesson = &school.timetable.lessons[register.lesson];
    let starts: TimeOfDay = school.timetable.periods[lesson.period].starts;
    let spread = (register.lesson * 37) % 360;
    Instant::at_london(register.day, starts).plus_seconds(120 + spread as i64)
}

/// Records lesson registers.
pub(super) fn put_lessons(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    lessons: &Lessons,
) -> Result<(), StoreError> {
    set_clock(lessons.at);
    let marks = mark_rows(school, ids, &lessons.registers);
    let taken = taken_rows(school, people, ids, &lessons.registers);
    let (staff, act_name, subject) = said(school, people, ids, &lessons.registers);
    let people = Arc::clone(people);
    store.act_now(key, move |act: &mut Act| {
        act.record_many(&LESSON_MARK, marks)?;
        act.record_many(&LESSON_TAKEN, taken)?;
        act.describe(by(&people, staff, act_name, subject));
        Ok(())
    })
}

/// By whom they were recorded, as which act, of what.
fn said(
    school: &DemoSchool,
    people: &People,
    ids: &Ids,
    registers: &[LessonRegister],
) -> (usize, &'static str, String) {
    match registers {
        [one] => {
            let lesson = &school.timetable.lessons[one.lesson];
            let (group, period) = (ids.groups[lesson.group], ids.periods[lesson.period]);
            let subject = format!("group {group} {} period {period}", one.day);
            (
                school.groups[lesson.group].staff,
                "save lesson register",
                subject,
            )
        }
        many => {
            let day = many.first().map_or(school.request.today, |one| one.day);
            let subject = format!("{} lesson registers of {day}", many.len());
            (people.keeper, "bring in lesson marks", subject)
        }
    }
}

/// In the order of the key, which is the quick way in. A pupil in two classes of a subject has one mark a period.
fn mark_rows(
    school: &DemoSchool,
    ids: &Ids,
    registers: &[LessonRegister],
) -> Vec<[Arg<'static>; 10]> {
    let mut places = BTreeMap::new();
    for register in registers {
        let lesson = &school.timetable.lessons[register.lesson];
        for mark in &register.marks {
            let place = (ids.enrolments[mark.enrolment], ids.periods[lesson.period]);
            places.insert(place, (register.day, ids.groups[lesson.group], mark));
        }
    }
    let rows = places
        .into_iter()
        .map(|((enrolment, period), (day, group, mark))| {
            [
                Arg::Int(enrolment),
                Arg::Day(day),
                Arg::Int(period),
                Arg::Int(group),
                Arg::from(mark.letter),
                mark.minutes
                    .map_or(Arg::Null, |minutes| Arg::Int(i64::from(minutes))),
                mark.note.map_or(Arg::Null, Arg::from),
                Arg::Null,
                Arg::from("register"),
                Arg::Null,
            ]
        });
    rows.collect()
}

fn taken_rows(
    school: &DemoSchool,
    people: &People,
    ids: &Ids,
    registers: &[LessonRegister],
) -> Vec<[Arg<'static>; 6]> {
    let rows = registers.iter().map(|register| {
        let lesson = &school.timetable.lessons[register.lesson];
        [
            Arg::Int(ids.groups[lesson.group]),
            Arg::Day(register.day),
            Arg::Int(ids.periods[lesson.period]),
            Arg::Instant(taken_at(school, register)),
            Arg::Int(people.accounts[school.groups[lesson.group].staff].0),
            Arg::Null,
        ]
    });
    rows.collect()
}

/// A mock examination of Year 11 this afternoon: each tutor group in the room of its tutor, who invigilates, in order of name.
pub(super) fn put_exam(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
) -> Result<(), StoreError> {
    let today = school.request.today;
    let groups = school.groups.iter().enumerate().filter(|(_, group)| {
        group.kind == GroupKind::Tutor
            && group.year_group == Some(11)
            && group.from <= today
            && group.to.is_none_or(|to| today <= to)
    });
    let mut rooms = Vec::new();
    for ((index, group), room) in groups.zip(&ids.rooms) {
        let members = school.memberships.iter().filter(|member| {
            let stays = member.from <= today && member.to.is_none_or(|to| today <= to);
            member.group == index && stays && school.enrolments[member.enrolment].covers(today)
        });
        let mut candidates: Vec<(&str, &str, i64)> = members
            .map(|member| {
                let pupil = &school.pupils[school.enrolments[member.enrolment].pupil];
                let enrolment = ids.enrolments[member.enrolment];
                (
                    pupil.preferred_surname.as_str(),
                    pupil.preferred_forename.as_str(),
                    enrolment,
                )
            })
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        let candidates: Vec<i64> = candidates.into_iter().map(|(_, _, id)| id).collect();
        rooms.push((*room, ids.staff[group.staff], candidates));
    }
    if rooms.is_empty() {
        return Ok(());
    }
    let people = Arc::clone(people);
    store.act_now(key, move |act: &mut Act| {
        let exam = act.new_id();
        let title = "Mathematics 1, mock";
        act.record(&EXAM, &args![exam, today, title, "13:40", "15:10"])?;
        for (room, staff, candidates) in rooms {
            act.record(&EXAM_ROOM, &args![exam, room, staff])?;
            let seats = candidates.iter().zip(1_i64..);
            let rows: Vec<_> = seats
                .map(|(enrolment, seat)| args![exam, *enrolment, room, seat])
                .collect();
            act.record_many(&EXAM_SEAT, rows)?;
        }
        act.describe(by_system(
            &people,
            "set an examination",
            format!("exam {exam} {today}"),
        ));
        Ok(())
    })
}
