//! Messages: what was sent and what families answered.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, Session};
use store::{SchoolId, StoreError, Tx, args};

use super::ask::{Purpose, may_send};
use super::by_clock::is_paused;
use super::foresee::{slot_now, unexplained};
use super::is_open_to;
use super::preview::notice_of;
use super::replies::see;
use super::rules::{Automatic, MessageRules};
use super::rules_page::may_decide;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{MessageRunId, PupilId, ReplyId};
use crate::shell::{Frame, Page, State};
use crate::year::settings::settings;

const RUNS: &str = "\
select r.run_id, r.on_date, r.session, r.asked_at, a.name, r.purpose,
       (select s.state from message_state s where s.school_id = m.school_id and s.message_id = m.message_id order by s.seq desc limit 1),
       count(*)
from message_run r
join message m on m.school_id = r.school_id and m.run_id = r.run_id and m.superseded_seq is null
join journal_entry j on j.school_id = r.school_id and j.seq = r.seq
left join account a on a.account_id = j.account_id and a.account_id <> 0
where r.school_id = $1 and r.superseded_seq is null and r.asked_at >= $2
group by 1, 2, 3, 4, 5, 6, 7 order by r.asked_at desc, r.run_id desc";
const REPLIES: &str = "\
select m.reply_id, m.address, m.words, m.received_at, m.pupil_id, p.forename, p.surname, m.seen
from message_reply m
left join pupil p on p.school_id = m.school_id and p.pupil_id = m.pupil_id and p.superseded_seq is null
where m.school_id = $1 and m.superseded_seq is null and m.received_at >= $2 order by m.received_at desc, m.reply_id desc limit 100";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[RUNS, REPLIES];

/// Runs and answers of so many days are shown.
const DAYS: i64 = 14;

struct RunLine {
    run: MessageRunId,
    day: Day,
    session: Session,
    asked_at: Instant,
    by: String,
    purpose: &'static str,
    counts: Vec<(String, i64)>,
}

impl RunLine {
    fn total(&self) -> i64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    fn in_words(&self) -> String {
        let each: Vec<String> = self
            .counts
            .iter()
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        each.join(", ")
    }

    fn when(&self) -> String {
        let (day, time) = self.asked_at.in_london();
        format!("{} {time}", day.short())
    }
}

/// What a family answered, as a line.
pub(super) struct ReplyLine {
    pub(super) reply: ReplyId,
    pub(super) address: String,
    pub(super) words: String,
    pub(super) when: String,
    pub(super) pupil: Option<(PupilId, String)>,
    pub(super) seen: bool,
}

#[derive(Template)]
#[template(path = "messages/list.html")]
struct ListPage {
    frame: Frame,
    waiting: usize,
    runs: Vec<RunLine>,
    replies: Vec<ReplyLine>,
    may_send: bool,
    may_decide: bool,
    /// For which tiers messages go by themselves; empty where none do.
    automatic: String,
    is_paused: bool,
    none: State,
}

/// `/messages`.
pub(super) async fn list(desk: Desk, asked: Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let now = here.office.now();
        let slot = slot_now(tx, actor.school, now)?;
        let since = now.plus_seconds(-DAYS * 24 * 60 * 60);
        let page = ListPage {
            waiting: unexplained(tx, actor.school, slot, now)?
                .iter()
                .filter(|one| one.first.is_none())
                .count(),
            runs: runs(tx, actor.school, since)?,
            replies: replies(tx, actor.school, since)?,
            may_send: may_send(actor),
            may_decide: may_decide(actor),
            automatic: in_words(
                MessageRules::on(&settings(tx, actor.school)?, slot.day)?.automatic,
            ),
            is_paused: is_paused(tx, actor.school, slot.day)?,
            none: State::empty(
                "None yet",
                "What is sent is listed here for fourteen days, with what became of it.",
            ),
            frame: here
                .frame(tx, actor, "Messages")?
                .with_notice(notice_of(&asked)),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `red and green`.
fn in_words(automatic: Automatic) -> String {
    let tiers = [
        (automatic.red, "red"),
        (automatic.amber, "amber"),
        (automatic.green, "green"),
    ];
    let on: Vec<&str> = tiers
        .iter()
        .filter(|(is_on, _)| *is_on)
        .map(|(_, word)| *word)
        .collect();
    on.join(" and ")
}

fn runs(tx: &mut Tx, school: SchoolId, since: Instant) -> Result<Vec<RunLine>, StoreError> {
    let rows = tx.query(RUNS, &args![school, since], |row| {
        let session: i64 = row.get(2)?;
        let (by, state): (Option<String>, Option<String>) = (row.get(4)?, row.get(6)?);
        let purpose: String = row.get(5)?;
        Ok(RunLine {
            run: row.get(0)?,
            day: row.get(1)?,
            session: Session::from_index(session).unwrap_or(Session::Am),
            asked_at: row.get(3)?,
            by: by.unwrap_or_else(|| "Rollbook, by itself".to_owned()),
            purpose: Purpose::from_key(&purpose).map_or("", Purpose::label),
            counts: vec![(state.unwrap_or_default(), row.get(7)?)],
        })
    })?;
    let mut runs: Vec<RunLine> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some(last) if last.run == row.run => last.counts.extend(row.counts),
            _ => runs.push(row),
        }
    }
    Ok(runs)
}

fn replies(tx: &mut Tx, school: SchoolId, since: Instant) -> Result<Vec<ReplyLine>, StoreError> {
    tx.query(REPLIES, &args![school, since], |row| {
        let at: Instant = row.get(3)?;
        let (day, time) = at.in_london();
        let pupil: Option<PupilId> = row.get(4)?;
        let names: (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
        let name = match names {
            (Some(forename), Some(surname)) => format!("{surname}, {forename}"),
            _ => String::new(),
        };
        Ok(ReplyLine {
            reply: row.get(0)?,
            address: row.get(1)?,
            words: row.get(2)?,
            when: format!("{} {time}", day.short()),
            pupil: pupil.map(|pupil| (pupil, name)),
            seen: row.get(7)?,
        })
    })
}

/// Somebody dealt with an answer.
pub(super) async fn seen(desk: Desk, Path(reply): Path<i64>) -> Result<Response, Problem> {
    desk.act(move |act, actor| see(act, actor, ReplyId(reply)))
        .await?;
    Ok(Redirect::to("/messages?did=seen").into_response())
}
