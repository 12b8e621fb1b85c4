//! What an act changed, as text.
//!
//! ```text
//! payload 1
//! t   mark_version   3   enrolment_id:int   on_date:day   session:text   code:text
//! +0  12   2026-09-01   AM   /
//! -1  40   12
//! n   reason   parent telephoned
//! ```
//! Fields are parted by tabs. `t` announces a table (name, how many columns are its id, columns) and gives it the next
//! number from 0; `+` is a row recorded in it, `-` a version superseded (its number, then the id); `n` a note; `h` `r` `a`
//! the group that this act holds, releases or abandons; `e` an act whose payload it erases, with the digest of what it leaves of it if
//! it leaves some; `i` the next free id after it.
//! A row's line is the same bytes that the row itself gives when it is read back, so the two are compared without decoding.

use std::borrow::Cow;

use calendar::{Day, Instant};

use crate::Arg;
use crate::days::iso_day;
use crate::table::{Kind, Table};

/// The first line, with the version of the form.
pub(crate) const OPENING: &[u8] = b"payload 1\n";

/// A payload in the making.
#[derive(Default)]
pub(crate) struct PayloadWriter {
    bytes: Vec<u8>,
    tables: Vec<&'static Table>,
}

impl PayloadWriter {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The tables that were touched.
    pub(crate) fn tables(&self) -> &[&'static Table] {
        &self.tables
    }

    /// The number of this table in this payload, announcing it the first time.
    pub(crate) fn table(&mut self, table: &'static Table) -> usize {
        if let Some(number) = self
            .tables
            .iter()
            .position(|known| std::ptr::eq(*known, table))
        {
            return number;
        }
        self.line(b"t", |bytes| {
            bytes.push(b'\t');
            bytes.extend_from_slice(table.name.as_bytes());
            bytes.push(b'\t');
            put_number(bytes, table.id.len() as i64);
            for column in table.given() {
                bytes.push(b'\t');
                bytes.extend_from_slice(column.name.as_bytes());
                bytes.push(b':');
                bytes.extend_from_slice(column.kind.word().as_bytes());
            }
        });
        self.tables.push(table);
        self.tables.len() - 1
    }

    pub(crate) fn recorded(&mut self, table: usize, values: &[Arg<'_>]) {
        self.line(b"+", |bytes| {
            put_number(bytes, table as i64);
            put_fields(bytes, values);
        });
    }

    pub(crate) fn superseded(&mut self, table: usize, version: i64, id: &[Arg<'_>]) {
        self.line(b"-", |bytes| {
            put_number(bytes, table as i64);
            bytes.push(b'\t');
            put_number(bytes, version);
            put_fields(bytes, id);
        });
    }

    pub(crate) fn note(&mut self, key: &str, value: &str) {
        self.line(b"n", |bytes| {
            bytes.push(b'\t');
            put_text(bytes, key);
            bytes.push(b'\t');
            put_text(bytes, value);
        });
    }

    /// `e` with the number of an act, and the digest of what is left of its payload.
    pub(crate) fn erased(&mut self, seq: i64, digest: Option<&[u8; 32]>) {
        self.line(b"e", |bytes| {
            bytes.push(b'\t');
            put_number(bytes, seq);
            if let Some(digest) = digest {
                bytes.push(b'\t');
                put_value(bytes, &Arg::from(&digest[..]));
            }
        });
    }

    /// `h`, `r`, `a` or `i` with a number.
    pub(crate) fn number(&mut self, letter: u8, number: i64) {
        self.line(&[letter], |bytes| {
            bytes.push(b'\t');
            put_number(bytes, number);
        });
    }

    fn line(&mut self, kind: &[u8], rest: impl FnOnce(&mut Vec<u8>)) {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(OPENING);
        }
        self.bytes.extend_from_slice(kind);
        rest(&mut self.bytes);
        self.bytes.push(b'\n');
    }
}

/// An id as it begins a row's line.
pub(crate) fn id_of(values: &[Arg<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_fields(&mut bytes, values);
    bytes.split_off(1.min(bytes.len()))
}

/// Writes each value with a tab before it.
fn put_fields(bytes: &mut Vec<u8>, values: &[Arg<'_>]) {
    for value in values {
        bytes.push(b'\t');
        put_value(bytes, value);
    }
}

/// Writes a value. A day is the same whether it comes as a day or as SQLite's text, a moment and a yes or no likewise.
pub(crate) fn put_value(bytes: &mut Vec<u8>, value: &Arg<'_>) {
    match value {
        Arg::Null => bytes.extend_from_slice(b"\\N"),
        Arg::Int(number) => put_number(bytes, *number),
        Arg::Bool(yes) => bytes.push(b'0' + u8::from(*yes)),
        Arg::Text(text) => put_text(bytes, text),
        Arg::Day(day) => bytes.extend_from_slice(&iso_day(*day)),
        Arg::Instant(instant) => put_number(bytes, instant.micros()),
        Arg::Bytes(raw) => {
            for byte in raw.iter() {
                bytes.push(HEX[usize::from(byte >> 4)]);
                bytes.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'\\' => bytes.extend_from_slice(b"\\\\"),
            b'\t' => bytes.extend_from_slice(b"\\t"),
            b'\n' => bytes.extend_from_slice(b"\\n"),
            byte => bytes.push(byte),
        }
    }
}

fn put_number(bytes: &mut Vec<u8>, number: i64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        bytes.push(b'-');
    }
    bytes.extend_from_slice(&digits[start..]);
}

/// A line of a payload. Fields are left as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line<'p> {
    /// A table, which gets the next number.
    Table(Announced<'p>),
    /// A row recorded: the table's number, the fields.
    Recorded(usize, &'p [u8]),
    /// A version superseded: the table's number, the version's number, the fields of the id.
    Superseded(usize, i64, &'p [u8]),
    /// A note: key and value, both as they stand.
    Note(&'p [u8], &'p [u8]),
    /// This act is held in a group.
    Held(i64),
    /// A group is released.
    Released(i64),
    /// A group is abandoned.
    Abandoned(i64),
    /// The payload of an act is erased; what is left of it has this digest.
    Erased(i64, Option<[u8; 32]>),
    /// The next free id after this act.
    NextId(i64),
}

/// A table as a payload announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announced<'p> {
    /// The name in the schema of the time.
    pub name: &'p str,
    /// How many of the columns are the id.
    pub id: usize,
    /// The columns of the time, the id first.
    pub columns: Vec<(&'p str, Kind)>,
}

impl Announced<'_> {
    /// Whether the table still has exactly these columns.
    pub(crate) fn is_as_now(&self, table: &Table) -> bool {
        self.id == table.id.len()
            && self.columns.len() == table.given().count()
            && self
                .columns
                .iter()
                .zip(table.given())
                .all(|((name, kind), now)| *name == now.name && *kind == now.kind)
    }
}

/// The lines of a payload, each `None` where the bytes are not a payload's.
pub(crate) fn lines(payload: &[u8]) -> impl Iterator<Item = Option<Line<'_>>> {
    let (body, sound) = match payload.strip_prefix(OPENING) {
        Some(body) if body.is_empty() || body.ends_with(b"\n") => (body, true),
        _ if payload.is_empty() => (payload, true),
        _ => (&payload[..0], false),
    };
    let lines = body
        .strip_suffix(b"\n")
        .unwrap_or(body)
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(line);
    (!sound).then_some(None).into_iter().chain(lines)
}

pub(crate) fn line(text: &[u8]) -> Option<Line<'_>> {
    let (kind, rest) = text.split_first()?;
    match kind {
        b'+' => {
            let (table, fields) = first_field(rest);
            Some(Line::Recorded(index(table)?, fields?))
        }
        b'-' => {
            let (table, rest) = first_field(rest);
            let (version, id) = first_field(rest?);
            Some(Line::Superseded(index(table)?, whole(version)?, id?))
        }
        b't' => announced(rest.strip_prefix(b"\t")?).map(Line::Table),
        b'n' => {
            let (key, value) = first_field(rest.strip_prefix(b"\t")?);
            Some(Line::Note(key, value?))
        }
        b'e' => {
            let (seq, digest) = first_field(rest.strip_prefix(b"\t")?);
            let digest = match digest {
                None => None,
                Some(field) => match value(Kind::Bytes, field)? {
                    Arg::Bytes(raw) => Some(raw.as_ref().try_into().ok()?),
                    _ => return None,
                },
            };
            Some(Line::Erased(whole(seq)?, digest))
        }
        letter => {
            let number = whole(rest.strip_prefix(b"\t")?)?;
            match letter {
                b'h' => Some(Line::Held(number)),
                b'r' => Some(Line::Released(number)),
                b'a' => Some(Line::Abandoned(number)),
                b'i' => Some(Line::NextId(number)),
                _ => None,
            }
        }
    }
}

fn announced(text: &[u8]) -> Option<Announced<'_>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut fields = text.split('\t');
    let name = fields.next()?;
    let id = fields.next()?.parse().ok()?;
    let columns = fields
        .map(|field| {
            let (name, kind) = field.split_once(':')?;
            Some((name, Kind::from_word(kind)?))
        })
        .collect::<Option<Vec<_>>>()?;
    (id <= columns.len()).then_some(Announced { name, id, columns })
}

/// The bytes before the first tab, and those after it.
pub(crate) fn first_field(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b'\t') {
        Some(tab) => (&text[..tab], Some(&text[tab + 1..])),
        None => (text, None),
    }
}

/// The fields of a row's line.
pub(crate) fn fields(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\t')
}

fn whole(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn index(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The value of a field of this kind.
pub(crate) fn value(kind: Kind, field: &[u8]) -> Option<Arg<'_>> {
    if field == b"\\N" {
        return Some(Arg::Null);
    }
    match kind {
        Kind::Int => whole(field).map(Arg::Int),
        Kind::Instant => whole(field).map(Instant::from_micros).map(Arg::Instant),
        Kind::Bool => match field {
            b"0" => Some(Arg::Bool(false)),
            b"1" => Some(Arg::Bool(true)),
            _ => None,
        },
        Kind::Day => {
            let day: Day = std::str::from_utf8(field).ok()?.parse().ok()?;
            Some(Arg::Day(day))
        }
        Kind::Text => text(field).map(Arg::Text),
        Kind::Bytes => {
            let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
            let raw = field
                .chunks(2)
                .map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?))
                .collect::<Option<Vec<u8>>>()?;
            Some(Arg::Bytes(Cow::Owned(raw)))
        }
    }
}

/// The text of a field.
pub(crate) fn text(field: &[u8]) -> Option<Cow<'_, str>> {
    let field = std::str::from_utf8(field).ok()?;
    if !field.contains('\\') {
        return Some(Cow::Borrowed(field));
    }
    let mut plain = String::with_capacity(field.len());
    let mut letters = field.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next()? {
                '\\' => '\\',
                't' => '\t',
                'n' => '\n',
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Column, Shape};
    use proptest::prelude::*;

    static PUPIL: Table = Table {
        name: "pupil",
        id: &[Column::new("pupil_id", Kind::Int)],
        columns: &[
            Column::new("surname", Kind::Text),
            Column::nullable("born", Kind::Day),
            Column::new("seen", Kind::Instant),
            Column::new("here", Kind::Bool),
            Column::nullable("photograph", Kind::Bytes),
        ],
        shape: Shape::Versions,
    };

    proptest! {
        #[test]
        fn every_value_comes_back_from_its_line(
            id: i64, surname in ".*", born in proptest::option::of(-40_000..60_000_i32), seen: i64, here: bool,
            photograph in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..9)),
        ) {
            let values = [
                Arg::Int(id),
                Arg::from(surname),
                Arg::from(born.map(Day::from_epoch_days)),
                Arg::Instant(Instant::from_micros(seen)),
                Arg::Bool(here),
                Arg::from(photograph),
            ];
            let mut writer = PayloadWriter::default();
            let table = writer.table(&PUPIL);
            writer.recorded(table, &values);
            let bytes = writer.into_bytes();
            let mut lines = lines(&bytes);
            let Some(Some(Line::Table(announced))) = lines.next() else { panic!("no table") };
            prop_assert!(announced.is_as_now(&PUPIL));
            let Some(Some(Line::Recorded(0, row))) = lines.next() else { panic!("no row") };
            let back: Vec<Arg<'_>> = fields(row)
                .zip(&announced.columns)
                .map(|(field, (_, kind))| value(*kind, field).expect("a field that was written"))
                .collect();
            prop_assert_eq!(&back[..], &values[..]);
            prop_assert_eq!(lines.next(), None);
        }

        #[test]
        fn no_bytes_make_the_reader_fail(bytes: Vec<u8>) {
            let _ = lines(&bytes).count();
        }
    }

    #[test]
    fn every_kind_of_line_is_read() {
        let mut writer = PayloadWriter::default();
        let table = writer.table(&PUPIL);
        writer.superseded(table, 7, &[Arg::Int(-3)]);
        writer.note("reason", "a\tb");
        for (letter, number) in [(b'h', 1), (b'r', 2), (b'a', 3), (b'i', 5)] {
            writer.number(letter, number);
        }
        writer.erased(4, None);
        writer.erased(6, Some(&[7; 32]));
        let bytes = writer.into_bytes();
        let read: Vec<Line<'_>> = lines(&bytes).skip(1).map(Option::unwrap).collect();
        assert_eq!(
            read,
            [
                Line::Superseded(0, 7, b"-3"),
                Line::Note(b"reason", b"a\\tb"),
                Line::Held(1),
                Line::Released(2),
                Line::Abandoned(3),
                Line::NextId(5),
                Line::Erased(4, None),
                Line::Erased(6, Some([7; 32])),
            ]
        );
        assert_eq!(lines(b"other\n").collect::<Vec<_>>(), [None]);
        assert_eq!(lines(b"payload 1\nx\t1\n").collect::<Vec<_>>(), [None]);
    }
}
