//! What is entered for a pupil in a lesson, and where it differs from the attendance register.
//!
//! A lesson mark is the school's own record. It is no code of the law, makes no session mark and changes none; where the
//! two do not agree, a person looks and amends whichever is wrong.

use std::fmt;
use std::str::FromStr;

use calendar::{Day, TimeOfDay};

use crate::{Class, Code, meaning};

/// What may be entered for a pupil in a lesson.
///
/// The letters are few, so that each is one key; where a letter of the law's table means nearly the same it is that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LessonMark {
    /// Here when the lesson began.
    Present,
    /// Came late. Minutes go with it.
    Late,
    /// Not here, and nobody in the room knows why.
    Absent,
    /// In school with leave, somewhere else. A note says where.
    Elsewhere,
    /// Known not to come: an appointment, an examination, a trip. A note says why.
    NotExpected,
}

impl LessonMark {
    /// Every mark, in the order in which they are offered.
    pub const ALL: [LessonMark; 5] = [
        LessonMark::Present,
        LessonMark::Late,
        LessonMark::Absent,
        LessonMark::Elsewhere,
        LessonMark::NotExpected,
    ];

    /// The letter that is typed, shown and kept.
    pub fn letter(self) -> &'static str {
        match self {
            LessonMark::Present => "/",
            LessonMark::Late => "L",
            LessonMark::Absent => "N",
            LessonMark::Elsewhere => "H",
            LessonMark::NotExpected => "X",
        }
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            LessonMark::Present => "Here",
            LessonMark::Late => "Late to the lesson",
            LessonMark::Absent => "Not here, reason not known",
            LessonMark::Elsewhere => "Elsewhere in school",
            LessonMark::NotExpected => "Not expected",
        }
    }

    /// When to enter it, in a line.
    pub fn when(self) -> &'static str {
        match self {
            LessonMark::Present => "In the room when the lesson begins.",
            LessonMark::Late => "Came after it began: say how many minutes.",
            LessonMark::Absent => "You do not know where the pupil is. The office is told.",
            LessonMark::Elsewhere => {
                "With a colleague, in first aid, at a music lesson: say where in the note."
            }
            LessonMark::NotExpected => {
                "Left with leave, an appointment, an examination, a trip: say what in the note."
            }
        }
    }

    /// Whether a note must go with it, so that whoever looks for the pupil knows where to look.
    pub fn needs_note(self) -> bool {
        matches!(self, LessonMark::Elsewhere | LessonMark::NotExpected)
    }

    /// Whether the pupil was in the room.
    pub fn is_in_the_room(self) -> bool {
        matches!(self, LessonMark::Present | LessonMark::Late)
    }

    /// Whether the pupil was in school.
    pub fn is_in_school(self) -> bool {
        self.is_in_the_room() || self == LessonMark::Elsewhere
    }
}

impl fmt::Display for LessonMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

/// A text that is no mark of a lesson.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not entered in a lesson. There: / here, L late, N not here, H elsewhere in school, X not expected"
)]
pub struct ParseLessonMarkError(String);

impl FromStr for LessonMark {
    type Err = ParseLessonMarkError;

    /// Reads a mark as typed. The afternoon's `\` is present too: fingers do not know that the lesson register has one letter for it.
    fn from_str(text: &str) -> Result<LessonMark, ParseLessonMarkError> {
        let typed = text.trim().to_uppercase();
        let letter = if typed == "\\" { "/" } else { typed.as_str() };
        LessonMark::ALL
            .into_iter()
            .find(|mark| mark.letter() == letter)
            .ok_or(ParseLessonMarkError(typed))
    }
}

/// What the attendance register says of a pupil in the session that a lesson lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InSession {
    /// The day, which decides what the code means.
    pub day: Day,
    /// The code that stands; none for a blank place.
    pub code: Option<Code>,
    /// Whether a plan stands there and no mark.
    pub by_plan: bool,
    /// When the pupil came, as far as the register knows.
    pub arrived: Option<TimeOfDay>,
}

impl InSession {
    fn class(&self) -> Option<Class> {
        Some(meaning(self.code?, self.day).ok()?.class)
    }

    /// Whether the register says that the pupil was in school, at least for a part of the session.
    fn is_in_school(&self) -> bool {
        self.class() == Some(Class::Present) || self.code == Some(Code::LATE_AFTER_CLOSE)
    }
}

/// The code for a medical appointment: the pupil may well come for the rest of the session.
const APPOINTMENT: &str = "M";

/// Codes that leave open whether the pupil comes to a later lesson of the session.
const MAY_STILL_COME: [&str; 3] = [APPOINTMENT, "N", "O"];

/// Whether the attendance register gives reason to expect the pupil in no lesson of the session: away with leave, ill, at another
/// place, or not due at all.
///
/// Rule: R-023 (an unexplained absence or an appointment may end within the session, so those pupils are looked for in each lesson).
/// A code without a meaning that day expects nothing.
pub fn is_away(session: &InSession) -> bool {
    let may_come = session
        .code
        .is_some_and(|code| MAY_STILL_COME.contains(&code.as_str()));
    session.class().is_some() && !session.is_in_school() && !may_come
}

/// How a lesson's mark and the session's do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// In school by the attendance register, and not in the lesson.
    MissingFromLesson,
    /// In school by the lesson's register, and absent or elsewhere by the attendance register.
    InSchoolThoughAway {
        /// What the attendance register says.
        code: Code,
        /// Whether that is a plan.
        by_plan: bool,
    },
    /// In school by the lesson's register, and the attendance register has a blank.
    InSchoolWithoutMark,
}

/// Whether a lesson's mark and the mark of the session it lies in do not agree.
///
/// Rule: R-025 (the difference changes nothing by itself), R-023 (a pupil who came after the lesson had ended was rightly not in it; an
/// appointment may be followed by lessons), R-024 (who left with leave after registration stays present; the lesson says X).
/// `ends`: when the lesson ended.
pub fn difference(session: &InSession, lesson: LessonMark, ends: TimeOfDay) -> Option<Difference> {
    let came_later = session.arrived.is_some_and(|arrived| arrived >= ends);
    match session.code {
        Some(_) if lesson == LessonMark::Absent => {
            (session.is_in_school() && !came_later).then_some(Difference::MissingFromLesson)
        }
        Some(code) if lesson.is_in_school() => {
            session.class()?;
            (!session.is_in_school() && code.as_str() != APPOINTMENT).then_some(
                Difference::InSchoolThoughAway {
                    code,
                    by_plan: session.by_plan,
                },
            )
        }
        None if lesson.is_in_school() => Some(Difference::InSchoolWithoutMark),
        _ => None,
    }
}

impl Difference {
    /// In words: `Present in AM, not in P2`.
    pub fn words(self, session: &str, period: &str) -> String {
        match self {
            Difference::MissingFromLesson => format!("Present in {session}, not in {period}"),
            Difference::InSchoolThoughAway {
                code,
                by_plan: true,
            } => format!("{code} is planned for {session}, and the pupil was in {period}"),
            Difference::InSchoolThoughAway { code, .. } => {
                format!("{code} in {session}, and the pupil was in {period}")
            }
            Difference::InSchoolWithoutMark => {
                format!("No mark in {session}, and the pupil was in {period}")
            }
        }
    }

    /// What a person does about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Difference::MissingFromLesson => {
                "Find the pupil first (E-029). If they were not there at registration, the office amends the session (R-007)."
            }
            Difference::InSchoolThoughAway { .. } => {
                "If they came after registration, the office amends the session to U, or to the code that fits better (R-023)."
            }
            Difference::InSchoolWithoutMark => {
                "The office fills the session: a session without a code is a defect (R-021)."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> TimeOfDay {
        text.parse().expect("a test writes clock times")
    }

    fn session(code: &str) -> InSession {
        InSession {
            day: "2026-11-24".parse().expect("a real day"),
            code: code.parse().ok(),
            by_plan: false,
            arrived: None,
        }
    }

    fn differs(code: &str, lesson: LessonMark) -> Option<Difference> {
        difference(&session(code), lesson, time("10:10"))
    }

    #[test]
    fn every_mark_is_read_as_it_is_shown() {
        for mark in LessonMark::ALL {
            assert_eq!(mark.letter().parse(), Ok(mark));
        }
        assert_eq!(" l ".parse(), Ok(LessonMark::Late));
        assert_eq!("\\".parse(), Ok(LessonMark::Present));
        let refused = "I".parse::<LessonMark>().expect_err("no mark of a lesson");
        assert!(
            refused
                .to_string()
                .starts_with("I is not entered in a lesson")
        );
    }

    #[test]
    fn present_at_registration_and_missing_from_a_lesson_is_told() {
        for code in ["/", "L", "U"] {
            let found = differs(code, LessonMark::Absent);
            assert_eq!(found, Some(Difference::MissingFromLesson), "{code}");
        }
        let words = Difference::MissingFromLesson.words("AM", "P2");
        assert_eq!(words, "Present in AM, not in P2");
        assert_eq!(differs("/", LessonMark::Elsewhere), None);
        assert_eq!(differs("/", LessonMark::NotExpected), None, "R-024");
        assert_eq!(differs("N", LessonMark::Absent), None);
        assert_eq!(differs("", LessonMark::Absent), None);
    }

    #[test]
    fn who_came_when_the_lesson_was_over_was_rightly_not_in_it() {
        let arriving = |at: &str| InSession {
            arrived: Some(time(at)),
            ..session("U")
        };
        let missing = |at: &str| difference(&arriving(at), LessonMark::Absent, time("10:10"));
        assert_eq!(missing("10:10"), None);
        assert_eq!(missing("10:09"), Some(Difference::MissingFromLesson));
    }

    #[test]
    fn seen_in_a_lesson_and_away_by_the_register_is_told() {
        for code in ["I", "N", "O", "C", "V", "K", "X", "Y2"] {
            let found = differs(code, LessonMark::Present);
            assert!(
                matches!(found, Some(Difference::InSchoolThoughAway { .. })),
                "{code}"
            );
        }
        assert_eq!(differs("M", LessonMark::Late), None, "R-023");
        assert!(differs("I", LessonMark::Elsewhere).is_some());
        assert_eq!(differs("I", LessonMark::NotExpected), None);
        let blank = differs("", LessonMark::Present);
        assert_eq!(blank, Some(Difference::InSchoolWithoutMark));
    }

    #[test]
    fn pupils_who_may_still_come_are_looked_for_in_each_lesson() {
        for code in ["I", "C", "V", "E", "G", "Y2", "D"] {
            assert!(is_away(&session(code)), "{code}");
        }
        for code in ["", "/", "\\", "L", "U", "N", "O", "M"] {
            assert!(!is_away(&session(code)), "{code}");
        }
    }
}
