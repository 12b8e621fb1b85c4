//! What a device is given ahead: today's registers of the person who is signed in, of sessions, of lessons and of rooms of examinations, as
//! little of each as marking it takes.
//!
//! Names, tutor groups, marks of that one register, codes of plans, codes that may be entered, times. Never a note, a flag, a reason,
//! a contact, an address or anything of another day: what is not sent cannot be lost with the device. `tests/registers/offline.rs` holds
//! every key, for every role.

use std::collections::BTreeMap;

use askama::Template;
use axum::Json;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant, TimeOfDay};
use register::closing::RegisterState as Clock;
use register::entry::RoleKind;
use register::lesson::LessonMark;
use serde::{Deserialize, Serialize};
use store::Tx;

use super::super::due::standing;
use super::super::exams::{ExamRoom, invigilated, seated};
use super::super::keeper::{keeper, lesson_keeper};
use super::super::lessons::LessonAddress;
use super::super::lessons::page::choices;
use super::super::lessons::place::{Place, places};
use super::super::lessons::save::Clock as LessonClock;
use super::super::lessons::today::{lessons_of, taken_on};
use super::super::pages::RegisterAddress;
use super::super::register_page::{codes, members, present};
use super::super::today::own_groups;
use crate::book::{Book, GroupKind, LessonPeriod};
use crate::desk::{Desk, Problem, Refusal};
use crate::people::{Actor, page_of};
use crate::shell::{CodeChoice, Frame, Look, Page, Text};
use crate::year::settings::{entry_limits, lesson_opens, mode, session_times, sub_codes};
use crate::year::timetable::held;

/// What a device keeps of one person's registers, until the end of the day.
#[derive(Debug, Serialize)]
struct OnDevice {
    /// Whose it is, and at which school.
    of: String,
    /// The day.
    day: String,
    /// The server's clock, in milliseconds since 1970; so are all times here.
    now: i64,
    /// When the day ends, and with it what the device may keep.
    until: i64,
    /// Codes by the key that registers name.
    codes: BTreeMap<String, Vec<CodeOnDevice>>,
    registers: Vec<RegisterOnDevice>,
}

/// A register as a device keeps it. `page` is its address; what is typed goes to `{page}/save`, whatever kind of register it is.
#[derive(Debug, Serialize)]
struct RegisterOnDevice {
    page: String,
    group: String,
    /// `Tue 24 Nov AM`, `Tue 24 Nov P2`.
    when: String,
    /// When marks may first be entered.
    opens: i64,
    begins: i64,
    closes: i64,
    ends: i64,
    /// What may be done with it once it has closed: `amend`, `read-only`, or `open` for a lesson's that nobody has taken.
    closed: &'static str,
    /// Whether it is a lesson's or an examination's.
    lesson: bool,
    /// The code for present.
    present: &'static str,
    /// The key of its codes.
    codes: String,
    rows: Vec<RowOnDevice>,
}

/// A place of a register.
#[derive(Debug, Serialize)]
struct RowOnDevice {
    /// The time on roll.
    e: i64,
    name: String,
    /// The tutor group.
    form: String,
    /// The mark that stands.
    code: Option<String>,
    /// Its minutes late.
    minutes: Option<u32>,
    /// The number to base a change on.
    base: i64,
    /// The code of the plan.
    planned: Option<String>,
    /// The number of the seat, at an examination.
    #[serde(skip_serializing_if = "Option::is_none")]
    no: Option<i64>,
}

/// A code that has a meaning today, and why this person may not enter it.
#[derive(Debug, Serialize)]
struct CodeOnDevice {
    code: String,
    face: &'static str,
    tally: &'static str,
    meaning: String,
    late: bool,
    needs_note: bool,
    refused: Option<String>,
    /// The school's own sub-codes beneath it.
    sub_codes: Vec<String>,
}

/// Registers that the device has open or had: further addresses beside the person's own, one after another with commas.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    open: String,
}

/// So many open registers are looked up for one device.
const OPEN_AT_MOST: usize = 40;

/// `GET /offline/registers?open=`: what a device keeps for whoever is signed in.
pub(super) async fn registers(desk: Desk, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let at = desk.clone();
    desk.read(move |tx, actor| {
        let now = at.office.now();
        let book = at.office.shelf.book(tx, actor.school)?;
        Ok(Json(on_device(tx, actor, &book, &asked.open, now)?).into_response())
    })
    .await
}

fn on_device(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    open: &str,
    now: Instant,
) -> Result<OnDevice, Refusal> {
    let (today, _) = now.in_london();
    let midnight = TimeOfDay::new(0, 0, 0).expect("a day begins at midnight");
    let mut kept = OnDevice {
        of: page_of(actor.account.0, actor.school),
        day: today.to_string(),
        now: millis(now),
        until: millis(Instant::at_london(today.plus_days(1), midnight)),
        codes: BTreeMap::new(),
        registers: Vec::new(),
    };
    if !mode(&book.settings, today)?.marks_here() {
        return Ok(kept);
    }
    let slots = book.calendar.slots(today, today);
    let mut own = own_groups(actor, book, today);
    own.sort_by_key(|group| group.kind != GroupKind::Tutor);
    let own = own.into_iter().map(|group| group.id);
    let mut wanted: Vec<RegisterAddress> = own
        .flat_map(|group| {
            slots
                .iter()
                .map(move |slot| RegisterAddress { group, slot: *slot })
        })
        .collect();
    let further = open.split(',').filter_map(RegisterAddress::of_path);
    for address in further.take(OPEN_AT_MOST) {
        if slots.contains(&address.slot) && !wanted.contains(&address) {
            wanted.push(address);
        }
    }
    for address in wanted {
        match one(tx, actor, book, address, &mut kept.codes) {
            Ok(Some(register)) => kept.registers.push(register),
            // Only read, or no longer theirs: nothing to finish without a network.
            Ok(None) | Err(Refusal::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    let mut kept_too = |register| match register {
        Ok(Some(register)) => {
            kept.registers.push(register);
            Ok(())
        }
        // Only read, no longer theirs, or not held today.
        Ok(None) | Err(Refusal::NotFound | Refusal::Wrong(_)) => Ok(()),
        Err(other) => Err(other),
    };
    for address in lessons_wanted(tx, actor, book, open, now)? {
        kept_too(lesson(tx, actor, book, address, &mut kept.codes))?;
    }
    for place in rooms_wanted(tx, actor, open, today)? {
        kept_too(exam_room(tx, actor, book, (place, today), &mut kept.codes))?;
    }
    Ok(kept)
}

/// A register that this person may mark and that asks for somebody's mark.
fn one(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    address: RegisterAddress,
    code_sets: &mut BTreeMap<String, Vec<CodeOnDevice>>,
) -> Result<Option<RegisterOnDevice>, Refusal> {
    let RegisterAddress { group: id, slot } = address;
    let keeper = keeper(tx, actor, id, slot.day)?;
    let (Some(role), Some(group)) = (keeper.role(), book.groups.group(id)) else {
        return Ok(None);
    };
    let standing = standing(tx, book.school, id, slot)?;
    let rows: Vec<RowOnDevice> = members(book, address)
        .into_iter()
        .filter(|(_, enrolment)| enrolment.marked_on(slot.day).is_ok())
        .map(|(_, enrolment)| {
            let mark = standing.get(&enrolment.id);
            let form = book
                .groups
                .of_kind(enrolment.id, GroupKind::Tutor, slot.day);
            let plan = book.plans.expected(enrolment.id, slot);
            RowOnDevice {
                e: enrolment.id.0,
                name: book
                    .roll
                    .pupil(enrolment.pupil)
                    .map(|pupil| pupil.listed())
                    .unwrap_or_default(),
                form: form.map(|form| form.name.clone()).unwrap_or_default(),
                code: mark.and_then(|mark| mark.code).map(|code| code.to_string()),
                minutes: mark.and_then(|mark| mark.minutes),
                base: mark.map_or(0, |mark| mark.seq),
                planned: plan.map(|on_file| on_file.plan.code.to_string()),
                no: None,
            }
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let times = session_times(&book.settings, slot.day)?;
    let hours = times.of(slot.session);
    let at = |time| Instant::at_london(slot.day, time);
    let key = format!("{}-{role:?}", slot.session).to_lowercase();
    if !code_sets.contains_key(&key) {
        let clock = Clock::Open {
            closes: at(hours.closes),
        };
        let limits = entry_limits(&book.settings, slot.day)?;
        // The school's words go along; what they say of a pupil already is not for a device to keep, and stays as it stands.
        let own = sub_codes(&book.settings, slot.day)?;
        let choices = codes(book, slot, Some(role), clock, &limits, &own);
        code_sets.insert(key.clone(), on_a_device(choices));
    }
    Ok(Some(RegisterOnDevice {
        page: address.path(),
        group: group.name.clone(),
        when: format!("{} {}", slot.day.short(), slot.session),
        opens: millis(at(hours.opens)),
        begins: millis(at(hours.opens)),
        closes: millis(at(hours.closes)),
        ends: millis(at(hours.ends)),
        closed: match role {
            RoleKind::ClassTeacher => "read-only",
            _ => "amend",
        },
        lesson: false,
        present: present(slot.session),
        codes: key,
        rows,
    }))
}

fn on_a_device(choices: Vec<CodeChoice>) -> Vec<CodeOnDevice> {
    let set = choices.into_iter().map(|choice| CodeOnDevice {
        code: choice.code.to_string(),
        face: choice.face.class(),
        tally: choice.tally.word(),
        meaning: choice.meaning.to_string(),
        late: choice.late,
        needs_note: choice.needs_note,
        refused: choice.refusal.map(|ground| ground.to_string()),
        sub_codes: choice.sub_codes.iter().map(Text::to_string).collect(),
    });
    set.collect()
}

/// The lessons of today that this person teaches, in order of time, and those that the device has open.
fn lessons_wanted(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    open: &str,
    now: Instant,
) -> Result<Vec<LessonAddress>, Refusal> {
    let (today, _) = now.in_london();
    let own = match actor.staff {
        Some(staff) => lessons_of(tx, book, Some(staff), today, now)?,
        None => Vec::new(),
    };
    let own = own
        .iter()
        .filter_map(|line| LessonAddress::of_path(&line.path));
    let mut wanted: Vec<LessonAddress> = own.collect();
    let further = open.split(',').filter_map(LessonAddress::of_path);
    for address in further.take(OPEN_AT_MOST) {
        if address.day == today && !wanted.contains(&address) {
            wanted.push(address);
        }
    }
    Ok(wanted)
}

/// A lesson's register that this person may mark.
fn lesson(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    address: LessonAddress,
    code_sets: &mut BTreeMap<String, Vec<CodeOnDevice>>,
) -> Result<Option<RegisterOnDevice>, Refusal> {
    let LessonAddress { group: id, day, .. } = address;
    let may_mark = lesson_keeper(tx, actor, address)?.role().is_some();
    let (true, Some(group)) = (may_mark, book.groups.group(id)) else {
        return Ok(None);
    };
    let period = held(tx, book.school, &book.settings, id, day, address.period)?.period;
    let times = session_times(&book.settings, day)?;
    let is_taken = taken_on(tx, book.school, day)?.contains_key(&(id, address.period));
    let places = places(tx, book.school, address, &period, &times)?;
    let mut rows: Vec<(u32, RowOnDevice)> = places
        .iter()
        .filter_map(|place| on_device_row(book, place, day, None))
        .collect();
    rows.sort_by_key(|(order, row)| (*order, row.e));
    let sheet = SheetOnDevice {
        page: address.path(),
        group: group.name.clone(),
        when: format!("{} {}", day.short(), period.name),
        day,
        is_taken,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    };
    timed(book, &period, sheet, code_sets)
}

/// The rooms of today's examinations whose register this person takes, and those that the device has open.
fn rooms_wanted(
    tx: &mut Tx,
    actor: &Actor,
    open: &str,
    today: Day,
) -> Result<Vec<ExamRoom>, Refusal> {
    let own = match actor.staff {
        Some(staff) => invigilated(tx, actor.school, staff, today)?,
        None => Vec::new(),
    };
    let own = own.iter().filter_map(|line| ExamRoom::of_path(&line.path));
    let mut wanted: Vec<ExamRoom> = own.collect();
    for place in (open.split(',').filter_map(ExamRoom::of_path)).take(OPEN_AT_MOST) {
        if !wanted.contains(&place) {
            wanted.push(place);
        }
    }
    Ok(wanted)
}

/// The register of a room of an examination of today that this person may mark.
fn exam_room(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    (place, today): (ExamRoom, Day),
    code_sets: &mut BTreeMap<String, Vec<CodeOnDevice>>,
) -> Result<Option<RegisterOnDevice>, Refusal> {
    let room = seated(tx, actor, &book.settings, place)?;
    if !room.may_mark || room.day != today {
        return Ok(None);
    }
    let rows = room.candidates.iter().filter_map(|(candidate, seat)| {
        let (_, row) = on_device_row(book, candidate, room.day, Some(*seat))?;
        Some(row)
    });
    let sheet = SheetOnDevice {
        page: place.path(),
        group: room.title,
        when: format!("{} {}", room.day.short(), room.room),
        day: room.day,
        is_taken: room.is_taken,
        rows: rows.collect(),
    };
    timed(book, &room.period, sheet, code_sets)
}

/// A pupil's place as a device keeps it, with their place in the order of names.
fn on_device_row(
    book: &Book,
    place: &Place,
    day: Day,
    no: Option<i64>,
) -> Option<(u32, RowOnDevice)> {
    let pupil = book.roll.pupil_of_row(book.roll.row(place.enrolment)?)?;
    let form = book.groups.of_kind(place.enrolment, GroupKind::Tutor, day);
    let row = RowOnDevice {
        e: place.enrolment.0,
        name: pupil.listed(),
        form: form.map(|form| form.name.clone()).unwrap_or_default(),
        code: place.mark().map(|mark| mark.to_string()),
        minutes: place
            .standing
            .as_ref()
            .and_then(|standing| standing.minutes),
        base: place.base(),
        planned: place.is_away().then(|| LessonMark::NotExpected.to_string()),
        no,
    };
    Some((pupil.in_order, row))
}

/// The register of a lesson or of a room of an examination, before its times.
struct SheetOnDevice {
    page: String,
    group: String,
    when: String,
    day: Day,
    is_taken: bool,
    rows: Vec<RowOnDevice>,
}

/// With its times; none where nobody is in it.
fn timed(
    book: &Book,
    period: &LessonPeriod,
    sheet: SheetOnDevice,
    code_sets: &mut BTreeMap<String, Vec<CodeOnDevice>>,
) -> Result<Option<RegisterOnDevice>, Refusal> {
    if sheet.rows.is_empty() {
        return Ok(None);
    }
    let before = lesson_opens(&book.settings, sheet.day)?;
    let key = "lesson".to_owned();
    let choices = || on_a_device(choices(true, LessonClock::Open, period, before));
    code_sets.entry(key.clone()).or_insert_with(choices);
    let at = |time| Instant::at_london(sheet.day, time);
    let starts = at(period.starts);
    Ok(Some(RegisterOnDevice {
        page: sheet.page,
        group: sheet.group,
        when: sheet.when,
        opens: millis(starts.plus_seconds(-60 * i64::from(before))),
        begins: millis(starts),
        closes: millis(at(period.ends)),
        ends: millis(at(period.ends)),
        closed: match sheet.is_taken {
            true => "amend",
            false => "open",
        },
        lesson: true,
        present: LessonMark::Present.letter(),
        codes: key,
        rows: sheet.rows,
    }))
}

fn millis(at: Instant) -> i64 {
    at.micros() / 1000
}

/// `GET /offline`: the page that a device keeps for when there is no network. It is the same for everybody and holds nothing of a school.
pub(super) async fn page(headers: HeaderMap) -> Page<impl Template> {
    Page(OfflinePage {
        frame: Frame::signed_out("No network", "Rollbook").with_look(Look::of(&headers)),
    })
}

#[derive(Template)]
#[template(path = "registers/offline/offline.html")]
struct OfflinePage {
    frame: Frame,
}
