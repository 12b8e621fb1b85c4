//! What a watcher asks: whether the program is alive and ready, and its counts in the text form of Prometheus. Nothing personal.
//!
//! `/health/live` answers while the program runs, `/health/ready` (and `/health`) while it can also read its records. `/metrics` is for this
//! machine, or for whoever sends the token; a proxy in front makes everybody look like this machine, so behind one only the token counts.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ring::digest::{SHA256, digest};
use store::{Store, Tx};

use crate::backup::kept_in;

/// A store that has not answered by then is not ready.
const READ_WITHIN: Duration = Duration::from_secs(3);

/// Upper ends of the classes of time that requests are counted in, in microseconds, with the words for seconds.
const CLASSES: [(u64, &str); 10] = [
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (10_000_000, "10"),
];

/// Methods that are counted apart; the last is any other.
const METHODS: [&str; 3] = ["GET", "POST", "other"];

/// What is watched, and who may look.
pub struct Health {
    store: Store,
    /// The SHA-256 of the token that opens `/metrics`.
    token: Option<[u8; 32]>,
    /// Whether a request from this machine's own address may see `/metrics`.
    trusts_loopback: bool,
    backup_folder: Option<PathBuf>,
    started: SystemTime,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    /// By method, then by the first digit of the status, from 1.
    answered: [[AtomicU64; 5]; METHODS.len()],
    /// By class of time; the last has no upper end.
    took: [AtomicU64; CLASSES.len() + 1],
    microseconds: AtomicU64,
    open: AtomicU64,
}

impl Health {
    /// Watches this store.
    pub fn new(
        store: Store,
        token: Option<&str>,
        behind_proxy: bool,
        backup_folder: Option<PathBuf>,
    ) -> Arc<Health> {
        Arc::new(Health {
            store,
            token: token.map(hash),
            trusts_loopback: !behind_proxy,
            backup_folder,
            started: SystemTime::now(),
            counts: Counts::default(),
        })
    }

    /// The addresses that a watcher asks.
    pub fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/health", get(ready))
            .route("/health/live", get(|| async { "live\n" }))
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(Arc::clone(self))
    }

    fn may_see(&self, from: Option<SocketAddr>, headers: &HeaderMap) -> bool {
        let shown = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let by_token = match (&self.token, shown) {
            (Some(token), Some(shown)) => *token == hash(shown.trim()),
            _ => false,
        };
        let by_place = self.trusts_loopback
            && self.token.is_none()
            && from.is_some_and(|from| from.ip().to_canonical().is_loopback());
        by_token || by_place
    }

    async fn reads(&self) -> bool {
        let read = self.store.read(|tx: &mut Tx| store::journal::heads(tx));
        matches!(tokio::time::timeout(READ_WITHIN, read).await, Ok(Ok(_)))
    }

    async fn text(&self) -> String {
        let begun = Instant::now();
        let read = self.store.read(|tx: &mut Tx| store::journal::heads(tx));
        let heads = match tokio::time::timeout(READ_WITHIN, read).await {
            Ok(Ok(heads)) => Some(heads),
            _ => None,
        };
        let mut page = Page::default();
        page.about("rollbook_info", "gauge", "The running program.");
        page.value(
            &format!("rollbook_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")),
            1,
        );
        page.about(
            "rollbook_database_up",
            "gauge",
            "Whether the records could be read just now.",
        );
        page.value("rollbook_database_up", u64::from(heads.is_some()));
        page.about(
            "rollbook_database_read_seconds",
            "gauge",
            "How long a small read took just now.",
        );
        page.value(
            "rollbook_database_read_seconds",
            begun.elapsed().as_secs_f64(),
        );
        page.about(
            "rollbook_journal_acts",
            "counter",
            "The number of the last act of each school; 0 is the directory.",
        );
        for (school, head) in heads.unwrap_or_default() {
            page.value(
                &format!("rollbook_journal_acts{{school=\"{}\"}}", school.0),
                head.seq,
            );
        }
        self.counts.tell(&mut page);
        if let Some(folder) = &self.backup_folder {
            let newest = kept_in(folder)
                .ok()
                .and_then(|kept| kept.first().map(|(at, _)| *at));
            page.about(
                "rollbook_backup_newest_timestamp_seconds",
                "gauge",
                "When the newest backup was begun; 0 where there is none.",
            );
            page.value(
                "rollbook_backup_newest_timestamp_seconds",
                newest.map_or(0, |at| at.micros() / 1_000_000),
            );
        }
        self.tell_of_process(&mut page);
        page.0
    }

    fn tell_of_process(&self, page: &mut Page) {
        page.about(
            "process_start_time_seconds",
            "gauge",
            "When the program started.",
        );
        let since_1970 = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.value("process_start_time_seconds", since_1970.as_secs());
        // Resident kilobytes, as Linux says them.
        let resident = fs::read_to_string("/proc/self/status")
            .ok()
            .and_then(|status| {
                let line = status
                    .lines()
                    .find_map(|line| line.strip_prefix("VmRSS:"))?;
                line.trim().trim_end_matches(" kB").parse::<u64>().ok()
            });
        if let Some(kilobytes) = resident {
            page.about("process_resident_memory_bytes", "gauge", "Memory in use.");
            page.value("process_resident_memory_bytes", kilobytes * 1_024);
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            page.about("process_open_fds", "gauge", "Open files and connections.");
            page.value("process_open_fds", open.count());
        }
    }
}

impl Counts {
    fn answered(&self, method: &str, status: StatusCode, took: Duration) {
        let method = METHODS.iter().position(|known| *known == method);
        let method = method.unwrap_or(METHODS.len() - 1);
        let status = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answered[method][status].fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = CLASSES.iter().position(|(most, _)| took <= *most);
        self.took[class.unwrap_or(CLASSES.len())].fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(took, Ordering::Relaxed);
    }

    fn tell(&self, page: &mut Page) {
        page.about(
            "rollbook_requests_open",
            "gauge",
            "Requests that are being answered.",
        );
        page.value("rollbook_requests_open", self.open.load(Ordering::Relaxed));
        page.about(
            "rollbook_requests_total",
            "counter",
            "Requests answered, by method and class of status.",
        );
        for (method, by_status) in METHODS.iter().zip(&self.answered) {
            for (index, count) in by_status.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let status = index + 1;
                    page.value(
                        &format!(
                            "rollbook_requests_total{{method=\"{method}\",status=\"{status}xx\"}}"
                        ),
                        count,
                    );
                }
            }
        }
        page.about(
            "rollbook_request_seconds",
            "histogram",
            "How long requests took to answer.",
        );
        let mut so_far = 0;
        let ends = CLASSES.iter().map(|(_, seconds)| *seconds).chain(["+Inf"]);
        for (end, count) in ends.zip(&self.took) {
            so_far += count.load(Ordering::Relaxed);
            page.value(
                &format!("rollbook_request_seconds_bucket{{le=\"{end}\"}}"),
                so_far,
            );
        }
        let seconds = self.microseconds.load(Ordering::Relaxed) as f64 / 1e6;
        page.value("rollbook_request_seconds_sum", seconds);
        page.value("rollbook_request_seconds_count", so_far);
    }
}

/// The text that Prometheus reads.
#[derive(Default)]
struct Page(String);

impl Page {
    fn about(&mut self, name: &str, kind: &str, words: &str) {
        self.0 += &format!("# HELP {name} {words}\n# TYPE {name} {kind}\n");
    }

    fn value(&mut self, name: &str, value: impl std::fmt::Display) {
        writeln!(self.0, "{name} {value}").expect("a string takes what is written to it");
    }
}

/// Counts a request, and logs it by its route: never by its address, which may hold a name that was searched for.
pub async fn count(State(health): State<Arc<Health>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    health.counts.open.fetch_add(1, Ordering::Relaxed);
    let leaving = Leaving(&health.counts.open);
    let response = next.run(request).await;
    drop(leaving);
    let took = begun.elapsed();
    health
        .counts
        .answered(method.as_str(), response.status(), took);
    tracing::info!(
        method = method.as_str(),
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        milliseconds = took.as_millis() as u64,
        "answered"
    );
    response
}

/// A request that goes away before it is answered is open no longer, too.
struct Leaving<'c>(&'c AtomicU64);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, &'static str) {
    if health.reads().await {
        (StatusCode::OK, "ready\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the records cannot be read\n",
        )
    }
}

async fn metrics(State(health): State<Arc<Health>>, request: Request) -> Response {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if !health.may_see(from.map(|from| from.0), request.headers()) {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], health.text().await).into_response()
}

fn hash(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http_body_util::BodyExt;
    use store::testing::TestStore;
    use tower_service::Service;

    struct Asked {
        status: StatusCode,
        text: String,
    }

    async fn ask(health: &Arc<Health>, path: &str, from: &str, token: Option<&str>) -> Asked {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut request = request.body(Body::empty()).unwrap();
        let from: SocketAddr = from.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(from));
        let counting = axum::middleware::from_fn_with_state(Arc::clone(health), count);
        let mut router = health.routes().layer(counting);
        let response = router.call(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Asked {
            status,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    const HERE: &str = "127.0.0.1:5000";
    const THERE: &str = "10.1.2.3:5000";

    // A test store of PostgreSQL is made and thrown away outside a runtime.
    #[test]
    fn a_watcher_sees_that_the_program_lives_and_whether_its_records_can_be_read() {
        for engine in store::testing::ENGINES {
            let store = TestStore::new(engine, &[]);
            let health = Health::new(store.clone(), None, false, None);
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let asks = |path, from| runtime.block_on(ask(&health, path, from, None));
            assert_eq!(asks("/health/live", THERE).status, 200);
            assert_eq!(asks("/health/ready", THERE).status, 200);
            store.close();
            assert_eq!(asks("/health/live", THERE).status, 200);
            assert_eq!(asks("/health/ready", THERE).status, 503);
            let metrics = asks("/metrics", HERE).text;
            assert!(metrics.contains("rollbook_database_up 0\n"), "{metrics}");
        }
    }

    #[tokio::test]
    async fn counts_are_for_this_machine_or_for_the_token_alone() {
        let store = TestStore::new(store::Engine::Sqlite, &[]);
        let sees = async |token, behind_proxy, from, shown| {
            let health = Health::new(store.clone(), token, behind_proxy, None);
            ask(&health, "/metrics", from, shown).await.status == 200
        };
        assert!(sees(None, false, HERE, None).await);
        assert!(sees(None, false, "[::ffff:127.0.0.1]:5000", None).await);
        assert!(!sees(None, false, THERE, None).await);
        assert!(!sees(None, false, THERE, Some("")).await);
        assert!(
            !sees(None, true, HERE, None).await,
            "a proxy looks like this machine"
        );
        assert!(sees(Some("plum"), true, HERE, Some("plum")).await);
        assert!(sees(Some("plum"), false, THERE, Some("plum")).await);
        assert!(!sees(Some("plum"), false, THERE, Some("pear")).await);
        assert!(
            !sees(Some("plum"), false, HERE, None).await,
            "a token is asked of all"
        );
    }

    #[tokio::test]
    async fn what_was_answered_is_counted_in_a_form_that_prometheus_reads() {
        let store = TestStore::new(store::Engine::Sqlite, &[]);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rollbook-2026-11-24T020000Z.zip"), "").unwrap();
        let health = Health::new(store.clone(), None, false, Some(folder.path().to_owned()));
        ask(&health, "/health/live", THERE, None).await;
        ask(&health, "/metrics", THERE, None).await;
        let text = ask(&health, "/metrics", HERE, None).await.text;
        for line in [
            "rollbook_requests_total{method=\"GET\",status=\"2xx\"} 1",
            "rollbook_requests_total{method=\"GET\",status=\"4xx\"} 1",
            "rollbook_request_seconds_bucket{le=\"+Inf\"} 2",
            "rollbook_request_seconds_count 2",
            "rollbook_requests_open 1",
            "rollbook_backup_newest_timestamp_seconds 1795485600",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\nin\n{text}");
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
