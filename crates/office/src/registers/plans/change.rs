//! Changing a plan that is on file: amending it, ending it early, withdrawing it; alone or with those that were made together with it.

use axum::Form as Posted;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, SchoolCalendar};
use register::plan::Plan;
use store::Tx;

use super::ask::{Start, answers_of, help, questions, read, wrongs_of};
use super::judge::{Outlook, calendar_of, has_two_weeks, marks_between, outlook, with_weeks};
use super::keep::{
    Keeping, amend, end, ended_on, in_sentences, plan_now, pupil_of, set_now, withdraw,
};
use super::preview::preview;
use crate::book::PlanOnFile;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Outcome, Part, Wrongs, hidden};
use crate::ids::{PlanId, PupilId};
use crate::people::Actor;
use crate::shell::{Field, page};

/// A plan that this person keeps, and how many were made together with it, itself included.
fn kept(
    tx: &mut Tx,
    actor: &Actor,
    id: PlanId,
    today: Day,
) -> Result<(PlanOnFile, usize), Refusal> {
    let on_file = plan_now(tx, actor.school, id)?;
    let pupil = pupil_of(tx, actor.school, on_file.enrolment)?;
    let kind = on_file.plan.kind;
    Keeping::of(tx, actor, kind, today)?.allows(pupil, kind)?;
    let together = set_now(tx, actor.school, on_file.set)?.len();
    Ok((on_file, together))
}

/// The questions with which a change of a plan ends: why, and for whom.
fn why_and_whom(on_file: &PlanOnFile, together: usize) -> Part {
    let mut fields = vec![
        form::reason().hint("Kept with the plan (R-007)."),
        hidden("seq", on_file.seq),
    ];
    // The plan's own reason has that name among the questions about it.
    fields[0].name = "why".into();
    if together > 1 {
        fields.push(form::tick(
            "all",
            format!("For all {together} plans that were made together with it"),
        ));
    }
    Part::new("", fields)
}

fn crumb(id: PlanId) -> (String, &'static str) {
    (format!("/plans/{id}"), "The plan")
}

fn amend_form(on_file: &PlanOnFile, together: usize, actor: &Actor, start: Start) -> FormPage {
    let kind = on_file.plan.kind;
    let mut parts = questions(kind, None, actor, start);
    parts.push(why_and_whom(on_file, together));
    FormPage::new("Amend a plan", crumb(on_file.id), "See what it changes", parts)
        .headed(format!("Amend: {}", kind.name().to_lowercase()))
        .about("The next page shows the sessions that it takes in then. Marks are never changed by a plan.")
        .help(help(kind, start.today))
}

fn start(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Start, Refusal> {
    Ok(Start {
        today,
        fresh: false,
        two_weeks: has_two_weeks(tx, actor.school, today)?,
    })
}

/// `/plans/{plan}/amend`.
pub(super) async fn ask_amend(desk: Desk, Path(id): Path<PlanId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let (on_file, together) = kept(tx, actor, id, today)?;
        let start = start(tx, actor, today)?;
        let form = amend_form(&on_file, together, actor, start);
        let answers = answers_of(&on_file.plan, start.two_weeks);
        Ok(form.filled(&answers, &Wrongs::default()))
    })
    .await
}

/// `POST /plans/{plan}/amend`: the form again, the preview, or the plan amended.
pub(super) async fn answer_amend(
    desk: Desk,
    Path(id): Path<PlanId>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let at = desk.clone();
    let given = answers.clone();
    let looked = desk
        .read(move |tx, actor| {
            let (today, _) = at.office.today();
            let (on_file, together) = kept(tx, actor, id, today)?;
            let mut wrongs = Wrongs::default();
            let plan = read(on_file.plan.kind, &given, &mut wrongs);
            given.required(
                "why",
                "Give the reason; an amendment keeps it (R-007).",
                &mut wrongs,
            );
            let form = amend_form(&on_file, together, actor, start(tx, actor, today)?);
            let Some(plan) = plan.filter(|_| wrongs.is_empty() && given.text("go") != "back")
            else {
                return Ok(Err((form, wrongs)));
            };
            let plan = with_weeks(tx, actor.school, plan)?;
            let calendar = calendar_of(tx, actor.school, &plan, today)?;
            let changed = match given.ticked("all") {
                true => set_now(tx, actor.school, on_file.set)?,
                false => vec![on_file],
            };
            let looks = looks(tx, actor, &changed, &plan, today, &calendar)?;
            refused_of(&looks, &mut wrongs);
            if !wrongs.is_empty() {
                return Ok(Err((form, wrongs)));
            }
            if given.text("go") == "make" {
                return Ok(Ok((None, plan)));
            }
            let frame = at.frame(tx, actor, "Amend a plan")?;
            let action = format!("/plans/{id}/amend");
            let page = preview(frame, &plan, &looks, action, "Amend the plan", &given);
            Ok(Ok((Some(page), plan)))
        })
        .await?;
    match looked {
        Err((form, wrongs)) => form::again(desk, answers, wrongs, move |_, _, _| Ok(form)).await,
        Ok((Some(preview), _)) => Ok(page(StatusCode::OK, &preview)),
        Ok((None, plan)) => {
            desk.act(move |act, actor| {
                let seq = answers.number("seq").unwrap_or_default();
                let (why, all) = (answers.text("why"), answers.ticked("all"));
                amend(act, actor, (id, seq), &plan, why, all)?;
                Ok(Redirect::to(&format!("/plans/{id}?did=amended")).into_response())
            })
            .await
        }
    }
}

/// What the amended plan would do to each pupil whose plan is changed.
fn looks(
    tx: &mut Tx,
    actor: &Actor,
    changed: &[PlanOnFile],
    plan: &Plan,
    today: Day,
    calendar: &SchoolCalendar,
) -> Result<Vec<Outlook>, Refusal> {
    let mut looks = Vec::with_capacity(changed.len());
    for own in changed {
        let pupil: PupilId = pupil_of(tx, actor.school, own.enrolment)?;
        let except = Some(own.id);
        looks.push(outlook(
            tx,
            actor.school,
            pupil,
            plan,
            except,
            today,
            calendar,
        )?);
    }
    Ok(looks)
}

/// What the rules say against the plan of each: all are amended, or none.
fn refused_of(looks: &[Outlook], wrongs: &mut Wrongs) {
    for look in looks {
        match (&look.judged, looks.len()) {
            (Ok(_), _) => {}
            (Err(refused), 1) => wrongs_of(refused, wrongs),
            (Err(refused), _) => {
                wrongs.add("all", format!("{}: {}", look.name, in_sentences(refused)));
            }
        }
    }
}

/// The sessions that would have no plan any more, with the marks that stand there, to read beside the form.
fn no_longer_planned(
    tx: &mut Tx,
    actor: &Actor,
    on_file: &PlanOnFile,
    today: Day,
) -> Result<Vec<Help>, Refusal> {
    let plan = &on_file.plan;
    let calendar = calendar_of(tx, actor.school, plan, today)?;
    let marks = marks_between(tx, actor.school, on_file.enrolment, (plan.first, plan.last))?;
    let lines = plan.slots(&calendar).into_iter().map(|slot| {
        let mark = marks.iter().find(|(at, _)| *at == slot);
        let stands = match mark {
            Some((_, code)) => format!("marked {code}, which stays"),
            None if slot.day < today => "by plan; without it the mark is missing".to_owned(),
            None => "by plan".to_owned(),
        };
        format!("{} {}: {stands}", slot.day.short(), slot.session)
    });
    let own = Help {
        heading: "Its sessions now".to_owned(),
        lines: lines.collect(),
    };
    let together = set_now(tx, actor.school, on_file.set)?;
    if together.len() < 2 {
        return Ok(vec![own]);
    }
    let others = together.iter().filter(|other| other.id != on_file.id);
    let lines = others.map(|other| one_of_the_set(tx, actor, other, today, &calendar));
    let others = Help {
        heading: "Made together with it".to_owned(),
        lines: lines.collect::<Result<_, _>>()?,
    };
    Ok(vec![own, others])
}

/// `Ash, Robin: 4 sessions, 1 marked`.
fn one_of_the_set(
    tx: &mut Tx,
    actor: &Actor,
    on_file: &PlanOnFile,
    today: Day,
    calendar: &SchoolCalendar,
) -> Result<String, Refusal> {
    let pupil = pupil_of(tx, actor.school, on_file.enrolment)?;
    let plan = &on_file.plan;
    let except = Some(on_file.id);
    let look = outlook(tx, actor.school, pupil, plan, except, today, calendar)?;
    let sessions = look.judged.map_or(0, |may| may.slots.len());
    Ok(format!(
        "{}: {sessions} session{}, {} marked",
        look.name,
        if sessions == 1 { "" } else { "s" },
        look.marked.len()
    ))
}

fn end_form(tx: &mut Tx, actor: &Actor, id: PlanId, today: Day) -> Result<FormPage, Refusal> {
    let (on_file, together) = kept(tx, actor, id, today)?;
    let last = Field::day("last", "Last day")
        .hint("Sessions after it have no plan from then on. A session without a plan and without a mark is missing.")
        .value(today.to_string());
    let parts = vec![Part::new("", vec![last]), why_and_whom(&on_file, together)];
    let beside = no_longer_planned(tx, actor, &on_file, today)?;
    Ok(FormPage::new("End a plan", crumb(id), "End it then", parts)
        .headed(format!(
            "End early: {}",
            on_file.plan.kind.name().to_lowercase()
        ))
        .about(format!("It is planned until {}.", on_file.plan.last.long()))
        .help(beside))
}

/// `/plans/{plan}/end`.
pub(super) async fn ask_end(desk: Desk, Path(id): Path<PlanId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| end_form(tx, actor, id, today)).await
}

pub(super) async fn answer_end(
    desk: Desk,
    Path(id): Path<PlanId>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = end_form(act.tx(), actor, id, today)?;
        let mut wrongs = Wrongs::default();
        let last = answers.day("last", &mut wrongs);
        let why = answers.required(
            "why",
            "Give the reason; an amendment keeps it (R-007).",
            &mut wrongs,
        );
        if let Some(last) = last {
            let on_file = plan_now(act.tx(), actor.school, id)?;
            if let Err(Refusal::Wrong(ground)) = ended_on(&on_file.plan, last) {
                wrongs.add("last", ground);
            }
        }
        let Some(last) = last.filter(|_| wrongs.is_empty()) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let seq = answers.number("seq").unwrap_or_default();
        end(act, actor, (id, seq), last, &why, answers.ticked("all"))?;
        Ok(Outcome::done(&format!("/plans/{id}"), "ended"))
    })
    .await
}

fn withdraw_form(tx: &mut Tx, actor: &Actor, id: PlanId, today: Day) -> Result<FormPage, Refusal> {
    let (on_file, together) = kept(tx, actor, id, today)?;
    let beside = no_longer_planned(tx, actor, &on_file, today)?;
    Ok(FormPage::new(
        "Withdraw a plan",
        crumb(id),
        "Withdraw it",
        vec![why_and_whom(&on_file, together)],
    )
    .headed(format!("Withdraw: {}", on_file.plan.kind.name().to_lowercase()))
    .about("For a plan that was not to be: it stands for none of its sessions any more, those that have been included. It stays on file with its reason.")
    .help(beside)
    .grave())
}

/// `/plans/{plan}/withdraw`.
pub(super) async fn ask_withdraw(desk: Desk, Path(id): Path<PlanId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        withdraw_form(tx, actor, id, today)
    })
    .await
}

pub(super) async fn answer_withdraw(
    desk: Desk,
    Path(id): Path<PlanId>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = withdraw_form(act.tx(), actor, id, today)?;
        let mut wrongs = Wrongs::default();
        let why = answers.required(
            "why",
            "Give the reason; an amendment keeps it (R-007).",
            &mut wrongs,
        );
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        let seq = answers.number("seq").unwrap_or_default();
        withdraw(act, actor, (id, seq), &why, answers.ticked("all"))?;
        Ok(Outcome::done(&format!("/plans/{id}"), "withdrawn"))
    })
    .await
}
