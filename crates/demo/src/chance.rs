//! Repeatable chance.
//!
//! SplitMix64, written out here in ten lines so that a demo school stays the same school when dependencies move: journeys and
//! screenshots name its pupils. Never for secrets.

/// A stream of repeatable chance.
#[derive(Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of one purpose and one number within it, so that a change to one pupil's story leaves the others alone.
    pub(crate) fn new(seed: u64, purpose: Purpose, number: usize) -> Chance {
        let mut mixed = Chance(seed ^ (purpose as u64).wrapping_mul(0xd6e8_feb8_6659_fd93));
        let first = mixed.next();
        Chance(first ^ (number as u64).wrapping_mul(0xa076_1d64_78bd_642f))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number below `end`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A whole number from `first` to `last`, both included.
    pub(crate) fn between(&mut self, first: i32, last: i32) -> i32 {
        first + self.below((last - first + 1).max(1) as usize) as i32
    }

    /// A number from `first` up to `last`.
    pub(crate) fn within(&mut self, first: f64, last: f64) -> f64 {
        first + self.unit() * (last - first)
    }

    /// One of these.
    ///
    /// Every list handed in is a constant of this crate or checked by the caller not to be empty.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// The index of one of these weights, in proportion to them.
    pub(crate) fn weighed(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// Roughly a standard normal number: the sum of four uniform ones, scaled. Never beyond 3.5.
    pub(crate) fn bell(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 3.0_f64.sqrt()
    }

    /// Puts these into a random order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// What a stream of chance is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Cohort = 1,
    Family,
    Characteristics,
    Groups,
    Staff,
    Stories,
    Waves,
    Marks,
    Events,
    Today,
    Lessons,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_stream_gives_the_same_numbers_and_another_gives_others() {
        let draw = |number| {
            let mut chance = Chance::new(7, Purpose::Marks, number);
            (0..8).map(|_| chance.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn chance_stays_within_what_was_asked() {
        let mut chance = Chance::new(1, Purpose::Cohort, 0);
        for _ in 0..10_000 {
            assert!((3..=9).contains(&chance.between(3, 9)));
            assert!(chance.below(5) < 5);
            assert!((0.0..1.0).contains(&chance.unit()));
            assert!(chance.weighed(&[1.0, 0.0, 2.0]) != 1);
        }
        assert_eq!(chance.below(0), 0);
    }
}
