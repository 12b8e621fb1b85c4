//! This morning at the demo school's door, and a drill of last term.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::{Day, Instant, TimeOfDay};
use demo::DemoSchool;
use store::{Act, SchoolId, Store, StoreError};

use super::changes::keeper;
use super::{Ids, People};
use crate::desk::Refusal;
use crate::door::kiosk::{Comes, Kiosk, Matched, Runs, come, start};
use crate::door::{Arrives, Said, What, Who, Word, arrive, hear, sign, welcome};
use crate::ids::EnrolmentId;
use crate::people::{Actor, SignInToken, new_token};
use register::site::Way;

/// Why the late pupils of this morning say that they are late.
const REASONS: [Option<&str>; 5] = [
    Some("Bus or train late"),
    Some("Overslept"),
    None,
    Some("Traffic"),
    Some("Brought a brother or sister to school"),
];

/// So many pupils signed themselves in.
const AT_THE_KIOSK: usize = 2;

/// The last seconds of the drill: when the last pupil was found.
const DRILL_SECONDS: i64 = 6 * 60 + 40;

/// Signs late pupils and visitors in and a pupil out, as this morning, and holds last term's drill.
pub(super) fn put_in(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    now: Instant,
) -> Result<(), StoreError> {
    let member = &school.staff[people.keeper];
    let name = format!("{} {} {}", member.title, member.forename, member.surname);
    let actor = keeper(people, key, name);
    let late = came_late(school, now).into_iter();
    for (number, (enrolment, at)) in late.take(REASONS.len()).enumerate() {
        let what = Arrives {
            key: format!("demo-{number}"),
            enrolment: ids.enrolments[enrolment],
            made: Some(at),
            sent: Some(now),
            reason: REASONS[number % REASONS.len()].map(str::to_owned),
            ..Arrives::default()
        };
        let by = actor.clone();
        let done = store.act_now(key, move |act: &mut Act| arrive(act, &by, &what).map(drop));
        done.or_else(passing)?;
    }
    if let Some(enrolment) = is_here(school) {
        let (by, who) = (
            actor.clone(),
            Who::Pupil(EnrolmentId(ids.enrolments[enrolment])),
        );
        let said = Said {
            came_with: Some("Mother".to_owned()),
            reason: Some("Medical or dental appointment".to_owned()),
            expected_back: TimeOfDay::new(10, 45, 0),
        };
        let done = store.act_now(key, move |act: &mut Act| {
            sign(act, &by, who, Way::Out, &said).map(drop)
        });
        done.or_else(passing)?;
    }
    for visit in [
        [
            "Robin Sampleton",
            "Sampleshire Council",
            "Attendance office",
            "4",
        ],
        ["Alex Exampleby", "Exampleby Lifts", "Site manager", "7"],
    ] {
        let by = actor.clone();
        let done = store.act_now(key, move |act: &mut Act| welcome(act, &by, visit).map(drop));
        done.or_else(passing)?;
    }
    kiosk(store, key, &actor, school, ids, now)?;
    drill(store, key, &actor, school, ids)
}

/// A kiosk at the main entrance since this morning: two pupils signed themselves in, and a card was scanned without a network that is nobody's.
fn kiosk(
    store: &Store,
    key: SchoolId,
    actor: &Actor,
    school: &DemoSchool,
    ids: &Arc<Ids>,
    now: Instant,
) -> Result<(), StoreError> {
    let by = actor.clone();
    let token = SignInToken::of(&new_token());
    let begun = store.act_now(key, move |act: &mut Act| {
        let id = start(act, &by, "Main entrance", Runs::Today, &token)?;
        let place = "Main entrance".to_owned();
        Ok::<_, Refusal>(Kiosk {
            id,
            place,
            began_at: act.at(),
            ends_at: None,
            started_by: by.account,
            ended_at: None,
        })
    });
    let kiosk = match begun {
        Ok(kiosk) => kiosk,
        Err(refusal) => return passing(refusal),
    };
    let last = now.plus_seconds(-125);
    let late = came_late(school, last).into_iter().skip(REASONS.len());
    let mut all: Vec<(Matched, Instant)> = late
        .map(|(enrolment, at)| {
            let who = EnrolmentId(ids.enrolments[enrolment]);
            (Matched::One(who, String::new()), at.plus_seconds(45))
        })
        .collect();
    all.push((Matched::Nobody("card 0417".to_owned()), last));
    for (number, (who, at)) in all.into_iter().enumerate() {
        let what = Comes {
            key: format!("demo-kiosk-{number}"),
            who,
            made: Some(at),
            sent: Some(now),
            reason: REASONS[number].map(str::to_owned),
            undo: false,
        };
        let (by, kiosk) = (actor.clone(), kiosk.clone());
        let done = store.act_now(key, move |act: &mut Act| {
            come(act, &by, &kiosk, &what).map(drop)
        });
        done.or_else(passing)?;
    }
    Ok(())
}

/// A school where this cannot be done has no such entry; a database that does not answer stops the whole.
fn passing(refusal: Refusal) -> Result<(), StoreError> {
    match refusal {
        Refusal::Store(error) => Err(error),
        _ => Ok(()),
    }
}

/// Pupils whom this morning's registers found missing and who came a few minutes later: places among the enrolments, and when.
fn came_late(school: &DemoSchool, now: Instant) -> Vec<(usize, Instant)> {
    let Some(today) = &school.today else {
        return Vec::new();
    };
    let taken = today.registers.iter().filter_map(|one| one.taken.as_ref());
    let missing = taken.filter_map(|register| {
        let mark = register
            .marks
            .iter()
            .find(|mark| mark.mark.code() == Some("N"))?;
        Some((mark.enrolment, register.at.plus_seconds(70)))
    });
    let last = now.plus_seconds(-65);
    missing
        .filter(|(_, at)| *at < last)
        .take(REASONS.len() + AT_THE_KIOSK)
        .collect()
}

/// Somebody whom this morning's registers found present.
fn is_here(school: &DemoSchool) -> Option<usize> {
    let registers = school.today.as_ref()?.registers.iter();
    let taken = registers.filter_map(|one| one.taken.as_ref()).next()?;
    let mut marks = taken.marks.iter().rev();
    let here = marks.find(|mark| mark.mark.code() == Some("/"))?;
    Some(here.enrolment)
}

/// Last term's drill: everybody on roll that day is found within seven minutes.
fn drill(
    store: &Store,
    key: SchoolId,
    actor: &Actor,
    school: &DemoSchool,
    ids: &Ids,
) -> Result<(), StoreError> {
    let Some(day) = drill_day(school) else {
        return Ok(());
    };
    let eleven = TimeOfDay::new(11, 5, 0).expect("a clock time");
    let began_at = Instant::at_london(day, eleven);
    let on_roll: Vec<i64> = school
        .enrolments
        .iter()
        .zip(&ids.enrolments)
        .filter(|(one, _)| one.start <= day && one.end.is_none_or(|end| day <= end))
        .map(|(_, id)| *id)
        .collect();
    let word = |number: i64, at, what| Word {
        key: format!("demo-drill-{number}"),
        call: "demo-drill".to_owned(),
        is_drill: true,
        began_at,
        at,
        what,
    };
    let count = on_roll.len().max(1) as i64;
    let mut words = vec![word(-1, began_at, What::Begin)];
    words.extend(on_roll.iter().enumerate().map(|(number, id)| {
        let number = number as i64;
        let at = began_at.plus_seconds(60 + number * (DRILL_SECONDS - 60) / count);
        word(number, at, What::Tick(Who::Pupil(EnrolmentId(*id)), true))
    }));
    let all: BTreeSet<Who> = on_roll
        .iter()
        .map(|id| Who::Pupil(EnrolmentId(*id)))
        .collect();
    let note = "Side gate was locked; site team told".to_owned();
    let over = began_at.plus_seconds(DRILL_SECONDS + 45);
    words.push(word(-2, over, What::End(all, Some(note))));
    let by = actor.clone();
    let done = store.act_now(key, move |act: &mut Act| hear(act, &by, &words).map(drop));
    done.or_else(passing)
}

/// A school day in the half-term before.
fn drill_day(school: &DemoSchool) -> Option<Day> {
    let today = school.request.today;
    let mut before = school.slots.iter().rev().map(|slot| slot.day);
    before.find(|day| day.plus_days(42) <= today)
}
