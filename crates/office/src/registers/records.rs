//! The tables of the attendance register.

use store::{Column, Kind, Shape, Table};

/// Every entry ever made in the register.
pub static MARK_VERSION: Table = Table {
    name: "mark_version",
    id: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
    ],
    columns: &[
        Column::nullable("code", Kind::Text),
        Column::nullable("minutes_late", Kind::Int),
        Column::nullable("arrived_at", Kind::Instant),
        Column::nullable("note", Kind::Text),
        Column::nullable("reason", Kind::Text),
        Column::new("source", Kind::Text),
        Column::nullable("device_at", Kind::Instant),
    ],
    shape: Shape::Log,
};

/// Which registers were taken, when and by whom.
pub static REGISTER_TAKEN: Table = Table {
    name: "register_taken",
    id: &[
        Column::new("group_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
    ],
    columns: &[
        Column::new("taken_at", Kind::Instant),
        Column::new("account_id", Kind::Int),
        Column::nullable("on_behalf_of", Kind::Text),
    ],
    shape: Shape::Versions,
};
