//! The registers of lessons of the last school days: mostly as the sessions have it, with a few pupils who were not where they should be.

use std::collections::BTreeMap;

use calendar::{Cycle, Day, SchoolCalendar, Slot};

use crate::DemoSchool;
use crate::chance::{Chance, Purpose};
use crate::marks::Mark;

/// The register of one lesson on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonRegister {
    /// Index into the timetable's lessons.
    pub lesson: usize,
    /// The day.
    pub day: Day,
    /// What was entered; who is away by the attendance register is left out.
    pub marks: Vec<InLesson>,
}

/// What was entered for a pupil in a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InLesson {
    /// Index into the enrolments.
    pub enrolment: usize,
    /// The letter: `/` here, `L` late, `N` not here, `H` elsewhere in school, `X` not expected.
    pub letter: &'static str,
    /// Minutes late.
    pub minutes: Option<u16>,
    /// The note.
    pub note: Option<&'static str>,
}

/// Where pupils are with leave, in school.
const ELSEWHERE: [&str; 4] = [
    "First aid room",
    "Flute lesson",
    "With the head of year",
    "Reading group in the library",
];

/// Why pupils are not expected, though they were present at registration.
const LEFT: [&str; 2] = [
    "Left with leave for the dentist",
    "Orthodontist, back for P4",
];

/// By group: who is in it, by index into the enrolments, from which day to which.
type Members = BTreeMap<usize, Vec<(usize, Day, Option<Day>)>>;

impl DemoSchool {
    /// The lesson registers that were taken on the last school days before today, oldest first, in order of time. A few lessons have none.
    ///
    /// Units: `days` in school days.
    pub fn lessons_lately(&self, days: usize) -> Vec<LessonRegister> {
        let Ok(calendar) = SchoolCalendar::new(self.calendar_rows()) else {
            return Vec::new();
        };
        let cycle = Cycle::Fortnightly {
            week_a: self.timetable.week_a,
            skips_holidays: true,
        };
        let members = self.members_of_classes();
        let mut slots: BTreeMap<Day, Vec<usize>> = BTreeMap::new();
        for (index, slot) in self.slots.iter().enumerate() {
            if slot.day < self.request.today && slot.day >= self.timetable.week_a {
                slots.entry(slot.day).or_default().push(index);
            }
        }
        let mut registers = Vec::new();
        for (day, slots) in slots.iter().rev().take(days).rev() {
            let Some(week) = cycle.week_of(&calendar, *day) else {
                continue;
            };
            let mut held: Vec<usize> = (0..self.timetable.lessons.len())
                .filter(|index| {
                    let lesson = &self.timetable.lessons[*index];
                    lesson.week == week && lesson.weekday == day.weekday()
                })
                .collect();
            held.sort_by_key(|index| (self.timetable.lessons[*index].period, *index));
            for lesson in held {
                let number = day.epoch_days() as usize * 10_000 + lesson;
                let mut chance = Chance::new(self.request.seed, Purpose::Lessons, number);
                if chance.happens(0.015) {
                    continue;
                }
                registers.extend(self.lesson_register(lesson, *day, slots, &members, &mut chance));
            }
        }
        registers
    }

    /// Who is in each group, by dated memberships.
    fn members_of_classes(&self) -> Members {
        let mut members = Members::new();
        for member in &self.memberships {
            let place = (member.enrolment, member.from, member.to);
            members.entry(member.group).or_default().push(place);
        }
        members
    }

    fn lesson_register(
        &self,
        lesson: usize,
        day: Day,
        slots: &[usize],
        members: &Members,
        chance: &mut Chance,
    ) -> Option<LessonRegister> {
        let held = &self.timetable.lessons[lesson];
        let session = self.timetable.periods[held.period].session;
        let slot = slots
            .iter()
            .copied()
            .find(|slot| self.slots[*slot] == Slot::new(day, session))?;
        let in_class = members.get(&held.group)?.iter().filter(|(of, from, to)| {
            let stays = *from <= day && to.is_none_or(|to| day <= to);
            stays && self.enrolments[*of].covers(day)
        });
        let marks: Vec<InLesson> = in_class
            .filter_map(|(enrolment, _, _)| self.in_lesson(*enrolment, slot, chance))
            .collect();
        (!marks.is_empty()).then_some(LessonRegister { lesson, day, marks })
    }

    /// What is entered for a pupil; nothing for one who is away by the attendance register.
    fn in_lesson(&self, enrolment: usize, slot: usize, chance: &mut Chance) -> Option<InLesson> {
        let marks = &self.marks[enrolment];
        let mark = slot
            .checked_sub(marks.first_slot)
            .and_then(|index| marks.marks.get(index))
            .copied()?;
        let entered = |letter, minutes, note| InLesson {
            enrolment,
            letter,
            minutes,
            note,
        };
        let present = [
            Mark::MISSING,
            Mark::MORNING,
            Mark::AFTERNOON,
            Mark::LATE,
            Mark::AFTER_CLOSE,
        ];
        if present.contains(&mark) {
            return Some(match chance.weighed(&[0.972, 0.016, 0.003, 0.006, 0.003]) {
                0 => entered("/", None, None),
                1 => entered("L", Some(chance.between(2, 11) as u16), None),
                2 => entered("N", None, None),
                3 => entered("H", None, Some(chance.pick(&ELSEWHERE))),
                _ => entered("X", None, Some(chance.pick(&LEFT))),
            });
        }
        let may_come = [Mark::NO_REASON, Mark::OTHER, Mark::APPOINTMENT].contains(&mark);
        let comes = chance.happens(match mark {
            Mark::APPOINTMENT => 0.5,
            Mark::NO_REASON | Mark::ILL => 0.02,
            _ => 0.0,
        });
        match (comes, may_come) {
            (true, _) => Some(entered("/", None, None)),
            (false, true) => Some(entered("N", None, None)),
            (false, false) => None,
        }
    }
}
