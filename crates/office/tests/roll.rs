//! The roll's pages and acts, over all roles, on both engines.

mod school;

use axum::http::{Method, StatusCode, header};
use calendar::Session;
use office::people::{Access, RecordKind, Role, Scope, access::granted};
use office::year::records::SETTING;
use office::{MIGRATIONS, TABLES};
use school::{Answer, School, day, each_school};
use store::testing::each_engine;
use store::{Entry, StoreError, args};

const OFFICE: Role = Role::AttendanceManager;

fn path(school: &School, surname: &str, tail: &str) -> String {
    format!("/pupils/{}{tail}", school.pupils[surname].0)
}

/// A pupil who joins today, as the form asks for one.
fn new_pupil<'a>(surname: &'a str, upn: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("legal_surname", surname),
        ("legal_forename", "Robin"),
        ("sex", "F"),
        ("birth_day", "2012-05-01"),
        ("upn", upn),
        ("basis", "agreed"),
        ("agreed_with", "the mother"),
        ("starting_day", "2026-11-24"),
        ("kind", "C"),
        ("last_school", "Example Primary School"),
        ("last_school_address", "1 High Street, Sampleton"),
        ("line_1", "2 Sample Road"),
        ("town", "Sampleton"),
        ("postcode", "sw1a 1aa"),
    ]
}

const UPN: &str = "Y823432112001";
const OTHER_UPN: &str = "M823432112002";

/// Where an answer leads, without what was done.
fn led_to(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let location = answer.location();
    location.split(['?']).next().unwrap_or_default().to_owned()
}

/// Adds a pupil and answers the path of their pages.
fn add(school: &School, surname: &str, upn: &str) -> String {
    let answer = school.post(OFFICE, "/pupils/new", &new_pupil(surname, upn));
    led_to(&answer).trim_end_matches("/contacts").to_owned()
}

/// The value of a hidden or other question of a form.
fn value_of(page: &Answer, name: &str) -> String {
    let text = page.text();
    let from = text
        .find(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no {name} in {text}"));
    let rest = &text[from..];
    let value = rest.split("value=\"").nth(1).unwrap_or_default();
    value.split('"').next().unwrap_or_default().to_owned()
}

fn is_whole(school: &School) {
    let report = school.office.store.verify_now(&[school.id], TABLES, |_| ());
    let report = report.expect("the store can be read");
    assert!(report.is_whole(), "{report:?}");
}

#[test]
fn a_pupil_is_found_by_the_first_letters_of_any_name_by_number_and_by_tutor_group() {
    each_school(|school| {
        add(school, "Zoë-Łis O'Maple", UPN);
        let find = |query: &str| {
            let request = school
                .request(
                    Some(Role::Teacher),
                    Method::GET,
                    &format!("/find?q={query}"),
                )
                .header(header::ACCEPT, "application/json")
                .body(axum::body::Body::empty());
            let answer = school.ask(request.expect("a request"));
            let found: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            let labels = found.as_array().expect("a list").iter();
            labels
                .map(|one| one["label"].as_str().expect("a label").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(find("birc"), ["Birch, Pat"]);
        assert_eq!(find("pat%20bi"), ["Birch, Pat"]);
        assert_eq!(find("Birch,%20P"), ["Birch, Pat"]);
        for query in ["zoe", "lis", "o'map", "y82343", "robin%20zo"] {
            assert_eq!(find(query), ["Zoë-Łis O'Maple, Robin"], "{query}");
        }
        assert_eq!(find("9a"), ["9A", "Ash, Pat", "Birch, Pat", "Cedar, Pat"]);
        assert_eq!(find("pat").len(), 8);
        assert_eq!(find("").len(), 0);
        let page = school.get(Role::Teacher, "/find?q=birc");
        assert!(page.text().contains("Birch, Pat"), "{}", page.text());
    });
}

#[test]
fn nobody_sees_a_pupil_or_a_part_of_a_record_outside_their_scope() {
    each_school(|school| {
        let contact = [
            ("surname", "Ash-Parent"),
            ("relationship", "mother"),
            ("mobile", "07700 900123"),
            ("home_at", "keep"),
        ];
        let added = school.post(OFFICE, &path(school, "Ash", "/contacts/new"), &contact);
        assert_eq!(led_to(&added), path(school, "Ash", "/contacts"));
        for role in Role::ALL {
            let (core, scope) = granted(*role, RecordKind::PupilCore);
            let sees = core >= Access::Read && scope == Scope::School;
            let pages = [
                "/pupils".to_owned(),
                "csv of /pupils".to_owned(),
                "/find?q=ash".to_owned(),
                "/groups".to_owned(),
                format!("/groups/{}", school.groups["9A"]),
                path(school, "Ash", ""),
                path(school, "Ash", "/record"),
                path(school, "Ash", "/amendments"),
            ];
            for page in pages {
                let answer = match page.strip_prefix("csv of ") {
                    Some(list) => school.take(*role, list, "csv"),
                    None => school.get(*role, &page),
                };
                let shown = answer.text().contains("Ash, Pat");
                let named = sees && page != "/groups";
                assert_eq!(shown, named, "{role:?} {page}: {}", answer.status);
                // Who sees no pupil may still find a colleague.
                let finds_staff = *role == Role::SystemAdministrator && page.starts_with("/find");
                if core < Access::Read && !finds_staff {
                    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role:?} {page}");
                }
                assert!(
                    !answer.text().contains("Ash-Parent") || sees_contacts(*role, "Ash"),
                    "{role:?} {page}"
                );
            }
            let contacts = school.get(*role, &path(school, "Ash", "/contacts"));
            assert_eq!(
                contacts.status == StatusCode::OK,
                sees_contacts(*role, "Ash"),
                "{role:?}"
            );
            let others = school.get(*role, &path(school, "Fir", "/contacts"));
            assert_eq!(
                others.status == StatusCode::OK,
                sees_contacts(*role, "Fir"),
                "{role:?}"
            );
            let register = school.get(*role, "/admission-register");
            let whole = granted(*role, RecordKind::Contacts);
            let sees_register = sees && whole.0 >= Access::Read && whole.1 == Scope::School;
            assert_eq!(register.status == StatusCode::OK, sees_register, "{role:?}");
            let forms = [
                "/pupils/new".to_owned(),
                path(school, "Ash", "/amend"),
                path(school, "Ash", "/end"),
                "/groups/new".to_owned(),
            ];
            for form in forms {
                let answer = school.get(*role, &form);
                let keeps = core == Access::Write && scope == Scope::School;
                assert_eq!(answer.status == StatusCode::OK, keeps, "{role:?} {form}");
                let posted = school.post(*role, &form, &[]);
                let expected = match (keeps, sees) {
                    (true, _) => StatusCode::UNPROCESSABLE_ENTITY,
                    (false, true) => StatusCode::FORBIDDEN,
                    (false, false) => posted.status,
                };
                assert_eq!(posted.status, expected, "{role:?} {form}");
                assert!(keeps || posted.status.is_client_error(), "{role:?} {form}");
            }
        }
        assert!(
            school
                .get_signed_out("/pupils")
                .location()
                .starts_with("/sign-in")
        );
    });
}

/// Ash is in the tutor's group 9A and the head's Year 9; Fir only in the head's year.
fn sees_contacts(role: Role, surname: &str) -> bool {
    let (access, scope) = granted(role, RecordKind::Contacts);
    access >= Access::Read
        && match scope {
            Scope::School | Scope::YearGroup => true,
            Scope::TutorGroup => surname == "Ash",
            _ => false,
        }
}

#[test]
fn a_form_names_every_problem_at_once_and_enters_nothing() {
    each_school(|school| {
        let answer = school.post(
            OFFICE,
            "/pupils/new",
            &[
                ("upn", "A823432112002"),
                ("basis", "attended"),
                ("starting_day", "2026-12-01"),
                ("kind", "C"),
            ],
        );
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in [
            "Give the legal surname",
            "Give the legal forename",
            "Choose the sex",
            "Give the day.",
            "This is no UPN",
            "The pupil cannot have attended first on 1 December 2026",
        ] {
            assert!(answer.text().contains(words), "{words}: {}", answer.text());
        }
        let neither = school.post(OFFICE, "/pupils/new", &[("starting_day", "2026-11-24")]);
        assert!(
            neither.text().contains("No starting day has been agreed"),
            "{}",
            neither.text()
        );
        assert!(!school.get(OFFICE, "/pupils").text().contains("Robin"));
    });
}

#[test]
fn a_number_is_refused_twice_and_a_namesake_is_asked_about() {
    each_school(|school| {
        add(school, "Maple", UPN);
        let same_number = school.post(OFFICE, "/pupils/new", &new_pupil("Rowan", UPN));
        assert_eq!(same_number.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            same_number.text().contains("Maple, Robin has this UPN"),
            "{}",
            same_number.text()
        );
        let namesake = new_pupil("Maple", OTHER_UPN);
        let asked = school.post(OFFICE, "/pupils/new", &namesake);
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            asked.text().contains("is known here already"),
            "{}",
            asked.text()
        );
        assert!(asked.text().contains("name=\"another_person\""));
        let confirmed = [namesake, vec![("another_person", "yes")]].concat();
        led_to(&school.post(OFFICE, "/pupils/new", &confirmed));
        is_whole(school);
    });
}

#[test]
fn after_two_amendments_three_entries_are_readable_in_order_with_reason_and_job_title() {
    each_school(|school| {
        let pupil = add(school, "Maple", UPN);
        for (surname, reason) in [
            ("Mapel", "typing error"),
            ("Maples", "birth certificate seen"),
        ] {
            let form = school.get(OFFICE, &format!("{pupil}/amend"));
            let seq = value_of(&form, "seq");
            let mut answers = new_pupil("Maple", UPN);
            answers[0].1 = surname;
            let answers = [answers, vec![("seq", seq.as_str()), ("reason", reason)]].concat();
            led_to(&school.post(OFFICE, &format!("{pupil}/amend"), &answers));
        }
        let page = school.get(OFFICE, &format!("{pupil}/amendments"));
        let text = page.text();
        let at = |words: &str| {
            text.find(words)
                .unwrap_or_else(|| panic!("{words}: {text}"))
        };
        assert!(at("enter pupil") < at("typing error"));
        assert!(at("typing error") < at("birth certificate seen"));
        assert!(text.contains("Attendance manager"));
        assert!(at(">Mapel<") < at(">Maples<"));
        let without = school.post(OFFICE, &format!("{pupil}/amend"), &new_pupil("Maple", UPN));
        assert!(
            without.text().contains("was changed by"),
            "{}",
            without.text()
        );
        is_whole(school);
    });
}

#[test]
fn an_amendment_of_an_older_version_is_refused_and_says_who_changed_what() {
    each_school(|school| {
        let pupil = add(school, "Maple", UPN);
        let form = format!("{pupil}/amend");
        let seq = value_of(&school.get(OFFICE, &form), "seq");
        let with = |name: &'static str, value: &'static str| {
            let mut answers = new_pupil("Maple", UPN);
            answers.retain(|(own, _)| *own != name);
            answers.extend([
                ("surname", "Maple"),
                ("forename", "Robin"),
                ("seq", seq.as_str()),
                ("reason", "told by the mother"),
            ]);
            answers.retain(|(own, _)| *own != name);
            [answers, vec![(name, value)]].concat()
        };
        led_to(&school.post(Role::Headteacher, &form, &with("forename", "Rob")));
        let late = school.post(OFFICE, &form, &with("middle_names", "Sam"));
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = late.text();
        assert!(text.contains("Headteacher"), "{text}");
        assert!(text.contains("forename from “Robin” to “Rob”"), "{text}");
        assert_eq!(value_of(&late, "middle_names"), "Sam");
        assert_eq!(value_of(&late, "forename"), "Rob");
        assert!(
            !school
                .get(OFFICE, &format!("{pupil}/record"))
                .text()
                .contains("Sam Maple")
        );
    });
}

#[test]
fn a_name_is_deleted_on_a_ground_only_and_never_in_retrospect() {
    each_school(|school| {
        let pupil = add(school, "Maple", UPN);
        let form = format!("{pupil}/end");
        let page = school.get(OFFICE, &form);
        assert!(page.text().contains("R-311") && page.text().contains("Hold as evidence"));
        let seq = value_of(&page, "seq");
        let end = |ground: &'static str, last: &'static str| {
            school.post(
                OFFICE,
                &form,
                &[
                    ("ground", ground),
                    ("last", last),
                    ("established", "2026-11-24"),
                    ("confirmed", "yes"),
                    ("seq", seq.as_str()),
                ],
            )
        };
        assert!(
            end("", "2026-11-24")
                .text()
                .contains("free text is not one")
        );
        let earlier = school.post(
            OFFICE,
            &path(school, "Ash", "/end"),
            &[
                ("ground", "A"),
                ("last", "2026-11-17"),
                ("established", "2026-11-17"),
                ("confirmed", "yes"),
                (
                    "seq",
                    value_of(&school.get(OFFICE, &path(school, "Ash", "/end")), "seq").as_str(),
                ),
            ],
        );
        assert!(
            earlier.text().contains("never deleted in retrospect"),
            "{}",
            earlier.text()
        );
        assert!(
            earlier
                .text()
                .contains("sessions up to the deletion have no mark"),
            "{}",
            earlier.text()
        );
        assert!(end("F", "2026-11-24").text().contains("notice in writing"));
        assert!(
            end("L", "2026-11-24")
                .text()
                .contains("compulsory school age until")
        );
        // What it does to every figure comes first; nothing is changed until it is confirmed.
        let preview = end("A", "2026-11-25");
        assert_eq!(preview.status, StatusCode::OK, "{}", preview.text());
        for words in [
            "The last day on roll is 25 November 2026",
            "School: pupils on roll today",
            "Persistent absence",
        ] {
            assert!(preview.text().contains(words), "{}", preview.text());
        }
        let record = school.get(OFFICE, &format!("{pupil}/record"));
        assert!(record.text().contains("since 24 November 2026"));
        led_to(&school.post(
            OFFICE,
            &form,
            &[
                ("ground", "A"),
                ("last", "2026-11-25"),
                ("established", "2026-11-24"),
                ("confirmed", "yes"),
                ("seq", seq.as_str()),
                ("go", "make"),
            ],
        ));
        let record = school.get(OFFICE, &format!("{pupil}/record"));
        let text = record.text();
        assert!(
            text.contains("A: Registered at another school (R-311)")
                && text.contains("24 November 2026 to 25 November 2026"),
            "{text}"
        );
        let time = text
            .split(&format!("href=\"{pupil}/times/"))
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("a link to the time on roll");
        let form = format!("{pupil}/times/{time}");
        let seq = value_of(&school.get(OFFICE, &form), "seq");
        let stays = [
            ("starting_day", "2026-11-24"),
            ("kind", "C"),
            ("stays", "yes"),
            ("reason", "the move fell through"),
            ("seq", seq.as_str()),
            ("go", "make"),
        ];
        led_to(&school.post(OFFICE, &form, &stays));
        let record = school.get(OFFICE, &format!("{pupil}/record"));
        assert!(
            record.text().contains("since 24 November 2026"),
            "{}",
            record.text()
        );
        is_whole(school);
    });
}

#[test]
fn somebody_who_returns_keeps_their_record_and_gets_a_new_time_on_roll() {
    each_school(|school| {
        let pupil = add(school, "Maple", UPN);
        let again = [
            ("basis", "agreed"),
            ("agreed_with", "the father"),
            ("kind", "G"),
            ("next_school", "Other School"),
            ("starting_day", "2026-12-01"),
        ];
        let overlapping = school.post(OFFICE, &format!("{pupil}/enrol"), &again);
        assert!(
            overlapping.text().contains("End that time on roll first"),
            "{}",
            overlapping.text()
        );
        let seq = value_of(&school.get(OFFICE, &format!("{pupil}/end")), "seq");
        let end = [
            ("ground", "A"),
            ("last", "2026-11-24"),
            ("established", "2026-11-24"),
            ("confirmed", "yes"),
            ("seq", seq.as_str()),
            ("go", "make"),
        ];
        led_to(&school.post(OFFICE, &format!("{pupil}/end"), &end));
        led_to(&school.post(OFFICE, &format!("{pupil}/enrol"), &again));
        let record = school.get(OFFICE, &format!("{pupil}/record"));
        assert!(record.text().contains("Guest") && record.text().contains("Single registration"));
        is_whole(school);
    });
}

#[test]
fn a_contact_keeps_responsibility_order_and_court_order_and_is_amended_with_a_reason() {
    each_school(|school| {
        let pupil = add(school, "Maple", UPN);
        let contacts = format!("{pupil}/contacts");
        let wrong = school.post(
            OFFICE,
            &format!("{contacts}/new"),
            &[("mobile", "07700 9001"), ("email", "nobody at all")],
        );
        for words in [
            "Give the surname",
            "Say what they are",
            "cannot be dialled",
            "no e-mail address",
        ] {
            assert!(wrong.text().contains(words), "{words}: {}", wrong.text());
        }
        let mother = [
            ("title", "Ms"),
            ("forename", "Kim"),
            ("surname", "Maple"),
            ("relationship", "mother"),
            ("priority", "1"),
            ("parental_responsibility", "yes"),
            ("lives_with", "yes"),
            ("court_order", "yes"),
            ("court_order_text", "No contact with the father"),
            ("mobile", "07700 900123"),
            ("home_at", "pupil"),
            ("correspondence", "yes"),
        ];
        led_to(&school.post(OFFICE, &format!("{contacts}/new"), &mother));
        let page = school.get(OFFICE, &contacts);
        for words in [
            "Ms Kim Maple",
            "tel:+447700900123",
            "parental responsibility",
            "Court order",
            "2 Sample Road",
        ] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        let link = page
            .text()
            .split(&format!("href=\"{contacts}/"))
            .filter_map(|part| part.split('"').next())
            .find(|id| id.parse::<i64>().is_ok())
            .expect("a link")
            .to_owned();
        let form = format!("{contacts}/{link}");
        let seq = value_of(&school.get(OFFICE, &form), "seq");
        let mut amended = mother.to_vec();
        amended[9].1 = "07700 900456";
        amended.push(("seq", seq.as_str()));
        let unreasoned = school.post(OFFICE, &form, &amended);
        assert!(
            unreasoned.text().contains("Give the reason"),
            "{}",
            unreasoned.text()
        );
        amended.push(("reason", "new telephone"));
        led_to(&school.post(OFFICE, &form, &amended));
        assert!(
            school
                .get(OFFICE, &contacts)
                .text()
                .contains("tel:+447700900456")
        );
        let stale = school.post(OFFICE, &form, &amended);
        assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(stale.text().contains("was changed by"), "{}", stale.text());
        let history = school.get(OFFICE, &format!("{pupil}/amendments"));
        assert!(
            history.text().contains("07700 900123") && history.text().contains("new telephone")
        );
        // A brother at the same address: the mother is linked, not written down twice.
        let brother = add(school, "Mapel", OTHER_UPN);
        let offered = school.get(OFFICE, &format!("{brother}/contacts/new"));
        assert!(
            offered.text().contains("Ms Kim Maple"),
            "{}",
            offered.text()
        );
        led_to(&school.post(
            OFFICE,
            &format!("{brother}/contacts/new"),
            &[("known", link.as_str()), ("relationship", "mother")],
        ));
        let around = school.get(OFFICE, &brother);
        assert!(
            around.text().contains("same parent and address"),
            "{}",
            around.text()
        );
        is_whole(school);
    });
}

#[test]
fn a_characteristic_is_kept_and_seen_by_those_whom_the_matrix_names() {
    each_school(|school| {
        let form = path(school, "Ash", "/characteristics/new");
        let add = |role: Role, what: &str, from: &str| {
            school.post(role, &form, &[("what", what), ("from", from)])
        };
        led_to(&add(Role::Senco, "sen-K", "2026-09-03"));
        led_to(&add(Role::Senco, "sen-E", "2026-11-02"));
        led_to(&add(Role::Dsl, "child_protection", "2026-10-01"));
        assert!(
            add(Role::Dsl, "child_protection", "2026-11-01")
                .text()
                .contains("already")
        );
        assert!(
            add(OFFICE, "fsm", "2026-09-03")
                .text()
                .contains("Choose what to record"),
            "the office keeps who boards, and no circumstance"
        );
        assert!(
            add(Role::Headteacher, "child_protection", "2026-11-01")
                .text()
                .contains("Choose what to record")
        );
        led_to(&add(Role::Headteacher, "fsm", "2026-09-03"));
        let page = |role| {
            school
                .get(role, &path(school, "Ash", "/record"))
                .text()
                .to_owned()
        };
        let head = page(Role::Headteacher);
        assert!(
            head.contains(">CP<") && head.contains(">SEN E<") && head.contains(">FSM<"),
            "{head}"
        );
        assert!(
            head.contains("3 September 2026 to 1 November 2026"),
            "{head}"
        );
        let tutor = page(Role::Tutor);
        assert!(
            !tutor.contains("CP<") && tutor.contains(">SEN E<"),
            "{tutor}"
        );
        let clerk = page(Role::AttendanceAdministrator);
        assert!(
            !clerk.contains("SEN") && !clerk.contains("CP<") && clerk.contains(">FSM<"),
            "{clerk}"
        );
        let amendments = school.get(
            Role::AttendanceAdministrator,
            &path(school, "Ash", "/amendments"),
        );
        assert!(
            !amendments.text().contains("child_protection") && !amendments.text().contains(">sen<")
        );
        // Nobody learns of it by filtering either.
        let filtered = |role, kind: &str| {
            school
                .get(role, &format!("/pupils?has={kind}"))
                .text()
                .contains("Ash, Pat")
        };
        assert!(
            filtered(Role::Dsl, "child_protection") && !filtered(Role::Tutor, "child_protection")
        );
        assert!(filtered(Role::Tutor, "fsm") && !filtered(Role::SupportOrCover, "fsm"));
        is_whole(school);
    });
}

#[test]
fn a_group_is_created_filled_and_given_its_staff_and_one_tutor_group_gives_way_to_another() {
    each_school(|school| {
        let made = school.post(
            OFFICE,
            "/groups/new",
            &[("kind", "tutor"), ("name", "9C"), ("year", "2026")],
        );
        let group = led_to(&made);
        let twice = school.post(
            OFFICE,
            "/groups/new",
            &[("kind", "tutor"), ("name", "9C"), ("year", "2026")],
        );
        assert!(twice.text().contains("already"));
        let ash = school.pupils["Ash"].1.to_string();
        led_to(&school.post(
            OFFICE,
            &format!("{group}/members"),
            &[("pupil", ash.as_str()), ("from", "2026-11-24")],
        ));
        assert!(school.get(OFFICE, &group).text().contains("Ash, Pat"));
        let old = format!("/groups/{}", school.groups["9A"]);
        assert!(!school.get(OFFICE, &old).text().contains("Ash, Pat"));
        assert!(
            school
                .get(OFFICE, &format!("{old}?day=2026-11-23"))
                .text()
                .contains("Ash, Pat")
        );
        let tutor = school.person(Role::SupportOrCover).staff.to_string();
        led_to(&school.post(
            OFFICE,
            &format!("{group}/staff"),
            &[
                ("staff", tutor.as_str()),
                ("duty", "tutor"),
                ("from", "2026-11-24"),
            ],
        ));
        assert!(school.get(OFFICE, &group).text().contains("Form tutor"));
        led_to(&school.post(
            OFFICE,
            &format!("{group}/leave"),
            &[("pupil", ash.as_str()), ("last", "2026-11-24")],
        ));
        assert!(
            !school
                .get(OFFICE, &format!("{group}?day=2026-11-25"))
                .text()
                .contains("Ash, Pat")
        );
        let csv = school.take(OFFICE, &group, "csv");
        assert!(
            csv.header("content-disposition")
                .contains("sample-green-school-group-9c-2026-11-24.csv")
        );
        assert!(csv.text().contains("Ash, Pat"));
        is_whole(school);
    });
}

#[test]
fn a_school_that_runs_alongside_its_system_reads_the_roll_here_and_changes_it_there() {
    each_school(|school| {
        let account = school.person(OFFICE).account.0;
        let set: Result<(), StoreError> = school.office.store.act_now(school.id, move |act| {
            act.record(&SETTING, &args!["mode", day("2026-11-24"), "\"alongside\""])?;
            act.describe(Entry {
                account,
                job_title: "Attendance manager",
                act: "decide",
                subject: "setting mode".to_owned(),
            });
            Ok(())
        });
        set.expect("a setting of a test");
        let page = school.get(OFFICE, &path(school, "Ash", "/record"));
        assert!(
            page.text().contains("management information system")
                && !page.text().contains("/amend\""),
            "{}",
            page.text()
        );
        for form in [
            "/pupils/new".to_owned(),
            path(school, "Ash", "/amend"),
            path(school, "Ash", "/contacts/new"),
            "/groups/new".to_owned(),
        ] {
            let answer = school.post(OFFICE, &form, &[]);
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}");
            assert!(answer.text().contains("I-001"), "{}", answer.text());
        }
    });
}

#[test]
fn the_admission_register_stands_in_order_of_entry_with_what_is_missing_and_what_the_authority_is_told()
 {
    each_school(|school| {
        add(school, "Maple", UPN);
        let page = school.get(OFFICE, "/admission-register");
        let text = page.text();
        let at = |words: &str| {
            text.find(words)
                .unwrap_or_else(|| panic!("{words}: {text}"))
        };
        assert!(at("Ash, Pat") < at("Maple, Robin"));
        assert!(text.contains("No parent is recorded (R-003)"), "{text}");
        let returns = school.get(OFFICE, "/admission-register?show=returns");
        assert!(
            returns.text().contains("by Sun 29 Nov") && returns.text().contains("Maple"),
            "{}",
            returns.text()
        );
        let csv = school.take(OFFICE, "/admission-register", "csv");
        assert!(
            csv.text().contains("Example Primary School"),
            "{}",
            csv.text()
        );
        assert!(
            csv.header("content-disposition")
                .contains("admission-register")
        );
        let workbook = school.take(OFFICE, "/admission-register?show=gaps", "xlsx");
        assert!(workbook.body.starts_with(b"PK"));
    });
}

#[test]
fn the_register_holds_the_last_schools_address_and_in_a_school_with_boarders_who_boards() {
    each_school(|school| {
        let pupil = add(school, "Maple", UPN);
        let boards = "Whether the pupil boards is missing";
        let others = path(school, "Ash", "/record");
        assert!(!school.get(OFFICE, &others).text().contains(boards));
        let record = school.get(OFFICE, &format!("{pupil}/record"));
        let time = record
            .text()
            .split(&format!("href=\"{pupil}/times/"))
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("a link to the time on roll");
        let form = format!("{pupil}/times/{time}");
        let shown = school.get(OFFICE, &form);
        assert_eq!(
            value_of(&shown, "last_school_address"),
            "1 High Street, Sampleton"
        );
        let amended = [
            ("starting_day", "2026-11-24"),
            ("kind", "C"),
            ("last_school", "Example Primary School"),
            ("last_school_address", "2 High Street, Sampleton"),
            ("reason", "told by the house"),
            ("seq", &value_of(&shown, "seq")),
        ];
        led_to(&school.post(OFFICE, &form, &amended));
        let form = format!("{pupil}/characteristics/new");
        let said = |what: &str, from: &str, reason: &str| {
            let answers = [("what", what), ("from", from), ("reason", reason)];
            school.post(OFFICE, &form, &answers)
        };
        led_to(&said("boards-yes", "2026-11-24", ""));
        let line = || {
            let csv = school.take(OFFICE, "/admission-register", "csv");
            let lines = csv.text().lines();
            let line = lines.into_iter().find(|line| line.contains("Maple"));
            line.expect("the pupil's line").to_owned()
        };
        assert!(
            line().contains("2 High Street") && line().contains("Yes"),
            "{}",
            line()
        );
        let unsaid = said("boards-no", "2026-11-25", "");
        assert!(unsaid.text().contains("(R-007)"), "{}", unsaid.text());
        led_to(&said("boards-no", "2026-11-25", "went home"));
        assert!(line().contains("Yes"), "a boarder still today: {}", line());
        let missing = school.get(OFFICE, &others);
        assert!(missing.text().contains(boards), "{}", missing.text());
        // Recorded in error: it counts on no day, and both entries are kept.
        let record = format!("{pupil}/record");
        for _ in 0..2 {
            let shown = school.get(OFFICE, &record);
            let one = shown
                .text()
                .split(&format!("href=\"{pupil}/characteristics/"))
                .filter_map(|rest| rest.split('"').next())
                .find(|id| id.parse::<i64>().is_ok())
                .expect("a characteristic that can be put right")
                .to_owned();
            let form = format!("{pupil}/characteristics/{one}");
            let seq = value_of(&school.get(OFFICE, &form), "seq");
            let wrong = [
                ("last", "2026-11-30"),
                ("error", "yes"),
                ("reason", "another pupil was meant"),
                ("seq", &seq),
            ];
            led_to(&school.post(OFFICE, &form, &wrong));
        }
        assert!(!line().contains("Yes"), "{}", line());
        let shown = school.get(OFFICE, &others);
        assert!(!shown.text().contains(boards), "nobody boards any more");
        let kept = school.get(OFFICE, &format!("{pupil}/amendments"));
        assert!(
            kept.text().contains("another pupil was meant"),
            "{}",
            kept.text()
        );
        let kept = school.get(OFFICE, &format!("{pupil}/amendments"));
        for address in ["1 High Street", "2 High Street"] {
            assert!(kept.text().contains(address), "{}", kept.text());
        }
        is_whole(school);
    });
}

#[test]
fn every_page_of_the_admission_register_goes_on_where_the_one_before_ended() {
    each_school(|school| {
        let roll = |act: &mut store::Act| -> Result<(), store::StoreError> {
            for number in 0..60 {
                let pupil = act.new_id();
                let name = format!("Sample{number:02}");
                let none = None::<&str>;
                let born = school::day("2014-05-01");
                act.record(
                    &office::roll::records::PUPIL,
                    &args![
                        pupil, pupil, none, none, none, none, &name, "Pat", "", &name, "Pat", none,
                        born
                    ],
                )?;
                let enrolment = act.new_id();
                let (from, to) = (school::day("2026-09-03"), None::<calendar::Day>);
                act.record(
                    &office::roll::records::ENROLMENT,
                    &args![
                        enrolment, pupil, "C", from, none, to, none, none, none, none
                    ],
                )?;
            }
            act.describe(store::Entry {
                account: 1,
                job_title: "Test",
                act: "enter pupils",
                subject: String::new(),
            });
            Ok(())
        };
        school
            .office
            .store
            .act_now(school.id, roll)
            .expect("a roll");
        let names = |page: usize| -> Vec<String> {
            let path = format!("/admission-register?page={page}");
            let page = school.get(OFFICE, &path);
            let rows = page.text().split("<th scope=\"row\">").skip(1);
            rows.map(|row| row.split('(').next().unwrap_or_default().to_owned())
                .collect()
        };
        let (first, second) = (names(1), names(2));
        assert_eq!((first.len(), second.len()), (50, 18));
        assert!(first.iter().all(|name| !second.contains(name)));
        let page = school.get(OFFICE, "/admission-register?page=2");
        assert!(
            page.text().contains("51 to 68 of 68 names"),
            "{}",
            page.text()
        );
        let whole = school.get(OFFICE, "/admission-register?print=1");
        assert!(whole.text().contains("1 to 68 of 68 names"));
        let gaps = school.get(OFFICE, "/admission-register?show=gaps");
        assert!(
            gaps.text().contains("1 to 50 of 68 names"),
            "{}",
            gaps.text()
        );
    });
}

#[test]
fn screen_and_csv_of_the_list_name_the_same_pupils_for_the_same_question() {
    each_school(|school| {
        for query in ["", "q=as", "sort=-name", "tutor=0", "stand=expected"] {
            let page = school.get(OFFICE, &format!("/pupils?{query}"));
            let csv = school.take(OFFICE, &format!("/pupils?{query}"), "csv");
            let names: Vec<&str> = csv
                .text()
                .lines()
                .skip(1)
                .filter_map(|line| line.split('"').nth(1))
                .collect();
            let shown = names
                .iter()
                .filter(|name| page.text().contains(**name))
                .count();
            assert_eq!(shown, names.len(), "{query}");
            assert_eq!(
                page.text().matches("<th scope=\"row\">").count(),
                names.len(),
                "{query}: {}",
                csv.text()
            );
        }
    });
}

#[test]
fn a_pupils_page_shows_marks_and_the_figure_to_those_who_may_see_them_only() {
    each_school(|school| {
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        let page = school.get(OFFICE, &path(school, "Ash", ""));
        assert!(
            page.text().contains("/why?who=pupil-") && page.text().contains("Marks of 2026/27"),
            "{}",
            page.text()
        );
        assert!(
            page.text()
                .contains("of compulsory school age until 30 June 2028 (R-302)")
                || page.text().contains("of compulsory school age until")
        );
        school.mark("Ash", "2026-11-23", Session::Am, "I");
        let amendments = school.get(OFFICE, &path(school, "Ash", "/amendments"));
        assert!(
            amendments.text().contains("Mon 23 Nov 2026 AM"),
            "{}",
            amendments.text()
        );
        let unseen = school.get(Role::SupportOrCover, &path(school, "Ash", "/amendments"));
        assert!(!unseen.text().contains("Mon 23 Nov 2026 AM"));
        let stranger = school.get(Role::Tutor, &path(school, "Gorse", ""));
        assert!(stranger.text().contains("Gorse, Pat") && !stranger.text().contains("Marks of"));
        assert!(!stranger.text().contains("/why?who"), "{}", stranger.text());
    });
}

#[test]
fn a_pupils_page_with_two_years_of_marks_weighs_less_than_120_kb() {
    let school = std::sync::Arc::new(demo::generate(&demo::Request {
        pupils: 60,
        ..demo::Request::on(day("2026-11-24"))
    }));
    each_engine(MIGRATIONS, |store| {
        let clock = store.clock().clone();
        let put = office::demo::put_in(
            store,
            office::demo::SCHOOL,
            &|at| clock.set(at),
            &school,
            "no password",
            &std::sync::Arc::new(office::people::Keyring::forgetful().expect("a key")),
            |_, _| (),
        );
        put.expect("an empty store takes the demo school");
        let (office, _, runtime) = school::empty_office(store);
        let account: i64 = store
            .read_now(|tx| {
                tx.query_one("select account_id from role_grant where role = 'attendance_manager' order by account_id limit 1", &[], |row| row.get(0))
            })
            .map_err(|error: StoreError| error)
            .expect("a demo school has an attendance manager");
        let person = school::Person {
            account: office::ids::AccountId(account),
            staff: office::ids::StaffId(0),
            token: "token of the manager".to_owned(),
            sign_in_name: String::new(),
        };
        school::sign_in(store, office::demo::SCHOOL, &person);
        let pupil: i64 = store
            .read_now(|tx| {
                tx.query_one(
                    "select e.pupil_id from enrolment e where e.leaving_day is null and e.superseded_seq is null and e.starting_day < '2025-09-30' order by e.pupil_id limit 1",
                    &[],
                    |row| row.get(0),
                )
            })
            .map_err(|error: StoreError| error)
            .expect("somebody was here last year");
        let router = office::router(std::sync::Arc::clone(&office));
        for tail in ["", "/contacts", "/record", "/amendments"] {
            let request = axum::http::Request::builder()
                .uri(format!("/pupils/{pupil}{tail}"))
                .header(
                    header::COOKIE,
                    format!("{}={}", office.cookie_name(), person.token),
                )
                .body(axum::body::Body::empty())
                .expect("a request");
            let answer = runtime.block_on(school::ask(router.clone(), request));
            assert_eq!(answer.status, StatusCode::OK, "{tail}");
            assert!(
                answer.body.len() < 120_000,
                "{tail} weighs {} bytes",
                answer.body.len()
            );
            println!("/pupils/{{pupil}}{tail} weighs {} bytes", answer.body.len());
        }
    });
}
