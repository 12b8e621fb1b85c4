//! The attendance and admission registers: codes by date, arithmetic, closing, amendment, entry, admission and deletion.
//!
//! Every rule carries its number (R-) in `docs/law/registers.md`, its source and how far to trust it. Pure: today, the calendar
//! and who is asking are arguments, and a refusal is a value with its ground.
//!
//! It deliberately does not know: where marks are stored, how a million of them are counted (that is `columns`), who may see them,
//! and what follows absence (that is `enforcement`).

mod bands;
mod codes;
mod confidence;
mod counts;

pub use bands::{Band, Bands, BandsError, Threshold, bands_on, default_bands};
pub use codes::{
    Class, Code, CodeRow, Group, NeedsNote, NoMeaning, OnSite, ParseCodeError,
    PenaltyNoticeCounting, SessionScope, code_rows, meaning, meanings,
};
pub use confidence::Confidence;
pub use counts::{Counts, Measure, Ratio};
