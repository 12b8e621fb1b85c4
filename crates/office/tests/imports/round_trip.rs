//! What is taken out and brought in again unaltered changes nothing (I-039).

use std::sync::Arc;

use calendar::Day;
use demo::{Request, generate};
use exchange::{Audience, Cell, Sheet};
use office::MIGRATIONS;
use office::demo::{SCHOOL, put_in};
use office::people::{Keyring, Role};
use office::roll::imports::{Choices, List, ReceivedFile, State, take_out};
use office::roll::records::CHARACTERISTIC;
use store::testing::{TestStore, each_engine};
use store::{Act, StoreError, args};

use crate::school::{School, day};

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
        &Arc::new(Keyring::forgetful().expect("a key")),
        |_, _| (),
    )
    .expect("an empty store takes the demo school");
    School::standing(store)
}

fn sheet_of(school: &School, list: List) -> Sheet {
    let (office, actor) = (Arc::clone(&school.office), school.actor.clone());
    let sheet = school.office.store.read_now(move |tx| {
        let book = office.shelf.book(tx, SCHOOL)?;
        take_out(tx, &actor, &book, list, TODAY.parse().expect("a day"))
    });
    let (sheet, _) = sheet.expect("a list");
    assert!(
        sheet.rows.len() > 30,
        "{list:?} has {} rows",
        sheet.rows.len()
    );
    sheet
}

fn file_of(school: &School, list: List) -> Vec<u8> {
    exchange::csv(&sheet_of(school, list), Audience::People)
}

#[test]
fn every_list_that_is_taken_out_and_brought_in_again_changes_nothing_whoever_holds_the_register() {
    each_engine(MIGRATIONS, |store| {
        let holder = demo_school(store);
        changes_nothing(&holder);
        changes_nothing(&holder.alongside());
    });
}

#[test]
fn what_somebody_may_not_read_of_every_pupil_is_blank_in_the_list_they_take_out() {
    each_engine(MIGRATIONS, |store| {
        let mut school = demo_school(store);
        let actor = school.actor.clone();
        let recorded = store.act_now(SCHOOL, move |act: &mut Act| {
            let pupil = school_pupil(act)?;
            let (id, since, open) = (act.new_id(), day("2026-09-02"), None::<Day>);
            let values = args![id, pupil, "looked_after", "yes", since, open];
            act.record(&CHARACTERISTIC, &values)?;
            act.describe(actor.entry("record characteristic", format!("pupil {pupil}")));
            Ok::<_, StoreError>(())
        });
        recorded.expect("a characteristic");
        let mut in_care = |role| {
            school.actor.roles = vec![role];
            let sheet = sheet_of(&school, List::Pupils);
            let mut columns = sheet.columns.iter();
            let at = columns.position(|column| column.heading == "In Care");
            let at = at.expect("a column for care");
            let yes = |row: &&Vec<Cell>| row[at] == Cell::YesNo(true);
            sheet.rows.iter().filter(yes).count()
        };
        assert!(in_care(Role::AttendanceManager) > 0);
        assert_eq!(in_care(Role::AttendanceAdministrator), 0);
    });
}

/// Some pupil of the demo school.
fn school_pupil(act: &mut Act) -> Result<i64, StoreError> {
    let pupils = "select min(pupil_id) from pupil where school_id = $1 and superseded_seq is null";
    act.tx().query_one(pupils, &args![SCHOOL], |row| row.get(0))
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
