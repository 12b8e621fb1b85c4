//! What was reckoned from a school at one number, kept for as long as its book: thirty boards that follow one change reckon it once.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use calendar::{Day, Instant};

/// So many answers are kept beside a book.
const KEPT: usize = 4;

/// Answers with the day and the second that they are of.
#[derive(Default)]
pub(super) struct Reckoned(Mutex<Vec<Answer>>);

type Answer = ((Day, i64), Arc<dyn Any + Send + Sync>);

/// A book that is carried on to a later number knows nothing of what was reckoned before.
impl Clone for Reckoned {
    fn clone(&self) -> Reckoned {
        Reckoned::default()
    }
}

impl Reckoned {
    /// What was reckoned of this day in this second, else what `reckon` answers. Who else asks meanwhile waits for it.
    pub(super) fn get<T: Any + Send + Sync, E>(
        &self,
        day: Day,
        now: Instant,
        reckon: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let at = (day, now.micros().div_euclid(1_000_000));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().filter(|(own, _)| *own == at);
        if let Some(known) = known
            .cloned()
            .find_map(|(_, answer)| answer.downcast().ok())
        {
            return Ok(known);
        }
        let found = Arc::new(reckon()?);
        let answer: Arc<T> = Arc::clone(&found);
        kept.insert(0, (at, answer));
        kept.truncate(KEPT);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_reckoned_once_a_second_for_each_day_and_anew_in_a_book_carried_on() {
        let day: Day = "2026-11-24".parse().expect("a day");
        let at = |micros: i64| Instant::from_micros(1_795_509_852_000_000 + micros);
        let reckoned = Reckoned::default();
        let asked = |reckoned: &Reckoned, day, now, answer: i64| {
            let found = reckoned.get(day, now, || Ok::<_, ()>(answer));
            *found.expect("nothing fails here")
        };
        assert_eq!(asked(&reckoned, day, at(1), 1), 1);
        assert_eq!(asked(&reckoned, day, at(999_999), 2), 1, "the same second");
        assert_eq!(asked(&reckoned, day, at(1_000_000), 3), 3, "the next");
        assert_eq!(
            asked(&reckoned, day.plus_days(1), at(1), 4),
            4,
            "another day"
        );
        let other: Arc<String> = reckoned
            .get(day, at(1), || Ok::<_, ()>("other".to_owned()))
            .expect("nothing fails here");
        assert_eq!(*other, "other", "another kind of answer");
        assert!(
            reckoned
                .get(day, at(5_000_000), || Err::<i64, _>(()))
                .is_err()
        );
        assert_eq!(
            asked(&reckoned, day, at(5_000_000), 5),
            5,
            "what failed is not kept"
        );
        assert_eq!(asked(&reckoned.clone(), day, at(1), 6), 6);
    }
}
