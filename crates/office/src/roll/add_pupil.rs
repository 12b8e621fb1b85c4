//! Entering a new pupil in the admission register.

use axum::response::Response;
use axum::{Form, extract::Query};
use calendar::Day;
use register::admission::{EntryInAdmissionRegister, may_admit};
use store::{Act, StoreError, Tx, args};

use super::boarding;
use super::entry::{self, PupilEntry};
use super::groups::{choose_groups, join_chosen_groups};
use super::homes;
use super::keeping::may_keep_roll;
use super::person::person_for;
use super::record::ENROLMENT_KINDS;
use super::records::{ENROLMENT, PUPIL};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, PersonId, PupilId};
use crate::people::Actor;
use crate::shell::{Choice, Field};

/// A time on roll that is to begin.
#[derive(Clone, Debug)]
pub(super) struct Joining {
    pub(super) kind: String,
    pub(super) starting_day: Day,
    pub(super) agreed_with: Option<String>,
    pub(super) last_school: Option<String>,
    pub(super) last_school_address: Option<String>,
    pub(super) next_school: Option<String>,
    pub(super) boards: Option<bool>,
}

/// The word for a pupil who has been at no school before.
pub(super) const NO_SCHOOL_BEFORE: &str = "none before";

/// The questions of a new time on roll.
pub(super) fn joining_questions(today: Day) -> Part {
    let kinds = ENROLMENT_KINDS
        .iter()
        .map(|(key, words)| Choice::new(*key, *words))
        .collect();
    Part::new(
        "Joining",
        vec![
            Field::radios(
                "basis",
                "What does the entry rest on?",
                vec![
                    Choice::new("agreed", "A starting day agreed with a parent, or whoever controls the pupil's attendance"),
                    Choice::new("attended", "The pupil has attended; no day was agreed"),
                ],
            )
            .value("agreed"),
            Field::line("agreed_with", "Agreed with")
                .hint("Who, such as: the mother; the other school.")
                .optional(),
            Field::day("starting_day", "Starting day").value(today.to_string()),
            Field::select("kind", "Registration", kinds).value("C"),
            Field::line("next_school", "The other school")
                .hint("For dual registration and guests: its name.")
                .optional(),
            Field::line("last_school", "Last school")
                .hint("Write “none before” if this is the first school.")
                .optional(),
            Field::line("last_school_address", "Address of the last school").optional(),
            boards_question(),
        ],
    )
    .about("A name is entered with an agreed starting day, or when the pupil first attends, and not before (R-002).")
}

/// Whether the pupil boards, which the register of a school with boarders must hold.
fn boards_question() -> Field {
    form::yes_no("boards", "Boarder").hint("Where the school has boarders (R-003).")
}

/// Reads and checks a new time on roll.
///
/// Rule: R-002. Nothing when something is wrong, which `wrongs` then says.
pub(super) fn read_joining(answers: &Answers, today: Day, wrongs: &mut Wrongs) -> Option<Joining> {
    let day = answers.day("starting_day", wrongs);
    let is_agreed = answers.text("basis") == "agreed";
    let agreed_with = answers.given("agreed_with");
    if is_agreed && agreed_with.is_none() {
        wrongs.add(
            "agreed_with",
            "Say with whom the starting day was agreed (R-002).",
        );
    }
    let ground = EntryInAdmissionRegister {
        agreed_day: day.filter(|_| is_agreed),
        first_attended: day.filter(|_| answers.text("basis") == "attended"),
    };
    if day.is_some()
        && let Err(refusal) = may_admit(ground, today)
    {
        wrongs.add("basis", sentence(&refusal.to_string()));
    }
    let kind = answers.text("kind").to_owned();
    if !ENROLMENT_KINDS.iter().any(|(key, _)| *key == kind) {
        wrongs.add("kind", "Choose the kind of registration.");
    }
    let next_school = answers.given("next_school");
    if kind != "C" && next_school.is_none() {
        wrongs.add("next_school", "Name the other school (R-006).");
    }
    let joining = Joining {
        kind,
        starting_day: day?,
        agreed_with: agreed_with.filter(|_| is_agreed),
        last_school: answers.given("last_school"),
        last_school_address: answers.given("last_school_address"),
        next_school,
        boards: answers.yes_or_no("boards"),
    };
    wrongs.is_empty().then_some(joining)
}

/// A ground as a sentence of its own.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn form(
    tx: &mut Tx,
    actor: &Actor,
    today: Day,
    confirm: Option<Field>,
) -> Result<FormPage, Refusal> {
    let mut parts = entry::questions();
    if let Some(confirm) = confirm {
        parts[0].fields.push(confirm);
    }
    parts.push(joining_questions(today));
    parts.push(choose_groups(tx, actor, today)?);
    parts.push(homes::questions("Address where the pupil lives"));
    Ok(FormPage::new("Add a pupil", ("/pupils", "Pupils"), "Enter in the admission register", parts).about("Enters the name in the admission register. Contacts follow on the next page. The local authority must be told within five days (R-330)."))
}

/// `/pupils/new`.
pub(super) async fn ask(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        let form = form(tx, actor, today, None)?;
        Ok(form.filled(&asked, &Wrongs::default()))
    })
    .await
}

/// Enters the pupil.
pub(super) async fn answer(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let mut wrongs = Wrongs::default();
        let read = entry::read(&answers, today, &mut wrongs);
        let joining = read_joining(&answers, today, &mut wrongs);
        let address = homes::read(&answers, &mut wrongs);
        let mut confirm = None;
        if let Some(entry) = &read {
            confirm =
                entry::duplicates(act.tx(), actor.school, entry, None, &answers, &mut wrongs)?;
        }
        match (read, joining) {
            (Some(entry), Some(joining)) if wrongs.is_empty() => {
                let (pupil, enrolment) = enter(act, &entry, &joining)?;
                join_chosen_groups(act, &answers, enrolment, joining.starting_day)?;
                if let Some(address) = &address {
                    homes::move_in(act, "pupil", pupil.0, address, None)?;
                }
                act.describe(actor.entry("enter pupil", format!("pupil {pupil}")));
                Ok(Outcome::done(&format!("/pupils/{pupil}/contacts"), "added"))
            }
            _ => {
                let form = form(act.tx(), actor, today, confirm)?;
                Ok(Outcome::again(form, &answers, &wrongs))
            }
        }
    })
    .await
}

/// Writes a new pupil with a first time on roll.
fn enter(
    act: &mut Act,
    entry: &PupilEntry,
    joining: &Joining,
) -> Result<(PupilId, EnrolmentId), StoreError> {
    let pupil = PupilId(act.new_id());
    let person = person_for(act, pupil, entry.upn.as_deref())?;
    write_entry(act, pupil, person, entry)?;
    let enrolment = begin(act, pupil, joining)?;
    Ok((pupil, enrolment))
}

/// Writes a version of a pupil's entry in place of the one before, if there is one.
pub(super) fn write_entry(
    act: &mut Act,
    pupil: PupilId,
    person: PersonId,
    entry: &PupilEntry,
) -> Result<(), StoreError> {
    act.replace(
        &PUPIL,
        &args![
            pupil,
            person,
            entry.upn.as_deref(),
            entry.former_upn.as_deref(),
            entry.uln.as_deref(),
            entry.admission_number.as_deref(),
            &entry.legal_surname,
            &entry.legal_forename,
            &entry.middle_names,
            &entry.surname,
            &entry.forename,
            entry.sex.as_deref(),
            entry.birth_day
        ],
    )?;
    Ok(())
}

/// Writes a new time on roll, and whether the pupil boards from its first day, if that was said.
pub(super) fn begin(
    act: &mut Act,
    pupil: PupilId,
    joining: &Joining,
) -> Result<EnrolmentId, StoreError> {
    let enrolment = EnrolmentId(act.new_id());
    act.record(
        &ENROLMENT,
        &args![
            enrolment,
            pupil,
            joining.kind.as_str(),
            joining.starting_day,
            joining.agreed_with.as_deref(),
            None::<Day>,
            None::<&str>,
            joining.last_school.as_deref(),
            joining.last_school_address.as_deref(),
            joining.next_school.as_deref()
        ],
    )?;
    if let Some(boards) = joining.boards {
        boarding::say(act, pupil, boards, joining.starting_day)?;
    }
    Ok(enrolment)
}
