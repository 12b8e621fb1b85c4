//! Pupils, contacts, marks and lessons as lists that read back equal (I-039).

use calendar::TimeOfDay;

use crate::codes::Coded;
use crate::marks::MarkTable;
use crate::phone::PhoneUse;
use crate::records::{Address, ContactPhone, ContactRecord, LessonRecord, PupilKey, PupilRecord};
use crate::sheet::{Cell, Sheet};

fn text(value: Option<&String>) -> Cell {
    value.map_or(Cell::Blank, |text| Cell::text(text))
}

fn coded(value: Option<&Coded>) -> Cell {
    value.map_or(Cell::Blank, |coded| Cell::text(coded.shown()))
}

fn phone(value: Option<&ContactPhone>) -> Cell {
    Cell::or_blank(value, |given| {
        let mut written = given.phone.national();
        if let Some(extension) = &given.phone.extension {
            written.push_str(&format!(" ext {extension}"));
        }
        if let Some(remark) = given
            .phone
            .remark
            .as_ref()
            .filter(|_| given.phone.e164.is_some())
        {
            written.push_str(&format!(" ({remark})"));
        }
        Cell::text(&written)
    })
}

/// The heading for the source's own number: the source, if it is one and the same.
fn source_heading<'k>(mut keys: impl Iterator<Item = &'k PupilKey>) -> Option<String> {
    let first = keys.find_map(|key| key.source_id.as_ref())?.source.clone();
    Some(first)
}

fn key_cells(key: &PupilKey, with_source: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    if with_source {
        cells.push(Cell::or_blank(key.source_id.as_ref(), |source| {
            Cell::text(&source.id)
        }));
    }
    cells.push(Cell::or_blank(key.upn, |upn| Cell::text(upn.as_str())));
    cells.push(text(key.admission_number.as_ref()));
    cells
}

const ADDRESS: [&str; 6] = [
    "Address Line 1",
    "Address Line 2",
    "Address Line 3",
    "Town",
    "County",
    "Postcode",
];

fn address_cells(address: Option<&Address>) -> Vec<Cell> {
    let Some(address) = address else {
        return vec![Cell::Blank; ADDRESS.len()];
    };
    let line = |index: usize| text(address.lines.get(index));
    let rest = address.lines.get(2..).unwrap_or_default().join(", ");
    vec![
        line(0),
        line(1),
        Cell::text(&rest),
        text(address.town.as_ref()),
        text(address.county.as_ref()),
        text(address.postcode.as_ref()),
    ]
}

/// Pupils, one row each, under headings that every import understands.
pub fn pupils_sheet(pupils: &[PupilRecord]) -> Sheet {
    let mut sheet = Sheet::new("Pupils");
    let source = source_heading(pupils.iter().map(|pupil| &pupil.key));
    if let Some(source) = &source {
        sheet.text_column(source);
    }
    for heading in [
        "UPN",
        "Admission Number",
        "Former UPN",
        "ULN",
        "Legal Surname",
        "Legal Forename",
        "Middle Names",
        "Preferred Surname",
        "Preferred Forename",
        "Former Surname",
        "Sex",
        "Date of Birth",
        "Year Group",
        "Registration Group",
        "House",
        "Date of Admission",
        "Date of Leaving",
        "Previous School",
        "Previous School Address",
        "Boarder",
        "Enrolment Status",
        "Ethnicity",
        "First Language",
        "SEN Status",
        "FSM Eligible",
        "FSM Ever 6",
        "Pupil Premium",
        "In Care",
        "EAL",
        "Service Child",
        "Young Carer",
    ] {
        sheet.text_column(heading);
    }
    for heading in ADDRESS {
        sheet.text_column(heading);
    }
    let phones = pupils
        .iter()
        .map(|pupil| pupil.phones.len())
        .max()
        .unwrap_or(0)
        .max(1);
    for _ in 0..phones {
        sheet.text_column("Pupil Telephone");
    }
    sheet.text_column("Pupil Email");
    for pupil in pupils {
        let circumstances = &pupil.characteristics;
        let mut row = key_cells(&pupil.key, source.is_some());
        if let Some(reason) = &pupil.no_upn_reason {
            row[usize::from(source.is_some())] = Cell::text(reason);
        }
        let sen = circumstances.sen.last().map(|period| &period.provision);
        row.extend([
            Cell::or_blank(pupil.former_upn, |upn| Cell::text(upn.as_str())),
            text(pupil.learner_number.as_ref()),
            Cell::text(&pupil.legal_surname),
            Cell::text(&pupil.legal_forename),
            text(pupil.middle_names.as_ref()),
            text(pupil.preferred_surname.as_ref()),
            text(pupil.preferred_forename.as_ref()),
            text(pupil.former_surname.as_ref()),
            coded(pupil.sex.as_ref()),
            Cell::or_blank(pupil.birth_date, Cell::Day),
            coded(pupil.year_group.as_ref()),
            text(pupil.registration_group.as_ref()),
            text(pupil.house.as_ref()),
            Cell::or_blank(pupil.starting_day, Cell::Day),
            Cell::or_blank(pupil.leaving_day, Cell::Day),
            text(pupil.former_school.as_ref()),
            text(pupil.former_school_address.as_ref()),
            Cell::or_blank(pupil.boards, Cell::YesNo),
            coded(pupil.enrolment_status.as_ref()),
            coded(circumstances.ethnicity.as_ref()),
            coded(circumstances.first_language.as_ref()),
            coded(sen),
            Cell::or_blank(circumstances.free_meals, Cell::YesNo),
            Cell::or_blank(circumstances.free_meals_ever6, Cell::YesNo),
            Cell::or_blank(circumstances.pupil_premium, Cell::YesNo),
            Cell::or_blank(circumstances.in_care, Cell::YesNo),
            Cell::or_blank(circumstances.additional_language, Cell::YesNo),
            coded(circumstances.service_child.as_ref()),
            coded(circumstances.young_carer.as_ref()),
        ]);
        row.extend(address_cells(pupil.address.as_ref()));
        row.extend((0..phones).map(|index| phone(pupil.phones.get(index))));
        let emails: Vec<&str> = pupil
            .emails
            .iter()
            .map(|email| email.as_given.as_str())
            .collect();
        row.push(Cell::text(&emails.join("; ")));
        sheet.rows.push(row);
    }
    sheet
}

/// Contacts, one row for each pupil and contact.
pub fn contacts_sheet(contacts: &[ContactRecord]) -> Sheet {
    const USES: [(PhoneUse, &str); 4] = [
        (PhoneUse::Home, "Home Telephone"),
        (PhoneUse::Mobile, "Mobile"),
        (PhoneUse::Work, "Work Telephone"),
        (PhoneUse::NotSaid, "Contact Telephone"),
    ];
    let mut sheet = Sheet::new("Contacts");
    let source = source_heading(contacts.iter().map(|contact| &contact.pupil));
    if let Some(source) = &source {
        sheet.text_column(source);
    }
    for heading in [
        "UPN",
        "Admission Number",
        "Contact ID",
        "Contact Priority",
        "Title",
        "Contact Forename",
        "Contact Surname",
        "Relationship",
        "Parental Responsibility",
        "Lives with Pupil",
        "May Collect",
        "Court Order",
        "Court Order Details",
    ] {
        sheet.text_column(heading);
    }
    let mut phone_columns = Vec::new();
    for (phone_use, heading) in USES {
        let of_use = |contact: &ContactRecord| {
            contact
                .phones
                .iter()
                .filter(|phone| phone.phone_use == phone_use)
                .count()
        };
        let most = contacts.iter().map(of_use).max().unwrap_or(0).max(1);
        for index in 0..most {
            sheet.text_column(heading);
            phone_columns.push((phone_use, index));
        }
    }
    sheet.text_column("Email");
    for heading in ADDRESS {
        sheet.text_column(heading);
    }
    for heading in [
        "Home Language",
        "Interpreter",
        "Correspondence",
        "Do Not Contact",
        "Contact Notes",
    ] {
        sheet.text_column(heading);
    }
    for contact in contacts {
        let mut row = key_cells(&contact.pupil, source.is_some());
        row.extend([
            Cell::or_blank(contact.source_id.as_ref(), |source| Cell::text(&source.id)),
            Cell::or_blank(contact.priority, |priority| {
                Cell::whole(i64::from(priority))
            }),
            text(contact.title.as_ref()),
            text(contact.forename.as_ref()),
            text(contact.surname.as_ref()),
            text(contact.relationship.as_ref()),
            Cell::or_blank(contact.parental_responsibility, Cell::YesNo),
            Cell::or_blank(contact.lives_with_pupil, Cell::YesNo),
            Cell::or_blank(contact.may_collect, Cell::YesNo),
            Cell::or_blank(contact.legal_restriction, Cell::YesNo),
            text(contact.restriction_text.as_ref()),
        ]);
        for &(phone_use, index) in &phone_columns {
            row.push(phone(
                contact
                    .phones
                    .iter()
                    .filter(|phone| phone.phone_use == phone_use)
                    .nth(index),
            ));
        }
        let emails: Vec<&str> = contact
            .emails
            .iter()
            .map(|email| email.as_given.as_str())
            .collect();
        row.push(Cell::text(&emails.join("; ")));
        row.extend(address_cells(contact.address.as_ref()));
        row.extend([
            text(contact.language.as_ref()),
            Cell::or_blank(contact.interpreter, Cell::YesNo),
            Cell::or_blank(contact.correspondence, Cell::YesNo),
            Cell::or_blank(contact.do_not_contact, Cell::YesNo),
            text(contact.notes.as_ref()),
        ]);
        sheet.rows.push(row);
    }
    sheet
}

/// Lessons of the timetable, one row each, for classes.
pub fn timetable_sheet(lessons: &[LessonRecord]) -> Sheet {
    let mut sheet = Sheet::new("Timetable");
    for heading in [
        "Class",
        "Subject",
        "Teacher Code",
        "Room",
        "Week",
        "Day",
        "Period",
        "Start",
        "End",
        "Effective From",
        "Effective To",
    ] {
        sheet.text_column(heading);
    }
    for lesson in lessons {
        let time = |of: fn((TimeOfDay, TimeOfDay)) -> TimeOfDay| {
            Cell::or_blank(lesson.times.map(of), |time| Cell::text(&time.to_string()))
        };
        sheet.rows.push(vec![
            Cell::text(&lesson.class),
            Cell::or_blank(lesson.subject.as_deref(), Cell::text),
            Cell::text(&lesson.teachers.join("; ")),
            Cell::or_blank(lesson.room.as_deref(), Cell::text),
            Cell::or_blank(lesson.week, |week| Cell::text(week.letter())),
            Cell::text(lesson.weekday.name()),
            Cell::or_blank(lesson.period.as_deref(), Cell::text),
            time(|(starts, _)| starts),
            time(|(_, ends)| ends),
            Cell::or_blank(lesson.from, Cell::Day),
            Cell::or_blank(lesson.to, Cell::Day),
        ]);
    }
    sheet
}

/// Marks, one row each.
pub fn marks_sheet(table: &MarkTable) -> Sheet {
    let mut sheet = Sheet::new("Attendance marks");
    let source = source_heading(table.pupils.iter().map(|pupil| &pupil.key));
    if let Some(source) = &source {
        sheet.text_column(source);
    }
    for heading in [
        "UPN",
        "Admission Number",
        "Name",
        "Date",
        "Session",
        "Mark",
        "Minutes late",
        "Sub-code",
        "Comment",
    ] {
        sheet.text_column(heading);
    }
    for (index, mark) in table.marks.iter().enumerate() {
        let pupil = table.pupil(mark);
        let mut row = key_cells(&pupil.key, source.is_some());
        row.extend([
            Cell::text(&pupil.name),
            Cell::Day(mark.day),
            Cell::text(&mark.session.to_string()),
            Cell::text(table.text(mark)),
            Cell::or_blank(mark.minutes_late(), |minutes| {
                Cell::whole(i64::from(minutes))
            }),
            Cell::or_blank(table.sub_code(index), Cell::text),
            Cell::or_blank(table.comment(index), Cell::text),
        ]);
        sheet.rows.push(row);
    }
    sheet
}
