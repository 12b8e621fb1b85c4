//! The providers against counterparts that speak to them over a real connection: a stand-in that answers by the published contract of GOV.UK
//! Notify, and a mail server.

mod contract;
mod notify;
mod recording;
mod sink;
mod smtp;
mod stand_in;

use std::sync::Arc;

use calendar::Instant;
use messages::{Clock, Number, Recipient, Reference};

/// Monday 23 November 2026, 09:20.
fn now() -> Instant {
    "2026-11-23T09:20:00Z".parse().expect("a time")
}

fn clock() -> Clock {
    Arc::new(now)
}

fn reference(number: u8) -> Reference {
    Reference::of([number; 16])
}

fn text_to(number: &str) -> Recipient {
    Recipient::Text(Number::read(number).expect("a number"))
}

fn message(number: u8, to: Recipient) -> messages::Message {
    messages::Message {
        reference: reference(number),
        to,
        subject: "Absence this morning".to_owned(),
        text: "Ella is not at school this morning.\n\nPlease ring us.".to_owned(),
        pdf: None,
    }
}
