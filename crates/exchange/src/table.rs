//! A table of any origin: rows of text below a row of headings (I-019, I-023, I-024).

use std::borrow::Cow;
use std::collections::HashMap;

use calendar::{Day, TimeOfDay};

use crate::codes::{self, CodeSet, Coded};
use crate::dates::{self, DateFault, DateOrder, DateUse, OrderEvidence, Orders, Written};
use crate::delimited::{Delimited, RowFault};
use crate::email::{self, Email};
use crate::finding::{FindingCode, Findings, Place, Severity, masked};
use crate::headings::{self, ContactField, Field, HeadingFate, MarkField, PupilField};
use crate::phone::{self, PhoneKind, PhoneUse};
use crate::postcode;
use crate::reading::{Counts, Options};
use crate::records::{ContactPhone, PupilKey, SourceId, Standing};
use crate::refused::{Limit, RefusedFile};
use crate::text::{self, TextFault};
use crate::upn::{self, Upn, UpnFault};
use crate::workbook::SheetRows;

/// Columns that are read (I-030).
pub(crate) const COLUMNS: usize = 512;

/// How many rows are searched for headings (I-023).
const HEADING_ROWS: usize = 20;

/// Rows of text, from a text file or a sheet.
#[derive(Clone, Debug)]
pub(crate) enum Rows<'a> {
    Delimited(Delimited<'a>),
    Sheet(SheetRows<'a>),
}

impl<'a> Rows<'a> {
    /// Reads the next row into `cells`: its line and what is wrong with it.
    pub(crate) fn next(
        &mut self,
        cells: &mut Vec<Cow<'a, str>>,
    ) -> Option<(u32, Option<RowFault>)> {
        match self {
            Rows::Delimited(reader) => reader.next(cells),
            Rows::Sheet(rows) => rows.next(cells).map(|line| (line, None)),
        }
    }

    fn expect_width(&mut self, width: usize) {
        if let Rows::Delimited(reader) = self {
            reader.expect_width(width);
        }
    }

    pub(crate) fn is_sheet(&self) -> bool {
        matches!(self, Rows::Sheet(_))
    }
}

/// The headings of a table, and the rows that follow them.
#[derive(Clone, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) headings: Vec<String>,
    pub(crate) above: Vec<(u32, String)>,
    pub(crate) rows: Rows<'a>,
}

/// Finds the row of headings: the one that a person has named, else the first of the first 20 rows with at least two headings
/// that `known` or a profile accepts.
pub(crate) fn find_head<'a>(
    file: &str,
    mut rows: Rows<'a>,
    options: &Options<'_>,
    known: impl Fn(&str) -> bool,
) -> Result<Option<Head<'a>>, RefusedFile> {
    let mut cells = Vec::new();
    let mut above = Vec::new();
    for _ in 0..HEADING_ROWS {
        let Some((line, fault)) = rows.next(&mut cells) else {
            return Ok(None);
        };
        let accepted = |cell: &&Cow<'_, str>| {
            let cell = text::trim(cell);
            known(cell) || options.headings.get(cell).is_some_and(Option::is_some)
        };
        let is_head = match options.heading_line {
            Some(wanted) => line == wanted,
            None => cells.iter().filter(accepted).count() >= 2,
        };
        if fault.is_none() && is_head {
            if cells.len() > COLUMNS {
                return Err(RefusedFile::OverLimit {
                    file: file.to_owned(),
                    limit: Limit::Columns,
                });
            }
            rows.expect_width(cells.len());
            let headings = cells
                .iter()
                .map(|cell| text::trim(cell).to_owned())
                .collect();
            return Ok(Some(Head {
                headings,
                above,
                rows,
            }));
        }
        let first = cells
            .iter()
            .map(|cell| text::trim(cell))
            .find(|cell| !cell.is_empty());
        above.push((line, first.unwrap_or_default().to_owned()));
    }
    Ok(None)
}

/// Which kind of list the headings are read for; the same word means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Pupils,
    Contacts,
    Marks,
    Timetable,
    /// Cover, what runs instead of lessons, examinations.
    Days,
}

/// Where the fields of a table stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    pub(crate) headings: Vec<String>,
    pub(crate) fates: Vec<HeadingFate>,
    by_field: HashMap<Field, Vec<usize>>,
}

impl Columns {
    /// Maps headings to fields; two headings for one field are a question (I-023).
    pub(crate) fn map(
        file: &str,
        headings: &[String],
        purpose: Purpose,
        options: &Options,
    ) -> Result<Columns, RefusedFile> {
        let mut columns = Columns {
            headings: headings.to_vec(),
            ..Columns::default()
        };
        for (index, heading) in headings.iter().enumerate() {
            let fate = fate(heading, headings, purpose, options);
            columns.fates.push(fate);
            let HeadingFate::Mapped(field) = fate else {
                continue;
            };
            let at = columns.by_field.entry(field).or_default();
            if let Some(&first) = at.first()
                && !may_repeat(field)
                && !options.headings.contains_key(heading)
            {
                return Err(RefusedFile::HeadingTwice {
                    file: file.to_owned(),
                    first: headings[first].clone(),
                    second: heading.clone(),
                    field: field.words(),
                });
            }
            at.push(index);
        }
        Ok(columns)
    }

    pub(crate) fn index(&self, field: Field) -> Option<usize> {
        self.by_field.get(&field).and_then(|at| at.first()).copied()
    }

    pub(crate) fn all(&self, field: Field) -> &[usize] {
        self.by_field.get(&field).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has(&self, field: PupilField) -> bool {
        self.index(Field::Pupil(field)).is_some()
    }

    pub(crate) fn has_identifier(&self) -> bool {
        [
            PupilField::Upn,
            PupilField::AdmissionNumber,
            PupilField::SourceId,
        ]
        .iter()
        .any(|&field| self.has(field))
    }

    /// Numbers of the contacts beside a pupil, in order.
    pub(crate) fn contact_numbers(&self) -> Vec<u8> {
        let mut numbers: Vec<u8> = self
            .by_field
            .keys()
            .filter_map(|field| match field {
                Field::Contact(number, _) if *number > 0 => Some(*number),
                _ => None,
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn heading(&self, index: usize) -> &str {
        self.headings.get(index).map_or("", String::as_str)
    }
}

pub(crate) fn fate(
    heading: &str,
    all: &[String],
    purpose: Purpose,
    options: &Options,
) -> HeadingFate {
    if headings::is_forbidden(heading) {
        return HeadingFate::Dropped;
    }
    if let Some(chosen) = options.headings.get(heading) {
        return chosen.map_or(HeadingFate::Ignored, HeadingFate::Mapped);
    }
    let pupil = || headings::pupil_field(heading).map(Field::Pupil);
    // Only what identifies a pupil: a “Start date” is the lesson's there, and a “Class” no registration group.
    let whose = || {
        headings::pupil_field(heading)
            .filter(identifies)
            .map(Field::Pupil)
    };
    let field = match purpose {
        Purpose::Pupils => headings::numbered_contact(heading)
            .map(|(number, field)| Field::Contact(number, field))
            .or_else(pupil),
        Purpose::Contacts => contact_list_field(heading, all),
        Purpose::Marks => headings::mark_field(heading)
            .map(Field::Mark)
            .or_else(pupil),
        Purpose::Timetable => headings::timetable_field(heading)
            .map(Field::Timetable)
            .or_else(whose),
        Purpose::Days => headings::day_field(heading).map(Field::Day).or_else(whose),
    };
    field.map_or(HeadingFate::Ignored, HeadingFate::Mapped)
}

/// Whether a field tells who a pupil is, by number or for people to recognise.
pub(crate) fn identifies(field: &PupilField) -> bool {
    use PupilField as P;
    matches!(
        field,
        P::Upn | P::AdmissionNumber | P::SourceId | P::Surname | P::Forename | P::FullName
    )
}

/// In a list of contacts a bare “Surname” is the contact's, unless there is a “Contact Surname” beside it.
fn contact_list_field(heading: &str, all: &[String]) -> Option<Field> {
    use PupilField as P;
    let identifier = headings::pupil_field(heading).filter(|field| {
        matches!(
            field,
            P::Upn | P::AdmissionNumber | P::SourceId | P::BirthDate
        )
    });
    let contact = headings::contact_field(heading);
    let says_contact = |heading: &String| {
        let word = text::folded(heading);
        ["contact", "parent", "carer", "guardian"]
            .iter()
            .any(|prefix| word.starts_with(prefix))
    };
    let bare_name = !says_contact(&heading.to_owned())
        && matches!(
            contact,
            Some(ContactField::Forename | ContactField::Surname | ContactField::Name)
        );
    let contact_names_elsewhere = all.iter().any(|other| {
        says_contact(other)
            && matches!(
                headings::contact_field(other),
                Some(ContactField::Forename | ContactField::Surname | ContactField::Name)
            )
    });
    match (identifier, contact) {
        (Some(field), _) => Some(Field::Pupil(field)),
        (None, Some(_)) if bare_name && contact_names_elsewhere => {
            headings::pupil_field(heading).map(Field::Pupil)
        }
        (None, Some(field)) => Some(Field::Contact(0, field)),
        (None, None) => headings::pupil_field(heading).map(Field::Pupil),
    }
}

fn may_repeat(field: Field) -> bool {
    matches!(
        field,
        Field::Pupil(
            PupilField::Phone | PupilField::Email | PupilField::FullName | PupilField::Line1
        ) | Field::Contact(
            _,
            ContactField::Phone
                | ContactField::Mobile
                | ContactField::HomePhone
                | ContactField::WorkPhone
                | ContactField::Email
        )
    )
}

/// Why a line is no record (I-024), if it is none.
pub(crate) fn not_a_record(
    cells: &[Cow<'_, str>],
    columns: &Columns,
    first_below_headings: bool,
) -> Option<FindingCode> {
    let mut filled = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !text::trim(cell).is_empty());
    let Some((first_index, first)) = filled.next() else {
        return Some(FindingCode::BlankLine);
    };
    let first_cell_only = first_index == 0 && filled.next().is_none();
    if first_cell_only && columns.headings.len() > 1 && !has_identifier(cells, columns, None) {
        return Some(FindingCode::TotalLine);
    }
    let word: String = text::trim(first)
        .chars()
        .take_while(|c| c.is_alphabetic())
        .collect();
    let closes = ["total", "totals", "count", "average", "printed"]
        .iter()
        .any(|end| word.eq_ignore_ascii_case(end));
    if closes && !has_identifier(cells, columns, Some(first_index)) {
        return Some(FindingCode::TotalLine);
    }
    (first_below_headings && is_instruction(cells, columns)).then_some(FindingCode::InstructionLine)
}

fn cell<'c>(cells: &'c [Cow<'_, str>], index: Option<usize>) -> &'c str {
    index
        .and_then(|index| cells.get(index))
        .map_or("", |cell| text::trim(cell))
}

fn has_identifier(cells: &[Cow<'_, str>], columns: &Columns, except: Option<usize>) -> bool {
    let has = |field: PupilField, right: fn(&str) -> bool| {
        let index = columns.index(Field::Pupil(field));
        index.is_some() && index != except && right(cell(cells, index))
    };
    let with_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    has(PupilField::Upn, |text| upn::check(text).is_ok())
        || has(PupilField::AdmissionNumber, with_digit)
        || has(PupilField::SourceId, with_digit)
}

/// A line in which no cell of a typed column parses, none even has a digit, and no identifier is present.
fn is_instruction(cells: &[Cow<'_, str>], columns: &Columns) -> bool {
    if has_identifier(cells, columns, None) {
        return false;
    }
    let typed = [
        (Field::Pupil(PupilField::BirthDate), None),
        (Field::Pupil(PupilField::StartingDay), None),
        (Field::Pupil(PupilField::Sex), Some(CodeSet::Sex)),
        (
            Field::Pupil(PupilField::YearGroup),
            Some(CodeSet::YearGroup),
        ),
        (Field::Mark(MarkField::Date), None),
    ];
    let mut any = false;
    for (field, set) in typed {
        let text = cell(cells, columns.index(field));
        if text.is_empty() {
            continue;
        }
        any = true;
        let parses = match set {
            Some(set) => codes::coded(set, text).code.is_some(),
            None => dates::written(text).is_ok(),
        };
        if parses || text.bytes().any(|byte| byte.is_ascii_digit()) {
            return false;
        }
    }
    any
}

/// Goes once through the rows to decide the order of day and month of each date column.
pub(crate) fn decide_orders(
    file: &str,
    head: &Head<'_>,
    columns: &Columns,
    fields: &[Field],
    options: &Options,
    findings: &mut Findings,
) -> Result<Orders, RefusedFile> {
    let date_columns: Vec<usize> = fields
        .iter()
        .filter_map(|&field| columns.index(field))
        .collect();
    let mut evidence: HashMap<usize, OrderEvidence> = HashMap::new();
    let mut rows = head.rows.clone();
    let mut cells = Vec::new();
    while let Some((line, fault)) = rows.next(&mut cells) {
        if fault.is_some() {
            continue;
        }
        for &column in &date_columns {
            if let Some(written) = cells
                .get(column)
                .and_then(|cell| dates::written(text::trim(cell)).ok())
            {
                evidence.entry(column).or_default().see(written, line);
            }
        }
    }
    let seen_any: Vec<usize> = evidence
        .iter()
        .filter(|(_, seen)| seen.is_decisive())
        .map(|(&column, _)| column)
        .collect();
    // A column that says nothing itself follows the others: a system writes all its dates in one form.
    let mut decided: Vec<(usize, DateOrder, bool)> = Vec::new();
    for column in date_columns {
        let seen = evidence.remove(&column).unwrap_or_default();
        let (order, either_way) =
            seen.decide(file, columns.heading(column), options.month_first)?;
        decided.push((column, order, either_way));
    }
    let mut shown = decided
        .iter()
        .filter(|(column, _, either_way)| !either_way && seen_any.contains(column));
    let others = shown
        .next()
        .map(|(_, order, _)| *order)
        .filter(|first| shown.all(|(_, order, _)| order == first));
    let mut orders = Orders::new();
    for (column, order, either_way) in decided {
        if either_way && others.is_none() {
            let place = Place::default().column(columns.heading(column));
            findings.warn(FindingCode::DateEitherWay, place, "", "");
        }
        orders.insert(
            column,
            if either_way {
                others.unwrap_or(order)
            } else {
                order
            },
        );
    }
    Ok(orders)
}

/// The rows of a table that holds a record in each.
pub(crate) struct RecordRows<'t, 'a> {
    pub(crate) rows: Rows<'a>,
    pub(crate) columns: &'t Columns,
    pub(crate) orders: &'t Orders,
    /// Columns that a row must reach to be a record.
    pub(crate) required: &'t [usize],
    pub(crate) today: Day,
    /// What a person knows a row by.
    pub(crate) label: fn(&[Cow<'_, str>], &Columns) -> String,
}

/// What became of a row that its reader did not refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// A record that may be stored.
    Offered,
    /// No record of its own.
    Skipped,
    /// Counted by its reader, once all rows are known.
    Gathered,
}

impl RecordRows<'_, '_> {
    /// Hands every record to its reader and counts what became of it; what is no record, or cannot be told apart into cells, is said and
    /// counted here (I-003, I-024).
    pub(crate) fn each(
        self,
        counts: &mut Counts,
        findings: &mut Findings,
        mut read: impl FnMut(&mut RowReader<'_>) -> Became,
    ) {
        let is_sheet = self.rows.is_sheet();
        let mut rows = self.rows;
        let mut cells = Vec::new();
        let mut first = true;
        while let Some((line, fault)) = rows.next(&mut cells) {
            let below_headings = std::mem::take(&mut first);
            if fault.is_none()
                && let Some(code) = not_a_record(&cells, self.columns, below_headings)
            {
                counts.skip();
                let filled = cells.iter().map(|cell| text::trim(cell));
                let text = filled.into_iter().find(|cell| !cell.is_empty());
                let (severity, place) = (Severity::Skipped, Place::line(line));
                match code {
                    FindingCode::BlankLine => findings.add_alike(severity, code, place, "", ""),
                    _ => findings.add(severity, code, place, text.unwrap_or_default(), ""),
                }
                continue;
            }
            let width = self.columns.headings.len();
            if let Some((code, value, detail)) =
                row_fault(&cells, fault, width, self.required, is_sheet)
            {
                findings.add(Severity::Rejected, code, Place::line(line), &value, &detail);
                counts.reject();
                continue;
            }
            let mut row = RowReader {
                cells: &cells,
                columns: self.columns,
                orders: self.orders,
                today: self.today,
                line,
                record: (self.label)(&cells, self.columns),
                findings: &mut *findings,
                rejected: false,
            };
            let became = read(&mut row);
            match (row.rejected, became) {
                (true, _) => counts.reject(),
                (false, Became::Offered) => counts.stand(Standing::Offered),
                (false, Became::Skipped) => counts.skip(),
                (false, Became::Gathered) => {}
            }
        }
    }
}

/// One row being read: gives values of fields, and notes what is wrong with them.
pub(crate) struct RowReader<'r> {
    pub(crate) cells: &'r [Cow<'r, str>],
    pub(crate) columns: &'r Columns,
    pub(crate) orders: &'r Orders,
    pub(crate) today: Day,
    pub(crate) line: u32,
    pub(crate) record: String,
    pub(crate) findings: &'r mut Findings,
    /// A required value is missing or wrong.
    pub(crate) rejected: bool,
}

impl RowReader<'_> {
    /// The cell of a field, trimmed and without a spreadsheet's guard.
    pub(crate) fn raw(&self, field: Field) -> &str {
        self.raw_at(self.columns.index(field))
    }

    fn raw_at(&self, index: Option<usize>) -> &str {
        text::without_guard(cell(self.cells, index))
    }

    pub(crate) fn note(
        &mut self,
        severity: Severity,
        code: FindingCode,
        index: Option<usize>,
        value: &str,
        detail: &str,
    ) {
        let sensitive = index
            .and_then(|index| self.columns.fates.get(index))
            .is_some_and(|fate| matches!(fate, HeadingFate::Mapped(field) if field.is_sensitive()));
        let shown = if sensitive {
            Cow::Owned(masked(value))
        } else {
            Cow::Borrowed(value)
        };
        let place = Place {
            line: self.line,
            record: &self.record,
            column: index.map_or("", |index| self.columns.heading(index)),
        };
        self.findings.add(severity, code, place, &shown, detail);
        self.rejected |= severity == Severity::Rejected;
    }

    fn warn(&mut self, code: FindingCode, index: Option<usize>, value: &str, detail: &str) {
        self.note(Severity::Warning, code, index, value, detail);
    }

    /// Text of a field, tidied; blank, error and control cells are none.
    pub(crate) fn text(&mut self, field: Field) -> Option<String> {
        self.text_at(self.columns.index(field))
    }

    fn text_at(&mut self, index: Option<usize>) -> Option<String> {
        let raw = self.raw_at(index).to_owned();
        match text::tidy(&raw) {
            Ok(tidied) => {
                if tidied.direction_removed {
                    self.warn(FindingCode::DirectionCharacters, index, &raw, "");
                }
                let text = tidied.text.into_owned();
                (!text.is_empty()).then_some(text)
            }
            Err(TextFault::Control) => {
                self.warn(FindingCode::ControlCharacter, index, "", "");
                None
            }
            Err(TextFault::ErrorCell) => {
                self.warn(FindingCode::ErrorCell, index, &raw, "");
                None
            }
        }
    }

    /// A name: as text, with a warning for the first damaged name of the record.
    pub(crate) fn name(&mut self, field: Field, damaged: &mut bool) -> Option<String> {
        let index = self.columns.index(field);
        let name = self.text_at(index)?;
        if !*damaged && text::looks_damaged(&name) {
            *damaged = true;
            self.warn(FindingCode::NameDamaged, index, &name, "");
        }
        Some(name)
    }

    /// A date of a column whose order has been decided. A required one that fails rejects the record.
    pub(crate) fn date(&mut self, field: Field, date_use: DateUse, required: bool) -> Option<Day> {
        let index = self.columns.index(field);
        let text = self.text_at(index)?;
        let order = index
            .and_then(|index| self.orders.get(&index))
            .copied()
            .unwrap_or(DateOrder::DayFirst);
        let severity = if required {
            Severity::Rejected
        } else {
            Severity::Warning
        };
        let written = dates::written(&text);
        match written.and_then(|written| written.day(order, date_use, self.today)) {
            Ok(day) => {
                if matches!(written, Ok(Written::Serial(_))) {
                    self.warn(FindingCode::DateSerial, index, &text, &day.slashed());
                }
                if dates::is_unlikely(day, date_use, self.today) {
                    self.warn(FindingCode::DateUnlikely, index, &text, "");
                }
                Some(day)
            }
            Err(DateFault::NotReal) => {
                self.note(severity, FindingCode::DateNotReal, index, &text, "");
                None
            }
            Err(DateFault::Form) => {
                self.note(severity, FindingCode::DateForm, index, &text, "");
                None
            }
        }
    }

    pub(crate) fn yes_no(&mut self, field: Field) -> Option<bool> {
        let text = self.text(field)?;
        codes::yes_no(&text).unwrap_or_else(|_| {
            self.warn(FindingCode::YesNo, self.columns.index(field), &text, "");
            None
        })
    }

    pub(crate) fn coded(&mut self, field: Field, set: CodeSet) -> Option<Coded> {
        let text = self.text(field)?;
        let coded = codes::coded(set, &text);
        if coded.code.is_none() {
            self.warn(
                FindingCode::CodeUnknown,
                self.columns.index(field),
                &text,
                "",
            );
        }
        Some(coded)
    }

    /// An identifier kept as text; digits that a spreadsheet has thrown away reject the value (I-021).
    pub(crate) fn identifier(&mut self, field: Field) -> Option<String> {
        let text = self.text(field)?;
        if text::is_scientific(&text) {
            self.warn(
                FindingCode::DigitsLost,
                self.columns.index(field),
                &text,
                "",
            );
            return None;
        }
        Some(text)
    }

    /// The UPN, or the reason for having none. A wrong number rejects its value only (I-045).
    pub(crate) fn upn(
        &mut self,
        field: PupilField,
        severity: Severity,
    ) -> (Option<Upn>, Option<String>) {
        let index = self.columns.index(Field::Pupil(field));
        let Some(text) = self.text_at(index) else {
            return (None, None);
        };
        if let Some(reason) = upn::no_number_reason(&text) {
            self.warn(FindingCode::NoUpn, index, &text, "");
            return (None, Some(reason));
        }
        match upn::check(&text) {
            Ok(upn) => {
                if let Some(code) = upn_warning(&upn) {
                    self.warn(code, index, upn.as_str(), "");
                }
                (Some(upn), None)
            }
            Err(UpnFault::CheckLetter(letter)) => {
                self.note(
                    severity,
                    FindingCode::UpnCheckLetter,
                    index,
                    &text,
                    &letter.to_string(),
                );
                (None, None)
            }
            Err(fault) => {
                self.note(
                    severity,
                    FindingCode::UpnFormat,
                    index,
                    &text,
                    &fault.to_string(),
                );
                (None, None)
            }
        }
    }

    /// All identifiers of the pupil. When nothing else identifies the row, a wrong UPN rejects it (I-045).
    pub(crate) fn pupil_key(&mut self) -> (PupilKey, Option<String>) {
        let source_index = self.columns.index(Field::Pupil(PupilField::SourceId));
        let source_id = self
            .identifier(Field::Pupil(PupilField::SourceId))
            .map(|id| SourceId {
                source: self
                    .columns
                    .heading(source_index.unwrap_or_default())
                    .to_owned(),
                id,
            });
        let admission_number = self.identifier(Field::Pupil(PupilField::AdmissionNumber));
        let alone = source_id.is_none() && admission_number.is_none();
        let severity = if alone {
            Severity::Rejected
        } else {
            Severity::Warning
        };
        let (upn, reason) = self.upn(PupilField::Upn, severity);
        let key = PupilKey {
            source_id,
            upn,
            admission_number,
        };
        (key, reason)
    }

    pub(crate) fn postcode(&mut self, field: Field) -> Option<String> {
        let text = self.text(field)?;
        let tidied = postcode::tidy(&text);
        if tidied.is_none() {
            self.warn(FindingCode::Postcode, self.columns.index(field), &text, "");
        }
        Some(tidied.unwrap_or(text))
    }

    pub(crate) fn phones(&mut self, field: Field, phone_use: PhoneUse) -> Vec<ContactPhone> {
        let mut phones = Vec::new();
        for index in self.columns.all(field).to_vec() {
            let Some(text) = self.text_at(Some(index)) else {
                continue;
            };
            let phone = phone::tidy(&text);
            if phone.kind == PhoneKind::Unusable {
                self.warn(FindingCode::Phone, Some(index), &text, "");
            }
            if phone.nought_restored {
                self.warn(FindingCode::PhoneNought, Some(index), &text, "");
            }
            phones.push(ContactPhone { phone_use, phone });
        }
        phones
    }

    pub(crate) fn emails(&mut self, field: Field) -> Vec<Email> {
        let mut emails = Vec::new();
        for index in self.columns.all(field).to_vec() {
            let Some(text) = self.text_at(Some(index)) else {
                continue;
            };
            for email in email::tidy(&text) {
                if email.usable.is_none() {
                    self.warn(FindingCode::Email, Some(index), &email.as_given, "");
                }
                emails.push(email);
            }
        }
        emails
    }

    /// A clock time; one that cannot be read rejects the record.
    pub(crate) fn time(&mut self, field: Field) -> Option<TimeOfDay> {
        let text = self.text(field)?;
        let time = clock_time(&text);
        if time.is_none() {
            let index = self.columns.index(field);
            self.note(Severity::Rejected, FindingCode::TimeForm, index, &text, "");
        }
        time
    }

    /// When something begins and ends, where both are said; an end that is not after the beginning rejects the record.
    pub(crate) fn times(&mut self, starts: Field, ends: Field) -> Option<(TimeOfDay, TimeOfDay)> {
        let times = self.time(starts).zip(self.time(ends));
        if let Some((begins, over)) = times
            && over <= begins
        {
            let index = self.columns.index(ends);
            let (over, begins) = (over.to_string(), begins.to_string());
            let code = FindingCode::TimesSwapped;
            self.note(Severity::Rejected, code, index, &over, &begins);
        }
        times
    }

    /// A last day before the first rejects the record.
    pub(crate) fn in_order(&mut self, from: Option<Day>, to: Option<Day>, last: Field) {
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            let index = self.columns.index(last);
            let (to, from) = (to.slashed(), from.slashed());
            let code = FindingCode::DatesSwapped;
            self.note(Severity::Rejected, code, index, &to, &from);
        }
    }

    /// Says that the very same record stands on an earlier line.
    pub(crate) fn repeats(&mut self, line: u32) {
        let (code, line) = (FindingCode::RepeatedInFile, line.to_string());
        self.note(Severity::Skipped, code, None, "", &line);
    }

    /// A required text; its absence rejects the record.
    pub(crate) fn require(&mut self, field: Field, value: Option<String>) -> String {
        if value.is_none() {
            let index = self.columns.index(field);
            let column = index.map_or_else(
                || field.words(),
                |index| self.columns.heading(index).to_owned(),
            );
            let place = Place {
                line: self.line,
                record: &self.record,
                column: &column,
            };
            self.findings.add(
                Severity::Rejected,
                FindingCode::RequiredMissing,
                place,
                "",
                "",
            );
            self.rejected = true;
        }
        value.unwrap_or_default()
    }
}

/// `8:50`, `08:50`, `0850`, `8.50` (I-100), and the part of a day that a spreadsheet keeps: `0.368055`.
fn clock_time(text: &str) -> Option<TimeOfDay> {
    let text = text.trim();
    if text.starts_with("0.") && text.len() > 2 {
        let part: f64 = text.parse().ok()?;
        return TimeOfDay::from_seconds((part * 1_440.0).round() as u32 * 60);
    }
    if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{}:{}", &text[..2], &text[2..]).parse().ok();
    }
    text.replace('.', ":").parse().ok()
}

/// What is odd about a number that passes its check (I-046).
pub(crate) fn upn_warning(upn: &Upn) -> Option<FindingCode> {
    if upn.is_nought() {
        Some(FindingCode::UpnNought)
    } else if !upn.authority_is_known() {
        Some(FindingCode::UpnAuthority)
    } else {
        None
    }
}

/// That lines went with a row whose quotes do not pair up.
pub(crate) fn lines_passed(passed: u32) -> String {
    match passed {
        0 => String::new(),
        1 => "; the next line went with it".to_owned(),
        lines => format!("; the next {lines} lines went with it"),
    }
}

/// The finding for a row that cannot be told apart into cells, or has the wrong number of them.
///
/// Missing trailing cells are allowed when none of them is required (I-019).
pub(crate) fn row_fault(
    cells: &[Cow<'_, str>],
    fault: Option<RowFault>,
    width: usize,
    required: &[usize],
    is_sheet: bool,
) -> Option<(FindingCode, String, String)> {
    let plain = |code| Some((code, String::new(), String::new()));
    let cells_and_width = |code| Some((code, cells.len().to_string(), width.to_string()));
    match fault {
        Some(RowFault::Quotes { passed }) => {
            return Some((FindingCode::RowQuotes, String::new(), lines_passed(passed)));
        }
        Some(RowFault::Nul) => return plain(FindingCode::RowNul),
        Some(RowFault::TooLong) => return plain(FindingCode::CellTooLong),
        None => {}
    }
    if cells.len() < width && !is_sheet && required.iter().any(|&index| index >= cells.len()) {
        return cells_and_width(FindingCode::RowShort);
    }
    let extra = cells.get(width..).unwrap_or_default();
    if extra.iter().any(|cell| !text::trim(cell).is_empty()) {
        return cells_and_width(FindingCode::RowLong);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_times_are_read_as_schools_write_them_and_as_spreadsheets_keep_them() {
        let read = |text: &str| clock_time(text).map(|time| time.to_string());
        for text in ["8:50", "08:50", "0850", "8.50", "0.3680556", "08:50:00"] {
            assert_eq!(read(text).as_deref(), Some("08:50"), "{text}");
        }
        assert_eq!(read("0.5").as_deref(), Some("12:00"));
        for text in ["", "25:00", "850x", "0.", "1.5", "0.9999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
