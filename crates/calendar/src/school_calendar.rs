use std::fmt;
use std::str::FromStr;

use crate::{Day, SchoolYear, Session, Slot, bank_holiday};

/// Which of a day's two sessions: none, one or both.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sessions(u8);

impl Sessions {
    /// Neither session.
    pub const NONE: Sessions = Sessions(0);
    /// The morning only.
    pub const AM: Sessions = Sessions(1);
    /// The afternoon only.
    pub const PM: Sessions = Sessions(2);
    /// Morning and afternoon.
    pub const BOTH: Sessions = Sessions(3);

    /// Whether this session is among them.
    pub fn has(self, session: Session) -> bool {
        self.0 & (1 << session.index()) != 0
    }

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self == Sessions::NONE
    }

    /// How many: 0, 1 or 2.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The sessions that are in both.
    pub fn and(self, other: Sessions) -> Sessions {
        Sessions(self.0 & other.0)
    }

    /// The sessions of this that are not in the other.
    pub fn without(self, other: Sessions) -> Sessions {
        Sessions(self.0 & !other.0)
    }

    /// The sessions, morning first.
    pub fn iter(self) -> impl Iterator<Item = Session> {
        Session::BOTH
            .into_iter()
            .filter(move |session| self.has(*session))
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["none", "AM", "PM", "AM+PM"][usize::from(self.0)])
    }
}

/// What a day is in a school's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// A school day with these sessions.
    School(Sessions),
    /// A school day whose site closed unexpectedly (`Y4`): it keeps its sessions and stays a school day.
    UnplannedClosure {
        /// The sessions that were due.
        due: Sessions,
        /// Those of them that were cancelled.
        cancelled: Sessions,
    },
    /// Staff training, no pupils.
    Inset,
    /// A planned closure of the whole school: polling, moving house.
    PlannedClosure,
    /// A bank holiday.
    BankHoliday,
    /// A break within a term: half term.
    Break,
    /// A Saturday or Sunday in term.
    Weekend,
    /// Between terms, or beyond what the calendar holds.
    OutsideTerm,
}

impl DayKind {
    /// The sessions for which a register is due.
    pub fn sessions(self) -> Sessions {
        match self {
            DayKind::School(sessions) | DayKind::UnplannedClosure { due: sessions, .. } => sessions,
            _ => Sessions::NONE,
        }
    }

    /// Whether the school meets, or was to meet, for at least one session (R-402; reading 2 of the law page for `Y4`).
    pub fn is_school_day(self) -> bool {
        !self.sessions().is_none()
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            DayKind::School(_) => "school day",
            DayKind::UnplannedClosure { .. } => "closed unexpectedly",
            DayKind::Inset => "staff training",
            DayKind::PlannedClosure => "planned closure",
            DayKind::BankHoliday => "bank holiday",
            DayKind::Break => "half term",
            DayKind::Weekend => "weekend",
            DayKind::OutsideTerm => "outside term",
        }
    }
}

/// A stretch of days with a name: a term, half a term, or a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The name, such as `Autumn term`.
    pub name: String,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
}

/// What one day is, when it is not what the terms and the bank holidays say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayException {
    /// The day.
    pub day: Day,
    /// What it is.
    pub kind: ExceptionKind,
}

/// What a day can be against the rule of its week and term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExceptionKind {
    /// Staff training, no pupils.
    Inset,
    /// A planned closure of the whole school.
    PlannedClosure,
    /// A bank holiday that the table does not hold.
    BankHoliday,
    /// The school meets for these sessions: an extra day, or a day of one session.
    OpenFor(Sessions),
    /// The site closed unexpectedly for these sessions.
    UnplannedClosure(Sessions),
}

/// The words by which rows and files name the kinds.
const KIND_WORDS: [(&str, ExceptionKind); 9] = [
    ("inset", ExceptionKind::Inset),
    ("planned_closure", ExceptionKind::PlannedClosure),
    ("bank_holiday", ExceptionKind::BankHoliday),
    ("open", ExceptionKind::OpenFor(Sessions::BOTH)),
    ("open_am", ExceptionKind::OpenFor(Sessions::AM)),
    ("open_pm", ExceptionKind::OpenFor(Sessions::PM)),
    (
        "unplanned_closure",
        ExceptionKind::UnplannedClosure(Sessions::BOTH),
    ),
    (
        "unplanned_closure_am",
        ExceptionKind::UnplannedClosure(Sessions::AM),
    ),
    (
        "unplanned_closure_pm",
        ExceptionKind::UnplannedClosure(Sessions::PM),
    ),
];

impl fmt::Display for ExceptionKind {
    /// The word by which rows and files name the kind: `inset`, `unplanned_closure_pm`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = KIND_WORDS.iter().find(|(_, kind)| kind == self);
        f.write_str(word.map_or("planned_closure", |(word, _)| word))
    }
}

/// A word that names no kind of exceptional day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no kind of exceptional day")]
pub struct ParseExceptionKindError(String);

impl FromStr for ExceptionKind {
    type Err = ParseExceptionKindError;

    fn from_str(text: &str) -> Result<ExceptionKind, ParseExceptionKindError> {
        KIND_WORDS
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, kind)| *kind)
            .ok_or_else(|| ParseExceptionKindError(text.to_owned()))
    }
}

/// The rows from which a calendar is built, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarRows {
    /// Terms, or half terms where those are given instead.
    pub terms: Vec<Period>,
    /// Breaks within terms.
    pub breaks: Vec<Period>,
    /// Days that are not what their week and term say. At most one planned kind and one unexpected closure for a day.
    pub exceptions: Vec<DayException>,
}

/// Something in the rows from which no calendar can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarProblem {
    /// A term or break ends before it begins.
    #[error("“{name}” ends before it begins")]
    EndsBeforeItBegins {
        /// The term or break.
        name: String,
    },
    /// A term or break is longer than a year, which no real one is.
    #[error("“{name}” is longer than a year")]
    LongerThanAYear {
        /// The term or break.
        name: String,
    },
    /// The terms lie further apart than a school's records reach.
    #[error("the terms from {} to {} span more than a hundred years", first.long(), last.long())]
    SpansTooMuch {
        /// The first day.
        first: Day,
        /// The last day.
        last: Day,
    },
    /// Two terms share a day.
    #[error("“{name}” begins before “{before}” has ended")]
    TermsOverlap {
        /// The earlier term.
        before: String,
        /// The later term.
        name: String,
    },
    /// A day has two planned kinds, or two unexpected closures.
    #[error("{} is given twice", day.long())]
    GivenTwice {
        /// The day.
        day: Day,
    },
    /// The school is said to meet for no session, or to close for none.
    #[error("{} is given without a session", day.long())]
    NoSession {
        /// The day.
        day: Day,
    },
    /// A day without sessions is said to have closed unexpectedly.
    #[error("{} has no such session, so the school cannot have closed unexpectedly", day.long())]
    NothingToClose {
        /// The day.
        day: Day,
    },
}

/// A question about a day that lies beyond the calendar's last term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the school's calendar ends on {} and does not reach far enough: add the next terms", last.long())]
pub struct BeyondCalendar {
    /// The last day that the calendar knows.
    pub last: Day,
}

/// A week from Monday to Sunday in which the school has at least one session (R-242, E-003).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolWeek {
    /// The Monday, which need not be a school day.
    pub monday: Day,
}

impl SchoolWeek {
    /// The Sunday that ends the week.
    pub fn sunday(self) -> Day {
        self.monday.plus_days(6)
    }

    /// Whether the day lies in the week.
    pub fn holds(self, day: Day) -> bool {
        self.monday <= day && day <= self.sunday()
    }
}

/// The days, sessions and weeks of one school, over as many years as it has terms for.
///
/// Built from rows once, then cheap to ask: a day's kind is one look-up, the next school day one search.
/// A day is, in this order: what an exception says; a bank holiday; a break; a weekend; a school day within a term; outside term.
#[derive(Clone, Debug)]
pub struct SchoolCalendar {
    /// The first day of `kinds`; none while there are no terms.
    first: Option<Day>,
    kinds: Vec<DayKind>,
    school_days: Vec<Day>,
    slots: Vec<Slot>,
    weeks: Vec<SchoolWeek>,
    terms: Vec<Period>,
    /// The first day of each school year, in order.
    years: Vec<(SchoolYear, Day)>,
}

impl SchoolCalendar {
    /// The calendar that these rows make.
    ///
    /// Errors: every problem of the rows at once.
    pub fn new(rows: CalendarRows) -> Result<SchoolCalendar, Vec<CalendarProblem>> {
        let CalendarRows {
            mut terms,
            breaks,
            mut exceptions,
        } = rows;
        terms.sort_by_key(|term| term.first);
        exceptions.sort_by_key(|exception| exception.day);
        let problems = problems(&terms, &breaks, &exceptions);
        if !problems.is_empty() {
            return Err(problems);
        }
        let Some((first, last)) = span(&terms, &exceptions) else {
            return Ok(SchoolCalendar::empty());
        };
        let mut kinds = vec![DayKind::OutsideTerm; (first.days_until(last) + 1) as usize];
        let place = |day: Day| first.days_until(day) as usize;
        for day in terms.iter().flat_map(|term| term.first.through(term.last)) {
            kinds[place(day)] = if day.weekday().is_weekend() {
                DayKind::Weekend
            } else {
                DayKind::School(Sessions::BOTH)
            };
        }
        for day in breaks.iter().flat_map(|gap| gap.first.through(gap.last)) {
            if first <= day && day <= last && kinds[place(day)] != DayKind::Weekend {
                kinds[place(day)] = DayKind::Break;
            }
        }
        for day in first.through(last) {
            if bank_holiday(day).is_some() {
                kinds[place(day)] = DayKind::BankHoliday;
            }
        }
        let (closures, planned): (Vec<DayException>, Vec<DayException>) = exceptions
            .iter()
            .partition(|exception| matches!(exception.kind, ExceptionKind::UnplannedClosure(_)));
        for exception in planned {
            kinds[place(exception.day)] = match exception.kind {
                ExceptionKind::Inset => DayKind::Inset,
                ExceptionKind::BankHoliday => DayKind::BankHoliday,
                ExceptionKind::OpenFor(sessions) => DayKind::School(sessions),
                ExceptionKind::PlannedClosure | ExceptionKind::UnplannedClosure(_) => {
                    DayKind::PlannedClosure
                }
            };
        }
        let mut nothing_to_close = Vec::new();
        for exception in closures {
            let ExceptionKind::UnplannedClosure(sessions) = exception.kind else {
                continue;
            };
            let due = kinds[place(exception.day)].sessions();
            let cancelled = due.and(sessions);
            if cancelled.is_none() {
                nothing_to_close.push(CalendarProblem::NothingToClose { day: exception.day });
            }
            kinds[place(exception.day)] = DayKind::UnplannedClosure { due, cancelled };
        }
        if !nothing_to_close.is_empty() {
            return Err(nothing_to_close);
        }
        Ok(SchoolCalendar::of_kinds(first, kinds, terms))
    }

    /// A calendar without terms: no day is a school day.
    pub fn empty() -> SchoolCalendar {
        SchoolCalendar {
            first: None,
            kinds: Vec::new(),
            school_days: Vec::new(),
            slots: Vec::new(),
            weeks: Vec::new(),
            terms: Vec::new(),
            years: Vec::new(),
        }
    }

    fn of_kinds(first: Day, kinds: Vec<DayKind>, terms: Vec<Period>) -> SchoolCalendar {
        let mut school_days = Vec::new();
        let mut slots = Vec::new();
        let mut weeks: Vec<SchoolWeek> = Vec::new();
        for (offset, kind) in kinds.iter().enumerate() {
            let sessions = kind.sessions();
            if sessions.is_none() {
                continue;
            }
            let day = first.plus_days(offset as i32);
            school_days.push(day);
            slots.extend(sessions.iter().map(|session| Slot::new(day, session)));
            let week = SchoolWeek {
                monday: day.monday(),
            };
            if weeks.last() != Some(&week) {
                weeks.push(week);
            }
        }
        let mut years: Vec<(SchoolYear, Day)> = Vec::new();
        for term in &terms {
            let year =
                SchoolYear::beginning_in(term.first.year() - i16::from(term.first.month() < 8));
            let is_first_after_july = term.first.month() >= 8;
            if is_first_after_july && years.last().is_none_or(|(last, _)| *last < year) {
                years.push((year, term.first));
            }
        }
        SchoolCalendar {
            first: Some(first),
            kinds,
            school_days,
            slots,
            weeks,
            terms,
            years,
        }
    }

    /// What a day is. Days beyond the calendar are outside term.
    pub fn kind(&self, day: Day) -> DayKind {
        self.first
            .and_then(|first| usize::try_from(first.days_until(day)).ok())
            .and_then(|place| self.kinds.get(place).copied())
            .unwrap_or(DayKind::OutsideTerm)
    }

    /// Whether the school meets, or was to meet, on this day for at least one session.
    pub fn is_school_day(&self, day: Day) -> bool {
        self.kind(day).is_school_day()
    }

    /// Whether a register is due in this session.
    pub fn has_session(&self, slot: Slot) -> bool {
        self.kind(slot.day).sessions().has(slot.session)
    }

    /// The first and the last day that the calendar knows; none without terms.
    pub fn span(&self) -> Option<(Day, Day)> {
        let first = self.first?;
        Some((first, first.plus_days(self.kinds.len() as i32 - 1)))
    }

    /// The terms, or half terms, in order.
    pub fn terms(&self) -> &[Period] {
        &self.terms
    }

    /// The term that holds this day.
    pub fn term_of(&self, day: Day) -> Option<&Period> {
        self.terms
            .iter()
            .find(|term| term.first <= day && day <= term.last)
    }

    /// Every session from one day to another, both included, in order: the axis of a year's marks.
    pub fn slots(&self, from: Day, to: Day) -> &[Slot] {
        let start = self.slots.partition_point(|slot| slot.day < from);
        let end = self.slots.partition_point(|slot| slot.day <= to);
        self.slots.get(start..end).unwrap_or(&[])
    }

    /// The school days from one day to another, both included, in order.
    pub fn school_days_between(&self, from: Day, to: Day) -> &[Day] {
        let start = self.school_days.partition_point(|day| *day < from);
        let end = self.school_days.partition_point(|day| *day <= to);
        self.school_days.get(start..end).unwrap_or(&[])
    }

    /// The first school day after this day.
    ///
    /// Errors: the calendar ends before there is one.
    pub fn next_school_day(&self, day: Day) -> Result<Day, BeyondCalendar> {
        self.school_days_after(day, 1)
    }

    /// The last school day before this day, if the calendar holds one.
    pub fn previous_school_day(&self, day: Day) -> Option<Day> {
        let before = self
            .school_days
            .partition_point(|school_day| *school_day < day);
        before.checked_sub(1).map(|place| self.school_days[place])
    }

    /// The so-manieth school day after this day, which itself is not counted (E-005). None after: the day itself.
    ///
    /// Units: school days. Errors: the calendar ends before that day.
    pub fn school_days_after(&self, day: Day, count: u32) -> Result<Day, BeyondCalendar> {
        let Some(further) = (count as usize).checked_sub(1) else {
            return Ok(day);
        };
        let start = self
            .school_days
            .partition_point(|school_day| *school_day <= day);
        self.school_days
            .get(start + further)
            .copied()
            .ok_or(BeyondCalendar {
                last: self.span().map_or(day, |(_, last)| last),
            })
    }

    /// Every school week, in order.
    pub fn school_weeks(&self) -> &[SchoolWeek] {
        &self.weeks
    }

    /// The place in [`SchoolCalendar::school_weeks`] of the week that holds this day, if the school meets in it.
    pub fn school_week_of(&self, day: Day) -> Option<usize> {
        let monday = day.monday();
        self.weeks
            .binary_search_by_key(&monday, |week| week.monday)
            .ok()
    }

    /// The school week of this day, or the last one before it, with up to so many weeks in all, oldest first (E-063).
    pub fn school_weeks_up_to(&self, day: Day, weeks: usize) -> &[SchoolWeek] {
        let end = self.weeks.partition_point(|week| week.monday <= day);
        &self.weeks[end.saturating_sub(weeks)..end]
    }

    /// The school year of a day: from the first term that begins after July to the day before the next such term.
    ///
    /// Before the first such term of the calendar, and where there are no terms, by 1 September.
    pub fn school_year_of(&self, day: Day) -> SchoolYear {
        let begun = self.years.partition_point(|(_, first)| *first <= day);
        begun
            .checked_sub(1)
            .map(|place| self.years[place].0)
            .filter(|year| self.days_of(*year).is_some_and(|(_, last)| day <= last))
            .unwrap_or_else(|| SchoolYear::by_september(day))
    }

    /// The first and the last day of a school year.
    ///
    /// It begins with its first term after July, and ends on the day before the next year's; 31 August where that is not known.
    /// None when the calendar has no term that begins it.
    pub fn days_of(&self, year: SchoolYear) -> Option<(Day, Day)> {
        let begins = |wanted| {
            self.years
                .iter()
                .find(|(year, _)| *year == wanted)
                .map(|(_, first)| *first)
        };
        let first = begins(year)?;
        let last = begins(year.next()).map_or_else(|| year.next().age_day(), Day::previous);
        Some((first, last))
    }

    /// The sessions of a school year against what the law asks for.
    ///
    /// Units: sessions. None when the calendar has no term that begins the year.
    pub fn session_count(&self, year: SchoolYear, school: SchoolKind) -> Option<SessionCount> {
        let (first, last) = self.days_of(year)?;
        let due = self.slots(first, last).len() as u32;
        let lost = self
            .school_days_between(first, last)
            .iter()
            .map(|day| match self.kind(*day) {
                DayKind::UnplannedClosure { cancelled, .. } => cancelled.count(),
                _ => 0,
            })
            .sum();
        Some(SessionCount {
            held: due - lost,
            lost_unavoidably: lost,
            required: school.required_sessions(year),
        })
    }
}

/// Whether the law or the funding agreement sets the sessions of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchoolKind {
    /// A maintained school or a non-maintained special school.
    Maintained,
    /// An academy, whose funding agreement says.
    Academy,
}

impl SchoolKind {
    /// The sessions that regulations ask of such a school in a year; none where they ask for none.
    ///
    /// Rule: R-401. Source: SI 1999/3181 reg 3 with the amendments for 2021/22 and 2022/23 (S23). Units: sessions.
    pub fn required_sessions(self, year: SchoolYear) -> Option<u32> {
        match (self, year.first_year()) {
            (SchoolKind::Academy, _) => None,
            (SchoolKind::Maintained, 2021) => Some(378),
            (SchoolKind::Maintained, 2022) => Some(376),
            (SchoolKind::Maintained, _) => Some(380),
        }
    }
}

/// The sessions of a school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCount {
    /// Sessions held, or still to be held.
    pub held: u32,
    /// Sessions lost to unexpected closures, which count as held when they cannot reasonably be made up.
    pub lost_unavoidably: u32,
    /// What regulations ask for; none for an academy.
    pub required: Option<u32>,
}

impl SessionCount {
    /// How many sessions the year is short of what is required; nought where it is not, or where nothing is.
    pub fn short_by(&self) -> u32 {
        self.required
            .unwrap_or(0)
            .saturating_sub(self.held + self.lost_unavoidably)
    }
}

fn span(terms: &[Period], exceptions: &[DayException]) -> Option<(Day, Day)> {
    let days = terms
        .iter()
        .flat_map(|term| [term.first, term.last])
        .chain(exceptions.iter().map(|exception| exception.day));
    Some((days.clone().min()?, days.max()?))
}

fn problems(
    terms: &[Period],
    breaks: &[Period],
    exceptions: &[DayException],
) -> Vec<CalendarProblem> {
    let mut found = Vec::new();
    for period in terms.iter().chain(breaks) {
        let name = period.name.clone();
        if period.last < period.first {
            found.push(CalendarProblem::EndsBeforeItBegins { name });
        } else if period.first.days_until(period.last) > 366 {
            found.push(CalendarProblem::LongerThanAYear { name });
        }
    }
    for pair in terms.windows(2) {
        if pair[1].first <= pair[0].last {
            found.push(CalendarProblem::TermsOverlap {
                before: pair[0].name.clone(),
                name: pair[1].name.clone(),
            });
        }
    }
    let is_closure = |kind| matches!(kind, ExceptionKind::UnplannedClosure(_));
    for (place, exception) in exceptions.iter().enumerate() {
        let day = exception.day;
        let again = exceptions[place + 1..]
            .iter()
            .take_while(|other| other.day == day)
            .any(|other| is_closure(other.kind) == is_closure(exception.kind));
        if again {
            found.push(CalendarProblem::GivenTwice { day });
        }
        if let ExceptionKind::OpenFor(sessions) | ExceptionKind::UnplannedClosure(sessions) =
            exception.kind
            && sessions.is_none()
        {
            found.push(CalendarProblem::NoSession { day });
        }
    }
    if let Some((first, last)) = span(terms, exceptions)
        && first.days_until(last) > 36_525
    {
        found.push(CalendarProblem::SpansTooMuch { first, last });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn term(name: &str, first: &str, last: &str) -> Period {
        Period {
            name: name.to_owned(),
            first: day(first),
            last: day(last),
        }
    }

    fn exception(on: &str, kind: ExceptionKind) -> DayException {
        DayException { day: day(on), kind }
    }

    /// A synthetic school over 2025/26 and 2026/27.
    fn rows() -> CalendarRows {
        CalendarRows {
            terms: vec![
                term("Autumn 2025", "2025-09-02", "2025-12-19"),
                term("Spring 2026", "2026-01-05", "2026-03-27"),
                term("Summer 2026", "2026-04-13", "2026-07-21"),
                term("Autumn 2026", "2026-09-01", "2026-12-18"),
                term("Spring 2027", "2027-01-04", "2027-03-25"),
                term("Summer 2027", "2027-04-12", "2027-07-21"),
            ],
            breaks: vec![
                term("October break", "2025-10-27", "2025-10-31"),
                term("February break", "2026-02-16", "2026-02-20"),
                term("May break", "2026-05-25", "2026-05-29"),
                term("October break", "2026-10-26", "2026-10-30"),
            ],
            exceptions: vec![
                exception("2025-09-02", ExceptionKind::Inset),
                exception("2026-01-05", ExceptionKind::Inset),
                exception(
                    "2026-01-20",
                    ExceptionKind::UnplannedClosure(Sessions::BOTH),
                ),
                exception("2026-05-07", ExceptionKind::PlannedClosure),
                exception("2026-12-18", ExceptionKind::OpenFor(Sessions::AM)),
                exception("2026-11-28", ExceptionKind::OpenFor(Sessions::PM)),
            ],
        }
    }

    fn calendar() -> SchoolCalendar {
        SchoolCalendar::new(rows()).expect("the rows are sound")
    }

    #[test]
    fn every_kind_of_day_is_told_apart() {
        let calendar = calendar();
        for (on, kind) in [
            ("2025-09-02", DayKind::Inset),
            ("2025-09-03", DayKind::School(Sessions::BOTH)),
            ("2025-09-06", DayKind::Weekend),
            ("2025-10-27", DayKind::Break),
            ("2025-12-22", DayKind::OutsideTerm),
            ("2026-05-04", DayKind::BankHoliday),
            ("2026-05-25", DayKind::BankHoliday),
            ("2026-05-07", DayKind::PlannedClosure),
            ("2026-12-18", DayKind::School(Sessions::AM)),
            ("2026-11-28", DayKind::School(Sessions::PM)),
            ("2035-01-01", DayKind::OutsideTerm),
            ("1999-01-01", DayKind::OutsideTerm),
        ] {
            assert_eq!(calendar.kind(day(on)), kind, "{on}");
        }
    }

    #[test]
    fn a_day_closed_unexpectedly_keeps_its_sessions_and_stays_a_school_day() {
        let calendar = calendar();
        let closed = day("2026-01-20");
        assert!(calendar.is_school_day(closed));
        assert_eq!(calendar.slots(closed, closed).len(), 2);
        assert_eq!(calendar.next_school_day(day("2026-01-19")), Ok(closed));
    }

    #[test]
    fn an_afternoon_lost_on_a_day_of_two_sessions_leaves_the_morning_held() {
        let mut rows = rows();
        rows.exceptions.push(exception(
            "2026-02-03",
            ExceptionKind::UnplannedClosure(Sessions::PM),
        ));
        let calendar = SchoolCalendar::new(rows).expect("sound");
        assert_eq!(
            calendar.kind(day("2026-02-03")),
            DayKind::UnplannedClosure {
                due: Sessions::BOTH,
                cancelled: Sessions::PM
            }
        );
    }

    #[test]
    fn the_fifth_school_day_after_skips_weekends_breaks_inset_and_bank_holidays() {
        let calendar = calendar();
        let after = |on, count| {
            calendar
                .school_days_after(day(on), count)
                .expect("within")
                .to_string()
        };
        assert_eq!(after("2025-09-05", 5), "2025-09-12");
        assert_eq!(after("2025-10-22", 5), "2025-11-05");
        assert_eq!(after("2025-12-17", 5), "2026-01-08");
        assert_eq!(after("2026-05-01", 5), "2026-05-12");
        assert_eq!(after("2026-10-23", 0), "2026-10-23");
        // Clocks go forward on 29 March 2026.
        assert_eq!(after("2026-03-27", 1), "2026-04-13");
    }

    #[test]
    fn clocks_going_back_within_term_move_no_school_day() {
        let mut rows = rows();
        rows.breaks.clear();
        let calendar = SchoolCalendar::new(rows).expect("sound");
        assert_eq!(
            calendar.next_school_day(day("2026-10-23")),
            Ok(day("2026-10-26"))
        );
        assert_eq!(
            calendar.previous_school_day(day("2026-10-26")),
            Some(day("2026-10-23"))
        );
    }

    #[test]
    fn a_leap_day_in_term_is_a_school_day() {
        let rows = CalendarRows {
            terms: vec![term("Spring 2028", "2028-02-21", "2028-03-10")],
            ..CalendarRows::default()
        };
        let calendar = SchoolCalendar::new(rows).expect("sound");
        assert!(calendar.is_school_day(day("2028-02-29")));
        assert_eq!(
            calendar.next_school_day(day("2028-02-28")),
            Ok(day("2028-02-29"))
        );
        assert_eq!(
            calendar.next_school_day(day("2028-02-29")),
            Ok(day("2028-03-01"))
        );
    }

    #[test]
    fn a_deadline_beyond_the_last_term_is_an_error_that_says_so() {
        let told = calendar()
            .school_days_after(day("2027-07-20"), 2)
            .expect_err("term ends")
            .to_string();
        assert_eq!(
            told,
            "the school's calendar ends on 21 July 2027 and does not reach far enough: add the next terms"
        );
        assert!(
            SchoolCalendar::empty()
                .next_school_day(day("2026-09-01"))
                .is_err()
        );
    }

    #[test]
    fn the_axis_of_a_year_holds_mornings_then_afternoons_in_order() {
        let calendar = calendar();
        let slots = calendar.slots(day("2026-12-17"), day("2027-01-04"));
        let told: Vec<String> = slots.iter().map(Slot::to_string).collect();
        assert_eq!(
            told,
            [
                "2026-12-17 AM",
                "2026-12-17 PM",
                "2026-12-18 AM",
                "2027-01-04 AM",
                "2027-01-04 PM"
            ]
        );
        assert!(
            calendar
                .slots(day("2027-01-04"), day("2026-12-17"))
                .is_empty()
        );
    }

    #[test]
    fn a_week_without_sessions_is_no_school_week_and_one_session_makes_one() {
        let calendar = calendar();
        assert_eq!(calendar.school_week_of(day("2026-10-28")), None);
        let last_before = calendar.school_week_of(day("2026-10-25")).expect("a week");
        let first_after = calendar.school_week_of(day("2026-11-02")).expect("a week");
        assert_eq!(first_after, last_before + 1);
        let ten = calendar.school_weeks_up_to(day("2026-10-28"), 10);
        assert_eq!(ten.len(), 10);
        assert_eq!(ten[9].monday, day("2026-10-19"));
        assert_eq!(ten[0].monday, day("2026-07-13"));
        assert!(
            calendar
                .school_weeks_up_to(day("2025-01-01"), 10)
                .is_empty()
        );
    }

    #[test]
    fn a_school_year_runs_from_the_first_term_after_july_to_the_next() {
        let calendar = calendar();
        let year = |on: &str| calendar.school_year_of(day(on)).to_string();
        assert_eq!(year("2025-09-01"), "2025/26");
        assert_eq!(year("2026-08-31"), "2025/26");
        assert_eq!(year("2026-09-01"), "2026/27");
        assert_eq!(year("2027-08-31"), "2026/27");
        assert_eq!(year("2027-09-01"), "2027/28");
        assert_eq!(year("2019-02-01"), "2018/19");
        assert_eq!(
            calendar.days_of(SchoolYear::beginning_in(2025)),
            Some((day("2025-09-02"), day("2026-08-31")))
        );
        assert_eq!(calendar.days_of(SchoolYear::beginning_in(2027)), None);
    }

    #[test]
    fn lost_sessions_count_towards_the_380_and_an_academy_has_no_target() {
        let calendar = calendar();
        let year = SchoolYear::beginning_in(2025);
        let count = calendar
            .session_count(year, SchoolKind::Maintained)
            .expect("a year");
        assert_eq!(count.lost_unavoidably, 2);
        assert_eq!(count.required, Some(380));
        let (first, last) = calendar.days_of(year).expect("a year");
        assert_eq!((count.held + 2) as usize, calendar.slots(first, last).len());
        assert_eq!(count.short_by(), 380_u32.saturating_sub(count.held + 2));
        let academy = calendar
            .session_count(year, SchoolKind::Academy)
            .expect("a year");
        assert_eq!((academy.required, academy.short_by()), (None, 0));
        assert_eq!(
            SchoolKind::Maintained.required_sessions(SchoolYear::beginning_in(2021)),
            Some(378)
        );
        assert_eq!(
            SchoolKind::Maintained.required_sessions(SchoolYear::beginning_in(2022)),
            Some(376)
        );
        assert_eq!(
            SchoolKind::Maintained.required_sessions(SchoolYear::beginning_in(2023)),
            Some(380)
        );
    }

    #[test]
    fn a_year_one_session_short_says_so_and_a_lost_session_makes_it_up() {
        let count = |held, lost_unavoidably| SessionCount {
            held,
            lost_unavoidably,
            required: Some(380),
        };
        assert_eq!(count(379, 0).short_by(), 1);
        assert_eq!(count(379, 1).short_by(), 0);
        assert_eq!(count(382, 0).short_by(), 0);
    }

    #[test]
    fn all_problems_of_the_rows_are_told_at_once() {
        let rows = CalendarRows {
            terms: vec![
                term("Autumn", "2026-09-01", "2026-12-18"),
                term("Early spring", "2026-12-18", "2027-02-12"),
                term("Backwards", "2027-07-01", "2027-04-01"),
            ],
            breaks: vec![term("For ever", "2026-10-26", "2028-10-26")],
            exceptions: vec![
                exception("2026-09-01", ExceptionKind::Inset),
                exception("2026-09-01", ExceptionKind::PlannedClosure),
                exception("2026-09-02", ExceptionKind::OpenFor(Sessions::NONE)),
            ],
        };
        let told: Vec<String> = SchoolCalendar::new(rows)
            .expect_err("the rows are unsound")
            .iter()
            .map(CalendarProblem::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "“Backwards” ends before it begins",
                "“For ever” is longer than a year",
                "“Early spring” begins before “Autumn” has ended",
                "1 September 2026 is given twice",
                "2 September 2026 is given without a session",
            ]
        );
    }

    #[test]
    fn a_day_without_sessions_cannot_close_unexpectedly() {
        let mut rows = rows();
        rows.exceptions.push(exception(
            "2026-10-28",
            ExceptionKind::UnplannedClosure(Sessions::BOTH),
        ));
        assert_eq!(
            SchoolCalendar::new(rows).expect_err("half term"),
            [CalendarProblem::NothingToClose {
                day: day("2026-10-28")
            }]
        );
    }

    #[test]
    fn kinds_of_exceptional_days_read_back_as_written() {
        for (word, kind) in KIND_WORDS {
            assert_eq!(kind.to_string(), word);
            assert_eq!(word.parse::<ExceptionKind>(), Ok(kind));
        }
        assert!("strike".parse::<ExceptionKind>().is_err());
    }

    proptest! {
        #[test]
        fn counting_school_days_and_stepping_over_them_agree(offset in 0_i32..600, count in 1_u32..40) {
            let calendar = calendar();
            let from = day("2025-09-01").plus_days(offset);
            if let Ok(reached) = calendar.school_days_after(from, count) {
                prop_assert!(calendar.is_school_day(reached));
                prop_assert_eq!(calendar.school_days_between(from.next(), reached).len(), count as usize);
            }
        }

        #[test]
        fn the_order_of_rows_does_not_change_the_calendar(turn in 0_usize..6) {
            let mut turned = rows();
            turned.terms.rotate_left(turn);
            turned.exceptions.rotate_left(turn);
            let (turned, plain) = (SchoolCalendar::new(turned).expect("sound"), calendar());
            for today in day("2025-08-01").through(day("2027-08-31")) {
                prop_assert_eq!(turned.kind(today), plain.kind(today));
            }
        }
    }
}
