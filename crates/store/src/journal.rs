//! The journal: one entry for each act of a school, in one order, chained by hash.
//!
//! `digest = SHA-256(salt ‖ payload)` and `hash = SHA-256(hash before ‖ the entry's fields ‖ digest)`. The payload lies beside
//! the entry, so that it and its salt can be erased while the chain still holds.

use std::collections::HashMap;

use calendar::Instant;
use sha2::{Digest, Sha256};

use crate::payload::{self, Line};
use crate::table::{Kind, Table};
use crate::{Arg, Row, SchoolId, StoreError, Tx, args};

/// Where a school's order of acts stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the newest act; 0 before the first.
    pub seq: i64,
    /// The hash of its entry.
    pub hash: [u8; 32],
    /// When it happened. Later acts never have an earlier moment.
    pub at: Instant,
}

/// Who did what, as the journal keeps it.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The account of the person, or of the machine.
    pub account: i64,
    /// The job title that the person held at that moment.
    pub job_title: &'a str,
    /// The act, such as `close register`.
    pub act: &'static str,
    /// What it was done to, in words that may stay for ever: ids, never a child's name.
    pub subject: String,
}

/// An act as the journal shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The number of the act.
    pub seq: i64,
    /// When it happened.
    pub at: Instant,
    /// The account that did it.
    pub account: i64,
    /// The job title held at that moment.
    pub job_title: String,
    /// The act.
    pub act: String,
    /// What it was done to.
    pub subject: String,
    /// The hash that chains it.
    pub hash: [u8; 32],
}

/// The statements of this module, for the test that prepares them.
pub(crate) const STATEMENTS: [&str; 8] = [
    HEAD,
    HEADS,
    ENTRIES,
    ENTRY,
    PAYLOAD,
    ADD_ENTRY,
    ADD_PAYLOAD,
    SINCE,
];

const HEAD: &str = "select seq, hash, at from school_head where school_id = $1";
const HEADS: &str = "select school_id, seq, hash, at from school_head order by school_id";
const ENTRIES: &str = "\
    select seq, at, account_id, job_title, act, subject, hash from journal_entry \
    where school_id = $1 and seq > $2 order by seq limit $3";
const ENTRY: &str = "\
    select seq, at, account_id, job_title, act, subject, hash from journal_entry \
    where school_id = $1 and seq = $2";
const PAYLOAD: &str = "select payload from journal_payload where school_id = $1 and seq = $2";
const SINCE: &str = "\
    select e.seq, e.at, e.act, p.payload from journal_entry e \
    left join journal_payload p on p.school_id = e.school_id and p.seq = e.seq \
    where e.school_id = $1 and e.seq > $2 and e.seq <= $3 order by e.seq";
pub(crate) const ADD_ENTRY: &str = "\
    insert into journal_entry \
    (school_id, seq, at, account_id, job_title, act, subject, salt, digest, hash) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
/// Both, and the head that they move to, in one statement, as only this engine can.
pub(crate) const ADD_ON_POSTGRES: &str = "\
    with entry as (insert into journal_entry \
    (school_id, seq, at, account_id, job_title, act, subject, salt, digest, hash) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)), \
    payload as (insert into journal_payload (school_id, seq, payload) values ($1, $2, $11)) \
    update school_head set seq = $2, hash = $10, at = $3, next_id = $12, facts = $13, \
    schema = (select count(*) from applied_migration) where school_id = $1";
pub(crate) const ADD_PAYLOAD: &str =
    "insert into journal_payload (school_id, seq, payload) values ($1, $2, $3)";

/// Where this school's order of acts stands; `None` for a school that was never founded.
///
/// Errors: a [`StoreError`] of the statement.
pub fn head(tx: &mut Tx, school: SchoolId) -> Result<Option<Head>, StoreError> {
    tx.query_opt(HEAD, &args![school], |row| head_of(row, 0))
}

/// Where every school's order of acts stands, by school.
///
/// Errors: a [`StoreError`] of the statement.
pub fn heads(tx: &mut Tx) -> Result<Vec<(SchoolId, Head)>, StoreError> {
    tx.query(HEADS, &args![], |row| Ok((row.get(0)?, head_of(row, 1)?)))
}

fn head_of(row: &Row<'_>, first: usize) -> Result<Head, StoreError> {
    Ok(Head {
        seq: row.get(first)?,
        hash: row.get(first + 1)?,
        at: row.get(first + 2)?,
    })
}

/// The acts after a number, oldest first, at most `limit` of them.
///
/// Errors: a [`StoreError`] of the statement.
pub fn entries_after(
    tx: &mut Tx,
    school: SchoolId,
    seq: i64,
    limit: u32,
) -> Result<Vec<JournalEntry>, StoreError> {
    tx.query(ENTRIES, &args![school, seq, limit], entry_of)
}

/// The act with this number.
///
/// Errors: a [`StoreError`] of the statement.
pub fn entry(tx: &mut Tx, school: SchoolId, seq: i64) -> Result<Option<JournalEntry>, StoreError> {
    tx.query_opt(ENTRY, &args![school, seq], entry_of)
}

fn entry_of(row: &Row<'_>) -> Result<JournalEntry, StoreError> {
    Ok(JournalEntry {
        seq: row.get(0)?,
        at: row.get(1)?,
        account: row.get(2)?,
        job_title: row.get(3)?,
        act: row.get(4)?,
        subject: row.get(5)?,
        hash: row.get(6)?,
    })
}

/// The notes of an act, as [`Act::note`](crate::Act::note) gave them. Empty when its payload was erased.
///
/// Errors: [`StoreError::Journal`] when the payload cannot be read.
pub fn notes(tx: &mut Tx, school: SchoolId, seq: i64) -> Result<Vec<(String, String)>, StoreError> {
    let Some(Some(payload)) = payload_of(tx, school, seq)? else {
        return Ok(Vec::new());
    };
    let unreadable = || StoreError::Journal {
        school: school.0,
        seq,
    };
    let mut notes = Vec::new();
    for line in payload::lines(&payload) {
        if let Line::Note(key, value) = line.ok_or_else(unreadable)? {
            let key = payload::text(key).ok_or_else(unreadable)?;
            let value = payload::text(value).ok_or_else(unreadable)?;
            notes.push((key.into_owned(), value.into_owned()));
        }
    }
    Ok(notes)
}

/// The payload of an act: `None` when there is no such act, `Some(None)` when it was erased.
pub(crate) fn payload_of(
    tx: &mut Tx,
    school: SchoolId,
    seq: i64,
) -> Result<Option<Option<Vec<u8>>>, StoreError> {
    tx.query_opt(PAYLOAD, &args![school, seq], |row| row.get(0))
}

/// What one act changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ActFacts {
    /// The number of the act.
    pub seq: i64,
    /// When it happened.
    pub at: Instant,
    /// The act.
    pub act: String,
    /// The names of the tables whose rows come into effect or go out of it by this act.
    pub touched: Vec<String>,
    /// The rows of the chosen tables, in the order in which they were written.
    pub changes: Vec<Change>,
    /// Whether `touched` and `changes` tell all: not when a payload was erased, nor of an act that erased rows. Then read the rows themselves.
    pub complete: bool,
}

/// A row that came into effect, or a version that went out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The name of the table.
    pub table: &'static str,
    /// The number of the act that wrote it, which is an earlier one when it was held until now.
    pub seq: i64,
    /// What happened to it.
    pub kind: ChangeKind,
    /// The id and the other columns of a row recorded, in the order of the [`Table`]; the id alone of one superseded.
    pub values: Vec<Arg<'static>>,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was recorded.
    Recorded,
    /// The version with this number ceased to be the current one.
    Superseded {
        /// The number of the act that had recorded it.
        version: i64,
    },
}

/// What changed after a number, act by act, oldest first; no number is skipped.
///
/// Rows are decoded for `chosen` tables only. A held act has no changes; its rows come at its release, with its own number
/// in [`Change::seq`]. An abandoned group never comes.
///
/// Errors: [`StoreError::Journal`] when a payload cannot be read.
pub fn facts_since(
    tx: &mut Tx,
    school: SchoolId,
    seq: i64,
    chosen: &[&'static Table],
) -> Result<Vec<ActFacts>, StoreError> {
    facts_between(tx, school, (seq, i64::MAX), chosen)
}

/// [`facts_since`] up to a number, which is among them: for whoever reads on in steps.
///
/// Errors: as [`facts_since`].
pub fn facts_between(
    tx: &mut Tx,
    school: SchoolId,
    (after, last): (i64, i64),
    chosen: &[&'static Table],
) -> Result<Vec<ActFacts>, StoreError> {
    let mut releases: Vec<(usize, Vec<i64>)> = Vec::new();
    let mut facts = tx.query(SINCE, &args![school, after, last], |row| {
        let mut act = ActFacts {
            seq: row.get(0)?,
            at: row.get(1)?,
            act: row.get(2)?,
            touched: Vec::new(),
            changes: Vec::new(),
            complete: true,
        };
        let payload: Option<&[u8]> = row.get(3)?;
        let number = act.seq;
        let (held, released) = read_changes(school, number, payload, chosen, &mut act)?;
        if held {
            act.touched.clear();
            act.changes.clear();
        }
        Ok((act, released))
    })?;
    for (index, (_, released)) in facts.iter_mut().enumerate() {
        if !released.is_empty() {
            releases.push((index, std::mem::take(released)));
        }
    }
    for (index, groups) in releases {
        for group in groups {
            let act = &mut facts[index].0;
            for held in crate::held::acts_released_at(tx, school, group, act.seq)? {
                let payload = payload_of(tx, school, held)?.flatten();
                read_changes(school, held, payload.as_deref(), chosen, act)?;
            }
        }
    }
    Ok(facts.into_iter().map(|(act, _)| act).collect())
}

/// Adds what a payload says to the facts; answers whether its act is held and which groups it releases.
fn read_changes(
    school: SchoolId,
    seq: i64,
    payload: Option<&[u8]>,
    chosen: &[&'static Table],
    act: &mut ActFacts,
) -> Result<(bool, Vec<i64>), StoreError> {
    let (mut held, mut released) = (false, Vec::new());
    let Some(payload) = payload else {
        act.complete = false;
        return Ok((held, released));
    };
    let unreadable = || StoreError::Journal {
        school: school.0,
        seq,
    };
    let mut tables: Vec<Reading> = Vec::new();
    for line in payload::lines(payload) {
        match line.ok_or_else(unreadable)? {
            Line::Table(announced) => {
                if !act.touched.iter().any(|name| name == announced.name) {
                    act.touched.push(announced.name.to_owned());
                }
                let table = chosen.iter().find(|table| table.name == announced.name);
                tables.push(Reading::new(table.copied(), &announced));
            }
            Line::Recorded(table, fields) => {
                let reading = tables.get(table).ok_or_else(unreadable)?;
                reading
                    .add(act, seq, ChangeKind::Recorded, fields)
                    .ok_or_else(unreadable)?;
            }
            Line::Superseded(table, version, id) => {
                let reading = tables.get(table).ok_or_else(unreadable)?;
                reading
                    .add(act, seq, ChangeKind::Superseded { version }, id)
                    .ok_or_else(unreadable)?;
            }
            Line::Held(_) => held = true,
            Line::Released(group) => released.push(group),
            // What was erased is in no act any more.
            Line::Erased(..) => act.complete = false,
            Line::Note(..) | Line::Abandoned(_) | Line::NextId(_) => {}
        }
    }
    Ok((held, released))
}

/// How the lines of one table are turned into the table's columns of today.
struct Reading {
    table: Option<&'static Table>,
    /// For each column of today: its place in the line and its kind then. A column added since holds nothing.
    places: Vec<Option<(usize, Kind)>>,
}

impl Reading {
    fn new(table: Option<&'static Table>, announced: &payload::Announced<'_>) -> Reading {
        let then: HashMap<&str, (usize, Kind)> = announced
            .columns
            .iter()
            .enumerate()
            .map(|(place, (name, kind))| (*name, (place, *kind)))
            .collect();
        Reading {
            table,
            places: table
                .into_iter()
                .flat_map(Table::given)
                .map(|column| then.get(column.name).copied())
                .collect(),
        }
    }

    fn add(&self, act: &mut ActFacts, seq: i64, kind: ChangeKind, fields: &[u8]) -> Option<()> {
        let Some(table) = self.table else {
            return Some(());
        };
        let places = match kind {
            ChangeKind::Recorded => &self.places[..],
            ChangeKind::Superseded { .. } => &self.places[..table.id.len()],
        };
        let fields: Vec<&[u8]> = payload::fields(fields).collect();
        let values = places
            .iter()
            .map(|place| match place {
                None => Some(Arg::Null),
                Some((place, kind)) => {
                    payload::value(*kind, fields.get(*place)?).map(Arg::into_owned)
                }
            })
            .collect::<Option<Vec<_>>>()?;
        act.changes.push(Change {
            table: table.name,
            seq,
            kind,
            values,
        });
        Some(())
    }
}

/// The digest of a payload.
pub(crate) fn digest(salt: &[u8], payload: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(payload);
    hasher.finalize().into()
}

/// The fields of an entry that its hash covers, beside the hash before it.
pub(crate) struct Hashed<'a> {
    pub school: SchoolId,
    pub seq: i64,
    pub at: Instant,
    pub account: i64,
    pub job_title: &'a str,
    pub act: &'a str,
    pub subject: &'a str,
    pub digest: [u8; 32],
}

impl Hashed<'_> {
    /// The hash that chains this entry to the one before.
    pub(crate) fn after(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"rollbook journal 1\n");
        hasher.update(before);
        for number in [self.school.0, self.seq, self.at.micros(), self.account] {
            hasher.update(number.to_be_bytes());
        }
        for text in [self.job_title, self.act, self.subject] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
        hasher.update(self.digest);
        hasher.finalize().into()
    }
}
