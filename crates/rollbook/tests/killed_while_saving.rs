//! The program, or the database beneath it, is ended while registers are saved, started again, and asked for every mark that it had
//! acknowledged.
//!
//! A kill loses nothing that the operating system was given, so this shows that nothing is acknowledged early and nothing is half
//! there; that a power cut loses nothing either is shown by counting flushes (the store's test `flushes`; `tools/flushes` by hand).
//!
//! `ROLLBOOK_KILLS=50 cargo test -p rollbook --test killed_while_saving` kills more often than the ordinary run does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use load::{
    Account, Announcement, Browser, Mark, RegisterLink, RegisterPage, register_links, save_request,
    whole_register,
};
use store::testing::OwnServer;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollbook");

/// How long the program may take until it serves.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How long the program may take to answer what is in flight and to end; less than most supervisors of services wait.
const STOPS_WITHIN: Duration = Duration::from_secs(15);

/// Browsers that save at once.
const TEACHERS: usize = 12;

/// The school of every test here, large enough for a register for each teacher.
const PUPILS: &str = "150";

/// Where a program of these tests keeps its records.
struct Place {
    folder: tempfile::TempDir,
    /// The connection string, on PostgreSQL.
    database: Option<String>,
}

impl Place {
    fn on_sqlite() -> Place {
        Place::new(None)
    }

    fn on(database: String) -> Place {
        Place::new(Some(database))
    }

    fn new(database: Option<String>) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        Place { folder, database }
    }

    /// A command of the program on these records.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args([name, "--data"])
            .arg(self.folder.path().join("school"));
        if let Some(database) = &self.database {
            command.args(["--database", database]);
        }
        command
    }

    fn verify(&self) -> String {
        let verified = self
            .command("verify")
            .output()
            .expect("rollbook verify runs");
        let told = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{told}");
        told
    }
}

#[test]
fn a_program_killed_while_registers_are_saved_keeps_every_acknowledged_mark_and_no_half_register_on_sqlite()
 {
    killed_while_saving(&Place::on_sqlite());
}

#[test]
fn a_program_killed_while_registers_are_saved_keeps_every_acknowledged_mark_and_no_half_register_on_postgres()
 {
    let server = OwnServer::start("");
    killed_while_saving(&Place::on(server.address("sslmode=disable")));
}

fn killed_while_saving(place: &Place) {
    let kills = std::env::var("ROLLBOOK_KILLS")
        .map_or(2, |kills| kills.parse().expect("a number of kills"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(place);
    let mut acknowledged = 0;
    for kill in 0..kills {
        // Each kill falls at another moment of the saving.
        let after = Duration::from_millis(250 + 137 * (kill % 11));
        let teachers = runtime.block_on(program.save_until(after, Program::kill));
        acknowledged += saves(&teachers);
        program = Program::start(place);
        runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    }
    assert!(acknowledged > 0, "no save was acknowledged before a kill");
    program.stop();
    let told = place.verify();
    println!("{acknowledged} saves acknowledged, {kills} kills. {told}");
}

#[test]
fn a_program_asked_to_stop_answers_the_saves_in_flight_and_ends_in_time() {
    let place = Place::on_sqlite();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(&place);
    let teachers = runtime.block_on(program.save_until(Duration::from_millis(600), Program::stop));
    assert!(
        saves(&teachers) > 0,
        "no save was acknowledged before the stop"
    );
    let journal = place.folder.path().join("school/rollbook.db-wal");
    assert!(!journal.exists(), "the log was not put away");
    let program = Program::start(&place);
    let unanswered = runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    assert_eq!(unanswered, 0, "a save was made and not answered");
}

#[test]
fn when_the_database_goes_away_people_are_told_and_nothing_acknowledged_is_lost_when_it_is_back() {
    let server = OwnServer::start("");
    let place = Place::on(server.address("sslmode=disable"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(&place);
    for _ in 0..2 {
        let teachers = runtime.block_on(async {
            let mut browser = program.signed_in().await;
            let teachers = program
                .save_until(Duration::from_millis(400), |_| server.crash())
                .await;
            is_told_that_the_record_is_away(&mut browser, &teachers).await;
            server.start_again();
            assert_eq!(
                browser.get("/registers").await.expect("an answer").status,
                200
            );
            teachers
        });
        assert!(
            saves(&teachers) > 0,
            "no save was acknowledged before the crash"
        );
        runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    }
    program.stop();
    place.verify();
}

/// What a page and a save answer while the database is away.
async fn is_told_that_the_record_is_away(browser: &mut Browser, teachers: &[Teacher]) {
    let page = browser.get("/registers").await.expect("an answer");
    assert_eq!(page.status, 503);
    for told in [
        "cannot be reached just now",
        "Try again",
        "confirmed as saved is safe",
    ] {
        assert!(
            page.text().contains(told),
            "{told} is not in: {}",
            page.text()
        );
    }
    let nothing = serde_json::json!({ "change_id": "while-away", "changes": [] });
    let path = teachers[0].register.save_path();
    let save = browser.post_json(&path, &nothing).await.expect("an answer");
    assert_eq!(save.status, 503);
    assert!(
        save.text().contains("Nothing was changed"),
        "{}",
        save.text()
    );
}

fn saves(teachers: &[Teacher]) -> usize {
    teachers.iter().map(|teacher| teacher.acknowledged).sum()
}

/// One register, and what its teacher knows of it.
struct Teacher {
    register: RegisterLink,
    /// Saves that were answered.
    acknowledged: usize,
    /// The codes of the newest answered save; before the first, those that the page showed.
    stands: Vec<(i64, String)>,
    /// The codes of the save that was on its way at the end.
    under_way: Option<Vec<(i64, String)>>,
}

impl Teacher {
    async fn save_until_cut_off(mut self, mut browser: Browser) -> Teacher {
        let page = browser
            .get(self.register.path())
            .await
            .expect("the register's page");
        let mut rows = RegisterPage::read(&page.text()).rows;
        assert!(!rows.is_empty(), "{} shows no pupils", self.register.path());
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
        let mut child = place
            .command("demo")
            .args(["--pupils", PUPILS, "--date", "2026-11-24", "--port", "0"])
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

    /// Saves in a closed loop, a browser for each register, until `end` makes an end of it.
    async fn save_until(
        &mut self,
        after: Duration,
        end: impl FnOnce(&mut Program),
    ) -> Vec<Teacher> {
        let page = self
            .signed_in()
            .await
            .get("/registers?show=all&session=am")
            .await
            .expect("the registers of today");
        let registers = register_links(&page.text());
        assert!(registers.len() > 1, "/registers links to no registers");
        let mut saving = tokio::task::JoinSet::new();
        for register in registers.into_iter().take(TEACHERS) {
            let browser = self.signed_in().await;
            let teacher = Teacher {
                register,
                acknowledged: 0,
                stands: Vec::new(),
                under_way: None,
            };
            saving.spawn(teacher.save_until_cut_off(browser));
        }
        tokio::time::sleep(after).await;
        tokio::task::block_in_place(|| end(self));
        saving.join_all().await
    }

    fn kill(&mut self) {
        self.child.kill().expect("the program is killed");
        self.child.wait().expect("the program has ended");
    }

    /// Each register shows the newest acknowledged save, or, whole, the one that was under way. Answers how many show the latter.
    async fn holds_what_was_acknowledged(&self, teachers: &[Teacher]) -> usize {
        let mut browser = self.signed_in().await;
        let mut unanswered = 0;
        for teacher in teachers {
            let page = browser
                .get(teacher.register.path())
                .await
                .expect("the register's page");
            let mut shown: Vec<(i64, String)> = RegisterPage::read(&page.text())
                .rows
                .into_iter()
                .map(|row| (row.enrolment, row.code))
                .collect();
            shown.sort();
            let same = |codes: &Vec<(i64, String)>| {
                let mut codes = codes.clone();
                codes.sort();
                codes == shown
            };
            let stands = same(&teacher.stands);
            unanswered += usize::from(!stands);
            assert!(
                stands || teacher.under_way.as_ref().is_some_and(same),
                "{} shows {shown:?}; acknowledged was {:?}, under way {:?}",
                teacher.register.path(),
                teacher.stands,
                teacher.under_way
            );
        }
        unanswered
    }

    /// Asks the program to stop, and waits.
    fn stop(&mut self) {
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
            assert!(begun.elapsed() < STOPS_WITHIN, "the program does not stop");
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
