//! What a sealed copy holds: both registers of a month as they stand on one snapshot, on paper and as files for programs.
//!
//! Where no mark was made and a plan stands, the copy has the plan's code and says that it is a plan's (decision 0009), so that its
//! figures are those of every page.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Instant, Month, SchoolYear, Session, Slot, TimeOfDay};
use columns::MarkByte;
use exchange::{Audience, Cell, Sheet, csv};
use paper::{Column, Paper, Part, Table, Width};
use store::{Head, SchoolId, StoreError, Tx, args, journal};

use crate::book::{Book, GroupKind, Pupil};
use crate::desk::{Refusal, school_name};
use crate::ids::EnrolmentId;
use crate::insight::{Opened, counts_as, grouped};
use crate::people::Actor;
use crate::registers::HistoryEntry;
use crate::registers::history::amended_between;
use crate::roll::{Amendment, ON_PAPER, amended_since, copied, sorting_name};
use crate::shell::moment;
use crate::year::settings::session_times;

/// Where no mark was made on a copy.
const NO_MARK: &str = "·";

/// After a code that a plan gave and nobody marked.
const BY_PLAN: &str = "*";

const FIRST_MADE: &str = "\
select c.month, min(j.at) from sealed_copy c
join journal_entry j on j.school_id = c.school_id and j.seq = c.seq
where c.school_id = $1 group by c.month order by c.month";

const FIRST_ACT_SINCE: &str = "\
select coalesce(min(seq), 0) from journal_entry where school_id = $1 and at >= $2";

const SUB_CODED: &str = "\
select enrolment_id, on_date, session, code, sub_code from mark
where school_id = $1 and on_date >= $2 and on_date <= $3 and sub_code is not null and code is not null
order by on_date, session";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[FIRST_MADE, FIRST_ACT_SINCE, SUB_CODED];

/// Both registers of a month, read on one snapshot and not yet set.
pub(super) struct Contents {
    pub(super) month: Month,
    /// Where the journal stood.
    pub(super) head: Head,
    /// Names in the admission register.
    pub(super) pupils: usize,
    /// Marks of the month.
    pub(super) marks: usize,
    /// On paper: name of the file and what stands on it.
    pub(super) papers: Vec<(&'static str, Paper)>,
    /// For programs: name of the file and its bytes.
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
}

/// The names of the files, in the order in which a copy lists them.
pub(super) const ADMISSION_PDF: &str = "admission-register.pdf";
pub(super) const ATTENDANCE_PDF: &str = "attendance-register.pdf";
const ADMISSION_CSV: &str = "admission-register.csv";
const ADMISSION_AMENDMENTS: &str = "admission-register-amendments.csv";
const ATTENDANCE_CSV: &str = "attendance-register.csv";
const ATTENDANCE_AMENDMENTS: &str = "attendance-register-amendments.csv";
const ATTENDANCE_SUB_CODES: &str = "attendance-register-sub-codes.csv";

/// A journal's hash as it is printed.
pub(in crate::registers) fn in_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Until when a copy is kept: six years after the end of the school year that it relates to.
pub(super) fn kept_until(month: Month) -> calendar::Day {
    let year = SchoolYear::by_september(month.first()).first_year();
    calendar::Day::new(year + 7, 8, 31).expect("the last of August is a day")
}

/// Reads both registers of a month.
///
/// Errors: no book, no database; session times that cannot be read.
pub(super) fn read(
    tx: &mut Tx,
    book: &Book,
    maker: &Actor,
    month: Month,
    now: Instant,
) -> Result<Contents, Refusal> {
    let school = book.school;
    let head = journal::head(tx, school)?.ok_or(Refusal::NotFound)?;
    let midnight = TimeOfDay::from_seconds(0).expect("midnight is a clock time");
    let began = Instant::at_london(month.first(), midnight);
    let since = tx.query_one(FIRST_ACT_SINCE, &args![school, began], |row| row.get(0))?;
    let since = if since == 0 { i64::MAX } else { since };
    let head_of = HeadOf {
        school: school_name(tx, school)?,
        maker: format!("{}, {}", maker.name, maker.job_title),
        month,
        head,
        now,
    };
    let attendance = Attendance::of(tx, book, month, now, since)?;
    let marks = attendance.marks();
    let (admission_paper, admission_files, pupils) = admission(tx, book, &head_of, since)?;
    let mut files = admission_files;
    files.extend(attendance.files());
    Ok(Contents {
        month,
        head,
        pupils,
        marks,
        papers: vec![
            (ADMISSION_PDF, admission_paper),
            (ATTENDANCE_PDF, attendance.paper(&head_of)),
        ],
        files,
    })
}

/// What stands at the head and at the foot of each copy.
struct HeadOf {
    school: String,
    maker: String,
    month: Month,
    head: Head,
    now: Instant,
}

impl HeadOf {
    fn paper(&self, register: &str, holds: String, parts: Vec<Part>) -> Paper {
        let hash = in_hex(&self.head.hash);
        let month = self.month.name();
        let mut about = vec![
            ("School", self.school.clone()),
            ("Month", month.clone()),
            ("As it stood", moment(self.now)),
            ("Made by", self.maker.clone()),
            ("Holds", holds),
            ("Journal", format!("act {}\n{hash}", self.head.seq)),
            (
                "Kept until",
                format!(
                    "{}: six years after the end of the school year (R-009)",
                    kept_until(self.month).long()
                ),
            ),
        ];
        let (today, _) = self.now.in_london();
        if super::standing(self.month, Some(today), today) == super::Standing::MadeLate {
            let late = "This copy was made late. It shows the register as it stood at that moment, not at the end of the month.";
            about.insert(3, ("Late", late.to_owned()));
        }
        Paper {
            title: format!("{register}, {month}"),
            owner: self.school.clone(),
            about: about
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            foot: format!(
                "{}: {}, {month}. Journal act {}, {}…",
                self.school,
                register.to_lowercase(),
                self.head.seq,
                &hash[..16]
            ),
            made_at: self.now,
            landscape: true,
            parts,
        }
    }
}

// The attendance register ----------------------------------------------------------------------------------------

/// A pupil's line in the attendance register of the month.
struct Line<'b> {
    group: &'b str,
    pupil: &'b Pupil,
    marks: Vec<MarkByte>,
    /// The school's own kinds beneath the codes of these marks, in order.
    sub_codes: Vec<SubCoded>,
}

/// A mark that the school gave a kind of its own beneath its code.
struct SubCoded {
    slot: Slot,
    code: String,
    sub_code: String,
}

/// The marks of a month that have a sub-code, by time on roll.
fn sub_coded(
    tx: &mut Tx,
    school: SchoolId,
    month: Month,
) -> Result<BTreeMap<EnrolmentId, Vec<SubCoded>>, StoreError> {
    let mut found: BTreeMap<EnrolmentId, Vec<SubCoded>> = BTreeMap::new();
    let asked = args![school, month.first(), month.last()];
    tx.each(SUB_CODED, &asked, |row| {
        let Some(session) = Session::from_index(row.get(2)?) else {
            return Ok(());
        };
        let one = SubCoded {
            slot: Slot::new(row.get(1)?, session),
            code: row.get(3)?,
            sub_code: row.get(4)?,
        };
        found.entry(row.get(0)?).or_default().push(one);
        Ok::<_, StoreError>(())
    })?;
    Ok(found)
}

struct Attendance<'b> {
    book: &'b Book,
    slots: Vec<Slot>,
    /// For each session, whether its register has opened.
    opened: Vec<bool>,
    lines: Vec<Line<'b>>,
    amended: Vec<HistoryEntry>,
}

impl<'b> Attendance<'b> {
    fn of(
        tx: &mut Tx,
        book: &'b Book,
        month: Month,
        now: Instant,
        since: i64,
    ) -> Result<Attendance<'b>, Refusal> {
        let (today, _) = now.in_london();
        let slots = book.calendar.slots(month.first(), month.last()).to_vec();
        let clock = Opened::by(&session_times(&book.settings, today)?, now);
        let mut sub_coded = sub_coded(tx, book.school, month)?;
        let mut lines = Vec::new();
        for (row, enrolment) in book.roll.enrolments.iter().enumerate() {
            let marks: Vec<MarkByte> = slots.iter().map(|slot| book.mark(row, *slot)).collect();
            let Some(pupil) = book.roll.pupil(enrolment.pupil) else {
                continue;
            };
            if marks.iter().all(|mark| !mark.is_session()) {
                continue;
            }
            let last = enrolment
                .leaving_day
                .map_or(month.last(), |last| last.min(month.last()));
            let tutor = book.groups.of_kind(
                enrolment.id,
                GroupKind::Tutor,
                last.max(enrolment.starting_day),
            );
            lines.push(Line {
                group: tutor.map_or("", |group| &group.name),
                pupil,
                marks,
                sub_codes: sub_coded.remove(&enrolment.id).unwrap_or_default(),
            });
        }
        lines.sort_by_cached_key(|line| (sorting_name(line.group), line.pupil.in_order));
        Ok(Attendance {
            book,
            opened: slots.iter().map(|slot| clock.has(*slot)).collect(),
            slots,
            lines,
            amended: amended_between(tx, book.school, (month.first(), month.last()), since)?,
        })
    }

    fn marks(&self) -> usize {
        let all = self.lines.iter().flat_map(|line| &line.marks);
        let made = |mark: &&MarkByte| mark.code().is_some() && !mark.is_planned();
        all.filter(made).count()
    }

    fn blanks(&self) -> usize {
        let blank = |line: &Line| {
            let opened = line.marks.iter().zip(&self.opened);
            opened
                .filter(|(mark, opened)| **opened && **mark == MarkByte::MISSING)
                .count()
        };
        self.lines.iter().map(blank).sum()
    }

    fn cell(&self, mark: MarkByte, place: usize) -> String {
        match mark.code() {
            Some(_) if mark.is_planned() && !self.opened[place] => String::new(),
            Some(code) if mark.is_planned() => format!("{code}{BY_PLAN}"),
            Some(code) => code.to_string(),
            None if mark == MarkByte::MISSING && self.opened[place] => NO_MARK.to_owned(),
            None => String::new(),
        }
    }

    fn paper(&self, head: &HeadOf) -> Paper {
        let holds = format!(
            "{} pupils, {} sessions, {} marks; {} places without a mark; {} entries in amended places",
            grouped(self.lines.len() as u32),
            self.slots.len(),
            grouped(self.marks() as u32),
            grouped(self.blanks() as u32),
            grouped(self.amended.len() as u32),
        );
        let mut parts = self.key();
        if self.slots.is_empty() {
            parts.push(Part::Words(
                "There was no session in this month.".to_owned(),
            ));
        }
        for group in self.lines.chunk_by(|one, next| one.group == next.group) {
            parts.push(Part::NewPage);
            parts.push(Part::Heading(match group[0].group {
                "" => "Without a tutor group".to_owned(),
                name => name.to_owned(),
            }));
            parts.push(Part::Table(self.grid(group)));
            parts.extend(sub_codes_of(group));
        }
        parts.push(Part::NewPage);
        parts.push(Part::Heading("Amendments".to_owned()));
        parts.push(Part::Words(
            "Every place of this month's register that was entered more than once, and every place of earlier months that was \
             entered again in this month: each entry in order, with who made it, when and why (R-007)."
                .to_owned(),
        ));
        if self.amended.is_empty() {
            parts.push(Part::Words("Nothing was amended.".to_owned()));
        } else {
            parts.push(Part::Table(self.amendments()));
        }
        head.paper("Attendance register", holds, parts)
    }

    /// What each code on the copy means and counts as, by the law of those days.
    fn key(&self) -> Vec<Part> {
        let used: BTreeSet<MarkByte> = self
            .lines
            .iter()
            .flat_map(|line| line.marks.iter().copied())
            .collect();
        let rows = used.into_iter().filter_map(|mark| {
            let row = mark.row()?;
            let counts = counts_as(mark).to_owned();
            let (code, meaning) = match mark.is_planned() {
                true => (
                    format!("{}{BY_PLAN}", row.code),
                    format!("By plan, no mark was made: {}", row.meaning),
                ),
                false => (row.code.to_string(), row.meaning.clone()),
            };
            Some(vec![code, meaning, counts])
        });
        let mut rows: Vec<Vec<String>> = rows.collect();
        rows.push(vec![
            NO_MARK.to_owned(),
            "No mark was made".to_owned(),
            "in no percentage (R-209)".to_owned(),
        ]);
        rows.push(vec![
            "(empty)".to_owned(),
            "Not on roll, boards (R-011), or the session is still to come".to_owned(),
            "in no percentage".to_owned(),
        ]);
        let columns = vec![
            Column::new("Code", Width::Own),
            Column::new("Meaning", Width::Share(2)),
            Column::new("Counts as", Width::Share(1)),
        ];
        let mut parts = vec![
            Part::Heading("Codes".to_owned()),
            Part::Table(Table {
                caption: "What each code on this copy means".to_owned(),
                columns,
                rows,
                ..Table::default()
            }),
        ];
        if self.lines.iter().any(|line| !line.sub_codes.is_empty()) {
            parts.push(Part::Words(
                "The school’s own kinds beneath a code (R-141) stand under the grid of each group. They change nothing that a code counts as."
                    .to_owned(),
            ));
        }
        parts
    }

    /// A tutor group's page: a line for each pupil, a column for each session, as on paper registers.
    fn grid(&self, lines: &[Line]) -> Table {
        // What A4 on its side leaves beside the names, shared out among the sessions.
        let own = (2_200 / self.slots.len().max(1)).clamp(46, 90) as u16;
        let mut columns = vec![Column::new("Pupil", Width::Share(1))];
        let mut over = vec![(String::new(), 1)];
        for day in self.slots.chunk_by(|one, next| one.day == next.day) {
            let weekday = day[0].day.weekday().short();
            over.push((
                format!("{weekday}\n{}", day[0].day.day_of_month()),
                day.len(),
            ));
            columns.extend(
                day.iter()
                    .map(|slot| Column::new(slot.session.to_string(), Width::Tenths(own))),
            );
        }
        let rows = lines.iter().map(|line| {
            let marks = line.marks.iter().enumerate();
            let marks = marks.map(|(place, mark)| self.cell(*mark, place));
            std::iter::once(line.pupil.listed()).chain(marks).collect()
        });
        Table {
            caption: format!(
                "Marks of {}: a row for each pupil, a column for each session",
                lines[0].group
            ),
            over,
            columns,
            rows: rows.collect(),
            dense: true,
        }
    }

    fn sub_codes_sheet(&self) -> Sheet {
        let mut sheet = Sheet::new("Sub-codes");
        for heading in [
            "Admission number",
            "UPN",
            "Pupil",
            "Date",
            "Session",
            "Code",
            "Sub-code",
        ] {
            sheet.text_column(heading);
        }
        let optional = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        for line in &self.lines {
            sheet.rows.extend(line.sub_codes.iter().map(|one| {
                vec![
                    optional(&line.pupil.admission_number),
                    optional(&line.pupil.upn),
                    Cell::text(&line.pupil.listed()),
                    Cell::Day(one.slot.day),
                    Cell::text(&one.slot.session.to_string()),
                    Cell::text(&one.code),
                    Cell::text(&one.sub_code),
                ]
            }));
        }
        sheet
    }

    fn amendments(&self) -> Table {
        let columns = vec![
            Column::new("Pupil", Width::Share(3)),
            Column::new("Session", Width::Own),
            Column::new("Entry", Width::Own),
            Column::new("Recorded", Width::Own),
            Column::new("By", Width::Share(3)),
            Column::new("Reason or note", Width::Share(4)),
        ];
        Table {
            caption: "Entries in amended places of the register, in order".to_owned(),
            columns,
            rows: self
                .amended
                .iter()
                .map(|entry| self.amended_row(entry))
                .collect(),
            ..Table::default()
        }
    }

    fn amended_row(&self, entry: &HistoryEntry) -> Vec<String> {
        vec![
            self.name(entry),
            format!("{} {}", entry.slot.day.slashed(), entry.slot.session),
            changed(entry),
            moment(entry.at),
            format!("{}, {}", entry.name, entry.job_title),
            why(entry),
        ]
    }

    fn name(&self, entry: &HistoryEntry) -> String {
        let row = self.book.roll.row(entry.enrolment);
        let pupil = row.and_then(|row| self.book.roll.pupil_of_row(row));
        pupil.map_or_else(String::new, Pupil::listed)
    }

    fn files(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut sheet = Sheet::new("Attendance register");
        for heading in [
            "Admission number",
            "UPN",
            "Legal surname",
            "Legal forename",
            "Date of birth",
            "Tutor group",
        ] {
            sheet.text_column(heading);
        }
        for slot in &self.slots {
            sheet.text_column(&format!("{} {}", slot.day, slot.session));
        }
        let optional = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let rows = self.lines.iter().map(|line| {
            let pupil = line.pupil;
            let mut cells = vec![
                optional(&pupil.admission_number),
                optional(&pupil.upn),
                Cell::text(&pupil.legal_surname),
                Cell::text(&pupil.legal_forename),
                Cell::Day(pupil.birth_day),
                Cell::text(line.group),
            ];
            let marks = line.marks.iter().enumerate();
            cells.extend(marks.map(|(place, mark)| Cell::text(&self.cell(*mark, place))));
            cells
        });
        sheet.rows = rows.collect();
        let mut amended = Sheet::new("Amendments");
        for heading in [
            "Pupil",
            "UPN",
            "Date",
            "Session",
            "Before",
            "After",
            "Minutes late",
            "Sub-code",
            "Note",
            "Reason",
            "Recorded",
            "By",
            "Job title",
            "Act",
        ] {
            amended.text_column(heading);
        }
        amended.rows = self
            .amended
            .iter()
            .map(|entry| self.amended_cells(entry))
            .collect();
        vec![
            (ATTENDANCE_CSV, csv(&sheet, Audience::Systems)),
            (ATTENDANCE_AMENDMENTS, csv(&amended, Audience::Systems)),
            (
                ATTENDANCE_SUB_CODES,
                csv(&self.sub_codes_sheet(), Audience::Systems),
            ),
        ]
    }

    fn amended_cells(&self, entry: &HistoryEntry) -> Vec<Cell> {
        let row = self.book.roll.row(entry.enrolment);
        let pupil = row.and_then(|row| self.book.roll.pupil_of_row(row));
        let upn = pupil.and_then(|pupil| pupil.upn.as_deref());
        let text = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let code = |code: Option<register::Code>| {
            Cell::or_blank(code, |code| Cell::text(&code.to_string()))
        };
        vec![
            Cell::text(&self.name(entry)),
            Cell::text(upn.unwrap_or_default()),
            Cell::Day(entry.slot.day),
            Cell::text(&entry.slot.session.to_string()),
            code(entry.before),
            code(entry.code),
            Cell::or_blank(entry.minutes, |minutes| Cell::whole(minutes.into())),
            text(&entry.sub_code),
            text(&entry.note),
            text(&entry.reason),
            Cell::text(&entry.at.to_string()),
            Cell::text(&entry.name),
            Cell::text(&entry.job_title),
            Cell::whole(entry.seq),
        ]
    }
}

/// The sub-codes of a group's page under its grid, a line for each pupil who has some; nothing where nobody has.
fn sub_codes_of(lines: &[Line]) -> Option<Part> {
    let rows = lines.iter().filter(|line| !line.sub_codes.is_empty());
    let rows: Vec<Vec<String>> = rows
        .map(|line| {
            let each = line.sub_codes.iter().map(|one| {
                let (day, session) = (one.slot.day, one.slot.session);
                let weekday = day.weekday().short();
                format!(
                    "{weekday} {} {session} {}: {}",
                    day.day_of_month(),
                    one.code,
                    one.sub_code
                )
            });
            vec![line.pupil.listed(), each.collect::<Vec<_>>().join("; ")]
        })
        .collect();
    (!rows.is_empty()).then(|| {
        Part::Table(Table {
            caption: format!(
                "Sub-codes of {}: a row for each pupil who has some",
                lines[0].group
            ),
            columns: vec![
                Column::new("Pupil", Width::Share(1)),
                Column::new("Sub-codes (R-141)", Width::Share(4)),
            ],
            rows,
            ..Table::default()
        })
    })
}

/// What an entry put where: `first N`, `N to M`, `N taken back`.
pub(in crate::registers) fn changed(entry: &HistoryEntry) -> String {
    let code =
        |code: Option<register::Code>| code.map_or(NO_MARK.to_owned(), |code| code.to_string());
    let mut after = match (entry.is_first, entry.code) {
        (true, _) => format!("first {}", code(entry.code)),
        (false, None) => format!("{} taken back", code(entry.before)),
        (false, _) => format!("{} to {}", code(entry.before), code(entry.code)),
    };
    if let Some(sub_code) = &entry.sub_code {
        after = format!("{after} ({sub_code})");
    }
    match entry.minutes {
        Some(minutes) => format!("{after}, {minutes} min late"),
        None => after,
    }
}

/// Why an entry was made, and what was noted with it.
pub(in crate::registers) fn why(entry: &HistoryEntry) -> String {
    let texts = [&entry.reason, &entry.note];
    let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
    texts.join("; ")
}

// The admission register -----------------------------------------------------------------------------------------

type Files = Vec<(&'static str, Vec<u8>)>;

fn admission(
    tx: &mut Tx,
    book: &Book,
    head: &HeadOf,
    since: i64,
) -> Result<(Paper, Files, usize), StoreError> {
    let (today, _) = head.now.in_london();
    let copied = copied(tx, book.school, today)?;
    let amended = amended_since(tx, book.school, since)?;
    let count = copied.rows.len();
    let widths = [
        Width::Own,
        Width::Share(4),
        Width::Share(4),
        Width::Share(7),
        Width::Share(4),
        Width::Share(4),
        Width::Own,
    ];
    let columns = ON_PAPER.iter().zip(widths);
    let table = Table {
        caption: "The admission register in order of entry".to_owned(),
        columns: columns
            .map(|(heading, width)| Column::new(*heading, width))
            .collect(),
        rows: copied.rows,
        ..Table::default()
    };
    let mut parts = vec![
        Part::Words(
            "Every name ever entered, in order of entry, with what the entry holds now (R-003); those who left stay in it with their \
             last day and its ground."
                .to_owned(),
        ),
        Part::Table(table),
        Part::NewPage,
        Part::Heading("Amendments".to_owned()),
        Part::Words(format!(
            "What was amended in the register from {} on: before and after, with who amended it, when and why (R-007).",
            head.month.first().long()
        )),
    ];
    parts.push(match amended.is_empty() {
        true => Part::Words("Nothing was amended.".to_owned()),
        false => Part::Table(amendments(book, &amended)),
    });
    let holds = format!(
        "{} names, {} amendments",
        grouped(count as u32),
        amended.len()
    );
    let mut sheet = Sheet::new("Admission register");
    for heading in copied.headings {
        sheet.text_column(heading);
    }
    sheet.rows = copied.cells;
    let files = vec![
        (ADMISSION_CSV, csv(&sheet, Audience::Systems)),
        (
            ADMISSION_AMENDMENTS,
            csv(&amendments_sheet(book, &amended), Audience::Systems),
        ),
    ];
    Ok((head.paper("Admission register", holds, parts), files, count))
}

fn named(book: &Book, amendment: &Amendment) -> String {
    let pupil = book.roll.pupil(amendment.pupil);
    pupil.map_or_else(String::new, Pupil::listed)
}

/// Amendments of the admission register on paper.
pub(in crate::registers) fn amendments(book: &Book, amended: &[Amendment]) -> Table {
    let columns = vec![
        Column::new("Pupil", Width::Share(3)),
        Column::new("What", Width::Share(3)),
        Column::new("Before", Width::Share(3)),
        Column::new("After", Width::Share(3)),
        Column::new("Amended", Width::Own),
        Column::new("By", Width::Share(3)),
        Column::new("Reason", Width::Share(3)),
    ];
    let row = |one: &Amendment| {
        vec![
            named(book, one),
            one.what.clone(),
            one.before.clone(),
            one.after.clone(),
            moment(one.at),
            format!("{}, {}", one.who, one.job_title),
            one.reason.clone(),
        ]
    };
    Table {
        caption: "Amendments of the admission register".to_owned(),
        columns,
        rows: amended.iter().map(row).collect(),
        ..Table::default()
    }
}

fn amendments_sheet(book: &Book, amended: &[Amendment]) -> Sheet {
    let mut sheet = Sheet::new("Amendments");
    for heading in [
        "Pupil",
        "UPN",
        "What",
        "Before",
        "After",
        "Amended",
        "By",
        "Job title",
        "Reason",
    ] {
        sheet.text_column(heading);
    }
    let row = |one: &Amendment| {
        let upn = book
            .roll
            .pupil(one.pupil)
            .and_then(|pupil| pupil.upn.clone());
        [
            named(book, one),
            upn.unwrap_or_default(),
            one.what.clone(),
            one.before.clone(),
            one.after.clone(),
            one.at.to_string(),
            one.who.clone(),
            one.job_title.clone(),
            one.reason.clone(),
        ]
        .map(|text| Cell::text(&text))
        .to_vec()
    };
    sheet.rows = amended.iter().map(row).collect();
    sheet
}

/// When the first copy of each month was sealed.
pub(super) fn first_made(
    tx: &mut Tx,
    school: SchoolId,
) -> Result<BTreeMap<Month, Instant>, StoreError> {
    let made = tx.query(FIRST_MADE, &args![school], |row| {
        Ok((Month::of(row.get(0)?), row.get::<Instant>(1)?))
    })?;
    Ok(made.into_iter().collect())
}
