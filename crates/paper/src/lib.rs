//! A document as it is to be read: a title, facts, words, tables, places to sign. Whoever prints it is a [`Typesetter`].
//!
//! The application makes papers and the typesetter sets them; this crate is all that they share, so that neither is compiled
//! for the other. Every text is a value and is printed as it stands, whatever it looks like.
//!
//! It deliberately does not know: what a register is, and how a page is made.

use calendar::Instant;

/// A document on A4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Its title, at its head and in the file's own description.
    pub title: String,
    /// Whose it is: the school.
    pub owner: String,
    /// What stands under the title: name and value, in order.
    pub about: Vec<(String, String)>,
    /// What stands at the foot of every page, beside `page 3 of 51`.
    pub foot: String,
    /// When it was made: the file's own date, so that the same paper is the same bytes.
    pub made_at: Instant,
    /// Whether it lies on its side.
    pub landscape: bool,
    /// What it says, in order.
    pub parts: Vec<Part>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A heading under the title.
    Heading(String),
    /// A paragraph.
    Words(String),
    /// A table, whose headings come again on each page that it runs over.
    Table(Table),
    /// What follows begins on a new page.
    NewPage,
    /// A letter begins here, on a new page: to whom, where the window of an envelope shows it, and of which day. A paper with a letter in it
    /// has neither its title nor its foot on the pages.
    Letter {
        /// The address, a line each; at most seven.
        to: Vec<String>,
        /// The day, in words.
        day: String,
    },
    /// A line to sign on, and what is written under it: name, position, date.
    Signature(Vec<String>),
}

/// A table. The first cell of a row is the heading of that row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows, for a reader who hears it and does not see it.
    pub caption: String,
    /// Headings over several columns, with how many they cover; none, or as many columns in all as there are.
    pub over: Vec<(String, usize)>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a text for each column; a line break in a text is one on paper.
    pub rows: Vec<Vec<String>>,
    /// Whether it is set small and its cells close together, for a grid of codes.
    pub dense: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// How wide it is.
    pub width: Width,
}

impl Column {
    /// A column with this heading and width.
    pub fn new(heading: impl Into<String>, width: Width) -> Column {
        Column {
            heading: heading.into(),
            width,
        }
    }
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As wide as its texts.
    Own,
    /// So many parts of what the others leave.
    Share(u8),
    /// So many tenths of a millimetre.
    Tenths(u16),
}

/// Why a document could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document could not be printed: {0}")]
pub struct CannotSet(pub String);

/// Whoever makes a file out of a document.
pub trait Typesetter: Send + Sync {
    /// The document as PDF. The same document gives the same bytes from the same edition of the program.
    ///
    /// Errors: the document breaks a rule of its form; nobody's name can be the cause.
    fn set(&self, paper: &Paper) -> Result<Vec<u8>, CannotSet>;
}
