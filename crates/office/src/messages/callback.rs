//! What GOV.UK Notify tells by itself (I-135): kept as it came and answered at once, worked on afterwards.

use std::sync::Arc;

use ::messages::notify::{Callback, callback};
use ::messages::{Channel, Moved, Reference, Report, State};
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use calendar::{Instant, Session, Slot};
use sha2::{Digest, Sha256};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::carry::{Tried, by_itself, log_attempt};
use super::channel::keep;
use super::held::may_leave;
use super::outside::{NOTIFY, NotifySettings, channels};
use super::records::{MESSAGE_STATE, STAFF_MAIL_STATE};
use super::replies::keep as keep_reply;
use super::rules_page::may_decide;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::ids::{AccountId, ContactId, MessageId, StaffMailId};
use crate::shell::{Frame, Page};

const KEEP: &str = "\
insert into notify_callback (school_id, digest, body, received_at, worked_at, outcome) values ($1, $2, $3, $4, null, null)
on conflict (school_id, digest) do nothing";
const WAITING: &str = "\
select school_id, digest, body from notify_callback where worked_at is null order by received_at limit 100";
const WORKED: &str =
    "update notify_callback set worked_at = $3, outcome = $4 where school_id = $1 and digest = $2";
const FORGET: &str = "delete from notify_callback where worked_at < $1";
const OF_REFERENCE: &str = "\
select m.message_id, m.channel, m.contact_id, r.on_date, r.session, j.account_id,
       (select s.state from message_state s where s.school_id = m.school_id and s.message_id = m.message_id order by s.seq desc limit 1)
from message m
join message_run r on r.school_id = m.school_id and r.run_id = m.run_id and r.superseded_seq is null
join journal_entry j on j.school_id = r.school_id and j.seq = r.seq
where m.school_id = $1 and m.reference = $2 and m.superseded_seq is null";
const STAFF_OF_REFERENCE: &str = "\
select m.mail_id,
       (select s.state from staff_mail_state s where s.school_id = m.school_id and s.mail_id = m.mail_id order by s.seq desc limit 1)
from staff_mail m where m.school_id = $1 and m.reference = $2 and m.superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    KEEP,
    WAITING,
    WORKED,
    FORGET,
    OF_REFERENCE,
    STAFF_OF_REFERENCE,
];

/// A callback is no longer than this, in bytes: a text of a family with room to spare.
const LONGEST: usize = 64 * 1024;

/// What was worked on is kept for so long, in seconds: a week.
const KEPT_FOR: i64 = 7 * 24 * 60 * 60;

/// The address that Notify calls.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/notify/{school}", post(receive))
        .layer(DefaultBodyLimit::max(LONGEST))
}

/// `POST /notify/{school}`: keeps what Notify tells, if it has the school's token, and says so at once.
///
/// Rule: I-135: an answer within five seconds, so nothing is worked on here. The same body is kept once.
async fn receive(
    Shared(office): Shared<Arc<Office>>,
    Path(school): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let school = SchoolId(school);
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .map(|token| hash_of(token.trim()));
    let set = office.store.read(move |tx| channels(tx, school)).await;
    let kept = match set {
        Ok(set) => set.notify.and_then(|(own, _)| own.callback_hash),
        Err(error) => {
            tracing::error!(%error, "a callback could not be looked at");
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    };
    if !sent
        .zip(kept)
        .is_some_and(|(sent, kept)| is_same(sent.as_bytes(), kept.as_bytes()))
    {
        return StatusCode::UNAUTHORIZED;
    }
    let (now, digest) = (office.now(), Sha256::digest(&body).to_vec());
    let keeps = move |tx: &mut Tx| {
        let values = args![school, digest.as_slice(), &body[..], now];
        tx.execute(KEEP, &values).map(drop)
    };
    match office.store.write(keeps).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            // Notify tells it again in five minutes.
            tracing::error!(%error, "a callback could not be kept");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

fn hash_of(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two hashes are the same, found out in the same time wherever they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one
        .iter()
        .zip(other)
        .fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && differs == 0
}

/// Works on what Notify told: moves messages on, keeps what families sent. Answers how much was worked on.
///
/// Only a message of that school with that reference is moved, and only forwards (I-121); anything else is kept and ignored.
/// For the program to call every few seconds, and for tests. Errors: the database did not answer.
pub async fn work_on_callbacks(office: &Arc<Office>) -> Result<usize, StoreError> {
    if !may_leave(office).await? {
        return Ok(0);
    }
    let waiting = office
        .store
        .read(|tx| {
            tx.query(WAITING, &args![], |row| {
                Ok((
                    SchoolId(row.get(0)?),
                    row.get::<Vec<u8>>(1)?,
                    row.get::<Vec<u8>>(2)?,
                ))
            })
        })
        .await?;
    let worked = waiting.len();
    for (school, digest, body) in waiting {
        let outcome = match work_on(office, school, &body).await {
            Ok(outcome) => outcome,
            Err(Refusal::Store(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, school = school.0, "a callback could not be worked on");
                "could not be worked on"
            }
        };
        let now = office.now();
        let noted = move |tx: &mut Tx| {
            let values = args![school, digest.as_slice(), now, outcome];
            tx.execute(WORKED, &values).map(drop)
        };
        office.store.write(noted).await?;
    }
    Ok(worked)
}

async fn work_on(
    office: &Arc<Office>,
    school: SchoolId,
    body: &[u8],
) -> Result<&'static str, Refusal> {
    match callback(body) {
        Err(_) => Ok("nothing that we know"),
        Ok(Callback::Received(received)) => {
            let is_new = office
                .store
                .act(school, move |act: &mut Act| keep_reply(act, &received))
                .await?;
            Ok(if is_new { "kept" } else { "known" })
        }
        Ok(Callback::Delivery(report) | Callback::Returned(report)) => {
            reported(office, school, report).await
        }
    }
}

const UNKNOWN_REFERENCE: &str = "a reference that we do not know";

/// What an act found of a report: a message of a family that moved, or only words.
type Found = (Option<(Tried, State)>, &'static str);

async fn reported(
    office: &Arc<Office>,
    school: SchoolId,
    report: Report,
) -> Result<&'static str, Refusal> {
    let (Some(reference), Some(state)) = (report.reference.clone(), report.state) else {
        return Ok("no reference of ours, or an unknown word");
    };
    let (tried, outcome) = office
        .store
        .act(school, move |act: &mut Act| {
            let found = of_family(act, &reference, state, &report)?;
            match found {
                Some(found) => Ok::<Found, StoreError>(found),
                None => of_staff(act, &reference, state, &report),
            }
        })
        .await?;
    if let Some((tried, state)) = tried {
        log_attempt(office, school, tried, state).await;
    }
    Ok(outcome)
}

/// Notes of the message with this reference what became of it, told by somebody else than its provider: a mail system that could not deliver it.
/// Answers whether there is such a message.
///
/// Forwards only (I-121), so that what is told twice changes nothing; what follows from a permanent failure follows from the state (I-124).
/// Errors: the database did not answer.
pub(crate) async fn note_what_became(
    office: &Arc<Office>,
    school: SchoolId,
    reference: Reference,
    state: State,
    word: String,
) -> Result<bool, Refusal> {
    let report = Report {
        id: reference.as_str().to_owned(),
        reference: Some(reference),
        word,
        state: Some(state),
    };
    Ok(reported(office, school, report).await? != UNKNOWN_REFERENCE)
}

fn of_family(
    act: &mut Act,
    reference: &Reference,
    reported: State,
    report: &Report,
) -> Result<Option<Found>, StoreError> {
    let school = act.school();
    let found = act
        .tx()
        .query_opt(OF_REFERENCE, &args![school, reference.as_str()], |row| {
            let (channel, state): (String, Option<String>) = (row.get(1)?, row.get(6)?);
            let session: i64 = row.get(4)?;
            let known = Channel::from_word(&channel)
                .zip(state.as_deref().and_then(State::from_word))
                .zip(Session::from_index(session));
            let Some(((channel, state), session)) = known else {
                return Ok(None);
            };
            let tried = Tried {
                message: row.get::<MessageId>(0)?,
                contact: row.get::<ContactId>(2)?,
                channel,
                slot: Slot {
                    day: row.get(3)?,
                    session,
                },
                account: AccountId(row.get(5)?),
                is_reported: true,
            };
            Ok(Some((tried, state)))
        })?;
    let Some((tried, state)) = found.flatten() else {
        return Ok(None);
    };
    let Moved::To(state) = state.after(reported, tried.channel) else {
        return Ok(Some((None, "late or told before")));
    };
    act.record(
        &MESSAGE_STATE,
        &args![
            tried.message,
            state.word(),
            report.word.as_str(),
            report.id.as_str()
        ],
    )?;
    let subject = format!("message {}", tried.message);
    act.describe(by_itself(school).entry("note what became of a message", subject));
    Ok(Some((Some((tried, state)), "moved")))
}

fn of_staff(
    act: &mut Act,
    reference: &Reference,
    reported: State,
    report: &Report,
) -> Result<Found, StoreError> {
    let school = act.school();
    let values = args![school, reference.as_str()];
    let found = act.tx().query_opt(STAFF_OF_REFERENCE, &values, |row| {
        let state: Option<String> = row.get(1)?;
        let state = state.as_deref().and_then(State::from_word);
        let id: StaffMailId = row.get(0)?;
        Ok(state.map(|state| (id, state)))
    })?;
    let Some((id, state)) = found.flatten() else {
        return Ok((None, UNKNOWN_REFERENCE));
    };
    let Moved::To(state) = state.after(reported, Channel::Email) else {
        return Ok((None, "late or told before"));
    };
    act.record(
        &STAFF_MAIL_STATE,
        &args![id, state.word(), report.word.as_str(), report.id.as_str()],
    )?;
    act.describe(by_itself(school).entry(
        "note what became of an e-mail to staff",
        format!("e-mail {id}"),
    ));
    Ok((None, "moved"))
}

/// Forgets what was worked on a week ago. Answers how much.
///
/// Errors: the database did not answer.
pub(crate) fn forget_old_callbacks(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET, &args![now.plus_seconds(-KEPT_FOR)])
}

#[derive(Template)]
#[template(path = "messages/callback.html")]
struct TokenPage {
    frame: Frame,
    path: String,
    token: String,
}

/// `POST /messages/channels/callback`: a new token for callbacks, shown once; its hash is all that is kept.
pub(super) async fn new_token(desk: Desk) -> Result<Response, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = hash_of(&token);
    desk.act(move |act, actor| {
        if !may_decide(actor) {
            return Err(Refusal::NotFound);
        }
        let Some((own, secret)) = channels(act.tx(), actor.school)?.notify else {
            return Err(Refusal::Wrong("Set GOV.UK Notify up first.".to_owned()));
        };
        let own = NotifySettings {
            callback_hash: Some(hash),
            ..own
        };
        let settings = serde_json::to_string(&own).expect("settings are words");
        keep(act, actor, NOTIFY, &settings, &secret)
    })
    .await?;
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let page = TokenPage {
            frame: here.frame(tx, actor, "Token for callbacks")?,
            path: format!("/notify/{}", actor.school.0),
            token,
        };
        Ok(Page(page).into_response())
    })
    .await
}
