//! Applying reports: foreseen, shown, made as one change of marks by a person, undone as one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use calendar::{Instant, Slot};
use register::plan::PlannedSessions;
use register::{Code, NeedsNote, meaning};
use store::{Act, Tx};

use super::records::ABSENCE_REPORT;
use super::report::{Report, State, of_set, on_roll, one, waiting};
use super::take::{may_write, waiting_one};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, MarkSetId, ReplyId, ReportId};
use crate::messages::mark_reply_seen;
use crate::morning::Sight;
use crate::people::Actor;
use crate::registers::bulk::{
    About, Choice, EntryCode, Foresight, OverPlans, Undone, Which, Whom, Why,
    foresee as foresee_marks, make_set, undo as undo_set,
};
use crate::registers::save::LONGEST_TEXT;

/// A report whose code can be entered.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The report.
    pub report: Report,
    /// How many marks it changes; nought where its sessions are explained already.
    pub marks: usize,
}

/// A report that stays in the inbox.
#[derive(Clone, Debug)]
pub struct Held {
    /// The report.
    pub report: Report,
    /// Why.
    pub ground: String,
}

/// What applying reports will do.
#[derive(Clone, Debug, Default)]
pub struct Foreseen {
    /// The reports that are applied.
    pub ready: Vec<Ready>,
    /// The reports that are not, and why.
    pub held: Vec<Held>,
    /// The marks that they come to.
    pub marks: Foresight,
}

impl Foreseen {
    /// What the act must find as it was when somebody looked.
    pub fn seal(&self) -> String {
        let ids: Vec<String> = self
            .ready
            .iter()
            .map(|ready| ready.report.id.to_string())
            .collect();
        format!("{}-{}", ids.join("."), self.marks.seal())
    }
}

/// What became of applying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// How many reports were applied.
    pub reports: usize,
    /// How many marks were entered.
    pub marks: usize,
    /// The change of marks, which can be undone; none where no mark was to change.
    pub set: Option<MarkSetId>,
    /// How many were held back by what stands in the register.
    pub held: usize,
}

/// The reports that nothing speaks against and that this person may apply.
///
/// Errors: [`Refusal::NotFound`] for somebody to whom the morning is not open.
pub fn undoubted(tx: &mut Tx, actor: &Actor, now: Instant) -> Result<Vec<Report>, Refusal> {
    let sight = Sight::of(tx, actor, now.in_london().0)?;
    let reports = waiting(tx, actor.school)?;
    let undoubted = |report: &Report| {
        report.state == State::Matched && report.pupil.is_some_and(|pupil| sight.may_log(pupil))
    };
    Ok(reports.into_iter().filter(undoubted).collect())
}

/// What applying these reports will do, when this person does it now.
///
/// Rule: E-014, E-024. Each mark is judged by the register as if somebody entered it alone; a place is taken in that has no
/// mark, `N` or `O`. A report whose sessions have another mark, such as present, is held back whole: one of the two is wrong, and a person looks.
/// Errors: as [`crate::registers::bulk::foresee`].
pub fn foresee(
    tx: &mut Tx,
    actor: &Actor,
    reports: Vec<Report>,
    now: Instant,
) -> Result<Foreseen, Refusal> {
    let mut seen = Foreseen::default();
    let mut by_code: BTreeMap<Code, Vec<(Report, EnrolmentId)>> = BTreeMap::new();
    let mut taken: HashMap<(EnrolmentId, Slot), Code> = HashMap::new();
    for report in reports {
        let enrolment = match report.pupil {
            Some(pupil) => on_roll(tx, actor.school, pupil, report.first, report.last)?,
            None => None,
        };
        let (Some(enrolment), Some(code)) = (enrolment, report.code) else {
            seen.held.push(Held {
                ground: lacks(&report).to_owned(),
                report,
            });
            continue;
        };
        if report.slots().any(|slot| {
            taken
                .get(&(enrolment, slot))
                .is_some_and(|other| *other != code)
        }) {
            seen.held.push(Held {
                ground: "Another report tells otherwise for the same session.".to_owned(),
                report,
            });
            continue;
        }
        taken.extend(report.slots().map(|slot| ((enrolment, slot), code)));
        by_code.entry(code).or_default().push((report, enrolment));
    }
    for (code, reports) in by_code {
        let foresight = foresee_marks(tx, actor, &choice(code, &reports), &[], now)?;
        sort_out(&mut seen, code, reports, foresight);
    }
    seen.ready
        .sort_by_key(|ready| (ready.report.received_at, ready.report.id));
    Ok(seen)
}

fn lacks(report: &Report) -> &'static str {
    match (report.pupil, report.code) {
        (None, _) => "Nobody has said yet whom it is about.",
        (_, None) => "It has no code.",
        _ => "The pupil is not on roll on these days.",
    }
}

fn choice(code: Code, reports: &[(Report, EnrolmentId)]) -> Choice {
    let first = reports.iter().map(|(report, _)| report.first).min();
    let last = reports.iter().map(|(report, _)| report.last).max();
    let places: BTreeSet<(EnrolmentId, Slot)> = reports
        .iter()
        .flat_map(|(report, enrolment)| report.slots().map(|slot| (*enrolment, slot)))
        .collect();
    let (first, last) = (
        first.expect("a code was named by some report"),
        last.expect("a code was named by some report"),
    );
    let needs_note = meaning(code, first).is_ok_and(|row| row.needs_note != NeedsNote::No);
    Choice {
        whom: Whom::Places(places),
        first,
        last,
        sessions: PlannedSessions::all(),
        which: Which::Codes {
            codes: [Code::NO_REASON_YET, Code::UNAUTHORISED].into(),
            blank: true,
        },
        over_plans: OverPlans::No,
        code: EntryCode::One(code),
        note: needs_note.then(|| "Told on the absence line".to_owned()),
        sub_code: None,
        reason: "Told on the absence line (E-014)".to_owned(),
    }
}

/// Parts the reports of one code into those that go and those that the register speaks against, and takes in the marks of the former.
fn sort_out(
    seen: &mut Foreseen,
    code: Code,
    reports: Vec<(Report, EnrolmentId)>,
    foresight: Foresight,
) {
    let person_of: HashMap<EnrolmentId, usize> = foresight
        .people
        .iter()
        .enumerate()
        .map(|(place, person)| (person.enrolment, place))
        .collect();
    let offset = seen.marks.people.len();
    let mut done: BTreeSet<(usize, Slot)> = BTreeSet::new();
    for (report, enrolment) in reports {
        let person = person_of.get(&enrolment).copied();
        let against = foresight.left.iter().find_map(|left| {
            let is_its = Some(left.person) == person && report.covers(left.slot);
            is_its
                .then(|| against(&left.why, code, left.slot))
                .flatten()
        });
        let has_session = foresight.slots.iter().any(|slot| report.covers(*slot));
        let ground = match (against, has_session) {
            (Some(ground), _) => Some(ground),
            (None, false) => Some("The school has no session on these days.".to_owned()),
            (None, true) => None,
        };
        if let Some(ground) = ground {
            seen.held.push(Held { report, ground });
            continue;
        }
        let mut marks = 0;
        for change in foresight
            .changes
            .iter()
            .filter(|change| Some(change.person) == person && report.covers(change.slot))
        {
            // Told twice, entered once.
            if done.insert((change.person, change.slot)) {
                let mut change = change.clone();
                change.person += offset;
                change.mark.reason = Some(report.reason());
                seen.marks.changes.push(change);
            }
            marks += 1;
        }
        seen.ready.push(Ready { report, marks });
    }
    seen.marks.people.extend(foresight.people);
    let slots: BTreeSet<Slot> = seen
        .marks
        .slots
        .iter()
        .chain(&foresight.slots)
        .copied()
        .collect();
    seen.marks.slots = slots.into_iter().collect();
}

/// Why a place that is left alone holds the whole report back; nothing where it says no other than the report.
fn against(why: &Why, code: Code, slot: Slot) -> Option<String> {
    match why {
        Why::Already | Why::Planned(..) => None,
        Why::NotChosen(Some(standing)) if *standing == code => None,
        Why::NotChosen(Some(standing)) => Some(says_otherwise(*standing, slot)),
        other => Some(other.in_words()),
    }
}

/// That the register has another mark than a report tells of.
pub(super) fn says_otherwise(standing: Code, slot: Slot) -> String {
    format!(
        "The register has {standing} for {} {}: either the child is here or one of the two is wrong.",
        slot.day.short(),
        slot.session
    )
}

/// Applies every report that nothing speaks against, exactly as it was foreseen: `seen` is the seal of what the person saw.
///
/// Errors: [`Refusal::Wrong`] where the inbox or the register has moved since; else as [`foresee`].
pub fn apply_all(act: &mut Act, actor: &Actor, seen: &str) -> Result<Applied, Refusal> {
    let now = act.at();
    let reports = undoubted(act.tx(), actor, now)?;
    let foreseen = foresee(act.tx(), actor, reports, now)?;
    if foreseen.seal() != seen {
        return Err(Refusal::Wrong(
            "Something was told or entered since you looked. Look again; nothing was changed."
                .to_owned(),
        ));
    }
    make(act, actor, foreseen)
}

/// Applies one report with its proposed code or another that the person chose, doubtful or not: they have looked at it.
///
/// Errors: [`Refusal::NotFound`], [`Refusal::Wrong`] with the ground where the register speaks against it or it was dealt with already.
pub fn apply_one(
    act: &mut Act,
    actor: &Actor,
    id: ReportId,
    chosen: Option<Code>,
) -> Result<Applied, Refusal> {
    let now = act.at();
    let mut report = waiting_one(act.tx(), actor, id, now.in_london().0)?;
    if let Some(code) = chosen.filter(|code| Some(*code) != report.code) {
        report.code = Some(code);
        report.why = "Chosen by whoever applied it.".to_owned();
    }
    let foreseen = foresee(act.tx(), actor, vec![report], now)?;
    if let Some(held) = foreseen.held.first() {
        return Err(Refusal::Wrong(format!(
            "{} Nothing was changed.",
            held.ground
        )));
    }
    make(act, actor, foreseen)
}

fn make(act: &mut Act, actor: &Actor, foreseen: Foreseen) -> Result<Applied, Refusal> {
    let reports = foreseen.ready.len();
    let set = match foreseen.marks.changes.is_empty() {
        true => None,
        false => {
            let slots = foreseen.marks.changes.iter().map(|change| change.slot.day);
            let days = slots
                .clone()
                .min()
                .zip(slots.max())
                .expect("a change has a day");
            let about = About {
                kind: "reports",
                whom: &format!(
                    "{reports} report{} of families",
                    if reports == 1 { "" } else { "s" }
                ),
                code: None,
                days,
                reason: "Told on the absence line (E-014)",
            };
            Some(make_set(act, actor, &foreseen.marks, &about)?)
        }
    };
    let applied = Applied {
        reports,
        marks: foreseen.marks.changes.len(),
        set,
        held: foreseen.held.len(),
    };
    for ready in foreseen.ready {
        let report = Report {
            state: State::Applied,
            set,
            decided_by: Some(actor.account),
            ..ready.report
        };
        act.replace(&ABSENCE_REPORT, &report.values())?;
        note_on_reply(act, &report)?;
    }
    for held in foreseen.held {
        let report = Report {
            state: if held.report.pupil.is_some() {
                State::Doubtful
            } else {
                State::New
            },
            ground: Some(held.ground),
            ..held.report
        };
        act.replace(&ABSENCE_REPORT, &report.values())?;
    }
    act.describe(actor.entry(
        "apply reports of absence",
        format!("{} reports", applied.reports),
    ));
    Ok(applied)
}

/// A text that was dealt with here is dealt with in the messages too.
fn note_on_reply(act: &mut Act, report: &Report) -> Result<(), Refusal> {
    let number = report
        .source_key
        .as_deref()
        .and_then(|key| key.strip_prefix("reply:")?.parse().ok());
    if let Some(number) = number {
        mark_reply_seen(act, ReplyId(number))?;
    }
    Ok(())
}

/// Takes back a change that reports came to: what stood before stands again, and the reports wait again.
///
/// Errors: as [`crate::registers::bulk::undo`]; [`Refusal::Wrong`] where some of the marks were changed since.
pub fn undo(act: &mut Act, actor: &Actor, set: MarkSetId) -> Result<usize, Refusal> {
    let (school, now) = (act.school(), act.at());
    let reports = of_set(act.tx(), school, set)?;
    if reports.is_empty() {
        return Err(Refusal::NotFound);
    }
    for report in &reports {
        may_write(act.tx(), actor, report.pupil, now.in_london().0)?;
    }
    match undo_set(act, actor, set, false, "Taken back on the absence line")? {
        Undone::Made(_) => {}
        Undone::ChangedSince(marks) => {
            return Err(Refusal::Wrong(format!(
                "{} of these marks were changed since, so nothing was taken back. Look at the change among Many marks.",
                marks.len()
            )));
        }
    }
    let many = reports.len();
    for report in reports {
        wait_again(act, report)?;
    }
    Ok(many)
}

fn wait_again(act: &mut Act, report: Report) -> Result<(), Refusal> {
    let state = match (report.pupil, &report.ground) {
        (None, _) => State::New,
        (Some(_), None) => State::Matched,
        (Some(_), Some(_)) => State::Doubtful,
    };
    let report = Report {
        state,
        set: None,
        decided_by: None,
        ..report
    };
    act.replace(&ABSENCE_REPORT, &report.values())?;
    Ok(())
}

/// Sets a report aside, with the reason; nothing is entered.
///
/// Errors: [`Refusal::NotFound`]; [`Refusal::Wrong`] without a reason, or for one that was dealt with.
pub fn set_aside(act: &mut Act, actor: &Actor, id: ReportId, why: &str) -> Result<(), Refusal> {
    let (today, _) = act.at().in_london();
    let report = waiting_one(act.tx(), actor, id, today)?;
    let why = why.trim();
    if why.is_empty() || why.chars().count() > LONGEST_TEXT || why.contains('\0') {
        return Err(Refusal::Wrong(
            "Say in a few words why it is set aside: it is kept with your name (E-014).".to_owned(),
        ));
    }
    let report = Report {
        state: State::SetAside,
        ground: Some(why.to_owned()),
        decided_by: Some(actor.account),
        ..report
    };
    act.replace(&ABSENCE_REPORT, &report.values())?;
    note_on_reply(act, &report)?;
    act.describe(actor.entry("set a report of absence aside", format!("report {id}")));
    act.note("reason", why);
    Ok(())
}

/// Puts a report back into the inbox that was set aside, or applied without a mark to change; it waits for a person to look.
///
/// Errors: [`Refusal::NotFound`]; [`Refusal::Wrong`] for one that waits, or that marks were entered for.
pub fn put_back(act: &mut Act, actor: &Actor, id: ReportId) -> Result<(), Refusal> {
    let school = act.school();
    let (today, _) = act.at().in_london();
    let report = one(act.tx(), school, id)?.ok_or(Refusal::NotFound)?;
    may_write(act.tx(), actor, report.pupil, today)?;
    if report.state.waits() || report.set.is_some() {
        return Err(Refusal::Wrong(
            "This report is not set aside. Nothing was changed.".to_owned(),
        ));
    }
    let state = if report.pupil.is_some() {
        State::Doubtful
    } else {
        State::New
    };
    let report = Report {
        state,
        ground: Some("It was dealt with before, and put back.".to_owned()),
        decided_by: None,
        ..report
    };
    act.replace(&ABSENCE_REPORT, &report.values())?;
    act.describe(actor.entry("put a report of absence back", format!("report {id}")));
    Ok(())
}
