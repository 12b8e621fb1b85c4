use std::fmt;

use calendar::Instant;

use crate::{Head, SchoolId};

/// What a proof found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// The heads of the schools that were proved, by school. Compare them with those that left the building.
    pub heads: Vec<(SchoolId, Head)>,
    /// Acts walked.
    pub acts: u64,
    /// Rows compared.
    pub rows: u64,
    /// For each school that is not as its journal says, the first difference in the order of acts.
    pub differences: Vec<Difference>,
    /// What acts of retention erased, act by act.
    pub erased: Vec<Erased>,
}

/// An act that erased what earlier acts had recorded, and on whose word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The school.
    pub school: SchoolId,
    /// The number of the act.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// The account that did it.
    pub account: i64,
    /// The job title held at that moment.
    pub job_title: String,
    /// Acts of which nothing is left in the journal but the entry.
    pub emptied: u64,
    /// Acts of which a part is left.
    pub shortened: u64,
}

impl VerifyReport {
    /// Whether everything is as the journal says.
    pub fn is_whole(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Where the rows and the journal part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The school.
    pub school: SchoolId,
    /// The number of the act, where there is one.
    pub seq: Option<i64>,
    /// The table.
    pub table: &'static str,
    /// The row's id, in words such as `pupil_id 12, on_date 2026-11-24`; empty where no row is meant.
    pub key: String,
    /// The column, where one is meant.
    pub field: Option<&'static str>,
    /// What is wrong, in words.
    pub problem: &'static str,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "school {}", self.school.0)?;
        if let Some(seq) = self.seq {
            write!(f, ", act {seq}")?;
        }
        write!(f, ", {}", self.table)?;
        if !self.key.is_empty() {
            write!(f, " of {}", self.key)?;
        }
        if let Some(field) = self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// How far a proof has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// What is being looked at.
    pub stage: VerifyStage,
    /// So many acts or rows were looked at.
    pub done: u64,
    /// Of so many, as far as the journal knows.
    pub total: u64,
}

/// What a proof is looking at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyStage {
    /// The acts of the journals.
    Journal,
    /// The rows of the tables.
    Rows,
}
