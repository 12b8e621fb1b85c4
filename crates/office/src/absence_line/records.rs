//! The tables of the absence line.

use store::{Column, Kind, Shape, Table};

/// What a family told about an absence, and what became of it.
pub static ABSENCE_REPORT: Table = Table {
    name: "absence_report",
    id: &[Column::new("report_id", Kind::Int)],
    columns: &[
        Column::new("channel", Kind::Text),
        Column::new("received_at", Kind::Instant),
        Column::nullable("taken_by", Kind::Int),
        Column::new("from_name", Kind::Text),
        Column::nullable("from_address", Kind::Text),
        Column::nullable("contact_id", Kind::Int),
        Column::new("said", Kind::Text),
        Column::nullable("pupil_id", Kind::Int),
        Column::new("first_day", Kind::Day),
        Column::new("last_day", Kind::Day),
        Column::nullable("session", Kind::Int),
        Column::nullable("code", Kind::Text),
        Column::new("why", Kind::Text),
        Column::new("state", Kind::Text),
        Column::nullable("ground", Kind::Text),
        Column::nullable("set_id", Kind::Int),
        Column::nullable("decided_by", Kind::Int),
        Column::nullable("source_key", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// The links by which a contact tells of an absence: one that the office made, and those that came with messages.
pub static ABSENCE_LINK: Table = Table {
    name: "absence_link",
    id: &[Column::new("link_id", Kind::Int)],
    columns: &[
        Column::new("contact_id", Kind::Int),
        Column::new("token_hash", Kind::Bytes),
        Column::new("ends_on", Kind::Day),
        Column::new("made_for", Kind::Text),
    ],
    shape: Shape::Versions,
};
