//! This morning at the demo school's door, a drill of last term, and who was out of school without leave.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::{Day, Instant, TimeOfDay};
use demo::DemoSchool;
use store::{Act, SchoolId, Store, StoreError, args};
use welfare::absconded::Left;

use super::changes::keeper;
use super::{Ids, People};
use crate::desk::Refusal;
use crate::door::kiosk::{Comes, Kiosk, Matched, Runs, come, start};
use crate::door::records::{LEFT_SITE, LEFT_STEP};
use crate::door::{
    Arrives, MetSaid, Said, SweepSaid, What, Who, Word, arrive, hear, leaves, left_step, sign,
    welcome, write_met, write_sweep,
};
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
    if let Some(enrolment) = is_here(school, 0) {
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
    drill(store, key, &actor, school, ids)?;
    out_of_school(store, key, &actor, school, ids, now)
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

/// Somebody whom one of this morning's registers found present.
fn is_here(school: &DemoSchool, register: usize) -> Option<usize> {
    let registers = school.today.as_ref()?.registers.iter();
    let taken = registers
        .filter_map(|one| one.taken.as_ref())
        .nth(register)?;
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

/// One pupil left by the side gate this morning and is looked for; another left last week, and it is over. A sweep of a fortnight ago met two pupils.
fn out_of_school(
    store: &Store,
    key: SchoolId,
    actor: &Actor,
    school: &DemoSchool,
    ids: &Ids,
    now: Instant,
) -> Result<(), StoreError> {
    let by = actor.clone();
    if let Some(enrolment) = is_here(school, 1) {
        let enrolment = EnrolmentId(ids.enrolments[enrolment]);
        let (_, at) = now.plus_seconds(-10 * 60).in_london();
        let done = store.act_now(key, move |act: &mut Act| {
            let id = leaves(
                act,
                &by,
                enrolment,
                Some(at),
                "Side gate, seen by the site team",
            )?;
            let cameras = "Alone, towards the bus stop, no coat";
            left_step(act, &by, id, Left::Cameras, Some(cameras))
        });
        done.or_else(passing)?;
    }
    let at = |day: Day, hour, minute| {
        let time = TimeOfDay::new(hour, minute, 0).expect("a clock time");
        Instant::at_london(day, time)
    };
    if let (Some(enrolment), Some(day)) = (is_here(school, 2), school_day_before(school, 5)) {
        let (enrolment, by) = (ids.enrolments[enrolment], actor.clone());
        let steps = [
            (
                Left::Cameras,
                11,
                24,
                "Over the field fence with two friends",
            ),
            (Left::Parent, 11, 31, "Father, will look at home"),
            (Left::Back, 11, 52, "Came back by the main gate"),
            (
                Left::Conversation,
                13,
                5,
                "Afraid of a test; moves to the quiet room next time",
            ),
        ];
        let done = store.act_now(key, move |act: &mut Act| {
            let id = act.new_id();
            let place = "Field fence, missed after break";
            let values = args![id, enrolment, day, at(day, 11, 15), place, by.account];
            act.record(&LEFT_SITE, &values)?;
            for (step, hour, minute, note) in steps {
                let (step_id, at) = (act.new_id(), at(day, hour, minute));
                let values = args![step_id, id, enrolment, step.key(), at, note, by.account];
                act.record(&LEFT_STEP, &values)?;
            }
            let subject = format!("time on roll {enrolment}");
            act.describe(by.entry("note that a pupil left the site", subject));
            Ok::<_, StoreError>(())
        });
        done?;
    }
    let Some(day) = school_day_before(school, 12) else {
        return Ok(());
    };
    let (by, absent) = (actor.clone(), away_without_leave(school, day));
    let met: Vec<i64> = absent.iter().map(|place| ids.enrolments[*place]).collect();
    let done = store.act_now(key, move |act: &mut Act| {
        let sweep = SweepSaid {
            day: Some(day),
            area: "Sampleby centre and the retail park".to_owned(),
            premises: "Sampleby library".to_owned(),
            officers: "PC 1042, PCSO 88; Robin Sampleton for the authority".to_owned(),
            authorised_by: "Superintendent, 09:30 to 15:00".to_owned(),
        };
        let id = write_sweep(act, &by, &sweep)?;
        for (number, enrolment) in met.iter().enumerate() {
            let is_first = number == 0;
            let said = MetSaid {
                at: TimeOfDay::new(10, 40, 0),
                place: "Bus station".to_owned(),
                officer: "PC 1042".to_owned(),
                said: match is_first {
                    true => "Late bus, then did not want to come in late".to_owned(),
                    false => "With a brother, no reason given".to_owned(),
                },
                taken_to: "School".to_owned(),
                parent_told: is_first
                    .then(|| "Mother, by the attendance office at 11:05".to_owned()),
            };
            write_met(act, &by, (id, EnrolmentId(*enrolment)), &said)?;
        }
        Ok(())
    });
    done.or_else(passing)
}

/// The last school day at least so many days ago.
fn school_day_before(school: &DemoSchool, days: i32) -> Option<Day> {
    let last = school.request.today.plus_days(-days);
    let mut before = school.slots.iter().rev().map(|slot| slot.day);
    before.find(|day| *day <= last)
}

/// Two pupils, still on roll, whose absence of a day is without leave: places among the enrolments.
fn away_without_leave(school: &DemoSchool, day: Day) -> Vec<usize> {
    let today = school.request.today;
    let is_away = |place: &usize| {
        let mut marks = school.marks[*place].each();
        marks.any(|(slot, mark)| {
            school.slots[slot].day == day && matches!(mark.code(), Some("O" | "G"))
        })
    };
    school.on_roll(today).filter(is_away).take(2).collect()
}
