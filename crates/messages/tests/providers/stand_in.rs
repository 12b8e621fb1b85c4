//! A stand-in that answers by the published contract of GOV.UK Notify: every question and every answer is held against the description.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use messages::Base;
use messages::notify::Key;
use serde_json::{Value, json};

use crate::contract::faults;
use crate::now;

pub const KEY: &str =
    "hill_school-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";

/// How the next question is answered, where not well.
pub enum Trouble {
    /// With a status and one error word.
    Says(u16, &'static str),
    /// The message is taken and the answer lost.
    TakesAndHangsUp,
    /// Nothing is taken and no answer comes.
    HangsUp,
}

#[derive(Default)]
pub struct Seen {
    /// What was asked that is not as published.
    pub faults: Vec<String>,
    /// What was taken, oldest first: kind and body.
    pub taken: Vec<(String, Value)>,
    /// Status words of what was taken, by place.
    pub words: Vec<String>,
    /// How often each question was put, as method and path.
    pub asked: Vec<String>,
    pub trouble: VecDeque<Trouble>,
    /// Texts of families, newest first.
    pub received: Vec<Value>,
    pub templates: Vec<Value>,
}

#[derive(Clone, Default)]
pub struct StandIn(Arc<Mutex<Seen>>);

impl StandIn {
    /// A stand-in that listens, and where.
    pub async fn listening() -> (StandIn, Base) {
        let stand_in = StandIn::default();
        let router = Router::new()
            .route("/v2/notifications/{kind}", post(take))
            .route("/v2/notifications", get(look_up))
            .route("/v2/received-text-messages", get(received))
            .route("/v2/templates", get(templates))
            .with_state(stand_in.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        (
            stand_in,
            Base::read(&format!("http://{address}")).expect("a base"),
        )
    }

    pub fn with<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.0.lock().expect("not poisoned"))
    }

    pub fn trouble(&self, trouble: Trouble) {
        self.with(|seen| seen.trouble.push_back(trouble));
    }
}

fn id(place: usize) -> String {
    format!("740e5834-3a29-46b4-9a6f-{place:012}")
}

fn error(status: u16, word: &str) -> Response {
    // The message is such that a decision made on it would be wrong.
    let body = json!({"status_code": status, "errors": [{"error": word, "message": "TooManyRequestsError RateLimitError delivered"}]});
    let status = StatusCode::from_u16(status).expect("a status");
    (status, axum::Json(body)).into_response()
}

fn cut_off() -> Response {
    let pieces = [Ok("{\"id\":"), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    (StatusCode::CREATED, body).into_response()
}

fn lets_in(headers: &HeaderMap) -> bool {
    let token = Key::read(KEY).expect("a key").token(now());
    headers
        .get("authorization")
        .is_some_and(|value| value == &format!("Bearer {token}"))
}

fn answer(seen: &mut Seen, schema: &str, body: Value) -> Response {
    let wrong = faults(schema, &body);
    assert!(
        wrong.is_empty(),
        "the stand-in does not speak the interface: {wrong:?}"
    );
    let status = if schema.starts_with("Send") {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    seen.asked.push(schema.to_owned());
    (status, axum::Json(body)).into_response()
}

async fn take(
    State(stand_in): State<StandIn>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    axum::Json(body): axum::Json<Value>,
) -> Response {
    stand_in.with(|seen| {
        if !lets_in(&headers) {
            return error(403, "AuthError");
        }
        let precompiled = body.get("content").is_some();
        let (request, reply) = match (kind.as_str(), precompiled) {
            ("sms", _) => ("SendTextMessageRequest", "SendTextMessageResponse"),
            ("email", _) => ("SendEmailRequest", "SendEmailResponse"),
            (_, false) => ("SendNormalLetterRequest", "SendNormalLetterResponse"),
            (_, true) => (
                "SendPrecompiledLetterRequest",
                "SendPrecompiledLetterResponse",
            ),
        };
        let wrong = faults(request, &body);
        if !wrong.is_empty() {
            seen.faults.extend(wrong);
            return error(400, "ValidationError");
        }
        match seen.trouble.pop_front() {
            Some(Trouble::Says(status, word)) => return error(status, word),
            Some(Trouble::HangsUp) => return cut_off(),
            Some(Trouble::TakesAndHangsUp) => {
                seen.taken.push((kind, body));
                seen.words.push("sending".to_owned());
                return cut_off();
            }
            None => {}
        }
        let mut given = json!({"id": id(seen.taken.len()), "reference": body["reference"]});
        if precompiled {
            given["postage"] = body["postage"].clone();
        }
        seen.taken.push((kind, body));
        seen.words.push("created".to_owned());
        answer(seen, reply, given)
    })
}

#[derive(serde::Deserialize)]
struct Asked {
    reference: Option<String>,
    older_than: Option<String>,
}

async fn look_up(
    State(stand_in): State<StandIn>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    stand_in.with(|seen| {
        if !lets_in(&headers) {
            return error(403, "AuthError");
        }
        let all: Vec<Value> = seen
            .taken
            .iter()
            .enumerate()
            .filter(|(_, (_, body))| body["reference"].as_str() == asked.reference.as_deref())
            .map(|(place, (kind, body))| {
                json!({
                    "id": id(place),
                    "reference": body["reference"],
                    "type": kind,
                    "status": seen.words[place],
                })
            })
            .collect();
        answer(
            seen,
            "GetMultipleMessagesResponse",
            json!({"notifications": all, "links": {"current": "https://notify.example/v2/notifications"}}),
        )
    })
}

async fn received(
    State(stand_in): State<StandIn>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    stand_in.with(|seen| {
        if !lets_in(&headers) {
            return error(403, "AuthError");
        }
        // Pages of two, so that a test need not write 251 texts.
        let from = asked
            .older_than
            .and_then(|id| {
                seen.received
                    .iter()
                    .position(|one| one["id"] == id.as_str())
            })
            .map_or(0, |place| place + 1);
        let page: Vec<Value> = seen.received.iter().skip(from).take(2).cloned().collect();
        let mut links = json!({"current": "https://notify.example/v2/received-text-messages"});
        if let Some(last) = page.last() {
            links["next"] = json!(format!(
                "https://notify.example/v2/received-text-messages?older_than={}",
                last["id"]
            ));
        }
        answer(
            seen,
            "GetReceivedTextMessagesResponse",
            json!({"received_text_messages": page, "links": links}),
        )
    })
}

async fn templates(State(stand_in): State<StandIn>, headers: HeaderMap) -> Response {
    stand_in.with(|seen| {
        if !lets_in(&headers) {
            return error(403, "AuthError");
        }
        let all = seen.templates.clone();
        answer(seen, "TemplatesResponse", json!({"templates": all}))
    })
}
