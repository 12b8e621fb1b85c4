//! Attendance clinics: when families come one after another, what each promised, and when it is looked at again.

use calendar::{Day, TimeOfDay};
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::records::{CLINIC, CLINIC_PLACE};
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::morning::pupil_to_log;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::save::LONGEST_TEXT;

/// A clinic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clinic {
    /// Its number.
    pub id: i64,
    /// The day.
    pub day: Day,
    /// When the first family comes.
    pub starts: TimeOfDay,
    /// How long each has, in minutes.
    pub minutes: i64,
    /// How many can come.
    pub places: i64,
    /// Where.
    pub room: Option<String>,
    /// Who holds it.
    pub held_by: String,
}

impl Clinic {
    /// When the family in this place comes.
    pub fn time_of(&self, number: i64) -> TimeOfDay {
        let start = calendar::Instant::at_london(self.day, self.starts);
        start.plus_seconds(number * self.minutes * 60).in_london().1
    }
}

/// A family in a place of a clinic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Its number.
    pub id: i64,
    /// The clinic.
    pub clinic: i64,
    /// The place, from 0.
    pub number: i64,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The contact who comes, in the school's own numbering.
    pub contact: Option<i64>,
    /// Who comes, in words.
    pub with_whom: String,
    /// What it is about.
    pub about: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a family's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether they came; none while it is not known.
    pub came: Option<bool>,
    /// What was said.
    pub said: Option<String>,
    /// What they promised.
    pub promise: Option<String>,
    /// The day for which the child was promised.
    pub promised_on: Option<Day>,
    /// When it is looked at again.
    pub review_on: Option<Day>,
    /// Why the place was called off.
    pub called_off: Option<String>,
}

const CLINICS: &str = "\
select clinic_id, on_date, starts, minutes, places, room, held_by from clinic
where school_id = $1 and superseded_seq is null order by on_date desc, clinic_id";
const CLINIC_OF: &str = "\
select clinic_id, on_date, starts, minutes, places, room, held_by from clinic
where school_id = $1 and superseded_seq is null and clinic_id = $2";
const BOOKED: &str = "\
select place_id, clinic_id, number, enrolment_id, contact_id, with_whom, about, came, said, promise, promised_on, review_on, called_off
from clinic_place where school_id = $1 and superseded_seq is null order by clinic_id, number, place_id";
const BOOKED_AT: &str = "\
select place_id, clinic_id, number, enrolment_id, contact_id, with_whom, about, came, said, promise, promised_on, review_on, called_off
from clinic_place where school_id = $1 and superseded_seq is null and clinic_id = $2 order by number, place_id";
const PLACE: &str = "\
select place_id, clinic_id, number, enrolment_id, contact_id, with_whom, about, came, said, promise, promised_on, review_on, called_off
from clinic_place where school_id = $1 and superseded_seq is null and place_id = $2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[CLINICS, CLINIC_OF, BOOKED, BOOKED_AT, PLACE];

fn clinic(row: &Row<'_>) -> Result<Option<Clinic>, StoreError> {
    let Ok(starts) = row.get::<&str>(2)?.parse() else {
        return Ok(None);
    };
    Ok(Some(Clinic {
        id: row.get(0)?,
        day: row.get(1)?,
        starts,
        minutes: row.get(3)?,
        places: row.get(4)?,
        room: row.get(5)?,
        held_by: row.get(6)?,
    }))
}

fn booked(row: &Row<'_>) -> Result<Booked, StoreError> {
    Ok(Booked {
        id: row.get(0)?,
        clinic: row.get(1)?,
        number: row.get(2)?,
        enrolment: row.get(3)?,
        contact: row.get(4)?,
        with_whom: row.get(5)?,
        about: row.get(6)?,
        outcome: Outcome {
            came: row.get(7)?,
            said: row.get(8)?,
            promise: row.get(9)?,
            promised_on: row.get(10)?,
            review_on: row.get(11)?,
            called_off: row.get(12)?,
        },
    })
}

/// Every clinic, the latest day first.
pub fn clinics(tx: &mut Tx, school: SchoolId) -> Result<Vec<Clinic>, StoreError> {
    let rows = tx.query(CLINICS, &args![school], clinic)?;
    Ok(rows.into_iter().flatten().collect())
}

/// The clinic of this number.
///
/// Errors: [`Refusal::NotFound`].
pub(super) fn clinic_of(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Clinic, Refusal> {
    let found = tx.query_opt(CLINIC_OF, &args![school, id], clinic)?;
    found.flatten().ok_or(Refusal::NotFound)
}

/// Every family that has or had a place.
pub(super) fn all_booked(tx: &mut Tx, school: SchoolId) -> Result<Vec<Booked>, StoreError> {
    tx.query(BOOKED, &args![school], booked)
}

/// The families of a clinic, in order of time; those that were called off among them.
pub fn booked_at(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Vec<Booked>, StoreError> {
    tx.query(BOOKED_AT, &args![school, id], booked)
}

/// A family's place.
///
/// Errors: [`Refusal::NotFound`].
pub(super) fn place(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Booked, Refusal> {
    let found = tx.query_opt(PLACE, &args![school, id], booked)?;
    found.ok_or(Refusal::NotFound)
}

/// Whether this person holds clinics: whoever adds to the log of contacts.
pub(super) fn holds(actor: &Actor) -> bool {
    actor.may(Access::Write, RecordKind::ContactsLog)
}

fn wrong<T>(ground: &str) -> Result<T, Refusal> {
    Err(Refusal::Wrong(format!("{ground} Nothing was saved.")))
}

/// Sets a clinic; answers its number.
///
/// Errors: [`Refusal::NotAllowed`] for somebody who does not add to the log of contacts; [`Refusal::Wrong`] for a day that is over, or for
/// more places than a day has room for.
pub fn hold_clinic(act: &mut Act, actor: &Actor, new: &Clinic) -> Result<i64, Refusal> {
    if !holds(actor) {
        let ground = "Clinics are set by whoever keeps the log of contacts.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let (today, _) = act.at().in_london();
    if new.day < today {
        return wrong("This day is over.");
    }
    if !(5..=120).contains(&new.minutes) || !(1..=40).contains(&new.places) {
        return wrong("Give each family 5 to 120 minutes, and 1 to 40 places.");
    }
    if new.places * new.minutes > 12 * 60 {
        return wrong("That is longer than twelve hours.");
    }
    let id = act.new_id();
    let starts = new.starts.to_string();
    act.record(
        &CLINIC,
        &args![
            id,
            new.day,
            starts.as_str(),
            new.minutes,
            new.places,
            new.room.as_deref(),
            new.held_by.as_str(),
            actor.account
        ],
    )?;
    act.describe(actor.entry("set a clinic", format!("clinic {id} {}", new.day)));
    Ok(id)
}

/// A place that a family takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlace {
    /// The clinic.
    pub clinic: i64,
    /// The place, from 0.
    pub number: i64,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The contact who comes, in the school's own numbering.
    pub contact: Option<i64>,
    /// Who comes, in words.
    pub with_whom: String,
    /// What it is about.
    pub about: Option<String>,
}

/// Gives a family a place.
///
/// Errors: as for the log of contacts; [`Refusal::Wrong`] where the place is taken, is none, or the clinic is over.
pub fn book(act: &mut Act, actor: &Actor, new: &NewPlace) -> Result<(), Refusal> {
    let (school, (today, _)) = (act.school(), act.at().in_london());
    let pupil = pupil_to_log(act.tx(), actor, new.enrolment, today)?;
    let clinic = clinic_of(act.tx(), school, new.clinic)?;
    if clinic.day < today {
        return wrong("This clinic is over.");
    }
    if !(0..clinic.places).contains(&new.number) {
        return wrong("Choose a time of this clinic.");
    }
    let taken = booked_at(act.tx(), school, clinic.id)?;
    let mut taken = taken.iter().filter(|one| one.outcome.called_off.is_none());
    if taken.any(|one| one.number == new.number) {
        return wrong("Another family has this time by now. Choose another.");
    }
    must_be_short(&[Some(&new.with_whom), new.about.as_ref()])?;
    let id = act.new_id();
    let place = Booked {
        id,
        clinic: new.clinic,
        number: new.number,
        enrolment: new.enrolment,
        contact: new.contact,
        with_whom: new.with_whom.clone(),
        about: new.about.clone(),
        outcome: Outcome::default(),
    };
    keep(act, actor, &place, false)?;
    act.describe(actor.entry(
        "give a family a place",
        format!("pupil {pupil} clinic {}", clinic.id),
    ));
    Ok(())
}

/// Writes down what came of a family's place.
///
/// Errors: as for the log of contacts; [`Refusal::Wrong`] for a promise for a day before the clinic.
pub fn write_down(
    act: &mut Act,
    actor: &Actor,
    id: i64,
    outcome: &Outcome,
) -> Result<i64, Refusal> {
    let (school, (today, _)) = (act.school(), act.at().in_london());
    let booked = place(act.tx(), school, id)?;
    let pupil = pupil_to_log(act.tx(), actor, booked.enrolment, today)?;
    let clinic = clinic_of(act.tx(), school, booked.clinic)?;
    if outcome.promised_on.is_some_and(|day| day < clinic.day) {
        return wrong("A promise is for the day of the clinic or a later one.");
    }
    if outcome.review_on.is_some_and(|day| day < clinic.day) {
        return wrong("The review comes after the clinic.");
    }
    if outcome.came == Some(true) && clinic.day > today {
        return wrong("The clinic has not been yet.");
    }
    must_be_short(&[
        outcome.said.as_ref(),
        outcome.promise.as_ref(),
        outcome.called_off.as_ref(),
    ])?;
    let clinic = booked.clinic;
    let place = Booked {
        outcome: outcome.clone(),
        ..booked
    };
    keep(act, actor, &place, true)?;
    act.describe(actor.entry(
        "write down a family's clinic",
        format!("pupil {pupil} clinic {clinic}"),
    ));
    Ok(clinic)
}

fn must_be_short(texts: &[Option<&String>]) -> Result<(), Refusal> {
    let too_long = |text: &&String| text.chars().count() > LONGEST_TEXT || text.contains('\0');
    match texts.iter().flatten().any(too_long) {
        true => wrong("A text is longer than 500 characters. Shorten it."),
        false => Ok(()),
    }
}

fn keep(act: &mut Act, actor: &Actor, place: &Booked, is_known: bool) -> Result<(), StoreError> {
    let Outcome {
        came,
        said,
        promise,
        promised_on,
        review_on,
        called_off,
    } = &place.outcome;
    let values = args![
        place.id,
        place.clinic,
        place.number,
        place.enrolment,
        place.contact,
        place.with_whom.as_str(),
        place.about.as_deref(),
        *came,
        said.as_deref(),
        promise.as_deref(),
        *promised_on,
        *review_on,
        called_off.as_deref(),
        actor.account
    ];
    match is_known {
        true => act.replace(&CLINIC_PLACE, &values).map(drop),
        false => act.record(&CLINIC_PLACE, &values),
    }
}
