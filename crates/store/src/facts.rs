//! What acts found out about a school, kept from one act to the next until an act may have changed it.
//!
//! What is kept is bound to the hash of the act that last may have changed it. The head row has that hash, so whoever holds the head knows
//! whether another program changed something, and an act that came to nothing leaves no hash that will ever be seen again.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use calendar::Instant;

use crate::{Arg, SchoolId, StoreError, Tx};

/// The hash of the act that last may have changed what is kept.
pub(crate) type FactsHash = [u8; 32];

/// So many answers are kept of a school; at one more it begins anew.
const KEPT_OF_A_SCHOOL: usize = 1000;

/// What is kept, school by school.
#[derive(Default)]
pub(crate) struct KnownFacts(Mutex<HashMap<SchoolId, OfSchool>>);

#[derive(Default)]
struct OfSchool {
    hash: FactsHash,
    found: HashMap<String, Arc<dyn Any + Send + Sync>>,
}

impl KnownFacts {
    fn schools(&self) -> MutexGuard<'_, HashMap<SchoolId, OfSchool>> {
        // Whoever panicked while holding it left whole entries.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get<T: Any + Send + Sync>(
        &self,
        school: SchoolId,
        hash: &FactsHash,
        key: &str,
    ) -> Option<Arc<T>> {
        let schools = self.schools();
        let of_school = schools.get(&school).filter(|own| own.hash == *hash)?;
        Arc::clone(of_school.found.get(key)?).downcast().ok()
    }

    pub(crate) fn put(
        &self,
        school: SchoolId,
        hash: &FactsHash,
        key: &str,
        found: Arc<dyn Any + Send + Sync>,
    ) {
        let mut schools = self.schools();
        let of_school = schools.entry(school).or_default();
        if of_school.hash != *hash || of_school.found.len() >= KEPT_OF_A_SCHOOL {
            *of_school = OfSchool {
                hash: *hash,
                found: HashMap::new(),
            };
        }
        of_school.found.insert(key.to_owned(), found);
    }

    fn has(&self, school: SchoolId, key: &str) -> bool {
        let schools = self.schools();
        schools
            .get(&school)
            .is_some_and(|own| own.found.contains_key(key))
    }
}

/// An act that is about to begin, for saying what it will ask.
pub struct Ahead<'a> {
    pub(crate) tx: &'a mut Tx,
    pub(crate) school: SchoolId,
    pub(crate) at: Instant,
    pub(crate) kept: &'a KnownFacts,
}

impl Ahead<'_> {
    /// When it will happen, or nearly.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Says that this question will be asked, as [`Tx::ahead`] does.
    ///
    /// Errors: a [`StoreError`] of the statement.
    pub fn ask(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<(), StoreError> {
        self.tx.ahead(sql, args)
    }

    /// Whether [`Act::known`](crate::Act::known) will most likely have this without asking.
    pub fn knows(&self, key: &str) -> bool {
        self.kept.has(self.school, key)
    }
}
