//! From bytes to a reading: what kind of file it is, its records, and what was found on the way.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use calendar::Day;

use crate::archive;
use crate::delimited::{self, Delimited};
use crate::finding::{Finding, FindingCode, Findings, Place, Severity};
use crate::headings::{self, ContactField, Field, HeadingFate, HeadingUse, MarkField, PupilField};
use crate::marks::{self, MarkLayout, MarkTable};
use crate::records::{
    ContactRecord, CoverRecord, GroupRecord, LessonRecord, MembershipRecord, OffTimetableRecord,
    PupilRecord, SeatRecord, StaffRecord, Standing, TermDateRecord,
};
use crate::refused::{Limit, RefusedFile};
use crate::roster::{self, RosterKind};
use crate::table::{self, Columns, Head, Purpose, Rows};
use crate::text::{self, Encoding};
use crate::transfer::{self, TransferHeader};
use crate::workbook::{self, SheetText};
use crate::{contacts, days, pupils, term_dates, timetable, xml};

/// What a file is for. Found from its contents, never from its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Pupils of a management information system, CSV or XLSX (I-080).
    Pupils,
    /// A list of pupils without any identifier, in the manner of the NHS services: every record is held.
    PupilList,
    /// Contacts of pupils (I-085).
    Contacts,
    /// Attendance marks in any of four layouts (I-090).
    Marks,
    /// Lessons of the timetable, a row each, for each class or each pupil (I-100).
    Timetable,
    /// Who covers which lesson on which day, a row each.
    Cover,
    /// Days and periods off timetable, a row each.
    OffTimetable,
    /// Sittings of examinations with their rooms and candidates' seats, a row for each candidate.
    Exams,
    /// A set of OneRoster 1.1 or 1.2 files (I-385).
    OneRoster,
    /// A set of School Data Sync files, v2.1 or the older layout (I-400).
    SchoolDataSync,
    /// A common transfer file (I-260).
    TransferFile,
    /// An admissions transfer file (I-290).
    AdmissionsFile,
    /// Term dates as iCalendar (I-350).
    TermDates,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 13] = [
        Kind::Pupils,
        Kind::PupilList,
        Kind::Contacts,
        Kind::Marks,
        Kind::Timetable,
        Kind::Cover,
        Kind::OffTimetable,
        Kind::Exams,
        Kind::OneRoster,
        Kind::SchoolDataSync,
        Kind::TransferFile,
        Kind::AdmissionsFile,
        Kind::TermDates,
    ];

    /// The word for the command line (`--as`).
    pub fn word(self) -> &'static str {
        match self {
            Kind::Pupils => "pupils",
            Kind::PupilList => "pupil-list",
            Kind::Contacts => "contacts",
            Kind::Marks => "marks",
            Kind::Timetable => "timetable",
            Kind::Cover => "cover",
            Kind::OffTimetable => "off-timetable",
            Kind::Exams => "exams",
            Kind::OneRoster => "oneroster",
            Kind::SchoolDataSync => "sds",
            Kind::TransferFile => "ctf",
            Kind::AdmissionsFile => "atf",
            Kind::TermDates => "term-dates",
        }
    }

    /// The kind of a word of the command line.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Pupils => "Lists of pupils",
            Kind::PupilList => "Lists of pupils without identifiers",
            Kind::Contacts => "Lists of contacts",
            Kind::Marks => "Lists of attendance marks",
            Kind::Timetable => "Timetables",
            Kind::Cover => "Lists of cover",
            Kind::OffTimetable => "Lists of what is off timetable",
            Kind::Exams => "Lists of examinations and seats",
            Kind::OneRoster => "OneRoster sets",
            Kind::SchoolDataSync => "School Data Sync sets",
            Kind::TransferFile => "Common transfer files",
            Kind::AdmissionsFile => "Admissions transfer files",
            Kind::TermDates => "Term dates",
        })
    }
}

/// A file as it was given.
#[derive(Clone, Copy, Debug)]
pub struct InputFile<'a> {
    /// Its name; only a hint (the week of a weekly mark file).
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Authority and establishment number of a school, digits only: `8234998` (I-051).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolNumber(String);

impl SchoolNumber {
    /// Reads `8234998`, `823/4998` or `823 4998`.
    pub fn new(text: &str) -> Option<SchoolNumber> {
        let digits: String = text
            .chars()
            .filter(|c| !matches!(c, '/' | ' ' | '-'))
            .collect();
        let right = digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
        right.then_some(SchoolNumber(digits))
    }

    /// The seven digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchoolNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", &self.0[..3], &self.0[3..])
    }
}

/// What class a mark of a former school belongs to, for telling the layout of its marks (I-275).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorClass {
    /// Attended, or an approved educational activity.
    Attended,
    /// Authorised absence.
    Authorised,
    /// Unauthorised absence.
    Unauthorised,
    /// Not a possible session.
    NotPossible,
}

/// The law's answer for a mark on a day; `None` for a code without meaning then.
pub type Classify<'a> = &'a dyn Fn(&str, Day) -> Option<PriorClass>;

/// What is known besides the bytes: the day, what a profile holds, and what a person has answered.
#[derive(Clone)]
pub struct Options<'a> {
    /// Today; births and future years are judged by it.
    pub today: Day,
    /// Read the file as this kind.
    pub kind: Option<Kind>,
    /// Read the bytes in this encoding.
    pub encoding: Option<Encoding>,
    /// Read this sheet of a workbook.
    pub sheet: Option<String>,
    /// A person has confirmed that dates have the month first.
    pub month_first: bool,
    /// The Monday of a weekly mark file.
    pub week_beginning: Option<Day>,
    /// The line on which the headings stand, where a person has said so.
    pub heading_line: Option<u32>,
    /// Headings whose meaning a person or profile has given; `None` ignores the heading.
    pub headings: BTreeMap<String, Option<Field>>,
    /// The numbers of this school and its predecessors. Empty: transfer files are not checked for their destination.
    pub own_schools: Vec<SchoolNumber>,
    /// A named person takes a file that is addressed to another school.
    pub accept_other_school: bool,
    /// What the marks of former schools mean; without it their days stay undecided.
    pub classify: Option<Classify<'a>>,
}

impl Options<'_> {
    /// Nothing known but the day.
    pub fn on(today: Day) -> Options<'static> {
        Options {
            today,
            kind: None,
            encoding: None,
            sheet: None,
            month_first: false,
            week_beginning: None,
            heading_line: None,
            headings: BTreeMap::new(),
            own_schools: Vec::new(),
            accept_other_school: false,
            classify: None,
        }
    }
}

/// How many records a file held and what became of them: `offered + held + rejected + skipped = read` (I-003).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records and lines that are none.
    pub read: u32,
    /// May be matched and stored.
    pub offered: u32,
    /// Need a person.
    pub held: u32,
    /// Cannot be stored.
    pub rejected: u32,
    /// Titles, blanks, totals, instructions and repeats.
    pub skipped: u32,
    /// Blank marks and `-`: open gaps, no records (I-093).
    pub gaps: u32,
}

impl Counts {
    pub(crate) fn skip(&mut self) {
        self.read += 1;
        self.skipped += 1;
    }

    pub(crate) fn reject(&mut self) {
        self.read += 1;
        self.rejected += 1;
    }

    pub(crate) fn stand(&mut self, standing: Standing) {
        self.read += 1;
        match standing {
            Standing::Offered => self.offered += 1,
            Standing::Held => self.held += 1,
        }
    }
}

/// Everything that was read from a file or a set of files.
#[derive(Debug)]
pub struct Reading {
    /// What it is.
    pub kind: Kind,
    /// The file, or the files of a set.
    pub files: Vec<String>,
    /// The sheet that was read.
    pub sheet: Option<String>,
    /// How text was decoded; `None` for workbooks.
    pub encoding: Option<Encoding>,
    /// Up to three cells with letters outside ASCII, to judge the encoding by (I-017).
    pub encoding_samples: Vec<String>,
    /// Every heading and what became of it.
    pub headings: Vec<HeadingUse>,
    /// Pupils, offered and held.
    pub pupils: Vec<PupilRecord>,
    /// Contacts, offered and held.
    pub contacts: Vec<ContactRecord>,
    /// Marks, offered.
    pub marks: MarkTable,
    /// The layout of the marks.
    pub mark_layout: Option<MarkLayout>,
    /// Staff, offered and held.
    pub staff: Vec<StaffRecord>,
    /// Groups.
    pub groups: Vec<GroupRecord>,
    /// Who belongs to them.
    pub memberships: Vec<MembershipRecord>,
    /// Lessons of the timetable, offered.
    pub lessons: Vec<LessonRecord>,
    /// Cover of single lessons, offered.
    pub covers: Vec<CoverRecord>,
    /// What runs instead of lessons, offered.
    pub off_timetable: Vec<OffTimetableRecord>,
    /// Rooms and seats of examinations, offered.
    pub seats: Vec<SeatRecord>,
    /// Proposed periods of the year.
    pub term_dates: Vec<TermDateRecord>,
    /// The head of a transfer file.
    pub transfer: Option<TransferHeader>,
    /// What was found, in the order of the file.
    pub findings: Vec<Finding>,
    /// Findings beyond the number that is listed.
    pub findings_left_out: u32,
    /// Records by outcome, over all files and kinds of the reading.
    pub counts: Counts,
}

impl Reading {
    pub(crate) fn new(kind: Kind, file: &str) -> Reading {
        Reading {
            kind,
            files: vec![file.to_owned()],
            sheet: None,
            encoding: None,
            encoding_samples: Vec::new(),
            headings: Vec::new(),
            pupils: Vec::new(),
            contacts: Vec::new(),
            marks: MarkTable::default(),
            mark_layout: None,
            staff: Vec::new(),
            groups: Vec::new(),
            memberships: Vec::new(),
            lessons: Vec::new(),
            covers: Vec::new(),
            off_timetable: Vec::new(),
            seats: Vec::new(),
            term_dates: Vec::new(),
            transfer: None,
            findings: Vec::new(),
            findings_left_out: 0,
            counts: Counts::default(),
        }
    }

    pub(crate) fn take_findings(&mut self, mut findings: Findings) {
        findings
            .list
            .sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.findings = findings.list;
        self.findings_left_out = findings.left_out;
    }

    /// Findings of one severity.
    pub fn findings_of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(move |finding| finding.severity == severity)
    }

    /// Headings that were dropped while reading, for the report (I-023).
    pub fn dropped_headings(&self) -> impl Iterator<Item = &HeadingUse> {
        self.headings
            .iter()
            .filter(|heading| heading.fate == HeadingFate::Dropped)
    }

    pub(crate) fn note_headings(&mut self, file: &str, columns: &Columns) {
        let uses = columns
            .headings
            .iter()
            .zip(&columns.fates)
            .filter(|(heading, _)| !heading.is_empty());
        self.headings.extend(uses.map(|(heading, fate)| HeadingUse {
            file: file.to_owned(),
            heading: heading.clone(),
            fate: *fate,
        }));
    }
}

/// What became of one file, archive entry or set.
#[derive(Debug)]
pub struct FileReport {
    /// Its name.
    pub file: String,
    /// The reading, or why there is none.
    pub outcome: Result<Reading, RefusedFile>,
}

/// Reads one file, or several that make one set. An archive may stand for them.
///
/// Errors: [`RefusedFile`], also when the files are separate ones.
pub fn read(files: &[InputFile<'_>], options: &Options<'_>) -> Result<Reading, RefusedFile> {
    let mut reports = read_each(files, options);
    match reports.len() {
        1 => reports.remove(0).outcome,
        count => Err(RefusedFile::SeveralFiles {
            file: files
                .first()
                .map_or_else(String::new, |file| file.name.to_owned()),
            count,
        }),
    }
}

/// Reads any number of files: archives are unpacked, sets are recognised, the rest has a report each (I-279).
pub fn read_each(files: &[InputFile<'_>], options: &Options<'_>) -> Vec<FileReport> {
    let mut reports = Vec::new();
    let mut loose: Vec<(String, Cow<'_, [u8]>)> = Vec::new();
    for file in files {
        match unpacked(file) {
            Ok(Some(entries)) if entries.is_empty() => reports.push(FileReport {
                file: file.name.to_owned(),
                outcome: Err(RefusedFile::Empty {
                    file: file.name.to_owned(),
                }),
            }),
            Ok(Some(entries)) => {
                loose.extend(
                    entries
                        .into_iter()
                        .map(|entry| (entry.name, Cow::Owned(entry.bytes))),
                );
            }
            Ok(None) => loose.push((file.name.to_owned(), Cow::Borrowed(file.bytes))),
            Err(refused) => reports.push(FileReport {
                file: file.name.to_owned(),
                outcome: Err(refused),
            }),
        }
    }
    let inputs: Vec<InputFile<'_>> = loose
        .iter()
        .map(|(name, bytes)| InputFile { name, bytes })
        .collect();
    if let Some(kind) = roster::recognise(&inputs, options) {
        reports.push(read_set(kind, &inputs, options));
        return reports;
    }
    reports.extend(inputs.iter().map(|input| FileReport {
        file: input.name.to_owned(),
        outcome: read_file(input, options),
    }));
    if reports.is_empty() {
        reports.push(FileReport {
            file: String::new(),
            outcome: Err(RefusedFile::Empty {
                file: "nothing".to_owned(),
            }),
        });
    }
    reports
}

fn read_set(kind: RosterKind, inputs: &[InputFile<'_>], options: &Options<'_>) -> FileReport {
    FileReport {
        file: inputs
            .first()
            .map_or_else(String::new, |input| input.name.to_owned()),
        outcome: roster::read(kind, inputs, options),
    }
}

fn unpacked(file: &InputFile<'_>) -> Result<Option<Vec<archive::Unpacked>>, RefusedFile> {
    if !archive::is_zip(file.bytes) || archive::is_workbook(file.name, file.bytes)? {
        return Ok(None);
    }
    archive::unpack(file.name, file.bytes).map(Some)
}

fn wrong_kind(file: &str, found: impl Into<String>) -> RefusedFile {
    RefusedFile::WrongKind {
        file: file.to_owned(),
        found: found.into(),
        expected: "Give a list of pupils, contacts, marks, lessons, cover, off-timetable days or examinations as CSV or XLSX, a transfer file, a OneRoster or School \
                   Data Sync set, or term dates as iCalendar."
            .to_owned(),
    }
}

/// What the first bytes say.
pub(crate) enum Shape {
    Workbook,
    Xml,
    Calendar,
    Text,
}

pub(crate) fn shape(file: &InputFile<'_>) -> Result<Shape, RefusedFile> {
    let name = file.name;
    let start = &file.bytes[..file.bytes.len().min(2048)];
    if archive::is_zip(file.bytes) {
        return Ok(Shape::Workbook);
    }
    if start.starts_with(b"\xD0\xCF\x11\xE0") {
        let encrypted: Vec<u8> = "EncryptedPackage"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        return Err(if memchr::memmem::find(file.bytes, &encrypted).is_some() {
            RefusedFile::WorkbookEncrypted {
                file: name.to_owned(),
            }
        } else {
            RefusedFile::WorkbookOld {
                file: name.to_owned(),
                found: "a workbook of the format before 2007",
            }
        });
    }
    for (magic, found) in [
        (&b"%PDF"[..], "it is a PDF document"),
        (b"\x89PNG", "it is a picture"),
        (b"\xFF\xD8\xFF", "it is a picture"),
        (b"GIF8", "it is a picture"),
        (b"{\\rtf", "it is a text document"),
        (b"\x7FELF", "it is a program"),
        (b"MZ", "it is a program"),
        (b"Rar!", "it is an archive of a kind that cannot be opened"),
        (
            b"7z\xBC\xAF",
            "it is an archive of a kind that cannot be opened",
        ),
        (
            b"\x1F\x8B",
            "it is an archive of a kind that cannot be opened",
        ),
    ] {
        let is_text_starting_so = magic == b"MZ"
            && start
                .iter()
                .all(|&byte| byte >= b' ' || byte == b'\n' || byte == b'\r' || byte == b'\t');
        if start.starts_with(magic) && !is_text_starting_so {
            return Err(wrong_kind(name, found));
        }
    }
    // Without zeros, UTF-16 reads like ASCII, which is enough to tell the shape.
    let plain: String = start
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(start)
        .iter()
        .filter(|&&byte| byte.is_ascii() && byte != 0)
        .map(|&byte| char::from(byte).to_ascii_lowercase())
        .collect();
    let plain = plain.trim_start();
    if plain.is_empty()
        && start
            .iter()
            .all(|&byte| byte.is_ascii_whitespace() || byte == 0 || !byte.is_ascii())
        && file.bytes.len() < 4
    {
        return Err(RefusedFile::Empty {
            file: name.to_owned(),
        });
    }
    let excel_name = [".xls", ".xlsx", ".xlsm"]
        .iter()
        .any(|end| name.to_ascii_lowercase().ends_with(end));
    let is_page = plain.starts_with("<!doctype html")
        || plain.starts_with("<html")
        || plain.starts_with("<table")
        || plain.starts_with("<meta");
    if is_page
        || (plain.starts_with("<?xml") && (plain.contains("<html") || plain.contains("<workbook")))
    {
        return Err(
            if excel_name || plain.contains("<table") || plain.contains("<workbook") {
                RefusedFile::WorkbookOld {
                    file: name.to_owned(),
                    found: "a web page or XML with a workbook's name",
                }
            } else {
                wrong_kind(
                    name,
                    "it is a web page (perhaps a page to log in), not a common transfer file or a list",
                )
            },
        );
    }
    if plain.starts_with('<') {
        return Ok(Shape::Xml);
    }
    if excel_name {
        return Err(RefusedFile::WorkbookOld {
            file: name.to_owned(),
            found: "text with a workbook's name",
        });
    }
    if plain.starts_with("begin:vcalendar") {
        return Ok(Shape::Calendar);
    }
    Ok(Shape::Text)
}

/// Text files are read up to this size (I-030).
const TEXT_BYTES: usize = 512 << 20;

fn read_file(file: &InputFile<'_>, options: &Options<'_>) -> Result<Reading, RefusedFile> {
    if file.bytes.iter().take(1 << 16).all(u8::is_ascii_whitespace) {
        return Err(RefusedFile::Empty {
            file: file.name.to_owned(),
        });
    }
    match shape(file)? {
        Shape::Workbook => read_workbook(file, options),
        Shape::Xml => {
            let (text, encoding) = xml::decode(file.name, file.bytes, options.encoding)?;
            forced_kind_fits(
                file.name,
                options,
                &[Kind::TransferFile, Kind::AdmissionsFile],
                "it is XML",
            )?;
            transfer::read(file.name, &text, encoding, options)
        }
        shape => {
            if file.bytes.len() > TEXT_BYTES {
                return Err(RefusedFile::OverLimit {
                    file: file.name.to_owned(),
                    limit: Limit::TextBytes,
                });
            }
            let decoded = text::decode(file.name, file.bytes, options.encoding)?;
            if matches!(shape, Shape::Calendar) {
                forced_kind_fits(file.name, options, &[Kind::TermDates], "it is a calendar")?;
                return term_dates::read(file.name, &decoded.text, decoded.encoding, options);
            }
            if decoded.text.trim().is_empty() {
                return Err(RefusedFile::Empty {
                    file: file.name.to_owned(),
                });
            }
            let delimiter = delimited::find_delimiter(&decoded.text);
            let rows = Rows::Delimited(Delimited::new(&decoded.text, delimiter));
            let mut findings = Findings::new(file.name);
            for &line in &decoded.other_lines {
                findings.warn(FindingCode::MixedEncoding, Place::line(line), "", "");
            }
            let head = table::find_head(file.name, rows, options, is_heading)?
                .ok_or_else(|| no_headings(file.name))?;
            let mut reading = read_table(file.name, head, findings, options)?;
            reading.encoding = Some(decoded.encoding);
            reading.encoding_samples = samples(&decoded.text, delimiter);
            Ok(reading)
        }
    }
}

fn forced_kind_fits(
    file: &str,
    options: &Options<'_>,
    kinds: &[Kind],
    found: &str,
) -> Result<(), RefusedFile> {
    match options.kind {
        Some(kind) if !kinds.contains(&kind) => Err(wrong_kind(file, found)),
        _ => Ok(()),
    }
}

fn no_headings(file: &str) -> RefusedFile {
    wrong_kind(
        file,
        "none of its first 20 lines has headings that are known",
    )
}

/// Up to three different cells with letters outside ASCII (I-017).
fn samples(text: &str, delimiter: u8) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    if text.is_ascii() {
        return samples;
    }
    for cell in text.split([char::from(delimiter), '\n', '\r', '"']) {
        if samples.len() == 3 {
            break;
        }
        let cell = text::trim(cell);
        if !cell.is_ascii()
            && cell.chars().any(|c| !c.is_ascii() && c.is_alphabetic())
            && !samples.iter().any(|other| other == cell)
        {
            samples.push(cell.chars().take(60).collect());
        }
    }
    samples
}

fn read_workbook(file: &InputFile<'_>, options: &Options<'_>) -> Result<Reading, RefusedFile> {
    let sheets = workbook::sheets(file.name, file.bytes)?;
    let mut with_head: Vec<(&SheetText, Head<'_>)> = Vec::new();
    for sheet in &sheets {
        if options
            .sheet
            .as_ref()
            .is_some_and(|wanted| *wanted != sheet.name)
        {
            continue;
        }
        if let Some(head) =
            table::find_head(file.name, Rows::Sheet(sheet.rows()), options, is_heading)?
        {
            with_head.push((sheet, head));
        }
    }
    if with_head.len() > 1 {
        let names: Vec<&str> = with_head
            .iter()
            .map(|(sheet, _)| sheet.name.as_str())
            .collect();
        return Err(RefusedFile::SeveralSheets {
            file: file.name.to_owned(),
            sheets: names.join(", "),
        });
    }
    let Some((sheet, head)) = with_head.pop() else {
        return Err(no_headings(file.name));
    };
    let mut findings = Findings::new(file.name);
    findings.of_sheet(&sheet.name);
    for (hidden, what) in [
        (sheet.hidden_sheet, "sheet"),
        (sheet.hidden_rows, "rows"),
        (sheet.hidden_columns, "columns"),
    ] {
        if hidden {
            findings.warn(FindingCode::HiddenParts, Place::default(), what, "");
        }
    }
    for &(row, column) in &sheet.without_value {
        let heading = head
            .headings
            .get(column as usize)
            .map_or("", String::as_str);
        findings.warn(
            FindingCode::FormulaWithoutValue,
            Place::line(row).column(heading),
            "",
            "",
        );
    }
    let mut reading = read_table(file.name, head, findings, options)?;
    reading.sheet = Some(sheet.name.clone());
    Ok(reading)
}

pub(crate) fn is_heading(cell: &str) -> bool {
    !cell.is_empty() && (headings::is_known(cell) || marks::is_mark_heading(cell))
}

/// Decides what a table holds and hands it to its reader.
fn read_table(
    file: &str,
    head: Head<'_>,
    mut findings: Findings,
    options: &Options<'_>,
) -> Result<Reading, RefusedFile> {
    let kind = match options.kind {
        Some(
            kind @ (Kind::Pupils
            | Kind::PupilList
            | Kind::Contacts
            | Kind::Marks
            | Kind::Timetable
            | Kind::Cover
            | Kind::OffTimetable
            | Kind::Exams),
        ) => kind,
        Some(_) => return Err(wrong_kind(file, "it is a table")),
        None => table_kind(file, &head, options)?,
    };
    let mut counts = Counts::default();
    for (line, title) in &head.above {
        counts.skip();
        let code = if title.is_empty() {
            FindingCode::BlankLine
        } else {
            FindingCode::TitleLine
        };
        findings.add(Severity::Skipped, code, Place::line(*line), title, "");
    }
    let mut reading = Reading::new(kind, file);
    reading.counts = counts;
    match kind {
        Kind::Marks => marks::read(file, head, &mut reading, findings, options)?,
        Kind::Timetable => timetable::read(file, head, &mut reading, findings, options)?,
        Kind::Cover | Kind::OffTimetable | Kind::Exams => {
            days::read(file, head, &mut reading, findings, options)?;
        }
        Kind::Contacts => contacts::read(file, head, &mut reading, findings, options)?,
        _ => pupils::read(file, head, &mut reading, findings, options)?,
    }
    Ok(reading)
}

fn table_kind(file: &str, head: &Head<'_>, options: &Options<'_>) -> Result<Kind, RefusedFile> {
    let words: Vec<String> = head
        .headings
        .iter()
        .map(|heading| text::folded(heading))
        .collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    let not_yet = |kind| RefusedFile::KindNotImportedYet {
        file: file.to_owned(),
        kind,
    };
    if let Some(kind) = days::kind_of(&head.headings, options) {
        return Ok(kind);
    }
    if timetable::is_timetable(&head.headings, options) {
        return Ok(Kind::Timetable);
    }
    if has("incidentid") || has("eventidentifier") || (has("points") && has("type")) {
        return Err(not_yet("a list of behaviour events"));
    }
    if has("exclusioncategory") || (has("category") && has("reason1")) {
        return Err(not_yet("a list of suspensions and exclusions"));
    }
    if marks::layout(&head.headings, head.rows.clone(), options).is_some() {
        return Ok(Kind::Marks);
    }
    if has("possible") && has("attended") {
        return Err(not_yet("a list of attendance totals"));
    }
    let pupil = |field| {
        head.headings
            .iter()
            .any(|heading| headings::pupil_field(heading) == Some(field))
    };
    let named =
        pupil(PupilField::Surname) || pupil(PupilField::FullName) || pupil(PupilField::Forename);
    if named && pupil(PupilField::BirthDate) {
        let identified = [
            PupilField::Upn,
            PupilField::AdmissionNumber,
            PupilField::SourceId,
        ]
        .into_iter()
        .any(pupil);
        let says_child = words
            .iter()
            .filter(|word| word.starts_with("child"))
            .count()
            >= 2;
        return Ok(if says_child && !identified {
            Kind::PupilList
        } else {
            Kind::Pupils
        });
    }
    let contact = head
        .headings
        .iter()
        .filter_map(|heading| headings::contact_field(heading));
    let of_contacts = contact.filter(|field| {
        matches!(
            field,
            ContactField::Relationship | ContactField::Responsibility | ContactField::Priority
        )
    });
    if of_contacts.count() > 0 {
        return Ok(Kind::Contacts);
    }
    let mark = |field| {
        head.headings
            .iter()
            .any(|heading| headings::mark_field(heading) == Some(field))
    };
    if mark(MarkField::Mark) || mark(MarkField::Session) {
        return Err(RefusedFile::RequiredColumnAbsent {
            file: file.to_owned(),
            missing: "the date, the session or the mark".to_owned(),
            kind: Kind::Marks,
        });
    }
    if named {
        return Err(RefusedFile::RequiredColumnAbsent {
            file: file.to_owned(),
            missing: "the date of birth".to_owned(),
            kind: Kind::Pupils,
        });
    }
    Err(wrong_kind(
        file,
        "its headings are not those of a list that is known",
    ))
}

/// The original columns of chosen rows with a reason beside each, to be corrected and given again as it is (I-005).
///
/// `reasons` holds what to say of each line; sensitive headings such as passwords are left out. Rows of two headings and
/// of weekly files come out with a date in each heading. Errors: the file cannot be read as a table.
pub fn rows_to_correct(
    file: &InputFile<'_>,
    options: &Options<'_>,
    reasons: &HashMap<u32, Vec<String>>,
) -> Result<crate::Sheet, RefusedFile> {
    match shape(file)? {
        Shape::Workbook => {
            let sheets = workbook::sheets(file.name, file.bytes)?;
            for sheet in &sheets {
                if options
                    .sheet
                    .as_ref()
                    .is_some_and(|wanted| *wanted != sheet.name)
                {
                    continue;
                }
                if let Some(head) =
                    table::find_head(file.name, Rows::Sheet(sheet.rows()), options, is_heading)?
                {
                    return Ok(chosen_rows(file.name, head, options, reasons));
                }
            }
            Err(no_headings(file.name))
        }
        Shape::Text => {
            let decoded = text::decode(file.name, file.bytes, options.encoding)?;
            let delimiter = delimited::find_delimiter(&decoded.text);
            let rows = Rows::Delimited(Delimited::new(&decoded.text, delimiter));
            let head = table::find_head(file.name, rows, options, is_heading)?
                .ok_or_else(|| no_headings(file.name))?;
            Ok(chosen_rows(file.name, head, options, reasons))
        }
        Shape::Xml | Shape::Calendar => Err(wrong_kind(file.name, "it has no rows")),
    }
}

fn chosen_rows(
    file: &str,
    head: Head<'_>,
    options: &Options<'_>,
    reasons: &HashMap<u32, Vec<String>>,
) -> crate::Sheet {
    let (headings, mut rows) = marks::flattened(file, head, options);
    let kept: Vec<usize> = (0..headings.len())
        .filter(|&index| !headings::is_forbidden(&headings[index]))
        .collect();
    let mut sheet = crate::Sheet::new("Rows to correct");
    for &index in &kept {
        sheet.text_column(&headings[index]);
    }
    sheet.text_column("What to correct");
    let mut cells = Vec::new();
    while let Some((line, _)) = rows.next(&mut cells) {
        let Some(reasons) = reasons.get(&line) else {
            continue;
        };
        let value = |index: &usize| {
            cells
                .get(*index)
                .map_or("", |cell| text::without_guard(text::trim(cell)))
        };
        let mut row: Vec<crate::Cell> = kept
            .iter()
            .map(|index| crate::Cell::text(value(index)))
            .collect();
        row.push(crate::Cell::text(&reasons.join(" ")));
        sheet.rows.push(row);
    }
    sheet
}

pub(crate) fn purpose(kind: Kind) -> Purpose {
    match kind {
        Kind::Contacts => Purpose::Contacts,
        Kind::Marks => Purpose::Marks,
        Kind::Timetable => Purpose::Timetable,
        Kind::Cover | Kind::OffTimetable | Kind::Exams => Purpose::Days,
        _ => Purpose::Pupils,
    }
}
