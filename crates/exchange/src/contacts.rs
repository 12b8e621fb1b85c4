//! Contacts, in a list of their own or beside their pupil (I-085 to I-089).

use std::collections::HashSet;

use crate::dates::Orders;
use crate::finding::{FindingCode, Findings, Place, Severity};
use crate::headings::{ContactField, Field, PupilField};
use crate::phone::PhoneUse;
use crate::pupils;
use crate::reading::{Kind, Options, Reading};
use crate::records::{ContactRecord, PupilKey, SourceId, Standing};
use crate::refused::RefusedFile;
use crate::table::{Became, Columns, Head, Purpose, RecordRows, RowReader};
use crate::text;

pub(crate) fn read(
    file: &str,
    head: Head<'_>,
    reading: &mut Reading,
    mut findings: Findings,
    options: &Options<'_>,
) -> Result<(), RefusedFile> {
    let columns = Columns::map(file, &head.headings, Purpose::Contacts, options)?;
    if !columns.has_identifier() {
        return Err(RefusedFile::NoIdentifierColumn {
            file: file.to_owned(),
        });
    }
    let named = [ContactField::Surname, ContactField::Name]
        .iter()
        .any(|&field| columns.index(Field::Contact(0, field)).is_some());
    if !named {
        return Err(RefusedFile::RequiredColumnAbsent {
            file: file.to_owned(),
            missing: "the contact's name".to_owned(),
            kind: Kind::Contacts,
        });
    }
    reading.note_headings(file, &columns);
    let rows = RecordRows {
        rows: head.rows,
        columns: &columns,
        orders: &Orders::new(),
        required: &[],
        today: options.today,
        label: pupils::record_label,
    };
    rows.each(&mut reading.counts, &mut findings, |row| {
        let (key, _) = row.pupil_key();
        let mut contact = read_contact(row, 0, &key);
        if contact.forename.is_none() && contact.surname.is_none() && !row.rejected {
            row.note(
                Severity::Rejected,
                FindingCode::ContactWithoutName,
                None,
                "",
                "",
            );
        }
        if !row.rejected {
            if key.is_empty() {
                contact.standing = Standing::Held;
                row.note(Severity::Held, FindingCode::NoIdentifier, None, "", "");
            }
            reading.contacts.push(contact);
        }
        Became::Gathered
    });
    skip_repeats(reading, &mut findings);
    warn_of_equal_priorities(reading, &mut findings);
    reading.take_findings(findings);
    Ok(())
}

/// The same contact of the same pupil twice is skipped (I-033); counts every contact.
fn skip_repeats(reading: &mut Reading, findings: &mut Findings) {
    let mut seen: std::collections::HashMap<String, (u32, ContactRecord)> =
        std::collections::HashMap::new();
    let mut kept = Vec::new();
    for contact in std::mem::take(&mut reading.contacts) {
        let name = format!(
            "{:?}\u{0}{:?}\u{0}{:?}",
            contact.pupil, contact.surname, contact.forename
        );
        let comparable = ContactRecord {
            line: 0,
            ..contact.clone()
        };
        match seen.get(&name) {
            Some((line, first)) if *first == comparable => {
                let place = Place::line(contact.line);
                findings.add(
                    Severity::Skipped,
                    FindingCode::RepeatedInFile,
                    place,
                    "",
                    &line.to_string(),
                );
                reading.counts.skip();
                continue;
            }
            Some(_) => {}
            None => {
                seen.insert(name, (contact.line, comparable));
            }
        }
        reading.counts.stand(contact.standing);
        kept.push(contact);
    }
    reading.contacts = kept;
}

fn warn_of_equal_priorities(reading: &Reading, findings: &mut Findings) {
    let mut seen: HashSet<(&PupilKey, u8)> = HashSet::new();
    for contact in &reading.contacts {
        if let Some(priority) = contact.priority
            && !seen.insert((&contact.pupil, priority))
        {
            findings.warn(
                FindingCode::PriorityTwice,
                Place::line(contact.line),
                &priority.to_string(),
                "",
            );
        }
    }
}

/// The numbered contacts beside a pupil; a group of which nothing but an order is filled in is none.
pub(crate) fn beside_pupil(row: &mut RowReader<'_>, key: &PupilKey) -> Vec<ContactRecord> {
    let mut contacts = Vec::new();
    for number in row.columns.contact_numbers() {
        let says_anything = ContactField::ALL.iter().any(|&field| {
            field != ContactField::Priority && !row.raw(Field::Contact(number, field)).is_empty()
        });
        if !says_anything {
            continue;
        }
        let mut contact = read_contact(row, number, key);
        contact.priority = contact.priority.or(Some(number));
        contact.pupil_line = Some(row.line);
        if contact.forename.is_none() && contact.surname.is_none() {
            let index = row
                .columns
                .index(Field::Contact(number, ContactField::Name));
            row.note(
                Severity::Warning,
                FindingCode::ContactWithoutName,
                index,
                "",
                "",
            );
        }
        contacts.push(contact);
    }
    contacts
}

fn read_contact(row: &mut RowReader<'_>, number: u8, key: &PupilKey) -> ContactRecord {
    use ContactField as C;
    let of = |field| Field::Contact(number, field);
    let mut damaged = false;
    let (surname, forename) = names(row, number, &mut damaged);
    let source_id = row.identifier(of(C::SourceId)).map(|id| SourceId {
        source: row
            .columns
            .index(of(C::SourceId))
            .map_or_else(String::new, |index| row.columns.headings[index].clone()),
        id,
    });
    let mut phones = Vec::new();
    for (field, phone_use) in [
        (C::HomePhone, PhoneUse::Home),
        (C::Mobile, PhoneUse::Mobile),
        (C::WorkPhone, PhoneUse::Work),
        (C::Phone, PhoneUse::NotSaid),
    ] {
        phones.extend(row.phones(of(field), phone_use));
    }
    let mut contact = ContactRecord {
        line: row.line,
        standing: Standing::Offered,
        pupil: key.clone(),
        pupil_line: None,
        source_id,
        priority: priority(row, of(C::Priority)),
        title: row.text(of(C::Title)),
        forename,
        surname,
        relationship: row.text(of(C::Relationship)),
        parental_responsibility: row.yes_no(of(C::Responsibility)),
        lives_with_pupil: row.yes_no(of(C::LivesWith)),
        may_collect: row.yes_no(of(C::MayCollect)),
        legal_restriction: row.yes_no(of(C::Restriction)),
        restriction_text: row.text(of(C::RestrictionText)),
        phones,
        emails: row.emails(of(C::Email)),
        address: pupils::address(row, |field| of(address_field(field))),
        address_as_pupil: false,
        language: row.text(of(C::Language)),
        interpreter: row.yes_no(of(C::Interpreter)),
        correspondence: row.yes_no(of(C::Correspondence)),
        do_not_contact: row.yes_no(of(C::DoNotContact)),
        notes: row.text(of(C::Notes)),
        no_automatic_messages: None,
    };
    // A restriction that is no yes or no is still a restriction: its text is looked at (I-087).
    let unread_restriction = row.raw(of(C::Restriction)).to_owned();
    if contact.legal_restriction.is_none()
        && !unread_restriction.is_empty()
        && contact.restriction_text.is_none()
    {
        contact.restriction_text = Some(unread_restriction);
    }
    contact.no_automatic_messages = stop_reason(&contact);
    if let Some(reason) = contact.no_automatic_messages.clone() {
        row.note(
            Severity::Warning,
            FindingCode::NoAutomaticMessages,
            None,
            "",
            &reason,
        );
    }
    contact
}

/// The contact's field that corresponds to a field of a pupil's address.
fn address_field(field: PupilField) -> ContactField {
    use ContactField as C;
    match field {
        PupilField::Flat => C::Flat,
        PupilField::HouseNumber => C::HouseNumber,
        PupilField::Street => C::Street,
        PupilField::Line1 => C::Line1,
        PupilField::Line2 => C::Line2,
        PupilField::Line3 => C::Line3,
        PupilField::Locality => C::Locality,
        PupilField::Town => C::Town,
        PupilField::County => C::County,
        PupilField::Postcode => C::Postcode,
        _ => C::Address,
    }
}

/// Surname and forename; one name is parted at its comma, else at its last blank.
fn names(
    row: &mut RowReader<'_>,
    number: u8,
    damaged: &mut bool,
) -> (Option<String>, Option<String>) {
    use ContactField as C;
    let surname = row.name(Field::Contact(number, C::Surname), damaged);
    let forename = row.name(Field::Contact(number, C::Forename), damaged);
    if surname.is_some() || forename.is_some() {
        return (surname, forename);
    }
    let Some(full) = row.name(Field::Contact(number, C::Name), damaged) else {
        return (None, None);
    };
    let part = |text: &str| Some(text::trim(text).to_owned()).filter(|text| !text.is_empty());
    if let Some((surname, forename)) = full.split_once(',') {
        return (part(surname), part(forename));
    }
    // Particles belong to the surname: “Parent De La Cruz” is De La Cruz.
    match full.split_once(' ') {
        Some((forename, surname)) => (part(surname), part(forename)),
        None => (Some(full), None),
    }
}

fn priority(row: &mut RowReader<'_>, field: Field) -> Option<u8> {
    let text = row.text(field)?;
    let number = text.parse().ok().filter(|number| (1..=99).contains(number));
    if number.is_none() {
        row.note(
            Severity::Warning,
            FindingCode::PriorityForm,
            row.columns.index(field),
            &text,
            "",
        );
    }
    number
}

/// Why a contact gets no automatic messages: a flag, or a stop word in a name or note (I-087).
pub(crate) fn stop_reason(contact: &ContactRecord) -> Option<String> {
    const STOP_WORDS: [&str; 6] = [
        "do not contact",
        "don't contact",
        "no contact",
        "non-molestation",
        "prohibited steps",
        "court",
    ];
    if contact.legal_restriction == Some(true) {
        return Some("a court order or other legal restriction is flagged".to_owned());
    }
    if contact.do_not_contact == Some(true) {
        return Some("the source says not to contact this person".to_owned());
    }
    let cells = [
        ("name", &contact.forename),
        ("name", &contact.surname),
        ("title", &contact.title),
        ("relationship", &contact.relationship),
        ("notes", &contact.notes),
        ("legal restriction", &contact.restriction_text),
    ];
    for (what, cell) in cells {
        let text = cell
            .as_deref()
            .map(text::for_matching)
            .unwrap_or_default()
            .replace('’', "'");
        let spaced = text.replace("non molestation", "non-molestation");
        if let Some(word) = STOP_WORDS.iter().find(|word| holds_words(&spaced, word)) {
            return Some(format!("its {what} says “{word}”"));
        }
    }
    None
}

/// Whether `text` holds `words` as whole words; “Courtney” is no court.
fn holds_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_word_in_a_note_stops_automatic_messages() {
        let contact = |notes: &str| ContactRecord {
            notes: Some(notes.to_owned()),
            ..ContactRecord::default()
        };
        for note in [
            "DO NOT  CONTACT",
            "Non-Molestation order",
            "see court papers",
            "prohibited steps",
        ] {
            assert!(stop_reason(&contact(note)).is_some(), "{note}");
        }
        assert_eq!(stop_reason(&contact("ask for Courtney")), None);
    }
}
