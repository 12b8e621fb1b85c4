//! The program is killed while it carries out an erasure, over and over, on both engines.
//!
//! Whenever that falls, the record is proved, nothing half erased is called done, and the next run goes on where the last was cut off, so that the
//! certificate counts the whole.

#[expect(dead_code, reason = "an erasure needs no callers who save registers")]
mod served;

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Stopwatch};

use calendar::{Day, Instant, Session, TimeOfDay};
use office::ids::AccountId;
use office::people::{Actor, Limits, Role};
use office::preservation::{approve, ask};
use office::registers::records::MARK_VERSION;
use office::roll::records::{ENROLMENT, PUPIL};
use store::testing::TestStore;
use store::{Act, Engine, Entry, Location, Options, SchoolId, Store, StoreError, args};

use served::Place;

const SCHOOL: SchoolId = SchoolId(1);

/// Pupils who left long ago, and one who did not.
const LEFT: i64 = 24;

/// Days of marks of each: two marks a day.
const DAYS: i64 = 130;

/// What stands in the notes of marks that are to go, and in those of marks that stay.
const GOES: &str = "vergangen";
const STAYS: &str = "geblieben";

#[test]
fn a_program_killed_in_the_middle_of_an_erasure_calls_nothing_done_that_is_not_and_finishes_it_later()
 {
    killed_while_erasing(&Place::on_sqlite());
}

#[test]
fn a_program_killed_in_the_middle_of_an_erasure_on_postgres_calls_nothing_done_that_is_not_and_finishes_it_later()
 {
    let server = TestStore::new(Engine::Postgres, &[]);
    let Location::Postgres(text) = server.location() else {
        panic!("a server was asked for");
    };
    killed_while_erasing(&Place::on(Some(text.clone())));
}

fn killed_while_erasing(place: &Place) {
    let records = Records::of(place);
    records.fill();
    let mut kills = 0;
    // Each kill falls a step later: among the marks, among the pupils, while the files are swept.
    for steps in [1, 2, 3, 4, 10, i64::MAX] {
        if records.cut_off(place, steps) {
            kills += 1;
        }
        place.verify();
        let stands = records.stands();
        let left = stands.marks_that_go + stands.pupils_that_left;
        if stands.state == "done" {
            assert_eq!(left, 0, "it is called done with {left} rows left");
            break;
        }
        assert_eq!(stands.state, "approved");
    }
    assert!(kills >= 2, "{kills} times it was killed before it was done");

    // Whatever the last kill left, one run more ends it.
    if records.stands().state != "done" {
        let ended = place.command("purge").arg("--carry-out").output();
        let ended = ended.expect("rollbook purge runs");
        let told = String::from_utf8_lossy(&ended.stdout);
        assert!(
            ended.status.success() && told.contains("is carried out"),
            "{told}"
        );
    }
    let stands = records.stands();
    assert_eq!(stands.state, "done");
    assert_eq!((stands.marks_that_go, stands.pupils_that_left), (0, 0));
    assert_eq!(stands.marks_that_stay, DAYS * 2);
    let rows = LEFT * DAYS * 2 + LEFT * 2;
    assert_eq!(
        stands.rows_erased,
        Some(rows),
        "the certificate counts the whole"
    );
    place.verify();
    records.store.close();
    if place.database.is_none() {
        let bytes = std::fs::read(place.data().join("rollbook.db")).expect("the database");
        let holds = |text: &str| {
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(
            holds(STAYS) && !holds(GOES),
            "the file still holds what went"
        );
    }
}

/// The records that are erased from, and a clock for filling them.
struct Records {
    store: Store,
    clock: Arc<Mutex<Instant>>,
}

/// How far an erasure is.
struct Stands {
    state: String,
    rows_erased: Option<i64>,
    marks_that_go: i64,
    marks_that_stay: i64,
    pupils_that_left: i64,
}

impl Records {
    fn of(place: &Place) -> Records {
        let location = match &place.database {
            Some(database) => Location::parse(database).expect("a connection string"),
            None => {
                std::fs::create_dir(place.data()).expect("a data folder");
                Location::Sqlite(place.data().join("rollbook.db"))
            }
        };
        let clock = Arc::new(Mutex::new(on(long_ago())));
        let tells = Arc::clone(&clock);
        let tell = Arc::new(move || *tells.lock().expect("a clock"));
        let store = Store::open(&location, Options::default(), tell).expect("an empty store");
        store.migrate(office::MIGRATIONS).expect("tables");
        Records { store, clock }
    }

    fn set_clock(&self, day: Day) {
        *self.clock.lock().expect("a clock") = on(day);
    }

    /// Pupils with marks of six and a half years ago, all but one of whom left then; an erasure that two people agreed on.
    fn fill(&self) {
        let today = today();
        let founded = on(long_ago());
        let school = self.store.write_now(move |tx| {
            tx.execute(
                "insert into school (school_id, name, founded_at) values ($1, $2, $3)",
                &args![SCHOOL, "Sample School", founded],
            )
        });
        school.map_err(|error: StoreError| error).expect("a school");
        self.act(|act| {
            for number in 0..=LEFT {
                enter(act, number)?;
            }
            act.describe(did("bring in the roll"));
            Ok(())
        });
        for number in 0..LEFT {
            self.act(move |act| mark(act, number, long_ago(), GOES));
        }
        self.set_clock(today.plus_days(-1));
        self.act(|act| mark(act, LEFT, long_ago(), STAYS));
        self.set_clock(today);
        let id = self
            .store
            .act_now(SCHOOL, move |act: &mut Act| {
                ask(act, &lead(21), "yearly review", Some(today))
            })
            .expect("an erasure that is asked for");
        let approved = self.store.act_now(SCHOOL, move |act: &mut Act| {
            approve(act, &lead(22), id, Some(today))
        });
        approved.expect("an erasure that is approved");
    }

    fn act(&self, work: impl FnOnce(&mut Act) -> Result<(), StoreError> + Send + 'static) {
        self.store.act_now(SCHOOL, work).expect("an act");
    }

    /// Carries the erasure on and kills the program once it has made so many steps more. Answers whether it was killed before its end.
    fn cut_off(&self, place: &Place, steps: i64) -> bool {
        let until = self.steps().saturating_add(steps);
        let mut program = place
            .command("purge")
            .arg("--carry-out")
            .stdout(Stdio::null())
            .spawn()
            .expect("rollbook purge runs");
        let begun = Stopwatch::now();
        let swept = |records: &Records| {
            steps == i64::MAX
                && records.stands().marks_that_go + records.stands().pupils_that_left == 0
        };
        while self.steps() < until && !swept(self) {
            if program.try_wait().expect("it is waited for").is_some() {
                return false;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "it does not get on"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        program.kill().expect("it is killed");
        !program.wait().expect("it has ended").success()
    }

    fn steps(&self) -> i64 {
        self.count(
            "select count(*) from journal_entry where school_id = $1 and act = 'erase entries'",
        )
    }

    fn count(&self, sql: &'static str) -> i64 {
        let counted = self
            .store
            .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)));
        counted.map_err(|error: StoreError| error).expect("a count")
    }

    fn stands(&self) -> Stands {
        let erasure = self.store.read_now(|tx| {
            let sql = "select state, rows_erased from erasure where school_id = $1 and superseded_seq is null";
            tx.query_one(sql, &args![SCHOOL], |row| Ok((row.get(0)?, row.get(1)?)))
        });
        let (state, rows_erased) = erasure
            .map_err(|error: StoreError| error)
            .expect("an erasure");
        Stands {
            state,
            rows_erased,
            marks_that_go: self.count(
                "select count(*) from mark_version where school_id = $1 and note = 'vergangen'",
            ),
            marks_that_stay: self.count(
                "select count(*) from mark_version where school_id = $1 and note = 'geblieben'",
            ),
            pupils_that_left: self.count("select count(*) from pupil where school_id = $1") - 1,
        }
    }
}

/// The day by the clock of this machine, by which the program goes.
fn today() -> Day {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock after 1970");
    Instant::from_micros(now.as_micros() as i64).in_london().0
}

/// A day whose entries are older than six years.
fn long_ago() -> Day {
    today().plus_days(-2_500)
}

fn on(day: Day) -> Instant {
    Instant::at_london(day, TimeOfDay::new(9, 0, 0).expect("nine in the morning"))
}

fn enter(act: &mut Act, number: i64) -> Result<(), StoreError> {
    let none = None::<&str>;
    let name = format!("Sample{number}");
    let left = (number < LEFT).then(|| long_ago().plus_days(DAYS as i32));
    act.record(
        &PUPIL,
        &args![
            300 + number,
            400 + number,
            none,
            none,
            none,
            format!("A{number}"),
            &name,
            &name,
            "",
            &name,
            &name,
            none,
            long_ago().plus_days(-4_000)
        ],
    )?;
    act.record(
        &ENROLMENT,
        &args![
            200 + number,
            300 + number,
            "C",
            long_ago(),
            none,
            left,
            left.map(|_| "A"),
            none,
            none,
            none
        ],
    )
    .map(drop)
}

fn mark(act: &mut Act, number: i64, from: Day, note: &'static str) -> Result<(), StoreError> {
    let places = (0..DAYS).flat_map(|day| [Session::Am, Session::Pm].map(|session| (day, session)));
    let rows = places.map(|(day, session)| {
        args![
            200 + number,
            from.plus_days(day as i32),
            session.index() as i64,
            "/",
            None::<i64>,
            None::<Instant>,
            note,
            None::<&str>,
            "register",
            None::<Instant>,
            None::<&str>
        ]
    });
    act.record_many(&MARK_VERSION, rows)?;
    act.describe(did("bring in marks"));
    Ok(())
}

fn did(what: &'static str) -> Entry<'static> {
    Entry {
        account: 1,
        job_title: "Registrar",
        act: what,
        subject: "a test".to_owned(),
    }
}

/// Somebody who decides about disposal.
fn lead(account: i64) -> Actor {
    Actor {
        account: AccountId(account),
        school: SCHOOL,
        name: format!("Lead {account}"),
        job_title: "Data protection lead".to_owned(),
        staff: None,
        roles: vec![Role::DataProtectionLead],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}
