//! E-mails to staff: what went in the last fortnight, and what became of each.

use ::messages::State as Became;
use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Instant;
use store::{SchoolId, StoreError, Tx, args};

use super::post::{Kind, Post};
use crate::carry::held_back_in_words;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::messages::ask::may_read;
use crate::messages::is_open_to;
use crate::messages::rules_page::may_decide;
use crate::people::Actor;
use crate::registers::keeps_all_registers;
use crate::shell::{Flag, Frame, Notice, Page, State};

const MAILS: &str = "\
select m.kind, m.to_name, m.address, m.subject, m.words, m.asked_at, s.state, s.because, j.at, t.said, a.name
from staff_mail m
join staff_mail_state s on s.school_id = m.school_id and s.mail_id = m.mail_id
  and s.seq = (select max(o.seq) from staff_mail_state o where o.school_id = m.school_id and o.mail_id = m.mail_id)
join journal_entry j on j.school_id = s.school_id and j.seq = s.seq
join journal_entry asked on asked.school_id = m.school_id and asked.seq = m.seq
left join account a on a.account_id = asked.account_id and a.account_id <> 0
left join staff_mail_try t on t.school_id = m.school_id and t.mail_id = m.mail_id
where m.school_id = $1 and m.asked_at >= $2 and m.superseded_seq is null
order by m.asked_at desc, m.mail_id desc limit 300";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MAILS];

/// E-mails of so many days are shown.
const DAYS: i64 = 14;

struct Line {
    asked: String,
    by: String,
    kind: &'static str,
    to: String,
    address: String,
    subject: String,
    words: String,
    state: String,
    when: String,
    because: String,
    flag: Option<Flag>,
}

#[derive(Template)]
#[template(path = "messages/staff/list.html")]
struct ListPage {
    frame: Frame,
    /// What stops each kind, if anything does.
    kinds: Vec<(&'static str, &'static str)>,
    held_back: Option<String>,
    week_at: String,
    lines: Vec<Line>,
    may_decide: bool,
    may_send_week: bool,
    none: State,
}

/// Whether this person sees what was sent to staff.
pub(crate) fn shows_to(actor: &Actor) -> bool {
    is_open_to(actor) && may_read(actor)
}

/// `/messages/staff`.
pub(super) async fn list(desk: Desk, asked: Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !shows_to(actor) {
            return Err(Refusal::NotFound);
        }
        let now = here.office.now();
        let (today, _) = now.in_london();
        let mut kinds = Vec::new();
        let mut may_send_week = false;
        let mut week_at = String::new();
        for kind in Kind::ALL {
            let post = Post::of(&here.office, tx, actor.school, today, *kind)?;
            if *kind == Kind::Week {
                may_send_week = keeps_all_registers(actor) && post.closed().is_none();
                week_at = post.rules.week_at.to_string();
            }
            kinds.push((kind.label(), post.closed().unwrap_or_default()));
        }
        let since = now.plus_seconds(-DAYS * 24 * 60 * 60);
        let page = ListPage {
            kinds,
            held_back: held_back_in_words(tx)?,
            week_at,
            lines: lines(tx, actor.school, since)?,
            may_decide: may_decide(actor),
            may_send_week,
            none: State::empty(
                "None yet",
                "What goes to staff is listed here for fourteen days, with what became of it.",
            ),
            frame: here
                .frame(tx, actor, "E-mail to staff")?
                .with_notice(notice(&asked)),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn notice(Query(answers): &Query<Answers>) -> Option<Notice> {
    if answers.text("did") != "week" {
        return None;
    }
    Some(match answers.number("sent") {
        Some(sent) if sent > 0 => {
            Notice::done(format!("The weekly report is on its way to {sent}."))
        }
        _ => Notice::heed(
            "Nothing was sent: everybody with such pupils has had the report today, or nobody has any.",
        ),
    })
}

fn lines(tx: &mut Tx, school: SchoolId, since: Instant) -> Result<Vec<Line>, StoreError> {
    let moment = |at: Instant| {
        let (day, time) = at.in_london();
        format!("{} {time}", day.short())
    };
    tx.query(MAILS, &args![school, since], |row| {
        let kind: String = row.get(0)?;
        let state: String = row.get(6)?;
        let (because, said): (Option<String>, Option<String>) = (row.get(7)?, row.get(9)?);
        let by: Option<String> = row.get(10)?;
        Ok(Line {
            asked: moment(row.get(5)?),
            by: by.unwrap_or_else(|| "Rollbook, by itself".to_owned()),
            kind: Kind::from_key(&kind).map_or("", Kind::label),
            to: row.get(1)?,
            address: row.get(2)?,
            subject: row.get(3)?,
            words: row.get(4)?,
            when: moment(row.get(8)?),
            because: because.or(said).unwrap_or_default(),
            flag: flag(&state),
            state,
        })
    })
}

fn flag(state: &str) -> Option<Flag> {
    match Became::from_word(state)? {
        Became::Delivered => Some(Flag::good("delivered")),
        Became::FailedPermanent | Became::FailedTechnical | Became::FailedTemporary => {
            Some(Flag::loud("not reached"))
        }
        _ => None,
    }
}
