//! Amending a pupil's entry in the admission register: what stood there is kept, with the reason.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use store::Tx;

use super::add_pupil::write_entry;
use super::entry::{self, QUESTIONS};
use super::keeping::{maker, may_keep};
use super::record::{PupilRow, pupil_row, pupil_row_at};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, hidden};
use crate::ids::{PersonId, PupilId};
use crate::people::{Actor, RecordKind};
use crate::shell::{Field, Notice};

fn form(row: &PupilRow, pupil: PupilId, confirm: Option<Field>) -> FormPage {
    let mut parts = entry::questions();
    if let Some(confirm) = confirm {
        parts[0].fields.push(confirm);
    }
    parts.push(Part::new("", vec![form::reason(), hidden("seq", row.seq)]));
    FormPage::new("Amend the entry", (format!("/pupils/{pupil}/record"), "Record"), "Amend the entry", parts).of(row.listed()).about("What stands there now is kept beside what you write, with your reason, your name, your job title and the time (R-007).")
}

/// `/pupils/{pupil}/amend`.
pub(super) async fn ask(desk: Desk, Path(pupil): Path<PupilId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::PupilCore, pupil, today)?;
        let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
        Ok(form(&row, pupil, None).filled(&entry::answers(&row), &Wrongs::default()))
    })
    .await
}

/// Amends the entry.
pub(super) async fn answer(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::PupilCore, pupil, today)?;
        let row = pupil_row(act.tx(), actor.school, pupil)?.ok_or(Refusal::NotFound)?;
        if answers.number("seq") != Some(row.seq) {
            return overtaken(act.tx(), actor, &row, pupil, answers);
        }
        let mut wrongs = Wrongs::default();
        let read = entry::read(&answers, today, &mut wrongs);
        let reason = answers.reason(&mut wrongs);
        let mut confirm = None;
        if let Some(entry) = &read {
            confirm = entry::duplicates(
                act.tx(),
                actor.school,
                entry,
                Some(pupil),
                &answers,
                &mut wrongs,
            )?;
        }
        let Some(entry) = read.filter(|_| wrongs.is_empty()) else {
            return Ok(Outcome::again(
                form(&row, pupil, confirm),
                &answers,
                &wrongs,
            ));
        };
        write_entry(act, pupil, PersonId(row.person), &entry)?;
        act.note("reason", &reason);
        act.describe(actor.entry("amend pupil", format!("pupil {pupil}")));
        Ok(Outcome::done(&format!("/pupils/{pupil}/record"), "amended"))
    })
    .await
}

/// Somebody else has amended the entry since the page was opened: says who and what, and asks again. Answers that this
/// person had not touched take what stands there now, so that nothing of the other's is lost by sending the form again.
fn overtaken(
    tx: &mut Tx,
    actor: &Actor,
    row: &PupilRow,
    pupil: PupilId,
    mut answers: Answers,
) -> Result<Outcome, Refusal> {
    let now = entry::answers(row);
    let mut changed = Vec::new();
    let base = match answers.number("seq") {
        Some(seq) => pupil_row_at(tx, actor.school, pupil, seq)?,
        None => None,
    };
    if let Some(base) = base {
        let base = entry::answers(&base);
        for name in QUESTIONS {
            if base.text(name) != now.text(name) {
                changed.push(format!(
                    "{} from “{}” to “{}”",
                    name.replace('_', " "),
                    base.text(name),
                    now.text(name)
                ));
            }
            if answers.text(name) == base.text(name) {
                answers.set(name, now.text(name).to_owned());
            }
        }
    }
    answers.set("seq", row.seq.to_string());
    let who = maker(tx, actor.school, row.seq)?;
    let what = if changed.is_empty() {
        String::new()
    } else {
        format!(" ({})", changed.join("; "))
    };
    let told = format!(
        "Nothing of yours is saved yet. After you opened this page the entry was changed by {who}{what}. The form below holds that change and yours: check it, and amend again."
    );
    let form = form(row, pupil, None).notice(Notice::grave(told));
    Ok(Outcome::again(form, &answers, &Wrongs::default()))
}
