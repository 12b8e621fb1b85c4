//! Messages to families: what may become of one, and the providers that carry it.
//!
//! The rules are pure and stand in files of their own: [`State`] (what a message may become), [`Channel`] (which way to try next),
//! [`text`] (how long a text is and what it costs), [`letter`] (an address that can be posted to), [`quiet`] (when nobody is to be
//! disturbed), [`template`] (a school's own words with fields) and [`retry`] (what to do when a provider refuses). Now is an
//! argument. Rules I-120 to I-149.
//!
//! A [`Provider`] has four verbs: send, status, receive, verify. There are four: [`notify`] (GOV.UK Notify), [`smtp`], [`by_hand`]
//! (the school prints it) and [`recording`], which holds no address and opens no connection.
//!
//! Exactly once (I-122): a [`Reference`] is made and kept before the call. After a call whose answer was lost, [`retry`] says to look up by
//! that reference first; where a provider cannot look up, a person decides.
//!
//! Calls go by hyper and rustls, which the program has anyway, and not by a larger client: they are few and small, and what decides
//! whether a message may be sent again is whether a request can have left, which `outgoing.rs` tells.
//!
//! It deliberately does not know: pupils, schools, databases, pages.

pub mod by_hand;
mod channel;
pub mod letter;
pub mod notify;
mod number;
mod outgoing;
mod provider;
pub mod quiet;
pub mod recording;
mod reference;
pub mod retry;
pub mod smtp;
mod state;
pub mod template;
pub mod text;

pub use channel::{Channel, next_channel};
pub use number::Number;
pub use outgoing::{Base, BaseError, authorities};
pub use provider::{
    Clock, Features, Message, Pdf, PdfError, Provider, Received, Recipient, Refusal, Report, Soon,
    Taken, Verified,
};
pub use reference::Reference;
pub use state::{FollowUp, Moved, State, follow_up};
