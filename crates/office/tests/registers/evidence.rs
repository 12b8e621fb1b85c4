//! Evidence: what is taken by its bytes, kept sealed, scanned, opened by whoever may, destroyed in time, on both engines.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use office::desk::Office;
use office::evidence::{MOST_BYTES, Scanner, scan_what_waits};
use office::people::Role;
use office::year::decide;
use office::year::settings::EVIDENCE_DELEGATED;
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use store::{StoreError, args};
use tower::ServiceExt;

use crate::absence_line::{link_made, mother};
use crate::school::{
    SCHOOL, TUTOR_OF_B, account, actor, ask, at, at_on, day, found, get, office, take as take_away,
    token,
};

const PDF: &[u8] = b"%PDF-1.4\nan appointment at the eye hospital\n%%EOF\n";

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:05"));
        mother(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

/// A form with files as a browser sends it.
fn form(answers: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in answers {
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .into_bytes(),
        );
    }
    for (name, bytes) in files {
        body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n").into_bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    body
}

fn send(office: &Arc<Office>, account: i64, path: &str, body: Vec<u8>) -> (StatusCode, String) {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    ask(office, account, request, body)
}

fn post(
    office: &Arc<Office>,
    account: i64,
    path: &str,
    body: &'static str,
) -> (StatusCode, String) {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, body)
}

const ILL: [(&str, &str); 4] = [
    ("reason", "appointment"),
    ("words", "eye hospital at ten"),
    ("first", "2026-11-24"),
    ("last", "2026-11-24"),
];

/// What a family sends by its link: the report of the first child, with files.
fn tells(office: &Arc<Office>, link: &str, files: &[(&str, &[u8])]) -> (StatusCode, String) {
    send(office, 0, &format!("/from-home/{link}"), form(&ILL, files))
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)))
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

const FILES: &str =
    "select count(*) from evidence_file where school_id = $1 and superseded_seq is null";
const CONTENTS: &str = "select count(*) from evidence_content where school_id = $1";
const REPORTS: &str =
    "select count(*) from absence_report where school_id = $1 and superseded_seq is null";
const NEWEST: &str = "select max(evidence_id) from evidence_file where school_id = $1";

/// The address of the newest file.
fn newest(store: &TestStore) -> String {
    format!("/evidence/{}", count(store, NEWEST))
}

/// A download: status, headers, bytes.
fn download(
    office: &Arc<Office>,
    account: i64,
    path: &str,
    body: &'static str,
) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
    let request = Request::post(format!("{path}/file"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, format!("rollbook={}", token(account)))
        .body(Body::from(body))
        .expect("a request");
    let router = office::router(Arc::clone(office));
    runtime().block_on(async {
        let response = router.oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        (parts.status, parts.headers, bytes.to_vec())
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A scanner that speaks as clamd does, for so many files: what holds EICAR is found, and nothing else. Answers where it listens.
fn clamd(files: usize) -> (Scanner, std::thread::JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let scanning = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for _ in 0..files {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut command = [0; 10];
            stream.read_exact(&mut command).expect("a command");
            assert_eq!(&command, b"zINSTREAM\0");
            let mut file = Vec::new();
            loop {
                let mut length = [0; 4];
                stream.read_exact(&mut length).expect("a length");
                let length = u32::from_be_bytes(length) as usize;
                if length == 0 {
                    break;
                }
                let mut piece = vec![0; length];
                stream.read_exact(&mut piece).expect("a piece");
                file.extend(piece);
            }
            let is_bad = file.windows(5).any(|bytes| bytes == b"EICAR");
            let answer: &[u8] = match is_bad {
                true => b"stream: Eicar-Test-Signature FOUND\0",
                false => b"stream: OK\0",
            };
            stream.write_all(answer).expect("an answer");
            seen.push(file);
        }
        seen
    });
    (address.parse().expect("an address"), scanning)
}

fn with_scanner(office: &Arc<Office>, scanner: Scanner) -> Arc<Office> {
    Arc::new(Office::clone(office).scanning_with(Some(scanner)))
}

#[test]
fn a_file_comes_with_a_report_sealed_and_opens_after_a_warning_where_nobody_scans() {
    at_school(|store| {
        let office = office(store);
        let link = link_made(&office, 301);
        let (_, page) = get(&office, 0, &format!("/from-home/{link}"));
        assert!(
            page.contains("multipart/form-data") && page.contains("type=\"file\""),
            "{page}"
        );
        let (status, thanks) = tells(&office, &link, &[("Ash GP letter.exe", PDF)]);
        assert_eq!(status, StatusCode::OK, "{thanks}");
        assert!(thanks.contains("Your file came with it."), "{thanks}");
        // A second press keeps neither the report nor the file twice.
        assert_eq!(
            tells(&office, &link, &[("again.pdf", PDF)]).0,
            StatusCode::OK
        );
        assert_eq!((count(store, REPORTS), count(store, FILES)), (1, 1));
        let sealed: Vec<u8> = store
            .read_now(|tx| {
                tx.query_one("select sealed from evidence_content", &args![], |row| {
                    row.get(0)
                })
            })
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert!(
            !sealed.windows(8).any(|bytes| bytes == b"hospital"),
            "it lies open"
        );
        let (_, inbox) = get(&office, manager(), "/absence-line");
        assert!(inbox.contains("a file came with it"), "{inbox}");
        let path = newest(store);
        let (_, page) = get(&office, manager(), &path);
        assert!(
            page.contains("Nobody has scanned this file") && page.contains("Sample, Pupil1"),
            "{page}"
        );
        assert!(!page.contains("Ash GP"), "its own name is nowhere: {page}");
        let (status, ..) = download(&office, manager(), &path, "");
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "without the warning"
        );
        let (status, headers, bytes) = download(&office, manager(), &path, "warned=yes");
        assert_eq!((status, bytes.as_slice()), (StatusCode::OK, PDF));
        let name = headers[header::CONTENT_DISPOSITION]
            .to_str()
            .expect("words");
        assert!(
            name.starts_with("attachment; filename=\"evidence-") && name.ends_with(".pdf\""),
            "{name}"
        );
        assert_eq!(headers[header::CONTENT_TYPE], "application/pdf");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(
            count(
                store,
                "select count(*) from journal_entry where school_id = $1 and act = 'open evidence'"
            ),
            1,
            "each opening is written down"
        );
    });
}

#[test]
fn what_is_too_large_or_of_another_kind_is_said_and_the_report_is_kept_all_the_same() {
    at_school(|store| {
        let office = office(store);
        let link = link_made(&office, 301);
        let mut large = b"\xff\xd8\xff".to_vec();
        large.resize(MOST_BYTES + 1, 0);
        let files: [(&str, &[u8]); 3] = [
            ("page.html", b"<script>alert(1)</script>"),
            ("huge.jpg", &large),
            ("letter.pdf", PDF),
        ];
        let (status, thanks) = tells(&office, &link, &files);
        assert_eq!(status, StatusCode::OK, "{thanks}");
        assert!(
            thanks.contains("“page.html” was not kept: it is no PDF"),
            "{thanks}"
        );
        assert!(
            thanks.contains("“huge.jpg” was not kept: it is larger than 10 MB"),
            "{thanks}"
        );
        assert!(thanks.contains("Your file came with it."), "{thanks}");
        assert_eq!((count(store, REPORTS), count(store, FILES)), (1, 1));
        // The way to send it again carries the same report along.
        assert!(
            thanks.contains("name=\"words\" value=\"eye hospital at ten\""),
            "{thanks}"
        );
        let other = b"\xff\xd8\xff\xe0 a photo".as_slice();
        assert_eq!(
            tells(&office, &link, &[("photo.jpg", other)]).0,
            StatusCode::OK
        );
        assert_eq!((count(store, REPORTS), count(store, FILES)), (1, 2));
        let six: Vec<(String, Vec<u8>)> = (0..6)
            .map(|number| {
                (
                    format!("{number}.pdf"),
                    format!("%PDF-1.4 {number}").into_bytes(),
                )
            })
            .collect();
        let six: Vec<(&str, &[u8])> = six
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .collect();
        let (_, thanks) = tells(&office, &link, &six);
        assert!(
            thanks.contains("“5.pdf” was not kept: five files are taken at once"),
            "{thanks}"
        );
        // Without a reason nothing is kept, and the form says that the file is to be chosen again.
        let (status, page) = send(
            &office,
            0,
            &format!("/from-home/{link}"),
            form(&[("words", "still here")], &[("a.pdf", PDF)]),
        );
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            page.contains("still here") && page.contains("choose the files again"),
            "{page}"
        );
    });
}

#[test]
fn so_many_files_come_by_one_link_in_a_day_and_the_reports_come_still() {
    at_school(|store| {
        let office = office(store);
        let link = link_made(&office, 301);
        for round in 0..5 {
            let files: Vec<(String, Vec<u8>)> = (0..5)
                .map(|file| {
                    (
                        format!("{file}.pdf"),
                        format!("%PDF-1.4 {round} {file}").into_bytes(),
                    )
                })
                .collect();
            let files: Vec<(&str, &[u8])> = files
                .iter()
                .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
                .collect();
            let (status, thanks) = tells(&office, &link, &files);
            assert_eq!(status, StatusCode::OK);
            assert_eq!(
                thanks.contains("a great deal came by this link today"),
                round == 4,
                "{thanks}"
            );
        }
        assert_eq!(count(store, FILES), 20);
        store.clock().set(at_on("2026-11-25", "08:06"));
        let (_, thanks) = tells(&office, &link, &[("b.pdf", b"%PDF-1.4 tomorrow")]);
        assert!(!thanks.contains("a great deal"), "{thanks}");
    });
}

#[test]
fn where_a_scanner_is_set_up_nothing_opens_before_it_has_looked_and_what_it_refuses_stays_closed() {
    at_school(|store| {
        let plain = office(store);
        let link = link_made(&plain, 301);
        tells(&plain, &link, &[("good.pdf", PDF)]);
        let good = newest(store);
        tells(&plain, &link, &[("bad.pdf", b"%PDF-1.4 EICAR")]);
        let bad = newest(store);
        let (scanner, scanning) = clamd(2);
        let office = with_scanner(&plain, scanner);
        let (_, page) = get(&office, manager(), &good);
        assert!(
            page.contains("being scanned") && !page.contains("Download"),
            "{page}"
        );
        let (status, ..) = download(&office, manager(), &good, "warned=yes");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "not scanned yet");
        let scanned = runtime().block_on(scan_what_waits(&office));
        assert_eq!(scanned.expect("the scanner answers"), 2);
        let seen = scanning.join().expect("a scanner");
        assert_eq!(seen[0], PDF, "it saw the file and not what is sealed");
        let again = runtime().block_on(scan_what_waits(&office));
        assert_eq!(again.expect("nothing waits"), 0);
        let (status, _, bytes) = download(&office, manager(), &good, "");
        assert_eq!((status, bytes.as_slice()), (StatusCode::OK, PDF));
        let (_, page) = get(&office, manager(), &bad);
        assert!(
            page.contains("refused by the scanner: Eicar-Test-Signature")
                && page.contains("stays closed for everybody")
                && !page.contains("Download"),
            "{page}"
        );
        for office in [&office, &plain] {
            let (status, _, bytes) = download(office, manager(), &bad, "warned=yes");
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                !bytes.windows(5).any(|some| some == b"EICAR"),
                "it was served"
            );
        }
    });
}

#[test]
fn a_scanner_that_does_not_answer_leaves_files_closed_and_they_are_scanned_when_it_does() {
    at_school(|store| {
        let plain = office(store);
        let link = link_made(&plain, 301);
        tells(&plain, &link, &[("good.pdf", PDF)]);
        let nobody = TcpListener::bind("127.0.0.1:0").expect("a port");
        let closed = nobody.local_addr().expect("an address").to_string();
        drop(nobody);
        let office = with_scanner(&plain, closed.parse().expect("an address"));
        let failed = runtime().block_on(scan_what_waits(&office));
        assert!(failed.is_err());
        let path = newest(store);
        let (status, ..) = download(&office, manager(), &path, "warned=yes");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (scanner, scanning) = clamd(1);
        let office = with_scanner(&plain, scanner);
        let scanned = runtime().block_on(scan_what_waits(&office));
        assert_eq!(scanned.expect("it answers now"), 1);
        scanning.join().expect("a scanner");
        assert_eq!(download(&office, manager(), &path, "").0, StatusCode::OK);
    });
}

#[test]
fn an_administrator_files_evidence_and_opens_it_only_where_the_school_has_said_so() {
    at_school(|store| {
        let office = office(store);
        let path = "/pupils/302/evidence";
        let answers = [("what", "letter of the GP"), ("about", "2026-11-20")];
        let (status, page) = send(&office, officer(), path, form(&answers, &[("x", PDF)]));
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(
            page.contains("One file is kept.") && page.contains("letter of the GP, PDF"),
            "{page}"
        );
        let (_, page) = send(&office, officer(), path, form(&answers, &[("x", PDF)]));
        assert!(page.contains("This file is here already."), "{page}");
        let file = newest(store);
        let (_, page) = get(&office, officer(), &file);
        assert!(
            page.contains("Opening it is for the attendance manager"),
            "{page}"
        );
        let refused = download(&office, officer(), &file, "warned=yes").0;
        assert_eq!(refused, StatusCode::NOT_FOUND);
        let who = actor(store, manager());
        store
            .act_now(SCHOOL, move |act| {
                let today = day("2026-11-24");
                decide(act, &who, today, EVIDENCE_DELEGATED, today, "true")
            })
            .expect("the manager decides settings");
        assert_eq!(
            download(&office, officer(), &file, "warned=yes").0,
            StatusCode::OK
        );
        // Health is for those who need it: whoever is not in the matrix knows of nothing.
        for nobody in [
            TUTOR_OF_B,
            account(Role::HeadOfHouseOrYear),
            account(Role::Teacher),
            account(Role::PastoralAdministrator),
            account(Role::Governor),
            account(Role::SystemAdministrator),
        ] {
            assert_eq!(
                get(&office, nobody, path).0,
                StatusCode::NOT_FOUND,
                "{nobody}"
            );
            assert_eq!(get(&office, nobody, &file).0, StatusCode::NOT_FOUND);
            assert_eq!(
                download(&office, nobody, &file, "warned=yes").0,
                StatusCode::NOT_FOUND
            );
            let body = form(&answers, &[("y", b"%PDF-1.4 another")]);
            assert_eq!(send(&office, nobody, path, body).0, StatusCode::NOT_FOUND);
            let withdrawn = post(&office, nobody, &format!("{file}/withdraw"), "why=x").0;
            assert_eq!(withdrawn, StatusCode::NOT_FOUND);
        }
        // The safeguarding lead reads and files nothing.
        assert_eq!(get(&office, account(Role::Dsl), &file).0, StatusCode::OK);
        let body = form(&answers, &[("y", b"%PDF-1.4 another")]);
        assert_eq!(
            send(&office, account(Role::Dsl), path, body).0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(count(store, FILES), 1);
        let (status, list) = take_away(&office, manager(), path, "csv");
        assert_eq!(status, StatusCode::OK);
        assert!(
            list.contains("letter of the GP") && !list.contains("hospital"),
            "{list}"
        );
    });
}

#[test]
fn a_file_follows_its_report_to_whom_it_is_about_and_is_taken_away_with_its_content() {
    at_school(|store| {
        let office = office(store);
        let link = link_made(&office, 301);
        tells(&office, &link, &[("good.pdf", PDF)]);
        let id = count(
            store,
            "select max(report_id) from absence_report where school_id = $1",
        );
        let (status, page) = send(
            &office,
            officer(),
            &format!("/absence-line/{id}/evidence"),
            form(&[("what", "card")], &[("c", b"\x89PNG\r\n\x1a\n card")]),
        );
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(page.contains("card, picture (PNG)"), "{page}");
        let amended = post(
            &office,
            officer(),
            &format!("/absence-line/{id}/amend"),
            "pupil=302&said=ill&first=2026-11-24&last=2026-11-24",
        );
        assert_eq!(amended.0, StatusCode::SEE_OTHER, "{}", amended.1);
        let of_302 = "select count(*) from evidence_file where school_id = $1 and pupil_id = 302 and superseded_seq is null";
        assert_eq!(count(store, of_302), 2);
        let path = newest(store);
        let gone = post(&office, officer(), &format!("{path}/withdraw"), "why=");
        assert_eq!(gone.0, StatusCode::UNPROCESSABLE_ENTITY, "without a reason");
        let gone = post(
            &office,
            officer(),
            &format!("{path}/withdraw"),
            "why=another+child",
        );
        assert_eq!(gone.0, StatusCode::SEE_OTHER);
        assert_eq!((count(store, FILES), count(store, CONTENTS)), (2, 1));
        let (_, page) = get(&office, manager(), &path);
        assert!(page.contains("taken away: another child"), "{page}");
        assert_eq!(
            download(&office, manager(), &path, "warned=yes").0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    });
}
