//! What a plan would do to each pupil: the facts from rows, judged by the rule. Preview and act look through the same eyes.

use std::collections::BTreeSet;

use calendar::{Cycle, CycleWeek, Day, SchoolCalendar, Session, Slot};
use register::Code;
use register::plan::{
    Fortnight, MayPlan, Plan, PlanRefusal, PlannedPupil, PlannedSessions, may_plan,
};
use store::{SchoolId, StoreError, Tx, args};

use crate::book::{PlanOnFile, plan_on_file};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PlanId, PupilId};
use crate::year::settings::{cycle, settings};
use crate::year::{CalendarError, calendar, calendar_between};

/// The time on roll of a pupil that overlaps these days, with what the rules ask.
pub(super) const WHO: &str = "\
select e.enrolment_id, e.kind, e.starting_day, e.leaving_day, p.birth_day, p.surname, p.forename
from pupil p cross join enrolment e
where p.school_id = $1 and p.pupil_id = $2 and p.superseded_seq is null
  and e.school_id = p.school_id and e.pupil_id = p.pupil_id and e.superseded_seq is null
  and e.starting_day <= $4 and (e.leaving_day is null or e.leaving_day >= $3)
order by e.starting_day";

/// The plans of a time on roll that overlap these days, as they were made.
pub(super) const OTHERS: &str = "\
select plan_id, set_id, enrolment_id, seq, kind, code, first_day, last_day, sessions, reason, place, supervisor, evidence,
       decided_on, decided_by, agreed_on, agreed_with, review_on
from plan where school_id = $1 and enrolment_id = $2 and superseded_seq is null and first_day <= $4 and last_day >= $3
order by plan_id";

/// The marks that stand for a time on roll on these days.
pub(super) const MARKED: &str = "\
select on_date, session, code from mark
where school_id = $1 and enrolment_id = $2 and on_date >= $3 and on_date <= $4 and code is not null
order by on_date, session";

/// What a plan would do to one pupil.
pub(super) struct Outlook {
    pub name: String,
    pub enrolment: EnrolmentId,
    /// Which sessions it takes in, or why it may not be made.
    pub judged: Result<MayPlan, Vec<PlanRefusal>>,
    /// Of those, the sessions that have a mark already, which stays.
    pub marked: Vec<(Slot, Code)>,
}

/// The calendar of the plan's days and today.
pub(super) fn calendar_of(
    tx: &mut Tx,
    school: SchoolId,
    plan: &Plan,
    today: Day,
) -> Result<SchoolCalendar, Refusal> {
    let (first, last) = (plan.first.min(today), plan.last.max(today));
    calendar_between(tx, school, first, last.max(first)).map_err(unreadable)
}

fn unreadable(error: CalendarError) -> Refusal {
    match error {
        CalendarError::Store(error) => Refusal::Store(error),
        other => Refusal::Wrong(other.to_string()),
    }
}

/// Whether the timetable goes round in two weeks on this day, so that a plan can take in sessions of week A or B.
///
/// Errors: the setting cannot be read; the database did not answer.
pub(super) fn has_two_weeks(tx: &mut Tx, school: SchoolId, day: Day) -> Result<bool, Refusal> {
    let settings = settings(tx, school)?;
    Ok(cycle(&settings, day)? != Cycle::Weekly)
}

/// The plan with the weeks A of its days, where it takes in sessions of two weeks in turn.
///
/// Errors: [`Refusal::Wrong`] where the timetable of its days goes round in one week.
pub(super) fn with_weeks(tx: &mut Tx, school: SchoolId, plan: Plan) -> Result<Plan, Refusal> {
    let PlannedSessions::Fortnightly(fortnight) = &plan.sessions else {
        return Ok(plan);
    };
    let settings = settings(tx, school)?;
    // Which week of the cycle it is depends on every week since the first.
    let whole = calendar(tx, school).map_err(unreadable)?;
    let mut weeks_a = BTreeSet::new();
    let mut monday = plan.first.monday();
    while monday <= plan.last {
        let cycle = cycle(&settings, monday.max(plan.first))?;
        if cycle == Cycle::Weekly {
            let ground = "The timetable goes round in one week on those days, so there is no week A or B (Settings, Timetable weeks). Choose sessions of every week.";
            return Err(Refusal::Wrong(ground.to_owned()));
        }
        if cycle.week_of(&whole, monday) == Some(CycleWeek::A) {
            weeks_a.insert(monday);
        }
        monday = monday.plus_days(7);
    }
    let fortnight = Fortnight {
        weeks_a,
        sessions: fortnight.sessions.clone(),
    };
    Ok(Plan {
        sessions: PlannedSessions::Fortnightly(fortnight),
        ..plan
    })
}

/// What the plan would do to this pupil, apart from the plan `except` that it takes the place of.
///
/// Errors: [`Refusal::NotFound`] for a pupil who is not there.
pub(super) fn outlook(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    plan: &Plan,
    except: Option<PlanId>,
    today: Day,
    calendar: &SchoolCalendar,
) -> Result<Outlook, Refusal> {
    let span = (plan.first.min(plan.last), plan.first.max(plan.last));
    let found = tx.query(WHO, &args![school, pupil, span.0, span.1], |row| {
        let kind: String = row.get(1)?;
        let facts = PlannedPupil {
            starting_day: row.get(2)?,
            last_day: row.get(3)?,
            date_of_birth: row.get(4)?,
            registered_elsewhere: kind != "C",
        };
        let (surname, forename): (String, String) = (row.get(5)?, row.get(6)?);
        let name = format!("{surname}, {forename}");
        Ok((EnrolmentId(row.get(0)?), facts, name))
    })?;
    let Some((enrolment, facts, name)) = found.into_iter().next() else {
        return Ok(Outlook {
            name: String::new(),
            enrolment: EnrolmentId(0),
            judged: Err(vec![PlanRefusal::NoSession]),
            marked: Vec::new(),
        });
    };
    let others = others(tx, school, enrolment, span)?;
    let others = others.iter().filter(|other| Some(other.id) != except);
    let judged = may_plan(
        plan,
        facts,
        today,
        calendar,
        others.map(|other| &other.plan),
    );
    let slots = judged.as_ref().map_or(&[][..], |may| &may.slots);
    let mut marked = marks_between(tx, school, enrolment, span)?;
    marked.retain(|(slot, _)| slots.binary_search(slot).is_ok());
    Ok(Outlook {
        name,
        enrolment,
        judged,
        marked,
    })
}

/// The plans of a time on roll that overlap these days, as they were made.
pub(super) fn others(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    (first, last): (Day, Day),
) -> Result<Vec<PlanOnFile>, StoreError> {
    let found = tx.query(OTHERS, &args![school, enrolment, first, last], plan_on_file)?;
    Ok(found.into_iter().flatten().collect())
}

/// The marks that stand on these days, in order.
pub(super) fn marks_between(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    (first, last): (Day, Day),
) -> Result<Vec<(Slot, Code)>, StoreError> {
    let found = tx.query(MARKED, &args![school, enrolment, first, last], |row| {
        let (day, session): (Day, i64) = (row.get(0)?, row.get(1)?);
        let code = row.get::<&str>(2)?.parse().ok();
        let slot = Session::from_index(session).map(|session| Slot::new(day, session));
        Ok(slot.zip(code))
    })?;
    Ok(found.into_iter().flatten().collect())
}
