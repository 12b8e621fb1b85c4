//! Term dates of a calendar file: proposed, confirmed one by one by a person, then entered in the school's year (I-350, I-351).

use std::collections::BTreeMap;

use calendar::{Day, DayKind, ExceptionKind, Period, SchoolCalendar, SchoolYear};
use exchange::{TermDateKind, TermDateRecord};
use serde::{Deserialize, Serialize};
use store::Act;

use crate::desk::Refusal;
use crate::people::Actor;
use crate::year::{HalfTerm, calendar as calendar_of, set_day, set_terms};

/// What an event of the calendar becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Days on which the school meets.
    Term,
    /// Days between or within terms on which it does not.
    Holiday,
    /// Staff training.
    Inset,
    /// A planned closure.
    Closure,
    /// Nothing: it stays out.
    Nothing,
}

impl EventKind {
    /// Every kind with its word and what people call it.
    pub const ALL: [(EventKind, &'static str, &'static str); 5] = [
        (EventKind::Term, "term", "Term"),
        (EventKind::Holiday, "holiday", "Holiday or half term"),
        (EventKind::Inset, "inset", "INSET day"),
        (EventKind::Closure, "closure", "Planned closure"),
        (EventKind::Nothing, "nothing", "Leave out"),
    ];

    /// The word in forms.
    pub fn word(self) -> &'static str {
        EventKind::ALL
            .into_iter()
            .find(|(kind, _, _)| *kind == self)
            .map_or("", |(_, word, _)| word)
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<EventKind> {
        EventKind::ALL
            .into_iter()
            .find(|(_, own, _)| *own == word)
            .map(|(kind, _, _)| kind)
    }
}

/// An event as it is proposed and confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// What it is called in the file.
    pub summary: String,
    /// What it becomes.
    pub kind: EventKind,
}

impl From<&TermDateRecord> for Event {
    fn from(record: &TermDateRecord) -> Event {
        Event {
            first: record.first,
            last: record.last,
            summary: record.summary.clone(),
            kind: match record.proposed {
                TermDateKind::Term => EventKind::Term,
                TermDateKind::Holiday => EventKind::Holiday,
                TermDateKind::Inset => EventKind::Inset,
                TermDateKind::Closure => EventKind::Closure,
                TermDateKind::Other => EventKind::Nothing,
            },
        }
    }
}

/// Whether the calendar says the same as this event already.
pub(super) fn stands(calendar: &SchoolCalendar, event: &Event, events: &[Event]) -> bool {
    let each_day = |kind: DayKind| {
        let mut days = event.first.through(event.last);
        days.all(|day| calendar.kind(day) == kind)
    };
    match event.kind {
        EventKind::Term => parted(event, events).iter().all(|part| {
            let mut terms = calendar.terms().iter();
            terms.any(|term| (term.first, term.last) == (part.first_day, part.last_day))
        }),
        EventKind::Holiday => calendar.slots(event.first, event.last).is_empty(),
        EventKind::Inset => each_day(DayKind::Inset),
        EventKind::Closure => each_day(DayKind::PlannedClosure),
        EventKind::Nothing => true,
    }
}

/// Enters the events as their kinds say; half-terms of which the file does not speak stay (I-009). A holiday within a term parts it in two, as a half-term break does.
///
/// Answers whether anything was entered. Errors: what [`set_terms`] and [`set_day`] have against it; then nothing of it stands.
pub(super) fn enter(act: &mut Act, actor: &Actor, events: &[Event]) -> Result<bool, Refusal> {
    let school = act.school();
    let calendar = calendar_of(act.tx(), school).map_err(crate::book::BookError::from)?;
    let new: Vec<&Event> = events
        .iter()
        .filter(|event| !stands(&calendar, event, events))
        .collect();
    let mut years: BTreeMap<i16, Vec<HalfTerm>> = BTreeMap::new();
    for event in new.iter().filter(|event| event.kind == EventKind::Term) {
        let year = SchoolYear::by_september(event.first);
        years
            .entry(year.first_year())
            .or_default()
            .extend(parted(event, events));
    }
    for (year, mut terms) in years {
        let apart = |own: &Period| {
            let mut terms = terms.iter();
            terms.all(|term| own.last < term.first_day || term.last_day < own.first)
        };
        let kept: Vec<HalfTerm> = calendar
            .terms()
            .iter()
            .filter(|own| SchoolYear::by_september(own.first).first_year() == year && apart(own))
            .map(|own| HalfTerm {
                name: own.name.clone(),
                first_day: own.first,
                last_day: own.last,
            })
            .collect();
        terms.extend(kept);
        terms.sort_by_key(|term| term.first_day);
        set_terms(act, actor, SchoolYear::beginning_in(year), &terms)?;
    }
    for event in &new {
        let kind = match event.kind {
            EventKind::Inset => ExceptionKind::Inset,
            EventKind::Closure => ExceptionKind::PlannedClosure,
            EventKind::Term | EventKind::Holiday | EventKind::Nothing => continue,
        };
        for day in event.first.through(event.last) {
            set_day(act, actor, day, kind, &event.summary)?;
        }
    }
    Ok(!new.is_empty())
}

/// A term without the holidays that lie within it.
fn parted(term: &Event, events: &[Event]) -> Vec<HalfTerm> {
    let mut breaks: Vec<&Event> = events
        .iter()
        .filter(|event| event.kind == EventKind::Holiday)
        .filter(|event| term.first < event.first && event.last < term.last)
        .collect();
    breaks.sort_by_key(|event| event.first);
    let mut parts = Vec::new();
    let mut first = term.first;
    for pause in breaks {
        parts.push((first, pause.first.previous()));
        first = pause.last.next();
    }
    parts.push((first, term.last));
    let several = parts.len() > 1;
    parts
        .into_iter()
        .enumerate()
        .map(|(place, (first_day, last_day))| HalfTerm {
            name: match several {
                true => format!("{} {}", term.summary, place + 1),
                false => term.summary.clone(),
            },
            first_day,
            last_day,
        })
        .collect()
}
