//! How long things took, of many.

use std::time::Duration;

/// The times of one thing done many times.
#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// Adds one time.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that `per_cent` of all do not exceed (nearest rank); nothing where there are none.
    pub fn per_cent(&self, per_cent: usize) -> Duration {
        let mut times = self.0.clone();
        times.sort_unstable();
        let rank = (times.len() * per_cent).div_ceil(100).max(1);
        times.get(rank - 1).copied().unwrap_or_default()
    }

    /// Median, 95 and 99 of 100, and the longest.
    pub fn usual_shares(&self) -> [Duration; 4] {
        [50, 95, 99, 100].map(|per_cent| self.per_cent(per_cent))
    }

    /// Half of all took no longer.
    pub fn median(&self) -> Duration {
        self.per_cent(50)
    }
}

impl Extend<Duration> for Spread {
    fn extend<T: IntoIterator<Item = Duration>>(&mut self, times: T) {
        self.0.extend(times);
    }
}

impl IntoIterator for Spread {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_seen() {
        let mut spread = Spread::default();
        assert_eq!(spread.median(), Duration::ZERO);
        spread.extend((1..=200).rev().map(Duration::from_millis));
        assert_eq!(spread.median(), Duration::from_millis(100));
        assert_eq!(spread.per_cent(99), Duration::from_millis(198));
        assert_eq!(spread.per_cent(100), Duration::from_millis(200));
    }
}
