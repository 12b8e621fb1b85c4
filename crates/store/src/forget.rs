//! Erasing rows together with what the journal tells of them, so that the proof of everything else stays.
//!
//! What is erased is named by table and id: every version goes. Each payload that tells of one of them is written anew without those
//! lines, in its place, and the erasing act keeps the digest of what is left. The chain covers the digest that an entry had when it
//! was made; a payload that was shortened is covered by the act that shortened it, which is in the same chain. A payload of which no
//! row is left is gone altogether, with its notes, and leaves a tombstone.

use std::collections::{BTreeSet, HashSet};

use crate::journal;
use crate::payload::{self, Line};
use crate::table::{Shape, Table};
use crate::{Act, Arg, StoreError, args};

pub(crate) const ERASE_PAYLOAD: &str =
    "update journal_payload set payload = null, erased_seq = $3 where school_id = $1 and seq = $2";
pub(crate) const SHORTEN_PAYLOAD: &str =
    "update journal_payload set payload = $4, erased_seq = $3 where school_id = $1 and seq = $2";
pub(crate) const SET_SALT: &str =
    "update journal_entry set salt = $3 where school_id = $1 and seq = $2";

/// Rows that are to be erased: every version of each id.
#[derive(Default)]
pub struct Forgotten {
    tables: Vec<(&'static Table, HashSet<Vec<u8>>)>,
    ids: Vec<(&'static Table, Vec<Arg<'static>>)>,
}

impl Forgotten {
    /// Adds what has this id in a table; once is enough.
    pub fn add(&mut self, table: &'static Table, id: Vec<Arg<'static>>) {
        let key = payload::id_of(&id);
        let known = self
            .tables
            .iter()
            .position(|(known, _)| known.name == table.name);
        let keys = match known {
            Some(known) => &mut self.tables[known].1,
            None => {
                self.tables.push((table, HashSet::new()));
                &mut self.tables.last_mut().expect("it was just added").1
            }
        };
        if keys.insert(key) {
            self.ids.push((table, id));
        }
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is nothing to erase.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn keys(&self, table: &str) -> Option<&HashSet<Vec<u8>>> {
        let found = self.tables.iter().find(|(known, _)| known.name == table);
        found.map(|(_, keys)| keys)
    }
}

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgot {
    /// Rows that are gone.
    pub rows: u64,
    /// Acts whose payload is shorter, and still tells of rows that stay.
    pub shortened: u64,
    /// Acts of whose payload nothing is left.
    pub emptied: u64,
}

/// What is left of a payload.
enum Left {
    /// It told of none of these rows.
    All,
    /// These bytes.
    Some(Vec<u8>),
    /// Nothing that anybody needs.
    Nothing,
}

impl Act {
    /// Erases rows, every version of each id, and what the journal tells of them. Answers how much.
    ///
    /// The act itself says which payloads it shortened and what their digest is now, so that the proof goes on holding: rows that stay
    /// are proved as before, and a row that comes back is found. Errors: [`StoreError::Journal`] where a payload cannot be read.
    pub fn forget(&mut self, forgotten: &Forgotten) -> Result<Forgot, StoreError> {
        let mut forgot = Forgot::default();
        let mut told_by = BTreeSet::new();
        for (table, id) in &forgotten.ids {
            let mut values = args![self.school()].to_vec();
            values.extend(id.iter().map(Arg::borrowed));
            let is_version = table.shape == Shape::Versions;
            let gone = self.tx().query(table.sql().forget, &values, |row| {
                let ended = match is_version {
                    true => row.get::<Option<i64>>(1)?,
                    false => None,
                };
                Ok((row.get::<i64>(0)?, ended))
            })?;
            for (made, ended) in gone {
                forgot.rows += 1;
                told_by.insert(made);
                told_by.extend(ended);
            }
        }
        for seq in told_by {
            self.shorten(seq, forgotten, &mut forgot)?;
        }
        Ok(forgot)
    }

    fn shorten(
        &mut self,
        seq: i64,
        forgotten: &Forgotten,
        forgot: &mut Forgot,
    ) -> Result<(), StoreError> {
        let school = self.school();
        let Some(Some(payload)) = journal::payload_of(self.tx(), school, seq)? else {
            return Ok(());
        };
        let left = left_of(&payload, forgotten).ok_or(StoreError::Journal {
            school: school.0,
            seq,
        })?;
        let erased_by = self.seq();
        match left {
            Left::All => {}
            Left::Nothing => {
                self.tx()
                    .execute(ERASE_PAYLOAD, &args![school, seq, erased_by])?;
                self.tx()
                    .execute(SET_SALT, &args![school, seq, None::<Vec<u8>>])?;
                self.tell_erased(seq, None);
                forgot.emptied += 1;
            }
            Left::Some(bytes) => {
                let salt = crate::act::salt();
                let digest = journal::digest(&salt, &bytes);
                let values = args![school, seq, erased_by, &bytes];
                self.tx().execute(SHORTEN_PAYLOAD, &values)?;
                self.tx().execute(SET_SALT, &args![school, seq, &salt])?;
                self.tell_erased(seq, Some(&digest));
                forgot.shortened += 1;
            }
        }
        Ok(())
    }
}

/// A payload without the lines of these rows. `None` where it cannot be read.
fn left_of(payload: &[u8], forgotten: &Forgotten) -> Option<Left> {
    let mut told: Vec<(Option<&HashSet<Vec<u8>>>, usize)> = Vec::new();
    let mut left = payload::OPENING.to_vec();
    let (mut dropped, mut needed) = (false, false);
    let body = payload.strip_prefix(payload::OPENING)?;
    for text in body
        .split(|byte| *byte == b'\n')
        .filter(|text| !text.is_empty())
    {
        let goes = match payload::line(text)? {
            Line::Table(announced) => {
                told.push((forgotten.keys(announced.name), announced.id));
                false
            }
            Line::Recorded(table, fields) => {
                let (keys, id) = told.get(table)?;
                let key: Vec<&[u8]> = payload::fields(fields).take(*id).collect();
                keys.is_some_and(|keys| keys.contains(&key.join(&b'\t')))
            }
            Line::Superseded(table, _, id) => {
                let (keys, _) = told.get(table)?;
                keys.is_some_and(|keys| keys.contains(id))
            }
            Line::Released(_) | Line::Abandoned(_) | Line::Erased(..) => {
                needed = true;
                false
            }
            Line::Note(..) | Line::Held(_) | Line::NextId(_) => false,
        };
        let is_row = matches!(text.first(), Some(b'+' | b'-'));
        needed |= is_row && !goes;
        dropped |= goes;
        if !goes {
            left.extend_from_slice(text);
            left.push(b'\n');
        }
    }
    Some(match (dropped, needed) {
        (false, _) => Left::All,
        (true, true) => Left::Some(left),
        (true, false) => Left::Nothing,
    })
}
