//! Lists of pupils (I-080 to I-082), with contacts beside them, and pupils named twice (I-033).

use std::collections::HashMap;

use crate::codes::CodeSet;
use crate::contacts;
use crate::dates::DateUse;
use crate::finding::{FindingCode, Findings, Place, Severity};
use crate::headings::{Field, PupilField};
use crate::phone::PhoneUse;
use crate::reading::{Kind, Options, Reading};
use crate::records::{Address, Characteristics, PupilRecord, SenPeriod, Standing};
use crate::refused::RefusedFile;
use crate::table::{self, Became, Columns, Head, RecordRows, RowReader};
use crate::text;

pub(crate) fn read(
    file: &str,
    head: Head<'_>,
    reading: &mut Reading,
    mut findings: Findings,
    options: &Options<'_>,
) -> Result<(), RefusedFile> {
    let columns = Columns::map(
        file,
        &head.headings,
        crate::reading::purpose(reading.kind),
        options,
    )?;
    require_columns(file, &columns, reading.kind)?;
    reading.note_headings(file, &columns);
    let dates = [
        PupilField::BirthDate,
        PupilField::StartingDay,
        PupilField::LeavingDay,
    ]
    .map(Field::Pupil);
    let orders = table::decide_orders(file, &head, &columns, &dates, options, &mut findings)?;
    let required: Vec<usize> = [
        PupilField::Surname,
        PupilField::Forename,
        PupilField::BirthDate,
    ]
    .into_iter()
    .filter_map(|field| columns.index(Field::Pupil(field)))
    .collect();
    let rows = RecordRows {
        rows: head.rows,
        columns: &columns,
        orders: &orders,
        required: &required,
        today: options.today,
        label: record_label,
    };
    rows.each(&mut reading.counts, &mut findings, |row| {
        let mut pupil = read_pupil(row);
        let beside = contacts::beside_pupil(row, &pupil.key);
        if !row.rejected && pupil.key.is_empty() {
            pupil.standing = Standing::Held;
            row.note(Severity::Held, FindingCode::NoIdentifier, None, "", "");
        }
        if !row.rejected {
            reading.pupils.push(pupil);
            reading.contacts.extend(beside);
        }
        Became::Gathered
    });
    settle_repeats(reading, &mut findings);
    reading.take_findings(findings);
    Ok(())
}

fn require_columns(file: &str, columns: &Columns, kind: Kind) -> Result<(), RefusedFile> {
    let named = columns.has(PupilField::FullName)
        || (columns.has(PupilField::Surname) && columns.has(PupilField::Forename));
    let mut missing = Vec::new();
    if !named {
        for field in [PupilField::Surname, PupilField::Forename] {
            if !columns.has(field) {
                missing.push(field.words());
            }
        }
    }
    if !columns.has(PupilField::BirthDate) {
        missing.push(PupilField::BirthDate.words());
    }
    if !missing.is_empty() {
        return Err(RefusedFile::RequiredColumnAbsent {
            file: file.to_owned(),
            missing: missing.join(" and "),
            kind,
        });
    }
    if kind == Kind::Pupils && !columns.has_identifier() {
        return Err(RefusedFile::NoIdentifierColumn {
            file: file.to_owned(),
        });
    }
    Ok(())
}

/// How a person recognises the row: its identifier and name as given.
pub(crate) fn record_label(cells: &[std::borrow::Cow<'_, str>], columns: &Columns) -> String {
    let value = |field| {
        let index = columns.index(Field::Pupil(field));
        index
            .and_then(|index| cells.get(index))
            .map_or("", |cell| text::trim(cell))
    };
    let identifier = [
        PupilField::AdmissionNumber,
        PupilField::Upn,
        PupilField::SourceId,
    ]
    .into_iter()
    .map(value)
    .find(|value| !value.is_empty());
    let name = match (value(PupilField::Surname), value(PupilField::Forename)) {
        ("", "") => value(PupilField::FullName).to_owned(),
        (surname, forename) => format!("{surname}, {forename}"),
    };
    format!("{} {name}", identifier.unwrap_or_default())
        .trim()
        .to_owned()
}

fn read_pupil(row: &mut RowReader<'_>) -> PupilRecord {
    use PupilField as P;
    let mut damaged = false;
    let (key, no_upn_reason) = row.pupil_key();
    let (surname, forename) = names(row, &mut damaged);
    let field = |field| {
        if row.columns.has(field) {
            field
        } else {
            P::FullName
        }
    };
    let (surname_field, forename_field) = (field(P::Surname), field(P::Forename));
    let legal_surname = row.require(Field::Pupil(surname_field), surname);
    let legal_forename = row.require(Field::Pupil(forename_field), forename);
    if legal_surname.contains('(') {
        let index = row.columns.index(Field::Pupil(surname_field));
        row.note(
            Severity::Warning,
            FindingCode::NameBracket,
            index,
            &legal_surname,
            "",
        );
    }
    if starts_with_title(&legal_forename) {
        let index = row.columns.index(Field::Pupil(forename_field));
        row.note(
            Severity::Warning,
            FindingCode::NameTitle,
            index,
            &legal_forename,
            "",
        );
    }
    let birth = Field::Pupil(P::BirthDate);
    let birth_date = row.date(birth, DateUse::Birth, true);
    if birth_date.is_none() && row.raw(birth).is_empty() {
        row.require(birth, None);
    }
    let group = row.text(Field::Pupil(P::RegistrationGroup));
    if let Some(group) = group.as_deref().filter(|group| looks_like_date(group)) {
        let index = row.columns.index(Field::Pupil(P::RegistrationGroup));
        row.note(
            Severity::Warning,
            FindingCode::GroupDamaged,
            index,
            group,
            "",
        );
    }
    let starting_day = row.date(Field::Pupil(P::StartingDay), DateUse::Other, false);
    let leaving_day = row.date(Field::Pupil(P::LeavingDay), DateUse::Other, false);
    if let (Some(from), Some(to)) = (starting_day, leaving_day)
        && to < from
    {
        let index = row.columns.index(Field::Pupil(P::LeavingDay));
        row.note(
            Severity::Warning,
            FindingCode::DatesSwapped,
            index,
            &to.slashed(),
            &from.slashed(),
        );
    }
    let (former_upn, _) = row.upn(P::FormerUpn, Severity::Warning);
    let learner_number = row.identifier(Field::Pupil(P::LearnerNumber));
    if let Some(number) = learner_number
        .as_deref()
        .filter(|number| !crate::upn::learner_number_is_plausible(number))
    {
        let index = row.columns.index(Field::Pupil(P::LearnerNumber));
        row.note(
            Severity::Warning,
            FindingCode::UlnDoubtful,
            index,
            number,
            "",
        );
    }
    PupilRecord {
        line: row.line,
        standing: Standing::Offered,
        key,
        former_upn,
        no_upn_reason,
        learner_number,
        application_reference: None,
        legal_surname,
        legal_forename,
        middle_names: row.name(Field::Pupil(P::MiddleNames), &mut damaged),
        preferred_surname: row.name(Field::Pupil(P::PreferredSurname), &mut damaged),
        preferred_forename: row.name(Field::Pupil(P::PreferredForename), &mut damaged),
        former_surname: row.name(Field::Pupil(P::FormerSurname), &mut damaged),
        sex: row.coded(Field::Pupil(P::Sex), CodeSet::Sex),
        birth_date,
        year_group: row.coded(Field::Pupil(P::YearGroup), CodeSet::YearGroup),
        registration_group: group,
        house: row.text(Field::Pupil(P::House)),
        starting_day,
        leaving_day,
        former_school: row.text(Field::Pupil(P::FormerSchool)),
        former_school_address: row.text(Field::Pupil(P::FormerSchoolAddress)),
        boards: row.yes_no(Field::Pupil(P::Boarder)),
        enrolment_status: row.coded(Field::Pupil(P::EnrolmentStatus), CodeSet::EnrolmentStatus),
        characteristics: characteristics(row),
        address: address(row, Field::Pupil),
        phones: row.phones(Field::Pupil(P::Phone), PhoneUse::NotSaid),
        emails: row.emails(Field::Pupil(P::Email)),
        prior_attendance: Vec::new(),
        school_history: Vec::new(),
    }
}

/// Surname and forename; a single name column is parted at the first comma (section 4.1).
fn names(row: &mut RowReader<'_>, damaged: &mut bool) -> (Option<String>, Option<String>) {
    use PupilField as P;
    let surname = row.name(Field::Pupil(P::Surname), damaged);
    let forename = row.name(Field::Pupil(P::Forename), damaged);
    if row.columns.has(P::Surname) || !row.columns.has(P::FullName) {
        return (surname, forename);
    }
    let Some(full) = row.name(Field::Pupil(P::FullName), damaged) else {
        return (None, None);
    };
    if let Some((surname, forename)) = full.split_once(',') {
        let part = |text: &str| Some(text::trim(text).to_owned()).filter(|text| !text.is_empty());
        return (part(surname), part(forename));
    }
    let index = row.columns.index(Field::Pupil(P::FullName));
    row.note(
        Severity::Warning,
        FindingCode::NameNoComma,
        index,
        &full,
        "",
    );
    match full.rsplit_once(' ') {
        Some((forename, surname)) => (Some(surname.to_owned()), Some(forename.trim().to_owned())),
        None => (Some(full), None),
    }
}

fn starts_with_title(forename: &str) -> bool {
    let first = forename
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let has_more = forename.split_whitespace().nth(1).is_some();
    has_more
        && ["Mr", "Mrs", "Miss", "Ms", "Mx", "Master", "Dr"]
            .iter()
            .any(|title| first.eq_ignore_ascii_case(title))
}

/// `07-Mar`: a class such as 7M turned into a date by a spreadsheet (I-021).
fn looks_like_date(group: &str) -> bool {
    let Some((day, month)) = group.split_once('-') else {
        return crate::dates::written(group).is_ok() && group.contains('-');
    };
    let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let is_number = |text: &str| {
        !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_month = |text: &str| months.contains(&text.to_ascii_lowercase().as_str());
    (is_number(day) && is_month(month))
        || (is_month(day) && is_number(month))
        || crate::dates::written(group).is_ok()
}

fn characteristics(row: &mut RowReader<'_>) -> Characteristics {
    use PupilField as P;
    let provision = row.coded(Field::Pupil(P::Sen), CodeSet::SenProvision);
    Characteristics {
        ethnicity: row.coded(Field::Pupil(P::Ethnicity), CodeSet::Ethnicity),
        first_language: row.coded(Field::Pupil(P::FirstLanguage), CodeSet::Language),
        sen: provision
            .into_iter()
            .map(|provision| SenPeriod {
                provision,
                from: None,
            })
            .collect(),
        free_meals: row.yes_no(Field::Pupil(P::FreeMeals)),
        free_meals_ever6: row.yes_no(Field::Pupil(P::FreeMealsEver6)),
        pupil_premium: row.yes_no(Field::Pupil(P::PupilPremium)),
        in_care: row.yes_no(Field::Pupil(P::InCare)),
        additional_language: row.yes_no(Field::Pupil(P::AdditionalLanguage)),
        service_child: row.coded(Field::Pupil(P::ServiceChild), CodeSet::ServiceChild),
        young_carer: row.coded(Field::Pupil(P::YoungCarer), CodeSet::YoungCarer),
        ..Characteristics::default()
    }
}

/// An address out of whichever columns the table has; house number and street make one line.
pub(crate) fn address(
    row: &mut RowReader<'_>,
    of: impl Fn(PupilField) -> Field,
) -> Option<Address> {
    use PupilField as P;
    let mut lines = Vec::new();
    lines.extend(row.text(of(P::Flat)));
    match (row.text(of(P::HouseNumber)), row.text(of(P::Street))) {
        (Some(house), Some(street)) => lines.push(format!("{house} {street}")),
        (house, street) => lines.extend(house.or(street)),
    }
    for field in [P::Address, P::Line1, P::Line2, P::Line3, P::Locality] {
        lines.extend(row.text(of(field)));
    }
    let address = Address {
        lines,
        town: row.text(of(P::Town)),
        county: row.text(of(P::County)),
        postcode: row.postcode(of(P::Postcode)),
        property_reference: None,
    };
    (!address.is_empty()).then_some(address)
}

/// Pupils named more than once (I-033): repeats are skipped, rows that only add are joined, contradictions are all held.
///
/// Counts every pupil record. Contacts of skipped repeats go with them; contacts of joined rows stay.
pub(crate) fn settle_repeats(reading: &mut Reading, findings: &mut Findings) {
    let pupils = std::mem::take(&mut reading.pupils);
    let families = shared_identifiers(&pupils);
    let mut pupils: Vec<Option<PupilRecord>> = pupils.into_iter().map(Some).collect();
    for family in families {
        let members: Vec<PupilRecord> = family
            .iter()
            .filter_map(|&index| pupils[index].clone())
            .collect();
        let first = &members[0];
        let same_person = members
            .iter()
            .all(|other| same_name_and_birth(first, other));
        if !same_person || members.iter().any(|other| joined(first, other).is_none()) {
            let detail = if same_person {
                "their details contradict each other"
            } else {
                "other name or birth date"
            };
            for (&index, member) in family.iter().zip(&members) {
                let place = Place {
                    line: member.line,
                    record: &label(member),
                    column: "",
                };
                findings.add(
                    Severity::Held,
                    FindingCode::RepeatedDiffers,
                    place,
                    &shared_value(member),
                    detail,
                );
                if let Some(pupil) = &mut pupils[index] {
                    pupil.standing = Standing::Held;
                }
            }
            continue;
        }
        let mut whole = first.clone();
        for (&index, member) in family.iter().zip(&members).skip(1) {
            let has_more_contacts = reading.contacts.iter().any(|contact| {
                contact.pupil_line == Some(member.line)
                    && !reading.contacts.iter().any(|other| {
                        other.pupil_line == Some(first.line) && same_contact(other, contact)
                    })
            });
            let adds =
                joined(&whole, member).is_some_and(|joined| joined != whole) || has_more_contacts;
            let code = if adds {
                FindingCode::JoinedInFile
            } else {
                FindingCode::RepeatedInFile
            };
            if let Some(joined) = joined(&whole, member) {
                whole = joined;
            }
            let place = Place {
                line: member.line,
                record: &label(member),
                column: "",
            };
            findings.add(Severity::Skipped, code, place, "", &first.line.to_string());
            reading.counts.skip();
            let kept: Vec<_> = reading
                .contacts
                .iter()
                .filter(|contact| contact.pupil_line == Some(first.line))
                .cloned()
                .collect();
            reading.contacts.retain(|contact| {
                contact.pupil_line != Some(member.line)
                    || !kept.iter().any(|other| same_contact(other, contact))
            });
            for contact in reading
                .contacts
                .iter_mut()
                .filter(|contact| contact.pupil_line == Some(member.line))
            {
                contact.pupil_line = Some(first.line);
            }
            pupils[index] = None;
        }
        pupils[family[0]] = Some(whole);
    }
    reading.pupils = pupils.into_iter().flatten().collect();
    for pupil in &reading.pupils {
        reading.counts.stand(pupil.standing);
        for contact in reading
            .contacts
            .iter_mut()
            .filter(|_| pupil.standing == Standing::Held)
        {
            if contact.pupil_line == Some(pupil.line) {
                contact.standing = Standing::Held;
            }
        }
    }
}

/// Groups of records, in file order, that share an identifier with another of the group.
fn shared_identifiers(pupils: &[PupilRecord]) -> Vec<Vec<usize>> {
    let mut family_of: Vec<usize> = (0..pupils.len()).collect();
    fn root(family_of: &mut [usize], mut index: usize) -> usize {
        while family_of[index] != index {
            family_of[index] = family_of[family_of[index]];
            index = family_of[index];
        }
        index
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (index, pupil) in pupils.iter().enumerate() {
        let upn = pupil.key.upn.map(|upn| format!("u{upn}"));
        let admission = pupil
            .key
            .admission_number
            .as_ref()
            .map(|number| format!("a{number}"));
        let source = pupil
            .key
            .source_id
            .as_ref()
            .map(|source| format!("s{}\u{0}{}", source.source, source.id));
        for identifier in [upn, admission, source].into_iter().flatten() {
            let other = *seen.entry(identifier).or_insert(index);
            let (a, b) = (root(&mut family_of, other), root(&mut family_of, index));
            family_of[a.max(b)] = a.min(b);
        }
    }
    let mut families: HashMap<usize, Vec<usize>> = HashMap::new();
    for index in 0..pupils.len() {
        families
            .entry(root(&mut family_of, index))
            .or_default()
            .push(index);
    }
    let mut families: Vec<Vec<usize>> = families
        .into_values()
        .filter(|family| family.len() > 1)
        .collect();
    families.sort_unstable();
    families
}

fn same_name_and_birth(one: &PupilRecord, other: &PupilRecord) -> bool {
    let name = |pupil: &PupilRecord| {
        (
            text::for_matching(&pupil.legal_surname),
            text::for_matching(&pupil.legal_forename),
        )
    };
    name(one) == name(other) && one.birth_date == other.birth_date
}

/// Both records in one, if they differ only in repeating parts (SEN, telephones, e-mails); else `None`.
fn joined(one: &PupilRecord, other: &PupilRecord) -> Option<PupilRecord> {
    fn add<T: Clone + PartialEq>(to: &mut Vec<T>, more: &[T]) {
        for value in more {
            if !to.contains(value) {
                to.push(value.clone());
            }
        }
    }
    let mut whole = one.clone();
    add(&mut whole.characteristics.sen, &other.characteristics.sen);
    add(
        &mut whole.characteristics.free_meal_periods,
        &other.characteristics.free_meal_periods,
    );
    add(&mut whole.phones, &other.phones);
    add(&mut whole.emails, &other.emails);
    add(&mut whole.prior_attendance, &other.prior_attendance);
    add(&mut whole.school_history, &other.school_history);
    let mut compared = other.clone();
    compared.line = one.line;
    compared.standing = one.standing;
    compared
        .characteristics
        .sen
        .clone_from(&one.characteristics.sen);
    compared
        .characteristics
        .free_meal_periods
        .clone_from(&one.characteristics.free_meal_periods);
    compared.phones.clone_from(&one.phones);
    compared.emails.clone_from(&one.emails);
    compared.prior_attendance.clone_from(&one.prior_attendance);
    compared.school_history.clone_from(&one.school_history);
    (compared == *one).then_some(whole)
}

fn same_contact(one: &crate::ContactRecord, other: &crate::ContactRecord) -> bool {
    let comparable = |contact: &crate::ContactRecord| {
        let mut contact = contact.clone();
        contact.line = 0;
        contact.pupil_line = None;
        contact
    };
    comparable(one) == comparable(other)
}

pub(crate) fn label(pupil: &PupilRecord) -> String {
    format!(
        "{} {}, {}",
        shared_value(pupil),
        pupil.legal_surname,
        pupil.legal_forename
    )
    .trim()
    .to_owned()
}

fn shared_value(pupil: &PupilRecord) -> String {
    let key = &pupil.key;
    key.upn
        .map(|upn| upn.to_string())
        .or_else(|| key.admission_number.clone())
        .or_else(|| key.source_id.as_ref().map(|source| source.id.clone()))
        .unwrap_or_default()
}
