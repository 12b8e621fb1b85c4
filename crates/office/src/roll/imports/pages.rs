//! The pages of imports: what came in, what one would do, and its progress.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use exchange::Kind;
use serde::Deserialize;
use store::jobs::{self, JobState};
use store::{Tx, args};

use super::course::{self, Import, ImportId, ReceivedFile, State};
use super::report::Finding;
use super::terms::{Event, EventKind};
use super::{
    Answers, Choices, List, Preview, Question, apply, background, held, prepare, profiles,
    profiles_page, questions, report_page, rows_to_correct, settle, take_out, undo_page,
};
use crate::desk::{Desk, Office, Refusal};
use crate::insight::grouped;
use crate::people::Actor;
use crate::shell::{Choice, Exports, Field, FieldKind, Frame, Notice, Page, Progress, moment};
use crate::take_away::{Leaving, Wanted};

/// Uploads up to this size are taken: the limit of a text file and what surrounds it (I-030).
const UPLOAD_BYTES: usize = 520 << 20;

/// Findings shown on the page; the report has all of them.
const SHOWN: usize = 200;

const ACCOUNT_NAME: &str = "select name from account where account_id = $1";

pub(super) const STATEMENTS: &[&str] = &[ACCOUNT_NAME];

/// The pages of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/imports", get(list).post(upload))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES))
        .route("/imports/{import}", get(one))
        .route(
            "/imports/profiles",
            get(profiles_page::list).post(profiles_page::change),
        )
        .route(
            "/imports/{import}/questions",
            get(questions::ask).post(questions::answer),
        )
        .route(
            "/imports/{import}/columns",
            get(questions::columns).post(questions::map_columns),
        )
        .route("/imports/{import}/accept", post(accept))
        .route("/imports/{import}/cancel", post(cancel))
        .route(
            "/imports/decisions",
            get(held::remembered).post(held::ask_again),
        )
        .route("/imports/{import}/held", get(held::look).post(held::decide))
        .route(
            "/imports/{import}/undo",
            get(undo_page::ask).post(undo_page::take_back),
        )
        .route("/imports/{import}/report", get(report_page::report))
}

#[derive(Template)]
#[template(path = "roll/imports/imports.html")]
struct Imports {
    frame: Frame,
    fields: Vec<Field>,
    rarely: Vec<Field>,
    rows: Vec<ImportRow>,
    lists: [Exports; 5],
}

struct ImportRow {
    id: i64,
    file: String,
    kind: String,
    came: String,
    by: String,
    state: &'static str,
    counts: String,
}

pub(super) fn kind_name(word: &str) -> String {
    Kind::from_word(word).map_or_else(String::new, |kind| kind.to_string())
}

pub(super) fn name_of(tx: &mut Tx, account: i64) -> Result<String, Refusal> {
    let name = tx.query_opt(ACCOUNT_NAME, &args![account], |row| row.get(0))?;
    Ok(name.unwrap_or_else(|| "somebody".to_owned()))
}

/// A box to tick.
fn tick(name: &'static str, label: &'static str, on: bool) -> Field {
    let field = Field::new(FieldKind::Tick, name, label).optional();
    field.value(if on { "yes" } else { "" })
}

/// What is asked of every file.
fn upload_fields() -> Vec<Field> {
    let mut kinds = vec![Choice::new("", "Find out from the file")];
    kinds.extend(Kind::ALL.map(|kind| Choice::new(kind.word(), kind.to_string())));
    vec![
        Field {
            accept: ".csv,.xlsx,.xml,.ics,.zip,.txt",
            ..Field::new(FieldKind::File, "file", "File from the school's own system")
        }
        .hint("Pupils, contacts or marks as CSV or XLSX, a common transfer file, a OneRoster or School Data Sync set (ZIP), term dates (ICS). Nothing is stored until you have seen what it would do."),
        Field::select("kind", "What it is", kinds).optional(),
        tick("sensitive", "Bring in special needs, free meals, premium, care, language and ethnicity", true),
    ]
}

/// What only few files need said.
fn rarely_needed_fields() -> Vec<Field> {
    vec![
        Field::line("source", "Name of the system it comes from")
            .hint("Identifiers are remembered under this name. Leave it blank if there is only one system.")
            .optional(),
        Field::day("week", "Monday of the week")
            .hint("Only for marks of one week whose file does not say which.")
            .optional(),
        tick("replace", "Replace marks that differ, each by an amendment", false),
        tick("month_first", "Dates have the month first", false),
        Field::line("other_school", "Reason to take a transfer file that is addressed to another school").optional(),
    ]
}

async fn list(desk: Desk) -> Response {
    let at = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            course::may_import(actor)?;
            let mut rows = Vec::new();
            for import in course::imports(tx, actor.school)? {
                let main = import.preview.as_ref().map(|preview| preview.main);
                rows.push(ImportRow {
                    id: import.id.0,
                    kind: kind_name(&import.kind),
                    came: moment(import.received_at),
                    by: name_of(tx, import.account.0)?,
                    state: import.state.word(),
                    counts: main.map_or_else(String::new, |main| {
                        format!("{} of {} loaded", main.loaded, main.read())
                    }),
                    file: import.file_name,
                });
            }
            Ok(Imports {
                frame: at.frame(tx, actor, "Imports")?,
                fields: upload_fields(),
                rarely: rarely_needed_fields(),
                rows,
                lists: List::ALL.map(ways_out),
            })
        })
        .await;
    page.map_or_else(IntoResponse::into_response, |page| {
        Page(page).into_response()
    })
}

/// How a list is taken out: as the CSV that is read here.
fn ways_out(list: List) -> Exports {
    let label = format!("{} (CSV)", list.label());
    let address = format!("/imports/take-out/{}", list.word());
    Exports::files(address, vec![("csv", label.into())])
}

/// What a browser sent: files and answers.
#[derive(Default)]
struct Upload {
    files: Vec<ReceivedFile>,
    choices: Choices,
}

async fn upload_of(mut form: Multipart) -> Result<Upload, Refusal> {
    let broken = |_| Refusal::Wrong("The upload did not arrive whole. Try again.".to_owned());
    let mut upload = Upload {
        choices: Choices {
            sensitive: false,
            ..Choices::default()
        },
        ..Upload::default()
    };
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let name = field.file_name().unwrap_or_default().to_owned();
            let bytes: Bytes = field.bytes().await.map_err(broken)?;
            if !name.is_empty() || !bytes.is_empty() {
                let bytes = bytes.to_vec();
                upload.files.push(ReceivedFile { name, bytes });
            }
            continue;
        }
        let value = field.text().await.map_err(broken)?;
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let choices = &mut upload.choices;
        match name.as_str() {
            "kind" => choices.kind = value,
            "source" => choices.source = value,
            "week" => choices.week_beginning = value.and_then(|value| value.parse().ok()),
            "replace" => choices.replace = value.is_some(),
            "sensitive" => choices.sensitive = value.is_some(),
            "month_first" => choices.month_first = value.is_some(),
            "other_school" => choices.other_school = value,
            _ => {}
        }
    }
    Ok(upload)
}

pub(super) async fn who(desk: &Desk) -> Result<Actor, Response> {
    let actor = desk
        .read(|_, actor| {
            course::may_import(actor)?;
            Ok(actor.clone())
        })
        .await;
    actor.map_err(IntoResponse::into_response)
}

async fn upload(desk: Desk, form: Multipart) -> Response {
    let actor = match who(&desk).await {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    match take_in(&desk, actor, form).await {
        Ok(Some(id)) => Redirect::to(&format!("/imports/{}", id.0)).into_response(),
        Ok(None) => Redirect::to("/imports").into_response(),
        Err(refusal) => desk.problem(refusal).into_response(),
    }
}

/// Takes files in and begins to read them; answers the import if it is one.
async fn take_in(desk: &Desk, actor: Actor, form: Multipart) -> Result<Option<ImportId>, Refusal> {
    let upload = upload_of(form).await?;
    let (office, by) = (Arc::clone(&desk.office), actor.clone());
    let received = tokio::task::spawn_blocking(move || {
        course::receive(&office, &by, upload.files, &upload.choices)
    });
    let ids = received
        .await
        .map_err(|_| Refusal::Wrong("The file could not be taken in. Try again.".to_owned()))??;
    let Some(first) = ids.first().copied() else {
        return Ok(None);
    };
    let all = ids.clone();
    background::begin(&desk.office, &actor, first, move |office, actor, told| {
        for id in all {
            prepare(office, actor, id, &mut |done, steps| {
                told(done, steps);
            })?;
        }
        Ok(())
    })
    .await?;
    Ok(Some(first).filter(|_| ids.len() == 1))
}

#[derive(Deserialize, Default)]
struct Shown {
    severity: Option<String>,
}

/// A kind of event to choose: word, label, whether it is chosen.
type Kinds = (&'static str, &'static str, bool);

#[derive(Template)]
#[template(path = "roll/imports/import.html")]
struct OnePage {
    frame: Frame,
    import: Import,
    kind: String,
    came: String,
    by: String,
    progress: Option<Progress>,
    /// What becomes of how many records, as far as there are any.
    counts: Vec<(&'static str, String)>,
    /// What becomes of none.
    idle: String,
    preview: Option<Preview>,
    findings: Vec<Finding>,
    findings_in_all: usize,
    severities: Vec<(&'static str, usize, bool)>,
    events: Vec<(usize, Event, Vec<Kinds>)>,
    typed: Option<Field>,
    can_accept: bool,
    /// The rows to correct, as files.
    to_correct: Option<Exports>,
    can_undo: bool,
    /// What is to be answered: the question and where.
    asked: Vec<(&'static str, &'static str)>,
    /// Whether the answers to how it is read can be changed.
    can_change: bool,
    /// The name of the profile whose answers were taken.
    profile: Option<String>,
    /// Records that wait for a person.
    waiting: u32,
    /// Columns of which nothing is stored although they are known.
    left_out: u32,
}

async fn one(desk: Desk, Path(id): Path<i64>, Query(shown): Query<Shown>) -> Response {
    let at = desk.clone();
    let page = desk
        .read(move |tx, actor| one_page(&at, tx, actor, ImportId(id), &shown))
        .await;
    page.map_or_else(IntoResponse::into_response, |page| {
        Page(page).into_response()
    })
}

fn one_page(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    id: ImportId,
    shown: &Shown,
) -> Result<OnePage, Refusal> {
    course::may_import(actor)?;
    let import = course::import(tx, actor.school, id)?;
    let all = course::findings(tx, actor.school, id)?;
    let all = course::told_to(actor, &import, all);
    let job = match import.job {
        Some(job) => jobs::job(tx, actor.school, job)?,
        None => None,
    };
    let running = job.filter(|job| matches!(job.state, JobState::Waiting | JobState::Running));
    let progress = running.map(|job| {
        let applying = import.state == State::Applying;
        Progress {
            heading: if applying { "Importing" } else { "Reading" }.into(),
            done: job.done.unsigned_abs(),
            whole: job.total.unsigned_abs().max(1),
            sentence: format!(
                "{} % done. You may leave this page; the work goes on.",
                job.done * 100 / job.total.max(1)
            )
            .into(),
            running: true,
            cancel: applying.then(|| format!("/imports/{}/cancel", id.0).into()),
        }
    });
    let wanted = shown.severity.as_deref();
    let severities = ["rejected", "held", "warning", "skipped"].map(|severity| {
        let count = all.iter().filter(|one| one.severity == severity).count();
        (severity, count, wanted == Some(severity))
    });
    let can_correct = all
        .iter()
        .any(|one| one.severity == "rejected" || one.severity == "held")
        && matches!(
            import.kind.as_str(),
            "pupils" | "pupil-list" | "contacts" | "marks"
        );
    let findings: Vec<Finding> = all
        .into_iter()
        .filter(|one| wanted.is_none_or(|wanted| one.severity == wanted))
        .collect();
    let asked = import
        .preview
        .as_ref()
        .map(|preview| preview.questions.clone());
    let asked = asked.unwrap_or_default().into_iter().map(|question| {
        let page = match question {
            Question::Columns => "columns",
            _ => "questions",
        };
        (question.words(), page)
    });
    let can_change =
        matches!(import.state, State::Previewed | State::Refused) && progress.is_none();
    let asked = asked.filter(|_| can_change).collect();
    let profile = match &import.choices.profile {
        Some(fingerprint) => {
            profiles::find(tx, actor.school, fingerprint)?.map(|profile| profile.name)
        }
        None => None,
    };
    let preview = import
        .preview
        .clone()
        .filter(|_| import.state != State::Refused);
    let progress_is_none = progress.is_none();
    let can_accept = import.state == State::Previewed
        && progress.is_none()
        && preview.as_ref().is_some_and(|preview| preview.changes);
    let brake = preview.as_ref().and_then(|preview| preview.brake.clone());
    let typed = brake.filter(|_| can_accept).map(|brake| {
        Field::new(
            FieldKind::Number,
            "typed",
            format!("Type the number {}", brake.number),
        )
        .hint(format!(
            "{} Type the number to show that this is meant (I-010).",
            brake.reason
        ))
        .short()
    });
    let (counts, idle): (Vec<_>, Vec<_>) = preview
        .as_ref()
        .map_or_else(Vec::new, |preview| {
            let (main, beside) = (preview.main, preview.beside);
            vec![
                ("loaded", main.loaded + beside.loaded),
                ("unchanged", main.unchanged + beside.unchanged),
                ("held", main.held + beside.held),
                ("rejected", main.rejected + beside.rejected),
                ("skipped", main.skipped + beside.skipped),
            ]
        })
        .into_iter()
        .partition(|(_, count)| *count > 0);
    let idle = match &idle[..] {
        [] => String::new(),
        [(one, _)] => format!("None {one}."),
        [several @ .., (last, _)] => {
            let several: Vec<_> = several.iter().map(|(outcome, _)| *outcome).collect();
            format!("None {} or {last}.", several.join(", "))
        }
    };
    let events = preview.as_ref().map_or_else(Vec::new, |preview| {
        let choices = |event: &Event| {
            let of = |(kind, word, label)| (word, label, kind == event.kind);
            EventKind::ALL.into_iter().map(of).collect()
        };
        let numbered = preview.events.iter().cloned().enumerate();
        numbered
            .map(|(place, event)| (place, event.clone(), choices(&event)))
            .collect()
    });
    let waiting = settle::cases(tx, actor.school, id)?.len() as u32;
    let columns = preview.as_ref().map_or(&[][..], |preview| &preview.columns);
    let left_out = columns.iter().filter(|column| column.left_out.is_some());
    let left_out = left_out.count() as u32;
    let message = import.message.clone().map(Notice::heed);
    Ok(OnePage {
        frame: desk.frame(tx, actor, "Import")?.with_notice(message),
        kind: kind_name(&import.kind),
        came: moment(import.received_at),
        by: name_of(tx, import.account.0)?,
        progress,
        counts: counts
            .into_iter()
            .map(|(outcome, count)| (outcome, grouped(count)))
            .collect(),
        idle,
        preview,
        findings_in_all: findings.len(),
        findings: findings.into_iter().take(SHOWN).collect(),
        severities: severities.to_vec(),
        events,
        typed,
        can_accept,
        to_correct: can_correct.then(|| {
            let files = [("csv", "CSV"), ("xlsx", "Excel")];
            let files =
                files.map(|(word, label)| (word, format!("Rows to correct ({label})").into()));
            Exports::files(format!("/imports/{}/rows-to-correct", id.0), files.into())
        }),
        can_undo: import.state == State::Applied && progress_is_none,
        asked,
        can_change,
        profile,
        waiting,
        left_out,
        import,
    })
}

/// Pairs of a form in the order in which the browser sent them.
type Pairs = Vec<(String, String)>;

async fn accept(desk: Desk, Path(id): Path<i64>, Form(pairs): Form<Pairs>) -> Response {
    let id = ImportId(id);
    let actor = match who(&desk).await {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    match accepted(&desk, &actor, id, &pairs).await {
        Ok(()) => Redirect::to(&format!("/imports/{}", id.0)).into_response(),
        Err(refusal) => desk.problem(refusal).into_response(),
    }
}

async fn accepted(desk: &Desk, actor: &Actor, id: ImportId, pairs: &Pairs) -> Result<(), Refusal> {
    let school = actor.school;
    let import = desk
        .office
        .store
        .read(move |tx| course::import(tx, school, id))
        .await?;
    let said = |name: &str| {
        let found = pairs.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.trim())
    };
    let mut events = import.preview.clone().unwrap_or_default().events;
    for (place, event) in events.iter_mut().enumerate() {
        let kind = said(&format!("event-{place}")).and_then(EventKind::from_word);
        event.kind = kind.unwrap_or(event.kind);
    }
    let answers = Answers {
        typed: said("typed").and_then(|typed| typed.parse().ok()),
        events: Some(events),
    };
    super::apply::accepted(&import, &answers)?;
    background::begin(&desk.office, actor, id, move |office, actor, told| {
        apply(office, actor, id, &answers, told).map(|_| ())
    })
    .await
}

async fn cancel(desk: Desk, Path(id): Path<i64>) -> Response {
    let id = ImportId(id);
    let actor = match who(&desk).await {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    let (office, now) = (Arc::clone(&desk.office), desk.office.now());
    let done = tokio::task::spawn_blocking(move || {
        let school = actor.school;
        let import = office
            .store
            .read_now(move |tx| course::import(tx, school, id))?;
        match import.job.filter(|_| import.state == State::Applying) {
            Some(job) => {
                let asked = office
                    .store
                    .write_now(move |tx| jobs::ask_cancel(tx, school, job, now));
                asked.map(|_| ()).map_err(Refusal::from)
            }
            None => course::cancel(&office, &actor, id),
        }
    });
    match done.await {
        Ok(Ok(())) => Redirect::to(&format!("/imports/{}", id.0)).into_response(),
        Ok(Err(refusal)) => desk.problem(refusal).into_response(),
        Err(_) => desk.problem(Refusal::NotFound).into_response(),
    }
}

/// `/imports/take-out/{list}` as a file: a list in the form that imports read.
pub(super) fn taken_out(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let list: String = wanted.named()?;
    let list = List::from_word(&list).ok_or(Refusal::NotFound)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let today = wanted.today();
    let (sheet, pupils) = take_out(tx, wanted.actor, &book, list, today)?;
    Ok(Leaving::new(sheet, today).naming(pupils))
}

/// `/imports/{import}/rows-to-correct` as a file: each row is of a record that could not be brought in.
pub(super) fn to_correct(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let id = ImportId(wanted.named()?);
    let sheet = rows_to_correct(tx, wanted.office, wanted.actor, id)?;
    let records = sheet.rows.len();
    Ok(Leaving::new(sheet, wanted.today()).naming_strangers(records))
}
