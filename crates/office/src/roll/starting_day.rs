//! Moving the starting day of a time on roll: what it does to marks and figures first, then by one act.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use calendar::{Day, Slot};
use register::{Code, Counts};
use store::{Act, args};

use super::record::TimeOnRoll;
use super::records::MEMBERSHIP;
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::Actor;
use crate::registers::{first_attended, marks_before, present_on, take_back_before};
use crate::shell::{Frame, page};

pub(super) const BEGUN_WITH: &str = "\
select membership_id, group_id, enrolment_id, to_day from membership
where school_id = $1 and enrolment_id = $2 and from_day = $3 and superseded_seq is null";

#[derive(Template)]
#[template(path = "roll/starting_day.html")]
struct PreviewPage {
    frame: Frame,
    name: String,
    pupil: PupilId,
    action: String,
    lines: Vec<String>,
    /// What stands in the way, if something does.
    refused: Option<String>,
    carried: Vec<(String, String)>,
}

/// What moving the starting day will do; none where it stays.
pub(super) async fn preview(
    desk: &Desk,
    pupil: PupilId,
    time: TimeOnRoll,
    to: Day,
    answers: &Answers,
) -> Result<Option<Response>, Problem> {
    if to == time.starting_day {
        return Ok(None);
    }
    let here = desk.clone();
    let carried = answers.pairs().filter(|(name, _)| *name != "go");
    let carried = carried
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    desk.read(move |tx, actor| {
        let book = here.office.shelf.book(tx, actor.school)?;
        let name = book
            .roll
            .pupil(pupil)
            .map(|pupil| pupil.listed())
            .unwrap_or_default();
        let marks = marks_before(tx, actor.school, time.id, to)?;
        let (today, _) = here.office.today();
        let page_of = PreviewPage {
            frame: here.frame(tx, actor, "Move the starting day")?,
            name,
            pupil,
            action: format!("/pupils/{pupil}/times/{}", time.id),
            refused: first_attended(&marks).map(present_on),
            lines: lines(&book, &time, to, &marks, today),
            carried,
        };
        Ok(Some(page(StatusCode::OK, &page_of)))
    })
    .await
}

fn lines(
    book: &Book,
    time: &TimeOnRoll,
    to: Day,
    marks: &[(Slot, Code)],
    today: Day,
) -> Vec<String> {
    let from = time.starting_day;
    let mut lines = vec![format!(
        "The starting day moves from {} to {}.",
        from.long(),
        to.long()
    )];
    if to < from {
        let last = from.previous().min(today);
        let due = match to <= last {
            true => book.calendar.slots(to, last).len(),
            false => 0,
        };
        lines.push(format!(
            "{due} sessions before today become due and have no mark. They are missing, and in no percentage, until they are marked (R-209, R-218)."
        ));
    } else {
        let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
        for (_, code) in marks {
            *codes.entry(*code).or_default() += 1;
        }
        let codes: Vec<String> = codes
            .iter()
            .map(|(code, number)| format!("{number} {code}"))
            .collect();
        lines.push(match marks.len() {
            0 => "No mark lies before it.".to_owned(),
            number => format!(
                "{number} marks lie before it and are taken back: {}. They stay in the history, with your reason (R-007).",
                codes.join(", ")
            ),
        });
        if let Some((before, after)) = figures(book, time.id, to, today) {
            lines.push(format!("Attendance this year: {before} now, {after} then."));
        }
    }
    lines.push(
        "Groups that began with the starting day begin on the new one. The whole can be undone."
            .to_owned(),
    );
    lines
}

/// The attendance of this year up to today, as it is and without what lies before the new starting day.
fn figures(book: &Book, enrolment: EnrolmentId, to: Day, today: Day) -> Option<(String, String)> {
    let row = book.roll.row(enrolment)?;
    let marks = book.year(book.calendar.school_year_of(today))?;
    let of = |first: Option<Day>| {
        let within = |slot: Slot| slot.day <= today && first.is_none_or(|first| first <= slot.day);
        in_words(&marks.matrix.count(row, &marks.axis().period(within)))
    };
    Some((of(None), of(Some(to))))
}

fn in_words(counts: &Counts) -> String {
    match counts.attendance() {
        Some(ratio) => format!("{}% of {} sessions", ratio.show(1), counts.possible()),
        None => "no session counted".to_owned(),
    }
}

/// Moves what goes with the starting day: groups that began with it, and marks that lie before it from now on.
///
/// Errors: as [`take_back_before`].
pub(super) fn move_with_it(
    act: &mut Act,
    actor: &Actor,
    time: &TimeOnRoll,
    to: Day,
    reason: &str,
) -> Result<(), Refusal> {
    let school = act.school();
    let begun = args![school, time.id, time.starting_day];
    let memberships = act.tx().query(BEGUN_WITH, &begun, |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<i64>(1)?,
            row.get::<Option<Day>>(3)?,
        ))
    })?;
    for (id, group, last) in memberships {
        if last.is_none_or(|last| to <= last) {
            act.replace(&MEMBERSHIP, &args![id, group, time.id, to, last])?;
        }
    }
    let days = (time.starting_day, to);
    take_back_before(act, actor, time.id, days, reason)?;
    Ok(())
}
