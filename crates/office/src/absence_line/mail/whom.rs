//! Who sent a mail, and whom it is about: by the message that it answers, else by the sender's address.

use ::mailbox::Mail;
use calendar::Day;
use store::{SchoolId, StoreError, Tx, args};

use crate::absence_line::suggest::in_words;
use crate::ids::{ContactId, PupilId};

const OF_ADDRESS: &str = "\
select distinct contact_id from contact_route
where school_id = $1 and kind = 'email' and lower(value) = $2 and superseded_seq is null order by contact_id";
const CHILDREN: &str = "\
select distinct q.pupil_id, q.forename, q.legal_forename from contact_route r
join pupil_contact x on x.school_id = r.school_id and x.contact_id = r.contact_id and x.superseded_seq is null
join pupil q on q.school_id = x.school_id and q.pupil_id = x.pupil_id and q.superseded_seq is null
where r.school_id = $1 and r.kind = 'email' and lower(r.value) = $2 and r.superseded_seq is null
  and exists (select 1 from enrolment e where e.school_id = q.school_id and e.pupil_id = q.pupil_id and e.superseded_seq is null
      and e.starting_day <= $3 and (e.leaving_day is null or e.leaving_day >= $3))
order by q.pupil_id";
const ANSWERED: &str = "\
select distinct m.contact_id, lower(m.address), p.pupil_id from message m
join message_pupil p on p.school_id = m.school_id and p.message_id = m.message_id and p.superseded_seq is null
where m.school_id = $1 and m.reference = $2 and m.superseded_seq is null order by p.pupil_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_ADDRESS, CHILDREN, ANSWERED];

/// Who sent a mail, and whom it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Whom {
    /// The contact, if that is certain.
    pub(super) contact: Option<ContactId>,
    /// The pupils, each with a report of their own; none where it is not certain.
    pub(super) pupils: Vec<PupilId>,
    /// What only a person can weigh.
    pub(super) doubts: Vec<String>,
}

/// A child whom the sender is a contact of: number and forenames.
struct Child {
    pupil: PupilId,
    forename: String,
    legal_forename: String,
}

/// Finds them out for a mail of this day.
///
/// An address is no proof of who wrote: a person reads the words and applies them (E-014). Errors: the database did not answer.
pub(super) fn whom(
    tx: &mut Tx,
    school: SchoolId,
    mail: &Mail,
    day: Day,
) -> Result<Whom, StoreError> {
    if let Some(whom) = by_answer(tx, school, mail)? {
        return Ok(whom);
    }
    let contacts: Vec<ContactId> =
        tx.query(OF_ADDRESS, &args![school, mail.from.as_str()], |row| {
            row.get(0)
        })?;
    if contacts.is_empty() {
        return Ok(Whom {
            doubts: vec![format!("No contact has the address {}.", mail.from)],
            ..Whom::default()
        });
    }
    let mut doubts = Vec::new();
    let contact = match contacts[..] {
        [only] => Some(only),
        _ => {
            doubts.push("Several contacts have the address it came from.".to_owned());
            None
        }
    };
    let children = tx.query(CHILDREN, &args![school, mail.from.as_str(), day], |row| {
        Ok(Child {
            pupil: row.get(0)?,
            forename: row.get(1)?,
            legal_forename: row.get(2)?,
        })
    })?;
    let words = in_words(&mail.said());
    let named: Vec<PupilId> = children
        .iter()
        .filter(|child| {
            [&child.forename, &child.legal_forename]
                .iter()
                .any(|name| words.contains(&in_words(name)) && !name.is_empty())
        })
        .map(|child| child.pupil)
        .collect();
    let pupils = match (&named[..], &children[..]) {
        ([], [only]) => vec![only.pupil],
        ([], []) => {
            doubts.push("Whoever sent it is a contact of nobody on roll.".to_owned());
            Vec::new()
        }
        ([], several) => {
            let names: Vec<&str> = several
                .iter()
                .map(|child| child.forename.as_str())
                .collect();
            doubts.push(format!(
                "Whoever sent it is a contact of {}, and it names none of them.",
                names.join(" and ")
            ));
            Vec::new()
        }
        _ => named,
    };
    Ok(Whom {
        contact,
        pupils,
        doubts,
    })
}

/// Whom a message of ours was about that this mail answers.
fn by_answer(tx: &mut Tx, school: SchoolId, mail: &Mail) -> Result<Option<Whom>, StoreError> {
    for answered in &mail.answers {
        let reference = answered.split('@').next().unwrap_or_default();
        let rows: Vec<(ContactId, String, PupilId)> =
            tx.query(ANSWERED, &args![school, reference], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let Some((contact, address, _)) = rows.first().cloned() else {
            continue;
        };
        let is_same = address == mail.from;
        let doubt = "It answers a message to another address than it came from.";
        return Ok(Some(Whom {
            contact: is_same.then_some(contact),
            pupils: rows.into_iter().map(|(_, _, pupil)| pupil).collect(),
            doubts: (!is_same).then(|| doubt.to_owned()).into_iter().collect(),
        }));
    }
    Ok(None)
}
