//! One register: whose mark is due and what stands, and a save of marks by the same act as the page's.

use calendar::{Session, Slot};
use register::closing::{RegisterState, register_state};
use register::sub_code::LONGEST_SUB_CODE;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{Act, Tx};

use super::{acting, reading};
use crate::api::shape::{
    Fault, Field, Shape, count, field, id, list, named, one_of, or_null, text, whole,
};
use crate::api::{ApiProblem, Asked, Given, Operation, in_header, in_path};
use crate::ids::GroupId;
use crate::registers::due::{Due, due};
use crate::registers::enter::Change;
use crate::registers::keeper::keeper;
use crate::registers::save::{ChangeResult, LONGEST_TEXT, Outcome, Save, save};
use crate::registers::status::taken_on;
use crate::year::settings::session_times;

/// The most changes of one save: more than any register has places.
const MOST_CHANGES: usize = 500;

/// What can be asked about a register.
pub(super) fn operations() -> Vec<Operation> {
    let if_match = in_header(
        "If-Match",
        "The `ETag` of the register that the changes are based on; where it has changed since, nothing is saved.",
        text(80),
    );
    vec![
        Operation {
            parameters: register_address(),
            answer: (200, register_shape()),
            ..reading(
                "getRegister",
                "Registers",
                "/registers/{group}/{day}/{session}",
                (
                    "One register",
                    "Whose mark is due in a register, and what stands there. Its `ETag` is what a save can be based on.",
                ),
                register,
            )
        },
        Operation {
            parameters: [register_address(), vec![if_match]].concat(),
            body: Some(save_shape()),
            answer: (200, saved_shape()),
            current: Some(register_shape()),
            ..acting(
                "saveMarks",
                "Registers",
                "/registers/{group}/{day}/{session}/marks",
                (
                    "Save marks of a register",
                    "Enters marks as the register's page does, by the same rules (R-020 to R-032, R-101 to R-142): the server's clock decides whether the register is open, and what comes after its close is an amendment with a reason. All or none is saved, unless `partly` is true.",
                ),
                save_marks,
            )
        },
    ]
}

fn register_address() -> Vec<crate::api::Parameter> {
    vec![
        in_path("group", "The group.", id()),
        in_path("day", "The day.", Shape::Day),
        in_path("session", "The session.", one_of(&["AM", "PM"])),
    ]
}

fn register_shape() -> Shape {
    let place = named(
        "Place",
        vec![
            field("enrolment", "The time on roll.", id()).like(119),
            field("asked_for", "Whether a mark is due; not for a boarder (R-011).", Shape::YesNo),
            field("code", "The code that stands; null for a blank place.", or_null(Shape::Words)).like("L"),
            field("minutes_late", "Minutes late.", or_null(count())).like(6),
            field("note", "The note.", or_null(Shape::Words)).like(Value::Null),
            field("sub_code", "The school's own sub-code beneath the code (R-141).", or_null(Shape::Words)).like(Value::Null),
            field("planned", "The code of the plan that stands while there is no mark.", or_null(Shape::Words)).like(Value::Null),
            field("number", "The act that made what stands; 0 where nothing was ever entered. Base a change on it.", count()).like(812),
        ],
    );
    named(
        "Register",
        vec![
            field("group", "The group.", id()).like(12),
            field("day", "The day.", Shape::Day),
            field("session", "The session.", one_of(&["AM", "PM"])),
            field(
                "state",
                "Where it stands by the server's clock.",
                one_of(&["not_open_yet", "open", "closed"]),
            )
            .like("open"),
            field(
                "taken_at",
                "When its last place was filled.",
                or_null(Shape::Moment),
            )
            .like(Value::Null),
            field(
                "places",
                "Whose mark is due, and what stands there.",
                list(place),
            ),
        ],
    )
}

fn address(asked: &Asked<'_>) -> Result<(GroupId, Slot), ApiProblem> {
    let group = GroupId(asked.id("group")?);
    let day = asked.day("day").ok_or(ApiProblem::NotFound)?;
    let session = asked.text("session").and_then(|word| word.parse().ok());
    let session: Session = session.ok_or(ApiProblem::NotFound)?;
    Ok((group, Slot::new(day, session)))
}

fn register(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let (group, slot) = address(asked)?;
    keeper(tx, asked.actor, group, slot.day)?;
    let (body, etag) = as_it_stands(tx, asked, group, slot)?;
    Ok(Given {
        body,
        etag: Some(etag),
    })
}

/// A register and its version.
fn as_it_stands(
    tx: &mut Tx,
    asked: &Asked<'_>,
    group: GroupId,
    slot: Slot,
) -> Result<(Value, String), ApiProblem> {
    let school = asked.actor.school;
    let due = due(tx, school, group, slot)?;
    if due.is_empty() {
        return Err(ApiProblem::NotFound);
    }
    let settings = crate::year::settings::settings(tx, school)?;
    let times = session_times(&settings, slot.day).map_err(crate::desk::Refusal::from)?;
    let state = match register_state(&times, slot, asked.now()) {
        RegisterState::NotOpenYet { .. } => "not_open_yet",
        RegisterState::Open { .. } => "open",
        RegisterState::Closed { .. } => "closed",
    };
    let taken = taken_on(tx, school, slot.day)?;
    let taken_at = taken
        .get(&(group, slot.session))
        .map(|taken| taken.at.to_string());
    let places: Vec<Value> = due.iter().map(|one| place(one, slot)).collect();
    let body = json!({
        "group": group,
        "day": slot.day,
        "session": slot.session.to_string(),
        "state": state,
        "taken_at": taken_at,
        "places": places,
    });
    Ok((body, version(&due)))
}

fn place(due: &Due, slot: Slot) -> Value {
    let standing = due.standing.as_ref();
    json!({
        "enrolment": due.enrolment,
        "asked_for": due.is_asked_for(slot),
        "code": due.code().map(|code| code.to_string()),
        "minutes_late": standing.and_then(|mark| mark.minutes),
        "note": standing.and_then(|mark| mark.note.as_deref()),
        "sub_code": standing.and_then(|mark| mark.sub_code.as_deref()),
        "planned": due.plan.as_ref().map(|plan| plan.code.to_string()),
        "number": due.base(),
    })
}

/// The version of a register: another as soon as a place in it is another's, or another mark stands.
fn version(due: &[Due]) -> String {
    let mut hash = Sha256::new();
    for one in due {
        hash.update(one.enrolment.0.to_be_bytes());
        hash.update(one.base().to_be_bytes());
    }
    let digits: String = hash.finalize()[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

fn change_fields() -> Vec<Field> {
    vec![
        field("enrolment", "The time on roll.", id()).like(119),
        field(
            "code",
            "The code as people type it; null takes the mark back.",
            or_null(text(4)),
        )
        .like("L"),
        field(
            "minutes",
            "Minutes late, with L or U.",
            or_null(whole(1, 1_440)),
        )
        .optional()
        .like(6),
        field(
            "note",
            "The note that goes with the mark.",
            or_null(text(LONGEST_TEXT)),
        )
        .optional()
        .like(Value::Null),
        field(
            "sub_code",
            "The school's own sub-code beneath the code (R-141); null leaves the one that stands with the same code, and an empty text takes it away.",
            or_null(Shape::Text { least: 0, most: LONGEST_SUB_CODE }),
        )
        .optional()
        .like(Value::Null),
        field(
            "reason",
            "Why: for an amendment, or against what is on file (R-007, R-029).",
            or_null(text(LONGEST_TEXT)),
        )
        .optional()
        .like(Value::Null),
        field(
            "base",
            "The `number` of the place that you read; 0 for one where nothing was ever entered.",
            count(),
        )
        .like(0),
    ]
}

fn save_shape() -> Shape {
    Shape::Object(vec![
        field(
            "changes",
            "The places to change, each once.",
            Shape::List {
                of: Box::new(named("ChangeOfMark", change_fields())),
                least: 0,
                most: MOST_CHANGES,
            },
        ),
        field(
            "fill",
            "Whether every place that is still blank becomes present.",
            Shape::YesNo,
        )
        .optional()
        .like(false),
        field(
            "on_behalf_of",
            "On whose word, where it is taken for a teacher.",
            or_null(text(100)),
        )
        .optional()
        .like(Value::Null),
        field(
            "device_at",
            "When the marks were made by the device's clock: evidence, never a ground.",
            or_null(Shape::Moment),
        )
        .optional(),
        field(
            "partly",
            "Whether what may be entered is saved where other changes are refused.",
            Shape::YesNo,
        )
        .optional()
        .like(false),
    ])
}

fn saved_shape() -> Shape {
    let result = named(
        "ResultOfChange",
        vec![
            field("enrolment", "The time on roll.", id()).like(119),
            field(
                "outcome",
                "What became of it.",
                one_of(&["saved", "unchanged", "refused", "conflict"]),
            ),
            field(
                "message",
                "The ground of a refusal with what to do, or what to look at; else empty.",
                Shape::Words,
            )
            .like(""),
            field(
                "code",
                "The code that stands; null for a blank place.",
                or_null(Shape::Words),
            )
            .like("L"),
            field(
                "minutes_late",
                "The minutes late that stand.",
                or_null(count()),
            )
            .like(6),
            field("number", "The number to base the next change on.", count()).like(813),
        ],
    );
    Shape::Object(vec![
        field(
            "number",
            "The number of the act; null where nothing was written.",
            or_null(count()),
        )
        .like(813),
        field(
            "blank",
            "How many places of the register are still blank.",
            count(),
        )
        .like(0),
        field(
            "results",
            "Change by change, as they were sent; filled places follow.",
            list(result),
        ),
    ])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentMarks {
    changes: Vec<Change>,
    #[serde(default)]
    fill: bool,
    #[serde(default)]
    on_behalf_of: Option<String>,
    #[serde(default)]
    device_at: Option<String>,
    #[serde(default)]
    partly: bool,
}

fn save_marks(act: &mut Act, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let (group, slot) = address(asked)?;
    keeper(act.tx(), asked.actor, group, slot.day)?;
    let sent: SentMarks = asked.body()?;
    let (before, etag) = as_it_stands(act.tx(), asked, group, slot)?;
    if asked
        .text("If-Match")
        .is_some_and(|wanted| wanted != "*" && wanted != etag)
    {
        return Err(ApiProblem::Changed(before));
    }
    let wanted = Save {
        change_id: asked.change_id(),
        device_at: sent
            .device_at
            .as_deref()
            .and_then(crate::api::shape::moment),
        sent_at: None,
        on_behalf_of: sent.on_behalf_of,
        changes: sent.changes,
        fill: sent.fill,
        holds_if_overtaken: false,
    };
    let answer = save(act, asked.actor, group, slot, &wanted)?;
    if !sent.partly {
        all_were_saved(&answer.results, before)?;
    }
    let results: Vec<Value> = answer.results.iter().map(result).collect();
    Ok(json!({ "number": answer.seq, "blank": answer.blank, "results": results }).into())
}

/// Nothing is saved where part of it may not be.
fn all_were_saved(results: &[ChangeResult], before: Value) -> Result<(), ApiProblem> {
    let at_fault = |outcome: Outcome| -> Vec<Fault> {
        let with_place = results.iter().enumerate();
        with_place
            .filter(|(_, result)| result.outcome == outcome)
            .map(|(place, result)| Fault {
                pointer: format!("/changes/{place}"),
                detail: result.message.clone(),
            })
            .collect()
    };
    let conflicts = at_fault(Outcome::Conflict);
    if !conflicts.is_empty() {
        return Err(ApiProblem::Conflict(conflicts, before));
    }
    let refused = at_fault(Outcome::Refused);
    match refused.is_empty() {
        true => Ok(()),
        false => Err(ApiProblem::RefusedInPart(refused)),
    }
}

fn result(one: &ChangeResult) -> Value {
    json!({
        "enrolment": one.enrolment,
        "outcome": one.outcome,
        "message": one.message,
        "code": one.code,
        "minutes_late": one.minutes,
        "number": one.base,
    })
}
