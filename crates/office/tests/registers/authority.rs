//! What the authority is told of each day: legal targets first with the session's mark, and runs of unauthorised absence, on both engines.

use axum::http::{Request, StatusCode, header};
use calendar::{Day, Session, Slot};
use office::authority::{NewTarget, TargetKind, set_target};
use office::desk::Refusal;
use office::ids::PupilId;
use office::people::Role;
use office::registers::Change;
use office::registers::save::{ChangeResult, Outcome};
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};

use crate::school::{
    A, B, SCHOOL, TUTOR_OF_B, account, actor, ask, at_on, changes, day, e, found, get, mark,
    office, save_as, take,
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

fn clock(store: &TestStore, on: &str, time: &str) {
    store.clock().set(at_on(on, time));
}

/// A day of both registers, both sessions: everybody is there but for these codes.
fn a_day(store: &TestStore, on: &str, codes: &[(i64, &str)]) {
    for (session, time, present) in [(Session::Am, "08:50", "/"), (Session::Pm, "13:40", "\\")] {
        clock(store, on, time);
        let slot = Slot::new(day(on), session);
        for (group, numbers) in [(A, &[1, 2, 3, 4, 5][..]), (B, &[7, 8, 9][..])] {
            let sent = numbers.iter().map(|number| {
                let own = codes.iter().find(|(one, _)| one == number);
                Change {
                    note: own.map(|_| "As the family says".to_owned()),
                    reason: own.map(|_| "As the family says".to_owned()),
                    ..mark(e(*number), own.map_or(present, |(_, code)| code), 0)
                }
            });
            let what = changes(sent.collect());
            let answer = save_as(store, manager(), group, slot, &what).expect("saved");
            let saved = |result: &ChangeResult| result.outcome == Outcome::Saved;
            assert!(
                answer.results.iter().all(saved),
                "{on}: {:?}",
                answer.results
            );
        }
    }
}

fn notice(from: &str, to: Option<&str>) -> NewTarget {
    NewTarget {
        kind: TargetKind::Notice,
        from: day(from),
        to: to.map(day),
        caseworker: Some("Mr S Sample, SAMPLE/14".to_owned()),
    }
}

fn set(store: &TestStore, account: i64, number: i64, new: &NewTarget) -> Result<i64, String> {
    let (actor, new) = (actor(store, account), new.clone());
    let pupil = PupilId(300 + number);
    let done = store.act_now(SCHOOL, move |act| {
        set_target(act, &actor, pupil, (None, &new))
    });
    done.map_err(|refusal: Refusal| refusal.to_string())
}

/// A list as a file: the line of one pupil.
fn line(store: &TestStore, list: &str, number: i64) -> Option<String> {
    let (status, file) = take(&office(store), manager(), list, "csv");
    assert_eq!(status, StatusCode::OK, "{file}");
    let name = format!("Pupil{number}\"");
    file.lines()
        .find(|line| line.contains(&name))
        .map(str::to_owned)
}

fn post(
    store: &TestStore,
    account: i64,
    path: &str,
    form: &[(&str, &str)],
) -> (StatusCode, String) {
    let form = serde_urlencoded::to_string(form).expect("a form of text");
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(&office(store), account, request, form)
}

#[test]
fn a_pupil_with_a_legal_target_stands_first_on_the_board_with_the_sessions_mark_while_it_runs() {
    at_school(|store| {
        clock(store, "2026-11-24", "08:00");
        set(
            store,
            manager(),
            8,
            &notice("2026-11-24", Some("2026-11-25")),
        )
        .expect("a notice");
        a_day(store, "2026-11-24", &[(7, "N"), (8, "N")]);
        let (_, board) = get(&office(store), manager(), "/morning");
        let first = board
            .find("Legal targets")
            .expect("the list of legal targets");
        assert!(
            first < board.find("Not located").expect("the list"),
            "first"
        );
        assert!(
            board.contains("notice to improve until Wed 25 Nov"),
            "{board}"
        );
        let own = line(store, "/legal-targets", 8).expect("in the feed");
        assert!(
            own.contains("Mr S Sample, SAMPLE/14") && own.contains("N, "),
            "{own}"
        );
        assert_eq!(line(store, "/legal-targets", 7), None);
        // The last day counts, the day after does not; what was told of a day stays so.
        clock(store, "2026-11-25", "08:50");
        assert!(line(store, "/legal-targets", 8).is_some());
        clock(store, "2026-11-26", "08:50");
        assert_eq!(line(store, "/legal-targets", 8), None);
        let (_, board) = get(&office(store), manager(), "/morning");
        assert!(!board.contains("notice to improve"), "it has ended");
        let then = line(store, "/legal-targets?day=2026-11-24", 8).expect("that day");
        assert!(then.contains("N, "), "{then}");
        let (status, _) = get(&office(store), manager(), "/legal-targets?day=2026-11-30");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "still to come");
    });
}

#[test]
fn who_owns_the_casework_sets_a_legal_target_and_who_has_agreed_actions_only_does_not_know_of_it() {
    at_school(|store| {
        clock(store, "2026-11-24", "08:00");
        let new = notice("2026-11-24", None);
        for (role, wrong) in [
            (Role::AttendanceAdministrator, "do not set one"),
            (Role::Dsl, "do not set one"),
            (Role::PastoralAdministrator, "no such page"),
            (Role::Teacher, "no such page"),
        ] {
            let refused = set(store, account(role), 8, &new).expect_err("refused");
            assert!(refused.contains(wrong), "{role:?}: {refused}");
        }
        for (number, role) in [
            (1, Role::Headteacher),
            (2, Role::DeputyHeadPastoral),
            (3, Role::WelfareManager),
            (8, Role::AttendanceManager),
        ] {
            set(store, account(role), number, &new)
                .unwrap_or_else(|error| panic!("{role:?} {error}"));
        }
        let again = set(store, manager(), 8, &new).expect_err("twice");
        assert!(again.contains("There is one already"), "{again}");
        let backwards = set(
            store,
            manager(),
            9,
            &notice("2026-11-24", Some("2026-11-23")),
        );
        assert!(backwards.expect_err("days").contains("before the first"));
        let office = office(store);
        for (account, sees) in [
            (account(Role::AttendanceAdministrator), true),
            (account(Role::Dsl), true),
            (TUTOR_OF_B, false),
            (account(Role::PastoralAdministrator), false),
        ] {
            let (_, page) = get(&office, account, "/pupils/308");
            assert_eq!(page.contains("notice to improve"), sees, "{account}");
            let (status, _) = get(&office, account, "/pupils/308/legal");
            assert_eq!(status == StatusCode::OK, sees, "{account}");
            let (status, _) = get(&office, account, "/legal-targets");
            assert_eq!(status == StatusCode::OK, sees, "{account}");
        }
        for account in [TUTOR_OF_B, account(Role::PastoralAdministrator)] {
            let (_, board) = get(&office, account, "/morning");
            assert!(!board.contains("notice to improve"), "{board}");
            let (_, calls) = get(&office, account, "/early-calls");
            assert!(!calls.contains("fact\">notice to improve<"), "{calls}");
        }
        let (_, calls) = get(&office, manager(), "/early-calls");
        assert!(
            calls.contains("fact\">notice to improve<"),
            "rung first (E-031): {calls}"
        );
    });
}

#[test]
fn a_legal_target_is_entered_and_ended_by_forms_alone() {
    at_school(|store| {
        clock(store, "2026-11-24", "08:00");
        let path = "/pupils/308/legal/new";
        let (status, page) = post(store, manager(), path, &[("kind", "notice"), ("from", "")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        let form = [("kind", "proceedings"), ("from", "2026-11-20")];
        assert_eq!(post(store, manager(), path, &form).0, StatusCode::SEE_OTHER);
        let (_, page) = get(&office(store), manager(), "/pupils/308/legal");
        assert!(page.contains("in proceedings"), "{page}");
        let at = page.find("legal/new?id=").expect("it can be amended") + "legal/new?id=".len();
        let id: String = page[at..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let form = [
            ("kind", "proceedings"),
            ("from", "2026-11-20"),
            ("to", "2026-11-23"),
        ];
        let amend = format!("{path}?id={id}");
        assert_eq!(
            post(store, manager(), &amend, &form).0,
            StatusCode::SEE_OTHER
        );
        assert_eq!(line(store, "/legal-targets", 8), None);
        assert!(line(store, "/legal-targets?day=2026-11-23", 8).is_some());
    });
}

/// School days of the small school from the second half of the term.
fn school_days(first: &str, count: usize) -> Vec<String> {
    let first: Day = day(first);
    let days = first.through(first.plus_days(60));
    let met =
        days.filter(|day| !day.weekday().is_weekend() && *day != crate::school::day("2026-11-27"));
    met.take(count).map(|day| day.to_string()).collect()
}

#[test]
fn a_run_comes_onto_the_watch_with_its_sixth_session_and_leaves_it_with_any_other_mark() {
    at_school(|store| {
        let days = school_days("2026-11-24", 10);
        for (place, on) in days.iter().enumerate() {
            // 7 is away throughout, 8 has one morning in school, 9 is ill on the fourth day.
            let nine = if place == 3 { "I" } else { "O" };
            a_day(store, on, &[(7, "O"), (8, "O"), (9, nine)]);
            clock(store, on, "14:00");
            let sessions = 2 * (place + 1);
            let own = line(store, "/ten-day-watch", 7);
            assert_eq!(own.is_some(), sessions >= 6, "{on}: {own:?}");
            if sessions == 6 || sessions == 14 || sessions == 20 {
                let own = own.expect("on the list");
                assert!(own.contains(&format!(",{sessions},")), "{own}");
                let (_, board) = get(&office(store), manager(), "/morning");
                assert!(board.contains(" new</a>"), "{on}: {board}");
            }
            if place == 2 {
                assert!(line(store, "/ten-day-watch", 9).is_some());
            }
            if place == 3 {
                assert_eq!(
                    line(store, "/ten-day-watch", 9),
                    None,
                    "an authorised mark ends it"
                );
            }
        }
        let own = line(store, "/ten-day-watch", 7).expect("on the list");
        assert!(
            own.contains("Tue 24 Nov AM") && own.contains("Tue 8 Dec PM"),
            "{own}"
        );
        assert!(own.contains("attendance return"), "{own}");
        let (_, page) = get(&office(store), manager(), "/ten-day-watch");
        assert!(page.contains("20 on Tue 8 Dec PM"), "{page}");
        let (_, own) = get(&office(store), TUTOR_OF_B, "/ten-day-watch");
        assert!(own.contains("Pupil7"), "{own}");
        for role in [Role::Teacher, Role::Governor, Role::SystemAdministrator] {
            let (status, _) = get(&office(store), account(role), "/ten-day-watch");
            assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
        }
        a_day(store, "2026-12-09", &[]);
        assert_eq!(line(store, "/ten-day-watch", 7), None, "here again");
    });
}
