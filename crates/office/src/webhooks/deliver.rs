//! From deliveries to the receiver: each is tried until it is taken, with growing waits.
//!
//! Nothing is lost over a crash, since a delivery stands in the database before it is sent. Whoever tries one claims it first, so that two
//! programs on one database do not both send it. A crash between sending and noting that sends once more, under the same id, by
//! which the receiver knows it.

use std::sync::Arc;
use std::time::Duration;

use calendar::{Day, Instant};
use store::{Arg, SchoolId, StoreError, Tx, args};

use super::gather::gather;
use super::keep::{OPEN, Standing, Webhook, opened, webhooks};
use super::post::{Message, post};
use crate::carry::held_back_since;
use crate::desk::{Office, Refusal};
use crate::ids::WebhookId;

/// Of each open webhook of an open client, the oldest that are due, so that one receiver that is slow keeps no other waiting for long.
pub(super) const DUE: &str = "\
select q.school_id, q.webhook_id, q.seq, q.part, q.body, q.made_at, q.attempts, q.address, c.secret, c.secret_before, c.before_until
from (select d.school_id, d.webhook_id, d.seq, d.part, d.body, d.made_at, d.attempts, w.address,
             row_number() over (partition by d.school_id, d.webhook_id order by d.due_at, d.seq, d.part) as place
      from webhook_delivery d
      join webhook w on w.school_id = d.school_id and w.webhook_id = d.webhook_id and w.superseded_seq is null and w.standing = $2
      join api_client a on a.school_id = w.school_id and a.client_id = w.client_id and a.superseded_seq is null and a.last_day >= $3
      where d.due_at <= $1) q
join webhook_course c on c.school_id = q.school_id and c.webhook_id = q.webhook_id
where q.place <= 10 order by q.place, q.school_id, q.webhook_id limit 100";
pub(super) const CLAIM: &str = "\
update webhook_delivery set due_at = $6, attempts = $5 + 1, tried_at = $7
where school_id = $1 and webhook_id = $2 and seq = $3 and part = $4 and attempts = $5 and due_at <= $7";
pub(super) const TAKEN: &str = "\
update webhook_delivery set due_at = null, taken_at = $5, result = $6
where school_id = $1 and webhook_id = $2 and seq = $3 and part = $4";
pub(super) const FAILED: &str = "\
update webhook_delivery set due_at = $5, result = $6
where school_id = $1 and webhook_id = $2 and seq = $3 and part = $4 and taken_at is null";
pub(super) const FORGET: &str = "delete from webhook_delivery where taken_at < $1";

/// The waits after each try, in seconds: 1, 5 and 30 minutes, 2, 6 and 24 hours (I-412). After the last the webhook is paused.
const WAITS: [i64; 6] = [60, 300, 1_800, 7_200, 21_600, 86_400];

/// A delivery that is being tried is not tried by anybody else for so long.
const HELD_SECONDS: i64 = 60;

/// Deliveries that were taken stay in the log for so long: 30 days.
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// Delivers as long as the program runs.
pub async fn keep_delivering(office: Arc<Office>) {
    loop {
        if let Err(error) = deliver(&office).await {
            tracing::warn!(%error, "webhooks could not be delivered");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Makes the deliveries of what happened since, and tries those that are due. Answers how many were tried: none while these records are a
/// restored copy that nobody has let speak.
///
/// Errors: the database did not answer.
pub async fn deliver(office: &Arc<Office>) -> Result<usize, StoreError> {
    gather(office).await?;
    let now = office.now();
    let today = now.in_london().0;
    let due = office.store.read(move |tx| due(tx, now, today)).await?;
    let mut trying = tokio::task::JoinSet::new();
    for one in due {
        trying.spawn(attempt(Arc::clone(office), one));
    }
    let mut tried = 0;
    while let Some(done) = trying.join_next().await {
        match done {
            Ok(outcome) => tried += usize::from(outcome?),
            Err(error) => tracing::error!(%error, "a fault in the program stopped a delivery"),
        }
    }
    Ok(tried)
}

/// A delivery that is due.
struct Due {
    school: SchoolId,
    webhook: WebhookId,
    seq: i64,
    part: i64,
    body: String,
    made_at: Instant,
    attempts: i64,
    address: String,
    secret: Vec<u8>,
    before: Option<(Vec<u8>, Instant)>,
}

impl Due {
    /// Which row: the values $1 to $4 of each statement.
    fn key(&self) -> [Arg<'static>; 4] {
        args![self.school, self.webhook, self.seq, self.part].map(|arg| arg.into_owned())
    }
}

/// The name under which a delivery goes out, the same each time that it is tried. The moment keeps it apart from what had its number
/// before records were restored from a backup.
pub(super) fn event_id(school: SchoolId, seq: i64, part: i64, made_at: Instant) -> String {
    format!("evt_{}_{seq}_{part}_{:x}", school.0, made_at.micros())
}

fn due(tx: &mut Tx, now: Instant, today: Day) -> Result<Vec<Due>, StoreError> {
    if held_back_since(tx)?.is_some() {
        return Ok(Vec::new());
    }
    tx.query(DUE, &args![now, OPEN, today], |row| {
        let before: Option<Vec<u8>> = row.get(9)?;
        let until: Option<Instant> = row.get(10)?;
        Ok(Due {
            school: SchoolId(row.get(0)?),
            webhook: row.get(1)?,
            seq: row.get(2)?,
            part: row.get(3)?,
            body: row.get(4)?,
            made_at: row.get(5)?,
            attempts: row.get(6)?,
            address: row.get(7)?,
            secret: row.get(8)?,
            before: before.zip(until),
        })
    })
}

/// Tries one delivery, if nobody else is at it. Answers whether it was tried.
async fn attempt(office: Arc<Office>, due: Due) -> Result<bool, StoreError> {
    let now = office.now();
    if !claim(&office, &due, now).await? {
        return Ok(false);
    }
    let before = due
        .before
        .as_ref()
        .map(|(sealed, until)| (sealed.as_slice(), *until));
    let place = (due.school, due.webhook);
    let secrets = opened(&office, place, (&due.secret, before), now);
    let message = Message {
        address: &due.address,
        id: &event_id(due.school, due.seq, due.part, due.made_at),
        at: now.micros() / 1_000_000,
        body: &due.body,
        secrets: &secrets,
    };
    let rules = office.interface.rules();
    match post(&message, &rules).await {
        Ok(status @ 200..=299) => taken(&office, &due, format!("taken with {status}")).await?,
        Ok(status) => failed(&office, &due, format!("answered {status}")).await?,
        Err(error) => failed(&office, &due, error.to_string()).await?,
    }
    Ok(true)
}

/// Takes the delivery in hand; false where somebody else has it.
async fn claim(office: &Office, due: &Due, now: Instant) -> Result<bool, StoreError> {
    let [school, webhook, seq, part] = due.key();
    let (attempts, held) = (due.attempts, now.plus_seconds(HELD_SECONDS));
    let claimed: u64 = office
        .store
        .write(move |tx| {
            let (attempts, held, now) = (attempts.into(), held.into(), now.into());
            tx.execute(CLAIM, &[school, webhook, seq, part, attempts, held, now])
        })
        .await?;
    Ok(claimed > 0)
}

async fn taken(office: &Office, due: &Due, result: String) -> Result<(), StoreError> {
    let (now, [school, webhook, seq, part]) = (office.now(), due.key());
    office
        .store
        .write(move |tx| {
            let row = [
                school,
                webhook,
                seq,
                part,
                now.into(),
                result.as_str().into(),
            ];
            tx.execute(TAKEN, &row).map(drop)
        })
        .await
}

async fn failed(office: &Office, due: &Due, result: String) -> Result<(), StoreError> {
    let wait = usize::try_from(due.attempts)
        .ok()
        .and_then(|tries| WAITS.get(tries));
    let next = wait.map(|seconds| office.now().plus_seconds(*seconds));
    let [school, webhook, seq, part] = due.key();
    office
        .store
        .write(move |tx| {
            let row = [
                school,
                webhook,
                seq,
                part,
                next.into(),
                result.as_str().into(),
            ];
            tx.execute(FAILED, &row).map(drop)
        })
        .await?;
    match next {
        Some(_) => Ok(()),
        None => give_up(office, due.school, due.webhook).await,
    }
}

/// Pauses a webhook whose delivery nobody took for more than a day. Administrators are told on their first page (I-412).
async fn give_up(office: &Office, school: SchoolId, id: WebhookId) -> Result<(), StoreError> {
    let paused = office.store.act(school, move |act| {
        let found = webhooks(act.tx(), school)?;
        let is_it = |one: &Webhook| one.id == id && one.standing == Standing::Open;
        match found.into_iter().find(is_it) {
            Some(webhook) => Ok(super::keep::give_up(act, &webhook)?),
            // Somebody else was there first: an act that does nothing is none.
            None => Err(Refusal::NotFound),
        }
    });
    match paused.await {
        Err(Refusal::Store(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Forgets deliveries that were taken long ago. Answers how many.
pub(crate) fn forget_old_deliveries(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET, &args![now.plus_seconds(-KEPT_SECONDS)])
}
