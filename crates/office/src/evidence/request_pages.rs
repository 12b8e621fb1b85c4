//! The pages of requests for evidence: asking, reviewing, and the list with the reviews that fall due (E-024).

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use exchange::Cell;
use store::Tx;
use welfare::evidence_request::{Ground, LAW, Standing};

use super::may::{may_ask, sees};
use super::pages::known;
use super::request::{
    NewRequest, Request, Reviewed, ask_for, came, open_requests, requests_of, review,
};
use crate::book::GroupKind;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Outcome, Part, Wrongs};
use crate::ids::PupilId;
use crate::insight::table::counted;
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Choice, Exports, Field, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// A usual time until the review: four weeks.
const USUAL_DAYS: i32 = 28;

/// A request as a pupil's page shows it.
pub(super) struct RequestLine {
    pub(super) id: i64,
    /// Ground and what it rests on.
    pub(super) ground: String,
    pub(super) decided_by: String,
    pub(super) days: String,
    /// `review due since Mon 23 Nov`.
    pub(super) standing: String,
    pub(super) is_due: bool,
    /// `2 files since, the newest Tue 24 Nov`.
    pub(super) came: String,
    pub(super) runs: bool,
}

/// The requests about a pupil, as a page shows them.
///
/// Errors: the database did not answer.
pub(super) fn lines_of(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<Vec<RequestLine>, Refusal> {
    let requests = requests_of(tx, actor.school, pupil)?;
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let mut files = came(tx, actor.school)?;
    let files = files.remove(&pupil).unwrap_or_default();
    let came = |one: &Request| {
        let days = files.iter().filter(|(_, at)| one.has(*at));
        came_words(days.map(|(_, at)| at.in_london().0))
    };
    Ok(requests
        .iter()
        .map(|one| RequestLine {
            id: one.id,
            ground: format!("{}: {}", one.ground.words(), one.why),
            decided_by: one.decided_by.clone(),
            days: match one.days.ended {
                Some(ended) => format!("{} to {}", one.days.from.short(), ended.short()),
                None => format!("from {}", one.days.from.short()),
            },
            standing: standing_words(one, today),
            is_due: one.days.standing(today) == Standing::ReviewDue,
            came: came(one),
            runs: one.days.ended.is_none(),
        })
        .collect())
}

fn came_words(days: impl Iterator<Item = Day>) -> String {
    let days: Vec<Day> = days.collect();
    match (days.len(), days.last()) {
        (0, _) | (_, None) => "nothing yet".to_owned(),
        (1, Some(day)) => format!("1 file, on {}", day.short()),
        (many, Some(day)) => format!("{many} files, the newest on {}", day.short()),
    }
}

fn standing_words(one: &Request, today: Day) -> String {
    let review = one.days.review;
    match one.days.standing(today) {
        Standing::ReviewDue if review == today => "review due today".to_owned(),
        Standing::ReviewDue => format!("review due since {}", review.short()),
        Standing::Asked => format!("review on {}", review.short()),
        Standing::ToCome => format!("from {} on", one.days.from.short()),
        Standing::Ended => {
            let because = one.ended_because.as_deref().unwrap_or_default();
            format!("ended: {because}")
        }
    }
}

fn law() -> Vec<Help> {
    vec![Help {
        heading: "What the law says".to_owned(),
        lines: vec![LAW.to_owned()],
    }]
}

fn question(desk: &Desk, tx: &mut Tx, actor: &Actor, pupil: PupilId) -> Result<FormPage, Refusal> {
    let (today, _) = desk.office.today();
    let name = known(tx, &desk.office, actor, pupil)?;
    if !may_ask(tx, actor, pupil, today)? {
        return Err(Refusal::NotFound);
    }
    let grounds = Ground::ALL.map(|ground| Choice::new(ground.key(), ground.words()));
    let part = Part::new(
        "",
        vec![
            Field::radios("ground", "On which ground", grounds.to_vec()),
            Field::line("why", "What it rests on")
                .hint("Such as: nine Mondays in ten weeks, each told as a cold."),
            Field::line("decided_by", "Who decided").value(actor.name.clone()),
            Field::day("from", "From").value(today.to_string()),
            Field::day("review", "Looked at again on")
                .hint("Within twelve weeks.")
                .value(today.plus_days(USUAL_DAYS).to_string()),
        ],
    );
    Ok(FormPage::new(
        "Ask for evidence",
        (format!("/pupils/{pupil}/evidence"), "Evidence"),
        "Ask for evidence",
        vec![part],
    )
    .headed(format!("Ask for evidence: {name}"))
    .about("Whoever codes an illness of this pupil sees that evidence is asked for, and so does whoever opens the pupil and may know of evidence. It tells the family nothing: that is for you to do.")
    .help(law()))
}

/// `GET /pupils/{pupil}/evidence/ask`.
pub(super) async fn ask(desk: Desk, Path(pupil): Path<PupilId>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| question(&here, tx, actor, pupil)).await
}

/// `POST /pupils/{pupil}/evidence/ask`.
pub(super) async fn answer(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::answer(desk, move |act, actor, _| {
        let form = question(&here, act.tx(), actor, pupil)?;
        let mut wrongs = Wrongs::default();
        let ground = Ground::from_key(answers.text("ground"));
        if ground.is_none() {
            wrongs.add(
                "ground",
                "Choose the ground. Without one of the two no evidence is asked for (E-024).",
            );
        }
        let why = answers.required("why", "Say what it rests on.", &mut wrongs);
        let decided_by = answers.required("decided_by", "Say who decided.", &mut wrongs);
        let from = answers.day("from", &mut wrongs);
        let review = answers.day("review", &mut wrongs);
        let (Some(ground), Some(from), Some(review), true) =
            (ground, from, review, wrongs.is_empty())
        else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let new = NewRequest {
            ground,
            why,
            decided_by,
            from,
            review,
        };
        match ask_for(act, actor, pupil, &new) {
            Ok(_) => Ok(Outcome::done(&format!("/pupils/{pupil}/evidence"), "asked")),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("review", ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

fn review_question(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    (pupil, id): (PupilId, i64),
) -> Result<FormPage, Refusal> {
    let (today, _) = desk.office.today();
    let name = known(tx, &desk.office, actor, pupil)?;
    let lines = lines_of(tx, actor, pupil, today)?;
    let one = lines.into_iter().find(|one| one.id == id && one.runs);
    let one = one.ok_or(Refusal::NotFound)?;
    if !may_ask(tx, actor, pupil, today)? {
        return Err(Refusal::NotFound);
    }
    let choices = vec![
        Choice::new("goes_on", "It goes on"),
        Choice::new("ends", "It ends today"),
    ];
    let part = Part::new(
        "",
        vec![
            Field::radios("came_to", "What the review comes to", choices),
            Field::day("review", "If it goes on: looked at again on")
                .value(today.plus_days(USUAL_DAYS).to_string()),
            Field::line("because", "If it ends: why")
                .hint("Such as: six weeks without an absence.")
                .optional(),
        ],
    );
    Ok(FormPage::new(
        "Review a request for evidence",
        (format!("/pupils/{pupil}/evidence"), "Evidence"),
        "Record the review",
        vec![part],
    )
    .headed(format!("Review: {name}"))
    .about(format!(
        "{}. Decided by {}, {}; {}. Came in: {}.",
        one.ground, one.decided_by, one.days, one.standing, one.came
    ))
    .help(law()))
}

/// `GET /pupils/{pupil}/evidence/requests/{request}`.
pub(super) async fn ask_review(
    desk: Desk,
    Path((pupil, id)): Path<(PupilId, i64)>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        review_question(&here, tx, actor, (pupil, id))
    })
    .await
}

/// `POST /pupils/{pupil}/evidence/requests/{request}`.
pub(super) async fn answer_review(
    desk: Desk,
    Path((pupil, id)): Path<(PupilId, i64)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::answer(desk, move |act, actor, _| {
        let form = review_question(&here, act.tx(), actor, (pupil, id))?;
        let mut wrongs = Wrongs::default();
        let reviewed = match answers.text("came_to") {
            "goes_on" => answers.day("review", &mut wrongs).map(Reviewed::GoesOn),
            "ends" => {
                let why = answers.required("because", "Say why it ends.", &mut wrongs);
                Some(Reviewed::Ends(why))
            }
            _ => {
                wrongs.add("came_to", "Choose whether it goes on or ends.");
                None
            }
        };
        let (Some(reviewed), true) = (reviewed, wrongs.is_empty()) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        match review(act, actor, pupil, id, &reviewed) {
            Ok(()) => Ok(Outcome::done(
                &format!("/pupils/{pupil}/evidence"),
                "reviewed",
            )),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("review", ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

/// What was just done about requests, by the word that came with the address.
pub(super) fn notice(asked: &Answers) -> Option<Notice> {
    let words = match asked.text("did") {
        "asked" => "Evidence is asked for. Tell the family; nothing was sent.",
        "reviewed" => "The review is recorded.",
        _ => return None,
    };
    Some(Notice::done(words))
}

/// A request in the list of all.
struct Line {
    pupil: PupilId,
    name: String,
    form: String,
    one: RequestLine,
}

#[derive(Template)]
#[template(path = "evidence/requests.html")]
struct RequestsPage {
    frame: Frame,
    lines: Vec<Line>,
    due: usize,
    none: State,
    under: Under,
    law: &'static str,
}

/// The requests that have not ended of pupils of whose evidence this person may know, the earliest review first.
fn lines(desk: &crate::desk::Office, tx: &mut Tx, actor: &Actor) -> Result<Vec<Line>, Refusal> {
    let (today, _) = desk.today();
    if !sees(tx, actor, None, today)? {
        return Err(Refusal::NotFound);
    }
    let reach = actor.reach(tx, Access::Read, RecordKind::MedicalEvidence, today)?;
    let book = desk.shelf.book(tx, actor.school)?;
    let files = came(tx, actor.school)?;
    let mut found = Vec::new();
    for one in open_requests(tx, actor.school, today)? {
        let Some(pupil) = book
            .roll
            .pupil(one.pupil)
            .filter(|_| reach.covers(one.pupil))
        else {
            continue;
        };
        let rows = book.roll.rows_of(pupil.id).iter();
        let mut rows = rows.map(|row| &book.roll.enrolments[*row]);
        let enrolment = rows.find(|enrolment| enrolment.covers(today));
        let form = enrolment
            .and_then(|enrolment| book.groups.of_kind(enrolment.id, GroupKind::Tutor, today));
        let own = files.get(&pupil.id).map_or(&[][..], Vec::as_slice);
        let came = own.iter().filter(|(_, at)| one.has(*at));
        let line = Line {
            pupil: pupil.id,
            name: pupil.listed(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            one: RequestLine {
                id: one.id,
                ground: format!("{}: {}", one.ground.words(), one.why),
                decided_by: one.decided_by.clone(),
                days: format!("from {}", one.days.from.short()),
                standing: standing_words(&one, today),
                is_due: one.days.standing(today) == Standing::ReviewDue,
                came: came_words(came.map(|(_, at)| at.in_london().0)),
                runs: one.days.ended.is_none(),
            },
        };
        found.push(((one.days.review, pupil.in_order), line));
    }
    found.sort_by_key(|(order, _)| *order);
    Ok(found.into_iter().map(|(_, line)| line).collect())
}

/// `GET /evidence/requests`.
pub(super) async fn list(desk: Desk, Query(_): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let lines = lines(&here.office, tx, actor)?;
        Ok(Page(RequestsPage {
            frame: here.frame(tx, actor, "Evidence asked for")?,
            due: lines.iter().filter(|line| line.one.is_due).count(),
            none: State::empty(
                "Nobody",
                "Evidence is asked for of no pupil. A request begins at the pupil, under Evidence.",
            ),
            under: Under {
                shown: counted(lines.len(), "requests").into(),
                exports: Exports::usual("/evidence/requests"),
                ..Under::default()
            },
            lines,
            law: LAW,
        })
        .into_response())
    })
    .await
}

/// `/evidence/requests` as a file.
pub(super) fn list_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let lines = lines(wanted.office, tx, wanted.actor)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Ground",
        "Decided by",
        "Days",
        "Review",
        "Came in",
    ];
    let mut sheet = wanted.sheet(tx, "Evidence asked for", &headings)?;
    sheet.rows = lines
        .iter()
        .map(|line| {
            [
                line.name.as_str(),
                &line.form,
                &line.one.ground,
                &line.one.decided_by,
                &line.one.days,
                &line.one.standing,
                &line.one.came,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, wanted.today()).naming(lines.iter().map(|line| line.pupil)))
}
