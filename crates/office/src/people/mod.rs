//! Staff accounts, roles, signing in, and who may do what.
//!
//! It deliberately does not know what the records are about that it guards: folders ask by kind of record.

pub mod access;
mod directory;
mod doors;
pub mod keyring;
mod passwords;
pub mod records;
mod set_up;
mod sign_in;
mod signed_in;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use access::{Access, Actor, Reach, RecordKind, Role, Scope};
pub use directory::{
    DIRECTORY, DirectoryError, Founded, Founding, NewAccount, found_first_school, is_set_up,
    open_account, sign_in_name,
};
pub use doors::{Doors, Peer, SetUpCode};
pub use keyring::Keyring;
pub use passwords::{PasswordError, hash_now as hash_password_now};
pub(crate) use set_up::guard as set_up_guard;
pub use signed_in::{Present, SignInToken, actor_for_token, note_seen, present};

use crate::desk::Office;

/// The addresses of this folder.
pub const ADDRESSES: &[&str] = &["/set-up", "/sign-in", "/sign-out"];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        access::STATEMENTS,
        directory::STATEMENTS,
        keyring::STATEMENTS,
        sign_in::STATEMENTS,
        signed_in::STATEMENTS,
    ]
    .concat()
}

/// The routes of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/set-up", get(set_up::page).post(set_up::set_up))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
}
