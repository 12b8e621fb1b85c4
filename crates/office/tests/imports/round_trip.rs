//! What is taken out and brought in again unaltered changes nothing (I-039).

use std::sync::Arc;

use calendar::Day;
use demo::{Request, generate};
use exchange::Audience;
use office::MIGRATIONS;
use office::demo::{SCHOOL, put_in};
use office::roll::imports::{Choices, List, ReceivedFile, State, take_out};
use store::testing::{TestStore, each_engine};

use crate::school::School;

const TODAY: &str = "2026-11-24";

fn demo_school(store: &TestStore) -> School {
    let today: Day = TODAY.parse().expect("a day");
    let school = Arc::new(generate(&Request {
        pupils: 60,
        ..Request::on(today)
    }));
    let clock = store.clock().clone();
    put_in(
        store,
        SCHOOL,
        &|at| clock.set(at),
        &school,
        "no password",
        |_, _| (),
    )
    .expect("an empty store takes the demo school");
    School::standing(store)
}

fn file_of(school: &School, list: List) -> Vec<u8> {
    let (office, actor) = (Arc::clone(&school.office), school.actor.clone());
    let sheet = school.office.store.read_now(move |tx| {
        let book = office.shelf.book(tx, SCHOOL)?;
        take_out(tx, &actor, &book, list, TODAY.parse().expect("a day"))
    });
    let sheet = sheet.expect("a list");
    assert!(
        sheet.rows.len() > 30,
        "{list:?} has {} rows",
        sheet.rows.len()
    );
    exchange::csv(&sheet, Audience::People)
}

#[test]
fn every_list_that_a_register_holder_takes_out_and_brings_in_again_changes_nothing() {
    each_engine(MIGRATIONS, |store| {
        let school = demo_school(store);
        changes_nothing(&school);
    });
}

fn changes_nothing(school: &School) {
    let head = school.head();
    for list in List::ALL {
        let file = ReceivedFile {
            name: format!("{}.csv", list.word()),
            bytes: file_of(school, list),
        };
        for replace in [false, true] {
            let choices = Choices {
                replace,
                ..Choices::default()
            };
            let id = school.receive(vec![file.clone()], &choices);
            let import = school.import(id);
            assert_eq!(import.state, State::Previewed, "{list:?}: {import:?}");
            let preview = import.preview.expect("a preview");
            let findings = school.findings(id);
            let outcomes = (
                preview.main.loaded + preview.beside.loaded,
                preview.main.held + preview.main.rejected,
            );
            assert_eq!(outcomes, (0, 0), "{list:?}: {preview:?} {findings:#?}");
            assert!(!preview.changes, "{list:?}: {preview:?}");
            assert!(preview.main.unchanged > 30, "{list:?}: {preview:?}");
        }
    }
    assert_eq!(school.head(), head, "nothing was recorded");
}
