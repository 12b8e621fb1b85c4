//! Roll calls after an alarm: begun, ticked and ended by phones, with and without a network, and put together so that each tick counts once.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Day, Instant};
use register::site::{Tick, all_found_at, found};
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::moves::Who;
use super::records::{ROLL_CALL, ROLL_CALL_START, ROLL_CALL_TICK};
use crate::desk::Refusal;
use crate::ids::AccountId;
use crate::people::{Actor, Place};

pub(super) const CALLS: &str = "\
select call_id, kind, on_date, began_at, began_by, ended_at, ended_by, looked_for, found, all_at, note
from roll_call where school_id = $1 and on_date >= $2 and on_date <= $3 and superseded_seq is null order by began_at, call_id";

pub(super) const STARTED: &str =
    "select call_id from roll_call_start where school_id = $1 and start_key = $2";

pub(super) const TICKED: &str =
    "select 1 from roll_call_tick where school_id = $1 and tick_key = $2";

pub(super) const TICKS: &str = "\
select who, who_id, seen, at from roll_call_tick where school_id = $1 and call_id = $2 order by at, tick_key";

/// A roll call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollCall {
    /// Its number.
    pub id: i64,
    /// Whether it is for practice.
    pub is_drill: bool,
    /// The day.
    pub day: Day,
    /// When it began, on the server's clock.
    pub began_at: Instant,
    /// Who began it.
    pub began_by: AccountId,
    /// When and by whom it was ended, and what was counted then.
    pub ended: Option<Ended>,
}

/// How a roll call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: AccountId,
    /// How many had to be found.
    pub looked_for: u32,
    /// How many of them were.
    pub found: u32,
    /// When the last of them was found; none if somebody was not.
    pub all_at: Option<Instant>,
    /// What there is to say.
    pub note: Option<String>,
}

impl RollCall {
    /// Seconds from the beginning until everybody was found; none if somebody was not.
    pub fn seconds_to_all(&self) -> Option<i64> {
        let all = self.ended.as_ref()?.all_at?;
        Some(self.began_at.seconds_until(all).max(0))
    }
}

fn read(row: &Row<'_>) -> Result<RollCall, StoreError> {
    let ended = match row.get::<Option<Instant>>(5)? {
        None => None,
        Some(at) => Some(Ended {
            at,
            by: row.get(6)?,
            looked_for: row.get::<Option<i64>>(7)?.unwrap_or(0) as u32,
            found: row.get::<Option<i64>>(8)?.unwrap_or(0) as u32,
            all_at: row.get(9)?,
            note: row.get(10)?,
        }),
    };
    Ok(RollCall {
        id: row.get(0)?,
        is_drill: row.get::<&str>(1)? == "drill",
        day: row.get(2)?,
        began_at: row.get(3)?,
        began_by: row.get(4)?,
        ended,
    })
}

/// The roll calls of some days, in order of time.
pub(super) fn calls_of(
    tx: &mut Tx,
    school: SchoolId,
    (first, last): (Day, Day),
) -> Result<Vec<RollCall>, StoreError> {
    tx.query(CALLS, &args![school, first, last], read)
}

/// The ticks of a roll call.
pub(super) fn ticks_of(
    tx: &mut Tx,
    school: SchoolId,
    call: i64,
) -> Result<Vec<Tick<Who>>, StoreError> {
    let all = tx.query(TICKS, &args![school, call], |row| {
        let who = Who::of(row.get(0)?, row.get(1)?);
        Ok(match who {
            None => None,
            Some(who) => Some(Tick {
                who,
                seen: row.get(2)?,
                at: row.get(3)?,
            }),
        })
    })?;
    Ok(all.into_iter().flatten().collect())
}

/// Two roll calls that devices begin within so many seconds of each other are one: half an hour.
const ONE_ALARM_SECONDS: i64 = 30 * 60;

/// What a device says about a roll call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The device's own name for this word, so that it counts once.
    pub key: String,
    /// The device's own name for the roll call.
    pub call: String,
    /// Whether that is for practice.
    pub is_drill: bool,
    /// When it began, on the server's clock.
    pub began_at: Instant,
    /// When this was said, on the server's clock.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It begins.
    Begin,
    /// Somebody was seen, or was not after all.
    Tick(Who, bool),
    /// It is over: who had to be found, and what there is to say.
    End(BTreeSet<Who>, Option<String>),
}

/// Takes what a device says about a roll call, in the order in which it said it; what came before is not done again. Answers the roll call's
/// number.
///
/// A call that a device began by itself is the one that is under way, or begun by another device within half an hour; else it begins now. Ticks
/// of a call that has ended still count as ticks, and leave what was counted at its end as it was. Rule: R-035. Errors:
/// [`Refusal::NotFound`] for somebody to whom the fire list is not open, [`Refusal::Wrong`] for names that are none.
pub fn hear(act: &mut Act, actor: &Actor, words: &[Word]) -> Result<Option<i64>, Refusal> {
    if !Place::Fire.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let plain = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !text.is_empty() && text.len() <= 60 && text.bytes().all(plain)
    };
    if !words
        .iter()
        .all(|word| plain(&word.key) && plain(&word.call))
    {
        let ground = "What was ticked has no name of its own. Reload the page.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let mut ticked = BTreeSet::new();
    let mut heard = Heard::default();
    let (mut call, mut is_changed) = (None, false);
    for word in words {
        let (place, began) = heard.call_of(act, actor, word)?;
        is_changed |= began;
        let found = &mut heard.calls[place];
        match &word.what {
            What::Begin => {}
            What::Tick(who, seen) => {
                let is_known = !ticked.insert(word.key.as_str()) || was_ticked(act, &word.key)?;
                if !is_known {
                    tick(act, actor, found, word, *who, *seen)?;
                    is_changed = true;
                }
            }
            What::End(looked_for, note) if found.ended.is_none() => {
                end(act, actor, found, word, looked_for, note.as_deref())?;
                heard.changed.insert(place);
                is_changed = true;
            }
            What::End(..) => {}
        }
        call = Some(found.id);
    }
    for place in &heard.changed {
        keep(act, &heard.calls[*place])?;
    }
    if is_changed && let Some(call) = call {
        act.describe(actor.entry("roll call", format!("roll call {call}")));
    }
    Ok(call)
}

/// The roll calls that are spoken of in one act; each is recorded once, at its end.
#[derive(Default)]
struct Heard {
    calls: Vec<RollCall>,
    /// Places of those that began or ended.
    changed: BTreeSet<usize>,
    /// Places by the names that devices have for them.
    by_key: BTreeMap<String, usize>,
}

impl Heard {
    /// The place of the roll call that a device means, and whether something is recorded to find it.
    fn call_of(
        &mut self,
        act: &mut Act,
        actor: &Actor,
        word: &Word,
    ) -> Result<(usize, bool), Refusal> {
        if let Some(place) = self.by_key.get(&word.call) {
            return Ok((*place, false));
        }
        let school = act.school();
        let day = word.began_at.in_london().0;
        let mut all = calls_of(act.tx(), school, (day, day))?;
        all.retain(|one| !self.calls.iter().any(|own| own.id == one.id));
        all.extend(self.calls.iter().cloned());
        let started = args![school, word.call.as_str()];
        let known: Option<i64> = act.tx().query_opt(STARTED, &started, |row| row.get(0))?;
        let found = match known {
            Some(id) => Some(
                all.into_iter()
                    .find(|one| one.id == id)
                    .ok_or(Refusal::NotFound)?,
            ),
            None => all.into_iter().find(|one| is_same(one, word)),
        };
        let (call, is_new) = match found {
            Some(found) => (found, false),
            None => (begun(act, actor, word), true),
        };
        let own = self.calls.iter().position(|one| one.id == call.id);
        if known.is_none() {
            act.record(&ROLL_CALL_START, &args![word.call.as_str(), call.id])?;
        }
        let place = own.unwrap_or(self.calls.len());
        if own.is_none() {
            self.calls.push(call);
        }
        if is_new {
            self.changed.insert(place);
        }
        self.by_key.insert(word.call.clone(), place);
        Ok((place, known.is_none()))
    }
}

fn was_ticked(act: &mut Act, key: &str) -> Result<bool, StoreError> {
    let school = act.school();
    let known = act
        .tx()
        .query_opt(TICKED, &args![school, key], |_| Ok(()))?;
    Ok(known.is_some())
}

fn tick(
    act: &mut Act,
    actor: &Actor,
    call: &RollCall,
    word: &Word,
    who: Who,
    seen: bool,
) -> Result<(), StoreError> {
    let (kind, id) = who.key();
    let values = args![
        word.key.as_str(),
        call.id,
        kind,
        id,
        seen,
        word.at,
        actor.account
    ];
    act.record(&ROLL_CALL_TICK, &values)
}

/// Whether a roll call is the one that a device has begun by itself.
fn is_same(one: &RollCall, word: &Word) -> bool {
    let apart = one.began_at.seconds_until(word.began_at).abs();
    let ended = one.ended.as_ref();
    let is_over = ended.is_some_and(|ended| ended.at < word.began_at);
    one.is_drill == word.is_drill && apart <= ONE_ALARM_SECONDS && !is_over
}

fn begun(act: &mut Act, actor: &Actor, word: &Word) -> RollCall {
    RollCall {
        id: act.new_id(),
        is_drill: word.is_drill,
        day: word.began_at.in_london().0,
        began_at: word.began_at,
        began_by: actor.account,
        ended: None,
    }
}

fn end(
    act: &mut Act,
    actor: &Actor,
    call: &mut RollCall,
    word: &Word,
    looked_for: &BTreeSet<Who>,
    note: Option<&str>,
) -> Result<(), StoreError> {
    let school = act.school();
    let ticks = ticks_of(act.tx(), school, call.id)?;
    let seen = found(&ticks);
    let all: Vec<Who> = looked_for.iter().copied().collect();
    call.ended = Some(Ended {
        at: word.at,
        by: actor.account,
        looked_for: all.len() as u32,
        found: all.iter().filter(|who| seen.contains_key(who)).count() as u32,
        all_at: all_found_at(&all, &ticks),
        note: note.map(|note| note.chars().take(500).collect()),
    });
    Ok(())
}

fn keep(act: &mut Act, call: &RollCall) -> Result<(), StoreError> {
    let kind = if call.is_drill { "drill" } else { "alarm" };
    let ended = call.ended.as_ref();
    let values = args![
        call.id,
        kind,
        call.day,
        call.began_at,
        call.began_by,
        ended.map(|ended| ended.at),
        ended.map(|ended| ended.by),
        ended.map(|ended| ended.looked_for),
        ended.map(|ended| ended.found),
        ended.and_then(|ended| ended.all_at),
        ended.and_then(|ended| ended.note.as_deref())
    ];
    act.replace(&ROLL_CALL, &values).map(drop)
}
