//! Three concerns at the demo school: one that nobody has taken, one that holds a child on this morning's list, and one that was decided; and the
//! professionals allocated to its pupils.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendar::{Day, Instant};
use demo::{Characteristic, DemoSchool};
use store::{Act, SchoolId, Store, StoreError, args};
use welfare::concern::{Decision, Level};

use super::morning::missed_today;
use super::{Ids, People, by, holds};
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId};
use crate::people::Keyring;
use crate::roll::records::PROFESSIONAL;
use crate::safeguarding::{Decided, Origin, RESTRICTED, Words, write_concern, write_decision};

/// A concern of the demo school.
struct Told {
    enrolment: EnrolmentId,
    words: Words,
    by: AccountId,
    at: Instant,
    decided: Option<Decided>,
}

/// Puts them in.
pub(super) fn put_in(
    store: &Store,
    keyring: &Keyring,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    now: Instant,
) -> Result<(), StoreError> {
    let Some(lead) = staff_with(school, "dsl") else {
        return Ok(());
    };
    let told = told(school, people, ids, now);
    let (today, _) = now.in_london();
    let told_by = Arc::clone(people);
    let (people, keyring) = (Arc::clone(people), keyring.clone());
    let done = store.act_now(key, move |act: &mut Act| {
        for one in &told {
            let by = (one.by, one.at);
            let id = write_concern(act, &keyring, one.enrolment, &one.words, by)?;
            if let Some(decided) = &one.decided {
                let at = one.at.plus_seconds(40 * 60);
                write_decision(act, &keyring, id, decided, (people.accounts[lead], at))?;
            }
        }
        act.describe(by(&people, lead, RESTRICTED, RESTRICTED.to_owned()));
        Ok::<_, Refusal>(())
    });
    if let Err(Refusal::Store(error)) = done {
        return Err(error);
    }
    allocate(store, key, school, &told_by, ids, (lead, today))
}

pub(super) const PUPIL_OF: &str = "\
select pupil_id from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

/// The social workers of the invented authority: name and number.
const SOCIAL_WORKERS: [(&str, &str); 3] = [
    ("Ms Q Sample", "01632 960411"),
    ("Mr R Sample", "01632 960412"),
    ("Mrs T Sample", "01632 960413"),
];

/// Allocates a social worker to each pupil who is looked after, in need or on a plan.
fn allocate(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Ids,
    (lead, today): (usize, Day),
) -> Result<(), StoreError> {
    let known = school.characteristics.iter().filter(|one| {
        let kinds = [
            Characteristic::LookedAfter,
            Characteristic::ChildProtection,
            Characteristic::ChildInNeed,
        ];
        kinds.contains(&one.kind) && one.covers(today)
    });
    let allocated: BTreeMap<i64, Day> = known
        .filter_map(|one| {
            let mut times = school.enrolments.iter();
            let place = times.position(|time| time.pupil == one.pupil)?;
            Some((ids.enrolments[place], one.from))
        })
        .collect();
    let people = Arc::clone(people);
    store.act_now(key, move |act: &mut Act| {
        let workers = SOCIAL_WORKERS.iter().cycle();
        for ((enrolment, from), (name, phone)) in allocated.iter().zip(workers) {
            let time = args![key, *enrolment];
            let pupil: i64 = act.tx().query_one(PUPIL_OF, &time, |row| row.get(0))?;
            let id = act.new_id();
            act.record(
                &PROFESSIONAL,
                &args![
                    id,
                    pupil,
                    "social_worker",
                    *name,
                    "Sampleshire children's social care",
                    *phone,
                    None::<&str>,
                    *from,
                    None::<Day>
                ],
            )?;
        }
        let subject = "professionals".to_owned();
        act.describe(by(&people, lead, "bring in professionals", subject));
        Ok::<_, StoreError>(())
    })
}

fn staff_with(school: &DemoSchool, role: &str) -> Option<usize> {
    school.staff.iter().position(|member| holds(member, role))
}

fn told(school: &DemoSchool, people: &People, ids: &Ids, now: Instant) -> Vec<Told> {
    let (today, _) = now.in_london();
    let account = |role: &str| {
        let staff = staff_with(school, role).unwrap_or(people.keeper);
        people.accounts[staff]
    };
    let here = school
        .enrolments
        .iter()
        .enumerate()
        .filter(|(_, one)| one.start <= today && one.end.is_none_or(|end| today <= end));
    let mut somebody = here
        .map(|(place, _)| EnrolmentId(ids.enrolments[place]))
        .skip(17)
        .step_by(23);
    let mut told = Vec::new();
    if let Some(enrolment) = somebody.next() {
        let facts = "Has had no lunch and no lunch money since Monday, and took food from a friend's tray. Said at break that there is nothing at home until Friday.";
        told.push(Told {
            enrolment,
            words: Words {
                own_words: Some(
                    "\u{201c}Mum says we just have to wait till payday.\u{201d}".to_owned(),
                ),
                opinion: Some(
                    "Hungry rather than naughty; the coat is too small as well.".to_owned(),
                ),
                place: Some("dining hall, second sitting".to_owned()),
                is_safe: Some(true),
                ..Words::of(Origin::Seen, facts)
            },
            by: account("tutor"),
            at: now.plus_seconds(-25 * 60),
            decided: None,
        });
    }
    if let Some(enrolment) = somebody.next() {
        let before = before(school, today);
        let at = Instant::at_london(before, now.in_london().1);
        told.push(Told {
            enrolment,
            words: Words {
                place: Some("tutor time".to_owned()),
                ..Words::of(
                    Origin::Seen,
                    "Tearful; says there has been shouting at home every night and that the police came on Sunday.",
                )
            },
            by: account("tutor"),
            at,
            decided: Some(Decided {
                decision: Decision::EarlyHelp,
                why: "Spoke with the child and, with the child's agreement, with the mother, who asks for help. No injury, no threat to the child; the police incident is known to social care.".to_owned(),
                level: Level::Medium,
                next: Some("Early help assessment with the mother".to_owned()),
                due: Some(today.plus_days(6)),
            }),
        });
    }
    let missed = school.today.as_ref().map(missed_today).unwrap_or_default();
    if let Some(place) = missed.last() {
        told.push(Told {
            enrolment: EnrolmentId(ids.enrolments[*place]),
            words: Words::of(
                Origin::Call,
                "An adult voice that I did not know answered the mother's number, said \u{201c}she is not here and neither is the kid\u{201d} and rang off.",
            ),
            by: people.accounts[people.keeper],
            at: now.plus_seconds(-4 * 60),
            decided: None,
        });
    }
    told
}

/// The last school day before today.
fn before(school: &DemoSchool, today: Day) -> Day {
    let days = school.slots.iter().rev().map(|slot| slot.day);
    days.into_iter().find(|day| *day < today).unwrap_or(today)
}
