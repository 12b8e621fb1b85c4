//! The addresses of examinations: the list, a sitting with its rooms and seating, and the register of a room.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use calendar::{Day, Instant, Session, Slot};
use register::lesson::LessonMark;
use store::Tx;

use super::ExamRoom;
use super::contact::{
    Contact, Risk, answer_contact, ask_contact, contacts, due, keeps_plan, whereabouts,
};
use super::read::{Exam, Room, candidates, exam, exams, is_not_there, rooms};
use super::register::{exam_keeper, exam_page, find, save_exam};
use super::set::{NewExam, NewSeats, cancel_exam, choices, seat_group, set_exam, take_out};
use crate::book::{Book, GroupKind, LessonPeriod};
use crate::desk::{ActingDesk, Desk, Office, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, ExamId, GroupId, PupilId, RoomId, StaffId};
use crate::people::{Actor, Place};
use crate::registers::cover::{able, take_registers};
use crate::registers::history::HistoryPage;
use crate::registers::lessons::history::exam_entries;
use crate::registers::lessons::page::{mark_cell, told};
use crate::registers::lessons::place::Place as Candidate;
use crate::registers::pages::{AfterSaving, Sent, answer_to, sent};
use crate::registers::save::clock_of;
use crate::roll::may_keep_roll;
use crate::shell::{Choice, Exports, Field, Frame, MarkCell, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted, texts};
use crate::year::settings::session_times;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/exams", get(list))
        .route("/exams/new", get(ask_new).post(answer_new))
        .route("/exams/{exam}", get(one))
        .route("/exams/{exam}/seat", get(ask_seats).post(answer_seats))
        .route("/exams/{exam}/cancel", post(cancel))
        .route(
            "/exams/{exam}/seats/{candidate}/take-out",
            post(take_seat_back),
        )
        .route(
            "/exams/{exam}/seats/{candidate}/call",
            get(ask_contact).post(answer_contact),
        )
        .route("/exams/{exam}/rooms/{room}", get(register))
        .route("/exams/{exam}/rooms/{room}/save", post(save))
        .route("/exams/{exam}/rooms/{room}/history", get(history))
}

/// Whether this person sets examinations: whoever keeps the timetable.
fn may_set(tx: &mut Tx, actor: &Actor, today: Day) -> Result<bool, Refusal> {
    match may_keep_roll(tx, actor, today) {
        Ok(_) => Ok(true),
        Err(Refusal::NotAllowed(_) | Refusal::NotFound) => Ok(false),
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "registers/exams/list.html")]
struct ListPage {
    frame: Frame,
    may_set: bool,
    rows: Vec<Listed>,
    nothing: Option<State>,
    under: Under,
}

/// A sitting in the list.
struct Listed {
    id: ExamId,
    day: Day,
    title: String,
    times: String,
    rooms: String,
    candidates: i64,
    /// Whether this person keeps the register of one of its rooms.
    opens: bool,
}

fn listed(tx: &mut Tx, actor: &Actor) -> Result<Vec<Listed>, Refusal> {
    if !Place::Registers.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let all = rooms(tx, actor.school, None)?;
    let rows = exams(tx, actor.school)?.into_iter().map(|exam| {
        let own: Vec<&Room> = all.iter().filter(|room| room.exam == exam.id).collect();
        let names: Vec<&str> = own.iter().map(|room| room.name.as_str()).collect();
        Listed {
            id: exam.id,
            day: exam.day,
            times: exam.times(),
            title: exam.title,
            rooms: names.join(", "),
            candidates: own.iter().map(|room| room.candidates).sum(),
            opens: own.iter().any(|room| exam_keeper(actor, room).is_ok()),
        }
    });
    Ok(rows.collect())
}

fn notice(asked: &Answers) -> Option<Notice> {
    let text = match asked.text("did") {
        "exam" => "The examination is set. Seat its candidates next.",
        "seats" => "They are seated, and their lessons show them at the examination.",
        "out" => "The candidate is taken out.",
        "call" => "The call is logged.",
        "cancelled" => "The examination is cancelled.",
        _ => return None,
    };
    Some(Notice::done(text))
}

async fn list(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let rows = listed(tx, actor)?;
        let page = ListPage {
            may_set: may_set(tx, actor, here.office.today().0)?,
            frame: here.frame(tx, actor, "Examinations")?.with_notice(notice(&asked)),
            nothing: rows.is_empty().then(|| {
                State::empty(
                    "No examinations are set",
                    "A sitting has rooms, candidates in their seats, and a register that its invigilator takes.",
                )
            }),
            under: Under {
                shown: match rows.len() {
                    1 => "1 examination".into(),
                    count => format!("{count} examinations").into(),
                },
                exports: Exports::usual("/exams"),
                ..Under::default()
            },
            rows,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/exams` as a file.
pub(super) fn exams_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let rows = listed(tx, wanted.actor)?;
    let headings = ["Day", "Examination", "Time", "Rooms", "Candidates"];
    let sheet = wanted.sheet(tx, "Examinations", &headings)?;
    let lines = rows.into_iter().map(|row| {
        vec![
            row.day.to_string(),
            row.title,
            row.times,
            row.rooms,
            row.candidates.to_string(),
        ]
    });
    Ok(Leaving::new(texts(sheet, lines.collect()), wanted.today()))
}

#[derive(Template)]
#[template(path = "registers/exams/exam.html")]
struct ExamPage {
    frame: Frame,
    exam: Exam,
    may_set: bool,
    /// Whether it may still be changed.
    is_to_come: bool,
    rooms: Vec<RoomShown>,
    /// Whether this person keeps the attendance plan (E-190).
    keeps_plan: bool,
    /// Whose home is to be called now, and which call that is.
    to_call: Vec<ToCall>,
    /// Once it has begun: who is not there, and what is known of them.
    not_there: Vec<NotThere>,
    nothing: Option<State>,
    under: Under,
}

/// A candidate whose home is to be called now.
struct ToCall {
    pupil: PupilId,
    enrolment: EnrolmentId,
    name: String,
    /// Which call: `07:30 on the day`.
    step: &'static str,
    /// Why: `high: absent from 5 of the last 20 sessions`.
    why: String,
    /// Whether they come before the others.
    comes_first: bool,
}

/// A candidate who is not at the examination.
struct NotThere {
    pupil: PupilId,
    enrolment: EnrolmentId,
    name: String,
    /// The last call about them; may be empty.
    last_call: String,
    /// What is known: `AM: I, illness`; may be empty.
    known: String,
}

/// A room with who sits in it.
struct RoomShown {
    name: String,
    invigilator: String,
    register: String,
    state: String,
    seats: Vec<Seat>,
}

/// A candidate's seat.
struct Seat {
    seat: i64,
    enrolment: EnrolmentId,
    pupil: PupilId,
    name: String,
    tutor_group: String,
    cell: MarkCell,
    has_mark: bool,
    minutes: Option<u32>,
    is_not_there: bool,
    /// What the attendance register or a plan says of somebody away.
    known: String,
    /// How likely they are to stay away; empty for hardly, and for whoever does not keep the plan.
    risk: String,
    /// Whether they come before the others.
    is_high_risk: bool,
    /// The calls about them, oldest first, in words; none for whoever does not keep the plan.
    calls: Vec<String>,
    /// The same in short.
    calls_in_short: String,
    /// The call that is due now.
    due: Option<&'static str>,
}

impl Seat {
    fn of(
        book: &Book,
        exam: &Exam,
        period: &LessonPeriod,
        (candidate, seat): (&Candidate, i64),
        plan: Option<&HashMap<EnrolmentId, Vec<Contact>>>,
        now: Instant,
    ) -> Option<Seat> {
        let enrolment = candidate.enrolment;
        let row = book.roll.row(enrolment)?;
        let pupil = book.roll.pupil_of_row(row)?;
        let is_not_there = is_not_there(candidate);
        let session = Slot::new(exam.day, period.session.unwrap_or(Session::Am));
        let risk = plan.map(|_| Risk::of(book, row, session));
        let calls = plan.and_then(|plan| plan.get(&enrolment));
        let calls = calls.map(Vec::as_slice).unwrap_or_default();
        let due = risk.and_then(|risk| due(exam, now, risk, whereabouts(candidate), calls));
        let tutor = book.groups.of_kind(enrolment, GroupKind::Tutor, exam.day);
        let mark = candidate.mark();
        let standing = candidate.standing.as_ref();
        let flag = told(candidate, period).map(|flag| flag.text.to_string());
        Some(Seat {
            seat,
            enrolment,
            pupil: pupil.id,
            name: pupil.listed(),
            tutor_group: tutor.map_or_else(String::new, |group| group.name.clone()),
            cell: mark_cell(mark, mark.map_or("not marked yet", LessonMark::meaning)),
            has_mark: mark.is_some(),
            minutes: standing.and_then(|standing| standing.minutes),
            is_not_there,
            risk: risk.map(Risk::words).unwrap_or_default(),
            is_high_risk: risk.is_some_and(Risk::is_high),
            calls: calls.iter().map(|call| call.words(now)).collect(),
            calls_in_short: calls
                .iter()
                .map(Contact::bare)
                .collect::<Vec<_>>()
                .join("; "),
            due: due.map(|step| step.label()),
            known: standing
                .and_then(|standing| standing.note.clone())
                .or(flag)
                .unwrap_or_default(),
        })
    }
}

/// The rooms of a sitting that this person may see: all for who sees every register, their own for an invigilator.
///
/// Errors: [`Refusal::NotFound`] for somebody who may see none of them, unless they set examinations.
fn shown(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    exam: &Exam,
    sets: bool,
    now: Instant,
) -> Result<Vec<RoomShown>, Refusal> {
    let times = session_times(&book.settings, exam.day)?;
    let period = exam.held(&times);
    let plan = match keeps_plan(actor) {
        true => Some(contacts(tx, actor.school, exam.id)?),
        false => None,
    };
    let mut shown = Vec::new();
    for room in rooms(tx, actor.school, Some(exam.id))? {
        if exam_keeper(actor, &room).is_err() {
            continue;
        }
        let place = ExamRoom {
            exam: exam.id,
            room: room.room,
        };
        let mut seated = candidates(tx, actor.school, place, exam.day, &period, &times)?;
        seated.sort_by_key(|(_, seat)| *seat);
        let seats = seated.iter().filter_map(|(candidate, seat)| {
            Seat::of(book, exam, &period, (candidate, *seat), plan.as_ref(), now)
        });
        let member = room.invigilator.and_then(|staff| book.staff.member(staff));
        shown.push(RoomShown {
            name: room.name.clone(),
            invigilator: member.map_or_else(String::new, |member| member.name.clone()),
            register: place.path(),
            state: match room.taken_at {
                Some(at) => format!("taken {}", clock_of(at, now)),
                None if now < Instant::at_london(exam.day, exam.starts) => {
                    format!("begins at {}", exam.starts)
                }
                None => "not taken".to_owned(),
            },
            seats: seats.collect(),
        });
    }
    if shown.is_empty() && !sets {
        return Err(Refusal::NotFound);
    }
    Ok(shown)
}

async fn one(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let today = now.in_london().0;
        let exam = exam(tx, actor.school, ExamId(id))?.ok_or(Refusal::NotFound)?;
        let sets = may_set(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let rooms = shown(tx, actor, &book, &exam, sets, now)?;
        let candidates: usize = rooms.iter().map(|room| room.seats.len()).sum();
        let has_begun = Instant::at_london(exam.day, exam.starts) <= now;
        let all = || rooms.iter().flat_map(|room| &room.seats);
        let mut to_call: Vec<ToCall> = all()
            .filter(|_| !has_begun)
            .filter_map(|seat| {
                Some(ToCall {
                    pupil: seat.pupil,
                    enrolment: seat.enrolment,
                    name: seat.name.clone(),
                    step: seat.due?,
                    why: seat.risk.clone(),
                    comes_first: seat.is_high_risk,
                })
            })
            .collect();
        // Each in order of seat.
        to_call.sort_by_key(|one| !one.comes_first);
        let not_there = all().filter(|seat| has_begun && seat.is_not_there);
        let not_there = not_there.map(|seat| NotThere {
            pupil: seat.pupil,
            enrolment: seat.enrolment,
            name: seat.name.clone(),
            last_call: seat.calls.last().cloned().unwrap_or_default(),
            known: seat.known.clone(),
        });
        let page = ExamPage {
            frame: here
                .frame(tx, actor, "Examination")?
                .with_notice(notice(&asked)),
            may_set: sets,
            is_to_come: exam.day >= today,
            not_there: not_there.collect(),
            keeps_plan: keeps_plan(actor),
            to_call,
            nothing: rooms
                .is_empty()
                .then(|| State::empty("Nobody is seated yet", "Seat a group in a room.")),
            under: Under {
                shown: match candidates {
                    1 => "1 candidate".into(),
                    count => format!("{count} candidates").into(),
                },
                exports: Exports::usual(&format!("/exams/{id}")),
                ..Under::default()
            },
            rooms,
            exam,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/exams/{exam}` as a file: the seating list, by room and seat.
pub(super) fn seating_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let actor = wanted.actor;
    let id = ExamId(wanted.named()?);
    let exam = exam(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let rooms = shown(tx, actor, &book, &exam, false, wanted.office.now())?;
    let headings = [
        "Room",
        "Seat",
        "Pupil",
        "Tutor group",
        "Invigilator",
        "Mark",
        "Minutes late",
        "Risk of absence",
        "Calls",
    ];
    let mut sheet = wanted.sheet(tx, "Seating", &headings)?;
    sheet
        .about
        .push(("Examination".to_owned(), exam.title.clone()));
    let when = format!("{}, {}", exam.day.long(), exam.times());
    sheet.about.push(("When".to_owned(), when));
    let mut pupils = Vec::new();
    let mut lines = Vec::new();
    for room in rooms {
        for seat in room.seats {
            pupils.push(seat.pupil);
            lines.push(vec![
                room.name.clone(),
                seat.seat.to_string(),
                seat.name,
                seat.tutor_group,
                room.invigilator.clone(),
                match seat.has_mark {
                    true => seat.cell.code.to_string(),
                    false => String::new(),
                },
                seat.minutes
                    .map_or_else(String::new, |minutes| minutes.to_string()),
                seat.risk,
                seat.calls_in_short,
            ]);
        }
    }
    Ok(Leaving::new(texts(sheet, lines), exam.day).naming(pupils))
}

fn new_form(today: Day) -> FormPage {
    let fields = vec![
        Field::line("title", "Examination").hint("Such as Mathematics 1, mock."),
        Field::day("day", "Day").value(today.to_string()),
        Field::line("starts", "Begins").short().hint("09:00"),
        Field::line("ends", "Ends").short().hint("10:30"),
    ];
    FormPage::new(
        "Set an examination",
        ("/exams", "Examinations"),
        "Set it",
        vec![Part::new("", fields)],
    )
    .about("The register of a room is the school's own. The attendance register of the session is taken as ever (R-020), and candidates are shown in their lessons as at the examination.")
}

async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        Ok(new_form(today))
    })
    .await
}

async fn answer_new(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let mut wrongs = Wrongs::default();
        let title = answers.required("title", "Say what is sat.", &mut wrongs);
        if title.chars().count() > 80 {
            wrongs.add("title", "Say it in 80 characters at most.");
        }
        let day = answers.day("day", &mut wrongs);
        let mut time = |name: &'static str| {
            let given = answers.text(name).parse().ok();
            if given.is_none() {
                wrongs.add(name, "Give a time such as 09:00.");
            }
            given
        };
        let times = (time("starts"), time("ends"));
        if let ((Some(starts), Some(ends)), Some(day), true) = (times, day, wrongs.is_empty()) {
            let new = NewExam {
                title,
                day,
                starts,
                ends,
            };
            match set_exam(act, actor, today, &new) {
                Ok(id) => return Ok(Outcome::done(&format!("/exams/{id}"), "exam")),
                Err(Refusal::Wrong(ground)) => wrongs.add("day", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(new_form(today), &answers, &wrongs))
    })
    .await
}

fn seats_form(
    tx: &mut Tx,
    actor: &Actor,
    book: Option<&Book>,
    today: Day,
    id: ExamId,
) -> Result<FormPage, Refusal> {
    may_keep_roll(tx, actor, today)?;
    let exam = exam(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    let (rooms, groups) = choices(tx, actor.school, today)?;
    let takes = take_registers(tx, actor.school, exam.day)?;
    let mut invigilators: Vec<Choice> = book
        .map(|book| able(book, exam.day, &takes, &[]))
        .unwrap_or_default()
        .into_iter()
        .map(|member| Choice::new(member.id.to_string(), member.name.clone()))
        .collect();
    invigilators.insert(0, Choice::new("", "Nobody yet"));
    let fields = vec![
        Field::select("group", "Who sits it", groups)
            .hint("Everybody in the group who has no seat yet, in order of name."),
        Field::select("room", "Room", rooms),
        Field::select("staff", "Invigilator", invigilators)
            .optional()
            .hint("Takes the register of the room."),
    ];
    Ok(FormPage::new(
        "Seat candidates",
        (format!("/exams/{id}"), "Examination"),
        "Seat them",
        vec![Part::new("", fields)],
    )
    .of(format!(
        "{}, {}, {}",
        exam.title,
        exam.day.long(),
        exam.times()
    )))
}

async fn ask_seats(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        let book = here.office.shelf.book(tx, actor.school)?;
        seats_form(tx, actor, Some(&book), today, ExamId(id))
    })
    .await
}

async fn answer_seats(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let (Some(group), Some(room)) = (answers.number("group"), answers.number("room")) else {
            return Err(Refusal::Wrong("Choose a group and a room.".to_owned()));
        };
        let new = NewSeats {
            group: GroupId(group),
            room: RoomId(room),
            invigilator: answers.number("staff").map(StaffId),
        };
        seat_group(act, actor, today, ExamId(id), &new)?;
        Ok(Outcome::done(&format!("/exams/{id}"), "seats"))
    })
    .await
}

async fn cancel(
    desk: Desk,
    Path(id): Path<i64>,
    Form(_): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        cancel_exam(act, actor, today, ExamId(id))?;
        Ok(Outcome::done("/exams", "cancelled"))
    })
    .await
}

async fn take_seat_back(
    desk: Desk,
    Path((id, candidate)): Path<(i64, i64)>,
    Form(_): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        take_out(act, actor, today, ExamId(id), EnrolmentId(candidate))?;
        Ok(Outcome::done(&format!("/exams/{id}"), "out"))
    })
    .await
}

async fn register(
    desk: Desk,
    Path((exam, room)): Path<(i64, i64)>,
    Query(asked): Query<AfterSaving>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let place = ExamRoom {
            exam: ExamId(exam),
            room: RoomId(room),
        };
        let frame = here.frame(tx, actor, "Exam register")?;
        let frame = frame.with_notice(asked.notice());
        let book = here.office.shelf.book(tx, actor.school)?;
        let page = exam_page(tx, actor, &book, place, here.office.now(), frame)?;
        Ok(Page(page).into_response())
    })
    .await
}

async fn save(
    ActingDesk(desk): ActingDesk,
    Path((exam, room)): Path<(i64, i64)>,
    request: Request,
) -> Result<Response, Problem> {
    let place = ExamRoom {
        exam: ExamId(exam),
        room: RoomId(room),
    };
    let Sent { save, is_json } = sent(&desk, request).await?;
    let answer = desk
        .act(move |act, actor| save_exam(act, actor, place, &save))
        .await?;
    answer_to(&desk, &answer, is_json, &place.path())
}

async fn history(desk: Desk, Path((exam, room)): Path<(i64, i64)>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let place = ExamRoom {
            exam: ExamId(exam),
            room: RoomId(room),
        };
        let (sitting, room) = find(tx, actor, place)?;
        exam_keeper(actor, &room)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let page = HistoryPage {
            frame: here.frame(tx, actor, "Exam register history")?,
            group: sitting.title,
            day: sitting.day,
            what: room.name,
            path: place.path(),
            entries: exam_entries(tx, &book, place, here.office.now())?,
        };
        Ok(Page(page).into_response())
    })
    .await
}
