//! Plans: made, standing for sessions at once, displaced by marks, ended and withdrawn, on both engines.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::{Session, Slot};
use office::book::{Book, Shelf};
use office::desk::Refusal;
use office::ids::{PlanId, PupilId};
use office::people::Role;
use office::registers::plans::{amend, end, make, plans_today, withdraw};
use office::registers::save::{Outcome, Save};
use office::{MIGRATIONS, TABLES};
use register::plan::{Plan, PlanKind, PlannedSessions};
use store::args;
use store::testing::{TestStore, each_engine};

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
        let told = |store: &TestStore, now| plans_today(&book(store), now).expect("settings");
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
