//! One request from its arrival to its answer: the token, the client's share, the operation.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use store::StoreError;

use super::LARGEST_BODY;
use super::client::{Caller, TokenHash, caller, note_used};
use super::idempotency::{remember, told};
use super::operation::{Asked, Given, Request, Run};
use super::problem::ApiProblem;
use super::rates::Allowance;
use super::request::{Sent, read};
use crate::desk::Office;
use crate::people::{Access, RecordKind};

/// The longest that a client waits for an answer, and we for what it sends.
const LONGEST: Duration = Duration::from_secs(30);

/// Answers a request at `/api/v1`. Cookies are not looked at: a browser that is signed in is nobody here.
pub(super) async fn answer(State(office): State<Arc<Office>>, request: HttpRequest) -> Response {
    match tokio::time::timeout(LONGEST, answered(&office, request)).await {
        Ok(response) => response,
        Err(_) => ApiProblem::Later(
            "This took too long, so the outcome is not known. Send it again with the same Idempotency-Key."
                .to_owned(),
        )
        .into_response(),
    }
}

async fn answered(office: &Arc<Office>, request: HttpRequest) -> Response {
    let token = match token(request.headers()) {
        Some(token) => token,
        None => return ApiProblem::NoToken.into_response(),
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return ApiProblem::TooLarge.into_response();
    };
    let header = |name: &str| {
        let value = parts.headers.get(name);
        value.map(|value| value.to_str().unwrap_or("\u{fffd}"))
    };
    let path = parts.uri.path();
    let read = read(&Sent {
        method: parts.method.as_str(),
        path: path.strip_prefix(super::ROOT).unwrap_or(path),
        query: parts.uri.query().unwrap_or_default(),
        content_type: header("content-type"),
        idempotency_key: header("idempotency-key"),
        if_match: header("if-match"),
        body: &body,
    });
    let asking = Asking {
        office: Arc::clone(office),
        token,
    };
    let (allowance, answer) = asking.run(read).await;
    let mut response = match answer {
        Ok((status, given)) => shown(status, given),
        Err(problem) => problem.into_response(),
    };
    if let Some(allowance) = allowance {
        tell(&allowance, response.headers_mut());
    }
    response
}

/// The hash of the token of a request, if it sends one that could be ours.
fn token(headers: &HeaderMap) -> Option<TokenHash> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| TokenHash::of(secret.trim())).flatten()
}

fn shown(status: u16, given: Given) -> Response {
    let status = StatusCode::from_u16(status).expect("an operation answers with a status of HTTP");
    let body = match given.body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(etag) = given
        .etag
        .and_then(|etag| HeaderValue::from_str(&etag).ok())
    {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// Tells a client what is left of its share.
fn tell(allowance: &Allowance, headers: &mut HeaderMap) {
    let told = [
        ("ratelimit-limit", u64::from(allowance.limit)),
        ("ratelimit-remaining", u64::from(allowance.left)),
        ("ratelimit-reset", allowance.seconds),
    ];
    for (name, value) in told {
        headers.insert(name, HeaderValue::from(value));
    }
}

/// Somebody who asks with a token.
struct Asking {
    office: Arc<Office>,
    token: TokenHash,
}

type Answered = Result<(u16, Given), ApiProblem>;

impl Asking {
    /// Finds out who asks, counts the request, and does what it asks for.
    ///
    /// A request that cannot be read counts as well, so that nobody tries without end.
    async fn run(self, read: Result<Request, ApiProblem>) -> (Option<Allowance>, Answered) {
        let caller = match self.caller().await {
            Ok(caller) => caller,
            Err(problem) => return (None, Err(problem)),
        };
        let office = &self.office;
        let interface = &office.interface;
        let allowance = interface.count(caller.client, &caller.actor, office.now());
        let answer = match (allowance.is_kept, read) {
            (false, _) => Err(ApiProblem::TooOften(allowance.seconds)),
            (true, Err(problem)) => Err(problem),
            (true, Ok(request)) => self.done(caller, request).await,
        };
        (Some(allowance), answer)
    }

    async fn caller(&self) -> Result<Caller, ApiProblem> {
        let (token, now) = (self.token, self.office.now());
        let found = self.office.store.read(move |tx| caller(tx, &token, now));
        let caller = found.await?.ok_or(ApiProblem::NoToken)?;
        if caller.note_is_due {
            let store = self.office.store.clone();
            tokio::spawn(async move {
                let noted: Result<(), StoreError> =
                    store.write(move |tx| note_used(tx, &token, now)).await;
                if let Err(error) = noted {
                    tracing::warn!(%error, "that a client asks could not be noted");
                }
            });
        }
        Ok(caller)
    }

    async fn done(self, expected: Caller, request: Request) -> Answered {
        let operation = request.operation;
        if let Some((want, kind)) = operation.needs
            && !expected.actor.may(want, kind)
        {
            return Err(out_of_scope(want, kind));
        }
        let given = match operation.run {
            Run::Read(run) => {
                let office = Arc::clone(&self.office);
                self.office
                    .store
                    .read(move |tx| {
                        run(
                            tx,
                            &Asked {
                                office: &office,
                                actor: &expected.actor,
                                client: expected.client,
                                request: &request,
                            },
                        )
                    })
                    .await?
            }
            Run::Act(_) => self.act(expected, request).await?,
        };
        Ok((operation.answer.0, given))
    }

    /// Acts for a client. Who asks is found out once more within the act: a client that was ended meanwhile may no longer act.
    async fn act(self, expected: Caller, request: Request) -> Result<Given, ApiProblem> {
        let (office, token) = (Arc::clone(&self.office), self.token);
        self.office
            .store
            .act(expected.actor.school, move |act| {
                let now = act.at();
                let caller = caller(act.tx(), &token, now)?.ok_or(ApiProblem::NoToken)?;
                let key = request.key.as_deref().ok_or(ApiProblem::KeyMissing)?;
                if let Some(given) = told(act, &office.keyring, caller.client, key, &request)? {
                    return Ok(given);
                }
                let Run::Act(run) = request.operation.run else {
                    return Err(ApiProblem::NotFound);
                };
                let asked = Asked {
                    office: &office,
                    actor: &caller.actor,
                    client: caller.client,
                    request: &request,
                };
                let given = run(act, &asked)?;
                remember(act, &office.keyring, caller.client, key, &request, &given)?;
                Ok(given)
            })
            .await
    }
}

fn out_of_scope(want: Access, kind: RecordKind) -> ApiProblem {
    let verb = match want {
        Access::Write => "write",
        _ => "read",
    };
    let kind = kind.label().to_lowercase();
    ApiProblem::OutOfScope(format!("{verb} here: it needs “{kind}”"))
}
