//! The log: on the error output, for people on a terminal, as JSON lines for everything else.
//!
//! Quiet unless something is wrong; `ROLLBOOK_LOG=info` says more. No line holds what identifies a child.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Begins to log.
///
/// `level` is a word such as `info`, or words for parts of the program such as `warn,rollbook=debug`.
pub fn begin(level: &str) {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .parse_lossy(level);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr);
    if stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json().flatten_event(true).with_ansi(false).init();
    }
}
