//! What is taught on a day, and by whom.

use calendar::Day;

use super::off_timetable::instead_of;
use crate::book::{Book, Lesson, StaffMember};
use crate::registers::{Takers, takers};
use crate::year::settings::{SettingError, cycle};

/// The lessons of a day in order of time, then of group; none on a day without school.
///
/// A lesson that is off timetable, or whose period is not held that day, does not take place. Errors: the setting of the cycle cannot be read.
pub(crate) fn lessons_on(book: &Book, day: Day) -> Result<Vec<&Lesson>, SettingError> {
    if !book.calendar.is_school_day(day) {
        return Ok(Vec::new());
    }
    let Some(week) = cycle(&book.settings, day)?.week_of(&book.calendar, day) else {
        return Ok(Vec::new());
    };
    let mut lessons: Vec<(_, &Lesson)> = (book.timetable.lessons.iter())
        .filter(|lesson| lesson.is_on(day, week))
        .filter(|lesson| instead_of(book, lesson, day).is_none())
        .filter_map(|lesson| Some((book.timetable.period(lesson.period, day)?.starts, lesson)))
        .collect();
    lessons.sort_by_key(|(starts, lesson)| (*starts, lesson.period, lesson.group, lesson.id));
    Ok(lessons.into_iter().map(|(_, lesson)| lesson).collect())
}

/// Who teaches a lesson on a day: whoever covers this one lesson, else the group's cover where it has one that day, else whoever the lesson
/// names, else whoever has the group.
pub(crate) fn teachers<'b>(book: &'b Book, lesson: &Lesson, day: Day) -> Takers<'b> {
    let usual = taught_by(book, lesson, day);
    let mut covers = book.timetable.covers_on(day).iter();
    let covering = covers
        .find(|cover| cover.group == lesson.group && cover.period == lesson.period)
        .and_then(|cover| book.staff.member(cover.staff));
    match covering {
        None => usual,
        Some(member) => Takers {
            now: vec![member],
            instead_of: usual.now,
        },
    }
}

fn taught_by<'b>(book: &'b Book, lesson: &Lesson, day: Day) -> Takers<'b> {
    let by_duty = takers(book, lesson.group, day);
    if lesson.staff.is_empty() || !by_duty.instead_of.is_empty() {
        return by_duty;
    }
    let named: Vec<&StaffMember> = (lesson.staff.iter())
        .filter_map(|staff| book.staff.member(*staff))
        .filter(|member| member.leaving_day.is_none_or(|last| day <= last))
        .collect();
    Takers {
        now: named,
        instead_of: Vec::new(),
    }
}
