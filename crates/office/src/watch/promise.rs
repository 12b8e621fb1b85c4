//! What families promised, and whether the register says that it was kept.

use std::collections::HashMap;

use calendar::{Day, Instant};
use register::{Class, Code};
use store::{SchoolId, StoreError, Tx, args};

use crate::book::Book;
use crate::ids::{AccountId, EnrolmentId};
use crate::registers::name_of;

/// That a pupil will be there on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The day for which it was promised.
    pub on: Day,
    /// When it was made.
    pub made: Day,
    /// `call`, `clinic`: how it was made.
    pub how: &'static str,
    /// By whom, where that is known.
    pub by: Option<String>,
    /// In the family's words.
    pub said: Option<String>,
    /// Who wrote it down.
    pub account: AccountId,
    /// When it is looked at again.
    pub review_on: Option<Day>,
}

/// Whether a promise was kept, by the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The day has not come, or its register has no mark yet.
    Waits,
    /// The pupil was there when the register was taken.
    Yes,
    /// The pupil came late.
    Late,
    /// The pupil was not there.
    Broken,
    /// Nothing was asked of the pupil that day.
    NotDue,
}

impl Kept {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Kept::Waits => "to come",
            Kept::Yes => "kept",
            Kept::Late => "kept, late",
            Kept::Broken => "broken",
            Kept::NotDue => "no session for the pupil",
        }
    }
}

// A promise is made at most so long before the day for which it is: an entry is found by its own day.
const CALLS: &str = "\
select enrolment_id, on_date, expected_on, answered_by, said, account_id from absence_entry
where school_id = $1 and on_date >= $2 and expected_on is not null and expected_on >= $3 and expected_on <= $4
order by made_at, seq, entry_id";
const CLINICS: &str = "\
select p.enrolment_id, c.on_date, p.promised_on, p.with_whom, p.promise, p.account_id, p.review_on
from clinic_place p
join clinic c on c.school_id = p.school_id and c.clinic_id = p.clinic_id and c.superseded_seq is null
where p.school_id = $1 and p.superseded_seq is null and p.called_off is null
  and p.promised_on is not null and p.promised_on >= $2 and p.promised_on <= $3
order by c.on_date, p.number";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[CALLS, CLINICS];

const LONGEST_AHEAD: i32 = 60;

/// What was promised for these days, in the order of the days. Of two calls that promise the same day the later counts.
pub fn promises(
    tx: &mut Tx,
    school: SchoolId,
    (first, last): (Day, Day),
) -> Result<Vec<Promise>, StoreError> {
    let mut found: HashMap<(EnrolmentId, Day), Promise> = HashMap::new();
    let asked = args![school, first.plus_days(-LONGEST_AHEAD), first, last];
    let calls = tx.query(CALLS, &asked, |row| {
        Ok(Promise {
            enrolment: row.get(0)?,
            made: row.get(1)?,
            on: row.get(2)?,
            how: "call",
            by: row.get(3)?,
            said: row.get(4)?,
            account: row.get(5)?,
            review_on: None,
        })
    })?;
    let clinics = tx.query(CLINICS, &args![school, first, last], |row| {
        Ok(Promise {
            enrolment: row.get(0)?,
            made: row.get(1)?,
            on: row.get(2)?,
            how: "clinic",
            by: row.get(3)?,
            said: row.get(4)?,
            account: row.get(5)?,
            review_on: row.get(6)?,
        })
    })?;
    for promise in calls.into_iter().chain(clinics) {
        found.insert((promise.enrolment, promise.on), promise);
    }
    let mut promises: Vec<Promise> = found.into_values().collect();
    promises.sort_by_key(|promise| (promise.on, promise.enrolment));
    Ok(promises)
}

/// What was promised for a day, by time on roll, in words: `said back today (call of Mon 23 Nov, mother)`.
pub(crate) fn promised_on(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<HashMap<EnrolmentId, String>, StoreError> {
    let promises = promises(tx, school, (day, day))?;
    Ok(promises
        .into_iter()
        .map(|promise| (promise.enrolment, promise.words()))
        .collect())
}

impl Promise {
    /// `said back today (call of Mon 23 Nov, mother)`.
    pub fn words(&self) -> String {
        let by = match &self.by {
            Some(by) => format!(", {by}"),
            None => String::new(),
        };
        format!(
            "said back today ({} of {}{by})",
            self.how,
            self.made.short()
        )
    }

    /// Who wrote it down, as a name.
    pub(super) fn writer(&self, tx: &mut Tx, school: SchoolId) -> Result<String, StoreError> {
        name_of(tx, school, self.account)
    }

    /// Whether it was kept, by the register.
    pub fn kept(&self, book: &Book, now: Instant) -> Kept {
        kept_on(book, self.enrolment, self.on, now)
    }
}

/// Whether a pupil who was promised for a day was there, by the first mark of that day. An absence that has a reason is no promise kept, and
/// whoever judges it sees the code.
pub(super) fn kept_on(book: &Book, enrolment: EnrolmentId, on: Day, now: Instant) -> Kept {
    let Some(row) = book.roll.row(enrolment) else {
        return Kept::NotDue;
    };
    let slots = book.calendar.slots(on, on).iter();
    let mut marks = slots.map(|slot| book.mark(row, *slot));
    let Some(mark) = marks.find(|mark| mark.is_session()) else {
        return Kept::NotDue;
    };
    let (today, _) = now.in_london();
    let code = mark.code().filter(|_| !mark.is_planned());
    match (code, mark.class()) {
        (None, _) if on >= today => Kept::Waits,
        (None, _) => Kept::Broken,
        (Some(Code::LATE | Code::LATE_AFTER_CLOSE), _) => Kept::Late,
        (_, Some(Class::Present | Class::ApprovedEducationalActivity)) => Kept::Yes,
        _ => Kept::Broken,
    }
}
