//! What the journal says of a table, less what its rows say.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};

use crate::payload::{self, Announced, Line};
use crate::table::{Shape, Table};
use crate::{Arg, Row};

/// What the journal says of one table, less what the rows say.
pub(super) struct Ledger {
    pub(super) table: &'static Table,
    pub(super) tallies: HashMap<i64, Tally>,
    /// The ways in which payloads have laid out this table's rows.
    pub(super) layouts: Vec<Layout>,
}

/// The rows of one act in one table: the journal's added, the table's taken away. Nothing remains when they agree.
#[derive(Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) sum: u64,
    pub(super) count: i64,
    pub(super) layout: usize,
}

impl Tally {
    pub(super) fn is_even(self) -> bool {
        self.sum == 0 && self.count == 0
    }
}

/// How the columns of a payload's line and those of the table are brought together.
pub(super) struct Layout {
    pub(super) announced: Vec<u8>,
    /// Whether both are the same; then the whole line counts.
    pub(super) same: bool,
    /// Places of the columns that both have, in the line and in the row.
    pub(super) both: Vec<(usize, usize)>,
}

impl Ledger {
    pub(super) fn add(&mut self, seq: i64, layout: usize, hash: u64) {
        let tally = self.tallies.entry(seq).or_default();
        tally.layout = layout;
        tally.sum = tally.sum.wrapping_add(hash);
        tally.count += 1;
    }

    pub(super) fn take(&mut self, seq: i64, hash: u64) {
        let tally = self.tallies.entry(seq).or_default();
        tally.sum = tally.sum.wrapping_sub(hash);
        tally.count -= 1;
    }
}

impl Layout {
    /// The columns of today.
    pub(super) fn of_now(table: &'static Table) -> Layout {
        let columns = table
            .given()
            .map(|column| (column.name, column.kind))
            .collect();
        let announced = Announced {
            name: table.name,
            id: table.id.len(),
            columns,
        };
        Layout::of_then(table, &announced, described(&announced))
    }

    /// The columns of a payload, brought together with those of today. A column that only one side has is not compared.
    pub(super) fn of_then(
        table: &'static Table,
        then: &Announced<'_>,
        announced: Vec<u8>,
    ) -> Layout {
        let both = table
            .given()
            .enumerate()
            .filter_map(|(now, column)| {
                let place = then
                    .columns
                    .iter()
                    .position(|(name, _)| *name == column.name)?;
                Some((place, now))
            })
            .collect();
        Layout {
            same: then.is_as_now(table),
            announced,
            both,
        }
    }

    pub(super) fn hash_line(&self, key: &RandomState, fields: &[u8]) -> Option<u64> {
        if self.same {
            return Some(hash(key, 0, 0, fields));
        }
        Some(hash(key, 0, 0, &self.common(fields)))
    }

    /// The fields of a line that the table still has.
    pub(super) fn common(&self, line: &[u8]) -> Vec<u8> {
        if self.same {
            return line.to_vec();
        }
        let fields: Vec<&[u8]> = payload::fields(line).collect();
        let kept: Vec<&[u8]> = self
            .both
            .iter()
            .map(|(place, _)| fields.get(*place).copied().unwrap_or_default())
            .collect();
        kept.join(&b'\t')
    }

    /// Writes a row as its line would be; answers where its id ends.
    pub(super) fn put_row(&self, line: &mut Vec<u8>, table: &Table, row: &Row<'_>) -> usize {
        let first = match table.shape {
            Shape::Versions => 2,
            Shape::Log => 1,
        };
        let mut id_ends = 0;
        for (index, (_, now)) in self.both.iter().enumerate() {
            if index > 0 {
                line.push(b'\t');
            }
            match row.get::<Arg<'_>>(first + now) {
                Ok(value) => payload::put_value(line, &value),
                // No value that was recorded reads like this.
                Err(_) => line.extend_from_slice(b"\\?"),
            }
            if *now < table.id.len() {
                id_ends = line.len();
            }
        }
        id_ends
    }

    pub(super) fn first_other(
        &self,
        table: &Table,
        told: &[u8],
        row: &[u8],
    ) -> Option<&'static str> {
        let place = payload::fields(told)
            .zip(payload::fields(row))
            .position(|(told, row)| told != row)?;
        let (_, now) = self.both.get(place)?;
        table.given().nth(*now).map(|column| column.name)
    }
}

/// What one payload says of one table, by key.
#[derive(Default)]
pub(super) struct ToldRows {
    pub(super) recorded: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) superseded: BTreeMap<Vec<u8>, i64>,
}

impl ToldRows {
    pub(super) fn read(payload: &[u8], table: &Table) -> Option<ToldRows> {
        let mut told = ToldRows::default();
        let mut ids: Vec<Option<usize>> = Vec::new();
        for line in payload::lines(payload) {
            match line? {
                Line::Table(announced) => {
                    ids.push((announced.name == table.name).then_some(announced.id));
                }
                Line::Recorded(number, fields) => {
                    if let Some(id) = *ids.get(number)? {
                        let key: Vec<&[u8]> = payload::fields(fields).take(id).collect();
                        told.recorded.insert(key.join(&b'\t'), fields.to_vec());
                    }
                }
                Line::Superseded(number, version, id) => {
                    let there = ids.get(number)?;
                    told.superseded
                        .extend(there.map(|_| (id.to_vec(), version)));
                }
                _ => {}
            }
        }
        Some(told)
    }
}

/// What tells one layout from another.
pub(super) fn described(announced: &Announced<'_>) -> Vec<u8> {
    let mut text = announced.id.to_string().into_bytes();
    for (name, kind) in &announced.columns {
        text.push(b'\t');
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(kind.word().as_bytes());
    }
    text
}

pub(super) fn hash(key: &RandomState, sort: u8, number: i64, bytes: &[u8]) -> u64 {
    let mut hasher = key.build_hasher();
    hasher.write_u8(sort);
    hasher.write_i64(number);
    hasher.write(bytes);
    hasher.finish()
}

pub(super) fn hash_superseded(key: &RandomState, version: i64, id: &[u8]) -> u64 {
    hash(key, 1, version, id)
}

pub(super) fn key_in_words(table: &Table, key: &[u8]) -> String {
    if key.is_empty() {
        return String::new();
    }
    let words: Vec<String> = table
        .id
        .iter()
        .zip(payload::fields(key))
        .map(|(column, field)| {
            let value = payload::text(field).unwrap_or_else(|| "?".into());
            format!("{} {value}", column.name)
        })
        .collect();
    words.join(", ")
}
