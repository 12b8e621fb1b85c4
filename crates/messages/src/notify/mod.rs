//! GOV.UK Notify, interface version 1.0.4 (I-130 to I-142).
//!
//! Notify fills templates that live there. The school's words live here, so its Notify service has one template for each channel whose
//! whole text is one field: `((body))`, for e-mails and letters with the subject `((subject))`. [`Notify::verify`](crate::Provider::verify) looks whether
//! it is so. Documents do not go with an e-mail: the words hold a link (I-147).

mod callback;
mod key;
mod refusal;
mod status;

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use callback::{Callback, CallbackError, callback};
pub use key::{Key, KeyError};
pub use status::meaning;

use crate::outgoing::{Answer, Call, CallError, call};
use crate::{
    Base, Channel, Clock, Features, Message, Number, Provider, Received, Recipient, Reference,
    Refusal, Report, Soon, State, Taken, Verified,
};

/// The address of the interface.
pub const ADDRESS: &str = "https://api.notifications.service.gov.uk";

/// How fast a letter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Postage {
    /// First class.
    First,
    /// Second class, which is taken when nothing is said.
    Second,
    /// Economy.
    Economy,
}

impl Postage {
    const fn word(self) -> &'static str {
        match self {
            Postage::First => "first",
            Postage::Second => "second",
            Postage::Economy => "economy",
        }
    }
}

/// What a school sets. The templates are the identifiers that Notify shows; a channel without one is not offered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key.
    pub key: Key,
    /// Of texts: `((body))`.
    pub text_template: Option<String>,
    /// Of e-mails: `((subject))` and `((body))`.
    pub email_template: Option<String>,
    /// Of letters: `((subject))` and `((body))`.
    pub letter_template: Option<String>,
    /// Of letters.
    pub postage: Postage,
}

/// A school's service at GOV.UK Notify.
pub struct Notify {
    settings: Settings,
    base: Base,
    now: Clock,
}

impl Notify {
    /// The service of `settings` at `base`, which is [`ADDRESS`] but for tests.
    pub fn new(settings: Settings, base: Base, now: Clock) -> Notify {
        Notify {
            settings,
            base,
            now,
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, CallError> {
        let bearer = self.settings.key.token((self.now)());
        let question = Call {
            method,
            path,
            bearer: &bearer,
            body: body.map(|body| body.to_string().into_bytes()),
        };
        call(&self.base, question).await
    }

    /// A question that changes nothing: an answer that is lost is only not had.
    async fn get(&self, path: &str) -> Result<Answer, Refusal> {
        self.ask(Method::GET, path, None)
            .await
            .map_err(|error| Refusal::NotNow(error.to_string()))
    }

    async fn hand_over(&self, message: &Message) -> Result<Taken, Refusal> {
        let (path, body) = request(&self.settings, message)?;
        let answer =
            self.ask(Method::POST, path, Some(&body))
                .await
                .map_err(|error| match error {
                    CallError::NotAsked(why) => Refusal::NotNow(why.to_owned()),
                    CallError::NoAnswer(why) => Refusal::Unsure(why.to_owned()),
                })?;
        if answer.status != 201 {
            return Err(refusal::of(&answer));
        }
        let taken: TakenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| Refusal::Unsure("it answered 201 with something unknown".to_owned()))?;
        let own_letter = message.pdf.is_some();
        Ok(Taken {
            id: taken.id,
            state: if own_letter {
                State::Checking
            } else {
                State::HandedOver
            },
        })
    }

    async fn look_up(&self, reference: &Reference) -> Result<Option<Report>, Refusal> {
        let answer = self
            .get(&format!("/v2/notifications?reference={reference}"))
            .await?;
        match answer.status {
            200 => {}
            404 => return Ok(None),
            _ => return Err(refusal::of(&answer)),
        }
        let page: NotificationPage = serde_json::from_slice(&answer.body)
            .map_err(|_| Refusal::NotNow("it answered with something unknown".to_owned()))?;
        // The same reference stands there twice only where a person sent it again; the newest is first.
        Ok(page
            .notifications
            .into_iter()
            .next()
            .map(Notification::report))
    }

    async fn received(&self, since: Option<&str>) -> Result<Vec<Received>, Refusal> {
        let mut all = Vec::new();
        let mut older_than: Option<String> = None;
        loop {
            let mut path = "/v2/received-text-messages".to_owned();
            if let Some(id) = &older_than {
                let _ = write!(path, "?older_than={id}");
            }
            let answer = self.get(&path).await?;
            if answer.status != 200 {
                return Err(refusal::of(&answer));
            }
            let page: ReceivedPage = serde_json::from_slice(&answer.body)
                .map_err(|_| Refusal::NotNow("it answered with something unknown".to_owned()))?;
            let last = page.received_text_messages.last().map(|one| one.id.clone());
            let more = page.links.next.is_some();
            for one in page.received_text_messages {
                if since == Some(one.id.as_str()) {
                    all.reverse();
                    return Ok(all);
                }
                all.push(one.received());
            }
            // Notify keeps a week; a page that repeats itself is not followed for ever.
            if !more || last.is_none() || last == older_than {
                all.reverse();
                return Ok(all);
            }
            older_than = last.filter(|id| is_identifier(id));
        }
    }

    async fn look_over(&self) -> Result<Verified, Refusal> {
        let mut verified = Verified {
            found: vec![format!("The key {} lets us in.", self.settings.key.name())],
            missing: Vec::new(),
        };
        let answer = self.get("/v2/templates").await?;
        if answer.status != 200 {
            return Err(refusal::of(&answer));
        }
        let page: TemplatePage = serde_json::from_slice(&answer.body)
            .map_err(|_| Refusal::NotNow("it answered with something unknown".to_owned()))?;
        for (channel, id) in self.templates() {
            let Some(template) = page.templates.iter().find(|one| one.id == *id) else {
                verified
                    .missing
                    .push(format!("Notify has no template {id} for a {channel}."));
                continue;
            };
            let kind = kind(channel);
            let needs_subject = channel != Channel::Text;
            let subject = template.subject.as_deref().unwrap_or_default();
            if Some(template.kind.as_str()) != kind {
                verified.missing.push(format!(
                    "The template “{}” is for a {}, not for a {channel}.",
                    template.name, template.kind
                ));
            } else if !template.body.contains("((body))") {
                verified.missing.push(format!(
                    "The template “{}” has no field ((body)), so our words would not be in it.",
                    template.name
                ));
            } else if needs_subject && !subject.contains("((subject))") {
                verified.missing.push(format!(
                    "The template “{}” has no ((subject)) in its subject.",
                    template.name
                ));
            } else {
                verified.found.push(format!(
                    "A {channel} goes by the template “{}”.",
                    template.name
                ));
            }
        }
        if self.templates().is_empty() {
            verified
                .missing
                .push("No template is named, so nothing can be sent.".to_owned());
        }
        Ok(verified)
    }

    fn templates(&self) -> Vec<(Channel, &String)> {
        let all = [
            (Channel::Text, &self.settings.text_template),
            (Channel::Email, &self.settings.email_template),
            (Channel::Letter, &self.settings.letter_template),
        ];
        all.into_iter()
            .filter_map(|(channel, template)| template.as_ref().map(|id| (channel, id)))
            .collect()
    }
}

impl Provider for Notify {
    fn features(&self) -> Features {
        let channels = self
            .templates()
            .into_iter()
            .map(|(channel, _)| channel)
            .collect();
        Features {
            channels,
            replies: true,
            delivery_reports: true,
            sender_name: false,
            look_up: true,
            attachments: false,
            reaches_outside: true,
        }
    }

    fn send<'a>(&'a self, message: &'a Message) -> Soon<'a, Taken> {
        Box::pin(self.hand_over(message))
    }

    fn status<'a>(&'a self, reference: &'a Reference) -> Soon<'a, Option<Report>> {
        Box::pin(self.look_up(reference))
    }

    fn receive<'a>(&'a self, since: Option<&'a str>) -> Soon<'a, Vec<Received>> {
        Box::pin(self.received(since))
    }

    fn verify(&self) -> Soon<'_, Verified> {
        Box::pin(self.look_over())
    }
}

/// Notify's word for a channel.
const fn kind(channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Text => Some("sms"),
        Channel::Email => Some("email"),
        Channel::Letter => Some("letter"),
        Channel::App | Channel::Call => None,
    }
}

fn is_identifier(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The path and body for a message (I-132). Only documented keys: the interface refuses any other (I-144).
///
/// Errors: a channel without a template; an e-mail with a document.
fn request(settings: &Settings, message: &Message) -> Result<(&'static str, Value), Refusal> {
    let no_template = || Refusal::WrongMessage {
        why: "no template is named for this channel".to_owned(),
        about_recipient: false,
    };
    let reference = message.reference.as_str();
    match &message.to {
        Recipient::Text(number) => {
            let template = settings.text_template.as_ref().ok_or_else(no_template)?;
            let body = json!({
                "phone_number": number.as_str(),
                "template_id": template,
                "personalisation": {"body": message.text},
                "reference": reference,
            });
            Ok(("/v2/notifications/sms", body))
        }
        Recipient::Email(_) if message.pdf.is_some() => Err(Refusal::WrongMessage {
            why: "a document goes by a link, not with the e-mail".to_owned(),
            about_recipient: false,
        }),
        Recipient::Email(address) => {
            let template = settings.email_template.as_ref().ok_or_else(no_template)?;
            let body = json!({
                "email_address": address,
                "template_id": template,
                "personalisation": {"subject": message.subject, "body": message.text},
                "reference": reference,
            });
            Ok(("/v2/notifications/email", body))
        }
        Recipient::Letter(address) => {
            let body = match &message.pdf {
                Some(pdf) => json!({
                    "reference": reference,
                    "content": STANDARD.encode(pdf.bytes()),
                    "postage": settings.postage.word(),
                }),
                None => {
                    let template = settings.letter_template.as_ref().ok_or_else(no_template)?;
                    let mut fields = Map::new();
                    for (index, line) in address.lines().iter().enumerate() {
                        fields.insert(format!("address_line_{}", index + 1), json!(line));
                    }
                    fields.insert("subject".to_owned(), json!(message.subject));
                    fields.insert("body".to_owned(), json!(message.text));
                    json!({"template_id": template, "personalisation": fields, "reference": reference})
                }
            };
            Ok(("/v2/notifications/letter", body))
        }
    }
}

#[derive(Deserialize)]
struct TakenAnswer {
    id: String,
}

#[derive(Deserialize)]
struct NotificationPage {
    notifications: Vec<Notification>,
}

#[derive(Deserialize)]
struct Notification {
    id: String,
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

impl Notification {
    fn report(self) -> Report {
        let channel = status::channel(&self.kind);
        Report {
            reference: self.reference.as_deref().and_then(Reference::read),
            id: self.id,
            state: channel.and_then(|channel| meaning(&self.status, channel)),
            word: self.status,
        }
    }
}

#[derive(Deserialize)]
struct ReceivedPage {
    received_text_messages: Vec<ReceivedText>,
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct ReceivedText {
    id: String,
    created_at: String,
    user_number: String,
    content: String,
}

impl ReceivedText {
    fn received(self) -> Received {
        Received {
            id: self.id,
            from: Number::read(&self.user_number).ok_or(self.user_number),
            text: self.content,
            at: status::time(&self.created_at),
        }
    }
}

#[derive(Deserialize)]
struct TemplatePage {
    templates: Vec<NotifyTemplate>,
}

#[derive(Deserialize)]
struct NotifyTemplate {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    body: String,
    subject: Option<String>,
}
