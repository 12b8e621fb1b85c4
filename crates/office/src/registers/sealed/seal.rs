//! Sealing: reading both registers on one snapshot, setting them on paper, and recording copy and digests in one act.

use std::sync::Arc;

use calendar::{Instant, Month};
use sha2::{Digest, Sha256};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::contents::{self, Contents, in_hex};
use super::kept;
use super::may_seal;
use super::records::{SEALED_COPY, SEALED_FILE};
use crate::desk::{Office, Refusal};
use crate::ids::AccountId;
use crate::people::Actor;

/// So many steps are told of: reading, each register on paper, recording.
pub const STEPS: u64 = 4;

pub(super) const KEEP: &str =
    "insert into sealed_content (school_id, copy_id, name, bytes) values ($1, $2, $3, $4)";

/// The program itself as somebody who makes copies: what the journal says of a copy that nobody asked for.
pub fn by_itself(school: SchoolId) -> Actor {
    Actor {
        account: AccountId(0),
        school,
        name: "Rollbook".to_owned(),
        job_title: "by itself after the end of the month".to_owned(),
        staff: None,
        roles: vec![crate::people::Role::Headteacher],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: crate::people::Limits::NONE,
    }
}

/// Which copy is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// One in any case, beside those that there are.
    Another,
    /// One if there is none yet.
    TheFirst,
}

/// Makes a sealed copy of both registers of a month, and answers its number; none where there is one already and only
/// [`Wish::TheFirst`] was asked for.
///
/// Rule: R-009 (L). The registers are read on one snapshot; setting them takes seconds, in which acts go on, so a copy says at
/// which number of the journal it was read. Recording it is an act, which puts the digests of its files into the journal.
/// `told` hears of each of the [`STEPS`].
///
/// Waits on this thread. Errors: not for this person, a month that has not begun, nothing to print with.
pub fn seal(
    office: &Arc<Office>,
    maker: &Actor,
    month: Month,
    wish: Wish,
    told: &mut dyn FnMut(u64),
) -> Result<Option<i64>, Refusal> {
    if !may_seal(maker) {
        return Err(Refusal::NotFound);
    }
    let now = office.now();
    let (today, _) = now.in_london();
    if month.first() > today {
        return Err(Refusal::Wrong(format!(
            "{} has not begun. Choose a month that has.",
            month.name()
        )));
    }
    told(0);
    let (reading, actor) = (Arc::clone(office), maker.clone());
    let read = office.store.read_now(move |tx| {
        tx.lift_time_limit()?;
        if wish == Wish::TheFirst && is_made(tx, actor.school, month)? {
            return Ok(None);
        }
        let book = reading.shelf.book(tx, actor.school)?;
        contents::read(tx, &book, &actor, month, now).map(Some)
    });
    let Some(mut contents) = read? else {
        return Ok(None);
    };
    let mut files: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for (step, (name, paper)) in std::mem::take(&mut contents.papers).into_iter().enumerate() {
        told(step as u64 + 1);
        files.push((name, office.print(&paper)?));
    }
    told(STEPS - 1);
    files.extend(std::mem::take(&mut contents.files));
    let files: Vec<SealedFile> = files.into_iter().map(SealedFile::of).collect();
    let maker = maker.clone();
    office.store.act_now(maker.school, move |act| {
        if wish == Wish::TheFirst && is_made(act.tx(), maker.school, month)? {
            return Ok(None);
        }
        Ok::<_, Refusal>(Some(record(act, &maker, &contents, now, &files)?))
    })
}

/// A file of a copy, ready to be recorded: digested and packed before the act, so that nobody's save waits for it.
struct SealedFile {
    name: &'static str,
    digest: String,
    byte_count: i64,
    packed: Vec<u8>,
}

impl SealedFile {
    fn of((name, bytes): (&'static str, Vec<u8>)) -> SealedFile {
        SealedFile {
            name,
            digest: in_hex(&Sha256::digest(&bytes)),
            byte_count: bytes.len() as i64,
            packed: kept::packed(&bytes),
        }
    }
}

fn record(
    act: &mut Act,
    maker: &Actor,
    contents: &Contents,
    read_at: Instant,
    files: &[SealedFile],
) -> Result<i64, StoreError> {
    let (school, copy) = (act.school(), act.new_id());
    let month = contents.month;
    let hash = in_hex(&contents.head.hash);
    let row = args![
        copy,
        month.first(),
        contents.head.seq,
        &hash,
        read_at,
        contents.pupils as i64,
        contents.marks as i64
    ];
    act.record(&SEALED_COPY, &row)?;
    for file in files {
        let of_file = args![copy, file.name, &file.digest, file.byte_count];
        act.record(&SEALED_FILE, &of_file)?;
        let kept = args![school, copy, file.name, file.packed.as_slice()];
        act.tx().execute(KEEP, &kept)?;
        act.note(file.name, &file.digest);
    }
    act.describe(maker.entry(
        "seal a copy of the registers",
        format!("{month}, copy {copy}"),
    ));
    Ok(copy)
}

/// Whether there is a copy of this month.
fn is_made(tx: &mut Tx, school: SchoolId, month: Month) -> Result<bool, StoreError> {
    Ok(contents::first_made(tx, school)?.contains_key(&month))
}
