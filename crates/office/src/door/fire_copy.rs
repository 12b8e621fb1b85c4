//! The fire list on paper: a copy made by itself after the registers close each session, and whenever somebody asks for one.
//!
//! A copy is the list as it stood: who was to be found, form by form, with the time and the journal's number. Its names are kept outside the
//! journal for a fortnight, so that the last one can be printed again; that it was made, and how many it named, is kept.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, Session, Slot};
use store::{Act, Row, SchoolId, StoreError, Tx, args, journal};

use super::fire::{FormOf, Person, forms, must_see, people};
use super::log::about;
use super::records::FIRE_COPY;
use super::site::site;
use crate::book::Book;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::ids::AccountId;
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, Value, grouped};
use crate::people::{Actor, Limits, Role};
use crate::registers::name_of;
use crate::shell::{Frame, Page, State, moment};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::{fire_copy, session_times};

const NEWEST: &str = "\
select copy_id, on_date, session, made_at, head_seq, looked_for, asked_by from fire_copy
where school_id = $1 and on_date >= $2 order by copy_id desc";
const ONE: &str = "\
select copy_id, on_date, session, made_at, head_seq, looked_for, asked_by from fire_copy
where school_id = $1 and copy_id = $2";
const OF_SESSION: &str =
    "select 1 from fire_copy where school_id = $1 and on_date = $2 and session = $3 limit 1";
const KEEP: &str =
    "insert into fire_sheet (school_id, copy_id, made_on, people) values ($1, $2, $3, $4)";
const SHEET: &str = "select people from fire_sheet where school_id = $1 and copy_id = $2";
const FORGET: &str = "delete from fire_sheet where school_id = $1 and made_on < $2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[NEWEST, ONE, OF_SESSION, KEEP, SHEET, FORGET];

/// The names on a copy are kept for so many days.
const NAMES_KEPT_DAYS: i32 = 14;

/// A copy of the fire list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FireCopy {
    /// Its number.
    pub id: i64,
    /// The day.
    pub day: Day,
    /// After whose registers it was made by itself; none where somebody asked for it.
    pub session: Option<Session>,
    /// When it was made.
    pub made_at: Instant,
    /// The journal's number that it shows.
    pub head: i64,
    /// How many people were to be found.
    pub looked_for: i64,
    /// Who asked for it.
    pub asked_by: Option<AccountId>,
}

impl FireCopy {
    /// `after the AM registers`, or `asked for`.
    pub(super) fn occasion(&self) -> String {
        match self.session {
            Some(session) => format!("after the {session} registers"),
            None => "asked for".to_owned(),
        }
    }
}

fn read(row: &Row<'_>) -> Result<FireCopy, StoreError> {
    Ok(FireCopy {
        id: row.get(0)?,
        day: row.get(1)?,
        session: row.get::<Option<i64>>(2)?.and_then(Session::from_index),
        made_at: row.get(3)?,
        head: row.get(4)?,
        looked_for: row.get(5)?,
        asked_by: row.get(6)?,
    })
}

/// The copies whose names are kept, the newest first.
pub(super) fn copies(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
) -> Result<Vec<FireCopy>, StoreError> {
    let since = today.plus_days(-NAMES_KEPT_DAYS);
    tx.query(NEWEST, &args![school, since], read)
}

/// The list as it stands, ready to be kept.
struct Drawn {
    session: Option<Session>,
    day: Day,
    head: i64,
    looked_for: i64,
    /// As JSON.
    people: String,
}

fn draw(
    tx: &mut Tx,
    book: &Book,
    now: Instant,
    session: Option<Session>,
) -> Result<Drawn, Refusal> {
    let all = people(&site(tx, book, now)?);
    let head = journal::head(tx, book.school)?.ok_or(Refusal::NotFound)?;
    let looked_for = all.iter().filter(|one| one.is_looked_for()).count();
    let people = serde_json::to_string(&all).map_err(|error| {
        tracing::error!(%error, "the fire list could not be written down");
        Refusal::Wrong("The fire list could not be written down.".to_owned())
    })?;
    Ok(Drawn {
        session,
        day: now.in_london().0,
        head: head.seq,
        looked_for: looked_for as i64,
        people,
    })
}

/// Keeps a copy; none where another program made this session's meanwhile.
fn keep(act: &mut Act, actor: &Actor, drawn: &Drawn) -> Result<Option<i64>, Refusal> {
    let (school, now) = (act.school(), act.at());
    let session = drawn.session.map(|session| session.index() as i64);
    if let Some(session) = session {
        let asked = args![school, drawn.day, session];
        if act
            .tx()
            .query_opt(OF_SESSION, &asked, |_| Ok(()))?
            .is_some()
        {
            return Ok(None);
        }
    }
    let id = act.new_id();
    let asked_by = drawn.session.is_none().then_some(actor.account);
    let values = args![
        id,
        drawn.day,
        session,
        now,
        drawn.head,
        drawn.looked_for,
        asked_by
    ];
    act.record(&FIRE_COPY, &values)?;
    let sheet = args![school, id, drawn.day, drawn.people.as_str()];
    act.tx().execute(KEEP, &sheet)?;
    let before = drawn.day.plus_days(-NAMES_KEPT_DAYS);
    act.tx().execute(FORGET, &args![school, before])?;
    act.describe(actor.entry("make a copy of the fire list", format!("fire list {id}")));
    Ok(Some(id))
}

/// The program itself, as the journal has it.
fn by_itself(school: SchoolId) -> Actor {
    Actor {
        account: AccountId(0),
        school,
        name: "Rollbook".to_owned(),
        job_title: "by itself after the registers closed".to_owned(),
        staff: None,
        roles: vec![Role::AttendanceManager],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}

/// The session whose copy falls due: its registers have closed as long ago as the school says, and it has not ended.
fn due(tx: &mut Tx, book: &Book, now: Instant) -> Result<Option<Slot>, Refusal> {
    let (today, clock) = now.in_london();
    let Some(minutes) = fire_copy(&book.settings, today)?.minutes else {
        return Ok(None);
    };
    let times = session_times(&book.settings, today)?;
    let slots = book.calendar.slots(today, today);
    let slot = slots.iter().find(|slot| {
        let hours = times.of(slot.session);
        let from = hours.closes.plus_minutes(u32::from(minutes));
        from.is_some_and(|from| from <= clock) && clock < hours.ends
    });
    let Some(slot) = slot else {
        return Ok(None);
    };
    let asked = args![book.school, today, slot.session.index() as i64];
    let made = tx.query_opt(OF_SESSION, &asked, |_| Ok(()))?;
    Ok(made.is_none().then_some(*slot))
}

/// Makes the copy that a school is due, and answers its number; none where none is due.
///
/// Rule: R-035, cap 63 (a printed fallback of the fire list), E-027 for who is here. For a program that looks every minute. Errors: the database did
/// not answer, the school's record could not be put together.
pub async fn make_if_due(office: &Arc<Office>, school: SchoolId) -> Result<Option<i64>, Refusal> {
    let here = Arc::clone(office);
    let now = office.now();
    let drawn = office.store.read(move |tx| {
        let book = here.shelf.book(tx, school)?;
        match due(tx, &book, now)? {
            Some(slot) => draw(tx, &book, now, Some(slot.session)).map(Some),
            None => Ok::<_, Refusal>(None),
        }
    });
    let Some(drawn) = drawn.await? else {
        return Ok(None);
    };
    let maker = by_itself(school);
    office
        .store
        .act(school, move |act: &mut Act| keep(act, &maker, &drawn))
        .await
}

/// `POST /fire/copies`: a copy now, on paper at once.
pub(super) async fn make(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    let drawn = desk.read(move |tx, actor| {
        must_see(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        draw(tx, &book, here.office.now(), None)
    });
    let drawn = drawn.await?;
    let made = desk
        .act(move |act, actor| {
            must_see(actor)?;
            keep(act, actor, &drawn)
        })
        .await?;
    let to = match made {
        Some(id) => format!("/fire/copies/{id}?print=yes"),
        None => "/fire/copies".to_owned(),
    };
    Ok(Redirect::to(&to).into_response())
}

#[derive(Template)]
#[template(path = "door/fire_copy.html")]
struct CopyPage {
    frame: Frame,
    made: String,
    head: String,
    occasion: String,
    looked_for: i64,
    pupils: usize,
    staff: usize,
    visitors: usize,
    unknown: usize,
    forms: Vec<FormOf>,
}

/// `GET /fire/copies/{copy}`: the copy for paper.
pub(super) async fn one(desk: Desk, Path(copy): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let asked = args![actor.school, copy];
        let found = tx.query_opt(ONE, &asked, read)?.ok_or(Refusal::NotFound)?;
        let sheet: Option<String> = tx.query_opt(SHEET, &asked, |row| row.get(0))?;
        let sheet = sheet.ok_or(Refusal::NotFound)?;
        let people: Vec<Person> = serde_json::from_str(&sheet).map_err(|error| {
            tracing::error!(%error, "a copy of the fire list could not be read");
            Refusal::NotFound
        })?;
        let count = |who: &str| {
            let own = people.iter().filter(|one| one.who == who);
            own.filter(|one| one.is_looked_for()).count()
        };
        let page = CopyPage {
            made: moment(found.made_at),
            head: grouped(found.head),
            occasion: found.occasion(),
            looked_for: found.looked_for,
            pupils: count("pupil"),
            staff: count("staff"),
            visitors: count("visitor"),
            unknown: people.iter().filter(|one| one.place == "unknown").count(),
            frame: here.frame(tx, actor, "Fire list on paper")?,
            forms: forms(people),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn table(tx: &mut Tx, actor: &Actor, today: Day, form: &Form) -> Result<Table, Refusal> {
    let headings = vec![
        Heading::words("made", "Made"),
        Heading::words("occasion", "Occasion"),
        Heading::number("looked", "To be found", "people"),
        Heading::words("head", "Journal number"),
        Heading::words("by", "Asked for by"),
    ];
    let mut rows = Vec::new();
    for one in copies(tx, actor.school, today)? {
        let by = match one.asked_by {
            Some(account) => name_of(tx, actor.school, account)?,
            None => "by itself".to_owned(),
        };
        let looked_for = u32::try_from(one.looked_for).map(Cell::whole);
        rows.push(vec![
            Cell::text(moment(one.made_at)).to(format!("/fire/copies/{}", one.id)),
            Cell::text(one.occasion()),
            looked_for.unwrap_or_else(|_| Cell::of(Value::Blank)),
            Cell::text(grouped(one.head)),
            Cell::text(by),
        ]);
    }
    let mut table = Table::whole("Fire lists on paper", headings, rows);
    table.sort(&form.sort, "");
    Ok(table)
}

#[derive(Template)]
#[template(path = "door/fire_copies.html")]
struct CopiesPage {
    frame: Frame,
    table: TableView,
    empty: State,
}

/// `GET /fire/copies`.
pub(super) async fn list(desk: Desk, Query(form): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let table = table(tx, actor, here.office.today().0, &form)?;
        let page = CopiesPage {
            frame: here.frame(tx, actor, "Fire lists on paper")?,
            table: table.view("/fire/copies", &form, &form.sort, "copies"),
            empty: State::empty("None", "No copy was made in the last fortnight."),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/fire/copies` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let today = wanted.today();
    let mut table = table(tx, wanted.actor, today, &wanted.query()?)?;
    table.about = about("Fire lists on paper", today, wanted);
    Ok(table.leaving("fire-lists-on-paper", today))
}
