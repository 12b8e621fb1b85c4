//! Registers of lessons, on both engines.

use axum::http::{Request, StatusCode};
use calendar::Session;
use office::desk::Refusal;
use office::ids::{LessonId, PeriodId, RoomId, StaffId};
use office::people::Role;
use office::registers::exams::{
    Answered, ExamRoom, NewContact, NewExam, NewSeats, Step, cancel_exam, log_contact, save_exam,
    seat_group, set_exam, take_out,
};
use office::registers::lessons::{LessonAddress, save_lesson};
use office::registers::offline::{LateChoice, decide_late_exam, decide_late_lesson};
use office::registers::save::{Outcome, Save, SaveAnswer};
use office::registers::{Change, cover_lesson, take_back_lesson};
use office::year::settings::{LESSON_OPENS, SEARCH_TIMES};
use office::year::timetable::records::{LESSON, LESSON_PERIOD, OFF_TIMETABLE, ROOM};
use office::year::timetable::{NewOffTimetable, end_lesson, take_off_timetable};
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args, journal};

use crate::school::{
    A, B, SCHOOL, TUTOR_OF_B, X, account, actor, ask, at, at_on, changes, day, e, found, get, mark,
    office, outcomes, save_as, take, today,
};

const P1: PeriodId = PeriodId(701);
const P2: PeriodId = PeriodId(702);
const P4: PeriodId = PeriodId(704);

/// The lesson of 8X1 on Tuesday, first period.
const LESSON_1: &str = "/lessons/103/2026-11-24/701";

/// The school with three periods a day, and 8X1 taught in all of them on Tuesdays. Its pupils are 1 and 2 of 8A, 7 and 8 of 8B.
fn with_timetable(store: &TestStore) {
    found(store);
    let clock = store.clock().tell();
    store.clock().set(at("06:30"));
    store
        .act_now(SCHOOL, |act: &mut Act| {
            let september = day("2026-09-02");
            let none = None::<i64>;
            let open = None::<calendar::Day>;
            for (id, name, session, starts, ends) in [
                (P1, "P1", 0, "09:10", "10:10"),
                (P2, "P2", 0, "10:10", "11:10"),
                (P4, "P4", 1, "13:40", "14:25"),
            ] {
                let values = args![id, september, open, name, session, starts, ends];
                act.record(&LESSON_PERIOD, &values)?;
            }
            for (id, period) in [(801, P1), (802, P2), (804, P4)] {
                let values = args![id, X, none, none, 1, period, september, open];
                act.record(&LESSON, &values)?;
            }
            act.describe(Entry {
                account: 1,
                job_title: "Set-up",
                act: "set up the timetable",
                subject: "the school".to_owned(),
            });
            Ok::<_, StoreError>(())
        })
        .expect("a timetable");
    store.clock().set(clock);
}

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        with_timetable(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn teacher() -> i64 {
    account(Role::Teacher)
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn lesson(period: PeriodId) -> LessonAddress {
    LessonAddress {
        group: X,
        day: day("2026-11-24"),
        period,
    }
}

fn save_in(
    store: &TestStore,
    account: i64,
    address: LessonAddress,
    what: &Save,
) -> Result<SaveAnswer, Refusal> {
    let actor = actor(store, account);
    let what = what.clone();
    store.act_now(SCHOOL, move |act| save_lesson(act, &actor, address, &what))
}

fn here(numbers: &[i64]) -> Vec<Change> {
    numbers
        .iter()
        .map(|number| mark(e(*number), "/", 0))
        .collect()
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get::<i64>(0)))
        .expect("a count")
}

const SESSION_MARKS: &str = "select count(*) from mark_version where school_id = $1";
const LESSON_MARKS: &str = "select count(*) from lesson_mark where school_id = $1";
const TAKEN: &str = "select count(*) from lesson_taken where school_id = $1";

#[test]
fn a_lesson_is_taken_in_one_act_and_no_session_mark_is_made() {
    at_school(|store| {
        store.clock().set(at("09:16"));
        let mut changes_made = here(&[1, 7]);
        changes_made.push(mark(e(2), "l", 0));
        let some = save_in(store, teacher(), lesson(P1), &changes(changes_made)).unwrap();
        assert_eq!(some.blank, 1);
        assert_eq!(some.results[2].minutes, Some(6), "by the server's clock");
        assert_eq!(count(store, TAKEN), 0, "one place is still blank");
        let rest = save_in(
            store,
            teacher(),
            lesson(P1),
            &changes(vec![mark(e(8), "N", 0)]),
        );
        let rest = rest.unwrap();
        assert_eq!((rest.blank, count(store, TAKEN)), (0, 1));
        assert_eq!(count(store, LESSON_MARKS), 4);
        assert_eq!(count(store, SESSION_MARKS), 0, "R-025");
        let seq = rest.seq.expect("something was written");
        let entry = store
            .read_now(move |tx| journal::entry(tx, SCHOOL, seq))
            .unwrap()
            .unwrap();
        assert_eq!(entry.act, "save lesson register");
        assert_eq!(entry.subject, "group 103 2026-11-24 period 701");
    });
}

#[test]
fn a_save_that_is_sent_twice_is_in_the_lesson_once() {
    at_school(|store| {
        store.clock().set(at("09:16"));
        let what = changes(here(&[1, 2]));
        let first = save_in(store, teacher(), lesson(P1), &what).unwrap();
        let again = save_in(store, teacher(), lesson(P1), &what).unwrap();
        assert_eq!(first, again);
        assert_eq!(count(store, LESSON_MARKS), 2);
    });
}

#[test]
fn who_changes_what_somebody_else_changed_meanwhile_is_told_by_whom() {
    at_school(|store| {
        store.clock().set(at("09:16"));
        let first = save_in(store, teacher(), lesson(P1), &changes(here(&[1]))).unwrap();
        let theirs = changes(vec![mark(e(1), "N", first.results[0].base)]);
        save_in(store, officer(), lesson(P1), &theirs).unwrap();
        let mine = changes(vec![Change {
            minutes: Some(4),
            ..mark(e(1), "L", first.results[0].base)
        }]);
        let answer = save_in(store, teacher(), lesson(P1), &mine).unwrap();
        assert_eq!(outcomes(&answer), [Outcome::Conflict]);
        let told = &answer.results[0];
        assert_eq!(told.code.as_deref(), Some("N"));
        assert!(
            told.by.as_deref().is_some_and(|by| by.contains("Staff")),
            "{told:?}"
        );
        assert_eq!(told.at.as_deref(), Some("09:16"));
    });
}

#[test]
fn after_the_lesson_a_change_of_a_taken_register_needs_a_reason() {
    at_school(|store| {
        store.clock().set(at("09:16"));
        let taken = save_in(store, teacher(), lesson(P1), &changes(here(&[1, 2, 7, 8]))).unwrap();
        let base = taken.results[0].base;
        store.clock().set(at("10:10"));
        let bare = changes(vec![mark(e(1), "N", base)]);
        let refused = save_in(store, teacher(), lesson(P1), &bare).unwrap();
        assert_eq!(outcomes(&refused), [Outcome::Refused]);
        assert!(refused.results[0].message.contains("needs a reason"));
        let cleared = save_in(
            store,
            teacher(),
            lesson(P1),
            &changes(vec![mark(e(1), "", base)]),
        );
        assert_eq!(outcomes(&cleared.unwrap()), [Outcome::Refused]);
        let because = changes(vec![Change {
            reason: Some("Went to the wrong room".to_owned()),
            ..mark(e(1), "N", base)
        }]);
        let amended = save_in(store, teacher(), lesson(P1), &because).unwrap();
        assert_eq!(outcomes(&amended), [Outcome::Saved]);
        let office = office(store);
        let (status, page) = get(&office, teacher(), &format!("{LESSON_1}/history"));
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Went to the wrong room"));
        let (_, page) = get(&office, teacher(), LESSON_1);
        assert!(page.contains(r#"data-state="amend""#));
    });
}

#[test]
fn a_lesson_that_was_not_taken_in_time_is_still_taken_afterwards() {
    at_school(|store| {
        store.clock().set(at("12:00"));
        let all = save_in(store, teacher(), lesson(P1), &changes(here(&[1, 2, 7, 8]))).unwrap();
        assert_eq!((all.blank, count(store, TAKEN)), (0, 1));
        let late = save_in(
            store,
            teacher(),
            lesson(P2),
            &changes(vec![mark(e(1), "L", 0)]),
        );
        let late = late.unwrap();
        assert_eq!(
            outcomes(&late),
            [Outcome::Refused],
            "the clock knows no minutes"
        );
        let five = Change {
            minutes: Some(5),
            ..mark(e(1), "L", 0)
        };
        let late = save_in(store, teacher(), lesson(P2), &changes(vec![five])).unwrap();
        assert_eq!(late.results[0].minutes, Some(5));
        let sixty_one = Change {
            minutes: Some(61),
            ..mark(e(2), "L", 0)
        };
        let never = save_in(store, teacher(), lesson(P2), &changes(vec![sixty_one])).unwrap();
        assert_eq!(
            outcomes(&never),
            [Outcome::Refused],
            "the lesson lasts an hour"
        );
    });
}

#[test]
fn what_may_not_be_entered_is_refused_with_its_ground() {
    at_school(|store| {
        store.clock().set(at("08:49"));
        let early = save_in(store, teacher(), lesson(P1), &changes(here(&[1]))).unwrap();
        assert!(early.results[0].message.contains("begins at 09:10"));
        store.clock().set(at("08:50"));
        let told = |code: &str, number: i64| {
            let what = changes(vec![mark(e(number), code, 0)]);
            let answer = save_in(store, teacher(), lesson(P1), &what).unwrap();
            (answer.results[0].outcome, answer.results[0].message.clone())
        };
        assert_eq!(told("/", 1).0, Outcome::Saved, "twenty minutes before");
        let (outcome, ground) = told("I", 2);
        assert_eq!(outcome, Outcome::Refused);
        assert!(ground.contains("not entered in a lesson"), "{ground}");
        assert!(told("H", 2).1.contains("Say it in the note"));
        assert!(
            told("/", 3).1.contains("not in this register"),
            "pupil 3 is not in 8X1"
        );
        let wednesday = LessonAddress {
            day: day("2026-11-25"),
            ..lesson(P1)
        };
        let none = save_in(store, teacher(), wednesday, &changes(here(&[1])));
        assert!(matches!(none, Err(Refusal::NotFound)), "taught on Tuesdays");
    });
}

#[test]
fn what_runs_instead_of_a_lesson_leaves_it_without_a_register() {
    at_school(|store| {
        store
            .act_now(SCHOOL, |act: &mut Act| {
                let (none, today) = (None::<i64>, day("2026-11-24"));
                act.record(
                    &OFF_TIMETABLE,
                    &args![901, today, today, X, P2, "Sports day"],
                )?;
                act.record(&OFF_TIMETABLE, &args![902, today, today, A, P1, "Trip"])?;
                act.record(
                    &OFF_TIMETABLE,
                    &args![903, today, today, none, P4, "Assembly"],
                )?;
                act.describe(Entry {
                    account: 1,
                    job_title: "Set-up",
                    act: "take off timetable",
                    subject: "the day".to_owned(),
                });
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.clock().set(at("14:00"));
        let p1 = save_in(store, teacher(), lesson(P1), &changes(here(&[1])));
        assert!(p1.is_ok(), "8A is away, and 8X1 has pupils of 8B too");
        for (period, what) in [(P2, "Sports day"), (P4, "Assembly")] {
            let refused = save_in(store, teacher(), lesson(period), &changes(here(&[1])));
            let Err(Refusal::Wrong(ground)) = refused else {
                panic!("{what}: {refused:?}");
            };
            assert!(ground.contains(what), "{ground}");
        }
    });
}

#[test]
fn who_is_away_by_the_attendance_register_need_not_be_marked_in_each_lesson() {
    at_school(|store| {
        let office = office(store);
        let ill = vec![mark(e(1), "I", 0), mark(e(2), "N", 0)];
        save_as(store, officer(), A, today(Session::Am), &changes(ill)).unwrap();
        store.clock().set(at("09:12"));
        let (_, page) = get(&office, teacher(), LESSON_1);
        assert!(page.contains(r#"<tr data-e="201" data-base="0" data-code="" data-planned="X">"#));
        assert!(page.contains("AM: I, "), "the session's mark in words");
        assert!(
            page.contains(r#"<tr data-e="202" data-base="0" data-code="">"#),
            "who is not explained may still come"
        );
        let filled = Save {
            fill: true,
            ..changes(Vec::new())
        };
        let answer = save_in(store, teacher(), lesson(P1), &filled).unwrap();
        let places: Vec<i64> = answer.results.iter().map(|one| one.enrolment.0).collect();
        assert_eq!(places, [202, 207, 208], "1 is away");
        assert_eq!((answer.blank, count(store, TAKEN)), (0, 1));
        assert_eq!(
            answer.results[0].message,
            "N in AM, and the pupil was in P1."
        );
        let (_, page) = get(&office, teacher(), LESSON_1);
        assert!(page.contains("N in AM, and the pupil was in P1"));
        let marks = store
            .read_now(|tx| {
                tx.query(
                    "select code from mark where school_id = $1 order by enrolment_id",
                    &args![SCHOOL],
                    |row| row.get::<String>(0),
                )
            })
            .unwrap();
        assert_eq!(
            marks,
            ["I", "N"],
            "the attendance register is as it was (R-025)"
        );
    });
}

#[test]
fn every_role_sees_a_lesson_within_its_reach_and_no_other() {
    at_school(|store| {
        let office = office(store);
        store.clock().set(at("09:12"));
        for role in Role::ALL {
            let (status, page) = get(&office, account(*role), LESSON_1);
            let (history, _) = get(&office, account(*role), &format!("{LESSON_1}/history"));
            let marks = matches!(
                role,
                Role::Headteacher
                    | Role::DeputyHeadPastoral
                    | Role::WelfareManager
                    | Role::AttendanceManager
                    | Role::AttendanceAdministrator
                    | Role::Teacher
                    | Role::SupportOrCover
            );
            let reads = matches!(
                role,
                Role::Dsl
                    | Role::DeputyDsl
                    | Role::SafeguardingOfficer
                    | Role::HeadOfHouseOrYear
                    | Role::BehaviourLead
                    | Role::PastoralAdministrator
                    | Role::Senco
                    | Role::Inspector
            );
            let saved = save_in(store, account(*role), lesson(P1), &changes(here(&[1])));
            if marks {
                assert!(page.contains(r#"data-state="open""#), "{role:?}");
                assert!(saved.is_ok(), "{role:?}");
            } else if reads {
                assert!(page.contains(r#"data-state="read-only""#), "{role:?}");
                assert!(matches!(saved, Err(Refusal::NotAllowed(_))), "{role:?}");
            } else {
                assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
                assert!(!page.contains("Sample, Pupil"), "{role:?}");
                assert!(matches!(saved, Err(Refusal::NotFound)), "{role:?}");
            }
            assert_eq!(history == StatusCode::OK, marks || reads, "{role:?}");
        }
    });
}

#[test]
fn the_grid_and_the_form_without_script_save_the_same_lesson() {
    at_school(|store| {
        let office = office(store);
        store.clock().set(at("09:12"));
        let sent = r#"{"change_id":"g-1","changes":[{"enrolment":201,"code":"/","base":0}]}"#;
        let request =
            Request::post(format!("{LESSON_1}/save")).header("content-type", "application/json");
        let (status, body) = ask(&office, teacher(), request, sent);
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(body.contains(r#""outcome":"saved""#));
        let form = "change_id=f-1&fill=yes&code-201=%2F&base-201=2&code-202=N&base-202=0";
        let request = Request::post(format!("{LESSON_1}/save"))
            .header("content-type", "application/x-www-form-urlencoded");
        let (status, body) = ask(&office, teacher(), request, form);
        assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
        let (_, own) = get(&office, teacher(), "/registers");
        assert!(
            own.contains(LESSON_1) && own.contains("taken 09:12"),
            "{own}"
        );
        let (_, page) = get(&office, teacher(), LESSON_1);
        assert!(page.contains("taken 09:12"));
        assert!(page.len() < 60_000, "{} bytes", page.len());
        store.clock().set(at_on("2026-11-24", "10:12"));
        let (_, own) = get(&office, teacher(), "/registers");
        assert!(own.contains("not begun") && own.contains("begins at 13:40"));
    });
}

/// 1 and 7 are present at registration, 2 is ill, 8 has no mark; in the first lesson 1 and 7 are not there, and 2 and 8 are.
fn a_morning_that_differs(store: &TestStore) {
    let of_a = vec![mark(e(1), "/", 0), mark(e(2), "I", 0)];
    save_as(store, officer(), A, today(Session::Am), &changes(of_a)).unwrap();
    save_as(
        store,
        officer(),
        B,
        today(Session::Am),
        &changes(vec![mark(e(7), "/", 0)]),
    )
    .unwrap();
    store.clock().set(at("09:16"));
    let mut entered = here(&[2, 8]);
    entered.push(mark(e(1), "N", 0));
    entered.push(Change {
        note: Some("First aid".to_owned()),
        ..mark(e(7), "H", 0)
    });
    save_in(store, teacher(), lesson(P1), &changes(entered)).unwrap();
}

#[test]
fn where_session_and_lesson_differ_the_office_is_told_in_words_with_the_way_to_put_it_right() {
    at_school(|store| {
        let office = office(store);
        let (_, none) = get(&office, officer(), "/lessons/differ");
        assert!(none.contains("Sessions and lessons agree"));
        a_morning_that_differs(store);
        let (status, page) = get(&office, officer(), "/lessons/differ");
        assert_eq!(status, StatusCode::OK);
        for words in [
            "Present in AM, not in P1",
            "I in AM, and the pupil was in P1",
            "No mark in AM, and the pupil was in P1",
        ] {
            assert!(page.contains(words), "{words}");
        }
        assert!(!page.contains("Pupil7"), "elsewhere in school with leave");
        let first = page.find("Present in AM").expect("it is there");
        assert!(
            first < page.find("I in AM").expect("it is there"),
            "the missing come first"
        );
        assert!(
            page.contains("/registers/101/2026-11-24/am"),
            "where it is amended"
        );
        let (status, csv) = take(&office, officer(), "/lessons/differ?day=2026-11-24", "csv");
        assert_eq!(status, StatusCode::OK);
        assert!(csv.contains("Present in AM, not in P1"), "{csv}");
        let (_, own) = get(&office, TUTOR_OF_B, "/lessons/differ");
        assert!(
            own.contains("Pupil8") && !own.contains("Pupil1<"),
            "their own pupils only"
        );
        let (_, all) = get(&office, officer(), "/registers");
        assert!(all.contains("Session and lesson differ 3 times: in 1 a pupil is missing"));
        let (status, _) = get(
            &office,
            account(Role::SystemAdministrator),
            "/lessons/differ",
        );
        assert_eq!(status, StatusCode::NOT_FOUND);
        // The session put right by hand: the difference is gone, and both entries are kept.
        store.clock().set(at("09:30"));
        let late = Change {
            reason: Some("Seen in the first lesson".to_owned()),
            minutes: Some(31),
            ..mark(e(2), "U", base_of(store, 2))
        };
        let amended = save_as(
            store,
            officer(),
            A,
            today(Session::Am),
            &changes(vec![late]),
        );
        assert_eq!(outcomes(&amended.unwrap()), [Outcome::Saved]);
        let (_, page) = get(&office, officer(), "/lessons/differ");
        assert!(!page.contains("I in AM"));
    });
}

/// The number of the session mark of a pupil.
fn base_of(store: &TestStore, number: i64) -> i64 {
    store
        .read_now(move |tx| {
            tx.query_one(
                "select max(seq) from mark_version where school_id = $1 and enrolment_id = $2",
                &args![SCHOOL, e(number)],
                |row| row.get(0),
            )
        })
        .expect("a mark")
}

#[test]
fn a_group_and_a_pupil_show_sessions_and_periods_side_by_side() {
    at_school(|store| {
        let office = office(store);
        a_morning_that_differs(store);
        let (status, page) = get(
            &office,
            account(Role::Tutor),
            "/lessons/of/101?day=2026-11-24",
        );
        assert_eq!(status, StatusCode::OK);
        let heads: Vec<usize> = [">AM</a>", ">P1</th>", ">P2</th>", ">PM</a>", ">P4</th>"]
            .iter()
            .map(|head| page.find(head).unwrap_or_else(|| panic!("{head}: {page}")))
            .collect();
        assert!(heads.is_sorted(), "in order of time: {heads:?}");
        assert_eq!(page.matches("<tr><th scope=\"row\">").count(), 5);
        assert!(page.contains("Present in AM, not in P1"));
        let (_, csv) = take(
            &office,
            account(Role::Tutor),
            "/lessons/of/101?day=2026-11-24",
            "csv",
        );
        assert!(csv.contains("\"Sample, Pupil1\",/,N,,,"), "{csv}");
        let (status, _) = get(&office, TUTOR_OF_B, "/lessons/of/101");
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (_, pupil) = get(&office, officer(), "/why/301/2026-11-24/AM");
        assert!(pupil.contains("Sessions and lessons of the day"), "{pupil}");
        assert!(pupil.contains("Present in AM, not in P1"));
    });
}

#[test]
fn lessons_that_were_not_taken_are_in_the_office_s_list_the_longest_overdue_first() {
    at_school(|store| {
        let office = office(store);
        store.clock().set(at("10:20"));
        let (status, page) = get(&office, officer(), "/lessons");
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("0 of 3 taken"));
        let (p1, p2) = (LESSON_1, "/lessons/103/2026-11-24/702");
        assert!(page.find(p1).expect("overdue") < page.find(p2).expect("overdue"));
        assert!(
            !page.contains("/lessons/103/2026-11-24/704"),
            "still to come"
        );
        save_in(store, teacher(), lesson(P1), &changes(here(&[1, 2, 7, 8]))).unwrap();
        let (_, page) = get(&office, officer(), "/lessons");
        assert!(page.contains("1 of 3 taken") && !page.contains(p1));
        let (_, csv) = take(&office, officer(), "/lessons?show=all", "csv");
        assert!(
            csv.contains("taken 10:20") && csv.contains("begins at 13:40"),
            "{csv}"
        );
        let (status, _) = get(&office, teacher(), "/lessons");
        assert_eq!(status, StatusCode::NOT_FOUND, "a teacher has their own");
    });
}

/// The staff record of an account of the test's school.
fn staff(account: i64) -> StaffId {
    StaffId(account + 1000)
}

fn cover_as(
    store: &TestStore,
    account: i64,
    address: LessonAddress,
    covering: StaffId,
) -> Result<(), Refusal> {
    let actor = actor(store, account);
    let today = day("2026-11-24");
    store.act_now(SCHOOL, move |act| {
        cover_lesson(act, &actor, today, address, covering)
    })
}

#[test]
fn whoever_covers_one_lesson_takes_that_lesson_and_opens_no_other_register() {
    at_school(|store| {
        // The tutor of 8B has no duty for 8X1; a teacher's role lets them cover.
        store
            .act_now(SCHOOL, |act: &mut Act| {
                let values = args![
                    9001,
                    TUTOR_OF_B,
                    Role::Teacher.key(),
                    day("2026-09-02"),
                    None::<calendar::Day>
                ];
                act.record(&office::people::records::ROLE_GRANT, &values)?;
                act.describe(Entry {
                    account: 1,
                    job_title: "Set-up",
                    act: "grant",
                    subject: "a role".to_owned(),
                });
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let office = office(store);
        store.clock().set(at("09:12"));
        let before = save_in(store, TUTOR_OF_B, lesson(P1), &changes(here(&[1])));
        assert!(matches!(before, Err(Refusal::NotFound)));
        let form = format!("staff={}", staff(TUTOR_OF_B));
        let request = Request::post(format!("{LESSON_1}/cover"))
            .header("content-type", "application/x-www-form-urlencoded");
        let (status, body) = ask(&office, officer(), request, form);
        assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
        let (_, own) = get(&office, TUTOR_OF_B, "/registers");
        assert!(
            own.contains(LESSON_1) && own.contains("covering for"),
            "{own}"
        );
        let (_, page) = get(&office, TUTOR_OF_B, LESSON_1);
        assert!(page.contains(r#"data-state="open""#));
        save_in(store, TUTOR_OF_B, lesson(P1), &changes(here(&[1, 2, 7, 8]))).unwrap();
        for closed in [
            "/lessons/103/2026-11-24/702",
            "/registers/103/2026-11-24/am",
            "/lessons/of/103",
        ] {
            let (status, _) = get(&office, TUTOR_OF_B, closed);
            assert_eq!(status, StatusCode::NOT_FOUND, "{closed}");
        }
        let (_, cover) = get(&office, officer(), "/cover");
        assert!(cover.contains("P1 only"), "{cover}");
        let request = Request::post(format!("{LESSON_1}/cover/take-back"))
            .header("content-type", "application/x-www-form-urlencoded");
        let (status, _) = ask(&office, officer(), request, "day=2026-11-24");
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (status, _) = get(&office, TUTOR_OF_B, LESSON_1);
        assert_eq!(status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn cover_of_a_lesson_is_set_by_the_office_for_somebody_who_can_take_it() {
    at_school(|store| {
        let ground = |answer: Result<(), Refusal>| match answer {
            Err(Refusal::Wrong(ground)) => ground,
            other => panic!("{other:?}"),
        };
        let free = staff(TUTOR_OF_B);
        let by_teacher = cover_as(store, teacher(), lesson(P1), free);
        assert!(matches!(by_teacher, Err(Refusal::NotAllowed(_))));
        let tutor = ground(cover_as(store, officer(), lesson(P1), free));
        assert!(
            tutor.contains("takes registers"),
            "a tutor's role opens a tutor group: {tutor}"
        );
        let own = ground(cover_as(store, officer(), lesson(P1), staff(teacher())));
        assert!(own.contains("has this group"), "{own}");
        let yesterday = LessonAddress {
            day: day("2026-11-17"),
            ..lesson(P1)
        };
        let head = staff(account(Role::Headteacher));
        assert!(ground(cover_as(store, officer(), yesterday, head)).contains("passed"));
        cover_as(store, officer(), lesson(P1), head).unwrap();
        let actor = actor(store, officer());
        let today = day("2026-11-24");
        let nobody = store.act_now(SCHOOL, move |act| {
            take_back_lesson(act, &actor, today, lesson(P2))
        });
        assert!(matches!(nobody, Err(Refusal::NotFound)));
    });
}

#[test]
fn the_timetable_does_not_move_from_under_a_register_that_was_kept() {
    at_school(|store| {
        store.clock().set(at("09:16"));
        save_in(store, teacher(), lesson(P1), &changes(here(&[1]))).unwrap();
        let head = actor(store, account(Role::Headteacher));
        let today = day("2026-11-24");
        let (end, off) = (head.clone(), head);
        let ended = store.act_now(SCHOOL, move |act| {
            end_lesson(act, &end, today, LessonId(801), day("2026-11-23"))
        });
        let Err(Refusal::Wrong(ground)) = ended else {
            panic!("{ended:?}");
        };
        assert!(ground.contains("was kept on 24 November"), "{ground}");
        let instead = |period, group| NewOffTimetable {
            from: today,
            to: today,
            group,
            period,
            what: "Sports day".to_owned(),
        };
        let try_it = |new: NewOffTimetable| {
            let actor = off.clone();
            store.act_now(SCHOOL, move |act| {
                take_off_timetable(act, &actor, today, &new)
            })
        };
        assert!(matches!(
            try_it(instead(None, None)),
            Err(Refusal::Wrong(_))
        ));
        assert!(matches!(
            try_it(instead(Some(P1), Some(X))),
            Err(Refusal::Wrong(_))
        ));
        assert!(
            try_it(instead(Some(P1), Some(B))).is_ok(),
            "nobody of 8B was marked"
        );
        assert!(try_it(instead(Some(P4), None)).is_ok(), "still to come");
    });
}

const HALL: RoomId = RoomId(601);

/// An examination from 09:10 to 10:30, which the tutor group 8A sits in the hall; `invigilator` takes its register.
fn an_exam(store: &TestStore, invigilator: i64) -> ExamRoom {
    store
        .act_now(SCHOOL, |act: &mut Act| {
            act.record(&ROOM, &args![HALL, "Hall"])?;
            act.describe(Entry {
                account: 1,
                job_title: "Set-up",
                act: "enter a room",
                subject: "a room".to_owned(),
            });
            Ok::<_, StoreError>(())
        })
        .expect("a room");
    let head = actor(store, account(Role::Headteacher));
    let today = day("2026-11-24");
    let exam = store.act_now(SCHOOL, move |act| {
        let new = NewExam {
            title: "Mathematics 1".to_owned(),
            day: today,
            starts: "09:10".parse().expect("a time"),
            ends: "10:30".parse().expect("a time"),
        };
        let exam = set_exam(act, &head, today, &new)?;
        let seats = NewSeats {
            group: A,
            room: HALL,
            invigilator: Some(staff(invigilator)),
        };
        assert_eq!(seat_group(act, &head, today, exam, &seats)?, 5);
        Ok::<_, Refusal>(exam)
    });
    ExamRoom {
        exam: exam.expect("an examination"),
        room: HALL,
    }
}

fn save_exam_as(
    store: &TestStore,
    account: i64,
    place: ExamRoom,
    what: &Save,
) -> Result<SaveAnswer, Refusal> {
    let actor = actor(store, account);
    let what = what.clone();
    store.act_now(SCHOOL, move |act| save_exam(act, &actor, place, &what))
}

#[test]
fn an_invigilator_takes_the_register_of_their_room_and_no_session_mark_is_made() {
    at_school(|store| {
        let office = office(store);
        let invigilator = account(Role::SupportOrCover);
        let place = an_exam(store, invigilator);
        store.clock().set(at("09:14"));
        let (status, page) = get(&office, invigilator, &place.path());
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("09:10 to 10:30, Hall"), "{page}");
        assert_eq!(page.matches("<tr data-e=").count(), 5);
        let (_, own) = get(&office, invigilator, "/registers");
        assert!(
            own.contains("You invigilate") && own.contains(&place.path()),
            "{own}"
        );
        let absent = changes(vec![mark(e(2), "N", 0)]);
        save_exam_as(store, invigilator, place, &absent).unwrap();
        let filled = Save {
            fill: true,
            ..changes(Vec::new())
        };
        let rest = save_exam_as(store, invigilator, place, &filled).unwrap();
        assert_eq!(rest.blank, 0);
        assert_eq!(
            count(store, SESSION_MARKS),
            0,
            "the session's register is its own (R-025)"
        );
        assert_eq!(
            count(
                store,
                "select count(*) from exam_taken where school_id = $1"
            ),
            1
        );
        let (_, shown) = get(&office, officer(), &format!("/exams/{}", place.exam));
        assert!(shown.contains("taken 09:14"), "{shown}");
        assert!(shown.contains("Not at the examination: 1"), "{shown}");
        assert!(shown.contains("/contacts\">Sample, Pupil2"), "{shown}");
        let (_, all) = get(&office, officer(), "/registers");
        assert!(
            all.contains("1 candidate is not at the examination Mathematics 1"),
            "{all}"
        );
        let (_, history) = get(&office, officer(), &format!("{}/history", place.path()));
        assert!(history.contains("Sample, Pupil2"));
        for role in [Role::Teacher, Role::Tutor, Role::SystemAdministrator] {
            let (status, page) = get(&office, account(role), &place.path());
            assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
            assert!(!page.contains("Sample, Pupil"), "{role:?}");
            let refused = save_exam_as(store, account(role), place, &absent);
            assert!(refused.is_err(), "{role:?}");
        }
        let reader = save_exam_as(store, account(Role::Dsl), place, &changes(here(&[1])));
        assert!(matches!(reader, Err(Refusal::NotAllowed(_))));
    });
}

#[test]
fn candidates_are_expected_at_the_examination_and_not_in_their_lessons() {
    at_school(|store| {
        let office = office(store);
        an_exam(store, account(Role::SupportOrCover));
        let morning = vec![mark(e(1), "/", 0), mark(e(2), "/", 0)];
        save_as(store, officer(), A, today(Session::Am), &changes(morning)).unwrap();
        store.clock().set(at("10:12"));
        for period in ["701", "702"] {
            let (_, page) = get(
                &office,
                teacher(),
                &format!("/lessons/103/2026-11-24/{period}"),
            );
            assert!(
                page.contains("examination: Mathematics 1, Hall"),
                "{period}: it ends at 10:30"
            );
        }
        let (_, afternoon) = get(&office, teacher(), "/lessons/103/2026-11-24/704");
        assert!(!afternoon.contains("examination: "));
        let all = Save {
            fill: true,
            ..changes(vec![mark(e(1), "N", 0)])
        };
        let answer = save_in(store, teacher(), lesson(P1), &all).unwrap();
        let places: Vec<i64> = answer.results.iter().map(|one| one.enrolment.0).collect();
        assert_eq!(places, [201, 207, 208], "2 sits the examination");
        let (_, differ) = get(&office, officer(), "/lessons/differ");
        assert!(!differ.contains("Present in AM"), "1 is at the examination");
    });
}

#[test]
fn seats_are_listed_by_room_for_who_may_see_them_and_leave_as_a_file() {
    at_school(|store| {
        let office = office(store);
        let invigilator = account(Role::SupportOrCover);
        let place = an_exam(store, invigilator);
        let path = format!("/exams/{}", place.exam);
        for role in Role::ALL {
            let (status, page) = get(&office, account(*role), &path);
            let (list, _) = get(&office, account(*role), "/exams");
            let sees = matches!(
                role,
                Role::Headteacher
                    | Role::DeputyHeadPastoral
                    | Role::Dsl
                    | Role::DeputyDsl
                    | Role::SafeguardingOfficer
                    | Role::HeadOfHouseOrYear
                    | Role::WelfareManager
                    | Role::AttendanceManager
                    | Role::AttendanceAdministrator
                    | Role::BehaviourLead
                    | Role::PastoralAdministrator
                    | Role::Senco
                    | Role::SupportOrCover
                    | Role::Inspector
            );
            assert_eq!(page.contains("Sample, Pupil1"), sees, "{role:?} {status}");
            let opens = sees || matches!(role, Role::Teacher | Role::Tutor);
            assert_eq!(list == StatusCode::OK, opens, "{role:?}");
        }
        let (status, csv) = take(&office, invigilator, &path, "csv");
        assert_eq!(status, StatusCode::OK);
        assert!(csv.contains("Hall,1,\"Sample, Pupil1\",8A"), "{csv}");
        assert!(!csv.contains(",N"), "nothing is marked yet: {csv}");
        let (_, csv) = take(&office, officer(), "/exams", "csv");
        assert!(csv.contains("Mathematics 1,09:10 to 10:30,Hall,5"), "{csv}");
    });
}

#[test]
fn an_examination_is_set_seated_and_cancelled_only_as_it_can_be_held() {
    at_school(|store| {
        let place = an_exam(store, account(Role::SupportOrCover));
        let head = actor(store, account(Role::Headteacher));
        let today = day("2026-11-24");
        let set = |by: office::people::Actor, on: &str, starts: &str| {
            let new = NewExam {
                title: "Physics".to_owned(),
                day: day(on),
                starts: starts.parse().expect("a time"),
                ends: "11:00".parse().expect("a time"),
            };
            store.act_now(SCHOOL, move |act| set_exam(act, &by, today, &new))
        };
        assert!(set(actor(store, teacher()), "2026-11-24", "10:00").is_err());
        for (on, starts) in [
            ("2026-11-23", "10:00"),
            ("2026-11-27", "10:00"),
            ("2026-11-28", "10:00"),
            ("2026-11-24", "11:00"),
        ] {
            let refused = set(head.clone(), on, starts);
            assert!(matches!(refused, Err(Refusal::Wrong(_))), "{on} {starts}");
        }
        let other = set(head.clone(), "2026-11-24", "10:00").unwrap();
        let seat = |group, invigilator: i64| {
            let (by, seats) = (
                head.clone(),
                NewSeats {
                    group,
                    room: HALL,
                    invigilator: Some(staff(invigilator)),
                },
            );
            store.act_now(SCHOOL, move |act| {
                seat_group(act, &by, today, other, &seats)
            })
        };
        let Err(Refusal::Wrong(twice)) = seat(A, teacher()) else {
            panic!("8A sits Mathematics until 10:30");
        };
        assert!(twice.contains("Sample, Pupil1"), "{twice}");
        let busy = seat(B, account(Role::SupportOrCover));
        assert!(
            matches!(busy, Err(Refusal::Wrong(_))),
            "in the hall until 10:30"
        );
        assert_eq!(seat(B, teacher()).unwrap(), 3);
        store.clock().set(at("09:14"));
        save_exam_as(
            store,
            account(Role::SupportOrCover),
            place,
            &changes(here(&[1])),
        )
        .unwrap();
        let by = head.clone();
        let begun = store.act_now(SCHOOL, move |act| cancel_exam(act, &by, today, place.exam));
        assert!(
            matches!(begun, Err(Refusal::Wrong(_))),
            "its register has begun"
        );
        let by = head.clone();
        let out = store.act_now(SCHOOL, move |act| {
            take_out(act, &by, today, place.exam, e(2))
        });
        assert!(out.is_ok());
        let cancelled = store.act_now(SCHOOL, move |act| cancel_exam(act, &head, today, other));
        assert!(cancelled.is_ok());
    });
}

/// What a device sends that kept it for three days without a network.
fn three_days_late(what: Vec<Change>) -> Save {
    Save {
        device_at: Some(at("09:20")),
        sent_at: Some(at_on("2026-11-27", "09:20")),
        ..changes(what)
    }
}

#[test]
fn lesson_marks_older_than_two_days_wait_for_the_office_which_takes_or_refuses_them() {
    at_school(|store| {
        let office_of = office(store);
        store.clock().set(at_on("2026-11-27", "09:20"));
        let late = three_days_late(vec![mark(e(1), "/", 0), mark(e(2), "N", 0)]);
        let told = save_in(store, teacher(), lesson(P1), &late).unwrap();
        let outcomes: Vec<Outcome> = told.results.iter().map(|one| one.outcome).collect();
        assert_eq!(outcomes, [Outcome::Held, Outcome::Held]);
        assert_eq!(count(store, LESSON_MARKS), 0, "none of them is a mark yet");
        let again = save_in(store, teacher(), lesson(P1), &late).unwrap();
        assert_eq!(told, again, "sent twice, held once");
        let (_, list) = get(&office_of, officer(), "/registers");
        assert!(list.contains("2 marks typed without a network"), "{list}");
        let (_, page) = get(&office_of, officer(), "/late-marks");
        assert!(
            page.contains("8X1, Tue 24 Nov P1") && page.contains("/late-marks/lessons/103"),
            "{page}"
        );
        let (status, _) = get(&office_of, teacher(), "/late-marks");
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (_, csv) = take(&office_of, officer(), "/late-marks", "csv");
        assert!(csv.contains("P1,N"), "{csv}");

        let ids = store.read_now(|tx| {
            let all = "select late_id from late_lesson_mark where school_id = $1 and superseded_seq is null order by enrolment_id";
            tx.query(all, &args![SCHOOL], |row| row.get::<i64>(0))
        });
        let ids: Vec<i64> = ids.expect("two of them");
        let decide = |by: i64, accept: bool, id: i64, because: &str| {
            let (by, because) = (actor(store, by), because.to_owned());
            store.act_now(SCHOOL, move |act| {
                let choice = LateChoice {
                    accept,
                    chosen: vec![(id, 0)],
                    because,
                };
                decide_late_lesson(act, &by, lesson(P1), &choice)
            })
        };
        let own = decide(teacher(), true, ids[0], "");
        assert!(matches!(own, Err(Refusal::NotAllowed(_))), "{own:?}");
        assert!(
            decide(officer(), false, ids[1], " ").is_err(),
            "a refusal has a reason"
        );
        let taken = decide(officer(), true, ids[0], "").expect("decided");
        assert_eq!((taken.settled, taken.left.len()), (1, 0));
        let reasons = store.read_now(|tx| {
            let one = "select mark, reason, device_at from lesson_mark where school_id = $1";
            tx.query(one, &args![SCHOOL], |row| {
                Ok((
                    row.get::<String>(0)?,
                    row.get::<String>(1)?,
                    row.get::<Option<calendar::Instant>>(2)?,
                ))
            })
        });
        let reasons = reasons.expect("a mark");
        assert_eq!(reasons.len(), 1);
        assert_eq!(
            (reasons[0].0.as_str(), reasons[0].2),
            ("/", Some(at("09:20")))
        );
        assert!(reasons[0].1.contains("Typed by"), "{reasons:?}");
        decide(officer(), false, ids[1], "Another day's list").expect("decided");
        assert_eq!(count(store, LESSON_MARKS), 1);
        let (_, page) = get(&office_of, officer(), "/late-marks");
        assert!(page.contains("No mark waits for you"), "{page}");
        assert_eq!(count(store, SESSION_MARKS), 0, "R-025");
    });
}

#[test]
fn a_lesson_mark_that_waited_for_less_than_two_days_goes_in() {
    at_school(|store| {
        store.clock().set(at_on("2026-11-26", "09:00"));
        let late = Save {
            device_at: Some(at("09:20")),
            sent_at: Some(at_on("2026-11-26", "09:00")),
            ..changes(here(&[1]))
        };
        let told = save_in(store, teacher(), lesson(P1), &late).unwrap();
        assert_eq!(told.results[0].outcome, Outcome::Saved);
    });
}

#[test]
fn todays_lessons_are_kept_on_the_teachers_device_with_nothing_but_what_marking_takes() {
    at_school(|store| {
        let office = office(store);
        an_exam(store, account(Role::SupportOrCover));
        store.clock().set(at("08:30"));
        save_in(store, teacher(), lesson(P1), &changes(Vec::new())).expect("nothing to do");
        let (_, body) = get(&office, teacher(), "/offline/registers");
        let given: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let registers = given["registers"].as_array().expect("registers");
        let lessons: Vec<&serde_json::Value> = registers
            .iter()
            .filter(|one| one["lesson"] == true)
            .collect();
        let pages: Vec<&str> = lessons
            .iter()
            .map(|one| one["page"].as_str().expect("an address"))
            .collect();
        assert_eq!(
            pages,
            [
                LESSON_1,
                "/lessons/103/2026-11-24/702",
                "/lessons/103/2026-11-24/704"
            ]
        );
        let first = lessons[0];
        assert_eq!(first["when"], "Tue 24 Nov P1");
        let moment = |name: &str| first[name].as_i64().expect("a moment");
        assert_eq!(moment("begins"), at("09:10").micros() / 1000);
        assert_eq!(moment("opens"), at("08:50").micros() / 1000);
        assert_eq!(moment("closes"), at("10:10").micros() / 1000);
        assert_eq!(first["closed"], "open", "nobody has taken it");
        let planned: Vec<&str> = first["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["planned"].as_str().unwrap_or(""))
            .collect();
        assert_eq!(planned, ["X", "X", "", ""], "8A sits an examination then");
        assert!(!body.contains("Mathematics"), "not which, and not where");
        let codes = given["codes"]["lesson"].as_array().expect("codes");
        assert_eq!(codes.len(), 5);
        assert!(codes.iter().all(|code| code["refused"].is_null()));
        let (_, none) = get(&office, officer(), "/offline/registers");
        assert!(!none.contains("/lessons/"), "the office teaches nothing");
        let (_, open) = get(
            &office,
            officer(),
            &format!("/offline/registers?open={LESSON_1}"),
        );
        assert!(open.contains(LESSON_1), "it has that one open");
        let (_, other) = get(
            &office,
            account(Role::Dsl),
            &format!("/offline/registers?open={LESSON_1}"),
        );
        assert!(
            !other.contains("Sample, Pupil"),
            "who only reads is given nothing"
        );
    });
}

#[test]
fn the_school_says_how_long_before_a_lesson_its_register_opens() {
    at_school(|store| {
        store.clock().set(at("09:00"));
        let manager = actor(store, account(Role::AttendanceManager));
        let decided = store.act_now(SCHOOL, move |act| {
            let today = day("2026-11-24");
            office::year::decide(act, &manager, today, LESSON_OPENS, today, "5")
        });
        decided.expect("the school's own decision");
        let early = save_in(store, teacher(), lesson(P1), &changes(here(&[1]))).unwrap();
        assert_eq!(early.results[0].outcome, Outcome::Refused);
        assert!(
            early.results[0].message.contains("opens 5 minutes before"),
            "{}",
            early.results[0].message
        );
        store.clock().set(at("09:05"));
        let now = save_in(store, teacher(), lesson(P1), &changes(here(&[1]))).unwrap();
        assert_eq!(now.results[0].outcome, Outcome::Saved);
    });
}

#[test]
fn who_was_in_and_is_missing_from_a_lesson_is_searched_for_with_steps_that_fall_due() {
    at_school(|store| {
        store.clock().set(at("08:50"));
        save_as(
            store,
            officer(),
            A,
            today(Session::Am),
            &changes(here(&[1, 2])),
        )
        .unwrap();
        store.clock().set(at("09:16"));
        save_in(store, teacher(), lesson(P1), &changes(here(&[1, 2]))).unwrap();
        store.clock().set(at("10:14"));
        let not_here = vec![mark(e(1), "N", 0), mark(e(2), "/", 0)];
        save_in(store, teacher(), lesson(P2), &changes(not_here)).unwrap();
        let before = count(store, SESSION_MARKS);
        let office = office(store);
        let page = || get(&office, officer(), "/missing").1;
        let first = page();
        assert!(
            first.contains("P1, 8X1, room 12"),
            "where they were seen last: {first}"
        );
        assert!(
            first.contains("Search by staff on call, due 10:14"),
            "{first}"
        );
        assert!(
            !first.contains("Sample, Pupil2"),
            "who is there is not searched for"
        );
        let step = |account: i64, step: &str| {
            let request = Request::post("/missing/step")
                .header("content-type", "application/x-www-form-urlencoded");
            let place = format!("enrolment={}&day=2026-11-24&period={}", e(1), P2);
            ask(
                &office,
                account,
                request,
                format!("{place}&step={step}&note=Field"),
            )
            .0
        };
        assert_eq!(step(teacher(), "on_call"), StatusCode::NOT_FOUND);
        assert_eq!(
            step(officer(), "nonsense"),
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(
            step(account(Role::BehaviourLead), "on_call"),
            StatusCode::SEE_OTHER
        );
        store.clock().set(at("10:30"));
        let second = page();
        assert!(
            second.contains("<span class=\"loud\">Safeguarding lead told, due 10:29"),
            "E-029: {second}"
        );
        assert_eq!(
            step(account(Role::Dsl), "safeguarding_lead"),
            StatusCode::SEE_OTHER
        );
        assert!(page().contains("Parent told, due 10:34"));
        let by = actor(store, account(Role::AttendanceManager));
        let minutes = |value: &'static str| {
            let by = by.clone();
            let today = day("2026-11-24");
            store.act_now(SCHOOL, move |act| {
                office::year::decide(act, &by, today, SEARCH_TIMES, today, value)
            })
        };
        let climbing = r#"{"on_call": 20, "safeguarding_lead": 15, "parent": 20}"#;
        assert!(
            minutes(climbing).is_err(),
            "the steps fall due in their order"
        );
        minutes(r#"{"on_call": 0, "safeguarding_lead": 15, "parent": 40}"#)
            .expect("the school's own decision");
        let own = page();
        assert!(
            own.contains("Parent told, due 10:54") && own.contains("a parent after 40"),
            "{own}"
        );
        assert_eq!(step(officer(), "found"), StatusCode::SEE_OTHER);
        let (status, file) = take(&office, officer(), "/missing", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(file.contains("Found") && file.contains("Field"), "{file}");
        assert_eq!(
            count(store, SESSION_MARKS),
            before,
            "no session mark is made (R-025)"
        );
        assert_eq!(get(&office, teacher(), "/missing").0, StatusCode::NOT_FOUND);
    });
}

#[test]
fn the_register_of_an_exam_room_is_kept_on_its_invigilators_device_in_order_of_seats() {
    at_school(|store| {
        let office = office(store);
        let invigilator = account(Role::SupportOrCover);
        let place = an_exam(store, invigilator);
        planned_away(store, e(2));
        store.clock().set(at("08:30"));
        let (_, body) = get(&office, invigilator, "/offline/registers");
        let given: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let registers = given["registers"].as_array().expect("registers");
        let room = registers
            .iter()
            .find(|one| one["page"] == place.path())
            .expect("the room's register");
        assert_eq!(room["group"], "Mathematics 1");
        assert_eq!(room["when"], "Tue 24 Nov Hall");
        assert_eq!(
            (&room["lesson"], &room["closed"]),
            (&true.into(), &"open".into())
        );
        let moment = |name: &str| room[name].as_i64().expect("a moment");
        assert_eq!(moment("begins"), at("09:10").micros() / 1000);
        assert_eq!(moment("opens"), at("08:50").micros() / 1000);
        let rows = room["rows"].as_array().expect("rows");
        let seats: Vec<i64> = rows.iter().filter_map(|row| row["no"].as_i64()).collect();
        assert_eq!(seats, [1, 2, 3, 4, 5]);
        let planned: Vec<&str> = rows
            .iter()
            .map(|row| row["planned"].as_str().unwrap_or(""))
            .collect();
        assert_eq!(planned, ["", "X", "", "", ""], "away by a plan");
        assert!(!body.contains("music"), "not why");
        let (_, none) = get(&office, teacher(), "/offline/registers");
        assert!(!none.contains(&place.path()), "another's room");
        let open = format!("/offline/registers?open={}", place.path());
        let (_, asked) = get(&office, officer(), &open);
        assert!(asked.contains(&place.path()), "it has that one open");
        let (_, reader) = get(&office, account(Role::Dsl), &open);
        assert!(
            !reader.contains("Sample, Pupil"),
            "who only reads is given nothing"
        );
    });
}

/// A morning's leave for a music examination.
fn planned_away(store: &TestStore, enrolment: office::ids::EnrolmentId) {
    let tuesday = day("2026-11-24");
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            let none = None::<&str>;
            let values = args![
                8_801,
                8_801,
                enrolment,
                "leave",
                "C",
                tuesday,
                tuesday,
                "2026-11-24-AM",
                "music examination",
                "",
                "",
                none,
                tuesday,
                "Headteacher",
                none,
                none,
                none,
                none
            ];
            act.record(&office::registers::records::PLAN, &values)?;
            act.describe(Entry {
                account: 1,
                job_title: "Set-up",
                act: "make a plan",
                subject: "a plan".to_owned(),
            });
            Ok::<_, StoreError>(())
        })
        .expect("a plan of a test");
}

#[test]
fn a_candidate_who_is_away_by_a_plan_is_shown_so_and_not_waited_for() {
    at_school(|store| {
        let office = office(store);
        let invigilator = account(Role::SupportOrCover);
        let place = an_exam(store, invigilator);
        planned_away(store, e(2));
        store.clock().set(at("09:14"));
        let (_, page) = get(&office, invigilator, &place.path());
        assert!(page.contains("AM: C, "), "{page}");
        let filled = Save {
            fill: true,
            ..changes(Vec::new())
        };
        let told = save_exam_as(store, invigilator, place, &filled).expect("the rest are there");
        assert_eq!((told.results.len(), told.blank), (4, 0));
        let (_, shown) = get(&office, officer(), &format!("/exams/{}", place.exam));
        assert!(shown.contains("Not at the examination: 1"), "{shown}");
        assert!(
            shown.contains("/contacts\">Sample, Pupil2</a>: AM: C, "),
            "{shown}"
        );
    });
}

#[test]
fn exam_marks_older_than_two_days_wait_for_the_office_which_takes_or_refuses_them() {
    at_school(|store| {
        let office_of = office(store);
        let invigilator = account(Role::SupportOrCover);
        let place = an_exam(store, invigilator);
        store.clock().set(at_on("2026-11-27", "09:20"));
        let late = three_days_late(vec![mark(e(1), "/", 0), mark(e(2), "N", 0)]);
        let told = save_exam_as(store, invigilator, place, &late).unwrap();
        let outcomes: Vec<Outcome> = told.results.iter().map(|one| one.outcome).collect();
        assert_eq!(outcomes, [Outcome::Held, Outcome::Held]);
        let again = save_exam_as(store, invigilator, place, &late).unwrap();
        assert_eq!(told, again, "sent twice, held once");
        let (_, page) = get(&office_of, officer(), "/late-marks");
        assert!(
            page.contains("Mathematics 1, Tue 24 Nov Hall")
                && page.contains(&format!("/late-marks{}", place.path())),
            "{page}"
        );
        let (_, csv) = take(&office_of, officer(), "/late-marks", "csv");
        assert!(csv.contains("Hall,N"), "{csv}");
        let ids = store.read_now(|tx| {
            let all = "select late_id from late_lesson_mark where school_id = $1 and superseded_seq is null order by enrolment_id";
            tx.query(all, &args![SCHOOL], |row| row.get::<i64>(0))
        });
        let ids: Vec<i64> = ids.expect("two of them");
        let decide = |accept: bool, id: i64, because: &str| {
            let (by, because) = (actor(store, officer()), because.to_owned());
            store.act_now(SCHOOL, move |act| {
                let choice = LateChoice {
                    accept,
                    chosen: vec![(id, 0)],
                    because,
                };
                decide_late_exam(act, &by, place, &choice)
            })
        };
        assert_eq!(decide(true, ids[0], "").expect("decided").settled, 1);
        assert_eq!(
            decide(false, ids[1], "Was there").expect("decided").settled,
            1
        );
        let marks = "select count(*) from exam_mark where school_id = $1";
        assert_eq!(count(store, marks), 1);
        let (_, page) = get(&office_of, officer(), "/late-marks");
        assert!(page.contains("No mark waits for you"), "{page}");
        assert_eq!(count(store, SESSION_MARKS), 0, "R-025");
    });
}

/// Who was away on the last two school days, by session.
fn was_away(store: &TestStore, number: i64) {
    for (date, session) in [
        ("2026-11-20", Session::Am),
        ("2026-11-20", Session::Pm),
        ("2026-11-23", Session::Am),
        ("2026-11-23", Session::Pm),
    ] {
        store
            .act_now(SCHOOL, move |act: &mut Act| {
                let none = None::<&str>;
                let values = args![
                    e(number),
                    day(date),
                    session.index() as i64,
                    "O",
                    None::<i64>,
                    None::<calendar::Instant>,
                    none,
                    none,
                    "register",
                    None::<calendar::Instant>,
                    none
                ];
                act.record(&office::registers::records::MARK_VERSION, &values)?;
                act.describe(Entry {
                    account: 1,
                    job_title: "Set-up",
                    act: "mark",
                    subject: "a place".to_owned(),
                });
                Ok::<_, StoreError>(())
            })
            .expect("a mark of a test");
    }
}

#[test]
fn the_office_is_told_whom_to_call_before_an_examination_and_logs_what_came_of_it() {
    at_school(|store| {
        let office = office(store);
        let invigilator = account(Role::SupportOrCover);
        let place = an_exam(store, invigilator);
        was_away(store, 2);
        store.clock().set(at("07:29"));
        let sitting = format!("/exams/{}", place.exam);
        let (_, early) = get(&office, officer(), &sitting);
        assert!(early.contains("the evening before"), "{early}");
        store.clock().set(at("07:30"));
        let (_, page) = get(&office, officer(), &sitting);
        assert!(page.contains("To call now: 1"), "{page}");
        assert!(
            page.contains("high: absent from 4 of the last 4 sessions"),
            "{page}"
        );
        assert!(page.contains("07:30 on the day"), "{page}");
        let call = format!("{sitting}/seats/{}/call", e(2));
        let (status, form) = get(&office, officer(), &call);
        assert_eq!(status, StatusCode::OK, "{form}");
        let log = |by: i64, step: Step| {
            let (by, new) = (
                actor(store, by),
                NewContact {
                    step,
                    outcome: Answered::Comes,
                    note: Some("Mother sends her by bus".to_owned()),
                },
            );
            let now = at("07:30");
            store.act_now(SCHOOL, move |act| {
                log_contact(act, &by, now, (place.exam, e(2)), &new)
            })
        };
        assert!(matches!(
            log(invigilator, Step::Morning),
            Err(Refusal::NotFound)
        ));
        assert!(
            matches!(log(officer(), Step::Start), Err(Refusal::Wrong(_))),
            "it has not begun"
        );
        log(officer(), Step::Morning).expect("logged");
        let (_, page) = get(&office, officer(), &sitting);
        assert!(!page.contains("To call now"), "{page}");
        assert!(
            page.contains("07:30 on the day: will come (Mother sends her by bus)"),
            "{page}"
        );
        let (_, own) = get(&office, invigilator, &sitting);
        assert!(
            !own.contains("Mother") && !own.contains("high:"),
            "the office's alone"
        );
        let (status, _) = get(&office, invigilator, &call);
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (_, csv) = take(&office, officer(), &sitting, "csv");
        assert!(csv.contains("07:30 on the day: will come"), "{csv}");
        assert!(!csv.contains("Mother"), "notes stay here");
        store.clock().set(at("09:14"));
        let absent = changes(vec![mark(e(2), "N", 0)]);
        save_exam_as(store, invigilator, place, &absent).unwrap();
        let (_, page) = get(&office, officer(), &sitting);
        assert!(page.contains("Not at the examination: 1"), "{page}");
        assert!(page.contains("Call: at the start"), "{page}");
    });
}
