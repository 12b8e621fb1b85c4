//! What guards the way in: the set-up code, and patience with an address that fails too often.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use calendar::Instant;
use sha2::{Digest, Sha256};

/// Letters and digits that are not mistaken for each other when copied from a screen.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// How many failures an address may have at once: a whole school signs in from one address on a Monday morning.
const FAILURES_AT_ONCE: i64 = 100;

/// One failure is forgotten after so many seconds.
const FORGOTTEN_AFTER: i64 = 6;

/// Addresses kept in mind.
const ADDRESSES_KEPT: usize = 10_000;

/// Random bytes from the system.
///
/// Panics when the system has none: nobody could be let in safely then.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes once it runs");
    bytes
}

/// A code in groups of four that can be read out and typed, 5 random bits a letter.
pub(super) fn random_code<const LETTERS_LONG: usize>() -> String {
    let mut code = String::new();
    for (place, byte) in random::<LETTERS_LONG>().into_iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    code
}

/// The hash of a code however it was typed: case, spaces and dashes do not count.
pub(super) fn code_hash(code: &str) -> [u8; 32] {
    let bare: String = code
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect();
    Sha256::digest(bare.as_bytes()).into()
}

/// The code that proves to the first person at the browser that they started the program: 80 random bits, valid until the
/// program ends or the school is set up.
#[derive(Clone)]
pub struct SetUpCode(String);

impl SetUpCode {
    /// A new one.
    pub fn new() -> SetUpCode {
        SetUpCode(random_code::<16>())
    }

    /// As it is shown to whoever starts the program, and to nobody else: `K7QF-3M2P-WX9A-HH4D`.
    pub fn shown(&self) -> &str {
        &self.0
    }
}

impl Default for SetUpCode {
    fn default() -> SetUpCode {
        SetUpCode::new()
    }
}

/// What guards the way in.
pub struct Doors {
    set_up_code: Option<[u8; 32]>,
    is_set_up: AtomicBool,
    failures: Mutex<HashMap<IpAddr, (i64, Instant)>>,
}

impl Doors {
    /// Doors that open to this set-up code while no school has been set up; without one, set-up waits for a start that has one.
    pub fn new(set_up_code: Option<&SetUpCode>) -> Doors {
        super::passwords::prepare();
        Doors {
            set_up_code: set_up_code.map(|code| code_hash(&code.0)),
            is_set_up: AtomicBool::new(false),
            failures: Mutex::default(),
        }
    }

    /// Whether this is the set-up code.
    pub(super) fn set_up_code_is(&self, code: &str) -> bool {
        // Both sides are hashes, so how long comparing takes tells nothing about the code.
        self.set_up_code == Some(code_hash(code))
    }

    /// Whether it is known that a school has been set up. It never ceases to be.
    pub(super) fn is_set_up(&self) -> bool {
        self.is_set_up.load(Ordering::Relaxed)
    }

    pub(super) fn set_up_is_done(&self) {
        self.is_set_up.store(true, Ordering::Relaxed);
    }

    /// Whether this address has failed too often lately to be listened to.
    pub(crate) fn is_too_often(&self, from: Peer, now: Instant) -> bool {
        let Some(address) = from.0 else { return false };
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures
            .get(&address)
            .is_some_and(|(count, at)| remaining(*count, *at, now) >= FAILURES_AT_ONCE)
    }

    /// Counts a failure of this address.
    pub(crate) fn failed(&self, from: Peer, now: Instant) {
        let Some(address) = from.0 else { return };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= ADDRESSES_KEPT {
            failures.retain(|_, (count, at)| remaining(*count, *at, now) > 0);
        }
        let count = failures
            .get(&address)
            .map_or(0, |(count, at)| remaining(*count, *at, now));
        if failures.len() < ADDRESSES_KEPT || count > 0 {
            failures.insert(address, (count + 1, now));
        }
    }
}

/// What is left of so many failures at `at`.
fn remaining(count: i64, at: Instant, now: Instant) -> i64 {
    (count - at.seconds_until(now) / FORGOTTEN_AFTER).max(0)
}

/// Where a request comes from, when the server that took it says so (`ConnectInfo<SocketAddr>` among its extensions).
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Peer(
            from.map(|ConnectInfo(address)| network_of(address.ip())),
        ))
    }
}

/// The address that stands for one customer of a network: all of an IPv4 address, the first 64 bits of an IPv6 one.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let code = SetUpCode::new();
        let doors = Doors::new(Some(&code));
        assert_eq!(code.shown().len(), 19);
        assert!(doors.set_up_code_is(code.shown()));
        assert!(doors.set_up_code_is(&code.shown().to_lowercase().replace('-', " ")));
        assert!(!doors.set_up_code_is(""));
        assert!(!Doors::new(None).set_up_code_is(""));
    }

    #[test]
    fn an_address_is_heard_again_some_time_after_its_hundredth_failure() {
        let doors = Doors::new(None);
        let peer = Peer(Some(network_of([192, 0, 2, 7].into())));
        let now = Instant::from_micros(1_795_509_852_000_000);
        for _ in 0..FAILURES_AT_ONCE {
            assert!(!doors.is_too_often(peer, now));
            doors.failed(peer, now);
        }
        assert!(doors.is_too_often(peer, now));
        assert!(!doors.is_too_often(Peer(Some([192, 0, 2, 8].into())), now));
        assert!(!doors.is_too_often(peer, now.plus_seconds(FORGOTTEN_AFTER)));
    }

    #[test]
    fn one_network_is_one_address() {
        let address = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }
}
