//! Holds: no message about a pupil, on a ground, from a day to a day or until it is lifted (I-123).

use askama::Template;
use axum::Form as Posted;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::ask::may_send;
use super::is_open_to;
use super::preview::notice_of;
use super::records::MESSAGE_HOLD;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, hidden};
use crate::ids::{HoldId, PupilId};
use crate::people::Actor;
use crate::shell::{Choice, Field, Frame, Page, State};

const ALL: &str = "\
select h.hold_id, h.pupil_id, p.forename, p.surname, h.ground, h.reason, h.first_day, h.last_day
from message_hold h
join pupil p on p.school_id = h.school_id and p.pupil_id = h.pupil_id and p.superseded_seq is null
where h.school_id = $1 and h.superseded_seq is null and (h.last_day is null or h.last_day >= $2)
order by p.surname, p.forename, h.hold_id";
const PUPIL: &str = "select forename, surname from pupil where school_id = $1 and pupil_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ALL, PUPIL];

/// The grounds on which messages are held.
const GROUNDS: [&str; 4] = ["bereavement", "court order", "do not contact", "other"];

/// A hold to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// About whom no message goes.
    pub pupil: PupilId,
    /// One of bereavement, court order, do not contact, other.
    pub ground: String,
    /// In words, for whoever meets it in the morning.
    pub reason: String,
    /// From this day …
    pub first: Day,
    /// … to this; none: until it is lifted.
    pub last: Option<Day>,
}

/// Holds messages about a pupil.
///
/// Rule: I-123. Errors: somebody who sends no messages; no such pupil; a ground that there is not; days the wrong way round.
pub fn hold(act: &mut Act, actor: &Actor, hold: &Hold) -> Result<HoldId, Refusal> {
    if !may_send(actor) {
        return Err(Refusal::NotFound);
    }
    name(act.tx(), actor.school, hold.pupil)?;
    if !GROUNDS.contains(&hold.ground.as_str())
        || hold.reason.trim().is_empty()
        || hold.last.is_some_and(|last| last < hold.first)
    {
        return Err(Refusal::Wrong(
            "A hold has a ground, a reason, and a last day that is not before its first."
                .to_owned(),
        ));
    }
    let id = HoldId(act.new_id());
    act.record(
        &MESSAGE_HOLD,
        &args![
            id,
            hold.pupil,
            hold.ground.as_str(),
            hold.reason.as_str(),
            hold.first,
            hold.last
        ],
    )?;
    act.describe(actor.entry("hold messages", format!("pupil {}", hold.pupil)));
    Ok(id)
}

/// Lifts a hold.
///
/// Errors: somebody who sends no messages; no such hold.
pub fn lift(act: &mut Act, actor: &Actor, hold: HoldId) -> Result<(), Refusal> {
    if !may_send(actor) || !act.supersede(&MESSAGE_HOLD, &args![hold])? {
        return Err(Refusal::NotFound);
    }
    act.describe(actor.entry("lift a hold of messages", format!("hold {hold}")));
    Ok(())
}

fn name(tx: &mut Tx, school: SchoolId, pupil: PupilId) -> Result<String, Refusal> {
    let found = tx.query_opt(PUPIL, &args![school, pupil], |row| {
        let (forename, surname): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(format!("{forename} {surname}"))
    })?;
    found.ok_or(Refusal::NotFound)
}

struct Line {
    hold: HoldId,
    pupil: PupilId,
    name: String,
    ground: String,
    reason: String,
    days: String,
}

#[derive(Template)]
#[template(path = "messages/holds.html")]
struct HoldsPage {
    frame: Frame,
    lines: Vec<Line>,
    may_send: bool,
    none: State,
}

/// `/messages/holds`.
pub(super) async fn list(desk: Desk, asked: Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let lines = tx.query(ALL, &args![actor.school, today], |row| {
            let (forename, surname): (String, String) = (row.get(2)?, row.get(3)?);
            let (first, last): (Day, Option<Day>) = (row.get(6)?, row.get(7)?);
            let until = last.map_or_else(|| "until it is lifted".to_owned(), |day| format!("to {}", day.short()));
            Ok::<_, StoreError>(Line {
                hold: row.get(0)?,
                pupil: row.get(1)?,
                name: format!("{surname}, {forename}"),
                ground: row.get(4)?,
                reason: row.get(5)?,
                days: format!("{} {until}", first.short()),
            })
        })?;
        let page = HoldsPage {
            frame: here.frame(tx, actor, "Holds")?.with_notice(notice_of(&asked)),
            lines,
            may_send: may_send(actor),
            none: State::empty("None", "Messages may go about every pupil. A hold is made from the first message, beside the pupil."),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn form(tx: &mut Tx, actor: &Actor, pupil: PupilId, today: Day) -> Result<FormPage, Refusal> {
    if !may_send(actor) {
        return Err(Refusal::NotFound);
    }
    let whose = name(tx, actor.school, pupil)?;
    let grounds = GROUNDS
        .into_iter()
        .map(|ground| Choice::new(ground, ground))
        .collect();
    let fields = vec![
        hidden("pupil", pupil),
        Field::radios("ground", "Ground", grounds),
        Field::line("reason", "Reason").hint("Whoever prepares messages sees it."),
        Field::day("first", "From").value(today.to_string()),
        Field::day("last", "Last day")
            .optional()
            .hint("Empty: until it is lifted."),
    ];
    Ok(FormPage::new("Hold messages", ("/messages/first", "First message"), "Hold messages", vec![Part::new("", fields)])
        .of(whose)
        .about("No message goes about this pupil while the hold stands. The family is rung instead, if anybody is."))
}

/// `/messages/holds/new`.
pub(super) async fn ask_new(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let pupil = PupilId(asked.number("pupil").unwrap_or_default());
    form::ask(desk, move |tx, actor, today| form(tx, actor, pupil, today)).await
}

/// `/messages/holds/new`, sent.
pub(super) async fn answer_new(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let pupil = PupilId(answers.number("pupil").unwrap_or_default());
    let mut wrongs = Wrongs::default();
    let ground = answers.required("ground", "Choose the ground.", &mut wrongs);
    let reason = answers.required("reason", "Give the reason.", &mut wrongs);
    let first = answers.day("first", &mut wrongs);
    let last = answers.day_if_given("last", &mut wrongs);
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        wrongs.add("last", "The last day is before the first.");
    }
    let Some(first) = first.filter(|_| wrongs.is_empty()) else {
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            form(tx, actor, pupil, today)
        })
        .await;
    };
    form::answer(desk, move |act, actor, _| {
        hold(
            act,
            actor,
            &Hold {
                pupil,
                ground,
                reason,
                first,
                last,
            },
        )?;
        Ok(Outcome::done("/messages/holds", "held"))
    })
    .await
}

/// A hold, lifted.
pub(super) async fn answer_lift(desk: Desk, Path(hold): Path<i64>) -> Result<Response, Problem> {
    desk.act(move |act, actor| lift(act, actor, HoldId(hold)))
        .await?;
    Ok(Redirect::to("/messages/holds?did=lifted").into_response())
}
