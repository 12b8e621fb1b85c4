//! The tables of preservation: what was erased and by whose word, and which pupils' records are held.

use store::{Column, Kind, Shape, Table};

/// Erasures: asked for by one person, approved by another, carried out, done.
pub static ERASURE: Table = Table {
    name: "erasure",
    id: &[Column::new("erasure_id", Kind::Int)],
    columns: &[
        Column::new("state", Kind::Text),
        Column::new("made_through", Kind::Day),
        Column::new("through_seq", Kind::Int),
        Column::new("reason", Kind::Text),
        Column::new("asked_by", Kind::Int),
        Column::new("asked_in_words", Kind::Text),
        Column::new("asked_on", Kind::Day),
        Column::new("places", Kind::Int),
        Column::new("entries", Kind::Int),
        Column::new("pupils", Kind::Int),
        Column::new("copies", Kind::Int),
        Column::nullable("first_made", Kind::Day),
        Column::nullable("last_made", Kind::Day),
        Column::new("clock", Kind::Text),
        Column::nullable("approved_by", Kind::Int),
        Column::nullable("approved_in_words", Kind::Text),
        Column::nullable("approved_on", Kind::Day),
        Column::nullable("rows_erased", Kind::Int),
        Column::nullable("acts_shortened", Kind::Int),
        Column::nullable("acts_emptied", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Legal holds: pupils of whom nothing is erased while one stands.
pub static LEGAL_HOLD: Table = Table {
    name: "legal_hold",
    id: &[Column::new("hold_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("reason", Kind::Text),
        Column::new("owner", Kind::Text),
        Column::new("placed_on", Kind::Day),
        Column::new("review_on", Kind::Day),
        Column::nullable("released_on", Kind::Day),
        Column::nullable("released_because", Kind::Text),
    ],
    shape: Shape::Versions,
};
