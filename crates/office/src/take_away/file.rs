//! A list as the bytes of a file.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use exchange::{Audience, csv, xlsx};

use super::Leaving;
use crate::desk::Refusal;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// For spreadsheets and text editors.
    Csv,
    /// A workbook.
    Xlsx,
}

impl FileKind {
    /// The kind of this word, if it is one.
    pub(super) fn of(word: &str) -> Option<FileKind> {
        match word {
            "csv" => Some(FileKind::Csv),
            "xlsx" => Some(FileKind::Xlsx),
            _ => None,
        }
    }

    /// The word in addresses and the ending of a file's name.
    pub(super) fn word(self) -> &'static str {
        match self {
            FileKind::Csv => "csv",
            FileKind::Xlsx => "xlsx",
        }
    }

    /// As people call it.
    pub(super) fn label(self) -> &'static str {
        match self {
            FileKind::Csv => "CSV",
            FileKind::Xlsx => "Excel file",
        }
    }
}

/// A file, ready to be sent.
pub(super) struct File {
    name: String,
    content_type: &'static str,
    bytes: Vec<u8>,
}

/// Writes a list as a file whose name has school, kind of list and day, and no pupil (I-038).
///
/// Errors: more rows than a workbook holds.
pub(super) fn written(leaving: &Leaving, kind: FileKind, school: &str) -> Result<File, Refusal> {
    let (sheet, day) = (&leaving.sheet, leaving.day);
    let (bytes, content_type) = match kind {
        FileKind::Csv => (csv(sheet, Audience::People), "text/csv; charset=utf-8"),
        FileKind::Xlsx => {
            let written = xlsx(sheet, day).map_err(|error| {
                tracing::error!(%error, "a list could not be written as a workbook");
                let ground = "The list could not be written as a workbook. Take the CSV instead.";
                Refusal::Wrong(ground.to_owned())
            })?;
            let of_workbooks = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            (written, of_workbooks)
        }
    };
    let (school, title) = (plain(school), plain(&sheet.title));
    Ok(File {
        name: format!("{school}-{title}-{day}.{}", kind.word()),
        content_type,
        bytes,
    })
}

impl IntoResponse for File {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        let disposition = HeaderValue::from_str(&disposition)
            .expect("a name of letters, digits and hyphens is a header");
        let content_type = HeaderValue::from_static(self.content_type);
        let headers = [
            (header::CONTENT_TYPE, content_type),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        (headers, self.bytes).into_response()
    }
}

/// Small letters, digits and hyphens of a text.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in crate::book::fold(text).chars() {
        if c.is_ascii_alphanumeric() {
            plain.push(c);
        } else if !plain.ends_with('-') && !plain.is_empty() {
            plain.push('-');
        }
    }
    plain.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_is_named_plainly_in_a_file() {
        assert_eq!(plain("St Zoë’s C.E. School"), "st-zoe-s-c-e-school");
    }
}
