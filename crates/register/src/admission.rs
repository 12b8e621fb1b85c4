//! The admission register: entering a name, what an entry must hold, how long it is preserved.

use calendar::Day;

use crate::rules::{Rule, rule};

/// What a pupil's entry in the admission register rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryInAdmissionRegister {
    /// The starting day that the school and a person with control of the pupil's attendance have agreed.
    pub agreed_day: Option<Day>,
    /// The day on which the pupil first attended.
    pub first_attended: Option<Day>,
}

/// The starting day of an entry, and the ground for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingDay {
    /// The day that was agreed.
    Agreed(Day),
    /// The day on which the pupil first attended, none having been agreed.
    FirstAttended(Day),
}

impl StartingDay {
    /// The day.
    pub fn day(self) -> Day {
        match self {
            StartingDay::Agreed(day) | StartingDay::FirstAttended(day) => day,
        }
    }
}

/// Why a name may not be entered in the admission register yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionRefusal {
    /// No starting day is agreed, and the pupil has not attended.
    #[error(
        "no starting day has been agreed and the pupil has not attended yet (R-002); record the agreed day, or enter the name when the pupil first attends"
    )]
    NeitherAgreedNorAttended,
    /// The day of first attendance is still to come.
    #[error("the pupil cannot have attended first on {}, which is still to come (R-002); if that day is agreed, record it as the agreed starting day", day.long())]
    AttendanceToCome {
        /// The day given.
        day: Day,
    },
}

/// Whether a name may be entered in the admission register today, and with which starting day.
///
/// Rule: R-002. Source: SI 2024/208 (S01 note), S11. An agreed day may lie ahead: agreement is what allows the entry (our reading).
/// Errors: neither agreed nor attended.
pub fn may_admit(
    entry: EntryInAdmissionRegister,
    today: Day,
) -> Result<StartingDay, AdmissionRefusal> {
    match (entry.agreed_day, entry.first_attended) {
        (Some(day), _) => Ok(StartingDay::Agreed(day)),
        (None, Some(day)) if day <= today => Ok(StartingDay::FirstAttended(day)),
        (None, Some(day)) => Err(AdmissionRefusal::AttendanceToCome { day }),
        (None, None) => Err(AdmissionRefusal::NeitherAgreedNorAttended),
    }
}

/// A parent or contact, as far as the admission register asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentEntry {
    /// The full name.
    pub full_name: String,
    /// Whether a full address is recorded.
    pub has_address: bool,
    /// Whether the pupil normally lives with this parent.
    pub lives_with: bool,
    /// Whether this person is a parent in law; other emergency contacts are not.
    pub is_parent: bool,
    /// How many emergency telephone numbers are recorded.
    pub emergency_numbers: u32,
}

/// A pupil's entry in the admission register, as far as its completeness goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdmissionEntry {
    /// The full name.
    pub full_name: String,
    /// The name used at the school.
    pub name_used: String,
    /// The sex.
    pub sex: String,
    /// The date of birth.
    pub date_of_birth: Option<Day>,
    /// How many addresses are recorded.
    pub addresses: u32,
    /// Parents and other contacts.
    pub contacts: Vec<ParentEntry>,
    /// The starting day.
    pub starting_day: Option<Day>,
    /// The name of the last school; empty while it is not known.
    pub last_school: String,
    /// Whether the last school's address is recorded.
    pub last_school_has_address: bool,
    /// Whether the pupil is known to have attended no school before.
    pub no_school_before: bool,
    /// Whether the school has boarders.
    pub school_has_boarders: bool,
    /// Whether the pupil boards; none while nobody has said.
    pub boards: Option<bool>,
}

/// How much a gap matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The register must hold it.
    Error,
    /// Guidance advises it.
    Warning,
}

/// Something that the admission register should hold of a pupil and does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// A field of the pupil is empty.
    #[error("{0} is missing")]
    Field(&'static str),
    /// No parent is recorded.
    #[error("no parent is recorded")]
    NoParent,
    /// A known parent has no full name.
    #[error("a parent has no full name")]
    ParentWithoutName,
    /// A known parent has no full address.
    #[error("{parent} has no address")]
    ParentWithoutAddress {
        /// The parent.
        parent: String,
    },
    /// Nobody has said which parent the pupil normally lives with.
    #[error("it is not recorded which parent the pupil normally lives with")]
    LivesWithNobody,
    /// A parent with whom the pupil lives has no emergency number.
    #[error("{parent}, with whom the pupil normally lives, has no emergency telephone number")]
    NoEmergencyNumber {
        /// The parent.
        parent: String,
    },
    /// Only one person can be reached in an emergency.
    #[error(
        "only one person can be reached in an emergency: numbers for more than one are advised"
    )]
    OneContactOnly,
}

impl Gap {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Gap::OneContactOnly => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The rule that asks for it, with its source and how far to trust it.
    pub fn rule(&self) -> Option<&'static Rule> {
        rule(match self {
            Gap::NoEmergencyNumber { .. } | Gap::OneContactOnly => "R-004",
            _ => "R-003",
        })
    }
}

/// What the admission register should hold of a pupil and does not: errors first, then advice.
///
/// Rule: R-003 (fields), R-004 (emergency contacts). Source: S10, S28; S02 p20, p67.
pub fn admission_gaps(entry: &AdmissionEntry) -> Vec<Gap> {
    let fields = [
        ("the full name", !entry.full_name.trim().is_empty()),
        (
            "the name used at the school",
            !entry.name_used.trim().is_empty(),
        ),
        ("the sex", !entry.sex.trim().is_empty()),
        ("the date of birth", entry.date_of_birth.is_some()),
        ("the address", entry.addresses > 0),
        ("the starting day", entry.starting_day.is_some()),
        (
            "the name of the last school",
            entry.no_school_before || !entry.last_school.trim().is_empty(),
        ),
        (
            "the address of the last school",
            entry.no_school_before || entry.last_school_has_address,
        ),
        (
            "whether the pupil boards",
            !entry.school_has_boarders || entry.boards.is_some(),
        ),
    ];
    let mut gaps: Vec<Gap> = fields
        .into_iter()
        .filter(|(_, is_there)| !is_there)
        .map(|(field, _)| Gap::Field(field))
        .collect();
    gaps.extend(parent_gaps(&entry.contacts));
    gaps.sort_by_key(Gap::severity);
    gaps
}

fn parent_gaps(contacts: &[ParentEntry]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let parents = || contacts.iter().filter(|contact| contact.is_parent);
    if parents().next().is_none() {
        gaps.push(Gap::NoParent);
    } else if !parents().any(|parent| parent.lives_with) {
        gaps.push(Gap::LivesWithNobody);
    }
    for parent in parents() {
        let name = parent.full_name.trim();
        let named = || if name.is_empty() { "a parent" } else { name }.to_owned();
        if name.is_empty() {
            gaps.push(Gap::ParentWithoutName);
        }
        if !parent.has_address {
            gaps.push(Gap::ParentWithoutAddress { parent: named() });
        }
        if parent.lives_with && parent.emergency_numbers == 0 {
            gaps.push(Gap::NoEmergencyNumber { parent: named() });
        }
    }
    if contacts
        .iter()
        .filter(|contact| contact.emergency_numbers > 0)
        .count()
        == 1
    {
        gaps.push(Gap::OneContactOnly);
    }
    gaps
}

/// The last day on which the local authority is told of a name entered in the admission register on a day.
///
/// Rule: R-330. Source: SI 2024/208 reg 13(1)-(3) (S01). Units: calendar days, since "day" is not qualified there (C-03).
/// Not asked for in the most junior class on the first day of the school year, unless the authority asks: the caller knows which that is.
pub fn new_pupil_return_due(entered: Day) -> Day {
    entered.plus_days(5)
}

/// How many years an entry of either register is preserved.
pub const YEARS_PRESERVED: i16 = 6;

/// The day until which an entry made on a day is preserved; it may be destroyed from this day on, not before.
///
/// Rule: R-008. Source: SI 2024/208 reg 7 (S01 note, S10). An amendment is an entry with its own clock.
/// An entry of 29 February is preserved until 1 March of a common year.
pub fn preserve_until(entry_day: Day) -> Day {
    let year = (entry_day.year() + YEARS_PRESERVED).min(9999);
    Day::new(year, entry_day.month(), entry_day.day_of_month())
        .or_else(|| Day::new(year, 3, 1))
        .expect("1 March is in every year")
}

/// An entry may not be destroyed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the entry must be preserved until {} (R-008)", until.long())]
pub struct StillPreserved {
    /// The first day on which it may be destroyed.
    pub until: Day,
}

/// Whether an entry made on a day may be destroyed today.
///
/// Rule: R-008. Errors: its six years have not passed.
pub fn may_purge(entry_day: Day, today: Day) -> Result<(), StillPreserved> {
    let until = preserve_until(entry_day);
    if until > today {
        Err(StillPreserved { until })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn complete() -> AdmissionEntry {
        let parent = |name: &str, lives_with| ParentEntry {
            full_name: name.to_owned(),
            has_address: true,
            lives_with,
            is_parent: true,
            emergency_numbers: 1,
        };
        AdmissionEntry {
            full_name: "Pupil One".to_owned(),
            name_used: "Pupil".to_owned(),
            sex: "F".to_owned(),
            date_of_birth: Some(day("2012-05-01")),
            addresses: 1,
            contacts: vec![parent("Parent One", true), parent("Parent Two", false)],
            starting_day: Some(day("2026-09-01")),
            last_school: "Example Primary School".to_owned(),
            last_school_has_address: true,
            ..AdmissionEntry::default()
        }
    }

    fn told(entry: &AdmissionEntry) -> Vec<String> {
        admission_gaps(entry).iter().map(Gap::to_string).collect()
    }

    #[test]
    fn a_name_is_entered_with_an_agreed_day_or_when_the_pupil_first_attends_and_not_before() {
        let today = day("2026-11-24");
        let admit = |agreed: Option<&str>, attended: Option<&str>| {
            let entry = EntryInAdmissionRegister {
                agreed_day: agreed.map(day),
                first_attended: attended.map(day),
            };
            may_admit(entry, today)
        };
        assert_eq!(
            admit(None, None),
            Err(AdmissionRefusal::NeitherAgreedNorAttended)
        );
        assert_eq!(
            admit(Some("2026-12-01"), None),
            Ok(StartingDay::Agreed(day("2026-12-01")))
        );
        assert_eq!(
            admit(None, Some("2026-11-24")),
            Ok(StartingDay::FirstAttended(today))
        );
        assert_eq!(
            admit(None, Some("2026-11-25")),
            Err(AdmissionRefusal::AttendanceToCome {
                day: day("2026-11-25")
            })
        );
        assert_eq!(
            admit(Some("2026-11-02"), Some("2026-11-04")).map(StartingDay::day),
            Ok(day("2026-11-02"))
        );
    }

    #[test]
    fn the_authority_is_told_of_a_new_pupil_by_the_end_of_the_fifth_calendar_day() {
        assert_eq!(new_pupil_return_due(day("2026-11-27")), day("2026-12-02"));
    }

    #[test]
    fn a_complete_entry_has_no_gap() {
        assert!(told(&complete()).is_empty());
    }

    #[test]
    fn an_empty_entry_lists_every_field_that_the_register_asks_for() {
        let entry = AdmissionEntry {
            school_has_boarders: true,
            ..AdmissionEntry::default()
        };
        assert_eq!(
            told(&entry),
            [
                "the full name is missing",
                "the name used at the school is missing",
                "the sex is missing",
                "the date of birth is missing",
                "the address is missing",
                "the starting day is missing",
                "the name of the last school is missing",
                "the address of the last school is missing",
                "whether the pupil boards is missing",
                "no parent is recorded",
            ]
        );
    }

    #[test]
    fn no_emergency_number_for_the_parent_at_home_is_an_error_and_a_single_contact_a_warning() {
        let mut entry = complete();
        entry.contacts[0].emergency_numbers = 0;
        let gaps = admission_gaps(&entry);
        assert_eq!(
            gaps,
            [
                Gap::NoEmergencyNumber {
                    parent: "Parent One".to_owned()
                },
                Gap::OneContactOnly
            ]
        );
        assert_eq!(
            (gaps[0].severity(), gaps[1].severity()),
            (Severity::Error, Severity::Warning)
        );
        let mut single = complete();
        single.contacts[1].emergency_numbers = 0;
        assert_eq!(admission_gaps(&single), [Gap::OneContactOnly]);
        single.contacts.push(ParentEntry {
            full_name: "Neighbour".to_owned(),
            emergency_numbers: 1,
            ..ParentEntry::default()
        });
        assert!(
            admission_gaps(&single).is_empty(),
            "a contact who is no parent serves"
        );
    }

    #[test]
    fn somebody_must_be_the_parent_the_pupil_lives_with() {
        let mut entry = complete();
        entry.contacts[0].lives_with = false;
        assert_eq!(
            told(&entry),
            ["it is not recorded which parent the pupil normally lives with"]
        );
    }

    #[test]
    fn an_entry_is_preserved_for_six_years_to_the_day() {
        assert!(may_purge(day("2020-11-25"), day("2026-11-24")).is_err());
        assert!(may_purge(day("2020-11-24"), day("2026-11-24")).is_ok());
        assert_eq!(preserve_until(day("2024-02-29")), day("2030-03-01"));
        assert_eq!(preserve_until(day("2020-12-31")), day("2026-12-31"));
    }
}
