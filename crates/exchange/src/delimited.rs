//! Records of a comma-separated file, with the accidents of real exports (I-019).

use std::borrow::Cow;

/// What keeps a row from being read cell by cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// Quotes that do not pair up, and how many lines went with the row before reading could go on.
    Quotes {
        passed: u32,
    },
    Nul,
    TooLong,
}

/// A cell of more characters than a spreadsheet holds is refused (I-030).
pub(crate) const CELL_CHARACTERS: usize = 32_767;

/// Reads records one after the other; cells are borrowed from the text wherever possible.
#[derive(Clone, Debug)]
pub(crate) struct Delimited<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    delimiter: u8,
    /// Number of cells of the headings, for finding the way after a stray quote.
    width: Option<usize>,
}

impl<'a> Delimited<'a> {
    pub(crate) fn new(text: &'a str, delimiter: u8) -> Delimited<'a> {
        Delimited {
            text,
            at: 0,
            line: 1,
            delimiter,
            width: None,
        }
    }

    /// Fixes the number of cells by which reading resumes after a stray quote.
    pub(crate) fn expect_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Reads the next record into `cells` and returns its line and what is wrong with it; `None` at the end.
    pub(crate) fn next(
        &mut self,
        cells: &mut Vec<Cow<'a, str>>,
    ) -> Option<(u32, Option<RowFault>)> {
        cells.clear();
        let bytes = self.text.as_bytes();
        if self.at >= bytes.len() {
            return None;
        }
        let (start, line) = (self.at, self.line);
        let mut fault = None;
        loop {
            let quoted = bytes.get(self.at) == Some(&b'"');
            let ended = if quoted {
                self.quoted_cell(cells)
            } else {
                self.plain_cell(cells, &mut fault)
            };
            match ended {
                CellEnd::Delimiter => {}
                CellEnd::Line => break,
                CellEnd::StrayInPlain => {
                    cells.clear();
                    self.skip_line();
                    return Some((line, Some(RowFault::Quotes { passed: 0 })));
                }
                CellEnd::Stray => {
                    cells.clear();
                    self.resume_after(start, line);
                    let passed = self.line.saturating_sub(line + 1);
                    return Some((line, Some(RowFault::Quotes { passed })));
                }
            }
            if cells.len() > 1 << 16 {
                fault = Some(RowFault::TooLong);
                cells.clear();
            }
        }
        if cells
            .iter()
            .any(|cell| cell.len() > CELL_CHARACTERS && cell.chars().count() > CELL_CHARACTERS)
        {
            fault = fault.or(Some(RowFault::TooLong));
        }
        Some((line, fault))
    }

    fn plain_cell(
        &mut self,
        cells: &mut Vec<Cow<'a, str>>,
        fault: &mut Option<RowFault>,
    ) -> CellEnd {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            if byte == self.delimiter {
                cells.push(Cow::Borrowed(&self.text[start..at]));
                self.at = at + 1;
                return CellEnd::Delimiter;
            }
            match byte {
                b'\n' | b'\r' => break,
                b'"' => {
                    self.at = at;
                    return CellEnd::StrayInPlain;
                }
                0 => *fault = Some(RowFault::Nul),
                _ => {}
            }
            at += 1;
        }
        cells.push(Cow::Borrowed(&self.text[start..at]));
        self.at = at;
        self.line_end();
        CellEnd::Line
    }

    fn quoted_cell(&mut self, cells: &mut Vec<Cow<'a, str>>) -> CellEnd {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let (mut from, mut doubled) = (start, false);
        loop {
            let Some(offset) = memchr::memchr(b'"', &bytes[from..]) else {
                return CellEnd::Stray;
            };
            let quote = from + offset;
            // A cell this long can only come of a quote that was never closed.
            if quote - start > 4 * CELL_CHARACTERS {
                return CellEnd::Stray;
            }
            if bytes.get(quote + 1) == Some(&b'"') {
                doubled = true;
                from = quote + 2;
                continue;
            }
            let inside = &self.text[start..quote];
            self.line += count_lines(inside.as_bytes());
            cells.push(if doubled {
                Cow::Owned(inside.replace("\"\"", "\""))
            } else {
                Cow::Borrowed(inside)
            });
            let mut at = quote + 1;
            while bytes.get(at) == Some(&b' ') && self.delimiter != b' ' {
                at += 1;
            }
            self.at = at;
            return match bytes.get(at) {
                None => CellEnd::Line,
                Some(&byte) if byte == self.delimiter => {
                    self.at += 1;
                    CellEnd::Delimiter
                }
                Some(b'\n' | b'\r') => {
                    self.line_end();
                    CellEnd::Line
                }
                Some(_) => CellEnd::Stray,
            };
        }
    }

    /// Steps over CR LF, LF or CR.
    fn line_end(&mut self) {
        let bytes = self.text.as_bytes();
        match bytes.get(self.at) {
            Some(b'\r') => {
                self.at += if bytes.get(self.at + 1) == Some(&b'\n') {
                    2
                } else {
                    1
                };
                self.line = self.line.saturating_add(1);
            }
            Some(b'\n') => {
                self.at += 1;
                self.line = self.line.saturating_add(1);
            }
            _ => {}
        }
    }

    /// Goes to the start of the next physical line, or to the end.
    fn skip_line(&mut self) {
        let bytes = self.text.as_bytes();
        match memchr::memchr2(b'\n', b'\r', &bytes[self.at..]) {
            Some(offset) => {
                self.at += offset;
                self.line_end();
            }
            None => self.at = bytes.len(),
        }
    }

    /// After a stray quote: goes on at the next line that has the right number of cells.
    fn resume_after(&mut self, start: usize, line: u32) {
        let bytes = self.text.as_bytes();
        (self.at, self.line) = (start, line);
        let mut cells_wanted = self.width;
        loop {
            self.skip_line();
            let rest = &bytes[self.at..];
            let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let cells = cells_in_line(&rest[..end], self.delimiter);
            let wanted = *cells_wanted.get_or_insert(cells.unwrap_or(0));
            if rest.is_empty() || cells == Some(wanted) {
                return;
            }
        }
    }
}

enum CellEnd {
    Delimiter,
    Line,
    /// A quote in the middle of a cell without quotes: it opened nothing, so the next line is sound.
    StrayInPlain,
    /// A quoted cell that is not closed, or goes on after its closing quote.
    Stray,
}

/// Line breaks in these bytes, CR LF counting once.
fn count_lines(bytes: &[u8]) -> u32 {
    let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes)
        .filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
        .count();
    u32::try_from(breaks).unwrap_or(u32::MAX)
}

/// Number of cells in one physical line, if its quotes pair up within it.
fn cells_in_line(line: &[u8], delimiter: u8) -> Option<usize> {
    let (mut cells, mut inside) = (1, false);
    for &byte in line {
        if byte == b'"' {
            inside = !inside;
        } else if byte == delimiter && !inside {
            cells += 1;
        }
    }
    (!inside).then_some(cells)
}

/// The delimiter, found by consistency over the first 50 records (I-019).
pub(crate) fn find_delimiter(text: &str) -> u8 {
    const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
    let mut best = (b',', 0usize);
    for delimiter in CANDIDATES {
        let mut reader = Delimited::new(text, delimiter);
        let mut cells = Vec::new();
        let mut widths: Vec<usize> = Vec::new();
        while widths.len() < 50 {
            match reader.next(&mut cells) {
                None => break,
                Some((_, Some(_))) => {}
                Some((_, None)) => widths.push(cells.len()),
            }
        }
        // The widest width that most often occurs: agreeing rows times cells beyond the first.
        let agreeing = |width: usize| widths.iter().filter(|&&other| other == width).count();
        let score = widths
            .iter()
            .filter(|&&width| width > 1)
            .map(|&width| agreeing(width) * (width.min(64) - 1))
            .max()
            .unwrap_or(0);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rows = Vec<(u32, Result<Vec<String>, RowFault>)>;

    fn rows(text: &str, width: Option<usize>) -> Rows {
        let mut reader = Delimited::new(text, find_delimiter(text));
        reader.width = width;
        let mut cells = Vec::new();
        let mut rows = Vec::new();
        while let Some((line, fault)) = reader.next(&mut cells) {
            let owned = cells.iter().map(|cell| cell.to_string()).collect();
            rows.push((line, fault.map_or(Ok(owned), Err)));
        }
        rows
    }

    fn row(line: u32, cells: &[&str]) -> (u32, Result<Vec<String>, RowFault>) {
        (
            line,
            Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()),
        )
    }

    #[test]
    fn every_kind_of_line_end_and_quoted_breaks_keep_the_physical_line() {
        let text = "a,b\r\n\"1\r\n2\",\"x\"\"y\"\rc,d\ne,f";
        assert_eq!(
            rows(text, None),
            [
                row(1, &["a", "b"]),
                row(2, &["1\r\n2", "x\"y"]),
                row(4, &["c", "d"]),
                row(5, &["e", "f"])
            ]
        );
    }

    #[test]
    fn a_stray_quote_costs_its_own_record_only() {
        let text = "a,b,c\n1,x \"y,3\n4,5,6\n7,\"8,9\n10,11,12\n";
        assert_eq!(
            rows(text, Some(3)),
            [
                row(1, &["a", "b", "c"]),
                (2, Err(RowFault::Quotes { passed: 0 })),
                row(3, &["4", "5", "6"]),
                (4, Err(RowFault::Quotes { passed: 0 })),
                row(5, &["10", "11", "12"]),
            ]
        );
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_rows_agree() {
        assert_eq!(find_delimiter("a;b;c\n1,5;2;3\n"), b';');
        assert_eq!(find_delimiter("a\tb\n1\t2\n"), b'\t');
        assert_eq!(find_delimiter("a|b\n1|2\n"), b'|');
        assert_eq!(find_delimiter("title\n\na,b\n"), b',');
    }

    #[test]
    fn nul_bytes_spoil_their_own_record_only() {
        assert_eq!(rows("a,b\n1,\0\n3,4\n", None)[1].1, Err(RowFault::Nul));
        assert_eq!(rows("a,b\n1,\0\n3,4\n", None)[2], row(3, &["3", "4"]));
    }
}
