//! What of a concern is sealed: in the rows, in the journal and in every copy of them it can be read with the school's key alone.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::SchoolId;

use crate::desk::Refusal;
use crate::people::Keyring;

/// From which work a concern came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A call or another attempt to reach somebody about an absence.
    Call,
    /// What a family told on the absence line.
    Report,
    /// A visit to the home.
    Visit,
    /// Anything else that somebody saw or heard.
    Seen,
}

impl Origin {
    /// All.
    pub const ALL: [Origin; 4] = [Origin::Call, Origin::Report, Origin::Visit, Origin::Seen];

    /// The word in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Origin::Call => "call",
            Origin::Report => "report",
            Origin::Visit => "visit",
            Origin::Seen => "seen",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Origin> {
        Origin::ALL.into_iter().find(|origin| origin.key() == key)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Origin::Call => "a call about an absence",
            Origin::Report => "a report on the absence line",
            Origin::Visit => "a visit to the home",
            Origin::Seen => "seen or heard at school",
        }
    }

    /// Whether it came from work on an absence, so that the child stays on the morning's list while nothing is decided (E-020).
    pub fn holds(self) -> bool {
        self != Origin::Seen
    }
}

/// What somebody hands over (B-201).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// From which work.
    pub origin: Origin,
    /// The record it came from, in that work's own numbering.
    pub about: Option<i64>,
    /// What was seen or heard.
    pub facts: String,
    /// The child's own words.
    pub own_words: Option<String>,
    /// What the writer makes of it, kept apart.
    pub opinion: Option<String>,
    /// When and where.
    pub place: Option<String>,
    /// Whether the child is safe now; none for not known.
    pub is_safe: Option<bool>,
    /// Whom of the safeguarding team they have told in person.
    pub told: Option<String>,
}

impl Words {
    /// These facts, from this work, and nothing else.
    pub fn of(origin: Origin, facts: impl Into<String>) -> Words {
        Words {
            origin,
            about: None,
            facts: facts.into(),
            own_words: None,
            opinion: None,
            place: None,
            is_safe: None,
            told: None,
        }
    }
}

/// What goes with a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// What was asked, added or reasoned.
    pub(super) words: String,
    /// The key of the decision.
    pub(super) decision: Option<String>,
    /// The key of the level.
    pub(super) level: Option<String>,
    /// What comes next.
    pub(super) next: Option<String>,
    /// By which day, as `2026-11-24`.
    pub(super) due: Option<String>,
    /// The key of who outside was asked.
    pub(super) agency: Option<String>,
    /// With whom somebody spoke there.
    pub(super) spoke_with: Option<String>,
    /// Their reference number.
    pub(super) reference: Option<String>,
    /// The key of what they answered.
    pub(super) answer: Option<String>,
}

/// To what the seal of a concern is bound: nothing that was sealed for one opens in another.
fn place(school: SchoolId, concern: i64) -> String {
    format!("concern {concern} of school {}", school.0)
}

/// Seals something for a concern.
pub(super) fn seal(
    keyring: &Keyring,
    school: SchoolId,
    concern: i64,
    what: &impl Serialize,
) -> Result<Vec<u8>, Refusal> {
    let plain = serde_json::to_vec(what).expect("texts and numbers can be written as JSON");
    let sealed = keyring.seal(&place(school, concern), &plain);
    sealed.map_err(|error| {
        tracing::error!(%error, "a safeguarding record could not be sealed");
        let ground =
            "This could not be sealed, so nothing was saved. Please tell whoever looks after Rollbook, and tell the safeguarding lead in person.";
        Refusal::Wrong(ground.to_owned())
    })
}

/// What was sealed for a concern; none where this key does not open it, which is logged.
pub(super) fn open<T: DeserializeOwned>(
    keyring: &Keyring,
    school: SchoolId,
    concern: i64,
    sealed: &[u8],
) -> Option<T> {
    let plain = keyring
        .open_sealed(&place(school, concern), sealed)
        .inspect_err(|error| tracing::error!(%error, concern, "a safeguarding record stays closed"))
        .ok()?;
    serde_json::from_slice(&plain).ok()
}
