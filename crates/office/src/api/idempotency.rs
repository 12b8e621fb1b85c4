//! Writes that are safe to repeat: a client names each, and is told the same again when it sends the same again.

use calendar::Instant;
use serde_json::Value;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::operation::{Given, Request};
use super::problem::ApiProblem;
use crate::ids::ClientId;
use crate::people::Keyring;

const TOLD: &str = "\
select digest, answer from api_answer where school_id = $1 and client_id = $2 and idempotency_key = $3";
const REMEMBER: &str = "\
insert into api_answer (school_id, client_id, idempotency_key, digest, at, answer) values ($1, $2, $3, $4, $5, $6)";
const FORGET: &str = "delete from api_answer where at < $1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[TOLD, REMEMBER, FORGET];

/// An answer is remembered for so long: 7 days.
const REMEMBERED_SECONDS: i64 = 7 * 24 * 60 * 60;

/// What a client's answers are sealed for: one of them may hold a secret that is told once.
fn purpose(school: SchoolId, client: ClientId) -> String {
    format!("answer to API client {client} of school {}", school.0)
}

/// What the client was told when it sent this before; none where it did not.
///
/// Errors: [`ApiProblem::KeyReused`] where it sent something else under this key.
pub(super) fn told(
    act: &mut Act,
    keyring: &Keyring,
    client: ClientId,
    key: &str,
    request: &Request,
) -> Result<Option<Given>, ApiProblem> {
    let school = act.school();
    let found = act
        .tx()
        .query_opt(TOLD, &args![school, client, key], |row| {
            Ok((row.get::<Vec<u8>>(0)?, row.get::<Vec<u8>>(1)?))
        })?;
    let Some((digest, sealed)) = found else {
        return Ok(None);
    };
    if digest != request.digest {
        return Err(ApiProblem::KeyReused);
    }
    let opened = keyring.open_sealed(&purpose(school, client), &sealed);
    let body = opened.map_err(|error| {
        tracing::error!(%error, "an answer that was remembered cannot be opened");
        ApiProblem::Fault
    })?;
    let body: Value =
        serde_json::from_slice(&body).expect("an answer is remembered as it was written here");
    Ok(Some(body.into()))
}

/// Remembers what a client is told, in the transaction of its write.
pub(super) fn remember(
    act: &mut Act,
    keyring: &Keyring,
    client: ClientId,
    key: &str,
    request: &Request,
    given: &Given,
) -> Result<(), ApiProblem> {
    let (school, at) = (act.school(), act.at());
    let body = given.body.to_string();
    let sealed = keyring.seal(&purpose(school, client), body.as_bytes());
    let sealed = sealed.map_err(|error| {
        tracing::error!(%error, "an answer cannot be sealed");
        ApiProblem::Fault
    })?;
    let digest = request.digest.as_slice();
    let row = args![school, client, key, digest, at, sealed.as_slice()];
    Ok(act.tx().put(REMEMBER, &row)?)
}

/// Forgets answers that no client can be waiting for. Answers how many.
pub(crate) fn forget_old_answers(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET, &args![now.plus_seconds(-REMEMBERED_SECONDS)])
}
