//! The pages of truancy sweeps: all of them with the pupils who were met, one of them, and what is written down.

use askama::Template;
use axum::Form as Body;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant};
use register::compulsory_age;
use store::Tx;

use super::log::about;
use super::page::sought;
use super::site::time_of;
use super::sweep::{
    LONGEST, Later, Met, MetSaid, Sweep, SweepSaid, add_to_met, keeps, met, must_see, sweep,
    sweeps, write_met, write_sweep,
};
use crate::book::{Book, GroupKind, Pupil};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, Value};
use crate::people::{Access, Actor, RecordKind};
use crate::registers::name_of;
use crate::shell::{Field, FieldKind, Frame, Notice, Page, State};
use crate::take_away::{Leaving, Wanted};

/// The pupils who were met and whom this person may see, with whose record it is, the newest first.
fn seen<'b>(
    tx: &mut Tx,
    actor: &Actor,
    book: &'b Book,
    today: Day,
) -> Result<Vec<(Met, &'b Pupil)>, Refusal> {
    let reach = actor.reach(tx, Access::Read, RecordKind::ContactsLog, today)?;
    let marks = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
    let all = met(tx, actor.school)?.into_iter().filter_map(|one| {
        let pupil = book
            .roll
            .row(one.enrolment)
            .and_then(|row| book.roll.pupil_of_row(row))?;
        let is_seen = reach.covers(pupil.id) && marks.covers(pupil.id);
        is_seen.then_some((one, pupil))
    });
    Ok(all.collect())
}

fn mark_words(one: &Met) -> String {
    let day = one.at.in_london().0;
    let Some(code) = &one.mark_then else {
        return "no mark".to_owned();
    };
    let meaning = code
        .parse()
        .ok()
        .and_then(|code| register::meaning(code, day).ok());
    match meaning {
        Some(row) => format!("{code}, {}", row.meaning),
        None => code.clone(),
    }
}

fn table(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    today: Day,
    form: &Form,
) -> Result<Table, Refusal> {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("day", "Day"),
        Heading::words("at", "Met at"),
        Heading::words("place", "Place"),
        Heading::words("officer", "Officer"),
        Heading::words("said", "Account given"),
        Heading::words("mark", "Mark then"),
        Heading::words("taken", "Taken to"),
        Heading::words("parent", "Parent told"),
        Heading::words("area", "Area"),
        Heading::words("by", "Written down by"),
    ];
    let all = sweeps(tx, actor.school)?;
    let mut rows = Vec::new();
    for (one, pupil) in seen(tx, actor, book, today)? {
        if one.withdrawn.is_some() {
            continue;
        }
        let (day, clock) = one.at.in_london();
        let group = book.groups.of_kind(one.enrolment, GroupKind::Tutor, day);
        let area = all.iter().find(|sweep| sweep.id == one.sweep);
        rows.push(vec![
            Cell::text(pupil.listed())
                .naming(pupil.id)
                .to(format!("/sweeps/{}", one.sweep)),
            Cell::text_or_blank(group.map(|group| group.name.as_str())),
            Cell::of(Value::Day(day)),
            Cell::text(clock.to_string()),
            Cell::text(&one.place),
            Cell::text(&one.officer),
            Cell::text(&one.said),
            Cell::text(mark_words(&one)),
            Cell::text(&one.taken_to),
            Cell {
                loud: one.parent_told.is_none(),
                ..Cell::text(one.parent_told.as_deref().unwrap_or("not yet"))
            },
            Cell::text_or_blank(area.map(|area| area.area.as_str())),
            Cell::text(name_of(tx, actor.school, one.account)?),
        ]);
    }
    let mut table = Table::whole("Truancy sweeps", headings, rows);
    table.sort(&form.sort, "");
    Ok(table)
}

#[derive(Template)]
#[template(path = "door/sweeps.html")]
struct SweepsPage {
    frame: Frame,
    /// Number, day, area, officers.
    sweeps: Vec<(i64, String, String, String)>,
    table: TableView,
    empty: State,
    may_write: bool,
}

/// `GET /sweeps`.
pub(super) async fn list(desk: Desk, Query(form): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let table = table(tx, actor, &book, here.office.today().0, &form)?;
        let all = sweeps(tx, actor.school)?.into_iter();
        let page = SweepsPage {
            frame: here.frame(tx, actor, "Truancy sweeps")?,
            sweeps: all
                .map(|one| (one.id, one.day.long(), one.area, one.officers))
                .collect(),
            table: table.view("/sweeps", &form, &form.sort, "pupils met"),
            empty: State::empty(
                "Nobody",
                "No pupil of this school is written down as met by a sweep.",
            ),
            may_write: keeps(actor),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/sweeps` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let (today, actor) = (wanted.today(), wanted.actor);
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let mut table = table(tx, actor, &book, today, &wanted.query()?)?;
    table.about = about("Truancy sweeps", today, wanted);
    Ok(table.leaving("truancy-sweeps", today))
}

/// A line of a pupil's record for each sweep that met them and still stands: the sweep, and what was written down.
pub(crate) fn of_pupil(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    (pupil, today): (PupilId, Day),
) -> Result<Vec<(i64, String)>, Refusal> {
    if must_see(actor).is_err() {
        return Ok(Vec::new());
    }
    let all = seen(tx, actor, book, today)?.into_iter();
    let own = all.filter(|(one, of)| of.id == pupil && one.withdrawn.is_none());
    let lines = own.map(|(one, _)| {
        let (day, clock) = one.at.in_london();
        let mark = mark_words(&one);
        let words = format!("{}, {clock}, {}: {mark}", day.long(), one.place);
        (one.sweep, words)
    });
    Ok(lines.collect())
}

struct MetRow {
    id: i64,
    pupil: PupilId,
    name: String,
    /// Not of compulsory school age that day, so that the power does not reach them.
    is_outside: bool,
    at: String,
    place: String,
    officer: String,
    said: String,
    mark: String,
    taken_to: String,
    parent_told: Option<String>,
    withdrawn: Option<String>,
}

#[derive(Template)]
#[template(path = "door/sweep.html")]
struct SweepPage {
    frame: Frame,
    sweep: Sweep,
    met: Vec<MetRow>,
    q: String,
    /// Time on roll, name, tutor group of those who may be meant.
    found: Vec<(i64, String, String)>,
    may_write: bool,
    longest: usize,
}

/// `GET /sweeps/{sweep}?q=`: the sweep, whom they met, and finding another.
pub(super) async fn one(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let notice = match asked.text("did") {
        "sweep" => Some(Notice::done(
            "Written down. Find each pupil whom the officers met.",
        )),
        "met" => Some(Notice::done("Written down.")),
        "later" => Some(Notice::done("Added.")),
        _ => None,
    };
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let sweep = sweep(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
        let all = seen(tx, actor, &book, now.in_london().0)?.into_iter();
        let met = all
            .filter(|(one, _)| one.sweep == id)
            .map(|(one, pupil)| MetRow {
                id: one.id,
                pupil: pupil.id,
                name: pupil.listed(),
                is_outside: !compulsory_age(pupil.birth_day, sweep.day).is_within(),
                at: one.at.in_london().1.to_string(),
                mark: mark_words(&one),
                place: one.place,
                officer: one.officer,
                said: one.said,
                taken_to: one.taken_to,
                parent_told: one.parent_told,
                withdrawn: one.withdrawn,
            });
        let q = asked.text("q").to_owned();
        let page = SweepPage {
            frame: here.frame(tx, actor, "Truancy sweep")?.with_notice(notice),
            met: met.collect(),
            found: match q.is_empty() || !keeps(actor) {
                true => Vec::new(),
                false => sought(&book, &q, noon_of(sweep.day)),
            },
            q,
            sweep,
            may_write: keeps(actor),
            longest: LONGEST,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// A moment of the day, for whoever was on roll then.
fn noon_of(day: Day) -> Instant {
    let noon = calendar::TimeOfDay::new(12, 0, 0).expect("noon is a clock time");
    Instant::at_london(day, noon)
}

fn lines(name: &'static str, label: &'static str) -> Field {
    Field::new(FieldKind::Lines, name, label)
}

fn sweep_form(actor: &Actor, today: Day) -> Result<FormPage, Refusal> {
    if !keeps(actor) {
        return Err(Refusal::NotFound);
    }
    let part = Part::new(
        "",
        vec![
            Field::day("day", "Day").value(today.to_string()),
            Field::line("area", "Area").hint("As the superintendent authorised it."),
            Field::line("authorised", "Authorised by, and until when").optional(),
            Field::line("premises", "Designated premises")
                .hint("Where pupils are taken who are not taken to school."),
            Field::line("officers", "Officers")
                .hint("Names or numbers, and who went with them from school or the authority."),
        ],
    );
    let form = FormPage::new(
        "Write a sweep down",
        ("/sweeps", "Truancy sweeps"),
        "Write it down",
        vec![part],
    );
    Ok(form.about("The police may take a pupil of compulsory school age, found in a public place and apparently absent without authority, to school or to designated premises, in an area and for a time that a superintendent has authorised; a suspended or excluded pupil in the first five days too (E-195; Crime and Disorder Act 1998 s.16)."))
}

/// `GET /sweeps/new`.
pub(super) async fn ask_sweep(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |_, actor, today| sweep_form(actor, today)).await
}

/// `POST /sweeps/new`.
pub(super) async fn answer_sweep(
    desk: Desk,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let mut wrongs = Wrongs::default();
        let said = SweepSaid {
            day: answers.day("day", &mut wrongs),
            area: answers.required("area", "Give the area.", &mut wrongs),
            premises: answers.required("premises", "Give the designated premises.", &mut wrongs),
            officers: answers.required("officers", "Say who the officers were.", &mut wrongs),
            authorised_by: answers.text("authorised").to_owned(),
        };
        if said.day.is_some_and(|day| day > today) {
            wrongs.add("day", "The day is to come.");
        }
        if !wrongs.is_empty() {
            return Ok(Outcome::again(sweep_form(actor, today)?, &answers, &wrongs));
        }
        let id = write_sweep(act, actor, &said)?;
        Ok(Outcome::done(&format!("/sweeps/{id}"), "sweep"))
    })
    .await
}

fn met_form(
    tx: &mut Tx,
    actor: &Actor,
    (id, name): (i64, Option<String>),
) -> Result<FormPage, Refusal> {
    if !keeps(actor) {
        return Err(Refusal::NotFound);
    }
    let sweep = sweep(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    let at = Field {
        width: "short",
        ..Field::new(FieldKind::Time, "at", "Met at")
    };
    let part = Part::new(
        "",
        vec![
            at.hint("What the register said at that minute is kept with it."),
            Field::line("place", "Place"),
            Field::line("officer", "Officer"),
            lines("said", "Account given")
                .hint("By the pupil, and by whoever was with them: in their words."),
            Field::line("taken", "Taken to").hint("School, the designated premises, or nowhere."),
            Field::line("told", "Parent told")
                .hint("Who, by whom, when. Leave empty until one is.")
                .optional(),
        ],
    );
    let path = format!("/sweeps/{id}");
    let form = FormPage::new(
        "A pupil met by a sweep",
        (path, "The sweep"),
        "Write it down",
        vec![part],
    );
    Ok(form
        .headed(name.unwrap_or_else(|| "A pupil met by a sweep".to_owned()))
        .of(sweep.day.long())
        .about("An absence counts as without authority unless for sickness, an unavoidable cause, leave or a religious day (E-195). This changes no mark."))
}

/// The name of a pupil, for the heading of a form.
async fn name_for(desk: &Desk, enrolment: EnrolmentId) -> Result<Option<String>, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let pupil = book
            .roll
            .row(enrolment)
            .and_then(|row| book.roll.pupil_of_row(row));
        Ok(pupil.map(|pupil| pupil.called()))
    })
    .await
}

/// `GET /sweeps/{sweep}/met/{enrolment}`.
pub(super) async fn ask_met(
    desk: Desk,
    Path((id, enrolment)): Path<(i64, EnrolmentId)>,
) -> Result<Response, Problem> {
    let name = name_for(&desk, enrolment).await?;
    if name.is_none() {
        return Err(desk.problem(Refusal::NotFound));
    }
    form::ask(desk, move |tx, actor, _| met_form(tx, actor, (id, name))).await
}

/// `POST /sweeps/{sweep}/met/{enrolment}`.
pub(super) async fn answer_met(
    desk: Desk,
    Path((id, enrolment)): Path<(i64, EnrolmentId)>,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    let name = name_for(&desk, enrolment).await?;
    form::answer(desk, move |act, actor, _| {
        let mut wrongs = Wrongs::default();
        let at = time_of(answers.text("at")).ok().flatten();
        if at.is_none() {
            wrongs.add("at", "Give the time as 10:15.");
        }
        let said = MetSaid {
            at,
            place: answers.required("place", "Say where.", &mut wrongs),
            officer: answers.required("officer", "Say which officer.", &mut wrongs),
            said: answers.required(
                "said",
                "Write down the account given, or that none was.",
                &mut wrongs,
            ),
            taken_to: answers.required(
                "taken",
                "Say where the pupil was taken, or nowhere.",
                &mut wrongs,
            ),
            parent_told: answers.given("told"),
        };
        if wrongs.is_empty() {
            match write_met(act, actor, (id, enrolment), &said) {
                Err(Refusal::Wrong(ground)) => wrongs.add("at", ground),
                other => {
                    other?;
                    return Ok(Outcome::done(&format!("/sweeps/{id}"), "met"));
                }
            }
        }
        let form = met_form(act.tx(), actor, (id, name))?;
        Ok(Outcome::again(form, &answers, &wrongs))
    })
    .await
}

/// `POST /sweeps/{sweep}/of/{met}`: `what` is `told` or `withdraw`, `text` who was told, or why.
pub(super) async fn later(
    desk: Desk,
    Path((id, entry)): Path<(i64, i64)>,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    let text = answers.text("text").to_owned();
    let later = match answers.text("what") {
        "withdraw" => Later::Withdrawn(text),
        _ => Later::ParentTold(text),
    };
    desk.act(move |act, actor| add_to_met(act, actor, entry, &later))
        .await?;
    Ok(Redirect::to(&format!("/sweeps/{id}?did=later")).into_response())
}
