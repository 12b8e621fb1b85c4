//! The people around a pupil: contacts in the order to ring, homes, brothers and sisters.

use std::collections::{BTreeMap, HashMap};

use calendar::Day;
use store::{SchoolId, StoreError, Tx, args};

use crate::ids::{ContactId, PupilId};

/// A contact, and what they are to one pupil.
#[derive(Clone, Debug)]
pub(crate) struct ContactOf {
    pub(crate) pupil: PupilId,
    pub(crate) contact: ContactId,
    pub(crate) title: String,
    pub(crate) forename: String,
    pub(crate) surname: String,
    pub(crate) language: Option<String>,
    pub(crate) interpreter: bool,
    pub(crate) do_not_contact: bool,
    pub(crate) priority: Option<i64>,
    pub(crate) relationship: String,
    pub(crate) parental_responsibility: Option<bool>,
    pub(crate) lives_with: Option<bool>,
    pub(crate) may_collect: Option<bool>,
    pub(crate) court_order: bool,
    pub(crate) court_order_text: Option<String>,
    pub(crate) correspondence: bool,
    pub(crate) no_automatic_messages: bool,
    pub(crate) routes: Vec<Route>,
    pub(crate) homes: Vec<Home>,
}

/// A way to reach somebody.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) id: i64,
    /// `mobile`, `home`, `work` or `email`.
    pub(crate) kind: String,
    /// As it came.
    pub(crate) given: String,
    /// As it is dialled or written to; none when it cannot be used.
    pub(crate) value: Option<String>,
}

impl Route {
    /// As people write it: British numbers with their nought.
    pub(crate) fn shown(&self) -> String {
        match (&self.value, self.kind.as_str()) {
            (Some(address), "email") => address.clone(),
            (Some(_), _) => exchange::phone::tidy(&self.given).national(),
            (None, _) => self.given.clone(),
        }
    }

    /// The address that a click dials or writes to; none when it cannot be used.
    pub(crate) fn href(&self) -> Option<String> {
        let value = self.value.as_ref()?;
        Some(match self.kind.as_str() {
            "email" => format!("mailto:{value}"),
            _ => format!("tel:{value}"),
        })
    }

    /// Whether it is a telephone that can be rung.
    pub(crate) fn rings(&self) -> bool {
        self.kind != "email" && self.value.is_some()
    }
}

/// An address with the days on which somebody lives there.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) residence: i64,
    pub(crate) seq: i64,
    pub(crate) address: i64,
    pub(crate) lines: [String; 5],
    pub(crate) from: Option<Day>,
    pub(crate) to: Option<Day>,
}

impl Home {
    /// On one line.
    pub(crate) fn in_words(&self) -> String {
        let there = self.lines.iter().map(|line| line.trim());
        let there: Vec<&str> = there.filter(|line| !line.is_empty()).collect();
        there.join(", ")
    }

    /// Whether it holds on this day.
    pub(crate) fn holds(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// Relationships that make somebody a parent, whether or not responsibility is recorded.
///
/// A natural parent is a parent in education law without parental responsibility, and so is whoever has the care of the child.
const PARENTS: [&str; 12] = [
    "mother",
    "father",
    "parent",
    "step-mother",
    "step-father",
    "stepmother",
    "stepfather",
    "step-parent",
    "guardian",
    "carer",
    "foster carer",
    "special guardian",
];

/// Whether a contact with this relationship is a parent in the sense of the admission register.
pub(crate) fn is_parent(relationship: &str, parental_responsibility: Option<bool>) -> bool {
    let relationship = relationship.trim().to_lowercase();
    parental_responsibility == Some(true) || PARENTS.contains(&relationship.as_str())
}

impl ContactOf {
    /// As lists have it: `Ms P Sample`.
    pub(crate) fn name(&self) -> String {
        let parts = [&self.title, &self.forename, &self.surname].map(|part| part.trim());
        let there: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        there.join(" ")
    }

    /// Whether this is a parent in the sense of the admission register: responsible in law, or a parent by their relationship.
    pub(crate) fn is_parent(&self) -> bool {
        is_parent(&self.relationship, self.parental_responsibility)
    }

    /// The address on a day.
    pub(crate) fn home_on(&self, day: Day) -> Option<&Home> {
        self.homes.iter().rev().find(|home| home.holds(day))
    }
}

macro_rules! contacts_sql {
    ($and:literal) => {
        concat!(
            "select p.pupil_id, p.contact_id, c.title, c.forename, c.surname, c.language, c.interpreter, ",
            "c.do_not_contact, p.priority, p.relationship, p.parental_responsibility, p.lives_with, p.may_collect, ",
            "p.court_order, p.court_order_text, p.correspondence, p.no_automatic_messages ",
            "from pupil_contact p join contact c on c.school_id = p.school_id and c.contact_id = p.contact_id ",
            "where p.school_id = $1 and p.superseded_seq is null and c.superseded_seq is null ",
            $and,
            " order by p.pupil_id, p.priority, p.contact_id"
        )
    };
}
// The contacts of the pupil come first, by cross join: SQLite keeps that order of tables, and would else walk the routes and
// homes of the whole school.
macro_rules! routes_sql {
    ($and:literal) => {
        concat!(
            "select distinct r.contact_id, r.route_id, r.kind, r.given, r.value ",
            "from pupil_contact p cross join contact_route r ",
            "where r.school_id = p.school_id and r.contact_id = p.contact_id and p.school_id = $1 and p.superseded_seq is null and r.superseded_seq is null ",
            $and,
            " order by r.contact_id, r.route_id"
        )
    };
}
macro_rules! contact_homes_sql {
    ($and:literal) => {
        concat!(
            "select distinct r.party_id, r.residence_id, r.seq, r.address_id, a.line_1, a.line_2, a.town, a.county, a.postcode, ",
            "r.from_day, r.to_day from pupil_contact p cross join residence r cross join address a ",
            "where r.school_id = p.school_id and r.party = 'contact' and r.party_id = p.contact_id ",
            "and a.school_id = r.school_id and a.address_id = r.address_id and p.school_id = $1 and p.superseded_seq is null and r.superseded_seq is null and a.superseded_seq is null ",
            $and,
            " order by r.party_id, r.residence_id"
        )
    };
}
macro_rules! pupil_homes_sql {
    ($and:literal) => {
        concat!(
            "select r.party_id, r.residence_id, r.seq, r.address_id, a.line_1, a.line_2, a.town, a.county, a.postcode, ",
            "r.from_day, r.to_day from residence r ",
            "join address a on a.school_id = r.school_id and a.address_id = r.address_id ",
            "where r.school_id = $1 and r.party = 'pupil' and r.superseded_seq is null and a.superseded_seq is null ",
            $and,
            " order by r.party_id, r.residence_id"
        )
    };
}
const CONTACTS_OF: &str = contacts_sql!("and p.pupil_id = $2");
const CONTACTS_OF_ALL: &str = contacts_sql!("");
const ROUTES_OF: &str = routes_sql!("and p.pupil_id = $2");
const ROUTES_OF_ALL: &str = routes_sql!("");
const CONTACT_HOMES_OF: &str = contact_homes_sql!("and p.pupil_id = $2");
const CONTACT_HOMES_OF_ALL: &str = contact_homes_sql!("");
const HOMES_OF: &str = pupil_homes_sql!("and r.party_id = $2");
const HOMES_OF_ALL: &str = pupil_homes_sql!("");

/// The contacts of a pupil in the order to ring, those without a place in it last.
pub(crate) fn contacts_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<ContactOf>, StoreError> {
    let mut routes = routes(tx, ROUTES_OF, &args![school, pupil])?;
    let mut homes = homes(tx, CONTACT_HOMES_OF, &args![school, pupil])?;
    let mut contacts = tx.query(CONTACTS_OF, &args![school, pupil], read_contact)?;
    for contact in &mut contacts {
        contact.routes = routes.remove(&contact.contact.0).unwrap_or_default();
        contact.homes = homes.remove(&contact.contact.0).unwrap_or_default();
    }
    // The engines differ in where they sort what is not there.
    contacts.sort_by_key(|contact| (contact.priority.is_none(), contact.priority));
    Ok(contacts)
}

/// The contacts of every pupil, each list in the order to ring.
pub(crate) fn contacts_of_all(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<HashMap<PupilId, Vec<ContactOf>>, StoreError> {
    let routes = routes(tx, ROUTES_OF_ALL, &args![school])?;
    let homes = homes(tx, CONTACT_HOMES_OF_ALL, &args![school])?;
    let mut all: HashMap<PupilId, Vec<ContactOf>> = HashMap::new();
    for mut contact in tx.query(CONTACTS_OF_ALL, &args![school], read_contact)? {
        contact.routes = routes.get(&contact.contact.0).cloned().unwrap_or_default();
        contact.homes = homes.get(&contact.contact.0).cloned().unwrap_or_default();
        all.entry(contact.pupil).or_default().push(contact);
    }
    for contacts in all.values_mut() {
        contacts.sort_by_key(|contact| (contact.priority.is_none(), contact.priority));
    }
    Ok(all)
}

/// The addresses of a pupil, in the order in which they were recorded.
pub(crate) fn homes_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<Home>, StoreError> {
    let mut homes = homes(tx, HOMES_OF, &args![school, pupil])?;
    Ok(homes.remove(&pupil.0).unwrap_or_default())
}

/// The addresses of every pupil, by the pupil's id.
pub(crate) fn homes_of_all(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<HashMap<i64, Vec<Home>>, StoreError> {
    homes(tx, HOMES_OF_ALL, &args![school])
}

fn read_contact(row: &store::Row<'_>) -> Result<ContactOf, StoreError> {
    Ok(ContactOf {
        pupil: row.get(0)?,
        contact: row.get(1)?,
        title: row.get(2)?,
        forename: row.get(3)?,
        surname: row.get(4)?,
        language: row.get(5)?,
        interpreter: row.get(6)?,
        do_not_contact: row.get(7)?,
        priority: row.get(8)?,
        relationship: row.get(9)?,
        parental_responsibility: row.get(10)?,
        lives_with: row.get(11)?,
        may_collect: row.get(12)?,
        court_order: row.get(13)?,
        court_order_text: row.get(14)?,
        correspondence: row.get(15)?,
        no_automatic_messages: row.get(16)?,
        routes: Vec::new(),
        homes: Vec::new(),
    })
}

fn routes(
    tx: &mut Tx,
    sql: &'static str,
    args: &[store::Arg<'_>],
) -> Result<HashMap<i64, Vec<Route>>, StoreError> {
    let rows = tx.query(sql, args, |row| {
        let route = Route {
            id: row.get(1)?,
            kind: row.get(2)?,
            given: row.get(3)?,
            value: row.get(4)?,
        };
        Ok((row.get::<i64>(0)?, route))
    })?;
    Ok(gathered(rows))
}

fn homes(
    tx: &mut Tx,
    sql: &'static str,
    args: &[store::Arg<'_>],
) -> Result<HashMap<i64, Vec<Home>>, StoreError> {
    let rows = tx.query(sql, args, |row| {
        let home = Home {
            residence: row.get(1)?,
            seq: row.get(2)?,
            address: row.get(3)?,
            lines: [
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
                row.get(7)?,
                row.get(8)?,
            ],
            from: row.get(9)?,
            to: row.get(10)?,
        };
        Ok((row.get::<i64>(0)?, home))
    })?;
    Ok(gathered(rows))
}

fn gathered<T>(rows: Vec<(i64, T)>) -> HashMap<i64, Vec<T>> {
    let mut by_key: HashMap<i64, Vec<T>> = HashMap::new();
    for (key, row) in rows {
        by_key.entry(key).or_default().push(row);
    }
    by_key
}

const SAME_ADDRESS: &str = "\
select o.party_id from residence p
join residence o on o.school_id = p.school_id and o.address_id = p.address_id and o.party = 'pupil'
where p.school_id = $1 and p.party = 'pupil' and p.party_id = $2 and o.party_id <> $2
  and p.superseded_seq is null and o.superseded_seq is null
  and (p.to_day is null or p.to_day >= $3) and (o.to_day is null or o.to_day >= $3)";

const SAME_CONTACT: &str = "\
select o.pupil_id, o.contact_id from pupil_contact p
join pupil_contact o on o.school_id = p.school_id and o.contact_id = p.contact_id
where p.school_id = $1 and p.pupil_id = $2 and o.pupil_id <> $2
  and p.superseded_seq is null and o.superseded_seq is null";

/// Other pupils who share a parent or an address with this one, and which of the two.
pub(crate) fn siblings(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    contacts: &[ContactOf],
    today: Day,
) -> Result<BTreeMap<PupilId, &'static str>, StoreError> {
    let at_home = tx.query(SAME_ADDRESS, &args![school, pupil, today], |row| {
        row.get::<PupilId>(0)
    })?;
    let mut found: BTreeMap<PupilId, &'static str> = at_home
        .into_iter()
        .map(|other| (other, "same address"))
        .collect();
    let shared = tx.query(SAME_CONTACT, &args![school, pupil], |row| {
        Ok((row.get::<PupilId>(0)?, row.get::<ContactId>(1)?))
    })?;
    for (other, contact) in shared {
        let is_parent = contacts
            .iter()
            .any(|own| own.contact == contact && own.is_parent());
        if is_parent {
            found
                .entry(other)
                .and_modify(|why| {
                    if *why == "same address" {
                        *why = "same parent and address";
                    }
                })
                .or_insert("same parent");
        }
    }
    Ok(found)
}

/// The statements of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    CONTACTS_OF,
    CONTACTS_OF_ALL,
    ROUTES_OF,
    ROUTES_OF_ALL,
    CONTACT_HOMES_OF,
    CONTACT_HOMES_OF_ALL,
    HOMES_OF,
    HOMES_OF_ALL,
    SAME_ADDRESS,
    SAME_CONTACT,
];
