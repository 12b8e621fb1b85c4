//! Subscribing an address, pausing and resuming it, giving it a new secret, ending it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calendar::Instant;
use store::{Act, Column, Kind, SchoolId, Shape, StoreError, Table, Tx, args};

use super::events::{KINDS, may_hear};
use super::target::target;
use crate::desk::{Office, Refusal};
use crate::ids::{ClientId, WebhookId};
use crate::people::{Actor, manages_accounts};

/// The webhooks of a school.
pub static WEBHOOK: Table = Table {
    name: "webhook",
    id: &[Column::new("webhook_id", Kind::Int)],
    columns: &[
        Column::new("client_id", Kind::Int),
        Column::new("address", Kind::Text),
        Column::new("events", Kind::Text),
        Column::new("standing", Kind::Text),
    ],
    shape: Shape::Versions,
};

pub(super) const ALL: &str = "\
select webhook_id, client_id, address, events, standing from webhook
where school_id = $1 and superseded_seq is null order by webhook_id";
pub(super) const BEGIN: &str = "\
insert into webhook_course (school_id, webhook_id, seen_seq, secret) values ($1, $2, $3, $4)";
pub(super) const RENEW: &str = "\
update webhook_course set secret_before = secret, before_until = $3, secret = $4 where school_id = $1 and webhook_id = $2";
pub(super) const DUE_NOW: &str = "\
update webhook_delivery set due_at = $3, attempts = 0 where school_id = $1 and webhook_id = $2 and taken_at is null";
pub(super) const FORGET_ONE: &str =
    "delete from webhook_delivery where school_id = $1 and webhook_id = $2 and taken_at is null";

pub(super) const GIVEN_UP: &str = "\
select count(*) from webhook where school_id = $1 and superseded_seq is null and standing = $2";

/// The most webhooks of one client.
const MOST: usize = 20;

/// Both secrets are valid for so long after a new one is given: 24 hours.
const BOTH_VALID_SECONDS: i64 = 24 * 60 * 60;

/// A webhook as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its number.
    pub id: WebhookId,
    /// The client for which it was made.
    pub client: ClientId,
    /// Where events are sent.
    pub address: String,
    /// Which kinds.
    pub events: Vec<String>,
    /// Whether it is sent anything.
    pub standing: Standing,
}

/// Whether a webhook is sent anything. What happens while it is not waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Open,
    /// Not until somebody resumes it: an administrator paused it.
    Paused,
    /// Not until somebody resumes it: nobody took a delivery for more than a day.
    GivenUp,
}

/// An open webhook as its row has it.
pub(super) const OPEN: &str = "open";

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Standing::Open => OPEN,
            Standing::Paused => "paused",
            Standing::GivenUp => "given_up",
        }
    }

    fn from_word(word: &str) -> Standing {
        match word {
            OPEN => Standing::Open,
            "given_up" => Standing::GivenUp,
            // A row says one of the three; what is not understood is not sent to.
            _ => Standing::Paused,
        }
    }
}

/// The webhooks of a school.
///
/// Errors: the database did not answer.
pub fn webhooks(tx: &mut Tx, school: SchoolId) -> Result<Vec<Webhook>, StoreError> {
    tx.query(ALL, &args![school], |row| {
        let (events, standing): (String, String) = (row.get(3)?, row.get(4)?);
        Ok(Webhook {
            id: row.get(0)?,
            client: row.get(1)?,
            address: row.get(2)?,
            events: events.split(',').map(str::to_owned).collect(),
            standing: Standing::from_word(&standing),
        })
    })
}

/// The webhook with this number, to its client or to somebody who manages accounts.
///
/// Errors: [`Refusal::NotFound`] to anybody else, and when there is none.
pub(super) fn own(
    tx: &mut Tx,
    actor: &Actor,
    client: Option<ClientId>,
    id: WebhookId,
) -> Result<Webhook, Refusal> {
    let found = webhooks(tx, actor.school)?
        .into_iter()
        .find(|one| one.id == id);
    let is_own = |webhook: &Webhook| match client {
        Some(client) => webhook.client == client,
        None => manages_accounts(actor),
    };
    found.filter(is_own).ok_or(Refusal::NotFound)
}

/// Whom a webhook is for: the client, and what it is to the acts.
pub(super) struct Subscriber<'a> {
    pub(super) client: ClientId,
    pub(super) actor: &'a Actor,
}

/// Subscribes an address, and answers the webhook with its secret (`whsec_…`), which nobody can learn again.
///
/// It is told of what is recorded after this act. `by` is who does it: an administrator, or the client itself.
/// Errors: [`Refusal::Wrong`] for an address that may not be told, or events that the client may not hear of.
pub(super) fn subscribe(
    act: &mut Act,
    office: &Office,
    by: &Actor,
    subscriber: &Subscriber<'_>,
    address: &str,
    events: &[&str],
) -> Result<(WebhookId, String), Refusal> {
    target(address, &office.interface.rules())
        .map_err(|error| Refusal::Wrong(error.to_string()))?;
    let events = known(events);
    if events.is_empty() {
        return Err(Refusal::Wrong(
            "Choose at least one kind of event.".to_owned(),
        ));
    }
    if let Some(deaf) = events
        .iter()
        .find(|event| !may_hear(subscriber.actor, event))
    {
        return Err(Refusal::Wrong(format!(
            "The client may not read what {deaf} is about."
        )));
    }
    let school = act.school();
    let already = webhooks(act.tx(), school)?;
    if already
        .iter()
        .filter(|one| one.client == subscriber.client)
        .count()
        >= MOST
    {
        return Err(Refusal::Wrong(format!(
            "A client has {MOST} webhooks at most."
        )));
    }
    let id = WebhookId(act.new_id());
    let (secret, shown) = new_secret();
    let sealed = seal(office, school, id, &secret)?;
    begin(
        act,
        (id, subscriber.client),
        address,
        &events,
        Standing::Open,
        &sealed,
    )?;
    act.describe(by.entry(
        "subscribe webhook",
        format!("webhook {id} of API client {}", subscriber.client),
    ));
    Ok((id, shown))
}

/// A webhook of the demo school: paused, and with a secret that nobody has, so that nothing is ever sent to it.
///
/// Errors: the database did not answer.
pub(crate) fn put_in_paused(
    act: &mut Act,
    client: ClientId,
    address: &str,
    events: &[&str],
) -> Result<WebhookId, StoreError> {
    let id = WebhookId(act.new_id());
    begin(
        act,
        (id, client),
        address,
        &known(events),
        Standing::Paused,
        &[],
    )?;
    Ok(id)
}

/// The kinds among these that there are, in their order.
fn known(events: &[&str]) -> Vec<&'static str> {
    let keys = KINDS.iter().map(|kind| kind.key);
    keys.filter(|key| events.contains(key)).collect()
}

/// Records a webhook that is told of what is recorded after this act.
fn begin(
    act: &mut Act,
    (id, client): (WebhookId, ClientId),
    address: &str,
    events: &[&str],
    standing: Standing,
    sealed: &[u8],
) -> Result<(), StoreError> {
    let (events, standing) = (events.join(","), standing.word());
    act.record(&WEBHOOK, &args![id, client, address, &events, standing])?;
    let (school, seq) = (act.school(), act.seq());
    act.tx()
        .execute(BEGIN, &args![school, id, seq, sealed])
        .map(drop)
}

/// Gives a webhook a new secret; deliveries are signed with both for 24 hours (I-412).
pub(super) fn renew(
    act: &mut Act,
    office: &Office,
    by: &Actor,
    webhook: &Webhook,
) -> Result<String, Refusal> {
    let (school, until) = (act.school(), act.at().plus_seconds(BOTH_VALID_SECONDS));
    let (secret, shown) = new_secret();
    let sealed = seal(office, school, webhook.id, &secret)?;
    act.tx()
        .execute(RENEW, &args![school, webhook.id, until, sealed.as_slice()])?;
    act.describe(by.entry("renew webhook", format!("webhook {}", webhook.id)));
    Ok(shown)
}

/// Resumes a webhook that was paused: what waits is sent now, and nothing was passed over.
pub(super) fn resume(act: &mut Act, by: &Actor, webhook: &Webhook) -> Result<(), Refusal> {
    let (school, now) = (act.school(), act.at());
    record(act, webhook, Standing::Open)?;
    act.tx().execute(DUE_NOW, &args![school, webhook.id, now])?;
    act.describe(by.entry("resume webhook", format!("webhook {}", webhook.id)));
    Ok(())
}

/// Pauses a webhook: what happens waits until somebody resumes it.
pub(super) fn pause(act: &mut Act, by: &Actor, webhook: &Webhook) -> Result<(), Refusal> {
    record(act, webhook, Standing::Paused)?;
    act.describe(by.entry("pause webhook", format!("webhook {}", webhook.id)));
    Ok(())
}

/// Pauses a webhook that nobody has answered for long. Nobody does it but the program.
pub(super) fn give_up(act: &mut Act, webhook: &Webhook) -> Result<(), StoreError> {
    record(act, webhook, Standing::GivenUp)?;
    act.describe(store::Entry {
        account: 0,
        job_title: "Rollbook",
        act: "pause webhook",
        subject: format!("webhook {}", webhook.id),
    });
    Ok(())
}

fn record(act: &mut Act, webhook: &Webhook, standing: Standing) -> Result<(), StoreError> {
    let events = webhook.events.join(",");
    act.replace(
        &WEBHOOK,
        &args![
            webhook.id,
            webhook.client,
            &webhook.address,
            &events,
            standing.word()
        ],
    )
    .map(drop)
}

/// What administrators are told on their first page of webhooks that were paused because nobody took their deliveries (I-412).
///
/// Errors: the database did not answer.
pub(crate) fn given_up(tx: &mut Tx, school: SchoolId) -> Result<Option<String>, StoreError> {
    let word = Standing::GivenUp.word();
    let count: i64 = tx.query_one(GIVEN_UP, &args![school, word], |row| row.get(0))?;
    let which = match count {
        0 => return Ok(None),
        1 => "A webhook is paused: nobody took its deliveries".to_owned(),
        count => format!("{count} webhooks are paused: nobody took their deliveries"),
    };
    Ok(Some(format!(
        "{which} for more than a day. Look at them under Staff, API clients, Webhooks. What they were to be told waits."
    )))
}

/// Ends a webhook: nothing is sent to it any more, and what waits is forgotten.
pub(super) fn end(act: &mut Act, by: &Actor, webhook: &Webhook) -> Result<(), Refusal> {
    let school = act.school();
    act.supersede(&WEBHOOK, &args![webhook.id])?;
    act.tx().execute(FORGET_ONE, &args![school, webhook.id])?;
    act.describe(by.entry("end webhook", format!("webhook {}", webhook.id)));
    Ok(())
}

/// A secret, and as the receiver's settings have it.
fn new_secret() -> (Vec<u8>, String) {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    (bytes.to_vec(), format!("whsec_{}", STANDARD.encode(bytes)))
}

fn purpose(school: SchoolId, id: WebhookId) -> String {
    format!("secret of webhook {id} of school {}", school.0)
}

fn seal(
    office: &Office,
    school: SchoolId,
    id: WebhookId,
    secret: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let sealed = office.keyring.seal(&purpose(school, id), secret);
    sealed.map_err(|error| Refusal::Wrong(error.to_string()))
}

/// The secrets with which a webhook's deliveries are signed at this moment, newest first.
pub(super) fn opened(
    office: &Office,
    (school, id): (SchoolId, WebhookId),
    (sealed, before): (&[u8], Option<(&[u8], Instant)>),
    now: Instant,
) -> Vec<Vec<u8>> {
    let before = before
        .filter(|(_, until)| *until > now)
        .map(|(sealed, _)| sealed);
    [Some(sealed), before]
        .into_iter()
        .flatten()
        .filter_map(|sealed| {
            office
                .keyring
                .open_sealed(&purpose(school, id), sealed)
                .ok()
        })
        .collect()
}
