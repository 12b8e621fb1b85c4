//! From the journal to deliveries: each act after the last one seen, in one transaction with the note that it was seen.

use std::sync::Arc;

use calendar::Instant;
use serde_json::json;
use store::{SchoolId, StoreError, Tx, args, journal};

use super::events::{self, events_of, may_hear};
use crate::api::client_as_actor;
use crate::desk::Office;
use crate::ids::{ClientId, WebhookId};

pub(super) const BEHIND: &str = "\
select w.school_id, w.webhook_id, w.client_id, w.events, c.seen_seq, h.seq
from webhook w
join webhook_course c on c.school_id = w.school_id and c.webhook_id = w.webhook_id
join school_head h on h.school_id = w.school_id
where w.superseded_seq is null and h.seq > c.seen_seq order by w.school_id, w.webhook_id";
pub(super) const SEEN: &str = "\
update webhook_course set seen_seq = $4 where school_id = $1 and webhook_id = $2 and seen_seq = $3";
pub(super) const NEW: &str = "\
insert into webhook_delivery (school_id, webhook_id, seq, part, event, body, made_at, attempts, due_at)
values ($1, $2, $3, $4, $5, $6, $7, 0, $7)";

/// Acts looked through at a time.
const ACTS: i64 = 200;

/// A webhook for which the journal was not read to its end.
#[derive(Clone)]
struct Behind {
    school: SchoolId,
    webhook: WebhookId,
    client: ClientId,
    events: String,
    seen: i64,
    head: i64,
}

impl Behind {
    /// The last act that is looked through this time.
    fn last(&self) -> i64 {
        self.head.min(self.seen.saturating_add(ACTS))
    }
}

/// A delivery that is to be made.
struct New {
    seq: i64,
    part: i64,
    event: &'static str,
    body: String,
}

/// Makes the deliveries of what happened since. A webhook whose journal cannot be read keeps no other waiting.
///
/// Errors: the database did not answer.
pub(super) async fn gather(office: &Arc<Office>) -> Result<(), StoreError> {
    for one in office.store.read(behind).await? {
        let (school, webhook) = (one.school, one.webhook);
        if let Err(error) = read_on(office, one).await {
            tracing::warn!(%error, school = school.0, webhook = webhook.0, "the journal could not be read on for a webhook");
        }
    }
    Ok(())
}

fn behind(tx: &mut Tx) -> Result<Vec<Behind>, StoreError> {
    tx.query(BEHIND, &args![], |row| {
        Ok(Behind {
            school: SchoolId(row.get(0)?),
            webhook: row.get(1)?,
            client: row.get(2)?,
            events: row.get(3)?,
            seen: row.get(4)?,
            head: row.get(5)?,
        })
    })
}

/// Reads the journal on for one webhook. Whoever else does so at the same time finds that it was done.
async fn read_on(office: &Arc<Office>, behind: Behind) -> Result<(), StoreError> {
    let now = office.now();
    let asked = behind.clone();
    // What is recorded stays as it is, so it can be read before the transaction that writes.
    let new = office.store.read(move |tx| told(tx, &asked, now)).await?;
    office
        .store
        .write(move |tx| note(tx, &behind, &new, now))
        .await
}

/// What the webhook is to be told of. A client that has ended hears of nothing.
fn told(tx: &mut Tx, behind: &Behind, now: Instant) -> Result<Vec<New>, StoreError> {
    let Some(actor) = client_as_actor(tx, behind.school, behind.client, now)? else {
        return Ok(Vec::new());
    };
    let wanted: Vec<&str> = behind
        .events
        .split(',')
        .filter(|kind| may_hear(&actor, kind))
        .collect();
    let range = (behind.seen, behind.last());
    let mut new = Vec::new();
    for act in journal::facts_between(tx, behind.school, range, events::TABLES)? {
        let at = act.at.to_string();
        for (part, event) in (0..).zip(events_of(&act)) {
            if !wanted.contains(&event.kind) {
                continue;
            }
            new.push(New {
                seq: act.seq,
                part,
                event: event.kind,
                body: json!({ "type": event.kind, "timestamp": at, "data": event.data })
                    .to_string(),
            });
        }
    }
    Ok(new)
}

fn note(tx: &mut Tx, behind: &Behind, new: &[New], now: Instant) -> Result<(), StoreError> {
    let (school, webhook) = (behind.school, behind.webhook);
    let moved = args![school, webhook, behind.seen, behind.last()];
    if tx.execute(SEEN, &moved)? == 0 {
        return Ok(());
    }
    for one in new {
        let row = args![
            school, webhook, one.seq, one.part, one.event, &one.body, now
        ];
        tx.execute(NEW, &row)?;
    }
    Ok(())
}
