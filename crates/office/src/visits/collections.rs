//! Collections from home as a list: the day, who drove, the consent, and whether the child came (E-198).

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use store::Tx;

use super::log::days;
use super::shown::Shown;
use super::visit::between;
use super::who::Sight;
use crate::desk::{Desk, Problem, Refusal};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, Value};
use crate::shell::{Frame, Page, State};
use crate::take_away::{Leaving, Wanted};

#[derive(Template)]
#[template(path = "visits/collections.html")]
struct CollectionsPage {
    frame: Frame,
    from: Day,
    to: Day,
    table: TableView,
    none: State,
    rule: Option<&'static welfare::Rule>,
}

fn table(tx: &mut Tx, shown: &Shown<'_>, days: (Day, Day), form: &Form) -> Result<Table, Refusal> {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("day", "Day"),
        Heading::words("stands", "Standing"),
        Heading::words("asked", "Asked for by"),
        Heading::words("authorised", "Authorised by"),
        Heading::words("staff", "Staff"),
        Heading::words("driver", "Driver"),
        Heading::words("car", "Car"),
        Heading::words("adult", "Second adult"),
        Heading::words("consent", "Consent"),
        Heading::words("off", "Set off"),
        Heading::words("arrived", "Arrived"),
        Heading::words("home", "Way home"),
    ];
    let clock = |at: Option<calendar::Instant>| {
        let time = at.map(|at| at.in_london().1.to_string());
        Cell::text_or_blank(time.as_deref())
    };
    let mut rows = Vec::new();
    for whole in between(tx, shown.book.school, days)?.iter().rev() {
        let (Some(pupil), Some(one)) = (shown.pupil(whole), &whole.collection) else {
            continue;
        };
        let authorised = shown.collection_authoriser(whole);
        let known = &one.prepared;
        let driver = known.driver.map(|driver| shown.member(driver));
        let consent = known.agreed.as_ref().map(|agreed| shown.consent(agreed));
        rows.push(vec![
            Cell::text(pupil.listed())
                .naming(pupil.id)
                .to(format!("/visits/{}", whole.visit.id)),
            Cell::text(shown.form(whole)),
            Cell::of(Value::Day(whole.visit.day)),
            Cell::text(shown.collection(whole).unwrap_or_default()),
            Cell::text(shown.person(one.asked_by)),
            Cell::text_or_blank(authorised.as_deref()),
            Cell::text(shown.staff(whole)),
            Cell::text_or_blank(driver.as_deref()),
            Cell::text_or_blank(whole.visit.vehicle.as_deref()),
            Cell::text_or_blank(known.second_adult.as_deref()),
            Cell::text_or_blank(consent.as_deref()),
            clock(one.set_off_at),
            clock(one.arrived_at),
            Cell::text_or_blank(known.way_home.as_deref()),
        ]);
    }
    let mut table = Table::whole("Collections from home", headings, rows);
    table.sort(&form.sort, "");
    Ok(table)
}

/// `GET /visits/collections?from=&to=`.
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
        let path = format!("/visits/collections?from={from}&to={to}");
        let page = CollectionsPage {
            frame: here.frame(tx, actor, "Collections from home")?,
            from,
            to,
            table: table.view(&path, &asked, &asked.sort, "collections"),
            none: State::empty("None", "No child was brought to school on these days."),
            rule: welfare::rule("E-198"),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/visits/collections` as a file.
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
        ("List", "Collections from home".to_owned()),
        ("From", from.long()),
        ("To", to.long()),
        ("Made by", by),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    Ok(table.leaving("collections", today))
}
