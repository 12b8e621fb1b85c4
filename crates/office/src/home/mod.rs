//! The first page after signing in: what needs this person today.
//!
//! It deliberately does not know how a register is taken or a figure is made: it leads there.

mod notices;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::desk::Office;

pub use notices::Notices;

/// The statements of this folder.
pub const STATEMENTS: &[&str] = pages::STATEMENTS;

/// The routes of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new().route("/", get(pages::home))
}
