//! The tables of the door.

use store::{Column, Kind, Shape, Table};

/// Who came to the late door, when, and what became of it in the register.
pub static ARRIVAL: Table = Table {
    name: "arrival",
    id: &[Column::new("arrival_id", Kind::Int)],
    columns: &[
        Column::new("arrival_key", Kind::Text),
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
        Column::new("arrived_at", Kind::Instant),
        Column::new("came_at", Kind::Instant),
        Column::nullable("device_at", Kind::Instant),
        Column::nullable("code", Kind::Text),
        Column::nullable("minutes_late", Kind::Int),
        Column::new("outcome", Kind::Text),
        Column::nullable("said", Kind::Text),
        Column::nullable("before_code", Kind::Text),
        Column::nullable("mark_seq", Kind::Int),
        Column::nullable("reason", Kind::Text),
        Column::new("counts", Kind::Bool),
        Column::nullable("came_with", Kind::Text),
        Column::new("account_id", Kind::Int),
        Column::nullable("undone_because", Kind::Text),
    ],
    shape: Shape::Versions,
};
