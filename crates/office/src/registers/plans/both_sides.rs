//! Dual registration from both sides: sessions in which this school's register and another's of the trust do not fit together.
//!
//! Only to somebody who may read the pupil's marks at both schools.

use std::collections::HashMap;

use calendar::{Day, Slot};
use register::dual::{DualFault, dual_fault};
use store::Tx;

use crate::book::Book;
use crate::desk::{Office, Refusal};
use crate::ids::{PersonId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Order, Table, Value};
use crate::people::{Access, Actor, Reach, RecordKind, at_other_schools};
use crate::year::settings::plan_watch;

/// A session in which the registers of two schools do not fit together.
pub(super) struct BothLine {
    pupil: PupilId,
    name: String,
    in_order: u32,
    slot: Slot,
    here: String,
    there: String,
    school: String,
    fault: DualFault,
}

/// What the registers of this school and of the others say of pupils who are on both rolls, newest first; none where the person works
/// at no other school of the trust.
///
/// Units: the school days that the school looks back, today not among them, since its registers are still being taken.
/// Errors: a setting or another school's record cannot be read; the database did not answer.
pub(super) fn both_sides(
    tx: &mut Tx,
    office: &Office,
    actor: &Actor,
    book: &Book,
    reach: &Reach,
    today: Day,
) -> Result<Option<Vec<BothLine>>, Refusal> {
    let elsewhere = at_other_schools(tx, actor, today)?;
    if elsewhere.is_empty() {
        return Ok(None);
    }
    let back = usize::from(plan_watch(&book.settings, today)?.drift_back);
    let yesterday = today.plus_days(-1);
    let begin = today.plus_days(-(2 * back as i32 + 60));
    let days = book.calendar.school_days_between(begin, yesterday);
    let first = days[days.len().saturating_sub(back)..].first().copied();
    let slots = match first {
        Some(first) => book.calendar.slots(first, yesterday),
        None => &[],
    };
    let mut found = Vec::new();
    for (there, school) in elsewhere {
        let reach_there = there.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
        let other = office.shelf.book(tx, there.school)?;
        for (own, its) in on_both(book, &other, reach, &reach_there) {
            found.extend(
                slots
                    .iter()
                    .filter_map(|slot| fault_at((book, own), (&other, its), *slot, &school)),
            );
        }
    }
    found.sort_by_key(|one| (std::cmp::Reverse(one.slot), one.in_order));
    Ok(Some(found))
}

/// The pupils of both rolls whose marks may be read at both: here and there.
fn on_both(
    book: &Book,
    other: &Book,
    reach: &Reach,
    reach_there: &Reach,
) -> Vec<(PupilId, PupilId)> {
    let readable = other
        .roll
        .pupils
        .iter()
        .filter(|its| reach_there.covers(its.id));
    let there: HashMap<PersonId, PupilId> = readable.map(|its| (its.person, its.id)).collect();
    let own = book.roll.pupils.iter().filter(|own| reach.covers(own.id));
    own.filter_map(|own| Some((own.id, *there.get(&own.person)?)))
        .collect()
}

/// What is off in one session, if the pupil is on both rolls then.
fn fault_at(
    (book, own): (&Book, PupilId),
    (other, its): (&Book, PupilId),
    slot: Slot,
    school: &str,
) -> Option<BothLine> {
    let row_on = |book: &Book, pupil: PupilId| {
        let rows = book.roll.rows_of(pupil).iter().copied();
        rows.into_iter()
            .find(|row| book.roll.enrolments[*row].covers(slot.day))
    };
    let (row, row_there) = (row_on(book, own)?, row_on(other, its)?);
    let here = book.mark(row, slot).code();
    let there = other.mark(row_there, slot).code();
    let fault = dual_fault(here, there)?;
    let pupil = book.roll.pupil(own)?;
    let shown = |code: Option<register::Code>| code.map_or(String::new(), |code| code.to_string());
    Some(BothLine {
        pupil: own,
        name: pupil.listed(),
        in_order: pupil.in_order,
        slot,
        here: shown(here),
        there: shown(there),
        school: school.to_owned(),
        fault,
    })
}

/// Sessions in which two registers do not fit together, as a table.
pub(super) fn both_table(form: &Form, lines: Vec<BothLine>) -> Table {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("day", "Day"),
        Heading::words("session", "Session"),
        Heading::words("here", "Here"),
        Heading::words("there", "There"),
        Heading::words("school", "Other school"),
        Heading::words("fault", "What is off"),
    ];
    let mut table = Table::asked(
        form,
        "-day",
        headings,
        lines,
        |one, column| match column {
            "day" => Value::Day(one.slot.day).order(),
            "session" => Order::words(&one.slot.session.to_string()),
            "here" => Order::words(&one.here),
            "there" => Order::words(&one.there),
            "school" => Order::words(&one.school),
            "fault" => Order::words(one.fault.words()),
            _ => Order::Number(one.in_order.into()),
        },
        |one| {
            let why = format!("/why/{}/{}/{}", one.pupil, one.slot.day, one.slot.session);
            vec![
                Cell::text(one.name.clone())
                    .to(format!("/pupils/{}", one.pupil))
                    .naming(one.pupil),
                Cell::of(Value::Day(one.slot.day)),
                Cell::text(one.slot.session.to_string()),
                Cell::text_or_blank(Some(one.here.as_str()).filter(|code| !code.is_empty()))
                    .why(why),
                Cell::text_or_blank(Some(one.there.as_str()).filter(|code| !code.is_empty())),
                Cell::text(one.school.clone()),
                Cell::text(one.fault.words()),
            ]
        },
    );
    table.title = "Dual registration, both sides".to_owned();
    table
}
