//! Lists as files to take away: the same rows as on the screen, for every folder alike (I-110, I-111).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use exchange::{Audience, Cell, Sheet, csv, xlsx};

use crate::people::Actor;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// For spreadsheets and text editors.
    Csv,
    /// A workbook.
    Xlsx,
}

impl FileKind {
    /// The kind that a query asks for, if it asks for one.
    pub(crate) fn of(format: &str) -> Option<FileKind> {
        match format {
            "csv" => Some(FileKind::Csv),
            "xlsx" => Some(FileKind::Xlsx),
            _ => None,
        }
    }
}

/// An empty sheet that says whose list it is, who made it and when.
pub(crate) fn sheet(
    title: &str,
    school: &str,
    actor: &Actor,
    today: Day,
    headings: &[&str],
) -> Sheet {
    let mut sheet = Sheet::new(title);
    for heading in headings {
        sheet.text_column(heading);
    }
    sheet.about = [
        ("School", school.to_owned()),
        ("List", title.to_owned()),
        ("Made on", today.long()),
        ("Made by", format!("{}, {}", actor.name, actor.job_title)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    sheet
}

/// Rows of plain texts under the headings of their sheet.
pub(crate) fn texts(sheet: Sheet, rows: Vec<Vec<String>>) -> Sheet {
    let rows = rows
        .iter()
        .map(|row| row.iter().map(|text| Cell::text(text)).collect())
        .collect();
    Sheet { rows, ..sheet }
}

/// The file, to be saved under a name of school, kind of list and day, and of no pupil (I-038).
pub(crate) fn file(sheet: &Sheet, kind: FileKind, school: &str, today: Day) -> Response {
    let (bytes, content_type, ending) = match kind {
        FileKind::Csv => (
            Ok(csv(sheet, Audience::People)),
            "text/csv; charset=utf-8",
            "csv",
        ),
        FileKind::Xlsx => (
            xlsx(sheet, today),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
        ),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(%error, "a list could not be written as a file");
            let words = "The list could not be written as a workbook. Take the CSV instead.";
            return (StatusCode::INTERNAL_SERVER_ERROR, words).into_response();
        }
    };
    let name = format!("{}-{}-{today}.{ending}", plain(school), plain(&sheet.title));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .expect("a name of letters, digits and hyphens is a header");
    (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response()
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
