//! XML, opened with care (I-026): no document types, no entities beyond the five, nothing fetched, everything bounded.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use roxmltree::{Document, ParsingOptions};

use crate::refused::{Limit, RefusedFile};
use crate::text::{self, Encoding};

/// An XML file is at most this large (I-030).
pub(crate) const BYTES: usize = 64 << 20;
const DEPTH: usize = 64;
const TEXT: usize = 1 << 20;
const ATTRIBUTES: usize = 64;
const ELEMENTS: u32 = 4_000_000;

/// Decodes XML by its mark and declaration; bytes that contradict the declaration refuse the file.
pub(crate) fn decode<'a>(
    file: &str,
    bytes: &'a [u8],
    forced: Option<Encoding>,
) -> Result<(Cow<'a, str>, Encoding), RefusedFile> {
    if bytes.len() > BYTES {
        return Err(over(file, Limit::XmlBytes));
    }
    if let Some(encoding) = forced {
        return text::decode(file, bytes, Some(encoding))
            .map(|decoded| (decoded.text, decoded.encoding));
    }
    let wide = bytes.starts_with(b"\xFF\xFE")
        || bytes.starts_with(b"\xFE\xFF")
        || bytes.starts_with(b"<\0")
        || bytes.starts_with(b"\0<");
    if wide {
        let encoding = if bytes.starts_with(b"\xFE\xFF") || bytes.starts_with(b"\0<") {
            Encoding::Utf16BigEndian
        } else {
            Encoding::Utf16LittleEndian
        };
        let body = bytes
            .strip_prefix(b"\xFF\xFE")
            .or_else(|| bytes.strip_prefix(b"\xFE\xFF"))
            .unwrap_or(bytes);
        let decoded = text::decode(file, body, Some(encoding))?;
        let declared = declared_encoding(&decoded.text.as_bytes()[..decoded.text.len().min(200)]);
        if let Some(declared) =
            declared.filter(|name| !name.to_ascii_uppercase().starts_with("UTF-16"))
        {
            return Err(RefusedFile::BytesContradictDeclaration {
                file: file.to_owned(),
                declared,
                byte: 0,
                line: 1,
            });
        }
        return Ok((decoded.text, encoding));
    }
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let declared =
        declared_encoding(&body[..body.len().min(200)]).unwrap_or_else(|| "UTF-8".to_owned());
    let contradicts = |at: usize| RefusedFile::BytesContradictDeclaration {
        file: file.to_owned(),
        declared: declared.clone(),
        byte: at + bytes.len() - body.len(),
        line: text::line_of(&body[..at]),
    };
    match declared.to_ascii_uppercase().as_str() {
        "UTF-8" | "UTF8" => match std::str::from_utf8(body) {
            Ok(text) => Ok((Cow::Borrowed(text), Encoding::Utf8)),
            Err(error) => Err(contradicts(error.valid_up_to())),
        },
        "US-ASCII" | "ASCII" => match body.iter().position(|byte| !byte.is_ascii()) {
            None => Ok((String::from_utf8_lossy(body), Encoding::Utf8)),
            Some(at) => Err(contradicts(at)),
        },
        "ISO-8859-1" | "LATIN1" | "WINDOWS-1252" | "CP1252" => Ok((
            WINDOWS_1252.decode_without_bom_handling(body).0,
            Encoding::Windows1252,
        )),
        "UTF-16" | "UTF-16LE" | "UTF-16BE" => Err(contradicts(0)),
        _ => Err(RefusedFile::EncodingNotAllowed {
            file: file.to_owned(),
            declared,
        }),
    }
}

fn over(file: &str, limit: Limit) -> RefusedFile {
    RefusedFile::OverLimit {
        file: file.to_owned(),
        limit,
    }
}

fn declared_encoding(start: &[u8]) -> Option<String> {
    let start: String = start.iter().map(|&byte| char::from(byte)).collect();
    let declaration = start.trim_start().strip_prefix("<?xml")?;
    let declaration = declaration.split("?>").next()?;
    let value = declaration
        .split("encoding")
        .nth(1)?
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
}

/// Checks the bounds, then builds the tree.
pub(crate) fn parse<'a>(file: &str, text: &'a str) -> Result<Document<'a>, RefusedFile> {
    scan(file, text)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: ELEMENTS,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => over(file, Limit::XmlElements),
        roxmltree::Error::DtdDetected => RefusedFile::DocumentType {
            file: file.to_owned(),
            line: error.pos().row,
        },
        _ => not_well_formed(
            file,
            text,
            error.pos().row,
            error.pos().col,
            plain_reason(&error),
        ),
    })
}

/// A small part of a workbook; `None` if anything about it is unusual.
pub(crate) fn parse_part(text: &str) -> Option<Document<'_>> {
    parse("", text.trim_start_matches('\u{FEFF}')).ok()
}

fn plain_reason(error: &roxmltree::Error) -> String {
    use roxmltree::Error as E;
    match error {
        E::UnexpectedCloseTag(expected, found, _) => {
            format!("“{found}” is closed where “{expected}” is open")
        }
        E::UnknownEntityReference(name, _) => {
            format!("the entity “{name}” is not one of the five that are allowed")
        }
        E::MalformedEntityReference(_) => "an ampersand stands alone".to_owned(),
        E::UnexpectedEndOfStream | E::UnclosedRootNode => "the file ends in the middle".to_owned(),
        E::DuplicatedAttribute(name, _) => format!("the attribute “{name}” stands twice"),
        _ => "it is not well-formed XML".to_owned(),
    }
}

fn not_well_formed(file: &str, text: &str, line: u32, column: u32, reason: String) -> RefusedFile {
    let complete = text.matches("</Pupil>").count();
    // The tree builder names no place for a file that ends early: it is the end.
    let (line, column) = if reason.starts_with("the file ends") {
        let last = text.rsplit('\n').next().unwrap_or(text);
        (
            text::line_of(text.as_bytes()),
            last.chars().count() as u32 + 1,
        )
    } else {
        (line, column)
    };
    RefusedFile::NotWellFormed {
        file: file.to_owned(),
        line,
        column,
        reason,
        complete: complete as u32,
    }
}

/// One linear pass that enforces every bound, so that nothing hostile reaches the tree builder.
fn scan(file: &str, text: &str) -> Result<(), RefusedFile> {
    let bytes = text.as_bytes();
    let ended = || not_well_formed(file, text, 0, 0, "the file ends in the middle".to_owned());
    let (mut at, mut depth) = (0, 0usize);
    loop {
        let Some(length) = memchr::memchr(b'<', &bytes[at..]) else {
            return if bytes.len() - at > TEXT {
                Err(over(file, Limit::XmlText))
            } else {
                Ok(())
            };
        };
        if length > TEXT {
            return Err(over(file, Limit::XmlText));
        }
        at += length;
        let rest = &bytes[at..];
        let skip_to = |end: &[u8]| {
            let found = memchr::memmem::find(rest, end).ok_or_else(ended)?;
            if found > TEXT {
                Err(over(file, Limit::XmlText))
            } else {
                Ok(found + end.len())
            }
        };
        if rest.starts_with(b"<!--") {
            at += skip_to(b"-->")?;
        } else if rest.starts_with(b"<![CDATA[") {
            at += skip_to(b"]]>")?;
        } else if rest.starts_with(b"<?") {
            at += skip_to(b"?>")?;
        } else if rest.starts_with(b"<!") {
            return Err(RefusedFile::DocumentType {
                file: file.to_owned(),
                line: text::line_of(&bytes[..at]),
            });
        } else {
            let (length, attributes) = tag(rest).ok_or_else(ended)?;
            if length > TEXT || attributes > ATTRIBUTES {
                return Err(over(file, Limit::XmlText));
            }
            if rest.starts_with(b"</") {
                depth = depth.saturating_sub(1);
            } else if rest[length - 2] != b'/' {
                depth += 1;
            }
            if depth > DEPTH {
                return Err(over(file, Limit::XmlDepth));
            }
            at += length;
        }
    }
}

/// Length of a tag with its brackets, and how many attributes it has; quotes may hold `>`.
fn tag(rest: &[u8]) -> Option<(usize, usize)> {
    let mut quote = None;
    let mut attributes = 0;
    for (at, &byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => return Some((at + 1, attributes)),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_type_is_refused_wherever_it_stands() {
        let refused =
            parse("f", "<?xml version=\"1.0\"?>\n<!DOCTYPE a>\n<a/>").expect_err("a document type");
        assert_eq!(
            refused,
            RefusedFile::DocumentType {
                file: "f".into(),
                line: 2
            }
        );
    }

    #[test]
    fn deep_nesting_long_texts_and_many_attributes_are_over_the_limits() {
        let deep = "<a>".repeat(65);
        let limit = |text: &str| match parse("f", text) {
            Err(RefusedFile::OverLimit { limit, .. }) => Some(limit),
            _ => None,
        };
        assert_eq!(limit(&deep), Some(Limit::XmlDepth));
        assert_eq!(
            limit(&format!("<a>{}</a>", "x".repeat(TEXT + 1))),
            Some(Limit::XmlText)
        );
        assert_eq!(
            limit(&format!("<a {}/>", "b='' ".repeat(65))),
            Some(Limit::XmlText)
        );
        assert_eq!(
            limit(&"<a><b/></a>".replace("<b/>", &"<b/>".repeat(10))),
            None
        );
    }

    #[test]
    fn a_file_cut_short_says_where_and_after_how_many_pupils() {
        let refused = parse("f", "<r>\n<Pupil></Pupil>\n<Pupil><S").expect_err("cut short");
        let RefusedFile::NotWellFormed { line, complete, .. } = refused else {
            panic!("{refused}");
        };
        assert_eq!((line, complete), (3, 1));
    }
}
