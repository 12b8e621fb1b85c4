//! The list "session and lesson differ": for the office to look at, pupil by pupil, and to put right by hand.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use register::lesson::Difference;
use store::Tx;

use super::LessonAddress;
use super::of_day::{differing, of_school};
use super::page::mark_cell;
use super::pages::AskedDay;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::PupilId;
use crate::insight::{pupil_mark, shown};
use crate::people::{Access, Actor, Place, Reach, RecordKind};
use crate::registers::RegisterAddress;
use crate::shell::{Exports, Frame, MarkCell, Page, State, Under};
use crate::take_away::{Leaving, Wanted, texts};

#[derive(Template)]
#[template(path = "registers/lessons/differ.html")]
struct DifferPage {
    frame: Frame,
    day: Day,
    rows: Vec<Row>,
    nothing: Option<State>,
    under: Under,
}

/// A difference as the list tells it.
struct Row {
    pupil: PupilId,
    name: String,
    tutor_group: String,
    session: String,
    session_cell: MarkCell,
    why: String,
    lesson: String,
    lesson_href: String,
    lesson_cell: MarkCell,
    note: String,
    words: String,
    next_step: &'static str,
    /// The session's register, for who may open it.
    register: Option<String>,
    is_missing: bool,
}

/// How many differences a day has, for those who look at the whole school: first of pupils missing from a lesson, then of all.
pub(in crate::registers) fn differences(
    tx: &mut Tx,
    book: &Book,
    day: Day,
) -> Result<(usize, usize), Refusal> {
    let lessons = of_school(tx, book, day)?;
    let found = differing(tx, book, day, &lessons)?;
    let missing = found
        .iter()
        .filter(|one| one.found == Difference::MissingFromLesson);
    Ok((missing.count(), found.len()))
}

/// The differences of a day among pupils whose marks this person may see: who is missing from a lesson first, the latest lesson before
/// others; then by name.
fn rows(tx: &mut Tx, actor: &Actor, book: &Book, day: Day) -> Result<Vec<Row>, Refusal> {
    if !Place::Registers.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, day)?;
    let lessons = of_school(tx, book, day)?;
    let mut found: Vec<_> = differing(tx, book, day, &lessons)?
        .into_iter()
        .filter_map(|one| {
            let row = book.roll.row(one.enrolment)?;
            let pupil = book.roll.pupil_of_row(row)?;
            reach.covers(pupil.id).then_some((pupil, one))
        })
        .collect();
    found.sort_by_key(|(pupil, one)| {
        let is_missing = one.found == Difference::MissingFromLesson;
        let latest = std::cmp::Reverse(one.period.starts);
        (!is_missing, latest, pupil.in_order)
    });
    let rows = found.into_iter().map(|(pupil, one)| {
        let slot = calendar::Slot::new(day, one.session);
        let tutor = book.groups.of_kind(one.enrolment, GroupKind::Tutor, day);
        let class = book.groups.group(one.entered.group);
        let stands = shown(pupil_mark(book, pupil.id, slot), true);
        let address = LessonAddress {
            group: one.entered.group,
            day,
            period: one.period.id,
        };
        Row {
            pupil: pupil.id,
            name: pupil.listed(),
            tutor_group: tutor.map_or_else(String::new, |group| group.name.clone()),
            session: one.session.to_string(),
            session_cell: MarkCell {
                planned: stands.planned,
                ..MarkCell::new(stands.code, stands.face, "")
            },
            why: format!("/why/{}/{day}/{}", pupil.id, one.session),
            lesson: format!(
                "{} {}",
                one.period.name,
                class.map_or("", |group| group.name.as_str())
            ),
            lesson_href: address.path(),
            lesson_cell: mark_cell(Some(one.entered.mark), ""),
            note: one.entered.note.clone().unwrap_or_default(),
            words: one.words(),
            next_step: one.found.next_step(),
            register: tutor
                .filter(|_| reach == Reach::School)
                .map(|group| RegisterAddress {
                    group: group.id,
                    slot,
                })
                .map(|address| address.path()),
            is_missing: one.found == Difference::MissingFromLesson,
        }
    });
    Ok(rows.collect())
}

/// `/lessons/differ?day=`.
pub(super) async fn list(desk: Desk, Query(asked): Query<AskedDay>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let day = asked.day(here.office.today().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let rows = rows(tx, actor, &book, day)?;
        let page = DifferPage {
            frame: here.frame(tx, actor, "Session and lesson differ")?,
            day,
            nothing: rows.is_empty().then(|| {
                State::empty(
                    "Sessions and lessons agree",
                    format!("Nothing that was entered in a lesson on {} goes against the attendance register.", day.long()),
                )
            }),
            under: Under {
                shown: match rows.len() {
                    1 => "1 difference".into(),
                    count => format!("{count} differences").into(),
                },
                exports: Exports::usual(&format!("/lessons/differ?day={day}")),
                ..Under::default()
            },
            rows,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/lessons/differ` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let day = wanted.query::<AskedDay>()?.day(wanted.today())?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let rows = rows(tx, wanted.actor, &book, day)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Session",
        "Session mark",
        "Lesson",
        "Lesson mark",
        "Note",
        "In words",
        "What to do",
    ];
    let mut sheet = wanted.sheet(tx, "Session and lesson differ", &headings)?;
    sheet.about.push(("Differences of".to_owned(), day.long()));
    let pupils: Vec<PupilId> = rows.iter().map(|row| row.pupil).collect();
    let lines = rows.into_iter().map(|row| {
        vec![
            row.name,
            row.tutor_group,
            row.session,
            row.session_cell.code.to_string(),
            row.lesson,
            row.lesson_cell.code.to_string(),
            row.note,
            row.words,
            row.next_step.to_owned(),
        ]
    });
    let sheet = texts(sheet, lines.collect());
    Ok(Leaving::new(sheet, day).naming(pupils))
}
