//! The disk fills up while registers are saved: people are told, pages still open, nothing acknowledged is lost, and saving goes on
//! once there is room again, without a restart.
//!
//! The disk is real: a small filesystem in a mount namespace of its own (`unshare` and `nsenter` of util-linux; no rights needed
//! where the system lets anybody make a user namespace).

mod served;

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use served::{Place, Program, saves};

/// Room for the demo school and for some saving.
const MEGABYTES: usize = 160;

#[test]
fn a_full_disk_is_told_and_costs_nothing_that_was_acknowledged() {
    let mut place = Place::on_sqlite();
    let disk = SmallDisk::over(&place.data());
    place.through = disk.through();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(&place);
    let teachers = runtime.block_on(async {
        let mut browser = program.signed_in().await;
        let saving = program.begin_saving(None).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        disk.fill();
        // Each saves until a save is refused.
        let teachers = saving.join_all().await;
        let page = browser.get("/registers").await.expect("an answer");
        assert_eq!(page.status, 200, "what is saved can be read");
        for teacher in &teachers {
            for words in ["503", "disk", "is full", "Nothing was changed", "is safe"] {
                let told = &teacher.cut_off;
                assert!(told.contains(words), "{words} is not in: {told}");
            }
        }
        disk.make_room();
        let path = teachers[0].register.save_path();
        let nothing = serde_json::json!({ "change_id": "room-again", "changes": [] });
        let save = browser.post_json(&path, &nothing).await.expect("an answer");
        assert_eq!(save.status, 200, "{}", save.text());
        teachers
    });
    assert!(saves(&teachers) > 0, "nothing was acknowledged before");
    runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    program.kill();
    let mut program = Program::start(&place);
    runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    program.stop();
    place.verify();
}

/// A filesystem of its own over a folder, seen only by what enters it.
struct SmallDisk {
    /// The process that keeps it.
    keeper: Child,
    /// The folder as this process sees it.
    folder: PathBuf,
}

impl SmallDisk {
    fn over(folder: &Path) -> SmallDisk {
        std::fs::create_dir(folder).expect("a folder to put it over");
        let script = format!(
            "mount -t tmpfs -o size={MEGABYTES}m tmpfs \"$0\" && echo there && exec sleep infinity"
        );
        let mut keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare runs (install util-linux)");
        let mut told = String::new();
        let output = keeper.stdout.take().expect("what it says");
        BufReader::new(output)
            .read_line(&mut told)
            .expect("what it says is read");
        assert_eq!(told, "there\n", "no filesystem could be mounted");
        let root = format!("/proc/{}/root", keeper.id());
        let within = folder.strip_prefix("/").expect("an absolute path");
        SmallDisk {
            folder: Path::new(&root).join(within),
            keeper,
        }
    }

    /// The words before a command that enter it.
    fn through(&self) -> Vec<String> {
        let keeper = self.keeper.id().to_string();
        let words = [
            "nsenter",
            "--preserve-credentials",
            "--user",
            "--mount",
            "--target",
            &keeper,
        ];
        words.map(str::to_owned).to_vec()
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("a file on the small disk");
        let piece = vec![1; 1 << 16];
        loop {
            match ballast.write(&piece) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("the disk cannot be filled: {error}"),
            }
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast is thrown out");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.keeper.kill().ok();
        self.keeper.wait().ok();
    }
}
