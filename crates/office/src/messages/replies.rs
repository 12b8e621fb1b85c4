//! What families answer (I-142): matched by number, never a mark by itself.

use std::sync::Arc;

use ::messages::Received;
use calendar::Instant;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::ask::may_send;
use super::carry::by_itself;
use super::foresee::slot_now;
use super::outside::Carriers;
use super::records::MESSAGE_REPLY;
use crate::absence_line::{Channel as Came, Told, keep as keep_report};
use crate::desk::{Office, Refusal};
use crate::ids::{ContactId, PupilId, ReplyId};
use crate::morning::missing_within;
use crate::people::Actor;
use crate::registers::save::LONGEST_TEXT;

const KNOWN: &str = "select reply_id from message_reply where school_id = $1 and provider_key = $2";
const NEWEST: &str = "\
select provider_key from message_reply where school_id = $1 and superseded_seq is null order by received_at desc, reply_id desc limit 1";
const OF_NUMBER: &str = "\
select distinct x.pupil_id from contact_route r
join pupil_contact x on x.school_id = r.school_id and x.contact_id = r.contact_id and x.superseded_seq is null
where r.school_id = $1 and r.value = $2 and r.superseded_seq is null";
const CONTACT_OF_NUMBER: &str = "\
select distinct contact_id from contact_route where school_id = $1 and value = $2 and superseded_seq is null";
const ONE: &str = "\
select provider_key, address, words, received_at, pupil_id, seen from message_reply
where school_id = $1 and reply_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[KNOWN, NEWEST, OF_NUMBER, CONTACT_OF_NUMBER, ONE];

/// Fetches what families sent since the last that is known, from whoever carries messages for the school.
///
/// Errors: the database did not answer.
pub(super) async fn fetch(
    office: &Arc<Office>,
    school: SchoolId,
    carriers: &Carriers,
) -> Result<(), Refusal> {
    for carrier in carriers.all().iter().filter(|one| one.features().replies) {
        let since: Option<String> = office
            .store
            .read(move |tx| tx.query_opt(NEWEST, &args![school], |row| row.get(0)))
            .await
            .map_err(|error: StoreError| Refusal::from(error))?;
        let received = match carrier.receive(since.as_deref()).await {
            Ok(received) => received,
            Err(error) => {
                tracing::warn!(%error, "what families sent could not be fetched");
                continue;
            }
        };
        for one in received {
            office
                .store
                .act(school, move |act: &mut Act| keep(act, &one).map(drop))
                .await?;
        }
    }
    Ok(())
}

/// Keeps what a family sent, once however often it is told; answers whether it was news.
///
/// Rule: I-142. A number that belongs to a contact of exactly one pupil who is unexplained now stands beside that pupil; anything else waits for a person.
/// Errors: a setting cannot be read; the database did not answer.
pub fn keep(act: &mut Act, received: &Received) -> Result<bool, Refusal> {
    let (school, now) = (act.school(), act.at());
    let known = act
        .tx()
        .query_opt(KNOWN, &args![school, received.id.as_str()], |row| {
            row.get::<i64>(0)
        })?;
    if known.is_some() {
        return Ok(false);
    }
    let address = match &received.from {
        Ok(number) => number.as_str().to_owned(),
        Err(other) => other.clone(),
    };
    let pupil = about(act.tx(), school, &address, now)?;
    let id = ReplyId(act.new_id());
    let at = received.at.unwrap_or(now);
    act.record(
        &MESSAGE_REPLY,
        &args![
            id,
            received.id.as_str(),
            address.as_str(),
            received.text.as_str(),
            at,
            pupil,
            false
        ],
    )?;
    to_the_absence_line(act, id, &address, received, at, pupil)?;
    act.describe(by_itself(school).entry("keep a reply", format!("reply {id}")));
    Ok(true)
}

/// A text stands in the inbox of the absence line beside calls and forms (E-014): about the pupil who is missing, or the only one of that number.
fn to_the_absence_line(
    act: &mut Act,
    id: ReplyId,
    address: &str,
    received: &Received,
    at: Instant,
    pupil: Option<PupilId>,
) -> Result<(), Refusal> {
    let school = act.school();
    let mut only = |sql| -> Result<Option<i64>, StoreError> {
        let found: Vec<i64> = act
            .tx()
            .query(sql, &args![school, address], |row| row.get(0))?;
        Ok(match found[..] {
            [one] => Some(one),
            _ => None,
        })
    };
    let contact = only(CONTACT_OF_NUMBER)?.map(ContactId);
    let theirs = only(OF_NUMBER)?.map(PupilId);
    let (day, _) = at.in_london();
    let words = received.text.chars().filter(|letter| *letter != '\0');
    let told = Told {
        channel: Came::Text,
        received_at: at,
        from_name: String::new(),
        from_address: Some(address.to_owned()),
        contact,
        said: words.take(LONGEST_TEXT).collect(),
        pupil: pupil.or(theirs),
        first: day,
        last: day,
        session: None,
        code: None,
        source_key: Some(format!("reply:{id}")),
        doubts: Vec::new(),
    };
    keep_report(act, None, told).map(drop)
}

fn about(
    tx: &mut Tx,
    school: SchoolId,
    address: &str,
    now: Instant,
) -> Result<Option<PupilId>, Refusal> {
    let theirs: Vec<PupilId> = tx.query(OF_NUMBER, &args![school, address], |row| row.get(0))?;
    let slot = slot_now(tx, school, now)?;
    let mut both = missing_within(tx, school, slot, now)?
        .into_iter()
        .map(|one| one.case.pupil)
        .filter(|pupil| theirs.contains(pupil));
    Ok(match (both.next(), both.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
}

/// Notes that somebody has dealt with a reply.
///
/// Errors: somebody who sends no messages; no such reply.
pub fn see(act: &mut Act, actor: &Actor, reply: ReplyId) -> Result<(), Refusal> {
    if !may_send(actor) || !mark_seen(act, reply)? {
        return Err(Refusal::NotFound);
    }
    act.describe(actor.entry("deal with a reply", format!("reply {reply}")));
    Ok(())
}

/// Notes within another act that a reply was dealt with; answers whether there is such a reply.
///
/// Errors: the database did not answer.
pub(crate) fn mark_seen(act: &mut Act, reply: ReplyId) -> Result<bool, StoreError> {
    let school = act.school();
    let found = act.tx().query_opt(ONE, &args![school, reply], |row| {
        let texts: [String; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        let (at, pupil): (Instant, Option<PupilId>) = (row.get(3)?, row.get(4)?);
        Ok((texts, at, pupil))
    })?;
    let Some(([key, address, words], at, pupil)) = found else {
        return Ok(false);
    };
    act.replace(
        &MESSAGE_REPLY,
        &args![
            reply,
            key.as_str(),
            address.as_str(),
            words.as_str(),
            at,
            pupil,
            true
        ],
    )?;
    Ok(true)
}
