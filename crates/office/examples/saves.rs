//! How many registers of thirty a second can be saved, by fifty teachers at once, through the act and to the disk.
//!
//! `cargo run --release -p office --example saves [SECONDS] [postgres://…]`. Each teacher saves a whole register, all thirty marks
//! changed, as soon as the last save was answered. Prints saves a second, how long one took to be answered, and how long the
//! act itself held the school.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant as Stopwatch};

use calendar::{Day, Instant, Session, Slot};
use office::ids::{AccountId, EnrolmentId, GroupId, StaffId};
use office::people::{Actor, Role};
use office::registers::Change;
use office::registers::save::{Outcome, Save, save};
use office::{MIGRATIONS, desk::Refusal, roll, year};
use store::{Act, Entry, Location, Options, SchoolId, Store, StoreError, args};

const SCHOOL: SchoolId = SchoolId(1);
const TEACHERS: i64 = 50;
const PUPILS: i64 = 30;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut given = std::env::args().skip(1);
    let seconds: u64 = given.next().map_or(Ok(4), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let location = match given.next() {
        Some(address) => Location::parse(&address)?,
        None => Location::Sqlite(folder.path().join("saves.db")),
    };
    let day: Day = "2026-11-24".parse()?;
    let opened = Instant::at_london(day, "08:41".parse()?);
    let clock = Arc::new(AtomicI64::new(opened.micros()));
    let tick = Arc::clone(&clock);
    let tell = move || Instant::from_micros(tick.fetch_add(1, Ordering::Relaxed));
    let store = Store::open(&location, Options::default(), Arc::new(tell))?;
    store.migrate(MIGRATIONS)?;
    store.act_now(SCHOOL, set_up)?;

    let times = Mutex::new(Vec::new());
    let held = AtomicU64::new(0);
    let until = Stopwatch::now() + Duration::from_secs(seconds);
    let begun = Stopwatch::now();
    thread::scope(|scope| {
        for teacher in 0..TEACHERS {
            let (store, times, held) = (&store, &times, &held);
            scope.spawn(move || {
                let own = take_registers(store, teacher, Slot::new(day, Session::Am), until, held);
                times.lock().expect("no teacher panics").extend(own);
            });
        }
    });
    let took = begun.elapsed().as_secs_f64();
    let mut times = times.into_inner()?;
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{:?}: {} saves in {took:.1} s, {:.0} saves/s",
        store.engine(),
        times.len(),
        times.len() as f64 / took
    );
    println!(
        "answered in p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        at(0.5),
        at(0.95),
        at(0.99)
    );
    let each = held.load(Ordering::Relaxed) as f64 / times.len() as f64 / 1e3;
    println!(
        "the act of one save held the school for {each:.0} µs on average, journal and flush besides"
    );
    Ok(())
}

/// One teacher's morning: the same register over and over, every mark changed each time.
fn take_registers(
    store: &Store,
    teacher: i64,
    slot: Slot,
    until: Stopwatch,
    held: &AtomicU64,
) -> Vec<Duration> {
    let actor = Actor {
        account: AccountId(1_000 + teacher),
        school: SCHOOL,
        name: "A Teacher".to_owned(),
        job_title: "Teacher".to_owned(),
        staff: Some(StaffId(1_000 + teacher)),
        roles: vec![Role::Tutor],
        second_factor_at: None,
    };
    let group = GroupId(100 + teacher);
    let mut bases = vec![0; PUPILS as usize];
    let mut times = Vec::new();
    for round in 0.. {
        if Stopwatch::now() > until {
            break;
        }
        let codes = ["/", "N"];
        let changes = bases.iter().enumerate().map(|(place, base)| Change {
            enrolment: EnrolmentId(10_000 + teacher * PUPILS + place as i64),
            code: Some(codes[round % 2].to_owned()),
            base: *base,
            ..Change::default()
        });
        let what = Save {
            change_id: format!("{teacher}-{round}"),
            changes: changes.collect(),
            ..Save::default()
        };
        let actor = actor.clone();
        let begun = Stopwatch::now();
        let answer = store.act_now(SCHOOL, move |act| {
            let begun = Stopwatch::now();
            let answer = save(act, &actor, group, slot, &what)?;
            Ok::<_, Refusal>((answer, begun.elapsed()))
        });
        times.push(begun.elapsed());
        let (answer, own) = answer.expect("a teacher's own register takes its marks");
        held.fetch_add(own.as_nanos() as u64, Ordering::Relaxed);
        for (base, result) in bases.iter_mut().zip(&answer.results) {
            assert_eq!(result.outcome, Outcome::Saved, "{}", result.message);
            *base = result.base;
        }
    }
    times
}

/// Fifty tutor groups of thirty, a year's calendar.
fn set_up(act: &mut Act) -> Result<(), StoreError> {
    act.describe(Entry {
        account: 1,
        job_title: "Set-up",
        act: "set up",
        subject: "the school".to_owned(),
    });
    let day = |text: &str| text.parse::<Day>().expect("the example writes real days");
    for (id, first, last) in [
        (1, "2026-09-02", "2026-10-23"),
        (2, "2026-11-02", "2026-12-18"),
        (3, "2027-01-04", "2027-02-12"),
        (4, "2027-02-22", "2027-03-25"),
        (5, "2027-04-12", "2027-05-28"),
        (6, "2027-06-07", "2027-07-21"),
    ] {
        let values = args![id, 2026, format!("Half-term {id}"), day(first), day(last)];
        act.record(&year::records::TERM, &values)?;
    }
    let (none, open, first) = (None::<&str>, None::<Day>, day("2026-09-02"));
    for teacher in 0..TEACHERS {
        let (group, staff) = (100 + teacher, 1_000 + teacher);
        let name = format!("{teacher}");
        act.record(
            &roll::records::PUPIL_GROUP,
            &args![group, "tutor", &name, none, none, None::<i64>],
        )?;
        act.record(
            &roll::records::GROUP_STAFF,
            &args![2_000 + teacher, group, staff, "tutor", first, open],
        )?;
        for place in 0..PUPILS {
            let enrolment = 10_000 + teacher * PUPILS + place;
            let pupil = 20_000 + enrolment;
            act.record(
                &roll::records::PUPIL,
                &args![
                    pupil,
                    pupil,
                    none,
                    none,
                    none,
                    none,
                    "Sample",
                    "Pupil",
                    "",
                    "Sample",
                    "Pupil",
                    none,
                    day("2013-11-02")
                ],
            )?;
            act.record(
                &roll::records::ENROLMENT,
                &args![enrolment, pupil, "C", first, none, open, none, none, none],
            )?;
            act.record(
                &roll::records::MEMBERSHIP,
                &args![40_000 + enrolment, group, enrolment, first, open],
            )?;
        }
    }
    Ok(())
}
