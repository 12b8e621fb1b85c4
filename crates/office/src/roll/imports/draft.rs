//! The roll as rows that a plan may change: read whole, changed in memory, written in one act.
//!
//! A record that the import makes has a key of its own until the act gives it a number.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use calendar::Day;
use sha2::{Digest, Sha256};
use store::{Act, Arg, Row, SchoolId, StoreError, Table, Tx, args};

use super::records::PRIOR_ATTENDANCE;
use super::settle::{self, Decisions};
use crate::book::fold;
use crate::registers::records::{EXAM, EXAM_ROOM, EXAM_SEAT, LESSON_COVER};
use crate::roll::records::{
    ADDRESS, CHARACTERISTIC, CONTACT, CONTACT_ROUTE, ENROLMENT, GROUP_STAFF, MEMBERSHIP, POST,
    PUPIL, PUPIL_CONTACT, PUPIL_GROUP, RESIDENCE, SOURCE_LINK, STAFF,
};
use crate::year::records::{DAY_EXCEPTION, TERM};
use crate::year::timetable::records::{LESSON, LESSON_PERIOD, LESSON_STAFF, OFF_TIMETABLE, ROOM};

/// The key of a record: one that the school has, or one that this import makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The number that the school knows it by.
    Known(i64),
    /// The so-manieth that this import makes.
    New(u32),
    /// The so-manieth person that the directory is to know.
    Person(u32),
}

impl Key {
    /// The number that the school knows it by, if it does already.
    pub fn known(self) -> Option<i64> {
        match self {
            Key::Known(id) => Some(id),
            Key::New(_) | Key::Person(_) => None,
        }
    }
}

/// The numbers that an act gave to new records, and the directory to new persons.
#[derive(Default)]
pub struct Numbers {
    /// By the place in [`Key::New`].
    pub records: Vec<i64>,
    /// By the place in [`Key::Person`].
    pub persons: Vec<i64>,
}

/// A value of a row, as it is read and as it is written.
trait Cell: Sized {
    fn read(row: &Row<'_>, at: usize) -> Result<Self, StoreError>;
    fn arg(&self, numbers: &Numbers) -> Arg<'_>;
}

macro_rules! plain_cells {
    ($($kind:ty),+) => {$(
        impl Cell for $kind {
            fn read(row: &Row<'_>, at: usize) -> Result<Self, StoreError> { row.get(at) }
            fn arg(&self, _: &Numbers) -> Arg<'_> { Arg::from(*self) }
        }
    )+};
}

plain_cells!(bool, Option<bool>, i64, Option<i64>, Day, Option<Day>);

impl Cell for String {
    fn read(row: &Row<'_>, at: usize) -> Result<Self, StoreError> {
        row.get(at)
    }
    fn arg(&self, _: &Numbers) -> Arg<'_> {
        Arg::from(self.as_str())
    }
}

impl Cell for Option<String> {
    fn read(row: &Row<'_>, at: usize) -> Result<Self, StoreError> {
        row.get(at)
    }
    fn arg(&self, _: &Numbers) -> Arg<'_> {
        Arg::from(self.as_deref())
    }
}

impl Cell for Key {
    fn read(row: &Row<'_>, at: usize) -> Result<Self, StoreError> {
        row.get(at).map(Key::Known)
    }
    fn arg(&self, numbers: &Numbers) -> Arg<'_> {
        Arg::Int(match *self {
            Key::Known(id) => id,
            Key::New(place) => numbers.records[place as usize],
            Key::Person(place) => numbers.persons[place as usize],
        })
    }
}

impl Cell for Option<Key> {
    fn read(row: &Row<'_>, at: usize) -> Result<Self, StoreError> {
        let id: Option<i64> = row.get(at)?;
        Ok(id.map(Key::Known))
    }
    fn arg(&self, numbers: &Numbers) -> Arg<'_> {
        match self {
            Some(Key::Known(id)) => Arg::Int(*id),
            Some(Key::New(place)) => Arg::Int(numbers.records[*place as usize]),
            Some(Key::Person(place)) => Arg::Int(numbers.persons[*place as usize]),
            None => Arg::Null,
        }
    }
}

/// A row of a journalled table.
pub(super) trait Stored: Clone + PartialEq + Debug {
    /// The table.
    fn table() -> &'static Table;
    /// The statement that reads its current rows.
    const CURRENT: &'static str;
    /// The statement that reads the versions that an act recorded or superseded: their columns, who recorded and who
    /// superseded them.
    const TOUCHED: &'static str;
    /// From a row of these statements.
    fn read(row: &Row<'_>) -> Result<Self, StoreError>;
    /// Id and columns in the order of the table.
    fn args<'a>(&'a self, numbers: &Numbers) -> Vec<Arg<'a>>;
}

macro_rules! stored {
    ($(#[$doc:meta])* $name:ident of $table:literal $static:ident { $($column:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(super) struct $name { $(pub $column: $kind,)+ }

        impl Stored for $name {
            fn table() -> &'static Table { &$static }
            const CURRENT: &'static str = concat!(
                "select ", $(stringify!($column), ", ",)+ "0 from ", $table,
                " where school_id = $1 and superseded_seq is null order by 1, 2"
            );
            const TOUCHED: &'static str = concat!(
                "select ", $(stringify!($column), ", ",)+ "seq, superseded_seq from ", $table,
                " where school_id = $1 and (seq = $2 or superseded_seq = $2) order by 1, 2"
            );
            fn read(row: &Row<'_>) -> Result<Self, StoreError> {
                let mut at = 0..;
                let mut next = || at.next().unwrap_or_default();
                Ok($name { $($column: Cell::read(row, next())?,)+ })
            }
            fn args<'a>(&'a self, numbers: &Numbers) -> Vec<Arg<'a>> {
                vec![$(Cell::arg(&self.$column, numbers),)+]
            }
        }
    };
}

stored! {
    /// A pupil.
    PupilRow of "pupil" PUPIL {
        pupil_id: Key, person_id: Key, upn: Option<String>, former_upn: Option<String>, uln: Option<String>,
        admission_number: Option<String>, legal_surname: String, legal_forename: String, middle_names: String,
        surname: String, forename: String, sex: Option<String>, birth_day: Day,
    }
}
stored! {
    /// What another system calls a record.
    LinkRow of "source_link" SOURCE_LINK {
        source: String, record_kind: String, source_key: String, record_id: Key,
    }
}
stored! {
    /// A time on roll.
    EnrolmentRow of "enrolment" ENROLMENT {
        enrolment_id: Key, pupil_id: Key, kind: String, starting_day: Day, agreed_with: Option<String>,
        leaving_day: Option<Day>, deletion_ground: Option<String>, last_school: Option<String>,
        last_school_address: Option<String>, next_school: Option<String>,
    }
}
stored! {
    /// A group.
    GroupRow of "pupil_group" PUPIL_GROUP {
        group_id: Key, kind: String, name: String, subject: Option<String>, room: Option<String>, first_year: Option<i64>,
    }
}
stored! {
    /// That a time on roll belongs to a group.
    MembershipRow of "membership" MEMBERSHIP {
        membership_id: Key, group_id: Key, enrolment_id: Key, from_day: Day, to_day: Option<Day>,
    }
}
stored! {
    /// A dated characteristic.
    CharacteristicRow of "characteristic" CHARACTERISTIC {
        characteristic_id: Key, pupil_id: Key, kind: String, value: String, from_day: Day, to_day: Option<Day>,
    }
}
stored! {
    /// A contact as a person.
    ContactRow of "contact" CONTACT {
        contact_id: Key, title: String, forename: String, surname: String, language: Option<String>, interpreter: bool,
        do_not_contact: bool,
    }
}
stored! {
    /// A telephone number or e-mail address.
    RouteRow of "contact_route" CONTACT_ROUTE {
        route_id: Key, contact_id: Key, kind: String, given: String, value: Option<String>,
    }
}
stored! {
    /// What a contact is to a pupil.
    TieRow of "pupil_contact" PUPIL_CONTACT {
        pupil_id: Key, contact_id: Key, priority: Option<i64>, relationship: String, parental_responsibility: Option<bool>,
        lives_with: Option<bool>, may_collect: Option<bool>, court_order: bool, court_order_text: Option<String>,
        correspondence: bool, no_automatic_messages: bool,
    }
}
stored! {
    /// An address.
    AddressRow of "address" ADDRESS {
        address_id: Key, line_1: String, line_2: String, town: String, county: String, postcode: String, uprn: Option<String>,
    }
}
stored! {
    /// Who lives where.
    ResidenceRow of "residence" RESIDENCE {
        residence_id: Key, party: String, party_id: Key, address_id: Key, from_day: Option<Day>, to_day: Option<Day>,
    }
}
stored! {
    /// A member of staff.
    StaffRow of "staff" STAFF {
        staff_id: Key, code: Option<String>, title: String, forename: String, surname: String, email: Option<String>,
        account_id: Option<i64>, starting_day: Option<Day>, leaving_day: Option<Day>,
    }
}
stored! {
    /// A job title and its days.
    PostRow of "post" POST {
        post_id: Key, staff_id: Key, job_title: String, from_day: Day, to_day: Option<Day>,
    }
}
stored! {
    /// A duty of a member of staff for a group.
    DutyRow of "group_staff" GROUP_STAFF {
        group_staff_id: Key, group_id: Key, staff_id: Key, duty: String, from_day: Day, to_day: Option<Day>,
    }
}
stored! {
    /// Attendance at another school.
    PriorRow of "prior_attendance" PRIOR_ATTENDANCE {
        prior_id: Key, pupil_id: Key, first_year: Option<i64>, school: Option<String>, school_name: Option<String>,
        possible: Option<i64>, attended: Option<i64>, authorised: Option<i64>, unauthorised: Option<i64>,
        marks_from: Option<Day>, marks: String,
    }
}

stored! {
    /// An entry of a period of the timetable.
    PeriodRow of "lesson_period" LESSON_PERIOD {
        period_id: Key, from_day: Day, to_day: Option<Day>, name: String, session: Option<i64>, starts: String, ends: String,
    }
}
stored! {
    /// A room.
    RoomRow of "room" ROOM {
        room_id: Key, name: String,
    }
}
stored! {
    /// A lesson of the timetable.
    LessonRow of "lesson" LESSON {
        lesson_id: Key, group_id: Key, room_id: Option<Key>, week: Option<i64>, weekday: i64, period_id: Key, from_day: Day,
        to_day: Option<Day>,
    }
}
stored! {
    /// Who teaches a lesson.
    LessonStaffRow of "lesson_staff" LESSON_STAFF {
        lesson_id: Key, staff_id: Key, place: i64,
    }
}

stored! {
    /// Who covers one lesson on one day.
    CoverRow of "lesson_cover" LESSON_COVER {
        group_id: Key, on_date: Day, period_id: Key, staff_id: Key,
    }
}
stored! {
    /// What runs instead of lessons.
    OffRow of "off_timetable" OFF_TIMETABLE {
        off_id: Key, from_day: Day, to_day: Day, group_id: Option<Key>, period_id: Option<Key>, what: String,
    }
}
stored! {
    /// A sitting of an examination.
    ExamRow of "exam" EXAM {
        exam_id: Key, on_date: Day, title: String, starts: String, ends: String,
    }
}
stored! {
    /// A room of a sitting.
    ExamRoomRow of "exam_room" EXAM_ROOM {
        exam_id: Key, room_id: Key, staff_id: Option<Key>,
    }
}
stored! {
    /// A candidate's seat.
    SeatRow of "exam_seat" EXAM_SEAT {
        exam_id: Key, enrolment_id: Key, room_id: Key, seat: i64,
    }
}

stored! {
    /// A half-term.
    TermRow of "term" TERM {
        term_id: Key, first_year: i64, name: String, first_day: Day, last_day: Day,
    }
}
stored! {
    /// A day that is not as the terms would have it.
    DayRow of "day_exception" DAY_EXCEPTION {
        on_date: Day, kind: String, reason: String,
    }
}

impl AddressRow {
    /// The address without accents and capitals, to find it by.
    pub(super) fn folded(&self) -> String {
        let uprn = self.uprn.as_deref().unwrap_or_default();
        let parts = [
            &self.line_1,
            &self.line_2,
            &self.town,
            &self.county,
            &self.postcode,
        ];
        format!("{}\n{uprn}", fold(&parts.map(String::as_str).join("\n")))
    }
}

/// What the plan does with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    Changed,
    New,
    Ended,
}

/// The rows of one table.
#[derive(Clone, Debug)]
pub(super) struct Rows<T> {
    rows: Vec<T>,
    fates: Vec<Fate>,
    touches: u64,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows {
            rows: Vec::new(),
            fates: Vec::new(),
            touches: 0,
        }
    }
}

impl<T: Stored> Rows<T> {
    pub(super) fn read(tx: &mut Tx, school: SchoolId) -> Result<Rows<T>, StoreError> {
        let rows = tx.query(T::CURRENT, &args![school], T::read)?;
        Ok(Rows {
            fates: vec![Fate::Kept; rows.len()],
            rows,
            touches: 0,
        })
    }

    /// Every row that is not ended, with its place.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &T)> {
        let living = |(at, _): &(usize, &T)| self.fates[*at] != Fate::Ended;
        self.rows.iter().enumerate().filter(living)
    }

    pub(super) fn get(&self, at: usize) -> &T {
        &self.rows[at]
    }

    pub(super) fn is_ended(&self, at: usize) -> bool {
        self.fates[at] == Fate::Ended
    }

    /// Whether this import makes the row.
    pub(super) fn is_new(&self, at: usize) -> bool {
        self.fates[at] == Fate::New
    }

    pub(super) fn push(&mut self, row: T) -> usize {
        self.rows.push(row);
        self.fates.push(Fate::New);
        self.touches += 1;
        self.rows.len() - 1
    }

    /// Changes a row; nothing happens when it is the same afterwards.
    pub(super) fn change(&mut self, at: usize, change: impl FnOnce(&mut T)) {
        let mut row = self.rows[at].clone();
        change(&mut row);
        if row == self.rows[at] {
            return;
        }
        self.rows[at] = row;
        self.touches += 1;
        if self.fates[at] == Fate::Kept {
            self.fates[at] = Fate::Changed;
        }
    }

    /// Ends a row: it has no current version any more.
    pub(super) fn end(&mut self, at: usize) {
        self.fates[at] = Fate::Ended;
        self.touches += 1;
    }

    /// Takes back what an act did to these rows: what it made goes, what it changed or ended is as it was.
    ///
    /// Answers the numbers of later acts that touched the same rows; such rows stay. 0 stands for one that is not known.
    pub(super) fn take_back(
        &mut self,
        tx: &mut Tx,
        school: SchoolId,
        seq: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let columns = T::table().id.len() + T::table().columns.len();
        let touched = tx.query(T::TOUCHED, &args![school, seq], |row| {
            let (recorded_by, superseded_by) = (row.get(columns)?, row.get(columns + 1)?);
            Ok((T::read(row)?, recorded_by, superseded_by))
        })?;
        let places: HashMap<String, usize> = self.each().map(|(at, row)| (id(row), at)).collect();
        let mut before = HashMap::new();
        let mut recorded = Vec::new();
        for (row, recorded_by, superseded_by) in touched {
            let (recorded_by, superseded_by): (i64, Option<i64>) = (recorded_by, superseded_by);
            if recorded_by == seq {
                recorded.push((id(&row), superseded_by));
            } else {
                before.insert(id(&row), row);
            }
        }
        let mut since = Vec::new();
        for (id, later) in recorded {
            let old = before.remove(&id);
            match (later, places.get(&id)) {
                (Some(later), _) => since.push(later),
                (None, None) => since.push(0),
                (None, Some(at)) => match old {
                    Some(old) => self.change(*at, |row| *row = old),
                    None => self.end(*at),
                },
            }
        }
        let mut ended: Vec<(String, T)> = before.into_iter().collect();
        ended.sort_by(|a, b| a.0.cmp(&b.0));
        for (id, old) in ended {
            if places.contains_key(&id) {
                since.push(0);
            } else {
                self.push(old);
            }
        }
        Ok(since)
    }

    /// How many rows the plan ends, and how many it changes or brings back.
    pub(super) fn tally(&self) -> (u32, u32) {
        let count = |fate| self.of(fate).count() as u32;
        (count(Fate::Ended), count(Fate::Changed) + count(Fate::New))
    }

    /// The rows that the plan ends.
    pub(super) fn ended(&self) -> impl Iterator<Item = &T> {
        self.of(Fate::Ended)
    }

    fn of(&self, fate: Fate) -> impl Iterator<Item = &T> {
        self.rows
            .iter()
            .zip(&self.fates)
            .filter(move |(_, own)| **own == fate)
            .map(|(row, _)| row)
    }

    pub(super) fn write(&self, act: &mut Act, numbers: &Numbers) -> Result<(), StoreError> {
        let table = T::table();
        act.record_many(table, self.of(Fate::New).map(|row| row.args(numbers)))?;
        for row in self.of(Fate::Changed) {
            act.replace(table, &row.args(numbers))?;
        }
        for row in self.of(Fate::Ended) {
            let values = row.args(numbers);
            act.supersede(table, &values[..table.id.len()])?;
        }
        Ok(())
    }

    pub(super) fn tell(&self, hasher: &mut Sha256) {
        for (row, fate) in self.rows.iter().zip(&self.fates) {
            if *fate != Fate::Kept {
                hasher.update(format!("{fate:?}{row:?}"));
            }
        }
    }
}

/// What tells a row that is known already from every other of its table.
fn id<T: Stored>(row: &T) -> String {
    let values = row.args(&Numbers::default());
    format!("{:?}", &values[..T::table().id.len()])
}

/// Places of rows by a key.
pub(super) type Index<K> = HashMap<K, Vec<usize>>;

fn index<T: Stored, K: Eq + Hash>(rows: &Rows<T>, key: impl Fn(&T) -> Option<K>) -> Index<K> {
    let mut index: Index<K> = HashMap::new();
    for (at, row) in rows.each() {
        if let Some(key) = key(row) {
            index.entry(key).or_default().push(at);
        }
    }
    index
}

/// A new person for the directory: the UPN by which another school may know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPerson {
    /// The unique pupil number, if there is one.
    pub upn: Option<String>,
}

/// The roll of one school while a plan is made.
#[derive(Default)]
pub(super) struct Draft {
    pub pupils: Rows<PupilRow>,
    pub links: Rows<LinkRow>,
    pub enrolments: Rows<EnrolmentRow>,
    pub groups: Rows<GroupRow>,
    pub memberships: Rows<MembershipRow>,
    pub characteristics: Rows<CharacteristicRow>,
    pub contacts: Rows<ContactRow>,
    pub routes: Rows<RouteRow>,
    pub ties: Rows<TieRow>,
    pub addresses: Rows<AddressRow>,
    pub residences: Rows<ResidenceRow>,
    pub staff: Rows<StaffRow>,
    pub posts: Rows<PostRow>,
    pub duties: Rows<DutyRow>,
    pub priors: Rows<PriorRow>,
    pub periods: Rows<PeriodRow>,
    pub rooms: Rows<RoomRow>,
    pub lessons: Rows<LessonRow>,
    pub lesson_staff: Rows<LessonStaffRow>,
    pub covers: Rows<CoverRow>,
    pub off: Rows<OffRow>,
    pub exams: Rows<ExamRow>,
    pub exam_rooms: Rows<ExamRoomRow>,
    pub seats: Rows<SeatRow>,
    pub persons: Vec<NewPerson>,
    /// What people decided of records that no identifier could place.
    pub settled: Decisions,
    pub pupil_at: HashMap<Key, usize>,
    pub by_upn: Index<String>,
    pub by_former_upn: Index<String>,
    pub by_admission: Index<String>,
    pub by_bare_admission: Index<String>,
    pub by_link: HashMap<(String, String, String), Key>,
    pub enrolments_of: Index<Key>,
    pub memberships_of: Index<Key>,
    pub characteristics_of: Index<Key>,
    pub ties_of: Index<Key>,
    pub routes_of: Index<Key>,
    pub residences_of: Index<(String, Key)>,
    pub contact_at: HashMap<Key, usize>,
    pub by_address: HashMap<String, Key>,
    pub by_route: Index<String>,
    new: u32,
}

macro_rules! every_table {
    ($draft:expr, $rows:ident => $body:expr) => {{
        let draft = $draft;
        {
            let $rows = &draft.pupils;
            $body
        }
        {
            let $rows = &draft.links;
            $body
        }
        {
            let $rows = &draft.enrolments;
            $body
        }
        {
            let $rows = &draft.groups;
            $body
        }
        {
            let $rows = &draft.memberships;
            $body
        }
        {
            let $rows = &draft.characteristics;
            $body
        }
        {
            let $rows = &draft.contacts;
            $body
        }
        {
            let $rows = &draft.routes;
            $body
        }
        {
            let $rows = &draft.ties;
            $body
        }
        {
            let $rows = &draft.addresses;
            $body
        }
        {
            let $rows = &draft.residences;
            $body
        }
        {
            let $rows = &draft.staff;
            $body
        }
        {
            let $rows = &draft.posts;
            $body
        }
        {
            let $rows = &draft.duties;
            $body
        }
        {
            let $rows = &draft.priors;
            $body
        }
        {
            let $rows = &draft.periods;
            $body
        }
        {
            let $rows = &draft.rooms;
            $body
        }
        {
            let $rows = &draft.lessons;
            $body
        }
        {
            let $rows = &draft.lesson_staff;
            $body
        }
        {
            let $rows = &draft.covers;
            $body
        }
        {
            let $rows = &draft.off;
            $body
        }
        {
            let $rows = &draft.exams;
            $body
        }
        {
            let $rows = &draft.exam_rooms;
            $body
        }
        {
            let $rows = &draft.seats;
            $body
        }
    }};
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    PupilRow::CURRENT,
    LinkRow::CURRENT,
    EnrolmentRow::CURRENT,
    GroupRow::CURRENT,
    MembershipRow::CURRENT,
    CharacteristicRow::CURRENT,
    ContactRow::CURRENT,
    RouteRow::CURRENT,
    TieRow::CURRENT,
    AddressRow::CURRENT,
    ResidenceRow::CURRENT,
    StaffRow::CURRENT,
    PostRow::CURRENT,
    DutyRow::CURRENT,
    PriorRow::CURRENT,
    PeriodRow::CURRENT,
    RoomRow::CURRENT,
    LessonRow::CURRENT,
    LessonStaffRow::CURRENT,
    CoverRow::CURRENT,
    OffRow::CURRENT,
    ExamRow::CURRENT,
    ExamRoomRow::CURRENT,
    SeatRow::CURRENT,
    TermRow::CURRENT,
    DayRow::CURRENT,
    PupilRow::TOUCHED,
    LinkRow::TOUCHED,
    EnrolmentRow::TOUCHED,
    GroupRow::TOUCHED,
    MembershipRow::TOUCHED,
    CharacteristicRow::TOUCHED,
    ContactRow::TOUCHED,
    RouteRow::TOUCHED,
    TieRow::TOUCHED,
    AddressRow::TOUCHED,
    ResidenceRow::TOUCHED,
    StaffRow::TOUCHED,
    PostRow::TOUCHED,
    DutyRow::TOUCHED,
    PriorRow::TOUCHED,
    PeriodRow::TOUCHED,
    RoomRow::TOUCHED,
    LessonRow::TOUCHED,
    LessonStaffRow::TOUCHED,
    CoverRow::TOUCHED,
    OffRow::TOUCHED,
    ExamRow::TOUCHED,
    ExamRoomRow::TOUCHED,
    SeatRow::TOUCHED,
    TermRow::TOUCHED,
    DayRow::TOUCHED,
];

impl Draft {
    /// The roll as this transaction sees it.
    pub(super) fn read(tx: &mut Tx, school: SchoolId) -> Result<Draft, StoreError> {
        let mut draft = Draft {
            pupils: Rows::read(tx, school)?,
            links: Rows::read(tx, school)?,
            enrolments: Rows::read(tx, school)?,
            groups: Rows::read(tx, school)?,
            memberships: Rows::read(tx, school)?,
            characteristics: Rows::read(tx, school)?,
            contacts: Rows::read(tx, school)?,
            routes: Rows::read(tx, school)?,
            ties: Rows::read(tx, school)?,
            addresses: Rows::read(tx, school)?,
            residences: Rows::read(tx, school)?,
            staff: Rows::read(tx, school)?,
            posts: Rows::read(tx, school)?,
            duties: Rows::read(tx, school)?,
            priors: Rows::read(tx, school)?,
            periods: Rows::read(tx, school)?,
            rooms: Rows::read(tx, school)?,
            lessons: Rows::read(tx, school)?,
            lesson_staff: Rows::read(tx, school)?,
            covers: Rows::read(tx, school)?,
            off: Rows::read(tx, school)?,
            exams: Rows::read(tx, school)?,
            exam_rooms: Rows::read(tx, school)?,
            seats: Rows::read(tx, school)?,
            settled: settle::decisions(tx, school)?,
            ..Draft::default()
        };
        draft.index();
        Ok(draft)
    }

    fn index(&mut self) {
        self.pupil_at = self
            .pupils
            .each()
            .map(|(at, row)| (row.pupil_id, at))
            .collect();
        self.contact_at = self
            .contacts
            .each()
            .map(|(at, row)| (row.contact_id, at))
            .collect();
        self.by_address = self
            .addresses
            .each()
            .map(|(_, row)| (row.folded(), row.address_id))
            .collect();
        self.by_route = index(&self.routes, |row| row.value.clone());
        self.by_upn = index(&self.pupils, |row| row.upn.clone());
        self.by_former_upn = index(&self.pupils, |row| row.former_upn.clone());
        self.by_admission = index(&self.pupils, |row| row.admission_number.clone());
        self.by_bare_admission = index(&self.pupils, |row| {
            row.admission_number.as_deref().map(bare)
        });
        self.by_link = self
            .links
            .each()
            .map(|(_, row)| {
                let key = (
                    row.source.clone(),
                    row.record_kind.clone(),
                    row.source_key.clone(),
                );
                (key, row.record_id)
            })
            .collect();
        self.enrolments_of = index(&self.enrolments, |row| Some(row.pupil_id));
        self.memberships_of = index(&self.memberships, |row| Some(row.enrolment_id));
        self.characteristics_of = index(&self.characteristics, |row| Some(row.pupil_id));
        self.ties_of = index(&self.ties, |row| Some(row.pupil_id));
        self.routes_of = index(&self.routes, |row| Some(row.contact_id));
        self.residences_of = index(&self.residences, |row| {
            Some((row.party.clone(), row.party_id))
        });
    }

    /// A key for a record that this import makes.
    pub(super) fn new_key(&mut self) -> Key {
        self.new += 1;
        Key::New(self.new - 1)
    }

    /// A key for a person that the directory may not know.
    pub(super) fn new_person(&mut self, upn: Option<String>) -> Key {
        self.persons.push(NewPerson { upn });
        Key::Person(self.persons.len() as u32 - 1)
    }

    /// Adds a pupil and finds them by their numbers from now on.
    pub(super) fn add_pupil(&mut self, row: PupilRow) -> usize {
        let (key, upn, admission) = (row.pupil_id, row.upn.clone(), row.admission_number.clone());
        let at = self.pupils.push(row);
        self.pupil_at.insert(key, at);
        if let Some(upn) = upn {
            self.by_upn.entry(upn).or_default().push(at);
        }
        if let Some(number) = admission {
            let places = self.by_bare_admission.entry(bare(&number)).or_default();
            places.push(at);
            self.by_admission.entry(number).or_default().push(at);
        }
        at
    }

    /// Remembers what the source calls a record; answers whether that was new.
    pub(super) fn link(&mut self, source: &str, kind: &str, id: &str, record: Key) {
        let key = (source.to_owned(), kind.to_owned(), id.to_owned());
        if self.by_link.contains_key(&key) {
            return;
        }
        self.by_link.insert(key, record);
        self.links.push(LinkRow {
            source: source.to_owned(),
            record_kind: kind.to_owned(),
            source_key: id.to_owned(),
            record_id: record,
        });
    }

    /// What the source means by this identifier.
    pub(super) fn linked(&self, source: &str, kind: &str, id: &str) -> Option<Key> {
        let key = (source.to_owned(), kind.to_owned(), id.to_owned());
        self.by_link.get(&key).copied()
    }

    /// The school's own ids of the pupils at these places; those that the import makes have none yet.
    pub(super) fn pupil_ids(&self, places: &[usize]) -> Vec<i64> {
        let keys = places.iter().map(|at| self.pupils.get(*at).pupil_id);
        keys.filter_map(Key::known).collect()
    }

    /// How often anything was changed so far: to see whether a record changed something.
    pub(super) fn touches(&self) -> u64 {
        let mut touches = 0;
        every_table!(self, rows => touches += rows.touches);
        touches
    }

    /// The same for each part of a pupil's record, in the words of a report.
    pub(super) fn touches_by_part(&self) -> [(&'static str, u64); 5] {
        [
            ("time on roll", self.enrolments.touches),
            ("year, tutor group or house", self.memberships.touches),
            ("characteristics", self.characteristics.touches),
            ("address", self.residences.touches),
            ("attendance at a former school", self.priors.touches),
        ]
    }

    /// How many records the import makes.
    pub(super) fn new_records(&self) -> u32 {
        self.new
    }

    /// Takes back what an act of an import did to the roll; answers the numbers of later acts that stand in the way.
    pub(super) fn take_back(
        &mut self,
        tx: &mut Tx,
        school: SchoolId,
        seq: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let mut since = Vec::new();
        since.extend(self.pupils.take_back(tx, school, seq)?);
        since.extend(self.links.take_back(tx, school, seq)?);
        since.extend(self.enrolments.take_back(tx, school, seq)?);
        since.extend(self.groups.take_back(tx, school, seq)?);
        since.extend(self.memberships.take_back(tx, school, seq)?);
        since.extend(self.characteristics.take_back(tx, school, seq)?);
        since.extend(self.contacts.take_back(tx, school, seq)?);
        since.extend(self.routes.take_back(tx, school, seq)?);
        since.extend(self.ties.take_back(tx, school, seq)?);
        since.extend(self.addresses.take_back(tx, school, seq)?);
        since.extend(self.residences.take_back(tx, school, seq)?);
        since.extend(self.staff.take_back(tx, school, seq)?);
        since.extend(self.posts.take_back(tx, school, seq)?);
        since.extend(self.duties.take_back(tx, school, seq)?);
        since.extend(self.priors.take_back(tx, school, seq)?);
        since.extend(self.periods.take_back(tx, school, seq)?);
        since.extend(self.rooms.take_back(tx, school, seq)?);
        since.extend(self.lessons.take_back(tx, school, seq)?);
        since.extend(self.lesson_staff.take_back(tx, school, seq)?);
        since.extend(self.covers.take_back(tx, school, seq)?);
        since.extend(self.off.take_back(tx, school, seq)?);
        since.extend(self.exams.take_back(tx, school, seq)?);
        since.extend(self.exam_rooms.take_back(tx, school, seq)?);
        since.extend(self.seats.take_back(tx, school, seq)?);
        Ok(since)
    }

    /// A digest of everything that the plan would write: two plans with the same digest do the same.
    pub(super) fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        every_table!(self, rows => rows.tell(&mut hasher));
        let digest = hasher.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Writes what the plan changes.
    pub(super) fn write(&self, act: &mut Act, numbers: &Numbers) -> Result<(), StoreError> {
        every_table!(self, rows => rows.write(act, numbers)?);
        Ok(())
    }
}

/// A number without its leading noughts, which spreadsheets lose.
pub(super) fn bare(number: &str) -> String {
    number.trim_start_matches('0').to_owned()
}
