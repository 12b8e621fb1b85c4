//! What an arrival at the late door makes of the register, and what lateness leads to when it comes again (R-023, E-023, E-027, E-028).

use calendar::{Day, SchoolCalendar};

use crate::closing::Arrival;
use crate::{Class, Code, meaning};

/// What becomes of the register when a pupil comes to the late door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtTheDoor {
    /// This code is entered.
    Enters(Code),
    /// The register says the same already.
    Agrees,
    /// The register says that the pupil was somewhere else, or there before: a person looks which is right (E-027).
    Differs(Code),
    /// What stands describes the absence better than `U` (E-023), or no mark of this pupil is due.
    Keeps(Code),
    /// Not late: the register has not begun to be taken.
    NotLate,
    /// The session is over: the arrival is noted and says nothing about the absence.
    AfterTheSession,
}

/// What an arrival makes of a session where this code stands, by mark or by plan; none where the place is blank.
///
/// Rule: R-023, E-023, E-027. Before the register closes whoever comes is `L`, whatever absence was entered or planned. After it
/// only `N`, `O` and a blank give way to `U`: an authorised absence that somebody established stays. A mark of presence is never
/// changed from the door.
pub fn at_the_door(day: Day, stands: Option<Code>, arrival: Arrival) -> AtTheDoor {
    let wanted = match arrival {
        Arrival::OnTime { .. } => return AtTheDoor::NotLate,
        Arrival::AfterTheSession { .. } => return AtTheDoor::AfterTheSession,
        Arrival::LateBeforeClose { .. } => Code::LATE,
        Arrival::LateAfterClose { .. } => Code::LATE_AFTER_CLOSE,
    };
    let Some(code) = stands else {
        return AtTheDoor::Enters(wanted);
    };
    if code == wanted {
        return AtTheDoor::Agrees;
    }
    let is_open = wanted == Code::LATE;
    match meaning(code, day).map(|row| row.class) {
        Ok(Class::NotPossible | Class::Administrative) | Err(_) => AtTheDoor::Keeps(code),
        Ok(Class::Present | Class::ApprovedEducationalActivity) => AtTheDoor::Differs(code),
        Ok(_) if is_open => AtTheDoor::Enters(wanted),
        Ok(Class::Authorised) => AtTheDoor::Keeps(code),
        Ok(Class::Unauthorised) if code == Code::NO_REASON_YET || code == Code::UNAUTHORISED => {
            AtTheDoor::Enters(wanted)
        }
        Ok(Class::Unauthorised) => AtTheDoor::Differs(code),
    }
}

/// What the log of the late door and the register say of one pupil's session where they do not agree (E-027).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskAndRegister {
    /// Logged as late, and the register has no mark.
    NoMark,
    /// Logged as late, and the register says that nobody knows where the pupil is.
    StillMissing(Code),
    /// Logged as late, and the register says something else.
    SaysOther {
        /// What the arrival makes by the clock.
        desk: Code,
        /// What the register says.
        register: Code,
    },
    /// Late after closing by the register, and nobody was signed in.
    NotAtTheDesk,
}

/// Where the log of the late door and the register do not agree about a session; none where they do. `desk`: none where the pupil was not
/// signed in, else what the arrival makes, which is nothing before the register opens and after the session.
///
/// Rule: E-027. An `L` without an arrival is no mismatch: a teacher enters it for whoever comes late into the room. An established
/// authorised absence agrees with an arrival after closing (E-023).
pub fn desk_and_register(
    day: Day,
    desk: Option<Option<Code>>,
    register: Option<Code>,
) -> Option<DeskAndRegister> {
    let Some(desk) = desk else {
        let came_after = register == Some(Code::LATE_AFTER_CLOSE);
        return came_after.then_some(DeskAndRegister::NotAtTheDesk);
    };
    let desk = desk?;
    let Some(code) = register else {
        return Some(DeskAndRegister::NoMark);
    };
    if code == desk {
        return None;
    }
    if code == Code::NO_REASON_YET {
        return Some(DeskAndRegister::StillMissing(code));
    }
    let class = meaning(code, day).ok()?.class;
    let keeps = match class {
        Class::NotPossible | Class::Administrative => true,
        Class::Authorised => desk == Code::LATE_AFTER_CLOSE,
        _ => false,
    };
    (!keeps).then_some(DeskAndRegister::SaysOther {
        desk,
        register: code,
    })
}

impl DeskAndRegister {
    /// Whether a child who is in school may be looked for.
    pub fn is_grave(self) -> bool {
        matches!(
            self,
            DeskAndRegister::NoMark | DeskAndRegister::StillMissing(_)
        )
    }

    /// In words, with what to do.
    pub fn words(self) -> String {
        match self {
            DeskAndRegister::NoMark => {
                "Signed in at the desk, and the register has no mark.".to_owned()
            }
            DeskAndRegister::StillMissing(code) => {
                format!("Signed in at the desk, and the register still says {code}.")
            }
            DeskAndRegister::SaysOther { desk, register } => {
                format!("{desk} at the desk, {register} in the register.")
            }
            DeskAndRegister::NotAtTheDesk => {
                "U in the register, and not signed in at the desk.".to_owned()
            }
        }
    }
}

/// What a school does about lateness that comes again: so many times within so many school days, then this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateLadder {
    window: u32,
    steps: Vec<LateStep>,
}

/// One step of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateStep {
    /// From so many times on.
    pub lates: u32,
    /// What is done, in the school's words.
    pub does: String,
}

/// Steps that no school can go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LateLadderError {
    /// The window is empty, or longer than a school year.
    #[error("the window must be between 1 and 195 school days, and not {0}")]
    Window(u32),
    /// A step is not above the one before it.
    #[error(
        "the step at {0} must come after the one before it: give each step a higher number of times"
    )]
    Order(u32),
    /// A step does nothing.
    #[error("the step at {0} says nothing that is done")]
    Empty(u32),
}

impl LateLadder {
    /// Steps within a window of school days, today among them.
    ///
    /// Rule: E-028. Errors: the first of what is wrong.
    pub fn new(window: u32, steps: Vec<LateStep>) -> Result<LateLadder, LateLadderError> {
        if !(1..=195).contains(&window) {
            return Err(LateLadderError::Window(window));
        }
        let mut before = 0;
        for step in &steps {
            if step.lates <= before {
                return Err(LateLadderError::Order(step.lates));
            }
            if step.does.trim().is_empty() {
                return Err(LateLadderError::Empty(step.lates));
            }
            before = step.lates;
        }
        Ok(LateLadder { window, steps })
    }

    /// School days that count, today among them.
    pub fn window(&self) -> u32 {
        self.window
    }

    /// The steps, lowest first.
    pub fn steps(&self) -> &[LateStep] {
        &self.steps
    }

    /// The step that so many times have reached; none below the first.
    pub fn reached(&self, lates: u32) -> Option<&LateStep> {
        self.steps.iter().rev().find(|step| step.lates <= lates)
    }

    /// The step after it; none above the last.
    pub fn next(&self, lates: u32) -> Option<&LateStep> {
        self.steps.iter().find(|step| step.lates > lates)
    }

    /// The step that is due: the one that is reached, unless it or a higher one was done. `done`: the steps recorded within the window, by
    /// their numbers of times.
    pub fn due(&self, lates: u32, done: &[u32]) -> Option<&LateStep> {
        let reached = self.reached(lates)?;
        let is_done = done.iter().any(|done| *done >= reached.lates);
        (!is_done).then_some(reached)
    }

    /// The first day of the window that ends with this day; the calendar's first day where it does not reach so far back.
    pub fn first_day(&self, calendar: &SchoolCalendar, today: Day) -> Day {
        let Some((begins, _)) = calendar.span() else {
            return today;
        };
        let days = calendar.school_days_between(begins, today);
        let first = days.len().saturating_sub(self.window as usize);
        days.get(first).copied().unwrap_or(today)
    }
}

impl Default for LateLadder {
    /// Ten school days; 2 times the tutor, 4 a sanction that day and a text home, 6 a letter, 8 a meeting and a written target (E-028: the
    /// product's thresholds; schools set their own).
    fn default() -> LateLadder {
        let step = |lates, does: &str| LateStep {
            lates,
            does: does.to_owned(),
        };
        LateLadder {
            window: 10,
            steps: vec![
                step(2, "Tutor speaks with the pupil"),
                step(4, "Sanction the same day, text home"),
                step(6, "Letter home"),
                step(8, "Meeting and a written punctuality target"),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::closing::{SessionHours, SessionTimes, arrival};
    use calendar::{Session, TimeOfDay};

    fn day() -> Day {
        "2026-11-24".parse().expect("a real day")
    }

    fn code(text: &str) -> Code {
        text.parse().expect("a code")
    }

    fn came(at: &str) -> Arrival {
        let time = |text: &str| text.parse::<TimeOfDay>().expect("a clock time");
        let hours = |opens, closes, ends| SessionHours {
            opens: time(opens),
            closes: time(closes),
            ends: time(ends),
        };
        let times = SessionTimes::new(
            day(),
            hours("08:40", "09:10", "12:30"),
            hours("13:30", "14:00", "15:10"),
        )
        .expect("lawful times");
        arrival(&times, Session::Am, time(at))
    }

    fn found(stands: &str, at: &str) -> AtTheDoor {
        at_the_door(day(), (!stands.is_empty()).then(|| code(stands)), came(at))
    }

    #[test]
    fn before_the_register_closes_whoever_comes_is_late_whatever_absence_stood() {
        for stands in ["", "N", "I", "M", "O"] {
            assert_eq!(
                found(stands, "08:55"),
                AtTheDoor::Enters(Code::LATE),
                "{stands}"
            );
        }
        assert_eq!(found("L", "08:55"), AtTheDoor::Agrees);
    }

    #[test]
    fn after_it_only_a_blank_and_what_nobody_explained_give_way_to_u() {
        for stands in ["", "N", "O"] {
            let enters = AtTheDoor::Enters(Code::LATE_AFTER_CLOSE);
            assert_eq!(found(stands, "09:10"), enters, "{stands}");
        }
        for stands in ["I", "M", "X"] {
            assert_eq!(found(stands, "09:40"), AtTheDoor::Keeps(code(stands)));
        }
        assert_eq!(found("G", "09:40"), AtTheDoor::Differs(code("G")));
        assert_eq!(found("U", "09:40"), AtTheDoor::Agrees);
    }

    #[test]
    fn a_mark_of_presence_is_never_changed_from_the_door() {
        for at in ["08:55", "09:40"] {
            for stands in ["/", "V"] {
                assert_eq!(found(stands, at), AtTheDoor::Differs(code(stands)), "{at}");
            }
        }
        assert_eq!(found("L", "09:40"), AtTheDoor::Differs(Code::LATE));
    }

    #[test]
    fn nobody_is_late_before_the_register_opens_and_nothing_follows_after_the_session() {
        assert_eq!(found("", "08:40"), AtTheDoor::NotLate);
        assert_eq!(found("N", "12:30"), AtTheDoor::AfterTheSession);
    }

    #[test]
    fn desk_and_register_differ_where_a_child_may_be_looked_for_or_a_code_is_wrong() {
        let (late, after) = (Code::LATE, Code::LATE_AFTER_CLOSE);
        let found = |desk, register: &str| {
            let register = (!register.is_empty()).then(|| code(register));
            desk_and_register(day(), desk, register)
        };
        assert_eq!(found(Some(Some(late)), "L"), None);
        assert_eq!(found(Some(Some(late)), ""), Some(DeskAndRegister::NoMark));
        let missing = found(Some(Some(after)), "N").expect("a difference");
        assert!(missing.is_grave(), "{missing:?}");
        assert_eq!(found(Some(Some(after)), "M"), None, "E-023");
        assert!(
            found(Some(Some(late)), "M").is_some(),
            "before closing it is L"
        );
        assert!(found(Some(Some(late)), "/").is_some());
        assert_eq!(found(None, "L"), None, "into the room");
        assert_eq!(found(None, "U"), Some(DeskAndRegister::NotAtTheDesk));
        assert_eq!(found(Some(None), "N"), None, "after the session");
    }

    #[test]
    fn the_ladder_says_what_is_reached_and_what_comes_next() {
        let ladder = LateLadder::default();
        let reached = |lates| ladder.reached(lates).map(|step| step.lates);
        assert_eq!(
            [1, 2, 3, 8, 30].map(reached),
            [None, Some(2), Some(2), Some(8), Some(8)]
        );
        let due = |lates, done: &[u32]| ladder.due(lates, done).map(|step| step.lates);
        assert_eq!(due(5, &[]), Some(4));
        assert_eq!(due(5, &[2]), Some(4));
        assert_eq!(
            (due(5, &[4]), due(5, &[6]), due(1, &[])),
            (None, None, None)
        );
        let next = |lates| ladder.next(lates).map(|step| step.lates);
        assert_eq!([0, 2, 7, 8].map(next), [Some(2), Some(4), Some(8), None]);
    }

    #[test]
    fn steps_that_do_not_climb_are_refused() {
        let step = |lates, does: &str| LateStep {
            lates,
            does: does.to_owned(),
        };
        assert_eq!(LateLadder::new(0, vec![]), Err(LateLadderError::Window(0)));
        let twice = vec![step(2, "a"), step(2, "b")];
        assert_eq!(LateLadder::new(10, twice), Err(LateLadderError::Order(2)));
        assert_eq!(
            LateLadder::new(10, vec![step(1, " ")]),
            Err(LateLadderError::Empty(1))
        );
    }
}
