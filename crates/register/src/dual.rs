//! Registered at two schools: what their registers together say of one session.
//!
//! Each school codes only the sessions that are due there and has `D` in the other's, so in each session one of them holds a code of
//! its own.

use crate::codes::Code;

/// Why the registers of two schools do not fit together in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DualFault {
    /// Both hold a code of their own: a conflict.
    Conflict,
    /// Each has the pupil due at the other: a gap.
    BothElsewhere,
    /// One has the pupil due at the other, which has nothing: a gap.
    ElsewhereAndNothing,
    /// Neither has anything: a gap.
    Nothing,
}

impl DualFault {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            DualFault::Conflict => "conflict: both schools have a code of their own",
            DualFault::BothElsewhere => "gap: each has the pupil due at the other",
            DualFault::ElsewhereAndNothing => "gap: due at the school that has no mark",
            DualFault::Nothing => "gap: neither has a mark",
        }
    }
}

/// What one register says of where the pupil was due.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Own,
    Elsewhere,
    Nothing,
}

impl Side {
    /// `#` and `Z` say nothing of the pupil: the school was closed to all, or the pupil is not on its roll.
    fn of(code: Option<Code>) -> Side {
        match code.as_ref().map(Code::as_str) {
            None | Some("#" | "Z") => Side::Nothing,
            Some("D") => Side::Elsewhere,
            Some(_) => Side::Own,
        }
    }
}

/// Whether the registers of two schools where a pupil is registered fit together in a session that is over, and if not, why.
///
/// Rule: R-220 (and R-108). Source: `docs/law/registers.md` section 6. `here` and `there`: the effective code at each school, the code of a plan
/// included; none where there is no mark. At most one school holds a code other than `D`: two is a conflict to report, none a gap.
/// Where people go wrong: a school that leaves the other's sessions blank has them missing; they are `D`.
pub fn dual_fault(here: Option<Code>, there: Option<Code>) -> Option<DualFault> {
    match (Side::of(here), Side::of(there)) {
        (Side::Own, Side::Own) => Some(DualFault::Conflict),
        (Side::Own, _) | (_, Side::Own) => None,
        (Side::Elsewhere, Side::Elsewhere) => Some(DualFault::BothElsewhere),
        (Side::Nothing, Side::Nothing) => Some(DualFault::Nothing),
        _ => Some(DualFault::ElsewhereAndNothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_each_session_one_school_and_one_alone_holds_a_code_of_its_own() {
        use DualFault::{BothElsewhere, Conflict, ElsewhereAndNothing, Nothing};
        let fault = |here: &str, there: &str| {
            let one = dual_fault(here.parse().ok(), there.parse().ok());
            let other = dual_fault(there.parse().ok(), here.parse().ok());
            assert_eq!(one, other, "the same from both sides");
            one
        };
        for (here, there, expected) in [
            ("/", "D", None),
            ("I", "D", None),
            ("/", "", None),
            ("/", "/", Some(Conflict)),
            ("/", "O", Some(Conflict)),
            ("N", "I", Some(Conflict)),
            ("D", "D", Some(BothElsewhere)),
            ("D", "", Some(ElsewhereAndNothing)),
            ("D", "#", Some(ElsewhereAndNothing)),
            ("", "", Some(Nothing)),
            ("#", "", Some(Nothing)),
            ("#", "/", None),
        ] {
            assert_eq!(fault(here, there), expected, "{here} and {there}");
        }
    }
}
