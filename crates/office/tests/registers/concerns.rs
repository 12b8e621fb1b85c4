//! Concerns: who reads what, what the journal and the rows hold of it, and that a child stays with the lead until they decide, on both engines.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use calendar::Session;
use office::desk::Office;
use office::morning::cases;
use office::people::{Access, RecordKind, Role, Scope};
use office::registers::Change;
use office::{MIGRATIONS, TABLES};
use store::args;
use store::testing::{TestStore, each_engine};
use welfare::absence::State;

use crate::school::{
    B, SCHOOL, TUTOR_OF_B, account, ask, at, at_on, changes, e, found, get, mark, office, save_as,
    take, today,
};

const TOLD: &str = "Bruise on the left cheek, says the dog did it";
const WHY: &str = "Spoke with mother and child, known to social care";

fn at_school(test: impl Fn(&TestStore, &Arc<Office>)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:44"));
        let marks = vec![mark(e(7), "N", 0), mark(e(8), "/", 0), mark(e(9), "/", 0)];
        save_as(store, TUTOR_OF_B, B, today(Session::Am), &changes(marks)).expect("8B is taken");
        store.clock().set(at("09:20"));
        test(store, &office(store));
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn lead() -> i64 {
    account(Role::Dsl)
}

fn post(
    office: &Arc<Office>,
    account: i64,
    path: &str,
    form: &[(&str, &str)],
) -> (StatusCode, String) {
    let body = serde_urlencoded::to_string(form).expect("a form of text");
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, body)
}

/// Does what is to be done, and is sent on.
fn does(office: &Arc<Office>, account: i64, path: &str, form: &[(&str, &str)]) {
    let (status, page) = post(office, account, path, form);
    assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {page}");
}

fn raises(store: &TestStore, office: &Arc<Office>, account: i64, pupil: i64, from: &str) -> i64 {
    let path = format!("/concerns/new?pupil={pupil}&from={from}");
    does(office, account, &path, &[("facts", TOLD)]);
    newest(store)
}

fn newest(store: &TestStore) -> i64 {
    number(
        store,
        "select max(concern_id) from concern where school_id = 1",
    )
}

fn number(store: &TestStore, sql: &'static str) -> i64 {
    store
        .read_now(move |tx| tx.query_one(sql, &args![], |row| row.get(0)))
        .expect("a number")
}

fn state(store: &TestStore, office: &Arc<Office>, number: i64) -> Option<State> {
    let (office, now) = (Arc::clone(office), store.clock().tell());
    let day = store.read_now(move |tx| {
        let book = office.shelf.book(tx, SCHOOL)?;
        cases(tx, &book, now.in_london().0, now)
    });
    let day = day.map_err(|error: office::desk::Refusal| error.to_string());
    day.expect("the day can be read")
        .of(e(number))
        .map(|case| case.state)
}

const DECIDED: [(&str, &str); 5] = [
    ("decision", "hand_back"),
    ("why", WHY),
    ("level", "medium"),
    ("next", "The office rings the grandmother"),
    ("due", "2026-11-25"),
];

#[test]
fn a_concern_is_open_to_its_writer_and_the_team_and_nobody_else_learns_of_it() {
    at_school(|store, office| {
        let id = raises(store, office, TUTOR_OF_B, 307, "seen");
        let path = format!("/concerns/{id}");
        let mut people: Vec<(i64, Role)> = Role::ALL
            .iter()
            .map(|role| (account(*role), *role))
            .collect();
        people.push((TUTOR_OF_B, Role::Tutor));
        for (who, role) in people {
            let (access, scope) =
                office::people::access::granted(role, RecordKind::SafeguardingConcern);
            let is_team = access >= Access::Read && scope == Scope::School;
            let reads = is_team || who == TUTOR_OF_B;
            let (status, page) = get(office, who, &path);
            let expected = match reads {
                true => StatusCode::OK,
                false => StatusCode::NOT_FOUND,
            };
            assert_eq!(status, expected, "{role:?}");
            assert_eq!(page.contains(TOLD), reads, "{role:?}");
            let (_, list) = get(office, who, "/concerns");
            assert_eq!(list.contains(&path), reads, "{role:?} {list}");
            assert!(!list.contains("cheek"), "no word in a list (B-214)");
            for (act, form) in [
                ("act", &[("do", "add"), ("words", "x")][..]),
                ("decide", &DECIDED),
            ] {
                let (status, _) = match reads {
                    true => continue,
                    false => post(office, who, &format!("{path}/{act}"), form),
                };
                assert_eq!(status, StatusCode::NOT_FOUND, "{role:?} {act}");
            }
            // The journal tells whoever is not of the team neither the act nor whom it is about.
            let (_, journal) = get(office, who, "/journal");
            assert_eq!(
                journal.contains("restricted record"),
                is_team && journal.contains("<table"),
                "{role:?}"
            );
            assert!(!journal.contains("cheek"));
        }
        // No file leaves by the one door, whoever asks.
        let (status, _) = take(office, lead(), "/concerns", "csv");
        assert_eq!(status, StatusCode::NOT_FOUND);
        // What is found by a name, and the pupil's own page, say nothing.
        let (_, pupil) = get(office, officer(), "/pupils/307");
        assert!(!pupil.contains(&path), "{pupil}");
    });
}

#[test]
fn what_is_handed_over_and_decided_is_sealed_in_the_rows_and_in_the_journal() {
    at_school(|store, office| {
        let id = raises(store, office, TUTOR_OF_B, 307, "seen");
        does(office, lead(), &format!("/concerns/{id}/decide"), &DECIDED);
        let blobs: Vec<Vec<u8>> = store
            .read_now(|tx| {
                let mut all = Vec::new();
                for sql in [
                    "select sealed from concern",
                    "select sealed from concern_step",
                    "select payload from journal_payload where payload is not null",
                ] {
                    all.extend(tx.query(sql, &args![], |row| row.get::<Vec<u8>>(0))?);
                }
                Ok::<_, store::StoreError>(all)
            })
            .expect("the rows");
        assert!(blobs.len() > 3);
        for word in ["cheek", "mother", "hand_back", "grandmother"] {
            let lies_open =
                |blob: &Vec<u8>| blob.windows(word.len()).any(|at| at == word.as_bytes());
            assert!(!blobs.iter().any(lies_open), "{word}");
        }
        // Another key, as of a stolen copy, opens nothing and the page says so.
        let stolen = crate::school::office(store);
        let (_, page) = get(&stolen, lead(), &format!("/concerns/{id}"));
        assert!(
            page.contains("sealed with another key") && !page.contains("cheek"),
            "{page}"
        );
    });
}

#[test]
fn every_reading_is_written_down_and_whoever_raised_it_has_a_receipt() {
    at_school(|store, office| {
        let id = raises(store, office, TUTOR_OF_B, 307, "seen");
        let path = format!("/concerns/{id}");
        let (_, own) = get(office, TUTOR_OF_B, &path);
        assert!(own.contains("not taken yet; due 10:20"), "{own}");
        let (_, list) = get(office, lead(), "/concerns");
        assert!(list.contains("to be taken by 10:20"), "{list}");
        store.clock().set(at("10:21"));
        let (_, list) = get(office, lead(), "/concerns");
        assert!(list.contains("the deputy takes it (B-208)"), "{list}");
        does(office, lead(), &format!("{path}/act"), &[("do", "take")]);
        let ask = [("do", "ask"), ("words", "Which side?")];
        does(office, lead(), &format!("{path}/act"), &ask);
        let (_, own) = get(office, TUTOR_OF_B, &path);
        assert!(
            own.contains("taken by Ms A Staff") && own.contains("Which side?"),
            "{own}"
        );
        let more = [("do", "add"), ("words", "The left one")];
        does(office, TUTOR_OF_B, &format!("{path}/act"), &more);
        does(office, lead(), &format!("{path}/decide"), &DECIDED);
        let (_, own) = get(office, TUTOR_OF_B, &path);
        assert!(!own.contains(WHY), "the reasons are the team's");
        let (_, whole) = get(office, lead(), &path);
        for told in [
            WHY,
            "The left one",
            "Who has read it",
            "medium",
            "by Wed 25 Nov",
        ] {
            assert!(whole.contains(told), "{told}: {whole}");
        }
        // Three times the tutor, once the lead.
        let looks = number(
            store,
            "select count(*) from concern_look where school_id = 1",
        );
        assert_eq!(looks, 4);
    });
}

#[test]
fn whom_the_lead_names_reads_what_was_handed_over_until_they_are_no_longer_named() {
    at_school(|store, office| {
        let id = raises(store, office, TUTOR_OF_B, 307, "seen");
        let path = format!("/concerns/{id}");
        let head_of_year = account(Role::HeadOfHouseOrYear);
        let reader = head_of_year.to_string();
        let name = |what: &'static str| [("do", what), ("reader", reader.as_str())];
        let officer_names = account(Role::SafeguardingOfficer);
        let (status, _) = post(office, officer_names, &format!("{path}/act"), &name("name"));
        assert_eq!(status, StatusCode::FORBIDDEN, "the lead names them");
        does(office, lead(), &format!("{path}/act"), &name("name"));
        does(office, lead(), &format!("{path}/decide"), &DECIDED);
        let (status, page) = get(office, head_of_year, &path);
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(TOLD) && !page.contains(WHY), "{page}");
        does(office, lead(), &format!("{path}/act"), &name("unname"));
        let (status, _) = get(office, head_of_year, &path);
        assert_eq!(status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_child_passed_on_from_a_call_is_with_the_lead_until_they_decide_whatever_the_office_does() {
    at_school(|store, office| {
        let call = [
            ("kind", "attempt"),
            ("channel", "call"),
            ("outcome", "reached"),
            ("said", "Has a cold"),
            ("worry", TOLD),
        ];
        // A code beside it is refused: the lead settles it.
        let with_code = [&call[..], &[("code", "I")]].concat();
        let (status, page) = post(office, officer(), "/morning/207", &with_code);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("E-020"), "{page}");
        assert_eq!(number(store, "select count(*) from concern"), 0);
        does(office, officer(), "/morning/207", &call);
        assert_eq!(state(store, office, 7), Some(State::LeadDecides));
        for settling in [
            &[
                ("kind", "settled"),
                ("code", "I"),
                ("said", "As the mother says"),
            ][..],
            &[("kind", "seen"), ("said", "At the bus stop")],
        ] {
            let (status, page) = post(office, officer(), "/morning/207", settling);
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{settling:?}");
            assert!(page.contains("E-020"), "{page}");
        }
        let seen_on_a_call = [("seen", "yes"), ("outcome", "reached"), ("kind", "attempt")];
        does(office, officer(), "/morning/207", &seen_on_a_call);
        let changed = Change {
            reason: Some("The mother says so".to_owned()),
            ..mark(e(7), "I", 2)
        };
        let one = changes(vec![changed]);
        save_as(store, officer(), B, today(Session::Am), &one).expect("the register takes it");
        assert_eq!(state(store, office, 7), Some(State::LeadDecides));
        // The board says with whom the child is, and not why.
        let (_, board) = get(office, officer(), "/morning?row=207");
        assert!(
            board.contains("with the safeguarding lead")
                && !board.contains("cheek")
                && !board.contains("passed to"),
            "{board}"
        );
        store.clock().set(at("09:40"));
        let id = newest(store);
        does(office, lead(), &format!("/concerns/{id}/decide"), &DECIDED);
        assert_eq!(state(store, office, 7), Some(State::Contacting));
        let settled = [
            ("kind", "settled"),
            ("code", "I"),
            ("said", "Grandmother says so"),
        ];
        let (status, page) = post(office, officer(), "/morning/207", &settled);
        // The register has the code already, so it is the tutor's mark that stands; the child is located by a code that follows the decision.
        assert!(
            status == StatusCode::SEE_OTHER || page.contains("has I by now"),
            "{page}"
        );
    });
}

#[test]
fn a_concern_that_nobody_decided_holds_the_child_the_next_morning_too() {
    at_school(|store, office| {
        raises(store, office, officer(), 307, "report");
        assert_eq!(state(store, office, 7), Some(State::LeadDecides));
        store.clock().set(at_on("2026-11-25", "08:44"));
        let slot = calendar::Slot::new("2026-11-25".parse().expect("a day"), Session::Am);
        let marks = vec![mark(e(7), "N", 0)];
        save_as(store, TUTOR_OF_B, B, slot, &changes(marks)).expect("8B is taken");
        assert_eq!(state(store, office, 7), Some(State::LeadDecides));
        store.clock().set(at_on("2026-11-25", "08:50"));
        let decided = [
            ("decision", "police_check"),
            ("why", WHY),
            ("level", "high"),
            ("next", "Ring 101 for the reference"),
            ("due", "2026-11-25"),
        ];
        does(
            office,
            lead(),
            &format!("/concerns/{}/decide", newest(store)),
            &decided,
        );
        assert_eq!(state(store, office, 7), Some(State::OutsideDecision));
        // What somebody saw at school holds nobody on the list.
        store.clock().set(at_on("2026-11-25", "09:20"));
        raises(store, office, TUTOR_OF_B, 308, "seen");
        assert_ne!(state(store, office, 8), Some(State::LeadDecides));
    });
}

#[test]
fn a_referral_keeps_who_was_asked_when_and_under_which_number_and_no_answer_is_forgotten() {
    at_school(|store, office| {
        let id = raises(store, office, officer(), 307, "call");
        let path = |tail: &str| format!("/concerns/{id}/{tail}");
        let asked = [
            ("agency", "police_101"),
            ("on", "2026-11-24"),
            ("at", "09:20"),
            ("spoke_with", "Call handler 4411"),
            ("reference", "SX-20261124-0301"),
            (
                "words",
                "Child not seen since Friday; welfare check at the address",
            ),
        ];
        let (status, _) = post(
            office,
            account(Role::SafeguardingOfficer),
            &path("refer"),
            &asked,
        );
        assert_eq!(status, StatusCode::FORBIDDEN, "the lead asks");
        for (left_out, instead) in [("agency", ""), ("words", ""), ("at", "23:00")] {
            let form = asked.map(|(name, value)| match name == left_out {
                true => (name, instead),
                false => (name, value),
            });
            let (status, page) = post(office, lead(), &path("refer"), &form);
            assert_eq!(
                status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{left_out}: {page}"
            );
        }
        does(office, lead(), &path("refer"), &asked);
        assert_eq!(state(store, office, 7), Some(State::OutsideDecision));
        let (_, list) = get(office, lead(), "/concerns");
        assert!(list.contains("no answer yet"), "{list}");
        store.clock().set(at("11:00"));
        let answered = [
            ("answer", "not_accepted"),
            ("on", "2026-11-24"),
            ("at", "10:50"),
            ("words", "No unit free today; ask social care"),
        ];
        does(office, lead(), &path("answer"), &answered);
        let (_, page) = get(office, lead(), &format!("/concerns/{id}"));
        for told in [
            "SX-20261124-0301",
            "Call handler 4411",
            "No unit free today",
            "the lead decides anew",
        ] {
            assert!(page.contains(told), "{told}: {page}");
        }
        let (_, list) = get(office, lead(), "/concerns");
        assert!(list.contains("to be decided"), "{list}");
        // The office sees that police or social care are decided on, and no word of it.
        let (_, board) = get(office, officer(), "/morning?row=207");
        assert!(
            board.contains("police or social care to decide") && !board.contains("SX-2026"),
            "{board}"
        );
    });
}

#[test]
fn a_social_worker_is_told_once_with_how_and_the_answer_and_only_who_may_know_sees_it() {
    at_school(|store, office| {
        let manager = account(Role::AttendanceManager);
        let new = [
            ("kind", "social_worker"),
            ("name", "Ms Q Sample"),
            ("agency", "Sampleshire"),
            ("phone", "01632 960411"),
            ("from", "2026-09-02"),
        ];
        let path = "/pupils/307/professionals";
        for who in [officer(), TUTOR_OF_B, manager] {
            let (status, _) = post(office, who, &format!("{path}/new"), &new);
            assert_eq!(
                status,
                StatusCode::NOT_FOUND,
                "the safeguarding lead keeps them"
            );
        }
        does(office, lead(), &format!("{path}/new"), &new);
        for (who, sees) in [
            (officer(), false),
            (TUTOR_OF_B, false),
            (manager, true),
            (lead(), true),
        ] {
            let (status, page) = get(office, who, path);
            assert_eq!(status == StatusCode::OK, sees, "{who}");
            assert_eq!(page.contains("Ms Q Sample"), sees);
            let (_, row) = get(office, who, "/morning?row=207");
            assert_eq!(row.contains("Ms Q Sample"), sees, "{who}: {row}");
            assert_eq!(row.contains("tell the social worker"), sees, "{who}: {row}");
        }
        let professional = number(store, "select max(professional_id) from professional");
        let professional = professional.to_string();
        let told = [
            ("professional", professional.as_str()),
            ("how", "call"),
            ("words", "Not in, nobody answers"),
        ];
        let tell = "/morning/207/tell";
        let (status, _) = post(office, officer(), tell, &told);
        assert_eq!(status, StatusCode::NOT_FOUND);
        does(office, manager, tell, &told);
        store.clock().set(at("10:05"));
        let reply = [
            ("professional", professional.as_str()),
            ("how", "call"),
            ("reply", "Visits this afternoon"),
        ];
        does(office, lead(), tell, &reply);
        let (_, row) = get(office, manager, "/morning?row=207");
        assert!(
            row.contains("Not in, nobody answers")
                && row.contains("They answered at 10:05: Visits this afternoon"),
            "{row}"
        );
        let step = row
            .split("tell the social worker or youth justice worker")
            .nth(1);
        assert!(
            step.is_some_and(|rest| rest.starts_with(" <span class=\"soft\">done")),
            "{row}"
        );
        assert_eq!(
            number(
                store,
                "select count(*) from professional_told where superseded_seq is null"
            ),
            1
        );
        // Once their days are over nobody is to be told.
        let form: Vec<_> = new.iter().copied().chain([("to", "2026-11-20")]).collect();
        does(
            office,
            lead(),
            &format!("{path}/new?id={professional}"),
            &form,
        );
        let (status, _) = post(office, manager, tell, &told);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (_, officers) = get(office, officer(), "/morning?row=207");
        assert!(
            !officers.contains("Visits this afternoon") && !officers.contains("Ms Q Sample"),
            "{officers}"
        );
    });
}

#[test]
fn a_decision_needs_a_reason_and_a_next_step_with_its_day_and_one_who_decides() {
    at_school(|store, office| {
        let id = raises(store, office, TUTOR_OF_B, 307, "seen");
        let path = format!("/concerns/{id}/decide");
        for left_out in ["decision", "why", "next", "due"] {
            let form = DECIDED
                .iter()
                .copied()
                .filter(|(name, _)| *name != left_out);
            let form: Vec<_> = form.collect();
            let (status, page) = post(office, lead(), &path, &form);
            assert_eq!(
                status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{left_out}: {page}"
            );
        }
        let (status, page) = post(office, account(Role::SafeguardingOfficer), &path, &DECIDED);
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(page.contains("E-020"), "{page}");
        let over = [
            ("decision", "no_further_action"),
            ("why", WHY),
            ("level", "low"),
        ];
        does(office, account(Role::DeputyDsl), &path, &over);
        let (_, list) = get(office, lead(), "/concerns?which=closed");
        assert!(list.contains("closed: no further action"), "{list}");
        let again = [("do", "reopen"), ("words", "Seen again today")];
        does(office, lead(), &format!("/concerns/{id}/act"), &again);
        let (_, list) = get(office, lead(), "/concerns");
        assert!(list.contains(&format!("/concerns/{id}")), "{list}");
    });
}

#[test]
fn what_worries_those_who_went_is_a_concern_and_no_part_of_the_visit() {
    at_school(|store, office| {
        crate::visits::visit(store, 7, welfare::visit::Found::Seen, true).expect("a visit");
        assert_eq!(number(store, "select count(*) from concern where holds"), 1);
        assert_eq!(state(store, office, 7), Some(State::LeadDecides));
        let manager = account(Role::AttendanceManager);
        let visit = number(store, "select max(visit_id) from home_visit");
        for path in [
            &format!("/visits/{visit}"),
            "/visits",
            "/visits/log",
            "/morning?row=207",
        ] {
            let (_, page) = get(office, manager, path);
            assert!(
                !page.contains("bruise") && !page.contains("passed to the safeguarding lead"),
                "{path}: {page}"
            );
        }
    });
}
