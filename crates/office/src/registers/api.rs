//! Codes, session marks, registers and plans for other programs: the same acts as the screens.

use std::collections::BTreeSet;

use calendar::{Day, Session, Slot};
use register::closing::{RegisterState, register_state};
use register::plan::{Plan, PlanKind};
use register::sub_code::LONGEST_SUB_CODE;
use register::{Code, code_rows};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::journal::ChangeKind;
use store::{Act, Tx, args, journal};

use super::due::{Due, due};
use super::enter::Change;
use super::keeper::keeper;
use super::plans::{PlanReader, end, make, withdraw};
use super::records::MARK_VERSION;
use super::save::{ChangeResult, LONGEST_TEXT, Outcome, Save, save};
use super::status::taken_on;
use crate::api::shape::{
    Fault, Field, Shape, count, field, id, list, named, one_of, or_null, text, whole,
};
use crate::api::{
    ApiProblem, Asked, Given, Method, Operation, Run, asked_in_query, followed_sql, following,
    in_header, in_path, in_query, page_of, paging, wrong_body,
};
use crate::ids::{EnrolmentId, GroupId, PlanId, PupilId};
use crate::people::{Access, RecordKind};
use crate::year::settings::session_times;
use crate::year::span;

const MARKS_OF: &str = "\
select v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.sub_code from mark v
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date >= $3 and v.on_date <= $4 order by v.on_date, v.session";
const MARK_AT: &str = "\
select v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.sub_code from mark v
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date = $3 and v.session = $4";
const PLANS: &str = followed_sql!(
    "t.enrolment_id, t.set_id, t.kind, t.code, t.first_day, t.last_day, t.sessions, t.reason, t.place, t.decided_on, t.decided_by, t.review_on, (select e.pupil_id from enrolment e where e.school_id = t.school_id and e.enrolment_id = t.enrolment_id order by e.seq desc limit 1)",
    "plan",
    "plan_id"
);

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MARKS_OF, MARK_AT, PLANS];

/// The most days of marks that one question asks for.
const MOST_DAYS: i32 = 366;

/// Acts that one page of changed marks looks through.
const ACTS_ON_A_PAGE: i64 = 200;

/// Marks that one answer tells of: an import brings more at once than anybody follows one by one.
const MOST_CHANGED: usize = 5_000;

/// The most changes of one save: more than any register has places.
const MOST_CHANGES: usize = 500;

/// What can be asked.
pub(crate) fn operations() -> Vec<Operation> {
    let marks = RecordKind::AttendanceMarks;
    let reading = |id, section, path, title, about, parameters, answer, run| Operation {
        id,
        section,
        method: Method::Get,
        path,
        title,
        about,
        needs: Some((Access::Read, marks)),
        parameters,
        body: None,
        answer: (200, answer),
        current: None,
        run: Run::Read(run),
    };
    let acting = |id, section, path, title, about, parameters, body, answer, run| Operation {
        id,
        section,
        method: Method::Post,
        path,
        title,
        about,
        needs: Some((Access::Write, marks)),
        parameters,
        body: Some(body),
        answer,
        current: None,
        run: Run::Act(run),
    };
    let of_plan = || vec![in_path("plan", "The plan.", id())];
    vec![
        Operation {
            needs: None,
            ..reading(
                "listCodes",
                "Marks",
                "/codes",
                "Codes",
                "Every attendance code with a meaning on a day, with what it counts as and the rule it rests on.",
                vec![in_query("on", "The day; today where nothing is said.", Shape::Day)],
                Shape::Object(vec![field("items", "The codes.", list(code_shape()))]),
                codes,
            )
        },
        reading(
            "listMarks",
            "Marks",
            "/marks",
            "Session marks of a period",
            "The marks that stand from one day to another, by time on roll, day and session. A place without an entry has no mark. To follow what changes, go on with the changed marks after this answer's `number`.",
            [
                vec![
                    asked_in_query("from", "The first day.", Shape::Day),
                    asked_in_query("to", "The last day, 366 days later at most.", Shape::Day),
                    in_query("pupil", "Of this pupil alone.", id()),
                ],
                paging(),
            ]
            .concat(),
            page_of(mark_shape()),
            marks_of_days,
        ),
        reading(
            "listChangedMarks",
            "Marks",
            "/marks/changed",
            "Session marks that changed",
            "The marks that stand now in each place that an act after a number changed. Each page looks through 200 acts, and may be empty; go on while there is a `next`.",
            vec![
                asked_in_query("changed_since", "The `number` of an earlier answer.", count()),
                in_query("cursor", "Where the page begins: the `next` of the page before.", text(100)),
            ],
            page_of(mark_shape()),
            changed_marks,
        ),
        Operation {
            current: None,
            ..reading(
                "getRegister",
                "Registers",
                "/registers/{group}/{day}/{session}",
                "One register",
                "Whose mark is due in a register, and what stands there. Its `ETag` is what a save can be based on.",
                register_address(),
                register_shape(),
                register,
            )
        },
        Operation {
            current: Some(register_shape()),
            ..acting(
                "saveMarks",
                "Registers",
                "/registers/{group}/{day}/{session}/marks",
                "Save marks of a register",
                "Enters marks as the register's page does, by the same rules (R-020 to R-032, R-101 to R-142): the server's clock decides whether the register is open, and what comes after its close is an amendment with a reason. All or none is saved, unless `partly` is true.",
                [
                    register_address(),
                    vec![in_header(
                        "If-Match",
                        "The `ETag` of the register that the changes are based on; where it has changed since, nothing is saved.",
                        text(80),
                    )],
                ]
                .concat(),
                save_shape(),
                (200, saved_shape()),
                save_marks,
            )
        },
        reading(
            "listPlans",
            "Plans",
            "/plans",
            "Plans",
            "What is planned for pupils' sessions (R-029), by number. Plans for a suspension are told only to a client that reads suspensions.",
            following(),
            page_of(plan_shape()),
            plans,
        ),
        acting(
            "makePlan",
            "Plans",
            "/plans",
            "Make a plan",
            "Plans sessions of a pupil as the page does, by the same rules (R-029 to R-032, R-103 to R-127).",
            vec![],
            new_plan_shape(),
            (
                201,
                Shape::Object(vec![field("plan", "The plan.", id()).like(77)]),
            ),
            make_plan,
        ),
        acting(
            "endPlan",
            "Plans",
            "/plans/{plan}/end",
            "End a plan early",
            "Ends a plan on an earlier day than it said.",
            of_plan(),
            Shape::Object(vec![
                field("number", "The number of the version that you read.", id()).like(640),
                field("last_day", "Its last day from now on.", Shape::Day),
                field("reason", "Why; an amendment keeps it (R-007).", text(LONGEST_TEXT)).like("back at school early"),
            ]),
            (200, nothing_more()),
            end_plan,
        ),
        acting(
            "withdrawPlan",
            "Plans",
            "/plans/{plan}/withdraw",
            "Withdraw a plan",
            "A plan that is withdrawn stands for no session any more, and stays on file.",
            of_plan(),
            Shape::Object(vec![
                field("number", "The number of the version that you read.", id()).like(640),
                field("reason", "Why; an amendment keeps it (R-007).", text(LONGEST_TEXT)).like("planned by mistake"),
            ]),
            (200, nothing_more()),
            withdraw_plan,
        ),
    ]
}

fn register_address() -> Vec<crate::api::Parameter> {
    vec![
        in_path("group", "The group.", id()),
        in_path("day", "The day.", Shape::Day),
        in_path("session", "The session.", one_of(&["AM", "PM"])),
    ]
}

fn nothing_more() -> Shape {
    Shape::Object(vec![
        field("number", "The number of the act.", count()).like(641),
    ])
}

// Codes -------------------------------------------------------------------------------------------------------------

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

// Marks -------------------------------------------------------------------------------------------------------------

fn mark_shape() -> Shape {
    named(
        "Mark",
        vec![
            field("enrolment", "The time on roll that it belongs to.", id()).like(119),
            field("pupil", "The pupil.", id()).like(118),
            field("day", "The day.", Shape::Day),
            field("session", "The session.", one_of(&["AM", "PM"])),
            field(
                "code",
                "The code; null where a mark was taken back.",
                or_null(Shape::Words),
            )
            .like("L"),
            field("minutes_late", "Minutes late.", or_null(count())).like(6),
            field("note", "The note.", or_null(Shape::Words)).like(Value::Null),
            field(
                "sub_code",
                "The school's own sub-code beneath the code (R-141).",
                or_null(Shape::Words),
            )
            .like(Value::Null),
            field(
                "number",
                "The act that made it: what to base a change on.",
                count(),
            )
            .like(812),
        ],
    )
}

/// The place of a mark: day, session.
type Read = (Day, i64, Value);

fn read_mark(
    row: &store::Row<'_>,
    enrolment: EnrolmentId,
    pupil: PupilId,
) -> Result<Read, store::StoreError> {
    let (day, session): (Day, i64) = (row.get(0)?, row.get(1)?);
    let word = Session::from_index(session).map(|session| session.to_string());
    let mark = json!({
        "enrolment": enrolment,
        "pupil": pupil,
        "day": day,
        "session": word,
        "code": row.get::<Option<String>>(3)?,
        "minutes_late": row.get::<Option<i64>>(4)?,
        "note": row.get::<Option<String>>(5)?,
        "sub_code": row.get::<Option<String>>(6)?,
        "number": row.get::<i64>(2)?,
    });
    Ok((day, session, mark))
}

fn marks_of_days(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let (from, to) = span(asked, MOST_DAYS)?;
    let reach = asked.reads(tx, RecordKind::AttendanceMarks)?;
    let paging = asked.paging(tx)?;
    let book = asked.office.shelf.book(tx, asked.actor.school)?;
    let only = asked.number("pupil").map(PupilId);
    let limit = usize::try_from(paging.limit).unwrap_or(1);
    let mut items = Vec::new();
    for enrolment in &book.roll.enrolments {
        let pupil = enrolment.pupil;
        let (first, behind) = begin(&paging.after, enrolment.id, from);
        if enrolment.id.0 < paging.after()
            || only.is_some_and(|only| only != pupil)
            || !reach.covers(pupil)
        {
            continue;
        }
        let args = args![asked.actor.school, enrolment.id, first, to];
        let found = tx.query(MARKS_OF, &args, |row| read_mark(row, enrolment.id, pupil))?;
        for (day, session, mark) in found {
            if behind.is_some_and(|behind| (day, session) <= behind) {
                continue;
            }
            items.push(mark);
            if items.len() == limit {
                let last = vec![enrolment.id.0, i64::from(day.epoch_days()), session];
                return Ok(paging.page(items, Some(last)));
            }
        }
    }
    Ok(paging.page(items, None))
}

/// Where the marks of a time on roll begin on this page: the day, and the place that the page before ended with.
fn begin(after: &[i64], enrolment: EnrolmentId, from: Day) -> (Day, Option<(Day, i64)>) {
    match after {
        [id, day, session] if *id == enrolment.0 => {
            let days = i32::try_from(*day).unwrap_or_default();
            // Whoever makes up a cursor asks for nothing before the first day.
            let day = from.plus_days(days.saturating_sub(from.epoch_days()).clamp(0, MOST_DAYS));
            (day, Some((day, *session)))
        }
        _ => (from, None),
    }
}

fn changed_marks(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let school = asked.actor.school;
    let reach = asked.reads(tx, RecordKind::AttendanceMarks)?;
    let paging = asked.paging(tx)?;
    let after = paging.after().max(paging.since);
    let last = after.saturating_add(ACTS_ON_A_PAGE);
    let book = asked.office.shelf.book(tx, school)?;
    let mut places: BTreeSet<(EnrolmentId, Day, i64)> = BTreeSet::new();
    for facts in journal::facts_between(tx, school, (after, last), &[&MARK_VERSION])? {
        if !facts.complete || facts.changes.len() > MOST_CHANGED {
            return Err(ApiProblem::Refused(format!(
                "Act {} changed more marks than can be told of one by one. Read the marks anew by their days, and go on after its number.",
                facts.seq
            )));
        }
        for change in facts.changes {
            if let (ChangeKind::Recorded, Some(place)) = (change.kind, place_of(&change.values)) {
                places.insert(place);
            }
        }
    }
    let mut items = Vec::new();
    for (enrolment, day, session) in places {
        let Some(pupil) = book
            .roll
            .row(enrolment)
            .and_then(|row| book.roll.pupil_of_row(row))
        else {
            continue;
        };
        if !reach.covers(pupil.id) {
            continue;
        }
        let args = args![school, enrolment, day, session];
        let found = tx.query_opt(MARK_AT, &args, |row| read_mark(row, enrolment, pupil.id))?;
        items.extend(found.map(|(_, _, mark)| mark));
    }
    Ok(paging.page(items, (last < book.seq).then(|| vec![last])))
}

/// Time on roll, day and session of a row of marks.
fn place_of(values: &[store::Arg<'static>]) -> Option<(EnrolmentId, Day, i64)> {
    let [enrolment, day, session, ..] = values else {
        return None;
    };
    Some((
        EnrolmentId(enrolment.borrowed().get().ok()?),
        day.borrowed().get().ok()?,
        session.borrowed().get().ok()?,
    ))
}

// Registers ---------------------------------------------------------------------------------------------------------

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
            "The school's own sub-code beneath the code (R-141); null leaves the one that stands with the same code.",
            or_null(text(LONGEST_SUB_CODE)),
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

// Plans -------------------------------------------------------------------------------------------------------------

fn plan_shape() -> Shape {
    named(
        "Plan",
        vec![
            field("plan", "The plan.", id()).like(77),
            field("enrolment", "The time on roll.", id()).like(119),
            field("pupil", "The pupil.", id()).like(118),
            field("set", "What plans made together have in common.", id()).like(76),
            field(
                "kind",
                "What is planned.",
                one_of(&PlanKind::ALL.map(PlanKind::key)),
            ),
            field(
                "code",
                "The code that stands for a session without a mark.",
                Shape::Words,
            )
            .like("C1"),
            field("first_day", "The first day.", Shape::Day),
            field("last_day", "The last day.", Shape::Day),
            field(
                "sessions",
                "Which sessions: `Mon-AM Mon-PM`, or `2026-11-24-AM`.",
                Shape::Words,
            )
            .like("Tue-AM Tue-PM"),
            field("reason", "Why.", Shape::Words).like("music examination"),
            field("place", "Where.", or_null(Shape::Words)).like(Value::Null),
            field(
                "decided_on",
                "The day of the decision.",
                or_null(Shape::Day),
            ),
            field("decided_by", "Who decided.", Shape::Words).like("Headteacher"),
            field(
                "review_on",
                "When it is looked at again.",
                or_null(Shape::Day),
            )
            .like(Value::Null),
            field("number", "The act that recorded this.", count()).like(640),
            field("withdrawn", "Whether it was withdrawn.", Shape::YesNo).like(false),
        ],
    )
}

fn plans(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let reader = PlanReader::of(tx, asked.actor, asked.today())?;
    let reach = asked.reads(tx, RecordKind::AttendanceMarks)?;
    let paging = asked.paging(tx)?;
    paging.rows(tx, PLANS, asked, &reach, |row| {
        let id: i64 = row.get(0)?;
        let (seq, gone): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
        let kind: String = row.get(5)?;
        let pupil = PupilId(row.get::<Option<i64>>(15)?.unwrap_or_default());
        let may = PlanKind::from_key(&kind).is_some_and(|kind| reader.reads(kind, pupil));
        let plan = json!({
            "plan": id,
            "enrolment": row.get::<i64>(3)?,
            "pupil": pupil,
            "set": row.get::<i64>(4)?,
            "kind": kind,
            "code": row.get::<String>(6)?,
            "first_day": row.get::<Day>(7)?,
            "last_day": row.get::<Day>(8)?,
            "sessions": row.get::<String>(9)?,
            "reason": row.get::<String>(10)?,
            "place": row.get::<Option<String>>(11)?,
            "decided_on": row.get::<Option<Day>>(12)?,
            "decided_by": row.get::<String>(13)?,
            "review_on": row.get::<Option<Day>>(14)?,
            "number": gone.unwrap_or(seq),
            "withdrawn": gone.is_some(),
        });
        // Nobody is pupil 0, so nobody reaches what may not be read.
        Ok((id, may.then_some(pupil), plan))
    })
}

fn new_plan_shape() -> Shape {
    let text_or_nothing = || or_null(text(LONGEST_TEXT));
    Shape::Object(vec![
        field("pupil", "The pupil.", id()).like(118),
        field(
            "kind",
            "What is planned.",
            one_of(&PlanKind::ALL.map(PlanKind::key)),
        ),
        field(
            "code",
            "The code that stands for a session without a mark.",
            text(4),
        )
        .like("C1"),
        field("first_day", "The first day.", Shape::Day),
        field("last_day", "The last day.", Shape::Day),
        field(
            "sessions",
            "Which sessions: `Mon-AM Mon-PM` of every week, or `2026-11-24-AM`.",
            text(2_000),
        )
        .like("Tue-AM Tue-PM"),
        field("reason", "Why.", text(LONGEST_TEXT)).like("music examination"),
        field("place", "Where.", text_or_nothing())
            .optional()
            .like(Value::Null),
        field("supervisor", "Who supervises.", text_or_nothing())
            .optional()
            .like(Value::Null),
        field("evidence", "What is on file.", text_or_nothing())
            .optional()
            .like(Value::Null),
        field(
            "decided_on",
            "The day of the decision.",
            or_null(Shape::Day),
        )
        .optional(),
        field("decided_by", "Who decided.", text(100)).like("Headteacher"),
        field(
            "agreed_on",
            "The day on which a parent agreed.",
            or_null(Shape::Day),
        )
        .optional()
        .like(Value::Null),
        field("agreed_with", "With whom it is agreed.", text_or_nothing())
            .optional()
            .like(Value::Null),
        field(
            "review_on",
            "When it is looked at again.",
            or_null(Shape::Day),
        )
        .optional()
        .like(Value::Null),
    ])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentPlan {
    pupil: PupilId,
    kind: String,
    code: String,
    first_day: Day,
    last_day: Day,
    sessions: String,
    reason: String,
    place: Option<String>,
    supervisor: Option<String>,
    evidence: Option<String>,
    decided_on: Option<Day>,
    decided_by: String,
    agreed_on: Option<Day>,
    agreed_with: Option<String>,
    review_on: Option<Day>,
}

impl SentPlan {
    fn plan(self) -> Result<(PupilId, Plan), ApiProblem> {
        let kind = PlanKind::from_key(&self.kind)
            .ok_or_else(|| wrong_body("/kind", "This is no kind of plan."))?;
        let code: Code = self
            .code
            .parse()
            .map_err(|error| wrong_body("/code", format!("{error}.")))?;
        let sessions = self
            .sessions
            .parse()
            .map_err(|error| wrong_body("/sessions", format!("{error}.")))?;
        let plan = Plan {
            kind,
            code,
            first: self.first_day,
            last: self.last_day,
            sessions,
            reason: self.reason,
            place: self.place,
            supervisor: self.supervisor,
            evidence: self.evidence,
            decided_on: self.decided_on,
            decided_by: self.decided_by,
            agreed_on: self.agreed_on,
            agreed_with: self.agreed_with,
            review_on: self.review_on,
        };
        Ok((self.pupil, plan))
    }
}

fn make_plan(act: &mut Act, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let (pupil, plan) = asked.body::<SentPlan>()?.plan()?;
    let made = make(act, asked.actor, &[pupil], &plan)?;
    let id = made.first().copied().ok_or(ApiProblem::NotFound)?;
    Ok(json!({ "plan": id }).into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentEnd {
    number: i64,
    last_day: Day,
    reason: String,
}

fn end_plan(act: &mut Act, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let plan = PlanId(asked.id("plan")?);
    let sent: SentEnd = asked.body()?;
    end(
        act,
        asked.actor,
        (plan, sent.number),
        sent.last_day,
        &sent.reason,
        false,
    )?;
    Ok(json!({ "number": act.seq() }).into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentWithdrawal {
    number: i64,
    reason: String,
}

fn withdraw_plan(act: &mut Act, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let plan = PlanId(asked.id("plan")?);
    let sent: SentWithdrawal = asked.body()?;
    withdraw(act, asked.actor, (plan, sent.number), &sent.reason, false)?;
    Ok(json!({ "number": act.seq() }).into())
}
