//! `rollbook serve`: a school, or many, until the operator asks for an end.

use std::any::Any;
use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::http::header;
use axum::response::Response;
use axum::routing::get;
use letters::Press;
use office::absence_line::keep_reading_mailboxes;
use office::api::InterfaceRules;
use office::desk::{Clock, Office};
use office::evidence::{Scanner, keep_scanning};
use office::messages::staff::{carry_staff_mail, send_weekly_reports};
use office::messages::{Outside, carry_what_is_due, send_first_messages, work_on_callbacks};
use office::people::{self, Doors, Keyring, SetUpCode};
use office::shell::{self, Frame};
use office::upkeep::{Forgotten, forget_what_is_over};
use store::Store;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::backup::heads;
use crate::backup::pack::Brake;
use crate::backup::passphrase;
use crate::backup::schedule::{Keep, Keeper, Schedule, heads_of};
use crate::certificate::{Certificate, Source};
use crate::command_line::{Nightly, Serve, Tls};
use crate::fire_lists::keep_fire_lists;
use crate::health::{self, Health};
use crate::local_authority::{LocalAuthority, names_of_this_machine};
use crate::opening::clock_of_this_machine;
use crate::sealing::keep_sealing;
use crate::serving::{Server, asked_to_stop};

/// What is served, and how.
pub struct Served {
    /// The records.
    pub store: Store,
    /// The key to what is kept sealed.
    pub keyring: Arc<Keyring>,
    /// The time that the application goes by.
    pub clock: Clock,
    /// The address to listen at.
    pub listen: SocketAddr,
    /// How the connection is protected.
    pub protection: Protection,
    /// The token for `/metrics`, where other machines may ask.
    pub metrics_token: Option<String>,
    /// Whether messages leave.
    pub outside: Outside,
    /// What looks for viruses in evidence.
    pub scanner: Option<Scanner>,
    /// What is to be looked after while it serves; nothing for a school that is only looked at.
    pub upkeep: Option<Upkeep>,
}

/// What is looked after while the program serves.
pub struct Upkeep {
    /// The data folder.
    pub data: PathBuf,
    /// When backups are due.
    pub schedule: Option<Schedule>,
    /// What other programs may do.
    pub interface: InterfaceRules,
}

/// How the connection between browser and program is protected.
pub enum Protection {
    /// Not at all: on this machine only.
    None,
    /// By a proxy in front of the program.
    Proxy,
    /// By the program, with files of the school's own.
    Own {
        /// The certificate chain.
        certificate: PathBuf,
        /// Its private key.
        private_key: PathBuf,
    },
    /// By the program, with the authority kept in this folder.
    Local {
        /// The folder.
        folder: PathBuf,
        /// Further names of this machine.
        names: Vec<String>,
    },
}

/// How often it is looked whether messages are due.
const LOOKS_FOR_MESSAGES: Duration = Duration::from_secs(2);

/// Hands messages over as they fall due, for as long as the program runs.
async fn keep_carrying(office: Arc<Office>) {
    loop {
        tokio::time::sleep(LOOKS_FOR_MESSAGES).await;
        if let Err(error) = carry_what_is_due(&office).await {
            tracing::warn!(%error, "it could not be looked whether messages are due");
        }
        if let Err(error) = work_on_callbacks(&office).await {
            tracing::warn!(%error, "what GOV.UK Notify told could not be worked on");
        }
        if let Err(error) = carry_staff_mail(&office).await {
            tracing::warn!(%error, "it could not be looked whether e-mails to staff are due");
        }
    }
}

/// How often it is looked whether the clock has come to something that is sent by itself.
const LOOKS_AT_THE_CLOCK: Duration = Duration::from_secs(60);

/// Sends what is sent by itself, for as long as the program runs.
async fn keep_to_the_clock(office: Arc<Office>) {
    loop {
        tokio::time::sleep(LOOKS_AT_THE_CLOCK).await;
        if let Err(error) = send_first_messages(&office).await {
            tracing::warn!(%error, "it could not be looked whether a first message is due");
        }
        if let Err(error) = send_weekly_reports(&office).await {
            tracing::warn!(%error, "it could not be looked whether the weekly report is due");
        }
    }
}

/// Serves as the command line says.
pub fn serve(serve: &Serve) -> Result<()> {
    let key_file = serve.data.key_file(serve.key_file.as_deref())?;
    let protection = protection(serve, &key_file)?;
    let metrics_token = match &serve.metrics_token_file {
        Some(file) => Some(token(file)?),
        None => None,
    };
    let clock = clock_of_this_machine();
    let (store, keyring) = serve.data.open(&key_file, clock.clone())?;
    let served = Served {
        store,
        keyring: Arc::new(keyring),
        clock,
        listen: serve.listen,
        protection,
        metrics_token,
        outside: match serve.messages {
            true => Outside::open(),
            false => Outside::default(),
        },
        scanner: serve.clamd.clone(),
        upkeep: Some(Upkeep {
            data: serve.data.data.clone(),
            schedule: schedule(&serve.nightly)?,
            interface: serve.api.rules(),
        }),
    };
    served.until_asked_to_stop(|| Ok(()))
}

/// The first line of a file.
fn token(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("The token file {} cannot be read", file.display()))?;
    let token = text.lines().next().unwrap_or_default().trim();
    ensure!(
        token.len() >= 16,
        "The first line of {} should be a token of 16 letters or more",
        file.display()
    );
    Ok(token.to_owned())
}

/// When backups are due, if any are wished for. What would keep every one of them from being made is said at the start.
fn schedule(nightly: &Nightly) -> Result<Option<Schedule>> {
    let Some(folder) = &nightly.backup_folder else {
        return Ok(None);
    };
    if let Some(file) = &nightly.passphrase_file {
        passphrase::read(file)?;
    }
    Ok(Some(Schedule {
        folder: folder.clone(),
        hour: nightly.backup_hour,
        keep: Keep {
            daily: nightly.keep_daily,
            weekly: nightly.keep_weekly,
            monthly: nightly.keep_monthly,
        },
        passphrase_file: nightly.passphrase_file.clone(),
    }))
}

fn protection(serve: &Serve, key_file: &Path) -> Result<Protection> {
    match serve.tls {
        Tls::Own => Ok(Protection::Own {
            certificate: serve
                .certificate
                .clone()
                .context("--tls own needs --certificate")?,
            private_key: serve
                .private_key
                .clone()
                .context("--tls own needs --private-key")?,
        }),
        Tls::Local => Ok(Protection::Local {
            folder: key_file
                .parent()
                .unwrap_or(Path::new("."))
                .join("local-authority"),
            names: serve.names.clone(),
        }),
        Tls::Off if serve.behind_proxy => Ok(Protection::Proxy),
        Tls::Off => {
            ensure!(
                serve.listen.ip().is_loopback(),
                "Without TLS Rollbook listens on this machine only, and {} is open to others: listen at 127.0.0.1, or say \
                 --behind-proxy if a proxy in front of it serves TLS",
                serve.listen
            );
            Ok(Protection::None)
        }
    }
}

impl Served {
    /// Serves until the operator asks for an end, then finishes what is being answered and closes the records in order.
    ///
    /// `announce` prints what is to follow the address.
    pub fn until_asked_to_stop(self, announce: impl FnOnce() -> Result<()>) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("The program's threads could not be started")?;
        let (store, brake) = (self.store.clone(), Brake::default());
        let data = self.upkeep.as_ref().map(|upkeep| upkeep.data.clone());
        let served = runtime.block_on(async {
            // Before anything is announced: whoever reads that it serves may ask it to stop.
            let stop = asked_to_stop()?;
            self.run(announce, stop, brake.clone()).await
        });
        brake.pull();
        runtime.shutdown_timeout(Duration::from_secs(1));
        if let Some(data) = data
            && let Err(error) = heads_of(&store).and_then(|heads| heads::note_in(&data, &heads))
        {
            tracing::warn!(error = format!("{error:#}"), "the heads could not be noted");
        }
        store.close();
        served
    }

    async fn run(
        self,
        announce: impl FnOnce() -> Result<()>,
        stop: impl Future<Output = ()>,
        brake: Brake,
    ) -> Result<()> {
        let over_tls = !matches!(self.protection, Protection::None);
        let behind_proxy = matches!(self.protection, Protection::Proxy);
        let protected = self.protection.set_up(self.listen)?;
        let mut server = Server::listen(self.listen, protected.certificate).await?;
        if behind_proxy {
            server = server.behind_proxy();
        }
        let set_up = match people::is_set_up(&self.store).await? {
            true => None,
            false => Some(SetUpCode::new()),
        };
        let doors = Doors::new(set_up.as_ref());
        let schedule = self
            .upkeep
            .as_ref()
            .and_then(|upkeep| upkeep.schedule.clone());
        let health = Health::new(
            self.store.clone(),
            self.metrics_token.as_deref(),
            behind_proxy,
            schedule.map(|schedule| schedule.folder),
        );
        let store = self.store.clone();
        let office = Office::new(self.store, self.keyring, self.clock, over_tls, doors)
            .printing_with(Arc::new(Press::new()))
            .sending(self.outside)
            .scanning_with(self.scanner);
        tokio::spawn(keep_up(office.store.clone(), Arc::clone(&office.clock)));
        let office = Arc::new(office);
        tokio::spawn(Arc::clone(&office).open_books());
        tokio::spawn(keep_sealing(Arc::clone(&office), SEALS_AFTER));
        tokio::spawn(keep_carrying(Arc::clone(&office)));
        tokio::spawn(keep_to_the_clock(Arc::clone(&office)));
        tokio::spawn(keep_reading_mailboxes(Arc::clone(&office)));
        tokio::spawn(keep_scanning(Arc::clone(&office)));
        tokio::spawn(keep_fire_lists(Arc::clone(&office)));
        if let Some(upkeep) = self.upkeep {
            office.interface.go_by(upkeep.interface);
            tokio::spawn(office::webhooks::keep_delivering(Arc::clone(&office)));
            let keeper = Keeper {
                store,
                data: upkeep.data,
                schedule: upkeep.schedule,
                notices: office.notices.clone(),
                brake,
            };
            tokio::spawn(keeper.keep());
        }
        let pages = office::router(office)
            .merge(protected.routes)
            .merge(health.routes());
        let counting = axum::middleware::from_fn_with_state(health, health::count);
        let router = around(pages.layer(counting));
        println!("Serving {}", server.url());
        if let Some(remark) = protected.remark {
            println!("{remark}");
        }
        if let Some(code) = set_up {
            println!("Set the school up there with the code {}", code.shown());
        }
        announce()?;
        std::io::stdout().flush().ok();
        server.serve(router, stop).await
    }
}

/// Forgets what is over, now and once a day.
async fn keep_up(store: Store, clock: Clock) {
    loop {
        match forget_what_is_over(&store, clock()).await {
            Ok(Forgotten {
                sign_ins,
                saves,
                jobs,
                answers,
                deliveries,
                callbacks,
                mails,
                files,
            }) => tracing::info!(
                sign_ins,
                saves,
                jobs,
                answers,
                deliveries,
                callbacks,
                mails,
                files,
                "what is long over was forgotten"
            ),
            Err(error) => tracing::warn!(%error, "what is long over could not be forgotten"),
        }
        tokio::time::sleep(A_DAY).await;
    }
}

/// Nobody who has just started the program waits for a sealed copy, and their first pages need the machine.
const SEALS_AFTER: Duration = Duration::from_secs(120);

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What goes around every page: a fault in one costs that one only, and what can be compressed is, as fast as a page must be.
fn around(pages: Router) -> Router {
    pages
        .layer(CatchPanicLayer::custom(after_a_fault))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(COMPRESSION)))
}

/// Three of nine for gzip: a page of 100 kB takes half a millisecond, and is a tenth larger than at the usual six.
const COMPRESSION: i32 = 3;

/// What the fault was goes to the log by the way of every panic; the person is given a reference to it.
fn after_a_fault(_: Box<dyn Any + Send>) -> Response {
    let reference = format!("{:x}", clock_of_this_machine()().micros());
    tracing::error!(
        reference,
        "a fault in the program kept a page from being made"
    );
    shell::failure(Frame::signed_out("Rollbook", "Rollbook"), &reference)
}

/// What a protection brings with it.
struct Protected {
    certificate: Option<Certificate>,
    routes: Router,
    remark: Option<String>,
}

impl Protection {
    fn set_up(self, listen: SocketAddr) -> Result<Protected> {
        let mut protected = Protected {
            certificate: None,
            routes: Router::new(),
            remark: None,
        };
        match self {
            Protection::None | Protection::Proxy => {}
            Protection::Own {
                certificate,
                private_key,
            } => {
                protected.certificate = Some(Certificate::take(Source::Own {
                    certificate,
                    private_key,
                })?);
            }
            Protection::Local { folder, names } => {
                let authority =
                    LocalAuthority::open(&folder, names_of_this_machine(&names, listen))?;
                protected.routes = install_certificate(&authority);
                protected.remark = Some(format!(
                    "Devices believe this address once they have the certificate from /install-certificate. Its SHA-256 fingerprint:\n{}",
                    authority.fingerprint()
                ));
                protected.certificate =
                    Some(Certificate::take(Source::Local(Box::new(authority)))?);
            }
        }
        Ok(protected)
    }
}

/// The page from which a device takes the authority's certificate. It needs no sign-in: the certificate is public.
fn install_certificate(authority: &LocalAuthority) -> Router {
    let certificate = authority.certificate().to_vec();
    let answer = move || async move {
        let headers = [
            (header::CONTENT_TYPE, "application/x-x509-ca-cert"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"rollbook-authority.crt\"",
            ),
        ];
        (headers, certificate)
    };
    Router::new().route("/install-certificate", get(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::{Command, CommandLine};
    use axum::body::Body;
    use axum::http::Request;
    use clap::Parser;
    use http_body_util::BodyExt;
    use tower_service::Service;

    fn said(words: &str) -> Result<Protection> {
        let line = CommandLine::parse_from(
            ["rollbook", "serve", "--data", "d"]
                .into_iter()
                .chain(words.split_whitespace()),
        );
        let Command::Serve(serve) = line.command else {
            panic!("not serve");
        };
        protection(&serve, Path::new("/keys/key"))
    }

    #[test]
    fn without_tls_only_this_machine_is_served_unless_a_proxy_stands_in_front() {
        assert!(matches!(
            said("--tls off --listen 127.0.0.1:80"),
            Ok(Protection::None)
        ));
        assert!(matches!(
            said("--tls off --behind-proxy"),
            Ok(Protection::Proxy)
        ));
        let Err(refused) = said("--tls off --listen 0.0.0.0:80") else {
            panic!("the school network was served in plain");
        };
        assert!(refused.to_string().contains("--behind-proxy"), "{refused}");
    }

    #[test]
    fn the_local_authority_is_kept_beside_the_key() {
        let Ok(Protection::Local { folder, names }) = said("--name a.example,b.example") else {
            panic!("TLS by the local authority is the default");
        };
        assert_eq!(folder, Path::new("/keys/local-authority"));
        assert_eq!(names, ["a.example", "b.example"]);
    }

    async fn answer_of(page: Router) -> (Response<()>, Vec<u8>) {
        let request = Request::get("/").header(header::ACCEPT_ENCODING, "gzip");
        let request = request.body(Body::empty()).unwrap();
        let (head, body) = around(page).call(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(head, ()), body.into())
    }

    #[tokio::test]
    async fn a_large_page_is_compressed_and_a_live_stream_is_not() {
        let page = Router::new().route("/", get(|| async { "word ".repeat(1_000) }));
        let (head, body) = answer_of(page).await;
        assert_eq!(head.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(body.len() < 500, "{} bytes", body.len());

        let stream = || async {
            (
                [(header::CONTENT_TYPE, "text/event-stream")],
                "data: x\n\n".repeat(1_000),
            )
        };
        let (head, _) = answer_of(Router::new().route("/", get(stream))).await;
        assert!(!head.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn a_fault_in_a_page_is_answered_with_a_page() {
        let faulty = || async {
            assert!(std::env::args().count() == 0, "made for the test");
            "never"
        };
        let (head, _) = answer_of(Router::new().route("/", get(faulty))).await;
        assert_eq!(head.status(), 500);
    }
}
