//! Profiles: what a school answered for files with the same headings, taken up by the next such file (I-012).

use std::sync::Arc;

use exchange::{InputFile, Kind, Outline};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Act, Entry, SchoolId, StoreError, Tx, args};

use super::Choices;
use super::course::{self, Import};
use super::prepare::options;
use super::records::IMPORT_PROFILE;
use crate::book::fold;
use crate::desk::{Office, Refusal};
use crate::people::Actor;

/// Kept answers for files with the same headings.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What their headings come to.
    pub fingerprint: String,
    /// What people call it.
    pub name: String,
    /// The kind of file, as a word of `exchange::Kind`; empty where the file says it itself.
    pub kind: String,
    /// The answers.
    pub answers: Choices,
    /// When it was kept.
    pub at: calendar::Instant,
    /// By whom.
    pub by: String,
}

/// The part of an import's choices that a profile keeps.
#[derive(Serialize, Deserialize)]
struct Kept {
    choices: Choices,
}

const ANY: &str =
    "select 1 from import_profile where school_id = $1 and superseded_seq is null limit 1";
const ALL: &str = "\
select p.fingerprint, p.name, p.kind, p.answers, e.at, a.name from import_profile p
join journal_entry e on e.school_id = p.school_id and e.seq = p.seq
left join account a on a.account_id = e.account_id
where p.school_id = $1 and p.superseded_seq is null order by p.name, p.fingerprint";

pub(super) const STATEMENTS: &[&str] = &[ANY, ALL];

/// Every profile of a school, by name.
pub fn all(tx: &mut Tx, school: SchoolId) -> Result<Vec<Profile>, StoreError> {
    tx.query(ALL, &args![school], |row| {
        let wrong = StoreError::Column {
            index: 3,
            wanted: "answers",
            found: "another text",
        };
        let kept: Kept = serde_json::from_str(row.get(3)?).map_err(|_| wrong)?;
        let by: Option<String> = row.get(5)?;
        Ok(Profile {
            fingerprint: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            answers: kept.choices,
            at: row.get(4)?,
            by: by.unwrap_or_else(|| "somebody".to_owned()),
        })
    })
}

/// The profile with this fingerprint.
pub(super) fn find(
    tx: &mut Tx,
    school: SchoolId,
    fingerprint: &str,
) -> Result<Option<Profile>, StoreError> {
    let all = all(tx, school)?;
    Ok(all.into_iter().find(|one| one.fingerprint == fingerprint))
}

/// What the headings of a table come to, whatever their case and blanks; a table of marks has the same one week after week.
pub(super) fn fingerprint(outline: &Outline) -> String {
    let mut hasher = Sha256::new();
    let mut days_before = false;
    for column in &outline.columns {
        if column.is_mark && days_before {
            continue;
        }
        days_before = column.is_mark;
        match column.is_mark {
            true => hasher.update("days"),
            false => hasher.update(fold(&column.heading)),
        }
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// Keeps answers under a name, in place of those that stood for the same headings.
///
/// Errors: no right to import, or no name.
pub fn keep(
    act: &mut Act,
    actor: &Actor,
    fingerprint: &str,
    name: &str,
    choices: &Choices,
) -> Result<(), Refusal> {
    course::may_import(actor)?;
    if name.trim().is_empty() {
        return Err(Refusal::Wrong("Give the kept answers a name.".to_owned()));
    }
    let choices = Choices {
        // These are answers to one file, not to a kind of file.
        week_beginning: None,
        other_school: None,
        replace: false,
        profile: None,
        ..choices.clone()
    };
    let kind = choices.kind.clone().unwrap_or_default();
    let answers = serde_json::to_string(&Kept { choices }).expect("choices are plain JSON");
    let values = args![fingerprint, name.trim(), kind.as_str(), answers.as_str()];
    act.replace(&IMPORT_PROFILE, &values)?;
    describe(act, actor, "keep answers for imports", fingerprint);
    Ok(())
}

/// Forgets kept answers; files that came in with them stay as they are.
///
/// Errors: [`Refusal::NotFound`] when there are none.
pub fn forget(act: &mut Act, actor: &Actor, fingerprint: &str) -> Result<(), Refusal> {
    course::may_import(actor)?;
    if !act.supersede(&IMPORT_PROFILE, &args![fingerprint])? {
        return Err(Refusal::NotFound);
    }
    describe(act, actor, "forget answers for imports", fingerprint);
    Ok(())
}

fn describe(act: &mut Act, actor: &Actor, what: &'static str, fingerprint: &str) {
    let short: String = fingerprint.chars().take(8).collect();
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: what,
        subject: format!("profile {short}"),
    });
}

/// The outline of an import's file as its choices have it read.
pub(super) fn outline_of(
    office: &Arc<Office>,
    school: SchoolId,
    import: &Import,
) -> Result<Result<Outline, exchange::RefusedFile>, Refusal> {
    let files = course::files(office, school, import.id)?;
    let options = options(&import.choices, office.today().0, Vec::new());
    let read_as = Kind::from_word(&import.kind);
    let kind = options.kind.or(read_as).unwrap_or(Kind::Pupils);
    Ok(match files.as_slice() {
        [file] => {
            let file = InputFile {
                name: &file.name,
                bytes: &file.bytes,
            };
            exchange::outline(&file, kind, &options)
        }
        several => Err(exchange::RefusedFile::SeveralFiles {
            file: import.file_name.clone(),
            count: several.len(),
        }),
    })
}

/// Whether the file is a table whose columns a person could explain.
pub(super) fn is_a_table(
    office: &Arc<Office>,
    school: SchoolId,
    import: &Import,
) -> Result<bool, Refusal> {
    let outline = outline_of(office, school, import)?;
    Ok(outline.is_ok_and(|outline| outline.columns.len() > 1))
}

/// An import with the answers that were kept for its headings, where nothing else was answered for it.
pub(super) fn with_kept_answers(
    office: &Arc<Office>,
    school: SchoolId,
    import: Import,
) -> Result<Import, Refusal> {
    let own = &import.choices;
    let answered = own.profile.is_some()
        || own.encoding.is_some()
        || own.sheet.is_some()
        || own.heading_line.is_some()
        || own.day_first
        || !own.headings.is_empty();
    let any = office
        .store
        .read_now(move |tx| tx.query_opt(ANY, &args![school], |row| row.get::<i64>(0)))?;
    if answered || any.is_none() {
        return Ok(import);
    }
    let Ok(outline) = outline_of(office, school, &import)? else {
        return Ok(import);
    };
    let wanted = fingerprint(&outline);
    let found = office.store.read_now(move |tx| find(tx, school, &wanted))?;
    let Some(profile) = found else {
        return Ok(import);
    };
    let kept = profile.answers;
    // Headings are compared without case and accents; the reader wants them as this file writes them.
    let headings = outline.columns.iter().filter_map(|column| {
        let wanted = fold(&column.heading);
        let mut kept = kept.headings.iter();
        let (_, key) = kept.find(|(own, _)| fold(own) == wanted)?;
        Some((column.heading.clone(), key.clone()))
    });
    let headings = headings.collect();
    let choices = Choices {
        kind: own.kind.clone().or(kept.kind),
        source: own.source.clone().or(kept.source),
        sensitive: own.sensitive && kept.sensitive,
        month_first: own.month_first || kept.month_first,
        profile: Some(profile.fingerprint),
        week_beginning: own.week_beginning,
        other_school: own.other_school.clone(),
        replace: own.replace,
        headings,
        ..kept
    };
    course::choose(office, school, import.id, &choices)?;
    Ok(Import { choices, ..import })
}

#[cfg(test)]
mod tests {
    use super::*;
    use exchange::OutlineColumn;

    fn of(headings: &[(&str, bool)]) -> String {
        let column = |(heading, is_mark): &(&str, bool)| OutlineColumn {
            heading: (*heading).to_owned(),
            is_mark: *is_mark,
            ..OutlineColumn::default()
        };
        fingerprint(&Outline {
            columns: headings.iter().map(column).collect(),
            ..Outline::default()
        })
    }

    #[test]
    fn next_weeks_marks_have_the_fingerprint_of_this_weeks_and_another_heading_has_not() {
        let this = of(&[
            ("Adno", false),
            ("09/11/2026 AM", true),
            ("09/11/2026 PM", true),
        ]);
        let next = of(&[("ADNO", false), ("16/11/2026 AM", true)]);
        assert_eq!(this, next);
        assert_ne!(this, of(&[("UPN", false), ("16/11/2026 AM", true)]));
    }
}
