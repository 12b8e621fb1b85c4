//! Marks of lessons and of examinations that waited on a device for more than two days: held for the office, as those of sessions are.
//!
//! A lesson's register that nobody has taken stays open, so a mark is late here only when it is old. Held, it is no mark; taken by the
//! office it is a change in the office's name, with when it was typed as its evidence, and it changes no session mark.

use std::collections::HashSet;

use calendar::{Day, Instant};
use register::entry::RoleKind;
use register::lesson::LessonMark;
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::super::enter::Change;
use super::super::exams::{ExamRoom, open_exam_room};
use super::super::lessons::LessonAddress;
use super::super::lessons::save::{
    Decision, OpenLesson, Sheet, open_lesson, take_if_complete, write,
};
use super::super::records::LATE_LESSON_MARK;
use super::super::save::{Save, name_of};
use super::late::{Decided, LateChoice, WAITS_AT_MOST_SECONDS, reason_of, too_long};
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId, ExamId, GroupId};
use crate::people::Actor;

macro_rules! held_marks {
    ($($which:literal)+) => {
        concat!(
            "select late_id, group_id, enrolment_id, on_date, period_id, mark, minutes_late, note, account_id, device_at, made_at, arrived_at, \
             exam_id, room_id from late_lesson_mark where school_id = $1 and state = 'waiting' and superseded_seq is null",
            $($which),+
        )
    };
}

pub(in crate::registers) const LESSONS_WAITING: &str =
    held_marks!(" order by on_date, period_id, group_id, exam_id, room_id, enrolment_id, late_id");

pub(in crate::registers) const LESSON_COUNT: &str = "\
select count(*) from late_lesson_mark where school_id = $1 and state = 'waiting' and superseded_seq is null";

pub(in crate::registers) const LESSON_PLACE: &str = held_marks!(
    " and enrolment_id = $2 and on_date = $3 and account_id = $4"
    " and coalesce(period_id, 0) = $5 and coalesce(exam_id, 0) = $6"
);

pub(in crate::registers) const LESSON_ONE: &str = held_marks!(" and late_id = $2");

/// A mark of a lesson or of an examination that waits for the office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registers) struct LateLessonMark {
    /// Its number.
    pub(in crate::registers) id: i64,
    /// The register that it was typed into.
    pub(in crate::registers) sheet: Sheet,
    /// The day.
    pub(in crate::registers) day: Day,
    /// The time on roll.
    pub(in crate::registers) enrolment: EnrolmentId,
    /// The mark as typed; none where one was to be taken back.
    pub(in crate::registers) mark: Option<LessonMark>,
    /// Minutes late as typed.
    pub(in crate::registers) minutes: Option<u32>,
    /// The note.
    pub(in crate::registers) note: Option<String>,
    /// Who typed it.
    pub(in crate::registers) account: AccountId,
    /// What the device's own clock said.
    pub(in crate::registers) device_at: Option<Instant>,
    /// The same moment on the server's clock.
    pub(in crate::registers) made_at: Instant,
    /// When it came.
    pub(in crate::registers) arrived_at: Instant,
}

fn read(row: &Row<'_>) -> Result<LateLessonMark, StoreError> {
    let day: Day = row.get(3)?;
    let lesson = row.get::<Option<GroupId>>(1)?.zip(row.get(4)?);
    let lesson = lesson.map(|(group, period)| LessonAddress { group, day, period });
    let room = row.get::<Option<ExamId>>(12)?.zip(row.get(13)?);
    let room = room.map(|(exam, room)| ExamRoom { exam, room });
    let mark = row.get::<Option<&str>>(5)?;
    Ok(LateLessonMark {
        id: row.get(0)?,
        sheet: (lesson.map(Sheet::Lesson))
            .or(room.map(Sheet::Room))
            .expect("a held mark names the lesson, or the room of an examination, that it was typed into"),
        day,
        enrolment: row.get(2)?,
        mark: mark.and_then(|mark| mark.parse().ok()),
        minutes: row.get::<Option<i64>>(6)?.map(|minutes| minutes as u32),
        note: row.get(7)?,
        account: row.get(8)?,
        device_at: row.get(9)?,
        made_at: row.get(10)?,
        arrived_at: row.get(11)?,
    })
}

/// Every mark of a lesson that waits for the office, lesson by lesson.
pub(super) fn waiting(tx: &mut Tx, school: SchoolId) -> Result<Vec<LateLessonMark>, StoreError> {
    tx.query(LESSONS_WAITING, &args![school], read)
}

/// How many marks of lessons wait for the office.
pub(super) fn number_waiting(tx: &mut Tx, school: SchoolId) -> Result<i64, StoreError> {
    tx.query_one(LESSON_COUNT, &args![school], |row| row.get(0))
}

/// Whether what a save brings was typed too long ago to be entered by whoever sends it.
pub(in crate::registers) fn is_old(save: &Save, now: Instant) -> bool {
    save.made_at(now).seconds_until(now) > WAITS_AT_MOST_SECONDS
}

/// Puts the changes that are held before the office, and answers how many they are. What the same person typed earlier for the same place
/// is replaced.
pub(in crate::registers) fn hold(
    act: &mut Act,
    actor: &Actor,
    lesson: &OpenLesson,
    save: &Save,
    decisions: &[(Change, Decision)],
) -> Result<usize, StoreError> {
    let held = decisions
        .iter()
        .filter(|(_, decision)| matches!(decision, Decision::Hold(_)));
    let (school, mut number) = (act.school(), 0);
    for (change, _) in held {
        let (period, exam) = match lesson.sheet {
            Sheet::Lesson(address) => (address.period.0, 0),
            Sheet::Room(place) => (0, place.exam.0),
        };
        let who = (change.enrolment, lesson.day, actor.account);
        let place = args![school, who.0, who.1, who.2, period, exam];
        for earlier in act.tx().query(LESSON_PLACE, &place, read)? {
            settle(act, &earlier, "replaced", None)?;
        }
        let at = act.at();
        let text = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let late = LateLessonMark {
            id: act.new_id(),
            sheet: lesson.sheet,
            day: lesson.day,
            enrolment: change.enrolment,
            mark: text(&change.code).and_then(|mark| mark.parse().ok()),
            minutes: change.minutes,
            note: text(&change.note),
            account: actor.account,
            device_at: save.device_at,
            made_at: save.made_at(at),
            arrived_at: at,
        };
        settle(act, &late, "waiting", None)?;
        number += 1;
    }
    Ok(number)
}

/// Records what became of a held mark.
fn settle(
    act: &mut Act,
    late: &LateLessonMark,
    state: &str,
    because: Option<&str>,
) -> Result<(), StoreError> {
    let (group, period, exam, room) = match late.sheet {
        Sheet::Lesson(address) => (Some(address.group), Some(address.period), None, None),
        Sheet::Room(place) => (None, None, Some(place.exam), Some(place.room)),
    };
    let values = args![
        late.id,
        group,
        late.enrolment,
        late.day,
        period,
        exam,
        room,
        late.mark.map(LessonMark::letter),
        late.minutes,
        late.note.as_deref(),
        late.account,
        late.device_at,
        late.made_at,
        late.arrived_at,
        state,
        because
    ];
    act.replace(&LATE_LESSON_MARK, &values).map(drop)
}

/// Takes held marks into the register of their lesson, or refuses them; answers what became of each.
///
/// Rule. Errors: as [`super::decide_late`], and [`Refusal::Wrong`] for a lesson that the timetable no longer has.
pub fn decide_late_lesson(
    act: &mut Act,
    actor: &Actor,
    address: LessonAddress,
    choice: &LateChoice,
) -> Result<Decided, Refusal> {
    let lesson = open_lesson(act, actor, address)?;
    decide(act, actor, lesson, choice)
}

/// The same for a room of an examination.
pub fn decide_late_exam(
    act: &mut Act,
    actor: &Actor,
    place: ExamRoom,
    choice: &LateChoice,
) -> Result<Decided, Refusal> {
    let room = open_exam_room(act, actor, place)?;
    decide(act, actor, room, choice)
}

fn decide(
    act: &mut Act,
    actor: &Actor,
    mut lesson: OpenLesson,
    choice: &LateChoice,
) -> Result<Decided, Refusal> {
    if lesson.role == RoleKind::ClassTeacher {
        let ground =
            "Marks that came late are decided on by the office. Tell the office what you know.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let because = choice.because.trim();
    too_long(because)?;
    let chosen = chosen(act, lesson.sheet, choice)?;
    let mut decided = Decided::default();
    if choice.accept {
        accept(act, actor, &mut lesson, &chosen, because, &mut decided)?;
    } else {
        if because.is_empty() {
            return wrong("Write why these marks are refused: it is kept with them (R-007).");
        }
        for (late, _) in &chosen {
            settle(act, late, "refused", Some(because))?;
        }
        decided.settled = chosen.len();
    }
    if decided.settled > 0 {
        let what = match choice.accept {
            true => "accept late lesson marks",
            false => "refuse late lesson marks",
        };
        act.describe(actor.entry(what, lesson.sheet.subject()));
        if !because.is_empty() {
            act.note("reason", because);
        }
    }
    Ok(decided)
}

fn wrong<T>(ground: &str) -> Result<T, Refusal> {
    Err(Refusal::Wrong(ground.to_owned()))
}

/// The chosen marks that still wait in this register, each with what the office saw in its place.
fn chosen(
    act: &mut Act,
    sheet: Sheet,
    choice: &LateChoice,
) -> Result<Vec<(LateLessonMark, i64)>, Refusal> {
    let (school, mut found) = (act.school(), Vec::new());
    let mut places = HashSet::new();
    for (id, base) in &choice.chosen {
        let late = act.tx().query_opt(LESSON_ONE, &args![school, *id], read)?;
        let Some(late) = late.filter(|late| late.sheet == sheet) else {
            continue; // somebody has decided on it meanwhile
        };
        if choice.accept && !places.insert(late.enrolment) {
            return wrong(
                "Two of the ticked marks are for one pupil. Tick the one that is right, and refuse the other.",
            );
        }
        found.push((late, *base));
    }
    if found.is_empty() {
        return wrong(
            "No mark was ticked that still waits. Somebody may have decided on it meanwhile.",
        );
    }
    Ok(found)
}

/// Enters what may be entered. One that may not waits on, with its ground.
fn accept(
    act: &mut Act,
    actor: &Actor,
    lesson: &mut OpenLesson,
    chosen: &[(LateLessonMark, i64)],
    because: &str,
    decided: &mut Decided,
) -> Result<(), Refusal> {
    let school = act.school();
    let (mut decisions, mut who) = (Vec::new(), None);
    for (late, base) in chosen {
        let name = name_of(act.tx(), school, late.account)?;
        let change = Change {
            enrolment: late.enrolment,
            code: late.mark.map(|mark| mark.to_string()),
            minutes: late.minutes,
            note: late.note.clone(),
            sub_code: None,
            reason: Some(reason_of(
                &name,
                late.made_at,
                late.arrived_at,
                because,
                act.at(),
            )),
            base: *base,
        };
        who.get_or_insert(name);
        let decision = lesson.decide(&change);
        match &decision {
            Decision::Write(_) | Decision::Unchanged => {
                settle(act, late, "accepted", Some(because))?;
                decided.settled += 1;
            }
            Decision::Conflict => {
                let ground = "Somebody has changed this mark since you looked. Look at what stands there now, and decide again.";
                decided.left.push((late.enrolment, ground.to_owned()));
            }
            Decision::Refused(ground) | Decision::Hold(ground) => {
                decided.left.push((late.enrolment, ground.clone()));
            }
        }
        decisions.push((change, decision));
    }
    let device_at = |enrolment| {
        let found = chosen.iter().find(|(late, _)| late.enrolment == enrolment);
        found.and_then(|(late, _)| late.device_at)
    };
    write(act, lesson, &decisions, device_at)?;
    lesson.put(&decisions, act, actor);
    let on_word = Save {
        on_behalf_of: who,
        ..Save::default()
    };
    if decided.settled > 0 {
        take_if_complete(act, actor, lesson, &on_word)?;
    }
    Ok(())
}
