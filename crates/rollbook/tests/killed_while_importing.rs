//! The program is killed while an import is written and sixty callers save registers, on both engines.
//!
//! Afterwards every acknowledged mark is there, nothing of the import is in effect, and figures are what the rows come to.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use calendar::Day;
use load::{
    Account, Announcement, Browser, Mark, RegisterLink, RegisterPage, RegisterRow, register_links,
    save_request, whole_register,
};
use register::{Class, meaning};
use store::testing::TestStore;
use store::{Engine, Location, Options, SchoolId, Store, args};
use tokio::task::JoinSet;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollbook");

/// How long the program may take until it serves.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// The day that it is in the school.
const TODAY: &str = "2026-11-24";
/// How many pupils it has.
const PUPILS: usize = 150;
/// How many save registers at once.
const CALLERS: usize = 60;
const SCHOOL: SchoolId = SchoolId(1);

/// The days over which figures are compared: of the school year, before today.
const FROM: &str = "2026-09-01";
const TO: &str = "2026-11-23";

#[test]
fn a_program_killed_in_the_middle_of_an_import_has_every_acknowledged_mark_and_nothing_of_the_import()
 {
    let folder = tempfile::tempdir().expect("a folder");
    killed_while_importing(&Place {
        data: folder.path().join("school"),
        database: None,
    });
}

#[test]
fn a_program_killed_in_the_middle_of_an_import_on_postgres_has_every_acknowledged_mark_and_nothing_of_the_import()
 {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestStore::new(Engine::Postgres, &[]);
    let Location::Postgres(text) = server.location() else {
        panic!("a server was asked for");
    };
    killed_while_importing(&Place {
        data: folder.path().join("school"),
        database: Some(text.clone()),
    });
}

fn killed_while_importing(place: &Place) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(place);
    let before = runtime.block_on(figures(&program));
    let (teachers, page) = runtime.block_on(async {
        let mut office = program.signed_in().await;
        let page = previewed(&mut office, &marks_of_the_school()).await;
        let saving = program.begin_saving().await;
        accept(&mut office, &page).await;
        wait_until_begun(&mut office, &page).await;
        program.kill();
        (saving.join_all().await, page)
    });
    let acknowledged: usize = teachers.iter().map(|teacher| teacher.acknowledged).sum();
    assert!(acknowledged > 0, "no save was acknowledged before the kill");

    let program = Program::start(place);
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
    let address = format!("/figures?period=days&from={FROM}&to={TO}&format=csv");
    let file = office.get(&address).await.expect("the figures").text();
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
        None => Location::Sqlite(place.data.join("rollbook.db")),
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

/// Where a school is kept.
struct Place {
    data: PathBuf,
    database: Option<String>,
}

impl Place {
    fn arguments(&self, command: &mut Command) {
        command.arg("--data").arg(&self.data);
        if let Some(database) = &self.database {
            command.arg("--database").arg(database);
        }
    }

    /// The records are what the journal says. Asked of a school that nobody serves.
    fn verify(&self) {
        let mut verify = Command::new(PROGRAM);
        verify.arg("verify");
        self.arguments(&mut verify);
        let verified = verify.output().expect("rollbook verify runs");
        let told = String::from_utf8_lossy(&verified.stdout);
        assert!(verified.status.success(), "{told}");
    }
}

/// Somebody who saves a register, or their part of one, over and over.
struct Teacher {
    register: RegisterLink,
    /// Every so-manieth row from this one is theirs.
    part: (usize, usize),
    /// Saves that were answered.
    acknowledged: usize,
    /// The codes of the newest answered save; before the first, those that the page showed.
    stands: Vec<(i64, String)>,
    /// The codes of the save that was on its way when the program was killed.
    under_way: Option<Vec<(i64, String)>>,
}

impl Teacher {
    async fn save_until_cut_off(mut self, mut browser: Browser) -> Teacher {
        let mut rows = self.rows(&mut browser).await;
        self.stands = rows
            .iter()
            .map(|row| (row.enrolment, row.code.clone()))
            .collect();
        for round in 0.. {
            let marks = whole_register(
                &self.register,
                &rows,
                round,
                Some("the register was copied from paper"),
            );
            let sent: Vec<(i64, String)> = marks.iter().map(code_of).collect();
            self.under_way = Some(sent.clone());
            let Ok((answer, _)) = save_request(&mut browser, &self.register, &marks).await else {
                break;
            };
            for result in &answer.results {
                assert!(
                    ["saved", "unchanged"].contains(&result.outcome.as_str()),
                    "{}: {} ({})",
                    self.register.path(),
                    result.outcome,
                    result.message
                );
                let row = rows
                    .iter_mut()
                    .find(|row| row.enrolment == result.enrolment);
                row.expect("a result for a row that was sent").base = result.base;
            }
            self.acknowledged += 1;
            self.stands = sent;
            self.under_way = None;
        }
        self
    }

    async fn rows(&self, browser: &mut Browser) -> Vec<RegisterRow> {
        let page = browser
            .get(self.register.path())
            .await
            .expect("the register's page");
        let rows = RegisterPage::read(&page.text()).rows;
        assert!(!rows.is_empty(), "{} shows no pupils", self.register.path());
        let (first, step) = self.part;
        rows.into_iter().skip(first).step_by(step).collect()
    }
}

fn code_of(mark: &Mark) -> (i64, String) {
    (mark.enrolment, mark.code.clone())
}

/// The program, serving the demo school.
struct Program {
    child: Child,
    announcement: Announcement,
}

impl Program {
    fn start(place: &Place) -> Program {
        let mut demo = Command::new(PROGRAM);
        demo.args(["demo", "--pupils", &PUPILS.to_string()])
            .args(["--date", TODAY, "--port", "0"]);
        place.arguments(&mut demo);
        let mut child = demo
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = child.stdout.take().expect("the program's output");
        let (said, heard) = mpsc::channel();
        // The table of accounts ends with an empty line.
        std::thread::spawn(move || {
            let mut announcement = Announcement::default();
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                announcement.read_line(&line);
                if line.is_empty() && !announcement.accounts.is_empty() {
                    said.send(announcement.clone()).ok();
                }
            }
        });
        let announcement = heard
            .recv_timeout(READY_WITHIN)
            .expect("the program serves");
        Program {
            child,
            announcement,
        }
    }

    fn manager(&self) -> &Account {
        self.announcement
            .accounts("attendance manager")
            .next()
            .expect("an attendance manager")
    }

    async fn signed_in(&self) -> Browser {
        let mut browser =
            Browser::open(&self.announcement.address).expect("an address on this machine");
        let manager = self.manager();
        browser
            .sign_in(&manager.name, &manager.password)
            .await
            .expect("the attendance manager signs in");
        browser
    }

    /// The callers begin to save, each in a closed loop over a connection of their own; registers are shared out between them,
    /// row by row.
    async fn begin_saving(&self) -> JoinSet<Teacher> {
        let mut browser = self.signed_in().await;
        let page = browser
            .get("/registers?show=all&session=am")
            .await
            .expect("the registers of today");
        let links = register_links(&page.text());
        assert!(links.len() > 1, "/registers links to no registers");
        let mut saving = JoinSet::new();
        for caller in 0..CALLERS {
            let register = caller % links.len();
            let sharing = (CALLERS - register).div_ceil(links.len());
            let teacher = Teacher {
                register: links[register].clone(),
                part: (caller / links.len(), sharing),
                acknowledged: 0,
                stands: Vec::new(),
                under_way: None,
            };
            saving.spawn(teacher.save_until_cut_off(browser.another_connection()));
        }
        saving
    }

    /// Ends the program as the loss of its process would.
    fn kill(&mut self) {
        self.child.kill().expect("the program is killed");
        self.child.wait().expect("the program has ended");
    }

    /// Each register shows the newest acknowledged save, or, whole, the one that was under way.
    async fn holds_what_was_acknowledged(&self, teachers: &[Teacher]) {
        let mut browser = self.signed_in().await;
        for teacher in teachers {
            let rows = teacher.rows(&mut browser).await;
            let mut shown: Vec<(i64, String)> = rows
                .into_iter()
                .map(|row| (row.enrolment, row.code))
                .collect();
            shown.sort();
            let same = |codes: &Vec<(i64, String)>| {
                let mut codes = codes.clone();
                codes.sort();
                codes == shown
            };
            assert!(
                same(&teacher.stands) || teacher.under_way.as_ref().is_some_and(same),
                "{} shows {shown:?}; acknowledged was {:?}, under way {:?}",
                teacher.register.path(),
                teacher.stands,
                teacher.under_way
            );
        }
    }

    /// Asks the program to stop, and waits.
    fn stop(mut self) {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(asked.expect("kill runs").success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the program is waited for") {
                assert!(status.success(), "the program does not stop in order");
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "the program does not stop"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Ended already, unless a test failed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
