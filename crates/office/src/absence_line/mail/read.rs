//! Looking into the mailboxes, as long as the program runs: one program at a time for each school, and each mail once.

use std::sync::Arc;
use std::time::Duration;

use ::mailbox::{Delivery, Error, Fetched, Mail, Mailbox, Unreadable, Writer};
use ::messages::{Reference, State};
use calendar::Instant;
use futures_util::future::join_all;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::keep::{Became, Lies, forget_what_left, keep_mail, known_at, note_unreadable};
use super::settings::{MailboxSettings, own};
use crate::carry::held_back_since;
use crate::desk::{Office, Refusal};
use crate::messages::{Outside, note_what_became};

/// How often it is looked whether a mailbox is due.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// So many mailboxes are read at once.
const AT_ONCE: usize = 8;

/// Seconds for which a mailbox is its reader's without a word of progress: longer than fetching the largest mail and putting it away may take.
const LEASE: i64 = 240;

/// Mails that arrived longer ago, in seconds, are left alone: 14 days. What somebody still keeps there from before is no news.
const LOOKS_BACK: i64 = 14 * 24 * 60 * 60;

/// After a refused name or password, seconds until it is tried again: servers lock out whoever tries often.
const AFTER_A_REFUSAL: i64 = 15 * 60;

const DUE: &str = "\
select school_id from mailbox where next_at <= $1 and (lease_until is null or lease_until < $1) order by next_at, school_id";
const TAKE: &str = "\
update mailbox set worker = $2, lease_until = $3
where school_id = $1 and next_at <= $4 and (lease_until is null or lease_until < $4)";
const GO_ON: &str = "update mailbox set lease_until = $3 where school_id = $1 and worker = $2";
const WELL: &str = "\
update mailbox set worker = null, lease_until = null, next_at = $3, looked_at = $4, trouble = null, trouble_since = null
where school_id = $1 and worker = $2";
const ILL: &str = "\
update mailbox set worker = null, lease_until = null, next_at = $3, trouble = $5, trouble_since = coalesce(trouble_since, $4)
where school_id = $1 and worker = $2";
const STANDS: &str = "select looked_at, trouble, trouble_since from mailbox where school_id = $1";
const BEGIN: &str = "\
insert into mailbox (school_id, next_at, worker, lease_until, looked_at, trouble, trouble_since) values ($1, $2, null, null, null, null, null)
on conflict (school_id) do update set next_at = $2, worker = null, lease_until = null, trouble = null, trouble_since = null";
const END: &str = "delete from mailbox where school_id = $1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[DUE, TAKE, GO_ON, WELL, ILL, STANDS, BEGIN, END];

/// How a mailbox stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::absence_line) struct Standing {
    /// When it was read the last time, to the end.
    pub(in crate::absence_line) looked_at: Option<Instant>,
    /// Why it could not be read since, and since when.
    pub(in crate::absence_line) trouble: Option<(String, Instant)>,
}

/// How the mailbox of a school stands; none where none is read.
///
/// Errors: the database did not answer.
pub(in crate::absence_line) fn standing(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<Option<Standing>, StoreError> {
    tx.query_opt(STANDS, &args![school], |row| {
        let (trouble, since): (Option<String>, Option<Instant>) = (row.get(1)?, row.get(2)?);
        Ok(Standing {
            looked_at: row.get(0)?,
            trouble: trouble.zip(since),
        })
    })
}

/// Lets a mailbox be read from now on, by whoever comes first: its settings are new.
///
/// Errors: the database did not answer.
pub(super) fn begin(tx: &mut Tx, school: SchoolId, now: Instant) -> Result<(), StoreError> {
    tx.execute(BEGIN, &args![school, now]).map(drop)
}

/// Lets a mailbox be read no more.
///
/// Errors: the database did not answer.
pub(super) fn end(tx: &mut Tx, school: SchoolId) -> Result<(), StoreError> {
    tx.execute(END, &args![school]).map(drop)
}

/// Reads the mailboxes of all schools as they fall due, for as long as the program runs.
pub async fn keep_reading_mailboxes(office: Arc<Office>) {
    loop {
        tokio::time::sleep(LOOKS_EVERY).await;
        if let Err(error) = read_due_mailboxes(&office).await {
            tracing::warn!(%error, "it could not be looked whether a mailbox is due");
        }
    }
}

/// Reads every mailbox that is due and that no other program reads. Answers how many mails became reports.
///
/// Not where messages do not leave this installation or are only recorded, nor in a restored copy, whose original reads it.
/// Errors: the database did not answer.
pub async fn read_due_mailboxes(office: &Arc<Office>) -> Result<usize, StoreError> {
    if !matches!(office.outside, Outside::Open { .. }) {
        return Ok(0);
    }
    let now = office.now();
    let due: Vec<SchoolId> = office
        .store
        .read(move |tx| {
            if held_back_since(tx)?.is_some() {
                return Ok(Vec::new());
            }
            tx.query(DUE, &args![now], |row| row.get(0))
        })
        .await?;
    let mut reports = 0;
    for some in due.chunks(AT_ONCE) {
        let read = some.iter().map(|school| read_one(office, *school));
        for of_one in join_all(read).await {
            reports += of_one?;
        }
    }
    Ok(reports)
}

/// From when on mails are looked at, in seconds since 1970.
pub(super) fn since(now: Instant) -> i64 {
    now.plus_seconds(-LOOKS_BACK).micros() / 1_000_000
}

/// Why a mailbox was not read to its end.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// The mail server.
    #[error(transparent)]
    Server(#[from] Error),
    /// A mail could not be kept.
    #[error("a mail could not be kept: {0}")]
    Kept(#[from] Refusal),
    /// The password was sealed with another key.
    #[error("its password cannot be opened with the key of this installation: give it again")]
    Password,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble::Kept(error.into())
    }
}

async fn read_one(office: &Arc<Office>, school: SchoolId) -> Result<usize, StoreError> {
    let Some(reader) = Reader::take(office, school).await? else {
        return Ok(0);
    };
    let set = office.store.read(move |tx| own(tx, school)).await?;
    let Some((settings, sealed)) = set else {
        return office
            .store
            .write(move |tx| end(tx, school))
            .await
            .map(|()| 0);
    };
    let mut reports = 0;
    let read = reader.read(&settings, &sealed, &mut reports).await;
    reader.put_down(&settings, read).await?;
    Ok(reports)
}

/// A mailbox in the hands of this program.
struct Reader {
    office: Arc<Office>,
    school: SchoolId,
    worker: String,
}

impl Reader {
    /// Takes a mailbox; none where another program has it by now.
    async fn take(office: &Arc<Office>, school: SchoolId) -> Result<Option<Reader>, StoreError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).expect("the system gives random bytes");
        let worker = format!("{:016x}", u64::from_ne_bytes(random));
        let (name, now) = (worker.clone(), office.now());
        let take = move |tx: &mut Tx| {
            let values = args![school, name.as_str(), now.plus_seconds(LEASE), now];
            tx.execute(TAKE, &values)
        };
        let taken = office.store.write(take).await?;
        Ok((taken == 1).then(|| Reader {
            office: Arc::clone(office),
            school,
            worker,
        }))
    }

    /// Whether it is still this program's, which has it for another while then.
    async fn still_mine(&self) -> Result<bool, StoreError> {
        let (school, worker) = (self.school, self.worker.clone());
        let until = self.office.now().plus_seconds(LEASE);
        let go_on = move |tx: &mut Tx| tx.execute(GO_ON, &args![school, worker.as_str(), until]);
        Ok(self.office.store.write(go_on).await? == 1)
    }

    async fn read(
        &self,
        settings: &MailboxSettings,
        sealed: &[u8],
        reports: &mut usize,
    ) -> Result<(), Trouble> {
        let opened = settings.opened(&self.office.keyring, sealed);
        let opened = opened.ok_or(Trouble::Password)?;
        let mut mailbox = Mailbox::open(&opened, &self.office.authorities()).await?;
        let (school, place) = (self.school, settings.place(mailbox.validity()));
        let waiting = mailbox.waiting(since(self.office.now())).await?;
        let (own_place, still) = (place.clone(), waiting.clone());
        let known = self
            .office
            .store
            .write(move |tx: &mut Tx| {
                forget_what_left(tx, school, &own_place, &still)?;
                known_at(tx, school, &own_place)
            })
            .await?;
        for uid in waiting {
            let before = known.iter().find(|(own, _)| *own == uid);
            let became = match before.map(|(_, became)| *became) {
                Some(became) => Some((became, false)),
                None if !self.still_mine().await? => return Ok(()),
                None => self.take_mail(&mut mailbox, &place, uid).await?,
            };
            match became {
                None | Some((Became::Unreadable, _)) => {}
                Some((became, is_new)) => {
                    *reports += usize::from(is_new && became == Became::Report);
                    mailbox.put_away(uid).await?;
                }
            }
        }
        // Everything is kept: a parting word that fails changes nothing.
        let _ = mailbox.close().await;
        Ok(())
    }

    /// Fetches a mail and keeps it; answers what became of it and whether only now, none for one that is gone.
    async fn take_mail(
        &self,
        mailbox: &mut Mailbox,
        place: &str,
        uid: u32,
    ) -> Result<Option<(Became, bool)>, Trouble> {
        let now = self.office.now();
        let mut lies = Lies {
            place: place.to_owned(),
            uid,
            arrived_at: now,
        };
        let (bytes, arrived) = match mailbox.fetch(uid).await? {
            Fetched::Gone => return Ok(None),
            Fetched::TooLarge => return self.leave(lies, "it is larger than 72 MB").await,
            Fetched::Whole { bytes, arrived } => (bytes, arrived),
        };
        if let Some(seconds) = arrived {
            // A server whose clock is ahead tells of nothing that is to come.
            lies.arrived_at = Instant::from_micros(seconds * 1_000_000).min(now);
        }
        let read = tokio::task::spawn_blocking(move || Mail::read(&bytes)).await;
        let mail = match read {
            Ok(Ok(mail)) => mail,
            Ok(Err(why @ (Unreadable::NoMail | Unreadable::NoSender))) => {
                return self.leave(lies, &why.to_string()).await;
            }
            Err(_) => {
                return self
                    .leave(lies, "it is written in a way that we do not know")
                    .await;
            }
        };
        let why = match &mail.writer {
            Writer::MailSystem(delivery) => self.note_delivery(delivery).await?,
            Writer::Person | Writer::Program => "",
        };
        let keyring = Arc::clone(&self.office.keyring);
        let kept = self
            .office
            .store
            .act(self.school, move |act: &mut Act| {
                keep_mail(act, &keyring, &mail, &lies, why)
            })
            .await?;
        Ok(Some(kept))
    }

    /// Notes of a message of ours that it failed, by the reference that its mail bears (I-124). Told twice it changes nothing.
    async fn note_delivery(&self, delivery: &Delivery) -> Result<&'static str, Trouble> {
        let reference = delivery.of.split('@').next().and_then(Reference::read);
        let (Some(reference), true) = (reference, delivery.has_failed()) else {
            return Ok("");
        };
        let state = match delivery.is_for_good() {
            true => State::FailedPermanent,
            false => State::FailedTemporary,
        };
        let word = format!("the mail system says {}", delivery.status);
        let known = note_what_became(&self.office, self.school, reference, state, word).await?;
        Ok(match known {
            true => "a message of ours did not arrive, which stands with it",
            false => "",
        })
    }

    async fn leave(&self, lies: Lies, why: &str) -> Result<Option<(Became, bool)>, Trouble> {
        let (school, now, why) = (self.school, self.office.now(), why.to_owned());
        let note = move |tx: &mut Tx| note_unreadable(tx, school, &lies, &why, now);
        self.office.store.write(note).await?;
        Ok(Some((Became::Unreadable, true)))
    }

    /// Lets go of it, and notes how it went.
    async fn put_down(
        &self,
        settings: &MailboxSettings,
        read: Result<(), Trouble>,
    ) -> Result<(), StoreError> {
        let (school, worker, now) = (self.school, self.worker.clone(), self.office.now());
        let usual = 60 * i64::from(settings.every_minutes.max(1));
        let Err(trouble) = read else {
            let well = move |tx: &mut Tx| {
                let values = args![school, worker.as_str(), now.plus_seconds(usual), now];
                tx.execute(WELL, &values).map(drop)
            };
            return self.office.store.write(well).await;
        };
        let words = trouble.to_string();
        tracing::warn!(school = school.0, error = %words, "a mailbox could not be read");
        let again = match trouble {
            Trouble::Server(Error::NotLetIn) => usual.max(AFTER_A_REFUSAL),
            _ => usual,
        };
        let ill = move |tx: &mut Tx| {
            let next = now.plus_seconds(again);
            let values = args![school, worker.as_str(), next, now, words.as_str()];
            tx.execute(ILL, &values).map(drop)
        };
        self.office.store.write(ill).await
    }
}
