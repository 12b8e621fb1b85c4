//! Addresses at which a message failed for good: shown at the contact, with the way that comes next (I-124).

use ::messages::{Channel, next_channel};
use calendar::{Day, Instant};
use store::{SchoolId, StoreError, Tx, args};

const FAILED: &str = "\
select max(j.at) from message m
join message_state s on s.school_id = m.school_id and s.message_id = m.message_id and s.state in ('failed for good', 'returned')
join journal_entry j on j.school_id = s.school_id and j.seq = s.seq
where m.school_id = $1 and m.address = $2 and m.superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[FAILED];

/// For each of a contact's ways, kind and address: that a message did not arrive there, on which day, and which way comes next; nothing for
/// one of which nothing bad is known.
///
/// Errors: the database did not answer.
pub(crate) fn not_reached(
    tx: &mut Tx,
    school: SchoolId,
    ways: &[(String, Option<String>)],
) -> Result<Vec<Option<String>>, StoreError> {
    let mut failed = Vec::new();
    for (_, address) in ways {
        failed.push(match address {
            Some(address) => failed_on(tx, school, address)?,
            None => None,
        });
    }
    let works = |channel: Channel| {
        ways.iter().zip(&failed).any(|((kind, address), failed)| {
            address.is_some() && failed.is_none() && carries(channel, kind)
        }) || channel == Channel::Letter
    };
    let words = ways.iter().zip(&failed).map(|((kind, _), failed)| {
        let day = (*failed)?;
        let tried = match kind.as_str() {
            "email" => Channel::Email,
            _ => Channel::Text,
        };
        // A text that failed says nothing against an e-mail, nor the other way round: whatever still works, in its order.
        let next = next_channel(None, |channel| channel != tried && works(channel));
        let next = next.map(|channel| format!(", next: {}", channel.word()));
        Some(format!(
            "a message did not arrive on {}: put it right{}",
            day.short(),
            next.unwrap_or_default()
        ))
    });
    Ok(words.collect())
}

fn carries(channel: Channel, kind: &str) -> bool {
    match channel {
        Channel::Text => kind == "mobile",
        Channel::Email => kind == "email",
        Channel::Call => kind != "email",
        Channel::App | Channel::Letter => false,
    }
}

fn failed_on(tx: &mut Tx, school: SchoolId, address: &str) -> Result<Option<Day>, StoreError> {
    let at: Option<Option<Instant>> =
        tx.query_opt(FAILED, &args![school, address], |row| row.get(0))?;
    Ok(at.flatten().map(|at| at.in_london().0))
}
