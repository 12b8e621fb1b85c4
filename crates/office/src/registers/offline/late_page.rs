//! The list of marks that came late, register by register, with what was typed beside what stands.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Slot;
use exchange::Cell;
use register::lesson::LessonMark;
use register::meaning;
use store::Tx;

use super::super::due::{Standing, standing};
use super::super::exams::{ExamRoom, in_words as exam_in_words, standing as exam_standing};
use super::super::lessons::LessonAddress;
use super::super::lessons::page::mark_cell;
use super::super::lessons::place::{Standing as LessonStanding, standing as lesson_standing};
use super::super::lessons::save::Sheet;
use super::super::pages::RegisterAddress;
use super::super::save::{clock_of, name_of};
use super::late::{Decided, LateChoice, LateMark, clock_is_off, decide_late, waiting};
use super::late_lesson::{self, LateLessonMark, decide_late_exam, decide_late_lesson};
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{AccountId, EnrolmentId, ExamId, GroupId, PeriodId, PupilId, RoomId};
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Exports, Face, Frame, MarkCell, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// Whether somebody decides about marks that came late: whoever keeps the registers for the school.
fn must_decide(actor: &Actor) -> Result<(), Refusal> {
    match actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

#[derive(Template)]
#[template(path = "registers/offline/late.html")]
struct LatePage {
    frame: Frame,
    registers: Vec<LateRegister>,
    number: usize,
    /// What could not be taken, with its ground.
    left: Vec<(String, String)>,
    wrong: String,
    nothing: State,
    under: Under,
}

/// The held marks of one register.
struct LateRegister {
    name: String,
    path: String,
    action: String,
    lines: Vec<Line>,
}

/// A held mark with what stands in its place.
struct Line {
    id: i64,
    base: i64,
    pupil: Option<PupilId>,
    name: String,
    typed: MarkCell,
    typed_words: String,
    note: String,
    stands: MarkCell,
    stands_words: String,
    /// Whether something else than a blank or a plan stands there.
    differs: bool,
    who: String,
    made: String,
    off: String,
    came: String,
}

/// `/late-marks`.
pub(super) async fn list(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let done = asked.number("done").map(|number| {
        let marks = if number == 1 { "mark" } else { "marks" };
        match asked.text("did") {
            "refused" => Notice::done(format!("{number} {marks} refused; they stay on file.")),
            _ => Notice::done(format!(
                "{number} {marks} taken into the register, each as an amendment (R-007)."
            )),
        }
    });
    show(desk, done, Vec::new(), String::new()).await
}

async fn show(
    desk: Desk,
    notice: Option<Notice>,
    left: Vec<(EnrolmentId, String)>,
    wrong: String,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_decide(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let registers = registers(tx, &here, &book)?;
        let number = registers.iter().map(|one| one.lines.len()).sum();
        let name = |enrolment: EnrolmentId| whose(&book, enrolment).map(|(_, name)| name);
        Ok(Page(LatePage {
            frame: here.frame(tx, actor, "Late marks")?.with_notice(notice),
            left: left
                .into_iter()
                .map(|(enrolment, ground)| (name(enrolment).unwrap_or_default(), ground))
                .collect(),
            wrong,
            nothing: State::empty(
                "No mark waits for you",
                "Marks typed without a network that came after their register had closed, or more than two days late, stand here until the office has decided on them.",
            )
            .then("/registers", "Today's registers"),
            under: Under {
                shown: format!("{number} marks of {} registers", registers.len()).into(),
                exports: Exports::usual("/late-marks"),
                ..Under::default()
            },
            number,
            registers,
        })
        .into_response())
    })
    .await
}

fn whose(book: &Book, enrolment: EnrolmentId) -> Option<(PupilId, String)> {
    let pupil = book.roll.pupil_of_row(book.roll.row(enrolment)?)?;
    Some((pupil.id, pupil.listed()))
}

/// What waits, register by register, with what stands.
fn registers(tx: &mut Tx, desk: &Desk, book: &Book) -> Result<Vec<LateRegister>, Refusal> {
    let mut found: Vec<LateRegister> = Vec::new();
    let mut stands: HashMap<EnrolmentId, Standing> = HashMap::new();
    let mut names: HashMap<AccountId, String> = HashMap::new();
    let now = desk.office.now();
    for late in waiting(tx, book.school)? {
        let address = RegisterAddress {
            group: late.group,
            slot: late.slot,
        };
        if found.last().is_none_or(|last| last.path != address.path()) {
            stands = standing(tx, book.school, late.group, late.slot)?;
            let group = book.groups.group(late.group);
            let name = group.map_or("A group of old", |group| group.name.as_str());
            found.push(LateRegister {
                name: format!("{name}, {} {}", late.slot.day.short(), late.slot.session),
                path: address.path(),
                action: address.path().replacen("/registers", "/late-marks", 1),
                lines: Vec::new(),
            });
        }
        let there = stands.get(&late.enrolment);
        for account in [Some(late.account), there.map(|there| there.account)] {
            if let Some(account) = account
                && !names.contains_key(&account)
            {
                let name = name_of(tx, book.school, account)?;
                names.insert(account, name);
            }
        }
        let line = line(book, &late, there, &names, now);
        if let Some(register) = found.last_mut() {
            register.lines.push(line);
        }
    }
    lessons(tx, desk, book, &mut names, &mut found)?;
    Ok(found)
}

/// The same of lessons and of examinations.
fn lessons(
    tx: &mut Tx,
    desk: &Desk,
    book: &Book,
    names: &mut HashMap<AccountId, String>,
    found: &mut Vec<LateRegister>,
) -> Result<(), Refusal> {
    let mut stands: HashMap<EnrolmentId, LessonStanding> = HashMap::new();
    for late in late_lesson::waiting(tx, book.school)? {
        let path = late.sheet.path();
        if found.last().is_none_or(|last| last.path != path) {
            stands = match late.sheet {
                Sheet::Lesson(address) => lesson_standing(tx, book.school, address)?,
                Sheet::Room(place) => exam_standing(tx, book.school, place.exam)?,
            };
            let (name, when) = sheet_words(tx, book, &late)?;
            found.push(LateRegister {
                name: format!("{name}, {} {when}", late.day.short()),
                action: format!("/late-marks{path}"),
                path,
                lines: Vec::new(),
            });
        }
        let there = stands.get(&late.enrolment);
        for account in [Some(late.account), there.map(|there| there.account)] {
            if let Some(account) = account
                && !names.contains_key(&account)
            {
                let name = name_of(tx, book.school, account)?;
                names.insert(account, name);
            }
        }
        let line = lesson_line(book, &late, there, names, desk.office.now());
        if let Some(register) = found.last_mut() {
            register.lines.push(line);
        }
    }
    Ok(())
}

/// Whose register a mark was typed into, and where or when: `9A/Ma1` and `P2`, `Mathematics 1` and `Hall`.
fn sheet_words(
    tx: &mut Tx,
    book: &Book,
    late: &LateLessonMark,
) -> Result<(String, String), Refusal> {
    let LessonAddress { group, day, period } = match late.sheet {
        Sheet::Lesson(address) => address,
        Sheet::Room(place) => return Ok(exam_in_words(tx, book.school, place)?),
    };
    let group = book.groups.group(group);
    let name = group.map_or("A group of old", |group| group.name.as_str());
    let period = book.timetable.period(period, day);
    let period = period.map_or("lesson", |period| period.name.as_str());
    Ok((name.to_owned(), period.to_owned()))
}

fn lesson_line(
    book: &Book,
    late: &LateLessonMark,
    there: Option<&LessonStanding>,
    names: &HashMap<AccountId, String>,
    now: calendar::Instant,
) -> Line {
    let (pupil, name) = match whose(book, late.enrolment) {
        Some((pupil, name)) => (Some(pupil), name),
        None => (None, "No longer on roll".to_owned()),
    };
    let cell =
        |mark: Option<LessonMark>| mark_cell(mark, mark.map_or("no mark", LessonMark::meaning));
    let minutes = |minutes: Option<u32>| match minutes {
        Some(minutes) => format!("{minutes} min"),
        None => String::new(),
    };
    let standing = there.and_then(|there| there.mark);
    let stands_words = match there.filter(|_| standing.is_some()) {
        Some(there) => format!(
            "{} {}, {}",
            minutes(there.minutes),
            names.get(&there.account).map_or("", String::as_str),
            clock_of(there.at, now)
        ),
        None => "no mark".to_owned(),
    };
    Line {
        id: late.id,
        base: there.map_or(0, |there| there.seq),
        pupil,
        name,
        typed: cell(late.mark),
        typed_words: minutes(late.minutes),
        note: late.note.clone().unwrap_or_default(),
        stands: cell(standing),
        stands_words: stands_words.trim().to_owned(),
        differs: standing.is_some() && standing != late.mark,
        who: names.get(&late.account).cloned().unwrap_or_default(),
        made: clock_of(late.made_at, now),
        off: clock_is_off(late.made_at, late.device_at).unwrap_or_default(),
        came: clock_of(late.arrived_at, now),
    }
}

fn line(
    book: &Book,
    late: &LateMark,
    there: Option<&Standing>,
    names: &HashMap<AccountId, String>,
    now: calendar::Instant,
) -> Line {
    let (pupil, name) = match whose(book, late.enrolment) {
        Some((pupil, name)) => (Some(pupil), name),
        None => (None, "No longer on roll".to_owned()),
    };
    let cell = |code: Option<register::Code>| match code {
        Some(code) => MarkCell::new(
            code.to_string(),
            Face::of(meaning(code, late.slot.day).ok()),
            "",
        ),
        None => MarkCell::none("no mark"),
    };
    let minutes = |minutes: Option<u32>| match minutes {
        Some(minutes) => format!("{minutes} min"),
        None => String::new(),
    };
    let standing_code = there.and_then(|there| there.code);
    let plan = book.plans.expected(late.enrolment, late.slot);
    let stands_words = match (there.filter(|there| there.code.is_some()), plan) {
        (Some(there), _) => format!(
            "{} {}, {}",
            minutes(there.minutes),
            names.get(&there.account).map_or("", String::as_str),
            clock_of(there.at, now)
        ),
        (None, Some(_)) => "by plan".to_owned(),
        (None, None) => "no mark".to_owned(),
    };
    Line {
        id: late.id,
        base: there.map_or(0, |there| there.seq),
        pupil,
        name,
        typed: cell(late.code),
        typed_words: minutes(late.minutes),
        note: late.note.clone().unwrap_or_default(),
        stands: match (standing_code, plan) {
            (None, Some(on_file)) => MarkCell {
                planned: true,
                ..cell(Some(on_file.plan.code))
            },
            (code, _) => cell(code),
        },
        stands_words: stands_words.trim().to_owned(),
        differs: standing_code.is_some() && standing_code != late.code,
        who: names.get(&late.account).cloned().unwrap_or_default(),
        made: clock_of(late.made_at, now),
        off: clock_is_off(late.made_at, late.device_at).unwrap_or_default(),
        came: clock_of(late.arrived_at, now),
    }
}

/// `POST /late-marks/{group}/{day}/{session}`: `late` is `{number}:{base}`, `decide` is `accept` or `refuse`, `because` the reason.
pub(super) async fn decide(
    desk: Desk,
    Path(address): Path<(String, String, String)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let address = RegisterAddress::of(address).map_err(|refusal| desk.problem(refusal))?;
    let choice = choice_of(&answers);
    let did = did(&choice);
    let register: (_, Slot) = (address.group, address.slot);
    let outcome = desk
        .act(move |act, actor| decide_late(act, actor, register, &choice))
        .await;
    decided(desk, outcome, did).await
}

/// `POST /late-marks/lessons/{group}/{day}/{period}`, as [`decide`].
pub(super) async fn decide_lesson(
    desk: Desk,
    Path((group, day, period)): Path<(i64, String, i64)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let day = day.parse().map_err(|_| desk.problem(Refusal::NotFound))?;
    let lesson = LessonAddress {
        group: GroupId(group),
        day,
        period: PeriodId(period),
    };
    let choice = choice_of(&answers);
    let did = did(&choice);
    let outcome = desk
        .act(move |act, actor| decide_late_lesson(act, actor, lesson, &choice))
        .await;
    decided(desk, outcome, did).await
}

/// `POST /late-marks/exams/{exam}/rooms/{room}`, as [`decide`].
pub(super) async fn decide_exam(
    desk: Desk,
    Path((exam, room)): Path<(i64, i64)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let place = ExamRoom {
        exam: ExamId(exam),
        room: RoomId(room),
    };
    let choice = choice_of(&answers);
    let did = did(&choice);
    let outcome = desk
        .act(move |act, actor| decide_late_exam(act, actor, place, &choice))
        .await;
    decided(desk, outcome, did).await
}

fn choice_of(answers: &Answers) -> LateChoice {
    LateChoice {
        accept: answers.text("decide") == "accept",
        chosen: answers.all("late").filter_map(number_and_base).collect(),
        because: answers.text("because").to_owned(),
    }
}

fn did(choice: &LateChoice) -> &'static str {
    if choice.accept { "accepted" } else { "refused" }
}

/// The list again, with what was done or what stands in the way.
async fn decided(
    desk: Desk,
    outcome: Result<Decided, Problem>,
    did: &str,
) -> Result<Response, Problem> {
    match outcome {
        Ok(Decided { settled, left }) if left.is_empty() => {
            Ok(Redirect::to(&format!("/late-marks?did={did}&done={settled}")).into_response())
        }
        Ok(Decided { left, .. }) => show(desk, None, left, String::new()).await,
        Err(problem) => match problem.ground() {
            Some(ground) => {
                let ground = ground.to_owned();
                show(desk, None, Vec::new(), ground).await
            }
            None => Err(problem),
        },
    }
}

fn number_and_base(text: &str) -> Option<(i64, i64)> {
    let (number, base) = text.split_once(':')?;
    Some((number.parse().ok()?, base.parse().ok()?))
}

/// `/late-marks` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_decide(wanted.actor)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = [
        "Pupil",
        "Register",
        "Day",
        "Session or period",
        "Typed",
        "Minutes late",
        "Note",
        "Typed by",
        "Typed at",
        "Came at",
        "Device's clock",
    ];
    let mut sheet = wanted.sheet(tx, "Late marks", &headings)?;
    let now = wanted.office.now();
    let mut pupils = Vec::new();
    for late in waiting(tx, book.school)? {
        let (pupil, name) = whose(&book, late.enrolment).ok_or(Refusal::NotFound)?;
        let group = book.groups.group(late.group);
        pupils.push(pupil);
        sheet.rows.push(vec![
            Cell::text(&name),
            Cell::text(group.map_or("", |group| &group.name)),
            Cell::Day(late.slot.day),
            Cell::text(&late.slot.session.to_string()),
            Cell::text(&late.code.map(|code| code.to_string()).unwrap_or_default()),
            late.minutes
                .map_or(Cell::Blank, |minutes| Cell::whole(i64::from(minutes))),
            Cell::text(late.note.as_deref().unwrap_or("")),
            Cell::text(&name_of(tx, book.school, late.account)?),
            Cell::text(&clock_of(late.made_at, now)),
            Cell::text(&clock_of(late.arrived_at, now)),
            Cell::text(&clock_is_off(late.made_at, late.device_at).unwrap_or_default()),
        ]);
    }
    for late in late_lesson::waiting(tx, book.school)? {
        let (pupil, name) = whose(&book, late.enrolment).ok_or(Refusal::NotFound)?;
        let (register, period) = sheet_words(tx, &book, &late)?;
        pupils.push(pupil);
        sheet.rows.push(vec![
            Cell::text(&name),
            Cell::text(&register),
            Cell::Day(late.day),
            Cell::text(&period),
            Cell::text(late.mark.map_or("", LessonMark::letter)),
            late.minutes
                .map_or(Cell::Blank, |minutes| Cell::whole(i64::from(minutes))),
            Cell::text(late.note.as_deref().unwrap_or("")),
            Cell::text(&name_of(tx, book.school, late.account)?),
            Cell::text(&clock_of(late.made_at, now)),
            Cell::text(&clock_of(late.arrived_at, now)),
            Cell::text(&clock_is_off(late.made_at, late.device_at).unwrap_or_default()),
        ]);
    }
    Ok(Leaving::new(sheet, wanted.today()).naming(pupils))
}
