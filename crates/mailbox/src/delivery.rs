//! A report of a mail system on what became of a mail (RFC 3464): what is certain in it, and nothing of its prose.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

/// What a mail system reports of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The `Message-ID` of the mail that it is about, without `<` and `>`.
    pub of: String,
    /// Its word: `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub action: String,
    /// Its code: `5.1.1`; empty where it gives none.
    pub status: String,
}

impl Delivery {
    /// Whether nobody tries any more.
    pub fn has_failed(&self) -> bool {
        self.action == "failed"
    }

    /// Whether it failed for a reason that lasts, such as an address that does not exist (class 5 of RFC 3463). A mailbox that is full may be emptied.
    pub fn is_for_good(&self) -> bool {
        self.has_failed() && self.status.starts_with('5') && self.status != "5.2.2"
    }
}

/// The report in a mail; none where it is no report, or says neither of which mail nor what became of it.
pub(crate) fn delivery_in(message: &Message<'_>) -> Option<Delivery> {
    let (mut of, mut worst) = (None, None);
    for part in &message.parts {
        let kind = part.content_type().map(|kind| {
            let subtype = kind.subtype().unwrap_or_default();
            format!("{}/{subtype}", kind.ctype()).to_lowercase()
        });
        match (kind.as_deref(), &part.body) {
            (Some("message/delivery-status"), _) => worst = worst_of(part.contents()).or(worst),
            (_, PartType::Message(original)) => of = named(original).or(of),
            (Some("text/rfc822-headers" | "message/rfc822-headers"), _) => {
                let headers = MessageParser::default().parse(part.contents());
                of = headers.as_ref().and_then(named).or(of);
            }
            _ => {}
        }
    }
    let (action, status) = worst?;
    Some(Delivery {
        of: of?,
        action,
        status,
    })
}

fn named(message: &Message<'_>) -> Option<String> {
    message.message_id().map(str::to_owned)
}

/// Action and status of the recipient for whom it went worst: each recipient is a block of lines.
fn worst_of(report: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(report).replace("\r\n", "\n");
    let blocks = text.split("\n\n").filter_map(|block| {
        let field = |name: &str| {
            block.lines().find_map(|line| {
                let (own, value) = line.split_once(':')?;
                let own_value = value.trim().to_lowercase();
                own.trim().eq_ignore_ascii_case(name).then_some(own_value)
            })
        };
        let status = field("Status").unwrap_or_default();
        let code: String = status
            .chars()
            .take_while(|letter| letter.is_ascii_digit() || *letter == '.')
            .collect();
        Some((field("Action")?, code))
    });
    blocks.max_by_key(|(action, status)| (action == "failed", status.starts_with('5')))
}

#[cfg(test)]
mod tests {
    use crate::{Mail, Writer};

    fn report(action: &str, status: &str, about: &str) -> Mail {
        let text = format!(
            "From: MAILER-DAEMON (Mail Delivery System)\nSubject: Undelivered\nReturn-Path: <>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=edge\n\n--edge\nContent-Type: text/plain\n\nSorry.\n--edge\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.hill.example\n\nFinal-Recipient: rfc822; nobody@example.org\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 no such user\n\n--edge\n{about}\n--edge--\n"
        );
        Mail::read(text.replace('\n', "\r\n").as_bytes()).expect("a mail")
    }

    const HEADERS: &str = "Content-Type: text/rfc822-headers\n\nFrom: office@hill.example\nMessage-ID: <rb-1@hill.example>\nSubject: Not in school\n";
    const WHOLE: &str = "Content-Type: message/rfc822\n\nFrom: office@hill.example\nMessage-ID: <rb-1@hill.example>\nSubject: Not in school\n\nwords\n";

    #[test]
    fn a_report_tells_of_which_mail_and_what_became_of_it() {
        for about in [HEADERS, WHOLE] {
            let mail = report("failed", "5.1.1", about);
            let Writer::MailSystem(delivery) = mail.writer else {
                panic!("{:?}", mail.writer);
            };
            assert_eq!(delivery.of, "rb-1@hill.example");
            assert!(delivery.is_for_good());
        }
    }

    #[test]
    fn a_delay_is_no_failure_and_a_mail_that_was_tried_too_long_did_not_fail_for_good() {
        let of = |action, status| match report(action, status, HEADERS).writer {
            Writer::MailSystem(delivery) => (delivery.has_failed(), delivery.is_for_good()),
            other => panic!("{other:?}"),
        };
        assert_eq!(of("delayed", "4.4.1"), (false, false));
        assert_eq!(of("failed", "4.4.7"), (true, false));
        assert_eq!(of("failed", "5.2.2"), (true, false), "a full mailbox");
        assert_eq!(of("failed", "5.7.1 (blocked)"), (true, true));
    }

    #[test]
    fn a_report_that_does_not_say_of_which_mail_is_a_programs_and_no_more() {
        let about = "Content-Type: text/plain\n\nnothing\n";
        assert_eq!(report("failed", "5.1.1", about).writer, Writer::Program);
    }
}
