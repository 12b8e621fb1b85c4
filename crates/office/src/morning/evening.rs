//! The evening's question: was a parent of every child without a reason contacted today (E-010)?

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Slot};
use exchange::Cell;
use store::Tx;

use super::board::Morning;
use super::cases::{Absent, Case, DayOfCases, cases};
use super::entries::{Entry, Kind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::table::counted;
use crate::shell::{Exports, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// A child without a reason for whom no contact was tried that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncontacted {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The pupil.
    pub pupil: PupilId,
    /// The sessions that stand without a reason.
    pub sessions: Vec<(Slot, Absent)>,
    /// The decision of a named person that no contact was to be made, if there is one.
    pub overridden: Option<Entry>,
}

/// Everybody without a reason in some session of the day for whom no attempt was logged that day.
///
/// Rule: E-010 (STAT SRC-WT26 p.20). The day has done its duty when each of them has a named person's override. A session that closed
/// without a mark counts as one with `N`.
pub fn uncontacted(day: &DayOfCases) -> Vec<Uncontacted> {
    day.cases.iter().filter_map(of_case).collect()
}

fn of_case(case: &Case) -> Option<Uncontacted> {
    let counts = |(_, absent): &&(Slot, Absent)| *absent != Absent::Unauthorised;
    let sessions: Vec<(Slot, Absent)> = case.absent.iter().filter(counts).copied().collect();
    let was_tried = case.entries.iter().any(|entry| entry.kind == Kind::Attempt);
    if sessions.is_empty() || was_tried {
        return None;
    }
    let overridden = case
        .entries
        .iter()
        .rfind(|entry| entry.kind == Kind::Override);
    Some(Uncontacted {
        enrolment: case.enrolment,
        pupil: case.pupil,
        sessions,
        overridden: overridden.cloned(),
    })
}

/// A child's line.
struct Line {
    enrolment: i64,
    pupil: PupilId,
    name: String,
    form: String,
    sessions: String,
    decision: String,
}

#[derive(Template)]
#[template(path = "morning/evening.html")]
struct Evening {
    frame: Frame,
    day: String,
    is_today: bool,
    may_decide: bool,
    lines: Vec<Line>,
    waiting: usize,
    none: State,
    under: Under,
    rule: Option<&'static welfare::Rule>,
}

/// `GET /morning/evening`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let (today, _) = now.in_london();
        let day = day_of(&asked, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let mut morning = Morning::read(tx, &book, actor, now)?;
        if day != today {
            morning.cases = cases(tx, &book, day, now)?;
        }
        let lines = lines(&morning);
        let waiting = lines.iter().filter(|line| line.decision.is_empty()).count();
        let notice = (asked.text("did") == "recorded")
            .then(|| Notice::done("The decision is recorded with your name."));
        let list = format!("/morning/evening?day={day}");
        let page = Evening {
            frame: here
                .frame(tx, actor, "Absent without contact")?
                .with_notice(notice),
            day: day.long(),
            is_today: day == today,
            may_decide: actor.may(
                crate::people::Access::Write,
                crate::people::RecordKind::ContactsLog,
            ),
            waiting,
            none: State::empty(
                "Nobody",
                "For every child without a reason somebody was contacted, or tried.",
            ),
            under: Under {
                shown: counted(lines.len(), "pupils").into(),
                exports: Exports::usual(&list),
                ..Under::default()
            },
            lines,
            rule: welfare::rule("E-010"),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn day_of(asked: &Answers, today: Day) -> Result<Day, Refusal> {
    let day = match asked.text("day") {
        "" => today,
        text => crate::form::day_from(text)
            .ok_or_else(|| Refusal::Wrong("This is no day. Write it as 2026-11-24.".to_owned()))?,
    };
    match day <= today {
        true => Ok(day),
        false => Err(Refusal::Wrong("That day is still to come.".to_owned())),
    }
}

fn lines(morning: &Morning<'_>) -> Vec<Line> {
    let mut found: Vec<Uncontacted> = uncontacted(&morning.cases)
        .into_iter()
        .filter(|one| morning.sight.covers(one.pupil))
        .collect();
    found.sort_by_key(|one| {
        let in_order = morning
            .book
            .roll
            .pupil(one.pupil)
            .map_or(0, |pupil| pupil.in_order);
        (one.overridden.is_some(), in_order)
    });
    found
        .into_iter()
        .map(|one| Line {
            enrolment: one.enrolment.0,
            pupil: one.pupil,
            name: morning
                .book
                .roll
                .pupil(one.pupil)
                .map(|pupil| pupil.listed())
                .unwrap_or_default(),
            form: morning.form(one.enrolment),
            sessions: one
                .sessions
                .iter()
                .map(|(slot, absent)| format!("{} {}", slot.session, absent.words()))
                .collect::<Vec<_>>()
                .join(", "),
            decision: one
                .overridden
                .map(|entry| {
                    let said = entry.said.clone().unwrap_or_default();
                    format!(
                        "{said} ({}, {})",
                        morning.person(entry.account),
                        morning.clock_of(entry.at)
                    )
                })
                .unwrap_or_default(),
        })
        .collect()
}

/// `/morning/evening` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let now = wanted.office.now();
    let day = day_of(&wanted.query::<Answers>()?, wanted.today())?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let mut morning = Morning::read(tx, &book, wanted.actor, now)?;
    morning.cases = cases(tx, &book, day, now)?;
    let lines = lines(&morning);
    let headings = ["Pupil", "Tutor group", "On the list for", "Decision"];
    let mut sheet = wanted.sheet(tx, "Absent without contact", &headings)?;
    sheet.about.push(("Day".to_owned(), day.long()));
    sheet.rows = lines
        .iter()
        .map(|line| {
            [&line.name, &line.form, &line.sessions, &line.decision]
                .map(|text| Cell::text(text))
                .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, day).naming(lines.iter().map(|line| line.pupil)))
}
