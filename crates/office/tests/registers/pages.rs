//! The pages of registers, on both engines.

use axum::http::{Request, StatusCode};
use calendar::Session;
use office::MIGRATIONS;
use office::people::Role;
use office::registers::Change;
use office::registers::save::Save;
use store::testing::each_engine;

use crate::school::{
    A, B, TUTOR_OF_B, account, ask, at, at_on, changes, e, found, get, mark, office, save_as, today,
};

const OF_A: &str = "/registers/101/2026-11-24/am";
const OF_B: &str = "/registers/102/2026-11-24/am";

/// The surname-first names of a page's pupils that belong to 8B alone.
fn names_of_b(page: &str) -> usize {
    ["Sample, Pupil7", "Sample, Pupil8", "Sample, Pupil9"]
        .iter()
        .filter(|name| page.contains(**name))
        .count()
}

#[test]
fn every_role_sees_the_registers_within_its_reach_and_no_other() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        for role in Role::ALL {
            let (status, page) = get(&office, account(*role), OF_B);
            let (history, _) = get(&office, account(*role), &format!("{OF_B}/history"));
            let (list, listed) = get(&office, account(*role), "/registers?show=all&session=both");
            let whole_school = matches!(
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
            );
            if whole_school {
                assert_eq!((status, names_of_b(&page)), (StatusCode::OK, 3), "{role:?}");
                assert_eq!(history, StatusCode::OK, "{role:?}");
                assert!(listed.contains(OF_A) && listed.contains(OF_B), "{role:?}");
            } else {
                assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
                assert_eq!(names_of_b(&page), 0, "{role:?}");
                assert_eq!(history, StatusCode::NOT_FOUND, "{role:?}");
                assert!(!listed.contains(OF_B), "{role:?}: {list}");
                let csv = get(&office, account(*role), "/registers?show=all&format=csv").1;
                assert!(!csv.contains("8B"), "{role:?}");
            }
        }
        let (status, page) = get(&office, TUTOR_OF_B, OF_B);
        assert_eq!((status, names_of_b(&page)), (StatusCode::OK, 3));
        let (_, own) = get(&office, TUTOR_OF_B, "/registers");
        assert!(own.contains(OF_B) && !own.contains(OF_A));
    });
}

#[test]
fn a_tutor_sees_an_open_register_with_its_blanks_and_the_codes_they_may_enter() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let (status, page) = get(&office, account(Role::Tutor), OF_A);
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("open until 09:10"));
        assert_eq!(
            page.matches("<tr data-e=").count(),
            5,
            "who left has no place"
        );
        assert!(page.contains("I is entered by the office at this school"));
        assert!(!page.contains(r#"name="reason""#) && !page.contains("on_behalf_of"));
        let monday = "/registers/101/2026-11-23/pm";
        assert!(page.contains(monday), "the session before");
        assert!(page.len() < 60_000, "{} bytes", page.len());

        let some = vec![mark(e(1), "/", 0), mark(e(2), "N", 0), mark(e(3), "L", 0)];
        save_as(
            store,
            account(Role::Tutor),
            A,
            today(Session::Am),
            &changes(some),
        )
        .unwrap();
        let (_, page) = get(&office, account(Role::Tutor), OF_A);
        assert!(page.contains(r#"<tr data-e="201" data-base="2" data-code="/">"#));
        assert!(
            page.contains(r#"data-code="L" data-minutes="4""#),
            "by the server's clock"
        );
        let (_, own) = get(&office, account(Role::Tutor), "/registers");
        assert!(own.contains("begun, 2 blank, closes 09:10"));
        assert!(own.contains("opens at 13:30"));
        assert!(own.contains("Earlier gaps") && own.contains("/registers/101/2026-11-23/pm"));
    });
}

#[test]
fn after_closing_a_tutor_reads_and_the_office_amends() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        store.clock().set(at("09:12"));
        let (_, page) = get(&office, account(Role::Tutor), OF_A);
        assert!(page.contains(r#"data-state="read-only""#));
        assert!(page.contains("changes are amendments by the office"));
        let (_, page) = get(&office, account(Role::AttendanceAdministrator), OF_A);
        assert!(page.contains(r#"data-state="amend""#) && page.contains(r#"name="reason""#));
        assert!(page.contains("on_behalf_of"));
    });
}

#[test]
fn the_office_sees_missing_registers_the_longest_overdue_first_and_takes_the_list_away() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        store.clock().set(at("08:49"));
        let officer = account(Role::AttendanceAdministrator);
        let taken = Save {
            fill: true,
            ..changes(vec![])
        };
        save_as(store, TUTOR_OF_B, B, today(Session::Am), &taken).unwrap();
        let (_, page) = get(&office, officer, "/registers");
        assert!(page.contains("1 of 2 complete"));
        assert!(page.contains("9 min") && page.contains("open until 09:10, not begun"));
        let tutor = format!("Ms A Staff{}", account(Role::Tutor));
        assert!(page.contains(&tutor), "who takes it");
        assert!(page.contains(OF_A) && !page.contains(OF_B));
        let (_, all) = get(&office, officer, "/registers?show=all&session=both");
        assert!(all.contains("taken 08:49") && all.contains("opens at 13:30"));
        let (status, csv) = get(
            &office,
            officer,
            "/registers?show=missing&session=am&day=2026-11-24&format=csv",
        );
        assert_eq!(status, StatusCode::OK);
        assert_eq!(csv.lines().count(), 2, "{csv}");
        assert!(csv.contains("8A") && csv.contains(&tutor), "{csv}");
        let (status, _) = get(&office, officer, "/registers?format=xlsx");
        assert_eq!(status, StatusCode::OK);
        let (_, holiday) = get(&office, officer, "/registers?day=2026-12-25");
        assert!(holiday.contains("No register is due"));
        assert_eq!(
            get(&office, officer, "/registers?day=soon").0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    });
}

#[test]
fn a_day_without_school_has_no_register_and_says_why() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let (status, page) = get(
            &office,
            account(Role::Tutor),
            "/registers/101/2026-11-27/am",
        );
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("No register is due"), "an INSET day");
        for address in [
            "/registers/101/2026-11-24/noon",
            "/registers/x/2026-11-24/am",
            "/registers/999/2026-11-24/am",
        ] {
            assert_eq!(
                get(&office, account(Role::Headteacher), address).0,
                StatusCode::NOT_FOUND,
                "{address}"
            );
        }
    });
}

#[test]
fn history_shows_original_and_amended_with_reason_name_job_title_and_time() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let (am, tutor) = (today(Session::Am), account(Role::Tutor));
        save_as(store, tutor, A, am, &changes(vec![mark(e(1), "N", 0)])).unwrap();
        store.clock().set(at("10:05"));
        let amend = Change {
            reason: Some("the parent <rang>".into()),
            ..mark(e(1), "I", 2)
        };
        let manager = account(Role::AttendanceManager);
        save_as(store, manager, A, am, &changes(vec![amend])).unwrap();
        let (status, page) = get(&office, tutor, &format!("{OF_A}/history"));
        assert_eq!(status, StatusCode::OK);
        for kept in [
            "Sample, Pupil1",
            "the parent &#60;rang&#62;",
            "10:05",
            "Attendance manager",
            &format!("Staff{manager}"),
            "08:44",
            "Tutor",
        ] {
            assert!(page.contains(kept), "{kept}");
        }
        let all = store
            .read_now(move |tx| {
                office::registers::history_of(tx, crate::school::SCHOOL, e(1), am.day, am.day)
            })
            .unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(
            all[1].before.map(|code| code.to_string()).as_deref(),
            Some("N")
        );
        assert!(all[0].is_first && !all[1].is_first);
    });
}

#[test]
fn the_office_takes_an_open_register_on_the_word_of_its_teacher_and_the_page_says_so() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let officer = account(Role::AttendanceAdministrator);
        let teacher = format!("Ms A Staff{}", account(Role::Tutor));
        let (_, page) = get(&office, officer, OF_A);
        assert!(page.contains(&format!(r#"name="on_behalf_of" value="{teacher}""#)));
        let form = Request::post(format!("{OF_A}/save"))
            .header("content-type", "application/x-www-form-urlencoded");
        let body = "change_id=1&fill=yes&on_behalf_of=Ms+Staff1014%2C+by+telephone";
        assert_eq!(ask(&office, officer, form, body).0, StatusCode::SEE_OTHER);
        let (_, page) = get(&office, account(Role::Tutor), OF_A);
        assert!(page.contains("on the word of Ms Staff1014, by telephone"));
    });
}

#[test]
fn codes_are_found_by_letter_and_by_word_each_with_rule_and_source() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let tutor = account(Role::Tutor);
        let (status, page) = get(&office, tutor, "/codes");
        assert_eq!(status, StatusCode::OK);
        assert_eq!(page.matches("<dt id=\"code-").count(), 34);
        assert!(page.contains("R-023") && page.contains("Source:"));
        let (_, page) = get(&office, tutor, "/codes?q=u");
        assert!(
            page.contains("id=\"code-U\"") && !page.contains("id=\"code-Q\""),
            "a letter is a code"
        );
        let (_, page) = get(&office, tutor, "/codes?q=trip");
        assert!(page.contains("id=\"code-V\"") && !page.contains("id=\"code-I\""));
        let (_, page) = get(&office, tutor, "/codes?day=2023-11-24&q=h");
        assert!(page.contains("id=\"code-H\""), "a code of that time");
    });
}

#[test]
fn yesterdays_present_marks_stand_beside_the_names_today() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        save_as(
            store,
            account(Role::Tutor),
            A,
            today(Session::Am),
            &Save {
                fill: true,
                ..changes(vec![])
            },
        )
        .unwrap();
        store.clock().set(at_on("2026-11-25", "08:41"));
        let (_, page) = get(
            &office,
            account(Role::Tutor),
            "/registers/101/2026-11-25/am",
        );
        assert_eq!(
            page.matches("<span class=\"mk a\">/</span>").count(),
            5 + 1,
            "five pupils, and the code panel"
        );
    });
}
