//! Visits to homes: what must stand before anybody leaves, who is out and overdue, and what a visit means for the child, on both engines.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::Session;
use office::desk::{Office, Refusal};
use office::ids::StaffId;
use office::morning::cases;
use office::people::{Keyring, Role};
use office::visits::{
    Agreed, Going, Kind, Looked, Order, Prepared, Wrote, arrive_with_child, authorise, check,
    come_back, heard_of, leave, move_in_round, order, prepare as prepare_collection, refuse,
    set_off, staff, withdraw, write_down,
};
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use welfare::absence::State;
use welfare::collection::Consent;
use welfare::visit::{Found, Warnings};

use crate::school::{
    B, SCHOOL, TUTOR_OF_B, account, actor, ask, at, changes, day, e, found, get, mark, office,
    save_as, take, today,
};

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:44"));
        let marks = vec![mark(e(7), "N", 0), mark(e(8), "/", 0), mark(e(9), "N", 0)];
        save_as(store, TUTOR_OF_B, B, today(Session::Am), &changes(marks)).expect("8B is taken");
        store.clock().set(at("09:20"));
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

/// The staff records of the manager and the officer.
fn pair() -> [Option<StaffId>; 2] {
    [manager(), officer()].map(|account| Some(StaffId(account + 1000)))
}

/// What an act comes to, in words where it is refused.
fn done<T: Send + 'static>(
    store: &TestStore,
    account: i64,
    what: impl Fn(&mut store::Act, &office::people::Actor) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, String> {
    let actor = actor(store, account);
    let done = store.act_now(SCHOOL, move |act| what(act, &actor));
    done.map_err(|refusal: Refusal| refusal.to_string())
}

fn wanted(kind: Kind) -> Order {
    Order {
        day: day("2026-11-24"),
        kind,
        purpose: None,
        parents_told: false,
    }
}

fn plan(store: &TestStore, account: i64, number: i64) -> Result<i64, String> {
    done(store, account, move |act, actor| {
        order(act, actor, e(number), &wanted(Kind::Absence))
    })
}

fn prepare(store: &TestStore, id: i64) -> Result<(), String> {
    done(store, manager(), move |act, actor| {
        check(act, actor, id, &Looked::default())?;
        let going = Going {
            staff: pair(),
            phone: Some("07700 900461".to_owned()),
            ..Going::default()
        };
        staff(act, actor, id, &going)
    })
}

fn go(store: &TestStore, id: i64) -> Result<(), String> {
    done(store, manager(), move |act, actor| {
        leave(act, actor, id, act.at().plus_seconds(30 * 60))
    })
}

/// What is written down of a visit that found this, with all that it asks for.
fn wrote(found: Found, at_door: calendar::Instant) -> Wrote {
    let seen = found == Found::Seen;
    Wrote {
        found,
        at_door,
        seen_by: pair()[0].filter(|_| seen),
        seen_where: seen.then(|| "at the door".to_owned()),
        alone: seen.then_some(false),
        answered_by: (found != Found::CardLeft).then(|| "Grandmother".to_owned()),
        facts: Some("Curtains drawn, no car".to_owned()),
        opinion: None,
        reply_by: (found == Found::CardLeft).then(|| at_door.plus_seconds(3_600)),
        next_step: None,
        concern: None,
    }
}

fn write(store: &TestStore, account: i64, id: i64, wrote: Wrote) -> Result<(), String> {
    let key = Keyring::forgetful().expect("a key for one test");
    done(store, account, move |act, actor| {
        write_down(act, actor, &key, id, &wrote)
    })
}

/// A whole visit by the attendance manager now: planned, made ready, left for, recorded and back.
pub fn visit(store: &TestStore, number: i64, found: Found, concern: bool) -> Result<(), String> {
    let id = plan(store, manager(), number)?;
    prepare(store, id)?;
    go(store, id)?;
    let now = store.clock().tell();
    let told = Wrote {
        concern: concern.then(|| "A bruise on the left cheek".to_owned()),
        ..wrote(found, now)
    };
    write(store, manager(), id, told)?;
    done(store, manager(), move |act, actor| {
        come_back(act, actor, id)
    })
}

fn state(store: &TestStore, number: i64) -> Option<State> {
    let office = office(store);
    let now = store.clock().tell();
    let day = store.read_now(move |tx| {
        let book = office.shelf.book(tx, SCHOOL)?;
        cases(tx, &book, now.in_london().0, now)
    });
    let day = day.expect("the day can be read");
    day.of(e(number)).map(|case| case.state)
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
fn nobody_leaves_without_an_authoriser_a_risk_check_and_two_staff() {
    at_school(|store| {
        let id = plan(store, officer(), 7).expect("the officer asks for it");
        let ground = go(store, id).expect_err("nothing stands yet");
        for missing in ["to be authorised", "risk check", "two staff", "E-196"] {
            assert!(ground.contains(missing), "{ground}");
        }
        let refused = done(store, officer(), move |act, actor| {
            authorise(act, actor, id)
        });
        assert!(refused.is_err_and(|ground| ground.contains("E-196")));
        done(store, manager(), move |act, actor| {
            authorise(act, actor, id)
        })
        .expect("authorised");
        prepare(store, id).expect("ready");
        // A check that says stay away keeps everybody here, and so does one that is too old.
        done(store, manager(), move |act, actor| {
            let looked = Looked {
                stay_away: true,
                note: Some("Threats last week".to_owned()),
                ..Looked::default()
            };
            check(act, actor, id, &looked)
        })
        .expect("checked");
        assert!(go(store, id).is_err_and(|ground| ground.contains("do not go")));
        prepare(store, id).expect("checked again");
        go(store, id).expect("they leave");
        let again = go(store, id).expect_err("they have left");
        assert!(again.contains("left already"), "{again}");
    });
}

#[test]
fn one_goes_alone_only_where_a_lead_allows_it_and_never_into_known_violence() {
    at_school(|store| {
        let id = plan(store, manager(), 7).expect("planned");
        let alone = |account: i64| {
            done(store, account, move |act, actor| {
                let going = Going {
                    staff: [pair()[0], None],
                    alone_because: Some("Known well to the family".to_owned()),
                    phone: Some("07700 900461".to_owned()),
                    ..Going::default()
                };
                staff(act, actor, id, &going)
            })
        };
        assert!(alone(officer()).is_err_and(|ground| ground.contains("E-196")));
        alone(manager()).expect("allowed");
        let known = |violence: bool| {
            done(store, manager(), move |act, actor| {
                let looked = Looked {
                    warnings: Warnings {
                        violence,
                        ..Warnings::default()
                    },
                    note: Some("As the record has it".to_owned()),
                    ..Looked::default()
                };
                check(act, actor, id, &looked)
            })
        };
        known(true).expect("checked");
        assert!(go(store, id).is_err_and(|ground| ground.contains("not alone")));
        known(false).expect("checked again");
        go(store, id).expect("one goes alone");
    });
}

#[test]
fn a_visit_is_due_on_the_board_when_it_is_planned_and_pressing_twice_plans_one() {
    at_school(|store| {
        let office = office(store);
        let (_, row) = get(&office, officer(), "/morning?row=207");
        assert!(row.contains("Plan a visit to the home"), "{row}");
        let form = [("enrolment", "207")];
        for _ in 0..2 {
            let (status, _) = post(&office, officer(), "/visits/plan", &form);
            assert_eq!(status, StatusCode::SEE_OTHER);
        }
        assert_eq!(state(store, 7), Some(State::VisitDue));
        let visits: i64 = store
            .read_now(|tx| {
                let sql = "select count(*) from home_visit where school_id = 1";
                tx.query_one(sql, &[], |row| row.get(0))
            })
            .expect("the visits");
        assert_eq!(visits, 1);
        let (_, row) = get(&office, officer(), "/morning?row=207");
        assert!(
            row.contains("Visit to the home</a>: not cleared")
                && !row.contains("Plan a visit to the home"),
            "{row}"
        );
        // Where the safeguarding lead decides, a clerk plans nothing (E-020).
        let refused = [
            ("kind", "attempt"),
            ("channel", "call"),
            ("outcome", "not_satisfied"),
        ];
        post(&office, officer(), "/morning/209", &refused);
        let (status, page) = post(&office, officer(), "/visits/plan", &[("enrolment", "209")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("E-020"), "{page}");
        assert_eq!(state(store, 9), Some(State::LeadDecides));
        plan(store, account(Role::Dsl), 9).expect("the lead asks for a visit");
        assert_eq!(state(store, 9), Some(State::VisitDue));
    });
}

#[test]
fn only_a_child_who_was_seen_and_of_whom_there_is_no_concern_is_located_by_a_visit() {
    for (found, concern, comes_to) in [
        (Found::Seen, false, State::SeenUnexplained),
        (Found::Seen, true, State::LeadDecides),
        (Found::NotSeen, false, State::LeadDecides),
        (Found::Refused, false, State::LeadDecides),
        (Found::CardLeft, false, State::OutsideDecision),
        (Found::NoAnswer, false, State::OutsideDecision),
        (Found::AddressEmpty, false, State::OutsideDecision),
    ] {
        at_school(|store| {
            visit(store, 7, found, concern).expect("a visit");
            assert_eq!(state(store, 7), Some(comes_to), "{found:?} {concern}");
        });
    }
}

#[test]
fn a_record_that_is_put_right_to_say_that_nobody_saw_the_child_puts_them_back_on_the_list() {
    at_school(|store| {
        visit(store, 7, Found::Seen, false).expect("a visit");
        assert_eq!(state(store, 7), Some(State::SeenUnexplained));
        store.clock().set(at("09:40"));
        let told = wrote(Found::NotSeen, at("09:20"));
        let id = plan_id(store);
        write(store, manager(), id, told).expect("put right");
        assert_eq!(state(store, 7), Some(State::LeadDecides));
    });
}

/// The number of the only visit.
fn plan_id(store: &TestStore) -> i64 {
    store
        .read_now(|tx| {
            let sql = "select max(visit_id) from home_visit where school_id = 1";
            tx.query_one(sql, &[], |row| row.get(0))
        })
        .expect("a visit")
}

#[test]
fn a_record_asks_for_who_saw_the_child_where_and_whether_alone_and_a_card_for_its_time() {
    at_school(|store| {
        let id = plan(store, manager(), 7).expect("planned");
        prepare(store, id).expect("ready");
        let now = at("09:20");
        let early = write(store, manager(), id, wrote(Found::Seen, now));
        assert!(early.is_err_and(|ground| ground.contains("not left yet")));
        go(store, id).expect("they leave");
        let seen = wrote(Found::Seen, now);
        let card = wrote(Found::CardLeft, now);
        for (told, word) in [
            (
                Wrote {
                    seen_by: Some(StaffId(1)),
                    ..seen.clone()
                },
                "which of the two",
            ),
            (
                Wrote {
                    seen_where: None,
                    ..seen.clone()
                },
                "where",
            ),
            (
                Wrote {
                    alone: None,
                    ..seen.clone()
                },
                "alone",
            ),
            (
                Wrote {
                    reply_by: None,
                    ..card
                },
                "reply",
            ),
            (
                Wrote {
                    at_door: at("09:30"),
                    ..seen
                },
                "time at the door",
            ),
        ] {
            let ground = write(store, manager(), id, told).expect_err(word);
            assert!(ground.contains(word), "{ground}");
        }
        assert_eq!(state(store, 7), Some(State::VisitDue), "nothing was saved");
    });
}

#[test]
fn a_pair_that_is_not_heard_of_is_on_the_board_and_the_round_until_it_is() {
    at_school(|store| {
        let id = plan(store, manager(), 7).expect("planned");
        prepare(store, id).expect("ready");
        go(store, id).expect("they leave, expected at 09:50");
        let office = office(store);
        store.clock().set(at("09:49"));
        let (_, board) = get(&office, officer(), "/morning");
        assert!(
            board.contains("1 out") && !board.contains("not heard of"),
            "{board}"
        );
        store.clock().set(at("10:06"));
        let (_, board) = get(&office, officer(), "/morning");
        assert!(
            board.contains("a pair was not heard of: ring them now"),
            "{board}"
        );
        let (_, round) = get(&office, officer(), "/visits");
        assert!(round.contains("ring them now"), "{round}");
        let path = format!("/visits/{id}/act");
        let called = [("do", "called"), ("note", "No answer on the mobile")];
        post(&office, officer(), &path, &called);
        let (_, one) = get(&office, officer(), &format!("/visits/{id}"));
        assert!(
            one.contains("rang them at 10:06") && one.contains("No answer on the mobile"),
            "{one}"
        );
        store.clock().set(at("10:21"));
        let (_, one) = get(&office, officer(), &format!("/visits/{id}"));
        assert!(one.contains("tell the safeguarding lead"), "{one}");
        // What was written down at the door brings nobody back.
        write(store, manager(), id, wrote(Found::Seen, at("09:40"))).expect("by telephone");
        let (_, board) = get(&office, officer(), "/morning");
        assert!(board.contains("not heard of"), "{board}");
        done(store, officer(), move |act, actor| {
            heard_of(act, actor, id, at("10:40"))
        })
        .expect("heard of");
        let (_, board) = get(&office, officer(), "/morning");
        assert!(!board.contains("not heard of"), "{board}");
        // Not even the next day are they forgotten.
        store
            .clock()
            .set(crate::school::at_on("2026-11-25", "08:00"));
        let (_, round) = get(&office, officer(), "/visits");
        assert!(
            round.contains("left over from Tue 24 Nov") && round.contains("ring the police now"),
            "{round}"
        );
        done(store, officer(), move |act, actor| {
            come_back(act, actor, id)
        })
        .expect("back");
        let (_, round) = get(&office, officer(), "/visits");
        assert!(!round.contains("left over"), "{round}");
    });
}

#[test]
fn the_round_is_ordered_by_hand_and_a_visit_leaves_it_only_with_a_reason() {
    at_school(|store| {
        let first = plan(store, manager(), 7).expect("planned");
        let second = plan(store, manager(), 9).expect("planned");
        let office = office(store);
        let before = |page: &str| page.find("Pupil7") < page.find("Pupil9");
        let (_, round) = get(&office, officer(), "/visits");
        assert!(before(&round), "{round}");
        done(store, officer(), move |act, actor| {
            move_in_round(act, actor, second, true)
        })
        .expect("moved");
        let (_, round) = get(&office, officer(), "/visits");
        assert!(!before(&round), "{round}");
        let none = done(store, officer(), move |act, actor| {
            withdraw(act, actor, first, "  ")
        });
        assert!(none.is_err());
        done(store, officer(), move |act, actor| {
            withdraw(act, actor, first, "Came to school at ten")
        })
        .expect("withdrawn");
        let (_, round) = get(&office, officer(), "/visits");
        assert!(
            round.contains("withdrawn: Came to school at ten"),
            "{round}"
        );
        assert_eq!(
            state(store, 7),
            Some(State::VisitDue),
            "withdrawing a visit locates nobody"
        );
        plan(store, manager(), 7).expect("another can be planned");
    });
}

#[test]
fn visits_are_open_to_whom_the_matrix_gives_them_and_the_log_of_contacts_has_the_line_alone() {
    at_school(|store| {
        visit(store, 7, Found::Seen, false).expect("a visit");
        let id = plan_id(store);
        let office = office(store);
        let path = format!("/visits/{id}");
        for role in Role::ALL.iter().copied() {
            let (status, page) = get(&office, account(role), &path);
            let (round, _) = get(&office, account(role), "/visits");
            let (access, scope) =
                office::people::access::granted(role, office::people::RecordKind::HomeVisit);
            let all =
                access >= office::people::Access::Read && scope == office::people::Scope::School;
            let expected = match all {
                true => StatusCode::OK,
                false => StatusCode::NOT_FOUND,
            };
            assert_eq!(status, expected, "{role:?}");
            let has_round = all || role == Role::HeadOfHouseOrYear;
            assert_eq!(round == StatusCode::OK, has_round, "{role:?}");
            assert_eq!(page.contains("Curtains drawn"), all, "{role:?}");
        }
        // Who reads and does not write plans nothing.
        let head = plan(store, account(Role::Headteacher), 9);
        assert!(head.is_err_and(|ground| ground.contains("not plan")));
        // The head of 8A plans for their own and no other; the tutor of 8B has the line of the outcome on the board.
        assert!(plan(store, account(Role::HeadOfHouseOrYear), 9).is_err());
        plan(store, account(Role::HeadOfHouseOrYear), 1).expect("their own");
        let (_, board) = get(&office, TUTOR_OF_B, "/morning?row=207");
        assert!(
            board.contains("home visit: child seen, at the door")
                && !board.contains("Curtains drawn")
                && !board.contains("Plan a visit"),
            "{board}"
        );
        let (status, file) = take(&office, manager(), "/visits/log", "csv");
        assert_eq!(status, StatusCode::OK);
        assert!(
            file.contains("child seen at 09:20") && !file.contains("Curtains"),
            "{file}"
        );
        let journal: i64 = store
            .read_now(|tx| {
                let sql = "select count(*) from journal_entry where school_id = 1 and subject like '%Curtains%'";
                tx.query_one(sql, &[], |row| row.get(0))
            })
            .expect("the journal");
        assert_eq!(journal, 0);
    });
}

#[test]
fn a_visit_is_prepared_made_and_recorded_by_forms_alone() {
    at_school(|store| {
        let office = office(store);
        let (_, found) = get(&office, manager(), "/visits/find?q=Pupil7");
        assert!(found.contains("/visits/new?enrolment=207"), "{found}");
        let form = [
            ("kind", "safe_and_well"),
            ("day", "2026-11-24"),
            ("purpose", "Not seen since Friday"),
        ];
        let (status, _) = post(&office, manager(), "/visits/new?enrolment=207", &form);
        assert_eq!(status, StatusCode::SEE_OTHER);
        let id = plan_id(store);
        let path = |tail: &str| format!("/visits/{id}/{tail}");
        let (status, page) = post(&office, manager(), &path("check"), &[("dogs", "yes")]);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Answer yes or no"), "{page}");
        let known = [
            ("dogs", "yes"),
            ("violence", "no"),
            ("weapons", "no"),
            ("agency", "no"),
            ("never_alone", "no"),
            ("note", "Large dog in the yard"),
        ];
        post(&office, manager(), &path("check"), &known);
        let (one, two) = (
            (manager() + 1000).to_string(),
            (officer() + 1000).to_string(),
        );
        let going = [
            ("one", one.as_str()),
            ("two", &two),
            ("phone", "07700 900461"),
        ];
        post(&office, manager(), &path("staff"), &going);
        let (_, sheet) = get(&office, manager(), "/visits/sheet");
        assert!(
            sheet.contains("Large dog in the yard") && sheet.contains("Not seen since Friday"),
            "{sheet}"
        );
        let left = [("do", "leave"), ("due_back", "10:00")];
        let (status, _) = post(&office, manager(), &path("act"), &left);
        assert_eq!(status, StatusCode::SEE_OTHER);
        store.clock().set(at("09:45"));
        let told = [
            ("found", "card_left"),
            ("at_door", "09:35"),
            ("reply_at", "16:00"),
        ];
        let (status, page) = post(&office, officer(), &path("record"), &told);
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        post(&office, officer(), &path("act"), &[("do", "back")]);
        let (_, one) = get(&office, officer(), &format!("/visits/{id}"));
        assert!(
            one.contains("no answer, card left at 09:35")
                && one.contains("reply asked for by 16:00"),
            "{one}"
        );
        assert_eq!(state(store, 7), Some(State::OutsideDecision));
    });
}

/// What is written down before a child is brought to school.
fn how(consent: Option<Consent>) -> Prepared {
    Prepared {
        driver: pair()[0],
        licence_seen: true,
        insured_until: Some(day("2026-11-24")),
        agreed: consent.map(|to| Agreed {
            to,
            by: "Mother, by telephone".to_owned(),
            on: day("2026-11-24"),
        }),
        seating: Some("In the back on the left".to_owned()),
        way_home: Some("The bus at 15:10".to_owned()),
        ..Prepared::default()
    }
}

fn prepared(store: &TestStore, account: i64, id: i64, how: Prepared) -> Result<(), String> {
    done(store, account, move |act, actor| {
        prepare_collection(act, actor, id, &how)
    })
}

#[test]
fn nobody_leaves_to_bring_a_child_until_all_of_it_stands_and_who_arrives_is_signed_in() {
    at_school(|store| {
        let id = done(store, officer(), |act, actor| {
            order(act, actor, e(7), &wanted(Kind::Collection))
        })
        .unwrap();
        done(store, manager(), move |act, actor| {
            authorise(act, actor, id)
        })
        .unwrap();
        done(store, manager(), move |act, actor| {
            check(act, actor, id, &Looked::default())?;
            let going = Going {
                staff: [pair()[0], None],
                phone: Some("07700 900461".to_owned()),
                vehicle: Some("School car".to_owned()),
                ..Going::default()
            };
            staff(act, actor, id, &going)
        })
        .unwrap();
        let stranger = Prepared {
            driver: pair()[1],
            ..how(Some(Consent::ThisTrip))
        };
        let words = prepared(store, officer(), id, stranger).unwrap_err();
        assert!(words.contains("one of the staff who go"), "{words}");
        prepared(store, officer(), id, how(None)).unwrap();
        let words = go(store, id).unwrap_err();
        assert!(words.contains("two staff"), "{words}");
        let two = Prepared {
            second_adult: Some("R Sampleton, family support worker".to_owned()),
            ..how(None)
        };
        prepared(store, officer(), id, two.clone()).unwrap();
        let words = go(store, id).unwrap_err();
        assert!(words.contains("Missing: a parent's consent"), "{words}");
        let agreed = how(Some(Consent::ThisTrip)).agreed;
        prepared(store, officer(), id, Prepared { agreed, ..two }).unwrap();
        let early = done(store, officer(), move |act, actor| set_off(act, actor, id));
        assert!(early.unwrap_err().contains("not out"));
        go(store, id).unwrap();
        store.clock().set(at("09:40"));
        done(store, officer(), move |act, actor| set_off(act, actor, id)).unwrap();
        let words = done(store, officer(), move |act, actor| {
            come_back(act, actor, id)
        });
        assert!(words.unwrap_err().contains("in the car with them"));
        store.clock().set(at("09:55"));
        done(store, officer(), move |act, actor| {
            arrive_with_child(act, actor, id)
        })
        .unwrap();
        let again = done(store, officer(), move |act, actor| {
            arrive_with_child(act, actor, id)
        });
        assert!(again.is_err());
        done(store, officer(), move |act, actor| {
            come_back(act, actor, id)
        })
        .unwrap();
        let (_, log) = get(&office(store), officer(), "/door/log");
        assert!(log.contains("Collected from home"), "{log}");
        let (_, list) = get(&office(store), officer(), "/visits/collections");
        assert!(
            list.contains("at school at 09:55") && list.contains("for this trip: Mother"),
            "{list}"
        );
    });
}

#[test]
fn a_child_who_says_no_is_not_made_to_come_and_a_standing_consent_is_offered_again() {
    at_school(|store| {
        let id = plan(store, manager(), 7).unwrap();
        prepare(store, id).unwrap();
        go(store, id).unwrap();
        // Asked for at the door by somebody who does not authorise it.
        prepared(store, officer(), id, how(Some(Consent::Standing))).unwrap();
        let off = |account| done(store, account, move |act, actor| set_off(act, actor, id));
        let words = off(officer()).unwrap_err();
        assert!(
            words.contains("to be authorised; who drives, and the car"),
            "{words}"
        );
        done(store, manager(), move |act, actor| {
            authorise(act, actor, id)
        })
        .unwrap();
        assert!(!off(officer()).unwrap_err().contains("authorised"));
        let no = |because: &'static str| {
            done(store, officer(), move |act, actor| {
                refuse(act, actor, id, because)
            })
        };
        assert!(no(" ").unwrap_err().contains("Say who said no"));
        no("He said no: too tired").unwrap();
        assert!(off(manager()).unwrap_err().contains("did not come"));
        let (_, page) = get(&office(store), officer(), &format!("/visits/{id}"));
        assert!(
            page.contains("did not come: He said no: too tired"),
            "{page}"
        );
        done(store, officer(), move |act, actor| {
            come_back(act, actor, id)
        })
        .unwrap();
        write(store, officer(), id, wrote(Found::Seen, at("09:20"))).unwrap();
        let next = done(store, manager(), |act, actor| {
            order(act, actor, e(7), &wanted(Kind::Collection))
        })
        .unwrap();
        let path = format!("/visits/{next}/collection");
        let (status, form) = get(&office(store), officer(), &path);
        assert_eq!(status, StatusCode::OK);
        assert!(
            form.contains("Mother, by telephone"),
            "offered again: {form}"
        );
        let sheet = get(&office(store), officer(), "/visits/sheet").1;
        assert!(sheet.contains("Bringing the child to school"), "{sheet}");
    });
}
