//! Records that wait for a person: who they are is decided once, with a reason, and not asked again (I-031, I-032, I-047).
//!
//! A decision hangs on a fingerprint of what the record says of its identity. It holds for every later file in which the
//! same identity stands, until somebody forgets it. What the record goes on to do is planned like that of any other.

use std::collections::HashMap;

use exchange::{ContactRecord, PupilKey, PupilRecord};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Act, Entry, SchoolId, StoreError, Tx, args};

use super::course::{self, ImportId};
use super::draft::{Draft, Key};
use super::pupils::year_name;
use super::records::SETTLED_RECORD;
use super::report::Ground;
use crate::book::fold;
use crate::desk::Refusal;
use crate::people::Actor;

pub(super) const LEFT_OUT: Ground = Ground {
    code: "LEFT_OUT",
    text: "This record was left out, as decided: {detail}",
    remedy: "Forget the decision if it should be asked again.",
};
pub(super) const IDENTIFIER_TAKEN: Ground = Ground {
    code: "IDENTIFIER_TAKEN",
    text: "{column} {value} belongs to another pupil here and was left out (I-047).",
    remedy: "Find out which of the two has the wrong number.",
};

/// The source under which a pupil or contact made by a decision is remembered.
pub(super) const SOURCE: &str = "settled by hand";

/// Cases kept of one import; a file with more has another trouble.
const KEPT: usize = 500;

/// What kind of record waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CaseKind {
    /// A pupil of a list or a transfer file.
    Pupil,
    /// A contact of a pupil.
    Contact,
    /// The pupil of a mark or a contact, of whom there is nothing but identifiers.
    Identifiers,
}

impl CaseKind {
    const ALL: [CaseKind; 3] = [CaseKind::Pupil, CaseKind::Contact, CaseKind::Identifiers];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            CaseKind::Pupil => "pupil",
            CaseKind::Contact => "contact",
            CaseKind::Identifiers => "identifiers",
        }
    }

    /// The kind of a word of the database.
    pub fn from_word(word: &str) -> Option<CaseKind> {
        CaseKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a person decided of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is this pupil or contact.
    Same(i64),
    /// It is somebody who is not here yet.
    Another,
    /// It is not to be brought in.
    LeaveOut,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Same(_) => "same",
            Verdict::Another => "another",
            Verdict::LeaveOut => "leave out",
        }
    }

    fn of(word: &str, record: Option<i64>) -> Option<Verdict> {
        match (word, record) {
            ("same", Some(id)) => Some(Verdict::Same(id)),
            ("another", _) => Some(Verdict::Another),
            ("leave out", _) => Some(Verdict::LeaveOut),
            _ => None,
        }
    }

    /// As a sentence for people; `name` is whom it means, where it means somebody.
    pub fn sentence(self, name: &str) -> String {
        match self {
            Verdict::Same(_) if name.is_empty() => {
                "It is somebody who is no longer here.".to_owned()
            }
            Verdict::Same(_) => format!("It is {name}."),
            Verdict::Another => "It is somebody else, kept apart.".to_owned(),
            Verdict::LeaveOut => "It is left out.".to_owned(),
        }
    }
}

/// A decision that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// Decisions by kind and fingerprint.
pub(super) type Decisions = HashMap<(CaseKind, String), Settled>;

/// A record that waits, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its kind.
    pub kind: CaseKind,
    /// What its identity comes to.
    pub fingerprint: String,
    /// Its line in the file.
    pub line: u32,
    /// Who it is, in the words of the file.
    pub record: String,
    /// Why it waits.
    pub message: String,
    /// What the file says of it: name of the fact, value.
    pub says: Vec<(String, String)>,
    /// The pupils or contacts here whom it may mean.
    pub may_be: Vec<i64>,
    /// Whether it can be brought in as somebody new.
    pub may_be_new: bool,
}

fn digest<'a>(kind: CaseKind, parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(kind.word());
    for part in parts {
        hasher.update([0]);
        hasher.update(fold(part));
    }
    hasher
        .finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn identifiers(key: &PupilKey) -> [&str; 3] {
    [
        key.source_id.as_ref().map_or("", |id| &id.id),
        key.upn.as_ref().map_or("", |upn| upn.as_str()),
        key.admission_number.as_deref().unwrap_or_default(),
    ]
}

/// The identity of a pupil in a list: identifiers, name and birth day.
pub(super) fn of_pupil(record: &PupilRecord) -> String {
    let birth = record.birth_date.map(|day| day.to_string());
    let former = record.former_upn.map(|upn| upn.to_string());
    let rest = [
        former.as_deref().unwrap_or_default(),
        record.legal_surname.as_str(),
        record.legal_forename.as_str(),
        birth.as_deref().unwrap_or_default(),
    ];
    digest(
        CaseKind::Pupil,
        identifiers(&record.key).into_iter().chain(rest),
    )
}

/// The identity of a pupil of whom there are only identifiers.
pub(super) fn of_identifiers(key: &PupilKey) -> String {
    digest(CaseKind::Identifiers, identifiers(key))
}

/// The identity of a contact of a pupil here: name, part, numbers.
pub(super) fn of_contact(pupil: i64, record: &ContactRecord, numbers: &[String]) -> String {
    let pupil = pupil.to_string();
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let own = [
        pupil,
        said(&record.forename),
        said(&record.surname),
        said(&record.relationship),
    ];
    let parts = own.iter().chain(numbers).map(String::as_str);
    digest(CaseKind::Contact, parts)
}

/// What the file says of a pupil, for a person to compare.
pub(super) fn said_of_pupil(record: &PupilRecord) -> Vec<(String, String)> {
    let day = |day: Option<calendar::Day>| day.map(calendar::Day::long).unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let address = record.address.as_ref().map(|address| {
        let mut parts = address.lines.clone();
        parts.extend(address.town.clone());
        parts.extend(address.postcode.clone());
        parts.join(", ")
    });
    let key = &record.key;
    let facts = [
        ("Surname", record.legal_surname.clone()),
        ("Forename", record.legal_forename.clone()),
        ("Middle names", text(record.middle_names.as_deref())),
        ("Date of birth", day(record.birth_date)),
        (
            "Sex",
            text(record.sex.as_ref().and_then(|sex| sex.code.as_deref())),
        ),
        ("UPN", text(key.upn.as_ref().map(|upn| upn.as_str()))),
        (
            "Former UPN",
            text(record.former_upn.as_ref().map(|upn| upn.as_str())),
        ),
        ("Admission number", text(key.admission_number.as_deref())),
        (
            "Year group",
            record
                .year_group
                .as_ref()
                .and_then(|year| year.code.as_deref())
                .map(year_name)
                .unwrap_or_default(),
        ),
        ("Tutor group", text(record.registration_group.as_deref())),
        ("Starting day", day(record.starting_day)),
        ("Leaving day", day(record.leaving_day)),
        ("Address", address.unwrap_or_default()),
    ];
    named(facts)
}

/// What the file says of a pupil by identifiers only.
pub(super) fn said_of_key(key: &PupilKey, name: &str) -> Vec<(String, String)> {
    let [source, upn, admission] = identifiers(key);
    named([
        ("Name", name.to_owned()),
        ("UPN", upn.to_owned()),
        ("Admission number", admission.to_owned()),
        ("The system's own number", source.to_owned()),
    ])
}

/// Why a record waits, with the number that it is about.
pub(super) fn why(ground: &Ground, key: &PupilKey) -> String {
    let number = key.admission_number.as_deref().unwrap_or_default();
    ground.text.replace("{value}", number)
}

/// What was decided of a pupil by identifiers only, while whom it means is here.
pub(super) fn by_identifiers(draft: &Draft, key: &PupilKey) -> Option<Verdict> {
    let known = draft
        .settled
        .get(&(CaseKind::Identifiers, of_identifiers(key)))?;
    match known.verdict {
        Verdict::Same(id) if !draft.pupil_at.contains_key(&Key::Known(id)) => None,
        verdict => Some(verdict),
    }
}

/// The pupil of a mark or contact as a case.
pub(super) fn case_of_identifiers(
    draft: &Draft,
    key: &PupilKey,
    name: &str,
    line: u32,
    ground: &Ground,
    may_be: &[usize],
) -> Case {
    Case {
        kind: CaseKind::Identifiers,
        fingerprint: of_identifiers(key),
        line,
        record: name.to_owned(),
        message: why(ground, key),
        says: said_of_key(key, name),
        may_be: draft.pupil_ids(may_be),
        may_be_new: false,
    }
}

/// Facts with names, without those that are empty.
pub(super) fn named<const N: usize>(facts: [(&str, String); N]) -> Vec<(String, String)> {
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    known
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

const DECISIONS: &str = "\
select record_kind, fingerprint, verdict, record_id, reason from settled_record
where school_id = $1 and superseded_seq is null";
const LISTED: &str = "\
select s.record_kind, s.fingerprint, s.verdict, s.record_id, s.reason, s.label, s.import_id, e.at, a.name
from settled_record s
join journal_entry e on e.school_id = s.school_id and e.seq = s.seq
left join account a on a.account_id = e.account_id
where s.school_id = $1 and s.superseded_seq is null order by s.seq desc, s.label limit 1000";
const CLEAR_CASES: &str = "delete from import_case where school_id = $1 and import_id = $2";
const NEW_CASE: &str =
    "insert into import_case (school_id, import_id, number, body) values ($1, $2, $3, $4)";
const CASES: &str =
    "select body from import_case where school_id = $1 and import_id = $2 order by number";

pub(super) const STATEMENTS: &[&str] = &[DECISIONS, LISTED, CLEAR_CASES, NEW_CASE, CASES];

/// Every decision that stands.
pub(super) fn decisions(tx: &mut Tx, school: SchoolId) -> Result<Decisions, StoreError> {
    let rows = tx.query(DECISIONS, &args![school], |row| {
        let (kind, word): (&str, &str) = (row.get(0)?, row.get(2)?);
        let key = CaseKind::from_word(kind).map(|kind| (kind, row.get::<String>(1)));
        let Some((kind, fingerprint)) = key else {
            return Ok(None);
        };
        let verdict = Verdict::of(word, row.get(3)?);
        let reason: String = row.get(4)?;
        let settled = verdict.map(|verdict| Settled { verdict, reason });
        Ok(Some((kind, fingerprint?)).zip(settled))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

/// A decision as the list of them shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The kind of record.
    pub kind: CaseKind,
    /// Its fingerprint.
    pub fingerprint: String,
    /// What was decided, and why.
    pub settled: Settled,
    /// Who the record is in the words of the file.
    pub label: String,
    /// The import that asked.
    pub import: ImportId,
    /// When.
    pub at: calendar::Instant,
    /// By whom.
    pub by: String,
}

/// The decisions that stand, newest first; 1,000 at most.
pub fn listed(tx: &mut Tx, school: SchoolId) -> Result<Vec<Listed>, StoreError> {
    let rows = tx.query(LISTED, &args![school], |row| {
        let kind = CaseKind::from_word(row.get(0)?);
        let verdict = Verdict::of(row.get(2)?, row.get(3)?);
        let Some((kind, verdict)) = kind.zip(verdict) else {
            return Ok(None);
        };
        let by: Option<String> = row.get(8)?;
        Ok(Some(Listed {
            kind,
            fingerprint: row.get(1)?,
            settled: Settled {
                verdict,
                reason: row.get(4)?,
            },
            label: row.get(5)?,
            import: row.get(6)?,
            at: row.get(7)?,
            by: by.unwrap_or_else(|| "somebody".to_owned()),
        }))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

/// Keeps the cases of an import in place of those of an earlier look at it.
pub(super) fn keep_cases(
    tx: &mut Tx,
    school: SchoolId,
    import: ImportId,
    cases: &[Case],
) -> Result<(), StoreError> {
    tx.execute(CLEAR_CASES, &args![school, import])?;
    for (number, case) in cases.iter().take(KEPT).enumerate() {
        let body = serde_json::to_string(case).expect("a case is plain JSON");
        tx.execute(
            NEW_CASE,
            &args![school, import, number as i64, body.as_str()],
        )?;
    }
    Ok(())
}

/// The records of an import that wait for a person, in the order of the file; 500 at most.
pub fn cases(tx: &mut Tx, school: SchoolId, import: ImportId) -> Result<Vec<Case>, StoreError> {
    tx.query(CASES, &args![school, import], |row| {
        let wrong = StoreError::Column {
            index: 0,
            wanted: "a case",
            found: "another text",
        };
        serde_json::from_str(row.get(0)?).map_err(|_| wrong)
    })
}

/// Keeps what a person decided of records of an import, each in the journal with its reason.
///
/// Errors: [`Refusal::Wrong`] for a case that the import does not have, a choice that was not offered or a missing reason;
/// then nothing is kept.
pub fn settle(
    act: &mut Act,
    actor: &Actor,
    import: ImportId,
    verdicts: &[(String, Verdict)],
    reason: &str,
) -> Result<(), Refusal> {
    course::may_import(actor)?;
    if reason.trim().is_empty() {
        return Err(Refusal::Wrong(
            "Give the reason; the journal keeps it with each decision.".to_owned(),
        ));
    }
    if verdicts.is_empty() {
        return Err(Refusal::Wrong("Nothing was decided yet.".to_owned()));
    }
    let school = act.school();
    let known = cases(act.tx(), school, import)?;
    for (fingerprint, verdict) in verdicts {
        let case = known.iter().find(|case| case.fingerprint == *fingerprint);
        let offered = case.filter(|case| match verdict {
            Verdict::Same(id) => case.may_be.contains(id),
            Verdict::Another => case.may_be_new,
            Verdict::LeaveOut => true,
        });
        let Some(case) = offered else {
            return Err(Refusal::Wrong(
                "The file was looked at again meanwhile. Look at its held records once more."
                    .to_owned(),
            ));
        };
        let record = match verdict {
            Verdict::Same(id) => Some(*id),
            Verdict::Another | Verdict::LeaveOut => None,
        };
        let values = args![
            case.kind.word(),
            fingerprint.as_str(),
            verdict.word(),
            record,
            reason.trim(),
            case.record.as_str(),
            import
        ];
        act.replace(&SETTLED_RECORD, &values)?;
    }
    act.note("reason", reason.trim());
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "settle held records",
        subject: format!("import {}", import.0),
    });
    Ok(())
}

/// Forgets a decision, so that the next file asks again. What was brought in by it stays.
///
/// Errors: [`Refusal::NotFound`] when there is none.
pub fn forget(
    act: &mut Act,
    actor: &Actor,
    kind: CaseKind,
    fingerprint: &str,
) -> Result<(), Refusal> {
    course::may_import(actor)?;
    if !act.supersede(&SETTLED_RECORD, &args![kind.word(), fingerprint])? {
        return Err(Refusal::NotFound);
    }
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "forget a settled record",
        subject: format!("record {}", &fingerprint[..8.min(fingerprint.len())]),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(surname: &str, upn: &str) -> PupilRecord {
        PupilRecord {
            key: PupilKey {
                upn: exchange::upn::check(upn).ok(),
                ..PupilKey::default()
            },
            legal_surname: surname.to_owned(),
            legal_forename: "Sam".to_owned(),
            ..PupilRecord::default()
        }
    }

    #[test]
    fn a_record_is_known_again_however_its_name_is_written_and_told_from_another() {
        let first = of_pupil(&record("Óbrien", "E823499826001"));
        assert_eq!(first, of_pupil(&record("OBRIEN", "E823499826001")));
        assert_ne!(first, of_pupil(&record("Obrian", "E823499826001")));
        assert_ne!(first, of_pupil(&record("Obrien", "U823499826002")));
    }
}
