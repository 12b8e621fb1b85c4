//! The pupils whose homes are rung before the day begins, and on which ground (E-191).

use std::collections::HashMap;

use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::records::EARLY_WATCH;
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::keyed::keyed;
use crate::morning::pupil_to_log;
use crate::people::Actor;
use crate::registers::save::LONGEST_TEXT;

keyed! {
    /// Why a pupil's home is rung before the day begins.
    Ground {
        /// An attendance support plan.
        Plan = "plan", "attendance plan";
        /// It was agreed with the family.
        Agreed = "agreed", "agreed with the family";
    }
}

/// A pupil on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its number.
    pub id: i64,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// On which ground.
    pub ground: Ground,
    /// The first day.
    pub from: Day,
    /// The last; none while it goes on.
    pub to: Option<Day>,
    /// What to know.
    pub note: Option<String>,
}

const WATCHED: &str = "\
select watch_id, enrolment_id, ground, from_day, to_day, note from early_watch
where school_id = $1 and superseded_seq is null and (to_day is null or to_day >= $2) order by from_day, watch_id";
const ONE: &str = "\
select watch_id, enrolment_id, ground, from_day, to_day, note from early_watch
where school_id = $1 and superseded_seq is null and watch_id = $2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[WATCHED, ONE];

fn watched(row: &store::Row<'_>) -> Result<Option<Watched>, StoreError> {
    let Some(ground) = Ground::from_key(row.get(2)?) else {
        return Ok(None);
    };
    Ok(Some(Watched {
        id: row.get(0)?,
        enrolment: row.get(1)?,
        ground,
        from: row.get(3)?,
        to: row.get(4)?,
        note: row.get(5)?,
    }))
}

/// Everybody who is on the list on this day or will be.
pub fn watched_from(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Vec<Watched>, StoreError> {
    let rows = tx.query(WATCHED, &args![school, day], watched)?;
    Ok(rows.into_iter().flatten().collect())
}

/// Everybody who is on the list on this day, by time on roll.
pub(super) fn watched_on(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<HashMap<EnrolmentId, Vec<Watched>>, StoreError> {
    let mut found: HashMap<EnrolmentId, Vec<Watched>> = HashMap::new();
    let now = watched_from(tx, school, day)?.into_iter();
    for one in now.filter(|one| one.from <= day) {
        found.entry(one.enrolment).or_default().push(one);
    }
    Ok(found)
}

/// Puts a pupil on the list of early calls.
///
/// Rule: E-191. Errors: as for the log of contacts; [`Refusal::Wrong`] for days that end before they begin, or a note that is too long.
pub fn watch(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    ground: Ground,
    (from, to): (Day, Option<Day>),
    note: Option<&str>,
) -> Result<(), Refusal> {
    let (today, _) = act.at().in_london();
    let pupil = pupil_to_log(act.tx(), actor, enrolment, today)?;
    if to.is_some_and(|to| to < from.max(today)) {
        let ground = "The last day is over before it begins. Nothing was saved.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    if note.is_some_and(|note| note.chars().count() > LONGEST_TEXT) {
        let ground = "The note is longer than 500 characters. Nothing was saved.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let id = act.new_id();
    act.record(
        &EARLY_WATCH,
        &args![id, enrolment, ground.key(), from, to, note, actor.account],
    )?;
    act.describe(actor.entry("put on the list of early calls", format!("pupil {pupil}")));
    Ok(())
}

/// Takes a pupil off the list from tomorrow on; one whose first day is to come is taken off at once.
///
/// Errors: as for the log of contacts; [`Refusal::NotFound`] for one who is not on it.
pub fn end_watch(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    let (school, (today, _)) = (act.school(), act.at().in_london());
    let one = act.tx().query_opt(ONE, &args![school, id], watched)?;
    let one = one.flatten().ok_or(Refusal::NotFound)?;
    let pupil = pupil_to_log(act.tx(), actor, one.enrolment, today)?;
    let last = today.max(one.from.previous());
    act.replace(
        &EARLY_WATCH,
        &args![
            one.id,
            one.enrolment,
            one.ground.key(),
            one.from,
            last,
            one.note.as_deref(),
            actor.account
        ],
    )?;
    act.describe(actor.entry("take off the list of early calls", format!("pupil {pupil}")));
    Ok(())
}
