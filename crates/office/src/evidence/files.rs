//! The files of a report or a pupil as a part of a page, with a form that adds one.

use askama::Template;
use askama::filters::HtmlSafe;
use store::Tx;

use super::file::{self, EvidenceFile, GivenBy, Scan};
use super::may::{may_file, sees};
use super::posted::FILES;
use super::request::asked_of;
use super::{MOST_FILES, NotTaken};
use crate::book::Book;
use crate::desk::{Office, Refusal};
use crate::ids::{EvidenceId, PupilId, ReportId};
use crate::people::Actor;
use crate::shell::{Field, FieldKind, Notice, moment};

/// A file as a line.
struct FileLine {
    id: EvidenceId,
    called: String,
    came: String,
    from: String,
    size: String,
    stands: String,
    is_refused: bool,
}

/// The files of a report or a pupil, with a form that adds one for whoever may.
#[derive(Template)]
#[template(path = "evidence/files.html")]
pub(crate) struct Files {
    lines: Vec<FileLine>,
    /// That evidence is asked for of the pupil, where it is (E-024).
    asked: Option<String>,
    /// What is said where there is none.
    none: &'static str,
    /// Where a file is added; none for whoever adds none.
    action: Option<String>,
    /// Whether the form stands open.
    opened: bool,
    fields: Vec<Field>,
}

// Its template escapes everything that it is given.
impl HtmlSafe for Files {}

impl Files {
    /// The files of a report; none for somebody who may not know of them.
    ///
    /// Errors: the database did not answer.
    pub(crate) fn of_report(
        tx: &mut Tx,
        office: &Office,
        book: &Book,
        actor: &Actor,
        report: ReportId,
        pupil: Option<PupilId>,
    ) -> Result<Option<Files>, Refusal> {
        let (today, _) = office.today();
        if !sees(tx, actor, pupil, today)? {
            return Ok(None);
        }
        let files = file::of_report(tx, actor.school, report)?;
        let may_file = may_file(tx, actor, pupil, today)?;
        let asked = match pupil {
            Some(pupil) => asked_of(tx, actor, pupil, today)?,
            None => None,
        };
        Ok(Some(Files {
            asked: asked.map(|one| one.words()),
            none: "No file came with it. It is asked for only where there is reason to doubt (E-024).",
            action: may_file.then(|| format!("/absence-line/{report}/evidence")),
            opened: false,
            fields: fields(),
            lines: lines(office, book, files),
        }))
    }

    /// Files of a pupil that were read already.
    pub(super) fn of_pupil(
        office: &Office,
        book: &Book,
        pupil: PupilId,
        files: Vec<EvidenceFile>,
        may_file: bool,
    ) -> Files {
        let about = Field::day("about", "The last day that it is about")
            .value(office.today().0.to_string())
            .hint("Today, if it is about no days in particular.");
        let mut fields = fields();
        fields.push(about);
        Files {
            asked: None,
            none: "There is no file of this pupil.",
            action: may_file.then(|| format!("/pupils/{pupil}/evidence")),
            opened: true,
            fields,
            lines: lines(office, book, files),
        }
    }
}

fn lines(office: &Office, book: &Book, files: Vec<EvidenceFile>) -> Vec<FileLine> {
    let has_scanner = office.scanner.is_some();
    let line = |file: EvidenceFile| FileLine {
        id: file.id,
        called: file.called(),
        came: moment(file.came_at),
        from: from_in_words(book, &file),
        size: file.size(),
        stands: file.in_words(has_scanner),
        is_refused: matches!(file.scan, Scan::Refused(_)),
    };
    files.into_iter().map(line).collect()
}

/// `family, by their own form`, `office, Ms A Sample`.
pub(super) fn from_in_words(book: &Book, file: &EvidenceFile) -> String {
    let member = file
        .account
        .and_then(|account| book.staff.with_account(account));
    match (file.given_by, member) {
        (GivenBy::Family, _) => "family, by their own form".to_owned(),
        (GivenBy::Email, _) => "e-mail".to_owned(),
        (GivenBy::Office, Some(member)) => format!("office, {}", member.name),
        (GivenBy::Office, None) => "office".to_owned(),
    }
}

fn fields() -> Vec<Field> {
    vec![
        file_field("File"),
        Field::line("what", "What it is")
            .optional()
            .hint("Such as: appointment card, letter of the hospital."),
    ]
}

/// The question for files.
pub(crate) fn file_field(label: &'static str) -> Field {
    Field {
        accept: ".pdf,.jpg,.jpeg,.png,.heic,.heif,.docx",
        ..Field::new(FieldKind::Files, FILES, label)
    }
    .hint(format!(
        "PDF, photo (JPEG, PNG, HEIC) or Word document, up to 10 MB each, {MOST_FILES} at most."
    ))
}

/// What a page says after files were added: so many are new, and why others are not kept.
pub(crate) fn said_of(new: usize, given: usize, not_taken: &[(String, NotTaken)]) -> Notice {
    let mut said = match (new, given) {
        (0, 0) => String::new(),
        (0, 1) => "This file is here already.".to_owned(),
        (0, _) => "These files are here already.".to_owned(),
        (1, _) => "One file is kept.".to_owned(),
        (new, _) => format!("{new} files are kept."),
    };
    for (called, why) in not_taken {
        said.push_str(&match called.is_empty() {
            true => format!(" A file was not kept: {why}."),
            false => format!(" “{called}” was not kept: {why}."),
        });
    }
    if said.is_empty() {
        said = "No file was chosen.".to_owned();
    }
    Notice::done(said.trim_start().to_owned())
}
