//! Letters on their way out: the batch to print, and a letter that was posted as it was printed.

use calendar::Day;
use store::{SchoolId, StoreError, Tx, args};

use super::page::may_see;
use super::waiting::{printed, waiting};
use crate::desk::{Refusal, school_name};
use crate::ids::{MessageId, PupilId};
use crate::take_away::{FileKind, Leaving, List, Wanted};

const POSTED: &str = "\
select m.message_id, m.to_name, m.subject, l.posted_on, l.how, l.proof, l.deemed_on, l.sha256, a.name, p.pupil_id, q.forename, q.surname
from letter_posting l
join message m on m.school_id = l.school_id and m.message_id = l.message_id and m.superseded_seq is null
join journal_entry j on j.school_id = l.school_id and j.seq = l.seq
left join account a on a.account_id = j.account_id
join message_pupil p on p.school_id = m.school_id and p.message_id = m.message_id and p.superseded_seq is null
join pupil q on q.school_id = p.school_id and q.pupil_id = p.pupil_id and q.superseded_seq is null
where l.school_id = $1 and l.posted_on >= $2 and l.superseded_seq is null
order by l.posted_on desc, m.message_id desc, q.surname, q.forename";
const FILE: &str = "\
select file, posted_on from letter_posting where school_id = $1 and message_id = $2 and superseded_seq is null";
const ABOUT: &str = "\
select pupil_id from message_pupil where school_id = $1 and message_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[POSTED, FILE, ABOUT];

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "letters to post",
        address: "/messages/letters",
        make: batch,
    },
    List {
        kind: "letter as posted",
        address: "/messages/letters/{message}",
        make: one,
    },
];

/// A letter that was posted.
pub(super) struct Kept {
    pub(super) message: MessageId,
    pub(super) to_name: String,
    pub(super) subject: String,
    pub(super) posted_on: Day,
    pub(super) how: String,
    pub(super) proof: String,
    pub(super) deemed_on: Day,
    pub(super) sha256: String,
    pub(super) by: String,
    pub(super) about: Vec<(PupilId, String)>,
}

/// Letters that were posted since a day, newest first.
///
/// Errors: the database did not answer.
pub(super) fn kept(tx: &mut Tx, school: SchoolId, since: Day) -> Result<Vec<Kept>, StoreError> {
    let rows = tx.query(POSTED, &args![school, since], |row| {
        let by: Option<String> = row.get(8)?;
        let (forename, surname): (String, String) = (row.get(10)?, row.get(11)?);
        Ok(Kept {
            message: row.get(0)?,
            to_name: row.get(1)?,
            subject: row.get(2)?,
            posted_on: row.get(3)?,
            how: row.get(4)?,
            proof: row.get(5)?,
            deemed_on: row.get(6)?,
            sha256: row.get(7)?,
            by: by.unwrap_or_default(),
            about: vec![(row.get(9)?, format!("{surname}, {forename}"))],
        })
    })?;
    let mut letters: Vec<Kept> = Vec::new();
    for row in rows {
        match letters.last_mut() {
            Some(last) if last.message == row.message => last.about.extend(row.about),
            _ => letters.push(row),
        }
    }
    Ok(letters)
}

/// `/messages/letters` as one document: every letter that waits, each on a page of its own.
fn batch(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    may_see(wanted.actor)?;
    let letters = waiting(tx, wanted.actor.school)?;
    if letters.is_empty() {
        return Err(Refusal::Wrong("No letter waits to be printed.".to_owned()));
    }
    let school = school_name(tx, wanted.actor.school)?;
    let pupils: Vec<PupilId> = letters
        .iter()
        .flat_map(|letter| letter.about.iter().map(|(pupil, _)| *pupil))
        .collect();
    let all: Vec<_> = letters.iter().collect();
    let paper = printed(&all, &school, wanted.office.now());
    Ok(Leaving::printed("letters-to-post", paper, wanted.today()).naming(pupils))
}

/// `/messages/letters/{message}` as the file that was posted.
fn one(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    may_see(wanted.actor)?;
    let message = MessageId(wanted.named()?);
    let school = wanted.actor.school;
    let found = tx.query_opt(FILE, &args![school, message], |row| {
        Ok((row.get::<Vec<u8>>(0)?, row.get::<Day>(1)?))
    })?;
    let (file, day) = found.ok_or(Refusal::NotFound)?;
    let pupils: Vec<PupilId> = tx.query(ABOUT, &args![school, message], |row| row.get(0))?;
    Ok(Leaving::kept("letter-as-posted".to_owned(), FileKind::Pdf, file, day).naming(pupils))
}
