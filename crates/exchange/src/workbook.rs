//! Sheets of an XLSX workbook as rows of text: stored values only, nothing is worked out (I-025).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;
use std::io::Cursor;

use calamine::{Data, DataRef, ExcelDateTime, Reader, SheetType, Xlsx};

use crate::archive;
use crate::refused::{Limit, RefusedFile};
use crate::table::COLUMNS;

/// The text of a sheet, kept in one buffer so that a sparse or huge sheet costs little more than its text.
#[derive(Debug, Default)]
pub(crate) struct SheetText {
    pub(crate) name: String,
    buffer: String,
    cells: Vec<CellSpan>,
    rows: Vec<RowStart>,
    pub(crate) hidden_rows: bool,
    pub(crate) hidden_columns: bool,
    pub(crate) hidden_sheet: bool,
    /// Row (from 1) and column (from 0) of formulas without a stored value.
    pub(crate) without_value: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct CellSpan {
    column: u16,
    start: u32,
    length: u32,
}

#[derive(Clone, Copy, Debug)]
struct RowStart {
    line: u32,
    first_cell: u32,
}

/// Goes through the rows of a sheet.
#[derive(Clone, Debug)]
pub(crate) struct SheetRows<'a> {
    sheet: &'a SheetText,
    at: usize,
}

impl SheetText {
    pub(crate) fn rows(&self) -> SheetRows<'_> {
        SheetRows { sheet: self, at: 0 }
    }
}

impl<'a> SheetRows<'a> {
    /// Reads the next row that has a cell into `cells` and returns its row number.
    pub(crate) fn next(&mut self, cells: &mut Vec<Cow<'a, str>>) -> Option<u32> {
        cells.clear();
        let row = self.sheet.rows.get(self.at)?;
        self.at += 1;
        let end = self
            .sheet
            .rows
            .get(self.at)
            .map_or(self.sheet.cells.len(), |next| next.first_cell as usize);
        for span in &self.sheet.cells[row.first_cell as usize..end] {
            let column = usize::from(span.column);
            if cells.len() <= column {
                cells.resize(column + 1, Cow::Borrowed(""));
            }
            let start = span.start as usize;
            cells[column] = Cow::Borrowed(&self.sheet.buffer[start..start + span.length as usize]);
        }
        Some(row.line)
    }
}

/// Text that a sheet may hold altogether, as the workbook may when unpacked (I-030).
const SHEET_TEXT: usize = 256 << 20;

/// Reads every worksheet of a workbook.
pub(crate) fn sheets(file: &str, bytes: &[u8]) -> Result<Vec<SheetText>, RefusedFile> {
    archive::check_workbook(file, bytes)?;
    // The reader of workbooks is a library that meets hostile bytes here: should it ever panic, the file is refused.
    let read = std::panic::catch_unwind(|| read_sheets(file, bytes));
    read.unwrap_or_else(|_| Err(broken(file, "it cannot be read")))
}

fn broken(file: &str, reason: &str) -> RefusedFile {
    RefusedFile::WorkbookBroken {
        file: file.to_owned(),
        reason: reason.to_owned(),
    }
}

fn read_sheets(file: &str, bytes: &[u8]) -> Result<Vec<SheetText>, RefusedFile> {
    let mut workbook: Xlsx<Cursor<&[u8]>> =
        Xlsx::new(Cursor::new(bytes)).map_err(|_| broken(file, "its parts do not fit together"))?;
    let parts = sheet_parts(bytes);
    let metadata = workbook.sheets_metadata().to_vec();
    let mut sheets = Vec::new();
    for sheet in metadata
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
    {
        let mut text = SheetText {
            name: sheet.name.clone(),
            hidden_sheet: sheet.visible != calamine::SheetVisible::Visible,
            ..SheetText::default()
        };
        let mut reader = workbook
            .worksheet_cells_reader(&sheet.name)
            .map_err(|_| broken(file, "one of its sheets is missing"))?;
        while let Some(cell) = reader
            .next_cell()
            .map_err(|_| broken(file, "one of its sheets is damaged"))?
        {
            let (row, column) = cell.get_position();
            text.add(file, row, column, cell.get_value())?;
        }
        if let Some(part) = parts.iter().find(|(name, _)| *name == sheet.name) {
            look_closer(
                &mut text,
                &archive::part(bytes, &part.1).unwrap_or_default(),
            );
        }
        sheets.push(text);
    }
    Ok(sheets)
}

impl SheetText {
    fn add(
        &mut self,
        file: &str,
        row: u32,
        column: u32,
        value: &DataRef<'_>,
    ) -> Result<(), RefusedFile> {
        let over = |limit| RefusedFile::OverLimit {
            file: file.to_owned(),
            limit,
        };
        let start = self.buffer.len();
        write_value(&mut self.buffer, value);
        let length = self.buffer.len() - start;
        if length == 0 {
            return Ok(());
        }
        if self.buffer.len() > SHEET_TEXT {
            return Err(over(Limit::ArchiveBytes));
        }
        let column = u16::try_from(column)
            .ok()
            .filter(|&column| usize::from(column) < COLUMNS);
        let Some(column) = column else {
            return Err(over(Limit::Columns));
        };
        let line = row.saturating_add(1);
        if self.rows.last().is_none_or(|last| last.line != line) {
            self.rows.push(RowStart {
                line,
                first_cell: self.cells.len() as u32,
            });
        }
        self.cells.push(CellSpan {
            column,
            start: start as u32,
            length: length as u32,
        });
        Ok(())
    }
}

fn write_value(buffer: &mut String, value: &DataRef<'_>) {
    let written = match value {
        DataRef::Empty => Ok(()),
        DataRef::String(text) => {
            buffer.push_str(text);
            Ok(())
        }
        DataRef::SharedString(text) => {
            buffer.push_str(text);
            Ok(())
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            buffer.push_str(text);
            Ok(())
        }
        DataRef::Int(number) => write!(buffer, "{number}"),
        // A whole number is text without decimals: it may be an identifier (I-025).
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            write!(buffer, "{number:.0}")
        }
        DataRef::Float(number) => write!(buffer, "{number}"),
        DataRef::Bool(true) => buffer.write_str("TRUE"),
        DataRef::Bool(false) => buffer.write_str("FALSE"),
        DataRef::DateTime(moment) => write_moment(buffer, moment),
        DataRef::Error(error) => write!(buffer, "{}", Data::Error(error.clone())),
    };
    written.expect("a String takes every text");
}

/// A date as `yyyy-mm-dd`, with the time if it has one; a time alone as `hh:mm:ss`.
fn write_moment(buffer: &mut String, moment: &ExcelDateTime) -> std::fmt::Result {
    let value = moment.as_f64();
    if !(0.0..2_958_466.0).contains(&value) {
        return write!(buffer, "{value}");
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if value < 1.0 || moment.is_duration() {
        return write!(buffer, "{hour:02}:{minute:02}:{second:02}");
    }
    write!(buffer, "{year:04}-{month:02}-{day:02}")?;
    if value.fract() > 0.0 {
        write!(buffer, " {hour:02}:{minute:02}:{second:02}")?;
    }
    Ok(())
}

/// Name and part of every sheet, from the workbook's own list.
fn sheet_parts(bytes: &[u8]) -> Vec<(String, String)> {
    let text = |name| archive::part(bytes, name).and_then(|part| String::from_utf8(part).ok());
    let (Some(workbook), Some(relations)) =
        (text("xl/workbook.xml"), text("xl/_rels/workbook.xml.rels"))
    else {
        return Vec::new();
    };
    let parse = |text| crate::xml::parse_part(text);
    let (Some(workbook), Some(relations)) = (parse(&workbook), parse(&relations)) else {
        return Vec::new();
    };
    let attribute = |node: &roxmltree::Node<'_, '_>, name: &str| {
        node.attributes()
            .find(|attribute| attribute.name() == name)
            .map(|attribute| attribute.value().to_owned())
    };
    let sheets = workbook
        .descendants()
        .filter(|node| node.tag_name().name() == "sheet");
    let parts = sheets.filter_map(|sheet| {
        let relation_id = sheet
            .attributes()
            .find(|attribute| attribute.name() == "id" && attribute.namespace().is_some())?
            .value();
        let relation = relations
            .descendants()
            .find(|node| node.attribute("Id") == Some(relation_id))?;
        let target = attribute(&relation, "Target")?;
        let target = target
            .strip_prefix('/')
            .map_or_else(|| format!("xl/{target}"), str::to_owned);
        Some((attribute(&sheet, "name")?, target))
    });
    parts.collect()
}

/// Hidden rows and columns, and formulas without a stored value, from the sheet's own text.
fn look_closer(text: &mut SheetText, part: &[u8]) {
    let is_hidden = |tag: &[u8]| {
        memchr::memmem::find(tag, b"hidden=\"1\"").is_some()
            || memchr::memmem::find(tag, b"hidden=\"true\"").is_some()
    };
    let tag_at = |at: usize| {
        let end = memchr::memchr(b'>', &part[at..]).map_or(part.len(), |length| at + length);
        &part[at..end]
    };
    let any_hidden = |opening: &'static [u8]| {
        memchr::memmem::find_iter(part, opening).any(|at| is_hidden(tag_at(at)))
    };
    text.hidden_rows = any_hidden(b"<row ");
    text.hidden_columns = any_hidden(b"<col ");
    let mut seen = HashSet::new();
    for at in memchr::memmem::find_iter(part, b"<f") {
        let opens = memchr::memmem::rfind(&part[at.saturating_sub(400)..at], b"<c ")
            .map(|from| at.saturating_sub(400) + from);
        let closes = memchr::memmem::find(&part[at..part.len().min(at + 40_000)], b"</c>")
            .map(|length| at + length);
        let (Some(opens), Some(closes)) = (opens, closes) else {
            continue;
        };
        let inside = &part[opens..closes];
        let has_value = memchr::memmem::find(inside, b"<v>").is_some()
            || memchr::memmem::find(inside, b"<is>").is_some();
        if !has_value
            && seen.len() < 10_000
            && let Some(place) = place_of(tag_at(opens))
            && seen.insert(place)
        {
            text.without_value.push(place);
        }
    }
}

/// Row (from 1) and column (from 0) out of `<c r="B12" …`.
fn place_of(tag: &[u8]) -> Option<(u32, u32)> {
    let from = memchr::memmem::find(tag, b" r=\"")? + 4;
    let name = &tag[from..];
    let letters = name
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let digits = name[letters..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if letters == 0 || letters > 3 {
        return None;
    }
    let column = name[..letters]
        .iter()
        .fold(0, |sum, &byte| sum * 26 + u32::from(byte - b'A') + 1);
    let row = std::str::from_utf8(&name[letters..letters + digits])
        .ok()?
        .parse()
        .ok()?;
    Some((row, column - 1))
}
