//! Every list that leaves as a file leaves by one door, and each is written down (I-038).

mod school;

use std::path::Path;

use axum::http::StatusCode;
use office::TABLES;
use office::ids::{EnrolmentId, PupilId};
use office::people::Role;
use office::roll::records::{ENROLMENT, MEMBERSHIP, PUPIL};
use school::{School, day, each_school};
use store::{Act, Entry, StoreError, args};

const OFFICE: Role = Role::AttendanceManager;

/// What was written down of a list.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    kind: String,
    title: String,
    address: String,
    format: String,
    columns: String,
    rows: i64,
    pupils: i64,
    reason: Option<String>,
    account: i64,
    /// From the journal: act, subject, job title.
    entry: [String; 3],
    named: Vec<PupilId>,
}

/// All that was written down, in order.
fn written(school: &School) -> Vec<Written> {
    let id = school.id;
    let written = school.office.store.read_now(move |tx| {
        let exports = tx.query(
            "select x.kind, x.title, x.address, x.format, x.columns, x.row_count, x.pupil_count, x.reason, x.account_id,
                    j.act, j.subject, j.job_title, x.export_id
             from export x join journal_entry j on j.school_id = x.school_id and j.seq = x.seq and j.account_id = x.account_id
             where x.school_id = $1 order by x.export_id",
            &args![id],
            |row| {
                let written = Written {
                    kind: row.get(0)?,
                    title: row.get(1)?,
                    address: row.get(2)?,
                    format: row.get(3)?,
                    columns: row.get(4)?,
                    rows: row.get(5)?,
                    pupils: row.get(6)?,
                    reason: row.get(7)?,
                    account: row.get(8)?,
                    entry: [row.get(9)?, row.get(10)?, row.get(11)?],
                    named: Vec::new(),
                };
                Ok((row.get::<i64>(12)?, written))
            },
        )?;
        let mut all = Vec::new();
        for (export, mut written) in exports {
            written.named = tx.query(
                "select pupil_id from export_pupil where school_id = $1 and export_id = $2 order by pupil_id",
                &args![id, export],
                |row| row.get(0),
            )?;
            all.push(written);
        }
        Ok::<_, StoreError>(all)
    });
    written.expect("what was written down")
}

/// Puts more pupils on roll in 9A, so that its list is a long one.
fn many(school: &School) {
    let account = school.person(OFFICE).account.0;
    let group = school.groups["9A"];
    let made = school
        .office
        .store
        .act_now(school.id, move |act: &mut Act| {
            let (nothing, begins) = (None::<&str>, day("2026-09-03"));
            for number in 0..40 {
                let (pupil, enrolment) = (PupilId(act.new_id()), EnrolmentId(act.new_id()));
                let surname = format!("Many{number:02}");
                let surname = surname.as_str();
                act.record(
                    &PUPIL,
                    &args![
                        pupil,
                        pupil.0,
                        nothing,
                        nothing,
                        nothing,
                        nothing,
                        surname,
                        "Pat",
                        "",
                        surname,
                        "Pat",
                        nothing,
                        day("2012-10-05")
                    ],
                )?;
                act.record(
                    &ENROLMENT,
                    &args![
                        enrolment,
                        pupil,
                        "C",
                        begins,
                        nothing,
                        None::<calendar::Day>,
                        nothing,
                        nothing,
                        nothing,
                        nothing
                    ],
                )?;
                let membership = act.new_id();
                act.record(
                    &MEMBERSHIP,
                    &args![membership, group, enrolment, begins, None::<calendar::Day>],
                )?;
            }
            act.describe(Entry {
                account,
                job_title: "Attendance manager",
                act: "add pupils",
                subject: "many".to_owned(),
            });
            Ok::<_, StoreError>(())
        });
    made.expect("pupils of a test");
}

fn is_whole(school: &School) {
    let report = school.office.store.verify_now(&[], TABLES, |_| {});
    assert!(report.expect("a proof").is_whole());
}

#[test]
fn a_list_that_leaves_is_written_down_with_who_which_pupils_and_which_columns() {
    each_school(|school| {
        let group = format!("/groups/{}", school.groups["9A"]);
        let form = [("list", group.as_str()), ("format", "csv")];
        let file = school.post(OFFICE, "/take-away", &form);
        assert_eq!(file.status, StatusCode::OK, "{}", file.text());
        assert!(file.text().contains("\"Ash, Pat\""), "{}", file.text());
        let name = file.header("content-disposition");
        assert!(
            name.contains("sample-green-school-group-9a-2026-11-24.csv"),
            "{name}"
        );
        let named = ["Ash", "Birch", "Cedar"].map(|surname| school.pupils[surname].0);
        let written = written(school);
        assert_eq!(written.len(), 1);
        let export = written[0].entry[1].clone();
        assert!(export.starts_with("export "), "{export}");
        assert_eq!(
            written[0],
            Written {
                kind: "members of a group".to_owned(),
                title: "Group 9A".to_owned(),
                address: group.clone(),
                format: "csv".to_owned(),
                columns: r#"["Surname, forename","Tutor group","In the group"]"#.to_owned(),
                rows: 3,
                pupils: 3,
                reason: None,
                account: school.person(OFFICE).account.0,
                entry: [
                    "take a list away".to_owned(),
                    export,
                    OFFICE.label().to_owned()
                ],
                named: named.to_vec(),
            }
        );
        is_whole(school);
    });
}

#[test]
fn a_list_that_names_more_than_thirty_pupils_needs_a_reason_and_offers_the_last_ones() {
    each_school(|school| {
        many(school);
        let form = [("list", "/pupils?sort=-name"), ("format", "xlsx")];
        let asked = school.post(OFFICE, "/take-away", &form);
        assert_eq!(asked.status, StatusCode::SEE_OTHER);
        let page = school.get(OFFICE, asked.location());
        let text = page.text();
        assert!(
            text.contains("48 pupils") && text.contains("I-038"),
            "{text}"
        );
        assert!(
            !text.contains("As before") && text.contains(" autofocus"),
            "{text}"
        );
        assert_eq!(written(school).len(), 0, "to ask is not to take");

        let with = |reason: &str, before: &str| {
            let given = [("reason", reason), ("before", before)];
            school.post(OFFICE, "/take-away", &[&form[..], &given].concat())
        };
        let missing = with("  ", "");
        let page = school.get(OFFICE, missing.location());
        assert!(page.text().contains("Give the reason."), "{}", page.text());
        for (reason, before) in [("Governors", ""), ("Audit", "Governors"), ("", "Governors")] {
            let file = with(reason, before);
            assert_eq!(file.status, StatusCode::OK);
            assert!(file.body.starts_with(b"PK"));
        }
        let reasons: Vec<Option<String>> =
            written(school).into_iter().map(|one| one.reason).collect();
        let given = ["Governors", "Audit", "Governors"];
        assert_eq!(reasons, given.map(|reason| Some(reason.to_owned())));
        assert_eq!(written(school)[0].named.len(), 48);

        let page = school.get(OFFICE, asked.location());
        let at = |words: &str| {
            page.text()
                .find(words)
                .unwrap_or_else(|| panic!("{words}: {}", page.text()))
        };
        assert!(at("value=\"Governors\" checked autofocus") < at("value=\"Audit\""));
        let other = school.get(Role::Headteacher, asked.location());
        assert!(
            !other.text().contains("Governors"),
            "another person's reasons are theirs"
        );
        is_whole(school);
    });
}

#[test]
fn thirty_pupils_leave_without_a_reason_and_thirty_one_do_not() {
    each_school(|school| {
        many(school);
        // 10 of the forty begin with Many0, 10 with Many1 and so on.
        for (words, pupils) in [("many0", 10), ("many", 40)] {
            let list = format!("/pupils?q={words}");
            let form = [("list", list.as_str()), ("format", "csv")];
            let answer = school.post(OFFICE, "/take-away", &form);
            let leaves = if pupils > 30 {
                StatusCode::SEE_OTHER
            } else {
                StatusCode::OK
            };
            assert_eq!(answer.status, leaves, "{list}");
        }
        assert_eq!(office::take_away::WITHOUT_A_REASON, 30);
    });
}

#[test]
fn nothing_is_written_down_of_a_list_that_somebody_may_not_have() {
    each_school(|school| {
        for (role, list) in [
            (Role::Governor, "/pupils"),
            (Role::SystemAdministrator, "/admission-register"),
            (Role::Teacher, "/registers"),
            (OFFICE, "/journal"),
            (OFFICE, "/no/such/list"),
            (OFFICE, "https://example.org/pupils"),
        ] {
            for format in ["csv", "xlsx"] {
                let answer = school.take(role, list, format);
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role:?} {list}");
            }
        }
        let unknown = school.take(OFFICE, "/pupils", "exe");
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert_eq!(written(school), vec![]);
    });
}

#[test]
fn those_who_may_read_the_journal_see_what_was_taken_away_and_nobody_else() {
    each_school(|school| {
        let group = format!("/groups/{}", school.groups["9A"]);
        school.take(OFFICE, &group, "csv");
        school.take(OFFICE, "/figures", "csv");
        for role in Role::ALL {
            let page = school.get(*role, "/journal/lists");
            let journal = school.get(*role, "/journal").status;
            assert_eq!(page.status, journal, "{role:?}");
            if page.status == StatusCode::OK {
                assert!(page.text().contains("Group 9A"), "{}", page.text());
                let sees_why = *role != Role::SystemAdministrator;
                assert_eq!(page.text().contains("A test"), sees_why, "{role:?}");
                assert!(!page.text().contains("Ash"));
            }
        }
        let page = school.get(Role::Headteacher, "/journal/lists");
        let (_, link) = page
            .text()
            .split_once("href=\"/journal/lists/")
            .expect("a link to each");
        let newest: i64 = link
            .split('"')
            .next()
            .and_then(|id| id.parse().ok())
            .expect("a number");
        let of_group = format!("/journal/lists/{}", newest - 1);
        let detail = school.get(Role::Headteacher, &of_group);
        for words in [
            "Surname, forename, Tutor group",
            "Ash, Pat",
            "Cedar, Pat",
            "A test",
        ] {
            assert!(detail.text().contains(words), "{words}: {}", detail.text());
        }
        for role in [Role::SystemAdministrator, OFFICE] {
            assert_eq!(school.get(role, &of_group).status, StatusCode::NOT_FOUND);
        }
        let (ash, fir) = (school.pupils["Ash"].0, school.pupils["Fir"].0);
        let about = |pupil| school.get(Role::Dsl, &format!("/journal/lists?pupil={pupil}"));
        assert!(about(ash).text().contains("One list"));
        assert!(about(fir).text().contains("No lists"));
        let by_number = school.get(
            Role::SystemAdministrator,
            &format!("/journal/lists?pupil={ash}"),
        );
        assert_eq!(by_number.status, StatusCode::NOT_FOUND);
        let file = school.take(Role::DataProtectionLead, "/journal/lists", "csv");
        assert!(
            file.text().contains("Group 9A") && !file.text().contains("Ash"),
            "{}",
            file.text()
        );
    });
}

/// The files of the source with their text.
fn source() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the source") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.to_string_lossy().replace('\\', "/");
                files.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    assert!(files.len() > 100);
    files
}

#[test]
fn a_file_is_made_in_one_place_only_and_every_page_that_offers_one_is_in_the_list() {
    for (name, text) in source() {
        // Tests within a file may look at what a sheet comes to.
        let text = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        for word in [
            "CONTENT_DISPOSITION",
            "content-disposition",
            "text/csv",
            " csv(",
            ":csv(",
            " xlsx(",
            ":xlsx(",
        ] {
            let is_here = name.ends_with("take_away/file.rs");
            // Files of a sealed copy are made to be kept; they leave by the same door as the bytes that were kept.
            let is_kept = name.ends_with("sealed/contents.rs") && word == " csv(";
            // What a family gave is no list: it is handed out as it came, by an act of its own.
            let is_given = name.ends_with("evidence/pages.rs") && word == "CONTENT_DISPOSITION";
            assert!(
                is_here || is_kept || is_given || !text.contains(word),
                "{name} makes a file of its own: {word}"
            );
        }
    }
    each_school(|school| {
        let role = Role::Headteacher;
        let lists = office::take_away::lists();
        // Nobody left the site or was met by a sweep, nothing is covered, planned, taught, inspected, written by letter or e-mail, changed at once or off timetable in this school, and what has no rows offers
        // no file.
        let bare = [
            "/absence-line/mailbox",
            "/api-clients",
            "/cover",
            "/door/log",
            "/door/mismatch",
            "/exams",
            "/fire/copies",
            "/fire/drills",
            "/messages/letters",
            "/missing",
            "/punctuality",
            "/site/log",
            "/inspections",
            "/late-marks",
            "/left-site",
            "/lessons",
            "/lessons/differ",
            "/many-marks",
            "/plans",
            "/preservation",
            "/sub-codes",
            "/sweeps",
            "/timetable/off",
            "/unexplained",
            "/unexplained/week",
            "/visits/collections",
            "/visits/log",
            "/webhooks",
        ];
        let of_ash = format!("/changes?page=/pupils/{}&from=0", school.pupils["Ash"].0);
        let plain = lists
            .iter()
            .filter(|list| !list.address.contains('{') && !bare.contains(&list.address));
        let mut asked = 0;
        for list in plain {
            let question = match list.address {
                "/why" => "/why?who=school",
                "/changes" => &of_ash,
                address => address,
            };
            let page = school.get(role, question);
            let way = format!("name=\"list\" value=\"{}", list.address);
            let (_, rest) = page
                .text()
                .split_once(&way)
                .unwrap_or_else(|| panic!("{question} offers no file: {}", page.text()));
            let tail = rest.split('"').next().expect("the end of an address");
            let address = format!("{}{}", list.address, tail.replace("&#38;", "&"));
            for format in ["csv", "xlsx"] {
                let file = school.take(role, &address, format);
                assert_eq!(file.status, StatusCode::OK, "{address}");
                let page = school.get(
                    role,
                    &format!("{question}{}format={format}", joint(question)),
                );
                assert_eq!(page.header("content-disposition"), "", "{question}");
                asked += 1;
            }
        }
        assert!(asked >= 18, "{asked}");
    });
}

fn joint(address: &str) -> char {
    if address.contains('?') { '&' } else { '?' }
}
