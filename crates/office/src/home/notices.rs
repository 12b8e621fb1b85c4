//! What the program has to say to those who look after it: on their first page until it is put right.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The notices of a running program, one for each matter. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Notices(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Notices {
    /// Says something about a matter, in place of what was said about it before.
    pub fn put(&self, matter: &'static str, words: String) {
        self.locked().insert(matter, words);
    }

    /// A matter is put right.
    pub fn clear(&self, matter: &'static str) {
        self.locked().remove(matter);
    }

    /// What stands.
    pub fn all(&self) -> Vec<String> {
        self.locked().values().cloned().collect()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
