//! Keeping a mail, once: as reports in one act, or apart.

use ::mailbox::{Mail, Writer};
use calendar::Instant;
use store::{Act, Entry, SchoolId, StoreError, Tx, args};

use super::days::day_told;
use super::whom::whom;
use crate::absence_line::report::{Channel, of_source};
use crate::absence_line::take::{Told, keep};
use crate::desk::Refusal;
use crate::evidence::{self, GivenBy, GivenFor, MOST_FILES, Received};
use crate::people::Keyring;
use crate::registers::save::LONGEST_TEXT;
use crate::year::calendar_between;

/// What became of mails is remembered for so long, in seconds: 30 days.
const KEPT_FOR: i64 = 30 * 24 * 60 * 60;

/// School days are looked for so many days ahead: a summer.
const AHEAD_DAYS: i32 = 60;

const KNOWN: &str = "select became from mailbox_mail where school_id = $1 and mail_key = $2";
const KEEP: &str = "\
insert into mailbox_mail (school_id, mail_key, place, uid, arrived_at, kept_at, became, from_address, subject, why)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (school_id, mail_key) do nothing";
const LIES_AT: &str =
    "update mailbox_mail set place = $3, uid = $4 where school_id = $1 and mail_key = $2";
const AT: &str = "select uid, became from mailbox_mail where school_id = $1 and place = $2";
const UNREADABLE: &str =
    "select mail_key, place, uid from mailbox_mail where school_id = $1 and became = $2";
const COUNT: &str = "select count(*) from mailbox_mail where school_id = $1 and became = $2";
const FORGET_ONE: &str = "delete from mailbox_mail where school_id = $1 and mail_key = $2";
const FORGET: &str = "delete from mailbox_mail where kept_at < $1 and became <> $2";
const APART: &str = "\
select arrived_at, became, from_address, subject, why from mailbox_mail
where school_id = $1 and became <> $2 order by arrived_at desc, mail_key";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    KNOWN, KEEP, LIES_AT, AT, UNREADABLE, COUNT, FORGET_ONE, FORGET, APART,
];

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// It is on the absence line.
    Report,
    /// A program wrote it.
    Program,
    /// A mail system tells what became of a message.
    Delivery,
    /// It cannot be read, and stays in the mailbox.
    Unreadable,
}

impl Became {
    const ALL: [Became; 4] = [
        Became::Report,
        Became::Program,
        Became::Delivery,
        Became::Unreadable,
    ];

    fn word(self) -> &'static str {
        match self {
            Became::Report => "report",
            Became::Program => "program",
            Became::Delivery => "delivery",
            Became::Unreadable => "unreadable",
        }
    }

    fn from_word(word: &str) -> Option<Became> {
        Became::ALL.into_iter().find(|one| one.word() == word)
    }

    /// What people read of it.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Became::Report => "on the absence line",
            Became::Program => "written by a program",
            Became::Delivery => "report of a delivery",
            Became::Unreadable => "cannot be read: it is still in the mailbox",
        }
    }
}

/// Where a mail lies and when it came there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lies {
    pub(super) place: String,
    pub(super) uid: u32,
    pub(super) arrived_at: Instant,
}

/// The numbers of the mails of this place of which is known what became of them.
///
/// Errors: the database did not answer.
pub(super) fn known_at(
    tx: &mut Tx,
    school: SchoolId,
    place: &str,
) -> Result<Vec<(u32, Became)>, StoreError> {
    let rows = tx.query(AT, &args![school, place], |row| {
        let (uid, became): (i64, String) = (row.get(0)?, row.get(1)?);
        Ok(u32::try_from(uid).ok().zip(Became::from_word(&became)))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

/// Keeps what a person wrote as a report for each pupil whom it is about, with its files; answers what became of it, and whether only now. `why` says more of what is no report.
///
/// Rules: E-014 (one inbox, matched, with a proposed code, applied by a person), I-029 (files). One act keeps the reports, the files and that the mail was
/// taken, so that it is taken once whoever reads it and wherever they break off.
/// Errors: a setting cannot be read; the database did not answer.
pub(super) fn keep_mail(
    act: &mut Act,
    keyring: &Keyring,
    mail: &Mail,
    lies: &Lies,
    why: &str,
) -> Result<(Became, bool), Refusal> {
    let school = act.school();
    if let Some(before) = known(act.tx(), school, mail, lies)? {
        return Ok((before, false));
    }
    let became = match &mail.writer {
        Writer::Person => {
            keep_reports(act, keyring, mail, lies)?;
            Became::Report
        }
        Writer::Program => Became::Program,
        Writer::MailSystem(_) => Became::Delivery,
    };
    let (from, subject) = match became {
        Became::Report => ("", ""),
        _ => (mail.from.as_str(), mail.subject.as_str()),
    };
    let kept = Kept {
        key: &mail.key,
        became,
        from,
        subject,
        why,
    };
    let now = act.at();
    kept.put_down(act.tx(), school, lies, now)?;
    Ok((became, true))
}

/// Keeps a mail of the demo school, which lies in no mailbox, as [`keep_mail`] keeps those that do.
///
/// Errors: as [`keep_mail`].
pub(crate) fn take_mail(
    act: &mut Act,
    keyring: &Keyring,
    mail: &Mail,
    number: u32,
    arrived_at: Instant,
) -> Result<(), Refusal> {
    let lies = Lies {
        place: "the demo school".to_owned(),
        uid: number,
        arrived_at,
    };
    keep_mail(act, keyring, mail, &lies, "").map(drop)
}

/// What became of this very mail before, wherever it lay; it lies here now.
fn known(
    tx: &mut Tx,
    school: SchoolId,
    mail: &Mail,
    lies: &Lies,
) -> Result<Option<Became>, StoreError> {
    let key = mail.key.as_str();
    let before: Option<String> = tx.query_opt(KNOWN, &args![school, key], |row| row.get(0))?;
    if let Some(before) = before.as_deref().and_then(Became::from_word) {
        let values = args![school, key, lies.place.as_str(), i64::from(lies.uid)];
        tx.execute(LIES_AT, &values)?;
        return Ok(Some(before));
    }
    let reports = of_source(tx, school, &source_key(mail))?;
    Ok((!reports.is_empty()).then_some(Became::Report))
}

fn source_key(mail: &Mail) -> String {
    format!("mail:{}", mail.key)
}

fn keep_reports(act: &mut Act, keyring: &Keyring, mail: &Mail, lies: &Lies) -> Result<(), Refusal> {
    let school = act.school();
    let came = lies.arrived_at.in_london();
    let calendar = calendar_between(act.tx(), school, came.0, came.0.plus_days(AHEAD_DAYS))
        .map_err(|error| Refusal::Wrong(error.to_string()))?;
    let school_day = |from: calendar::Day| {
        from.through(came.0.plus_days(AHEAD_DAYS))
            .find(|day| calendar.is_school_day(*day))
    };
    let said = mail.said();
    let (day, unclear) = day_told(&said, came, school_day);
    let mut whom = whom(act.tx(), school, mail, day)?;
    whom.doubts.extend(unclear.map(str::to_owned));
    if mail.is_forged {
        let ground = "The mail system found that it does not come from the address it names. Ring the family.";
        whom.doubts.push(ground.to_owned());
    }
    if said.chars().count() > LONGEST_TEXT {
        let ground = "It is longer than what stands here. Read the rest in the mailbox.";
        whom.doubts.push(ground.to_owned());
    }
    let files = files_of(mail, &mut whom.doubts);
    let about: Vec<_> = match whom.pupils.is_empty() {
        true => vec![None],
        false => whom.pupils.iter().copied().map(Some).collect(),
    };
    let mut first_report = None;
    for pupil in &about {
        let told = Told {
            channel: Channel::Email,
            received_at: lies.arrived_at,
            from_name: mail.from_name.clone(),
            from_address: Some(mail.from.clone()),
            contact: whom.contact,
            said: said.chars().take(LONGEST_TEXT).collect(),
            pupil: *pupil,
            first: day,
            last: day,
            session: None,
            code: None,
            source_key: Some(source_key(mail)),
            doubts: whom.doubts.clone(),
        };
        let report = keep(act, None, told)?;
        first_report.get_or_insert(report);
        let given = GivenFor {
            pupil: *pupil,
            report: Some(report),
            by: GivenBy::Email,
            account: None,
            words: String::new(),
            about_day: day,
        };
        for file in &files {
            evidence::keep(act, keyring, &given, file)?;
        }
    }
    if let Some(report) = first_report {
        act.describe(Entry {
            account: 0,
            job_title: "by itself from the mailbox",
            act: "take a report of absence",
            subject: format!("report {report}"),
        });
        act.note("reports", &about.len().to_string());
    }
    Ok(())
}

/// The files that are taken, by their bytes (I-029); of the others stands why not, by their number: their names are a stranger's words.
fn files_of(mail: &Mail, doubts: &mut Vec<String>) -> Vec<Received> {
    let mut files = Vec::new();
    for (place, attachment) in mail.attachments.iter().enumerate() {
        if files.len() == MOST_FILES {
            doubts.push(
                "More than five files came with it. The others are in the mailbox.".to_owned(),
            );
            break;
        }
        match Received::of(attachment.bytes.clone()) {
            Ok(file) => files.push(file),
            Err(why) => doubts.push(format!(
                "File {} of the mail was not kept: {why}. It is in the mailbox.",
                place + 1
            )),
        }
    }
    files
}

/// Notes that a mail cannot be read. It stays where it is.
///
/// Errors: the database did not answer.
pub(super) fn note_unreadable(
    tx: &mut Tx,
    school: SchoolId,
    lies: &Lies,
    why: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let kept = Kept {
        key: &format!("{} {}", lies.place, lies.uid),
        became: Became::Unreadable,
        from: "",
        subject: "",
        why,
    };
    kept.put_down(tx, school, lies, now)
}

/// Forgets what could not be read and is not waiting there any more: somebody has dealt with it in the mailbox.
///
/// Errors: the database did not answer.
pub(super) fn forget_what_left(
    tx: &mut Tx,
    school: SchoolId,
    place: &str,
    waiting: &[u32],
) -> Result<(), StoreError> {
    let unreadable = tx.query(
        UNREADABLE,
        &args![school, Became::Unreadable.word()],
        |row| {
            Ok((
                row.get::<String>(0)?,
                row.get::<String>(1)?,
                row.get::<i64>(2)?,
            ))
        },
    )?;
    for (key, own, uid) in unreadable {
        let still = own == place && waiting.iter().any(|waiting| i64::from(*waiting) == uid);
        if !still {
            tx.execute(FORGET_ONE, &args![school, key.as_str()])?;
        }
    }
    Ok(())
}

/// How many mails cannot be read and wait in the mailbox for somebody.
///
/// Errors: the database did not answer.
pub(in crate::absence_line) fn unreadable(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &args![school, Became::Unreadable.word()], |row| {
        row.get(0)
    })
}

struct Kept<'k> {
    key: &'k str,
    became: Became,
    from: &'k str,
    subject: &'k str,
    why: &'k str,
}

impl Kept<'_> {
    fn put_down(
        &self,
        tx: &mut Tx,
        school: SchoolId,
        lies: &Lies,
        now: Instant,
    ) -> Result<(), StoreError> {
        let values = args![
            school,
            self.key,
            lies.place.as_str(),
            i64::from(lies.uid),
            lies.arrived_at,
            now,
            self.became.word(),
            self.from,
            self.subject,
            self.why
        ];
        tx.execute(KEEP, &values).map(drop)
    }
}

/// A mail that is no report.
pub(super) struct Apart {
    pub(super) arrived_at: Instant,
    pub(super) became: Became,
    pub(super) from: String,
    pub(super) subject: String,
    pub(super) why: String,
}

/// The mails that are no reports, the newest first.
///
/// Errors: the database did not answer.
pub(super) fn apart(tx: &mut Tx, school: SchoolId) -> Result<Vec<Apart>, StoreError> {
    let rows = tx.query(APART, &args![school, Became::Report.word()], |row| {
        let became: String = row.get(1)?;
        Ok(Became::from_word(&became)
            .map(|became| (row.get(0), became, row.get(2), row.get(3), row.get(4))))
    })?;
    rows.into_iter()
        .flatten()
        .map(|(arrived_at, became, from, subject, why)| {
            Ok(Apart {
                arrived_at: arrived_at?,
                became,
                from: from?,
                subject: subject?,
                why: why?,
            })
        })
        .collect()
}

/// Forgets what became of mails 30 days ago, but of those that still cannot be read. Answers of how many.
///
/// A mail that should come again is known by its report. Errors: the database did not answer.
pub(crate) fn forget_old_mails(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    let values = args![now.plus_seconds(-KEPT_FOR), Became::Unreadable.word()];
    tx.execute(FORGET, &values)
}
