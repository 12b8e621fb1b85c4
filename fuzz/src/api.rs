//! What must hold of any bytes at all that arrive as a request to the interface for programs.
//!
//! The fuzz target calls this with what it makes up; `crates/office/tests/api/corpus.rs` with the kept requests.

use office::api::{Sent, read};
use register::Code;
use register::plan::PlannedSessions;

/// Reads the bytes as a request and checks what every reading keeps, and as the texts within one that have a reader of their own.
///
/// A request is written as HTTP writes it, with the path after `/api/v1`: `POST /plans`, headers, an empty line, the body.
///
/// # Panics
/// When a reader does, when a refusal is no problem of the client's or says nothing, or when what was read differs from what was sent.
pub fn read_request(bytes: &[u8]) {
    let (head, body) = halves(bytes);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let (method, address) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .unwrap_or(("GET", "/"));
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let header = |name: &str| {
        let found = headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    };
    let sent = Sent {
        method,
        path,
        query,
        content_type: header("Content-Type"),
        idempotency_key: header("Idempotency-Key"),
        if_match: header("If-Match"),
        body,
    };
    match read(&sent) {
        Ok(request) => {
            assert_eq!(request.operation.method.word(), method);
            let parts = |path: &str| path.strip_prefix('/').unwrap_or(path).split('/').count();
            assert_eq!(parts(request.operation.path), parts(path));
        }
        Err(problem) => {
            assert!(problem.status().is_client_error(), "{problem:?}");
            assert!(problem.body()["title"].is_string(), "{problem:?}");
        }
    }
    read_words(&String::from_utf8_lossy(body));
}

/// Head and body, parted by an empty line.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let parting = bytes.windows(2).position(|pair| pair == b"\n\n");
    match parting {
        Some(place) => (&bytes[..place], &bytes[place + 2..]),
        None => (bytes, &[]),
    }
}

/// Texts within a body: the sessions of a plan, a code.
fn read_words(text: &str) {
    if let Ok(sessions) = text.parse::<PlannedSessions>() {
        assert_eq!(sessions.to_string().parse(), Ok(sessions));
    }
    if let Ok(code) = text.parse::<Code>() {
        assert_eq!(code.to_string().parse(), Ok(code));
    }
}
