//! One run of messages: what became of each, how far it is, and a button that stops what has not left.

use askama::Template;
use axum::Form as Posted;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Instant;
use store::{Act, SchoolId, StoreError, Tx, args};

use ::messages::{Channel, FollowUp, State as Became, follow_up};

use super::ask::{may_read, may_send, must_exist, stop};
use super::is_open_to;
use super::preview::notice_of;
use super::records::MESSAGE_STATE;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{MessageId, MessageRunId, PupilId};
use crate::people::Actor;
use crate::shell::{Flag, Frame, Page, Progress};

const MESSAGES: &str = "\
select m.message_id, m.channel, m.to_name, m.address, m.words, s.state, s.because, j.at, t.asks, t.said, p.pupil_id, q.forename, q.surname
from message m
join message_state s on s.school_id = m.school_id and s.message_id = m.message_id
  and s.seq = (select max(o.seq) from message_state o where o.school_id = m.school_id and o.message_id = m.message_id)
join journal_entry j on j.school_id = s.school_id and j.seq = s.seq
left join message_try t on t.school_id = m.school_id and t.message_id = m.message_id
join message_pupil p on p.school_id = m.school_id and p.message_id = m.message_id and p.superseded_seq is null
join pupil q on q.school_id = p.school_id and q.pupil_id = p.pupil_id and q.superseded_seq is null
where m.school_id = $1 and m.run_id = $2 and m.superseded_seq is null
order by m.message_id, q.surname, q.forename";
const ASKS: &str = "\
select message_id from message_try where school_id = $1 and run_id = $2 and message_id = $3 and asks = $4 and calling = $5";
/// Somebody has looked and says that it did not arrive: it may be sent again.
const AGAIN: &str = "\
update message_try set asks = $3, look_up = $3, first_at = null, tries = 0, next_at = $4 where school_id = $1 and message_id = $2";
const NO_MORE: &str = "update message_try set asks = $3 where school_id = $1 and message_id = $2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MESSAGES, ASKS, AGAIN, NO_MORE];

struct Line {
    id: MessageId,
    about: Vec<(PupilId, String)>,
    channel: String,
    to: String,
    address: String,
    words: String,
    state: String,
    because: String,
    when: String,
    asks: bool,
    flag: Option<Flag>,
    next: &'static str,
}

#[derive(Template)]
#[template(path = "messages/run.html")]
struct RunPage {
    frame: Frame,
    run: MessageRunId,
    lines: Vec<Line>,
    progress: Option<Progress>,
    may_send: bool,
}

/// `/messages/{run}`.
pub(super) async fn page(
    desk: Desk,
    Path(run): Path<i64>,
    asked: Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !is_open_to(actor) || !may_read(actor) {
            return Err(Refusal::NotFound);
        }
        let run = MessageRunId(run);
        must_exist(tx, actor.school, run)?;
        let lines = lines(tx, actor.school, run)?;
        let queued = lines
            .iter()
            .filter(|line| line.state == Became::Queued.word() && !line.asks)
            .count();
        let whole = lines.len().max(1) as u64;
        let progress = (queued > 0).then(|| Progress {
            heading: "Handing over".into(),
            done: whole - queued as u64,
            whole,
            sentence: format!("{} of {} handed over", lines.len() - queued, lines.len()).into(),
            running: true,
            cancel: may_send(actor).then(|| format!("/messages/{run}/stop").into()),
        });
        let page = RunPage {
            frame: here
                .frame(tx, actor, "Messages sent")?
                .with_notice(notice_of(&asked)),
            run,
            lines,
            progress,
            may_send: may_send(actor),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn lines(tx: &mut Tx, school: SchoolId, run: MessageRunId) -> Result<Vec<Line>, StoreError> {
    let rows = tx.query(MESSAGES, &args![school, run], |row| {
        let (channel, state): (String, String) = (row.get(1)?, row.get(5)?);
        let (because, said): (Option<String>, Option<String>) = (row.get(6)?, row.get(9)?);
        let at: Instant = row.get(7)?;
        let asks: Option<bool> = row.get(8)?;
        let (forename, surname): (String, String) = (row.get(11)?, row.get(12)?);
        let (_, time) = at.in_london();
        let known = Became::from_word(&state).zip(Channel::from_word(&channel));
        let (flag, next) = known.map_or((None, ""), |(state, channel)| told(state, channel));
        let asks = asks == Some(true) && state == Became::Queued.word();
        Ok(Line {
            id: row.get(0)?,
            about: vec![(row.get(10)?, format!("{surname}, {forename}"))],
            to: row.get(2)?,
            address: row.get(3)?,
            words: row.get(4)?,
            because: because.or(said).unwrap_or_default(),
            when: time.to_string(),
            flag: if asks {
                Some(Flag::loud("decide"))
            } else {
                flag
            },
            next,
            asks,
            channel,
            state,
        })
    })?;
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        match lines.last_mut() {
            Some(last) if last.id == row.id => last.about.extend(row.about),
            _ => lines.push(row),
        }
    }
    Ok(lines)
}

/// How loud a state is, and what is to be done about it (I-134).
fn told(state: Became, channel: Channel) -> (Option<Flag>, &'static str) {
    let next = match follow_up(state, channel) {
        FollowUp::Nothing if channel == Channel::Letter && state == Became::HandedOver => {
            "It waits under Letters to be printed and posted, unless your service prints it."
        }
        FollowUp::Nothing => "",
        FollowUp::RepeatOnceAfterTwoHours => "Ring now; the telephone may be off.",
        FollowUp::RepairContact => {
            "Ring another contact, and put the number right. It is not tried again."
        }
        FollowUp::SendAgain => "Ring, or send it again from the first message.",
        FollowUp::LeaveToProvider => "The provider repairs it.",
        FollowUp::PrintByHand => "The service cannot print it. Ring, or go there.",
    };
    let flag = match state {
        Became::Delivered => Some(Flag::good("delivered")),
        Became::HandedOver => None,
        _ if next.is_empty() => None,
        _ => Some(Flag::loud("not reached")),
    };
    (flag, next)
}

/// Stops what has not left.
pub(super) async fn stop_it(desk: Desk, Path(run): Path<i64>) -> Result<Response, Problem> {
    desk.act(move |act, actor| stop(act, actor, MessageRunId(run)))
        .await?;
    Ok(Redirect::to(&format!("/messages/{run}?did=stopped")).into_response())
}

/// Somebody has found out whether a message arrived of which nothing is known.
pub(super) async fn decide(
    desk: Desk,
    Path((run, message)): Path<(i64, i64)>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let again = answers.text("go") == "again";
    desk.act(move |act, actor| decided(act, actor, MessageRunId(run), MessageId(message), again))
        .await?;
    let did = if again { "again" } else { "arrived" };
    Ok(Redirect::to(&format!("/messages/{run}?did={did}")).into_response())
}

fn decided(
    act: &mut Act,
    actor: &Actor,
    run: MessageRunId,
    message: MessageId,
    again: bool,
) -> Result<(), Refusal> {
    if !may_send(actor) {
        return Err(Refusal::NotFound);
    }
    let (school, now) = (actor.school, act.at());
    let asks = act
        .tx()
        .query_opt(ASKS, &args![school, run, message, true, false], |row| {
            row.get::<i64>(0)
        })?;
    if asks.is_none() {
        return Err(Refusal::Wrong(
            "This message is no longer waiting for anybody.".to_owned(),
        ));
    }
    if again {
        act.tx()
            .execute(AGAIN, &args![school, message, false, now])?;
        let input = run.to_string();
        let job = store::jobs::NewJob {
            kind: super::ask::KIND,
            unique_key: Some(&input),
            input: &input,
            account: actor.account.0,
            due: now,
        };
        store::jobs::enqueue(act.tx(), school, now, &job)?;
    } else {
        act.tx().execute(NO_MORE, &args![school, message, false])?;
        let because = format!("{} says that it arrived", actor.name);
        act.record(
            &MESSAGE_STATE,
            &args![
                message,
                Became::HandedOver.word(),
                because.as_str(),
                None::<&str>
            ],
        )?;
    }
    act.describe(actor.entry("decide about a message", format!("message {message}")));
    act.note("decision", if again { "send again" } else { "it arrived" });
    Ok(())
}
