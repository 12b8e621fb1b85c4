//! Terms, closures and settings on both engines.

use calendar::{Day, ExceptionKind, SchoolYear, Session};
use office::MIGRATIONS;
use office::desk::Refusal;
use office::ids::AccountId;
use office::people::{Actor, Limits, Role};
use office::registers::records::MARK_VERSION;
use office::year::settings::{AMENDMENT_REASONS, MODE, NEW_FOR_DAYS, SESSION_TIMES};
use office::year::{HalfTerm, calendar, clear_day, decide, set_day, set_terms};
use store::testing::{TestStore, each_engine};
use store::{Act, Arg, Entry, SchoolId, args};

const SCHOOL: SchoolId = SchoolId(1);

fn day(text: &str) -> Day {
    text.parse().expect("a test writes real days")
}

fn actor(role: Role) -> Actor {
    Actor {
        account: AccountId(1),
        school: SCHOOL,
        name: "Sam Sample".to_owned(),
        job_title: "Attendance manager".to_owned(),
        staff: None,
        roles: vec![role],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}

fn half_term(name: &str, first: &str, last: &str) -> HalfTerm {
    HalfTerm {
        name: name.to_owned(),
        first_day: day(first),
        last_day: day(last),
    }
}

fn autumn() -> Vec<HalfTerm> {
    vec![
        half_term("Autumn 1", "2026-09-02", "2026-10-22"),
        half_term("Autumn 2", "2026-11-02", "2026-12-18"),
    ]
}

fn acted(
    store: &TestStore,
    work: impl FnOnce(&mut Act) -> Result<(), Refusal> + Send + 'static,
) -> Result<(), String> {
    store
        .act_now(SCHOOL, work)
        .map_err(|refusal: Refusal| refusal.to_string())
}

fn with_autumn(store: &TestStore) {
    acted(store, |act| {
        let year = SchoolYear::beginning_in(2026);
        set_terms(act, &actor(Role::AttendanceManager), year, &autumn()).map(|_| ())
    })
    .expect("half-terms that do not overlap");
}

#[test]
fn half_terms_make_the_school_days_of_a_year() {
    each_engine(MIGRATIONS, |store| {
        with_autumn(store);
        let calendar = store
            .read_now(|tx| calendar(tx, SCHOOL))
            .expect("a calendar");
        assert!(calendar.is_school_day(day("2026-10-22")));
        assert!(!calendar.is_school_day(day("2026-10-23")));
        assert!(calendar.is_school_day(day("2026-11-02")));
    });
}

#[test]
fn half_terms_that_overlap_are_refused_and_nothing_is_changed() {
    each_engine(MIGRATIONS, |store| {
        with_autumn(store);
        let refused = acted(store, |act| {
            let mut terms = autumn();
            terms[1].first_day = day("2026-10-20");
            let year = SchoolYear::beginning_in(2026);
            set_terms(act, &actor(Role::AttendanceManager), year, &terms).map(|_| ())
        });
        assert!(refused.expect_err("they overlap").contains("begins before"));
        let calendar = store
            .read_now(|tx| calendar(tx, SCHOOL))
            .expect("a calendar");
        assert!(!calendar.is_school_day(day("2026-10-26")));
    });
}

#[test]
fn a_day_with_marks_never_loses_its_sessions() {
    each_engine(MIGRATIONS, |store| {
        with_autumn(store);
        store
            .act_now(SCHOOL, |act: &mut Act| {
                let on = day("2026-11-03");
                act.record(
                    &MARK_VERSION,
                    &args![
                        1_i64,
                        on,
                        Session::Am.index() as i64,
                        "/",
                        Arg::Null,
                        Arg::Null,
                        Arg::Null,
                        Arg::Null,
                        "register",
                        Arg::Null
                    ],
                )?;
                act.describe(Entry {
                    account: 1,
                    job_title: "Tutor",
                    act: "take register",
                    subject: "group 1".to_owned(),
                });
                Ok::<_, store::StoreError>(())
            })
            .expect("a mark");
        let inset = acted(store, |act| {
            let manager = actor(Role::AttendanceManager);
            set_day(
                act,
                &manager,
                day("2026-11-03"),
                ExceptionKind::Inset,
                "Training",
            )
        });
        assert!(
            inset
                .expect_err("it has marks")
                .contains("already has 1 marks")
        );
        let shorter = acted(store, |act| {
            let mut terms = autumn();
            terms[1].first_day = day("2026-11-09");
            let year = SchoolYear::beginning_in(2026);
            set_terms(act, &actor(Role::AttendanceManager), year, &terms).map(|_| ())
        });
        assert!(
            shorter
                .expect_err("a mark would lie outside")
                .contains("outside every half-term")
        );
        let snow = acted(store, |act| {
            let manager = actor(Role::AttendanceManager);
            let closed = "unplanned_closure".parse().expect("a kind of day");
            set_day(act, &manager, day("2026-11-03"), closed, "Snow")
        });
        assert_eq!(snow, Ok(()));
    });
}

#[test]
fn a_closure_can_be_taken_back() {
    each_engine(MIGRATIONS, |store| {
        with_autumn(store);
        acted(store, |act| {
            let manager = actor(Role::AttendanceManager);
            set_day(
                act,
                &manager,
                day("2026-11-27"),
                ExceptionKind::Inset,
                "Training",
            )
        })
        .expect("a day without marks");
        let open = |store: &TestStore| {
            let calendar = store
                .read_now(|tx| calendar(tx, SCHOOL))
                .expect("a calendar");
            calendar.is_school_day(day("2026-11-27"))
        };
        assert!(!open(store));
        acted(store, |act| {
            clear_day(
                act,
                &actor(Role::AttendanceManager),
                day("2026-11-27"),
                "Moved",
            )
        })
        .expect("there is one to take back");
        assert!(open(store));
    });
}

#[test]
fn a_setting_holds_from_today_or_later_and_only_if_the_rules_can_read_it() {
    each_engine(MIGRATIONS, |store| {
        let try_it = |name: &'static str, from: &str, value: &'static str| {
            let from = day(from);
            acted(store, move |act| {
                let manager = actor(Role::AttendanceManager);
                decide(act, &manager, day("2026-11-24"), name, from, value)
            })
        };
        assert_eq!(try_it(MODE, "2026-11-24", "\"alongside\""), Ok(()));
        assert!(try_it(MODE, "2026-11-23", "\"alongside\"").is_err());
        assert!(try_it(MODE, "2026-11-24", "\"both\"").is_err());
        let too_long = r#"{"am":{"opens":"08:40","closes":"09:20","ends":"12:30"},"pm":{"opens":"13:30","closes":"14:10","ends":"15:10"}}"#;
        let refused = try_it(SESSION_TIMES, "2026-11-24", too_long);
        assert!(refused.expect_err("40 minutes").contains("R-022"));
        assert_eq!(try_it(NEW_FOR_DAYS, "2026-11-24", "7"), Ok(()));
        assert!(try_it(NEW_FOR_DAYS, "2026-11-24", "61").is_err());
        let reasons = "[\"Late bus\"]";
        assert_eq!(try_it(AMENDMENT_REASONS, "2026-11-25", reasons), Ok(()));
        assert!(try_it(AMENDMENT_REASONS, "2026-11-25", "[\"\"]").is_err());
    });
}

#[test]
fn a_teacher_decides_nothing_for_the_school() {
    each_engine(MIGRATIONS, |store| {
        let refused = acted(store, |act| {
            let year = SchoolYear::beginning_in(2026);
            set_terms(act, &actor(Role::Teacher), year, &autumn()).map(|_| ())
        });
        assert!(
            refused
                .expect_err("a teacher may not")
                .contains("look after the school's settings")
        );
    });
}
