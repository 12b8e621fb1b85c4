//! The program is killed while registers are saved, started again, and asked for every mark that it had acknowledged.
//!
//! A kill loses nothing that the operating system was given, so this shows that nothing is acknowledged early and nothing is half
//! there; that a power cut loses nothing either is shown by counting flushes (`tools/flushes`).
//!
//! `ROLLBOOK_KILLS=50 cargo test -p rollbook --test killed_while_saving` kills more often than the ordinary run does.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use load::{
    Account, Announcement, Browser, Mark, RegisterLink, RegisterPage, register_links, save_request,
    whole_register,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollbook");

/// How long the program may take until it serves.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// Browsers that save at once.
const TEACHERS: usize = 12;

#[test]
fn a_program_killed_while_registers_are_saved_keeps_every_acknowledged_mark_and_no_half_register() {
    let kills = std::env::var("ROLLBOOK_KILLS")
        .map_or(2, |kills| kills.parse().expect("a number of kills"));
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("school");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(&data);
    let mut acknowledged = 0;
    for kill in 0..kills {
        // Each kill falls at another moment of the saving.
        let after = Duration::from_millis(250 + 137 * (kill % 11));
        let teachers = runtime.block_on(program.save_until_killed(after));
        acknowledged += teachers
            .iter()
            .map(|teacher| teacher.acknowledged)
            .sum::<usize>();
        program = Program::start(&data);
        runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    }
    assert!(acknowledged > 0, "no save was acknowledged before a kill");
    assert!(
        program.stop().success(),
        "the program does not stop in order"
    );
    let verified = Command::new(PROGRAM)
        .args(["verify", "--data"])
        .arg(&data)
        .output()
        .expect("rollbook verify runs");
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{told}");
    println!("{acknowledged} saves acknowledged, {kills} kills. {told}");
}

/// One register, and what its teacher knows of it.
struct Teacher {
    register: RegisterLink,
    /// Saves that were answered.
    acknowledged: usize,
    /// The codes of the newest answered save; before the first, those that the page showed.
    stands: Vec<(i64, String)>,
    /// The codes of the save that was on its way when the program was killed.
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
    fn start(data: &Path) -> Program {
        let mut child = Command::new(PROGRAM)
            .args([
                "demo",
                "--pupils",
                "150",
                "--date",
                "2026-11-24",
                "--port",
                "0",
                "--data",
            ])
            .arg(data)
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
            .account("attendance manager")
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

    /// Saves in a closed loop, a browser for each register, and kills the program meanwhile.
    async fn save_until_killed(&mut self, after: Duration) -> Vec<Teacher> {
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
        self.child.kill().expect("the program is killed");
        self.child.wait().expect("the program has ended");
        saving.join_all().await
    }

    /// Each register shows the newest acknowledged save, or, whole, the one that was under way.
    async fn holds_what_was_acknowledged(&self, teachers: &[Teacher]) {
        let mut browser = self.signed_in().await;
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
    fn stop(mut self) -> ExitStatus {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(asked.expect("kill runs").success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the program is waited for") {
                return status;
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
