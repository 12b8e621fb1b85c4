//! A letter that somebody writes about one pupil: one to each parent who is ticked, seen before it goes.

use ::messages::Channel;
use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::address::address_of;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{ContactId, MessageRunId, PupilId};
use crate::messages::ask::{Purpose, may_send, put_down, queue};
use crate::messages::foresee::{About, Foreseen, contacts, holds, slot_now};
use crate::messages::records::MESSAGE_RUN;
use crate::people::Actor;
use crate::shell::{Field, FieldKind, Frame, page as shown};

const PUPIL: &str = "\
select e.enrolment_id, p.forename, p.surname from pupil p
join enrolment e on e.school_id = p.school_id and e.pupil_id = p.pupil_id and e.superseded_seq is null
where p.school_id = $1 and p.pupil_id = $2 and p.superseded_seq is null order by e.starting_day desc, e.enrolment_id desc limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PUPIL];

/// The most characters of a subject, and of the words: a page.
const LONGEST: (usize, usize) = (120, 2_500);

/// A letter as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLetter {
    /// About whom.
    pub pupil: PupilId,
    /// To whom: one letter each (E-008).
    pub contacts: Vec<ContactId>,
    /// What stands above it.
    pub subject: String,
    /// Its words, under `Dear …`.
    pub words: String,
}

/// Puts letters down to be printed, or to be handed to the service that prints them. Answers the run.
///
/// Rule: E-008: one to each, separately addressed. Errors: somebody who sends no messages; no such pupil; a hold; a contact who must not be
/// contacted or has no address that a letter can be posted to; nothing written.
pub fn write_letters(
    act: &mut Act,
    actor: &Actor,
    letter: &NewLetter,
) -> Result<MessageRunId, Refusal> {
    if !may_send(actor) {
        return Err(Refusal::NotFound);
    }
    let (school, now) = (act.school(), act.at());
    let slot = slot_now(act.tx(), school, now)?;
    let made = made(act.tx(), school, letter, slot.day)?;
    let run = MessageRunId(act.new_id());
    act.record(
        &MESSAGE_RUN,
        &args![
            run,
            slot.day,
            slot.session.index() as i64,
            now,
            Purpose::Letter.key()
        ],
    )?;
    for one in &made {
        queue(act, run, one, now)?;
    }
    put_down(act, actor, run, now)?;
    act.describe(actor.entry("write letters", format!("messages {run}")));
    act.note("letters", &made.len().to_string());
    Ok(run)
}

/// The letters as they would go.
fn made(
    tx: &mut Tx,
    school: SchoolId,
    letter: &NewLetter,
    today: Day,
) -> Result<Vec<Foreseen>, Refusal> {
    let wrong = |ground: &str| Err(Refusal::Wrong(ground.to_owned()));
    if letter.subject.is_empty() || letter.words.is_empty() {
        return wrong("Write the subject and the words.");
    }
    if letter.subject.chars().count() > LONGEST.0 || letter.words.chars().count() > LONGEST.1 {
        return wrong("It does not fit on a page: a subject of 120 characters, 2,500 in all.");
    }
    if letter.contacts.is_empty() {
        return wrong("Tick to whom it goes.");
    }
    let Some(about) = about(tx, school, letter.pupil)? else {
        return Err(Refusal::NotFound);
    };
    if let Some(ground) = holds(tx, school, today)?.remove(&letter.pupil) {
        return Err(Refusal::Wrong(format!("{ground}. Lift the hold first.")));
    }
    let mut made = Vec::new();
    for contact in contacts(tx, school, letter.pupil)? {
        if !letter.contacts.contains(&contact.id) {
            continue;
        }
        if contact.do_not_contact {
            return Err(Refusal::Wrong(format!(
                "{} must not be contacted.",
                contact.name
            )));
        }
        let address = address_of(tx, school, contact.id, &contact.name, today)?;
        let address = address
            .map_err(|why| Refusal::Wrong(format!("No letter to {}: {why}.", contact.name)))?;
        made.push(Foreseen {
            key: String::new(),
            contact: contact.id,
            to_name: contact.name.clone(),
            relationship: contact.relationship,
            channel: Channel::Letter,
            address: address.lines().join("\n"),
            pupils: vec![about.clone()],
            subject: letter.subject.clone(),
            words: format!("Dear {},\n\n{}", contact.name, letter.words),
            parts: 0,
            passed_over: Vec::new(),
        });
    }
    match made.len() == letter.contacts.len() {
        true => Ok(made),
        false => Err(Refusal::NotFound),
    }
}

fn about(tx: &mut Tx, school: SchoolId, pupil: PupilId) -> Result<Option<About>, StoreError> {
    tx.query_opt(PUPIL, &args![school, pupil], |row| {
        let (forename, surname): (String, String) = (row.get(1)?, row.get(2)?);
        Ok(About {
            enrolment: row.get(0)?,
            pupil,
            listed: format!("{surname}, {forename}"),
            forename,
        })
    })
}

/// Somebody to whom a letter can go, or why not.
struct To {
    contact: ContactId,
    name: String,
    relationship: String,
    /// The address; else why no letter can go there.
    address: Result<String, String>,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "messages/letters/new.html")]
struct NewPage {
    frame: Frame,
    pupil: PupilId,
    name: String,
    problem: Option<String>,
    to: Vec<To>,
    subject: String,
    words: String,
    /// The letters as they would go, once they have been looked at.
    made: Vec<Foreseen>,
    fields: [Field; 2],
}

/// `GET /messages/letters/new?pupil=`.
pub(super) async fn ask(desk: Desk, Query(answers): Query<Answers>) -> Result<Response, Problem> {
    show(desk, StatusCode::OK, answers, None, false).await
}

async fn show(
    desk: Desk,
    status: StatusCode,
    answers: Answers,
    problem: Option<String>,
    is_preview: bool,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !may_send(actor) {
            return Err(Refusal::NotFound);
        }
        let letter = letter_of(&answers).ok_or(Refusal::NotFound)?;
        let (today, _) = here.office.today();
        let about = about(tx, actor.school, letter.pupil)?.ok_or(Refusal::NotFound)?;
        let (made, problem) = match is_preview {
            false => (Vec::new(), problem),
            true => match made(tx, actor.school, &letter, today) {
                Ok(made) => (made, problem),
                Err(Refusal::Wrong(ground)) => (Vec::new(), Some(ground)),
                Err(other) => return Err(other),
            },
        };
        let mut to = Vec::new();
        for contact in contacts(tx, actor.school, letter.pupil)? {
            let address = match contact.do_not_contact {
                true => Err("do not contact".to_owned()),
                false => address_of(tx, actor.school, contact.id, &contact.name, today)?
                    .map(|address| address.lines()[1..].join(", ")),
            };
            to.push(To {
                ticked: address.is_ok() && letter.contacts.contains(&contact.id),
                contact: contact.id,
                name: contact.name,
                relationship: contact.relationship,
                address,
            });
        }
        let status = match problem {
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => status,
        };
        let fields = [
            Field::line("subject", "Subject").value(letter.subject.clone()),
            Field::new(FieldKind::Lines, "words", "Words")
                .value(letter.words.clone())
                .hint("They stand under “Dear …”. An empty line begins a new paragraph."),
        ];
        let page = NewPage {
            frame: here.frame(tx, actor, "Write a letter")?,
            pupil: letter.pupil,
            name: about.listed,
            problem,
            to,
            subject: letter.subject,
            words: letter.words,
            made,
            fields,
        };
        Ok(shown(status, &page))
    })
    .await
}

fn letter_of(answers: &Answers) -> Option<NewLetter> {
    Some(NewLetter {
        pupil: answers.number("pupil").map(PupilId)?,
        contacts: answers
            .all("to")
            .filter_map(|id| id.parse().ok().map(ContactId))
            .collect(),
        subject: answers.text("subject").to_owned(),
        words: answers.text("words").replace("\r\n", "\n"),
    })
}

/// `POST /messages/letters/new`: shows the letters as they would go, or puts them down.
pub(super) async fn answer(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    if answers.text("go") != "send" {
        return show(desk, StatusCode::OK, answers, None, true).await;
    }
    let Some(letter) = letter_of(&answers) else {
        return Err(desk.problem(Refusal::NotFound));
    };
    let written = desk
        .act(move |act, actor| write_letters(act, actor, &letter))
        .await;
    match written {
        Ok(run) => Ok(Redirect::to(&format!("/messages/{run}?did=written")).into_response()),
        Err(problem) => match problem.ground().map(str::to_owned) {
            Some(ground) => {
                show(
                    desk,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    answers,
                    Some(ground),
                    false,
                )
                .await
            }
            None => Err(problem),
        },
    }
}
