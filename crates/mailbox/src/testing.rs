//! A private Dovecot on a free port of this machine, for tests: TLS by an authority of its own, one mailbox, gone with the value.
//!
//! It runs as whoever runs the test, root too. It needs the package `dovecot-imapd` (Dovecot 2.3, as Debian 12 has it).

use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use crate::{Security, Settings};

/// Who may sign in.
pub const USER: &str = "absence@hill.example";
/// With which password.
pub const PASSWORD: &str = "a word & “another”";

/// How long the server may take to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(30);

/// A running mail server with one mailbox.
pub struct Dovecot {
    runs_as: RunsAs,
    folder: TempDir,
    child: Option<Child>,
    /// Where it speaks TLS from the start.
    port: u16,
    /// Where it speaks by STARTTLS.
    starttls_port: u16,
    authority: CertificateDer<'static>,
}

impl Dovecot {
    /// Starts one with an empty mailbox.
    ///
    /// Panics where Dovecot is not installed or does not begin.
    pub fn start() -> Dovecot {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = certificates(folder.path());
        let mut dovecot = Dovecot {
            runs_as: RunsAs::of_this_test(),
            folder,
            child: None,
            port: 0,
            starttls_port: 0,
            authority,
        };
        // Its parts run as several accounts where root starts it.
        let open = fs::Permissions::from_mode(0o711);
        fs::set_permissions(dovecot.folder.path(), open).expect("a folder that can be passed");
        for folder in ["mail", "mail/tmp", "mail/new", "mail/cur"] {
            fs::create_dir(dovecot.path(folder)).expect("a folder for mails");
            dovecot.hand_over(&dovecot.path(folder));
        }
        // Another program may take a free port first.
        for _ in 0..5 {
            (dovecot.port, dovecot.starttls_port) = (free_port(), free_port());
            dovecot.configure();
            if dovecot.begin() {
                return dovecot;
            }
        }
        let log = fs::read_to_string(dovecot.path("log")).unwrap_or_default();
        panic!("Dovecot did not begin: {log}");
    }

    /// How it is reached, with TLS from the start.
    pub fn settings(&self) -> Settings {
        Settings {
            host: "localhost".to_owned(),
            port: self.port,
            security: Security::FromTheStart,
            user: USER.to_owned(),
            password: PASSWORD.to_owned(),
            folder: "INBOX".to_owned(),
            put_into: "Rollbook".to_owned(),
        }
    }

    /// How it is reached by STARTTLS.
    pub fn settings_by_starttls(&self) -> Settings {
        Settings {
            port: self.starttls_port,
            security: Security::StartTls,
            ..self.settings()
        }
    }

    /// The authority that vouches for its certificate.
    pub fn authority(&self) -> CertificateDer<'static> {
        self.authority.clone()
    }

    /// The file of that authority, for programs that are told of one by `SSL_CERT_FILE`.
    pub fn authority_file(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// Puts a mail into the inbox as a mail system does, with its lines ended as mails have them, as if it arrived at this moment, in seconds since 1970.
    pub fn deliver(&self, name: &str, mail: &str, arrived: u64) {
        self.deliver_bytes(name, mail.replace('\n', "\r\n").as_bytes(), arrived);
    }

    /// Puts these bytes into the inbox as a mail.
    pub fn deliver_bytes(&self, name: &str, bytes: &[u8], arrived: u64) {
        let mail = self.path("mail");
        let written = mail.join("tmp").join(name);
        fs::write(&written, bytes).expect("a mail is written");
        let moment = UNIX_EPOCH + Duration::from_secs(arrived);
        File::options()
            .write(true)
            .open(&written)
            .and_then(|file| file.set_modified(moment))
            .expect("a mail has a moment of arrival");
        self.hand_over(&written);
        fs::rename(written, mail.join("new").join(name)).expect("a mail is delivered");
    }

    /// How many mails lie in a folder; none where there is no such folder.
    pub fn count(&self, folder: &str) -> usize {
        self.mails(folder).len()
    }

    fn mails(&self, folder: &str) -> Vec<PathBuf> {
        let place = match folder {
            "INBOX" => self.path("mail"),
            other => self.path("mail").join(format!(".{other}")),
        };
        ["new", "cur"]
            .into_iter()
            .filter_map(|part| fs::read_dir(place.join(part)).ok())
            .flatten()
            .map(|mail| mail.expect("a mail of the folder").path())
            .collect()
    }

    /// Takes every mail out of a folder, as somebody does who deals with them there.
    pub fn empty(&self, folder: &str) {
        for mail in self.mails(folder) {
            fs::remove_file(mail).expect("a mail is removed");
        }
    }

    /// Ends the server; its mails stay.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let _ = self.command("doveadm").arg("stop").status();
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Starts the server again after [`Dovecot::stop`], at the same ports.
    pub fn start_again(&mut self) {
        assert!(self.begin(), "Dovecot did not begin again");
    }

    fn begin(&mut self) -> bool {
        let child = self
            .command("dovecot")
            .arg("-F")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                panic!("this test needs a mail server: install the package dovecot-imapd")
            }
            Err(error) => panic!("Dovecot cannot be started: {error}"),
        };
        let until = Instant::now() + BEGINS_WITHIN;
        while Instant::now() < until {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                self.child = Some(child);
                return true;
            }
            if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program of Dovecot with this server's settings. Debian keeps them where only root looks.
    fn command(&self, program: &str) -> Command {
        let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];
        let found = places
            .iter()
            .map(|place| Path::new(place).join(program))
            .find(|path| path.exists());
        let mut command = Command::new(found.unwrap_or_else(|| PathBuf::from(program)));
        command.arg("-c").arg(self.path("dovecot.conf"));
        command
    }

    fn configure(&self) {
        let folder = self.folder.path().display();
        let RunsAs {
            login,
            internal,
            group,
            uid,
            gid,
        } = &self.runs_as;
        let (port, starttls) = (self.port, self.starttls_port);
        // Only root can lock a part of it in.
        let unconfined = match self.runs_as.is_root() {
            true => "",
            false => {
                "service imap-login {\n  chroot =\n}\nservice anvil {\n  chroot =\n}\nservice stats {\n  chroot =\n}\n"
            }
        };
        let configuration = format!(
            "\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
disable_plaintext_auth = yes
auth_mechanisms = plain
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:{folder}/mail
# A wrong password is answered at once.
auth_failure_delay = 0 secs
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {starttls}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
{unconfined}"
        );
        fs::write(self.path("dovecot.conf"), configuration).expect("its settings are written");
        fs::write(self.path("users"), format!("{USER}:{{PLAIN}}{PASSWORD}\n"))
            .expect("its users are written");
    }

    /// Gives a file or folder to the account that reads the mails.
    fn hand_over(&self, place: &Path) {
        if self.runs_as.is_root() {
            let RunsAs { uid, gid, .. } = self.runs_as;
            chown(place, Some(uid), Some(gid)).expect("root gives it away");
        }
    }
}

/// The accounts that its parts run as.
struct RunsAs {
    login: String,
    internal: String,
    group: String,
    /// Whoever reads the mails: never root.
    uid: u32,
    gid: u32,
}

impl RunsAs {
    /// Whoever runs the test; for root the accounts that the package made, and nobody for the mails.
    fn of_this_test() -> RunsAs {
        let number = |asked: &[&str]| said_by_id(asked).parse().expect("a number of an account");
        if said_by_id(&["-u"]) == "0" {
            return RunsAs {
                login: "dovenull".to_owned(),
                internal: "dovecot".to_owned(),
                group: "dovecot".to_owned(),
                uid: number(&["-u", "nobody"]),
                gid: number(&["-g", "nobody"]),
            };
        }
        RunsAs {
            login: said_by_id(&["-un"]),
            internal: said_by_id(&["-un"]),
            group: said_by_id(&["-gn"]),
            uid: number(&["-u"]),
            gid: number(&["-g"]),
        }
    }

    fn is_root(&self) -> bool {
        self.login == "dovenull"
    }
}

fn said_by_id(asked: &[&str]) -> String {
    let said = Command::new("id").args(asked).output().expect("id runs");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Makes an authority and a certificate for `localhost`, as files in the folder.
fn certificates(folder: &Path) -> CertificateDer<'static> {
    let key = || KeyPair::generate().expect("a key");
    let mut ours = CertificateParams::new(Vec::new()).expect("an authority's certificate");
    ours.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(ours, key()).expect("an authority");
    let server_key = key();
    let server = CertificateParams::new(vec!["localhost".to_owned()])
        .expect("a certificate")
        .signed_by(&server_key, &authority)
        .expect("a signed certificate");
    for (name, text) in [
        ("authority.pem", authority.pem()),
        ("server.pem", server.pem()),
        ("server.key", server_key.serialize_pem()),
    ] {
        fs::write(folder.join(name), text).expect("a certificate is written");
    }
    authority.der().clone()
}
