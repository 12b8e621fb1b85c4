//! Having files scanned, as long as the program runs.

use std::sync::Arc;
use std::time::Duration;

use store::{Act, Entry, SchoolId, StoreError, Tx, args};

use super::file::{CLEAN, REFUSED};
use super::keep::for_the_scanner;
use super::records::EVIDENCE_SCAN;
use super::scanner::{ScanError, Scanner, Verdict};
use crate::desk::Office;
use crate::ids::EvidenceId;

/// How often it is looked whether a file waits.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// And how long it is waited for a scanner that did not answer.
const AFTER_A_FAILURE: Duration = Duration::from_secs(30);

/// What the program says of it to those who look after it.
const MATTER: &str = "scanner";

const WAITING: &str = "\
select f.school_id, f.evidence_id from evidence_file f
join evidence_content c on c.school_id = f.school_id and c.evidence_id = f.evidence_id
where f.superseded_seq is null and f.withdrawn is null
  and not exists (select 1 from evidence_scan s where s.school_id = f.school_id and s.evidence_id = f.evidence_id)
order by f.came_at, f.school_id, f.evidence_id";
const IS_SCANNED: &str =
    "select count(*) from evidence_scan where school_id = $1 and evidence_id = $2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[WAITING, IS_SCANNED];

/// Has files scanned as they come, for as long as the program runs; without a scanner there is nothing to do.
pub async fn keep_scanning(office: Arc<Office>) {
    if office.scanner.is_none() {
        return;
    }
    loop {
        let pause = match scan_what_waits(&office).await {
            Ok(_) => {
                office.notices.clear(MATTER);
                LOOKS_EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "files could not be scanned");
                let words = format!(
                    "The virus scanner does not work: {error}. Evidence that families send is kept and stays closed until it does."
                );
                office.notices.put(MATTER, words);
                AFTER_A_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Why files could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanningError {
    /// The scanner gave no verdict.
    #[error(transparent)]
    Scanner(#[from] ScanError),
    /// The database did not answer.
    #[error("the record cannot be reached")]
    Store(#[from] StoreError),
}

/// Has every file scanned that waits; answers how many. None where no scanner is set up.
///
/// Rule: I-029. Errors: the scanner or the database did not answer; what was scanned until then is recorded.
pub async fn scan_what_waits(office: &Office) -> Result<usize, ScanningError> {
    let Some(scanner) = &office.scanner else {
        return Ok(0);
    };
    let waiting: Vec<(SchoolId, EvidenceId)> = office
        .store
        .read(|tx| tx.query(WAITING, &args![], |row| Ok((row.get(0)?, row.get(1)?))))
        .await?;
    let mut scanned = 0;
    for (school, id) in waiting {
        scanned += usize::from(scan_one(office, scanner, school, id).await?);
    }
    Ok(scanned)
}

/// Whether there was anything to scan: what was sealed with a key that is lost stays closed.
async fn scan_one(
    office: &Office,
    scanner: &Scanner,
    school: SchoolId,
    id: EvidenceId,
) -> Result<bool, ScanningError> {
    let keyring = Arc::clone(&office.keyring);
    let bytes = office
        .store
        .read(move |tx: &mut Tx| for_the_scanner(tx, &keyring, school, id))
        .await?;
    let Some(bytes) = bytes else {
        return Ok(false);
    };
    let verdict = scanner.scan(&bytes).await?;
    office
        .store
        .act(school, move |act: &mut Act| record(act, id, &verdict))
        .await?;
    Ok(true)
}

/// Records a verdict, once: two programs may have asked.
fn record(act: &mut Act, id: EvidenceId, verdict: &Verdict) -> Result<(), StoreError> {
    let (school, now) = (act.school(), act.at());
    let before: i64 = act
        .tx()
        .query_one(IS_SCANNED, &args![school, id], |row| row.get(0))?;
    if before > 0 {
        return Ok(());
    }
    let (word, found) = match verdict {
        Verdict::Clean => (CLEAN, None),
        Verdict::Found(name) => (REFUSED, Some(name.as_str())),
    };
    act.record(&EVIDENCE_SCAN, &args![id, word, found, now])?;
    act.describe(Entry {
        account: 0,
        job_title: "the scanner",
        act: "scan evidence",
        subject: format!("evidence {id}"),
    });
    Ok(())
}
