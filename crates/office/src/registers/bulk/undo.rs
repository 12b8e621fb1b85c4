//! Undoing a change to many marks: what stood before stands again, by an act of its own.

use calendar::{Day, Instant, Session, Slot};
use register::Code;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::change::{About, keep_set, must_have_reason};
use super::closure::bring_back_days;
use super::joining::bring_back_times;
use super::list::{MarkSet, set_now};
use super::office_role;
use crate::book::fold;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, MarkSetId, PupilId};
use crate::people::Actor;
use crate::registers::records::MARK_VERSION;

// What stood before: the newest entry in effect that is older than the set; and the newest of all, to see what was changed since.
pub(super) const MARKS: &str = "\
select v.enrolment_id, e.pupil_id, p.surname, p.forename, v.on_date, v.session, v.code,
       b.code, b.minutes_late, b.arrived_at, b.note, n.seq, n.code, n.source, b.sub_code
from mark_version v cross join enrolment e cross join pupil p
left join mark_version b
  on b.school_id = v.school_id and b.enrolment_id = v.enrolment_id and b.on_date = v.on_date and b.session = v.session
  and b.seq = (
        select max(w.seq) from mark_version w
        where w.school_id = v.school_id and w.enrolment_id = v.enrolment_id and w.on_date = v.on_date and w.session = v.session
          and w.seq < v.seq
          and not exists (select 1 from held_act h where h.school_id = w.school_id and h.seq = w.seq and h.released_seq is null))
left join mark_version n
  on n.school_id = v.school_id and n.enrolment_id = v.enrolment_id and n.on_date = v.on_date and n.session = v.session
  and n.seq = (
        select max(w.seq) from mark_version w
        where w.school_id = v.school_id and w.enrolment_id = v.enrolment_id and w.on_date = v.on_date and w.session = v.session
          and not exists (select 1 from held_act h where h.school_id = w.school_id and h.seq = w.seq and h.released_seq is null))
where v.school_id = $1 and v.seq = $2 and v.source = 'set'
  and e.school_id = v.school_id and e.enrolment_id = v.enrolment_id and e.superseded_seq is null
  and p.school_id = e.school_id and p.pupil_id = e.pupil_id and p.superseded_seq is null
order by v.enrolment_id, v.on_date, v.session";

pub(super) const STATEMENTS: &[&str] = &[MARKS];

/// A mark of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetMark {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The pupil.
    pub pupil: PupilId,
    /// `Ash, Amira`.
    pub name: String,
    /// When.
    pub slot: Slot,
    /// What the set entered.
    pub entered: Option<Code>,
    /// What stood before; none for a place without a mark.
    pub before: Option<Code>,
    /// What stands now.
    pub now: Option<Code>,
    /// Whether it was changed after the set.
    pub changed_since: bool,
    pub(super) minutes: Option<i64>,
    pub(super) arrived_at: Option<Instant>,
    pub(super) note: Option<String>,
    pub(super) sub_code: Option<String>,
}

/// The marks of the set that was made by the act of this number, by name.
pub(super) fn marks_of(
    tx: &mut Tx,
    school: SchoolId,
    seq: i64,
) -> Result<Vec<SetMark>, StoreError> {
    let code = |text: Option<&str>| text.and_then(|text| text.parse::<Code>().ok());
    let found = tx.query(MARKS, &args![school, seq], |row| {
        let Some(session) = Session::from_index(row.get(5)?) else {
            return Ok(None);
        };
        let (surname, forename): (String, String) = (row.get(2)?, row.get(3)?);
        let entered = code(row.get(6)?);
        let now = code(row.get(12)?);
        let is_own = row.get::<Option<i64>>(11)? == Some(seq);
        // A later change that was undone left it as this one entered it.
        let is_again = row.get::<Option<&str>>(13)? == Some("set") && now == entered;
        Ok(Some(SetMark {
            enrolment: EnrolmentId(row.get(0)?),
            pupil: PupilId(row.get(1)?),
            name: format!("{surname}, {forename}"),
            slot: Slot::new(row.get(4)?, session),
            entered,
            before: code(row.get(7)?),
            minutes: row.get(8)?,
            arrived_at: row.get(9)?,
            note: row.get(10)?,
            sub_code: row.get(14)?,
            changed_since: !is_own && !is_again,
            now,
        }))
    })?;
    let mut marks: Vec<SetMark> = found.into_iter().flatten().collect();
    marks.sort_by_cached_key(|mark| (fold(&mark.name), mark.enrolment, mark.slot));
    Ok(marks)
}

/// What became of an undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// What stood before stands again, by this set.
    Made(MarkSetId),
    /// These marks were changed since. Nothing was changed.
    ChangedSince(Vec<SetMark>),
}

/// Brings back what stood before a set in each of its places: one act, which can be undone like any other.
///
/// `leaving` leaves marks alone that were changed since; without it one such mark refuses the whole, by name (R-007: what somebody
/// entered later is never swept away unseen). Errors: by access; [`Refusal::NotFound`] for no such set, [`Refusal::Wrong`] for one that
/// is undone already or without a mark that is left to undo.
pub fn undo(
    act: &mut Act,
    actor: &Actor,
    set: MarkSetId,
    leaving: bool,
    reason: &str,
) -> Result<Undone, Refusal> {
    office_role(actor)?;
    must_have_reason(reason)?;
    let school = act.school();
    let of_set = set_now(act.tx(), school, set)?.ok_or(Refusal::NotFound)?;
    if of_set.undone_by.is_some() && !leaving {
        return Err(Refusal::Wrong("This was undone already.".to_owned()));
    }
    let marks = marks_of(act.tx(), school, of_set.seq)?;
    let (changed, back): (Vec<SetMark>, Vec<SetMark>) =
        marks.into_iter().partition(|mark| mark.changed_since);
    if !changed.is_empty() && !leaving {
        return Ok(Undone::ChangedSince(changed));
    }
    if back.is_empty() && !["joining", "leaving"].contains(&of_set.kind.as_str()) {
        return Err(Refusal::Wrong(
            "Every mark of it was changed since, so nothing is left to undo.".to_owned(),
        ));
    }
    bring_back_days(act, actor, of_set.seq)?;
    bring_back_times(act, of_set.seq)?;
    write_back(act, actor, &of_set, &back, reason).map(Undone::Made)
}

fn write_back(
    act: &mut Act,
    actor: &Actor,
    of_set: &MarkSet,
    back: &[SetMark],
    reason: &str,
) -> Result<MarkSetId, Refusal> {
    let rows = back.iter().map(|mark| {
        args![
            mark.enrolment,
            mark.slot.day,
            mark.slot.session.index() as i64,
            mark.before.as_ref().map(Code::as_str),
            mark.minutes,
            mark.arrived_at,
            mark.note.as_deref(),
            reason.trim(),
            "set",
            None::<Instant>,
            mark.sub_code.as_deref()
        ]
    });
    act.record_many(&MARK_VERSION, rows)?;
    let mut pupils: Vec<PupilId> = back.iter().map(|mark| mark.pupil).collect();
    pupils.sort_unstable();
    pupils.dedup();
    let days: Vec<Day> = back.iter().map(|mark| mark.slot.day).collect();
    let first = days.iter().min().copied().unwrap_or(of_set.first);
    let last = days.iter().max().copied().unwrap_or(of_set.last);
    let about = About {
        kind: "undo",
        whom: &of_set.whom,
        code: None,
        days: (first, last),
        reason,
    };
    keep_set(
        act,
        actor,
        &about,
        (back.len(), pupils.len()),
        Some(of_set.id),
    )
}
