//! The forms of a lesson: entering, changing and ending it.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use calendar::{Cycle, CycleWeek, Day, Weekday};
use store::{SchoolId, Tx, args};

use super::enter_lesson::{
    Entered, GROUP_NAME, LessonChange, NewLesson, change_lesson, end_lesson, enter_lesson,
};
use crate::book::{periods_on, read_periods};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, hidden, tick};
use crate::ids::{GroupId, LessonId, PeriodId, RoomId, StaffId};
use crate::people::Actor;
use crate::roll::{may_keep_roll, sorting_name};
use crate::shell::{Choice, Field, Text};
use crate::year::settings::{cycle, settings};

const ROOMS: &str =
    "select room_id, name from room where school_id = $1 and superseded_seq is null";

const STAFF_NOW: &str = "\
select staff_id, title, forename, surname from staff
where school_id = $1 and superseded_seq is null and (leaving_day is null or leaving_day >= $2) order by surname, forename";

const LESSON: &str = "\
select l.group_id, g.name, l.room_id, l.week, l.weekday, l.period_id, l.from_day
from lesson l
join pupil_group g on g.school_id = l.school_id and g.group_id = l.group_id and g.superseded_seq is null
where l.school_id = $1 and l.lesson_id = $2 and l.superseded_seq is null";

const NAMED: &str = "\
select staff_id from lesson_staff
where school_id = $1 and lesson_id = $2 and superseded_seq is null order by place";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ROOMS, STAFF_NOW, LESSON, NAMED];

/// The questions where and by whom.
fn room_and_staff(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
    room: Option<RoomId>,
    staff: &[StaffId],
) -> Result<Vec<Field>, Refusal> {
    let mut rooms = tx.query(ROOMS, &args![school], |row| {
        Ok((row.get::<RoomId>(0)?, row.get::<String>(1)?))
    })?;
    rooms.sort_by_cached_key(|(_, name)| sorting_name(name));
    let rooms = std::iter::once(Choice::new("", "Where the class usually meets"))
        .chain(
            rooms
                .into_iter()
                .map(|(id, name)| Choice::new(id.to_string(), name)),
        )
        .collect();
    let members = tx.query(STAFF_NOW, &args![school, today], |row| {
        let parts: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        let name = parts.join(" ").trim().to_owned();
        Ok((row.get::<StaffId>(0)?, name))
    })?;
    let choices = |first: &'static str| -> Vec<Choice> {
        let members = members.iter();
        std::iter::once(Choice::new("", first))
            .chain(members.map(|(id, name)| Choice::new(id.to_string(), name.clone())))
            .collect()
    };
    let at = |place: usize| {
        staff
            .get(place)
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    Ok(vec![
        Field::select("room", "Room", rooms)
            .value(room.map(|room| room.to_string()).unwrap_or_default()),
        Field::select("teacher", "Teacher", choices("Whoever has the class")).value(at(0)),
        Field::select("second", "Second teacher", choices("Nobody"))
            .optional()
            .value(at(1)),
    ])
}

/// The tick box that stands under a clash.
const ALL_THE_SAME: &str = "Enter it all the same";

/// The form of a new lesson, with what the address suggests.
fn new_form(tx: &mut Tx, actor: &Actor, today: Day, asked: &Answers) -> Result<FormPage, Refusal> {
    let school = actor.school;
    let group = asked
        .number("group")
        .map(GroupId)
        .ok_or(Refusal::NotFound)?;
    let named = tx.query_opt(GROUP_NAME, &args![school, group], |row| row.get(0))?;
    let name: String = named.ok_or(Refusal::NotFound)?;
    let settings = settings(tx, school)?;
    let periods = read_periods(tx, school)?;
    let periods: Vec<Choice> = periods_on(&periods, today)
        .into_iter()
        .map(|period| {
            let words = format!("{}, {} to {}", period.name, period.starts, period.ends);
            Choice::new(period.id.to_string(), words)
        })
        .collect();
    let weekdays = Weekday::ALL
        .iter()
        .map(|weekday| Choice::new(weekday.index().to_string(), weekday.name()))
        .collect();
    let mut fields = vec![
        hidden("group", group),
        Field::select("weekday", "Day", weekdays)
            .short()
            .value(asked.text("weekday").to_owned()),
        Field::select("period", "Period", periods).value(asked.text("period").to_owned()),
    ];
    if matches!(cycle(&settings, today)?, Cycle::Fortnightly { .. }) {
        let weeks = vec![
            Choice::new("", "Every week"),
            Choice::new("A", "Week A"),
            Choice::new("B", "Week B"),
        ];
        fields.push(
            Field::select("week", "Week", weeks)
                .short()
                .value(asked.text("week").to_owned()),
        );
    }
    fields.extend(room_and_staff(tx, school, today, None, &[])?);
    fields.push(Field::day("from", "From").value(today.to_string()));
    let back = (format!("/timetable/groups/{group}"), Text::from(name));
    Ok(FormPage::new(
        "Enter a lesson",
        back,
        "Enter the lesson",
        vec![Part::new("", fields)],
    )
    .about("It is held each such week until it is ended. A teacher who is named takes the class's registers too."))
}

/// `/timetable/lessons/new?group=&period=&weekday=&week=`.
pub(super) async fn ask_new(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        new_form(tx, actor, today, &asked)
    })
    .await
}

/// The teachers that a form names, each once.
fn staff_given(answers: &Answers) -> Vec<StaffId> {
    let mut staff: Vec<StaffId> = ["teacher", "second"]
        .iter()
        .filter_map(|field| answers.number(field).map(StaffId))
        .collect();
    staff.dedup();
    staff
}

fn lesson_given(answers: &Answers, wrongs: &mut Wrongs) -> Option<NewLesson> {
    let weekday = answers.number("weekday").and_then(Weekday::from_index);
    if weekday.is_none() {
        wrongs.add("weekday", "Choose the day.");
    }
    let period = answers.number("period").map(PeriodId);
    if period.is_none() {
        wrongs.add(
            "period",
            "Choose the period. If there is none, set the school's periods first.",
        );
    }
    let from = answers.day("from", wrongs)?;
    Some(NewLesson {
        group: answers.number("group").map(GroupId)?,
        week: match answers.text("week") {
            "A" => Some(CycleWeek::A),
            "B" => Some(CycleWeek::B),
            _ => None,
        },
        weekday: weekday?,
        period: period?,
        room: answers.number("room").map(RoomId),
        staff: staff_given(answers),
        from,
    })
}

/// The form again, with what clashes and the box that enters the lesson all the same.
fn again_with_clashes(form: FormPage, answers: &Answers, clashes: &[String]) -> Outcome {
    let mut wrongs = Wrongs::default();
    wrongs.add("confirmed", clashes.join(" "));
    let ask = Part::new("", vec![tick("confirmed", ALL_THE_SAME)]);
    Outcome::again(form.and(ask), answers, &wrongs)
}

/// Enters the lesson.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let form = new_form(act.tx(), actor, today, &answers)?;
        let mut wrongs = Wrongs::default();
        if let Some(new) = lesson_given(&answers, &mut wrongs) {
            match enter_lesson(act, actor, today, &new, answers.ticked("confirmed")) {
                Ok(Entered::Done(_)) => return Ok(done(new.group, first_held(&new), "lesson")),
                Ok(Entered::Clashes(clashes)) => {
                    return Ok(again_with_clashes(form, &answers, &clashes));
                }
                Err(Refusal::Wrong(ground)) => wrongs.add("period", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(form, &answers, &wrongs))
    })
    .await
}

/// The first day of its weekday.
fn first_held(new: &NewLesson) -> Day {
    let mut days = new.from.through(new.from.plus_days(6));
    days.find(|day| day.weekday() == new.weekday)
        .unwrap_or(new.from)
}

/// On to the group's timetable in the week of a day.
fn done(group: GroupId, day: Day, did: &str) -> Outcome {
    Outcome::done(&format!("/timetable/groups/{group}?week={day}"), did)
}

/// A lesson as its forms show it.
struct Shown {
    group: GroupId,
    group_name: String,
    room: Option<RoomId>,
    words: String,
    from: Day,
}

fn shown(tx: &mut Tx, school: SchoolId, lesson: LessonId, today: Day) -> Result<Shown, Refusal> {
    let periods = read_periods(tx, school)?;
    tx.query_opt(LESSON, &args![school, lesson], |row| {
        let week = row.get::<Option<i64>>(3)?.and_then(CycleWeek::from_number);
        let week = week.map(|week| format!(", week {}", week.letter()));
        let weekday = Weekday::from_index(row.get(4)?).unwrap_or(Weekday::Sunday);
        let period: PeriodId = row.get(5)?;
        let period = periods_on(&periods, today)
            .into_iter()
            .find(|own| own.id == period)
            .map_or_else(String::new, |own| format!(" {}", own.name));
        Ok(Shown {
            group: row.get(0)?,
            group_name: row.get(1)?,
            room: row.get(2)?,
            words: format!("{}{period}{}", weekday.name(), week.unwrap_or_default()),
            from: row.get(6)?,
        })
    })?
    .ok_or(Refusal::NotFound)
}

fn change_form(
    tx: &mut Tx,
    actor: &Actor,
    lesson: LessonId,
    today: Day,
) -> Result<(GroupId, FormPage), Refusal> {
    let school = actor.school;
    let known = shown(tx, school, lesson, today)?;
    let staff = tx.query(NAMED, &args![school, lesson], |row| row.get(0))?;
    let mut fields = room_and_staff(tx, school, today, known.room, &staff)?;
    fields.push(Field::day("from", "From").value(known.from.max(today).to_string()));
    let back = (
        format!("/timetable/groups/{}", known.group),
        Text::from(known.group_name),
    );
    let form = FormPage::new(
        "Change a lesson",
        back,
        "Change the lesson",
        vec![Part::new("", fields)],
    )
    .of(known.words)
    .about("Days before keep the room and teacher they had. For another day or period, end the lesson and enter a new one.");
    Ok((known.group, form))
}

/// `/timetable/lessons/{lesson}`.
pub(super) async fn ask_change(
    desk: Desk,
    Path(lesson): Path<LessonId>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        Ok(change_form(tx, actor, lesson, today)?.1)
    })
    .await
}

/// Changes the lesson.
pub(super) async fn answer_change(
    desk: Desk,
    Path(lesson): Path<LessonId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let (group, form) = change_form(act.tx(), actor, lesson, today)?;
        let mut wrongs = Wrongs::default();
        if let Some(from) = answers.day("from", &mut wrongs) {
            let change = LessonChange {
                lesson,
                room: answers.number("room").map(RoomId),
                staff: staff_given(&answers),
                from,
            };
            match change_lesson(act, actor, today, &change, answers.ticked("confirmed")) {
                Ok(Entered::Done(_)) => return Ok(done(group, from, "changed")),
                Ok(Entered::Clashes(clashes)) => {
                    return Ok(again_with_clashes(form, &answers, &clashes));
                }
                Err(Refusal::Wrong(ground)) => wrongs.add("from", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(form, &answers, &wrongs))
    })
    .await
}

fn end_form(
    tx: &mut Tx,
    actor: &Actor,
    lesson: LessonId,
    today: Day,
) -> Result<(GroupId, FormPage), Refusal> {
    let known = shown(tx, actor.school, lesson, today)?;
    let last = Field::day("last", "Last day")
        .hint("A day before the lesson began withdraws it: it was never held.")
        .value(today.to_string());
    let back = (
        format!("/timetable/groups/{}", known.group),
        Text::from(known.group_name),
    );
    let form = FormPage::new(
        "End a lesson",
        back,
        "End the lesson",
        vec![Part::new("", vec![last])],
    )
    .of(known.words)
    .about("It is not held after that day. Its teacher keeps the class until you set its staff.");
    Ok((known.group, form))
}

/// `/timetable/lessons/{lesson}/end`.
pub(super) async fn ask_end(desk: Desk, Path(lesson): Path<LessonId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        Ok(end_form(tx, actor, lesson, today)?.1)
    })
    .await
}

/// Ends the lesson.
pub(super) async fn answer_end(
    desk: Desk,
    Path(lesson): Path<LessonId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let (group, form) = end_form(act.tx(), actor, lesson, today)?;
        let mut wrongs = Wrongs::default();
        if let Some(last) = answers.day("last", &mut wrongs) {
            match end_lesson(act, actor, today, lesson, last) {
                Ok(()) => return Ok(done(group, last, "ended")),
                Err(Refusal::Wrong(ground)) => wrongs.add("last", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(form, &answers, &wrongs))
    })
    .await
}
