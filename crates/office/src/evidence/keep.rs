//! Keeping a file, opening it, taking it away, and destroying its bytes when its row is erased.

use calendar::{Day, Instant};
use sha2::{Digest, Sha256};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::file::{Closed, EvidenceFile, GivenBy, Scan, of_report, one};
use super::kind::Received;
use super::may::{may_file, opens};
use super::records::EVIDENCE_FILE;
use crate::desk::{Office, Refusal};
use crate::ids::{AccountId, ContactId, EvidenceId, PupilId, ReportId};
use crate::people::{Actor, Keyring};

/// So many files come by one link in a day: with each of twenty it is a working day's scanning.
const MOST_BY_LINK: i64 = 20;

const SAME: &str = "\
select evidence_id from evidence_file
where school_id = $1 and sha256 = $2 and withdrawn is null and superseded_seq is null
  and coalesce(report_id, 0) = $3 and coalesce(pupil_id, 0) = $4";
const BY_LINK: &str = "\
select count(*) from evidence_file f join absence_report r on r.school_id = f.school_id and r.report_id = f.report_id and r.superseded_seq is null
where f.school_id = $1 and r.contact_id = $2 and f.given_by = 'family' and f.came_at >= $3 and f.superseded_seq is null";
const KEEP: &str =
    "insert into evidence_content (school_id, evidence_id, sealed) values ($1, $2, $3)";
const CONTENT: &str =
    "select sealed from evidence_content where school_id = $1 and evidence_id = $2";
const DESTROY: &str = "delete from evidence_content where school_id = $1 and evidence_id = $2";
const HELD: &str = "\
select count(*) from legal_hold where school_id = $1 and pupil_id = $2 and superseded_seq is null and released_on is null";
const WITHOUT_FILE: &str = "\
delete from evidence_content where school_id = $1 and not exists (
    select 1 from evidence_file f where f.school_id = evidence_content.school_id and f.evidence_id = evidence_content.evidence_id)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[SAME, BY_LINK, KEEP, CONTENT, DESTROY, HELD, WITHOUT_FILE];

/// What a file is given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenFor {
    /// Whose it is, if that is certain.
    pub pupil: Option<PupilId>,
    /// The report that it comes with.
    pub report: Option<ReportId>,
    /// By which way.
    pub by: GivenBy,
    /// Who of the office gives it.
    pub account: Option<AccountId>,
    /// What it is; may be empty.
    pub words: String,
    /// The last day that it is about.
    pub about_day: Day,
}

/// What a file is sealed for.
pub(crate) fn sealed_for(school: SchoolId, id: EvidenceId) -> String {
    format!("evidence {id} of school {}", school.0)
}

/// Keeps a file, sealed; none where the very same is kept for the same report or pupil already. Whoever calls it describes the act and has checked
/// access.
///
/// Rule: I-029. Errors: it could not be sealed; the database did not answer.
pub(crate) fn keep(
    act: &mut Act,
    keyring: &Keyring,
    given: &GivenFor,
    file: &Received,
) -> Result<Option<EvidenceId>, Refusal> {
    let (school, now) = (act.school(), act.at());
    let digest: String = Sha256::digest(file.bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let whose = given.pupil.map_or(0, |pupil| pupil.0);
    let of = given.report.map_or(0, |report| report.0);
    let same: Vec<EvidenceId> =
        act.tx()
            .query(SAME, &args![school, digest.as_str(), of, whose], |row| {
                row.get(0)
            })?;
    if !same.is_empty() {
        return Ok(None);
    }
    let id = EvidenceId(act.new_id());
    let sealed = keyring
        .seal(&sealed_for(school, id), file.bytes())
        .map_err(|error| {
            tracing::error!(%error, "a file could not be sealed");
            Refusal::Wrong("The file could not be sealed, so it was not kept.".to_owned())
        })?;
    let kept = EvidenceFile {
        id,
        pupil: given.pupil,
        report: given.report,
        kind: file.kind(),
        byte_count: file.bytes().len() as i64,
        sha256: digest,
        given_by: given.by,
        account: given.account,
        words: given.words.clone(),
        about_day: given.about_day,
        came_at: now,
        withdrawn: None,
        scan: Scan::NotScanned,
    };
    act.record(&EVIDENCE_FILE, &kept.values())?;
    act.tx()
        .execute(KEEP, &args![school, id, sealed.as_slice()])?;
    Ok(Some(id))
}

/// Whether a family may send another file by its link today.
///
/// Errors: the database did not answer.
pub(crate) fn has_room(
    tx: &mut Tx,
    school: SchoolId,
    contact: ContactId,
    now: Instant,
) -> Result<bool, StoreError> {
    let since = now.plus_seconds(-24 * 60 * 60);
    let came: i64 = tx.query_one(BY_LINK, &args![school, contact, since], |row| row.get(0))?;
    Ok(came < MOST_BY_LINK)
}

/// Keeps files that somebody of the office gives for a report or a pupil; answers how many are new.
///
/// Errors: [`Refusal::NotFound`] for somebody who files no evidence of this pupil; as the family's own upload.
pub fn file_by_office(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    given: &GivenFor,
    files: &[Received],
) -> Result<usize, Refusal> {
    let (today, _) = act.at().in_london();
    if !may_file(act.tx(), actor, given.pupil, today)? {
        return Err(Refusal::NotFound);
    }
    let mut kept = Vec::new();
    for file in files {
        kept.extend(keep(act, keyring, given, file)?);
    }
    if let Some(first) = kept.first() {
        act.describe(actor.entry("file evidence", format!("evidence {first}")));
        act.note("files", &kept.len().to_string());
    }
    Ok(kept.len())
}

/// Lets the files of a report follow it to whom it turned out to be about, and to its days.
///
/// Errors: the database did not answer.
pub(crate) fn follow(
    act: &mut Act,
    report: ReportId,
    pupil: Option<PupilId>,
    about_day: Day,
) -> Result<(), StoreError> {
    let school = act.school();
    for file in of_report(act.tx(), school, report)? {
        let followed = EvidenceFile {
            pupil,
            about_day,
            ..file
        };
        act.replace(&EVIDENCE_FILE, &followed.values())?;
    }
    Ok(())
}

/// A file as it is handed out: under our own name, with the content type of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOut {
    /// A name that says nothing: `evidence-12.pdf`.
    pub name: String,
    /// The fixed content type.
    pub content_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Opens a file for somebody, who is written down with it.
///
/// Rule: I-029; B-444, every reading of what is about health is written down. `warned` says that they read that nobody has scanned it. Errors: [`Refusal::NotFound`] for somebody who does not open the evidence of
/// this pupil; [`Refusal::Wrong`] for one that is closed.
pub fn open(
    act: &mut Act,
    actor: &Actor,
    office: &Office,
    id: EvidenceId,
    warned: bool,
) -> Result<HandedOut, Refusal> {
    let school = act.school();
    let (today, _) = act.at().in_london();
    let file = one(act.tx(), school, id)?.ok_or(Refusal::NotFound)?;
    if !opens(act.tx(), actor, file.pupil, today)? {
        return Err(Refusal::NotFound);
    }
    if let Some(closed) = file.closed(office.scanner.is_some()) {
        return Err(Refusal::Wrong(closed_in_words(closed).to_owned()));
    }
    if file.scan == Scan::NotScanned && !warned {
        let ground = "Nobody has scanned this file. Read the warning on its page first.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let sealed: Vec<u8> = act
        .tx()
        .query_one(CONTENT, &args![school, id], |row| row.get(0))?;
    let bytes = opened(&office.keyring, school, id, &sealed)?;
    act.describe(actor.entry("open evidence", format!("evidence {id}")));
    Ok(HandedOut {
        name: format!("evidence-{id}.{}", file.kind.word()),
        content_type: file.kind.content_type(),
        bytes,
    })
}

fn opened(
    keyring: &Keyring,
    school: SchoolId,
    id: EvidenceId,
    sealed: &[u8],
) -> Result<Vec<u8>, Refusal> {
    keyring
        .open_sealed(&sealed_for(school, id), sealed)
        .map_err(|error| {
            Refusal::Wrong(format!(
                "The file cannot be opened: {error}. Ask the family for it again."
            ))
        })
}

/// The bytes of a file, for the scanner alone; none for one whose bytes are gone or were sealed with another key.
///
/// Errors: the database did not answer.
pub(super) fn for_the_scanner(
    tx: &mut Tx,
    keyring: &Keyring,
    school: SchoolId,
    id: EvidenceId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed: Option<Vec<u8>> = tx.query_opt(CONTENT, &args![school, id], |row| row.get(0))?;
    Ok(sealed.and_then(|sealed| opened(keyring, school, id, &sealed).ok()))
}

/// What a person reads who cannot open a file.
pub(super) fn closed_in_words(closed: Closed) -> &'static str {
    match closed {
        Closed::Refused => {
            "The scanner found something harmful in this file. It stays closed for everybody (I-029). Ask the family for a photo or a paper copy."
        }
        Closed::Withdrawn => "This file was taken away.",
        Closed::WaitsForScanner => {
            "The scanner has not looked at this file yet. It opens as soon as nothing is found in it (I-029); look again in a minute."
        }
    }
}

/// Takes a file away, such as one about another child: its bytes are destroyed at once, that there was one stays with the reason.
///
/// Errors: [`Refusal::NotFound`] for somebody who files no evidence of this pupil; [`Refusal::Wrong`] without a reason, for one that is gone, and
/// while a legal hold stands.
pub fn withdraw(
    act: &mut Act,
    actor: &Actor,
    id: EvidenceId,
    why: &str,
) -> Result<EvidenceFile, Refusal> {
    let wrong = |ground: &str| Refusal::Wrong(ground.to_owned());
    let school = act.school();
    let (today, _) = act.at().in_london();
    let file = one(act.tx(), school, id)?.ok_or(Refusal::NotFound)?;
    if !may_file(act.tx(), actor, file.pupil, today)? {
        return Err(Refusal::NotFound);
    }
    if why.is_empty() || why.chars().count() > 300 || why.contains('\0') {
        return Err(wrong("Give the reason, in 300 letters at most."));
    }
    if file.withdrawn.is_some() {
        return Err(wrong("It was taken away already."));
    }
    let held: i64 = act
        .tx()
        .query_one(HELD, &args![school, file.pupil], |row| row.get(0))?;
    if held > 0 {
        return Err(wrong(
            "A legal hold stands for this pupil: nothing of their record is destroyed until it is released.",
        ));
    }
    let gone = EvidenceFile {
        withdrawn: Some(why.to_owned()),
        ..file
    };
    act.replace(&EVIDENCE_FILE, &gone.values())?;
    act.tx().execute(DESTROY, &args![school, id])?;
    act.describe(actor.entry("take evidence away", format!("evidence {id}")));
    Ok(gone)
}

/// Destroys the bytes of files whose rows were erased with a pupil's record.
///
/// Errors: the database did not answer.
pub(crate) fn destroy_erased(tx: &mut Tx, school: SchoolId) -> Result<u64, StoreError> {
    tx.execute(WITHOUT_FILE, &args![school])
}
