//! The tables of evidence. The bytes lie beside them, sealed, and never in the journal.

use store::{Column, Kind, Shape, Table};

/// A file that a family or a colleague gave.
pub static EVIDENCE_FILE: Table = Table {
    name: "evidence_file",
    id: &[Column::new("evidence_id", Kind::Int)],
    columns: &[
        Column::nullable("pupil_id", Kind::Int),
        Column::nullable("report_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("byte_count", Kind::Int),
        Column::new("sha256", Kind::Text),
        Column::new("given_by", Kind::Text),
        Column::nullable("account_id", Kind::Int),
        Column::new("words", Kind::Text),
        Column::new("about_day", Kind::Day),
        Column::new("came_at", Kind::Instant),
        Column::nullable("withdrawn", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// That evidence is asked for of a pupil, with its ground, its review and its end.
pub static EVIDENCE_REQUEST: Table = Table {
    name: "evidence_request",
    id: &[Column::new("request_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("ground", Kind::Text),
        Column::new("why", Kind::Text),
        Column::new("decided_by", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::new("review_on", Kind::Day),
        Column::nullable("ended_on", Kind::Day),
        Column::nullable("ended_because", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// What the scanner found in a file.
pub static EVIDENCE_SCAN: Table = Table {
    name: "evidence_scan",
    id: &[Column::new("evidence_id", Kind::Int)],
    columns: &[
        Column::new("verdict", Kind::Text),
        Column::nullable("found", Kind::Text),
        Column::new("scanned_at", Kind::Instant),
    ],
    shape: Shape::Log,
};
