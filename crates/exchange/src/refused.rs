//! The closed list of reasons to refuse a whole file (I-007), and the questions that a person can answer instead.

use std::fmt;

use crate::reading::Kind;

/// A limit of I-026, I-027 or I-030.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A text file of more than 512 MiB.
    TextBytes,
    /// An XML file of more than 64 MiB.
    XmlBytes,
    /// Elements nested more than 64 deep.
    XmlDepth,
    /// More than 64 attributes on an element, or text of more than 1 MiB in one place.
    XmlText,
    /// More elements and texts than any transfer file has (4 million).
    XmlElements,
    /// More than 2,000 files in an archive.
    ArchiveEntries,
    /// More than 256 MiB when unpacked.
    ArchiveBytes,
    /// A part that grows more than a hundredfold when unpacked.
    ArchiveRatio,
    /// More than 512 columns.
    Columns,
    /// More rows than can be numbered (4 thousand million).
    Rows,
    /// More distinct pupils, days or marks than a school can have.
    Distinct,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::TextBytes => "it is larger than 512 MiB",
            Limit::XmlBytes => "it is larger than 64 MiB",
            Limit::XmlDepth => "its elements are nested more than 64 deep",
            Limit::XmlText => {
                "it holds a single text of more than 1 MiB or an element with more than 64 attributes"
            }
            Limit::XmlElements => "it holds more than 4 million elements",
            Limit::ArchiveEntries => "it holds more than 2,000 files",
            Limit::ArchiveBytes => "it grows to more than 256 MiB when unpacked",
            Limit::ArchiveRatio => "a part of it grows more than a hundredfold when unpacked",
            Limit::Columns => "it has more than 512 columns",
            Limit::Rows => "it has more rows than can be numbered",
            Limit::Distinct => "it names more pupils, days or kinds of mark than a school can have",
        })
    }
}

/// Why nothing of a file was read. The message names the place and the remedy.
///
/// Some refusals are questions: see [`RefusedFile::is_question`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedFile {
    /// No bytes, or only blanks.
    #[error("“{file}” is empty. Export it again from the system it came from.")]
    Empty {
        /// The file.
        file: String,
    },
    /// Not a kind of file that can be imported.
    #[error("“{file}” cannot be imported: {found}. {expected}")]
    WrongKind {
        /// The file.
        file: String,
        /// What it was found to be.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A kind that is recognised but not read by this version.
    #[error(
        "“{file}” is {kind}. Lists of this kind are recognised but not imported by this version; nothing was read."
    )]
    KindNotImportedYet {
        /// The file.
        file: String,
        /// The kind, with its article.
        kind: &'static str,
    },
    /// Bytes that no allowed encoding explains.
    #[error(
        "“{file}” is not readable as text: the bytes at position {byte} mean nothing in UTF-16. Save it as UTF-8 and import it again."
    )]
    NotReadable {
        /// The file.
        file: String,
        /// Position of the first such byte, from 0.
        byte: usize,
    },
    /// Question: partly UTF-8, partly Windows-1252 (I-017).
    #[error(
        "“{file}” is partly UTF-8 and partly Windows-1252 (first in line {line}). Agree to have it read line by line, and check the names with accents, or export it again."
    )]
    MixedEncodings {
        /// The file.
        file: String,
        /// The first line that is not UTF-8.
        line: u32,
    },
    /// Question: XML whose bytes contradict its declaration (I-026).
    #[error(
        "“{file}” says that it is {declared}, but the byte at position {byte} (line {line}) is not. Ask for a new file, or have it read as Windows-1252 and check the names with accents."
    )]
    BytesContradictDeclaration {
        /// The file.
        file: String,
        /// The declared encoding.
        declared: String,
        /// Position of the first contradicting byte, from 0.
        byte: usize,
        /// Its line.
        line: u32,
    },
    /// XML that declares an encoding outside the allowed five.
    #[error(
        "“{file}” declares the encoding {declared}. UTF-8, UTF-16, ISO-8859-1, Windows-1252 and US-ASCII can be read."
    )]
    EncodingNotAllowed {
        /// The file.
        file: String,
        /// The declared encoding.
        declared: String,
    },
    /// XML or another structured file that breaks off or is not well formed (I-278).
    #[error(
        "“{file}” is damaged or cut short at line {line}, column {column}: {reason}. Nothing was loaded, although {complete} complete pupils came before. Fetch the file again."
    )]
    NotWellFormed {
        /// The file.
        file: String,
        /// Line of the fault.
        line: u32,
        /// Column of the fault.
        column: u32,
        /// What is wrong there.
        reason: String,
        /// How many complete pupils came before.
        complete: u32,
    },
    /// XML with a document type declaration (I-026).
    #[error(
        "“{file}” has a document type declaration (DOCTYPE) in line {line}. Such files can make a reader fetch or unfold other things and are never read. A genuine transfer file has none."
    )]
    DocumentType {
        /// The file.
        file: String,
        /// Its line.
        line: u32,
    },
    /// An encrypted workbook.
    #[error("“{file}” is an encrypted workbook. Remove its password and save it as .xlsx or .csv.")]
    WorkbookEncrypted {
        /// The file.
        file: String,
    },
    /// A workbook of the format before 2007, or a web page or text with a workbook's name.
    #[error("“{file}” is {found}. Open it in a spreadsheet program and save it as .xlsx or .csv.")]
    WorkbookOld {
        /// The file.
        file: String,
        /// What it was found to be.
        found: &'static str,
    },
    /// A workbook that cannot be opened.
    #[error(
        "“{file}” is a damaged workbook: {reason}. Open it in a spreadsheet program and save it again."
    )]
    WorkbookBroken {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A ZIP that cannot be unpacked.
    #[error("“{file}” is a damaged ZIP archive: {reason}. Fetch it again.")]
    ArchiveBroken {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A ZIP entry with a name that points elsewhere (I-027).
    #[error(
        "“{file}” holds an entry with the unsafe name “{entry}”. Pack the files again without folders."
    )]
    ArchiveUnsafeName {
        /// The file.
        file: String,
        /// The name.
        entry: String,
    },
    /// A ZIP inside a ZIP.
    #[error(
        "“{file}” holds another archive, “{entry}”. Unpack it and import the files themselves."
    )]
    ArchiveNested {
        /// The file.
        file: String,
        /// The inner archive.
        entry: String,
    },
    /// An encrypted ZIP.
    #[error(
        "“{file}” is an encrypted archive. Unpack it with its password and import the files themselves."
    )]
    ArchiveEncrypted {
        /// The file.
        file: String,
    },
    /// Over a limit (I-030).
    #[error("“{file}” was not read: {limit}. Export a shorter period or fewer columns.")]
    OverLimit {
        /// The file.
        file: String,
        /// Which limit.
        limit: Limit,
    },
    /// Question: addressed to another school (I-271).
    #[error(
        "“{file}” is addressed to {addressed_to}, and this school is {ours}. If it was meant for a predecessor of this school, a named person can import it with a reason."
    )]
    AnotherSchool {
        /// The file.
        file: String,
        /// Authority and establishment number in the file.
        addressed_to: String,
        /// Ours.
        ours: String,
    },
    /// A required column is not there (I-080).
    #[error(
        "“{file}” has no column for {missing}. {kind} need it; add the column to the export, or say which column holds it."
    )]
    RequiredColumnAbsent {
        /// The file.
        file: String,
        /// The missing columns in words.
        missing: String,
        /// The kind of list that needs them.
        kind: Kind,
    },
    /// No column identifies a pupil.
    #[error(
        "“{file}” has no column that identifies a pupil (UPN, admission number or the source's own number). Names and birth dates alone never identify a pupil; add one of these columns to the export."
    )]
    NoIdentifierColumn {
        /// The file.
        file: String,
    },
    /// Dates of one column contradict each other (I-020).
    #[error(
        "The dates in “{column}” of “{file}” are written in two ways: line {day_first_line} can only have the day first and line {month_first_line} only the month. Export the dates in one form."
    )]
    DateOrderUndecided {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// A line whose first number is above 12.
        day_first_line: u32,
        /// A line whose second number is above 12.
        month_first_line: u32,
    },
    /// Question: dates have the month first (I-020).
    #[error(
        "The dates in “{column}” of “{file}” have the month first (line {line}), as in America. Confirm that the month comes first, or export the dates as dd/mm/yyyy."
    )]
    MonthFirst {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// A line whose second number is above 12.
        line: u32,
    },
    /// Question: two headings mean the same (I-023).
    #[error(
        "The headings “{first}” and “{second}” of “{file}” both mean {field}. Say which of the two is to be read."
    )]
    HeadingTwice {
        /// The file.
        file: String,
        /// The first heading.
        first: String,
        /// The second heading.
        second: String,
        /// What both mean.
        field: String,
    },
    /// Question: several sheets could be meant (I-025).
    #[error(
        "“{file}” has several sheets with headings that are known: {sheets}. Say which one is to be read."
    )]
    SeveralSheets {
        /// The file.
        file: String,
        /// Their names.
        sheets: String,
    },
    /// Question: the week of a weekly mark file (I-090).
    #[error(
        "“{file}” holds a week of marks but not which week. Give the Monday on which it begins, or put the date into the file's name (2026-11-09)."
    )]
    WeekUnknown {
        /// The file.
        file: String,
    },
    /// A set that promises a file which is not there (I-386).
    #[error(
        "The set “{file}” lacks the file {missing}, without which it cannot be read. Export the whole set again."
    )]
    PromisedFileMissing {
        /// The set.
        file: String,
        /// The missing file.
        missing: String,
    },
    /// Several separate files were given where one was expected.
    #[error(
        "“{file}” holds {count} separate files. Import them one at a time, or as a set of readings."
    )]
    SeveralFiles {
        /// The archive, or the first file.
        file: String,
        /// How many.
        count: usize,
    },
}

impl RefusedFile {
    /// Whether a person's answer (given through `Options`) lets the same file be read.
    pub fn is_question(&self) -> bool {
        matches!(
            self,
            RefusedFile::MixedEncodings { .. }
                | RefusedFile::BytesContradictDeclaration { .. }
                | RefusedFile::AnotherSchool { .. }
                | RefusedFile::MonthFirst { .. }
                | RefusedFile::HeadingTwice { .. }
                | RefusedFile::SeveralSheets { .. }
                | RefusedFile::WeekUnknown { .. }
        )
    }

    /// A stable name for the reason, such as `WRONG_KIND`.
    pub fn code(&self) -> &'static str {
        match self {
            RefusedFile::Empty { .. } => "EMPTY",
            RefusedFile::WrongKind { .. } => "WRONG_KIND",
            RefusedFile::KindNotImportedYet { .. } => "KIND_NOT_IMPORTED_YET",
            RefusedFile::NotReadable { .. } => "NOT_READABLE",
            RefusedFile::MixedEncodings { .. } => "MIXED_ENCODINGS",
            RefusedFile::BytesContradictDeclaration { .. } => "BYTES_CONTRADICT_DECLARATION",
            RefusedFile::EncodingNotAllowed { .. } => "ENCODING_NOT_ALLOWED",
            RefusedFile::NotWellFormed { .. } => "NOT_WELL_FORMED",
            RefusedFile::DocumentType { .. } => "DOCUMENT_TYPE",
            RefusedFile::WorkbookEncrypted { .. } => "WORKBOOK_ENCRYPTED",
            RefusedFile::WorkbookOld { .. } => "WORKBOOK_OLD",
            RefusedFile::WorkbookBroken { .. } => "WORKBOOK_BROKEN",
            RefusedFile::ArchiveBroken { .. } => "ARCHIVE_BROKEN",
            RefusedFile::ArchiveUnsafeName { .. } => "ARCHIVE_UNSAFE_NAME",
            RefusedFile::ArchiveNested { .. } => "ARCHIVE_NESTED",
            RefusedFile::ArchiveEncrypted { .. } => "ARCHIVE_ENCRYPTED",
            RefusedFile::OverLimit { .. } => "OVER_LIMIT",
            RefusedFile::AnotherSchool { .. } => "ANOTHER_SCHOOL",
            RefusedFile::RequiredColumnAbsent { .. } => "REQUIRED_COLUMN_ABSENT",
            RefusedFile::NoIdentifierColumn { .. } => "NO_IDENTIFIER_COLUMN",
            RefusedFile::DateOrderUndecided { .. } => "DATE_ORDER_UNDECIDED",
            RefusedFile::MonthFirst { .. } => "MONTH_FIRST",
            RefusedFile::HeadingTwice { .. } => "HEADING_TWICE",
            RefusedFile::SeveralSheets { .. } => "SEVERAL_SHEETS",
            RefusedFile::WeekUnknown { .. } => "WEEK_UNKNOWN",
            RefusedFile::PromisedFileMissing { .. } => "PROMISED_FILE_MISSING",
            RefusedFile::SeveralFiles { .. } => "SEVERAL_FILES",
        }
    }
}
