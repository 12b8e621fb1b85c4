//! The one shape of every list that leaves the product, written as CSV or XLSX (I-037, I-110, I-111).

use calendar::Day;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

/// A value of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Blank,
    /// Text; identifiers and telephone numbers too.
    Text(String),
    /// A day.
    Day(Day),
    /// A number in units of 10 to the power of minus `places`: 914 with one place is 91.4.
    Number {
        /// The number without its decimal point.
        value: i64,
        /// Digits after the point.
        places: u8,
    },
    /// Yes or no.
    YesNo(bool),
}

impl Cell {
    /// Text, or blank if there is none.
    pub fn text(text: &str) -> Cell {
        if text.is_empty() {
            Cell::Blank
        } else {
            Cell::Text(text.to_owned())
        }
    }

    /// A whole number.
    pub fn whole(value: i64) -> Cell {
        Cell::Number { value, places: 0 }
    }

    /// A value or blank.
    pub fn or_blank<T>(value: Option<T>, cell: impl Fn(T) -> Cell) -> Cell {
        value.map_or(Cell::Blank, cell)
    }
}

/// A column of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub heading: String,
    /// Width in characters; 0 takes the width of what it holds.
    pub width: u16,
}

/// A list: headings, rows, and what a reader should know about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What the list is; the name of the sheet in a workbook.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// School, period, filters, made by, time, definitions: what to call it and what it says (I-111).
    pub about: Vec<(String, String)>,
}

impl Sheet {
    /// An empty list.
    pub fn new(title: &str) -> Sheet {
        Sheet {
            title: title.to_owned(),
            ..Sheet::default()
        }
    }

    /// Adds a column as wide as what it holds.
    pub fn text_column(&mut self, heading: &str) {
        self.columns.push(Column {
            heading: heading.to_owned(),
            width: 0,
        });
    }
}

/// Whom a CSV is for (I-110).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Spreadsheets: byte-order mark, `dd/mm/yyyy`, and a guard before text that would be a formula.
    People,
    /// Programs: no mark, `yyyy-mm-dd`, text as it is.
    Systems,
}

/// Writes a list as CSV: UTF-8, commas, CR LF, quotes where needed, one row of headings.
pub fn csv(sheet: &Sheet, audience: Audience) -> Vec<u8> {
    let mut out = String::new();
    if audience == Audience::People {
        out.push('\u{FEFF}');
    }
    for (index, column) in sheet.columns.iter().enumerate() {
        separate(&mut out, index);
        write_text(&mut out, &column.heading, audience);
    }
    out.push_str("\r\n");
    for row in &sheet.rows {
        for (index, cell) in row.iter().enumerate() {
            separate(&mut out, index);
            match cell {
                Cell::Blank => {}
                Cell::Text(text) => write_text(&mut out, text, audience),
                Cell::Day(day) if audience == Audience::People => out.push_str(&day.slashed()),
                Cell::Day(day) => out.push_str(&day.to_string()),
                Cell::Number { value, places } => out.push_str(&decimal(*value, *places)),
                Cell::YesNo(yes) => out.push_str(if *yes { "Yes" } else { "No" }),
            }
        }
        // A row of one blank cell would be a blank line, which no reader takes for a row.
        if row.len() == 1 && row[0] == Cell::Blank {
            out.push_str("\"\"");
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn write_text(out: &mut String, text: &str, audience: Audience) {
    let guarded = audience == Audience::People && needs_guard(text);
    let quoted = text.contains(['"', ',', '\r', '\n', ';', '\t', '|'])
        || text.starts_with(' ')
        || text.ends_with(' ');
    if quoted {
        out.push('"');
    }
    if guarded {
        out.push('\'');
    }
    if quoted {
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

/// Text that a spreadsheet would take for a formula; a lone `-` is left alone (I-037).
///
/// Text that already has such a guard gets another, so that reading, which removes one, gives the text back.
fn needs_guard(text: &str) -> bool {
    text != "-"
        && (text.starts_with(['\t', '\r'])
            || text
                .trim_start_matches('\'')
                .starts_with(['=', '+', '-', '@']))
}

fn decimal(value: i64, places: u8) -> String {
    if places == 0 {
        return value.to_string();
    }
    let places = usize::from(places.min(18));
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{whole}.{part}")
}

/// A workbook that could not be written: a list of more rows or columns than a workbook holds.
#[derive(Debug, thiserror::Error)]
#[error("the list “{title}” could not be written as a workbook")]
pub struct WriteWorkbookError {
    title: String,
    #[source]
    source: XlsxError,
}

/// Writes a list as a workbook: real dates and numbers, text as text, headings frozen and filtered, a second sheet “About”.
///
/// `made_on` is the only date in the file's properties, so that the same list gives the same bytes.
/// Errors: more than 1,048,575 rows or 16,384 columns, or a cell of more than 32,767 characters.
pub fn xlsx(sheet: &Sheet, made_on: Day) -> Result<Vec<u8>, WriteWorkbookError> {
    write_workbook(sheet, made_on).map_err(|source| WriteWorkbookError {
        title: sheet.title.clone(),
        source,
    })
}

fn write_workbook(sheet: &Sheet, made_on: Day) -> Result<Vec<u8>, XlsxError> {
    let heading_format = Format::new().set_bold();
    let day_format = Format::new().set_num_format("dd/mm/yyyy");
    let text_format = Format::new().set_num_format("@");
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new()
            .set_title(&sheet.title)
            .set_creation_datetime(&excel_day(made_on)?),
    );
    let list = workbook.add_worksheet();
    list.set_name(sheet_name(&sheet.title))?;
    for (index, column) in sheet.columns.iter().enumerate() {
        let at = column_number(index);
        list.write_string_with_format(0, at, &column.heading, &heading_format)?;
        list.set_column_width(at, f64::from(width(sheet, index)))?;
    }
    for (index, row) in sheet.rows.iter().enumerate() {
        let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
        for (column, cell) in row.iter().enumerate() {
            let at = column_number(column);
            match cell {
                Cell::Blank => continue,
                Cell::Text(text) => list.write_string_with_format(line, at, text, &text_format)?,
                Cell::Day(day) => {
                    list.write_datetime_with_format(line, at, excel_day(*day)?, &day_format)?
                }
                Cell::Number { value, places } => {
                    let number = *value as f64 / 10f64.powi(i32::from(*places));
                    list.write_number_with_format(line, at, number, &number_format(*places))?
                }
                Cell::YesNo(yes) => list.write_string(line, at, if *yes { "Yes" } else { "No" })?,
            };
        }
    }
    list.set_freeze_panes(1, 0)?;
    if let Some(last) = sheet.columns.len().checked_sub(1) {
        let rows = u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX);
        list.autofilter(0, 0, rows, column_number(last))?;
    }
    let about = workbook.add_worksheet();
    about.set_name("About")?;
    about.set_column_width(0, 24)?;
    about.set_column_width(1, 80)?;
    about.write_string_with_format(0, 0, &sheet.title, &heading_format)?;
    for (index, (what, says)) in sheet.about.iter().enumerate() {
        let line = u32::try_from(index + 2).unwrap_or(u32::MAX);
        about.write_string(line, 0, what)?;
        about.write_string(line, 1, says)?;
    }
    workbook.save_to_buffer()
}

fn column_number(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// Spreadsheets know days since 1900; earlier ones are written as 1 January 1900.
fn excel_day(day: Day) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(day.year()).unwrap_or(1900).max(1900);
    ExcelDateTime::from_ymd(year, day.month() as u8, day.day_of_month() as u8)
}

fn number_format(places: u8) -> Format {
    let pattern = if places == 0 {
        "0".to_owned()
    } else {
        format!("0.{}", "0".repeat(usize::from(places)))
    };
    Format::new().set_num_format(pattern)
}

/// Sheet names have at most 31 characters and none of `[]:*?/\`.
fn sheet_name(title: &str) -> String {
    let name: String = title
        .chars()
        .filter(|c| !"[]:*?/\\'".contains(*c))
        .take(31)
        .collect();
    if name.is_empty() || name == "About" {
        "List".to_owned()
    } else {
        name
    }
}

fn width(sheet: &Sheet, column: usize) -> u16 {
    let given = sheet.columns[column].width;
    if given > 0 {
        return given;
    }
    let shown = |cell: &Cell| match cell {
        Cell::Text(text) => text.chars().take(60).count(),
        Cell::Day(_) => 10,
        Cell::Number { value, places } => decimal(*value, *places).len(),
        Cell::Blank | Cell::YesNo(_) => 3,
    };
    let heading = sheet.columns[column].heading.chars().count();
    let widest = sheet
        .rows
        .iter()
        .take(500)
        .filter_map(|row| row.get(column))
        .map(shown)
        .max()
        .unwrap_or(0);
    u16::try_from(widest.max(heading).clamp(4, 60) + 2).unwrap_or(62)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(cells: Vec<Cell>) -> Sheet {
        let mut sheet = Sheet::new("Pupils");
        for index in 0..cells.len() {
            sheet.text_column(&format!("Column {index}"));
        }
        sheet.rows.push(cells);
        sheet
    }

    fn second_line(sheet: &Sheet, audience: Audience) -> String {
        let text = String::from_utf8(csv(sheet, audience)).expect("UTF-8");
        text.lines().nth(1).expect("a row").to_owned()
    }

    #[test]
    fn text_that_would_be_a_formula_is_guarded_for_people_only() {
        let cells = ["=1+1", "-", "-5", "'=x", "@me", "O'Brien"]
            .map(Cell::text)
            .to_vec();
        assert_eq!(
            second_line(&sheet(cells.clone()), Audience::People),
            "'=1+1,-,'-5,''=x,'@me,O'Brien"
        );
        assert_eq!(
            second_line(&sheet(cells), Audience::Systems),
            "=1+1,-,-5,'=x,@me,O'Brien"
        );
    }

    #[test]
    fn numbers_and_days_are_written_for_their_reader() {
        let day = Day::new(2026, 11, 2).expect("a real day");
        let cells = vec![
            Cell::Day(day),
            Cell::Number {
                value: -914,
                places: 1,
            },
            Cell::Number {
                value: 5,
                places: 2,
            },
        ];
        assert_eq!(
            second_line(&sheet(cells.clone()), Audience::People),
            "02/11/2026,-91.4,0.05"
        );
        assert_eq!(
            second_line(&sheet(cells), Audience::Systems),
            "2026-11-02,-91.4,0.05"
        );
    }

    #[test]
    fn the_same_list_gives_the_same_workbook() {
        let day = Day::new(2026, 11, 2).expect("a real day");
        let sheet = sheet(vec![Cell::text("004100"), Cell::Day(day)]);
        let first = xlsx(&sheet, day).expect("written");
        assert_eq!(first, xlsx(&sheet, day).expect("written"));
        assert!(first.starts_with(b"PK"));
    }
}
