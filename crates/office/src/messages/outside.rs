//! Whether messages leave, and by whom: the operator's allow, and what a school has set.

use std::sync::Arc;

use ::messages::by_hand::ByHand;
use ::messages::notify::{self, Notify, Postage};
use ::messages::recording::Recording;
use ::messages::smtp::{self, Smtp};
use ::messages::{Base, Channel, Provider, authorities};
use calendar::Instant;
use serde::{Deserialize, Serialize};
use store::{SchoolId, StoreError, Tx, args};

use crate::desk::{Clock, Office};
use crate::people::Keyring;

const CHANNELS: &str = "\
select provider, settings, secret from message_channel where school_id = $1 and superseded_seq is null order by provider";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[CHANNELS];

/// Whether messages leave this installation.
#[derive(Clone, Default)]
pub enum Outside {
    /// They do not: the operator has not allowed it.
    #[default]
    Closed,
    /// They are kept and sent to nobody: the demo school, training, tests.
    Recording(Arc<Recording>),
    /// They go by what each school has set. The address of GOV.UK Notify is another only in tests.
    Open {
        /// Where GOV.UK Notify answers.
        notify: Box<Base>,
    },
}

impl Outside {
    /// Messages are kept and sent to nobody.
    pub fn recording() -> Outside {
        Outside::Recording(Arc::new(Recording::new()))
    }

    /// Messages leave, by the public address of GOV.UK Notify and the schools' mail servers.
    pub fn open() -> Outside {
        let notify = Base::read(notify::ADDRESS).expect("the address of the interface is one");
        Outside::Open {
            notify: Box::new(notify),
        }
    }
}

/// The provider of GOV.UK Notify, as its row is called.
pub(super) const NOTIFY: &str = "notify";
/// The provider of the school's mail server.
pub(super) const SMTP: &str = "smtp";

/// What a school set for GOV.UK Notify, but the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NotifySettings {
    /// The name in the key: all of it that is shown (I-130).
    pub(super) key_name: String,
    pub(super) text_template: Option<String>,
    pub(super) email_template: Option<String>,
    /// Of letters; without one letters are printed at the school.
    #[serde(default)]
    pub(super) letter_template: Option<String>,
    /// The SHA-256 of the token with which Notify tells us what became of messages (I-135), in hex; none: it does not.
    #[serde(default)]
    pub(super) callback_hash: Option<String>,
    /// Only members of the school's team can be reached until Notify has made the service live (I-139).
    pub(super) trial: bool,
}

/// What a school set for its mail server, but the password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SmtpSettings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls_from_the_start: bool,
    pub(super) user: String,
    pub(super) from: String,
    pub(super) reply_to: Option<String>,
}

impl SmtpSettings {
    /// Whether a mail server could be spoken to with these: the question and the words of what is wrong.
    pub(super) fn can_be_used(&self) -> Result<(), (&'static str, String)> {
        let tried = Smtp::new(
            self.with_password(String::new()),
            &[],
            Arc::new(|| Instant::from_micros(0)),
        );
        tried.map(drop).map_err(|error| {
            let question = match error {
                smtp::SettingsError::ReplyTo(_) => "reply_to",
                smtp::SettingsError::From(_) => "from",
                smtp::SettingsError::Tls(_) => "host",
            };
            (question, format!("{error}."))
        })
    }

    fn with_password(&self, password: String) -> smtp::Settings {
        smtp::Settings {
            host: self.host.clone(),
            port: self.port,
            security: match self.tls_from_the_start {
                true => smtp::Security::FromTheStart,
                false => smtp::Security::StartTls,
            },
            user: self.user.clone(),
            password,
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
        }
    }
}

/// What a school has set, read from its rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Channels {
    pub(super) notify: Option<(NotifySettings, Vec<u8>)>,
    pub(super) smtp: Option<(SmtpSettings, Vec<u8>)>,
}

/// Reads what a school has set.
///
/// Errors: the database did not answer.
pub(super) fn channels(tx: &mut Tx, school: SchoolId) -> Result<Channels, StoreError> {
    let mut channels = Channels::default();
    let rows = tx.query(CHANNELS, &args![school], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<String>(1)?,
            row.get::<Vec<u8>>(2)?,
        ))
    })?;
    for (provider, settings, secret) in rows {
        match provider.as_str() {
            NOTIFY => {
                channels.notify = serde_json::from_str(&settings)
                    .ok()
                    .map(|own| (own, secret))
            }
            SMTP => {
                channels.smtp = serde_json::from_str(&settings)
                    .ok()
                    .map(|own| (own, secret))
            }
            _ => {}
        }
    }
    Ok(channels)
}

/// Who carries the messages of one school.
#[derive(Clone, Default)]
pub(super) struct Carriers(Vec<Arc<dyn Provider>>);

impl Carriers {
    /// The carriers of a school as it is set up now. Settings that cannot be read, such as a key sealed with another key, carry nothing.
    pub(super) fn of(office: &Office, channels: &Channels) -> Carriers {
        match &office.outside {
            Outside::Closed => Carriers::default(),
            Outside::Recording(recording) => {
                // Letters are printed here, as at a school that names nobody to print them.
                Carriers(vec![
                    Arc::new(ByHand),
                    Arc::clone(recording) as Arc<dyn Provider>,
                ])
            }
            Outside::Open { notify } => {
                let by_notify = notify_of(&office.keyring, channels, notify, &office.clock);
                let by_mail = smtp_of(&office.keyring, channels, &office.clock);
                // The school's own mail server goes before Notify for e-mail: it is the school's own domain.
                // What nobody else prints is printed at the school.
                let by_hand: Option<Arc<dyn Provider>> = Some(Arc::new(ByHand));
                let all = [by_mail, by_notify, by_hand];
                Carriers(all.into_iter().flatten().collect())
            }
        }
    }

    /// Who carries this channel.
    pub(super) fn by(&self, channel: Channel) -> Option<&Arc<dyn Provider>> {
        self.0
            .iter()
            .find(|one| one.features().channels.contains(&channel))
    }

    /// The channels that somebody carries.
    pub(super) fn open(&self) -> Vec<Channel> {
        Channel::ALL
            .into_iter()
            .filter(|channel| self.by(*channel).is_some())
            .collect()
    }

    /// Every carrier.
    pub(super) fn all(&self) -> &[Arc<dyn Provider>] {
        &self.0
    }
}

fn opened(keyring: &Keyring, purpose: &str, sealed: &[u8]) -> Option<String> {
    let plain = keyring.open_sealed(purpose, sealed);
    if let Err(error) = &plain {
        tracing::warn!(%error, "the secret of a message channel cannot be opened");
    }
    String::from_utf8(plain.ok()?).ok()
}

fn notify_of(
    keyring: &Keyring,
    channels: &Channels,
    base: &Base,
    clock: &Clock,
) -> Option<Arc<dyn Provider>> {
    let (own, sealed) = channels.notify.as_ref()?;
    let key = notify::Key::read(&opened(keyring, NOTIFY, sealed)?).ok()?;
    let settings = notify::Settings {
        key,
        text_template: own.text_template.clone(),
        email_template: own.email_template.clone(),
        // A service in trial mode prints none (I-139).
        letter_template: own.letter_template.clone().filter(|_| !own.trial),
        postage: Postage::Second,
    };
    Some(Arc::new(Notify::new(
        settings,
        base.clone(),
        Arc::clone(clock),
    )))
}

fn smtp_of(keyring: &Keyring, channels: &Channels, clock: &Clock) -> Option<Arc<dyn Provider>> {
    let (own, sealed) = channels.smtp.as_ref()?;
    let settings = own.with_password(opened(keyring, SMTP, sealed)?);
    let smtp = Smtp::new(settings, &authorities(), Arc::clone(clock)).ok()?;
    Some(Arc::new(smtp))
}
