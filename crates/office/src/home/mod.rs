//! The first page after signing in: what needs this person today.
//!
//! It deliberately does not know how a register is taken or a figure is made: it leads there.

mod pages;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::desk::Office;

/// The addresses of this folder.
pub const ADDRESSES: &[&str] = &["/"];

/// The routes of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new().route("/", get(pages::home))
}
