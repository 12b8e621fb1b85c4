//! The roll of the demo school: everything but the marks, in one act.

use std::collections::HashMap;

use calendar::{Session, Slot};
use demo::{Characteristic, ClosureKind, DemoSchool, EnrolmentKind, GroupKind, Sex};
use serde_json::json;
use store::{Act, Arg, StoreError, args};

use super::{Ids, People};
use crate::people::records::ROLE_GRANT;
use crate::roll::records::{
    ADDRESS, CHARACTERISTIC, CONTACT, CONTACT_ROUTE, ENROLMENT, GROUP_STAFF, MEMBERSHIP, POST,
    PUPIL, PUPIL_CONTACT, PUPIL_GROUP, RESIDENCE, STAFF,
};
use crate::year::records::{DAY_EXCEPTION, SETTING, TERM};
use crate::year::timetable::records::{DAY_PERIOD, LESSON, LESSON_PERIOD, ROOM};

pub(super) fn found(
    act: &mut Act,
    school: &DemoSchool,
    people: &People,
) -> Result<Ids, StoreError> {
    year(act, school)?;
    let staff = staff(act, school, people)?;
    let pupils = pupils(act, school, people)?;
    households(act, school, &pupils)?;
    let enrolments = enrolments(act, school, &pupils)?;
    characteristics(act, school, &pupils)?;
    let groups = groups(act, school, &staff)?;
    memberships(act, school, &groups, &enrolments)?;
    let (periods, rooms) = timetable(act, school, &groups)?;
    short_day(act, school, &periods)?;
    Ok(Ids {
        enrolments,
        groups,
        periods,
        rooms,
        staff,
    })
}

fn year(act: &mut Act, school: &DemoSchool) -> Result<(), StoreError> {
    for year in &school.years {
        for half in &year.half_terms {
            let id = act.new_id();
            act.record(
                &TERM,
                &args![
                    id,
                    year.first_year,
                    half.name,
                    half.first_day,
                    half.last_day
                ],
            )?;
        }
        for closure in &year.closures {
            let kind = match closure.kind {
                // The calendar knows bank holidays by itself.
                ClosureKind::BankHoliday => continue,
                ClosureKind::Inset => "inset",
                ClosureKind::PollingStation => "planned_closure",
                ClosureKind::Unplanned => "unplanned_closure",
            };
            act.record(&DAY_EXCEPTION, &args![closure.day, kind, closure.reason])?;
        }
    }
    let times = &school.identity.session_times;
    let hours = |session: Session, ends: &str| {
        json!({
            "opens": times.opens(session),
            "closes": times.closes(session),
            "ends": ends,
        })
    };
    let session_times =
        json!({ "am": hours(Session::Am, "12:30"), "pm": hours(Session::Pm, "15:10") });
    let settings = [
        ("session_times", session_times),
        ("mode", json!("register_holder")),
        (
            "timetable_cycle",
            json!({ "weeks": 2, "week_a": school.timetable.week_a, "skips_holidays": true }),
        ),
        (
            "sub_codes",
            SUB_CODES
                .iter()
                .map(|(code, name)| json!({ "code": code, "name": name }))
                .collect(),
        ),
    ];
    for (name, value) in settings {
        act.record(&SETTING, &args![name, times.from, value.to_string()])?;
    }
    Ok(())
}

/// The demo school's own sub-codes.
pub(super) const SUB_CODES: [(&str, &str); 6] = [
    ("I", "cold or flu"),
    ("I", "stomach"),
    ("I", "anxiety"),
    ("M", "dental"),
    ("M", "hospital"),
    ("N", "phoned, no answer"),
];

/// The sub-code that the demo school gave to a mark: most marks have none.
pub(super) fn sub_code_of(code: &str, enrolment: usize, slot: Slot) -> Option<&'static str> {
    let of_code: Vec<&str> = SUB_CODES
        .iter()
        .filter(|(own, _)| *own == code)
        .map(|(_, name)| *name)
        .collect();
    // One spell of absence is of one kind, so the day makes no difference within a week; one in four was given none.
    let week = usize::try_from(slot.day.monday().epoch_days()).unwrap_or_default();
    let chosen = (enrolment * 7 + week) % 4;
    of_code.get(chosen.min(of_code.len())).copied()
}

fn staff(act: &mut Act, school: &DemoSchool, people: &People) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::new();
    for (member, account) in school.staff.iter().zip(&people.accounts) {
        let id = act.new_id();
        act.record(
            &STAFF,
            &args![
                id,
                member.code.as_str(),
                member.title,
                member.forename,
                member.surname,
                member.email.as_str(),
                *account,
                member.since,
                Arg::Null
            ],
        )?;
        let post = act.new_id();
        act.record(
            &POST,
            &args![post, id, member.job_title.as_str(), member.since, Arg::Null],
        )?;
        for grant in &member.grants {
            let grant_id = act.new_id();
            act.record(
                &ROLE_GRANT,
                &args![grant_id, *account, grant.role, member.since, Arg::Null],
            )?;
        }
        ids.push(id);
    }
    Ok(ids)
}

fn pupils(act: &mut Act, school: &DemoSchool, people: &People) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::new();
    let mut rows = Vec::new();
    for (pupil, person) in school.pupils.iter().zip(&people.persons) {
        let id = act.new_id();
        let sex = match pupil.sex {
            Sex::Female => "F",
            Sex::Male => "M",
        };
        rows.push(args![
            id,
            *person,
            pupil.upn.as_str(),
            Arg::Null,
            Arg::Null,
            pupil.admission_number.as_str(),
            pupil.surname.as_str(),
            pupil.forename.as_str(),
            pupil.middle_names.as_str(),
            pupil.preferred_surname.as_str(),
            pupil.preferred_forename.as_str(),
            sex,
            pupil.born
        ]);
        ids.push(id);
    }
    act.record_many(&PUPIL, rows)?;
    Ok(ids)
}

/// Homes, grown-ups, how to reach them, and what they are to each pupil.
fn households(act: &mut Act, school: &DemoSchool, pupils: &[i64]) -> Result<(), StoreError> {
    let addresses: Vec<i64> = school.households.iter().map(|_| act.new_id()).collect();
    let rows = school.households.iter().zip(&addresses).map(|(home, id)| {
        args![
            *id,
            home.street.as_str(),
            "",
            home.town,
            "",
            home.postcode.as_str(),
            Arg::Null
        ]
    });
    act.record_many(&ADDRESS, rows.collect::<Vec<_>>())?;

    let mut residences = Vec::new();
    for (pupil, id) in school.pupils.iter().zip(pupils) {
        residences.push((act.new_id(), "pupil", *id, addresses[pupil.household]));
    }
    let mut unwanted = vec![false; school.adults.len()];
    for contact in &school.contacts {
        unwanted[contact.adult] |= contact.do_not_contact;
    }
    let mut contacts = Vec::new();
    let mut contact_rows = Vec::new();
    let mut routes = Vec::new();
    for (adult, unwanted) in school.adults.iter().zip(&unwanted) {
        let id = act.new_id();
        contacts.push(id);
        residences.push((act.new_id(), "contact", id, addresses[adult.household]));
        let language = (adult.language != "ENG").then_some(adult.language_name);
        contact_rows.push(args![
            id,
            adult.title,
            adult.forename.as_str(),
            adult.surname.as_str(),
            language,
            adult.interpreter,
            *unwanted
        ]);
        let ways = [
            ("mobile", &adult.mobile),
            ("home", &adult.landline),
            ("email", &adult.email),
        ];
        for (kind, given) in ways {
            if let Some(given) = given {
                let value = match kind {
                    "email" => given.clone(),
                    _ => format!("+44{}", &given.replace(' ', "")[1..]),
                };
                routes.push((act.new_id(), id, kind, given.as_str(), value));
            }
        }
    }
    act.record_many(&CONTACT, contact_rows)?;
    act.record_many(
        &CONTACT_ROUTE,
        routes
            .iter()
            .map(|(id, contact, kind, given, value)| {
                args![*id, *contact, *kind, *given, value.as_str()]
            })
            .collect::<Vec<_>>(),
    )?;
    act.record_many(
        &RESIDENCE,
        residences
            .iter()
            .map(|(id, party, party_id, address)| {
                args![*id, *party, *party_id, *address, Arg::Null, Arg::Null]
            })
            .collect::<Vec<_>>(),
    )?;
    let rows = school.contacts.iter().map(|contact| {
        args![
            pupils[contact.pupil],
            contacts[contact.adult],
            i64::from(contact.priority),
            contact.relationship,
            contact.parental_responsibility,
            contact.lives_with,
            contact.court_order.is_none() && !contact.do_not_contact,
            contact.court_order.is_some(),
            contact.court_order,
            !contact.do_not_contact,
            contact.do_not_contact || contact.court_order.is_some()
        ]
    });
    act.record_many(&PUPIL_CONTACT, rows.collect::<Vec<_>>())?;
    Ok(())
}

fn enrolments(act: &mut Act, school: &DemoSchool, pupils: &[i64]) -> Result<Vec<i64>, StoreError> {
    let ids: Vec<i64> = school.enrolments.iter().map(|_| act.new_id()).collect();
    let mut seen = HashMap::new();
    let rows = school.enrolments.iter().zip(&ids).map(|(stay, id)| {
        let kind = match stay.kind {
            EnrolmentKind::Single => "C",
            EnrolmentKind::DualMain => "M",
            EnrolmentKind::Guest => "G",
        };
        let returned = seen.insert(stay.pupil, ()).is_some();
        let last_school = (!returned).then_some(school.pupils[stay.pupil].previous_school);
        args![
            *id,
            pupils[stay.pupil],
            kind,
            stay.start,
            "parent",
            stay.end,
            stay.deletion_ground,
            last_school,
            last_school.map(|_| "Sample Lane, Exampleton"),
            stay.other_school
        ]
    });
    act.record_many(&ENROLMENT, rows.collect::<Vec<_>>())?;
    Ok(ids)
}

fn characteristics(act: &mut Act, school: &DemoSchool, pupils: &[i64]) -> Result<(), StoreError> {
    let ids: Vec<i64> = school
        .characteristics
        .iter()
        .map(|_| act.new_id())
        .collect();
    let rows = school.characteristics.iter().zip(&ids).map(|(fact, id)| {
        let kind = match fact.kind {
            Characteristic::Ethnicity => "ethnicity",
            Characteristic::FirstLanguage => "first_language",
            Characteristic::EnglishAsAdditionalLanguage => "eal",
            Characteristic::FreeSchoolMeals => "fsm",
            Characteristic::PupilPremium => "pupil_premium",
            Characteristic::SpecialNeeds => "sen",
            Characteristic::LookedAfter => "looked_after",
            Characteristic::PreviouslyLookedAfter => "previously_looked_after",
            Characteristic::ChildProtection => "child_protection",
            Characteristic::ChildInNeed => "child_in_need",
            Characteristic::ServiceChild => "service_child",
            Characteristic::YoungCarer => "young_carer",
        };
        let value = if fact.value.is_empty() {
            "yes"
        } else {
            fact.value
        };
        args![*id, pupils[fact.pupil], kind, value, fact.from, fact.to]
    });
    act.record_many(&CHARACTERISTIC, rows.collect::<Vec<_>>())?;
    Ok(())
}

fn groups(act: &mut Act, school: &DemoSchool, staff: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::new();
    for group in &school.groups {
        let id = act.new_id();
        ids.push(id);
        let (kind, duty) = match group.kind {
            GroupKind::Year => ("year", "head"),
            GroupKind::House => ("house", "head"),
            GroupKind::Tutor => ("tutor", "tutor"),
            GroupKind::Class => ("class", "teacher"),
        };
        act.record(
            &PUPIL_GROUP,
            &args![
                id,
                kind,
                group.name.as_str(),
                group.subject,
                Arg::Null,
                group.school_year
            ],
        )?;
        let duty_id = act.new_id();
        act.record(
            &GROUP_STAFF,
            &args![duty_id, id, staff[group.staff], duty, group.from, group.to],
        )?;
    }
    Ok(ids)
}

fn memberships(
    act: &mut Act,
    school: &DemoSchool,
    groups: &[i64],
    enrolments: &[i64],
) -> Result<(), StoreError> {
    let ids: Vec<i64> = school.memberships.iter().map(|_| act.new_id()).collect();
    let rows = school.memberships.iter().zip(&ids).map(|(member, id)| {
        args![
            *id,
            groups[member.group],
            enrolments[member.enrolment],
            member.from,
            member.to
        ]
    });
    act.record_many(&MEMBERSHIP, rows.collect::<Vec<_>>())?;
    Ok(())
}

/// The periods of all years, and the rooms and lessons of the current one. Answers the periods and the rooms.
fn timetable(
    act: &mut Act,
    school: &DemoSchool,
    groups: &[i64],
) -> Result<(Vec<i64>, Vec<i64>), StoreError> {
    let timetable = &school.timetable;
    let first_day = school.identity.session_times.from;
    let mut periods = Vec::new();
    for period in &timetable.periods {
        let id = act.new_id();
        periods.push(id);
        act.record(
            &LESSON_PERIOD,
            &args![
                id,
                first_day,
                Arg::Null,
                period.name,
                period.session.index() as i64,
                period.starts.to_string(),
                period.ends.to_string()
            ],
        )?;
    }
    let rooms: Vec<i64> = timetable.rooms.iter().map(|_| act.new_id()).collect();
    let rows = timetable.rooms.iter().zip(&rooms);
    let rows = rows.map(|(name, id)| args![*id, name.as_str()]);
    act.record_many(&ROOM, rows.collect::<Vec<_>>())?;
    let ids: Vec<i64> = timetable.lessons.iter().map(|_| act.new_id()).collect();
    let rows = timetable.lessons.iter().zip(&ids).map(|(lesson, id)| {
        args![
            *id,
            groups[lesson.group],
            rooms[lesson.room],
            lesson.week.number(),
            lesson.weekday.index() as i64,
            periods[lesson.period],
            school.groups[lesson.group].from,
            Arg::Null
        ]
    });
    act.record_many(&LESSON, rows.collect::<Vec<_>>())?;
    Ok((periods, rooms))
}

/// The last day of the half-term ends at half past twelve: the afternoon's register is taken at noon, and what is usually held later is not.
fn short_day(act: &mut Act, school: &DemoSchool, periods: &[i64]) -> Result<(), StoreError> {
    let half_terms = school.years.iter().flat_map(|year| &year.half_terms);
    let mut last_days = half_terms.map(|half| half.last_day);
    let Some(day) = last_days.find(|day| *day > school.request.today) else {
        return Ok(());
    };
    let times = &school.identity.session_times;
    let own = json!({
        "am": {
            "opens": times.opens(Session::Am),
            "closes": times.closes(Session::Am),
            "ends": "12:00",
        },
        "pm": { "opens": "12:00", "closes": "12:30", "ends": "12:30" },
        "reason": "End of the half-term",
    });
    act.record(&SETTING, &args!["day_times", day, own.to_string()])?;
    for (period, id) in school.timetable.periods.iter().zip(periods) {
        if period.ends.to_string().as_str() > "12:00" {
            let none = Arg::Null;
            act.record(
                &DAY_PERIOD,
                &args![day, *id, none.clone(), none.clone(), none],
            )?;
        }
    }
    Ok(())
}
