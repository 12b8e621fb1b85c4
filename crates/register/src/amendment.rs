//! Changing a mark of a closed register.

use calendar::{Day, SchoolCalendar, Slot};

use crate::codes::{Class, Code, NoMeaning, meaning};
use crate::entry::RoleKind;
use crate::rules::{Rule, rule};

/// A change to a mark of a register that has closed.
#[derive(Clone, Copy, Debug)]
pub struct AmendmentRequest<'a> {
    /// The session.
    pub slot: Slot,
    /// The code that stands; none where the session has no mark.
    pub before: Option<Code>,
    /// The code that is to stand.
    pub after: Code,
    /// Why.
    pub reason: &'a str,
    /// The name of the person amending.
    pub person: &'a str,
    /// That person's job title now.
    pub job_title: &'a str,
    /// What that person is to the register.
    pub role: RoleKind,
    /// Today.
    pub today: Day,
    /// The day on which the leave that the new code states was granted, where it is on file.
    pub leave_granted_on: Option<Day>,
    /// Whether a penalty-notice referral has used the session.
    pub used_in_referral: bool,
}

/// Why an amendment is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmendmentGround {
    /// An `N` gives way to the code that has become known.
    ReasonEstablished,
    /// A session without a mark gets one.
    MissingMarkEntered,
    /// A recorded error is put right.
    ErrorCorrected,
}

/// Why an amendment is refused, with what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendmentRefusal {
    /// No reason is given.
    #[error("an amendment must keep its reason")]
    ReasonMissing,
    /// The person has no name or no job title.
    #[error("an amendment must keep the name and job title of the person amending")]
    PersonMissing,
    /// The new code means nothing on that day, or the old one does.
    #[error("{0}")]
    NoMeaning(NoMeaning),
    /// Nothing would change.
    #[error("{code} stands there already")]
    NothingChanges {
        /// The code.
        code: Code,
    },
    /// Into `Z`.
    #[error("a mark is never amended to Z: the pupil was on roll")]
    IntoProspective,
    /// Into `#` on an open day.
    #[error("a mark is never amended to # for one pupil while the school was open")]
    IntoClosure,
    /// A present mark of an earlier school day, by somebody who is no supervisor.
    #[error("a present mark more than one school day old is changed by a supervisor only")]
    OldPresentMark,
    /// From unauthorised to authorised after a referral, by somebody who is no supervisor.
    #[error(
        "a penalty-notice referral rests on this session, so only a supervisor may make the absence authorised"
    )]
    UsedInReferral,
    /// Leave that nobody had granted before the session.
    #[error("{after} states leave, and no decision from before the session is on file")]
    LeaveNotGrantedInAdvance {
        /// The code that states leave.
        after: Code,
    },
}

impl AmendmentRefusal {
    /// The rule that decides, with its source and how far to trust it.
    pub fn rule(&self) -> Option<&'static Rule> {
        rule(match self {
            AmendmentRefusal::ReasonMissing
            | AmendmentRefusal::PersonMissing
            | AmendmentRefusal::NothingChanges { .. } => "R-007",
            AmendmentRefusal::NoMeaning(_) => "R-140",
            AmendmentRefusal::IntoProspective
            | AmendmentRefusal::IntoClosure
            | AmendmentRefusal::OldPresentMark
            | AmendmentRefusal::UsedInReferral => "R-031",
            AmendmentRefusal::LeaveNotGrantedInAdvance { .. } => "R-030",
        })
    }

    /// What to do next, in plain English.
    pub fn next_step(&self) -> &'static str {
        match self {
            AmendmentRefusal::ReasonMissing => "Write why the mark changes.",
            AmendmentRefusal::PersonMissing => "Complete your name and job title in your account.",
            AmendmentRefusal::NoMeaning(_) => "Choose a code that was in use on that day.",
            AmendmentRefusal::NothingChanges { .. } => {
                "Choose another code, or leave the mark as it is."
            }
            AmendmentRefusal::IntoProspective => {
                "If the starting day is wrong, correct it in the admission register."
            }
            AmendmentRefusal::IntoClosure => "If the whole school was closed, change the calendar.",
            AmendmentRefusal::OldPresentMark | AmendmentRefusal::UsedInReferral => {
                "Ask a supervisor to make the change."
            }
            AmendmentRefusal::LeaveNotGrantedInAdvance { .. } => {
                "Record the decision with its own date if there was one; leave is not granted after the event."
            }
        }
    }
}

/// Whether a mark of a closed register may be amended so.
///
/// Rule: R-007 (what it must keep), R-031 (the matrix), R-030 (leave), R-140. Source: `docs/law/registers.md`; the matrix is our reading.
/// Units: "more than one school day old" counts the school days after the session, up to and including today.
/// Errors: every ground of refusal at once. The amendment never overwrites: after k of them, k + 1 entries can be read in order.
pub fn may_amend(
    request: &AmendmentRequest<'_>,
    calendar: &SchoolCalendar,
) -> Result<AmendmentGround, Vec<AmendmentRefusal>> {
    let class_of = |code: Code| meaning(code, request.slot.day).map(|row| row.class);
    let after =
        class_of(request.after).map_err(|error| vec![AmendmentRefusal::NoMeaning(error)])?;
    let before = request
        .before
        .map(class_of)
        .transpose()
        .map_err(|error| vec![AmendmentRefusal::NoMeaning(error)])?;
    let mut refusals = keeps_what_it_must(request);
    if request.before == Some(request.after) {
        refusals.push(AmendmentRefusal::NothingChanges {
            code: request.after,
        });
    }
    match request.after.as_str() {
        "Z" => refusals.push(AmendmentRefusal::IntoProspective),
        "#" if calendar.has_session(request.slot) => refusals.push(AmendmentRefusal::IntoClosure),
        _ => {}
    }
    let by_supervisor = request.role == RoleKind::Supervisor;
    if before == Some(Class::Present) && is_old(request, calendar) && !by_supervisor {
        refusals.push(AmendmentRefusal::OldPresentMark);
    }
    let becomes_authorised = before == Some(Class::Unauthorised) && after == Class::Authorised;
    if becomes_authorised && request.used_in_referral && !by_supervisor {
        refusals.push(AmendmentRefusal::UsedInReferral);
    }
    if needs_earlier_leave(request) {
        refusals.push(AmendmentRefusal::LeaveNotGrantedInAdvance {
            after: request.after,
        });
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(match request.before {
        None => AmendmentGround::MissingMarkEntered,
        Some(Code::NO_REASON_YET) => AmendmentGround::ReasonEstablished,
        Some(_) => AmendmentGround::ErrorCorrected,
    })
}

/// Reason, name and title; the codes and the day are in the request by its shape.
fn keeps_what_it_must(request: &AmendmentRequest<'_>) -> Vec<AmendmentRefusal> {
    let mut refusals = Vec::new();
    if request.reason.trim().is_empty() {
        refusals.push(AmendmentRefusal::ReasonMissing);
    }
    if request.person.trim().is_empty() || request.job_title.trim().is_empty() {
        refusals.push(AmendmentRefusal::PersonMissing);
    }
    refusals
}

/// Whether more than one school day has come since the session's.
fn is_old(request: &AmendmentRequest<'_>, calendar: &SchoolCalendar) -> bool {
    calendar
        .school_days_between(request.slot.day.next(), request.today)
        .len()
        > 1
}

/// `G` and `O` become leave only when it was granted before the day of the session.
fn needs_earlier_leave(request: &AmendmentRequest<'_>) -> bool {
    let was_without_leave = request
        .before
        .is_some_and(|code| ["G", "O"].contains(&code.as_str()));
    let states_leave = ["C", "C1", "C2", "J1", "S"].contains(&request.after.as_str());
    let granted_before = request
        .leave_granted_on
        .is_some_and(|granted| granted < request.slot.day);
    was_without_leave && states_leave && !granted_before
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{CalendarRows, Period, Session};

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn code(text: &str) -> Code {
        text.parse().expect("a test writes codes")
    }

    fn calendar() -> SchoolCalendar {
        SchoolCalendar::new(CalendarRows {
            terms: vec![Period {
                name: "Autumn".to_owned(),
                first: day("2026-09-01"),
                last: day("2026-12-18"),
            }],
            ..CalendarRows::default()
        })
        .expect("sound rows")
    }

    /// The office amends a mark of Friday 20 November 2026 on the Monday after.
    fn request(before: &str, after: &str) -> AmendmentRequest<'static> {
        AmendmentRequest {
            slot: Slot::new(day("2026-11-20"), Session::Am),
            before: (!before.is_empty()).then(|| code(before)),
            after: code(after),
            reason: "the parent rang",
            person: "A. Person",
            job_title: "Attendance officer",
            role: RoleKind::Office,
            today: day("2026-11-23"),
            leave_granted_on: None,
            used_in_referral: false,
        }
    }

    fn amend(request: &AmendmentRequest<'_>) -> Result<AmendmentGround, Vec<AmendmentRefusal>> {
        may_amend(request, &calendar())
    }

    #[test]
    fn an_n_becomes_anything_with_a_reason() {
        for after in ["I", "M", "O", "C", "/", "U", "Y7"] {
            assert_eq!(
                amend(&request("N", after)),
                Ok(AmendmentGround::ReasonEstablished),
                "{after}"
            );
        }
        assert_eq!(
            amend(&request("", "/")),
            Ok(AmendmentGround::MissingMarkEntered)
        );
        assert_eq!(
            amend(&request("I", "M")),
            Ok(AmendmentGround::ErrorCorrected)
        );
    }

    #[test]
    fn an_amendment_keeps_its_reason_and_who_made_it_with_their_title() {
        let bare = AmendmentRequest {
            reason: " ",
            job_title: "",
            ..request("N", "I")
        };
        assert_eq!(
            amend(&bare),
            Err(vec![
                AmendmentRefusal::ReasonMissing,
                AmendmentRefusal::PersonMissing
            ])
        );
    }

    #[test]
    fn a_present_mark_two_school_days_old_is_left_to_a_supervisor() {
        let on = |today, role| {
            amend(&AmendmentRequest {
                today: day(today),
                role,
                ..request("/", "I")
            })
        };
        assert!(
            on("2026-11-23", RoleKind::Office).is_ok(),
            "the next school day"
        );
        assert_eq!(
            on("2026-11-24", RoleKind::Office),
            Err(vec![AmendmentRefusal::OldPresentMark])
        );
        assert!(on("2026-11-24", RoleKind::Supervisor).is_ok());
    }

    #[test]
    fn a_session_that_a_referral_used_becomes_authorised_by_a_supervisor_only() {
        let used = AmendmentRequest {
            used_in_referral: true,
            ..request("O", "I")
        };
        assert_eq!(amend(&used), Err(vec![AmendmentRefusal::UsedInReferral]));
        assert!(
            amend(&AmendmentRequest {
                role: RoleKind::Supervisor,
                ..used
            })
            .is_ok()
        );
        assert!(
            amend(&AmendmentRequest {
                after: code("G"),
                ..used
            })
            .is_ok(),
            "still unauthorised"
        );
    }

    #[test]
    fn nothing_becomes_z_and_no_single_mark_becomes_a_closure_on_an_open_day() {
        assert_eq!(
            amend(&request("N", "Z")),
            Err(vec![AmendmentRefusal::IntoProspective])
        );
        assert_eq!(
            amend(&request("N", "#")),
            Err(vec![AmendmentRefusal::IntoClosure])
        );
        let supervisor = AmendmentRequest {
            role: RoleKind::Supervisor,
            ..request("N", "Z")
        };
        assert!(amend(&supervisor).is_err());
    }

    #[test]
    fn a_retired_code_is_refused_and_so_is_a_change_to_the_same_code() {
        assert!(matches!(
            amend(&request("N", "H")).expect_err("retired")[0],
            AmendmentRefusal::NoMeaning(_)
        ));
        assert_eq!(
            amend(&request("I", "I")),
            Err(vec![AmendmentRefusal::NothingChanges { code: code("I") }])
        );
    }

    #[test]
    fn leave_agreed_after_the_event_is_not_leave() {
        let granted = |on: Option<&str>| AmendmentRequest {
            leave_granted_on: on.map(day),
            ..request("G", "C")
        };
        let refused = Err(vec![AmendmentRefusal::LeaveNotGrantedInAdvance {
            after: code("C"),
        }]);
        assert_eq!(amend(&granted(None)), refused);
        assert_eq!(amend(&granted(Some("2026-11-20"))), refused);
        assert!(amend(&granted(Some("2026-11-19"))).is_ok());
        assert!(amend(&request("G", "I")).is_ok(), "sickness is not leave");
    }

    #[test]
    fn every_refusal_cites_a_rule_and_says_what_to_do() {
        for refusal in amend(&AmendmentRequest {
            reason: "",
            person: "",
            ..request("G", "C")
        })
        .expect_err("refused")
        {
            assert!(refusal.rule().is_some());
            assert!(!refusal.next_step().is_empty());
        }
    }
}
