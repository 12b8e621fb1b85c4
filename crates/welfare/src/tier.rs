//! How soon somebody must act for an absent child: red, amber or green, with the ground in words (E-015).

use serde::{Deserialize, Serialize};

/// How fast the contact ladder runs for a pupil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// At once.
    Red,
    /// Soon.
    Amber,
    /// As for everybody.
    Green,
}

impl Tier {
    /// All, the most urgent first.
    pub const ALL: [Tier; 3] = [Tier::Red, Tier::Amber, Tier::Green];

    /// The word on screens.
    pub fn word(self) -> &'static str {
        match self {
            Tier::Red => "Red",
            Tier::Amber => "Amber",
            Tier::Green => "Green",
        }
    }

    /// The word in tables and settings.
    pub fn key(self) -> &'static str {
        match self {
            Tier::Red => "red",
            Tier::Amber => "amber",
            Tier::Green => "green",
        }
    }

    /// The tier with this key.
    pub fn from_key(key: &str) -> Option<Tier> {
        Tier::ALL.into_iter().find(|tier| tier.key() == key)
    }
}

/// Something known of a pupil that decides how soon somebody must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// A child protection plan.
    ChildProtection,
    /// An enquiry under section 47.
    Section47,
    /// Looked after by a local authority.
    LookedAfter,
    /// A social worker, as for a child in need.
    SocialWorker,
    /// Known risk of exploitation or suicide.
    KnownRisk,
    /// The safeguarding lead put the pupil there.
    ByTheLead,
    /// A tenth or more of the sessions missed.
    PersistentAbsence,
    /// Another agency is involved, such as a youth justice worker.
    OtherAgency,
    /// The family has an open concern.
    OpenConcern,
}

impl Ground {
    /// The tier that this ground gives by itself.
    ///
    /// Rule: E-015 (LOCAL, PRODUCT). Source: SRC-MILLBROOK; see `docs/law/escalation.md`.
    pub fn tier(self) -> Tier {
        match self {
            Ground::ChildProtection
            | Ground::Section47
            | Ground::LookedAfter
            | Ground::SocialWorker
            | Ground::KnownRisk
            | Ground::ByTheLead => Tier::Red,
            Ground::PersistentAbsence | Ground::OtherAgency | Ground::OpenConcern => Tier::Amber,
        }
    }

    /// In words, as the board says why a child stands where they stand.
    pub fn words(self) -> &'static str {
        match self {
            Ground::ChildProtection => "child protection plan",
            Ground::Section47 => "section 47 enquiry",
            Ground::LookedAfter => "looked after",
            Ground::SocialWorker => "social worker",
            Ground::KnownRisk => "known risk",
            Ground::ByTheLead => "put here by the safeguarding lead",
            Ground::PersistentAbsence => "persistent absence",
            Ground::OtherAgency => "another agency involved",
            Ground::OpenConcern => "open concern in the family",
        }
    }

    /// Whether it comes from social care or safeguarding, so that not everybody who rings may read it.
    pub fn is_confidential(self) -> bool {
        self.tier() == Tier::Red || matches!(self, Ground::OtherAgency | Ground::OpenConcern)
    }
}

/// The tier of a pupil and what decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiered {
    /// The most urgent tier that a ground gives.
    pub tier: Tier,
    /// Every ground, the most urgent first; none for green.
    pub grounds: Vec<Ground>,
}

/// The tier of a pupil of whom this is known.
///
/// Rule: E-015. The most urgent ground decides; moving a pupil down from red is a decision that a named senior makes, and so
/// never follows from this.
pub fn tier(grounds: impl IntoIterator<Item = Ground>) -> Tiered {
    let mut grounds: Vec<Ground> = grounds.into_iter().collect();
    grounds.sort_unstable();
    grounds.dedup();
    let most = grounds.iter().map(|ground| ground.tier()).min();
    Tiered {
        tier: most.unwrap_or(Tier::Green),
        grounds,
    }
}

impl Tiered {
    /// In words, for somebody who may or may not read what social care and the safeguarding lead know.
    ///
    /// Who may not still learns how soon to act: `Red: ask the safeguarding lead`.
    pub fn words(&self, may_read_confidential: bool) -> String {
        let told: Vec<&str> = self
            .grounds
            .iter()
            .filter(|ground| may_read_confidential || !ground.is_confidential())
            .map(|ground| ground.words())
            .collect();
        let hidden = told.len() < self.grounds.len();
        match (told.is_empty(), hidden) {
            (true, true) => "on a list of the safeguarding lead".to_owned(),
            (true, false) => String::new(),
            (false, true) => format!("{}, on a list of the safeguarding lead", told.join(", ")),
            (false, false) => told.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_ground_decides_and_all_are_told() {
        let both = tier([Ground::PersistentAbsence, Ground::SocialWorker]);
        assert_eq!(both.tier, Tier::Red);
        assert_eq!(both.words(true), "social worker, persistent absence");
        assert_eq!(tier([Ground::PersistentAbsence]).tier, Tier::Amber);
        assert_eq!(tier([]).tier, Tier::Green);
        assert_eq!(tier([]).words(true), "");
    }

    #[test]
    fn whoever_may_not_read_social_care_status_learns_how_soon_to_act_and_not_why() {
        let red = tier([Ground::ChildProtection, Ground::PersistentAbsence]);
        let told = red.words(false);
        assert!(!told.contains("protection"), "{told}");
        assert_eq!(
            told,
            "persistent absence, on a list of the safeguarding lead"
        );
        assert_eq!(red.tier, Tier::Red);
    }
}
