//! The school's time: days, instants, sessions, weeks, terms, years, bank holidays and deadlines.
//!
//! Everything that reckons with time in this product goes through here, so that "the next school day" has one meaning.
//! This crate wraps the date library; apart from `store`, which turns days and instants into columns, no other crate sees it.
//!
//! It deliberately does not know: what a mark is, who is asking, or what time it is now. "Today" is always an argument.

mod bank_holiday;
mod cycle;
mod day;
mod instant;
mod month;
mod school_calendar;
mod school_year;
mod session;
mod time_of_day;

pub use bank_holiday::{BankHoliday, bank_holiday, bank_holidays, bank_holidays_are_known};
pub use cycle::{Cycle, CycleWeek};
pub use day::{Day, ParseDayError, Weekday};
pub use instant::{Instant, ParseInstantError};
pub use month::{Month, ParseMonthError};
pub use school_calendar::{
    BeyondCalendar, CalendarProblem, CalendarRows, DayException, DayKind, ExceptionKind,
    ParseExceptionKindError, Period, SchoolCalendar, SchoolKind, SchoolWeek, SessionCount,
    Sessions,
};
pub use school_year::{SchoolYear, StatisticalTerm, easter_sunday, statistical_term};
pub use session::{ParseSessionError, Session, Slot};
pub use time_of_day::{ParseTimeError, TimeOfDay};
