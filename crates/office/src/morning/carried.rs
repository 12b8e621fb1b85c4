//! What earlier school days leave open (SM-1, E-011): whoever was missed and of whom nobody has recorded since where they are.
//!
//! It is no list that is kept: the days since the child was last here are played again, one after another, through the one table. So a mark that
//! is put right on Wednesday about Monday needs nothing but to be put right.
//!
//! A day on which the whole school has no mark at all leaves nothing open: no register was kept here, as before the school began with this
//! program. Whoever has left the roll is no longer on the list: leaving is recorded by name and with its ground.

use std::collections::{BTreeSet, HashMap};

use calendar::{Day, Instant, Session, Slot};
use columns::MarkByte;
use register::{Class, Code, meaning};
use store::{SchoolId, StoreError, Tx, args};
use welfare::continuing::{Run, go_on, left_open};

use super::cases::{Absent, Before, Child, Hours, MarkEntry, Recorded, hours, hours_of, play};
use super::entries::{Entry, of_enrolment};
use super::stands::child_of_rows;
use crate::absence_line::TOLD;
use crate::book::Book;
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::safeguarding::{Held, held};
use crate::year::calendar_between;
use crate::year::settings::{session_times, settings};

/// What earlier days leave open of one pupil.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Where it stands after them.
    pub run: Run,
    /// Which school day of it the day itself is: 2 on the day after the first.
    pub number: usize,
    /// The sessions that stand without a reason, in order.
    pub absent: Vec<(Slot, Absent)>,
    /// What was tried, said and decided in these days, in order.
    pub entries: Vec<Entry>,
}

impl Carried {
    /// What it means for a code of a later day (E-011).
    pub(super) fn before(&self) -> Before {
        Before {
            unexplained: self.run.unexplained,
            outcome: self.run.outcome,
        }
    }
}

/// A day of one pupil that lies behind.
struct Behind {
    child: Child,
    hours: Vec<Hours>,
    marks: Vec<MarkEntry>,
    entries: Vec<Entry>,
}

/// Plays the days of one pupil in order, and says what they leave open on the morning of `today`.
fn left_by(days: Vec<Behind>, school_days: &[Day], held: &[Held], now: Instant) -> Option<Carried> {
    let mut run: Option<Run> = None;
    let mut absent: Vec<(Slot, Absent)> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for day in days {
        let Some(ends) = day.hours.last().map(|last| last.ends) else {
            continue;
        };
        let before = run.as_ref().map_or_else(Before::default, |run| Before {
            unexplained: run.unexplained,
            outcome: run.outcome,
        });
        let recorded = Recorded {
            entries: day.entries,
            told: Vec::new(),
            held: held.to_vec(),
        };
        let played = play(&day.child, &day.hours, &day.marks, &recorded, before, now);
        if let Some(story) = played.story(&day.hours) {
            run = left_open(go_on(run, &story), ends);
        }
        absent.extend(played.absent(&day.hours));
        entries.extend(recorded.entries);
    }
    let run = run?;
    let of_the_run = school_days.iter().filter(|day| **day >= run.first_day);
    absent.retain(|(slot, _)| slot.day >= run.first_day);
    entries.retain(|entry| entry.day >= run.first_day);
    Some(Carried {
        number: of_the_run.count() + 1,
        run,
        absent,
        entries,
    })
}

fn is_attended(code: Code, day: Day) -> bool {
    code == Code::LATE_AFTER_CLOSE
        || meaning(code, day).is_ok_and(|row| {
            matches!(
                row.class,
                Class::Present | Class::ApprovedEducationalActivity
            )
        })
}

/// What the book knows of a pupil's last days, to tell who need not be played at all: nearly everybody.
struct Away {
    row: usize,
    /// The day on which the pupil was last here, or the first of the record.
    since: Day,
    /// Whether a session since then stands without a reason.
    unexplained: bool,
}

fn away(book: &Book, row: usize, slots: &[Slot], today: &[Slot]) -> Option<Away> {
    let here = |slot: &Slot| {
        let mark = book.mark(row, *slot);
        let code = mark.code().filter(|_| !mark.is_planned());
        code.is_some_and(|code| is_attended(code, slot.day))
    };
    if today.iter().any(here) {
        return None;
    }
    let starts = book.roll.enrolments[row].starting_day;
    let own = slots.partition_point(|slot| slot.day < starts);
    let (mut since, mut unexplained) = (None, false);
    for slot in slots[own..].iter().rev() {
        if here(slot) {
            since = since.map(|_| slot.day);
            break;
        }
        let mark = book.mark(row, *slot);
        if mark.is_session() {
            since = Some(slot.day);
            unexplained |= is_unexplained(mark);
        }
    }
    since.map(|since| Away {
        row,
        since,
        unexplained,
    })
}

fn is_unexplained(mark: MarkByte) -> bool {
    let has = |code| mark.code() == Some(code) && !mark.is_planned();
    mark == MarkByte::MISSING || has(Code::NO_REASON_YET) || has(Code::UNAUTHORISED)
}

/// Whether anybody of the school has a mark on this day.
fn was_kept(book: &Book, day: Day) -> bool {
    let slots = book.calendar.slots(day, day);
    let marked = |row: usize, slot: &Slot| {
        let mark = book.mark(row, *slot);
        mark.code().is_some() && !mark.is_planned()
    };
    (0..book.roll.enrolments.len()).any(|row| slots.iter().any(|slot| marked(row, slot)))
}

const MARKS_SINCE: &str = "\
select v.on_date, v.session, v.seq, v.code, j.at, cast(case when v.reason like $5 || '%' then 1 else 0 end as bigint)
from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date >= $3 and v.on_date < $4
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.on_date, v.seq";

// Beginning with the times on roll, by cross join: SQLite keeps that order of tables, and would else walk every mark of the school.
const WAS_KEPT: &str = "\
select v.seq from enrolment e cross join mark_version v
where e.school_id = $1 and e.superseded_seq is null and e.starting_day <= $2 and (e.leaving_day is null or e.leaving_day >= $2)
  and v.school_id = e.school_id and v.enrolment_id = e.enrolment_id and v.on_date = $2 and v.code is not null
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
limit 1";

// Whoever has something on record that can keep a case open whatever code the register has: what only the safeguarding lead settles, a search,
// a visit without a reply, and whoever was put back on the list.
const HELD_OPEN: &str = "\
select distinct enrolment_id from absence_entry
where school_id = $1 and on_date >= $2 and on_date < $3
  and (concern or kind in ('not_on_site', 'lead_visit', 'lead_outside', 'lead_calls', 'reopened')
       or outcome in ('not_satisfied', 'third_party', 'refused', 'says_at_school')
       or (channel = 'visit' and outcome in ('no_answer', 'address_empty')))";

const STARTS: &str = "select starting_day from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MARKS_SINCE, WAS_KEPT, HELD_OPEN, STARTS];

/// The marks of a pupil from one day until before another, by day.
fn marks_since(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    from: Day,
    before: Day,
) -> Result<Vec<(Day, MarkEntry)>, StoreError> {
    let mut marks = Vec::new();
    let asked = args![school, enrolment, from, before, TOLD];
    tx.each(MARKS_SINCE, &asked, |row| {
        let code = row.get::<Option<&str>>(3)?;
        if let Some(session) = Session::from_index(row.get(1)?) {
            let entry = MarkEntry {
                session,
                seq: row.get(2)?,
                code: code.and_then(|code| code.parse().ok()),
                at: row.get(4)?,
                told: row.get::<i64>(5)? == 1,
            };
            marks.push((row.get(0)?, entry));
        }
        Ok(())
    })?;
    Ok(marks)
}

/// The marks and entries of these days, taken out of what came since.
fn of_day(
    day: Day,
    marks: &mut Vec<(Day, MarkEntry)>,
    entries: &mut Vec<Entry>,
) -> (Vec<MarkEntry>, Vec<Entry>) {
    let own = marks.extract_if(.., |(on, _)| *on == day);
    let own = own.map(|(_, mark)| mark).collect();
    (
        own,
        entries.extract_if(.., |entry| entry.day == day).collect(),
    )
}

/// What the school days before this one leave open, by time on roll.
///
/// Rule: SM-1, E-011. Errors: the times of a day or the database cannot be read.
pub(super) fn carried(
    tx: &mut Tx,
    book: &Book,
    today: Day,
    now: Instant,
) -> Result<HashMap<EnrolmentId, Carried>, Refusal> {
    let mut found = HashMap::new();
    let Some((first, _)) = book.calendar.span() else {
        return Ok(found);
    };
    let slots = book.calendar.slots(first, today.previous());
    let of_today = book.calendar.slots(today, today);
    let rows = book.roll.rows_on(today);
    let mut away: Vec<Away> = rows
        .filter_map(|row| away(book, row, slots, of_today))
        .collect();
    let Some(earliest) = away.iter().map(|one| one.since).min() else {
        return Ok(found);
    };
    // A case that only the safeguarding lead may close can stand open though every session has a code by now.
    let asked = args![book.school, earliest, today];
    let mut held_open: BTreeSet<EnrolmentId> = tx
        .query(HELD_OPEN, &asked, |row| row.get(0))?
        .into_iter()
        .collect();
    let mut held = held(tx, book.school)?;
    held_open.extend(held.keys());
    away.retain(|one| one.unexplained || held_open.contains(&book.roll.enrolments[one.row].id));
    let mut kept: HashMap<Day, (bool, Vec<Hours>)> = HashMap::new();
    for one in away {
        let enrolment = book.roll.enrolments[one.row].id;
        let school_days = book
            .calendar
            .school_days_between(one.since, today.previous());
        for day in school_days {
            if !kept.contains_key(day) {
                kept.insert(*day, (was_kept(book, *day), hours(book, *day)?));
            }
        }
        let mut marks = marks_since(tx, book.school, enrolment, one.since, today)?;
        let mut entries = of_enrolment(tx, book.school, enrolment, one.since)?;
        let days = school_days.iter().filter_map(|day| {
            let (was_kept, hours) = &kept[day];
            let (marks, entries) = of_day(*day, &mut marks, &mut entries);
            (*was_kept || !entries.is_empty()).then(|| Behind {
                child: Child::of_book(book, one.row, hours),
                hours: hours.clone(),
                marks,
                entries,
            })
        });
        let held = held.remove(&enrolment).unwrap_or_default();
        if let Some(left) = left_by(days.collect(), school_days, &held, now) {
            found.insert(enrolment, left);
        }
    }
    Ok(found)
}

/// The same for one pupil as a transaction sees it, from rows.
///
/// Errors: the calendar or the times of a day cannot be read; the database did not answer.
pub(super) fn carried_within(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    today: Day,
    now: Instant,
) -> Result<Option<Carried>, Refusal> {
    let starts = tx.query_opt(STARTS, &args![school, enrolment], |row| row.get::<Day>(0))?;
    let Some(starts) = starts.filter(|starts| *starts < today) else {
        return Ok(None);
    };
    let mut marks = marks_since(tx, school, enrolment, starts, today)?;
    let mut standing: HashMap<(Day, Session), Option<Code>> = HashMap::new();
    for (day, mark) in &marks {
        standing.insert((*day, mark.session), mark.code);
    }
    let here = standing
        .iter()
        .filter(|((day, _), code)| code.is_some_and(|code| is_attended(code, *day)));
    let from = here.map(|((day, _), _)| *day).max().unwrap_or(starts);
    let mut entries = of_enrolment(tx, school, enrolment, from)?;
    let calendar = calendar_between(tx, school, from, today.previous())
        .map_err(|error| Refusal::Wrong(error.to_string()))?;
    let settings = settings(tx, school)?;
    let school_days = calendar.school_days_between(from, today.previous());
    let mut days = Vec::new();
    for day in school_days {
        let times = session_times(&settings, *day)?;
        let slots = calendar.slots(*day, *day).iter();
        let hours: Vec<Hours> = slots.map(|slot| hours_of(&times, *slot)).collect();
        let (own, entries) = of_day(*day, &mut marks, &mut entries);
        if own.is_empty() && entries.is_empty() {
            let kept = tx.query_opt(WAS_KEPT, &args![school, *day], |row| row.get::<i64>(0))?;
            if kept.is_none() {
                continue;
            }
        }
        if let Some(child) = child_of_rows(tx, school, enrolment, &hours)? {
            days.push(Behind {
                child,
                hours,
                marks: own,
                entries,
            });
        }
    }
    let held = held(tx, school)?.remove(&enrolment).unwrap_or_default();
    Ok(left_by(days, school_days, &held, now))
}
