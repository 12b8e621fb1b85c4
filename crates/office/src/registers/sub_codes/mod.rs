//! Marks by the school's own sub-codes over a period: how many of each, and each of them.
//!
//! A sub-code changes no figure, so nothing here is an attendance figure; a mark is counted by the sub-code that stands with it now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use calendar::{Day, Session, Slot};
use register::Code;
use store::{Tx, args};

use crate::book::{Book, GroupKind, fold};
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Order, Table, TableView, Value};
use crate::people::{Access, Place, Reach, RecordKind};
use crate::shell::{Frame, Page, State, Tab, Tabs};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::sub_codes;

const MARKS: &str = "\
select enrolment_id, on_date, session, code, sub_code, note from mark
where school_id = $1 and on_date >= $2 and on_date <= $3 and sub_code is not null and code is not null
order by on_date, session, enrolment_id";

pub(super) const STATEMENTS: &[&str] = &[MARKS];

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new().route("/sub-codes", get(list))
}

/// A mark with a sub-code.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Marked {
    pupil: PupilId,
    enrolment: EnrolmentId,
    slot: Slot,
    code: Code,
    sub_code: String,
    note: Option<String>,
}

/// The marks of these days that have a sub-code, of pupils within reach, in order of time.
fn marked(
    tx: &mut Tx,
    book: &Book,
    reach: &Reach,
    (from, to): (Day, Day),
) -> Result<Vec<Marked>, Refusal> {
    let mut found = Vec::new();
    tx.each(MARKS, &args![book.school, from, to], |row| {
        let enrolment: EnrolmentId = row.get(0)?;
        let session = Session::from_index(row.get(2)?);
        let code = row.get::<&str>(3)?.parse::<Code>().ok();
        let pupil = book.roll.row(enrolment);
        let pupil = pupil.and_then(|row| book.roll.pupil_of_row(row));
        let (Some(session), Some(code), Some(pupil)) = (session, code, pupil) else {
            return Ok(());
        };
        if reach.covers(pupil.id) {
            found.push(Marked {
                pupil: pupil.id,
                enrolment,
                slot: Slot::new(row.get(1)?, session),
                code,
                sub_code: row.get(4)?,
                note: row.get(5)?,
            });
        }
        Ok(())
    })?;
    Ok(found)
}

/// The days that are asked for: this school year up to today where nothing is said.
fn days(asked: &Form, book: &Book, today: Day) -> (Day, Day) {
    let day = |text: &str| text.trim().parse::<Day>().ok();
    let first = book.calendar.school_year_of(today).age_day();
    let from = day(&asked.from).unwrap_or(first.next());
    (from, day(&asked.to).unwrap_or(today))
}

#[derive(Template)]
#[template(path = "registers/sub_codes/list.html")]
struct ListPage {
    frame: Frame,
    tabs: Tabs,
    by: &'static str,
    from: Day,
    to: Day,
    table: TableView,
    empty: State,
}

/// The two ways to look at them.
const WAYS: [(&str, &str); 2] = [("", "By sub-code"), ("mark", "Every mark")];

fn way(asked: &Form) -> &'static str {
    let found = WAYS.iter().find(|(key, _)| *key == asked.by);
    found.map_or("", |(key, _)| key)
}

/// `/sub-codes?from=&to=&by=`.
async fn list(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Registers.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
        let (from, to) = days(&asked, &book, today);
        let marks = marked(tx, &book, &reach, (from, to))?;
        let by = way(&asked);
        let tabs = WAYS.map(|(key, label)| Tab {
            label: label.into(),
            href: asked
                .link("/sub-codes", &[("by", key), ("sort", "")])
                .into(),
            current: key == by,
            count: None,
        });
        let has_some = !sub_codes(&book.settings, today)?.all().is_empty();
        let rows = table(&book, &asked, marks);
        let sort = match (asked.sort.as_str(), by) {
            ("", "mark") => "-day",
            ("", _) => "code",
            (sort, _) => sort,
        };
        let page = ListPage {
            frame: here.frame(tx, actor, "Sub-codes")?,
            tabs: Tabs {
                name: "Sub-codes".into(),
                tabs: tabs.into(),
            },
            by,
            from,
            to,
            table: rows.view("/sub-codes", &asked, sort, "rows"),
            empty: match has_some {
                true => State::empty(
                    "None in these days",
                    "A sub-code is chosen in a register with the full stop, after the code.",
                ),
                false => State::empty(
                    "The school has no sub-codes",
                    "They are decided under Year, Settings; then they are offered with their code.",
                ),
            },
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn table(book: &Book, asked: &Form, marks: Vec<Marked>) -> Table {
    match way(asked) {
        "mark" => every_mark(book, asked, marks),
        _ => by_sub_code(asked, marks),
    }
}

/// One row for each sub-code of each code.
fn by_sub_code(asked: &Form, marks: Vec<Marked>) -> Table {
    let mut counts: BTreeMap<(Code, String), (u32, BTreeSet<PupilId>)> = BTreeMap::new();
    for mark in marks {
        let (count, pupils) = counts.entry((mark.code, mark.sub_code)).or_default();
        *count += 1;
        pupils.insert(mark.pupil);
    }
    let headings = vec![
        Heading::words("code", "Code"),
        Heading::words("sub_code", "Sub-code"),
        Heading::number("marks", "Marks", "sessions"),
        Heading::number("pupils", "Pupils", ""),
    ];
    let mut table = Table::asked(
        asked,
        "code",
        headings,
        counts.into_iter().collect(),
        |((code, name), (count, pupils)), column| match column {
            "sub_code" => Order::words(name),
            "marks" => Order::Number((*count).into()),
            "pupils" => Order::Number(pupils.len() as i64),
            _ => Order::words(&format!("{code} {name}")),
        },
        |((code, name), (count, pupils))| {
            vec![
                Cell::text(code.to_string()),
                Cell::text(name),
                Cell::whole(*count),
                Cell::whole(pupils.len() as u32),
            ]
        },
    );
    table.title = "Marks by sub-code".to_owned();
    table
}

fn every_mark(book: &Book, asked: &Form, marks: Vec<Marked>) -> Table {
    let name = |one: &Marked| {
        let pupil = book.roll.pupil(one.pupil);
        pupil.map(|pupil| pupil.listed()).unwrap_or_default()
    };
    let tutor = |one: &Marked| {
        let group = book
            .groups
            .of_kind(one.enrolment, GroupKind::Tutor, one.slot.day);
        group.map(|group| group.name.clone())
    };
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("day", "Day"),
        Heading::words("session", "Session"),
        Heading::words("code", "Code"),
        Heading::words("sub_code", "Sub-code"),
        Heading::words("note", "Note"),
    ];
    let mut table = Table::asked(
        asked,
        "-day",
        headings,
        marks,
        |one, column| match column {
            "tutor" => tutor(one).map_or(Order::Nothing(0), |name| Order::words(&name)),
            "day" => Value::Day(one.slot.day).order(),
            "session" => Order::Number(one.slot.session.index() as i64),
            "code" => Order::words(one.code.as_str()),
            "sub_code" => Order::words(&one.sub_code),
            "note" => Order::words(one.note.as_deref().unwrap_or_default()),
            _ => Order::words(&fold(&name(one))),
        },
        |one| {
            let why = format!("/why/{}/{}/{}", one.pupil, one.slot.day, one.slot.session);
            vec![
                Cell::text(name(one))
                    .naming(one.pupil)
                    .to(format!("/pupils/{}", one.pupil)),
                Cell::text_or_blank(tutor(one).as_deref()),
                Cell::of(Value::Day(one.slot.day)).why(why),
                Cell::text(one.slot.session.to_string()),
                Cell::text(one.code.to_string()),
                Cell::text(&one.sub_code),
                Cell::text_or_blank(one.note.as_deref()),
            ]
        },
    );
    table.title = "Marks with a sub-code".to_owned();
    table
}

/// `/sub-codes` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, today) = (wanted.actor, wanted.today());
    if !Place::Registers.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let asked = wanted.query::<Form>()?.whole();
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
    let (from, to) = days(&asked, &book, today);
    let marks = marked(tx, &book, &reach, (from, to))?;
    let mut table = table(&book, &asked, marks);
    table.about = [
        ("List", table.title.clone()),
        ("Days", format!("{} to {}", from.long(), to.long())),
        ("Made", today.long()),
        ("Made by", format!("{}, {}", actor.name, actor.job_title)),
    ]
    .map(|(term, fact)| (term.to_owned(), fact))
    .to_vec();
    Ok(table.leaving("sub-codes", today))
}
