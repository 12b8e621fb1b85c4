//! The tables of concerns.

use store::{Column, Kind, Shape, Table};

/// Concerns, as they were handed over.
pub static CONCERN: Table = Table {
    name: "concern",
    id: &[Column::new("concern_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("account_id", Kind::Int),
        Column::new("raised_at", Kind::Instant),
        Column::new("holds", Kind::Bool),
        Column::new("sealed", Kind::Bytes),
    ],
    shape: Shape::Log,
};

/// What happened to concerns.
pub static CONCERN_STEP: Table = Table {
    name: "concern_step",
    id: &[Column::new("step_id", Kind::Int)],
    columns: &[
        Column::new("concern_id", Kind::Int),
        Column::new("step", Kind::Text),
        Column::new("account_id", Kind::Int),
        Column::new("made_at", Kind::Instant),
        Column::new("sealed", Kind::Bytes),
    ],
    shape: Shape::Log,
};

/// Whom the safeguarding team named to read a concern.
pub static CONCERN_READER: Table = Table {
    name: "concern_reader",
    id: &[
        Column::new("concern_id", Kind::Int),
        Column::new("account_id", Kind::Int),
    ],
    columns: &[
        Column::new("named_by", Kind::Int),
        Column::new("named_at", Kind::Instant),
    ],
    shape: Shape::Versions,
};

/// Who read a concern.
pub static CONCERN_LOOK: Table = Table {
    name: "concern_look",
    id: &[Column::new("look_id", Kind::Int)],
    columns: &[
        Column::new("concern_id", Kind::Int),
        Column::new("account_id", Kind::Int),
        Column::new("looked_at", Kind::Instant),
    ],
    shape: Shape::Log,
};
