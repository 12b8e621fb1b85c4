//! Pupils who were in at the session and are missing from a lesson, with where they were seen last: for whoever searches (E-029).

use std::collections::HashMap;

use calendar::{Day, Instant, Session, TimeOfDay};
use register::lesson::{Difference, LessonMark};
use store::{Tx, args};

use super::LessonAddress;
use super::of_day::{Lessons, differing, of_school};
use crate::book::Book;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, GroupId, PeriodId};

/// When the lesson's register said that a pupil is not there.
pub(in crate::registers) const RECORDED: &str = "\
select v.enrolment_id, v.period_id, j.at
from lesson_mark v join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
where v.school_id = $1 and v.on_date = $2 and v.mark = $3 order by v.seq";

/// A pupil who is missing from a lesson.
#[derive(Clone, Debug)]
pub(crate) struct MissingPupil {
    pub(crate) enrolment: EnrolmentId,
    /// The session in which the pupil was in.
    pub(crate) session: Session,
    pub(crate) period: PeriodId,
    /// `P2`.
    pub(crate) period_name: String,
    pub(crate) starts: TimeOfDay,
    /// Whose lesson it is.
    pub(crate) group: GroupId,
    /// The note of whoever took the register.
    pub(crate) note: Option<String>,
    /// When the lesson's register said so.
    pub(crate) since: Instant,
    /// The last lesson of the day in which the pupil was seen: `P1, 8X1, room 12`.
    pub(crate) last_seen: Option<String>,
}

impl MissingPupil {
    /// The lesson's register.
    pub(crate) fn path(&self, day: Day) -> String {
        let address = LessonAddress {
            group: self.group,
            day,
            period: self.period,
        };
        address.path()
    }
}

/// Who is missing from a lesson of a day, by time on roll and then by time of day.
///
/// Errors: session times cannot be read.
pub(crate) fn missing_from_lessons(
    tx: &mut Tx,
    book: &Book,
    day: Day,
) -> Result<Vec<MissingPupil>, Refusal> {
    let lessons = of_school(tx, book, day)?;
    let mut recorded: HashMap<(EnrolmentId, PeriodId), Instant> = HashMap::new();
    let asked = args![book.school, day, LessonMark::Absent.letter()];
    tx.each(RECORDED, &asked, |row| {
        recorded.insert((row.get(0)?, row.get(1)?), row.get(2)?);
        Ok(())
    })?;
    let found = differing(tx, book, day, &lessons)?;
    let missing = found
        .into_iter()
        .filter(|one| one.found == Difference::MissingFromLesson);
    let missing = missing.filter_map(|one| {
        let since = recorded.get(&(one.enrolment, one.period.id)).copied()?;
        Some(MissingPupil {
            enrolment: one.enrolment,
            session: one.session,
            period: one.period.id,
            period_name: one.period.name.clone(),
            starts: one.period.starts,
            group: one.entered.group,
            note: one.entered.note.clone(),
            since,
            last_seen: last_seen(book, day, &lessons, one.enrolment, one.period.starts),
        })
    });
    Ok(missing.collect())
}

/// The last lesson before this time in which the pupil was in the room, or known to be elsewhere in school.
fn last_seen(
    book: &Book,
    day: Day,
    lessons: &Lessons,
    enrolment: EnrolmentId,
    before: TimeOfDay,
) -> Option<String> {
    let own = lessons.iter().filter(|((whose, _), _)| *whose == enrolment);
    let seen = own.filter(|(_, entered)| entered.mark.is_in_school());
    let seen = seen.filter_map(|((_, period), entered)| {
        let period = book.timetable.period(*period, day)?;
        (period.starts < before).then_some((period, entered))
    });
    let (period, entered) = seen.max_by_key(|(period, _)| period.starts)?;
    let group = book.groups.group(entered.group);
    let name = group.map(|group| group.name.clone()).unwrap_or_default();
    let room = group.and_then(|group| group.room.as_ref());
    let room = room
        .map(|room| format!(", room {room}"))
        .unwrap_or_default();
    let note = entered.note.as_ref();
    let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
    Some(format!("{}, {name}{room}{note}", period.name))
}
