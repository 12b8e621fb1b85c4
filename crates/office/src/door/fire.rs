//! The fire list: who must be found, form by form, on phones that need no network, and the record of each roll call.
//!
//! It is open to everybody on the staff: any of them may have to say who is missing. It tells where a pupil is as far as a roll call needs
//! (to be found, signed out, not here) and never why.

use std::borrow::Cow;
use std::collections::BTreeSet;

use askama::Template;
use axum::Json;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant, TimeOfDay};
use register::site::{Way, Whereabouts, found};
use serde::{Deserialize, Serialize};
use store::Tx;

use super::fire_copy::{FireCopy, copies};
use super::moves::Who;
use super::roll_call::{RollCall, What, Word, calls_of, hear, ticks_of};
use super::site::{Site, is_in, site};
use crate::desk::{Desk, Problem, Refusal};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, Value, grouped};
use crate::people::{Actor, Place, page_of};
use crate::registers::name_of;
use crate::shell::{Frame, Page, State};
use crate::take_away::{Leaving, Wanted};

pub(super) fn must_see(actor: &Actor) -> Result<(), Refusal> {
    match Place::Fire.is_open_to(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// What the fire list is drawn from.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FireList {
    /// Whose it is, and at which school.
    of: String,
    /// The day.
    day: String,
    /// The server's clock, in milliseconds since 1970; so are all times here.
    now: i64,
    /// When the day ends, and with it what the device may keep.
    until: i64,
    people: Vec<Person>,
    /// The roll call that is under way.
    call: Option<Call>,
    ticks: Vec<Ticked>,
}

/// Somebody who may have to be found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Person {
    /// `pupil`, `staff` or `visitor`.
    pub(super) who: Cow<'static, str>,
    id: i64,
    pub(super) name: String,
    /// The tutor group, `Staff` or `Visitors`.
    form: String,
    /// `in`: on site. `unknown`: nobody knows. `out`: signed out. `away`: not expected here.
    pub(super) place: Cow<'static, str>,
}

impl Person {
    /// Whether they are to be found: on site, or nobody knows.
    pub(super) fn is_looked_for(&self) -> bool {
        matches!(self.place.as_ref(), "in" | "unknown")
    }
}

#[derive(Clone, Debug, Serialize)]
struct Call {
    id: i64,
    drill: bool,
    began: i64,
    ended: Option<i64>,
}

/// How somebody stands in the roll call.
#[derive(Clone, Debug, Serialize)]
struct Ticked {
    who: &'static str,
    id: i64,
    at: i64,
}

fn millis(at: Instant) -> i64 {
    at.micros() / 1000
}

fn place(place: Whereabouts) -> &'static str {
    match place {
        Whereabouts::OnSite => "in",
        Whereabouts::Unaccounted => "unknown",
        Whereabouts::SignedOut => "out",
        Whereabouts::Elsewhere(_) | Whereabouts::Absent(_) => "away",
    }
}

/// Everybody on the list: pupils, staff who signed in, visitors.
pub(super) fn people(all: &Site<'_>) -> Vec<Person> {
    let pupils = all.pupils.iter().map(|one| Person {
        who: "pupil".into(),
        id: one.enrolment.0,
        name: one.pupil.listed(),
        form: match one.form.is_empty() {
            true => "No tutor group".to_owned(),
            false => one.form.clone(),
        },
        place: place(one.place).into(),
    });
    let staff = all.staff.iter().map(|(who, name, last)| Person {
        who: "staff".into(),
        id: who.key().1,
        name: name.clone(),
        form: "Staff".to_owned(),
        place: if last.way == Way::In { "in" } else { "out" }.into(),
    });
    let visitors = all.visitors.iter().map(|(visit, last)| Person {
        who: "visitor".into(),
        id: visit.id,
        name: visit.name.clone(),
        form: "Visitors".to_owned(),
        place: if is_in(last.as_ref()) { "in" } else { "out" }.into(),
    });
    pupils.chain(staff).chain(visitors).collect()
}

/// Who must be found now.
fn looked_for(all: &Site<'_>) -> BTreeSet<Who> {
    let pupils = all.pupils.iter().filter(|one| one.place.is_looked_for());
    let staff = all.staff.iter().filter(|(.., last)| last.way == Way::In);
    let visitors = all.visitors.iter().filter(|(_, last)| is_in(last.as_ref()));
    pupils
        .map(|one| Who::Pupil(one.enrolment))
        .chain(staff.map(|(who, ..)| *who))
        .chain(visitors.map(|(visit, _)| Who::Visitor(visit.id)))
        .collect()
}

/// The roll call that is under way, or that ended within the hour.
fn current(tx: &mut Tx, actor: &Actor, now: Instant) -> Result<Option<RollCall>, Refusal> {
    let today = now.in_london().0;
    let all = calls_of(tx, actor.school, (today, today))?;
    let is_recent = |call: &RollCall| {
        let ended = call.ended.as_ref();
        ended.is_none_or(|ended| ended.at.seconds_until(now) < 60 * 60)
    };
    Ok(all.into_iter().rev().find(is_recent))
}

fn call_and_ticks(
    tx: &mut Tx,
    actor: &Actor,
    now: Instant,
) -> Result<(Option<Call>, Vec<Ticked>), Refusal> {
    let Some(call) = current(tx, actor, now)? else {
        return Ok((None, Vec::new()));
    };
    let ticks = found(&ticks_of(tx, actor.school, call.id)?);
    let ticks = ticks.into_iter().map(|(who, at)| {
        let (word, id) = who.key();
        Ticked {
            who: word,
            id,
            at: millis(at),
        }
    });
    let shown = Call {
        id: call.id,
        drill: call.is_drill,
        began: millis(call.began_at),
        ended: call.ended.as_ref().map(|ended| millis(ended.at)),
    };
    Ok((Some(shown), ticks.collect()))
}

fn list(tx: &mut Tx, desk: &Desk, actor: &Actor) -> Result<FireList, Refusal> {
    must_see(actor)?;
    let now = desk.office.now();
    let (today, _) = now.in_london();
    let book = desk.office.shelf.book(tx, actor.school)?;
    let all = site(tx, &book, now)?;
    let (call, ticks) = call_and_ticks(tx, actor, now)?;
    let midnight = TimeOfDay::new(0, 0, 0).expect("a day begins at midnight");
    Ok(FireList {
        of: page_of(actor.account.0, actor.school),
        day: today.to_string(),
        now: millis(now),
        until: millis(Instant::at_london(today.plus_days(1), midnight)),
        people: people(&all),
        call,
        ticks,
    })
}

/// `GET /fire/ahead`: what the page is drawn from, and what a device keeps of it until the day ends.
pub(super) async fn ahead(desk: Desk) -> Result<Json<FireList>, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Json(list(tx, &here, actor)?)))
        .await
}

/// What a phone asks again and again while a roll call is under way.
#[derive(Debug, Serialize)]
pub(super) struct Ticks {
    now: i64,
    call: Option<Call>,
    ticks: Vec<Ticked>,
}

/// `GET /fire/ticks`: how the roll call stands.
pub(super) async fn ticks(desk: Desk) -> Result<Json<Ticks>, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let now = here.office.now();
        let (call, ticks) = call_and_ticks(tx, actor, now)?;
        Ok(Json(Ticks {
            now: millis(now),
            call,
            ticks,
        }))
    })
    .await
}

/// What a phone sends: words about a roll call, each under a name of its own.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    sent_at: Option<String>,
    changes: Vec<SentWord>,
}

#[derive(Debug, Deserialize)]
struct SentWord {
    /// The word's own name. The field's name is the outbox's, for what it keeps apart.
    enrolment: String,
    /// The roll call's own name on that device, whether it is for practice, and when it began by the device's clock.
    call: String,
    drill: bool,
    began: i64,
    /// When it was said, by the device's clock.
    made: i64,
    /// `begin`, `tick` or `end`.
    what: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    id: i64,
    #[serde(default)]
    seen: bool,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    saved_at: String,
    results: Vec<WordResult>,
}

#[derive(Debug, Serialize)]
struct WordResult {
    enrolment: String,
    outcome: &'static str,
    message: &'static str,
    base: i64,
}

/// `POST /fire/save`: takes what a phone says, all of it as one act.
pub(super) async fn save(desk: Desk, Json(sent): Json<Sent>) -> Result<Response, Problem> {
    let now = desk.office.now();
    let sent_at: Option<Instant> = sent.sent_at.as_deref().and_then(|text| text.parse().ok());
    let on_our_clock = |made: i64| {
        let made = Instant::from_micros(made.saturating_mul(1000));
        let waited = sent_at.map_or(0, |sent| made.seconds_until(sent).max(0));
        now.plus_seconds(-waited)
    };
    let needs_people = sent.changes.iter().any(|word| word.what == "end");
    let here = desk.clone();
    let all = match needs_people {
        false => BTreeSet::new(),
        true => {
            let read = desk.read(move |tx, actor| {
                must_see(actor)?;
                let book = here.office.shelf.book(tx, actor.school)?;
                Ok(looked_for(&site(tx, &book, here.office.now())?))
            });
            read.await?
        }
    };
    let mut names = Vec::new();
    let mut words = Vec::new();
    for word in sent.changes {
        names.push(word.enrolment.clone());
        let what = match word.what.as_str() {
            "begin" => What::Begin,
            "end" => What::End(
                all.clone(),
                word.note.filter(|note| !note.trim().is_empty()),
            ),
            _ => match Who::of(&word.who, word.id) {
                Some(who) => What::Tick(who, word.seen),
                None => continue,
            },
        };
        words.push(Word {
            key: word.enrolment,
            call: word.call,
            is_drill: word.drill,
            began_at: on_our_clock(word.began),
            at: on_our_clock(word.made),
            what,
        });
    }
    desk.act(move |act, actor| hear(act, actor, &words)).await?;
    let results = names.into_iter().map(|enrolment| WordResult {
        enrolment,
        outcome: "saved",
        message: "",
        base: 0,
    });
    let answer = Answer {
        saved_at: now.in_london().1.to_string(),
        results: results.collect(),
    };
    Ok(Json(answer).into_response())
}

/// A form of the list.
pub(super) struct FormOf {
    pub(super) name: String,
    pub(super) people: Vec<Person>,
    pub(super) looked_for: usize,
}

/// People by form, staff and visitors last.
pub(super) fn forms(people: Vec<Person>) -> Vec<FormOf> {
    let mut forms: Vec<FormOf> = Vec::new();
    for person in people {
        let is_looked_for = person.is_looked_for();
        let at = match forms.iter().position(|form| form.name == person.form) {
            Some(at) => at,
            None => {
                forms.push(FormOf {
                    name: person.form.clone(),
                    people: Vec::new(),
                    looked_for: 0,
                });
                forms.len() - 1
            }
        };
        forms[at].looked_for += usize::from(is_looked_for);
        forms[at].people.push(person);
    }
    forms.sort_by_cached_key(|form| {
        let last = matches!(form.name.as_str(), "Staff" | "Visitors");
        (last, crate::roll::sorting_name(&form.name))
    });
    forms
}

#[derive(Template)]
#[template(path = "door/fire.html")]
struct FirePage {
    frame: Frame,
    at: String,
    forms: Vec<FormOf>,
    looked_for: usize,
    /// The last copy on paper: its number, when it was made, the occasion, the journal's number.
    last: Option<(i64, String, String, String)>,
}

/// `/fire`.
pub(super) async fn page(desk: Desk) -> Result<Response, Problem> {
    show(desk, |frame, at, forms, looked_for, last| {
        Page(FirePage {
            frame,
            at,
            forms,
            looked_for,
            last: last.map(|one| {
                let occasion = one.occasion();
                (
                    one.id,
                    crate::shell::moment(one.made_at),
                    occasion,
                    grouped(one.head),
                )
            }),
        })
        .into_response()
    })
    .await
}

#[derive(Template)]
#[template(path = "door/fire_print.html")]
struct PrintPage {
    frame: Frame,
    at: String,
    forms: Vec<FormOf>,
    looked_for: usize,
}

/// `/fire/print`: the list on paper, with a box before each name.
pub(super) async fn print(desk: Desk) -> Result<Response, Problem> {
    show(desk, |frame, at, forms, looked_for, _| {
        Page(PrintPage {
            frame,
            at,
            forms,
            looked_for,
        })
        .into_response()
    })
    .await
}

async fn show(
    desk: Desk,
    draw: impl FnOnce(Frame, String, Vec<FormOf>, usize, Option<FireCopy>) -> Response + Send + 'static,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let list = list(tx, &here, actor)?;
        let forms = forms(list.people);
        let looked_for = forms.iter().map(|form| form.looked_for).sum();
        let at = crate::shell::moment(here.office.now());
        let last = copies(tx, actor.school, here.office.today().0)?;
        let last = last.into_iter().next();
        Ok(draw(
            here.frame(tx, actor, "Fire list")?,
            at,
            forms,
            looked_for,
            last,
        ))
    })
    .await
}

/// How far back the page of roll calls looks: two school years.
const DAYS_BACK: i32 = 730;

fn calls_table(tx: &mut Tx, actor: &Actor, today: Day, form: &Form) -> Result<Table, Refusal> {
    let headings = vec![
        Heading::words("day", "Day"),
        Heading::words("began", "Began"),
        Heading::words("kind", "Kind"),
        Heading::number("looked", "To be found", "people"),
        Heading::number("found", "Found", "people"),
        Heading::words("all", "All found after"),
        Heading::words("ended", "Ended"),
        Heading::words("by", "Begun by"),
        Heading::words("note", "Note"),
    ];
    let mut calls = calls_of(tx, actor.school, (today.plus_days(-DAYS_BACK), today))?;
    calls.reverse();
    let mut rows = Vec::new();
    for call in calls {
        let ended = call.ended.as_ref();
        let clock = |at: Instant| at.in_london().1.to_string();
        let number = |number: Option<u32>| number.map_or(Cell::of(Value::Blank), Cell::whole);
        let missing = ended.is_some_and(|ended| ended.all_at.is_none());
        let seconds = call.seconds_to_all();
        let all = match seconds {
            Some(seconds) => format!("{} min {:02} s", seconds / 60, seconds % 60),
            None if missing => "not all".to_owned(),
            None => String::new(),
        };
        rows.push(vec![
            Cell::of(Value::Day(call.day)),
            Cell::text(clock(call.began_at)),
            Cell::text(if call.is_drill { "drill" } else { "alarm" }),
            number(ended.map(|ended| ended.looked_for)),
            number(ended.map(|ended| ended.found)),
            Cell {
                loud: missing && !call.is_drill,
                ..Cell::text(all)
            },
            Cell::text(ended.map_or("under way".to_owned(), |ended| clock(ended.at))),
            Cell::text(name_of(tx, actor.school, call.began_by)?),
            Cell::text_or_blank(ended.and_then(|ended| ended.note.as_deref())),
        ]);
    }
    let mut table = Table::whole("Roll calls", headings, rows);
    table.sort(&form.sort, "");
    Ok(table)
}

#[derive(Template)]
#[template(path = "door/drills.html")]
struct CallsPage {
    frame: Frame,
    table: TableView,
    empty: State,
}

/// `/fire/drills`.
pub(super) async fn drills(desk: Desk, Query(form): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let table = calls_table(tx, actor, here.office.today().0, &form)?;
        let page = CallsPage {
            frame: here.frame(tx, actor, "Roll calls")?,
            table: table.view("/fire/drills", &form, &form.sort, "roll calls"),
            empty: State::empty("None", "No roll call was held here in the last two years."),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/fire/drills` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let today = wanted.today();
    let mut table = calls_table(tx, wanted.actor, today, &wanted.query()?)?;
    table.about = super::log::about("Roll calls", today, wanted);
    Ok(table.leaving("roll-calls", today))
}
