//! The tables of the timetable.

use store::{Column, Kind, Shape, Table};

/// The school's periods: each entry holds from its day until the period's next entry or its last day.
pub static LESSON_PERIOD: Table = Table {
    name: "lesson_period",
    id: &[
        Column::new("period_id", Kind::Int),
        Column::new("from_day", Kind::Day),
    ],
    columns: &[
        Column::nullable("to_day", Kind::Day),
        Column::new("name", Kind::Text),
        Column::nullable("session", Kind::Int),
        Column::new("starts", Kind::Text),
        Column::new("ends", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// The times of a period on one day alone.
pub static DAY_PERIOD: Table = Table {
    name: "day_period",
    id: &[
        Column::new("on_date", Kind::Day),
        Column::new("period_id", Kind::Int),
    ],
    columns: &[
        Column::nullable("session", Kind::Int),
        Column::nullable("starts", Kind::Text),
        Column::nullable("ends", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Rooms.
pub static ROOM: Table = Table {
    name: "room",
    id: &[Column::new("room_id", Kind::Int)],
    columns: &[Column::new("name", Kind::Text)],
    shape: Shape::Versions,
};

/// Lessons: a group in a period of a weekday, from a day to a day.
pub static LESSON: Table = Table {
    name: "lesson",
    id: &[Column::new("lesson_id", Kind::Int)],
    columns: &[
        Column::new("group_id", Kind::Int),
        Column::nullable("room_id", Kind::Int),
        Column::nullable("week", Kind::Int),
        Column::new("weekday", Kind::Int),
        Column::new("period_id", Kind::Int),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// What runs instead of lessons, from a day to a day.
pub static OFF_TIMETABLE: Table = Table {
    name: "off_timetable",
    id: &[Column::new("off_id", Kind::Int)],
    columns: &[
        Column::new("from_day", Kind::Day),
        Column::new("to_day", Kind::Day),
        Column::nullable("group_id", Kind::Int),
        Column::nullable("period_id", Kind::Int),
        Column::new("what", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Who teaches a lesson that is not simply taught by whoever has the group.
pub static LESSON_STAFF: Table = Table {
    name: "lesson_staff",
    id: &[
        Column::new("lesson_id", Kind::Int),
        Column::new("staff_id", Kind::Int),
    ],
    columns: &[Column::new("place", Kind::Int)],
    shape: Shape::Versions,
};
