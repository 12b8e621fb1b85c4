//! Plans: made, standing for sessions at once, displaced by marks, ended and withdrawn, on both engines.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::{Session, Slot};
use office::book::{Book, Shelf};
use office::desk::Refusal;
use office::ids::{PlanId, PupilId};
use office::people::Role;
use office::registers::plans::{amend, end, make, plans_today, withdraw};
use office::registers::records::MARK_VERSION;
use office::registers::save::{Outcome, Save};
use office::{MIGRATIONS, TABLES};
use register::plan::{Plan, PlanKind, PlannedSessions};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, SchoolId, StoreError, args};

use crate::school::{
    A, SCHOOL, account, actor, ask, at, at_on, changes, day, e, found, mark, office, one, outcomes,
    save_as, take, today,
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

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

fn tutor() -> i64 {
    account(Role::Tutor)
}

fn pupil(number: i64) -> PupilId {
    PupilId(300 + number)
}

/// A plan for every session from this day to that one.
fn plan(kind: PlanKind, code: &str, first: &str, last: &str) -> Plan {
    Plan {
        kind,
        code: code.parse().expect("a code"),
        first: day(first),
        last: day(last),
        sessions: PlannedSessions::all(),
        reason: "dentist in the town".to_owned(),
        place: Some("Sample Farm".to_owned()),
        supervisor: Some("Ms A Staff".to_owned()),
        evidence: None,
        decided_on: Some(day("2026-11-20")),
        decided_by: "A Sample, Headteacher".to_owned(),
        agreed_on: None,
        agreed_with: None,
        review_on: None,
    }
}

fn made(store: &TestStore, account: i64, number: i64, plan: &Plan) -> Result<PlanId, Refusal> {
    let (actor, plan) = (actor(store, account), plan.clone());
    store
        .act_now(SCHOOL, move |act| {
            make(act, &actor, &[pupil(number)], &plan)
        })
        .map(|ids| ids[0])
}

fn book(store: &TestStore) -> Arc<Book> {
    let shelf = Arc::new(Shelf::default());
    store
        .read_now(move |tx| shelf.book(tx, SCHOOL))
        .expect("a book")
}

/// What stands for a pupil: the code, with a star where it is a plan's.
fn stands(store: &TestStore, number: i64, slot: Slot) -> String {
    let book = book(store);
    let row = book.roll.row(e(number)).expect("a time on roll");
    let mark = book.mark(row, slot);
    let star = if mark.is_planned() { "*" } else { "" };
    mark.code()
        .map_or("-".to_owned(), |code| format!("{code}{star}"))
}

#[test]
fn a_plan_stands_at_once_and_a_present_mark_displaces_it_while_it_stays_on_file() {
    at_school(|store| {
        let am = today(Session::Am);
        let appointment = plan(PlanKind::Appointment, "M", "2026-11-24", "2026-11-24");
        made(store, manager(), 1, &appointment).expect("it may be planned");
        assert_eq!(stands(store, 1, am), "M*");
        // The rest present: the planned place is not blank, and the register is complete.
        let fill = Save {
            fill: true,
            ..changes(vec![])
        };
        let answer = save_as(store, tutor(), A, am, &fill).expect("a save");
        assert_eq!((answer.results.len(), answer.blank), (4, 0));
        assert_eq!(stands(store, 1, am), "M*");
        let (office, path) = (office(store), "/registers/101/2026-11-24/am");
        let (_, page) = ask(&office, tutor(), Request::get(path), "");
        assert!(page.contains("by plan"), "{page}");
        assert!(page.contains("taken 08:44"), "{page}");
        // The pupil came after all, then the mark is taken back: the plan stands again.
        let came = save_as(store, tutor(), A, am, &changes(vec![mark(e(1), "/", 0)]));
        let came = came.expect("a save");
        assert_eq!(outcomes(&came), [Outcome::Saved]);
        assert_eq!(stands(store, 1, am), "/");
        assert_eq!(book(store).plans.all().len(), 1);
        let back = mark(e(1), "", came.results[0].base);
        let back = save_as(store, tutor(), A, am, &changes(vec![back])).expect("a save");
        assert_eq!((outcomes(&back), back.blank), (vec![Outcome::Saved], 0));
        assert_eq!(stands(store, 1, am), "M*");
    });
}

#[test]
fn an_unmarked_session_of_the_past_counts_as_its_plan_says_and_is_no_missing_mark() {
    at_school(|store| {
        let trip = plan(PlanKind::Trip, "V", "2026-11-23", "2026-11-24");
        made(store, manager(), 1, &trip).expect("it may be planned");
        let office = office(store);
        let why = "/why?who=pupil-301&period=days&from=2026-11-23&to=2026-11-24";
        let (status, page) = ask(&office, manager(), Request::get(why), "");
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(page.contains("By plan, no mark"), "{page}");
        let (_, missing) = ask(
            &office,
            manager(),
            Request::get("/lists/missing-marks?by=pupil&period=days&from=2026-11-23&to=2026-11-24"),
            "",
        );
        assert!(
            missing.contains("Pupil2") && !missing.contains("Pupil1<"),
            "{missing}"
        );
        let (_, one) = ask(
            &office,
            manager(),
            Request::get("/why/301/2026-11-23/AM"),
            "",
        );
        assert!(one.contains("by plan: no mark was made"), "{one}");
        assert!(
            one.contains("R-032") && one.contains("trip or visit"),
            "{one}"
        );
    });
}

#[test]
fn no_reason_yet_is_refused_where_a_plan_gives_one() {
    at_school(|store| {
        let leave = plan(PlanKind::Leave, "C", "2026-11-24", "2026-11-24");
        made(store, manager(), 1, &leave).expect("it may be planned");
        let (outcome, message) = one(store, tutor(), mark(e(1), "N", 0));
        assert_eq!(outcome, Outcome::Refused);
        assert!(
            message.contains("Granted leave is planned") && message.contains("R-029"),
            "{message}"
        );
        let mut reasoned = mark(e(1), "N", 0);
        reasoned.reason = Some("not at the funeral after all".to_owned());
        assert_eq!(one(store, tutor(), reasoned).0, Outcome::Saved);
    });
}

#[test]
fn leave_granted_after_it_began_is_refused_with_its_rule() {
    at_school(|store| {
        let leave = plan(PlanKind::Leave, "C", "2026-11-19", "2026-11-24");
        match made(store, manager(), 1, &leave) {
            Err(Refusal::Wrong(ground)) => assert!(ground.contains("R-030"), "{ground}"),
            other => panic!("{other:?}"),
        }
        assert!(book(store).plans.all().is_empty());
    });
}

#[test]
fn leave_that_a_plan_grants_before_makes_an_absence_authorised_afterwards() {
    at_school(|store| {
        let monday = Slot::new(day("2026-11-23"), Session::Am);
        let because = |code, base| {
            let mut change = mark(e(1), code, base);
            change.reason = Some("the decision was on file".to_owned());
            change
        };
        let absent = save_as(store, manager(), A, monday, &changes(vec![because("O", 0)]));
        let base = absent.expect("a save").results[0].base;
        let without = save_as(
            store,
            manager(),
            A,
            monday,
            &changes(vec![because("C", base)]),
        );
        assert!(
            without.expect("a save").results[0]
                .message
                .contains("R-030")
        );
        let leave = plan(PlanKind::Leave, "C", "2026-11-23", "2026-11-24");
        made(store, manager(), 1, &leave).expect("decided the week before");
        assert_eq!(stands(store, 1, monday), "O");
        let with = save_as(
            store,
            manager(),
            A,
            monday,
            &changes(vec![because("C", base)]),
        );
        assert_eq!(outcomes(&with.expect("a save")), [Outcome::Saved]);
    });
}

#[test]
fn each_plan_is_made_by_those_whose_record_it_is() {
    at_school(|store| {
        let appointment = plan(PlanKind::Appointment, "M", "2026-11-24", "2026-11-24");
        let suspension = plan(PlanKind::Suspension, "E", "2026-11-25", "2026-11-25");
        let may = |role, plan: &Plan| match made(store, account(role), 2, plan) {
            Ok(_) => "yes",
            Err(Refusal::NotAllowed(_)) => "no",
            Err(Refusal::NotFound) => "unknown",
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(may(Role::Tutor, &appointment), "no");
        assert_eq!(may(Role::HeadOfHouseOrYear, &appointment), "no");
        assert_eq!(may(Role::SystemAdministrator, &appointment), "unknown");
        assert_eq!(may(Role::AttendanceAdministrator, &appointment), "yes");
        // Suspensions by suspension_record: read only for the attendance office, write for the head of the pupil's year.
        assert_eq!(may(Role::AttendanceManager, &suspension), "no");
        assert_eq!(may(Role::HeadOfHouseOrYear, &suspension), "yes");
    });
}

#[test]
fn a_teacher_sees_that_something_is_planned_and_not_why() {
    at_school(|store| {
        let appointment = plan(PlanKind::Appointment, "M", "2026-11-24", "2026-11-24");
        let id = made(store, manager(), 1, &appointment).expect("it may be planned");
        let office = office(store);
        for path in [
            "/registers/101/2026-11-24/am",
            "/plans",
            "/pupils/301/plans",
        ] {
            let (status, page) = ask(&office, tutor(), Request::get(path), "");
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(
                page.to_lowercase().contains("appointment"),
                "{path}: {page}"
            );
            assert!(!page.contains("dentist"), "{path}: {page}");
        }
        for path in [format!("/plans/{id}"), "/plans/new".to_owned()] {
            assert_eq!(
                ask(&office, tutor(), Request::get(&path), "").0,
                StatusCode::NOT_FOUND
            );
        }
        let (_, whole) = ask(&office, manager(), Request::get(format!("/plans/{id}")), "");
        assert!(whole.contains("dentist in the town"), "{whole}");
    });
}

#[test]
fn a_plan_ended_early_gives_its_sessions_back_and_keeps_every_version() {
    at_school(|store| {
        let provision = plan(
            PlanKind::AlternativeProvision,
            "B",
            "2026-11-16",
            "2026-12-11",
        );
        let before = book(store).seq;
        let id = made(store, manager(), 1, &provision).expect("it may be planned");
        let made_at = book(store).seq;
        let on = |text: &str| Slot::new(day(text), Session::Pm);
        assert_eq!(stands(store, 1, on("2026-12-10")), "B*");
        let actor = actor(store, manager());
        let ended = {
            let actor = actor.clone();
            store.act_now(SCHOOL, move |act| {
                end(
                    act,
                    &actor,
                    (id, made_at),
                    day("2026-11-23"),
                    "the place closed",
                    false,
                )
            })
        };
        ended.expect("it may end");
        assert_eq!(stands(store, 1, on("2026-11-23")), "B*");
        assert_eq!(stands(store, 1, on("2026-11-24")), "-");
        // Somebody who saw the version before is told, and nothing changes.
        let stale = {
            let (actor, provision) = (actor.clone(), provision.clone());
            store.act_now(SCHOOL, move |act| {
                amend(act, &actor, (id, made_at), &provision, "longer", false)
            })
        };
        assert!(matches!(stale, Err(Refusal::Wrong(_))), "{stale:?}");
        let (status, page) = ask(
            &office(store),
            manager(),
            Request::get(format!("/plans/{id}")),
            "",
        );
        assert_eq!(status, StatusCode::OK);
        assert!(
            page.contains("the place closed") && page.contains("Fri 11 Dec"),
            "{page}"
        );
        // What was known at each number stays as it was known.
        const KNOWN: &str = "select last_day from plan where school_id = $1 and seq <= $2 and (superseded_seq is null or superseded_seq > $2)";
        let known = |seq: i64| {
            store
                .read_now(move |tx| {
                    tx.query(KNOWN, &args![SCHOOL, seq], |row| {
                        row.get::<calendar::Day>(0)
                    })
                })
                .expect("versions")
        };
        assert_eq!(known(before), []);
        assert_eq!(known(made_at), [day("2026-12-11")]);
        assert_eq!(known(book(store).seq), [day("2026-11-23")]);
    });
}

#[test]
fn a_withdrawn_plan_stands_for_nothing_and_is_still_told() {
    at_school(|store| {
        let provision = plan(
            PlanKind::AlternativeProvision,
            "B",
            "2026-11-23",
            "2026-12-11",
        );
        let id = made(store, manager(), 1, &provision).expect("it may be planned");
        let (actor, seq) = (actor(store, manager()), book(store).seq);
        store
            .act_now(SCHOOL, move |act| {
                withdraw(act, &actor, (id, seq), "the wrong pupil", false)
            })
            .expect("it may be withdrawn");
        assert_eq!(
            stands(store, 1, Slot::new(day("2026-11-23"), Session::Am)),
            "-"
        );
        let path = format!("/plans/{id}");
        let (status, page) = ask(&office(store), manager(), Request::get(&path), "");
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Withdrawn Tue 24 Nov 2026"), "{page}");
    });
}

#[test]
fn an_end_is_told_before_it_comes_and_drift_when_the_pupil_was_seen() {
    at_school(|store| {
        let provision = plan(
            PlanKind::AlternativeProvision,
            "B",
            "2026-11-16",
            "2026-11-30",
        );
        made(store, manager(), 1, &provision).expect("it may be planned");
        let told = |store: &TestStore, now| {
            let book = book(store);
            let told = store.read_now(move |tx| plans_today(tx, &book, now));
            told.expect("settings")
        };
        assert_eq!(told(store, at_on("2026-11-19", "09:00")).due, 0);
        let soon = told(store, at("09:00"));
        assert_eq!(
            (soon.due, soon.soonest.as_deref(), soon.drifts),
            (1, Some("ends Mon 30 Nov"), 0)
        );
        save_as(
            store,
            tutor(),
            A,
            today(Session::Am),
            &changes(vec![mark(e(1), "/", 0)]),
        )
        .expect("a save");
        assert_eq!(told(store, at("09:00")).drifts, 1);
        let office = office(store);
        let (_, drift) = ask(&office, manager(), Request::get("/plans?show=drift"), "");
        assert!(drift.contains("planned away, and seen"), "{drift}");
        let (_, home) = ask(&office, manager(), Request::get("/"), "");
        assert!(
            home.contains("/plans?show=due") && home.contains("/plans?show=drift"),
            "{home}"
        );
        let (_, csv) = take(&office, manager(), "/plans?show=due", "csv");
        assert!(csv.contains("Alternative provision,B,"), "{csv}");
    });
}

#[test]
fn a_drift_that_somebody_has_dealt_with_leaves_the_list_until_another_mark_stands_there() {
    at_school(|store| {
        let provision = plan(
            PlanKind::AlternativeProvision,
            "B",
            "2026-11-16",
            "2026-11-30",
        );
        let id = made(store, manager(), 1, &provision).expect("it may be planned");
        let am = today(Session::Am);
        let seen = changes(vec![mark(e(1), "/", 0)]);
        let seen = save_as(store, tutor(), A, am, &seen).expect("a save");
        let office = office(store);
        let place = format!("/plans/drift/{}/2026-11-24/am", e(1));
        let list = || ask(&office, manager(), Request::get("/plans?show=drift"), "").1;
        assert!(list().contains(&place), "{}", list());
        let (status, form) = ask(&office, manager(), Request::get(&place), "");
        assert_eq!(status, StatusCode::OK, "{form}");
        assert!(form.contains("planned away, and seen"), "{form}");
        let (status, _) = ask(&office, tutor(), Request::get(&place), "");
        assert_ne!(status, StatusCode::OK, "who keeps no plans deals with none");
        let (status, empty) = post(&office, &place, &[("found", " "), ("mark", "/")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{empty}");
        let closed = [("found", "the provider was closed"), ("mark", "/")];
        let (status, other) = post(&office, &place, &[("found", "x"), ("mark", "L")]);
        assert_ne!(
            status,
            StatusCode::SEE_OTHER,
            "another mark was seen: {other}"
        );
        let (status, _) = post(&office, &place, &closed);
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(!list().contains(&place), "{}", list());
        let page = format!("/plans/{id}");
        let (_, plan) = ask(&office, manager(), Request::get(&page), "");
        assert!(plan.contains("marked /: the provider was closed"), "{plan}");
        // Taken back, it is there again; dealt with anew, it stays away until the mark is another one.
        let (_, rest) = plan.split_once("/plans/found/").expect("a way back");
        let found = rest.split('/').next().expect("a number");
        let (status, _) = post(&office, &format!("/plans/found/{found}/take-back"), &[]);
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(list().contains(&place), "{}", list());
        post(&office, &place, &closed);
        assert!(!list().contains(&place), "{}", list());
        let late = changes(vec![mark(e(1), "L", seen.results[0].base)]);
        save_as(store, tutor(), A, am, &late).expect("a save");
        assert!(list().contains(&place), "{}", list());
    });
}

#[test]
fn how_plans_are_watched_is_the_schools_setting_from_a_day_on() {
    at_school(|store| {
        let provision = plan(
            PlanKind::AlternativeProvision,
            "B",
            "2026-11-16",
            "2026-11-30",
        );
        made(store, manager(), 1, &provision).expect("it may be planned");
        let told = |on: &str| {
            let (book, now) = (book(store), at_on(on, "09:00"));
            let told = store.read_now(move |tx| plans_today(tx, &book, now));
            told.expect("settings").due
        };
        assert_eq!((told("2026-11-18"), told("2026-11-24")), (0, 1));
        for (from, ahead) in [("2026-11-01", 10), ("2026-11-20", 2)] {
            let decided = store.act_now(SCHOOL, move |act| {
                let watch = format!(r#"{{"told_ahead": {ahead}, "drift_back": 20}}"#);
                act.replace(
                    &office::year::records::SETTING,
                    &args!["plan_watch", day(from), &watch],
                )?;
                act.describe(Entry {
                    account: 0,
                    job_title: "Test",
                    act: "decide a setting",
                    subject: "plan_watch".to_owned(),
                });
                Ok::<_, StoreError>(())
            });
            decided.expect("a setting");
        }
        assert_eq!((told("2026-11-18"), told("2026-11-24")), (1, 0));
    });
}

/// An act of a school's system.
fn put_in(
    store: &TestStore,
    school: SchoolId,
    work: impl FnMut(&mut Act) -> Result<(), StoreError> + Send + 'static,
) {
    let mut work = work;
    let done = store.act_now(school, move |act| {
        work(act)?;
        act.describe(Entry {
            account: 0,
            job_title: "Test",
            act: "set up",
            subject: "a test".to_owned(),
        });
        Ok::<_, StoreError>(())
    });
    done.expect("rows of a test");
}

/// A mark without asking any rule.
fn mark_of(act: &mut Act, enrolment: i64, session: Session, code: &str) -> Result<(), StoreError> {
    let none = None::<&str>;
    act.record(
        &MARK_VERSION,
        &args![
            enrolment,
            day("2026-11-23"),
            session.index() as i64,
            code,
            None::<i64>,
            None::<calendar::Instant>,
            none,
            none,
            "test",
            None::<calendar::Instant>,
            none
        ],
    )
}

#[test]
fn registers_of_two_schools_are_held_against_each_other_for_whoever_reads_both() {
    at_school(|store| {
        let second = SchoolId(2);
        let founded = store.write_now(move |tx| {
            tx.execute(
                "insert into trust (trust_id, name) values ($1, $2)",
                &args![1, "Sample Trust"],
            )?;
            tx.execute(
                "insert into school (school_id, trust_id, name, founded_at) values ($1, $2, $3, $4)",
                &args![second, 1, "Second School", at("06:00")],
            )?;
            tx.execute(
                "update school set trust_id = $2 where school_id = $1",
                &args![SCHOOL, 1],
            )
        });
        founded.expect("a trust");
        put_in(store, second, |act| {
            let none = None::<&str>;
            let term = args![21, 2026, "Autumn", day("2026-09-02"), day("2026-12-18")];
            act.record(&office::year::records::TERM, &term)?;
            act.record(
                &office::roll::records::PUPIL,
                &args![
                    901,
                    401,
                    none,
                    none,
                    none,
                    none,
                    "Sample",
                    "Pupil1",
                    "",
                    "Sample",
                    "Pupil1",
                    none,
                    day("2013-11-02")
                ],
            )?;
            let nobody = None::<calendar::Day>;
            act.record(
                &office::roll::records::ENROLMENT,
                &args![
                    801,
                    901,
                    "S",
                    day("2026-11-23"),
                    none,
                    nobody,
                    none,
                    none,
                    none,
                    none
                ],
            )?;
            mark_of(act, 801, Session::Am, "/")?;
            mark_of(act, 801, Session::Pm, "D")
        });
        put_in(store, SCHOOL, |act| {
            mark_of(act, 201, Session::Am, "L")?;
            mark_of(act, 201, Session::Pm, "D")
        });
        let office = office(store);
        let list = || ask(&office, manager(), Request::get("/plans?show=both"), "").1;
        assert!(
            !list().contains("Both schools") && !list().contains("Second School"),
            "they have no place at the second school: {}",
            list()
        );
        put_in(store, second, |act| {
            act.record(
                &office::people::records::ROLE_GRANT,
                &args![
                    31,
                    manager(),
                    Role::AttendanceManager.key(),
                    day("2026-09-01"),
                    None::<calendar::Day>
                ],
            )
        });
        let (_, csv) = take(&office, manager(), "/plans?show=both", "csv");
        for line in [
            "23/11/2026,AM,L,/,Second School,conflict: both schools have a code of their own",
            "23/11/2026,PM,D,D,Second School,gap: each has the pupil due at the other",
        ] {
            assert!(csv.contains(line), "{csv}");
        }
        assert_eq!(csv.matches("Second School").count(), 2, "{csv}");
        assert!(list().contains("Both schools"), "{}", list());
        let (_, tutors) = ask(&office, tutor(), Request::get("/plans?show=both"), "");
        assert!(!tutors.contains("Second School"), "{tutors}");
    });
}

#[test]
fn a_plan_of_two_weeks_in_turn_goes_by_the_timetables_cycle() {
    at_school(|store| {
        let office = office(store);
        let path = "/plans/new?pupil=301&kind=alternative_provision";
        let (_, one_week) = ask(&office, manager(), Request::get(path), "");
        assert!(one_week.contains("at-Wed-AM"), "{one_week}");
        put_in(store, SCHOOL, |act| {
            let cycle = r#"{"weeks": 2, "week_a": "2026-11-16", "skips_holidays": true}"#;
            let values = args!["timetable_cycle", day("2026-09-01"), cycle];
            act.replace(&office::year::records::SETTING, &values)
                .map(drop)
        });
        let (_, form) = ask(&office, manager(), Request::get(path), "");
        assert!(
            form.contains("at-A-Wed-AM") && form.contains("at-B-Wed-PM"),
            "{form}"
        );
        assert!(!form.contains("at-Wed-AM"), "{form}");
        let mut answers = vec![
            ("code", "B"),
            ("first", "2026-11-25"),
            ("last", "2026-12-09"),
            ("at-A-Wed-AM", "yes"),
            ("at-B-Wed-PM", "yes"),
            ("reason", "horticulture"),
            ("place", "Sample Farm"),
            ("supervisor", "Ms A Staff"),
            ("decided_by", "Headteacher"),
        ];
        let (status, preview) = post(&office, path, &answers);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(preview.contains("3 sessions of 1 pupil"), "{preview}");
        answers.push(("go", "make"));
        let (status, _) = post(&office, path, &answers);
        assert_eq!(status, StatusCode::SEE_OTHER);
        let told =
            |on: &str| Session::BOTH.map(|session| stands(store, 1, Slot::new(day(on), session)));
        assert_eq!(told("2026-11-25"), ["-", "B*"], "week B");
        assert_eq!(told("2026-12-02"), ["B*", "-"], "week A");
        assert_eq!(told("2026-12-09"), ["-", "B*"], "week B");
        let (_, list) = ask(&office, manager(), Request::get("/plans"), "");
        assert!(list.contains("week A: Wed AM; week B: Wed PM"), "{list}");
        let id = book(store).plans.all()[0].id;
        let amend = format!("/plans/{id}/amend");
        let (_, form) = ask(&office, manager(), Request::get(&amend), "");
        let is_ticked = |name: &str| {
            let found = form.split_once(&format!("name=\"{name}\""));
            found.is_some_and(|(_, rest)| {
                rest.split('>')
                    .next()
                    .is_some_and(|tag| tag.contains("checked"))
            })
        };
        assert!(
            is_ticked("at-A-Wed-AM") && is_ticked("at-B-Wed-PM"),
            "{form}"
        );
        assert!(
            !is_ticked("at-B-Wed-AM") && !is_ticked("at-A-Thu-AM"),
            "{form}"
        );
        // Other weeks A from a later day turn nothing round that was planned; amended, the plan takes them.
        put_in(store, SCHOOL, |act| {
            let cycle = r#"{"weeks": 1, "week_a": "2026-11-16", "skips_holidays": true}"#;
            let values = args!["timetable_cycle", day("2026-09-01"), cycle];
            act.replace(&office::year::records::SETTING, &values)
                .map(drop)
        });
        assert_eq!(told("2026-12-02"), ["B*", "-"]);
        let one_week = plan(PlanKind::Trip, "V", "2026-12-01", "2026-12-10");
        let one_week = Plan {
            sessions: "A-Thu-AM".parse().expect("sessions"),
            ..one_week
        };
        let refused = made(store, manager(), 2, &one_week).expect_err("there is no week A");
        assert!(refused.to_string().contains("no week A or B"), "{refused}");
    });
}

#[test]
fn a_whole_set_is_looked_at_before_it_is_amended() {
    at_school(|store| {
        let visit = plan(PlanKind::Trip, "V", "2026-11-26", "2026-11-26");
        let by = actor(store, manager());
        let made = store.act_now(SCHOOL, {
            let visit = visit.clone();
            move |act| make(act, &by, &[pupil(1), pupil(2)], &visit)
        });
        let ids = made.expect("they may be planned");
        let office = office(store);
        let path = format!("/plans/{}/amend", ids[0]);
        let (_, form) = ask(&office, manager(), Request::get(&path), "");
        let seq = form
            .split_once("name=\"seq\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .expect("the version");
        let mut answers = vec![
            ("code", "V"),
            ("first", "2026-11-25"),
            ("last", "2026-11-25"),
            ("at-Wed-AM", "yes"),
            ("reason", "museum"),
            ("place", "Sample Museum"),
            ("supervisor", "Ms A Staff"),
            ("decided_by", "Headteacher"),
            ("why", "moved by a day"),
            ("all", "yes"),
            ("seq", seq),
        ];
        let (status, preview) = post(&office, &path, &answers);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(
            preview.contains("2 sessions of 2 pupils") && preview.contains("Pupil2"),
            "{preview}"
        );
        answers.push(("go", "make"));
        let (status, _) = post(&office, &path, &answers);
        assert_eq!(status, StatusCode::SEE_OTHER);
        let wednesday = Slot::new(day("2026-11-25"), Session::Am);
        assert_eq!(
            [stands(store, 1, wednesday), stands(store, 2, wednesday)],
            ["V*", "V*"]
        );
    });
}

fn post(
    office: &Arc<office::desk::Office>,
    path: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String) {
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('/', "%2F")))
        .collect();
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, manager(), request, body.join("&"))
}

#[test]
fn a_plan_is_asked_for_looked_at_and_made_page_by_page() {
    at_school(|store| {
        let office = office(store);
        let (_, kinds) = ask(&office, manager(), Request::get("/plans/new?pupil=301"), "");
        assert!(
            kinds.contains("/plans/new?pupil=301&amp;kind=reduced_timetable")
                || kinds.contains("/plans/new?pupil=301&#38;kind=reduced_timetable"),
            "{kinds}"
        );
        let path = "/plans/new?pupil=301&kind=reduced_timetable";
        let (status, form) = ask(&office, manager(), Request::get(path), "");
        assert_eq!(status, StatusCode::OK);
        assert!(
            form.contains("R-115") && form.contains("Agreed with"),
            "{form}"
        );
        let mut fields = vec![
            ("code", "C2"),
            ("first", "2026-11-25"),
            ("last", "2026-12-04"),
            ("at-Mon-PM", "yes"),
            ("at-Wed-PM", "yes"),
            ("reason", "returning after illness"),
            ("decided_on", "20/11/2026"),
            ("decided_by", "A Sample, Headteacher"),
        ];
        // Everything that is missing is told at once, each with its rule.
        let (status, wrong) = post(&office, path, &fields);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.matches("R-115)").count() / 2, 3, "{wrong}");
        fields.extend([
            ("agreed_on", "2026-11-20"),
            ("agreed_with", "mother"),
            ("review_on", "2026-12-02"),
        ]);
        let (status, preview) = post(&office, path, &fields);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(
            preview.contains("Takes in 3 sessions of 1 pupil."),
            "{preview}"
        );
        assert!(
            preview.contains("R-223") && preview.contains("Mon 30 Nov PM"),
            "{preview}"
        );
        assert!(book(store).plans.all().is_empty());
        fields.push(("go", "make"));
        assert_eq!(post(&office, path, &fields).0, StatusCode::SEE_OTHER);
        let wednesday = Slot::new(day("2026-11-25"), Session::Pm);
        assert_eq!(stands(store, 1, wednesday), "C2*");
        let (_, own) = ask(&office, manager(), Request::get("/pupils/301/plans"), "");
        assert!(own.contains("Part-time timetable"), "{own}");
        let id = book(store).plans.all()[0].id;
        let (status, form) = ask(
            &office,
            manager(),
            Request::get(format!("/plans/{id}/amend")),
            "",
        );
        assert_eq!(status, StatusCode::OK);
        assert!(form.contains("returning after illness"), "{form}");
        let (status, _) = ask(
            &office,
            manager(),
            Request::get(format!("/plans/{id}/end")),
            "",
        );
        assert_eq!(status, StatusCode::OK);
        let seq = book(store).seq.to_string();
        let fields = [
            ("last", "2026-11-27"),
            ("why", "back full time"),
            ("seq", &seq),
        ];
        let (status, _) = post(&office, &format!("/plans/{id}/end"), &fields);
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(
            stands(store, 1, Slot::new(day("2026-11-30"), Session::Pm)),
            "-"
        );
    });
}

#[test]
fn a_trip_of_a_group_leaves_out_who_is_not_ticked() {
    at_school(|store| {
        let office = office(store);
        let path = "/plans/new?group=101&kind=trip";
        let (_, form) = ask(&office, manager(), Request::get(path), "");
        assert!(
            form.contains("pupil-301") && form.contains("pupil-305"),
            "{form}"
        );
        let fields = [
            ("code", "V"),
            ("pupil-301", "yes"),
            ("pupil-302", "yes"),
            ("listed", "25/11/2026 AM"),
            ("reason", "museum"),
            ("place", "Sample Museum"),
            ("supervisor", "Ms A Staff"),
            ("decided_by", "A Sample, Headteacher"),
            ("go", "make"),
        ];
        assert_eq!(post(&office, path, &fields).0, StatusCode::SEE_OTHER);
        let slot = Slot::new(day("2026-11-25"), Session::Am);
        let all: Vec<String> = (1..=3).map(|number| stands(store, number, slot)).collect();
        assert_eq!(all, ["V*", "V*", "-"]);
        let book = book(store);
        assert_eq!(book.plans.all()[0].set, book.plans.all()[1].set);
    });
}
