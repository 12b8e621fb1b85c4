//! The records of a school in the form that imports read: to take along to another system, or to mend and bring back.
//!
//! Each list that is taken out and brought in again unaltered changes nothing (I-039).

use std::collections::BTreeSet;

use calendar::{Day, SchoolYear};
use columns::MarkByte;
use exchange::{
    Address, Cell, Characteristics, CodeSet, Coded, ContactPhone, ContactRecord, PupilKey,
    PupilRecord, SenPeriod, Sheet, coded, contacts_sheet, email, phone, pupils_sheet,
    timetable_sheet, upn,
};
use store::{Tx, args};

use super::draft::{AddressRow, ContactRow, Draft, EnrolmentRow, Key, PupilRow, TieRow};
use super::{course, timetable};
use crate::book::{BOARDS, Book};
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::people::{Access, Actor, RecordKind};
use crate::roll::characteristic_kinds::CharacteristicKind;

/// A list that can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Every pupil, expected, on roll and gone, as they stand today.
    Pupils,
    /// Every contact of every pupil.
    Contacts,
    /// The marks of a school year, a row each.
    Marks,
    /// The same with a column for each session.
    MarksWide,
    /// The lessons of the timetable that are held today or later, a row each.
    Timetable,
}

impl List {
    /// Every list.
    pub const ALL: [List; 5] = [
        List::Pupils,
        List::Contacts,
        List::Marks,
        List::MarksWide,
        List::Timetable,
    ];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            List::Pupils => "pupils",
            List::Contacts => "contacts",
            List::Marks => "marks",
            List::MarksWide => "marks-wide",
            List::Timetable => "timetable",
        }
    }

    /// As people say it.
    pub fn label(self) -> &'static str {
        match self {
            List::Pupils => "Pupils",
            List::Contacts => "Contacts",
            List::Marks => "Marks, a row each",
            List::MarksWide => "Marks, a column for each session",
            List::Timetable => "Timetable",
        }
    }

    /// The kind of record that the list is of.
    fn kind(self) -> RecordKind {
        match self {
            List::Pupils | List::Timetable => RecordKind::PupilCore,
            List::Contacts => RecordKind::Contacts,
            List::Marks | List::MarksWide => RecordKind::AttendanceMarks,
        }
    }

    /// The list of a word in an address.
    pub fn from_word(word: &str) -> Option<List> {
        List::ALL.into_iter().find(|list| list.word() == word)
    }
}

const MARKS: &str = "\
select enrolment_id, on_date, session, code, minutes_late, note, sub_code from mark
where school_id = $1 and on_date >= $2 and on_date <= $3 and code is not null
order by enrolment_id, on_date, session";

pub(super) const STATEMENTS: &[&str] = &[MARKS];

/// A list and the pupils whom it names.
pub type Named = (Sheet, BTreeSet<PupilId>);

/// Takes a list out as it stands today, with the pupils whom it names; marks of the school year of today. What this person may
/// not read of every pupil stays blank.
///
/// Errors: no right to import, which is the right to write every pupil's record, or to read such a list; no database.
pub fn take_out(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    list: List,
    today: Day,
) -> Result<Named, Refusal> {
    course::may_import(actor)?;
    let reads = |kind| actor.may_for_school(Access::Read, kind);
    if !reads(list.kind()) {
        return Err(Refusal::NotFound);
    }
    let draft = Draft::read(tx, actor.school)?;
    Ok(match list {
        List::Pupils => {
            let named = draft.pupils.each().map(|(_, row)| row.pupil_id);
            let named = named.filter_map(Key::known).map(PupilId).collect();
            (pupils_sheet(&pupils(&draft, today, &reads)), named)
        }
        List::Contacts => {
            let named = draft.ties.each().map(|(_, tie)| tie.pupil_id);
            let named = named.filter_map(Key::known).map(PupilId).collect();
            (contacts_sheet(&contacts(&draft, today)), named)
        }
        List::Marks => marks(tx, book, today)?,
        List::MarksWide => marks_wide(book, book.calendar.school_year_of(today), today),
        List::Timetable => {
            let lessons = timetable::records(&draft, today);
            (timetable_sheet(&lessons), BTreeSet::new())
        }
    })
}

fn key(pupil: &PupilRow) -> PupilKey {
    PupilKey {
        source_id: None,
        upn: number(pupil.upn.as_deref()),
        admission_number: pupil.admission_number.clone(),
    }
}

fn number(text: Option<&str>) -> Option<upn::Upn> {
    upn::check(text?).ok()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn in_set(set: CodeSet, value: Option<&str>) -> Option<Coded> {
    value.map(|value| coded(set, value))
}

/// Whether a person may read a kind of record of every pupil.
type Reads<'a> = &'a dyn Fn(RecordKind) -> bool;

fn pupils(draft: &Draft, today: Day, reads: Reads<'_>) -> Vec<PupilRecord> {
    let pupils = draft.pupils.each().map(|(_, row)| row);
    pupils.map(|row| pupil(draft, row, today, reads)).collect()
}

fn pupil(draft: &Draft, row: &PupilRow, today: Day, reads: Reads<'_>) -> PupilRecord {
    let enrolment = draft
        .enrolments_of
        .get(&row.pupil_id)
        .into_iter()
        .flatten()
        .map(|at| draft.enrolments.get(*at))
        .max_by_key(|enrolment| enrolment.starting_day);
    let group = |kind| group_of(draft, enrolment?.enrolment_id, kind, today);
    PupilRecord {
        key: key(row),
        former_upn: number(row.former_upn.as_deref()),
        learner_number: row.uln.clone(),
        legal_surname: row.legal_surname.clone(),
        legal_forename: row.legal_forename.clone(),
        middle_names: some(&row.middle_names),
        preferred_surname: some(&row.surname),
        preferred_forename: some(&row.forename),
        sex: in_set(CodeSet::Sex, row.sex.as_deref()),
        birth_date: Some(row.birth_day),
        year_group: in_set(CodeSet::YearGroup, group("year").as_deref()),
        registration_group: group("tutor"),
        house: group("house"),
        starting_day: enrolment.map(|enrolment| enrolment.starting_day),
        leaving_day: enrolment.and_then(|enrolment| enrolment.leaving_day),
        former_school: enrolment.and_then(|enrolment| enrolment.last_school.clone()),
        enrolment_status: enrolment.and_then(status),
        characteristics: circumstances(draft, row.pupil_id, today, reads),
        address: address_of(draft, "pupil", row.pupil_id, today)
            .filter(|_| reads(RecordKind::Contacts)),
        boards: held_on(draft, row.pupil_id, BOARDS, today).map(|value| value == "yes"),
        ..PupilRecord::default()
    }
}

fn status(enrolment: &EnrolmentRow) -> Option<Coded> {
    in_set(CodeSet::EnrolmentStatus, Some(&enrolment.kind)).filter(|status| status.code.is_some())
}

/// The group of this kind to which a time on roll belongs on this day.
fn group_of(draft: &Draft, enrolment: Key, kind: &str, day: Day) -> Option<String> {
    let places = draft.memberships_of.get(&enrolment)?;
    places
        .iter()
        .map(|at| draft.memberships.get(*at))
        .filter(|row| row.from_day <= day && row.to_day.is_none_or(|last| day <= last))
        .filter_map(|row| {
            let mut groups = draft.groups.each().map(|(_, group)| group);
            groups.find(|group| group.group_id == row.group_id)
        })
        .find(|group| group.kind == kind)
        .map(|group| group.name.clone())
}

/// The value of a characteristic that holds on this day.
fn held_on<'d>(draft: &'d Draft, pupil: Key, kind: &str, day: Day) -> Option<&'d str> {
    let places = draft.characteristics_of.get(&pupil)?;
    let mut rows = places.iter().map(|at| draft.characteristics.get(*at));
    let holds = rows.find(|row| {
        row.kind == kind && row.from_day <= day && row.to_day.is_none_or(|last| day <= last)
    });
    holds.map(|row| row.value.as_str())
}

/// What is known of a pupil on this day; what is not recorded, or not for this person, stays blank, which means not known (I-014).
fn circumstances(draft: &Draft, pupil: Key, day: Day, reads: Reads<'_>) -> Characteristics {
    let of = |kind: &str| -> Option<&str> {
        let record = CharacteristicKind::from_key(kind)
            .map_or(RecordKind::VulnerabilityFlags, |kind| kind.record);
        if !reads(record) {
            return None;
        }
        held_on(draft, pupil, kind, day)
    };
    let yes = |kind| of(kind).map(|value| value == "yes");
    let provision = in_set(CodeSet::SenProvision, of("sen"));
    Characteristics {
        ethnicity: in_set(CodeSet::Ethnicity, of("ethnicity")),
        first_language: in_set(CodeSet::Language, of("first_language")),
        sen: provision
            .map(|provision| SenPeriod {
                provision,
                from: None,
            })
            .into_iter()
            .collect(),
        free_meals: yes("fsm"),
        pupil_premium: yes("pupil_premium"),
        in_care: yes("looked_after"),
        additional_language: yes("eal"),
        service_child: yes("service_child")
            .filter(|yes| *yes)
            .map(|_| coded(CodeSet::ServiceChild, "Y")),
        young_carer: in_set(CodeSet::YoungCarer, of("young_carer")),
        ..Characteristics::default()
    }
}

fn address_of(draft: &Draft, party: &str, who: Key, day: Day) -> Option<Address> {
    let places = draft.residences_of.get(&(party.to_owned(), who))?;
    let home = places
        .iter()
        .map(|at| draft.residences.get(*at))
        .rfind(|row| row.to_day.is_none_or(|last| day <= last))?;
    let mut addresses = draft.addresses.each().map(|(_, row)| row);
    addresses
        .find(|row| row.address_id == home.address_id)
        .map(as_given)
}

fn as_given(row: &AddressRow) -> Address {
    let lines = [&row.line_1, &row.line_2];
    Address {
        lines: lines.into_iter().filter_map(|line| some(line)).collect(),
        town: some(&row.town),
        county: some(&row.county),
        postcode: some(&row.postcode),
        property_reference: row.uprn.clone(),
    }
}

fn contacts(draft: &Draft, today: Day) -> Vec<ContactRecord> {
    let ties = draft.ties.each().map(|(_, tie)| tie);
    ties.filter_map(|tie| {
        let pupil = draft.pupils.get(*draft.pupil_at.get(&tie.pupil_id)?);
        let contact = draft.contacts.get(*draft.contact_at.get(&tie.contact_id)?);
        Some(contact_of(draft, pupil, contact, tie, today))
    })
    .collect()
}

fn contact_of(
    draft: &Draft,
    pupil: &PupilRow,
    row: &ContactRow,
    tie: &TieRow,
    today: Day,
) -> ContactRecord {
    let places = draft.routes_of.get(&row.contact_id).into_iter().flatten();
    let routes = places.map(|at| draft.routes.get(*at));
    let (emails, phones): (Vec<_>, Vec<_>) = routes.partition(|route| route.kind == "email");
    ContactRecord {
        pupil: key(pupil),
        priority: tie.priority.and_then(|place| u8::try_from(place).ok()),
        title: some(&row.title),
        forename: some(&row.forename),
        surname: some(&row.surname),
        relationship: some(&tie.relationship),
        parental_responsibility: tie.parental_responsibility,
        lives_with_pupil: tie.lives_with,
        may_collect: tie.may_collect,
        legal_restriction: tie.court_order.then_some(true),
        restriction_text: tie.court_order_text.clone(),
        phones: phones
            .into_iter()
            .map(|route| ContactPhone {
                phone_use: match route.kind.as_str() {
                    "work" => phone::PhoneUse::Work,
                    "home" => phone::PhoneUse::Home,
                    _ => phone::PhoneUse::Mobile,
                },
                phone: phone::tidy(&route.given),
            })
            .collect(),
        emails: emails
            .into_iter()
            .flat_map(|route| email::tidy(&route.given))
            .collect(),
        address: address_of(draft, "contact", row.contact_id, today),
        language: row.language.clone(),
        interpreter: row.interpreter.then_some(true),
        correspondence: Some(tie.correspondence),
        do_not_contact: row.do_not_contact.then_some(true),
        ..ContactRecord::default()
    }
}

/// The pupil's columns of a list of marks.
const WHOSE: [&str; 3] = ["UPN", "Admission Number", "Name"];

fn whose(book: &Book, row: usize) -> [Cell; 3] {
    let Some(pupil) = book.roll.pupil_of_row(row) else {
        return [Cell::Blank, Cell::Blank, Cell::Blank];
    };
    let text = |text: Option<&String>| Cell::or_blank(text, |text| Cell::text(text));
    [
        text(pupil.upn.as_ref()),
        text(pupil.admission_number.as_ref()),
        Cell::text(&pupil.listed()),
    ]
}

/// The first and the last day of a school year, as far as it has come.
fn days_of(book: &Book, year: SchoolYear, today: Day) -> Option<(Day, Day)> {
    let (first, last) = book.calendar.days_of(year)?;
    Some((first, last.min(today)))
}

fn marks(tx: &mut Tx, book: &Book, today: Day) -> Result<Named, Refusal> {
    let mut named = BTreeSet::new();
    let mut sheet = Sheet::new("Attendance marks");
    for heading in WHOSE.into_iter().chain([
        "Date",
        "Session",
        "Mark",
        "Minutes late",
        "Sub-code",
        "Comment",
    ]) {
        sheet.text_column(heading);
    }
    let Some((first, last)) = days_of(book, book.calendar.school_year_of(today), today) else {
        return Ok((sheet, named));
    };
    tx.each(MARKS, &args![book.school, first, last], |row| {
        let session = calendar::Session::from_index(row.get(2)?);
        let (Some(place), Some(session)) = (book.roll.row(row.get(0)?), session) else {
            return Ok(());
        };
        named.insert(book.roll.enrolments[place].pupil);
        let mut cells = whose(book, place).to_vec();
        cells.extend([
            Cell::Day(row.get(1)?),
            Cell::text(&session.to_string()),
            Cell::text(row.get(3)?),
            Cell::or_blank(row.get::<Option<i64>>(4)?, Cell::whole),
            Cell::or_blank(row.get::<Option<&str>>(6)?, Cell::text),
            Cell::or_blank(row.get::<Option<&str>>(5)?, Cell::text),
        ]);
        sheet.rows.push(cells);
        Ok(())
    })?;
    Ok((sheet, named))
}

fn marks_wide(book: &Book, year: SchoolYear, today: Day) -> Named {
    let mut named = BTreeSet::new();
    let mut sheet = Sheet::new("Attendance marks by session");
    for heading in WHOSE {
        sheet.text_column(heading);
    }
    let Some(marks) = book.year(year) else {
        return (sheet, named);
    };
    let past = marks.axis().slots().iter().enumerate();
    let columns: Vec<_> = past.filter(|(_, slot)| slot.day <= today).collect();
    for (_, slot) in &columns {
        sheet.text_column(&format!("{} {}", slot.day.slashed(), slot.session));
    }
    for row in 0..book.roll.enrolments.len() {
        let bytes = columns
            .iter()
            .map(|(column, _)| marks.matrix.get(row, *column));
        let codes: Vec<Option<register::Code>> = bytes.map(MarkByte::code).collect();
        if codes.iter().all(Option::is_none) {
            continue;
        }
        named.insert(book.roll.enrolments[row].pupil);
        let mut cells = whose(book, row).to_vec();
        cells.extend(
            codes
                .into_iter()
                .map(|code| Cell::or_blank(code, |code| Cell::text(code.as_str()))),
        );
        sheet.rows.push(cells);
    }
    (sheet, named)
}
