//! Bringing a child to school from home, with a visit: who drives, a parent's consent, the seats and the way home, setting off and arriving (E-198).

use calendar::{Day, Instant};
use store::{Act, Row, StoreError, args};
use welfare::collection::{Consent, State};
use welfare::visit;

use super::order::{LONGEST_LINE, must_be_short, to_change, wrong};
use super::records::COLLECTION;
use super::visit::{Whole, of_enrolment};
use super::who::authorises;
use crate::desk::Refusal;
use crate::door::{Arrives, arrive};
use crate::ids::{AccountId, EnrolmentId, PupilId, StaffId};
use crate::people::{Access, Actor, RecordKind};

/// A parent's consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// To what.
    pub to: Consent,
    /// Who gave it, and how.
    pub by: String,
    /// On which day.
    pub on: Day,
}

/// What is known before anybody drives off with the child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Who goes along and is not on the staff.
    pub second_adult: Option<String>,
    /// Which of the staff who go drives.
    pub driver: Option<StaffId>,
    /// Whether the driver's licence was seen.
    pub licence_seen: bool,
    /// The last day on which the car is insured for work.
    pub insured_until: Option<Day>,
    /// A parent's consent.
    pub agreed: Option<Agreed>,
    /// Who sits where.
    pub seating: Option<String>,
    /// How the child gets home.
    pub way_home: Option<String>,
}

/// A collection, as it is recorded beside its visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Who asked for it.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Instant,
    /// Who authorised it; none while nobody has, or where whoever authorised the visit authorised this by it.
    pub authorised_by: Option<AccountId>,
    /// What is known beforehand.
    pub prepared: Prepared,
    /// When they set off with the child.
    pub set_off_at: Option<Instant>,
    /// When they arrived.
    pub arrived_at: Option<Instant>,
    /// Who said no, and why.
    pub refused: Option<String>,
}

/// The columns that [`read`] takes, after the visit's number.
macro_rules! collections_sql {
    ($($and:tt)*) => {
        concat!(
            "select visit_id, asked_by, asked_at, authorised_by, second_adult, driver, licence_seen, insured_until, consent, consent_by, consent_on, ",
            "seating, way_home, set_off_at, arrived_at, refused_because from collection where school_id = $1 and superseded_seq is null and ",
            $($and)*
        )
    };
}
pub(super) use collections_sql;

pub(super) fn read(row: &Row<'_>) -> Result<Collection, StoreError> {
    let to = row.get::<Option<String>>(8)?;
    let to = to.and_then(|to| Consent::from_key(&to));
    let (by, on) = (row.get::<Option<String>>(9)?, row.get::<Option<Day>>(10)?);
    let agreed = to.zip(by).zip(on);
    Ok(Collection {
        asked_by: row.get(1)?,
        asked_at: row.get(2)?,
        authorised_by: row.get(3)?,
        prepared: Prepared {
            second_adult: row.get(4)?,
            driver: row.get(5)?,
            licence_seen: row.get(6)?,
            insured_until: row.get(7)?,
            agreed: agreed.map(|((to, by), on)| Agreed { to, by, on }),
            seating: row.get(11)?,
            way_home: row.get(12)?,
        },
        set_off_at: row.get(13)?,
        arrived_at: row.get(14)?,
        refused: row.get(15)?,
    })
}

fn keep(
    act: &mut Act,
    (id, enrolment): (i64, EnrolmentId),
    one: &Collection,
) -> Result<(), StoreError> {
    let prepared = &one.prepared;
    let agreed = prepared.agreed.as_ref();
    let values = args![
        id,
        enrolment,
        one.asked_by,
        one.asked_at,
        one.authorised_by,
        prepared.second_adult.as_deref(),
        prepared.driver,
        prepared.licence_seen,
        prepared.insured_until,
        agreed.map(|agreed| agreed.to.key()),
        agreed.map(|agreed| agreed.by.as_str()),
        agreed.map(|agreed| agreed.on),
        prepared.seating.as_deref(),
        prepared.way_home.as_deref(),
        one.set_off_at,
        one.arrived_at,
        one.refused.as_deref()
    ];
    act.replace(&COLLECTION, &values).map(drop)
}

/// The standing consent of a parent that was given for an earlier trip, where the newest answer is one.
///
/// Errors: the database did not answer.
pub(super) fn standing_consent(
    tx: &mut store::Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
) -> Result<Option<Agreed>, StoreError> {
    let all = of_enrolment(tx, actor.school, enrolment)?.into_iter();
    let answers = all.filter_map(|whole| whole.collection?.prepared.agreed);
    let newest = answers.max_by_key(|agreed| agreed.on);
    Ok(newest.filter(|agreed| agreed.to == Consent::Standing))
}

/// Writes down what is known before anybody drives off with the child; asks for the collection where nobody has, and authorises it where whoever writes
/// it may.
///
/// Rule: E-198. Errors: as for visits to the pupil; [`Refusal::Wrong`] for a driver who does not go, consent that is not whole, and once the child has
/// set off or said no, or nobody is out any more.
pub fn prepare(act: &mut Act, actor: &Actor, id: i64, prepared: &Prepared) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let now = act.at();
    let (today, _) = now.in_london();
    must_be_under_way(&whole, today)?;
    let texts = [
        &prepared.second_adult,
        &prepared.seating,
        &prepared.way_home,
    ];
    must_be_short(texts, LONGEST_LINE)?;
    let goes = |driver: StaffId| whole.visit.staff.contains(&Some(driver));
    if prepared.driver.is_some_and(|driver| !goes(driver)) {
        return wrong("Whoever drives is one of the staff who go. Say first who goes.");
    }
    if let Some(agreed) = &prepared.agreed {
        must_be_short([&Some(agreed.by.clone())], LONGEST_LINE)?;
        if agreed.on > today {
            return wrong("The day of the consent is to come. Ask the parent first.");
        }
    }
    let known = whole.collection;
    let may_authorise = authorises(actor).then_some(actor.account);
    let one = Collection {
        asked_by: known.as_ref().map_or(actor.account, |known| known.asked_by),
        asked_at: known.as_ref().map_or(now, |known| known.asked_at),
        authorised_by: known
            .and_then(|known| known.authorised_by)
            .or(may_authorise),
        prepared: prepared.clone(),
        set_off_at: None,
        arrived_at: None,
        refused: None,
    };
    keep(act, (id, whole.visit.enrolment), &one)?;
    act.describe(actor.entry("prepare a collection from home", format!("pupil {pupil}")));
    Ok(())
}

/// Refuses what may only be done while the visit is to come or under way and the child has neither set off nor said no.
fn must_be_under_way(whole: &Whole, today: Day) -> Result<(), Refusal> {
    if matches!(
        whole.state(today),
        visit::State::Back | visit::State::Closed | visit::State::Withdrawn
    ) {
        return wrong("Nobody is on the way to this home any more. Plan another visit.");
    }
    match whole.collection_state(today) {
        Some(State::OnTheWay | State::Arrived) => {
            wrong("They have set off with the child, so this is not changed any more.")
        }
        Some(State::Refused) => {
            wrong("The child did not come. Plan another visit if that has changed.")
        }
        Some(State::Preparing | State::Ready) | None => Ok(()),
    }
}

/// Authorises a collection that somebody asked for.
pub(super) fn authorise_collection(
    act: &mut Act,
    actor: &Actor,
    whole: &Whole,
    known: Collection,
) -> Result<(), StoreError> {
    let one = Collection {
        authorised_by: Some(actor.account),
        ..known
    };
    keep(act, (whole.visit.id, whole.visit.enrolment), &one)
}

fn of_visit(
    act: &mut Act,
    actor: &Actor,
    id: i64,
) -> Result<(Whole, Collection, PupilId), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    match whole.collection.clone() {
        Some(known) => Ok((whole, known, pupil)),
        None => wrong("Nobody has prepared to bring this child to school."),
    }
}

/// They set off with the child.
///
/// Rule: E-198. Errors: [`Refusal::Wrong`] with all that is missing, and while the pair is not out.
pub fn set_off(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    let (whole, known, pupil) = of_visit(act, actor, id)?;
    let now = act.at();
    let (today, _) = now.in_london();
    if whole.state(today) != visit::State::Out {
        return wrong("They are not out, so nobody sets off with the child.");
    }
    must_be_under_way(&whole, today)?;
    must_be_whole(&whole, today)?;
    let one = Collection {
        set_off_at: Some(now),
        ..known
    };
    keep(act, (id, whole.visit.enrolment), &one)?;
    act.describe(actor.entry("set off with a child", format!("pupil {pupil}")));
    Ok(())
}

/// Refuses while something is missing before anybody drives off with the child.
pub(super) fn must_be_whole(whole: &Whole, today: Day) -> Result<(), Refusal> {
    let missing = whole.missing_to_collect(today);
    let words: Vec<&str> = missing.iter().map(|one| one.words()).collect();
    match words.is_empty() {
        true => Ok(()),
        false => wrong(format!(
            "The child does not ride yet (E-198). Missing: {}.",
            words.join("; ")
        )),
    }
}

/// They arrived with the child, who is signed in at the late door by it where a session is under way.
///
/// Rule: E-198; SM-1: the pupil arrives. Errors: [`Refusal::Wrong`] before they set off.
pub fn arrive_with_child(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    let (whole, known, pupil) = of_visit(act, actor, id)?;
    let now = act.at();
    if whole.collection_state(now.in_london().0) != Some(State::OnTheWay) {
        return wrong("They have not set off with the child, or have arrived already.");
    }
    let one = Collection {
        arrived_at: Some(now),
        ..known
    };
    keep(act, (id, whole.visit.enrolment), &one)?;
    if actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        let arrives = Arrives {
            key: format!("collection-{id}"),
            enrolment: whole.visit.enrolment.0,
            reason: Some("Collected from home".to_owned()),
            ..Arrives::default()
        };
        match arrive(act, actor, &arrives) {
            // No register asks for a mark at this time, so there is no arrival to log.
            Ok(_) | Err(Refusal::Wrong(_)) => {}
            Err(other) => return Err(other),
        }
    }
    act.describe(actor.entry("arrive with a child", format!("pupil {pupil}")));
    Ok(())
}

/// The child, or a parent, said no. Nobody is made to come.
///
/// Rule: E-198. Errors: [`Refusal::Wrong`] without who said no and why, or once the child is at school.
pub fn refuse(act: &mut Act, actor: &Actor, id: i64, because: &str) -> Result<(), Refusal> {
    let (whole, known, pupil) = of_visit(act, actor, id)?;
    let (today, _) = act.at().in_london();
    if matches!(
        whole.collection_state(today),
        Some(State::Arrived | State::Refused)
    ) {
        return wrong("It is written down already how this collection ended.");
    }
    let refused = Some(because.trim().to_owned()).filter(|because| !because.is_empty());
    if refused.is_none() {
        return wrong("Say who said no, and why, in their words.");
    }
    must_be_short([&refused], LONGEST_LINE)?;
    let one = Collection { refused, ..known };
    keep(act, (id, whole.visit.enrolment), &one)?;
    act.describe(actor.entry("record that a child did not come", format!("pupil {pupil}")));
    Ok(())
}
