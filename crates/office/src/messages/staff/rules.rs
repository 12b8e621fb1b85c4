//! What a school has decided about e-mails to its staff. From a day on, like every setting.

use calendar::{Day, TimeOfDay};
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::book::Settings;
use crate::desk::Refusal;

/// The setting that holds [`StaffMailRules`].
pub const STAFF_MAIL_RULES: &str = "staff_mail";

/// What a school has decided about e-mails to its staff. None goes before the school has a channel for e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMailRules {
    /// Whoever is asked for a register has an e-mail too (E-013).
    pub registers: bool,
    /// Leaders are told how the morning was signed off.
    pub morning: bool,
    /// Tutors and heads have the weekly report of marks without a reason (E-026) …
    pub week: bool,
    /// … from this time of day, on the last school day of a week.
    pub week_at: TimeOfDay,
    /// Where staff reach Rollbook, without a slash at its end; empty: the e-mails hold no link.
    pub address: String,
}

impl Default for StaffMailRules {
    /// All three, the weekly one at 15:00, without a link.
    fn default() -> StaffMailRules {
        StaffMailRules {
            registers: true,
            morning: true,
            week: true,
            week_at: TimeOfDay::new(15, 0, 0).expect("a full hour is a clock time"),
            address: String::new(),
        }
    }
}

impl StaffMailRules {
    /// What holds on a day.
    ///
    /// Errors: the setting cannot be read.
    pub fn on(settings: &Settings, day: Day) -> Result<StaffMailRules, Refusal> {
        let Some(value) = settings.on(STAFF_MAIL_RULES, day) else {
            return Ok(StaffMailRules::default());
        };
        serde_json::from_str(value).map_err(|error| {
            Refusal::Wrong(format!(
                "The setting “staff_mail” cannot be read: {error}. Ask an administrator to set it again under Messages, E-mail to staff."
            ))
        })
    }

    pub(super) fn sends(&self, kind: Kind) -> bool {
        match kind {
            Kind::Registers => self.registers,
            Kind::Morning => self.morning,
            Kind::Week => self.week,
        }
    }
}
