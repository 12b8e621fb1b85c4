//! What a person is asked about a table before it can be read: its sheets, its first lines, what its columns seem to hold.

use std::borrow::Cow;

use crate::delimited::{self, Delimited};
use crate::headings::{self, Field, HeadingFate};
use crate::marks;
use crate::reading::{InputFile, Kind, Options, is_heading, purpose, shape};
use crate::refused::RefusedFile;
use crate::table::{self, Rows};
use crate::text::{self, Encoding};
use crate::workbook;

/// Lines that are shown to find the headings among.
const LINES: usize = 20;

/// Values shown of a column.
const SAMPLES: usize = 3;

/// Rows that are looked at for values.
const LOOKED_AT: usize = 200;

/// A table as it stands, without having been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Two lines in each encoding that could be meant; none while there is no doubt (I-017).
    pub encodings: Vec<(Encoding, Vec<(u32, String)>)>,
    /// The sheets of a workbook that hold something; none for text.
    pub sheets: Vec<String>,
    /// The sheet that the rest is about.
    pub sheet: Option<String>,
    /// The first lines with their cells.
    pub lines: Vec<(u32, Vec<String>)>,
    /// The line of headings: as chosen, found, or the first with two cells.
    pub heading_line: Option<u32>,
    /// The columns below it.
    pub columns: Vec<OutlineColumn>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutlineColumn {
    /// Its heading.
    pub heading: String,
    /// Up to three different values; none of a column that may not be read (I-023).
    pub samples: Vec<String>,
    /// What it is read as, chosen or known by its heading.
    pub field: Option<Field>,
    /// A day and session of a table of marks.
    pub is_mark: bool,
    /// Named like a password or a number that may not be kept.
    pub is_forbidden: bool,
}

/// The outline of a text table or a workbook; `kind` says for what kind of list headings are understood.
///
/// Errors: [`RefusedFile`] for what is neither, cannot be decoded, or holds no row of two cells.
pub fn outline(
    file: &InputFile<'_>,
    kind: Kind,
    options: &Options<'_>,
) -> Result<Outline, RefusedFile> {
    match shape(file)? {
        crate::reading::Shape::Workbook => {
            let sheets = workbook::sheets(file.name, file.bytes)?;
            let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
            let chosen = options.sheet.as_ref();
            let known = |sheet: &&workbook::SheetText| match chosen {
                Some(wanted) => sheet.name == *wanted,
                None => matches!(
                    table::find_head(file.name, Rows::Sheet(sheet.rows()), options, is_heading),
                    Ok(Some(_))
                ),
            };
            let sheet = sheets.iter().find(known).or(sheets.first());
            let Some(sheet) = sheet else {
                return Err(RefusedFile::Empty {
                    file: file.name.to_owned(),
                });
            };
            let outline = of_rows(file.name, Rows::Sheet(sheet.rows()), kind, options)?;
            Ok(Outline {
                sheets: names,
                sheet: Some(sheet.name.clone()),
                ..outline
            })
        }
        crate::reading::Shape::Text => {
            let encodings = text::doubtful_lines(file.bytes);
            let decoded = match text::decode(file.name, file.bytes, options.encoding) {
                Err(_) if !encodings.is_empty() => {
                    text::decode(file.name, file.bytes, Some(Encoding::LineByLine))?
                }
                decoded => decoded?,
            };
            let delimiter = delimited::find_delimiter(&decoded.text);
            let rows = Rows::Delimited(Delimited::new(&decoded.text, delimiter));
            let outline = of_rows(file.name, rows, kind, options)?;
            Ok(Outline {
                encodings,
                ..outline
            })
        }
        _ => Err(RefusedFile::WrongKind {
            file: file.name.to_owned(),
            found: "it is no table".to_owned(),
            expected: "Give a list as CSV or XLSX.".to_owned(),
        }),
    }
}

fn of_rows(
    file: &str,
    rows: Rows<'_>,
    kind: Kind,
    options: &Options<'_>,
) -> Result<Outline, RefusedFile> {
    let shown = |cells: &[Cow<'_, str>]| -> Vec<String> {
        let cells = cells.iter().map(|cell| text::trim(cell));
        cells.map(|cell| cell.chars().take(60).collect()).collect()
    };
    let mut first = rows.clone();
    let mut cells = Vec::new();
    let mut lines = Vec::new();
    while lines.len() < LINES
        && let Some((line, _)) = first.next(&mut cells)
    {
        lines.push((line, shown(&cells)));
    }
    let filled = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count();
    let found = table::find_head(file, rows.clone(), options, is_heading)?;
    let head = match found {
        Some(head) => Some(head),
        None => {
            let line = lines.iter().find(|(_, cells)| filled(cells) >= 2);
            let options = Options {
                heading_line: line.map(|(line, _)| *line),
                ..options.clone()
            };
            match line {
                Some(_) => table::find_head(file, rows, &options, is_heading)?,
                None => None,
            }
        }
    };
    let Some(mut head) = head else {
        return Err(RefusedFile::WrongKind {
            file: file.to_owned(),
            found: "none of its first 20 lines has two cells".to_owned(),
            expected: "Give a list as CSV or XLSX.".to_owned(),
        });
    };
    let heading_line = lines
        .iter()
        .find(|(_, cells)| *cells == shown_texts(&head.headings))
        .map(|(line, _)| *line);
    let mut columns: Vec<OutlineColumn> = head
        .headings
        .iter()
        .map(|heading| {
            let is_mark = marks::is_mark_heading(heading);
            let fate = table::fate(heading, &head.headings, purpose(kind), options);
            OutlineColumn {
                heading: heading.clone(),
                samples: Vec::new(),
                field: match fate {
                    HeadingFate::Mapped(field) if !is_mark => Some(field),
                    _ => None,
                },
                is_mark,
                is_forbidden: headings::is_forbidden(heading),
            }
        })
        .collect();
    for _ in 0..LOOKED_AT {
        if head.rows.next(&mut cells).is_none() {
            break;
        }
        for (column, cell) in columns.iter_mut().zip(shown(&cells)) {
            let wanted = !column.is_forbidden && column.samples.len() < SAMPLES;
            if wanted && !cell.is_empty() && !column.samples.contains(&cell) {
                column.samples.push(cell);
            }
        }
    }
    Ok(Outline {
        lines,
        heading_line,
        columns,
        ..Outline::default()
    })
}

fn shown_texts(texts: &[String]) -> Vec<String> {
    let cut = |text: &String| text.chars().take(60).collect();
    texts.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Day;

    fn outlined(bytes: &[u8]) -> Outline {
        let file = InputFile {
            name: "list.csv",
            bytes,
        };
        let today = Day::new(2026, 11, 24).expect("a day");
        outline(&file, Kind::Pupils, &Options::on(today)).expect("a table")
    }

    #[test]
    fn a_table_of_unknown_headings_is_shown_with_values_to_know_its_columns_by() {
        let outline =
            outlined(b"Nachname,Vorname,Password\nMuster,Ada,secret\nBeispiel,Ben,secret2\n");
        assert_eq!(outline.heading_line, Some(1));
        let headings: Vec<&str> = outline
            .columns
            .iter()
            .map(|one| one.heading.as_str())
            .collect();
        assert_eq!(headings, ["Nachname", "Vorname", "Password"]);
        assert_eq!(outline.columns[0].samples, ["Muster", "Beispiel"]);
        assert!(outline.columns[2].is_forbidden && outline.columns[2].samples.is_empty());
    }

    #[test]
    fn a_title_above_the_headings_is_a_line_to_choose_from() {
        let outline =
            outlined(b"Pupils on roll,,\n\nUPN,Surname,Forename\nE823499826001,Sample,Ada\n");
        assert_eq!(outline.heading_line, Some(3));
        assert_eq!(
            outline.columns[1].field,
            Some(Field::Pupil(headings::PupilField::Surname))
        );
        assert_eq!(outline.encodings, Vec::new());
    }

    #[test]
    fn bytes_of_two_encodings_are_shown_in_each_that_could_be_meant() {
        let outline = outlined(b"UPN,Surname\nE823499826001,Zo\xc3\xab\nU823499826002,Ren\xe9\n");
        let names: Vec<Encoding> = outline
            .encodings
            .iter()
            .map(|(encoding, _)| *encoding)
            .collect();
        assert_eq!(names, [Encoding::Windows1252, Encoding::LineByLine]);
        let (_, lines) = &outline.encodings[1];
        assert!(
            lines[0].1.ends_with("Zo\u{eb}") && lines[1].1.ends_with("Ren\u{e9}"),
            "{lines:?}"
        );
    }
}
