//! The kinds of characteristic that a pupil's record holds, and as which part of the record each is seen.

use crate::book::BOARDS;
use crate::people::RecordKind;

/// A kind of characteristic.
#[derive(Debug)]
pub(super) struct CharacteristicKind {
    /// The word in the database.
    pub(super) key: &'static str,
    /// In the words that staff use.
    pub(super) label: &'static str,
    /// Beside a pupil's name; empty for what is no flag.
    flag: &'static str,
    /// Who may see and keep it: as this kind of record.
    pub(super) record: RecordKind,
    /// Value and words of what may be recorded; empty where any text may.
    pub(super) values: &'static [(&'static str, &'static str)],
}

/// A pupil who is not to be asked about lateness in front of others: the record says why.
pub const ASK_GENTLY: &str = "ask_gently";
/// The number that a pupil's card gives when it is scanned.
pub const CARD: &str = "card";

const YES: &[(&str, &str)] = &[("yes", "Yes")];

const fn flag(
    key: &'static str,
    label: &'static str,
    flag: &'static str,
    record: RecordKind,
) -> CharacteristicKind {
    CharacteristicKind {
        key,
        label,
        flag,
        record,
        values: YES,
    }
}

/// Every kind, in the order in which flags stand beside a name: what changes how a person acts first.
pub(super) static KINDS: [CharacteristicKind; 16] = [
    flag(
        "child_protection",
        "Child protection plan",
        "CP",
        RecordKind::SocialCareStatus,
    ),
    flag(
        "child_in_need",
        "Child in need",
        "CIN",
        RecordKind::SocialCareStatus,
    ),
    flag(
        "looked_after",
        "Looked after",
        "Looked after",
        RecordKind::SocialCareStatus,
    ),
    flag(
        "social_worker",
        "Has a social worker",
        "SW",
        RecordKind::SocialCareStatus,
    ),
    flag(
        "previously_looked_after",
        "Previously looked after",
        "Prev. looked after",
        RecordKind::SocialCareStatus,
    ),
    CharacteristicKind {
        key: "sen",
        label: "Special educational needs",
        flag: "SEN",
        record: RecordKind::SenProfile,
        values: &[
            ("K", "SEN support"),
            ("E", "Education, health and care plan"),
            ("N", "None"),
        ],
    },
    CharacteristicKind {
        key: BOARDS,
        label: "Boarder or day pupil",
        flag: "Boarder",
        record: RecordKind::PupilCore,
        values: &[("yes", "Boarder"), ("no", "Day pupil")],
    },
    flag(
        "fsm",
        "Free school meals",
        "FSM",
        RecordKind::VulnerabilityFlags,
    ),
    flag(
        "pupil_premium",
        "Pupil premium",
        "PP",
        RecordKind::VulnerabilityFlags,
    ),
    flag(
        "young_carer",
        "Young carer",
        "Young carer",
        RecordKind::VulnerabilityFlags,
    ),
    flag(
        "service_child",
        "Service child",
        "Service",
        RecordKind::VulnerabilityFlags,
    ),
    flag(
        "eal",
        "English as an additional language",
        "EAL",
        RecordKind::VulnerabilityFlags,
    ),
    flag(
        ASK_GENTLY,
        "Late for a reason that staff know: do not challenge at the door",
        "Ask gently",
        RecordKind::VulnerabilityFlags,
    ),
    CharacteristicKind {
        key: CARD,
        label: "Number of the pupil's card",
        flag: "",
        record: RecordKind::PupilCore,
        values: &[],
    },
    CharacteristicKind {
        key: "first_language",
        label: "First language",
        flag: "",
        record: RecordKind::VulnerabilityFlags,
        values: &[],
    },
    CharacteristicKind {
        key: "ethnicity",
        label: "Ethnicity",
        flag: "",
        record: RecordKind::VulnerabilityFlags,
        values: &[],
    },
];

/// Whether a recorded value says that there is nothing: `no`, or `N` in the code sets of SEN provision and young carers.
pub(super) fn says_none(value: &str) -> bool {
    value == "no" || value == "N"
}

impl CharacteristicKind {
    /// The kind with this word.
    pub(super) fn from_key(key: &str) -> Option<&'static CharacteristicKind> {
        KINDS.iter().find(|kind| kind.key == key)
    }

    /// Whether it can be a flag beside a name.
    pub(super) fn is_flag(&self) -> bool {
        !self.flag.is_empty()
    }

    /// Whether the flag changes what somebody does who takes a register or rings a home. Money and language do not, and a register may
    /// be seen over a shoulder.
    pub(super) fn is_for_registers(&self) -> bool {
        self.record != RecordKind::VulnerabilityFlags || self.key == "young_carer"
    }

    /// The flag that a recorded value puts beside a name, if it does.
    pub(super) fn flag_of(&self, value: &str) -> Option<String> {
        if !self.is_flag() || says_none(value) {
            return None;
        }
        Some(if self.key == "sen" {
            format!("SEN {value}")
        } else {
            self.flag.to_owned()
        })
    }

    /// A recorded value in words.
    pub(super) fn value_in_words(&self, value: &str) -> String {
        self.values
            .iter()
            .find(|(known, _)| *known == value)
            .map_or_else(|| value.to_owned(), |(_, words)| (*words).to_owned())
    }
}
