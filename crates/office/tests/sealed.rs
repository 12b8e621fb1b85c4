//! Sealed copies of the registers and certified extracts (R-010, E-104), on both engines.

mod school;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use calendar::{Month, Session};
use office::people::Role;
use office::registers::sealed::{
    Proved, Wish, by_itself, due_by_itself, prove_file, prove_kept, seal,
};
use school::{School, day, each_school};
use store::{StoreError, args};

const OFFICE: Role = Role::AttendanceManager;

fn month(text: &str) -> Month {
    text.parse().expect("a month of a test")
}

/// Makes a copy as the program itself does, and answers its number.
fn sealed(school: &School, of: &str) -> i64 {
    let maker = by_itself(school.id);
    seal(
        &school.office,
        &maker,
        month(of),
        Wish::Another,
        &mut |_| {},
    )
    .expect("a copy")
    .expect("another copy in any case")
}

/// A file of a copy, as it is taken away.
fn file(school: &School, copy: i64, name: &str) -> Vec<u8> {
    let kind = name.rsplit_once('.').expect("a file has an ending").1;
    let taken = school.take(OFFICE, &format!("/sealed-copies/{copy}/{name}"), kind);
    assert_eq!(taken.status, StatusCode::OK, "{name}");
    taken.body
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the typesetter of the test writes text")
}

fn proved(school: &School, bytes: &[u8]) -> Vec<Proved> {
    let bytes = bytes.to_vec();
    let found = school
        .office
        .store
        .read_now(move |tx| prove_file(tx, &bytes));
    found.expect("what is known of the file")
}

fn amended_school(school: &School) {
    school.mark("Ash", "2026-11-03", Session::Am, "N");
    school.mark("Ash", "2026-11-03", Session::Am, "O");
    school.mark("Ash", "2026-11-03", Session::Pm, "/");
    school.mark("Hazel", "2026-11-03", Session::Am, "L");
    school.mark("Birch", "2026-10-20", Session::Am, "/");
}

#[test]
fn a_copy_holds_both_registers_of_the_month_with_what_was_amended_and_the_journals_hash() {
    each_school(|school| {
        amended_school(school);
        let head = school.office.store.read_now({
            let id = school.id;
            move |tx| store::journal::head(tx, id)
        });
        let head = head.expect("read").expect("a founded school");
        let hash: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let copy = sealed(school, "2026-11");

        let attendance = text(&file(school, copy, "attendance-register.pdf"));
        for said in [
            "Attendance register, November 2026",
            "Ash, Pat",
            "unauthorised absence",
            "N to O",
            "first N",
            "(R-007)",
            &hash,
            &format!("act {}", head.seq),
            "31 August 2033",
        ] {
            assert!(attendance.contains(said), "{said} is not in: {attendance}");
        }
        assert!(
            !attendance.contains("20/10/2026"),
            "October is not November"
        );

        let admission = text(&file(school, copy, "admission-register.pdf"));
        assert!(
            admission.contains("Admission register, November 2026")
                && admission.contains("Pat Hazel")
        );
        assert!(admission.contains(&hash));

        let csv = text(&file(school, copy, "attendance-register.csv"));
        let headings = csv.lines().next().expect("headings");
        assert!(
            headings.contains("2026-11-03 AM") && !headings.contains("2026-10"),
            "{headings}"
        );
        let ash = csv
            .lines()
            .find(|line| line.contains("Ash"))
            .expect("a line for Ash");
        assert!(ash.contains("9A") && ash.contains(",O,/,"), "{ash}");
        let amendments = text(&file(school, copy, "attendance-register-amendments.csv"));
        assert_eq!(amendments.lines().count(), 3, "{amendments}");
    });
}

#[test]
fn a_copy_says_which_of_the_schools_own_kinds_stand_beneath_its_codes() {
    each_school(|school| {
        let (_, enrolment) = school.pupils["Ash"];
        for (on, kind) in [("2026-11-03", "cold or flu"), ("2026-10-20", "stomach")] {
            let marked: Result<(), StoreError> =
                school.office.store.act_now(school.id, move |act| {
                    let nothing = None::<&str>;
                    act.record(
                        &office::registers::records::MARK_VERSION,
                        &args![
                            enrolment,
                            day(on),
                            0,
                            "I",
                            None::<i64>,
                            None::<calendar::Instant>,
                            nothing,
                            nothing,
                            "test",
                            None::<calendar::Instant>,
                            kind
                        ],
                    )?;
                    act.describe(store::Entry {
                        account: 1,
                        job_title: "Attendance manager",
                        act: "enter mark",
                        subject: format!("enrolment {enrolment}"),
                    });
                    Ok(())
                });
            marked.expect("a mark");
        }
        school.mark("Birch", "2026-11-03", Session::Am, "I");
        let copy = sealed(school, "2026-11");
        let paper = text(&file(school, copy, "attendance-register.pdf"));
        assert!(paper.contains("Tue 3 AM I: cold or flu"), "{paper}");
        assert!(!paper.contains("stomach"), "October is not November");
        assert_eq!(paper.matches("Sub-codes of").count(), 1, "of 9A alone");
        let csv = text(&file(school, copy, "attendance-register-sub-codes.csv"));
        assert_eq!(csv.lines().count(), 2, "{csv}");
        assert!(
            csv.contains("\"Ash, Pat\",2026-11-03,AM,I,cold or flu"),
            "{csv}"
        );
    });
}

#[test]
fn an_amendment_of_an_earlier_month_is_in_the_copy_of_the_month_in_which_it_was_made() {
    each_school(|school| {
        amended_school(school);
        school.mark("Birch", "2026-10-20", Session::Am, "C");
        let copy = sealed(school, "2026-11");
        let amendments = text(&file(school, copy, "attendance-register-amendments.csv"));
        assert!(
            amendments.contains("\"Birch, Pat\",,2026-10-20,AM,/,C"),
            "{amendments}"
        );
    });
}

#[test]
fn a_copy_taken_away_again_is_the_same_to_the_byte_whatever_was_recorded_since() {
    each_school(|school| {
        amended_school(school);
        let copy = sealed(school, "2026-11");
        let first = file(school, copy, "attendance-register.pdf");
        school.mark("Ash", "2026-11-03", Session::Am, "C");
        school
            .clock
            .set("2026-11-24T08:52:00Z".parse().expect("a moment"));
        assert_eq!(file(school, copy, "attendance-register.pdf"), first);
    });
}

#[test]
fn a_file_in_hand_is_proved_and_an_altered_one_is_not() {
    each_school(|school| {
        amended_school(school);
        let copy = sealed(school, "2026-11");
        let bytes = file(school, copy, "admission-register.pdf");
        let found = proved(school, &bytes);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].copy, found[0].month), (copy, month("2026-11")));
        assert_eq!(found[0].name, "admission-register.pdf");
        assert!(found[0].is_in_journal);
        let mut altered = bytes.clone();
        altered[0] ^= 1;
        assert!(proved(school, &altered).is_empty());

        // The journal rewritten under the copy.
        let id = school.id;
        let head = found[0].head_seq;
        let rewritten = school.office.store.write_now(move |tx| {
            let sql = "update journal_entry set hash = $3 where school_id = $1 and seq = $2";
            tx.execute(sql, &args![id, head, &[7_u8; 32]])
        });
        assert_eq!(rewritten.expect("written"), 1);
        assert!(!proved(school, &bytes)[0].is_in_journal);
    });
}

#[test]
fn a_kept_file_that_was_altered_lost_or_slipped_in_is_named() {
    each_school(|school| {
        let copy = sealed(school, "2026-11");
        let kept = || school.office.store.read_now(prove_kept).expect("read");
        assert_eq!(kept(), (7, Vec::new()));
        let id = school.id;
        let changed = school.office.store.write_now(move |tx| {
            for sql in [
                "update sealed_content set bytes = $3 where school_id = $1 and copy_id = $2 and name = 'attendance-register.csv'",
                "insert into sealed_content (school_id, copy_id, name, bytes) values ($1, $2, 'slipped-in.csv', $3)",
            ] {
                tx.execute(sql, &args![id, copy, &b"forged"[..]])?;
            }
            let sql = "delete from sealed_content where school_id = $1 and copy_id = $2 and name = 'attendance-register.pdf'";
            tx.execute(sql, &args![id, copy])
        });
        changed.expect("written");
        let (good, differing) = kept();
        assert_eq!((good, differing.len()), (5, 3), "{differing:?}");
        let path = format!("/sealed-copies/{copy}/attendance-register.csv");
        let taken = school.take(OFFICE, &path, "csv");
        assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            taken.text().contains("not the one that was sealed"),
            "{}",
            taken.text()
        );
        assert!(
            differing
                .iter()
                .any(|one| one.contains("attendance-register.csv")
                    && one.contains("not the one that was sealed"))
        );
        assert!(
            differing
                .iter()
                .any(|one| one.contains("attendance-register.pdf") && one.contains("gone"))
        );
        assert!(differing.iter().any(|one| one.contains("slipped-in.csv")));
    });
}

#[test]
fn the_program_makes_the_copy_of_the_last_month_once_and_none_of_a_month_before_the_school_was_here()
 {
    each_school(|school| {
        let due = |today: &str| {
            let (id, today) = (school.id, day(today));
            school
                .office
                .store
                .read_now(move |tx| due_by_itself(tx, id, today))
                .expect("read")
        };
        let founded = due("2099-01-15");
        assert_eq!(founded, Some(month("2098-12")));
        assert_eq!(due("1960-01-15"), None);
        let maker = by_itself(school.id);
        let once = || {
            seal(
                &school.office,
                &maker,
                month("2026-11"),
                Wish::TheFirst,
                &mut |_| {},
            )
            .expect("sealed")
        };
        assert!(once().is_some());
        assert_eq!(once(), None);
        assert_eq!(due("2026-12-01"), None);
        assert_eq!(due("2027-01-01"), Some(month("2026-12")));
    });
}

#[test]
fn what_was_sealed_stands_in_the_journal_and_verify_finds_it_whole() {
    each_school(|school| {
        sealed(school, "2026-11");
        let report = school
            .office
            .store
            .verify_now(&[], office::TABLES, |_| {})
            .expect("verified");
        assert!(report.is_whole(), "{:?}", report.differences);
        let page = school.get(Role::Headteacher, "/journal");
        assert!(
            page.text().contains("seal a copy of the registers"),
            "{}",
            page.text()
        );
    });
}

#[test]
fn whoever_sees_both_registers_sees_the_copies_and_only_who_keeps_them_makes_one() {
    each_school(|school| {
        let copy = sealed(school, "2026-11");
        let (mut see, mut make) = (Vec::new(), Vec::new());
        for role in Role::ALL {
            let page = school.get(*role, "/sealed-copies");
            let taken = school.take(
                *role,
                &format!("/sealed-copies/{copy}/admission-register.csv"),
                "csv",
            );
            let (seen, took) = (
                page.status == StatusCode::OK,
                taken.status == StatusCode::OK,
            );
            assert_eq!(seen, took, "{role:?}: {} {}", page.status, page.text());
            let made = school.post(*role, "/sealed-copies/make", &[("month", "soon")]);
            if page.status == StatusCode::OK {
                see.push(*role);
                assert_eq!(
                    page.text().contains("/sealed-copies/make"),
                    made.status != StatusCode::NOT_FOUND,
                    "{role:?}"
                );
            }
            if made.status != StatusCode::NOT_FOUND {
                make.push(*role);
            }
        }
        assert!(
            make.contains(&Role::Headteacher) && make.contains(&OFFICE),
            "{make:?}"
        );
        for role in [
            Role::Teacher,
            Role::Tutor,
            Role::SystemAdministrator,
            Role::Parent,
            Role::Pupil,
        ] {
            assert!(!see.contains(&role) && !make.contains(&role), "{role:?}");
        }
        assert!(make.iter().all(|role| see.contains(role)));
    });
}

#[test]
fn a_copy_made_by_hand_appears_when_it_is_sealed_and_a_month_to_come_is_refused() {
    each_school(|school| {
        let begun = school.post(OFFICE, "/sealed-copies/make", &[("month", "2026-11")]);
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        let made = (0..600).any(|_| {
            school.wait(async { tokio::time::sleep(Duration::from_millis(20)).await });
            school
                .get(OFFICE, "/sealed-copies")
                .text()
                .contains("admission-register.pdf")
        });
        assert!(made, "{}", school.get(OFFICE, "/sealed-copies").text());
        let page = school.get(OFFICE, "/sealed-copies");
        assert!(
            page.text().contains("AttendanceManager") || page.text().contains("Attendance manager"),
            "{}",
            page.text()
        );
        for wrong in ["2026-12", "soon"] {
            let refused = school.post(OFFICE, "/sealed-copies/make", &[("month", wrong)]);
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    });
}

#[test]
fn a_missed_month_stands_on_the_first_page_until_a_copy_is_made() {
    each_school(|school| {
        let id = school.id;
        let founded: calendar::Instant = "2026-09-01T06:00:00Z".parse().expect("a moment");
        let set = school.office.store.write_now(move |tx| {
            let sql = "update school set founded_at = $2 where school_id = $1";
            tx.execute(sql, &args![id, founded])
        });
        set.expect("written");
        let home = |role| school.get(role, "/").text().to_owned();
        assert!(
            home(OFFICE).contains("September 2026, October 2026"),
            "{}",
            home(OFFICE)
        );
        assert!(!home(Role::Teacher).contains("no copy of the registers"));
        sealed(school, "2026-10");
        assert!(
            home(OFFICE).contains(": September 2026"),
            "{}",
            home(OFFICE)
        );
        let page = school.get(OFFICE, "/sealed-copies");
        assert!(page.text().contains("sealed late") && page.text().contains("missed"));
        sealed(school, "2026-09");
        assert!(!home(OFFICE).contains("no copy of the registers"));
    });
}

#[test]
fn an_extract_lists_every_session_its_amendments_totals_and_certificate() {
    each_school(|school| {
        amended_school(school);
        let (ash, _) = school.pupils["Ash"];
        let list = format!("/pupils/{ash}/extract?from=2026-11-02&to=2026-11-06");
        let shown = school.get(OFFICE, &list);
        assert!(
            shown.text().contains("10 sessions, 1 of them amended"),
            "{}",
            shown.text()
        );
        assert!(shown.text().contains("50.0% (1 of 2)"), "{}", shown.text());

        let asked = school.post(OFFICE, "/take-away", &[("list", &list), ("format", "pdf")]);
        assert!(
            asked.location().starts_with("/take-away?"),
            "an extract needs a reason"
        );
        let paper = text(&school.take(OFFICE, &list, "pdf").body);
        for said in [
            "Certified extract of the registers",
            "Pat Ash",
            "03/11/2026 AM",
            "first N",
            "N to O",
            "50.0% (1 of 2)",
            "R-204, R-207",
            "section 566(1)(c)",
            "Signature of the head teacher",
        ] {
            assert!(paper.contains(said), "{said} is not in: {paper}");
        }
        assert!(!paper.contains("Hazel"), "an extract names one pupil");
        let csv = school.take(OFFICE, &list, "csv");
        assert_eq!(
            csv.status,
            StatusCode::NOT_FOUND,
            "an extract is a document"
        );
        let taken = school.get(Role::Headteacher, "/journal/lists");
        assert!(
            taken.text().contains("certified extract"),
            "{}",
            taken.text()
        );
    });
}

#[test]
fn an_extract_is_for_those_who_read_the_whole_attendance_register() {
    each_school(|school| {
        let (ash, _) = school.pupils["Ash"];
        for role in Role::ALL {
            let list = format!("/pupils/{ash}/extract");
            let page = school.get(*role, &list);
            let taken = school.take(*role, &list, "pdf");
            assert_eq!(page.status, taken.status, "{role:?}");
            let offered = school.get(*role, &format!("/pupils/{ash}"));
            assert_eq!(
                offered.text().contains("Certified extract"),
                page.status == StatusCode::OK,
                "{role:?}"
            );
        }
        for role in [
            Role::Teacher,
            Role::Tutor,
            Role::SystemAdministrator,
            Role::Parent,
        ] {
            let page = school.get(role, &format!("/pupils/{ash}/extract"));
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{role:?}");
        }
        let beyond = school.get(OFFICE, "/pupils/999999/extract");
        assert_eq!(beyond.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_plan_counts_on_a_copy_and_an_extract_and_is_told_from_a_mark() {
    each_school(|school| {
        let (_, enrolment) = school.pupils["Ash"];
        let planned: Result<(), StoreError> = school.office.store.act_now(school.id, move |act| {
            let (id, nothing, never) = (act.new_id(), None::<&str>, None::<calendar::Day>);
            act.record(
                &office::registers::records::PLAN,
                &args![
                    id,
                    id,
                    enrolment,
                    "leave",
                    "C",
                    day("2026-11-04"),
                    day("2026-11-04"),
                    "Wed-AM Wed-PM",
                    "A wedding",
                    nothing,
                    nothing,
                    nothing,
                    never,
                    "Headteacher",
                    never,
                    nothing,
                    never,
                    nothing
                ],
            )?;
            act.describe(store::Entry {
                account: 1,
                job_title: "Headteacher",
                act: "plan",
                subject: format!("enrolment {enrolment}"),
            });
            Ok(())
        });
        planned.expect("a plan");
        let copy = sealed(school, "2026-11");
        let csv = text(&file(school, copy, "attendance-register.csv"));
        let ash = csv
            .lines()
            .find(|line| line.contains("Ash"))
            .expect("a line for Ash");
        assert!(ash.contains(",C*,C*,"), "{ash}");
        let (pupil, _) = school.pupils["Ash"];
        let page = school.get(
            OFFICE,
            &format!("/pupils/{pupil}/extract?from=2026-11-04&to=2026-11-04"),
        );
        assert!(page.text().contains("0.0% (0 of 2)"), "{}", page.text());
        let list = format!("/pupils/{pupil}/extract?from=2026-11-04&to=2026-11-04");
        let paper = text(&school.take(OFFICE, &list, "pdf").body);
        assert!(paper.contains("By plan, no mark was made"), "{paper}");
    });
}

#[test]
fn without_anything_to_print_with_no_copy_is_made_and_the_ground_is_said() {
    each_school(|school| {
        let office = office::desk::Office::new(
            school.office.store.clone(),
            office::people::Keyring::forgetful().expect("a key"),
            Arc::clone(&school.office.clock),
            false,
            office::people::Doors::new(None),
        );
        let refused = seal(
            &Arc::new(office),
            &by_itself(school.id),
            month("2026-11"),
            Wish::Another,
            &mut |_| {},
        );
        let refused = refused.expect_err("nothing to print with");
        assert!(
            refused
                .to_string()
                .contains("without anything to print with"),
            "{refused}"
        );
    });
}
