//! The page of one concern. That somebody reads it is written down before they see a word (B-206).

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use store::Tx;
use welfare::concern::{State, Step};

use super::concern::{Concern, Done, looks, one};
use super::list::Shown;
use super::sealed::Words;
use super::triage::{acknowledge, add, ask_for_more, close_or_reopen, look, name_reader};
use super::who::{Sees, decides};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::AccountId;
use crate::people::Actor;
use crate::shell::{Facts, Frame, Notice, Page, Text};

/// Something that was asked, added or done.
struct Told {
    head: String,
    words: String,
    more: String,
}

#[derive(Template)]
#[template(path = "safeguarding/one.html")]
struct OnePage {
    frame: Frame,
    id: i64,
    name: String,
    form: String,
    pupil: i64,
    standing: String,
    clock: String,
    is_late: bool,
    facts: Facts,
    words: Option<Words>,
    told: Vec<Told>,
    sees: Sees,
    state: State,
    decides: bool,
    /// Whether somebody outside was asked and has not given a final answer.
    awaits: bool,
    readers: Vec<(i64, String)>,
    others: Vec<(i64, String)>,
    looks: Vec<String>,
}

/// `GET /concerns/{concern}`.
pub(super) async fn page(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let keyring = desk.office.keyring.clone();
    let sees = desk
        .act(move |act, actor| look(act, actor, &keyring, id))
        .await?;
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let page = made(&here, tx, actor, (id, sees), asked.text("did"))?;
        Ok(Page(page).into_response())
    })
    .await
}

fn made(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    (id, sees): (i64, Sees),
    did: &str,
) -> Result<OnePage, Refusal> {
    let book = desk.office.shelf.book(tx, actor.school)?;
    let shown = Shown {
        book: &book,
        now: desk.office.now(),
    };
    let concern = one(tx, &desk.office.keyring, actor.school, id)?.ok_or(Refusal::NotFound)?;
    let is_whole = sees == Sees::Whole;
    let (standing, clock, is_late) = match sees {
        Sees::Whole => {
            let (_, clock, is_late) = shown.runs(&concern)?;
            (shown.standing(&concern), clock, is_late)
        }
        Sees::Own => (String::new(), shown.receipt(&concern)?, false),
        Sees::Named => (String::new(), "named to you to read".to_owned(), false),
    };
    let is_shown = |done: &&Done| match sees {
        Sees::Whole => true,
        Sees::Own => matches!(done.step, Step::Add | Step::AskForMore),
        Sees::Named => done.step == Step::Add,
    };
    let steps = concern.steps.iter().filter(is_shown);
    let may_decide = is_whole && decides(actor);
    let members = book.staff.members.iter().filter(|member| {
        let works = member.leaving_day.is_none_or(|last| shown.today() <= last);
        may_decide && works
    });
    let others = members.filter_map(|member| {
        let account = member.account?;
        let is_new = account != concern.by && !concern.readers.contains(&account);
        is_new.then(|| (account.0, member.name.clone()))
    });
    let mut others: Vec<(i64, String)> = others.collect();
    others.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(OnePage {
        frame: desk.frame(tx, actor, "Concern")?.with_notice(notice(did)),
        id,
        name: shown.name(concern.pupil),
        form: shown.form(concern.enrolment),
        pupil: concern.pupil.0,
        standing,
        clock,
        is_late,
        facts: facts(&shown, &concern),
        told: steps.map(|done| told(&shown, done)).collect(),
        sees,
        state: concern.state(),
        decides: may_decide,
        awaits: concern.state() == State::Referred && concern.referred().is_some(),
        readers: match is_whole {
            true => concern
                .readers
                .iter()
                .map(|reader| (reader.0, shown.person(*reader)))
                .collect(),
            false => Vec::new(),
        },
        others,
        looks: match is_whole {
            true => looks(tx, actor.school, id)?
                .into_iter()
                .map(|(account, at)| format!("{} at {}", shown.person(account), shown.clock(at)))
                .collect(),
            false => Vec::new(),
        },
        words: concern.words,
    })
}

fn facts(shown: &Shown<'_>, concern: &Concern) -> Facts {
    let mut facts: Vec<(Text, Text)> = vec![(
        "Raised by".into(),
        format!(
            "{}, {}",
            shown.person(concern.by),
            shown.clock(concern.raised_at)
        )
        .into(),
    )];
    if let Some(words) = &concern.words {
        facts.push(("From".into(), words.origin.words().into()));
        for (name, value) in [
            ("When and where", &words.place),
            ("Told in person", &words.told),
        ] {
            if let Some(value) = value {
                facts.push((name.into(), value.clone().into()));
            }
        }
        let safe = match words.is_safe {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        facts.push(("Safe then".into(), safe.into()));
    }
    Facts { facts }
}

fn told(shown: &Shown<'_>, done: &Done) -> Told {
    let what = match done.step {
        Step::Acknowledge => "taken".to_owned(),
        Step::AskForMore => "more was asked for".to_owned(),
        Step::Add => "added".to_owned(),
        Step::Decide(decision) => format!("decided: {}", decision.words()),
        Step::Refer(agency) => format!("asked {}", agency.words()),
        Step::Answer(answer) => format!("their answer: {}", answer.words()),
        Step::Close => "closed".to_owned(),
        Step::Reopen => "opened again".to_owned(),
    };
    let mut more = Vec::new();
    if let Some(level) = done.level {
        more.push(format!("level {}", level.key()));
    }
    if let Some(who) = &done.spoke_with {
        more.push(format!("spoke with {who}"));
    }
    match (&done.reference, done.step) {
        (Some(reference), _) => more.push(format!("reference {reference}")),
        (None, Step::Refer(_)) => more.push("no reference number yet".to_owned()),
        _ => {}
    }
    if let Some(next) = &done.next {
        let due = done.due.map(|due| format!(" by {}", due.short()));
        more.push(format!("next: {next}{}", due.unwrap_or_default()));
    }
    Told {
        head: format!(
            "{} {what} ({})",
            shown.clock(done.at),
            shown.person(done.by)
        ),
        words: done.words.clone(),
        more: more.join(" · "),
    }
}

fn notice(did: &str) -> Option<Notice> {
    Some(Notice::done(match did {
        "taken" => "You have taken it, and whoever raised it can see that.",
        "asked" => "Whoever raised it can see what you ask.",
        "added" => "It is added, with your name and the time.",
        "decided" => "The decision is kept.",
        "referred" => "It is kept whom you asked. Write down their answer when it comes.",
        "answered" => "Their answer is kept.",
        "closed" => "The concern is closed.",
        "reopened" => "The concern is open again.",
        "named" => "It is kept who may read it.",
        _ => return None,
    }))
}

/// `POST /concerns/{concern}/act`: what a button of the page does; `do` says which.
pub(super) async fn act(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let keyring = desk.office.keyring.clone();
    let did = desk
        .act(move |act, actor| {
            let words = answers.text("words");
            let reader = answers.number("reader").map(AccountId);
            Ok(match answers.text("do") {
                "take" => acknowledge(act, actor, &keyring, id).map(|()| "taken")?,
                "ask" => ask_for_more(act, actor, &keyring, id, words).map(|()| "asked")?,
                "add" => add(act, actor, &keyring, id, words).map(|()| "added")?,
                "close" => close_or_reopen(act, actor, &keyring, id, (Step::Close, words))
                    .map(|()| "closed")?,
                "reopen" => close_or_reopen(act, actor, &keyring, id, (Step::Reopen, words))
                    .map(|()| "reopened")?,
                what @ ("name" | "unname") => {
                    let reader = reader
                        .ok_or_else(|| Refusal::Wrong("Choose who may read it.".to_owned()))?;
                    name_reader(act, actor, &keyring, id, (reader, what == "name"))
                        .map(|()| "named")?
                }
                _ => return Err(Refusal::NotFound),
            })
        })
        .await?;
    Ok(Redirect::to(&format!("/concerns/{id}?did={did}")).into_response())
}
