//! Attendance marks in four layouts (I-090 to I-094), read without an allocation for each mark.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use calendar::{Day, Session};

use crate::dates::{self, DateFault, DateOrder, DateUse, OrderEvidence, Orders, Written};
use crate::finding::{FindingCode, Findings, Place, Severity};
use crate::headings::{self, Field, HeadingFate, HeadingUse, MarkField, PupilField};
use crate::pupils;
use crate::reading::{Kind, Options, Reading};
use crate::records::PupilKey;
use crate::refused::{Limit, RefusedFile};
use crate::table::{self, Columns, Head, Purpose, RowReader, Rows};
use crate::text;

/// How the marks stand in the file (I-090).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkLayout {
    /// A column for each date and session.
    Wide,
    /// Dates over AM and PM.
    TwoRowHeading,
    /// `monAM` to `friPM`.
    Week,
    /// A row for each mark.
    Long,
}

impl fmt::Display for MarkLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MarkLayout::Wide => "a column for each date and session",
            MarkLayout::TwoRowHeading => "dates over AM and PM",
            MarkLayout::Week => "a week, Monday to Friday",
            MarkLayout::Long => "a row for each mark",
        })
    }
}

/// One mark: twenty bytes, so that a year of a large school is a few megabytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Index into [`MarkTable::pupils`].
    pub pupil: u32,
    /// Line or row of the file.
    pub line: u32,
    /// Day.
    pub day: Day,
    /// Index into [`MarkTable::texts`].
    pub text: u16,
    minutes: u16,
    /// Morning or afternoon.
    pub session: Session,
}

/// Stands for “no minutes given”.
const NO_MINUTES: u16 = u16::MAX;

impl Mark {
    /// Minutes late, for L and U.
    pub fn minutes_late(&self) -> Option<u16> {
        (self.minutes != NO_MINUTES).then_some(self.minutes)
    }
}

/// A pupil as a file of marks names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkPupil {
    /// Identifiers.
    pub key: PupilKey,
    /// Name as given, for recognising the pupil; never for matching.
    pub name: String,
    /// First line on which the pupil stands.
    pub line: u32,
}

/// The marks of a file. Pupils and mark texts are held once and numbered, so that each is looked up once.
///
/// `text` is the mark as given, in upper case: whether it means anything on its day is for the law to say (I-092).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkTable {
    /// Pupils in the order of the file.
    pub pupils: Vec<MarkPupil>,
    /// Distinct mark texts.
    pub texts: Vec<String>,
    /// Marks in the order of the file.
    pub marks: Vec<Mark>,
    /// Comments, by index into `marks`, in rising order.
    pub comments: Vec<(u32, String)>,
    /// The other system's own sub-codes, by index into `marks`, in rising order.
    pub sub_codes: Vec<(u32, String)>,
    /// What the file itself adds up for a pupil, by index into `pupils` (I-096).
    pub totals: Vec<(u32, MarkTotals)>,
}

/// A pupil's marks as the source adds them up; to be compared, never stored (I-096).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkTotals {
    /// The line.
    pub line: u32,
    /// Possible sessions.
    pub possible: Option<u32>,
    /// Sessions attended.
    pub attended: Option<u32>,
    /// Sessions of authorised absence.
    pub authorised: Option<u32>,
    /// Sessions of unauthorised absence.
    pub unauthorised: Option<u32>,
    /// The percentage attendance without its sign, as given: `91.2`.
    pub percentage: Option<String>,
}

impl MarkTotals {
    fn is_empty(&self) -> bool {
        let line = self.line;
        *self
            == MarkTotals {
                line,
                ..MarkTotals::default()
            }
    }
}

impl MarkTable {
    /// The text of a mark.
    pub fn text(&self, mark: &Mark) -> &str {
        &self.texts[usize::from(mark.text)]
    }

    /// The pupil of a mark.
    pub fn pupil(&self, mark: &Mark) -> &MarkPupil {
        &self.pupils[mark.pupil as usize]
    }

    /// The comment of the mark with this index.
    pub fn comment(&self, index: usize) -> Option<&str> {
        beside(&self.comments, index)
    }

    /// The sub-code of the mark with this index.
    pub fn sub_code(&self, index: usize) -> Option<&str> {
        beside(&self.sub_codes, index)
    }
}

/// The text that goes with the mark of this index.
fn beside(texts: &[(u32, String)], index: usize) -> Option<&str> {
    let at = texts
        .binary_search_by_key(&(index as u32), |(mark, _)| *mark)
        .ok()?;
    Some(&texts[at].1)
}

/// Whether a heading is a date, a session, or both: part of a wide, two-row or weekly table.
pub(crate) fn is_mark_heading(heading: &str) -> bool {
    dated_session(heading).is_some()
        || week_place(heading).is_some()
        || dates::written(heading).is_ok_and(|written| !matches!(written, Written::Serial(_)))
}

/// `09/11/2026 AM`: a date and a session.
fn dated_session(heading: &str) -> Option<(Written, Session)> {
    let heading = heading.trim();
    let (date, session) = heading.rsplit_once([' ', '_', ':'])?;
    let written = dates::written(date.trim_end_matches(['-', ' ', '_', ':'])).ok()?;
    Some((written, session_of(session)?))
}

/// `monAM`, `Friday PM`: weekday from Monday, and session.
fn week_place(heading: &str) -> Option<(usize, Session)> {
    const DAYS: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let word = text::folded(heading);
    let (day, session) = word.split_at_checked(word.len().checked_sub(2)?)?;
    let session = match session {
        "am" => Session::Am,
        "pm" => Session::Pm,
        _ => return None,
    };
    let weekday = DAYS
        .iter()
        .position(|name| *name == day || (day.len() >= 3 && name.starts_with(day)))?;
    Some((weekday, session))
}

/// AM and PM in the forms of I-091.
fn session_of(text: &str) -> Option<Session> {
    let text = text.trim();
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["AM", "1", "Morning"]) {
        Some(Session::Am)
    } else if is(&["PM", "2", "Afternoon"]) {
        Some(Session::Pm)
    } else {
        None
    }
}

/// Which of the four layouts the headings show, if any.
pub(crate) fn layout(
    head: &[String],
    mut rows: Rows<'_>,
    options: &Options<'_>,
) -> Option<MarkLayout> {
    if head.iter().any(|heading| dated_session(heading).is_some()) {
        return Some(MarkLayout::Wide);
    }
    if head
        .iter()
        .filter(|heading| week_place(heading).is_some())
        .count()
        >= 2
    {
        return Some(MarkLayout::Week);
    }
    let has = |field| {
        head.iter()
            .any(|heading| match options.headings.get(heading) {
                Some(chosen) => *chosen == Some(Field::Mark(field)),
                None => headings::mark_field(heading) == Some(field),
            })
    };
    if has(MarkField::Date) && has(MarkField::Session) && has(MarkField::Mark) {
        return Some(MarkLayout::Long);
    }
    let dated = head
        .iter()
        .filter(|heading| dates::written(heading).is_ok())
        .count();
    let mut cells = Vec::new();
    let below = rows.next(&mut cells).is_some();
    let sessions = cells
        .iter()
        .filter(|cell| session_of(cell).is_some())
        .count();
    (dated > 0 && below && sessions >= 2).then_some(MarkLayout::TwoRowHeading)
}

/// The columns of marks of a table that has them: column, day and session.
struct MarkColumns {
    places: Vec<(usize, Day, Session)>,
}

pub(crate) fn read(
    file: &str,
    mut head: Head<'_>,
    reading: &mut Reading,
    mut findings: Findings,
    options: &Options<'_>,
) -> Result<(), RefusedFile> {
    let layout = layout(&head.headings, head.rows.clone(), options).ok_or_else(|| {
        RefusedFile::RequiredColumnAbsent {
            file: file.to_owned(),
            missing: "the date, the session or the mark".to_owned(),
            kind: Kind::Marks,
        }
    })?;
    reading.mark_layout = Some(layout);
    if layout == MarkLayout::TwoRowHeading {
        join_heading_rows(&mut head);
    }
    let is_mark_column =
        |heading: &String| dated_session(heading).is_some() || week_place(heading).is_some();
    let plain: Vec<String> = head
        .headings
        .iter()
        .map(|heading| {
            if layout != MarkLayout::Long && is_mark_column(heading) {
                String::new()
            } else {
                heading.clone()
            }
        })
        .collect();
    let columns = Columns::map(file, &plain, Purpose::Marks, options)?;
    if !columns.has_identifier() {
        return Err(RefusedFile::NoIdentifierColumn {
            file: file.to_owned(),
        });
    }
    for (heading, fate) in head
        .headings
        .iter()
        .zip(&columns.fates)
        .filter(|(heading, _)| !heading.is_empty())
    {
        let fate = if layout != MarkLayout::Long && is_mark_column(heading) {
            HeadingFate::MarkColumn
        } else {
            *fate
        };
        reading.headings.push(HeadingUse {
            file: file.to_owned(),
            heading: heading.clone(),
            fate,
        });
    }
    let mut reader = MarkReader::new(file, options, &columns, &mut findings);
    let table = match layout {
        MarkLayout::Long => reader.long(head, reading)?,
        MarkLayout::Week => {
            let monday = week(file, options)?;
            let places = mark_places(&head.headings, |heading| {
                week_place(heading)
                    .map(|(weekday, session)| (monday.plus_days(weekday as i32), session))
            });
            reader.wide(head, MarkColumns { places }, reading)?
        }
        MarkLayout::Wide | MarkLayout::TwoRowHeading => {
            let order = reader.heading_order(&head.headings)?;
            let today = options.today;
            let places = mark_places(&head.headings, |heading| {
                let (written, session) = dated_session(heading)?;
                Some((written.day(order, DateUse::Other, today).ok()?, session))
            });
            reader.wide(head, MarkColumns { places }, reading)?
        }
    };
    reading.marks = settle(table, reading, &mut findings);
    reading.take_findings(findings);
    Ok(())
}

fn mark_places(
    headings: &[String],
    place: impl Fn(&str) -> Option<(Day, Session)>,
) -> Vec<(usize, Day, Session)> {
    let placed = headings.iter().enumerate().filter_map(|(column, heading)| {
        let (day, session) = place(heading)?;
        Some((column, day, session))
    });
    placed.collect()
}

/// Puts the dates of the upper heading row over the sessions of the lower one; a merged date covers what follows.
fn join_heading_rows(head: &mut Head<'_>) {
    let mut below = Vec::new();
    head.rows.next(&mut below);
    let width = head.headings.len().max(below.len());
    head.headings.resize(width, String::new());
    let mut date = String::new();
    for (column, heading) in head.headings.iter_mut().enumerate() {
        let session = below.get(column).map_or("", |cell| text::trim(cell));
        if dates::written(heading).is_ok() {
            date.clone_from(heading);
        } else if !heading.is_empty() {
            date.clear();
        }
        if session_of(session).is_some() && !date.is_empty() {
            *heading = format!("{date} {session}");
        } else if heading.is_empty() {
            *heading = session.to_owned();
        }
    }
}

/// The Monday of a weekly file: as given, or from a date in the file's name (I-090).
fn week(file: &str, options: &Options<'_>) -> Result<Day, RefusedFile> {
    if let Some(day) = options.week_beginning {
        return Ok(day.monday());
    }
    let date_at = |at: usize| {
        file.get(at..at + 10)
            .and_then(|part| part.parse::<Day>().ok())
    };
    (0..file.len())
        .find_map(date_at)
        .filter(|day| day.weekday() == calendar::Weekday::Monday)
        .ok_or_else(|| RefusedFile::WeekUnknown {
            file: file.to_owned(),
        })
}

/// The table with one row of headings, each with its date: what “rows to correct” writes.
pub(crate) fn flattened<'a>(
    file: &str,
    mut head: Head<'a>,
    options: &Options<'_>,
) -> (Vec<String>, Rows<'a>) {
    match layout(&head.headings, head.rows.clone(), options) {
        Some(MarkLayout::TwoRowHeading) => join_heading_rows(&mut head),
        Some(MarkLayout::Week) => {
            if let Ok(monday) = week(file, options) {
                for heading in &mut head.headings {
                    if let Some((weekday, session)) = week_place(heading) {
                        *heading =
                            format!("{} {session}", monday.plus_days(weekday as i32).slashed());
                    }
                }
            }
        }
        _ => {}
    }
    (head.headings, head.rows)
}

/// Numbers distinct texts. One- and two-character marks, which nearly all are, need no hashing.
struct MarkTexts {
    texts: Vec<String>,
    short: Vec<u16>,
    long: HashMap<String, u16>,
}

/// Not numbered yet.
const UNSEEN: u16 = u16::MAX;

/// A mark of more characters than this is none.
const MARK_CHARACTERS: usize = 40;

impl MarkTexts {
    fn new() -> MarkTexts {
        MarkTexts {
            texts: Vec::new(),
            short: vec![UNSEEN; 1 << 16],
            long: HashMap::new(),
        }
    }

    fn number(&mut self, text: &str) -> Option<u16> {
        let slot = match *text.as_bytes() {
            [one] => usize::from(one),
            [one, two] => usize::from(one) | usize::from(two) << 8,
            _ => return self.long_number(text),
        };
        if self.short[slot] == UNSEEN {
            self.short[slot] = self.long_number(text)?;
        }
        Some(self.short[slot])
    }

    fn long_number(&mut self, text: &str) -> Option<u16> {
        let upper = text.to_uppercase();
        if let Some(&number) = self.long.get(&upper) {
            return Some(number);
        }
        let number = u16::try_from(self.texts.len())
            .ok()
            .filter(|&number| number < UNSEEN)?;
        self.texts.push(upper.clone());
        self.long.insert(upper, number);
        Some(number)
    }
}

struct MarkReader<'r> {
    file: &'r str,
    options: &'r Options<'r>,
    columns: &'r Columns,
    findings: &'r mut Findings,
    texts: MarkTexts,
    table: MarkTable,
}

/// A pupil that the file names: its number, or rejected altogether.
type Numbered = Option<u32>;

impl<'r> MarkReader<'r> {
    fn new(
        file: &'r str,
        options: &'r Options<'r>,
        columns: &'r Columns,
        findings: &'r mut Findings,
    ) -> MarkReader<'r> {
        MarkReader {
            file,
            options,
            columns,
            findings,
            texts: MarkTexts::new(),
            table: MarkTable::default(),
        }
    }

    fn over(&self, limit: Limit) -> RefusedFile {
        RefusedFile::OverLimit {
            file: self.file.to_owned(),
            limit,
        }
    }

    /// The order of day and month over all headings, which make one column of dates.
    fn heading_order(&mut self, headings: &[String]) -> Result<DateOrder, RefusedFile> {
        let mut evidence = OrderEvidence::default();
        let mut any = "";
        for heading in headings {
            if let Some((written, _)) = dated_session(heading) {
                evidence.see(written, 1);
                any = heading;
            }
        }
        let (order, either_way) = evidence.decide(self.file, any, self.options.month_first)?;
        if either_way {
            self.findings.warn(
                FindingCode::DateEitherWay,
                Place::default().column(any),
                "",
                "",
            );
        }
        Ok(order)
    }

    /// Reads the identifiers of a row once for each pupil.
    fn new_pupil(&mut self, cells: &[Cow<'_, str>], line: u32) -> Numbered {
        let orders = Orders::new();
        let mut row = RowReader {
            cells,
            columns: self.columns,
            orders: &orders,
            today: self.options.today,
            line,
            record: pupils::record_label(cells, self.columns),
            findings: self.findings,
            rejected: false,
        };
        let (key, _) = row.pupil_key();
        let name = match (
            row.text(Field::Pupil(PupilField::Surname)),
            row.text(Field::Pupil(PupilField::Forename)),
        ) {
            (Some(surname), Some(forename)) => format!("{surname}, {forename}"),
            (surname, forename) => surname
                .or(forename)
                .or_else(|| row.text(Field::Pupil(PupilField::FullName)))
                .unwrap_or_default(),
        };
        if key.is_empty() && !row.rejected {
            row.note(Severity::Rejected, FindingCode::NoIdentifier, None, "", "");
        }
        if row.rejected {
            return None;
        }
        let number = self.table.pupils.len() as u32;
        self.table.pupils.push(MarkPupil { key, name, line });
        Some(number)
    }

    fn skip_or_reject(
        &mut self,
        cells: &[Cow<'_, str>],
        fault: Option<crate::delimited::RowFault>,
        line: u32,
        (below_headings, width, is_sheet): (bool, usize, bool),
        reading: &mut Reading,
    ) -> bool {
        if fault.is_none()
            && let Some(code) = table::not_a_record(cells, self.columns, below_headings)
        {
            reading.counts.skip();
            let text = cells
                .iter()
                .map(|cell| text::trim(cell))
                .find(|cell| !cell.is_empty());
            match code {
                FindingCode::BlankLine => {
                    self.findings
                        .add_alike(Severity::Skipped, code, Place::line(line), "", "")
                }
                _ => self.findings.add(
                    Severity::Skipped,
                    code,
                    Place::line(line),
                    text.unwrap_or_default(),
                    "",
                ),
            }
            return true;
        }
        if let Some((code, value, detail)) = table::row_fault(cells, fault, width, &[], is_sheet) {
            self.findings
                .add(Severity::Rejected, code, Place::line(line), &value, &detail);
            reading.counts.reject();
            return true;
        }
        false
    }

    /// Stores a mark, or counts a gap; `false` if the mark is rejected.
    fn mark(
        &mut self,
        raw: &str,
        place: (u32, u32, Day, Session),
        column: &str,
        reading: &mut Reading,
    ) -> bool {
        let (pupil, line, day, session) = place;
        let raw = text::without_guard(text::trim(raw));
        if raw.is_empty() || raw == "-" {
            reading.counts.gaps += 1;
            return true;
        }
        let own = match (raw, session) {
            ("\\", Session::Am) => Some("/"),
            ("/", Session::Pm) => Some("\\"),
            _ => None,
        };
        if own.is_some() {
            let at = Place::line(line);
            self.findings.add_alike(
                Severity::Warning,
                FindingCode::MarkOtherSession,
                at,
                raw,
                "",
            );
        }
        let text = own.unwrap_or(raw);
        let number = if text.len() <= MARK_CHARACTERS && text::tidy(text).is_ok() {
            self.texts.number(text)
        } else {
            None
        };
        let Some(number) = number else {
            let record = self.table.pupils[pupil as usize].name.clone();
            let at = Place {
                line,
                record: &record,
                column,
            };
            self.findings
                .add(Severity::Rejected, FindingCode::MarkTooLong, at, raw, "");
            reading.counts.reject();
            return false;
        };
        self.table.marks.push(Mark {
            pupil,
            line,
            day,
            text: number,
            minutes: NO_MINUTES,
            session,
        });
        true
    }

    /// What the row adds up. A value that is no number is no total, and no fault of the marks beside it.
    fn totals(&self, cells: &[Cow<'_, str>], line: u32) -> MarkTotals {
        let given = |field| {
            let at = self.columns.index(Field::Mark(field))?;
            let text = text::without_guard(text::trim(cells.get(at)?));
            (!text.is_empty()).then(|| text.to_owned())
        };
        let number = |field| given(field)?.parse().ok();
        let percentage = given(MarkField::Percentage).and_then(|text| {
            let bare = text.trim_end_matches('%').trim_end();
            let is_share = bare.len() < text.len() || bare.contains('.');
            let is_number = bare.parse::<f64>().is_ok();
            (is_share && is_number).then(|| bare.to_owned())
        });
        MarkTotals {
            line,
            possible: number(MarkField::Possible),
            attended: number(MarkField::Attended),
            authorised: number(MarkField::Authorised),
            unauthorised: number(MarkField::Unauthorised),
            percentage,
        }
    }

    fn wide(
        mut self,
        head: Head<'_>,
        places: MarkColumns,
        reading: &mut Reading,
    ) -> Result<MarkTable, RefusedFile> {
        let width = head.headings.len();
        let is_sheet = head.rows.is_sheet();
        let mut rows = head.rows;
        let mut cells = Vec::new();
        let mut numbers: HashMap<PupilKey, u32> = HashMap::new();
        let mut first = true;
        while let Some((line, fault)) = rows.next(&mut cells) {
            let below_headings = std::mem::take(&mut first);
            if self.skip_or_reject(
                &cells,
                fault,
                line,
                (below_headings, width, is_sheet),
                reading,
            ) {
                continue;
            }
            let Some(mut pupil) = self.new_pupil(&cells, line) else {
                reading.counts.reject();
                continue;
            };
            // The same pupil in two rows has one number.
            let key = self.table.pupils[pupil as usize].key.clone();
            let earlier = *numbers.entry(key).or_insert(pupil);
            if earlier != pupil {
                self.table.pupils.pop();
                pupil = earlier;
            }
            let totals = self.totals(&cells, line);
            if !totals.is_empty() {
                self.table.totals.push((pupil, totals));
            }
            for &(column, day, session) in &places.places {
                let raw = cells.get(column).map_or("", |cell| cell.as_ref());
                self.mark(
                    raw,
                    (pupil, line, day, session),
                    &head.headings[column],
                    reading,
                );
            }
            if self.table.marks.len() > u32::MAX as usize / 2 {
                return Err(self.over(Limit::Rows));
            }
        }
        self.table.texts = self.texts.texts;
        Ok(self.table)
    }

    fn long(mut self, head: Head<'_>, reading: &mut Reading) -> Result<MarkTable, RefusedFile> {
        let index = |field| self.columns.index(Field::Mark(field));
        let (Some(date_at), Some(session_at), Some(mark_at)) = (
            index(MarkField::Date),
            index(MarkField::Session),
            index(MarkField::Mark),
        ) else {
            return Err(RefusedFile::RequiredColumnAbsent {
                file: self.file.to_owned(),
                missing: "the date, the session or the mark".to_owned(),
                kind: Kind::Marks,
            });
        };
        let (minutes_at, comment_at) = (index(MarkField::MinutesLate), index(MarkField::Comment));
        let sub_code_at = index(MarkField::SubCode);
        let fields = [
            PupilField::SourceId,
            PupilField::Upn,
            PupilField::AdmissionNumber,
        ];
        let key_at: Vec<usize> = fields
            .iter()
            .filter_map(|&field| self.columns.index(Field::Pupil(field)))
            .collect();
        let order = if self.options.month_first {
            month_or_day_first(self.file, &head, date_at, self.options)?
        } else {
            DateOrder::DayFirst
        };
        let mut days = DayMemory::new(order, self.options.today);
        let mut pupils = PupilMemory::default();
        let width = head.headings.len();
        let is_sheet = head.rows.is_sheet();
        let mut rows = head.rows;
        let mut cells: Vec<Cow<'_, str>> = Vec::new();
        let mut first = true;
        while let Some((line, fault)) = rows.next(&mut cells) {
            let below_headings = std::mem::take(&mut first);
            let plain = fault.is_none() && cells.len() == width && pupils.is_last(&cells, &key_at);
            if !plain
                && self.skip_or_reject(
                    &cells,
                    fault,
                    line,
                    (below_headings, width, is_sheet),
                    reading,
                )
            {
                continue;
            }
            let pupil = match pupils.find(&cells, &key_at) {
                Some(known) => known,
                None => {
                    let numbered = self.new_pupil(&cells, line);
                    pupils.remember(&cells, &key_at, numbered);
                    if pupils.numbers.len() > 1_000_000 {
                        return Err(self.over(Limit::Distinct));
                    }
                    numbered
                }
            };
            let Some(pupil) = pupil else {
                reading.counts.reject();
                continue;
            };
            let at = |index: usize| cells.get(index).map_or("", |cell| text::trim(cell));
            let day = match days.day(at(date_at), line) {
                Ok(day) => day,
                Err(fault) => {
                    let code = match fault {
                        DateFault::NotReal => FindingCode::DateNotReal,
                        DateFault::Form if at(date_at).is_empty() => FindingCode::RequiredMissing,
                        DateFault::Form => FindingCode::DateForm,
                    };
                    self.reject_row(
                        code,
                        line,
                        pupil,
                        &head.headings[date_at],
                        at(date_at),
                        reading,
                    );
                    continue;
                }
            };
            let Some(session) = session_of(at(session_at)) else {
                let code = FindingCode::SessionUnknown;
                self.reject_row(
                    code,
                    line,
                    pupil,
                    &head.headings[session_at],
                    at(session_at),
                    reading,
                );
                continue;
            };
            let stored = self.table.marks.len();
            self.mark(
                at(mark_at),
                (pupil, line, day, session),
                &head.headings[mark_at],
                reading,
            );
            if self.table.marks.len() == stored {
                continue;
            }
            if let Some(minutes) = minutes_at.map(at).filter(|minutes| !minutes.is_empty()) {
                self.minutes(minutes, &head.headings[minutes_at.unwrap_or_default()]);
            }
            if let Some(comment) = comment_at.map(at).filter(|comment| !comment.is_empty()) {
                let index = self.table.marks.len() as u32 - 1;
                let column = &head.headings[comment_at.unwrap_or_default()];
                let text = self.text_beside(comment, column);
                self.table.comments.extend(text.map(|text| (index, text)));
            }
            if let Some(name) = sub_code_at.map(at).filter(|name| !name.is_empty()) {
                let index = self.table.marks.len() as u32 - 1;
                let column = &head.headings[sub_code_at.unwrap_or_default()];
                let text = self.text_beside(name, column);
                self.table.sub_codes.extend(text.map(|text| (index, text)));
            }
        }
        let (_, either_way) =
            days.evidence
                .decide(self.file, &head.headings[date_at], self.options.month_first)?;
        if either_way {
            let place = Place::default().column(&head.headings[date_at]);
            self.findings
                .warn(FindingCode::DateEitherWay, place, "", "");
        }
        self.table.texts = self.texts.texts;
        Ok(self.table)
    }

    fn reject_row(
        &mut self,
        code: FindingCode,
        line: u32,
        pupil: u32,
        column: &str,
        value: &str,
        reading: &mut Reading,
    ) {
        let record = self.table.pupils[pupil as usize].name.clone();
        let place = Place {
            line,
            record: &record,
            column,
        };
        self.findings
            .add(Severity::Rejected, code, place, value, "");
        reading.counts.reject();
    }

    /// Minutes late, 0 to 400 and only on L and U; otherwise dropped with a warning (I-092).
    fn minutes(&mut self, given: &str, column: &str) {
        let Some(mark) = self.table.marks.last_mut() else {
            return;
        };
        let text = &self.texts.texts[usize::from(mark.text)];
        let minutes = given.parse::<u16>().ok().filter(|&minutes| minutes <= 400);
        match minutes.filter(|_| text == "L" || text == "U") {
            Some(minutes) => mark.minutes = minutes,
            None if given == "0" => {}
            None => {
                let place = Place {
                    line: mark.line,
                    record: "",
                    column,
                };
                self.findings
                    .warn(FindingCode::MinutesLate, place, given, "");
            }
        }
    }

    /// A text beside the mark that was read last, as it is kept; none, with a warning, where it cannot be.
    fn text_beside(&mut self, given: &str, column: &str) -> Option<String> {
        let mark = self.table.marks.last()?;
        let place = Place {
            line: mark.line,
            record: "",
            column,
        };
        match text::tidy(text::without_guard(given)) {
            Ok(tidied) => return Some(tidied.text.into_owned()),
            Err(text::TextFault::Control) => {
                self.findings
                    .warn(FindingCode::ControlCharacter, place, "", "")
            }
            Err(text::TextFault::ErrorCell) => {
                self.findings.warn(FindingCode::ErrorCell, place, given, "")
            }
        }
        None
    }
}

/// The order of the date column when a person has agreed to the month first, which holds only where the dates allow it.
fn month_or_day_first(
    file: &str,
    head: &Head<'_>,
    date_at: usize,
    options: &Options<'_>,
) -> Result<DateOrder, RefusedFile> {
    let mut evidence = OrderEvidence::default();
    let mut rows = head.rows.clone();
    let mut cells: Vec<Cow<'_, str>> = Vec::new();
    while let Some((line, _)) = rows.next(&mut cells) {
        let text = cells.get(date_at).map_or("", |cell| cell.as_ref());
        if let Ok(written) = dates::written(text) {
            evidence.see(written, line);
        }
    }
    let (order, _) = evidence.decide(file, &head.headings[date_at], options.month_first)?;
    Ok(order)
}

/// Remembers the days of date texts: a year has few of them.
struct DayMemory {
    order: DateOrder,
    today: Day,
    last_text: String,
    last: Result<Day, DateFault>,
    known: HashMap<String, Result<Day, DateFault>>,
    /// What all dates together say about the order that was taken for granted.
    evidence: OrderEvidence,
}

impl DayMemory {
    fn new(order: DateOrder, today: Day) -> DayMemory {
        DayMemory {
            order,
            today,
            last_text: String::new(),
            last: Err(DateFault::Form),
            known: HashMap::new(),
            evidence: OrderEvidence::default(),
        }
    }

    fn day(&mut self, text: &str, line: u32) -> Result<Day, DateFault> {
        if text == self.last_text {
            return self.last;
        }
        let day = match self.known.get(text) {
            Some(day) => *day,
            None => {
                let written = dates::written(text);
                if let Ok(written) = written {
                    self.evidence.see(written, line);
                }
                let day =
                    written.and_then(|written| written.day(self.order, DateUse::Other, self.today));
                if self.known.len() < 10_000 {
                    self.known.insert(text.to_owned(), day);
                }
                day
            }
        };
        self.last_text.clear();
        self.last_text.push_str(text);
        self.last = day;
        day
    }
}

/// Remembers which identifiers mean which pupil.
#[derive(Default)]
struct PupilMemory {
    last_key: String,
    last: Option<Numbered>,
    scratch: String,
    numbers: HashMap<String, Numbered>,
}

impl PupilMemory {
    fn key<'k>(scratch: &'k mut String, cells: &[Cow<'_, str>], key_at: &[usize]) -> &'k str {
        scratch.clear();
        for &index in key_at {
            scratch.push_str(cells.get(index).map_or("", |cell| text::trim(cell)));
            scratch.push('\u{0}');
        }
        scratch
    }

    fn is_last(&mut self, cells: &[Cow<'_, str>], key_at: &[usize]) -> bool {
        self.last.is_some() && PupilMemory::key(&mut self.scratch, cells, key_at) == self.last_key
    }

    fn find(&mut self, cells: &[Cow<'_, str>], key_at: &[usize]) -> Option<Numbered> {
        let key = PupilMemory::key(&mut self.scratch, cells, key_at);
        if key == self.last_key && self.last.is_some() {
            return self.last;
        }
        let found = self.numbers.get(key).copied();
        if found.is_some() {
            std::mem::swap(&mut self.last_key, &mut self.scratch);
            self.last = found;
        }
        found
    }

    fn remember(&mut self, cells: &[Cow<'_, str>], key_at: &[usize], numbered: Numbered) {
        let key = PupilMemory::key(&mut self.scratch, cells, key_at).to_owned();
        self.last_key.clone_from(&key);
        self.last = Some(numbered);
        self.numbers.insert(key, numbered);
    }
}

/// The same key twice: the same mark is skipped, different marks are both rejected (I-091). Counts every mark.
fn settle(mut table: MarkTable, reading: &mut Reading, findings: &mut Findings) -> MarkTable {
    let key = |mark: &Mark| {
        let slot =
            (i64::from(mark.day.epoch_days()) + (1 << 23)) as u64 * 2 + mark.session.index() as u64;
        u64::from(mark.pupil) << 32 | (slot & 0xFFFF_FFFF)
    };
    let total = table.marks.len() as u32;
    let mut order: Vec<(u64, u32)> = table
        .marks
        .iter()
        .enumerate()
        .map(|(index, mark)| (key(mark), index as u32))
        .collect();
    if order.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        reading.counts.read += total;
        reading.counts.offered += total;
        return table;
    }
    order.sort_unstable();
    let mut dropped = vec![false; table.marks.len()];
    for group in order
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
    {
        let first = table.marks[group[0].1 as usize];
        let conflict = group
            .iter()
            .any(|&(_, index)| table.marks[index as usize].text != first.text);
        for (position, &(_, index)) in group.iter().enumerate() {
            let mark = table.marks[index as usize];
            let other = if position == 0 {
                table.marks[group[1].1 as usize].line
            } else {
                first.line
            };
            let record = &table.pupils[mark.pupil as usize].name;
            let place = Place {
                line: mark.line,
                record,
                column: "",
            };
            if conflict {
                findings.add(
                    Severity::Rejected,
                    FindingCode::MarkConflict,
                    place,
                    table.text(&mark),
                    &other.to_string(),
                );
                reading.counts.reject();
            } else if position > 0 {
                findings.add(
                    Severity::Skipped,
                    FindingCode::MarkRepeated,
                    place,
                    table.text(&mark),
                    &other.to_string(),
                );
                reading.counts.skip();
            } else {
                continue;
            }
            dropped[index as usize] = true;
        }
    }
    if dropped.contains(&true) {
        let mut kept_before = vec![0u32; table.marks.len()];
        let mut kept = 0;
        for (index, gone) in dropped.iter().enumerate() {
            kept_before[index] = kept;
            kept += u32::from(!gone);
        }
        table
            .comments
            .retain(|(index, _)| !dropped[*index as usize]);
        for (index, _) in &mut table.comments {
            *index = kept_before[*index as usize];
        }
        let mut gone = dropped.iter();
        table
            .marks
            .retain(|_| !gone.next().copied().unwrap_or(false));
    }
    reading.counts.read += table.marks.len() as u32;
    reading.counts.offered += table.marks.len() as u32;
    table
}

/// Marks by hand, for tests and for the demonstration: pupil, day, session, mark, minutes late.
impl MarkTable {
    /// Adds a pupil and returns its number.
    pub fn add_pupil(&mut self, pupil: MarkPupil) -> u32 {
        self.pupils.push(pupil);
        self.pupils.len() as u32 - 1
    }

    /// Adds a mark of a pupil that was added before.
    ///
    /// Panics if there are 65,535 distinct mark texts already, which no school has.
    pub fn add_mark(
        &mut self,
        pupil: u32,
        day: Day,
        session: Session,
        text: &str,
        minutes_late: Option<u16>,
    ) {
        let known = self.texts.iter().position(|other| other == text);
        let number = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        self.marks.push(Mark {
            pupil,
            line: 0,
            day,
            text: u16::try_from(number).expect("a school has few kinds of mark"),
            minutes: minutes_late.unwrap_or(NO_MINUTES),
            session,
        });
    }
}
