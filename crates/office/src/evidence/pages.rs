//! The pages of evidence: a pupil's files, one file with what speaks for and against opening it, the download, taking it away.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use exchange::Cell;
use store::Tx;
use welfare::evidence_request::LAW;

use super::file::{self, GivenBy, Scan};
use super::files::{Files, from_in_words, said_of};
use super::keep::{GivenFor, closed_in_words, file_by_office, open, withdraw};
use super::may::{may_ask, may_file, opens, sees};
use super::posted::{Posted, read_posted};
use super::request_pages::{RequestLine, lines_of, notice};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{Answers, Wrongs};
use crate::ids::{EvidenceId, PupilId};
use crate::people::Actor;
use crate::shell::{Exports, Facts, Frame, Notice, Page, Under, moment};
use crate::take_away::{Leaving, Wanted};

/// The longest that the office says of what a file is.
const LONGEST_WORDS: usize = 120;

#[derive(Template)]
#[template(path = "evidence/file.html")]
struct FilePage {
    frame: Frame,
    id: EvidenceId,
    back: (String, &'static str),
    called: String,
    whose: String,
    facts: Facts,
    /// Why it cannot be opened, if so.
    closed: Option<&'static str>,
    opens: bool,
    is_scanned: bool,
    may_take_away: bool,
}

/// `GET /evidence/{evidence}`: what it is, how it stands, and the way to open it.
pub(super) async fn page(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let file = file::one(tx, actor.school, EvidenceId(id))?.ok_or(Refusal::NotFound)?;
        if !sees(tx, actor, file.pupil, today)? {
            return Err(Refusal::NotFound);
        }
        let book = here.office.shelf.book(tx, actor.school)?;
        let has_scanner = here.office.scanner.is_some();
        let whose = file.pupil.and_then(|pupil| book.roll.pupil(pupil));
        let gone = (asked.text("did") == "withdrawn")
            .then(|| Notice::done("Taken away. Its content is destroyed."));
        let mut facts = vec![
            ("Came", moment(file.came_at)),
            ("From", from_in_words(&book, &file)),
            ("Kind", format!("{}, {}", file.kind.label(), file.size())),
            ("About days until", file.about_day.long()),
            ("Stands", file.in_words(has_scanner)),
        ];
        if let Scan::Clean(at) = file.scan {
            facts.push(("Scanned", moment(at)));
        }
        let page = FilePage {
            frame: here.frame(tx, actor, "Evidence")?.with_notice(gone),
            id: file.id,
            back: match (file.report, file.pupil) {
                (Some(report), _) => (format!("/absence-line/{report}"), "Report"),
                (None, Some(pupil)) => (format!("/pupils/{pupil}/evidence"), "Evidence"),
                (None, None) => ("/absence-line".to_owned(), "Absence line"),
            },
            called: file.called(),
            whose: whose.map(|pupil| pupil.listed()).unwrap_or_default(),
            facts: Facts {
                facts: (facts.into_iter())
                    .map(|(term, fact)| (term.into(), fact.into()))
                    .collect(),
            },
            closed: file.closed(has_scanner).map(closed_in_words),
            opens: opens(tx, actor, file.pupil, today)?,
            is_scanned: matches!(file.scan, Scan::Clean(_)),
            may_take_away: file.withdrawn.is_none() && may_file(tx, actor, file.pupil, today)?,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `POST /evidence/{evidence}/file`: the file, as a download under a name that says nothing (I-029).
pub(super) async fn hand_out(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (office, warned) = (desk.office.clone(), answers.ticked("warned"));
    let file = desk
        .act(move |act, actor| open(act, actor, &office, EvidenceId(id), warned))
        .await?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{}\"", file.name))
        .expect("a number and a kind are letters and digits");
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(file.content_type),
        ),
        (header::CONTENT_DISPOSITION, disposition),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Whatever it is, a browser that shows it all the same runs nothing of it.
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
    ];
    Ok((headers, file.bytes).into_response())
}

/// `POST /evidence/{evidence}/withdraw`.
pub(super) async fn take_away(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let why = answers.text("why").to_owned();
    desk.act(move |act, actor| withdraw(act, actor, EvidenceId(id), &why))
        .await?;
    Ok(Redirect::to(&format!("/evidence/{id}?did=withdrawn")).into_response())
}

#[derive(Template)]
#[template(path = "evidence/pupil.html")]
struct PupilPage {
    frame: Frame,
    pupil: PupilId,
    name: String,
    requests: Vec<RequestLine>,
    /// Whether this person asks for evidence, and nothing is asked for yet.
    may_ask: bool,
    may_review: bool,
    law: &'static str,
    files: Files,
    under: Under,
}

/// `GET /pupils/{pupil}/evidence`.
pub(super) async fn of_pupil(
    desk: Desk,
    Path(pupil): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    shown(desk, PupilId(pupil), notice(&asked)).await
}

async fn shown(desk: Desk, pupil: PupilId, notice: Option<Notice>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let name = known(tx, &here.office, actor, pupil)?;
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let files = file::of_pupil(tx, actor.school, pupil)?;
        let may_file = may_file(tx, actor, Some(pupil), today)?;
        let may_review = may_ask(tx, actor, pupil, today)?;
        let requests = lines_of(tx, actor, pupil, today)?;
        let page = PupilPage {
            may_ask: may_review && !requests.iter().any(|one| one.runs),
            may_review,
            requests,
            law: LAW,
            frame: here.frame(tx, actor, "Evidence")?.with_notice(notice),
            pupil,
            name,
            under: Under {
                shown: format!("{} files", files.len()).into(),
                exports: Exports::usual(&format!("/pupils/{pupil}/evidence")),
                ..Under::default()
            },
            files: Files::of_pupil(&here.office, &book, pupil, files, may_file),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The name of a pupil of whose evidence this person may know.
///
/// Errors: [`Refusal::NotFound`] for every other.
pub(super) fn known(
    tx: &mut Tx,
    office: &crate::desk::Office,
    actor: &Actor,
    pupil: PupilId,
) -> Result<String, Refusal> {
    let (today, _) = office.today();
    if !sees(tx, actor, Some(pupil), today)? {
        return Err(Refusal::NotFound);
    }
    let book = office.shelf.book(tx, actor.school)?;
    let pupil = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?;
    Ok(pupil.listed())
}

/// `POST /pupils/{pupil}/evidence`: files for a pupil, beside any report.
pub(super) async fn add_to_pupil(
    desk: Desk,
    Path(pupil): Path<i64>,
    request: Request,
) -> Result<Response, Problem> {
    let pupil = PupilId(pupil);
    let posted = read_posted(request)
        .await
        .map_err(|refusal| desk.problem(refusal))?;
    let Posted {
        answers,
        files,
        not_taken,
    } = posted;
    let (what, about_day) = what_and_when(&answers).map_err(|refusal| desk.problem(refusal))?;
    let (office, given) = (desk.office.clone(), files.len());
    let new = desk
        .act(move |act, actor| {
            known(act.tx(), &office, actor, pupil)?;
            let given = GivenFor {
                pupil: Some(pupil),
                report: None,
                by: GivenBy::Office,
                account: Some(actor.account),
                words: what,
                about_day,
            };
            file_by_office(act, actor, &office.keyring, &given, &files)
        })
        .await?;
    shown(desk, pupil, Some(said_of(new, given, &not_taken))).await
}

/// What a file is and the last day that it is about, as a form of the office says.
///
/// Errors: [`Refusal::Wrong`] for words that are too long, and for no day.
fn what_and_when(answers: &Answers) -> Result<(String, Day), Refusal> {
    let mut wrongs = Wrongs::default();
    let day = answers.day("about", &mut wrongs);
    let what = what(answers)?;
    let day =
        day.ok_or_else(|| Refusal::Wrong("Give the last day that it is about.".to_owned()))?;
    Ok((what, day))
}

/// What a file is, as a form of the office says.
///
/// Errors: [`Refusal::Wrong`] for words that are too long.
pub(crate) fn what(answers: &Answers) -> Result<String, Refusal> {
    let what = answers.text("what");
    match what.chars().count() > LONGEST_WORDS || what.contains('\0') {
        true => Err(Refusal::Wrong(format!(
            "Say what it is in {LONGEST_WORDS} letters at most."
        ))),
        false => Ok(what.to_owned()),
    }
}

/// `/pupils/{pupil}/evidence` as a file: that there are files and how they stand, and none of them.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let pupil = PupilId(wanted.named()?);
    known(tx, wanted.office, wanted.actor, pupil)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = ["File", "Came", "From", "Size", "About days until", "Stands"];
    let mut sheet = wanted.sheet(tx, "Evidence of a pupil", &headings)?;
    let has_scanner = wanted.office.scanner.is_some();
    sheet.rows = file::of_pupil(tx, wanted.actor.school, pupil)?
        .iter()
        .map(|file| {
            let texts = [
                file.called(),
                moment(file.came_at),
                from_in_words(&book, file),
                file.size(),
                file.about_day.to_string(),
                file.in_words(has_scanner),
            ];
            texts.map(|text| Cell::text(&text)).to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, wanted.today()).naming([pupil]))
}
