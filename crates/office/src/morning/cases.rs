//! Who is not where they should be, found from marks, plans and what was recorded: never kept as a list, so nobody can be lost from it.
//!
//! On the list comes whoever has `N`, or no mark after the register closed, be it blank or never taken; whoever has `O` and of whom
//! nobody recorded where they are; and whoever is marked absent again. A plan explains its session, and so does a code with a
//! reason. Off the list leads only what `welfare::absence` lets. Whom earlier days left open is on it from the beginning of the day
//! ([`super::carried`]).

use std::collections::HashMap;
use std::sync::Arc;

use calendar::{Day, Instant, Session, Slot};
use register::closing::SessionTimes;
use register::{Class, Code, meaning};
use store::{SchoolId, StoreError, Tx, args};
use welfare::absence::{Event, Happened, Row, State, located_at, standing};
use welfare::continuing::{DayStory, SESSIONS, code_says, go_on};
use welfare::ladder::Ladder;

use super::by_time::visits_come_due;
use super::carried::{Carried, carried};
use super::entries::{Entry, Kind, of_day};
use crate::absence_line::{Report, State as Standing, TOLD, waiting_on};
use crate::book::Book;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::safeguarding::{Held, held};
use crate::year::settings::{own_ladder, session_times};

// Beginning with the times on roll, by cross join: SQLite keeps that order of tables, and would else walk every mark of the school.
const MARKS: &str = "\
select v.enrolment_id, v.session, v.seq, v.code, j.at, cast(case when v.reason like $3 || '%' then 1 else 0 end as bigint)
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
    /// The first session that put them on the list; the first of the day for whom only an earlier day left open.
    pub first: Hours,
    /// Whether a session of the day itself put them on the list.
    pub missed_today: bool,
    /// What earlier days left open, for whom they did.
    pub carried: Option<Carried>,
    /// Sessions without a reason in a row, those of earlier days among them.
    pub unexplained: usize,
    /// Whether somebody gave a reason that was accepted, or the child was seen, in these days (E-018).
    pub outcome: bool,
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

    /// Whether it is a case of continuing unexplained absence (E-011).
    pub fn is_continuing(&self) -> bool {
        self.unexplained >= SESSIONS
    }

    /// Whether a code alone would not end it: it goes on for more than a session, and no outcome of a contact is recorded (E-011).
    pub fn needs_outcome(&self) -> bool {
        code_says(self.unexplained, self.outcome) == Event::CodeEntered
    }

    /// When the child was located for the last time, if they are.
    pub fn located_at(&self) -> Option<Instant> {
        match self.is_open() {
            true => None,
            false => located_at(&self.happened),
        }
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
    /// Whether a person entered it on what the family told on the absence line.
    pub(super) told: bool,
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
    pub(super) fn of_book(book: &Book, row: usize, hours: &[Hours]) -> Child {
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

/// Every child who was on the list of a day at some time until now, with where it stands: reckoned once a second for all boards.
pub fn cases(tx: &mut Tx, book: &Book, day: Day, now: Instant) -> Result<Arc<DayOfCases>, Refusal> {
    book.reckoned(day, now, || reckon(tx, book, day, now))
}

fn reckon(tx: &mut Tx, book: &Book, day: Day, now: Instant) -> Result<DayOfCases, Refusal> {
    let hours = hours(book, day)?;
    let mut marks = marks(tx, book.school, day)?;
    let mut entries = entries_of(tx, book.school, day)?;
    let mut told = waiting_on(tx, book.school, day)?;
    let mut left = match hours.is_empty() {
        true => HashMap::new(),
        false => carried(tx, book, day, now)?,
    };
    let mut held = held(tx, book.school)?;
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
                held: held.remove(&enrolment).unwrap_or_default(),
            };
            case(
                &Child::of_book(book, row, &hours),
                &hours,
                &marks,
                recorded,
                left.remove(&enrolment),
                now,
            )
        })
        .collect();
    let mut found = DayOfCases { day, hours, cases };
    let ladder = Ladder::on(day, &own_ladder(&book.settings, day)?);
    visits_come_due(book, &mut found, &ladder, now);
    Ok(found)
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
    tx.each(MARKS, &args![school, day, TOLD], |row| {
        let code = row.get::<Option<&str>>(3)?;
        if let Some(session) = Session::from_index(row.get(1)?) {
            let entry = MarkEntry {
                session,
                seq: row.get(2)?,
                code: code.and_then(|code| code.parse().ok()),
                at: row.get(4)?,
                told: row.get::<i64>(5)? == 1,
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
    Mark(&'w MarkEntry),
    Recorded(&'w Entry),
    Told,
    Ends,
    /// A concern went to the safeguarding lead.
    HandedOver,
}

/// What was recorded about one pupil's day, beside the marks.
pub(super) struct Recorded {
    /// What was tried, said and decided.
    pub(super) entries: Vec<Entry>,
    /// What the family told and nobody has dealt with yet.
    pub(super) told: Vec<Report>,
    /// For how long concerns hold the child (E-020).
    pub(super) held: Vec<Held>,
}

/// Whether a report stands as the reason of a session that has begun. What is held back explains nothing until somebody has looked.
fn is_a_reason(report: &Report, hours: &[Hours], now: Instant) -> bool {
    let begun = |hours: &Hours| hours.opens <= now && report.covers(hours.slot);
    report.state == Standing::Matched && hours.iter().any(begun)
}

/// What the days before say of a case, as far as a code of this day asks (E-011).
#[derive(Clone, Copy, Default)]
pub(super) struct Before {
    /// Sessions without a reason.
    pub(super) unexplained: usize,
    /// Whether somebody gave a reason that was accepted, or the child was seen.
    pub(super) outcome: bool,
}

/// Plays one pupil's day: marks, closings and what was recorded, in the order in which they came.
pub(super) fn play(
    child: &Child,
    hours: &[Hours],
    marks: &[MarkEntry],
    recorded: &Recorded,
    before: Before,
    now: Instant,
) -> Played {
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
            steps.push(((mark.at, mark.seq, 0), place, What::Mark(mark)));
        }
    }
    steps.extend(
        recorded
            .entries
            .iter()
            .map(|entry| ((entry.at, entry.seq, 1), 0, What::Recorded(entry))),
    );
    let reasons = recorded.told.iter();
    for report in reasons.filter(|report| is_a_reason(report, hours, now)) {
        steps.push(((report.received_at, i64::MAX, 2), 0, What::Told));
    }
    if let Some(last) = hours.last().filter(|last| last.ends <= now) {
        steps.push(((last.ends, i64::MAX, 3), 0, What::Ends));
    }
    // Whoever is with the lead from a day before comes to this one so.
    let day = hours.first().map(|hours| hours.slot.day);
    let of_the_day = |held: &&Held| held.from <= now && Some(held.from.in_london().0) == day;
    for held in recorded.held.iter().filter(of_the_day) {
        steps.push(((held.from, i64::MAX, 3), 0, What::HandedOver));
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
        held: recorded.held.clone(),
        happened: Vec::new(),
        first: None,
        before,
        most: 0,
        outcome: false,
        code_waits: false,
    };
    for ((at, _, _), place, what) in &steps {
        played.step(hours, *at, *place, what);
    }
    played
}

/// The absence of one pupil on a day: what happened that day, on top of what earlier days left open.
pub(super) fn case(
    child: &Child,
    hours: &[Hours],
    marks: &[MarkEntry],
    recorded: Recorded,
    carried: Option<Carried>,
    now: Instant,
) -> Option<Case> {
    let first_of_day = *hours.first()?;
    let before = carried.as_ref().map(|carried| carried.before());
    let before = before.unwrap_or_default();
    let played = play(child, hours, marks, &recorded, before, now);
    let happened = played.of_the_day();
    let own = standing(&happened).filter(|_| played.first.is_some());
    let run = carried.as_ref().and_then(|carried| {
        let story = played.story(hours)?;
        go_on(Some(carried.run.clone()), &story).filter(|run| {
            // Whom the day located and then missed again is the day's own case.
            run.is_open() && run.first_day == carried.run.first_day
        })
    });
    let carried = carried.filter(|_| run.is_some());
    let (state, line, since) = match &run {
        Some(run) => (run.state, run.line, run.since),
        None => own?,
    };
    let absent: Vec<(Slot, Absent)> = played.absent(hours).collect();
    let before = carried.as_ref().map(|carried| carried.before());
    let before = before.unwrap_or_default();
    Some(Case {
        enrolment: child.enrolment,
        pupil: child.pupil,
        row: child.row,
        first: played.first.map_or(first_of_day, |first| hours[first]),
        missed_today: played.first.is_some(),
        unexplained: before.unexplained + played.most,
        outcome: before.outcome || played.outcome,
        carried,
        absent,
        state,
        line,
        since,
        happened,
        entries: recorded.entries,
        told: recorded.told,
    })
}

/// Something that happened on a day.
struct Step {
    happened: Happened,
    /// Whether it says something of where the child is, and not only of the school: a closure does not.
    of_the_child: bool,
}

/// A pupil's day, played through.
pub(super) struct Played {
    stands: Vec<Stands>,
    is_planned: Vec<bool>,
    closed: Vec<bool>,
    held: Vec<Held>,
    happened: Vec<Step>,
    /// The first session that put the child on the list.
    first: Option<usize>,
    before: Before,
    /// The most sessions of the day that stood without a reason at once.
    most: usize,
    /// Whether somebody gave a reason that was accepted, or the child was seen.
    outcome: bool,
    /// Whether a code stands of which nobody recorded who gave the reason.
    code_waits: bool,
}

impl Played {
    /// What happened to an absence of this day: what comes before anybody was missed is no part of it.
    fn of_the_day(&self) -> Vec<Happened> {
        let begins = |event| matches!(event, Event::MarkedAbsent | Event::MessageFound);
        self.happened
            .iter()
            .map(|step| step.happened)
            .skip_while(|one| !begins(one.event))
            .collect()
    }

    /// What the day says of an absence that goes on over several; none for a day without a session.
    pub(super) fn story(&self, hours: &[Hours]) -> Option<DayStory> {
        let last = hours.last()?;
        let told = self.happened.iter().filter(|step| step.of_the_child);
        Some(DayStory {
            day: last.slot.day,
            ends: last.ends,
            happened: told.map(|step| step.happened).collect(),
            unexplained: self.most,
            outcome: self.outcome,
        })
    }

    /// The sessions that have the child absent.
    pub(super) fn absent<'p>(
        &'p self,
        hours: &'p [Hours],
    ) -> impl Iterator<Item = (Slot, Absent)> + 'p {
        hours
            .iter()
            .zip(&self.stands)
            .filter_map(|(hours, stands)| match stands {
                Stands::Absent(absent) => Some((hours.slot, *absent)),
                _ => None,
            })
    }

    fn step(&mut self, hours: &[Hours], at: Instant, place: usize, what: &What<'_>) {
        match what {
            What::Closes => {
                self.closed[place] = true;
                if self.stands[place] == Stands::Waiting {
                    self.put(at, place, Stands::Absent(Absent::Blank), true);
                }
            }
            What::Mark(mark) => {
                self.outcome |= mark.told;
                let stands = self.marked(hours[place].slot, place, mark.code);
                let of_the_child = mark.code.is_none_or(says_something_of_the_child);
                self.put(at, place, stands, of_the_child);
            }
            What::Told => self.happen(at, Event::MessageFound, false),
            What::Ends => self.happen(at, Event::DayEnded, false),
            What::HandedOver => self.happen(at, Event::NotSatisfied, false),
            What::Recorded(entry) => self.recorded(entry),
        }
    }

    fn recorded(&mut self, entry: &Entry) {
        let unsettled =
            |stands: &Stands| matches!(stands, Stands::Absent(Absent::NoReason | Absent::Blank));
        let attempt = entry.attempt();
        let accepted = attempt.is_some_and(|one| one.outcome.may_settle()) && !entry.concern;
        // What the safeguarding lead settles is their own decision (E-020).
        let decided = entry.kind == Kind::Settled && entry.lead;
        self.outcome |= accepted || decided || (entry.seen && !entry.concern);
        let mut confirms = self.code_waits && accepted;
        for event in entry.events() {
            match event {
                // The register has the last word: a code that did not reach it explains nothing.
                Event::CodeConfirmed if self.stands.iter().any(unsettled) => {}
                Event::CodeConfirmed => confirms = true,
                event => self.happen(entry.at, event, entry.lead),
            }
        }
        if confirms {
            let event = self.by_code();
            self.happen(entry.at, event, entry.lead);
        }
    }

    /// What a code says that leaves no session without a reason (E-011).
    fn by_code(&mut self) -> Event {
        let sessions = self.before.unexplained + self.most;
        let event = code_says(sessions, self.before.outcome || self.outcome);
        self.code_waits = event == Event::CodeEntered;
        event
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
    fn put(&mut self, at: Instant, place: usize, stands: Stands, of_the_child: bool) {
        let before = std::mem::replace(&mut self.stands[place], stands);
        let is_absent = |stands: &Stands| matches!(stands, Stands::Absent(_));
        let absent = self
            .stands
            .iter()
            .filter(|stands| is_absent(stands))
            .count();
        self.most = self.most.max(absent);
        let later = &self.stands[place + 1..];
        let is_here_later = later.contains(&Stands::Attended);
        let event = match stands {
            Stands::Absent(_) if is_absent(&before) => None,
            Stands::Absent(_) => {
                self.first = Some(self.first.map_or(place, |first| first.min(place)));
                self.code_waits = false;
                Some(Event::MarkedAbsent)
            }
            Stands::Attended if later.iter().any(is_absent) => None,
            Stands::Attended => Some(Event::Arrives),
            Stands::Accounted if absent > 0 => None,
            Stands::Accounted => Some(self.by_code()),
            Stands::Waiting => None,
        };
        if let Some(event) = event {
            let happened = Happened {
                at,
                event,
                lead: false,
            };
            self.happened.push(Step {
                happened,
                of_the_child,
            });
            // A child of whom nothing is decided yet comes onto the list as with the safeguarding lead (E-020).
            if event == Event::MarkedAbsent && self.held.iter().any(|held| held.at(at)) {
                self.happen(at, Event::NotSatisfied, false);
            }
            // The session has no reason, and the child is here all the same.
            if event == Event::MarkedAbsent && is_here_later {
                self.happen(at, Event::Arrives, false);
            }
        }
    }

    fn happen(&mut self, at: Instant, event: Event, lead: bool) {
        self.happened.push(Step {
            happened: Happened { at, event, lead },
            of_the_child: true,
        });
    }
}

/// Whether a code says something of where the child is. A closure or a day that is not the pupil's own says nothing about somebody who was
/// missing the day before.
fn says_something_of_the_child(code: Code) -> bool {
    !["#", "X", "Y3", "Y4", "Z"].contains(&code.as_str())
}
