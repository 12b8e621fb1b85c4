//! The course of an import as rows: received, refused or previewed, applied or cancelled; its sealed file; its findings.

use std::collections::HashMap;
use std::sync::Arc;

use calendar::Instant;
use sha2::{Digest, Sha256};
use store::{Act, Arg, Entry, FromColumn, SchoolId, Store, StoreError, Tx, args, held};

use super::Choices;
use super::columns::is_closed_to;
use super::prepare::{ColumnFate, Preview, options};
use super::report::Finding;
use super::settle::{self, Case};
use crate::desk::{Office, Refusal, all_schools};
use crate::ids::AccountId;
use crate::people::{Actor, Place};

/// The number of an import within its school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportId(pub i64);

impl From<ImportId> for Arg<'_> {
    fn from(id: ImportId) -> Self {
        Arg::Int(id.0)
    }
}

impl FromColumn<'_> for ImportId {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        i64::from_column(value).map(ImportId)
    }
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The file is here and not read yet.
    Received,
    /// The file as a whole cannot be read.
    Refused,
    /// A person may look at what it would do.
    Previewed,
    /// It is being written.
    Applying,
    /// It is done.
    Applied,
    /// A person said no.
    Cancelled,
    /// It was done and taken back.
    Undone,
}

impl State {
    const ALL: [(State, &'static str); 7] = [
        (State::Received, "received"),
        (State::Refused, "refused"),
        (State::Previewed, "previewed"),
        (State::Applying, "applying"),
        (State::Applied, "applied"),
        (State::Cancelled, "cancelled"),
        (State::Undone, "undone"),
    ];

    /// The word in the database, which is also the word on screens.
    pub fn word(self) -> &'static str {
        let found = State::ALL.iter().find(|(state, _)| *state == self);
        found.map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<State> {
        let found = State::ALL.iter().find(|(_, own)| *own == word);
        found.map(|(state, _)| *state)
    }
}

/// An import as it stands.
#[derive(Clone, Debug)]
pub struct Import {
    /// Its number.
    pub id: ImportId,
    /// The kind of file, as a word of `exchange::Kind`; empty until it is read.
    pub kind: String,
    /// The name of the file, or of the first of a set.
    pub file_name: String,
    /// The hash of its bytes.
    pub file_hash: Vec<u8>,
    /// Where it stands.
    pub state: State,
    /// Who brought it.
    pub account: AccountId,
    /// When.
    pub received_at: Instant,
    /// When it last moved on.
    pub changed_at: Instant,
    /// What was chosen.
    pub choices: Choices,
    /// What it would do or did, once it is read.
    pub preview: Option<Preview>,
    /// Why it was refused, or how it ended.
    pub message: Option<String>,
    /// The job that reads or writes it.
    pub job: Option<i64>,
}

/// A file as it was received.
#[derive(Clone, Debug)]
pub struct ReceivedFile {
    /// Its name; a hint only.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A received file is destroyed after 30 days (I-015).
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

const NEW: &str = "\
insert into import (school_id, import_id, kind, file_name, file_hash, state, account_id, received_at, changed_at, choices, holder)
values ($1, $2, '', $3, $4, 'received', $5, $6, $6, $7, $8)";
const NEW_FILE: &str = "insert into import_file (school_id, import_id, part, name, sealed) values ($1, $2, $3, $4, $5)";
const FILES: &str = "select part, name, sealed from import_file where school_id = $1 and import_id = $2 order by part";
const ONE: &str = "\
select import_id, kind, file_name, file_hash, state, account_id, received_at, changed_at, choices, preview, message, job_id
from import where school_id = $1 and import_id = $2";
const ALL: &str = "\
select import_id, kind, file_name, file_hash, state, account_id, received_at, changed_at, choices, preview, message, job_id
from import where school_id = $1 order by import_id desc limit 200";
const BEFORE: &str = "\
select i.import_id, i.changed_at, a.name from import i join account a on a.account_id = i.account_id
where i.school_id = $1 and i.file_hash = $2 and i.state = 'applied' order by i.import_id desc limit 1";
const MOVE: &str = "\
update import set state = $3, changed_at = $4, kind = $5, preview = $6, message = $7 where school_id = $1 and import_id = $2";
const CHOOSE: &str = "\
update import set choices = $3
where school_id = $1 and import_id = $2 and state in ('received', 'previewed', 'refused')";
const SAY: &str = "update import set message = $3 where school_id = $1 and import_id = $2";
const BEGIN: &str = "\
update import set state = 'applying', changed_at = $3, holder = $4, group_id = null
where school_id = $1 and import_id = $2 and state = 'previewed'";
const CLEAR_FINDINGS: &str = "delete from import_finding where school_id = $1 and import_id = $2";
const NEW_FINDING: &str = "\
insert into import_finding (school_id, import_id, number, file, sheet, line, record, column_name, value, severity, code, message, what_to_do)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
const FINDINGS: &str = "\
select file, sheet, line, record, column_name, value, severity, code, message, what_to_do
from import_finding where school_id = $1 and import_id = $2 and severity <> 'changed' order by number";
const CHANGES: &str = "\
select file, sheet, line, record, column_name, value, severity, code, message, what_to_do
from import_finding where school_id = $1 and import_id = $2 and severity = 'changed' order by number";
const SET_GROUP: &str = "update import set group_id = $3 where school_id = $1 and import_id = $2";
const BEGUN: &str = "\
select school_id, import_id, state, holder, group_id from import where state = 'received' or state = 'applying'";
const INTERRUPTED: &str = "\
update import set state = $4, message = $5 where school_id = $1 and import_id = $2 and state = $3";
const DESTROY: &str = "\
delete from import_file where exists (
    select 1 from import i where i.school_id = import_file.school_id and i.import_id = import_file.import_id and i.received_at < $1)";
const DESTROY_CASES: &str = "\
delete from import_case where exists (
    select 1 from import i where i.school_id = import_case.school_id and i.import_id = import_case.import_id and i.received_at < $1)";

pub(super) const STATEMENTS: &[&str] = &[
    NEW,
    NEW_FILE,
    FILES,
    ONE,
    ALL,
    BEFORE,
    MOVE,
    CHOOSE,
    SAY,
    BEGIN,
    CLEAR_FINDINGS,
    NEW_FINDING,
    FINDINGS,
    SET_GROUP,
    BEGUN,
    CHANGES,
    INTERRUPTED,
    DESTROY,
    DESTROY_CASES,
];

/// Refuses somebody who may not import at all: it takes the right to write every pupil's record (I-016).
pub(super) fn may_import(actor: &Actor) -> Result<(), Refusal> {
    if Place::Imports.is_open_to(actor) {
        return Ok(());
    }
    Err(Refusal::NotAllowed(
        "Only people who keep every pupil's record may import. Ask the attendance manager or the school office."
            .to_owned(),
    ))
}

/// Takes files in, sealed: one import for each file, or one for all where they are a set that belongs together.
///
/// Waits on this thread. Errors: no right to import, nothing given, or no database.
pub fn receive(
    office: &Arc<Office>,
    actor: &Actor,
    files: Vec<ReceivedFile>,
    choices: &Choices,
) -> Result<Vec<ImportId>, Refusal> {
    may_import(actor)?;
    if files.is_empty() {
        return Err(Refusal::Wrong("Choose a file to import.".to_owned()));
    }
    let parted = match files.len() {
        1 => vec![files],
        _ if is_one_set(office, &files, choices) => vec![files],
        _ => files.into_iter().map(|file| vec![file]).collect(),
    };
    parted
        .into_iter()
        .map(|set| keep(office, actor, set, choices))
        .collect()
}

fn is_one_set(office: &Office, files: &[ReceivedFile], choices: &Choices) -> bool {
    let inputs = inputs(files);
    let options = options(choices, office.today().0, Vec::new());
    exchange::read_each(&inputs, &options).len() == 1
}

pub(super) fn inputs(files: &[ReceivedFile]) -> Vec<exchange::InputFile<'_>> {
    files
        .iter()
        .map(|file| exchange::InputFile {
            name: &file.name,
            bytes: &file.bytes,
        })
        .collect()
}

fn keep(
    office: &Arc<Office>,
    actor: &Actor,
    files: Vec<ReceivedFile>,
    choices: &Choices,
) -> Result<ImportId, Refusal> {
    let mut hasher = Sha256::new();
    for file in &files {
        hasher.update((file.bytes.len() as u64).to_be_bytes());
        hasher.update(&file.bytes);
    }
    let hash: [u8; 32] = hasher.finalize().into();
    let choices = serde_json::to_string(choices).expect("choices are plain JSON");
    let (account, keyring) = (actor.account, Arc::clone(office));
    let holder = office.sign()?;
    office.store.act_now(actor.school, move |act: &mut Act| {
        let (school, id, at) = (act.school(), ImportId(act.new_id()), act.at());
        let name = files.first().map_or("", |file| file.name.as_str());
        let choices = choices.as_str();
        let values = args![school, id, name, &hash[..], account, at, choices, holder];
        act.tx().execute(NEW, &values)?;
        for (part, file) in files.iter().enumerate() {
            let sealed = keyring
                .keyring
                .seal(&purpose(school, id, part as i64), &file.bytes)
                .map_err(|error| {
                    Refusal::Wrong(format!("The file could not be sealed: {error}."))
                })?;
            let values = args![
                school,
                id,
                part as i64,
                file.name.as_str(),
                sealed.as_slice()
            ];
            act.tx().execute(NEW_FILE, &values)?;
        }
        Ok::<_, Refusal>(id)
    })
}

/// What a received file is sealed for.
pub(crate) fn purpose(school: SchoolId, import: ImportId, part: i64) -> String {
    format!("file {part} of import {} of school {}", import.0, school.0)
}

/// The files of an import as they were received.
pub(super) fn files(
    office: &Arc<Office>,
    school: SchoolId,
    import: ImportId,
) -> Result<Vec<ReceivedFile>, Refusal> {
    let asked = Arc::clone(office);
    office
        .store
        .read_now(move |tx| files_in(tx, &asked, school, import))
}

fn files_in(
    tx: &mut Tx,
    office: &Arc<Office>,
    school: SchoolId,
    import: ImportId,
) -> Result<Vec<ReceivedFile>, Refusal> {
    let rows = tx.query(FILES, &args![school, import], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<String>(1)?,
            row.get::<Vec<u8>>(2)?,
        ))
    })?;
    if rows.is_empty() {
        return Err(Refusal::Wrong(
            "The file was destroyed, as every received file is after 30 days (I-015). Upload it again."
                .to_owned(),
        ));
    }
    rows.into_iter()
        .map(|(part, name, sealed)| {
            let opened = office
                .keyring
                .open_sealed(&purpose(school, import, part), &sealed);
            let bytes = opened.map_err(|error| {
                Refusal::Wrong(format!(
                    "The file cannot be opened: {error}. Upload it again."
                ))
            })?;
            Ok(ReceivedFile { name, bytes })
        })
        .collect()
}

fn import_of(row: &store::Row<'_>) -> Result<Import, StoreError> {
    let json = |index, wanted| StoreError::Column {
        index,
        wanted,
        found: "another text",
    };
    let choices: String = row.get(8)?;
    let preview: Option<String> = row.get(9)?;
    let preview = preview.map(|text| serde_json::from_str(&text)).transpose();
    Ok(Import {
        id: row.get(0)?,
        kind: row.get(1)?,
        file_name: row.get(2)?,
        file_hash: row.get(3)?,
        state: State::from_word(row.get(4)?).ok_or(json(4, "the state of an import"))?,
        account: AccountId(row.get(5)?),
        received_at: row.get(6)?,
        changed_at: row.get(7)?,
        choices: serde_json::from_str(&choices).map_err(|_| json(8, "choices"))?,
        preview: preview.map_err(|_| json(9, "a preview"))?,
        message: row.get(10)?,
        job: row.get(11)?,
    })
}

/// One import.
///
/// Errors: [`Refusal::NotFound`] when the school has none of this number.
pub fn import(tx: &mut Tx, school: SchoolId, id: ImportId) -> Result<Import, Refusal> {
    tx.query_opt(ONE, &args![school, id], import_of)?
        .ok_or(Refusal::NotFound)
}

/// The newest 200 imports of a school, newest first.
pub fn imports(tx: &mut Tx, school: SchoolId) -> Result<Vec<Import>, StoreError> {
    tx.query(ALL, &args![school], import_of)
}

/// The findings of an import in the order of its file.
pub fn findings(tx: &mut Tx, school: SchoolId, id: ImportId) -> Result<Vec<Finding>, StoreError> {
    tx.query(FINDINGS, &args![school, id], finding_of)
}

/// What accepting changes of each record, or has changed; one line for each, 10,000 at most.
pub fn changes(tx: &mut Tx, school: SchoolId, id: ImportId) -> Result<Vec<Finding>, StoreError> {
    tx.query(CHANGES, &args![school, id], finding_of)
}

fn finding_of(row: &store::Row<'_>) -> Result<Finding, StoreError> {
    let line: i64 = row.get(2)?;
    Ok(Finding {
        file: row.get(0)?,
        sheet: row.get(1)?,
        line: u32::try_from(line).unwrap_or_default(),
        record: row.get(3)?,
        column: row.get(4)?,
        value: row.get(5)?,
        severity: row.get(6)?,
        code: row.get(7)?,
        message: row.get(8)?,
        what_to_do: row.get(9)?,
    })
}

/// When and by whom the same bytes were imported before (I-008).
pub(super) fn imported_before(
    tx: &mut Tx,
    school: SchoolId,
    hash: &[u8],
) -> Result<Option<(ImportId, Instant, String)>, StoreError> {
    tx.query_opt(BEFORE, &args![school, hash], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })
}

/// How an import moves on.
pub(super) struct Step<'a> {
    pub state: State,
    pub kind: &'a str,
    pub preview: Option<&'a Preview>,
    pub message: Option<&'a str>,
    /// New findings, and records that wait for a person, in place of the old ones; none: the old ones stay.
    pub findings: Option<(Vec<Finding>, Vec<Case>)>,
}

/// Moves an import on.
pub(super) fn move_on(
    office: &Office,
    school: SchoolId,
    import: ImportId,
    step: Step<'_>,
) -> Result<(), StoreError> {
    let now = office.now();
    let json = |preview| serde_json::to_string(preview).expect("a preview is JSON");
    let preview = step.preview.map(json);
    let (kind, message) = (step.kind.to_owned(), step.message.map(str::to_owned));
    let (state, findings) = (step.state, step.findings);
    office.store.write_now(move |tx| {
        let (preview, message) = (preview.as_deref(), message.as_deref());
        let values = args![
            school,
            import,
            state.word(),
            now,
            kind.as_str(),
            preview,
            message
        ];
        tx.execute(MOVE, &values)?;
        let Some((findings, cases)) = &findings else {
            return Ok(());
        };
        settle::keep_cases(tx, school, import, cases)?;
        tx.execute(CLEAR_FINDINGS, &args![school, import])?;
        for (number, finding) in findings.iter().enumerate() {
            let values = args![
                school,
                import,
                number as i64,
                finding.file.as_str(),
                finding.sheet.as_str(),
                i64::from(finding.line),
                finding.record.as_str(),
                finding.column.as_str(),
                finding.value.as_str(),
                finding.severity.as_str(),
                finding.code.as_str(),
                finding.message.as_str(),
                finding.what_to_do.as_str()
            ];
            tx.execute(NEW_FINDING, &values)?;
        }
        Ok::<_, StoreError>(())
    })
}

/// Keeps other choices for an import of which nothing is stored yet; `false` when it has moved on.
pub(super) fn choose(
    office: &Office,
    school: SchoolId,
    import: ImportId,
    choices: &Choices,
) -> Result<bool, StoreError> {
    let choices = serde_json::to_string(choices).expect("choices are plain JSON");
    office.store.write_now(move |tx| {
        let values = args![school, import, choices.as_str()];
        Ok(tx.execute(CHOOSE, &values)? == 1)
    })
}

/// Says something of an import without moving it on.
pub(super) fn say(
    office: &Office,
    school: SchoolId,
    import: ImportId,
    message: &str,
) -> Result<(), StoreError> {
    let message = message.to_owned();
    office.store.write_now(move |tx| {
        tx.execute(SAY, &args![school, import, message.as_str()])
            .map(|_| ())
    })
}

/// Claims a previewed import for applying; `false` when somebody else was first or it is not previewed.
pub(super) fn begin(
    office: &Office,
    school: SchoolId,
    import: ImportId,
) -> Result<bool, StoreError> {
    let (now, holder) = (office.now(), office.sign()?);
    office
        .store
        .write_now(move |tx| Ok(tx.execute(BEGIN, &args![school, import, now, holder])? == 1))
}

/// A new group for the held acts of an import, noted beside it.
pub(super) fn new_group(act: &mut Act, import: ImportId) -> Result<i64, StoreError> {
    let (school, group) = (act.school(), act.new_id());
    act.tx().execute(SET_GROUP, &args![school, import, group])?;
    Ok(group)
}

/// The import in which its file can be looked at again: itself while nothing of it is stored, else a new one of the same file
/// with the same choices.
///
/// Waits on this thread. Errors: it is being read or written now, or its file was destroyed.
pub(super) fn open_again(
    office: &Arc<Office>,
    actor: &Actor,
    id: ImportId,
) -> Result<ImportId, Refusal> {
    may_import(actor)?;
    let school = actor.school;
    let found = office.store.read_now(move |tx| import(tx, school, id))?;
    match found.state {
        State::Previewed | State::Refused => Ok(id),
        State::Received | State::Applying => Err(Refusal::Wrong(
            "The file is being read or imported. Wait until that is done.".to_owned(),
        )),
        State::Applied | State::Cancelled | State::Undone => {
            keep(office, actor, files(office, school, id)?, &found.choices)
        }
    }
}

/// Says no to a previewed import; nothing of it is stored.
///
/// Errors: [`Refusal::Wrong`] when there is nothing left to say no to.
pub fn cancel(office: &Arc<Office>, actor: &Actor, id: ImportId) -> Result<(), Refusal> {
    may_import(actor)?;
    let school = actor.school;
    let found = office.store.read_now(move |tx| import(tx, school, id))?;
    if found.state != State::Previewed {
        let ground = format!(
            "This import is {} and cannot be cancelled.",
            found.state.word()
        );
        return Err(Refusal::Wrong(ground));
    }
    office.readings.take(school, id);
    let message = Some("Cancelled before anything was stored.");
    let preview = found.preview.as_ref();
    let step = Step {
        state: State::Cancelled,
        kind: &found.kind,
        preview,
        message,
        findings: None,
    };
    move_on(office, school, id, step)?;
    Ok(())
}

/// The rejected and held rows of an import in their original columns with the reason beside each, to be corrected and
/// imported as they are (I-005).
///
/// Errors: the file was destroyed, or has no rows.
pub fn rows_to_correct(
    tx: &mut Tx,
    office: &Arc<Office>,
    actor: &Actor,
    id: ImportId,
) -> Result<exchange::Sheet, Refusal> {
    may_import(actor)?;
    let school = actor.school;
    let found = import(tx, school, id)?;
    let listed = told_to(actor, &found, findings(tx, school, id)?);
    let mut reasons: HashMap<u32, Vec<String>> = HashMap::new();
    for finding in listed {
        if finding.severity == "rejected" || finding.severity == "held" {
            let reason = format!("{} {}", finding.message, finding.what_to_do);
            reasons.entry(finding.line).or_default().push(reason);
        }
    }
    let files = files_in(tx, office, school, id)?;
    let options = options(&found.choices, office.today().0, Vec::new());
    let inputs = inputs(&files);
    let Some(input) = inputs.first() else {
        return Err(Refusal::NotFound);
    };
    let mut sheet = exchange::rows_to_correct(input, &options, &reasons)
        .map_err(|refused| Refusal::Wrong(refused.to_string()))?;
    let closed = closed_to(actor, &found);
    let headings = sheet.columns.iter().map(|column| column.heading.trim());
    let closed: Vec<bool> = headings
        .map(|heading| closed.iter().any(|column| column.heading.trim() == heading))
        .collect();
    for row in &mut sheet.rows {
        for (cell, _) in row.iter_mut().zip(&closed).filter(|(_, closed)| **closed) {
            *cell = exchange::Cell::Blank;
        }
    }
    Ok(sheet)
}

/// The columns of an import's file that tell what this person may not read of every pupil, whoever sent the file in.
fn closed_to<'i>(actor: &Actor, import: &'i Import) -> Vec<&'i ColumnFate> {
    let preview = import.preview.iter();
    let columns = preview.flat_map(|preview| &preview.columns);
    columns
        .filter(|column| is_closed_to(column, actor))
        .collect()
}

/// The findings as this person may have them: of a column that tells what they may not read, only that something is wrong there.
pub(super) fn told_to(actor: &Actor, import: &Import, mut findings: Vec<Finding>) -> Vec<Finding> {
    let closed = closed_to(actor, import);
    for finding in &mut findings {
        let own =
            |column: &&ColumnFate| [&column.heading, &column.read_as].contains(&&finding.column);
        if !finding.column.is_empty() && closed.iter().any(own) {
            finding.value.clear();
            finding.message =
                "Something is wrong in this column, which your role does not open.".to_owned();
        }
    }
    findings
}

/// Clears up after programs that died: abandons what an interrupted import had written and not released. What a living program
/// reads or writes stays its own.
///
/// To be called at a start. Waits on this thread. Answers how many groups were abandoned.
pub fn tidy(store: &Store) -> Result<usize, StoreError> {
    let asked = store.clone();
    let (open, begun) = store.read_now(move |tx| {
        let mut open = Vec::new();
        for school in all_schools(tx)? {
            let groups = held::open_groups(tx, school)?;
            open.extend(groups.into_iter().map(|group| (school, group)));
        }
        Ok::<_, StoreError>((open, begun(tx, &asked)?))
    })?;
    let is_alive = |of: &(SchoolId, i64)| {
        let mut living = begun.iter().filter(|import| import.is_alive);
        living.any(|import| (import.school, import.group) == (of.0, Some(of.1)))
    };
    let dead: Vec<_> = open.into_iter().filter(|of| !is_alive(of)).collect();
    for (school, group) in &dead {
        abandon(store, *school, *group)?;
    }
    let now = store.now();
    let asked = store.clone();
    store.write_now(move |tx| {
        super::background::end_interrupted(tx, &asked, now)?;
        for import in begun.iter().filter(|import| !import.is_alive) {
            import.end(tx, "Rollbook stopped")?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(dead.len())
}

/// Clears up after work of this program, known by its sign of life, that broke off by a fault of its own.
///
/// Waits on this thread.
pub(super) fn clear_up(store: &Store, school: SchoolId, sign: i64) -> Result<(), StoreError> {
    let asked = store.clone();
    let mut broken = store.read_now(move |tx| begun(tx, &asked))?;
    broken.retain(|import| import.school == school && import.holder == Some(sign));
    for group in broken.iter().filter_map(|import| import.group) {
        abandon(store, school, group)?;
    }
    store.write_now(move |tx| {
        for import in &broken {
            import.end(tx, "Something went wrong in Rollbook")?;
        }
        Ok(())
    })
}

/// Destroys received files that are older than 30 days, and the records of them that wait for a person (I-015). Answers how many
/// files went.
pub(crate) fn destroy_old_files(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    let old = now.plus_seconds(-KEPT_SECONDS);
    tx.execute(DESTROY_CASES, &args![old])?;
    tx.execute(DESTROY, &args![old])
}

/// An import that somebody has begun to read or to write.
struct Begun {
    school: SchoolId,
    id: ImportId,
    state: String,
    group: Option<i64>,
    /// The sign of life of the program that reads or writes it.
    holder: Option<i64>,
    is_alive: bool,
}

impl Begun {
    /// Ends it; `what` happened is said to whoever looks at it.
    fn end(&self, tx: &mut Tx, what: &str) -> Result<(), StoreError> {
        let (next, rest) = match self.state.as_str() {
            "received" => (State::Refused, "being read. Upload it again."),
            _ => (
                State::Previewed,
                "being imported. Nothing of it was stored; accept it again.",
            ),
        };
        let (state, message) = (self.state.as_str(), format!("{what} while this was {rest}"));
        let message = message.as_str();
        let values = args![self.school, self.id, state, next.word(), message];
        tx.execute(INTERRUPTED, &values).map(|_| ())
    }
}

fn begun(tx: &mut Tx, store: &Store) -> Result<Vec<Begun>, StoreError> {
    let rows = tx.query(BEGUN, &args![], |row| {
        Ok(Begun {
            school: row.get(0)?,
            id: row.get(1)?,
            state: row.get(2)?,
            holder: row.get(3)?,
            group: row.get(4)?,
            is_alive: false,
        })
    })?;
    rows.into_iter()
        .map(|begun| {
            let is_alive = match begun.holder {
                Some(holder) => store.shows(tx, holder)?,
                None => false,
            };
            Ok(Begun { is_alive, ..begun })
        })
        .collect()
}

fn abandon(store: &Store, school: SchoolId, group: i64) -> Result<(), StoreError> {
    store.act_now(school, move |act: &mut Act| {
        if act.abandon(group)? > 0 {
            act.describe(Entry {
                account: 0,
                job_title: "Rollbook",
                act: "abandon interrupted import",
                subject: format!("group {group}"),
            });
        }
        Ok::<_, StoreError>(())
    })
}
