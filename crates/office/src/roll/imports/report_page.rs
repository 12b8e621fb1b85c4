//! The whole report of an import: what changed, what was refused, what waits. On the screen, on paper, as CSV and as Excel (I-005).

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use store::Tx;

use super::course::{self, ImportId};
use super::pages::{kind_name, name_of};
use super::report::{Finding, Outcomes};
use crate::desk::{Desk, Problem, Refusal, school_name};
use crate::people::Actor;
use crate::shell::{Export, Frame, Page, Under, moment};
use crate::take_away::{self, FileKind};

/// The words over each part of the report, by severity.
const PARTS: [(&str, &str); 5] = [
    ("rejected", "Refused"),
    ("held", "Waits for a person"),
    ("changed", "What changes"),
    ("warning", "Brought in, and worth a look"),
    ("skipped", "No records, or left out"),
];

/// Lines of one part on the page; the files have all of them.
const SHOWN: usize = 2_000;

#[derive(Template)]
#[template(path = "roll/imports/report.html")]
struct ReportPage {
    frame: Frame,
    import: i64,
    file: String,
    kind: String,
    state: &'static str,
    came: String,
    by: String,
    outcomes: Vec<(&'static str, u32)>,
    parts: Vec<(&'static str, Vec<Finding>, usize)>,
    under: Under,
}

/// Which form the report is wanted in.
#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    format: Option<String>,
}

/// Every line of the report: what changed first, then the findings in the order of the file.
fn lines(tx: &mut Tx, actor: &Actor, id: ImportId) -> Result<Vec<Finding>, Refusal> {
    let mut lines = course::changes(tx, actor.school, id)?;
    lines.extend(course::findings(tx, actor.school, id)?);
    Ok(lines)
}

fn report_page(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    id: ImportId,
) -> Result<ReportPage, Refusal> {
    course::may_import(actor)?;
    let import = course::import(tx, actor.school, id)?;
    let lines = lines(tx, actor, id)?;
    let parts = PARTS.map(|(severity, heading)| {
        let own = lines.iter().filter(|line| line.severity == severity);
        let shown: Vec<Finding> = own.clone().take(SHOWN).cloned().collect();
        let more = own.count() - shown.len();
        (heading, shown, more)
    });
    let preview = import.preview.as_ref();
    let Outcomes {
        loaded,
        unchanged,
        held,
        rejected,
        skipped,
    } = preview.map(|preview| preview.main).unwrap_or_default();
    Ok(ReportPage {
        frame: desk.frame(tx, actor, "Import report")?,
        import: id.0,
        kind: kind_name(&import.kind),
        state: import.state.word(),
        came: moment(import.received_at),
        by: name_of(tx, import.account.0)?,
        file: import.file_name,
        outcomes: vec![
            ("loaded", loaded),
            ("unchanged", unchanged),
            ("held", held),
            ("rejected", rejected),
            ("skipped", skipped),
        ],
        parts: parts
            .into_iter()
            .filter(|(_, lines, _)| !lines.is_empty())
            .collect(),
        under: Under {
            exports: Export::usual(&format!("/imports/{}/report", id.0)),
            ..Under::default()
        },
    })
}

/// `/imports/{import}/report`, and the same as a file.
pub(super) async fn report(
    desk: Desk,
    Path(id): Path<i64>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let format = wanted.format.unwrap_or_default();
    if let Some(kind) = FileKind::of(&format) {
        return file(desk, ImportId(id), kind).await;
    }
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| report_page(&here, tx, actor, ImportId(id)))
        .await?;
    Ok(Page(drawn).into_response())
}

/// `/imports/{import}/report.csv`.
pub(super) async fn csv(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    file(desk, ImportId(id), FileKind::Csv).await
}

async fn file(desk: Desk, id: ImportId, kind: FileKind) -> Result<Response, Problem> {
    let today = desk.office.today().0;
    let (sheet, school) = desk
        .read(move |tx, actor| {
            course::may_import(actor)?;
            let import = course::import(tx, actor.school, id)?;
            let school = school_name(tx, actor.school)?;
            let headings = [
                "file",
                "sheet",
                "line",
                "record",
                "column",
                "value",
                "severity",
                "code",
                "message",
                "what_to_do",
            ];
            let mut sheet = take_away::sheet("Import report", &school, actor, today, &headings);
            let about = [
                ("File", import.file_name.clone()),
                ("Import", format!("{}, {}", id.0, import.state.word())),
            ];
            let about = about.map(|(name, value)| (name.to_owned(), value));
            sheet.about.extend(about);
            let rows = lines(tx, actor, id)?.into_iter().map(|one| {
                vec![
                    one.file,
                    one.sheet,
                    one.line.to_string(),
                    one.record,
                    one.column,
                    one.value,
                    one.severity,
                    one.code,
                    one.message,
                    one.what_to_do,
                ]
            });
            Ok((take_away::texts(sheet, rows.collect()), school))
        })
        .await?;
    Ok(take_away::file(&sheet, kind, &school, today))
}
