//! The tables of the attendance register, of plans for it, and of lesson registers.

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
        Column::nullable("sub_code", Kind::Text),
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

/// What devices could not send in time, and what the office decided about it.
pub static LATE_MARK: Table = Table {
    name: "late_mark",
    id: &[Column::new("late_id", Kind::Int)],
    columns: &[
        Column::new("group_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
        Column::nullable("code", Kind::Text),
        Column::nullable("minutes_late", Kind::Int),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
        Column::nullable("device_at", Kind::Instant),
        Column::new("made_at", Kind::Instant),
        Column::new("arrived_at", Kind::Instant),
        Column::new("state", Kind::Text),
        Column::nullable("decided_because", Kind::Text),
        Column::nullable("sub_code", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// What is known ahead about pupils' sessions.
pub static PLAN: Table = Table {
    name: "plan",
    id: &[Column::new("plan_id", Kind::Int)],
    columns: &[
        Column::new("set_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("code", Kind::Text),
        Column::new("first_day", Kind::Day),
        Column::new("last_day", Kind::Day),
        Column::new("sessions", Kind::Text),
        Column::new("reason", Kind::Text),
        Column::nullable("place", Kind::Text),
        Column::nullable("supervisor", Kind::Text),
        Column::nullable("evidence", Kind::Text),
        Column::nullable("decided_on", Kind::Day),
        Column::new("decided_by", Kind::Text),
        Column::nullable("agreed_on", Kind::Day),
        Column::nullable("agreed_with", Kind::Text),
        Column::nullable("review_on", Kind::Day),
        Column::nullable("change_reason", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Marks that do not agree with a plan, where a person found that both are right.
pub static SETTLED_DRIFT: Table = Table {
    name: "settled_drift",
    id: &[Column::new("drift_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("plan_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
        Column::new("code", Kind::Text),
        Column::new("found", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Every entry ever made in a lesson register.
pub static LESSON_MARK: Table = Table {
    name: "lesson_mark",
    id: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("period_id", Kind::Int),
    ],
    columns: &[
        Column::new("group_id", Kind::Int),
        Column::nullable("mark", Kind::Text),
        Column::nullable("minutes_late", Kind::Int),
        Column::nullable("note", Kind::Text),
        Column::nullable("reason", Kind::Text),
        Column::new("source", Kind::Text),
        Column::nullable("device_at", Kind::Instant),
    ],
    shape: Shape::Log,
};

/// Which lesson registers were taken, when and by whom.
pub static LESSON_TAKEN: Table = Table {
    name: "lesson_taken",
    id: &[
        Column::new("group_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("period_id", Kind::Int),
    ],
    columns: &[
        Column::new("taken_at", Kind::Instant),
        Column::new("account_id", Kind::Int),
        Column::nullable("on_behalf_of", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Who takes one lesson in place of whoever teaches it.
pub static LESSON_COVER: Table = Table {
    name: "lesson_cover",
    id: &[
        Column::new("group_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("period_id", Kind::Int),
    ],
    columns: &[Column::new("staff_id", Kind::Int)],
    shape: Shape::Versions,
};

/// Marks of lessons that devices could not send in time, and what the office decided about them.
pub static LATE_LESSON_MARK: Table = Table {
    name: "late_lesson_mark",
    id: &[Column::new("late_id", Kind::Int)],
    columns: &[
        Column::nullable("group_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::nullable("period_id", Kind::Int),
        Column::nullable("exam_id", Kind::Int),
        Column::nullable("room_id", Kind::Int),
        Column::nullable("mark", Kind::Text),
        Column::nullable("minutes_late", Kind::Int),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
        Column::nullable("device_at", Kind::Instant),
        Column::new("made_at", Kind::Instant),
        Column::new("arrived_at", Kind::Instant),
        Column::new("state", Kind::Text),
        Column::nullable("decided_because", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Sittings of examinations.
pub static EXAM: Table = Table {
    name: "exam",
    id: &[Column::new("exam_id", Kind::Int)],
    columns: &[
        Column::new("on_date", Kind::Day),
        Column::new("title", Kind::Text),
        Column::new("starts", Kind::Text),
        Column::new("ends", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// The rooms of a sitting and who invigilates.
pub static EXAM_ROOM: Table = Table {
    name: "exam_room",
    id: &[
        Column::new("exam_id", Kind::Int),
        Column::new("room_id", Kind::Int),
    ],
    columns: &[Column::nullable("staff_id", Kind::Int)],
    shape: Shape::Versions,
};

/// Who sits where.
pub static EXAM_SEAT: Table = Table {
    name: "exam_seat",
    id: &[
        Column::new("exam_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
    ],
    columns: &[
        Column::new("room_id", Kind::Int),
        Column::new("seat", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Every call about a candidate before a sitting and at its start, with what came of it.
pub static EXAM_CONTACT: Table = Table {
    name: "exam_contact",
    id: &[
        Column::new("exam_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
    ],
    columns: &[
        Column::new("step", Kind::Text),
        Column::new("outcome", Kind::Text),
        Column::nullable("note", Kind::Text),
    ],
    shape: Shape::Log,
};

/// Every entry ever made in the register of a sitting.
pub static EXAM_MARK: Table = Table {
    name: "exam_mark",
    id: &[
        Column::new("exam_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
    ],
    columns: &[
        Column::new("room_id", Kind::Int),
        Column::nullable("mark", Kind::Text),
        Column::nullable("minutes_late", Kind::Int),
        Column::nullable("note", Kind::Text),
        Column::nullable("reason", Kind::Text),
        Column::new("source", Kind::Text),
        Column::nullable("device_at", Kind::Instant),
    ],
    shape: Shape::Log,
};

/// Which rooms' registers of a sitting were taken, when and by whom.
pub static EXAM_TAKEN: Table = Table {
    name: "exam_taken",
    id: &[
        Column::new("exam_id", Kind::Int),
        Column::new("room_id", Kind::Int),
    ],
    columns: &[
        Column::new("taken_at", Kind::Instant),
        Column::new("account_id", Kind::Int),
        Column::nullable("on_behalf_of", Kind::Text),
    ],
    shape: Shape::Versions,
};
