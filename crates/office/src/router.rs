//! Every page and every address of the application, gathered from the folders that own them.

use std::sync::Arc;

use axum::Router;

use crate::desk::Office;
use crate::{registers, shell, year};

/// The application as one router.
pub fn router(office: Arc<Office>) -> Router {
    Router::new()
        .merge(shell::routes())
        .merge(registers::routes())
        .merge(year::routes())
        .with_state(office)
}
