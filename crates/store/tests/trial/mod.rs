//! A small schema for trying the store.

use calendar::Day;
use store::{Column, Entry, Kind, Migration, SchoolId, Shape, Table};

/// The school of most tests.
pub const SCHOOL: SchoolId = SchoolId(7);

/// A Tuesday.
pub const DAY: &str = "2026-11-24";

/// That Tuesday.
pub fn day() -> Day {
    DAY.parse().expect("a real day")
}

/// Something with versions.
pub static PUPIL: Table = Table {
    name: "pupil",
    id: &[Column::new("pupil_id", Kind::Int)],
    columns: &[
        Column::new("surname", Kind::Text),
        Column::nullable("born", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Something append-only.
pub static MARK: Table = Table {
    name: "mark",
    id: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("on_date", Kind::Day),
        Column::new("session", Kind::Int),
    ],
    columns: &[Column::new("code", Kind::Text)],
    shape: Shape::Log,
};

/// The schema.
pub fn trial_migrations() -> &'static [Migration] {
    &[Migration {
        name: "0001_trial",
        sql: "
            create table pupil (
                school_id {int} not null,
                pupil_id {int} not null,
                seq {int} not null,
                surname {text} not null check (surname <> ''),
                born {day},
                superseded_seq {int},
                primary key (school_id, pupil_id, seq)
            ) {strict};
            create unique index pupil_current on pupil (school_id, pupil_id) where superseded_seq is null;
            create table mark (
                school_id {int} not null,
                pupil_id {int} not null,
                on_date {day} not null,
                session {int} not null,
                seq {int} not null,
                code {text} not null,
                primary key (school_id, pupil_id, on_date, session, seq)
            ) {clustered};
        ",
    }]
}

/// A description of an act.
pub fn did(act: &'static str) -> Entry<'static> {
    Entry {
        account: 1,
        job_title: "Attendance officer",
        act,
        subject: "a trial".to_owned(),
    }
}
