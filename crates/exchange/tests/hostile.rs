//! Files made to harm are refused with a message worth reading, and nothing that arrives makes a reader panic.

use std::io::{Cursor, Write};

use calendar::Day;
use exchange::{FindingCode, InputFile, Limit, Options, Reading, RefusedFile};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn today() -> Day {
    "2026-11-22".parse().expect("a real day")
}

fn read(name: &str, bytes: &[u8]) -> Result<Reading, RefusedFile> {
    exchange::read(&[InputFile { name, bytes }], &Options::on(today()))
}

fn limit_of(outcome: Result<Reading, RefusedFile>) -> Option<Limit> {
    match outcome {
        Err(RefusedFile::OverLimit { limit, .. }) => Some(limit),
        _ => None,
    }
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("an entry");
        writer.write_all(bytes).expect("its bytes");
    }
    writer.finish().expect("an archive").into_inner()
}

/// A workbook with one sheet of this XML.
fn workbook(sheet: &str) -> Vec<u8> {
    archive(&[
        (
            "[Content_Types].xml",
            br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Pupils" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn sheet(rows: &str) -> String {
    format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}

fn inline(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn heading_row() -> String {
    let headings = ["UPN", "Surname", "Forename", "DOB"];
    let cells: String = headings
        .iter()
        .zip(["A1", "B1", "C1", "D1"])
        .map(|(text, at)| inline(at, text))
        .collect();
    format!(r#"<row r="1">{cells}</row>"#)
}

#[test]
fn a_zip_bomb_stops_at_the_first_limit_it_passes() {
    let bomb = archive(&[("pupils.csv", &vec![b'0'; 40 << 20])]);
    assert!(bomb.len() < 100_000);
    assert_eq!(limit_of(read("bomb.zip", &bomb)), Some(Limit::ArchiveRatio));
    let many: Vec<(String, &[u8])> = (0..2_001)
        .map(|number| (format!("{number}.csv"), &b"x"[..]))
        .collect();
    let many: Vec<(&str, &[u8])> = many
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    assert_eq!(
        limit_of(read("many.zip", &archive(&many))),
        Some(Limit::ArchiveEntries)
    );
}

#[test]
fn a_workbook_that_unfolds_a_hundredfold_is_refused_before_it_is_read() {
    let bomb = workbook(&sheet(&format!(
        "{}{}",
        heading_row(),
        " ".repeat(30 << 20)
    )));
    assert_eq!(
        limit_of(read("bomb.xlsx", &bomb)),
        Some(Limit::ArchiveRatio)
    );
}

#[test]
fn archives_with_unsafe_names_inner_archives_or_nothing_are_refused() {
    let unsafe_name = archive(&[("../pupils.csv", b"UPN,Surname\n")]);
    assert!(matches!(
        read("a.zip", &unsafe_name),
        Err(RefusedFile::ArchiveUnsafeName { .. })
    ));
    let nested = archive(&[("inner.bin", &archive(&[("a.csv", b"x")]))]);
    assert!(matches!(
        read("a.zip", &nested),
        Err(RefusedFile::ArchiveNested { .. })
    ));
    assert!(matches!(
        read("a.zip", &archive(&[])),
        Err(RefusedFile::Empty { .. })
    ));
}

#[test]
fn a_sparse_sheet_costs_its_cells_only_and_a_cell_far_out_is_refused() {
    let far_down = format!(
        r#"{}<row r="1048576">{}</row>"#,
        heading_row(),
        inline("A1048576", "Total")
    );
    let reading = read("sparse.xlsx", &workbook(&sheet(&far_down))).expect("read");
    assert_eq!(reading.findings[0].line, 1_048_576);
    let far_right = format!(
        r#"{}<row r="2">{}</row>"#,
        heading_row(),
        inline("XFD2", "x")
    );
    assert_eq!(
        limit_of(read("sparse.xlsx", &workbook(&sheet(&far_right)))),
        Some(Limit::Columns)
    );
}

#[test]
fn formulas_are_never_worked_out_and_hidden_parts_are_said() {
    let row = format!(
        r#"<row r="2" hidden="1">{}{}<c r="C2"><f>1+1</f></c><c r="D2" t="str"><f>TEXT(1,"x")</f><v>14/03/2012</v></c></row>"#,
        inline("A2", "E823499826001"),
        inline("B2", "Smith")
    );
    let reading = read(
        "formula.xlsx",
        &workbook(&sheet(&format!("{}{row}", heading_row()))),
    )
    .expect("read");
    let found: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(
        found,
        [
            FindingCode::HiddenParts,
            FindingCode::FormulaWithoutValue,
            FindingCode::RequiredMissing
        ]
    );
    assert_eq!(reading.counts.rejected, 1);
}

#[test]
fn old_encrypted_and_pretended_workbooks_are_told_apart() {
    let mut old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    assert!(matches!(
        read("a.xls", &old),
        Err(RefusedFile::WorkbookOld { .. })
    ));
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(matches!(
        read("a.xlsx", &old),
        Err(RefusedFile::WorkbookEncrypted { .. })
    ));
    assert!(matches!(
        read("a.xls", b"<html><table>"),
        Err(RefusedFile::WorkbookOld { .. })
    ));
    assert!(matches!(
        read("a.xls", b"UPN,Surname\n"),
        Err(RefusedFile::WorkbookOld { .. })
    ));
    assert!(matches!(
        read("a.csv", b"%PDF-1.7"),
        Err(RefusedFile::WrongKind { .. })
    ));
    assert!(matches!(
        read("a.csv", b" \r\n"),
        Err(RefusedFile::Empty { .. })
    ));
}

#[test]
fn an_entity_bomb_and_a_deep_file_are_refused_without_unfolding() {
    let mut bomb =
        String::from("<?xml version=\"1.0\"?><!DOCTYPE CTfile [<!ENTITY a0 \"aaaaaaaaaa\">");
    for level in 1..20 {
        bomb.push_str(&format!(
            "<!ENTITY a{level} \"{}\">",
            format!("&a{};", level - 1).repeat(10)
        ));
    }
    bomb.push_str("]><CTfile>&a19;</CTfile>");
    assert!(matches!(
        read("ctf.xml", bomb.as_bytes()),
        Err(RefusedFile::DocumentType { .. })
    ));
    let deep = format!("<CTfile>{}", "<a>".repeat(1_000_000));
    assert_eq!(
        limit_of(read("ctf.xml", deep.as_bytes())),
        Some(Limit::XmlDepth)
    );
}

#[test]
fn a_formula_in_a_cell_is_text_and_leaves_guarded() {
    let text = "UPN,Surname,Forename,DOB\nE823499826001,\"=HYPERLINK(\"\"x\"\")\",Ann,14/03/2012\n";
    let reading = read("a.csv", text.as_bytes()).expect("read");
    assert_eq!(reading.pupils[0].legal_surname, "=HYPERLINK(\"x\")");
    let out = exchange::csv(
        &exchange::pupils_sheet(&reading.pupils),
        exchange::Audience::People,
    );
    assert!(
        String::from_utf8(out)
            .expect("UTF-8")
            .contains("\"'=HYPERLINK(\"\"x\"\")\"")
    );
}

#[test]
fn accidents_of_single_rows_cost_those_rows_only() {
    let text = "Adno,Surname,Forename,DOB,House,Class\n\
        1,Smith,Ann,14/03/2012,Red,7A\n\
        2,Jo\"nes,Ben,14/03/2012,Red,7A\n\
        3,Khan\n\
        4,Brown,Cat,14/03/2012,Red,7A,extra\n\
        5,Green,Dan,14/03/2012,\n\
        6,White,Eve,31/02/2012,Red,07-Mar\n\
        7,Gr\0y,Fay,14/03/2012,Red,7A\n\
        1.6329601E+9,Black,Gus,14/03/2012,Red,7A\n\
        8,#N/A,Hal,14/03/2012,Red,7A\n";
    let reading = read("a.csv", text.as_bytes()).expect("read");
    let found: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| (finding.line, finding.code.code()))
        .collect();
    assert_eq!(
        found,
        [
            (3, "ROW_QUOTES"),
            (4, "ROW_SHORT"),
            (5, "ROW_LONG"),
            (7, "DATE_NOT_REAL"),
            (7, "GROUP_DAMAGED"),
            (8, "ROW_NUL"),
            (9, "DIGITS_LOST"),
            (9, "NO_IDENTIFIER"),
            (10, "ERROR_CELL"),
            (10, "REQUIRED_MISSING"),
        ]
    );
    let loaded: Vec<&str> = reading
        .pupils
        .iter()
        .map(|pupil| pupil.legal_surname.as_str())
        .collect();
    assert_eq!(loaded, ["Smith", "Green", "Black"]);
}

#[test]
fn the_same_mark_twice_is_skipped_and_two_different_ones_are_both_rejected() {
    let text = "UPN,Date,Session,Mark,Minutes late\n\
        E823499826001,02/11/2026,AM,/,\n\
        E823499826001,02/11/2026,AM,/,\n\
        E823499826001,13/11/2026,AM,L,401\n\
        E823499826001,02/11/2026,PM,N,\n\
        E823499826001,02/11/2026,PM,I,\n\
        E823499826001,13/11/2026,PM,/,\n\
        E823499826001,16/11/2026,XX,/,\n\
        E823499826001,16/11/2026,AM,-,\n";
    let reading = read("a.csv", text.as_bytes()).expect("read");
    let found: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| (finding.line, finding.code.code()))
        .collect();
    assert_eq!(
        found,
        [
            (3, "MARK_REPEATED"),
            (4, "MINUTES_LATE"),
            (5, "MARK_CONFLICT"),
            (6, "MARK_CONFLICT"),
            (7, "MARK_OTHER_SESSION"),
            (8, "SESSION_UNKNOWN"),
        ]
    );
    let counts = reading.counts;
    assert_eq!(
        (counts.offered, counts.rejected, counts.skipped, counts.gaps),
        (3, 3, 1, 1)
    );
    assert_eq!(reading.marks.text(&reading.marks.marks[2]), "\\");
}

#[test]
fn rows_to_correct_hold_the_original_columns_with_reasons_and_no_passwords() {
    let text =
        b"Adno,Password,Surname,Forename,DOB\n1,secret,Smith,Ann,\n2,hidden,Jones,Ben,14/03/2012\n";
    let file = InputFile {
        name: "a.csv",
        bytes: text,
    };
    let reasons = [(2, vec!["The date of birth is blank.".to_owned()])].into();
    let sheet = exchange::rows_to_correct(&file, &Options::on(today()), &reasons).expect("rows");
    let out = exchange::csv(&sheet, exchange::Audience::People);
    let out = String::from_utf8(out).expect("UTF-8");
    assert_eq!(
        out,
        "\u{FEFF}Adno,Surname,Forename,DOB,What to correct\r\n1,Smith,Ann,,The date of birth is blank.\r\n"
    );
    assert!(
        read(
            "again.csv",
            out.replace("Ann,,", "Ann,14/03/2012,").as_bytes()
        )
        .is_ok_and(|reading| reading.pupils.len() == 1)
    );
}

fn sample_bytes() -> Vec<Vec<u8>> {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    [
        "mis/pupils.xlsx",
        "mis/marks_merged_two_row_header.xlsx",
        "mis/sims_style_contacts_utf8.csv",
        "mis/arbor_style_roll_call_long.csv",
        "mis/bromcom_style_student_flat_view.csv",
        "ctf/8232998_CTF_8234998_003.xml",
        "ctf/encodings/8232998_CTF_8234998_011_utf-16le-bom.xml",
        "calendars/term_dates_made_by_us.ics",
        "pupil-lists/class_import_invalid_fields.csv",
        "oneroster/v1p2-bulk-made-by-us/users.csv",
    ]
    .iter()
    .map(|path| std::fs::read(samples.join(path)).expect("readable"))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), start in 0usize..8) {
        let starts: [&[u8]; 8] = [
            b"", b"PK\x03\x04", b"<?xml version=\"1.0\"?><CTfile>", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", b"\xFF\xFE",
            b"UPN,Surname,Forename,DOB\n", b"UPN,Date,Session,Mark\n", b"UPN,02/11/2026 AM,02/11/2026 PM\n",
        ];
        let mut whole = starts[start].to_vec();
        whole.extend(bytes);
        let _ = read("file", &whole);
    }

    #[test]
    fn damaged_samples_never_panic(which in 0usize..10, cut in 0.0f64..1.0, changes in prop::collection::vec((0.0f64..1.0, any::<u8>()), 0..8)) {
        let mut bytes = sample_bytes().swap_remove(which);
        for (at, byte) in changes {
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] = byte;
        }
        if cut < 0.5 {
            bytes.truncate((cut * 2.0 * bytes.len() as f64) as usize);
        }
        if let Ok(reading) = read("file", &bytes) {
            let counts = reading.counts;
            prop_assert_eq!(counts.read, counts.offered + counts.held + counts.rejected + counts.skipped);
        }
    }

    #[test]
    fn arbitrary_tables_never_panic(rows in prop::collection::vec(prop::collection::vec("[ -~é\u{202E}\"]{0,12}", 0..7), 0..12), head in 0usize..4) {
        let heads = [
            "Adno,UPN,Surname,Forename,DOB,Year",
            "Adno,UPN,Contact Surname,Relationship,Mobile,Court Order",
            "UPN,Date,Session,Mark,Minutes late,Comment",
            "Adno,monAM,monPM,tueAM,tuePM,wedAM",
        ];
        let body: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
        let text = format!("{}\n{}", heads[head], body.join("\n"));
        if let Ok(reading) = read("week 2026-11-09.csv", text.as_bytes()) {
            let counts = reading.counts;
            prop_assert_eq!(counts.read, counts.offered + counts.held + counts.rejected + counts.skipped);
        }
    }
}
