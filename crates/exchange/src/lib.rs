//! File formats in and out: bytes to records and back.
//!
//! [`read`] and [`read_each`] take the bytes of any file that a school has, decide from the contents what it is, and
//! give a [`Reading`]: records with the line on which each starts, and a [`Finding`] for everything that a person should
//! know of. A bad value costs its value, a bad record costs itself, and only the closed list of [`RefusedFile`] costs
//! the file. [`Sheet`] is the one shape of every list that goes out, as [`csv`] or [`xlsx`].
//!
//! To add a format: its kind in [`Kind`], how it is recognised in `reading`, a module that turns it into `records`.
//!
//! What this crate does not know: who is on our roll (an importer matches records), what an attendance code means (the
//! law's answer is an argument), what day it is (so is today), where files come from, and any database or network.

mod archive;
mod codes;
mod contacts;
mod dates;
mod days;
mod delimited;
pub mod email;
mod export;
mod finding;
mod headings;
mod marks;
mod outline;
pub mod phone;
pub mod postcode;
mod pupils;
mod reading;
mod records;
mod refused;
mod roster;
mod sheet;
mod table;
mod term_dates;
mod text;
mod timetable;
mod transfer;
pub mod upn;
mod workbook;
mod xml;

pub use archive::is_word_document;
pub use codes::{
    CodeRow, CodeSet, Coded, NeitherYesNorNo, coded, find as find_code, rows as code_rows, yes_no,
};
pub use dates::DateOrder;
pub use export::{contacts_sheet, marks_sheet, pupils_sheet, timetable_sheet};
pub use finding::{FINDINGS_LISTED, Finding, FindingCode, Severity};
pub use headings::{
    ContactField, DayField, Field, HeadingFate, HeadingUse, MarkField, PupilField, TimetableField,
};
pub use marks::{Mark, MarkLayout, MarkPupil, MarkTable, MarkTotals};
pub use outline::{Outline, OutlineColumn, outline};
pub use reading::{
    Classify, Counts, FileReport, InputFile, Kind, Options, PriorClass, Reading, SchoolNumber,
    read, read_each, rows_to_correct,
};
pub use records::*;
pub use refused::{Limit, RefusedFile};
pub use sheet::{Audience, Cell, Column, Sheet, WriteWorkbookError, csv, xlsx};
pub use text::Encoding;
pub use transfer::TransferHeader;
