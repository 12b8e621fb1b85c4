//! Making, amending, ending and withdrawing plans.

use calendar::Day;
use register::plan::{Plan, PlanKind, PlanRefusal, PlannedSessions};
use store::{Act, Arg, SchoolId, Tx, args};

use super::judge::{calendar_of, outlook, with_weeks};
use crate::book::{PlanOnFile, plan_on_file};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PlanId, PupilId};
use crate::people::{Access, Actor, Reach, RecordKind};
use crate::registers::records::PLAN;
use crate::year::settings::{mode, settings};

pub(super) const NOW: &str = "\
select plan_id, set_id, enrolment_id, seq, kind, code, first_day, last_day, sessions, reason, place, supervisor, evidence,
       decided_on, decided_by, agreed_on, agreed_with, review_on
from plan where school_id = $1 and plan_id = $2 and superseded_seq is null";

pub(super) const SET: &str = "\
select plan_id, set_id, enrolment_id, seq, kind, code, first_day, last_day, sessions, reason, place, supervisor, evidence,
       decided_on, decided_by, agreed_on, agreed_with, review_on
from plan where school_id = $1 and set_id = $2 and superseded_seq is null order by plan_id";

pub(super) const PUPIL: &str = "\
select pupil_id from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

/// Whose plans of one kind a person may know of and keep.
pub(super) struct Keeping {
    know: Reach,
    keep: Reach,
}

impl Keeping {
    /// Whose plans of this kind this person keeps: a suspension whoever keeps that record (`suspension_record`), every other kind
    /// whoever keeps the marks of the whole school (`attendance_marks`).
    ///
    /// Errors: [`Refusal::NotAllowed`] where another system keeps the register (I-001).
    pub(super) fn of(
        tx: &mut Tx,
        actor: &Actor,
        kind: PlanKind,
        today: Day,
    ) -> Result<Keeping, Refusal> {
        let settings = settings(tx, actor.school)?;
        if !mode(&settings, today)?.marks_here() {
            let ground = "The school's own system keeps the register (I-001), so what is planned is entered there.";
            return Err(Refusal::NotAllowed(ground.to_owned()));
        }
        let know = actor.reach(tx, Access::Read, RecordKind::PupilCore, today)?;
        let keep = match kind {
            PlanKind::Suspension => {
                actor.reach(tx, Access::Write, RecordKind::SuspensionRecord, today)?
            }
            _ if actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) => Reach::School,
            _ => Reach::Pupils(Default::default()),
        };
        Ok(Keeping { know, keep })
    }

    /// Whether this person keeps plans of some pupil at least.
    pub(super) fn of_somebody(&self) -> bool {
        !self.keep.is_nobody()
    }

    /// Errors: [`Refusal::NotFound`] for a pupil this person may not know of, [`Refusal::NotAllowed`] for another's work.
    pub(super) fn allows(&self, pupil: PupilId, kind: PlanKind) -> Result<(), Refusal> {
        if !self.know.covers(pupil) {
            return Err(Refusal::NotFound);
        }
        if self.keep.covers(pupil) {
            return Ok(());
        }
        let ground = match kind {
            PlanKind::Suspension => {
                "Suspensions are planned by those who keep that record. Ask the pastoral deputy or the attendance manager."
            }
            _ => {
                "Plans are made by those who keep the registers of the whole school. Tell the attendance office."
            }
        };
        Err(Refusal::NotAllowed(ground.to_owned()))
    }
}

/// Whether this person keeps plans of some kind for this pupil, here and not in another system.
pub(crate) fn keeps_plans_of(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<bool, Refusal> {
    for kind in [PlanKind::Leave, PlanKind::Suspension] {
        match Keeping::of(tx, actor, kind, today).and_then(|keeping| keeping.allows(pupil, kind)) {
            Ok(()) => return Ok(true),
            Err(Refusal::NotAllowed(_) | Refusal::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(false)
}

/// Makes one plan for each of these pupils, all of one set, and answers their ids.
///
/// Rule. A pupil for whom the rule refuses it gets none; the preview names them.
/// Errors: [`Refusal::Wrong`] with every ground when it may be made for none, and as access has it.
pub fn make(
    act: &mut Act,
    actor: &Actor,
    pupils: &[PupilId],
    plan: &Plan,
) -> Result<Vec<PlanId>, Refusal> {
    let (today, _) = act.at().in_london();
    let school = act.school();
    let keeping = Keeping::of(act.tx(), actor, plan.kind, today)?;
    let plan = &with_weeks(act.tx(), school, plan.clone())?;
    let calendar = calendar_of(act.tx(), school, plan, today)?;
    let (mut enrolments, mut refused) = (Vec::new(), Vec::new());
    for pupil in pupils {
        keeping.allows(*pupil, plan.kind)?;
        let outlook = outlook(act.tx(), school, *pupil, plan, None, today, &calendar)?;
        match outlook.judged {
            Ok(_) => enrolments.push(outlook.enrolment),
            Err(grounds) => refused.extend(grounds),
        }
    }
    if enrolments.is_empty() {
        return Err(Refusal::Wrong(in_sentences(&refused)));
    }
    let set = act.new_id();
    let ids: Vec<PlanId> = enrolments.iter().map(|_| PlanId(act.new_id())).collect();
    let texts = Texts::of(plan);
    let rows = ids
        .iter()
        .zip(&enrolments)
        .map(|(id, enrolment)| texts.row(*id, set, *enrolment, plan, None));
    act.record_many(&PLAN, rows)?;
    act.describe(actor.entry("make plan", format!("plans of set {set}")));
    Ok(ids)
}

/// Amends a plan, or every plan of its set, to this one. What stood before is kept with who changed it, when and why.
///
/// `seq` is the version that the person saw. Errors: [`Refusal::NotFound`] for a plan that is not in force,
/// [`Refusal::Wrong`] for one that changed meanwhile or may not become so.
pub fn amend(
    act: &mut Act,
    actor: &Actor,
    (id, seq): (PlanId, i64),
    plan: &Plan,
    reason: &str,
    whole_set: bool,
) -> Result<(), Refusal> {
    let (today, _) = act.at().in_london();
    let school = act.school();
    let chosen = chosen(act, actor, (id, seq), whole_set)?;
    let plan = &with_weeks(act.tx(), school, plan.clone())?;
    let calendar = calendar_of(act.tx(), school, plan, today)?;
    let texts = Texts::of(plan);
    for on_file in chosen {
        let pupil = pupil_of(act.tx(), school, on_file.enrolment)?;
        let look = outlook(
            act.tx(),
            school,
            pupil,
            plan,
            Some(on_file.id),
            today,
            &calendar,
        )?;
        look.judged
            .map_err(|grounds| Refusal::Wrong(in_sentences(&grounds)))?;
        let values = texts.row(
            on_file.id,
            on_file.set,
            on_file.enrolment,
            plan,
            Some(reason),
        );
        act.replace(&PLAN, &values)?;
    }
    act.describe(actor.entry("amend plan", format!("plan {id}")));
    act.note("reason", reason);
    Ok(())
}

/// Ends a plan, or every plan of its set, on an earlier day. Sessions after it have no plan from then on.
///
/// Errors: as [`amend`]; [`Refusal::Wrong`] for a day that is not earlier, or before the first.
pub fn end(
    act: &mut Act,
    actor: &Actor,
    (id, seq): (PlanId, i64),
    last: Day,
    reason: &str,
    whole_set: bool,
) -> Result<(), Refusal> {
    for on_file in chosen(act, actor, (id, seq), whole_set)? {
        let ended = ended_on(&on_file.plan, last)?;
        let texts = Texts::of(&ended);
        let values = texts.row(
            on_file.id,
            on_file.set,
            on_file.enrolment,
            &ended,
            Some(reason),
        );
        act.replace(&PLAN, &values)?;
    }
    act.describe(actor.entry("end plan", format!("plan {id}")));
    act.note("reason", reason);
    Ok(())
}

/// The plan with an earlier last day.
///
/// Errors: the day is not earlier than its last, or is before its first.
pub(super) fn ended_on(plan: &Plan, last: Day) -> Result<Plan, Refusal> {
    let wrong = |ground: &str| Err(Refusal::Wrong(ground.to_owned()));
    if plan.last <= last {
        return wrong("That is not earlier than its last day. To make it longer, amend it.");
    }
    if last < plan.first {
        return wrong("That is before its first day. If it is not to be at all, withdraw it.");
    }
    let mut ended = plan.clone();
    ended.last = last;
    ended.review_on = ended.review_on.map(|on| on.min(last));
    if let PlannedSessions::Listed(slots) = &mut ended.sessions {
        slots.retain(|slot| slot.day <= last);
        if slots.is_empty() {
            return wrong(
                "None of its sessions would be left. If it is not to be at all, withdraw it.",
            );
        }
    }
    Ok(ended)
}

/// Withdraws a plan, or every plan of its set: it stands for no session any more, and stays on file.
///
/// Errors: as [`amend`].
pub fn withdraw(
    act: &mut Act,
    actor: &Actor,
    (id, seq): (PlanId, i64),
    reason: &str,
    whole_set: bool,
) -> Result<(), Refusal> {
    for on_file in chosen(act, actor, (id, seq), whole_set)? {
        act.supersede(&PLAN, &args![on_file.id])?;
    }
    act.describe(actor.entry("withdraw plan", format!("plan {id}")));
    act.note("reason", reason);
    Ok(())
}

/// The plan, or those of its set, which this person may keep and which is as they saw it.
fn chosen(
    act: &mut Act,
    actor: &Actor,
    (id, seq): (PlanId, i64),
    whole_set: bool,
) -> Result<Vec<PlanOnFile>, Refusal> {
    let (today, _) = act.at().in_london();
    let school = act.school();
    let on_file = plan_now(act.tx(), school, id)?;
    let keeping = Keeping::of(act.tx(), actor, on_file.plan.kind, today)?;
    let kind = on_file.plan.kind;
    let unchanged = on_file.seq == seq;
    let chosen = match whole_set {
        true => set_now(act.tx(), school, on_file.set)?,
        false => vec![on_file],
    };
    for one in &chosen {
        keeping.allows(pupil_of(act.tx(), school, one.enrolment)?, kind)?;
    }
    match unchanged {
        true => Ok(chosen),
        false => Err(Refusal::Wrong(
            "Nothing was saved: somebody changed this plan after you opened the page. Open it again to see what stands there now."
                .to_owned(),
        )),
    }
}

/// The plan in force with this id.
///
/// Errors: [`Refusal::NotFound`] when there is none.
pub(super) fn plan_now(tx: &mut Tx, school: SchoolId, id: PlanId) -> Result<PlanOnFile, Refusal> {
    let found = tx.query_opt(NOW, &args![school, id], plan_on_file)?;
    found.flatten().ok_or(Refusal::NotFound)
}

/// The plans in force of a set.
pub(super) fn set_now(tx: &mut Tx, school: SchoolId, set: i64) -> Result<Vec<PlanOnFile>, Refusal> {
    let found = tx.query(SET, &args![school, set], plan_on_file)?;
    Ok(found.into_iter().flatten().collect())
}

/// Whose time on roll this is.
pub(super) fn pupil_of(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
) -> Result<PupilId, Refusal> {
    let found = tx.query_opt(PUPIL, &args![school, enrolment], |row| {
        row.get(0).map(PupilId)
    })?;
    found.ok_or(Refusal::NotFound)
}

/// Grounds of refusal as sentences, each with its rule and what to do next.
pub(super) fn in_sentences(refusals: &[PlanRefusal]) -> String {
    let mut sentences: Vec<String> = refusals.iter().map(in_a_sentence).collect();
    sentences.dedup();
    sentences.join(" ")
}

/// `Leave is granted in advance. Begin the plan after the decision.`
pub(super) fn in_a_sentence(refusal: &PlanRefusal) -> String {
    let text = refusal.to_string();
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    format!(
        "{}{rest} ({}). {}",
        first.to_uppercase(),
        refusal.rule_number(),
        refusal.next_step()
    )
}

/// The words of a plan as a row keeps them.
struct Texts {
    code: String,
    sessions: String,
}

impl Texts {
    fn of(plan: &Plan) -> Texts {
        Texts {
            code: plan.code.to_string(),
            sessions: plan.sessions.to_string(),
        }
    }

    fn row<'a>(
        &'a self,
        id: PlanId,
        set: i64,
        enrolment: EnrolmentId,
        plan: &'a Plan,
        change_reason: Option<&'a str>,
    ) -> [Arg<'a>; 18] {
        args![
            id,
            set,
            enrolment,
            plan.kind.key(),
            self.code.as_str(),
            plan.first,
            plan.last,
            self.sessions.as_str(),
            plan.reason.as_str(),
            plan.place.as_deref(),
            plan.supervisor.as_deref(),
            plan.evidence.as_deref(),
            plan.decided_on,
            plan.decided_by.as_str(),
            plan.agreed_on,
            plan.agreed_with.as_deref(),
            plan.review_on,
            change_reason
        ]
    }
}
