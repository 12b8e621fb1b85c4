//! The journalled tables of this folder.

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

/// What was decided of records that no identifier could place (I-032), by what their identity comes to.
pub static SETTLED_RECORD: Table = Table {
    name: "settled_record",
    id: &[
        Column::new("record_kind", Kind::Text),
        Column::new("fingerprint", Kind::Text),
    ],
    columns: &[
        Column::new("verdict", Kind::Text),
        Column::nullable("record_id", Kind::Int),
        Column::new("reason", Kind::Text),
        Column::new("label", Kind::Text),
        Column::new("import_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// What a school answered for files with these headings, offered for the next one (I-012).
pub static IMPORT_PROFILE: Table = Table {
    name: "import_profile",
    id: &[Column::new("fingerprint", Kind::Text)],
    columns: &[
        Column::new("name", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("answers", Kind::Text),
    ],
    shape: Shape::Versions,
};
