//! One table for screen, CSV and workbook: they cannot differ, since there is only one.

use std::cmp::Reverse;
use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use calendar::Day;
use exchange::{self as sheet, Sheet};

use super::filter::natural;
use super::form::Form;
use crate::ids::PupilId;
use crate::shell::{Column, Columns, Direction, Exports, Under};
use crate::take_away::Leaving;

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

    fn cell(&self) -> sheet::Cell {
        match self {
            Value::Blank => sheet::Cell::Blank,
            Value::Text(text) => sheet::Cell::text(text),
            Value::Whole(number) => sheet::Cell::whole(*number),
            Value::Percent(shown) => percent_cell(shown),
            Value::Day(day) => sheet::Cell::Day(*day),
            Value::TooFew | Value::Withheld => sheet::Cell::Text(self.to_string()),
        }
    }

    /// In hundredths, so that one and two decimal places compare.
    fn hundredths(shown: &str) -> i64 {
        let (whole, part) = shown.split_once('.').unwrap_or((shown, ""));
        format!("{whole}{part:0<2}").parse().unwrap_or(0)
    }

    /// What it puts its row in order by.
    pub fn order(&self) -> Order {
        match self {
            Value::Blank => Order::Nothing(0),
            Value::Withheld => Order::Nothing(1),
            Value::TooFew => Order::Nothing(2),
            Value::Text(text) => Order::words(text),
            Value::Whole(number) => Order::Number(*number),
            Value::Percent(shown) => Order::Number(Value::hundredths(shown)),
            Value::Day(day) => Order::Number(day.epoch_days().into()),
        }
    }
}

/// As the screen has it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Blank => f.write_str("–"),
            Value::Text(text) | Value::Percent(text) => f.write_str(text),
            Value::Whole(number @ 0..=999) => write!(f, "{number}"),
            Value::Whole(number) => f.write_str(&grouped(*number)),
            Value::Day(day) => f.write_str(&day.short()),
            Value::TooFew => f.write_str("<5"),
            Value::Withheld => f.write_str("withheld"),
        }
    }
}

/// What a row is put in order by: what is not told first, then from the smallest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Nothing to go by.
    Nothing(u8),
    /// A number, of whatever is counted in the column.
    Number(i64),
    /// Words, with runs of digits by their value.
    Words(Vec<(u64, String)>),
}

impl Order {
    /// By words, whatever their accents and capitals: `Year 9` before `Year 10`.
    pub fn words(text: &str) -> Order {
        Order::Words(natural(&crate::book::fold(text)))
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
    /// The pupil whom it names.
    pub pupil: Option<PupilId>,
    /// A box to tick before it, of the form `ticked` of the page.
    pub tick: Option<Tick>,
}

/// A box before the first cell of a row.
#[derive(Clone, Debug)]
pub struct Tick {
    /// The name that is sent.
    pub name: &'static str,
    /// What is sent under it.
    pub value: String,
    /// Whether it is ticked to begin with.
    pub on: bool,
}

impl Cell {
    /// A cell that opens nothing.
    pub fn of(value: Value) -> Cell {
        Cell {
            value,
            href: None,
            drawer: false,
            loud: false,
            pupil: None,
            tick: None,
        }
    }

    /// With a box before it.
    pub fn ticked(self, name: &'static str, value: impl Into<String>, on: bool) -> Cell {
        let value = value.into();
        Cell {
            tick: Some(Tick { name, value, on }),
            ..self
        }
    }

    /// Naming this pupil.
    pub fn naming(self, pupil: PupilId) -> Cell {
        Cell {
            pupil: Some(pupil),
            ..self
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

/// `1,340 pupils`, `1 pupil`, `1 entry`: so many of what is named in the plural.
pub(crate) fn counted(number: usize, unit: &str) -> String {
    match (number, unit.strip_suffix("ies"), unit.strip_suffix('s')) {
        (1, Some(stem), _) => format!("1 {stem}y"),
        (1, None, Some(one)) => format!("1 {one}"),
        _ => format!("{} {unit}", grouped(number as i64)),
    }
}

/// Rows under headings. Of a long list on the screen only the rows of one page are made.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it is, for readers who do not see it and as the name of a sheet.
    pub title: String,
    /// From left to right.
    pub headings: Vec<Heading>,
    /// From top to bottom; each has a cell for each heading, the first says whose row it is.
    pub rows: Vec<Vec<Cell>>,
    /// Where the first of these rows stands among all.
    pub first: usize,
    /// How many rows the table has, made or not.
    pub all: usize,
    /// What a file says about itself: period, profile, filter, moment (R-236, I-111).
    pub about: Vec<(String, String)>,
}

impl Table {
    /// A table with all its rows.
    pub fn whole(title: &str, headings: Vec<Heading>, rows: Vec<Vec<Cell>>) -> Table {
        Table {
            title: title.to_owned(),
            headings,
            first: 0,
            all: rows.len(),
            rows,
            about: vec![],
        }
    }

    /// A table with the rows that are asked for: of a page on the screen its own, of print and of a file all.
    ///
    /// They are sorted as asked or, where no such column is, as usual. `order` says what an item's row is put in order by
    /// in the column of a key, `row` makes it. Items that are equal in it keep their order.
    pub fn asked<T>(
        form: &Form,
        usual: &str,
        headings: Vec<Heading>,
        mut items: Vec<T>,
        order: impl Fn(&T, &str) -> Order,
        row: impl Fn(&T) -> Vec<Cell>,
    ) -> Table {
        if let Some((column, largest_first)) = sorted_by(&headings, &form.sort, usual) {
            let key = headings[column].key;
            if largest_first {
                items.sort_by_cached_key(|item| Reverse(order(item, key)));
            } else {
                items.sort_by_cached_key(|item| order(item, key));
            }
        }
        let (first, last) = on_the_page(form, items.len());
        Table {
            title: String::new(),
            headings,
            first,
            all: items.len(),
            rows: items[first..last].iter().map(row).collect(),
            about: vec![],
        }
    }

    /// Sorts by the column of this key (`-` before it: largest first), else by the one that is usual. Equal rows keep their order.
    pub fn sort(&mut self, asked: &str, usual: &str) {
        let Some((column, largest_first)) = sorted_by(&self.headings, asked, usual) else {
            return;
        };
        if largest_first {
            let rows = &mut self.rows;
            rows.sort_by_cached_key(|row| Reverse(row[column].value.order()));
        } else {
            self.rows
                .sort_by_cached_key(|row| row[column].value.order());
        }
    }

    /// The part of it that one page shows, with links to sort by and to the other pages. `unit` is what a row is: `pupils`.
    pub fn view(mut self, path: &str, form: &Form, sort: &str, unit: &str) -> TableView {
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
        let (first, last) = on_the_page(form, self.all);
        if self.rows.len() == self.all {
            self.rows.truncate(last);
            self.rows.drain(..first);
        }
        let whole = last - first == self.all;
        let page = first / ROWS_A_PAGE + 1;
        let to_page = |number: usize| {
            let wanted = !whole && number >= 1 && (number - 1) * ROWS_A_PAGE < self.all;
            wanted.then(|| form.link(path, &[("page", &number.to_string())]).into())
        };
        let shown = if whole {
            counted(self.all, unit)
        } else {
            format!("{} to {last} of {} {unit}", first + 1, self.all)
        };
        TableView {
            title: self.title,
            columns: Columns { columns },
            groups: vec![(None, self.rows)],
            under: Under {
                shown: shown.into(),
                previous: to_page(page - 1),
                next: to_page(page + 1),
                exports: Exports::usual(&form.link(path, &[])),
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

    /// With a box before each row that names a pupil, for what is done to those who are ticked.
    pub fn ticking_pupils(mut self) -> Table {
        for cell in self.rows.iter_mut().filter_map(|row| row.first_mut()) {
            if let Some(pupil) = cell.pupil {
                *cell = cell.clone().ticked("pupil", pupil.to_string(), false);
            }
        }
        self
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

    /// All its rows on their way out as a file, with the pupils whom they name.
    ///
    /// The file's name holds the school, the kind of list and the day, and never a pupil's name (I-038).
    pub(crate) fn leaving(&self, kind: &str, today: Day) -> Leaving {
        // The heading on the screen may name a pupil; the file's name must not.
        let sheet = Sheet {
            title: kind.to_owned(),
            ..self.sheet()
        };
        let cells = self.rows.iter().flatten();
        Leaving::new(sheet, today).naming(cells.filter_map(|cell| cell.pupil))
    }
}

/// The column to sort by and whether from the largest; none where there is neither the asked one nor the usual one.
fn sorted_by(headings: &[Heading], asked: &str, usual: &str) -> Option<(usize, bool)> {
    let column = |sort: &str| {
        let key = sort.strip_prefix('-').unwrap_or(sort);
        let column = headings.iter().position(|heading| heading.key == key)?;
        Some((column, sort.starts_with('-')))
    };
    column(asked).or_else(|| column(usual))
}

/// The first of so many rows that is asked for, and the one after the last: a page of them, or all for print and files.
fn on_the_page(form: &Form, rows: usize) -> (usize, usize) {
    if form.print == "yes" || rows <= ROWS_A_PAGE {
        return (0, rows);
    }
    let page = form.page().min(rows.div_ceil(ROWS_A_PAGE));
    let first = (page - 1) * ROWS_A_PAGE;
    (first, (first + ROWS_A_PAGE).min(rows))
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
            .clone()
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
        self.under.exports = None;
        if self.under.next.is_none() && self.under.previous.is_none() {
            self.under.shown = "".into();
        }
        self
    }

    /// Whether rows can be ticked.
    pub fn has_ticks(&self) -> bool {
        let mut rows = self.groups.iter().flat_map(|(_, rows)| rows);
        rows.any(|row| row.first().is_some_and(|cell| cell.tick.is_some()))
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

    #[test]
    fn one_is_counted_in_the_singular() {
        assert_eq!(counted(1, "pupils"), "1 pupil");
        assert_eq!(counted(1, "entries"), "1 entry");
        assert_eq!(counted(2, "roll calls"), "2 roll calls");
        assert_eq!(counted(0, "marks"), "0 marks");
        assert_eq!(counted(1_340, "pupils"), "1,340 pupils");
    }

    fn table(percents: &[&str]) -> Table {
        let row = |percent: &&str| {
            vec![
                Cell::text(format!("Row {percent}")),
                Cell::of(Value::Percent((*percent).to_owned())),
            ]
        };
        let headings = vec![
            Heading::words("name", "Name"),
            Heading::number("attendance", "Attendance", "%"),
        ];
        Table::whole("Sample", headings, percents.iter().map(row).collect())
    }

    #[test]
    fn two_decimal_places_sort_among_one() {
        let mut table = table(&["90.1", "90.04", "100.0", "9.0", "90.0"]);
        table.sort("attendance", "name");
        let order: Vec<String> = table
            .rows
            .iter()
            .map(|row| row[1].value.to_string())
            .collect();
        assert_eq!(order, ["9.0", "90.0", "90.04", "90.1", "100.0"]);
    }

    #[test]
    fn an_unknown_column_sorts_as_usual() {
        let mut table = table(&["1.0", "3.0", "2.0"]);
        table.sort("-nothing", "-attendance");
        assert_eq!(table.rows[0][1].value.to_string(), "3.0");
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
        let view = table.clone().view("/lists/x", &form, "name", "pupils");
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
    fn of_a_long_list_only_the_rows_of_its_page_are_made_and_they_are_those_of_the_whole() {
        let numbers: Vec<i64> = (0..250).map(|number| number * 7 % 250).collect();
        let headings = || vec![Heading::number("number", "Number", "")];
        let made = std::cell::Cell::new(0);
        let asked = |form: &Form| {
            made.set(0);
            Table::asked(
                form,
                "-number",
                headings(),
                numbers.clone(),
                |number, _| Order::Number(*number),
                |number| {
                    made.set(made.get() + 1);
                    vec![Cell::of(Value::Whole(*number))]
                },
            )
        };
        let whole = asked(&Form {
            print: "yes".into(),
            ..Form::default()
        });
        assert_eq!((whole.rows.len(), made.get()), (250, 250));
        assert_eq!(whole.rows[0][0].value, Value::Whole(249));
        let mut told = Vec::new();
        for page in 1..=4 {
            let form = Form {
                page: page.to_string(),
                ..Form::default()
            };
            let table = asked(&form);
            assert!(made.get() <= 100 && table.all == 250);
            let first = table.first;
            let view = table.view("/lists/x", &form, "-number", "pupils");
            assert_eq!(view.groups[0].1.len(), made.get());
            assert_eq!(
                view.groups[0].1[0][0].value, whole.rows[first][0].value,
                "page {page}"
            );
            told.push(view.under.shown.to_string());
        }
        assert_eq!(
            told,
            [
                "1 to 100 of 250 pupils",
                "101 to 200 of 250 pupils",
                "201 to 250 of 250 pupils",
                "201 to 250 of 250 pupils"
            ]
        );
    }

    #[test]
    fn thousands_are_set_apart() {
        let written = [0, 999, 1_000, 142_855, -1_234_567].map(|number: i64| grouped(number));
        assert_eq!(written, ["0", "999", "1,000", "142,855", "-1,234,567"]);
    }
}
