//! E-mail by SMTP (I-145 to I-147).
//!
//! The steps of a delivery are taken one by one, because what decides whether a message may be sent again is how far it came: until the
//! words have been handed over it was certainly not taken; once they have, only the server's answer says. There is nothing to
//! look up at a mail server, so an answer that is lost there is left to a person.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use rustls::pki_types::CertificateDer;

use crate::{
    Channel, Clock, Features, Message, Provider, Received, Recipient, Reference, Refusal, Report,
    Soon, State, Taken, Verified,
};

/// How the connection is encrypted. Without encryption nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the start, usually at port 465.
    FromTheStart,
    /// STARTTLS, required, usually at port 587.
    StartTls,
}

/// What a school sets.
#[derive(Clone)]
pub struct Settings {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// Who signs in at the server.
    pub user: String,
    /// With which password.
    pub password: String,
    /// Who writes: the name and the address at the school's own domain, `Hill School <office@hill.example>`.
    pub from: String,
    /// Where answers go; absent: to `from`.
    pub reply_to: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({}@{}:{})", self.user, self.host, self.port)
    }
}

/// Why settings are none to send with.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The sender's address cannot be read.
    #[error("the sender is not a name and an address, like “Hill School <office@hill.example>”")]
    From(#[source] AddressError),
    /// The address for answers cannot be read.
    #[error("the address for answers is not an address")]
    ReplyTo(#[source] AddressError),
    /// A certificate authority cannot be used.
    #[error("the connection cannot be encrypted")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// A school's mail server.
pub struct Smtp {
    settings: Settings,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    tls: TlsParameters,
    hello: ClientId,
    now: Clock,
}

/// A step of a conversation is answered within this time.
const STEP_WITHIN: Duration = Duration::from_secs(30);

/// The words may take longer: a document goes with them.
const WORDS_WITHIN: Duration = Duration::from_secs(120);

impl Smtp {
    /// The mail server of `settings`, trusted if `authorities` vouch for its certificate ([`crate::authorities`]).
    ///
    /// Errors: an address that cannot be read.
    pub fn new(
        settings: Settings,
        authorities: &[CertificateDer<'static>],
        now: Clock,
    ) -> Result<Smtp, SettingsError> {
        let from: Mailbox = settings.from.parse().map_err(SettingsError::From)?;
        let reply_to = settings.reply_to.as_deref().map(str::parse).transpose();
        let mut tls =
            TlsParameters::builder(settings.host.clone()).certificate_store(CertificateStore::None);
        for authority in authorities {
            let certificate =
                Certificate::from_der(authority.to_vec()).map_err(SettingsError::Tls)?;
            tls = tls.add_root_certificate(certificate);
        }
        Ok(Smtp {
            reply_to: reply_to.map_err(SettingsError::ReplyTo)?,
            tls: tls.build().map_err(SettingsError::Tls)?,
            hello: ClientId::Domain(from.email.domain().to_owned()),
            from,
            settings,
            now,
        })
    }

    /// Connected, encrypted and signed in.
    async fn signed_in(&self) -> Result<AsyncSmtpConnection, Refusal> {
        let at_once = match self.settings.security {
            Security::FromTheStart => Some(self.tls.clone()),
            Security::StartTls => None,
        };
        let server = (self.settings.host.as_str(), self.settings.port);
        let connect = AsyncSmtpConnection::connect_tokio1(
            server,
            Some(STEP_WITHIN),
            &self.hello,
            at_once,
            None,
        );
        let mut connection = within(STEP_WITHIN, connect).await?;
        if !connection.is_encrypted() {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(Refusal::ChannelClosed(
                    "the mail server does not encrypt (STARTTLS)".to_owned(),
                ));
            }
            within(
                STEP_WITHIN,
                connection.starttls(self.tls.clone(), &self.hello),
            )
            .await?;
        }
        let credentials =
            Credentials::new(self.settings.user.clone(), self.settings.password.clone());
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        match tokio::time::timeout(STEP_WITHIN, connection.auth(&mechanisms, &credentials)).await {
            Err(_) => Err(too_slow()),
            Ok(Err(error)) if error.is_permanent() || error.is_client() => Err(
                Refusal::ChannelClosed(format!("signing in: {}", told(&error))),
            ),
            Ok(Err(error)) => Err(Refusal::NotNow(told(&error))),
            Ok(Ok(_)) => Ok(connection),
        }
    }

    async fn deliver(&self, message: &Message) -> Result<Taken, Refusal> {
        let Recipient::Email(address) = &message.to else {
            return Err(Refusal::CannotDoThat);
        };
        let (id, letter) = self.written(message, address)?;
        let envelope = letter.envelope().clone();
        let words = letter.formatted();
        let mut connection = self.signed_in().await?;
        let body = if words.is_ascii() {
            Vec::new()
        } else {
            vec![MailParameter::Body(MailBodyParameter::EightBitMime)]
        };
        let sender = Mail::new(envelope.from().cloned(), body);
        step(&mut connection, sender, false).await?;
        for recipient in envelope.to() {
            step(
                &mut connection,
                Rcpt::new(recipient.clone(), Vec::new()),
                true,
            )
            .await?;
        }
        step(&mut connection, Data, false).await?;
        // From here on the server may have the message, whatever we hear.
        match tokio::time::timeout(WORDS_WITHIN, connection.message(&words)).await {
            Err(_) => Err(Refusal::Unsure("no answer after the words".to_owned())),
            Ok(Err(error)) if error.is_transient() => Err(Refusal::NotNow(told(&error))),
            Ok(Err(error)) if error.is_permanent() => Err(Refusal::WrongMessage {
                why: told(&error),
                about_recipient: false,
            }),
            Ok(Err(error)) => Err(Refusal::Unsure(told(&error))),
            Ok(Ok(_)) => {
                // It is taken: a parting word that fails changes nothing.
                let _ = tokio::time::timeout(STEP_WITHIN, connection.quit()).await;
                Ok(Taken {
                    id,
                    state: State::HandedOver,
                })
            }
        }
    }

    /// The message with its own Message-ID, in words and in HTML (I-145).
    fn written(
        &self,
        message: &Message,
        address: &str,
    ) -> Result<(String, lettre::Message), Refusal> {
        let wrong = |why: &str, about_recipient| Refusal::WrongMessage {
            why: why.to_owned(),
            about_recipient,
        };
        // I-146: no value of ours can end a header.
        if [message.subject.as_str(), address]
            .iter()
            .any(|value| value.chars().any(char::is_control))
        {
            return Err(wrong("a subject or an address has a line break", false));
        }
        let to: lettre::Address = address
            .parse()
            .map_err(|_| wrong("this is not an address", true))?;
        let id = format!("<{}@{}>", message.reference, self.from.email.domain());
        let now = u64::try_from((self.now)().micros()).unwrap_or_default();
        let mut letter = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(message.subject.as_str())
            .message_id(Some(id.clone()))
            .date(std::time::UNIX_EPOCH + Duration::from_micros(now))
            .header(AutoSubmitted);
        if let Some(reply_to) = &self.reply_to {
            letter = letter.reply_to(reply_to.clone());
        }
        let words = MultiPart::alternative_plain_html(message.text.clone(), in_html(&message.text));
        let whole = match &message.pdf {
            None => words,
            Some(pdf) => {
                let kind =
                    ContentType::parse("application/pdf").expect("the type of a PDF is a type");
                let document: SinglePart =
                    Attachment::new(pdf.name().to_owned()).body(pdf.bytes().to_vec(), kind);
                MultiPart::mixed().multipart(words).singlepart(document)
            }
        };
        let letter = letter
            .multipart(whole)
            .map_err(|_| wrong("it cannot be written as an e-mail", false))?;
        Ok((id, letter))
    }
}

/// `Auto-Submitted: auto-generated` (I-145, RFC 3834): no machine answers it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<AutoSubmitted, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// One step before the words. What fails here was not taken.
async fn step(
    connection: &mut AsyncSmtpConnection,
    command: impl fmt::Display,
    about_recipient: bool,
) -> Result<(), Refusal> {
    let answered = tokio::time::timeout(STEP_WITHIN, connection.command(command)).await;
    let refusal = match answered {
        Ok(Ok(_)) => return Ok(()),
        Err(_) => too_slow(),
        Ok(Err(error)) if error.is_permanent() => Refusal::WrongMessage {
            why: told(&error),
            about_recipient,
        },
        Ok(Err(error)) => Refusal::NotNow(told(&error)),
    };
    connection.abort().await;
    Err(refusal)
}

/// A step of getting there: nothing was taken.
async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Refusal> {
    match tokio::time::timeout(time, work).await {
        Err(_) => Err(too_slow()),
        Ok(Err(error)) if error.is_tls() => Err(Refusal::ChannelClosed(
            "its certificate is not good for its name".to_owned(),
        )),
        Ok(Err(error)) if error.is_permanent() => Err(Refusal::ChannelClosed(told(&error))),
        Ok(Err(error)) => Err(Refusal::NotNow(told(&error))),
        Ok(Ok(done)) => Ok(done),
    }
}

fn too_slow() -> Refusal {
    Refusal::NotNow("the mail server did not answer within 30 seconds".to_owned())
}

/// What a server said, without its words, in which an address may stand: the code.
fn told(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None => "the connection to the mail server broke off".to_owned(),
    }
}

/// The words as simple HTML: paragraphs and line breaks, and nothing that is fetched (I-145: no tracking).
fn in_html(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    let paragraphs: Vec<String> = escaped
        .replace("\r\n", "\n")
        .split("\n\n")
        .map(|paragraph| format!("<p>{}</p>", paragraph.trim().replace('\n', "<br>")))
        .collect();
    format!(
        "<!DOCTYPE html><html lang=\"en-GB\"><body>{}</body></html>",
        paragraphs.concat()
    )
}

impl Provider for Smtp {
    fn features(&self) -> Features {
        Features {
            channels: vec![Channel::Email],
            replies: false,
            delivery_reports: false,
            sender_name: true,
            look_up: false,
            attachments: true,
            reaches_outside: true,
        }
    }

    fn send<'a>(&'a self, message: &'a Message) -> Soon<'a, Taken> {
        Box::pin(self.deliver(message))
    }

    fn status<'a>(&'a self, _reference: &'a Reference) -> Soon<'a, Option<Report>> {
        Box::pin(async { Err(Refusal::CannotDoThat) })
    }

    fn receive<'a>(&'a self, _since: Option<&'a str>) -> Soon<'a, Vec<Received>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn verify(&self) -> Soon<'_, Verified> {
        Box::pin(async {
            let mut connection = self.signed_in().await?;
            let _ = tokio::time::timeout(STEP_WITHIN, connection.quit()).await;
            Ok(Verified {
                found: vec![format!(
                    "{} encrypts, has a good certificate and lets {} in.",
                    self.settings.host, self.settings.user
                )],
                missing: Vec::new(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_html_stay_words() {
        let html = in_html("Dear parent,\nElla <b>\n\n\"& more\"");
        assert!(
            html.contains("<p>Dear parent,<br>Ella &lt;b&gt;</p><p>&quot;&amp; more&quot;</p>")
        );
    }
}
