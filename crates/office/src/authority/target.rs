//! A pupil's legal target: that a notice to improve or an attendance target runs, or that the case is before a court (E-031).
//!
//! It is a dated fact that somebody enters and nothing more: the school's penalty notices, and how they come about, have no part of the program yet.

use std::collections::HashMap;

use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::records::LEGAL_TARGET;
use super::who::reach;
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::keyed::keyed;
use crate::people::{Access, Actor};

keyed! {
    /// What runs.
    TargetKind {
        /// The case is before a court.
        Proceedings = "proceedings", "in proceedings";
        /// A notice to improve.
        Notice = "notice", "notice to improve";
        /// An attendance target that was set formally.
        Target = "target", "attendance target";
    }
}

/// A legal target of a pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub pupil: PupilId,
    /// What runs.
    pub kind: TargetKind,
    /// The first day.
    pub from: Day,
    /// The last; none while it goes on.
    pub to: Option<Day>,
    /// Who at the authority has the case, and under which reference.
    pub caseworker: Option<String>,
}

impl Target {
    /// Whether it holds on a day.
    pub fn holds(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// `notice to improve until Fri 18 Dec`.
    pub fn words(&self) -> String {
        match self.to {
            Some(to) => format!("{} until {}", self.kind.label(), to.short()),
            None => self.kind.label().to_owned(),
        }
    }
}

macro_rules! targets_sql {
    ($and:literal) => {
        concat!(
            "select target_id, pupil_id, kind, from_day, to_day, caseworker from legal_target ",
            "where school_id = $1 and superseded_seq is null and ",
            $and,
            " order by from_day desc, target_id"
        )
    };
}
const OF_PUPIL: &str = targets_sql!("pupil_id = $2");
const ON_DAY: &str = targets_sql!("from_day <= $2 and (to_day is null or to_day >= $2)");

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_PUPIL, ON_DAY];

fn target(row: &store::Row<'_>) -> Result<Option<Target>, StoreError> {
    let Some(kind) = TargetKind::from_key(row.get(2)?) else {
        return Ok(None);
    };
    Ok(Some(Target {
        id: row.get(0)?,
        pupil: row.get(1)?,
        kind,
        from: row.get(3)?,
        to: row.get(4)?,
        caseworker: row.get(5)?,
    }))
}

/// The legal targets of a pupil, the newest first.
pub(super) fn targets_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<Target>, StoreError> {
    let rows = tx.query(OF_PUPIL, &args![school, pupil], target)?;
    Ok(rows.into_iter().flatten().collect())
}

/// The legal targets that hold on a day of those pupils of whom this person may know it.
///
/// Errors: the database did not answer.
pub fn targets_on(
    tx: &mut Tx,
    actor: &Actor,
    day: Day,
    today: Day,
) -> Result<HashMap<PupilId, Vec<Target>>, StoreError> {
    let reach = reach(tx, actor, Access::Read, today)?;
    let mut found: HashMap<PupilId, Vec<Target>> = HashMap::new();
    if reach.is_nobody() {
        return Ok(found);
    }
    let rows = tx.query(ON_DAY, &args![actor.school, day], target)?;
    for one in rows.into_iter().flatten() {
        if reach.covers(one.pupil) {
            found.entry(one.pupil).or_default().push(one);
        }
    }
    for own in found.values_mut() {
        own.sort_by_key(|one| (one.kind, one.id));
    }
    Ok(found)
}

/// What somebody enters of a legal target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTarget {
    /// What runs.
    pub kind: TargetKind,
    /// The first day.
    pub from: Day,
    /// The last, if it is known.
    pub to: Option<Day>,
    /// Who at the authority has the case, and under which reference.
    pub caseworker: Option<String>,
}

/// The longest name and reference of a caseworker, in letters.
pub(super) const LONGEST_CASEWORKER: usize = 120;

/// Whether this person may see (`Read`) or set (`Write`) the legal targets of a pupil.
///
/// Errors: [`Refusal::NotFound`] for a pupil of whose targets they may not know, [`Refusal::NotAllowed`] for one whose they only see.
pub(super) fn must(
    tx: &mut Tx,
    actor: &Actor,
    want: Access,
    pupil: PupilId,
    today: Day,
) -> Result<(), Refusal> {
    if !reach(tx, actor, Access::Read, today)?.covers(pupil) {
        return Err(Refusal::NotFound);
    }
    if want == Access::Write && !reach(tx, actor, want, today)?.covers(pupil) {
        let ground = "You see that a legal target runs and do not set one. Whoever owns the casework does: the attendance manager, the welfare manager, the deputy head or the head.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    Ok(())
}

/// Enters a legal target, or amends the one with this number.
///
/// Rule: E-031. Errors: [`Refusal::NotFound`] and [`Refusal::NotAllowed`] by the access matrix; [`Refusal::Wrong`] for days in the wrong order, a
/// text that is too long, and a second of the same kind for the same days.
pub fn set_target(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    (id, new): (Option<i64>, &NewTarget),
) -> Result<i64, Refusal> {
    let wrong = |ground: &str| Err(Refusal::Wrong(ground.to_owned()));
    let (school, (today, _)) = (act.school(), act.at().in_london());
    must(act.tx(), actor, Access::Write, pupil, today)?;
    if new.to.is_some_and(|to| to < new.from) {
        return wrong("The last day is before the first. Put the days right.");
    }
    let caseworker = new.caseworker.as_deref();
    if caseworker
        .is_some_and(|text| text.chars().count() > LONGEST_CASEWORKER || text.contains('\0'))
    {
        return wrong("The caseworker and the reference have at most 120 letters.");
    }
    let known = targets_of(act.tx(), school, pupil)?;
    if id.is_some_and(|id| known.iter().all(|one| one.id != id)) {
        return Err(Refusal::NotFound);
    }
    let meets = |one: &&Target| {
        Some(one.id) != id
            && one.kind == new.kind
            && one.to.is_none_or(|to| new.from <= to)
            && new.to.is_none_or(|to| one.from <= to)
    };
    if let Some(other) = known.iter().find(meets) {
        return Err(Refusal::Wrong(format!(
            "There is one already: {}, from {}. Amend that one.",
            other.words(),
            other.from.short()
        )));
    }
    let id = match id {
        Some(id) => id,
        None => act.new_id(),
    };
    act.replace(
        &LEGAL_TARGET,
        &args![
            id,
            pupil,
            new.kind.key(),
            new.from,
            new.to,
            caseworker,
            actor.account
        ],
    )?;
    act.describe(actor.entry("set a legal target", format!("pupil {pupil}")));
    Ok(id)
}
