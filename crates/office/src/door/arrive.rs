//! Signing a pupil in at the late door: one act that logs the arrival and makes of the register what the school's times say.

use calendar::{Instant, SchoolCalendar, Slot};
use register::Code;
use register::closing::{SessionTimes, arrival};
use register::late_door::{AtTheDoor, at_the_door};
use store::{Act, Tx, args};

use super::arrival::{ArrivalOutcome, Arrived, by_key};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, GroupId, PupilId};
use crate::people::{Access, Actor, RecordKind};
use crate::registers::save::{LONGEST_TEXT, Outcome, Save, save};
use crate::registers::{Change, Due, clock_of, due};
use crate::year::settings::{LateReason, late_reasons, session_times, settings};
use crate::year::{CalendarError, calendar_between};

/// The tutor group comes first, since its register holds the mark.
pub(super) const WHO: &str = "\
select e.pupil_id, g.group_id
from enrolment e
left join membership m on m.school_id = e.school_id and m.enrolment_id = e.enrolment_id and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
left join pupil_group g on g.school_id = m.school_id and g.group_id = m.group_id and g.superseded_seq is null and g.kind = 'tutor'
where e.school_id = $1 and e.enrolment_id = $2 and e.superseded_seq is null
  and e.starting_day <= $3 and (e.leaving_day is null or e.leaving_day >= $3)
order by case when g.group_id is null then 1 else 0 end, g.group_id";

/// What a device says of an arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrives {
    /// The device's own name for it: letters, digits and hyphens, at most 40.
    pub key: String,
    /// The time on roll.
    pub enrolment: i64,
    /// When it was typed by the device's clock: evidence. None for a form without script.
    pub made: Option<Instant>,
    /// When it was sent, by the same clock.
    pub sent: Option<Instant>,
    /// Why the pupil is late: one of the school's reasons or typed words.
    pub reason: Option<String>,
    /// Who brought the pupil.
    pub came_with: Option<String>,
    /// Whether it is taken back: typed for the wrong pupil.
    pub undo: bool,
    /// The kiosk at which the pupil signed in themselves.
    pub kiosk: Option<i64>,
}

/// Something typed at a device waited if it came later than this: a minute, as quick as people and networks are.
const AT_ONCE_SECONDS: i64 = 60;

/// Signs a pupil in at the late door, says why they were late, or takes the arrival back; answers how it stands.
///
/// What came before under the same key is not done again: only its reason and who came with the pupil can be added. The server's clock
/// decides between `L` and `U`; what was typed without a network counts from when it was typed, and where the register has
/// closed or another mark was made since, the office decides ([`Outcome::Held`]). Rule: E-023, E-027, R-007, R-023. Errors:
/// [`Refusal::NotFound`] for a pupil whose register this person does not keep or who is not on roll that day; [`Refusal::Wrong`] for what
/// makes no sense.
pub fn arrive(act: &mut Act, actor: &Actor, what: &Arrives) -> Result<Option<Arrived>, Refusal> {
    makes_sense(what)?;
    let school = act.school();
    if !actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        return Err(Refusal::NotFound);
    }
    match by_key(act.tx(), school, &what.key)? {
        Some(known) if what.undo => super::undo::undo(act, actor, known).map(Some),
        Some(known) => more_of(act, actor, known, what).map(Some),
        // Typed and taken back before the school heard of it.
        None if what.undo => Ok(None),
        None => sign_in(act, actor, what).map(Some),
    }
}

fn makes_sense(what: &Arrives) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if what.key.is_empty() || what.key.len() > 40 || !what.key.bytes().all(plain) {
        let ground = "The arrival has no name of its own, so it cannot be told from another. Reload the page.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let mut texts = [&what.reason, &what.came_with].into_iter().flatten();
    if texts.any(|text| text.chars().count() > 200 || text.contains('\0')) {
        let ground = "A reason or a name is longer than 200 characters. Shorten it.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    Ok(())
}

/// The reason and company that were said after the arrival itself.
fn more_of(
    act: &mut Act,
    actor: &Actor,
    known: Arrived,
    what: &Arrives,
) -> Result<Arrived, Refusal> {
    let reason = kept(&what.reason).or(known.reason.clone());
    let came_with = kept(&what.came_with).or(known.came_with.clone());
    if !known.stands() || (reason == known.reason && came_with == known.came_with) {
        return Ok(known);
    }
    let reasons = reasons_on(act, known.slot)?;
    let said = Arrived {
        counts: counts(&reasons, reason.as_deref()),
        reason,
        came_with,
        ..known
    };
    said.keep(act)?;
    act.describe(actor.entry("say why late", subject(said.enrolment)));
    Ok(said)
}

fn subject(enrolment: EnrolmentId) -> String {
    format!("time on roll {enrolment}")
}

fn reasons_on(act: &mut Act, slot: Slot) -> Result<Vec<LateReason>, Refusal> {
    let school = act.school();
    let settings = settings(act.tx(), school)?;
    Ok(late_reasons(&settings, slot.day)?)
}

/// Whether a reason counts towards a sanction: unless the school says that it does not.
fn counts(reasons: &[LateReason], reason: Option<&str>) -> bool {
    let own = reasons
        .iter()
        .find(|one| Some(one.words.as_str()) == reason);
    own.is_none_or(|one| one.counts)
}

pub(super) fn kept(text: &Option<String>) -> Option<String> {
    let text = text.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn sign_in(act: &mut Act, actor: &Actor, what: &Arrives) -> Result<Arrived, Refusal> {
    let (school, now) = (act.school(), act.at());
    let at = made_at(what, now);
    let day = at.in_london().0;
    let enrolment = EnrolmentId(what.enrolment);
    let (pupil, group) = who(act.tx(), actor, enrolment, at)?;
    let all = settings(act.tx(), school)?;
    let times = session_times(&all, day)?;
    let calendar = calendar(act.tx(), actor, at)?;
    let slot = session_at(&calendar, &times, at)?;
    let found = arrival(&times, slot.session, at.in_london().1);
    let reason = kept(&what.reason);
    let mut arrived = Arrived {
        id: act.new_id(),
        key: what.key.clone(),
        enrolment,
        slot,
        at,
        came_at: now,
        device_at: what.made,
        code: found
            .code()
            .filter(|code| *code != Code::present(slot.session)),
        minutes: found.minutes_late(),
        outcome: ArrivalOutcome::Refused,
        said: String::new(),
        before: None,
        mark_seq: None,
        counts: counts(&late_reasons(&all, day)?, reason.as_deref()),
        reason,
        came_with: kept(&what.came_with),
        account: actor.account,
        undone: None,
        kiosk: what.kiosk,
    };
    match group {
        Some(group) => enter(act, actor, group, &times, what, &mut arrived)?,
        None => arrived.said = "In no tutor group, so no register asks for a mark (R-021). Put the pupil into one under Groups.".to_owned(),
    }
    arrived.keep(act)?;
    act.describe(actor.entry("sign in at the late door", format!("pupil {pupil}")));
    Ok(arrived)
}

/// When it was typed, on the server's clock: as long before now as it waited by the device's clock.
pub(super) fn made_at(what: &Arrives, now: Instant) -> Instant {
    let waited = match (what.made, what.sent) {
        (Some(made), Some(sent)) => made.seconds_until(sent).max(0),
        _ => 0,
    };
    now.plus_seconds(if waited <= AT_ONCE_SECONDS {
        0
    } else {
        -waited
    })
}

fn who(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    at: Instant,
) -> Result<(PupilId, Option<GroupId>), Refusal> {
    let asked = args![actor.school, enrolment, at.in_london().0];
    let mut found = tx.query(WHO, &asked, |row| Ok((row.get(0)?, row.get(1)?)))?;
    if found.is_empty() {
        return Err(Refusal::Wrong(
            "Not on roll that day (R-218, R-219). Look the pupil up and sign them in by name."
                .to_owned(),
        ));
    }
    Ok(found.swap_remove(0))
}

pub(super) fn calendar(tx: &mut Tx, actor: &Actor, at: Instant) -> Result<SchoolCalendar, Refusal> {
    let day = at.in_london().0;
    calendar_between(tx, actor.school, day, day).map_err(|error| match error {
        CalendarError::Store(error) => Refusal::Store(error),
        other => Refusal::Wrong(other.to_string()),
    })
}

/// The session that is running at a moment, or the one that ran last; before the first has begun, the first.
///
/// Errors: there is no session that day.
pub(super) fn session_at(
    calendar: &SchoolCalendar,
    times: &SessionTimes,
    at: Instant,
) -> Result<Slot, Refusal> {
    let (day, clock) = at.in_london();
    let slots = calendar.slots(day, day);
    let begun = slots
        .iter()
        .rev()
        .find(|slot| times.of(slot.session).opens <= clock);
    begun.or(slots.first()).copied().ok_or_else(|| {
        Refusal::Wrong(format!(
            "No register is due on {}: {} (R-402).",
            day.long(),
            calendar.kind(day).name()
        ))
    })
}

/// Makes of the register what the arrival says.
fn enter(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    times: &SessionTimes,
    what: &Arrives,
    arrived: &mut Arrived,
) -> Result<(), Refusal> {
    let (school, slot) = (act.school(), arrived.slot);
    let all = due(act.tx(), school, group, slot)?;
    let Some(own) = all.iter().find(|one| one.enrolment == arrived.enrolment) else {
        arrived.said = "No mark of this pupil is due in the register (R-011, R-219).".to_owned();
        return Ok(());
    };
    if !own.is_asked_for(slot) {
        arrived.outcome = ArrivalOutcome::Keeps;
        arrived.said = "A boarder: no mark is due (R-011).".to_owned();
        return Ok(());
    }
    arrived.before = own.code();
    let planned = own.plan.as_ref().map(|plan| plan.code);
    let found = arrival(times, slot.session, arrived.at.in_london().1);
    let (outcome, said) = match at_the_door(slot.day, own.code().or(planned), found) {
        AtTheDoor::Enters(code) => {
            return write(act, actor, (group, code), times, own, what, arrived);
        }
        AtTheDoor::Agrees => (ArrivalOutcome::Agrees, String::new()),
        AtTheDoor::Differs(code) => (
            ArrivalOutcome::Differs,
            format!(
                "The register says {code} and was not changed. Find out which is right (E-027)."
            ),
        ),
        AtTheDoor::Keeps(code) => (
            ArrivalOutcome::Keeps,
            format!("The register says {code}, which stays (E-023)."),
        ),
        AtTheDoor::NotLate => (
            ArrivalOutcome::NotLate,
            "Not late: the register has not opened.".to_owned(),
        ),
        AtTheDoor::AfterTheSession => (
            ArrivalOutcome::After,
            format!(
                "The {} had ended: its mark stays as it is (R-023).",
                slot.session.word()
            ),
        ),
    };
    (arrived.outcome, arrived.said) = (outcome, said);
    Ok(())
}

/// Writes the mark by the register's own act, which may hold it for the office or refuse it.
fn write(
    act: &mut Act,
    actor: &Actor,
    (group, code): (GroupId, Code),
    times: &SessionTimes,
    own: &Due,
    what: &Arrives,
    arrived: &mut Arrived,
) -> Result<(), Refusal> {
    let slot = arrived.slot;
    let waited = arrived.at < arrived.came_at;
    let closes = Instant::at_london(slot.day, times.of(slot.session).closes);
    let by_door = || {
        let why = arrived.reason.as_deref();
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let clock = clock_of(arrived.at, arrived.came_at);
        let text = format!("Came to the late door at {clock}{why}");
        text.chars().take(LONGEST_TEXT).collect()
    };
    let change = Change {
        enrolment: arrived.enrolment,
        code: Some(code.to_string()),
        // A pupil who came within the first minute is late by one: a device rounds up.
        minutes: arrived
            .minutes
            .map(|minutes| minutes.max(1))
            .filter(|_| waited),
        // Without a reason what was typed while the register was open waits for the office once it has closed.
        reason: (arrived.at >= closes).then(by_door),
        base: own.base(),
        ..Change::default()
    };
    let sent = Save {
        change_id: format!("door-{}", arrived.key),
        device_at: what.made,
        sent_at: what.sent.filter(|_| waited),
        changes: vec![change],
        holds_if_overtaken: waited,
        ..Save::default()
    };
    let answer = save(act, actor, group, slot, &sent)?;
    let result = &answer.results[0];
    arrived.outcome = match result.outcome {
        Outcome::Saved => ArrivalOutcome::Entered,
        Outcome::Unchanged => ArrivalOutcome::Agrees,
        Outcome::Held => ArrivalOutcome::Held,
        Outcome::Refused | Outcome::Conflict => ArrivalOutcome::Refused,
    };
    arrived.mark_seq = answer.seq.filter(|_| result.outcome == Outcome::Saved);
    arrived.said.clone_from(&result.message);
    Ok(())
}
