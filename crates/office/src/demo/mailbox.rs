//! The mailbox of the demo school: what families wrote this morning, and mails that no person wrote. Nothing is fetched from anywhere.

use std::sync::Arc;

use ::mailbox::Mail;
use calendar::Instant;
use demo::DemoSchool;
use store::{Act, SchoolId, Store, StoreError, args};

use super::absence_line::WITHOUT_MARK;
use crate::absence_line::take_mail;
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::people::Keyring;

/// Forename of a pupil, and name and address of a parent who has one.
pub(super) const HOME: &str = "\
select q.forename, c.forename, c.surname, r.value from pupil q
join pupil_contact x on x.school_id = q.school_id and x.pupil_id = q.pupil_id and x.superseded_seq is null and x.parental_responsibility and not x.court_order
join contact c on c.school_id = x.school_id and c.contact_id = x.contact_id and c.superseded_seq is null and not c.do_not_contact
join contact_route r on r.school_id = x.school_id and r.contact_id = x.contact_id and r.kind = 'email' and r.value is not null and r.superseded_seq is null
where q.school_id = $1 and q.pupil_id = $2 and q.superseded_seq is null order by c.contact_id limit 1";

/// A mail of a parent of one of the pupils without a mark: which, how many minutes ago, subject, words; `{}` is the pupil.
const OF_PARENTS: [(usize, i64, &str, &str); 3] = [
    (
        27,
        51,
        "Not in today",
        "Good morning,\n\n{} has a temperature and a cough and stays at home today.\n\nKind regards",
    ),
    (
        30,
        33,
        "Dentist",
        "{} has a dental appointment at eleven this morning.\n\n-- \nSent from a telephone",
    ),
    (
        33,
        17,
        "Next week",
        "We are away from Thursday and {} will miss two days. Is that all right?",
    ),
];

/// Mails whose sender no contact is, or that no person wrote: how many minutes ago, headers, words.
const OF_OTHERS: [(i64, &str, &str); 3] = [
    (
        42,
        "From: a.parent@home.example\nSubject: Absence",
        "My son is ill and will not come in today.",
    ),
    (
        31,
        "From: someone@work.example\nSubject: Out of office: Not in school this morning\nAuto-Submitted: auto-replied",
        "I am away until Monday and do not read this.",
    ),
    (
        24,
        "From: MAILER-DAEMON@mail.example\nSubject: Undelivered Mail Returned to Sender\nReturn-Path: <>",
        "I could not deliver your message.",
    ),
];

/// Takes them as the program takes what it reads.
///
/// Errors: what the store says against it.
pub(super) fn put_in(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    keyring: &Arc<Keyring>,
    now: Instant,
) -> Result<(), StoreError> {
    if school.today.is_none() {
        return Ok(());
    }
    let (today, _) = now.in_london();
    let waiting: Vec<PupilId> =
        store.read_now(move |tx| tx.query(WITHOUT_MARK, &args![key, today], |row| row.get(0)))?;
    let mut mails = Vec::new();
    for (place, ago, subject, words) in OF_PARENTS {
        let Some(pupil) = waiting.get(place).copied() else {
            continue;
        };
        let home: Option<[String; 4]> = store.read_now(move |tx| {
            tx.query_opt(HOME, &args![key, pupil], |row| {
                Ok::<_, StoreError>([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })
        })?;
        if let Some([child, forename, surname, address]) = home {
            let head = format!("From: {forename} {surname} <{address}>\nSubject: {subject}");
            mails.push((ago, head, words.replace("{}", &child)));
        }
    }
    mails.extend(OF_OTHERS.map(|(ago, head, words)| (ago, head.to_owned(), words.to_owned())));
    for (number, (ago, head, words)) in mails.into_iter().enumerate() {
        let text = format!("{head}\nMessage-ID: <{number}@demo.example>\n\n{words}\n");
        let Ok(mail) = Mail::read(text.replace('\n', "\r\n").as_bytes()) else {
            continue;
        };
        let (keyring, arrived) = (Arc::clone(keyring), now.plus_seconds(-60 * ago));
        let taken = store.act_now(key, move |act: &mut Act| {
            take_mail(act, &keyring, &mail, number as u32, arrived)
        });
        if let Err(Refusal::Store(error)) = taken {
            return Err(error);
        }
    }
    Ok(())
}
