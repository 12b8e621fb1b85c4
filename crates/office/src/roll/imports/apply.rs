//! Writing what a person has accepted: the roll in one act, marks in short held acts that come into effect all at once.

use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use calendar::{Day, Session};
use exchange::Reading;
use store::{Act, Arg, Entry, Tx, args, journal};

use super::course::{self, Import, ImportId, State, Step};
use super::draft::{Draft, NewPerson, Numbers};
use super::marks::{MarkPlan, NewMark};
use super::prepare::{self, Preview, plan_roll};
use super::readings::KeptPlan;
use super::terms::{self, Event};
use super::{Choices, Rights, Task};
use crate::desk::{Office, Refusal};
use crate::ids::EnrolmentId;
use crate::people::Actor;
use crate::registers::records::MARK_VERSION;
use crate::year::calendar;
use crate::year::settings::settings;

const PERSON_WITH_UPN: &str =
    "select person_id from person where upn = $1 order by person_id limit 1";
const NEW_PERSON: &str = "insert into person (person_id, upn) values ($1, $2)";

pub(super) const STATEMENTS: &[&str] = &[PERSON_WITH_UPN, NEW_PERSON];

/// How many marks the next held act takes: so many that a register which waits for it waits less than a blink, going by
/// how long the last one took, so that a slow machine makes the steps shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace {
    marks: usize,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { marks: 2_000 }
    }
}

impl Pace {
    /// How long a step may keep registers waiting.
    const BLINK: Duration = Duration::from_millis(40);

    fn after(self, took: Duration) -> Pace {
        let fitting = self.marks as u128 * Pace::BLINK.as_micros() / took.as_micros().max(1);
        let at_most = (self.marks * 2).min(12_000);
        Pace {
            marks: usize::try_from(fitting)
                .unwrap_or(at_most)
                .clamp(1_000, at_most),
        }
    }
}

/// Rows of one held act of an undo: short enough that a register waits less than a blink.
pub(super) const STEP: usize = 2_000;

/// What a person answered to a preview.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The number typed where the brake asks for one.
    pub typed: Option<u32>,
    /// The events of a calendar file as confirmed; none: as proposed.
    pub events: Option<Vec<Event>>,
}

/// How applying ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is in effect.
    Done(Box<Preview>),
    /// It was cancelled on the way; nothing of it is in effect.
    Cancelled,
    /// The roll changed since the preview and the plan is another one: there is a new preview to look at.
    LookAgain,
}

/// Applies a previewed import. `go_on` hears of steps done and of how many, and says whether to go on.
///
/// Waits on this thread. Errors: no right, the wrong number typed, an act that was refused (nothing is stored then), no database.
pub fn apply(
    office: &Arc<Office>,
    actor: &Actor,
    id: ImportId,
    answers: &Answers,
    go_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Applied, Refusal> {
    course::may_import(actor)?;
    let school = actor.school;
    let import = office
        .store
        .read_now(move |tx| course::import(tx, school, id))?;
    let preview = accepted(&import, answers)?;
    if !course::begin(office, school, id)? {
        return Err(Refusal::Wrong(
            "This import is under way already or done. Reload the page.".to_owned(),
        ));
    }
    let result = write(office, actor, &import, &preview, answers, go_on);
    let (state, message) = match &result {
        Ok(Applied::Done(_)) => (State::Applied, None),
        Ok(Applied::Cancelled) => (
            State::Cancelled,
            Some("Cancelled on the way; nothing of it was stored.".to_owned()),
        ),
        Ok(Applied::LookAgain) => return result,
        Err(refusal) => (State::Previewed, Some(refusal.to_string())),
    };
    let told = match &result {
        Ok(Applied::Done(preview)) => preview,
        _ => &preview,
    };
    let step = Step {
        state,
        kind: &import.kind,
        preview: Some(told),
        message: message.as_deref(),
        findings: None,
    };
    course::move_on(office, school, id, step)?;
    result
}

/// The preview that these answers accept.
///
/// Errors: nothing to accept, or the number that the brake asks for was not typed.
pub(super) fn accepted(import: &Import, answers: &Answers) -> Result<Box<Preview>, Refusal> {
    let Some(preview) = import
        .preview
        .clone()
        .filter(|_| import.state == State::Previewed)
    else {
        return Err(Refusal::Wrong(format!(
            "This import is {} and has nothing to accept.",
            import.state.word()
        )));
    };
    if let Some(brake) = &preview.brake
        && answers.typed != Some(brake.number)
    {
        return Err(Refusal::Wrong(format!(
            "{} Type the number {} to accept it all the same.",
            brake.reason, brake.number
        )));
    }
    Ok(Box::new(preview))
}

fn write(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    preview: &Preview,
    answers: &Answers,
    go_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Applied, Refusal> {
    if !go_on(0, 1) {
        return Ok(Applied::Cancelled);
    }
    let kept = office.readings.take(actor.school, import.id);
    let (reading, kept_plan) = match kept {
        Some(kept) => (kept.reading, kept.plan),
        None => match prepare::read(office, actor.school, import)? {
            Ok(reading) => (Arc::new(reading), None),
            Err(refused) => return Err(Refusal::Wrong(refused.to_string())),
        },
    };
    if let Some(plan) = kept_plan
        && still_holds(office, actor, &plan)?
    {
        let whole = write_marks(
            office,
            actor,
            import,
            &reading,
            &plan.marks,
            plan.seq,
            go_on,
        )?;
        return Ok(match whole {
            true => Applied::Done(Box::new(preview.clone())),
            false => Applied::Cancelled,
        });
    }
    let (whole, read, choices, by) = (
        Arc::clone(office),
        Arc::clone(&reading),
        import.choices.clone(),
        actor.clone(),
    );
    let (plan, seq) = office.store.read_now(move |tx| {
        let book = whole.shelf.book(tx, by.school)?;
        let plan = prepare::plan(tx, &book, &read, &choices, &by, whole.today().0)?;
        Ok::<_, Refusal>((plan, book.seq))
    })?;
    if plan.draft.fingerprint() != preview.fingerprint {
        let (preview, findings, cases) = prepare::previewed(office, actor, import, &reading)?;
        let message =
            "The roll changed since you looked. Look again: this is what the import would do now.";
        let step = Step {
            state: State::Previewed,
            kind: &import.kind,
            preview: Some(&preview),
            message: Some(message),
            findings: Some((findings, cases)),
        };
        course::move_on(office, actor.school, import.id, step)?;
        return Ok(Applied::LookAgain);
    }
    if plan.touches_roll {
        write_roll(
            office,
            actor,
            import,
            &reading,
            plan.draft.persons.clone(),
            preview,
        )?;
    }
    let events = answers
        .events
        .clone()
        .unwrap_or_else(|| preview.events.clone());
    if !events.is_empty() {
        write_terms(office, actor, import, events)?;
    }
    if !plan.marks.marks.is_empty() {
        let whole = write_marks(office, actor, import, &reading, &plan.marks, seq, go_on)?;
        if !whole {
            return Ok(Applied::Cancelled);
        }
    }
    go_on(1, 1);
    Ok(Applied::Done(Box::new(preview.clone())))
}

/// Whether a plan of marks that was made for the preview is the one that would be made now: it is the same day, the same
/// person may do as much, and nothing but marks was recorded since. Marks that were made meanwhile are left as they are
/// when the plan is written.
fn still_holds(office: &Office, actor: &Actor, plan: &KeptPlan) -> Result<bool, Refusal> {
    if plan.today != office.today().0 || plan.rights != Rights::of(actor) {
        return Ok(false);
    }
    let (school, seq) = (actor.school, plan.seq);
    let facts = office
        .store
        .read_now(move |tx| journal::facts_since(tx, school, seq, &[]))?;
    let is_of_registers =
        |table: &String| matches!(table.as_str(), "mark_version" | "register_taken");
    Ok(facts
        .iter()
        .all(|act| act.complete && act.touched.iter().all(is_of_registers)))
}

/// The roll in one act, planned again from the rows as they are then.
fn write_roll(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    reading: &Arc<Reading>,
    persons: Vec<NewPerson>,
    preview: &Preview,
) -> Result<(), Refusal> {
    let persons = office
        .store
        .act_now(store::SchoolId(0), move |act: &mut Act| {
            known_persons(act, &persons)
        })?;
    let (by, reading, choices) = (actor.clone(), Arc::clone(reading), import.choices.clone());
    let (today, id, fingerprint) = (office.today().0, import.id, preview.fingerprint.clone());
    office.store.act_now(actor.school, move |act: &mut Act| {
        course::may_import(&by)?;
        let draft = Draft::read(act.tx(), by.school)?;
        let plan = with_task(act.tx(), &by, &choices, &reading, today, |task| {
            plan_roll(draft, &reading, task)
        })?;
        if plan.draft.fingerprint() != fingerprint {
            return Err(Refusal::Wrong(
                "The roll changed while this was being imported. Nothing was stored; look at it again."
                    .to_owned(),
            ));
        }
        let records = (0..plan.draft.new_records()).map(|_| act.new_id()).collect();
        plan.draft.write(act, &Numbers { records, persons })?;
        describe(act, &by, "import records", id, &choices);
        Ok(())
    })
}

fn with_task<T>(
    tx: &mut Tx,
    actor: &Actor,
    choices: &Choices,
    reading: &Reading,
    today: Day,
    work: impl FnOnce(&Task<'_>) -> T,
) -> Result<T, Refusal> {
    let calendar = calendar(tx, actor.school).map_err(crate::book::BookError::from)?;
    let settings = settings(tx, actor.school)?;
    let mut task = Task::new(&calendar, today, &settings, actor, choices, reading.kind)?;
    task.read_facts(tx, actor.school, reading)?;
    Ok(work(&task))
}

/// The person behind each new pupil: one whom another school knows by the same UPN, or somebody new.
fn known_persons(act: &mut Act, persons: &[NewPerson]) -> Result<Vec<i64>, Refusal> {
    let mut ids = Vec::with_capacity(persons.len());
    for person in persons {
        let upn = person.upn.as_deref();
        let known = match upn {
            Some(upn) => act
                .tx()
                .query_opt(PERSON_WITH_UPN, &args![upn], |row| row.get(0))?,
            None => None,
        };
        let id = match known {
            Some(id) => id,
            None => {
                let id = act.new_id();
                act.tx().execute(NEW_PERSON, &args![id, upn])?;
                id
            }
        };
        ids.push(id);
    }
    Ok(ids)
}

fn describe(act: &mut Act, actor: &Actor, what: &'static str, import: ImportId, choices: &Choices) {
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: what,
        subject: format!("import {}", import.0),
    });
    if let Some(reason) = &choices.other_school {
        act.note("addressed to another school, taken because", reason);
    }
}

fn write_terms(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    events: Vec<Event>,
) -> Result<(), Refusal> {
    let (by, id, choices) = (actor.clone(), import.id, import.choices.clone());
    office.store.act_now(actor.school, move |act: &mut Act| {
        if terms::enter(act, &by, &events)? {
            describe(act, &by, "import term dates", id, &choices);
        }
        Ok(())
    })
}

/// Marks in short held acts, released in one at the end; answers whether it was not cancelled.
///
/// Each step looks at what was journalled since the plan: a place that somebody marked meanwhile keeps their mark, and a
/// change of the calendar or of times on roll ends the import with nothing of it in effect.
fn write_marks(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    reading: &Arc<Reading>,
    plan: &MarkPlan,
    planned_at: i64,
    go_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<bool, Refusal> {
    let school = actor.school;
    let id = import.id;
    let group = office.store.act_now(school, move |act: &mut Act| {
        Ok::<_, Refusal>(course::new_group(act, id)?)
    })?;
    let steps = plan.marks.len() as u64 + 1;
    let mut seen = planned_at;
    let mut taken = Vec::new();
    let mut held_acts = 0;
    let mut pace = Pace::default();
    let mut rest = plan.marks.as_slice();
    while !rest.is_empty() {
        if !go_on((plan.marks.len() - rest.len()) as u64, steps) {
            abandon(office, actor, import, group)?;
            return Ok(false);
        }
        let (marks, later) = rest.split_at(pace.marks.min(rest.len()));
        rest = later;
        let held = Held {
            marks: marks.to_vec(),
            reading: Arc::clone(reading),
            actor: actor.clone(),
            import: import.id,
            choices: import.choices.clone(),
            group,
            seen,
            taken: std::mem::take(&mut taken),
        };
        match office
            .store
            .act_now(school, move |act: &mut Act| held.write(act))
        {
            Ok(written) => {
                seen = written.seq;
                taken = written.taken;
                held_acts += u64::from(written.held);
                pace = pace.after(written.took);
            }
            Err(refusal) => {
                abandon(office, actor, import, group)?;
                return Err(refusal);
            }
        }
    }
    if !go_on(steps - 1, steps) {
        abandon(office, actor, import, group)?;
        return Ok(false);
    }
    release(office, actor, import, group, seen, held_acts)
}

fn release(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    group: i64,
    seen: i64,
    held_acts: u64,
) -> Result<bool, Refusal> {
    let (by, id, choices) = (actor.clone(), import.id, import.choices.clone());
    let released = office.store.act_now(actor.school, move |act: &mut Act| {
        marked_since(act, seen)?;
        if act.release(group)? != held_acts {
            return Err(Refusal::Wrong(
                "Another start of Rollbook took this import for an interrupted one. Nothing was stored; accept it again."
                    .to_owned(),
            ));
        }
        if held_acts > 0 {
            describe(act, &by, "import marks", id, &choices);
        }
        Ok(true)
    });
    if released.is_err() {
        abandon(office, actor, import, group)?;
    }
    released
}

fn abandon(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    group: i64,
) -> Result<(), Refusal> {
    let (by, id, choices) = (actor.clone(), import.id, import.choices.clone());
    office.store.act_now(actor.school, move |act: &mut Act| {
        if act.abandon(group)? > 0 {
            describe(act, &by, "abandon import", id, &choices);
        }
        Ok(())
    })
}

/// A place of the register.
pub(super) type Place = (EnrolmentId, Day, i64);

fn place_of(mark: &NewMark) -> Place {
    (mark.enrolment, mark.day, session_number(mark.session))
}

/// Those of the places that lie between the first and the last of these marks; both are in order.
fn within<'t>(places: &'t [Place], marks: &[NewMark]) -> &'t [Place] {
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else {
        return &[];
    };
    let from = places.partition_point(|place| *place < place_of(first));
    let to = places.partition_point(|place| *place <= place_of(last));
    &places[from..to]
}

/// One step of an import of marks.
struct Held {
    marks: Vec<NewMark>,
    reading: Arc<Reading>,
    actor: Actor,
    import: ImportId,
    choices: Choices,
    group: i64,
    seen: i64,
    /// Every place that others have marked between the plan and `seen`, in order.
    taken: Vec<Place>,
}

/// What a step did.
struct Written {
    /// Its number, or that of the act before it when there was nothing to write.
    seq: i64,
    /// Every place that others have marked since the plan, in order.
    taken: Vec<Place>,
    /// Whether it wrote and held anything.
    held: bool,
    /// How long it kept the school's registers waiting, besides the flush that it shares with them.
    took: Duration,
}

impl Held {
    fn write(mut self, act: &mut Act) -> Result<Written, Refusal> {
        let begun = Clock::now();
        self.taken.extend(marked_since(act, self.seen)?);
        self.taken.sort_unstable();
        self.taken.dedup();
        let reason = format!("import {}", self.import.0);
        let table = &self.reading.marks;
        let taken = within(&self.taken, &self.marks);
        let free = self
            .marks
            .iter()
            .filter(|mark| taken.binary_search(&place_of(mark)).is_err());
        let mut written = 0;
        let rows = free.map(|mark| {
            written += 1;
            let note = mark.comment.and_then(|at| table.comment(at as usize));
            [
                Arg::from(mark.enrolment),
                Arg::Day(mark.day),
                Arg::Int(session_number(mark.session)),
                Arg::from(mark.code.as_str()),
                mark.minutes
                    .map_or(Arg::Null, |minutes| Arg::Int(i64::from(minutes))),
                Arg::Null,
                Arg::from(note),
                mark.replaces
                    .then_some(reason.as_str())
                    .map_or(Arg::Null, Arg::from),
                Arg::from("import"),
                Arg::Null,
                Arg::from(mark.sub_code.and_then(|at| at.name(table))),
            ]
        });
        act.record_many(&MARK_VERSION, rows)?;
        if written > 0 {
            act.hold(self.group)?;
            describe(
                act,
                &self.actor,
                "bring in marks",
                self.import,
                &self.choices,
            );
        }
        let held = written > 0;
        Ok(Written {
            seq: act.seq() - i64::from(!held),
            taken: self.taken,
            held,
            took: begun.elapsed(),
        })
    }
}

fn session_number(session: Session) -> i64 {
    session.index() as i64
}

/// The places marked after a number. Refuses to go on when terms, closures or times on roll changed.
pub(super) fn marked_since(act: &mut Act, seen: i64) -> Result<Vec<Place>, Refusal> {
    let school = act.school();
    let facts = journal::facts_since(act.tx(), school, seen, &[&MARK_VERSION])?;
    let moved = |table: &String| matches!(table.as_str(), "term" | "day_exception" | "enrolment");
    if facts
        .iter()
        .any(|act| !act.complete || act.touched.iter().any(moved))
    {
        return Err(Refusal::Wrong(
            "Terms or times on roll changed while marks were being imported. Nothing was stored; accept the import again."
                .to_owned(),
        ));
    }
    let changes = facts.iter().flat_map(|act| &act.changes);
    Ok(changes
        .filter_map(|change| match change.values.as_slice() {
            [Arg::Int(enrolment), Arg::Day(day), Arg::Int(session), ..] => {
                Some((EnrolmentId(*enrolment), *day, *session))
            }
            _ => None,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_while_they_are_quick_and_shrink_when_they_are_slow() {
        let quick = Pace::default().after(Duration::from_millis(5));
        assert_eq!(quick.marks, 4_000, "no more than twice as many at once");
        let steady = quick.after(Pace::BLINK);
        assert_eq!(steady, quick);
        assert_eq!(steady.after(Duration::from_millis(80)).marks, 2_000);
        assert_eq!(steady.after(Duration::from_secs(9)).marks, 1_000);
        let mut pace = steady;
        for _ in 0..9 {
            pace = pace.after(Duration::ZERO);
        }
        assert_eq!(pace.marks, 12_000);
    }

    #[test]
    fn only_places_between_the_first_and_the_last_mark_of_a_step_are_looked_at() {
        let day = |day| Day::new(2026, 11, day).expect("a day");
        let mark = |enrolment, on| NewMark {
            enrolment: EnrolmentId(enrolment),
            day: day(on),
            session: Session::Am,
            code: register::Code::present(Session::Am),
            minutes: None,
            comment: None,
            sub_code: None,
            replaces: false,
        };
        let places: Vec<Place> = (1..=5).map(|at| (EnrolmentId(at), day(3), 0)).collect();
        let marks = [mark(2, 3), mark(4, 2)];
        assert_eq!(within(&places, &marks), &places[1..3]);
        assert_eq!(within(&places, &[]), &[]);
    }
}
