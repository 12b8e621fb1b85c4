//! Who is on the list of early calls, on which ground and until when; putting somebody on it and taking them off.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use exchange::Cell;
use store::Tx;

use super::watched::{Ground, end_watch, watch, watched_from};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::table::counted;
use crate::morning::{Sight, pupil_to_log};
use crate::people::Actor;
use crate::roll::Sought;
use crate::shell::{Choice, Exports, Field, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// So many names are offered at most.
const MOST: usize = 20;

/// Somebody on the list.
struct Line {
    id: i64,
    pupil: PupilId,
    name: String,
    form: String,
    ground: &'static str,
    days: String,
    note: String,
    may_end: bool,
}

#[derive(Template)]
#[template(path = "watch/watched.html")]
struct WatchedPage {
    frame: Frame,
    q: String,
    found: Vec<(i64, String, String)>,
    lines: Vec<Line>,
    none: State,
    under: Under,
}

fn lines(tx: &mut Tx, book: &Book, sight: &Sight, today: Day) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::new();
    for one in watched_from(tx, book.school, today)? {
        let row = book.roll.row(one.enrolment);
        let pupil = row.and_then(|row| book.roll.pupil_of_row(row));
        let Some(pupil) = pupil.filter(|pupil| sight.covers(pupil.id)) else {
            continue;
        };
        let form = book.groups.of_kind(one.enrolment, GroupKind::Tutor, today);
        lines.push((
            pupil.in_order,
            Line {
                id: one.id,
                pupil: pupil.id,
                name: pupil.listed(),
                form: form.map(|form| form.name.clone()).unwrap_or_default(),
                ground: one.ground.label(),
                days: match one.to {
                    Some(to) => format!("{} to {}", one.from.short(), to.short()),
                    None => format!("from {}", one.from.short()),
                },
                note: one.note.unwrap_or_default(),
                may_end: sight.may_log(pupil.id) && one.to.is_none_or(|to| to > today),
            },
        ));
    }
    lines.sort_by_key(|(in_order, line)| (*in_order, line.id));
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// Pupils of this name, for somebody who adds to their log of contacts.
pub(super) fn found(book: &Book, sight: &Sight, today: Day, q: &str) -> Vec<(i64, String, String)> {
    let sought = Sought::of(q);
    if sought.is_nothing() {
        return Vec::new();
    }
    let mut found: Vec<_> = book
        .roll
        .rows_on(today)
        .filter_map(|row| {
            let pupil = book.roll.pupil_of_row(row)?;
            if !sight.may_log(pupil.id) || !sought.is_name(&pupil.folded) {
                return None;
            }
            let enrolment = book.roll.enrolments[row].id;
            let form = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
            let form = form.map(|form| form.name.clone()).unwrap_or_default();
            Some((pupil.in_order, (enrolment.0, pupil.listed(), form)))
        })
        .collect();
    found.sort_by_key(|(in_order, _)| *in_order);
    found.into_iter().map(|(_, one)| one).take(MOST).collect()
}

/// `GET /early-calls/list?q=`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let sight = Sight::of(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let lines = lines(tx, &book, &sight, today)?;
        let q = asked.text("q");
        let notice = match asked.text("did") {
            "added" => Some(Notice::done(
                "The home is rung on these days, from half past seven.",
            )),
            "ended" => Some(Notice::done("Today is the last day.")),
            _ => None,
        };
        Ok(Page(WatchedPage {
            frame: here
                .frame(tx, actor, "Who is on the list of early calls")?
                .with_notice(notice),
            q: q.to_owned(),
            found: found(&book, &sight, today, q),
            none: State::empty("Nobody", "Find a pupil by name to put them on the list."),
            under: Under {
                shown: counted(lines.len(), "pupils").into(),
                exports: Exports::usual("/early-calls/list"),
                ..Under::default()
            },
            lines,
        })
        .into_response())
    })
    .await
}

fn question(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    enrolment: Option<i64>,
) -> Result<FormPage, Refusal> {
    let enrolment = enrolment.map(EnrolmentId).ok_or(Refusal::NotFound)?;
    let (today, _) = desk.office.today();
    let pupil = pupil_to_log(tx, actor, enrolment, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let name = book.roll.pupil(pupil).map(|pupil| pupil.called());
    let grounds = Ground::ALL.iter();
    let grounds = grounds.map(|ground| Choice::new(ground.key(), ground.label()));
    let part = Part::new(
        "",
        vec![
            Field::radios("ground", "On which ground", grounds.collect()).value(Ground::Plan.key()),
            Field::day("from", "From").value(today.to_string()),
            Field::day("to", "To")
                .hint("Empty: until somebody ends it.")
                .optional(),
            Field::line("note", "What whoever rings should know").optional(),
        ],
    );
    Ok(FormPage::new(
        "Ring a home early",
        ("/early-calls/list", "Who is on the list"),
        "Put on the list",
        vec![part],
    )
    .headed(name.map_or_else(|| "Ring a home early".to_owned(), |name| format!("Ring a home early: {name}")))
    .about("The home is rung on each school day from half past seven, and the call is logged like any contact (E-191). A pupil with a legal target comes first by itself (E-031)."))
}

/// `GET /early-calls/list/new?enrolment=`.
pub(super) async fn ask(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        question(&here, tx, actor, asked.number("enrolment"))
    })
    .await
}

/// `POST /early-calls/list/new?enrolment=`.
pub(super) async fn answer(
    desk: Desk,
    Query(asked): Query<Answers>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let enrolment = asked.number("enrolment");
    form::answer(desk, move |act, actor, _| {
        let form = question(&here, act.tx(), actor, enrolment)?;
        let mut wrongs = Wrongs::default();
        let from = answers.day("from", &mut wrongs);
        let to = answers.day_if_given("to", &mut wrongs);
        let ground = Ground::from_key(answers.text("ground"));
        if ground.is_none() {
            wrongs.add("ground", "Choose the ground.");
        }
        let (Some(from), Some(ground), Some(enrolment), true) =
            (from, ground, enrolment, wrongs.is_empty())
        else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let note = answers.given("note");
        match watch(
            act,
            actor,
            EnrolmentId(enrolment),
            ground,
            (from, to),
            note.as_deref(),
        ) {
            Ok(()) => Ok(Outcome::done("/early-calls/list", "added")),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("to", ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

/// `POST /early-calls/list/{watch}/end`.
pub(super) async fn end(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    desk.act(move |act, actor| end_watch(act, actor, id))
        .await?;
    Ok(Redirect::to("/early-calls/list?did=ended").into_response())
}

/// `/early-calls/list` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let today = wanted.today();
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let lines = lines(tx, &book, &sight, today)?;
    let headings = ["Pupil", "Tutor group", "Ground", "Days", "Note"];
    let mut sheet = wanted.sheet(tx, "List of early calls", &headings)?;
    sheet.rows = lines
        .iter()
        .map(|line| {
            [
                line.name.as_str(),
                &line.form,
                line.ground,
                &line.days,
                &line.note,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, today).naming(lines.iter().map(|line| line.pupil)))
}
