//! Documents as they come out: PDF/UA is enforced as they are written, and what they say is read back with poppler's tools.

use std::process::Command;
use std::sync::LazyLock;

use calendar::Instant;
use letters::Press;
use paper::{Column, Paper, Part, Table, Typesetter, Width};

static PRESS: LazyLock<Press> = LazyLock::new(Press::new);

fn register(pupils: usize) -> Paper {
    let days = ["Thu\n1", "Fri\n2", "Mon\n5"];
    let mut columns = vec![Column::new("Pupil", Width::Tenths(520))];
    columns.extend((0..6).map(|place| {
        let session = if place % 2 == 0 { "AM" } else { "PM" };
        Column::new(session, Width::Tenths(48))
    }));
    let row = |number: usize| {
        let mut row = vec![format!("Sample{number}, Pat")];
        row.extend(["/", "\\", "Y1", "O", "L", "·"].map(str::to_owned));
        row
    };
    let mut over = vec![(String::new(), 1)];
    over.extend(days.map(|day| (day.to_owned(), 2)));
    Paper {
        title: "Attendance register, October 2026".to_owned(),
        owner: "Rollbook Example Academy".to_owned(),
        about: vec![
            ("School".to_owned(), "Rollbook Example Academy".to_owned()),
            ("Journal".to_owned(), "act 41".to_owned()),
        ],
        foot: "Rollbook Example Academy: attendance register, October 2026".to_owned(),
        made_at: "2026-11-01T03:00:00Z".parse::<Instant>().expect("a moment"),
        landscape: true,
        parts: vec![
            Part::Heading("9A".to_owned()),
            Part::Table(Table {
                caption: "Marks of 9A".to_owned(),
                over,
                columns,
                rows: (1..=pupils).map(row).collect(),
                dense: true,
            }),
            Part::NewPage,
            Part::Heading("Certificate".to_owned()),
            Part::Words("I certify that this is a true extract.".to_owned()),
            Part::Signature(vec!["Name:".to_owned(), "Date:".to_owned()]),
        ],
    }
}

fn printed(paper: &Paper) -> Vec<u8> {
    PRESS.set(paper).expect("a document that can be printed")
}

/// What a tool of poppler says of a document.
fn told(tool: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("document.pdf");
    std::fs::write(&file, pdf).expect("written");
    let mut command = Command::new(tool);
    let output = command.args(arguments).arg(&file);
    let output = match tool {
        "pdftotext" => output.arg("-").output(),
        _ => output.output(),
    };
    let output = output.expect("poppler-utils is installed; ./test sees to that");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn text(pdf: &[u8]) -> String {
    told("pdftotext", &["-layout"], pdf)
}

#[test]
fn what_a_paper_says_is_on_the_pages_and_each_page_tells_its_number() {
    let pdf = printed(&register(3));
    let text = text(&pdf);
    for said in [
        "Attendance register, October 2026",
        "Rollbook Example Academy",
        "act 41",
        "9A",
        "Sample2, Pat",
        "Y1",
        "I certify that this is a true extract.",
        "page 1 of 2",
        "page 2 of 2",
    ] {
        assert!(text.contains(said), "{said} is not in: {text}");
    }
}

#[test]
fn a_table_that_runs_over_pages_has_its_headings_on_each() {
    let pdf = printed(&register(120));
    let text = text(&pdf);
    let pages: Vec<&str> = text
        .split('\u{c}')
        .filter(|page| page.contains("Sample"))
        .collect();
    assert!(pages.len() > 2, "{} pages", pages.len());
    for page in pages {
        assert!(page.contains("Pupil") && page.contains("AM"), "{page}");
    }
}

#[test]
fn a_document_is_tagged_for_readers_who_hear_it_and_says_that_it_is_pdf_ua() {
    let pdf = printed(&register(3));
    let about = told("pdfinfo", &[], &pdf);
    assert!(about.contains("Tagged:          yes"), "{about}");
    assert!(
        about.contains("Title:           Attendance register, October 2026"),
        "{about}"
    );
    let structure = told("pdfinfo", &["-struct"], &pdf);
    for tag in ["H1", "H2", "Table", "TH", "TD"] {
        assert!(structure.contains(tag), "{tag} is not in: {structure}");
    }
    let metadata = told("pdfinfo", &["-meta"], &pdf);
    assert!(metadata.contains("pdfuaid"), "{metadata}");
}

#[test]
fn the_same_paper_is_the_same_file() {
    assert_eq!(printed(&register(40)), printed(&register(40)));
}

#[test]
fn no_name_stops_a_document_whatever_it_looks_like() {
    let mut paper = register(1);
    let names = "#panic(\"x\"), *Ünal* & $O'Brien$ [Ł] \u{738b}\u{0007}";
    paper.title = names.to_owned();
    paper.parts.push(Part::Words(names.to_owned()));
    let text = text(&printed(&paper));
    assert!(
        text.contains("#panic(\"x\"), *Ünal* & $O'Brien$ [Ł] [U+738B]"),
        "{text}"
    );
    assert!(
        text.contains("printed as their Unicode numbers in brackets: [U+738B]."),
        "{text}"
    );
}

#[test]
fn a_paper_without_a_title_is_refused_with_the_ground() {
    let mut paper = register(1);
    paper.title = String::new();
    let refused = PRESS.set(&paper).expect_err("PDF/UA asks for a title");
    assert!(refused.to_string().contains("title"), "{refused}");
}

fn letters(bodies: &[&str]) -> Paper {
    let parts = bodies.iter().flat_map(|body| {
        [
            Part::Letter {
                to: (1..=6)
                    .map(|line| format!("Address line {line} of somebody"))
                    .chain(["SW1A 1AA".to_owned()])
                    .collect(),
                day: "Tuesday 24 November 2026".to_owned(),
            },
            Part::Heading("Not in school".to_owned()),
            Part::Words((*body).to_owned()),
        ]
    });
    Paper {
        title: "Letters to post".to_owned(),
        landscape: false,
        parts: parts.collect(),
        ..register(1)
    }
}

/// The words of a document with the box of each: left, top, right, bottom, in millimetres.
fn boxes(pdf: &[u8]) -> Vec<([f64; 4], String)> {
    let told = told("pdftotext", &["-bbox"], pdf);
    let words = told.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("<word ")?;
        let value = |name: &str| -> Option<f64> {
            let rest = line.split_once(&format!("{name}=\""))?.1;
            rest.split('"').next()?.parse().ok()
        };
        let edges = ["xMin", "yMin", "xMax", "yMax"].map(value);
        let edges = edges.map(|edge| edge.expect("a number") * 25.4 / 72.0);
        let word = line.split_once('>')?.1.split('<').next()?;
        Some((edges, word.to_owned()))
    });
    words.collect()
}

#[test]
fn the_address_of_a_letter_lies_in_the_window_and_nothing_else_does() {
    let words = boxes(&printed(&letters(&[
        "We have not been able to reach you. Please ring.",
    ])));
    let (in_window, others): (Vec<_>, Vec<_>) = words
        .into_iter()
        .partition(|([left, top, ..], _)| *left < 125.0 && (30.0..95.0).contains(top));
    let window: Vec<&str> = in_window.iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(window.len(), 6 * 5 + 2, "{window:?}");
    for ([left, top, right, bottom], word) in &in_window {
        let lies_within = *left >= 24.6 && *right <= 120.0 && *top >= 39.5 && *bottom <= 66.3;
        assert!(lies_within, "{word} at {left}, {top} to {right}, {bottom}");
    }
    assert!(others.iter().any(|(_, word)| word == "November"));
    for ([left, top, right, bottom], word) in &others {
        let is_printed = *left >= 15.0 && *right <= 195.0 && *top >= 5.0 && *bottom <= 292.0;
        assert!(is_printed, "{word} at {left}, {top} to {right}, {bottom}");
    }
}

#[test]
fn each_letter_has_a_page_of_its_own_and_none_tells_of_the_others() {
    let pdf = printed(&letters(&["First.", "Second."]));
    let told = text(&pdf);
    let pages: Vec<&str> = told
        .split('\u{c}')
        .filter(|page| !page.trim().is_empty())
        .collect();
    assert_eq!(pages.len(), 2, "{told}");
    assert!(pages[0].contains("First.") && !pages[0].contains("Second."));
    assert!(
        !told.contains("Letters to post") && !told.contains("page 1"),
        "{told}"
    );
}
