//! The tables of messages.

use store::{Column, Kind, Shape, Table};

/// Messages that were asked for together.
pub static MESSAGE_RUN: Table = Table {
    name: "message_run",
    id: &[Column::new("run_id", Kind::Int)],
    columns: &[
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
        Column::new("asked_at", Kind::Instant),
        Column::new("purpose", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// One message, as it was to be sent (I-120).
pub static MESSAGE: Table = Table {
    name: "message",
    id: &[Column::new("message_id", Kind::Int)],
    columns: &[
        Column::new("run_id", Kind::Int),
        Column::new("channel", Kind::Text),
        Column::new("contact_id", Kind::Int),
        Column::new("to_name", Kind::Text),
        Column::new("address", Kind::Text),
        Column::new("subject", Kind::Text),
        Column::new("words", Kind::Text),
        Column::new("parts", Kind::Int),
        Column::new("reference", Kind::Text),
        Column::new("asked_at", Kind::Instant),
    ],
    shape: Shape::Versions,
};

/// Whom a message is about: brothers and sisters share one.
pub static MESSAGE_PUPIL: Table = Table {
    name: "message_pupil",
    id: &[
        Column::new("message_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
    ],
    columns: &[Column::new("pupil_id", Kind::Int)],
    shape: Shape::Versions,
};

/// What became of a message, newest last (I-121).
pub static MESSAGE_STATE: Table = Table {
    name: "message_state",
    id: &[Column::new("message_id", Kind::Int)],
    columns: &[
        Column::new("state", Kind::Text),
        Column::nullable("because", Kind::Text),
        Column::nullable("provider_key", Kind::Text),
    ],
    shape: Shape::Log,
};

/// Pupils about whom no message goes (I-123).
pub static MESSAGE_HOLD: Table = Table {
    name: "message_hold",
    id: &[Column::new("hold_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("ground", Kind::Text),
        Column::new("reason", Kind::Text),
        Column::new("first_day", Kind::Day),
        Column::nullable("last_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// What families sent (I-142).
pub static MESSAGE_REPLY: Table = Table {
    name: "message_reply",
    id: &[Column::new("reply_id", Kind::Int)],
    columns: &[
        Column::new("provider_key", Kind::Text),
        Column::new("address", Kind::Text),
        Column::new("words", Kind::Text),
        Column::new("received_at", Kind::Instant),
        Column::nullable("pupil_id", Kind::Int),
        Column::new("seen", Kind::Bool),
    ],
    shape: Shape::Versions,
};

/// How a provider is reached.
pub static MESSAGE_CHANNEL: Table = Table {
    name: "message_channel",
    id: &[Column::new("provider", Kind::Text)],
    columns: &[
        Column::new("settings", Kind::Text),
        Column::new("secret", Kind::Bytes),
    ],
    shape: Shape::Versions,
};

/// One e-mail to somebody on the staff, as it was to be sent.
pub static STAFF_MAIL: Table = Table {
    name: "staff_mail",
    id: &[Column::new("mail_id", Kind::Int)],
    columns: &[
        Column::new("run_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("about", Kind::Text),
        Column::new("staff_id", Kind::Int),
        Column::new("to_name", Kind::Text),
        Column::new("address", Kind::Text),
        Column::new("subject", Kind::Text),
        Column::new("words", Kind::Text),
        Column::new("reference", Kind::Text),
        Column::new("asked_at", Kind::Instant),
        Column::new("only_until", Kind::Instant),
    ],
    shape: Shape::Versions,
};

/// What became of an e-mail to staff, newest last (I-121).
pub static STAFF_MAIL_STATE: Table = Table {
    name: "staff_mail_state",
    id: &[Column::new("mail_id", Kind::Int)],
    columns: &[
        Column::new("state", Kind::Text),
        Column::nullable("because", Kind::Text),
        Column::nullable("provider_key", Kind::Text),
    ],
    shape: Shape::Log,
};

/// That a letter printed at the school was posted, with the letter as it was printed (E-207).
pub static LETTER_POSTING: Table = Table {
    name: "letter_posting",
    id: &[Column::new("message_id", Kind::Int)],
    columns: &[
        Column::new("contact_id", Kind::Int),
        Column::new("posted_on", Kind::Day),
        Column::new("how", Kind::Text),
        Column::new("proof", Kind::Text),
        Column::new("deemed_on", Kind::Day),
        Column::new("sha256", Kind::Text),
        Column::new("file", Kind::Bytes),
    ],
    shape: Shape::Versions,
};

/// That somebody stopped what goes by itself for a day, or let it go again.
pub static MESSAGE_PAUSE: Table = Table {
    name: "message_pause",
    id: &[Column::new("on_date", Kind::Day)],
    columns: &[Column::new("paused", Kind::Bool)],
    shape: Shape::Log,
};
