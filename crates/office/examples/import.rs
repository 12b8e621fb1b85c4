//! How long an import of marks takes beside a bare insert of the same rows, and how long registers wait meanwhile.
//!
//! `cargo run --release -p office --example import [pupils]` makes a file of 380 sessions for 1,500 pupils from the demo
//! school, imports it into a fresh SQLite file, saves a register every 20 ms while it is applied, then inserts every row that
//! the import left in the tables into a second fresh file, by prepared statements in one transaction, in the same run. It
//! prints both times and their ratio (goal: at most 2), and the waits of the saves (goal: 99 of 100 under 250 ms).

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Moment};

use calendar::{Day, Instant, Session, TimeOfDay};
use demo::{DemoSchool, Request};
use office::MIGRATIONS;
use office::desk::{Office, Refusal};
use office::people::{Doors, Keyring};
use office::registers::records::MARK_VERSION;
use office::roll::imports::{
    Answers, Choices, ReceivedFile, apply, command_line, import, prepare, receive,
};
use office::year::{HalfTerm, set_terms};
use rusqlite::types::Value;
use store::{Act, Arg, Entry, Location, Options, SchoolId, Store, args};

const SCHOOL: SchoolId = SchoolId(1);

/// The tables whose rows an import leaves behind.
const TABLES: [&str; 12] = [
    "mark_version",
    "journal_entry",
    "journal_payload",
    "held_act",
    "pupil",
    "person",
    "enrolment",
    "pupil_group",
    "membership",
    "source_link",
    "import",
    "import_finding",
];

fn main() -> Result<(), Box<dyn Error>> {
    let pupils = std::env::args()
        .nth(1)
        .map_or(Ok(1_500), |text| text.parse())?;
    let today = Day::new(2026, 11, 24).ok_or("a day")?;
    // A year of marks has only who was there for all of it.
    let school = demo::generate(&Request {
        pupils: pupils * 3 / 2,
        ..Request::on(today)
    });
    let (list, marks, count) = files(&school, pupils, today);
    println!(
        "{count} marks of {pupils} pupils, {:.1} MB",
        marks.len() as f64 / 1e6
    );
    let folder = tempfile::tempdir()?;
    let at = folder.path().join("imported.db");
    let store = fresh(&at, today)?;
    let clock = clock_on(today);
    let office = Arc::new(Office::new(
        store.clone(),
        Keyring::forgetful()?,
        clock,
        false,
        Doors::new(None),
    ));
    let actor = command_line(&office, None)?;
    terms(&store, &actor, &school)?;

    let (stop, waits) = saves(&store, today);
    let begun = Moment::now();
    bring(&office, &actor, "pupils.csv", list)?;
    bring(&office, &actor, "marks.csv", marks)?;
    let took = begun.elapsed();
    stop.store(true, Ordering::Relaxed);
    let mut waits = waits.join().map_err(|_| "the saves failed")?;
    waits.sort_unstable();
    store.close();

    let bare = bare(&at, &folder.path().join("bare.db"), today)?;
    let ratio = took.as_secs_f64() / bare.as_secs_f64();
    println!(
        "import {:.2} s, bare insert {:.2} s, ratio {ratio:.2}",
        took.as_secs_f64(),
        bare.as_secs_f64()
    );
    let at = |share: usize| waits[(waits.len() - 1) * share / 100];
    println!(
        "{} registers saved meanwhile: median {:?}, p99 {:?}, longest {:?}",
        waits.len(),
        at(50),
        at(99),
        at(100)
    );
    Ok(())
}

fn clock_on(today: Day) -> Arc<dyn Fn() -> Instant + Send + Sync> {
    let noon = TimeOfDay::new(12, 0, 0).expect("noon is a time of day");
    let (start, begun) = (Instant::at_london(today, noon), Moment::now());
    Arc::new(move || {
        let passed = i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
        Instant::from_micros(start.micros() + passed)
    })
}

fn fresh(at: &Path, today: Day) -> Result<Store, Box<dyn Error>> {
    let store = Store::open(
        &Location::Sqlite(at.to_owned()),
        Options::default(),
        clock_on(today),
    )?;
    store.migrate(MIGRATIONS)?;
    let founded = store.now();
    store.write_now(move |tx| {
        tx.execute(
            "insert into school (school_id, name, founded_at) values ($1, 'Measured School', $2)",
            &args![SCHOOL, founded],
        )
    })?;
    Ok(store)
}

fn terms(store: &Store, actor: &office::people::Actor, school: &DemoSchool) -> Result<(), Refusal> {
    for year in &school.years {
        let halves: Vec<HalfTerm> = year
            .half_terms
            .iter()
            .map(|half| HalfTerm {
                name: half.name.to_owned(),
                first_day: half.first_day,
                last_day: half.last_day,
            })
            .collect();
        let (actor, first) = (actor.clone(), halves[0].first_day);
        store.act_now(SCHOOL, move |act: &mut Act| {
            set_terms(
                act,
                &actor,
                calendar::SchoolYear::by_september(first),
                &halves,
            )
        })?;
    }
    Ok(())
}

/// A list of pupils, a list of their marks in the last 380 sessions before today, and how many marks it has.
fn files(school: &DemoSchool, pupils: usize, today: Day) -> (String, String, usize) {
    let before = school.slots.iter().filter(|slot| slot.day < today).count();
    let window = before.saturating_sub(380)..before;
    let first = school.slots[window.start].day;
    let mut list = "Adno,UPN,Legal Surname,Legal Forename,DOB,Date of Admission\n".to_owned();
    let mut marks = "Adno,Date,Session,Mark,Minutes late\n".to_owned();
    let (mut seen, mut count) = (HashSet::new(), 0);
    for (enrolment, given) in school.enrolments.iter().zip(&school.marks) {
        let whole =
            given.first_slot <= window.start && given.first_slot + given.marks.len() >= window.end;
        if !whole || seen.len() == pupils || !seen.insert(enrolment.pupil) {
            continue;
        }
        let pupil = &school.pupils[enrolment.pupil];
        list += &format!(
            "{},{},{},{},{},{}\n",
            pupil.admission_number,
            pupil.upn,
            pupil.surname,
            pupil.forename,
            pupil.born.slashed(),
            first.slashed()
        );
        for slot in window.clone() {
            let Some(code) = given.marks[slot - given.first_slot].code() else {
                continue;
            };
            let place = school.slots[slot];
            let minutes = given.detail(slot).and_then(|detail| detail.minutes_late);
            let minutes = minutes.map_or_else(String::new, |minutes| minutes.to_string());
            let session = if place.session == Session::Am {
                "AM"
            } else {
                "PM"
            };
            marks += &format!(
                "{},{},{session},{code},{minutes}\n",
                pupil.admission_number,
                place.day.slashed()
            );
            count += 1;
        }
    }
    (list, marks, count)
}

fn bring(
    office: &Arc<Office>,
    actor: &office::people::Actor,
    name: &str,
    text: String,
) -> Result<(), Refusal> {
    let file = ReceivedFile {
        name: name.to_owned(),
        bytes: text.into_bytes(),
    };
    let begun = Moment::now();
    for id in receive(office, actor, vec![file], &Choices::default())? {
        let received = begun.elapsed();
        prepare(office, actor, id, &mut |_, _| {})?;
        let prepared = begun.elapsed();
        let found = office.store.read_now(move |tx| import(tx, SCHOOL, id))?;
        let preview = found.preview.unwrap_or_default();
        let answers = Answers {
            typed: preview.brake.as_ref().map(|brake| brake.number),
            events: None,
        };
        apply(office, actor, id, &answers, &mut |_, _| true)?;
        println!(
            "{name}: {:?}; received after {received:.2?}, previewed after {prepared:.2?}, in effect after {:.2?}",
            preview.main,
            begun.elapsed()
        );
    }
    Ok(())
}

type Saving = (Arc<AtomicBool>, std::thread::JoinHandle<Vec<Duration>>);

/// Saves a register of thirty every 20 ms until told to stop.
fn saves(store: &Store, today: Day) -> Saving {
    let stop = Arc::new(AtomicBool::new(false));
    let (told, store) = (Arc::clone(&stop), store.clone());
    let saving = std::thread::spawn(move || {
        let mut waits = Vec::new();
        while !told.load(Ordering::Relaxed) {
            let begun = Moment::now();
            let saved = store.act_now(SCHOOL, move |act: &mut Act| {
                let rows = (0..30).map(|pupil| {
                    [
                        Arg::Int(9_000_000 + pupil),
                        Arg::Day(today),
                        Arg::Int(0),
                        Arg::from("/"),
                        Arg::Null,
                        Arg::Null,
                        Arg::Null,
                        Arg::Null,
                        Arg::from("register"),
                        Arg::Null,
                        Arg::Null,
                    ]
                });
                act.record_many(&MARK_VERSION, rows)?;
                act.describe(Entry {
                    account: 9,
                    job_title: "Teacher",
                    act: "save register",
                    subject: "group 1".to_owned(),
                });
                Ok::<_, Refusal>(())
            });
            saved.expect("a register is saved");
            waits.push(begun.elapsed());
            std::thread::sleep(Duration::from_millis(20));
        }
        waits
    });
    (stop, saving)
}

/// Every row of the first file put into a second one by prepared statements, in one transaction.
fn bare(from: &Path, into: &Path, today: Day) -> Result<Duration, Box<dyn Error>> {
    fresh(into, today)?.close();
    let source = rusqlite::Connection::open(from)?;
    let mut tables = Vec::new();
    for table in TABLES {
        let mut all = source.prepare(&format!("select * from {table}"))?;
        let columns = all.column_count();
        let rows = all.query_map([], |row| {
            (0..columns)
                .map(|at| row.get::<_, Value>(at))
                .collect::<Result<Vec<_>, _>>()
        })?;
        tables.push((table, columns, rows.collect::<Result<Vec<_>, _>>()?));
    }
    let mut target = rusqlite::Connection::open(into)?;
    target.pragma_update(None, "synchronous", "full")?;
    let begun = Moment::now();
    let transaction = target.transaction()?;
    for (table, columns, rows) in &tables {
        let places: Vec<String> = (1..=*columns).map(|at| format!("?{at}")).collect();
        let sql = format!("insert into {table} values ({})", places.join(", "));
        let mut insert = transaction.prepare(&sql)?;
        for row in rows {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
    }
    transaction.commit()?;
    Ok(begun.elapsed())
}
