//! Setting the half-terms of a school year.

use calendar::{Day, SchoolYear};
use store::{Act, Entry, StoreError, args};

use super::records::TERM;
use super::{CalendarError, calendar};
use crate::desk::Refusal;
use crate::people::{Access, Actor, RecordKind};

/// A half-term as the school gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfTerm {
    /// What people call it: `Autumn 1`.
    pub name: String,
    /// The first day.
    pub first_day: Day,
    /// The last day.
    pub last_day: Day,
}

pub(super) const TERMS_OF: &str = "\
select term_id, name, first_day, last_day from term
where school_id = $1 and first_year = $2 and superseded_seq is null order by first_day";

pub(super) const MARKED_OUTSIDE: &str = "\
select count(*) from mark m
where m.school_id = $1 and m.on_date >= $2 and m.on_date <= $3 and m.code is not null and m.code <> '#'
  and not exists (
        select 1 from term t
        where t.school_id = m.school_id and t.superseded_seq is null and t.first_day <= m.on_date and t.last_day >= m.on_date)";

/// Replaces the half-terms of a school year by these; unchanged ones keep their record.
///
/// Refused when they overlap or contradict a closure, or when marks already made would lie outside every term: a register
/// entry is never made to vanish by a change of dates. Answers how many half-terms changed.
pub fn set_terms(
    act: &mut Act,
    actor: &Actor,
    year: SchoolYear,
    terms: &[HalfTerm],
) -> Result<usize, Refusal> {
    may_decide(actor)?;
    let school = act.school();
    let first_year = i64::from(year.first_year());
    let before = act
        .tx()
        .query(TERMS_OF, &args![school, first_year], |row| {
            Ok((
                row.get::<i64>(0)?,
                HalfTerm {
                    name: row.get(1)?,
                    first_day: row.get(2)?,
                    last_day: row.get(3)?,
                },
            ))
        })?;
    let mut changed = 0;
    for place in 0..before.len().max(terms.len()) {
        let (old, new) = (before.get(place), terms.get(place));
        if old.map(|(_, term)| term) == new {
            continue;
        }
        changed += 1;
        let id = match old {
            Some((id, _)) => {
                act.supersede(&TERM, &args![*id])?;
                *id
            }
            None => act.new_id(),
        };
        if let Some(term) = new {
            act.record(
                &TERM,
                &args![
                    id,
                    first_year,
                    term.name.as_str(),
                    term.first_day,
                    term.last_day
                ],
            )?;
        }
    }
    if changed == 0 {
        return Ok(0);
    }
    must_hold(act)?;
    let days = before.iter().map(|(_, term)| term).chain(terms);
    let (first, last) = days.fold((None::<Day>, None::<Day>), |(first, last), term| {
        (
            Some(first.map_or(term.first_day, |day| day.min(term.first_day))),
            Some(last.map_or(term.last_day, |day| day.max(term.last_day))),
        )
    });
    if let (Some(first), Some(last)) = (first, last) {
        let lost: i64 = act
            .tx()
            .query_one(MARKED_OUTSIDE, &args![school, first, last], |row| {
                row.get(0)
            })?;
        if lost > 0 {
            return Err(Refusal::Wrong(format!(
                "{lost} marks already made would lie outside every half-term. Nothing was changed. \
                 Keep the days that have marks inside a half-term, or enter a closure for a day that was not a school day."
            )));
        }
    }
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "set terms",
        subject: format!("school year {year}"),
    });
    Ok(changed)
}

/// Refuses an actor who may not decide for the school.
pub(super) fn may_decide(actor: &Actor) -> Result<(), Refusal> {
    if actor.may(Access::Write, RecordKind::UsersRolesAndSettings) {
        Ok(())
    } else {
        Err(Refusal::NotAllowed(
            "Only people who look after the school's settings may change terms, closures and settings. Ask the attendance manager or an administrator."
                .to_owned(),
        ))
    }
}

/// Refuses what this act has recorded so far if no calendar can be made of it.
pub(super) fn must_hold(act: &mut Act) -> Result<(), Refusal> {
    let school = act.school();
    match calendar(act.tx(), school) {
        Ok(_) => Ok(()),
        Err(CalendarError::Contradiction(problems)) => {
            let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(Refusal::Wrong(format!(
                "These dates cannot stand: {}. Nothing was changed.",
                text.join("; ")
            )))
        }
        Err(CalendarError::Store(error)) => Err(StoreError::into(error)),
    }
}
