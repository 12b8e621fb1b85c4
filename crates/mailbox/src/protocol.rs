//! What a server says, taken off the bytes that have come so far. Pure.

use imap_proto::Response;

/// What has come so far cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server says something that is not IMAP")]
pub(crate) struct NotImap;

/// The first response in these bytes, and how many of them it took; none where more must come first.
///
/// Errors: it is none.
pub(crate) fn first(bytes: &[u8]) -> Result<Option<(usize, Response<'static>)>, NotImap> {
    if bytes.is_empty() {
        return Ok(None);
    }
    match Response::parse(bytes) {
        Ok((rest, response)) => Ok(Some((bytes.len() - rest.len(), response.into_owned()))),
        // The parser is given whole lines and whole literals only once they are here.
        Err(error) if error.is_incomplete() => Ok(None),
        Err(_) => Err(NotImap),
    }
}

/// A name of a mailbox as a command has it.
///
/// Only letters, digits and a few signs are asked for, so that nothing has to be encoded.
pub(crate) fn quoted(name: &str) -> Option<String> {
    is_folder_name(name).then(|| format!("\"{name}\""))
}

/// Whether a folder of this name can be asked for: letters without accents, digits, blanks and `. _ / -`.
pub fn is_folder_name(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || " ._/-".contains(letter);
    !name.is_empty() && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use imap_proto::{MailboxDatum, Status};

    #[test]
    fn a_response_is_taken_once_it_is_whole() {
        assert_eq!(first(b"").expect("nothing yet"), None);
        assert_eq!(first(b"* SEARCH 4 9").expect("not whole"), None);
        let (taken, response) = first(b"* SEARCH 4 9\r\na1 OK done\r\n")
            .expect("understood")
            .expect("whole");
        assert_eq!(taken, 14);
        assert!(
            matches!(response, Response::MailboxData(MailboxDatum::Search(ref found)) if *found == [4, 9])
        );
        let (_, done) = first(b"a1 NO not so\r\n")
            .expect("understood")
            .expect("whole");
        assert!(matches!(
            done,
            Response::Done {
                status: Status::No,
                ..
            }
        ));
    }

    #[test]
    fn a_mail_in_a_literal_is_taken_once_all_of_it_is_here() {
        let whole = b"* 1 FETCH (UID 7 BODY[] {10}\r\nSubject: x)\r\n";
        for length in 1..whole.len() {
            assert_eq!(first(&whole[..length]), Ok(None), "{length} bytes");
        }
        assert!(first(whole).expect("understood").is_some());
    }

    #[test]
    fn what_is_not_imap_is_said_to_be_none() {
        assert_eq!(first(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Err(NotImap));
    }

    #[test]
    fn a_name_of_a_mailbox_holds_nothing_that_would_end_it() {
        assert_eq!(quoted("Absence line").as_deref(), Some("\"Absence line\""));
        for wrong in ["", "a\"b", "a\r\nb", "a{1}", "Ü"] {
            assert_eq!(quoted(wrong), None, "{wrong}");
        }
    }
}
