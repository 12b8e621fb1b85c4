//! The program is killed while an import is written and sixty callers save registers, on both engines.
//!
//! Afterwards every acknowledged mark is there, nothing of the import is in effect, and figures are what the rows come to.

mod served;

use std::sync::Arc;
use std::time::{Duration, Instant};

use calendar::Day;
use load::Browser;
use register::{Class, meaning};
use store::testing::TestStore;
use store::{Engine, Location, Options, SchoolId, Store, args};

use served::{PUPILS, Place, Program, TODAY, saves};

/// How many save registers at once.
const CALLERS: usize = 60;
const SCHOOL: SchoolId = SchoolId(1);

/// The days over which figures are compared: of the school year, before today.
const FROM: &str = "2026-09-01";
const TO: &str = "2026-11-23";

#[test]
fn a_program_killed_in_the_middle_of_an_import_has_every_acknowledged_mark_and_nothing_of_the_import()
 {
    killed_while_importing(&Place::on_sqlite());
}

#[test]
fn a_program_killed_in_the_middle_of_an_import_on_postgres_has_every_acknowledged_mark_and_nothing_of_the_import()
 {
    let server = TestStore::new(Engine::Postgres, &[]);
    let Location::Postgres(text) = server.location() else {
        panic!("a server was asked for");
    };
    killed_while_importing(&Place::on(Some(text.clone())));
}

fn killed_while_importing(place: &Place) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(place);
    let before = runtime.block_on(figures(&program));
    let (teachers, page) = runtime.block_on(async {
        let mut office = program.signed_in().await;
        let page = previewed(&mut office, &marks_of_the_school()).await;
        let saving = program.begin_saving(Some(CALLERS)).await;
        accept(&mut office, &page).await;
        wait_until_begun(&mut office, &page).await;
        program.kill();
        (saving.join_all().await, page)
    });
    assert!(
        saves(&teachers) > 0,
        "no save was acknowledged before the kill"
    );

    let mut program = Program::start(place);
    runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    let shown = runtime.block_on(async {
        let mut office = program.signed_in().await;
        office.get(&page).await.expect("the import's page").text()
    });
    assert!(
        shown.contains("Nothing of it was stored; accept it again."),
        "the import does not say how it ended: {shown}"
    );
    let after = runtime.block_on(figures(&program));
    assert_eq!(after, before, "the figures of the days of the import");
    program.stop();
    place.verify();
    let rows = recount(place);
    assert_eq!(rows.brought_in, 0, "rows of the import are in effect");
    assert!(rows.withdrawn > 0, "the kill came before the import wrote");
    assert_eq!(rows.figures, after, "figures and a recount from rows");
}

/// Every mark of this and the last year until yesterday, each as another one than stands there.
fn marks_of_the_school() -> String {
    let today: Day = TODAY.parse().expect("a day");
    let school = demo::generate(&demo::Request {
        pupils: PUPILS,
        ..demo::Request::on(today)
    });
    let mut file = "Adno,Date,Session,Mark\n".to_owned();
    for (enrolment, given) in school.enrolments.iter().zip(&school.marks) {
        let number = &school.pupils[enrolment.pupil].admission_number;
        for (at, mark) in given.marks.iter().enumerate() {
            let place = school.slots[given.first_slot + at];
            let Some(code) = mark.code().filter(|_| place.day < today) else {
                continue;
            };
            let other = if code == "B" { "V" } else { "B" };
            file += &format!(
                "{number},{},{},{other}\n",
                place.day.slashed(),
                place.session.word()
            );
        }
    }
    file
}

/// Uploads the marks and waits until they are read; answers the address of the import.
async fn previewed(office: &mut Browser, file: &str) -> String {
    let fields = [("kind", "marks"), ("replace", "yes"), ("sensitive", "yes")];
    let sent = office
        .post_file("/imports", "file", "marks.csv", file, &fields)
        .await
        .expect("the upload is answered");
    let page = sent
        .location
        .clone()
        .unwrap_or_else(|| panic!("{}", sent.text()));
    let accept = format!("action=\"{page}/accept\"");
    until(office, &page, |text| text.contains(&accept)).await;
    page
}

async fn accept(office: &mut Browser, page: &str) {
    let text = office.get(page).await.expect("the import's page").text();
    let (_, after) = text
        .split_once("Type the number ")
        .expect("so many changed marks ask for a number");
    let number: String = after.chars().take_while(char::is_ascii_digit).collect();
    let answer = office
        .post_form(&format!("{page}/accept"), &[("typed", &number)])
        .await
        .expect("the acceptance is answered");
    assert!(answer.status.is_redirection(), "{}", answer.text());
}

async fn wait_until_begun(office: &mut Browser, page: &str) {
    let done = |text: &str| -> Option<u32> {
        let (before, _) = text.split_once(" % done.")?;
        let digits = before.rsplit(|letter: char| !letter.is_ascii_digit());
        digits.into_iter().next()?.parse().ok()
    };
    until(office, page, |text| {
        assert!(
            !text.contains("<small>Lists of attendance marks, applied"),
            "the import was done before it could be killed"
        );
        done(text).is_some_and(|done| done > 0)
    })
    .await;
}

async fn until(office: &mut Browser, page: &str, is_so: impl Fn(&str) -> bool) {
    let begun = Instant::now();
    loop {
        let text = office.get(page).await.expect("the import's page").text();
        if is_so(&text) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "the import does not get on: {text}"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Sessions that count as possible, and late ones.
type Figures = (u64, u64);

/// The whole school's figures over the days of the import, as the program shows them.
async fn figures(program: &Program) -> Figures {
    let mut office = program.signed_in().await;
    let list = format!("/figures?period=days&from={FROM}&to={TO}");
    let form = [("list", list.as_str()), ("format", "csv")];
    let file = office.post_form("/take-away", &form).await;
    let file = file.expect("the figures").text();
    let line = file
        .lines()
        .find(|line| line.starts_with("School,School,"))
        .unwrap_or_else(|| panic!("no figures of the school in {file}"));
    let cells: Vec<&str> = line.split(',').collect();
    let number = |at: usize| cells[at].parse().expect("a number of sessions");
    (number(3), number(5))
}

/// What stands in the rows.
struct Recount {
    figures: Figures,
    /// Marks in effect that the import wrote.
    brought_in: i64,
    /// Marks that it wrote and that never came into effect.
    withdrawn: i64,
}

fn recount(place: &Place) -> Recount {
    let location = match &place.database {
        Some(database) => Location::parse(database).expect("a connection string"),
        None => Location::Sqlite(place.data().join("rollbook.db")),
    };
    let clock = Arc::new(|| calendar::Instant::from_micros(0));
    let store = Store::open(&location, Options::default(), clock).expect("the records open");
    let (from, to): (Day, Day) = (FROM.parse().expect("a day"), TO.parse().expect("a day"));
    let rows = store
        .read_now(move |tx| {
            let (mut possible, mut late) = (0, 0);
            let marks = "select on_date, code from mark where school_id = $1 and on_date >= $2 and on_date <= $3 \
                         and code is not null";
            tx.each(marks, &args![SCHOOL, from, to], |row| {
                let (day, code): (Day, &str) = (row.get(0)?, row.get(1)?);
                let code: register::Code = code.parse().expect("a code");
                let class = meaning(code, day).expect("a code with a meaning").class;
                let counts = !matches!(class, Class::NotPossible | Class::Administrative);
                possible += u64::from(counts);
                late += u64::from(matches!(code.as_str(), "L" | "U"));
                Ok::<_, store::StoreError>(())
            })?;
            let count = |tx: &mut store::Tx, sql| {
                tx.query_one(sql, &args![SCHOOL], |row| row.get::<i64>(0))
            };
            let brought_in = "select count(*) from mark where school_id = $1 and reason like 'import %'";
            let withdrawn = "select count(*) from mark_version v join held_act h on h.school_id = v.school_id and h.seq = v.seq \
                             where v.school_id = $1 and h.abandoned_seq is not null";
            Ok::<_, store::StoreError>(Recount {
                figures: (possible, late),
                brought_in: count(tx, brought_in)?,
                withdrawn: count(tx, withdrawn)?,
            })
        })
        .expect("the rows are read");
    store.close();
    rows
}
