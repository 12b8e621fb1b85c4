//! What the interface answers where it does not do what was asked: problem details (RFC 9457) in plain English.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use store::StoreError;

use super::shape::{Fault, Shape, count, field, list, named};
use crate::book::BookError;
use crate::desk::Refusal;

/// Why a request is not answered as it wished.
#[derive(Debug, thiserror::Error)]
pub enum ApiProblem {
    /// No token, or none that is any good.
    #[error(
        "Send the client's token in the header Authorization: Bearer …. It is not known, has ended, or is missing."
    )]
    NoToken,
    /// The client's role or limits do not open this.
    #[error(
        "This client may not {0}. Its role and limits are on its page in Rollbook; an administrator can make another client."
    )]
    OutOfScope(String),
    /// The act says that this client may not do it, with the ground.
    #[error("{0}")]
    NotAllowed(String),
    /// There is no such address or record, or none that this client may know of.
    #[error("There is no such thing here, or none that this client may know of.")]
    NotFound,
    /// The address is right and the method is not; what it answers to.
    #[error("This address answers to {0}.")]
    WrongMethod(String),
    /// The path or the query cannot be read.
    #[error("The address cannot be answered as it is.")]
    WrongQuery(Vec<Fault>),
    /// The body is not JSON.
    #[error("The body is not JSON that can be read: {0}.")]
    NotJson(String),
    /// The body says that it is something else.
    #[error("Send the body as JSON, with the header Content-Type: application/json.")]
    WrongType,
    /// The body is larger than is taken.
    #[error("The body is larger than {} KiB. Send it in parts.", super::LARGEST_BODY / 1024)]
    TooLarge,
    /// The body is JSON and does not look as described.
    #[error("The body does not look as it should.")]
    WrongBody(Vec<Fault>),
    /// What was asked cannot be done; the ground says why and what to do.
    #[error("{0}")]
    Refused(String),
    /// What was asked cannot be done; which parts of it, each with its ground.
    #[error("Nothing was saved: {} of what was sent may not be entered.", .0.len())]
    RefusedInPart(Vec<Fault>),
    /// The record has changed since the client saw it; what stands there now.
    #[error(
        "Nothing was saved: somebody changed this after you read it. What stands there now is in “current”."
    )]
    Changed(Value),
    /// Parts of the record have changed since the client saw them; what stands there now.
    #[error(
        "Nothing was saved: somebody changed part of this after you read it. What stands there now is in “current”."
    )]
    Conflict(Vec<Fault>, Value),
    /// A write without a key.
    #[error(
        "Send a header Idempotency-Key: a name of your own for this write, of 8 to 64 letters, digits, hyphens and underlines, new for each."
    )]
    KeyMissing,
    /// The key was used for something else.
    #[error("This Idempotency-Key was used for another request. Use a new one for each write.")]
    KeyReused,
    /// More than the client's share; seconds to wait.
    #[error("This client asks too often. Wait {0} seconds.")]
    TooOften(u64),
    /// The database did not answer, or not in time.
    #[error("{0}")]
    Later(String),
    /// A fault of ours.
    #[error(
        "Rollbook could not answer this. Nothing was changed. Please tell whoever looks after it."
    )]
    Fault,
}

/// Where the kinds of problem are told of, each under its word.
const TYPES: &str = "/api#";

impl ApiProblem {
    /// Status, word and title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as Status;
        match self {
            ApiProblem::NoToken => (Status::UNAUTHORIZED, "no-token", "No token that opens this"),
            ApiProblem::OutOfScope(_) => {
                (Status::FORBIDDEN, "out-of-scope", "Not open to this client")
            }
            ApiProblem::NotAllowed(_) => (Status::FORBIDDEN, "not-allowed", "Not allowed"),
            ApiProblem::NotFound => (Status::NOT_FOUND, "not-found", "Not found"),
            ApiProblem::WrongMethod(_) => (
                Status::METHOD_NOT_ALLOWED,
                "wrong-method",
                "Another method is needed",
            ),
            ApiProblem::WrongQuery(_) => (
                Status::BAD_REQUEST,
                "wrong-query",
                "The address cannot be read",
            ),
            ApiProblem::NotJson(_) => (Status::BAD_REQUEST, "not-json", "The body is not JSON"),
            ApiProblem::WrongType => (
                Status::UNSUPPORTED_MEDIA_TYPE,
                "wrong-type",
                "The body is not sent as JSON",
            ),
            ApiProblem::TooLarge => (
                Status::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
            ),
            ApiProblem::WrongBody(_) => (
                Status::UNPROCESSABLE_ENTITY,
                "wrong-body",
                "The body does not look as it should",
            ),
            ApiProblem::Refused(_) | ApiProblem::RefusedInPart(_) => (
                Status::UNPROCESSABLE_ENTITY,
                "refused",
                "It cannot be done as asked",
            ),
            ApiProblem::Changed(_) => (
                Status::PRECONDITION_FAILED,
                "changed",
                "It has changed since it was read",
            ),
            ApiProblem::Conflict(..) => (
                Status::CONFLICT,
                "conflict",
                "Part of it has changed since it was read",
            ),
            ApiProblem::KeyMissing => (
                Status::BAD_REQUEST,
                "key-missing",
                "An idempotency key is needed",
            ),
            ApiProblem::KeyReused => (
                Status::UNPROCESSABLE_ENTITY,
                "key-reused",
                "The idempotency key was used before",
            ),
            ApiProblem::TooOften(_) => {
                (Status::TOO_MANY_REQUESTS, "too-often", "Too many requests")
            }
            ApiProblem::Later(_) => (Status::SERVICE_UNAVAILABLE, "later", "No answer just now"),
            ApiProblem::Fault => (
                Status::INTERNAL_SERVER_ERROR,
                "fault",
                "A fault of Rollbook",
            ),
        }
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The problem as it is sent.
    pub fn body(&self) -> Value {
        let (status, word, title) = self.kind();
        let mut body = json!({
            "type": format!("{TYPES}{word}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        let faults = match self {
            ApiProblem::WrongQuery(faults)
            | ApiProblem::WrongBody(faults)
            | ApiProblem::RefusedInPart(faults)
            | ApiProblem::Conflict(faults, _) => faults.as_slice(),
            _ => &[],
        };
        if !faults.is_empty() {
            let told = faults
                .iter()
                .map(|fault| json!({ "pointer": fault.pointer, "detail": fault.detail }));
            body["errors"] = told.collect();
        }
        if let ApiProblem::Changed(current) | ApiProblem::Conflict(_, current) = self {
            body["current"] = current.clone();
        }
        body
    }

    /// Every kind: its word, status, and title, for the reader's page.
    pub(super) fn every() -> Vec<(&'static str, u16, &'static str)> {
        let none = Vec::new;
        let mut kinds: Vec<_> = [
            ApiProblem::NotJson(String::new()),
            ApiProblem::WrongQuery(none()),
            ApiProblem::KeyMissing,
            ApiProblem::NoToken,
            ApiProblem::OutOfScope(String::new()),
            ApiProblem::NotAllowed(String::new()),
            ApiProblem::NotFound,
            ApiProblem::WrongMethod(String::new()),
            ApiProblem::Conflict(none(), Value::Null),
            ApiProblem::Changed(Value::Null),
            ApiProblem::TooLarge,
            ApiProblem::WrongType,
            ApiProblem::WrongBody(none()),
            ApiProblem::Refused(String::new()),
            ApiProblem::KeyReused,
            ApiProblem::TooOften(1),
            ApiProblem::Later(String::new()),
            ApiProblem::Fault,
        ]
        .iter()
        .map(|problem| {
            let (status, word, title) = problem.kind();
            (word, status.as_u16(), title)
        })
        .collect();
        kinds.sort_by_key(|(_, status, _)| *status);
        kinds
    }
}

/// What a problem looks like; `current` is what the same address answers when it is read.
pub(super) fn shape(current: Option<Shape>) -> Shape {
    let fault = named(
        "Fault",
        vec![
            field(
                "pointer",
                "Where in the body, or `/` and the name of a part of the address.",
                Shape::Words,
            )
            .like("/changes/0/code"),
            field("detail", "What is wrong and what to do.", Shape::Words)
                .like("Send a text of 1 to 3 characters."),
        ],
    );
    let mut fields = vec![
        field(
            "type",
            "The kind of problem: its place on the reader's page.",
            Shape::Words,
        )
        .like("/api#wrong-body"),
        field("title", "The kind of problem in words.", Shape::Words)
            .like("The body does not look as it should"),
        field("status", "The status of the answer.", count()).like(422),
        field("detail", "What is wrong here and what to do.", Shape::Words)
            .like("The body does not look as it should."),
        field("errors", "Each part that is at fault.", list(fault)).optional(),
    ];
    match current {
        None => named("Problem", fields),
        Some(current) => {
            fields.push(field("current", "What stands there now.", current));
            Shape::Object(fields)
        }
    }
}

impl From<Refusal> for ApiProblem {
    fn from(refusal: Refusal) -> ApiProblem {
        match refusal {
            Refusal::SignIn | Refusal::ChangePassword | Refusal::ChooseSchool => {
                ApiProblem::NoToken
            }
            Refusal::NotFound => ApiProblem::NotFound,
            Refusal::NotAllowed(ground) => ApiProblem::NotAllowed(ground),
            Refusal::Wrong(ground) => ApiProblem::Refused(ground),
            Refusal::Store(error) => error.into(),
            Refusal::Book(error) => error.into(),
        }
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> ApiProblem {
        tracing::error!(%error, "the store did not answer the interface");
        ApiProblem::Later(Refusal::Store(error).to_string())
    }
}

impl From<BookError> for ApiProblem {
    fn from(error: BookError) -> ApiProblem {
        tracing::error!(%error, "a school's book could not be put together for the interface");
        ApiProblem::Fault
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.body().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match &self {
            ApiProblem::NoToken => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            ApiProblem::TooOften(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            ApiProblem::Later(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(60_u64));
            }
            ApiProblem::WrongMethod(methods) => {
                if let Ok(methods) = HeaderValue::from_str(methods) {
                    headers.insert(header::ALLOW, methods);
                }
            }
            _ => {}
        }
        response
    }
}
