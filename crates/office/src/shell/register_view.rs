use askama::Template;
use calendar::{Day, Instant, Session};

use super::{Errors, Face, Flag, Frame, MarkCell, Text};

/// The page on which a register is taken, closed registers are amended, and past ones are read.
///
/// With script its rows are a grid that takes typing and saves each change through the outbox; without, the same page is
/// a form posted to `{path}/save` with the fields `change_id`, `reason`, `on_behalf_of`, `fill` (`yes`: every blank present) and, for
/// each row, `code-{enrolment}`, `minutes-{enrolment}`, `note-{enrolment}`, `sub_code-{enrolment}`, `base-{enrolment}`.
///
/// What the grid posts to the same address as JSON:
///
/// ```text
/// {change_id, device_at, on_behalf_of|null, changes: [{enrolment, code|null, minutes|null, note|null, sub_code|null, reason|null, base}]}
/// → {seq, saved_at: "08:44", results: [{enrolment, outcome, message, code, minutes, sub_code, base, by, at}]}
/// ```
///
/// A change is the whole cell: no code means no mark, no note means no note; only no `sub_code` leaves the one that stands with the same
/// code, and an empty one takes it away. `base` is the version the person saw.
/// Outcomes: `saved`, `unchanged`, `refused` (with the ground in `message`; `code`, `minutes`, `base` are what stands),
/// `conflict` (somebody else changed it since; the same fields, `by` and `at` say who and when). Status 401 keeps the change on
/// the device until the same person has signed in again; 400, 403, 404, 409, 413 and 422 with `{message}` keep it there for them to decide
/// on; anything else is tried again with the same change id.
#[derive(Template, Debug)]
#[template(path = "registers/register.html")]
pub struct RegisterPage {
    /// The page's frame; its title is the kind of page and may name the group.
    pub frame: Frame,
    /// The register's own address: `/registers/{group}/{day}/{session}`.
    pub path: String,
    /// The group as the school calls it: `10B/Ma3`.
    pub group: String,
    /// The day.
    pub day: Day,
    /// What is registered: a session, or a lesson.
    pub of: RegisterOf,
    /// The server's clock; the page counts minutes late by it, not by the device's.
    pub now: Instant,
    /// When taking the register begins; minutes late count from here.
    pub begins: Instant,
    /// When it closes.
    pub closes: Instant,
    /// When the session ends.
    pub ends: Instant,
    /// What may be done with it now.
    pub state: RegisterState,
    /// The same in words: `open until 09:10`, `closed at 09:10 by the clock`.
    pub state_text: String,
    /// By whom and when it was last saved: `saved 08:44, A Tester`; empty when never.
    pub taken: String,
    /// The pupils, in the order of the register, numbered from 1.
    pub rows: Vec<RegisterRow>,
    /// Pupils of the group who board, and so are not marked (R-011).
    pub boarders: Vec<String>,
    /// Every code with a meaning that day, in the order of the law's table.
    pub codes: Vec<CodeChoice>,
    /// The code for present in this session: `/` or `\`.
    pub present: &'static str,
    /// For the office taking or amending a register that is another's: the name of its teacher, which stands in the field
    /// "on the word of" and goes with each save; nothing for a teacher's own register.
    pub on_behalf_of: Option<Text>,
    /// Usual reasons for an amendment, offered while typing one.
    pub reasons: Vec<Text>,
    /// The change id of the form without script.
    pub change_id: String,
    /// What was wrong with a form that came back.
    pub errors: Errors,
    /// The group's day, sessions and lessons side by side.
    pub side_by_side: Text,
    /// The same group's register in the session before, if there is one.
    pub previous: Option<Text>,
    /// And in the session after.
    pub next: Option<Text>,
}

/// What a register is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterOf {
    /// The attendance register of a session.
    Session(Session),
    /// The school's own register of a lesson.
    Lesson(LessonWords),
}

/// A lesson as its register names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonWords {
    /// The period: `P2`.
    pub period: String,
    /// Times, room and teacher: `10:10 to 11:10, Ma2, Ms A Tester`.
    pub about: String,
}

impl RegisterOf {
    fn lesson(&self) -> Option<&LessonWords> {
        match self {
            RegisterOf::Session(_) => None,
            RegisterOf::Lesson(words) => Some(words),
        }
    }

    fn is_lesson(&self) -> bool {
        self.lesson().is_some()
    }

    fn short(&self) -> String {
        match self {
            RegisterOf::Session(session) => session.to_string(),
            RegisterOf::Lesson(words) => words.period.clone(),
        }
    }

    fn long(&self) -> String {
        match self {
            RegisterOf::Session(session) => format!("{} session", session.word()),
            RegisterOf::Lesson(words) => format!("{}, {}", words.period, words.about),
        }
    }

    /// What stands beside the names.
    fn marks_beside(&self) -> &'static str {
        match self {
            RegisterOf::Session(_) => "Last five",
            RegisterOf::Lesson(_) => "Today",
        }
    }

    /// Why a row without a mark shows a letter.
    fn by_plan(&self) -> &'static str {
        match self {
            RegisterOf::Session(_) => "by plan",
            RegisterOf::Lesson(_) => "by the attendance register",
        }
    }

    fn codes_are(&self) -> &'static str {
        match self {
            RegisterOf::Session(_) => "Which code applies",
            RegisterOf::Lesson(_) => "Marks of a lesson",
        }
    }
}

/// What may be done with a register now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterState {
    /// It has not opened; only codes that may be planned ahead are taken.
    NotOpen,
    /// It is being taken.
    Open,
    /// It has closed; this person may amend it, with a reason.
    Amend,
    /// This person may read it.
    ReadOnly,
}

impl RegisterState {
    fn word(self) -> &'static str {
        match self {
            RegisterState::NotOpen => "not-open",
            RegisterState::Open => "open",
            RegisterState::Amend => "amend",
            RegisterState::ReadOnly => "read-only",
        }
    }

    fn is_editable(self) -> bool {
        self != RegisterState::ReadOnly
    }

    fn needs_reason(self) -> bool {
        self == RegisterState::Amend
    }
}

/// One pupil of a register.
#[derive(Clone, Debug)]
pub struct RegisterRow {
    /// From 1, as printed; the digits that jump to it.
    pub number: usize,
    /// The enrolment the mark belongs to.
    pub enrolment: i64,
    /// As the register sorts it: `Sample, Ada`.
    pub name: String,
    /// The pupil's page.
    pub href: Text,
    /// The last five marks, oldest first.
    pub last: Vec<MarkCell>,
    /// The code now, empty for none.
    pub code: Text,
    /// Its meaning's face; ignored without a code.
    pub code_face: Face,
    /// Minutes late, where the code has them.
    pub minutes: Option<u32>,
    /// The version that the mark shown has; 0 where there is none.
    pub base: i64,
    /// At most one loud.
    pub flags: Vec<Flag>,
    /// What is planned for this session: `M, appointment`. May be empty.
    pub planned: Text,
    /// The code of the plan that stands while there is no mark. May be empty.
    pub planned_code: Text,
    /// Its face.
    pub planned_face: Face,
    /// The mark's note. May be empty.
    pub note: Text,
    /// The school's own sub-code of the mark. May be empty.
    pub sub_code: Text,
    /// What is known of brothers and sisters today: `sister absent too`. May be empty.
    pub sibling: Text,
}

impl RegisterRow {
    /// The face of what stands: of the mark, else of the plan.
    fn face(&self) -> Face {
        match (self.code.is_empty(), self.planned_code.is_empty()) {
            (false, _) => self.code_face,
            (true, false) => self.planned_face,
            (true, true) => Face::NoMark,
        }
    }

    fn shown(&self) -> &str {
        match (self.code.is_empty(), self.planned_code.is_empty()) {
            (false, _) => &self.code,
            (true, false) => &self.planned_code,
            (true, true) => "·",
        }
    }

    /// Whether a plan stands and no mark.
    fn by_plan(&self) -> bool {
        self.code.is_empty() && !self.planned_code.is_empty()
    }
}

/// A code as this register offers it to this person.
#[derive(Clone, Debug)]
pub struct CodeChoice {
    /// As typed: `I`, `Y3`.
    pub code: Text,
    /// Its face.
    pub face: Face,
    /// What the law's table calls it.
    pub meaning: Text,
    /// A line on when it applies. May be empty.
    pub help: Text,
    /// Rule and source: `R-104, reg 10`. May be empty.
    pub source: Text,
    /// A note must go with it: the page asks before it saves.
    pub needs_note: bool,
    /// It has minutes (L and U).
    pub late: bool,
    /// Where it counts in the page's tally.
    pub tally: TallyKind,
    /// The school's own sub-codes beneath it, as they are offered.
    pub sub_codes: Vec<Text>,
    /// Why this person may not enter it here and now; nothing when they may.
    pub refusal: Option<Text>,
}

/// What a register's head counts. Not attendance figures: they come from the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TallyKind {
    /// In the room.
    Here,
    /// In the room, late.
    Late,
    /// At an approved educational activity.
    Elsewhere,
    /// Absent, explained or not.
    Absent,
    /// Not expected this session.
    NotExpected,
    /// No mark yet.
    Blank,
}

impl TallyKind {
    const ALL: [TallyKind; 6] = [
        TallyKind::Here,
        TallyKind::Late,
        TallyKind::Absent,
        TallyKind::Elsewhere,
        TallyKind::NotExpected,
        TallyKind::Blank,
    ];

    /// In a word, as pages and scripts know it.
    pub fn word(self) -> &'static str {
        match self {
            TallyKind::Here => "here",
            TallyKind::Late => "late",
            TallyKind::Elsewhere => "elsewhere",
            TallyKind::Absent => "absent",
            TallyKind::NotExpected => "not-expected",
            TallyKind::Blank => "blank",
        }
    }

    fn words(self) -> &'static str {
        match self {
            TallyKind::NotExpected => "not expected",
            other => other.word(),
        }
    }

    fn is_always_shown(self) -> bool {
        !matches!(self, TallyKind::Elsewhere | TallyKind::NotExpected)
    }
}

impl RegisterPage {
    fn tally(&self) -> Vec<(TallyKind, usize)> {
        let kind_of = |row: &RegisterRow| {
            let stands = if row.by_plan() {
                &row.planned_code
            } else {
                &row.code
            };
            let choice = self.codes.iter().find(|choice| choice.code == *stands);
            choice.map_or(TallyKind::Blank, |choice| choice.tally)
        };
        TallyKind::ALL
            .into_iter()
            .map(|kind| {
                (
                    kind,
                    self.rows.iter().filter(|row| kind_of(row) == kind).count(),
                )
            })
            .collect()
    }

    /// Whether the school has sub-codes that this register offers.
    fn has_sub_codes(&self) -> bool {
        self.allowed().any(|choice| !choice.sub_codes.is_empty())
    }

    fn allowed(&self) -> impl Iterator<Item = &CodeChoice> {
        self.codes.iter().filter(|choice| choice.refusal.is_none())
    }

    fn refused(&self) -> impl Iterator<Item = &CodeChoice> {
        self.codes.iter().filter(|choice| choice.refusal.is_some())
    }
}
