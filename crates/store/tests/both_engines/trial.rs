//! A small schema for trying the store.

use calendar::Day;
use store::{Act, Column, Entry, Kind, Migration, SchoolId, Shape, Store, StoreError, Table, args};

/// The school of most tests.
pub const SCHOOL: SchoolId = SchoolId(7);

/// A Tuesday.
pub fn day() -> Day {
    Day::new(2026, 11, 24).expect("a real day")
}

/// Something with versions and every kind of column.
pub static PUPIL: Table = Table {
    name: "pupil",
    id: &[Column::new("pupil_id", Kind::Int)],
    columns: &[
        Column::new("surname", Kind::Text),
        Column::nullable("born", Kind::Day),
        Column::nullable("seen", Kind::Instant),
        Column::nullable("boards", Kind::Bool),
        Column::nullable("photograph", Kind::Bytes),
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

/// Both.
pub static TABLES: [&Table; 2] = [&PUPIL, &MARK];

/// The schema.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "0001_trial",
    sql: "
        create table pupil (
            school_id {int} not null,
            pupil_id {int} not null,
            seq {int} not null,
            surname {text} not null check (surname <> ''),
            born {day},
            seen {instant},
            boards {bool},
            photograph {bytes},
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
        create table scrap (id {int} not null primary key, words {text} not null) {strict};
    ",
}];

/// A description of an act.
pub fn did(act: &'static str) -> Entry<'static> {
    Entry {
        account: 1,
        job_title: "Attendance officer",
        act,
        subject: "a trial".to_owned(),
    }
}

/// Admits a pupil with this id, or gives them a new surname.
pub fn name_pupil(act: &mut Act, pupil: i64, surname: &str) -> Result<bool, StoreError> {
    act.describe(did("name"));
    act.replace(
        &PUPIL,
        &args![
            pupil,
            surname,
            day(),
            None::<calendar::Instant>,
            true,
            None::<Vec<u8>>
        ],
    )
}

/// Marks a pupil on the trial day.
pub fn mark(store: &Store, pupil: i64, session: i64, code: &'static str) -> i64 {
    store
        .act_now(SCHOOL, move |act| {
            act.record(&MARK, &args![pupil, day(), session, code])?;
            act.describe(did("mark"));
            Ok::<_, StoreError>(act.seq())
        })
        .expect("a mark is recorded")
}

/// Asserts that the journal proves every row.
pub fn assert_whole(store: &Store) {
    let report = store
        .verify_now(&[], &TABLES, |_| {})
        .expect("the record can be read");
    assert!(report.is_whole(), "{:?}", report.differences);
}
