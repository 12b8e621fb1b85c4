//! The school's own sub-codes (R-141): chosen with a mark, kept with it, told of on their own, on both engines.

use axum::http::{Request, StatusCode};
use calendar::Session;
use office::people::Role;
use office::registers::bulk::{
    Choice, Done, EntryCode, OverPlans, Undone, Which, Whom, change, foresee, undo,
};
use office::registers::save::Outcome;
use office::registers::{Change, history_of};
use office::{MIGRATIONS, TABLES, year};
use register::plan::PlannedSessions;
use store::args;
use store::testing::{TestStore, each_engine};

use crate::school::{
    A, SCHOOL, account, actor, ask, changes, day, e, found, get, mark, office, one, save_as, take,
    today,
};

const OURS: &str = r#"[{"code":"I","name":"dental"},{"code":"I","name":"flu"},{"code":"N","name":"phoned, no answer"}]"#;

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let actor = actor(store, manager());
        let decided = store.act_now(SCHOOL, move |act| {
            let from = day("2026-11-24");
            year::decide(act, &actor, from, "sub_codes", from, OURS)
        });
        decided.expect("a setting");
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

fn with(change: Change, sub_code: &str) -> Change {
    Change {
        sub_code: Some(sub_code.to_owned()),
        ..change
    }
}

/// The sub-codes of every entry for a pupil this morning, oldest first.
fn entered(store: &TestStore, number: i64) -> Vec<(Option<String>, Option<String>)> {
    let of = store
        .read_now(move |tx| history_of(tx, SCHOOL, e(number), day("2026-11-24"), day("2026-11-24")))
        .expect("a history");
    of.into_iter()
        .filter(|entry| entry.slot.session == Session::Am)
        .map(|entry| (entry.code.map(|code| code.to_string()), entry.sub_code))
        .collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_sub_code_stands_with_its_code_and_every_entry_keeps_its_own() {
    at_school(|store| {
        let base = |store: &TestStore| {
            let found = store.read_now(|tx| {
                let last = "select max(seq) from mark_version where school_id = $1";
                tx.query_one(last, &args![SCHOOL], |row| row.get::<Option<i64>>(0))
            });
            found.expect("a number").unwrap_or(0)
        };
        let ill = with(mark(e(1), "I", 0), "Dental");
        assert_eq!(one(store, manager(), ill).0, Outcome::Saved);
        // Who knows nothing of sub-codes leaves the one that stands.
        let again = mark(e(1), "I", base(store));
        assert_eq!(one(store, manager(), again).0, Outcome::Unchanged);
        let other = with(mark(e(1), "I", base(store)), "flu");
        assert_eq!(one(store, manager(), other).0, Outcome::Saved);
        let none = with(mark(e(1), "I", base(store)), "");
        assert_eq!(one(store, manager(), none).0, Outcome::Saved);
        let unexplained = with(mark(e(1), "N", base(store)), "phoned, no answer");
        assert_eq!(one(store, manager(), unexplained).0, Outcome::Saved);
        let present = mark(e(1), "/", base(store));
        assert_eq!(one(store, manager(), present).0, Outcome::Saved);
        assert_eq!(
            entered(store, 1),
            [
                (some("I"), some("dental")),
                (some("I"), some("flu")),
                (some("I"), None),
                (some("N"), some("phoned, no answer")),
                (some("/"), None),
            ]
        );
        let wrong = with(mark(e(2), "N", 0), "dental");
        let (outcome, message) = one(store, manager(), wrong);
        assert_eq!(outcome, Outcome::Refused);
        assert!(
            message.contains("is a sub-code of I, not of N (R-141)"),
            "{message}"
        );
        let (outcome, _) = one(store, manager(), with(mark(e(2), "I", 0), "gout"));
        assert_eq!(outcome, Outcome::Refused);
    });
}

#[test]
fn many_marks_are_given_one_and_an_undo_brings_back_what_stood_with_the_mark() {
    at_school(|store| {
        let noted = with(mark(e(1), "N", 0), "phoned, no answer");
        assert_eq!(one(store, manager(), noted).0, Outcome::Saved);
        let choice = Choice {
            whom: Whom::Groups([A].into()),
            first: day("2026-11-24"),
            last: day("2026-11-24"),
            sessions: PlannedSessions::all(),
            which: Which::Every,
            over_plans: OverPlans::No,
            code: EntryCode::One("I".parse().expect("a code")),
            note: None,
            sub_code: some("flu"),
            reason: "a sickness in the class".to_owned(),
        };
        let (by, wanted, now) = (
            actor(store, manager()),
            choice.clone(),
            store.clock().tell(),
        );
        let seal = store
            .read_now(move |tx| foresee(tx, &by, &wanted, &[], now))
            .expect("a foresight")
            .seal();
        let by = actor(store, manager());
        let done = store.act_now(SCHOOL, move |act| change(act, &by, &choice, "8A", &seal));
        let Done::Made(set) = done.expect("a change") else {
            panic!("nothing stood in the way");
        };
        assert_eq!(entered(store, 1)[1], (some("I"), some("flu")));
        assert_eq!(entered(store, 2), [(some("I"), some("flu"))]);
        let by = actor(store, manager());
        let back = store.act_now(SCHOOL, move |act| undo(act, &by, set, false, "in error"));
        assert!(matches!(back.expect("an undo"), Undone::Made(_)));
        let stands = entered(store, 1).pop().expect("an entry");
        assert_eq!(stands, (some("N"), some("phoned, no answer")));
    });
}

#[test]
fn they_are_counted_and_listed_over_a_period_and_leave_as_a_file() {
    at_school(|store| {
        let marks = vec![
            with(mark(e(1), "I", 0), "flu"),
            with(mark(e(2), "I", 0), "flu"),
            mark(e(3), "I", 0),
        ];
        let slot = today(Session::Am);
        save_as(store, manager(), A, slot, &changes(marks)).expect("a save");
        let office = office(store);
        let (status, page) = get(
            &office,
            manager(),
            "/sub-codes?from=2026-11-24&to=2026-11-24",
        );
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(page.contains("flu"), "{page}");
        let list = "/sub-codes?from=2026-11-24&to=2026-11-24&by=mark";
        let (status, file) = take(&office, manager(), list, "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert_eq!(file.matches("flu").count(), 2, "{file}");
        let (_, none) = get(
            &office,
            manager(),
            "/sub-codes?from=2026-11-23&to=2026-11-23",
        );
        assert!(none.contains("None in these days"), "{none}");
        // The register shows it, offers it with its code, and takes it from a form without script.
        let (_, register) = get(&office, manager(), "/registers/101/2026-11-24/AM");
        assert!(register.contains("data-sub-code=\"flu\""), "{register}");
        assert!(
            register.contains("data-sub-codes=\"dental|flu\""),
            "{register}"
        );
        let form = format!(
            "change_id=form-1&code-{0}=I&sub_code-{0}=dental&base-{0}=0",
            e(4)
        );
        let posted = Request::post("/registers/101/2026-11-24/AM/save")
            .header("content-type", "application/x-www-form-urlencoded");
        let (status, answer) = ask(&office, manager(), posted, form);
        assert!(
            status.is_success() || status.is_redirection(),
            "{status} {answer}"
        );
        assert_eq!(entered(store, 4), [(some("I"), some("dental"))]);
    });
}
