//! What becomes of one change to one place of a register: written, unchanged, refused with its ground, or a conflict.

use calendar::{Instant, SchoolCalendar, Slot};
use register::amendment::{AmendmentRefusal, AmendmentRequest, may_amend};
use register::closing::{Arrival, RegisterState, SessionTimes, arrival};
use register::entry::{EntryLimits, EntryRequest, FactOnFile, RoleKind, may_enter};
use register::plan::{Plan, PlanKind};
use register::sub_code::SubCodes;
use register::{Class, Code, meaning};
use serde::Deserialize;

use super::due::Due;
use super::save::clock_of;
use crate::ids::EnrolmentId;

/// A change to one place: the whole of what shall stand there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Change {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The code as typed; none or nothing takes the mark back.
    #[serde(default)]
    pub code: Option<String>,
    /// Minutes late.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// The note that goes with the mark.
    #[serde(default)]
    pub note: Option<String>,
    /// The school's own sub-code; nothing takes it away, and none leaves the one that stands with the same code.
    #[serde(default)]
    pub sub_code: Option<String>,
    /// Why: for an amendment, or against what is on file.
    #[serde(default)]
    pub reason: Option<String>,
    /// The number of the entry that the person saw; nought or none for a blank place.
    #[serde(default, deserialize_with = "number_or_none")]
    pub base: i64,
}

impl Default for Change {
    fn default() -> Change {
        Change {
            enrolment: EnrolmentId(0),
            code: None,
            minutes: None,
            note: None,
            sub_code: None,
            reason: None,
            base: 0,
        }
    }
}

fn number_or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(Option::<i64>::deserialize(deserializer)?.unwrap_or(0))
}

/// Everything about a register and the person marking it that decides about a change.
pub struct Register {
    /// The session.
    pub slot: Slot,
    /// Where the register stands by the server's clock.
    pub state: RegisterState,
    /// The session times of that day.
    pub times: SessionTimes,
    /// The calendar of the days between the session and today.
    pub calendar: SchoolCalendar,
    /// What the school lets teachers enter.
    pub limits: EntryLimits,
    /// The school's own sub-codes on the day of the session.
    pub sub_codes: SubCodes,
    /// In which capacity the person marks.
    pub role: RoleKind,
    /// The server's clock.
    pub now: Instant,
    /// The person's name.
    pub person: String,
    /// The person's job title today.
    pub job_title: String,
}

impl Register {
    /// Whether it has closed, so that a change is an amendment.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, RegisterState::Closed { .. })
    }
}

/// What becomes of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is entered.
    Write(Mark),
    /// It stands there already.
    Unchanged,
    /// It may not be entered: the ground, and what to do next.
    Refused(String),
    /// The place has changed since the person saw it.
    Conflict,
    /// It came too late and goes to the office: the ground.
    Hold(String),
}

/// A mark that may be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The code; none takes a mark back.
    pub code: Option<Code>,
    /// Minutes late.
    pub minutes: Option<u32>,
    /// When the pupil arrived, as far as it is known.
    pub arrived_at: Option<Instant>,
    /// The note.
    pub note: Option<String>,
    /// The school's own sub-code.
    pub sub_code: Option<String>,
    /// The reason.
    pub reason: Option<String>,
    /// What to say beside it; may be empty.
    pub heed: String,
}

/// What becomes of a change to this place.
pub fn decide(register: &Register, due: &Due, change: &Change) -> Decision {
    let code = match wanted_code(change) {
        Ok(code) => code,
        Err(ground) => return Decision::Refused(ground),
    };
    let sub_code = match wanted_sub_code(register, due, code, change) {
        Ok(sub_code) => sub_code,
        Err(ground) => return Decision::Refused(ground),
    };
    let note = kept(&change.note);
    let reason = kept(&change.reason);
    if stands_already(due, code, change.minutes, (&note, &sub_code)) {
        return Decision::Unchanged;
    }
    if !is_based_on_what_stands(due, change.base) {
        return Decision::Conflict;
    }
    let entered = match code {
        None => take_back(register, due).map(|()| (None, None, String::new())),
        Some(code) => enter(
            register,
            due,
            code,
            change,
            note.as_deref(),
            reason.as_deref(),
        ),
    };
    match entered {
        Ok((minutes, arrived_at, heed)) => Decision::Write(Mark {
            code,
            minutes,
            arrived_at,
            note: note.filter(|_| code.is_some()),
            sub_code,
            reason,
            heed,
        }),
        Err(ground) => Decision::Refused(ground),
    }
}

/// What becomes of a change that was made in time and came too late: it stands there already, or the office decides.
///
/// The server's clock decides what a register takes; when a device says that it was made is evidence, which a person looks at. So an `L`
/// typed before the register closed is neither entered as `L` in silence nor made into `U`.
pub fn hold(register: &Register, due: &Due, change: &Change, made_at: Instant) -> Decision {
    let code = match wanted_code(change) {
        Ok(code) => code,
        Err(ground) => return Decision::Refused(ground),
    };
    let sub_code = match wanted_sub_code(register, due, code, change) {
        Ok(sub_code) => sub_code,
        Err(ground) => return Decision::Refused(ground),
    };
    if stands_already(due, code, change.minutes, (&kept(&change.note), &sub_code)) {
        return Decision::Unchanged;
    }
    let made = clock_of(made_at, register.now);
    Decision::Hold(format!(
        "Made at {made}, and the register had closed when it came (R-007). It is with the office, which decides on it."
    ))
}

fn wanted_code(change: &Change) -> Result<Option<Code>, String> {
    let text = change.code.as_deref().unwrap_or("").trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|error| format!("{error}. Choose a code from the list."))
}

/// The sub-code that shall stand with the code: as it was chosen, or, where the change leaves it open, as it stands with the same code.
///
/// Rule: R-141. One that stands may stay when the school has it no more.
fn wanted_sub_code(
    register: &Register,
    due: &Due,
    code: Option<Code>,
    change: &Change,
) -> Result<Option<String>, String> {
    let Some(code) = code else { return Ok(None) };
    let same = due.standing.as_ref().filter(|own| own.code == Some(code));
    let standing = same.and_then(|own| own.sub_code.clone());
    match change.sub_code.as_deref().map(str::trim) {
        None => Ok(standing),
        Some("") => Ok(None),
        Some(name) if standing.as_deref() == Some(name) => Ok(standing),
        Some(name) => match register.sub_codes.named(code, name) {
            Ok(own) => Ok(Some(own.to_owned())),
            Err(refused) => Err(format!(
                "{}. Choose one of the school's own, or none.",
                capital(&refused.to_string())
            )),
        },
    }
}

/// A text without the space around it; none if nothing is left.
fn kept(text: &Option<String>) -> Option<String> {
    let text = text.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether the place says this already. Minutes that the change leaves open are taken as they stand.
fn stands_already(
    due: &Due,
    code: Option<Code>,
    minutes: Option<u32>,
    (note, sub_code): (&Option<String>, &Option<String>),
) -> bool {
    let Some(standing) = &due.standing else {
        return code.is_none();
    };
    standing.code == code
        && (code.is_none()
            || (minutes.is_none_or(|minutes| standing.minutes == Some(minutes))
                && standing.note == *note
                && standing.sub_code == *sub_code))
}

/// Whether the person saw what stands. A place that was taken back looks blank, so nought is its number too.
fn is_based_on_what_stands(due: &Due, base: i64) -> bool {
    base == due.base() || (base == 0 && due.code().is_none())
}

/// Whether a mark may be taken back: while the register is open or before it opens, never after.
fn take_back(register: &Register, due: &Due) -> Result<(), String> {
    if register.is_closed() {
        return Err(match register.role {
            RoleKind::ClassTeacher => closed_to_teachers(register, None),
            _ => "A mark of a closed register is amended and never cleared: a session without a code is a defect (R-021). Enter the code for what happened; if nobody knows yet, N."
                .to_owned(),
        });
    }
    let planned_by_office = entered_ahead(register, due).is_some();
    if planned_by_office && register.role == RoleKind::ClassTeacher {
        return Err(
            "This was planned by the office and is not cleared here. Mark the pupil present if they are here, or tell the office."
                .to_owned(),
        );
    }
    Ok(())
}

type Entered = (Option<u32>, Option<Instant>, String);

/// Whether this code may be entered here and now, with the minutes late that go with it and what to say beside it.
fn enter(
    register: &Register,
    due: &Due,
    code: Code,
    change: &Change,
    note: Option<&str>,
    reason: Option<&str>,
) -> Result<Entered, String> {
    if register.is_closed() && register.role == RoleKind::ClassTeacher {
        return Err(closed_to_teachers(register, Some(code)));
    }
    let mut grounds = Vec::new();
    let heed = match may_be_entered(register, due, code, note, reason) {
        Ok(heed) => heed,
        Err(refused) => {
            grounds.extend(refused);
            String::new()
        }
    };
    if register.is_closed() {
        grounds.extend(against_amending(register, due, code, reason));
    }
    match lateness(register, code, change.minutes) {
        Ok((minutes, arrived_at)) if grounds.is_empty() => Ok((minutes, arrived_at, heed)),
        Ok(_) => Err(grounds.join(" ")),
        Err(ground) => {
            grounds.push(ground);
            Err(grounds.join(" "))
        }
    }
}

/// Why a teacher may not change a closed register, and what to do instead.
fn closed_to_teachers(register: &Register, code: Option<Code>) -> String {
    let closed = register.times.of(register.slot.session).closes;
    if code == Some(Code::LATE) {
        format!(
            "The register closed at {closed}. A pupil who arrives after that is late after closing, U, which the office enters (R-023). Send the pupil to sign in, or tell the office when they arrived."
        )
    } else {
        format!(
            "The register closed at {closed}. A change to it is now an amendment, which the office makes with a reason (R-007). Tell the office what you know."
        )
    }
}

/// The grounds of entry; what to look at when there are none.
fn may_be_entered(
    register: &Register,
    due: &Due,
    code: Code,
    note: Option<&str>,
    reason: Option<&str>,
) -> Result<String, Vec<String>> {
    let on_file: Vec<FactOnFile> = entered_ahead(register, due)
        .into_iter()
        .chain(due.plan.as_ref().map(planned))
        .collect();
    let own_plan = due.plan.as_ref().filter(|plan| plan.code == code);
    let note = note.or(own_plan.map(|plan| plan.reason.as_str()));
    let request = EntryRequest {
        code,
        slot: register.slot,
        pupil: due.pupil,
        register: register.state,
        role: register.role,
        note,
        record_linked: own_plan.is_some(),
        on_file: &on_file,
        override_reason: reason,
        suspended_since: due
            .plan
            .as_ref()
            .filter(|plan| plan.kind == PlanKind::Suspension)
            .map(|plan| plan.first),
    };
    match may_enter(&request, &register.calendar, &register.limits) {
        Ok(entry) => {
            let heed = entry
                .warnings
                .iter()
                .map(|warning| sentence(&warning.to_string(), None));
            Ok(heed.collect::<Vec<_>>().join(" "))
        }
        Err(refused) => Err(refused
            .iter()
            .map(|refusal| {
                let number = refusal.rule().map(|rule| rule.number.as_str());
                format!(
                    "{} {}",
                    sentence(&refusal.to_string(), number),
                    refusal.next_step()
                )
            })
            .collect()),
    }
}

/// A plan as a fact on file.
fn planned(plan: &Plan) -> FactOnFile {
    let days = match plan.first == plan.last {
        true => format!("for {}", plan.first.long()),
        false => format!("from {} to {}", plan.first.long(), plan.last.long()),
    };
    FactOnFile {
        implies: plan.code,
        fact: format!("{} is planned {days}", plan.kind.name().to_lowercase()),
    }
}

/// What was entered for the session before its register opened, as a fact on file.
fn entered_ahead(register: &Register, due: &Due) -> Option<FactOnFile> {
    let standing = due.standing.as_ref()?;
    let code = standing.code?;
    let opens = register.times.of(register.slot.session).opens;
    let ahead = standing.at < Instant::at_london(register.slot.day, opens);
    let is_present = meaning(code, register.slot.day).is_ok_and(|row| row.class == Class::Present);
    (ahead && !is_present).then(|| FactOnFile {
        implies: code,
        fact: format!(
            "{code} was entered on {} for this session",
            standing.at.in_london().0.long()
        ),
    })
}

/// The grounds against amending. A change of note or minutes alone is not a change to another code.
fn against_amending(
    register: &Register,
    due: &Due,
    code: Code,
    reason: Option<&str>,
) -> Vec<String> {
    let request = AmendmentRequest {
        slot: register.slot,
        before: due.code(),
        after: code,
        reason: reason.unwrap_or(""),
        person: &register.person,
        job_title: &register.job_title,
        role: register.role,
        today: register.now.in_london().0,
        leave_granted_on: due
            .plan
            .as_ref()
            .filter(|plan| plan.code == code)
            .and_then(|plan| plan.decided_on),
        used_in_referral: false,
    };
    let refused = may_amend(&request, &register.calendar)
        .err()
        .unwrap_or_default();
    refused
        .iter()
        .filter(|refusal| !matches!(refusal, AmendmentRefusal::NothingChanges { .. }))
        .map(|refusal| {
            let number = refusal.rule().map(|rule| rule.number.as_str());
            format!(
                "{} {}",
                sentence(&refusal.to_string(), number),
                refusal.next_step()
            )
        })
        .collect()
}

/// The minutes late and the moment of arrival that go with a code.
///
/// Without minutes the server's clock decides them while the session lasts. Minutes that make the other of `L` and `U` are
/// refused, and so is an arrival still to come.
fn lateness(
    register: &Register,
    code: Code,
    minutes: Option<u32>,
) -> Result<(Option<u32>, Option<Instant>), String> {
    let late = code == Code::LATE || code == Code::LATE_AFTER_CLOSE;
    match (late, minutes) {
        (false, None) => Ok((None, None)),
        (false, Some(_)) => Err(format!(
            "Minutes late go with L or U, not with {code}. Clear the minutes, or enter L."
        )),
        (true, Some(minutes)) => by_minutes(register, code, minutes),
        (true, None) => by_the_clock(register, code),
    }
}

fn by_minutes(
    register: &Register,
    code: Code,
    minutes: u32,
) -> Result<(Option<u32>, Option<Instant>), String> {
    let Slot { day, session } = register.slot;
    let opens = register.times.of(session).opens;
    let arrived = opens
        .plus_minutes(minutes.min(24 * 60))
        .filter(|_| minutes > 0);
    let Some(arrived) = arrived else {
        return Err(format!(
            "{minutes} minutes after {opens} is not an arrival in this session. Correct the minutes."
        ));
    };
    let at = Instant::at_london(day, arrived);
    // A minute's grace, since a device rounds up.
    if at > register.now.plus_seconds(60) {
        return Err(format!(
            "{minutes} minutes after {opens} is still to come. Correct the minutes."
        ));
    }
    let found = arrival(&register.times, session, arrived);
    if found.code() == Some(code) {
        return Ok((Some(minutes), Some(at)));
    }
    let next = match found {
        Arrival::AfterTheSession { .. } => "Enter why the pupil was absent.".to_owned(),
        other => other
            .code()
            .map(|right| format!("Use {right}."))
            .unwrap_or_default(),
    };
    Err(format!("{} {next}", found.ground()))
}

fn by_the_clock(register: &Register, code: Code) -> Result<(Option<u32>, Option<Instant>), String> {
    let (today, clock) = register.now.in_london();
    if register.slot.day != today {
        return Ok((None, None));
    }
    let found = arrival(&register.times, register.slot.session, clock);
    if found.code() == Some(code) {
        return Ok((found.minutes_late(), Some(register.now)));
    }
    // Only an office reaches this: the pupil came before, and nobody wrote it down.
    if code == Code::LATE {
        Err("The register has closed, so L needs the minutes that show an arrival before that (R-023). Enter the minutes; for a pupil who came after it closed use U.".to_owned())
    } else {
        Ok((None, None))
    }
}

/// Words of a ground as a sentence, with the rule that decides.
fn sentence(text: &str, rule: Option<&str>) -> String {
    let rule = rule
        .filter(|number| !text.contains(number))
        .map(|number| format!(" ({number})"))
        .unwrap_or_default();
    format!("{}{rule}.", capital(text).trim_end_matches('.'))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}
