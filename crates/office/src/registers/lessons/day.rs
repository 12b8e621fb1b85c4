//! One row a pupil: AM, PM and the periods of a day side by side, with what differs in words.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use columns::MarkByte;
use store::Tx;

use super::LessonAddress;
use super::of_day::{
    Column, Differing, Lessons, columns, differing, has_opened, of_enrolment, of_group,
};
use super::page::mark_cell;
use super::pages::AskedDay;
use crate::book::{Book, Enrolment, Group};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::{EnrolmentId, GroupId, PupilId};
use crate::insight::shown;
use crate::registers::RegisterAddress;
use crate::registers::keeper::keeper;
use crate::shell::{Exports, Frame, MarkCell, Page, State, Under};
use crate::take_away::{Leaving, Wanted, texts};

/// A pupil's day.
struct Row {
    pupil: PupilId,
    name: String,
    /// One for each column; none where nothing is due or was entered.
    cells: Vec<Option<MarkCell>>,
    words: String,
}

#[derive(Template)]
#[template(path = "registers/lessons/day.html")]
struct DayPage {
    frame: Frame,
    group: GroupId,
    name: String,
    day: Day,
    /// Name and address of each column: the register of the session, or nothing for a period.
    columns: Vec<(String, Option<String>)>,
    rows: Vec<Row>,
    nothing: Option<State>,
    under: Under,
}

/// What stands for a time on roll in each column of a day.
fn cells(
    book: &Book,
    enrolment: &Enrolment,
    columns: &[Column],
    lessons: &Lessons,
    day: Day,
    now: Instant,
) -> Result<Vec<Option<MarkCell>>, Refusal> {
    let row = book.roll.row(enrolment.id);
    columns
        .iter()
        .map(|column| match column {
            Column::Session(slot) => {
                let byte = row.map_or(MarkByte::OUTSIDE, |row| book.mark(row, *slot));
                if byte == MarkByte::OUTSIDE {
                    return Ok(None);
                }
                let stands = shown(byte, has_opened(book, *slot, now)?);
                let session = slot.session.word();
                if stands.code.is_empty() {
                    // Its time has not come.
                    return Ok(Some(MarkCell::new(
                        "",
                        stands.face,
                        format!("{session}, no mark yet"),
                    )));
                }
                let href = format!("/why/{}/{day}/{}", enrolment.pupil, slot.session);
                Ok(Some(MarkCell {
                    planned: stands.planned,
                    href: Some(href.into()),
                    ..MarkCell::new(stands.code, stands.face, session)
                }))
            }
            Column::Period(period) => {
                let Some(entered) = lessons.get(&(enrolment.id, period.id)) else {
                    return Ok(None);
                };
                let address = LessonAddress {
                    group: entered.group,
                    day,
                    period: period.id,
                };
                let class = book.groups.group(entered.group);
                let minutes = entered
                    .minutes
                    .map(|minutes| format!(", {minutes} minutes late"));
                let note = entered.note.as_ref().map(|note| format!(", {note}"));
                let label = format!(
                    "{} {}: {}{}{}",
                    period.name,
                    class.map_or("", |group| group.name.as_str()),
                    entered.mark.meaning(),
                    minutes.unwrap_or_default(),
                    note.unwrap_or_default()
                );
                Ok(Some(MarkCell {
                    href: Some(address.path().into()),
                    ..mark_cell(Some(entered.mark), &label)
                }))
            }
        })
        .collect()
}

/// What differs on a pupil's day, in words.
fn words_of(found: &[Differing], enrolment: EnrolmentId) -> String {
    let of = found.iter().filter(|one| one.enrolment == enrolment);
    let words: Vec<String> = of.map(Differing::words).collect();
    words.join("; ")
}

fn rows(
    tx: &mut Tx,
    book: &Book,
    group: &Group,
    columns: &[Column],
    day: Day,
    now: Instant,
) -> Result<Vec<Row>, Refusal> {
    let lessons = of_group(tx, book, group.id, day)?;
    let found = differing(tx, book, day, &lessons)?;
    let mut members: Vec<(u32, &Enrolment, String)> = book
        .groups
        .members(group.id, day)
        .filter_map(|id| {
            let enrolment = &book.roll.enrolments[book.roll.row(id)?];
            let pupil = book.roll.pupil(enrolment.pupil)?;
            enrolment
                .covers(day)
                .then(|| (pupil.in_order, enrolment, pupil.listed()))
        })
        .collect();
    members.sort_by_key(|(order, enrolment, _)| (*order, enrolment.id));
    members.dedup_by_key(|(_, enrolment, _)| enrolment.id);
    let rows = members.into_iter().map(|(_, enrolment, name)| {
        Ok(Row {
            pupil: enrolment.pupil,
            name,
            cells: cells(book, enrolment, columns, &lessons, day, now)?,
            words: words_of(&found, enrolment.id),
        })
    });
    rows.collect()
}

/// `/lessons/of/{group}?day=`.
pub(super) async fn of_a_group(
    desk: Desk,
    Path(group): Path<i64>,
    Query(asked): Query<AskedDay>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let day = asked.day(now.in_london().0)?;
        let id = GroupId(group);
        keeper(tx, actor, id, day)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let group = book.groups.group(id).ok_or(Refusal::NotFound)?;
        let places = columns(&book, day)?;
        let rows = rows(tx, &book, group, &places, day, now)?;
        let is_school_day = book.calendar.is_school_day(day);
        let page = DayPage {
            frame: here.frame(tx, actor, "Sessions and lessons")?,
            group: id,
            name: group.name.clone(),
            day,
            columns: places
                .iter()
                .map(|column| {
                    let register = match column {
                        Column::Session(slot) => Some(
                            RegisterAddress {
                                group: id,
                                slot: *slot,
                            }
                            .path(),
                        ),
                        Column::Period(_) => None,
                    };
                    (column.name(), register)
                })
                .collect(),
            nothing: match (is_school_day, rows.is_empty()) {
                (false, _) => Some(State::empty(
                    "No school",
                    format!("{}: {}.", day.long(), book.calendar.kind(day).name()),
                )),
                (true, true) => Some(State::empty(
                    "Nobody is in this group",
                    format!("It had no pupils on {}.", day.long()),
                )),
                (true, false) => None,
            },
            under: Under {
                shown: match rows.len() {
                    1 => "1 pupil".into(),
                    count => format!("{count} pupils").into(),
                },
                exports: Exports::usual(&format!("/lessons/of/{id}?day={day}")),
                ..Under::default()
            },
            rows,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/lessons/of/{group}` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let id = GroupId(wanted.named()?);
    let day = wanted.query::<AskedDay>()?.day(wanted.today())?;
    keeper(tx, wanted.actor, id, day)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let group = book.groups.group(id).ok_or(Refusal::NotFound)?;
    let places = columns(&book, day)?;
    let rows = rows(tx, &book, group, &places, day, wanted.office.now())?;
    let names: Vec<String> = places.iter().map(Column::name).collect();
    let mut headings = vec!["Pupil"];
    headings.extend(names.iter().map(String::as_str));
    headings.push("In words");
    let mut sheet = wanted.sheet(tx, "Sessions and lessons", &headings)?;
    sheet.about.push(("Group".to_owned(), group.name.clone()));
    sheet.about.push(("Day".to_owned(), day.long()));
    let pupils: Vec<PupilId> = rows.iter().map(|row| row.pupil).collect();
    let lines = rows.into_iter().map(|row| {
        let code =
            |cell: Option<MarkCell>| cell.map_or_else(String::new, |cell| cell.code.to_string());
        let mut line = vec![row.name];
        line.extend(row.cells.into_iter().map(code));
        line.push(row.words);
        line
    });
    let sheet = texts(sheet, lines.collect());
    Ok(Leaving::new(sheet, day).naming(pupils))
}

/// A pupil's day beside the page of one of its marks.
pub(crate) struct PupilDay {
    /// Each column with what stands in it.
    pub(crate) places: Vec<(String, Option<MarkCell>)>,
    /// What differs, in words; may be empty.
    pub(crate) words: String,
}

/// AM, PM and the periods of a pupil's day; nothing where no lesson mark was made.
///
/// The caller has made sure that the pupil's marks are within reach.
pub(crate) fn day_of_pupil(
    tx: &mut Tx,
    book: &Book,
    enrolment: &Enrolment,
    day: Day,
    now: Instant,
) -> Result<Option<PupilDay>, Refusal> {
    let lessons = of_enrolment(tx, book, enrolment.id, day)?;
    if lessons.is_empty() {
        return Ok(None);
    }
    let places = columns(book, day)?;
    let found = differing(tx, book, day, &lessons)?;
    let cells = cells(book, enrolment, &places, &lessons, day, now)?;
    let names = places.iter().map(Column::name);
    Ok(Some(PupilDay {
        places: names.zip(cells).collect(),
        words: words_of(&found, enrolment.id),
    }))
}
