//! The books of all schools, each kept up to the number that a reader asks for.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use store::journal::{self, ActFacts};
use store::{Arg, SchoolId, StoreError, Tx, args};

use super::marks::{MarkRow, Places, Writer, blank_row, blank_years, lay_plans, read_marks};
use super::plans::read_plans;
use super::roll::{read_characteristics, read_groups, read_roll, read_staff};
use super::timetable::read_timetable;
use super::{Book, Plans, Roll};
use crate::ids::EnrolmentId;
use crate::registers::records::MARK_VERSION;
use crate::year::settings::settings;
use crate::year::{CalendarError, calendar};

/// How many books of earlier numbers are kept, over all schools: a few people look back at a time, each at one moment.
const KEPT_OF_THE_PAST: usize = 6;

/// How many numbers back a book is kept for readers whose snapshot is a moment old.
const KEPT: usize = 4;

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[NEWEST_ERASURE, RELEASED_SINCE];

/// Why there is no book.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The school's calendar rows contradict each other.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The books of all schools that have been asked for.
#[derive(Default)]
pub struct Shelf {
    schools: Mutex<HashMap<SchoolId, Arc<Mutex<Vec<Copy>>>>>,
    /// Books for those who look back, the one that was asked for last at the end.
    past: Mutex<Vec<PastBook>>,
}

/// A book with what is needed to keep it up.
#[derive(Clone)]
struct Copy {
    book: Arc<Book>,
    places: Arc<Places>,
}

impl Shelf {
    /// The school's book at exactly the number that this snapshot sees, which is an earlier one where the transaction looks back.
    pub fn book(&self, tx: &mut Tx, school: SchoolId) -> Result<Arc<Book>, BookError> {
        let head = journal::head(tx, school)?.map_or(0, |head| head.seq);
        if tx.looks_back() {
            return self.past_book(tx, school, head);
        }
        let copies = {
            let mut schools = self.schools.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(schools.entry(school).or_default())
        };
        // Held while the book is brought up, so that waiting readers find it done.
        let mut copies = copies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(copy) = copies.iter().find(|copy| copy.book.seq == head) {
            return Ok(Arc::clone(&copy.book));
        }
        let newest = copies.iter().max_by_key(|copy| copy.book.seq);
        let copy = match newest {
            Some(copy) if copy.book.seq < head => brought_up(tx, copy, head)?,
            _ => built(tx, school, head)?,
        };
        let book = Arc::clone(&copy.book);
        copies.push(copy);
        copies.sort_by_key(|copy| std::cmp::Reverse(copy.book.seq));
        copies.truncate(KEPT);
        Ok(book)
    }

    /// The book of an earlier number: from rows as they were, by the same code.
    ///
    /// What was erased since it was read, by whichever program, is in no book that anybody is shown: a book is kept for as long as its
    /// school's erasures stand as they did, and none is while one is being carried out.
    fn past_book(&self, tx: &mut Tx, school: SchoolId, seq: i64) -> Result<Arc<Book>, BookError> {
        let erasures = tx.at_present(|tx| Erasures::of(tx, school))?;
        let past = || self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = |one: &PastBook| {
            (one.book.school, one.book.seq, one.erasures) == (school, seq, erasures)
        };
        let found = past()
            .iter()
            .find(|one| kept(one))
            .map(|one| Arc::clone(&one.book));
        let book = match found {
            Some(book) => book,
            None => built(tx, school, seq)?.book,
        };
        let mut past = past();
        past.retain(|one| !kept(one) && (one.book.school != school || one.erasures == erasures));
        if !erasures.under_way {
            let book = Arc::clone(&book);
            past.push(PastBook { book, erasures });
        }
        let too_many = past.len().saturating_sub(KEPT_OF_THE_PAST);
        past.drain(..too_many);
        Ok(book)
    }
}

/// A book for those who look back.
struct PastBook {
    book: Arc<Book>,
    erasures: Erasures,
}

/// How a school's erasures stood when a book was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Erasures {
    /// The number of the newest act that brought one on.
    seq: i64,
    /// Whether one is being carried out.
    under_way: bool,
}

/// Of the open erasure, which is the only one, or the last that was closed.
const NEWEST_ERASURE: &str = "\
select seq, state from erasure where school_id = $1 and superseded_seq is null order by seq desc limit 1";

impl Erasures {
    fn of(tx: &mut Tx, school: SchoolId) -> Result<Erasures, StoreError> {
        let newest = tx.query_opt(NEWEST_ERASURE, &args![school], |row| {
            Ok(Erasures {
                seq: row.get(0)?,
                under_way: row.get::<&str>(1)? == "approved",
            })
        })?;
        Ok(newest.unwrap_or_default())
    }
}

/// The book from rows alone.
fn built(tx: &mut Tx, school: SchoolId, seq: i64) -> Result<Copy, BookError> {
    // Every mark of the school is read, which takes as long as it takes: a slow disk must not keep a school shut.
    tx.lift_time_limit()?;
    let calendar = calendar(tx, school)?;
    let characteristics = read_characteristics(tx, school)?;
    let roll = read_roll(tx, school, &characteristics)?;
    let plans = read_plans(tx, school)?;
    let (mut years, places) = blank_years(&calendar, &roll, &plans);
    let mut writer = Writer::new(&mut years, &places, &roll, &plans);
    read_marks(tx, school, None, &mut writer)?;
    let book = Book {
        school,
        seq,
        calendar: Arc::new(calendar),
        roll: Arc::new(roll),
        groups: Arc::new(read_groups(tx, school)?),
        characteristics: Arc::new(characteristics),
        staff: Arc::new(read_staff(tx, school)?),
        settings: Arc::new(settings(tx, school)?),
        timetable: Arc::new(read_timetable(tx, school)?),
        plans: Arc::new(plans),
        years,
        reckoned: Default::default(),
    };
    Ok(Copy {
        book: Arc::new(book),
        places: Arc::new(places),
    })
}

/// The book after the acts that came since, reading only what they touched.
fn brought_up(tx: &mut Tx, copy: &Copy, head: i64) -> Result<Copy, BookError> {
    let school = copy.book.school;
    let released = args![school, copy.book.seq];
    if tx.query_one(RELEASED_SINCE, &released, |row| row.get::<i64>(0))? > FEW_STEPS {
        // A long import came into effect: reading its rows once is quicker than its journal and then its rows.
        return built(tx, school, head);
    }
    let acts = journal::facts_since(tx, school, copy.book.seq, &[&MARK_VERSION])?;
    let touched = |names: &[&str]| {
        acts.iter()
            .flat_map(|act| &act.touched)
            .any(|name| names.contains(&name.as_str()))
    };
    if acts.iter().any(|act| !act.complete) || touched(&["term", "day_exception"]) {
        return built(tx, school, head);
    }
    let mut book = Book::clone(&copy.book);
    book.seq = head;
    if touched(&["plan"]) {
        let plans = read_plans(tx, school)?;
        plan_anew(&mut book, plans);
    }
    let mut boarding_changed = false;
    if touched(&["characteristic"]) {
        let characteristics = read_characteristics(tx, school)?;
        let before = &book.characteristics;
        boarding_changed = !characteristics.boarding().eq(before.boarding());
        book.characteristics = Arc::new(characteristics);
    }
    if boarding_changed || touched(&["pupil", "enrolment"]) {
        let roll = read_roll(tx, school, &book.characteristics)?;
        relay(tx, &mut book, &copy.places, roll)?;
    }
    if touched(&["pupil_group", "membership", "group_staff"]) {
        book.groups = Arc::new(read_groups(tx, school)?);
    }
    if touched(&["staff", "post"]) {
        book.staff = Arc::new(read_staff(tx, school)?);
    }
    if touched(&["setting"]) {
        book.settings = Arc::new(settings(tx, school)?);
    }
    if touched(&[
        "lesson_period",
        "day_period",
        "room",
        "lesson",
        "lesson_staff",
        "off_timetable",
        "lesson_cover",
    ]) {
        book.timetable = Arc::new(read_timetable(tx, school)?);
    }
    put_marks(tx, &mut book, &copy.places, &acts)?;
    Ok(Copy {
        book: Arc::new(book),
        places: Arc::clone(&copy.places),
    })
}

/// Puts new plans under the marks: of each time on roll whose plans changed, the places without a mark.
fn plan_anew(book: &mut Book, plans: Plans) {
    for enrolment in plans.changed_since(&book.plans) {
        let Some(row) = book.roll.row(enrolment) else {
            continue;
        };
        for year in &mut book.years {
            lay_plans(&mut Arc::make_mut(year).matrix, &book.roll, &plans, row);
        }
    }
    book.plans = Arc::new(plans);
}

/// Puts a new roll under the marks: rows whose time on roll is new or changed are laid out and read again.
fn relay(tx: &mut Tx, book: &mut Book, places: &Places, roll: Roll) -> Result<(), BookError> {
    let before = Arc::clone(&book.roll);
    let plans = Arc::clone(&book.plans);
    let same_order = before
        .enrolments
        .iter()
        .zip(&roll.enrolments)
        .all(|(old, new)| old.id == new.id);
    if !same_order || roll.enrolments.len() < before.enrolments.len() {
        // Ids only ever grow, so this is a row put in by hand; lay everything out again.
        let (mut years, places) = blank_years(&book.calendar, &roll, &plans);
        let mut writer = Writer::new(&mut years, &places, &roll, &plans);
        read_marks(tx, book.school, None, &mut writer)?;
        book.years = years;
        book.roll = Arc::new(roll);
        return Ok(());
    }
    for (row, enrolment) in roll.enrolments.iter().enumerate() {
        if before.enrolments.get(row) == Some(enrolment) {
            continue;
        }
        for year in &mut book.years {
            let marks = Arc::make_mut(year);
            while marks.matrix.rows() <= row {
                marks.matrix.add_row();
            }
            blank_row(&mut marks.matrix, &roll, &plans, row);
        }
        let mut writer = Writer::new(&mut book.years, places, &roll, &plans);
        read_marks(tx, book.school, Some(enrolment.id), &mut writer)?;
    }
    book.roll = Arc::new(roll);
    Ok(())
}

/// Flips the byte of each mark that came since.
///
/// Marks that were held until now may lie behind later ones, and the newest number in effect counts: those times on roll
/// are read again, or all of them when an import brought many.
fn put_marks(
    tx: &mut Tx,
    book: &mut Book,
    places: &Places,
    acts: &[ActFacts],
) -> Result<(), BookError> {
    let (roll, plans) = (Arc::clone(&book.roll), Arc::clone(&book.plans));
    let school = book.school;
    let mut writer = Writer::new(&mut book.years, places, &roll, &plans);
    let mut released = BTreeSet::new();
    for act in acts {
        for change in &act.changes {
            let [
                Arg::Int(enrolment),
                Arg::Day(day),
                Arg::Int(session),
                code,
                ..,
            ] = change.values.as_slice()
            else {
                continue;
            };
            let enrolment = EnrolmentId(*enrolment);
            if change.seq < act.seq {
                released.insert(enrolment);
                continue;
            }
            let code = match code {
                Arg::Text(code) => Some(code.as_ref()),
                _ => None,
            };
            writer.put(&MarkRow {
                enrolment,
                day: *day,
                session: *session,
                code,
            });
        }
    }
    if released.len() > FEW {
        read_marks(tx, school, None, &mut writer)?;
    } else {
        for enrolment in released {
            read_marks(tx, school, Some(enrolment), &mut writer)?;
        }
    }
    Ok(())
}

/// How many held acts were released after a number.
const RELEASED_SINCE: &str =
    "select count(*) from held_act where school_id = $1 and released_seq > $2";

/// Steps of an import whose rows are still taken from the journal.
const FEW_STEPS: i64 = 2;

/// Up to so many times on roll are read again one by one; more are read in one go.
const FEW: usize = 100;
