//! The morning at ten to nine: some registers are in, some are not, and what was planned is known.

use calendar::{Day, Instant, Session, TimeOfDay};

use crate::chance::{Chance, Purpose};
use crate::groups::{GroupKind, HEADS};
use crate::marks::{Mark, Marks, Setting, slot_of};

/// The state of today.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Today {
    /// The day.
    pub day: Day,
    /// Now: ten to nine in London.
    pub now: Instant,
    /// The morning register of every tutor group with pupils. None is closed.
    pub registers: Vec<TodayRegister>,
    /// Marks known beforehand for today's sessions.
    pub planned: Vec<PlannedMark>,
}

/// A tutor group's morning register.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TodayRegister {
    /// Index into the groups.
    pub tutor_group: usize,
    /// What was taken; None while nobody has.
    pub taken: Option<TakenRegister>,
}

/// A register that has been taken and may still be changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TakenRegister {
    /// When it was saved.
    pub at: Instant,
    /// Index into the staff: the tutor.
    pub by: usize,
    /// One for each pupil of the group.
    pub marks: Vec<TakenMark>,
}

/// A mark of today.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TakenMark {
    /// Index into the enrolments.
    pub enrolment: usize,
    /// The mark.
    pub mark: Mark,
    /// Minutes after the register opened, for `L`.
    pub minutes_late: Option<u16>,
    /// What the code rests on.
    pub note: Option<&'static str>,
}

/// A mark that is known before the register is taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlannedMark {
    /// Index into the enrolments.
    pub enrolment: usize,
    /// Which session of today.
    pub session: Session,
    /// The mark to be made.
    pub mark: Mark,
    /// What it rests on.
    pub note: Option<&'static str>,
}

/// Minutes after opening at which the school is looked at.
const MINUTES_GONE: u16 = 10;

/// Cuts today off the simulated marks and turns it into an open morning.
pub(crate) fn split(setting: &Setting, mut simulated: Vec<Marks>) -> (Vec<Marks>, Option<Today>) {
    let day = setting.request.today;
    let first_slot = setting.today_index() * 2;
    let meets = setting.days.last().is_some_and(|last| last.day == day);
    if !meets {
        return (simulated, None);
    }
    let mut planned = Vec::new();
    let mut morning: Vec<Option<TakenMark>> = vec![None; simulated.len()];
    for (enrolment, marks) in simulated.iter_mut().enumerate() {
        let kept = first_slot
            .saturating_sub(marks.first_slot)
            .min(marks.marks.len());
        for (slot, mark) in marks.each().skip(kept) {
            let detail = marks.detail(slot);
            let note = detail.and_then(|detail| detail.note);
            let minutes = detail.and_then(|detail| detail.minutes_late);
            let session = slot_of(setting.days, slot).session;
            if mark.is_planned() {
                planned.push(PlannedMark {
                    enrolment,
                    session,
                    mark,
                    note,
                });
            }
            if session == Session::Am {
                let (mark, minutes_late) = as_seen(setting, enrolment, mark, minutes);
                morning[enrolment] = Some(TakenMark {
                    enrolment,
                    mark,
                    minutes_late,
                    note: note.filter(|_| mark.is_planned()),
                });
            }
        }
        marks.marks.truncate(kept);
        marks.details.retain(|detail| detail.slot < first_slot);
    }
    let today = Today {
        day,
        now: Instant::at_london(
            day,
            TimeOfDay::new(8, 50, 0).expect("ten to nine is a clock time"),
        ),
        registers: registers(setting, &morning),
        planned,
    };
    (simulated, Some(today))
}

/// What a tutor can know at ten to nine: who is later than that is not there, and only half of the sick have been reported.
fn as_seen(
    setting: &Setting,
    enrolment: usize,
    mark: Mark,
    minutes: Option<u16>,
) -> (Mark, Option<u16>) {
    let mut chance = Chance::new(setting.request.seed, Purpose::Today, 1_000_000 + enrolment);
    match mark {
        Mark::LATE if minutes.is_some_and(|minutes| minutes < MINUTES_GONE) => (mark, minutes),
        Mark::ILL if chance.happens(0.5) => (mark, None),
        Mark::ILL | Mark::LATE | Mark::AFTER_CLOSE | Mark::OTHER | Mark::NO_REASON => {
            (Mark::NO_REASON, None)
        }
        Mark::MISSING => (Mark::MORNING, None),
        other => (other, None),
    }
}

fn registers(setting: &Setting, morning: &[Option<TakenMark>]) -> Vec<TodayRegister> {
    let groups = &setting.groups.groups;
    let current = setting.years[2].first_year;
    let mut members: Vec<Vec<TakenMark>> = vec![Vec::new(); groups.len()];
    for mark in morning.iter().flatten() {
        if let Some(group) = setting.groups.tutor_groups[mark.enrolment][2] {
            members[group].push(mark.clone());
        }
    }
    let opened = Instant::at_london(setting.request.today, setting.session_times.morning_opens);
    let mut registers = Vec::new();
    for (tutor_group, group) in groups.iter().enumerate() {
        let of_today = group.kind == GroupKind::Tutor && group.school_year == Some(current);
        let marks = std::mem::take(&mut members[tutor_group]);
        if !of_today || marks.is_empty() {
            continue;
        }
        let place = registers.len();
        let mut chance = Chance::new(setting.request.seed, Purpose::Today, tutor_group);
        // The first teacher, whose account the demo prints, finds a register still to take.
        let is_in = place != 1 && group.staff != HEADS && (place == 0 || chance.happens(0.8));
        let seconds = i64::from(chance.between(70, 580));
        registers.push(TodayRegister {
            tutor_group,
            taken: is_in.then(|| TakenRegister {
                at: opened.plus_seconds(seconds),
                by: group.staff,
                marks,
            }),
        });
    }
    registers
}
