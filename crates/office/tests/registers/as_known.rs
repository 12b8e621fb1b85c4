//! What was known at a number or a minute: every page shown again as it was, by whoever may see it today, and nothing changed.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::{Day, Instant, Session};
use office::desk::Office;
use office::people::Role;
use office::{MIGRATIONS, roll, year};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args};

use crate::school::{
    A, SCHOOL, TUTOR_OF_B, account, ask, at, changes, day, e, found, get, mark, office, save_as,
    take, today,
};

const OF_A: &str = "/registers/101/2026-11-24/am";

/// Pages of every kind that can be shown as known earlier.
const PAGES: &[&str] = &[
    OF_A,
    "/registers/101/2026-11-24/am/history",
    "/registers?show=all&session=both",
    "/pupils",
    "/pupils/301",
    "/pupils/301/record",
    "/pupils/301/amendments",
    "/groups",
    "/groups/101",
    "/figures",
    "/lists/missing-marks",
    "/lists/persistent",
    "/admission-register",
    "/plans",
    "/year",
];

/// Somebody who reads all of it and changes none of it, so that their pages are the same in the past.
const READER: Role = Role::SafeguardingOfficer;

/// Something that happens, in the minutes of a morning.
#[derive(Clone, Debug)]
enum Event {
    Mark(i64, &'static str),
    Leave(i64, i32),
    Rename(i64),
    Move(i64),
    Close(i32),
    Plan(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let code = prop::sample::select(vec!["/", "N", "I", "M", "C"]);
    prop_oneof![
        5 => (1..6i64, code).prop_map(|(number, code)| Event::Mark(number, code)),
        1 => (1..6i64, 0..9i32).prop_map(|(number, days)| Event::Leave(number, days)),
        1 => (1..6i64).prop_map(Event::Rename),
        1 => (1..6i64).prop_map(Event::Move),
        1 => (2..4i32).prop_map(Event::Close),
        1 => (1..6i64).prop_map(Event::Plan),
    ]
}

fn did(act: &mut Act) {
    act.describe(Entry {
        account: account(Role::AttendanceManager),
        job_title: "Office",
        act: "happen",
        subject: "x".to_owned(),
    });
}

fn happen(act: &mut Act, event: &Event) -> Result<(), StoreError> {
    let none = None::<&str>;
    let (september, now) = (day("2026-09-02"), act.at());
    did(act);
    match event {
        Event::Mark(number, code) => act.record(
            &office::registers::records::MARK_VERSION,
            &args![
                e(*number),
                day("2026-11-24"),
                0,
                *code,
                None::<i64>,
                None::<Instant>,
                none,
                none,
                "register",
                Some(now),
                none
            ],
        ),
        Event::Leave(number, days) => {
            let last = day("2026-11-24").plus_days(*days);
            let values = args![
                e(*number),
                300 + number,
                "C",
                september,
                none,
                Some(last),
                none,
                none,
                none,
                none
            ];
            act.replace(&roll::records::ENROLMENT, &values).map(|_| ())
        }
        Event::Rename(number) => {
            let name = format!("Renamed{number} at {now}");
            let values = args![
                300 + number,
                400 + number,
                none,
                none,
                none,
                none,
                "Sample",
                &name,
                "",
                "Sample",
                &name,
                none,
                day("2013-11-02")
            ];
            act.replace(&roll::records::PUPIL, &values).map(|_| ())
        }
        Event::Move(number) => {
            let values = args![500 + number, 102, e(*number), september, None::<Day>];
            act.replace(&roll::records::MEMBERSHIP, &values).map(|_| ())
        }
        Event::Close(days) => {
            let values = args![
                day("2026-11-23").plus_days(*days),
                "unplanned_closure",
                "Snow"
            ];
            act.replace(&year::records::DAY_EXCEPTION, &values)
                .map(|_| ())
        }
        Event::Plan(number) => {
            let id = act.new_id();
            let values = args![
                id,
                id,
                e(*number),
                "leave",
                "C",
                day("2026-11-24"),
                day("2026-11-26"),
                "all",
                "known",
                none,
                none,
                none,
                None::<Day>,
                "Head",
                None::<Day>,
                none,
                None::<Day>,
                none
            ];
            act.record(&office::registers::records::PLAN, &values)
        }
    }
}

/// What a page says, without its frame and without what tells the past from the present.
fn said(page: &str, root: &str) -> String {
    let main = page.split_once("<main").map_or(page, |(_, main)| main);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    let main = match main.split_once("<div class=\"notice heed known\"") {
        Some((before, banner)) => {
            let (_, after) = banner.split_once("</div>").expect("a banner ends");
            format!("{before}{}", after.trim_start())
        }
        None => main.to_owned(),
    };
    let main = main.replace(root, "");
    // The test's clock moves by a microsecond whenever it is read.
    let main = without(&main, "data-now=\"");
    let main = without(&main, "name=\"change_id\" value=\"");
    main.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without the value of this attribute.
fn without(text: &str, attribute: &str) -> String {
    let Some((before, value)) = text.split_once(attribute) else {
        return text.to_owned();
    };
    let (_, after) = value.split_once('"').expect("a value ends");
    format!("{before}{after}")
}

/// What two texts say where they first differ.
fn difference(one: &str, other: &str) -> String {
    let same = (one.bytes().zip(other.bytes())).take_while(|(a, b)| a == b);
    let at = same.count().saturating_sub(80);
    let told = |text: &str| text.chars().skip(at).take(240).collect::<String>();
    format!("{} BUT THEN {}", told(one), told(other))
}

fn page(office: &Arc<Office>, role: Role, path: &str) -> String {
    let (status, page) = get(office, account(role), path);
    assert_eq!(status, StatusCode::OK, "{path}: {page}");
    page
}

#[test]
fn every_page_as_known_at_a_number_says_what_it_said_then() {
    each_engine(MIGRATIONS, |store| {
        let mut runner = TestRunner::new(Config {
            cases: 1,
            // One school, whose clock does not go back.
            max_shrink_iters: 0,
            failure_persistence: None,
            ..Config::default()
        });
        found(store);
        let office = office(store);
        let story = prop::collection::vec(event(), 8..12);
        let told = runner.run(&story, |events| {
            let mut kept: Vec<(i64, Vec<String>)> = Vec::new();
            for (number, event) in events.into_iter().enumerate() {
                let now = at("08:45").plus_seconds(number as i64 * 420);
                store.clock().set(now);
                let seq = store
                    .act_now(SCHOOL, move |act| {
                        happen(act, &event)?;
                        Ok::<_, StoreError>(act.seq())
                    })
                    .expect("an event of the test");
                let pages = PAGES
                    .iter()
                    .map(|path| said(&page(&office, READER, path), ""));
                kept.push((seq, pages.collect()));
            }
            store.clock().set(at("15:00"));
            for (seq, pages) in kept {
                let root = format!("/as-known/{seq}");
                for (path, then) in PAGES.iter().zip(pages) {
                    let again = page(&office, READER, &format!("{root}{path}"));
                    prop_assert!(again.contains(&format!("number {seq}.")), "{}", path);
                    let again = said(&again, &root);
                    prop_assert!(
                        again == then,
                        "{path} at {seq}: {}",
                        difference(&again, &then)
                    );
                }
            }
            Ok(())
        });
        if let Err(error) = told {
            panic!("{error}");
        }
    });
}

/// Two marks of 8A, at 08:50 and, amended, at 09:50.
fn marked_twice(store: &TestStore) -> Arc<Office> {
    found(store);
    let manager = account(Role::AttendanceManager);
    for (clock, code, base) in [("08:50", "N", 0), ("09:50", "M", 2)] {
        store.clock().set(at(clock));
        let mut save = changes(vec![mark(e(1), code, base)]);
        save.changes[0].reason = Some("the parent rang".to_owned());
        save.changes[0].note = Some("dentist".to_owned());
        save_as(store, manager, A, today(Session::Am), &save).expect("the manager may");
    }
    store.clock().set(at("11:00"));
    office(store)
}

#[test]
fn a_minute_shows_what_was_recorded_by_its_end_and_leads_on_within_the_past() {
    each_engine(MIGRATIONS, |store| {
        let office = marked_twice(store);
        let before = page(
            &office,
            Role::Dsl,
            &format!("/as-known/2026-11-24T08:49{OF_A}/history"),
        );
        assert!(before.contains("Nothing has been entered"), "{before}");
        let then = page(
            &office,
            Role::Dsl,
            &format!("/as-known/2026-11-24T08:50{OF_A}"),
        );
        assert!(
            then.contains("As known at 08:50 on 24 November 2026, number 2."),
            "{then}"
        );
        assert!(
            then.contains("href=\"/as-known/2026-11-24T08:50/pupils/301\""),
            "{then}"
        );
        assert!(
            then.contains(&format!("href=\"/as-known/now{OF_A}\"")),
            "{then}"
        );
        assert!(
            then.contains("href=\"/me\""),
            "one's own account is of the present"
        );
        let (status, _) = get(&office, account(Role::Dsl), &format!("/as-known/now{OF_A}"));
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (status, later) = get(
            &office,
            account(Role::Dsl),
            &format!("/as-known/2026-11-24T11:00{OF_A}"),
        );
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(later.contains("has not passed yet"), "{later}");
        let (_, form) = get(
            &office,
            account(Role::Dsl),
            &format!("/as-known?page={OF_A}&number=99"),
        );
        assert!(
            form.contains("There is no number 99: the newest is 3."),
            "{form}"
        );
    });
}

#[test]
fn nothing_can_be_changed_in_the_past() {
    each_engine(MIGRATIONS, |store| {
        let office = marked_twice(store);
        let manager = account(Role::AttendanceManager);
        let then = format!("/as-known/2{OF_A}");
        let (_, page) = get(&office, manager, &then);
        assert!(!page.contains("<button class=\"save"), "{page}");
        assert!(!page.contains(&format!("action=\"{OF_A}")), "{page}");
        for path in ["/save", ""] {
            let request = Request::post(format!("{then}{path}"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let (status, answer) = ask(&office, manager, request, "change_id=x");
            assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
            assert!(answer.contains("go back to the present first"), "{answer}");
        }
        for elsewhere in ["/people", "/imports", "/me", "/"] {
            let (status, _) = get(&office, manager, &format!("/as-known/2{elsewhere}"));
            assert_eq!(status, StatusCode::NOT_FOUND, "{elsewhere}");
        }
    });
}

#[test]
fn nobody_sees_in_the_past_whom_they_may_not_see_today() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let end_duty = |group: i64, last: Day| {
            store.act_now(SCHOOL, move |act| {
                did(act);
                let staff = TUTOR_OF_B + 1000;
                act.replace(
                    &roll::records::GROUP_STAFF,
                    &args![staff + 3000, group, staff, "tutor", day("2026-09-02"), last],
                )
            })
        };
        store.clock().set(at("08:50"));
        assert_eq!(
            get(&office, TUTOR_OF_B, "/as-known/1/pupils/307").0,
            StatusCode::OK
        );
        end_duty(102, day("2026-11-20")).expect("the duty ends");
        let (_, now) = get(&office, TUTOR_OF_B, "/pupils/307");
        let (_, then) = get(&office, TUTOR_OF_B, "/as-known/1/pupils/307");
        assert_eq!(now.contains("Sessions"), then.contains("Sessions"));
        let of_b = "/registers/102/2026-11-24/am";
        assert_eq!(get(&office, TUTOR_OF_B, of_b).0, StatusCode::NOT_FOUND);
        assert_eq!(
            get(&office, TUTOR_OF_B, &format!("/as-known/1{of_b}")).0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            get(
                &office,
                account(Role::Parent),
                &format!("/as-known/1{of_b}")
            )
            .0,
            StatusCode::NOT_FOUND
        );
    });
}

#[test]
fn a_list_of_the_past_says_so_in_the_file_and_in_the_record_of_what_left() {
    each_engine(MIGRATIONS, |store| {
        let office = marked_twice(store);
        let manager = account(Role::AttendanceManager);
        let form = [("list", "/pupils"), ("format", "csv"), ("reason", "A test")];
        let form = serde_urlencoded::to_string(form).expect("a form of text");
        let request = Request::post("/as-known/2/take-away")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (status, file) = ask(&office, manager, request, form);
        assert_eq!(status, StatusCode::OK, "{file}");
        let first = file.lines().nth(1).expect("a pupil");
        assert!(
            first.ends_with("\"08:50 on 24 November 2026, number 2\""),
            "{first}"
        );
        let (_, present) = take(&office, manager, "/pupils", "csv");
        assert!(!present.contains("As known at"), "{present}");
        let address = store
            .read_now(|tx| {
                tx.query_one(
                    "select address from export where school_id = $1 order by export_id limit 1",
                    &args![SCHOOL],
                    |row| row.get::<String>(0),
                )
            })
            .expect("it was recorded");
        assert_eq!(address, "/as-known/2/pupils");
    });
}

#[test]
fn what_changed_between_two_moments_is_told_with_who_when_and_why() {
    each_engine(MIGRATIONS, |store| {
        let office = marked_twice(store);
        let changes =
            |page: &str, from: &str, to: &str| format!("/changes?page={page}&from={from}&to={to}");
        let (status, all) = get(&office, account(Role::Dsl), &changes(OF_A, "1", ""));
        assert_eq!(status, StatusCode::OK, "{all}");
        assert!(all.contains("2 changes"), "{all}");
        let (_, later) = get(&office, account(Role::Dsl), &changes(OF_A, "2", ""));
        assert!(later.contains("1 change"), "{later}");
        for said in [
            "Sample, Pupil1",
            ">N<",
            "M (dentist)",
            "Attendance manager",
            "the parent rang",
            "09:50",
        ] {
            assert!(later.contains(said), "{said}: {later}");
        }
        let (_, of_pupil) = get(
            &office,
            account(Role::Dsl),
            &changes("/pupils/301", "2026-11-24T09:00", "3"),
        );
        assert!(
            of_pupil.contains("M (dentist)") && of_pupil.contains("24 Nov 2026 AM"),
            "{of_pupil}"
        );
        let (_, nothing) = get(
            &office,
            account(Role::Dsl),
            &changes("/pupils/302", "1", "3"),
        );
        assert!(nothing.contains("Nothing changed"), "{nothing}");
        let outside = get(&office, TUTOR_OF_B, &changes(OF_A, "1", "3"));
        assert_eq!(outside.0, StatusCode::NOT_FOUND);
        // A teacher knows every pupil's name, and sees the marks of their own.
        let (_, other) = get(&office, TUTOR_OF_B, &changes("/pupils/301", "1", "3"));
        assert!(!other.contains("dentist"), "{other}");
        let (status, file) = take(&office, account(Role::Dsl), &changes(OF_A, "1", "3"), "csv");
        assert_eq!(status, StatusCode::OK);
        assert!(file.contains("the parent rang"), "{file}");
    });
}
