//! Who must be seen while an absence goes on, and what counts as seeing a child, on both engines (E-017, E-160).

use axum::http::{Request, StatusCode, header};
use calendar::{Session, Slot};
use office::desk::Refusal;
use office::morning::{Kind, Said, record};
use office::people::Role;
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
/// The Friday after is a training day.
const MONDAY: &str = "2026-11-30";
const PAGE: &str = "/morning/face-to-face";

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
                mark(e(*number), own.map_or(present, |(_, code)| code), 0)
            });
            let what = changes(sent.collect());
            save_as(store, manager(), group, slot, &what).expect("saved");
        }
    }
}

fn say(store: &TestStore, account: i64, number: i64, said: &Said) -> Result<(), String> {
    let (actor, said) = (actor(store, account), said.clone());
    let done = store.act_now(SCHOOL, move |act| record(act, &actor, e(number), &said));
    done.map(drop)
        .map_err(|refusal: Refusal| refusal.to_string())
}

/// Somebody went to the home and saw the child, and hands it to the safeguarding lead, so that the child stays on the list.
fn seen_with_a_concern() -> Said {
    Said {
        channel: Some(Channel::Visit),
        outcome: Some(Outcome::NotSatisfied),
        seen: true,
        concern: true,
        said: Some("At the door".to_owned()),
        ..Said::of(Kind::Attempt)
    }
}

/// The row of a pupil in a page, or nothing.
fn row(page: &str, name: &str) -> Option<String> {
    let place = page.find(name)?;
    let start = page[..place].rfind("<tr")?;
    let end = page[place..].find("</tr>")? + place;
    Some(page[start..end].to_owned())
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

/// The list as a file: the line of one pupil.
fn line(store: &TestStore, name: &str) -> Option<String> {
    let (status, file) = take(&office(store), manager(), PAGE, "csv");
    assert_eq!(status, StatusCode::OK, "{file}");
    file.lines()
        .find(|line| line.contains(name))
        .map(str::to_owned)
}

#[test]
fn a_child_is_due_on_the_third_school_day_on_board_and_handover_and_a_sighting_begins_anew() {
    at_school(|store| {
        let name = surname(store, 7);
        a_day(store, TUESDAY, &[]);
        a_day(store, WEDNESDAY, &[(7, "N")]);
        a_day(store, THURSDAY, &[(7, "N")]);
        clock(store, THURSDAY, "15:00");
        let (_, board) = get(&office(store), manager(), "/morning");
        let own = row(&board, &name).expect("on the board");
        assert!(!own.contains("To be seen"), "not due yet: {own}");
        let (_, open) = get(&office(store), manager(), "/morning?row=207");
        assert!(
            open.contains("see the child face to face: seen 2 school days ago"),
            "what is to come stands in the open row: {open}"
        );
        // Friday is a training day; two thirds of the sessions were missed, so the child is amber: every third school day.
        clock(store, MONDAY, "08:05");
        let (_, board) = get(&office(store), manager(), "/morning");
        let own = row(&board, &name).expect("on the board");
        assert!(own.contains("seen 3 school days ago, due today"), "{own}");
        let (_, handover) = get(&office(store), manager(), "/morning/handover");
        let own = row(&handover, &name).expect("handed over");
        assert!(
            own.contains("see the child face to face: seen 3 school days ago by "),
            "{own}"
        );
        let call = Said {
            channel: Some(Channel::Call),
            outcome: Some(Outcome::NoAnswer),
            ..Said::of(Kind::Attempt)
        };
        say(store, officer(), 7, &call).expect("a call");
        let (_, board) = get(&office(store), manager(), "/morning");
        let own = row(&board, &name).expect("on the board");
        assert!(own.contains("due today"), "a call is no sighting: {own}");
        clock(store, MONDAY, "10:10");
        say(store, manager(), 7, &seen_with_a_concern()).expect("a visit");
        let (_, board) = get(&office(store), manager(), "/morning");
        let own = row(&board, &name).expect("with the safeguarding lead, so still on the board");
        assert!(!own.contains("To be seen"), "{own}");
        let own = line(store, &name).expect("on the list");
        assert!(own.contains("seen today"), "{own}");
        assert!(own.contains("03/12/2026"), "{own}");
        // The record is put right: nobody saw the child.
        clock(store, MONDAY, "10:30");
        let why = Said {
            said: Some("It was the brother".to_owned()),
            ..Said::of(Kind::Reopened)
        };
        say(store, manager(), 7, &why).expect("back on the list");
        let own = line(store, &name).expect("on the list");
        assert!(own.contains("seen 3 school days ago"), "{own}");
    });
}

#[test]
fn a_child_who_is_ill_is_seen_too_and_stands_on_the_list_without_standing_on_the_board() {
    at_school(|store| {
        let (seven, eight) = (surname(store, 7), surname(store, 8));
        a_day(store, TUESDAY, &[(8, "I")]);
        clock(store, TUESDAY, "12:00");
        a_day(store, WEDNESDAY, &[(8, "I")]);
        a_day(store, THURSDAY, &[(8, "I")]);
        clock(store, MONDAY, "08:05");
        let (_, board) = get(&office(store), manager(), "/morning");
        assert_eq!(row(&board, &eight), None, "the school knows why");
        let own = line(store, &eight).expect("to be seen");
        assert!(
            own.contains("6 sessions since joining") && own.contains("last I"),
            "{own}"
        );
        assert!(own.contains("never seen since Wed 2 Sep"), "{own}");
        assert_eq!(line(store, &seven), None, "seven was in school");
        let (status, form) = get(&office(store), manager(), "/morning/208/seen");
        assert_eq!(status, StatusCode::OK, "{form}");
        let (status, again) = post(store, manager(), "/morning/208/seen", &[("how", "on_site")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{again}");
        let answers = [("how", "video"), ("said", "Ms Sample; in bed, cheerful")];
        let (status, _) = post(store, manager(), "/morning/208/seen", &answers);
        assert_eq!(status, StatusCode::SEE_OTHER);
        let own = line(store, &eight).expect("the absence goes on");
        assert!(own.contains("seen today"), "{own}");
        assert!(own.contains("03/12/2026"), "amber: {own}");
        a_day(store, MONDAY, &[]);
        clock(store, MONDAY, "14:00");
        assert_eq!(line(store, &eight), None, "here again");
    });
}

#[test]
fn a_school_decides_its_own_numbers_from_a_day_on() {
    at_school(|store| {
        let name = surname(store, 7);
        a_day(store, TUESDAY, &[]);
        a_day(store, WEDNESDAY, &[(7, "N")]);
        let set = |days: [&str; 3]| {
            let form = [
                ("what", "face_to_face"),
                ("face_to_face-from", THURSDAY),
                ("seen-red", days[0]),
                ("seen-amber", days[1]),
                ("seen-green", days[2]),
            ];
            post(
                store,
                account(Role::SystemAdministrator),
                "/settings",
                &form,
            )
        };
        for (days, wrong) in [
            (["1", "three", "5"], "whole number of school days"),
            (["1", "3", "11"], "whole number of school days"),
            (["3", "1", "5"], "red the soonest"),
        ] {
            let (_, page) = set(days);
            assert!(page.contains(wrong), "{days:?}: {page}");
        }
        let (status, page) = set(["1", "2", "5"]);
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        let due = |store: &TestStore| line(store, &name).expect("on the list");
        assert!(
            due(store).contains("02/12/2026"),
            "green until today counts: {}",
            due(store)
        );
        clock(store, THURSDAY, "08:05");
        assert!(due(store).contains("26/11/2026"), "{}", due(store));
        let (_, board) = get(&office(store), manager(), "/morning?row=207");
        assert!(board.contains("the school&#39;s own setting"), "{board}");
    });
}

#[test]
fn who_may_not_see_the_morning_does_not_see_who_is_to_be_seen_and_only_who_logs_records_it() {
    at_school(|store| {
        let name = surname(store, 7);
        a_day(store, TUESDAY, &[(1, "I"), (7, "I")]);
        clock(store, WEDNESDAY, "08:05");
        let office = office(store);
        let (_, own) = get(&office, TUTOR_OF_B, PAGE);
        assert!(
            own.contains(&name) && !own.contains(&surname(store, 1)),
            "{own}"
        );
        let (_, lead) = get(&office, account(Role::Dsl), PAGE);
        assert!(
            lead.contains(&name) && !lead.contains("/morning/207/seen"),
            "{lead}"
        );
        let (status, _) = get(&office, account(Role::Dsl), "/morning/207/seen");
        assert_eq!(status, StatusCode::FORBIDDEN, "who only reads the log");
        for role in [Role::SystemAdministrator, Role::Governor, Role::Teacher] {
            assert_eq!(
                get(&office, account(role), PAGE).0,
                StatusCode::NOT_FOUND,
                "{role:?}"
            );
            let (status, _) = get(&office, account(role), "/morning/207/seen");
            assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
        }
    });
}

fn surname(store: &TestStore, number: i64) -> String {
    let (_, pupils) = get(
        &office(store),
        manager(),
        &format!("/pupils/{}", 300 + number),
    );
    let start = pupils.find("<h1>").expect("a heading") + 4;
    let end = pupils[start..].find('<').expect("it ends") + start;
    let called = pupils[start..end].trim();
    called.rsplit(' ').next().expect("a surname").to_owned()
}
