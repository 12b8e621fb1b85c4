//! The timetable through its pages, on both engines: periods, rooms, lessons, clashes, and who sees whose.

mod school;

use office::people::Role;
use school::{School, each_school};

/// Enters a period, and answers its key.
fn period(school: &School, name: &str, starts: &str, ends: &str, session: &str) -> String {
    let form = [
        ("name", name),
        ("starts", starts),
        ("ends", ends),
        ("session", session),
        ("from", "2026-09-03"),
    ];
    let done = school.post(Role::AttendanceManager, "/timetable/periods/new", &form);
    assert_eq!(
        done.location(),
        "/timetable/periods?did=period",
        "{}",
        done.text()
    );
    let page = school.get(Role::AttendanceManager, "/timetable/periods");
    let row = page
        .text()
        .split(&format!(">{name}</th>"))
        .nth(1)
        .expect("its row");
    let (_, rest) = row.split_once("/timetable/periods/").expect("a link");
    rest.split('"')
        .next()
        .expect("the end of a link")
        .to_owned()
}

fn room(school: &School, name: &str) -> String {
    let done = school.post(Role::Headteacher, "/timetable/new-room", &[("name", name)]);
    let path = done.location();
    let id = path
        .trim_start_matches("/timetable/rooms/")
        .split('?')
        .next();
    id.expect("the key of a room").to_owned()
}

/// Enters a lesson on Tuesdays from 24 November; answers status, place and page.
fn lesson(school: &School, group: &str, period: &str, more: &[(&str, &str)]) -> school::Answer {
    let group = school.groups[group].to_string();
    // The first answer of a name counts.
    let mut form = more.to_vec();
    form.extend_from_slice(&[
        ("group", group.as_str()),
        ("weekday", "1"),
        ("period", period),
        ("from", "2026-11-24"),
    ]);
    school.post(Role::Headteacher, "/timetable/lessons/new", &form)
}

fn teacher(school: &School) -> String {
    school.person(Role::Teacher).staff.to_string()
}

#[test]
fn a_lesson_stands_in_the_week_of_its_class_teacher_room_and_pupils() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        let sc2 = room(school, "Sc2");
        let done = lesson(school, "9A/Ma1", &p1, &[("room", &sc2)]);
        let class = format!("/timetable/groups/{}", school.groups["9A/Ma1"]);
        let expected = format!("{class}?week=2026-11-24&did=lesson");
        assert_eq!(done.location(), expected, "{}", done.text());
        let (ash, _) = school.pupils["Ash"];
        let (cedar, _) = school.pupils["Cedar"];
        for path in [
            class,
            format!("/timetable/staff/{}", teacher(school)),
            format!("/timetable/rooms/{sc2}"),
            format!("/timetable/pupils/{ash}"),
        ] {
            let page = school.get(Role::Teacher, &path);
            assert_eq!(page.status, 200, "{path}");
            assert!(
                page.text().contains("1 lesson this week"),
                "{path}: {}",
                page.text()
            );
            let before = school.get(Role::Teacher, &format!("{path}?week=2026-11-17"));
            assert!(
                before.text().contains("0 lessons this week"),
                "it begins later: {path}"
            );
            let holidays = school.get(Role::Teacher, &format!("{path}?week=2026-12-22"));
            assert!(
                holidays.text().contains("0 lessons this week"),
                "no school then: {path}"
            );
        }
        let page = school.get(Role::Teacher, &format!("/timetable/pupils/{cedar}"));
        assert!(
            page.text().contains("0 lessons this week"),
            "another class's pupil"
        );
        let csv = school.take(Role::Teacher, "/timetable?week=2026-12-01", "csv");
        let line = "2026-12-01,Tuesday,,P1,09:10,10:10,morning,9A/Ma1,Mathematics,Sc2,";
        let tidy = csv.text().replace("01/12/2026", "2026-12-01");
        assert!(tidy.contains(line), "{}", csv.text());
    });
}

#[test]
fn a_teacher_or_room_in_two_places_is_asked_about_and_a_class_in_two_is_refused() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        let p1b = period(school, "P1b", "09:40", "10:40", "am");
        let sc2 = room(school, "Sc2");
        lesson(school, "9A/Ma1", &p1, &[("room", &sc2)]);
        let own = teacher(school);
        let other = [("room", sc2.as_str()), ("teacher", own.as_str())];
        let asked = lesson(school, "10A", &p1b, &other);
        assert_eq!(asked.status, 422);
        for words in [
            "Room Sc2 has 9A/Ma1 on Tuesday P1.",
            " has 9A/Ma1 on Tuesday P1.",
        ] {
            assert!(asked.text().contains(words), "{words}: {}", asked.text());
        }
        let page = school.get(Role::Headteacher, &format!("/timetable/rooms/{sc2}"));
        assert!(
            page.text().contains("1 lesson this week"),
            "nothing was entered yet"
        );
        let confirmed = [other[0], other[1], ("confirmed", "yes")];
        let done = lesson(school, "10A", &p1b, &confirmed);
        assert_eq!(done.status, 303, "{}", done.text());
        let page = school.get(Role::Headteacher, &format!("/timetable/rooms/{sc2}"));
        assert!(page.text().contains("2 lessons this week"));
        let twice = lesson(school, "9A/Ma1", &p1b, &[]);
        assert_eq!(twice.status, 422);
        assert!(
            twice
                .text()
                .contains("9A/Ma1 has a lesson on Tuesday P1 already")
        );
    });
}

#[test]
fn whoever_is_named_as_teacher_may_take_the_registers_of_the_class() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        let register = format!("/registers/{}/2026-11-24/am", school.groups["10A"]);
        assert_eq!(school.get(Role::Teacher, &register).status, 404);
        let own = teacher(school);
        let done = lesson(school, "10A", &p1, &[("teacher", &own)]);
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(school.get(Role::Teacher, &register).status, 200);
    });
}

#[test]
fn pupils_with_two_lessons_at_once_are_told_of() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        lesson(school, "9A/Ma1", &p1, &[]);
        let done = lesson(school, "9B", &p1, &[]);
        assert_eq!(done.status, 303, "pupils are told of, not asked about");
        let page = school.get(Role::Headteacher, done.location());
        assert!(
            page.text()
                .contains("Dogwood, Pat: 9A/Ma1 too, Tue 24 Nov P1"),
            "{}",
            page.text()
        );
        assert!(!page.text().contains("Ash, Pat"));
    });
}

#[test]
fn two_weeks_take_turns_and_holidays_are_passed_over() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        let form = [
            ("what", "timetable_cycle"),
            ("timetable_cycle-from", "2026-11-24"),
            ("weeks", "2"),
            ("week-a", "2026-11-24"),
            ("holidays", "pass"),
        ];
        let saved = school.post(Role::AttendanceManager, "/settings", &form);
        assert_eq!(saved.location(), "/settings?done=yes", "{}", saved.text());
        lesson(school, "9A/Ma1", &p1, &[("week", "A")]);
        lesson(school, "9A/Ma1", &p1, &[("week", "B"), ("weekday", "3")]);
        let class = format!("/timetable/groups/{}", school.groups["9A/Ma1"]);
        for (week, letter, on, off) in [
            ("2026-11-24", "Week A", "Tue 24 Nov", "Thu 26 Nov"),
            ("2026-12-01", "Week B", "Thu 3 Dec", "Tue 1 Dec"),
            // 14 December is a week B, and the fortnight of the holidays is passed over.
            ("2027-01-04", "Week A", "Tue 5 Jan", "Thu 7 Jan"),
        ] {
            let page = school.get(Role::Teacher, &format!("{class}?week={week}"));
            let has = |day: &str| {
                let cell = page.text().split(&format!("data-label=\"{day}\">")).nth(1);
                cell.is_some_and(|cell| cell.starts_with("<div class=\"slip\">"))
            };
            assert!(page.text().contains(letter), "{week}: {}", page.text());
            assert!(has(on) && !has(off), "{week}: {}", page.text());
        }
    });
}

#[test]
fn a_lesson_that_changes_room_keeps_the_room_that_it_had_before() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        let (old, new) = (room(school, "Sc2"), room(school, "Hall"));
        lesson(school, "9A/Ma1", &p1, &[("room", &old)]);
        let class = format!("/timetable/groups/{}", school.groups["9A/Ma1"]);
        let page = school.get(Role::Headteacher, &class);
        let change = page.text().split("href=\"/timetable/lessons/").skip(1);
        let id = change
            .filter_map(|rest| rest.split('"').next())
            .find(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            .expect("a link that changes the lesson")
            .to_owned();
        let form = [("room", new.as_str()), ("from", "2026-12-08")];
        let done = school.post(
            Role::Headteacher,
            &format!("/timetable/lessons/{id}"),
            &form,
        );
        assert_eq!(done.status, 303, "{}", done.text());
        let room_in = |week: &str| {
            let page = school.get(Role::Teacher, &format!("{class}?week={week}"));
            [">Sc2<", ">Hall<"].map(|name| page.text().contains(name))
        };
        assert_eq!(room_in("2026-12-01"), [true, false]);
        assert_eq!(room_in("2026-12-08"), [false, true]);
        let ended = [("last", "2026-12-01")];
        let done = school.post(
            Role::Headteacher,
            &format!("/timetable/lessons/{id}/end"),
            &ended,
        );
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(room_in("2026-12-01"), [true, false]);
    });
}

#[test]
fn a_period_keeps_its_times_in_the_past_and_does_not_end_while_lessons_go_on() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        lesson(school, "9A/Ma1", &p1, &[]);
        let path = format!("/timetable/periods/{p1}");
        let times = |from: &'static str, starts: &'static str| {
            [
                ("name", "P1"),
                ("starts", starts),
                ("ends", "10:10"),
                ("session", "am"),
                ("from", from),
            ]
        };
        let wrong = school.post(
            Role::AttendanceManager,
            &path,
            &times("2026-11-30", "10:10"),
        );
        assert!(
            wrong.text().contains("ends later than that"),
            "{}",
            wrong.text()
        );
        let past = school.post(
            Role::AttendanceManager,
            &path,
            &times("2026-11-23", "09:20"),
        );
        assert!(
            past.text().contains("the past keeps the times"),
            "{}",
            past.text()
        );
        let done = school.post(
            Role::AttendanceManager,
            &path,
            &times("2026-11-30", "09:20"),
        );
        assert_eq!(done.status, 303, "{}", done.text());
        let class = format!("/timetable/groups/{}", school.groups["9A/Ma1"]);
        let says = |week: &str, times: &str| {
            let page = school.get(Role::Teacher, &format!("{class}?week={week}"));
            page.text().contains(times)
        };
        assert!(says("2026-11-24", "09:10 to 10:10"));
        assert!(says("2026-12-01", "09:20 to 10:10"));
        let end = school.post(
            Role::AttendanceManager,
            &format!("{path}/end"),
            &[("last", "2026-12-04")],
        );
        assert!(
            end.text().contains("One lesson goes on in this period"),
            "{}",
            end.text()
        );
    });
}

#[test]
fn only_who_keeps_the_roll_enters_lessons_and_only_who_may_know_a_pupil_sees_theirs() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        let group = school.groups["9A/Ma1"].to_string();
        let form = [
            ("group", group.as_str()),
            ("weekday", "1"),
            ("period", p1.as_str()),
            ("from", "2026-11-24"),
        ];
        let refused = school.post(Role::Teacher, "/timetable/lessons/new", &form);
        assert_eq!(refused.status, 403);
        let period = school.post(Role::Teacher, "/timetable/periods/new", &[("name", "P9")]);
        assert_eq!(period.status, 403);
        let page = school.get(Role::Teacher, &format!("/timetable/groups/{group}"));
        assert!(
            !page.text().contains("/timetable/lessons/new"),
            "no way to a form that is refused"
        );
        let (ash, _) = school.pupils["Ash"];
        for role in [Role::SystemAdministrator, Role::Governor, Role::Parent] {
            let pupil = school.get(role, &format!("/timetable/pupils/{ash}"));
            assert_eq!(pupil.status, 404, "{role:?}");
            assert_eq!(school.get(role, "/timetable").status, 404, "{role:?}");
        }
    });
}

#[test]
fn cover_opens_a_register_for_its_days_only_and_says_for_whom() {
    each_school(|school| {
        let group = school.groups["9A"].to_string();
        let away = school.person(Role::Tutor).staff.to_string();
        let covering = school.person(Role::SupportOrCover).staff.to_string();
        let register = |day: &str| {
            let path = format!("/registers/{group}/{day}/am");
            school.get(Role::SupportOrCover, &path).status
        };
        assert_eq!(register("2026-11-24"), 404);
        let page = format!("/cover?day=2026-11-24&staff={away}");
        let page = school.get(Role::AttendanceAdministrator, &page);
        let offered = format!("<option value=\"{covering}\">Sam Support or cover staff, free");
        assert!(page.text().contains(&offered), "{}", page.text());
        let cover = format!("cover-{group}");
        let form = [
            ("day", "2026-11-24"),
            ("to", "2026-11-24"),
            ("staff", away.as_str()),
            ("group", group.as_str()),
            (cover.as_str(), covering.as_str()),
        ];
        assert_eq!(school.post(Role::Teacher, "/cover", &form).status, 403);
        let mut past = form;
        past[0].1 = "2026-11-23";
        let refused = school.post(Role::AttendanceAdministrator, "/cover", &past);
        assert_eq!(refused.status, 422, "a day that has passed");
        let mut unknown = form;
        (unknown[3].1, unknown[4].0) = ("987654", "cover-987654");
        let refused = school.post(Role::AttendanceAdministrator, "/cover", &unknown);
        assert_eq!(refused.status, 422, "a group that nobody had");
        let done = school.post(Role::AttendanceAdministrator, "/cover", &form);
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(register("2026-11-24"), 200);
        assert_eq!(register("2026-11-25"), 404);
        let list = school.get(Role::AttendanceAdministrator, "/registers?show=all");
        assert!(
            list.text()
                .contains("Sam Support or cover staff, covering for Sam Tutor")
        );
        let again = school.post(Role::AttendanceAdministrator, "/cover", &form);
        assert_eq!(again.status, 422, "one cover is enough");
        let page = school.get(Role::AttendanceAdministrator, done.location());
        let (_, rest) = page
            .text()
            .split_once("action=\"/cover/")
            .expect("a way to take it back");
        let duty = rest.split('/').next().expect("the key of the duty");
        let path = format!("/cover/{duty}/take-back");
        let back = school.post(
            Role::AttendanceAdministrator,
            &path,
            &[("day", "2026-11-24")],
        );
        assert_eq!(back.status, 303, "{}", back.text());
        assert_eq!(register("2026-11-24"), 404);
    });
}

#[test]
fn whoever_teaches_then_is_offered_for_cover_after_those_who_are_free() {
    each_school(|school| {
        let p1 = period(school, "P1", "08:50", "09:50", "am");
        lesson(school, "9A/Ma1", &p1, &[]);
        let away = school.person(Role::Tutor).staff;
        let path = format!("/cover?day=2026-11-24&staff={away}");
        let page = school.get(Role::Headteacher, &path);
        let free = page.text().find("Sam Support or cover staff, free");
        let busy = page.text().find("Sam Teacher, has P1 9A/Ma1");
        assert!(free.is_some() && free < busy, "{}", page.text());
        assert!(
            !page.text().contains("Sam Governor"),
            "nobody who takes no register"
        );
    });
}

#[test]
fn lessons_of_a_group_that_is_off_timetable_do_not_run_and_its_pupils_see_what_does() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        lesson(school, "9A/Ma1", &p1, &[]);
        lesson(school, "10A", &p1, &[]);
        let year = school.groups["Year 9"].to_string();
        let form = |from: &'static str| {
            [
                ("what", "Mock examinations"),
                ("from", from),
                ("to", "2026-12-01"),
                ("period", ""),
                ("group", year.as_str()),
            ]
            .map(|(name, value)| (name, value.to_owned()))
        };
        let post = |role: Role, from: &'static str| {
            let form = form(from);
            let form: Vec<(&str, &str)> = form
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            school.post(role, "/timetable/off/new", &form)
        };
        assert_eq!(post(Role::Teacher, "2026-12-01").status, 403);
        let past = post(Role::Headteacher, "2026-11-23");
        assert!(past.text().contains("were taught"), "{}", past.text());
        let done = post(Role::Headteacher, "2026-12-01");
        assert_eq!(done.location(), "/timetable/off?did=off", "{}", done.text());
        let shows = |path: &str, week: &str| {
            let page = school.get(Role::Teacher, &format!("{path}?week={week}"));
            let text = page.text();
            let one = text.contains("1 lesson this week");
            (one, text.contains("Mock examinations"))
        };
        let (ash, _) = school.pupils["Ash"];
        let class = format!("/timetable/groups/{}", school.groups["9A/Ma1"]);
        let teacher = format!("/timetable/staff/{}", teacher(school));
        let pupil = format!("/timetable/pupils/{ash}");
        assert_eq!(shows(&class, "2026-12-01"), (false, true));
        assert_eq!(shows(&pupil, "2026-12-01"), (false, true));
        assert_eq!(shows(&teacher, "2026-12-01"), (false, false));
        let other = format!("/timetable/groups/{}", school.groups["10A"]);
        assert_eq!(
            shows(&other, "2026-12-01"),
            (true, false),
            "another year's lessons run"
        );
        assert_eq!(
            shows(&class, "2026-12-08"),
            (true, false),
            "the week after they run again"
        );
        let list = school.get(Role::Headteacher, "/timetable/off");
        let (_, rest) = list
            .text()
            .split_once("action=\"/timetable/off/")
            .expect("a way back");
        let id = rest.split('/').next().expect("its key");
        let back = school.post(
            Role::Headteacher,
            &format!("/timetable/off/{id}/put-back"),
            &[],
        );
        assert_eq!(back.status, 303, "{}", back.text());
        assert_eq!(shows(&class, "2026-12-01"), (true, false));
    });
}

#[test]
fn on_a_day_that_ends_early_lessons_and_registers_go_by_its_own_times() {
    each_school(|school| {
        let p1 = period(school, "P1", "09:10", "10:10", "am");
        let p5 = period(school, "P5", "14:25", "15:10", "pm");
        lesson(school, "9A/Ma1", &p1, &[]);
        lesson(school, "9A/Ma1", &p5, &[]);
        let names = [&p1, &p5].map(|id| (format!("starts-{id}"), format!("ends-{id}")));
        let mut form = vec![
            ("day", "2026-12-15"),
            ("reason", "No heating"),
            ("am-opens", "08:40"),
            ("am-closes", "09:10"),
            ("am-ends", "12:00"),
            ("pm-opens", "12:00"),
            ("pm-closes", "12:30"),
            ("pm-ends", "12:30"),
        ];
        for (name, value) in [(&names[0].0, "09:10"), (&names[0].1, "09:40")] {
            form.push((name, value));
        }
        let path = "/year/times";
        assert_eq!(school.post(Role::Teacher, path, &form).status, 403);
        let done = school.post(Role::AttendanceManager, path, &form);
        assert_eq!(
            done.location(),
            "/year?year=2026&done=times",
            "{}",
            done.text()
        );
        let year = school.get(Role::Teacher, "/year?year=2026");
        assert!(
            year.text().contains("school ends at 12:30"),
            "{}",
            year.text()
        );
        assert!(
            !year.text().contains("/year/times/take-back"),
            "a teacher reads it"
        );
        let class = format!("/timetable/groups/{}", school.groups["9A/Ma1"]);
        let week = |of: &str| {
            let page = school.get(Role::Teacher, &format!("{class}?week={of}"));
            page.text().to_owned()
        };
        assert!(week("2026-12-08").contains("2 lessons this week"));
        let own = week("2026-12-15");
        assert!(own.contains("1 lesson this week"), "{own}");
        assert!(
            own.contains("09:10 to 09:40") && own.contains("not held"),
            "{own}"
        );
        let csv = school.take(Role::Teacher, &format!("{class}?week=2026-12-15"), "csv");
        assert!(
            csv.text().contains("P1,09:10,09:40,morning"),
            "{}",
            csv.text()
        );
        let group = school.groups["9A"];
        let register = format!("/registers/{group}/2026-12-15/pm");
        let page = school.get(Role::Tutor, &register);
        assert!(page.text().contains("12:00"), "{}", page.text());
        let gone = format!("/lessons/{}/2026-12-15/{p5}", school.groups["9A/Ma1"]);
        let page = school.get(Role::Teacher, &gone);
        assert!(page.text().contains("P5 is not held on"), "{}", page.text());
        let form = school.get(Role::AttendanceManager, "/year/times?day=2026-12-15");
        assert!(form.text().contains("value=\"09:40\""), "{}", form.text());
        let back = [("day", "2026-12-15")];
        let path = "/year/times/take-back";
        assert_eq!(school.post(Role::Teacher, path, &back).status, 403);
        let done = school.post(Role::AttendanceManager, path, &back);
        assert_eq!(done.location(), "/year?year=2026&done=times-back");
        assert!(week("2026-12-15").contains("2 lessons this week"));
    });
}
