//! Staff accounts, roles, signing in, and who may do what.
//!
//! It deliberately does not know what the records are about that it guards: folders ask by kind of record.

pub mod access;
pub mod keyring;
pub mod records;
mod signed_in;

pub use access::{Access, Actor, Reach, RecordKind, Role, Scope};
pub use keyring::Keyring;
pub use signed_in::{SignInToken, actor_for_token};
