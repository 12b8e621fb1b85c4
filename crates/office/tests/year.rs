//! Terms, closures and settings on both engines.

use calendar::{Day, ExceptionKind, Instant, SchoolYear, Session};
use office::MIGRATIONS;
use office::desk::Refusal;
use office::ids::AccountId;
use office::people::{Actor, Limits, Role};
use office::registers::records::MARK_VERSION;
use office::year::settings::{
    AMENDMENT_REASONS, HoursValue, MODE, NEW_FOR_DAYS, SESSION_TIMES, session_times, settings,
};
use office::year::{
    DayTimes, HalfTerm, calendar, clear_day, clear_day_times, decide, set_day, set_day_times,
    set_terms,
};
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
                        Arg::Null,
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

fn hours(opens: &str, closes: &str, ends: &str) -> HoursValue {
    let time = |text: &str| text.parse().expect("a test writes clock times");
    HoursValue {
        opens: time(opens),
        closes: time(closes),
        ends: time(ends),
    }
}

/// The last day of term as schools hold it: both registers, and home at half past twelve.
fn short(on: &str) -> DayTimes {
    DayTimes {
        day: day(on),
        am: hours("08:40", "09:10", "12:00"),
        pm: hours("12:00", "12:30", "12:30"),
        periods: Vec::new(),
        reason: "End of term".to_owned(),
    }
}

fn at(on: &str, clock: &str) -> Instant {
    Instant::at_london(day(on), clock.parse().expect("a test writes clock times"))
}

fn afternoon_opens(store: &TestStore, on: &str) -> String {
    let settings = store.read_now(|tx| settings(tx, SCHOOL)).expect("settings");
    let times = session_times(&settings, day(on)).expect("lawful times");
    times.of(Session::Pm).opens.to_string()
}

#[test]
fn a_short_day_has_its_own_session_times_and_no_other_day_has_them() {
    each_engine(MIGRATIONS, |store| {
        with_autumn(store);
        let now = at("2026-11-24", "08:00");
        acted(store, move |act| {
            set_day_times(
                act,
                &actor(Role::AttendanceManager),
                now,
                &short("2026-12-18"),
            )
        })
        .expect("a lawful short day");
        assert_eq!(afternoon_opens(store, "2026-12-17"), "13:30");
        assert_eq!(afternoon_opens(store, "2026-12-18"), "12:00");
        assert_eq!(afternoon_opens(store, "2027-01-05"), "13:30");
        acted(store, move |act| {
            clear_day_times(act, &actor(Role::AttendanceManager), now, day("2026-12-18"))
        })
        .expect("there are times to take back");
        assert_eq!(afternoon_opens(store, "2026-12-18"), "13:30");
        let again = acted(store, move |act| {
            clear_day_times(act, &actor(Role::AttendanceManager), now, day("2026-12-18"))
        });
        assert!(
            again
                .expect_err("none is left")
                .contains("no times of its own")
        );
    });
}

#[test]
fn times_of_a_day_are_refused_for_the_past_for_no_school_and_against_the_law() {
    each_engine(MIGRATIONS, |store| {
        with_autumn(store);
        let refused = |role: Role, new: DayTimes| {
            let now = at("2026-11-24", "08:00");
            let tried = acted(store, move |act| {
                set_day_times(act, &actor(role), now, &new)
            });
            tried.expect_err("refused")
        };
        let manager = Role::AttendanceManager;
        assert!(refused(manager, short("2026-11-23")).contains("past"));
        assert!(refused(manager, short("2026-11-28")).contains("does not meet"));
        assert!(refused(Role::Teacher, short("2026-12-18")).contains("settings"));
        let mut silent = short("2026-12-18");
        silent.reason = " ".to_owned();
        assert!(refused(manager, silent).contains("Say why"));
        let mut long = short("2026-12-18");
        long.am = hours("08:40", "09:20", "12:00");
        assert!(refused(manager, long).contains("R-022"));
        let mut shorter = short("2026-12-18");
        shorter.am = hours("08:40", "09:00", "12:00");
        shorter.pm = hours("12:00", "12:20", "12:30");
        assert!(
            refused(manager, shorter).contains("30 minutes"),
            "the length stands in the policy"
        );
        let mut overlapping = short("2026-12-18");
        overlapping.pm = hours("11:50", "12:20", "12:30");
        assert!(refused(manager, overlapping).contains("morning session has ended"));
    });
}

#[test]
fn a_school_that_must_close_early_today_moves_the_afternoon_and_not_the_morning_that_was_judged() {
    each_engine(MIGRATIONS, |store| {
        with_autumn(store);
        let now = at("2026-11-24", "10:00");
        let manager = || actor(Role::AttendanceManager);
        let mut moved = short("2026-11-24");
        moved.am = hours("08:50", "09:20", "12:00");
        let refused = acted(store, move |act| {
            set_day_times(act, &manager(), now, &moved)
        });
        assert!(refused.expect_err("judged").contains("R-023"));
        let mut passed = short("2026-11-24");
        passed.am.ends = "09:20".parse().expect("a clock time");
        passed.pm = hours("09:20", "09:50", "12:30");
        let refused = acted(store, move |act| {
            set_day_times(act, &manager(), now, &passed)
        });
        assert!(refused.expect_err("too late").contains("closed at 09:50"));
        acted(store, move |act| {
            set_day_times(act, &manager(), now, &short("2026-11-24"))
        })
        .expect("the afternoon has not opened");
        assert_eq!(afternoon_opens(store, "2026-11-24"), "12:00");
        let later = at("2026-11-24", "12:00");
        let back = acted(store, move |act| {
            clear_day_times(act, &manager(), later, day("2026-11-24"))
        });
        assert!(back.expect_err("it has opened").contains("R-023"));
    });
}
