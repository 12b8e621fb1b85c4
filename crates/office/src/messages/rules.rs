//! What a school has decided about messages: its words, quiet hours, and how many go without a second look. From a day on, like every setting.

use ::messages::quiet::QuietHours;
use ::messages::template::{Template, TemplateError};
use calendar::{Day, TimeOfDay};
use serde::{Deserialize, Serialize};
use welfare::tier::Tier;

use crate::book::Settings;
use crate::desk::Refusal;

/// The setting that holds [`MessageRules`].
pub const MESSAGES: &str = "messages";

/// The fields that the words of a first message may use.
pub const FIELDS: [&str; 6] = ["pupils", "is or are", "session", "date", "school", LINK];

/// Those of a letter and of the subject that it shares with the e-mail: a link is made when a message leaves and lasts two weeks.
const ON_PAPER: [&str; 5] = ["pupils", "is or are", "session", "date", "school"];

/// The field that stands for the family's own form.
pub const LINK: &str = "link";

/// What a school has decided about messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRules {
    /// No message leaves by itself from this time of day …
    pub quiet_from: TimeOfDay,
    /// … until this.
    pub quiet_until: TimeOfDay,
    /// Nor on Saturday and Sunday.
    pub quiet_weekends: bool,
    /// More messages than this at once need a second look.
    pub brake: u32,
    /// A family that had a message within so many minutes gets no other.
    pub rest_minutes: u32,
    /// The first message of the day, as a text.
    pub text: String,
    /// The subject of its e-mail.
    pub subject: String,
    /// And as an e-mail.
    pub email: String,
    /// And as a letter, which has the subject above it.
    #[serde(default = "usual_letter")]
    pub letter: String,
    /// Where families reach Rollbook, for the link to their own form: `https://rollbook.hill.example`. None offers no link.
    #[serde(default)]
    pub address: Option<String>,
    /// What goes by itself.
    #[serde(default)]
    pub automatic: Automatic,
}

/// For which tiers the first message goes by itself at the time of the ladder (E-016). None, until a school has decided it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automatic {
    /// For red.
    pub red: bool,
    /// For amber.
    pub amber: bool,
    /// For green.
    pub green: bool,
    /// What failed for now is repeated once, two hours later (I-134).
    pub repeat: bool,
}

impl Automatic {
    /// Whether anything goes by itself.
    pub fn is_on(self) -> bool {
        self.red || self.amber || self.green
    }

    /// Whether it does for a tier.
    pub fn sends(self, tier: Tier) -> bool {
        match tier {
            Tier::Red => self.red,
            Tier::Amber => self.amber,
            Tier::Green => self.green,
        }
    }
}

/// The usual words of a letter.
fn usual_letter() -> String {
    "Dear parent or carer,\n\n((pupils)) ((is or are)) not in school on ((date)), and we do not know why. We have no telephone number or e-mail address \
     that reaches you.\n\nPlease ring the school, or come in, so that we know that all is well, and tell us how we can reach you.\n\n((school))"
        .to_owned()
}

impl Default for MessageRules {
    /// Quiet from 19:00 to 07:00 and at weekends; a second look above 60 messages; two hours between messages.
    fn default() -> MessageRules {
        let at = |hour| TimeOfDay::new(hour, 0, 0).expect("a full hour is a clock time");
        MessageRules {
            quiet_from: at(19),
            quiet_until: at(7),
            quiet_weekends: true,
            brake: 60,
            rest_minutes: 120,
            text: "((school)): ((pupils)) ((is or are)) not in school this ((session)) and we do not know why. Please ring us or answer this text now."
                .to_owned(),
            subject: "Not in school this ((session))".to_owned(),
            email: "Dear parent or carer,\n\n((pupils)) ((is or are)) not in school this ((session)), ((date)), and we do not know why. Please ring us \
                    or answer this e-mail now, so that we know that all is well.\n\n((school))"
                .to_owned(),
            letter: usual_letter(),
            automatic: Automatic::default(),
            address: None,
        }
    }
}

impl MessageRules {
    /// What holds on a day.
    ///
    /// Errors: the setting cannot be read.
    pub fn on(settings: &Settings, day: Day) -> Result<MessageRules, Refusal> {
        let Some(value) = settings.on(MESSAGES, day) else {
            return Ok(MessageRules::default());
        };
        serde_json::from_str(value).map_err(|error| {
            Refusal::Wrong(format!(
                "The setting “messages” cannot be read: {error}. Ask an administrator to set it again under Messages."
            ))
        })
    }

    /// The quiet hours.
    pub fn quiet(&self) -> QuietHours {
        QuietHours {
            from: self.quiet_from,
            until: self.quiet_until,
            weekends: self.quiet_weekends,
        }
    }

    /// The words as templates: text, subject, e-mail, letter.
    ///
    /// Errors: what is wrong with each, by its question.
    pub(super) fn templates(&self) -> Result<Words, Vec<(&'static str, TemplateError)>> {
        let mut wrongs = Vec::new();
        let mut read = |question: &'static str, words: &str, fields: &[&'static str]| {
            Template::read(words, fields)
                .map_err(|faults| wrongs.extend(faults.into_iter().map(|fault| (question, fault))))
        };
        let (text, subject, email, letter) = (
            read("text", &self.text, &FIELDS),
            read("subject", &self.subject, &ON_PAPER),
            read("email", &self.email, &FIELDS),
            read("letter", &self.letter, &ON_PAPER),
        );
        match (text, subject, email, letter) {
            (Ok(text), Ok(subject), Ok(email), Ok(letter)) => Ok(Words {
                text,
                subject,
                email,
                letter,
            }),
            _ => Err(wrongs),
        }
    }
}

/// Whether words use a field.
pub(super) fn uses_field(words: &str, field: &str) -> bool {
    Template::read(words, &FIELDS).is_ok_and(|template| template.fields().contains(&field))
}

/// Where families reach Rollbook, as somebody typed it: an address over TLS without a path, or one of this machine for trying.
pub(super) fn address_of(typed: &str) -> Option<String> {
    let typed = typed.trim().trim_end_matches('/');
    let machine = match typed.strip_prefix("https://") {
        Some(machine) => machine,
        None => typed.strip_prefix("http://").filter(|machine| {
            machine.starts_with("localhost") || machine.starts_with("127.0.0.1")
        })?,
    };
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-:".contains(letter);
    (!machine.is_empty() && machine.chars().all(is_plain)).then(|| typed.to_owned())
}

/// The words of a first message.
pub(super) struct Words {
    pub(super) text: Template,
    pub(super) subject: Template,
    pub(super) email: Template,
    pub(super) letter: Template,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_words_use_only_fields_that_are_filled() {
        assert!(MessageRules::default().templates().is_ok());
    }

    #[test]
    fn an_address_for_families_is_over_tls_and_has_no_path() {
        let same = |typed: &str| address_of(typed).as_deref() == Some(typed);
        assert!(same("https://rollbook.hill.example") && same("https://10.0.0.5:8443"));
        assert!(same("http://127.0.0.1:8080"));
        assert_eq!(
            address_of(" https://a.example/ ").as_deref(),
            Some("https://a.example")
        );
        for wrong in [
            "",
            "https://",
            "http://a.example",
            "a.example",
            "https://a.example/x",
            "https://a b",
        ] {
            assert_eq!(address_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_field_that_nobody_fills_is_told_beside_its_question() {
        let rules = MessageRules {
            subject: "((parent))".to_owned(),
            ..MessageRules::default()
        };
        let wrongs = rules.templates().err().expect("a fault");
        assert_eq!(wrongs[0].0, "subject");
        assert!(wrongs[0].1.to_string().contains("((parent))"));
    }
}
