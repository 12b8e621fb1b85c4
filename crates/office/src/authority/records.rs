//! The table of legal targets.

use store::{Column, Kind, Shape, Table};

/// A notice, a target or proceedings in which a pupil stands, with the days on which it holds.
pub static LEGAL_TARGET: Table = Table {
    name: "legal_target",
    id: &[Column::new("target_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
        Column::nullable("caseworker", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};
