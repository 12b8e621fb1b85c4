//! Pupils, times on roll, groups, characteristics and staff as the book holds them.

use std::collections::HashMap;

use calendar::Day;
use register::{NotMarked, marked};
use store::{SchoolId, StoreError, Tx, args};

use crate::ids::{AccountId, EnrolmentId, GroupId, PersonId, PupilId, StaffId};

/// A pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pupil {
    /// The record.
    pub id: PupilId,
    /// The human being, across schools.
    pub person: PersonId,
    /// Unique pupil number.
    pub upn: Option<String>,
    /// The school's own number for the pupil.
    pub admission_number: Option<String>,
    /// Surname for statutory output.
    pub legal_surname: String,
    /// Forename for statutory output.
    pub legal_forename: String,
    /// Middle names, perhaps empty.
    pub middle_names: String,
    /// Surname used at the school.
    pub surname: String,
    /// Forename used at the school.
    pub forename: String,
    /// `M`, `F` or not known.
    pub sex: Option<String>,
    /// Day of birth.
    pub birth_day: Day,
    /// The names used and the names in law, without accents and in lower case, surname first: for finding.
    pub folded: String,
    /// The pupil's number among all pupils by surname, then forename, as used: the order of every list of pupils.
    pub in_order: u32,
}

impl Pupil {
    /// As lists have it: `Cole, Tyler`.
    pub fn listed(&self) -> String {
        format!("{}, {}", self.surname, self.forename)
    }

    /// As people say it: `Tyler Cole`.
    pub fn called(&self) -> String {
        format!("{} {}", self.forename, self.surname)
    }
}

/// A pupil's time on roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The record, to which marks belong.
    pub id: EnrolmentId,
    /// The pupil.
    pub pupil: PupilId,
    /// `C` single, `M` main of two schools, `S` subsidiary of two, `G` guest.
    pub kind: String,
    /// The first day on roll.
    pub starting_day: Day,
    /// The last day on roll, if it is settled.
    pub leaving_day: Option<Day>,
    /// First and last days of each time during which the pupil boards; the last is open while that goes on.
    pub boards: Vec<(Day, Option<Day>)>,
}

impl Enrolment {
    /// Whether the pupil is on roll on this day: in the admission register.
    pub fn covers(&self, day: Day) -> bool {
        self.starting_day <= day && self.leaving_day.is_none_or(|last| day <= last)
    }

    /// The first and last day of the time during which the pupil boards, if this day lies in one.
    pub fn boarding_on(&self, day: Day) -> Option<(Day, Option<Day>)> {
        let mut boards = self.boards.iter().copied();
        boards.find(|(from, to)| holds(*from, *to, day))
    }

    /// Whether the pupil is marked in the attendance register on this day, and if not, why.
    pub fn marked_on(&self, day: Day) -> Result<(), NotMarked> {
        marked(
            self.starting_day,
            self.leaving_day,
            self.boarding_on(day).is_some(),
            day,
        )
    }
}

/// Pupils and their times on roll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// In order of id.
    pub pupils: Vec<Pupil>,
    /// In order of id: the place of an enrolment here is its row in every year's marks.
    pub enrolments: Vec<Enrolment>,
    /// Rows by pupil, and those of one pupil earliest first.
    by_pupil: Vec<usize>,
}

impl Roll {
    fn new(
        mut pupils: Vec<Pupil>,
        mut enrolments: Vec<Enrolment>,
        characteristics: &Characteristics,
    ) -> Roll {
        let mut in_order: Vec<usize> = (0..pupils.len()).collect();
        in_order.sort_by_cached_key(|place| {
            let pupil = &pupils[*place];
            (fold(&pupil.surname), fold(&pupil.forename), pupil.id)
        });
        for (number, place) in in_order.into_iter().enumerate() {
            pupils[place].in_order = number as u32;
        }
        let mut by_pupil: Vec<usize> = (0..enrolments.len()).collect();
        by_pupil.sort_by_key(|row| (enrolments[*row].pupil, enrolments[*row].starting_day));
        for one in characteristics.boarding() {
            for row in own_rows(&by_pupil, &enrolments, one.pupil) {
                enrolments[*row].boards.push((one.from, one.to));
            }
        }
        Roll {
            pupils,
            enrolments,
            by_pupil,
        }
    }

    /// The pupil with this id.
    pub fn pupil(&self, id: PupilId) -> Option<&Pupil> {
        let at = self
            .pupils
            .binary_search_by_key(&id, |pupil| pupil.id)
            .ok()?;
        self.pupils.get(at)
    }

    /// The row of this time on roll.
    pub fn row(&self, id: EnrolmentId) -> Option<usize> {
        self.enrolments
            .binary_search_by_key(&id, |enrolment| enrolment.id)
            .ok()
    }

    /// The pupil of this row.
    pub fn pupil_of_row(&self, row: usize) -> Option<&Pupil> {
        self.pupil(self.enrolments.get(row)?.pupil)
    }

    /// The rows of a pupil's times on roll, earliest first.
    pub fn rows_of(&self, pupil: PupilId) -> &[usize] {
        own_rows(&self.by_pupil, &self.enrolments, pupil)
    }

    /// The rows on roll on this day.
    pub fn rows_on(&self, day: Day) -> impl Iterator<Item = usize> + '_ {
        (0..self.enrolments.len()).filter(move |row| self.enrolments[*row].covers(day))
    }
}

/// The rows of one pupil among rows in order of pupil.
fn own_rows<'r>(by_pupil: &'r [usize], enrolments: &[Enrolment], pupil: PupilId) -> &'r [usize] {
    let of = |row: &usize| enrolments[*row].pupil;
    let first = by_pupil.partition_point(|row| of(row) < pupil);
    let after = by_pupil.partition_point(|row| of(row) <= pupil);
    &by_pupil[first..after]
}

/// What a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    /// Year group.
    Year,
    /// House.
    House,
    /// Tutor group: takes the session registers.
    Tutor,
    /// Teaching class.
    Class,
}

impl GroupKind {
    /// Every kind, widest first.
    pub const ALL: [GroupKind; 4] = [
        GroupKind::Year,
        GroupKind::House,
        GroupKind::Tutor,
        GroupKind::Class,
    ];

    /// The word in the database.
    pub fn key(self) -> &'static str {
        match self {
            GroupKind::Year => "year",
            GroupKind::House => "house",
            GroupKind::Tutor => "tutor",
            GroupKind::Class => "class",
        }
    }

    /// In the words that staff use.
    pub fn label(self) -> &'static str {
        match self {
            GroupKind::Year => "Year group",
            GroupKind::House => "House",
            GroupKind::Tutor => "Tutor group",
            GroupKind::Class => "Class",
        }
    }

    /// The kind with this word.
    pub fn from_key(key: &str) -> Option<GroupKind> {
        GroupKind::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// A group of pupils.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The record.
    pub id: GroupId,
    /// What it is.
    pub kind: GroupKind,
    /// Its name: `8C`, `10B/Ma3`, `Year 8`.
    pub name: String,
    /// What is taught, for a class.
    pub subject: Option<String>,
    /// Where it usually meets.
    pub room: Option<String>,
    /// The school year it lasts for, by its first calendar year; none if it goes on.
    pub first_year: Option<i64>,
}

/// That a time on roll belongs to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The first day.
    pub from: Day,
    /// The last day, if it is settled.
    pub to: Option<Day>,
}

/// That a member of staff tutors, teaches or heads a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// The group.
    pub group: GroupId,
    /// The member of staff.
    pub staff: StaffId,
    /// `tutor`, `teacher` or `head`.
    pub duty: String,
    /// The first day.
    pub from: Day,
    /// The last day, if it is settled.
    pub to: Option<Day>,
}

pub(super) fn holds(from: Day, to: Option<Day>, day: Day) -> bool {
    from <= day && to.is_none_or(|last| day <= last)
}

impl Membership {
    /// Whether it holds on this day.
    pub fn covers(&self, day: Day) -> bool {
        holds(self.from, self.to, day)
    }
}

impl Duty {
    /// Whether it holds on this day.
    pub fn covers(&self, day: Day) -> bool {
        holds(self.from, self.to, day)
    }
}

/// Groups, who is in them and who has a duty for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// In order of id.
    pub groups: Vec<Group>,
    /// In order of group, then enrolment.
    pub memberships: Vec<Membership>,
    /// In order of group.
    pub duties: Vec<Duty>,
    /// Places in `memberships` by enrolment.
    by_enrolment: HashMap<EnrolmentId, Vec<usize>>,
}

impl Groups {
    fn new(groups: Vec<Group>, memberships: Vec<Membership>, duties: Vec<Duty>) -> Groups {
        let mut by_enrolment: HashMap<EnrolmentId, Vec<usize>> = HashMap::new();
        for (place, membership) in memberships.iter().enumerate() {
            by_enrolment
                .entry(membership.enrolment)
                .or_default()
                .push(place);
        }
        Groups {
            groups,
            memberships,
            duties,
            by_enrolment,
        }
    }

    /// The group with this id.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        let at = self
            .groups
            .binary_search_by_key(&id, |group| group.id)
            .ok()?;
        self.groups.get(at)
    }

    /// Who belongs to the group on this day.
    pub fn members(&self, group: GroupId, day: Day) -> impl Iterator<Item = EnrolmentId> + '_ {
        let first = self
            .memberships
            .partition_point(|membership| membership.group < group);
        self.memberships[first..]
            .iter()
            .take_while(move |membership| membership.group == group)
            .filter(move |membership| membership.covers(day))
            .map(|membership| membership.enrolment)
    }

    /// The groups that a time on roll belongs to on this day.
    pub fn of(&self, enrolment: EnrolmentId, day: Day) -> impl Iterator<Item = &Group> + '_ {
        self.by_enrolment
            .get(&enrolment)
            .into_iter()
            .flatten()
            .map(|place| &self.memberships[*place])
            .filter(move |membership| membership.covers(day))
            .filter_map(|membership| self.group(membership.group))
    }

    /// The group of this kind that a time on roll belongs to on this day: its year, house or tutor group.
    pub fn of_kind(&self, enrolment: EnrolmentId, kind: GroupKind, day: Day) -> Option<&Group> {
        self.of(enrolment, day).find(|group| group.kind == kind)
    }

    /// Who has a duty for the group on this day.
    pub fn staff(&self, group: GroupId, day: Day) -> impl Iterator<Item = &Duty> + '_ {
        self.duties
            .iter()
            .filter(move |duty| duty.group == group && duty.covers(day))
    }

    /// The duties of a member of staff on this day.
    pub fn duties_of(&self, staff: StaffId, day: Day) -> impl Iterator<Item = &Duty> + '_ {
        self.duties
            .iter()
            .filter(move |duty| duty.staff == staff && duty.covers(day))
    }
}

/// A dated characteristic of a pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Characteristic {
    /// The pupil.
    pub pupil: PupilId,
    /// What it is: `fsm`, `sen`, `eal` and so on, as the schema lists them.
    pub kind: String,
    /// Its value: `yes`, or a code such as `K`.
    pub value: String,
    /// The first day.
    pub from: Day,
    /// The last day, if it is settled.
    pub to: Option<Day>,
}

/// The kind of characteristic that says whether a pupil boards: `yes` or `no`.
pub const BOARDS: &str = "boards";

/// Dated characteristics of all pupils.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Characteristics {
    /// In order of pupil.
    rows: Vec<Characteristic>,
}

impl Characteristics {
    /// Everything ever recorded of a pupil, oldest first.
    pub fn of(&self, pupil: PupilId) -> &[Characteristic] {
        let first = self.rows.partition_point(|row| row.pupil < pupil);
        let after = self.rows.partition_point(|row| row.pupil <= pupil);
        &self.rows[first..after]
    }

    /// The value of this kind for a pupil on this day, if there is one.
    pub fn on(&self, pupil: PupilId, kind: &str, day: Day) -> Option<&str> {
        self.of(pupil)
            .iter()
            .rev()
            .find(|row| row.kind == kind && holds(row.from, row.to, day))
            .map(|row| row.value.as_str())
    }

    /// Every time during which a pupil boards, in order of pupil.
    pub fn boarding(&self) -> impl Iterator<Item = &Characteristic> {
        self.rows
            .iter()
            .filter(|row| row.kind == BOARDS && row.value == "yes")
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffMember {
    /// The record.
    pub id: StaffId,
    /// The timetable code.
    pub code: Option<String>,
    /// Title, forename, surname in one: `Mrs A Patel`.
    pub name: String,
    /// The surname alone, for narrow places.
    pub surname: String,
    /// The account they sign in with.
    pub account: Option<AccountId>,
    /// The last day of work, if it is settled.
    pub leaving_day: Option<Day>,
}

/// Members of staff.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staff {
    /// In order of id.
    pub members: Vec<StaffMember>,
}

impl Staff {
    /// The member of staff with this id.
    pub fn member(&self, id: StaffId) -> Option<&StaffMember> {
        let at = self.members.binary_search_by_key(&id, |one| one.id).ok()?;
        self.members.get(at)
    }

    /// The member of staff who signs in with this account.
    pub fn with_account(&self, account: AccountId) -> Option<&StaffMember> {
        self.members.iter().find(|one| one.account == Some(account))
    }
}

/// A text in lower case and without accents, so that `Zoë` is found by `zoe`.
pub fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ł' => 'l',
            'ø' => 'o',
            'đ' => 'd',
            '’' => '\'',
            other => other,
        })
        .collect()
}

const PUPILS: &str = "\
select pupil_id, person_id, upn, admission_number, legal_surname, legal_forename, middle_names, surname, forename, sex, birth_day
from pupil where school_id = $1 and superseded_seq is null order by pupil_id";

const ENROLMENTS: &str = "\
select enrolment_id, pupil_id, kind, starting_day, leaving_day
from enrolment where school_id = $1 and superseded_seq is null order by enrolment_id";

const GROUPS: &str = "\
select group_id, kind, name, subject, room, first_year
from pupil_group where school_id = $1 and superseded_seq is null order by group_id";

const MEMBERSHIPS: &str = "\
select group_id, enrolment_id, from_day, to_day
from membership where school_id = $1 and superseded_seq is null order by group_id, enrolment_id, from_day";

const DUTIES: &str = "\
select group_id, staff_id, duty, from_day, to_day
from group_staff where school_id = $1 and superseded_seq is null order by group_id, staff_id";

const CHARACTERISTICS: &str = "\
select pupil_id, kind, value, from_day, to_day
from characteristic where school_id = $1 and superseded_seq is null order by pupil_id, from_day";

const STAFF: &str = "\
select staff_id, code, title, forename, surname, account_id, leaving_day
from staff where school_id = $1 and superseded_seq is null order by staff_id";

pub(super) fn read_roll(
    tx: &mut Tx,
    school: SchoolId,
    characteristics: &Characteristics,
) -> Result<Roll, StoreError> {
    let pupils = tx.query(PUPILS, &args![school], |row| {
        let surname: String = row.get(7)?;
        let forename: String = row.get(8)?;
        let (legal_surname, legal_forename): (String, String) = (row.get(4)?, row.get(5)?);
        let folded = fold(&format!(
            "{surname} {forename} {legal_surname} {legal_forename}"
        ));
        Ok(Pupil {
            id: PupilId(row.get(0)?),
            person: PersonId(row.get(1)?),
            upn: row.get(2)?,
            admission_number: row.get(3)?,
            legal_surname,
            legal_forename,
            middle_names: row.get(6)?,
            surname,
            forename,
            sex: row.get(9)?,
            birth_day: row.get(10)?,
            folded,
            in_order: 0,
        })
    })?;
    let enrolments = tx.query(ENROLMENTS, &args![school], |row| {
        Ok(Enrolment {
            id: EnrolmentId(row.get(0)?),
            pupil: PupilId(row.get(1)?),
            kind: row.get(2)?,
            starting_day: row.get(3)?,
            leaving_day: row.get(4)?,
            boards: Vec::new(),
        })
    })?;
    Ok(Roll::new(pupils, enrolments, characteristics))
}

pub(super) fn read_groups(tx: &mut Tx, school: SchoolId) -> Result<Groups, StoreError> {
    let groups = tx.query(GROUPS, &args![school], |row| {
        Ok(Group {
            id: GroupId(row.get(0)?),
            kind: GroupKind::from_key(&row.get::<String>(1)?).unwrap_or(GroupKind::Class),
            name: row.get(2)?,
            subject: row.get(3)?,
            room: row.get(4)?,
            first_year: row.get(5)?,
        })
    })?;
    let memberships = tx.query(MEMBERSHIPS, &args![school], |row| {
        Ok(Membership {
            group: GroupId(row.get(0)?),
            enrolment: EnrolmentId(row.get(1)?),
            from: row.get(2)?,
            to: row.get(3)?,
        })
    })?;
    let duties = tx.query(DUTIES, &args![school], |row| {
        Ok(Duty {
            group: GroupId(row.get(0)?),
            staff: StaffId(row.get(1)?),
            duty: row.get(2)?,
            from: row.get(3)?,
            to: row.get(4)?,
        })
    })?;
    Ok(Groups::new(groups, memberships, duties))
}

pub(super) fn read_characteristics(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<Characteristics, StoreError> {
    let rows = tx.query(CHARACTERISTICS, &args![school], |row| {
        Ok(Characteristic {
            pupil: PupilId(row.get(0)?),
            kind: row.get(1)?,
            value: row.get(2)?,
            from: row.get(3)?,
            to: row.get(4)?,
        })
    })?;
    Ok(Characteristics { rows })
}

pub(super) fn read_staff(tx: &mut Tx, school: SchoolId) -> Result<Staff, StoreError> {
    let members = tx.query(STAFF, &args![school], |row| {
        let title: String = row.get(2)?;
        let forename: String = row.get(3)?;
        let surname: String = row.get(4)?;
        Ok(StaffMember {
            id: StaffId(row.get(0)?),
            code: row.get(1)?,
            name: [title.as_str(), forename.as_str(), surname.as_str()]
                .join(" ")
                .trim()
                .to_owned(),
            surname,
            account: row.get::<Option<i64>>(5)?.map(AccountId),
            leaving_day: row.get(6)?,
        })
    })?;
    Ok(Staff { members })
}
