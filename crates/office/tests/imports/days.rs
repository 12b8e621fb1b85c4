//! Cover, days off timetable and examinations with seats, from files: what they set, what waits and why, and how they are undone.

use calendar::Day;
use office::MIGRATIONS;
use office::people::Role;
use office::people::records::ROLE_GRANT;
use office::registers::records::EXAM_MARK;
use office::roll::imports::{Choices, Import, ImportId, ReceivedFile};
use office::roll::records::STAFF;
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args};

use crate::school::{SCHOOL, School, day, sample, text};

const SIMS: &str = "mis/sims_style_pupils_windows1252.csv";

fn entry() -> Entry<'static> {
    Entry {
        account: 7,
        job_title: "Set-up",
        act: "set up",
        subject: "a school of a test".to_owned(),
    }
}

/// The school with its pupils, T01 to T04 who take registers, T05 who does not, and two classes in period 1 on Wednesdays.
fn school(store: &TestStore) -> School {
    let school = School::founded(store).with_terms();
    store
        .act_now(SCHOOL, |act: &mut Act| {
            for number in 1..=5_i64 {
                let (id, grant) = (act.new_id(), act.new_id());
                let code = format!("T{number:02}");
                let none = None::<&str>;
                let account = 100 + number;
                let values = args![
                    id,
                    code.as_str(),
                    "Ms",
                    "Ada",
                    "Sample",
                    none,
                    account,
                    None::<Day>,
                    None::<Day>
                ];
                act.record(&STAFF, &values)?;
                let role = match number {
                    5 => Role::SystemAdministrator,
                    _ => Role::Teacher,
                };
                let grant = args![grant, account, role.key(), day("2026-09-01"), None::<Day>];
                act.record(&ROLE_GRANT, &grant)?;
            }
            act.describe(entry());
            Ok::<_, StoreError>(())
        })
        .expect("staff of a test");
    school.bring(sample(SIMS));
    school.bring(text(
        "timetable.csv",
        "Adno,Class,Teacher Code,Room,Day,Period,Start,End\n\
         004100,7En1,T01,R11,Wed,1,08:50,09:50\n\
         004101,8Ma2,T02,R12,Wed,1,08:50,09:50\n\
         004100,7En1,T01,R11,Thu,2,09:50,10:50\n",
    ));
    school
}

fn list(name: &str, lines: &[&str]) -> ReceivedFile {
    text(name, &format!("{}\n", lines.join("\n")))
}

fn loaded(import: &Import) -> (u32, u32, u32) {
    let main = import.preview.as_ref().expect("a preview").main;
    (main.loaded, main.unchanged, main.held)
}

/// Line, severity, code and column of each finding.
fn found(school: &School, id: ImportId) -> Vec<(u32, String, String, String)> {
    let findings = school.findings(id).into_iter();
    findings
        .filter(|one| one.severity != "changed")
        .map(|one| (one.line, one.severity, one.code, one.column))
        .collect()
}

fn held(line: u32, code: &str, column: &str) -> (u32, String, String, String) {
    (line, "held".to_owned(), code.to_owned(), column.to_owned())
}

fn read_again(school: &School, file: ReceivedFile) -> (u32, u32, u32) {
    let id = school.receive(vec![file], &Choices::default());
    loaded(&school.import(id))
}

const COVERS: &str =
    "select count(*) from lesson_cover where school_id = 1 and superseded_seq is null";
const OFF: &str =
    "select count(*) from off_timetable where school_id = 1 and superseded_seq is null";
const SEATS: &str = "select count(*) from exam_seat where school_id = 1 and superseded_seq is null";
const EXAMS: &str = "select count(*) from exam where school_id = 1 and superseded_seq is null";

#[test]
fn cover_goes_in_and_what_cannot_be_covered_waits_with_line_and_column() {
    each_engine(MIGRATIONS, |store| {
        let school = school(store);
        let good = || {
            list(
                "cover.csv",
                &[
                    "Date,Day,Period,Class,Teacher,Cover Teacher",
                    "25/11/2026,Wed,1,7En1,T01,T03",
                ],
            )
        };
        let done = school.bring(good());
        assert_eq!((loaded(&done), school.count(COVERS)), ((1, 0, 0), 1));
        let said = done.preview.expect("a preview").consequences.join(" ");
        assert!(said.contains("1 lesson is covered"), "{said}");
        let book = school.book();
        let covers = book.timetable.covers_on(day("2026-11-25"));
        assert_eq!(covers.len(), 1);
        assert_eq!(read_again(&school, good()), (0, 1, 0));
        let waiting = school.bring(list(
            "cover2.csv",
            &[
                "Date,Period,Class,Cover Teacher",
                "23/11/2026,1,7En1,T03",
                "28/11/2026,1,7En1,T03",
                "25/11/2026,9,7En1,T03",
                "25/11/2026,1,7Zz9,T03",
                "26/11/2026,1,7En1,T03",
                "25/11/2026,1,8Ma2,T05",
                "25/11/2026,1,8Ma2,T02",
                "25/11/2026,1,8Ma2,T03",
                "26/11/2026,2,7En1,T04",
            ],
        ));
        assert_eq!(loaded(&waiting), (1, 0, 8));
        assert_eq!(
            found(&school, waiting.id),
            [
                held(2, "DAY_PASSED", "Date"),
                held(3, "NO_SCHOOL", "Date"),
                held(4, "PERIOD_NOT_HERE", "Period"),
                held(5, "GROUP_NOT_HERE", "Class"),
                held(6, "NO_LESSON", "Period"),
                held(7, "TAKES_NO_REGISTERS", "Cover Teacher"),
                held(8, "HAS_IT_ANYWAY", "Cover Teacher"),
                held(9, "COVERS_ELSEWHERE", "Cover Teacher"),
            ]
        );
        school.verify();
        school.undo(waiting.id).expect("undone");
        school.undo(done.id).expect("undone");
        assert_eq!(school.count(COVERS), 0);
        school.verify();
    });
}

#[test]
fn days_off_timetable_go_in_for_the_school_or_a_group_and_are_undone() {
    each_engine(MIGRATIONS, |store| {
        let school = school(store);
        let file = || {
            list(
                "off.csv",
                &[
                    "From,To,Period,Group,What runs instead",
                    "30/11/2026,04/12/2026,,7,Mock examinations",
                    "07/12/2026,,2,Whole school,Carol service",
                    "07/12/2026,,8,,Carol service",
                    "07/12/2026,,,Year 14,Nothing of ours",
                    "23/11/2026,,,,Yesterday",
                ],
            )
        };
        let done = school.bring(file());
        assert_eq!((loaded(&done), school.count(OFF)), ((2, 0, 3), 2));
        assert_eq!(
            found(&school, done.id),
            [
                held(4, "PERIOD_NOT_HERE", "Period"),
                held(5, "GROUP_NOT_HERE", "Group"),
                held(6, "DAY_PASSED", "From"),
            ]
        );
        assert_eq!(school.book().timetable.off_on(day("2026-12-02")).count(), 1);
        assert_eq!(read_again(&school, file()), (0, 2, 3));
        let cover = school.bring(list(
            "cover.csv",
            &["Date,Period,Class,Cover Teacher", "2026-12-02,1,7En1,T03"],
        ));
        let codes: Vec<String> = found(&school, cover.id)
            .into_iter()
            .map(|one| one.2)
            .collect();
        assert_eq!(codes, ["OFF_TIMETABLE"], "the class's lesson does not run");
        school.undo(done.id).expect("undone");
        assert_eq!(school.count(OFF), 0);
        school.verify();
    });
}

fn exams(lines: &[&str]) -> ReceivedFile {
    let mut all = vec!["Exam,Date,Start,End,Room,Seat,Invigilator,Adno"];
    all.extend(lines);
    list("exams.csv", &all)
}

#[test]
fn examinations_come_with_rooms_seats_and_invigilators_and_go_again_as_a_whole() {
    each_engine(MIGRATIONS, |store| {
        let school = school(store);
        let file = || {
            exams(&[
                "Mathematics 1,30/11/2026,09:00,10:30,Hall,2,T03,004100",
                "Mathematics 1,30/11/2026,09:00,10:30,Hall,,T03,004101",
                "Mathematics 1,30/11/2026,09:00,10:30,Gym,7,T04,004102",
            ])
        };
        let done = school.bring(file());
        assert_eq!(loaded(&done), (3, 0, 0), "{:?}", found(&school, done.id));
        assert_eq!((school.count(EXAMS), school.count(SEATS)), (1, 3));
        let first = "select count(*) from exam_seat where school_id = 1 and seat = 1 and superseded_seq is null";
        assert_eq!(school.count(first), 1, "the next free seat");
        let said = done.preview.expect("a preview").consequences.join(" ");
        assert!(said.contains("3 candidates are seated"), "{said}");
        assert_eq!(read_again(&school, file()), (0, 3, 0));
        school.undo(done.id).expect("undone");
        assert_eq!((school.count(EXAMS), school.count(SEATS)), (0, 0));
        school.verify();
        school.bring(file());
        // Two candidates change places, in one file.
        let swapped = school.bring(exams(&[
            "Mathematics 1,30/11/2026,09:00,10:30,Hall,1,T03,004100",
            "Mathematics 1,30/11/2026,09:00,10:30,Hall,2,T03,004101",
        ]));
        assert_eq!(
            loaded(&swapped),
            (2, 0, 0),
            "{:?}",
            found(&school, swapped.id)
        );
        school.undo(swapped.id).expect("undone");
        assert_eq!(school.count(first), 1);
        school.verify();
    });
}

#[test]
fn a_seat_that_cannot_be_given_waits_and_a_register_that_has_begun_keeps_its_candidates() {
    each_engine(MIGRATIONS, |store| {
        let school = school(store);
        let done = school.bring(exams(&[
            "Mathematics 1,30/11/2026,09:00,10:30,Hall,1,T03,004100",
            "Mathematics 1,30/11/2026,09:00,10:30,Hall,1,T03,004101",
            "Mathematics 1,30/11/2026,09:00,10:30,Hall,3,T03,004100",
            "French 1,30/11/2026,10:00,11:00,Gym,1,T03,004100",
            "French 1,30/11/2026,10:00,11:00,Gym,2,T05,999999",
            "French 1,29/11/2026,10:00,11:00,Gym,2,T04,004102",
            "Mathematics 1,30/11/2026,09:00,11:30,Hall,4,T03,004102",
        ]));
        assert_eq!(loaded(&done), (1, 0, 6));
        let told = found(&school, done.id);
        for expected in [
            held(3, "SEAT_TAKEN", "Seat"),
            held(4, "SEATED_TWICE", "Seat"),
            held(5, "SITS_TWICE", "Seat"),
            held(6, "PUPIL_NOT_FOUND", "Seat"),
            held(7, "NO_SCHOOL", "Date"),
            held(8, "EXAM_TIMES", "End"),
        ] {
            assert!(told.contains(&expected), "{expected:?} in {told:?}");
        }
        let elsewhere = (
            5,
            "warning".to_owned(),
            "INVIGILATES_ELSEWHERE".to_owned(),
            "Invigilator".to_owned(),
        );
        assert!(told.contains(&elsewhere), "{told:?}");
        begin_register(store);
        let moved = school.bring(exams(&[
            "Mathematics 1,30/11/2026,09:00,10:30,Hall,5,T03,004100",
        ]));
        let told = found(&school, moved.id);
        assert_eq!(told, [held(2, "REGISTER_BEGUN", "Seat")]);
        let looked = school.look_back(done.id);
        let in_the_way = looked.in_the_way.join(" ");
        assert!(
            in_the_way.contains("The register of an examination that it made has begun."),
            "{in_the_way}"
        );
    });
}

/// The invigilator marks every candidate.
fn begin_register(store: &TestStore) {
    store
        .act_now(SCHOOL, |act: &mut Act| {
            let sql = "select exam_id, enrolment_id, room_id from exam_seat where school_id = 1 and superseded_seq is null";
            let seats = act.tx().query(sql, &[], |row| {
                Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))
            })?;
            for (exam, candidate, room) in seats {
                let none = None::<&str>;
                let values = args![
                    exam,
                    candidate,
                    room,
                    "/",
                    None::<i64>,
                    none,
                    none,
                    "register",
                    None::<calendar::Instant>
                ];
                act.record(&EXAM_MARK, &values)?;
            }
            act.describe(entry());
            Ok::<_, StoreError>(())
        })
        .expect("marks of a test");
}
