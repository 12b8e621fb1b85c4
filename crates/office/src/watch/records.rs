//! The tables of early calls and clinics.

use store::{Column, Kind, Shape, Table};

/// Pupils whose homes are rung before the day begins.
pub static EARLY_WATCH: Table = Table {
    name: "early_watch",
    id: &[Column::new("watch_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("ground", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Clinics: when families come, and to whom.
pub static CLINIC: Table = Table {
    name: "clinic",
    id: &[Column::new("clinic_id", Kind::Int)],
    columns: &[
        Column::new("on_date", Kind::Day),
        Column::new("starts", Kind::Text),
        Column::new("minutes", Kind::Int),
        Column::new("places", Kind::Int),
        Column::nullable("room", Kind::Text),
        Column::new("held_by", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// A family in a place of a clinic, and what came of it.
pub static CLINIC_PLACE: Table = Table {
    name: "clinic_place",
    id: &[Column::new("place_id", Kind::Int)],
    columns: &[
        Column::new("clinic_id", Kind::Int),
        Column::new("number", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::nullable("contact_id", Kind::Int),
        Column::new("with_whom", Kind::Text),
        Column::nullable("about", Kind::Text),
        Column::nullable("came", Kind::Bool),
        Column::nullable("said", Kind::Text),
        Column::nullable("promise", Kind::Text),
        Column::nullable("promised_on", Kind::Day),
        Column::nullable("review_on", Kind::Day),
        Column::nullable("called_off", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};
