//! Whose home is rung before the day begins, what was promised, and whether the register says that it was kept, on both engines.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::{Day, Session, Slot};
use office::authority::{NewTarget, TargetKind, set_target};
use office::desk::Refusal;
use office::ids::PupilId;
use office::morning::{Kind, Said, cases, record, uncontacted};
use office::people::Role;
use office::watch::{
    Answer, Ground, Kept, Why, booked_at, clinics, promises, to_ring, watch, watched_from,
};
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use welfare::attempt::{Channel, Outcome};

use crate::school::{
    A, B, SCHOOL, TUTOR_OF_B, account, actor, ask, at_on, changes, day, e, found, get, mark,
    office, save_as, take,
};

const TUESDAY: &str = "2026-11-24";
const WEDNESDAY: &str = "2026-11-25";
const THURSDAY: &str = "2026-11-26";

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn clock(store: &TestStore, on: &str, time: &str) {
    store.clock().set(at_on(on, time));
}

/// A day of 8B, both sessions, and of 8A, all there.
fn a_day(store: &TestStore, on: &str, codes: &[(i64, &str)]) {
    for (session, time, present) in [(Session::Am, "08:50", "/"), (Session::Pm, "13:40", "\\")] {
        clock(store, on, time);
        let slot = Slot::new(day(on), session);
        for (group, numbers) in [(A, &[1, 2, 3, 4, 5][..]), (B, &[7, 8, 9][..])] {
            let sent = numbers.iter().map(|number| {
                let own = codes.iter().find(|(one, _)| one == number);
                mark(e(*number), own.map_or(present, |(_, code)| code), 0)
            });
            let what = changes(sent.collect());
            save_as(store, account(Role::AttendanceManager), group, slot, &what).expect("saved");
        }
    }
}

fn say(store: &TestStore, account: i64, number: i64, said: &Said) -> Result<(), String> {
    let (actor, said) = (actor(store, account), said.clone());
    let done = store.act_now(SCHOOL, move |act| record(act, &actor, e(number), &said));
    done.map(drop)
        .map_err(|refusal: Refusal| refusal.to_string())
}

fn put(
    store: &TestStore,
    account: i64,
    number: i64,
    ground: Ground,
    to: Option<Day>,
) -> Result<(), String> {
    let actor = actor(store, account);
    let from = store.clock().tell().in_london().0;
    let done = store.act_now(SCHOOL, move |act| {
        watch(
            act,
            &actor,
            e(number),
            ground,
            (from, to),
            Some("Ring before eight"),
        )
    });
    done.map_err(|refusal: Refusal| refusal.to_string())
}

/// Whom to ring today, with the first ground of each.
fn rung(store: &TestStore) -> Vec<(i64, Why)> {
    let office = office(store);
    let today = store.clock().tell().in_london().0;
    let rings = actor(store, account(Role::AttendanceManager));
    let found = store.read_now(move |tx| {
        let book = office.shelf.book(tx, SCHOOL)?;
        Ok::<_, Refusal>(to_ring(tx, &rings, &book, today)?)
    });
    let found = found.expect("the list");
    let first = |(enrolment, mut whys): (office::ids::EnrolmentId, Vec<Why>)| {
        (enrolment.0 - 200, whys.remove(0))
    };
    found.into_iter().map(first).collect()
}

fn promised(number: i64, said: &str, on: &str) -> (i64, Said) {
    let said = Said {
        channel: Some(Channel::Call),
        outcome: Some(Outcome::Reached),
        answered_by: Some("mother".to_owned()),
        said: Some(said.to_owned()),
        expected_on: Some(day(on)),
        ..Said::of(Kind::Attempt)
    };
    (number, said)
}

#[test]
fn legal_targets_come_first_then_promises_then_plans_then_the_first_day_after_an_absence() {
    at_school(|store| {
        a_day(store, TUESDAY, &[(1, "I"), (7, "I"), (8, "N")]);
        put(store, officer(), 2, Ground::Plan, None).expect("a plan");
        let manager = actor(store, account(Role::AttendanceManager));
        let notice = NewTarget {
            kind: TargetKind::Notice,
            from: day(TUESDAY),
            to: Some(day("2026-12-18")),
            caseworker: None,
        };
        let set: Result<i64, Refusal> = store.act_now(SCHOOL, move |act| {
            set_target(act, &manager, PupilId(303), (None, &notice))
        });
        set.expect("a notice");
        let (number, said) = promised(8, "Back tomorrow", WEDNESDAY);
        say(store, officer(), number, &said).expect("a promise");
        clock(store, WEDNESDAY, "07:30");
        let list = rung(store);
        let order: Vec<i64> = list.iter().map(|(number, _)| *number).collect();
        assert_eq!(order, [3, 8, 2, 1, 7]);
        let words: Vec<String> = list.iter().map(|(_, why)| why.words()).collect();
        assert_eq!(words[0], "notice to improve until Fri 18 Dec");
        assert_eq!(words[1], "said back today (call of Tue 24 Nov, mother)");
        assert_eq!(words[3], "away on Tue 24 Nov (I)");
        // Whoever is known to stay away today is not rung.
        a_day(store, WEDNESDAY, &[(1, "I"), (7, "N")]);
        let order: Vec<i64> = rung(store).iter().map(|(number, _)| *number).collect();
        assert_eq!(order, [3, 8, 2, 7], "1 is ill today too; nobody knows of 7");
    });
}

#[test]
fn an_early_call_is_logged_and_is_no_contact_about_an_absence_that_has_not_happened_yet() {
    at_school(|store| {
        clock(store, WEDNESDAY, "07:34");
        let comes = Answer::Comes.said(day(WEDNESDAY), None, Some("On the bus".to_owned()));
        say(store, officer(), 7, &comes).expect("a call");
        let nothing = say(store, officer(), 7, &Said::of(Kind::EarlyCall)).expect_err("E-018");
        assert!(nothing.contains("E-018"), "{nothing}");
        a_day(store, WEDNESDAY, &[(7, "N")]);
        let office = office(store);
        let now = store.clock().tell();
        let evening = store.read_now(move |tx| {
            let book = office.shelf.book(tx, SCHOOL)?;
            cases(tx, &book, now.in_london().0, now)
        });
        let evening = uncontacted(&evening.expect("the day"));
        assert_eq!(evening.len(), 1, "E-010 asks for a contact since");
        let (_, board) = get(&crate::school::office(store), officer(), "/morning?row=207");
        assert!(
            board.contains("said back today") && board.contains("early call 07:34"),
            "{board}"
        );
    });
}

#[test]
fn the_register_says_whether_a_promise_was_kept() {
    at_school(|store| {
        clock(store, TUESDAY, "15:00");
        for (number, said) in [7, 8, 9].map(|number| promised(number, "Tomorrow", WEDNESDAY)) {
            say(store, officer(), number, &said).expect("a promise");
        }
        let kept = |store: &TestStore| {
            let office = office(store);
            let now = store.clock().tell();
            let found = store.read_now(move |tx| {
                let book = office.shelf.book(tx, SCHOOL)?;
                let all = promises(tx, SCHOOL, (day(WEDNESDAY), day(WEDNESDAY)))?;
                Ok::<_, Refusal>(
                    all.iter()
                        .map(|one| one.kept(&book, now))
                        .collect::<Vec<_>>(),
                )
            });
            found.expect("the promises")
        };
        clock(store, WEDNESDAY, "07:40");
        assert_eq!(kept(store), [Kept::Waits, Kept::Waits, Kept::Waits]);
        a_day(store, WEDNESDAY, &[(8, "I")]);
        let late = Slot::new(day(WEDNESDAY), Session::Am);
        let seq = store.read_now(|tx| {
            tx.query_one(
                "select seq from mark where school_id = $1 and enrolment_id = 209 and on_date = $2 and session = 0",
                &store::args![SCHOOL, day(WEDNESDAY)],
                |row| row.get::<i64>(0),
            )
        });
        let change = office::registers::Change {
            minutes: Some(20),
            reason: Some("Came at nine".to_owned()),
            ..mark(e(9), "L", seq.expect("a mark"))
        };
        save_as(
            store,
            account(Role::AttendanceManager),
            B,
            late,
            &changes(vec![change]),
        )
        .expect("late");
        assert_eq!(kept(store), [Kept::Yes, Kept::Broken, Kept::Late]);
        clock(store, THURSDAY, "08:00");
        assert_eq!(kept(store), [Kept::Yes, Kept::Broken, Kept::Late]);
    });
}

#[test]
fn a_family_has_a_time_of_a_clinic_and_what_it_promises_comes_back_on_its_day() {
    at_school(|store| {
        clock(store, TUESDAY, "10:00");
        let app = office(store);
        let new = [
            ("day", TUESDAY),
            ("starts", "15:30"),
            ("minutes", "15"),
            ("places", "2"),
            ("room", "Library"),
            ("held_by", "Ms Sample"),
        ];
        assert_eq!(
            post(&app, officer(), "/clinics/new", &new),
            StatusCode::SEE_OTHER
        );
        let all = store
            .read_now(|tx| clinics(tx, SCHOOL))
            .expect("the clinics");
        let id = all[0].id;
        let one = format!("/clinics/{id}");
        let book = format!("{one}/book?enrolment=207");
        assert_eq!(get(&app, officer(), &book).0, StatusCode::OK);
        let taken = [
            ("number", "1"),
            ("with", "Grandmother"),
            ("about", "Mondays"),
        ];
        assert_eq!(post(&app, officer(), &book, &taken), StatusCode::SEE_OTHER);
        let other = format!("{one}/book?enrolment=208");
        assert_eq!(
            post(&app, officer(), &other, &taken),
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let (_, page) = get(&app, officer(), &one);
        for told in [
            "15:30",
            "15:45",
            "Grandmother",
            "Mondays",
            "free",
            "expected",
        ] {
            assert!(page.contains(told), "{told} is missing: {page}");
        }
        clock(store, TUESDAY, "16:00");
        let families = store.read_now(move |tx| booked_at(tx, SCHOOL, id));
        let place = families.expect("the families")[0].id;
        let record = format!("/clinics/families/{place}");
        assert_eq!(get(&app, officer(), &record).0, StatusCode::OK);
        let early = [("came", "yes"), ("promised_on", "2026-11-23")];
        assert_eq!(
            post(&app, officer(), &record, &early),
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let came = [
            ("came", "yes"),
            ("promise", "Every day by eight"),
            ("promised_on", WEDNESDAY),
            ("review_on", "2026-12-01"),
        ];
        assert_eq!(post(&app, officer(), &record, &came), StatusCode::SEE_OTHER);
        clock(store, WEDNESDAY, "07:31");
        let ring = rung(store);
        assert_eq!(ring[0].0, 7);
        assert_eq!(
            ring[0].1.words(),
            "said back today (clinic of Tue 24 Nov, Grandmother)"
        );
        a_day(store, WEDNESDAY, &[(7, "N")]);
        let (_, page) = get(&office(store), officer(), "/early-calls/promises");
        assert!(
            page.contains("broken") && page.contains("Tue 1 Dec"),
            "{page}"
        );
        let (_, board) = get(&office(store), officer(), "/morning");
        assert!(board.contains("said back today (clinic"), "{board}");
        // The tutor of 8B sees their own; who may not read the log sees no clinic.
        let (_, own) = get(&app, TUTOR_OF_B, &one);
        assert!(own.contains("Pupil7"), "{own}");
        let tutor_of_a = account(Role::Tutor);
        let (_, others) = get(&app, tutor_of_a, &one);
        assert!(
            !others.contains("Pupil7") && others.contains("1 more"),
            "{others}"
        );
        assert_eq!(get(&app, tutor_of_a, &record).0, StatusCode::NOT_FOUND);
        for path in ["/clinics", "/clinics/new", &one, &record] {
            let (status, _) = get(&app, account(Role::Teacher), path);
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
        for list in ["/clinics", &one] {
            let (status, file) = take(&app, officer(), list, "csv");
            assert_eq!(status, StatusCode::OK, "{list}: {file}");
        }
    });
}

fn post(
    office: &Arc<office::desk::Office>,
    account: i64,
    path: &str,
    form: &[(&str, &str)],
) -> StatusCode {
    let form = serde_urlencoded::to_string(form).expect("a form of text");
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, form).0
}

#[test]
fn the_pages_work_by_forms_alone_and_show_nobody_beyond_reach() {
    at_school(|store| {
        a_day(store, TUESDAY, &[(1, "I"), (7, "I")]);
        clock(store, WEDNESDAY, "07:31");
        let office = office(store);
        let new = "/early-calls/list/new?enrolment=207";
        let put = [
            ("ground", "plan"),
            ("from", WEDNESDAY),
            ("to", ""),
            ("note", ""),
        ];
        assert_eq!(get(&office, officer(), new).0, StatusCode::OK);
        assert_eq!(post(&office, officer(), new, &put), StatusCode::SEE_OTHER);
        let (_, page) = get(&office, officer(), "/early-calls?row=207");
        assert!(
            page.contains("Pupil7") && page.contains("attendance plan"),
            "{page}"
        );
        let call = [
            ("outcome", "stays_away"),
            ("said", "still sick"),
            ("next", ""),
        ];
        assert_eq!(
            post(&office, officer(), "/early-calls/207", &call),
            StatusCode::SEE_OTHER
        );
        let (_, page) = get(&office, officer(), "/early-calls");
        assert!(page.contains("Will not come: still sick"), "{page}");
        let (_, own) = get(&office, TUTOR_OF_B, "/early-calls");
        assert!(own.contains("Pupil7") && !own.contains("Pupil1"), "{own}");
        assert_eq!(
            post(&office, TUTOR_OF_B, "/early-calls/201", &call),
            StatusCode::NOT_FOUND
        );
        for path in [
            "/early-calls",
            "/early-calls/list",
            "/early-calls/promises",
            new,
        ] {
            for role in [Role::Governor, Role::Teacher] {
                assert_eq!(
                    get(&office, account(role), path).0,
                    StatusCode::NOT_FOUND,
                    "{path}"
                );
            }
        }
        for list in ["/early-calls", "/early-calls/list", "/early-calls/promises"] {
            let (status, file) = take(&office, officer(), list, "csv");
            assert_eq!(status, StatusCode::OK, "{list}: {file}");
        }
        let watched = store.read_now(|tx| watched_from(tx, SCHOOL, day(WEDNESDAY)));
        let id = watched.expect("the list")[0].id;
        let path = format!("/early-calls/list/{id}/end");
        let tutor_of_a = account(Role::Tutor);
        assert_eq!(post(&office, tutor_of_a, &path, &[]), StatusCode::NOT_FOUND);
        let status = post(&office, officer(), &path, &[]);
        assert_eq!(status, StatusCode::SEE_OTHER);
        clock(store, THURSDAY, "07:31");
        assert!(
            rung(store)
                .iter()
                .all(|(_, why)| !matches!(why, Why::Watched(_)))
        );
    });
}
