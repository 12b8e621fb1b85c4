//! A new plan: for whom, of which kind, what the rules ask, and what it would take in.

use askama::Template;
use axum::Form as Posted;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use register::plan::PlanKind;
use store::Tx;

use super::ask::{For, Start, new_plan_form, read, wrongs_of};
use super::judge::{calendar_of, has_two_weeks, outlook, with_weeks};
use super::keep::{Keeping, make};
use super::list_page::may_make;
use super::preview::preview;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, Wrongs};
use crate::ids::{GroupId, PupilId};
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Frame, Page};

#[derive(Template)]
#[template(path = "registers/plans/choose.html")]
struct ChoosePage {
    frame: Frame,
    whose: Option<String>,
    /// Kinds with address and codes, once it is known for whom.
    kinds: Vec<(String, &'static str, String)>,
    /// Groups to choose from while it is not.
    groups: Vec<(GroupId, String)>,
}

/// Whom the address names: one pupil, or the members of a group; none while it names nobody.
fn whom(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    asked: &Answers,
    today: Day,
) -> Result<Option<For>, Refusal> {
    let reach = actor.reach(tx, Access::Read, RecordKind::PupilCore, today)?;
    if let Some(pupil) = asked.number("pupil").map(PupilId) {
        let known = book.roll.pupil(pupil).filter(|_| reach.covers(pupil));
        let name = known.ok_or(Refusal::NotFound)?.listed();
        return Ok(Some(For {
            pupils: vec![(pupil, name)],
            group: None,
        }));
    }
    let Some(group) = asked.number("group").map(GroupId) else {
        return Ok(None);
    };
    let group = book.groups.group(group).ok_or(Refusal::NotFound)?;
    let mut members: Vec<_> = book
        .groups
        .members(group.id, today)
        .filter_map(|enrolment| book.roll.pupil_of_row(book.roll.row(enrolment)?))
        .filter(|pupil| reach.covers(pupil.id))
        .collect();
    members.sort_by_key(|pupil| pupil.in_order);
    members.dedup_by_key(|pupil| pupil.id);
    Ok(Some(For {
        pupils: members
            .into_iter()
            .map(|pupil| (pupil.id, pupil.listed()))
            .collect(),
        group: Some(group.name.clone()),
    }))
}

/// The address of the form for these pupils and this kind.
fn address(asked: &Answers, kind: PlanKind) -> String {
    let (pupil, group) = (asked.text("pupil"), asked.text("group"));
    match pupil.is_empty() {
        false => format!("/plans/new?pupil={pupil}&kind={}", kind.key()),
        true => format!("/plans/new?group={group}&kind={}", kind.key()),
    }
}

/// `/plans/new`: for whom, then which kind, then what the rules ask of it.
pub(super) async fn ask_new(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    let kind = PlanKind::from_key(asked.text("kind"));
    if let Some(kind) = kind {
        return form::ask(desk, move |tx, actor, today| {
            let book = here.office.shelf.book(tx, actor.school)?;
            let whom = whom(tx, actor, &book, &asked, today)?.ok_or(Refusal::NotFound)?;
            allows(tx, actor, &whom, kind, today)?;
            let start = start(tx, actor, today, true)?;
            Ok(new_plan_form(kind, &whom, actor, start))
        })
        .await;
    }
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        if !may_make(tx, actor, today)? {
            return Err(Refusal::NotFound);
        }
        let book = here.office.shelf.book(tx, actor.school)?;
        let whom = whom(tx, actor, &book, &asked, today)?;
        let kinds = PlanKind::ALL
            .into_iter()
            .map(|kind| (address(&asked, kind), kind.name(), kind.codes().join(", ")));
        let year = i64::from(book.calendar.school_year_of(today).first_year());
        let mut groups: Vec<_> = book
            .groups
            .groups
            .iter()
            .filter(|group| group.first_year.is_none_or(|first| first == year))
            .map(|group| (group.kind, group.id, group.name.clone()))
            .collect();
        groups.sort_by_key(|(kind, _, name)| (*kind, crate::insight::table::Order::words(name)));
        let page = ChoosePage {
            frame: here.frame(tx, actor, "New plan")?,
            kinds: match whom {
                Some(_) => kinds.collect(),
                None => Vec::new(),
            },
            whose: whom.map(|whom| whom.in_words().to_string()),
            groups: groups
                .into_iter()
                .map(|(kind, id, name)| match kind {
                    GroupKind::Year => (id, name),
                    other => (id, format!("{} {name}", other.label())),
                })
                .collect(),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn allows(
    tx: &mut Tx,
    actor: &Actor,
    whom: &For,
    kind: PlanKind,
    today: Day,
) -> Result<(), Refusal> {
    let keeping = Keeping::of(tx, actor, kind, today)?;
    whom.pupils
        .iter()
        .try_for_each(|(pupil, _)| keeping.allows(*pupil, kind))
}

/// `POST /plans/new`: the form again with what is wrong, the preview, or the plan made.
pub(super) async fn answer_new(
    desk: Desk,
    Query(asked): Query<Answers>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let kind =
        PlanKind::from_key(asked.text("kind")).ok_or_else(|| desk.problem(Refusal::NotFound))?;
    let mut wrongs = Wrongs::default();
    let plan = read(kind, &answers, &mut wrongs);
    let here = desk.clone();
    let Some(plan) = plan.filter(|_| answers.text("go") != "back") else {
        return again(desk, asked, kind, answers, wrongs).await;
    };
    let book = {
        let at = here.clone();
        let (asked, answers) = (asked.clone(), answers.clone());
        desk.read(move |tx, actor| {
            let (today, _) = at.office.today();
            let book = at.office.shelf.book(tx, actor.school)?;
            let whom = whom(tx, actor, &book, &asked, today)?.ok_or(Refusal::NotFound)?;
            allows(tx, actor, &whom, kind, today)?;
            Ok(whom.chosen(&answers))
        })
    };
    let pupils = book.await?;
    if pupils.is_empty() {
        let mut wrongs = Wrongs::default();
        wrongs.add("first", "Tick somebody to plan it for.");
        return again(here, asked, kind, answers, wrongs).await;
    }
    if answers.text("go") == "make" {
        let single = pupils.len() == 1;
        return here
            .act(move |act, actor| {
                let made = make(act, actor, &pupils, &plan)?;
                Ok(match made.first().filter(|_| single) {
                    Some(id) => Redirect::to(&format!("/plans/{id}?did=made")),
                    None => Redirect::to("/plans?did=made"),
                }
                .into_response())
            })
            .await;
    }
    let at = here.clone();
    let (of_form, of_answers) = (asked.clone(), answers.clone());
    let looked = here
        .read(move |tx, actor| {
            let (today, _) = at.office.today();
            let plan = with_weeks(tx, actor.school, plan)?;
            let calendar = calendar_of(tx, actor.school, &plan, today)?;
            let mut looks = Vec::with_capacity(pupils.len());
            for pupil in &pupils {
                looks.push(outlook(
                    tx,
                    actor.school,
                    *pupil,
                    &plan,
                    None,
                    today,
                    &calendar,
                )?);
            }
            if looks.iter().all(|look| look.judged.is_err()) {
                return Ok(Err(looks));
            }
            let frame = at.frame(tx, actor, "New plan")?;
            let action = address(&of_form, plan.kind);
            let page = preview(frame, &plan, &looks, action, "Make the plan", &of_answers);
            Ok(Ok(crate::shell::page(StatusCode::OK, &page)))
        })
        .await?;
    match looked {
        Ok(response) => Ok(response),
        Err(looks) => {
            let mut wrongs = Wrongs::default();
            if let Some(Err(refused)) = looks.into_iter().next().map(|look| look.judged) {
                wrongs_of(&refused, &mut wrongs);
            }
            again(here, asked, kind, answers, wrongs).await
        }
    }
}

fn start(tx: &mut Tx, actor: &Actor, today: Day, fresh: bool) -> Result<Start, Refusal> {
    Ok(Start {
        today,
        fresh,
        two_weeks: has_two_weeks(tx, actor.school, today)?,
    })
}

async fn again(
    desk: Desk,
    asked: Answers,
    kind: PlanKind,
    answers: Answers,
    wrongs: Wrongs,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::again(desk, answers, wrongs, move |tx, actor, today| {
        let book = here.office.shelf.book(tx, actor.school)?;
        let whom = whom(tx, actor, &book, &asked, today)?.ok_or(Refusal::NotFound)?;
        allows(tx, actor, &whom, kind, today)?;
        let start = start(tx, actor, today, false)?;
        Ok(new_plan_form(kind, &whom, actor, start))
    })
    .await
}
