//! How many registers of thirty a second fifty teachers save at once, through session check, access, rules and journal to the disk.
//!
//! `cargo run --release -p office --example saves [SECONDS] [postgres://…]` saves through the application's own router, sockets left
//! out. Each teacher saves a whole register, all thirty marks changed, as soon as the last save was answered.
//!
//! Without a server: on SQLite with full flushing, one school. With one (a database that may be filled): fifty teachers of one school,
//! then spread over a hundred schools, each in turn with the barest save there is, a stored function in one round trip that
//! keeps thirty marks and their history, called on fifty connections. Prints both, and their ratio.

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use calendar::{Day, Instant};
use http_body_util::BodyExt;
use load::{Bare, SavesFigures};
use office::desk::Office;
use office::people::{self, Doors, Keyring, Role, SignInToken};
use office::registers::save::{Outcome, SaveAnswer};
use office::{MIGRATIONS, roll, year};
use store::{Act, Entry, Location, Options, SchoolId, Store, StoreError, Tx, args};
use tower::ServiceExt;

const TEACHERS: i64 = 50;
const PUPILS: i64 = 30;
const DAY: &str = "2026-11-24";
const ROUNDS: usize = 3;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut given = std::env::args().skip(1);
    let seconds: u64 = given.next().map_or(Ok(4), |text| text.parse())?;
    let time = Duration::from_secs(seconds);
    let folder = tempfile::tempdir()?;
    let server = given.next();
    let location = match &server {
        Some(address) => Location::parse(address)?,
        None => Location::Sqlite(folder.path().join("saves.db")),
    };
    let now = Instant::at_london(DAY.parse()?, "08:41".parse()?);
    let store = Store::open(&location, Options::default(), Arc::new(move || now))?;
    store.migrate(MIGRATIONS)?;
    println!(
        "{:?}, {:?}",
        store.engine(),
        store.write_now(Tx::durability)?
    );
    let schools: i64 = if server.is_some() { 100 } else { 1 };
    for school in 1..=schools {
        // The first school has a register for every teacher; the others one each.
        let groups = if school == 1 { TEACHERS } else { 1 };
        store.write_now(move |tx| sign_in(tx, school, now))?;
        store.act_now(SchoolId(school), move |act| set_up(act, groups))?;
    }
    let office = Office::new(
        store.clone(),
        Keyring::forgetful()?,
        Arc::new(move || now),
        false,
        Doors::new(None),
    );
    let router = office::router(Arc::new(office));
    match server {
        None => print(&through_the_application(&router, 1, time), "one school"),
        Some(address) => {
            let bare = Bare::make(&address)?;
            settle(&router, &bare, schools)?;
            for (spread, words) in [(1, "one school"), (schools, "a hundred schools")] {
                beside_bare(&router, &bare, spread, words, time)?;
            }
        }
    }
    store.close();
    Ok(())
}

/// Saves every register before the server counts its rows.
fn settle(router: &Router, bare: &Bare, schools: i64) -> Result<(), Failure> {
    for spread in [1, schools] {
        through_the_application(router, spread, Duration::from_secs(1));
        bare.save(TEACHERS as usize, spread as usize, Duration::from_secs(1))?;
    }
    Ok(bare.settle()?)
}

/// Both kinds of save in turn, so that what else the machine does falls on both.
fn beside_bare(
    router: &Router,
    bare: &Bare,
    spread: i64,
    words: &str,
    time: Duration,
) -> Result<(), Failure> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let round = through_the_application(router, spread, time);
        print(&round, words);
        ours.push(round.a_second());
        let round = bare.save(TEACHERS as usize, spread as usize, time)?;
        print(&round, "the stored function");
        theirs.push(round.a_second());
    }
    let median = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    println!(
        "{words}: {:.2} of the bare save",
        median(&mut ours) / median(&mut theirs)
    );
    Ok(())
}

fn print(saves: &SavesFigures, words: &str) {
    let [median, p95, p99, _] = saves
        .times
        .usual_shares()
        .map(|time| time.as_secs_f64() * 1e3);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{words}: {:.0} saves/s, p50 {median:.1} ms, p95 {p95:.1} ms, p99 {p99:.1} ms; load average {}",
        saves.a_second(),
        load.split(' ').next().unwrap_or_default()
    );
}

fn token(school: i64) -> String {
    format!("token of school {school}")
}

/// The school and register of a teacher's turn.
fn place_of(teacher: i64, turn: i64, spread: i64) -> (i64, i64) {
    if spread == 1 {
        (1, teacher)
    } else {
        (1 + (teacher + turn * TEACHERS) % spread, 0)
    }
}

fn through_the_application(router: &Router, spread: i64, time: Duration) -> SavesFigures {
    let runtime = tokio::runtime::Builder::new_multi_thread().build();
    let begun = Stopwatch::now();
    let times = runtime.expect("a runtime").block_on(async {
        let mut saving = tokio::task::JoinSet::new();
        for teacher in 0..TEACHERS {
            saving.spawn(take_registers(
                router.clone(),
                teacher,
                spread,
                begun + time,
            ));
        }
        saving.join_all().await.concat()
    });
    let mut figures = SavesFigures::default();
    figures.times.extend(times);
    figures.took = begun.elapsed();
    figures
}

/// One teacher's morning: registers over and over, every mark changed each time.
async fn take_registers(
    router: Router,
    teacher: i64,
    spread: i64,
    until: Stopwatch,
) -> Vec<Duration> {
    // The numbers on which the next change of a register is based, and how often it was saved.
    let mut known: std::collections::BTreeMap<(i64, i64), (Vec<i64>, usize)> = Default::default();
    let mut times = Vec::new();
    for turn in 0.. {
        if Stopwatch::now() > until {
            break;
        }
        let (school, group) = place_of(teacher, turn, spread);
        let (bases, rounds) = known
            .entry((school, group))
            .or_insert_with(|| (vec![0; PUPILS as usize], 0));
        loop {
            let code = ["/", "N"][*rounds % 2];
            *rounds += 1;
            let begun = Stopwatch::now();
            let answer = save(&router, school, group, code, bases).await;
            for (base, result) in bases.iter_mut().zip(&answer.results) {
                *base = result.base;
            }
            // An earlier run left marks that this one has to learn of first.
            if answer
                .results
                .iter()
                .all(|result| result.outcome == Outcome::Saved)
            {
                times.push(begun.elapsed());
                break;
            }
        }
    }
    times
}

async fn save(router: &Router, school: i64, group: i64, code: &str, bases: &[i64]) -> SaveAnswer {
    let changes: Vec<String> = bases
        .iter()
        .enumerate()
        .map(|(place, base)| {
            let enrolment = 10_000 + group * PUPILS + place as i64;
            format!(r#"{{"enrolment":{enrolment},"code":"{code}","base":{base}}}"#)
        })
        .collect();
    let mut id = [0; 16];
    getrandom::fill(&mut id).expect("the system gives random bytes");
    let body = format!(
        r#"{{"change_id":"{:032x}","changes":[{}]}}"#,
        u128::from_be_bytes(id),
        changes.join(",")
    );
    let request = Request::post(format!("/registers/{}/{DAY}/am/save", 100 + group))
        .header(header::COOKIE, format!("rollbook={}", token(school)))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .expect("a whole request");
    let answer = router.clone().oneshot(request).await.expect("an answer");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("a whole body");
    let body = body.to_bytes();
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("the answer to a save")
}

/// An attendance manager who is signed in at the school.
fn sign_in(tx: &mut Tx, school: i64, now: Instant) -> Result<u64, StoreError> {
    let account = 1_000 + school;
    tx.execute(
        "insert into school (school_id, name, founded_at) values ($1, $2, $3)",
        &args![school, "Sample School", now],
    )?;
    tx.execute(
        "insert into account (account_id, sign_in_name, name, must_change_password, failed_attempts) values ($1, $2, $3, $4, $5)",
        &args![account, format!("a{account}"), "A Manager", false, 0],
    )?;
    let later = now.plus_seconds(86_400);
    tx.execute(
        "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        &args![
            SignInToken::of(&token(school)).bytes(),
            account,
            school,
            "a device",
            now,
            later,
            later
        ],
    )
}

/// Tutor groups of thirty, a year's calendar, and the manager of [`sign_in`].
fn set_up(act: &mut Act, groups: i64) -> Result<(), StoreError> {
    let school = act.school().0;
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
    let (account, staff) = (1_000 + school, 5_000);
    act.record(
        &roll::records::STAFF,
        &args![staff, none, "Ms", "A", "Sample", none, account, first, open],
    )?;
    act.record(
        &roll::records::POST,
        &args![staff + 1, staff, "Attendance manager", first, open],
    )?;
    act.record(
        &people::records::ROLE_GRANT,
        &args![
            staff + 2,
            account,
            Role::AttendanceManager.key(),
            first,
            open
        ],
    )?;
    for group in 0..groups {
        let name = format!("{group}");
        act.record(
            &roll::records::PUPIL_GROUP,
            &args![100 + group, "tutor", &name, none, none, None::<i64>],
        )?;
        for place in 0..PUPILS {
            let enrolment = 10_000 + group * PUPILS + place;
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
                &args![
                    enrolment, pupil, "C", first, none, open, none, none, none, none
                ],
            )?;
            act.record(
                &roll::records::MEMBERSHIP,
                &args![40_000 + enrolment, 100 + group, enrolment, first, open],
            )?;
        }
    }
    Ok(())
}
