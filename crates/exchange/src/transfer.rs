//! Common transfer files and admissions transfer files, reading (I-260 to I-279, I-290).

use std::collections::{BTreeMap, HashSet};

use calendar::{Day, Session};
use roxmltree::Node;

use crate::codes::{self, CodeSet, Coded};
use crate::contacts;
use crate::dates::{self, DateFault, DateUse};
use crate::email;
use crate::finding::{FindingCode, Findings, Place, Severity, masked};
use crate::phone::{self, PhoneKind, PhoneUse};
use crate::postcode;
use crate::pupils;
use crate::reading::{Kind, Options, PriorClass, Reading, SchoolNumber};
use crate::records::{
    Address, Characteristics, ContactPhone, ContactRecord, FreeMealPeriod, PriorAttendance,
    PriorMark, PupilKey, PupilRecord, SchoolSpell, SenPeriod, Standing, WeekLayout,
};
use crate::refused::RefusedFile;
use crate::table;
use crate::text::{self, Encoding};
use crate::upn::{self, Upn, UpnFault};
use crate::xml;

/// The oldest and newest editions that are known (I-262, I-272).
const EDITIONS: std::ops::RangeInclusive<u32> = 20..=26;

/// The head of a transfer file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferHeader {
    /// Edition as written, such as `25.0`.
    pub edition: String,
    /// Moment of making as written.
    pub made_at: String,
    /// `full` or `partial`; neither deletes anything (I-273).
    pub qualifier: String,
    /// Authority and establishment of the sender, `823/2998`; an authority writes letters (`823/LLLL`).
    pub sender: String,
    /// Name of the sender.
    pub sender_name: Option<String>,
    /// Authority and establishment of the receiver.
    pub receiver: String,
}

type Element<'a> = Node<'a, 'a>;

fn name<'a>(node: &Element<'a>) -> &'a str {
    node.tag_name().name()
}

fn child<'a>(node: Element<'a>, wanted: &str) -> Option<Element<'a>> {
    node.children()
        .find(|child| child.is_element() && name(child) == wanted)
}

fn children<'a>(node: Element<'a>, wanted: &'a str) -> impl Iterator<Item = Element<'a>> {
    node.children()
        .filter(move |child| child.is_element() && name(child) == wanted)
}

fn at<'a>(node: Element<'a>, path: &[&str]) -> Option<Element<'a>> {
    path.iter().try_fold(node, |node, step| child(node, step))
}

/// Reads the decoded text of a transfer file.
pub(crate) fn read(
    file: &str,
    text: &str,
    encoding: Encoding,
    options: &Options<'_>,
) -> Result<Reading, RefusedFile> {
    let document = xml::parse(file, text)?;
    let root = document.root_element();
    let (kind, pupil_list, edition) = match name(&root) {
        "CTfile" | "CTFile" => (Kind::TransferFile, "CTFpupilData", "CTFversion"),
        "ATfile" | "ATFile" => (Kind::AdmissionsFile, "ATFpupilData", "ATFversion"),
        other => {
            return Err(RefusedFile::WrongKind {
                file: file.to_owned(),
                found: format!(
                    "it is not a common transfer file but XML that begins with “{}”",
                    other.chars().take(40).collect::<String>()
                ),
                expected:
                    "A common transfer file begins with “CTfile”, an admissions file with “ATfile”."
                        .to_owned(),
            });
        }
    };
    let header = header(root, edition);
    check_destination(file, &header, options)?;
    let mut reading = Reading::new(kind, file);
    let mut reader = TransferReader {
        document: &document,
        options,
        findings: Findings::new(file),
        made_on: header
            .made_at
            .get(..10)
            .and_then(|day| day.parse().ok())
            .unwrap_or(options.today),
        record: String::new(),
        line: 0,
        rejected: false,
        unknown: BTreeMap::new(),
    };
    let number = header
        .edition
        .split('.')
        .next()
        .and_then(|number| number.parse().ok());
    if !number.is_some_and(|number: u32| EDITIONS.contains(&number)) {
        let known = format!("{} to {}", EDITIONS.start(), EDITIONS.end());
        reader.findings.warn(
            FindingCode::EditionOther,
            Place::line(1).column(edition),
            &header.edition,
            &known,
        );
    }
    reading.encoding = Some(encoding);
    for pupil in child(root, pupil_list)
        .into_iter()
        .flat_map(|list| children(list, "Pupil"))
    {
        reader.pupil(pupil, &mut reading);
    }
    reader.note_unknown_elements();
    pupils::settle_repeats(&mut reading, &mut reader.findings);
    reading.encoding_samples = samples(&reading);
    let TransferReader { findings, .. } = reader;
    reading.transfer = Some(header);
    reading.take_findings(findings);
    Ok(reading)
}

fn samples(reading: &Reading) -> Vec<String> {
    let names = reading
        .pupils
        .iter()
        .flat_map(|pupil| [&pupil.legal_forename, &pupil.legal_surname]);
    names
        .filter(|name| !name.is_ascii())
        .take(3)
        .cloned()
        .collect()
}

fn header(root: Element<'_>, edition: &str) -> TransferHeader {
    let text = |path: &[&str]| {
        let node = child(root, "Header").and_then(|header| at(header, path));
        node.and_then(|node| node.text())
            .map_or_else(String::new, |text| text::trim(text).to_owned())
    };
    let school = |which: &str| format!("{}/{}", text(&[which, "LEA"]), text(&[which, "Estab"]));
    let authority = text(&["SourceLA"]);
    TransferHeader {
        edition: text(&[edition]),
        made_at: text(&["DateTime"]),
        qualifier: text(&["DocumentQualifier"]),
        sender: if authority.is_empty() {
            school("SourceSchool")
        } else {
            format!("{authority}/LLLL")
        },
        sender_name: Some(text(&["SourceSchool", "SchoolName"])).filter(|name| !name.is_empty()),
        receiver: school("DestSchool"),
    }
}

/// The destination must be this school or a predecessor (I-271).
fn check_destination(
    file: &str,
    header: &TransferHeader,
    options: &Options<'_>,
) -> Result<(), RefusedFile> {
    let receiver = SchoolNumber::new(&header.receiver);
    let ours = &options.own_schools;
    let is_ours = receiver.is_some_and(|receiver| ours.contains(&receiver));
    if ours.is_empty() || is_ours || options.accept_other_school {
        return Ok(());
    }
    Err(RefusedFile::AnotherSchool {
        file: file.to_owned(),
        addressed_to: match header.receiver.as_str() {
            "XXX/XXXX" => "an unknown school (XXX/XXXX)".to_owned(),
            "MMM/MMMM" => "a school outside the maintained sector (MMM/MMMM)".to_owned(),
            "/" => "no school".to_owned(),
            receiver => receiver.to_owned(),
        },
        ours: ours
            .iter()
            .map(SchoolNumber::to_string)
            .collect::<Vec<_>>()
            .join(" or "),
    })
}

/// Elements under `Pupil` that are read or deliberately kept in the file only (I-270).
const KNOWN: [&str; 28] = [
    "UPN",
    "UniqueLearnerNumber",
    "Surname",
    "Forename",
    "DOB",
    "Sex",
    "Gender",
    "BasicDetails",
    "FSMhistory",
    "LookedAfter",
    "SENhistory",
    "Address",
    "Phones",
    "Email",
    "Contacts",
    "Attendance",
    "SchoolHistory",
    "StageAssessments",
    "NAWdetails",
    "Admissions",
    "ApplicationReference",
    "FormerUPN",
    "MiddleNames",
    "PreferredSurname",
    "PreferredForename",
    "FormerSurname",
    "FormerForename",
    "NCyearActual",
];

/// Elements under `BasicDetails`.
const KNOWN_DETAILS: [&str; 15] = [
    "FormerUPN",
    "UniqueLearnerNumber",
    "MiddleNames",
    "PreferredSurname",
    "PreferredForename",
    "FormerSurname",
    "FormerForename",
    "NCyearActual",
    "Ethnicity",
    "EthnicitySource",
    "Languages",
    "EnrolStatus",
    "MedicalFlag",
    "Disabilities",
    "Sex",
];

struct TransferReader<'a> {
    document: &'a roxmltree::Document<'a>,
    options: &'a Options<'a>,
    findings: Findings,
    made_on: Day,
    record: String,
    line: u32,
    rejected: bool,
    unknown: BTreeMap<String, (u32, u32)>,
}

impl<'a> TransferReader<'a> {
    fn line_of(&self, node: Element<'_>) -> u32 {
        self.document.text_pos_at(node.range().start).row
    }

    fn note(
        &mut self,
        severity: Severity,
        code: FindingCode,
        column: &str,
        value: &str,
        detail: &str,
    ) {
        let place = Place {
            line: self.line,
            record: &self.record,
            column,
        };
        self.findings.add(severity, code, place, value, detail);
        self.rejected |= severity == Severity::Rejected;
    }

    fn warn(&mut self, code: FindingCode, column: &str, value: &str, detail: &str) {
        self.note(Severity::Warning, code, column, value, detail);
    }

    /// Text of an element, tidied; none if blank.
    fn text(&mut self, node: Option<Element<'_>>) -> Option<String> {
        let node = node?;
        let raw: String = node
            .children()
            .filter_map(|part| part.text().filter(|_| part.is_text()))
            .collect();
        match text::tidy(&raw) {
            Ok(tidied) => {
                if tidied.direction_removed {
                    self.warn(FindingCode::DirectionCharacters, name(&node), &raw, "");
                }
                Some(tidied.text.into_owned()).filter(|text| !text.is_empty())
            }
            Err(_) => {
                self.warn(FindingCode::ControlCharacter, name(&node), "", "");
                None
            }
        }
    }

    fn text_at(&mut self, node: Element<'_>, path: &[&str]) -> Option<String> {
        self.text(at(node, path))
    }

    fn date(
        &mut self,
        node: Option<Element<'_>>,
        date_use: DateUse,
        severity: Severity,
    ) -> Option<Day> {
        let text = self.text(node)?;
        let column = node.map_or("", |node| name(&node));
        // Transfer files write the year first; anything else is not a date of the format.
        let day = match dates::written(&text) {
            Ok(written @ dates::Written::Certain { .. }) => {
                written.day(dates::DateOrder::DayFirst, date_use, self.options.today)
            }
            Ok(_) => Err(DateFault::Form),
            Err(fault) => Err(fault),
        };
        match day {
            Ok(day) => {
                if dates::is_unlikely(day, date_use, self.options.today) {
                    self.warn(FindingCode::DateUnlikely, column, &text, "");
                }
                Some(day)
            }
            Err(DateFault::NotReal) => {
                self.note(severity, FindingCode::DateNotReal, column, &text, "");
                None
            }
            Err(DateFault::Form) => {
                self.note(severity, FindingCode::DateForm, column, &text, "");
                None
            }
        }
    }

    fn coded(&mut self, node: Option<Element<'_>>, set: CodeSet) -> Option<Coded> {
        let text = self.text(node)?;
        let coded = codes::coded(set, &text);
        if coded.code.is_none() {
            let sensitive = !matches!(
                set,
                CodeSet::YearGroup | CodeSet::EnrolmentStatus | CodeSet::Sex
            );
            let shown = if sensitive { masked(&text) } else { text };
            self.warn(
                FindingCode::CodeUnknown,
                node.map_or("", |node| name(&node)),
                &shown,
                "",
            );
        }
        Some(coded)
    }

    fn yes_no(&mut self, node: Option<Element<'_>>) -> Option<bool> {
        let text = self.text(node)?;
        codes::yes_no(&text).unwrap_or_else(|_| {
            self.warn(
                FindingCode::YesNo,
                node.map_or("", |node| name(&node)),
                &text,
                "",
            );
            None
        })
    }

    fn number(&mut self, node: Option<Element<'_>>) -> Option<u32> {
        let text = self.text(node)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.warn(
                FindingCode::NumberForm,
                node.map_or("", |node| name(&node)),
                &text,
                "",
            );
        }
        number
    }

    fn pupil(&mut self, node: Element<'a>, reading: &mut Reading) {
        self.line = self.line_of(node);
        self.rejected = false;
        let raw = |wanted: &str| {
            child(node, wanted)
                .and_then(|found| found.text())
                .map_or("", text::trim)
        };
        self.record = format!("{} {}, {}", raw("UPN"), raw("Surname"), raw("Forename"))
            .trim()
            .to_owned();
        self.look_for_unknown(node);
        let details = child(node, "BasicDetails").unwrap_or(node);
        let (upn, no_upn_reason) = self.upn(child(node, "UPN"), Severity::Rejected);
        let surname = self.required(node, "Surname");
        let forename = self.required(node, "Forename");
        let birth = child(node, "DOB");
        let birth_date = self.date(birth, DateUse::Birth, Severity::Rejected);
        if birth_date.is_none() && !self.rejected {
            self.required(node, "DOB");
        }
        let mut pupil = PupilRecord {
            line: self.line,
            key: PupilKey {
                source_id: None,
                upn,
                admission_number: None,
            },
            former_upn: self.upn(child(details, "FormerUPN"), Severity::Warning).0,
            no_upn_reason,
            learner_number: {
                let number = child(node, "UniqueLearnerNumber")
                    .or_else(|| child(details, "UniqueLearnerNumber"));
                self.text(number)
            },
            application_reference: self.text_at(node, &["ApplicationReference"]),
            legal_surname: surname,
            legal_forename: forename,
            middle_names: self.text_at(details, &["MiddleNames"]),
            preferred_surname: self.text_at(details, &["PreferredSurname"]),
            preferred_forename: self.text_at(details, &["PreferredForename"]),
            former_surname: self.text_at(details, &["FormerSurname"]),
            sex: self.sex(node),
            birth_date,
            year_group: self.coded(child(details, "NCyearActual"), CodeSet::YearGroup),
            enrolment_status: self.coded(child(details, "EnrolStatus"), CodeSet::EnrolmentStatus),
            characteristics: self.characteristics(node, details),
            address: child(node, "Address").and_then(|address| self.address(address)),
            phones: self.phones(node),
            emails: self.emails(node),
            prior_attendance: self.prior_attendance(node),
            school_history: self.school_history(node),
            ..PupilRecord::default()
        };
        let contacts = self.contacts(node, &pupil);
        if self.rejected {
            reading.counts.reject();
            return;
        }
        // An applicant is known by the reference of the application as well (I-290).
        if pupil.key.is_empty() && pupil.application_reference.is_none() {
            pupil.standing = Standing::Held;
            self.note(Severity::Held, FindingCode::NoIdentifier, "UPN", "", "");
        }
        reading.pupils.push(pupil);
        reading.contacts.extend(contacts);
    }

    fn required(&mut self, node: Element<'_>, wanted: &str) -> String {
        let text = self.text(child(node, wanted));
        if text.is_none() {
            self.note(
                Severity::Rejected,
                FindingCode::RequiredMissing,
                wanted,
                "",
                "",
            );
        }
        if let Some(name) = text.as_deref().filter(|name| text::looks_damaged(name)) {
            self.warn(FindingCode::NameDamaged, wanted, name, "");
        }
        text.unwrap_or_default()
    }

    fn upn(
        &mut self,
        node: Option<Element<'_>>,
        severity: Severity,
    ) -> (Option<Upn>, Option<String>) {
        let Some(text) = self.text(node) else {
            return (None, None);
        };
        let column = node.map_or("", |node| name(&node));
        if let Some(reason) = upn::no_number_reason(&text) {
            self.warn(FindingCode::NoUpn, column, &text, "");
            return (None, Some(reason));
        }
        match upn::check(&text) {
            Ok(upn) => {
                if let Some(code) = table::upn_warning(&upn) {
                    self.warn(code, column, upn.as_str(), "");
                }
                return (Some(upn), None);
            }
            Err(UpnFault::CheckLetter(letter)) => {
                self.note(
                    severity,
                    FindingCode::UpnCheckLetter,
                    column,
                    &text,
                    &letter.to_string(),
                );
            }
            Err(fault) => self.note(
                severity,
                FindingCode::UpnFormat,
                column,
                &text,
                &fault.to_string(),
            ),
        }
        (None, None)
    }

    /// `Sex` or, before edition 25, `Gender`; both and different: neither (I-060).
    fn sex(&mut self, node: Element<'_>) -> Option<Coded> {
        let sex = self.coded(child(node, "Sex"), CodeSet::Sex);
        let gender = self.coded(child(node, "Gender"), CodeSet::Sex);
        match (sex, gender) {
            (Some(sex), Some(gender)) if sex.code != gender.code => {
                self.warn(FindingCode::SexConflict, "Sex", &sex.given, &gender.given);
                None
            }
            (sex, gender) => sex.or(gender),
        }
    }

    fn characteristics(&mut self, node: Element<'a>, details: Element<'a>) -> Characteristics {
        let languages = child(details, "Languages");
        let language = languages.and_then(|list| {
            list.descendants()
                .find(|found| name(found) == "Language")
                .or(Some(list))
        });
        let mut sen = Vec::new();
        for row in child(node, "SENhistory")
            .into_iter()
            .flat_map(|history| children(history, "SEN"))
        {
            if let Some(provision) = self.coded(child(row, "SENprovision"), CodeSet::SenProvision) {
                let from = self.date(child(row, "StartDate"), DateUse::Other, Severity::Warning);
                sen.push(SenPeriod { provision, from });
            }
        }
        let mut periods = Vec::new();
        for row in child(node, "FSMhistory")
            .into_iter()
            .flat_map(|history| children(history, "FSMinstance"))
        {
            periods.push(FreeMealPeriod {
                from: self.date(
                    child(row, "FSMstartDate"),
                    DateUse::Other,
                    Severity::Warning,
                ),
                to: self.date(child(row, "FSMendDate"), DateUse::Other, Severity::Warning),
                country: self.text_at(row, &["UKcountry"]),
            });
        }
        Characteristics {
            ethnicity: self.coded(child(details, "Ethnicity"), CodeSet::Ethnicity),
            ethnicity_source: self.text_at(details, &["EthnicitySource"]),
            first_language: self.coded(language, CodeSet::Language),
            sen,
            free_meal_periods: periods,
            in_care: self.yes_no(at(node, &["LookedAfter", "InCare"])),
            care_authority: self.text_at(node, &["LookedAfter", "CareAuthority"]),
            medical_flag: self.yes_no(child(details, "MedicalFlag")),
            ..Characteristics::default()
        }
    }

    fn address(&mut self, node: Element<'_>) -> Option<Address> {
        let mut address = Address::default();
        if let Some(bs) = child(node, "BS7666Address") {
            address.lines.extend(self.text_at(bs, &["SAON"]));
            match (self.text_at(bs, &["PAON"]), self.text_at(bs, &["Street"])) {
                (Some(house), Some(street)) => address.lines.push(format!("{house} {street}")),
                (house, street) => address.lines.extend(house.or(street)),
            }
            address.lines.extend(self.text_at(bs, &["Locality"]));
            address.town = self.text_at(bs, &["Town"]);
            if address.town.is_none() {
                address.town = self.text_at(bs, &["PostTown"]);
            }
            address.property_reference = self.text_at(bs, &["UniquePropertyReferenceNumber"]);
        }
        if let Some(lines) = child(node, "AddressLines") {
            for number in 1..=5 {
                address
                    .lines
                    .extend(self.text_at(lines, &[&format!("AddressLine{number}")]));
            }
        }
        address.county = self.text_at(node, &["County"]);
        if let Some(given) = self.text_at(node, &["PostCode"]) {
            let tidied = postcode::tidy(&given);
            if tidied.is_none() {
                self.warn(FindingCode::Postcode, "PostCode", &given, "");
            }
            address.postcode = Some(tidied.unwrap_or(given));
        }
        (!address.is_empty()).then_some(address)
    }

    fn phones(&mut self, node: Element<'a>) -> Vec<ContactPhone> {
        let mut phones = Vec::new();
        for row in child(node, "Phones")
            .into_iter()
            .flat_map(|list| children(list, "Phone"))
        {
            let Some(given) = self.text_at(row, &["PhoneNo"]) else {
                continue;
            };
            let phone = phone::tidy(&given);
            if phone.kind == PhoneKind::Unusable {
                self.warn(FindingCode::Phone, "PhoneNo", &given, "");
            }
            let phone_use = match self.text_at(row, &["TelephoneType"]).as_deref() {
                Some("M") => PhoneUse::Mobile,
                Some("W" | "D") => PhoneUse::Work,
                Some("H") => PhoneUse::Home,
                _ => PhoneUse::NotSaid,
            };
            phones.push(ContactPhone { phone_use, phone });
        }
        phones
    }

    fn emails(&mut self, node: Element<'_>) -> Vec<email::Email> {
        let emails = self
            .text_at(node, &["Email"])
            .map_or_else(Vec::new, |text| email::tidy(&text));
        for failing in emails.iter().filter(|email| email.usable.is_none()) {
            self.warn(FindingCode::Email, "Email", &failing.as_given, "");
        }
        emails
    }

    fn contacts(&mut self, node: Element<'a>, pupil: &PupilRecord) -> Vec<ContactRecord> {
        let mut contacts = Vec::new();
        let mut priorities = HashSet::new();
        for row in child(node, "Contacts")
            .into_iter()
            .flat_map(|list| children(list, "Contact"))
        {
            let priority = self
                .number(child(row, "Order"))
                .and_then(|number| u8::try_from(number).ok());
            if let Some(priority) = priority.filter(|priority| !priorities.insert(*priority)) {
                self.warn(
                    FindingCode::PriorityTwice,
                    "Order",
                    &priority.to_string(),
                    "",
                );
            }
            let address = child(row, "Address");
            let as_pupil = address
                .and_then(|address| child(address, "AddressAsPupil"))
                .or_else(|| child(row, "AddressAsPupil"));
            let address_as_pupil = self.yes_no(as_pupil) == Some(true);
            let mut contact = ContactRecord {
                line: self.line_of(row),
                pupil: pupil.key.clone(),
                pupil_line: Some(pupil.line),
                priority,
                title: self.text_at(row, &["Title"]),
                forename: self.text_at(row, &["Forename"]),
                surname: self.text_at(row, &["Surname"]),
                relationship: self.text_at(row, &["Relationship"]),
                parental_responsibility: self.yes_no(child(row, "Responsibility")),
                phones: self.phones(row),
                emails: self.emails(row),
                address: address.and_then(|address| self.address(address)),
                address_as_pupil,
                ..ContactRecord::default()
            };
            contact.no_automatic_messages = contacts::stop_reason(&contact);
            if let Some(reason) = contact.no_automatic_messages.clone() {
                self.warn(FindingCode::NoAutomaticMessages, "", "", &reason);
            }
            contacts.push(contact);
        }
        contacts
    }

    fn school_history(&mut self, node: Element<'a>) -> Vec<SchoolSpell> {
        let mut spells = Vec::new();
        for row in child(node, "SchoolHistory")
            .into_iter()
            .flat_map(|list| children(list, "School"))
        {
            spells.push(SchoolSpell {
                school: self.school(row),
                school_name: self.text_at(row, &["SchoolName"]),
                from: self.date(child(row, "EntryDate"), DateUse::Other, Severity::Warning),
                to: self.date(child(row, "LeavingDate"), DateUse::Other, Severity::Warning),
                leaving_reason: self.text_at(row, &["LeavingReason"]),
            });
        }
        spells
    }

    fn school(&mut self, row: Element<'_>) -> Option<String> {
        match (self.text_at(row, &["LEA"]), self.text_at(row, &["Estab"])) {
            (Some(authority), Some(establishment)) => Some(format!("{authority}/{establishment}")),
            _ => None,
        }
    }

    fn prior_attendance(&mut self, node: Element<'a>) -> Vec<PriorAttendance> {
        let mut years = Vec::new();
        for row in child(node, "Attendance")
            .into_iter()
            .flat_map(|list| children(list, "YearData"))
        {
            let sessions = child(row, "AttendSessions");
            let mut prior = PriorAttendance {
                year: self
                    .number(child(row, "Year"))
                    .and_then(|year| i16::try_from(year).ok()),
                school: self.school(row),
                school_name: self.text_at(row, &["SchoolName"]),
                possible: self.number(child(row, "SessionsPossible")),
                attended: self.number(child(row, "SessionsAttended")),
                authorised: self.number(child(row, "SessionsAuthorised")),
                unauthorised: self.number(child(row, "SessionsUnauthorised")),
                marks_from: sessions.and_then(|sessions| {
                    self.date(
                        child(sessions, "AttendanceStartDate"),
                        DateUse::Other,
                        Severity::Warning,
                    )
                }),
                ..PriorAttendance::default()
            };
            let raw = sessions
                .and_then(|sessions| child(sessions, "AttendanceMarks"))
                .and_then(|marks| marks.text());
            if let Some(raw) = raw {
                prior.marks_as_given = raw.trim_matches(['\r', '\n']).to_owned();
                self.lay_out(&mut prior);
            }
            years.push(prior);
        }
        years
    }

    /// Decides which day each mark belongs to, if that is certain (I-274, I-275).
    fn lay_out(&mut self, prior: &mut PriorAttendance) {
        const COLUMN: &str = "AttendanceMarks";
        let given = prior.marks_as_given.clone();
        let Some(marks) = split_marks(&given) else {
            self.warn(FindingCode::MarksAmbiguous, COLUMN, &given, "");
            return;
        };
        let (Some(start), Some(classify)) = (prior.marks_from, self.options.classify) else {
            let why = if prior.marks_from.is_none() {
                "the first day is not given"
            } else {
                "their meaning is not known"
            };
            self.warn(FindingCode::LayoutUndecided, COLUMN, "", why);
            return;
        };
        let totals = [prior.possible, prior.authorised, prior.unauthorised];
        let laid_out = |layout| LaidOut::new(&marks, start, layout, classify);
        let (seven, five) = (
            laid_out(WeekLayout::SevenDays),
            laid_out(WeekLayout::FiveDays),
        );
        let agrees = |laid: &LaidOut| {
            totals
                .iter()
                .zip(laid.totals)
                .all(|(given, counted)| given.is_none_or(|given| given == counted))
        };
        let chosen =
            if seven.marks == five.marks || (seven.weekends_are_free && seven.weekends >= 2) {
                Some(&seven)
            } else if !seven.weekends_are_free {
                Some(&five)
            } else {
                None
            };
        let Some(laid) = chosen.filter(|laid| laid.last <= self.made_on) else {
            let why = if chosen.is_none() {
                "weeks of five and of seven days both fit"
            } else {
                "there are more marks than days"
            };
            self.warn(FindingCode::LayoutUndecided, COLUMN, "", why);
            return;
        };
        if !agrees(laid) {
            let shown = |numbers: [Option<u32>; 3]| {
                numbers
                    .map(|number| {
                        number.map_or_else(|| "?".to_owned(), |number| number.to_string())
                    })
                    .join("/")
            };
            let counted = shown(laid.totals.map(Some));
            self.warn(
                FindingCode::TotalsDisagree,
                COLUMN,
                &shown(totals),
                &counted,
            );
            self.warn(
                FindingCode::LayoutUndecided,
                COLUMN,
                "",
                "the marks do not add up to the totals",
            );
            return;
        }
        prior.layout = Some(laid.layout);
        prior.marks.clone_from(&laid.marks);
    }

    /// Elements that no rule knows: listed once in the report with a count, and ignored (I-272).
    fn look_for_unknown(&mut self, node: Element<'_>) {
        let details = child(node, "BasicDetails");
        let lists = [(Some(node), &KNOWN[..]), (details, &KNOWN_DETAILS[..])];
        for (parent, known) in lists {
            for element in parent
                .into_iter()
                .flat_map(|parent| parent.children())
                .filter(Node::is_element)
            {
                if !known.contains(&name(&element)) && self.unknown.len() < 200 {
                    let line = self.line_of(element);
                    self.unknown
                        .entry(name(&element).to_owned())
                        .or_insert((line, 0))
                        .1 += 1;
                }
            }
        }
    }

    fn note_unknown_elements(&mut self) {
        for (element, (line, count)) in std::mem::take(&mut self.unknown) {
            for _ in 0..count {
                let place = Place::line(line);
                self.findings.add_alike(
                    Severity::Warning,
                    FindingCode::ElementUnknown,
                    place,
                    &element,
                    "",
                );
            }
        }
    }
}

/// Splits a string of marks (I-274): at commas if there is one, else one character each unless a digit occurs.
///
/// `None` if there is no safe reading.
fn split_marks(given: &str) -> Option<Vec<&str>> {
    if given.contains(',') {
        return Some(given.split(',').map(str::trim).collect());
    }
    if given.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(
        given
            .char_indices()
            .map(|(at, c)| &given[at..at + c.len_utf8()])
            .collect(),
    )
}

/// The marks under one assumption about the week.
struct LaidOut {
    layout: WeekLayout,
    marks: Vec<PriorMark>,
    last: Day,
    /// Every place of a weekend holds no session.
    weekends_are_free: bool,
    /// Whole weekends in the string.
    weekends: usize,
    /// Possible, authorised, unauthorised.
    totals: [u32; 3],
}

impl LaidOut {
    fn new(
        marks: &[&str],
        start: Day,
        layout: WeekLayout,
        classify: crate::reading::Classify<'_>,
    ) -> LaidOut {
        let mut laid = LaidOut {
            layout,
            marks: Vec::new(),
            last: start,
            weekends_are_free: true,
            weekends: 0,
            totals: [0; 3],
        };
        let mut day = start;
        let mut weekend_places = 0;
        for pair in marks.chunks(2) {
            while layout == WeekLayout::FiveDays && day.weekday().is_weekend() {
                day = day.next();
            }
            for (mark, session) in pair.iter().zip(Session::BOTH) {
                let free = matches!(*mark, "" | "#" | "-" | " ");
                if day.weekday().is_weekend() {
                    weekend_places += 1;
                    laid.weekends_are_free &= free;
                }
                if free {
                    continue;
                }
                laid.last = day;
                laid.count(classify(mark, day));
                laid.marks.push(PriorMark {
                    day,
                    session,
                    mark: (*mark).to_owned(),
                });
            }
            day = day.next();
        }
        laid.weekends = weekend_places / 4;
        laid
    }

    fn count(&mut self, class: Option<PriorClass>) {
        let [possible, authorised, unauthorised] = &mut self.totals;
        match class {
            Some(PriorClass::Attended) => *possible += 1,
            Some(PriorClass::Authorised) => {
                *possible += 1;
                *authorised += 1;
            }
            Some(PriorClass::Unauthorised) => {
                *possible += 1;
                *unauthorised += 1;
            }
            Some(PriorClass::NotPossible) | None => {}
        }
    }
}
