//! What the operator says of the interface, and what it keeps while the program runs.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use calendar::Instant;
use store::SchoolId;

use super::rates::{Allowance, Rates};
use crate::ids::ClientId;
use crate::people::{Access, Actor};

/// Requests a minute of each client, where the operator says nothing.
pub const REQUESTS_A_MINUTE: u32 = 600;

/// What the operator says of the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceRules {
    /// Requests a minute of each client that only reads.
    pub reading_clients: u32,
    /// Requests a minute of each client that may write.
    pub writing_clients: u32,
    /// Machines of this network that webhooks may lead to, and without TLS: a name or a number each, as addresses have them (I-413).
    pub webhooks_inside: Vec<String>,
}

impl Default for InterfaceRules {
    fn default() -> InterfaceRules {
        InterfaceRules {
            reading_clients: REQUESTS_A_MINUTE,
            writing_clients: REQUESTS_A_MINUTE,
            webhooks_inside: Vec::new(),
        }
    }
}

impl InterfaceRules {
    /// Requests a minute of this client.
    fn requests_a_minute(&self, client: &Actor) -> u32 {
        let writes = super::KINDS
            .iter()
            .any(|kind| client.may(Access::Write, *kind));
        match writes {
            true => self.writing_clients,
            false => self.reading_clients,
        }
    }

    /// Whether webhooks may lead to this machine even where it is inside.
    pub(crate) fn lets_inside(&self, host: &str) -> bool {
        let number = host.parse::<IpAddr>().ok();
        self.webhooks_inside.iter().any(|own| {
            own.eq_ignore_ascii_case(host)
                || (number.is_some() && own.parse::<IpAddr>().ok() == number)
        })
    }
}

/// The interface of a running program.
#[derive(Default)]
pub struct Interface {
    rules: RwLock<Arc<InterfaceRules>>,
    rates: Rates,
}

impl Interface {
    /// Goes by what the operator says.
    pub fn go_by(&self, rules: InterfaceRules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// What the operator says.
    pub fn rules(&self) -> Arc<InterfaceRules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a request of a client.
    pub(super) fn count(&self, client: ClientId, actor: &Actor, now: Instant) -> Allowance {
        let limit = self.rules().requests_a_minute(actor);
        let who: (SchoolId, ClientId) = (actor.school, client);
        self.rates.count(who, limit, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_machine_that_the_operator_names_is_let_inside() {
        let rules = InterfaceRules {
            webhooks_inside: vec!["mis.school.example".to_owned(), "fd00::15".to_owned()],
            ..InterfaceRules::default()
        };
        for named in ["mis.school.example", "MIS.school.example", "fd00:0::15"] {
            assert!(rules.lets_inside(named), "{named}");
        }
        for other in [
            "school.example",
            "a.mis.school.example",
            "fd00::16",
            "localhost",
            "",
        ] {
            assert!(!rules.lets_inside(other), "{other}");
        }
        assert!(!InterfaceRules::default().lets_inside("localhost"));
    }
}
