//! The register of one lesson as a page: who is in it, what stands, and what the attendance register says of the same time.

use std::collections::HashMap;

use calendar::{Instant, Slot};
use register::help_for;
use register::lesson::LessonMark;
use store::{SchoolId, StoreError, Tx, args};

use super::LessonAddress;
use super::place::{Place, places};
use super::save::{Clock, clock, opens_when};
use super::today::taken_on;
use crate::book::{Book, LessonPeriod};
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::insight::shown;
use crate::people::Actor;
use crate::registers::keeper::{Keeper, lesson_keeper};
use crate::registers::register_page::{flags, planned_in_words};
use crate::registers::save::{clock_of, name_of};
use crate::roll::Beside;
use crate::shell::{
    CodeChoice, Errors, Face, Flag, Frame, LessonWords, MarkCell, RegisterOf, RegisterPage,
    RegisterRow, RegisterState, TallyKind, Text,
};
use crate::year::settings::{
    SettingError, amendment_reasons, lesson_opens, mode, new_for_days, session_times,
};
use crate::year::timetable::{Held, held, lessons_on, teachers};

/// The face of a lesson's mark: that of the code of the law which means nearly the same.
pub(in crate::registers) fn face(mark: LessonMark) -> Face {
    match mark {
        LessonMark::Present | LessonMark::Elsewhere => Face::Attended,
        LessonMark::Late => Face::Late,
        LessonMark::Absent => Face::NotYetExplained,
        LessonMark::NotExpected => Face::NotPossible,
    }
}

/// A lesson's mark as it is shown.
pub(in crate::registers) fn mark_cell(mark: Option<LessonMark>, label: &str) -> MarkCell {
    match mark {
        Some(mark) => MarkCell::new(mark.letter(), face(mark), label.to_owned()),
        None => MarkCell::none(label.to_owned()),
    }
}

/// The register of a lesson, as this person may see it.
///
/// Errors: [`Refusal::NotFound`] for somebody who may not know of it and for a lesson that the timetable does not have;
/// [`Refusal::Wrong`] for one that does not take place that day.
pub(super) fn lesson_page(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    address: LessonAddress,
    now: Instant,
    frame: Frame,
) -> Result<RegisterPage, Refusal> {
    let LessonAddress { group, day, period } = address;
    let keeper = lesson_keeper(tx, actor, address)?;
    let taught = book.groups.group(group).ok_or(Refusal::NotFound)?;
    let lesson = held(tx, book.school, &book.settings, group, day, period)?;
    let times = session_times(&book.settings, day)?;
    let places = places(tx, book.school, address, &lesson.period, &times)?;
    let taken = taken_on(tx, book.school, day)?.remove(&(group, period));
    let before = lesson_opens(&book.settings, day)?;
    let clock = clock(day, &lesson.period, before, taken.is_some(), now);
    let marks_here = mode(&book.settings, day)?.marks_here();
    let may_mark = keeper.role().is_some() && marks_here;
    let state = match clock {
        _ if !may_mark => RegisterState::ReadOnly,
        Clock::NotBegun => RegisterState::NotOpen,
        Clock::Open => RegisterState::Open,
        Clock::Ended => RegisterState::Amend,
    };
    let taken = match taken {
        None => String::new(),
        Some(taken) => {
            let by = name_of(tx, book.school, taken.account)?;
            let word = taken.on_behalf_of.as_deref();
            let word = word
                .map(|word| format!(", on the word of {word}"))
                .unwrap_or_default();
            format!("taken {}, {by}{word}", clock_of(taken.at, now))
        }
    };
    let moment = |time| Instant::at_london(day, time);
    let today = now.in_london().0;
    let beside = Beside::of(tx, actor, group, day, today)?;
    let new_for = new_for_days(&book.settings, day)?;
    let earlier = earlier_marks(tx, book.school, book, address, &lesson.period)?;
    let rows = rows(
        book,
        &lesson.period,
        places,
        &earlier,
        &beside,
        address,
        new_for,
    );
    let reasons = amendment_reasons(&book.settings, today)?;
    let teacher = teacher_names(book, address)?;
    Ok(RegisterPage {
        frame,
        path: address.path(),
        group: taught.name.clone(),
        day,
        of: RegisterOf::Lesson(words(book, &lesson, &teacher)),
        now,
        begins: moment(lesson.period.starts),
        closes: moment(lesson.period.ends),
        ends: moment(lesson.period.ends),
        state,
        state_text: state_text(keeper, clock, marks_here, &lesson.period, day == today),
        taken,
        rows,
        boarders: Vec::new(),
        codes: choices(may_mark, clock, &lesson.period, before),
        present: LessonMark::Present.letter(),
        on_behalf_of: keeper
            .is_office()
            .then(|| match state {
                RegisterState::Open => teacher.clone(),
                _ => String::new(),
            })
            .map(Text::from),
        reasons: reasons.into_iter().map(Text::from).collect(),
        change_id: format!(
            "form-{}-{}-{}-{}",
            actor.account,
            group,
            period,
            now.micros()
        ),
        errors: Errors::default(),
        side_by_side: format!("/lessons/of/{group}?day={day}").into(),
        previous: None,
        next: None,
    })
}

/// Who teaches the lesson that day; empty where nobody is known.
fn teacher_names(book: &Book, address: LessonAddress) -> Result<String, SettingError> {
    let lessons = lessons_on(book, address.day)?;
    let lesson = lessons
        .into_iter()
        .find(|lesson| lesson.group == address.group && lesson.period == address.period);
    Ok(lesson.map_or_else(String::new, |lesson| {
        teachers(book, lesson, address.day).names()
    }))
}

fn words(book: &Book, lesson: &Held, teacher: &str) -> LessonWords {
    let room = lesson.room.and_then(|room| book.timetable.room(room));
    let LessonPeriod { starts, ends, .. } = &lesson.period;
    let parts = [
        format!("{starts} to {ends}"),
        room.map_or_else(String::new, |room| room.name.clone()),
        teacher.to_owned(),
    ];
    let about: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    LessonWords {
        period: lesson.period.name.clone(),
        about: about.join(", "),
    }
}

pub(in crate::registers) fn state_text(
    keeper: Keeper,
    clock: Clock,
    marks_here: bool,
    period: &LessonPeriod,
    is_today: bool,
) -> String {
    let stands = match clock {
        Clock::NotBegun if is_today => format!("begins at {}", period.starts),
        Clock::NotBegun => "still to come".to_owned(),
        Clock::Open => format!("{} to {}", period.starts, period.ends),
        Clock::Ended => format!("ended at {}", period.ends),
    };
    if !marks_here {
        format!("{stands}; the school's own system keeps the registers (I-001)")
    } else if keeper.role().is_none() {
        format!("{stands}; you may read it")
    } else {
        stands
    }
}

/// What stands in this lesson and earlier ones of the day: letters by time on roll, in order of time.
type Earlier = HashMap<EnrolmentId, Vec<(String, LessonMark)>>;

/// The day's marks of a group's pupils in the periods before this one.
fn earlier_marks(
    tx: &mut Tx,
    school: SchoolId,
    book: &Book,
    address: LessonAddress,
    period: &LessonPeriod,
) -> Result<Earlier, StoreError> {
    let LessonAddress { group, day, .. } = address;
    let mut standing: HashMap<(EnrolmentId, i64), Option<LessonMark>> = HashMap::new();
    tx.each(OF_DAY, &args![school, group, day], |row| {
        let mark = row.get::<Option<&str>>(2)?;
        let place = (row.get(0)?, row.get(1)?);
        standing.insert(place, mark.and_then(|mark| mark.parse().ok()));
        Ok(())
    })?;
    let mut earlier = Earlier::new();
    let before = book.timetable.periods_on(day).into_iter();
    for other in before.filter(|other| other.ends <= period.starts) {
        for enrolment in book.groups.members(group, day) {
            if let Some(Some(mark)) = standing.get(&(enrolment, other.id.0)) {
                earlier
                    .entry(enrolment)
                    .or_default()
                    .push((other.name.clone(), *mark));
            }
        }
    }
    Ok(earlier)
}

// In order of number, so that the newest entry of a place comes last.
pub(super) const OF_DAY: &str = "\
select v.enrolment_id, v.period_id, v.mark
from membership m cross join lesson_mark v
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and v.school_id = m.school_id and v.enrolment_id = m.enrolment_id and v.on_date = $3
order by v.seq";

fn rows(
    book: &Book,
    period: &LessonPeriod,
    places: Vec<Place>,
    earlier: &Earlier,
    beside: &Beside,
    address: LessonAddress,
    new_for: u8,
) -> Vec<RegisterRow> {
    let slot = period
        .session
        .map(|session| Slot::new(address.day, session));
    let mut rows: Vec<(_, RegisterRow)> = places
        .into_iter()
        .filter_map(|place| {
            let row = book.roll.row(place.enrolment)?;
            let enrolment = &book.roll.enrolments[row];
            let pupil = book.roll.pupil(enrolment.pupil)?;
            let mut last: Vec<MarkCell> = Vec::new();
            if let Some(slot) = slot {
                let stands = shown(book.mark(row, slot), true);
                let label = format!("{}: {}", slot.session, stands.code);
                last.push(MarkCell {
                    planned: stands.planned,
                    ..MarkCell::new(stands.code, stands.face, label)
                });
            }
            for (name, mark) in earlier.get(&place.enrolment).into_iter().flatten() {
                last.push(mark_cell(
                    Some(*mark),
                    &format!("{name}: {}", mark.letter()),
                ));
            }
            let mark = place.mark();
            let away = place.is_away();
            let listed = RegisterRow {
                number: 0,
                enrolment: place.enrolment.0,
                name: pupil.listed(),
                href: format!("/pupils/{}", enrolment.pupil).into(),
                last,
                code: mark.map_or("", LessonMark::letter).into(),
                code_face: mark.map_or(Face::NoMark, face),
                minutes: place
                    .standing
                    .as_ref()
                    .and_then(|standing| standing.minutes),
                base: place.base(),
                flags: told(&place, period)
                    .into_iter()
                    .chain(flags(book, enrolment, address.day, beside, new_for))
                    .collect(),
                planned: slot
                    .and_then(|slot| book.plans.expected(enrolment.id, slot))
                    .map(|on_file| planned_in_words(&on_file.plan))
                    .unwrap_or_default()
                    .into(),
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
                note: place
                    .standing
                    .as_ref()
                    .and_then(|standing| standing.note.clone())
                    .unwrap_or_default()
                    .into(),
                sub_code: "".into(),
                sibling: "".into(),
            };
            Some(((pupil.in_order, row), listed))
        })
        .collect();
    rows.sort_by_key(|(order, _)| *order);
    let rows = rows.into_iter().enumerate();
    rows.map(|(index, (_, row))| RegisterRow {
        number: index + 1,
        ..row
    })
    .collect()
}

/// What the attendance register says of the time, in words: how the two differ, or that the pupil is away.
pub(in crate::registers) fn told(place: &Place, period: &LessonPeriod) -> Option<Flag> {
    if let Some(exam) = &place.exam {
        return Some(Flag::heed(format!("examination: {exam}")));
    }
    let session = period.session?;
    if let Some(found) = place.difference(period) {
        return Some(Flag::loud(found.words(&session.to_string(), &period.name)));
    }
    let stands = place.session.as_ref()?;
    let code = stands.code.filter(|_| place.is_away())?;
    let (row, help) = help_for(code, stands.day).ok()?;
    let meaning = help.map_or(&row.meaning, |help| &help.short_name);
    Some(Flag::plain(format!("{session}: {code}, {meaning}")))
}

/// The marks of a lesson as this page offers them, with the reason why one may not be entered.
pub(in crate::registers) fn choices(
    may_mark: bool,
    clock: Clock,
    period: &LessonPeriod,
    before: u8,
) -> Vec<CodeChoice> {
    let refusal = (may_mark && clock == Clock::NotBegun).then(|| opens_when(period, before));
    LessonMark::ALL
        .into_iter()
        .map(|mark| CodeChoice {
            code: mark.letter().into(),
            face: face(mark),
            meaning: mark.meaning().into(),
            help: mark.when().into(),
            source: "".into(),
            needs_note: mark.needs_note(),
            late: mark == LessonMark::Late,
            tally: match mark {
                LessonMark::Present => TallyKind::Here,
                LessonMark::Late => TallyKind::Late,
                LessonMark::Absent => TallyKind::Absent,
                LessonMark::Elsewhere => TallyKind::Elsewhere,
                LessonMark::NotExpected => TallyKind::NotExpected,
            },
            sub_codes: Vec::new(),
            refusal: refusal.clone().map(Text::from),
        })
        .collect()
}
