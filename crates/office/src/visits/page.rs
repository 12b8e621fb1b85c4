//! The round of visits of a day: who goes where, what is missing, who is out and overdue.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use exchange::Cell;
use store::Tx;
use welfare::visit::State as Stands;

use super::order::{Order, order};
use super::shown::Shown;
use super::visit::{Kind, Whole, round};
use super::who::Sight;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::table::counted;
use crate::people::Actor;
use crate::shell::{Exports, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// A visit of the round.
pub(super) struct Line {
    pub(super) id: i64,
    pub(super) number: usize,
    pub(super) pupil: PupilId,
    pub(super) name: String,
    pub(super) form: String,
    pub(super) address: String,
    pub(super) purpose: String,
    pub(super) authorised: String,
    pub(super) staff: String,
    pub(super) standing: String,
    pub(super) alarm: String,
    pub(super) found: String,
    /// Said where it is of an earlier day.
    pub(super) day: String,
    pub(super) is_current: bool,
    pub(super) is_grave: bool,
    pub(super) may_move: bool,
    pub(super) next: &'static str,
}

#[derive(Template)]
#[template(path = "visits/page.html")]
struct RoundPage {
    frame: Frame,
    seq: i64,
    day: Day,
    is_today: bool,
    clock: String,
    lines: Vec<Line>,
    alarms: Vec<(i64, String, String)>,
    may_plan: bool,
    none: State,
    under: Under,
    rules: Vec<&'static welfare::Rule>,
}

/// The day that a page is of; today if left out.
pub(super) fn day_of(asked: &Answers, today: Day) -> Result<Day, Refusal> {
    match asked.text("day") {
        "" => Ok(today),
        text => crate::form::day_from(text)
            .ok_or_else(|| Refusal::Wrong("This is no day. Write it as 2026-11-24.".to_owned())),
    }
}

/// The round of a day, as far as this person may see it.
fn lines(
    tx: &mut Tx,
    shown: &Shown<'_>,
    day: Day,
    current: Option<i64>,
) -> Result<Vec<Line>, Refusal> {
    let school = shown.book.school;
    let all = match day == shown.today() {
        true => round(tx, school, day)?,
        false => super::visit::between(tx, school, (day, day))?,
    };
    let mut lines: Vec<Line> = Vec::with_capacity(all.len());
    for whole in &all {
        if let Some(line) = line(tx, shown, whole, day, lines.len() + 1, current)? {
            lines.push(line);
        }
    }
    Ok(lines)
}

fn line(
    tx: &mut Tx,
    shown: &Shown<'_>,
    whole: &Whole,
    day: Day,
    number: usize,
    current: Option<i64>,
) -> Result<Option<Line>, Refusal> {
    let Some(pupil) = shown.pupil(whole) else {
        return Ok(None);
    };
    let state = whole.state(shown.today());
    let alarm = shown.alarm(whole);
    Ok(Some(Line {
        id: whole.visit.id,
        number,
        pupil: pupil.id,
        name: pupil.listed(),
        form: shown.form(whole),
        address: shown.address(tx, pupil.id)?,
        purpose: shown.purpose(whole),
        authorised: match whole.visit.authorised_by {
            Some(account) => shown.person(account),
            None => String::new(),
        },
        staff: shown.staff(whole),
        standing: shown.standing(whole),
        is_grave: alarm.is_some(),
        alarm: alarm.map(|(_, words)| words).unwrap_or_default(),
        found: whole
            .record
            .as_ref()
            .map(|record| shown.found(record))
            .unwrap_or_default(),
        day: match whole.visit.day == day {
            true => String::new(),
            false => whole.visit.day.short(),
        },
        is_current: current == Some(whole.visit.id),
        may_move: shown.sight.may_plan(pupil.id)
            && matches!(state, Stands::Ordered | Stands::Cleared),
        next: match state {
            Stands::Ordered => "Prepare",
            Stands::Cleared => "Leave",
            Stands::Out => "Back, or still out",
            Stands::Back => "Write down what was found",
            Stands::Closed | Stands::Withdrawn => "",
        },
    }))
}

/// `GET /visits?day=`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Page(made(&here, tx, actor, &asked)?).into_response()))
        .await
}

fn made(desk: &Desk, tx: &mut Tx, actor: &Actor, asked: &Answers) -> Result<RoundPage, Refusal> {
    let now = desk.office.now();
    let (today, clock) = now.in_london();
    let sight = Sight::of(tx, actor, today)?;
    let day = day_of(asked, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let shown = Shown {
        book: &book,
        sight,
        now,
    };
    let lines = lines(tx, &shown, day, asked.number("at"))?;
    let alarms = lines
        .iter()
        .filter(|line| line.is_grave)
        .map(|line| (line.id, line.staff.clone(), line.alarm.clone()));
    let notice = match asked.text("did") {
        "moved" => Some(Notice::done("The round has a new order.")),
        "withdrawn" => Some(Notice::done("The visit is withdrawn, with the reason.")),
        _ => None,
    };
    Ok(RoundPage {
        frame: desk.frame(tx, actor, "Visits")?.with_notice(notice),
        seq: book.seq,
        is_today: day == today,
        clock: clock.to_string(),
        alarms: alarms.collect(),
        may_plan: shown.sight.plans(),
        none: State::empty(
            "No visit",
            format!("No visit to a home is planned for {}.", day.long()),
        ),
        under: Under {
            shown: counted(lines.len(), "visits").into(),
            exports: Exports::usual(&format!("/visits?day={day}")),
            ..Under::default()
        },
        lines,
        day,
        rules: ["E-196", "E-197"]
            .into_iter()
            .filter_map(welfare::rule)
            .collect(),
    })
}

/// `POST /visits/plan`: plans a visit today for an absent child, from their row of the board.
pub(super) async fn plan(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let enrolment = answers.number("enrolment").map(EnrolmentId);
    desk.act(move |act, actor| {
        let enrolment = enrolment.ok_or(Refusal::NotFound)?;
        let wanted = Order {
            day: act.at().in_london().0,
            kind: Kind::Absence,
            purpose: None,
            parents_told: false,
        };
        order(act, actor, enrolment, &wanted)
    })
    .await?;
    let row = answers.text("enrolment");
    Ok(Redirect::to(&format!("/morning?row={row}&did=visit")).into_response())
}

/// `/visits` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let now = wanted.office.now();
    let sight = Sight::of(tx, wanted.actor, now.in_london().0)?;
    let day = day_of(&wanted.query::<Answers>()?, wanted.today())?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let shown = Shown {
        book: &book,
        sight,
        now,
    };
    let lines = lines(tx, &shown, day, None)?;
    let headings = [
        "Number",
        "Pupil",
        "Tutor group",
        "Purpose",
        "Authorised by",
        "Staff",
        "Standing",
        "Found",
    ];
    let mut sheet = wanted.sheet(tx, "Visits", &headings)?;
    sheet.about.push(("Day".to_owned(), day.long()));
    sheet.rows = lines
        .iter()
        .map(|line| {
            [
                line.number.to_string().as_str(),
                &line.name,
                &line.form,
                &line.purpose,
                &line.authorised,
                &line.staff,
                &line.standing,
                &line.found,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, day).naming(lines.iter().map(|line| line.pupil)))
}
