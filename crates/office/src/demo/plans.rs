//! What the demo school has planned: its standing arrangements, what was known of today, and some of the days to come.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::{Day, SchoolCalendar, Session, Slot, Weekday};
use demo::DemoSchool;
use register::Code;
use register::plan::{Demand, PlanKind, PlannedSessions, demands};
use store::{Act, SchoolId, Store, StoreError, args};

use super::{Ids, People, by};
use crate::registers::records::PLAN;

/// A plan before it has an id.
pub(super) struct Imagined {
    enrolment: usize,
    kind: PlanKind,
    code: Code,
    first: Day,
    last: Day,
    sessions: PlannedSessions,
    reason: String,
    /// Those with the same number are of one set.
    set: usize,
}

const WEEK: [Weekday; 5] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
];

/// Everything that is planned on the morning of today, in the order in which it was.
pub(super) fn imagined(school: &DemoSchool) -> Vec<Imagined> {
    let mut plans = arrangements(school);
    let today = known_of_today(school, &plans);
    plans.extend(today);
    plans.extend(to_come(school, plans.len()));
    plans
}

/// The places of today that a plan stands for, so that no register marks them again.
pub(super) fn planned_today(plans: &[Imagined], day: Day) -> BTreeSet<(usize, Session)> {
    let mut places = BTreeSet::new();
    for plan in plans {
        for session in Session::BOTH {
            let within = plan.first <= day && day <= plan.last;
            if within && plan.sessions.has(Slot::new(day, session)) {
                places.insert((plan.enrolment, session));
            }
        }
    }
    places
}

/// Part-time timetables, provision elsewhere, suspensions: from the beginning of this school year at the earliest.
fn arrangements(school: &DemoSchool) -> Vec<Imagined> {
    let (today, year) = (school.request.today, school.current_year());
    let (begins, ends) = (year.half_terms[0].first_day, year.half_terms[5].last_day);
    let plans = school.plans.iter().enumerate();
    plans
        .filter_map(|(set, plan)| {
            let (code, kind) = coded(plan.mark.code()?)?;
            let (first, last) = (plan.from.max(begins), plan.to.unwrap_or(ends).min(ends));
            let covered = school.enrolments[plan.enrolment].covers(today);
            let pattern = WEEK.into_iter().flat_map(|day| {
                Session::BOTH
                    .map(|session| (day, session))
                    .into_iter()
                    .filter(|(day, session)| plan.weekly.covers(*day, *session))
            });
            (covered && first <= last).then(|| Imagined {
                enrolment: plan.enrolment,
                kind,
                code,
                first,
                last,
                sessions: PlannedSessions::Weekly(pattern.collect()),
                reason: plan.note.to_owned(),
                set,
            })
        })
        .collect()
}

/// What was known of today's sessions before they began, apart from the arrangements.
fn known_of_today(school: &DemoSchool, arranged: &[Imagined]) -> Vec<Imagined> {
    let Some(today) = &school.today else {
        return Vec::new();
    };
    let there = planned_today(arranged, today.day);
    let mut plans: Vec<Imagined> = Vec::new();
    for planned in &today.planned {
        // A sixth former's free session is the timetable's business and no plan.
        let coded_today = planned.mark.code().filter(|code| *code != "X");
        let Some((code, kind)) = coded_today.and_then(coded) else {
            continue;
        };
        if there.contains(&(planned.enrolment, planned.session)) {
            continue;
        }
        let slot = Slot::new(today.day, planned.session);
        let same = plans
            .iter_mut()
            .find(|plan| plan.enrolment == planned.enrolment && plan.code == code);
        if let Some(plan) = same {
            if let PlannedSessions::Listed(slots) = &mut plan.sessions {
                slots.insert(slot);
            }
            continue;
        }
        plans.push(Imagined {
            enrolment: planned.enrolment,
            kind,
            code,
            first: today.day,
            last: today.day,
            sessions: PlannedSessions::Listed([slot].into()),
            reason: planned.note.unwrap_or("Told by the parent").to_owned(),
            // Who goes on the same visit is of one set.
            set: match (kind, planned.note) {
                (PlanKind::Trip | PlanKind::Sport, Some(note)) => 10_000 + note.len(),
                _ => 20_000 + planned.enrolment,
            },
        });
    }
    plans
}

/// The code and the kind of plan that expects it; none for codes that are not planned.
fn coded(text: &str) -> Option<(Code, PlanKind)> {
    let kind = PlanKind::ALL
        .into_iter()
        .find(|kind| kind.codes().contains(&text))?;
    Some((text.parse().ok()?, kind))
}

/// Leave, appointments, a visit and more in the days to come, for pupils who have nothing else planned.
fn to_come(school: &DemoSchool, set: usize) -> Vec<Imagined> {
    const COMING: [(&str, usize, usize, usize, &str); 7] = [
        ("M", 1, 0, 1, "Dentist in the town, back by 11:00"),
        ("C", 3, 1, 2, "Funeral of a grandparent, abroad"),
        (
            "R",
            4,
            0,
            2,
            "Day set apart by the religious body the family belongs to",
        ),
        ("C1", 6, 2, 2, "Performs at the Theatre Specimen"),
        (
            "J1",
            2,
            0,
            1,
            "Interview at the Sampleby Sixth Form College",
        ),
        ("M", 5, 0, 1, "Orthodontist, afternoon only"),
        (
            "I",
            7,
            4,
            2,
            "Planned operation; letter of the hospital seen",
        ),
    ];
    let Ok(calendar) = SchoolCalendar::new(school.calendar_rows()) else {
        return Vec::new();
    };
    let today = school.request.today;
    let days = calendar.school_days_between(today.next(), today.plus_days(60));
    let taken: BTreeSet<usize> = school.plans.iter().map(|plan| plan.enrolment).collect();
    let free: Vec<usize> = school
        .on_roll(today)
        .filter(|enrolment| !taken.contains(enrolment))
        .collect();
    if free.is_empty() {
        return Vec::new();
    }
    let listed = |first: usize, more: usize, sessions: usize| {
        let days = days.iter().skip(first).take(more + 1);
        let slots = days.flat_map(move |day| {
            let chosen = if sessions == 2 {
                0..2
            } else {
                first % 2..first % 2 + 1
            };
            chosen
                .filter_map(move |index| Some(Slot::new(*day, Session::from_index(index as i64)?)))
        });
        slots.collect::<BTreeSet<Slot>>()
    };
    let mut plans = Vec::new();
    let mut add = |enrolment: usize, text: &str, slots: BTreeSet<Slot>, reason: &str, set| {
        let days = slots.first().zip(slots.last()).map(|(a, b)| (a.day, b.day));
        if let (Some((code, kind)), Some((first, last))) = (coded(text), days) {
            plans.push(Imagined {
                enrolment,
                kind,
                code,
                first,
                last,
                sessions: PlannedSessions::Listed(slots),
                reason: reason.to_owned(),
                set,
            });
        }
    };
    for (place, (text, first, more, sessions, reason)) in COMING.into_iter().enumerate() {
        let enrolment = free[(place * 37 + 11) % free.len()];
        add(
            enrolment,
            text,
            listed(first, more, sessions),
            reason,
            30_000 + set + place,
        );
    }
    // Somebody was to be away yesterday morning and was seen: drift for the list to show.
    let yesterday = school
        .slots
        .iter()
        .rposition(|slot| slot.day < today && slot.session == Session::Am);
    if let Some(at) = yesterday {
        let was_seen = |enrolment: &&usize| {
            let mut marks = school.marks[**enrolment].each();
            marks.any(|(slot, mark)| slot == at && mark.code() == Some("/"))
        };
        if let Some(enrolment) = free.iter().rev().find(was_seen) {
            let slots = [school.slots[at]].into();
            let reason = "Trial at the Sampleby rowing club";
            add(*enrolment, "P", slots, reason, 50_000);
        }
    }
    for enrolment in free.iter().skip(5).step_by(11).take(16) {
        let slots = listed(8, 0, 2);
        add(*enrolment, "V", slots, "Science fair at Sampleby", 40_000);
    }
    plans
}

/// Puts the plans in, as one act of whoever keeps the registers.
pub(super) fn put_plans(
    store: &Store,
    key: SchoolId,
    plans: Vec<Imagined>,
    people: &Arc<People>,
    ids: &Arc<Ids>,
    today: Day,
) -> Result<(), StoreError> {
    if plans.is_empty() {
        return Ok(());
    }
    let (people, ids) = (Arc::clone(people), Arc::clone(ids));
    store.act_now(key, move |act: &mut Act| {
        let mut sets = std::collections::BTreeMap::new();
        for plan in &plans {
            sets.entry(plan.set).or_insert_with(|| act.new_id());
        }
        let decided_by = format!(
            "Headteacher, told to the {}",
            people.job_titles[people.keeper]
        );
        for plan in &plans {
            let id = act.new_id();
            let demanded = |demand| demands(plan.code).iter().any(|(own, _)| *own == demand);
            let given = |demand, text: &'static str| demanded(demand).then_some(text);
            let decided = plan.first.plus_days(-3).min(today.plus_days(-1));
            let place = demanded(Demand::Place).then_some(plan.reason.as_str());
            act.record(
                &PLAN,
                &args![
                    id,
                    sets[&plan.set],
                    ids.enrolments[plan.enrolment],
                    plan.kind.key(),
                    plan.code.as_str(),
                    plan.first,
                    plan.last,
                    plan.sessions.to_string(),
                    plan.reason.as_str(),
                    place,
                    given(Demand::Supervisor, "Staff of the school"),
                    given(Demand::Evidence, "Licence of the authority seen"),
                    demanded(Demand::Decision).then_some(decided),
                    decided_by.as_str(),
                    demanded(Demand::Agreement).then_some(decided),
                    given(Demand::Agreement, "the parent with whom the pupil lives"),
                    demanded(Demand::Review).then_some(plan.last.plus_days(-14).max(plan.first)),
                    None::<&str>
                ],
            )?;
        }
        let subject = format!("{} plans", plans.len());
        act.describe(by(&people, people.keeper, "bring in plans", subject));
        Ok(())
    })
}
