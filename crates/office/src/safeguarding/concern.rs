//! Concerns as they are recorded: read here and nowhere else.

use std::collections::HashMap;

use calendar::{Day, Instant};
use store::{Arg, Row, SchoolId, StoreError, Tx, args};
use welfare::concern::{Agency, Answered, Decision, Level, State, Step, standing};

use super::sealed::{Said, Words, open};
use crate::ids::{AccountId, EnrolmentId, PupilId};
use crate::people::Keyring;

/// A concern.
#[derive(Clone, Debug)]
pub struct Concern {
    /// Its number.
    pub id: i64,
    /// About whom: the time on roll.
    pub enrolment: EnrolmentId,
    /// The pupil.
    pub pupil: PupilId,
    /// Who raised it.
    pub by: AccountId,
    /// When.
    pub raised_at: Instant,
    /// What was handed over; none where the key does not open it.
    pub words: Option<Words>,
    /// What happened to it, in order.
    pub steps: Vec<Done>,
    /// Whom the team named to read it.
    pub readers: Vec<AccountId>,
}

/// Something that happened to a concern.
#[derive(Clone, Debug)]
pub struct Done {
    /// What.
    pub step: Step,
    /// By whom.
    pub by: AccountId,
    /// When.
    pub at: Instant,
    /// What was asked, added or reasoned.
    pub words: String,
    /// How grave it is taken to be from then on.
    pub level: Option<Level>,
    /// What comes next.
    pub next: Option<String>,
    /// By when.
    pub due: Option<Day>,
    /// With whom somebody spoke, where somebody outside was asked or answered.
    pub spoke_with: Option<String>,
    /// Their reference number.
    pub reference: Option<String>,
}

impl Concern {
    /// Where it stands (SM 8.5).
    pub fn state(&self) -> State {
        standing(self.steps.iter().map(|done| done.step))
    }

    /// The decision that stands.
    pub fn decided(&self) -> Option<&Done> {
        let is_decision = |done: &&Done| matches!(done.step, Step::Decide(_));
        self.steps.iter().rfind(is_decision)
    }

    /// The newest referral, with whether it was answered since.
    pub fn referred(&self) -> Option<(&Done, bool)> {
        let place = self
            .steps
            .iter()
            .rposition(|done| matches!(done.step, Step::Refer(_)))?;
        let since = &self.steps[place..];
        let is_answered = since
            .iter()
            .any(|done| matches!(done.step, Step::Answer(_)));
        Some((&self.steps[place], is_answered))
    }

    /// Who took it first, and when: the receipt for whoever raised it.
    pub fn taken(&self) -> Option<&Done> {
        self.steps.iter().find(|done| done.step != Step::Add)
    }

    /// How grave it is taken to be: low until somebody says otherwise (B-207).
    pub fn level(&self) -> Level {
        let mut newest_first = self.steps.iter().rev();
        newest_first
            .find_map(|done| done.level)
            .unwrap_or(Level::Low)
    }
}

/// The word for a step in the table.
pub(super) fn key_of(step: Step) -> &'static str {
    match step {
        Step::Acknowledge => "acknowledged",
        Step::AskForMore => "asked",
        Step::Add => "added",
        Step::Decide(_) => "decided",
        Step::Refer(_) => "referred",
        Step::Answer(_) => "answered",
        Step::Close => "closed",
        Step::Reopen => "reopened",
    }
}

fn step_of(key: &str, said: &Said) -> Option<Step> {
    Some(match key {
        "acknowledged" => Step::Acknowledge,
        "asked" => Step::AskForMore,
        "added" => Step::Add,
        "closed" => Step::Close,
        "reopened" => Step::Reopen,
        "decided" => Step::Decide(Decision::from_key(said.decision.as_deref()?)?),
        "referred" => Step::Refer(Agency::from_key(said.agency.as_deref()?)?),
        "answered" => Step::Answer(Answered::from_key(said.answer.as_deref()?)?),
        _ => return None,
    })
}

macro_rules! concerns_sql {
    ($($and:tt)*) => {
        concat!(
            "select c.concern_id, c.enrolment_id, e.pupil_id, c.account_id, c.raised_at, c.sealed from concern c ",
            "join enrolment e on e.school_id = c.school_id and e.enrolment_id = c.enrolment_id and e.superseded_seq is null ",
            "where c.school_id = $1",
            $($and)*,
            " order by c.concern_id"
        )
    };
}
macro_rules! steps_sql {
    ($($and:tt)*) => {
        concat!(
            "select concern_id, step, account_id, made_at, sealed from concern_step where school_id = $1",
            $($and)*,
            " order by seq, step_id"
        )
    };
}
macro_rules! readers_sql {
    ($($and:tt)*) => {
        concat!(
            "select concern_id, account_id from concern_reader where school_id = $1 and superseded_seq is null",
            $($and)*,
            " order by concern_id, account_id"
        )
    };
}
macro_rules! mine {
    () => {
        "(c.account_id = $2 or exists (select 1 from concern_reader r where r.school_id = c.school_id and r.concern_id = c.concern_id and r.account_id = $2 and r.superseded_seq is null))"
    };
}
macro_rules! among_mine {
    () => {
        concat!(
            " and concern_id in (select c.concern_id from concern c where c.school_id = $1 and ",
            mine!(),
            ")"
        )
    };
}
const ALL: [&str; 3] = [concerns_sql!(""), steps_sql!(""), readers_sql!("")];
const ONE: [&str; 3] = [
    concerns_sql!(" and c.concern_id = $2"),
    steps_sql!(" and concern_id = $2"),
    readers_sql!(" and concern_id = $2"),
];
const MINE: [&str; 3] = [
    concerns_sql!(" and ", mine!()),
    steps_sql!(among_mine!()),
    readers_sql!(among_mine!()),
];

// Who handed it over, and whom the team named: all that is asked before a concern is opened for somebody outside the team.
const OPEN_TO: &str = "\
select c.account_id from concern c where c.school_id = $1 and c.concern_id = $2 and (c.account_id = $3 or exists (
    select 1 from concern_reader r where r.school_id = c.school_id and r.concern_id = c.concern_id and r.account_id = $3
      and r.superseded_seq is null))";
const LOOKS: &str = "\
select account_id, looked_at from concern_look where school_id = $1 and concern_id = $2 order by seq desc limit 50";
const HELD: &str = "\
select c.enrolment_id, c.raised_at,
       (select min(s.made_at) from concern_step s
        where s.school_id = c.school_id and s.concern_id = c.concern_id and s.step in ('decided', 'referred'))
from concern c where c.school_id = $1 and c.holds";

/// The statements of this file.
pub(super) fn statements() -> Vec<&'static str> {
    [&ALL[..], &ONE, &MINE, &[OPEN_TO, LOOKS, HELD]].concat()
}

/// Every concern of the school, the oldest first. For the safeguarding team.
pub(super) fn all(
    tx: &mut Tx,
    keyring: &Keyring,
    school: SchoolId,
) -> Result<Vec<Concern>, StoreError> {
    read(tx, keyring, school, ALL, &args![school])
}

/// What this account raised and what was named to it, the oldest first.
pub(super) fn mine(
    tx: &mut Tx,
    keyring: &Keyring,
    school: SchoolId,
    account: AccountId,
) -> Result<Vec<Concern>, StoreError> {
    read(tx, keyring, school, MINE, &args![school, account])
}

/// The concern of this number.
pub(super) fn one(
    tx: &mut Tx,
    keyring: &Keyring,
    school: SchoolId,
    id: i64,
) -> Result<Option<Concern>, StoreError> {
    Ok(read(tx, keyring, school, ONE, &args![school, id])?.pop())
}

/// Who raised a concern, if this account did or was named to read it.
pub(super) fn raised_by_if_open_to(
    tx: &mut Tx,
    school: SchoolId,
    id: i64,
    account: AccountId,
) -> Result<Option<AccountId>, StoreError> {
    tx.query_opt(OPEN_TO, &args![school, id, account], |row| row.get(0))
}

/// Who read a concern lately, the newest first.
pub(super) fn looks(
    tx: &mut Tx,
    school: SchoolId,
    id: i64,
) -> Result<Vec<(AccountId, Instant)>, StoreError> {
    tx.query(LOOKS, &args![school, id], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// For how long a concern holds a child on the morning's list: from when it was raised until the first decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// From then.
    pub(crate) from: Instant,
    /// Until then; none while nothing is decided.
    pub(crate) until: Option<Instant>,
}

impl Held {
    /// Whether it holds at a moment.
    pub(crate) fn at(&self, moment: Instant) -> bool {
        self.from <= moment && self.until.is_none_or(|until| moment < until)
    }
}

/// Which children concerns hold or held on the morning's list (E-020). It says that and nothing of any concern.
pub(crate) fn held(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<HashMap<EnrolmentId, Vec<Held>>, StoreError> {
    let mut all: HashMap<EnrolmentId, Vec<Held>> = HashMap::new();
    tx.each(HELD, &args![school], |row| {
        let held = Held {
            from: row.get(1)?,
            until: row.get(2)?,
        };
        all.entry(row.get(0)?).or_default().push(held);
        Ok::<_, StoreError>(())
    })?;
    Ok(all)
}

fn read(
    tx: &mut Tx,
    keyring: &Keyring,
    school: SchoolId,
    [concerns, steps, readers]: [&'static str; 3],
    args: &[Arg<'_>],
) -> Result<Vec<Concern>, StoreError> {
    let mut all = tx.query(concerns, args, |row| concern_of(row, keyring, school))?;
    let places: HashMap<i64, usize> = all
        .iter()
        .enumerate()
        .map(|(place, concern)| (concern.id, place))
        .collect();
    tx.each(steps, args, |row| {
        let id = row.get(0)?;
        if let Some(place) = places.get(&id)
            && let Some(done) = done_of(row, keyring, school, id)?
        {
            all[*place].steps.push(done);
        }
        Ok::<_, StoreError>(())
    })?;
    tx.each(readers, args, |row| {
        if let Some(place) = places.get(&row.get(0)?) {
            all[*place].readers.push(row.get(1)?);
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(all)
}

fn concern_of(row: &Row<'_>, keyring: &Keyring, school: SchoolId) -> Result<Concern, StoreError> {
    let id = row.get(0)?;
    let sealed: Vec<u8> = row.get(5)?;
    Ok(Concern {
        id,
        enrolment: row.get(1)?,
        pupil: row.get(2)?,
        by: row.get(3)?,
        raised_at: row.get(4)?,
        words: open(keyring, school, id, &sealed),
        steps: Vec::new(),
        readers: Vec::new(),
    })
}

/// A step as its row has it. A decision that this key does not open is left out: the concern stays open rather than be taken for decided.
fn done_of(
    row: &Row<'_>,
    keyring: &Keyring,
    school: SchoolId,
    concern: i64,
) -> Result<Option<Done>, StoreError> {
    let sealed: Vec<u8> = row.get(4)?;
    let said: Said = open(keyring, school, concern, &sealed).unwrap_or_default();
    let Some(step) = step_of(row.get(1)?, &said) else {
        return Ok(None);
    };
    Ok(Some(Done {
        step,
        by: row.get(2)?,
        at: row.get(3)?,
        level: said.level.as_deref().and_then(Level::from_key),
        due: said.due.as_deref().and_then(|day| day.parse().ok()),
        next: said.next,
        spoke_with: said.spoke_with,
        reference: said.reference,
        words: said.words,
    }))
}
