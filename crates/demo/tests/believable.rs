//! The demo school holds together and looks like a school, whenever it is looked at and however large it is.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use calendar::{Day, SchoolCalendar, Session, Weekday};
use demo::{Characteristic, DemoSchool, GroupKind, Request, Scope, Story, generate};
use exchange::upn;

fn day(text: &str) -> Day {
    text.parse().expect("a test writes real days")
}

fn school(today: &str, pupils: usize, seed: u64) -> DemoSchool {
    generate(&Request {
        today: day(today),
        pupils,
        seed,
    })
}

fn hash(school: &DemoSchool) -> u64 {
    let mut hasher = DefaultHasher::new();
    school.hash(&mut hasher);
    hasher.finish()
}

const PRESENT: &[&str] = &["/", "\\", "L", "V", "P", "W", "B", "K", "J"];
const ABSENT: &[&str] = &[
    "I", "M", "O", "N", "G", "C", "C1", "C2", "E", "R", "S", "T", "J1", "U", "H",
];

/// Attended and absent sessions of each enrolment in one of the school years.
fn counts(school: &DemoSchool, year: usize) -> BTreeMap<usize, (u32, u32)> {
    let span = &school.years[year];
    let mut counts: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
    for (enrolment, marks) in school.marks.iter().enumerate() {
        for (slot, mark) in marks.each() {
            let on = school.slots[slot].day;
            if on < span.first_pupil_day() || on > span.last_day() {
                continue;
            }
            let Some(code) = mark.code() else { continue };
            let count = counts.entry(enrolment).or_default();
            count.0 += u32::from(PRESENT.contains(&code));
            count.1 += u32::from(ABSENT.contains(&code));
        }
    }
    counts
}

/// Overall, persistent and severe absence in percent.
fn rates(counts: &BTreeMap<usize, (u32, u32)>) -> (f64, f64, f64) {
    let (mut absent, mut possible, mut persistent, mut severe, mut pupils) = (0, 0, 0, 0, 0);
    for (attended, away) in counts.values() {
        let due = attended + away;
        if due == 0 {
            continue;
        }
        absent += away;
        possible += due;
        pupils += 1;
        persistent += u32::from(10 * away >= due);
        severe += u32::from(2 * away >= due);
    }
    let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
    (
        percent(absent, possible),
        percent(persistent, pupils),
        percent(severe, pupils),
    )
}

const DAYS: &[&str] = &[
    "2026-09-10",
    "2026-11-24",
    "2026-11-22",
    "2027-07-30",
    "2026-08-20",
    "2026-09-01",
    "2027-01-20",
    "2027-04-01",
    "2025-06-27",
];

#[test]
fn the_same_request_makes_the_same_school_and_another_seed_another() {
    let one = school("2026-11-24", 300, 1);
    assert_eq!(hash(&one), hash(&school("2026-11-24", 300, 1)));
    assert_eq!(one, school("2026-11-24", 300, 1));
    assert_ne!(hash(&one), hash(&school("2026-11-24", 300, 2)));
    assert_ne!(hash(&one), hash(&school("2026-11-25", 300, 1)));
}

#[test]
fn absence_is_that_of_an_english_secondary_school() {
    for (today, seed) in [
        ("2026-11-24", 4998),
        ("2026-11-24", 2),
        ("2027-07-30", 3),
        ("2026-09-10", 4),
        ("2027-02-28", 5),
    ] {
        let school = school(today, 1500, seed);
        let (absence, persistent, severe) = rates(&counts(&school, 1));
        println!("{today} {seed}: {absence:.2} {persistent:.1} {severe:.2}");
        assert!((6.2..8.2).contains(&absence), "{absence} {today} {seed}");
        assert!(
            (17.0..24.0).contains(&persistent),
            "{persistent} {today} {seed}"
        );
        assert!((1.7..3.6).contains(&severe), "{severe} {today} {seed}");
    }
}

#[test]
fn mondays_fridays_winter_and_need_show() {
    let school = school("2026-11-24", 1500, 4998);
    let mut by_weekday = [(0_u32, 0_u32); 5];
    let mut by_month = [(0_u32, 0_u32); 12];
    for marks in &school.marks {
        for (slot, mark) in marks.each() {
            let on = school.slots[slot].day;
            let away = u32::from(matches!(mark.code(), Some("I" | "O" | "N")));
            let weekday = &mut by_weekday[on.weekday().index()];
            *weekday = (weekday.0 + away, weekday.1 + 1);
            let month = &mut by_month[on.month() as usize - 1];
            *month = (month.0 + away, month.1 + 1);
        }
    }
    let rate = |(away, all): (u32, u32)| f64::from(away) / f64::from(all.max(1));
    let midweek = rate(by_weekday[2]);
    assert!(rate(by_weekday[0]) > midweek * 1.05, "{by_weekday:?}");
    assert!(rate(by_weekday[4]) > midweek * 1.05, "{by_weekday:?}");
    assert!(rate(by_month[11]) > rate(by_month[8]) * 1.2, "{by_month:?}");

    let year = counts(&school, 1);
    let on = school.years[1].first_pupil_day();
    let held = |kind, values: &[&str]| -> BTreeSet<usize> {
        school
            .characteristics
            .iter()
            .filter(|fact| fact.kind == kind && fact.covers(on) && values.contains(&fact.value))
            .map(|fact| fact.pupil)
            .collect()
    };
    let among = |pupils: &BTreeSet<usize>, inside: bool| {
        let part = year
            .iter()
            .filter(|(enrolment, _)| {
                pupils.contains(&school.enrolments[**enrolment].pupil) == inside
            })
            .map(|(enrolment, count)| (*enrolment, *count))
            .collect();
        rates(&part).0
    };
    let poor = held(Characteristic::FreeSchoolMeals, &[""]);
    assert!(among(&poor, true) > 1.2 * among(&poor, false));
    let needs = held(Characteristic::SpecialNeeds, &["K", "E"]);
    assert!(among(&needs, true) > 1.1 * among(&needs, false));
}

#[test]
fn every_mark_lies_on_a_session_within_the_stay_and_none_is_left_out() {
    for today in DAYS {
        let school = school(today, 300, 7);
        let slots: HashSet<_> = school.years.iter().flat_map(|year| year.slots()).collect();
        assert!(school.slots.iter().all(|slot| slots.contains(slot)));
        assert!(school.slots.is_sorted());
        assert_eq!(school.marks.len(), school.enrolments.len());
        for (stay, marks) in school.enrolments.iter().zip(&school.marks) {
            let due = school
                .slots
                .iter()
                .filter(|slot| stay.covers(slot.day) && slot.day < school.request.today)
                .count();
            assert_eq!(due, marks.marks.len(), "{today} {stay:?}");
            for (slot, mark) in marks.each() {
                let slot = school.slots[slot];
                assert!(stay.covers(slot.day) && slot.day < school.request.today);
                match mark.code() {
                    Some("/") => assert_eq!(slot.session, Session::Am),
                    Some("\\") => assert_eq!(slot.session, Session::Pm),
                    _ => {}
                }
            }
            assert!(marks.details.is_sorted_by_key(|detail| detail.slot));
        }
    }
}

#[test]
fn lateness_has_minutes_and_codes_that_need_a_note_have_one() {
    let school = school("2026-11-24", 1500, 1);
    let mut seen = BTreeSet::new();
    for marks in &school.marks {
        for (slot, mark) in marks.each() {
            let code = mark.code().unwrap_or("-");
            seen.insert(code);
            let detail = marks.detail(slot);
            match code {
                "L" => assert!(
                    detail
                        .and_then(|d| d.minutes_late)
                        .is_some_and(|m| (1..=29).contains(&m))
                ),
                "U" => assert!(detail.and_then(|d| d.minutes_late).is_some_and(|m| m > 30)),
                "B" | "K" | "V" | "P" | "W" | "D" | "C2" | "E" | "Y4" | "Y1" => {
                    assert!(detail.and_then(|d| d.note).is_some(), "{code}");
                }
                _ => {}
            }
        }
    }
    for code in [
        "/", "\\", "L", "U", "I", "M", "O", "N", "G", "C", "C2", "D", "E", "B", "K", "V", "P", "W",
        "R", "S", "T", "X", "J1", "Y4", "Y1", "-",
    ] {
        assert!(seen.contains(code), "nobody has {code}");
    }
}

#[test]
fn an_unexplained_mark_is_never_older_than_five_school_days() {
    for today in DAYS {
        let school = school(today, 1500, 9);
        let before = school
            .slots
            .iter()
            .filter(|slot| slot.day < school.request.today)
            .count();
        let mut open = 0;
        for marks in &school.marks {
            for (slot, _) in marks.each().filter(|(_, mark)| mark.code() == Some("N")) {
                assert!(slot + 12 > before, "{today} {slot} {before}");
                open += 1;
            }
        }
        assert!((5..250).contains(&open), "{today}: {open}");
    }
}

#[test]
fn amendments_are_later_than_the_mark_and_earlier_than_now() {
    let school = school("2026-11-24", 1500, 4998);
    let now = school.today.as_ref().expect("a Tuesday in November").now;
    let mut amended = 0;
    for (enrolment, marks) in school.marks.iter().enumerate() {
        for detail in &marks.details {
            let Some(amendment) = &detail.amendment else {
                continue;
            };
            amended += 1;
            assert!(amendment.at > school.recorded_at(enrolment, detail.slot));
            assert!(amendment.at < now);
            assert!(!amendment.reason.is_empty());
            assert!(amendment.by < school.staff.len());
        }
    }
    assert!(amended > 1000, "{amended}");
}

#[test]
fn the_roll_has_the_size_that_was_asked_for() {
    for size in [7, 30, 300, 1500, 3000] {
        let school = school("2026-11-24", size, 3);
        assert_eq!(school.on_roll(school.request.today).count(), size);
    }
    let summer = school("2027-07-30", 1500, 3);
    let before_leaving = summer.on_roll(day("2027-06-25")).count();
    assert!((1498..=1500).contains(&before_leaving), "{before_leaving}");
    assert!(summer.on_roll(summer.request.today).count() < 1300);
}

#[test]
fn schools_of_every_size_and_day_hold_together() {
    for size in [7, 30, 300, 1500, 3000] {
        for today in DAYS {
            let school = school(today, size, 11);
            for contact in &school.contacts {
                assert!(contact.pupil < school.pupils.len() && contact.adult < school.adults.len());
            }
            for stay in &school.enrolments {
                assert!(
                    stay.end
                        .is_none_or(|end| stay.start <= end && end < school.request.today),
                    "{stay:?}"
                );
                assert_eq!(stay.end.is_some(), stay.deletion_ground.is_some());
            }
            for membership in &school.memberships {
                let group = &school.groups[membership.group];
                let stay = &school.enrolments[membership.enrolment];
                assert!(membership.from >= stay.start && membership.from >= group.from);
                assert!(
                    membership.to.is_none_or(|to| membership.from <= to),
                    "{membership:?} {stay:?}"
                );
            }
            for fact in &school.characteristics {
                assert!(fact.to.is_none_or(|to| fact.from <= to), "{today} {fact:?}");
            }
            for group in &school.groups {
                assert!(group.staff < school.staff.len());
            }
            assert_eq!(school.slots.len(), school.slot_opens.len());
        }
    }
}

#[test]
fn no_pupil_holds_a_fact_twice_at_once() {
    let school = school("2026-11-24", 1500, 4998);
    for pair in school.characteristics.windows(2) {
        if (pair[0].pupil, pair[0].kind) == (pair[1].pupil, pair[1].kind) {
            let ended = pair[0].to.expect("the earlier of two facts has ended");
            assert!(ended < pair[1].from, "{pair:?}");
        }
    }
}

#[test]
fn last_years_status_differs_from_todays_for_some() {
    let school = school("2026-11-24", 1500, 4998);
    let then = day("2025-11-24");
    for kind in [
        Characteristic::FreeSchoolMeals,
        Characteristic::SpecialNeeds,
        Characteristic::ChildInNeed,
        Characteristic::ChildProtection,
        Characteristic::LookedAfter,
        Characteristic::YoungCarer,
    ] {
        let on = |day: Day| -> BTreeSet<(usize, &str)> {
            school
                .characteristics
                .iter()
                .filter(|fact| fact.kind == kind && fact.covers(day))
                .map(|fact| (fact.pupil, fact.value))
                .collect()
        };
        assert!(
            on(then)
                .symmetric_difference(&on(school.request.today))
                .count()
                > 2,
            "{kind:?}"
        );
    }
}

/// I-042, written a second time.
#[test]
fn pupil_numbers_are_valid_and_unique() {
    for size in [30, 1500, 3000] {
        let school = school("2026-11-24", size, 4998);
        let numbers: HashSet<&str> = school
            .pupils
            .iter()
            .map(|pupil| pupil.upn.as_str())
            .collect();
        assert_eq!(numbers.len(), school.pupils.len());
        assert!(numbers.iter().all(|number| upn::check(number).is_ok()));
        // No school has an establishment number of 99 and more, so no sample file and no real pupil has one of these.
        assert!(numbers.iter().all(|number| &number[4..6] == "99"));
        let temporary = numbers
            .iter()
            .filter(|number| !number.ends_with(|last: char| last.is_ascii_digit()));
        assert!(temporary.count() >= 1);
        let admissions: HashSet<&str> = school
            .pupils
            .iter()
            .map(|pupil| pupil.admission_number.as_str())
            .collect();
        assert_eq!(admissions.len(), school.pupils.len());
    }
}

#[test]
fn everybody_of_the_cast_is_there_at_any_time_of_the_year() {
    for today in DAYS {
        let school = school(today, 1500, 4998);
        let stories: BTreeSet<Story> = school.cast.iter().map(|role| role.story).collect();
        assert_eq!(stories.len(), 26, "{today}: {stories:?}");
        let players = |story| {
            school
                .cast
                .iter()
                .filter(move |role| role.story == story)
                .map(|role| role.pupil)
                .collect::<Vec<_>>()
        };
        let namesakes = players(Story::Namesake);
        let [one, other] = [&school.pupils[namesakes[0]], &school.pupils[namesakes[1]]];
        assert_eq!(
            (&one.forename, &one.surname, one.born),
            (&other.forename, &other.surname, other.born)
        );
        assert_ne!(one.upn, other.upn);
        for pupil in players(Story::ReEntry) {
            let stays = school.enrolments.iter().filter(|stay| stay.pupil == pupil);
            assert_eq!(stays.count(), 2);
        }
        for pupil in players(Story::NoUsableNumber) {
            let reachable = school
                .contacts
                .iter()
                .filter(|contact| contact.pupil == pupil)
                .map(|contact| &school.adults[contact.adult])
                .any(|adult| adult.mobile.is_some() || adult.landline.is_some());
            assert!(!reachable);
        }
    }
}

#[test]
fn three_in_ten_pupils_have_a_brother_or_sister_at_school() {
    let school = school("2026-11-24", 1500, 4998);
    let mut homes: BTreeMap<usize, usize> = BTreeMap::new();
    let on_roll: Vec<usize> = school
        .on_roll(school.request.today)
        .map(|stay| school.enrolments[stay].pupil)
        .collect();
    for pupil in &on_roll {
        *homes.entry(school.pupils[*pupil].household).or_default() += 1;
    }
    let siblings: usize = homes.values().filter(|count| **count > 1).sum();
    let share = siblings as f64 / on_roll.len() as f64;
    assert!((0.25..0.36).contains(&share), "{share}");
    assert!(
        school
            .contacts
            .iter()
            .all(|contact| (1..=3).contains(&contact.priority))
    );
    let with_contacts: BTreeSet<usize> = school
        .contacts
        .iter()
        .map(|contact| contact.pupil)
        .collect();
    assert_eq!(with_contacts.len(), school.pupils.len());
    let names = school
        .pupils
        .iter()
        .map(|pupil| format!("{} {}", pupil.forename, pupil.surname));
    let all: String = names.collect();
    assert!(all.contains('-') && all.contains('’') && all.contains('ł'));
}

#[test]
fn this_mornings_registers_are_open_and_partly_taken() {
    for size in [30, 300, 1500, 3000] {
        let school = school("2026-11-24", size, 4998);
        let today = school.today.as_ref().expect("a Tuesday in November");
        let taken: Vec<_> = today
            .registers
            .iter()
            .filter_map(|register| register.taken.as_ref())
            .collect();
        assert!(
            !taken.is_empty() && taken.len() < today.registers.len(),
            "{size}"
        );
        assert!(taken.iter().all(|register| register.at < today.now));
        let mut marked = BTreeSet::new();
        for mark in taken.iter().flat_map(|register| &register.marks) {
            assert!(marked.insert(mark.enrolment), "marked twice");
            assert!(school.enrolments[mark.enrolment].covers(today.day));
            assert!(mark.mark.code().is_some_and(|code| code != "U"));
            assert!(mark.minutes_late.is_none_or(|minutes| minutes < 10));
        }
        assert_eq!(school.slots.last().map(|slot| slot.day), Some(today.day));
    }
    let school = school("2026-11-24", 1500, 4998);
    let today = school.today.expect("a Tuesday in November");
    assert_eq!(today.registers.len(), 60);
    assert!(
        today
            .planned
            .iter()
            .any(|planned| planned.mark.code() == Some("E"))
    );
}

#[test]
fn nobody_takes_a_register_when_the_school_does_not_meet() {
    for today in [
        "2026-11-22",
        "2027-07-30",
        "2026-10-28",
        "2026-12-25",
        "2026-11-02",
        "2026-08-20",
    ] {
        assert!(school(today, 30, 1).today.is_none(), "{today}");
    }
}

#[test]
fn staff_hold_every_role_of_a_school_in_a_scope() {
    let school = school("2026-11-24", 1500, 4998);
    let mut roles: BTreeMap<&str, usize> = BTreeMap::new();
    for member in &school.staff {
        for grant in &member.grants {
            *roles.entry(grant.role).or_default() += 1;
            if let Scope::Groups(groups) = &grant.scope {
                assert!(groups.iter().all(|group| *group < school.groups.len()));
            }
        }
    }
    assert_eq!(roles["tutor"], 60);
    assert_eq!(roles["attendance_administrator"], 2);
    assert_eq!(roles["head_of_house_or_year"], 12);
    assert!(
        (70..=80).contains(&roles["teacher"]),
        "{}",
        roles["teacher"]
    );
    for role in [
        "headteacher",
        "deputy_head_pastoral",
        "dsl",
        "deputy_dsl",
        "safeguarding_officer",
        "welfare_manager",
        "attendance_manager",
        "behaviour_lead",
        "pastoral_administrator",
        "senco",
        "designated_teacher_lac",
        "support_or_cover_staff",
        "data_protection_lead",
        "system_administrator",
        "governor_or_trustee",
        "trust_director",
    ] {
        assert!(roles.contains_key(role), "{role}");
    }
    let addresses: HashSet<&str> = school
        .staff
        .iter()
        .map(|member| member.email.as_str())
        .collect();
    assert_eq!(addresses.len(), school.staff.len());
    let classes = school
        .groups
        .iter()
        .filter(|group| group.kind == GroupKind::Class && group.school_year == Some(2026));
    assert!(classes.clone().count() > 150);
    let names: HashSet<_> = school
        .groups
        .iter()
        .map(|group| (group.kind, group.school_year, group.name.as_str()))
        .collect();
    assert_eq!(names.len(), school.groups.len());
}

#[test]
fn pupils_move_up_with_their_tutor_group() {
    let school = school("2026-11-24", 1500, 4998);
    let moved = school
        .memberships
        .iter()
        .filter(|membership| school.groups[membership.group].name == "8C")
        .filter(|membership| school.groups[membership.group].school_year == Some(2026));
    for now in moved {
        let before = school.memberships.iter().find(|other| {
            let group = &school.groups[other.group];
            other.enrolment == now.enrolment
                && group.kind == GroupKind::Tutor
                && group.school_year == Some(2025)
        });
        if let Some(before) = before {
            assert_eq!(school.groups[before.group].name, "7C");
        }
    }
}

#[test]
fn it_snowed_once_in_the_last_winter_and_the_day_still_counts() {
    for today in DAYS {
        let school = school(today, 30, 4998);
        let snowed: BTreeSet<Day> = school
            .marks
            .iter()
            .flat_map(|marks| marks.each())
            .filter(|(_, mark)| mark.code() == Some("Y4"))
            .map(|(slot, _)| school.slots[slot].day)
            .collect();
        assert_eq!(snowed.len(), 1, "{today}");
        assert!(snowed.iter().all(|day| day.weekday() == Weekday::Wednesday));
    }
}

#[test]
fn every_code_has_a_meaning_on_its_day_also_before_august_2024() {
    for today in ["2025-06-27", "2024-11-20", "2026-11-24", "2027-07-30"] {
        let school = school(today, 300, 4998);
        for (stay, marks) in school.enrolments.iter().zip(&school.marks) {
            let born = school.pupils[stay.pupil].born;
            for (slot, mark) in marks.each() {
                let Some(text) = mark.code() else { continue };
                let on = school.slots[slot].day;
                let code: register::Code = text.parse().expect("a code of the law");
                let row = register::meaning(code, on).expect("a meaning on its day");
                let of_age = register::compulsory_age(born, on).is_within();
                if text == "X" {
                    assert!(!of_age, "{on} {born}");
                }
                if text == "C2" {
                    assert!(of_age, "{on} {born}");
                }
                let needs_note = row.needs_note == register::NeedsNote::Required;
                let note = marks.detail(slot).and_then(|detail| detail.note);
                assert!(!needs_note || note.is_some(), "{text} {on}");
            }
        }
    }
}

#[test]
fn the_calendar_of_the_product_has_the_same_sessions() {
    for today in DAYS {
        let school = school(today, 7, 4998);
        let calendar = SchoolCalendar::new(school.calendar_rows()).expect("rows without a problem");
        let first = school.years[0].half_terms[0].first_day;
        let expected = calendar.slots(first, school.request.today);
        let differs = school
            .slots
            .iter()
            .zip(expected)
            .find(|(own, other)| own != other);
        assert_eq!(differs, None, "{today}");
        assert_eq!(school.slots.len(), expected.len(), "{today}");
    }
}

#[test]
fn nobody_is_in_two_lessons_at_once_and_every_class_is_taught() {
    for pupils in [40, 300, 1500] {
        let school = school("2026-11-24", pupils, 4998);
        let timetable = &school.timetable;
        let (mut rooms, mut teachers, mut in_class) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        let mut taught: BTreeMap<usize, usize> = BTreeMap::new();
        for lesson in &timetable.lessons {
            let at = (lesson.week, lesson.weekday, lesson.period);
            let group = &school.groups[lesson.group];
            *taught.entry(lesson.group).or_default() += 1;
            assert!(rooms.insert((at, lesson.room)), "{} {at:?}", group.name);
            assert!(teachers.insert((at, group.staff)), "{} {at:?}", group.name);
            let members = school.memberships.iter().filter(|member| {
                member.group == lesson.group
                    && member.to.is_none_or(|to| to >= school.request.today)
            });
            for member in members {
                let is_free = in_class.insert((at, member.enrolment));
                assert!(is_free, "{} {at:?}", group.name);
            }
        }
        let classes = (0..school.groups.len()).filter(|index| {
            let group = &school.groups[*index];
            group.kind == GroupKind::Class
                && group.school_year == Some(school.current_year().first_year)
        });
        for class in classes {
            let lessons = taught.get(&class).copied().unwrap_or(0);
            assert!(
                lessons >= 5,
                "{} pupils: {} has {lessons}",
                pupils,
                school.groups[class].name
            );
        }
    }
}
