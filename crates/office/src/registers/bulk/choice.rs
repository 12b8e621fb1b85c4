//! What somebody chose to change: whose marks, on which days, which of them, to which code and why.

use std::collections::BTreeSet;

use calendar::{Day, Slot};
use register::plan::PlannedSessions;
use register::{Class, Code, meaning};

use super::foresee::Why;
use crate::ids::{EnrolmentId, GroupId, PupilId};

/// Whose marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Everybody on roll.
    School,
    /// Whoever is in one of these groups on the day of the session.
    Groups(BTreeSet<GroupId>),
    /// These pupils.
    Pupils(BTreeSet<PupilId>),
    /// These places of the register and no other.
    Places(BTreeSet<(EnrolmentId, Slot)>),
}

/// Which marks of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Sessions without a mark.
    Blank,
    /// Marks of these codes, and sessions without a mark if `blank`.
    Codes {
        /// The codes.
        codes: BTreeSet<Code>,
        /// Whether a session without a mark is taken in too.
        blank: bool,
    },
    /// Every mark but those that are protected: present, education off site, `D` and `E`.
    Unprotected,
    /// What a closure takes in: sessions without a mark and every absence, but not education off site and `D`.
    Absent {
        /// Whether present marks are taken in too: made before it was known that nobody comes.
        present: bool,
    },
    /// Every mark.
    Every,
}

/// Which sessions are taken in of those for which something is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverPlans {
    /// None: a plan locks its sessions.
    No,
    /// Those where no education is planned elsewhere: with the site closed, leave and appointments have nothing to be leave from.
    NotEducation,
    /// All: the mark goes before the plan.
    Yes,
}

impl OverPlans {
    /// Whether a plan with this code leaves its sessions open to the change.
    pub(super) fn passes(self, planned: Code, day: Day) -> bool {
        match self {
            OverPlans::No => false,
            OverPlans::NotEducation => !is_educated_elsewhere(planned, day),
            OverPlans::Yes => true,
        }
    }
}

impl Which {
    /// Whether a place where this code stands is taken in; `None` is a place without a mark.
    pub(super) fn takes(&self, standing: Option<Code>, day: Day) -> Result<(), Why> {
        let taken = match (self, standing) {
            (Which::Blank, standing) => standing.is_none(),
            (Which::Codes { blank, .. }, None) => *blank,
            (Which::Codes { codes, .. }, Some(code)) => codes.contains(&code),
            (Which::Unprotected, Some(code)) if is_protected(code, day) => {
                return Err(Why::Protected(code));
            }
            (Which::Absent { present }, Some(code)) if is_kept_by_closure(code, day, *present) => {
                return Err(Why::Protected(code));
            }
            (Which::Unprotected | Which::Every | Which::Absent { .. }, _) => true,
        };
        match taken {
            true => Ok(()),
            false => Err(Why::NotChosen(standing)),
        }
    }

    /// In words.
    pub fn in_words(&self) -> String {
        match self {
            Which::Blank => "sessions without a mark".to_owned(),
            Which::Codes { codes, blank } => {
                let codes: Vec<String> = codes.iter().map(Code::to_string).collect();
                let blank = if *blank {
                    ", and sessions without a mark"
                } else {
                    ""
                };
                format!("marks {}{blank}", codes.join(" "))
            }
            Which::Unprotected => "every mark but present, education off site, D and E".to_owned(),
            Which::Absent { present: false } => {
                "every mark but present, education off site and D".to_owned()
            }
            Which::Absent { present: true } => "every mark but education off site and D".to_owned(),
            Which::Every => "every mark".to_owned(),
        }
    }
}

/// Whether a mark says where a pupil really was, or what another record decides, and so is not swept away with others:
/// present, education off site, `D` and `E`.
pub(super) fn is_protected(code: Code, day: Day) -> bool {
    let of_another_record = ["D", "E"].contains(&code.as_str());
    let class = meaning(code, day).map(|row| row.class);
    of_another_record
        || matches!(
            class,
            Ok(Class::Present | Class::ApprovedEducationalActivity)
        )
}

/// Whether a code says that the pupil is taught elsewhere, whether the school's own site is open or not: `K V P W B` and `D`.
fn is_educated_elsewhere(code: Code, day: Day) -> bool {
    let class = meaning(code, day).map(|row| row.class);
    code.as_str() == "D" || matches!(class, Ok(Class::ApprovedEducationalActivity))
}

fn is_kept_by_closure(code: Code, day: Day, present_too: bool) -> bool {
    let is_present = meaning(code, day).is_ok_and(|row| row.class == Class::Present);
    is_educated_elsewhere(code, day) || (is_present && !present_too)
}

/// What is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryCode {
    /// `/` in the morning, `\` in the afternoon.
    Present,
    /// The same code in every session.
    One(Code),
}

impl EntryCode {
    /// The code for this session.
    pub fn at(self, slot: Slot) -> Code {
        match self {
            EntryCode::Present => Code::present(slot.session),
            EntryCode::One(code) => code,
        }
    }

    /// As it is kept: none where it is not the same in every session.
    pub(super) fn kept(self) -> Option<Code> {
        match self {
            EntryCode::Present => None,
            EntryCode::One(code) => Some(code),
        }
    }
}

/// A change to many marks as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Whose marks.
    pub whom: Whom,
    /// The first day.
    pub first: Day,
    /// The last day, taken in.
    pub last: Day,
    /// Which sessions between them.
    pub sessions: PlannedSessions,
    /// Which marks.
    pub which: Which,
    /// Which sessions are taken in for which something is planned.
    pub over_plans: OverPlans,
    /// What is entered.
    pub code: EntryCode,
    /// The note that goes with each mark.
    pub note: Option<String>,
    /// The school's own sub-code of the code that is entered.
    pub sub_code: Option<String>,
    /// Why.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        text.parse().expect("a test writes codes")
    }

    fn day() -> Day {
        "2026-11-24".parse().expect("a test writes real days")
    }

    #[test]
    fn what_says_where_a_pupil_was_is_protected_and_what_says_why_not_is_not() {
        for text in ["/", "\\", "L", "K", "V", "P", "W", "B", "D", "E"] {
            assert!(is_protected(code(text), day()), "{text}");
        }
        for text in ["N", "O", "U", "G", "I", "C", "M", "Y4"] {
            assert!(!is_protected(code(text), day()), "{text}");
        }
    }

    #[test]
    fn only_the_marks_that_were_chosen_are_taken_in() {
        let no_reason = Which::Codes {
            codes: [code("N")].into(),
            blank: false,
        };
        assert_eq!(no_reason.takes(Some(code("N")), day()), Ok(()));
        assert_eq!(no_reason.takes(None, day()), Err(Why::NotChosen(None)));
        assert_eq!(
            Which::Blank.takes(Some(code("N")), day()),
            Err(Why::NotChosen(Some(code("N"))))
        );
        assert_eq!(
            Which::Unprotected.takes(Some(code("/")), day()),
            Err(Why::Protected(code("/")))
        );
        assert_eq!(Which::Every.takes(Some(code("/")), day()), Ok(()));
    }
}
