//! Deleting a name from the admission register.

use std::sync::LazyLock;

use calendar::{Day, Slot};

use crate::Confidence;
use crate::compulsory_age::{CompulsoryAge, compulsory_age, compulsory_age_ends};
use crate::rules::{Rule, rule};

/// A ground on which a name is deleted from the admission register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionGround {
    /// `A` to `O`, or `NCSA` for pupils who are not of compulsory school age.
    pub letter: String,
    /// The regulation: `9(1)(a)`.
    pub regulation: String,
    /// Its name: `Registered at another school`.
    pub name: String,
    /// Its conditions, in the words of the table: a person confirms those that no record here can show.
    pub conditions: String,
    /// What to hold as evidence.
    pub evidence: String,
    /// Whether it is blocked while a school attendance order naming the school is in force.
    pub blocked_by_order: bool,
    /// What is to be known about the return to the local authority.
    pub authority_return: String,
    /// How far the line can be trusted.
    pub confidence: Confidence,
    /// Where it comes from.
    pub source: String,
    /// What else to know.
    pub notes: String,
    /// The rule that it is.
    pub rule: String,
}

/// The grounds for deletion, in order: `A` to `O`, then `NCSA`.
///
/// Rule. Source: SI 2024/208 reg 9 (each line its own). The consent that a special school place needs is no
/// ground but a gate over all of them.
pub fn deletion_grounds() -> &'static [DeletionGround] {
    &GROUNDS
}

/// The ground with this letter, or `NCSA`.
pub fn deletion_ground(letter: &str) -> Option<&'static DeletionGround> {
    GROUNDS
        .iter()
        .find(|ground| ground.letter.eq_ignore_ascii_case(letter))
}

/// Whether and how parents have told the school that they will educate at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HomeEducationNotice {
    /// Whether it is in writing.
    pub in_writing: bool,
    /// The last day at school that it names.
    pub last_day: Option<Day>,
}

/// A deletion that somebody wants to make, with what the registers need to know to judge it.
#[derive(Clone, Copy, Debug)]
pub struct DeletionRequest<'a> {
    /// The ground.
    pub ground: &'a DeletionGround,
    /// The day from which the name is to be deleted.
    pub deletion_day: Day,
    /// The day on which the ground was established and recorded.
    pub established_on: Day,
    /// Today.
    pub today: Day,
    /// The pupil's date of birth; none while the school does not know it.
    pub date_of_birth: Option<Day>,
    /// Sessions up to the deletion that were due and have no mark.
    pub unmarked: &'a [Slot],
    /// Whether a school attendance order naming this school is in force.
    pub attendance_order_in_force: bool,
    /// Whether the pupil is a mobile child whose main school this is.
    pub main_school_of_mobile_child: bool,
    /// Whether this is a special school place that a local authority arranged.
    pub special_school_place: bool,
    /// Whether that authority consents, or the Secretary of State has so directed.
    pub authority_consents: bool,
    /// Whether the school is an independent school that is no academy, or a non-maintained special school.
    pub independent_or_non_maintained_special: bool,
    /// The parents' notice of home education, if there is one.
    pub home_education_notice: Option<HomeEducationNotice>,
    /// Whether the review of a permanent exclusion is over, waived or out of time.
    pub exclusion_review_over: bool,
}

/// A deletion that the registers do not stand against. What the ground asks beyond them is for a person to confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletionAllowed<'a> {
    /// The ground, with the conditions to confirm and the evidence to hold.
    pub ground: &'a DeletionGround,
}

/// Why a name may not be deleted so, with the rule and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeletionRefusal {
    /// The day lies before the ground was established and recorded, or before today.
    #[error("a name is never deleted in retrospect: the earliest day is {}; mark the pupil up to it (R-306)", earliest.long())]
    InRetrospect {
        /// The earliest day on which the name can be deleted.
        earliest: Day,
    },
    /// The ground is said to have been established on a day to come.
    #[error("the ground cannot have been established on {}, which is still to come (R-306)", day.long())]
    NotEstablishedYet {
        /// The day given.
        day: Day,
    },
    /// Sessions before the deletion have no mark.
    #[error(
        "{count} sessions up to the deletion have no mark, the first on {first}: complete the register first (R-306)"
    )]
    SessionsUnmarked {
        /// How many.
        count: usize,
        /// The first of them.
        first: Slot,
    },
    /// A school attendance order names the school.
    #[error(
        "a school attendance order naming this school is in force, which blocks this ground (R-307)"
    )]
    AttendanceOrder,
    /// A special school place without the authority's consent.
    #[error(
        "the local authority that arranged this special school place must consent, or the Secretary of State direct, first (R-308)"
    )]
    AuthorityHasNotConsented,
    /// The main school of a mobile child.
    #[error("this is the main school of a mobile child, which is not left on this ground (R-309)")]
    MainSchoolOfMobileChild,
    /// The date of birth is not known, so nobody can say which grounds apply.
    #[error(
        "the grounds depend on compulsory school age, and the date of birth is not recorded (R-303)"
    )]
    AgeNotKnown,
    /// The ground is for pupils of the other age.
    #[error("the pupil {} of compulsory school age on that day, and this ground is for pupils who {} (R-305)", if *of_compulsory_age { "is" } else { "is not" }, if *of_compulsory_age { "are not" } else { "are" })]
    OtherAge {
        /// Whether the pupil is of compulsory school age.
        of_compulsory_age: bool,
    },
    /// A home education notice that is missing or not in writing.
    #[error(
        "home education needs the parent's notice in writing, with a last day; what was said aloud is not enough (R-316)"
    )]
    NoWrittenNotice,
    /// The last day of the notice has not passed.
    #[error("the parent's notice names {} as the last day, which must have passed (R-316)", last_day.long())]
    LastDayNotPassed {
        /// The last day at school.
        last_day: Day,
    },
    /// Not continuing past compulsory school age, before its end.
    #[error("the pupil is of compulsory school age until {}; this ground holds only after it (R-322)", ends.long())]
    StillOfCompulsoryAge {
        /// The last day of compulsory school age.
        ends: Day,
    },
    /// A ground that is for independent schools only.
    #[error("this ground is for independent and non-maintained special schools only (R-324)")]
    NotThisKindOfSchool,
    /// The review of a permanent exclusion is not over.
    #[error(
        "the name stays on roll, and is marked, until the review of the exclusion is over (R-325)"
    )]
    ReviewNotOver,
}

impl DeletionRefusal {
    /// The rule that decides, with its source and how far to trust it.
    pub fn rule(&self) -> Option<&'static Rule> {
        rule(match self {
            DeletionRefusal::InRetrospect { .. }
            | DeletionRefusal::NotEstablishedYet { .. }
            | DeletionRefusal::SessionsUnmarked { .. } => "R-306",
            DeletionRefusal::AttendanceOrder => "R-307",
            DeletionRefusal::AuthorityHasNotConsented => "R-308",
            DeletionRefusal::MainSchoolOfMobileChild => "R-309",
            DeletionRefusal::AgeNotKnown => "R-303",
            DeletionRefusal::OtherAge { .. } => "R-305",
            DeletionRefusal::NoWrittenNotice | DeletionRefusal::LastDayNotPassed { .. } => "R-316",
            DeletionRefusal::StillOfCompulsoryAge { .. } => "R-322",
            DeletionRefusal::NotThisKindOfSchool => "R-324",
            DeletionRefusal::ReviewNotOver => "R-325",
        })
    }
}

/// Whether a name may be deleted from the admission register on this ground, as far as the registers can tell.
///
/// Rule. Source: SI 2024/208 reg 9 in part (S01), S04, S07; see C-12 and C-13.
/// Grounds H and I also rest on enquiries that casework records; the conditions that come back with the ground say what a person confirms.
/// Ground L (pupils over compulsory school age) is for those who were of it and whose age has ended. Errors: every ground of refusal.
pub fn may_delete<'a>(
    request: &DeletionRequest<'a>,
) -> Result<DeletionAllowed<'a>, Vec<DeletionRefusal>> {
    let mut refusals = Vec::new();
    refusals.extend(in_retrospect(request));
    if let Some(first) = request.unmarked.first() {
        let count = request.unmarked.len();
        refusals.push(DeletionRefusal::SessionsUnmarked {
            count,
            first: *first,
        });
    }
    if request.ground.blocked_by_order && request.attendance_order_in_force {
        refusals.push(DeletionRefusal::AttendanceOrder);
    }
    // Consent is not asked for a pupil who has died; the 2024 list of exceptions was not seen.
    let letter = request.ground.letter.as_str();
    if request.special_school_place && !request.authority_consents && letter != "K" {
        refusals.push(DeletionRefusal::AuthorityHasNotConsented);
    }
    if request.main_school_of_mobile_child && matches!(letter, "A" | "C") {
        refusals.push(DeletionRefusal::MainSchoolOfMobileChild);
    }
    refusals.extend(wrong_age(request));
    match letter {
        "F" => refusals.extend(home_education(request)),
        "N" if !request.independent_or_non_maintained_special => {
            refusals.push(DeletionRefusal::NotThisKindOfSchool)
        }
        "O" if !request.exclusion_review_over => refusals.push(DeletionRefusal::ReviewNotOver),
        _ => {}
    }
    if refusals.is_empty() {
        Ok(DeletionAllowed {
            ground: request.ground,
        })
    } else {
        Err(refusals)
    }
}

/// Never before the ground was established and recorded, and never before today.
fn in_retrospect(request: &DeletionRequest<'_>) -> Option<DeletionRefusal> {
    if request.established_on > request.today {
        return Some(DeletionRefusal::NotEstablishedYet {
            day: request.established_on,
        });
    }
    let earliest = request.today;
    (request.deletion_day < earliest).then_some(DeletionRefusal::InRetrospect { earliest })
}

/// Grounds A to O are for pupils of compulsory school age, NCSA for the others; L waits for its end.
///
/// A pupil who has died is on ground K at any age: no date of birth is asked for.
fn wrong_age(request: &DeletionRequest<'_>) -> Option<DeletionRefusal> {
    let letter = request.ground.letter.as_str();
    if letter == "K" {
        return None;
    }
    let Some(born) = request.date_of_birth else {
        return Some(DeletionRefusal::AgeNotKnown);
    };
    let age = compulsory_age(born, request.deletion_day);
    let of_compulsory_age = age.is_within();
    match (letter, age) {
        ("L", CompulsoryAge::After { .. }) => None,
        ("L", _) => Some(DeletionRefusal::StillOfCompulsoryAge {
            ends: compulsory_age_ends(born),
        }),
        ("NCSA", _) => of_compulsory_age.then_some(DeletionRefusal::OtherAge { of_compulsory_age }),
        _ => (!of_compulsory_age).then_some(DeletionRefusal::OtherAge { of_compulsory_age }),
    }
}

fn home_education(request: &DeletionRequest<'_>) -> Option<DeletionRefusal> {
    match request.home_education_notice {
        Some(HomeEducationNotice {
            in_writing: true,
            last_day: Some(last_day),
        }) => (request.deletion_day <= last_day)
            .then_some(DeletionRefusal::LastDayNotPassed { last_day }),
        _ => Some(DeletionRefusal::NoWrittenNotice),
    }
}

static GROUNDS: LazyLock<Vec<DeletionGround>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_str!("../data/deletion-grounds.csv").as_bytes())
        .deserialize::<Line>()
        .map(|line| line.expect("the crate's table of grounds has the known columns in every row"))
        .filter(|line| line.ground != "SPECIAL")
        .map(ground)
        .collect()
});

/// A line of the data file.
#[derive(serde::Deserialize)]
struct Line {
    ground: String,
    regulation: String,
    short_name: String,
    conditions: String,
    evidence_to_hold: String,
    blocked_by_school_attendance_order: String,
    la_return_required: String,
    confidence: String,
    source: String,
    notes: String,
    rule: String,
}

fn ground(line: Line) -> DeletionGround {
    let confidence = match line.confidence.as_str() {
        "seen" => Confidence::Primary,
        "secondary" | "seen (heading)" => Confidence::Secondary,
        _ => Confidence::Unsourced,
    };
    DeletionGround {
        letter: line.ground,
        regulation: line.regulation,
        name: line.short_name,
        conditions: line.conditions,
        evidence: line.evidence_to_hold,
        blocked_by_order: line.blocked_by_school_attendance_order == "yes",
        authority_return: line.la_return_required,
        confidence,
        source: line.source,
        notes: line.notes,
        rule: line.rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Session;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    /// A pupil of 14 leaves on a ground that was established today.
    fn request(letter: &str) -> DeletionRequest<'static> {
        DeletionRequest {
            ground: deletion_ground(letter).expect("a ground of the table"),
            deletion_day: day("2026-11-24"),
            established_on: day("2026-11-24"),
            today: day("2026-11-24"),
            date_of_birth: Some(day("2012-05-01")),
            unmarked: &[],
            attendance_order_in_force: false,
            main_school_of_mobile_child: false,
            special_school_place: false,
            authority_consents: false,
            independent_or_non_maintained_special: false,
            home_education_notice: None,
            exclusion_review_over: false,
        }
    }

    fn refused(request: DeletionRequest<'_>) -> Vec<String> {
        may_delete(&request)
            .err()
            .unwrap_or_default()
            .iter()
            .map(|refusal| refusal.rule().expect("a rule of the page").number.clone())
            .collect()
    }

    #[test]
    fn there_are_fifteen_grounds_and_one_for_other_ages() {
        let letters: Vec<&str> = deletion_grounds()
            .iter()
            .map(|ground| ground.letter.as_str())
            .collect();
        assert_eq!(letters.join(" "), "A B C D E F G H I J K L M N O NCSA");
        let blocked: Vec<&str> = deletion_grounds()
            .iter()
            .filter(|ground| ground.blocked_by_order)
            .map(|ground| ground.letter.as_str())
            .collect();
        assert_eq!(blocked, ["A", "C", "F"]);
    }

    #[test]
    fn a_leaving_date_last_week_entered_today_is_refused() {
        assert_eq!(
            refused(DeletionRequest {
                deletion_day: day("2026-11-17"),
                ..request("A")
            }),
            ["R-306"]
        );
        assert_eq!(
            refused(DeletionRequest {
                established_on: day("2026-11-17"),
                deletion_day: day("2026-11-17"),
                ..request("A")
            }),
            ["R-306"]
        );
        assert_eq!(
            refused(DeletionRequest {
                established_on: day("2026-11-25"),
                deletion_day: day("2026-11-25"),
                ..request("A")
            }),
            ["R-306"]
        );
        assert!(refused(request("A")).is_empty());
        assert!(
            refused(DeletionRequest {
                deletion_day: day("2026-11-30"),
                ..request("A")
            })
            .is_empty()
        );
    }

    #[test]
    fn marks_must_exist_up_to_the_deletion() {
        let unmarked = [Slot::new(day("2026-11-20"), Session::Pm)];
        assert_eq!(
            refused(DeletionRequest {
                unmarked: &unmarked,
                ..request("A")
            }),
            ["R-306"]
        );
    }

    #[test]
    fn a_school_attendance_order_blocks_a_c_and_f_and_is_the_exit_of_d_and_e() {
        for (letter, blocked) in [
            ("A", true),
            ("C", true),
            ("D", false),
            ("E", false),
            ("K", false),
        ] {
            let found = refused(DeletionRequest {
                attendance_order_in_force: true,
                ..request(letter)
            });
            assert_eq!(found.contains(&"R-307".to_owned()), blocked, "{letter}");
        }
    }

    #[test]
    fn a_special_school_place_needs_the_authoritys_consent() {
        let place = DeletionRequest {
            special_school_place: true,
            ..request("A")
        };
        assert_eq!(refused(place), ["R-308"]);
        assert!(
            refused(DeletionRequest {
                authority_consents: true,
                ..place
            })
            .is_empty()
        );
    }

    #[test]
    fn the_main_school_of_a_mobile_child_is_not_left_under_a_or_c() {
        assert_eq!(
            refused(DeletionRequest {
                main_school_of_mobile_child: true,
                ..request("C")
            }),
            ["R-309"]
        );
        assert!(
            refused(DeletionRequest {
                main_school_of_mobile_child: true,
                ..request("D")
            })
            .is_empty()
        );
    }

    #[test]
    fn home_education_needs_a_written_notice_whose_last_day_has_passed() {
        let notice = |in_writing, last: &str| DeletionRequest {
            home_education_notice: Some(HomeEducationNotice {
                in_writing,
                last_day: Some(day(last)),
            }),
            ..request("F")
        };
        assert_eq!(refused(request("F")), ["R-316"]);
        assert_eq!(refused(notice(false, "2026-11-20")), ["R-316"]);
        assert_eq!(
            refused(notice(true, "2026-11-24")),
            ["R-316"],
            "the last day itself has not passed"
        );
        assert!(refused(notice(true, "2026-11-23")).is_empty());
    }

    #[test]
    fn not_continuing_waits_for_the_last_friday_in_june() {
        let leaving = |on| DeletionRequest {
            date_of_birth: Some(day("2011-01-10")),
            deletion_day: day(on),
            established_on: day(on),
            today: day(on),
            ..request("L")
        };
        assert_eq!(refused(leaving("2027-06-25")), ["R-322"]);
        assert!(refused(leaving("2027-06-26")).is_empty());
    }

    #[test]
    fn each_age_has_its_own_grounds() {
        let sixth_former = |letter| DeletionRequest {
            date_of_birth: Some(day("2009-01-10")),
            ..request(letter)
        };
        assert_eq!(refused(sixth_former("A")), ["R-305"]);
        assert!(refused(sixth_former("NCSA")).is_empty());
        assert_eq!(refused(request("NCSA")), ["R-305"]);
        assert_eq!(
            refused(DeletionRequest {
                date_of_birth: None,
                ..request("A")
            }),
            ["R-303"]
        );
        assert!(
            refused(DeletionRequest {
                date_of_birth: None,
                ..request("K")
            })
            .is_empty()
        );
    }

    #[test]
    fn grounds_n_and_o_have_their_own_conditions() {
        assert_eq!(refused(request("N")), ["R-324"]);
        assert!(
            refused(DeletionRequest {
                independent_or_non_maintained_special: true,
                ..request("N")
            })
            .is_empty()
        );
        assert_eq!(refused(request("O")), ["R-325"]);
        assert!(
            refused(DeletionRequest {
                exclusion_review_over: true,
                ..request("O")
            })
            .is_empty()
        );
    }
}
