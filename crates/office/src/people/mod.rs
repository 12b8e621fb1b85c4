//! Staff accounts, roles, signing in, and who may do what.
//!
//! It deliberately does not know what the records are about that it guards: folders ask by kind of record.

pub mod access;
mod audit_log;
mod directory;
mod doors;
pub mod keyring;
mod me;
mod pages;
mod passwords;
pub mod records;
mod replace_key;
mod second_factor;
mod set_up;
mod sign_in;
mod signed_in;
mod staff;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use access::{Access, Actor, Reach, RecordKind, Role, Scope};
pub use directory::{
    DIRECTORY, DirectoryError, Founded, Founding, NewAccount, found_first_school, is_set_up,
    open_account, sign_in_name,
};
pub use doors::{Doors, Peer, SetUpCode};
pub use keyring::{KeyId, Keyring, KeyringError};
pub use passwords::{PasswordError, hash_now as hash_password_now};
pub use replace_key::{replace_key, second_factors};
pub(crate) use set_up::guard as set_up_guard;
pub(crate) use sign_in::forget_old_sign_ins;
pub use signed_in::{Present, SignInToken, actor_for_token, note_seen, present};

use crate::desk::Office;

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        access::STATEMENTS,
        audit_log::STATEMENTS,
        directory::STATEMENTS,
        keyring::STATEMENTS,
        me::STATEMENTS,
        replace_key::STATEMENTS,
        second_factor::STATEMENTS,
        sign_in::STATEMENTS,
        signed_in::STATEMENTS,
        staff::STATEMENTS,
    ]
    .concat()
}

/// The routes of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/set-up", get(set_up::page).post(set_up::set_up))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route(
            "/second-factor",
            get(second_factor::page).post(second_factor::give),
        )
        .route("/me", get(me::page))
        .route("/me/password", post(me::change_password))
        .route(
            "/me/second-factor",
            get(me::second_factor_page).post(me::set_second_factor),
        )
        .route(
            "/me/second-factor/remove",
            get(me::removal_page).post(me::remove_second_factor),
        )
        .route("/me/recovery-codes", post(me::new_recovery_codes))
        .route("/me/devices/end", post(me::end_device))
        .route("/people", get(pages::list))
        .route("/people/new", get(pages::new_page).post(pages::add))
        .route("/people/{staff}", get(pages::person))
        .route("/people/{staff}/details", post(pages::change_details))
        .route("/people/{staff}/post", post(pages::change_post))
        .route("/people/{staff}/roles", post(pages::grant_role))
        .route("/people/{staff}/roles/end", post(pages::end_role))
        .route("/people/{staff}/account", post(pages::open_account))
        .route(
            "/people/{staff}/account/{change}",
            post(pages::change_account),
        )
        .route("/journal", get(audit_log::page))
}
