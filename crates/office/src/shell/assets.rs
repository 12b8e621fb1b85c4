use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::look;

/// Every file that pages load: name, type, bytes. A new one is added here and nowhere else.
static FILES: &[(&str, &str, &[u8])] = &[
    ("rollbook.css", CSS, include_bytes!("assets/rollbook.css")),
    ("dark.css", CSS, include_bytes!("assets/dark.css")),
    ("door.css", CSS, include_bytes!("assets/door.css")),
    ("morning.css", CSS, include_bytes!("assets/morning.css")),
    ("frame.js", JS, include_bytes!("assets/frame.js")),
    ("typeahead.js", JS, include_bytes!("assets/typeahead.js")),
    ("outbox.js", JS, include_bytes!("assets/outbox.js")),
    ("device.js", JS, include_bytes!("assets/device.js")),
    ("waiting.js", JS, include_bytes!("assets/waiting.js")),
    ("ahead.js", JS, include_bytes!("assets/ahead.js")),
    ("offline.js", JS, include_bytes!("assets/offline.js")),
    ("door.js", JS, include_bytes!("assets/door.js")),
    ("fire.js", JS, include_bytes!("assets/fire.js")),
    ("kiosk.js", JS, include_bytes!("assets/kiosk.js")),
    ("paper.js", JS, include_bytes!("assets/paper.js")),
    ("grid.js", JS, include_bytes!("assets/grid.js")),
    ("board.js", JS, include_bytes!("assets/board.js")),
    ("visits.js", JS, include_bytes!("assets/visits.js")),
    ("live.js", JS, include_bytes!("assets/live.js")),
    ("followed.js", JS, include_bytes!("assets/followed.js")),
    ("progress.js", JS, include_bytes!("assets/progress.js")),
    ("spans.js", JS, include_bytes!("assets/spans.js")),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("assets/icon.svg"),
    ),
];

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// What the page for no network loads, and so what a device keeps.
const KEPT_ON_DEVICES: &[&str] = &[
    "rollbook.css",
    "dark.css",
    "door.css",
    "frame.js",
    "device.js",
    "outbox.js",
    "waiting.js",
    "grid.js",
    "offline.js",
    "door.js",
    "fire.js",
    "kiosk.js",
    "icon.svg",
];

/// The worker between pages and the network; before it stand the name of the set and its files.
const WORKER: &str = include_str!("assets/worker.js");

/// The assets as served: one address for the whole set, made of a digest of all of it, so that modules can import
/// each other by plain name and a browser never mixes two releases.
struct Shelf {
    prefix: String,
    files: HashMap<&'static str, Served>,
}

struct Served {
    kind: &'static str,
    plain: &'static [u8],
    gzip: Vec<u8>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for (name, _, bytes) in FILES {
        digest.update(name.as_bytes());
        digest.update(bytes);
    }
    digest.update(WORKER);
    let short: String = digest.finalize()[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let files = FILES
        .iter()
        .map(|&(name, kind, plain)| {
            let gzip = gzip(plain);
            (name, Served { kind, plain, gzip })
        })
        .collect();
    Shelf {
        prefix: format!("/assets/{short}"),
        files,
    }
});

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}

/// The address of an asset, such as `/assets/3f2a91c07d1e/grid.js`.
///
/// Panics when there is no such asset: a template that names one is wrong on its first rendering.
pub fn asset(name: &str) -> String {
    assert!(
        SHELF.files.contains_key(name),
        "there is no asset named {name}"
    );
    format!("{}/{name}", SHELF.prefix)
}

/// The routes that every page leans on: the assets, and the choice of look.
///
/// Open to people who are not signed in. Nothing here holds anything about a school.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{set}/{name}", get(serve))
        .route("/look", post(look::choose))
        .route("/worker.js", get(worker))
        .route("/manifest.webmanifest", get(manifest))
}

/// The worker, at the top so that it stands before every page. Its text names the set of assets, so a new release is a new worker.
async fn worker() -> impl IntoResponse {
    let files: Vec<String> = KEPT_ON_DEVICES.iter().map(|name| asset(name)).collect();
    let set = serde_json::json!(SHELF.prefix);
    let files = serde_json::json!(files);
    let text = format!("const SET = {set};\nconst FILES = {files};\n{WORKER}");
    let headers = [
        (header::CONTENT_TYPE, JS),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}

/// What a browser is told when Rollbook is installed on a device. It names no school.
async fn manifest() -> impl IntoResponse {
    let icon = serde_json::json!({ "src": asset("icon.svg"), "type": "image/svg+xml", "sizes": "any", "purpose": "any" });
    let manifest = serde_json::json!({
        "id": "/",
        "name": "Rollbook",
        "short_name": "Rollbook",
        "description": "Registers, with and without a network",
        "lang": "en-GB",
        "start_url": "/registers",
        "scope": "/",
        "display": "standalone",
        "icons": [icon],
    });
    let headers = [
        (header::CONTENT_TYPE, "application/manifest+json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, manifest.to_string())
}

async fn serve(Path((set, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(file) = SHELF.files.get(name.as_str()) else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    // A page of an older release may still ask under the old address: it gets the file, but must not keep it.
    let current = SHELF.prefix.strip_prefix("/assets/") == Some(set.as_str());
    let keep = if current {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let zipped = accepts_gzip(&headers);
    let mut response = if zipped {
        file.gzip.clone().into_response()
    } else {
        file.plain.into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if zipped {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.split(',').any(|offer| {
                let mut parts = offer.split(';').map(str::trim);
                let named = parts.next() == Some("gzip");
                named && !parts.any(|weight| weight == "q=0" || weight == "q=0.0")
            })
        })
}

/// What a page of ours may do in a browser: load its own files and nothing else.
///
/// No script or style inside the page, nothing from other hosts, no framing, forms go home only.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts the security headers on every answer; use as `axum::middleware::from_fn(shell::security_headers)`, outermost.
///
/// An answer that has set one of them itself keeps its own. Pages that name no caching are not stored by the browser:
/// a shared office computer must not show a pupil from its history after signing out.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

const SECURITY_HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=()",
    ),
    ("cache-control", "no-store"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(encodings: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(encodings))])
    }

    async fn get_asset(address: &str, encodings: &'static str) -> Response {
        let parts: Vec<&str> = address.split('/').collect();
        serve(
            Path((parts[2].to_owned(), parts[3].to_owned())),
            asking(encodings),
        )
        .await
    }

    #[tokio::test]
    async fn an_asset_is_kept_for_a_year_under_the_address_of_its_release_only() {
        let current = get_asset(&asset("rollbook.css"), "gzip, br").await;
        assert_eq!(
            current.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(current.headers()[header::CONTENT_ENCODING], "gzip");
        let older = get_asset("/assets/000000000000/rollbook.css", "identity").await;
        assert_eq!(older.status(), StatusCode::OK);
        assert_eq!(older.headers()[header::CACHE_CONTROL], "no-cache");
        assert!(!older.headers().contains_key(header::CONTENT_ENCODING));
        let none = get_asset("/assets/000000000000/other.css", "gzip").await;
        assert_eq!(none.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_browser_that_refuses_gzip_gets_plain_bytes() {
        assert!(accepts_gzip(&asking("br;q=1.0, gzip;q=0.8")));
        assert!(!accepts_gzip(&asking("gzip;q=0, identity")));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn the_stylesheet_and_modules_stay_small_and_load_nothing_from_elsewhere() {
        for (name, _, bytes) in FILES {
            let text = std::str::from_utf8(bytes).expect("assets are text");
            assert!(
                bytes.len() < 38_000,
                "{name} has grown to {} bytes",
                bytes.len()
            );
            assert!(
                gzip(bytes).len() < 10_000,
                "{name} has grown to {} bytes gzipped",
                gzip(bytes).len()
            );
            let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !elsewhere.contains("//cdn") && !elsewhere.contains("http"),
                "{name} names another host"
            );
        }
    }
}
