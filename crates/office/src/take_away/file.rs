//! A list as the bytes of a file.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use exchange::{Audience, csv, xlsx};

use super::{Body, Leaving};
use crate::desk::{Office, Refusal};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// For spreadsheets and text editors.
    Csv,
    /// A workbook.
    Xlsx,
    /// A document to read and to print.
    Pdf,
}

impl FileKind {
    /// The kind of this word, if it is one.
    pub(super) fn of(word: &str) -> Option<FileKind> {
        match word {
            "csv" => Some(FileKind::Csv),
            "xlsx" => Some(FileKind::Xlsx),
            "pdf" => Some(FileKind::Pdf),
            _ => None,
        }
    }

    /// The word in addresses and the ending of a file's name.
    pub(super) fn word(self) -> &'static str {
        match self {
            FileKind::Csv => "csv",
            FileKind::Xlsx => "xlsx",
            FileKind::Pdf => "pdf",
        }
    }

    /// As people call it.
    pub(super) fn label(self) -> &'static str {
        match self {
            FileKind::Csv => "CSV",
            FileKind::Xlsx => "Excel file",
            FileKind::Pdf => "PDF",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            FileKind::Csv => "text/csv; charset=utf-8",
            FileKind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            FileKind::Pdf => "application/pdf",
        }
    }
}

/// A file, ready to be sent.
pub(super) struct File {
    name: String,
    content_type: &'static str,
    bytes: Vec<u8>,
}

/// Writes what leaves as a file whose name has school, kind of list and day, and no pupil (I-038).
///
/// Errors: more rows than a workbook holds; a document that cannot be printed; another kind of file than it comes as.
pub(super) fn written(
    office: &Office,
    leaving: &Leaving,
    kind: FileKind,
    school: &str,
) -> Result<File, Refusal> {
    let day = leaving.day;
    let bytes = match (&leaving.body, kind) {
        (Body::Rows(sheet), FileKind::Csv) => csv(sheet, Audience::People),
        (Body::Rows(sheet), FileKind::Xlsx) => xlsx(sheet, day).map_err(|error| {
            tracing::error!(%error, "a list could not be written as a workbook");
            let ground = "The list could not be written as a workbook. Take the CSV instead.";
            Refusal::Wrong(ground.to_owned())
        })?,
        (Body::Printed(paper, _), FileKind::Pdf) => office.print(paper)?,
        (Body::Kept(_, own, bytes), kind) if *own == kind => bytes.clone(),
        _ => return Err(Refusal::NotFound),
    };
    let (school, title) = (plain(school), plain(leaving.title()));
    Ok(File {
        name: format!("{school}-{title}-{day}.{}", kind.word()),
        content_type: kind.content_type(),
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
