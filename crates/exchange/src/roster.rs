//! OneRoster sets (I-385 to I-387) and School Data Sync sets (I-400): people, groups, who belongs to them, terms.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use calendar::Day;

use crate::codes::{self, CodeSet};
use crate::dates::{self, DateOrder, DateUse, OrderEvidence};
use crate::delimited::{self, Delimited, RowFault};
use crate::email;
use crate::finding::{FindingCode, Findings, Place, Severity};
use crate::headings::{self, HeadingFate, HeadingUse};
use crate::phone::{self, PhoneUse};
use crate::pupils;
use crate::reading::{InputFile, Kind, Options, Reading, SchoolNumber};
use crate::records::{
    ContactPhone, ContactRecord, GroupKind, GroupRecord, MemberRole, MembershipRecord, PupilKey,
    PupilRecord, SourceId, StaffRecord, Standing, TermDateKind, TermDateRecord,
};
use crate::refused::RefusedFile;
use crate::table;
use crate::text::{self, folded};
use crate::upn::{self, UpnFault};

/// Which published format a set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RosterKind {
    OneRoster,
    SdsV2,
    SdsOlder,
}

/// Recognises a set by the headings of its files; names only tell the files of a set apart.
pub(crate) fn recognise(inputs: &[InputFile<'_>], options: &Options<'_>) -> Option<RosterKind> {
    match options.kind {
        Some(Kind::OneRoster) => return Some(RosterKind::OneRoster),
        Some(kind) if kind != Kind::SchoolDataSync => return None,
        _ => {}
    }
    let heads: Vec<Vec<String>> = inputs.iter().map(|input| first_line(input.bytes)).collect();
    let has = |word: &str| {
        heads
            .iter()
            .any(|head| head.iter().any(|heading| folded(heading) == word))
    };
    if has("propertyname") && has("value")
        || has("enableduser")
        || (has("sourcedid") && has("datelastmodified"))
    {
        return Some(RosterKind::OneRoster);
    }
    if has("sourcedid") || (has("usersourcedid") && has("orgsourcedid")) {
        return Some(RosterKind::SdsV2);
    }
    let older =
        has("schooldfenumber") || has("schoolsisid") || (has("sectionid") && heads.len() > 1);
    (older || options.kind == Some(Kind::SchoolDataSync)).then_some(RosterKind::SdsOlder)
}

fn first_line(bytes: &[u8]) -> Vec<String> {
    let start = &bytes[..bytes.len().min(8192)];
    let start = String::from_utf8_lossy(start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start));
    let line = start.lines().next().unwrap_or_default();
    line.split(',')
        .map(|cell| cell.trim().trim_matches('"').to_owned())
        .collect()
}

pub(crate) fn read(
    kind: RosterKind,
    inputs: &[InputFile<'_>],
    options: &Options<'_>,
) -> Result<Reading, RefusedFile> {
    let set_name = inputs.first().map_or("", |input| input.name);
    let reading_kind = match kind {
        RosterKind::OneRoster => Kind::OneRoster,
        RosterKind::SdsV2 | RosterKind::SdsOlder => Kind::SchoolDataSync,
    };
    let mut reading = Reading::new(reading_kind, set_name);
    reading.files = inputs.iter().map(|input| input.name.to_owned()).collect();
    let mut set = Set {
        inputs,
        options,
        findings: Findings::new(set_name),
        reading,
        source: match kind {
            RosterKind::OneRoster => "OneRoster".to_owned(),
            _ => "School Data Sync".to_owned(),
        },
        used: HashSet::new(),
        texts: HashMap::new(),
    };
    set.decode_all()?;
    match kind {
        RosterKind::OneRoster => set.read_one_roster()?,
        RosterKind::SdsV2 => set.read_sds()?,
        RosterKind::SdsOlder => set.read_older_sds()?,
    }
    set.note_extra_files();
    let Set {
        mut reading,
        findings,
        ..
    } = set;
    reading.take_findings(findings);
    Ok(reading)
}

struct Set<'a> {
    inputs: &'a [InputFile<'a>],
    options: &'a Options<'a>,
    findings: Findings,
    reading: Reading,
    source: String,
    used: HashSet<String>,
    texts: HashMap<String, String>,
}

/// One row of a file of the set, by heading.
struct SetRow {
    line: u32,
    cells: HashMap<&'static str, String>,
}

impl SetRow {
    fn get(&self, heading: &str) -> &str {
        self.cells.get(heading).map_or("", String::as_str)
    }

    fn some(&self, heading: &str) -> Option<String> {
        Some(self.get(heading))
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }
}

/// A user of the set before their role is known.
struct User {
    row: SetRow,
    id: String,
}

/// The part of a role that matters here.
#[derive(Clone, Debug)]
struct Role {
    word: String,
    from: Option<Day>,
    to: Option<Day>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Pupil,
    Staff,
    Family,
}

fn part_of(word: &str) -> Option<Part> {
    match folded(word).as_str() {
        "student" => Some(Part::Pupil),
        "guardian" | "parent" | "relative" | "aunt" | "father" | "grandparent" | "mother"
        | "sibling" | "uncle" => Some(Part::Family),
        "teacher"
        | "administrator"
        | "aide"
        | "proctor"
        | "counselor"
        | "principal"
        | "districtadministrator"
        | "siteadministrator"
        | "systemadministrator" => Some(Part::Staff),
        _ => None,
    }
}

impl Set<'_> {
    fn decode_all(&mut self) -> Result<(), RefusedFile> {
        let mut samples = Vec::new();
        for input in self.inputs {
            let decoded = text::decode(input.name, input.bytes, self.options.encoding)?;
            self.reading.encoding = self.reading.encoding.or(Some(decoded.encoding));
            if !decoded.text.is_ascii() && samples.len() < 3 {
                let cells = decoded.text.split([',', '\n', '\r', '"']);
                samples.extend(
                    cells
                        .filter(|cell| !cell.is_ascii())
                        .take(3 - samples.len())
                        .map(str::to_owned),
                );
            }
            self.texts
                .insert(stem(input.name), decoded.text.into_owned());
        }
        self.reading.encoding_samples = samples;
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }

    fn file_name(&self, name: &str) -> String {
        let input = self.inputs.iter().find(|input| stem(input.name) == name);
        input.map_or_else(|| format!("{name}.csv"), |input| input.name.to_owned())
    }

    fn need(&self, names: &[&str]) -> Result<(), RefusedFile> {
        match names.iter().find(|name| !self.has(name)) {
            None => Ok(()),
            Some(missing) => Err(RefusedFile::PromisedFileMissing {
                file: self.reading.files.join(", "),
                missing: format!("{missing}.csv"),
            }),
        }
    }

    fn note_extra_files(&mut self) {
        for input in self.inputs {
            if !self.used.contains(&stem(input.name)) {
                self.findings.of_file(input.name);
                self.findings
                    .warn(FindingCode::FileExtra, Place::default(), input.name, "");
            }
        }
    }

    /// Every row of a file of the set. A required column that is absent costs this file only.
    fn rows(
        &mut self,
        name: &str,
        required: &[&'static str],
        optional: &[&'static str],
    ) -> Vec<SetRow> {
        self.used.insert(name.to_owned());
        let Some(text) = self.texts.remove(name) else {
            return Vec::new();
        };
        let file = self.file_name(name);
        self.findings.of_file(&file);
        let mut reader = Delimited::new(&text, delimited::find_delimiter(&text));
        let mut cells: Vec<Cow<'_, str>> = Vec::new();
        if reader.next(&mut cells).is_none() {
            self.findings.add(
                Severity::Rejected,
                FindingCode::FileEmpty,
                Place::line(1),
                "",
                "",
            );
            self.reading.counts.reject();
            return Vec::new();
        }
        let found: Vec<String> = cells
            .iter()
            .map(|cell| text::trim(cell).to_owned())
            .collect();
        reader.expect_width(found.len());
        let wanted = || required.iter().chain(optional).copied();
        let mapped: Vec<Option<&'static str>> = found
            .iter()
            .map(|heading| {
                wanted()
                    .find(|name| *name == heading)
                    .filter(|_| !headings::is_forbidden(heading))
            })
            .collect();
        for (heading, field) in found.iter().zip(&mapped) {
            let fate = match field {
                _ if headings::is_forbidden(heading) => HeadingFate::Dropped,
                Some(_) => HeadingFate::OfFormat,
                None => HeadingFate::Ignored,
            };
            self.reading.headings.push(HeadingUse {
                file: file.clone(),
                heading: heading.clone(),
                fate,
            });
        }
        let absent: Vec<&str> = required
            .iter()
            .copied()
            .filter(|name| !mapped.contains(&Some(name)))
            .collect();
        if !absent.is_empty() {
            let column = absent.join(", ");
            let place = Place::line(1).column(&column);
            self.findings.add(
                Severity::Rejected,
                FindingCode::FileColumnAbsent,
                place,
                "",
                "",
            );
            self.reading.counts.reject();
            return Vec::new();
        }
        let mut rows = Vec::new();
        while let Some((line, fault)) = reader.next(&mut cells) {
            if fault.is_none() && cells.iter().all(|cell| text::trim(cell).is_empty()) {
                self.findings.add_alike(
                    Severity::Skipped,
                    FindingCode::BlankLine,
                    Place::line(line),
                    "",
                    "",
                );
                self.reading.counts.skip();
                continue;
            }
            if let Some(code) = self.row_fault(fault, cells.len(), found.len()) {
                let (value, detail) = match fault {
                    Some(RowFault::Quotes { passed }) => {
                        (String::new(), table::lines_passed(passed))
                    }
                    _ => (cells.len().to_string(), found.len().to_string()),
                };
                self.findings
                    .add(Severity::Rejected, code, Place::line(line), &value, &detail);
                self.reading.counts.reject();
                continue;
            }
            let mut row = SetRow {
                line,
                cells: HashMap::new(),
            };
            for (field, cell) in mapped.iter().zip(&cells) {
                if let Some(field) = field {
                    row.cells.insert(field, self.tidied(cell, line, field));
                }
            }
            if row.get("status").eq_ignore_ascii_case("tobedeleted") {
                self.findings.add(
                    Severity::Skipped,
                    FindingCode::DeletedAtSource,
                    Place::line(line),
                    "",
                    "",
                );
                self.reading.counts.skip();
                continue;
            }
            rows.push(row);
        }
        rows
    }

    fn row_fault(
        &self,
        fault: Option<RowFault>,
        cells: usize,
        width: usize,
    ) -> Option<FindingCode> {
        match fault {
            Some(RowFault::Quotes { .. }) => Some(FindingCode::RowQuotes),
            Some(RowFault::Nul) => Some(FindingCode::RowNul),
            Some(RowFault::TooLong) => Some(FindingCode::CellTooLong),
            None if cells > width => Some(FindingCode::RowLong),
            None => None,
        }
    }

    fn tidied(&mut self, cell: &str, line: u32, column: &str) -> String {
        match text::tidy(text::without_guard(cell)) {
            Ok(tidied) => tidied.text.into_owned(),
            Err(_) => {
                let place = Place::line(line).column(column);
                self.findings
                    .warn(FindingCode::ControlCharacter, place, "", "");
                String::new()
            }
        }
    }

    /// Missing required values reject the record; `true` if all are there.
    fn complete(&mut self, row: &SetRow, required: &[&str]) -> bool {
        let missing: Vec<&str> = required
            .iter()
            .copied()
            .filter(|name| row.get(name).is_empty())
            .collect();
        for column in &missing {
            let label = row_label(row);
            let place = Place {
                line: row.line,
                record: &label,
                column,
            };
            self.findings.add(
                Severity::Rejected,
                FindingCode::RequiredMissing,
                place,
                "",
                "",
            );
        }
        if !missing.is_empty() {
            self.reading.counts.reject();
        }
        missing.is_empty()
    }

    fn date(
        &mut self,
        row: &SetRow,
        column: &str,
        order: DateOrder,
        date_use: DateUse,
    ) -> Option<Day> {
        let text = row.get(column);
        if text.is_empty() {
            return None;
        }
        let today = self.options.today;
        let day = dates::written(text).and_then(|written| written.day(order, date_use, today));
        let place = Place::line(row.line).column(column);
        match day {
            Ok(day) => {
                if date_use == DateUse::Birth && dates::is_unlikely(day, date_use, today) {
                    self.findings
                        .warn(FindingCode::DateUnlikely, place, text, "");
                }
                Some(day)
            }
            Err(dates::DateFault::NotReal) => {
                self.findings
                    .warn(FindingCode::DateNotReal, place, text, "");
                None
            }
            Err(dates::DateFault::Form) => {
                self.findings.warn(FindingCode::DateForm, place, text, "");
                None
            }
        }
    }

    fn source_id(&self, id: &str) -> Option<SourceId> {
        Some(SourceId {
            source: self.source.clone(),
            id: id.to_owned(),
        })
    }

    fn read_one_roster(&mut self) -> Result<(), RefusedFile> {
        self.need(&["manifest"])?;
        let manifest: HashMap<String, String> = self
            .rows("manifest", &["propertyName", "value"], &[])
            .into_iter()
            .map(|row| {
                (
                    row.get("propertyName").to_owned(),
                    row.get("value").to_owned(),
                )
            })
            .collect();
        let version = manifest.get("oneroster.version").map_or("", String::as_str);
        if !version.starts_with("1.1") && !version.starts_with("1.2") {
            return Err(RefusedFile::WrongKind {
                file: self.file_name("manifest"),
                found: format!("it says that it is of OneRoster version “{version}”"),
                expected: "Versions 1.1 and 1.2 can be read.".to_owned(),
            });
        }
        if let Some(system) = manifest
            .get("source.systemName")
            .filter(|name| !name.is_empty())
        {
            self.source.clone_from(system);
        }
        let mut promised: Vec<&str> = manifest
            .iter()
            .filter(|(name, state)| {
                name.starts_with("file.") && matches!(state.as_str(), "bulk" | "delta")
            })
            .map(|(name, _)| &name["file.".len()..])
            .collect();
        promised.sort_unstable();
        self.need(&promised)?;
        let with_roles_file = version.starts_with("1.2");
        self.read_orgs()?;
        let sessions = self.read_sessions();
        let courses = self.read_courses();
        self.read_classes(
            &["title", "courseSourcedId", "classType", "schoolSourcedId"],
            &sessions,
            &courses,
        );
        let demographics = self.read_demographics("sourcedId");
        let (roles, any_roles) = if with_roles_file {
            self.read_roles(
                &[
                    "sourcedId",
                    "userSourcedId",
                    "roleType",
                    "role",
                    "orgSourcedId",
                ],
                false,
            )
        } else {
            (HashMap::new(), false)
        };
        let user_columns: &[&'static str] = if with_roles_file {
            &[
                "sourcedId",
                "enabledUser",
                "username",
                "givenName",
                "familyName",
            ]
        } else {
            &[
                "sourcedId",
                "enabledUser",
                "username",
                "givenName",
                "familyName",
                "role",
            ]
        };
        let users = self.read_users(user_columns);
        self.take_users(
            users,
            &roles,
            any_roles || !with_roles_file,
            &demographics,
            &HashMap::new(),
        );
        self.read_enrollments(&[
            "sourcedId",
            "classSourcedId",
            "schoolSourcedId",
            "userSourcedId",
            "role",
        ]);
        Ok(())
    }

    fn read_sds(&mut self) -> Result<(), RefusedFile> {
        self.need(&["orgs", "users", "roles"])?;
        if self.has("classes") != self.has("enrollments") {
            self.need(&["classes", "enrollments"])?;
        }
        self.read_orgs()?;
        let sessions = self.read_sessions();
        let courses = self.read_courses();
        let demographics = self.read_demographics("userSourcedId");
        let (roles, any_roles) = self.read_roles(&["userSourcedId", "orgSourcedId", "role"], true);
        let relationships = self.read_relationships();
        let users = self.read_users(&["sourcedId", "username"]);
        self.take_users(users, &roles, any_roles, &demographics, &relationships);
        if self.has("classes") {
            self.read_classes(&["orgSourcedId", "title"], &sessions, &courses);
            self.read_enrollments(&["classSourcedId", "userSourcedId", "role"]);
        }
        Ok(())
    }

    fn read_orgs(&mut self) -> Result<(), RefusedFile> {
        let rows = self.rows(
            "orgs",
            &["sourcedId", "name", "type"],
            &["identifier", "status"],
        );
        let numbers: Vec<SchoolNumber> = rows
            .iter()
            .filter(|row| row.get("type") == "school")
            .filter_map(|row| SchoolNumber::new(row.get("identifier")))
            .collect();
        let ours = &self.options.own_schools;
        let another = !numbers.is_empty()
            && !ours.is_empty()
            && !numbers.iter().any(|number| ours.contains(number));
        if another && !self.options.accept_other_school {
            return Err(RefusedFile::AnotherSchool {
                file: self.file_name("orgs"),
                addressed_to: numbers
                    .iter()
                    .map(SchoolNumber::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
                ours: ours
                    .iter()
                    .map(SchoolNumber::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        }
        Ok(())
    }

    /// Terms and their days. Terms are proposed; school years are not, since they say nothing of school days.
    fn read_sessions(&mut self) -> HashMap<String, (Option<Day>, Option<Day>)> {
        let rows = self.rows(
            "academicSessions",
            &["sourcedId", "title", "type", "startDate", "endDate"],
            &["schoolYear", "status"],
        );
        let mut sessions = HashMap::new();
        for row in rows {
            let first = self.date(&row, "startDate", DateOrder::DayFirst, DateUse::Other);
            // The end date of both formats is the first day after the session in 1.1 and the last day in practice.
            let last = self.date(&row, "endDate", DateOrder::DayFirst, DateUse::Other);
            sessions.insert(row.get("sourcedId").to_owned(), (first, last));
            if let (Some(first), Some(last)) = (first, last)
                && row.get("type") != "schoolYear"
                && first <= last
            {
                self.reading.counts.stand(Standing::Offered);
                self.reading.term_dates.push(TermDateRecord {
                    line: row.line,
                    uid: row.get("sourcedId").to_owned(),
                    first,
                    last,
                    summary: row.get("title").to_owned(),
                    proposed: TermDateKind::Term,
                });
            }
        }
        sessions
    }

    fn read_courses(&mut self) -> HashMap<String, String> {
        let rows = self.rows("courses", &["sourcedId", "title"], &["status"]);
        rows.into_iter()
            .map(|row| (row.get("sourcedId").to_owned(), row.get("title").to_owned()))
            .collect()
    }

    fn read_classes(
        &mut self,
        required: &[&'static str],
        sessions: &HashMap<String, (Option<Day>, Option<Day>)>,
        courses: &HashMap<String, String>,
    ) {
        let mut columns = vec!["sourcedId"];
        columns.extend(required);
        let optional = [
            "classType",
            "courseSourcedId",
            "termSourcedIds",
            "sessionSourcedIds",
            "classCode",
            "status",
        ];
        for row in self.rows("classes", &columns, &optional) {
            if !self.complete(&row, &["sourcedId", "title"]) {
                continue;
            }
            let terms = format!(
                "{},{}",
                row.get("termSourcedIds"),
                row.get("sessionSourcedIds")
            );
            let spans: Vec<_> = terms
                .split(',')
                .filter_map(|id| sessions.get(id.trim()))
                .collect();
            let kind = if row.get("classType") == "homeroom" {
                GroupKind::Registration
            } else {
                GroupKind::Class
            };
            self.reading.counts.stand(Standing::Offered);
            self.reading.groups.push(GroupRecord {
                line: row.line,
                standing: Standing::Offered,
                source_id: self.source_id(row.get("sourcedId")),
                name: row.get("title").to_owned(),
                kind,
                subject: courses.get(row.get("courseSourcedId")).cloned(),
                from: spans.iter().filter_map(|span| span.0).min(),
                to: spans.iter().filter_map(|span| span.1).max(),
            });
        }
    }

    fn read_demographics(
        &mut self,
        id: &'static str,
    ) -> HashMap<String, (Option<Day>, Option<String>)> {
        let rows = self.rows("demographics", &[id], &["birthDate", "sex", "status"]);
        let mut demographics = HashMap::new();
        for row in rows {
            let birth = self.date(&row, "birthDate", DateOrder::DayFirst, DateUse::Birth);
            demographics.insert(row.get(id).to_owned(), (birth, row.some("sex")));
        }
        demographics
    }

    /// The roles of every user, and whether the file could be read at all.
    fn read_roles(
        &mut self,
        required: &[&'static str],
        any_word: bool,
    ) -> (HashMap<String, Vec<Role>>, bool) {
        let rows = self.rows(
            "roles",
            required,
            &[
                "beginDate",
                "endDate",
                "roleStartDate",
                "roleEndDate",
                "status",
                "grade",
            ],
        );
        let mut roles: HashMap<String, Vec<Role>> = HashMap::new();
        let any = !rows.is_empty();
        for row in rows {
            let word = row.get("role").to_owned();
            if part_of(&word).is_none() && !any_word {
                let place = Place::line(row.line).column("role");
                self.findings.add(
                    Severity::Rejected,
                    FindingCode::RoleUnknown,
                    place,
                    &word,
                    "",
                );
                self.reading.counts.reject();
                continue;
            }
            let begin = if row.get("beginDate").is_empty() {
                "roleStartDate"
            } else {
                "beginDate"
            };
            let end = if row.get("endDate").is_empty() {
                "roleEndDate"
            } else {
                "endDate"
            };
            let from = self.date(&row, begin, DateOrder::DayFirst, DateUse::Other);
            let to = self.date(&row, end, DateOrder::DayFirst, DateUse::Other);
            roles
                .entry(row.get("userSourcedId").to_owned())
                .or_default()
                .push(Role { word, from, to });
        }
        (roles, any)
    }

    /// Whose family a user is: user of the family to pupil and role word.
    fn read_relationships(&mut self) -> HashMap<String, Vec<(String, String)>> {
        let columns = [
            "userSourcedId",
            "relationshipUserSourcedId",
            "relationshipRole",
        ];
        let mut relationships: HashMap<String, Vec<(String, String)>> = HashMap::new();
        if !self.has("relationships") {
            return relationships;
        }
        for row in self.rows("relationships", &columns, &[]) {
            let pupil_and_word = (
                row.get("userSourcedId").to_owned(),
                row.get("relationshipRole").to_owned(),
            );
            relationships
                .entry(row.get("relationshipUserSourcedId").to_owned())
                .or_default()
                .push(pupil_and_word);
        }
        relationships
    }

    /// Users in file order. The same identifier twice: alike is skipped, different is held, both of them (I-033).
    fn read_users(&mut self, required: &[&'static str]) -> Vec<User> {
        let optional = [
            "status",
            "role",
            "userIds",
            "middleName",
            "identifier",
            "email",
            "sms",
            "phone",
            "agentSourcedIds",
            "grades",
            "givenName",
            "familyName",
            "userMasterIdentifier",
            "preferredGivenName",
            "preferredFamilyName",
            "beginDate",
        ];
        let rows = self.rows("users", required, &optional);
        let mut users: Vec<User> = Vec::new();
        let mut held: HashSet<String> = HashSet::new();
        let mut at: HashMap<String, usize> = HashMap::new();
        for row in rows {
            if !self.complete(&row, &["sourcedId", "givenName", "familyName"]) {
                continue;
            }
            let id = row.get("sourcedId").to_owned();
            if let Some(&first) = at.get(&id) {
                let (same, line) = (users[first].row.cells == row.cells, users[first].row.line);
                let label = row_label(&row);
                let place = Place {
                    line: row.line,
                    record: &label,
                    column: "sourcedId",
                };
                if same {
                    self.findings.add(
                        Severity::Skipped,
                        FindingCode::RepeatedInFile,
                        place,
                        "",
                        &line.to_string(),
                    );
                    self.reading.counts.skip();
                } else {
                    self.findings.add(
                        Severity::Held,
                        FindingCode::RepeatedDiffers,
                        place,
                        &id,
                        "other values",
                    );
                    self.reading.counts.stand(Standing::Held);
                    if held.insert(id.clone()) {
                        let place = Place { line, ..place };
                        self.findings.add(
                            Severity::Held,
                            FindingCode::RepeatedDiffers,
                            place,
                            &id,
                            "other values",
                        );
                        self.reading.counts.stand(Standing::Held);
                    }
                }
                continue;
            }
            at.insert(id.clone(), users.len());
            users.push(User { row, id });
        }
        users.retain(|user| !held.contains(&user.id));
        users
    }

    fn take_users(
        &mut self,
        users: Vec<User>,
        roles: &HashMap<String, Vec<Role>>,
        roles_known: bool,
        demographics: &HashMap<String, (Option<Day>, Option<String>)>,
        relationships: &HashMap<String, Vec<(String, String)>>,
    ) {
        let mut family_of: HashMap<String, Vec<(String, String)>> = relationships.clone();
        for user in &users {
            for agent in user
                .row
                .get("agentSourcedIds")
                .split(',')
                .map(str::trim)
                .filter(|agent| !agent.is_empty())
            {
                family_of
                    .entry(agent.to_owned())
                    .or_default()
                    .push((user.id.clone(), String::new()));
            }
        }
        let user_file = self.file_name("users");
        self.findings.of_file(&user_file);
        let mut family = Vec::new();
        for user in users {
            let own = roles.get(&user.id).cloned().unwrap_or_default();
            let words: Vec<String> = match user.row.some("role") {
                Some(word) => vec![word],
                None => own.iter().map(|role| role.word.clone()).collect(),
            };
            let part = words
                .iter()
                .find_map(|word| part_of(word))
                .or_else(|| (!words.is_empty()).then_some(Part::Staff));
            let part = part.or_else(|| family_of.contains_key(&user.id).then_some(Part::Family));
            match part {
                Some(Part::Pupil) => self.take_pupil(&user, &own, demographics.get(&user.id)),
                Some(Part::Staff) => self.take_staff(&user, words, &own),
                Some(Part::Family) => family.push(user),
                None => {
                    let label = row_label(&user.row);
                    let detail = if roles_known {
                        ""
                    } else {
                        "no roles could be read"
                    };
                    let place = Place {
                        line: user.row.line,
                        record: &label,
                        column: "role",
                    };
                    self.findings
                        .add(Severity::Held, FindingCode::RoleMissing, place, "", detail);
                    self.reading.counts.stand(Standing::Held);
                }
            }
        }
        let keys: HashMap<String, (PupilKey, u32)> = self
            .reading
            .pupils
            .iter()
            .filter_map(|pupil| {
                Some((
                    pupil.key.source_id.as_ref()?.id.clone(),
                    (pupil.key.clone(), pupil.line),
                ))
            })
            .collect();
        for user in family {
            self.take_family(
                &user,
                family_of.get(&user.id).map_or(&[], Vec::as_slice),
                &keys,
            );
        }
    }

    fn take_pupil(
        &mut self,
        user: &User,
        roles: &[Role],
        demographics: Option<&(Option<Day>, Option<String>)>,
    ) {
        let row = &user.row;
        let label = row_label(row);
        let place = Place {
            line: row.line,
            record: &label,
            column: "",
        };
        let in_ids = upn_in_ids(row.get("userIds"));
        let given_upn = Some(row.get("userMasterIdentifier"))
            .filter(|text| !text.is_empty())
            .or(in_ids);
        let upn = given_upn.and_then(|text| match upn::check(text) {
            Ok(upn) => Some(upn),
            Err(UpnFault::CheckLetter(letter)) => {
                self.findings.warn(
                    FindingCode::UpnCheckLetter,
                    place.column("userMasterIdentifier"),
                    text,
                    &letter.to_string(),
                );
                None
            }
            // A master identifier need not be a UPN at all.
            Err(fault) if in_ids.is_some() => {
                self.findings.warn(
                    FindingCode::UpnFormat,
                    place.column("userIds"),
                    text,
                    &fault.to_string(),
                );
                None
            }
            Err(_) => None,
        });
        let grade = Some(row.get("grades")).filter(|text| !text.is_empty());
        let year_group = grade.map(|grade| codes::coded(CodeSet::YearGroup, grade));
        if let Some(year) = year_group.as_ref().filter(|year| year.code.is_none()) {
            self.findings.warn(
                FindingCode::CodeUnknown,
                place.column("grades"),
                &year.given,
                "",
            );
        }
        let sex = demographics
            .and_then(|(_, sex)| sex.as_deref())
            .map(|sex| codes::coded(CodeSet::Sex, sex));
        let pupil = PupilRecord {
            line: row.line,
            key: PupilKey {
                source_id: self.source_id(&user.id),
                upn,
                admission_number: row.some("identifier"),
            },
            legal_surname: row.get("familyName").to_owned(),
            legal_forename: row.get("givenName").to_owned(),
            middle_names: row.some("middleName"),
            preferred_surname: row.some("preferredFamilyName"),
            preferred_forename: row.some("preferredGivenName"),
            sex,
            birth_date: demographics.and_then(|(birth, _)| *birth),
            year_group,
            starting_day: roles.iter().filter_map(|role| role.from).min(),
            leaving_day: roles.iter().map(|role| role.to).max().flatten(),
            phones: phones(row),
            emails: email::tidy(row.get("email")),
            ..PupilRecord::default()
        };
        self.reading.counts.stand(Standing::Offered);
        self.reading.pupils.push(pupil);
    }

    fn take_staff(&mut self, user: &User, words: Vec<String>, roles: &[Role]) {
        let row = &user.row;
        self.reading.counts.stand(Standing::Offered);
        self.reading.staff.push(StaffRecord {
            line: row.line,
            standing: Standing::Offered,
            source_id: self.source_id(&user.id),
            title: None,
            forename: row.get("givenName").to_owned(),
            surname: row.get("familyName").to_owned(),
            email: email::tidy(row.get("email")).into_iter().next(),
            staff_code: row.some("identifier"),
            roles: words,
            from: roles.iter().filter_map(|role| role.from).min(),
            to: roles.iter().map(|role| role.to).max().flatten(),
        });
    }

    /// A parent or other adult: one contact for each pupil; held if none of them is in the set.
    fn take_family(
        &mut self,
        user: &User,
        pupils_and_words: &[(String, String)],
        keys: &HashMap<String, (PupilKey, u32)>,
    ) {
        let row = &user.row;
        let label = row_label(row);
        let known: Vec<_> = pupils_and_words
            .iter()
            .filter_map(|(id, word)| keys.get(id).map(|key| (key, word)))
            .collect();
        if known.is_empty() {
            let value = pupils_and_words.first().map_or("", |(id, _)| id.as_str());
            let place = Place {
                line: row.line,
                record: &label,
                column: "agentSourcedIds",
            };
            self.findings.add(
                Severity::Held,
                FindingCode::ReferenceMissing,
                place,
                value,
                "",
            );
            self.reading.counts.stand(Standing::Held);
            return;
        }
        for ((key, pupil_line), word) in known {
            self.reading.counts.stand(Standing::Offered);
            self.reading.contacts.push(ContactRecord {
                line: row.line,
                pupil: key.clone(),
                pupil_line: Some(*pupil_line),
                source_id: self.source_id(&user.id),
                forename: row.some("givenName"),
                surname: row.some("familyName"),
                relationship: Some(word.clone()).filter(|word| !word.is_empty()),
                phones: phones(row),
                emails: email::tidy(row.get("email")),
                ..ContactRecord::default()
            });
        }
    }

    fn read_enrollments(&mut self, required: &[&'static str]) {
        if !self.has("enrollments") {
            return;
        }
        let rows = self.rows(
            "enrollments",
            required,
            &["beginDate", "endDate", "status", "primary"],
        );
        let groups: HashMap<String, usize> = self
            .reading
            .groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| Some((group.source_id.as_ref()?.id.clone(), index)))
            .collect();
        let pupils: HashMap<String, usize> = self
            .reading
            .pupils
            .iter()
            .enumerate()
            .filter_map(|(index, pupil)| Some((pupil.key.source_id.as_ref()?.id.clone(), index)))
            .collect();
        let staff: HashSet<String> = self
            .reading
            .staff
            .iter()
            .filter_map(|staff| Some(staff.source_id.as_ref()?.id.clone()))
            .collect();
        for row in rows {
            let (group, person) = (
                row.get("classSourcedId").to_owned(),
                row.get("userSourcedId").to_owned(),
            );
            if !self.complete(&row, &["classSourcedId", "userSourcedId", "role"]) {
                continue;
            }
            let mut standing = Standing::Offered;
            let missing = [
                ("classSourcedId", &group, groups.contains_key(&group)),
                (
                    "userSourcedId",
                    &person,
                    pupils.contains_key(&person) || staff.contains(&person),
                ),
            ];
            for (column, id, _) in missing.iter().filter(|(_, _, found)| !found) {
                standing = Standing::Held;
                let place = Place::line(row.line).column(column);
                self.findings
                    .add(Severity::Held, FindingCode::ReferenceMissing, place, id, "");
            }
            let role = if folded(row.get("role")) == "student" {
                MemberRole::Pupil
            } else {
                MemberRole::Teacher
            };
            let from = self.date(&row, "beginDate", DateOrder::DayFirst, DateUse::Other);
            let to = self.date(&row, "endDate", DateOrder::DayFirst, DateUse::Other);
            if let (Some(&group), Some(&pupil)) = (groups.get(&group), pupils.get(&person))
                && self.reading.groups[group].kind == GroupKind::Registration
            {
                self.reading.pupils[pupil].registration_group =
                    Some(self.reading.groups[group].name.clone());
            }
            self.reading.counts.stand(standing);
            self.reading.memberships.push(MembershipRecord {
                line: row.line,
                standing,
                group,
                person,
                role,
                from,
                to,
            });
        }
    }

    /// The layout with `DfE Number` or `SIS ID` headings.
    fn read_older_sds(&mut self) -> Result<(), RefusedFile> {
        self.need(&["school", "student"])?;
        self.rows("school", &["Name"], &["DfE Number", "SIS ID"]);
        let optional = [
            "ID",
            "SIS ID",
            "Middle Name",
            "Grade",
            "Birthdate",
            "Student Number",
            "Secondary Email",
            "Username",
            "Status",
        ];
        let students = self.rows("student", &["First Name", "Last Name"], &optional);
        let student_file = self.file_name("student");
        let birth_order = self.order(&student_file, &students, "Birthdate")?;
        for row in students {
            if !self.complete(&row, &["First Name", "Last Name"]) {
                continue;
            }
            let birth_date = self.date(&row, "Birthdate", birth_order, DateUse::Birth);
            let pupil = PupilRecord {
                line: row.line,
                key: PupilKey {
                    source_id: self.source_id(older_id(&row)),
                    upn: None,
                    admission_number: row.some("Student Number"),
                },
                legal_surname: row.get("Last Name").to_owned(),
                legal_forename: row.get("First Name").to_owned(),
                middle_names: row.some("Middle Name"),
                birth_date,
                year_group: row
                    .some("Grade")
                    .map(|grade| codes::coded(CodeSet::YearGroup, &grade)),
                emails: email::tidy(row.get("Secondary Email")),
                ..PupilRecord::default()
            };
            self.reading.pupils.push(pupil);
        }
        pupils::settle_repeats(&mut self.reading, &mut self.findings);
        let optional = [
            "ID",
            "SIS ID",
            "Title",
            "Teacher Number",
            "Secondary Email",
            "Status",
        ];
        for row in self.rows("teacher", &["First Name", "Last Name"], &optional) {
            if !self.complete(&row, &["First Name", "Last Name"]) {
                continue;
            }
            self.reading.counts.stand(Standing::Offered);
            self.reading.staff.push(StaffRecord {
                line: row.line,
                source_id: self.source_id(older_id(&row)),
                title: row.some("Title"),
                forename: row.get("First Name").to_owned(),
                surname: row.get("Last Name").to_owned(),
                email: email::tidy(row.get("Secondary Email")).into_iter().next(),
                staff_code: row.some("Teacher Number"),
                roles: vec!["teacher".to_owned()],
                ..StaffRecord::default()
            });
        }
        self.read_sections()?;
        for (file, role) in [
            ("studentenrollment", MemberRole::Pupil),
            ("teacherroster", MemberRole::Teacher),
        ] {
            self.read_older_members(file, role);
        }
        Ok(())
    }

    fn read_sections(&mut self) -> Result<(), RefusedFile> {
        let optional = [
            "ID",
            "SIS ID",
            "Course Subject",
            "Course Name",
            "Term StartDate",
            "Term EndDate",
            "Status",
        ];
        let rows = self.rows("section", &["Section Name"], &optional);
        let file = self.file_name("section");
        let from_order = self.order(&file, &rows, "Term StartDate")?;
        let to_order = self.order(&file, &rows, "Term EndDate")?;
        for row in rows {
            if !self.complete(&row, &["Section Name"]) {
                continue;
            }
            let from = self.date(&row, "Term StartDate", from_order, DateUse::Other);
            let to = self.date(&row, "Term EndDate", to_order, DateUse::Other);
            self.reading.counts.stand(Standing::Offered);
            self.reading.groups.push(GroupRecord {
                line: row.line,
                standing: Standing::Offered,
                source_id: self.source_id(older_id(&row)),
                name: row.get("Section Name").to_owned(),
                kind: GroupKind::Class,
                subject: row.some("Course Subject"),
                from,
                to,
            });
        }
        Ok(())
    }

    fn read_older_members(&mut self, file: &str, role: MemberRole) {
        let rows = self.rows(file, &["Section ID"], &["ID", "SIS ID"]);
        let ids = |sources: Vec<&Option<SourceId>>| -> HashSet<String> {
            sources
                .into_iter()
                .flatten()
                .map(|source| source.id.clone())
                .collect()
        };
        let groups = ids(self
            .reading
            .groups
            .iter()
            .map(|group| &group.source_id)
            .collect());
        let people = match role {
            MemberRole::Pupil => ids(self
                .reading
                .pupils
                .iter()
                .map(|pupil| &pupil.key.source_id)
                .collect()),
            MemberRole::Teacher => ids(self
                .reading
                .staff
                .iter()
                .map(|staff| &staff.source_id)
                .collect()),
        };
        for row in rows {
            let (group, person) = (row.get("Section ID").to_owned(), older_id(&row).to_owned());
            let mut standing = Standing::Offered;
            for (column, id, set) in [("Section ID", &group, &groups), ("ID", &person, &people)] {
                if !set.contains(id) {
                    standing = Standing::Held;
                    let place = Place::line(row.line).column(column);
                    self.findings
                        .add(Severity::Held, FindingCode::ReferenceMissing, place, id, "");
                }
            }
            self.reading.counts.stand(standing);
            self.reading.memberships.push(MembershipRecord {
                line: row.line,
                standing,
                group,
                person,
                role,
                from: None,
                to: None,
            });
        }
    }

    fn order(
        &mut self,
        file: &str,
        rows: &[SetRow],
        column: &str,
    ) -> Result<DateOrder, RefusedFile> {
        let mut evidence = OrderEvidence::default();
        for row in rows {
            if let Ok(written) = dates::written(row.get(column)) {
                evidence.see(written, row.line);
            }
        }
        let (order, either_way) = evidence.decide(file, column, self.options.month_first)?;
        if either_way {
            self.findings.warn(
                FindingCode::DateEitherWay,
                Place::default().column(column),
                "",
                "",
            );
        }
        Ok(order)
    }
}

/// `Users.CSV` and `users.csv` are the same file of a set; the two formats write some names with capitals.
fn stem(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = base
        .strip_suffix(".csv")
        .or_else(|| base.strip_suffix(".CSV"))
        .unwrap_or(base);
    match stem {
        "academicSessions" | "userFlags" | "lineItems" => stem.to_owned(),
        _ if stem.starts_with(|c: char| c.is_ascii_uppercase()) => stem.to_ascii_lowercase(),
        _ => stem.to_owned(),
    }
}

fn older_id(row: &SetRow) -> &str {
    if row.get("ID").is_empty() {
        row.get("SIS ID")
    } else {
        row.get("ID")
    }
}

fn row_label(row: &SetRow) -> String {
    let names = format!(
        "{} {}{} {}",
        row.get("givenName"),
        row.get("familyName"),
        row.get("First Name"),
        row.get("Last Name")
    );
    names.trim().to_owned()
}

/// `{UPN:F823299818001}` among the identifiers of a user (I-387).
fn upn_in_ids(ids: &str) -> Option<&str> {
    let after = ids.split("{UPN:").nth(1)?;
    after.split('}').next()
}

fn phones(row: &SetRow) -> Vec<ContactPhone> {
    let given = [
        (PhoneUse::NotSaid, row.get("phone")),
        (PhoneUse::Mobile, row.get("sms")),
    ];
    let mut phones: Vec<ContactPhone> = Vec::new();
    for (phone_use, text) in given.into_iter().filter(|(_, text)| !text.is_empty()) {
        let phone = phone::tidy(text);
        if !phones.iter().any(|other| other.phone == phone) {
            phones.push(ContactPhone { phone_use, phone });
        }
    }
    phones
}
