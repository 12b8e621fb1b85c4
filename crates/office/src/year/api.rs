//! The school's calendar and its timetable for other programs.

use calendar::{Day, DayKind};
use serde_json::{Value, json};
use store::Tx;

use crate::api::shape::{Shape, field, id, list, named, one_of, or_null, whole};
use crate::api::{
    ApiProblem, Asked, Given, Method, Operation, Run, asked_in_query, page_of, paging, wrong_query,
};
use crate::people::{Access, RecordKind};

/// The most days that one answer tells of.
const MOST_DAYS: i32 = 400;

/// What can be asked.
pub(crate) fn operations() -> Vec<Operation> {
    let reading = |id, path, title, about, answer, run| Operation {
        id,
        section: "Year",
        method: Method::Get,
        path,
        title,
        about,
        needs: Some((Access::Read, RecordKind::PupilCore)),
        parameters: paging(),
        body: None,
        answer: (200, page_of(answer)),
        current: None,
        run: Run::Read(run),
    };
    vec![
        Operation {
            needs: None,
            parameters: vec![
                asked_in_query("from", "The first day.", Shape::Day),
                asked_in_query("to", "The last day, 400 days later at most.", Shape::Day),
            ],
            answer: (
                200,
                Shape::Object(vec![field("items", "Day by day.", list(day_shape()))]),
            ),
            ..reading(
                "listDays",
                "/calendar",
                "Calendar",
                "What each day is, with the sessions for which registers are due (R-402 to R-405).",
                day_shape(),
                days,
            )
        },
        reading(
            "listPeriods",
            "/timetable/periods",
            "Periods",
            "The periods of the day with the days for which their times hold.",
            period_shape(),
            periods,
        ),
        reading(
            "listRooms",
            "/timetable/rooms",
            "Rooms",
            "The rooms of the timetable.",
            room_shape(),
            rooms,
        ),
        reading(
            "listLessons",
            "/timetable/lessons",
            "Lessons",
            "Which group is taught in which period of which weekday, where, and by whom.",
            lesson_shape(),
            lessons,
        ),
    ]
}

fn day_shape() -> Shape {
    let kinds = [
        "school",
        "unplanned_closure",
        "inset",
        "planned_closure",
        "bank_holiday",
        "break",
        "weekend",
        "outside_term",
    ];
    named(
        "Day",
        vec![
            field("day", "The day.", Shape::Day),
            field("kind", "What it is.", one_of(&kinds)),
            field(
                "sessions",
                "The sessions for which registers are due.",
                list(one_of(&["AM", "PM"])),
            ),
            field(
                "term",
                "The term, or half term, that holds it.",
                or_null(Shape::Words),
            )
            .like("Autumn 2"),
        ],
    )
}

fn days(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let (from, to) = span(asked, MOST_DAYS)?;
    let book = asked.office.shelf.book(tx, asked.actor.school)?;
    let items: Vec<Value> = from
        .through(to)
        .map(|day| {
            let kind = book.calendar.kind(day);
            let sessions: Vec<String> = kind.sessions().iter().map(|one| one.to_string()).collect();
            json!({
                "day": day,
                "kind": word_of(kind),
                "sessions": sessions,
                "term": book.calendar.term_of(day).map(|term| term.name.as_str()),
            })
        })
        .collect();
    Ok(json!({ "items": items }).into())
}

/// The days `from` and `to` of a query, so many days apart at most.
pub(crate) fn span(asked: &Asked<'_>, most: i32) -> Result<(Day, Day), ApiProblem> {
    let (Some(from), Some(to)) = (asked.day("from"), asked.day("to")) else {
        return Err(wrong_query("from", "Send the first and the last day."));
    };
    match from.days_until(to) {
        days if days < 0 => Err(wrong_query("to", "This is before the first day.")),
        days if days > most => Err(wrong_query(
            "to",
            format!("Ask for {most} days at most at a time."),
        )),
        _ => Ok((from, to)),
    }
}

fn word_of(kind: DayKind) -> &'static str {
    match kind {
        DayKind::School(_) => "school",
        DayKind::UnplannedClosure { .. } => "unplanned_closure",
        DayKind::Inset => "inset",
        DayKind::PlannedClosure => "planned_closure",
        DayKind::BankHoliday => "bank_holiday",
        DayKind::Break => "break",
        DayKind::Weekend => "weekend",
        DayKind::OutsideTerm => "outside_term",
    }
}

/// A page of what the book holds in an order of its own: the cursor is a place in it.
fn page<T>(
    tx: &mut Tx,
    asked: &Asked<'_>,
    all: &[T],
    item: impl Fn(&T) -> Value,
) -> Result<Given, ApiProblem> {
    let paging = asked.paging(tx)?;
    let first = usize::try_from(paging.after()).unwrap_or(0);
    let limit = usize::try_from(paging.limit).unwrap_or(1);
    let items: Vec<Value> = all.iter().skip(first).take(limit).map(item).collect();
    let after = first.saturating_add(items.len());
    let last = (after < all.len()).then(|| vec![after as i64]);
    Ok(paging.page(items, last))
}

fn period_shape() -> Shape {
    named(
        "Period",
        vec![
            field("period", "The period, whatever its times.", id()).like(51),
            field("name", "What people call it.", Shape::Words).like("P1"),
            field("session", "The session it lies in; null for one beside them.", or_null(one_of(&["AM", "PM"]))),
            field("starts", "When it begins.", Shape::Words).like("08:55"),
            field("ends", "When it ends.", Shape::Words).like("09:55"),
            field("from_day", "The first day of these times.", Shape::Day).like("2026-09-03"),
            field("to_day", "The last day, if it is settled; a later entry of the same period ends these times too.", or_null(Shape::Day)).like(Value::Null),
        ],
    )
}

fn periods(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let book = asked.office.shelf.book(tx, asked.actor.school)?;
    page(tx, asked, book.timetable.periods(), |period| {
        json!({
            "period": period.id,
            "name": period.name,
            "session": period.session.map(|session| session.to_string()),
            "starts": period.starts.to_string(),
            "ends": period.ends.to_string(),
            "from_day": period.from,
            "to_day": period.to,
        })
    })
}

fn room_shape() -> Shape {
    named(
        "Room",
        vec![
            field("room", "The room.", id()).like(70),
            field("name", "What people call it.", Shape::Words).like("Lab 2"),
        ],
    )
}

fn rooms(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let book = asked.office.shelf.book(tx, asked.actor.school)?;
    page(
        tx,
        asked,
        &book.timetable.rooms,
        |room| json!({ "room": room.id, "name": room.name }),
    )
}

fn lesson_shape() -> Shape {
    named(
        "Lesson",
        vec![
            field("lesson", "The lesson.", id()).like(900),
            field("group", "Who is taught.", id()).like(12),
            field("room", "Where, if that is known.", or_null(id())).like(70),
            field(
                "week",
                "The week of the cycle, 1 or 2; null for every week.",
                or_null(whole(1, 2)),
            )
            .like(Value::Null),
            field(
                "weekday",
                "The day of the week, 1 for Monday to 7.",
                whole(1, 7),
            )
            .like(2),
            field("period", "The period.", id()).like(51),
            field(
                "staff",
                "Who teaches it; empty where whoever has the group does.",
                list(id()),
            ),
            field("from_day", "The first day.", Shape::Day).like("2026-09-03"),
            field(
                "to_day",
                "The last day, if it is settled.",
                or_null(Shape::Day),
            )
            .like(Value::Null),
        ],
    )
}

fn lessons(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let book = asked.office.shelf.book(tx, asked.actor.school)?;
    page(tx, asked, &book.timetable.lessons, |lesson| {
        json!({
            "lesson": lesson.id,
            "group": lesson.group,
            "room": lesson.room,
            "week": lesson.week.map(|week| week.number()),
            "weekday": lesson.weekday.index() + 1,
            "period": lesson.period,
            "staff": lesson.staff,
            "from_day": lesson.from,
            "to_day": lesson.to,
        })
    })
}
