//! A pupil's record as rows have it: the entry, times on roll, groups, characteristics, links to other systems.

use std::collections::HashMap;

use calendar::Day;
use register::deletion::deletion_ground;
use store::{SchoolId, StoreError, Tx, args};

use crate::ids::{EnrolmentId, GroupId, PupilId};

/// A pupil's entry with the number of the act that made this version of it.
#[derive(Clone, Debug)]
pub(super) struct PupilRow {
    pub(super) seq: i64,
    pub(super) person: i64,
    pub(super) upn: Option<String>,
    pub(super) former_upn: Option<String>,
    pub(super) uln: Option<String>,
    pub(super) admission_number: Option<String>,
    pub(super) legal_surname: String,
    pub(super) legal_forename: String,
    pub(super) middle_names: String,
    pub(super) surname: String,
    pub(super) forename: String,
    pub(super) sex: Option<String>,
    pub(super) birth_day: Day,
}

impl PupilRow {
    /// As lists have it: `Cole, Tyler`.
    pub(super) fn listed(&self) -> String {
        format!("{}, {}", self.surname, self.forename)
    }

    /// The full name for statutory output: `Tyler James Cole`.
    pub(super) fn full_name(&self) -> String {
        let parts = [
            &self.legal_forename,
            &self.middle_names,
            &self.legal_surname,
        ];
        let parts = parts.map(|part| part.trim());
        let there: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        there.join(" ")
    }
}

macro_rules! pupil_sql {
    ($tail:literal) => {
        concat!(
            "select seq, person_id, upn, former_upn, uln, admission_number, legal_surname, legal_forename, middle_names, ",
            "surname, forename, sex, birth_day, pupil_id from pupil where school_id = $1 and ",
            $tail
        )
    };
}
const PUPILS_NOW: &str = pupil_sql!("superseded_seq is null");
const PUPIL_NOW: &str = pupil_sql!("pupil_id = $2 and superseded_seq is null");
const PUPIL_AT: &str = pupil_sql!("pupil_id = $2 and seq = $3");

/// The entry in force.
pub(super) fn pupil_row(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Option<PupilRow>, StoreError> {
    tx.query_opt(PUPIL_NOW, &args![school, pupil], read_pupil)
}

/// The entry as the act with this number made it.
pub(super) fn pupil_row_at(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    seq: i64,
) -> Result<Option<PupilRow>, StoreError> {
    tx.query_opt(PUPIL_AT, &args![school, pupil, seq], read_pupil)
}

/// The entries in force of all pupils.
pub(super) fn all_pupil_rows(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<HashMap<PupilId, PupilRow>, StoreError> {
    let rows = tx.query(PUPILS_NOW, &args![school], |row| {
        Ok((row.get::<PupilId>(13)?, read_pupil(row)?))
    })?;
    Ok(rows.into_iter().collect())
}

fn read_pupil(row: &store::Row<'_>) -> Result<PupilRow, StoreError> {
    Ok(PupilRow {
        seq: row.get(0)?,
        person: row.get(1)?,
        upn: row.get(2)?,
        former_upn: row.get(3)?,
        uln: row.get(4)?,
        admission_number: row.get(5)?,
        legal_surname: row.get(6)?,
        legal_forename: row.get(7)?,
        middle_names: row.get(8)?,
        surname: row.get(9)?,
        forename: row.get(10)?,
        sex: row.get(11)?,
        birth_day: row.get(12)?,
    })
}

/// A time on roll as the admission register has it.
#[derive(Clone, Debug)]
pub(super) struct TimeOnRoll {
    pub(super) id: EnrolmentId,
    pub(super) seq: i64,
    pub(super) pupil: PupilId,
    pub(super) kind: String,
    pub(super) starting_day: Day,
    pub(super) agreed_with: Option<String>,
    pub(super) leaving_day: Option<Day>,
    pub(super) deletion_ground: Option<String>,
    pub(super) last_school: Option<String>,
    pub(super) last_school_address: Option<String>,
    pub(super) next_school: Option<String>,
}

impl TimeOnRoll {
    /// Whether the name is in the register on this day or will be: not yet ended by it.
    pub(super) fn is_open_on(&self, day: Day) -> bool {
        self.leaving_day.is_none_or(|last| last >= day)
    }
}

macro_rules! enrolment_sql {
    ($tail:literal) => {
        concat!(
            "select enrolment_id, seq, pupil_id, kind, starting_day, agreed_with, leaving_day, deletion_ground, last_school, ",
            "last_school_address, next_school from enrolment where school_id = $1 and superseded_seq is null ",
            $tail
        )
    };
}
const TIMES_OF_PUPIL: &str =
    enrolment_sql!("and pupil_id = $2 order by starting_day, enrolment_id");
const TIMES_OF_ALL: &str = enrolment_sql!("order by starting_day, enrolment_id");

/// The pupil's times on roll, earliest first.
pub(super) fn times_on_roll(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<TimeOnRoll>, StoreError> {
    tx.query(TIMES_OF_PUPIL, &args![school, pupil], read_time)
}

/// Every time on roll of the school, by starting day.
pub(super) fn all_times_on_roll(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<Vec<TimeOnRoll>, StoreError> {
    tx.query(TIMES_OF_ALL, &args![school], read_time)
}

fn read_time(row: &store::Row<'_>) -> Result<TimeOnRoll, StoreError> {
    Ok(TimeOnRoll {
        id: row.get(0)?,
        seq: row.get(1)?,
        pupil: row.get(2)?,
        kind: row.get(3)?,
        starting_day: row.get(4)?,
        agreed_with: row.get(5)?,
        leaving_day: row.get(6)?,
        deletion_ground: row.get(7)?,
        last_school: row.get(8)?,
        last_school_address: row.get(9)?,
        next_school: row.get(10)?,
    })
}

/// What kind of time on roll: the word in the database and in words.
pub(super) const ENROLMENT_KINDS: [(&str, &str); 4] = [
    ("C", "Single registration"),
    ("M", "Main school of two"),
    ("S", "Subsidiary school of two"),
    ("G", "Guest"),
];

/// A kind of time on roll in words.
pub(super) fn enrolment_kind(key: &str) -> &str {
    ENROLMENT_KINDS
        .iter()
        .find(|(known, _)| *known == key)
        .map_or(key, |(_, words)| words)
}

/// A group that the pupil was or is in.
pub(super) struct InGroup {
    pub(super) group: GroupId,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

const GROUPS_OF_PUPIL: &str = "\
select g.group_id, g.kind, g.name, m.from_day, m.to_day
from enrolment e
join membership m on m.school_id = e.school_id and m.enrolment_id = e.enrolment_id and m.superseded_seq is null
join pupil_group g on g.school_id = m.school_id and g.group_id = m.group_id and g.superseded_seq is null
where e.school_id = $1 and e.pupil_id = $2 and e.superseded_seq is null
order by m.from_day desc, g.name";

/// Every group of the pupil, the newest first.
pub(super) fn groups_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<InGroup>, StoreError> {
    tx.query(GROUPS_OF_PUPIL, &args![school, pupil], |row| {
        Ok(InGroup {
            group: row.get(0)?,
            kind: row.get(1)?,
            name: row.get(2)?,
            from: row.get(3)?,
            to: row.get(4)?,
        })
    })
}

/// A characteristic with its own id.
pub(super) struct Held {
    pub(super) id: i64,
    pub(super) seq: i64,
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

const HELD: &str = "\
select characteristic_id, seq, kind, value, from_day, to_day
from characteristic where school_id = $1 and pupil_id = $2 and superseded_seq is null order by from_day desc, kind";

/// Every characteristic recorded of the pupil, the newest first.
pub(super) fn characteristics_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<Held>, StoreError> {
    tx.query(HELD, &args![school, pupil], |row| {
        Ok(Held {
            id: row.get(0)?,
            seq: row.get(1)?,
            kind: row.get(2)?,
            value: row.get(3)?,
            from: row.get(4)?,
            to: row.get(5)?,
        })
    })
}

const SOURCES: &str = "\
select source, source_key from source_link
where school_id = $1 and record_kind = 'pupil' and record_id = $2 and superseded_seq is null order by source, source_key";

/// The names by which other systems know the pupil: system and key.
pub(super) fn sources_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<(String, String)>, StoreError> {
    tx.query(SOURCES, &args![school, pupil], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    PUPILS_NOW,
    PUPIL_NOW,
    PUPIL_AT,
    TIMES_OF_PUPIL,
    TIMES_OF_ALL,
    GROUPS_OF_PUPIL,
    HELD,
    SOURCES,
];

/// A ground of deletion with its name and rule; a letter that the law does not have stands as it is.
pub(super) fn ground_in_words(letter: &str) -> String {
    deletion_ground(letter).map_or_else(
        || letter.to_owned(),
        |ground| format!("{}: {} ({})", ground.letter, ground.name, ground.rule),
    )
}
