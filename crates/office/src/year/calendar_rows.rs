//! The school's calendar, built from its rows.

use calendar::{CalendarProblem, CalendarRows, Day, DayException, Period, SchoolCalendar};
use store::{Row, SchoolId, StoreError, Tx, args};

pub(super) const TERMS: &str = "\
select name, first_day, last_day from term
where school_id = $1 and superseded_seq is null order by first_day";

pub(super) const EXCEPTIONS: &str = "\
select on_date, kind from day_exception
where school_id = $1 and superseded_seq is null order by on_date";

pub(crate) const BETWEEN: &str = "\
select 'term', name, first_day, last_day from term
where school_id = $1 and superseded_seq is null and first_day <= $3 and last_day >= $2
union all
select 'exception', kind, on_date, on_date from day_exception
where school_id = $1 and superseded_seq is null and on_date >= $2 and on_date <= $3
order by 3";

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
    let whole = args![school];
    let terms = tx.query(TERMS, &whole, term)?;
    let exceptions = tx.query(EXCEPTIONS, &whole, exception)?;
    of_rows(terms, exceptions)
}

/// The calendar as far as it tells about these days, first and last included: a few rows instead of all years, for acts.
///
/// What it says of other days, and of school years, means nothing.
pub fn calendar_between(
    tx: &mut Tx,
    school: SchoolId,
    first: Day,
    last: Day,
) -> Result<SchoolCalendar, CalendarError> {
    calendar_between_with(tx, school, first, last, &[])
}

/// The same as it would be with these exceptions in the place of what is said of their days: what a closure would make of it.
pub(crate) fn calendar_between_with(
    tx: &mut Tx,
    school: SchoolId,
    first: Day,
    last: Day,
    also: &[DayException],
) -> Result<SchoolCalendar, CalendarError> {
    let (mut terms, mut exceptions) = (Vec::new(), Vec::new());
    tx.each(BETWEEN, &args![school, first, last], |row| {
        let (name, first, last) = (row.get(1)?, row.get(2)?, row.get(3)?);
        match row.get::<&str>(0)? {
            "term" => terms.push(Period { name, first, last }),
            _ => exceptions.push((first, name)),
        }
        Ok(())
    })?;
    exceptions.retain(|(day, _): &(Day, String)| also.iter().all(|other| other.day != *day));
    exceptions.extend(also.iter().map(|one| (one.day, one.kind.to_string())));
    of_rows(terms, exceptions)
}

fn term(row: &Row) -> Result<Period, StoreError> {
    Ok(Period {
        name: row.get(0)?,
        first: row.get(1)?,
        last: row.get(2)?,
    })
}

fn exception(row: &Row) -> Result<(Day, String), StoreError> {
    Ok((row.get(0)?, row.get(1)?))
}

fn of_rows(
    terms: Vec<Period>,
    exceptions: Vec<(Day, String)>,
) -> Result<SchoolCalendar, CalendarError> {
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
