//! Two visits of this week at the demo school: one that was made and brought the child to school, and one that is under way to do so.

use std::sync::Arc;

use calendar::{Day, Instant, TimeOfDay};
use demo::DemoSchool;
use store::{Act, SchoolId, Store, StoreError, args};
use welfare::attempt::{Channel, Outcome};

use super::{Ids, People, by, holds};
use crate::morning::records::ABSENCE_ENTRY;
use crate::visits::records::{COLLECTION, HOME_VISIT, VISIT_CHECK, VISIT_RECORD};

/// Those who are looked at for a visit were absent in some of so many sessions.
const LATELY: usize = 20;

/// Puts them in: the last school day's, with what was found, and this morning's.
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
    let absent = most_absent(school, today, 2);
    let [made, under_way] = absent[..] else {
        return Ok(());
    };
    let office = school
        .staff
        .iter()
        .position(|member| holds(member, "attendance_administrator"));
    let second = office.unwrap_or((people.keeper + 1) % school.staff.len());
    let pair = [people.keeper, second].map(|staff| ids.staff[staff]);
    let (people, ids) = (Arc::clone(people), Arc::clone(ids));
    store.act_now(key, move |act: &mut Act| {
        let account = people.accounts[people.keeper];
        let at = |day: Day, hour, minute| {
            let time = TimeOfDay::new(hour, minute, 0).expect("a clock time");
            Instant::at_london(day, time)
        };
        let visits = [
            (
                ids.enrolments[made],
                last,
                "safe_and_well",
                "Not in for three days; see that all is well",
                (at(last, 10, 5), Some(at(last, 10, 40))),
            ),
            (
                ids.enrolments[under_way],
                today,
                "support",
                "Agree the first morning back",
                (now.plus_seconds(-20 * 60), None),
            ),
        ];
        for (enrolment, day, kind, purpose, (left, back)) in visits {
            let (visit, nothing) = (act.new_id(), None::<&str>);
            act.record(
                &HOME_VISIT,
                &args![
                    visit,
                    enrolment,
                    day,
                    1_i64,
                    kind,
                    purpose,
                    kind == "support",
                    account,
                    left.plus_seconds(-3_600),
                    account,
                    pair[0],
                    pair[1],
                    nothing,
                    None::<i64>,
                    "School car",
                    "07700 900461",
                    left,
                    left.plus_seconds(45 * 60),
                    back,
                    nothing
                ],
            )?;
            let (dog, note) = (kind == "support", "Large dog: ring the bell and step back");
            act.record(
                &VISIT_CHECK,
                &args![
                    visit,
                    enrolment,
                    day,
                    dog,
                    false,
                    false,
                    false,
                    false,
                    false,
                    dog.then_some(note),
                    account
                ],
            )?;
            let (arrived, (consent, way_home)) = match back {
                Some(back) => (Some(back.plus_seconds(-2 * 60)), ("standing", "The usual bus at 15:10")),
                None => (None, ("this_trip", "Father collects at 15:10")),
            };
            act.record(
                &COLLECTION,
                &args![
                    visit,
                    enrolment,
                    account,
                    left.plus_seconds(-3_600),
                    account,
                    nothing,
                    pair[0],
                    true,
                    day.plus_days(120),
                    consent,
                    "Mother, by telephone",
                    day,
                    "In the back on the left, belted; the second colleague beside",
                    way_home,
                    arrived.map(|arrived| arrived.plus_seconds(-18 * 60)),
                    arrived,
                    nothing
                ],
            )?;
            if back.is_none() {
                continue;
            }
            let at_door = left.plus_seconds(12 * 60);
            act.record(
                &VISIT_RECORD,
                &args![
                    visit,
                    enrolment,
                    "seen",
                    at_door,
                    pair[0],
                    "at the door",
                    true,
                    "Mother",
                    "In uniform, says the bus pass is lost. Home warm and tidy; younger brother in.",
                    "The bus pass is the reason; nothing else gives cause for concern.",
                    None::<Instant>,
                    "New bus pass from the office today",
                    false,
                    account
                ],
            )?;
            let entry = act.new_id();
            act.record(
                &ABSENCE_ENTRY,
                &args![
                    entry,
                    enrolment,
                    day,
                    crate::morning::Kind::Attempt.key(),
                    at_door,
                    account,
                    false,
                    Channel::Visit.key(),
                    None::<i64>,
                    nothing,
                    "Mother",
                    Outcome::Reached.key(),
                    "home visit: child seen, at the door",
                    None::<Day>,
                    true,
                    false,
                    nothing
                ],
            )?;
        }
        let subject = "2 visits".to_owned();
        act.describe(by(&people, people.keeper, "record home visits", subject));
        Ok::<_, StoreError>(())
    })
}

/// The two pupils on roll who were absent most often lately: places among the enrolments.
pub(super) fn most_absent(school: &DemoSchool, today: Day, most: usize) -> Vec<usize> {
    let here = |place: &usize| {
        let one = &school.enrolments[*place];
        one.start <= today && one.end.is_none_or(|end| today <= end)
    };
    let absences = |place: usize| {
        let marks = school.marks[place].marks.iter().rev().take(LATELY);
        let is_absent = |code: &str| matches!(code, "N" | "O" | "I" | "G" | "E");
        marks
            .filter(|mark| mark.code().is_some_and(is_absent))
            .count()
    };
    let mut places: Vec<usize> = (0..school.marks.len()).filter(here).collect();
    places.sort_by_key(|place| (std::cmp::Reverse(absences(*place)), *place));
    places.truncate(most);
    places
}
