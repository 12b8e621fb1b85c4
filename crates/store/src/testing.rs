//! Fresh migrated stores on both engines, for the tests of this and other crates.
//!
//! PostgreSQL comes from `ROLLBOOK_TEST_POSTGRES`, a connection string to a server where the test may create databases. Where
//! that is unset, one private throw-away server is started (on a socket in the temporary folder, no network), shared by
//! all test programs that run, and stopped within a minute of the last of them.

use std::collections::HashSet;
use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use calendar::Instant;
use sha2::{Digest, Sha256};

use crate::{Engine, Location, Migration, Options, Store};

/// Both engines.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// Tuesday 24 November 2026, 08:44:12 in London: when every test store's clock begins.
pub const BEGINNING: Instant = Instant::from_micros(1_795_509_852_000_000);

/// Runs a test on a fresh migrated store of each engine in turn.
///
/// # Panics
/// When the test does, naming the engine; or when no PostgreSQL is installed.
pub fn each_engine(migrations: &[Migration], test: impl Fn(&TestStore)) {
    for engine in ENGINES {
        eprintln!("on {engine:?}:");
        test(&TestStore::new(engine, migrations));
    }
}

/// A fresh store, thrown away when it is dropped.
///
/// Its clock moves a millisecond with each look, so that what happens later is later.
pub struct TestStore {
    store: Store,
    location: Location,
    clock: TestClock,
    database: Database,
}

enum Database {
    Folder { _kept: tempfile::TempDir },
    OnServer { name: String },
}

/// A clock that a test can set.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// A clock that begins at [`BEGINNING`].
    pub fn new() -> TestClock {
        TestClock(Arc::new(AtomicI64::new(BEGINNING.micros())))
    }

    /// The moment, a millisecond after the last one told.
    pub fn tell(&self) -> Instant {
        Instant::from_micros(self.0.fetch_add(1_000, Ordering::Relaxed))
    }

    /// Sets the clock.
    pub fn set(&self, now: Instant) {
        self.0.store(now.micros(), Ordering::Relaxed);
    }

    /// The function that [`Store::open`] takes.
    pub fn as_function(&self) -> Arc<dyn Fn() -> Instant + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.tell())
    }
}

impl Default for TestClock {
    fn default() -> TestClock {
        TestClock::new()
    }
}

impl TestStore {
    /// A fresh store of this engine with these migrations.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new(engine: Engine, migrations: &[Migration]) -> TestStore {
        TestStore::with(engine, migrations, test_options())
    }

    /// A fresh store with these options.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn with(engine: Engine, migrations: &[Migration], options: Options) -> TestStore {
        let (location, database) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder for a test's database");
                let path = folder.path().join("test.db");
                (Location::Sqlite(path), Database::Folder { _kept: folder })
            }
            Engine::Postgres => {
                let name = fresh_name();
                let template = template(migrations);
                // A template cannot be copied while somebody is still leaving it.
                on_server(&format!("create database {name} template {template}"));
                (server().database(&name), Database::OnServer { name })
            }
        };
        let clock = TestClock::new();
        let store = Store::open(&location, options, clock.as_function())
            .expect("a fresh test database opens");
        if engine == Engine::Sqlite {
            store
                .migrate(migrations)
                .expect("the migrations of a test apply");
        }
        TestStore {
            store,
            location,
            clock,
            database,
        }
    }

    /// Where it lives.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Its clock.
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Runs statements past the store, as somebody with the database in hand would.
    ///
    /// # Panics
    /// When they fail.
    pub fn tamper(&self, sql: &str) {
        match &self.location {
            Location::Sqlite(path) => {
                let connection =
                    rusqlite::Connection::open(path).expect("the test's database opens");
                let patience = std::time::Duration::from_secs(10);
                connection
                    .busy_timeout(patience)
                    .and_then(|()| connection.execute_batch(sql))
                    .unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            Location::Postgres(text) => postgres::Client::connect(text, postgres::NoTls)
                .and_then(|mut client| client.batch_execute(sql))
                .unwrap_or_else(|error| panic!("{sql}: {error}")),
        }
    }

    /// A second store on the same database, as another process would have.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn another(&self) -> Store {
        Store::open(&self.location, test_options(), self.clock.as_function())
            .expect("a test database opens twice")
    }
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        self.store.close();
        if let Database::OnServer { name } = &self.database {
            on_server(&format!("drop database if exists {name} with (force)"));
        }
    }
}

/// Few threads, and no wish for what a throw-away server need not promise.
pub fn test_options() -> Options {
    Options {
        readers: 2,
        writers: 2,
        accept_weak_durability: true,
        ..Options::default()
    }
}

/// A name that no other test program uses.
fn fresh_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("rollbook_test_{}_{count}", std::process::id())
}

/// A migrated database to copy from, made once for these migrations.
fn template(migrations: &[Migration]) -> String {
    static MADE: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let mut hasher = Sha256::new();
    for migration in crate::migrate::OWN.iter().chain(migrations) {
        hasher.update(migration.name);
        hasher.update([0]);
        hasher.update(migration.sql);
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    let mark: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = format!("rollbook_template_{mark}");
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = made.get_or_insert_default();
    if made.contains(&name) {
        return name;
    }
    // Other test programs make the same template: one at a time. It gets its name when it is whole.
    let key = i64::from_be_bytes(digest[..8].try_into().expect("eight bytes"));
    let mut client = server().client();
    client
        .execute("select pg_advisory_lock($1)", &[&key])
        .expect("a lock on the test server");
    let there = client
        .query_opt("select 1 from pg_database where datname = $1", &[&name])
        .expect("the databases of the test server");
    if there.is_none() {
        let draft = format!("{name}_draft_{}", std::process::id());
        client
            .batch_execute(&format!("create database {draft}"))
            .expect("a draft of the template");
        let store = Store::open(
            &server().database(&draft),
            test_options(),
            TestClock::new().as_function(),
        )
        .expect("the draft opens");
        store
            .migrate(migrations)
            .expect("the migrations of a test apply");
        store.close();
        client
            .batch_execute(&format!("alter database {draft} rename to {name}"))
            .expect("the draft becomes the template");
    }
    made.insert(name.clone());
    name
}

fn on_server(sql: &str) {
    server()
        .client()
        .batch_execute(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A server on which tests may create databases.
struct Server {
    /// The connection string without a database.
    address: String,
    /// Held as long as this program runs, so that the private server stays.
    _in_use: Option<File>,
}

impl Server {
    fn database(&self, name: &str) -> Location {
        Location::Postgres(with_database(&self.address, name))
    }

    fn client(&self) -> postgres::Client {
        postgres::Client::connect(&with_database(&self.address, "postgres"), postgres::NoTls)
            .unwrap_or_else(|error| panic!("the test server does not answer: {error}"))
    }
}

/// The connection string with this database in place of any other.
fn with_database(address: &str, name: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        let kept: Vec<&str> = address
            .split_whitespace()
            .filter(|word| !word.starts_with("dbname="))
            .collect();
        return format!("{} dbname={name}", kept.join(" "));
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, format!("?{query}")),
        None => (rest, String::new()),
    };
    let host = place.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}/{name}{query}")
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var("ROLLBOOK_TEST_POSTGRES") {
        Ok(address) if !address.is_empty() => Server {
            address,
            _in_use: None,
        },
        _ => private_server(),
    })
}

/// Starts the private server, or joins it when another test program has.
fn private_server() -> Server {
    let base = std::env::temp_dir().join("rollbook-test-postgres");
    fs::create_dir_all(&base).expect("a folder for the test server");
    let lock = |name: &str| -> File {
        let path = base.join(name);
        File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let starting = lock("starting.lock");
    starting.lock().expect("a lock on the test server's start");
    let in_use = lock("in-use.lock");
    in_use
        .lock_shared()
        .expect("a lock on the test server's use");
    let programs = programs();
    let (data, socket) = (base.join("data"), base.join("socket"));
    let answers = |running: &Path| {
        let address = format!("host={} user=postgres", running.display());
        postgres::Client::connect(&with_database(&address, "postgres"), postgres::NoTls).is_ok()
    };
    if !answers(&socket) {
        // What a crash left behind is thrown away.
        for old in [&data, &socket] {
            let _ = fs::remove_dir_all(old);
        }
        start(&programs, &base, &data, &socket);
        assert!(
            answers(&socket),
            "the private test server was started and does not answer; see {}",
            base.join("log").display()
        );
    }
    Server {
        address: format!("host={} user=postgres", socket.display()),
        _in_use: Some(in_use),
    }
}

/// The folder of PostgreSQL's programs, newest version first.
fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    let newest = found.pop().map(|(_, bin)| bin);
    newest.unwrap_or_else(|| {
        panic!(
            "the store's tests need PostgreSQL: install the package postgresql, \
             or set ROLLBOOK_TEST_POSTGRES to a server where databases may be created"
        )
    })
}

fn start(programs: &Path, base: &Path, data: &Path, socket: &Path) {
    let log = base.join("log");
    fs::write(&log, "").expect("the test server's log");
    initialise(programs, data, &[socket, &log]);
    let settings = format!(
        "-c listen_addresses='' -c unix_socket_directories={} -c max_connections=300 -c shared_buffers=128MB",
        socket.display()
    );
    run(server_program(programs, "pg_ctl", data)
        .args([
            "start",
            "--wait",
            "--silent",
            "--options",
            &settings,
            "--log",
        ])
        .arg(&log));
    stop_after_the_last(programs, base, data);
}

/// Makes an empty server in the folder `data`, and lends these files to the account that it runs as.
fn initialise(programs: &Path, data: &Path, lent: &[&Path]) {
    fs::create_dir_all(data).expect("a folder for the test server's files");
    for folder in lent.iter().filter(|path| !path.exists()) {
        fs::create_dir_all(folder).expect("a folder for the test server");
    }
    if is_root() {
        run(Command::new("chown").arg("postgres:").arg(data).args(lent));
    }
    run(server_program(programs, "initdb", data).args([
        "--no-sync",
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C",
    ]));
}

/// One of PostgreSQL's programs, on the server in the folder `data`. The server refuses to run as root, so root calls it as
/// the account that the package made.
fn server_program(programs: &Path, program: &str, data: &Path) -> Command {
    let program = programs.join(program);
    let mut command;
    if is_root() {
        command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
    } else {
        command = Command::new(program);
    }
    command.current_dir(data).arg("--pgdata").arg(data);
    command
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// Leaves a small script behind that stops the server once no test program uses it; it looks every minute.
fn stop_after_the_last(programs: &Path, base: &Path, data: &Path) {
    let stop = format!(
        "{}{}/pg_ctl stop --mode=immediate --silent --pgdata={}",
        if is_root() {
            "runuser -u postgres -- "
        } else {
            ""
        },
        programs.display(),
        data.display()
    );
    let script = format!(
        "while sleep 60; do flock starting.lock flock --nonblock in-use.lock {stop} && exit 0; \
         test -e {}/postmaster.pid || exit 0; done",
        data.display()
    );
    let left = Command::new("setsid")
        .args(["--fork", "sh", "-c", &script])
        .current_dir(base)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(
        left.is_ok_and(|status| status.success()),
        "a script that stops the test server could not be left behind"
    );
}

/// A server of a test's own on the loopback, which the test may stop, start again and set up badly.
///
/// Stopped when it is dropped.
pub struct OwnServer {
    folder: tempfile::TempDir,
    port: u16,
    settings: String,
}

impl OwnServer {
    /// Starts one that anybody on this machine may use, with these settings, such as `-c fsync=off`.
    ///
    /// # Panics
    /// When no PostgreSQL is installed, or it does not start.
    pub fn start(settings: &str) -> OwnServer {
        let server = OwnServer::prepared(settings);
        server.start_again();
        server
    }

    /// Starts one that speaks TLS only, with a certificate for `localhost` that is its own root.
    ///
    /// # Panics
    /// As [`OwnServer::start`].
    pub fn over_tls() -> OwnServer {
        let server = OwnServer::prepared("-c ssl=on");
        let data = server.data();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .expect("a certificate for the test server");
        fs::write(server.roots(), made.cert.pem()).expect("the certificate is written");
        let key = data.join("server.key");
        fs::write(&key, made.signing_key.serialize_pem()).expect("the key is written");
        let secret = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
        fs::set_permissions(&key, secret).expect("a key that only the server may read");
        if is_root() {
            run(Command::new("chown")
                .arg("postgres:")
                .args([&key, &server.roots()]));
        }
        let hosts = "hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n";
        fs::write(data.join("pg_hba.conf"), hosts).expect("who may connect is written");
        server.start_again();
        server
    }

    fn prepared(settings: &str) -> OwnServer {
        let folder = tempfile::tempdir().expect("a folder for the test server");
        let open = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("a folder that the server may enter");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let server = OwnServer {
            folder,
            port,
            settings: settings.to_owned(),
        };
        let log = server.log();
        fs::write(&log, "").expect("the test server's log");
        initialise(&programs(), &server.data(), &[&log]);
        server
    }

    /// Starts it after [`OwnServer::crash`]. Answers once it takes connections.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        let settings = format!(
            "-c listen_addresses=localhost -c port={} -c unix_socket_directories='' {}",
            self.port, self.settings
        );
        run(server_program(&programs(), "pg_ctl", &self.data())
            .args([
                "start",
                "--wait",
                "--silent",
                "--options",
                &settings,
                "--log",
            ])
            .arg(self.log()));
    }

    /// Ends it at once, as a crash would: what was not flushed by then is not in its files.
    ///
    /// # Panics
    /// When it does not run.
    pub fn crash(&self) {
        run(server_program(&programs(), "pg_ctl", &self.data()).args([
            "stop",
            "--mode=immediate",
            "--silent",
        ]));
    }

    /// Where it lives, with these words about TLS, such as `sslmode=require`.
    pub fn location(&self, words: &str) -> Location {
        Location::Postgres(self.address(words))
    }

    /// [`OwnServer::location`] as a command line takes it.
    pub fn address(&self, words: &str) -> String {
        let port = self.port;
        format!("host=localhost port={port} user=postgres dbname=postgres {words}")
    }

    /// The file with the certificate to check it by.
    pub fn roots(&self) -> PathBuf {
        self.data().join("server.crt")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // A test that failed may have left it stopped.
        if self.data().join("postmaster.pid").exists() {
            self.crash();
        }
    }
}

fn run(command: &mut Command) {
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
