//! Print it yourself: the school prints and posts, and says when it has (I-125).

use crate::{
    Channel, Features, Message, Provider, Received, Reference, Refusal, Report, Soon, State, Taken,
    Verified,
};

/// The school's own printer and post. Taking a letter only means that it waits to be printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByHand;

impl Provider for ByHand {
    fn features(&self) -> Features {
        Features {
            channels: vec![Channel::Letter],
            replies: false,
            delivery_reports: false,
            sender_name: true,
            look_up: false,
            attachments: true,
            reaches_outside: true,
        }
    }

    fn send<'a>(&'a self, message: &'a Message) -> Soon<'a, Taken> {
        let taken = match message.to.channel() {
            Channel::Letter => Ok(Taken {
                id: message.reference.to_string(),
                state: State::HandedOver,
            }),
            Channel::App | Channel::Text | Channel::Email | Channel::Call => {
                Err(Refusal::CannotDoThat)
            }
        };
        Box::pin(async { taken })
    }

    fn status<'a>(&'a self, _reference: &'a Reference) -> Soon<'a, Option<Report>> {
        Box::pin(async { Err(Refusal::CannotDoThat) })
    }

    fn receive<'a>(&'a self, _since: Option<&'a str>) -> Soon<'a, Vec<Received>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn verify(&self) -> Soon<'_, Verified> {
        Box::pin(async {
            Ok(Verified {
                found: vec!["Letters wait here until somebody has printed them.".to_owned()],
                missing: Vec::new(),
            })
        })
    }
}
