//! Saving a register: many marks, one act, and an answer for each.
//!
//! A save is safe to repeat: its change id is remembered in the same transaction, so sending it again answers what was answered.
//! Marks that may not be entered are refused one by one with their ground, and the others are written all the same.

use std::collections::{HashMap, HashSet};

use calendar::{Day, Instant, SchoolCalendar, Slot};
use register::Code;
use register::closing::{RegisterState, SessionTimes, register_state};
use register::entry::{EntryLimits, RoleKind};
use register::sub_code::SubCodes;
use serde::{Deserialize, Serialize};
use store::{Act, Ahead, Arg, Entry, SchoolId, StoreError, Tx, args};

use super::due::{Due, MEMBERS, STANDING, TAKEN, due_of, is_taken, members, standing};
use super::enter::{Change, Decision, Register, decide, hold};
use super::keeper::{self, keeper_in};
use super::offline::late;
use super::records::{MARK_VERSION, REGISTER_TAKEN};
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId, GroupId};
use crate::people::Actor;
use crate::year::settings::{SETTINGS, entry_limits, mode, session_times, settings, sub_codes};
use crate::year::{BETWEEN, CalendarError, calendar_between};

/// A save as a device sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Save {
    /// The device's own name for this save: letters, digits and hyphens, at most 64.
    pub change_id: String,
    /// When the marks were made by the device's clock: evidence, never a ground.
    pub device_at: Option<Instant>,
    /// When it was sent, by the same clock: how long the marks waited.
    pub sent_at: Option<Instant>,
    /// On whose word the office takes the register, when it does so for a teacher.
    pub on_behalf_of: Option<String>,
    /// The places to change, each once.
    pub changes: Vec<Change>,
    /// Whether every place that is still blank becomes present.
    pub fill: bool,
    /// Whether a mark that somebody made after these were typed puts them before the office, whatever it says: for what was typed away from
    /// the register.
    pub holds_if_overtaken: bool,
}

impl Save {
    /// When the marks were made, on the server's clock: as long before now as they waited by the device's clock, which so may be wrong.
    /// A device that does not tell how long they waited sent them at once.
    pub fn made_at(&self, now: Instant) -> Instant {
        match (self.device_at, self.sent_at) {
            (Some(made), Some(sent)) => now.plus_seconds(-made.seconds_until(sent).max(0)),
            _ => now,
        }
    }
}

/// What became of a save.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveAnswer {
    /// The number of the act; none when nothing was written.
    pub seq: Option<i64>,
    /// The server's clock: `08:44`.
    pub saved_at: String,
    /// How many places of the register are still blank.
    pub blank: usize,
    /// Change by change, in the order they were sent; filled places follow.
    pub results: Vec<ChangeResult>,
}

/// What became of one change, and what stands there now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeResult {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// In a word.
    pub outcome: Outcome,
    /// The ground of a refusal with what to do next, or what to look at; else empty.
    pub message: String,
    /// The code that stands; none for a blank place.
    pub code: Option<String>,
    /// The minutes late that stand.
    pub minutes: Option<u32>,
    /// The sub-code that stands.
    #[serde(default)]
    pub sub_code: Option<String>,
    /// The number to base the next change on.
    pub base: i64,
    /// Who made the mark that stands, after a conflict.
    pub by: Option<String>,
    /// When, by London's clocks.
    pub at: Option<String>,
}

/// The outcome of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is in the register.
    Saved,
    /// It stood there already.
    Unchanged,
    /// It may not be entered.
    Refused,
    /// Somebody else changed the place since; nothing was written.
    Conflict,
    /// It came too late for the register and is with the office, which decides.
    Held,
}

pub(super) const SEEN: &str =
    "select account_id, answer from change_seen where school_id = $1 and change_id = $2";

pub(super) const REMEMBER: &str = "\
insert into change_seen (school_id, change_id, account_id, at, answer) values ($1, $2, $3, $4, $5)";

pub(super) const FORGET: &str = "delete from change_seen where at < $1";

pub(super) const NAME_OF_ACCOUNT: &str = "\
select a.name, s.title, s.forename, s.surname
from account a
left join staff s on s.school_id = $1 and s.account_id = a.account_id and s.superseded_seq is null
where a.account_id = $2";

/// The longest that a note, a reason or a name on whose word may be.
pub const LONGEST_TEXT: usize = 500;

/// Saves marks of one register, and records it as taken once no place in it is blank.
///
/// Rule. The server's clock decides whether the register is open; what comes after
/// its close is an amendment of the office. Errors: [`Refusal::NotFound`] for somebody who may not know of the register,
/// [`Refusal::NotAllowed`] for one who may only read it, [`Refusal::Wrong`] for a save that makes no sense as a whole.
pub fn save(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    slot: Slot,
    save: &Save,
) -> Result<SaveAnswer, Refusal> {
    makes_sense(save)?;
    if let Some(told) = told_before(act.tx(), actor, &save.change_id)? {
        return Ok(told);
    }
    let mut register = open_register(act, actor, group, slot)?;
    let decisions = register.decide_all(save);
    let written = write(act, &register.facts, &decisions, |_| save.device_at)?;
    let held = late::hold(act, actor, group, slot, save, &decisions)?;
    register.put(&decisions, act.seq(), act.at(), actor.account);
    let taken = take_if_complete(act, actor, group, &register, save)?;
    let is_recorded = written > 0 || taken || held > 0;
    if is_recorded {
        describe(act, actor, group, &register.facts, written, taken);
        if let Some(word) = &save.on_behalf_of {
            act.note("on behalf of", word);
        }
    }
    let answer = answer(act, &register, decisions, is_recorded)?;
    remember(act, actor, &save.change_id, &answer)?;
    Ok(answer)
}

/// Asks ahead for all that [`save`] will ask about now, for whoever is expected to be the actor.
pub(super) fn ask_ahead(
    mut act: Ahead<'_>,
    expected: &Actor,
    group: GroupId,
    slot: Slot,
    change_id: &str,
) -> Result<(), StoreError> {
    let (school, day, (today, _)) = (expected.school, slot.day, act.at().in_london());
    act.ask(SEEN, &args![school, change_id])?;
    keeper::ask_ahead(&mut act, expected, group, day)?;
    if !act.knows(&rules_key(day, today)) {
        let (first, last) = days_to_ask_for(day, today);
        act.ask(SETTINGS, &args![school])?;
        act.ask(BETWEEN, &args![school, first, last])?;
    }
    if !act.knows(&members_key(group, day)) {
        act.ask(MEMBERS, &args![school, group, day])?;
    }
    let session = slot.session.index() as i64;
    let register = args![school, group, day, session];
    act.ask(STANDING, &register)?;
    act.ask(TAKEN, &register)
}

/// The days of the calendar that decide about a register: from its day to today, or the other way round.
fn days_to_ask_for(day: Day, today: Day) -> (Day, Day) {
    (day.min(today), day.max(today))
}

/// The question for [`members`] among what an act knows.
fn members_key(group: GroupId, day: Day) -> String {
    format!("members {group} {day}")
}

/// What the school's settings and calendar say of registers of a day.
struct DayRules {
    marks_here: bool,
    times: SessionTimes,
    calendar: SchoolCalendar,
    limits: EntryLimits,
    sub_codes: SubCodes,
}

/// The question for [`day_rules`] among what an act knows.
fn rules_key(day: Day, today: Day) -> String {
    format!("rules {day} {today}")
}

fn day_rules(tx: &mut Tx, school: SchoolId, day: Day, today: Day) -> Result<DayRules, Refusal> {
    let settings = settings(tx, school)?;
    let (first, last) = days_to_ask_for(day, today);
    let calendar = calendar_between(tx, school, first, last).map_err(|error| match error {
        CalendarError::Store(error) => Refusal::Store(error),
        other => Refusal::Wrong(other.to_string()),
    })?;
    Ok(DayRules {
        marks_here: mode(&settings, day)?.marks_here(),
        times: session_times(&settings, day)?,
        calendar,
        limits: entry_limits(&settings, day)?,
        sub_codes: sub_codes(&settings, day)?,
    })
}

/// What can be seen to be wrong with a save without looking at anything else.
pub(super) fn makes_sense(save: &Save) -> Result<(), Refusal> {
    let wrong = |ground: &str| Err(Refusal::Wrong(ground.to_owned()));
    let id = &save.change_id;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
        return wrong(
            "The save has no change id, so it cannot be told from another. Reload the page.",
        );
    }
    let mut places = HashSet::new();
    if !save
        .changes
        .iter()
        .all(|change| places.insert(change.enrolment))
    {
        return wrong(
            "The save changes one pupil's mark twice. Reload the page and enter it again.",
        );
    }
    let texts = save
        .changes
        .iter()
        .flat_map(|change| [&change.note, &change.sub_code, &change.reason]);
    let texts = texts.chain([&save.on_behalf_of]).flatten();
    if texts
        .into_iter()
        .any(|text| text.chars().count() > LONGEST_TEXT || text.contains('\0'))
    {
        return wrong("A note or reason is longer than 500 characters. Shorten it and save again.");
    }
    Ok(())
}

/// What was answered to a save that came before under this change id.
pub(super) fn told_before(
    tx: &mut Tx,
    actor: &Actor,
    change_id: &str,
) -> Result<Option<SaveAnswer>, Refusal> {
    let seen = tx.query_opt(SEEN, &args![actor.school, change_id], |row| {
        Ok((AccountId(row.get(0)?), row.get::<String>(1)?))
    })?;
    let Some((account, answer)) = seen else {
        return Ok(None);
    };
    if account != actor.account {
        let ground = "This save was already sent by somebody else on this device. Sign in as that person, or enter the marks again.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let answer = serde_json::from_str(&answer)
        .expect("the answer to a save is remembered as it was written by this type");
    Ok(Some(answer))
}

/// Remembers what a save was answered.
pub(super) fn remember(
    act: &mut Act,
    actor: &Actor,
    change_id: &str,
    answer: &SaveAnswer,
) -> Result<(), StoreError> {
    let told = serde_json::to_string(answer).expect("an answer of texts and numbers is JSON");
    let (school, at) = (act.school(), act.at());
    let values = args![school, change_id, actor.account, at, &told];
    act.tx().put(REMEMBER, &values)
}

/// A save is remembered for so long, so that a device that was away may send it again: 60 days.
const REMEMBERED_SECONDS: i64 = 60 * 24 * 60 * 60;

/// Forgets saves that no device can be waiting to send again. Answers how many.
pub(crate) fn forget_old_saves(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET, &args![now.plus_seconds(-REMEMBERED_SECONDS)])
}

/// A register in the hands of an act.
pub(super) struct OpenRegister {
    pub(super) facts: Register,
    due: Vec<Due>,
    places: HashMap<EnrolmentId, usize>,
    /// Whether it was recorded as taken before.
    taken: bool,
}

/// Finds out everything that decides about a save, from rows.
pub(super) fn open_register(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    slot: Slot,
) -> Result<OpenRegister, Refusal> {
    let (school, now) = (act.school(), act.at());
    let (day, (today, _)) = (slot.day, now.in_london());
    let keeper = keeper_in(act, actor, group, day)?;
    let Some(role) = keeper.role() else {
        let ground =
            "You may read this register and not mark it. Ask its teacher or the attendance office.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    };
    let rules = act.known(&rules_key(day, today), |tx| {
        day_rules(tx, school, day, today)
    })?;
    if !rules.marks_here {
        let ground = "The school's own system keeps the register (I-001), so marks are read from it and not entered here. Enter the mark there.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    is_a_session(&rules.calendar, slot)?;
    let members = act.known(&members_key(group, day), |tx| {
        members(tx, school, group, day)
    })?;
    let standing = standing(act.tx(), school, group, slot)?;
    let taken = is_taken(act.tx(), school, group, slot)?;
    let due = due_of(&members, standing, slot);
    if due.is_empty() {
        return Err(Refusal::NotFound);
    }
    let facts = Register {
        slot,
        state: register_state(&rules.times, slot, now),
        times: rules.times,
        calendar: rules.calendar.clone(),
        limits: rules.limits.clone(),
        sub_codes: rules.sub_codes.clone(),
        role,
        now,
        person: actor.name.clone(),
        job_title: actor.job_title.clone(),
    };
    let places = due
        .iter()
        .enumerate()
        .map(|(place, one)| (one.enrolment, place))
        .collect();
    Ok(OpenRegister {
        facts,
        due,
        places,
        taken,
    })
}

/// Whether somebody marked the place after the save was typed, where that matters.
fn overtaken(due: &Due, save: &Save, now: Instant) -> bool {
    let marked = due.standing.as_ref().map(|standing| standing.at);
    save.holds_if_overtaken && marked.is_some_and(|at| at > save.made_at(now))
}

fn is_a_session(calendar: &SchoolCalendar, slot: Slot) -> Result<(), Refusal> {
    if calendar.has_session(slot) {
        return Ok(());
    }
    Err(Refusal::Wrong(format!(
        "No register is due on the {} of {}: {} (R-402). If the school did meet, change the calendar first.",
        slot.session.word(),
        slot.day.long(),
        calendar.kind(slot.day).name()
    )))
}

impl OpenRegister {
    pub(super) fn place(&self, enrolment: EnrolmentId) -> Option<&Due> {
        self.places.get(&enrolment).map(|place| &self.due[*place])
    }

    /// What becomes of each change, and of each blank place when the rest are present.
    fn decide_all(&self, save: &Save) -> Vec<(Change, Decision)> {
        let sent = save.changes.iter().map(|change| {
            let decision = match self.place(change.enrolment) {
                Some(due) if late::is_late(&self.facts, save, change) || overtaken(due, save, self.facts.now) => {
                    hold(&self.facts, due, change, save.made_at(self.facts.now))
                }
                Some(due) => decide(&self.facts, due, change),
                None => Decision::Refused(
                    "This pupil is not on this register on that day: not in the group, or not on roll (R-218, R-219). Reload the page."
                        .to_owned(),
                ),
            };
            (change.clone(), decision)
        });
        let mut decisions: Vec<(Change, Decision)> = sent.collect();
        if save.fill {
            let named: HashSet<EnrolmentId> =
                save.changes.iter().map(|change| change.enrolment).collect();
            let blank = self
                .due
                .iter()
                .filter(|due| self.is_blank(due) && !named.contains(&due.enrolment));
            decisions.extend(blank.map(|due| {
                let reason = save.changes.iter().find_map(|change| change.reason.clone());
                let change = Change {
                    enrolment: due.enrolment,
                    code: Some(Code::present(self.facts.slot.session).to_string()),
                    base: due.base(),
                    reason,
                    ..Change::default()
                };
                let decision = decide(&self.facts, due, &change);
                (change, decision)
            }));
        }
        decisions
    }

    /// Puts what was written in place of what stood.
    pub(super) fn put(
        &mut self,
        decisions: &[(Change, Decision)],
        seq: i64,
        at: Instant,
        account: AccountId,
    ) {
        for (change, decision) in decisions {
            let (Decision::Write(mark), Some(place)) =
                (decision, self.places.get(&change.enrolment))
            else {
                continue;
            };
            self.due[*place].standing = Some(super::due::Standing {
                seq,
                code: mark.code,
                minutes: mark.minutes,
                note: mark.note.clone(),
                sub_code: mark.sub_code.clone(),
                at,
                account,
            });
        }
    }

    fn is_blank(&self, due: &Due) -> bool {
        due.is_blank() && due.is_asked_for(self.facts.slot)
    }

    fn blank(&self) -> usize {
        self.due.iter().filter(|due| self.is_blank(due)).count()
    }
}

/// Writes the marks that pass, and answers how many.
pub(super) fn write(
    act: &mut Act,
    facts: &Register,
    decisions: &[(Change, Decision)],
    device_at: impl Fn(EnrolmentId) -> Option<Instant>,
) -> Result<u64, StoreError> {
    let session = facts.slot.session.index() as i64;
    let source = if facts.is_closed() {
        "amendment"
    } else {
        "register"
    };
    let rows = decisions.iter().filter_map(|(change, decision)| {
        let Decision::Write(mark) = decision else {
            return None;
        };
        Some(args![
            change.enrolment,
            facts.slot.day,
            session,
            mark.code.as_ref().map(Code::as_str),
            mark.minutes,
            mark.arrived_at,
            mark.note.as_deref(),
            mark.reason.as_deref(),
            source,
            device_at(change.enrolment),
            mark.sub_code.as_deref()
        ])
    });
    act.record_many(&MARK_VERSION, rows)
}

/// Records the register as taken when nothing in it is blank any more; answers whether it did.
///
/// A register that is planned through before it opens is not taken by that.
pub(super) fn take_if_complete(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    register: &OpenRegister,
    save: &Save,
) -> Result<bool, StoreError> {
    let Slot { day, session } = register.facts.slot;
    let too_early = matches!(register.facts.state, RegisterState::NotOpenYet { .. });
    if too_early || register.taken || register.blank() > 0 {
        return Ok(false);
    }
    let (at, session) = (act.at(), session.index() as i64);
    let for_somebody = register.facts.role != RoleKind::ClassTeacher;
    let word = save.on_behalf_of.as_deref().filter(|_| for_somebody);
    let values: [Arg; 6] = args![group, day, session, at, actor.account, word];
    // As the marks are: what nobody waits for goes with the rest of the act.
    act.record_many(&REGISTER_TAKEN, [values])?;
    Ok(true)
}

fn describe(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    facts: &Register,
    written: u64,
    taken: bool,
) {
    let what = match (facts.is_closed(), written) {
        (_, 0) if taken => "take register",
        (_, 0) => "hold late marks",
        (false, _) => "save register",
        (true, _) => "amend register",
    };
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: what,
        subject: format!("group {group} {}", facts.slot),
    });
}

fn answer(
    act: &mut Act,
    register: &OpenRegister,
    decisions: Vec<(Change, Decision)>,
    wrote: bool,
) -> Result<SaveAnswer, StoreError> {
    let mut names = Names::default();
    let mut results = Vec::with_capacity(decisions.len());
    for (change, decision) in decisions {
        let standing = register
            .place(change.enrolment)
            .and_then(|due| due.standing.as_ref());
        let (outcome, message) = match decision {
            Decision::Write(mark) => (Outcome::Saved, mark.heed),
            Decision::Unchanged => (Outcome::Unchanged, String::new()),
            Decision::Refused(ground) => (Outcome::Refused, ground),
            Decision::Hold(ground) => (Outcome::Held, ground),
            Decision::Conflict => (Outcome::Conflict, CHANGED_SINCE.to_owned()),
        };
        let stands = standing.map(|mark| Stands {
            code: mark.code.map(|code| code.to_string()),
            minutes: mark.minutes,
            sub_code: mark.sub_code.clone(),
            seq: mark.seq,
            at: mark.at,
            account: mark.account,
        });
        let result = names.result(act, change.enrolment, (outcome, message), stands)?;
        results.push(result);
    }
    Ok(SaveAnswer {
        seq: wrote.then(|| act.seq()),
        saved_at: act.at().in_london().1.to_string(),
        blank: register.blank(),
        results,
    })
}

/// What to do about a mark that somebody else changed meanwhile.
pub(super) const CHANGED_SINCE: &str = "Somebody changed this mark after you saw it. Look at what stands there now, and enter yours again if it is right.";

/// What stands in a place, as whoever sent a change for it is told.
pub(super) struct Stands {
    pub(super) code: Option<String>,
    pub(super) minutes: Option<u32>,
    pub(super) sub_code: Option<String>,
    pub(super) seq: i64,
    pub(super) at: Instant,
    pub(super) account: AccountId,
}

/// A moment as people say it: the time alone for today.
pub(crate) fn clock_of(at: Instant, now: Instant) -> String {
    let (day, time) = at.in_london();
    if day == now.in_london().0 {
        time.to_string()
    } else {
        format!("{} {time}", day.short())
    }
}

/// Names of accounts, each looked up once.
#[derive(Default)]
pub(super) struct Names(HashMap<AccountId, String>);

impl Names {
    /// What became of one change: after a conflict with who made the mark that stands, and when.
    pub(super) fn result(
        &mut self,
        act: &mut Act,
        enrolment: EnrolmentId,
        (outcome, message): (Outcome, String),
        stands: Option<Stands>,
    ) -> Result<ChangeResult, StoreError> {
        let now = act.at();
        let theirs = stands.as_ref().filter(|_| outcome == Outcome::Conflict);
        let by = match theirs {
            Some(theirs) => Some(self.of(act, theirs.account)?),
            None => None,
        };
        Ok(ChangeResult {
            enrolment,
            outcome,
            message,
            by,
            at: theirs.map(|theirs| clock_of(theirs.at, now)),
            minutes: stands.as_ref().and_then(|stands| stands.minutes),
            base: stands.as_ref().map_or(0, |stands| stands.seq),
            sub_code: stands.as_ref().and_then(|stands| stands.sub_code.clone()),
            code: stands.and_then(|stands| stands.code),
        })
    }

    pub(super) fn of(&mut self, act: &mut Act, account: AccountId) -> Result<String, StoreError> {
        if let Some(name) = self.0.get(&account) {
            return Ok(name.clone());
        }
        let school = act.school();
        let name = name_of(act.tx(), school, account)?;
        self.0.insert(account, name.clone());
        Ok(name)
    }
}

/// Who signs in with this account, as colleagues know them.
pub(crate) fn name_of(
    tx: &mut Tx,
    school: store::SchoolId,
    account: AccountId,
) -> Result<String, StoreError> {
    let found = tx.query_opt(NAME_OF_ACCOUNT, &args![school, account], |row| {
        let own: String = row.get(0)?;
        let parts = [row.get::<Option<String>>(1)?, row.get(2)?, row.get(3)?];
        let staff = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(if staff.trim().is_empty() {
            own
        } else {
            staff.trim().to_owned()
        })
    })?;
    Ok(found.unwrap_or_else(|| "somebody".to_owned()))
}
