//! Lists of people and of the journal as files to take away: the rows that the screen shows.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use exchange::{Audience, Cell, Sheet, csv, xlsx};

use super::Actor;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Csv,
    Workbook,
}

impl FileKind {
    /// The kind that a query asks for, if it asks for one.
    pub(super) fn of(format: &str) -> Option<FileKind> {
        match format {
            "csv" => Some(FileKind::Csv),
            "xlsx" => Some(FileKind::Workbook),
            _ => None,
        }
    }
}

/// A list with its headings; every cell is text.
pub(super) struct List {
    /// The kind of list, in the file's name.
    pub title: &'static str,
    pub headings: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// The list as a file named after its kind and the day; who made it stands in a workbook's second sheet.
pub(super) fn file(list: &List, kind: FileKind, actor: &Actor, today: Day) -> Response {
    let mut sheet = Sheet::new(list.title);
    for heading in &list.headings {
        sheet.text_column(heading);
    }
    sheet.about = [
        ("List", list.title.to_owned()),
        ("Made on", today.long()),
        ("Made by", format!("{}, {}", actor.name, actor.job_title)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    sheet.rows = list
        .rows
        .iter()
        .map(|row| row.iter().map(|text| Cell::text(text)).collect())
        .collect();
    let (bytes, kind, ending) = match kind {
        FileKind::Csv => (
            Ok(csv(&sheet, Audience::People)),
            "text/csv; charset=utf-8",
            "csv",
        ),
        FileKind::Workbook => (
            xlsx(&sheet, today),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
        ),
    };
    match bytes {
        Ok(bytes) => {
            let name = list.title.to_lowercase().replace(' ', "-");
            let disposition = format!("attachment; filename=\"{name}-{today}.{ending}\"");
            let disposition = HeaderValue::from_str(&disposition)
                .expect("a name of letters, digits and hyphens is a header");
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
                (header::CONTENT_DISPOSITION, disposition),
            ];
            (headers, bytes).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a list could not be written as a workbook");
            let words = "The list could not be written as a workbook. Take the CSV instead.";
            (StatusCode::INTERNAL_SERVER_ERROR, words).into_response()
        }
    }
}
