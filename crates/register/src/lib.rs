//! The attendance and admission registers: codes by date, arithmetic, closing, amendment, entry, admission and deletion.
//!
//! Every rule carries its number (R-) in `docs/law/registers.md`, its source and how far to trust it. Pure: today, the calendar
//! and who is asking are arguments, and a refusal is a value with its ground.
//!
//! It deliberately does not know: where marks are stored, how a million of them are counted (that is `columns`), who may see them,
//! and what follows absence (that is `enforcement`).

pub mod admission;
pub mod amendment;
mod bands;
pub mod closing;
mod codes;
mod compulsory_age;
mod confidence;
mod counts;
pub mod deletion;
pub mod dual;
pub mod entry;
mod help;
pub mod late_door;
pub mod lesson;
mod marked;
pub mod missing_pupil;
mod penalty_window;
pub mod plan;
pub mod preservation;
mod profile;
mod rules;
pub mod site;
pub mod sub_code;
pub mod worked_case;

pub use bands::{Band, Bands, BandsError, Threshold, bands_on, default_bands};
pub use codes::{
    Class, Code, CodeRow, Group, NeedsNote, NoMeaning, OnSite, ParseCodeError,
    PenaltyNoticeCounting, SessionScope, code_rows, meaning, meanings,
};
pub use compulsory_age::{
    CompulsoryAge, compulsory_age, compulsory_age_begins, compulsory_age_ends, last_friday_in_june,
};
pub use confidence::Confidence;
pub use counts::{Counts, Measure, Ratio};
pub use help::{CodeHelp, code_help, help_for};
pub use marked::{NotMarked, marked};
pub use penalty_window::{
    CountedSession, PenaltyThreshold, PenaltyWindow, ThresholdStanding, most_countable,
    penalty_threshold, penalty_window,
};
pub use profile::{Cohort, EnrolmentFacts, LeftOut, OutOfCohort, Profile, cohort};
pub use rules::{Rule, rule, rules};
