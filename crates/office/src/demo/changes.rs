//! What the demo school changed many at once: a visit entered for a class that did not go, and its undo.

use std::sync::Arc;

use calendar::{Day, SchoolCalendar};
use demo::DemoSchool;
use register::plan::PlannedSessions;
use store::{Act, SchoolId, Store, StoreError};

use super::{Ids, People};
use crate::desk::Refusal;
use crate::ids::GroupId;
use crate::people::{Actor, Limits, Role};
use crate::registers::bulk::{
    Choice, Done, EntryCode, OverPlans, Which, Whom, change, foresee, undo,
};

/// Whoever keeps the registers, as the acts know them.
pub(super) fn keeper(people: &People, school: SchoolId, name: String) -> Actor {
    Actor {
        account: people.accounts[people.keeper],
        school,
        name,
        job_title: people.job_titles[people.keeper].clone(),
        staff: None,
        roles: vec![Role::AttendanceManager],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}

/// Enters the visit for the first tutor group on a school day of the next week, and undoes it.
pub(super) fn put_changes(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
) -> Result<(), StoreError> {
    let (Some(day), Some(group)) = (coming_day(school), ids.groups.first()) else {
        return Ok(());
    };
    let member = &school.staff[people.keeper];
    let name = format!("{} {} {}", member.title, member.forename, member.surname);
    let (actor, group) = (keeper(people, key, name), GroupId(*group));
    let choice = Choice {
        whom: Whom::Groups([group].into()),
        first: day,
        last: day,
        sessions: PlannedSessions::all(),
        which: Which::Blank,
        over_plans: OverPlans::No,
        code: EntryCode::One("V".parse().expect("V is a code")),
        sub_code: None,
        note: Some("Visit to the Sampleby museum".to_owned()),
        reason: "Visit agreed with the parents".to_owned(),
    };
    let group_name = school
        .groups
        .first()
        .map_or("", |group| group.name.as_str());
    let whom = format!("Tutor group {group_name}");
    let by = actor.clone();
    let made = store.act_now(key, move |act: &mut Act| {
        let now = act.at();
        let seal = foresee(act.tx(), &by, &choice, &[], now)?.seal();
        change(act, &by, &choice, &whom, &seal)
    });
    let Done::Made(set) = made.or_else(passing)? else {
        return Ok(());
    };
    let undone = store.act_now(key, move |act: &mut Act| {
        undo(act, &actor, set, false, "Entered for the wrong class").map(|_| Done::Nothing)
    });
    undone.or_else(passing).map(|_| ())
}

/// A school where this cannot be done has no such change; a database that does not answer stops the whole.
fn passing(refusal: Refusal) -> Result<Done, StoreError> {
    match refusal {
        Refusal::Store(error) => Err(error),
        _ => Ok(Done::Nothing),
    }
}

fn coming_day(school: &DemoSchool) -> Option<Day> {
    let calendar = SchoolCalendar::new(school.calendar_rows()).ok()?;
    let today = school.request.today;
    let days = calendar.school_days_between(today.next(), today.plus_days(30));
    days.get(5).copied()
}
