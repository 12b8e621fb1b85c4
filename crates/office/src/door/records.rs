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
        Column::nullable("kiosk_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Kiosks at entrances.
pub static KIOSK: Table = Table {
    name: "kiosk",
    id: &[Column::new("kiosk_id", Kind::Int)],
    columns: &[
        Column::new("place", Kind::Text),
        Column::new("token_hash", Kind::Bytes),
        Column::new("began_at", Kind::Instant),
        Column::nullable("ends_at", Kind::Instant),
        Column::new("started_by", Kind::Int),
        Column::nullable("ended_at", Kind::Instant),
        Column::nullable("ended_by", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Pupils who left the site without leave.
pub static LEFT_SITE: Table = Table {
    name: "left_site",
    id: &[Column::new("left_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("left_at", Kind::Instant),
        Column::new("from_where", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// What was done about them.
pub static LEFT_STEP: Table = Table {
    name: "left_step",
    id: &[Column::new("step_id", Kind::Int)],
    columns: &[
        Column::new("left_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::new("step", Kind::Text),
        Column::new("at", Kind::Instant),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// Truancy sweeps.
pub static TRUANCY_SWEEP: Table = Table {
    name: "truancy_sweep",
    id: &[Column::new("sweep_id", Kind::Int)],
    columns: &[
        Column::new("on_date", Kind::Day),
        Column::new("area", Kind::Text),
        Column::new("premises", Kind::Text),
        Column::new("officers", Kind::Text),
        Column::new("authorised_by", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Pupils whom the officers of a sweep met.
pub static SWEEP_CHILD: Table = Table {
    name: "sweep_child",
    id: &[Column::new("child_id", Kind::Int)],
    columns: &[
        Column::new("sweep_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::new("met_at", Kind::Instant),
        Column::new("place", Kind::Text),
        Column::new("officer", Kind::Text),
        Column::new("account_given", Kind::Text),
        Column::nullable("mark_then", Kind::Text),
        Column::new("taken_to", Kind::Text),
        Column::nullable("parent_told", Kind::Text),
        Column::new("account_id", Kind::Int),
        Column::nullable("withdrawn_because", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Copies of the fire list on paper. Their names lie in `fire_sheet`, outside the journal.
pub static FIRE_COPY: Table = Table {
    name: "fire_copy",
    id: &[Column::new("copy_id", Kind::Int)],
    columns: &[
        Column::new("on_date", Kind::Day),
        Column::nullable("session", Kind::Int),
        Column::new("made_at", Kind::Instant),
        Column::new("head_seq", Kind::Int),
        Column::new("looked_for", Kind::Int),
        Column::nullable("asked_by", Kind::Int),
    ],
    shape: Shape::Log,
};

/// Pupils who came back at a kiosk, by the device's name for it.
pub static KIOSK_BACK: Table = Table {
    name: "kiosk_back",
    id: &[Column::new("arrival_key", Kind::Text)],
    columns: &[Column::new("move_id", Kind::Int)],
    shape: Shape::Log,
};

/// What a kiosk took without a network and is nobody's.
pub static KIOSK_UNKNOWN: Table = Table {
    name: "kiosk_unknown",
    id: &[Column::new("unknown_id", Kind::Int)],
    columns: &[
        Column::new("kiosk_id", Kind::Int),
        Column::new("arrival_key", Kind::Text),
        Column::new("typed", Kind::Text),
        Column::new("at", Kind::Instant),
        Column::nullable("reason", Kind::Text),
        Column::nullable("settled", Kind::Text),
        Column::nullable("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Who went out and came in during the day.
pub static SITE_MOVE: Table = Table {
    name: "site_move",
    id: &[Column::new("move_id", Kind::Int)],
    columns: &[
        Column::new("who", Kind::Text),
        Column::new("who_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("way", Kind::Text),
        Column::new("at", Kind::Instant),
        Column::nullable("came_with", Kind::Text),
        Column::nullable("reason", Kind::Text),
        Column::nullable("expected_back", Kind::Instant),
        Column::new("account_id", Kind::Int),
        Column::nullable("undone_because", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Visitors of a day.
pub static VISIT: Table = Table {
    name: "visit",
    id: &[Column::new("visit_id", Kind::Int)],
    columns: &[
        Column::new("on_date", Kind::Day),
        Column::new("name", Kind::Text),
        Column::nullable("organisation", Kind::Text),
        Column::nullable("host", Kind::Text),
        Column::nullable("badge", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Roll calls after an alarm.
pub static ROLL_CALL: Table = Table {
    name: "roll_call",
    id: &[Column::new("call_id", Kind::Int)],
    columns: &[
        Column::new("kind", Kind::Text),
        Column::new("on_date", Kind::Day),
        Column::new("began_at", Kind::Instant),
        Column::new("began_by", Kind::Int),
        Column::nullable("ended_at", Kind::Instant),
        Column::nullable("ended_by", Kind::Int),
        Column::nullable("looked_for", Kind::Int),
        Column::nullable("found", Kind::Int),
        Column::nullable("all_at", Kind::Instant),
        Column::nullable("note", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// What devices call the roll calls that they began.
pub static ROLL_CALL_START: Table = Table {
    name: "roll_call_start",
    id: &[Column::new("start_key", Kind::Text)],
    columns: &[Column::new("call_id", Kind::Int)],
    shape: Shape::Log,
};

/// Every tick of a roll call.
pub static ROLL_CALL_TICK: Table = Table {
    name: "roll_call_tick",
    id: &[Column::new("tick_key", Kind::Text)],
    columns: &[
        Column::new("call_id", Kind::Int),
        Column::new("who", Kind::Text),
        Column::new("who_id", Kind::Int),
        Column::new("seen", Kind::Bool),
        Column::new("at", Kind::Instant),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// What was done about pupils missing from lessons.
pub static SEARCH_STEP: Table = Table {
    name: "search_step",
    id: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("period_id", Kind::Int),
    ],
    columns: &[
        Column::new("step", Kind::Text),
        Column::new("at", Kind::Instant),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// What was done about lateness.
pub static LATE_SANCTION: Table = Table {
    name: "late_sanction",
    id: &[Column::new("sanction_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("lates", Kind::Int),
        Column::new("does", Kind::Text),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Written punctuality targets.
pub static PUNCTUALITY_TARGET: Table = Table {
    name: "punctuality_target",
    id: &[Column::new("target_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("first_day", Kind::Day),
        Column::new("last_day", Kind::Day),
        Column::new("allowed", Kind::Int),
        Column::new("support", Kind::Text),
        Column::new("review_on", Kind::Day),
        Column::nullable("agreed_with", Kind::Text),
        Column::nullable("outcome", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Versions,
};
