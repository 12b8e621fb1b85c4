//! The whole report of an import: what changed, what was refused, what waits. On the screen, on paper, as CSV and as Excel (I-005).

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use store::Tx;

use super::course::{self, Import, ImportId};
use super::pages::{kind_name, name_of};
use super::report::{Finding, Outcomes};
use crate::desk::{Desk, Problem, Refusal};
use crate::people::Actor;
use crate::shell::{Exports, Frame, Page, Under, moment};
use crate::take_away::{Leaving, Wanted, texts};

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

/// Every line of the report: what changed first, then the findings in the order of the file.
fn lines(tx: &mut Tx, actor: &Actor, import: &Import) -> Result<Vec<Finding>, Refusal> {
    let mut lines = course::changes(tx, actor.school, import.id)?;
    lines.extend(course::findings(tx, actor.school, import.id)?);
    Ok(course::told_to(actor, import, lines))
}

fn report_page(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    id: ImportId,
) -> Result<ReportPage, Refusal> {
    course::may_import(actor)?;
    let import = course::import(tx, actor.school, id)?;
    let lines = lines(tx, actor, &import)?;
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
            exports: Exports::usual(&format!("/imports/{}/report", id.0)),
            ..Under::default()
        },
    })
}

/// `/imports/{import}/report`.
pub(super) async fn report(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| report_page(&here, tx, actor, ImportId(id)))
        .await?;
    Ok(Page(drawn).into_response())
}

/// `/imports/{import}/report` as a file. Its lines are of the file's records, who may be no pupils here.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let actor = wanted.actor;
    course::may_import(actor)?;
    let id = ImportId(wanted.named()?);
    let import = course::import(tx, actor.school, id)?;
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
    let mut sheet = wanted.sheet(tx, "Import report", &headings)?;
    let about = [
        ("File", import.file_name.clone()),
        ("Import", format!("{}, {}", id.0, import.state.word())),
    ];
    let about = about.map(|(name, value)| (name.to_owned(), value));
    sheet.about.extend(about);
    let lines = lines(tx, actor, &import)?;
    let named = lines.iter().filter(|line| !line.record.is_empty());
    let named: BTreeSet<String> = named.map(|line| line.record.clone()).collect();
    let rows = lines.into_iter().map(|one| {
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
    let sheet = texts(sheet, rows.collect());
    Ok(Leaving::new(sheet, wanted.today()).naming_strangers(named.len()))
}
