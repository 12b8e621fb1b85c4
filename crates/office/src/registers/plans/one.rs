//! One plan as a page: what it says, what stands in its sessions, and every version of it.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant, Slot};
use columns::MarkByte;
use register::plan::{FallsDue, Plan};
use register::{Rule, help_for};
use store::{SchoolId, StoreError, Tx, args};

use super::PlanReader;
use super::drift::settled_of_plan;
use super::keep::{Keeping, pupil_of, set_now};
use super::list::Watch;
use super::list_page::notice;
use crate::book::{Book, PlanOnFile, plan_on_file};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{DriftId, PlanId, PupilId};
use crate::people::Actor;
use crate::shell::{Face, Facts, Frame, MarkCell, Page, State, Text, moment};

pub(super) const VERSIONS: &str = "\
select p.plan_id, p.set_id, p.enrolment_id, p.seq, p.kind, p.code, p.first_day, p.last_day, p.sessions, p.reason, p.place, p.supervisor,
       p.evidence, p.decided_on, p.decided_by, p.agreed_on, p.agreed_with, p.review_on,
       p.change_reason, j.at, j.job_title, a.name, w.at, w.job_title, b.name
from plan p
join journal_entry j on j.school_id = p.school_id and j.seq = p.seq
left join account a on a.account_id = j.account_id
left join journal_entry w on w.school_id = p.school_id and w.seq = p.superseded_seq
left join account b on b.account_id = w.account_id
where p.school_id = $1 and p.plan_id = $2
order by p.seq";

/// One version of a plan, with who recorded it and who superseded it.
pub(super) struct Version {
    pub on_file: PlanOnFile,
    change_reason: Option<String>,
    recorded: String,
    /// By whom and when it was superseded; none for the version in force.
    pub superseded: Option<String>,
}

/// Every version of a plan, oldest first; empty when there is no such plan.
pub(super) fn versions(
    tx: &mut Tx,
    school: SchoolId,
    id: PlanId,
) -> Result<Vec<Version>, StoreError> {
    let by = |at: Instant, title: String, name: Option<String>| {
        let name = name.unwrap_or_else(|| "somebody".to_owned());
        format!("{}, {name}, {title}", moment(at))
    };
    let found = tx.query(VERSIONS, &args![school, id], |row| {
        let Some(on_file) = plan_on_file(row)? else {
            return Ok(None);
        };
        let superseded = match row.get::<Option<Instant>>(22)? {
            None => None,
            Some(at) => Some(by(
                at,
                row.get::<Option<String>>(23)?.unwrap_or_default(),
                row.get(24)?,
            )),
        };
        Ok(Some(Version {
            on_file,
            change_reason: row.get(18)?,
            recorded: by(row.get(19)?, row.get(20)?, row.get(21)?),
            superseded,
        }))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// A session of the plan and what stands in it.
struct Cell {
    day: String,
    session: String,
    cell: MarkCell,
}

#[derive(Template)]
#[template(path = "registers/plans/plan.html")]
struct PlanPage {
    frame: Frame,
    id: PlanId,
    pupil: PupilId,
    name: String,
    kind: &'static str,
    code: String,
    meaning: String,
    /// Loud: what falls due.
    due: Vec<String>,
    /// That it stands no more, and since when.
    withdrawn: Option<String>,
    facts: Facts,
    /// Sessions with what stands, in order; how many more there are.
    sessions: Vec<Cell>,
    in_words: String,
    /// Plans in force that were made together with it, itself included.
    together: usize,
    versions: Vec<(String, String, String)>,
    /// Drifts that somebody has dealt with: number, what was found, who and when.
    found: Vec<(DriftId, String, String)>,
    rules: Vec<&'static Rule>,
    may_keep: bool,
    nothing: Option<State>,
}

/// `/plans/{plan}`: what it says, its sessions, every version.
pub(super) async fn one(
    desk: Desk,
    Path(id): Path<PlanId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let versions = versions(tx, actor.school, id)?;
        let newest = versions.last().ok_or(Refusal::NotFound)?;
        let on_file = &newest.on_file;
        let pupil = pupil_of(tx, actor.school, on_file.enrolment)?;
        let reader = PlanReader::of(tx, actor, today)?;
        if !reader.reads(on_file.plan.kind, pupil) {
            return Err(Refusal::NotFound);
        }
        let known = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?;
        let in_force = newest.superseded.is_none();
        let keeps = in_force && may_keep(tx, actor, on_file, pupil, today)?;
        let (sessions, in_words) = match in_force {
            true => cells(&book, on_file, pupil),
            false => (Vec::new(), String::new()),
        };
        let meaning = register::meaning(on_file.plan.code, on_file.plan.first);
        let page = PlanPage {
            frame: here
                .frame(tx, actor, "Plan")?
                .with_notice(notice(asked.text("did"))),
            id,
            pupil,
            name: known.listed(),
            kind: on_file.plan.kind.name(),
            code: on_file.plan.code.to_string(),
            meaning: meaning.map(|row| row.meaning.clone()).unwrap_or_default(),
            due: match in_force {
                true => {
                    let due = Watch::of(&book, today)?.due(on_file);
                    due.iter().map(FallsDue::to_string).collect()
                }
                false => Vec::new(),
            },
            withdrawn: newest.superseded.clone(),
            facts: facts(&on_file.plan),
            together: set_now(tx, actor.school, on_file.set)?.len(),
            nothing: sessions.is_empty().then(|| {
                State::empty(
                    "It stands for no session",
                    "It is withdrawn, or the pupil is not on roll then.",
                )
            }),
            sessions,
            in_words,
            versions: told(&versions),
            found: settled_of_plan(tx, actor.school, id)?,
            rules: rules_of(&on_file.plan),
            may_keep: keeps,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn may_keep(
    tx: &mut Tx,
    actor: &Actor,
    on_file: &PlanOnFile,
    pupil: PupilId,
    today: Day,
) -> Result<bool, Refusal> {
    let kind = on_file.plan.kind;
    match Keeping::of(tx, actor, kind, today).and_then(|keeping| keeping.allows(pupil, kind)) {
        Ok(()) => Ok(true),
        Err(Refusal::NotAllowed(_) | Refusal::NotFound) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Term and fact of everything that a plan says.
pub(super) fn facts(plan: &Plan) -> Facts {
    let day = |day: Option<Day>| day.map(Day::long).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let days = match plan.first == plan.last {
        true => plan.first.long(),
        false => format!("{} to {}", plan.first.long(), plan.last.long()),
    };
    let mut facts: Vec<(Text, Text)> = vec![
        ("Days".into(), days.into()),
        ("Sessions".into(), plan.sessions.in_words().into()),
        ("Reason".into(), plan.reason.clone().into()),
    ];
    let optional = [
        ("Where", text(&plan.place)),
        ("Who supervises", text(&plan.supervisor)),
        ("Licence or exemption", text(&plan.evidence)),
        ("Decided on", day(plan.decided_on)),
        ("Decided by", plan.decided_by.clone()),
        ("Agreed with", text(&plan.agreed_with)),
        ("Agreed on", day(plan.agreed_on)),
        ("Review", day(plan.review_on)),
    ];
    let given = optional.into_iter().filter(|(_, fact)| !fact.is_empty());
    facts.extend(given.map(|(term, fact)| (Text::from(term), Text::from(fact))));
    Facts { facts }
}

/// What stands in each session of the plan: the plan itself, or the mark that displaced it.
fn cells(book: &Book, on_file: &PlanOnFile, pupil: PupilId) -> (Vec<Cell>, String) {
    let slots = on_file.plan.slots(&book.calendar);
    let row = book.roll.row(on_file.enrolment);
    let (mut by_plan, mut marked) = (0, 0);
    let mut before = None;
    let cells = slots
        .iter()
        .filter_map(|slot| {
            let mark = row.map_or(MarkByte::OUTSIDE, |row| book.mark(row, *slot));
            match mark {
                MarkByte::OUTSIDE => return None,
                mark if mark.is_planned() => by_plan += 1,
                MarkByte::MISSING => {}
                _ => marked += 1,
            }
            let mut cell = cell(mark, *slot, pupil);
            // The day stands before its first session only.
            if before.replace(slot.day) == Some(slot.day) {
                cell.day.clear();
            }
            Some(cell)
        })
        .collect();
    let words = format!(
        "{by_plan} stand by plan, {marked} have a mark, which goes before the plan (R-032)"
    );
    (cells, words)
}

fn cell(mark: MarkByte, slot: Slot, pupil: PupilId) -> Cell {
    let label = format!(
        "{} {}{}",
        slot.day.short(),
        slot.session,
        if mark.is_planned() { ", by plan" } else { "" }
    );
    let code = mark.code().map_or("·".to_owned(), |code| code.to_string());
    let mut shown = MarkCell::new(code, Face::of(mark.row()), label);
    shown.planned = mark.is_planned();
    shown.href = Some(format!("/why/{pupil}/{}/{}", slot.day, slot.session).into());
    Cell {
        day: slot.day.short(),
        session: slot.session.to_string(),
        cell: shown,
    }
}

/// The rules that a plan's code rests on.
fn rules_of(plan: &Plan) -> Vec<&'static Rule> {
    let help = help_for(plan.code, plan.first)
        .ok()
        .and_then(|(_, help)| help);
    let mut rules: Vec<&'static Rule> = help.map(|help| help.rules.clone()).unwrap_or_default();
    rules.extend(register::rule("R-032"));
    rules.dedup();
    rules
}

/// Versions as the page tells them: by whom, what it said, why it changed.
fn told(versions: &[Version]) -> Vec<(String, String, String)> {
    versions
        .iter()
        .map(|version| {
            let plan = &version.on_file.plan;
            let what = format!(
                "{} {} to {}, {}: {}",
                plan.code,
                plan.first.short(),
                plan.last.short(),
                plan.sessions.in_words(),
                plan.reason
            );
            let why = version.change_reason.clone().unwrap_or_default();
            (version.recorded.clone(), what, why)
        })
        .collect()
}
