//! From bytes to characters (I-017), and from characters to values (I-018, I-021).

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::refused::RefusedFile;

/// How the bytes of a file were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16LittleEndian,
    /// UTF-16, high byte first.
    Utf16BigEndian,
    /// Windows-1252, which includes what people type of ISO-8859-1.
    Windows1252,
    /// Each line as UTF-8 if it is valid, else as Windows-1252. Only when a person has agreed.
    LineByLine,
}

impl Encoding {
    /// The encodings that a person may choose between.
    pub const CHOICES: [Encoding; 3] =
        [Encoding::Utf8, Encoding::Windows1252, Encoding::LineByLine];

    /// The word under which a choice is kept.
    pub fn word(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16LittleEndian => "utf-16le",
            Encoding::Utf16BigEndian => "utf-16be",
            Encoding::Windows1252 => "windows-1252",
            Encoding::LineByLine => "line-by-line",
        }
    }

    /// The encoding of such a word, among those that a person may choose.
    pub fn from_word(word: &str) -> Option<Encoding> {
        let mut choices = Encoding::CHOICES.into_iter();
        choices.find(|encoding| encoding.word() == word)
    }

    /// The name people know.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16LittleEndian | Encoding::Utf16BigEndian => "UTF-16",
            Encoding::Windows1252 => "Windows-1252",
            Encoding::LineByLine => "UTF-8 and Windows-1252, line by line",
        }
    }
}

/// A file as text, with the choice that was made.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) encoding: Encoding,
    /// Lines that were not UTF-8 in a file read line by line.
    pub(crate) other_lines: Vec<u32>,
}

/// Decodes the bytes of a text file: the forced encoding, or the first that fits (I-017).
pub(crate) fn decode<'a>(
    file: &str,
    bytes: &'a [u8],
    forced: Option<Encoding>,
) -> Result<Decoded<'a>, RefusedFile> {
    let plain = |text, encoding| Decoded {
        text,
        encoding,
        other_lines: Vec::new(),
    };
    let utf16 = |bytes: &'a [u8], big: bool| {
        let encoding = if big {
            Encoding::Utf16BigEndian
        } else {
            Encoding::Utf16LittleEndian
        };
        let text = decode_utf16(file, bytes, big)?;
        Ok(plain(Cow::Owned(text), encoding))
    };
    match forced {
        Some(Encoding::Utf16LittleEndian) => return utf16(bytes, false),
        Some(Encoding::Utf16BigEndian) => return utf16(bytes, true),
        Some(Encoding::Windows1252) => {
            let text = WINDOWS_1252.decode_without_bom_handling(bytes).0;
            return Ok(plain(text, Encoding::Windows1252));
        }
        Some(Encoding::LineByLine) => return Ok(decode_line_by_line(bytes)),
        Some(Encoding::Utf8) | None => {}
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return utf16(rest, false);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return utf16(rest, true);
    }
    let marked = bytes.starts_with(b"\xEF\xBB\xBF");
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(big) = unmarked_utf16(body) {
        return utf16(body, big);
    }
    match std::str::from_utf8(body) {
        Ok(text) => Ok(plain(Cow::Borrowed(text), Encoding::Utf8)),
        Err(error) => {
            let before = &body[..error.valid_up_to()];
            if forced.is_some() {
                return Err(RefusedFile::BytesContradictDeclaration {
                    file: file.to_owned(),
                    declared: "UTF-8".to_owned(),
                    byte: error.valid_up_to() + bytes.len() - body.len(),
                    line: line_of(before),
                });
            }
            if marked || holds_utf8_letters(body) {
                return Err(RefusedFile::MixedEncodings {
                    file: file.to_owned(),
                    line: line_of(before),
                });
            }
            let text = WINDOWS_1252.decode_without_bom_handling(body).0;
            Ok(plain(text, Encoding::Windows1252))
        }
    }
}

/// Two lines in each encoding that could be meant, with their numbers; none while the bytes leave no doubt.
pub(crate) fn doubtful_lines(bytes: &[u8]) -> Vec<(Encoding, Vec<(u32, String)>)> {
    let marked = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    if marked || std::str::from_utf8(bytes).is_ok() || unmarked_utf16(bytes).is_some() {
        return Vec::new();
    }
    let lines: Vec<(u32, &[u8])> = bytes
        .split(|&byte| byte == b'\n')
        .zip(1..)
        .filter(|(line, _)| !line.is_ascii())
        .map(|(line, number)| (number, line))
        .collect();
    // A line that is right UTF-8 and one that is not tell the most.
    let (right, wrong): (Vec<_>, Vec<_>) = lines
        .iter()
        .partition(|(_, line)| std::str::from_utf8(line).is_ok());
    let mut shown: Vec<(u32, &[u8])> = right.first().into_iter().copied().copied().collect();
    shown.extend(wrong.iter().take(2 - shown.len()).copied().copied());
    let cut = |text: &str| -> String { trim(text).chars().take(120).collect() };
    let western = |line: &[u8]| cut(&WINDOWS_1252.decode_without_bom_handling(line).0);
    let each = |line: &[u8]| match std::str::from_utf8(line) {
        Ok(line) => cut(line),
        Err(_) => western(line),
    };
    let in_western = shown.iter().map(|(number, line)| (*number, western(line)));
    let mut candidates = vec![(Encoding::Windows1252, in_western.collect())];
    if holds_utf8_letters(bytes) {
        let in_each = shown.iter().map(|(number, line)| (*number, each(line)));
        candidates.push((Encoding::LineByLine, in_each.collect()));
    }
    candidates
}

/// The line, from 1, of what follows these bytes.
pub(crate) fn line_of(before: &[u8]) -> u32 {
    let breaks = memchr::memchr_iter(b'\n', before).count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

fn decode_utf16(file: &str, bytes: &[u8], big: bool) -> Result<String, RefusedFile> {
    let codec = if big { UTF_16BE } else { UTF_16LE };
    let text = codec.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(Cow::into_owned).ok_or_else(|| {
        let units = bytes.chunks(2).map(|pair| match (pair, big) {
            ([high, low], true) | ([low, high], false) => u16::from_be_bytes([*high, *low]),
            _ => 0xDC00,
        });
        let byte = char::decode_utf16(units)
            .scan(0, |at, unit| {
                let start = *at;
                *at += unit
                    .as_ref()
                    .map_or(2, |character| character.len_utf16() * 2);
                Some((start, unit.is_err()))
            })
            .find_map(|(start, wrong)| wrong.then_some(start));
        RefusedFile::NotReadable {
            file: file.to_owned(),
            byte: byte.unwrap_or(bytes.len()),
        }
    })
}

/// UTF-16 without a mark: about half the bytes are zero, nearly all on one side (I-017).
fn unmarked_utf16(bytes: &[u8]) -> Option<bool> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    if sample.len() < 4 {
        return None;
    }
    let zeros = |side: usize| {
        sample
            .iter()
            .skip(side)
            .step_by(2)
            .filter(|&&byte| byte == 0)
            .count()
    };
    let (first, second, pairs) = (zeros(0), zeros(1), sample.len() / 2);
    if second * 10 >= pairs * 8 && first * 10 < pairs {
        Some(false)
    } else if first * 10 >= pairs * 8 && second * 10 < pairs {
        Some(true)
    } else {
        None
    }
}

/// Whether bytes that are not valid UTF-8 as a whole hold letters that can only be UTF-8.
fn holds_utf8_letters(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| {
        chunk
            .valid()
            .chars()
            .any(|character| character.len_utf8() >= 2 && character.is_alphabetic())
    })
}

fn decode_line_by_line(bytes: &[u8]) -> Decoded<'_> {
    let mut text = String::with_capacity(bytes.len());
    let mut other_lines = Vec::new();
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => {
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(line).0);
                other_lines.push(u32::try_from(index + 1).unwrap_or(u32::MAX));
            }
        }
    }
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    Decoded {
        text: Cow::Owned(text),
        encoding: Encoding::LineByLine,
        other_lines,
    }
}

/// What was wrong with the characters of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFault {
    Control,
    ErrorCell,
}

/// A value as it is stored: trimmed, in Unicode form NFC (I-018).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tidied<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Characters that override the direction of writing were removed.
    pub(crate) direction_removed: bool,
}

/// Trims, removes direction overrides and composes letters; refuses control characters and spreadsheet errors.
pub(crate) fn tidy(value: &str) -> Result<Tidied<'_>, TextFault> {
    let trimmed = trim(value);
    if trimmed.is_ascii() {
        return match trimmed.as_bytes() {
            bytes if bytes.iter().any(is_control) => Err(TextFault::Control),
            [b'#', ..] if is_error_cell(trimmed) => Err(TextFault::ErrorCell),
            _ => Ok(Tidied {
                text: Cow::Borrowed(trimmed),
                direction_removed: false,
            }),
        };
    }
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if trimmed.chars().any(control) {
        return Err(TextFault::Control);
    }
    let direction_removed = trimmed.chars().any(is_direction_override);
    let text = if direction_removed {
        let kept: String = trimmed
            .chars()
            .filter(|&c| !is_direction_override(c))
            .collect();
        Cow::Owned(trim(&kept).nfc().collect())
    } else if is_nfc(trimmed) {
        Cow::Borrowed(trimmed)
    } else {
        Cow::Owned(trimmed.nfc().collect())
    };
    Ok(Tidied {
        text,
        direction_removed,
    })
}

fn is_control(byte: &u8) -> bool {
    (*byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || *byte == 0x7F
}

/// Without blanks, no-break spaces, zero-width characters and byte-order marks at both ends.
pub(crate) fn trim(value: &str) -> &str {
    let bytes = value.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => value,
        (None, _) => value,
        _ => value.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
        }),
    }
}

fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

/// `#N/A`, `#REF!`, `#VALUE!` and their kind: blanks in any column (I-018).
pub(crate) fn is_error_cell(value: &str) -> bool {
    const ERRORS: [&str; 8] = [
        "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!",
    ];
    ERRORS.iter().any(|error| value.eq_ignore_ascii_case(error))
}

/// U+FFFD, or a question mark beside a letter (I-018).
pub(crate) fn looks_damaged(name: &str) -> bool {
    if name.contains('\u{FFFD}') {
        return true;
    }
    let beside_letter = |at: usize| {
        name[..at]
            .chars()
            .next_back()
            .is_some_and(char::is_alphabetic)
            || name[at + 1..]
                .chars()
                .next()
                .is_some_and(char::is_alphabetic)
    };
    name.match_indices('?').any(|(at, _)| beside_letter(at))
}

/// Letters and digits in lower case, for comparing headings and words (I-023).
pub(crate) fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Lower case with inner runs of blanks made one, for comparing names (I-018).
pub(crate) fn for_matching(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// Removes the one apostrophe that a spreadsheet or our own export puts before `=`, `+`, `-` or `@` (I-021, I-037).
pub(crate) fn without_guard(value: &str) -> &str {
    match value.strip_prefix('\'') {
        Some(rest)
            if rest
                .trim_start_matches('\'')
                .starts_with(['=', '+', '-', '@']) =>
        {
            rest
        }
        _ => value,
    }
}

/// A number whose digits a spreadsheet has thrown away, such as `1.6329601E+9` (I-021).
pub(crate) fn is_scientific(value: &str) -> bool {
    let Some((mantissa, exponent)) = value.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    exponent.strip_prefix(['+', '-']).is_some_and(digits)
        && mantissa.split_once('.').map_or_else(
            || digits(mantissa),
            |(whole, part)| digits(whole) && digits(part),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_encoding_that_fits_is_taken() {
        let encoding = |bytes: &[u8]| decode("f", bytes, None).map(|decoded| decoded.encoding);
        assert_eq!(encoding("\u{FEFF}Zoë".as_bytes()), Ok(Encoding::Utf8));
        assert_eq!(encoding("Zoë".as_bytes()), Ok(Encoding::Utf8));
        assert_eq!(encoding(b"Zo\xEB,Si\xE2n"), Ok(Encoding::Windows1252));
        assert_eq!(encoding(b"\xFF\xFEZ\0o\0"), Ok(Encoding::Utf16LittleEndian));
        assert_eq!(encoding(b"Z\0o\0e\0,\0"), Ok(Encoding::Utf16LittleEndian));
        assert_eq!(encoding(b"\0Z\0o\0e\0,"), Ok(Encoding::Utf16BigEndian));
    }

    #[test]
    fn a_file_in_two_encodings_asks_and_is_then_read_line_by_line() {
        let bytes = "Zoë\n".bytes().chain(*b"Zo\xEB\n").collect::<Vec<_>>();
        let refused = decode("f", &bytes, None).expect_err("two encodings");
        assert_eq!(
            refused,
            RefusedFile::MixedEncodings {
                file: "f".into(),
                line: 2
            }
        );
        let decoded = decode("f", &bytes, Some(Encoding::LineByLine)).expect("agreed");
        assert_eq!(decoded.text, "Zoë\nZoë\n");
        assert_eq!(decoded.other_lines, [2]);
    }

    #[test]
    fn half_a_character_of_utf16_is_refused_with_its_byte() {
        let refused = decode("f", b"\xFF\xFEZ\0\x00\xD8Z\0", None).expect_err("lone surrogate");
        assert_eq!(
            refused,
            RefusedFile::NotReadable {
                file: "f".into(),
                byte: 2
            }
        );
    }

    #[test]
    fn ends_are_trimmed_and_letters_composed() {
        let tidied = |value| tidy(value).map(|tidied| tidied.text.into_owned());
        assert_eq!(
            tidied(" \u{A0}Zoe\u{308}\u{200B}\u{FEFF} "),
            Ok("Zoë".to_owned())
        );
        assert_eq!(tidied("a\u{7}b"), Err(TextFault::Control));
        assert_eq!(tidied("#REF!"), Err(TextFault::ErrorCell));
        assert_eq!(tidied("Null"), Ok("Null".to_owned()));
        assert!(tidy("abc\u{202E}dé").expect("no control").direction_removed);
    }

    #[test]
    fn a_question_mark_beside_a_letter_is_a_sign_of_damage() {
        assert!(looks_damaged("?ukasz"));
        assert!(looks_damaged("Nguy?n"));
        assert!(!looks_damaged("?"));
        assert!(looks_damaged("Zo\u{FFFD}"));
    }

    #[test]
    fn a_number_in_scientific_form_is_recognised() {
        assert!(is_scientific("1.6329601E+9"));
        assert!(is_scientific("8e+11"));
        assert!(!is_scientific("E823499826001"));
        assert!(!is_scientific("7E1"));
    }

    #[test]
    fn one_guarding_apostrophe_is_removed() {
        assert_eq!(without_guard("'=1"), "=1");
        assert_eq!(without_guard("''+1"), "'+1");
        assert_eq!(without_guard("'Aziz"), "'Aziz");
    }
}
