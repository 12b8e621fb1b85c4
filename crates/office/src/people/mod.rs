//! Staff accounts, roles, signing in, and who may do what.
//!
//! It deliberately does not know what the records are about that it guards: folders ask by kind of record.

pub mod access;
mod accounts;
mod api;
mod audit_log;
mod directory;
mod doors;
mod elsewhere;
pub mod inspection_pages;
pub mod inspections;
mod keyring;
mod me;
mod passwords;
mod places;
pub mod records;
mod replace_key;
mod schools;
mod second_factor;
mod set_up;
mod sign_in;
mod signed_in;
mod staff;
mod staff_pages;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use access::{Access, Actor, Limits, Reach, RecordKind, Role, Scope, granted};
pub(crate) use accounts::{approval_questions, approver};
pub(crate) use audit_log::{Notes, must_read as must_read_journal, people as who_acted, second};
pub use directory::{
    DIRECTORY, DirectoryError, Founded, Founding, NewAccount, found_first_school, is_set_up,
    open_account, sign_in_name,
};
pub use doors::{Doors, Peer, SetUpCode};
pub(crate) use elsewhere::at_other_schools;
pub use keyring::{KeyId, Keyring, KeyringError};
pub use passwords::{PasswordError, hash_now as hash_password_now};
pub use places::Place;
pub(crate) use places::sees_counts_of_all;
pub use replace_key::{replace_key, second_factors};
pub(crate) use schools::{must_choose, page_of};
pub(crate) use set_up::guard as set_up_guard;
pub(crate) use sign_in::{forget_old_sign_ins, leave, new_token};
pub(crate) use signed_in::present_ahead;
pub use signed_in::{Present, SignInToken, actor_for_token, note_seen, present};
pub(crate) use staff::{manages as manages_accounts, must_manage as must_manage_accounts};
pub(crate) use staff_pages::tabs as staff_tabs;

pub(crate) use api::operations;

use crate::desk::Office;
use crate::take_away::List;

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        access::STATEMENTS,
        api::STATEMENTS,
        audit_log::STATEMENTS,
        directory::STATEMENTS,
        elsewhere::STATEMENTS,
        keyring::STATEMENTS,
        me::STATEMENTS,
        replace_key::STATEMENTS,
        schools::STATEMENTS,
        second_factor::STATEMENTS,
        inspection_pages::STATEMENTS,
        inspections::STATEMENTS,
        sign_in::STATEMENTS,
        signed_in::STATEMENTS,
        staff::STATEMENTS,
    ]
    .concat()
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "staff",
        address: "/staff",
        make: staff_pages::staff_as_file,
    },
    List {
        kind: "accounts and roles",
        address: "/people",
        make: staff_pages::accounts_as_file,
    },
    List {
        kind: "inspectors' visits",
        address: "/inspections",
        make: inspection_pages::visits_as_file,
    },
    List {
        kind: "pages an inspector looked at",
        address: "/inspections/{inspection}",
        make: inspection_pages::looks_as_file,
    },
    List {
        kind: "journal",
        address: "/journal",
        make: audit_log::as_file,
    },
];

/// The routes of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/set-up", get(set_up::page).post(set_up::set_up))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/school", get(schools::page).post(schools::choose))
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
        .route("/staff", get(staff_pages::staff))
        .route("/staff/{staff}", get(staff_pages::member))
        .route(
            "/staff/{staff}/details",
            get(staff_pages::ask_details).post(staff_pages::answer_details),
        )
        .route(
            "/staff/{staff}/post",
            get(staff_pages::ask_post).post(staff_pages::answer_post),
        )
        .route("/inspections", get(inspection_pages::visits))
        .route(
            "/inspections/new",
            get(inspection_pages::ask_new).post(inspection_pages::answer_new),
        )
        .route("/inspections/{inspection}", get(inspection_pages::visit))
        .route(
            "/inspections/{inspection}/end",
            get(inspection_pages::ask_end).post(inspection_pages::answer_end),
        )
        .route("/people", get(accounts::accounts))
        .route(
            "/people/new",
            get(accounts::ask_new).post(accounts::answer_new),
        )
        .route("/people/{staff}", get(accounts::account))
        .route(
            "/people/{staff}/roles",
            get(accounts::ask_role).post(accounts::answer_role),
        )
        .route(
            "/people/{staff}/roles/{grant}",
            get(accounts::ask_end_role).post(accounts::answer_end_role),
        )
        .route(
            "/people/{staff}/account",
            get(accounts::ask_open).post(accounts::answer_open),
        )
        .route(
            "/people/{staff}/account/{change}",
            get(accounts::ask_change).post(accounts::answer_change),
        )
        .route("/journal", get(audit_log::page))
}
