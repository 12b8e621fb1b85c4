//! What the demo school has kept for its six years: a pupil whose record was destroyed in time, one who is due, one who is held.

use std::sync::Arc;

use calendar::{Day, Instant, Session, Weekday};
use register::preservation::erasable_through;
use store::{Act, SchoolId, Store, StoreError, args};

use super::{NEW_PERSON, People, at, by_system, holds};
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::people::{Actor, Limits, Role};
use crate::preservation::{NewHold, approve, ask, carry_out, place_hold};
use crate::registers::records::MARK_VERSION;
use crate::roll::records::{ENROLMENT, PUPIL};

/// Somebody who was at the school long ago: legal name, day of birth, admission number.
struct Former {
    surname: &'static str,
    forename: &'static str,
    born: (i16, i8, i8),
    number: &'static str,
}

const DESTROYED: Former = Former {
    surname: "Bygone",
    forename: "Robin",
    born: (2002, 3, 14),
    number: "004112",
};
const DUE: Former = Former {
    surname: "Formerly",
    forename: "Rowan",
    born: (2004, 10, 2),
    number: "005230",
};
const HELD: Former = Former {
    surname: "Samplewright",
    forename: "Alex",
    born: (2005, 1, 27),
    number: "005418",
};

/// School days of each former pupil that have marks.
const DAYS: usize = 15;

/// Brings in the three and has the first destroyed, before the rest of the school's record begins. Answers who is to be held.
pub(super) fn long_ago(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    school: &demo::DemoSchool,
    people: &Arc<People>,
) -> Result<PupilId, StoreError> {
    let review = school.years[0].half_terms[0].first_day.plus_days(-40);
    let before_review = erasable_through(review).plus_days(-120);
    was_here(store, key, set_clock, people, &DESTROYED, before_review)?;
    let since = erasable_through(school.request.today).plus_days(-90);
    was_here(store, key, set_clock, people, &DUE, since)?;
    let held = was_here(store, key, set_clock, people, &HELD, since.plus_days(30))?;
    destroy(store, key, set_clock, school, people, review)?;
    Ok(held)
}

/// Holds the pupil from this morning on.
pub(super) fn today(
    store: &Store,
    key: SchoolId,
    school: &demo::DemoSchool,
    people: &People,
    pupil: PupilId,
) -> Result<(), StoreError> {
    let Some(by) = decider(school, people, key, "dsl", Role::Dsl) else {
        return Ok(());
    };
    let hold = NewHold {
        pupil,
        reason: "claim notified to the school".to_owned(),
        owner: "Headteacher".to_owned(),
        review_on: school.request.today.plus_days(300),
    };
    let placed = store.act_now(key, move |act: &mut Act| place_hold(act, &by, &hold));
    placed.map(drop).or_else(passing)
}

/// A pupil joins on a day, has marks for three weeks, and leaves.
fn was_here(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    people: &Arc<People>,
    who: &'static Former,
    joined: Day,
) -> Result<PupilId, StoreError> {
    let days: Vec<Day> = joined
        .through(joined.plus_days(60))
        .filter(|day| !day.weekday().is_weekend())
        .take(DAYS)
        .collect();
    let last = days.last().copied().unwrap_or(joined);
    set_clock(at(joined, 9));
    let (pupil, enrolment) = enters(store, key, people, who, joined)?;
    for week in days.chunk_by(|_, next| next.weekday() != Weekday::Monday) {
        let (week, staff) = (week.to_vec(), Arc::clone(people));
        set_clock(at(week.last().copied().unwrap_or(joined), 15));
        store.act_now(key, move |act: &mut Act| {
            let rows = week.iter().flat_map(|day| {
                let ill = day.weekday() == Weekday::Thursday;
                [Session::Am, Session::Pm].map(|session| {
                    let code = match (ill, session) {
                        (true, _) => "I",
                        (false, Session::Am) => "/",
                        (false, Session::Pm) => "\\",
                    };
                    let none = None::<&str>;
                    let never = None::<Instant>;
                    args![
                        enrolment,
                        *day,
                        session.index() as i64,
                        code,
                        None::<i64>,
                        never,
                        none,
                        none,
                        "import",
                        never,
                        none
                    ]
                })
            });
            act.record_many(&MARK_VERSION, rows.collect::<Vec<_>>())?;
            let subject = format!("enrolment {enrolment}");
            act.describe(by_system(&staff, "bring in marks", subject));
            Ok::<_, StoreError>(())
        })?;
    }
    set_clock(at(last.plus_days(1), 10));
    let staff = Arc::clone(people);
    store.act_now(key, move |act: &mut Act| {
        let none = None::<&str>;
        act.replace(
            &ENROLMENT,
            &args![
                enrolment, pupil, "C", joined, none, last, "A", none, none, none
            ],
        )?;
        let subject = format!("pupil {pupil}");
        act.describe(by_system(&staff, "record leaving", subject));
        Ok::<_, StoreError>(())
    })?;
    Ok(pupil)
}

/// Enters a pupil; answers the pupil and the time on roll.
fn enters(
    store: &Store,
    key: SchoolId,
    people: &Arc<People>,
    who: &'static Former,
    joined: Day,
) -> Result<(PupilId, i64), StoreError> {
    let staff = Arc::clone(people);
    let person = store.act_now(SchoolId(0), move |act: &mut Act| {
        let id = act.new_id();
        act.tx().execute(NEW_PERSON, &args![id, None::<&str>])?;
        act.describe(by_system(&staff, "add a person", format!("person {id}")));
        Ok::<_, StoreError>(id)
    })?;
    let staff = Arc::clone(people);
    let (year, month, day) = who.born;
    let born = Day::new(year, month, day).expect("a former pupil was born on a day");
    store.act_now(key, move |act: &mut Act| {
        let (pupil, enrolment) = (act.new_id(), act.new_id());
        let none = None::<&str>;
        act.record(
            &PUPIL,
            &args![
                pupil,
                person,
                none,
                none,
                none,
                who.number,
                who.surname,
                who.forename,
                "",
                who.surname,
                who.forename,
                none,
                born
            ],
        )?;
        act.record(
            &ENROLMENT,
            &args![
                enrolment,
                pupil,
                "C",
                joined,
                none,
                None::<Day>,
                none,
                none,
                none,
                none
            ],
        )?;
        act.describe(by_system(&staff, "admit pupil", format!("pupil {pupil}")));
        Ok((PupilId(pupil), enrolment))
    })
}

/// The yearly review: the data protection lead asks, the designated safeguarding lead approves on the next day, and it is carried out.
fn destroy(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    school: &demo::DemoSchool,
    people: &People,
    review: Day,
) -> Result<(), StoreError> {
    let decider = |role, kind| decider(school, people, key, role, kind);
    let (Some(asks), Some(approves)) = (
        decider("data_protection_lead", Role::DataProtectionLead),
        decider("dsl", Role::Dsl),
    ) else {
        return Ok(());
    };
    set_clock(at(review, 11));
    // The school's record begins after this day, so only people bear the clock out.
    let asked = store.act_now(key, move |act: &mut Act| {
        ask(act, &asks, "yearly review of both registers", Some(review))
    });
    let id = match asked {
        Ok(id) => id,
        Err(refusal) => return passing(refusal),
    };
    let next = review.next();
    set_clock(at(next, 10));
    let approved = store.act_now(key, move |act: &mut Act| {
        approve(act, &approves, id, Some(next))
    });
    approved
        .and_then(|()| carry_out(store, key, id, &mut || true))
        .or_else(passing)
}

fn decider(
    school: &demo::DemoSchool,
    people: &People,
    key: SchoolId,
    role: &str,
    kind: Role,
) -> Option<Actor> {
    let place = school.staff.iter().position(|one| holds(one, role))?;
    let member = &school.staff[place];
    Some(Actor {
        account: people.accounts[place],
        school: key,
        name: format!("{} {} {}", member.title, member.forename, member.surname),
        job_title: member.job_title.clone(),
        staff: None,
        roles: vec![kind],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    })
}

/// A demo school whose rules allow none of this has none of it.
fn passing(refusal: Refusal) -> Result<(), StoreError> {
    match refusal {
        Refusal::Store(error) => Err(error),
        _ => Ok(()),
    }
}
