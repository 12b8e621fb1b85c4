//! What Notify tells us by itself (I-135).

use serde::Deserialize;

use super::status;
use crate::{Channel, Number, Received, Reference, Report};

/// A callback, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// What became of a text or an e-mail.
    Delivery(Report),
    /// A family sent a text.
    Received(Received),
    /// A letter came back.
    Returned(Report),
}

/// Why a callback says nothing to us. It is stored all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is none of the three callbacks of GOV.UK Notify")]
pub struct CallbackError;

#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Received {
        id: String,
        source_number: String,
        message: String,
        date_received: String,
    },
    Delivery {
        id: String,
        reference: Option<String>,
        status: String,
        notification_type: String,
    },
    Returned {
        notification_id: String,
        reference: Option<String>,
    },
}

/// Reads the body of a callback, whichever of the three it is: told apart by their fields, since one address takes them all.
///
/// Errors: it is none of them.
pub fn callback(body: &[u8]) -> Result<Callback, CallbackError> {
    let told = serde_json::from_slice(body).map_err(|_| CallbackError)?;
    Ok(match told {
        Told::Received {
            id,
            source_number,
            message,
            date_received,
        } => Callback::Received(Received {
            id,
            from: Number::read(&source_number).ok_or(source_number),
            text: message,
            at: status::time(&date_received),
        }),
        Told::Delivery {
            id,
            reference,
            status,
            notification_type,
        } => {
            let channel = status::channel(&notification_type);
            Callback::Delivery(Report {
                reference: reference.as_deref().and_then(Reference::read),
                id,
                state: channel.and_then(|channel: Channel| status::meaning(&status, channel)),
                word: status,
            })
        }
        Told::Returned {
            notification_id,
            reference,
        } => Callback::Returned(Report {
            reference: reference.as_deref().and_then(Reference::read),
            id: notification_id,
            word: "returned".to_owned(),
            state: Some(crate::State::Returned),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    #[test]
    fn a_delivery_is_read() {
        let body = include_bytes!("../../tests/notify/callback_sms_delivered.json");
        let Ok(Callback::Delivery(report)) = callback(body) else {
            panic!("a delivery");
        };
        assert_eq!(report.id, "740e5834-3a29-46b4-9a6f-16142fde533a");
        assert_eq!(report.state, Some(State::Delivered));
        // The reference of the example is none of ours.
        assert_eq!(report.reference, None);
        let body = include_bytes!("../../tests/notify/callback_email_temporary_failure.json");
        assert!(
            matches!(callback(body), Ok(Callback::Delivery(one)) if one.state == Some(State::FailedTemporary))
        );
        let body = include_bytes!("../../tests/notify/callback_sms_permanent_failure.json");
        assert!(
            matches!(callback(body), Ok(Callback::Delivery(one)) if one.state == Some(State::FailedPermanent))
        );
    }

    #[test]
    fn a_text_of_a_family_is_read_with_its_number_as_we_keep_numbers() {
        let body = include_bytes!("../../tests/notify/callback_received_text.json");
        let Ok(Callback::Received(received)) = callback(body) else {
            panic!("a text");
        };
        assert_eq!(
            received.from,
            Ok(Number::read("+447700900001").expect("a number"))
        );
        assert_eq!(received.text, "Ella is poorly, back tomorrow");
        assert!(received.at.is_some());
    }

    #[test]
    fn a_letter_that_came_back_is_read() {
        let body = include_bytes!("../../tests/notify/callback_returned_letter.json");
        assert!(
            matches!(callback(body), Ok(Callback::Returned(one)) if one.state == Some(State::Returned))
        );
    }

    #[test]
    fn anything_else_is_told_to_be_none_of_them() {
        assert_eq!(callback(b"{}"), Err(CallbackError));
        assert_eq!(callback(b"\xff"), Err(CallbackError));
    }
}
