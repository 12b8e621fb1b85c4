//! The log of the late door of one day, as a list.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use serde::Deserialize;
use store::Tx;

use super::arrival::{ArrivalOutcome, Arrived, of_days};
use super::kiosk::{Kiosk, kiosks};
use super::page::must_keep_door;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, Value};
use crate::registers::name_of;
use crate::shell::{Frame, Page, State};
use crate::take_away::{Leaving, Wanted};

/// Which day's list is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct DayForm {
    #[serde(default)]
    day: String,
}

impl DayForm {
    /// The day; today if left out.
    ///
    /// Errors: it is none.
    pub(super) fn day(&self, today: Day) -> Result<Day, Refusal> {
        match self.day.as_str() {
            "" => Ok(today),
            text => crate::form::day_from(text).ok_or(Refusal::NotFound),
        }
    }
}

/// What a file of the door says about itself.
pub(super) fn about(list: &str, day: Day, wanted: &Wanted<'_>) -> Vec<(String, String)> {
    let actor = wanted.actor;
    let by = format!("{}, {}", actor.name, actor.job_title);
    [
        ("List", list.to_owned()),
        ("Day", day.long()),
        ("Made by", by),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn table(tx: &mut Tx, book: &Book, day: Day, form: &Form) -> Result<Table, Refusal> {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("session", "Session"),
        Heading::words("at", "Arrived"),
        Heading::number("minutes", "Late", "min"),
        Heading::words("code", "By the clock"),
        Heading::words("reason", "Reason"),
        Heading::words("with", "Came with"),
        Heading::words("became", "In the register"),
        Heading::words("by", "Signed in by"),
    ];
    let kiosks = kiosks(tx, book.school)?;
    let mut rows = Vec::new();
    for one in of_days(tx, book.school, (day, day))? {
        let Some(pupil) = book
            .roll
            .row(one.enrolment)
            .and_then(|row| book.roll.pupil_of_row(row))
        else {
            continue;
        };
        let form = book.groups.of_kind(one.enrolment, GroupKind::Tutor, day);
        let minutes = one.minutes.filter(|_| one.code.is_some());
        rows.push(vec![
            Cell::text(pupil.listed())
                .naming(pupil.id)
                .to(format!("/pupils/{}", pupil.id)),
            Cell::text_or_blank(form.map(|form| form.name.as_str())),
            Cell::text(one.slot.session.to_string()),
            Cell::text(one.at.in_london().1.to_string()),
            minutes.map_or_else(|| Cell::of(Value::Blank), Cell::whole),
            Cell::text_or_blank(one.code.map(|code| code.to_string()).as_deref()),
            Cell::text_or_blank(one.reason.as_deref()),
            Cell::text_or_blank(one.came_with.as_deref()),
            became(&one),
            Cell::text(signed_in_by(tx, book, &kiosks, &one)?),
        ]);
    }
    let mut table = Table::whole("Late door", headings, rows);
    table.sort(&form.sort, "at");
    Ok(table)
}

/// Who signed the pupil in: the pupil themselves at a kiosk, or who keeps the door.
pub(super) fn signed_in_by(
    tx: &mut Tx,
    book: &Book,
    kiosks: &[Kiosk],
    one: &Arrived,
) -> Result<String, Refusal> {
    let kiosk = one
        .kiosk
        .and_then(|id| kiosks.iter().find(|kiosk| kiosk.id == id));
    Ok(match kiosk {
        Some(kiosk) => format!("the pupil, at the kiosk: {}", kiosk.place),
        None => name_of(tx, book.school, one.account)?,
    })
}

/// What became of the arrival in the register, in words.
fn became(one: &Arrived) -> Cell {
    let words = match one.outcome {
        ArrivalOutcome::Entered => "entered",
        ArrivalOutcome::Agrees => "stood there already",
        ArrivalOutcome::Differs => "register differs",
        ArrivalOutcome::Keeps => "another code stays",
        ArrivalOutcome::NotLate => "not late",
        ArrivalOutcome::After => "after the session",
        ArrivalOutcome::Held => "with the office",
        ArrivalOutcome::Refused => "not entered",
    };
    let is_open = matches!(
        one.outcome,
        ArrivalOutcome::Differs | ArrivalOutcome::Held | ArrivalOutcome::Refused
    );
    match one.stands() {
        true => Cell {
            loud: is_open,
            ..Cell::text(words)
        },
        false => Cell::text("undone"),
    }
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

/// `/door/log?day=`.
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
        let table = table(tx, &book, day, &form)?;
        let page = ListPage {
            frame: here.frame(tx, actor, "Late log")?,
            heading: "Late log",
            about: "Who came to the late door, when, and what became of it in the register (E-027). What was undone stays in the log.",
            address: "/door/log",
            day,
            table: table.view(&format!("/door/log?day={day}"), &form, "at", "arrivals"),
            empty: State::empty("Nobody", format!("Nobody was signed in at the late door on {}.", day.long())),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/door/log` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_keep_door(wanted.actor)?;
    let day = wanted.query::<DayForm>()?.day(wanted.today())?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let mut table = table(tx, &book, day, &wanted.query()?)?;
    table.about = about("Late log", day, wanted);
    Ok(table.leaving("late-log", day))
}
