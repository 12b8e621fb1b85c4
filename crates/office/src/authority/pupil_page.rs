//! A pupil's legal targets: what runs and ran, and the form that sets one.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use store::Tx;

use super::target::{
    LONGEST_CASEWORKER, NewTarget, Target, TargetKind, must, set_target, targets_of,
};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::PupilId;
use crate::people::{Access, Actor};
use crate::shell::{Choice, Field, Flag, Frame, Notice, Page, State};

/// The flags at the head of a pupil's pages for what runs today; none of it for somebody who may not know of it.
///
/// Errors: the database did not answer.
pub(crate) fn flags_of(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<Option<Vec<Flag>>, Refusal> {
    match must(tx, actor, Access::Read, pupil, today) {
        Err(Refusal::NotFound) => return Ok(None),
        other => other?,
    }
    let targets = targets_of(tx, actor.school, pupil)?;
    let runs = targets.iter().filter(|one| one.holds(today));
    Ok(Some(runs.map(|one| Flag::heed(one.words())).collect()))
}

/// A target as the page shows it.
struct Line {
    id: i64,
    kind: &'static str,
    days: String,
    caseworker: String,
    runs: bool,
}

#[derive(Template)]
#[template(path = "authority/pupil.html")]
struct PupilPage {
    frame: Frame,
    pupil: PupilId,
    name: String,
    lines: Vec<Line>,
    none: State,
    sets: bool,
    rule: Option<&'static welfare::Rule>,
}

/// `GET /pupils/{pupil}/legal`.
pub(super) async fn page(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        must(tx, actor, Access::Read, pupil, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let name = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?.listed();
        let lines = targets_of(tx, actor.school, pupil)?;
        let notice = (asked.text("did") == "set").then(|| {
            Notice::done("It is kept. While it runs the pupil stands first on the morning board, with the session's mark.")
        });
        Ok(Page(PupilPage {
            frame: here.frame(tx, actor, "Legal targets")?.with_notice(notice),
            pupil,
            name,
            lines: lines.iter().map(|one| line(one, today)).collect(),
            none: State::empty("None", "No legal target of this pupil is entered."),
            sets: must(tx, actor, Access::Write, pupil, today).is_ok(),
            rule: welfare::rule("E-031"),
        })
        .into_response())
    })
    .await
}

fn line(one: &Target, today: Day) -> Line {
    let to = one.to.map(|to| format!(" to {}", to.long()));
    Line {
        id: one.id,
        kind: one.kind.label(),
        days: format!("from {}{}", one.from.long(), to.unwrap_or_default()),
        caseworker: one.caseworker.clone().unwrap_or_default(),
        runs: one.holds(today),
    }
}

fn question(
    tx: &mut Tx,
    actor: &Actor,
    (pupil, id): (PupilId, Option<i64>),
    today: Day,
) -> Result<FormPage, Refusal> {
    must(tx, actor, Access::Write, pupil, today)?;
    let before = match id {
        Some(id) => {
            let all = targets_of(tx, actor.school, pupil)?;
            let found = all.into_iter().find(|one| one.id == id);
            Some(found.ok_or(Refusal::NotFound)?)
        }
        None => None,
    };
    let before = before.as_ref();
    let kinds = TargetKind::ALL.iter();
    let kinds = kinds.map(|kind| Choice::new(kind.key(), kind.label()));
    let kind = before.map_or(TargetKind::Notice, |one| one.kind);
    let last = before.and_then(|one| one.to).map(|to| to.to_string());
    let caseworker = before.and_then(|one| one.caseworker.clone());
    let part = Part::new(
        "",
        vec![
            Field::radios("kind", "What runs", kinds.collect()).value(kind.key()),
            Field::day("from", "From").value(before.map_or(today, |one| one.from).to_string()),
            Field::day("to", "To, the last day")
                .hint("Empty: until somebody ends it.")
                .value(last.unwrap_or_default())
                .optional(),
            Field::line(
                "caseworker",
                "Who at the authority has the case, and their reference",
            )
            .hint("Such as: Mr S Sample, SAMPLE/2026/14.")
            .value(caseworker.unwrap_or_default())
            .optional(),
        ],
    );
    Ok(FormPage::new(
        "Legal target",
        (format!("/pupils/{pupil}/legal"), "Legal targets"),
        "Keep it",
        vec![part],
    )
    .about("The paper itself stays where it is: this says that it runs and until when. While it runs the pupil stands first each morning with the session's mark, so that the authority's caseworker can be told the same day (E-031)."))
}

/// `GET /pupils/{pupil}/legal/new?id=`.
pub(super) async fn ask(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        question(tx, actor, (pupil, asked.number("id")), today)
    })
    .await
}

/// `POST /pupils/{pupil}/legal/new?id=`.
pub(super) async fn answer(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let id = asked.number("id");
        let form = question(act.tx(), actor, (pupil, id), today)?;
        let mut wrongs = Wrongs::default();
        let kind = TargetKind::from_key(answers.text("kind"));
        if kind.is_none() {
            wrongs.add("kind", "Choose what runs.");
        }
        let from = answers.day("from", &mut wrongs);
        let to = answers.day_if_given("to", &mut wrongs);
        let caseworker = answers.given("caseworker");
        let length = caseworker.as_ref().map_or(0, |text| text.chars().count());
        if length > LONGEST_CASEWORKER {
            wrongs.add("caseworker", "At most 120 letters.");
        }
        let (Some(kind), Some(from), true) = (kind, from, wrongs.is_empty()) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let new = NewTarget {
            kind,
            from,
            to,
            caseworker,
        };
        match set_target(act, actor, pupil, (id, &new)) {
            Ok(_) => Ok(Outcome::done(&format!("/pupils/{pupil}/legal"), "set")),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("to", ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}
