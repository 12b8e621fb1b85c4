//! The lessons of a day with how far their registers have come, for those who see the whole school.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use exchange::Cell;
use serde::Deserialize;
use store::Tx;

use super::today::{LessonLine, lessons_of};
use crate::desk::{Desk, Problem, Refusal};
use crate::registers::today::sees_all;
use crate::shell::{Exports, Frame, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// What the list is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::registers) struct Asked {
    /// The day; today if left out.
    #[serde(default)]
    day: String,
    /// `all` for lessons that were taken or are to come too.
    #[serde(default)]
    show: String,
}

impl Asked {
    fn day(&self, today: Day) -> Result<Day, Refusal> {
        day_of(&self.day, today)
    }
}

/// A day as an address has it; today where it says nothing.
pub(super) fn day_of(text: &str, today: Day) -> Result<Day, Refusal> {
    match text {
        "" => Ok(today),
        text => text
            .parse()
            .map_err(|error| Refusal::Wrong(format!("{error}."))),
    }
}

#[derive(Template)]
#[template(path = "registers/lessons/list.html")]
struct ListPage {
    frame: Frame,
    day: Day,
    only_missing: bool,
    taken: usize,
    all: usize,
    lines: Vec<LessonLine>,
    nothing: Option<State>,
    under: Under,
}

/// The lessons that were asked for, and how many there are that day.
fn chosen(lines: Vec<LessonLine>, asked: &Asked) -> Vec<LessonLine> {
    let mut lines = lines;
    if asked.show != "all" {
        lines.retain(|line| line.is_missing);
        lines.sort_by_key(|line| std::cmp::Reverse(line.overdue));
    }
    lines
}

/// `/lessons?day=&show=`.
pub(super) async fn list(desk: Desk, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !sees_all(actor) {
            return Err(Refusal::NotFound);
        }
        let now = here.office.now();
        let day = asked.day(now.in_london().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let every = lessons_of(tx, &book, None, day, now)?;
        let all = every.len();
        let taken = every.iter().filter(|line| line.is_taken).count();
        let lines = chosen(every, &asked);
        let only_missing = asked.show != "all";
        let nothing = lines.is_empty().then(|| match all {
            0 => State::empty(
                "No lessons",
                format!("The timetable has none on {}.", day.long()),
            ),
            _ => State::empty(
                "No lesson register is missing",
                "The others have not begun yet.",
            ),
        });
        let show = if only_missing { "missing" } else { "all" };
        let page = ListPage {
            frame: here.frame(tx, actor, "Lessons")?,
            day,
            only_missing,
            taken,
            all,
            nothing,
            under: Under {
                shown: format!("{} of {all} lessons", lines.len()).into(),
                exports: Exports::usual(&format!("/lessons?day={day}&show={show}")),
                ..Under::default()
            },
            lines,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/lessons` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    if !sees_all(wanted.actor) {
        return Err(Refusal::NotFound);
    }
    let now = wanted.office.now();
    let asked: Asked = wanted.query()?;
    let day = asked.day(now.in_london().0)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let lines = chosen(lessons_of(tx, &book, None, day, now)?, &asked);
    let headings = [
        "Period",
        "Time",
        "Class",
        "Subject",
        "Room",
        "Staff",
        "Register",
        "Minutes overdue",
    ];
    let mut sheet = wanted.sheet(tx, "Lessons", &headings)?;
    sheet.about.push(("Lessons of".to_owned(), day.long()));
    sheet.rows = lines
        .iter()
        .map(|line| {
            let texts = [
                &line.period,
                &line.times,
                &line.group,
                &line.subject,
                &line.room,
                &line.staff,
                &line.words,
            ];
            let overdue = match line.is_missing {
                true => Cell::whole(line.overdue),
                false => Cell::Blank,
            };
            let cells = texts.into_iter().map(|text| Cell::text(text));
            cells.chain([overdue]).collect()
        })
        .collect();
    Ok(Leaving::new(sheet, day))
}
