//! Letters that wait to be printed and posted, and the document that they make.

use ::messages::{Channel, State};
use calendar::Instant;
use paper::{Paper, Part};
use store::{SchoolId, StoreError, Tx, args};

use crate::ids::{ContactId, MessageId, PupilId};

/// What waits to be printed here: taken by nobody else, so that the name that its provider gave it is our own.
const WAITING: &str = "\
select m.message_id, m.contact_id, m.to_name, m.address, m.subject, m.words, m.asked_at, p.pupil_id, q.forename, q.surname
from message m
join message_state s on s.school_id = m.school_id and s.message_id = m.message_id and s.provider_key = m.reference
  and s.seq = (select max(o.seq) from message_state o where o.school_id = m.school_id and o.message_id = m.message_id)
join message_pupil p on p.school_id = m.school_id and p.message_id = m.message_id and p.superseded_seq is null
join pupil q on q.school_id = p.school_id and q.pupil_id = p.pupil_id and q.superseded_seq is null
where m.school_id = $1 and m.channel = $2 and s.state = $3 and m.superseded_seq is null
order by m.asked_at, m.message_id, q.surname, q.forename";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[WAITING];

/// A letter that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) message: MessageId,
    pub(super) contact: ContactId,
    pub(super) to_name: String,
    /// The lines of the address, the name first.
    pub(super) address: Vec<String>,
    pub(super) subject: String,
    pub(super) words: String,
    pub(super) asked_at: Instant,
    pub(super) about: Vec<(PupilId, String)>,
}

/// Every letter of a school that waits to be printed and posted here, the oldest first.
///
/// Errors: the database did not answer.
pub(super) fn waiting(tx: &mut Tx, school: SchoolId) -> Result<Vec<Waiting>, StoreError> {
    let values = args![school, Channel::Letter.word(), State::HandedOver.word()];
    let rows = tx.query(WAITING, &values, |row| {
        let address: String = row.get(3)?;
        let (forename, surname): (String, String) = (row.get(8)?, row.get(9)?);
        Ok(Waiting {
            message: row.get(0)?,
            contact: row.get(1)?,
            to_name: row.get(2)?,
            address: address.lines().map(str::to_owned).collect(),
            subject: row.get(4)?,
            words: row.get(5)?,
            asked_at: row.get(6)?,
            about: vec![(row.get(7)?, format!("{surname}, {forename}"))],
        })
    })?;
    let mut letters: Vec<Waiting> = Vec::new();
    for row in rows {
        match letters.last_mut() {
            Some(last) if last.message == row.message => last.about.extend(row.about),
            _ => letters.push(row),
        }
    }
    Ok(letters)
}

/// Letters as one document, each on a page of its own, with the address where the window of an envelope shows it (I-143).
pub(super) fn printed(letters: &[&Waiting], school: &str, made_at: Instant) -> Paper {
    let (day, _) = made_at.in_london();
    let parts = letters.iter().flat_map(|letter| {
        [
            Part::Letter {
                to: letter.address.clone(),
                day: day.long(),
            },
            Part::Heading(letter.subject.clone()),
        ]
        .into_iter()
        .chain(
            letter
                .words
                .split("\n\n")
                .map(|words| Part::Words(words.trim().to_owned())),
        )
    });
    Paper {
        title: "Letters to post".to_owned(),
        owner: school.to_owned(),
        about: Vec::new(),
        foot: format!("{school}: letters to post"),
        made_at,
        landscape: false,
        parts: parts.collect(),
    }
}
