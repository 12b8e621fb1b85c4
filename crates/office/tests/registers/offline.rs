//! Registers without a network: what a device is given ahead, what comes too late, and that every mark arrives once. On both engines.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Request, StatusCode, header};
use calendar::{Instant, Session};
use office::ids::{EnrolmentId, GroupId, PeriodId};
use office::people::{Role, SignInToken};
use office::registers::Change;
use office::registers::offline::{Decided, LateChoice, decide_late};
use office::registers::records::{EXAM, EXAM_ROOM, EXAM_SEAT};
use office::registers::save::{Outcome, Save};
use office::year::timetable::records::{LESSON, LESSON_PERIOD, ROOM};
use office::{MIGRATIONS, TABLES, people, roll};
use serde_json::{Value, json};
use store::testing::{TestStore, each_engine};
use store::{Act, Entry, StoreError, args, journal};

use crate::school::{
    A, SCHOOL, TUTOR_OF_B, account, actor, ask, at, at_on, changes, day, e, found, get, mark,
    office, outcomes, save_as, take, today, token,
};

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn tutor() -> i64 {
    account(Role::Tutor)
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

/// A save typed at this moment and sent at that one, by a device whose clock is right.
fn typed_then_sent(typed: Instant, sent: Instant, what: Vec<Change>) -> Save {
    Save {
        device_at: Some(typed),
        sent_at: Some(sent),
        ..changes(what)
    }
}

/// What waits for the office: number, code, state.
fn late_marks(store: &TestStore) -> Vec<(i64, Option<String>, String)> {
    store
        .read_now(|tx| {
            let all = "select late_id, code, state from late_mark where school_id = $1 and superseded_seq is null order by late_id";
            tx.query(all, &args![SCHOOL], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .expect("the held marks")
}

/// Code, minutes late, the device's time and the reason.
type StandingMark = (String, Option<i64>, Option<Instant>, Option<String>);

fn standing(store: &TestStore, number: i64) -> Option<StandingMark> {
    store
        .read_now(move |tx| {
            let one = "select code, minutes_late, device_at, reason from mark where school_id = $1 and enrolment_id = $2";
            tx.query_opt(one, &args![SCHOOL, e(number)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
        })
        .expect("a mark")
}

fn decide_as(
    store: &TestStore,
    account: i64,
    choice: LateChoice,
) -> Result<Decided, office::desk::Refusal> {
    let actor = actor(store, account);
    let register = (A, today(Session::Am));
    store.act_now(SCHOOL, move |act| {
        decide_late(act, &actor, register, &choice)
    })
}

fn take_in(chosen: &[(i64, i64)]) -> LateChoice {
    LateChoice {
        accept: true,
        chosen: chosen.to_vec(),
        because: String::new(),
    }
}

#[test]
fn a_mark_typed_in_time_that_comes_after_closing_is_no_mark_until_the_office_takes_it() {
    at_school(|store| {
        store.clock().set(at("10:02"));
        let late = Change {
            minutes: Some(15),
            ..mark(e(1), "L", 0)
        };
        let what = typed_then_sent(at("08:55"), at("10:02"), vec![late, mark(e(2), "N", 0)]);
        let answer = save_as(store, tutor(), A, today(Session::Am), &what).unwrap();
        assert_eq!(outcomes(&answer), [Outcome::Held, Outcome::Held]);
        let told = &answer.results[0].message;
        assert!(
            told.contains("Made at 08:55") && told.contains("R-007"),
            "{told}"
        );
        assert_eq!(
            answer.blank, 5,
            "a blank place stays blank until somebody decides"
        );
        assert_eq!(standing(store, 1), None, "no silent L, and no silent U");
        let again = save_as(store, tutor(), A, today(Session::Am), &what).unwrap();
        assert_eq!(answer, again);
        let waiting = late_marks(store);
        assert_eq!(waiting.len(), 2, "sent twice, held once");

        let office_of = office(store);
        let (status, page) = get(&office_of, officer(), "/late-marks");
        assert_eq!(status, StatusCode::OK);
        assert!(
            page.contains("08:55") && page.contains("10:02"),
            "both times are shown"
        );
        assert_eq!(
            get(&office_of, tutor(), "/late-marks").0,
            StatusCode::NOT_FOUND
        );
        let (_, list) = get(&office_of, officer(), "/registers");
        assert!(list.contains("2 marks typed without a network"));
        let (status, file) = take(&office_of, officer(), "/late-marks", "csv");
        assert_eq!(status, StatusCode::OK, "{file}");
        assert!(file.contains("Sample, Pupil1"), "{file}");

        let own = decide_as(store, tutor(), take_in(&[(waiting[0].0, 0)]));
        assert!(own.unwrap_err().to_string().contains("the office"));
        let chosen = [(waiting[0].0, 0), (waiting[1].0, 0)];
        let decided = decide_as(store, officer(), take_in(&chosen)).unwrap();
        assert_eq!((decided.settled, decided.left.len()), (2, 0));
        let (code, minutes, device_at, reason) = standing(store, 1).unwrap();
        assert_eq!(
            (code.as_str(), minutes),
            ("L", Some(15)),
            "the minutes show an arrival before closing (R-023)"
        );
        assert_eq!(
            device_at,
            Some(at("08:55")),
            "the device's time is kept as evidence"
        );
        let reason = reason.unwrap();
        assert!(
            reason.starts_with("Typed by Ms A Staff")
                && reason.contains("at 08:55 without a network, came at 10:02"),
            "{reason}"
        );
        let head = store
            .read_now(|tx| journal::head(tx, SCHOOL))
            .unwrap()
            .unwrap();
        let entry = store
            .read_now(move |tx| journal::entry(tx, SCHOOL, head.seq))
            .unwrap()
            .unwrap();
        assert_eq!(entry.act, "accept late marks");
        assert!(
            decide_as(store, officer(), take_in(&chosen)).is_err(),
            "decided once"
        );
    });
}

#[test]
fn the_form_of_the_page_takes_and_refuses_the_ticked_marks() {
    at_school(|store| {
        store.clock().set(at("10:00"));
        let what = vec![mark(e(1), "N", 0), mark(e(2), "/", 0)];
        let what = typed_then_sent(at("08:50"), at("10:00"), what);
        save_as(store, tutor(), A, today(Session::Am), &what).unwrap();
        let office = office(store);
        let waiting = late_marks(store);
        let post = |body: String| {
            let request = Request::post("/late-marks/101/2026-11-24/am")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            ask(&office, officer(), request, body)
        };
        let (status, page) = post(format!("decide=refuse&because=&late={}%3A0", waiting[0].0));
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Write why these marks are refused"), "{page}");
        let (status, _) = post(format!(
            "decide=refuse&because=Was+seen&late={}%3A0",
            waiting[0].0
        ));
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (status, _) = post(format!("decide=accept&because=&late={}%3A0", waiting[1].0));
        assert_eq!(status, StatusCode::SEE_OTHER);
        let states: Vec<String> = late_marks(store)
            .into_iter()
            .map(|(_, _, state)| state)
            .collect();
        assert_eq!(states, ["refused", "accepted"]);
        assert_eq!(standing(store, 1), None);
        let (_, page) = get(&office, officer(), "/late-marks?did=refused&done=1");
        assert!(
            page.contains("1 mark refused; they stay on file") && page.contains("No mark waits"),
            "{page}"
        );
    });
}

#[test]
fn a_place_that_changed_since_the_office_looked_is_not_overwritten() {
    at_school(|store| {
        store.clock().set(at("10:00"));
        let what = typed_then_sent(at("08:50"), at("10:00"), vec![mark(e(1), "N", 0)]);
        save_as(store, tutor(), A, today(Session::Am), &what).unwrap();
        let amended = Change {
            reason: Some("the parent rang".into()),
            ..mark(e(1), "I", 0)
        };
        let other = save_as(
            store,
            officer(),
            A,
            today(Session::Am),
            &changes(vec![amended]),
        )
        .unwrap();
        let id = late_marks(store)[0].0;
        let (_, page) = get(&office(store), officer(), "/late-marks");
        assert!(
            page.contains("class=\"loud\""),
            "what stands differs, and is shown beside it"
        );
        let box_of_it = format!("value=\"{id}:{}\">", other.results[0].base);
        assert!(
            page.contains(&box_of_it),
            "and is not ticked for the office"
        );
        let decided = decide_as(store, officer(), take_in(&[(id, 0)])).unwrap();
        assert_eq!(decided.settled, 0);
        assert!(decided.left[0].1.contains("since you looked"));
        let seen = decide_as(store, officer(), take_in(&[(id, other.results[0].base)])).unwrap();
        assert_eq!(seen.settled, 1, "somebody who has seen both chooses");
        assert_eq!(standing(store, 1).unwrap().0, "N");
    });
}

#[test]
fn what_the_same_person_typed_later_replaces_what_the_office_has_not_looked_at() {
    at_school(|store| {
        store.clock().set(at("10:00"));
        for (typed, code) in [("08:50", "N"), ("08:58", "/")] {
            let what = typed_then_sent(at(typed), at("10:00"), vec![mark(e(1), code, 0)]);
            save_as(store, tutor(), A, today(Session::Am), &what).unwrap();
        }
        let states: Vec<_> = late_marks(store)
            .into_iter()
            .map(|(_, code, state)| (code.unwrap(), state))
            .collect();
        assert_eq!(
            states,
            [
                ("N".to_owned(), "replaced".to_owned()),
                ("/".to_owned(), "waiting".to_owned())
            ]
        );
    });
}

#[test]
fn how_long_a_mark_waited_is_reckoned_by_one_clock_however_wrong() {
    at_school(|store| {
        let am = today(Session::Am);
        // The device lives three days in the past; the mark came at once.
        let old = at_on("2026-11-21", "08:44");
        let save = typed_then_sent(old, old.plus_seconds(1), vec![mark(e(1), "N", 0)]);
        assert_eq!(
            outcomes(&save_as(store, tutor(), A, am, &save).unwrap()),
            [Outcome::Saved]
        );
        assert_eq!(
            standing(store, 1).unwrap().2,
            Some(old),
            "what the device said is kept as it said it"
        );
        // Typed after closing, by a page that had not noticed: the old answer, at once.
        store.clock().set(at("09:30"));
        let save = typed_then_sent(at("09:29"), at("09:30"), vec![mark(e(2), "N", 0)]);
        let answer = save_as(store, tutor(), A, am, &save).unwrap();
        assert_eq!(outcomes(&answer), [Outcome::Refused]);
        // A device that says nothing of waiting has sent at once.
        let save = Save {
            device_at: Some(at("08:50")),
            ..changes(vec![mark(e(2), "N", 0)])
        };
        assert_eq!(
            outcomes(&save_as(store, tutor(), A, am, &save).unwrap()),
            [Outcome::Refused]
        );
    });
}

#[test]
fn what_is_older_than_two_days_goes_to_the_office_whoever_typed_it() {
    at_school(|store| {
        let am = today(Session::Am);
        let amends = Change {
            reason: Some("the parent rang".into()),
            ..mark(e(1), "I", 0)
        };
        let typed = at("08:50");
        store.clock().set(typed.plus_seconds(2 * 24 * 60 * 60));
        let sent = typed.plus_seconds(2 * 24 * 60 * 60);
        let save = typed_then_sent(typed, sent, vec![amends.clone()]);
        let in_time = save_as(store, officer(), A, am, &save).unwrap();
        assert_eq!(
            outcomes(&in_time),
            [Outcome::Saved],
            "two days and not longer"
        );
        store.clock().set(sent.plus_seconds(60));
        let amends = Change {
            enrolment: e(2),
            ..amends
        };
        let save = typed_then_sent(typed, sent.plus_seconds(60), vec![amends]);
        assert_eq!(
            outcomes(&save_as(store, officer(), A, am, &save).unwrap()),
            [Outcome::Held]
        );
    });
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn a_device_is_given_exactly_these_keys_and_only_registers_that_its_person_marks() {
    at_school(|store| {
        let noted = Change {
            note: Some("a private note".into()),
            ..mark(e(1), "N", 0)
        };
        save_as(store, tutor(), A, today(Session::Am), &changes(vec![noted])).unwrap();
        let office = office(store);
        for &role in Role::ALL.iter() {
            let (status, body) = get(&office, account(role), "/offline/registers");
            assert_eq!(status, StatusCode::OK, "{role:?}");
            let given: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                keys(&given),
                BTreeSet::from(["of", "day", "now", "until", "codes", "registers"])
            );
            let registers = given["registers"].as_array().unwrap();
            let groups: Vec<&str> = registers
                .iter()
                .map(|one| one["group"].as_str().unwrap())
                .collect();
            let expected: &[&str] = match role {
                Role::Tutor | Role::HeadOfHouseOrYear => &["8A", "8A"],
                Role::Teacher | Role::SupportOrCover => &["8X1", "8X1"],
                _ => &[],
            };
            // Whether a role that leads a year marks is the matrix's to say; nobody else is given anything.
            let writes = people::access::granted(role, people::RecordKind::AttendanceMarks).0
                >= people::Access::Write;
            assert_eq!(groups, if writes { expected } else { &[] }, "{role:?}");
            for register in registers {
                assert_eq!(
                    keys(register),
                    BTreeSet::from([
                        "page", "group", "when", "opens", "begins", "closes", "ends", "closed",
                        "lesson", "present", "codes", "rows"
                    ])
                );
                for row in register["rows"].as_array().unwrap() {
                    assert_eq!(
                        keys(row),
                        BTreeSet::from(["e", "name", "form", "code", "minutes", "base", "planned"])
                    );
                }
            }
            for code in given["codes"]
                .as_object()
                .unwrap()
                .values()
                .flat_map(|set| set.as_array().unwrap())
            {
                assert_eq!(
                    keys(code),
                    BTreeSet::from([
                        "code",
                        "face",
                        "tally",
                        "meaning",
                        "late",
                        "needs_note",
                        "refused",
                        "sub_codes"
                    ])
                );
            }
            assert!(!body.contains("private"), "{role:?} is given a note");
        }
        let (status, _) = get(&office, 7, "/offline/registers");
        assert_ne!(status, StatusCode::OK, "nobody is signed in");
    });
}

#[test]
fn an_open_register_is_kept_too_if_its_person_may_mark_it_today() {
    at_school(|store| {
        let office = office(store);
        let pages = |account: i64, open: &str| -> Vec<String> {
            let (_, body) = get(&office, account, &format!("/offline/registers?open={open}"));
            let given: Value = serde_json::from_str(&body).unwrap();
            let registers = given["registers"].as_array().unwrap().iter();
            registers
                .map(|one| one["page"].as_str().unwrap().to_owned())
                .collect()
        };
        let am = "/registers/101/2026-11-24/am";
        assert_eq!(pages(officer(), am), [am]);
        assert_eq!(
            pages(
                officer(),
                "/registers/101/2026-11-23/am,/registers/x,/pupils/1"
            ),
            [""; 0]
        );
        assert_eq!(pages(account(Role::Governor), am), [""; 0]);
        assert!(
            !pages(TUTOR_OF_B, am).contains(&am.to_owned()),
            "another's register"
        );
    });
}

#[test]
fn the_worker_names_its_release_and_the_page_for_no_network_holds_nothing_of_a_school() {
    at_school(|store| {
        let office = office(store);
        let (status, worker) = get(&office, 7, "/worker.js");
        assert_eq!(status, StatusCode::OK);
        assert!(worker.starts_with("const SET = \"/assets/"), "{worker}");
        let (status, page) = get(&office, tutor(), "/offline");
        assert_eq!(status, StatusCode::OK);
        assert!(
            !page.contains("Sample School") && !page.contains("name=\"person\""),
            "{page}"
        );
        let (status, manifest) = get(&office, 7, "/manifest.webmanifest");
        assert_eq!(status, StatusCode::OK);
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["start_url"], "/registers");
    });
}

// Every mark arrives once ---------------------------------------------------------------------------------------------

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn in_hundred(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

const REGISTERS: i64 = 60;
const PUPILS: i64 = 4;

fn register_group(number: i64) -> GroupId {
    GroupId(10_000 + number)
}

fn place(register: i64, pupil: i64) -> EnrolmentId {
    EnrolmentId(20_000 + register * 10 + pupil)
}

/// The first register that is a lesson's, and the first of a room of an examination.
const LESSONS: i64 = 36;
const EXAMS: i64 = 48;

const PERIOD: PeriodId = PeriodId(90_001);

/// The address of a register: of a session, of a lesson, or of a room of an examination.
fn page_of(register: i64) -> String {
    let group = register_group(register);
    match register {
        EXAMS.. => format!("/exams/{}/rooms/{}", 91_000 + register, 92_000 + register),
        LESSONS.. => format!("/lessons/{group}/2026-11-24/{PERIOD}"),
        _ => format!("/registers/{group}/2026-11-24/am"),
    }
}

/// Accounts of the five devices: two people have two each.
const DEVICES: [i64; 5] = [5_001, 5_001, 5_002, 5_002, 5_003];

/// What a register from [`LESSONS`] on is besides its group: a lesson of a long period, or a room in which the group sits an examination.
fn lesson_or_exam(act: &mut Act, register: i64) -> Result<(), StoreError> {
    let (group, tuesday) = (register_group(register), day("2026-11-24"));
    let (none, open) = (None::<i64>, None::<calendar::Day>);
    if register < EXAMS {
        let lesson = args![
            93_000 + register,
            group,
            none,
            none,
            1,
            PERIOD,
            day("2026-09-02"),
            open
        ];
        act.record(&LESSON, &lesson)?;
        return Ok(());
    }
    let (exam, room) = (91_000 + register, 92_000 + register);
    let title = format!("Paper {register}");
    act.record(
        &EXAM,
        &args![exam, tuesday, title.as_str(), "08:40", "10:50"],
    )?;
    act.record(&ROOM, &args![room, title.as_str()])?;
    act.record(&EXAM_ROOM, &args![exam, room, 6_001 + register % 3])?;
    for pupil in 0..PUPILS {
        act.record(
            &EXAM_SEAT,
            &args![exam, place(register, pupil), room, pupil + 1],
        )?;
    }
    Ok(())
}

/// Sixty tutor groups of four, twenty for each of three tutors: their morning registers, twelve lessons and twelve examinations.
fn sixty_registers(store: &TestStore) {
    store
        .write_now(|tx| {
            for account in 5_001..=5_003_i64 {
                tx.execute(
                    "insert into account (account_id, sign_in_name, name, must_change_password, failed_attempts) values ($1, $2, $3, $4, $5)",
                    &args![account, format!("a{account}"), format!("Account {account}"), false, 0],
                )?;
                tx.execute(
                    "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at, second_factor_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                    &args![SignInToken::of(&token(account)).bytes(), account, SCHOOL, "a device", at("06:00"), at("08:44"), at_on("2027-09-01", "06:00"), at("06:00")],
                )?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("three tutors");
    let recorded: Result<(), StoreError> = store.act_now(SCHOOL, |act| {
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "set up",
            subject: "sixty registers".to_owned(),
        });
        let (september, none, open) = (day("2026-09-02"), None::<&str>, None::<calendar::Day>);
        for account in 5_001..=5_003_i64 {
            let staff = account + 1_000;
            let surname = format!("Tutor{account}");
            act.record(
                &roll::records::STAFF,
                &args![
                    staff, none, "Ms", "A", &surname, none, account, september, open
                ],
            )?;
            act.record(
                &roll::records::POST,
                &args![staff + 1_000, staff, "Tutor", september, open],
            )?;
            act.record(
                &people::records::ROLE_GRANT,
                &args![staff + 2_000, account, "tutor", september, open],
            )?;
            act.record(
                &people::records::ROLE_GRANT,
                &args![staff + 3_000, account, "teacher", september, open],
            )?;
        }
        let period = args![PERIOD, september, open, "P9", 0, "08:40", "10:50"];
        act.record(&LESSON_PERIOD, &period)?;
        for register in 0..REGISTERS {
            let group = register_group(register);
            let name = format!("T{register}");
            act.record(
                &roll::records::PUPIL_GROUP,
                &args![group, "tutor", &name, none, none, None::<i64>],
            )?;
            if register >= LESSONS {
                lesson_or_exam(act, register)?;
            }
            let staff = 6_001 + register % 3;
            act.record(
                &roll::records::GROUP_STAFF,
                &args![30_000 + register, group, staff, "tutor", september, open],
            )?;
            for pupil in 0..PUPILS {
                let enrolment = place(register, pupil);
                let (id, name) = (enrolment.0 + 20_000, format!("P{}", enrolment.0));
                act.record(
                    &roll::records::PUPIL,
                    &args![
                        id,
                        id,
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
                    ],
                )?;
                act.record(
                    &roll::records::ENROLMENT,
                    &args![
                        enrolment, id, "C", september, none, open, none, none, none, none
                    ],
                )?;
                act.record(
                    &roll::records::MEMBERSHIP,
                    &args![id + 20_000, group, enrolment, september, open],
                )?;
            }
        }
        Ok(())
    });
    recorded.expect("sixty registers");
}

/// What a device has typed into one register, under the change id that it keeps until it is answered.
#[derive(Clone)]
struct Sealed {
    id: String,
    register: i64,
    /// Pupil, code, minutes, base; the note names the mark, so that it can be found again wherever it went.
    changes: Vec<(i64, &'static str, Option<i64>, i64)>,
    typed_at: Instant,
}

impl Sealed {
    fn note(&self, pupil: i64) -> String {
        format!("{}.{pupil}", self.id)
    }

    fn body(&self, clock_ahead: i64, now: Instant) -> String {
        let changes: Vec<Value> = self
            .changes
            .iter()
            .map(|(pupil, code, minutes, base)| {
                json!({"enrolment": place(self.register, *pupil).0, "code": code, "minutes": minutes, "note": self.note(*pupil), "base": base})
            })
            .collect();
        json!({
            "change_id": self.id,
            "device_at": self.typed_at.plus_seconds(clock_ahead).micros(),
            "sent_at": now.plus_seconds(clock_ahead).micros(),
            "changes": changes,
        })
        .to_string()
    }
}

/// A browser with its outbox.
struct Device {
    account: i64,
    clock_ahead: i64,
    outbox: Vec<Sealed>,
    bases: BTreeMap<(i64, i64), i64>,
}

#[test]
fn every_mark_arrives_once_through_two_hours_of_a_network_that_comes_and_goes() {
    at_school(|store| {
        sixty_registers(store);
        let office = office(store);
        let mut chance = Chance(20_261_124);
        let mut devices: Vec<Device> = DEVICES
            .iter()
            .zip([0, 420, -259_200, 7_200, -61])
            .map(|(account, clock_ahead)| Device {
                account: *account,
                clock_ahead,
                outbox: Vec::new(),
                bases: BTreeMap::new(),
            })
            .collect();
        // Every register is typed into three times or more, at moments spread over what is open of the morning and after.
        let mut to_type: Vec<i64> = (0..REGISTERS * 3)
            .map(|number| number % REGISTERS)
            .collect();
        let mut told: BTreeMap<String, Outcome> = BTreeMap::new();
        let mut floating: Vec<(usize, i64, String)> = Vec::new();
        let mut now = at("08:44");
        let (end, mut number, mut away) = (at("10:44"), 0, BTreeSet::new());
        let sign_in = |account: i64, now: Instant, is_in: bool| {
            let ended = (!is_in).then_some(now);
            let changed = store.write_now(move |tx| {
                tx.execute(
                    "update sign_in set ended_at = $2, seen_at = $3 where account_id = $1",
                    &args![account, ended, now],
                )
            });
            changed
                .map(drop)
                .map_err(|error: StoreError| error)
                .expect("a sign-in of a test");
        };
        let post = |device: &Device, register: i64, body: String| {
            let request = Request::post(format!("{}/save", page_of(register)))
                .header(header::CONTENT_TYPE, "application/json")
                .header(
                    "rollbook-page-of",
                    format!("{}.{}", device.account, SCHOOL.0),
                );
            ask(&office, device.account, request, body)
        };
        loop {
            let is_over = now >= end;
            now = now.plus_seconds(if is_over { 1 } else { chance.below(8) as i64 });
            store.clock().set(now);
            let which = chance.below(5) as usize;
            if is_over {
                // The network is back, and everybody signs in again.
                for account in std::mem::take(&mut away) {
                    sign_in(account, now, true);
                }
                if floating.is_empty() && devices.iter().all(|device| device.outbox.is_empty()) {
                    break;
                }
            }
            // Typing, with a network or without.
            if !to_type.is_empty() && now < at("09:09") && chance.in_hundred(60) {
                {
                    let register = to_type.swap_remove(chance.below(to_type.len() as u64) as usize);
                    let holders: Vec<usize> = (0..5)
                        .filter(|one| DEVICES[*one] - 5_001 == register % 3)
                        .collect();
                    let device = &mut devices[holders[chance.below(holders.len() as u64) as usize]];
                    let first = chance.below(PUPILS as u64) as i64;
                    let pupils = first..PUPILS.min(first + 1 + chance.below(3) as i64);
                    let minutes = (at("08:40").seconds_until(now) / 60).max(1);
                    let changes = pupils
                        .map(|pupil| {
                            let (code, minutes) = [("/", None), ("N", None), ("L", Some(minutes))]
                                [chance.below(3) as usize];
                            let base = device.bases.get(&(register, pupil)).copied().unwrap_or(0);
                            (pupil, code, minutes, base)
                        })
                        .collect();
                    number += 1;
                    device.outbox.push(Sealed {
                        id: format!("s-{number}"),
                        register,
                        changes,
                        typed_at: now,
                    });
                }
            }
            // Somebody signs out, or their session ends while they teach; later they are back.
            if chance.in_hundred(2) && !is_over {
                let account = DEVICES[which];
                if !away.remove(&account) {
                    away.insert(account);
                }
                sign_in(account, now, !away.contains(&account));
            } else if !away.contains(&DEVICES[which]) {
                sign_in(DEVICES[which], now, true); // in use, so not idle
            }
            // A copy that a router had kept comes out of order.
            if !floating.is_empty() && (is_over || chance.in_hundred(20)) {
                let (from, register, body) =
                    floating.swap_remove(chance.below(floating.len() as u64) as usize);
                let (status, _) = post(&devices[from], register, body);
                assert!(
                    [StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&status),
                    "{status}"
                );
            }
            // The oldest goes; there are two stretches without any network.
            let is_cut = !is_over
                && ((at("08:57")..at("09:40")).contains(&now)
                    || (at("10:00")..at("10:20")).contains(&now));
            let Some(sealed) = devices[which].outbox.first().cloned() else {
                continue;
            };
            if is_cut || (!is_over && chance.in_hundred(25)) {
                continue;
            }
            let body = sealed.body(devices[which].clock_ahead, now);
            if chance.in_hundred(20) {
                floating.push((which, sealed.register, body.clone()));
            }
            let (status, answer) = post(&devices[which], sealed.register, body);
            if status == StatusCode::UNAUTHORIZED {
                assert!(
                    away.contains(&devices[which].account),
                    "only who is away is turned away: {answer}"
                );
                continue;
            }
            assert_eq!(status, StatusCode::OK, "{answer}");
            if !is_over && chance.in_hundred(25) {
                continue; // it arrived, and the answer is lost: the device sends it again
            }
            let answer: Value = serde_json::from_str(&answer).unwrap();
            devices[which].outbox.remove(0);
            for ((pupil, code, minutes, _), result) in sealed
                .changes
                .iter()
                .zip(answer["results"].as_array().unwrap())
            {
                let outcome: Outcome = serde_json::from_value(result["outcome"].clone()).unwrap();
                let base = result["base"].as_i64().unwrap();
                // What was typed on top of it meanwhile rests on what stands now, as in the browser's outbox.
                if outcome == Outcome::Saved {
                    for later in devices[which]
                        .outbox
                        .iter_mut()
                        .filter(|later| later.register == sealed.register)
                    {
                        for (_, _, _, rests_on) in
                            later.changes.iter_mut().filter(|(own, ..)| own == pupil)
                        {
                            *rests_on = base;
                        }
                    }
                }
                devices[which].bases.insert((sealed.register, *pupil), base);
                assert!(
                    told.insert(sealed.note(*pupil), outcome).is_none(),
                    "answered once"
                );
                assert!(
                    matches!(outcome, Outcome::Saved | Outcome::Held | Outcome::Conflict),
                    "{result}"
                );
                if outcome == Outcome::Conflict && chance.in_hundred(50) {
                    // Shown both, and chose their own: a new change on top of what they saw.
                    number += 1;
                    let changes = vec![(*pupil, *code, *minutes, base)];
                    devices[which].outbox.push(Sealed {
                        id: format!("s-{number}"),
                        register: sealed.register,
                        changes,
                        typed_at: sealed.typed_at,
                    });
                }
            }
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for outcome in told.values() {
            let word = match outcome {
                Outcome::Saved => "saved",
                Outcome::Held => "held",
                _ => "conflict",
            };
            *counts.entry(word).or_default() += 1;
        }
        assert!(
            to_type.is_empty() && counts.len() == 3,
            "the morning had everything in it: {counts:?}"
        );
        let in_register = times_found(store, IN_REGISTERS);
        let with_office = times_found(store, WITH_OFFICE);
        for (note, outcome) in &told {
            let found = (
                in_register.get(note).copied().unwrap_or(0),
                with_office.get(note).copied().unwrap_or(0),
            );
            let expected = match outcome {
                Outcome::Saved => (1, 0),
                Outcome::Held => (0, 1),
                _ => (0, 0),
            };
            assert_eq!(found, expected, "{note} was told {outcome:?}");
        }
        assert_eq!(
            in_register.len() + with_office.len(),
            counts["saved"] + counts["held"],
            "and nothing else arrived"
        );

        // The office takes what came late: what it takes is in the register once, with the moment at which it was typed.
        let waiting = store
            .read_now(|tx| {
                let all = "select late_id, group_id, enrolment_id, note from late_mark where school_id = $1 and state = 'waiting' and superseded_seq is null order by late_id desc";
                tx.query(all, &args![SCHOOL], |row| Ok((row.get::<i64>(0)?, row.get::<GroupId>(1)?, row.get::<EnrolmentId>(2)?, row.get::<String>(3)?)))
            })
            .map_err(|error: StoreError| error)
            .unwrap();
        assert!(!waiting.is_empty());
        store.clock().set(at("10:59"));
        for (id, group, enrolment, note) in waiting {
            let base = store
                .read_now(move |tx| {
                    let seq = "select seq from mark where school_id = $1 and enrolment_id = $2";
                    tx.query_opt(seq, &args![SCHOOL, enrolment], |row| row.get::<i64>(0))
                })
                .map_err(|error: StoreError| error)
                .unwrap();
            let actor = actor(store, officer());
            let choice = take_in(&[(id, base.unwrap_or(0))]);
            let decided = store
                .act_now(SCHOOL, move |act| {
                    decide_late(act, &actor, (group, today(Session::Am)), &choice)
                })
                .unwrap();
            assert_eq!(decided.settled, 1, "{note}: {decided:?}");
        }
        let in_register = times_found(store, IN_REGISTERS);
        assert!(in_register.values().all(|times| *times == 1));
        assert!(
            times_found(store, WITHOUT_DEVICE).is_empty(),
            "each with its device's time"
        );
    });
}

/// The notes of every mark in a register: of sessions, lessons and examinations.
const IN_REGISTERS: &str = "\
select note from mark_version where school_id = $1 and note is not null
union all select note from lesson_mark where school_id = $1 and note is not null
union all select note from exam_mark where school_id = $1 and note is not null";

const WITH_OFFICE: &str = "\
select note from late_mark where school_id = $1 and state = 'waiting'
union all select note from late_lesson_mark where school_id = $1 and state = 'waiting'";

const WITHOUT_DEVICE: &str = "\
select note from mark_version where school_id = $1 and note is not null and device_at is null
union all select note from lesson_mark where school_id = $1 and note is not null and device_at is null
union all select note from exam_mark where school_id = $1 and note is not null and device_at is null";

/// How often each note is found.
fn times_found(store: &TestStore, sql: &'static str) -> BTreeMap<String, usize> {
    let notes = store
        .read_now(move |tx| tx.query(sql, &args![SCHOOL], |row| row.get::<String>(0)))
        .map_err(|error: StoreError| error)
        .unwrap();
    let mut found = BTreeMap::new();
    for note in notes {
        *found.entry(note).or_default() += 1;
    }
    found
}
