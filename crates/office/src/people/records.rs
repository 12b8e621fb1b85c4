//! The tables of the people who sign in.

use store::{Column, Kind, Shape, Table};

/// Roles of the access matrix held by accounts at a school.
pub static ROLE_GRANT: Table = Table {
    name: "role_grant",
    id: &[Column::new("grant_id", Kind::Int)],
    columns: &[
        Column::new("account_id", Kind::Int),
        Column::new("role", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Visits of inspectors of the registers.
pub static INSPECTION: Table = Table {
    name: "inspection",
    id: &[Column::new("inspection_id", Kind::Int)],
    columns: &[
        Column::new("account_id", Kind::Int),
        Column::new("name", Kind::Text),
        Column::new("body", Kind::Text),
        Column::new("first_day", Kind::Day),
        Column::new("last_day", Kind::Day),
        Column::new("reason", Kind::Text),
        Column::nullable("ended_reason", Kind::Text),
        Column::new("grant_id", Kind::Int),
    ],
    shape: Shape::Versions,
};
