//! A school's mailbox: its mails read one by one by IMAP over TLS, each put away once whoever asked has kept it, and what stands in a mail.
//!
//! [`Mail::read`] is pure: bytes in, sender, subject, words and attachments out; a mail that cannot be read is an error with a name and nothing else.
//! [`Mailbox`] is the connection: [`Mailbox::open`], [`Mailbox::waiting`], [`Mailbox::fetch`], [`Mailbox::put_away`]. Nothing is put away that was not asked
//! for by its number, and nothing is marked as read by fetching it.
//!
//! # Which crates, and why
//!
//! `imap-proto` (MIT or Apache-2.0) understands what a server says; it is a parser alone, and the larger clients are built on it. Those clients
//! (`async-imap`, `imap`, `imap-codec`) bring `chrono`, which may not enter here, for a date; the eight commands that are needed are in
//! `connection.rs`. `mail-parser` (Apache-2.0 or MIT, kept by the makers of a mail server) reads MIME with every encoding that families' programs use.
//!
//! It deliberately does not know: pupils, schools, databases, pages, what a mail is about.

mod connection;
mod delivery;
mod mail;
mod protocol;
#[cfg(feature = "testing")]
pub mod testing;

pub use connection::{Error, Fetched, LARGEST, Mailbox, Security, Settings};
pub use delivery::Delivery;
pub use mail::{Attachment, Mail, Unreadable, Writer};
pub use protocol::is_folder_name;
