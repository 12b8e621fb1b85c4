//! The codes of a day, with what each counts as.

use calendar::Session;
use register::code_rows;
use serde_json::{Value, json};
use store::Tx;

use super::reading;
use crate::api::shape::{Shape, field, list, named, one_of, or_null};
use crate::api::{ApiProblem, Asked, Given, Operation, in_query};

/// What can be asked about codes.
pub(super) fn operations() -> Vec<Operation> {
    let on = in_query("on", "The day; today where nothing is said.", Shape::Day);
    vec![Operation {
        needs: None,
        parameters: vec![on],
        answer: (
            200,
            Shape::Object(vec![field("items", "The codes.", list(code_shape()))]),
        ),
        ..reading(
            "listCodes",
            "Marks",
            "/codes",
            (
                "Codes",
                "Every attendance code with a meaning on a day, with what it counts as and the rule it rests on.",
            ),
            codes,
        )
    }]
}

fn code_shape() -> Shape {
    named(
        "Code",
        vec![
            field("code", "The code.", Shape::Words).like("L"),
            field("meaning", "What it means.", Shape::Words)
                .like("Late arrival before the register closed"),
            field(
                "counts_as",
                "What a session with it counts as.",
                Shape::Words,
            )
            .like("present"),
            field(
                "sessions",
                "The sessions in which it may stand.",
                list(one_of(&["AM", "PM"])),
            ),
            field("from_day", "The first day with this meaning.", Shape::Day),
            field(
                "to_day",
                "The last; null while it is current.",
                or_null(Shape::Day),
            )
            .like(Value::Null),
            field("rule", "The rule that it rests on.", Shape::Words).like("R-101"),
        ],
    )
}

fn codes(_: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let on = asked.day("on").unwrap_or_else(|| asked.today());
    let items: Vec<Value> = code_rows()
        .iter()
        .filter(|row| row.covers(on))
        .map(|row| {
            let sessions: Vec<String> = Session::BOTH
                .into_iter()
                .filter(|session| row.session_scope.admits(*session))
                .map(|session| session.to_string())
                .collect();
            json!({
                "code": row.code.as_str(),
                "meaning": row.meaning,
                "counts_as": row.class.name(),
                "sessions": sessions,
                "from_day": row.from,
                "to_day": row.to,
                "rule": row.rule,
            })
        })
        .collect();
    Ok(json!({ "items": items }).into())
}
