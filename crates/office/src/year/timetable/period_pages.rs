//! The pages of the school's periods: the list, and the forms that set and end one.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Session, TimeOfDay};
use exchange::Cell;
use store::Tx;

use super::pages::notice;
use super::set_period::{LONGEST_NAME, PeriodTimes, end_period, set_period};
use crate::book::{LessonPeriod, period_on, periods_on, read_periods};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::PeriodId;
use crate::people::{Access, Actor, Place, RecordKind};
use crate::shell::{Choice, Exports, Field, FieldKind, Frame, Page, State, Under};
use crate::take_away::{Leaving, Wanted};
use crate::year::set_terms::may_decide;

#[derive(Template)]
#[template(path = "year/timetable/periods.html")]
struct PeriodsPage {
    frame: Frame,
    day: Day,
    may_set: bool,
    rows: Vec<Row>,
    /// Entries that hold only later.
    later: Vec<Row>,
    nothing: Option<State>,
    under: Under,
}

struct Row {
    id: PeriodId,
    name: String,
    starts: TimeOfDay,
    ends: TimeOfDay,
    minutes: u32,
    session: &'static str,
    days: String,
}

impl Row {
    fn of(period: &LessonPeriod) -> Row {
        let since = format!("from {} {}", period.from.short(), period.from.year());
        let to = period
            .to
            .map(|to| format!(" to {} {}", to.short(), to.year()));
        Row {
            id: period.id,
            name: period.name.clone(),
            starts: period.starts,
            ends: period.ends,
            minutes: period.starts.minutes_until(period.ends),
            session: session_in_words(period.session),
            days: format!("{since}{}", to.unwrap_or_default()),
        }
    }
}

fn session_in_words(session: Option<Session>) -> &'static str {
    match session {
        Some(Session::Am) => "morning",
        Some(Session::Pm) => "afternoon",
        None => "neither session",
    }
}

/// `/timetable/periods?day=`: the school's periods on a day.
pub(super) async fn periods(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Timetable.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let day = day_asked(&asked, today);
        let book = here.office.shelf.book(tx, actor.school)?;
        let all = book.timetable.periods();
        let rows: Vec<Row> = periods_on(all, day).into_iter().map(Row::of).collect();
        let later = all.iter().filter(|period| period.from > day).map(Row::of);
        let page = PeriodsPage {
            frame: here.frame(tx, actor, "Periods")?.with_notice(notice(&asked)),
            day,
            may_set: actor.may(Access::Write, RecordKind::UsersRolesAndSettings),
            later: later.collect(),
            nothing: rows.is_empty().then(|| {
                let words = "Enter each with its times, and say in which session it lies. Registration may be a period of its own.";
                State::empty("The school has no periods yet", words)
            }),
            under: Under {
                shown: format!("{} periods on {}", rows.len(), day.long()).into(),
                exports: Exports::usual(&asked.path("/timetable/periods", &[("did", "")])),
                ..Under::default()
            },
            rows,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The day whose periods are asked for.
fn day_asked(asked: &Answers, today: Day) -> Day {
    let mut ignored = Wrongs::default();
    asked.day_if_given("day", &mut ignored).unwrap_or(today)
}

/// `/timetable/periods` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    if !Place::Timetable.is_open_to(wanted.actor) {
        return Err(Refusal::NotFound);
    }
    let today = wanted.today();
    let day = day_asked(&wanted.query()?, today);
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = ["Period", "Starts", "Ends", "Session", "Holds"];
    let mut sheet = wanted.sheet(tx, "Periods", &headings)?;
    sheet.about.push(("Periods on".to_owned(), day.long()));
    let rows = periods_on(book.timetable.periods(), day);
    let cells = |row: Row| {
        vec![
            Cell::text(&row.name),
            Cell::text(&row.starts.to_string()),
            Cell::text(&row.ends.to_string()),
            Cell::text(row.session),
            Cell::text(&row.days),
        ]
    };
    sheet.rows = rows.into_iter().map(Row::of).map(cells).collect();
    Ok(Leaving::new(sheet, today))
}

fn time(name: &'static str, label: &'static str, value: String) -> Field {
    Field::new(FieldKind::Time, name, label)
        .short()
        .value(value)
}

/// The form of a new period, or of one that changes.
fn period_form(period: Option<&LessonPeriod>, today: Day) -> FormPage {
    let (title, verb) = match period {
        Some(_) => ("Change a period", "Change the period"),
        None => ("Enter a period", "Enter the period"),
    };
    let said = |of: &dyn Fn(&LessonPeriod) -> String| period.map(of).unwrap_or_default();
    let session = period.map_or("am", |period| match period.session {
        Some(Session::Am) => "am",
        Some(Session::Pm) => "pm",
        None => "none",
    });
    let from_hint = match period {
        Some(_) => "Earlier days keep the times they had.",
        None => "May be a day that has passed.",
    };
    let fields = vec![
        Field::line("name", "Name")
            .hint("Such as P1, Tutor.")
            .short()
            .value(said(&|period| period.name.clone())),
        time(
            "starts",
            "Begins",
            said(&|period| period.starts.to_string()),
        ),
        time("ends", "Ends", said(&|period| period.ends.to_string())),
        Field::radios(
            "session",
            "It lies in",
            vec![
                Choice::new("am", "The morning session"),
                Choice::new("pm", "The afternoon session"),
                Choice::new("none", "Neither: before school, or at lunch"),
            ],
        )
        .value(session),
        Field::day("from", "From")
            .hint(from_hint)
            .value(today.to_string()),
    ];
    FormPage::new(
        title,
        ("/timetable/periods", "The school's periods"),
        verb,
        vec![Part::new("", fields)],
    )
    .about("Lessons and their registers follow the times of their day.")
}

/// The period and its first day as the form gives them.
fn times_given(answers: &Answers, wrongs: &mut Wrongs) -> Option<(Day, PeriodTimes)> {
    let name = answers.required("name", "Give the name.", wrongs);
    if name.chars().count() > LONGEST_NAME {
        wrongs.add("name", "A name has at most 40 characters.");
    }
    let mut time = |field: &'static str| -> Option<TimeOfDay> {
        let time = answers.text(field).parse().ok();
        if time.is_none() {
            wrongs.add(field, "Give the time as hours and minutes: 08:50.");
        }
        time
    };
    let (starts, ends) = (time("starts"), time("ends"));
    let session = match answers.text("session") {
        "am" => Some(Session::Am),
        "pm" => Some(Session::Pm),
        "none" => None,
        _ => {
            wrongs.add("session", "Choose the session.");
            None
        }
    };
    let from = answers.day("from", wrongs)?;
    let times = PeriodTimes {
        name,
        session,
        starts: starts?,
        ends: ends?,
    };
    Some((from, times)).filter(|_| wrongs.is_empty())
}

/// `/timetable/periods/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, move |_, actor, today| {
        may_decide(actor)?;
        Ok(period_form(None, today))
    })
    .await
}

/// Enters the period.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    answer(desk, None, answers).await
}

fn entry(
    tx: &mut Tx,
    actor: &Actor,
    period: PeriodId,
    today: Day,
) -> Result<LessonPeriod, Refusal> {
    let all = read_periods(tx, actor.school)?;
    let latest = || all.iter().rfind(|entry| entry.id == period);
    period_on(&all, period, today)
        .or_else(latest)
        .cloned()
        .ok_or(Refusal::NotFound)
}

/// `/timetable/periods/{period}`.
pub(super) async fn ask_change(
    desk: Desk,
    Path(period): Path<PeriodId>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_decide(actor)?;
        let entry = entry(tx, actor, period, today)?;
        Ok(period_form(Some(&entry), today))
    })
    .await
}

/// Changes the period.
pub(super) async fn answer_change(
    desk: Desk,
    Path(period): Path<PeriodId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    answer(desk, Some(period), answers).await
}

async fn answer(
    desk: Desk,
    period: Option<PeriodId>,
    answers: Answers,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_decide(actor)?;
        let entry = match period {
            Some(period) => Some(entry(act.tx(), actor, period, today)?),
            None => None,
        };
        let mut wrongs = Wrongs::default();
        let given = times_given(&answers, &mut wrongs);
        if let Some((from, times)) = given {
            match set_period(act, actor, today, period, from, &times) {
                Ok(_) => return Ok(Outcome::done("/timetable/periods", "period")),
                Err(Refusal::Wrong(ground)) => wrongs.add("from", ground),
                Err(other) => return Err(other),
            }
        }
        let form = period_form(entry.as_ref(), today);
        Ok(Outcome::again(form, &answers, &wrongs))
    })
    .await
}

fn end_form(entry: &LessonPeriod, today: Day) -> FormPage {
    let last = Field::day("last", "Last day").value(today.to_string());
    FormPage::new(
        "End a period",
        ("/timetable/periods", "The school's periods"),
        "End the period",
        vec![Part::new("", vec![last])],
    )
    .of(entry.name.clone())
    .about("The school no longer holds it after that day. What was held in it is kept.")
}

/// `/timetable/periods/{period}/end`.
pub(super) async fn ask_end(desk: Desk, Path(period): Path<PeriodId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_decide(actor)?;
        Ok(end_form(&entry(tx, actor, period, today)?, today))
    })
    .await
}

/// Ends the period.
pub(super) async fn answer_end(
    desk: Desk,
    Path(period): Path<PeriodId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_decide(actor)?;
        let entry = entry(act.tx(), actor, period, today)?;
        let mut wrongs = Wrongs::default();
        if let Some(last) = answers.day("last", &mut wrongs) {
            match end_period(act, actor, today, period, last) {
                Ok(()) => return Ok(Outcome::done("/timetable/periods", "period-ended")),
                Err(Refusal::Wrong(ground)) => wrongs.add("last", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(end_form(&entry, today), &answers, &wrongs))
    })
    .await
}
