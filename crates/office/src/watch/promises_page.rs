//! What families promised, day by day, and whether the register says that it was kept.

use askama::Template;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use exchange::Cell;
use store::Tx;

use super::promise::{Kept, promises};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::PupilId;
use crate::morning::Sight;
use crate::shell::{Exports, Frame, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// So many days back and ahead promises are shown.
const DAYS: i32 = 28;

/// A promise, as the list has it.
struct Line {
    pupil: PupilId,
    name: String,
    form: String,
    on: String,
    kept: Kept,
    made: String,
    said: String,
    review: String,
    is_review_due: bool,
}

#[derive(Template)]
#[template(path = "watch/promises.html")]
struct PromisesPage {
    frame: Frame,
    lines: Vec<Line>,
    none: State,
    under: Under,
}

fn lines(tx: &mut Tx, book: &Book, sight: &Sight, now: Instant) -> Result<Vec<Line>, Refusal> {
    let (today, _) = now.in_london();
    let days = (today.plus_days(-DAYS), today.plus_days(DAYS));
    let mut lines = Vec::new();
    for promise in promises(tx, book.school, days)?.into_iter().rev() {
        let row = book.roll.row(promise.enrolment);
        let pupil = row.and_then(|row| book.roll.pupil_of_row(row));
        let Some(pupil) = pupil.filter(|pupil| sight.covers(pupil.id)) else {
            continue;
        };
        let form = book
            .groups
            .of_kind(promise.enrolment, GroupKind::Tutor, today);
        let by = promise.by.clone().unwrap_or_else(|| "family".to_owned());
        let review = promise.review_on.map(Day::short).unwrap_or_default();
        lines.push(Line {
            pupil: pupil.id,
            name: pupil.listed(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            on: promise.on.short(),
            kept: promise.kept(book, now),
            made: format!(
                "{} of {}, {by} ({})",
                promise.how,
                promise.made.short(),
                promise.writer(tx, book.school)?
            ),
            said: promise.said.clone().unwrap_or_default(),
            review,
            is_review_due: promise.review_on.is_some_and(|review| review <= today),
        });
    }
    Ok(lines)
}

/// `GET /early-calls/promises`.
pub(super) async fn page(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let sight = Sight::of(tx, actor, now.in_london().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let lines = lines(tx, &book, &sight, now)?;
        Ok(Page(PromisesPage {
            frame: here.frame(tx, actor, "Promises")?,
            none: State::empty("No promises", "Nobody promised a day in these weeks."),
            under: Under {
                shown: format!("{} promises", lines.len()).into(),
                exports: Exports::usual("/early-calls/promises"),
                ..Under::default()
            },
            lines,
        })
        .into_response())
    })
    .await
}

/// `/early-calls/promises` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (now, today) = (wanted.office.now(), wanted.today());
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let lines = lines(tx, &book, &sight, now)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Promised for",
        "By the register",
        "Made",
        "Said",
        "Review",
    ];
    let mut sheet = wanted.sheet(tx, "Promises", &headings)?;
    sheet.rows = lines
        .iter()
        .map(|line| {
            [
                line.name.as_str(),
                &line.form,
                &line.on,
                line.kept.words(),
                &line.made,
                &line.said,
                &line.review,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, today).naming(lines.iter().map(|line| line.pupil)))
}
