//! What was read for a preview, kept until it is accepted, so that a file is read and matched with the roll once.

use std::sync::{Arc, Mutex, PoisonError};

use calendar::Day;
use exchange::Reading;
use store::SchoolId;

use super::Rights;
use super::course::ImportId;
use super::marks::MarkPlan;

/// Marks of a reading that is kept: about 50 MB.
const MARKS: usize = 2_000_000;
/// Other records of a reading that is kept.
const RECORDS: usize = 50_000;

/// The reading of the newest preview, of whichever school. A file whose reading is not here is read again.
#[derive(Default)]
pub struct Readings(Mutex<Option<Kept>>);

/// A reading and what was planned from it.
pub(super) struct Kept {
    school: SchoolId,
    import: ImportId,
    pub reading: Arc<Reading>,
    pub plan: Option<KeptPlan>,
}

/// The plan of a file that brings marks and nothing else.
pub(super) struct KeptPlan {
    pub marks: MarkPlan,
    /// The number of the act up to which the plan knows the school.
    pub seq: i64,
    pub today: Day,
    pub rights: Rights,
}

impl Readings {
    /// Keeps a reading in place of the one before, unless it is too large.
    pub(super) fn keep(
        &self,
        school: SchoolId,
        import: ImportId,
        reading: &Arc<Reading>,
        plan: Option<KeptPlan>,
    ) {
        let others = reading.pupils.len()
            + reading.contacts.len()
            + reading.staff.len()
            + reading.groups.len()
            + reading.memberships.len()
            + reading.lessons.len()
            + reading.covers.len()
            + reading.off_timetable.len()
            + reading.seats.len();
        let fits = reading.marks.marks.len() <= MARKS && others <= RECORDS;
        *self.kept() = fits.then(|| Kept {
            school,
            import,
            reading: Arc::clone(reading),
            plan,
        });
    }

    /// Hands out the reading of this import, if it is still kept, and keeps it no longer.
    pub(super) fn take(&self, school: SchoolId, import: ImportId) -> Option<Kept> {
        self.kept()
            .take_if(|kept| (kept.school, kept.import) == (school, import))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
