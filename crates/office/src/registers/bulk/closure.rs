//! Unplanned closures: the calendar and every mark by one act, re-opening for a group, and what their undo does to the calendar.

use std::collections::BTreeSet;

use calendar::{
    Day, DayException, DayKind, ExceptionKind, Instant, SchoolCalendar, Session, Sessions, Slot,
};
use register::Code;
use register::plan::PlannedSessions;
use store::{Act, Tx, args};

use super::change::{About, Done, must_have_reason, write};
use super::choice::{Choice, EntryCode, OverPlans, Which, Whom};
use super::foresee::{Foresight, MarkChange, Person, foresee, is_within, members_of};
use super::list::set_now;
use super::office_role;
use super::undo::marks_of;
use crate::desk::Refusal;
use crate::ids::{GroupId, MarkSetId};
use crate::people::Actor;
use crate::registers::enter::Mark;
use crate::year::{calendar_between_with, put_day};

/// The days whose kind an act changed: what it recorded, what it closed, and what stands now.
pub(super) const DAYS: &str = "\
select d.on_date, d.seq, d.kind, d.reason, d.superseded_seq from day_exception d
where d.school_id = $1 and (d.seq = $2 or d.superseded_seq = $2) order by d.on_date, d.seq";

/// What stands of a day now.
pub(super) const DAY_NOW: &str = "\
select kind from day_exception where school_id = $1 and on_date = $2 and superseded_seq is null";

pub(super) const STATEMENTS: &[&str] = &[DAYS, DAY_NOW];

/// Who is kept away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The whole site is closed: `Y4` for every pupil.
    School,
    /// Part of it is out of use: `Y3` for the pupils of these groups, who were told not to come.
    Groups(BTreeSet<GroupId>),
}

/// An unplanned closure as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Who is kept away.
    pub closed: Closed,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// Which sessions of each.
    pub sessions: Sessions,
    /// Whether present marks that were made already are changed too.
    pub present: bool,
    /// Whether every plan keeps its code; else only education off site and `D` do.
    pub plans_stand: bool,
    /// Why, as parents were told.
    pub reason: String,
}

impl Closure {
    fn choice(&self) -> Choice {
        let weekdays = (0..7).filter_map(calendar::Weekday::from_index);
        let sessions = self.sessions;
        let all = weekdays.flat_map(|day| sessions.iter().map(move |session| (day, session)));
        let (whom, code) = match &self.closed {
            Closed::School => (Whom::School, "Y4"),
            Closed::Groups(groups) => (Whom::Groups(groups.clone()), "Y3"),
        };
        Choice {
            whom,
            first: self.first,
            last: self.last,
            sessions: PlannedSessions::Weekly(all.collect()),
            which: Which::Absent {
                present: self.present,
            },
            over_plans: match self.plans_stand {
                true => OverPlans::No,
                false => OverPlans::NotEducation,
            },
            code: EntryCode::One(code.parse().expect("Y3 and Y4 are codes")),
            // What the mark rests on.
            sub_code: None,
            note: Some(self.reason.trim().to_owned()),
            reason: self.reason.clone(),
        }
    }

    /// The days that become closures in the calendar, each with all that is cancelled on it; none for part of the school.
    fn days(&self, calendar: &SchoolCalendar) -> Vec<DayException> {
        if self.closed != Closed::School {
            return Vec::new();
        }
        let days = self.first.through(self.last);
        let closed = days.filter_map(|day| {
            let kind = calendar.kind(day);
            let before = match kind {
                DayKind::UnplannedClosure { cancelled, .. } => cancelled,
                _ => Sessions::NONE,
            };
            let due = kind.sessions();
            let both =
                |session| due.has(session) && (before.has(session) || self.sessions.has(session));
            let cancelled = match (both(Session::Am), both(Session::Pm)) {
                (true, true) => Sessions::BOTH,
                (true, false) => Sessions::AM,
                (false, true) => Sessions::PM,
                (false, false) => return None,
            };
            let kind = ExceptionKind::UnplannedClosure(cancelled);
            Some(DayException { day, kind })
        });
        closed.collect()
    }
}

/// What a closure will do: the marks that change, and who is left alone and why.
///
/// Rule, E-002 (it keeps its sessions). Errors: as [`foresee`].
pub fn foresee_closure(
    tx: &mut Tx,
    actor: &Actor,
    closure: &Closure,
    now: Instant,
) -> Result<(Foresight, Vec<DayException>), Refusal> {
    office_role(actor)?;
    let calendar = calendar_between_with(tx, actor.school, closure.first, closure.last, &[])
        .map_err(|error| Refusal::Wrong(error.to_string()))?;
    let days = closure.days(&calendar);
    let foresight = foresee(tx, actor, &closure.choice(), &days, now)?;
    Ok((foresight, days))
}

/// Closes: the days of the calendar for the whole school, and the marks, by one act that one undo takes back.
///
/// `seen` is the seal of what the person saw. Errors: as [`foresee`]; [`Refusal::NotAllowed`] for the whole school by somebody who may
/// not decide about its calendar; [`Refusal::Wrong`] for days without a session.
pub fn close(
    act: &mut Act,
    actor: &Actor,
    closure: &Closure,
    whom: &str,
    seen: &str,
) -> Result<Done, Refusal> {
    let now = act.at();
    must_have_reason(&closure.reason)?;
    let (foresight, days) = foresee_closure(act.tx(), actor, closure, now)?;
    if foresight.seal() != seen {
        return Ok(Done::Stale);
    }
    if foresight.slots.is_empty() {
        return Err(Refusal::Wrong(
            "None of these days has a session to close. A planned closure is entered in the year."
                .to_owned(),
        ));
    }
    if foresight.changes.is_empty() && days.is_empty() {
        return Ok(Done::Nothing);
    }
    for one in &days {
        put_day(act, actor, one.day, Some((one.kind, closure.reason.trim())))?;
    }
    let about = About {
        kind: "closure",
        whom,
        code: closure.choice().code.kept(),
        days: (closure.first, closure.last),
        reason: &closure.reason,
    };
    write(act, actor, &foresight, &about).map(Done::Made)
}

/// What re-opening for some groups will do to the marks of a closure.
///
/// Theirs become again what stood before, for a register to be taken. With somebody there the site is no longer wholly closed, so the
/// others' `Y4` become `Y3`. Marks that were changed since stay. Errors: [`Refusal::NotFound`] for no such closure.
pub fn foresee_reopening(
    tx: &mut Tx,
    actor: &Actor,
    set: MarkSetId,
    groups: &BTreeSet<GroupId>,
    reason: &str,
) -> Result<Foresight, Refusal> {
    office_role(actor)?;
    let of_set = set_now(tx, actor.school, set)?.filter(|set| set.kind == "closure");
    let of_set = of_set.ok_or(Refusal::NotFound)?;
    let mut members = Vec::new();
    for group in groups {
        members.extend(members_of(
            tx,
            actor.school,
            *group,
            (of_set.first, of_set.last),
        )?);
    }
    let part: Code = "Y3".parse().expect("Y3 is a code");
    let mut seen = Foresight::default();
    let mut slots: BTreeSet<Slot> = BTreeSet::new();
    for mark in marks_of(tx, actor.school, of_set.seq)? {
        if mark.changed_since {
            continue;
        }
        let comes = members.iter().any(|(enrolment, span)| {
            *enrolment == mark.enrolment && is_within(&[*span], mark.slot.day)
        });
        let is_whole = mark.entered.is_some_and(|code| code.as_str() == "Y4");
        if !comes && !is_whole {
            continue;
        }
        if seen
            .people
            .last()
            .is_none_or(|last| last.enrolment != mark.enrolment)
        {
            seen.people.push(Person {
                enrolment: mark.enrolment,
                pupil: mark.pupil,
                name: mark.name.clone(),
                facts: None,
            });
        }
        slots.insert(mark.slot);
        let becomes = match comes {
            true => Mark {
                code: mark.before,
                minutes: mark.minutes.map(|minutes| minutes as u32),
                arrived_at: mark.arrived_at,
                note: mark.note.clone(),
                sub_code: mark.sub_code.clone(),
                reason: Some(reason.to_owned()),
                heed: String::new(),
            },
            false => Mark {
                code: Some(part),
                minutes: None,
                arrived_at: None,
                note: Some(of_set.reason.clone()),
                sub_code: None,
                reason: Some(reason.to_owned()),
                heed: String::new(),
            },
        };
        seen.changes.push(MarkChange {
            person: seen.people.len() - 1,
            slot: mark.slot,
            before: mark.now,
            base: of_set.seq,
            mark: becomes,
        });
    }
    seen.slots = slots.into_iter().collect();
    Ok(seen)
}

/// Re-opens for some groups, by one act that one undo takes back.
///
/// The days are ordinary school days again in the calendar, since somebody attends. Errors: as [`foresee_reopening`].
pub fn reopen(
    act: &mut Act,
    actor: &Actor,
    set: MarkSetId,
    groups: &BTreeSet<GroupId>,
    (whom, reason): (&str, &str),
    seen: &str,
) -> Result<Done, Refusal> {
    must_have_reason(reason)?;
    let foresight = foresee_reopening(act.tx(), actor, set, groups, reason)?;
    if foresight.seal() != seen {
        return Ok(Done::Stale);
    }
    if foresight.changes.is_empty() {
        return Ok(Done::Nothing);
    }
    let school = act.school();
    let of_set = set_now(act.tx(), school, set)?.ok_or(Refusal::NotFound)?;
    for (day, made, _) in days_of(act.tx(), school, of_set.seq)? {
        if made.is_some() {
            put_day(act, actor, day, None)?;
        }
    }
    let about = About {
        kind: "reopening",
        whom,
        code: None,
        days: (of_set.first, of_set.last),
        reason,
    };
    write(act, actor, &foresight, &about).map(Done::Made)
}

/// A day whose kind the act of this number changed: the kind that the act left there, and the kind that stood before.
type DayChange = (Day, Option<ExceptionKind>, Option<(ExceptionKind, String)>);

fn days_of(tx: &mut Tx, school: store::SchoolId, seq: i64) -> Result<Vec<DayChange>, Refusal> {
    let found = tx.query(DAYS, &args![school, seq], |row| {
        let (day, own): (Day, i64) = (row.get(0)?, row.get(1)?);
        let (kind, reason): (String, String) = (row.get(2)?, row.get(3)?);
        Ok((day, own == seq, kind.parse::<ExceptionKind>().ok(), reason))
    })?;
    let mut days: Vec<DayChange> = Vec::new();
    for (day, own, kind, reason) in found {
        if days.last().is_none_or(|last| last.0 != day) {
            days.push((day, None, None));
        }
        let last = days.last_mut().expect("one was put there");
        match own {
            true => last.1 = kind,
            false => last.2 = kind.map(|kind| (kind, reason)),
        }
    }
    for (day, made, _) in &mut days {
        let now = tx.query_opt(DAY_NOW, &args![school, *day], |row| row.get::<String>(0))?;
        // By its kind: a later change of the day that was undone left it so again.
        let as_left = now == made.map(|kind| kind.to_string());
        if !as_left {
            return Err(Refusal::Wrong(format!(
                "The calendar of {} was changed since. Put that right in the year first.",
                day.long()
            )));
        }
    }
    Ok(days)
}

/// Brings back in the calendar what stood before the act of this number, where it changed the kind of a day.
///
/// Errors: [`Refusal::Wrong`] where the calendar was changed since.
pub(super) fn bring_back_days(act: &mut Act, actor: &Actor, seq: i64) -> Result<(), Refusal> {
    let school = act.school();
    for (day, _, before) in days_of(act.tx(), school, seq)? {
        let before = before
            .as_ref()
            .map(|(kind, reason)| (*kind, reason.as_str()));
        put_day(act, actor, day, before)?;
    }
    Ok(())
}
