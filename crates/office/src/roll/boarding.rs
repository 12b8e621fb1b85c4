//! Whether a pupil boards, from which day on.
//!
//! It is a dated characteristic like others, and belongs to the admission register: who boards is not marked in the attendance register.

use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::record::characteristics_of;
use super::records::CHARACTERISTIC;
use crate::book::BOARDS;
use crate::ids::PupilId;

/// Records whether a pupil boards from a day on; what was recorded for that day and later gives way.
pub(super) fn say(
    act: &mut Act,
    pupil: PupilId,
    boards: bool,
    from: Day,
) -> Result<(), StoreError> {
    let value = if boards { "yes" } else { "no" };
    let school = act.school();
    let held = characteristics_of(act.tx(), school, pupil)?;
    let standing = held
        .iter()
        .filter(|one| one.kind == BOARDS && one.to.is_none_or(|last| from <= last));
    for one in standing {
        if one.value == value && one.from <= from && one.to.is_none() {
            return Ok(());
        }
        if one.from < from {
            let last = from.previous();
            let values = args![one.id, pupil, BOARDS, &one.value, one.from, last];
            act.replace(&CHARACTERISTIC, &values)?;
        } else {
            act.supersede(&CHARACTERISTIC, &args![one.id])?;
        }
    }
    let id = act.new_id();
    act.record(
        &CHARACTERISTIC,
        &args![id, pupil, BOARDS, value, from, None::<Day>],
    )
}

/// What is recorded of one pupil or of all, with its days.
pub(super) struct Said {
    pub(super) pupil: PupilId,
    pub(super) boards: bool,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
}

const OF_PUPIL: &str = "\
select pupil_id, value, from_day, to_day from characteristic
where school_id = $1 and kind = 'boards' and pupil_id = $2 and superseded_seq is null order by pupil_id, from_day";

const OF_ALL: &str = "\
select pupil_id, value, from_day, to_day from characteristic
where school_id = $1 and kind = 'boards' and superseded_seq is null order by pupil_id, from_day";

const ANY_BOARDER: &str = "\
select 1 from characteristic
where school_id = $1 and kind = 'boards' and value = 'yes' and superseded_seq is null limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_PUPIL, OF_ALL, ANY_BOARDER];

fn read(row: &store::Row<'_>) -> Result<Said, StoreError> {
    Ok(Said {
        pupil: row.get(0)?,
        boards: row.get::<&str>(1)? == "yes",
        from: row.get(2)?,
        to: row.get(3)?,
    })
}

/// What is recorded of a pupil's boarding, oldest first.
pub(super) fn of_pupil(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<Said>, StoreError> {
    tx.query(OF_PUPIL, &args![school, pupil], read)
}

/// What is recorded of every pupil's boarding, by pupil, oldest first.
pub(super) fn of_all(tx: &mut Tx, school: SchoolId) -> Result<Vec<Said>, StoreError> {
    tx.query(OF_ALL, &args![school], read)
}

/// Whether the school has boarders: some pupil is or was one.
pub(super) fn any(tx: &mut Tx, school: SchoolId) -> Result<bool, StoreError> {
    let any = tx.query_opt(ANY_BOARDER, &args![school], |_| Ok(()))?;
    Ok(any.is_some())
}

/// Whether a pupil boards on a day; none while nobody has said. `said` is oldest first.
pub(super) fn boards_on(said: &[Said], day: Day) -> Option<bool> {
    said.iter()
        .rev()
        .find(|one| one.from <= day && one.to.is_none_or(|last| day <= last))
        .map(|one| one.boards)
}
