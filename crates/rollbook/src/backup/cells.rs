//! A value as the cell of a table, and back: what a backup and an export are written in.
//!
//! `\N` is no value; a text that begins with a backslash gets one more. Days are `yyyy-mm-dd`, moments are UTC to the microsecond,
//! yes and no are `true` and `false`. Bytes are `text:` and the text that they are, or `hex:` and their digits.

use std::borrow::Cow;

use anyhow::{Context, Result, bail};
use store::{Arg, Kind};

/// The cell that holds no value.
const NOTHING: &str = "\\N";

/// A value as a cell.
pub fn write<'a>(value: &'a Arg<'_>) -> Cow<'a, str> {
    match value {
        Arg::Null => Cow::Borrowed(NOTHING),
        Arg::Int(number) => Cow::Owned(number.to_string()),
        Arg::Bool(yes) => Cow::Borrowed(if *yes { "true" } else { "false" }),
        Arg::Text(text) if text.starts_with('\\') => Cow::Owned(format!("\\{text}")),
        Arg::Text(text) => Cow::Borrowed(text),
        Arg::Day(day) => Cow::Owned(day.to_string()),
        Arg::Instant(instant) => Cow::Owned(instant.to_string()),
        Arg::Bytes(bytes) => Cow::Owned(match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => format!("text:{text}"),
            _ => format!("hex:{}", hex(bytes)),
        }),
    }
}

/// The value that a cell of this kind stands for.
///
/// Errors: the cell is not of the kind. The message does not repeat it: it may hold a name.
pub fn read<'a>(kind: Kind, cell: &'a str) -> Result<Arg<'a>> {
    if cell == NOTHING {
        return Ok(Arg::Null);
    }
    Ok(match kind {
        Kind::Int => Arg::Int(cell.parse().context("a whole number is wanted")?),
        Kind::Bool => match cell {
            "true" => Arg::Bool(true),
            "false" => Arg::Bool(false),
            _ => bail!("true or false is wanted"),
        },
        Kind::Day => Arg::Day(cell.parse().ok().context("a day is wanted")?),
        Kind::Instant => Arg::Instant(cell.parse().ok().context("a moment is wanted")?),
        Kind::Text => Arg::from(cell.strip_prefix('\\').unwrap_or(cell)),
        Kind::Bytes => match cell.split_once(':') {
            Some(("text", text)) => Arg::Bytes(Cow::Borrowed(text.as_bytes())),
            Some(("hex", digits)) => {
                Arg::from(unhex(digits).context("hexadecimal digits are wanted")?)
            }
            _ => bail!("text: or hex: is wanted"),
        },
    })
}

/// The word for a kind in a table of columns.
pub fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "int",
        Kind::Text => "text",
        Kind::Day => "day",
        Kind::Instant => "instant",
        Kind::Bool => "bool",
        Kind::Bytes => "bytes",
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{Day, Instant};

    #[test]
    fn every_value_comes_back_from_its_cell_as_it_was() {
        let day = Day::new(2026, 2, 28).unwrap();
        let cases = [
            (Kind::Int, Arg::Int(i64::MIN)),
            (Kind::Int, Arg::Null),
            (Kind::Bool, Arg::Bool(false)),
            (Kind::Text, Arg::from("")),
            (Kind::Text, Arg::from("\\N")),
            (Kind::Text, Arg::from("\\\\, \"quoted\"\r\nnext")),
            (Kind::Text, Arg::Null),
            (Kind::Day, Arg::Day(day)),
            (Kind::Instant, Arg::Instant(Instant::from_micros(-1))),
            (
                Kind::Bytes,
                Arg::Bytes(Cow::Borrowed(b"payload 1\nt\tmark\n")),
            ),
            (Kind::Bytes, Arg::Bytes(Cow::Borrowed(&[0xff, 0, 10]))),
            (Kind::Bytes, Arg::Bytes(Cow::Borrowed(&[]))),
            (Kind::Bytes, Arg::Null),
        ];
        for (kind, value) in cases {
            let cell = write(&value).into_owned();
            assert_eq!(read(kind, &cell).unwrap(), value, "{cell}");
        }
    }

    #[test]
    fn a_cell_of_another_kind_is_refused_without_being_repeated() {
        for (kind, cell) in [
            (Kind::Int, "Sample"),
            (Kind::Bool, "1"),
            (Kind::Day, "Sample"),
            (Kind::Instant, "Sample"),
            (Kind::Bytes, "Sample"),
            (Kind::Bytes, "hex:abc"),
            (Kind::Bytes, "hex:zz"),
        ] {
            let refused = read(kind, cell).unwrap_err();
            assert!(!format!("{refused:#}").contains("Sample"), "{refused:#}");
        }
    }
}
