//! Drift: marks that do not agree with a plan, and what a person found out about them.
//!
//! A drift goes by itself when the mark is amended, or the plan. Where both are right (the provider was closed and the pupil came to
//! school), somebody records what was found, and it leaves the list until another mark stands there.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Path;
use axum::response::Response;
use calendar::{Day, Instant, Session, Slot};
use register::Code;
use register::plan::{Drift, drift};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::PlanReader;
use super::judge::{marks_between, others};
use super::keep::{Keeping, pupil_of};
use super::list::{Line, line, lines};
use crate::book::{Book, PlanOnFile};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Outcome, Part, Wrongs, hidden};
use crate::ids::{DriftId, EnrolmentId, PlanId, PupilId};
use crate::insight::table::{Cell, Heading, Order, Table, Value};
use crate::insight::{Form, Opened};
use crate::people::{Actor, Reach};
use crate::registers::records::SETTLED_DRIFT;
use crate::registers::save::LONGEST_TEXT;
use crate::shell::{Field, moment};
use crate::year::settings::{plan_watch, session_times};

/// The drifts that somebody has dealt with, from a day on.
pub(super) const SETTLED: &str = "\
select enrolment_id, plan_id, on_date, session, code from settled_drift
where school_id = $1 and on_date >= $2 and superseded_seq is null";

/// What was found about the drifts of one plan, with who recorded it.
pub(super) const OF_PLAN: &str = "\
select d.drift_id, d.on_date, d.session, d.code, d.found, j.at, j.job_title, a.name
from settled_drift d
join journal_entry j on j.school_id = d.school_id and j.seq = d.seq
left join account a on a.account_id = j.account_id
where d.school_id = $1 and d.plan_id = $2 and d.superseded_seq is null order by d.on_date, d.session";

/// The plan of a drift that somebody has dealt with.
pub(super) const PLAN_OF: &str = "\
select plan_id, enrolment_id from settled_drift where school_id = $1 and drift_id = $2 and superseded_seq is null";

/// A mark that does not agree with a plan.
pub(super) struct DriftLine<'b> {
    pub line: Line<'b>,
    pub slot: Slot,
    pub mark: String,
    pub drift: Drift,
}

impl DriftLine<'_> {
    /// Where somebody deals with it.
    fn address(&self) -> String {
        let (day, session) = (self.slot.day, self.slot.session.to_string().to_lowercase());
        format!(
            "/plans/drift/{}/{day}/{session}",
            self.line.on_file.enrolment
        )
    }
}

/// Which drift somebody has dealt with: of whom, from which plan, where, and the mark that stood there.
type Settled = (EnrolmentId, PlanId, Slot, String);

fn settled(tx: &mut Tx, school: SchoolId, from: Day) -> Result<BTreeSet<Settled>, StoreError> {
    let found = tx.query(SETTLED, &args![school, from], |row| {
        let (day, session): (Day, i64) = (row.get(2)?, row.get(3)?);
        let slot = Session::from_index(session).map(|session| Slot::new(day, session));
        let (enrolment, plan, code) = (row.get(0)?, row.get(1)?, row.get(4)?);
        Ok(slot.map(|slot| (enrolment, plan, slot, code)))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// Marks of the last school days that do not agree with plans and with which nobody has dealt, newest first.
///
/// Errors: a setting cannot be read; the database did not answer.
pub(super) fn drifts<'b>(
    tx: &mut Tx,
    book: &'b Book,
    reach: &Reach,
    now: Instant,
) -> Result<Vec<DriftLine<'b>>, Refusal> {
    let (today, _) = now.in_london();
    let opened = Opened::by(&session_times(&book.settings, today)?, now);
    let back = usize::from(plan_watch(&book.settings, today)?.drift_back);
    // Two calendar days for each school day, and the longest holiday.
    let begin = today.plus_days(-(2 * back as i32 + 60));
    let days = book.calendar.school_days_between(begin, today);
    let first = days[days.len().saturating_sub(back)..].first().copied();
    let first = first.unwrap_or(today);
    let settled = settled(tx, book.school, first)?;
    let slots = book.calendar.slots(first, today);
    let mut planned: BTreeMap<usize, PupilId> = BTreeMap::new();
    for line in lines(book, reach) {
        planned.insert(line.row, line.pupil);
    }
    let mut found = Vec::new();
    for row in planned.into_keys() {
        let enrolment = book.roll.enrolments[row].id;
        let plans = book.plans.of(enrolment);
        for slot in slots.iter().filter(|slot| opened.has(**slot)) {
            let mark = book.mark(row, *slot);
            let Some(code) = mark.code().filter(|_| !mark.is_planned()) else {
                continue;
            };
            let Some((drift, on_file)) = drift(plans, *slot, code) else {
                continue;
            };
            let mark = code.to_string();
            if settled.contains(&(enrolment, on_file.id, *slot, mark.clone())) {
                continue;
            }
            found.extend(line(book, on_file).map(|line| DriftLine {
                line,
                slot: *slot,
                mark,
                drift,
            }));
        }
    }
    found.sort_by_key(|one| (std::cmp::Reverse(one.slot), one.line.in_order));
    Ok(found)
}

/// Marks that do not agree with plans, as a table.
///
/// Whoever keeps plans finds there the way to deal with each of them.
pub(super) fn drift_table(
    form: &Form,
    drifts: Vec<DriftLine<'_>>,
    reader: &PlanReader,
    keeps: bool,
) -> Table {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("day", "Day"),
        Heading::words("session", "Session"),
        Heading::words("mark", "Mark"),
        Heading::words("code", "Planned"),
        Heading::words("kind", "Plan"),
        Heading::words("drift", "What is off"),
    ];
    let mut table = Table::asked(
        form,
        "-day",
        headings,
        drifts,
        |one, column| match column {
            "day" => Value::Day(one.slot.day).order(),
            "session" => Order::words(&one.slot.session.to_string()),
            "mark" => Order::words(&one.mark),
            "code" => Order::words(&one.line.on_file.plan.code.to_string()),
            "kind" => Order::words(one.line.on_file.plan.kind.name()),
            "drift" => Order::words(one.drift.words()),
            _ => Order::Number(one.line.in_order.into()),
        },
        |one| {
            let plan = &one.line.on_file.plan;
            let why = format!(
                "/why/{}/{}/{}",
                one.line.pupil, one.slot.day, one.slot.session
            );
            vec![
                Cell::text(one.line.name.clone())
                    .to(format!("/pupils/{}", one.line.pupil))
                    .naming(one.line.pupil),
                Cell::of(Value::Day(one.slot.day)),
                Cell::text(one.slot.session.to_string()),
                Cell::text(one.mark.clone()).why(why),
                Cell::text(plan.code.to_string()),
                match reader.reads(plan.kind, one.line.pupil) {
                    true => {
                        Cell::text(plan.kind.name()).to(format!("/plans/{}", one.line.on_file.id))
                    }
                    false => Cell::text(plan.kind.name()),
                },
                match keeps {
                    true => Cell::text(one.drift.words()).to(one.address()),
                    false => Cell::text(one.drift.words()),
                },
            ]
        },
    );
    table.title = "Drift from plans".to_owned();
    table
}

// Dealing with one ------------------------------------------------------------------------------------------------------

/// A drift as rows have it now.
struct OnFile {
    plan: PlanOnFile,
    pupil: PupilId,
    mark: Code,
    drift: Drift,
}

/// The drift in this place, to somebody who keeps the plan.
///
/// Errors: [`Refusal::NotFound`] where there is none, and as access has it.
fn on_file(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    slot: Slot,
    today: Day,
) -> Result<OnFile, Refusal> {
    let pupil = pupil_of(tx, actor.school, enrolment)?;
    let marks = marks_between(tx, actor.school, enrolment, (slot.day, slot.day))?;
    let mark = marks.iter().find(|(at, _)| *at == slot);
    let (_, mark) = mark.copied().ok_or(Refusal::NotFound)?;
    // A plan lasts a year at most, and one that ended earlier is no longer drifted from.
    let span = (slot.day.plus_days(-400), slot.day);
    let plans = others(tx, actor.school, enrolment, span)?;
    let (drift, plan) = drift(&plans, slot, mark).ok_or(Refusal::NotFound)?;
    let kind = plan.plan.kind;
    Keeping::of(tx, actor, kind, today)?.allows(pupil, kind)?;
    Ok(OnFile {
        plan: plan.clone(),
        pupil,
        mark,
        drift,
    })
}

/// Records what was found about a drift whose mark and plan are both right; it leaves the list.
///
/// Rule: R-032, a mark displaces a plan and both stay on file. Ours. `mark` is what the person saw.
/// Errors: [`Refusal::NotFound`] where nothing drifts, [`Refusal::Wrong`] where another mark stands by now, and as access has it.
pub fn settle_drift(
    act: &mut Act,
    actor: &Actor,
    (enrolment, slot): (EnrolmentId, Slot),
    mark: &str,
    found: &str,
) -> Result<PlanId, Refusal> {
    let (today, _) = act.at().in_london();
    let drift = on_file(act.tx(), actor, enrolment, slot, today)?;
    if drift.mark.as_str() != mark {
        let ground = "Nothing was saved: another mark stands there by now. Open the list again to see whether it agrees with the plan.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let id = DriftId(act.new_id());
    act.record(
        &SETTLED_DRIFT,
        &args![
            id,
            enrolment,
            drift.plan.id,
            slot.day,
            slot.session.index() as i64,
            mark,
            found
        ],
    )?;
    act.describe(actor.entry("deal with drift", format!("plan {}", drift.plan.id)));
    Ok(drift.plan.id)
}

/// Takes back what was found about a drift: it is on the list again while mark and plan differ.
///
/// Errors: [`Refusal::NotFound`] where there is none, and as access has it.
pub fn unsettle_drift(act: &mut Act, actor: &Actor, id: DriftId) -> Result<PlanId, Refusal> {
    let (today, _) = act.at().in_london();
    let plan = kept_drift(act.tx(), actor, id, today)?;
    act.supersede(&SETTLED_DRIFT, &args![id])?;
    act.describe(actor.entry("take back drift", format!("plan {plan}")));
    Ok(plan)
}

/// The plan of a drift that somebody dealt with, to whoever keeps it.
fn kept_drift(tx: &mut Tx, actor: &Actor, id: DriftId, today: Day) -> Result<PlanId, Refusal> {
    let found = tx.query_opt(PLAN_OF, &args![actor.school, id], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let (plan, enrolment): (PlanId, EnrolmentId) = found.ok_or(Refusal::NotFound)?;
    let pupil = pupil_of(tx, actor.school, enrolment)?;
    let versions = super::one::versions(tx, actor.school, plan)?;
    let kind = versions.last().ok_or(Refusal::NotFound)?.on_file.plan.kind;
    Keeping::of(tx, actor, kind, today)?.allows(pupil, kind)?;
    Ok(plan)
}

/// What was found about the drifts of a plan: number, place with mark and finding, who and when.
pub(super) fn settled_of_plan(
    tx: &mut Tx,
    school: SchoolId,
    plan: PlanId,
) -> Result<Vec<(DriftId, String, String)>, StoreError> {
    tx.query(OF_PLAN, &args![school, plan], |row| {
        let (day, session): (Day, i64) = (row.get(1)?, row.get(2)?);
        let session = Session::from_index(session).map_or("", Session::word);
        let (code, found): (String, String) = (row.get(3)?, row.get(4)?);
        let (at, title): (Instant, String) = (row.get(5)?, row.get(6)?);
        let name: Option<String> = row.get(7)?;
        let name = name.unwrap_or_else(|| "somebody".to_owned());
        Ok((
            row.get(0)?,
            format!("{} {session}, marked {code}: {found}", day.short()),
            format!("{}, {name}, {title}", moment(at)),
        ))
    })
}

/// Time on roll, day and session as an address names them.
type Address = (EnrolmentId, Day, String);

fn place((enrolment, day, session): &Address) -> Result<(EnrolmentId, Slot), Refusal> {
    let session: Session = session.parse().map_err(|_| Refusal::NotFound)?;
    Ok((*enrolment, Slot::new(*day, session)))
}

fn deal_form(
    tx: &mut Tx,
    desk: &Desk,
    actor: &Actor,
    address: &Address,
    today: Day,
) -> Result<FormPage, Refusal> {
    let (enrolment, slot) = place(address)?;
    let drift = on_file(tx, actor, enrolment, slot, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let pupil = book.roll.pupil(drift.pupil).ok_or(Refusal::NotFound)?;
    let plan = &drift.plan.plan;
    let fields = vec![
        Field::line("found", "What was found")
            .hint("Such as: the provider was closed, and the pupil came to school."),
        hidden("mark", drift.mark),
    ];
    let what = format!(
        "{} {}: {}. Marked {}; planned {} ({}, {}).",
        slot.day.long(),
        slot.session.word(),
        drift.drift.words(),
        drift.mark,
        plan.code,
        plan.kind.name().to_lowercase(),
        plan.reason
    );
    let beside = Help {
        heading: "Where one of the two is wrong".to_owned(),
        lines: vec![
            "The mark: amend it in the register, with the reason (R-007).".to_owned(),
            "The plan: amend it, or end it, from its own page.".to_owned(),
            "Either way the drift goes by itself, and nothing is to be recorded here.".to_owned(),
        ],
    };
    Ok(FormPage::new(
        "Deal with a drift",
        ("/plans?show=drift", "Drift from plans"),
        "Record what was found",
        vec![Part::new("", fields)],
    )
    .of(pupil.listed())
    .about(format!("{what} A mark goes before a plan, and both stay on file (R-032). Where both are right, say what was found: the drift leaves the list."))
    .help(vec![beside]))
}

/// `/plans/drift/{enrolment}/{day}/{session}`.
pub(super) async fn ask_deal(
    desk: Desk,
    Path(address): Path<Address>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        deal_form(tx, &here, actor, &address, today)
    })
    .await
}

/// `POST /plans/drift/{enrolment}/{day}/{session}`.
pub(super) async fn answer_deal(
    desk: Desk,
    Path(address): Path<Address>,
    axum::Form(answers): axum::Form<Answers>,
) -> Result<Response, Problem> {
    let mut wrongs = Wrongs::default();
    let found = answers.required("found", "Say what was found.", &mut wrongs);
    if found.chars().count() > LONGEST_TEXT || found.contains('\0') {
        wrongs.add("found", "This is longer than 500 characters. Shorten it.");
    }
    if !wrongs.is_empty() {
        let here = desk.clone();
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            deal_form(tx, &here, actor, &address, today)
        })
        .await;
    }
    form::answer(desk, move |act, actor, _| {
        settle_drift(act, actor, place(&address)?, answers.text("mark"), &found)?;
        Ok(Outcome::done("/plans?show=drift", "dealt"))
    })
    .await
}

fn take_back_form(
    tx: &mut Tx,
    actor: &Actor,
    id: DriftId,
    today: Day,
) -> Result<FormPage, Refusal> {
    let plan = kept_drift(tx, actor, id, today)?;
    let crumb = (format!("/plans/{plan}"), "The plan");
    Ok(FormPage::new("Take back what was found", crumb, "Take it back", vec![Part::new("", vec![])])
        .about("The drift is on the list again while mark and plan differ. The journal keeps what was found."))
}

/// `/plans/found/{drift}/take-back`.
pub(super) async fn ask_take_back(
    desk: Desk,
    Path(id): Path<DriftId>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        take_back_form(tx, actor, id, today)
    })
    .await
}

/// `POST /plans/found/{drift}/take-back`.
pub(super) async fn answer_take_back(
    desk: Desk,
    Path(id): Path<DriftId>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, _| {
        let plan = unsettle_drift(act, actor, id)?;
        Ok(Outcome::done(&format!("/plans/{plan}"), "taken-back"))
    })
    .await
}
