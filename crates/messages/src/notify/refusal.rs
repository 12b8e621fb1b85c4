//! What an answer that is no success means (I-136). Decided on the status and on the word in `error`, never on the message beside it.

use serde::Deserialize;

use crate::Refusal;
use crate::outgoing::Answer;

#[derive(Deserialize)]
struct Errors {
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Error {
    error: String,
    message: serde_json::Value,
}

/// What a refusal means.
///
/// Rule: I-136. A 403 stops the channel whatever word stands beside it: the service's program says `AuthError` where its documentation says
/// `BadRequestError`. The message of a 400 is shown to a person and decides nothing.
pub(super) fn of(answer: &Answer) -> Refusal {
    let errors: Vec<Error> = serde_json::from_slice::<Errors>(&answer.body)
        .map(|body| body.errors)
        .or_else(|_| serde_json::from_slice::<Vec<Error>>(&answer.body))
        .unwrap_or_default();
    let is = |word: &str| errors.iter().any(|one| one.error == word);
    match answer.status {
        401 | 403 => Refusal::ChannelClosed(format!("it answered {}", answer.status)),
        429 if is("TooManyRequestsError") => Refusal::DayIsFull,
        429 => Refusal::SlowDown,
        400..=499 => Refusal::WrongMessage {
            why: said(&errors),
            about_recipient: answer.status == 400 && is("ValidationError"),
        },
        status => Refusal::Unsure(format!("it answered {status}")),
    }
}

fn said(errors: &[Error]) -> String {
    let each: Vec<String> = errors
        .iter()
        .map(|one| match &one.message {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect();
    if each.is_empty() {
        "the provider does not say why".to_owned()
    } else {
        each.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_published_errors_mean_what_the_table_says() {
        let wrong = of(&answer(
            400,
            include_str!("../../tests/notify/error_400.json"),
        ));
        assert!(matches!(
            wrong,
            Refusal::WrongMessage { about_recipient: true, why } if why == "phone_number Not enough digits"
        ));
        let closed = of(&answer(
            403,
            include_str!("../../tests/notify/error_403.json"),
        ));
        assert!(matches!(closed, Refusal::ChannelClosed(_)));
        let fast = of(&answer(
            429,
            include_str!("../../tests/notify/error_429.json"),
        ));
        assert_eq!(fast, Refusal::SlowDown);
    }

    #[test]
    fn both_kinds_of_too_many_are_told_apart_by_the_word_and_not_by_the_message() {
        let body = |word: &str| {
            format!(
                r#"{{"status_code":429,"errors":[{{"error":"{word}","message":"Exceeded rate limit"}}]}}"#
            )
        };
        assert_eq!(
            of(&answer(429, &body("TooManyRequestsError"))),
            Refusal::DayIsFull
        );
        assert_eq!(of(&answer(429, &body("RateLimitError"))), Refusal::SlowDown);
    }

    #[test]
    fn a_provider_in_trouble_may_have_taken_it() {
        // The published shape of a server's error is a bare list.
        let body = r#"[{"error":"Exception","message":"Internal server error"}]"#;
        assert!(matches!(of(&answer(500, body)), Refusal::Unsure(_)));
        assert!(matches!(of(&answer(504, "<html>")), Refusal::Unsure(_)));
    }
}
