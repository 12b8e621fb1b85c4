use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant as Elapsed;

use calendar::Instant;

/// A clock that stands where it is put while the past is played, and then runs from a given moment.
#[derive(Debug)]
pub struct DemoClock(Mutex<(Instant, Option<Elapsed>)>);

impl DemoClock {
    /// A clock that stands at this moment.
    pub fn new(at: Instant) -> DemoClock {
        DemoClock(Mutex::new((at, None)))
    }

    /// What the clock shows.
    pub fn tell(&self) -> Instant {
        let (at, running) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = running.map_or(0, |since| since.elapsed().as_micros() as i64);
        Instant::from_micros(at.micros() + elapsed)
    }

    /// Puts the clock to this moment and stops it there.
    pub fn stand_at(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (at, None);
    }

    /// Puts the clock to this moment and lets it run.
    pub fn run_from(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (at, Some(Elapsed::now()));
    }
}
