//! The tables of the morning. All are logs: what was tried, said or decided is never changed.

use store::{Column, Kind, Shape, Table};

/// What was tried, said and decided about an absent child (E-018).
pub static ABSENCE_ENTRY: Table = Table {
    name: "absence_entry",
    id: &[Column::new("entry_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("kind", Kind::Text),
        Column::new("made_at", Kind::Instant),
        Column::new("account_id", Kind::Int),
        Column::new("lead", Kind::Bool),
        Column::nullable("channel", Kind::Text),
        Column::nullable("contact_id", Kind::Int),
        Column::nullable("used", Kind::Text),
        Column::nullable("answered_by", Kind::Text),
        Column::nullable("outcome", Kind::Text),
        Column::nullable("said", Kind::Text),
        Column::nullable("expected_on", Kind::Day),
        Column::new("seen", Kind::Bool),
        Column::new("concern", Kind::Bool),
        Column::nullable("code", Kind::Text),
    ],
    shape: Shape::Log,
};

/// Who is ringing the home of a pupil, and until when.
pub static ABSENCE_CLAIM: Table = Table {
    name: "absence_claim",
    id: &[
        Column::new("on_date", Kind::Day),
        Column::new("pupil_id", Kind::Int),
    ],
    columns: &[
        Column::new("account_id", Kind::Int),
        Column::new("until", Kind::Instant),
    ],
    shape: Shape::Log,
};

/// That a register was asked for.
pub static REGISTER_REMINDER: Table = Table {
    name: "register_reminder",
    id: &[
        Column::new("group_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
    ],
    columns: &[
        Column::new("asked", Kind::Text),
        Column::new("asked_at", Kind::Instant),
        Column::new("account_id", Kind::Int),
    ],
    shape: Shape::Log,
};

/// That the morning was signed off, with its measures.
pub static MORNING_SIGN_OFF: Table = Table {
    name: "morning_sign_off",
    id: &[Column::new("on_date", Kind::Day)],
    columns: &[
        Column::new("as_of_seq", Kind::Int),
        Column::new("signed_at", Kind::Instant),
        Column::new("account_id", Kind::Int),
        Column::new("children", Kind::Int),
        Column::new("still_open", Kind::Int),
        Column::nullable("minutes_to_all", Kind::Int),
        Column::nullable("open_at_ten", Kind::Int),
        Column::nullable("note", Kind::Text),
    ],
    shape: Shape::Log,
};

/// That a professional outside the school was told of a day's absence.
pub static PROFESSIONAL_TOLD: Table = Table {
    name: "professional_told",
    id: &[Column::new("told_id", Kind::Int)],
    columns: &[
        Column::new("enrolment_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("professional_id", Kind::Int),
        Column::new("how", Kind::Text),
        Column::new("told_at", Kind::Instant),
        Column::new("account_id", Kind::Int),
        Column::nullable("words", Kind::Text),
        Column::nullable("reply", Kind::Text),
        Column::nullable("replied_at", Kind::Instant),
    ],
    shape: Shape::Versions,
};
