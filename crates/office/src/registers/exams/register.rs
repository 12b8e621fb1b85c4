//! The register of a room of an examination, taken by its invigilator in order of seats.

use calendar::{Day, Instant};
use register::entry::RoleKind;
use register::lesson::LessonMark;
use store::{Act, Tx, args};

use super::ExamRoom;
use super::read::{Exam, Room, candidates, exam, rooms};
use crate::book::Book;
use crate::desk::Refusal;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::keeper::{Keeper, school_wide, takes_registers};
use crate::registers::lessons::page::{choices, face, state_text, told};
use crate::registers::lessons::save::{Clock, OpenLesson, Sheet, clock, keep};
use crate::registers::save::{Save, SaveAnswer, makes_sense, told_before};
use crate::shell::{
    Errors, Face, Frame, LessonWords, RegisterOf, RegisterPage, RegisterRow, RegisterState, Text,
};
use crate::year::settings::{amendment_reasons, lesson_opens, mode, session_times, settings};

pub(super) const TAKEN: &str = "\
select 1 from exam_taken where school_id = $1 and exam_id = $2 and room_id = $3 and superseded_seq is null";

/// What this person may do with the register of a room: the office and who reads all registers what they may do with any, and the invigilator
/// takes it.
///
/// Errors: [`Refusal::NotFound`] for somebody who may not know of it.
pub(super) fn exam_keeper(actor: &Actor, room: &Room) -> Result<Keeper, Refusal> {
    if actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        return Ok(Keeper::Marker(school_wide(actor)));
    }
    let invigilates = actor.staff.is_some() && actor.staff == room.invigilator;
    let may_take = actor
        .grants(RecordKind::AttendanceMarks)
        .any(takes_registers);
    if invigilates && may_take {
        Ok(Keeper::Marker(RoleKind::ClassTeacher))
    } else if actor.may_for_school(Access::Read, RecordKind::AttendanceMarks) {
        Ok(Keeper::Reader)
    } else {
        Err(Refusal::NotFound)
    }
}

/// The sitting and the room that an address names.
pub(super) fn find(tx: &mut Tx, actor: &Actor, place: ExamRoom) -> Result<(Exam, Room), Refusal> {
    let sitting = exam(tx, actor.school, place.exam)?.ok_or(Refusal::NotFound)?;
    let room = rooms(tx, actor.school, Some(place.exam))?
        .into_iter()
        .find(|room| room.room == place.room)
        .ok_or(Refusal::NotFound)?;
    Ok((sitting, room))
}

/// Saves marks of the register of one room of an examination, as [`crate::registers::lessons::save_lesson`] does those of a lesson.
///
/// Errors: [`Refusal::NotFound`] for somebody who may not know of it, [`Refusal::NotAllowed`] for one who may only read it,
/// [`Refusal::Wrong`] for a save that makes no sense as a whole.
pub fn save_exam(
    act: &mut Act,
    actor: &Actor,
    place: ExamRoom,
    save: &Save,
) -> Result<SaveAnswer, Refusal> {
    makes_sense(save)?;
    if let Some(told) = told_before(act.tx(), actor, &save.change_id)? {
        return Ok(told);
    }
    let open = open_exam_room(act, actor, place)?;
    keep(act, actor, open, save)
}

/// The register of a room in the hands of an act.
///
/// Errors: [`Refusal::NotFound`] for somebody who may not know of it, [`Refusal::NotAllowed`] for one who may only read it.
pub(in crate::registers) fn open_exam_room(
    act: &mut Act,
    actor: &Actor,
    place: ExamRoom,
) -> Result<OpenLesson, Refusal> {
    let (school, now) = (act.school(), act.at());
    let tx = act.tx();
    let (sitting, room) = find(tx, actor, place)?;
    let Some(role) = exam_keeper(actor, &room)?.role() else {
        let ground = "You may read this register and not mark it. Ask its invigilator or the attendance office.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    };
    let settings = settings(tx, school)?;
    if !mode(&settings, sitting.day)?.marks_here() {
        let ground = "The school's own system keeps the registers (I-001), so marks are read from it and not entered here.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let times = session_times(&settings, sitting.day)?;
    let before = lesson_opens(&settings, sitting.day)?;
    let period = sitting.held(&times);
    let places = candidates(tx, school, place, sitting.day, &period, &times)?;
    if places.is_empty() {
        return Err(Refusal::NotFound);
    }
    let key = args![school, place.exam, place.room];
    let taken = tx.query_opt(TAKEN, &key, |_| Ok(()))?.is_some();
    Ok(OpenLesson {
        sheet: Sheet::Room(place),
        day: sitting.day,
        clock: clock(sitting.day, &period, before, taken, now),
        before,
        period,
        taken,
        role,
        now,
        places: places.into_iter().map(|(place, _)| place).collect(),
    })
}

/// The register of a room, in order of seats.
///
/// Errors: as [`save_exam`].
pub(super) fn exam_page(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    place: ExamRoom,
    now: Instant,
    frame: Frame,
) -> Result<RegisterPage, Refusal> {
    let (sitting, room) = find(tx, actor, place)?;
    let keeper = exam_keeper(actor, &room)?;
    let day: Day = sitting.day;
    let times = session_times(&book.settings, day)?;
    let period = sitting.held(&times);
    let mut seated = candidates(tx, book.school, place, day, &period, &times)?;
    seated.sort_by_key(|(_, seat)| *seat);
    let before = lesson_opens(&book.settings, day)?;
    let clock = clock(day, &period, before, room.taken_at.is_some(), now);
    let marks_here = mode(&book.settings, day)?.marks_here();
    let may_mark = keeper.role().is_some() && marks_here;
    let state = match clock {
        _ if !may_mark => RegisterState::ReadOnly,
        Clock::NotBegun => RegisterState::NotOpen,
        Clock::Open => RegisterState::Open,
        Clock::Ended => RegisterState::Amend,
    };
    let invigilator = room
        .invigilator
        .and_then(|staff| book.staff.member(staff))
        .map_or_else(String::new, |member| member.name.clone());
    let today = now.in_london().0;
    let moment = |time| Instant::at_london(day, time);
    let rows = seated.iter().filter_map(|(candidate, seat)| {
        let row = book.roll.row(candidate.enrolment)?;
        let pupil = book.roll.pupil_of_row(row)?;
        let mark = candidate.mark();
        let away = candidate.is_away();
        Some(RegisterRow {
            number: usize::try_from(*seat).unwrap_or(0),
            enrolment: candidate.enrolment.0,
            name: pupil.listed(),
            href: format!("/pupils/{}", pupil.id).into(),
            last: Vec::new(),
            code: mark.map_or("", LessonMark::letter).into(),
            code_face: mark.map_or(Face::NoMark, face),
            minutes: candidate
                .standing
                .as_ref()
                .and_then(|standing| standing.minutes),
            base: candidate.base(),
            flags: told(candidate, &period).into_iter().collect(),
            planned: "".into(),
            planned_code: if away {
                LessonMark::NotExpected.letter()
            } else {
                ""
            }
            .into(),
            planned_face: if away {
                face(LessonMark::NotExpected)
            } else {
                Face::NoMark
            },
            note: candidate
                .standing
                .as_ref()
                .and_then(|standing| standing.note.clone())
                .unwrap_or_default()
                .into(),
            sub_code: "".into(),
            sibling: "".into(),
        })
    });
    let about: Vec<String> = [sitting.times(), room.name.clone(), invigilator.clone()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let reasons = amendment_reasons(&book.settings, today)?;
    Ok(RegisterPage {
        frame,
        path: place.path(),
        group: sitting.title.clone(),
        day,
        of: RegisterOf::Lesson(LessonWords {
            period: room.name.clone(),
            about: about.join(", "),
        }),
        now,
        begins: moment(sitting.starts),
        closes: moment(sitting.ends),
        ends: moment(sitting.ends),
        state,
        state_text: state_text(keeper, clock, marks_here, &period, day == today),
        taken: room.taken_at.map_or_else(String::new, |at| {
            format!("taken {}", crate::registers::save::clock_of(at, now))
        }),
        rows: rows.collect(),
        boarders: Vec::new(),
        codes: choices(may_mark, clock, &period, before),
        present: LessonMark::Present.letter(),
        on_behalf_of: keeper
            .is_office()
            .then(|| match state {
                RegisterState::Open => invigilator,
                _ => String::new(),
            })
            .map(Text::from),
        reasons: reasons.into_iter().map(Text::from).collect(),
        change_id: format!(
            "form-{}-{}-{}-{}",
            actor.account,
            place.exam,
            place.room,
            now.micros()
        ),
        errors: Errors::default(),
        side_by_side: format!("/exams/{}", place.exam).into(),
        previous: None,
        next: None,
    })
}
