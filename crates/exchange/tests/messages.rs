//! Every message that a person can meet stands in `messages.txt`; a change of wording shows there.
//!
//! To accept a change: run this test with `UPDATE_MESSAGES=1` and look at the difference.

use std::fmt::Write;

use exchange::{FindingCode, Kind, Limit, RefusedFile};

fn refusals() -> Vec<RefusedFile> {
    let file = || "file.csv".to_owned();
    let text = str::to_owned;
    let limits = [
        Limit::TextBytes,
        Limit::XmlBytes,
        Limit::XmlDepth,
        Limit::XmlText,
        Limit::XmlElements,
        Limit::ArchiveEntries,
        Limit::ArchiveBytes,
        Limit::ArchiveRatio,
        Limit::Columns,
        Limit::Rows,
        Limit::Distinct,
    ];
    let mut all = vec![
        RefusedFile::Empty { file: file() },
        RefusedFile::WrongKind {
            file: file(),
            found: text("it is a picture"),
            expected: text("Give a list of pupils."),
        },
        RefusedFile::KindNotImportedYet {
            file: file(),
            kind: "a list of behaviour events",
        },
        RefusedFile::NotReadable {
            file: file(),
            byte: 17,
        },
        RefusedFile::MixedEncodings {
            file: file(),
            line: 3,
        },
        RefusedFile::BytesContradictDeclaration {
            file: file(),
            declared: text("UTF-8"),
            byte: 812,
            line: 29,
        },
        RefusedFile::EncodingNotAllowed {
            file: file(),
            declared: text("EBCDIC"),
        },
        RefusedFile::NotWellFormed {
            file: file(),
            line: 120,
            column: 7,
            reason: text("the file ends in the middle"),
            complete: 2,
        },
        RefusedFile::DocumentType {
            file: file(),
            line: 2,
        },
        RefusedFile::WorkbookEncrypted { file: file() },
        RefusedFile::WorkbookOld {
            file: file(),
            found: "a workbook of the format before 2007",
        },
        RefusedFile::WorkbookBroken {
            file: file(),
            reason: text("one of its sheets is damaged"),
        },
        RefusedFile::ArchiveBroken {
            file: file(),
            reason: text("an entry cannot be unpacked"),
        },
        RefusedFile::ArchiveUnsafeName {
            file: file(),
            entry: text("../pupils.csv"),
        },
        RefusedFile::ArchiveNested {
            file: file(),
            entry: text("inner.zip"),
        },
        RefusedFile::ArchiveEncrypted { file: file() },
        RefusedFile::AnotherSchool {
            file: file(),
            addressed_to: text("823/4001"),
            ours: text("823/4998"),
        },
        RefusedFile::RequiredColumnAbsent {
            file: file(),
            missing: text("the date of birth"),
            kind: Kind::Pupils,
        },
        RefusedFile::NoIdentifierColumn { file: file() },
        RefusedFile::DateOrderUndecided {
            file: file(),
            column: text("DOB"),
            day_first_line: 4,
            month_first_line: 9,
        },
        RefusedFile::MonthFirst {
            file: file(),
            column: text("DOB"),
            line: 9,
        },
        RefusedFile::HeadingTwice {
            file: file(),
            first: text("Surname"),
            second: text("Legal Surname"),
            field: text("the legal surname"),
        },
        RefusedFile::SeveralSheets {
            file: file(),
            sheets: text("Pupils, Leavers"),
        },
        RefusedFile::WeekUnknown { file: file() },
        RefusedFile::PromisedFileMissing {
            file: file(),
            missing: text("users.csv"),
        },
        RefusedFile::SeveralFiles {
            file: file(),
            count: 3,
        },
    ];
    all.extend(limits.map(|limit| RefusedFile::OverLimit {
        file: file(),
        limit,
    }));
    all
}

#[test]
fn every_message_is_in_the_checked_in_list() {
    let mut list = String::from("Refusals of a whole file\n\n");
    for refused in refusals() {
        let question = if refused.is_question() {
            " (question)"
        } else {
            ""
        };
        writeln!(list, "{}{question}\n    {refused}", refused.code())
            .expect("a String takes every text");
    }
    list.push_str("\nFindings about single records\n\n");
    for code in FindingCode::ALL {
        writeln!(
            list,
            "{}\n    {}\n    {}",
            code.code(),
            code.template(),
            code.what_to_do()
        )
        .expect("a String takes every text");
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages.txt");
    if std::env::var_os("UPDATE_MESSAGES").is_some() {
        std::fs::write(&path, &list).expect("the list can be written");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == list,
        "the messages differ from tests/messages.txt; see the head of this test"
    );
}

#[test]
fn no_message_shows_what_is_inside_the_program() {
    for refused in refusals() {
        let message = refused.to_string();
        assert!(
            !message.contains("Error") && !message.contains("::") && message.ends_with('.'),
            "{message}"
        );
    }
}
