//! What a day leaves to the next: whose case goes on, what ends it, and a month in which nobody is lost, on both engines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::{Day, Instant, Session, Slot};
use office::desk::{Office, Refusal};
use office::ids::{EnrolmentId, GroupId};
use office::morning::{Case, DayOfCases, Kind, Said, cases, record, uncontacted};
use office::people::Role;
use office::roll::records::MEMBERSHIP;
use office::year::records::DAY_EXCEPTION;
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use store::{Entry, StoreError, args};
use welfare::absence::State;
use welfare::attempt::{Channel, Outcome};

use crate::school::{
    A, B, SCHOOL, TUTOR_OF_B, account, actor, ask, at_on, changes, day, e, found, get, mark,
    office, save_as, take,
};

const TUESDAY: &str = "2026-11-24";
const WEDNESDAY: &str = "2026-11-25";
const THURSDAY: &str = "2026-11-26";
/// The Friday after is a training day.
const MONDAY: &str = "2026-11-30";

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

fn clock(store: &TestStore, on: &str, time: &str) {
    store.clock().set(at_on(on, time));
}

fn day_in(store: &TestStore, office: &Arc<Office>) -> Arc<DayOfCases> {
    let office = Arc::clone(office);
    let now = store.clock().tell();
    store
        .read_now(move |tx| {
            let book = office.shelf.book(tx, SCHOOL)?;
            cases(tx, &book, now.in_london().0, now)
        })
        .expect("the day can be read")
}

fn the_day(store: &TestStore) -> Arc<DayOfCases> {
    day_in(store, &office(store))
}

fn open(store: &TestStore) -> Vec<i64> {
    numbers(&the_day(store))
}

fn numbers(day: &DayOfCases) -> Vec<i64> {
    day.open().map(|case| case.enrolment.0 - 200).collect()
}

fn case(store: &TestStore, number: i64) -> Option<Case> {
    the_day(store).of(e(number)).cloned()
}

fn say(store: &TestStore, account: i64, number: i64, said: &Said) -> Result<(), String> {
    let (actor, said) = (actor(store, account), said.clone());
    let done = store.act_now(SCHOOL, move |act| record(act, &actor, e(number), &said));
    done.map(drop)
        .map_err(|refusal: Refusal| refusal.to_string())
}

fn call(outcome: Outcome) -> Said {
    Said {
        channel: Some(Channel::Call),
        outcome: Some(outcome),
        ..Said::of(Kind::Attempt)
    }
}

fn coded(code: &str) -> Said {
    Said {
        code: Some(code.to_owned()),
        ..call(Outcome::Reached)
    }
}

fn because(kind: Kind, why: &str) -> Said {
    Said {
        said: Some(why.to_owned()),
        ..Said::of(kind)
    }
}

/// What stands in a place of the register, and the act that put it there.
fn standing(store: &TestStore, number: i64, slot: Slot) -> (Option<String>, i64) {
    let session = slot.session.index() as i64;
    let found = store.read_now(move |tx| {
        tx.query_opt(
            "select code, seq from mark where school_id = $1 and enrolment_id = $2 and on_date = $3 and session = $4",
            &args![SCHOOL, e(number), slot.day, session],
            |row| Ok((row.get::<Option<String>>(0)?, row.get::<i64>(1)?)),
        )
    });
    found.expect("the marks").unwrap_or((None, 0))
}

/// Enters codes into the register of 8B, as the attendance manager, over whatever stands there.
fn enter(store: &TestStore, on: &str, session: Session, codes: &[(i64, &str)]) {
    let slot = Slot::new(day(on), session);
    let sent = codes
        .iter()
        .map(|(number, code)| office::registers::Change {
            reason: Some("As it was".to_owned()),
            ..mark(e(*number), code, standing(store, *number, slot).1)
        });
    let sent: Vec<_> = sent.collect();
    save_as(store, manager(), B, slot, &changes(sent)).expect("8B is saved");
}

/// Tuesday: pupil 7 has `N` all day, 8 and 9 are there.
fn missing_on_tuesday(store: &TestStore) {
    clock(store, TUESDAY, "08:44");
    enter(store, TUESDAY, Session::Am, &[(7, "N"), (8, "/"), (9, "/")]);
    clock(store, TUESDAY, "13:35");
    enter(
        store,
        TUESDAY,
        Session::Pm,
        &[(7, "N"), (8, "\\"), (9, "\\")],
    );
}

#[test]
fn whoever_is_open_at_the_end_of_a_day_is_on_the_next_days_list_from_the_beginning_until_they_come()
{
    at_school(|store| {
        missing_on_tuesday(store);
        clock(store, TUESDAY, "14:00");
        say(store, officer(), 7, &call(Outcome::NoAnswer)).expect("a call");
        clock(store, TUESDAY, "17:00");
        assert_eq!(
            case(store, 7).map(|case| case.state),
            Some(State::Continuing)
        );
        clock(store, WEDNESDAY, "08:00");
        assert_eq!(open(store), [1, 2, 3, 4, 5, 7], "8A was never taken either");
        let seven = case(store, 7).expect("a case");
        let carried = seven.carried.as_ref().expect("Tuesday left it open");
        assert_eq!(seven.state, State::Continuing);
        assert_eq!((carried.number, carried.run.first_day), (2, day(TUESDAY)));
        assert_eq!(carried.absent.len(), 2);
        assert_eq!(carried.entries.len(), 1, "the call of Tuesday is told");
        assert!(!seven.missed_today && seven.is_continuing());
        assert!(
            uncontacted(&the_day(store)).is_empty(),
            "E-010 asks of sessions of the day, and none has closed"
        );
        clock(store, WEDNESDAY, "08:50");
        enter(
            store,
            WEDNESDAY,
            Session::Am,
            &[(7, "/"), (8, "/"), (9, "/")],
        );
        assert!(!open(store).contains(&7), "here again");
        clock(store, WEDNESDAY, "13:40");
        enter(
            store,
            WEDNESDAY,
            Session::Pm,
            &[(7, "\\"), (8, "\\"), (9, "\\")],
        );
        clock(store, THURSDAY, "08:00");
        assert!(!open(store).contains(&7));
    });
}

#[test]
fn days_are_counted_in_school_days_and_a_closed_day_finds_nobody() {
    at_school(|store| {
        missing_on_tuesday(store);
        clock(store, WEDNESDAY, "08:50");
        enter(
            store,
            WEDNESDAY,
            Session::Am,
            &[(7, "Y4"), (8, "Y4"), (9, "Y4")],
        );
        enter_pm(store, WEDNESDAY, "Y4");
        clock(store, THURSDAY, "08:05");
        let number = |store: &TestStore| {
            let case = case(store, 7).expect("a case");
            case.carried.expect("left open").number
        };
        assert_eq!(
            number(store),
            3,
            "a closure says nothing about where the child is"
        );
        clock(store, THURSDAY, "08:50");
        enter(
            store,
            THURSDAY,
            Session::Am,
            &[(7, "N"), (8, "/"), (9, "/")],
        );
        clock(store, "2026-11-27", "09:00");
        assert!(the_day(store).hours.is_empty(), "a training day");
        let (_, page) = get(&office(store), manager(), "/morning");
        assert!(page.contains("still not located"), "{page}");
        clock(store, MONDAY, "08:05");
        assert_eq!(number(store), 4);
    });
}

fn enter_pm(store: &TestStore, on: &str, code: &str) {
    clock(store, on, "13:40");
    enter(store, on, Session::Pm, &[(7, code), (8, code), (9, code)]);
}

#[test]
fn from_the_second_session_on_a_code_alone_ends_nothing_and_the_outcome_of_a_contact_does() {
    at_school(|store| {
        missing_on_tuesday(store);
        clock(store, WEDNESDAY, "08:50");
        enter(
            store,
            WEDNESDAY,
            Session::Am,
            &[(7, "I"), (8, "/"), (9, "/")],
        );
        let state = |store: &TestStore| case(store, 7).map(|case| case.state);
        assert_eq!(
            state(store),
            Some(State::ReasonClaimed),
            "nobody recorded who said so"
        );
        let settled = Said {
            code: Some("I".to_owned()),
            ..because(Kind::Settled, "Is ill")
        };
        let refused = say(store, officer(), 7, &settled).expect_err("E-011");
        assert!(refused.contains("E-011"), "{refused}");
        say(store, officer(), 7, &call(Outcome::Reached)).expect("the mother says so");
        assert_eq!(state(store), None, "nothing is left of Tuesday");
        assert!(!open(store).contains(&7));
    });
}

#[test]
fn one_session_closes_with_a_code_as_ever() {
    at_school(|store| {
        clock(store, TUESDAY, "13:35");
        enter(store, TUESDAY, Session::Am, &[(7, "/"), (8, "/"), (9, "/")]);
        enter(
            store,
            TUESDAY,
            Session::Pm,
            &[(7, "N"), (8, "\\"), (9, "\\")],
        );
        clock(store, WEDNESDAY, "08:50");
        assert!(open(store).contains(&7));
        enter(
            store,
            WEDNESDAY,
            Session::Am,
            &[(7, "I"), (8, "/"), (9, "/")],
        );
        assert!(!open(store).contains(&7));
    });
}

#[test]
fn a_reason_that_holds_for_earlier_days_too_goes_into_their_sessions() {
    at_school(|store| {
        missing_on_tuesday(store);
        clock(store, WEDNESDAY, "08:10");
        let before = say(store, officer(), 7, &coded("I")).expect_err("no register has opened");
        assert!(before.contains("earlier days"), "{before}");
        let whole = Said {
            earlier_days: true,
            ..coded("I")
        };
        say(store, officer(), 7, &whole).expect("ill since Tuesday");
        assert!(!open(store).contains(&7));
        for session in [Session::Am, Session::Pm] {
            let (code, _) = standing(store, 7, Slot::new(day(TUESDAY), session));
            assert_eq!(code.as_deref(), Some("I"));
        }
        // Nobody knows of Wednesday: an N begins a new count.
        clock(store, WEDNESDAY, "08:50");
        enter(
            store,
            WEDNESDAY,
            Session::Am,
            &[(7, "N"), (8, "/"), (9, "/")],
        );
        let again = case(store, 7).expect("a case");
        assert!(again.is_open() && again.carried.is_none());
    });
}

#[test]
fn what_the_safeguarding_lead_decides_is_theirs_the_next_day_too() {
    at_school(|store| {
        missing_on_tuesday(store);
        clock(store, TUESDAY, "14:00");
        say(store, officer(), 7, &call(Outcome::NotSatisfied)).expect("a call");
        clock(store, WEDNESDAY, "08:50");
        enter(
            store,
            WEDNESDAY,
            Session::Am,
            &[(7, "I"), (8, "/"), (9, "/")],
        );
        assert_eq!(
            case(store, 7).map(|case| case.state),
            Some(State::LeadDecides)
        );
        let clerk = say(store, officer(), 7, &coded("I")).expect_err("E-020");
        assert!(clerk.contains("E-020"), "{clerk}");
        let lead = account(Role::Dsl);
        say(
            store,
            lead,
            7,
            &because(Kind::LeadCalls, "Spoke to the aunt"),
        )
        .expect("the lead");
        assert_eq!(
            case(store, 7).map(|case| case.state),
            Some(State::Contacting)
        );
        // The office's again: the code of the day stands, and now somebody gave the reason.
        say(store, officer(), 7, &call(Outcome::Reached)).expect("reached");
        assert!(!open(store).contains(&7));
    });
}

fn post(office: &Arc<Office>, account: i64, path: &str, form: &[(&str, &str)]) -> StatusCode {
    let form = serde_urlencoded::to_string(form).expect("a form of text");
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, form).0
}

#[test]
fn the_handover_names_the_day_what_was_tried_who_goes_on_and_what_is_due_and_nobody_beyond_reach() {
    at_school(|store| {
        missing_on_tuesday(store);
        clock(store, TUESDAY, "14:00");
        say(store, officer(), 7, &call(Outcome::NoAnswer)).expect("a call");
        say(
            store,
            officer(),
            7,
            &because(Kind::Handover, "Try the aunt first"),
        )
        .expect("a note");
        let office = office(store);
        let (_, afternoon) = get(&office, manager(), "/morning");
        assert!(afternoon.contains("left by the morning"), "{afternoon}");
        clock(store, WEDNESDAY, "08:10");
        let taken = post(&office, officer(), "/morning/207", &[("kind", "taken_on")]);
        assert_eq!(taken, StatusCode::SEE_OTHER);
        let (status, page) = get(&office, manager(), "/morning/handover");
        assert_eq!(status, StatusCode::OK);
        for told in [
            "day 2, since Tue 24 Nov",
            "1 call",
            "Try the aunt first",
            "Staff",
            "Pupil7",
        ] {
            assert!(page.contains(told), "{told} is missing: {page}");
        }
        let (_, board) = get(&office, manager(), "/morning?row=207");
        assert!(
            board.contains("goes on with it") && board.contains("E-154"),
            "{board}"
        );
        let (_, own) = get(&office, TUTOR_OF_B, "/morning/handover");
        assert!(own.contains("Pupil7") && !own.contains("Pupil1"), "{own}");
        for role in [Role::Governor, Role::Teacher] {
            let (status, _) = get(&office, account(role), "/morning/handover");
            assert_eq!(status, StatusCode::NOT_FOUND, "{role:?}");
        }
        let (status, file) = take(&office, manager(), "/morning/handover", "csv");
        assert_eq!(status, StatusCode::OK);
        assert!(file.contains("day 2, since Tue 24 Nov"), "{file}");
        // By the third school day somebody goes to the home of a green child, and the lead decides.
        enter_pm(store, WEDNESDAY, "N");
        clock(store, THURSDAY, "08:10");
        let (_, page) = get(&office, manager(), "/morning/handover");
        for told in [
            "day 3",
            "visit the home by",
            "decide on police or social care by",
        ] {
            assert!(page.contains(told), "{told} is missing: {page}");
        }
    });
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }
}

/// Everybody on roll.
const PUPILS: [i64; 8] = [1, 2, 3, 4, 5, 7, 8, 9];

/// What the test itself knows of a month, kept beside the product and without asking it.
#[derive(Default)]
struct Known {
    /// What stands in each session that has begun: the code, or nothing.
    codes: BTreeMap<(Day, usize, i64), String>,
    /// Whoever was tried, and of whom it was decided that nobody is, each day.
    tried: BTreeSet<(Day, i64)>,
    decided: BTreeSet<(Day, i64)>,
    /// When each child was last seen and safe.
    seen: BTreeMap<i64, Instant>,
    /// The sessions of the month that have closed, in order.
    sessions: Vec<(Day, usize)>,
}

impl Known {
    fn code(&self, day: Day, session: usize, number: i64) -> &str {
        let code = self.codes.get(&(day, session, number));
        code.map_or("", String::as_str)
    }

    /// Whoever was missing in a session and of whom no later session and no later sighting says where they are.
    fn must_be_open(&self) -> Vec<i64> {
        let lost = |number: &i64| {
            for (day, session) in self.sessions.iter().rev() {
                let opens = ["08:40", "13:30"][*session];
                let seen = self.seen.get(number);
                if seen.is_some_and(|seen| *seen >= at_on(&day.to_string(), opens)) {
                    return false;
                }
                match self.code(*day, *session, *number) {
                    "" | "N" | "O" => return true,
                    "Y4" => {}
                    _ => return false,
                }
            }
            false
        };
        PUPILS.into_iter().filter(lost).collect()
    }

    /// Whoever has a session of this day with `N` or without a mark, and whom nobody tried.
    fn without_contact(&self, day: Day) -> Vec<i64> {
        let without = |number: &i64| {
            let own = self.sessions.iter().filter(|(on, _)| *on == day);
            let mut missing =
                own.filter(|(_, session)| matches!(self.code(day, *session, *number), "" | "N"));
            missing.next().is_some() && !self.tried.contains(&(day, *number))
        };
        PUPILS.into_iter().filter(without).collect()
    }

    /// Whoever came to the last session that had them marked present, and was not missed since.
    fn is_here(&self, number: i64) -> bool {
        let last = self.sessions.last();
        last.is_some_and(|(day, session)| {
            matches!(self.code(*day, *session, number), "/" | "\\" | "L")
        })
    }

    /// The test asks the rows, not the product, for the marks.
    fn read_marks(&mut self, store: &TestStore) {
        let rows = store.read_now(|tx| {
            tx.query(
                "select on_date, session, enrolment_id, code from mark where school_id = $1",
                &args![SCHOOL],
                |row| {
                    let place = (row.get::<Day>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?);
                    Ok((place, row.get::<Option<String>>(3)?))
                },
            )
        });
        for ((day, session, enrolment), code) in rows.expect("the marks") {
            let place = (day, session as usize, enrolment - 200);
            self.codes.insert(place, code.unwrap_or_default());
        }
    }
}

/// Puts a pupil into the other register from this day on.
fn move_pupil(store: &TestStore, from: Day, group: GroupId) {
    let moved: Result<(), StoreError> = store.act_now(SCHOOL, move |act| {
        let id = act.new_id();
        act.supersede(&MEMBERSHIP, &args![509])?;
        let ends = from.previous();
        act.record(
            &MEMBERSHIP,
            &args![509, B, EnrolmentId(209), day("2026-09-02"), ends],
        )?;
        act.record(
            &MEMBERSHIP,
            &args![id, group, EnrolmentId(209), from, None::<Day>],
        )?;
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "move",
            subject: "pupil 309".to_owned(),
        });
        Ok(())
    });
    moved.expect("a pupil moves");
}

/// One session of the month: a register is taken whole, in part or not at all; marks change or are taken back; homes are called.
fn random_session(
    store: &TestStore,
    chance: &mut Chance,
    known: &mut Known,
    slot: Slot,
    nobody_calls: bool,
) {
    let on = slot.day.to_string();
    let begins = at_on(&on, ["08:41", "13:31"][slot.session.index()]);
    let mut minute = 0;
    for _ in 0..7 {
        minute += chance.below(14) as i64;
        let now = begins.plus_seconds(60 * minute);
        store.clock().set(now);
        let group = [A, B][chance.below(2)];
        let number = PUPILS[chance.below(PUPILS.len())];
        match chance.below(9) {
            0..=3 => {
                let most = chance.below(4);
                let codes = ["/", "/", "/", "N", "I", "O", "L", ""];
                let some = PUPILS
                    .into_iter()
                    .filter(|_| chance.below(4) >= most.min(3));
                let some: Vec<i64> = some.collect();
                let sent: Vec<_> = some
                    .into_iter()
                    .map(|number| {
                        let (stood, base) = standing(store, number, slot);
                        let code = match (codes[chance.below(codes.len())], slot.session) {
                            ("", _) if stood.is_none() => "N",
                            ("/", Session::Pm) => "\\",
                            (code, _) => code,
                        };
                        office::registers::Change {
                            reason: Some("As the day went".to_owned()),
                            ..mark(e(number), code, base)
                        }
                    })
                    .collect();
                // Whoever is in the other register is refused one by one; the rest stands.
                drop(save_as(store, manager(), group, slot, &changes(sent)));
            }
            4..=5 if !nobody_calls => {
                let outcomes = [
                    Outcome::NoAnswer,
                    Outcome::LeftMessage,
                    Outcome::Reached,
                    Outcome::NotSatisfied,
                ];
                let said = call(outcomes[chance.below(4)]);
                if say(store, officer(), number, &said).is_ok() {
                    known.tried.insert((slot.day, number));
                }
            }
            6 if !nobody_calls => {
                let said = Said {
                    earlier_days: chance.below(2) == 0,
                    ..coded("I")
                };
                if say(store, officer(), number, &said).is_ok() {
                    known.tried.insert((slot.day, number));
                }
            }
            7 if !nobody_calls => {
                if say(
                    store,
                    officer(),
                    number,
                    &Said {
                        seen: true,
                        ..Said::of(Kind::Seen)
                    },
                )
                .is_ok()
                {
                    known.seen.insert(number, now);
                }
            }
            _ => {
                // Somebody tries what is refused: nothing of it stays.
                let nothing = say(store, officer(), number, &Said::of(Kind::Attempt));
                assert!(nothing.is_err());
            }
        }
    }
}

/// A month of the small school over weekends, a training day, a planned closure, a day on which the site closed and the Christmas holiday: staff
/// away, registers never taken, marks taken back, a pupil who moves to the other register and back, the program started anew.
fn random_month(store: &TestStore, seed: u64) {
    let mut chance = Chance(seed);
    let mut known = Known::default();
    let closed: Result<(), StoreError> = store.act_now(SCHOOL, |act| {
        act.record(
            &DAY_EXCEPTION,
            &args![day("2026-12-08"), "planned_closure", "Election"],
        )?;
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "close",
            subject: "2026-12-08".to_owned(),
        });
        Ok(())
    });
    closed.expect("a closure");
    let mut running = office(store);
    let mut met = 0;
    let mut carried = 0;
    for on in day(TUESDAY).through(day("2027-01-08")) {
        store.clock().set(at_on(&on.to_string(), "08:05"));
        let morning = day_in(store, &running);
        if morning.hours.is_empty() {
            continue;
        }
        let left: BTreeSet<i64> = numbers(&morning).into_iter().collect();
        for number in known.must_be_open() {
            assert!(
                left.contains(&number),
                "seed {seed}, {on}: {number} was lost overnight"
            );
        }
        for case in morning.open() {
            let number = case.enrolment.0 - 200;
            assert!(
                !known.is_here(number),
                "seed {seed}, {on}: {number} was here"
            );
            assert!(case.carried.is_some(), "seed {seed}, {on}: {number}");
            carried += 1;
        }
        let site_closed = on == day("2026-12-10");
        let nobody_calls = chance.below(4) == 0;
        for session in [Session::Am, Session::Pm] {
            let slot = Slot::new(on, session);
            if site_closed {
                for (group, numbers) in [(A, &[1, 2, 3, 4, 5][..]), (B, &[7, 8, 9][..])] {
                    let sent = numbers.iter().map(|number| office::registers::Change {
                        reason: Some("No heating".to_owned()),
                        ..mark(e(*number), "Y4", 0)
                    });
                    store
                        .clock()
                        .set(at_on(&on.to_string(), ["08:50", "13:50"][session.index()]));
                    drop(save_as(
                        store,
                        manager(),
                        group,
                        slot,
                        &changes(sent.collect()),
                    ));
                }
            } else {
                random_session(store, &mut chance, &mut known, slot, nobody_calls);
            }
            known.sessions.push((on, session.index()));
            known.read_marks(store);
        }
        if met == 4 {
            move_pupil(store, on.next(), A);
        }
        if chance.below(3) == 0 {
            running = office(store);
        }
        // The evening: whoever nobody was tried for is tried now, or a named person decides (E-010).
        store.clock().set(at_on(&on.to_string(), "17:00"));
        let evening = day_in(store, &running);
        let found = uncontacted(&evening);
        let listed: Vec<i64> = found.iter().map(|one| one.enrolment.0 - 200).collect();
        assert_eq!(listed, known.without_contact(on), "seed {seed}, {on}");
        for number in listed {
            let done = match chance.below(2) {
                0 => say(store, officer(), number, &call(Outcome::NoAnswer)),
                _ => say(
                    store,
                    manager(),
                    number,
                    &because(Kind::Override, "Decided"),
                ),
            };
            done.expect("the evening's list is dealt with");
            known.decided.insert((on, number));
        }
        let rest = uncontacted(&day_in(store, &running));
        assert!(
            rest.iter().all(|one| {
                one.overridden.is_some() && known.decided.contains(&(on, one.enrolment.0 - 200))
            }),
            "seed {seed}, {on}: {rest:?}"
        );
        let open: BTreeSet<i64> = numbers(&day_in(store, &running)).into_iter().collect();
        for number in known.must_be_open() {
            assert!(
                open.contains(&number),
                "seed {seed}, {on}: {number} was lost"
            );
        }
        let anew: BTreeSet<i64> = numbers(&the_day(store)).into_iter().collect();
        assert_eq!(
            open, anew,
            "seed {seed}, {on}: a program that was started anew knows the same"
        );
        met += 1;
    }
    assert!(met >= 20, "{met} school days");
    assert!(carried > 20, "the month leaves cases open: {carried}");
}

#[test]
fn a_month_loses_no_child_and_leaves_no_evening_without_contact_or_decision() {
    at_school(|store| random_month(store, 3));
}
