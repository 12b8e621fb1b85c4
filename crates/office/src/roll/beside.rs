//! What stands beside a pupil's name in a register: flags, and brothers and sisters.

use std::collections::{HashMap, HashSet};

use calendar::Day;
use store::{Arg, SchoolId, StoreError, Tx, args};

use super::characteristic_kinds::KINDS;
use super::household::is_parent;
use super::keeping::Sight;
use super::pupils::flags_of;
use crate::book::{Book, Pupil};
use crate::desk::Refusal;
use crate::evidence::asked_pupils;
use crate::ids::{GroupId, PupilId};
use crate::people::{Actor, RecordKind};
use crate::shell::Flag;

/// What one person may see beside the names of a group's pupils on one day.
pub struct Beside {
    sight: Sight,
    day: Day,
    siblings: HashMap<PupilId, Vec<PupilId>>,
    /// Pupils of whom evidence is asked for; none for somebody who may not know of evidence.
    asked: HashSet<PupilId>,
}

impl Beside {
    /// Looks up what this person may see today beside the names of the group of that day.
    ///
    /// Flags follow the access matrix kind by kind; that two pupils are brother and sister is known from their contacts and homes,
    /// so it is seen by whoever may see those of the pupil in the register.
    ///
    /// Errors: [`Refusal::NotFound`] for a person who may see no pupil at all.
    pub fn of(
        tx: &mut Tx,
        actor: &Actor,
        group: GroupId,
        day: Day,
        today: Day,
    ) -> Result<Beside, Refusal> {
        let sight = Sight::of(tx, actor, today)?;
        let siblings = if sight.covers_some(RecordKind::Contacts) {
            siblings_in(tx, actor.school, group, day)?
        } else {
            HashMap::new()
        };
        let asked = match sight.covers_some(RecordKind::MedicalEvidence) {
            true => asked_pupils(tx, actor.school, today)?,
            false => HashSet::new(),
        };
        Ok(Beside {
            sight,
            day,
            siblings,
            asked,
        })
    }

    /// The flags beside this pupil's name that matter at a register. None is loud: they are always there.
    pub fn flags(&self, book: &Book, pupil: PupilId) -> Vec<Flag> {
        let kinds = KINDS.iter().filter(|kind| kind.is_for_registers());
        let mut flags = flags_of(kinds, book, &self.sight, pupil, self.day);
        // Whoever enters an illness sees that evidence is asked for (E-024).
        if self.asked.contains(&pupil) && self.sight.covers(RecordKind::MedicalEvidence, pupil) {
            flags.push(Flag::plain("evidence asked for"));
        }
        flags
    }

    /// The brothers and sisters of this pupil whose marks this person may see too.
    pub fn siblings<'b>(
        &'b self,
        book: &'b Book,
        pupil: PupilId,
    ) -> impl Iterator<Item = &'b Pupil> {
        let known = self.sight.covers(RecordKind::Contacts, pupil);
        let all = self.siblings.get(&pupil).filter(|_| known);
        all.into_iter()
            .flatten()
            .filter(|other| self.sight.covers(RecordKind::AttendanceMarks, **other))
            .filter_map(|other| book.roll.pupil(*other))
    }
}

/// The word for a brother or sister, where the sex is recorded.
pub fn sibling_word(pupil: &Pupil) -> &'static str {
    match pupil.sex.as_deref() {
        Some("M") => "brother",
        Some("F") => "sister",
        _ => "sibling",
    }
}

// Beginning with the group's members, by cross join: SQLite keeps that order of tables, and would else walk every home of the school.
const AT_HOME: &str = "\
select distinct e.pupil_id, o.party_id
from membership m cross join enrolment e cross join residence p cross join residence o
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and e.school_id = m.school_id and e.enrolment_id = m.enrolment_id and e.superseded_seq is null
  and p.school_id = e.school_id and p.party = 'pupil' and p.party_id = e.pupil_id and p.superseded_seq is null
  and (p.from_day is null or p.from_day <= $3) and (p.to_day is null or p.to_day >= $3)
  and o.school_id = p.school_id and o.address_id = p.address_id and o.party = 'pupil' and o.party_id <> p.party_id
  and o.superseded_seq is null and (o.from_day is null or o.from_day <= $3) and (o.to_day is null or o.to_day >= $3)";

const SHARED_CONTACT: &str = "\
select distinct e.pupil_id, o.pupil_id, p.relationship, p.parental_responsibility
from membership m cross join enrolment e cross join pupil_contact p cross join pupil_contact o
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and e.school_id = m.school_id and e.enrolment_id = m.enrolment_id and e.superseded_seq is null
  and p.school_id = e.school_id and p.pupil_id = e.pupil_id and p.superseded_seq is null
  and o.school_id = p.school_id and o.contact_id = p.contact_id and o.pupil_id <> p.pupil_id and o.superseded_seq is null";

const AT_HOME_OF: &str = "\
select distinct o.party_id from residence p cross join residence o
where p.school_id = $1 and p.party = 'pupil' and p.party_id = $2 and p.superseded_seq is null
  and (p.from_day is null or p.from_day <= $3) and (p.to_day is null or p.to_day >= $3)
  and o.school_id = p.school_id and o.address_id = p.address_id and o.party = 'pupil' and o.party_id <> p.party_id
  and o.superseded_seq is null and (o.from_day is null or o.from_day <= $3) and (o.to_day is null or o.to_day >= $3)";

const SHARED_CONTACT_OF: &str = "\
select distinct o.pupil_id, p.relationship, p.parental_responsibility from pupil_contact p cross join pupil_contact o
where p.school_id = $1 and p.pupil_id = $2 and p.superseded_seq is null
  and o.school_id = p.school_id and o.contact_id = p.contact_id and o.pupil_id <> p.pupil_id and o.superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[AT_HOME, SHARED_CONTACT, AT_HOME_OF, SHARED_CONTACT_OF];

/// Other pupils who share a parent or an address with this one on a day, in order of id.
pub(crate) fn siblings_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    day: Day,
) -> Result<Vec<PupilId>, StoreError> {
    let mut siblings: Vec<PupilId> =
        tx.query(AT_HOME_OF, &args![school, pupil, day], |row| row.get(0))?;
    tx.each(SHARED_CONTACT_OF, &args![school, pupil], |row| {
        if is_parent(row.get(1)?, row.get(2)?) {
            siblings.push(row.get(0)?);
        }
        Ok(())
    })?;
    siblings.sort_unstable();
    siblings.dedup();
    Ok(siblings)
}

/// Other pupils who share a parent or an address with one of the group, by that pupil.
fn siblings_in(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    day: Day,
) -> Result<HashMap<PupilId, Vec<PupilId>>, StoreError> {
    let of_the_group: [Arg; 3] = args![school, group, day];
    let mut pairs: Vec<(PupilId, PupilId)> =
        tx.query(AT_HOME, &of_the_group, |row| Ok((row.get(0)?, row.get(1)?)))?;
    tx.each(SHARED_CONTACT, &of_the_group, |row| {
        if is_parent(row.get(2)?, row.get(3)?) {
            pairs.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    })?;
    pairs.sort_unstable();
    pairs.dedup();
    let mut siblings: HashMap<PupilId, Vec<PupilId>> = HashMap::new();
    for (pupil, other) in pairs {
        siblings.entry(pupil).or_default().push(other);
    }
    Ok(siblings)
}
