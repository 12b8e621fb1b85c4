//! A file that was given, read from its rows: what it is, whose, what the scanner said, and whether it can be opened.

use calendar::{Day, Instant};
use store::{Arg, Row, SchoolId, StoreError, Tx, args};

use super::kind::Kind;
use crate::ids::{AccountId, EvidenceId, PupilId, ReportId};

/// By which way a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GivenBy {
    /// The family, by its own form.
    Family,
    /// Somebody of the office.
    Office,
    /// It was attached to an e-mail.
    Email,
}

impl GivenBy {
    const ALL: [GivenBy; 3] = [GivenBy::Family, GivenBy::Office, GivenBy::Email];

    /// The word in the database and on the page.
    pub fn word(self) -> &'static str {
        match self {
            GivenBy::Family => "family",
            GivenBy::Office => "office",
            GivenBy::Email => "e-mail",
        }
    }

    fn from_word(word: &str) -> Option<GivenBy> {
        GivenBy::ALL.into_iter().find(|by| by.word() == word)
    }
}

/// What the scanner said of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Nothing yet: no scanner was set up, or it has not answered.
    NotScanned,
    /// Nothing was found.
    Clean(Instant),
    /// Something was found, by the scanner's name for it.
    Refused(String),
}

/// Why a file cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The scanner found something in it.
    Refused,
    /// Somebody took it away.
    Withdrawn,
    /// A scanner is set up and has not looked at it yet.
    WaitsForScanner,
}

/// A file that was given as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Its number.
    pub id: EvidenceId,
    /// Whose, once that is certain.
    pub pupil: Option<PupilId>,
    /// The report that it came with.
    pub report: Option<ReportId>,
    /// What it is by its bytes.
    pub kind: Kind,
    /// How large.
    pub byte_count: i64,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// By which way it came.
    pub given_by: GivenBy,
    /// Who of the office gave it.
    pub account: Option<AccountId>,
    /// What it is, as the office says; may be empty.
    pub words: String,
    /// The last day that it is about.
    pub about_day: Day,
    /// When it came.
    pub came_at: Instant,
    /// Why it was taken away, if it was.
    pub withdrawn: Option<String>,
    /// What the scanner said.
    pub scan: Scan,
}

impl EvidenceFile {
    /// Why it cannot be opened, where it cannot.
    ///
    /// Rule: I-029, reading 7 of the domain. Where a scanner is set up a file opens once the scanner has found nothing in it; where none is, it is
    /// shown as not scanned and opens after a warning.
    pub fn closed(&self, has_scanner: bool) -> Option<Closed> {
        if self.withdrawn.is_some() {
            return Some(Closed::Withdrawn);
        }
        match &self.scan {
            Scan::Refused(_) => Some(Closed::Refused),
            Scan::NotScanned if has_scanner => Some(Closed::WaitsForScanner),
            Scan::NotScanned | Scan::Clean(_) => None,
        }
    }

    /// How it stands, in words: `scanned, nothing found`, `not scanned`, `refused by the scanner: Eicar-Test-Signature`.
    pub fn in_words(&self, has_scanner: bool) -> String {
        match (self.closed(has_scanner), &self.scan) {
            (Some(Closed::Withdrawn), _) => {
                format!("taken away: {}", self.withdrawn.as_deref().unwrap_or(""))
            }
            (_, Scan::Refused(found)) => format!("refused by the scanner: {found}"),
            (_, Scan::Clean(_)) => "scanned, nothing found".to_owned(),
            (Some(Closed::WaitsForScanner), Scan::NotScanned) => "being scanned".to_owned(),
            (_, Scan::NotScanned) => "not scanned".to_owned(),
        }
    }

    /// `1.2 MB`, `340 kB`.
    pub fn size(&self) -> String {
        match self.byte_count {
            bytes if bytes >= 1_000_000 => {
                format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
            }
            bytes => format!("{} kB", ((bytes + 999) / 1_000).max(1)),
        }
    }

    /// Its row: number, then columns.
    pub(super) fn values(&self) -> Vec<Arg<'_>> {
        args![
            self.id,
            self.pupil,
            self.report,
            self.kind.word(),
            self.byte_count,
            self.sha256.as_str(),
            self.given_by.word(),
            self.account,
            self.words.as_str(),
            self.about_day,
            self.came_at,
            self.withdrawn.as_deref()
        ]
        .to_vec()
    }

    /// What it is called: the office's words, else its kind.
    pub fn called(&self) -> String {
        match self.words.is_empty() {
            true => self.kind.label().to_owned(),
            false => format!("{}, {}", self.words, self.kind.label()),
        }
    }
}

macro_rules! files_sql {
    ($and:literal) => {
        concat!(
            "select f.evidence_id, f.pupil_id, f.report_id, f.kind, f.byte_count, f.sha256, f.given_by, f.account_id, f.words, f.about_day, f.came_at, f.withdrawn, ",
            "s.verdict, s.found, s.scanned_at ",
            "from evidence_file f left join evidence_scan s on s.school_id = f.school_id and s.evidence_id = f.evidence_id ",
            "and s.seq = (select max(t.seq) from evidence_scan t where t.school_id = f.school_id and t.evidence_id = f.evidence_id) ",
            "where f.school_id = $1 and f.superseded_seq is null and ",
            $and,
            " order by f.came_at, f.evidence_id"
        )
    };
}
const ONE: &str = files_sql!("f.evidence_id = $2");
const OF_REPORT: &str = files_sql!("f.report_id = $2");
const OF_PUPIL: &str = files_sql!("f.pupil_id = $2");
const COUNTS: &str = "\
select report_id, count(*) from evidence_file
where school_id = $1 and report_id is not null and withdrawn is null and superseded_seq is null and came_at >= $2 group by report_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ONE, OF_REPORT, OF_PUPIL, COUNTS];

/// The file of this number.
///
/// Errors: the database did not answer.
pub(super) fn one(
    tx: &mut Tx,
    school: SchoolId,
    id: EvidenceId,
) -> Result<Option<EvidenceFile>, StoreError> {
    Ok(read(tx, ONE, school, id.0)?.pop())
}

/// The files of a report, in the order in which they came.
///
/// Errors: the database did not answer.
pub(super) fn of_report(
    tx: &mut Tx,
    school: SchoolId,
    report: ReportId,
) -> Result<Vec<EvidenceFile>, StoreError> {
    read(tx, OF_REPORT, school, report.0)
}

/// The files of a pupil, in the order in which they came.
///
/// Errors: the database did not answer.
pub(super) fn of_pupil(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<EvidenceFile>, StoreError> {
    read(tx, OF_PUPIL, school, pupil.0)
}

/// How many files came with each report since a moment; none is told of a report without any.
///
/// Errors: the database did not answer.
pub(crate) fn counts_since(
    tx: &mut Tx,
    school: SchoolId,
    since: Instant,
) -> Result<std::collections::HashMap<ReportId, i64>, StoreError> {
    let rows = tx.query(COUNTS, &args![school, since], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

fn read(
    tx: &mut Tx,
    sql: &'static str,
    school: SchoolId,
    of: i64,
) -> Result<Vec<EvidenceFile>, StoreError> {
    let rows = tx.query(sql, &args![school, of], file)?;
    Ok(rows.into_iter().flatten().collect())
}

/// A row; none for one whose words a newer program wrote.
fn file(row: &Row<'_>) -> Result<Option<EvidenceFile>, StoreError> {
    let (kind, given_by): (&str, &str) = (row.get(3)?, row.get(6)?);
    let (Some(kind), Some(given_by)) = (Kind::from_word(kind), GivenBy::from_word(given_by)) else {
        return Ok(None);
    };
    let verdict: (Option<&str>, Option<String>, Option<Instant>) =
        (row.get(12)?, row.get(13)?, row.get(14)?);
    let scan = match verdict {
        (Some(CLEAN), _, Some(at)) => Scan::Clean(at),
        (None, ..) => Scan::NotScanned,
        // Whatever else a scanner said, the file stays closed.
        (_, found, _) => Scan::Refused(found.unwrap_or_default()),
    };
    Ok(Some(EvidenceFile {
        id: row.get(0)?,
        pupil: row.get(1)?,
        report: row.get(2)?,
        kind,
        byte_count: row.get(4)?,
        sha256: row.get(5)?,
        given_by,
        account: row.get(7)?,
        words: row.get(8)?,
        about_day: row.get(9)?,
        came_at: row.get(10)?,
        withdrawn: row.get(11)?,
        scan,
    }))
}

/// The verdict of a file in which nothing was found.
pub(super) const CLEAN: &str = "clean";

/// The verdict of a file in which something was found.
pub(super) const REFUSED: &str = "refused";
