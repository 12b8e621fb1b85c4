//! The journalled table of this folder.

use store::{Column, Kind, Shape, Table};

/// Attendance at other schools, kept apart from our own register (I-097).
pub static PRIOR_ATTENDANCE: Table = Table {
    name: "prior_attendance",
    id: &[Column::new("prior_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::nullable("first_year", Kind::Int),
        Column::nullable("school", Kind::Text),
        Column::nullable("school_name", Kind::Text),
        Column::nullable("possible", Kind::Int),
        Column::nullable("attended", Kind::Int),
        Column::nullable("authorised", Kind::Int),
        Column::nullable("unauthorised", Kind::Int),
        Column::nullable("marks_from", Kind::Day),
        Column::new("marks", Kind::Text),
    ],
    shape: Shape::Versions,
};
