//! Whose mark a lesson register asks for, what stands there, and what the attendance register says of the same time.

use std::collections::HashMap;

use calendar::{Instant, Session, Slot, TimeOfDay};
use register::Code;
use register::closing::SessionTimes;
use register::lesson::{Difference, InSession, LessonMark, difference, is_away};
use store::{SchoolId, StoreError, Tx, args};

use super::LessonAddress;
use crate::book::LessonPeriod;
use crate::ids::{AccountId, EnrolmentId};
use crate::registers::due::{Due, due};
use crate::registers::exams::exams_at;

// Beginning with the group's members, by cross join: see the statements of the attendance register.
pub(super) const STANDING: &str = "\
select v.enrolment_id, v.seq, v.mark, v.minutes_late, v.note, j.at, j.account_id
from membership m cross join lesson_mark v cross join journal_entry j
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and v.school_id = m.school_id and v.enrolment_id = m.enrolment_id and v.on_date = $3 and v.period_id = $4
  and v.seq = (
        select max(w.seq) from lesson_mark w
        where w.school_id = m.school_id and w.enrolment_id = m.enrolment_id and w.on_date = $3 and w.period_id = $4)
  and j.school_id = v.school_id and j.seq = v.seq";

/// The entry that stands in a place of a lesson register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registers) struct Standing {
    /// The number of the act that made it.
    pub(in crate::registers) seq: i64,
    /// The mark; none where one was taken back.
    pub(in crate::registers) mark: Option<LessonMark>,
    pub(in crate::registers) minutes: Option<u32>,
    pub(in crate::registers) note: Option<String>,
    pub(in crate::registers) at: Instant,
    pub(in crate::registers) account: AccountId,
}

/// A pupil of the lesson's group who is on roll that day.
#[derive(Clone, Debug)]
pub(in crate::registers) struct Place {
    pub(in crate::registers) enrolment: EnrolmentId,
    /// The newest entry, even if it took the mark back; none where nothing was ever entered.
    pub(in crate::registers) standing: Option<Standing>,
    /// The examination that the pupil sits at that time, and where: `Mathematics 1, Hall`.
    pub(in crate::registers) exam: Option<String>,
    /// What the attendance register says; none for a period outside the sessions, and for a boarder, whom it does not have.
    pub(in crate::registers) session: Option<InSession>,
}

impl Place {
    pub(in crate::registers) fn mark(&self) -> Option<LessonMark> {
        self.standing.as_ref()?.mark
    }

    /// Whether an examination or the attendance register gives reason not to look for the pupil here.
    pub(in crate::registers) fn is_away(&self) -> bool {
        self.exam.is_some() || self.session.as_ref().is_some_and(is_away)
    }

    /// Whether the lesson's register still asks for a mark.
    pub(in crate::registers) fn is_blank(&self) -> bool {
        self.mark().is_none() && !self.is_away()
    }

    /// The number that a change must be based on; nought for a place that was never marked.
    pub(in crate::registers) fn base(&self) -> i64 {
        self.standing.as_ref().map_or(0, |standing| standing.seq)
    }

    /// How what stands here differs from the attendance register.
    pub(in crate::registers) fn difference(&self, period: &LessonPeriod) -> Option<Difference> {
        let mark = self.mark()?;
        if mark == LessonMark::Absent && self.exam.is_some() {
            return None;
        }
        difference(self.session.as_ref()?, mark, period.ends)
    }
}

/// Who is in the lesson's group and on roll, in order of time on roll.
pub(in crate::registers) fn places(
    tx: &mut Tx,
    school: SchoolId,
    address: LessonAddress,
    period: &LessonPeriod,
    times: &SessionTimes,
) -> Result<Vec<Place>, StoreError> {
    let LessonAddress { group, day, .. } = address;
    // Who is in the group does not depend on the session.
    let slot = Slot::new(day, period.session.unwrap_or(Session::Am));
    let in_group = due(tx, school, group, slot)?;
    let mut standing = standing(tx, school, address)?;
    let mut exams = exams_at(tx, school, group, day, period)?;
    let opens = times.of(slot.session).opens;
    let places = in_group.into_iter().map(|one| Place {
        enrolment: one.enrolment,
        standing: standing.remove(&one.enrolment),
        exam: exams.remove(&one.enrolment),
        session: period
            .session
            .filter(|_| one.is_asked_for(slot))
            .map(|_| in_session(&one, slot, opens)),
    });
    Ok(places.collect())
}

/// What the attendance register says of a pupil: the mark, else the plan.
fn in_session(due: &Due, slot: Slot, opens: TimeOfDay) -> InSession {
    let planned = due.plan.as_ref().map(|plan| plan.code);
    let late = |code: &Code| *code == Code::LATE || *code == Code::LATE_AFTER_CLOSE;
    let minutes = due
        .standing
        .as_ref()
        .filter(|standing| standing.code.as_ref().is_some_and(late))
        .and_then(|standing| standing.minutes);
    InSession {
        day: slot.day,
        code: due.code().or(planned),
        by_plan: due.code().is_none() && planned.is_some(),
        arrived: minutes.and_then(|minutes| opens.plus_minutes(minutes)),
    }
}

pub(in crate::registers) fn standing(
    tx: &mut Tx,
    school: SchoolId,
    address: LessonAddress,
) -> Result<HashMap<EnrolmentId, Standing>, StoreError> {
    let LessonAddress { group, day, period } = address;
    let mut found = HashMap::new();
    tx.each(STANDING, &args![school, group, day, period], |row| {
        let mark = row.get::<Option<&str>>(2)?;
        let standing = Standing {
            seq: row.get(1)?,
            mark: mark.and_then(|mark| mark.parse().ok()),
            minutes: row.get::<Option<i64>>(3)?.map(|minutes| minutes as u32),
            note: row.get(4)?,
            at: row.get(5)?,
            account: row.get(6)?,
        };
        found.insert(row.get(0)?, standing);
        Ok(())
    })?;
    Ok(found)
}
