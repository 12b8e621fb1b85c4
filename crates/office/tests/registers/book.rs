//! The book that is kept up by reading the journal equals the book built from rows, whatever happened in between; and the book as
//! known at a number, built later, equals the book of that number.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use calendar::Day;
use office::book::{Book, BookError, Shelf};
use office::registers::records::{MARK_VERSION, PLAN};
use office::{CHRONICLE, MIGRATIONS, roll, year};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::testing::each_engine;
use store::{Act, Entry, SchoolId, Store, StoreError, args};

use crate::school::day;

/// More than a hundred, so that the release of a large import takes the way of large imports.
const PUPILS: i64 = 110;

/// Something that happens at the school. Days are counted from Monday 2 November 2026.
#[derive(Clone, Debug)]
enum Event {
    /// A mark is entered, amended or taken back.
    Mark(i64, i32, i64, &'static str),
    /// A pupil joins.
    Join(i32),
    /// A time on roll gets other days.
    Move(i64, i32, Option<i32>),
    /// A pupil joins or leaves a group.
    Member(i64, i64, i32, Option<i32>),
    /// A day is closed or open in another way.
    Closure(i32, &'static str),
    /// A closure is taken back.
    NoClosure(i32),
    /// The second half-term ends on another day.
    Term(i32),
    /// Part of an import: marks that are held back, for a few pupils or for nearly all.
    Hold(i64, i64, i64, i32, &'static str),
    /// An import ends.
    Release(i64),
    /// An import is given up.
    Abandon(i64),
    /// A name, a characteristic and a setting change.
    Decide(i64, i32),
    /// A pupil boards from a day to another, or is said to be a day pupil.
    Board(i64, &'static str, i32, Option<i32>),
    /// A lesson is entered, moved or ended, in a period and a room that get new names.
    Teach(i64, i64, i32, Option<i32>),
    /// Something is planned, or planned otherwise: plan, pupil, code, from, for so many days.
    Plan(i64, i64, &'static str, i32, i32),
    /// A plan is withdrawn.
    NoPlan(i64),
    /// Somebody looks, so that the book is brought up to here.
    Look,
}

fn event() -> impl Strategy<Value = Event> {
    let code = prop::sample::select(vec!["/", "\\", "L", "N", "I", "U", "C", "Y3", "Z", ""]);
    let closure = prop::sample::select(vec![
        "inset",
        "planned_closure",
        "unplanned_closure",
        "unplanned_closure_am",
        "open_pm",
    ]);
    let on = 0..45i32;
    // Weekdays of the first four weeks, since the calendar refuses to close a day that has no school.
    let school_day = (0..20i32).prop_map(|number| number / 5 * 7 + number % 5);
    prop_oneof![
        6 => (0..PUPILS, on.clone(), 0..2i64, code.clone()).prop_map(|(e, d, s, c)| Event::Mark(e, d, s, c)),
        1 => on.clone().prop_map(Event::Join),
        2 => (0..PUPILS, on.clone(), prop::option::of(on.clone())).prop_map(|(e, from, to)| Event::Move(e, from, to)),
        1 => (0..9i64, 0..PUPILS, on.clone(), prop::option::of(on.clone())).prop_map(|(m, e, from, to)| Event::Member(m, e, from, to)),
        2 => (school_day.clone(), closure).prop_map(|(d, kind)| Event::Closure(d, kind)),
        1 => school_day.prop_map(Event::NoClosure),
        1 => (30..50i32).prop_map(Event::Term),
        3 => (0..2i64, 0..PUPILS, prop_oneof![Just(3i64), Just(105)], on.clone(), code).prop_map(|(g, e, many, d, c)| Event::Hold(g, e, many, d, c)),
        2 => (0..2i64).prop_map(Event::Release),
        1 => (0..2i64).prop_map(Event::Abandon),
        1 => (0..PUPILS, on.clone()).prop_map(|(p, d)| Event::Decide(p, d)),
        2 => (0..PUPILS, prop::sample::select(vec!["yes", "yes", "no"]), on.clone(), prop::option::of(on.clone())).prop_map(|(p, said, from, to)| Event::Board(p, said, from, to)),
        1 => (0..9i64, 0..5i64, on.clone(), prop::option::of(on.clone())).prop_map(|(l, w, from, to)| Event::Teach(l, w, from, to)),
        4 => (0..6i64, 0..PUPILS, prop::sample::select(vec!["C", "V", "D", "B"]), on.clone(), 0..30i32)
            .prop_map(|(p, e, c, from, days)| Event::Plan(p, e, c, from, days)),
        1 => (0..6i64).prop_map(Event::NoPlan),
        3 => Just(Event::Look),
    ]
}

fn after(days: i32) -> Day {
    day("2026-11-02").plus_days(days)
}

fn enrol(act: &mut Act, number: i64, from: Day, to: Option<Day>) -> Result<(), StoreError> {
    let none = None::<&str>;
    let values = args![
        1_000 + number,
        3_000 + number,
        "C",
        from,
        none,
        to,
        none,
        none,
        none,
        none
    ];
    act.replace(&roll::records::ENROLMENT, &values).map(|_| ())
}

fn name_pupil(act: &mut Act, number: i64, name: &str) -> Result<(), StoreError> {
    let none = None::<&str>;
    let values = args![
        3_000 + number,
        number,
        none,
        none,
        none,
        none,
        "Sample",
        name,
        "",
        "Sample",
        name,
        none,
        day("2013-01-01")
    ];
    act.replace(&roll::records::PUPIL, &values).map(|_| ())
}

fn set_up(act: &mut Act) -> Result<(), StoreError> {
    for (id, year, first, last) in [
        (1, 2025, "2025-11-03", "2025-11-28"),
        (2, 2026, "2026-11-02", "2026-12-11"),
    ] {
        let values = args![id, year, "Half-term", day(first), day(last)];
        act.record(&year::records::TERM, &values)?;
    }
    let values = args![50, "tutor", "8A", None::<&str>, None::<&str>, None::<i64>];
    act.record(&roll::records::PUPIL_GROUP, &values)?;
    for number in 0..PUPILS {
        name_pupil(act, number, "Ada")?;
        enrol(act, number, day("2025-11-03"), None)?;
    }
    Ok(())
}

fn happen(act: &mut Act, event: &Event, joined: i64) -> Result<(), StoreError> {
    let none = None::<&str>;
    match event {
        Event::Mark(number, on, session, code) => {
            let code = Some(*code).filter(|code| !code.is_empty());
            let values = args![
                1_000 + number,
                after(*on),
                *session,
                code,
                None::<i64>,
                None::<calendar::Instant>,
                none,
                none,
                "register",
                None::<calendar::Instant>,
                none
            ];
            act.record(&MARK_VERSION, &values)
        }
        Event::Join(from) => {
            name_pupil(act, joined, "New")?;
            enrol(act, joined, after(*from), None)
        }
        Event::Move(number, from, to) => enrol(act, *number, after(*from), to.map(after)),
        Event::Member(id, number, from, to) => {
            let values = args![*id, 50, 1_000 + number, after(*from), to.map(after)];
            act.replace(&roll::records::MEMBERSHIP, &values).map(|_| ())
        }
        Event::Closure(on, kind) => {
            let values = args![after(*on), *kind, "a reason"];
            act.replace(&year::records::DAY_EXCEPTION, &values)
                .map(|_| ())
        }
        Event::NoClosure(on) => act
            .supersede(&year::records::DAY_EXCEPTION, &args![after(*on)])
            .map(|_| ()),
        Event::Term(last) => {
            let values = args![2, 2026, "Half-term", day("2026-11-02"), after(*last)];
            act.replace(&year::records::TERM, &values).map(|_| ())
        }
        Event::Hold(group, first, many, on, code) => {
            act.hold(900 + group)?;
            let code = Some(*code).filter(|code| !code.is_empty());
            let rows = (*first..(first + many).min(PUPILS)).map(|number| {
                args![
                    1_000 + number,
                    after(*on),
                    0,
                    code,
                    None::<i64>,
                    None::<calendar::Instant>,
                    none,
                    none,
                    "import",
                    None::<calendar::Instant>,
                    none
                ]
            });
            act.record_many(&MARK_VERSION, rows).map(|_| ())
        }
        Event::Release(group) => act.release(900 + group).map(|_| ()),
        Event::Abandon(group) => act.abandon(900 + group).map(|_| ()),
        Event::Decide(number, on) => {
            name_pupil(act, *number, "Renamed")?;
            let values = args![
                number + 7_000,
                3_000 + number,
                "fsm",
                "yes",
                after(*on),
                None::<Day>
            ];
            act.replace(&roll::records::CHARACTERISTIC, &values)?;
            act.replace(
                &year::records::SETTING,
                &args!["mode", after(*on), "\"alongside\""],
            )
            .map(|_| ())
        }
        Event::Board(number, said, from, to) => {
            let (id, pupil) = (number + 8_000, 3_000 + number);
            let values = args![id, pupil, "boards", *said, after(*from), to.map(after)];
            act.replace(&roll::records::CHARACTERISTIC, &values)
                .map(|_| ())
        }
        Event::Teach(lesson, weekday, from, to) => {
            use year::timetable::records::{LESSON, LESSON_PERIOD, LESSON_STAFF, ROOM};
            let name = format!("P{weekday}");
            let from = after(*from);
            let period = args![60, from, None::<Day>, &name, 0, "09:10", "10:10"];
            act.replace(&LESSON_PERIOD, &period)?;
            act.replace(&ROOM, &args![61, &name])?;
            act.replace(&LESSON_STAFF, &args![*lesson, 62 + weekday, 0])?;
            let week = (*weekday > 2).then_some(1);
            let to = to.map(after);
            let values = args![*lesson, 50, 61, week, *weekday, 60, from, to];
            act.replace(&LESSON, &values).map(|_| ())
        }
        Event::Plan(id, number, code, from, days) => {
            let kind = match *code {
                "C" => "leave",
                "V" => "trip",
                "D" => "dual_registration",
                _ => "alternative_provision",
            };
            let sessions = if days % 2 == 0 {
                "Mon-AM Tue-PM Thu-AM Thu-PM"
            } else {
                "2026-11-24-AM"
            };
            let values = args![
                8_000 + id,
                9_000,
                1_000 + number,
                kind,
                *code,
                after(*from),
                after(from + days),
                sessions,
                "known",
                none,
                none,
                none,
                None::<Day>,
                "Head",
                None::<Day>,
                none,
                None::<Day>,
                none
            ];
            act.replace(&PLAN, &values).map(|_| ())
        }
        Event::NoPlan(id) => act.supersede(&PLAN, &args![8_000 + id]).map(|_| ()),
        Event::Look => Ok(()),
    }
}

fn book(store: &Store, shelf: &Arc<Shelf>, school: SchoolId) -> Result<Arc<Book>, BookError> {
    let shelf = Arc::clone(shelf);
    store.read_now(move |tx| shelf.book(tx, school))
}

/// Everything that a book says, but for how it holds it.
fn assert_same(kept: &Book, built: &Book) -> Result<(), TestCaseError> {
    prop_assert_eq!(kept.seq, built.seq);
    prop_assert_eq!(&kept.roll, &built.roll);
    prop_assert_eq!(&kept.groups, &built.groups);
    prop_assert_eq!(&kept.settings, &built.settings);
    prop_assert_eq!(&kept.timetable, &built.timetable);
    prop_assert_eq!(&kept.plans, &built.plans);
    prop_assert_eq!(kept.calendar.span(), built.calendar.span());
    for pupil in &built.roll.pupils {
        let of = |book: &Book| book.characteristics.of(pupil.id).to_vec();
        prop_assert_eq!(of(kept), of(built));
    }
    prop_assert_eq!(kept.years().len(), built.years().len());
    for (kept, built) in kept.years().iter().zip(built.years()) {
        prop_assert_eq!(kept.year, built.year);
        prop_assert_eq!(kept.axis(), built.axis());
        prop_assert_eq!(kept.matrix.rows(), built.matrix.rows());
        for row in 0..built.matrix.rows() {
            for column in 0..built.axis().slots().len() {
                let (kept, built) = (kept.matrix.get(row, column), built.matrix.get(row, column));
                prop_assert_eq!(kept, built, "row {} column {}", row, column);
            }
        }
    }
    Ok(())
}

/// The book as it was known at a number.
fn past_book(
    store: &Store,
    shelf: &Arc<Shelf>,
    school: SchoolId,
    seq: i64,
) -> Result<Arc<Book>, BookError> {
    let shelf = Arc::clone(shelf);
    store.read_now(move |tx| {
        tx.as_known(&CHRONICLE, school, seq);
        shelf.book(tx, school)
    })
}

/// Looks at the book that is kept up and at one built from rows, and keeps what was seen.
fn look(
    store: &Store,
    kept: &Arc<Shelf>,
    school: SchoolId,
    seen: &mut Vec<Arc<Book>>,
) -> Result<(), TestCaseError> {
    let fresh = Arc::new(Shelf::default());
    match (book(store, kept, school), book(store, &fresh, school)) {
        (Ok(kept), Ok(built)) => {
            assert_same(&kept, &built)?;
            seen.push(built);
            Ok(())
        }
        (Err(BookError::Calendar(_)), Err(BookError::Calendar(_))) => Ok(()),
        (kept, built) => Err(TestCaseError::fail(format!(
            "{:?} but {:?}",
            kept.map(|book| book.seq),
            built.map(|book| book.seq)
        ))),
    }
}

#[test]
fn the_book_that_is_kept_up_equals_the_book_built_from_rows() {
    let schools = AtomicI64::new(10);
    each_engine(MIGRATIONS, |store| {
        let mut runner = TestRunner::new(Config {
            cases: 24,
            failure_persistence: None,
            ..Config::default()
        });
        let story = prop::collection::vec(event(), 1..40);
        let told = runner.run(&story, |events| {
            let school = SchoolId(schools.fetch_add(1, Ordering::Relaxed));
            let kept = Arc::new(Shelf::default());
            let mut seen = Vec::new();
            let did = |act: &mut Act, what: &'static str| {
                act.describe(Entry {
                    account: 1,
                    job_title: "Office",
                    act: what,
                    subject: "x".into(),
                });
            };
            store
                .act_now(school, move |act| {
                    did(act, "set up");
                    set_up(act)
                })
                .expect("a school of the test");
            look(store, &kept, school, &mut seen)?;
            for (number, event) in events.into_iter().enumerate() {
                if matches!(event, Event::Look) {
                    look(store, &kept, school, &mut seen)?;
                    continue;
                }
                store
                    .act_now(school, move |act| {
                        did(act, "happen");
                        happen(act, &event, PUPILS + number as i64)
                    })
                    .expect("an event of the test");
            }
            look(store, &kept, school, &mut seen)?;
            for book in seen {
                let past = past_book(store, &kept, school, book.seq);
                assert_same(&past.expect("a book that was there before"), &book)?;
            }
            Ok(())
        });
        if let Err(error) = told {
            panic!("{error}");
        }
    });
}
