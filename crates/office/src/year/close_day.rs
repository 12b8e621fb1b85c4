//! Days that are not as the half-terms would have them: INSET, closures planned and unplanned, extra days.

use calendar::{Day, ExceptionKind};
use store::{Act, Entry, args};

use super::records::DAY_EXCEPTION;
use super::set_terms::{may_decide, must_hold};
use crate::desk::Refusal;
use crate::people::Actor;

pub(super) const MARKED_ON: &str = "\
select count(*) from mark where school_id = $1 and on_date = $2 and code is not null and code <> '#'";

pub(super) const CLOSED_ON: &str =
    "select count(*) from mark where school_id = $1 and on_date = $2 and code = 'Y4'";

/// Says that a day is an INSET day, a closure or an extra day, with the reason that parents were given.
///
/// A planned kind is refused for a day that already has marks: it would take the sessions away from under them.
/// An unplanned closure keeps its sessions; their marks become `Y4` by amendment.
pub fn set_day(
    act: &mut Act,
    actor: &Actor,
    day: Day,
    kind: ExceptionKind,
    reason: &str,
) -> Result<(), Refusal> {
    may_decide(actor)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::Wrong(
            "Say why: the reason stands in the calendar and in the journal.".to_owned(),
        ));
    }
    let takes_sessions = matches!(
        kind,
        ExceptionKind::Inset | ExceptionKind::PlannedClosure | ExceptionKind::BankHoliday
    );
    if takes_sessions {
        refuse_if_marked(act, day)?;
    }
    let word = kind.to_string();
    act.replace(&DAY_EXCEPTION, &args![day, word.as_str(), reason])?;
    must_hold(act)?;
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "set a day's kind",
        subject: format!("{day}: {word}"),
    });
    act.note("reason", reason);
    Ok(())
}

/// Records the kind of a day, or that it has none of its own, as a part of an act that does more and describes itself: a closure with
/// its marks, and the undo of one. Such a kind never takes sessions from under marks: it is an unplanned closure or what stood before one.
///
/// Errors: [`Refusal::NotAllowed`] for somebody who may not decide about the calendar, [`Refusal::Wrong`] where no calendar can be made of it.
pub(crate) fn put_day(
    act: &mut Act,
    actor: &Actor,
    day: Day,
    kind: Option<(ExceptionKind, &str)>,
) -> Result<(), Refusal> {
    may_decide(actor)?;
    match kind {
        Some((kind, reason)) => {
            let word = kind.to_string();
            act.replace(&DAY_EXCEPTION, &args![day, word.as_str(), reason])?;
        }
        None => {
            act.supersede(&DAY_EXCEPTION, &args![day])?;
        }
    }
    must_hold(act)
}

/// Takes back what was said of a day, so that it is again as its half-term and week would have it.
///
/// Errors: [`Refusal::Wrong`] where marks rest on it: `Y4` says that the site was closed.
pub fn clear_day(act: &mut Act, actor: &Actor, day: Day, reason: &str) -> Result<(), Refusal> {
    may_decide(actor)?;
    let school = act.school();
    let resting: i64 = act
        .tx()
        .query_one(CLOSED_ON, &args![school, day], |row| row.get(0))?;
    if resting > 0 {
        return Err(Refusal::Wrong(format!(
            "{resting} marks Y4 rest on the closure of {} (R-124). Undo the closure under Changes of many marks: that takes back both.",
            day.long()
        )));
    }
    if !act.supersede(&DAY_EXCEPTION, &args![day])? {
        return Err(Refusal::Wrong(format!(
            "{} has no closure to take back.",
            day.long()
        )));
    }
    must_hold(act)?;
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "take back a day's kind",
        subject: day.to_string(),
    });
    act.note("reason", reason.trim());
    Ok(())
}

fn refuse_if_marked(act: &mut Act, day: Day) -> Result<(), Refusal> {
    let school = act.school();
    let marks: i64 = act
        .tx()
        .query_one(MARKED_ON, &args![school, day], |row| row.get(0))?;
    if marks == 0 {
        return Ok(());
    }
    Err(Refusal::Wrong(format!(
        "{} already has {marks} marks, so it cannot become a day without sessions. \
         If the school had to close on the day, enter an unplanned closure: it keeps the sessions.",
        day.long()
    )))
}
