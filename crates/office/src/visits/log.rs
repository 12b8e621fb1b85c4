//! Visits so far, as a list: the day, who went, and what was found in a line.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use store::Tx;

use super::shown::Shown;
use super::visit::between;
use super::who::Sight;
use crate::desk::{Desk, Problem, Refusal};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, Value};
use crate::shell::{Frame, Page, State};
use crate::take_away::{Leaving, Wanted};

/// The list goes back so many days unless others are asked for.
const USUALLY: i32 = 42;

#[derive(Template)]
#[template(path = "visits/log.html")]
struct LogPage {
    frame: Frame,
    from: Day,
    to: Day,
    table: TableView,
    none: State,
}

/// The days that are asked for.
pub(super) fn days(form: &Form, today: Day) -> Result<(Day, Day), Refusal> {
    let day = |text: &str, usual: Day| match text {
        "" => Ok(usual),
        text => crate::form::day_from(text)
            .ok_or_else(|| Refusal::Wrong("This is no day. Write it as 2026-11-24.".to_owned())),
    };
    Ok((
        day(&form.from, today.plus_days(-USUALLY))?,
        day(&form.to, today)?,
    ))
}

fn table(tx: &mut Tx, shown: &Shown<'_>, days: (Day, Day), form: &Form) -> Result<Table, Refusal> {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("day", "Day"),
        Heading::words("purpose", "Purpose"),
        Heading::words("staff", "Staff"),
        Heading::words("left", "Left"),
        Heading::words("back", "Back"),
        Heading::words("standing", "Standing"),
        Heading::words("found", "Found"),
        Heading::words("next", "Next step"),
    ];
    let clock = |at: Option<calendar::Instant>| {
        let time = at.map(|at| at.in_london().1.to_string());
        Cell::text_or_blank(time.as_deref())
    };
    let mut rows = Vec::new();
    for whole in between(tx, shown.book.school, days)?.iter().rev() {
        let Some(pupil) = shown.pupil(whole) else {
            continue;
        };
        let record = whole.record.as_ref();
        rows.push(vec![
            Cell::text(pupil.listed())
                .naming(pupil.id)
                .to(format!("/visits/{}", whole.visit.id)),
            Cell::text(shown.form(whole)),
            Cell::of(Value::Day(whole.visit.day)),
            Cell::text(shown.purpose(whole)),
            Cell::text(shown.staff(whole)),
            clock(whole.visit.left_at),
            clock(whole.visit.back_at),
            Cell::text(shown.standing(whole)),
            Cell::text_or_blank(record.map(|record| shown.found(record)).as_deref()),
            Cell::text_or_blank(record.and_then(|record| record.next_step.as_deref())),
        ]);
    }
    let mut table = Table::whole("Visits so far", headings, rows);
    table.sort(&form.sort, "");
    Ok(table)
}

/// `GET /visits/log?from=&to=`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let (today, _) = now.in_london();
        let sight = Sight::of(tx, actor, today)?;
        let (from, to) = days(&asked, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let shown = Shown {
            book: &book,
            sight,
            now,
        };
        let table = table(tx, &shown, (from, to), &asked)?;
        let path = format!("/visits/log?from={from}&to={to}");
        let page = LogPage {
            frame: here.frame(tx, actor, "Visits so far")?,
            from,
            to,
            table: table.view(&path, &asked, &asked.sort, "visits"),
            none: State::empty("None", "No home was visited on these days."),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/visits/log` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let now = wanted.office.now();
    let (today, _) = now.in_london();
    let sight = Sight::of(tx, wanted.actor, today)?;
    let form: Form = wanted.query()?;
    let (from, to) = days(&form, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let shown = Shown {
        book: &book,
        sight,
        now,
    };
    let mut table = table(tx, &shown, (from, to), &form)?;
    let by = format!("{}, {}", wanted.actor.name, wanted.actor.job_title);
    table.about = [
        ("List", "Visits so far".to_owned()),
        ("From", from.long()),
        ("To", to.long()),
        ("Made by", by),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    Ok(table.leaving("visits", today))
}
