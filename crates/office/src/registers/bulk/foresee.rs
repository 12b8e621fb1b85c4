//! What a change to many marks will do: every mark that changes and every place that is left alone, with why.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use calendar::{Day, DayException, DayKind, Instant, SchoolCalendar, Session, Slot};
use register::Code;
use register::NotMarked;
use register::closing::register_state;
use register::entry::PupilOnRoll;
use register::plan::PlanKind;
use sha2::{Digest, Sha256};
use store::{SchoolId, StoreError, Tx, args};

use super::choice::{Choice, Whom};
use super::office_role;
use crate::book::{PlanOnFile, fold, plan_on_file};
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId, GroupId, PupilId};
use crate::people::Actor;
use crate::registers::due::{Due, Standing};
use crate::registers::enter::{Change, Decision, Mark, Register, decide};
use crate::year::settings::{entry_limits, mode, session_times, settings, sub_codes};
use crate::year::{CalendarError, calendar_between_with};

/// Every time on roll that overlaps these days.
pub(super) const PEOPLE: &str = "\
select e.enrolment_id, e.pupil_id, e.starting_day, e.leaving_day, p.birth_day, p.surname, p.forename
from enrolment e cross join pupil p
where e.school_id = $1 and e.superseded_seq is null and e.starting_day <= $3 and (e.leaving_day is null or e.leaving_day >= $2)
  and p.school_id = e.school_id and p.pupil_id = e.pupil_id and p.superseded_seq is null";

/// Who boards on some of these days.
pub(super) const BOARDS: &str = "\
select pupil_id, from_day, to_day from characteristic
where school_id = $1 and kind = 'boards' and value = 'yes' and superseded_seq is null
  and from_day <= $3 and (to_day is null or to_day >= $2)";

/// Who is in a group on some of these days.
pub(super) const MEMBERS: &str = "\
select enrolment_id, from_day, to_day from membership
where school_id = $1 and group_id = $4 and superseded_seq is null and from_day <= $3 and (to_day is null or to_day >= $2)";

/// The plans that overlap these days, in the order in which they were made.
pub(super) const PLANS: &str = "\
select plan_id, set_id, enrolment_id, seq, kind, code, first_day, last_day, sessions, reason, place, supervisor, evidence,
       decided_on, decided_by, agreed_on, agreed_with, review_on
from plan where school_id = $1 and superseded_seq is null and first_day <= $3 and last_day >= $2
order by plan_id";

/// Every entry in effect of these days, oldest first: of each place the last one stands.
pub(super) const ENTRIES: &str = "\
select v.enrolment_id, v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.sub_code, j.at, j.account_id
from enrolment e cross join mark_version v cross join journal_entry j
where e.school_id = $1 and e.superseded_seq is null and e.starting_day <= $3 and (e.leaving_day is null or e.leaving_day >= $2)
  and v.school_id = e.school_id and v.enrolment_id = e.enrolment_id and v.on_date >= $2 and v.on_date <= $3
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
  and j.school_id = v.school_id and j.seq = v.seq
order by v.enrolment_id, v.on_date, v.session, v.seq";

/// The same of one time on roll.
pub(super) const ENTRIES_OF: &str = "\
select v.enrolment_id, v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.sub_code, j.at, j.account_id
from mark_version v cross join journal_entry j
where v.school_id = $1 and v.enrolment_id = $4 and v.on_date >= $2 and v.on_date <= $3
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
  and j.school_id = v.school_id and j.seq = v.seq
order by v.on_date, v.session, v.seq";

pub(super) const STATEMENTS: &[&str] = &[PEOPLE, BOARDS, MEMBERS, PLANS, ENTRIES, ENTRIES_OF];

/// Up to so many people their entries are asked for one by one.
const ONE_BY_ONE: usize = 40;

/// The most places of the register that one change takes in: 1,500 pupils for four weeks.
pub const MOST_PLACES: usize = 60_000;

/// Somebody whose marks are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The pupil.
    pub pupil: PupilId,
    /// `Ash, Amira`.
    pub name: String,
    pub(super) facts: Option<PupilOnRoll>,
}

/// A mark that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkChange {
    /// Whose: a place among the people.
    pub person: usize,
    /// When.
    pub slot: Slot,
    /// What stands; none for a place without a mark.
    pub before: Option<Code>,
    /// The number of the entry that stands; nought where nothing was ever entered.
    pub base: i64,
    /// What is entered.
    pub mark: Mark,
}

/// A place that was looked at and is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Whose: a place among the people.
    pub person: usize,
    /// When.
    pub slot: Slot,
    /// Why.
    pub why: Why,
}

/// Why a place is left alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Not on roll on that day.
    NotOnRoll,
    /// Boards, and so is not marked.
    Boards,
    /// A plan of this kind and code covers the session.
    Planned(PlanKind, Code),
    /// A mark that is not swept away with others.
    Protected(Code),
    /// This mark, or none, was not among those chosen.
    NotChosen(Option<Code>),
    /// The code stands there already.
    Already,
    /// A rule refuses the code there: the ground, and what to do next.
    Refused(String),
}

impl Why {
    /// In words, with the rule.
    pub fn in_words(&self) -> String {
        match self {
            Why::NotOnRoll => "Not on roll on that day (R-218, R-219).".to_owned(),
            Why::Boards => "Boards, and boarders are not marked (R-011).".to_owned(),
            Why::Planned(kind, code) => format!(
                "{}, {code}, is planned: the plan stands (R-029, R-032).",
                kind.name()
            ),
            Why::Protected(code) => {
                format!("{code} stands, which says where the pupil was; it was to be kept.")
            }
            Why::NotChosen(Some(code)) => format!("{code} stands, which was not chosen."),
            Why::NotChosen(None) => "No mark stands, and only marks were chosen.".to_owned(),
            Why::Already => "It stands there already.".to_owned(),
            Why::Refused(ground) => ground.clone(),
        }
    }
}

/// What a change will do.
#[derive(Clone, Debug, Default)]
pub struct Foresight {
    /// Who was looked at, by name.
    pub people: Vec<Person>,
    /// The sessions that were looked at.
    pub slots: Vec<Slot>,
    /// Days of the week that were chosen and have no session.
    pub without_session: Vec<(Day, DayKind)>,
    /// The marks that change, person by person.
    pub changes: Vec<MarkChange>,
    /// The places that are left alone.
    pub left: Vec<Left>,
}

impl Foresight {
    /// How many people have a mark that changes.
    pub fn pupils(&self) -> usize {
        let people: HashSet<usize> = self.changes.iter().map(|change| change.person).collect();
        people.len()
    }

    /// What the act must find as it was when somebody looked: every mark that changes, from what and to what.
    pub fn seal(&self) -> String {
        let mut digest = Sha256::new();
        for change in &self.changes {
            let code = change.mark.code.map(|code| code.to_string());
            let line = format!(
                "{} {} {} {} {}\n",
                self.people[change.person].enrolment,
                change.slot,
                change.base,
                code.unwrap_or_default(),
                change.mark.sub_code.as_deref().unwrap_or_default()
            );
            digest.update(line.as_bytes());
        }
        let mut text = String::with_capacity(32);
        for byte in &digest.finalize()[..16] {
            write!(text, "{byte:02x}").expect("a text grows");
        }
        text
    }
}

/// From one day to another, or with no end.
pub(super) type Span = (Day, Option<Day>);

/// What stands and holds about the people and days of a choice, from rows.
struct Ground {
    people: Vec<Person>,
    boards: HashMap<PupilId, Vec<Span>>,
    members: Option<HashMap<EnrolmentId, Vec<Span>>>,
    plans: HashMap<EnrolmentId, Vec<PlanOnFile>>,
    standing: HashMap<(EnrolmentId, Slot), Standing>,
}

/// What a choice will do when this person makes it now. `also` are days that the same act makes exceptions: a closure.
///
/// Each mark is judged as if somebody entered it alone. The preview and the act both ask this.
/// Errors: [`Refusal::NotFound`] and [`Refusal::NotAllowed`] by access and where another system keeps the register (I-001);
/// [`Refusal::Wrong`] for a choice that takes in more than `MOST_PLACES`.
pub fn foresee(
    tx: &mut Tx,
    actor: &Actor,
    choice: &Choice,
    also: &[DayException],
    now: Instant,
) -> Result<Foresight, Refusal> {
    let role = office_role(actor)?;
    let school = actor.school;
    let (today, _) = now.in_london();
    let (first, last) = (choice.first.min(today), choice.last.max(today));
    let calendar =
        calendar_between_with(tx, school, first, last, also).map_err(|error| match error {
            CalendarError::Store(error) => Refusal::Store(error),
            other => Refusal::Wrong(other.to_string()),
        })?;
    let settings = settings(tx, school)?;
    let slots = slots_of(choice, &calendar);
    let mut ground = ground(tx, school, choice)?;
    if ground.people.len() * slots.len() > MOST_PLACES {
        return Err(Refusal::Wrong(format!(
            "That takes in {} pupils for {} sessions. Choose fewer days, or one group after another: at most {MOST_PLACES} places at once.",
            ground.people.len(),
            slots.len()
        )));
    }
    let mut seen = Foresight {
        people: std::mem::take(&mut ground.people),
        without_session: without_session(choice, &calendar),
        ..Foresight::default()
    };
    for slot in &slots {
        if !mode(&settings, slot.day)?.marks_here() {
            let ground = "The school's own system keeps the register (I-001), so marks are read from it and not changed here.";
            return Err(Refusal::NotAllowed(ground.to_owned()));
        }
        let times = session_times(&settings, slot.day)?;
        let register = Register {
            slot: *slot,
            state: register_state(&times, *slot, now),
            times,
            calendar: calendar.clone(),
            limits: entry_limits(&settings, slot.day)?,
            sub_codes: sub_codes(&settings, slot.day)?,
            role,
            now,
            person: actor.name.clone(),
            job_title: actor.job_title.clone(),
        };
        for place in 0..seen.people.len() {
            look_at(&mut seen, place, &register, choice, &ground);
        }
    }
    seen.slots = slots;
    seen.changes
        .sort_by_key(|change| (change.person, change.slot));
    seen.left.sort_by_key(|left| (left.person, left.slot));
    Ok(seen)
}

/// Judges one place, if it was chosen.
fn look_at(
    seen: &mut Foresight,
    person: usize,
    register: &Register,
    choice: &Choice,
    ground: &Ground,
) {
    let (slot, one) = (register.slot, &seen.people[person]);
    let chosen = match &choice.whom {
        Whom::Places(places) => places.contains(&(one.enrolment, slot)),
        _ => ground.members.as_ref().is_none_or(|members| {
            let spans = members.get(&one.enrolment);
            spans.is_some_and(|spans| is_within(spans, slot.day))
        }),
    };
    if !chosen {
        return;
    }
    let (Some(facts), boards) = (one.facts, ground.boards.get(&one.pupil)) else {
        return;
    };
    let facts = PupilOnRoll {
        boarder: boards.is_some_and(|spans| is_within(spans, slot.day)),
        ..facts
    };
    let on_file = ground.plans.get(&one.enrolment).and_then(|plans| {
        let mut covering = plans.iter().filter(|on_file| on_file.plan.covers(slot));
        covering.next_back()
    });
    let due = Due {
        enrolment: one.enrolment,
        pupil: facts,
        standing: ground.standing.get(&(one.enrolment, slot)).cloned(),
        plan: on_file.map(|on_file| on_file.plan.clone()),
    };
    match judged(register, &due, choice) {
        Ok(mark) => seen.changes.push(MarkChange {
            person,
            slot,
            before: due.code(),
            base: due.base(),
            mark,
        }),
        Err(why) => seen.left.push(Left { person, slot, why }),
    }
}

fn judged(register: &Register, due: &Due, choice: &Choice) -> Result<Mark, Why> {
    let slot = register.slot;
    match due.pupil.marked_on(slot.day) {
        Err(NotMarked::Boarder) => return Err(Why::Boards),
        Err(_) => return Err(Why::NotOnRoll),
        Ok(()) => {}
    }
    if let Some(plan) = &due.plan
        && !choice.over_plans.passes(plan.code, slot.day)
    {
        return Err(Why::Planned(plan.kind, plan.code));
    }
    choice.which.takes(due.code(), slot.day)?;
    let change = Change {
        enrolment: due.enrolment,
        code: Some(choice.code.at(slot).to_string()),
        note: choice.note.clone(),
        sub_code: choice.sub_code.clone(),
        reason: Some(choice.reason.clone()),
        base: due.base(),
        ..Change::default()
    };
    match decide(register, due, &change) {
        Decision::Write(mark) => Ok(mark),
        Decision::Unchanged | Decision::Conflict => Err(Why::Already),
        Decision::Refused(ground) | Decision::Hold(ground) => Err(Why::Refused(ground)),
    }
}

pub(super) fn is_within(spans: &[Span], day: Day) -> bool {
    spans
        .iter()
        .any(|(from, to)| *from <= day && to.is_none_or(|to| day <= to))
}

/// The sessions that were chosen and that the calendar has.
fn slots_of(choice: &Choice, calendar: &SchoolCalendar) -> Vec<Slot> {
    let chosen = |slot: &&Slot| match &choice.whom {
        Whom::Places(places) => places.iter().any(|(_, place)| place == *slot),
        _ => choice.sessions.has(**slot),
    };
    let slots = calendar.slots(choice.first, choice.last).iter();
    slots.filter(chosen).copied().collect()
}

/// Weekdays that were chosen and have no session.
fn without_session(choice: &Choice, calendar: &SchoolCalendar) -> Vec<(Day, DayKind)> {
    choice
        .first
        .through(choice.last)
        .filter(|day| !day.weekday().is_weekend())
        .filter(|day| {
            Session::BOTH
                .iter()
                .any(|session| choice.sessions.has(Slot::new(*day, *session)))
        })
        .map(|day| (day, calendar.kind(day)))
        .filter(|(_, kind)| kind.sessions().is_none())
        .collect()
}

fn ground(tx: &mut Tx, school: SchoolId, choice: &Choice) -> Result<Ground, StoreError> {
    let span = args![school, choice.first, choice.last];
    let members = match &choice.whom {
        Whom::Groups(groups) => {
            let mut found = Vec::new();
            for group in groups {
                found.extend(members_of(tx, school, *group, (choice.first, choice.last))?);
            }
            Some(by_key(found))
        }
        _ => None,
    };
    let asked_for: Option<BTreeSet<EnrolmentId>> = match &choice.whom {
        Whom::Places(places) => Some(places.iter().map(|(enrolment, _)| *enrolment).collect()),
        _ => None,
    };
    let mut people = tx.query(PEOPLE, &span, |row| {
        let (surname, forename): (String, String) = (row.get(5)?, row.get(6)?);
        Ok(Person {
            enrolment: EnrolmentId(row.get(0)?),
            pupil: PupilId(row.get(1)?),
            name: format!("{surname}, {forename}"),
            facts: Some(PupilOnRoll {
                starting_day: row.get(2)?,
                last_day: row.get(3)?,
                date_of_birth: Some(row.get(4)?),
                boarder: false,
            }),
        })
    })?;
    people.retain(|one| match &choice.whom {
        Whom::Pupils(pupils) => pupils.contains(&one.pupil),
        _ => {
            asked_for
                .as_ref()
                .is_none_or(|asked| asked.contains(&one.enrolment))
                && members
                    .as_ref()
                    .is_none_or(|members| members.contains_key(&one.enrolment))
        }
    });
    people.sort_by_cached_key(|one| (fold(&one.name), one.enrolment));
    let boards = tx.query(BOARDS, &span, |row| {
        Ok((PupilId(row.get(0)?), (row.get(1)?, row.get(2)?)))
    })?;
    let plans = tx.query(PLANS, &span, plan_on_file)?;
    let plans = plans.into_iter().flatten();
    let standing = standing(tx, school, choice, &people)?;
    Ok(Ground {
        people,
        boards: by_key(boards),
        members,
        plans: by_key(plans.map(|on_file| (on_file.enrolment, on_file))),
        standing,
    })
}

/// Who is in a group on some of these days, and from when to when.
pub(super) fn members_of(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    (first, last): (Day, Day),
) -> Result<Vec<(EnrolmentId, Span)>, StoreError> {
    tx.query(MEMBERS, &args![school, first, last, group], |row| {
        Ok((EnrolmentId(row.get(0)?), (row.get(1)?, row.get(2)?)))
    })
}

fn by_key<K: std::hash::Hash + Eq, V>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> HashMap<K, Vec<V>> {
    let mut found: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        found.entry(key).or_default().push(value);
    }
    found
}

/// What stands in every place of these people and days: the newest entry in effect.
fn standing(
    tx: &mut Tx,
    school: SchoolId,
    choice: &Choice,
    people: &[Person],
) -> Result<HashMap<(EnrolmentId, Slot), Standing>, StoreError> {
    let mut found = HashMap::new();
    let mut put = |row: &store::Row<'_>| {
        let Some(session) = Session::from_index(row.get(2)?) else {
            return Ok(());
        };
        let slot = Slot::new(row.get(1)?, session);
        let code = row
            .get::<Option<&str>>(4)?
            .and_then(|code| code.parse().ok());
        let minutes = row.get::<Option<i64>>(5)?.map(|minutes| minutes as u32);
        let entry = Standing {
            seq: row.get(3)?,
            code,
            minutes,
            note: row.get(6)?,
            sub_code: row.get(7)?,
            at: row.get(8)?,
            account: AccountId(row.get(9)?),
        };
        found.insert((EnrolmentId(row.get(0)?), slot), entry);
        Ok(())
    };
    if people.len() > ONE_BY_ONE {
        tx.each(ENTRIES, &args![school, choice.first, choice.last], &mut put)?;
    } else {
        for one in people {
            let of_one = args![school, choice.first, choice.last, one.enrolment];
            tx.each(ENTRIES_OF, &of_one, &mut put)?;
        }
    }
    Ok(found)
}
