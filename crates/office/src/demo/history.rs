//! The marks of the past, recorded at the moments when they would have been.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use calendar::{Instant, Session, Slot};
use demo::{DemoSchool, Mark};
use store::{Act, Arg, SchoolId, Store, StoreError, args};

use super::changes::put_changes;
use super::lessons::{lessons_by_day, put_exam, put_lessons};
use super::morning::{LOGGED, missed_today, put_calls, put_morning};
use super::plans::{imagined, planned_today, put_plans};
use super::roll::sub_code_of;
use super::{Ids, People, at, by};
use crate::registers::records::{LATE_MARK, MARK_VERSION, REGISTER_TAKEN};

/// Registers of so many school days back are recorded one by one, with the tutor who took them and what was amended since.
const ONE_BY_ONE: usize = 10;

/// So many school days are brought in together: about half a term.
const TOGETHER: usize = 35;

/// A mark to be recorded.
struct Entry {
    enrolment: usize,
    slot: Slot,
    mark: Mark,
    minutes_late: Option<u16>,
    note: Option<&'static str>,
    reason: Option<&'static str>,
}

/// One act of the past.
struct Deed {
    at: Instant,
    staff: usize,
    act: &'static str,
    source: &'static str,
    /// The tutor group whose register it is, if it is one.
    register: Option<usize>,
    entries: Vec<Entry>,
}

pub(super) fn play(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), StoreError> {
    let days = school.slots.len().div_ceil(2);
    let lately = days.saturating_sub(ONE_BY_ONE);
    let mut first = 0;
    while first < lately {
        let after = (first + TOGETHER).min(lately);
        if let Some(deed) = brought_in(school, people, first..after) {
            do_it(store, key, set_clock, people, ids, deed)?;
        }
        first = after;
        progress(first, days);
    }
    let logged = days.saturating_sub(LOGGED).min(lately);
    put_calls(store, key, school, people, ids, logged..lately)?;
    let mut amendments = Amendments::default();
    let mut lessons = lessons_by_day(school);
    for day in lately..days {
        for deed in amendments.due_before(at(school.slots[day * 2].day, 7)) {
            do_it(store, key, set_clock, people, ids, deed)?;
        }
        let mut taught = lessons
            .remove(&school.slots[day * 2].day)
            .into_iter()
            .flatten()
            .peekable();
        for deed in registers_of(school, day, &mut amendments) {
            while let Some(before) = taught.next_if(|lesson| lesson.at < deed.at) {
                put_lessons(store, key, set_clock, school, people, ids, &before)?;
            }
            do_it(store, key, set_clock, people, ids, deed)?;
        }
        for after in taught {
            put_lessons(store, key, set_clock, school, people, ids, &after)?;
        }
        put_calls(store, key, school, people, ids, day..day + 1)?;
        progress(day + 1, days);
    }
    if let Some(today) = &school.today {
        for deed in amendments.due_before(at(today.day, 7)) {
            do_it(store, key, set_clock, people, ids, deed)?;
        }
    }
    let day = school.request.today;
    let planned = imagined(school);
    let by_plan = planned_today(&planned, day);
    set_clock(at(day, 8));
    put_plans(store, key, planned, people, ids, day)?;
    put_changes(store, key, school, people, ids)?;
    put_late_marks(store, key, school, people, ids)?;
    if let Some(today) = &school.today {
        put_exam(store, key, school, people, ids)?;
        for deed in this_morning(people, today, &by_plan) {
            do_it(store, key, set_clock, people, ids, deed)?;
        }
        let missed = missed_today(today);
        put_morning(store, key, set_clock, school, people, ids, &missed)?;
    }
    Ok(())
}

fn do_it(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    people: &Arc<People>,
    ids: &Arc<Ids>,
    deed: Deed,
) -> Result<(), StoreError> {
    set_clock(deed.at);
    let (people, ids) = (Arc::clone(people), Arc::clone(ids));
    store.act_now(key, move |act: &mut Act| {
        let rows = deed.entries.iter().map(|entry| {
            [
                Arg::Int(ids.enrolments[entry.enrolment]),
                Arg::Day(entry.slot.day),
                Arg::Int(entry.slot.session.index() as i64),
                entry.mark.code().map_or(Arg::Null, Arg::from),
                entry
                    .minutes_late
                    .map_or(Arg::Null, |minutes| Arg::Int(i64::from(minutes))),
                Arg::Null,
                entry.note.map_or(Arg::Null, Arg::from),
                entry.reason.map_or(Arg::Null, Arg::from),
                Arg::from(deed.source),
                Arg::Null,
                entry
                    .mark
                    .code()
                    .filter(|_| deed.source != "import")
                    .and_then(|code| sub_code_of(code, entry.enrolment, entry.slot))
                    .map_or(Arg::Null, Arg::from),
            ]
        });
        act.record_many(&MARK_VERSION, rows)?;
        let subject = match (deed.register, deed.entries.first()) {
            (Some(group), Some(entry)) => {
                let group = ids.groups[group];
                let (taken_at, session) = (act.at(), entry.slot.session.index() as i64);
                act.record(
                    &REGISTER_TAKEN,
                    &args![
                        group,
                        entry.slot.day,
                        session,
                        taken_at,
                        people.accounts[deed.staff],
                        Arg::Null
                    ],
                )?;
                format!("register of group {group}, {}", entry.slot)
            }
            (None, Some(entry)) => format!("{} marks from {}", deed.entries.len(), entry.slot),
            (_, None) => "no marks".to_owned(),
        };
        act.describe(by(&people, deed.staff, deed.act, subject));
        Ok(())
    })
}

/// The marks of some school days as the system before had them at last: in the order of the register's key, which is the
/// quick way in.
fn brought_in(school: &DemoSchool, people: &People, days: Range<usize>) -> Option<Deed> {
    let slots = days.start * 2..(days.end * 2).min(school.slots.len());
    let mut entries = Vec::new();
    for (enrolment, marks) in school.marks.iter().enumerate() {
        for (slot, mark) in marks.each() {
            if mark == Mark::MISSING || !slots.contains(&slot) {
                continue;
            }
            let detail = marks.detail(slot);
            entries.push(Entry {
                enrolment,
                slot: school.slots[slot],
                mark,
                minutes_late: detail.and_then(|detail| detail.minutes_late),
                note: detail.and_then(|detail| detail.note),
                reason: None,
            });
        }
    }
    let last = school.slots.get(slots.end.checked_sub(1)?)?;
    (!entries.is_empty()).then_some(Deed {
        at: at(last.day, 17),
        staff: people.keeper,
        act: "bring in marks",
        source: "import",
        register: None,
        entries,
    })
}

/// What happened in the registers of one school day; its later amendments are put by.
fn registers_of(school: &DemoSchool, day: usize, amendments: &mut Amendments) -> Vec<Deed> {
    let mut registers: BTreeMap<(usize, usize), Vec<Entry>> = BTreeMap::new();
    for slot in [day * 2, day * 2 + 1] {
        let Some(place) = school.slots.get(slot).copied() else {
            continue;
        };
        for (enrolment, marks) in school.marks.iter().enumerate() {
            let Some(index) = slot.checked_sub(marks.first_slot) else {
                continue;
            };
            let Some(mark) = marks.marks.get(index).copied() else {
                continue;
            };
            let detail = marks.detail(slot);
            let change = detail.and_then(|detail| detail.amendment.as_ref());
            let first = change.map_or(mark, |change| change.was);
            let minutes_late = detail.and_then(|detail| detail.minutes_late);
            let note = detail.and_then(|detail| detail.note);
            if let Some(change) = change {
                let entry = Entry {
                    enrolment,
                    slot: place,
                    mark,
                    minutes_late,
                    note,
                    reason: Some(change.reason),
                };
                amendments.put_by(change.at, change.by, entry);
            }
            if first != Mark::MISSING {
                let entry = Entry {
                    enrolment,
                    slot: place,
                    mark: first,
                    minutes_late: minutes_late.filter(|_| change.is_none()),
                    note: note.filter(|_| change.is_none()),
                    reason: None,
                };
                let register = (slot, marks.tutor_group_at(slot));
                registers.entry(register).or_default().push(entry);
            }
        }
    }
    let mut deeds: Vec<Deed> = registers
        .into_iter()
        .map(|((slot, group), entries)| Deed {
            at: school.recorded_at(entries[0].enrolment, slot),
            staff: school.groups[group].staff,
            act: "take register",
            source: "register",
            register: Some(group),
            entries,
        })
        .collect();
    deeds.sort_by_key(|deed| deed.at);
    deeds
}

/// Amendments still to come, by the moment and the person.
#[derive(Default)]
struct Amendments(BTreeMap<(Instant, usize), Vec<Entry>>);

impl Amendments {
    fn put_by(&mut self, at: Instant, staff: usize, entry: Entry) {
        self.0.entry((at, staff)).or_default().push(entry);
    }

    /// Those made before this moment, oldest first.
    fn due_before(&mut self, moment: Instant) -> Vec<Deed> {
        let later = self.0.split_off(&(moment, 0));
        std::mem::replace(&mut self.0, later)
            .into_iter()
            .map(|((at, staff), entries)| Deed {
                at,
                staff,
                act: "amend marks",
                source: "amendment",
                register: None,
                entries,
            })
            .collect()
    }
}

/// What one tutor typed yesterday afternoon without a network, for pupils whom the office has down as not yet explained: it came this
/// morning, and waits for the office.
fn put_late_marks(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
) -> Result<(), StoreError> {
    let Some(last) = school.slots.len().checked_sub(1) else {
        return Ok(());
    };
    let mut unexplained: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (enrolment, marks) in school.marks.iter().enumerate() {
        let mark = last
            .checked_sub(marks.first_slot)
            .and_then(|index| marks.marks.get(index));
        if mark.and_then(|mark| mark.code()) == Some("N") {
            let group = marks.tutor_group_at(last);
            unexplained.entry(group).or_default().push(enrolment);
        }
    }
    let most = unexplained.into_iter().max_by_key(|(_, all)| all.len());
    let Some((group, enrolments)) = most else {
        return Ok(());
    };
    let slot = school.slots[last];
    let minutes = 8;
    let made_at = school
        .recorded_at(enrolments[0], last)
        .plus_seconds(60 * minutes);
    let staff = school.groups[group].staff;
    let (people, ids) = (Arc::clone(people), Arc::clone(ids));
    store.act_now(key, move |act: &mut Act| {
        for enrolment in enrolments.into_iter().take(3) {
            let (late, arrived_at) = (act.new_id(), act.at());
            let values = args![
                late,
                ids.groups[group],
                ids.enrolments[enrolment],
                slot.day,
                slot.session.index() as i64,
                "L",
                minutes,
                Arg::Null,
                people.accounts[staff],
                made_at,
                made_at,
                arrived_at,
                "waiting",
                Arg::Null,
                Arg::Null
            ];
            act.record(&LATE_MARK, &values)?;
        }
        let subject = format!("group {} {slot}", ids.groups[group]);
        act.describe(by(&people, staff, "hold late marks", subject));
        Ok(())
    })
}

/// The morning of today: what was entered ahead, and the registers that are in. Where a plan stands nobody makes a mark.
fn this_morning(
    people: &People,
    today: &demo::Today,
    by_plan: &BTreeSet<(usize, Session)>,
) -> Vec<Deed> {
    let entry = |enrolment, session, mark, minutes_late, note| Entry {
        enrolment,
        slot: Slot::new(today.day, session),
        mark,
        minutes_late,
        note,
        reason: None,
    };
    let planned: Vec<Entry> = today
        .planned
        .iter()
        .filter(|plan| !by_plan.contains(&(plan.enrolment, plan.session)))
        .map(|plan| entry(plan.enrolment, plan.session, plan.mark, None, plan.note))
        .collect();
    let mut deeds = Vec::new();
    if !planned.is_empty() {
        deeds.push(Deed {
            at: at(today.day, 8),
            staff: people.keeper,
            act: "enter planned marks",
            source: "plan",
            register: None,
            entries: planned,
        });
    }
    let mut taken: Vec<Deed> = today
        .registers
        .iter()
        .filter_map(|register| {
            let taken = register.taken.as_ref()?;
            Some(Deed {
                at: taken.at,
                staff: taken.by,
                act: "take register",
                source: "register",
                register: Some(register.tutor_group),
                entries: taken
                    .marks
                    .iter()
                    .filter(|mark| mark.mark != Mark::MISSING)
                    .filter(|mark| !by_plan.contains(&(mark.enrolment, Session::Am)))
                    .map(|mark| {
                        entry(
                            mark.enrolment,
                            Session::Am,
                            mark.mark,
                            mark.minutes_late,
                            mark.note,
                        )
                    })
                    .collect(),
            })
        })
        .collect();
    taken.sort_by_key(|deed| deed.at);
    deeds.extend(taken);
    deeds
}
