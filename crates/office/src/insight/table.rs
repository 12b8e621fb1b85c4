//! One table for screen, CSV and workbook: they cannot differ, since there is only one.

use std::cmp::Ordering;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::response::Response;
use calendar::Day;
use exchange::{self as sheet, Sheet};

use super::form::Form;
use crate::shell::{Column, Columns, Direction, Export, Under};
use crate::take_away::{self, FileKind};

/// Rows on one page of a list.
const ROWS_A_PAGE: usize = 100;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Blank,
    /// Words.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A percentage as it is shown, without its sign: `91.4`, or `90.04`.
    Percent(String),
    /// A day.
    Day(Day),
    /// A number of pupils too small to tell (B-520).
    TooFew,
    /// A share that would tell a number too small (B-520).
    Withheld,
}

impl Value {
    /// A percentage, or nothing where there was nothing to count.
    pub fn percent(shown: Option<String>) -> Value {
        shown.map_or(Value::Blank, Value::Percent)
    }

    /// As the screen has it.
    pub fn text(&self) -> String {
        match self {
            Value::Blank => "–".to_owned(),
            Value::Text(text) | Value::Percent(text) => text.clone(),
            Value::Whole(number) => grouped(*number),
            Value::Day(day) => day.short(),
            Value::TooFew => "<5".to_owned(),
            Value::Withheld => "withheld".to_owned(),
        }
    }

    fn cell(&self) -> sheet::Cell {
        match self {
            Value::Blank => sheet::Cell::Blank,
            Value::Text(text) => sheet::Cell::text(text),
            Value::Whole(number) => sheet::Cell::whole(*number),
            Value::Percent(shown) => percent_cell(shown),
            Value::Day(day) => sheet::Cell::Day(*day),
            Value::TooFew | Value::Withheld => sheet::Cell::Text(self.text()),
        }
    }

    /// In hundredths, so that one and two decimal places compare.
    fn hundredths(shown: &str) -> i64 {
        let (whole, part) = shown.split_once('.').unwrap_or((shown, ""));
        format!("{whole}{part:0<2}").parse().unwrap_or(0)
    }

    fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Text(one), Value::Text(two)) => {
                crate::book::fold(one).cmp(&crate::book::fold(two))
            }
            (Value::Whole(one), Value::Whole(two)) => one.cmp(two),
            (Value::Percent(one), Value::Percent(two)) => {
                Value::hundredths(one).cmp(&Value::hundredths(two))
            }
            (Value::Day(one), Value::Day(two)) => one.cmp(two),
            (one, two) => one.rank().cmp(&two.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Blank => 0,
            Value::Withheld => 1,
            Value::TooFew => 2,
            _ => 3,
        }
    }
}

/// A whole number as people write it: `142,855`.
pub fn grouped(number: impl Into<i64>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The very digits that the screen shows, as a number.
fn percent_cell(shown: &str) -> sheet::Cell {
    let (whole, part) = shown.split_once('.').unwrap_or((shown, ""));
    match (format!("{whole}{part}").parse(), u8::try_from(part.len())) {
        (Ok(value), Ok(places)) => sheet::Cell::Number { value, places },
        _ => sheet::Cell::text(shown),
    }
}

/// A cell and what it opens.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What stands in it.
    pub value: Value,
    /// What it opens, if anything.
    pub href: Option<String>,
    /// Whether that opens beside the list.
    pub drawer: bool,
    /// Whether it needs a person now.
    pub loud: bool,
}

impl Cell {
    /// A cell that opens nothing.
    pub fn of(value: Value) -> Cell {
        Cell {
            value,
            href: None,
            drawer: false,
            loud: false,
        }
    }

    /// Words.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::of(Value::Text(text.into()))
    }

    /// Words, or nothing.
    pub fn text_or_blank(text: Option<&str>) -> Cell {
        Cell::of(text.map_or(Value::Blank, |text| Value::Text(text.to_owned())))
    }

    /// A number.
    pub fn whole(number: u32) -> Cell {
        Cell::of(Value::Whole(number.into()))
    }

    /// That opens a page.
    pub fn to(self, href: impl Into<String>) -> Cell {
        Cell {
            href: Some(href.into()),
            ..self
        }
    }

    /// That opens why it is so.
    pub fn why(self, href: impl Into<String>) -> Cell {
        // Nought needs no page to explain it.
        if matches!(self.value, Value::Whole(0) | Value::Blank) {
            return self;
        }
        Cell {
            drawer: true,
            ..self.to(href)
        }
    }

    fn numeric(&self) -> bool {
        matches!(
            self.value,
            Value::Whole(_) | Value::Percent(_) | Value::TooFew | Value::Withheld
        )
    }
}

/// The heading of a column.
#[derive(Clone, Debug)]
pub struct Heading {
    /// Its word in addresses.
    pub key: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Its unit, or nothing.
    pub unit: &'static str,
    /// Whether it holds numbers.
    pub numeric: bool,
}

impl Heading {
    /// A column of words.
    pub const fn words(key: &'static str, label: &'static str) -> Heading {
        Heading {
            key,
            label,
            unit: "",
            numeric: false,
        }
    }

    /// A column of numbers.
    pub const fn number(key: &'static str, label: &'static str, unit: &'static str) -> Heading {
        Heading {
            key,
            label,
            unit,
            numeric: true,
        }
    }
}

/// Rows under headings.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it is, for readers who do not see it and as the name of a sheet.
    pub title: String,
    /// From left to right.
    pub headings: Vec<Heading>,
    /// From top to bottom; each has a cell for each heading, the first says whose row it is.
    pub rows: Vec<Vec<Cell>>,
    /// What a file says about itself: period, profile, filter, moment (R-236, I-111).
    pub about: Vec<(String, String)>,
}

impl Table {
    /// Sorts by the column of this key (`-` before it: largest first), else by the one that is usual. Equal rows keep their order.
    pub fn sort(&mut self, asked: &str, usual: &str) {
        let sort = if self.column(asked).is_some() {
            asked
        } else {
            usual
        };
        let Some(column) = self.column(sort) else {
            return;
        };
        let largest_first = sort.starts_with('-');
        self.rows.sort_by(|one, two| {
            let order = one[column].value.order(&two[column].value);
            if largest_first {
                order.reverse()
            } else {
                order
            }
        });
    }

    fn column(&self, sort: &str) -> Option<usize> {
        let key = sort.strip_prefix('-').unwrap_or(sort);
        self.headings.iter().position(|heading| heading.key == key)
    }

    /// The part of it that one page shows, with links to sort by and to the other pages. `unit` is what a row is: `pupils`.
    pub fn view(&self, path: &str, form: &Form, sort: &str, unit: &str) -> TableView {
        let columns = self
            .headings
            .iter()
            .map(|heading| {
                let column = if heading.numeric {
                    Column::number(heading.label, heading.unit)
                } else {
                    Column::text(heading.label)
                };
                column.sorted_by(
                    form.link(path, &[("sort", &next_sort(heading, sort))]),
                    direction(heading, sort),
                )
            })
            .collect();
        let all = form.print == "yes" || self.rows.len() <= ROWS_A_PAGE;
        let pages = self.rows.len().div_ceil(ROWS_A_PAGE).max(1);
        let page = form.page().min(pages);
        let (first, last) = if all {
            (0, self.rows.len())
        } else {
            let first = (page - 1) * ROWS_A_PAGE;
            (first, (first + ROWS_A_PAGE).min(self.rows.len()))
        };
        let to_page = |number: usize| {
            let wanted = !all && number >= 1 && number <= pages;
            wanted.then(|| form.link(path, &[("page", &number.to_string())]).into())
        };
        let shown = if all {
            format!("{} {unit}", self.rows.len())
        } else {
            format!("{} to {last} of {} {unit}", first + 1, self.rows.len())
        };
        TableView {
            title: self.title.clone(),
            columns: Columns { columns },
            groups: vec![(None, self.rows[first..last].to_vec())],
            under: Under {
                shown: shown.into(),
                previous: to_page(page - 1),
                next: to_page(page + 1),
                exports: Export::usual(&form.link(path, &[])),
            },
        }
    }

    /// The whole of it as it stands, without links to sort by.
    pub fn plain(&self) -> TableView {
        let columns = self
            .headings
            .iter()
            .map(|heading| {
                if heading.numeric {
                    Column::number(heading.label, heading.unit)
                } else {
                    Column::text(heading.label)
                }
            })
            .collect();
        TableView {
            title: self.title.clone(),
            columns: Columns { columns },
            groups: vec![(None, self.rows.clone())],
            under: Under::default(),
        }
    }

    /// All its rows as a sheet.
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new(&self.title);
        for heading in &self.headings {
            let unit = if heading.unit.is_empty() {
                String::new()
            } else {
                format!(" ({})", heading.unit)
            };
            sheet.text_column(&format!("{}{unit}", heading.label));
        }
        sheet.rows = self
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.value.cell()).collect())
            .collect();
        sheet.about = self.about.clone();
        sheet
    }

    /// All its rows as the file that was asked for; none when a page was asked for.
    ///
    /// The file's name holds the school, the kind of list and the day, and never a pupil's name (I-038).
    pub fn file(&self, form: &Form, school: &str, kind: &str, today: Day) -> Option<Response> {
        let kind_of_file = FileKind::of(&form.format)?;
        // The heading on the screen may name a pupil; the file's name must not.
        let sheet = Sheet {
            title: kind.to_owned(),
            ..self.sheet()
        };
        Some(take_away::file(&sheet, kind_of_file, school, today))
    }
}

fn direction(heading: &Heading, sort: &str) -> Option<Direction> {
    match sort.strip_prefix('-') {
        Some(key) => (key == heading.key).then_some(Direction::Down),
        None => (sort == heading.key).then_some(Direction::Up),
    }
}

/// The other way round if it is sorted by this column now; else numbers largest first, words from A.
fn next_sort(heading: &Heading, sort: &str) -> String {
    let down = match direction(heading, sort) {
        Some(now) => now == Direction::Up,
        None => heading.numeric,
    };
    format!("{}{}", if down { "-" } else { "" }, heading.key)
}

/// A table on a page.
#[derive(Template, Clone, Debug)]
#[template(path = "insight/table.html")]
pub struct TableView {
    title: String,
    columns: Columns,
    /// Rows with the heading that stands above them, if any.
    groups: Vec<(Option<String>, Vec<Vec<Cell>>)>,
    under: Under,
}

impl TableView {
    /// These tables of equal columns as one, each under its own title, so that their numbers stand below each other.
    pub fn together(title: &str, tables: &[Table], path: &str, form: &Form) -> Option<TableView> {
        let view = tables
            .first()?
            .view(path, form, &form.sort, "")
            .without_exports();
        let groups = tables
            .iter()
            .map(|table| (Some(table.title.clone()), table.rows.clone()));
        Some(TableView {
            title: title.to_owned(),
            groups: groups.collect(),
            ..view
        })
    }

    /// The same without ways to take it away, on a page that offers them once for all its tables.
    pub fn without_exports(mut self) -> TableView {
        self.under.exports.clear();
        if self.under.next.is_none() && self.under.previous.is_none() {
            self.under.shown = "".into();
        }
        self
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.groups.iter().all(|(_, rows)| rows.is_empty())
    }
}

impl HtmlSafe for TableView {}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(percents: &[&str]) -> Table {
        Table {
            title: "Sample".into(),
            headings: vec![
                Heading::words("name", "Name"),
                Heading::number("attendance", "Attendance", "%"),
            ],
            rows: percents
                .iter()
                .map(|percent| {
                    vec![
                        Cell::text(format!("Row {percent}")),
                        Cell::of(Value::Percent((*percent).to_owned())),
                    ]
                })
                .collect(),
            about: vec![],
        }
    }

    #[test]
    fn two_decimal_places_sort_among_one() {
        let mut table = table(&["90.1", "90.04", "100.0", "9.0", "90.0"]);
        table.sort("attendance", "name");
        let order: Vec<String> = table.rows.iter().map(|row| row[1].value.text()).collect();
        assert_eq!(order, ["9.0", "90.0", "90.04", "90.1", "100.0"]);
    }

    #[test]
    fn an_unknown_column_sorts_as_usual() {
        let mut table = table(&["1.0", "3.0", "2.0"]);
        table.sort("-nothing", "-attendance");
        assert_eq!(table.rows[0][1].value.text(), "3.0");
    }

    #[test]
    fn the_file_has_the_digits_of_the_screen() {
        let csv = sheet::csv(
            &table(&["90.04", "90.0"]).sheet(),
            exchange::Audience::Systems,
        );
        assert_eq!(
            String::from_utf8(csv).expect("text"),
            "Name,Attendance (%)\r\nRow 90.04,90.04\r\nRow 90.0,90.0\r\n"
        );
    }

    #[test]
    fn a_long_list_comes_in_pages_of_a_hundred_and_prints_whole() {
        let many: Vec<String> = (0..250).map(|n| format!("{}.0", n % 100)).collect();
        let table = table(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let form = Form {
            page: "3".into(),
            ..Form::default()
        };
        let view = table.view("/lists/x", &form, "name", "pupils");
        assert_eq!(view.groups[0].1.len(), 50);
        assert_eq!(view.under.shown, "201 to 250 of 250 pupils");
        assert!(view.under.next.is_none() && view.under.previous.is_some());
        let print = Form {
            print: "yes".into(),
            ..Form::default()
        };
        assert_eq!(
            table.view("/lists/x", &print, "name", "pupils").groups[0]
                .1
                .len(),
            250
        );
    }

    #[test]
    fn thousands_are_set_apart() {
        let written = [0, 999, 1_000, 142_855, -1_234_567].map(|number: i64| grouped(number));
        assert_eq!(written, ["0", "999", "1,000", "142,855", "-1,234,567"]);
    }
}
