//! Plans: what is known ahead, made, ended and withdrawn by the same acts as the pages.

use calendar::Day;
use register::Code;
use register::plan::{Plan, PlanKind};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Act, Tx};

use super::{acting, reading};
use crate::api::shape::{Shape, count, field, id, named, one_of, or_null, text};
use crate::api::{
    ApiProblem, Asked, Given, Operation, followed_sql, following, in_path, page_of, wrong_body,
};
use crate::ids::{PlanId, PupilId};
use crate::people::RecordKind;
use crate::registers::plans::{PlanReader, end, make, withdraw};
use crate::registers::save::LONGEST_TEXT;

pub(super) const PLANS: &str = followed_sql!(
    "t.enrolment_id, t.set_id, t.kind, t.code, t.first_day, t.last_day, t.sessions, t.reason, t.place, t.decided_on, t.decided_by, t.review_on, (select e.pupil_id from enrolment e where e.school_id = t.school_id and e.enrolment_id = t.enrolment_id order by e.seq desc limit 1)",
    "plan",
    "plan_id"
);

/// What can be asked about plans.
pub(super) fn operations() -> Vec<Operation> {
    let of_plan = || vec![in_path("plan", "The plan.", id())];
    let version = || field("number", "The number of the version that you read.", id()).like(640);
    let why = |like| {
        field(
            "reason",
            "Why; an amendment keeps it (R-007).",
            text(LONGEST_TEXT),
        )
        .like(like)
    };
    vec![
        Operation {
            parameters: following(),
            answer: (200, page_of(plan_shape())),
            ..reading(
                "listPlans",
                "Plans",
                "/plans",
                (
                    "Plans",
                    "What is planned for pupils' sessions (R-029), by number. Plans for a suspension are told only to a client that reads suspensions.",
                ),
                plans,
            )
        },
        Operation {
            body: Some(new_plan_shape()),
            answer: (
                201,
                Shape::Object(vec![field("plan", "The plan.", id()).like(77)]),
            ),
            ..acting(
                "makePlan",
                "Plans",
                "/plans",
                (
                    "Make a plan",
                    "Plans sessions of a pupil as the page does, by the same rules (R-029 to R-032, R-103 to R-127).",
                ),
                make_plan,
            )
        },
        Operation {
            parameters: of_plan(),
            body: Some(Shape::Object(vec![
                version(),
                field("last_day", "Its last day from now on.", Shape::Day),
                why("back at school early"),
            ])),
            answer: (200, nothing_more()),
            ..acting(
                "endPlan",
                "Plans",
                "/plans/{plan}/end",
                (
                    "End a plan early",
                    "Ends a plan on an earlier day than it said.",
                ),
                end_plan,
            )
        },
        Operation {
            parameters: of_plan(),
            body: Some(Shape::Object(vec![version(), why("planned by mistake")])),
            answer: (200, nothing_more()),
            ..acting(
                "withdrawPlan",
                "Plans",
                "/plans/{plan}/withdraw",
                (
                    "Withdraw a plan",
                    "A plan that is withdrawn stands for no session any more, and stays on file.",
                ),
                withdraw_plan,
            )
        },
    ]
}

fn nothing_more() -> Shape {
    Shape::Object(vec![
        field("number", "The number of the act.", count()).like(641),
    ])
}

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
                "Which sessions: `Mon-AM Mon-PM` of every week; `A-Mon-AM B-Thu-PM` of two weeks in turn, with the Monday of each week A as `A=2026-09-07`; or `2026-11-24-AM`.",
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
            "Which sessions: `Mon-AM Mon-PM` of every week, `A-Mon-AM B-Thu-PM` of two weeks in turn as the timetable has them, or `2026-11-24-AM`.",
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
