//! Reading a received file and planning what it would do, for a person to see before anything is stored (I-002, I-010).

use std::collections::HashSet;
use std::sync::Arc;

use calendar::Day;
use exchange::{Encoding, Field, HeadingFate, Kind, Reading, RefusedFile, SchoolNumber};
use serde::{Deserialize, Serialize};
use store::{SchoolId, Tx, args};

use super::course::{self, Import, ImportId, State, Step, files, inputs};
use super::draft::{Draft, Key};
use super::marks::{self, MarkPlan};
use super::pupils::{self, Effects};
use super::readings::KeptPlan;
use super::report::{Finding, Ground, Outcome, Outcomes, Place, Report};
use super::settle::Case;
use super::terms::{self, Event};
use super::{
    Choices, Rights, Task, columns, contacts, cover, off_timetable, profiles, roster, seats,
    timetable,
};
use crate::book::Book;
use crate::desk::{Office, Refusal};
use crate::insight::grouped;
use crate::people::{Access, Actor, RecordKind};

/// What an import would do, in words and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The records of the file by outcome (I-003).
    pub main: Outcomes,
    /// Contacts that stand beside pupils in the same rows.
    pub beside: Outcomes,
    /// What accepting does, a sentence each.
    pub consequences: Vec<String>,
    /// Pupils on roll who are not in the file, for a person to decide (I-009); the first 200 of them.
    pub not_in_file: Vec<String>,
    /// How many they are.
    pub not_in_file_count: u32,
    /// A number to be typed before this is accepted, and why (I-010).
    pub brake: Option<Brake>,
    /// Events of a calendar file with what each seems to be.
    pub events: Vec<Event>,
    /// How the text was decoded, with three cells to judge it by (I-017).
    pub encoding: Option<String>,
    /// Cells with letters outside ASCII.
    pub samples: Vec<String>,
    /// Headings that are not known and were ignored.
    pub ignored: Vec<String>,
    /// Headings that were dropped while reading, such as passwords (I-023).
    pub dropped: Vec<String>,
    /// What a person has to answer before the file is read as it is meant.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What becomes of each column.
    #[serde(default)]
    pub columns: Vec<ColumnFate>,
    /// Findings beyond the number that is listed.
    pub left_out: u32,
    /// Whether accepting changes anything.
    pub changes: bool,
    /// The same bytes were imported before: when and by whom (I-008).
    pub before: Option<String>,
    /// Digest of what would be written.
    pub(super) fingerprint: String,
}

/// Something about a file that its bytes leave in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// In which encoding its text is written (I-017).
    Encoding,
    /// Which sheet of a workbook is meant (I-025).
    Sheet,
    /// What its columns hold (I-023).
    Columns,
    /// Whether the day or the month comes first in its dates (I-020).
    DateOrder,
    /// Of which week its marks are (I-090).
    Week,
    /// Why a file for another school is taken (I-271).
    OtherSchool,
}

impl Question {
    /// As a question to a person.
    pub fn words(self) -> &'static str {
        match self {
            Question::Encoding => "In which encoding are the letters right?",
            Question::Sheet => "Which sheet is meant?",
            Question::Columns => "What do the columns hold?",
            Question::DateOrder => "Does the day or the month come first in its dates?",
            Question::Week => "On which Monday does its week begin?",
            Question::OtherSchool => "Why is a file for another school taken?",
        }
    }
}

/// The question that a refusal puts, if an answer lets the file be read.
fn question_of(refused: &RefusedFile) -> Option<Question> {
    match refused {
        RefusedFile::MixedEncodings { .. } | RefusedFile::BytesContradictDeclaration { .. } => {
            Some(Question::Encoding)
        }
        RefusedFile::SeveralSheets { .. } => Some(Question::Sheet),
        RefusedFile::MonthFirst { .. } => Some(Question::DateOrder),
        RefusedFile::WeekUnknown { .. } => Some(Question::Week),
        RefusedFile::AnotherSchool { .. } => Some(Question::OtherSchool),
        RefusedFile::HeadingTwice { .. }
        | RefusedFile::RequiredColumnAbsent { .. }
        | RefusedFile::NoIdentifierColumn { .. } => Some(Question::Columns),
        _ => None,
    }
}

/// Questions that a file leaves open although it could be read.
fn open_questions(reading: &Reading, choices: &Choices) -> Vec<Question> {
    let either_way = reading
        .findings
        .iter()
        .any(|finding| finding.code == exchange::FindingCode::DateEitherWay);
    let asked = either_way && !choices.day_first && !choices.month_first;
    asked.then_some(Question::DateOrder).into_iter().collect()
}

/// What becomes of a column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnFate {
    /// Its heading.
    pub heading: String,
    /// What it is read as; empty when it is not read.
    pub read_as: String,
    /// Why nothing of it is stored, where nothing is.
    pub left_out: Option<String>,
    /// The kind of record that it tells of, by its word in the access matrix, where it is another than the pupil record itself.
    #[serde(default)]
    pub record: Option<String>,
}

/// Why a second confirmation is wanted, and the number to type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// The number.
    pub number: u32,
    /// Why.
    pub reason: String,
}

const LAESTAB: &str = "select laestab from school where school_id = $1";

/// A plan with everything that is said of it.
pub(super) struct Plan {
    pub draft: Draft,
    pub marks: MarkPlan,
    pub effects: Effects,
    pub report: Report,
    pub not_in_file: Vec<String>,
    pub on_roll: u32,
    /// Whether anything of the roll would be written.
    pub touches_roll: bool,
    pub events: Vec<Event>,
    /// How many of the events the calendar does not have yet.
    pub new_events: u32,
}

impl Plan {
    fn brings_only_marks(&self) -> bool {
        !self.touches_roll && self.events.is_empty() && !self.marks.marks.is_empty()
    }
}

pub(super) fn options(
    choices: &Choices,
    today: Day,
    own_schools: Vec<SchoolNumber>,
) -> exchange::Options<'static> {
    exchange::Options {
        kind: choices.kind.as_deref().and_then(Kind::from_word),
        month_first: choices.month_first,
        week_beginning: choices.week_beginning,
        own_schools,
        accept_other_school: choices.other_school.is_some(),
        encoding: choices.encoding.as_deref().and_then(Encoding::from_word),
        sheet: choices.sheet.clone(),
        heading_line: choices.heading_line,
        headings: choices
            .headings
            .iter()
            .map(|(heading, key)| (heading.clone(), key.as_deref().and_then(Field::from_key)))
            .collect(),
        classify: Some(&class_of),
        ..exchange::Options::on(today)
    }
}

/// What a mark of a former school means in our law's words (I-275).
fn class_of(mark: &str, day: Day) -> Option<exchange::PriorClass> {
    use exchange::PriorClass;
    use register::Class;
    let row = register::meaning(mark.parse().ok()?, day).ok()?;
    Some(match row.class {
        Class::Present | Class::ApprovedEducationalActivity => PriorClass::Attended,
        Class::Authorised => PriorClass::Authorised,
        Class::Unauthorised => PriorClass::Unauthorised,
        Class::NotPossible | Class::Administrative => PriorClass::NotPossible,
    })
}

/// Reads the file of an import; a file that cannot be read at all is refused with its reason.
pub(super) fn read(
    office: &Arc<Office>,
    school: SchoolId,
    import: &Import,
) -> Result<Result<Reading, exchange::RefusedFile>, Refusal> {
    let files = files(office, school, import.id)?;
    let number = office.store.read_now(move |tx| {
        tx.query_opt(LAESTAB, &args![school], |row| row.get::<Option<String>>(0))
    })?;
    let own = number.flatten().and_then(|text| SchoolNumber::new(&text));
    let options = options(&import.choices, office.today().0, own.into_iter().collect());
    Ok(exchange::read(&inputs(&files), &options))
}

/// Reads a received file, plans what it would do, and stores the preview. `progress` hears of the steps done, of three.
///
/// Waits on this thread. Errors: no right, no such import, no database. A file that cannot be read is no error: its import
/// then stands as [`State::Refused`].
pub fn prepare(
    office: &Arc<Office>,
    actor: &Actor,
    id: ImportId,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<State, Refusal> {
    course::may_import(actor)?;
    let school = actor.school;
    let import = office
        .store
        .read_now(move |tx| course::import(tx, school, id))?;
    progress(0, 3);
    let import = profiles::with_kept_answers(office, school, import)?;
    let reading = match read(office, school, &import)? {
        Ok(reading) => Arc::new(reading),
        Err(refused) => {
            let message = refused.to_string();
            let state = State::Refused;
            let question = match question_of(&refused) {
                Some(question) => Some(question),
                None => profiles::is_a_table(office, school, &import)?.then_some(Question::Columns),
            };
            let asked = question.map(|question| Preview {
                questions: vec![question],
                ..Preview::default()
            });
            let step = Step {
                state,
                kind: "",
                preview: asked.as_ref(),
                message: Some(&message),
                findings: Some((Vec::new(), Vec::new())),
            };
            course::move_on(office, school, id, step)?;
            return Ok(state);
        }
    };
    progress(1, 3);
    let (preview, findings, cases) = previewed(office, actor, &import, &reading)?;
    progress(2, 3);
    let state = State::Previewed;
    let step = Step {
        state,
        kind: reading.kind.word(),
        preview: Some(&preview),
        message: None,
        findings: Some((findings, cases)),
    };
    course::move_on(office, school, id, step)?;
    progress(3, 3);
    Ok(state)
}

/// A preview with its findings and the records that wait for a person.
type Told = (Preview, Vec<Finding>, Vec<Case>);

/// The preview of a reading as the roll stands now. What was read and planned is kept for whoever accepts it.
pub(super) fn previewed(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    reading: &Arc<Reading>,
) -> Result<Told, Refusal> {
    let (school, id) = (actor.school, import.id);
    let (whole, read, import, actor) = (
        Arc::clone(office),
        Arc::clone(reading),
        import.clone(),
        actor.clone(),
    );
    let (told, kept) = office.store.read_now(move |tx| {
        let book = whole.shelf.book(tx, actor.school)?;
        let today = whole.today().0;
        let mut plan = plan(tx, &book, &read, &import.choices, &actor, today)?;
        let before = course::imported_before(tx, actor.school, &import.file_hash)?;
        let before = before.map(|(_, at, name)| {
            let (day, time) = at.in_london();
            format!(
                "The same file was imported on {} at {time} by {name}.",
                day.long()
            )
        });
        let (consequences, only_marks) = (consequences(&plan, &read), plan.brings_only_marks());
        let cases = std::mem::take(&mut plan.report.cases);
        let preview = preview(&plan, consequences, &read, before);
        let preview = Preview {
            columns: columns::fates(&read, &import.choices, &actor),
            questions: open_questions(&read, &import.choices),
            ..preview
        };
        let kept = only_marks.then(|| KeptPlan {
            marks: std::mem::take(&mut plan.marks),
            seq: book.seq,
            today,
            rights: Rights::of(&actor),
        });
        let (findings, left_out) = plan.report.finish();
        let told = Preview {
            left_out,
            ..preview
        };
        Ok::<_, Refusal>(((told, findings, cases), kept))
    })?;
    office.readings.keep(school, id, reading, kept);
    Ok(told)
}

/// Plans a reading: the roll from rows, marks from the book.
pub(super) fn plan(
    tx: &mut Tx,
    book: &Book,
    reading: &Reading,
    choices: &Choices,
    actor: &Actor,
    today: Day,
) -> Result<Plan, Refusal> {
    let mut task = Task::new(
        &book.calendar,
        today,
        &book.settings,
        actor,
        choices,
        reading.kind,
    )?;
    task.read_facts(tx, book.school, reading)?;
    let draft = Draft::read(tx, book.school)?;
    let mut plan = plan_roll(draft, reading, &task);
    if !reading.marks.marks.is_empty() {
        plan.marks = marks::plan(book, &plan.draft, reading, &task, &mut plan.report);
    }
    plan_terms(&mut plan, book, reading, actor);
    Ok(plan)
}

const TERMS_NOT_YOURS: Ground = Ground {
    code: "RIGHT_MISSING",
    text: "The dates of terms were left out, because you may not change them.",
    remedy: "Ask the attendance manager or an administrator to enter them.",
};

/// Plans the dates of a calendar, for those who may change the school's year.
fn plan_terms(plan: &mut Plan, book: &Book, reading: &Reading, actor: &Actor) {
    let events: Vec<Event> = reading.term_dates.iter().map(Event::from).collect();
    if events.is_empty() {
        return;
    }
    let may = actor.may(Access::Write, RecordKind::UsersRolesAndSettings);
    for (event, record) in events.iter().zip(&reading.term_dates) {
        let outcome = match (terms::stands(&book.calendar, event, &events), may) {
            (true, _) => Outcome::Unchanged,
            (false, true) => Outcome::Loaded,
            (false, false) => Outcome::Held,
        };
        if outcome == Outcome::Held {
            let place = Place {
                line: record.line,
                record: &record.summary,
                column: "",
            };
            plan.report.add("held", &TERMS_NOT_YOURS, place, "", "");
        }
        plan.new_events += u32::from(outcome == Outcome::Loaded);
        plan.report.main.add(outcome, 1);
    }
    if may {
        plan.events = events;
    }
}

/// Plans everything but marks.
pub(super) fn plan_roll(mut draft: Draft, reading: &Reading, task: &Task<'_>) -> Plan {
    let mut report = Report::of(reading);
    let mut effects = Effects::default();
    let before = draft.touches();
    let placed = pupils::plan(&mut draft, reading, task, &mut report, &mut effects);
    contacts::plan(
        &mut draft,
        reading,
        &placed,
        task,
        &mut report,
        &mut effects,
    );
    roster::plan(&mut draft, reading, task, &mut report, &mut effects);
    timetable::plan(&mut draft, reading, task, &mut report, &mut effects);
    cover::plan(&mut draft, reading, task, &mut report, &mut effects);
    off_timetable::plan(&mut draft, reading, task, &mut report, &mut effects);
    seats::plan(&mut draft, reading, task, &mut report, &mut effects);
    let (not_in_file, on_roll) = not_in_file(&draft, reading, &placed, task);
    Plan {
        touches_roll: draft.touches() != before,
        draft,
        marks: MarkPlan::default(),
        effects,
        report,
        not_in_file,
        on_roll,
        events: Vec::new(),
        new_events: 0,
    }
}

/// Pupils on roll today who are not in a list of pupils, and how many were on roll before it (I-009).
fn not_in_file(
    draft: &Draft,
    reading: &Reading,
    placed: &[(u32, Key)],
    task: &Task<'_>,
) -> (Vec<String>, u32) {
    let placed: HashSet<Key> = placed.iter().map(|(_, key)| *key).collect();
    let mut names = Vec::new();
    let mut on_roll = 0;
    for (at, row) in draft.enrolments.each() {
        let is_on_roll =
            row.starting_day <= task.today && row.leaving_day.is_none_or(|last| task.today <= last);
        if draft.enrolments.is_new(at) || !is_on_roll {
            continue;
        }
        on_roll += 1;
        if !placed.contains(&row.pupil_id)
            && let Some(pupil) = draft.pupil_at.get(&row.pupil_id)
        {
            let pupil = draft.pupils.get(*pupil);
            names.push(format!("{}, {}", pupil.surname, pupil.forename));
        }
    }
    if !matches!(
        reading.kind,
        Kind::Pupils | Kind::OneRoster | Kind::SchoolDataSync
    ) {
        names.clear();
    }
    names.sort();
    (names, on_roll)
}

fn preview(
    plan: &Plan,
    consequences: Vec<String>,
    reading: &Reading,
    before: Option<String>,
) -> Preview {
    let named = |fate: HeadingFate| {
        let uses = reading
            .headings
            .iter()
            .filter(|heading| heading.fate == fate);
        uses.map(|heading| heading.heading.clone()).collect()
    };
    Preview {
        main: plan.report.main,
        beside: plan.report.beside,
        consequences,
        not_in_file: plan.not_in_file.iter().take(200).cloned().collect(),
        not_in_file_count: plan.not_in_file.len() as u32,
        brake: brake(plan),
        events: plan.events.clone(),
        encoding: reading.encoding.map(|encoding| encoding.name().to_owned()),
        samples: reading.encoding_samples.clone(),
        ignored: named(HeadingFate::Ignored),
        dropped: named(HeadingFate::Dropped),
        columns: Vec::new(),
        questions: Vec::new(),
        changes: plan.touches_roll || !plan.marks.marks.is_empty() || plan.new_events > 0,
        before,
        fingerprint: plan.draft.fingerprint(),
        left_out: 0,
    }
}

/// `1 pupil`, `30 pupils`.
pub(crate) fn counted(number: u32, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", grouped(number))
}

fn consequences(plan: &Plan, reading: &Reading) -> Vec<String> {
    let Plan {
        effects,
        marks,
        report,
        ..
    } = plan;
    let pupils = |number| counted(number, "pupil", "pupils");
    let pupils_do = |number, does, they_do| {
        let verb = if number == 1 { does } else { they_do };
        format!("{} {verb}", pupils(number))
    };
    let mut said = Vec::new();
    let mut say = |number: u32, sentence: String| {
        if number > 0 {
            said.push(sentence);
        }
    };
    say(
        effects.joining,
        format!("{} the roll.", pupils_do(effects.joining, "joins", "join")),
    );
    say(
        effects.expected,
        format!(
            "{} stored as expected, not yet on roll.",
            pupils_do(effects.expected, "is", "are")
        ),
    );
    say(
        effects.leavers,
        format!(
            "{} stored as having left.",
            pupils_do(effects.leavers, "is", "are")
        ),
    );
    say(
        effects.changed,
        format!("{}.", pupils_do(effects.changed, "changes", "change")),
    );
    say(
        effects.leaving,
        format!(
            "{} the school.",
            pupils_do(effects.leaving, "leaves", "leave")
        ),
    );
    say(
        effects.contacts,
        format!(
            "{} added.",
            counted(effects.contacts, "contact is", "contacts are")
        ),
    );
    let silent = effects.no_messages.len() as u32;
    say(
        silent,
        format!(
            "{} no automatic messages and {} listed for the safeguarding lead: {}.",
            counted(silent, "contact gets", "contacts get"),
            if silent == 1 { "is" } else { "are" },
            effects.no_messages.join(", ")
        ),
    );
    say(
        effects.priors,
        format!(
            "Attendance at former schools is kept apart for {}.",
            counted(effects.priors, "school year", "school years")
        ),
    );
    say(
        effects.staff,
        format!(
            "{} added.",
            counted(effects.staff, "member of staff is", "members of staff are")
        ),
    );
    say(
        effects.groups,
        format!(
            "{} made.",
            counted(effects.groups, "group is", "groups are")
        ),
    );
    say(
        effects.periods,
        format!(
            "{} made, with the times of the file.",
            counted(effects.periods, "period is", "periods are")
        ),
    );
    say(
        effects.rooms,
        format!("{} made.", counted(effects.rooms, "room is", "rooms are")),
    );
    say(
        effects.lessons,
        format!(
            "{} into the timetable, from today or from a later day that the file gives.",
            counted(effects.lessons, "lesson goes", "lessons go")
        ),
    );
    say(
        effects.lessons_ended,
        format!(
            "{} of these classes that the file has otherwise or not at all: what was taught until then stays.",
            counted(effects.lessons_ended, "lesson ends", "lessons end")
        ),
    );
    say(
        effects.places,
        format!(
            "{} into a class.",
            counted(
                effects.places,
                "place of a pupil goes",
                "places of pupils go"
            )
        ),
    );
    say(
        effects.covers,
        format!(
            "{} covered, each on its day only.",
            counted(effects.covers, "lesson is", "lessons are")
        ),
    );
    say(
        effects.off_timetable,
        format!(
            "{} off timetable: the usual lessons do not run, and session registers are taken as ever (R-020).",
            counted(effects.off_timetable, "entry goes", "entries go")
        ),
    );
    say(
        effects.exams,
        format!(
            "{} set.",
            counted(effects.exams, "examination is", "examinations are")
        ),
    );
    say(
        effects.seats,
        format!(
            "{} seated. Those who sit there already and are not in the file stay.",
            counted(effects.seats, "candidate is", "candidates are")
        ),
    );
    let new = marks.marks.len() as u32 - marks.replacing;
    let period = marks
        .first
        .zip(marks.last)
        .map_or_else(String::new, |(first, last)| {
            format!(" from {} to {}", first.long(), last.long())
        });
    say(
        new,
        format!(
            "{} fill gaps in the register of {}{period}.",
            counted(new, "mark", "marks"),
            pupils(marks.pupils)
        ),
    );
    say(
        marks.replacing,
        format!(
            "{} take the place of other marks, each as an amendment with this import as its reason (R-007).",
            counted(marks.replacing, "mark", "marks")
        ),
    );
    say(
        plan.new_events,
        format!(
            "{} for you to confirm one by one.",
            counted(plan.new_events, "date is", "dates are")
        ),
    );
    let gaps = reading.counts.gaps;
    say(
        gaps,
        format!(
            "{} in the file stay open gaps (I-093).",
            counted(gaps, "blank", "blanks")
        ),
    );
    let outcomes = [report.main, report.beside];
    let sum = |of: fn(&Outcomes) -> u32| outcomes.iter().map(of).sum::<u32>();
    let (same, held, rejected) = (
        sum(|counts| counts.unchanged),
        sum(|counts| counts.held),
        sum(|counts| counts.rejected),
    );
    say(
        same,
        format!(
            "{} already so and stay.",
            counted(same, "record is", "records are")
        ),
    );
    say(
        held,
        format!(
            "{} for you: nothing of them is stored.",
            counted(held, "record waits", "records wait")
        ),
    );
    say(
        rejected,
        format!(
            "{} refused; the rest goes in without them.",
            counted(rejected, "record is", "records are")
        ),
    );
    said
}

/// A second confirmation where an import would change much (I-010).
fn brake(plan: &Plan) -> Option<Brake> {
    let (effects, on_roll) = (&plan.effects, plan.on_roll);
    let much = |part: u32, whole: u32, percent: u64| {
        whole > 0 && u64::from(part) * 100 > u64::from(whole) * percent
    };
    let of_roll = |part: u32, what: &str| Brake {
        number: part,
        reason: format!("{} of {on_roll} pupils would {what}.", part),
    };
    let main = plan.report.main;
    let marks = plan.marks.replacing;
    if much(effects.leaving, on_roll, 10) {
        Some(of_roll(effects.leaving, "leave"))
    } else if much(effects.surname_changed, on_roll, 10) {
        Some(of_roll(effects.surname_changed, "change surname"))
    } else if much(effects.year_changed, on_roll, 10) {
        Some(of_roll(effects.year_changed, "change year group"))
    } else if much(marks, plan.marks.standing, 5) {
        Some(Brake {
            number: marks,
            reason: format!(
                "{marks} of {} marks that stand here would change.",
                plan.marks.standing
            ),
        })
    } else if main.loaded > 0 && much(main.rejected, main.read(), 20) {
        Some(Brake {
            number: main.rejected,
            reason: format!("{} of {} records are refused.", main.rejected, main.read()),
        })
    } else {
        None
    }
}

pub(super) const STATEMENTS: &[&str] = &[LAESTAB];
