//! Every entry of a pupil's record in order, with who made it, when, under which job title and why.

use std::collections::BTreeMap;

use calendar::{Day, Instant};
use store::{SchoolId, StoreError, Tx, args, journal};

use super::characteristic_kinds::CharacteristicKind;
use super::keeping::Sight;
use crate::ids::PupilId;
use crate::people::RecordKind;

/// One act on a pupil's record.
pub(crate) struct Entry {
    /// The number of the act.
    pub(crate) seq: i64,
    pub(super) at: Instant,
    /// The person's name now.
    pub(super) who: String,
    /// Their job title at that moment.
    pub(super) job_title: String,
    /// What was done.
    pub(super) act: String,
    /// Why; empty for an original entry.
    pub(super) reason: String,
    pub(crate) changes: Vec<Change>,
}

impl Entry {
    /// Whether nothing stood there before.
    pub(super) fn is_original(&self) -> bool {
        self.changes.iter().all(|change| change.before.is_empty())
    }

    /// When, as people say it.
    pub(super) fn when(&self) -> String {
        crate::shell::moment(self.at)
    }
}

/// What one act changed: a field before and after.
pub(crate) struct Change {
    /// Of what: `Entry`, `Time on roll`, `Contact`.
    pub(crate) of: String,
    pub(crate) field: &'static str,
    /// Empty where there was nothing.
    pub(crate) before: String,
    /// Empty where there is nothing any more.
    pub(crate) after: String,
}

/// How a column reads.
#[derive(Clone, Copy)]
enum Reads {
    Text,
    Day,
    YesNo,
}

/// A table of the record, with the columns whose change is an amendment.
struct Kept {
    what: &'static str,
    /// Its id, seq, superseded_seq, then the fields.
    sql: &'static str,
    fields: &'static [(&'static str, Reads)],
    record: RecordKind,
}

const PUPIL: Kept = Kept {
    what: "Entry",
    sql: "select pupil_id, seq, superseded_seq, legal_surname, legal_forename, middle_names, surname, forename, sex, birth_day, \
        upn, former_upn, uln, admission_number from pupil where school_id = $1 and pupil_id = $2 order by pupil_id, seq",
    fields: &[
        ("Legal surname", Reads::Text),
        ("Legal forename", Reads::Text),
        ("Middle names", Reads::Text),
        ("Surname used", Reads::Text),
        ("Forename used", Reads::Text),
        ("Sex", Reads::Text),
        ("Date of birth", Reads::Day),
        ("UPN", Reads::Text),
        ("Former UPN", Reads::Text),
        ("ULN", Reads::Text),
        ("Admission number", Reads::Text),
    ],
    record: RecordKind::PupilCore,
};

const ENROLMENT: Kept = Kept {
    what: "Time on roll",
    sql: "select enrolment_id, seq, superseded_seq, kind, starting_day, agreed_with, leaving_day, deletion_ground, last_school, \
        last_school_address, next_school from enrolment where school_id = $1 and pupil_id = $2 order by enrolment_id, seq",
    fields: &[
        ("Kind", Reads::Text),
        ("Starting day", Reads::Day),
        ("Agreed with", Reads::Text),
        ("Last day on roll", Reads::Day),
        ("Ground for deletion", Reads::Text),
        ("Last school", Reads::Text),
        ("Its address", Reads::Text),
        ("Next school", Reads::Text),
    ],
    record: RecordKind::PupilCore,
};

const CONTACT: Kept = Kept {
    what: "Contact",
    sql: "select c.contact_id, c.seq, c.superseded_seq, c.title, c.forename, c.surname, c.language, c.interpreter, c.do_not_contact \
        from contact c where c.school_id = $1 and c.contact_id in (select p.contact_id from pupil_contact p \
        where p.school_id = $1 and p.pupil_id = $2) order by c.contact_id, c.seq",
    fields: &[
        ("Title", Reads::Text),
        ("Forename", Reads::Text),
        ("Surname", Reads::Text),
        ("Language", Reads::Text),
        ("Interpreter", Reads::YesNo),
        ("Do not contact", Reads::YesNo),
    ],
    record: RecordKind::Contacts,
};

const PUPIL_CONTACT: Kept = Kept {
    what: "Contact of the pupil",
    sql: "select contact_id, seq, superseded_seq, relationship, parental_responsibility, lives_with, may_collect, court_order, \
        court_order_text, correspondence, no_automatic_messages from pupil_contact \
        where school_id = $1 and pupil_id = $2 order by contact_id, seq",
    fields: &[
        ("Relationship", Reads::Text),
        ("Parental responsibility", Reads::YesNo),
        ("Lives with", Reads::YesNo),
        ("May collect", Reads::YesNo),
        ("Court order", Reads::YesNo),
        ("Court order text", Reads::Text),
        ("Letters", Reads::YesNo),
        ("No automatic messages", Reads::YesNo),
    ],
    record: RecordKind::Contacts,
};

const ROUTE: Kept = Kept {
    what: "Telephone or e-mail",
    sql: "select r.route_id, r.seq, r.superseded_seq, r.kind, r.given from contact_route r \
        where r.school_id = $1 and r.contact_id in (select p.contact_id from pupil_contact p \
        where p.school_id = $1 and p.pupil_id = $2) order by r.route_id, r.seq",
    fields: &[("Kind", Reads::Text), ("Number or address", Reads::Text)],
    record: RecordKind::Contacts,
};

const RESIDENCE: Kept = Kept {
    what: "Address",
    sql: "select r.residence_id, r.seq, r.superseded_seq, a.line_1, a.line_2, a.town, a.county, a.postcode, r.from_day, r.to_day \
        from residence r join address a on a.school_id = r.school_id and a.address_id = r.address_id and a.superseded_seq is null \
        where r.school_id = $1 and r.party = 'pupil' and r.party_id = $2 order by r.residence_id, r.seq",
    fields: &[
        ("Line 1", Reads::Text),
        ("Line 2", Reads::Text),
        ("Town", Reads::Text),
        ("County", Reads::Text),
        ("Postcode", Reads::Text),
        ("From", Reads::Day),
        ("Until", Reads::Day),
    ],
    record: RecordKind::Contacts,
};

const CHARACTERISTIC: Kept = Kept {
    what: "Characteristic",
    sql: "select characteristic_id, seq, superseded_seq, kind, value, from_day, to_day from characteristic \
        where school_id = $1 and pupil_id = $2 order by characteristic_id, seq",
    fields: &[
        ("Kind", Reads::Text),
        ("Value", Reads::Text),
        ("From", Reads::Day),
        ("Until", Reads::Day),
    ],
    // Each kind is seen as its own kind of record; see `may_see`.
    record: RecordKind::PupilCore,
};

const ALL: [&Kept; 7] = [
    &PUPIL,
    &ENROLMENT,
    &CONTACT,
    &PUPIL_CONTACT,
    &ROUTE,
    &RESIDENCE,
    &CHARACTERISTIC,
];

/// One version of a row.
struct Version {
    id: i64,
    seq: i64,
    superseded: Option<i64>,
    values: Vec<String>,
}

/// Every entry of a pupil's record that this person may see, oldest first: after k amendments of an entry there are k + 1.
pub(crate) fn entries(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    sight: &Sight,
) -> Result<Vec<Entry>, StoreError> {
    let mut by_act: BTreeMap<i64, Vec<Change>> = BTreeMap::new();
    for kept in ALL {
        if !sight.covers(kept.record, pupil) {
            continue;
        }
        let versions = tx.query(kept.sql, &args![school, pupil], |row| read(row, kept))?;
        let seen: Vec<&Version> = versions
            .iter()
            .filter(|version| may_see(kept, version, sight, pupil))
            .collect();
        compare(kept, &seen, &mut by_act);
    }
    let mut entries = Vec::with_capacity(by_act.len());
    for (seq, changes) in by_act {
        if let Some(entry) = entry(tx, school, seq, changes)? {
            entries.push(entry);
        }
    }
    Ok(entries)
}

fn read(row: &store::Row<'_>, kept: &Kept) -> Result<Version, StoreError> {
    let values = kept.fields.iter().enumerate().map(|(index, (_, reads))| {
        let at = index + 3;
        Ok(match reads {
            Reads::Text => row.get::<Option<String>>(at)?.unwrap_or_default(),
            Reads::Day => row
                .get::<Option<Day>>(at)?
                .map_or_else(String::new, Day::long),
            Reads::YesNo => match row.get::<Option<bool>>(at)? {
                Some(true) => "yes".to_owned(),
                Some(false) => "no".to_owned(),
                None => String::new(),
            },
        })
    });
    Ok(Version {
        id: row.get(0)?,
        seq: row.get(1)?,
        superseded: row.get(2)?,
        values: values.collect::<Result<_, StoreError>>()?,
    })
}

fn may_see(kept: &Kept, version: &Version, sight: &Sight, pupil: PupilId) -> bool {
    if !std::ptr::eq(kept.sql, CHARACTERISTIC.sql) {
        return true;
    }
    CharacteristicKind::from_key(&version.values[0])
        .is_some_and(|kind| sight.covers(kind.record, pupil))
}

fn compare(kept: &Kept, versions: &[&Version], by_act: &mut BTreeMap<i64, Vec<Change>>) {
    let mut before: Option<&Version> = None;
    for (place, version) in versions.iter().enumerate() {
        let earlier = before.filter(|earlier| earlier.id == version.id);
        let changes = by_act.entry(version.seq).or_default();
        for ((field, _), (at, after)) in kept.fields.iter().zip(version.values.iter().enumerate()) {
            let before = earlier.map_or("", |earlier| earlier.values[at].as_str());
            if before != after {
                changes.push(Change {
                    of: kept.what.to_owned(),
                    field,
                    before: before.to_owned(),
                    after: after.clone(),
                });
            }
        }
        let next = versions.get(place + 1).filter(|next| next.id == version.id);
        if let (Some(ended), None) = (version.superseded, next) {
            by_act.entry(ended).or_default().push(Change {
                of: kept.what.to_owned(),
                field: kept.fields[0].0,
                before: version.values.join(" ").trim().to_owned(),
                after: String::new(),
            });
        }
        before = Some(version);
    }
}

const ENTRY: &str = "\
select j.at, j.job_title, j.act, a.name from journal_entry j
left join account a on a.account_id = j.account_id
where j.school_id = $1 and j.seq = $2";

fn entry(
    tx: &mut Tx,
    school: SchoolId,
    seq: i64,
    changes: Vec<Change>,
) -> Result<Option<Entry>, StoreError> {
    let made = tx.query_opt(ENTRY, &args![school, seq], |row| {
        Ok((
            row.get::<Instant>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
            row.get::<Option<String>>(3)?,
        ))
    })?;
    let Some((at, job_title, act, name)) = made else {
        return Ok(None);
    };
    // An original entry has no reason, and the act that brought in a whole roll has much to read through.
    let is_amendment = changes.iter().any(|change| !change.before.is_empty());
    let notes = if is_amendment {
        journal::notes(tx, school, seq)?
    } else {
        Vec::new()
    };
    let reason = notes
        .into_iter()
        .find(|(key, _)| key == "reason")
        .map_or_else(String::new, |(_, reason)| reason);
    Ok(Some(Entry {
        seq,
        at,
        who: name.unwrap_or_else(|| "not known".to_owned()),
        job_title,
        act,
        reason,
        changes,
    }))
}

/// The pupils with a version of the entry, of a time on roll, of a contact or of a home that an act from $2 on superseded.
const AMENDED_SINCE: &str = "\
select pupil_id from pupil where school_id = $1 and superseded_seq >= $2
union select pupil_id from enrolment where school_id = $1 and superseded_seq >= $2
union select pupil_id from pupil_contact where school_id = $1 and superseded_seq >= $2
union select p.pupil_id from contact c join pupil_contact p on p.school_id = c.school_id and p.contact_id = c.contact_id
  where c.school_id = $1 and c.superseded_seq >= $2
union select p.pupil_id from contact_route r join pupil_contact p on p.school_id = r.school_id and p.contact_id = r.contact_id
  where r.school_id = $1 and r.superseded_seq >= $2
union select party_id from residence where school_id = $1 and party = 'pupil' and superseded_seq >= $2
order by 1";

/// An amendment of the admission register, for a copy of it.
pub(crate) struct Amendment {
    pub(crate) pupil: PupilId,
    /// What was amended: `Entry: Legal surname`.
    pub(crate) what: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) reason: String,
    pub(crate) at: Instant,
    pub(crate) who: String,
    pub(crate) job_title: String,
}

/// Every amendment of the admission register by an act with this number or a later one, pupil by pupil, oldest first.
///
/// Characteristics are no part of that register and are not among them. For copies of the register, which hold every entry.
pub(crate) fn amended_since(
    tx: &mut Tx,
    school: SchoolId,
    seq: i64,
) -> Result<Vec<Amendment>, StoreError> {
    let pupils: Vec<PupilId> = tx.query(AMENDED_SINCE, &args![school, seq], |row| row.get(0))?;
    let mut amendments = Vec::new();
    for pupil in pupils {
        amendments.extend(amendments_of(tx, school, pupil, seq)?);
    }
    Ok(amendments)
}

/// The amendments of one pupil's entries in the admission register by an act with this number or a later one, oldest first.
pub(crate) fn amendments_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    seq: i64,
) -> Result<Vec<Amendment>, StoreError> {
    let mut by_act: BTreeMap<i64, Vec<Change>> = BTreeMap::new();
    for kept in ALL {
        if std::ptr::eq(kept.sql, CHARACTERISTIC.sql) {
            continue;
        }
        let versions = tx.query(kept.sql, &args![school, pupil], |row| read(row, kept))?;
        compare(kept, &versions.iter().collect::<Vec<_>>(), &mut by_act);
    }
    let mut amendments = Vec::new();
    for (act, changes) in by_act.split_off(&seq) {
        let Some(entry) = entry(tx, school, act, changes)? else {
            continue;
        };
        let changed = entry
            .changes
            .iter()
            .filter(|change| !change.before.is_empty());
        amendments.extend(changed.map(|change| Amendment {
            pupil,
            what: format!("{}: {}", change.of, change.field),
            before: change.before.clone(),
            after: change.after.clone(),
            reason: entry.reason.clone(),
            at: entry.at,
            who: entry.who.clone(),
            job_title: entry.job_title.clone(),
        }));
    }
    Ok(amendments)
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    AMENDED_SINCE,
    PUPIL.sql,
    ENROLMENT.sql,
    CONTACT.sql,
    PUPIL_CONTACT.sql,
    ROUTE.sql,
    RESIDENCE.sql,
    CHARACTERISTIC.sql,
    ENTRY,
];
