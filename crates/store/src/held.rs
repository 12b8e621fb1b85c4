//! Acts whose rows are not in effect until their group is released.
//!
//! A long import writes its rows in short acts that hold one group, then releases the group in one small act: registers
//! are saved in between, and everything appears at once. A group that was neither released nor abandoned is what a crash
//! left; abandon it. A row is in effect when its act is not held, or was released:
//!
//! ```sql
//! not exists (select 1 from held_act h
//!             where h.school_id = m.school_id and h.seq = m.seq and h.released_seq is null)
//! ```
//! As known at number S, write `(h.released_seq is null or h.released_seq > S)`.

use crate::{SchoolId, StoreError, Tx, args};

pub(crate) const HOLD: &str = "insert into held_act (school_id, seq, group_id) values ($1, $2, $3)";
pub(crate) const RELEASE: &str = "\
    update held_act set released_seq = $3 \
    where school_id = $1 and group_id = $2 and released_seq is null and abandoned_seq is null";
pub(crate) const ABANDON: &str = "\
    update held_act set abandoned_seq = $3 \
    where school_id = $1 and group_id = $2 and released_seq is null and abandoned_seq is null";
const RELEASED_AT: &str = "\
    select seq from held_act where school_id = $1 and group_id = $2 and released_seq = $3 order by seq";
const OPEN: &str = "\
    select distinct group_id from held_act \
    where school_id = $1 and released_seq is null and abandoned_seq is null order by group_id";

/// The statements of this module, for the test that prepares them.
pub(crate) const STATEMENTS: [&str; 5] = [HOLD, RELEASE, ABANDON, RELEASED_AT, OPEN];

/// The groups that are neither released nor abandoned.
///
/// Errors: a [`StoreError`] of the statement.
pub fn open_groups(tx: &mut Tx, school: SchoolId) -> Result<Vec<i64>, StoreError> {
    tx.query(OPEN, &args![school], |row| row.get(0))
}

/// The held acts of a group that this act released, oldest first.
pub(crate) fn acts_released_at(
    tx: &mut Tx,
    school: SchoolId,
    group: i64,
    seq: i64,
) -> Result<Vec<i64>, StoreError> {
    tx.query(RELEASED_AT, &args![school, group, seq], |row| row.get(0))
}
