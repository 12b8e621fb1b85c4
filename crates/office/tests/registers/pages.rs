//! The pages of registers, on both engines.

use axum::http::{Request, StatusCode};
use calendar::{Day, Session};
use office::ids::GroupId;
use office::people::Role;
use office::registers::Change;
use office::registers::save::Save;
use office::{MIGRATIONS, roll};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args};

use crate::school::{
    A, B, SCHOOL, TODAY, TUTOR_OF_B, account, ask, at, at_on, changes, day, e, found, get, mark,
    office, save_as, take, today,
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
                    | Role::Inspector
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
                let (taken, csv) = take(&office, account(*role), "/registers?show=all", "csv");
                assert_eq!(taken, StatusCode::NOT_FOUND, "{role:?}");
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
        let missing = "/registers?show=missing&session=am&day=2026-11-24";
        let (status, csv) = take(&office, officer, missing, "csv");
        assert_eq!(status, StatusCode::OK);
        assert_eq!(csv.lines().count(), 2, "{csv}");
        assert!(csv.contains("8A") && csv.contains(&tutor), "{csv}");
        let (status, _) = take(&office, officer, "/registers", "xlsx");
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

/// Records further rows in the school of these tests.
fn further(store: &TestStore, rows: fn(&mut Act) -> Result<(), StoreError>) {
    let recorded = store.act_now(SCHOOL, move |act| {
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "set up",
            subject: "the school".to_owned(),
        });
        rows(act)
    });
    recorded.expect("rows of a test");
}

/// A pupil of the tutor group, on roll since this day.
fn admit(
    act: &mut Act,
    number: i64,
    since: &str,
    group: Option<GroupId>,
) -> Result<(), StoreError> {
    let (none, name) = (None::<&str>, format!("Pupil{number}"));
    let values = args![
        300 + number,
        400 + number,
        none,
        none,
        none,
        none,
        "Sample",
        &name,
        "",
        "Sample",
        &name,
        none,
        day("2013-11-02")
    ];
    act.record(&roll::records::PUPIL, &values)?;
    let values = args![
        200 + number,
        300 + number,
        "C",
        day(since),
        none,
        None::<Day>,
        none,
        none,
        none,
        none
    ];
    act.record(&roll::records::ENROLMENT, &values)?;
    let Some(group) = group else {
        return Ok(());
    };
    let values = args![500 + number, group, 200 + number, day(since), None::<Day>];
    act.record(&roll::records::MEMBERSHIP, &values)
}

#[test]
fn flags_and_siblings_stand_beside_names_for_whoever_may_see_each() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        further(store, |act| {
            let (september, open) = (day("2026-09-02"), None::<Day>);
            for (id, kind, value) in [
                (1, "child_protection", "yes"),
                (2, "sen", "K"),
                (3, "fsm", "yes"),
            ] {
                let values = args![700 + id, 301, kind, value, september, open];
                act.record(&roll::records::CHARACTERISTIC, &values)?;
            }
            let address = args![
                800,
                "1 Sample Row",
                "",
                "Sampleton",
                "",
                "ZZ1 1ZZ",
                None::<&str>
            ];
            act.record(&roll::records::ADDRESS, &address)?;
            // Pupils 1 of 8A and 7 of 8B live together; 2 lived there until last year.
            for (pupil, to) in [(1, None), (7, None), (2, Some(day("2025-12-31")))] {
                let values = args![810 + pupil, "pupil", 300 + pupil, 800, None::<Day>, to];
                act.record(&roll::records::RESIDENCE, &values)?;
            }
            Ok(())
        });
        let office = office(store);
        let page = |role| get(&office, account(role), OF_A).1;
        assert!(
            !page(Role::Headteacher).contains("sibling"),
            "both are unmarked yet"
        );
        let absent = changes(vec![mark(e(7), "N", 0)]);
        save_as(store, TUTOR_OF_B, B, today(Session::Am), &absent).unwrap();

        let sibling = "sibling Pupil7 8B absent: N";
        for (role, sees_plan, sees_sen, sees_sibling) in [
            (Role::Headteacher, true, true, true),
            (Role::AttendanceAdministrator, false, false, true),
            // The mark of a pupil of 8B is not the tutor's of 8A to know.
            (Role::Tutor, false, true, false),
        ] {
            let page = page(role);
            assert_eq!(page.contains(">CP<"), sees_plan, "{role:?}");
            assert_eq!(page.contains(">SEN K<"), sees_sen, "{role:?}");
            assert!(
                !page.contains(">FSM<"),
                "a register may be seen over a shoulder"
            );
            assert_eq!(
                page.matches(sibling).count(),
                usize::from(sees_sibling),
                "{role:?}"
            );
        }
        let absent = changes(vec![mark(e(1), "N", 0)]);
        save_as(store, account(Role::Tutor), A, today(Session::Am), &absent).unwrap();
        let both = page(Role::AttendanceAdministrator);
        assert!(both.contains("sibling Pupil7 8B absent too: N"));
        let arrived = changes(vec![mark(e(7), "L", 2)]);
        let stands = get(&office, TUTOR_OF_B, OF_B).1;
        let base = stands.split("data-e=\"207\" data-base=\"").nth(1).unwrap();
        let base = base.split('"').next().unwrap().parse().unwrap();
        let arrived = Save {
            changes: vec![Change {
                base,
                ..arrived.changes[0].clone()
            }],
            ..arrived
        };
        save_as(store, TUTOR_OF_B, B, today(Session::Am), &arrived).unwrap();
        assert!(page(Role::AttendanceAdministrator).contains("sibling Pupil7 8B is in"));
    });
}

#[test]
fn a_pupil_is_marked_as_new_for_two_weeks() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        further(store, |act| {
            admit(act, 11, "2026-11-10", Some(A))?;
            admit(act, 12, "2026-11-11", Some(A))?;
            admit(act, 13, "2026-11-24", Some(A))
        });
        let office = office(store);
        let page = get(&office, account(Role::Tutor), OF_A).1;
        assert!(!page.contains("new, since Tue 10 Nov"));
        assert!(page.contains("new, since Wed 11 Nov"));
        assert!(page.contains("first day"));
    });
}

#[test]
fn whoever_covers_today_is_named_and_a_colleague_who_left_is_not() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        further(store, |act| {
            let (cover, left) = (account(Role::SupportOrCover), account(Role::Dsl));
            let (today, september) = (day(TODAY), day("2026-09-02"));
            let values = args![9_001, A, cover + 1000, "tutor", today, today];
            act.record(&roll::records::GROUP_STAFF, &values)?;
            let values = args![9_002, B, left + 1000, "tutor", september, None::<Day>];
            act.record(&roll::records::GROUP_STAFF, &values)?;
            let none = None::<&str>;
            let last = day("2026-11-20");
            let values = args![
                left + 1000,
                none,
                "Ms",
                "A",
                "Gone",
                none,
                left,
                september,
                last
            ];
            act.replace(&roll::records::STAFF, &values).map(drop)
        });
        let office = office(store);
        let named = |role: Role| format!("Ms A Staff{}", account(role));
        let (tutor, cover) = (named(Role::Tutor), named(Role::SupportOrCover));
        let officer = account(Role::AttendanceAdministrator);
        let (_, list) = get(&office, officer, "/registers?show=all&session=am");
        assert!(list.contains(&format!("{cover}, covering for {tutor}")));
        assert!(!list.contains("Ms A Gone"));
        let (_, register) = get(&office, officer, OF_A);
        assert!(register.contains(&format!(r#"name="on_behalf_of" value="{cover}""#)));
        // The day before there was no cover.
        let (_, monday) = get(
            &office,
            officer,
            "/registers?show=all&session=am&day=2026-11-23",
        );
        assert!(monday.contains(&tutor) && !monday.contains(&cover));
    });
}

#[test]
fn pupils_whom_no_register_asks_for_are_named_above_the_list() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let list = || {
            get(
                &office,
                account(Role::AttendanceAdministrator),
                "/registers",
            )
            .1
        };
        assert!(!list().contains("in no tutor group"));
        further(store, |act| {
            admit(act, 14, "2026-11-02", None)?;
            // Not on roll yet.
            admit(act, 15, "2026-12-01", None)
        });
        let page = list();
        assert!(page.contains("1 on roll and in no tutor group"));
        assert!(page.contains(r#"<a href="/pupils/314">Sample, Pupil14</a>"#));
        assert!(!page.contains("Pupil15"));
    });
}

#[test]
fn a_register_names_its_boarders_below_and_no_list_misses_their_marks() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        further(store, |act| {
            let (since, open) = (day("2026-11-24"), None::<Day>);
            // Pupil 1 is of 8A; pupil 30 boards and is in no tutor group.
            admit(act, 30, "2026-09-02", None)?;
            for (id, pupil) in [(701, 301), (702, 330)] {
                let values = args![id, pupil, "boards", "yes", since, open];
                act.record(&roll::records::CHARACTERISTIC, &values)?;
            }
            Ok(())
        });
        let office = office(store);
        let (_, page) = get(&office, account(Role::Tutor), OF_A);
        assert!(
            page.contains("Not marked here: Pupil1 Sample. A boarder is in the admission register only (R-011)."),
            "{page}"
        );
        assert!(!page.contains("data-e=\"201\"") && page.contains("data-e=\"202\""));
        let (_, yesterday) = get(
            &office,
            account(Role::Tutor),
            "/registers/101/2026-11-23/am",
        );
        assert!(yesterday.contains("data-e=\"201\""), "a day pupil then");
        let officer = account(Role::AttendanceAdministrator);
        let (_, list) = get(&office, officer, "/registers?show=all&session=am");
        assert!(!list.contains("/pupils/330"), "in no group, and not missed");
        let (_, csv) = take(&office, officer, "/registers?show=all&session=am", "csv");
        let line = csv.lines().find(|line| line.starts_with("8A,"));
        let line = line.expect("the register of 8A");
        assert!(line.contains(",4,4,"), "four blanks of four places: {line}");
    });
}

#[test]
fn who_is_new_and_which_reasons_are_offered_are_the_schools_to_decide() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        further(store, |act| {
            admit(act, 30, "2026-11-17", Some(A))?;
            for (name, value) in [
                ("new_for_days", "7"),
                ("amendment_reasons", "[\"Late bus\"]"),
            ] {
                let values = args![name, day("2026-11-24"), value];
                act.record(&office::year::records::SETTING, &values)?;
            }
            Ok(())
        });
        let office = office(store);
        let page = |on: &str| {
            let path = format!("/registers/101/{on}/am");
            get(&office, account(Role::AttendanceAdministrator), &path).1
        };
        let new = "new, since";
        assert!(!page(TODAY).contains(new), "the eighth day");
        assert!(
            page("2026-11-23").contains(new),
            "that day's setting: 14 days"
        );
        store.clock().set(at("10:00"));
        let closed = page(TODAY);
        assert!(closed.contains("Late bus") && !closed.contains("Marked in error"));
        assert!(page("2026-11-23").contains("Late bus"), "amended today");
    });
}

#[test]
fn the_form_without_script_refuses_a_code_without_its_note() {
    each_engine(MIGRATIONS, |store| {
        found(store);
        let office = office(store);
        let send = |note: &str| {
            let form = [
                ("change_id", "form-1"),
                ("code-201", "K"),
                ("base-201", "0"),
                ("note-201", note),
            ];
            let body = serde_urlencoded::to_string(form).expect("a form");
            let request = Request::post(format!("{OF_A}/save"))
                .header("content-type", "application/x-www-form-urlencoded");
            ask(
                &office,
                account(Role::AttendanceAdministrator),
                request,
                body,
            )
        };
        let (status, page) = send(" ");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert!(page.contains("K needs a note"), "{page}");
    });
}
