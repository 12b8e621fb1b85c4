//! Marks of the sample families, and what happens beside a long import.

use std::collections::HashMap;

use calendar::{Session, Slot};
use office::MIGRATIONS;
use office::desk::Refusal;
use office::registers::records::MARK_VERSION;
use office::roll::imports::{Answers, Applied, Choices, ReceivedFile, State, apply, tidy};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, args, held};

use crate::school::{SCHOOL, School, day, sample, text};

const SIMS: &str = "mis/sims_style_pupils_windows1252.csv";
const WIDE: &str = "mis/sims_style_session_marks_wide.csv";

fn with_pupils(store: &store::testing::TestStore) -> School {
    let school = School::founded(store).with_terms();
    school.bring(sample(SIMS));
    school
}

#[test]
fn wide_marks_come_to_the_totals_that_were_worked_out_by_hand() {
    each_engine(MIGRATIONS, |store| {
        let school = with_pupils(store);
        let done = school.bring(sample(WIDE));
        let main = done.preview.expect("a preview").main;
        assert_eq!(
            (main.held, main.rejected),
            (0, 0),
            "{:#?}",
            school.findings(done.id)
        );
        let book = school.book();
        let answers = sample("mis/expected_totals_made_by_us.csv");
        let answers = String::from_utf8(answers.bytes).expect("UTF-8");
        let by_number: HashMap<&str, _> = book
            .roll
            .pupils
            .iter()
            .map(|pupil| {
                (
                    pupil.admission_number.as_deref().expect("a number"),
                    pupil.id,
                )
            })
            .collect();
        let year = book.years().last().expect("a year");
        let mut checked = 0;
        for line in answers.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let row = book.roll.rows_of(by_number[cells[0]])[0];
            let period = year.axis().between(day(cells[2])..=day(cells[3]));
            let counts = year.matrix.count(row, &period);
            let ours = [
                counts.possible(),
                counts.attended(),
                counts.authorised,
                counts.unauthorised,
                counts.late_before_close,
            ];
            let theirs: Vec<u32> = cells[4..9]
                .iter()
                .map(|cell| cell.parse().expect("a number"))
                .collect();
            assert_eq!(ours.to_vec(), theirs, "{line}");
            checked += 1;
        }
        assert_eq!(checked, 30);
        let head = school.head();
        let again = school.bring(sample(WIDE));
        let main = again.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.held, main.rejected), (0, 0, 0));
        assert_eq!(school.head(), head);
        school.verify();
    });
}

#[test]
fn every_layout_of_marks_agrees_with_the_wide_one() {
    each_engine(MIGRATIONS, |store| {
        let school = with_pupils(store);
        school.bring(sample("mis/bromcom_style_student_flat_view.csv"));
        let long = school.bring(sample("mis/arbor_style_roll_call_long.csv"));
        let main = long.preview.expect("a preview").main;
        assert_eq!(
            (main.loaded, main.read()),
            (240, 240),
            "{main:?} {:#?}",
            school.findings(long.id)
        );
        let week = school.bring(sample(
            "mis/bromcom_style_attendance_by_week_2026-11-09.csv",
        ));
        let main = week.preview.expect("a preview").main;
        assert_eq!(
            (main.held, main.rejected),
            (0, 0),
            "{:#?}",
            school.findings(week.id)
        );
        let sheet = school.bring(sample("mis/marks_merged_two_row_header.xlsx"));
        let main = sheet.preview.expect("a preview").main;
        assert_eq!(
            (main.held, main.rejected),
            (0, 0),
            "{:#?}",
            school.findings(sheet.id)
        );
        let restored = school.findings(sheet.id);
        assert!(restored.iter().any(|one| one.code == "NOUGHT_RESTORED"));
        let wide = school.bring(sample(WIDE));
        let main = wide.preview.expect("a preview").main;
        assert_eq!(
            (main.held, main.rejected),
            (0, 0),
            "{:#?}",
            school.findings(wide.id)
        );
    });
}

const FOUR: &str = "Adno,Date,Session,Mark,Minutes late\n\
                    004100,03/11/2026,AM,/,\n004100,03/11/2026,PM,\\,\n\
                    004101,03/11/2026,AM,L,12\n004101,03/11/2026,PM,\\,\n";

fn long(rows: &str) -> ReceivedFile {
    text(
        "marks.csv",
        &format!("Adno,Date,Session,Mark,Minutes late\n{rows}"),
    )
}

#[test]
fn marks_that_cannot_be_are_refused_each_with_its_ground_and_the_rest_goes_in() {
    each_engine(MIGRATIONS, |store| {
        let school = with_pupils(store);
        let rows = "004100,03/11/2026,AM,/,\n\
                    004100,25/11/2026,AM,/,\n\
                    004100,03/11/2026,PM,QQ,\n\
                    004100,04/11/2026,AM,H,\n\
                    004100,07/11/2026,AM,/,\n\
                    004100,27/10/2026,AM,/,\n\
                    004100,01/07/2026,AM,/,\n\
                    004100,05/11/2026,AM,#,\n\
                    009876,03/11/2026,AM,/,\n\
                    004100,06/11/2026,AM,/,\n004100,06/11/2026,AM,I,\n";
        let done = school.bring(long(rows));
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected), (1, 10), "{main:?}");
        let codes: Vec<String> = school
            .findings(done.id)
            .into_iter()
            .map(|one| one.code)
            .collect();
        for code in [
            "IN_THE_FUTURE",
            "CODE_UNKNOWN",
            "CODE_RETIRED",
            "NO_SESSION",
            "NO_TERM",
            "CLOSURE_UNKNOWN",
            "PUPIL_NOT_FOUND",
            "MARK_CONFLICT",
        ] {
            assert!(
                codes.iter().any(|own| own == code),
                "{code} is not in {codes:?}"
            );
        }
    });
}

/// A mark that a teacher makes.
fn teacher_marks(school: &School, adno: &str, on: &str, session: Session, code: &'static str) {
    let book = school.book();
    let pupil = book
        .roll
        .pupils
        .iter()
        .find(|pupil| pupil.admission_number.as_deref() == Some(adno));
    let row = book.roll.rows_of(pupil.expect("a pupil").id)[0];
    let (enrolment, on) = (book.roll.enrolments[row].id, day(on));
    let saved = school.office.store.act_now(SCHOOL, move |act: &mut Act| {
        let none = store::Arg::Null;
        let values = args![
            enrolment,
            on,
            session.index() as i64,
            code,
            none.borrowed(),
            none.borrowed(),
            none.borrowed(),
            none.borrowed(),
            "register",
            none.borrowed(),
            none.borrowed()
        ];
        act.record(&MARK_VERSION, &values)?;
        act.describe(Entry {
            account: 9,
            job_title: "Teacher",
            act: "save register",
            subject: "a group".to_owned(),
        });
        Ok::<_, Refusal>(())
    });
    saved.expect("saved");
}

fn code_of(school: &School, adno: &str, on: &str, session: Session) -> Option<String> {
    let book = school.book();
    let pupil = book
        .roll
        .pupils
        .iter()
        .find(|pupil| pupil.admission_number.as_deref() == Some(adno));
    let row = book.roll.rows_of(pupil.expect("a pupil").id)[0];
    let mark = book.mark(row, Slot::new(day(on), session));
    mark.code().map(|code| code.to_string())
}

#[test]
fn an_import_fills_gaps_and_holds_marks_that_differ_until_told_to_replace_them() {
    each_engine(MIGRATIONS, |store| {
        let school = with_pupils(store);
        teacher_marks(&school, "004100", "2026-11-03", Session::Am, "I");
        let done = school.bring(text("marks.csv", FOUR));
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.held), (3, 1));
        assert_eq!(
            code_of(&school, "004100", "2026-11-03", Session::Am).as_deref(),
            Some("I")
        );
        let replacing = Choices {
            replace: true,
            ..Choices::default()
        };
        let done = school.bring_with(vec![text("marks.csv", FOUR)], &replacing);
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.unchanged), (1, 3));
        assert_eq!(
            code_of(&school, "004100", "2026-11-03", Session::Am).as_deref(),
            Some("/")
        );
        assert_eq!(
            school.count("select count(*) from mark where reason like 'import %'"),
            1
        );
        school.verify();
    });
}

#[test]
fn a_place_that_a_teacher_marks_while_an_import_runs_keeps_the_teachers_mark() {
    each_engine(MIGRATIONS, |store| {
        for moment in [0, 1] {
            let fresh = TestStore::new(store.engine(), MIGRATIONS);
            let school = School::founded(&fresh).with_terms();
            school.bring(sample(SIMS));
            let id = school.receive(vec![text("marks.csv", FOUR)], &Choices::default());
            let mut steps = 0;
            let mut go_on = |_, steps_in_all| {
                // Before the first step of the marks, and after the last one but before the release.
                if steps_in_all > 1 {
                    if steps == moment {
                        assert_eq!(code_of(&school, "004101", "2026-11-03", Session::Am), None);
                        teacher_marks(&school, "004101", "2026-11-03", Session::Am, "M");
                    }
                    steps += 1;
                }
                true
            };
            let applied = apply(
                &school.office,
                &school.actor,
                id,
                &Answers::default(),
                &mut go_on,
            );
            assert!(matches!(applied, Ok(Applied::Done(_))), "{applied:?}");
            assert_eq!(
                code_of(&school, "004101", "2026-11-03", Session::Am).as_deref(),
                Some("M")
            );
            assert_eq!(
                code_of(&school, "004101", "2026-11-03", Session::Pm).as_deref(),
                Some("\\")
            );
            school.verify();
        }
    });
}

#[test]
fn a_cancelled_import_and_one_cut_off_by_a_crash_leave_nothing_half_there() {
    each_engine(MIGRATIONS, |store| {
        let school = with_pupils(store);
        let id = school.receive(vec![text("marks.csv", FOUR)], &Choices::default());
        let mut last_step = |done, steps| steps == 1 || done + 1 < steps;
        let applied = apply(
            &school.office,
            &school.actor,
            id,
            &Answers::default(),
            &mut last_step,
        );
        assert_eq!(applied.expect("an answer"), Applied::Cancelled);
        assert_eq!(school.import(id).state, State::Cancelled);
        assert_eq!(school.count("select count(*) from mark"), 0);

        let id = school.receive(vec![text("marks.csv", FOUR)], &Choices::default());
        let crash = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut cut_off = |done, steps| {
                assert!(steps == 1 || done + 1 < steps, "the power fails here");
                true
            };
            apply(
                &school.office,
                &school.actor,
                id,
                &Answers::default(),
                &mut cut_off,
            )
        }));
        assert!(crash.is_err());
        assert_eq!(school.count("select count(*) from mark"), 0);
        // A program that is started beside it takes nothing from one that lives, and everything from one that is dead.
        assert_eq!(tidy(&school.office.store).expect("tidied"), 0);
        assert_eq!(school.import(id).state, State::Applying);
        let school = school.started_again(store);
        assert_eq!(tidy(&school.office.store).expect("tidied"), 1);
        let open = school
            .office
            .store
            .read_now(|tx| held::open_groups(tx, SCHOOL));
        assert_eq!(open.expect("groups"), Vec::<i64>::new());
        assert_eq!(school.import(id).state, State::Previewed);
        assert_eq!(school.count("select count(*) from mark"), 0);
        school
            .apply(id, &Answers::default())
            .expect("applied after all");
        assert_eq!(school.count("select count(*) from mark"), 4);
        school.verify();
    });
}

#[test]
fn a_change_of_the_roll_between_preview_and_apply_asks_to_look_again() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let id = school.receive(vec![sample(SIMS)], &Choices::default());
        school.bring(sample("mis/pupils.xlsx"));
        let answer = school.apply(id, &Answers::default()).expect("an answer");
        assert_eq!(answer, Applied::LookAgain);
        let shown = school.import(id);
        assert_eq!(shown.state, State::Previewed);
        assert!(shown.message.expect("a message").contains("Look again"));
    });
}

#[test]
fn term_dates_are_entered_as_confirmed() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store);
        let done = school.bring(sample("calendars/term_dates_made_by_us.ics"));
        let events = done.preview.expect("a preview").events;
        assert_eq!(events.len(), 4);
        let book = school.book();
        assert!(!book.calendar.is_school_day(day("2026-09-02")));
        assert!(book.calendar.is_school_day(day("2026-09-03")));
        assert!(!book.calendar.is_school_day(day("2026-10-23")));
        assert!(!book.calendar.is_school_day(day("2026-10-26")));
        school.verify();
    });
}

#[test]
fn sums_of_the_file_that_are_not_ours_are_a_warning_for_that_pupil_and_correct_nothing() {
    const LIST: &str = "\
Adno,Legal Surname,Legal Forename,DOB,Date of Admission
000101,Sample,Ada,13/02/2014,02/09/2026
000102,Example,Ben,14/03/2014,02/09/2026
";
    const MARKS: &str = "\
Adno,Surname,Forename,03/09/2026 AM,03/09/2026 PM,04/09/2026 AM,04/09/2026 PM,Possible,Attended,Authorised Absences,Unauthorised Absences,Percentage Attendance
000101,Sample,Ada,/,\\,I,O,4,2,1,1,50.0%
000102,Example,Ben,/,\\,I,X,4,3,1,0,75.0
";
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(text("list.csv", LIST));
        let done = school.bring(text("marks.csv", MARKS));
        let differs: Vec<_> = school
            .findings(done.id)
            .into_iter()
            .filter(|one| one.code == "TOTALS_DIFFER")
            .collect();
        assert_eq!(differs.len(), 1, "{differs:#?}");
        assert_eq!(
            (differs[0].line, differs[0].severity.as_str()),
            (3, "warning")
        );
        assert!(
            differs[0]
                .message
                .contains("possible 4 in the file, 3 counted here"),
            "{}",
            differs[0].message
        );
        assert!(
            differs[0]
                .message
                .contains("attended 3 in the file, 2 counted here")
        );
        let main = done.preview.expect("a preview").main;
        assert_eq!(main.loaded, 8, "{main:?}");
    });
}

const BOARDER_AND_DAY_PUPIL: &str = "\
Adno,Legal Surname,Legal Forename,DOB,Date of Admission,Boarder
000101,Sample,Ada,13/02/2014,02/09/2026,Yes
000102,Example,Ben,14/03/2014,02/09/2026,No
";

#[test]
fn marks_of_a_boarder_are_refused_with_their_rule_and_the_same_list_again_changes_nothing() {
    const MARKS: &str = "\
Adno,Date,Session,Mark
000101,03/09/2026,AM,/
000102,03/09/2026,AM,/
000102,03/09/2026,PM,\\
";
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(text("list.csv", BOARDER_AND_DAY_PUPIL));
        let said =
            "select count(*) from characteristic where kind = 'boards' and superseded_seq is null";
        assert_eq!(school.count(said), 2, "one boards, one is a day pupil");
        let head = school.head();
        school.bring(text("list.csv", BOARDER_AND_DAY_PUPIL));
        assert_eq!(school.head(), head, "nothing was recorded");
        let done = school.bring(text("marks.csv", MARKS));
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected), (2, 1), "{main:?}");
        let findings = school.findings(done.id);
        let refused: Vec<_> = findings.iter().filter(|one| one.code == "BOARDS").collect();
        assert_eq!(refused.len(), 1, "{findings:#?}");
        assert_eq!(refused[0].line, 2);
        assert!(
            refused[0].message.contains("(R-011)"),
            "{}",
            refused[0].message
        );
        school.verify();
    });
}

#[test]
fn a_mark_without_the_note_that_its_code_needs_goes_in_with_a_remark() {
    const MARKS: &str = "\
Adno,Date,Session,Mark,Comments
000102,03/09/2026,AM,B,
000102,03/09/2026,PM,B,
000102,04/09/2026,AM,B,\"Forest school, supervised\"
000102,04/09/2026,PM,C,
";
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(text("list.csv", BOARDER_AND_DAY_PUPIL));
        let done = school.bring(text("marks.csv", MARKS));
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected), (4, 0), "{main:?}");
        let findings = school.findings(done.id);
        let remarks: Vec<_> = findings
            .iter()
            .filter(|one| one.code == "NOTE_MISSING")
            .collect();
        assert_eq!(remarks.len(), 1, "one remark for a code: {findings:#?}");
        let remark = remarks[0];
        assert_eq!((remark.line, remark.severity.as_str()), (2, "warning"));
        assert!(
            remark.message.contains("B needs a note"),
            "{}",
            remark.message
        );
        let noted = "select count(*) from mark where note is not null";
        assert_eq!(school.count(noted), 1);
        school.verify();
    });
}
