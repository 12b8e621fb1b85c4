//! Saving a register, on both engines.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use axum::http::{Request, StatusCode};
use calendar::Session;
use office::desk::Refusal;
use office::people::Role;
use office::registers::Change;
use office::registers::save::{Outcome, Save, save};
use office::year::records::SETTING;
use office::{MIGRATIONS, TABLES, roll, year};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args, journal};

use crate::school::{
    A, B, SCHOOL, TODAY, TUTOR_OF_B, account, actor, ask, at, at_on, changes, day, e, found, mark,
    office, one, outcomes, save_as, today,
};

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn tutor() -> i64 {
    account(Role::Tutor)
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

fn present() -> Vec<Change> {
    (1..=5).map(|number| mark(e(number), "/", 0)).collect()
}

fn because(change: Change, reason: &str) -> Change {
    Change {
        reason: Some(reason.to_owned()),
        ..change
    }
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get::<i64>(0)))
        .expect("a count")
}

const MARKS: &str = "select count(*) from mark_version where school_id = $1";
const TAKEN: &str = "select count(*) from register_taken where school_id = $1";

#[test]
fn a_register_is_saved_in_one_act_and_taken_with_its_last_mark() {
    at_school(|store| {
        let am = today(Session::Am);
        let some = save_as(store, tutor(), A, am, &changes(present()[..3].to_vec())).unwrap();
        assert_eq!((some.blank, some.seq), (2, Some(2)));
        assert_eq!(count(store, TAKEN), 0, "two places are still blank");
        let rest = vec![mark(e(4), "N", 0), mark(e(5), "L", 0)];
        let all = save_as(store, tutor(), A, am, &changes(rest)).unwrap();
        assert_eq!((all.blank, all.seq), (0, Some(3)));
        assert_eq!(
            all.results[1].minutes,
            Some(4),
            "the server's clock says 08:44"
        );
        assert_eq!((count(store, MARKS), count(store, TAKEN)), (5, 1));
        let entry = store
            .read_now(|tx| journal::entry(tx, SCHOOL, 3))
            .unwrap()
            .unwrap();
        assert_eq!(entry.act, "save register");
        assert_eq!(entry.job_title, "Tutor");
        assert_eq!(entry.subject, "group 101 2026-11-24 AM");
        let facts = store
            .read_now(|tx| journal::facts_since(tx, SCHOOL, 2, &[]))
            .unwrap();
        let together = &facts[0].touched;
        assert!(
            together.contains(&"mark_version".to_owned())
                && together.contains(&"register_taken".to_owned()),
            "taken commits with its marks: {together:?}"
        );
    });
}

#[test]
fn marks_that_pass_are_written_though_others_are_refused() {
    at_school(|store| {
        let sent = vec![
            mark(e(1), "/", 0),
            mark(e(2), "I", 0),
            mark(e(6), "/", 0),
            mark(e(7), "/", 0),
        ];
        let answer = save_as(store, tutor(), A, today(Session::Am), &changes(sent)).unwrap();
        use Outcome::{Refused, Saved};
        assert_eq!(outcomes(&answer), [Saved, Refused, Refused, Refused]);
        assert_eq!(
            answer.results[1].message,
            "I is entered by the office at this school. Mark N, and tell the office what you know."
        );
        assert!(
            answer.results[2].message.contains("not on this register"),
            "left on 20 November"
        );
        assert!(
            answer.results[3].message.contains("not on this register"),
            "of another group"
        );
        assert_eq!(count(store, MARKS), 1);
    });
}

#[test]
fn nothing_to_write_is_no_act() {
    at_school(|store| {
        let answer = save_as(
            store,
            tutor(),
            A,
            today(Session::Am),
            &changes(vec![mark(e(1), "I", 0), mark(e(2), "", 0)]),
        )
        .unwrap();
        assert_eq!(outcomes(&answer), [Outcome::Refused, Outcome::Unchanged]);
        assert_eq!(answer.seq, None);
        let head = store
            .read_now(|tx| journal::head(tx, SCHOOL))
            .unwrap()
            .unwrap();
        assert_eq!(head.seq, 1, "only the founding of the school");
    });
}

#[test]
fn every_code_is_refused_with_its_ground_and_what_to_do() {
    at_school(|store| {
        let refused = |account: i64, change: Change| {
            let (outcome, message) = one(store, account, change);
            assert_eq!(outcome, Outcome::Refused, "{message}");
            message
        };
        let office_codes = [
            ("Ø", "Choose a code from the list."),
            ("H", "(R-140)"),
            ("\\", "used in afternoon sessions only (R-101). Use / "),
            ("#", "(R-136)"),
            ("X", "(R-113)"),
            ("Z", "(R-135)"),
            ("Y4", "(R-124)"),
            ("U", "still open"),
            ("K", "needs a note"),
            ("C", "needs the record it rests on, or a note (R-142)"),
        ];
        for (code, ground) in office_codes {
            let message = refused(officer(), mark(e(1), code, 0));
            assert!(message.contains(ground), "{code}: {message}");
        }
        let minutes = Change {
            minutes: Some(3),
            ..mark(e(1), "/", 0)
        };
        assert!(refused(tutor(), minutes).contains("Clear the minutes"));
        for wrong in [0, 9, 35, 2_000] {
            let late = Change {
                minutes: Some(wrong),
                ..mark(e(1), "L", 0)
            };
            assert!(refused(tutor(), late).contains("minutes"), "{wrong}");
        }
        let noted = Change {
            note: Some("dentist, letter seen".into()),
            ..mark(e(1), "C", 0)
        };
        assert_eq!(one(store, officer(), noted).0, Outcome::Saved);
    });
}

#[test]
fn before_the_register_opens_only_what_can_be_known_is_entered() {
    at_school(|store| {
        store.clock().set(at("08:30"));
        let (outcome, message) = one(store, tutor(), mark(e(1), "/", 0));
        assert_eq!(outcome, Outcome::Refused);
        assert!(
            message.contains("before the register opens (R-032)"),
            "{message}"
        );
        assert_eq!(one(store, officer(), mark(e(1), "I", 0)).0, Outcome::Saved);
        store.clock().set(at("08:45"));
        let base = 2;
        let (outcome, message) = one(store, tutor(), mark(e(1), "N", base));
        assert_eq!(
            outcome,
            Outcome::Refused,
            "something on file describes the absence"
        );
        assert!(message.contains("points to I (R-029)"), "{message}");
        assert_eq!(
            one(store, tutor(), mark(e(1), "/", base)).0,
            Outcome::Saved,
            "a present mark displaces a plan"
        );
    });
}

#[test]
fn after_closing_a_teacher_is_told_why_and_the_office_amends_with_a_reason() {
    at_school(|store| {
        assert_eq!(one(store, tutor(), mark(e(1), "N", 0)).0, Outcome::Saved);
        store.clock().set(at("09:10"));
        let (outcome, message) = one(store, tutor(), mark(e(1), "L", 2));
        assert_eq!(outcome, Outcome::Refused);
        assert!(
            message.contains("closed at 09:10") && message.contains("late after closing, U"),
            "{message}"
        );
        for code in ["/", "N", ""] {
            let (outcome, message) = one(
                store,
                tutor(),
                mark(
                    e(1 + i64::from(code == "N")),
                    code,
                    2 * i64::from(code != "N"),
                ),
            );
            assert_eq!(outcome, Outcome::Refused, "{code}");
            assert!(message.contains("office"), "{message}");
        }
        let (outcome, message) = one(store, officer(), mark(e(1), "U", 2));
        assert_eq!(outcome, Outcome::Refused);
        assert!(
            message.contains("must keep its reason (R-007)"),
            "{message}"
        );
        let (outcome, message) = one(store, officer(), because(mark(e(1), "", 2), "a slip"));
        assert_eq!(outcome, Outcome::Refused);
        assert!(message.contains("R-021"), "{message}");
        let (outcome, message) = one(store, officer(), because(mark(e(1), "L", 2), "came in"));
        assert_eq!(
            outcome,
            Outcome::Refused,
            "the server's clock says it has closed"
        );
        assert!(message.contains("use U"), "{message}");
        let early = Change {
            minutes: Some(12),
            ..mark(e(1), "U", 2)
        };
        assert!(
            one(store, officer(), because(early, "came in"))
                .1
                .contains("Use L.")
        );
        let (outcome, _) = one(store, officer(), because(mark(e(1), "U", 2), "came in"));
        assert_eq!(outcome, Outcome::Saved);
        let minutes = "select minutes_late from mark where school_id = $1 and code = 'U'";
        assert_eq!(count(store, minutes), 30);
    });
}

#[test]
fn on_a_day_that_begins_late_lateness_and_closing_go_by_its_own_times() {
    at_school(|store| {
        store
            .act_now(SCHOOL, |act: &mut Act| {
                let times = r#"{"am":{"opens":"10:00","closes":"10:30","ends":"12:30"},"pm":{"opens":"13:30","closes":"14:00","ends":"15:10"},"reason":"Ice"}"#;
                act.record(&SETTING, &args!["day_times", day(TODAY), times])?;
                act.describe(Entry {
                    account: 1,
                    job_title: "Set-up",
                    act: "set a day's times",
                    subject: TODAY.to_owned(),
                });
                Ok::<_, StoreError>(())
            })
            .expect("times of the day");
        store.clock().set(at("09:12"));
        let (outcome, message) = one(store, tutor(), mark(e(1), "/", 0));
        assert_eq!(outcome, Outcome::Refused);
        assert!(message.contains("R-032"), "{message}");
        store.clock().set(at("10:12"));
        assert_eq!(one(store, tutor(), mark(e(1), "L", 0)).0, Outcome::Saved);
        let minutes = "select minutes_late from mark where school_id = $1 and code = 'L'";
        assert_eq!(count(store, minutes), 12);
        store.clock().set(at("10:30"));
        let (outcome, message) = one(store, tutor(), mark(e(2), "/", 0));
        assert_eq!(outcome, Outcome::Refused);
        assert!(message.contains("closed at 10:30"), "{message}");
    });
}

#[test]
fn an_old_present_mark_is_changed_by_a_supervisor_only() {
    at_school(|store| {
        assert_eq!(one(store, tutor(), mark(e(1), "/", 0)).0, Outcome::Saved);
        store.clock().set(at_on("2026-11-26", "10:00"));
        let change = because(mark(e(1), "I", 2), "was at home");
        let (outcome, message) = one(store, officer(), change.clone());
        assert_eq!(outcome, Outcome::Refused);
        assert!(message.contains("supervisor"), "{message}");
        assert_eq!(one(store, manager(), change).0, Outcome::Saved);
    });
}

#[test]
fn sending_a_save_again_changes_nothing_and_answers_the_same() {
    at_school(|store| {
        let am = today(Session::Am);
        let what = changes(present());
        let first = save_as(store, tutor(), A, am, &what).unwrap();
        store.clock().set(at("09:30"));
        let again = save_as(store, tutor(), A, am, &what).unwrap();
        assert_eq!(first, again, "even after the register has closed");
        assert_eq!(count(store, MARKS), 5);
        let stolen = save_as(store, officer(), A, am, &what);
        assert!(matches!(stolen, Err(Refusal::Wrong(ground)) if ground.contains("somebody else")));
    });
}

#[test]
fn a_change_based_on_what_no_longer_stands_is_a_conflict_that_says_who_and_when() {
    at_school(|store| {
        let am = today(Session::Am);
        one(store, officer(), mark(e(1), "N", 0));
        let sent = vec![mark(e(1), "/", 0), mark(e(2), "/", 0)];
        let answer = save_as(store, tutor(), A, am, &changes(sent)).unwrap();
        assert_eq!(outcomes(&answer), [Outcome::Conflict, Outcome::Saved]);
        let conflict = &answer.results[0];
        assert_eq!((conflict.code.as_deref(), conflict.base), (Some("N"), 2));
        let who = format!("Ms A Staff{}", officer());
        assert_eq!(conflict.by.as_deref(), Some(who.as_str()));
        assert_eq!(conflict.at.as_deref(), Some("08:44"));
        assert_eq!(
            one(store, tutor(), mark(e(1), "N", 0)).0,
            Outcome::Unchanged,
            "the same code is no conflict"
        );
        assert_eq!(one(store, tutor(), mark(e(1), "/", 2)).0, Outcome::Saved);
        assert_eq!(one(store, tutor(), mark(e(1), "", 4)).0, Outcome::Saved);
        assert_eq!(
            one(store, tutor(), mark(e(1), "/", 0)).0,
            Outcome::Saved,
            "a mark taken back is a blank place"
        );
    });
}

#[test]
fn nobody_marks_a_register_outside_their_reach() {
    at_school(|store| {
        let am = today(Session::Am);
        for role in Role::ALL {
            let answer = save_as(
                store,
                account(*role),
                B,
                am,
                &changes(vec![mark(e(7), "/", 0)]),
            );
            match role {
                Role::Headteacher
                | Role::DeputyHeadPastoral
                | Role::WelfareManager
                | Role::AttendanceManager
                | Role::AttendanceAdministrator => assert!(answer.is_ok(), "{role:?}: {answer:?}"),
                Role::Dsl
                | Role::DeputyDsl
                | Role::SafeguardingOfficer
                | Role::HeadOfHouseOrYear
                | Role::BehaviourLead
                | Role::PastoralAdministrator
                | Role::Senco
                | Role::Inspector => {
                    assert!(
                        matches!(answer, Err(Refusal::NotAllowed(_))),
                        "{role:?}: {answer:?}"
                    );
                }
                _ => assert!(
                    matches!(answer, Err(Refusal::NotFound)),
                    "{role:?}: {answer:?}"
                ),
            }
        }
        let own = save_as(store, TUTOR_OF_B, B, am, &changes(vec![mark(e(8), "/", 0)]));
        assert!(own.is_ok());
    });
}

#[test]
fn a_duty_that_has_ended_opens_no_register() {
    at_school(|store| {
        let staff = tutor() + 1000;
        store
            .act_now(SCHOOL, move |act| {
                act.describe(Entry {
                    account: 1,
                    job_title: "Head",
                    act: "end duty",
                    subject: "x".into(),
                });
                let values = args![
                    staff + 3000,
                    A,
                    staff,
                    "tutor",
                    day("2026-09-02"),
                    day("2026-11-23")
                ];
                act.replace(&roll::records::GROUP_STAFF, &values)
            })
            .unwrap();
        let answer = save_as(store, tutor(), A, today(Session::Am), &changes(present()));
        assert!(matches!(answer, Err(Refusal::NotFound)));
    });
}

#[test]
fn a_save_that_makes_no_sense_is_refused_whole() {
    at_school(|store| {
        let am = today(Session::Am);
        let wrong = |save: &Save| {
            let answer = save_as(store, tutor(), A, am, save);
            assert!(matches!(answer, Err(Refusal::Wrong(_))), "{answer:?}");
        };
        wrong(&Save {
            change_id: String::new(),
            ..changes(present())
        });
        wrong(&Save {
            change_id: "drop table".into(),
            ..changes(present())
        });
        wrong(&changes(vec![mark(e(1), "/", 0), mark(e(1), "N", 0)]));
        wrong(&changes(vec![Change {
            note: Some("x".repeat(501)),
            ..mark(e(1), "/", 0)
        }]));
        let inset = calendar::Slot::new(day("2026-11-27"), Session::Am);
        let answer = save_as(store, tutor(), A, inset, &changes(present()));
        assert!(matches!(answer, Err(Refusal::Wrong(ground)) if ground.contains("R-402")));
    });
}

fn decide_setting(store: &TestStore, name: &'static str, from: &'static str, value: &'static str) {
    store
        .act_now(SCHOOL, move |act| {
            act.describe(Entry {
                account: 1,
                job_title: "Head",
                act: "decide",
                subject: name.into(),
            });
            act.replace(&year::records::SETTING, &args![name, day(from), value])
        })
        .unwrap();
}

#[test]
fn a_save_sees_at_once_what_changed_in_the_school_since_the_save_before_it() {
    at_school(|store| {
        let am = today(Session::Am);
        let save_of = |number: i64, code: &str, base: i64| {
            save_as(
                store,
                tutor(),
                A,
                am,
                &changes(vec![mark(e(number), code, base)]),
            )
        };
        let outcome =
            |number: i64, code: &str| save_of(number, code, 0).map(|told| told.results[0].outcome);
        let change = |of: fn(&mut Act) -> Result<(), StoreError>| {
            let changed = store.act_now(SCHOOL, move |act: &mut Act| {
                act.describe(Entry {
                    account: 1,
                    job_title: "Set-up",
                    act: "change",
                    subject: "the school".to_owned(),
                });
                of(act)
            });
            changed.expect("a change of the school");
        };
        assert_eq!(outcome(1, "/").unwrap(), Outcome::Saved);
        let september = day("2026-09-02");
        assert_eq!(
            save_of(7, "/", 0).unwrap().results[0].outcome,
            Outcome::Refused,
            "a pupil of 8B"
        );
        change(|act| {
            let values = args![530, A, e(7), day("2026-11-24"), None::<calendar::Day>];
            act.record(&roll::records::MEMBERSHIP, &values)
        });
        assert_eq!(
            outcome(7, "/").unwrap(),
            Outcome::Saved,
            "who joined the group"
        );
        change(|act| {
            let last = Some(day("2026-11-23"));
            let values = args![502, A, e(2), day("2026-09-02"), last];
            act.replace(&roll::records::MEMBERSHIP, &values).map(drop)
        });
        assert_eq!(outcome(2, "/").unwrap(), Outcome::Refused, "who left it");
        change(|act| {
            let values = args![
                601,
                303,
                "boards",
                "yes",
                day("2026-11-01"),
                None::<calendar::Day>
            ];
            act.record(&roll::records::CHARACTERISTIC, &values)
        });
        assert_eq!(outcome(3, "/").unwrap(), Outcome::Refused, "who boards");
        decide_setting(store, "mode", "2026-11-24", "\"alongside\"");
        assert!(
            matches!(outcome(4, "/"), Err(Refusal::NotAllowed(_))),
            "a setting"
        );
        decide_setting(store, "mode", "2026-11-24", "\"alongside_marks_here\"");
        assert_eq!(outcome(4, "/").unwrap(), Outcome::Saved);
        change(|act| {
            let values = args![day(TODAY), "inset", "Training"];
            act.record(&year::records::DAY_EXCEPTION, &values)
        });
        assert!(
            matches!(outcome(5, "/"), Err(Refusal::Wrong(_))),
            "the calendar"
        );
        change(|act| {
            let id = args![day(TODAY)];
            act.supersede(&year::records::DAY_EXCEPTION, &id).map(drop)
        });
        assert_eq!(outcome(5, "/").unwrap(), Outcome::Saved);
        let staff = account(Role::Tutor) + 1000;
        let last = Some(day("2026-11-23"));
        store
            .act_now(SCHOOL, move |act: &mut Act| {
                act.describe(Entry {
                    account: 1,
                    job_title: "Set-up",
                    act: "change",
                    subject: "a tutor".to_owned(),
                });
                let values = args![staff + 3000, A, staff, "tutor", september, last];
                act.replace(&roll::records::GROUP_STAFF, &values).map(drop)
            })
            .expect("a change of the school");
        assert!(outcome(1, "L").is_err(), "who no longer is its tutor");
    });
}

#[test]
fn alongside_another_system_registers_are_read_only_unless_the_school_marks_here() {
    at_school(|store| {
        decide_setting(store, "mode", "2026-11-24", "\"alongside\"");
        let answer = save_as(store, tutor(), A, today(Session::Am), &changes(present()));
        assert!(matches!(answer, Err(Refusal::NotAllowed(ground)) if ground.contains("I-001")));
        decide_setting(store, "mode", "2026-11-24", "\"alongside_marks_here\"");
        assert!(save_as(store, tutor(), A, today(Session::Am), &changes(present())).is_ok());
    });
}

#[test]
fn the_session_times_in_force_that_day_decide_when_a_register_closes() {
    at_school(|store| {
        let earlier = r#"{"am":{"opens":"08:10","closes":"08:40","ends":"12:00"},"pm":{"opens":"13:00","closes":"13:30","ends":"15:00"}}"#;
        decide_setting(store, "session_times", "2026-11-25", earlier);
        assert_eq!(
            one(store, tutor(), mark(e(1), "/", 0)).0,
            Outcome::Saved,
            "they hold from tomorrow"
        );
        decide_setting(store, "session_times", "2026-11-24", earlier);
        assert_eq!(one(store, tutor(), mark(e(2), "/", 0)).0, Outcome::Refused);
    });
}

#[test]
fn the_rest_become_present_and_no_mark_is_overwritten() {
    at_school(|store| {
        let am = today(Session::Am);
        one(store, officer(), mark(e(2), "N", 0));
        let save = Save {
            fill: true,
            ..changes(vec![mark(e(3), "L", 0)])
        };
        let answer = save_as(store, tutor(), A, am, &save).unwrap();
        assert_eq!((answer.results.len(), answer.blank), (4, 0));
        let sql = "select count(*) from mark where school_id = $1 and code = '/'";
        assert_eq!((count(store, sql), count(store, TAKEN)), (3, 1));
    });
}

#[test]
fn the_office_takes_a_register_for_a_teacher_and_says_on_whose_word() {
    at_school(|store| {
        let save = Save {
            fill: true,
            on_behalf_of: Some("Ms Staff1014, by telephone".into()),
            ..changes(vec![])
        };
        save_as(store, officer(), A, today(Session::Am), &save).unwrap();
        let taken = store
            .read_now(|tx| {
                tx.query_one(
                    "select account_id, on_behalf_of from register_taken where school_id = $1",
                    &args![SCHOOL],
                    |row| Ok::<_, StoreError>((row.get::<i64>(0)?, row.get::<Option<String>>(1)?)),
                )
            })
            .unwrap();
        assert_eq!(
            taken,
            (officer(), Some("Ms Staff1014, by telephone".into()))
        );
        let notes = store.read_now(|tx| journal::notes(tx, SCHOOL, 2)).unwrap();
        assert_eq!(notes[0].0, "on behalf of");
    });
}

/// Runs `first` in an open act, asks for `second` meanwhile from another process's store, and answers what both said.
fn at_once<T: Send + 'static, U: Send + 'static>(
    store: &TestStore,
    first: impl FnOnce(&mut store::Act) -> Result<T, Refusal> + Send + 'static,
    second: impl FnOnce(&mut store::Act) -> Result<U, Refusal> + Send + 'static,
) -> (Result<T, Refusal>, Result<U, Refusal>) {
    let other = store.another();
    let (begun, has_begun) = mpsc::channel();
    let both = thread::scope(|scope| {
        let first = scope.spawn(|| {
            store.act_now(SCHOOL, move |act| {
                begun.send(()).expect("the test waits for this");
                // The second act is asked for while this transaction is held open.
                thread::sleep(Duration::from_millis(300));
                first(act)
            })
        });
        has_begun.recv().expect("the first act begins");
        let second = other.act_now(SCHOOL, second);
        (first.join().expect("the first act ends"), second)
    });
    other.close();
    both
}

#[test]
fn two_saves_of_one_place_at_once_end_as_if_one_came_first() {
    at_school(|store| {
        let am = today(Session::Am);
        let (mine, theirs) = (actor(store, tutor()), actor(store, officer()));
        let (first, second) = at_once(
            store,
            move |act| save(act, &mine, A, am, &changes(vec![mark(e(1), "/", 0)])),
            move |act| save(act, &theirs, A, am, &changes(vec![mark(e(1), "N", 0)])),
        );
        assert_eq!(outcomes(&first.unwrap()), [Outcome::Saved]);
        assert_eq!(outcomes(&second.unwrap()), [Outcome::Conflict]);
        assert_eq!(count(store, MARKS), 1);
    });
}

#[test]
fn a_save_that_waits_until_the_register_has_closed_is_too_late() {
    at_school(|store| {
        store.clock().set(at_on("2026-11-24", "09:09:59"));
        let am = today(Session::Am);
        let (mine, theirs) = (actor(store, tutor()), actor(store, tutor()));
        let clock = store.clock().clone();
        let (first, second) = at_once(
            store,
            move |act| {
                let answer = save(act, &mine, A, am, &changes(vec![mark(e(1), "/", 0)]));
                clock.set(at("09:10"));
                answer
            },
            move |act| save(act, &theirs, A, am, &changes(vec![mark(e(2), "/", 0)])),
        );
        assert_eq!(outcomes(&first.unwrap()), [Outcome::Saved]);
        // The second was asked for at 09:09:59 and had its turn at 09:10.
        let second = second.unwrap();
        assert_eq!(outcomes(&second), [Outcome::Refused], "{second:?}");
        assert!(second.results[0].message.contains("closed at 09:10"));
    });
}

#[test]
fn a_pupil_who_leaves_while_a_save_waits_has_no_place_in_it() {
    at_school(|store| {
        let am = today(Session::Am);
        let mine = actor(store, tutor());
        let (first, second) = at_once(
            store,
            |act| {
                act.describe(Entry {
                    account: 1,
                    job_title: "Head",
                    act: "leave",
                    subject: "x".into(),
                });
                let none = None::<&str>;
                let left = args![
                    201,
                    301,
                    "C",
                    day("2026-09-02"),
                    none,
                    day("2026-11-23"),
                    none,
                    none,
                    none,
                    none
                ];
                Ok(act.replace(&roll::records::ENROLMENT, &left)?)
            },
            move |act| {
                save(
                    act,
                    &mine,
                    A,
                    am,
                    &changes(vec![mark(e(1), "/", 0), mark(e(2), "/", 0)]),
                )
            },
        );
        assert!(first.unwrap());
        assert_eq!(
            outcomes(&second.unwrap()),
            [Outcome::Refused, Outcome::Saved]
        );
    });
}

#[test]
fn the_grid_posts_json_and_is_answered_change_by_change() {
    at_school(|store| {
        let office = office(store);
        let path = "/registers/101/2026-11-24/am/save";
        let json = r#"{"change_id":"9f-1","device_at":"2026-11-24T08:44:10.000Z","changes":[{"enrolment":201,"code":"L","minutes":4,"note":null,"reason":null,"base":0},{"enrolment":202,"code":"G","base":null}]}"#;
        let request = Request::post(path).header("content-type", "application/json");
        let (status, body) = ask(&office, tutor(), request, json);
        assert_eq!(status, StatusCode::OK, "{body}");
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["saved_at"], "08:44");
        assert_eq!(answer["results"][0]["outcome"], "saved");
        assert_eq!(answer["results"][0]["base"], 2);
        assert_eq!(answer["results"][1]["outcome"], "refused");
        assert_eq!(answer["results"][1]["code"], serde_json::Value::Null);

        let nobody = Request::post(path).header("content-type", "application/json");
        let (status, body) = ask(&office, 7, nobody, json);
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(body.contains("sign in"), "{body}");
        let broken = Request::post(path).header("content-type", "application/json");
        assert_eq!(
            ask(&office, tutor(), broken, "{").0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let elsewhere = Request::post("/registers/102/2026-11-24/am/save")
            .header("content-type", "application/json");
        assert_eq!(
            ask(&office, tutor(), elsewhere, r#"{"change_id":"9f-2"}"#).0,
            StatusCode::NOT_FOUND
        );

        let form = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let (status, _) = ask(
            &office,
            tutor(),
            form,
            "change_id=9f-3&code-201=L&base-201=2&code-203=%2F&base-203=0&fill=yes",
        );
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!((count(store, MARKS), count(store, TAKEN)), (5, 1));
    });
}

/// Pupil 1 of 8A boards from this day on.
fn boards_since(store: &TestStore, from: &'static str) {
    let recorded: Result<(), StoreError> = store.act_now(SCHOOL, move |act| {
        act.describe(Entry {
            account: 1,
            job_title: "Office",
            act: "record characteristic",
            subject: "pupil 301".into(),
        });
        let values = args![700, 301, "boards", "yes", day(from), None::<calendar::Day>];
        act.record(&roll::records::CHARACTERISTIC, &values)
    });
    recorded.expect("a boarder of a test");
}

#[test]
fn a_boarder_is_not_asked_for_and_a_mark_for_one_is_refused_with_its_rule() {
    at_school(|store| {
        boards_since(store, "2026-11-24");
        let am = today(Session::Am);
        let (outcome, message) = one(store, tutor(), mark(e(1), "/", 0));
        assert_eq!(outcome, Outcome::Refused);
        assert!(message.contains("(R-011)"), "{message}");
        let rest = Save {
            fill: true,
            ..changes(Vec::new())
        };
        let filled = save_as(store, tutor(), A, am, &rest).unwrap();
        assert_eq!((filled.blank, filled.results.len()), (0, 4));
        assert_eq!(
            (count(store, MARKS), count(store, TAKEN)),
            (4, 1),
            "taken without the boarder's mark"
        );
    });
}

#[test]
fn a_pupil_who_boards_from_tomorrow_is_marked_today() {
    at_school(|store| {
        boards_since(store, "2026-11-25");
        let saved = save_as(store, tutor(), A, today(Session::Am), &changes(present())).unwrap();
        assert_eq!(saved.blank, 0);
        assert!(outcomes(&saved).iter().all(|one| *one == Outcome::Saved));
    });
}

#[test]
fn a_code_that_needs_a_note_is_refused_without_one_by_every_way_in() {
    at_school(|store| {
        let ways = [
            ("planned ahead", "08:30", officer(), ""),
            ("while it is open", "08:44", officer(), ""),
            ("by a supervisor", "08:45", manager(), ""),
            ("as an amendment", "10:00", officer(), "told by the parent"),
            (
                "as a supervisor's amendment",
                "10:01",
                manager(),
                "told by the parent",
            ),
        ];
        for (way, clock, account, reason) in ways {
            store.clock().set(at(clock));
            for code in ["B", "K", "Y7"] {
                for note in [None, Some(""), Some("   ")] {
                    let change = Change {
                        note: note.map(str::to_owned),
                        ..because(mark(e(1), code, 0), reason)
                    };
                    let save = Save {
                        on_behalf_of: Some("Ms A Staff1004".to_owned()),
                        ..changes(vec![change])
                    };
                    let slot = today(Session::Am);
                    let answer = save_as(store, account, A, slot, &save).unwrap();
                    let told = &answer.results[0];
                    assert_eq!(told.outcome, Outcome::Refused, "{way}: {code} {note:?}");
                    assert!(told.message.contains("needs a note"), "{}", told.message);
                }
            }
        }
        assert_eq!(count(store, MARKS), 0);
        let noted = Change {
            note: Some("college link course".to_owned()),
            ..because(mark(e(1), "B", 0), "told by the parent")
        };
        assert_eq!(one(store, manager(), noted).0, Outcome::Saved);
        // Nor is the note taken away from a mark that stands.
        let bare = because(mark(e(1), "B", 2), "tidying");
        let (outcome, message) = one(store, manager(), bare);
        assert_eq!(outcome, Outcome::Refused, "{message}");
        assert!(message.contains("needs a note"), "{message}");
    });
}

#[test]
fn a_sign_in_that_ended_a_moment_ago_saves_nothing() {
    at_school(|store| {
        let office = office(store);
        let save = |change_id: &str, page_of: Option<&str>| {
            let request = Request::post("/registers/101/2026-11-24/am/save")
                .header("content-type", "application/json");
            let request = match page_of {
                None => request,
                Some(own) => request.header("rollbook-page-of", own),
            };
            let json = format!(
                r#"{{"change_id":"{change_id}","changes":[{{"enrolment":201,"code":"/","base":0}}]}}"#
            );
            ask(&office, tutor(), request, json).0
        };
        assert_eq!(save("1", None), StatusCode::OK);
        assert_eq!(save("2", Some("7.1")), StatusCode::UNAUTHORIZED);
        assert_eq!(count(store, MARKS), 1);
        store
            .write_now(|tx| {
                let ended = "update sign_in set ended_at = seen_at where account_id = $1";
                tx.execute(ended, &args![tutor()])
            })
            .unwrap();
        assert_eq!(save("3", None), StatusCode::UNAUTHORIZED);
        assert_eq!(count(store, MARKS), 1);
    });
}
