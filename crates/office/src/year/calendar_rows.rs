//! The school's calendar, built from its rows.

use calendar::{CalendarProblem, CalendarRows, DayException, Period, SchoolCalendar};
use store::{SchoolId, StoreError, Tx, args};

const TERMS: &str = "\
select name, first_day, last_day from term
where school_id = $1 and superseded_seq is null order by first_day";

const EXCEPTIONS: &str = "\
select on_date, kind from day_exception
where school_id = $1 and superseded_seq is null order by on_date";

/// Why a school's rows make no calendar.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// The rows contradict each other; acts on the year refuse such rows, so these were not written by one.
    #[error("the school's terms and closures contradict each other: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Contradiction(Vec<CalendarProblem>),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The school's calendar over every year that it has half-terms for.
pub fn calendar(tx: &mut Tx, school: SchoolId) -> Result<SchoolCalendar, CalendarError> {
    let terms = tx.query(TERMS, &args![school], |row| {
        Ok(Period {
            name: row.get(0)?,
            first: row.get(1)?,
            last: row.get(2)?,
        })
    })?;
    let exceptions = tx.query(EXCEPTIONS, &args![school], |row| {
        Ok((row.get(0)?, row.get::<String>(1)?))
    })?;
    let exceptions = exceptions
        .into_iter()
        .filter_map(|(day, kind)| {
            let kind = kind.parse().ok()?;
            Some(DayException { day, kind })
        })
        .collect();
    SchoolCalendar::new(CalendarRows {
        terms,
        breaks: Vec::new(),
        exceptions,
    })
    .map_err(CalendarError::Contradiction)
}
