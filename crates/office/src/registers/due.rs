//! Whose mark is due in a register, and what stands there.

use std::cmp::Reverse;
use std::collections::HashMap;

use calendar::{Day, Instant, Slot};
use register::Code;
use register::entry::PupilOnRoll;
use register::plan::Plan;
use store::{Row, SchoolId, StoreError, Tx, args};

use crate::book::{PlanOnFile, plan_on_file};
use crate::ids::{AccountId, EnrolmentId, GroupId};

// Beginning with the group's members, by cross join: SQLite keeps that order of tables, and would else walk every mark of the school.
// The columns of the plan come first, in the order of `plan_on_file`.
pub(super) const MEMBERS: &str = "\
select q.plan_id, q.set_id, q.enrolment_id, q.seq, q.kind, q.code, q.first_day, q.last_day, q.sessions, q.reason, q.place, q.supervisor,
       q.evidence, q.decided_on, q.decided_by, q.agreed_on, q.agreed_with, q.review_on,
       m.enrolment_id, e.starting_day, e.leaving_day, p.birth_day,
       cast(case when e.pupil_id in (
            select c.pupil_id from characteristic c
            where c.school_id = $1 and c.kind = 'boards' and c.value = 'yes' and c.superseded_seq is null
              and c.from_day <= $3 and (c.to_day is null or c.to_day >= $3)) then 1 else 0 end as bigint)
from membership m cross join enrolment e cross join pupil p
left join plan q
  on q.school_id = m.school_id and q.enrolment_id = m.enrolment_id and q.superseded_seq is null
  and q.first_day <= $3 and q.last_day >= $3
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and e.school_id = m.school_id and e.enrolment_id = m.enrolment_id
  and e.superseded_seq is null and e.starting_day <= $3 and (e.leaving_day is null or e.leaving_day >= $3)
  and p.school_id = e.school_id and p.pupil_id = e.pupil_id and p.superseded_seq is null";

// That an act is not held is asked by its key, place by place: as `not exists` PostgreSQL goes through all held acts for each place.
pub(super) const STANDING: &str = "\
select v.enrolment_id, v.seq, v.code, v.minutes_late, v.note, v.sub_code, j.at, j.account_id
from membership m cross join mark_version v cross join journal_entry j
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and v.school_id = m.school_id and v.enrolment_id = m.enrolment_id and v.on_date = $3 and v.session = $4
  and v.seq = (
        select w.seq from mark_version w
        where w.school_id = m.school_id and w.enrolment_id = m.enrolment_id and w.on_date = $3 and w.session = $4
          and (select h.seq from held_act h where h.school_id = w.school_id and h.seq = w.seq and h.released_seq is null) is null
        order by w.seq desc limit 1)
  and j.school_id = v.school_id and j.seq = v.seq";

pub(super) const TAKEN: &str = "\
select 1 from register_taken
where school_id = $1 and group_id = $2 and on_date = $3 and session = $4 and superseded_seq is null";

/// A pupil of the group who is on roll, the mark that stands, and the plan.
#[derive(Clone, Debug)]
pub struct Due {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// What the rules ask of the pupil.
    pub pupil: PupilOnRoll,
    /// The newest entry in effect, even if it took the mark back; none where nothing was ever entered.
    pub standing: Option<Standing>,
    /// The plan for the session, which stands while there is no mark.
    pub plan: Option<Plan>,
}

/// The entry that stands in a place of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The number of the act that made it.
    pub seq: i64,
    /// The code; none where a mark was taken back.
    pub code: Option<Code>,
    /// Minutes late.
    pub minutes: Option<u32>,
    /// The note.
    pub note: Option<String>,
    /// The school's own sub-code.
    pub sub_code: Option<String>,
    /// When it was recorded.
    pub at: Instant,
    /// Who recorded it.
    pub account: AccountId,
}

impl Due {
    /// The code that stands, if one does.
    pub fn code(&self) -> Option<Code> {
        self.standing.as_ref()?.code
    }

    /// Whether the register asks for this pupil's mark: not for a boarder's.
    pub fn is_asked_for(&self, slot: Slot) -> bool {
        self.pupil.marked_on(slot.day).is_ok()
    }

    /// Whether neither a mark nor a plan stands here.
    pub fn is_blank(&self) -> bool {
        self.code().is_none() && self.plan.is_none()
    }

    /// The number that a change must be based on; nought for a place that was never marked.
    pub fn base(&self) -> i64 {
        self.standing.as_ref().map_or(0, |standing| standing.seq)
    }
}

/// A pupil of a group who is on roll on a day, and what is planned for that day.
#[derive(Clone, Debug)]
pub(super) struct Member {
    enrolment: EnrolmentId,
    pupil: PupilOnRoll,
    /// The plan made last first.
    plans: Vec<Plan>,
}

/// Who is in this register's group and on roll, and what stands there, in order of time on roll.
///
/// Boarders are among them, so that a mark sent for one is refused with its ground; [`Due::is_asked_for`] tells them apart.
pub fn due(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    slot: Slot,
) -> Result<Vec<Due>, StoreError> {
    let members = members(tx, school, group, slot.day)?;
    Ok(due_of(&members, standing(tx, school, group, slot)?, slot))
}

/// What is due of these members in a session of their day, where this stands.
pub(super) fn due_of(
    members: &[Member],
    mut standing: HashMap<EnrolmentId, Standing>,
    slot: Slot,
) -> Vec<Due> {
    let of = members.iter().map(|member| Due {
        enrolment: member.enrolment,
        pupil: member.pupil,
        standing: standing.remove(&member.enrolment),
        plan: member.plans.iter().find(|plan| plan.covers(slot)).cloned(),
    });
    of.collect()
}

/// Who is in this group and on roll on a day, in order of time on roll.
pub(super) fn members(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    day: Day,
) -> Result<Vec<Member>, StoreError> {
    let mut rows = tx.query(MEMBERS, &args![school, group, day], |row| {
        let plan = match row.get::<Option<i64>>(0)? {
            Some(_) => plan_on_file(row)?,
            None => None,
        };
        let member = Member {
            enrolment: EnrolmentId(row.get(18)?),
            pupil: PupilOnRoll {
                starting_day: row.get(19)?,
                last_day: row.get(20)?,
                date_of_birth: Some(row.get(21)?),
                boarder: row.get::<i64>(22)? == 1,
            },
            plans: Vec::new(),
        };
        Ok((member, plan))
    })?;
    let made = |plan: &Option<PlanOnFile>| plan.as_ref().map(|on_file| on_file.id);
    rows.sort_by_key(|(member, plan)| (member.enrolment, Reverse(made(plan))));
    // Two memberships of one group that overlap are one place in its register.
    let mut members: Vec<Member> = Vec::new();
    for (member, plan) in rows {
        if members.last().map(|last| last.enrolment) != Some(member.enrolment) {
            members.push(member);
        }
        if let (Some(last), Some(on_file)) = (members.last_mut(), plan) {
            last.plans.push(on_file.plan);
        }
    }
    Ok(members)
}

/// Whether this register was recorded as taken.
pub(super) fn is_taken(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    slot: Slot,
) -> Result<bool, StoreError> {
    let session = slot.session.index() as i64;
    let asked = args![school, group, slot.day, session];
    Ok(tx.query_opt(TAKEN, &asked, |_| Ok(()))?.is_some())
}

/// What stands in this register, by time on roll.
pub(super) fn standing(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    slot: Slot,
) -> Result<HashMap<EnrolmentId, Standing>, StoreError> {
    let mut found = HashMap::new();
    let session = slot.session.index() as i64;
    tx.each(STANDING, &args![school, group, slot.day, session], |row| {
        let entry = standing_of(row, row.get(1)?, 2)?;
        found.insert(EnrolmentId(row.get(0)?), entry);
        Ok(())
    })?;
    Ok(found)
}

/// What stands, from six columns from this one on: code, minutes, note, sub-code, when, by whom.
fn standing_of(row: &Row<'_>, seq: i64, first: usize) -> Result<Standing, StoreError> {
    let code = row.get::<Option<&str>>(first)?;
    let minutes = row.get::<Option<i64>>(first + 1)?;
    Ok(Standing {
        seq,
        code: code.and_then(|code| code.parse().ok()),
        minutes: minutes.map(|minutes| minutes as u32),
        note: row.get(first + 2)?,
        sub_code: row.get(first + 3)?,
        at: row.get(first + 4)?,
        account: AccountId(row.get(first + 5)?),
    })
}
