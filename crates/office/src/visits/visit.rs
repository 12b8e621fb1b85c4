//! Visits as they are recorded: read here and nowhere else.

use std::collections::HashMap;

use calendar::{Day, Instant};
use store::{Row, SchoolId, StoreError, Tx, args};
use welfare::collection;
use welfare::visit::{self, Alarm, Facts, Found, Missing, State, Warnings};

use super::collection::{Collection, collections_sql, read as collection_of};

use crate::ids::{AccountId, EnrolmentId, StaffId};

/// What a visit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A child is absent and nobody was reached.
    Absence,
    /// To see that the child is safe and well; parents are not told beforehand.
    SafeAndWell,
    /// To talk about absence, or about coming back.
    Support,
    /// To hand over a letter.
    Letter,
    /// To bring the child to school.
    Collection,
}

impl Kind {
    /// All.
    pub const ALL: [Kind; 5] = [
        Kind::Absence,
        Kind::SafeAndWell,
        Kind::Support,
        Kind::Letter,
        Kind::Collection,
    ];

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Absence => "absence",
            Kind::SafeAndWell => "safe_and_well",
            Kind::Support => "support",
            Kind::Letter => "letter",
            Kind::Collection => "collection",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Absence => "absent, nobody reached",
            Kind::SafeAndWell => "safe-and-well check",
            Kind::Support => "talk about absence or coming back",
            Kind::Letter => "hand over a letter",
            Kind::Collection => "bring the child to school",
        }
    }
}

/// A visit: the order, and who goes when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its number.
    pub id: i64,
    /// Whose home: the time on roll.
    pub enrolment: EnrolmentId,
    /// On which day.
    pub day: Day,
    /// Its place in the round of the day.
    pub place: i64,
    /// What for.
    pub kind: Kind,
    /// What for, in words.
    pub purpose: Option<String>,
    /// Whether parents know of it.
    pub parents_told: bool,
    /// Who asked for it.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Instant,
    /// Who authorised it; none while nobody has.
    pub authorised_by: Option<AccountId>,
    /// Who goes.
    pub staff: [Option<StaffId>; 2],
    /// Why one may go alone.
    pub alone_because: Option<String>,
    /// Who allowed that.
    pub alone_by: Option<AccountId>,
    /// In which car.
    pub vehicle: Option<String>,
    /// On which number they are rung.
    pub phone: Option<String>,
    /// When they left.
    pub left_at: Option<Instant>,
    /// When they are expected, or will be heard of next.
    pub due_back: Option<Instant>,
    /// When they came back.
    pub back_at: Option<Instant>,
    /// Why it was not made.
    pub withdrawn: Option<String>,
}

/// A risk check of the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it says.
    pub check: visit::Check,
    /// In words.
    pub note: Option<String>,
    /// Who looked.
    pub by: AccountId,
}

/// Something heard of those who are out, or done about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was done; none for hearing of them.
    pub done: Option<Alarm>,
    /// When.
    pub at: Instant,
    /// In words.
    pub note: Option<String>,
    /// By whom.
    pub by: AccountId,
}

/// What was found at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was found.
    pub found: Found,
    /// When they stood at the door.
    pub at_door: Instant,
    /// Who of them saw the child.
    pub seen_by: Option<StaffId>,
    /// Where.
    pub seen_where: Option<String>,
    /// Whether the child was spoken to alone.
    pub alone: Option<bool>,
    /// Who answered, and what they are to the child.
    pub answered_by: Option<String>,
    /// What was seen and said.
    pub facts: Option<String>,
    /// What those who went make of it.
    pub opinion: Option<String>,
    /// By when the card asks for a reply.
    pub reply_by: Option<Instant>,
    /// What comes next.
    pub next_step: Option<String>,
    /// Whether those who went handed a concern over, so that seeing the child did not locate them. No page of visits says so.
    pub(super) concern: bool,
    /// Who wrote it down.
    pub by: AccountId,
}

/// A visit with everything recorded of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The order.
    pub visit: Visit,
    /// The newest risk check.
    pub checked: Option<Checked>,
    /// What was heard and done while they were out, in order.
    pub steps: Vec<Step>,
    /// What was found, as it was written down last.
    pub record: Option<Record>,
    /// That the child is to be brought to school with it.
    pub collection: Option<Collection>,
}

impl Whole {
    fn of(visit: Visit) -> Whole {
        Whole {
            visit,
            checked: None,
            steps: Vec::new(),
            record: None,
            collection: None,
        }
    }

    fn facts(&self) -> Facts {
        let visit = &self.visit;
        Facts {
            authorised: visit.authorised_by.is_some(),
            check: self.checked.as_ref().map(|checked| checked.check),
            staff: self.adults(),
            may_go_alone: visit.alone_because.is_some(),
            left: visit.left_at.is_some(),
            back: visit.back_at.is_some(),
            recorded: self.record.is_some(),
            withdrawn: visit.withdrawn.is_some(),
        }
    }

    /// How many go: staff, and a second adult who goes along to bring the child.
    fn adults(&self) -> usize {
        let staff = self.visit.staff.iter().flatten().count();
        let prepared = self.collection.as_ref().map(|one| &one.prepared);
        let second = prepared.and_then(|prepared| prepared.second_adult.as_ref());
        staff + usize::from(staff > 0 && second.is_some())
    }

    /// What rules ask of bringing the child to school; none where nobody has asked for it.
    fn collection_facts(&self) -> Option<collection::Facts> {
        let visit = &self.visit;
        let is_purpose = visit.kind == Kind::Collection;
        if self.collection.is_none() && !is_purpose {
            return None;
        }
        let own = self.collection.as_ref();
        let prepared = own.map(|own| own.prepared.clone()).unwrap_or_default();
        let authorised = own.and_then(|own| own.authorised_by);
        Some(collection::Facts {
            authorised: authorised.is_some() || (is_purpose && visit.authorised_by.is_some()),
            adults: self.adults(),
            has_driver: prepared
                .driver
                .is_some_and(|driver| visit.staff.contains(&Some(driver))),
            has_car: visit.vehicle.is_some(),
            licence_seen: prepared.licence_seen,
            insured_until: prepared.insured_until,
            consent: prepared.agreed.as_ref().map(|agreed| agreed.to),
            is_seated: prepared.seating.is_some(),
            goes_home: prepared.way_home.is_some(),
            set_off: own.is_some_and(|own| own.set_off_at.is_some()),
            arrived: own.is_some_and(|own| own.arrived_at.is_some()),
            refused: own.is_some_and(|own| own.refused.is_some()),
        })
    }

    /// Where bringing the child to school stands on a day; none where nobody has asked for it (E-198).
    pub fn collection_state(&self, day: Day) -> Option<collection::State> {
        let facts = self.collection_facts()?;
        Some(collection::state(&facts, day))
    }

    /// What is missing before anybody drives off with the child (E-198).
    pub fn missing_to_collect(&self, day: Day) -> Vec<collection::Missing> {
        let facts = self.collection_facts();
        facts.map_or_else(Vec::new, |facts| collection::missing(&facts, day))
    }

    /// Where it stands on a day (SM-12).
    pub fn state(&self, day: Day) -> State {
        visit::state(&self.facts(), day)
    }

    /// What is missing before anybody may leave on a day (E-196).
    pub fn missing(&self, day: Day) -> Vec<Missing> {
        visit::missing(&self.facts(), day)
    }

    /// The alarm, if those who are out are overdue.
    pub fn alarm(&self, now: Instant) -> Option<Alarm> {
        let is_out = self.state(now.in_london().0) == State::Out;
        let expected = self.visit.due_back.filter(|_| is_out)?;
        visit::alarm(expected, now)
    }

    /// The newest step that was taken since they were last expected.
    pub fn done_about_alarm(&self) -> Option<&Step> {
        let expected = self.visit.due_back?;
        let since = |step: &&Step| step.done.is_some() && step.at >= expected;
        self.steps.iter().rfind(since)
    }
}

macro_rules! visits_sql {
    ($($and:tt)*) => {
        concat!(
            "select visit_id, enrolment_id, on_date, place, kind, purpose, parents_told, asked_by, asked_at, authorised_by, staff_one, staff_two, ",
            "alone_because, alone_by, vehicle, phone, left_at, due_back, back_at, withdrawn_because from home_visit ",
            "where school_id = $1 and superseded_seq is null and ",
            $($and)*
        )
    };
}
macro_rules! checks_sql {
    ($($and:tt)*) => {
        concat!(
            "select visit_id, made_on, dogs, violence, weapons, agency, never_alone, stay_away, note, account_id from visit_check ",
            "where school_id = $1 and ",
            $($and)*,
            " order by seq"
        )
    };
}
macro_rules! steps_sql {
    ($($and:tt)*) => {
        concat!(
            "select visit_id, step, made_at, note, account_id from visit_step where school_id = $1 and ",
            $($and)*,
            " order by made_at, seq"
        )
    };
}
macro_rules! found_sql {
    ($($and:tt)*) => {
        concat!(
            "select visit_id, found, at_door, seen_by, seen_where, alone, answered_by, facts, opinion, reply_by, next_step, concern, account_id ",
            "from visit_record where school_id = $1 and ",
            $($and)*,
            " order by seq"
        )
    };
}
macro_rules! among {
    () => {
        "visit_id in (select v.visit_id from home_visit v where v.school_id = $1 and v.superseded_seq is null and v.on_date >= $2 and v.on_date <= $3)"
    };
}

const ONE: [&str; 5] = [
    visits_sql!("visit_id = $2"),
    checks_sql!("visit_id = $2"),
    steps_sql!("visit_id = $2"),
    found_sql!("visit_id = $2"),
    collections_sql!("visit_id = $2"),
];
const BETWEEN: [&str; 5] = [
    visits_sql!("on_date >= $2 and on_date <= $3"),
    checks_sql!(among!()),
    steps_sql!(among!()),
    found_sql!(among!()),
    collections_sql!(among!()),
];
const OF_ENROLMENT: [&str; 5] = [
    visits_sql!("enrolment_id = $2"),
    checks_sql!("enrolment_id = $2"),
    steps_sql!("enrolment_id = $2"),
    found_sql!("enrolment_id = $2"),
    collections_sql!("enrolment_id = $2"),
];

/// The statements of this file.
pub(super) fn statements() -> Vec<&'static str> {
    [ONE, BETWEEN, OF_ENROLMENT].concat()
}

/// The visit of this number.
pub(super) fn one(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Option<Whole>, StoreError> {
    Ok(read(tx, ONE, &args![school, id])?.pop())
}

/// The visits of these days, both among them, in the order of their rounds.
pub(super) fn between(
    tx: &mut Tx,
    school: SchoolId,
    (first, last): (Day, Day),
) -> Result<Vec<Whole>, StoreError> {
    read(tx, BETWEEN, &args![school, first, last])
}

/// The visits to the home of one time on roll, in the order of their days.
pub(super) fn of_enrolment(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
) -> Result<Vec<Whole>, StoreError> {
    read(tx, OF_ENROLMENT, &args![school, enrolment])
}

/// A visit that nobody recorded or withdrew stays in the round for so many days.
const LOOK_BACK_DAYS: i32 = 365;

/// The round of a day: its visits, and those of earlier days that are still open, in order.
pub(super) fn round(tx: &mut Tx, school: SchoolId, day: Day) -> Result<Vec<Whole>, StoreError> {
    let mut all = between(tx, school, (day.plus_days(-LOOK_BACK_DAYS), day))?;
    all.retain(|whole| whole.visit.day == day || whole.state(day).is_open());
    Ok(all)
}

fn read(
    tx: &mut Tx,
    [visits, checks, steps, found, collections]: [&'static str; 5],
    args: &[store::Arg<'_>],
) -> Result<Vec<Whole>, StoreError> {
    let visits = tx.query(visits, args, visit_of)?;
    let mut all: Vec<Whole> = visits.into_iter().flatten().map(Whole::of).collect();
    all.sort_by_key(|whole| (whole.visit.day, whole.visit.place, whole.visit.id));
    let place: HashMap<i64, usize> = all
        .iter()
        .enumerate()
        .map(|(place, whole)| (whole.visit.id, place))
        .collect();
    tx.each(checks, args, |row| {
        if let Some(place) = place.get(&row.get(0)?) {
            all[*place].checked = Some(check_of(row)?);
        }
        Ok::<_, StoreError>(())
    })?;
    tx.each(steps, args, |row| {
        if let Some(place) = place.get(&row.get(0)?) {
            all[*place].steps.push(step_of(row)?);
        }
        Ok::<_, StoreError>(())
    })?;
    tx.each(found, args, |row| {
        if let Some(place) = place.get(&row.get(0)?)
            && let Some(record) = record_of(row)?
        {
            all[*place].record = Some(record);
        }
        Ok::<_, StoreError>(())
    })?;
    tx.each(collections, args, |row| {
        if let Some(place) = place.get(&row.get(0)?) {
            all[*place].collection = Some(collection_of(row)?);
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(all)
}

fn visit_of(row: &Row<'_>) -> Result<Option<Visit>, StoreError> {
    let Some(kind) = Kind::from_key(row.get(4)?) else {
        return Ok(None);
    };
    Ok(Some(Visit {
        id: row.get(0)?,
        enrolment: row.get(1)?,
        day: row.get(2)?,
        place: row.get(3)?,
        kind,
        purpose: row.get(5)?,
        parents_told: row.get(6)?,
        asked_by: row.get(7)?,
        asked_at: row.get(8)?,
        authorised_by: row.get(9)?,
        staff: [row.get(10)?, row.get(11)?],
        alone_because: row.get(12)?,
        alone_by: row.get(13)?,
        vehicle: row.get(14)?,
        phone: row.get(15)?,
        left_at: row.get(16)?,
        due_back: row.get(17)?,
        back_at: row.get(18)?,
        withdrawn: row.get(19)?,
    }))
}

fn check_of(row: &Row<'_>) -> Result<Checked, StoreError> {
    Ok(Checked {
        check: visit::Check {
            made_on: row.get(1)?,
            warnings: Warnings {
                dogs: row.get(2)?,
                violence: row.get(3)?,
                weapons: row.get(4)?,
                agency: row.get(5)?,
                never_alone: row.get(6)?,
            },
            stay_away: row.get(7)?,
        },
        note: row.get(8)?,
        by: row.get(9)?,
    })
}

fn step_of(row: &Row<'_>) -> Result<Step, StoreError> {
    Ok(Step {
        done: Alarm::from_key(row.get(1)?),
        at: row.get(2)?,
        note: row.get(3)?,
        by: row.get(4)?,
    })
}

fn record_of(row: &Row<'_>) -> Result<Option<Record>, StoreError> {
    let Some(found) = Found::from_key(row.get(1)?) else {
        return Ok(None);
    };
    Ok(Some(Record {
        found,
        at_door: row.get(2)?,
        seen_by: row.get(3)?,
        seen_where: row.get(4)?,
        alone: row.get(5)?,
        answered_by: row.get(6)?,
        facts: row.get(7)?,
        opinion: row.get(8)?,
        reply_by: row.get(9)?,
        next_step: row.get(10)?,
        concern: row.get(11)?,
        by: row.get(12)?,
    }))
}
