//! Requests for medical evidence: a pupil-level flag with its ground, who decided, when it is looked at again and when it ended (E-024).
//!
//! What comes in while a request runs belongs to it: nothing is tied by hand, so nothing can be tied wrongly.

use std::collections::{HashMap, HashSet};

use calendar::{Day, Instant};
use store::{Act, SchoolId, StoreError, Tx, args};
use welfare::evidence_request::{Days, Ground};

use super::may::{may_ask, sees};
use super::records::EVIDENCE_REQUEST;
use crate::desk::Refusal;
use crate::ids::{EvidenceId, PupilId};
use crate::people::Actor;

/// A request for medical evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: i64,
    /// Whose evidence.
    pub pupil: PupilId,
    /// On which ground.
    pub ground: Ground,
    /// What it rests on, in words.
    pub why: String,
    /// Who decided.
    pub decided_by: String,
    /// Its days.
    pub days: Days,
    /// Why it ended.
    pub ended_because: Option<String>,
}

/// What somebody enters of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// On which ground.
    pub ground: Ground,
    /// What it rests on, in words.
    pub why: String,
    /// Who decided.
    pub decided_by: String,
    /// The first day.
    pub from: Day,
    /// When it is looked at again.
    pub review: Day,
}

/// The longest of its texts, in letters.
pub(super) const LONGEST: usize = 300;

macro_rules! requests_sql {
    ($and:literal) => {
        concat!(
            "select request_id, pupil_id, ground, why, decided_by, from_day, review_on, ended_on, ended_because from evidence_request ",
            "where school_id = $1 and superseded_seq is null and ",
            $and,
            " order by from_day desc, request_id"
        )
    };
}
const OF_PUPIL: &str = requests_sql!("pupil_id = $2");
const OPEN: &str = requests_sql!("(ended_on is null or ended_on >= $2)");
// What came of the pupils of whom evidence is asked.
const CAME: &str = "\
select f.pupil_id, f.evidence_id, f.came_at from evidence_file f
where f.school_id = $1 and f.superseded_seq is null and f.withdrawn is null
  and f.pupil_id in (select r.pupil_id from evidence_request r where r.school_id = $1 and r.superseded_seq is null)
order by f.came_at, f.evidence_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_PUPIL, OPEN, CAME];

fn request(row: &store::Row<'_>) -> Result<Option<Request>, StoreError> {
    let Some(ground) = Ground::from_key(row.get(2)?) else {
        return Ok(None);
    };
    Ok(Some(Request {
        id: row.get(0)?,
        pupil: row.get(1)?,
        ground,
        why: row.get(3)?,
        decided_by: row.get(4)?,
        days: Days {
            from: row.get(5)?,
            review: row.get(6)?,
            ended: row.get(7)?,
        },
        ended_because: row.get(8)?,
    }))
}

/// The requests about a pupil, the newest first.
pub(super) fn requests_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<Request>, StoreError> {
    let rows = tx.query(OF_PUPIL, &args![school, pupil], request)?;
    Ok(rows.into_iter().flatten().collect())
}

/// Every request that has not ended by this day.
pub(super) fn open_requests(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<Vec<Request>, StoreError> {
    let rows = tx.query(OPEN, &args![school, day], request)?;
    Ok(rows.into_iter().flatten().collect())
}

/// What came in of the pupils of whom evidence is or was asked, in the order in which it came.
pub(super) fn came(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<HashMap<PupilId, Vec<(EvidenceId, Instant)>>, StoreError> {
    let mut found: HashMap<PupilId, Vec<(EvidenceId, Instant)>> = HashMap::new();
    tx.each(CAME, &args![school], |row| {
        let own = found.entry(row.get(0)?).or_default();
        own.push((row.get(1)?, row.get(2)?));
        Ok(())
    })?;
    Ok(found)
}

impl Request {
    /// Whether what came at this moment came under it.
    pub(super) fn has(&self, came_at: Instant) -> bool {
        let (day, _) = came_at.in_london();
        self.days.from <= day && self.days.ended.is_none_or(|ended| day <= ended)
    }

    /// `evidence asked for since Mon 9 Nov (repeated absence), review on Mon 23 Nov`.
    pub(crate) fn words(&self) -> String {
        format!(
            "evidence asked for since {} ({}), review on {}",
            self.days.from.short(),
            self.ground.words(),
            self.days.review.short()
        )
    }
}

/// The request that runs about a pupil on a day, for somebody who may know of it.
///
/// Errors: the database did not answer.
pub(crate) fn asked_of(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<Option<Request>, StoreError> {
    if !sees(tx, actor, Some(pupil), today)? {
        return Ok(None);
    }
    let all = requests_of(tx, actor.school, pupil)?;
    Ok(all.into_iter().find(|one| one.days.runs(today)))
}

/// The pupils of whom evidence is asked for on a day, whoever asks.
///
/// Errors: the database did not answer.
pub(crate) fn asked_pupils(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<HashSet<PupilId>, StoreError> {
    let open = open_requests(tx, school, day)?;
    let runs = open.into_iter().filter(|one| one.days.runs(day));
    Ok(runs.map(|one| one.pupil).collect())
}

fn must_ask(tx: &mut Tx, actor: &Actor, pupil: PupilId, today: Day) -> Result<(), Refusal> {
    if !sees(tx, actor, Some(pupil), today)? {
        return Err(Refusal::NotFound);
    }
    if !may_ask(tx, actor, pupil, today)? {
        let ground = "You may know that evidence is asked for, and not decide it. The attendance manager or the welfare manager does (B-440).";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    Ok(())
}

fn must_be_said(text: &str, what: &str) -> Result<(), Refusal> {
    match text.is_empty() || text.chars().count() > LONGEST || text.contains('\0') {
        true => Err(Refusal::Wrong(format!(
            "{what}, in {LONGEST} letters at most."
        ))),
        false => Ok(()),
    }
}

/// Asks for medical evidence of a pupil from a day on.
///
/// Rule: E-024 (STAT, WT24). Errors: [`Refusal::NotFound`] and [`Refusal::NotAllowed`] by the access matrix; [`Refusal::Wrong`] without words, for days
/// that a request cannot have, and while another runs.
pub fn ask_for(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    new: &NewRequest,
) -> Result<i64, Refusal> {
    let (school, (today, _)) = (act.school(), act.at().in_london());
    must_ask(act.tx(), actor, pupil, today)?;
    must_be_said(&new.why, "Say what it rests on")?;
    must_be_said(&new.decided_by, "Say who decided")?;
    let days = Days {
        from: new.from,
        review: new.review,
        ended: None,
    };
    days.check()
        .map_err(|error| in_a_sentence(&error.to_string()))?;
    let known = requests_of(act.tx(), school, pupil)?;
    let runs = |one: &&Request| one.days.ended.is_none_or(|ended| new.from <= ended);
    if let Some(other) = known.iter().find(runs) {
        let words = other.words();
        let ground = format!("There is one already: {words}. Review or end that one.");
        return Err(Refusal::Wrong(ground));
    }
    let id = act.new_id();
    let one = Request {
        id,
        pupil,
        ground: new.ground,
        why: new.why.clone(),
        decided_by: new.decided_by.clone(),
        days,
        ended_because: None,
    };
    write(act, actor, &one)?;
    act.describe(actor.entry("ask for evidence", format!("pupil {pupil}")));
    Ok(id)
}

/// What a review comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// It goes on, and is looked at again on this day.
    GoesOn(Day),
    /// Today is its last day, for this reason.
    Ends(String),
}

/// Records what the review of a request came to.
///
/// Rule: E-024. Errors: as for [`ask_for`]; [`Refusal::Wrong`] for one that has ended, and a next review more than twelve weeks from today.
pub fn review(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    id: i64,
    reviewed: &Reviewed,
) -> Result<(), Refusal> {
    let (school, (today, _)) = (act.school(), act.at().in_london());
    must_ask(act.tx(), actor, pupil, today)?;
    let known = requests_of(act.tx(), school, pupil)?;
    let mut one = known
        .into_iter()
        .find(|one| one.id == id)
        .ok_or(Refusal::NotFound)?;
    if one.days.ended.is_some() {
        return Err(Refusal::Wrong("It has ended already.".to_owned()));
    }
    match reviewed {
        Reviewed::GoesOn(review) => {
            // The twelve weeks run anew from the review.
            let from = today.max(one.days.from);
            let anew = Days {
                from,
                review: *review,
                ended: None,
            };
            anew.check()
                .map_err(|error| in_a_sentence(&error.to_string()))?;
            one.days.review = *review;
        }
        Reviewed::Ends(because) => {
            must_be_said(because, "Say why it ends")?;
            one.days.ended = Some(today.max(one.days.from));
            one.ended_because = Some(because.clone());
        }
    }
    write(act, actor, &one)?;
    let what = match reviewed {
        Reviewed::GoesOn(_) => "review a request for evidence",
        Reviewed::Ends(_) => "end a request for evidence",
    };
    act.describe(actor.entry(what, format!("pupil {pupil}")));
    Ok(())
}

fn write(act: &mut Act, actor: &Actor, one: &Request) -> Result<(), StoreError> {
    act.replace(
        &EVIDENCE_REQUEST,
        &args![
            one.id,
            one.pupil,
            one.ground.key(),
            one.why.as_str(),
            one.decided_by.as_str(),
            one.days.from,
            one.days.review,
            one.days.ended,
            one.ended_because.as_deref(),
            actor.account
        ],
    )?;
    Ok(())
}

fn in_a_sentence(ground: &str) -> Refusal {
    Refusal::Wrong(format!("These days do not hold: {ground}."))
}
