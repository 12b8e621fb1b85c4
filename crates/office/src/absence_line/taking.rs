//! Writing a report down: whom it is about by a few letters, what was said, for which days.

use askama::Template;
use axum::Form as Posted;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant, Session};
use store::Tx;

use super::inbox::Inbox;
use super::report::{Channel, Report};
use super::take::{Told, amend, take, waiting_one};
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{PupilId, ReportId};
use crate::people::{Access, Actor, RecordKind};
use crate::roll::Sought;
use crate::shell::{Choice, Field, FieldKind, Frame, Page};

/// So many pupils are offered for the letters typed.
const MOST: usize = 8;

#[derive(Template)]
#[template(path = "absence_line/find.html")]
struct FindPage {
    frame: Frame,
    heading: &'static str,
    words: String,
    back: String,
    found_nobody: bool,
}

/// Pupils on roll of whom some name begins with each of the words, and of whom this person writes the log of contacts: number and words.
fn found(inbox: &Inbox<'_>, words: &str) -> Vec<(PupilId, String)> {
    let sought = Sought::of(words);
    if sought.is_nothing() {
        return Vec::new();
    }
    let mut pupils: Vec<_> = (inbox.book.roll.rows_on(inbox.today))
        .filter_map(|row| inbox.book.roll.pupil_of_row(row))
        .filter(|pupil| sought.is_name(&pupil.folded) && inbox.sight.may_log(pupil.id))
        .map(|pupil| {
            (
                !sought.begins_surname(&pupil.folded),
                pupil.in_order,
                pupil.id,
            )
        })
        .collect();
    pupils.sort_unstable();
    pupils.dedup();
    let pupils = pupils.into_iter().take(MOST);
    pupils
        .map(|(_, _, pupil)| (pupil, inbox.called(pupil)))
        .collect()
}

/// The questions of a report about one of these pupils.
fn questions(pupils: &[(PupilId, String)], today: Day, kept: Option<&Report>) -> Vec<Part> {
    let choices = pupils
        .iter()
        .map(|(pupil, words)| Choice::new(pupil.to_string(), words.clone()))
        .collect();
    let chosen = kept
        .and_then(|kept| kept.pupil)
        .map(|pupil| pupil.to_string());
    let chosen = chosen.or_else(|| pupils.first().map(|(pupil, _)| pupil.to_string()));
    let said = Field {
        focused: true,
        ..Field::line("said", "What was said")
    };
    let session = kept.and_then(|kept| kept.session);
    let session = match session {
        None => "",
        Some(Session::Am) => "am",
        Some(Session::Pm) => "pm",
    };
    let day = |of: fn(&Report) -> Day| kept.map_or(today, of).to_string();
    let mut first = vec![
        Field::radios("pupil", "Pupil", choices).value(chosen.unwrap_or_default()),
        said.value(kept.map(|kept| kept.said.clone()).unwrap_or_default())
            .hint("In the parent's words; they propose the code."),
        Field::line("from", "Who told it")
            .optional()
            .short()
            .value(kept.map(|kept| kept.from_name.clone()).unwrap_or_default())
            .hint("Mother, grandfather, a name."),
    ];
    if kept.is_none() {
        let ways = [Channel::Voicemail, Channel::Call]
            .map(|way| Choice::new(way.word(), way.word()))
            .to_vec();
        first.push(Field::radios("channel", "How it came", ways).value(Channel::Voicemail.word()));
    }
    let sessions = vec![
        Choice::new("", "Whole days"),
        Choice::new("am", "Mornings"),
        Choice::new("pm", "Afternoons"),
    ];
    let days = vec![
        Field::day("first", "First day").value(day(|kept| kept.first)),
        Field::day("last", "Last day").value(day(|kept| kept.last)),
        Field::select("session", "Sessions", sessions)
            .optional()
            .short()
            .value(session),
        Field::new(FieldKind::Line, "code", "Code")
            .optional()
            .tiny()
            .hint("Empty: the code that the words point to (E-024)."),
    ];
    vec![Part::new("", first), Part::new("For which days", days)]
}

/// What a form says; the wrongs where it says it badly.
fn told(answers: &Answers, now: Instant, wrongs: &mut Wrongs) -> Option<Told> {
    let pupil = answers.number("pupil").map(PupilId);
    if pupil.is_none() {
        wrongs.add("pupil", "Choose the pupil.");
    }
    let said = answers.required("said", "Write down what was said.", wrongs);
    let first = answers.day("first", wrongs);
    let last = answers.day("last", wrongs);
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        wrongs.add("last", "The last day is before the first.");
    }
    let code = match answers.given("code").map(|code| code.parse()).transpose() {
        Ok(code) => code,
        Err(_) => {
            wrongs.add("code", "This is no code of the register.");
            None
        }
    };
    if !wrongs.is_empty() {
        return None;
    }
    Some(Told {
        channel: Channel::from_word(answers.text("channel"))
            .filter(|way| matches!(way, Channel::Call | Channel::Voicemail))
            .unwrap_or(Channel::Call),
        received_at: now,
        from_name: answers.text("from").to_owned(),
        from_address: None,
        contact: None,
        said,
        pupil,
        first: first?,
        last: last?,
        session: match answers.text("session") {
            "am" => Some(Session::Am),
            "pm" => Some(Session::Pm),
            _ => None,
        },
        code,
        source_key: None,
        doubts: Vec::new(),
    })
}

/// Errors: [`Refusal::NotFound`] for somebody who writes no log of contacts.
fn may_take(actor: &Actor) -> Result<(), Refusal> {
    match actor.may(Access::Write, RecordKind::ContactsLog) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

fn new_form(
    tx: &mut Tx,
    office: &Office,
    actor: &Actor,
    words: &str,
    today: Day,
) -> Result<FormPage, Refusal> {
    may_take(actor)?;
    let book = office.shelf.book(tx, actor.school)?;
    let inbox = Inbox::of(tx, &book, actor, office.now())?;
    let pupils = found(&inbox, words);
    Ok(FormPage::new(
        "Take a report",
        ("/absence-line", "Absence line"),
        "Keep it",
        questions(&pupils, today, None),
    )
    .about("It is kept in the inbox. No mark is made until somebody applies it (E-014)."))
}

fn amend_form(
    tx: &mut Tx,
    office: &Office,
    actor: &Actor,
    id: ReportId,
    words: &str,
    today: Day,
) -> Result<FormPage, Refusal> {
    let report = waiting_one(tx, actor, id, today)?;
    let book = office.shelf.book(tx, actor.school)?;
    let inbox = Inbox::of(tx, &book, actor, office.now())?;
    let mut pupils = found(&inbox, words);
    if let Some(own) = report
        .pupil
        .filter(|own| pupils.iter().all(|(pupil, _)| pupil != own))
    {
        pupils.insert(0, (own, inbox.called(own)));
    }
    let report = match words.is_empty() {
        true => report,
        // Whoever was sought goes before whoever was matched.
        false => Report {
            pupil: None,
            ..report
        },
    };
    let back = (format!("/absence-line/{id}"), "Report");
    Ok(FormPage::new(
        "Change what was understood",
        back,
        "Keep it",
        questions(&pupils, today, Some(&report)),
    ))
}

/// Whether a page of questions has somebody to ask about; else the page that looks for them.
async fn find_first(
    desk: &Desk,
    words: String,
    id: Option<ReportId>,
) -> Result<Option<Response>, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        may_take(actor)?;
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let inbox = Inbox::of(tx, &book, actor, now)?;
        let kept = match id {
            Some(id) => waiting_one(tx, actor, id, inbox.today)?.pupil,
            None => None,
        };
        if kept.is_some() || !found(&inbox, &words).is_empty() {
            return Ok(None);
        }
        let page = FindPage {
            frame: here.frame(tx, actor, "Take a report")?,
            heading: if id.is_some() {
                "Whom is it about?"
            } else {
                "Take a report"
            },
            back: id.map_or_else(
                || "/absence-line".to_owned(),
                |id| format!("/absence-line/{id}"),
            ),
            found_nobody: !words.is_empty(),
            words,
        };
        Ok(Some(Page(page).into_response()))
    })
    .await
}

/// `GET /absence-line/new`: whom it is about, then what was said.
pub(super) async fn ask(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let words = asked.text("q").to_owned();
    if let Some(page) = find_first(&desk, words.clone(), None).await? {
        return Ok(page);
    }
    let office = desk.office.clone();
    form::ask(desk, move |tx, actor, today| {
        new_form(tx, &office, actor, &words, today)
    })
    .await
}

/// `POST /absence-line/new`.
pub(super) async fn answer(
    desk: Desk,
    Query(asked): Query<Answers>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let mut wrongs = Wrongs::default();
    let Some(told) = told(&answers, desk.office.now(), &mut wrongs) else {
        let (office, words) = (desk.office.clone(), asked.text("q").to_owned());
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            new_form(tx, &office, actor, &words, today)
        })
        .await;
    };
    form::answer(desk, move |act, actor, _| {
        let id = take(act, actor, told)?;
        Ok(Outcome::done(
            &format!("/absence-line?report={id}"),
            "taken",
        ))
    })
    .await
}

/// `GET /absence-line/{report}/amend`.
pub(super) async fn ask_amend(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let (id, words) = (ReportId(id), asked.text("q").to_owned());
    if let Some(page) = find_first(&desk, words.clone(), Some(id)).await? {
        return Ok(page);
    }
    let office = desk.office.clone();
    form::ask(desk, move |tx, actor, today| {
        amend_form(tx, &office, actor, id, &words, today)
    })
    .await
}

/// `POST /absence-line/{report}/amend`.
pub(super) async fn answer_amend(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let id = ReportId(id);
    let mut wrongs = Wrongs::default();
    let Some(told) = told(&answers, desk.office.now(), &mut wrongs) else {
        let (office, words) = (desk.office.clone(), asked.text("q").to_owned());
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            amend_form(tx, &office, actor, id, &words, today)
        })
        .await;
    };
    form::answer(desk, move |act, actor, _| {
        amend(act, actor, id, told)?;
        Ok(Outcome::done(&format!("/absence-line/{id}"), "amended"))
    })
    .await
}
