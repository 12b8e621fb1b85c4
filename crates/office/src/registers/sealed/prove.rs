//! Proving a copy in hand: that it is a file that was sealed here, and that the journal still has the hash that it bears.

use calendar::{Instant, Month};
use sha2::{Digest, Sha256};
use store::{SchoolId, StoreError, Tx, args, journal};

use super::contents::in_hex;
use super::kept::unpacked;
use crate::desk::school_name;

pub(super) const BY_DIGEST: &str = "\
select c.school_id, c.copy_id, c.month, c.head_seq, c.head_hash, c.seq, j.at, f.name
from sealed_file f
join sealed_copy c on c.school_id = f.school_id and c.copy_id = f.copy_id
join journal_entry j on j.school_id = c.school_id and j.seq = c.seq
where f.sha256 = $1 order by c.school_id, c.copy_id";

pub(super) const DIGESTS: &str = "\
select f.school_id, f.copy_id, f.name, f.sha256, f.byte_count, b.bytes
from sealed_file f
left join sealed_content b on b.school_id = f.school_id and b.copy_id = f.copy_id and b.name = f.name
order by f.school_id, f.copy_id, f.name";

pub(super) const LEFT_OVER: &str = "\
select b.school_id, b.copy_id, b.name from sealed_content b
where not exists (select 1 from sealed_file f
                  where f.school_id = b.school_id and f.copy_id = b.copy_id and f.name = b.name)
order by b.school_id, b.copy_id, b.name";

/// A file in hand that was sealed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The name of the school.
    pub school: String,
    /// The file's own name in the copy.
    pub name: String,
    /// Of which month.
    pub month: Month,
    /// The number of the copy.
    pub copy: i64,
    /// The number of the act that sealed it.
    pub sealed_by: i64,
    /// When that was.
    pub sealed_at: Instant,
    /// The journal's number on the copy.
    pub head_seq: i64,
    /// The journal's hash on the copy.
    pub head_hash: String,
    /// Whether the journal still has that hash at that number.
    pub is_in_journal: bool,
}

/// What is known of a file in hand: one entry for each copy that holds it; none where it was never sealed here.
///
/// It says nothing of the chain between the copy and today: `rollbook verify` walks that.
pub fn prove_file(tx: &mut Tx, bytes: &[u8]) -> Result<Vec<Proved>, StoreError> {
    let digest = in_hex(&Sha256::digest(bytes));
    let found = tx.query(BY_DIGEST, &args![&digest], |row| {
        Ok((
            row.get::<SchoolId>(0)?,
            Proved {
                school: String::new(),
                copy: row.get(1)?,
                month: Month::of(row.get(2)?),
                head_seq: row.get(3)?,
                head_hash: row.get(4)?,
                sealed_by: row.get(5)?,
                sealed_at: row.get(6)?,
                name: row.get(7)?,
                is_in_journal: false,
            },
        ))
    })?;
    let mut proved = Vec::with_capacity(found.len());
    for (school, one) in found {
        let entry = journal::entry(tx, school, one.head_seq)?;
        proved.push(Proved {
            school: school_name(tx, school)?,
            is_in_journal: entry.is_some_and(|entry| in_hex(&entry.hash) == one.head_hash),
            ..one
        });
    }
    Ok(proved)
}

/// Whether kept bytes are the file of this size and digest.
fn is_sealed(kept: &[u8], byte_count: i64, digest: &str) -> bool {
    unpacked(kept, byte_count).is_some_and(|file| in_hex(&Sha256::digest(file)) == digest)
}

/// Looks at the kept bytes of every copy: how many files are as they were sealed, and in words which are not.
pub fn prove_kept(tx: &mut Tx) -> Result<(usize, Vec<String>), StoreError> {
    tx.lift_time_limit()?;
    let (mut good, mut differing) = (0, Vec::new());
    tx.each(DIGESTS, &args![], |row| {
        let place = format!(
            "school {}, sealed copy {}, {}",
            row.get::<i64>(0)?,
            row.get::<i64>(1)?,
            row.get::<&str>(2)?
        );
        match row.get::<Option<&[u8]>>(5)? {
            None => differing.push(format!("{place}: the file is gone")),
            Some(bytes) if is_sealed(bytes, row.get(4)?, row.get(3)?) => good += 1,
            Some(_) => differing.push(format!("{place}: the file is not the one that was sealed")),
        }
        Ok::<_, StoreError>(())
    })?;
    tx.each(LEFT_OVER, &args![], |row| {
        differing.push(format!(
            "school {}, sealed copy {}, {}: no act sealed this file",
            row.get::<i64>(0)?,
            row.get::<i64>(1)?,
            row.get::<&str>(2)?
        ));
        Ok::<_, StoreError>(())
    })?;
    Ok((good, differing))
}
