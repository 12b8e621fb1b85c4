//! The year page: half-terms, closures, and how many sessions that makes.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, ExceptionKind, SchoolCalendar, SchoolKind, SchoolYear};
use serde::Deserialize;
use store::{Tx, args};

use super::day_times_pages::{OtherTimes, other_times};
use super::{HalfTerm, clear_day, set_day, set_terms};
use crate::desk::{Desk, Refusal};
use crate::people::{Access, Actor, Place, RecordKind};
use crate::shell::{Choice, Errors, Field, Frame, Notice, Page, Problem};

pub(super) const EXCEPTIONS: &str = "\
select on_date, kind, reason from day_exception
where school_id = $1 and on_date >= $2 and on_date <= $3 and superseded_seq is null order by on_date";

/// Half-terms in a school year, and rows of the form.
const HALF_TERMS: [&str; 6] = [
    "Autumn 1", "Autumn 2", "Spring 1", "Spring 2", "Summer 1", "Summer 2",
];

/// The kinds of day that a person may enter: word, label.
const KINDS: [(&str, &str); 7] = [
    ("inset", "INSET day: staff train, no sessions"),
    (
        "planned_closure",
        "Planned closure of the whole school, such as polling",
    ),
    ("unplanned_closure", "Unplanned closure, all day (Y4)"),
    ("unplanned_closure_am", "Unplanned closure, morning (Y4)"),
    ("unplanned_closure_pm", "Unplanned closure, afternoon (Y4)"),
    (
        "bank_holiday",
        "Bank holiday that the calendar does not know",
    ),
    ("open", "Extra school day"),
];

#[derive(Deserialize, Default)]
pub(super) struct YearQuery {
    year: Option<i16>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "year/year.html")]
struct YearPage {
    frame: Frame,
    year: SchoolYear,
    previous: i16,
    next: i16,
    may_change: bool,
    may_import: bool,
    may_close: bool,
    sees_timetable: bool,
    summary: String,
    terms: Vec<TermRow>,
    closures: Vec<ClosureRow>,
    other_times: Vec<OtherTimes>,
    today: Day,
    day_fields: Vec<Field>,
    errors: Errors,
}

struct TermRow {
    number: usize,
    name: String,
    first: String,
    last: String,
    days: usize,
    sessions: usize,
}

struct ClosureRow {
    day: Day,
    said: String,
    kind: String,
    reason: String,
}

/// What a person typed into one of the forms and what is wrong with it.
#[derive(Default)]
struct Attempt {
    terms: Option<Vec<(String, String, String)>>,
    day: String,
    kind: String,
    reason: String,
    problems: Vec<Problem>,
}

pub(super) async fn year(desk: Desk, Query(query): Query<YearQuery>) -> Response {
    show(desk, query, Attempt::default()).await
}

async fn show(desk: Desk, query: YearQuery, attempt: Attempt) -> Response {
    let at = desk.clone();
    desk.read(move |tx, actor| year_page(&at, tx, actor, &query, attempt))
        .await
        .map_or_else(IntoResponse::into_response, |page| {
            Page(page).into_response()
        })
}

fn year_page(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    query: &YearQuery,
    attempt: Attempt,
) -> Result<YearPage, Refusal> {
    if !Place::Year.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let book = desk.office.shelf.book(tx, actor.school)?;
    let (today, _) = desk.office.today();
    let year = query
        .year
        .map_or_else(|| SchoolYear::by_september(today), SchoolYear::beginning_in);
    let calendar = &book.calendar;
    let frame = desk
        .frame(tx, actor, "Year")?
        .with_notice(query.done.as_deref().map(|done| {
            Notice::done(match done {
                "terms" => "The half-terms are saved.",
                "cleared" => "The closure was taken back.",
                "times" => "The day has its own times.",
                "times-back" => "The day goes by the usual times again.",
                _ => "The day is saved.",
            })
        }));
    let (first, last) = span_of(calendar, year);
    let closures = tx.query(EXCEPTIONS, &args![actor.school, first, last], |row| {
        let (day, kind): (Day, String) = (row.get(0)?, row.get(1)?);
        Ok(ClosureRow {
            day,
            said: format!("{} {}", day.short(), day.year()),
            kind: label_of(&kind),
            reason: row.get(2)?,
        })
    })?;
    Ok(YearPage {
        frame,
        year,
        previous: year.previous().first_year(),
        next: year.next().first_year(),
        may_change: actor.may(Access::Write, RecordKind::UsersRolesAndSettings),
        may_close: actor.may_for_school(Access::Write, RecordKind::AttendanceMarks),
        may_import: actor.may_for_school(Access::Write, RecordKind::PupilCore),
        sees_timetable: Place::Timetable.is_open_to(actor),
        summary: summary(calendar, year),
        terms: term_rows(calendar, year, attempt.terms),
        closures,
        other_times: other_times(&book, first, last)?,
        today,
        day_fields: day_fields(&attempt.day, &attempt.kind, &attempt.reason),
        errors: Errors {
            problems: attempt.problems,
        },
    })
}

fn label_of(kind: &str) -> String {
    KINDS
        .iter()
        .find(|(word, _)| *word == kind)
        .map_or(kind, |(_, label)| label)
        .to_owned()
}

/// From 1 August to 31 July: wide enough for any school's year.
fn span_of(calendar: &SchoolCalendar, year: SchoolYear) -> (Day, Day) {
    calendar.days_of(year).unwrap_or_else(|| {
        let first = year.age_day().plus_days(-30);
        (first, first.plus_days(364))
    })
}

fn summary(calendar: &SchoolCalendar, year: SchoolYear) -> String {
    let Some(count) = calendar.session_count(year, SchoolKind::Maintained) else {
        return "No half-terms are entered for this year yet, so it has no sessions.".to_owned();
    };
    let mut text = format!("{} sessions held or to be held", count.held);
    if count.lost_unavoidably > 0 {
        text.push_str(&format!(
            ", {} lost to unplanned closures",
            count.lost_unavoidably
        ));
    }
    match count.short_by() {
        0 => text.push_str(". A maintained school's 380 are met (R-401, SI 1999/3181)."),
        short => text.push_str(&format!(
            ". {short} short of a maintained school's 380 (R-401, SI 1999/3181); an academy follows its funding agreement."
        )),
    }
    text
}

fn term_rows(
    calendar: &SchoolCalendar,
    year: SchoolYear,
    typed: Option<Vec<(String, String, String)>>,
) -> Vec<TermRow> {
    let (first, last) = span_of(calendar, year);
    let given = typed.unwrap_or_else(|| {
        calendar
            .terms()
            .iter()
            .filter(|term| first <= term.first && term.first <= last)
            .filter(|term| calendar.days_of(year).is_some() || term.first >= first)
            .map(|term| {
                (
                    term.name.clone(),
                    term.first.to_string(),
                    term.last.to_string(),
                )
            })
            .collect()
    });
    (0..given.len().max(HALF_TERMS.len()))
        .map(|place| {
            let (name, first, last) = given.get(place).cloned().unwrap_or_else(|| {
                let name = HALF_TERMS.get(place).copied().unwrap_or_default();
                (name.to_owned(), String::new(), String::new())
            });
            let days: Option<(Day, Day)> = first.parse().ok().zip(last.parse().ok());
            TermRow {
                number: place + 1,
                days: days.map_or(0, |(from, to)| calendar.school_days_between(from, to).len()),
                sessions: days.map_or(0, |(from, to)| calendar.slots(from, to).len()),
                name,
                first,
                last,
            }
        })
        .collect()
}

fn day_fields(day: &str, kind: &str, reason: &str) -> Vec<Field> {
    let choices = KINDS
        .iter()
        .map(|(word, label)| Choice::new(*word, *label))
        .collect();
    vec![
        Field::day("day", "Day").value(day.to_owned()),
        Field::select("kind", "What the day is", choices).value(kind.to_owned()),
        Field::line("reason", "Reason, as parents were told").value(reason.to_owned()),
    ]
}

/// Pairs of the form in the order in which the browser sent them.
type Pairs = Vec<(String, String)>;

fn answer<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(own, _)| own == name)
        .map_or("", |(_, value)| value.trim())
}

pub(super) async fn save_terms(desk: Desk, Form(pairs): Form<Pairs>) -> Response {
    let first_year: i16 = answer(&pairs, "year").parse().unwrap_or_default();
    let typed: Vec<(String, String, String)> = (1..=12)
        .map(|number| {
            let own = |part: &str| answer(&pairs, &format!("{part}-{number}")).to_owned();
            (own("name"), own("first"), own("last"))
        })
        .collect();
    let mut problems = Vec::new();
    let mut terms = Vec::new();
    for (place, (name, first, last)) in typed.iter().enumerate() {
        let number = place + 1;
        if first.is_empty() && last.is_empty() {
            continue;
        }
        let mut day = |part: &str, text: &str| {
            text.parse::<Day>()
                .map_err(|_| {
                    problems.push(Problem {
                        field: format!("{part}-{number}").into(),
                        text: format!("{name}: give the {part} day as a date.").into(),
                    });
                })
                .ok()
        };
        if let (Some(first_day), Some(last_day)) = (day("first", first), day("last", last)) {
            terms.push(HalfTerm {
                name: name.clone(),
                first_day,
                last_day,
            });
        }
    }
    terms.sort_by_key(|term| term.first_day);
    let query = YearQuery {
        year: Some(first_year),
        done: None,
    };
    let attempt = |problems| Attempt {
        terms: Some(typed.into_iter().take(HALF_TERMS.len()).collect()),
        problems,
        ..Attempt::default()
    };
    if !problems.is_empty() {
        return show(desk, query, attempt(problems)).await;
    }
    let year = SchoolYear::beginning_in(first_year);
    let done = tried(&desk, move |act, actor| {
        set_terms(act, actor, year, &terms).map(|_| ())
    })
    .await;
    match done {
        Ok(()) => Redirect::to(&format!("/year?year={first_year}&done=terms")).into_response(),
        Err(Tried::Wrong(text)) => {
            let problem = Problem {
                field: "first-1".into(),
                text: text.into(),
            };
            show(desk, query, attempt(vec![problem])).await
        }
        Err(Tried::Other(response)) => response,
    }
}

pub(super) async fn save_day(desk: Desk, Form(pairs): Form<Pairs>) -> Response {
    let (day, kind) = (answer(&pairs, "day"), answer(&pairs, "kind"));
    let (reason, taking_back) = (answer(&pairs, "reason"), answer(&pairs, "clear") == "yes");
    let attempt = |field: &'static str, text: String| Attempt {
        day: day.to_owned(),
        kind: kind.to_owned(),
        reason: reason.to_owned(),
        problems: vec![Problem {
            field: field.into(),
            text: text.into(),
        }],
        ..Attempt::default()
    };
    let Ok(on) = day.parse::<Day>() else {
        let attempt = attempt("day", "Give the day as a date.".to_owned());
        return show(desk, YearQuery::default(), attempt).await;
    };
    let query = || YearQuery {
        year: Some(SchoolYear::by_september(on).first_year()),
        done: None,
    };
    let words = reason.to_owned();
    let done = if taking_back {
        tried(&desk, move |act, actor| clear_day(act, actor, on, &words)).await
    } else {
        let Ok(kind) = kind.parse::<ExceptionKind>() else {
            let attempt = attempt("kind", "Choose what the day is.".to_owned());
            return show(desk, query(), attempt).await;
        };
        tried(&desk, move |act, actor| {
            set_day(act, actor, on, kind, &words)
        })
        .await
    };
    match done {
        Ok(()) => {
            let year = SchoolYear::by_september(on).first_year();
            let done = if taking_back { "cleared" } else { "day" };
            Redirect::to(&format!("/year?year={year}&done={done}")).into_response()
        }
        Err(Tried::Wrong(text)) => show(desk, query(), attempt("day", text)).await,
        Err(Tried::Other(response)) => response,
    }
}

/// How an act of a form went when it did not go through.
pub(super) enum Tried {
    /// The form comes back with this.
    Wrong(String),
    /// Another answer altogether.
    Other(Response),
}

/// Acts, and tells apart what the person can put right in the form from everything else.
pub(super) async fn tried(
    desk: &Desk,
    work: impl FnOnce(&mut store::Act, &Actor) -> Result<(), Refusal> + Send + 'static,
) -> Result<(), Tried> {
    match desk.act(work).await {
        Ok(()) => Ok(()),
        Err(problem) => match problem.refusal() {
            Refusal::Wrong(text) => Err(Tried::Wrong(text.clone())),
            _ => Err(Tried::Other(problem.into_response())),
        },
    }
}
