//! How often a client may ask: so many requests in each minute, counted from its first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use calendar::Instant;
use store::SchoolId;

use crate::ids::ClientId;

/// Seconds of the time in which requests are counted.
const WINDOW: i64 = 60;

/// So many clients are kept before those whose minute is over are let go.
const MOST_KEPT: usize = 10_000;

/// How often each client asked in its minute.
#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<(SchoolId, ClientId), Counted>>);

struct Counted {
    since: Instant,
    requests: u32,
}

/// What is left of a client's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Requests a minute.
    pub(super) limit: u32,
    /// Requests left in this minute.
    pub(super) left: u32,
    /// Seconds until the minute is over.
    pub(super) seconds: u64,
    /// Whether this request was within it.
    pub(super) is_kept: bool,
}

impl Rates {
    /// Counts a request.
    pub(super) fn count(&self, who: (SchoolId, ClientId), limit: u32, now: Instant) -> Allowance {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_KEPT {
            all.retain(|_, counted| counted.seconds_left(now).is_some());
        }
        let counted = all.entry(who).or_insert(Counted {
            since: now,
            requests: 0,
        });
        let seconds = match counted.seconds_left(now) {
            Some(seconds) => seconds,
            None => {
                *counted = Counted {
                    since: now,
                    requests: 0,
                };
                WINDOW
            }
        };
        counted.requests = counted.requests.saturating_add(1);
        Allowance {
            limit,
            left: limit.saturating_sub(counted.requests),
            seconds: seconds.max(1).unsigned_abs(),
            is_kept: counted.requests <= limit,
        }
    }
}

impl Counted {
    /// Seconds until the minute is over; none when it is, or when the clock was put back.
    fn seconds_left(&self, now: Instant) -> Option<i64> {
        let past = self.since.seconds_until(now);
        (0..WINDOW).contains(&past).then_some(WINDOW - past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_share_in_each_minute_and_no_more() {
        let rates = Rates::default();
        let at = |seconds| Instant::from_micros(0).plus_seconds(seconds);
        let ask = |client, seconds| rates.count((SchoolId(1), ClientId(client)), 2, at(seconds));
        assert_eq!((ask(1, 0).left, ask(1, 10).left), (1, 0));
        let third = ask(1, 59);
        assert!(!third.is_kept);
        assert_eq!(third.seconds, 1);
        assert!(ask(2, 59).is_kept, "each client has its own");
        assert!(ask(1, 60).is_kept, "the next minute begins");
        assert!(
            ask(1, 0).is_kept,
            "a clock that was put back locks nobody out"
        );
    }
}
