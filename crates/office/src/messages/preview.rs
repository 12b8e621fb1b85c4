//! The first message of the day: every message as it would go, and one key to send what is ticked.

use std::sync::Arc;

use askama::Template;
use axum::Form as Posted;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use store::Tx;

use ::messages::Channel;
use ::messages::text::tariff;

use super::ask::{ask, may_send};
use super::foresee::{Foreseen, Foresight, HeldBack, foresee};
use super::is_open_to;
use super::outside::{Carriers, Outside, channels};
use super::rules_page::may_decide;
use crate::carry::held_back_in_words;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::form::Answers;
use crate::people::Actor;
use crate::shell::{Frame, Notice, State, page};

#[derive(Template)]
#[template(path = "messages/first.html")]
struct FirstPage {
    frame: Frame,
    session: String,
    /// What stops all: nobody carries messages.
    closed: Option<String>,
    may_decide: bool,
    /// What is known about where they go: kept here, trial.
    note: Option<String>,
    problem: Option<String>,
    messages: Vec<Line>,
    held: Vec<HeldBack>,
    children: usize,
    cost: String,
    /// When they leave, if not now.
    later: Option<String>,
    above_brake: Option<u32>,
    may_send: bool,
    nobody: State,
}

struct Line {
    one: Foreseen,
    ticked: bool,
    about: String,
}

/// The channels that carry messages of a school now, and what to say of them.
pub(super) fn open_channels(
    tx: &mut Tx,
    office: &Office,
    actor: &Actor,
) -> Result<Vec<Channel>, Refusal> {
    let set = channels(tx, actor.school)?;
    Ok(Carriers::of(office, &set).open())
}

/// `/messages/first`.
pub(super) async fn first(desk: Desk) -> Result<Response, Problem> {
    show(desk, StatusCode::OK, None, None).await
}

async fn show(
    desk: Desk,
    status: StatusCode,
    problem: Option<String>,
    chosen: Option<Vec<String>>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let open = open_channels(tx, &here.office, actor)?;
        let foresight = foresee(tx, actor.school, here.office.now(), &open)?;
        let first = whole(
            tx,
            &here,
            actor,
            &open,
            foresight,
            problem,
            chosen.as_deref(),
        )?;
        Ok(page(status, &first))
    })
    .await
}

fn whole(
    tx: &mut Tx,
    desk: &Desk,
    actor: &Actor,
    open: &[Channel],
    foresight: Foresight,
    problem: Option<String>,
    chosen: Option<&[String]>,
) -> Result<FirstPage, Refusal> {
    let now = desk.office.now();
    let Foresight {
        slot,
        messages,
        held,
        rules,
        leaves_at,
    } = foresight;
    let parts: u32 = messages.iter().map(|one| one.parts).sum();
    let set = channels(tx, actor.school)?;
    let prints_only = open.iter().all(|one| *one == Channel::Letter);
    let closed = match (&desk.office.outside, prints_only) {
        (Outside::Closed, _) => Some("Messages do not leave this installation: whoever runs Rollbook has not allowed it (the setting “messages”). Ring the families below.".to_owned()),
        (_, true) => Some("No channel for texts or e-mails is set up yet: only letters can be made, to be printed here.".to_owned()),
        (_, false) => None,
    };
    let held_back = held_back_in_words(tx)?;
    let note = match &desk.office.outside {
        _ if held_back.is_some() => held_back,
        Outside::Recording(_) => {
            Some("Training: messages are kept here and sent to nobody.".to_owned())
        }
        Outside::Open { .. } if set.notify.as_ref().is_some_and(|(own, _)| own.trial) => Some(
            "GOV.UK Notify is in trial mode: it reaches only members of your own team (I-139)."
                .to_owned(),
        ),
        Outside::Open { .. } | Outside::Closed => None,
    };
    let later = (leaves_at > now).then(|| {
        let (day, time) = leaves_at.in_london();
        format!("Quiet hours: they leave on {} at {time}.", day.long())
    });
    let cost = match tariff(slot.day) {
        Some(tariff) if parts > 0 => format!(
            "{parts} text part{}; at most {}.{}p, and nothing while the {} free parts of the year last (I-137).",
            if parts == 1 { "" } else { "s" },
            parts * tariff.tenths_of_a_penny / 10,
            parts * tariff.tenths_of_a_penny % 10,
            tariff.free_parts_a_year
        ),
        _ => String::new(),
    };
    let above_brake = (messages.len() > rules.brake as usize).then_some(rules.brake);
    let children = messages.iter().map(|one| one.pupils.len()).sum();
    let lines = messages
        .into_iter()
        .map(|one| Line {
            ticked: chosen.is_none_or(|keys| keys.contains(&one.key)),
            about: one
                .pupils
                .iter()
                .map(|about| about.listed.as_str())
                .collect::<Vec<_>>()
                .join("; "),
            one,
        })
        .collect();
    Ok(FirstPage {
        frame: desk.frame(tx, actor, "First message")?,
        session: format!("{} {}", slot.day.long(), slot.session),
        closed,
        may_decide: may_decide(actor),
        note,
        problem,
        messages: lines,
        held,
        children,
        cost,
        later,
        above_brake,
        may_send: may_send(actor),
        nobody: State::empty("Nobody", "Every child of this session is accounted for."),
    })
}

/// `/messages/first`, sent.
pub(super) async fn send(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let keys: Vec<String> = answers.all("send").map(str::to_owned).collect();
    let second_look = answers.ticked("sure");
    let (office, wanted): (Arc<Office>, Vec<String>) = (Arc::clone(&desk.office), keys.clone());
    let asked = desk
        .act(move |act, actor| {
            let open = open_channels(act.tx(), &office, actor)?;
            ask(act, actor, &open, &wanted, second_look)
        })
        .await;
    match asked {
        Ok(asked) => {
            let dropped = match asked.dropped {
                0 => String::new(),
                dropped => format!("&dropped={dropped}"),
            };
            Ok(
                Redirect::to(&format!("/messages/{}?did=asked{dropped}", asked.run))
                    .into_response(),
            )
        }
        Err(problem) => match problem.ground().map(str::to_owned) {
            Some(ground) => {
                show(
                    desk,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    Some(ground),
                    Some(keys),
                )
                .await
            }
            None => Err(problem),
        },
    }
}

/// What a page of messages says was done.
pub(super) fn notice_of(Query(answers): &Query<Answers>) -> Option<Notice> {
    let words = match answers.text("did") {
        "asked" => match answers.number("dropped") {
            Some(dropped) => format!(
                "They are on their way. {dropped} of those ticked did not go: something about them changed since you saw them."
            ),
            None => "They are on their way.".to_owned(),
        },
        "stopped" => "What had not left is stopped.".to_owned(),
        "channel" => "Saved. The secret is sealed and is not shown again.".to_owned(),
        "held" => "No message goes about this pupil until the hold ends.".to_owned(),
        "lifted" => "The hold is lifted.".to_owned(),
        "seen" => "Dealt with.".to_owned(),
        "again" => "It goes again.".to_owned(),
        "paused" => {
            "Nothing more goes by itself today. What is on its way is stopped on its own page."
                .to_owned()
        }
        "resumed" => "It goes by itself again.".to_owned(),
        "written" => "They are with the letters to go.".to_owned(),
        "arrived" => "Noted as handed over.".to_owned(),
        _ => return None,
    };
    Some(Notice::done(words))
}
