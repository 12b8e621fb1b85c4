//! Where the log of the late door and the register do not agree (E-027): for a person to look at, session by session.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Slot};
use register::Code;
use register::late_door::{DeskAndRegister, desk_and_register};
use store::{StoreError, Tx};

use super::arrival::{Arrived, of_days};
use super::log::DayForm;
use super::page::must_keep_door;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView};
use crate::registers::RegisterAddress;
use crate::shell::{Frame, Page, State};
use crate::take_away::{Leaving, Wanted};

/// A pupil of whom desk and register say different things.
struct Mismatch {
    pupil: PupilId,
    name: String,
    in_order: u32,
    form: String,
    slot: Slot,
    desk: String,
    stands: String,
    found: DeskAndRegister,
    register: Option<String>,
}

/// Where they do not agree on a day: in order of session, then of name.
fn mismatches(tx: &mut Tx, book: &Book, day: Day) -> Result<Vec<Mismatch>, StoreError> {
    let arrivals: Vec<Arrived> = of_days(tx, book.school, (day, day))?
        .into_iter()
        .filter(Arrived::stands)
        .collect();
    let mut found = Vec::new();
    for slot in book.calendar.slots(day, day) {
        for row in book.roll.rows_on(day) {
            let (enrolment, mark) = (book.roll.enrolments[row].id, book.mark(row, *slot));
            let desk = arrivals
                .iter()
                .rev()
                .find(|one| one.enrolment == enrolment && one.slot == *slot);
            let code = mark.code();
            let says = desk.map(|one| one.code);
            let Some(differs) = desk_and_register(day, says, code) else {
                continue;
            };
            found.extend(one(book, (enrolment, row), *slot, desk, code, differs));
        }
    }
    found.sort_by_key(|one| (one.slot, one.in_order));
    Ok(found)
}

fn one(
    book: &Book,
    (enrolment, row): (EnrolmentId, usize),
    slot: Slot,
    desk: Option<&Arrived>,
    code: Option<Code>,
    found: DeskAndRegister,
) -> Option<Mismatch> {
    let pupil = book.roll.pupil_of_row(row)?;
    let form = book.groups.of_kind(enrolment, GroupKind::Tutor, slot.day);
    let address = form.map(|form| RegisterAddress {
        group: form.id,
        slot,
    });
    Some(Mismatch {
        pupil: pupil.id,
        name: pupil.listed(),
        in_order: pupil.in_order,
        form: form.map(|form| form.name.clone()).unwrap_or_default(),
        slot,
        desk: match desk {
            Some(arrived) => format!(
                "{} {}",
                arrived.at.in_london().1,
                arrived
                    .code
                    .map(|code| code.to_string())
                    .unwrap_or_default()
            ),
            None => "not at the desk".to_owned(),
        },
        stands: code.map_or_else(|| "no mark".to_owned(), |code| code.to_string()),
        found,
        register: address.map(|address| address.path()),
    })
}

/// How many there are on a day.
pub(super) fn number_of(tx: &mut Tx, book: &Book, day: Day) -> Result<usize, StoreError> {
    Ok(mismatches(tx, book, day)?.len())
}

fn table(found: Vec<Mismatch>, form: &Form) -> Table {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("session", "Session"),
        Heading::words("desk", "Desk"),
        Heading::words("register", "Register"),
        Heading::words("words", "In words"),
    ];
    let rows = found.into_iter().map(|one| {
        let stands = match &one.register {
            Some(path) => Cell::text(&one.stands).to(path),
            None => Cell::text(&one.stands),
        };
        vec![
            Cell::text(&one.name)
                .naming(one.pupil)
                .to(format!("/pupils/{}", one.pupil)),
            Cell::text(&one.form),
            Cell::text(one.slot.session.to_string()),
            Cell::text(&one.desk),
            stands,
            Cell {
                loud: one.found.is_grave(),
                ..Cell::text(one.found.words())
            },
        ]
    });
    let mut table = Table::whole("Desk and register", headings, rows.collect());
    table.sort(&form.sort, "session");
    table
}

#[derive(Template)]
#[template(path = "door/list.html")]
struct ListPage {
    frame: Frame,
    heading: &'static str,
    about: &'static str,
    address: &'static str,
    day: Day,
    table: TableView,
    empty: State,
}

/// `/door/mismatch?day=`.
pub(super) async fn list(
    desk: Desk,
    Query(asked): Query<DayForm>,
    Query(form): Query<Form>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let day = asked.day(here.office.today().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let table = table(mismatches(tx, &book, day)?, &form);
        let page = ListPage {
            frame: here.frame(tx, actor, "Desk and register")?,
            heading: "Desk and register",
            about: "What the late door logged and what the register says must agree (E-027). Find out which is right, and amend the register by hand; nothing is changed here.",
            address: "/door/mismatch",
            day,
            table: table.view(&format!("/door/mismatch?day={day}"), &form, "session", "pupils"),
            empty: State::empty(
                "Desk and register agree",
                format!("Nothing that the late door logged on {} goes against the register.", day.long()),
            ),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/door/mismatch` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_keep_door(wanted.actor)?;
    let day = wanted.query::<DayForm>()?.day(wanted.today())?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let mut table = table(mismatches(tx, &book, day)?, &wanted.query()?);
    table.about = super::log::about("Desk and register", day, wanted);
    Ok(table.leaving("desk-and-register", day))
}
