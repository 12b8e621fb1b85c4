//! What an act means to somebody outside: events with ids and times, and nothing else of any record.

use calendar::Day;
use serde_json::{Value, json};
use store::journal::{ActFacts, Change, ChangeKind};
use store::{Arg, Table};

use crate::people::{Access, Actor, RecordKind};
use crate::registers::records::MARK_VERSION;
use crate::roll::records::ENROLMENT;

/// The tables whose changes are told of.
pub(super) static TABLES: &[&Table] = &[&MARK_VERSION, &ENROLMENT];

/// A kind of event, with what it says and which records it is about (I-411).
pub(super) struct EventKind {
    pub(super) key: &'static str,
    pub(super) about: &'static str,
    pub(super) record: RecordKind,
}

/// Every kind.
pub(super) const KINDS: &[EventKind] = &[
    EventKind {
        key: "mark.changed",
        about: "Session marks were made, amended or taken back.",
        record: RecordKind::AttendanceMarks,
    },
    EventKind {
        key: "pupil.joined",
        about: "A time on roll was entered.",
        record: RecordKind::PupilCore,
    },
    EventKind {
        key: "pupil.left",
        about: "The last day of a time on roll was settled or corrected.",
        record: RecordKind::PupilCore,
    },
    EventKind {
        key: "enrolment.changed",
        about: "A time on roll was corrected in another way, or withdrawn.",
        record: RecordKind::PupilCore,
    },
];

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) kind: &'static str,
    pub(super) data: Value,
}

/// The most marks that one event names.
const MOST_MARKS: usize = 500;

/// Acts that changed more marks than this are told of in one event without them: an import.
const MOST_NAMED: usize = 5_000;

/// Whether a client may be told of events of this kind.
pub(super) fn may_hear(actor: &Actor, kind: &str) -> bool {
    let known = KINDS.iter().find(|own| own.key == kind);
    known.is_some_and(|own| actor.may_for_school(Access::Read, own.record))
}

/// The events of an act, in an order that is always the same.
pub(super) fn events_of(act: &ActFacts) -> Vec<Event> {
    if !act.complete {
        // What it changed was erased; whoever follows reads anew.
        return vec![many_marks(act.seq, None)];
    }
    let mut events = marks(act);
    events.extend(enrolments(act));
    events
}

fn many_marks(number: i64, count: Option<usize>) -> Event {
    Event {
        kind: "mark.changed",
        data: json!({ "number": number, "marks": [], "many": true, "count": count }),
    }
}

fn marks(act: &ActFacts) -> Vec<Event> {
    let places: Vec<Value> = recorded(act, &MARK_VERSION).filter_map(place).collect();
    if places.len() > MOST_NAMED {
        return vec![many_marks(act.seq, Some(places.len()))];
    }
    places
        .chunks(MOST_MARKS)
        .map(|some| Event {
            kind: "mark.changed",
            data: json!({ "number": act.seq, "marks": some, "many": false, "count": some.len() }),
        })
        .collect()
}

fn place(change: &Change) -> Option<Value> {
    let [enrolment, day, session, ..] = change.values.as_slice() else {
        return None;
    };
    let session: i64 = session.borrowed().get().ok()?;
    Some(json!({
        "enrolment": enrolment.borrowed().get::<i64>().ok()?,
        "day": day.borrowed().get::<Day>().ok()?,
        "session": calendar::Session::from_index(session)?.to_string(),
    }))
}

fn enrolments(act: &ActFacts) -> Vec<Event> {
    let superseded = |id: i64| {
        of(act, &ENROLMENT)
            .any(|change| change.kind != ChangeKind::Recorded && id_of(change) == Some(id))
    };
    let mut events: Vec<Event> = recorded(act, &ENROLMENT)
        .filter_map(|change| {
            let id = id_of(change)?;
            let pupil: i64 = change.values.get(1)?.borrowed().get().ok()?;
            let leaving: Option<Day> = change.values.get(5)?.borrowed().get().ok()?;
            let kind = match (superseded(id), leaving) {
                (false, _) => "pupil.joined",
                (true, Some(_)) => "pupil.left",
                (true, None) => "enrolment.changed",
            };
            Some(enrolment_event(kind, act.seq, id, Some(pupil)))
        })
        .collect();
    let withdrawn = of(act, &ENROLMENT).filter(|change| change.kind != ChangeKind::Recorded);
    for id in withdrawn.filter_map(id_of) {
        let is_replaced = recorded(act, &ENROLMENT).any(|change| id_of(change) == Some(id));
        if !is_replaced {
            events.push(enrolment_event("enrolment.changed", act.seq, id, None));
        }
    }
    events
}

fn enrolment_event(kind: &'static str, number: i64, enrolment: i64, pupil: Option<i64>) -> Event {
    Event {
        kind,
        data: json!({ "number": number, "enrolment": enrolment, "pupil": pupil }),
    }
}

fn of<'a>(act: &'a ActFacts, table: &'static Table) -> impl Iterator<Item = &'a Change> {
    act.changes
        .iter()
        .filter(move |change| change.table == table.name)
}

fn recorded<'a>(act: &'a ActFacts, table: &'static Table) -> impl Iterator<Item = &'a Change> {
    of(act, table).filter(|change| change.kind == ChangeKind::Recorded)
}

fn id_of(change: &Change) -> Option<i64> {
    change.values.first().map(Arg::borrowed)?.get().ok()
}
