//! The disk fills up while registers are saved: people are told, pages still open, nothing acknowledged is lost, and saving goes on
//! once there is room again, without a restart.
//!
//! The disk is real: a small filesystem in a mount namespace of its own (`unshare` and `nsenter` of util-linux; no rights needed
//! where the system lets anybody make a user namespace). On PostgreSQL the whole server stands on it, log of writes included; what such a
//! server makes of it is its own affair (mostly it goes down), and it is started again once there is room, as its operator would.

mod served;

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

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

/// What people may be told while PostgreSQL has no room: that the disk is full, or that it has gone away; and of a save whose answer was lost
/// on the way, that it may be there.
const TOLD: [&str; 3] = [
    "is full",
    "cannot be reached just now",
    "it may be saved, or not",
];

#[test]
fn a_full_disk_under_postgres_is_told_and_costs_nothing_that_was_acknowledged() {
    let server = SmallServer::start();
    let place = Place::on(Some(server.address()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(&place);
    let teachers = runtime.block_on(async {
        let mut browser = program.signed_in().await;
        let saving = program.begin_saving(None).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.told("fill");
        let teachers = saving.join_all().await;
        for teacher in &teachers {
            let told = &teacher.cut_off;
            let is_told = TOLD.iter().any(|words| told.contains(words));
            assert!(told.contains("503") && is_told, "{told}");
        }
        server.told("room");
        // Nobody starts the program again: it finds the way back by itself.
        let path = teachers[0].register.save_path();
        let nothing = serde_json::json!({ "change_id": "room-again", "changes": [] });
        let begun = Instant::now();
        loop {
            let save = browser.post_json(&path, &nothing).await.expect("an answer");
            if save.status == 200 {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{}", save.text());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        teachers
    });
    assert!(saves(&teachers) > 0, "nothing was acknowledged before");
    runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    program.stop();
    place.verify();
}

/// A PostgreSQL on a filesystem of its own.
struct SmallServer {
    disk: SmallDisk,
    port: u16,
    /// What the keeper of the filesystem is told to do, a word for a line.
    orders: Mutex<ChildStdin>,
    done: Mutex<BufReader<ChildStdout>>,
    _folder: tempfile::TempDir,
}

impl SmallServer {
    /// Room for the demo school, its log of writes and some saving.
    const MEGABYTES: usize = 400;

    fn start() -> SmallServer {
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let megabytes = SmallServer::MEGABYTES;
        let script = format!(
            "mount -t tmpfs -o size={megabytes}m tmpfs \"$0\" && cd \"$0\" || exit 1
             bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
             $bin/initdb --pgdata=data --auth=trust --username=postgres --encoding=UTF8 --wal-segsize=1 >/dev/null || exit 1
             serve() {{ $bin/pg_ctl start --wait --silent --pgdata=data --log=log \
                 --options=\"-c listen_addresses=localhost -c port={port} -c unix_socket_directories='' -c max_wal_size=8MB -c min_wal_size=2MB\"; }}
             serve && echo there
             while read order; do
                 case $order in
                     fill) dd if=/dev/zero of=ballast bs=64k status=none 2>/dev/null ;;
                     room) rm ballast; $bin/pg_ctl status --pgdata=data >/dev/null || serve ;;
                 esac
                 echo done
             done
             $bin/pg_ctl stop --mode=immediate --silent --pgdata=data"
        );
        let open = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("a folder that the server may enter");
        let disk = folder.path().join("disk");
        std::fs::create_dir(&disk).expect("a folder to put it over");
        // PostgreSQL refuses to run as the superuser, so whoever is that takes the account that its package made.
        let own = std::fs::metadata("/proc/self").expect("this process");
        let is_root = std::os::unix::fs::MetadataExt::uid(&own) == 0;
        let mut words = match is_root {
            true => vec![
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
            ],
            false => Vec::new(),
        };
        words.extend([
            "unshare",
            "--user",
            "--map-current-user",
            "--keep-caps",
            "--mount",
        ]);
        words.extend(["sh", "-c", &script]);
        let mut keeper = Command::new(words[0])
            .args(&words[1..])
            .arg(&disk)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare runs (install util-linux)");
        let orders = keeper.stdin.take().expect("what it is told");
        let mut done = BufReader::new(keeper.stdout.take().expect("what it says"));
        let mut told = String::new();
        done.read_line(&mut told).expect("what it says is read");
        assert_eq!(
            told, "there\n",
            "no PostgreSQL could be started on a small disk"
        );
        let root = format!("/proc/{}/root", keeper.id());
        let within = disk.strip_prefix("/").expect("an absolute path");
        SmallServer {
            disk: SmallDisk {
                folder: Path::new(&root).join(within),
                keeper,
            },
            port,
            orders: Mutex::new(orders),
            done: Mutex::new(done),
            _folder: folder,
        }
    }

    fn address(&self) -> String {
        let port = self.port;
        format!("host=localhost port={port} user=postgres dbname=postgres sslmode=disable")
    }

    /// `fill`: writes until nothing more fits, as the account that the server runs as. `room`: takes that away again, and starts the server
    /// where it has gone down.
    fn told(&self, order: &str) {
        let mut orders = self.orders.lock().expect("what it is told");
        writeln!(orders, "{order}").expect("it is told");
        let mut told = String::new();
        let mut done = self.done.lock().expect("what it says");
        done.read_line(&mut told).expect("what it says is read");
        assert_eq!(told, "done\n");
    }
}

impl Drop for SmallServer {
    fn drop(&mut self) {
        // The server goes with the processes of its keeper; it must not outlive the filesystem.
        let id = self.disk.folder.join("data/postmaster.pid");
        let id = std::fs::read_to_string(id).unwrap_or_default();
        if let Some(id) = id.lines().next().filter(|id| !id.is_empty()) {
            Command::new("kill").args(["-QUIT", id]).status().ok();
        }
    }
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
