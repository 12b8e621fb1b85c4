//! The running program of a test, callers who save its registers over HTTP, and what it must hold once it was ended.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use load::{
    Account, Announcement, Browser, Mark, RegisterLink, RegisterPage, RegisterRow, register_links,
    save_request, whole_register,
};
use tokio::task::JoinSet;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rollbook");

/// How long the program may take until it serves.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How long the program may take to answer what is in flight and to end; less than most supervisors of services wait.
const STOPS_WITHIN: Duration = Duration::from_secs(15);

/// The day that it is in the school.
pub const TODAY: &str = "2026-11-24";

/// How many pupils it has: enough for several registers.
pub const PUPILS: usize = 150;

/// Where a program of these tests keeps its records.
pub struct Place {
    folder: tempfile::TempDir,
    /// The connection string, on PostgreSQL.
    pub database: Option<String>,
    /// Words before the program's own command, which run it somewhere else; mostly none.
    pub through: Vec<String>,
}

impl Place {
    pub fn on_sqlite() -> Place {
        Place::on(None)
    }

    /// On SQLite, or on the server of this connection string.
    pub fn on(database: Option<String>) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        Place {
            folder,
            database,
            through: Vec::new(),
        }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("school")
    }

    /// A command of the program on these records.
    pub fn command(&self, name: &str) -> Command {
        let mut words = self.through.iter().map(String::as_str).chain([PROGRAM]);
        let mut command = Command::new(words.next().expect("the program itself comes last"));
        command.args(words).args([name, "--data"]).arg(self.data());
        if let Some(database) = &self.database {
            command.args(["--database", database]);
        }
        command
    }

    /// The records are what the journal says. Asked of a school that nobody serves.
    pub fn verify(&self) -> String {
        let verified = self
            .command("verify")
            .output()
            .expect("rollbook verify runs");
        let told = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{told}");
        told
    }
}

/// Somebody who saves a register, or their part of one, over and over.
pub struct Teacher {
    pub register: RegisterLink,
    /// Every so-manieth row from this one is theirs.
    part: (usize, usize),
    /// Saves that were answered.
    pub acknowledged: usize,
    /// The codes of the newest answered save; before the first, those that the page showed.
    stands: Vec<(i64, String)>,
    /// The codes of the save that was on its way when the program was killed.
    under_way: Option<Vec<(i64, String)>>,
    /// What made an end of it: the refusal, or the failure of the connection.
    pub cut_off: String,
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
            let answer = match save_request(&mut browser, &self.register, &marks).await {
                Ok((answer, _)) => answer,
                Err(error) => {
                    self.cut_off = format!("{error:#}");
                    break;
                }
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

/// How many saves of these callers were answered.
pub fn saves(teachers: &[Teacher]) -> usize {
    teachers.iter().map(|teacher| teacher.acknowledged).sum()
}

/// The program, serving the demo school.
pub struct Program {
    child: Child,
    announcement: Announcement,
}

impl Program {
    pub fn start(place: &Place) -> Program {
        let mut child = place
            .command("demo")
            .args(["--pupils", &PUPILS.to_string()])
            .args(["--date", TODAY, "--port", "0"])
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

    pub async fn signed_in(&self) -> Browser {
        let mut browser =
            Browser::open(&self.announcement.address).expect("an address on this machine");
        let manager = self.manager();
        browser
            .sign_in(&manager.name, &manager.password)
            .await
            .expect("the attendance manager signs in");
        browser
    }

    /// The registers of this morning.
    async fn registers(&self, browser: &mut Browser) -> Vec<RegisterLink> {
        let page = browser
            .get("/registers?show=all&session=am")
            .await
            .expect("the registers of today");
        let links = register_links(&page.text());
        assert!(links.len() > 1, "/registers links to no registers");
        links
    }

    /// As many callers begin to save, each in a closed loop over a connection of their own. Registers are shared out between them,
    /// row by row; without a number each register has one caller.
    pub async fn begin_saving(&self, callers: Option<usize>) -> JoinSet<Teacher> {
        let mut browser = self.signed_in().await;
        let links = self.registers(&mut browser).await;
        let callers = callers.unwrap_or(links.len());
        let mut saving = JoinSet::new();
        for caller in 0..callers {
            let register = caller % links.len();
            let sharing = (callers - register).div_ceil(links.len());
            let teacher = Teacher {
                register: links[register].clone(),
                part: (caller / links.len(), sharing),
                acknowledged: 0,
                stands: Vec::new(),
                under_way: None,
                cut_off: String::new(),
            };
            saving.spawn(teacher.save_until_cut_off(browser.another_connection()));
        }
        saving
    }

    /// Ends the program as the loss of its process would.
    pub fn kill(&mut self) {
        self.child.kill().expect("the program is killed");
        self.child.wait().expect("the program has ended");
    }

    /// Each register shows the newest acknowledged save, or, whole, the one that was under way. Answers how many show the latter.
    pub async fn holds_what_was_acknowledged(&self, teachers: &[Teacher]) -> usize {
        let mut browser = self.signed_in().await;
        let mut unanswered = 0;
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
            let stands = same(&teacher.stands);
            unanswered += usize::from(!stands);
            assert!(
                stands || teacher.under_way.as_ref().is_some_and(same),
                "{} shows {shown:?}; acknowledged was {:?}, under way {:?}, cut off by {}",
                teacher.register.path(),
                teacher.stands,
                teacher.under_way,
                teacher.cut_off
            );
        }
        unanswered
    }

    /// Asks the program to stop, and waits.
    pub fn stop(&mut self) {
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
