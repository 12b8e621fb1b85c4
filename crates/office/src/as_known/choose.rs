//! Choosing the moment: a day and a time, or a number of the journal.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, TimeOfDay};
use serde::Deserialize;
use store::journal;

use super::moment::{When, as_known};
use super::{ROOT, is_kept};
use crate::desk::{Desk, Problem, Refusal};
use crate::insight::grouped;
use crate::shell::{Field, Frame, Page, own_path};

/// What is asked for: which page, and the moment once it is chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    page: String,
    day: String,
    time: String,
    number: String,
}

impl Asked {
    /// The moment that was chosen: none where nothing was given, or what is wrong with it.
    fn when(&self) -> Option<Result<When, &'static str>> {
        let (day, time, number) = (self.day.trim(), self.time.trim(), self.number.trim());
        if !number.is_empty() {
            let digits = number.replace([',', ' '], "");
            let seq = digits.parse().map(When::Number);
            return Some(seq.map_err(|_| "Give a number of the journal, such as 12345."));
        }
        if day.is_empty() && time.is_empty() {
            return None;
        }
        let (Ok(day), Ok(time)) = (day.parse::<Day>(), time.parse::<TimeOfDay>()) else {
            return Some(Err(
                "Give a day and a time, such as 12 October 2026 at 09:40.",
            ));
        };
        let minute = TimeOfDay::new(time.hour(), time.minute(), 0);
        Some(Ok(When::Minute(day, minute.unwrap_or(time))))
    }
}

#[derive(Template)]
#[template(path = "as_known/choose.html")]
struct ChoosePage {
    frame: Frame,
    page: String,
    newest: String,
    day: Field,
    time: Field,
    number: Field,
}

/// `GET /as-known?page=`: the form, and with a moment in it the way to the page as known then.
pub(super) async fn choose(desk: Desk, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let page = own_path(&asked.page).to_owned();
    if !is_kept(&page) {
        return Err(desk.problem(Refusal::NotFound));
    }
    let now = desk.office.now();
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (chosen, wrong) = match asked.when() {
            None => (None, None),
            Some(Err(wrong)) => (None, Some(wrong.to_owned())),
            Some(Ok(when)) => match as_known(tx, actor.school, when, now) {
                Ok(_) => (Some(when), None),
                Err(Refusal::Wrong(ground)) => (None, Some(ground)),
                Err(other) => return Err(other),
            },
        };
        if let Some(when) = chosen {
            return Ok(Redirect::to(&format!("{ROOT}/{when}{page}")).into_response());
        }
        let newest = journal::head(tx, actor.school)?.map_or(0, |head| head.seq);
        let (today, _) = here.office.today();
        let by_number = !asked.number.trim().is_empty();
        let day = match asked.day.as_str() {
            "" => today.to_string(),
            day => day.to_owned(),
        };
        Ok(Page(ChoosePage {
            frame: here.frame(tx, actor, "As known at")?,
            page,
            newest: grouped(newest),
            day: Field::day("day", "Day").value(day),
            time: Field::line("time", "Time")
                .value(asked.time)
                .error(wrong.clone().filter(|_| !by_number))
                .hint("By London clocks, such as 09:40. All that was recorded by the end of that minute is shown."),
            number: Field::line("number", "Number in the journal")
                .value(asked.number)
                .error(wrong.filter(|_| by_number))
                .hint("Each change has one. Given a number, the day and the time are not looked at."),
        })
        .into_response())
    })
    .await
}
