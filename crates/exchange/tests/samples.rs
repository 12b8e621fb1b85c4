//! Each sample family gives what its SOURCES.md states, as far as the format decides it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use calendar::{Day, Session};
use exchange::{
    FindingCode, InputFile, Kind, MarkLayout, Options, PriorClass, Reading, RefusedFile,
    SchoolNumber, Severity, Standing, TermDateKind, WeekLayout,
};

fn day(text: &str) -> Day {
    text.parse().expect("a test writes real days")
}

fn today() -> Day {
    day("2026-11-22")
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// The law's answer for the few marks of the transfer files.
fn classify(mark: &str, _: Day) -> Option<PriorClass> {
    Some(match mark {
        "/" | "\\" | "L" | "B" => PriorClass::Attended,
        "I" | "M" | "C" | "C1" | "C2" => PriorClass::Authorised,
        "O" | "U" | "N" | "G" => PriorClass::Unauthorised,
        "X" | "Y1" => PriorClass::NotPossible,
        _ => return None,
    })
}

fn options() -> Options<'static> {
    Options {
        own_schools: vec![SchoolNumber::new("823/4998").expect("a school number")],
        classify: Some(&classify),
        ..Options::on(today())
    }
}

fn read_as(path: &str, options: &Options<'_>) -> Result<Reading, RefusedFile> {
    let path = samples().join(path);
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(&path).expect("the folder of a set") {
            let entry = entry.expect("a file of a set");
            let bytes = std::fs::read(entry.path()).expect("readable");
            files.push((entry.file_name().into_string().expect("a name"), bytes));
        }
        files.sort();
    } else {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        files.push((name.to_owned(), std::fs::read(&path).expect("readable")));
    }
    let inputs: Vec<InputFile<'_>> = files
        .iter()
        .map(|(name, bytes)| InputFile { name, bytes })
        .collect();
    exchange::read(&inputs, options)
}

fn read(path: &str) -> Reading {
    let reading = read_as(path, &options()).unwrap_or_else(|refused| panic!("{path}: {refused}"));
    let counts = reading.counts;
    assert_eq!(
        counts.read,
        counts.offered + counts.held + counts.rejected + counts.skipped,
        "{path}: the counts do not add up: {counts:?}"
    );
    reading
}

fn refused(path: &str) -> RefusedFile {
    match read_as(path, &options()) {
        Ok(reading) => panic!("{path} was read: {:?}", reading.counts),
        Err(refused) => refused,
    }
}

fn codes(reading: &Reading) -> Vec<(&'static str, u32)> {
    let found: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| (finding.code.code(), finding.line))
        .collect();
    found
}

fn forenames(reading: &Reading) -> Vec<&str> {
    reading
        .pupils
        .iter()
        .map(|pupil| pupil.legal_forename.as_str())
        .collect()
}

fn with_code(reading: &Reading, code: FindingCode) -> usize {
    reading
        .findings
        .iter()
        .filter(|finding| finding.code == code)
        .count()
}

#[test]
fn thirty_pupils_in_windows_1252_with_six_damaged_names() {
    let reading = read("mis/sims_style_pupils_windows1252.csv");
    assert_eq!(reading.kind, Kind::Pupils);
    assert_eq!(reading.counts.offered, 30);
    assert_eq!(reading.counts.rejected, 0);
    assert_eq!(with_code(&reading, FindingCode::NameDamaged), 6);
    assert_eq!(reading.findings.len(), 6, "{:?}", codes(&reading));
    assert_eq!(
        reading.encoding.map(exchange::Encoding::name),
        Some("Windows-1252")
    );
    assert_eq!(reading.encoding_samples, ["Siân", "Zoë", "Joaquín"]);
    let first = &reading.pupils[0];
    assert_eq!((first.legal_forename.as_str(), first.line), ("Siân", 2));
    assert_eq!(first.birth_date, Some(day("2014-11-12")));
    assert_eq!(
        first
            .year_group
            .as_ref()
            .and_then(|year| year.code.as_deref()),
        Some("7")
    );
    assert_eq!(first.key.admission_number.as_deref(), Some("004100"));
    assert_eq!(first.characteristics.free_meals, Some(false));
}

#[test]
fn thirty_pupils_between_a_title_and_a_total() {
    let reading = read("mis/sims_style_pupils_with_title_and_total.csv");
    assert_eq!(reading.counts.offered, 30);
    assert_eq!(
        codes(&reading),
        [("TITLE_LINE", 1), ("BLANK_LINE", 2), ("TOTAL_LINE", 34)]
    );
    let surnames: Vec<&str> = reading
        .pupils
        .iter()
        .map(|pupil| pupil.legal_surname.as_str())
        .collect();
    assert!(surnames.contains(&"Null") && surnames.contains(&"True"));
    let khans = reading
        .pupils
        .iter()
        .filter(|pupil| pupil.legal_surname == "Khan" && pupil.legal_forename == "Ali");
    let births: Vec<_> = khans
        .map(|pupil| (pupil.birth_date, pupil.standing))
        .collect();
    assert_eq!(births.len(), 2);
    assert_eq!(births[0], births[1]);
    assert_eq!(births[0].1, Standing::Offered);
    assert_eq!(
        reading
            .pupils
            .iter()
            .filter(|pupil| pupil.key.upn.is_some_and(|upn| upn.is_temporary()))
            .count(),
        1
    );
    assert_eq!(
        reading
            .pupils
            .iter()
            .filter(|pupil| pupil.leaving_day == Some(day("2026-10-23")))
            .count(),
        1
    );
}

#[test]
fn thirty_contacts_of_twenty_pupils_one_of_them_without_automatic_messages() {
    let reading = read("mis/sims_style_contacts_utf8.csv");
    assert_eq!(reading.kind, Kind::Contacts);
    assert_eq!(reading.counts.offered, 30);
    let mut pupils: Vec<_> = reading
        .contacts
        .iter()
        .map(|contact| contact.pupil.upn)
        .collect();
    pupils.dedup();
    assert_eq!(pupils.len(), 20);
    let stopped: Vec<_> = reading
        .contacts
        .iter()
        .filter(|contact| contact.no_automatic_messages.is_some())
        .collect();
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0].legal_restriction, Some(true));
    assert_eq!(with_code(&reading, FindingCode::NoAutomaticMessages), 1);
    let second = &reading.contacts[1];
    assert_eq!(
        second
            .address
            .as_ref()
            .and_then(|address| address.postcode.as_deref()),
        Some("SW1A 1AA")
    );
    assert_eq!(
        second.phones[0].phone.e164.as_deref(),
        Some("+447700900200")
    );
    assert_eq!(second.priority, Some(2));
}

#[test]
fn the_wide_marks_add_up_to_the_expected_totals() {
    let reading = read("mis/sims_style_session_marks_wide.csv");
    assert_eq!(
        (reading.kind, reading.mark_layout),
        (Kind::Marks, Some(MarkLayout::Wide))
    );
    assert_eq!(reading.marks.pupils.len(), 30);
    let answers = std::fs::read_to_string(samples().join("mis/expected_totals_made_by_us.csv"))
        .expect("the answers");
    for line in answers.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let pupil = reading
            .marks
            .pupils
            .iter()
            .position(|pupil| pupil.key.admission_number.as_deref() == Some(cells[0]));
        let pupil = pupil.expect("a pupil of the answers") as u32;
        let count = |of: &[&str]| {
            let marks = reading
                .marks
                .marks
                .iter()
                .filter(|mark| mark.pupil == pupil);
            marks
                .filter(|mark| of.contains(&reading.marks.text(mark)))
                .count()
                .to_string()
        };
        assert_eq!(
            count(&["O", "U", "N", "G"]),
            cells[7],
            "unauthorised of {}",
            cells[0]
        );
        assert_eq!(count(&["L"]), cells[8], "late of {}", cells[0]);
        assert_eq!(
            count(&["/", "\\", "L", "B", "P", "V", "W", "K"]),
            cells[5],
            "attended of {}",
            cells[0]
        );
    }
    assert!(reading.marks.texts.iter().any(|text| text == "C2"));
    assert_eq!(reading.counts.rejected, 0);
}

#[test]
fn two_hundred_and_forty_marks_of_twelve_pupils_in_rows() {
    let reading = read("mis/arbor_style_roll_call_long.csv");
    assert_eq!(
        (reading.kind, reading.mark_layout),
        (Kind::Marks, Some(MarkLayout::Long))
    );
    assert_eq!(reading.counts.offered, 240);
    assert_eq!(reading.marks.pupils.len(), 12);
    assert_eq!(reading.counts.rejected, 0);
    let first = reading.marks.marks[0];
    assert_eq!(
        (first.day, first.session, first.line),
        (day("2026-11-02"), Session::Am, 2)
    );
    assert!(
        reading
            .marks
            .marks
            .iter()
            .any(|mark| mark.minutes_late().is_some())
    );
}

#[test]
fn thirty_pupils_with_dates_and_circumstances_in_words() {
    let reading = read("mis/arbor_style_students_utf8_bom.csv");
    assert_eq!(reading.counts.offered, 30, "{:?}", codes(&reading));
    assert!(reading.findings.is_empty(), "{:?}", codes(&reading));
    let fifth = &reading.pupils[4];
    assert_eq!(
        fifth.characteristics.sen[0].provision.code.as_deref(),
        Some("E")
    );
    assert_eq!(
        fifth
            .key
            .source_id
            .as_ref()
            .map(|id| (id.source.as_str(), id.id.as_str())),
        Some(("Arbor student ID", "1004"))
    );
}

#[test]
fn thirty_pupils_with_a_contact_beside_each() {
    let reading = read("mis/bromcom_style_student_flat_view.csv");
    assert_eq!(reading.counts.offered, 30, "{:?}", codes(&reading));
    assert_eq!(reading.contacts.len(), 30);
    let contact = &reading.contacts[0];
    assert_eq!(
        (contact.forename.as_deref(), contact.surname.as_deref()),
        (Some("Parent0"), Some("Griffiths"))
    );
    assert_eq!(
        (contact.priority, contact.parental_responsibility),
        (Some(1), Some(true))
    );
    assert_eq!(contact.pupil_line, Some(2));
    assert_eq!(
        reading.pupils[0]
            .enrolment_status
            .as_ref()
            .and_then(|status| status.code.as_deref()),
        Some("C")
    );
}

#[test]
fn a_week_of_thirty_by_ten_cells_takes_its_monday_from_the_file_name() {
    let reading = read("mis/bromcom_style_attendance_by_week_2026-11-09.csv");
    assert_eq!(reading.mark_layout, Some(MarkLayout::Week));
    assert_eq!(reading.counts.offered + reading.counts.gaps, 300);
    assert_eq!(reading.marks.marks[0].day, day("2026-11-09"));
    assert_eq!(
        reading.marks.pupils[0]
            .key
            .source_id
            .as_ref()
            .map(|id| id.id.as_str()),
        Some("20000")
    );
    let bytes =
        std::fs::read(samples().join("mis/bromcom_style_attendance_by_week_2026-11-09.csv"))
            .expect("readable");
    let nameless = [InputFile {
        name: "week.csv",
        bytes: &bytes,
    }];
    let refused = exchange::read(&nameless, &options()).expect_err("no week");
    assert!(refused.is_question());
    let told = Options {
        week_beginning: Some(day("2026-11-09")),
        ..options()
    };
    assert!(exchange::read(&nameless, &told).is_ok());
}

#[test]
fn the_four_layouts_agree_where_they_overlap() {
    fn by_upn(reading: &Reading) -> HashMap<(String, Day, Session), String> {
        let marks = reading.marks.marks.iter().filter_map(|mark| {
            let upn = reading.marks.pupil(mark).key.upn?;
            Some((
                (upn.to_string(), mark.day, mark.session),
                reading.marks.text(mark).to_owned(),
            ))
        });
        marks.collect()
    }
    let wide = by_upn(&read("mis/sims_style_session_marks_wide.csv"));
    for other in [
        "mis/arbor_style_roll_call_long.csv",
        "mis/marks_merged_two_row_header.xlsx",
    ] {
        let other_marks = by_upn(&read(other));
        let shared = other_marks
            .iter()
            .filter(|(key, _)| wide.contains_key(*key));
        let differing: Vec<_> = shared
            .clone()
            .filter(|(key, mark)| wide[*key] != **mark)
            .collect();
        assert!(shared.count() > 200, "{other}");
        assert!(differing.is_empty(), "{other}: {differing:?}");
    }
}

#[test]
fn a_workbook_with_true_dates_and_a_second_sheet_gives_thirty_pupils() {
    let reading = read("mis/pupils.xlsx");
    assert_eq!(reading.counts.offered, 30, "{:?}", codes(&reading));
    assert!(reading.findings.is_empty(), "{:?}", codes(&reading));
    assert_eq!(reading.pupils[0].birth_date, Some(day("2014-11-12")));
    assert_eq!(
        reading.pupils[0].key.admission_number.as_deref(),
        Some("004100")
    );
}

#[test]
fn merged_headings_over_ten_sessions_give_three_hundred_cells() {
    let reading = read("mis/marks_merged_two_row_header.xlsx");
    assert_eq!(reading.mark_layout, Some(MarkLayout::TwoRowHeading));
    assert_eq!(reading.counts.offered + reading.counts.gaps, 300);
    let first = &reading.marks.pupils[0];
    // The noughts that the spreadsheet lost are for the roll to restore: the length of its numbers is known there.
    assert_eq!(first.key.admission_number.as_deref(), Some("4100"));
    assert_eq!(
        first.key.upn.map(|upn| upn.to_string()).as_deref(),
        Some("F823299818001")
    );
    let days: Vec<Day> = reading.marks.marks.iter().map(|mark| mark.day).collect();
    assert_eq!(
        (days.iter().min(), days.iter().max()),
        (Some(&day("2026-11-16")), Some(&day("2026-11-20")))
    );
}

#[test]
fn a_timetable_of_two_weeks_gives_a_lesson_for_each_pupil_and_period() {
    let reading = read("mis/timetable_long.csv");
    assert_eq!(reading.kind, Kind::Timetable);
    assert_eq!(
        (reading.lessons.len(), reading.counts.offered),
        (300, 300),
        "{:?}",
        codes(&reading)
    );
    assert!(reading.findings.is_empty(), "{:?}", codes(&reading));
    let first = &reading.lessons[0];
    assert_eq!(
        (first.class.as_str(), first.subject.as_deref()),
        ("7En1", Some("English"))
    );
    assert_eq!(
        (first.teachers.as_slice(), first.room.as_deref()),
        (&["T01".to_owned()][..], Some("R11"))
    );
    assert_eq!(first.pupil.admission_number.as_deref(), Some("004100"));
    assert_eq!(
        (first.from, first.to),
        (Some(day("2026-09-02")), Some(day("2026-12-18")))
    );
}

#[test]
fn kinds_for_a_later_version_are_named_and_left() {
    for (path, kind) in [
        ("mis/behaviour_incidents.csv", "a list of behaviour events"),
        (
            "mis/expected_totals_made_by_us.csv",
            "a list of attendance totals",
        ),
    ] {
        match refused(path) {
            RefusedFile::KindNotImportedYet { kind: found, .. } => assert_eq!(found, kind),
            other => panic!("{path}: {other}"),
        }
    }
}

#[test]
fn a_one_roster_set_of_either_version_gives_its_people_and_groups() {
    let reading = read("oneroster/v1p2-bulk-made-by-us");
    assert_eq!(reading.kind, Kind::OneRoster);
    assert_eq!((reading.pupils.len(), reading.staff.len()), (30, 15));
    assert_eq!((reading.groups.len(), reading.memberships.len()), (15, 45));
    assert_eq!(
        (reading.counts.held, reading.counts.rejected),
        (0, 0),
        "{:?}",
        codes(&reading)
    );
    let first = &reading.pupils[0];
    assert_eq!(
        first.key.upn.map(|upn| upn.to_string()).as_deref(),
        Some("F823299818001")
    );
    assert_eq!(first.key.admission_number.as_deref(), Some("004100"));
    assert_eq!(first.birth_date, Some(day("2014-11-12")));
    assert_eq!(first.registration_group.as_deref(), Some("7A"));
    assert_eq!(
        first
            .year_group
            .as_ref()
            .and_then(|year| year.code.as_deref()),
        Some("7")
    );
    assert_eq!(reading.dropped_headings().count(), 1);
    assert_eq!(reading.term_dates.len(), 1);

    let older = read("oneroster/v1p1-bulk-made-by-us");
    assert_eq!(
        (
            older.pupils.len(),
            older.staff.len(),
            older.memberships.len()
        ),
        (30, 0, 30)
    );
    assert_eq!(older.pupils[0].birth_date, None);
}

#[test]
fn a_broken_one_roster_set_names_every_fault() {
    let reading = read("oneroster/v1p2-bulk-broken-made-by-us");
    let rejected: Vec<_> = reading
        .findings_of(Severity::Rejected)
        .map(|finding| {
            (
                finding.file.to_string(),
                finding.line,
                finding.column.clone(),
                finding.code,
            )
        })
        .collect();
    assert_eq!(
        rejected,
        [
            (
                "enrollments.csv".to_owned(),
                1,
                "role".to_owned(),
                FindingCode::FileColumnAbsent
            ),
            (
                "roles.csv".to_owned(),
                4,
                "role".to_owned(),
                FindingCode::RoleUnknown
            ),
            (
                "users.csv".to_owned(),
                6,
                "givenName".to_owned(),
                FindingCode::RequiredMissing
            ),
        ]
    );
    assert_eq!(with_code(&reading, FindingCode::RepeatedInFile), 1);
    assert_eq!(with_code(&reading, FindingCode::RoleMissing), 1);
    assert_eq!(reading.pupils.len(), 2);
}

#[test]
fn a_school_data_sync_set_is_read_and_its_passwords_are_dropped() {
    let reading = read("sds/v2.1");
    assert_eq!(reading.kind, Kind::SchoolDataSync);
    assert_eq!(
        (
            reading.pupils.len(),
            reading.staff.len(),
            reading.contacts.len()
        ),
        (4, 2, 3)
    );
    assert_eq!(reading.groups.len(), 2);
    let dropped: Vec<_> = reading
        .dropped_headings()
        .map(|heading| (heading.file.as_str(), heading.heading.as_str()))
        .collect();
    assert_eq!(dropped, [("users.csv", "password")]);
    assert!(
        !format!("{reading:?}").contains("P@ss"),
        "a password was kept"
    );
}

#[test]
fn the_older_school_data_sync_layout_asks_whether_the_month_comes_first() {
    let refused = refused("sds/uk-format-25-users");
    assert!(
        matches!(refused, RefusedFile::MonthFirst { .. }) && refused.is_question(),
        "{refused}"
    );
    let agreed = Options {
        month_first: true,
        ..options()
    };
    let reading = read_as("sds/uk-format-25-users", &agreed).expect("read");
    assert_eq!((reading.pupils.len(), reading.staff.len()), (22, 2));
    assert_eq!((reading.groups.len(), reading.memberships.len()), (28, 158));
    assert_eq!(reading.pupils[0].birth_date, Some(day("2000-04-02")));
    assert_eq!(reading.dropped_headings().count(), 2);
    assert!(
        !format!("{reading:?}").contains("P@ss"),
        "a password was kept"
    );
}

#[test]
fn two_editions_of_the_transfer_file_give_the_same_three_pupils() {
    let (newer, older) = (
        read("ctf/8232998_CTF_8234998_001.xml"),
        read("ctf/8232998_CTF_8234998_002.xml"),
    );
    for (reading, layout) in [
        (&newer, WeekLayout::SevenDays),
        (&older, WeekLayout::FiveDays),
    ] {
        assert_eq!(reading.kind, Kind::TransferFile);
        assert_eq!((reading.counts.offered, reading.contacts.len()), (3, 3));
        assert!(reading.findings.is_empty(), "{:?}", codes(reading));
        for pupil in &reading.pupils {
            let prior = &pupil.prior_attendance[0];
            assert_eq!(
                (prior.possible, prior.layout),
                (Some(80), Some(layout)),
                "{}",
                pupil.legal_surname
            );
            assert!(
                prior
                    .marks
                    .iter()
                    .all(|mark| !mark.day.weekday().is_weekend())
            );
        }
    }
    // The older edition has one character for each mark, so C2 could only be written C.
    let marks = |reading: &Reading| -> Vec<(Day, Session, String)> {
        let prior = reading
            .pupils
            .iter()
            .map(|pupil| &pupil.prior_attendance[0]);
        let marks = prior.flat_map(|prior| prior.marks.clone());
        marks
            .map(|mark| (mark.day, mark.session, mark.mark.replace("C2", "C")))
            .collect()
    };
    assert!(marks(&newer) == marks(&older), "the marks differ");
    let first = newer.pupils.iter().find(|pupil| {
        pupil
            .key
            .upn
            .is_some_and(|upn| upn.as_str() == "F823299818001")
    });
    let prior = &first.expect("the pupil").prior_attendance[0];
    assert_eq!(
        (prior.authorised, prior.unauthorised, prior.year),
        (Some(2), Some(1), Some(2025))
    );
}

#[test]
fn seven_pupils_with_trouble_end_as_one_loaded_three_rejected_and_three_held() {
    let reading = read("ctf/8232998_CTF_8234998_003.xml");
    let counts = reading.counts;
    assert_eq!(
        (counts.offered, counts.rejected, counts.held),
        (1, 3, 3),
        "{:?}",
        codes(&reading)
    );
    let rejected: Vec<_> = reading
        .findings_of(Severity::Rejected)
        .map(|finding| finding.code.code())
        .collect();
    assert_eq!(
        rejected,
        ["UPN_CHECK_LETTER", "DATE_NOT_REAL", "REQUIRED_MISSING"]
    );
    let held: Vec<_> = reading
        .findings_of(Severity::Held)
        .map(|finding| finding.code.code())
        .collect();
    assert_eq!(
        held,
        ["REPEATED_DIFFERS", "NO_IDENTIFIER", "REPEATED_DIFFERS"]
    );
    let loaded = reading
        .pupils
        .iter()
        .find(|pupil| pupil.standing == Standing::Offered)
        .expect("one is offered");
    assert_eq!(
        loaded
            .characteristics
            .ethnicity
            .as_ref()
            .map(|coded| coded.code.clone()),
        Some(None)
    );
    let unknown = reading
        .findings
        .iter()
        .find(|finding| finding.code == FindingCode::CodeUnknown)
        .expect("a warning");
    assert_eq!(unknown.value, "Q…Q", "ethnicity is masked in reports");
}

#[test]
fn a_partial_file_of_an_authority_and_files_to_nowhere_are_read() {
    let reading = read("ctf/823LLLL_CTF_8234998_001.xml");
    let header = reading.transfer.as_ref().expect("a header");
    assert_eq!(
        (header.qualifier.as_str(), header.sender.as_str()),
        ("partial", "823/LLLL")
    );
    for path in [
        "ctf/8234998_CTF_XXXXXXX_001.xml",
        "ctf/8234998_CTF_MMMMMMM_001.xml",
    ] {
        assert!(
            matches!(refused(path), RefusedFile::AnotherSchool { .. }),
            "{path}"
        );
        let accepted = Options {
            accept_other_school: true,
            ..options()
        };
        let reading = read_as(path, &accepted).expect("read");
        let prior = &reading.pupils[0].prior_attendance[0];
        assert_eq!(
            (prior.possible, prior.layout),
            (Some(72), Some(WeekLayout::SevenDays))
        );
        assert_eq!(
            reading.pupils[0].characteristics.sen[0].from,
            Some(day("2023-01-09"))
        );
        assert_eq!(
            reading.pupils[0].school_history[0].to,
            Some(day("2026-10-23"))
        );
    }
}

#[test]
fn transfer_files_in_three_encodings_keep_their_names_or_are_refused_with_the_byte() {
    for (path, forename) in [
        (
            "ctf/encodings/8232998_CTF_8234998_010_iso-8859-1.xml",
            "Siân",
        ),
        (
            "ctf/encodings/8232998_CTF_8234998_011_utf-16le-bom.xml",
            "Łukasz",
        ),
    ] {
        assert_eq!(forenames(&read(path)), [forename], "{path}");
    }
    let path = "ctf/encodings/8232998_CTF_8234998_012_declared-utf8-is-windows1252.xml";
    let refused = refused(path);
    let RefusedFile::BytesContradictDeclaration { byte, .. } = refused else {
        panic!("{refused}");
    };
    let bytes = std::fs::read(samples().join(path)).expect("readable");
    assert!(!bytes[byte].is_ascii() && bytes[..byte].is_ascii());
    assert!(refused.is_question());
    let reread = Options {
        encoding: Some(exchange::Encoding::Windows1252),
        ..options()
    };
    assert_eq!(
        forenames(&read_as(path, &reread).expect("read")),
        ["Joaquín"]
    );
}

#[test]
fn hostile_transfer_files_are_refused_with_a_reason_worth_reading() {
    let message = |path: &str| refused(path).to_string();
    for path in [
        "ctf/hostile/entity-expansion.xml",
        "ctf/hostile/external-entity.xml",
    ] {
        assert!(
            message(path).contains("DOCTYPE) in line 2"),
            "{}",
            message(path)
        );
    }
    let cut = message("ctf/hostile/truncated-after-two-pupils.xml");
    assert!(
        cut.contains("2 complete pupils") && cut.contains("Nothing was loaded"),
        "{cut}"
    );
    assert!(
        message("ctf/hostile/wrong-school.xml")
            .contains("addressed to 823/4001, and this school is 823/4998")
    );
    assert!(message("ctf/hostile/not-a-ctf.xml").contains("not a common transfer file"));
}

#[test]
fn three_applicants_are_expected_pupils_with_a_reference_each() {
    let reading = read("atf/823LLLL_ATF_8234998_26001.xml");
    assert_eq!(reading.kind, Kind::AdmissionsFile);
    assert_eq!(reading.counts.offered, 3);
    assert!(
        reading
            .pupils
            .iter()
            .all(|pupil| pupil.application_reference.is_some())
    );
}

#[test]
fn pupil_lists_without_identifiers_hold_every_record_for_a_person() {
    for (path, held, rejected, skipped) in [
        ("pupil-lists/class_import_valid.csv", 4, 0, 1),
        ("pupil-lists/class_import_valid_minimal.csv", 1, 0, 0),
        ("pupil-lists/class_import_valid_extra_fields.csv", 3, 0, 0),
        ("pupil-lists/class_import_valid_with_bom.csv", 1, 0, 0),
        (
            "pupil-lists/class_import_valid_instruction_row.csv",
            1,
            0,
            1,
        ),
        ("pupil-lists/class_import_duplicates.csv", 3, 0, 0),
        ("pupil-lists/class_import_invalid_minimal.csv", 0, 1, 0),
        (
            "pupil-lists/cohort_import_valid_iso_8859_1_encoding.csv",
            16,
            0,
            0,
        ),
    ] {
        let reading = read(path);
        assert_eq!(reading.kind, Kind::PupilList, "{path}");
        let counts = reading.counts;
        assert_eq!(
            (counts.offered, counts.held, counts.rejected, counts.skipped),
            (0, held, rejected, skipped),
            "{path}"
        );
        let dropped = reading
            .dropped_headings()
            .all(|heading| heading.heading == "CHILD_NHS_NUMBER");
        assert!(dropped, "{path}");
    }
    let instruction = read("pupil-lists/class_import_valid_instruction_row.csv");
    assert_eq!(with_code(&instruction, FindingCode::InstructionLine), 1);
    let cohort = read("pupil-lists/cohort_import_valid_iso_8859_1_encoding.csv");
    assert!(
        cohort
            .pupils
            .iter()
            .any(|pupil| pupil.legal_surname == "Jalapeño-Pérez"
                || pupil.legal_forename == "Jalapeño-Pérez")
    );
}

#[test]
fn every_fault_of_a_pupil_list_is_listed_with_row_and_column() {
    let reading = read("pupil-lists/class_import_invalid_fields.csv");
    let counts = reading.counts;
    assert_eq!(
        (counts.held, counts.rejected, counts.skipped),
        (12, 4, 1),
        "{:?}",
        codes(&reading)
    );
    let faults: Vec<_> = reading
        .findings
        .iter()
        .filter(|finding| !matches!(finding.severity, Severity::Held))
        .map(|finding| (finding.line, finding.code.code(), finding.column.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            (2, "BLANK_LINE", ""),
            (3, "REQUIRED_MISSING", "CHILD_LAST_NAME"),
            (4, "CONTACT_WITHOUT_NAME", "PARENT_1_NAME"),
            (8, "REQUIRED_MISSING", "CHILD_FIRST_NAME"),
            (9, "REQUIRED_MISSING", "CHILD_DATE_OF_BIRTH"),
            (14, "EMAIL", "PARENT_1_EMAIL"),
            (15, "PHONE", "PARENT_1_PHONE"),
            (16, "DATE_FORM", "CHILD_DATE_OF_BIRTH"),
            (17, "POSTCODE", "CHILD_POSTCODE"),
        ]
    );
    assert!(matches!(
        refused("pupil-lists/class_import_malformed.csv"),
        RefusedFile::WrongKind { .. }
    ));
}

#[test]
fn unique_pupil_numbers_are_judged_as_their_lists_say() {
    let text =
        |name: &str| std::fs::read_to_string(samples().join("upn").join(name)).expect("readable");
    for line in text("valid.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let upn =
            exchange::upn::check(cells[0]).unwrap_or_else(|fault| panic!("{}: {fault}", cells[0]));
        assert_eq!(upn.is_temporary(), cells[1] == "temporary", "{upn}");
    }
    for line in text("invalid.csv").lines().skip(1) {
        let number = line.split(',').next().unwrap_or_default();
        assert!(exchange::upn::check(number).is_err(), "{number}");
    }
    for line in text("normalise.csv").lines().skip(1) {
        let (received, stored) = line.rsplit_once(',').expect("two cells");
        assert_eq!(
            exchange::upn::check(received).map(|upn| upn.to_string()),
            Ok(stored.to_owned())
        );
    }
}

#[test]
fn postcodes_and_telephones_are_judged_as_their_lists_say() {
    let text = |name: &str| {
        std::fs::read_to_string(samples().join("postcode-phone").join(name)).expect("readable")
    };
    for line in text("postcodes.csv").lines().skip(1) {
        let (postcode, valid) = line.rsplit_once(',').expect("two cells");
        assert_eq!(
            exchange::postcode::tidy(postcode).is_some(),
            valid == "yes",
            "{postcode}"
        );
    }
    let phones = text("phones.csv")
        .replace("\"\u{200B}", "\u{200B}")
        .replace("\u{FEFF} \r\n\"", "\u{FEFF} ");
    for line in phones.lines().skip(1) {
        let cells: Vec<&str> = line.rsplitn(3, ',').collect();
        let (valid, kind, number) = (cells[0] == "yes", cells[1], cells[2]);
        let found = exchange::phone::tidy(number).kind;
        let is_kind = match kind {
            "mobile" => found == exchange::phone::PhoneKind::Mobile,
            _ => found == exchange::phone::PhoneKind::Landline,
        };
        assert_eq!(is_kind, valid, "{number:?} gave {found:?}");
    }
}

#[test]
fn term_dates_are_proposed_with_their_last_days_inclusive() {
    let reading = read("calendars/term_dates_made_by_us.ics");
    assert_eq!(reading.kind, Kind::TermDates);
    let found: Vec<_> = reading
        .term_dates
        .iter()
        .map(|term| (term.first, term.last, term.proposed))
        .collect();
    assert_eq!(
        found,
        [
            (day("2026-09-02"), day("2026-10-23"), TermDateKind::Term),
            (day("2026-10-26"), day("2026-10-30"), TermDateKind::Holiday),
            (day("2026-09-02"), day("2026-09-02"), TermDateKind::Inset),
            (day("2026-10-23"), day("2026-10-23"), TermDateKind::Inset),
        ]
    );
    assert_eq!(reading.term_dates[0].summary, "Autumn term, first half");
    assert!(
        reading.term_dates[3]
            .summary
            .ends_with("that has to be folded because it is more than seventy-five octets")
    );
}

#[test]
fn the_census_code_sets_are_all_understood() {
    for (file, set) in [
        ("census_ethnicity.csv", exchange::CodeSet::Ethnicity),
        ("census_language.csv", exchange::CodeSet::Language),
        ("census_nc_year_actual.csv", exchange::CodeSet::YearGroup),
        ("census_sen_provision.csv", exchange::CodeSet::SenProvision),
        (
            "census_enrol_status.csv",
            exchange::CodeSet::EnrolmentStatus,
        ),
        (
            "census_exclusion_category.csv",
            exchange::CodeSet::ExclusionCategory,
        ),
    ] {
        let text = std::fs::read_to_string(samples().join("codes").join(file)).expect("readable");
        for code in text
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next())
        {
            assert_eq!(
                exchange::coded(set, code).code.as_deref(),
                Some(code),
                "{file}"
            );
        }
    }
}
