//! The tables of visits to homes.

use store::{Column, Kind, Shape, Table};

/// Visits: the order, who goes when, and when they left and came back.
pub static HOME_VISIT: Table = Table {
    name: "home_visit",
    id: &[Column::new("visit_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("place", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::nullable("purpose", Kind::Text),
        Column::new("parents_told", Kind::Bool),
        Column::new("asked_by", Kind::Int),
        Column::new("asked_at", Kind::Instant),
        Column::nullable("authorised_by", Kind::Int),
        Column::nullable("staff_one", Kind::Int),
        Column::nullable("staff_two", Kind::Int),
        Column::nullable("alone_because", Kind::Text),
        Column::nullable("alone_by", Kind::Int),
        Column::nullable("vehicle", Kind::Text),
        Column::nullable("phone", Kind::Text),
        Column::nullable("left_at", Kind::Instant),
        Column::nullable("due_back", Kind::Instant),
        Column::nullable("back_at", Kind::Instant),
        Column::nullable("withdrawn_because", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Risk checks of addresses before visits.
pub static VISIT_CHECK: Table = Table {
    name: "visit_check",
    id: &[Column::new("visit_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("made_on", Kind::Day),
        Column::new("dogs", Kind::Bool),
        Column::new("violence", Kind::Bool),
        Column::new("weapons", Kind::Bool),
        Column::new("agency", Kind::Bool),
        Column::new("never_alone", Kind::Bool),
        Column::new("stay_away", Kind::Bool),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// What was heard of those who are out, and what was done while they were overdue.
pub static VISIT_STEP: Table = Table {
    name: "visit_step",
    id: &[Column::new("step_id", Kind::Int)],
    columns: &[
        Column::new("visit_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::new("step", Kind::Text),
        Column::new("made_at", Kind::Instant),
        Column::nullable("note", Kind::Text),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// What was found at the door.
pub static VISIT_RECORD: Table = Table {
    name: "visit_record",
    id: &[Column::new("visit_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("found", Kind::Text),
        Column::new("at_door", Kind::Instant),
        Column::nullable("seen_by", Kind::Int),
        Column::nullable("seen_where", Kind::Text),
        Column::nullable("alone", Kind::Bool),
        Column::nullable("answered_by", Kind::Text),
        Column::nullable("facts", Kind::Text),
        Column::nullable("opinion", Kind::Text),
        Column::nullable("reply_by", Kind::Instant),
        Column::nullable("next_step", Kind::Text),
        Column::new("concern", Kind::Bool),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// Children who are brought to school from home, with a visit.
pub static COLLECTION: Table = Table {
    name: "collection",
    id: &[Column::new("visit_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("asked_by", Kind::Int),
        Column::new("asked_at", Kind::Instant),
        Column::nullable("authorised_by", Kind::Int),
        Column::nullable("second_adult", Kind::Text),
        Column::nullable("driver", Kind::Int),
        Column::new("licence_seen", Kind::Bool),
        Column::nullable("insured_until", Kind::Day),
        Column::nullable("consent", Kind::Text),
        Column::nullable("consent_by", Kind::Text),
        Column::nullable("consent_on", Kind::Day),
        Column::nullable("seating", Kind::Text),
        Column::nullable("way_home", Kind::Text),
        Column::nullable("set_off_at", Kind::Instant),
        Column::nullable("arrived_at", Kind::Instant),
        Column::nullable("refused_because", Kind::Text),
    ],
    shape: Shape::Versions,
};
