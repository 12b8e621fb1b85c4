//! Every entry ever made in a lesson register, with what stood before it, by whom and why.

use calendar::Instant;
use register::lesson::LessonMark;
use store::{Arg, SchoolId, StoreError, Tx, args};

use super::LessonAddress;
use super::page::mark_cell;
use crate::book::Book;
use crate::ids::EnrolmentId;
use crate::registers::exams::ExamRoom;
use crate::registers::history::{EntryLine, name_then};
use crate::registers::save::clock_of;

// The group's members first, by cross join: see the statements of the attendance register.
pub(super) const OF_LESSON: &str = "\
select v.enrolment_id, v.seq, v.mark, v.minutes_late, v.note, v.reason, j.at, j.job_title, a.name, s.title, s.forename, s.surname
from membership m cross join lesson_mark v cross join journal_entry j
left join account a on a.account_id = j.account_id
left join staff s on s.school_id = j.school_id and s.account_id = j.account_id and s.superseded_seq is null
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and v.school_id = m.school_id and v.enrolment_id = m.enrolment_id and v.on_date = $3 and v.period_id = $4
  and j.school_id = v.school_id and j.seq = v.seq
order by v.enrolment_id, v.seq";

pub(in crate::registers) const OF_EXAM: &str = "\
select v.enrolment_id, v.seq, v.mark, v.minutes_late, v.note, v.reason, j.at, j.job_title, a.name, s.title, s.forename, s.surname
from exam_mark v cross join journal_entry j
left join account a on a.account_id = j.account_id
left join staff s on s.school_id = j.school_id and s.account_id = j.account_id and s.superseded_seq is null
where v.school_id = $1 and v.exam_id = $2 and v.room_id = $3 and j.school_id = v.school_id and j.seq = v.seq
order by v.enrolment_id, v.seq";

/// Every entry of one lesson's register, pupil by pupil in order of name, oldest first.
pub(super) fn entries(
    tx: &mut Tx,
    school: SchoolId,
    book: &Book,
    address: LessonAddress,
    now: Instant,
) -> Result<Vec<EntryLine>, StoreError> {
    let LessonAddress { group, day, period } = address;
    lines(tx, OF_LESSON, &args![school, group, day, period], book, now)
}

/// Every entry of the register of a room of an examination, in the same order.
pub(in crate::registers) fn exam_entries(
    tx: &mut Tx,
    book: &Book,
    place: ExamRoom,
    now: Instant,
) -> Result<Vec<EntryLine>, StoreError> {
    let asked = args![book.school, place.exam, place.room];
    lines(tx, OF_EXAM, &asked, book, now)
}

fn lines(
    tx: &mut Tx,
    sql: &'static str,
    asked: &[Arg],
    book: &Book,
    now: Instant,
) -> Result<Vec<EntryLine>, StoreError> {
    let mut lines: Vec<EntryLine> = Vec::new();
    let mut before: Option<(EnrolmentId, i64, Option<LessonMark>)> = None;
    tx.each(sql, asked, |row| {
        let (enrolment, seq): (EnrolmentId, i64) = (row.get(0)?, row.get(1)?);
        let last = before.filter(|(of, _, _)| *of == enrolment);
        if last.is_some_and(|(_, last, _)| last == seq) {
            // Two memberships of one group that overlap, or two staff records of one account.
            return Ok(());
        }
        let mark = row.get::<Option<&str>>(2)?;
        let mark: Option<LessonMark> = mark.and_then(|mark| mark.parse().ok());
        lines.push(EntryLine {
            pupil: book
                .roll
                .row(enrolment)
                .and_then(|row| book.roll.pupil_of_row(row))
                .map(|pupil| pupil.listed())
                .unwrap_or_default(),
            is_first: last.is_none(),
            before: mark_cell(last.and_then(|(_, _, mark)| mark), ""),
            after: mark_cell(mark, ""),
            minutes: row
                .get::<Option<i64>>(3)?
                .map(|minutes| minutes.to_string())
                .unwrap_or_default(),
            sub_code: String::new(),
            note: row.get::<Option<String>>(4)?.unwrap_or_default(),
            reason: row.get::<Option<String>>(5)?.unwrap_or_default(),
            when: clock_of(row.get(6)?, now),
            job_title: row.get(7)?,
            who: name_then(row, 8)?,
        });
        before = Some((enrolment, seq, mark));
        Ok(())
    })?;
    // Stable, so that the entries of one pupil stay in order of time.
    lines.sort_by(|a, b| a.pupil.cmp(&b.pupil));
    Ok(lines)
}
