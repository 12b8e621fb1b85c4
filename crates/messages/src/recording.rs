//! A provider that keeps what it is given and sends nothing: for tests, training schools and the demo school (I-125).
//!
//! It can never reach the outside: it holds no address and no key, and this file opens no connection.

use std::sync::{Mutex, PoisonError};

use crate::{
    Channel, Features, Message, Number, Provider, Received, Recipient, Reference, Refusal, Report,
    Soon, State, Taken, Verified,
};

/// What was handed over, in order, and what families are supposed to have answered.
#[derive(Debug, Default)]
pub struct Recording {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    sent: Vec<Message>,
    received: Vec<Received>,
    refusals: Vec<Refusal>,
}

impl Recording {
    /// One that has kept nothing yet.
    pub fn new() -> Recording {
        Recording::default()
    }

    /// Everything that was handed over, oldest first.
    pub fn sent(&self) -> Vec<Message> {
        self.with(|kept| kept.sent.clone())
    }

    /// Lets the next message be refused so; several are used in order.
    pub fn refuse_next(&self, refusal: Refusal) {
        self.with(|kept| kept.refusals.push(refusal));
    }

    /// Lets a family answer.
    pub fn answer(&self, received: Received) {
        self.with(|kept| kept.received.push(received));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, message: &Message) -> Result<Taken, Refusal> {
        self.with(|kept| {
            if !kept.refusals.is_empty() {
                let refusal = kept.refusals.remove(0);
                // A lost answer is the answer that is lost: the message was taken.
                if matches!(refusal, Refusal::Unsure(_)) {
                    kept.sent.push(message.clone());
                }
                return Err(refusal);
            }
            kept.sent.push(message.clone());
            Ok(Taken {
                id: message.reference.to_string(),
                state: State::HandedOver,
            })
        })
    }
}

/// What would become of a message, by the simulators of GOV.UK Notify (I-140): two numbers and two addresses fail.
fn outcome(to: &Recipient) -> (&'static str, State) {
    let temporary = ("temporary-failure", State::FailedTemporary);
    let permanent = ("permanent-failure", State::FailedPermanent);
    let ends = |number: &Number, digits: &str| number.as_str() == format!("+44{digits}");
    match to {
        Recipient::Text(number) if ends(number, "7700900003") => temporary,
        Recipient::Text(number) if ends(number, "7700900002") => permanent,
        Recipient::Email(address) if address == "temp-fail@simulator.notify" => temporary,
        Recipient::Email(address) if address == "perm-fail@simulator.notify" => permanent,
        Recipient::Letter(_) => ("received", State::Sent),
        Recipient::Text(_) | Recipient::Email(_) => ("delivered", State::Delivered),
    }
}

impl Provider for Recording {
    fn features(&self) -> Features {
        Features {
            channels: vec![Channel::Text, Channel::Email, Channel::Letter],
            replies: true,
            delivery_reports: true,
            sender_name: true,
            look_up: true,
            attachments: true,
            reaches_outside: false,
        }
    }

    fn send<'a>(&'a self, message: &'a Message) -> Soon<'a, Taken> {
        let taken = self.take(message);
        Box::pin(async { taken })
    }

    fn status<'a>(&'a self, reference: &'a Reference) -> Soon<'a, Option<Report>> {
        let report = self.with(|kept| {
            let message = kept.sent.iter().find(|one| one.reference == *reference)?;
            let (word, state) = outcome(&message.to);
            Some(Report {
                reference: Some(reference.clone()),
                id: reference.to_string(),
                word: word.to_owned(),
                state: Some(state),
            })
        });
        Box::pin(async { Ok(report) })
    }

    fn receive<'a>(&'a self, since: Option<&'a str>) -> Soon<'a, Vec<Received>> {
        let received = self.with(|kept| {
            let known = since.and_then(|id| kept.received.iter().position(|one| one.id == id));
            kept.received[known.map_or(0, |index| index + 1)..].to_vec()
        });
        Box::pin(async { Ok(received) })
    }

    fn verify(&self) -> Soon<'_, Verified> {
        Box::pin(async {
            Ok(Verified {
                found: vec!["Messages are kept here and sent to nobody.".to_owned()],
                missing: Vec::new(),
            })
        })
    }
}
