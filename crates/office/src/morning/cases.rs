//! Who is not where they should be, found from marks, plans and what was recorded: never kept as a list, so nobody can be lost from it.
//!
//! On the list comes whoever has `N`, or no mark after the register closed, be it blank or never taken; whoever has `O` and of whom
//! nobody recorded where they are; and whoever is marked absent again. A plan explains its session, and so does a code with a
//! reason. Off the list leads only what `welfare::absence` lets.

use std::collections::HashMap;

use calendar::{Day, Instant, Session, Slot};
use register::closing::SessionTimes;
use register::{Class, Code, meaning};
use store::{SchoolId, StoreError, Tx, args};
use welfare::absence::{Event, Happened, Row, State, located_at, standing};

use super::entries::{Entry, of_day};
use crate::absence_line::{Report, State as Standing, waiting_on};
use crate::book::Book;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::year::settings::session_times;

// Beginning with the times on roll, by cross join: SQLite keeps that order of tables, and would else walk every mark of the school.
const MARKS: &str = "\
select v.enrolment_id, v.session, v.seq, v.code, j.at
from enrolment e cross join mark_version v cross join journal_entry j
where e.school_id = $1 and e.superseded_seq is null and e.starting_day <= $2 and (e.leaving_day is null or e.leaving_day >= $2)
  and v.school_id = e.school_id and v.enrolment_id = e.enrolment_id and v.on_date = $2
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
  and j.school_id = v.school_id and j.seq = v.seq
order by v.enrolment_id, v.seq";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MARKS];

/// A session of the day with its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The session.
    pub slot: Slot,
    /// When its register opens.
    pub opens: Instant,
    /// When it closes.
    pub closes: Instant,
    /// When the session ends.
    pub ends: Instant,
}

/// Why a session has the child on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The register has `N`.
    NoReason,
    /// The register closed without a mark.
    Blank,
    /// The register has `O`, and nobody recorded where the child is.
    Unauthorised,
}

impl Absent {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Absent::NoReason => "N",
            Absent::Blank => "no mark at closing",
            Absent::Unauthorised => "O, and nobody recorded where",
        }
    }
}

/// A child who was on the list at some time of the day.
#[derive(Clone, Debug)]
pub struct Case {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The pupil.
    pub pupil: PupilId,
    /// The time on roll's place in the book.
    pub row: usize,
    /// The first session that put them on the list.
    pub first: Hours,
    /// The sessions that have them absent now.
    pub absent: Vec<(Slot, Absent)>,
    /// What happened, in order.
    pub happened: Vec<Happened>,
    /// What was recorded, in order.
    pub entries: Vec<Entry>,
    /// What the family told on the absence line and nobody has dealt with yet (E-014).
    pub told: Vec<Report>,
    /// Where it stands.
    pub state: State,
    /// The line of the table that brought it there.
    pub line: &'static Row,
    /// Since when it stands there.
    pub since: Instant,
}

impl Case {
    /// Whether the child is not located.
    pub fn is_open(&self) -> bool {
        !self.state.is_located()
    }

    /// Whether this session has the child absent without a reason.
    pub fn is_absent_in(&self, slot: Slot) -> bool {
        self.absent.iter().any(|(own, _)| *own == slot)
    }

    /// When the child was located for the last time, if they are.
    pub fn located_at(&self) -> Option<Instant> {
        located_at(&self.happened)
    }

    /// Whether the child was not located at a moment: on the list by then, and not off it by then.
    pub fn was_open_at(&self, moment: Instant) -> bool {
        let by_then = self.happened.partition_point(|one| one.at <= moment);
        standing(&self.happened[..by_then]).is_some_and(|(state, _, _)| !state.is_located())
    }
}

/// The day's cases and its clock.
#[derive(Clone, Debug)]
pub struct DayOfCases {
    /// The day.
    pub day: Day,
    /// Its sessions.
    pub hours: Vec<Hours>,
    /// Every child who was on the list at some time, in order of time on roll.
    pub cases: Vec<Case>,
}

impl DayOfCases {
    /// Those not located.
    pub fn open(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.is_open())
    }

    /// The case of this time on roll.
    pub fn of(&self, enrolment: EnrolmentId) -> Option<&Case> {
        let place = self
            .cases
            .binary_search_by_key(&enrolment, |case| case.enrolment);
        place.ok().map(|place| &self.cases[place])
    }
}

/// An entry of the register.
pub(super) struct MarkEntry {
    pub(super) session: Session,
    pub(super) seq: i64,
    pub(super) code: Option<Code>,
    pub(super) at: Instant,
}

/// What a day's sessions ask of one pupil.
pub(super) struct Child {
    pub(super) enrolment: EnrolmentId,
    pub(super) pupil: PupilId,
    /// The time on roll's place in the book; nought where no book is asked.
    pub(super) row: usize,
    /// Session by session, whether the register asks for a mark.
    pub(super) is_due: Vec<bool>,
    /// Session by session, whether a plan stands while there is none.
    pub(super) is_planned: Vec<bool>,
}

impl Child {
    fn of_book(book: &Book, row: usize, hours: &[Hours]) -> Child {
        let enrolment = &book.roll.enrolments[row];
        let planned = |hours: &Hours| book.plans.expected(enrolment.id, hours.slot).is_some();
        Child {
            enrolment: enrolment.id,
            pupil: enrolment.pupil,
            row,
            is_due: hours
                .iter()
                .map(|hours| book.mark(row, hours.slot).is_session())
                .collect(),
            is_planned: hours.iter().map(planned).collect(),
        }
    }
}

/// The clock of a day's sessions.
pub(super) fn hours(book: &Book, day: Day) -> Result<Vec<Hours>, Refusal> {
    let times = session_times(&book.settings, day)?;
    let slots = book.calendar.slots(day, day).iter();
    Ok(slots.map(|slot| hours_of(&times, *slot)).collect())
}

pub(super) fn hours_of(times: &SessionTimes, slot: Slot) -> Hours {
    let of = times.of(slot.session);
    Hours {
        slot,
        opens: Instant::at_london(slot.day, of.opens),
        closes: Instant::at_london(slot.day, of.closes),
        ends: Instant::at_london(slot.day, of.ends),
    }
}

/// Every child who was on the list of a day at some time until now, with where it stands.
pub fn cases(tx: &mut Tx, book: &Book, day: Day, now: Instant) -> Result<DayOfCases, Refusal> {
    let hours = hours(book, day)?;
    let mut marks = marks(tx, book.school, day)?;
    let mut entries = entries_of(tx, book.school, day)?;
    let mut told = waiting_on(tx, book.school, day)?;
    let cases = book
        .roll
        .rows_on(day)
        .filter_map(|row| {
            let enrolment = book.roll.enrolments[row].id;
            let marks = marks.remove(&enrolment).unwrap_or_default();
            let pupil = book.roll.enrolments[row].pupil;
            let recorded = Recorded {
                entries: entries.remove(&enrolment).unwrap_or_default(),
                told: told.remove(&pupil).unwrap_or_default(),
            };
            case(
                &Child::of_book(book, row, &hours),
                &hours,
                &marks,
                recorded,
                now,
            )
        })
        .collect();
    Ok(DayOfCases { day, hours, cases })
}

/// What was recorded of each pupil on a day.
pub(super) fn entries_of(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<HashMap<EnrolmentId, Vec<Entry>>, StoreError> {
    let mut entries: HashMap<EnrolmentId, Vec<Entry>> = HashMap::new();
    for entry in of_day(tx, school, day)? {
        entries.entry(entry.enrolment).or_default().push(entry);
    }
    Ok(entries)
}

/// The day's marks of each pupil.
pub(super) fn marks(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<HashMap<EnrolmentId, Vec<MarkEntry>>, StoreError> {
    let mut marks: HashMap<EnrolmentId, Vec<MarkEntry>> = HashMap::new();
    tx.each(MARKS, &args![school, day], |row| {
        let code = row.get::<Option<&str>>(3)?;
        if let Some(session) = Session::from_index(row.get(1)?) {
            let entry = MarkEntry {
                session,
                seq: row.get(2)?,
                code: code.and_then(|code| code.parse().ok()),
                at: row.get(4)?,
            };
            marks.entry(row.get(0)?).or_default().push(entry);
        }
        Ok(())
    })?;
    Ok(marks)
}

/// What stands in a session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// No mark yet, and the register has not closed.
    Waiting,
    /// Here.
    Attended,
    /// A plan or a code says why not, or nobody's mark is due.
    Accounted,
    /// The child is on the list for it.
    Absent(Absent),
}

enum What<'w> {
    Closes,
    Mark(Option<Code>),
    Recorded(&'w Entry),
    Told,
}

/// What was recorded about one pupil's day, beside the marks.
pub(super) struct Recorded {
    /// What was tried, said and decided.
    pub(super) entries: Vec<Entry>,
    /// What the family told and nobody has dealt with yet.
    pub(super) told: Vec<Report>,
}

/// Whether a report stands as the reason of a session that has begun. What is held back explains nothing until somebody has looked.
fn is_a_reason(report: &Report, hours: &[Hours], now: Instant) -> bool {
    let begun = |hours: &Hours| hours.opens <= now && report.covers(hours.slot);
    report.state == Standing::Matched && hours.iter().any(begun)
}

/// Plays one pupil's day: marks, closings and what was recorded, in the order in which they came.
pub(super) fn case(
    child: &Child,
    hours: &[Hours],
    marks: &[MarkEntry],
    recorded: Recorded,
    now: Instant,
) -> Option<Case> {
    let Recorded { entries, told } = recorded;
    let Child {
        is_due, is_planned, ..
    } = child;
    let mut steps: Vec<((Instant, i64, u8), usize, What<'_>)> = Vec::new();
    for (place, hours) in hours.iter().enumerate() {
        if hours.closes <= now && is_due[place] {
            steps.push(((hours.closes, i64::MIN, 0), place, What::Closes));
        }
    }
    for mark in marks {
        let place = hours
            .iter()
            .position(|hours| hours.slot.session == mark.session);
        if let Some(place) = place.filter(|place| is_due[*place]) {
            steps.push(((mark.at, mark.seq, 0), place, What::Mark(mark.code)));
        }
    }
    steps.extend(
        entries
            .iter()
            .map(|entry| ((entry.at, entry.seq, 1), 0, What::Recorded(entry))),
    );
    for report in told.iter().filter(|report| is_a_reason(report, hours, now)) {
        steps.push(((report.received_at, i64::MAX, 2), 0, What::Told));
    }
    steps.sort_by_key(|(when, _, _)| *when);
    let mut played = Played {
        stands: is_planned
            .iter()
            .map(|planned| {
                if *planned {
                    Stands::Accounted
                } else {
                    Stands::Waiting
                }
            })
            .collect(),
        is_planned: is_planned.clone(),
        closed: vec![false; hours.len()],
        happened: Vec::new(),
        first: None,
    };
    for ((at, _, _), place, what) in &steps {
        played.step(hours, *at, *place, what);
    }
    if let Some(last) = hours.last()
        && last.ends <= now
    {
        played.happen(last.ends, Event::DayEnded, false);
    }
    let (state, line, since) = standing(&played.happened)?;
    let absent = hours
        .iter()
        .zip(&played.stands)
        .filter_map(|(hours, stands)| match stands {
            Stands::Absent(absent) => Some((hours.slot, *absent)),
            _ => None,
        });
    Some(Case {
        enrolment: child.enrolment,
        pupil: child.pupil,
        row: child.row,
        first: hours[played.first?],
        absent: absent.collect(),
        state,
        line,
        since,
        happened: played.happened,
        entries,
        told,
    })
}

struct Played {
    stands: Vec<Stands>,
    is_planned: Vec<bool>,
    closed: Vec<bool>,
    happened: Vec<Happened>,
    /// The first session that put the child on the list.
    first: Option<usize>,
}

impl Played {
    fn step(&mut self, hours: &[Hours], at: Instant, place: usize, what: &What<'_>) {
        match what {
            What::Closes => {
                self.closed[place] = true;
                if self.stands[place] == Stands::Waiting {
                    self.put(at, place, Stands::Absent(Absent::Blank));
                }
            }
            What::Mark(code) => {
                let stands = self.marked(hours[place].slot, place, *code);
                self.put(at, place, stands);
            }
            What::Told => self.happen(at, Event::MessageFound, false),
            What::Recorded(entry) => {
                for event in entry.events() {
                    let unsettled = |stands: &Stands| {
                        matches!(stands, Stands::Absent(Absent::NoReason | Absent::Blank))
                    };
                    // The register has the last word: a code that did not reach it explains nothing.
                    if event == Event::CodeConfirmed && self.stands.iter().any(unsettled) {
                        continue;
                    }
                    self.happen(entry.at, event, entry.lead);
                }
            }
        }
    }

    fn marked(&self, slot: Slot, place: usize, code: Option<Code>) -> Stands {
        let Some(code) = code else {
            return match (self.is_planned[place], self.closed[place]) {
                (true, _) => Stands::Accounted,
                (false, true) => Stands::Absent(Absent::Blank),
                (false, false) => Stands::Waiting,
            };
        };
        match code {
            Code::NO_REASON_YET => Stands::Absent(Absent::NoReason),
            Code::UNAUTHORISED => Stands::Absent(Absent::Unauthorised),
            Code::LATE_AFTER_CLOSE => Stands::Attended,
            code => match meaning(code, slot.day).map(|row| row.class) {
                Ok(Class::Present | Class::ApprovedEducationalActivity) => Stands::Attended,
                // A code without a meaning that day explains nothing.
                Err(_) => Stands::Absent(Absent::NoReason),
                Ok(_) => Stands::Accounted,
            },
        }
    }

    /// Puts what stands in a session, and says what that is to the absence.
    fn put(&mut self, at: Instant, place: usize, stands: Stands) {
        let before = std::mem::replace(&mut self.stands[place], stands);
        let is_absent = |stands: &Stands| matches!(stands, Stands::Absent(_));
        let later = &self.stands[place + 1..];
        let is_here_later = later.contains(&Stands::Attended);
        let event = match stands {
            Stands::Absent(_) if is_absent(&before) => None,
            Stands::Absent(_) => {
                self.first = Some(self.first.map_or(place, |first| first.min(place)));
                Some(Event::MarkedAbsent)
            }
            Stands::Attended if later.iter().any(is_absent) => None,
            Stands::Attended => Some(Event::Arrives),
            Stands::Accounted if self.stands.iter().any(is_absent) => None,
            Stands::Accounted => Some(Event::CodeConfirmed),
            Stands::Waiting => None,
        };
        if let Some(event) = event {
            self.happen(at, event, false);
            // The session has no reason, and the child is here all the same.
            if event == Event::MarkedAbsent && is_here_later {
                self.happen(at, Event::Arrives, false);
            }
        }
    }

    /// Notes what happened. What comes before anybody was missed is no part of an absence.
    fn happen(&mut self, at: Instant, event: Event, lead: bool) {
        let begins = matches!(event, Event::MarkedAbsent | Event::MessageFound);
        if begins || !self.happened.is_empty() {
            self.happened.push(Happened { at, event, lead });
        }
    }
}
