//! Timetables from files: what they make, what they change from a day on, and what they leave alone (I-100).

use calendar::{Day, Instant};
use office::MIGRATIONS;
use office::registers::records::LESSON_MARK;
use office::roll::imports::{Choices, Import, ImportId};
use office::roll::records::STAFF;
use office::year::records::SETTING;
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args};

use crate::school::{SCHOOL, School, day, sample, text};

const SIMS: &str = "mis/sims_style_pupils_windows1252.csv";
const TIMETABLE: &str = "mis/timetable_long.csv";

const HEADINGS: &str = "Class,Subject,Teacher Code,Room,Week,Day,Period,Start,End\n";

fn entry() -> Entry<'static> {
    Entry {
        account: 7,
        job_title: "Set-up",
        act: "set up",
        subject: "a school of a test".to_owned(),
    }
}

/// The school with pupils, the teachers T01 to T05, and weeks A and B.
fn with_staff(store: &TestStore) -> School {
    let school = School::founded(store).with_terms();
    store
        .act_now(SCHOOL, |act: &mut Act| {
            for number in 1..=5 {
                let id = act.new_id();
                let code = format!("T{number:02}");
                let none = None::<&str>;
                let values = args![
                    id,
                    code.as_str(),
                    "Ms",
                    "Ada",
                    "Sample",
                    none,
                    None::<i64>,
                    None::<Day>,
                    None::<Day>
                ];
                act.record(&STAFF, &values)?;
            }
            act.describe(entry());
            Ok::<_, StoreError>(())
        })
        .expect("staff of a test");
    school
}

fn fortnightly(store: &TestStore) {
    store
        .act_now(SCHOOL, |act: &mut Act| {
            let value = r#"{"weeks":2,"week_a":"2026-09-07","skips_holidays":true}"#;
            act.record(
                &SETTING,
                &args!["timetable_cycle", day("2026-09-01"), value],
            )?;
            act.describe(entry());
            Ok::<_, StoreError>(())
        })
        .expect("a setting of a test");
}

fn rows(lines: &[&str]) -> office::roll::imports::ReceivedFile {
    text(
        "timetable.csv",
        &format!("{HEADINGS}{}\n", lines.join("\n")),
    )
}

fn codes(school: &School, id: ImportId) -> Vec<(u32, String, String)> {
    let findings = school.findings(id);
    let said = findings
        .into_iter()
        .map(|one| (one.line, one.severity, one.code));
    said.collect()
}

fn loaded(import: &Import) -> (u32, u32, u32) {
    let main = import.preview.as_ref().expect("a preview").main;
    (main.loaded, main.unchanged, main.held)
}

/// The lessons of a class: weekday, room, first and last day, in order.
fn lessons_of(school: &School, class: &str) -> Vec<(usize, String, Day, Option<Day>)> {
    let book = school.book();
    let group = book
        .groups
        .groups
        .iter()
        .find(|group| group.name == class)
        .expect("the class");
    let mut found: Vec<_> = book
        .timetable
        .lessons
        .iter()
        .filter(|lesson| lesson.group == group.id)
        .map(|lesson| {
            let room = lesson.room.and_then(|room| book.timetable.room(room));
            let room = room.map_or_else(String::new, |room| room.name.clone());
            (lesson.weekday.index(), room, lesson.from, lesson.to)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_timetable_makes_periods_rooms_classes_and_lessons_and_read_again_changes_nothing() {
    each_engine(MIGRATIONS, |store| {
        let school = with_staff(store);
        fortnightly(store);
        school.bring(sample(SIMS));
        let done = school.bring(sample(TIMETABLE));
        assert_eq!(loaded(&done), (300, 0, 0), "{:?}", codes(&school, done.id));
        let book = school.book();
        let timetable = &book.timetable;
        assert_eq!(
            (timetable.lessons.len(), timetable.rooms.len()),
            (150, 5),
            "the same lesson in week A and B is one of every week"
        );
        assert_eq!(timetable.periods_on(day("2026-11-24")).len(), 5);
        let lesson = &timetable.lessons[0];
        assert_eq!(
            (lesson.week, lesson.from, lesson.to),
            (None, day("2026-11-24"), Some(day("2026-12-18"))),
            "what was taught before today is not written anew"
        );
        assert!(
            timetable
                .lessons
                .iter()
                .all(|lesson| lesson.staff.is_empty()),
            "whoever has the class teaches it"
        );
        let said = done.preview.expect("a preview").consequences.join(" ");
        assert!(said.contains("150 lessons go into the timetable"), "{said}");
        assert!(said.contains("5 periods are made"), "{said}");
        assert!(
            said.contains("30 places of pupils go into a class"),
            "{said}"
        );
        school.verify();
        let again = school.receive(vec![sample(TIMETABLE)], &Choices::default());
        let again = school.import(again);
        assert_eq!(
            loaded(&again),
            (0, 300, 0),
            "{:?}",
            codes(&school, again.id)
        );
        assert!(!again.preview.expect("a preview").changes);
    });
}

#[test]
fn a_timetable_is_undone_as_a_whole_unless_a_register_was_kept() {
    each_engine(MIGRATIONS, |store| {
        let school = with_staff(store);
        let file = || rows(&["7En1,English,T01,R11,,Tue,1,08:50,09:50"]);
        let done = school.bring(file());
        school.undo(done.id).expect("undone");
        let book = school.book();
        assert!(book.timetable.lessons.is_empty() && book.timetable.rooms.is_empty());
        assert!(book.timetable.periods().is_empty());
        school.verify();
        let done = school.bring(file());
        keep_register(&school, store, "7En1");
        let looked = school.look_back(done.id);
        assert!(
            looked
                .in_the_way
                .iter()
                .any(|one| one.contains("register of a lesson")),
            "{looked:?}"
        );
    });
}

/// Somebody marks a pupil in the class's lesson today.
fn keep_register(school: &School, store: &TestStore, class: &str) {
    let book = school.book();
    let group = book.groups.groups.iter().find(|group| group.name == class);
    let group = group.expect("the class").id;
    let period = book.timetable.lessons[0].period;
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            let values = args![
                1_i64,
                day("2026-11-24"),
                period,
                group,
                "/",
                None::<i64>,
                None::<&str>,
                None::<&str>,
                "register",
                None::<Instant>
            ];
            act.record(&LESSON_MARK, &values)?;
            act.describe(entry());
            Ok::<_, StoreError>(())
        })
        .expect("a mark of a test");
}

#[test]
fn another_timetable_holds_from_its_day_and_only_for_the_classes_it_names() {
    each_engine(MIGRATIONS, |store| {
        let school = with_staff(store);
        school.bring(rows(&[
            "7En1,English,T01,R11,,Mon,1,08:50,09:50",
            "7En1,English,T01,R11,,Tue,1,08:50,09:50",
            "8Ma2,Mathematics,T02,R12,,Mon,1,08:50,09:50",
        ]));
        store.clock().set(Instant::at_london(
            day("2026-12-01"),
            "07:00".parse().expect("a clock time"),
        ));
        let done = school.bring(rows(&["7En1,English,T01,R14,,Mon,1,08:50,09:50"]));
        assert_eq!(loaded(&done), (1, 0, 0));
        let (before, from) = (day("2026-11-24"), day("2026-12-01"));
        let ended = Some(day("2026-11-30"));
        assert_eq!(
            lessons_of(&school, "7En1"),
            [
                (0, "R11".to_owned(), before, ended),
                (0, "R14".to_owned(), from, None),
                (1, "R11".to_owned(), before, ended),
            ]
        );
        assert_eq!(
            lessons_of(&school, "8Ma2"),
            [(0, "R12".to_owned(), before, None)],
            "the file does not name it"
        );
        school.verify();
    });
}

#[test]
fn a_lesson_whose_register_was_kept_today_changes_tomorrow() {
    each_engine(MIGRATIONS, |store| {
        let school = with_staff(store);
        school.bring(rows(&["7En1,English,T01,R11,,Tue,1,08:50,09:50"]));
        keep_register(&school, store, "7En1");
        school.bring(rows(&["7En1,English,T01,R14,,Tue,1,08:50,09:50"]));
        let (today, next) = (day("2026-11-24"), day("2026-11-25"));
        assert_eq!(
            lessons_of(&school, "7En1"),
            [
                (1, "R11".to_owned(), today, Some(today)),
                (1, "R14".to_owned(), next, None),
            ]
        );
    });
}

#[test]
fn what_cannot_be_placed_waits_with_its_ground_and_the_rest_goes_in() {
    each_engine(MIGRATIONS, |store| {
        let school = with_staff(store);
        let done = school.bring(rows(&[
            "7En1,English,T01,R11,,Mon,1,08:50,09:50",
            "7En1,English,T99,R11,,Tue,P1,09:00,09:50",
            "7En1,English,T01,R11,,Wed,6,,",
            "8Ma2,Mathematics,T01,R11,,Mon,Period 1,,",
        ]));
        assert_eq!(loaded(&done), (3, 0, 1));
        let codes = codes(&school, done.id);
        for expected in [
            (3, "warning", "PERIOD_TIMES"),
            (3, "warning", "TEACHER_NOT_HERE"),
            (4, "held", "PERIOD_NOT_HERE"),
            (5, "warning", "TWICE_AT_ONCE"),
        ] {
            let found = codes.iter().any(|(line, severity, code)| {
                (*line, severity.as_str(), code.as_str()) == expected
            });
            assert!(found, "{expected:?} in {codes:?}");
        }
        assert_eq!(school.book().timetable.periods().len(), 1, "P1 is 1");
        let weeks = rows(&[
            "7En1,English,T01,R11,A,Mon,1,,",
            "7En1,English,T01,R12,B,Mon,1,,",
        ]);
        let id = school.receive(vec![weeks], &Choices::default());
        let held = school.import(id);
        assert_eq!(loaded(&held), (0, 0, 2), "it goes round in one week here");
        fortnightly(store);
        let weeks = rows(&[
            "7En1,English,T01,R11,A,Mon,1,,",
            "7En1,English,T01,R12,B,Mon,1,,",
        ]);
        school.bring(weeks);
        let lessons = lessons_of(&school, "7En1");
        assert_eq!(
            lessons.len(),
            2,
            "the one of every week became two: {lessons:?}"
        );
    });
}

#[test]
fn lessons_taught_by_several_name_who_teaches_them() {
    each_engine(MIGRATIONS, |store| {
        let school = with_staff(store);
        school.bring(rows(&[
            "7En1,English,T01,R11,,Mon,1,08:50,09:50",
            "7En1,English,T02,R11,,Tue,1,08:50,09:50",
        ]));
        let book = school.book();
        let named: Vec<usize> = book
            .timetable
            .lessons
            .iter()
            .map(|lesson| lesson.staff.len())
            .collect();
        assert_eq!(named, [1, 1], "each by one of the two who have the class");
        assert_eq!(
            school.count("select count(*) from group_staff where superseded_seq is null"),
            2
        );
    });
}
