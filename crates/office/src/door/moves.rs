//! Going out and coming in during the day: pupils, staff and visitors. Leaving changes no mark.

use calendar::{Day, Instant, TimeOfDay};
use register::site::Way;
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::records::{SITE_MOVE, VISIT};
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId, StaffId};
use crate::people::{Access, Actor, RecordKind};

pub(super) const OF_DAY: &str = "\
select move_id, who, who_id, on_date, way, at, came_with, reason, expected_back, account_id, undone_because
from site_move where school_id = $1 and on_date = $2 and superseded_seq is null order by at, move_id";

pub(super) const ONE: &str = "\
select move_id, who, who_id, on_date, way, at, came_with, reason, expected_back, account_id, undone_because
from site_move where school_id = $1 and move_id = $2 and superseded_seq is null";

pub(super) const VISITS: &str = "\
select visit_id, name, organisation, host, badge from visit
where school_id = $1 and on_date = $2 and superseded_seq is null order by name, visit_id";

pub(super) const ON_ROLL: &str = "\
select 1 from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null
  and starting_day <= $3 and (leaving_day is null or leaving_day >= $3)";

pub(super) const WORKS_HERE: &str = "\
select 1 from staff where school_id = $1 and staff_id = $2 and superseded_seq is null and (leaving_day is null or leaving_day >= $3)";

/// Who goes or comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// A pupil, by the time on roll.
    Pupil(EnrolmentId),
    /// A member of staff.
    Staff(StaffId),
    /// A visitor, by the visit.
    Visitor(i64),
}

impl Who {
    /// The word and number in the database.
    pub(super) fn key(self) -> (&'static str, i64) {
        match self {
            Who::Pupil(id) => ("pupil", id.0),
            Who::Staff(id) => ("staff", id.0),
            Who::Visitor(id) => ("visitor", id),
        }
    }

    /// Who has this word and number.
    pub(super) fn of(word: &str, id: i64) -> Option<Who> {
        match word {
            "pupil" => Some(Who::Pupil(EnrolmentId(id))),
            "staff" => Some(Who::Staff(StaffId(id))),
            "visitor" => Some(Who::Visitor(id)),
            _ => None,
        }
    }
}

/// That somebody went out or came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its number.
    pub id: i64,
    /// Who.
    pub who: Who,
    /// Which way.
    pub way: Way,
    /// When.
    pub at: Instant,
    /// Who collected or brought a pupil.
    pub came_with: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When they are expected back.
    pub expected_back: Option<Instant>,
    /// Who signed them out or in.
    pub account: AccountId,
    /// Why it was undone; none while it stands.
    pub undone: Option<String>,
}

fn read(row: &Row<'_>) -> Result<Option<Move>, StoreError> {
    let Some(who) = Who::of(row.get(1)?, row.get(2)?) else {
        return Ok(None);
    };
    Ok(Some(Move {
        id: row.get(0)?,
        who,
        way: match row.get::<&str>(4)? {
            "in" => Way::In,
            _ => Way::Out,
        },
        at: row.get(5)?,
        came_with: row.get(6)?,
        reason: row.get(7)?,
        expected_back: row.get(8)?,
        account: row.get(9)?,
        undone: row.get(10)?,
    }))
}

/// Who went and came on a day, in order of time; what was undone is among them.
pub(super) fn moves_of(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Vec<Move>, StoreError> {
    let all = tx.query(OF_DAY, &args![school, day], read)?;
    Ok(all.into_iter().flatten().collect())
}

fn keep(act: &mut Act, one: &Move) -> Result<(), StoreError> {
    let (word, id) = one.who.key();
    let way = match one.way {
        Way::In => "in",
        Way::Out => "out",
    };
    let values = args![
        one.id,
        word,
        id,
        one.at.in_london().0,
        way,
        one.at,
        one.came_with.as_deref(),
        one.reason.as_deref(),
        one.expected_back,
        one.account,
        one.undone.as_deref()
    ];
    act.replace(&SITE_MOVE, &values).map(drop)
}

/// What is said about somebody who goes or comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Who collected or brought a pupil.
    pub came_with: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When a pupil is expected back, today.
    pub expected_back: Option<TimeOfDay>,
}

/// Signs somebody out or in, now; answers the number of the entry.
///
/// Rule. Errors: [`Refusal::NotFound`] for somebody who does not keep the door, or a pupil or member of staff who is not
/// here any more; [`Refusal::Wrong`] for texts that are too long, or a time back that has passed.
pub fn sign(act: &mut Act, actor: &Actor, who: Who, way: Way, said: &Said) -> Result<i64, Refusal> {
    if !actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        return Err(Refusal::NotFound);
    }
    let id = signed(act, actor, who, way, said)?;
    let (word, number) = who.key();
    let what = match way {
        Way::In => "sign in",
        Way::Out => "sign out",
    };
    act.describe(actor.entry(what, format!("{word} {number}")));
    Ok(id)
}

/// [`sign`] as a part of another act, which says itself what it is and who may do it.
pub(super) fn signed(
    act: &mut Act,
    actor: &Actor,
    who: Who,
    way: Way,
    said: &Said,
) -> Result<i64, Refusal> {
    let (school, at) = (act.school(), act.at());
    let (today, _) = at.in_london();
    let known = match who {
        Who::Pupil(id) => act
            .tx()
            .query_opt(ON_ROLL, &args![school, id, today], |_| Ok(()))?,
        Who::Staff(id) => act
            .tx()
            .query_opt(WORKS_HERE, &args![school, id, today], |_| Ok(()))?,
        Who::Visitor(_) => Some(()),
    };
    known.ok_or(Refusal::NotFound)?;
    let texts = [&said.came_with, &said.reason].into_iter().flatten();
    if texts
        .clone()
        .any(|text| text.chars().count() > 200 || text.contains('\0'))
    {
        let ground = "A name or reason is longer than 200 characters. Shorten it.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let expected_back = said
        .expected_back
        .map(|time| Instant::at_london(today, time));
    if expected_back.is_some_and(|back| back < at) {
        let ground = "The time back has passed already. Correct it, or leave it empty.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let one = Move {
        id: act.new_id(),
        who,
        way,
        at,
        came_with: super::arrive::kept(&said.came_with),
        reason: super::arrive::kept(&said.reason),
        expected_back,
        account: actor.account,
        undone: None,
    };
    keep(act, &one)?;
    Ok(one.id)
}

/// Takes an entry back that was made by mistake; it stays in the log.
///
/// Errors: [`Refusal::NotFound`] for somebody who does not keep the door, or no such entry.
pub fn unsign(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    if !actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        return Err(Refusal::NotFound);
    }
    let school = act.school();
    let found = act.tx().query_opt(ONE, &args![school, id], read)?;
    let one = found.flatten().ok_or(Refusal::NotFound)?;
    let (word, number) = one.who.key();
    let undone = Move {
        undone: Some("Entered by mistake".to_owned()),
        ..one
    };
    keep(act, &undone)?;
    act.describe(actor.entry("undo a sign-out or sign-in", format!("{word} {number}")));
    Ok(())
}

/// A visitor of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its number.
    pub id: i64,
    /// The visitor's name.
    pub name: String,
    /// For whom they come.
    pub organisation: Option<String>,
    /// Whom they visit.
    pub host: Option<String>,
    /// The number of the badge that they wear.
    pub badge: Option<String>,
}

/// The visitors of a day, by name.
pub(super) fn visits_of(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Vec<Visit>, StoreError> {
    tx.query(VISITS, &args![school, day], |row| {
        Ok(Visit {
            id: row.get(0)?,
            name: row.get(1)?,
            organisation: row.get(2)?,
            host: row.get(3)?,
            badge: row.get(4)?,
        })
    })
}

/// Signs a visitor in, now: name, organisation, whom they visit, badge. Answers the number of the visit.
///
/// Errors: as [`sign`]; [`Refusal::Wrong`] without a name.
pub fn welcome(act: &mut Act, actor: &Actor, visit: [&str; 4]) -> Result<i64, Refusal> {
    let [name, organisation, host, badge] = visit.map(str::trim);
    if name.is_empty() || visit.iter().any(|text| text.chars().count() > 100) {
        let ground = "Give the visitor's name; no answer is longer than 100 characters.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let given = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let (id, day) = (act.new_id(), act.at().in_london().0);
    let values = args![
        id,
        day,
        name,
        given(organisation),
        given(host),
        given(badge)
    ];
    act.record(&VISIT, &values)?;
    sign(act, actor, Who::Visitor(id), Way::In, &Said::default())?;
    Ok(id)
}
