//! The journalled tables of sealed copies. The bytes of their files lie in `sealed_content`, outside the journal, which keeps
//! their digests.

use store::{Column, Kind, Shape, Table};

/// Copies: of which month, and where the journal stood.
pub static SEALED_COPY: Table = Table {
    name: "sealed_copy",
    id: &[Column::new("copy_id", Kind::Int)],
    columns: &[
        Column::new("month", Kind::Day),
        Column::new("head_seq", Kind::Int),
        Column::new("head_hash", Kind::Text),
        Column::new("read_at", Kind::Instant),
        Column::new("pupil_count", Kind::Int),
        Column::new("mark_count", Kind::Int),
    ],
    shape: Shape::Log,
};

/// The files of a copy with their digests.
pub static SEALED_FILE: Table = Table {
    name: "sealed_file",
    id: &[
        Column::new("copy_id", Kind::Int),
        Column::new("name", Kind::Text),
    ],
    columns: &[
        Column::new("sha256", Kind::Text),
        Column::new("byte_count", Kind::Int),
    ],
    shape: Shape::Log,
};
