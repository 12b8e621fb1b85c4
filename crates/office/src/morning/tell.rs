//! Telling a social worker, a youth justice worker or the virtual school of a child's unexplained absence: who, how, when, and their answer (E-019).

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::{Day, Instant};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::log::professional_is_told;
use super::records::PROFESSIONAL_TOLD;
use super::who::{Sight, is_lead, pupil_for};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{AccountId, EnrolmentId, PupilId};
use crate::keyed::keyed;
use crate::people::{Access, Actor};
use crate::registers::save::LONGEST_TEXT;
use crate::roll::{Professional, professionals_of};
use crate::shell::{Choice, Field, FieldKind};

keyed! {
    /// How somebody outside was told.
    How {
        /// By telephone.
        Call = "call", "telephone";
        /// By e-mail that nobody else reads.
        Email = "email", "secure e-mail";
        /// Through a portal of theirs.
        Portal = "portal", "their portal";
        /// In person.
        InPerson = "in_person", "in person";
    }
}

/// That a professional was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The record.
    pub id: i64,
    /// Who.
    pub professional: i64,
    /// How.
    pub how: How,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: AccountId,
    /// What was told.
    pub words: Option<String>,
    /// What they answered.
    pub reply: Option<String>,
    /// When.
    pub replied_at: Option<Instant>,
}

/// What somebody writes down of telling one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Who.
    pub professional: i64,
    /// How.
    pub how: How,
    /// What was told.
    pub words: Option<String>,
    /// What they answered, if they have.
    pub reply: Option<String>,
}

const TOLD: &str = "\
select told_id, professional_id, how, told_at, account_id, words, reply, replied_at from professional_told
where school_id = $1 and enrolment_id = $2 and on_date = $3 and superseded_seq is null order by told_at, told_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[TOLD];

/// Who was told of the absence of a day.
pub(super) fn told_on(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    day: Day,
) -> Result<Vec<Told>, StoreError> {
    let found = tx.query(TOLD, &args![school, enrolment, day], |row| {
        let Some(how) = How::from_key(row.get(2)?) else {
            return Ok(None);
        };
        Ok(Some(Told {
            id: row.get(0)?,
            professional: row.get(1)?,
            how,
            at: row.get(3)?,
            by: row.get(4)?,
            words: row.get(5)?,
            reply: row.get(6)?,
            replied_at: row.get(7)?,
        }))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// The pupil of a row, for somebody who tells professionals of the absence: who may see social care status, and logs contacts or decides for
/// safeguarding.
fn pupil_to_tell(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<PupilId, Refusal> {
    let want = match is_lead(actor) {
        true => Access::Read,
        false => Access::Write,
    };
    let pupil = pupil_for(tx, actor, enrolment, today, want)?;
    match Sight::of(tx, actor, today)?.sees_social_care(pupil) {
        true => Ok(pupil),
        false => Err(Refusal::NotFound),
    }
}

/// Records that a professional was told of today's absence; the ladder's step is done by it. What they answer may come later, and is added.
///
/// Rule: E-019, E-016. Errors: [`Refusal::NotFound`] for whoever may not know of them; [`Refusal::Wrong`] for one who is not allocated today.
pub fn tell(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    telling: &Telling,
) -> Result<(), Refusal> {
    let now = act.at();
    let (today, _) = now.in_london();
    let pupil = pupil_to_tell(act.tx(), actor, enrolment, today)?;
    let school = act.school();
    let mut allocated = professionals_of(act.tx(), school, pupil)?.into_iter();
    if !allocated.any(|one| one.id == telling.professional && one.holds(today)) {
        let ground = "Choose who was told. Whoever is not there is added on the pupil's professionals first.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let too_long = |text: &String| text.chars().count() > LONGEST_TEXT || text.contains('\0');
    if [&telling.words, &telling.reply]
        .into_iter()
        .flatten()
        .any(too_long)
    {
        let ground = format!("A text is longer than {LONGEST_TEXT} characters. Shorten it.");
        return Err(Refusal::Wrong(ground));
    }
    let before = told_on(act.tx(), school, enrolment, today)?;
    let open = before
        .iter()
        .rfind(|told| told.professional == telling.professional && told.reply.is_none());
    // An answer to what was told already is added to it; anything else is a telling of its own.
    let (id, how, at, by, words) = match (open, &telling.reply, &telling.words) {
        (Some(told), Some(_), None) => (told.id, told.how, told.at, told.by, told.words.as_ref()),
        _ => (
            act.new_id(),
            telling.how,
            now,
            actor.account,
            telling.words.as_ref(),
        ),
    };
    let is_new = at == now && by == actor.account;
    act.replace(
        &PROFESSIONAL_TOLD,
        &args![
            id,
            enrolment,
            today,
            telling.professional,
            how.key(),
            at,
            by,
            words.map(String::as_str),
            telling.reply.as_deref(),
            telling.reply.is_some().then_some(now)
        ],
    )?;
    if is_new {
        professional_is_told(act, actor, enrolment)?;
    }
    act.describe(actor.entry("tell a professional", format!("pupil {pupil} {today}")));
    Ok(())
}

fn tell_form(allocated: &[Professional], today: Day) -> FormPage {
    let choices = allocated.iter().filter(|one| one.holds(today)).map(|one| {
        let phone = one.phone.iter().map(|phone| format!(", {phone}"));
        let words = format!("{}{}", one.in_words(), phone.collect::<String>());
        Choice::new(one.id.to_string(), words)
    });
    let choices: Vec<Choice> = choices.collect();
    let first = choices.first().map(|choice| choice.value.clone());
    let ways = How::ALL
        .iter()
        .map(|how| Choice::new(how.key(), how.label()));
    let part = Part::new(
        "",
        vec![
            Field::radios("professional", "Who was told", choices)
                .value(first.unwrap_or_default()),
            Field::select("how", "How", ways.collect()).short(),
            Field::new(FieldKind::Lines, "words", "What you told them")
                .hint("The sessions, what was tried, what worries you. Leave it empty to add only their answer to what was told before.")
                .optional(),
            Field::new(FieldKind::Lines, "reply", "What they answered").optional(),
        ],
    );
    FormPage::new(
        "Tell a professional",
        ("/morning", "Morning"),
        "It is told",
        vec![part],
    )
    .about("It is kept with your name and this time, and the step of the ladder is done by it (E-019). Use a way that nobody else reads.")
}

fn made(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<FormPage, Refusal> {
    let pupil = pupil_to_tell(tx, actor, enrolment, today)?;
    let allocated = professionals_of(tx, actor.school, pupil)?;
    Ok(tell_form(&allocated, today))
}

/// `GET /morning/{enrolment}/tell`.
pub(super) async fn ask(desk: Desk, Path(enrolment): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        made(tx, actor, EnrolmentId(enrolment), today)
    })
    .await
}

/// `POST /morning/{enrolment}/tell`.
pub(super) async fn answer(
    desk: Desk,
    Path(enrolment): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let enrolment = EnrolmentId(enrolment);
        let form = made(act.tx(), actor, enrolment, today)?;
        let mut wrongs = Wrongs::default();
        let professional = answers.number("professional");
        let how = How::from_key(answers.text("how"));
        let (Some(professional), Some(how)) = (professional, how) else {
            wrongs.add("professional", "Choose who was told, and how.");
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let telling = Telling {
            professional,
            how,
            words: answers.given("words"),
            reply: answers.given("reply"),
        };
        match tell(act, actor, enrolment, &telling) {
            Ok(()) => Ok(Outcome::done(
                &format!("/morning?row={enrolment}"),
                "recorded",
            )),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("professional", ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}
