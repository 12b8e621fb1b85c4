//! Figures for other programs: the same reckoning as on the pages.

use calendar::Day;
use register::{Counts, Ratio};
use serde_json::{Value, json};
use store::Tx;

use super::figure::Reckoning;
use super::figures::withheld;
use super::question::{Question, When, Who};
use super::sight::Sight;
use crate::api::shape::{Shape, count, field, named, one_of, or_null, text};
use crate::api::{
    ApiProblem, Asked, Given, Method, Operation, Run, asked_in_query, in_query, wrong_query,
};
use crate::people::{Access, RecordKind};

/// What can be asked.
pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation {
        id: "getFigure",
        section: "Figures",
        method: Method::Get,
        path: "/figures",
        title: "One figure",
        about: "The sessions of the school, a group or a pupil over a period, counted as on every page (R-201 to R-208). Figures of few pupils are withheld from a client that may not read their marks (B-520).",
        needs: Some((Access::Aggregate, RecordKind::AggregateReports)),
        parameters: vec![
            asked_in_query("who", "`school`, `group-12` or `pupil-118`.", text(60)),
            in_query(
                "period",
                "The period that holds today; the year where nothing is said.",
                one_of(&["year", "term", "half-term"]),
            ),
            in_query("from", "The first day, in place of a period.", Shape::Day),
            in_query("to", "The last day, in place of a period.", Shape::Day),
        ],
        body: None,
        answer: (200, figure_shape()),
        current: None,
        run: Run::Read(figure),
    }]
}

fn figure_shape() -> Shape {
    let ratio = || {
        or_null(named(
            "Ratio",
            vec![
                field("part", "Sessions.", count()).like(130),
                field("whole", "Of so many.", count()).like(142),
                field(
                    "shown",
                    "In percent, as pages show it (R-207).",
                    Shape::Words,
                )
                .like("91.5"),
            ],
        ))
    };
    named(
        "Figure",
        vec![
            field("who", "Whose sessions.", Shape::Words).like("group-12"),
            field("from", "The first day.", Shape::Day).like("2026-09-03"),
            field("to", "The last day that has come.", Shape::Day),
            field("pupils", "Times on roll.", count()).like(28),
            field(
                "attendance",
                "Attended of possible sessions; null where there were none (R-205).",
                ratio(),
            ),
            field("absence", "Absent of possible sessions.", ratio()),
            field("present_on_time", "Sessions.", count()).like(118),
            field("late_before_close", "Sessions: L.", count()).like(7),
            field("approved_educational_activity", "Sessions.", count()).like(5),
            field("authorised", "Sessions absent with authority.", count()).like(9),
            field(
                "unauthorised",
                "Sessions absent without, U among them.",
                count(),
            )
            .like(3),
            field("late_after_close", "Sessions: U.", count()).like(1),
            field("not_possible", "Sessions that were not possible.", count()).like(0),
            field("missing", "Sessions without a mark.", count()).like(0),
            field(
                "number",
                "The number of the school's newest act that is counted.",
                count(),
            )
            .like(812),
        ],
    )
}

fn when(asked: &Asked<'_>) -> Result<When, ApiProblem> {
    match (asked.day("from"), asked.day("to"), asked.text("period")) {
        (Some(from), Some(to), None) if from <= to => Ok(When::Days(from, to)),
        (Some(_), Some(_), None) => Err(wrong_query("to", "This is before the first day.")),
        (None, None, None | Some("year")) => Ok(When::Year(None)),
        (None, None, Some("term")) => Ok(When::Term(None)),
        (None, None, Some(_)) => Ok(When::HalfTerm(None)),
        _ => Err(wrong_query(
            "from",
            "Send a period, or the first and the last day, and not both.",
        )),
    }
}

fn figure(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let who = asked.text("who").and_then(Who::from_key);
    let who = match who {
        Some(who @ (Who::School | Who::Group(_) | Who::Pupil(_))) => who,
        _ => {
            return Err(wrong_query(
                "who",
                "Send school, group- with its number, or pupil- with its number.",
            ));
        }
    };
    let question = Question {
        when: when(asked)?,
        ..Question::usual(who)
    };
    let now = asked.now();
    let (today, _) = now.in_london();
    let book = asked.office.shelf.book(tx, asked.actor.school)?;
    let sight = Sight::of(tx, asked.actor, today)?;
    let reckoning = Reckoning::new(&book, &question, now).map_err(crate::desk::Refusal::from)?;
    let standings = reckoning.standings(who);
    if !sight.sees(&book, who, &standings) {
        return Err(ApiProblem::NotFound);
    }
    if withheld(&reckoning, &sight, who, &standings) {
        return Err(ApiProblem::NotAllowed(
            "These are too few pupils to tell of without naming them (B-520). Ask for a larger group.".to_owned(),
        ));
    }
    let span = question.when.span(&book.calendar, today);
    let first = span.map_or(today, |span| span.first);
    let counts = standings.iter().map(|one| one.counts).sum();
    Ok(told(
        who,
        (first, reckoning.last_day()),
        standings.len(),
        &counts,
        book.seq,
    )
    .into())
}

fn told(who: Who, (first, last): (Day, Day), pupils: usize, counts: &Counts, number: i64) -> Value {
    let ratio = |ratio: Option<Ratio>, shown: Option<String>| {
        ratio.map(|ratio| json!({ "part": ratio.part, "whole": ratio.whole, "shown": shown.unwrap_or_default() }))
    };
    json!({
        "who": who.to_string(),
        "from": first,
        "to": last,
        "pupils": pupils,
        "attendance": ratio(counts.attendance(), counts.attendance_shown()),
        "absence": ratio(counts.absence(), counts.absence_shown()),
        "present_on_time": counts.present_on_time,
        "late_before_close": counts.late_before_close,
        "approved_educational_activity": counts.approved_educational_activity,
        "authorised": counts.authorised,
        "unauthorised": counts.unauthorised,
        "late_after_close": counts.late_after_close,
        "not_possible": counts.not_possible,
        "missing": counts.missing,
        "number": number,
    })
}
