//! The journalled tables of what left as a file.

use store::{Column, Kind, Shape, Table};

/// Lists that were taken away: by whom, what, how many rows and pupils, why.
pub static EXPORT: Table = Table {
    name: "export",
    id: &[Column::new("export_id", Kind::Int)],
    columns: &[
        Column::new("account_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("title", Kind::Text),
        Column::new("address", Kind::Text),
        Column::new("format", Kind::Text),
        Column::new("columns", Kind::Text),
        Column::new("row_count", Kind::Int),
        Column::new("pupil_count", Kind::Int),
        Column::nullable("reason", Kind::Text),
    ],
    shape: Shape::Log,
};

/// The pupils whom such a list names.
pub static EXPORT_PUPIL: Table = Table {
    name: "export_pupil",
    id: &[
        Column::new("export_id", Kind::Int),
        Column::new("pupil_id", Kind::Int),
    ],
    columns: &[],
    shape: Shape::Log,
};
