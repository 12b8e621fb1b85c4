//! The early calls of the demo school: who is on the list, what was promised yesterday for today, and what was said this morning.

use std::sync::Arc;

use calendar::{Day, Instant, TimeOfDay};
use demo::DemoSchool;
use store::{Act, Arg, SchoolId, Store, StoreError, args};
use welfare::attempt::{Channel, Outcome};

use super::morning::{PUPIL, caller, first_contact};
use super::visits::most_absent;
use super::{Ids, People, by};
use crate::authority::TargetKind;
use crate::authority::records::LEGAL_TARGET;
use crate::ids::AccountId;
use crate::morning::Kind;
use crate::morning::records::ABSENCE_ENTRY;
use crate::watch::Ground;
use crate::watch::records::{CLINIC, CLINIC_PLACE, EARLY_WATCH};

/// So many of those who were absent most are on the list, after the two whose homes are visited.
const LISTED: [(Ground, Option<&str>); 4] = [
    (
        Ground::Agreed,
        Some("Six weeks, with the family: a call each morning until the holiday"),
    ),
    (
        Ground::Plan,
        Some("Mother starts work at seven: ring before ten to eight"),
    ),
    (Ground::Agreed, None),
    (Ground::Plan, None),
];

/// Legal targets of the first of them: what runs, for how many weeks from now, and who has it at the authority.
const LEGAL: [(TargetKind, i32, &str); 3] = [
    (TargetKind::Notice, 4, "Attendance team, SAMPLE/2026/031"),
    (TargetKind::Target, 6, "Attendance team, SAMPLE/2026/044"),
    (TargetKind::Proceedings, 0, "Legal team, SAMPLE/2026/007"),
];

/// What somebody said on the telephone.
struct Called {
    enrolment: i64,
    on: Day,
    at: Instant,
    kind: Kind,
    outcome: Outcome,
    said: Option<&'static str>,
    expected: Option<Day>,
}

/// Puts them in.
pub(super) fn put_in(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    now: Instant,
) -> Result<(), StoreError> {
    let (today, _) = now.in_london();
    let before = school.slots.iter().rev().map(|slot| slot.day);
    let Some(last) = before.into_iter().find(|day| *day < today) else {
        return Ok(());
    };
    let listed: Vec<i64> = most_absent(school, today, LISTED.len() + 2)
        .into_iter()
        .skip(2)
        .map(|place| ids.enrolments[place])
        .collect();
    let caller = caller(school, people);
    let people = Arc::clone(people);
    let at = |day: Day, hour, minute| {
        let time = TimeOfDay::new(hour, minute, 0).expect("a clock time");
        Instant::at_london(day, time)
    };
    let called = |place: usize, on, time, kind, outcome, said, expected| {
        let (hour, minute) = time;
        listed.get(place).map(|enrolment| Called {
            enrolment: *enrolment,
            on,
            at: at(on, hour, minute),
            kind,
            outcome,
            said,
            expected,
        })
    };
    let calls: Vec<Called> = [
        called(
            1,
            last,
            (15, 5),
            Kind::Attempt,
            Outcome::Reached,
            Some("Back tomorrow without fail"),
            Some(today),
        ),
        called(
            2,
            last,
            (14, 50),
            Kind::Attempt,
            Outcome::Reached,
            Some("Better, comes tomorrow"),
            Some(today),
        ),
        called(
            0,
            today,
            (7, 34),
            Kind::EarlyCall,
            Outcome::Reached,
            Some("On the bus at eight"),
            Some(today),
        ),
        called(
            3,
            today,
            (7, 41),
            Kind::EarlyCall,
            Outcome::LeftMessage,
            None,
            None,
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    store.act_now(key, move |act: &mut Act| {
        let account = people.accounts[caller];
        for (enrolment, (ground, note)) in listed.iter().zip(LISTED) {
            let id = act.new_id();
            let values = args![
                id,
                *enrolment,
                ground.key(),
                last.plus_days(-21),
                None::<Day>,
                note,
                account
            ];
            act.record(&EARLY_WATCH, &values)?;
        }
        let school = act.school();
        for ((kind, weeks, caseworker), enrolment) in LEGAL.iter().zip(&listed) {
            let pupil: i64 = act
                .tx()
                .query_one(PUPIL, &args![school, *enrolment], |row| row.get(0))?;
            let id = act.new_id();
            let ends = (*kind != TargetKind::Proceedings).then(|| last.plus_days(7 * weeks));
            let values = args![
                id,
                pupil,
                kind.key(),
                last.plus_days(-14),
                ends,
                *caseworker,
                account
            ];
            act.record(&LEGAL_TARGET, &values)?;
        }
        for call in &calls {
            let contact = first_contact(act, call.enrolment)?;
            let entry = act.new_id();
            act.record(
                &ABSENCE_ENTRY,
                &args![
                    entry,
                    call.enrolment,
                    call.on,
                    call.kind.key(),
                    call.at,
                    account,
                    false,
                    Channel::Call.key(),
                    contact,
                    Arg::Null,
                    Arg::Null,
                    call.outcome.key(),
                    call.said,
                    call.expected,
                    false,
                    false,
                    Arg::Null
                ],
            )?;
        }
        clinics(act, account, (last, today), &listed)?;
        let subject = format!("{} pupils", listed.len());
        act.describe(by(
            &people,
            caller,
            "put on the list of early calls",
            subject,
        ));
        Ok(())
    })
}

/// A clinic of the last school day, of which one family came and promised, and one of this afternoon.
fn clinics(
    act: &mut Act,
    account: AccountId,
    (last, today): (Day, Day),
    families: &[i64],
) -> Result<(), StoreError> {
    let nothing = None::<&str>;
    for (day, first) in [(last, 1), (today, 2)] {
        let clinic = act.new_id();
        let values = args![
            clinic,
            day,
            "15:30",
            15_i64,
            6_i64,
            "Library",
            "Attendance office",
            account
        ];
        act.record(&CLINIC, &values)?;
        for (number, enrolment) in families.iter().skip(first).take(2).enumerate() {
            let contact = first_contact(act, *enrolment)?;
            let came = (day == last).then_some(number == 0);
            let promised = (came == Some(true)).then_some(today);
            let place = act.new_id();
            act.record(
                &CLINIC_PLACE,
                &args![
                    place,
                    clinic,
                    number as i64,
                    *enrolment,
                    contact,
                    "Mother",
                    "Mondays and Fridays",
                    came,
                    came.filter(|came| *came)
                        .map(|_| "The bus is the trouble: a lift from next week"),
                    promised.map(|_| "In by half past eight each day"),
                    promised,
                    promised.map(|day| day.plus_days(7)),
                    nothing,
                    account
                ],
            )?;
        }
    }
    Ok(())
}
