//! The table of changes to many marks.

use store::{Column, Kind, Shape, Table};

/// A change to many marks by one act. Its marks are the entries of the register that carry the number of that act.
pub static MARK_SET: Table = Table {
    name: "mark_set",
    id: &[Column::new("set_id", Kind::Int)],
    columns: &[
        Column::new("kind", Kind::Text),
        Column::new("whom", Kind::Text),
        Column::nullable("code", Kind::Text),
        Column::new("first_day", Kind::Day),
        Column::new("last_day", Kind::Day),
        Column::new("marks", Kind::Int),
        Column::new("pupils", Kind::Int),
        Column::new("reason", Kind::Text),
        Column::nullable("undoes", Kind::Int),
    ],
    shape: Shape::Versions,
};
