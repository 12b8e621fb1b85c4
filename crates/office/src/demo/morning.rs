//! What the demo school did about children who were missed: a month of calls, and this morning's so far.

use std::ops::Range;
use std::sync::Arc;

use calendar::{Instant, TimeOfDay};
use demo::DemoSchool;
use store::{Act, Arg, SchoolId, Store, StoreError, args};
use welfare::attempt::{Channel, Outcome};

use super::{Ids, People, SCHOOL, by, holds};
use crate::book::Shelf;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::messages::staff::{Chase, Kind as Mail, Post};
use crate::morning::records::ABSENCE_ENTRY;
use crate::morning::{Kind, Said, claim, record, remind, rings};
use crate::people::{Actor, Limits, Role};

/// The log of contacts goes back so many school days.
pub(super) const LOGGED: usize = 20;

/// A call of the past.
struct Called {
    enrolment: usize,
    at: Instant,
    day: calendar::Day,
    outcome: Outcome,
    said: Option<&'static str>,
    code: Option<&'static str>,
}

/// What parents of the demo school say on the telephone.
const SAID: [&str; 5] = [
    "Bad cold, back tomorrow",
    "Was sick in the night, at home with me",
    "Overslept, will bring them in",
    "Hospital appointment, forgot to say",
    "At home, says a stomach ache",
];

/// The calls about everybody who had no reason on these school days, brought in by one act.
pub(super) fn put_calls(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    days: Range<usize>,
) -> Result<(), StoreError> {
    let calls: Vec<Called> = days.flat_map(|day| calls_of(school, day)).collect();
    if calls.is_empty() {
        return Ok(());
    }
    let caller = caller(school, people);
    let (people, ids) = (Arc::clone(people), Arc::clone(ids));
    store.act_now(key, move |act: &mut Act| {
        for call in &calls {
            let enrolment = ids.enrolments[call.enrolment];
            let contact = first_contact(act, enrolment)?;
            let entry = act.new_id();
            act.record(
                &ABSENCE_ENTRY,
                &args![
                    entry,
                    enrolment,
                    call.day,
                    Kind::Attempt.key(),
                    call.at,
                    people.accounts[caller],
                    false,
                    Channel::Call.key(),
                    contact,
                    Arg::Null,
                    Arg::Null,
                    call.outcome.key(),
                    call.said,
                    Arg::Null,
                    false,
                    false,
                    call.code
                ],
            )?;
        }
        let subject = format!("{} calls", calls.len());
        act.describe(by(&people, caller, "log contact attempts", subject));
        Ok(())
    })
}

/// Whoever rings at the demo school: the attendance office, or whoever keeps its registers.
pub(super) fn caller(school: &DemoSchool, people: &People) -> usize {
    let office = school
        .staff
        .iter()
        .position(|member| holds(member, "attendance_administrator"));
    office.unwrap_or(people.keeper)
}

pub(super) const PUPIL: &str = "select pupil_id from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PUPIL];

pub(super) fn first_contact(act: &mut Act, enrolment: i64) -> Result<Option<i64>, StoreError> {
    let school = act.school();
    let pupil = act
        .tx()
        .query_opt(PUPIL, &args![school, enrolment], |row| {
            row.get::<PupilId>(0)
        })?;
    match pupil {
        Some(pupil) => Ok(rings(act.tx(), school, pupil)?.first().copied()),
        None => Ok(None),
    }
}

/// The calls of one school day, one after another from twenty past nine.
fn calls_of(school: &DemoSchool, day: usize) -> Vec<Called> {
    let slot = day * 2;
    let Some(place) = school.slots.get(slot).copied() else {
        return Vec::new();
    };
    let begins = Instant::at_london(place.day, TimeOfDay::new(9, 20, 0).expect("a clock time"));
    let mut calls = Vec::new();
    for (enrolment, marks) in school.marks.iter().enumerate() {
        let Some(mark) = slot
            .checked_sub(marks.first_slot)
            .and_then(|index| marks.marks.get(index))
        else {
            continue;
        };
        let was = marks
            .detail(slot)
            .and_then(|detail| detail.amendment.as_ref())
            .map_or(*mark, |change| change.was);
        if was.code() != Some("N") {
            continue;
        }
        let turn = enrolment + day;
        let mut call = |outcome, said, code| {
            let at = begins.plus_seconds(150 * calls.len() as i64);
            calls.push(Called {
                enrolment,
                at,
                day: place.day,
                outcome,
                said,
                code,
            });
        };
        if turn.is_multiple_of(3) || mark.code() == Some("N") {
            call(
                [Outcome::LeftMessage, Outcome::NoAnswer][turn % 2],
                None,
                None,
            );
        }
        match mark.code() {
            Some("N") => call(Outcome::NoAnswer, None, None),
            code => call(Outcome::Reached, Some(SAID[turn % SAID.len()]), code),
        }
    }
    calls
}

/// This morning until now: some were rung already, a colleague has one home in hand, and a register was asked for.
pub(super) fn put_morning(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    missed: &[usize],
) -> Result<(), StoreError> {
    let Some(today) = &school.today else {
        return Ok(());
    };
    let caller = caller(school, people);
    let rung = missed
        .iter()
        .enumerate()
        .filter(|(place, _)| place % 3 == 0);
    for (place, enrolment) in rung {
        let outcome = [
            Outcome::LeftMessage,
            Outcome::NoAnswer,
            Outcome::NotSatisfied,
        ][(place / 3) % 3];
        let said = Said {
            channel: Some(Channel::Call),
            outcome: Some(outcome),
            said: (outcome == Outcome::NotSatisfied)
                .then(|| "Says he left for school at eight".to_owned()),
            ..Said::of(Kind::Attempt)
        };
        let actor = actor(people, school, key, caller, Role::AttendanceAdministrator);
        let enrolment = EnrolmentId(ids.enrolments[*enrolment]);
        set_clock(
            today
                .now
                .plus_seconds(-150 + 20 * (place as i64 / 3).min(5)),
        );
        played(store.act_now(key, move |act| {
            let contact = first_contact(act, enrolment.0)?;
            record(
                act,
                &actor,
                enrolment,
                &Said {
                    contact,
                    ..said.clone()
                },
            )
            .map(drop)
        }))?;
    }
    set_clock(today.now.plus_seconds(-40));
    if let Some(enrolment) = missed.get(1) {
        let actor = actor(people, school, key, caller, Role::AttendanceAdministrator);
        let enrolment = EnrolmentId(ids.enrolments[*enrolment]);
        played(store.act_now(key, move |act| claim(act, &actor, enrolment).map(drop)))?;
    }
    let waits = today
        .registers
        .iter()
        .find(|register| register.taken.is_none());
    if let Some(register) = waits {
        let actor = actor(people, school, key, people.keeper, Role::AttendanceManager);
        let group = crate::ids::GroupId(ids.groups[register.tutor_group]);
        // The e-mail about it is written at the first school alone: its addresses are read from a whole book.
        let now = today.now;
        let chase = match key {
            SCHOOL => store
                .read_now(move |tx| {
                    let book = Shelf::default().book(tx, key)?;
                    let post = Post::open(tx, key, now.in_london().0, Mail::Registers)?;
                    Chase::of(&book, tx, post, now)
                })
                .ok(),
            _ => None,
        };
        played(store.act_now(key, move |act| {
            let asked = remind(act, &actor, Some(group))?;
            if let Some(chase) = &chase {
                chase.write(act, &actor, &asked)?;
            }
            Ok(())
        }))?;
    }
    Ok(())
}

/// What the rules refuse is left out: the demo school did not do it.
fn played(done: Result<(), Refusal>) -> Result<(), StoreError> {
    match done {
        Err(Refusal::Store(error)) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(super) fn actor(
    people: &People,
    school: &DemoSchool,
    key: SchoolId,
    staff: usize,
    role: Role,
) -> Actor {
    let member = &school.staff[staff];
    Actor {
        account: people.accounts[staff],
        school: key,
        name: format!("{} {} {}", member.title, member.forename, member.surname),
        job_title: people.job_titles[staff].clone(),
        staff: None,
        roles: vec![role],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}

/// Those who have `N` in the registers of this morning that are in.
pub(super) fn missed_today(today: &demo::Today) -> Vec<usize> {
    let taken = today
        .registers
        .iter()
        .filter_map(|register| register.taken.as_ref());
    taken
        .flat_map(|taken| &taken.marks)
        .filter(|mark| mark.mark.code() == Some("N"))
        .map(|mark| mark.enrolment)
        .collect()
}
