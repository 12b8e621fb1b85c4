//! What stands in a mail: who sent it, its subject, the words of its writer, what is attached. Pure: bytes in, a mail out.

use std::fmt;

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

use crate::delivery::{Delivery, delivery_in};

/// The most letters of a subject or of the words that are kept.
const LONGEST: usize = 20_000;

/// Where the words of an earlier mail begin, in a line of its own.
const EARLIER: [&str; 4] = [
    "-----Original Message-----",
    "________________________________",
    "Begin forwarded message:",
    "---------- Forwarded message",
];

/// A picture that the words refer to and that is smaller, in bytes, is the logo of a signature and no file that somebody sends.
const LARGEST_LOGO: usize = 20 << 10;

/// A file that came with a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name it came under; may be empty.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    /// Never what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({} bytes)", self.bytes.len())
    }
}

/// Who wrote a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writer {
    /// Somebody, as far as it says.
    Person,
    /// A program: an answer out of office, a circular, a report that says nothing certain.
    Program,
    /// A mail system, of what became of another mail.
    MailSystem(Delivery),
}

/// A mail as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What tells it from every other, and is the same however often it is fetched and wherever it lies: a hash of its name, sender, date and words.
    pub key: String,
    /// The address of its sender, in lower case.
    pub from: String,
    /// What the sender calls themselves; may be empty.
    pub from_name: String,
    /// Its subject; may be empty.
    pub subject: String,
    /// What its writer wrote, without what they answered to; may be empty.
    pub words: String,
    /// Who wrote it.
    pub writer: Writer,
    /// Whether a mail system on its way found that it does not come from where it says (`Authentication-Results`, RFC 8601).
    pub is_forged: bool,
    /// The `Message-ID`s of the mails that it answers, the nearest first, without `<` and `>`.
    pub answers: Vec<String>,
    /// What came with it.
    pub attachments: Vec<Attachment>,
}

/// Why a mail cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It has no head.
    #[error("it is no mail")]
    NoMail,
    /// Nobody is named as its sender.
    #[error("it names no sender")]
    NoSender,
}

impl Mail {
    /// Reads a mail.
    ///
    /// Errors: [`Unreadable`]. What is odd in it otherwise costs that alone.
    pub fn read(bytes: &[u8]) -> Result<Mail, Unreadable> {
        let message = MessageParser::default()
            .parse(bytes)
            .ok_or(Unreadable::NoMail)?;
        let sender = message.from().and_then(|from| from.first());
        let from = sender
            .and_then(|sender| sender.address())
            .map(|address| address.trim().to_lowercase())
            .unwrap_or_default();
        let writer = writer_of(&message, &from);
        if writer == Writer::Person && !from.contains('@') {
            return Err(Unreadable::NoSender);
        }
        let body = message.body_text(0).unwrap_or_default();
        Ok(Mail {
            key: key_of(&message, &from, &body),
            from_name: tidy(
                sender.and_then(|sender| sender.name()).unwrap_or_default(),
                120,
            ),
            subject: tidy(message.subject().unwrap_or_default(), LONGEST),
            words: own_words(&body),
            writer,
            is_forged: is_forged(&message),
            answers: answers_of(&message),
            attachments: attachments_of(&message),
            from,
        })
    }

    /// Subject and words as one text, the subject alone where there is nothing else, and each once.
    pub fn said(&self) -> String {
        let subject = self.subject.trim();
        match (subject.is_empty(), self.words.is_empty()) {
            (true, _) => self.words.clone(),
            (_, true) => subject.to_owned(),
            _ if self.words.starts_with(subject) => self.words.clone(),
            _ => format!("{subject}: {}", self.words),
        }
    }
}

/// Who wrote it, by what programs say of themselves (RFC 3834) and by what gives them away.
fn writer_of(message: &Message<'_>, from: &str) -> Writer {
    let header = |name: &'static str| {
        let value = message.header_raw(name).unwrap_or_default();
        value.trim().to_lowercase()
    };
    if let Some(delivery) = delivery_in(message) {
        return Writer::MailSystem(delivery);
    }
    let submitted = header("Auto-Submitted");
    let precedence = header("Precedence");
    let is_program = (!submitted.is_empty() && submitted != "no")
        || ["auto_reply", "bulk", "list", "junk"].contains(&precedence.as_str())
        || header("Content-Type").starts_with("multipart/report")
        || header("Return-Path") == "<>"
        || from.split('@').next() == Some("mailer-daemon");
    match is_program {
        true => Writer::Program,
        false => Writer::Person,
    }
}

/// The same however often a mail is fetched and wherever it lies: what stands above and around it on its way is not in it.
fn key_of(message: &Message<'_>, from: &str, body: &str) -> String {
    let date = message.date().map(|date| date.to_rfc3339());
    let mut key = Sha256::new();
    for part in [
        message.message_id().unwrap_or_default(),
        from,
        &date.unwrap_or_default(),
        message.subject().unwrap_or_default(),
        body,
    ] {
        key.update(part.as_bytes());
        key.update([0]);
    }
    let key: Vec<String> = key.finalize()[..20]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    key.concat()
}

/// Whether any mail system on its way says so. That one says otherwise proves nothing: whoever forges a mail may write that too.
fn is_forged(message: &Message<'_>) -> bool {
    message
        .headers_raw()
        .filter(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"))
        .any(|(_, value)| value.to_lowercase().contains("dmarc=fail"))
}

fn answers_of(message: &Message<'_>) -> Vec<String> {
    let named = |header: &'static str| {
        let value = message.header_raw(header).unwrap_or_default();
        let names = value
            .split('<')
            .skip(1)
            .filter_map(|rest| rest.split_once('>'));
        names
            .map(|(name, _)| name.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let mut answers = named("In-Reply-To");
    // The last that is referred to is the nearest.
    answers.extend(named("References").into_iter().rev());
    answers.dedup();
    answers.truncate(20);
    answers
}

fn attachments_of(message: &Message<'_>) -> Vec<Attachment> {
    let is_logo = |part: &mail_parser::MessagePart<'_>| {
        part.content_id().is_some() && part.contents().len() < LARGEST_LOGO
    };
    message
        .attachments()
        .filter(|part| matches!(part.body, PartType::Binary(_) | PartType::InlineBinary(_)))
        .filter(|part| !is_logo(part))
        .map(|part| Attachment {
            name: tidy(part.attachment_name().unwrap_or_default(), 120),
            bytes: part.contents().to_vec(),
        })
        .collect()
}

/// What a writer wrote themselves: until the words that they answered to, and without a signature after `-- `.
fn own_words(body: &str) -> String {
    let mut own: Vec<&str> = Vec::new();
    for line in body.lines() {
        let line = line.trim_end();
        let trimmed = line.trim_start();
        let begins_earlier = trimmed.starts_with('>')
            || line == "--"
            || EARLIER.iter().any(|mark| trimmed.starts_with(mark))
            || (trimmed.starts_with("On ") && trimmed.ends_with("wrote:"));
        if begins_earlier {
            break;
        }
        own.push(trimmed);
    }
    tidy(&own.join("\n"), LONGEST)
}

/// A text without controls, with single blanks, cut where it is too long.
fn tidy(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(text: &str) -> Mail {
        Mail::read(text.replace('\n', "\r\n").as_bytes()).expect("a mail")
    }

    #[test]
    fn a_plain_mail_is_read_with_its_sender_in_lower_case() {
        let mail = mail(
            "From: \"P. Sample\" <P.Sample@Example.ORG>\nSubject: Ash absent\nMessage-ID: <1@example.org>\n\nAsh has a temperature.\n",
        );
        assert_eq!(mail.from, "p.sample@example.org");
        assert_eq!(mail.from_name, "P. Sample");
        assert_eq!(mail.said(), "Ash absent: Ash has a temperature.");
        assert!(mail.attachments.is_empty() && mail.writer == Writer::Person);
    }

    #[test]
    fn what_was_answered_to_and_a_signature_are_not_the_writers_words() {
        let answer = mail(
            "From: a@example.org\nSubject: Re: Not in school\n\nHe is ill.\nBack on Monday.\n\nOn Tue, 24 Nov 2026 at 09:20, Office wrote:\n> is not in school\n",
        );
        assert_eq!(answer.words, "He is ill. Back on Monday.");
        let signed =
            mail("From: a@example.org\nSubject: x\n\nIll today\n-- \nSent from a telephone\n");
        assert_eq!(signed.words, "Ill today");
    }

    #[test]
    fn encodings_of_subject_body_and_attachment_are_undone() {
        let mail = mail(
            "From: =?utf-8?Q?Zo=C3=AB?= <z@example.org>\nSubject: =?utf-8?B?S3JhbmsgwqM=?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=edge\n\n--edge\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nd=E9j=E0 ill\n--edge\nContent-Type: application/pdf; name=card.pdf\nContent-Disposition: attachment; filename=card.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQ=\n--edge--\n",
        );
        assert_eq!(
            (mail.from_name.as_str(), mail.subject.as_str()),
            ("Zoë", "Krank £")
        );
        assert_eq!(mail.words, "déjà ill");
        assert_eq!(mail.attachments.len(), 1);
        assert_eq!(mail.attachments[0].bytes, b"%PDF-1.4");
        assert_eq!(mail.attachments[0].name, "card.pdf");
    }

    #[test]
    fn a_mail_that_a_mail_system_found_to_be_forged_says_so() {
        let with = |results: &str| {
            mail(&format!(
                "Authentication-Results: mx.hill.example;\n spf=pass; {results}\nFrom: a@example.org\nSubject: s\n\nill\n"
            ))
            .is_forged
        };
        assert!(with("dmarc=fail (p=NONE) header.from=example.org"));
        assert!(!with("dmarc=pass"));
        assert!(!mail("From: a@example.org\nSubject: s\n\nill\n").is_forged);
    }

    #[test]
    fn which_mails_are_answered_is_known_with_the_nearest_first() {
        let answer = mail(
            "From: a@example.org\nIn-Reply-To: <rb-2@hill.example>\nReferences: <rb-1@hill.example>\n <rb-2@hill.example>\nSubject: Re: s\n\nill\n",
        );
        assert_eq!(answer.answers, ["rb-2@hill.example", "rb-1@hill.example"]);
    }

    #[test]
    fn a_mail_of_html_alone_is_words() {
        let mail = mail(
            "From: a@example.org\nSubject: s\nContent-Type: text/html\n\n<p>Ash is <b>ill</b>.</p><script>alert(1)</script>\n",
        );
        assert!(mail.words.contains("Ash is ill"), "{}", mail.words);
        assert!(!mail.words.contains("alert"), "{}", mail.words);
    }

    #[test]
    fn the_same_mail_has_the_same_key_wherever_it_lies_and_another_has_another() {
        let one = "From: a@example.org\nMessage-ID: <1@example.org>\nSubject: s\n\nill\n";
        let moved = format!("Received: from elsewhere\n{one}");
        assert_eq!(mail(one).key, mail(&moved).key);
        assert_ne!(mail(one).key, mail(&one.replace("ill", "well")).key);
        assert_ne!(mail(one).key, mail(&one.replace("<1@", "<2@")).key);
    }

    #[test]
    fn what_a_program_sent_is_told_apart() {
        for program in [
            "From: a@example.org\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nx\n",
            "From: a@example.org\nPrecedence: bulk\nSubject: News\n\nx\n",
            "From: a@example.org\nReturn-Path: <>\nSubject: Away\n\nx\n",
            "From: MAILER-DAEMON@example.org\nSubject: Undelivered\n\nx\n",
            "From: Mail Delivery Subsystem <MAILER-DAEMON>\nSubject: Undelivered\n\nx\n",
        ] {
            assert_eq!(mail(program).writer, Writer::Program, "{program}");
        }
        let person = "From: a@example.org\nAuto-Submitted: no\nReturn-Path: <a@example.org>\nSubject: x\n\nx\n";
        assert_eq!(mail(person).writer, Writer::Person);
    }

    #[test]
    fn a_logo_in_a_signature_is_no_file_and_a_photo_in_the_words_is_one() {
        let picture = |bytes: usize| {
            use base64::Engine;
            let content = base64::engine::general_purpose::STANDARD.encode(vec![7; bytes]);
            mail(&format!(
                "From: a@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=edge\n\n--edge\nContent-Type: text/html\n\n<p>Ill</p><img src=\"cid:p\">\n--edge\nContent-Type: image/png\nContent-ID: <p>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\n{content}\n--edge--\n"
            ))
            .attachments
            .len()
        };
        assert_eq!(picture(6_000), 0);
        assert_eq!(picture(60_000), 1);
    }

    #[test]
    fn what_names_no_sender_is_unreadable_and_no_bytes_make_it_fall_over() {
        assert_eq!(Mail::read(b""), Err(Unreadable::NoMail));
        assert_eq!(
            Mail::read(b"Subject: x\r\n\r\nwords\r\n"),
            Err(Unreadable::NoSender)
        );
        for bytes in [
            b"\xff\xfe\0\0".as_slice(),
            b"From:",
            b"From: \r\n\r\n",
            b"\r\n\r\n\r\n",
        ] {
            assert!(Mail::read(bytes).is_err(), "{bytes:?}");
        }
    }
}
