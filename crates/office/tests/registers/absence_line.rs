//! The absence line: what a family tells makes no mark, what a person applies does, and what is doubted waits, on both engines.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::Session;
use office::absence_line::{
    Channel, Told, amend, apply_all, apply_one, foresee, put_back, set_aside, take,
    take_for_sibling, undo,
};
use office::desk::{Office, Refusal};
use office::evidence::{NewRequest, ask_for};
use office::ids::{MarkSetId, PupilId, ReportId};
use office::morning::cases;
use office::people::Role;
use office::roll::records::{CONTACT, PUPIL_CONTACT};
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use store::{Entry, StoreError, args};
use welfare::absence::State;
use welfare::evidence_request::Ground;

use crate::school::{
    B, SCHOOL, TUTOR_OF_B, account, actor, ask, at, at_on, changes, day, e, found, get, mark,
    office, save_as, take as take_away, today,
};

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:05"));
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

/// What a mother says of a pupil for today.
fn says(number: Option<i64>, said: &str) -> Told {
    Told {
        channel: Channel::Call,
        received_at: at("08:02"),
        from_name: "mother".to_owned(),
        from_address: None,
        contact: None,
        said: said.to_owned(),
        pupil: number.map(|number| PupilId(300 + number)),
        first: day("2026-11-24"),
        last: day("2026-11-24"),
        session: None,
        code: None,
        source_key: None,
        doubts: Vec::new(),
    }
}

fn taken_as(store: &TestStore, account: i64, told: Told) -> Result<ReportId, Refusal> {
    let actor = actor(store, account);
    store.act_now(SCHOOL, move |act| take(act, &actor, told.clone()))
}

fn taken(store: &TestStore, told: Told) -> ReportId {
    taken_as(store, officer(), told).expect("the office takes reports")
}

fn state_of(store: &TestStore, id: ReportId) -> String {
    const STATE: &str = "select state from absence_report where school_id = $1 and report_id = $2 and superseded_seq is null";
    store
        .read_now(move |tx| tx.query_one(STATE, &args![SCHOOL, id], |row| row.get(0)))
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

fn ground_of(store: &TestStore, id: ReportId) -> String {
    const GROUND: &str = "select ground from absence_report where school_id = $1 and report_id = $2 and superseded_seq is null";
    let ground: Option<String> = store
        .read_now(move |tx| tx.query_one(GROUND, &args![SCHOOL, id], |row| row.get(0)))
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    ground.unwrap_or_default()
}

/// The marks of a pupil on a day, morning and afternoon; `-` where there is none.
fn marks(store: &TestStore, number: i64, on: &str) -> String {
    const MARKS: &str = "select session, code from mark where school_id = $1 and enrolment_id = $2 and on_date = $3 order by session";
    let on = day(on);
    let found: Vec<(i64, Option<String>)> = store
        .read_now(move |tx| {
            tx.query(MARKS, &args![SCHOOL, e(number), on], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    let of = |session| {
        let mark = found.iter().find(|(found, _)| *found == session);
        mark.and_then(|(_, code)| code.clone())
            .unwrap_or_else(|| "-".to_owned())
    };
    format!("{} {}", of(0), of(1))
}

fn all(store: &TestStore) -> Result<office::absence_line::Applied, Refusal> {
    let actor = actor(store, officer());
    store.act_now(SCHOOL, move |act| {
        let now = act.at();
        let seal = {
            let reports = office::absence_line::undoubted(act.tx(), &actor, now)?;
            foresee(act.tx(), &actor, reports, now)?.seal()
        };
        apply_all(act, &actor, &seal)
    })
}

fn applied(
    store: &TestStore,
    id: ReportId,
    code: Option<&str>,
) -> Result<office::absence_line::Applied, Refusal> {
    let (actor, code) = (
        actor(store, officer()),
        code.map(|code| code.parse().expect("a code")),
    );
    store.act_now(SCHOOL, move |act| apply_one(act, &actor, id, code))
}

fn taken_back(store: &TestStore, set: MarkSetId) -> Result<usize, Refusal> {
    let actor = actor(store, officer());
    store.act_now(SCHOOL, move |act| undo(act, &actor, set))
}

/// 8B is taken: the first pupil without a reason, the others here.
fn register_of_8b(store: &TestStore) {
    store.clock().set(at("08:44"));
    let marks = vec![mark(e(7), "N", 0), mark(e(8), "/", 0), mark(e(9), "/", 0)];
    save_as(store, TUTOR_OF_B, B, today(Session::Am), &changes(marks)).expect("8B is taken");
}

fn state(store: &TestStore, number: i64) -> Option<State> {
    let office = office(store);
    let now = store.clock().tell();
    let day = store
        .read_now(move |tx| {
            let book = office.shelf.book(tx, SCHOOL)?;
            cases(tx, &book, now.in_london().0, now)
        })
        .expect("the day can be read");
    day.of(e(number)).map(|case| case.state)
}

#[test]
fn what_a_family_tells_makes_no_mark_until_a_person_applies_it_and_one_undo_takes_it_back() {
    at_school(|store| {
        let ill = taken(store, says(Some(1), "Being sick since three"));
        let dentist = taken(
            store,
            Told {
                session: Some(Session::Pm),
                ..says(Some(2), "Dentist at two")
            },
        );
        let days = taken(
            store,
            Told {
                last: day("2026-11-26"),
                ..says(Some(3), "Flu")
            },
        );
        for id in [ill, dentist, days] {
            assert_eq!(state_of(store, id), "matched");
        }
        assert_eq!(marks(store, 1, "2026-11-24"), "- -");
        let done = all(store).expect("nothing speaks against them");
        assert_eq!((done.reports, done.marks, done.held), (3, 2 + 1 + 6, 0));
        assert_eq!(marks(store, 1, "2026-11-24"), "I I");
        assert_eq!(marks(store, 2, "2026-11-24"), "- M");
        assert_eq!(marks(store, 3, "2026-11-26"), "I I");
        let set = done.set.expect("marks were changed");
        assert_eq!(taken_back(store, set).expect("it is taken back"), 3);
        assert_eq!(marks(store, 1, "2026-11-24"), "- -");
        assert_eq!(marks(store, 3, "2026-11-25"), "- -");
        assert_eq!(state_of(store, days), "matched");
        assert!(taken_back(store, set).is_err(), "once");
    });
}

#[test]
fn each_mark_keeps_who_told_it_and_not_the_words() {
    at_school(|store| {
        let id = taken(store, says(Some(1), "Being sick since three"));
        applied(store, id, None).expect("it is applied");
        const KEPT: &str = "select reason, note from mark where school_id = $1 and enrolment_id = $2 order by session";
        let kept: Vec<(Option<String>, Option<String>)> = store
            .read_now(move |tx| {
                tx.query(KEPT, &args![SCHOOL, e(1)], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
            })
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert_eq!(kept.len(), 2);
        for (reason, note) in kept {
            let reason = reason.expect("R-007");
            assert!(
                reason.contains("call of Tue 24 Nov 08:02 from mother"),
                "{reason}"
            );
            assert!(!reason.contains("sick") && note.is_none(), "{note:?}");
        }
    });
}

#[test]
fn what_is_doubted_is_held_back_with_its_ground_and_a_person_may_choose_otherwise() {
    at_school(|store| {
        let holiday = taken(store, says(Some(1), "On holiday until tomorrow"));
        let nobody = taken(store, says(None, "My daughter is ill"));
        let first = taken(store, says(Some(2), "Cold"));
        let again = taken(store, says(Some(2), "Cold"));
        assert_eq!(state_of(store, holiday), "doubtful");
        assert!(ground_of(store, holiday).contains("The head decides"));
        assert_eq!(state_of(store, nobody), "new");
        assert!(ground_of(store, again).contains("The same was told before"));
        let done = all(store).expect("one can be applied");
        assert_eq!((done.reports, done.marks), (1, 2));
        assert_eq!(state_of(store, first), "applied");
        assert_eq!(marks(store, 1, "2026-11-24"), "- -");
        assert!(
            applied(store, holiday, None).is_err(),
            "it has no code by itself"
        );
        let done = applied(store, holiday, Some("G")).expect("a person may");
        assert_eq!(done.marks, 2);
        assert_eq!(marks(store, 1, "2026-11-24"), "G G");
        assert!(applied(store, nobody, Some("I")).is_err(), "of nobody");
    });
}

#[test]
fn a_child_whom_the_register_has_as_present_is_never_made_absent_by_a_word() {
    at_school(|store| {
        let id = taken(store, says(Some(8), "Ill in bed"));
        let of_7 = taken(store, says(Some(7), "Ill in bed"));
        register_of_8b(store);
        store.clock().set(at("08:50"));
        let done = all(store).expect("one can be applied");
        assert_eq!((done.reports, done.held), (1, 1));
        assert_eq!(marks(store, 7, "2026-11-24"), "I I");
        assert_eq!(marks(store, 8, "2026-11-24"), "/ -");
        assert_eq!(state_of(store, id), "doubtful");
        assert!(ground_of(store, id).contains("The register has /"));
        assert!(applied(store, id, None).is_err(), "nor one by one");
        let set = done.set.expect("marks were changed");
        assert_eq!(state_of(store, of_7), "applied");
        taken_back(store, set).expect("nobody changed them since");
        assert_eq!(marks(store, 7, "2026-11-24"), "N -");
    });
}

#[test]
fn a_reason_told_is_on_the_board_at_once_and_the_child_is_located_only_by_the_code() {
    at_school(|store| {
        let id = taken(store, says(Some(7), "Ill in bed"));
        assert_eq!(state(store, 7), None, "nobody has missed them yet");
        register_of_8b(store);
        assert_eq!(state(store, 7), Some(State::ReasonClaimed));
        let actor = actor(store, officer());
        let set = store.act_now(SCHOOL, move |act| {
            set_aside(act, &actor, id, "Another child")
        });
        set.expect("it is set aside");
        assert_eq!(state(store, 7), Some(State::Unexplained));
        let doubted = taken(store, says(Some(7), "Says he refuses to come"));
        assert_eq!(
            state(store, 7),
            Some(State::Unexplained),
            "what is doubted quiets nothing"
        );
        applied(store, doubted, Some("I")).expect("a person has decided");
        assert_eq!(state(store, 7), Some(State::Explained));
    });
}

#[test]
fn what_was_set_aside_keeps_its_reason_and_can_be_put_back() {
    at_school(|store| {
        let id = taken(store, says(Some(1), "Ill"));
        let who = actor(store, officer());
        let by = who.clone();
        let nothing = store.act_now(SCHOOL, move |act| set_aside(act, &by, id, "  "));
        assert!(nothing.is_err(), "E-014 asks for the reason");
        let by = who.clone();
        let aside = store.act_now(SCHOOL, move |act| {
            set_aside(act, &by, id, "Rang by mistake")
        });
        aside.expect("with a reason");
        assert_eq!(ground_of(store, id), "Rang by mistake");
        assert!(applied(store, id, None).is_err());
        let back = store.act_now(SCHOOL, move |act| put_back(act, &who, id));
        back.expect("it is put back");
        assert_eq!(state_of(store, id), "doubtful");
    });
}

#[test]
fn an_illness_waits_for_a_person_where_evidence_is_asked_for() {
    at_school(|store| {
        let manager = actor(store, account(Role::AttendanceManager));
        store
            .act_now(SCHOOL, move |act| {
                let new = NewRequest {
                    ground: Ground::RepeatedAbsence,
                    why: "Nine Mondays in ten weeks".to_owned(),
                    decided_by: "Ms Sample, attendance manager".to_owned(),
                    from: day("2026-11-24"),
                    review: day("2026-12-08"),
                };
                ask_for(act, &manager, PupilId(301), &new)
            })
            .expect("evidence is asked for");
        let ill = taken(store, says(Some(1), "A cold"));
        assert_eq!(state_of(store, ill), "doubtful");
        assert!(
            ground_of(store, ill).contains("E-024"),
            "{}",
            ground_of(store, ill)
        );
        let other = taken(store, says(Some(2), "A cold"));
        assert_eq!(state_of(store, other), "matched");
    });
}

#[test]
fn repeated_illness_and_long_absences_are_looked_at_first() {
    at_school(|store| {
        let week = taken(
            store,
            Told {
                first: day("2026-11-16"),
                last: day("2026-11-20"),
                ..says(Some(1), "Flu all week")
            },
        );
        applied(store, week, None).expect("a person has looked");
        let again = taken(store, says(Some(1), "Flu again"));
        assert!(
            ground_of(store, again).contains("E-024"),
            "{}",
            ground_of(store, again)
        );
        let long = taken(
            store,
            Told {
                last: day("2026-12-04"),
                ..says(Some(2), "Operation")
            },
        );
        assert!(ground_of(store, long).contains("more than 7 days"));
        let back_to_front = Told {
            last: day("2026-11-23"),
            ..says(Some(2), "Ill")
        };
        assert!(taken_as(store, officer(), back_to_front).is_err());
    });
}

/// One mother of pupils 1 and 7; a court order stands with her for 7.
pub fn mother(store: &TestStore) {
    let made: Result<(), StoreError> = store.act_now(SCHOOL, |act| {
        let none = None::<&str>;
        act.record(
            &CONTACT,
            &args![800_i64, "Ms", "M", "Sample", none, false, false],
        )?;
        for (number, order) in [(1, false), (7, true)] {
            act.record(
                &PUPIL_CONTACT,
                &args![
                    300_i64 + number,
                    800_i64,
                    1_i64,
                    "mother",
                    true,
                    true,
                    true,
                    order,
                    none,
                    false,
                    false
                ],
            )?;
        }
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "set up",
            subject: "a contact".to_owned(),
        });
        Ok(())
    });
    made.expect("a contact of a test");
}

#[test]
fn the_same_is_taken_for_a_sister_by_one_key_and_for_nobody_else() {
    at_school(|store| {
        mother(store);
        let id = taken(store, says(Some(1), "Both have the bug"));
        let who = actor(store, officer());
        let by = who.clone();
        let sister = store.act_now(SCHOOL, move |act| {
            take_for_sibling(act, &by, id, PupilId(307))
        });
        assert_eq!(
            state_of(store, sister.expect("she is at the home")),
            "matched"
        );
        let other = store.act_now(SCHOOL, move |act| {
            take_for_sibling(act, &who, id, PupilId(302))
        });
        assert!(matches!(other, Err(Refusal::NotFound)));
        let told = Told {
            contact: Some(office::ids::ContactId(800)),
            ..says(Some(7), "Ill")
        };
        let ordered = taken(store, told);
        assert!(ground_of(store, ordered).contains("court order"));
    });
}

#[test]
fn another_reading_takes_the_place_of_the_first() {
    at_school(|store| {
        let id = taken(store, says(None, "She is ill"));
        let who = actor(store, officer());
        let told = says(Some(2), "She is ill");
        let done = store.act_now(SCHOOL, move |act| amend(act, &who, id, told.clone()));
        done.expect("the office knows whom it is about");
        assert_eq!(state_of(store, id), "matched");
        assert_eq!(all(store).expect("it can be applied").reports, 1);
    });
}

fn post(
    office: &Arc<Office>,
    account: i64,
    path: &str,
    form: &[(&str, &str)],
) -> (StatusCode, String) {
    let body = serde_urlencoded::to_string(form).expect("a form of text");
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, body)
}

#[test]
fn the_inbox_works_by_forms_alone_and_shows_nobody_beyond_reach() {
    at_school(|store| {
        let office = office(store);
        let (status, page) = get(&office, officer(), "/absence-line");
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Nothing waits"), "{page}");
        let (_, find) = get(&office, officer(), "/absence-line/new?q=zzz");
        assert!(find.contains("Nobody on roll"), "{find}");
        let (_, form) = get(&office, officer(), "/absence-line/new?q=pupil7");
        assert!(form.contains("Pupil7 Sample 8B"), "{form}");
        let report = [
            ("pupil", "307"),
            ("said", "Temperature"),
            ("from", "father"),
            ("channel", "voicemail"),
            ("first", "2026-11-24"),
            ("last", "2026-11-24"),
        ];
        assert_eq!(
            post(&office, officer(), "/absence-line/new?q=pupil7", &report).0,
            StatusCode::SEE_OTHER
        );
        let (status, page) = post(&office, officer(), "/absence-line/new", &[("pupil", "307")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Write down what was said"), "{page}");
        let of_1 = taken(store, says(Some(1), "Cold"));
        let unknown = taken(store, says(None, "Is ill"));
        let (_, page) = get(&office, officer(), "/absence-line");
        assert!(
            page.contains("Sample, Pupil7") && page.contains("voicemail 08:05, father"),
            "{page}"
        );
        assert!(page.contains("2 to apply, 1 held back"), "{page}");
        // The tutor of 8B sees their own and no other, and changes no other.
        let (_, own) = get(&office, TUTOR_OF_B, "/absence-line");
        assert!(
            own.contains("Pupil7") && !own.contains("Pupil1") && !own.contains("Is ill"),
            "{own}"
        );
        for id in [of_1, unknown] {
            let path = format!("/absence-line/{id}");
            assert_eq!(get(&office, TUTOR_OF_B, &path).0, StatusCode::NOT_FOUND);
            for (act, form) in [
                ("apply", ("code", "I")),
                ("aside", ("why", "x")),
                ("back", ("", "")),
                ("sibling", ("pupil", "307")),
                ("amend", ("pupil", "307")),
            ] {
                let (status, _) = post(
                    &office,
                    TUTOR_OF_B,
                    &format!("{path}/{act}"),
                    &[
                        form,
                        ("said", "x"),
                        ("first", "2026-11-24"),
                        ("last", "2026-11-24"),
                    ],
                );
                assert_eq!(status, StatusCode::NOT_FOUND, "{act}");
            }
        }
        // Marks are applied by those who keep the registers of the whole school.
        let (_, all) = get(&office, officer(), "/absence-line/all");
        assert!(all.contains("2 reports come to 4 marks"), "{all}");
        for nobody in [Role::Governor, Role::Teacher, Role::DataProtectionLead] {
            assert_eq!(
                get(&office, account(nobody), "/absence-line").0,
                StatusCode::NOT_FOUND,
                "{nobody:?}"
            );
        }
        // The safeguarding lead reads the line and changes nothing of it.
        let (status, read) = get(&office, account(Role::Dsl), "/absence-line");
        assert!(
            status == StatusCode::OK && !read.contains("Take a report"),
            "{read}"
        );
        let aside = format!("/absence-line/{of_1}/aside");
        assert_eq!(
            post(&office, account(Role::Dsl), &aside, &[("why", "x")]).0,
            StatusCode::NOT_FOUND
        );
        let (_, file) = take_away(&office, TUTOR_OF_B, "/absence-line", "csv");
        assert!(
            file.contains("Pupil7") && !file.contains("Pupil1"),
            "{file}"
        );
        let apply = format!("/absence-line/{of_1}/apply");
        assert_eq!(
            post(&office, officer(), &apply, &[]).0,
            StatusCode::SEE_OTHER
        );
        let (_, page) = get(&office, officer(), "/absence-line");
        assert!(
            page.contains("Dealt with today") && page.contains("applied, I"),
            "{page}"
        );
    });
}

/// The token of the link that the office makes for the mother.
pub fn link_made(office: &Arc<Office>, pupil: i64) -> String {
    let path = format!("/absence-line/links/{pupil}");
    let (status, page) = post(office, officer(), &path, &[("contact", "800")]);
    assert_eq!(status, StatusCode::OK, "{page}");
    let (_, rest) = page.split_once("/from-home/").expect("the address");
    rest.chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .collect()
}

fn from_home(office: &Arc<Office>, token: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
    post(office, 0, &format!("/from-home/{token}"), form)
}

const ILL: [(&str, &str); 4] = [
    ("reason", "ill"),
    ("words", "a bad cold"),
    ("first", "2026-11-24"),
    ("last", "2026-11-25"),
];

#[test]
fn a_family_tells_by_its_own_link_of_its_own_child_and_sees_no_mark() {
    at_school(|store| {
        mother(store);
        let office = office(store);
        let token = link_made(&office, 301);
        let (status, form) = get(&office, 0, &format!("/from-home/{token}"));
        assert_eq!(status, StatusCode::OK, "{form}");
        assert!(form.contains("Is Pupil1 away?"), "{form}");
        assert!(
            !form.contains("Pupil7") && !form.contains("Sample, "),
            "a court order stands with her for the other child: {form}"
        );
        let (status, page) = from_home(&office, &token, &[("reason", "ill")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Tell us in a few words"), "{page}");
        let (status, thanks) = from_home(&office, &token, &ILL);
        assert_eq!(status, StatusCode::OK, "{thanks}");
        assert!(
            thanks.contains("We have it at 08:05: Pupil1 for"),
            "{thanks}"
        );
        // The browser's back button, or a second press.
        assert_eq!(from_home(&office, &token, &ILL).0, StatusCode::OK);
        let (_, inbox) = get(&office, officer(), "/absence-line");
        assert!(inbox.contains("1 to apply, 0 held back"), "{inbox}");
        assert!(inbox.contains("form 08:05, Ms M Sample, mother"), "{inbox}");
        assert_eq!(marks(store, 1, "2026-11-24"), "- -", "E-014");
        assert_eq!(all(store).expect("it can be applied").marks, 4);
        assert_eq!(marks(store, 1, "2026-11-25"), "I I");
    });
}

#[test]
fn a_link_that_was_made_anew_revoked_or_has_ended_opens_nothing() {
    at_school(|store| {
        mother(store);
        let office = office(store);
        let opens = |token: &str| get(&office, 0, &format!("/from-home/{token}")).0;
        let first = link_made(&office, 301);
        let second = link_made(&office, 301);
        assert_eq!(opens(&first), StatusCode::GONE);
        assert_eq!(opens(&second), StatusCode::OK);
        store.clock().set(at_on("2027-09-01", "08:00"));
        assert_eq!(
            opens(&second),
            StatusCode::GONE,
            "31 August is its last day"
        );
        store.clock().set(at("08:10"));
        let revoke = "/absence-line/links/301/revoke";
        let done = post(&office, officer(), revoke, &[("contact", "800")]);
        assert_eq!(done.0, StatusCode::SEE_OTHER);
        assert_eq!(opens(&second), StatusCode::GONE);
        assert_eq!(from_home(&office, &second, &ILL).0, StatusCode::GONE);
        for wrong in [
            "1-",
            "1-abc",
            "x",
            "9-0000000000000000000000000000000000000000",
        ] {
            assert_eq!(opens(wrong), StatusCode::GONE, "{wrong}");
        }
    });
}

#[test]
fn only_who_keeps_the_log_of_a_pupil_makes_a_link_and_only_for_a_parent_without_an_order() {
    at_school(|store| {
        mother(store);
        let office = office(store);
        let form = [("contact", "800")];
        let made = post(&office, TUTOR_OF_B, "/absence-line/links/301", &form);
        assert_eq!(made.0, StatusCode::NOT_FOUND, "not their pupil");
        let made = post(
            &office,
            account(Role::Dsl),
            "/absence-line/links/301",
            &form,
        );
        assert_eq!(
            made.0,
            StatusCode::NOT_FOUND,
            "who reads the log makes none"
        );
        let made = post(&office, officer(), "/absence-line/links/307", &form);
        assert_eq!(made.0, StatusCode::UNPROCESSABLE_ENTITY, "a court order");
        let made = post(&office, officer(), "/absence-line/links/302", &form);
        assert_eq!(made.0, StatusCode::UNPROCESSABLE_ENTITY, "not her child");
        let (_, page) = get(&office, officer(), "/absence-line/links/307");
        assert!(page.contains("not for them"), "{page}");
        let seen = get(&office, account(Role::Governor), "/absence-line/links/301");
        assert_eq!(seen.0, StatusCode::NOT_FOUND);
    });
}

#[test]
fn whoever_tries_links_that_do_not_work_has_to_wait() {
    at_school(|store| {
        mother(store);
        let office = office(store);
        let token = link_made(&office, 301);
        let knock = |token: &str| {
            let from =
                axum::extract::ConnectInfo(std::net::SocketAddr::from(([203, 0, 113, 9], 4000)));
            let request = Request::get(format!("/from-home/{token}")).extension(from);
            ask(&office, 0, request, axum::body::Body::empty()).0
        };
        for _ in 0..100 {
            assert_eq!(
                knock("1-0000000000000000000000000000000000000000"),
                StatusCode::GONE
            );
        }
        assert_eq!(knock(&token), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(
            get(&office, 0, &format!("/from-home/{token}")).0,
            StatusCode::OK,
            "from elsewhere"
        );
    });
}
