//! What every provider can be asked (I-125).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::letter::PostalAddress;
use crate::{Channel, Number, Reference, State};

/// An answer that is waited for.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// What time it is: tokens and letters carry it.
pub type Clock = Arc<dyn Fn() -> calendar::Instant + Send + Sync>;

/// What a provider can do. Pages offer only this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// The channels that it carries.
    pub channels: Vec<Channel>,
    /// It hears answers.
    pub replies: bool,
    /// It reports what became of a message.
    pub delivery_reports: bool,
    /// The name of the sender can be chosen.
    pub sender_name: bool,
    /// A message can be looked up by our reference, so that a lost answer is no riddle (I-122).
    pub look_up: bool,
    /// It carries a PDF with a message.
    pub attachments: bool,
    /// What is sent really leaves. Only a recording provider says no.
    pub reaches_outside: bool,
}

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A text.
    Text(Number),
    /// An e-mail.
    Email(String),
    /// A letter.
    Letter(PostalAddress),
}

impl Recipient {
    /// The channel that reaches them.
    pub const fn channel(&self) -> Channel {
        match self {
            Recipient::Text(_) => Channel::Text,
            Recipient::Email(_) => Channel::Email,
            Recipient::Letter(_) => Channel::Letter,
        }
    }
}

/// A document that goes with an e-mail (I-147).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdf {
    name: String,
    bytes: Vec<u8>,
}

/// The most that an attached document may weigh (I-147), in bytes.
const LARGEST_PDF: usize = 5 * 1024 * 1024;

/// Why a file cannot be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// Only PDF is attached.
    #[error("only a PDF can go with a message")]
    NotPdf,
    /// Over 5 MB.
    #[error("a document that goes with a message has at most 5 MB")]
    TooLarge,
    /// The name would break the header that carries it.
    #[error("the name of the document must end in .pdf and have no line break")]
    Name,
}

impl Pdf {
    /// A PDF of at most 5 MB, under a name for the reader. The name carries no pupil's name (I-038): the caller sees to that.
    ///
    /// Errors: it is no PDF, too large, or its name cannot stand in a header.
    pub fn new(name: String, bytes: Vec<u8>) -> Result<Pdf, PdfError> {
        if !bytes.starts_with(b"%PDF-") {
            return Err(PdfError::NotPdf);
        }
        if bytes.len() > LARGEST_PDF {
            return Err(PdfError::TooLarge);
        }
        if !name.ends_with(".pdf") || name.chars().any(char::is_control) {
            return Err(PdfError::Name);
        }
        Ok(Pdf { name, bytes })
    }

    /// What the reader sees.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The document.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A message as it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Made and kept before the call (I-122).
    pub reference: Reference,
    /// To whom.
    pub to: Recipient,
    /// The subject of an e-mail or the heading of a letter; a text has none.
    pub subject: String,
    /// The words, filled in.
    pub text: String,
    /// A document; for a letter the whole letter.
    pub pdf: Option<Pdf>,
}

/// The provider has taken a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The provider's name for it.
    pub id: String,
    /// [`State::HandedOver`] or further.
    pub state: State,
}

/// What a provider knows of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Our reference, if the provider gave it back.
    pub reference: Option<Reference>,
    /// The provider's name for it.
    pub id: String,
    /// The provider's word, as it came.
    pub word: String,
    /// What the word means to us; `None` for a word we do not know: the state stays and the operator is told (I-134).
    pub state: Option<State>,
}

/// A text that a family sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The provider's name for it: the same each time that it is told.
    pub id: String,
    /// The number it came from, as the provider gives it when it is no number of ours to text.
    pub from: Result<Number, String>,
    /// The words.
    pub text: String,
    /// When it came, if the provider's time can be read.
    pub at: Option<calendar::Instant>,
}

/// The settings work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What was found, a line each, to be shown.
    pub found: Vec<String>,
    /// What will go wrong when something is sent, a line each. Empty: all is well.
    pub missing: Vec<String>,
}

/// Why a provider did not do what it was asked. [`crate::retry`] says what to do about each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The message itself cannot be sent as it is. `about_recipient`: their number or address may be at fault.
    #[error("it cannot be sent as it is: {why}")]
    WrongMessage {
        /// In words for a person.
        why: String,
        /// The number, address or mailbox is at fault, as far as the provider says.
        about_recipient: bool,
    },
    /// The channel does not work for this school: a wrong or revoked key, a wrong password, a clock that is out.
    #[error("the provider lets us in no more: {0}")]
    ChannelClosed(String),
    /// Too fast; the message was not taken.
    #[error("the provider asks us to slow down")]
    SlowDown,
    /// The provider's limit for the day is reached; the message was not taken.
    #[error("the provider takes no more today")]
    DayIsFull,
    /// Not now, and certainly not taken.
    #[error("not now: {0}")]
    NotNow(String),
    /// It may have been taken: the answer was lost, or was that of a provider in trouble.
    #[error("no answer that says whether it was taken: {0}")]
    Unsure(String),
    /// This provider cannot do that.
    #[error("this channel cannot do that")]
    CannotDoThat,
}

/// Who carries messages: four verbs and what it can do (I-125).
pub trait Provider: Send + Sync {
    /// What it can do.
    fn features(&self) -> Features;

    /// Hands a message over, once. Never repeats by itself: [`crate::retry`] decides.
    fn send<'a>(&'a self, message: &'a Message) -> Soon<'a, Taken>;

    /// What became of the message with this reference; `None` if the provider has never heard of it.
    fn status<'a>(&'a self, reference: &'a Reference) -> Soon<'a, Option<Report>>;

    /// What families sent since the one called `since`, oldest first; without it, whatever is kept.
    fn receive<'a>(&'a self, since: Option<&'a str>) -> Soon<'a, Vec<Received>>;

    /// Whether the settings work, found out without sending anything.
    fn verify(&self) -> Soon<'_, Verified>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pdf_of_at_most_five_megabytes_is_attached() {
        let name = || "notice.pdf".to_owned();
        assert!(Pdf::new(name(), b"%PDF-1.7".to_vec()).is_ok());
        assert_eq!(Pdf::new(name(), b"MZ".to_vec()), Err(PdfError::NotPdf));
        let mut large = b"%PDF-1.7".to_vec();
        large.resize(LARGEST_PDF + 1, b' ');
        assert_eq!(Pdf::new(name(), large), Err(PdfError::TooLarge));
        let name = "notice\r\nBcc: all.pdf".to_owned();
        assert_eq!(Pdf::new(name, b"%PDF-1.7".to_vec()), Err(PdfError::Name));
    }
}
