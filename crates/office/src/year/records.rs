//! The tables of the school year and of settings.

use store::{Column, Kind, Shape, Table};

/// Half-terms: the runs of days on which the school may be open.
pub static TERM: Table = Table {
    name: "term",
    id: &[Column::new("term_id", Kind::Int)],
    columns: &[
        Column::new("first_year", Kind::Int),
        Column::new("name", Kind::Text),
        Column::new("first_day", Kind::Day),
        Column::new("last_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Days that are not as the terms would have them: INSET, closures, extra days.
pub static DAY_EXCEPTION: Table = Table {
    name: "day_exception",
    id: &[Column::new("on_date", Kind::Day)],
    columns: &[
        Column::new("kind", Kind::Text),
        Column::new("reason", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// What the school has decided, each from a day on.
pub static SETTING: Table = Table {
    name: "setting",
    id: &[
        Column::new("name", Kind::Text),
        Column::new("from_day", Kind::Day),
    ],
    columns: &[Column::new("value", Kind::Text)],
    shape: Shape::Versions,
};
