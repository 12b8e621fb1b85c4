//! Session marks: those of some days, and those that changed after a number.

use std::collections::BTreeSet;

use calendar::{Day, Session};
use serde_json::{Value, json};
use store::journal::ChangeKind;
use store::{Tx, args, journal};

use super::reading;
use crate::api::shape::{Shape, count, field, id, named, one_of, or_null, text};
use crate::api::{ApiProblem, Asked, Given, Operation, asked_in_query, in_query, page_of, paging};
use crate::ids::{EnrolmentId, PupilId};
use crate::people::RecordKind;
use crate::registers::records::MARK_VERSION;
use crate::year::span;

pub(super) const MARKS_OF: &str = "\
select v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.sub_code from mark v
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date >= $3 and v.on_date <= $4 order by v.on_date, v.session";
pub(super) const MARK_AT: &str = "\
select v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.sub_code from mark v
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date = $3 and v.session = $4";

/// The most days of marks that one question asks for.
const MOST_DAYS: i32 = 366;

/// Acts that one page of changed marks looks through.
const ACTS_ON_A_PAGE: i64 = 200;

/// Marks that one answer tells of: an import brings more at once than anybody follows one by one.
const MOST_CHANGED: usize = 5_000;

/// What can be asked about marks.
pub(super) fn operations() -> Vec<Operation> {
    let of_days = vec![
        asked_in_query("from", "The first day.", Shape::Day),
        asked_in_query("to", "The last day, 366 days later at most.", Shape::Day),
        in_query("pupil", "Of this pupil alone.", id()),
    ];
    vec![
        Operation {
            parameters: [of_days, paging()].concat(),
            answer: (200, page_of(mark_shape())),
            ..reading(
                "listMarks",
                "Marks",
                "/marks",
                (
                    "Session marks of a period",
                    "The marks that stand from one day to another, by time on roll, day and session. A place without an entry has no mark. To follow what changes, go on with the changed marks after this answer's `number`.",
                ),
                marks_of_days,
            )
        },
        Operation {
            parameters: vec![
                asked_in_query(
                    "changed_since",
                    "The `number` of an earlier answer.",
                    count(),
                ),
                in_query(
                    "cursor",
                    "Where the page begins: the `next` of the page before.",
                    text(100),
                ),
            ],
            answer: (200, page_of(mark_shape())),
            ..reading(
                "listChangedMarks",
                "Marks",
                "/marks/changed",
                (
                    "Session marks that changed",
                    "The marks that stand now in each place that an act after a number changed. Each page looks through 200 acts, and may be empty; go on while there is a `next`.",
                ),
                changed_marks,
            )
        },
    ]
}

fn mark_shape() -> Shape {
    named(
        "Mark",
        vec![
            field("enrolment", "The time on roll that it belongs to.", id()).like(119),
            field("pupil", "The pupil.", id()).like(118),
            field("day", "The day.", Shape::Day),
            field("session", "The session.", one_of(&["AM", "PM"])),
            field(
                "code",
                "The code; null where a mark was taken back.",
                or_null(Shape::Words),
            )
            .like("L"),
            field("minutes_late", "Minutes late.", or_null(count())).like(6),
            field("note", "The note.", or_null(Shape::Words)).like(Value::Null),
            field(
                "sub_code",
                "The school's own sub-code beneath the code (R-141).",
                or_null(Shape::Words),
            )
            .like(Value::Null),
            field(
                "number",
                "The act that made it: what to base a change on.",
                count(),
            )
            .like(812),
        ],
    )
}

/// The place of a mark: day, session.
type Read = (Day, i64, Value);

fn read_mark(
    row: &store::Row<'_>,
    enrolment: EnrolmentId,
    pupil: PupilId,
) -> Result<Read, store::StoreError> {
    let (day, session): (Day, i64) = (row.get(0)?, row.get(1)?);
    let word = Session::from_index(session).map(|session| session.to_string());
    let mark = json!({
        "enrolment": enrolment,
        "pupil": pupil,
        "day": day,
        "session": word,
        "code": row.get::<Option<String>>(3)?,
        "minutes_late": row.get::<Option<i64>>(4)?,
        "note": row.get::<Option<String>>(5)?,
        "sub_code": row.get::<Option<String>>(6)?,
        "number": row.get::<i64>(2)?,
    });
    Ok((day, session, mark))
}

fn marks_of_days(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let (from, to) = span(asked, MOST_DAYS)?;
    let reach = asked.reads(tx, RecordKind::AttendanceMarks)?;
    let paging = asked.paging(tx)?;
    let book = asked.office.shelf.book(tx, asked.actor.school)?;
    let only = asked.number("pupil").map(PupilId);
    let limit = usize::try_from(paging.limit).unwrap_or(1);
    let mut items = Vec::new();
    for enrolment in &book.roll.enrolments {
        let pupil = enrolment.pupil;
        let (first, behind) = begin(&paging.after, enrolment.id, from);
        if enrolment.id.0 < paging.after()
            || only.is_some_and(|only| only != pupil)
            || !reach.covers(pupil)
        {
            continue;
        }
        let args = args![asked.actor.school, enrolment.id, first, to];
        let found = tx.query(MARKS_OF, &args, |row| read_mark(row, enrolment.id, pupil))?;
        for (day, session, mark) in found {
            if behind.is_some_and(|behind| (day, session) <= behind) {
                continue;
            }
            items.push(mark);
            if items.len() == limit {
                let last = vec![enrolment.id.0, i64::from(day.epoch_days()), session];
                return Ok(paging.page(items, Some(last)));
            }
        }
    }
    Ok(paging.page(items, None))
}

/// Where the marks of a time on roll begin on this page: the day, and the place that the page before ended with.
fn begin(after: &[i64], enrolment: EnrolmentId, from: Day) -> (Day, Option<(Day, i64)>) {
    match after {
        [id, day, session] if *id == enrolment.0 => {
            let days = i32::try_from(*day).unwrap_or_default();
            // Whoever makes up a cursor asks for nothing before the first day.
            let day = from.plus_days(days.saturating_sub(from.epoch_days()).clamp(0, MOST_DAYS));
            (day, Some((day, *session)))
        }
        _ => (from, None),
    }
}

fn changed_marks(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let school = asked.actor.school;
    let reach = asked.reads(tx, RecordKind::AttendanceMarks)?;
    let paging = asked.paging(tx)?;
    let after = paging.after().max(paging.since);
    let last = after.saturating_add(ACTS_ON_A_PAGE);
    let book = asked.office.shelf.book(tx, school)?;
    let mut places: BTreeSet<(EnrolmentId, Day, i64)> = BTreeSet::new();
    for facts in journal::facts_between(tx, school, (after, last), &[&MARK_VERSION])? {
        if !facts.complete || facts.changes.len() > MOST_CHANGED {
            return Err(ApiProblem::Refused(format!(
                "Act {} changed more marks than can be told of one by one. Read the marks anew by their days, and go on after its number.",
                facts.seq
            )));
        }
        for change in facts.changes {
            if let (ChangeKind::Recorded, Some(place)) = (change.kind, place_of(&change.values)) {
                places.insert(place);
            }
        }
    }
    let mut items = Vec::new();
    for (enrolment, day, session) in places {
        let Some(pupil) = book
            .roll
            .row(enrolment)
            .and_then(|row| book.roll.pupil_of_row(row))
        else {
            continue;
        };
        if !reach.covers(pupil.id) {
            continue;
        }
        let args = args![school, enrolment, day, session];
        let found = tx.query_opt(MARK_AT, &args, |row| read_mark(row, enrolment, pupil.id))?;
        items.extend(found.map(|(_, _, mark)| mark));
    }
    Ok(paging.page(items, (last < book.seq).then(|| vec![last])))
}

/// Time on roll, day and session of a row of marks.
fn place_of(values: &[store::Arg<'static>]) -> Option<(EnrolmentId, Day, i64)> {
    let [enrolment, day, session, ..] = values else {
        return None;
    };
    Some((
        EnrolmentId(enrolment.borrowed().get().ok()?),
        day.borrowed().get().ok()?,
        session.borrowed().get().ok()?,
    ))
}
