//! The demo school in a store of each engine.

use std::sync::Arc;

use calendar::Day;
use demo::{Request, generate};
use office::book::Shelf;
use office::demo::{SCHOOL, put_in};
use office::people::Keyring;
use office::{MIGRATIONS, TABLES};
use store::testing::each_engine;

#[test]
fn the_demo_school_stands_in_both_engines_and_its_book_holds_its_marks() {
    let today: Day = "2026-11-24".parse().expect("a real day");
    let school = Arc::new(generate(&Request {
        pupils: 60,
        ..Request::on(today)
    }));
    each_engine(MIGRATIONS, |store| {
        let clock = store.clock().clone();
        let (accounts, now) = put_in(
            store,
            SCHOOL,
            &|at| clock.set(at),
            &school,
            "no password",
            &Arc::new(Keyring::forgetful().expect("a key")),
            |_, _| (),
        )
        .expect("an empty store takes the demo school");
        assert_eq!(accounts.len(), school.staff.len() + 1, "an inspector too");
        assert_eq!(now.in_london().0, today);

        let shelf = Shelf::default();
        let book = store
            .read_now(move |tx| shelf.book(tx, SCHOOL))
            .expect("the school's book");
        // Two who left six years ago come before everybody else; of a third nothing is left.
        assert_eq!(book.roll.pupils.len(), school.pupils.len() + 2);
        assert_eq!(book.roll.enrolments.len(), school.enrolments.len() + 2);
        let preserved = store
            .read_now(move |tx| office::preservation::outlook(tx, SCHOOL, today))
            .expect("what is due");
        assert_eq!((preserved.pupils, preserved.held), (1, 1), "{preserved:?}");
        assert!(preserved.approved.is_empty(), "{preserved:?}");
        for (row, marks) in school.marks.iter().enumerate() {
            let row = row + 2;
            for (slot, mark) in marks.each() {
                let held = book.mark(row, school.slots[slot]);
                let code = held.code().map(|code| code.to_string());
                assert_eq!(
                    code.as_deref(),
                    mark.code(),
                    "row {row}, {}",
                    school.slots[slot]
                );
            }
        }
        let kinds: std::collections::BTreeSet<&str> = book
            .plans
            .all()
            .iter()
            .map(|on_file| on_file.plan.kind.key())
            .collect();
        assert!(kinds.len() >= 8, "{kinds:?}");
        let report = store
            .verify_now(&[SCHOOL], TABLES, |_| ())
            .expect("the store can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}
