//! Recording that a characteristic of a pupil begins or ends, with its days, so that last year's report uses last year's status.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::Day;
use store::{Tx, args};

use super::characteristic_kinds::{CharacteristicKind, KINDS};
use super::keeping::{may_keep, must_be_unchanged};
use super::record::{Held, characteristics_of, pupil_row};
use super::records::CHARACTERISTIC;
use crate::book::BOARDS;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, hidden};
use crate::ids::PupilId;
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Choice, Field};

fn record_page(pupil: PupilId) -> String {
    format!("/pupils/{pupil}/record")
}

/// The kinds that this person may keep for this pupil.
///
/// Errors: [`Refusal::NotAllowed`] when there is none.
fn kinds_to_keep(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<Vec<&'static CharacteristicKind>, Refusal> {
    let mut kept = Vec::new();
    for record in [
        RecordKind::SocialCareStatus,
        RecordKind::SenProfile,
        RecordKind::VulnerabilityFlags,
        RecordKind::PupilCore,
    ] {
        if actor.reach(tx, Access::Write, record, today)?.covers(pupil) {
            kept.extend(KINDS.iter().filter(|kind| kind.record == record));
        }
    }
    let first = kept
        .first()
        .map_or(RecordKind::VulnerabilityFlags, |kind| kind.record);
    may_keep(tx, actor, first, pupil, today)?;
    Ok(kept)
}

fn form(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    kinds: &[&'static CharacteristicKind],
    today: Day,
) -> Result<FormPage, Refusal> {
    let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
    let mut choices = vec![Choice::new("", "Choose")];
    for kind in kinds {
        if kind.values.len() < 2 {
            choices.push(Choice::new(kind.key, kind.label));
            continue;
        }
        choices.extend(kind.values.iter().map(|(value, words)| {
            Choice::new(
                format!("{}-{value}", kind.key),
                format!("{}: {words}", kind.label),
            )
        }));
    }
    Ok(FormPage::new(
        "Add a characteristic",
        (record_page(pupil), "Record"),
        "Record the characteristic",
        vec![Part::new(
            "",
            vec![
                Field::select("what", "What", choices),
                Field::line("text", "Which")
                    .hint("For ethnicity and first language: the code or the words. For a card: its number as a scanner reads it.")
                    .short()
                    .optional(),
                Field::day("from", "First day").value(today.to_string()),
                Field::day("to", "Last day")
                    .hint("Leave empty while it holds.")
                    .optional(),
                Field::line("reason", "Reason")
                    .hint("For boarder or day pupil, where something else stands until then: it amends the admission register (R-007).")
                    .optional(),
            ],
        )],
    )
    .of(row.listed())
    .about("It counts in figures from its first day to its last. A boarder is not marked in the attendance register on these days (R-011); marks made for them already are kept and not counted."))
}

/// `/pupils/{pupil}/characteristics/new`.
pub(super) async fn ask(desk: Desk, Path(pupil): Path<PupilId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let kinds = kinds_to_keep(tx, actor, pupil, today)?;
        form(tx, actor, pupil, &kinds, today)
    })
    .await
}

/// Records the characteristic; one of the same kind that holds then ends the day before.
pub(super) async fn answer(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let kinds = kinds_to_keep(act.tx(), actor, pupil, today)?;
        let mut wrongs = Wrongs::default();
        let chosen = chosen(&answers, &kinds, &mut wrongs);
        let from = answers.day("from", &mut wrongs);
        let to = answers.day_if_given("to", &mut wrongs);
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            wrongs.add("to", "This lies before the first day.");
        }
        let held = characteristics_of(act.tx(), actor.school, pupil)?;
        let mut gives_way: Option<&Held> = None;
        if let (Some((kind, value)), Some(from)) = (&chosen, from) {
            let overlap = held.iter().find(|one| {
                one.kind == kind.key
                    && one.to.is_none_or(|last| last >= from)
                    && to.is_none_or(|to| one.from <= to)
            });
            match overlap {
                Some(one) if one.value != *value && one.from < from && one.to.is_none() => {
                    gives_way = Some(one);
                }
                Some(one) => wrongs.add(
                    "from",
                    format!(
                        "{} is recorded from {} already. End that first.",
                        kind.label,
                        one.from.long()
                    ),
                ),
                None => {}
            }
        }
        let reason = answers.given("reason");
        let amends_register = gives_way.is_some_and(|one| one.kind == BOARDS);
        if amends_register && reason.is_none() {
            wrongs.add(
                "reason",
                "Say why: what stands in the admission register changes (R-007).",
            );
        }
        let (Some((kind, value)), Some(from), true) = (chosen, from, wrongs.is_empty()) else {
            let form = form(act.tx(), actor, pupil, &kinds, today)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        if let Some(old) = gives_way {
            let last = from.previous();
            act.replace(
                &CHARACTERISTIC,
                &args![old.id, pupil, kind.key, &old.value, old.from, last],
            )?;
        }
        let id = act.new_id();
        act.record(
            &CHARACTERISTIC,
            &args![id, pupil, kind.key, value, from, to],
        )?;
        if let Some(reason) = &reason {
            act.note("reason", reason);
        }
        act.describe(actor.entry("record characteristic", format!("pupil {pupil}")));
        Ok(Outcome::done(&record_page(pupil), "characteristic"))
    })
    .await
}

/// The kind and value that were chosen.
fn chosen(
    answers: &Answers,
    kinds: &[&'static CharacteristicKind],
    wrongs: &mut Wrongs,
) -> Option<(&'static CharacteristicKind, String)> {
    let what = answers.text("what");
    let (key, value) = what.split_once('-').unwrap_or((what, ""));
    let Some(kind) = kinds.iter().find(|kind| kind.key == key) else {
        wrongs.add("what", "Choose what to record.");
        return None;
    };
    let value = match kind.values {
        [] => answers.required("text", "Say which.", wrongs),
        [(only, _)] => (*only).to_owned(),
        several => match several.iter().find(|(known, _)| *known == value) {
            Some((known, _)) => (*known).to_owned(),
            None => {
                wrongs.add("what", "Choose what to record.");
                return None;
            }
        },
    };
    Some((kind, value))
}

fn one_held(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    id: i64,
    today: Day,
) -> Result<(Held, &'static CharacteristicKind), Refusal> {
    let held = characteristics_of(tx, actor.school, pupil)?;
    let one = held
        .into_iter()
        .find(|one| one.id == id)
        .ok_or(Refusal::NotFound)?;
    let kind = CharacteristicKind::from_key(&one.kind).ok_or(Refusal::NotFound)?;
    // Somebody who may not see it must not learn that it is there.
    if !actor
        .reach(tx, Access::Read, kind.record, today)?
        .covers(pupil)
    {
        return Err(Refusal::NotFound);
    }
    may_keep(tx, actor, kind.record, pupil, today)?;
    Ok((one, kind))
}

fn end_form(pupil: PupilId, one: &Held, kind: &CharacteristicKind, today: Day) -> FormPage {
    let last = one.to.unwrap_or(today);
    FormPage::new(
        "End a characteristic",
        (record_page(pupil), "Record"),
        "Record the last day",
        vec![Part::new(
            "",
            vec![
                Field::day("last", "Last day").value(last.to_string()),
                form::tick("error", "It never held: it was recorded in error"),
                form::reason(),
                hidden("seq", one.seq),
            ],
        )],
    )
    .of(format!("since {}", one.from.long()))
    .about("It is kept with its days, and counts in figures up to its last day. What was recorded in error stays among the amendments, and counts on no day.")
    .headed(format!("End: {}", kind.label))
}

/// `/pupils/{pupil}/characteristics/{characteristic}`.
pub(super) async fn ask_end(
    desk: Desk,
    Path((pupil, id)): Path<(PupilId, i64)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let (one, kind) = one_held(tx, actor, pupil, id, today)?;
        Ok(end_form(pupil, &one, kind, today))
    })
    .await
}

/// Records the last day, or that it never held.
pub(super) async fn answer_end(
    desk: Desk,
    Path((pupil, id)): Path<(PupilId, i64)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let (one, kind) = one_held(act.tx(), actor, pupil, id, today)?;
        must_be_unchanged(act.tx(), actor, &answers, one.seq)?;
        let mut wrongs = Wrongs::default();
        let last = answers.day("last", &mut wrongs);
        let reason = answers.reason(&mut wrongs);
        if answers.ticked("error") && wrongs.is_empty() {
            act.supersede(&CHARACTERISTIC, &args![one.id])?;
            act.note("reason", &reason);
            act.describe(actor.entry("take back characteristic", format!("pupil {pupil}")));
            return Ok(Outcome::done(&record_page(pupil), "characteristic"));
        }
        if last.is_some_and(|last| last < one.from) {
            wrongs.add("last", format!("It began on {}.", one.from.long()));
        }
        let (Some(last), true) = (last, wrongs.is_empty()) else {
            let form = end_form(pupil, &one, kind, today);
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        act.replace(
            &CHARACTERISTIC,
            &args![one.id, pupil, kind.key, &one.value, one.from, last],
        )?;
        act.note("reason", &reason);
        act.describe(actor.entry("end characteristic", format!("pupil {pupil}")));
        Ok(Outcome::done(&record_page(pupil), "characteristic"))
    })
    .await
}
