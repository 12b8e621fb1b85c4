//! Who may do what, as a table to review, and that nothing answers somebody who is not signed in.

mod school;

use std::fmt::Write as _;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use office::people::access::granted;
use office::people::{Access, Place, RecordKind, Role, Scope};
use school::{day, each_school};

/// Addresses that answer somebody who is not signed in.
const OPEN: [&str; 15] = [
    // A family tells of an absence by its own secret address; without one it opens nothing.
    "/from-home/{token}",
    // GOV.UK Notify tells what became of messages, with a token that the school made for it.
    "/notify/{school}",
    // A device at the entrance has a token of its own, and without it says that it has ended.
    "/kiosk",
    "/kiosk/ahead",
    "/kiosk/find",
    "/kiosk/save",
    "/set-up",
    "/sign-in",
    "/sign-out",
    "/second-factor",
    "/api",
    "/api/openapi.json",
    "/manifest.webmanifest",
    "/offline",
    "/worker.js",
];

fn word(access: Access, scope: Scope) -> String {
    match access {
        Access::None => "-".to_owned(),
        _ => format!("{access:?} {scope:?}").to_lowercase(),
    }
}

fn table() -> String {
    let mut table = String::from(
        "What each role may do with each kind of record: access and whose records. Write includes reading. \
         From the access matrix (B-440).\n",
    );
    for kind in RecordKind::ALL {
        writeln!(table, "\n{} ({})", kind.label(), kind.key()).expect("a text grows");
        for role in Role::ALL {
            let (access, scope) = granted(*role, *kind);
            writeln!(table, "  {:<44}{}", role.label(), word(access, scope)).expect("a text grows");
        }
    }
    table
}

#[test]
fn who_may_do_what_is_as_the_checked_in_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/access-table.txt");
    let table = table();
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(&path, &table).expect("the table can be written");
    }
    let checked_in = std::fs::read_to_string(&path).expect("the table is checked in");
    assert!(
        table == checked_in,
        "access differs from {}; run with UPDATE_TABLES=1 and review the difference",
        path.display()
    );
}

/// Every address that the source gives a route, wherever it stands.
fn addresses() -> Vec<String> {
    let mut addresses = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the source") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let source = std::fs::read_to_string(&path).expect("a file of the source");
                let routes = source.split(".route(").skip(1);
                addresses.extend(routes.filter_map(|route| {
                    let (address, _) = route.trim_start().strip_prefix('"')?.split_once('"')?;
                    Some(address.to_owned())
                }));
            }
        }
    }
    // A stream goes on for minutes; the number that it tells is asked for at the address below it too.
    let left_out = ["/look", "/live"];
    addresses.retain(|address| {
        !address.starts_with("/assets/") && !left_out.contains(&address.as_str())
    });
    addresses.sort();
    assert!(addresses.len() > 20, "the source has routes");
    addresses
}

/// An address with something in the place of each name.
fn filled_in(address: &str) -> String {
    address
        .replace("{day}", "2026-11-24")
        .replace("{session}", "AM")
        .split('/')
        .map(|part| if part.starts_with('{') { "1" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[test]
fn every_address_sends_somebody_who_is_not_signed_in_to_sign_in() {
    each_school(|school| {
        for address in addresses() {
            let path = filled_in(&address);
            let shown = school.get_signed_out(&path);
            let sent = school.post_signed_out(&path, &[]);
            let broken = school
                .request(None, Method::POST, &path)
                .header(header::CONTENT_TYPE, "text/rubbish")
                .body(Body::from("%%%{"));
            let broken = school.ask(broken.expect("a request"));
            if address == "/set-up" {
                // It leads nowhere any more once a school is set up.
                continue;
            }
            for answer in [&shown, &sent, &broken] {
                assert_ne!(
                    answer.status,
                    StatusCode::NOT_FOUND,
                    "{address} leads nowhere"
                );
                assert!(
                    !answer.status.is_server_error(),
                    "{address}: {}",
                    answer.status
                );
            }
            if OPEN.contains(&address.as_str()) {
                continue;
            }
            let turned_away = |answer: &school::Answer| {
                answer.location().starts_with("/sign-in")
                    || answer.status == StatusCode::UNAUTHORIZED
            };
            assert!(turned_away(&shown) || turned_away(&sent), "{address}");
            for answer in [&shown, &sent, &broken] {
                let no_such_method = answer.status == StatusCode::METHOD_NOT_ALLOWED;
                assert!(
                    turned_away(answer) || no_such_method,
                    "{address}: {}",
                    answer.status
                );
            }
        }
        assert_eq!(
            school.get_signed_out("/no/such/page").status,
            StatusCode::NOT_FOUND
        );
    });
}

/// Where the bar at the top of a page leads.
fn ways(page: &str) -> Vec<&str> {
    let (_, bar) = page.split_once("<nav aria-label=\"Main\">").expect("a bar");
    let (bar, _) = bar.split_once("</nav>").expect("an end of the bar");
    let links = bar.split("href=\"").skip(1);
    links
        .map(|link| link.split_once('"').expect("an address").0)
        .collect()
}

#[test]
fn the_bar_offers_a_role_exactly_what_it_may_open() {
    each_school(|school| {
        for role in Role::ALL {
            let home = school.get(*role, "/");
            assert_eq!(home.status, StatusCode::OK, "{role:?}");
            let ways = ways(home.text());
            assert!(ways.contains(&"/"), "{role:?}");
            for place in Place::ALL {
                let status = school.get(*role, place.path()).status;
                let is_offered = match place.in_bar() {
                    Some(_) => ways.contains(&place.path()),
                    // Accounts are reached from the staff, the timetable from the year.
                    None => {
                        let from = match place {
                            Place::Timetable => "/year",
                            _ => "/staff",
                        };
                        let link = format!("href=\"{}\"", place.path());
                        school.get(*role, from).text().contains(&link)
                    }
                };
                if is_offered {
                    assert_eq!(status, StatusCode::OK, "{role:?} at {place:?}");
                } else {
                    let closed = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
                    assert!(closed.contains(&status), "{role:?} at {place:?}: {status}");
                }
            }
            assert!(
                ways.iter()
                    .all(|way| Place::ALL.iter().any(|place| place.path() == *way)),
                "{role:?}: {ways:?}"
            );
        }
    });
}

#[test]
fn somebody_who_is_signed_in_is_told_of_a_form_that_cannot_be_read() {
    each_school(|school| {
        let broken = school
            .request(Some(Role::AttendanceManager), Method::POST, "/pupils/new")
            .header(header::CONTENT_TYPE, "text/rubbish")
            .body(Body::from("%%%{"));
        let answer = school.ask(broken.expect("a request"));
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    });
}

#[test]
fn no_role_meets_a_fault_on_any_page() {
    each_school(|school| {
        for role in Role::ALL {
            for address in addresses() {
                let answer = school.get(*role, &filled_in(&address));
                assert!(
                    !answer.status.is_server_error(),
                    "{role:?} at {address}: {}",
                    answer.status
                );
            }
        }
    });
}

#[test]
fn the_reach_of_a_duty_is_its_pupils_and_no_other() {
    each_school(|school| {
        let reached = |role: Role| {
            let token = office::people::SignInToken::of(&school.person(role).token);
            let now = school.office.now();
            let store = &school.office.store;
            let reach = store.read_now(move |tx| -> Result<_, store::StoreError> {
                let actor =
                    office::people::actor_for_token(tx, &token, now)?.expect("somebody signed in");
                actor.reach(
                    tx,
                    Access::Read,
                    RecordKind::AttendanceMarks,
                    day("2026-11-24"),
                )
            });
            let reach = reach.expect("a reach");
            let covered: Vec<&str> = school
                .pupils
                .iter()
                .filter(|(_, (pupil, _))| reach.covers(*pupil))
                .map(|(surname, _)| *surname)
                .collect();
            covered
        };
        assert_eq!(reached(Role::Teacher), ["Ash", "Birch", "Dogwood"]);
        assert_eq!(reached(Role::Tutor), ["Ash", "Birch", "Cedar"]);
        assert_eq!(reached(Role::AttendanceManager).len(), 8);
        for role in [
            Role::SystemAdministrator,
            Role::Governor,
            Role::Parent,
            Role::Auditor,
            Role::PanelMember,
        ] {
            assert_eq!(reached(role), [""; 0], "{role:?}");
        }
    });
}
